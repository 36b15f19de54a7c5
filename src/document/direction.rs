//! Paragraphs with their language and base direction, by majority of strong letters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_bidi::{BidiClass, bidi_class};
use unicode_script::{Script, UnicodeScript};

use crate::article::{Article, Region};
use crate::offset::{Byte, Span};

/// Language of a paragraph or an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Arabic.
    Ar,
    /// English.
    En,
    /// Arabic and English, at least a quarter of each.
    Mixed,
    /// Neither.
    Other,
}

/// Base direction of a paragraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Left to right.
    Ltr,
    /// Right to left.
    Rtl,
}

/// What a paragraph is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ParagraphKind {
    /// The headline.
    Title,
    /// Running text.
    Body,
    /// A heading or short line without final punctuation.
    Heading,
    /// An item of a bullet list.
    Item,
    /// By-line, date line, caption, "read also", advertising: no claims.
    Furniture,
}

/// A paragraph: a line of the text that is not blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paragraph {
    /// Its characters without white space at the ends.
    pub span: Span<Byte>,
    /// Its language.
    pub language: Language,
    /// Its base direction.
    pub direction: Direction,
    /// What it is for.
    pub kind: ParagraphKind,
}

/// Letters of the Arabic and of the Latin script in `text`.
fn letters(text: &str) -> (usize, usize, usize) {
    let (mut arabic, mut latin, mut rest) = (0, 0, 0);
    for c in text.chars().filter(|c| c.is_alphabetic()) {
        match c.script() {
            Script::Arabic => arabic += 1,
            Script::Latin => latin += 1,
            _ => rest += 1,
        }
    }
    (arabic, latin, rest)
}

fn language(text: &str) -> Language {
    let (arabic, latin, rest) = letters(text);
    let all = arabic + latin + rest;
    if all == 0 || rest * 2 > all {
        Language::Other
    } else if arabic * 4 >= all && latin * 4 >= all && latin >= 20 && arabic >= 20 {
        Language::Mixed
    } else if arabic >= latin {
        Language::Ar
    } else {
        Language::En
    }
}

impl Direction {
    /// The base direction of a text: that of most of its strong letters, left to right where it has none.
    ///
    /// # Examples
    /// ```
    /// use khabar::document::Direction;
    /// assert_eq!(Direction::of("CNN قالت إن بكين ترفض القرار"), Direction::Rtl);
    /// ```
    pub fn of(text: &str) -> Self {
        let (mut left, mut right) = (0, 0);
        for c in text.chars() {
            match bidi_class(c) {
                BidiClass::L => left += 1,
                BidiClass::R | BidiClass::AL => right += 1,
                _ => {}
            }
        }
        if right > left { Self::Rtl } else { Self::Ltr }
    }
}

/// Cuts the text into paragraphs.
pub(super) fn paragraphs(article: &Article) -> Vec<Paragraph> {
    let text = article.text();
    let mut paragraphs = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let span = Span::new(start, start + line.len()).trim(text);
        start += line.len();
        if span.is_empty() {
            continue;
        }
        let inside = span.slice(text);
        let kind = match article.region(span) {
            Some(Region::Title) => ParagraphKind::Title,
            Some(Region::Furniture) => ParagraphKind::Furniture,
            None if is_item(inside) => ParagraphKind::Item,
            None if !inside.ends_with(['.', '!', '?', '؟', '…', '"', '”', '»', ':', '۔', ')', ';', '؛', ',', '،'])
                && inside.split_whitespace().count() <= 18 =>
            {
                ParagraphKind::Heading
            }
            None => ParagraphKind::Body,
        };
        paragraphs.push(Paragraph { span, language: language(inside), direction: Direction::of(inside), kind });
    }
    paragraphs
}

fn is_item(line: &str) -> bool {
    let rest = line.trim_start_matches(|c: char| c.is_numeric());
    let numbered =
        rest.len() < line.len() && rest.len() > 1 && rest.starts_with(['.', ')', '-']) && rest[1..].starts_with(' ');
    numbered
        || line.starts_with(['•', '●', '▪', '◦', '*', '‣', '■', '✔', '➤'])
        || line.starts_with("- ")
        || line.starts_with("– ")
        || line.starts_with("— ")
}

/// The language of most of the text.
pub(super) fn majority(paragraphs: &[Paragraph]) -> Language {
    let total =
        |wanted: Language| paragraphs.iter().filter(|p| p.language == wanted).map(|p| p.span.len()).sum::<usize>();
    // Arabic letters take two bytes, Latin ones one.
    let (arabic, english, mixed, other) =
        (total(Language::Ar) / 2, total(Language::En), total(Language::Mixed), total(Language::Other));
    let all = arabic + english + mixed + other;
    if all == 0 || other * 2 > all {
        Language::Other
    } else if arabic * 4 >= all && english * 4 >= all {
        Language::Mixed
    } else if arabic >= english && arabic >= mixed {
        Language::Ar
    } else if english >= mixed {
        Language::En
    } else {
        Language::Mixed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn direction_goes_by_majority_not_by_the_first_letter() {
        assert_eq!(Direction::of("CNN قالت إن بكين ترفض القرار"), Direction::Rtl);
        assert_eq!(Direction::of("بكين (Beijing) said it would respond to the tariffs"), Direction::Ltr);
    }

    #[test]
    fn language_sees_mixed_paragraphs() {
        assert_eq!(language("قالت شركة Nvidia إنها ستبيع"), Language::Ar);
        assert_eq!(language("Китай заявил"), Language::Other);
        assert_eq!(language("قالت وزارة التجارة إنها سترد The ministry said it would respond"), Language::Mixed);
    }
}
