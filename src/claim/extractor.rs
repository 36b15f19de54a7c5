//! From layers to claims: clauses, who says them, whose they are, and their attributes.

use super::clause::{Clause, ClauseKind, clauses, is_clausal};
use super::{Basis, Claim, Modality, Polarity, SourceSide, Stance};
use crate::annotator::attribution::{is_arabic, is_question, is_question_paragraph};
use crate::annotator::cue::{Frame, cues};
use crate::annotator::lexicon::Form;
use crate::annotator::marker::{Marker, marker_at};
use crate::annotator::side::{Sided, reference_at, sides_in, sides_of};
use crate::annotator::stance::present;
use crate::annotator::topic;
use crate::annotator::tree::Tree;
use crate::document::{
    Attribution, Chain, Commitment, Document, Language, LayerKind, ParagraphKind, ReferenceForm, Relation, Side, Upos,
};
use crate::offset::{Byte, Span};

/// Extracts claims by rules over clauses, attributions and sides.
#[derive(Debug, Default)]
pub struct Extractor;

impl Extractor {
    /// The layers that must be there.
    pub fn requires(&self) -> &'static [LayerKind] {
        &[
            LayerKind::Words,
            LayerKind::Dependencies,
            LayerKind::Entities,
            LayerKind::References,
            LayerKind::Attributions,
        ]
    }

    /// The claims of a document, in text order.
    pub fn extract(&self, document: &Document) -> Vec<Claim> {
        if document.language() == Language::Other {
            return Vec::new();
        }
        let layers = document.layers();
        let article_topics = topic::scores(&layers.words, 0..layers.words.len(), None);
        let mut title_topics = [0.0; 15];
        for sentence in layers.sentences.iter().filter(|s| s.headline) {
            let title = topic::scores(&layers.words, layers.words_of(sentence), None);
            for (all, one) in title_topics.iter_mut().zip(title) {
                *all += one;
            }
        }
        let mut paragraph_topics = vec![[0.0; 15]; document.paragraphs().len()];
        for sentence in &layers.sentences {
            let scores = topic::scores(&layers.words, layers.words_of(sentence), None);
            for (all, one) in paragraph_topics[sentence.paragraph].iter_mut().zip(scores) {
                *all += one;
            }
        }
        let mut run =
            Run { document, article_topics, title_topics, paragraph_topics, claims: Vec::new(), before: None };
        for sentence in 0..layers.sentences.len() {
            let paragraph = layers.sentences[sentence].paragraph;
            if document.paragraphs()[paragraph].kind == ParagraphKind::Furniture {
                continue;
            }
            run.sentence(sentence);
        }
        let mut claims = run.claims;
        claims.sort_by_key(|c| (c.content, c.side));
        claims.dedup_by(|a, b| a.content == b.content && a.side == b.side);
        claims
    }
}

struct Run<'a> {
    document: &'a Document,
    article_topics: [f64; 15],
    title_topics: [f64; 15],
    paragraph_topics: Vec<[f64; 15]>,
    claims: Vec<Claim>,
    /// Paragraph and side of the last claim that had one side: what "this event" points to.
    before: Option<(usize, Side, Option<Span<Byte>>)>,
}

/// Who says a clause.
#[derive(Debug, Clone, Default)]
struct Said {
    source: Option<Span<Byte>>,
    side: Option<Side>,
    cue: Option<Span<Byte>>,
    commitment: Option<Commitment>,
    chain: Vec<Chain>,
    rule: String,
}

