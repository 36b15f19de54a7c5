//! Gold and predictions in folders: which file belongs to which, and the scores of all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;
use walkdir::WalkDir;

use super::agree::Annotation;
use super::annotation::{AnnotatedArticle, WordIndex};
use super::attribution::{self, AttributionScores};
use super::claim::{self, ClaimScores, Match};
use super::entity::{self, EntityScores};
use super::file::read;
use super::native::{self, NativeArticle};
use super::{gold, name};
use crate::error::{Error, ErrorKind, Result};

/// Claims and entities of some articles.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Scores {
    /// Claims.
    pub claims: ClaimScores,
    /// Entities.
    pub entities: EntityScores,
}

/// A gold article with its prediction and their matching.
#[derive(Debug, Clone)]
pub struct Pairing {
    /// Relative path of the article without ending, such as `ar/NAME`.
    pub name: String,
    /// `ar` or `en`.
    pub language: &'static str,
    /// The gold with its places.
    pub gold: AnnotatedArticle,
    /// The prediction; empty where it is missing.
    pub predicted: AnnotatedArticle,
    /// The claims that belong together.
    pub matches: Vec<Match>,
}

/// The scores of a folder.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FolderScores {
    /// By language (`ar`, `en`), and `all`.
    pub scores: BTreeMap<String, Scores>,
    /// Articles with gold that have no prediction; their claims and entities count as missed.
    pub missing_predictions: Vec<String>,
    /// Predicted articles without gold; not scored.
    pub missing_gold: Vec<String>,
    /// Files that could not be read; a gold file among them is not scored.
    pub unreadable: Vec<String>,
    /// All pairs, for the listing of errors.
    #[serde(skip)]
    pub pairings: Vec<Pairing>,
}

/// The scores of a folder of attributions.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AttributionFolderScores {
    /// Texts that were scored.
    pub texts: usize,
    /// Annotation files that were scored.
    pub annotations: usize,
    /// The scores; several annotations of a text are averaged.
    pub scores: AttributionScores,
    /// Texts with gold that have no prediction; their attributions count as missed.
    pub missing_predictions: Vec<String>,
    /// Predicted articles without gold; not scored.
    pub missing_gold: Vec<String>,
    /// Files that could not be read or that belong to another text.
    pub unreadable: Vec<String>,
}

/// The files under `root` (or `root` itself) with the ending, sorted, each with its relative path with `/` and without
/// the ending.
fn files(root: &Path, ending: &str) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in WalkDir::new(root).sort_by_file_name() {
        let entry = entry.map_err(|e| Error::new(ErrorKind::Unreadable, e.to_string()).at(root))?;
        let path = entry.path();
        if !entry.file_type().is_file() || path.extension().is_none_or(|e| e != ending) {
            continue;
        }
        let relative = path.strip_prefix(root).unwrap_or(path);
        let relative = if relative.as_os_str().is_empty() {
            PathBuf::from(path.file_name().unwrap_or_default())
        } else {
            relative.to_path_buf()
        };
        let parts: Vec<_> =
            relative.with_extension("").components().map(|c| c.as_os_str().to_string_lossy().into_owned()).collect();
        found.push((parts.join("/"), path.to_path_buf()));
    }
    Ok(found)
}

/// Leaves off the ending of an article's file.
fn stem(name: &str) -> &str {
    const ENDINGS: [&str; 10] =
        [".txt", ".text", ".md", ".markdown", ".html", ".htm", ".xhtml", ".json", ".jsonl", ".csv"];
    ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
}

/// Finds each gold name's prediction: the same relative path, or else the only one that ends in it (or that it ends
/// in), for runs that started in a folder above or below.
fn pair(gold: &BTreeSet<String>, predicted: &BTreeSet<String>) -> BTreeMap<String, String> {
    let mut pairs: BTreeMap<String, String> =
        gold.intersection(predicted).map(|name| (name.clone(), name.clone())).collect();
    let ends_in = |long: &str, short: &str| long.strip_suffix(short).is_some_and(|rest| rest.ends_with('/'));
    let taken: BTreeSet<&String> = gold.intersection(predicted).collect();
    let free: Vec<&String> = predicted.iter().filter(|name| !taken.contains(name)).collect();
    let mut claimed: BTreeMap<&String, Vec<&String>> = BTreeMap::new();
    for name in gold.iter().filter(|name| !taken.contains(name)) {
        let fitting: Vec<_> = free.iter().filter(|other| ends_in(other, name) || ends_in(name, other)).collect();
        if let [only] = fitting[..] {
            claimed.entry(only).or_default().push(name);
        }
    }
    for (predicted, names) in claimed {
        if let [only] = names[..] {
            pairs.insert(only.clone(), predicted.clone());
        }
    }
    pairs
}

