//! Scores of attributions against brat stand-off gold, in the form of PolNeAR (`text/NAME.txt`,
//! `attributions/NAME_ANNOTATOR.ann`).
//!
//! ```text
//! T1    Source 0 7    Beijing
//! T4    Attribution 8 12    said
//! E1    Attribution:T4 Source:T1 Cue:T2 Content:T3
//! ```
//!
//! A predicted attribution is right if its content shares at least half of all characters of both (intersection over
//! union) with the content of a gold attribution; each counts once, and the matching with the largest sum is taken.
//! Where several people annotated a text, each counts with the same part.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::assignment;
use super::measure::Counts;
use super::native::AttributionAnnotation;
use crate::error::{Error, ErrorKind, Result};
use crate::offset::{CodePoint, Span};

/// Least intersection over union that counts as the same.
pub const THRESHOLD: f64 = 0.5;

/// How well predicted attributions agree with gold; adds up over texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct AttributionScores {
    /// Content with an intersection over union of at least 0.5.
    pub content: Counts,
    /// The same, and the sources share a word or are both missing.
    pub content_and_source: Counts,
    /// The same, and the sources have an intersection over union of at least 0.5 or are both missing.
    pub content_and_source_iou: Counts,
    /// Content with exactly the gold's characters.
    pub exact: Counts,
    /// Content and source with exactly the gold's characters.
    pub exact_and_source: Counts,
}

impl AttributionScores {
    /// Takes the counts of another text, times `weight`.
    pub fn merge(&mut self, other: &Self, weight: f64) {
        self.content += other.content.scaled(weight);
        self.content_and_source += other.content_and_source.scaled(weight);
        self.content_and_source_iou += other.content_and_source_iou.scaled(weight);
        self.exact += other.exact.scaled(weight);
        self.exact_and_source += other.exact_and_source.scaled(weight);
    }
}

/// Sorts and joins pieces, so that each character counts once.
fn joined(pieces: &[Span<CodePoint>]) -> Vec<Span<CodePoint>> {
    let mut sorted = pieces.to_vec();
    sorted.sort_unstable();
    let mut joined: Vec<Span<CodePoint>> = Vec::with_capacity(sorted.len());
    for piece in sorted {
        match joined.last_mut() {
            Some(last) if piece.start() <= last.end() => *last = last.cover(piece),
            _ => joined.push(piece),
        }
    }
    joined
}

fn length(pieces: &[Span<CodePoint>]) -> usize {
    pieces.iter().map(|piece| piece.len()).sum()
}

fn shared(a: &[Span<CodePoint>], b: &[Span<CodePoint>]) -> usize {
    a.iter().flat_map(|x| b.iter().map(move |y| x.end().min(y.end()).saturating_sub(x.start().max(y.start())))).sum()
}

/// Intersection over union of two lists of pieces, in characters; 1 where both are empty.
pub fn overlap(a: &[Span<CodePoint>], b: &[Span<CodePoint>]) -> f64 {
    let (a, b) = (joined(a), joined(b));
    let shared = shared(&a, &b);
    let union = length(&a) + length(&b) - shared;
    if union == 0 { 1.0 } else { shared as f64 / union as f64 }
}

/// The pieces without the marks and spaces at their ends and between them: whether a full stop or quotation mark
/// belongs to a content is not what is scored.
fn bare(text: &[char], pieces: &[Span<CodePoint>]) -> Vec<usize> {
    joined(pieces)
        .iter()
        .flat_map(|piece| piece.start()..piece.end())
        .filter(|&at| text.get(at).is_some_and(|c| c.is_alphanumeric()))
        .collect()
}

