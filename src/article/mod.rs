//! Articles as read from files: decoded text, metadata, and where they came from.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::offset::{Byte, Span};

pub mod date;
mod decode;
mod discover;
mod html;
mod infer;
mod markdown;
mod reader;
mod record;

pub use discover::{Discovery, ENDINGS, Input, Skipped, discover};
pub use reader::{ReadOptions, open, read, read_bytes};

/// A part of the text that is not running text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    /// The headline.
    Title,
    /// By-line, date line, caption, links to other articles.
    Furniture,
}

/// What is known about an article besides its text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Metadata {
    /// The headline as it stands in the text.
    pub title: Option<String>,
    /// Date of publication, ISO 8601 (`2025-04-02`; less exact where no more is known).
    pub date: Option<String>,
    /// Who wrote it.
    pub byline: Option<String>,
    /// The outlet.
    pub outlet: Option<String>,
    /// Its address.
    pub url: Option<String>,
    /// Language that the page or record declares.
    pub declared_language: Option<String>,
}

/// Format of the file that an article came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Plain text.
    Text,
    /// Markdown.
    Markdown,
    /// An HTML page.
    Html,
    /// A JSON file.
    Json,
    /// JSON lines.
    Jsonl,
    /// Comma-separated values.
    Csv,
}

/// Where an article came from and how it was decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The file as named on the command line or found in a folder; `-` for standard input.
    pub path: PathBuf,
    /// Output path without `.json`, relative to the output folder; unique in a run.
    pub relative: PathBuf,
    /// Number of the record in its file, for JSON, JSONL and CSV.
    pub record: Option<usize>,
    /// The format.
    pub format: Format,
    /// Encoding that was found (`UTF-8`, `windows-1256`).
    pub encoding: String,
    /// Newline style that was found: `lf`, `crlf`, `cr`, `nel` (also line and paragraph separators), `mixed`.
    pub newline: String,
    /// SHA-256 of the bytes of the record (of the file, where it holds one article), hex.
    pub input_hash: String,
}

/// One article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    text: String,
    metadata: Metadata,
    origin: Origin,
    regions: Vec<(Span<Byte>, Region)>,
}

impl Article {
    /// Puts an article together; `regions` are byte spans of `text`.
    pub fn new(text: String, metadata: Metadata, origin: Origin, regions: Vec<(Span<Byte>, Region)>) -> Self {
        Self { text, metadata, origin, regions }
    }

    /// An article from a string, for tests and library users.
    ///
    /// The first line counts as the title if it is plain to see that it is one.
    pub fn from_text(text: &str) -> Self {
        let origin = Origin {
            path: PathBuf::from("-"),
            relative: PathBuf::from("stdin"),
            record: None,
            format: Format::Text,
            encoding: "UTF-8".into(),
            newline: "lf".into(),
            input_hash: String::new(),
        };
        let (text, newline) = decode::newlines(text);
        let (text, metadata, regions) = infer::complete(&text, Metadata::default());
        Self::new(text, metadata, Origin { newline: newline.into(), ..origin }, regions)
    }

    /// Gives the article another date, for tests and for articles whose date is known from elsewhere.
    #[must_use]
    pub fn with_date(mut self, date: &str) -> Self {
        self.metadata.date = Some(date.to_owned());
        self
    }

    /// The text with LF newlines, otherwise as decoded.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Title, date, outlet and so on.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Where it came from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The region that a span lies in, if it is not running text.
    pub fn region(&self, span: Span<Byte>) -> Option<Region> {
        self.regions.iter().find(|(region, _)| region.overlaps(span)).map(|&(_, region)| region)
    }
}
