//! A view of one sentence's dependency tree: children, subtrees, spans.

use std::ops::Range;

use crate::document::{Document, Relation, Upos, Word};
use crate::offset::{Byte, Span};

/// The tree of one sentence. All word indices are those of the document.
#[derive(Debug, Clone)]
pub struct Tree<'a> {
    document: &'a Document,
    range: Range<usize>,
    children: Vec<Vec<usize>>,
}

impl<'a> Tree<'a> {
    /// The tree of the sentence with that index.
    pub fn new(document: &'a Document, sentence: usize) -> Self {
        let layers = document.layers();
        let range = layers.words_of(&layers.sentences[sentence]);
        let mut children = vec![Vec::new(); range.len()];
        for at in range.clone() {
            if let Some(head) = layers.dependencies[at].head.filter(|h| range.contains(h)) {
                children[head - range.start].push(at);
            }
        }
        Self { document, range, children }
    }

    /// The document.
    pub fn document(&self) -> &'a Document {
        self.document
    }

    /// Indices of the sentence's words.
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// The word.
    pub fn word(&self, at: usize) -> &'a Word {
        &self.document.layers().words[at]
    }

    /// The word's head; `None` for the root.
    pub fn head(&self, at: usize) -> Option<usize> {
        self.document.layers().dependencies[at].head.filter(|h| self.range.contains(h))
    }

    /// The word's relation to its head.
    pub fn relation(&self, at: usize) -> Relation {
        self.document.layers().dependencies[at].relation
    }

    /// The words that depend on it directly, in text order.
    pub fn children(&self, at: usize) -> &[usize] {
        &self.children[at - self.range.start]
    }

    /// The children with one of the relations.
    pub fn children_by<'b>(&'b self, at: usize, relations: &'b [Relation]) -> impl Iterator<Item = usize> + 'b {
        self.children(at).iter().copied().filter(move |&c| relations.contains(&self.relation(c)))
    }

    /// The first child with one of the relations.
    pub fn child(&self, at: usize, relations: &[Relation]) -> Option<usize> {
        self.children_by(at, relations).next()
    }

    /// The root; `None` for a sentence without words.
    pub fn root(&self) -> Option<usize> {
        self.range().find(|&at| self.head(at).is_none())
    }

    /// The word and all below it for which `enter` holds, in text order; `enter` is not asked for `at` itself.
    pub fn subtree(&self, at: usize, enter: &dyn Fn(usize) -> bool) -> Vec<usize> {
        let mut found = vec![at];
        let mut next = 0;
        while next < found.len() {
            let here = found[next];
            next += 1;
            found.extend(self.children(here).iter().copied().filter(|&c| enter(c)));
        }
        found.sort_unstable();
        found
    }

    /// Whether `at` lies below `above` or is it.
    pub fn is_below(&self, at: usize, above: usize) -> bool {
        let mut here = Some(at);
        while let Some(word) = here {
            if word == above {
                return true;
            }
            here = self.head(word);
        }
        false
    }

    /// The span from the first to the last of the words.
    pub fn span(&self, words: &[usize]) -> Option<Span<Byte>> {
        let first = *words.first()?;
        let last = *words.last()?;
        Some(self.word(first).span.cover(self.word(last).span))
    }

    /// The noun phrase of a head as a source or actor is quoted: with its modifiers, without clauses, appositions
    /// after a comma, parentheses, and the preposition or conjunction in front.
    pub fn noun_phrase(&self, head: usize) -> Span<Byte> {
        let words = self.subtree(head, &|at| {
            !matches!(
                self.relation(at),
                Relation::AclRelcl
                    | Relation::Advcl
                    | Relation::Parataxis
                    | Relation::Punct
                    | Relation::Ccomp
                    | Relation::Discourse
                    | Relation::Orphan
                    | Relation::Nsubj
                    | Relation::NsubjPass
                    | Relation::Cop
                    | Relation::Aux
                    | Relation::AuxPass
                    | Relation::Mark
                    | Relation::List
                    | Relation::Dislocated
                    | Relation::Csubj
                    | Relation::Vocative
            ) && !(self.head(at) == Some(head)
                && matches!(self.relation(at), Relation::Case | Relation::Cc | Relation::Advmod)
                && at < head)
                && !(matches!(self.relation(at), Relation::Appos | Relation::Acl) && self.comma_before(at))
                && !(self.head(at) == Some(head)
                    && matches!(self.relation(at), Relation::Obl | Relation::OblArg | Relation::Obj | Relation::Xcomp))
        });
        // Keep the run of words around the head: what a comma or a left-out clause cuts off is not the phrase.
        let at = words.iter().position(|&w| w == head).unwrap_or(0);
        let joined = |a: usize, b: usize| (a + 1..b).all(|w| self.is_bridge(w));
        let mut first = at;
        while first > 0 && joined(words[first - 1], words[first]) {
            first -= 1;
        }
        let mut last = at;
        while last + 1 < words.len() && joined(words[last], words[last + 1]) {
            last += 1;
        }
        // No preposition, conjunction or punctuation at the ends.
        while first < at && matches!(self.word(words[first]).upos, Upos::Cconj | Upos::Sconj | Upos::Punct | Upos::Adp)
        {
            first += 1;
        }
        while last > at
            && matches!(
                self.word(words[last]).upos,
                Upos::Cconj | Upos::Sconj | Upos::Punct | Upos::Adp | Upos::Verb | Upos::Aux
            )
        {
            last -= 1;
        }
        self.word(words[first]).span.cover(self.word(words[last]).span)
    }

    /// Quotation marks, hyphens and brackets inside a phrase do not cut it.
    fn is_bridge(&self, at: usize) -> bool {
        let word = self.word(at);
        word.upos == Upos::Punct && !matches!(word.form.as_str(), "," | "،" | ";" | "؛" | ":" | "." | "—" | "–")
    }

    /// Whether a comma, dash or bracket stands right before the subtree of `at`.
    pub fn comma_before(&self, at: usize) -> bool {
        let first = self.subtree(at, &|w| self.relation(w) != Relation::Punct)[0];
        first > self.range.start && {
            let form = self.word(first - 1).form.as_str();
            matches!(form, "," | "،" | "—" | "–" | "-" | "(" | ";" | "؛" | ":")
        }
    }
}