impl Run<'_> {
    fn sentence(&mut self, sentence: usize) {
        let document = self.document;
        let layers = document.layers();
        let span = layers.sentences[sentence].span;
        // Questions are no claims; nor is what an interviewer says.
        let paragraph = document.paragraphs()[layers.sentences[sentence].paragraph].span.slice(document.text());
        if is_question(span.slice(document.text())) || is_question_paragraph(paragraph) {
            return;
        }
        let tree = Tree::new(document, sentence);
        if tree.range().is_empty() {
            return;
        }
        let attributions: Vec<&Attribution> = layers
            .attributions
            .iter()
            .filter(|a| a.content.iter().any(|c| c.overlaps(span)) || a.cue.is_some_and(|c| span.contains(c)))
            .collect();
        let sentence_topics = topic::scores(&layers.words, tree.range(), None);
        for clause in clauses(&tree, &attributions) {
            self.clause(&tree, sentence, &attributions, &clause, &sentence_topics);
        }
    }

    fn clause(
        &mut self,
        tree: &Tree<'_>,
        sentence: usize,
        attributions: &[&Attribution],
        clause: &Clause,
        sentence_topics: &[f64; 15],
    ) {
        let document = self.document;
        let layers = document.layers();
        let head = clause.head;
        let word = tree.word(head);
        let mut said = said(attributions, word.span);
        let mut abstained = Vec::new();
        let (actor_sides, actor, shared) = self.actor(tree, clause);
        // A verb of communication without a clause is itself the claim, with its subject as source.
        let cue = cues().form(&word.key).filter(|(cue, form)| {
            cue.frame == Frame::Speech
                && matches!(form, Form::Finite | Form::Participle)
                && word.upos == Upos::Verb
                && clause_speaks(tree, head, &cue.id)
        });
        let narrator_speaks = said.side.is_none_or(|s| s == Side::Other);
        let passive = tree.child(head, &[Relation::NsubjPass, Relation::AuxPass]).is_some();
        if let (Some((cue, _)), true, false) = (cue, narrator_speaks, passive) {
            if let [one] = actor_sides.as_slice() {
                if one.side != Side::Other {
                    said.source = actor;
                    said.side = Some(one.side);
                    said.cue = Some(word.span);
                    said.commitment = Some(cue.commitment);
                    said.chain.push(Chain { source: actor, side: Some(one.side), cue: Some(word.span) });
                    said.rule = "speech-act".into();
                }
            }
        }
        // Shares of right claims by construction on corpus/dev (Arabic 0.76, English 0.82 where nothing weakens them).
        let mut confidence: f64 = if is_arabic(word) { 0.76 } else { 0.82 };
        let (sides, basis, why): (Vec<Sided>, Basis, &str) = match said.side {
            Some(side @ (Side::Us | Side::Cn)) => {
                (vec![Sided { side, reason: "source".into(), actor: None, span: word.span }], Basis::Stated, "stated")
            }
            _ => {
                let own: Vec<Sided> = actor_sides.iter().filter(|s| s.side != Side::Other).cloned().collect();
                if !own.is_empty() {
                    (own, Basis::Described, "actor")
                } else if let Some(found) = self.by_action(tree, head, clause, passive) {
                    confidence -= 0.2;
                    (found, Basis::Described, "acted-on")
                } else if let Some((paragraph, side, _)) = self.before.filter(|_| points_back(tree, clause)) {
                    if paragraph == layers.sentences[sentence].paragraph {
                        confidence -= 0.25;
                        (
                            vec![Sided { side, reason: "points back".into(), actor: None, span: word.span }],
                            Basis::Described,
                            "points-back",
                        )
                    } else {
                        return;
                    }
                } else if let Some(side) = self.carried(tree, sentence, clause, &actor_sides) {
                    confidence -= 0.2;
                    (
                        vec![Sided {
                            side,
                            reason: "carried from the clause before".into(),
                            actor: None,
                            span: word.span,
                        }],
                        Basis::Described,
                        "carried",
                    )
                } else {
                    return;
                }
            }
        };
        if shared {
            confidence -= 0.05;
        }
        if actor.is_none() {
            abstained.push("actor: no subject found".to_owned());
            confidence -= 0.1;
        }
        let polarity = polarity(tree, head);
        let modality = modality(tree, clause);
        let predicate = predicate(tree, head);
        let actor_side = actor_sides.iter().map(|s| s.side).find(|s| *s != Side::Other);
        let presentation = present(
            tree,
            &clause.words,
            clause.content,
            head,
            actor_side.or(sides.first().map(|s| s.side)),
            polarity == Polarity::Negated,
        );
        let clause_topics = {
            let first = layers.words.partition_point(|w| w.span.start() < clause.content.start());
            let last = layers.words.partition_point(|w| w.span.start() < clause.content.end());
            topic::scores(&layers.words, first..last, Some(head))
        };
        let (topic, clear) = topic::decide(&topic::Scopes {
            clause: &clause_topics,
            sentence: sentence_topics,
            paragraph: &self.paragraph_topics[layers.sentences[sentence].paragraph],
            article: &self.article_topics,
            title: &self.title_topics,
        });
        if !clear {
            abstained.push("topic: no topic word in the clause".to_owned());
        }
        let named = sides_in(document, clause.content);
        let language = if is_arabic(word) { "ar" } else { "en" };
        let rule = format!(
            "{language}/claim/{}-{}{}",
            clause.kind.label(),
            why,
            if said.rule.is_empty() { String::new() } else { format!("+{}", said.rule) }
        );
        if said.cue.is_none() && said.source.is_some() {
            confidence -= 0.05;
        }
        if clause.content.slice(document.text()).split_whitespace().count() < 3 {
            confidence -= 0.25;
        }
        if clause.kind == ClauseKind::Adverbial || clause.kind == ClauseKind::Relative {
            confidence -= 0.1;
        }
        let joint = sides.len() > 1;
        for sided in &sides {
            let mut about: Vec<Side> = Vec::new();
            let first = if basis == Basis::Stated { actor_side } else { Some(sided.side) };
            let rest = actor_sides.iter().map(|s| s.side).chain(named.iter().copied());
            for side in first.into_iter().chain(rest) {
                if side != Side::Other && !about.contains(&side) {
                    about.push(side);
                }
            }
            // Each party of a joint subject is the actor of its own claim, where it can be cut apart.
            let own_actor = if joint && sides.iter().all(|s| layers.entities.iter().any(|e| e.span == s.span)) {
                Some(sided.span)
            } else {
                actor
            };
            let stance = |value: f64, side: Side| {
                if joint || !about.contains(&side) || value.abs() < 0.5 {
                    Stance::Neutral
                } else if value > 0.0 {
                    Stance::Favourable
                } else {
                    Stance::Unfavourable
                }
            };
            self.claims.push(Claim {
                content: clause.content,
                side: sided.side,
                basis,
                stance_us: stance(presentation.us, Side::Us),
                stance_cn: stance(presentation.cn, Side::Cn),
                about,
                actor: own_actor,
                predicate: Some(predicate),
                source: said.source,
                source_side: match (said.side, said.source) {
                    (Some(Side::Us), _) => SourceSide::Us,
                    (Some(Side::Cn), _) => SourceSide::Cn,
                    (Some(Side::Other), _) | (None, Some(_)) => SourceSide::Other,
                    (None, None) => SourceSide::None,
                },
                cue: said.cue,
                polarity,
                modality,
                topic,
                commitment: said.commitment,
                source_chain: said.chain.clone(),
                times: inside(&layers.times, clause.content, |t| t.span),
                quantities: inside(&layers.quantities, clause.content, |q| q.span),
                objects: objects(tree, head),
                sentence,
                confidence: confidence.clamp(0.05, 0.95),
                rule: rule.clone(),
                abstained: abstained.clone(),
            });
        }
        if let [one] = sides.as_slice() {
            if basis == Basis::Described || self.before.is_none() {
                self.before = Some((layers.sentences[sentence].paragraph, actor_side.unwrap_or(one.side), actor));
            }
        }
    }

    /// Sides of the actor, its span, and whether the subject is shared with or taken from elsewhere.
    fn actor(&self, tree: &Tree<'_>, clause: &Clause) -> (Vec<Sided>, Option<Span<Byte>>, bool) {
        let found = self.actor_by_tree(tree, clause);
        if !found.0.is_empty() {
            return found;
        }
        // Verb first: the noun right behind an Arabic verb is its subject, whatever the parse made of it.
        let head = clause.head;
        let end = tree.range().end;
        if is_arabic(tree.word(head)) && tree.word(head).upos == Upos::Verb {
            let behind = (head + 1..end.min(head + 3)).find(|&w| tree.word(w).upos != Upos::Punct);
            if let Some(noun) = behind.filter(|&w| {
                matches!(tree.word(w).upos, Upos::Noun | Upos::X | Upos::Propn) && tree.word(w).clitic.is_none()
            }) {
                let sides = sides_of(tree, &self.document.layers().references, noun);
                if sides.iter().any(|s| s.side != Side::Other) {
                    return (sides, Some(tree.noun_phrase(noun)), true);
                }
            }
        }
        found
    }

    fn actor_by_tree(&self, tree: &Tree<'_>, clause: &Clause) -> (Vec<Sided>, Option<Span<Byte>>, bool) {
        let layers = self.document.layers();
        let references = &layers.references;
        let head = clause.head;
        if let Some(subject) = clause.subject {
            let word = tree.word(subject);
            let sides = sides_of(tree, references, subject);
            // Arabic pronouns are never the actor's words: the mention that they point to is.
            let enclitic = is_arabic(word) && word.upos == Upos::Pron;
            let span = match reference_at(references, word.span) {
                Some(reference) if enclitic => reference.antecedent,
                _ => tree.noun_phrase(subject),
            };
            return (sides, Some(span), tree.head(subject) != Some(head));
        }
        // أنها تخوض: the complementizer's enclitic is the subject.
        let enclitic = clause.words.iter().copied().find(|&w| {
            w < head
                && tree.word(w).clitic == Some(crate::document::Clitic::Enclitic)
                && w > 0
                && matches!(tree.word(w - 1).key.as_str(), "ان" | "لكن" | "انما" | "كان" | "لان" | "لعل")
        });
        for at in enclitic.into_iter().chain([head]) {
            if let Some(reference) = reference_at(references, tree.word(at).span)
                .filter(|r| at != head || r.form == ReferenceForm::DroppedSubject)
            {
                let sided = Sided {
                    side: reference.side,
                    reason: reference.reason.clone(),
                    actor: reference.actor.clone(),
                    span: reference.antecedent,
                };
                return (vec![sided], Some(reference.antecedent), true);
            }
        }
        if clause.kind == ClauseKind::Result {
            if let Some((_, side, span)) = self.before {
                return (
                    vec![Sided {
                        side,
                        reason: "result of the clause before".into(),
                        actor: None,
                        span: tree.word(head).span,
                    }],
                    span,
                    true,
                );
            }
        }
        (Vec::new(), None, true)
    }

    /// The side of the last claim, where a subject of no side of its own goes on about it.
    fn carried(&self, tree: &Tree<'_>, sentence: usize, clause: &Clause, sides: &[Sided]) -> Option<Side> {
        let (paragraph, side, _) = self.before?;
        let subject = clause.subject?;
        let here = self.document.layers().sentences[sentence].paragraph;
        // A measure stays its maker's over the next paragraph; other things within their own.
        let near = paragraph == here || is_measure(&tree.word(subject).key) && here <= paragraph + 1;
        (sides.is_empty() && near).then_some(side)
    }

    /// The side that is acted on: a passive's agent, the object of a neutral or unknown actor.
    fn by_action(&self, tree: &Tree<'_>, head: usize, clause: &Clause, passive: bool) -> Option<Vec<Sided>> {
        let references = &self.document.layers().references;
        let only = |sides: Vec<Sided>| -> Option<Vec<Sided>> {
            let sides: Vec<Sided> = sides.into_iter().filter(|s| s.side != Side::Other).collect();
            (sides.len() == 1).then_some(sides)
        };
        if passive {
            for child in tree.children_by(head, &[Relation::Obl, Relation::OblArg]) {
                if tree
                    .children_by(child, &[Relation::Case])
                    .any(|c| matches!(tree.word(c).key.as_str(), "by" | "قبل" | "under" | "بموجب"))
                {
                    if let Some(found) = only(sides_of(tree, references, child)) {
                        return Some(found);
                    }
                }
            }
        }
        clause.subject?;
        tree.children_by(head, &[Relation::Obj, Relation::Iobj, Relation::OblArg])
            .find_map(|child| only(sides_of(tree, references, child)))
    }
}

