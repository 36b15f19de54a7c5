//! Classes of words that stand in like contexts, learned from raw text: what is known of a word that the treebanks lack.

use super::perceptron::hash;
use crate::error::{Error, ErrorKind, Result};

/// The class of each frequent word, by the fingerprint of its folded key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clusters {
    /// Fingerprint and class, ordered by fingerprint.
    classes: Vec<(u32, u8)>,
}

fn fingerprint(key: &str) -> u32 {
    let full = hash(98, &[key]);
    (full ^ (full >> 32)) as u32
}

impl Clusters {
    /// From keys and their classes (1–255).
    pub fn new<'a>(classes: impl IntoIterator<Item = (&'a str, u8)>) -> Self {
        let mut classes: Vec<(u32, u8)> = classes.into_iter().map(|(key, class)| (fingerprint(key), class)).collect();
        classes.sort_unstable();
        classes.dedup_by_key(|c| c.0);
        Self { classes }
    }

    /// The class of a folded key; 0 if the word is too rare to have one.
    pub fn of(&self, key: &str) -> u8 {
        let wanted = fingerprint(key);
        self.classes.binary_search_by_key(&wanted, |c| c.0).map_or(0, |at| self.classes[at].1)
    }

    /// Appends the classes to `out`, little-endian: their number, fingerprints, classes.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.classes.len() as u32).to_le_bytes());
        out.extend(self.classes.iter().flat_map(|c| c.0.to_le_bytes()));
        out.extend(self.classes.iter().map(|c| c.1));
    }

    /// Reads the classes from the front of `bytes` and moves `bytes` behind them.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if the bytes are not of that form.
    pub fn read(bytes: &mut &[u8]) -> Result<Self> {
        let broken = || Error::new(ErrorKind::Model, "the word classes are cut off");
        let mut take = |n: usize| -> Result<&[u8]> {
            let (front, rest) = bytes.split_at_checked(n).ok_or_else(broken)?;
            *bytes = rest;
            Ok(front)
        };
        let number = |b: &[u8]| u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        let count = number(take(4)?) as usize;
        let keys: Vec<u32> = take(count.saturating_mul(4))?.chunks_exact(4).map(number).collect();
        let classes: Vec<(u32, u8)> = keys.into_iter().zip(take(count)?.iter().copied()).collect();
        if classes.windows(2).any(|w| w[0].0 >= w[1].0) {
            return Err(broken());
        }
        Ok(Self { classes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_come_back() {
        let clusters = Clusters::new([("بكين", 7), ("واشنطن", 7), ("قال", 9)]);
        assert_eq!((clusters.of("بكين"), clusters.of("قال"), clusters.of("باريس")), (7, 9, 0));
        let mut bytes = Vec::new();
        clusters.write(&mut bytes);
        assert_eq!(Clusters::read(&mut bytes.as_slice()).expect("just written"), clusters);
        assert!(Clusters::read(&mut &bytes[..bytes.len() - 1]).is_err());
    }
}
