//! Greedy left-to-right tagging of words with the two tags before as features.

use super::cluster::Clusters;
use super::perceptron::{Linear, combine, hash};

/// What the tagger sees of a word.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Folded form.
    pub key: String,
    /// Shape of the written form (`Xx`, `d`, `ar`).
    pub shape: &'static str,
    /// Whether it is written together with the word before.
    pub glued: bool,
    /// Class of the word in raw text.
    pub class: u8,
}

impl Seen {
    /// From the written form and its key.
    pub fn new(form: &str, key: &str, glued: bool, clusters: &Clusters) -> Self {
        Self { key: key.to_owned(), shape: shape(form), glued, class: clusters.of(key) }
    }
}

fn shape(form: &str) -> &'static str {
    let mut chars = form.chars();
    let Some(first) = chars.next() else { return "" };
    let digit = form.chars().any(|c| c.is_ascii_digit());
    let rest_lower = form.chars().skip(1).any(char::is_lowercase);
    if first.is_uppercase() {
        match (rest_lower, digit, form.chars().nth(1).is_some()) {
            (_, true, _) => "Xd",
            (true, false, _) => "Xx",
            (false, false, true) => "XX",
            (false, false, false) => "X",
        }
    } else if first.is_lowercase() {
        if digit {
            "xd"
        } else if form.contains('-') {
            "x-x"
        } else {
            "x"
        }
    } else if digit {
        "d"
    } else if first.is_alphabetic() {
        "a"
    } else {
        "."
    }
}

fn prefix(key: &str, n: usize) -> &str {
    key.char_indices().nth(n).map_or(key, |(at, _)| &key[..at])
}

fn suffix(key: &str, n: usize) -> &str {
    let count = key.chars().count();
    if count <= n { key } else { key.char_indices().nth(count - n).map_or(key, |(at, _)| &key[at..]) }
}

/// Features of the word at `at`; the tags before are given.
pub fn features(words: &[Seen], at: usize, before: &str, second: &str, out: &mut Vec<u64>) {
    out.clear();
    let empty = Seen { key: "^".into(), shape: "", glued: false, class: 0 };
    let word = &words[at];
    let get = |offset: isize| at.checked_add_signed(offset).and_then(|i| words.get(i)).unwrap_or(&empty);
    let (p, pp, n, nn) = (get(-1), get(-2), get(1), get(2));
    let key = word.key.as_str();
    let glue = if word.glued { "g" } else { "-" };
    let first = if at == 0 { "1" } else { "0" };
    out.extend([
        hash(0, &[]),
        hash(1, &[key]),
        hash(2, &[suffix(key, 1)]),
        hash(3, &[suffix(key, 2)]),
        hash(4, &[suffix(key, 3)]),
        hash(5, &[suffix(key, 4)]),
        hash(6, &[prefix(key, 1)]),
        hash(7, &[prefix(key, 2)]),
        hash(8, &[prefix(key, 3)]),
        hash(9, &[before]),
        hash(10, &[second]),
        hash(11, &[before, second]),
        hash(12, &[before, key]),
        hash(13, &[&p.key]),
        hash(14, &[&pp.key]),
        hash(15, &[&n.key]),
        hash(16, &[&nn.key]),
        hash(17, &[word.shape, first]),
        hash(18, &[suffix(&p.key, 3)]),
        hash(19, &[suffix(&n.key, 3)]),
        hash(20, &[n.shape, word.shape]),
        hash(21, &[p.shape, word.shape]),
        hash(22, &[glue, before]),
        hash(23, &[key, &n.key]),
        hash(24, &[&p.key, key]),
        hash(25, &[prefix(key, 2), suffix(key, 2)]),
        hash(26, &[before, suffix(key, 3)]),
        hash(27, &[suffix(&n.key, 2), suffix(key, 3)]),
        hash(28, &[prefix(&n.key, 2), before]),
        hash(29, &[suffix(key, 2), prefix(key, 1), before]),
        hash(30, &[word.shape, suffix(key, 3)]),
        hash(31, &[prefix(key, 4)]),
        hash(32, &[before, &n.key]),
    ]);
    let (c, cp, cn, cnn) = (u64::from(word.class), u64::from(p.class), u64::from(n.class), u64::from(nn.class));
    out.extend([
        combine(40, &[c]),
        combine(41, &[cp]),
        combine(42, &[cn]),
        combine(43, &[c, cn]),
        combine(44, &[cp, c]),
        combine(45, &[hash(45, &[before]), c]),
        combine(46, &[hash(46, &[before]), cn]),
        combine(47, &[cn, cnn]),
        combine(48, &[hash(48, &[word.shape]), c]),
    ]);
}

/// Tags the words of a sentence; the result holds label indices.
pub fn tag(linear: &Linear, words: &[Seen]) -> Vec<usize> {
    tag_known(linear, words, &|_| None)
}

/// Like [`tag`], where `known` gives the label index of words whose tag is known from elsewhere.
pub fn tag_known(linear: &Linear, words: &[Seen], known: &dyn Fn(usize) -> Option<usize>) -> Vec<usize> {
    let mut tags: Vec<usize> = Vec::with_capacity(words.len());
    let mut scores = vec![0_i32; linear.labels().len()];
    let mut found = Vec::with_capacity(40);
    for at in 0..words.len() {
        if let Some(label) = known(at) {
            tags.push(label);
            continue;
        }
        let label = |back: usize| at.checked_sub(back).map_or("^", |i| linear.labels()[tags[i]].as_str());
        features(words, at, label(1), label(2), &mut found);
        scores.fill(0);
        linear.score(&found, &mut scores);
        tags.push(best(&scores));
    }
    tags
}

/// Index of the largest score, the first one among equals.
pub fn best(scores: &[i32]) -> usize {
    let mut at = 0;
    for (i, score) in scores.iter().enumerate() {
        if *score > scores[at] {
            at = i;
        }
    }
    at
}
