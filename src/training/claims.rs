//! What the claim network learns from: the features of each word and the gold, by numbers of words.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use walkdir::WalkDir;

use crate::article::{ReadOptions, read_bytes};
use crate::claim::features::{Features, SIZES, blocks, features, words_in};
use crate::claim::{Claim, Method};
use crate::document::{Document, Side, Topic};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::annotation::{AnnotatedArticle, Quote};
use crate::evaluation::{attribution, file, gold};
use crate::network::Choice;
use crate::offset::{Byte, OffsetIndex, Span};
use crate::pipeline::Pipeline;

/// First and last word, the end not included.
type Words = (usize, usize);

/// A line of the output.
#[derive(Debug, Serialize)]
struct Item<'a> {
    name: &'a str,
    language: &'a str,
    sizes: &'a [usize],
    forms: Vec<&'a str>,
    /// The code points of each word.
    places: Vec<(usize, usize)>,
    features: &'a [Features],
    /// The head of each word.
    heads: Vec<Option<usize>>,
    /// First word of each sentence.
    sentences: Vec<usize>,
    /// The words of the headlines.
    headlines: Vec<Words>,
    /// First word of the context, first and end of the own words of each block.
    blocks: Vec<(usize, usize, usize)>,
    /// `None` where the gold holds no claims.
    claims: Option<Vec<ClaimItem>>,
    attributions: Vec<AttributionItem>,
    /// The claims of the rules.
    rules: Vec<RuleItem>,
}

#[derive(Debug, Serialize)]
struct RuleItem {
    content: Words,
    predicate: Words,
    side: Side,
    confidence: f64,
}

#[derive(Debug, Serialize)]
struct ClaimItem {
    content: Words,
    predicate: usize,
    actor: Option<Words>,
    source: Option<Words>,
    cue: Option<Words>,
    side: Side,
    basis: crate::claim::Basis,
    about: Vec<Side>,
    source_side: crate::claim::SourceSide,
    polarity: crate::claim::Polarity,
    modality: crate::claim::Modality,
    stance_us: crate::claim::Stance,
    stance_cn: crate::claim::Stance,
    topic: Topic,
}

#[derive(Debug, Serialize)]
struct AttributionItem {
    source: Vec<Words>,
    cue: Vec<Words>,
    content: Vec<Words>,
}

/// Reads the texts of `articles`, and their gold in `gold` (JSON as the guideline has it, or brat stand-off with attributions), and writes one JSON
/// for each annotation into `out`, a line each; without `gold` one for each article. Returns how many.
///
/// # Errors
/// [`ErrorKind::Unreadable`] or [`ErrorKind::Data`] for a file that cannot be read or has no gold, [`ErrorKind::Unwritable`] for the output.
pub fn write_claim_features(articles: &Path, gold: Option<&Path>, out: &Path) -> Result<usize> {
    let pipeline = Pipeline::with(Choice::default(), Method::Rules)?;
    let unwritable = |e: std::io::Error| Error::new(ErrorKind::Unwritable, e.to_string()).at(out);
    // A run that is stopped leaves no half file under the name that was asked for.
    let part = out.with_extension("part");
    let mut writer = BufWriter::new(std::fs::File::create(&part).map_err(unwritable)?);
    let annotations = gold.map(annotations);
    let mut written = 0;
    for (name, path) in texts(articles) {
        let bytes = std::fs::read(&path).map_err(|e| Error::new(ErrorKind::Unreadable, e.to_string()).at(&path))?;
        let none = || Error::new(ErrorKind::Data, "there is no gold for it").at(&path);
        let found: Vec<Option<&Path>> = match &annotations {
            Some(all) => all.get(&name).ok_or_else(none)?.iter().map(|path| Some(path.as_path())).collect(),
            None => vec![None],
        };
        for article in read_bytes(&bytes, &path, Path::new(&name), &ReadOptions::default()) {
            let (document, rules) = pipeline.run(article?);
            let features = features(&document, &rules);
            for annotation in &found {
                let item = item(&document, &name, (&features, &rules), *annotation)?;
                let line = serde_json::to_string(&item).map_err(|e| Error::new(ErrorKind::Internal, e.to_string()))?;
                writeln!(writer, "{line}").map_err(unwritable)?;
                written += 1;
            }
        }
    }
    writer.flush().map_err(unwritable)?;
    std::fs::rename(&part, out).map_err(unwritable)?;
    Ok(written)
}

/// Articles by their path below the folder, without the ending.
fn texts(folder: &Path) -> BTreeMap<String, PathBuf> {
    files(folder, "txt").map(|(name, path)| (name.with_extension("").to_string_lossy().into_owned(), path)).collect()
}

