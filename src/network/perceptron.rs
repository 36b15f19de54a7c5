//! Linear scorers over hashed features, with sparse 8-bit weights.

use crate::error::{Error, ErrorKind, Result};

/// FNV-1a over the bytes of the parts, 64 bits, with a separator between parts: stable between versions and machines.
pub fn hash(template: u8, parts: &[&str]) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325_u64 ^ u64::from(template);
    state = state.wrapping_mul(0x0100_0000_01b3);
    for part in parts {
        for &byte in part.as_bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        state = (state ^ 0x1f).wrapping_mul(0x0100_0000_01b3);
    }
    state
}

/// Combines hashes of parts that were hashed before.
pub fn combine(template: u64, parts: &[u64]) -> u64 {
    let mut state = (template + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for &part in parts {
        state = (state ^ part).wrapping_mul(0xff51_afd7_ed55_8ccd);
        state ^= state >> 32;
    }
    state
}

/// Row of a feature in a table of `rows` (a power of two) rows.
pub fn row(feature: u64, rows: usize) -> usize {
    ((feature ^ (feature >> 29)) as usize) & (rows - 1)
}

/// A linear scorer: for each feature a sparse row of 8-bit weights for the labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    labels: Vec<String>,
    rows: usize,
    starts: Vec<u32>,
    entries: Vec<(u8, i8)>,
}

const MAGIC: &[u8; 8] = b"KHLINEAR";
const VERSION: u32 = 1;

impl Linear {
    /// Packs dense weights (`rows` × labels) into sparse 8-bit rows.
    pub fn pack(labels: Vec<String>, rows: usize, weights: &[f32]) -> Self {
        let width = labels.len();
        let largest = weights.iter().fold(0.0_f32, |m, w| m.max(w.abs())).max(1e-9);
        // The few largest weights may saturate: the rest keeps more of its exactness.
        let scale = 127.0 / (largest * 0.7);
        let mut starts = Vec::with_capacity(rows + 1);
        let mut entries = Vec::new();
        for at in 0..rows {
            starts.push(entries.len() as u32);
            for (label, &weight) in weights[at * width..(at + 1) * width].iter().enumerate() {
                let packed = (weight * scale).round().clamp(-127.0, 127.0) as i8;
                if packed != 0 {
                    entries.push((label as u8, packed));
                }
            }
        }
        starts.push(entries.len() as u32);
        Self { labels, rows, starts, entries }
    }

    /// Names of the labels; a label is an index into them.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Adds the weights of the features to `scores`, which has one place for each label.
    pub fn score(&self, features: &[u64], scores: &mut [i32]) {
        for &feature in features {
            let at = row(feature, self.rows);
            let (start, end) = (self.starts[at] as usize, self.starts[at + 1] as usize);
            for &(label, weight) in &self.entries[start..end] {
                scores[label as usize] += i32::from(weight);
            }
        }
    }

    /// Score of a single label.
    pub fn score_one(&self, features: &[u64], label: usize) -> i32 {
        let mut score = 0;
        for &feature in features {
            let at = row(feature, self.rows);
            for &(l, weight) in &self.entries[self.starts[at] as usize..self.starts[at + 1] as usize] {
                if l as usize == label {
                    score += i32::from(weight);
                }
            }
        }
        score
    }

