//! What the claim network is told of each word besides its letters: grammar, names, sides, cues, and what the rules made of it.

use std::ops::Range;

use super::clause::{ClauseKind, clauses};
use super::extractor::{modality, polarity};
use super::{Basis, Claim, Polarity};
use crate::annotator::actor::actors;
use crate::annotator::attribution::{is_question, quotations};
use crate::annotator::cue::{Frame, cues};
use crate::annotator::entity::entity_at;
use crate::annotator::lexicon::Form;
use crate::annotator::marker::{Marker, is_marker};
use crate::annotator::side::{reference_at, sides_of};
use crate::annotator::stance::tone;
use crate::annotator::topic::topic_at;
use crate::annotator::tree::Tree;
use crate::document::{Attribution, Document, ParagraphKind, ReferenceForm, Side, Upos, Word};
use crate::offset::{Byte, Span};

/// Values of each kind of feature; 0 is "nothing to tell" wherever a kind has one.
pub const SIZES: [usize; 21] = [17, 43, 13, 16, 9, 19, 3, 7, 13, 4, 5, 12, 10, 18, 9, 16, 7, 11, 10, 16, 5];

/// The kind of feature that tells the topic that a word speaks for.
pub const TOPIC: usize = 15;

/// The features of a word, one value of each kind in [`SIZES`].
pub type Features = [u8; SIZES.len()];

const MARKERS: [Marker; 11] = [
    Marker::Assert,
    Marker::Purpose,
    Marker::Condition,
    Marker::Complement,
    Marker::Negator,
    Marker::Possible,
    Marker::Obligated,
    Marker::Intended,
    Marker::Result,
    Marker::Link,
    Marker::Impersonal,
];

const CLAUSES: [ClauseKind; 7] = [
    ClauseKind::Main,
    ClauseKind::Coordinate,
    ClauseKind::Content,
    ClauseKind::Adverbial,
    ClauseKind::Relative,
    ClauseKind::Result,
    ClauseKind::Participle,
];

/// The features of all words of a document. `rules`: the claims that the rules make of it.
pub fn features(document: &Document, rules: &[Claim]) -> Vec<Features> {
    let layers = document.layers();
    let quotations = quotations(document);
    let mut out = vec![[0; SIZES.len()]; layers.words.len()];
    for (number, sentence) in layers.sentences.iter().enumerate() {
        let tree = Tree::new(document, number);
        let range = tree.range();
        if range.is_empty() {
            continue;
        }
        let attributions: Vec<&Attribution> = layers
            .attributions
            .iter()
            .filter(|a| {
                a.content.iter().any(|c| c.overlaps(sentence.span))
                    || [a.cue, a.source].iter().flatten().any(|span| sentence.span.overlaps(*span))
            })
            .collect();
        let place = place(document, number);
        for at in range.clone() {
            let word = tree.word(at);
            let head = tree.head(at);
            let quoted = quotations.iter().any(|q| q.contains(word.span));
            out[at] = [
                word.upos as u8,
                tree.relation(at) as u8,
                entity(document, at),
                own_side(document, word),
                phrase_side(&tree, at),
                cue(word),
                u8::from(quoted) + u8::from(quoted && word.upos == Upos::Punct),
                attributed(&attributions, word.span),
                0,
                0,
                place,
                marker(&layers.words[..range.end], at),
                verb_form(word),
                head.map_or(0, |h| tree.word(h).upos as u8 + 1),
                head.map_or(0, |h| distance(at, h)),
                topic_at(&layers.words[..range.end], at).map_or(0, |topic| 1 + topic as u8),
                tone(&layers.words[..range.end], at),
                0,
                0,
                0,
                0,
            ];
        }
        for clause in clauses(&tree, &attributions) {
            let kind = CLAUSES.iter().position(|&kind| kind == clause.kind).unwrap_or_default();
            out[clause.head][8] = 6 + kind as u8;
            let negated = polarity(&tree, clause.head) == Polarity::Negated;
            out[clause.head][17] = 1 + modality(&tree, &clause) as u8 + if negated { 5 } else { 0 };
        }
    }
    for claim in rules {
        let side = u8::from(claim.side == Side::Cn);
        for at in words_in(&layers.words, claim.content) {
            out[at][9] |= 1 << side;
        }
        let Some(predicate) = claim.predicate.and_then(|span| words_in(&layers.words, span).next()) else { continue };
        let own = 1 + 2 * side + u8::from(claim.basis == Basis::Described);
        let value = &mut out[predicate][8];
        *value = if (1..6).contains(value) && *value != own { 5 } else { own };
        out[predicate][18] = 1 + 3 * claim.stance_us as u8 + claim.stance_cn as u8;
        out[predicate][19] = 1 + claim.topic as u8;
        out[predicate][20] = 1 + claim.source_side as u8;
    }
    out
}

/// The words that a span touches.
pub fn words_in(words: &[Word], span: Span<Byte>) -> Range<usize> {
    let start = words.partition_point(|w| w.span.end() <= span.start());
    let end = words.partition_point(|w| w.span.start() < span.end());
    start..end.max(start)
}

fn side_number(side: Side) -> u8 {
    match side {
        Side::Us => 0,
        Side::Cn => 1,
        Side::Other => 2,
    }
}