/// Reads the native JSON of a run's output folder. `run.json`, `links.json` and other JSON without a text is no article.
fn predictions(root: &Path, unreadable: &mut Vec<String>) -> Result<BTreeMap<String, NativeArticle>> {
    let mut found = BTreeMap::new();
    for (name, path) in files(root, "json")? {
        let json = match read(&path) {
            Ok(json) => json,
            Err(error) => {
                unreadable.push(error.to_string());
                continue;
            }
        };
        if matches!(name.as_str(), "run" | "links") && !json.contains("\"sentences\"") {
            continue;
        }
        match native::parse(&json, &path) {
            Ok(article) => {
                found.insert(stem(&name).to_owned(), article);
            }
            Err(error) => unreadable.push(error.to_string()),
        }
    }
    Ok(found)
}

enum Gold {
    Strings(gold::GoldFile),
    Native(AnnotatedArticle),
}

/// Reads gold files: the guideline's form, or native JSON (a reviewed run).
fn golds(root: &Path, unreadable: &mut Vec<String>) -> Result<BTreeMap<String, Gold>> {
    let mut found = BTreeMap::new();
    for (name, path) in files(root, "json")? {
        let parsed = read(&path).and_then(|json| {
            if name == "run" && !json.contains("\"claims\": [") && !json.contains("\"claims\":[") {
                return Ok(None);
            }
            if name == "links" && json.contains("\"clusters\"") {
                return Ok(None);
            }
            if json.contains("\"khabar/1\"") {
                return Ok(Some((name.clone(), Gold::Native(native::parse(&json, &path)?.article))));
            }
            let file = gold::parse(&json, &path)?;
            // The gold names its article; the seed's gold.json is of article.txt.
            let folder = name.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
            let article = file.article.as_deref().map(|article| article.rsplit('/').next().unwrap_or(article));
            let key = article.map_or_else(|| name.clone(), |article| format!("{folder}{article}"));
            Ok(Some((key, Gold::Strings(file))))
        });
        match parsed {
            Ok(Some((key, gold))) => {
                found.insert(stem(&key).to_owned(), gold);
            }
            Ok(None) => {}
            Err(error) => unreadable.push(error.to_string()),
        }
    }
    Ok(found)
}

/// Scores a run's output folder against a folder of gold (or one gold file).
///
/// # Errors
/// If a folder cannot be read, or holds no gold or no prediction at all. Single files that are broken are listed.
pub fn score(gold: &Path, predicted: &Path) -> Result<FolderScores> {
    let mut result = FolderScores::default();
    let golds = golds(gold, &mut result.unreadable)?;
    let mut predictions = predictions(predicted, &mut result.unreadable)?;
    let none = |what: &str, path: &Path, unreadable: &[String]| {
        let first = unreadable.first().map(|first| format!("; the first that is broken: {first}")).unwrap_or_default();
        Error::new(ErrorKind::Data, format!("no {what} here{first}")).at(path)
    };
    if golds.is_empty() {
        return Err(none("gold", gold, &result.unreadable));
    }
    if predictions.is_empty() {
        return Err(none("native JSON", predicted, &result.unreadable));
    }
    let pairs = pair(&golds.keys().cloned().collect(), &predictions.keys().cloned().collect());
    for (name, gold) in golds {
        let predicted = if let Some(article) = pairs.get(&name).and_then(|other| predictions.remove(other)) {
            article.article
        } else {
            result.missing_predictions.push(name.clone());
            AnnotatedArticle::default()
        };
        let gold = match gold {
            Gold::Strings(file) => gold::resolve(&file, &predicted),
            Gold::Native(article) if !predicted.text.is_empty() && article.text != predicted.text => {
                result.unreadable.push(format!("{name}: gold and prediction are of different texts"));
                continue;
            }
            Gold::Native(article) => article,
        };
        let language = gold.language();
        let words = WordIndex::new(&predicted.text);
        let matches = claim::matches(&gold.claims, &predicted.claims, &words);
        let claims = claim::score_matched(&gold, &predicted, &words, &matches);
        let entities = entity::score(&gold, &predicted);
        for group in [language, "all"] {
            let sum = result.scores.entry(group.to_owned()).or_default();
            sum.claims.merge(&claims);
            sum.entities.merge(&entities);
        }
        result.pairings.push(Pairing { name, language, gold, predicted, matches });
    }
    result.missing_gold = predictions.into_keys().collect();
    Ok(result)
}

