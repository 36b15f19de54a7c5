//! Learned scorers: weights, features, decoding.
//!
//! Two networks with integer weights for words, trees and names, a small one over whole words and a transformer over subword
//! pieces; and a linear scorer, an averaged perceptron over hashed features (Collins 2002), that cuts Arabic written words.

pub mod claims;
pub mod encoder;
pub mod heads;
pub mod manifest;
pub mod matrix;
pub mod model;
pub mod perceptron;
pub mod pieces;
pub mod script;
pub mod segmentation;
pub mod shape;
pub mod spanning;
pub mod viterbi;
pub mod weights;
pub mod word;

/// Which of the built-in models reads the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// The small network: many articles a second.
    #[default]
    Fast,
    /// The transformer: better, and slower.
    Accurate,
}

impl Choice {
    /// All of them with their names.
    pub const ALL: [(Self, &'static str); 2] = [(Self::Fast, "fast"), (Self::Accurate, "accurate")];

    /// The one of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(choice, _)| *choice)
    }
}
