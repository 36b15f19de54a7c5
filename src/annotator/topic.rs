//! The topic of a clause, by weighted topic words from `models/topics.tsv`.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use super::lexicon::rows;
use super::word_list::WordList;
use crate::document::{Topic, Word};

static TOPICS: LazyLock<WordList<(Topic, f64)>> = LazyLock::new(|| {
    let mut list = WordList::default();
    for (_, row) in rows("models/topics.tsv", include_str!("../../models/topics.tsv"), 4).expect("built in and tested")
    {
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

/// The topic that the word, with those behind it, speaks for the most.
pub fn topic_at(words: &[Word], at: usize) -> Option<Topic> {
    TOPICS.at(words, at).max_by(|a, b| a.1.total_cmp(&b.1)).map(|&(topic, _)| topic)
}

/// Topic words by scope, for one claim.
#[derive(Debug, Clone, Copy)]
pub struct Scopes<'a> {
    /// The claim's content.
    pub clause: &'a [f64; 15],
    /// Its sentence.
    pub sentence: &'a [f64; 15],
    /// Its paragraph.
    pub paragraph: &'a [f64; 15],
    /// The article.
    pub article: &'a [f64; 15],
    /// The article's headlines.
    pub title: &'a [f64; 15],
}

/// Weights of scopes and topics, from `models/topic-weights.tsv`.
static WEIGHTS: LazyLock<HashMap<&'static str, f64>> = LazyLock::new(|| {
    let source = include_str!("../../models/topic-weights.tsv");
    rows("models/topic-weights.tsv", source, 2)
        .expect("built in and tested")
        .into_iter()
        .map(|(_, row)| (row[0], row[1].parse().expect("built in and tested")))
        .collect()
});

/// The topic of a clause in its sentence, paragraph and article, and whether a word of the clause itself speaks for it.
pub fn decide(scopes: &Scopes<'_>) -> (Topic, bool) {
    let weight = |name: &str| WEIGHTS.get(name).copied().unwrap_or(0.0);
    let share = |scores: &[f64; 15], at: usize| scores[at] / scores.iter().sum::<f64>().max(1.0);
    let mut best = (Topic::Rivalry, f64::MIN);
    for topic in ALL {
        let at = topic as usize;
        let name = serde_json::to_value(topic).ok();
        let name = name.as_ref().and_then(|n| n.as_str()).unwrap_or_default();
        let score = weight("clause") * scopes.clause[at].ln_1p()
            + weight("sentence") * share(scopes.sentence, at)
            + weight("paragraph") * share(scopes.paragraph, at)
            + weight("article") * share(scopes.article, at)
            + weight("title") * share(scopes.title, at)
            + weight(name);
        if score > best.1 {
            best = (topic, score);
        }
    }
    (best.0, scopes.clause[best.0 as usize] > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_the_type() {
        assert!(ALL.iter().enumerate().all(|(i, t)| *t as usize == i));
        LazyLock::force(&TOPICS);
        assert_eq!(WEIGHTS.len(), 5 + ALL.len());
    }
}
