//! Sentences.

use super::lexicon::{Abbreviation, lexicon};
use super::scanner::{Piece, Scanner, is_arabic};
use super::slug::slug;
use crate::document::{Annotator, Document, Layer, LayerKind, ParagraphKind, Sentence, TokenKind};
use crate::normalizer::match_key;
use crate::offset::Span;

/// Cuts paragraphs into sentences.
///
/// A sentence ends with `. ! ? ؟ …` and the closing marks after it, also inside an open quotation, or with its
/// paragraph; not with `، ؛ : ;`, not with an abbreviation's dot where the sentence goes on. A wire slug that is plain to
/// see (`WASHINGTON, April 2 (AP) —`) is a sentence of its own, so that what is said begins after it. Speaker labels
/// and bullets stay in their sentence.
#[derive(Debug, Clone, Copy, Default)]
pub struct SentenceSegmenter;

impl Annotator for SentenceSegmenter {
    fn name(&self) -> &'static str {
        "sentence-segmenter"
    }

    fn requires(&self) -> &'static [LayerKind] {
        &[]
    }

    fn provides(&self) -> LayerKind {
        LayerKind::Sentences
    }

    fn annotate(&self, document: &Document) -> Layer {
        let text = document.text();
        let mut sentences = Vec::new();
        let mut pieces = Vec::new();
        for (index, paragraph) in document.paragraphs().iter().enumerate() {
            let headline = matches!(paragraph.kind, ParagraphKind::Title | ParagraphKind::Heading);
            let whole = paragraph.span.slice(text);
            let mut add = |start: usize, end: usize, headline: bool| {
                let span = Span::new(paragraph.span.start() + start, paragraph.span.start() + end);
                sentences.push(Sentence { span, paragraph: index, headline });
            };
            let slug = slug(whole).unwrap_or(0);
            if slug > 0 {
                add(0, Span::new(0, slug).trim(whole).end(), false);
            }
            pieces.clear();
            pieces.extend(Scanner::new(&whole[slug..]).map(|piece| Piece {
                start: slug + piece.start,
                end: slug + piece.end,
                ..piece
            }));
            Paragraph { text: whole, pieces: &pieces }.sentences(|start, end| add(start, end, headline));
        }
        Layer::Sentences(sentences)
    }
}

struct Paragraph<'a> {
    text: &'a str,
    pieces: &'a [Piece],
}

/// What a token does to the end of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// A full stop.
    Stop,
    /// A question or exclamation mark.
    Mark,
    /// An ellipsis, or two dots.
    Ellipsis,
    /// The dot of an abbreviation.
    Abbreviation(Abbreviation),
}