/// Annotations of the same articles, read from folders.
#[derive(Debug, Clone, Default)]
pub struct Annotations {
    /// One for each folder, in order, named by its path. An article has the same name in all.
    pub annotations: Vec<Annotation>,
    /// Files that could not be read or that are of another text; they are left out.
    pub unreadable: Vec<String>,
}

/// Reads annotations for [`super::agree::measure`], one for each folder (or file) of `roots`: gold as people write it, or
/// native JSON.
///
/// Gold as people write it holds no text, so its strings get their places in the text of the other annotations, or of the
/// run in `run`. Where nobody has the text they keep no place.
///
/// # Errors
/// If a folder cannot be read, or holds no annotation at all. Single files that are broken are listed.
pub fn annotations(roots: &[PathBuf], run: Option<&Path>) -> Result<Annotations> {
    let mut result = Annotations::default();
    let mut read = Vec::new();
    // Articles with their text: of the run, else of the first annotation that has it.
    let mut texts: BTreeMap<String, AnnotatedArticle> = match run {
        Some(run) => {
            let found = predictions(run, &mut result.unreadable)?;
            found.into_iter().map(|(name, native)| (name, native.article)).collect()
        }
        None => BTreeMap::new(),
    };
    // Names of the first folders are the names of the articles.
    let mut known: BTreeSet<String> = BTreeSet::new();
    for root in roots {
        let golds = golds(root, &mut result.unreadable)?;
        if golds.is_empty() {
            let first = result.unreadable.first().map(|first| format!("; the first that is broken: {first}"));
            let message = format!("no annotation here{}", first.unwrap_or_default());
            return Err(Error::new(ErrorKind::Data, message).at(root));
        }
        let pairs = pair(&golds.keys().cloned().collect(), &known);
        let named: BTreeMap<String, Gold> =
            golds.into_iter().map(|(name, gold)| (pairs.get(&name).cloned().unwrap_or(name), gold)).collect();
        known.extend(named.keys().cloned());
        read.push(named);
    }
    let in_run = pair(&known, &texts.keys().cloned().collect());
    texts = in_run.iter().filter_map(|(name, other)| Some((name.clone(), texts.remove(other)?))).collect();
    for named in &read {
        for (name, gold) in named {
            if let Gold::Native(article) = gold
                && !texts.contains_key(name)
            {
                texts.insert(name.clone(), article.clone());
            }
        }
    }
    for (root, named) in roots.iter().zip(read) {
        let mut annotation = Annotation { name: root.display().to_string(), articles: BTreeMap::new() };
        for (name, gold) in named {
            let text = texts.get(&name);
            let article = match gold {
                Gold::Strings(file) => gold::resolve(&file, text.unwrap_or(&AnnotatedArticle::default())),
                Gold::Native(article) if text.is_some_and(|text| text.text != article.text) => {
                    result.unreadable.push(format!("{}: {name}: of another text; left out", root.display()));
                    continue;
                }
                Gold::Native(article) => article,
            };
            annotation.articles.insert(name, article);
        }
        result.annotations.push(annotation);
    }
    Ok(result)
}

