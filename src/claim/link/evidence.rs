//! What two statements share and where they part, and what follows from it.

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::concept::{Kind, lexicon};
use super::statement::{Statement, TermKind, Vocabulary};
use crate::annotator::lexicon::rows;
use crate::claim::Modality;
use crate::document::Side;
use crate::error::{Error, ErrorKind, Result};

const FILE: &str = "models/link-weights.tsv";

/// How two claims or articles are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// They say the same.
    Same,
    /// They cannot both hold.
    Contradicts,
    /// Articles with the very same text.
    Duplicate,
    /// Articles most of whose text is the same.
    NearDuplicate,
}

/// How the predicates of two statements are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PredicateRelation {
    /// A concept or, in one language, a word in common; or opposites of which one is negated (refuse, do not agree).
    Same,
    /// Opposite concepts, both affirmed.
    Opposite,
    /// One's predicate is among the other's further concepts.
    Related,
    /// Both known, nothing in common.
    Different,
    /// Of one of them the lexicon knows nothing.
    Unknown,
}

/// What two statements share and where they part.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a finding of its own")]
pub struct Evidence {
    /// Shared terms.
    pub terms: Vec<u32>,
    /// Shared words, of statements in the same language.
    pub words: Vec<u32>,
    /// Shared quantities.
    pub quantities: Vec<(f64, String)>,
    /// Shared times, the more exact value of each.
    pub times: Vec<String>,
    /// Concepts of the predicates, or of states, that are opposites.
    pub opposites: Vec<(u32, u32)>,
    /// How the predicates are related.
    pub predicate: PredicateRelation,
    /// Whether just one is negated (and not made up for by opposite predicates).
    pub polarity_differs: bool,
    /// Quantities of the same unit in both, none of them shared.
    pub quantities_differ: bool,
    /// Times in both, none of them shared.
    pub times_differ: bool,
    /// Both have an actor, and it is not of the same side.
    pub subjects_differ: bool,
    /// Weight of what is shared.
    pub shared: f64,
    /// Weight of what is shared but for the predicates.
    pub shared_besides: f64,
    /// Dice coefficient of the weights.
    pub dice: f64,
    /// Share of the smaller one's weight that is shared.
    pub overlap: f64,
    /// The same two without the predicates.
    pub overlap_besides: f64,
    /// Days between the articles, where both have a date.
    pub days: Option<i32>,
    /// Whether exactly one holds only under a condition.
    pub condition_differs: bool,
    /// Whether both are in the same language.
    pub same_language: bool,
    /// What each has that the other lacks: for the decision on titles.
    pub left_over: [LeftOver; 2],
}

/// What a statement has that the other lacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeftOver {
    /// Words.
    pub words: usize,
    /// Actors, names, designations.
    pub names: usize,
    /// Acts and states.
    pub acts: usize,
    /// Things.
    pub things: usize,
}

fn quantity_weight(value: f64, unit: &str) -> f64 {
    // A small bare number (two sides, three years) is shared by many.
    if unit.is_empty() && value.abs() < 10.0 { 1.0 } else { 2.0 }
}

/// Whether two quantities are the same but for rounding (just under ten per cent, 9.9).
fn same_quantity(a: &(f64, String), b: &(f64, String)) -> bool {
    a.1 == b.1 && (a.0 - b.0).abs() <= 0.04 * a.0.abs().max(b.0.abs())
}

/// Whether one time lies in the other: 2025-04 and 2025-04-02.
fn same_time(a: &str, b: &str) -> bool {
    let shorter = a.len().min(b.len());
    a.as_bytes()[..shorter] == b.as_bytes()[..shorter]
}

const TIME: f64 = 0.8;
/// What a word without concept weighs against a statement in the other language: it may well have no counterpart.
const RESIDUE: f64 = 0.25;

