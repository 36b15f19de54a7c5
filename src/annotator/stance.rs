//! How a clause presents each side, by a lexicon of evaluative predicates and qualities (`models/stance.tsv`) with their roles.

use std::sync::LazyLock;

use super::lexicon::rows;
use super::side::{sides_in, sides_of};
use super::tree::Tree;
use super::word_list::WordList;
use crate::document::{Relation, Side, Upos, Word};
use crate::offset::{Byte, Span};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Actor,
    Object,
    Quality,
}

static STANCE: LazyLock<WordList<(Role, f64)>> = LazyLock::new(|| {
    let mut list = WordList::default();
    for (_, row) in rows("models/stance.tsv", include_str!("../../models/stance.tsv"), 4).expect("built in and tested")
    {
        let role = match row[0] {
            "actor" => Role::Actor,
            "object" => Role::Object,
            _ => Role::Quality,
        };
        let effect = if row[1] == "good" { 1.0 } else { -1.0 };
        for pattern in row[3].split('|') {
            list.insert(pattern, (role, effect));
        }
    }
    list
});

/// Scores of how the United States and China are presented; positive is favourable.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Presentation {
    /// The United States.
    pub us: f64,
    /// China.
    pub cn: f64,
}

impl Presentation {
    fn add(&mut self, side: Side, value: f64) {
        match side {
            Side::Us => self.us += value,
            Side::Cn => self.cn += value,
            Side::Other => {}
        }
    }
}

/// Scores the words of a clause. `actor` is the side that acts, `predicate` its verb.
pub fn present(
    tree: &Tree<'_>,
    words: &[usize],
    content: Span<Byte>,
    predicate: usize,
    actor: Option<Side>,
    negated: bool,
) -> Presentation {
    let all = &tree.document().layers().words;
    let references = &tree.document().layers().references;
    let mut result = Presentation::default();
    let others: Vec<Side> = sides_in(tree.document(), content).into_iter().filter(|&s| Some(s) != actor).collect();
    let target = others.first().copied();
    let sign = if negated { -1.0 } else { 1.0 };
    let end = tree.range().end;
    for &at in words {
        let distance = if at == predicate { 1.0 } else { 0.6 };
        for &(role, effect) in STANCE.at(&all[..end], at) {
            match role {
                Role::Actor if matches!(all[at].upos, Upos::Verb | Upos::Aux) => {
                    if let Some(actor) = actor.filter(|_| at == predicate || is_governed(tree, at, predicate)) {
                        result.add(actor, effect * sign * distance);
                    }
                }
                Role::Object if matches!(all[at].upos, Upos::Verb | Upos::Noun) => {
                    let passive = tree.child(at, &[Relation::NsubjPass, Relation::AuxPass]).is_some();
                    if passive {
                        if let Some(actor) = actor {
                            result.add(actor, effect * sign);
                        }
                    } else if let Some(target) = target {
                        result.add(target, effect * sign * distance);
                    }
                }
                Role::Quality
                    if matches!(
                        all[at].upos,
                        Upos::Noun | Upos::Adj | Upos::Adv | Upos::Propn | Upos::X | Upos::Num
                    ) =>
                {
                    // The side whose phrase it stands in, else the actor.
                    let head = if all[at].upos == Upos::Adj { tree.head(at).unwrap_or(at) } else { at };
                    let own = sides_of(tree, references, head);
                    let side = if own.len() == 1 { Some(own[0].side) } else { actor };
                    if let Some(side) = side {
                        result.add(side, effect * sign * 0.6);
                    }
                }
                _ => {}
            }
        }
    }
    // A comparison sets the two sides against each other.
    if let (Some(actor), Some(target)) = (actor, target) {
        let compares = words.iter().any(|&w| {
            matches!(all[w].key.as_str(), "than" | "مقارنه" | "compared" | "versus" | "خلف" | "behind" | "ahead")
        });
        let value = if actor == Side::Us { result.us } else { result.cn };
        if compares && value != 0.0 {
            result.add(target, -value);
        }
    }
    result
}

/// What the lexicon says of the word, with those behind it: 0 nothing; bad and good of an actor (1, 2), of an object (3, 4), by
/// itself (5, 6).
pub fn tone(words: &[Word], at: usize) -> u8 {
    STANCE.at(words, at).next().map_or(0, |&(role, effect)| 1 + 2 * role as u8 + u8::from(effect > 0.0))
}

/// Whether the word is the predicate's complement verb (aims to lead).
fn is_governed(tree: &Tree<'_>, at: usize, predicate: usize) -> bool {
    tree.head(at) == Some(predicate)
        && matches!(tree.relation(at), Relation::Xcomp | Relation::Ccomp | Relation::Conj | Relation::Advcl)
}