/// Scores the attributions of a run's output folder against brat stand-off (`NAME_ANNOTATOR.ann` or `NAME.ann`).
///
/// # Errors
/// If a folder cannot be read, or holds no gold or no prediction at all. Single files that are broken are listed.
pub fn score_attributions(gold: &Path, predicted: &Path) -> Result<AttributionFolderScores> {
    let mut result = AttributionFolderScores::default();
    let mut predictions = predictions(predicted, &mut result.unreadable)?;
    let annotations = files(gold, "ann")?;
    if annotations.is_empty() {
        return Err(Error::new(ErrorKind::Data, "no stand-off (.ann) here").at(gold));
    }
    if predictions.is_empty() {
        return Err(Error::new(ErrorKind::Data, "no native JSON here").at(predicted));
    }
    let file_name = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
    let by_file: BTreeMap<String, String> = predictions.keys().map(|name| (file_name(name), name.clone())).collect();
    let mut by_text: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for (name, path) in annotations {
        let name = file_name(&name);
        let text = match name.rsplit_once('_') {
            Some((text, _)) if !by_file.contains_key(&name) => text.to_owned(),
            _ => name,
        };
        by_text.entry(text).or_default().push(path);
    }
    for (text, paths) in by_text {
        let Some(article) = by_file.get(&text).and_then(|name| predictions.remove(name)) else {
            // The text is not known, so neither are the attributions' places; their number is.
            let counts: Vec<usize> = paths.iter().filter_map(|path| read(path).ok()).map(|ann| events(&ann)).collect();
            let mean = counts.iter().sum::<usize>() as f64 / counts.len().max(1) as f64;
            for counts in [
                &mut result.scores.content,
                &mut result.scores.content_and_source,
                &mut result.scores.content_and_source_iou,
                &mut result.scores.exact,
                &mut result.scores.exact_and_source,
            ] {
                counts.gold += mean;
            }
            result.missing_predictions.push(text);
            continue;
        };
        let predicted: Vec<_> =
            article.attributions.into_iter().filter(|attribution| !attribution.content.is_empty()).collect();
        let mut scored = Vec::new();
        for path in &paths {
            match read(path).and_then(|ann| attribution::parse_brat(&ann, &article.article.text, path)) {
                Ok(gold) => scored.push(attribution::score(&article.article.text, &gold, &predicted)),
                Err(error) => result.unreadable.push(error.to_string()),
            }
        }
        for scores in &scored {
            result.scores.merge(scores, 1.0 / scored.len() as f64);
        }
        result.texts += usize::from(!scored.is_empty());
        result.annotations += scored.len();
    }
    result.missing_gold = predictions.into_keys().collect();
    Ok(result)
}

fn events(ann: &str) -> usize {
    ann.lines().filter(|line| line.starts_with('E') && line.contains(" Content:")).count()
}

