//! Gold annotation as people write it: strings in text order, without offsets, and how they find their places.
//!
//! ```text
//! { "article": "NAME.txt",
//!   "claims": [ { "content": "…", "side": "US", "basis": "stated", "about": ["US"], "actor": "…", "predicate": "…",
//!                 "source": "", "source_side": "none", "cue": "", "polarity": "affirmed", "modality": "asserted",
//!                 "stance_us": "neutral", "stance_cn": "neutral", "topic": "chips" } ],
//!   "entities": [ { "text": "…", "type": "ORG", "side": "US" } ] }
//! ```
//!
//! Contents and entities stand in text order, so a string that occurs more than once is taken where the order of the
//! whole list is kept. The other spans of a claim are looked for near its content.

use std::path::Path;

use regex::Regex;
use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use super::annotation::{AnnotatedArticle, ClaimAnnotation, EntityAnnotation, Quote};
use crate::claim::{Basis, Modality, Polarity, SourceSide, Stance};
use crate::document::{EntityType, Side, Topic};
use crate::error::{Error, ErrorKind, Result};
use crate::offset::{Byte, Span};

/// A gold file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoldFile {
    /// File name of the article.
    pub article: Option<String>,
    /// Claims in text order.
    pub claims: Vec<GoldClaim>,
    /// Entities in text order.
    #[serde(default)]
    pub entities: Vec<GoldEntity>,
}

/// A claim as a gold file writes it; spans are strings, empty where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the guideline defines them")]
pub struct GoldClaim {
    pub content: String,
    pub side: Side,
    pub basis: Basis,
    pub about: Vec<Side>,
    #[serde(default)]
    pub actor: String,
    #[serde(default)]
    pub predicate: String,
    #[serde(default)]
    pub source: String,
    pub source_side: SourceSide,
    #[serde(default)]
    pub cue: String,
    pub polarity: Polarity,
    pub modality: Modality,
    pub stance_us: Stance,
    pub stance_cn: Stance,
    pub topic: Topic,
}

/// An entity as a gold file writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoldEntity {
    /// The name.
    pub text: String,
    /// Its type.
    #[serde(rename = "type")]
    pub entity_type: EntityType,
    /// Its side.
    pub side: Side,
}

/// Reads a gold file.
///
/// # Errors
/// [`ErrorKind::Data`] if it is no JSON of the form above; the message names the field.
pub fn parse(json: &str, path: &Path) -> Result<GoldFile> {
    let file: GoldFile = serde_json::from_str(json)
        .map_err(|e| Error::new(ErrorKind::Data, e.to_string()).at(path).line(e.line() as u64))?;
    if let Some(claim) = file.claims.iter().find(|claim| claim.side == Side::Other) {
        return Err(Error::new(ErrorKind::Data, format!("a claim has no side US or CN: {}", claim.content)).at(path));
    }
    Ok(file)
}

/// The places where `quote` stands in `text`, in text order, white space of any kind and length counting as the same.
fn occurrences(text: &str, quote: &str) -> Vec<Span<Byte>> {
    let quote = quote.trim();
    if quote.is_empty() {
        return Vec::new();
    }
    let exact: Vec<_> = text.match_indices(quote).map(|(at, found)| Span::new(at, at + found.len())).collect();
    if !exact.is_empty() {
        return exact;
    }
    let pattern = quote.split_whitespace().map(regex::escape).collect::<Vec<_>>().join(r"\s+");
    match Regex::new(&pattern) {
        Ok(pattern) => pattern.find_iter(text).map(|found| Span::new(found.start(), found.end())).collect(),
        Err(_) => Vec::new(),
    }
}

/// Whether the span begins and ends where words do. Arabic proclitics (و ف ب ك ل س أ and with them ال) may stand before.
fn on_word_edges(text: &str, words: &[usize], span: Span<Byte>) -> bool {
    let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let after = text[span.end()..].chars().next();
    if inside(after) && inside(span.slice(text).chars().next_back()) {
        return false;
    }
    if !inside(text[..span.start()].chars().next_back()) {
        return true;
    }
    let word = words[words.partition_point(|&start| start <= span.start()).saturating_sub(1)];
    text.get(word..span.start())
        .is_some_and(|before| before.chars().count() <= 4 && before.chars().all(|c| "وفبكلسأا".contains(c)))
}