/// Calls `both` for numbers in both sorted lists and `one` for the others, with the list's index.
fn merge(a: &[u32], b: &[u32], mut both: impl FnMut(u32), mut one: impl FnMut(usize, u32)) {
    let (mut at, mut other_at) = (0, 0);
    while at < a.len() || other_at < b.len() {
        match (a.get(at), b.get(other_at)) {
            (Some(mine), Some(other)) if mine == other => {
                both(*mine);
                at += 1;
                other_at += 1;
            }
            (Some(mine), other) if other.is_none_or(|other| mine < other) => {
                one(0, *mine);
                at += 1;
            }
            (_, Some(other)) => {
                one(1, *other);
                other_at += 1;
            }
            _ => break,
        }
    }
}

fn meet(a: &[u32], b: &[u32]) -> bool {
    let mut met = false;
    merge(a, b, |_| met = true, |_, _| {});
    met
}

/// Concepts of acts and states of a statement.
fn acts(statement: &Statement, vocabulary: &Vocabulary) -> Vec<u32> {
    let is_act = |&term: &u32| matches!(vocabulary.term(term).kind, TermKind::Concept(Kind::Act | Kind::State));
    statement.terms.iter().copied().filter(is_act).collect()
}

impl Evidence {
    /// Compares two statements; the result is the same whichever stands first, but for the order within pairs.
    pub fn new(a: &Statement, b: &Statement, vocabulary: &Vocabulary) -> Self {
        let same_language = a.arabic == b.arabic;
        let mut left_over = [LeftOver::default(); 2];
        let (mut terms, mut words) = (Vec::new(), Vec::new());
        let (mut shared, mut predicates, mut alone) = (0.0, 0.0, [0.0; 2]);
        let in_predicate = |term: u32, of: &Statement| of.predicate.binary_search(&term).is_ok();
        let mut predicates_alone = [0.0; 2];
        merge(
            &a.terms,
            &b.terms,
            |term| {
                terms.push(term);
                shared += vocabulary.term(term).weight;
                if in_predicate(term, a) || in_predicate(term, b) {
                    predicates += vocabulary.term(term).weight;
                }
            },
            |of, term| {
                let Some(side) = left_over.get_mut(of) else { return };
                let known = vocabulary.term(term);
                alone[of] += known.weight;
                if in_predicate(term, if of == 0 { a } else { b }) {
                    predicates_alone[of] += known.weight;
                }
                match known.kind {
                    TermKind::Concept(Kind::Thing) => side.things += 1,
                    TermKind::Concept(_) => side.acts += 1,
                    _ => side.names += 1,
                }
            },
        );
        if same_language {
            merge(
                &a.words,
                &b.words,
                |word| {
                    words.push(word);
                    shared += vocabulary.term(word).weight;
                },
                |of, word| {
                    left_over[of].words += 1;
                    alone[of] += vocabulary.term(word).weight;
                },
            );
        } else {
            alone[0] += RESIDUE * a.residue as f64;
            alone[1] += RESIDUE * b.residue as f64;
        }

        // What counts as shared is the lesser of what either finds in the other: order must not matter.
        let matched = |mine: &[(f64, String)], others: &[(f64, String)]| -> (Vec<(f64, String)>, f64, f64) {
            let (found, lost): (Vec<_>, Vec<_>) =
                mine.iter().partition(|quantity| others.iter().any(|other| same_quantity(quantity, other)));
            let weigh =
                |list: &[&(f64, String)]| -> f64 { list.iter().map(|(v, unit)| quantity_weight(*v, unit)).sum() };
            (found.iter().map(|&quantity| quantity.clone()).collect(), weigh(&found), weigh(&lost))
        };
        let (quantities, mine, lost) = matched(&a.quantities, &b.quantities);
        alone[0] += lost;
        let (_, theirs, lost) = matched(&b.quantities, &a.quantities);
        alone[1] += lost;
        shared += mine.min(theirs);
        let units = |of: &Statement, unit: &str| of.quantities.iter().any(|(_, other)| other == unit);
        let quantities_differ = quantities.is_empty() && a.quantities.iter().any(|(_, unit)| units(b, unit));

        let mut times: Vec<String> = Vec::new();
        for time in &a.times {
            match b.times.iter().find(|other| same_time(time, other)) {
                Some(other) => times.push(if other.len() > time.len() { other.clone() } else { time.clone() }),
                None => alone[0] += TIME,
            }
        }
        let (found, lost): (Vec<_>, Vec<_>) =
            b.times.iter().partition(|time| a.times.iter().any(|other| same_time(time, other)));
        alone[1] += TIME * lost.len() as f64;
        shared += TIME * times.len().min(found.len()) as f64;
        let times_differ = times.is_empty() && !a.times.is_empty() && !b.times.is_empty();

        let (acts_a, acts_b) = (acts(a, vocabulary), acts(b, vocabulary));
        let opposed = |x: &[u32], y: &[u32]| -> Vec<(u32, u32)> {
            let pairs = x.iter().flat_map(|&x| y.iter().map(move |&y| (x, y)));
            pairs.filter(|&(x, y)| lexicon().opposed(x, y)).collect()
        };
        let polarity_differs = a.negated != b.negated;
        let same_words = same_language && meet(&a.predicate_words, &b.predicate_words);
        // "Not lifted" says what "imposed" says: opposites of which one is negated are the same predicate.
        let mut reversed = false;
        let (predicate, opposites) = if meet(&a.predicate, &b.predicate) || same_words {
            (PredicateRelation::Same, Vec::new())
        } else {
            let opposites = opposed(&a.predicate, &b.predicate);
            let relation = match (opposites.is_empty(), polarity_differs) {
                (false, true) => {
                    reversed = true;
                    PredicateRelation::Same
                }
                // Neither is said of something that was neither imposed nor lifted.
                (false, false) if a.negated => PredicateRelation::Different,
                (false, false) => PredicateRelation::Opposite,
                (true, _) if meet(&a.predicate, &acts_b) || meet(&b.predicate, &acts_a) => PredicateRelation::Related,
                (true, _) if !a.predicate.is_empty() && !b.predicate.is_empty() => PredicateRelation::Different,
                (true, _) => PredicateRelation::Unknown,
            };
            (relation, if reversed { Vec::new() } else { opposites })
        };
        let opposites = if opposites.is_empty() && predicate != PredicateRelation::Same {
            let without = |mine: &[u32], others: &[u32]| -> Vec<u32> {
                mine.iter().copied().filter(|act| others.binary_search(act).is_err()).collect()
            };
            opposed(&without(&acts_a, &acts_b), &without(&acts_b, &acts_a))
        } else {
            opposites
        };

        let subjects_differ = !a.subject_sides.is_empty()
            && !b.subject_sides.is_empty()
            && !meet(&a.subject, &b.subject)
            && !a.subject_sides.iter().any(|side| *side != Side::Other && b.subject_sides.contains(side));
        let ratio = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        let besides = shared - predicates;
        let least = (alone[0] - predicates_alone[0]).min(alone[1] - predicates_alone[1]);
        Self {
            terms,
            words,
            quantities,
            times,
            opposites,
            predicate,
            polarity_differs: polarity_differs && !reversed,
            quantities_differ,
            times_differ,
            subjects_differ,
            shared,
            shared_besides: besides,
            dice: ratio(2.0 * shared, 2.0 * shared + (alone[0] + alone[1])),
            overlap: ratio(shared, shared + alone[0].min(alone[1])),
            overlap_besides: ratio(besides, besides + least.max(0.0)),
            days: a.day.zip(b.day).map(|(a, b)| (a - b).abs()),
            condition_differs: (a.modality == Modality::Conditional) != (b.modality == Modality::Conditional),
            same_language,
            left_over,
        }
    }

