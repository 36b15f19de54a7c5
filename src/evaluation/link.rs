//! Links between claims against pairs that people judged: `corpus/links/pairs.jsonl`, and titles that agree or disagree in
//! the form of Arabic News Stance (a CSV with `s1`, `s2`, `stance`).
//!
//! ```text
//! {"id": "p001", "part": "dev", "relation": "same", "why": "…",
//!  "a": {"article": "train/articles/en/NAME.txt", "claim": 8, "side": "US", "content": "…"}, "b": {…}}
//! ```
//!
//! `article` is a path below the folder that holds the folder of the pairs, `claim` the claim's place in the gold file of
//! the article (the same path with `gold` for `articles`). Pairs are scored twice: on the claims as annotated, which
//! measures linking alone, and on the claims that khabar finds, where a claim that it did not find has no link.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::annotation::{AnnotatedArticle, ClaimAnnotation, WordIndex};
use super::measure::Counts;
use super::{file, gold};
use crate::annotator::marker::{Marker, is_marker};
use crate::claim::link::evidence::{CLAIM_FEATURES, Evidence, Relation, TITLE_FEATURES, TitleStance, weights};
use crate::claim::link::kinship::Kinship;
use crate::claim::link::statement::{Statement, Vocabulary};
use crate::claim::{Basis, Claim, Modality, Polarity, SourceSide, Stance};
use crate::document::{Document, Relation as Dependency, Side, Topic, Upos};
use crate::error::{Error, ErrorKind, Result};
use crate::export::json::{ArticleJson, OffsetUnit};
use crate::export::links::parts;
use crate::offset::{Byte, Span};
use crate::provenance::Provenance;

/// Makes the layers and claims of a text.
pub type Reader<'a> = dyn Fn(&str) -> (Document, Vec<Claim>) + 'a;

/// The labels of pairs of claims.
pub const RELATIONS: [&str; 3] = ["same", "contradicts", "none"];

/// A pair as the file has it.
#[derive(Debug, Clone, Deserialize)]
struct Row {
    id: String,
    #[serde(default)]
    part: String,
    relation: String,
    a: Place,
    b: Place,
}

/// One claim of a pair.
#[derive(Debug, Clone, Deserialize)]
struct Place {
    article: String,
    claim: usize,
    content: String,
}

/// A judged pair with what was decided on it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    /// Its id, or the number of its row.
    pub id: String,
    /// The part of the data.
    pub part: String,
    /// What people say.
    pub gold: String,
    /// What khabar says.
    pub decided: String,
    /// What the decision goes by; empty where a claim was not found.
    pub features: BTreeMap<&'static str, f64>,
}

/// Scores of one part of the pairs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassScores {
    /// Number of pairs.
    pub pairs: usize,
    /// Share with the right label.
    pub accuracy: f64,
    /// Mean of the F1 of the labels that occur.
    pub macro_f1: f64,
    /// The same where all get the most frequent label.
    pub majority_macro_f1: f64,
    /// Precision, recall and F1 of each label.
    pub labels: BTreeMap<String, Counts>,
}

impl ClassScores {
    /// Scores decisions.
    pub fn new<'a>(judged: impl IntoIterator<Item = &'a Judged>) -> Self {
        let mut labels: BTreeMap<String, Counts> = BTreeMap::new();
        let (mut pairs, mut right) = (0, 0);
        for pair in judged {
            pairs += 1;
            labels.entry(pair.gold.clone()).or_default().gold += 1.0;
            labels.entry(pair.decided.clone()).or_default().predicted += 1.0;
            if pair.gold == pair.decided {
                right += 1;
                labels.entry(pair.gold.clone()).or_default().right += 1.0;
            }
        }
        let of_gold: Vec<&Counts> = labels.values().filter(|counts| counts.gold > 0.0).collect();
        let mean = |sum: f64| if of_gold.is_empty() { 0.0 } else { sum / of_gold.len() as f64 };
        let most = of_gold.iter().map(|counts| counts.gold).fold(0.0, f64::max);
        let majority = if pairs > 0 { 2.0 * most / (pairs as f64 + most) } else { 0.0 };
        Self {
            pairs,
            accuracy: if pairs > 0 { f64::from(right) / pairs as f64 } else { 0.0 },
            macro_f1: mean(of_gold.iter().map(|counts| counts.f1()).sum()),
            majority_macro_f1: mean(majority),
            labels,
        }
    }
}