/// The annotations of each article; brat stand-off may have several (`NAME_ANNOTATOR.ann`).
fn annotations(folder: &Path) -> BTreeMap<String, Vec<PathBuf>> {
    let mut out: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for (name, path) in files(folder, "json").chain(files(folder, "ann")) {
        let name = name.with_extension("").to_string_lossy().into_owned();
        let own = match name.rsplit_once('_') {
            Some((text, _)) if path.extension().is_some_and(|e| e == "ann") => text.trim_end_matches(".txt"),
            _ => name.as_str(),
        };
        out.entry(own.to_owned()).or_default().push(path);
    }
    out
}

fn files<'a>(folder: &'a Path, ending: &'a str) -> impl Iterator<Item = (PathBuf, PathBuf)> + 'a {
    WalkDir::new(folder).sort_by_file_name().into_iter().filter_map(move |entry| {
        let path = entry.ok()?.into_path();
        let fits = path.extension().is_some_and(|e| e == ending);
        fits.then(|| (path.strip_prefix(folder).unwrap_or(&path).to_owned(), path.clone()))
    })
}

fn item<'a>(
    document: &'a Document,
    name: &'a str,
    (features, rules): (&'a [Features], &[Claim]),
    annotation: Option<&Path>,
) -> Result<Item<'a>> {
    let layers = document.layers();
    let text = document.text();
    let words = |span: Span<Byte>| {
        let range = words_in(&layers.words, span);
        (!range.is_empty()).then_some((range.start, range.end))
    };
    let (mut claims, mut attributions) = (None, Vec::new());
    let source = annotation.map(file::read).transpose()?.unwrap_or_default();
    let stand_off = |path: &&Path| path.extension().is_some_and(|e| e == "ann");
    if let Some(annotation) = annotation.filter(stand_off) {
        let index = OffsetIndex::new(text);
        let pieces = |spans: &[Span<crate::offset::CodePoint>]| -> Vec<Words> {
            spans.iter().filter_map(|&span| index.bytes(span)).filter_map(words).collect()
        };
        for found in attribution::parse_brat(&source, text, annotation)? {
            attributions.push(AttributionItem {
                source: pieces(&found.source),
                cue: pieces(&found.cue),
                content: pieces(&found.content),
            });
        }
    } else if let Some(annotation) = annotation {
        let sentences = layers.sentences.iter().map(|s| s.span).collect();
        let article = AnnotatedArticle { text: text.to_owned(), sentences, ..AnnotatedArticle::default() };
        let resolved = gold::resolve(&gold::parse(&source, annotation)?, &article);
        let span = |quote: &Option<Quote>| quote.as_ref().and_then(|q| q.span).and_then(words);
        let mut items = Vec::new();
        for claim in resolved.claims {
            let Some(content) = claim.content.span.and_then(words) else { continue };
            let Some(predicate) = span(&claim.predicate) else { continue };
            items.push(ClaimItem {
                content,
                predicate: top(document, predicate),
                actor: span(&claim.actor),
                source: span(&claim.source),
                cue: span(&claim.cue),
                side: claim.side,
                basis: claim.basis,
                about: claim.about.into_iter().collect(),
                source_side: claim.source_side,
                polarity: claim.polarity,
                modality: claim.modality,
                stance_us: claim.stance_us,
                stance_cn: claim.stance_cn,
                topic: claim.topic,
            });
        }
        claims = Some(items);
    }
    Ok(Item {
        name,
        language: if document.language() == crate::document::Language::Ar { "ar" } else { "en" },
        sizes: &SIZES,
        places: {
            let index = OffsetIndex::new(text);
            let place = |span| index.code_points(span);
            layers.words.iter().map(|w| place(w.span)).map(|s| (s.start(), s.end())).collect()
        },
        forms: layers.words.iter().map(|w| w.form.as_str()).collect(),
        features,
        heads: layers.dependencies.iter().map(|d| d.head).collect(),
        sentences: layers
            .sentences
            .iter()
            .map(|s| layers.words_of(s))
            .filter(|r| !r.is_empty())
            .map(|r| r.start)
            .collect(),
        headlines: layers
            .sentences
            .iter()
            .filter(|s| s.headline)
            .map(|s| layers.words_of(s))
            .map(|r| (r.start, r.end))
            .collect(),
        blocks: blocks(document).into_iter().map(|b| (b.start, b.own.start, b.own.end)).collect(),
        claims,
        attributions,
        rules: rules
            .iter()
            .filter_map(|rule| {
                let predicate = rule.predicate.and_then(words)?;
                Some(RuleItem {
                    content: words(rule.content)?,
                    predicate,
                    side: rule.side,
                    confidence: rule.confidence,
                })
            })
            .collect(),
    })
}

/// The word of a span whose head lies outside of it, that is no clitic or mark; the first word if none does.
fn top(document: &Document, (start, end): Words) -> usize {
    let layers = document.layers();
    let outside = |at: &usize| layers.dependencies[*at].head.is_none_or(|head| !(start..end).contains(&head));
    let whole = |at: &usize| layers.words[*at].clitic.is_none();
    (start..end).filter(outside).find(whole).or_else(|| (start..end).find(whole)).unwrap_or(start)
}
