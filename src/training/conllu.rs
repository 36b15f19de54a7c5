//! Readers of training data: CoNLL-U and plain lines, also xz-compressed.

use std::path::Path;

use crate::error::{Error, ErrorKind, Result};

/// A syntactic word of a treebank.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreeWord {
    /// Form.
    pub form: String,
    /// Universal part of speech.
    pub upos: String,
    /// Fine tag.
    pub xpos: String,
    /// Head, counted from 1; 0 for the root; `None` where the treebank has no trees.
    pub head: Option<usize>,
    /// Relation.
    pub relation: String,
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

/// Reads a file, unpacking `.xz`.
///
/// # Errors
/// [`ErrorKind::Data`] if the file cannot be read, unpacked or is not UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    let fail = |e: &dyn std::fmt::Display| Error::new(ErrorKind::Data, e.to_string()).at(path);
    let bytes = std::fs::read(path).map_err(|e| fail(&e))?;
    let bytes = if path.extension().is_some_and(|e| e == "xz") {
        let mut out = Vec::new();
        lzma_rs::xz_decompress(&mut bytes.as_slice(), &mut out).map_err(|e| fail(&format!("{e:?}")))?;
        out
    } else {
        bytes
    };
    String::from_utf8(bytes).map_err(|e| fail(&e))
}

/// Reads CoNLL-U (<https://universaldependencies.org/format.html>); empty nodes are passed over.
///
/// # Errors
/// [`ErrorKind::Data`] with the line that is not of the format.
pub fn read(path: &Path) -> Result<Vec<TreeSentence>> {
    let text = read_text(path)?;
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
        let head = if columns[6] == "_" { None } else { Some(columns[6].parse().map_err(|_| bad("bad head"))?) };
        sentence.words.push(TreeWord {
            form: columns[1].to_owned(),
            upos: columns[3].to_owned(),
            xpos: columns[4].to_owned(),
            head,
            relation: columns[7].to_owned(),
            token: sentence.tokens.len() - 1,
        });
    }
    if !sentence.words.is_empty() {
        sentences.push(sentence);
    }
    Ok(sentences)
}
