//! Words cut into subword pieces.

use std::collections::HashMap;

use tokenizers::Tokenizer;

use crate::error::{Error, ErrorKind, Result};

/// Most pieces that a word gets; the rest of a longer word is passed over.
const MOST: usize = 16;

/// The vocabulary of pieces.
#[derive(Debug)]
pub struct Vocabulary {
    tokenizer: Tokenizer,
    unknown: u32,
    /// Numbers of the marks at the start and the end of a sentence.
    pub(super) marks: (u32, u32),
}

impl Vocabulary {
    /// Reads a `tokenizer.json`.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if it is not one, or lacks the marks.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let tokenizer =
            Tokenizer::from_bytes(bytes).map_err(|e| Error::new(ErrorKind::Model, format!("vocabulary: {e}")))?;
        let mark = |name: &str| {
            tokenizer
                .token_to_id(name)
                .ok_or_else(|| Error::new(ErrorKind::Model, format!("the vocabulary has no piece {name}")))
        };
        Ok(Self { unknown: mark("<unk>")?, marks: (mark("<s>")?, mark("</s>")?), tokenizer })
    }

    /// The pieces of a word, at least one. `seen` remembers the words of a batch.
    pub fn cut<'m>(&self, word: &str, seen: &'m mut HashMap<String, Vec<u32>>) -> &'m [u32] {
        if !seen.contains_key(word) {
            let mut pieces: Vec<u32> =
                self.tokenizer.encode_fast(word, false).map(|e| e.get_ids().to_vec()).unwrap_or_default();
            pieces.truncate(MOST);
            if pieces.is_empty() {
                pieces.push(self.unknown);
            }
            seen.insert(word.to_owned(), pieces);
        }
        &seen[word]
    }
}
