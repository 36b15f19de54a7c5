//! Scores of claims.
//!
//! Gold and predicted claims of one article are matched one to one: the same side, token F1 of the contents at least
//! [`THRESHOLD`], the sum of F1 as large as can be. Where several matchings are equally good (a sentence on both sides,
//! two claims of one span) the one whose fields agree more is taken. Fields are compared on matched pairs only.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::annotation::{AnnotatedArticle, ClaimAnnotation, Quote, WordIndex, content_f1, field_f1};
use super::assignment;
use super::calibration::Reliability;
use super::hard;
use super::measure::{Agreement, Counts, Mean, SpanAgreement, rounded};
use crate::document::Side;
use crate::offset::{Byte, Span};

/// Least token F1 of two contents, or of two span fields, that counts as the same.
pub const THRESHOLD: f64 = 0.5;

/// Fields with a closed set of labels, in the order of the tables.
pub const LABEL_FIELDS: [&str; 8] =
    ["basis", "source_side", "polarity", "modality", "stance_us", "stance_cn", "topic", "about"];

/// Fields that are spans, in the order of the tables.
pub const SPAN_FIELDS: [&str; 4] = ["actor", "predicate", "source", "cue"];

/// How well predicted claims agree with gold; adds up over articles.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ClaimScores {
    /// Articles that went in.
    pub articles: usize,
    /// Claims with the same side and token F1 of the content at least 0.5.
    pub claims: Counts,
    /// The same, with source side and basis right too.
    pub claims_with_source: Counts,
    /// Pairs of a sentence and a side that a claim in it is attributed to.
    pub sentence_side: Counts,
    /// Token F1 of the contents of matched claims.
    pub content_f1: Mean,
    /// 1 for each matched claim whose content has exactly the gold's characters, else 0.
    pub content_exact: Mean,
    /// Fields with labels, on matched claims.
    pub labels: BTreeMap<&'static str, Agreement>,
    /// Fields that are spans, on matched claims.
    pub spans: BTreeMap<&'static str, SpanAgreement>,
    /// Claims where there should be none.
    pub empty: EmptyArticles,
    /// Claims of each hard kind: those of the gold, and of the predicted ones those matched to them or else of the kind.
    pub hard: BTreeMap<&'static str, Counts>,
    /// Confidence beside the share of right claims.
    pub calibration: Reliability,
    /// Gold contents that do not stand in the article; compared as bags of words.
    pub unresolved: usize,
}

/// What was predicted on articles whose gold has no claim.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EmptyArticles {
    /// Articles.
    pub articles: usize,
    /// Their words.
    pub words: usize,
    /// Claims predicted on them.
    pub claims: usize,
}

impl EmptyArticles {
    /// Claims for 1,000 words; `None` without words.
    pub fn rate(self) -> Option<f64> {
        (self.words > 0).then(|| self.claims as f64 * 1000.0 / self.words as f64)
    }
}

impl Serialize for EmptyArticles {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut record = serializer.serialize_struct("EmptyArticles", 4)?;
        record.serialize_field("articles", &self.articles)?;
        record.serialize_field("words", &self.words)?;
        record.serialize_field("claims", &self.claims)?;
        record.serialize_field("claims_per_1000_words", &self.rate().map(rounded))?;
        record.end()
    }
}

impl ClaimScores {
    /// Takes the counts of another article or set of articles.
    pub fn merge(&mut self, other: &Self) {
        self.articles += other.articles;
        self.claims += other.claims;
        self.claims_with_source += other.claims_with_source;
        self.sentence_side += other.sentence_side;
        self.content_f1 += other.content_f1;
        self.content_exact += other.content_exact;
        for (field, agreement) in &other.labels {
            self.labels.entry(field).or_default().merge(agreement);
        }
        for (field, agreement) in &other.spans {
            *self.spans.entry(field).or_default() += *agreement;
        }
        self.empty.articles += other.empty.articles;
        self.empty.words += other.empty.words;
        self.empty.claims += other.empty.claims;
        for (kind, counts) in &other.hard {
            *self.hard.entry(kind).or_default() += *counts;
        }
        self.calibration.merge(&other.calibration);
        self.unresolved += other.unresolved;
    }
}

/// A gold claim and the predicted claim that was matched to it, by index.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match {
    /// Index in the gold's claims.
    pub gold: usize,
    /// Index in the predicted claims.
    pub predicted: usize,
    /// Token F1 of the contents.
    pub f1: f64,
}

