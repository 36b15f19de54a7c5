//! What the output folder of a run holds: articles, claims with their evidence, and what is missing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use walkdir::WalkDir;

use crate::annotator::actor::actors;
use crate::batch::{Counts, Ending};
use crate::document::{Direction, EntityType, Language};
use crate::error::{Error, ErrorKind, Result};
use crate::export::json::{ArticleJson, ArticleRecord, ClaimRecord, SpanRecord, portable};
use crate::normalizer::match_key;
use crate::offset::{Byte, OffsetIndex, Span};

/// Roles that characters of the evidence have for a claim; several may hold at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Roles {
    /// Of the content.
    pub content: bool,
    /// Of the source.
    pub source: bool,
    /// Of the cue.
    pub cue: bool,
}

/// Characters of the evidence that have the same roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The characters, exactly as in the article.
    pub text: String,
    /// What they are for the claim.
    pub roles: Roles,
}

/// A sentence that a claim rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The direction of its paragraph.
    pub direction: Direction,
    /// The language of its paragraph.
    pub language: Language,
    /// Whether something of the article lies between it and the evidence before it.
    pub gap: bool,
    /// Its characters, cut where roles begin and end.
    pub pieces: Vec<Piece>,
}

/// Somebody who acts or speaks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// An actor of the list of actors, whatever words name it in either language.
    Actor(String),
    /// Folded words that no actor is known for.
    Text(String),
}

/// A claim with what the report shows of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reported {
    /// Index of its article.
    pub article: usize,
    /// The claim.
    pub claim: ClaimRecord,
    /// The sentences that it rests on, in text order; never empty.
    pub evidence: Vec<Evidence>,
    /// Who acts.
    pub actor: Option<Party>,
    /// Who says it.
    pub source: Option<Party>,
}

/// Something that gave no article: a line of `errors.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Failure {
    /// The file.
    pub path: String,
    /// `failed`, `empty` or `skipped`.
    pub status: String,
    /// Code of the error.
    pub code: Option<String>,
    /// What happened.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// What `run.json` says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RunRecord {
    /// Version of khabar.
    pub version: String,
    /// Hash of the models.
    pub model_hash: String,
    /// Hash of the configuration.
    pub config_hash: String,
    /// Why the run ended.
    pub ending: Ending,
    /// What became of the inputs.
    pub counts: Counts,
}

/// Claims that say the same, as `links.json` lists them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Link {
    /// Id of the cluster.
    pub id: String,
    /// The claims.
    pub claims: Vec<LinkedClaim>,
    /// Why they belong together.
    #[serde(default)]
    pub reason: String,
}

/// A claim of a [`Link`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LinkedClaim {
    /// Id of the article.
    pub article: String,
    /// Id of the claim.
    pub claim: String,
}

/// All that a report is made of.
#[derive(Debug, Clone, Default)]
pub struct Material {
    /// The articles, by output path.
    pub articles: Vec<ArticleRecord>,
    /// Their claims, in the order of the articles and of the text.
    pub claims: Vec<Reported>,
    /// The words of parties that no actor is known for, as first written.
    pub written: BTreeMap<String, String>,
    /// What gave no article.
    pub failures: Vec<Failure>,
    /// Files of the folder that could not be read.
    pub unreadable: Vec<Error>,
    /// What the last run says of itself; `None` where there is no `run.json`.
    pub run: Option<RunRecord>,
    /// The clusters of `links.json`; `None` where there is no such file.
    pub links: Option<Vec<Link>>,
}

/// Reads an output folder.
///
/// # Errors
/// If the folder cannot be read or is no output of a run. Single files that are broken are listed in
/// [`Material::unreadable`].
pub fn read(root: &Path) -> Result<Material> {
    let mut material = Material::default();
    let mut found = false;
    for entry in WalkDir::new(root).sort_by_file_name() {
        let entry = entry.map_err(|e| Error::new(ErrorKind::Unreadable, e.to_string()).at(root))?;
        let path = entry.path();
        let relative = portable(path.strip_prefix(root).unwrap_or(path));
        if !entry.file_type().is_file() || relative.starts_with(".khabar/") {
            continue;
        }
        let ours = matches!(relative.as_str(), "run.json" | "claims.jsonl" | "errors.jsonl" | "links.json");
        if !ours && path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let added = if relative == "claims.jsonl" {
            // The articles' own files say the same and more.
            Ok(())
        } else {
            text(path).and_then(|json| match relative.as_str() {
                "run.json" => one(&json, path).map(|run| material.run = Some(run)),
                "links.json" => links(&json, path).map(|links| material.links = Some(links)),
                "errors.jsonl" => failures(&json, path).map(|failures| material.failures = failures),
                _ => article(&json, path, &mut material),
            })
        };
        found = true;
        if let Err(error) = added {
            material.unreadable.push(error);
        }
    }
    if found {
        Ok(material)
    } else {
        Err(Error::new(ErrorKind::NoInput, "no output of `khabar run` here: name the folder given with -o").at(root))
    }
}

fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|e| Error::new(ErrorKind::Unreadable, e.to_string()).at(path))
}

fn one<T: for<'d> Deserialize<'d>>(json: &str, path: &Path) -> Result<T> {
    serde_json::from_str(json)
        .map_err(|e| Error::new(ErrorKind::Malformed, e.to_string()).at(path).line(e.line() as u64))
}

fn links(json: &str, path: &Path) -> Result<Vec<Link>> {
    #[derive(Deserialize)]
    struct Links {
        clusters: Vec<Link>,
    }
    one::<Links>(json, path).map(|links| links.clusters)
}

fn failures(lines: &str, path: &Path) -> Result<Vec<Failure>> {
    let lines = lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            serde_json::from_str(line)
                .map_err(|e| Error::new(ErrorKind::Malformed, e.to_string()).at(path).line(number as u64 + 1))
        })
        .collect()
}

/// Adds an article with its claims, or nothing of it where a claim's span does not hold its quote.
fn article(json: &str, path: &Path, material: &mut Material) -> Result<()> {
    let json = ArticleJson::read(json).map_err(|error| error.at(path))?;
    let places = Places::new(&json, path)?;
    let mut claims = Vec::with_capacity(json.claims.len());
    for claim in &json.claims {
        claims.push(Reported {
            article: material.articles.len(),
            evidence: places.evidence(claim)?,
            actor: claim.actor.as_ref().map(|span| party(&json, span)),
            source: claim.source.as_ref().map(|span| party(&json, span)),
            claim: claim.clone(),
        });
    }
    for (party, span) in claims.iter().flat_map(|reported| {
        let claim = &reported.claim;
        [(&reported.actor, &claim.actor), (&reported.source, &claim.source)]
    }) {
        if let (Some(Party::Text(key)), Some(span)) = (party, span) {
            material.written.entry(key.clone()).or_insert_with(|| span.quote.clone());
        }
    }
    material.articles.push(json.article);
    material.claims.append(&mut claims);
    Ok(())
}

/// Who the words of a span are: the actor of a name that is all of it (but for “the”), of what a pronoun or description points to, of
/// the one person in it; else the words themselves.
fn party(json: &ArticleJson, span: &SpanRecord) -> Party {
    let inside = |start: usize, end: usize| span.start <= start && end <= span.end;
    let known = |id: &Option<String>| id.clone().filter(|id| actors().get(id).is_some());
    let whole = json
        .entities
        .iter()
        .filter(|entity| inside(entity.span.start, entity.span.end) && entity.span.end == span.end)
        .filter(|entity| {
            let before = span.quote.strip_suffix(entity.span.quote.as_str()).map(str::trim);
            before.is_some_and(|before| before.is_empty() || before.eq_ignore_ascii_case("the"))
        })
        .find_map(|entity| known(&entity.actor));
    let pointed = || {
        let same = |r: &&crate::export::json::ReferenceRecord| (r.span.start, r.span.end) == (span.start, span.end);
        json.references.iter().find(same).and_then(|reference| known(&reference.actor))
    };
    let person = || {
        let mut people = json
            .entities
            .iter()
            .filter(|e| e.entity_type == EntityType::Per && inside(e.span.start, e.span.end))
            .map(|e| known(&e.actor));
        match (people.next(), people.next()) {
            (Some(person), None) => person,
            _ => None,
        }
    };
    // The Biden administration is not its president.
    let titled = || {
        let last = json.entities.iter().rfind(|e| inside(e.span.start, e.span.end))?;
        (last.span.end == span.end || last.span.start == span.start).then(person).flatten()
    };
    match whole.or_else(pointed).or_else(titled) {
        Some(id) => Party::Actor(id),
        None => Party::Text(match_key(&span.quote)),
    }
}

