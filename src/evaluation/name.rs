//! Scores of names against token-per-line files (`word TAB tag`, a blank line between sentences).
//!
//! Tags are BIO or IO over PER (PERS, PERSON), LOC (GPE) and ORG; other types (MISC, products) are left out on both
//! sides. Files of five columns (`number TAB word TAB tag …`, as Universal NER writes them) and comments (`# `) are read too.
//!
//! Words are joined by spaces and sentences by newlines, some sentences to a document, and the recognizer sees that
//! text. A predicted span counts as the words that it touches, because such files do not cut off Arabic proclitics.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::measure::Counts;
use crate::document::EntityType;
use crate::error::{Error, ErrorKind, Result};
use crate::offset::{Byte, Span};

/// Sentences that make up one document, and one block of a slice.
pub const BLOCK: usize = 20;

/// Finds the names of a text: spans in bytes with their types.
pub type Recognizer<'a> = dyn Fn(&str) -> Vec<(Span<Byte>, EntityType)> + 'a;

/// A sentence: its words, and its names as half-open ranges of words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaggedSentence {
    /// The words.
    pub words: Vec<String>,
    /// First word, word after the last, type.
    pub names: Vec<(usize, usize, EntityType)>,
}

/// How well names agree: exact words and type.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct NameScores {
    /// Sentences.
    pub sentences: usize,
    /// PER, LOC and ORG together.
    pub all: Counts,
    /// Exact words, whatever the type.
    pub span: Counts,
    /// For each type.
    pub by_type: BTreeMap<EntityType, Counts>,
}

impl NameScores {
    /// Takes the counts of another document or file.
    pub fn merge(&mut self, other: &Self) {
        self.sentences += other.sentences;
        self.all += other.all;
        self.span += other.span;
        for (&entity_type, &counts) in &other.by_type {
            *self.by_type.entry(entity_type).or_default() += counts;
        }
    }
}

fn entity_type(tag: &str) -> Option<EntityType> {
    match tag.to_ascii_uppercase().as_str() {
        "PER" | "PERS" | "PERSON" => Some(EntityType::Per),
        "LOC" | "GPE" | "LOCATION" => Some(EntityType::Loc),
        "ORG" | "ORGANIZATION" => Some(EntityType::Org),
        _ => None,
    }
}

/// Reads a file of words and tags.
///
/// # Errors
/// [`ErrorKind::Data`] for a line without a tag, or a tag that is neither `O` nor begins with `B-`, `I-`, `E-`, `S-`.
pub fn parse(content: &str, path: &Path) -> Result<Vec<TaggedSentence>> {
    let mut sentences = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut tags: Vec<(char, String)> = Vec::new();
    let mut finish = |words: &mut Vec<String>, tags: &mut Vec<(char, String)>| {
        let mut names: Vec<(usize, usize, EntityType)> = Vec::new();
        let mut open: Option<(usize, String)> = None;
        for at in 0..=tags.len() {
            let (mark, kind) = tags.get(at).map_or(('O', ""), |(mark, kind)| (*mark, kind.as_str()));
            let goes_on = matches!(mark, 'I' | 'E') && open.as_ref().is_some_and(|(_, of)| of == kind);
            if !goes_on {
                if let Some((start, of)) = open.take() {
                    names.extend(entity_type(&of).map(|of| (start, at, of)));
                }
                if mark != 'O' {
                    open = Some((at, kind.to_owned()));
                }
            }
        }
        tags.clear();
        if !words.is_empty() {
            sentences.push(TaggedSentence { words: std::mem::take(words), names });
        }
    };
    for (number, line) in content.lines().enumerate() {
        let line = line.trim_start_matches('\u{feff}');
        if line.trim().is_empty() {
            finish(&mut words, &mut tags);
            continue;
        }
        let columns: Vec<&str> = line.split('\t').collect();
        if columns.len() == 1 && line.starts_with('#') || line.starts_with("# ") && words.is_empty() {
            continue;
        }
        let numbered = columns.len() >= 4 && columns[0].bytes().all(|b| b.is_ascii_digit());
        let (word, tag) =
            if numbered { (columns[1], columns[2]) } else { (columns[0], columns.get(1).copied().unwrap_or_default()) };
        let tag = tag.trim();
        let parsed = match tag.split_once('-') {
            Some((mark @ ("B" | "I" | "E" | "S"), kind)) => Some((mark, kind)),
            None if tag == "O" => Some(("O", "")),
            _ => None,
        };
        let Some((mark, kind)) = parsed else {
            let message = format!("no tag O, B-… or I-…: “{tag}”");
            return Err(Error::new(ErrorKind::Data, message).at(path).line(number as u64 + 1));
        };
        // White space inside a word would look like two words.
        let word: String = word.chars().map(|c| if c.is_whitespace() { '_' } else { c }).collect();
        words.push(word);
        tags.push((mark.chars().next().unwrap_or('O'), kind.to_owned()));
    }
    finish(&mut words, &mut tags);
    Ok(sentences)
}