    /// Appends the scorer to `out`: magic, version, labels, rows, number of weights a row, labels and weights.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&(self.labels.len() as u32).to_le_bytes());
        for label in &self.labels {
            out.extend_from_slice(&(label.len() as u32).to_le_bytes());
            out.extend_from_slice(label.as_bytes());
        }
        out.extend_from_slice(&(self.rows as u32).to_le_bytes());
        for at in 0..self.rows {
            out.push((self.starts[at + 1] - self.starts[at]) as u8);
        }
        for &(label, weight) in &self.entries {
            out.push(label);
            out.push(weight as u8);
        }
    }

    /// Reads a scorer from the front of `bytes` and moves `bytes` behind it.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if the bytes are not of that form.
    pub fn read(bytes: &mut &[u8]) -> Result<Self> {
        let broken = || Error::new(ErrorKind::Model, "the weights are cut off or of another version");
        let mut take = |n: usize| -> Result<&[u8]> {
            let (front, rest) = bytes.split_at_checked(n).ok_or_else(broken)?;
            *bytes = rest;
            Ok(front)
        };
        let number = |b: &[u8]| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize;
        if take(8)? != MAGIC || number(take(4)?) != VERSION as usize {
            return Err(broken());
        }
        let count = number(take(4)?);
        if count == 0 || count > 255 {
            return Err(broken());
        }
        let mut labels = Vec::with_capacity(count);
        for _ in 0..count {
            let length = number(take(4)?);
            labels.push(String::from_utf8(take(length)?.to_vec()).map_err(|_| broken())?);
        }
        let rows = number(take(4)?);
        if !rows.is_power_of_two() {
            return Err(broken());
        }
        let mut starts = Vec::with_capacity(rows + 1);
        let mut total = 0_u32;
        for &size in take(rows)? {
            starts.push(total);
            total += u32::from(size);
        }
        starts.push(total);
        let entries: Vec<(u8, i8)> = take(total as usize * 2)?.chunks_exact(2).map(|c| (c[0], c[1] as i8)).collect();
        if entries.iter().any(|&(label, _)| label as usize >= count) {
            return Err(broken());
        }
        Ok(Self { labels, rows, starts, entries })
    }
}

/// Dense weights while they are trained, with lazy averaging.
#[cfg(feature = "train")]
#[derive(Debug)]
pub struct Trainer {
    rows: usize,
    width: usize,
    weights: Vec<f32>,
    sums: Vec<f32>,
    steps: f32,
}

#[cfg(feature = "train")]
impl Trainer {
    /// Zero weights; `rows` is a power of two.
    pub fn new(rows: usize, width: usize) -> Self {
        assert!(rows.is_power_of_two() && width <= 255, "rows are a power of two, labels fit a byte");
        Self { rows, width, weights: vec![0.0; rows * width], sums: vec![0.0; rows * width], steps: 1.0 }
    }

    /// Adds the current weights of the features to `scores`.
    pub fn score(&self, features: &[u64], scores: &mut [f32]) {
        for &feature in features {
            let at = row(feature, self.rows) * self.width;
            for (score, weight) in scores.iter_mut().zip(&self.weights[at..at + self.width]) {
                *score += weight;
            }
        }
    }

    /// One step: the features' weights for `label` change by `delta`.
    pub fn update(&mut self, features: &[u64], label: usize, delta: f32) {
        for &feature in features {
            let at = row(feature, self.rows) * self.width + label;
            self.weights[at] += delta;
            self.sums[at] += delta * self.steps;
        }
    }

    /// Counts a decision, right or wrong.
    pub fn step(&mut self) {
        self.steps += 1.0;
    }

    /// The averaged weights, packed; weights below `threshold` of the largest are left out.
    pub fn finish(&self, labels: Vec<String>, threshold: f32) -> Linear {
        let averaged: Vec<f32> = self
            .weights
            .iter()
            .zip(&self.sums)
            .map(|(w, s)| w - s / self.steps)
            .map(|w| if w.abs() < threshold { 0.0 } else { w })
            .collect();
        Linear::pack(labels, self.rows, &averaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_weights_come_back() {
        let mut weights = vec![0.0; 8 * 3];
        weights[4] = 1.0;
        weights[21] = -0.5;
        let linear = Linear::pack(vec!["a".into(), "b".into(), "c".into()], 8, &weights);
        let mut bytes = Vec::new();
        linear.write(&mut bytes);
        assert_eq!(Linear::read(&mut bytes.as_slice()).expect("just written"), linear);
        assert!(Linear::read(&mut &bytes[..bytes.len() - 1]).is_err());
        assert!(Linear::read(&mut &b"KHLINEARx"[..]).is_err());
    }

    #[test]
    fn hashes_are_stable() {
        assert_eq!(hash(1, &["a", "b"]), hash(1, &["a", "b"]));
        assert_ne!(hash(1, &["ab"]), hash(1, &["a", "b"]));
        assert_eq!(hash(0, &[]), 0xcbf2_9ce4_8422_2325_u64.wrapping_mul(0x0100_0000_01b3));
    }
}