/// Nouns for what a side makes or decides.
fn is_measure(key: &str) -> bool {
    let key = key.strip_prefix("ال").unwrap_or(key);
    matches!(
        key,
        "law"
            | "rule"
            | "rules"
            | "order"
            | "orders"
            | "bill"
            | "act"
            | "decision"
            | "measure"
            | "measures"
            | "restrictions"
            | "curbs"
            | "controls"
            | "sanctions"
            | "tariffs"
            | "ban"
            | "listing"
            | "text"
            | "plan"
            | "move"
            | "policy"
            | "announcement"
            | "document"
            | "program"
            | "programme"
            | "project"
            | "list"
            | "probe"
            | "review"
            | "قانون"
            | "قواعد"
            | "قاعده"
            | "قرار"
            | "امر"
            | "اجراء"
            | "اجراءات"
            | "قيود"
            | "عقوبات"
            | "رسوم"
            | "حظر"
            | "خطوه"
            | "نص"
            | "خطه"
            | "سياسه"
            | "وثيقه"
            | "برنامج"
            | "مشروع"
            | "قايمه"
            | "تحقيق"
            | "بيان"
            | "ضوابط"
    )
}

/// A subject that points back to what was said: this event, this step, the move, the aim of that.
fn points_back(tree: &Tree<'_>, clause: &Clause) -> bool {
    let Some(subject) = clause.subject else { return false };
    let demonstrative = |key: &str| {
        matches!(key, "this" | "these" | "that" | "those" | "such" | "هذا" | "هذه" | "ذلك" | "تلك" | "هولاء")
    };
    tree.subtree(subject, &|w| !matches!(tree.relation(w), Relation::AclRelcl | Relation::Acl))
        .into_iter()
        .any(|w| demonstrative(tree.word(w).key.as_str()))
        || matches!(
            tree.word(subject).key.as_str(),
            "move"
                | "decision"
                | "step"
                | "measure"
                | "measures"
                | "الخطوه"
                | "القرار"
                | "الاجراء"
                | "الاجراءات"
                | "الهدف"
                | "النتيجه"
        )
}