    /// Whether the predicates cannot both hold: opposites, or the same one negated in one statement.
    pub fn is_contrary(&self) -> bool {
        match self.predicate {
            PredicateRelation::Opposite => true,
            PredicateRelation::Same => self.polarity_differs,
            _ => false,
        }
    }

    /// What the decision on claims goes by, in the order of [`CLAIM_FEATURES`]; `kinship` is that of their articles.
    pub fn claim_features(&self, kinship: f64) -> [f64; CLAIM_FEATURES.len()] {
        let flag = |holds: bool| f64::from(u8::from(holds));
        [
            1.0,
            self.dice,
            self.overlap,
            self.shared.min(8.0) / 4.0,
            flag(self.predicate == PredicateRelation::Same),
            flag(self.predicate == PredicateRelation::Related),
            flag(self.predicate == PredicateRelation::Different),
            flag(!self.opposites.is_empty() && self.predicate != PredicateRelation::Same),
            flag(self.quantities_differ),
            flag(self.times_differ),
            flag(!self.quantities.is_empty()),
            flag(self.subjects_differ),
            flag(self.condition_differs),
            flag(self.days.is_some_and(|days| days > 180)),
            kinship.min(0.3) / 0.3,
            flag(kinship > KIN),
        ]
    }

    /// What the decision on titles goes by, in the order of [`TITLE_FEATURES`]. It is of the second title in view of the first.
    pub fn title_features(&self) -> [f64; TITLE_FEATURES.len()] {
        let flag = |holds: bool| f64::from(u8::from(holds));
        let [a, b] = self.left_over;
        let acts = self
            .terms
            .iter()
            .any(|&term| lexicon().concepts().get(term as usize).is_some_and(|concept| concept.kind != Kind::Thing));
        [
            1.0,
            self.dice,
            self.overlap,
            flag(self.predicate == PredicateRelation::Opposite),
            flag(!self.opposites.is_empty()),
            flag(self.quantities_differ),
            flag(!self.quantities.is_empty()),
            flag(self.times_differ),
            flag(self.polarity_differs),
            flag(self.predicate == PredicateRelation::Same),
            flag(acts),
            flag(a.names > 0 && b.names > 0),
            flag((a.names > 0) != (b.names > 0)),
            flag(a.things > 0 && b.things > 0),
            a.acts.min(3) as f64 + b.acts.min(3) as f64,
            a.words as f64 / 5.0,
            b.words as f64 / 5.0,
            self.words.len().min(8) as f64 / 4.0,
        ]
    }

