//! Linear scorers over hashed features, with sparse 8-bit weights.
//!
//! Features are hashed by FNV-1a (64 bits) and known by a 32-bit fingerprint.

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

/// Row of a feature in a table of `rows` (a power of two) rows.
pub fn row(feature: u64, rows: usize) -> usize {
    ((feature ^ (feature >> 29)) as usize) & (rows - 1)
}

/// The 32 bits by which a feature is known in the tables.
fn fingerprint(feature: u64) -> u32 {
    (feature ^ (feature >> 32)) as u32
}

/// An open-addressing table from fingerprints to rows.
#[derive(Debug, Clone, PartialEq)]
struct Table {
    slots: Vec<(u32, u32)>,
    filled: usize,
}

const FREE: u32 = u32::MAX;

impl Table {
    fn new(rows: usize) -> Self {
        Self { slots: vec![(0, FREE); (rows * 2).next_power_of_two().max(16)], filled: 0 }
    }

    fn slot(&self, key: u32) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = (key.wrapping_mul(0x9e37_79b1) >> 7) as usize & mask;
        while self.slots[at].1 != FREE && self.slots[at].0 != key {
            at = (at + 1) & mask;
        }
        at
    }

    fn get(&self, key: u32) -> Option<usize> {
        let row = self.slots[self.slot(key)].1;
        (row != FREE).then_some(row as usize)
    }

    fn insert(&mut self, key: u32, row: usize) {
        if (self.filled + 1) * 3 > self.slots.len() * 2 {
            let old = std::mem::replace(self, Self::new(self.slots.len()));
            for (key, row) in old.slots.into_iter().filter(|s| s.1 != FREE) {
                self.insert(key, row as usize);
            }
        }
        let at = self.slot(key);
        self.filled += usize::from(self.slots[at].1 == FREE);
        self.slots[at] = (key, row as u32);
    }
}

/// A linear scorer: for each feature a sparse row of 8-bit weights for the labels.
///
/// A feature that was not kept in training scores nothing; the fingerprints keep it from another feature's row.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    labels: Vec<String>,
    keys: Vec<u32>,
    table: Table,
    starts: Vec<u32>,
    entries: Vec<(u8, i8)>,
}

const MAGIC: &[u8; 8] = b"KHLINEAR";
const VERSION: u32 = 2;

impl Linear {
    /// Packs rows of weights (fingerprint; label and weight) into sparse 8-bit rows.
    pub fn pack(labels: Vec<String>, mut rows: Vec<(u32, Vec<(u8, f32)>)>) -> Self {
        rows.sort_unstable_by_key(|r| r.0);
        let mut sizes: Vec<f32> = rows.iter().flat_map(|r| r.1.iter().map(|e| e.1.abs())).collect();
        sizes.sort_unstable_by(f32::total_cmp);
        // The few largest weights may saturate: the rest keeps more of its exactness.
        let largest = sizes.get(sizes.len().saturating_sub(1 + sizes.len() / 2000)).copied().unwrap_or(1.0).max(1e-9);
        let scale = 127.0 / largest;
        let (mut keys, mut starts, mut entries) = (Vec::new(), vec![0], Vec::new());
        for (key, row) in rows {
            let before = entries.len();
            for (label, weight) in row {
                let packed = (weight * scale).round().clamp(-127.0, 127.0) as i8;
                if packed != 0 {
                    entries.push((label, packed));
                }
            }
            if entries.len() > before {
                keys.push(key);
                starts.push(entries.len() as u32);
            }
        }
        Self::from_rows(labels, keys, starts, entries)
    }

    fn from_rows(labels: Vec<String>, keys: Vec<u32>, starts: Vec<u32>, entries: Vec<(u8, i8)>) -> Self {
        let mut table = Table::new(keys.len());
        for (row, &key) in keys.iter().enumerate() {
            table.insert(key, row);
        }
        Self { labels, keys, table, starts, entries }
    }

    fn row(&self, feature: u64) -> &[(u8, i8)] {
        match self.table.get(fingerprint(feature)) {
            Some(row) => &self.entries[self.starts[row] as usize..self.starts[row + 1] as usize],
            None => &[],
        }
    }

    /// Score of a single label.
    pub fn score_one(&self, features: &[u64], label: usize) -> i32 {
        let weights = features.iter().flat_map(|&f| self.row(f));
        weights.filter(|&&(l, _)| l as usize == label).map(|&(_, weight)| i32::from(weight)).sum()
    }

