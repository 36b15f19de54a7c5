//! An encoder over whole words: a vector from a table of frequent words and from hashed letter groups, then blocks of a
//! convolution and a transformer layer.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::encoder::{Layer, Room};
use super::matrix::{Dense, Norm, Rows, Table};
use super::shape::{LayerShape, Shape};
use super::weights::Weights;
use crate::error::Result;

/// Letters of a word of which groups are taken.
const MOST_LETTERS: usize = 24;

/// Kinds of words that the lists of names hold: given names, surnames, places, parts of their names.
const LISTS: usize = 4;

/// The encoder.
#[derive(Debug)]
pub struct WordEncoder {
    tables: Tables,
    norm: Norm,
    blocks: Blocks,
}

/// What a vector of a word is made of.
#[derive(Debug)]
pub struct Tables {
    words: Table,
    places: HashMap<u64, usize>,
    groups: Table,
    buckets: usize,
    /// For each word of the lists a bit for each of its kinds.
    lists: HashMap<u64, u8>,
}

impl Tables {
    /// Takes the tensors of the tables.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Model`] if one is missing or has another shape.
    pub fn read(weights: &Weights<'static>, width: usize, words: usize, listed: usize, buckets: usize) -> Result<Self> {
        let kinds = weights.bytes("list.kinds", &[listed])?;
        Ok(Self {
            // The first row is for all other words.
            words: Table::read(weights, "word", words + 1, width)?,
            places: weights.longs("word.keys", &[words])?.into_iter().zip(1..).collect(),
            // The rows behind the hashed ones are for the kinds of names.
            groups: Table::read(weights, "group", buckets + LISTS, width)?,
            buckets,
            lists: weights.longs("list.keys", &[listed])?.into_iter().zip(kinds.iter().copied()).collect(),
        })
    }

    /// Numbers of a vector.
    pub fn width(&self) -> usize {
        self.words.width()
    }

    /// Adds up the vectors of a word; the empty word is the root.
    pub fn add(&self, form: &str, row: &mut [f32], letters: &mut Vec<char>) {
        let same = form.chars().all(|c| c.to_lowercase().eq([c]));
        let lowered = if same { Cow::Borrowed(form) } else { Cow::Owned(form.to_lowercase()) };
        let place = |word: &str| self.places.get(&fnv(word.chars()));
        self.words.add(place(form).or_else(|| place(&lowered)).copied().unwrap_or(0), row);
        let mut put = |hash| self.groups.add((hash % self.buckets as u64) as usize, row);
        letter_groups(form, &lowered, letters, &mut put);
        let kinds = self.kinds(form, &lowered);
        for kind in (0..LISTS).filter(|kind| kinds >> kind & 1 == 1) {
            self.groups.add(self.buckets + kind, row);
        }
    }

    /// The kinds of names that the lists hold a word as, with or without the Arabic article; in letters with case only if it begins with a
    /// capital.
    fn kinds(&self, form: &str, lowered: &str) -> u8 {
        let Some(first) = form.chars().next() else { return 0 };
        let kinds = |word: &str| self.lists.get(&fnv(word.chars().map(folded))).copied().unwrap_or(0);
        if ('\u{620}'..='\u{64a}').contains(&first) {
            match (kinds(lowered), lowered.strip_prefix("ال")) {
                (0, Some(bare)) => kinds(bare),
                (found, _) => found,
            }
        } else if !lowered.starts_with(first) {
            kinds(lowered)
        } else {
            0
        }
    }
}

/// Blocks of a convolution over three words and a transformer layer.
#[derive(Debug)]
pub struct Blocks {
    blocks: Vec<Block>,
    shape: LayerShape,
}

#[derive(Debug)]
struct Block {
    mix: Dense,
    norm: Norm,
    layer: Layer,
}

impl Blocks {
    /// Takes the tensors of so many blocks.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Model`] if one is missing or has another shape.
    pub fn read(weights: &Weights<'_>, shape: LayerShape, blocks: usize) -> Result<Self> {
        let width = shape.hidden;
        let block = |n: usize| {
            Ok(Block {
                mix: Dense::read(weights, &format!("blocks.{n}.mix"), width, 3 * width)?,
                norm: Norm::read(weights, &format!("blocks.{n}.norm"), width, shape.epsilon)?,
                layer: Layer::read(weights, &format!("blocks.{n}.layer"), shape)?,
            })
        };
        Ok(Self { blocks: (0..blocks).map(block).collect::<Result<_>>()?, shape })
    }

    /// Replaces the rows by what the blocks make of them; rows of a range see each other.
    pub fn apply(&self, rows: &mut Rows, ranges: &[Range<usize>]) {
        let mut room = Room::default();
        let mut around = Rows::default();
        for block in &self.blocks {
            neighbours(rows, ranges, &mut around);
            block.mix.apply(&around, &mut room.out, &mut room.scratch);
            room.out.activate(self.shape.activation);
            block.norm.apply(rows, Some(&room.out));
            block.layer.apply(rows, ranges, &mut room);
        }
    }
}

impl WordEncoder {
    /// Takes the tensors of the blocks.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Model`] if one is missing or has another shape.
    pub fn read(weights: &Weights<'static>, shape: &Shape, tables: Tables, blocks: usize) -> Result<Self> {
        Ok(Self {
            tables,
            norm: Norm::read(weights, "norm", shape.layer.hidden, shape.layer.epsilon)?,
            blocks: Blocks::read(weights, shape.layer, blocks)?,
        })
    }

    /// What its vectors of words are made of.
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// A vector for the root and one for each word of each sentence, laid end to end, and the rows of each sentence.
    pub fn encode(&self, sentences: &[&[&str]]) -> (Rows, Vec<Range<usize>>) {
        let mut ranges = Vec::with_capacity(sentences.len());
        let mut end = 0;
        for sentence in sentences {
            ranges.push(end..end + sentence.len() + 1);
            end += sentence.len() + 1;
        }
        let mut rows = Rows::zeros(end, self.blocks.shape.hidden);
        let mut letters = Vec::new();
        for (sentence, range) in sentences.iter().zip(&ranges) {
            self.tables.add("", rows.row_mut(range.start), &mut letters);
            for (form, at) in sentence.iter().zip(range.start + 1..) {
                self.tables.add(form, rows.row_mut(at), &mut letters);
            }
        }
        self.norm.apply(&mut rows, None);
        self.blocks.apply(&mut rows, &ranges);
        (rows, ranges)
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
fn letter_groups(form: &str, lowered: &str, letters: &mut Vec<char>, put: &mut impl FnMut(u64)) {
    if form.is_empty() {
        return put(fnv(['\0'].into_iter()));
    }
    let kind = if form != lowered && form.chars().nth(1).is_some() && form.chars().all(|c| c.to_uppercase().eq([c])) {
        'A'
    } else if form.chars().next() != lowered.chars().next() {
        'C'
    } else if form.chars().any(is_digit) {
        'd'
    } else {
        'x'
    };
    put(fnv(['k', kind].into_iter()));
    letters.clear();
    letters.extend(lowered.chars());
    let n = letters.len();
    put(fnv(std::iter::once('f').chain(letters.iter().copied().map(folded))));
    for count in 1..=n.min(4) {
        put(fnv(std::iter::once('p').chain(letters[..count].iter().copied())));
        put(fnv(std::iter::once('s').chain(letters[n - count..].iter().copied())));
    }
    letters.clear();
    letters.push('^');
    letters.extend(lowered.chars().take(MOST_LETTERS).map(folded));
    letters.push('$');
    for group in letters.windows(3) {
        put(fnv(std::iter::once('t').chain(group.iter().copied())));
    }
}