/// Scores the attributions of one text against one person's.
pub fn score(text: &str, gold: &[AttributionAnnotation], predicted: &[AttributionAnnotation]) -> AttributionScores {
    let text: Vec<char> = text.chars().collect();
    let weights: Vec<Vec<f64>> = gold
        .iter()
        .map(|g| {
            predicted
                .iter()
                .map(|p| {
                    let content = overlap(&g.content, &p.content);
                    if content + 1e-9 < THRESHOLD {
                        return 0.0;
                    }
                    // Nested attributions may share a content; the source then tells them apart.
                    content + 1e-6 * overlap(&g.source, &p.source)
                })
                .collect()
        })
        .collect();
    let mut right = [0; 5];
    for (g, p) in assignment::best(&weights) {
        let (g, p) = (&gold[g], &predicted[p]);
        let none = g.source.is_empty() && p.source.is_empty();
        let touching = none || {
            let (a, b) = (bare(&text, &g.source), bare(&text, &p.source));
            b.iter().any(|at| a.binary_search(at).is_ok())
        };
        let exact = bare(&text, &g.content) == bare(&text, &p.content);
        let source_exact = bare(&text, &g.source) == bare(&text, &p.source);
        right[0] += 1;
        right[1] += usize::from(touching);
        right[2] += usize::from(none || overlap(&g.source, &p.source) + 1e-9 >= THRESHOLD);
        right[3] += usize::from(exact);
        right[4] += usize::from(exact && source_exact);
    }
    let counts = |right| Counts::new(gold.len(), predicted.len(), right);
    AttributionScores {
        content: counts(right[0]),
        content_and_source: counts(right[1]),
        content_and_source_iou: counts(right[2]),
        exact: counts(right[3]),
        exact_and_source: counts(right[4]),
    }
}

