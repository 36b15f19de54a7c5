//! A derived text and where each of its characters came from.

use crate::offset::{Byte, Span};

/// Unit: bytes of a derived text, not of the article's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Derived;

/// A stretch of derived text and its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    derived_start: u32,
    derived_end: u32,
    source_start: u32,
    source_end: u32,
    /// Character by character of the same length in bytes, so that a place inside maps by its distance from the start.
    /// Otherwise the whole stretch of derived text came from the whole stretch of source.
    parallel: bool,
}

/// A text derived from a source text, with the way back.
///
/// Runs are kept, not characters: clean text costs one run, whatever its length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlignedText {
    text: String,
    runs: Vec<Run>,
    source_len: u32,
}

impl AlignedText {
    /// The text as its own view.
    pub fn identity(text: &str) -> Self {
        let len = fit(text.len());
        let run = Run { derived_start: 0, derived_end: len, source_start: 0, source_end: len, parallel: true };
        let runs = if text.is_empty() { Vec::new() } else { vec![run] };
        Self { text: text.to_owned(), runs, source_len: len }
    }

    /// The derived text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The derived text inside a span; empty for a span that reaches past it or cuts a character.
    pub fn slice(&self, derived: Span<Derived>) -> &str {
        self.text.get(derived.start()..derived.end()).unwrap_or("")
    }

    /// The characters of the source that the derived characters of a half-open span came from, marks on them included.
    ///
    /// The result lies on character boundaries whatever is asked: a span that cuts a character is widened to it, one
    /// that reaches past the text ends with it. An empty span gives an empty one.
    pub fn source(&self, derived: Span<Derived>) -> Span<Byte> {
        let start = self.floor(derived.start());
        let end = self.ceiling(derived.end());
        let from = self.source_start(start);
        if derived.is_empty() || end <= start {
            return Span::new(from, from);
        }
        let last = self.floor(end - 1);
        let at = self.runs.partition_point(|run| run.derived_end as usize <= last);
        let to = self.runs.get(at).map_or(self.source_len as usize, |run| {
            if run.parallel {
                run.source_start as usize + (end - run.derived_start as usize)
            } else {
                run.source_end as usize
            }
        });
        Span::new(from, to.max(from))
    }

    /// The derived characters that came from a half-open span of the source; empty where nothing of it was kept.
    pub fn derived(&self, source: Span<Byte>) -> Span<Derived> {
        // The first derived character that ends after the start of the source span, and the first that begins after
        // its end.
        let at = self.runs.partition_point(|run| run.source_end as usize <= source.start());
        let start = self.runs.get(at).map_or(self.text.len(), |run| {
            if run.parallel && source.start() > run.source_start as usize {
                self.floor(run.derived_start as usize + (source.start() - run.source_start as usize))
            } else {
                run.derived_start as usize
            }
        });
        if source.is_empty() {
            return Span::new(start, start);
        }
        let at = self.runs.partition_point(|run| (run.source_start as usize) < source.end());
        let end = at.checked_sub(1).and_then(|before| self.runs.get(before)).map_or(0, |run| {
            if run.parallel && source.end() < run.source_end as usize {
                self.ceiling(run.derived_start as usize + (source.end() - run.source_start as usize))
            } else {
                run.derived_end as usize
            }
        });
        Span::new(start, end.max(start))
    }

    fn source_start(&self, derived: usize) -> usize {
        let at = self.runs.partition_point(|run| run.derived_end as usize <= derived);
        self.runs.get(at).map_or(self.source_len as usize, |run| {
            run.source_start as usize + if run.parallel { derived - run.derived_start as usize } else { 0 }
        })
    }

    fn floor(&self, mut at: usize) -> usize {
        at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    fn ceiling(&self, mut at: usize) -> usize {
        at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at += 1;
        }
        at
    }
}

fn fit(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Builds an [`AlignedText`] from left to right.
pub(super) struct Aligner {
    text: String,
    runs: Vec<Run>,
    source_len: u32,
}

impl Aligner {
    pub fn new(source: &str) -> Self {
        Self { text: String::with_capacity(source.len()), runs: Vec::new(), source_len: fit(source.len()) }
    }

    /// Takes one character that has the same length as its source, or another.
    pub fn push(&mut self, c: char, start: usize, end: usize) {
        let derived_start = fit(self.text.len());
        self.text.push(c);
        self.run(derived_start, start, end);
    }

    /// Takes text in place of one character of the source.
    pub fn replace(&mut self, new: &str, start: usize, end: usize) {
        if new.is_empty() {
            return self.drop(start, end, false);
        }
        let derived_start = fit(self.text.len());
        self.text.push_str(new);
        self.run(derived_start, start, end);
    }

    fn run(&mut self, derived_start: u32, start: usize, end: usize) {
        let derived_end = fit(self.text.len());
        let (source_start, source_end) = (fit(start), fit(end));
        let parallel = derived_end - derived_start == source_end - source_start
            && self.text[derived_start as usize..].chars().nth(1).is_none();
        match self.runs.last_mut() {
            Some(run) if parallel && run.parallel && run.source_end == source_start => {
                run.derived_end = derived_end;
                run.source_end = source_end;
            }
            _ => self.runs.push(Run { derived_start, derived_end, source_start, source_end, parallel }),
        }
    }

    /// Leaves out a character of the source; `absorb`: its place goes with the character right before it.
    pub fn drop(&mut self, start: usize, end: usize, absorb: bool) {
        if absorb && self.runs.last().is_some_and(|run| run.source_end == fit(start)) {
            self.isolate_last();
            if let Some(run) = self.runs.last_mut() {
                run.source_end = fit(end);
            }
        }
    }

    /// The last derived character.
    pub fn last(&self) -> Option<char> {
        self.text.chars().next_back()
    }

    /// Puts a composed character in place of the last one, whose source now reaches up to `end`.
    pub fn recompose(&mut self, whole: char, end: usize) {
        self.isolate_last();
        self.text.pop();
        self.text.push(whole);
        let derived_end = fit(self.text.len());
        if let Some(run) = self.runs.last_mut() {
            run.derived_end = derived_end;
            run.source_end = fit(end);
        }
    }

    /// Cuts the last character out of a parallel run, into a run of its own that is not parallel.
    fn isolate_last(&mut self) {
        let Some(last) = self.last() else { return };
        let length = fit(last.len_utf8());
        let Some(run) = self.runs.last_mut() else { return };
        if !run.parallel {
            return;
        }
        if run.derived_end - run.derived_start == length {
            run.parallel = false;
            return;
        }
        let (derived_end, source_end) = (run.derived_end, run.source_end);
        run.derived_end -= length;
        run.source_end -= length;
        self.runs.push(Run {
            derived_start: derived_end - length,
            derived_end,
            source_start: source_end - length,
            source_end,
            parallel: false,
        });
    }

    pub fn finish(self) -> AlignedText {
        AlignedText { text: self.text, runs: self.runs, source_len: self.source_len }
    }
}