/// The label of a field in the words of the guideline.
pub fn label(claim: &ClaimAnnotation, field: &str) -> String {
    fn word<T: Serialize>(value: &T) -> String {
        serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }
    match field {
        "side" => word(&claim.side),
        "basis" => word(&claim.basis),
        "source_side" => word(&claim.source_side),
        "polarity" => word(&claim.polarity),
        "modality" => word(&claim.modality),
        "stance_us" => word(&claim.stance_us),
        "stance_cn" => word(&claim.stance_cn),
        "topic" => word(&claim.topic),
        "about" if claim.about.is_empty() => "-".to_owned(),
        "about" => claim.about.iter().map(word).collect::<Vec<_>>().join("+"),
        _ => String::new(),
    }
}

/// The span of a field, `None` where it is empty.
pub fn span_field<'a>(claim: &'a ClaimAnnotation, field: &str) -> Option<&'a Quote> {
    match field {
        "actor" => claim.actor.as_ref(),
        "predicate" => claim.predicate.as_ref(),
        "source" => claim.source.as_ref(),
        "cue" => claim.cue.as_ref(),
        _ => None,
    }
}

/// How many fields agree; only chooses between matchings that are equally good.
fn agreement(words: &WordIndex, gold: &ClaimAnnotation, predicted: &ClaimAnnotation) -> usize {
    let labels = usize::from(gold.basis == predicted.basis)
        + usize::from(gold.source_side == predicted.source_side)
        + usize::from(gold.polarity == predicted.polarity)
        + usize::from(gold.modality == predicted.modality)
        + usize::from(gold.about == predicted.about);
    let spans = SPAN_FIELDS
        .iter()
        .filter(|field| field_f1(words, span_field(gold, field), span_field(predicted, field)) >= THRESHOLD)
        .count();
    labels + spans
}

/// Matches the claims of one article one to one, in the order of the gold.
pub fn matches(gold: &[ClaimAnnotation], predicted: &[ClaimAnnotation], words: &WordIndex) -> Vec<Match> {
    let mut found = Vec::new();
    // Sides never match across, so each is a problem of its own.
    for side in [Side::Us, Side::Cn] {
        let of = |claims: &[ClaimAnnotation]| -> Vec<usize> {
            claims.iter().enumerate().filter(|(_, claim)| claim.side == side).map(|(at, _)| at).collect()
        };
        let (rows, columns) = (of(gold), of(predicted));
        let f1 = |row: usize, column: usize| content_f1(words, &gold[row].content, &predicted[column].content);
        let weights: Vec<Vec<f64>> = rows
            .iter()
            .map(|&row| {
                columns
                    .iter()
                    .map(|&column| {
                        let f1 = f1(row, column);
                        if f1 + 1e-9 < THRESHOLD {
                            return 0.0;
                        }
                        // Too small to outweigh a difference of one token in articles of any length.
                        f1 + 1e-7 * agreement(words, &gold[row], &predicted[column]) as f64
                    })
                    .collect()
            })
            .collect();
        for (row, column) in assignment::best(&weights) {
            let (gold, predicted) = (rows[row], columns[column]);
            found.push(Match { gold, predicted, f1: f1(gold, predicted) });
        }
    }
    found.sort_by_key(|pair| (pair.gold, pair.predicted));
    found
}

pub(super) fn sentence_of(sentences: &[Span<Byte>], claim: &ClaimAnnotation) -> Option<usize> {
    let named = claim.sentence.and_then(|named| sentences.iter().position(|&sentence| sentence == named));
    if named.is_some() {
        return named;
    }
    let place = claim.content.span?;
    let overlap =
        |sentence: &Span<Byte>| sentence.end().min(place.end()).saturating_sub(sentence.start().max(place.start()));
    // The first of the sentences that hold most of the content.
    (0..sentences.len()).rev().max_by_key(|&at| overlap(&sentences[at])).filter(|&at| overlap(&sentences[at]) > 0)
}

/// Which sentences have which sides. A claim in no known sentence (its string is not in the text, or there is no text)
/// stands for a sentence of its own, so that it counts as missed.
fn sentence_sides(sentences: &[Span<Byte>], claims: &[ClaimAnnotation]) -> BTreeSet<(usize, Side)> {
    let place = |(at, claim): (usize, &ClaimAnnotation)| {
        (sentence_of(sentences, claim).unwrap_or(sentences.len() + at), claim.side)
    };
    claims.iter().enumerate().map(place).collect()
}