/// Scores of a file of pairs of claims.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PairScores {
    /// By part, on the claims as annotated.
    pub annotated: BTreeMap<String, ClassScores>,
    /// By part, on the claims that were found; a pair of which one was not found counts as `none`.
    pub found: BTreeMap<String, ClassScores>,
    /// By part, the pairs both claims of which were found.
    pub both_found: BTreeMap<String, usize>,
    /// Each pair on the claims as annotated.
    pub pairs: Vec<Judged>,
}

fn broken(path: &Path, line: usize, what: String) -> Error {
    Error::new(ErrorKind::Data, what).at(path).line(line as u64)
}

/// The claims of one article that pairs speak of, as annotated and as found, in the form that is compared.
struct Article {
    /// Terms of the claims found in it.
    profile: Vec<u32>,
    annotated: BTreeMap<usize, Statement>,
    found: BTreeMap<usize, Statement>,
}

/// A claim with the spans and values of `annotation`; `None` if its content is not in the text.
fn claim(document: &Document, annotation: &ClaimAnnotation) -> Option<Claim> {
    let content = annotation.content.span?;
    let span = |quote: &Option<super::annotation::Quote>| quote.as_ref().and_then(|quote| quote.span);
    let layers = document.layers();
    let inside = |span: Span<Byte>| content.start() <= span.start() && span.end() <= content.end();
    let places = |spans: Vec<Span<Byte>>| -> Vec<usize> {
        spans.into_iter().enumerate().filter(|(_, span)| inside(*span)).map(|(at, _)| at).collect()
    };
    Some(Claim {
        content,
        side: annotation.side,
        basis: annotation.basis,
        about: annotation.about.iter().copied().collect(),
        actor: span(&annotation.actor),
        predicate: span(&annotation.predicate),
        source: span(&annotation.source),
        source_side: annotation.source_side,
        cue: span(&annotation.cue),
        polarity: annotation.polarity,
        modality: annotation.modality,
        stance_us: annotation.stance_us,
        stance_cn: annotation.stance_cn,
        topic: annotation.topic,
        commitment: None,
        source_chain: Vec::new(),
        times: places(layers.times.iter().map(|time| time.span).collect()),
        quantities: places(layers.quantities.iter().map(|quantity| quantity.span).collect()),
        objects: Vec::new(),
        sentence: layers.sentences.iter().position(|sentence| sentence.span.overlaps(content)).unwrap_or(0),
        confidence: 1.0,
        rule: "gold".to_owned(),
        abstained: Vec::new(),
    })
}

fn statements(document: &Document, claims: &[Claim], vocabulary: &mut Vocabulary) -> Vec<Statement> {
    let json = ArticleJson::new(document, claims, "-", OffsetUnit::CodePoint, Provenance::new("", Vec::new()));
    json.claims.iter().map(|claim| Statement::new(&parts(&json, claim), vocabulary)).collect()
}

/// The gold file of an article.
fn gold_path(root: &Path, article: &str) -> PathBuf {
    let path = article.replacen("/articles/", "/gold/", 1);
    root.join(Path::new(&path).with_extension("json"))
}

fn article(
    root: &Path,
    name: &str,
    wanted: &[usize],
    read: &Reader<'_>,
    vocabulary: &mut Vocabulary,
) -> Result<Article> {
    let path = root.join(name);
    let (document, found) = read(&file::read(&path)?);
    let gold_path = gold_path(root, name);
    let gold = gold::parse(&file::read(&gold_path)?, &gold_path)?;
    let sentences = document.layers().sentences.iter().map(|sentence| sentence.span).collect();
    let text = AnnotatedArticle { text: document.text().to_owned(), sentences, ..AnnotatedArticle::default() };
    let annotations = gold::resolve(&gold, &text).claims;
    let words = WordIndex::new(document.text());
    let found_statements = statements(&document, &found, vocabulary);
    let profile = found_statements.iter().flat_map(|statement| vocabulary.profile(statement)).collect();
    let mut this = Article { profile, annotated: BTreeMap::new(), found: BTreeMap::new() };
    for &number in wanted {
        let made = annotations.get(number).and_then(|annotation| Some((annotation, claim(&document, annotation)?)));
        let Some((annotation, made)) = made else {
            let what = format!("claim {number} of {} is not in the article", gold_path.display());
            return Err(Error::new(ErrorKind::Data, what).at(path));
        };
        let content = made.content;
        let statement = statements(&document, &[made], vocabulary);
        this.annotated.extend(statement.into_iter().map(|statement| (number, statement)));
        // The same matching as of claims in general: at least half of the words, and the same side if there is a choice.
        let best = found
            .iter()
            .zip(&found_statements)
            .map(|(other, statement)| (words.f1(content, other.content), other.side == annotation.side, statement))
            .filter(|(f1, _, _)| *f1 >= 0.5)
            .max_by(|a, b| (a.1, a.0).partial_cmp(&(b.1, b.0)).unwrap_or(std::cmp::Ordering::Equal));
        if let Some((_, _, statement)) = best {
            this.found.insert(number, statement.clone());
        }
    }
    Ok(this)
}

