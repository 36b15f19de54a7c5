//! Error kinds with stable codes and a hint on what to do.

use std::fmt;
use std::path::{Path, PathBuf};

/// What went wrong; each kind has a stable code and a hint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The path does not exist or cannot be opened.
    Unreadable,
    /// The file holds no text.
    Empty,
    /// The bytes are no text in any encoding that is known.
    Undecodable,
    /// The bytes are no text at all (an image, an archive, a program).
    Binary,
    /// The file is not what its format promises (broken JSON, CSV without the named columns).
    Malformed,
    /// A JSON, JSONL or CSV file without one article.
    NoArticle,
    /// An HTML page without a main text.
    NoMainText,
    /// The article is larger than the limit.
    TooLarge,
    /// No pattern of the command line matched anything.
    NoInput,
    /// An output file could not be written.
    Unwritable,
    /// The configuration file is wrong.
    Config,
    /// A lexicon, pattern or weight file under `models/` is broken or not the one that was built in.
    Model,
    /// Gold or training data does not have the form that it should have.
    Data,
    /// Two stages of the pipeline do not fit together.
    Pipeline,
    /// The decision log or the index of a review cannot be read or written.
    Review,
    /// An error inside khabar: please report it.
    Internal,
}

impl ErrorKind {
    /// All kinds, in the order of their codes' groups.
    pub const ALL: [Self; 16] = [
        Self::Unreadable,
        Self::Empty,
        Self::Undecodable,
        Self::Binary,
        Self::Malformed,
        Self::NoArticle,
        Self::NoMainText,
        Self::TooLarge,
        Self::NoInput,
        Self::Unwritable,
        Self::Config,
        Self::Model,
        Self::Data,
        Self::Pipeline,
        Self::Review,
        Self::Internal,
    ];

    /// The stable code, such as `E-READ-003`; codes are never reused.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "E-READ-001",
            Self::Empty => "E-READ-002",
            Self::Undecodable => "E-READ-003",
            Self::Binary => "E-READ-004",
            Self::Malformed => "E-READ-005",
            Self::NoArticle => "E-READ-006",
            Self::NoMainText => "E-READ-007",
            Self::TooLarge => "E-READ-008",
            Self::NoInput => "E-READ-009",
            Self::Unwritable => "E-WRITE-001",
            Self::Config => "E-CONF-001",
            Self::Model => "E-MODEL-001",
            Self::Data => "E-DATA-001",
            Self::Pipeline => "E-PIPE-001",
            Self::Review => "E-REVIEW-001",
            Self::Internal => "E-BUG-001",
        }
    }

    /// What the user can do about it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Unreadable => "check that the path exists and that you may read it",
            Self::Empty => "remove the file or put the article's text into it",
            Self::Undecodable => "save the file as UTF-8, or name its encoding with --encoding",
            Self::Binary => "give the article as text, Markdown, HTML, JSON, JSONL or CSV",
            Self::Malformed => "open the file at the place named and repair it",
            Self::NoArticle => "name the fields with --text-field and --title-field",
            Self::NoMainText => "save the page with its text (not only its scripts), or give the text as .txt",
            Self::TooLarge => "split the file, or raise --max-bytes",
            Self::NoInput => "check the path or quote the pattern",
            Self::Unwritable => "check that the folder exists, is writable and has room",
            Self::Config => "compare with `khabar run --print-config`",
            Self::Model => "rebuild khabar from a clean checkout; models/manifest.toml tells each file's checksum",
            Self::Data => "see the file and line named",
            Self::Pipeline => "put the stage that provides the layer before the one that needs it",
            Self::Review => {
                "check that the folder is writable and has room; review.sqlite holds the decisions: keep it, and mend it \
                 with the tools of SQLite"
            }
            Self::Internal => "report it with the article if you can; the run went on without it",
        }
    }
}

/// An error with its kind, what it was about, and where.
#[derive(Debug, Clone, thiserror::Error)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    path: Option<PathBuf>,
    line: Option<u64>,
}

impl Error {
    /// Makes an error of `kind`; `message` says in plain words what happened.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), path: None, line: None }
    }

    /// Names the file that the error is about.
    #[must_use]
    pub fn at(mut self, path: impl AsRef<Path>) -> Self {
        self.path = Some(path.as_ref().to_path_buf());
        self
    }

    /// Names the line (counted from 1) of the file.
    #[must_use]
    pub fn line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The message without code, path and hint.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The file, if the error is about one.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The line of the file, counted from 1.
    pub fn line_number(&self) -> Option<u64> {
        self.line
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.kind.code())?;
        if let Some(path) = &self.path {
            write!(f, "{}", path.display())?;
            if let Some(line) = self.line {
                write!(f, ":{line}")?;
            }
            write!(f, ": ")?;
        }
        write!(f, "{} (hint: {})", self.message, self.kind.hint())
    }
}

/// The result type of the library.
pub type Result<T> = std::result::Result<T, Error>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_hints_are_there() {
        let codes: std::collections::BTreeSet<_> = ErrorKind::ALL.iter().map(|k| k.code()).collect();
        assert_eq!(codes.len(), ErrorKind::ALL.len());
        assert!(ErrorKind::ALL.iter().all(|k| !k.hint().is_empty()));
    }

    #[test]
    fn display_names_code_path_line_and_hint() {
        let error = Error::new(ErrorKind::Malformed, "no object").at("a.jsonl").line(3);
        let shown = error.to_string();
        assert!(shown.starts_with("E-READ-005: a.jsonl:3: no object (hint: "), "{shown}");
    }
}
