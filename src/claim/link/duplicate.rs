//! Near-duplicate articles: the same agency text with another headline, a cut, a changed word.
//!
//! Articles are sets of five-word shingles of their folded words. MinHash signatures of 128 values in 32 bands (A. Broder,
//! 1997; banding as in Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, ch. 3) find the pairs that may be alike,
//! without comparing all with all; for these the sets themselves are compared. Two articles that share less than about a
//! third of their shingles are hardly ever found, so that a short excerpt of a long article is none.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use unicode_segmentation::UnicodeSegmentation;

use crate::normalizer::match_key;

/// Words of a shingle.
const SHINGLE: usize = 5;
/// Values of a signature.
const VALUES: usize = 128;
/// Values of a band: two articles of Jaccard similarity s share a band with probability 1 − (1 − s⁴)³².
const BAND: usize = 4;
/// From this share of common shingles on, articles are near-duplicates.
const JACCARD: f64 = 0.5;
/// From this share of the shorter one's shingles on, it is a cut reprint.
const CONTAINED: f64 = 0.8;
/// Below this number of shingles, sharing them is chance: a headline, a notice.
const LEAST: usize = 20;

/// The prime 2⁶¹ − 1, modulus of the hash functions.
const PRIME: u64 = (1 << 61) - 1;

/// An article's shingles and signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shingles {
    /// Hashes of the shingles, sorted.
    hashes: Vec<u64>,
    signature: Vec<u64>,
}

/// Mixes 64 bits (the finalizer of `SplitMix64`, S. Vigna).
fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

fn word_hash(word: &str) -> u64 {
    let digest = Sha256::digest(word.as_bytes());
    u64::from_be_bytes([digest[0], digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7]])
}

/// `value * factor + shift` modulo the prime.
fn permuted(value: u64, factor: u64, shift: u64) -> u64 {
    let product = u128::from(value) * u128::from(factor) + u128::from(shift);
    (product % u128::from(PRIME)) as u64
}

impl Shingles {
    /// The shingles of a text.
    pub fn new(text: &str) -> Self {
        let mut known: HashMap<String, u64> = HashMap::new();
        let words: Vec<u64> = text
            .unicode_words()
            .map(|word| {
                let key = match_key(word);
                *known.entry(key).or_insert_with_key(|key| word_hash(key))
            })
            .collect();
        let mut hashes: Vec<u64> = words
            .windows(SHINGLE)
            .map(|words| words.iter().fold(0, |hash, word| mix(hash ^ word).wrapping_add(1)) % PRIME)
            .collect();
        hashes.sort_unstable();
        hashes.dedup();
        let signature = (0..VALUES as u64)
            .map(|number| {
                let (factor, shift) = (mix(2 * number + 1) % (PRIME - 1) + 1, mix(2 * number + 2) % PRIME);
                hashes.iter().map(|&hash| permuted(hash, factor, shift)).min().unwrap_or(PRIME)
            })
            .collect();
        Self { hashes, signature }
    }

    /// Share of common shingles among all (Jaccard), and among those of the shorter article.
    pub fn similarity(&self, other: &Self) -> (f64, f64) {
        let (mut i, mut j, mut common) = (0, 0, 0_usize);
        while let (Some(a), Some(b)) = (self.hashes.get(i), other.hashes.get(j)) {
            common += usize::from(a == b);
            i += usize::from(a <= b);
            j += usize::from(b <= a);
        }
        let all = self.hashes.len() + other.hashes.len() - common;
        let least = self.hashes.len().min(other.hashes.len());
        let ratio = |whole: usize| if whole == 0 { 0.0 } else { common as f64 / whole as f64 };
        (ratio(all), ratio(least))
    }
}

/// Two articles by their places in the list, the smaller first, with their similarity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The first article.
    pub a: usize,
    /// The second.
    pub b: usize,
    /// Share of common shingles among all.
    pub jaccard: f64,
    /// Share of the shorter one's shingles that the other has.
    pub contained: f64,
}

/// The near-duplicates among articles, each pair once, sorted.
///
/// Of many alike, each is compared with the first ones of its band only; that joins them all the same.
pub fn pairs(articles: &[Shingles]) -> Vec<Pair> {
    const COMPARED: usize = 8;
    let mut candidates: Vec<(usize, usize)> = Vec::new();
    for band in 0..VALUES / BAND {
        let mut order: Vec<(&[u64], usize)> = articles
            .iter()
            .enumerate()
            .filter(|(_, article)| article.hashes.len() >= LEAST)
            .map(|(at, article)| (&article.signature[band * BAND..(band + 1) * BAND], at))
            .collect();
        order.sort_unstable();
        for alike in order.chunk_by(|a, b| a.0 == b.0) {
            for (place, &(_, b)) in alike.iter().enumerate() {
                candidates.extend(alike[..place.min(COMPARED)].iter().map(|&(_, a)| (a, b)));
            }
        }
    }
    candidates.sort_unstable();
    candidates.dedup();
    candidates
        .into_iter()
        .filter_map(|(a, b)| {
            let (jaccard, contained) = articles[a].similarity(&articles[b]);
            (jaccard >= JACCARD || contained >= CONTAINED).then_some(Pair { a, b, jaccard, contained })
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn text(seed: usize, words: usize) -> String {
        let word = |at| format!("w{}", mix((seed * 1000 + at) as u64) % 5000);
        (0..words).map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn reprints_are_found_and_others_not() {
        let original = text(1, 300);
        let changed: Vec<&str> = original.split_whitespace().collect();
        let mut reprint = changed.clone();
        reprint[100] = "else";
        reprint[200] = "other";
        let cut = changed[..180].join(" ");
        let all = [original.clone(), format!("Another headline {}", reprint.join(" ")), cut, text(2, 300), text(3, 10)];
        let shingles: Vec<Shingles> = all.iter().map(|text| Shingles::new(text)).collect();
        let found: Vec<(usize, usize)> = pairs(&shingles).iter().map(|pair| (pair.a, pair.b)).collect();
        assert_eq!(found, [(0, 1), (0, 2), (1, 2)]);
        assert!((pairs(&shingles)[1].contained - 1.0).abs() < 1e-12);
    }

    #[test]
    fn spelling_variants_fold() {
        let (a, b): (Vec<String>, Vec<String>) =
            (0..60).map(|at| (format!("أحمد{at} الصينية"), format!("احمد{at} الصينيّه"))).unzip();
        let (a, b) = (Shingles::new(&a.join(" ")), Shingles::new(&b.join(" ")));
        assert_eq!(a.similarity(&b), (1.0, 1.0));
        assert_eq!(Shingles::new("").similarity(&a), (0.0, 0.0));
    }

    #[test]
    fn many_copies_do_not_take_quadratic_time() {
        let shingles = vec![Shingles::new(&text(1, 100)); 2000];
        assert!(pairs(&shingles).len() <= 2000 * 8);
    }
}
