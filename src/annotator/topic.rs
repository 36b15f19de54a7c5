//! The topic of a clause, by weighted topic words from `models/topics.tsv`.

use std::ops::Range;
use std::sync::LazyLock;

use super::lexicon::rows;
use super::word_list::WordList;
use crate::document::{Topic, Word};

static TOPICS: LazyLock<WordList<(Topic, f64)>> = LazyLock::new(|| {
    let mut list = WordList::default();
    for (_, row) in rows("models/topics.tsv", include_str!("../../models/topics.tsv"), 4).expect("built in and tested") {
        let topic: Topic = serde_json::from_value(serde_json::Value::from(row[0])).expect("built in and tested");
        let weight: f64 = row[2].parse().expect("built in and tested");
        for pattern in row[3].split('|') {
            list.insert(pattern, (topic, weight));
        }
    }
    list
});

/// All topics, in the order of the guideline.
pub const ALL: [Topic; 15] = [
    Topic::Models,
    Topic::Chips,
    Topic::Compute,
    Topic::ExportControls,
    Topic::Data,
    Topic::Talent,
    Topic::Energy,
    Topic::Investment,
    Topic::Regulation,
    Topic::Governance,
    Topic::Applications,
    Topic::Military,
    Topic::SecurityIp,
    Topic::OpenSource,
    Topic::Rivalry,
];

/// Scores of the topics in a range of words; a word nearer to the predicate weighs more.
pub fn scores(words: &[Word], range: Range<usize>, predicate: Option<usize>) -> [f64; 15] {
    let mut scores = [0.0; 15];
    for at in range.clone() {
        let near = predicate.map_or(1.0, |p| 1.0 / (1.0 + p.abs_diff(at) as f64 / 12.0));
        for &(topic, weight) in TOPICS.at(&words[..range.end], at) {
            scores[topic as usize] += weight * near;
        }
    }
    scores
}

/// Weights of the sentence and the article beside the clause: an article keeps to its topic (set on corpus/dev).
const SENTENCE: f64 = 1.5;
const ARTICLE: f64 = 14.0;

/// The topic of a clause within its sentence and article: the clause decides, the others break ties and fill in.
pub fn decide(clause: &[f64; 15], sentence: &[f64; 15], article: &[f64; 15]) -> (Topic, bool) {
    let total = |s: &[f64; 15]| s.iter().sum::<f64>().max(1.0);
    let (sentences, articles) = (total(sentence), total(article));
    let mut best = (Topic::Rivalry, 0.0);
    for topic in ALL {
        let i = topic as usize;
        let score = clause[i] + SENTENCE * sentence[i] / sentences + ARTICLE * article[i] / articles;
        if score > best.1 {
            best = (topic, score);
        }
    }
    let clear = clause[best.0 as usize] > 0.0;
    if best.1 < 0.4 { (Topic::Rivalry, false) } else { (best.0, clear) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_the_type() {
        assert!(ALL.iter().enumerate().all(|(i, t)| *t as usize == i));
        LazyLock::force(&TOPICS);
    }
}
