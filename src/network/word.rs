//! An encoder over whole words: a vector from a table of frequent words and from hashed letter groups, then blocks of a
//! convolution and a transformer layer.

use std::collections::HashMap;
use std::ops::Range;

use super::encoder::{Layer, Room};
use super::matrix::{Dense, Norm, Rows, Table};
use super::shape::{Activation, Shape};
use super::weights::Weights;
use crate::error::Result;

/// Letters of a word of which groups are taken.
const MOST_LETTERS: usize = 24;

/// The encoder.
#[derive(Debug)]
pub struct WordEncoder {
    words: &'static [u8],
    word_scales: Vec<f32>,
    places: HashMap<u64, usize>,
    groups: &'static [u8],
    group_scales: Vec<f32>,
    norm: Norm,
    blocks: Vec<Block>,
    activation: Activation,
    width: usize,
}

#[derive(Debug)]
struct Block {
    mix: Dense,
    norm: Norm,
    layer: Layer,
}

impl WordEncoder {
    /// Takes the tensors of the encoder.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Model`] if one is missing or has another shape.
    pub fn read(
        weights: &Weights<'static>,
        shape: &Shape,
        words: usize,
        buckets: usize,
        blocks: usize,
    ) -> Result<Self> {
        let width = shape.hidden;
        let block = |n: usize| {
            Ok(Block {
                mix: Dense::read(weights, &format!("blocks.{n}.mix"), width, 3 * width)?,
                norm: Norm::read(weights, &format!("blocks.{n}.norm"), width, shape.epsilon)?,
                layer: Layer::read(weights, &format!("blocks.{n}.layer"), shape)?,
            })
        };
        Ok(Self {
            // The first row is for all other words.
            words: weights.bytes("word.weight", &[words + 1, width])?,
            word_scales: weights.floats("word.scale", &[words + 1])?,
            places: weights.longs("word.keys", &[words])?.into_iter().zip(1..).collect(),
            groups: weights.bytes("group.weight", &[buckets, width])?,
            group_scales: weights.floats("group.scale", &[buckets])?,
            norm: Norm::read(weights, "norm", width, shape.epsilon)?,
            blocks: (0..blocks).map(block).collect::<Result<_>>()?,
            activation: shape.activation,
            width,
        })
    }

    /// A vector for the root and one for each word of each sentence, laid end to end, and the rows of each sentence.
    pub fn encode(&self, sentences: &[&[&str]]) -> (Rows, Vec<Range<usize>>) {
        let mut ranges = Vec::with_capacity(sentences.len());
        let mut end = 0;
        for sentence in sentences {
            ranges.push(end..end + sentence.len() + 1);
            end += sentence.len() + 1;
        }
        let mut rows = Rows::zeros(end, self.width);
        for (sentence, range) in sentences.iter().zip(&ranges) {
            self.start("", rows.row_mut(range.start));
            for (form, at) in sentence.iter().zip(range.start + 1..) {
                self.start(form, rows.row_mut(at));
            }
        }
        self.norm.apply(&mut rows, None);
        let mut room = Room::default();
        let mut around = Rows::default();
        for block in &self.blocks {
            neighbours(&rows, &ranges, &mut around);
            block.mix.apply(&around, &mut room.out, &mut room.scratch);
            room.out.activate(self.activation);
            block.norm.apply(&mut rows, Some(&room.out));
            block.layer.apply(&mut rows, &ranges, &mut room);
        }
        (rows, ranges)
    }

    /// Adds up the vectors of a word; the empty word is the root.
    fn start(&self, form: &str, row: &mut [f32]) {
        let words = Table { bytes: self.words, scales: &self.word_scales, width: self.width };
        let groups = Table { bytes: self.groups, scales: &self.group_scales, width: self.width };
        let buckets = self.group_scales.len() as u64;
        let lowered = form.to_lowercase();
        let place = |word: &str| self.places.get(&fnv(word.chars()));
        words.add(place(form).or_else(|| place(&lowered)).copied().unwrap_or(0), row);
        letter_groups(form, &lowered, &mut |hash| groups.add((hash % buckets) as usize, row));
    }
}

/// Each row between the row before and the row after it; beyond a sentence there are zeros.
fn neighbours(rows: &Rows, sentences: &[Range<usize>], out: &mut Rows) {
    let width = rows.width;
    out.width = 3 * width;
    out.data.resize(rows.data.len() * 3, 0.0);
    for sentence in sentences {
        for at in sentence.clone() {
            let (before, rest) = out.row_mut(at).split_at_mut(width);
            let (own, behind) = rest.split_at_mut(width);
            if at > sentence.start {
                before.copy_from_slice(rows.row(at - 1));
            } else {
                before.fill(0.0);
            }
            own.copy_from_slice(rows.row(at));
            if at + 1 < sentence.end {
                behind.copy_from_slice(rows.row(at + 1));
            } else {
                behind.fill(0.0);
            }
        }
    }
}

/// FNV-1a, 64 bits, over the UTF-8 of letters.
fn fnv(letters: impl Iterator<Item = char>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for letter in letters {
        for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || ('٠'..='٩').contains(&c)
}

/// Letters that are often confused become one, digits 0.
fn folded(c: char) -> char {
    match c {
        'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
        'ى' | 'ئ' => 'ي',
        'ة' => 'ه',
        'ؤ' => 'و',
        c if is_digit(c) => '0',
        c => c,
    }
}

/// Hashes of how a word is written, of its folded form, of its beginnings and ends (up to four letters) and of its runs of
/// three letters; the training code makes the same (`model.letter_groups`).
fn letter_groups(form: &str, lowered: &str, put: &mut dyn FnMut(u64)) {
    if form.is_empty() {
        return put(fnv(['\0'].into_iter()));
    }
    let kind = if form != lowered && form.chars().nth(1).is_some() && form == form.to_uppercase() {
        'A'
    } else if form.chars().next() != lowered.chars().next() {
        'C'
    } else if form.chars().any(is_digit) {
        'd'
    } else {
        'x'
    };
    let letters: Vec<char> = lowered.chars().collect();
    let n = letters.len();
    put(fnv(['k', kind].into_iter()));
    put(fnv(std::iter::once('f').chain(letters.iter().copied().map(folded))));
    for count in 1..=n.min(4) {
        put(fnv(std::iter::once('p').chain(letters[..count].iter().copied())));
        put(fnv(std::iter::once('s').chain(letters[n - count..].iter().copied())));
    }
    let inner = letters.iter().take(MOST_LETTERS).copied().map(folded);
    let around: Vec<char> = std::iter::once('^').chain(inner).chain(['$']).collect();
    for group in around.windows(3) {
        put(fnv(std::iter::once('t').chain(group.iter().copied())));
    }
}
