//! An article with its annotation as the scorers see it, whether gold or predicted.

use std::collections::{BTreeMap, BTreeSet};

use unicode_script::{Script, UnicodeScript};
use unicode_segmentation::UnicodeSegmentation;

use crate::claim::{Basis, Modality, Polarity, SourceSide, Stance};
use crate::document::{EntityType, Side, Topic};
use crate::offset::{Byte, Span};

/// Some characters of the article: their text and, where it could be found, their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The characters.
    pub text: String,
    /// Where they stand, in bytes; `None` where the gold's string is not in the article.
    pub span: Option<Span<Byte>>,
}

impl Quote {
    /// The characters of `article` inside `span`.
    pub fn of(article: &str, span: Span<Byte>) -> Self {
        Self { text: span.slice(article).to_owned(), span: Some(span) }
    }

    /// Whether both are the same characters at the same place, or the same text where a place is not known.
    pub fn same(&self, other: &Self) -> bool {
        match (self.span, other.span) {
            (Some(a), Some(b)) if a == b => true,
            _ => self.text.trim() == other.text.trim(),
        }
    }
}

/// A claim with the guideline's fields.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the fields of `claim::Claim`, which documents them")]
pub struct ClaimAnnotation {
    pub content: Quote,
    pub side: Side,
    pub basis: Basis,
    pub about: BTreeSet<Side>,
    pub actor: Option<Quote>,
    pub predicate: Option<Quote>,
    pub source: Option<Quote>,
    pub source_side: SourceSide,
    pub cue: Option<Quote>,
    pub polarity: Polarity,
    pub modality: Modality,
    pub stance_us: Stance,
    pub stance_cn: Stance,
    pub topic: Topic,
    /// Span of the evidence sentence where the annotation names it.
    pub sentence: Option<Span<Byte>>,
    /// How sure the program is of it; `None` of gold.
    pub confidence: Option<f64>,
}

/// A named entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityAnnotation {
    /// Its characters.
    pub quote: Quote,
    /// Its type.
    pub entity_type: EntityType,
    /// Its side.
    pub side: Side,
}

/// One article's annotation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AnnotatedArticle {
    /// The article's text; empty where only the gold's strings are known.
    pub text: String,
    /// Sentences, in bytes, in text order.
    pub sentences: Vec<Span<Byte>>,
    /// Claims.
    pub claims: Vec<ClaimAnnotation>,
    /// Named entities.
    pub entities: Vec<EntityAnnotation>,
}

impl AnnotatedArticle {
    /// The language of most letters, `ar` or `en`: of the text, or of the claims where there is no text.
    pub fn language(&self) -> &'static str {
        let mut balance = 0_i64;
        let mut weigh = |text: &str| {
            for c in text.chars().filter(|c| c.is_alphabetic()) {
                balance += match c.script() {
                    Script::Arabic => 1,
                    Script::Latin => -1,
                    _ => 0,
                };
            }
        };
        if self.text.is_empty() {
            self.claims.iter().for_each(|claim| weigh(&claim.content.text));
            self.entities.iter().for_each(|entity| weigh(&entity.quote.text));
        } else {
            weigh(&self.text);
        }
        if balance > 0 { "ar" } else { "en" }
    }

    /// Number of words of the text.
    pub fn word_count(&self) -> usize {
        self.text.unicode_words().count()
    }
}

/// The words of a text with their places, for comparing spans token by token.
#[derive(Debug, Clone, Default)]
pub struct WordIndex {
    words: Vec<Span<Byte>>,
}

impl WordIndex {
    /// Finds the words of `text` (Unicode word boundaries, punctuation left out).
    pub fn new(text: &str) -> Self {
        let words = text.unicode_word_indices().map(|(at, word)| Span::new(at, at + word.len())).collect();
        Self { words }
    }

    /// Numbers of the words that `span` touches, half-open. A word counts even where only a part of it lies inside, so
    /// that و written together with its verb makes no difference.
    pub fn range(&self, span: Span<Byte>) -> (usize, usize) {
        let start = self.words.partition_point(|word| word.end() <= span.start());
        let end = self.words.partition_point(|word| word.start() < span.end());
        (start, end.max(start))
    }

