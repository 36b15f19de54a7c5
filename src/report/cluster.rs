//! Which claims say the same, so that one can count by claim, by report and by what is said.
//!
//! The clusters of `links.json` are taken where the output folder holds one:
//!
//! ```text
//! {"clusters": [{"id": "…", "claims": [{"article": ARTICLE ID, "claim": CLAIM ID}, …], "reason": "…"}, …]}
//! ```
//!
//! A claim that it does not name stands alone. Without the file, claims are the same when side, script, polarity and
//! modality are the same and their folded words (see [`crate::normalizer::match_key`]) are the same, or nearly: a Jaccard
//! index of at least 0.8 over at least five words, with the same numbers. That finds reprints and repeated quotations in
//! one language; it does not find the same thing said in other words or in the other language.

use std::collections::{BTreeMap, BTreeSet};

use unicode_segmentation::UnicodeSegmentation;

use super::folder::{Material, Reported};
use crate::document::Direction;
use crate::normalizer::match_key;

/// Least Jaccard index of the words of two claims that are nearly the same.
const NEAR: f64 = 0.8;
/// Least number of words of claims that may be nearly the same.
const NEAR_WORDS: usize = 5;
/// Least number of words of claims that may be the same; “he refused” is said of too many things.
const SAME_WORDS: usize = 3;

/// Why the claims of a cluster belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The claim stands alone.
    Alone,
    /// The same words.
    Same,
    /// Nearly the same words.
    Near,
    /// What `links.json` says.
    Linked(String),
}

/// Claims that say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// Indices of the claims, in order; at least one.
    pub claims: Vec<u32>,
    /// Why they belong together.
    pub reason: Reason,
}

/// All claims in clusters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clusters {
    /// The clusters, by their first claim.
    pub clusters: Vec<Cluster>,
    /// For each claim its cluster.
    pub of: Vec<u32>,
    /// Claims of `links.json` that the folder does not hold, or that a cluster before it holds already.
    pub unknown: usize,
}

/// Puts the claims of the folder into clusters.
pub fn clusters(material: &Material) -> Clusters {
    match &material.links {
        Some(links) => {
            let mut index: BTreeMap<(&str, &str), u32> = BTreeMap::new();
            for (number, reported) in material.claims.iter().enumerate() {
                let article = &material.articles[reported.article];
                index.insert((&article.id, &reported.claim.id), number as u32);
            }
            let mut groups = Groups::new(material.claims.len());
            let mut taken = BTreeSet::new();
            let mut unknown = 0;
            let mut reasons = BTreeMap::new();
            for link in links {
                let mut first = None;
                for claim in &link.claims {
                    match index.get(&(claim.article.as_str(), claim.claim.as_str())) {
                        Some(&number) if taken.insert(number) => {
                            groups.join(*first.get_or_insert(number), number);
                        }
                        _ => unknown += 1,
                    }
                }
                if let Some(first) = first {
                    reasons.insert(first, link.reason.clone());
                }
            }
            let reason = |claims: &[u32]| {
                let linked = claims.iter().find_map(|claim| reasons.get(claim));
                Reason::Linked(linked.cloned().unwrap_or_default())
            };
            Clusters { unknown, ..groups.finish(reason) }
        }
        None => repeated(&material.claims),
    }
}

/// Union of sets, the smallest member standing for each.
struct Groups {
    parent: Vec<u32>,
}

impl Groups {
    fn new(size: usize) -> Self {
        Self { parent: (0..size as u32).collect() }
    }

    fn root(&mut self, mut at: u32) -> u32 {
        while self.parent[at as usize] != at {
            let above = self.parent[self.parent[at as usize] as usize];
            self.parent[at as usize] = above;
            at = above;
        }
        at
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.parent[a.max(b) as usize] = a.min(b);
    }

    fn finish(mut self, reason: impl Fn(&[u32]) -> Reason) -> Clusters {
        let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for claim in 0..self.parent.len() as u32 {
            members.entry(self.root(claim)).or_default().push(claim);
        }
        let mut result = Clusters { of: vec![0; self.parent.len()], ..Clusters::default() };
        for claims in members.into_values() {
            for &claim in &claims {
                result.of[claim as usize] = result.clusters.len() as u32;
            }
            let reason = if claims.len() > 1 { reason(&claims) } else { Reason::Alone };
            result.clusters.push(Cluster { claims, reason });
        }
        result
    }
}

/// The words of a claim as they are compared.
struct Words {
    /// Side, direction, polarity and modality: nothing is compared across.
    kind: String,
    in_order: Vec<String>,
    distinct: BTreeSet<String>,
}

impl Words {
    fn new(reported: &Reported) -> Self {
        let claim = &reported.claim;
        let right = Direction::of(&claim.content.quote) == Direction::Rtl;
        let in_order: Vec<String> = match_key(&claim.content.quote).unicode_words().map(str::to_owned).collect();
        let distinct = in_order.iter().cloned().collect();
        let kind = format!("{:?} {right} {:?} {:?}", claim.side, claim.polarity, claim.modality);
        Self { kind, in_order, distinct }
    }

    fn near(&self, other: &Self) -> bool {
        let numbers = |words: &Self| -> Vec<String> {
            words.distinct.iter().filter(|word| word.chars().any(char::is_numeric)).cloned().collect()
        };
        let common = self.distinct.intersection(&other.distinct).count() as f64;
        let all = (self.distinct.len() + other.distinct.len()) as f64 - common;
        self.kind == other.kind && common / all >= NEAR && numbers(self) == numbers(other)
    }
}