/// Scores one article: `predicted` brings the text and the sentences.
pub fn score(gold: &AnnotatedArticle, predicted: &AnnotatedArticle) -> ClaimScores {
    let words = WordIndex::new(&predicted.text);
    score_matched(gold, predicted, &words, &matches(&gold.claims, &predicted.claims, &words))
}

/// Scores one article whose claims are matched already.
pub fn score_matched(
    gold: &AnnotatedArticle,
    predicted: &AnnotatedArticle,
    words: &WordIndex,
    pairs: &[Match],
) -> ClaimScores {
    let mut scores = ClaimScores { articles: 1, ..ClaimScores::default() };
    let counts = |right| Counts::new(gold.claims.len(), predicted.claims.len(), right);
    let mut with_source = 0;
    for field in LABEL_FIELDS {
        scores.labels.entry(field).or_default();
    }
    for field in SPAN_FIELDS {
        scores.spans.entry(field).or_default();
    }
    for pair in pairs {
        let (a, b) = (&gold.claims[pair.gold], &predicted.claims[pair.predicted]);
        with_source += usize::from(a.source_side == b.source_side && a.basis == b.basis);
        scores.content_f1.add(pair.f1);
        scores.content_exact.add(if a.content.same(&b.content) { 1.0 } else { 0.0 });
        for field in LABEL_FIELDS {
            scores.labels.entry(field).or_default().add(&label(a, field), &label(b, field));
        }
        for field in SPAN_FIELDS {
            let (a, b) = (span_field(a, field), span_field(b, field));
            let exact = match (a, b) {
                (None, None) => true,
                (Some(a), Some(b)) => a.same(b),
                _ => false,
            };
            let overlap = exact || field_f1(words, a, b) + 1e-9 >= THRESHOLD;
            *scores.spans.entry(field).or_default() +=
                SpanAgreement { count: 1, overlap: usize::from(overlap), exact: usize::from(exact) };
        }
    }
    scores.claims = counts(pairs.len());
    scores.claims_with_source = counts(with_source);
    let gold_sides = sentence_sides(&predicted.sentences, &gold.claims);
    let predicted_sides = sentence_sides(&predicted.sentences, &predicted.claims);
    let known = |(at, _): &&(usize, Side)| *at < predicted.sentences.len();
    let common = gold_sides.intersection(&predicted_sides).filter(known).count();
    scores.sentence_side = Counts::new(gold_sides.len(), predicted_sides.len(), common);
    scores.hard = hard_cases(gold, predicted, pairs);
    for (at, claim) in predicted.claims.iter().enumerate() {
        if let Some(confidence) = claim.confidence {
            scores.calibration.add(confidence, pairs.iter().any(|pair| pair.predicted == at));
        }
    }
    if gold.claims.is_empty() {
        scores.empty = EmptyArticles { articles: 1, words: predicted.word_count(), claims: predicted.claims.len() };
    }
    if !predicted.text.is_empty() {
        scores.unresolved = gold.claims.iter().filter(|claim| claim.content.span.is_none()).count();
    }
    scores
}

