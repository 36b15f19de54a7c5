//! Learned scorers: weights, features, decoding. Knows nothing of claims.
//!
//! Two kinds: linear ones, averaged perceptrons over hashed features (Collins 2002), and a transformer with integer weights.

pub mod cluster;
pub mod encoder;
pub mod manifest;
pub mod matrix;
pub mod model;
pub mod parser;
pub mod perceptron;
pub mod pieces;
pub mod script;
pub mod segmentation;
pub mod shape;
pub mod spanning;
pub mod tagger;
pub mod viterbi;
pub mod weights;

/// Which of the built-in models reads the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// The linear scorers: many articles a second.
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
