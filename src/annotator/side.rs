//! Which side a noun phrase belongs to: by its head's name, its demonym, its possessor, what it refers to.

use super::actor::{Actors, actors};
use super::entity::entity_at;
use super::tree::Tree;
use crate::document::{Document, Reference, ReferenceForm, Relation, Side, Upos};
use crate::offset::{Byte, Span};

/// The side of a phrase and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sided {
    /// The side.
    pub side: Side,
    /// Why.
    pub reason: String,
    /// Id of the actor, where the phrase is a name of one.
    pub actor: Option<String>,
    /// The party's own words inside a phrase that names both sides.
    pub span: Span<Byte>,
}

/// Sides of the phrase with this head: one, both (a joint phrase), or none where nothing tells.
///
/// An entity of neither side gives [`Side::Other`]; an empty list means unknown.
pub fn sides_of(tree: &Tree<'_>, references: &[Reference], head: usize) -> Vec<Sided> {
    Resolver { tree, references, actors: actors(), document: tree.document() }.phrase(head, 0)
}

/// The side of the reference (pronoun, dropped subject, description) that covers the span, if one was resolved.
pub fn reference_at(references: &[Reference], span: Span<Byte>) -> Option<&Reference> {
    let from = references.partition_point(|r| r.span.start() < span.start());
    references[from..].iter().take_while(|r| r.span.start() < span.end()).find(|r| span.contains(r.span))
}

struct Resolver<'a> {
    tree: &'a Tree<'a>,
    references: &'a [Reference],
    actors: &'static Actors,
    document: &'a Document,
}

/// Prepositions that tie a noun to its owner or origin (of, by, from, in); not to a goal or a target.
fn owner_preposition(key: &str) -> bool {
    matches!(
        key,
        "of" | "by"
            | "from"
            | "in"
            | "at"
            | "within"
            | "inside"
            | "من"
            | "في"
            | "ل"
            | "لدي"
            | "داخل"
            | "بين"
            | "between"
            | "among"
            | "amongst"
    )
}

fn example_preposition(key: &str) -> bool {
    matches!(key, "like" | "such" | "including" | "مثل" | "ك" | "بينها" | "منها" | "ابرزها")
}