fn decided(evidence: &Evidence, kinship: f64) -> &'static str {
    match evidence.decide(kinship) {
        Some((Relation::Same, _)) => "same",
        Some((Relation::Contradicts, _)) => "contradicts",
        _ => "none",
    }
}

/// Scores by part, and of all together where there are several parts.
fn by_part(judged: &[Judged]) -> BTreeMap<String, ClassScores> {
    let mut parts: BTreeMap<String, Vec<&Judged>> = BTreeMap::new();
    for pair in judged {
        parts.entry(pair.part.clone()).or_default().push(pair);
    }
    let mut scores: BTreeMap<String, ClassScores> =
        parts.into_iter().map(|(part, judged)| (part, ClassScores::new(judged))).collect();
    if scores.len() > 1 {
        scores.insert("all".to_owned(), ClassScores::new(judged));
    }
    scores
}

/// Scores the pairs of a JSONL file; `read` makes layers and claims of a text.
///
/// # Errors
/// If the file, an article or its gold cannot be read or is not of the form.
pub fn score_pairs(path: &Path, read: &Reader<'_>) -> Result<PairScores> {
    let text = file::read(path)?;
    let mut rows = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let row: Row = serde_json::from_str(line).map_err(|e| broken(path, number + 1, e.to_string()))?;
        if !RELATIONS.contains(&row.relation.as_str()) {
            return Err(broken(path, number + 1, format!("{:?} is none of {}", row.relation, RELATIONS.join(", "))));
        }
        rows.push(row);
    }
    if rows.is_empty() {
        return Err(Error::new(ErrorKind::Data, "no pair in it").at(path));
    }
    let root = path.parent().and_then(Path::parent).map_or_else(|| PathBuf::from(".."), Path::to_path_buf);
    let mut wanted: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for place in rows.iter().flat_map(|row| [&row.a, &row.b]) {
        let claims = wanted.entry(&place.article).or_default();
        if !claims.contains(&place.claim) {
            claims.push(place.claim);
        }
    }
    let mut vocabulary = Vocabulary::default();
    let mut articles: BTreeMap<&str, Article> = BTreeMap::new();
    for (name, wanted) in &wanted {
        articles.insert(*name, article(&root, name, wanted, read, &mut vocabulary)?);
    }
    check_contents(&rows, &root, path)?;
    let profiles = articles.values_mut().map(|article| std::mem::take(&mut article.profile)).collect();
    let kinship = Kinship::new(profiles, &vocabulary);
    let places: BTreeMap<&str, usize> = articles.keys().enumerate().map(|(at, name)| (*name, at)).collect();
    let judge = |row: &Row, a: Option<&Statement>, b: Option<&Statement>| {
        let evidence = a.zip(b).map(|(a, b)| Evidence::new(a, b, &vocabulary));
        let kinship = kinship.between(places[row.a.article.as_str()], places[row.b.article.as_str()]);
        Judged {
            id: row.id.clone(),
            part: row.part.clone(),
            gold: row.relation.clone(),
            decided: evidence.as_ref().map_or("none", |evidence| decided(evidence, kinship)).to_owned(),
            features: evidence
                .map(|evidence| CLAIM_FEATURES.into_iter().zip(evidence.claim_features(kinship)).collect())
                .unwrap_or_default(),
        }
    };
    let of = |place: &Place| &articles[place.article.as_str()];
    let annotated: Vec<Judged> = rows
        .iter()
        .map(|row| judge(row, of(&row.a).annotated.get(&row.a.claim), of(&row.b).annotated.get(&row.b.claim)))
        .collect();
    let found: Vec<Judged> = rows
        .iter()
        .map(|row| judge(row, of(&row.a).found.get(&row.a.claim), of(&row.b).found.get(&row.b.claim)))
        .collect();
    let mut both_found: BTreeMap<String, usize> = BTreeMap::new();
    for pair in &found {
        *both_found.entry(pair.part.clone()).or_default() += usize::from(!pair.features.is_empty());
    }
    Ok(PairScores { annotated: by_part(&annotated), found: by_part(&found), both_found, pairs: annotated })
}

