//! Articles of an output folder as the desk needs them: read once, spans in any unit.

use std::collections::VecDeque;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::export::json::{ArticleJson, ClaimRecord, OffsetUnit, SpanRecord};
use crate::offset::{Byte, CodePoint, OffsetIndex, Span, Utf16};

use super::version::map_spans;

/// An article with the index of its text.
#[derive(Debug)]
pub struct Article {
    /// As it stands in the output folder.
    pub json: ArticleJson,
    index: OffsetIndex,
}

impl Article {
    /// Takes an article.
    pub fn new(json: ArticleJson) -> Self {
        let index = OffsetIndex::new(&json.text);
        Self { json, index }
    }

    /// Reads the JSON of an article.
    ///
    /// # Errors
    /// [`ErrorKind::Unreadable`], or [`ErrorKind::Malformed`] if it is none.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|e| Error::new(ErrorKind::Unreadable, e.to_string()).at(path))?;
        ArticleJson::read(&text).map(Self::new).map_err(|error| error.at(path))
    }

    /// The bytes of a span of the article's own JSON.
    pub fn bytes(&self, span: &SpanRecord) -> Option<Span<Byte>> {
        self.json.bytes(&self.index, span)
    }

    /// The bytes of a span in code points whose quote is right.
    pub fn bytes_of_code_points(&self, span: &SpanRecord) -> Option<Span<Byte>> {
        let fits = span.start <= span.end && span.end <= self.json.text.len();
        let bytes = if fits { self.index.bytes(Span::<CodePoint>::new(span.start, span.end)) } else { None }?;
        (bytes.slice(&self.json.text) == span.quote).then_some(bytes)
    }

    /// The bytes of a span in UTF-16 code units whose quote is right.
    pub fn bytes_of_utf16(&self, span: &SpanRecord) -> Option<Span<Byte>> {
        let fits = span.start <= span.end && span.end <= self.json.text.len();
        let bytes = if fits { self.index.bytes_of_utf16(Span::<Utf16>::new(span.start, span.end)) } else { None }?;
        (bytes.slice(&self.json.text) == span.quote).then_some(bytes)
    }

    /// A span in code points.
    pub fn code_points(&self, span: Span<Byte>) -> SpanRecord {
        let points = self.index.code_points(span);
        SpanRecord { start: points.start(), end: points.end(), quote: span.slice(&self.json.text).to_owned() }
    }

    /// A span in UTF-16 code units.
    pub fn utf16(&self, span: Span<Byte>) -> SpanRecord {
        let units = self.index.utf16(span);
        SpanRecord { start: units.start(), end: units.end(), quote: span.slice(&self.json.text).to_owned() }
    }

    /// A span in the unit of the article's JSON.
    pub fn own(&self, span: Span<Byte>) -> SpanRecord {
        match self.json.offset_unit {
            OffsetUnit::CodePoint => self.code_points(span),
            OffsetUnit::Utf16 => self.utf16(span),
            OffsetUnit::Byte => {
                SpanRecord { start: span.start(), end: span.end(), quote: span.slice(&self.json.text).to_owned() }
            }
        }
    }

    /// A claim of the article's JSON with spans in code points; `None` if one does not fit the text.
    pub fn claim_in_code_points(&self, claim: &ClaimRecord) -> Option<ClaimRecord> {
        map_spans(claim, |span| Some(self.code_points(self.bytes(span)?)))
    }

    /// A claim with spans in code points, for the page.
    pub fn claim_to_page(&self, claim: &ClaimRecord) -> Option<ClaimRecord> {
        map_spans(claim, |span| Some(self.utf16(self.bytes_of_code_points(span)?)))
    }

    /// A claim with spans in code points, in the unit of the article's JSON.
    pub fn claim_to_own(&self, claim: &ClaimRecord) -> Option<ClaimRecord> {
        map_spans(claim, |span| Some(self.own(self.bytes_of_code_points(span)?)))
    }
}

/// The articles of an output folder, the last ones used kept in memory.
#[derive(Debug)]
pub struct Articles {
    root: PathBuf,
    recent: VecDeque<(String, Arc<Article>)>,
}

/// How many articles are kept: those of the cards around the one shown.
const KEPT: usize = 16;

impl Articles {
    /// Of the output folder `root`.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_path_buf(), recent: VecDeque::new() }
    }

    /// The article whose JSON has this path under the output folder.
    ///
    /// # Errors
    /// As [`Article::read`]; [`ErrorKind::Data`] if the path leads out of the folder.
    pub fn get(&mut self, output: &str) -> Result<Arc<Article>> {
        if let Some(place) = self.recent.iter().position(|(known, _)| known == output)
            && let Some(found) = self.recent.remove(place)
        {
            let article = Arc::clone(&found.1);
            self.recent.push_front(found);
            return Ok(article);
        }
        let article = Arc::new(Article::read(&self.root.join(inside(output)?))?);
        self.recent.push_front((output.to_owned(), Arc::clone(&article)));
        self.recent.truncate(KEPT);
        Ok(article)
    }
}

/// A path that stays in its folder.
///
/// # Errors
/// [`ErrorKind::Data`] if it does not.
pub fn inside(output: &str) -> Result<&Path> {
    let path = Path::new(output);
    if !output.is_empty() && path.components().all(|part| matches!(part, Component::Normal(_))) {
        Ok(path)
    } else {
        Err(Error::new(ErrorKind::Data, format!("{output:?} is no path inside the output folder")))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        inside("ar/a.json").unwrap();
        for path in ["", "/etc/passwd", "../a.json", "ar/../../a.json", "./a.json"] {
            assert!(inside(path).is_err(), "{path}");
        }
    }
}