    /// Token F1 of two spans by place.
    pub fn f1(&self, a: Span<Byte>, b: Span<Byte>) -> f64 {
        let (a, b) = (self.range(a), self.range(b));
        let common = a.1.min(b.1).saturating_sub(a.0.max(b.0));
        let both = (a.1 - a.0) + (b.1 - b.0);
        if both == 0 { 0.0 } else { 2.0 * common as f64 / both as f64 }
    }

    /// Share of the words of `inner` that `outer` holds.
    pub fn held(&self, inner: Span<Byte>, outer: Span<Byte>) -> f64 {
        let (inner, outer) = (self.range(inner), self.range(outer));
        let common = inner.1.min(outer.1).saturating_sub(inner.0.max(outer.0));
        if inner.1 == inner.0 { 0.0 } else { common as f64 / (inner.1 - inner.0) as f64 }
    }
}

/// Token F1 of two texts as bags of words, letter case ignored.
///
/// # Examples
/// ```
/// let f1 = khabar::evaluation::annotation::bag_f1("وزارة التجارة الأمريكية", "وزارة التجارة");
/// assert!((f1 - 0.8).abs() < 1e-9);
/// ```
pub fn bag_f1(a: &str, b: &str) -> f64 {
    let count = |text: &str| {
        let mut bag: BTreeMap<String, usize> = BTreeMap::new();
        for word in text.unicode_words() {
            *bag.entry(word.to_lowercase()).or_default() += 1;
        }
        bag
    };
    let (a, b) = (count(a), count(b));
    let common: usize = a.iter().map(|(word, &times)| times.min(b.get(word).copied().unwrap_or_default())).sum();
    let both = a.values().sum::<usize>() + b.values().sum::<usize>();
    if both == 0 { 0.0 } else { 2.0 * common as f64 / both as f64 }
}

/// Token F1 of two claims' contents: by place, or as bags of words where the gold's string is not in the text.
pub fn content_f1(words: &WordIndex, a: &Quote, b: &Quote) -> f64 {
    match (a.span, b.span) {
        (Some(a), Some(b)) => words.f1(a, b),
        _ => bag_f1(&a.text, &b.text),
    }
}

/// Token F1 of two fields. An actor or source may be named at several places of the article, and gold strings do not
/// say which one is meant, so the words count and not the place; two empty fields agree.
pub fn field_f1(words: &WordIndex, a: Option<&Quote>, b: Option<&Quote>) -> f64 {
    match (a, b) {
        (None, None) => 1.0,
        (Some(a), Some(b)) => {
            let placed = match (a.span, b.span) {
                (Some(a), Some(b)) => words.f1(a, b),
                _ => 0.0,
            };
            placed.max(bag_f1(&a.text, &b.text))
        }
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_decides_for_contents() {
        let text = "قالت بكين إنها سترد. وقالت بكين إنها سترد.";
        let words = WordIndex::new(text);
        let second = text.rfind("إنها").expect("there");
        let first = text.find("إنها").expect("there");
        let length = "إنها سترد".len();
        let a = Span::new(first, first + length);
        let b = Span::new(second, second + length);
        assert!(words.f1(a, b).abs() < 1e-9);
        assert!((words.f1(a, a) - 1.0).abs() < 1e-9);
        assert!((bag_f1(a.slice(text), b.slice(text)) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_proclitic_makes_no_difference() {
        let text = "وتسعى بكين";
        let words = WordIndex::new(text);
        let whole = Span::new(0, text.len());
        let cut = Span::new("و".len(), text.len());
        assert!((words.f1(whole, cut) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn language_by_letters() {
        let article = |text: &str| AnnotatedArticle { text: text.to_owned(), ..AnnotatedArticle::default() };
        assert_eq!(article("قالت شركة OpenAI إنها").language(), "ar");
        assert_eq!(article("Beijing (بكين) said").language(), "en");
    }
}