fn hard_cases(
    gold: &AnnotatedArticle,
    predicted: &AnnotatedArticle,
    pairs: &[Match],
) -> BTreeMap<&'static str, Counts> {
    let of_gold = hard::kinds(predicted, &gold.claims);
    let of_predicted = hard::kinds(predicted, &predicted.claims);
    let mut counts = BTreeMap::new();
    for (number, kind) in hard::KINDS.into_iter().enumerate() {
        let right = pairs.iter().filter(|pair| of_gold[pair.gold][number]).count();
        let unmatched = |at: &usize| pairs.iter().all(|pair| pair.predicted != *at);
        let spurious = (0..of_predicted.len()).filter(unmatched).filter(|&at| of_predicted[at][number]).count();
        let there = of_gold.iter().filter(|kinds| kinds[number]).count();
        counts.insert(kind, Counts::new(there, right + spurious, right));
    }
    counts
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use super::*;
    use crate::claim::{Basis, Modality, Polarity, SourceSide, Stance};
    use crate::document::Topic;

    pub(in crate::evaluation) const TEXT: &str =
        "قالت بكين إنها سترد على القيود. تفرض واشنطن قيودا على الرقائق. Nvidia sells chips.";

    pub(in crate::evaluation) fn claim(text: &str, content: &str, side: Side) -> ClaimAnnotation {
        let at = text.find(content).unwrap();
        ClaimAnnotation {
            content: Quote::of(text, Span::new(at, at + content.len())),
            side,
            basis: Basis::Described,
            about: [side].into(),
            actor: None,
            predicate: None,
            source: None,
            source_side: SourceSide::None,
            cue: None,
            polarity: Polarity::Affirmed,
            modality: Modality::Asserted,
            stance_us: Stance::Neutral,
            stance_cn: Stance::Neutral,
            topic: Topic::Chips,
            sentence: None,
            confidence: None,
        }
    }

    pub(in crate::evaluation) fn article(claims: Vec<ClaimAnnotation>) -> AnnotatedArticle {
        let mut sentences = Vec::new();
        let mut from = 0;
        for (at, _) in TEXT.match_indices('.') {
            sentences.push(Span::new(from, at + 1).trim(TEXT));
            from = at + 1;
        }
        AnnotatedArticle { text: TEXT.to_owned(), sentences, claims, entities: Vec::new() }
    }

    fn gold() -> AnnotatedArticle {
        article(vec![
            claim(TEXT, "إنها سترد على القيود", Side::Cn),
            claim(TEXT, "تفرض واشنطن قيودا على الرقائق", Side::Us),
            claim(TEXT, "Nvidia sells chips", Side::Us),
        ])
    }

    #[test]
    fn perfect_is_one() {
        let scores = score(&gold(), &gold());
        assert!((scores.claims.f1() - 1.0).abs() < 1e-12);
        assert!((scores.claims_with_source.f1() - 1.0).abs() < 1e-12);
        assert!((scores.sentence_side.f1() - 1.0).abs() < 1e-12);
        assert_eq!(scores.content_exact.value(), Some(1.0));
        for field in LABEL_FIELDS {
            assert_eq!(scores.labels[field].accuracy(), Some(1.0), "{field}");
        }
        for field in SPAN_FIELDS {
            assert_eq!(scores.spans[field].exact_share(), Some(1.0), "{field}");
        }
        assert_eq!(scores.labels["about"].kappa(), Some(1.0));
    }

    #[test]
    fn known_small_case() {
        let mut cut = claim(TEXT, "تفرض واشنطن قيودا", Side::Us);
        cut.basis = Basis::Stated;
        cut.modality = Modality::Possible;
        let predicted = article(vec![
            claim(TEXT, "إنها سترد على القيود", Side::Us),
            cut,
            claim(TEXT, "Nvidia sells chips", Side::Us),
            claim(TEXT, "chips", Side::Cn),
        ]);
        let scores = score(&gold(), &predicted);
        assert_eq!(scores.claims, Counts::new(3, 4, 2));
        assert_eq!(scores.claims_with_source, Counts::new(3, 4, 1));
        // Gold: (0, CN) (1, US) (2, US); predicted: (0, US) (1, US) (2, US) (2, CN).
        assert_eq!(scores.sentence_side, Counts::new(3, 4, 2));
        assert_eq!(scores.labels["basis"].accuracy(), Some(0.5));
        assert_eq!(scores.labels["polarity"].accuracy(), Some(1.0));
        // 3 of 5 tokens: F1 = 6 / 8.
        assert!((scores.content_f1.value().unwrap() - 0.875).abs() < 1e-12);
        assert_eq!(scores.content_exact.value(), Some(0.5));
    }

    #[test]
    fn claims_of_one_span_are_paired_by_their_fields() {
        let content = "تفرض واشنطن قيودا على الرقائق";
        let mut stated = claim(TEXT, content, Side::Us);
        stated.basis = Basis::Stated;
        stated.source_side = SourceSide::Us;
        let described = claim(TEXT, content, Side::Us);
        let scores = score(&article(vec![stated.clone(), described.clone()]), &article(vec![described, stated]));
        assert_eq!(scores.labels["basis"].accuracy(), Some(1.0));
        assert_eq!(scores.claims_with_source, Counts::new(2, 2, 2));
    }

    #[test]
    fn claims_on_empty_articles_are_counted_by_words() {
        let scores = score(&article(Vec::new()), &gold());
        assert_eq!(scores.empty.claims, 3);
        assert!((scores.empty.rate().unwrap() - 3000.0 / 14.0).abs() < 1e-9);
        let mut sum = ClaimScores::default();
        sum.merge(&scores);
        sum.merge(&score(&gold(), &gold()));
        assert_eq!(sum.claims, Counts::new(3, 6, 3));
        assert_eq!(sum.empty.articles, 1);
    }

    #[test]
    fn unresolved_contents_are_compared_as_words() {
        let mut gold = gold();
        gold.claims[0].content.span = None;
        let scores = score(&gold, &self::gold());
        assert_eq!(scores.claims, Counts::new(3, 3, 3));
        assert_eq!(scores.unresolved, 1);
    }
}