/// The content in the pairs must be that of the gold's claim: a changed gold must not pass unseen.
fn check_contents(rows: &[Row], root: &Path, path: &Path) -> Result<()> {
    let mut golds: BTreeMap<&str, gold::GoldFile> = BTreeMap::new();
    for (number, row) in rows.iter().enumerate() {
        for place in [&row.a, &row.b] {
            if !golds.contains_key(place.article.as_str()) {
                let path = gold_path(root, &place.article);
                golds.insert(&place.article, gold::parse(&file::read(&path)?, &path)?);
            }
            let claim = golds[place.article.as_str()].claims.get(place.claim);
            if claim.is_none_or(|claim| claim.content != place.content) {
                let what = format!("{}: claim {} of {} is another", row.id, place.claim, place.article);
                return Err(broken(path, number + 1, what));
            }
        }
    }
    Ok(())
}

/// The whole of a title as one statement: its root is the predicate, a negator negates it.
fn title(text: &str, read: &Reader<'_>, vocabulary: &mut Vocabulary) -> Option<Statement> {
    let (document, _) = read(text);
    let layers = document.layers();
    let content = Span::new(0, document.text().len());
    if layers.words.is_empty() || content.is_empty() {
        return None;
    }
    let heads: Vec<usize> = (0..layers.words.len())
        .filter(|&at| {
            let relation = layers.dependencies.get(at).map(|dependency| dependency.relation);
            matches!(relation, Some(Dependency::Root | Dependency::Parataxis))
                && matches!(layers.words[at].upos, Upos::Verb | Upos::Noun | Upos::Adj)
        })
        .collect();
    let negated = (0..layers.words.len()).any(|at| is_marker(Marker::Negator, &layers.words, at));
    let places = |count: usize| (0..count).collect::<Vec<_>>();
    let whole = Claim {
        content,
        side: Side::Us,
        basis: Basis::Described,
        about: Vec::new(),
        actor: None,
        predicate: heads.first().map(|&at| layers.words[at].span),
        source: None,
        source_side: SourceSide::None,
        cue: None,
        polarity: if negated { Polarity::Negated } else { Polarity::Affirmed },
        modality: Modality::Asserted,
        stance_us: Stance::Neutral,
        stance_cn: Stance::Neutral,
        topic: Topic::Rivalry,
        commitment: None,
        source_chain: Vec::new(),
        times: places(layers.times.len()),
        quantities: places(layers.quantities.len()),
        objects: Vec::new(),
        sentence: 0,
        confidence: 1.0,
        rule: "title".to_owned(),
        abstained: Vec::new(),
    };
    statements(&document, &[whole], vocabulary).pop()
}

/// Scores of a CSV of titles, with each pair.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TitleScores {
    /// Of all pairs.
    pub scores: ClassScores,
    /// Each pair.
    pub pairs: Vec<Judged>,
}