/// Announce a plan, accuse somebody: not every use of the verb is speech.
fn clause_speaks(tree: &Tree<'_>, head: usize, cue: &str) -> bool {
    let next_is =
        |keys: &[&str]| tree.range().contains(&(head + 1)) && keys.contains(&tree.word(head + 1).key.as_str());
    match cue {
        "call-on" => next_is(&["on", "for", "upon"]),
        "commit" | "voice" | "discuss" | "express" => true,
        // حمل المسؤولية is blame, حمل الهاتف is not.
        "حمل" => (head + 1..tree.range().end.min(head + 6)).any(|w| tree.word(w).key.contains("مسوولي")),
        _ => true,
    }
}

/// The innermost source that is named or has a side, with its chain.
fn said(attributions: &[&Attribution], span: Span<Byte>) -> Said {
    let mut holding: Vec<&Attribution> = attributions
        .iter()
        .filter(|a| a.content.iter().any(|c| c.contains(span)) && a.cue.is_none_or(|c| !c.overlaps(span)))
        .copied()
        .collect();
    holding.sort_by_key(|a| a.content.iter().map(|c| c.len()).sum::<usize>());
    let best = holding.iter().find(|a| matches!(a.source_side, Some(Side::Us | Side::Cn))).or_else(|| holding.first());
    // A third party that is named and stands inside a side's words speaks itself.
    let best = match (holding.first(), best) {
        (Some(inner), Some(_)) if inner.source_actor.is_some() => Some(inner),
        (_, best) => best,
    };
    best.map_or_else(Said::default, |a| Said {
        source: a.source,
        side: a.source.and(a.source_side),
        cue: a.cue,
        commitment: Some(a.commitment),
        chain: a.chain.clone(),
        rule: a.rule.rsplit('/').next().unwrap_or_default().to_owned(),
    })
}

