//! Learning word classes: contexts weighted by positive pointwise mutual information, reduced by a truncated singular
//! value decomposition (subspace iteration), grouped by spherical k-means.

use std::collections::HashMap;

use super::Random;
use crate::network::cluster::Clusters;

const WORDS: usize = 40_000;
const CONTEXTS: usize = 800;
const DIMENSIONS: usize = 50;
const CLASSES: usize = 220;

/// Learns classes from running text given as keys, in order.
pub fn learn<'a>(keys: impl Iterator<Item = &'a str>, seed: u64) -> Clusters {
    let mut index: HashMap<&str, u32> = HashMap::new();
    let mut names: Vec<&str> = Vec::new();
    let mut counts: Vec<u32> = Vec::new();
    let mut text: Vec<u32> = Vec::new();
    for key in keys {
        let id = *index.entry(key).or_insert_with(|| {
            names.push(key);
            counts.push(0);
            names.len() as u32 - 1
        });
        counts[id as usize] += 1;
        text.push(id);
    }
    let mut order: Vec<u32> = (0..names.len() as u32).filter(|&id| counts[id as usize] >= 10).collect();
    order.sort_unstable_by_key(|&id| (std::cmp::Reverse(counts[id as usize]), names[id as usize]));
    order.truncate(WORDS);
    if order.len() < CLASSES * 4 {
        return Clusters::default();
    }
    let mut rank = vec![u32::MAX; names.len()];
    for (at, &id) in order.iter().enumerate() {
        rank[id as usize] = at as u32;
    }
    let ranks: Vec<u32> = text.iter().map(|&id| rank[id as usize]).collect();
    let rows = contexts(&ranks, order.len());
    let vectors = reduce(&rows, seed);
    let classes = group(&vectors);
    Clusters::new(order.iter().zip(classes).map(|(&id, class)| (names[id as usize], class)))
}

/// For each word its contexts (left neighbours, then right ones) with their weights.
fn contexts(ranks: &[u32], words: usize) -> Vec<Vec<(u32, f32)>> {
    let mut pairs: Vec<u64> = Vec::new();
    for pair in ranks.windows(2) {
        let (left, right) = (pair[0], pair[1]);
        if left != u32::MAX && right != u32::MAX {
            if (left as usize) < CONTEXTS {
                pairs.push(u64::from(right) << 32 | u64::from(left));
            }
            if (right as usize) < CONTEXTS {
                pairs.push(u64::from(left) << 32 | (u64::from(right) + CONTEXTS as u64));
            }
        }
    }
    pairs.sort_unstable();
    let mut word_total = vec![0.0_f64; words];
    let mut context_total = vec![0.0_f64; CONTEXTS * 2];
    for &pair in &pairs {
        word_total[(pair >> 32) as usize] += 1.0;
        context_total[(pair & 0xffff_ffff) as usize] += 1.0;
    }
    let total = pairs.len() as f64;
    let mut rows = vec![Vec::new(); words];
    for run in pairs.chunk_by(|a, b| a == b) {
        let (word, context) = ((run[0] >> 32) as usize, (run[0] & 0xffff_ffff) as usize);
        let weight = (run.len() as f64 * total / (word_total[word] * context_total[context])).ln();
        if weight > 0.0 {
            rows[word].push((context as u32, weight as f32));
        }
    }
    rows
}

fn reduce(rows: &[Vec<(u32, f32)>], seed: u64) -> Vec<[f32; DIMENSIONS]> {
    let mut random = Random(seed);
    let mut basis: Vec<[f32; DIMENSIONS]> =
        (0..CONTEXTS * 2).map(|_| std::array::from_fn(|_| random.chance() as f32 - 0.5)).collect();
    let project = |basis: &[[f32; DIMENSIONS]]| -> Vec<[f32; DIMENSIONS]> {
        let one = |row: &Vec<(u32, f32)>| {
            let mut sum = [0.0_f32; DIMENSIONS];
            for &(context, weight) in row {
                for (s, b) in sum.iter_mut().zip(&basis[context as usize]) {
                    *s += weight * b;
                }
            }
            sum
        };
        rows.iter().map(one).collect()
    };
    for _ in 0..4 {
        let vectors = project(&basis);
        basis.fill([0.0; DIMENSIONS]);
        for (row, vector) in rows.iter().zip(&vectors) {
            for &(context, weight) in row {
                for (b, v) in basis[context as usize].iter_mut().zip(vector) {
                    *b += weight * v;
                }
            }
        }
        orthonormalize(&mut basis);
    }
    let mut vectors = project(&basis);
    for vector in &mut vectors {
        normalize(vector);
    }
    vectors
}

fn orthonormalize(basis: &mut [[f32; DIMENSIONS]]) {
    for column in 0..DIMENSIONS {
        for before in 0..column {
            let dot: f32 = basis.iter().map(|row| row[column] * row[before]).sum();
            for row in basis.iter_mut() {
                row[column] -= dot * row[before];
            }
        }
        let length = basis.iter().map(|row| row[column] * row[column]).sum::<f32>().sqrt().max(1e-12);
        for row in basis.iter_mut() {
            row[column] /= length;
        }
    }
}

fn normalize(vector: &mut [f32; DIMENSIONS]) {
    let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-12);
    for v in vector {
        *v /= length;
    }
}

fn group(vectors: &[[f32; DIMENSIONS]]) -> Vec<u8> {
    // Words of all frequencies among the first quarter start a class each.
    let stride = (vectors.len() / 4 / CLASSES).max(1);
    let mut centres: Vec<[f32; DIMENSIONS]> = (0..CLASSES).map(|c| vectors[c * stride]).collect();
    let mut classes = vec![0_u8; vectors.len()];
    for _ in 0..12 {
        for (class, vector) in classes.iter_mut().zip(vectors) {
            let mut best = (f32::MIN, 0);
            for (at, centre) in centres.iter().enumerate() {
                let dot: f32 = centre.iter().zip(vector).map(|(a, b)| a * b).sum();
                if dot > best.0 {
                    best = (dot, at);
                }
            }
            *class = best.1 as u8 + 1;
        }
        let mut sums = vec![[0.0_f32; DIMENSIONS]; CLASSES];
        for (&class, vector) in classes.iter().zip(vectors) {
            for (s, v) in sums[class as usize - 1].iter_mut().zip(vector) {
                *s += v;
            }
        }
        for (centre, mut sum) in centres.iter_mut().zip(sums) {
            if sum.iter().any(|v| *v != 0.0) {
                normalize(&mut sum);
                *centre = sum;
            }
        }
    }
    classes
}