/// Where sentences and paragraphs of an article are, in bytes.
struct Places<'a> {
    json: &'a ArticleJson,
    index: OffsetIndex,
    path: &'a Path,
    sentences: Vec<Span<Byte>>,
    paragraphs: Vec<Span<Byte>>,
}

impl<'a> Places<'a> {
    fn new(json: &'a ArticleJson, path: &'a Path) -> Result<Self> {
        let index = OffsetIndex::new(&json.text);
        let mut places = Self { json, index, path, sentences: Vec::new(), paragraphs: Vec::new() };
        places.sentences = json.sentences.iter().map(|s| places.bytes(&s.span)).collect::<Result<_>>()?;
        places.paragraphs = json.paragraphs.iter().map(|p| places.bytes(&p.span)).collect::<Result<_>>()?;
        Ok(places)
    }

    fn bytes(&self, span: &SpanRecord) -> Result<Span<Byte>> {
        self.json.bytes(&self.index, span).ok_or_else(|| {
            let message = format!("characters {}..{} are not the quote “{}”", span.start, span.end, span.quote);
            Error::new(ErrorKind::Malformed, message).at(self.path)
        })
    }

    /// The sentences that a claim's own sentence, content, source and cue lie in; where they lie in none, their
    /// paragraphs; else the content itself.
    fn evidence(&self, claim: &ClaimRecord) -> Result<Vec<Evidence>> {
        let content = self.bytes(&claim.content)?;
        let source = claim.source.as_ref().map(|span| self.bytes(span)).transpose()?;
        let cue = claim.cue.as_ref().map(|span| self.bytes(span)).transpose()?;
        let sentence = claim.sentence.as_ref().map(|span| self.bytes(span)).transpose()?;
        let wanted: Vec<Span<Byte>> = [Some(content), source, cue, sentence].into_iter().flatten().collect();
        let holding = |spans: &[Span<Byte>]| -> Vec<Span<Byte>> {
            spans.iter().copied().filter(|span| wanted.iter().any(|wanted| wanted.overlaps(*span))).collect()
        };
        let mut stretches = holding(&self.sentences);
        if !stretches.iter().any(|span| span.contains(content)) {
            stretches = holding(&self.paragraphs);
        }
        if !stretches.iter().any(|span| span.overlaps(content)) {
            stretches = vec![content];
        }
        let mut evidence = Vec::with_capacity(stretches.len());
        let mut before = None;
        for stretch in stretches {
            let skipped =
                |end: usize| self.json.text.get(end..stretch.start()).is_some_and(|gap| !gap.trim().is_empty());
            let gap = before.is_some_and(skipped);
            before = Some(stretch.end());
            evidence.push(self.stretch(stretch, gap, content, source, cue));
        }
        Ok(evidence)
    }