impl Resolver<'_> {
    fn sided(&self, side: Side, reason: String, actor: Option<String>, at: usize) -> Sided {
        Sided { side, reason, actor, span: self.tree.word(at).span }
    }

    fn phrase(&self, head: usize, depth: usize) -> Vec<Sided> {
        let mut own = self.own(head, depth);
        // Coordination: the US and China; US and Chinese officials.
        if depth < 3 {
            for conjunct in self.tree.children_by(head, &[Relation::Conj]).collect::<Vec<_>>() {
                if matches!(self.tree.word(conjunct).upos, Upos::Verb | Upos::Aux) {
                    continue;
                }
                for sided in self.own(conjunct, depth + 1) {
                    if !own.iter().any(|o| o.side == sided.side) {
                        own.push(sided);
                    }
                }
            }
        }
        // With both sides named, a third party beside them does not matter.
        if own.iter().any(|o| o.side != Side::Other) {
            own.retain(|o| o.side != Side::Other);
        }
        own
    }

    fn own(&self, head: usize, depth: usize) -> Vec<Sided> {
        let word = self.tree.word(head);
        if let Some(entity) = entity_at(self.document, head) {
            // A name of no known side may still carry a demonym: Chinese startup Foo.
            if entity.side != Side::Other || entity.actor.is_some() {
                let mut sided = self.sided(entity.side, entity.reason.clone(), entity.actor.clone(), head);
                sided.span = entity.span;
                return vec![sided];
            }
        }
        if let Some(side) = self.actors.demonym(&word.key) {
            return vec![self.sided(side, format!("demonym {}", word.form), None, head)];
        }
        if self.is_both(head) {
            return [Side::Us, Side::Cn]
                .into_iter()
                .map(|side| self.sided(side, format!("{}: both sides", word.form), None, head))
                .collect();
        }
        if let Some(reference) = reference_at(self.references, word.span) {
            if reference.side != Side::Other || word.upos == Upos::Pron {
                let reason = format!(
                    "{} {} → {}",
                    reason_form(reference.form),
                    word.form,
                    self.document.quote(reference.antecedent)
                );
                return vec![self.sided(reference.side, reason, reference.actor.clone(), head)];
            }
        }
        if depth > 3 {
            return Vec::new();
        }
        // Modifiers, the closest tie first.
        let mut found: Vec<Sided> = Vec::new();
        let push = |sided: Vec<Sided>, found: &mut Vec<Sided>| {
            for one in sided {
                if !found.iter().any(|f: &Sided| f.side == one.side) {
                    found.push(one);
                }
            }
        };
        for child in self.tree.children(head).iter().copied() {
            let relation = self.tree.relation(child);
            let close = matches!(
                relation,
                Relation::Amod
                    | Relation::Compound
                    | Relation::NmodPoss
                    | Relation::Det
                    | Relation::Flat
                    | Relation::Nummod
            ) || (relation == Relation::Nmod && !self.has_case(child));
            if close {
                if self.is_adjacent_noun(child) {
                    push(self.phrase(child, depth + 1), &mut found);
                } else if let Some(side) = self.actors.demonym(&self.tree.word(child).key) {
                    push(
                        vec![self.sided(side, format!("demonym {}", self.tree.word(child).form), None, child)],
                        &mut found,
                    );
                    for conjunct in self.tree.children_by(child, &[Relation::Conj]) {
                        if let Some(side) = self.actors.demonym(&self.tree.word(conjunct).key) {
                            push(
                                vec![self.sided(
                                    side,
                                    format!("demonym {}", self.tree.word(conjunct).form),
                                    None,
                                    conjunct,
                                )],
                                &mut found,
                            );
                        }
                    }
                }
            }
        }
        if found.iter().any(|f| f.side != Side::Other) {
            found.retain(|f| f.side != Side::Other);
            return found;
        }
        for child in self
            .tree
            .children_by(head, &[Relation::Nmod, Relation::Appos, Relation::Obl, Relation::OblArg])
            .collect::<Vec<_>>()
        {
            let case = self.case_key(child);
            let tied = match self.tree.relation(child) {
                Relation::Appos => true,
                _ => case.as_deref().is_some_and(|c| owner_preposition(c) || example_preposition(c)),
            };
            if tied {
                push(self.phrase(child, depth + 1), &mut found);
                if found.iter().any(|f| f.side != Side::Other) {
                    break;
                }
            }
        }
        if found.iter().any(|f| f.side != Side::Other) {
            found.retain(|f| f.side != Side::Other);
        }
        if found.is_empty() {
            if let Some(beside) = self.beside(head) {
                return vec![beside];
            }
        }
        if found.is_empty() {
            if let Some(entity) = entity_at(self.document, head) {
                return vec![self.sided(entity.side, entity.reason.clone(), None, head)];
            }
        }
        found
    }

    /// A demonym or a name of a side right beside the noun, where the parse tied it elsewhere: behind an Arabic noun (الحكومة
    /// الأمريكية, حكومة بكين), in front of an English one.
    fn beside(&self, head: usize) -> Option<Sided> {
        let word = self.tree.word(head);
        if !matches!(word.upos, Upos::Noun | Upos::X | Upos::Propn) {
            return None;
        }
        let arabic = super::attribution::is_arabic(word);
        let steps: Vec<usize> = if arabic {
            (head + 1..self.tree.range().end.min(head + 3)).collect()
        } else {
            (head.saturating_sub(2).max(self.tree.range().start)..head).rev().collect()
        };
        for at in steps {
            let near = self.tree.word(at);
            if !matches!(near.upos, Upos::Noun | Upos::Adj | Upos::Propn | Upos::X) || near.clitic.is_some() {
                return None;
            }
            if let Some(side) = self.actors.demonym(&near.key) {
                return Some(self.sided(side, format!("demonym {}", near.form), None, at));
            }
            if let Some(entity) = entity_at(self.document, at).filter(|e| e.actor.is_some()) {
                return Some(self.sided(entity.side, entity.reason.clone(), entity.actor.clone(), at));
            }
        }
        None
    }

    /// The two countries, both sides, neither government, الطرفان, البلدين: the two sides of an article that names both and
    /// in the phrase names none.
    fn is_both(&self, head: usize) -> bool {
        let key = self.tree.word(head).key.as_str();
        let arabic = matches!(
            key.strip_prefix("ال").unwrap_or(key),
            "طرفان"
                | "طرفين"
                | "بلدان"
                | "بلدين"
                | "جانبان"
                | "جانبين"
                | "دولتان"
                | "دولتين"
                | "قوتان"
                | "قوتين"
                | "رييسان"
                | "رييسين"
                | "زعيمان"
                | "زعيمين"
                | "عاصمتان"
                | "عاصمتين"
                | "اقتصادان"
                | "اقتصادين"
                | "عملاقان"
                | "عملاقين"
                | "حكومتان"
                | "حكومتين"
                | "رويتان"
                | "رويتين"
                | "غريمان"
                | "غريمين"
                | "خصمان"
                | "خصمين"
                | "قوتا"
                | "رييسا"
                | "استراتيجيتان"
                | "استراتيجيتين"
        ) && key.starts_with("ال");
        let noun = matches!(
            self.tree.word(head).lemma.as_str(),
            "country"
                | "side"
                | "leader"
                | "government"
                | "party"
                | "power"
                | "nation"
                | "economy"
                | "capital"
                | "president"
                | "superpower"
                | "rival"
                | "giant"
                | "delegation"
        );
        let english = noun
            && self
                .tree
                .children(head)
                .iter()
                .any(|&c| c < head && matches!(self.tree.word(c).key.as_str(), "both" | "two" | "either" | "neither"));
        // "Both" and "neither" of nothing else.
        let alone = matches!(key, "both" | "neither")
            && matches!(self.tree.relation(head), Relation::Nsubj | Relation::NsubjPass)
            && self.tree.children(head).is_empty();
        (arabic || english || alone) && {
            let entities = &self.document.layers().entities;
            [Side::Us, Side::Cn].iter().all(|s| entities.iter().any(|e| e.side == *s))
        }
    }

    fn is_adjacent_noun(&self, child: usize) -> bool {
        matches!(self.tree.word(child).upos, Upos::Noun | Upos::Propn | Upos::X | Upos::Pron | Upos::Adj)
            && self.actors.demonym(&self.tree.word(child).key).is_none()
    }

    fn has_case(&self, at: usize) -> bool {
        self.tree.child(at, &[Relation::Case]).is_some()
    }

    fn case_key(&self, at: usize) -> Option<String> {
        self.tree.child(at, &[Relation::Case]).map(|c| self.tree.word(c).key.clone())
    }
}