/// Reads brat stand-off: the attributions with a content, in the order of the file.
///
/// `text` is the article's text; each mention's quote is compared with it (white space of any kind is the same), so
/// that stand-off of another version of the text is found out.
///
/// # Errors
/// [`ErrorKind::Data`] for a mention without numbers, outside the text or with another quote, and for an event that
/// names a mention that is not there.
pub fn parse_brat(ann: &str, text: &str, path: &Path) -> Result<Vec<AttributionAnnotation>> {
    let characters: Vec<char> = text.chars().collect();
    let wrong = |line: usize, message: String| Error::new(ErrorKind::Data, message).at(path).line(line as u64 + 1);
    // A record may hold a line break in its quote; what goes on begins with neither T, E nor another kind's mark.
    let mut mentions: BTreeMap<&str, Vec<Span<CodePoint>>> = BTreeMap::new();
    let mut events: Vec<(usize, &str)> = Vec::new();
    for (number, line) in ann.lines().enumerate() {
        let mut columns = line.split('\t');
        let (Some(id), Some(place)) = (columns.next(), columns.next()) else { continue };
        let numbered = id.len() > 1 && id[1..].bytes().all(|b| b.is_ascii_digit());
        if numbered && id.starts_with('E') {
            events.push((number, place));
        }
        if !numbered || !id.starts_with('T') {
            continue;
        }
        let ranges = place.split_once(' ').map_or("", |(_, ranges)| ranges);
        let mut pieces = Vec::new();
        for range in ranges.split(';') {
            let piece = range
                .split_once(' ')
                .and_then(|(start, end)| Some((start.parse::<usize>().ok()?, end.parse::<usize>().ok()?)))
                .filter(|&(start, end)| start <= end && end <= characters.len())
                .ok_or_else(|| wrong(number, format!("no place in the text: {place}")))?;
            pieces.push(Span::new(piece.0, piece.1));
        }
        let letters =
            |chars: &mut dyn Iterator<Item = char>| -> String { chars.filter(|c| c.is_alphanumeric()).collect() };
        let quote = letters(&mut columns.next().unwrap_or_default().chars());
        let found = letters(&mut pieces.iter().flat_map(|piece| &characters[piece.start()..piece.end()]).copied());
        // Only a prefix where the quote has a line break.
        if !found.starts_with(&quote) {
            return Err(wrong(number, format!("characters {ranges} are not “{quote}” but “{found}”")));
        }
        mentions.insert(id, pieces);
    }
    let mut attributions = Vec::new();
    for (number, event) in events {
        let mut attribution = AttributionAnnotation::default();
        for role in event.split_whitespace() {
            let (name, id) = role.split_once(':').unwrap_or((role, ""));
            let name = name.trim_end_matches(|c: char| c.is_ascii_digit());
            let pieces = match name {
                "Source" => &mut attribution.source,
                "Cue" => &mut attribution.cue,
                "Content" => &mut attribution.content,
                _ => continue,
            };
            let mention = mentions.get(id).ok_or_else(|| wrong(number, format!("no mention {id}")))?;
            pieces.extend(mention);
        }
        if !attribution.content.is_empty() {
            attributions.push(attribution);
        }
    }
    Ok(attributions)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const TEXT: &str = "Beijing said it will retaliate. Trump, who spoke first, denied that.";

    fn attribution(source: &[(usize, usize)], content: &[(usize, usize)]) -> AttributionAnnotation {
        let spans = |pairs: &[(usize, usize)]| pairs.iter().map(|&(a, b)| Span::new(a, b)).collect();
        AttributionAnnotation { source: spans(source), cue: Vec::new(), content: spans(content) }
    }

    #[test]
    fn perfect_and_partial() {
        let gold = [attribution(&[(0, 7)], &[(13, 30)]), attribution(&[(32, 37)], &[(63, 67)])];
        let scores = score(TEXT, &gold, &gold);
        assert!((scores.exact_and_source.f1() - 1.0).abs() < 1e-12);
        // The first content with its full stop, the second missed, one too many.
        let predicted = [attribution(&[(0, 7)], &[(13, 31)]), attribution(&[], &[(0, 7)])];
        let scores = score(TEXT, &gold, &predicted);
        assert_eq!(scores.content, Counts::new(2, 2, 1));
        assert_eq!(scores.exact, Counts::new(2, 2, 1));
        assert_eq!(scores.content_and_source, Counts::new(2, 2, 1));
    }

    #[test]
    fn half_of_the_union_is_enough_and_sources_are_judged_apart() {
        let gold = [attribution(&[(32, 54)], &[(13, 30)])];
        let predicted = [attribution(&[(32, 37)], &[(13, 22)])];
        let scores = score(TEXT, &gold, &predicted);
        assert_eq!(scores.content, Counts::new(1, 1, 1));
        assert_eq!(scores.content_and_source, Counts::new(1, 1, 1));
        assert_eq!(scores.content_and_source_iou, Counts::new(1, 1, 0));
        assert_eq!(scores.exact, Counts::new(1, 1, 0));
        assert_eq!(score(TEXT, &gold, &[attribution(&[(32, 37)], &[(13, 20)])]).content, Counts::new(1, 1, 0));
    }

    #[test]
    fn brat_with_pieces_and_line_breaks() {
        let ann = "T1\tSource 0 7\tBeijing\nT2\tCue 8 12\tsaid\nT3\tContent 13 20;21 30\tit will\nretaliate\n\
                   T4\tAttribution 8 12\tsaid\nE1\tAttribution:T4 Source:T1 Cue:T2 Content:T3\nE2\tAttribution-no-source:T4 \n";
        let read = parse_brat(ann, TEXT, Path::new("a.ann")).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].content, [Span::new(13, 20), Span::new(21, 30)]);
        assert!(parse_brat("T1\tSource 0 7\tNanjing\n", TEXT, Path::new("a.ann")).is_err());
        assert!(parse_brat("T1\tSource 0 700\tBeijing\n", TEXT, Path::new("a.ann")).is_err());
        assert!(parse_brat("E1\tAttribution:T4 Source:T1\n", TEXT, Path::new("a.ann")).is_err());
    }

    #[test]
    fn averaging_over_annotators() {
        let gold = [attribution(&[(0, 7)], &[(13, 30)])];
        let mut scores = AttributionScores::default();
        scores.merge(&score(TEXT, &gold, &gold), 0.5);
        scores.merge(&score(TEXT, &[], &gold), 0.5);
        assert_eq!(scores.content, Counts { gold: 0.5, predicted: 1.0, right: 0.5 });
    }
}
