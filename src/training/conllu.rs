//! Reader of segmented text for training.

use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::file;

/// A syntactic word of a treebank.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreeWord {
    /// Form.
    pub form: String,
    /// Index of the written token that it belongs to.
    pub token: usize,
}

/// A sentence of a treebank.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreeSentence {
    /// Its words.
    pub words: Vec<TreeWord>,
    /// Written forms of its tokens.
    pub tokens: Vec<String>,
}

/// Reads CoNLL-U (<https://universaldependencies.org/format.html>); empty nodes are passed over.
///
/// # Errors
/// [`ErrorKind::Data`] with the line that is not of the format, and those of [`file::read`].
pub fn read(path: &Path) -> Result<Vec<TreeSentence>> {
    let text = file::read(path)?;
    let mut sentences = Vec::new();
    let mut sentence = TreeSentence::default();
    let mut range_end = 0;
    for (at, line) in text.lines().enumerate() {
        let bad = |what: &str| Error::new(ErrorKind::Data, what).at(path).line(at as u64 + 1);
        if line.is_empty() {
            if !sentence.words.is_empty() {
                sentences.push(std::mem::take(&mut sentence));
            }
            range_end = 0;
            continue;
        }
        if line.starts_with('#') {
            continue;
        }
        let columns: Vec<&str> = line.split('\t').collect();
        if columns.len() != 10 {
            return Err(bad("not ten columns"));
        }
        if columns[0].contains('.') {
            continue;
        }
        if let Some((_, end)) = columns[0].split_once('-') {
            range_end = end.parse().map_err(|_| bad("bad range"))?;
            sentence.tokens.push(columns[1].to_owned());
            continue;
        }
        let id: usize = columns[0].parse().map_err(|_| bad("bad id"))?;
        if id != sentence.words.len() + 1 {
            return Err(bad("ids do not count up"));
        }
        if id > range_end {
            sentence.tokens.push(columns[1].to_owned());
        }
        sentence.words.push(TreeWord { form: columns[1].to_owned(), token: sentence.tokens.len() - 1 });
    }
    if !sentence.words.is_empty() {
        sentences.push(sentence);
    }
    Ok(sentences)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_lines_are_named() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "# text\n1\tx\n").expect("written");
        let error = read(file.path()).expect_err("two columns");
        assert_eq!((error.kind(), error.line_number()), (ErrorKind::Data, Some(2)));
    }
}