fn entity(document: &Document, at: usize) -> u8 {
    entity_at(document, at).map_or(0, |entity| 1 + 3 * entity.entity_type as u8 + side_number(entity.side))
}

/// The side that the word tells by itself: a demonym, or what it refers to.
fn own_side(document: &Document, word: &Word) -> u8 {
    if let Some(side) = actors().demonym(&word.key) {
        return 1 + side_number(side);
    }
    reference_at(&document.layers().references, word.span).map_or(0, |reference| {
        let form = match reference.form {
            ReferenceForm::Pronoun => 0,
            ReferenceForm::Enclitic => 1,
            ReferenceForm::DroppedSubject => 2,
            ReferenceForm::Description => 3,
        };
        4 + 3 * form + side_number(reference.side)
    })
}

/// The side of the noun phrase that the word heads, or of the subject of the clause that it heads.
fn phrase_side(tree: &Tree<'_>, at: usize) -> u8 {
    let references = &tree.document().layers().references;
    let (base, head) = match tree.word(at).upos {
        Upos::Noun | Upos::Propn | Upos::Pron | Upos::X => (1, Some(at)),
        Upos::Verb | Upos::Adj => (5, super::clause::subject(tree, at)),
        _ => return 0,
    };
    let Some(head) = head else { return 0 };
    let sides = sides_of(tree, references, head);
    match sides.as_slice() {
        [] => 0,
        [one] if one.side == Side::Other => base + 3,
        [one] => base + side_number(one.side),
        _ => base + 2,
    }
}

fn cue(word: &Word) -> u8 {
    cues().form(&word.key).map_or(0, |(cue, form)| {
        let frame = match cue.frame {
            Frame::Clause => 0,
            Frame::Speech => 1,
            Frame::Opinion => 2,
            Frame::Evidence => 3,
            Frame::Noun => 4,
            Frame::Preposition => 5,
        };
        let form = match form {
            Form::Finite => 0,
            Form::Participle => 1,
            Form::Noun => 2,
        };
        1 + 3 * frame + form
    })
}

/// The word's part in the innermost attribution that the rules found.
fn attributed(attributions: &[&Attribution], span: Span<Byte>) -> u8 {
    if attributions.iter().any(|a| a.cue.is_some_and(|c| c.contains(span))) {
        return 2;
    }
    if attributions.iter().any(|a| a.source.is_some_and(|s| s.contains(span))) {
        return 1;
    }
    let innermost = super::clause::innermost(attributions, span);
    innermost.map_or(0, |a| 3 + a.source.and(a.source_side).map_or(3, side_number))
}

/// Where the sentence stands.
fn place(document: &Document, sentence: usize) -> u8 {
    let sentence = &document.layers().sentences[sentence];
    match document.paragraphs()[sentence.paragraph].kind {
        _ if is_question(sentence.span.slice(document.text())) => 4,
        _ if sentence.headline => 1,
        ParagraphKind::Item => 2,
        ParagraphKind::Furniture => 3,
        _ => 0,
    }
}

fn marker(words: &[Word], at: usize) -> u8 {
    MARKERS.iter().position(|&kind| is_marker(kind, words, at)).map_or(0, |found| found as u8 + 1)
}

fn verb_form(word: &Word) -> u8 {
    let has = |feature: &str| word.feats.split('|').any(|f| f == feature);
    let form = match () {
        () if has("VerbForm=Fin") || has("Aspect=Perf") => 1,
        () if has("Aspect=Imp") => 2,
        () if has("VerbForm=Inf") || has("VerbForm=Vnoun") => 3,
        () if has("VerbForm=Part") || has("VerbForm=Ger") => 4,
        () => 0,
    };
    form + if has("Voice=Pass") { 5 } else { 0 }
}

fn distance(at: usize, head: usize) -> u8 {
    let bucket = match at.abs_diff(head) {
        1 => 0,
        2..=3 => 1,
        4..=8 => 2,
        _ => 3,
    };
    1 + bucket + if head > at { 4 } else { 0 }
}

/// Sentences that are read together: the words of the sentences before them, for context, and their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// First word of the context.
    pub start: usize,
    /// The words that are decided on.
    pub own: Range<usize>,
}

/// Words of a block of sentences of its own, unless one sentence has more.
const OWN: usize = 120;

/// Words of the sentences before a block that it sees.
const CONTEXT: usize = 80;

/// The blocks of a document, in text order.
pub fn blocks(document: &Document) -> Vec<Block> {
    let layers = document.layers();
    let sentences: Vec<Range<usize>> =
        layers.sentences.iter().map(|s| layers.words_of(s)).filter(|range| !range.is_empty()).collect();
    let mut blocks = Vec::new();
    let mut first = 0;
    while first < sentences.len() {
        let mut last = first;
        while last + 1 < sentences.len() && sentences[last + 1].end - sentences[first].start <= OWN {
            last += 1;
        }
        let mut context = first;
        while context > 0 && sentences[first].start - sentences[context - 1].start <= CONTEXT {
            context -= 1;
        }
        blocks.push(Block { start: sentences[context].start, own: sentences[first].start..sentences[last].end });
        first = last + 1;
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Relation;

    #[test]
    fn every_kind_has_room() {
        assert!(Relation::ALL.len() <= SIZES[1]);
        assert_eq!(SIZES[8], 6 + CLAUSES.len());
        assert_eq!(SIZES[11], 1 + MARKERS.len());
    }
}