/// Every `step`th block of [`BLOCK`] sentences, beginning with the first: a part kept for development, fixed by position
/// alone. A step of 1 keeps all.
pub fn slice(sentences: &[TaggedSentence], step: usize) -> Vec<TaggedSentence> {
    let step = step.max(1);
    sentences.chunks(BLOCK).enumerate().filter(|(at, _)| at % step == 0).flat_map(|(_, block)| block.to_vec()).collect()
}

/// Scores a recognizer on sentences, [`BLOCK`] of them to a document.
pub fn score(sentences: &[TaggedSentence], recognize: &Recognizer<'_>) -> NameScores {
    let mut scores = NameScores { sentences: sentences.len(), ..NameScores::default() };
    for block in sentences.chunks(BLOCK) {
        let mut text = String::new();
        let mut places: Vec<Span<Byte>> = Vec::new();
        let mut gold: Vec<(usize, usize, EntityType)> = Vec::new();
        for sentence in block {
            let first = places.len();
            gold.extend(sentence.names.iter().map(|&(start, end, of)| (first + start, first + end, of)));
            for (at, word) in sentence.words.iter().enumerate() {
                if at > 0 {
                    text.push(' ');
                }
                let start = text.len();
                text.push_str(word);
                places.push(Span::new(start, text.len()));
            }
            text.push('\n');
        }
        let mut predicted: Vec<(usize, usize, EntityType)> = recognize(&text)
            .into_iter()
            .filter(|(_, of)| *of != EntityType::Prod)
            .filter_map(|(span, of)| {
                let start = places.partition_point(|place| place.end() <= span.start());
                let end = places.partition_point(|place| place.start() < span.end());
                (start < end).then_some((start, end, of))
            })
            .collect();
        predicted.sort_unstable();
        predicted.dedup();
        let right = |of: Option<EntityType>| {
            predicted.iter().filter(|name| of.is_none_or(|of| name.2 == of) && gold.contains(name)).count()
        };
        let spans = |names: &[(usize, usize, EntityType)]| -> std::collections::BTreeSet<(usize, usize)> {
            names.iter().map(|name| (name.0, name.1)).collect()
        };
        scores.all += Counts::new(gold.len(), predicted.len(), right(None));
        let (a, b) = (spans(&gold), spans(&predicted));
        scores.span += Counts::new(a.len(), b.len(), a.intersection(&b).count());
        for of in [EntityType::Per, EntityType::Loc, EntityType::Org] {
            let count = |names: &[(usize, usize, EntityType)]| names.iter().filter(|name| name.2 == of).count();
            *scores.by_type.entry(of).or_default() += Counts::new(count(&gold), count(&predicted), right(Some(of)));
        }
    }
    scores
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const FILE: &str = "# newdoc\nزار\tO\nشي\tB-PERS\nجين\tI-PERS\nوالصين\tB-LOC\n\n\
                        Apple\tI-ORG\nInc\tI-ORG\nGalaxy\tB-MISC\nParis\tB-LOC\nLyon\tB-LOC\n";

    #[test]
    fn bio_and_io_tags() {
        let read = parse(FILE, Path::new("a.tsv")).unwrap();
        assert_eq!(read[0].names, [(1, 3, EntityType::Per), (3, 4, EntityType::Loc)]);
        assert_eq!(read[1].names, [(0, 2, EntityType::Org), (3, 4, EntityType::Loc), (4, 5, EntityType::Loc)]);
        let numbered = parse("1\tParis\tB-LOC\t-\t-\n2\t.\tO\t-\t-\n", Path::new("a.iob2")).unwrap();
        assert_eq!(numbered[0].words, ["Paris", "."]);
        assert!(parse("word\n", Path::new("a.tsv")).is_err());
    }

    #[test]
    fn spans_count_as_the_words_they_touch() {
        let read = parse(FILE, Path::new("a.tsv")).unwrap();
        let recognize = |text: &str| {
            let find = |name: &str, of| {
                let at = text.find(name).unwrap();
                (Span::new(at, at + name.len()), of)
            };
            vec![
                find("شي جين", EntityType::Per),
                find("الصين", EntityType::Loc),
                find("Apple", EntityType::Org),
                find("Galaxy", EntityType::Prod),
            ]
        };
        let scores = score(&read, &recognize);
        assert_eq!(scores.all, Counts::new(5, 3, 2));
        assert_eq!(scores.by_type[&EntityType::Loc], Counts::new(3, 1, 1));
        assert_eq!(scores.span, Counts::new(5, 3, 2));
    }

    #[test]
    fn a_slice_is_every_nth_block() {
        let sentences: Vec<_> =
            (0..BLOCK * 10 + 5).map(|n| TaggedSentence { words: vec![n.to_string()], names: Vec::new() }).collect();
        let part = slice(&sentences, 10);
        assert_eq!(part.len(), BLOCK + 5);
        assert_eq!((part[0].words[0].as_str(), part[BLOCK].words[0].as_str()), ("0", "200"));
        assert_eq!(slice(&sentences, 1).len(), sentences.len());
    }
}