    /// What follows for two claims of articles with this kinship: the relation, with a score from 0 to 1, or nothing.
    pub fn decide(&self, kinship: f64) -> Option<(Relation, f64)> {
        if self.is_contrary() {
            return self.contradiction(kinship).map(|score| (Relation::Contradicts, score));
        }
        let score = weights().claims(&self.claim_features(kinship));
        // One or two shared words make no claim the same.
        let enough = self.shared >= LEAST && self.terms.len() + self.words.len() + self.quantities.len() >= 2;
        (enough && score >= SAME).then_some((Relation::Same, score))
    }

    /// How sure it is that two claims with contrary predicates are on the same matter at the same time; `None` where
    /// they are hardly so.
    fn contradiction(&self, kinship: f64) -> Option<f64> {
        let apart = kinship <= KIN
            || self.quantities_differ
            || self.times_differ
            || self.condition_differs
            || self.subjects_differ
            || self.days.is_some_and(|days| days > 60);
        let score = self.overlap_besides * (self.shared_besides / 3.0).min(1.0);
        (!apart && self.shared_besides >= 1.5 && score >= CONTRADICTS).then_some(score)
    }
}

/// From this score on, two claims say the same.
pub const SAME: f64 = 0.4;
/// What they share must weigh so much.
const LEAST: f64 = 2.0;
/// Above this kinship, articles are likely on one event.
const KIN: f64 = 0.15;
/// From this score on, claims with contrary predicates are on the same matter.
pub const CONTRADICTS: f64 = 0.4;

/// Names of the features of the decision on claims.
pub const CLAIM_FEATURES: [&str; 16] = [
    "bias",
    "dice",
    "overlap",
    "shared",
    "predicate_same",
    "predicate_related",
    "predicate_different",
    "opposites",
    "quantities_differ",
    "times_differ",
    "quantity_shared",
    "subjects_differ",
    "condition_differs",
    "half_year_apart",
    "kinship",
    "kindred",
];

