//! The sizes and labels of a network, as its weight file tells them.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Sizes of the network; the training code writes them into the weight file, so both sides read one definition.
#[derive(Debug, Clone, Deserialize)]
pub struct Shape {
    /// Of the encoder's layers.
    #[serde(flatten)]
    pub layer: LayerShape,
    /// Width before the labels of a word.
    pub tag: usize,
    /// Width before the labels of names.
    pub name: usize,
    /// Width of the two sides of an arc.
    pub arc: usize,
    /// Width of the two sides of a relation.
    pub relation: usize,
    /// The data sets whose habits of annotation the network knows.
    pub sources: Vec<String>,
    /// The classes of each head.
    pub labels: BTreeMap<String, Vec<String>>,
    /// For each language the heads that it has, and which of their classes.
    pub languages: BTreeMap<String, BTreeMap<String, Vec<usize>>>,
    /// What the encoder reads.
    #[serde(flatten)]
    pub inputs: Inputs,
}

/// Sizes of a transformer layer.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct LayerShape {
    /// Width of the encoder.
    pub hidden: usize,
    /// Attention heads.
    pub heads: usize,
    /// Width of the inner part.
    pub inner: usize,
    /// What normalization adds to the variance.
    pub epsilon: f32,
    /// What follows inner layers.
    pub activation: Activation,
}

/// What follows an inner layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// The exact GELU (Hendrycks & Gimpel 2016).
    Gelu,
    /// What is above zero.
    Relu,
}

/// What an encoder reads, and its sizes.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
pub enum Inputs {
    /// Subword pieces.
    Pieces {
        /// Pieces of the vocabulary.
        pieces: usize,
        /// Transformer layers.
        layers: usize,
        /// Longest sentence, in pieces.
        positions: usize,
    },
    /// Whole words.
    Words {
        /// Words that have a vector of their own.
        words: usize,
        /// Words that its lists of names hold.
        listed: usize,
        /// Rows that the letter groups are hashed to.
        buckets: usize,
        /// Blocks of a convolution and a transformer layer.
        blocks: usize,
    },
}
