//! Which claims are compared at all: those that share two terms that tell something, near each other in time.

use std::collections::HashMap;

use super::statement::{Statement, TermKind, Vocabulary};

/// Terms of a statement that keys are made of, at most: the most telling ones.
const TERMS: usize = 10;
/// Of the claims that share a key, each is compared with so many of those that follow it in time.
const NEXT: usize = 16;
/// Up to so many claims that share a key, all are compared with all.
const ALL: usize = 40;

/// The claims that share keys, in the order of time.
#[derive(Debug)]
pub struct Index {
    /// Claims by key; those of one claim alone are left out.
    buckets: Vec<Vec<u32>>,
    /// For each claim its buckets, and its place in each.
    places: Vec<Vec<(u32, u32)>>,
}

fn mixed(a: u64, b: u64) -> u64 {
    let mut value = a.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ b.rotate_left(32);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The keys of a statement: each two of its telling terms; of claims in one language also the words of its predicate with
/// each such term.
fn keys(statement: &Statement, vocabulary: &Vocabulary) -> Vec<u64> {
    const TERM: u64 = 1 << 40;
    const QUANTITY: u64 = 2 << 40;
    const TIME: u64 = 3 << 40;
    const WORD: u64 = 4 << 40;
    // Weight, kind of feature with its number; the heaviest come first, by number where they weigh the same.
    let mut features: Vec<(f64, u64)> = Vec::new();
    for &term in &statement.terms {
        let known = vocabulary.term(term);
        // The two states stand in nearly every claim.
        if known.kind != TermKind::Actor || !matches!(known.text.as_str(), "us" | "cn") {
            features.push((known.weight, TERM | u64::from(term)));
        }
    }
    for (value, unit) in &statement.quantities {
        // Steps of five per cent, and the step beside it: what a comparison takes for the same meets in one of them.
        let step = (value.abs().max(1e-9).ln() / 1.05_f64.ln()).floor() as i64;
        let unit: u64 = unit.bytes().fold(7, |hash, byte| mixed(hash, u64::from(byte)));
        for step in [step, step + 1] {
            features.push((2.0, QUANTITY | (mixed(unit, step as u64) & ((1 << 39) - 1))));
        }
    }
    for time in statement.times.iter().filter(|time| time.len() >= 7) {
        let month: u64 = time.bytes().take(7).fold(11, |hash, byte| mixed(hash, u64::from(byte)));
        features.push((0.8, TIME | (month & ((1 << 39) - 1))));
    }
    features.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    features.truncate(TERMS);
    // Claims of few terms are found by their words.
    for &word in &statement.predicate_words {
        features.push((0.8, WORD | u64::from(word)));
    }
    if features.len() < 4 {
        features.extend(statement.words.iter().take(6).map(|&word| (0.8, WORD | u64::from(word))));
    }
    let mut features: Vec<u64> = features.into_iter().map(|(_, feature)| feature).collect();
    features.sort_unstable();
    features.dedup();
    let mut keys = Vec::with_capacity(features.len() * features.len() / 2);
    for (at, &a) in features.iter().enumerate() {
        keys.extend(features[at + 1..].iter().map(|&b| mixed(a, b)));
    }
    if let [only] = features[..] {
        keys.push(mixed(only, 0));
    }
    keys
}

impl Index {
    /// Makes the index; `order` gives the claims in the order of time.
    pub fn new(statements: &[Statement], order: &[u32], vocabulary: &Vocabulary) -> Self {
        let mut entries: Vec<(u64, u32)> = Vec::new();
        for (rank, &claim) in order.iter().enumerate() {
            entries.extend(keys(&statements[claim as usize], vocabulary).into_iter().map(|key| (key, rank as u32)));
        }
        entries.sort_unstable();
        entries.dedup();
        let mut this = Self { buckets: Vec::new(), places: vec![Vec::new(); statements.len()] };
        for bucket in entries.chunk_by(|a, b| a.0 == b.0).filter(|bucket| bucket.len() > 1) {
            let number = this.buckets.len() as u32;
            let claims: Vec<u32> = bucket.iter().map(|&(_, rank)| order[rank as usize]).collect();
            for (place, &claim) in claims.iter().enumerate() {
                this.places[claim as usize].push((number, place as u32));
            }
            this.buckets.push(claims);
        }
        this
    }

    /// The claims that a claim is to be compared with, each pair of claims from one of both alone; sorted.
    pub fn candidates(&self, claim: u32) -> Vec<u32> {
        let mut found: Vec<u32> = Vec::new();
        for &(bucket, place) in &self.places[claim as usize] {
            let bucket = &self.buckets[bucket as usize];
            let place = place as usize + 1;
            let end = if bucket.len() <= ALL { bucket.len() } else { bucket.len().min(place + NEXT) };
            found.extend_from_slice(&bucket[place..end]);
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The order of time: by day, then by place; claims of articles without a date come last.
pub fn order(statements: &[Statement]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..statements.len() as u32).collect();
    order.sort_by_key(|&claim| (statements[claim as usize].day.unwrap_or(i32::MAX), claim));
    order
}

/// Union of claims or articles into groups.
#[derive(Debug)]
pub struct Groups {
    group: Vec<usize>,
    members: HashMap<usize, Vec<usize>>,
}

impl Groups {
    /// Each alone.
    pub fn new(count: usize) -> Self {
        Self { group: (0..count).collect(), members: HashMap::new() }
    }

    /// The group of a member, named by one of its members.
    pub fn of(&self, member: usize) -> usize {
        self.group[member]
    }

    /// The members of a group, in the order in which they came to it.
    pub fn members(&self, group: usize) -> Vec<usize> {
        self.members.get(&group).cloned().unwrap_or_else(|| vec![group])
    }

    /// Puts two groups together.
    pub fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.of(a), self.of(b));
        if a == b {
            return;
        }
        // The larger one takes the smaller one in: each member moves at most log n times.
        let (mine, others) = (self.members(a), self.members(b));
        let (into, mut mine, others) = if mine.len() >= others.len() { (a, mine, others) } else { (b, others, mine) };
        for &member in &others {
            self.group[member] = into;
        }
        self.members.remove(&a);
        self.members.remove(&b);
        mine.extend(others);
        self.members.insert(into, mine);
    }

    /// All groups of more than one, each sorted, by their first member.
    pub fn all(&self) -> Vec<Vec<usize>> {
        let mut all: Vec<Vec<usize>> = Vec::new();
        for (member, &group) in self.group.iter().enumerate() {
            if member == group {
                let mut members = self.members(group);
                if members.len() > 1 {
                    members.sort_unstable();
                    all.push(members);
                }
            }
        }
        all.sort_unstable();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::super::statement::tests::statement;
    use super::*;

    #[test]
    fn claims_meet_where_they_share_two_terms() {
        let mut vocabulary = Vocabulary::default();
        let texts = [
            "Washington *imposed tariffs on soybeans",
            "*فرضت واشنطن رسوما على فول الصويا",
            "*التقى الرئيس وفدا من المزارعين",
        ];
        let statements: Vec<Statement> =
            texts.iter().map(|text| Statement::new(&statement(text, &[], &[], &[]), &mut vocabulary)).collect();
        let index = Index::new(&statements, &order(&statements), &vocabulary);
        assert_eq!(index.candidates(0), [1]);
        assert!(index.candidates(1).is_empty() && index.candidates(2).is_empty());
    }

    #[test]
    fn rounding_does_not_part_quantities() {
        let mut vocabulary = Vocabulary::default();
        let statements: Vec<Statement> = [(9.9, "%"), (10.0, "%"), (30.0, "%")]
            .into_iter()
            .map(|quantity| Statement::new(&statement("a *stake", &[], &[quantity], &[]), &mut vocabulary))
            .collect();
        let index = Index::new(&statements, &order(&statements), &vocabulary);
        assert!(index.candidates(0).contains(&1));
    }

    #[test]
    fn groups_join() {
        let mut groups = Groups::new(6);
        for (a, b) in [(4, 5), (0, 4), (2, 3), (5, 0)] {
            groups.join(a, b);
        }
        assert_eq!(groups.all(), [vec![0, 4, 5], vec![2, 3]]);
        assert_eq!(groups.of(0), groups.of(5));
        assert_eq!(groups.members(groups.of(1)), [1]);
    }
}