impl Paragraph<'_> {
    fn slice(&self, at: usize) -> &str {
        self.pieces.get(at).map_or("", |piece| piece.slice(self.text))
    }

    fn first(&self, at: usize) -> Option<char> {
        self.slice(at).chars().next()
    }

    /// Whether white space lies right before the token (or the text ends).
    fn spaced(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1).and_then(|before| self.pieces.get(before)) else { return true };
        self.pieces.get(at).is_none_or(|piece| self.text[before.end..piece.start].contains(char::is_whitespace))
    }

    fn end(&self, at: usize) -> Option<End> {
        let piece = &self.pieces[at];
        if let Some(class) = piece.abbreviation {
            return Some(End::Abbreviation(class));
        }
        if piece.kind != TokenKind::Punctuation {
            return None;
        }
        match piece.slice(self.text) {
            "." | "۔" | "。" | "．" => Some(End::Stop),
            "！" | "？" | "‼" | "⁇" | "⁈" | "⁉" => Some(End::Mark),
            marks if marks.starts_with(['!', '?', '؟']) => Some(End::Mark),
            dots if dots.starts_with("..") || dots.starts_with('…') => Some(End::Ellipsis),
            _ => None,
        }
    }

    /// Whether the token closes a quotation or bracket that the sentence end before it belongs to.
    fn closes(&self, at: usize, straight_open: bool) -> bool {
        let glued = !self.spaced(at);
        let alone = self.spaced(at + 1);
        match self.slice(at) {
            ")" | "]" | "}" => true,
            "»" | "”" | "›" | "﴾" => glued || alone,
            "\"" | "＂" => (glued && (alone || straight_open)) || (straight_open && alone),
            "'" | "’" | "‘" | "“" | "«" | "‹" | "„" | "`" | "´" => {
                glued && (alone || matches!(self.slice(at + 1), "\"" | "”" | "»" | "’" | "'" | ")"))
            }
            _ => false,
        }
    }

    /// Whether the token and those after it begin a new sentence, when the one before ended with `end`.
    fn begins(&self, last: usize, end: End, closed: bool, at: usize) -> bool {
        let Some(next) = self.pieces.get(at) else { return true };
        // What stands behind opening marks decides.
        let mut word = at;
        while self.pieces.get(word).is_some_and(|piece| {
            matches!(piece.slice(self.text), "\"" | "“" | "«" | "(" | "'" | "‘" | "[" | "„" | "‹" | "”" | "»")
        }) {
            word += 1;
        }
        let opened = word > at;
        let first = self.first(word).unwrap_or(' ');
        let spaced = self.spaced(at);
        if !opened && next.kind == TokenKind::Punctuation {
            // A dash or bullet may open an item or an answer; a comma goes on.
            return spaced
                && self.spaced(at + 1)
                && matches!(first, '-' | '–' | '—' | '•' | '*' | 'ـ')
                && !closed
                && matches!(end, End::Stop | End::Mark)
                && self.first(word + 1).is_some_and(|c| !c.is_lowercase());
        }
        let small = first.is_lowercase() && !self.slice(word).contains(char::is_uppercase);
        match end {
            End::Abbreviation(Abbreviation::Title | Abbreviation::BeforeNumber | Abbreviation::Month) => false,
            End::Abbreviation(Abbreviation::Plain) => {
                if is_arabic(first) {
                    return closed;
                }
                // (CDT) after a.m., ("the company") after Inc.
                let quoted = opened && !matches!(self.slice(at), "(" | "[");
                first.is_uppercase() && (quoted || closed || lexicon().starts_sentence(self.slice(word)))
            }
            End::Stop if !spaced && !closed => {
                let before = last.checked_sub(1).map_or("", |before| self.slice(before));
                let long = before.chars().nth(1).is_some();
                let arabic = before.chars().any(is_arabic);
                if is_arabic(first) {
                    return long || !arabic;
                }
                let name = self.slice(word);
                let long_name = name.chars().nth(1).is_some();
                long && first.is_alphabetic()
                    && (arabic
                        || (first.is_uppercase()
                            && before.ends_with(|c: char| c.is_lowercase() || c.is_numeric())
                            && long_name))
                    || opened && long
            }
            End::Stop => {
                if closed && small {
                    return false;
                }
                let before = last.checked_sub(1).map(|before| self.pieces[before]);
                // 1. The first point of a list
                let numbered = last == 1 && before.is_some_and(|b| b.kind == TokenKind::Number || b.end - b.start <= 2);
                !numbered
            }
            End::Mark => {
                // Sloppy text begins small after a question; names (Yahoo!) go on after an exclamation mark.
                let question = !closed && spaced && !self.slice(last).ends_with('!');
                if (small && !question) || (closed && self.goes_on(word)) {
                    return false;
                }
                spaced || closed || first.is_uppercase() || is_arabic(first)
            }
            End::Ellipsis => {
                let pause = self.spaced(last) && spaced;
                if small || pause || !(spaced || is_arabic(first)) {
                    return false;
                }
                !(is_arabic(first) && self.goes_on_after_pause(word))
            }
        }
    }

    /// قال after «لماذا؟».
    fn goes_on(&self, word: usize) -> bool {
        let key = match_key(self.slice(word));
        lexicon().goes_on_after_quote(&key)
    }

    fn goes_on_after_pause(&self, word: usize) -> bool {
        matches!(
            self.slice(word),
            "أن" | "إن"
                | "ان"
                | "أنه"
                | "إنه"
                | "أنها"
                | "إنها"
                | "التي"
                | "الذي"
                | "ثم"
                | "أو"
                | "بل"
                | "الخ"
                | "إلخ"
        )
    }

    fn sentences(&self, mut add: impl FnMut(usize, usize)) {
        let mut start = 0;
        let mut straight_open = false;
        let mut at = 0;
        while at < self.pieces.len() {
            if matches!(self.slice(at), "\"" | "＂") {
                straight_open = !straight_open;
            }
            let Some(mut end) = self.end(at) else {
                at += 1;
                continue;
            };
            let bracketed = at > start && matches!(self.slice(at - 1), "(" | "[");
            let mut last = at;
            let mut next = at + 1;
            let mut closed = false;
            while next < self.pieces.len() {
                if let Some(more) = self.end(next).filter(|more| !closed && !matches!(more, End::Abbreviation(_))) {
                    last = next;
                    end = if end == End::Mark { end } else { more };
                } else if self.closes(next, straight_open) {
                    closed = true;
                    if matches!(self.slice(next), "\"" | "＂") {
                        straight_open = !straight_open;
                    }
                } else if let (true, Some(End::Stop)) = (closed, self.end(next)) {
                    // «…؟». and ”.
                    end = End::Stop;
                    last = next;
                    closed = false;
                } else {
                    break;
                }
                next += 1;
            }
            // (وهو الأعلى؟) in the middle of a sentence
            let aside = end == End::Mark
                && matches!(self.slice(next - 1), ")" | "]")
                && self.pieces[(start + 1).min(at)..at].iter().any(|piece| matches!(piece.slice(self.text), "(" | "["));
            if !bracketed && !aside && next < self.pieces.len() && self.begins(last, end, closed, next) {
                add(self.pieces[start].start, self.pieces[next - 1].end);
                start = next;
            }
            at = next;
        }
        if let (Some(first), Some(last)) = (self.pieces.get(start), self.pieces.last()) {
            add(first.start, last.end);
        }
    }
}