/// Names of the features of the decision on titles.
pub const TITLE_FEATURES: [&str; 18] = [
    "bias",
    "dice",
    "overlap",
    "predicate_opposite",
    "opposites",
    "quantities_differ",
    "quantity_shared",
    "times_differ",
    "polarity_differs",
    "predicate_same",
    "act_shared",
    "names_on_both",
    "names_on_one",
    "things_on_both",
    "acts_alone",
    "words_alone_first",
    "words_alone_second",
    "words_shared",
];

/// How two titles on what may be one matter stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TitleStance {
    /// The second says what the first says.
    Agree,
    /// They cannot both hold, or speak of different parties.
    Disagree,
    /// They have nothing to do with each other.
    Other,
}

impl TitleStance {
    /// All of them with their names.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Agree, "agree"), (Self::Disagree, "disagree"), (Self::Other, "other")];
}

/// The fitted weights.
#[derive(Debug)]
pub struct Weights {
    claims: [f64; CLAIM_FEATURES.len()],
    titles: [[f64; TITLE_FEATURES.len()]; 3],
}

static WEIGHTS: LazyLock<Weights> = LazyLock::new(|| {
    Weights::parse(include_str!("../../../models/link-weights.tsv")).expect("the built-in weights are tested")
});

/// The built-in weights.
pub fn weights() -> &'static Weights {
    &WEIGHTS
}

impl Weights {
    /// Reads weights in the form of `models/link-weights.tsv`.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] with the line if a row is broken, or if a weight is missing or given twice.
    pub fn parse(source: &str) -> Result<Self> {
        let broken = |line: u64, what: String| Error::new(ErrorKind::Model, what).at(FILE).line(line);
        let mut claims = [f64::NAN; CLAIM_FEATURES.len()];
        let mut titles = [[f64::NAN; TITLE_FEATURES.len()]; 3];
        for (line, row) in rows(FILE, source, 3)? {
            let (place, names): (Option<&mut [f64]>, &[&str]) = if row[0] == "same" {
                (Some(&mut claims[..]), &CLAIM_FEATURES[..])
            } else {
                let class = TitleStance::ALL.iter().position(|(_, name)| *name == row[0]);
                (class.map(|class| &mut titles[class][..]), &TITLE_FEATURES[..])
            };
            let feature = names.iter().position(|name| *name == row[1]);
            let (Some(place), Some(feature)) = (place, feature) else {
                return Err(broken(line, format!("no decision {:?} goes by {:?}", row[0], row[1])));
            };
            if !place[feature].is_nan() {
                return Err(broken(line, format!("{} of {} twice", row[1], row[0])));
            }
            place[feature] = row[2].parse().map_err(|_| broken(line, format!("{:?} is no number", row[2])))?;
        }
        if claims.iter().chain(titles.iter().flatten()).all(|weight| weight.is_finite()) {
            Ok(Self { claims, titles })
        } else {
            Err(Error::new(ErrorKind::Model, "a weight is missing").at(FILE))
        }
    }

    /// How sure it is that two claims with these features say the same, 0 to 1.
    fn claims(&self, features: &[f64; CLAIM_FEATURES.len()]) -> f64 {
        let sum: f64 = self.claims.iter().zip(features).map(|(weight, feature)| weight * feature).sum();
        1.0 / (1.0 + (-sum).exp())
    }