/// The places of `quote` on word edges, or all of them where none is.
fn places(text: &str, words: &[usize], quote: &str) -> Vec<Span<Byte>> {
    let all = occurrences(text, quote);
    let edges: Vec<_> = all.iter().copied().filter(|&span| on_word_edges(text, words, span)).collect();
    if edges.is_empty() { all } else { edges }
}

/// Gives each string a place so that as many as possible stand in text order, each as early as it can.
///
/// `next` says from where on the string after the given one may begin. Strings that break the order get their first
/// place that no other string of the same text has.
fn in_order(candidates: &[Vec<Span<Byte>>], next: impl Fn(Span<Byte>) -> usize) -> Vec<Option<Span<Byte>>> {
    // reach[n]: the earliest position from which the search goes on once n strings have a place.
    let mut reach = vec![0_usize];
    let mut chosen: Vec<Vec<Option<Span<Byte>>>> = Vec::with_capacity(candidates.len());
    for spans in candidates {
        let mut row = vec![None; reach.len() + 1];
        for placed in (0..reach.len()).rev() {
            let at = spans.partition_point(|span| span.start() < reach[placed]);
            let Some(&span) = spans.get(at) else { continue };
            let end = next(span);
            match reach.get(placed + 1) {
                Some(&known) if known <= end => {}
                Some(_) => {
                    reach[placed + 1] = end;
                    row[placed + 1] = Some(span);
                }
                None => {
                    reach.push(end);
                    row[placed + 1] = Some(span);
                }
            }
        }
        chosen.push(row);
    }
    let mut found = vec![None; candidates.len()];
    let mut placed = reach.len() - 1;
    for at in (0..candidates.len()).rev() {
        if let Some(&Some(span)) = chosen[at].get(placed) {
            found[at] = Some(span);
            placed -= 1;
        }
    }
    for at in 0..candidates.len() {
        if found[at].is_none() {
            let free = candidates[at].iter().find(|span| !found.contains(&Some(**span)));
            found[at] = free.or(candidates[at].first()).copied();
        }
    }
    found
}

/// Which place of a field's string is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Near {
    /// Inside the content, else in its sentence, else the last one before it.
    Inside,
    /// In the sentence but not inside the content, else inside it, else the last one before it.
    Outside,
}

fn nearest(candidates: &[Span<Byte>], content: Span<Byte>, sentence: Span<Byte>, near: Near) -> Option<Span<Byte>> {
    let distance =
        |span: Span<Byte>| content.start().saturating_sub(span.end()).max(span.start().saturating_sub(content.end()));
    let rank = |span: Span<Byte>| {
        let inside = content.contains(span);
        match () {
            () if inside && near == Near::Inside => 0,
            () if !inside && sentence.contains(span) => 1,
            () if inside => 2,
            () if span.end() <= content.start() => 3,
            () => 4,
        }
    };
    candidates.iter().copied().min_by_key(|&span| (rank(span), distance(span), span.start()))
}