pub(super) fn inside<T>(items: &[T], content: Span<Byte>, span: impl Fn(&T) -> Span<Byte>) -> Vec<usize> {
    items.iter().enumerate().filter(|(_, item)| content.contains(span(item))).map(|(at, _)| at).collect()
}

pub(super) fn objects(tree: &Tree<'_>, head: usize) -> Vec<Span<Byte>> {
    tree.children_by(head, &[Relation::Obj, Relation::Iobj, Relation::OblArg]).map(|c| tree.noun_phrase(c)).collect()
}

/// The predicate's one word; of a name as predicate its whole.
fn predicate(tree: &Tree<'_>, head: usize) -> Span<Byte> {
    tree.word(head).span
}

/// Negated only by a negator that bears on the predicate.
pub(super) fn polarity(tree: &Tree<'_>, head: usize) -> Polarity {
    let words = &tree.document().layers().words;
    let end = tree.range().end;
    let is_negator = |at: usize| {
        marker_at(Marker::Negator, &words[at..end]).is_some() && {
            let next = words.get(at + 1).filter(|_| at + 1 < end).map_or("", |w| w.key.as_str());
            // لا يزال and "not only" affirm; لا سيما is no negation.
            !matches!(
                next,
                "يزال"
                    | "تزال"
                    | "زال"
                    | "زالت"
                    | "يزالون"
                    | "سيما"
                    | "only"
                    | "فقط"
                    | "just"
                    | "merely"
                    | "شك"
                    | "بد"
            )
        }
    };
    let own = tree.children(head).iter().copied().any(|c| {
        matches!(
            tree.relation(c),
            Relation::Advmod
                | Relation::Aux
                | Relation::Det
                | Relation::Mark
                | Relation::Cop
                | Relation::Dep
                | Relation::Case
                | Relation::Cc
                | Relation::Discourse
        ) && is_negator(c)
            && !(matches!(words[c].key.as_str(), "without" | "دون" | "بدون") && c > head)
            || matches!(tree.relation(c), Relation::Nsubj | Relation::NsubjPass | Relation::Obj)
                && (tree.children_by(c, &[Relation::Det]).any(|d| matches!(words[d].key.as_str(), "no" | "neither"))
                    || matches!(words[c].key.as_str(), "nobody" | "nothing" | "neither" | "none"))
    });
    let before = head > tree.range().start
        && matches!(words[head - 1].key.as_str(), "لا" | "لم" | "لن" | "ليس" | "ليست" | "غير")
        && is_negator(head - 1);
    let copula = tree.children_by(head, &[Relation::Cop, Relation::Aux]).any(|c| {
        c > tree.range().start && matches!(words[c - 1].key.as_str(), "لا" | "لم" | "لن") && is_negator(c - 1)
            || matches!(words[c].key.as_str(), "ليس" | "ليست" | "ليسوا")
    });
    // ليست غوشن وحدها: the negator is the predicate.
    let itself = matches!(words[head].key.as_str(), "ليس" | "ليست" | "ليسوا") && is_negator(head);
    if own || before || copula || itself { Polarity::Negated } else { Polarity::Affirmed }
}

