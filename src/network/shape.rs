//! The sizes and labels of a network, as its weight file tells them.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Sizes of the network; the training code writes them into the weight file, so both sides read one definition.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Pieces of the vocabulary.
    pub pieces: usize,
    /// Width of the encoder.
    pub hidden: usize,
    /// Its layers.
    pub layers: usize,
    /// Attention heads of a layer.
    pub heads: usize,
    /// Width of the inner part of a layer.
    pub inner: usize,
    /// Longest sentence, in pieces.
    pub positions: usize,
    /// What normalization adds to the variance.
    pub epsilon: f32,
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
}
