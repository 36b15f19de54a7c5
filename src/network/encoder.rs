//! A transformer over subword pieces (Vaswani et al. 2017; normalization after each part, as in BERT).
//!
//! Sentences are laid end to end, without padding: the layers see one long run of rows, attention stays inside a sentence.

use std::ops::Range;

use super::matrix::{Dense, Norm, Rows, Scratch, Table, Window, add_scaled, softmax, windows_product};
use super::shape::{Activation, LayerShape, Shape};
use super::weights::Weights;
use crate::error::Result;

/// The pieces of sentences, laid end to end.
#[derive(Debug, Default)]
pub struct Pieces {
    /// Number of each piece in the vocabulary.
    pub numbers: Vec<u32>,
    /// The pieces of each sentence.
    pub sentences: Vec<Range<usize>>,
}

/// The encoder.
#[derive(Debug)]
pub struct Encoder {
    pieces: Table,
    positions: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    width: usize,
}

/// A transformer layer.
#[derive(Debug)]
pub(super) struct Layer {
    heads: usize,
    activation: Activation,
    joint: Dense,
    out: Dense,
    norm1: Norm,
    up: Dense,
    down: Dense,
    norm2: Norm,
}

impl Encoder {
    /// Takes the tensors of the encoder.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Model`] if one is missing or has another shape.
    pub fn read(
        weights: &Weights<'static>,
        shape: &Shape,
        pieces: usize,
        layers: usize,
        positions: usize,
    ) -> Result<Self> {
        let width = shape.layer.hidden;
        Ok(Self {
            pieces: Table::read(weights, "piece", pieces, width)?,
            positions: weights.floats("position.weight", &[positions, width])?,
            norm: Norm::read(weights, "norm", width, shape.layer.epsilon)?,
            layers: (0..layers)
                .map(|n| Layer::read(weights, &format!("layers.{n}"), shape.layer))
                .collect::<Result<_>>()?,
            width,
        })
    }

    /// A vector for each piece.
    pub fn encode(&self, pieces: &Pieces) -> Rows {
        let mut rows = Rows::zeros(pieces.numbers.len(), self.width);
        for sentence in &pieces.sentences {
            for (position, at) in sentence.clone().enumerate() {
                let row = rows.row_mut(at);
                self.pieces.add(pieces.numbers[at] as usize, row);
                add_scaled(row, &self.positions[position * self.width..(position + 1) * self.width], 1.0);
            }
        }
        self.norm.apply(&mut rows, None);
        let mut room = Room::default();
        for layer in &self.layers {
            layer.apply(&mut rows, &pieces.sentences, &mut room);
        }
        rows
    }
}

/// Room that the layers share.
#[derive(Debug, Default)]
pub(super) struct Room {
    pub(super) scratch: Scratch,
    joint: Rows,
    mixed: Rows,
    inner: Rows,
    pub(super) out: Rows,
    scores: Vec<f32>,
    values: Vec<f32>,
}

impl Layer {
    /// Takes the tensors of a layer.
    pub(super) fn read(weights: &Weights<'_>, name: &str, shape: LayerShape) -> Result<Self> {
        let width = shape.hidden;
        let dense = |part: &str, outputs, inputs| Dense::read(weights, &format!("{name}.{part}"), outputs, inputs);
        let norm = |part: &str| Norm::read(weights, &format!("{name}.{part}"), width, shape.epsilon);
        Ok(Self {
            heads: shape.heads,
            activation: shape.activation,
            joint: dense("qkv", 3 * width, width)?,
            out: dense("out", width, width)?,
            norm1: norm("norm1")?,
            up: dense("up", shape.inner, width)?,
            down: dense("down", width, shape.inner)?,
            norm2: norm("norm2")?,
        })
    }

    /// Replaces the rows by the layer's outputs; rows of a sentence attend to each other.
    pub(super) fn apply(&self, rows: &mut Rows, sentences: &[Range<usize>], room: &mut Room) {
        self.joint.apply(rows, &mut room.joint, &mut room.scratch);
        room.mixed.width = rows.width;
        room.mixed.data.resize(rows.data.len(), 0.0);
        for sentence in sentences {
            self.attend(sentence, room);
        }
        self.out.apply(&room.mixed, &mut room.out, &mut room.scratch);
        self.norm1.apply(rows, Some(&room.out));
        self.up.apply(rows, &mut room.inner, &mut room.scratch);
        room.inner.activate(self.activation);
        self.down.apply(&room.inner, &mut room.out, &mut room.scratch);
        self.norm2.apply(rows, Some(&room.out));
    }

    /// Scaled dot-product attention within a sentence.
    fn attend(&self, sentence: &Range<usize>, room: &mut Room) {
        let width = room.mixed.width;
        let size = width / self.heads;
        let scale = 1.0 / (size as f32).sqrt();
        for head in 0..self.heads {
            let part = |which: usize| {
                let start = which * width + head * size;
                Window::new(&room.joint, sentence.clone(), start..start + size)
            };
            windows_product(part(0), part(1), true, &mut room.scores);
            for row in room.scores.chunks_exact_mut(sentence.len()) {
                for score in row.iter_mut() {
                    *score *= scale;
                }
                softmax(row);
            }
            let scores =
                Window { data: &room.scores, rows: sentence.len(), width: sentence.len(), stride: sentence.len() };
            windows_product(scores, part(2), false, &mut room.values);
            for (at, values) in sentence.clone().zip(room.values.chunks_exact(size)) {
                room.mixed.row_mut(at)[head * size..(head + 1) * size].copy_from_slice(values);
            }
        }
    }
}
