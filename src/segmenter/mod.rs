//! Sentences, tokens and Arabic clitics.
//!
//! Sentences come first, tokens then lie in them. Both rest on the same scan of the written text, so that a sentence
//! never ends inside a number, an address or an abbreviation. What is data stands in `models/abbreviations.tsv`.

mod lexicon;
mod scanner;
mod sentence;
mod slug;
mod token;

pub use sentence::SentenceSegmenter;
pub use token::Tokenizer;

/// The token spans of a short text such as a name, without sentences (bytes of `text`, half-open).
pub fn tokens(text: &str) -> Vec<crate::offset::Span<crate::offset::Byte>> {
    scanner::Scanner::new(text).map(|piece| crate::offset::Span::new(piece.start, piece.end)).collect()
}

#[cfg(test)]
mod tests;
