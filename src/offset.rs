//! Positions in text: spans that carry their unit in the type, and the one converter between units.
//!
//! Inside khabar every span counts **bytes** of the article's UTF-8 text. Native JSON says **code points**;
//! UIMA formats say **UTF-16 code units**. All spans are half-open: `start` is inside, `end` is not.

use std::marker::PhantomData;

/// Unit: bytes of the UTF-8 text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Byte;
/// Unit: Unicode code points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodePoint;
/// Unit: UTF-16 code units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Utf16;

/// A half-open span of text whose unit `U` is part of its type.
///
/// # Examples
/// ```
/// use khabar::offset::{Byte, OffsetIndex, Span};
/// let text = "قالت بكين";
/// let span: Span<Byte> = Span::new(9, 17);
/// assert_eq!(span.slice(text), "بكين");
/// let index = OffsetIndex::new(text);
/// assert_eq!((index.code_points(span).start(), index.code_points(span).end()), (5, 9));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span<U> {
    start: u32,
    end: u32,
    unit: PhantomData<U>,
}

impl<U> std::fmt::Debug for Span<U> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

impl<U: Copy> Span<U> {
    /// A span from `start` up to, not including, `end`.
    ///
    /// # Panics
    /// If `end < start` or the text is longer than 4 GiB; both are errors of the caller.
    pub fn new(start: usize, end: usize) -> Self {
        assert!(start <= end, "span ends before it starts: {start}..{end}");
        let fit = |n: usize| u32::try_from(n).expect("texts are shorter than 4 GiB");
        Self { start: fit(start), end: fit(end), unit: PhantomData }
    }

    /// First position inside.
    pub fn start(self) -> usize {
        self.start as usize
    }

    /// First position after.
    pub fn end(self) -> usize {
        self.end as usize
    }

    /// Length in the unit.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether nothing lies inside.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether `other` lies wholly inside.
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether the position lies inside.
    pub fn covers(self, position: usize) -> bool {
        self.start() <= position && position < self.end()
    }

    /// Whether both share at least one position.
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn cover(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end), unit: PhantomData }
    }
}

impl Span<Byte> {
    /// The text inside.
    ///
    /// # Panics
    /// If the span does not lie on character boundaries of `text`: it was made for another text.
    pub fn slice(self, text: &str) -> &str {
        &text[self.start()..self.end()]
    }

    /// The span without white space (and bidi or zero-width marks) at its ends.
    #[must_use]
    pub fn trim(self, text: &str) -> Self {
        let inside = self.slice(text);
        let blank = |c: char| {
            c.is_whitespace()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        };
        let start = self.start() + (inside.len() - inside.trim_start_matches(blank).len());
        let end = (self.start() + inside.trim_end_matches(blank).len()).max(start);
        Self::new(start, end)
    }
}

/// Converts positions of one text between bytes, code points and UTF-16 code units.
///
/// Made once for a text in O(n); a conversion is a binary search. ASCII text needs no table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OffsetIndex {
    /// Byte at which each code point starts; empty for ASCII text.
    starts: Vec<u32>,
    /// Code points outside the Basic Multilingual Plane: each counts two UTF-16 units.
    astral: Vec<u32>,
    bytes: u32,
}

impl OffsetIndex {
    /// Reads `text` once.
    pub fn new(text: &str) -> Self {
        let bytes = u32::try_from(text.len()).expect("texts are shorter than 4 GiB");
        if text.is_ascii() {
            return Self { starts: Vec::new(), astral: Vec::new(), bytes };
        }
        let mut starts = Vec::with_capacity(text.len() / 2);
        let mut astral = Vec::new();
        for (at, c) in text.char_indices() {
            if c.len_utf16() == 2 {
                astral.push(starts.len() as u32);
            }
            starts.push(at as u32);
        }
        Self { starts, astral, bytes }
    }

    /// Length of the text in code points.
    pub fn code_point_count(&self) -> usize {
        if self.starts.is_empty() { self.bytes as usize } else { self.starts.len() }
    }

    fn point(&self, byte: usize) -> usize {
        if self.starts.is_empty() {
            return byte;
        }
        self.starts.partition_point(|&start| (start as usize) < byte)
    }

    fn byte(&self, point: usize) -> Option<usize> {
        if point > self.code_point_count() {
            None
        } else if self.starts.is_empty() {
            Some(point)
        } else {
            Some(self.starts.get(point).map_or(self.bytes as usize, |&b| b as usize))
        }
    }

    fn unit(&self, point: usize) -> usize {
        point + self.astral.partition_point(|&p| (p as usize) < point)
    }

    /// The code points of a byte span that lies on character boundaries.
    pub fn code_points(&self, span: Span<Byte>) -> Span<CodePoint> {
        Span::new(self.point(span.start()), self.point(span.end()))
    }

    /// The UTF-16 code units of a byte span that lies on character boundaries.
    pub fn utf16(&self, span: Span<Byte>) -> Span<Utf16> {
        Span::new(self.unit(self.point(span.start())), self.unit(self.point(span.end())))
    }

    /// The bytes of a code point span; `None` if it reaches past the text.
    pub fn bytes(&self, span: Span<CodePoint>) -> Option<Span<Byte>> {
        Some(Span::new(self.byte(span.start())?, self.byte(span.end())?))
    }

    /// The bytes of a UTF-16 span; `None` if it reaches past the text or cuts a surrogate pair.
    pub fn bytes_of_utf16(&self, span: Span<Utf16>) -> Option<Span<Byte>> {
        let point = |unit: usize| {
            // Each astral code point before the unit took one unit more than a code point.
            let mut low = 0;
            let mut high = self.code_point_count() + 1;
            while low < high {
                let middle = usize::midpoint(low, high);
                if self.unit(middle) < unit { low = middle + 1 } else { high = middle }
            }
            (low <= self.code_point_count() && self.unit(low) == unit).then_some(low)
        };
        Some(Span::new(self.byte(point(span.start())?)?, self.byte(point(span.end())?)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_units_come_back() {
        for text in ["", "abc", "قالت بكين 🚀 إنها", "🚀🚀x", "e\u{301}\u{200f}ا"] {
            let index = OffsetIndex::new(text);
            let edges: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            for (i, &start) in edges.iter().enumerate() {
                for &end in &edges[i..] {
                    let span = Span::<Byte>::new(start, end);
                    assert_eq!(index.bytes(index.code_points(span)), Some(span));
                    assert_eq!(index.bytes_of_utf16(index.utf16(span)), Some(span));
                    let units: Vec<u16> = text.encode_utf16().collect();
                    let wide = index.utf16(span);
                    assert_eq!(
                        String::from_utf16(&units[wide.start()..wide.end()]).expect("whole characters"),
                        span.slice(text)
                    );
                    let points = index.code_points(span);
                    let quote: String = text.chars().skip(points.start()).take(points.len()).collect();
                    assert_eq!(quote, span.slice(text));
                }
            }
        }
    }

    #[test]
    fn outside_and_cut_pairs_are_refused() {
        let index = OffsetIndex::new("a🚀");
        assert_eq!(index.bytes(Span::new(0, 3)), None);
        assert_eq!(index.bytes_of_utf16(Span::new(0, 2)), None);
        assert_eq!(index.bytes_of_utf16(Span::new(1, 3)), Some(Span::new(1, 5)));
    }

    #[test]
    fn trim_takes_white_space_and_marks() {
        let text = " \u{200f}بكين \n";
        assert_eq!(Span::<Byte>::new(0, text.len()).trim(text).slice(text), "بكين");
        assert!(Span::<Byte>::new(0, 1).trim(text).is_empty());
    }
}