/// Scores the pairs of titles of a CSV with the columns `s1`, `s2` and `stance` (agree, disagree, other).
///
/// # Errors
/// If the file cannot be read or is not of the form.
pub fn score_titles(path: &Path, read: &Reader<'_>) -> Result<TitleScores> {
    #[derive(Deserialize)]
    struct Row {
        s1: String,
        s2: String,
        stance: String,
    }
    let text = file::read(path)?;
    let mut vocabulary = Vocabulary::default();
    let mut pairs = Vec::new();
    for (number, row) in csv::Reader::from_reader(text.as_bytes()).into_deserialize::<Row>().enumerate() {
        let line = number + 2;
        let row = row.map_err(|e| broken(path, line, e.to_string()))?;
        if !TitleStance::ALL.iter().any(|(_, name)| *name == row.stance) {
            return Err(broken(path, line, format!("stance {:?} is none of agree, disagree, other", row.stance)));
        }
        let (a, b) = (title(&row.s1, read, &mut vocabulary), title(&row.s2, read, &mut vocabulary));
        let features = a.zip(b).map(|(a, b)| Evidence::new(&a, &b, &vocabulary).title_features());
        let stance = features.as_ref().map_or(TitleStance::Other, |features| weights().titles(features));
        let decided = TitleStance::ALL.iter().find(|(known, _)| *known == stance).map_or("", |(_, name)| name);
        pairs.push(Judged {
            id: (number + 1).to_string(),
            part: String::new(),
            gold: row.stance,
            decided: decided.to_owned(),
            features: features.map(|f| TITLE_FEATURES.into_iter().zip(f).collect()).unwrap_or_default(),
        });
    }
    if pairs.is_empty() {
        return Err(Error::new(ErrorKind::Data, "no pair in it").at(path));
    }
    Ok(TitleScores { scores: ClassScores::new(&pairs), pairs })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;
    use crate::article::Article;
    use crate::pipeline::Pipeline;

    fn judged(gold: &str, decided: &str) -> Judged {
        Judged {
            id: String::new(),
            part: String::new(),
            gold: gold.to_owned(),
            decided: decided.to_owned(),
            features: BTreeMap::new(),
        }
    }

    #[test]
    fn macro_f1_is_the_mean_over_the_labels_of_the_gold() {
        let pairs = [judged("same", "same"), judged("same", "none"), judged("none", "none"), judged("none", "none")];
        let scores = ClassScores::new(&pairs);
        assert_eq!((scores.pairs, scores.accuracy), (4, 0.75));
        // same: P 1, R 1/2; none: P 2/3, R 1.
        assert!((scores.macro_f1 - f64::midpoint(2.0 / 3.0, 0.8)).abs() < 1e-9);
        assert!((scores.majority_macro_f1 - (2.0 / 3.0) / 2.0).abs() < 1e-9);
        assert!(ClassScores::new(&[]).macro_f1.abs() < 1e-12);
    }

    fn pipeline() -> Pipeline {
        Pipeline::with_defaults().unwrap()
    }

    #[test]
    fn pairs_are_scored_on_annotated_claims() {
        let folder = tempfile::tempdir().unwrap();
        let claim = |content: &str, predicate: &str, actor: &str| {
            serde_json::json!({"content": content, "side": "CN", "basis": "described", "about": ["CN"], "actor": actor,
                "predicate": predicate, "source": "", "source_side": "none", "cue": "", "polarity": "affirmed",
                "modality": "asserted", "stance_us": "neutral", "stance_cn": "neutral", "topic": "rivalry"})
        };
        let texts = [
            (
                "en",
                "China imposed tariffs of 25% on soybeans.",
                claim("China imposed tariffs of 25% on soybeans", "imposed", "China"),
            ),
            (
                "ar",
                "فرضت الصين رسوما بنسبة 25% على فول الصويا.",
                claim("فرضت الصين رسوما بنسبة 25% على فول الصويا", "فرضت", "الصين"),
            ),
        ];
        for (language, text, claim) in &texts {
            for (kind, name, content) in [
                ("articles", "a.txt", (*text).to_owned()),
                ("gold", "a.json", serde_json::json!({"claims": [claim], "entities": []}).to_string()),
            ] {
                let place = folder.path().join("dev").join(kind).join(language);
                fs::create_dir_all(&place).unwrap();
                fs::write(place.join(name), content).unwrap();
            }
        }
        let place = |at: usize| {
            let (language, _, claim) = &texts[at];
            serde_json::json!({"article": format!("dev/articles/{language}/a.txt"), "claim": 0,
                "content": claim["content"]})
        };
        let row = serde_json::json!({"id": "p1", "part": "dev", "relation": "same", "a": place(0), "b": place(1)});
        let path = folder.path().join("links/pairs.jsonl");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, row.to_string() + "\n").unwrap();
        let pipeline = pipeline();
        let read = |text: &str| pipeline.run(Article::from_text(text));
        let scores = score_pairs(&path, &read).unwrap();
        assert!((scores.annotated["dev"].accuracy - 1.0).abs() < 1e-12, "{:?}", scores.pairs);
        fs::write(&path, row.to_string().replace("soybeans", "beans")).unwrap();
        assert_eq!(score_pairs(&path, &read).unwrap_err().kind(), ErrorKind::Data);
        fs::write(&path, row.to_string().replace("\"same\"", "\"alike\"")).unwrap();
        assert_eq!(score_pairs(&path, &read).unwrap_err().kind(), ErrorKind::Data);
    }

    #[test]
    fn titles_are_scored() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::write(&path, "s1,s2,stance\nالنفط يرتفع,النفط يهبط,disagree\nأسعار النفط ترتفع في الأسواق العالمية,ارتفاع أسعار النفط في الأسواق العالمية,agree\n").unwrap();
        let pipeline = pipeline();
        let read = |text: &str| pipeline.run(Article::from_text(text));
        let scores = score_titles(&path, &read).unwrap();
        assert!((scores.scores.accuracy - 1.0).abs() < 1e-12, "{:?}", scores.pairs);
        fs::write(&path, "s1,s2,stance\na,b,maybe\n").unwrap();
        assert_eq!(score_titles(&path, &read).unwrap_err().line_number(), Some(2));
    }
}