pub(super) fn modality(tree: &Tree<'_>, clause: &Clause) -> Modality {
    let words = &tree.document().layers().words;
    let head = clause.head;
    let end = tree.range().end;
    // Under a condition: an if-clause of its own.
    let conditional = tree.children_by(head, &[Relation::Advcl]).any(|c| {
        tree.subtree(c, &|_| true).into_iter().take(3).any(|w| {
            marker_at(Marker::Condition, &words[w..end]).is_some() && words[w].key != "ان" && words[w].key != "should"
        }) && is_clausal(tree, c)
    });
    if conditional {
        return Modality::Conditional;
    }
    let bearing: Vec<usize> = std::iter::once(head)
        .chain(tree.children(head).iter().copied().filter(|&c| {
            matches!(
                tree.relation(c),
                Relation::Aux
                    | Relation::Advmod
                    | Relation::Cop
                    | Relation::Mark
                    | Relation::AuxPass
                    | Relation::Expl
                    | Relation::Dep
            )
        }))
        .chain(std::iter::once(head.saturating_sub(1)).filter(|&w| {
            w >= tree.range().start
                && w != head
                && matches!(words[w].upos, Upos::Part | Upos::Aux | Upos::Adv | Upos::Sconj)
        }))
        .collect();
    let has = |kind: Marker| {
        bearing.iter().any(|&w| {
            let verbal = w == head
                || matches!(
                    words[w].upos,
                    Upos::Verb | Upos::Aux | Upos::Adv | Upos::Part | Upos::X | Upos::Adj | Upos::Sconj
                );
            verbal
                && marker_at(kind, &words[w..end]).is_some()
                && !(words[w].key == "قد" && perfect_follows(words, w, end))
        })
    };
    if has(Marker::Obligated) {
        Modality::Obligated
    } else if has(Marker::Possible) {
        Modality::Possible
    } else if has(Marker::Intended) || plan_as_object(tree, head) {
        Modality::Intended
    } else {
        Modality::Asserted
    }
}

/// قد before a perfect is emphasis, before an imperfect possibility.
fn perfect_follows(words: &[crate::document::Word], at: usize, end: usize) -> bool {
    words.get(at + 1).filter(|_| at + 1 < end).is_some_and(|w| {
        if w.has("Aspect=Perf") {
            return true;
        }
        !w.has("Aspect=Imp") && !w.key.starts_with(['ي', 'ت', 'ن'])
    })
}

/// A plan, pledge, offer as the object: has plans, put forward a proposal.
fn plan_as_object(tree: &Tree<'_>, head: usize) -> bool {
    tree.children_by(head, &[Relation::Obj]).any(|c| {
        matches!(
            tree.word(c).key.as_str(),
            "plan"
                | "plans"
                | "pledge"
                | "proposal"
                | "intention"
                | "خطط"
                | "خططا"
                | "خطه"
                | "نيه"
                | "تعهدا"
                | "نيتها"
                | "عرضا"
                | "مقترحا"
        )
    })
}