    /// The likeliest stance of two titles with these features.
    pub fn titles(&self, features: &[f64; TITLE_FEATURES.len()]) -> TitleStance {
        let score = |class: usize| -> f64 { self.titles[class].iter().zip(features).map(|(w, f)| w * f).sum() };
        let mut best = 0;
        for class in 1..TitleStance::ALL.len() {
            if score(class) > score(best) {
                best = class;
            }
        }
        TitleStance::ALL[best].0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::statement::tests::statement;
    use super::*;
    use crate::claim::Polarity;

    fn relation(a: &str, b: &str) -> Option<Relation> {
        compare(a, b, |_, _| {})
    }

    fn compare(
        a: &str,
        b: &str,
        change: impl Fn(&mut super::super::statement::Parts<'static>, &mut super::super::statement::Parts<'static>),
    ) -> Option<Relation> {
        let us = [("us-washington", true)];
        let (mut a, mut b) = (statement(a, &us, &[], &[]), statement(b, &us, &[], &[]));
        change(&mut a, &mut b);
        let mut vocabulary = Vocabulary::default();
        let (a, b) = (Statement::new(&a, &mut vocabulary), Statement::new(&b, &mut vocabulary));
        let (one, other) = (Evidence::new(&a, &b, &vocabulary), Evidence::new(&b, &a, &vocabulary));
        assert_eq!(one.decide(0.4), other.decide(0.4));
        one.decide(0.4).map(|(relation, score)| {
            assert!((0.0..=1.0).contains(&score));
            relation
        })
    }

    #[test]
    fn the_same_in_both_languages() {
        assert_eq!(
            relation("Washington *imposed tariffs on steel chips", "*فرضت واشنطن رسوما على الرقائق"),
            Some(Relation::Same)
        );
        assert_eq!(relation("Washington *imposed tariffs on chips", "*التقى الرئيس وفدا"), None);
    }

    #[test]
    fn opposites_contradict() {
        let (imposed, lifted) = ("Washington *imposed tariffs on chips", "*ألغت واشنطن رسوما على الرقائق");
        assert_eq!(relation(imposed, lifted), Some(Relation::Contradicts));
        assert_eq!(
            compare(imposed, lifted, |_, b| b.polarity = Polarity::Negated),
            Some(Relation::Same),
            "not lifted is as good as imposed"
        );
        let imposed_there = "*فرضت واشنطن رسوما على الرقائق";
        assert_eq!(compare(imposed, imposed_there, |_, b| b.polarity = Polarity::Negated), Some(Relation::Contradicts));
        assert_eq!(
            compare(imposed, lifted, |a, b| {
                a.date = Some("2025-01-01");
                b.date = Some("2025-09-01");
            }),
            None,
            "another time is another matter"
        );
    }

    #[test]
    fn other_numbers_are_other_claims() {
        let (english, arabic) = ("Washington *imposed tariffs on chips", "*فرضت واشنطن رسوما على الرقائق");
        let with = |mine: f64, other: f64| {
            compare(english, arabic, move |a, b| {
                a.quantities = vec![(mine, "%")];
                b.quantities = vec![(other, "%")];
            })
        };
        assert_eq!(with(25.0, 25.0), Some(Relation::Same));
        let mut vocabulary = Vocabulary::default();
        let us = [("us-washington", true)];
        let a = Statement::new(&statement(english, &us, &[(25.0, "%")], &["2025-04"]), &mut vocabulary);
        let b = Statement::new(&statement(arabic, &us, &[(50.0, "%")], &["2024-04-01"]), &mut vocabulary);
        let evidence = Evidence::new(&a, &b, &vocabulary);
        assert!(evidence.quantities_differ && evidence.times_differ);
        let c = Statement::new(&statement(arabic, &us, &[(24.8, "%")], &["2025-04-02"]), &mut vocabulary);
        let evidence = Evidence::new(&a, &c, &vocabulary);
        assert_eq!((evidence.quantities.len(), evidence.times.as_slice()), (1, &["2025-04-02".to_owned()][..]));
    }

    #[test]
    fn weights_are_whole() {
        let source = include_str!("../../../models/link-weights.tsv");
        assert!(Weights::parse(source).is_ok());
        let short: Vec<&str> = source.lines().take(source.lines().count() - 1).collect();
        assert!(Weights::parse(&short.join("\n")).is_err());
        assert!(Weights::parse(&format!("{source}same\tbias\t1\n")).is_err());
        assert!(Weights::parse("same\tmood\t1\n").is_err());
    }
}