fn reason_form(form: ReferenceForm) -> &'static str {
    use ReferenceForm as F;
    match form {
        F::Pronoun => "pronoun",
        F::Enclitic => "enclitic",
        F::DroppedSubject => "dropped subject of",
        F::Description => "description",
    }
}

/// Sides that are named anywhere in a span: by an entity or a demonym. In order of mention.
pub fn sides_in(document: &Document, span: Span<Byte>) -> Vec<Side> {
    let layers = document.layers();
    let mut found: Vec<(usize, Side)> = Vec::new();
    for entity in layers.entities.iter().filter(|e| span.overlaps(e.span) && e.side != Side::Other) {
        found.push((entity.span.start(), entity.side));
    }
    let from = layers.words.partition_point(|w| w.span.start() < span.start());
    for word in layers.words[from..].iter().take_while(|w| w.span.end() <= span.end()) {
        if let Some(side) = actors().demonym(&word.key).filter(|&s| s != Side::Other) {
            found.push((word.span.start(), side));
        } else if let Some(reference) = reference_at(&layers.references, word.span) {
            if reference.side != Side::Other && reference.form != ReferenceForm::DroppedSubject {
                found.push((word.span.start(), reference.side));
            }
        }
    }
    found.sort_unstable();
    let mut sides = Vec::new();
    for (_, side) in found {
        if !sides.contains(&side) {
            sides.push(side);
        }
    }
    sides
}