    fn stretch(
        &self,
        stretch: Span<Byte>,
        gap: bool,
        content: Span<Byte>,
        source: Option<Span<Byte>>,
        cue: Option<Span<Byte>>,
    ) -> Evidence {
        let text = stretch.slice(&self.json.text);
        let paragraph = self.paragraphs.iter().position(|paragraph| paragraph.overlaps(stretch));
        let (direction, language) = match paragraph.and_then(|at| self.json.paragraphs.get(at)) {
            Some(paragraph) => (paragraph.direction, paragraph.language),
            None => (Direction::of(text), self.json.article.language),
        };
        let spans = [Some(content), source, cue];
        let mut edges = vec![stretch.start(), stretch.end()];
        for span in spans.into_iter().flatten() {
            edges.extend([span.start(), span.end()].map(|edge| edge.clamp(stretch.start(), stretch.end())));
        }
        edges.sort_unstable();
        edges.dedup();
        let pieces = edges
            .windows(2)
            .map(|pair| {
                let here = Span::new(pair[0], pair[1]);
                let [content, source, cue] = spans.map(|span| span.is_some_and(|span| span.contains(here)));
                Piece { text: here.slice(&self.json.text).to_owned(), roles: Roles { content, source, cue } }
            })
            .collect();
        Evidence { direction, language, gap, pieces }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::article::Article;
    use crate::export::json::OffsetUnit;
    use crate::pipeline::Pipeline;
    use crate::provenance::Provenance;

    const TEXT: &str = "بكين ترد\n\nقالت وزارة الخارجية الصينية إن بكين سترد 🚀 على القيود الأمريكية.\n\n\
                        “We will not wait,” Beijing said. Nvidia said it would comply with U.S. export rules.\n";

    fn json(unit: OffsetUnit) -> String {
        let (document, claims) = Pipeline::with_defaults().unwrap().run(Article::from_text(TEXT));
        let json = ArticleJson::new(&document, &claims, "a.json", unit, Provenance::new("c", Vec::new()));
        serde_json::to_string(&json).unwrap()
    }

    #[test]
    fn evidence_holds_the_marked_quotes_in_every_unit() {
        for (unit, _) in OffsetUnit::ALL {
            let mut material = Material::default();
            article(&json(unit), Path::new("a.json"), &mut material).unwrap();
            assert!(material.claims.len() >= 3, "{}", material.claims.len());
            for reported in &material.claims {
                let marked = |role: fn(&Roles) -> bool| -> String {
                    let pieces = reported.evidence.iter().flat_map(|evidence| &evidence.pieces);
                    pieces.filter(|piece| role(&piece.roles)).map(|piece| piece.text.as_str()).collect()
                };
                assert_eq!(marked(|roles| roles.content), reported.claim.content.quote);
                let quote = |span: &Option<SpanRecord>| span.as_ref().map_or(String::new(), |span| span.quote.clone());
                assert_eq!(marked(|roles| roles.source), quote(&reported.claim.source));
                assert_eq!(marked(|roles| roles.cue), quote(&reported.claim.cue));
                let whole: String =
                    reported.evidence.iter().flat_map(|e| &e.pieces).map(|piece| piece.text.as_str()).collect();
                assert!(reported.evidence.len() > 1 || TEXT.contains(&whole));
            }
        }
    }

    #[test]
    fn a_claim_without_a_sentence_still_has_evidence() {
        let mut value: serde_json::Value = serde_json::from_str(&json(OffsetUnit::CodePoint)).unwrap();
        value["sentences"] = serde_json::json!([]);
        for claim in value["claims"].as_array_mut().unwrap() {
            claim["sentence"] = serde_json::Value::Null;
        }
        let mut material = Material::default();
        article(&value.to_string(), Path::new("a.json"), &mut material).unwrap();
        assert!(material.claims.iter().all(|claim| !claim.evidence.is_empty()));
        value["paragraphs"] = serde_json::json!([]);
        let mut bare = Material::default();
        article(&value.to_string(), Path::new("a.json"), &mut bare).unwrap();
        for reported in &bare.claims {
            assert_eq!(
                reported.evidence[0].pieces.iter().map(|p| p.text.as_str()).collect::<String>(),
                reported.claim.content.quote
            );
        }
    }

    #[test]
    fn a_span_without_its_quote_is_listed_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let broken = json(OffsetUnit::CodePoint).replacen("\"start\":0,", "\"start\":1,", 1);
        fs::write(folder.path().join("a.json"), broken).unwrap();
        fs::write(folder.path().join("b.json"), json(OffsetUnit::CodePoint)).unwrap();
        let material = read(folder.path()).unwrap();
        assert_eq!((material.articles.len(), material.unreadable.len()), (1, 1));
        assert_eq!(material.unreadable[0].kind(), ErrorKind::Malformed);
        assert!(material.claims.iter().all(|claim| claim.article == 0));
    }

    #[test]
    fn a_folder_that_is_no_output_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()).unwrap_err().kind(), ErrorKind::NoInput);
        assert_eq!(read(&folder.path().join("none")).unwrap_err().kind(), ErrorKind::Unreadable);
    }

    #[test]
    fn parties_are_actors_where_they_are_known() {
        let mut material = Material::default();
        article(&json(OffsetUnit::CodePoint), Path::new("a.json"), &mut material).unwrap();
        let beijing = |party: &Option<Party>| matches!(party, Some(Party::Actor(id)) if id.starts_with("cn"));
        assert!(material.claims.iter().any(|claim| beijing(&claim.source)), "{:#?}", material.claims);
        for reported in &material.claims {
            if let Some(Party::Text(key)) = &reported.actor {
                assert!(material.written.contains_key(key));
            }
        }
    }
}