/// Gives the gold's strings their places in `article`, whose text and sentences come from the prediction.
///
/// What stands nowhere keeps its string and has no span.
pub fn resolve(gold: &GoldFile, article: &AnnotatedArticle) -> AnnotatedArticle {
    let text = article.text.as_str();
    let words: Vec<usize> = std::iter::once(0).chain(text.unicode_word_indices().map(|(at, _)| at)).collect();
    let contents: Vec<_> = gold.claims.iter().map(|claim| places(text, &words, &claim.content)).collect();
    // A claim on both sides is written twice, and one clause may lie in another: the next may begin where this one does.
    let contents = in_order(&contents, Span::start);
    let claims = gold
        .claims
        .iter()
        .zip(contents)
        .map(|(claim, content)| {
            let quote = |string: &str, near: Near| {
                let string = string.trim();
                if string.is_empty() {
                    return None;
                }
                let span = content.and_then(|content| {
                    let sentence = article
                        .sentences
                        .iter()
                        .copied()
                        .filter(|sentence| sentence.overlaps(content))
                        .reduce(Span::cover)
                        .unwrap_or(content);
                    nearest(&places(text, &words, string), content, sentence, near)
                });
                Some(span.map_or_else(|| Quote { text: string.to_owned(), span: None }, |span| Quote::of(text, span)))
            };
            ClaimAnnotation {
                content: content.map_or_else(
                    || Quote { text: claim.content.trim().to_owned(), span: None },
                    |span| Quote::of(text, span),
                ),
                side: claim.side,
                basis: claim.basis,
                about: claim.about.iter().copied().collect(),
                actor: quote(&claim.actor, Near::Inside),
                predicate: quote(&claim.predicate, Near::Inside),
                source: quote(&claim.source, Near::Outside),
                source_side: claim.source_side,
                cue: quote(&claim.cue, Near::Outside),
                polarity: claim.polarity,
                modality: claim.modality,
                stance_us: claim.stance_us,
                stance_cn: claim.stance_cn,
                topic: claim.topic,
                sentence: None,
                confidence: None,
            }
        })
        .collect();
    let names: Vec<_> = gold.entities.iter().map(|entity| places(text, &words, &entity.text)).collect();
    let entities = gold
        .entities
        .iter()
        .zip(in_order(&names, Span::end))
        .map(|(entity, span)| EntityAnnotation {
            quote: Quote { text: entity.text.trim().to_owned(), span },
            entity_type: entity.entity_type,
            side: entity.side,
        })
        .collect();
    AnnotatedArticle { text: text.to_owned(), sentences: article.sentences.clone(), claims, entities }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn places_of(text: &str, names: &[&str]) -> Vec<Option<usize>> {
        let words: Vec<usize> = std::iter::once(0).chain(text.unicode_word_indices().map(|(at, _)| at)).collect();
        let candidates: Vec<_> = names.iter().map(|name| places(text, &words, name)).collect();
        in_order(&candidates, Span::end).into_iter().map(|span| span.map(Span::start)).collect()
    }

    #[test]
    fn order_decides_between_occurrences() {
        let text = "Nvidia met Huawei. Then Nvidia left China.";
        assert_eq!(places_of(text, &["Nvidia", "Huawei", "Nvidia", "China"]), [Some(0), Some(11), Some(24), Some(36)]);
        // A name that is out of order does not drag the others along.
        assert_eq!(places_of(text, &["China", "Nvidia", "Huawei"]), [Some(36), Some(0), Some(11)]);
        assert_eq!(places_of(text, &["Nvidia", "Tesla", "Huawei"]), [Some(0), None, Some(11)]);
        assert_eq!(places_of(text, &[]), []);
    }

    #[test]
    fn word_edges_with_arabic_proclitics() {
        let text = "الصينيون والصين";
        let place = places_of(text, &["الصين"])[0].unwrap();
        assert_eq!(&text[place - 2..place], "و");
        assert_eq!(places_of("قالت ثم قال", &["قال"]), ["قالت ثم ".len()].map(Some));
    }

    #[test]
    fn white_space_may_differ() {
        assert_eq!(places_of("the Commerce\n  Department", &["Commerce Department"]), [Some(4)]);
    }

    #[test]
    fn fields_are_found_near_the_content() {
        let text = "Beijing said little. Then Beijing said it will retaliate.";
        let json = r#"{"article":"a.txt","claims":[{"content":"it will retaliate","side":"CN","basis":"stated",
            "about":["CN"],"actor":"Beijing","predicate":"retaliate","source":"Beijing","source_side":"CN",
            "cue":"said","polarity":"affirmed","modality":"asserted","stance_us":"neutral","stance_cn":"neutral",
            "topic":"rivalry"}],"entities":[]}"#;
        let gold = parse(json, Path::new("a.json")).unwrap();
        let article = AnnotatedArticle {
            text: text.into(),
            sentences: vec![Span::new(0, 20), Span::new(21, text.len())],
            ..AnnotatedArticle::default()
        };
        let resolved = resolve(&gold, &article);
        let claim = &resolved.claims[0];
        assert_eq!(claim.content.span, Some(Span::new(39, 56)));
        assert_eq!(claim.source.as_ref().unwrap().span, Some(Span::new(26, 33)));
        assert_eq!(claim.cue.as_ref().unwrap().span, Some(Span::new(34, 38)));
    }

    #[test]
    fn a_wrong_label_names_its_place() {
        let error = parse(r#"{"claims":[{"content":"x","side":"EU"}]}"#, Path::new("a.json")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data);
        assert!(error.message().contains("EU"), "{error}");
    }
}