    /// Appends the scorer to `out`, little-endian: magic, version, number of labels, labels with their lengths, number
    /// of rows, fingerprints in order, numbers of weights, labels of the weights, weights.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&(self.labels.len() as u32).to_le_bytes());
        for label in &self.labels {
            out.extend_from_slice(&(label.len() as u32).to_le_bytes());
            out.extend_from_slice(label.as_bytes());
        }
        out.extend_from_slice(&(self.keys.len() as u32).to_le_bytes());
        out.extend(self.keys.iter().flat_map(|key| key.to_le_bytes()));
        out.extend(self.starts.windows(2).map(|w| (w[1] - w[0]) as u8));
        out.extend(self.entries.iter().map(|e| e.0));
        out.extend(self.entries.iter().map(|e| e.1 as u8));
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
        let number = |b: &[u8]| u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        if take(8)? != MAGIC || number(take(4)?) != VERSION {
            return Err(broken());
        }
        let count = number(take(4)?) as usize;
        if count == 0 || count > 255 {
            return Err(broken());
        }
        let mut labels = Vec::with_capacity(count);
        for _ in 0..count {
            let length = number(take(4)?) as usize;
            labels.push(String::from_utf8(take(length)?.to_vec()).map_err(|_| broken())?);
        }
        let rows = number(take(4)?) as usize;
        let keys: Vec<u32> = take(rows.saturating_mul(4))?.chunks_exact(4).map(number).collect();
        let mut starts = Vec::with_capacity(rows + 1);
        let mut total = 0_u32;
        starts.push(total);
        for &size in take(rows)? {
            total += u32::from(size);
            starts.push(total);
        }
        let names = take(total as usize)?;
        let weights = take(total as usize)?;
        if names.iter().any(|&label| label as usize >= count) || keys.windows(2).any(|w| w[0] >= w[1]) {
            return Err(broken());
        }
        let entries = names.iter().zip(weights).map(|(&label, &weight)| (label, weight as i8)).collect();
        Ok(Self::from_rows(labels, keys, starts, entries))
    }
}

/// A weight in training.
#[cfg(feature = "train")]
#[derive(Debug, Clone, Copy)]
struct Weight {
    label: u8,
    value: f32,
    /// Changes weighted by the step at which they were made, for the average.
    sum: f32,
}

/// Sparse weights while they are trained, with lazy averaging. Features too rare to trust get no weights.
#[cfg(feature = "train")]
#[derive(Debug)]
pub struct Trainer {
    table: Table,
    rows: Vec<(u32, Vec<Weight>)>,
    /// How often a feature was met, up to 255 (hashed; counted in the first pass only).
    counts: Vec<u8>,
    least: u8,
    counting: bool,
    steps: f32,
}

#[cfg(feature = "train")]
impl Trainer {
    /// No weights yet; features met fewer than `least` times get none.
    pub fn new(least: u8) -> Self {
        Self {
            table: Table::new(1 << 16),
            rows: Vec::new(),
            counts: vec![0; 1 << 24],
            least,
            counting: true,
            steps: 1.0,
        }
    }

    /// Ends the counting of features, after the first pass.
    pub fn stop_counting(&mut self) {
        self.counting = false;
    }

    /// Adds the current weights of the features to `scores`.
    pub fn score(&mut self, features: &[u64], scores: &mut [f32]) {
        for &feature in features {
            let key = fingerprint(feature);
            if self.counting {
                let count = &mut self.counts[key as usize & ((1 << 24) - 1)];
                *count = count.saturating_add(1);
            }
            if let Some(row) = self.table.get(key) {
                for weight in &self.rows[row].1 {
                    scores[weight.label as usize] += weight.value;
                }
            }
        }
    }

    /// One step: the features' weights for `label` change by `delta`.
    pub fn update(&mut self, features: &[u64], label: usize, delta: f32) {
        for &feature in features {
            let key = fingerprint(feature);
            if self.counts[key as usize & ((1 << 24) - 1)] < self.least {
                continue;
            }
            let row = self.table.get(key).unwrap_or_else(|| {
                self.rows.push((key, Vec::new()));
                self.table.insert(key, self.rows.len() - 1);
                self.rows.len() - 1
            });
            let weights = &mut self.rows[row].1;
            let sum = delta * self.steps;
            match weights.iter_mut().find(|w| w.label as usize == label) {
                Some(weight) => {
                    weight.value += delta;
                    weight.sum += sum;
                }
                None => weights.push(Weight { label: label as u8, value: delta, sum }),
            }
        }
    }

    /// Counts a decision, right or wrong.
    pub fn step(&mut self) {
        self.steps += 1.0;
    }

    /// The averaged weights, packed; weights below `threshold` are left out.
    pub fn finish(&self, labels: Vec<String>, threshold: f32) -> Linear {
        let average = |w: &Weight| (w.label, w.value - w.sum / self.steps);
        let rows = self.rows.iter().map(|(key, weights)| {
            let mut row: Vec<(u8, f32)> = weights.iter().map(average).filter(|w| w.1.abs() >= threshold).collect();
            row.sort_unstable_by_key(|w| w.0);
            (*key, row)
        });
        Linear::pack(labels, rows.filter(|r| !r.1.is_empty()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_weights_come_back() {
        let rows = vec![(9, vec![(1, 1.0)]), (3, vec![(0, -0.5), (2, 0.25)])];
        let linear = Linear::pack(vec!["a".into(), "b".into(), "c".into()], rows);
        let scores = [0, 1, 2].map(|label| linear.score_one(&[3, 4], label));
        assert!(scores[0] < 0 && scores[1] == 0 && scores[2] > 0, "{scores:?}");
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