fn repeated(claims: &[Reported]) -> Clusters {
    let words: Vec<Words> = claims.iter().map(Words::new).collect();
    let mut groups = Groups::new(claims.len());
    let mut first: BTreeMap<(&str, &[String]), u32> = BTreeMap::new();
    let mut frequency: BTreeMap<&str, usize> = BTreeMap::new();
    // One claim of each wording is enough to find what is near it.
    let mut wordings = Vec::new();
    for (number, own) in words.iter().enumerate() {
        let number = number as u32;
        if own.in_order.len() >= SAME_WORDS {
            let known = *first.entry((own.kind.as_str(), own.in_order.as_slice())).or_insert(number);
            groups.join(known, number);
            if known != number {
                continue;
            }
        }
        if own.distinct.len() >= NEAR_WORDS {
            wordings.push(number);
            for word in &own.distinct {
                *frequency.entry(word).or_default() += 1;
            }
        }
    }
    // Two sets that share so much share a word among the rarest of each: only those are looked up (Bayardo et al. 2007).
    let mut holders: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for &number in &wordings {
        let own = &words[number as usize];
        let mut rarest: Vec<&str> = own.distinct.iter().map(String::as_str).collect();
        rarest.sort_by_key(|word| (frequency.get(word).copied().unwrap_or_default(), *word));
        let least = (NEAR * rarest.len() as f64).ceil() as usize;
        rarest.truncate(rarest.len() - least + 1);
        let mut candidates: Vec<u32> = rarest.iter().filter_map(|word| holders.get(word)).flatten().copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        for other in candidates {
            if own.near(&words[other as usize]) {
                groups.join(other, number);
            }
        }
        for word in rarest {
            holders.entry(word).or_default().push(number);
        }
    }
    groups.finish(|claims| {
        let wording = |claim: &u32| &words[*claim as usize].in_order;
        if claims.iter().all(|claim| wording(claim) == wording(&claims[0])) { Reason::Same } else { Reason::Near }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::folder::{Link, LinkedClaim};
    use super::super::tests::{material, reported};
    use super::*;
    use crate::claim::Polarity;

    fn sizes(contents: &[&str]) -> Vec<Vec<u32>> {
        let claims: Vec<Reported> = contents.iter().map(|content| reported(0, content)).collect();
        repeated(&claims).clusters.into_iter().map(|cluster| cluster.claims).collect()
    }

    #[test]
    fn spelling_punctuation_and_one_word_make_no_difference() {
        let found = sizes(&[
            "إنّ بكين ستردّ على القيود الأمريكية",
            "ان بكين سترد على القيود الأمريكيه",
            "The ministry will answer the new export curbs of Washington soon",
            "The ministry will answer the export curbs of Washington soon",
            "The ministry will answer nothing at all",
        ]);
        assert_eq!(found, [vec![0, 1], vec![2, 3], vec![4]]);
    }

    #[test]
    fn numbers_negation_and_short_claims_keep_apart() {
        let found = sizes(&[
            "China bought 12 million tons of American soybeans in May",
            "China bought 25 million tons of American soybeans in May",
            "he refused",
            "he refused",
        ]);
        assert_eq!(found.len(), 4);
        let mut claims = vec![reported(0, "it will answer the curbs"), reported(0, "it will answer the curbs")];
        assert_eq!(repeated(&claims).clusters.len(), 1);
        assert_eq!(repeated(&claims).clusters[0].reason, Reason::Same);
        claims[1].claim.polarity = Polarity::Negated;
        assert_eq!(repeated(&claims).clusters.len(), 2);
    }

    #[test]
    fn candidates_are_those_of_all_pairs() {
        // Sentences of ten words, five of them those of one of four families, some words changed: the index must find what
        // comparing all with all finds.
        let contents: Vec<String> = (0..60_usize)
            .map(|n| {
                let word = |at: usize| match at {
                    _ if (n * 5 + at * 3).is_multiple_of(17) => format!("changed{n}"),
                    0..5 => format!("family{}word{at}", n % 4),
                    _ => format!("shared{at}"),
                };
                (0..10).map(word).collect::<Vec<_>>().join(" ")
            })
            .collect();
        let claims: Vec<Reported> = contents.iter().map(|content| reported(0, content)).collect();
        let all: Vec<Words> = claims.iter().map(Words::new).collect();
        let mut groups = Groups::new(claims.len());
        for a in 0..all.len() {
            for b in 0..a {
                if all[a].in_order == all[b].in_order
                    || (all[a].distinct.len() >= NEAR_WORDS
                        && all[b].distinct.len() >= NEAR_WORDS
                        && all[a].near(&all[b]))
                {
                    groups.join(a as u32, b as u32);
                }
            }
        }
        let wanted = groups.finish(|_| Reason::Near);
        assert!(wanted.clusters.len() > 1 && wanted.clusters.len() < 60);
        assert_eq!(repeated(&claims).of, wanted.of);
    }

    #[test]
    fn links_are_taken_where_they_are() {
        let mut material = material(&["it will answer", "سترد بكين على ذلك", "it will answer"]);
        assert_eq!(clusters(&material).clusters.len(), 2);
        let claim = |claim: usize| LinkedClaim {
            article: material.articles[claim].id.clone(),
            claim: material.claims[claim].claim.id.clone(),
        };
        let stranger = LinkedClaim { article: "none".into(), claim: "none".into() };
        let link = Link { id: "k1".into(), claims: vec![claim(0), claim(1), stranger], reason: "same actor".into() };
        material.links = Some(vec![link]);
        let found = clusters(&material);
        assert_eq!(found.clusters[0].claims, [0, 1]);
        assert_eq!(found.clusters[0].reason, Reason::Linked("same actor".into()));
        assert_eq!(found.clusters[1], Cluster { claims: vec![2], reason: Reason::Alone });
        assert_eq!((found.unknown, found.of.as_slice()), (1, [0, 0, 1].as_slice()));
    }
}
