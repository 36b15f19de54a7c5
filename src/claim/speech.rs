//! Attributions from the words that the claim network finds for each cue, with those of the rules where it finds none.

use std::ops::Range;

use crate::annotator::attribution::complete;
use crate::annotator::cue::cues;
use crate::annotator::side::{reference_at, sides_of};
use crate::annotator::tree::Tree;
use crate::document::{Attribution, AttributionForm, Commitment, Document, Side};
use crate::offset::{Byte, Span};

/// How likely a word must be a cue to be one.
pub(super) const LEAST: f32 = 0.4;

/// An attribution of the rules stays if its cue is at least so likely one to the network.
const DOUBT: f32 = 0.15;

/// An attribution by its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spoken {
    /// Words of the source.
    pub source: Option<Range<usize>>,
    /// Words of the cue.
    pub cue: Range<usize>,
    /// Words from the first to the last of the content.
    pub content: Range<usize>,
}

/// The attributions of a document. `sentences`: the sentence of each word; `likely`: how likely each word is a cue.
pub(super) fn attributions(
    document: &Document,
    sentences: &[usize],
    likely: &[f32],
    spoken: &[Spoken],
) -> Vec<Attribution> {
    let layers = document.layers();
    let mut found: Vec<Attribution> = spoken.iter().filter_map(|s| attribution(document, sentences, s)).collect();
    let made = found.len();
    for rule in &layers.attributions {
        let clash = |own: &Attribution| match rule.cue {
            Some(cue) => own.cue.is_some_and(|c| c.overlaps(cue)),
            None => own.content.iter().any(|c| rule.content.iter().any(|r| r.overlaps(*c))),
        };
        let doubtful = rule.cue.is_some_and(|cue| {
            let words = super::features::words_in(&layers.words, cue);
            words.map(|at| likely[at]).fold(0.0, f32::max) < DOUBT
        });
        if !doubtful && !found[..made].iter().any(clash) {
            found.push(rule.clone());
        }
    }
    complete(document, &mut found);
    found
}

fn attribution(document: &Document, sentences: &[usize], spoken: &Spoken) -> Option<Attribution> {
    let layers = document.layers();
    let span = |words: &Range<usize>| -> Option<Span<Byte>> {
        let words = layers.words.get(words.clone())?;
        Some(words.first()?.span.cover(words.last()?.span))
    };
    let cue = span(&spoken.cue)?;
    // "X," he said, "Y": the frame inside is no part of the content.
    let frame = spoken.source.iter().fold(spoken.cue.clone(), |frame, source| {
        if inside(source, &spoken.content) { frame.start.min(source.start)..frame.end.max(source.end) } else { frame }
    });
    let mut pieces = vec![spoken.content.clone()];
    if inside(&frame, &spoken.content) {
        pieces = vec![spoken.content.start..frame.start, frame.end..spoken.content.end];
    }
    let content: Vec<Span<Byte>> = pieces
        .into_iter()
        .filter(|piece| !piece.is_empty())
        .filter_map(|piece| span(&piece))
        .filter(|piece| !piece.overlaps(cue) && document.quote(*piece).chars().any(char::is_alphanumeric))
        .collect();
    if content.is_empty() {
        return None;
    }
    let source = spoken.source.as_ref().and_then(span);
    let known = layers.attributions.iter().find(|a| a.cue.is_some_and(|c| c.overlaps(cue)));
    let (side, actor) = match (source, spoken.source.as_ref()) {
        (Some(source), Some(words)) => match known.filter(|a| a.source.is_some_and(|s| s.overlaps(source))) {
            Some(known) => (known.source_side, known.source_actor.clone()),
            None => whose(document, sentences, words),
        },
        _ => (None, None),
    };
    let by_lexicon = layers.words[spoken.cue.clone()].iter().find_map(|w| cues().form(&w.key));
    let commitment = by_lexicon.map(|(cue, _)| cue.commitment).or(known.map(|a| a.commitment));
    Some(Attribution {
        source,
        source_side: side,
        source_actor: actor,
        cue: Some(cue),
        content,
        form: AttributionForm::Indirect,
        commitment: commitment.unwrap_or(Commitment::Said),
        chain: Vec::new(),
        rule: known.map_or_else(|| "network/attribution".to_owned(), |a| format!("network/attribution+{}", a.rule)),
    })
}

fn inside(part: &Range<usize>, whole: &Range<usize>) -> bool {
    whole.start < part.start && part.end < whole.end
}

/// Side and actor of a source, by the word that the others hang on.
fn whose(document: &Document, sentences: &[usize], words: &Range<usize>) -> (Option<Side>, Option<String>) {
    let layers = document.layers();
    let outside = |at: &usize| layers.dependencies[*at].head.is_none_or(|head| !words.contains(&head));
    let top = words.clone().find(outside).unwrap_or(words.start);
    let tree = Tree::new(document, sentences[top]);
    let sided = sides_of(&tree, &layers.references, top).into_iter().next();
    let reference = || reference_at(&layers.references, layers.words[top].span);
    match (sided, reference()) {
        (Some(sided), _) => (Some(sided.side), sided.actor),
        (None, Some(reference)) => (Some(reference.side), reference.actor.clone()),
        (None, None) => (Some(Side::Other), None),
    }
}