/// Reads and scores one file of names; `step` keeps every so many blocks of sentences (see [`name::slice`]).
///
/// # Errors
/// If the file cannot be read or is not of the form.
pub fn score_names(path: &Path, step: usize, recognize: &name::Recognizer<'_>) -> Result<name::NameScores> {
    let sentences = name::parse(&read(path)?, path)?;
    Ok(name::score(&name::slice(&sentences, step), recognize))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn runs_from_above_or_below_pair_too() {
        let pairs = pair(&set(&["ar/a", "en/a", "en/b"]), &set(&["articles/ar/a", "en/a", "b", "c"]));
        let pairs: Vec<_> = pairs.iter().map(|(gold, other)| (gold.as_str(), other.as_str())).collect();
        assert_eq!(pairs, [("ar/a", "articles/ar/a"), ("en/a", "en/a"), ("en/b", "b")]);
        // Nothing is guessed between two that fit.
        assert!(pair(&set(&["ar/a", "en/a"]), &set(&["a"])).is_empty());
    }

    const GOLD: &str = r#"{"article":"a.txt","claims":[{"content":"it will retaliate","side":"CN","basis":"stated",
        "about":["CN"],"actor":"it","predicate":"retaliate","source":"Beijing","source_side":"CN","cue":"said",
        "polarity":"affirmed","modality":"asserted","stance_us":"neutral","stance_cn":"neutral","topic":"rivalry"}],
        "entities":[{"text":"Beijing","type":"LOC","side":"CN"}]}"#;

    fn native(text: &str) -> String {
        serde_json::json!({ "schema": "khabar/1", "text": text, "claims": [], "attributions": [
                {"source": {"start": 0, "end": 7, "quote": "Beijing"}, "cue": null,
                 "content": [{"start": 13, "end": 30, "quote": "it will retaliate"}]}],
            "entities": [{"start": 0, "end": 7, "quote": "Beijing", "type": "LOC", "side": "CN"}],
            "sentences": [{"start": 0, "end": 31, "quote": "Beijing said it will retaliate."}] })
        .to_string()
    }

    #[test]
    fn what_is_missing_is_shown_and_counts() {
        let folder = tempfile::tempdir().unwrap();
        let (gold, out) = (folder.path().join("gold/en"), folder.path().join("out/en"));
        fs::create_dir_all(&gold).unwrap();
        fs::create_dir_all(&out).unwrap();
        fs::write(gold.join("a.json"), GOLD).unwrap();
        fs::write(gold.join("b.json"), GOLD.replace("a.txt", "b.txt")).unwrap();
        fs::write(gold.join("broken.json"), "{").unwrap();
        fs::write(out.join("a.json"), native("Beijing said it will retaliate.")).unwrap();
        fs::write(out.join("c.json"), native("Beijing said it will retaliate.")).unwrap();
        fs::write(folder.path().join("out/run.json"), r#"{"schema":"khabar/1"}"#).unwrap();
        let scores = score(&folder.path().join("gold"), &folder.path().join("out")).unwrap();
        assert_eq!(scores.missing_predictions, ["en/b"]);
        assert_eq!(scores.missing_gold, ["en/c"]);
        assert_eq!(scores.unreadable.len(), 1);
        let all = &scores.scores["all"];
        assert!((all.claims.claims.gold - 2.0).abs() < 1e-9);
        assert!((all.entities.span_type_side.right - 1.0).abs() < 1e-9);
        assert!((all.entities.span_type_side.gold - 2.0).abs() < 1e-9);
        assert!(score(&out, &folder.path().join("gold")).is_err());
    }

    #[test]
    fn annotations_share_the_text_of_one() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        for name in ["a/en", "b/en", "run/articles/en"] {
            fs::create_dir_all(place(name)).unwrap();
        }
        let text = "Beijing said it will retaliate.";
        fs::write(place("a/en/a.json"), GOLD).unwrap();
        fs::write(place("b/en/a.json"), GOLD).unwrap();
        fs::write(place("b/en/broken.json"), "{").unwrap();
        let roots = [place("a"), place("b")];
        let without = annotations(&roots, None).unwrap();
        assert_eq!(without.annotations[0].articles["en/a"].claims[0].content.span, None);
        assert_eq!(without.unreadable.len(), 1);
        fs::write(place("run/articles/en/a.json"), native(text)).unwrap();
        let with = annotations(&roots, Some(&place("run"))).unwrap();
        for annotation in &with.annotations {
            let article = &annotation.articles["en/a"];
            assert_eq!(article.claims[0].content.span.unwrap().slice(&article.text), "it will retaliate");
        }
        // Native JSON beside gold brings the text too; one of another text is left out and named.
        fs::create_dir_all(place("c/en")).unwrap();
        fs::write(place("c/en/a.json"), native(text)).unwrap();
        let three = annotations(&[place("a"), place("c")], None).unwrap();
        assert!(three.annotations[0].articles["en/a"].claims[0].content.span.is_some());
        fs::create_dir_all(place("d/en")).unwrap();
        fs::write(place("d/en/a.json"), native("Beijing said it will retaliate. Soon.")).unwrap();
        let other = annotations(&[place("c"), place("d")], None);
        let other = other.unwrap();
        assert!(other.annotations[1].articles.is_empty());
        assert!(other.unreadable[0].contains("another text"), "{:?}", other.unreadable);
        fs::create_dir_all(place("empty")).unwrap();
        assert!(annotations(&[place("a"), place("empty")], None).is_err());
    }

    #[test]
    fn annotators_are_averaged() {
        let folder = tempfile::tempdir().unwrap();
        let (gold, out) = (folder.path().join("gold"), folder.path().join("out"));
        fs::create_dir_all(&gold).unwrap();
        fs::create_dir_all(&out).unwrap();
        let ann =
            "T1\tSource 0 7\tBeijing\nT3\tContent 13 30\tit will retaliate\nE1\tAttribution:T2 Source:T1 Content:T3\n";
        fs::write(gold.join("a_1f.ann"), ann).unwrap();
        fs::write(gold.join("a_2f.ann"), "").unwrap();
        fs::write(gold.join("b_2f.ann"), ann).unwrap();
        fs::write(out.join("a.json"), native("Beijing said it will retaliate.")).unwrap();
        let scores = score_attributions(&gold, &out).unwrap();
        assert_eq!((scores.texts, scores.annotations), (1, 2));
        assert_eq!(scores.missing_predictions, ["b"]);
        assert!((scores.scores.content.right - 0.5).abs() < 1e-9);
        assert!((scores.scores.content.gold - 1.5).abs() < 1e-9);
    }
}
