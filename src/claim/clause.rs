//! Clauses of a sentence: which predicates make a claim of their own, and which characters belong to each.
//!
//! The rules are those of the annotation guideline ("Clauses", "Relatives", "Reporting") over Universal Dependencies.

use crate::annotator::attribution::{is_arabic, is_finite, is_relative};
use crate::annotator::cue::cues;
use crate::annotator::lexicon::Form;
use crate::annotator::marker::{Marker, marker_at};
use crate::annotator::tree::Tree;
use crate::document::{Attribution, ParagraphKind, Relation, Upos, Word};
use crate::offset::{Byte, Span};

/// How a clause hangs in its sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClauseKind {
    /// The main clause.
    Main,
    /// Coordinated with a clause, or beside it.
    Coordinate,
    /// What a cue reports.
    Content,
    /// A concessive, temporal or elaborating clause.
    Adverbial,
    /// A relative clause that adds something.
    Relative,
    /// A result clause on the whole clause before (مما, which).
    Result,
    /// A participle of speech with its complement.
    Participle,
}

impl ClauseKind {
    /// Name in rule ids.
    pub fn label(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Coordinate => "coordinate",
            Self::Content => "content",
            Self::Adverbial => "adverbial",
            Self::Relative => "relative",
            Self::Result => "result",
            Self::Participle => "participle",
        }
    }
}

/// A clause with a predicate of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// The head word of the predicate.
    pub head: usize,
    /// How it hangs in its sentence.
    pub kind: ClauseKind,
    /// Its words, without those of clauses cut off from it.
    pub words: Vec<usize>,
    /// Its characters as the guideline cuts them.
    pub content: Span<Byte>,
    /// Head of its subject, own or shared.
    pub subject: Option<usize>,
    /// The clause it depends on.
    pub parent: Option<usize>,
}

const SUBJECTS: [Relation; 3] = [Relation::Nsubj, Relation::NsubjPass, Relation::Csubj];

/// Whether the word heads a finite clause or an Arabic nominal clause.
pub fn is_clausal(tree: &Tree<'_>, at: usize) -> bool {
    let word = tree.word(at);
    let subject = tree.child(at, &SUBJECTS).is_some();
    let helped =
        tree.children_by(at, &[Relation::Aux, Relation::AuxPass, Relation::Cop]).any(|c| tree.word(c).key != "to");
    match word.upos {
        Upos::Verb | Upos::Aux if is_arabic(word) => true,
        Upos::Verb | Upos::Aux => is_finite(word) || helped && !has_to(tree, at) || subject && headline(tree),
        Upos::Noun | Upos::Adj | Upos::Propn | Upos::Pron | Upos::Num | Upos::Adv | Upos::X | Upos::Adp | Upos::Det => {
            tree.child(at, &[Relation::Cop]).is_some() || (is_arabic(word) && subject)
        }
        _ => false,
    }
}

fn has_to(tree: &Tree<'_>, at: usize) -> bool {
    tree.children_by(at, &[Relation::Mark, Relation::Aux]).any(|c| tree.word(c).key == "to")
}

fn headline(tree: &Tree<'_>) -> bool {
    let layers = tree.document().layers();
    let Some(first) = tree.range().next() else { return false };
    let sentence = &layers.sentences[layers.tokens[layers.words[first].token].sentence];
    sentence.headline || tree.document().paragraphs()[sentence.paragraph].kind == ParagraphKind::Item
}

/// The first words of the subtree of `at`, up to its predicate: where its markers stand.
fn opening(tree: &Tree<'_>, at: usize) -> Vec<usize> {
    let mut first = tree.subtree(at, &|w| {
        !matches!(tree.relation(w), Relation::AclRelcl | Relation::Advcl | Relation::Conj | Relation::Parataxis)
    })[0];
    // A marker attached elsewhere still stands right before.
    while first > tree.range().start
        && matches!(tree.word(first - 1).upos, Upos::Sconj | Upos::Cconj | Upos::Adp)
        && tree.word(first - 1).span.end() <= tree.word(first).span.start()
    {
        first -= 1;
    }
    (first..=at).collect()
}

fn opens_with(tree: &Tree<'_>, at: usize, kind: Marker) -> bool {
    let words = &tree.document().layers().words;
    opening(tree, at).into_iter().take(4).any(|w| {
        let near = tree.word(w).upos != Upos::Punct;
        near && marker_at(kind, &words[w..tree.range().end]).is_some()
    })
}

/// How the clause of `at` stands, or `None` if it stays inside another one.
fn kind_of(tree: &Tree<'_>, attributions: &[&Attribution], at: usize, depth: usize) -> Option<ClauseKind> {
    let relation = tree.relation(at);
    let word = tree.word(at);
    let Some(head) = tree.head(at) else {
        return is_clausal(tree, at).then_some(ClauseKind::Main);
    };
    if depth > 40 {
        return None;
    }
    let head_stands = || {
        kind_of(tree, attributions, head, depth + 1).is_some()
            || tree.head(head).is_none()
            || is_frame(tree, attributions, head)
    };
    let reported = attributions.iter().any(|a| {
        a.cue.is_some_and(|c| c.overlaps(tree.word(head).span)) && a.content.iter().any(|c| c.contains(word.span))
    });
    if reported
        && matches!(
            relation,
            Relation::Ccomp
                | Relation::Parataxis
                | Relation::Xcomp
                | Relation::Advcl
                | Relation::Obj
                | Relation::Dep
                | Relation::Acl
                | Relation::Conj
        )
        && is_clausal(tree, at)
    {
        return Some(ClauseKind::Content);
    }
    // A clause that a relative or question word opens adds something only behind a comma.
    if let Some(opener) = opener(tree, at) {
        let key = tree.word(opener).key.as_str();
        if !is_arabic(word)
            && !reported
            && matches!(
                key,
                "who"
                    | "which"
                    | "whose"
                    | "whom"
                    | "that"
                    | "where"
                    | "how"
                    | "why"
                    | "whether"
                    | "what"
                    | "if"
                    | "when"
            )
        {
            let behind_comma =
                opener > tree.range().start && matches!(tree.word(opener - 1).form.as_str(), "," | "—" | "–");
            return match key {
                "who" | "which" | "whose" | "whom" | "where" if behind_comma && is_clausal(tree, at) => {
                    Some(ClauseKind::Relative)
                }
                "when" if relation == Relation::Advcl => None,
                "where" | "when" if tree.word(opener).xpos != "WRB" => None,
                _ if relation == Relation::Conj && is_clausal(tree, at) && head_stands() => {
                    Some(ClauseKind::Coordinate)
                }
                _ => None,
            };
        }
    }
    // "…; X does", ", and X does": a clause of its own whatever the parse made of it.
    if opens_beside(tree, at) && is_clausal(tree, at) && !under_condition(tree, at) {
        return Some(ClauseKind::Coordinate);
    }
    let own_subject = tree.child(at, &SUBJECTS).is_some_and(|s| !is_relative(tree.word(s)));
    match relation {
        // With a subject of its own it is a clause beside the others, wherever the parse hung it.
        Relation::Conj | Relation::Parataxis | Relation::Dep | Relation::Appos | Relation::List
            if is_clausal(tree, at) && own_subject && !under_condition(tree, at) =>
        {
            Some(ClauseKind::Coordinate)
        }
        // A finite verb joined to a noun by the parse, right behind a conjunction: invests in chips and restricts exports.
        Relation::Conj if joined_to_noun(tree, at, head) => Some(ClauseKind::Coordinate),
        Relation::Conj => (is_clausal(tree, at) || (word.upos == Upos::Verb && shares_auxiliary(tree, at, head)))
            .then_some(ClauseKind::Coordinate)
            .filter(|_| head_stands() && is_predicate(tree, head)),
        Relation::Parataxis | Relation::List | Relation::Dep | Relation::Root | Relation::Discourse => {
            (is_clausal(tree, at) && head_stands()).then_some(ClauseKind::Coordinate)
        }
        Relation::Ccomp => {
            // Quoted or reported by a frame that hangs below it, or a frame's clause that the parse put elsewhere.
            (is_clausal(tree, at) && is_frame(tree, attributions, head)).then_some(ClauseKind::Content)
        }
        Relation::Advcl => {
            if opens_with(tree, at, Marker::Condition) || opens_with(tree, at, Marker::Purpose) {
                return None;
            }
            let speech =
                cues().form(&word.key).is_some_and(|(_, form)| form == Form::Participle) && has_complement(tree, at);
            if speech {
                return Some(ClauseKind::Participle);
            }
            let result = opening(tree, at).first().is_some_and(|&w| {
                marker_at(Marker::Result, &tree.document().layers().words[w..tree.range().end]).is_some()
            });
            if result && is_clausal(tree, at) {
                return Some(ClauseKind::Result);
            }
            (is_clausal(tree, at) && (opens_with(tree, at, Marker::Assert) || is_arabic(word) && tree.comma_before(at)))
                .then_some(ClauseKind::Adverbial)
        }
        Relation::AclRelcl | Relation::Acl => {
            if is_arabic(word) && word.upos != Upos::Verb && relation == Relation::Acl {
                return None;
            }
            if !is_clausal(tree, at) {
                let speech = cues().form(&word.key).is_some_and(|(_, form)| form == Form::Participle)
                    && has_complement(tree, at)
                    && tree.comma_before(at);
                return speech.then_some(ClauseKind::Participle);
            }
            let which = tree
                .subtree(at, &|_| true)
                .into_iter()
                .take(3)
                .any(|w| is_relative(tree.word(w)) || tree.word(w).key == "ما");
            (tree.comma_before(at) && (which || is_arabic(word))).then_some(ClauseKind::Relative)
        }
        _ => None,
    }
}

/// The relative or question word, or "that", at the very front of the subtree.
fn opener(tree: &Tree<'_>, at: usize) -> Option<usize> {
    tree.head(at)?;
    let words =
        tree.subtree(at, &|w| !matches!(tree.relation(w), Relation::Conj | Relation::Parataxis | Relation::Punct));
    let first = *words.first()?;
    let second = words.get(1).copied().filter(|_| tree.word(first).upos == Upos::Adp).unwrap_or(first);
    (second < at && matches!(tree.word(second).xpos, "WDT" | "WP" | "WP$" | "WRB" | "IN")).then_some(second)
}

/// Whether the clause of `at` has a subject of its own that opens right behind a semicolon, or a comma with a conjunction.
fn opens_beside(tree: &Tree<'_>, at: usize) -> bool {
    let Some(subject) = tree.children_by(at, &SUBJECTS).find(|&s| s < at) else { return is_behind_semicolon(tree, at) };
    let mut first = tree.subtree(subject, &|w| w < at)[0];
    let mut conjunction = false;
    while first > tree.range().start && matches!(tree.word(first - 1).upos, Upos::Cconj | Upos::Adv) {
        conjunction |= tree.word(first - 1).upos == Upos::Cconj;
        first -= 1;
    }
    if first <= tree.range().start {
        return false;
    }
    match tree.word(first - 1).form.as_str() {
        ";" | "؛" => true,
        "," | "،" => conjunction,
        _ => false,
    }
}

/// An Arabic verb right behind a semicolon.
fn is_behind_semicolon(tree: &Tree<'_>, at: usize) -> bool {
    let mut here = at;
    while here > tree.range().start && matches!(tree.word(here - 1).upos, Upos::Cconj | Upos::Part | Upos::Aux) {
        here -= 1;
    }
    here > tree.range().start && matches!(tree.word(here - 1).form.as_str(), ";" | "؛")
}

/// Whether the word stands inside a clause of condition or purpose.
fn under_condition(tree: &Tree<'_>, at: usize) -> bool {
    std::iter::once(at).chain(ancestors(tree, at)).any(|w| {
        matches!(tree.relation(w), Relation::Advcl | Relation::Acl)
            && (opens_with(tree, w, Marker::Condition) || opens_with(tree, w, Marker::Purpose))
    })
}

fn has_complement(tree: &Tree<'_>, at: usize) -> bool {
    tree.child(at, &[Relation::Ccomp, Relation::Xcomp, Relation::Obj, Relation::Obl, Relation::OblArg]).is_some()
}

fn is_predicate(tree: &Tree<'_>, at: usize) -> bool {
    is_clausal(tree, at) || tree.word(at).upos == Upos::Verb
}

fn joined_to_noun(tree: &Tree<'_>, at: usize, head: usize) -> bool {
    is_finite(tree.word(at))
        && matches!(tree.word(head).upos, Upos::Noun | Upos::Propn | Upos::X)
        && at > tree.range().start
        && tree.word(at - 1).upos == Upos::Cconj
        && predicate_above(tree, head).is_some()
}

/// The nearest predicate above a word.
fn predicate_above(tree: &Tree<'_>, at: usize) -> Option<usize> {
    ancestors(tree, at).find(|&w| is_predicate(tree, w))
}

/// "will invest and restrict": the second verb stands under the first one's auxiliary.
fn shares_auxiliary(tree: &Tree<'_>, at: usize, head: usize) -> bool {
    let word = tree.word(at);
    if has_to(tree, at) || has_to(tree, head) {
        return false;
    }
    let aux = tree.child(head, &[Relation::Aux, Relation::AuxPass]).is_some();
    aux && word.xpos == tree.word(head).xpos
        || headline(tree) && word.upos == Upos::Verb && word.xpos == tree.word(head).xpos
}

/// Whether the word is the cue of an attribution: its clause is a frame and no claim.
pub fn is_frame(tree: &Tree<'_>, attributions: &[&Attribution], at: usize) -> bool {
    let word = tree.word(at);
    attributions.iter().any(|a| a.cue.is_some_and(|c| c.overlaps(word.span)))
}

/// All clauses of a sentence that may be claims, in text order; frames of attributions are left out.
pub fn clauses(tree: &Tree<'_>, attributions: &[&Attribution]) -> Vec<Clause> {
    let range = tree.range();
    let mut kinds: Vec<Option<ClauseKind>> = range.clone().map(|at| kind_of(tree, attributions, at, 0)).collect();
    // Content that no verb relation carried: the highest clausal word inside each content.
    for attribution in attributions {
        for content in &attribution.content {
            let inside: Vec<usize> = range.clone().filter(|&w| content.contains(tree.word(w).span)).collect();
            let has = inside.iter().any(|&w| kinds[w - range.start].is_some() && !is_frame(tree, attributions, w));
            if !has {
                let top = inside
                    .iter()
                    .copied()
                    .filter(|&w| is_clausal(tree, w) && !is_frame(tree, attributions, w))
                    .min_by_key(|&w| depth(tree, w));
                if let Some(top) = top {
                    kinds[top - range.start] = Some(ClauseKind::Content);
                }
            }
        }
    }
    let stands = |at: usize| {
        kinds[at - range.start].is_some() || is_frame(tree, attributions, at) && tree.word(at).upos == Upos::Verb
    };
    let mut clauses = Vec::new();
    for at in range.clone() {
        let Some(kind) = kinds[at - range.start] else { continue };
        if is_frame(tree, attributions, at) {
            continue;
        }
        let words = tree.subtree(at, &|w| !stands(w));
        let Some(content) = content(tree, attributions, at, &words, kind) else { continue };
        let parent = ancestors(tree, at).find(|&a| kinds[a - range.start].is_some());
        clauses.push(Clause { head: at, kind, words, content, subject: subject(tree, at), parent });
    }
    clauses
}

fn depth(tree: &Tree<'_>, at: usize) -> usize {
    ancestors(tree, at).count()
}

fn ancestors<'a>(tree: &'a Tree<'_>, at: usize) -> impl Iterator<Item = usize> + 'a {
    std::iter::successors(tree.head(at), move |&h| tree.head(h))
}

/// The subject's head: own, or shared with the first conjunct, or the relative's noun.
pub fn subject(tree: &Tree<'_>, at: usize) -> Option<usize> {
    let mut here = at;
    for _ in 0..20 {
        if let Some(subject) = tree.child(here, &SUBJECTS) {
            if is_relative(tree.word(subject)) && matches!(tree.relation(here), Relation::AclRelcl | Relation::Acl) {
                return tree.head(here);
            }
            return Some(subject);
        }
        let head = tree.head(here)?;
        match tree.relation(here) {
            Relation::Conj if is_predicate(tree, head) => here = head,
            Relation::Conj if is_finite(tree.word(here)) => here = predicate_above(tree, head)?,
            Relation::AclRelcl => {
                // The relative's noun is its subject where no other one stands inside.
                return Some(head);
            }
            Relation::Acl if is_arabic(tree.word(at)) => return Some(head),
            Relation::Advcl | Relation::Xcomp if !is_arabic(tree.word(at)) => here = head,
            Relation::Parataxis if !is_arabic(tree.word(at)) && tree.word(here).xpos == "VBG" => here = head,
            _ => return None,
        }
    }
    None
}

/// The clause's characters: from its first to its last word, clipped to what its source says, without conjunction, separable
/// complementizer and punctuation at its ends.
fn content(
    tree: &Tree<'_>,
    attributions: &[&Attribution],
    head: usize,
    words: &[usize],
    kind: ClauseKind,
) -> Option<Span<Byte>> {
    let text = tree.document().text();
    let all = &tree.document().layers().words;
    let range = tree.range();
    let mut first = *words.first()?;
    let mut last = *words.last()?;
    // Only the run around the head: a gap of another claim's clause at the front cuts there.
    let holes =
        |a: usize, b: usize| (a + 1..b).filter(|w| !words.contains(w)).any(|w| tree.word(w).upos != Upos::Punct);
    let at = words.iter().position(|&w| w == head)?;
    // Front: stop where a foreign clause with a verb lies between.
    for i in (0..at).rev() {
        if holes(words[i], words[i + 1])
            && (words[i] + 1..words[i + 1]).any(|w| !words.contains(&w) && is_finite(tree.word(w)))
            && !is_core_before(tree, words, i, head)
        {
            first = words[i + 1];
            break;
        }
    }
    // Clip to the attribution's content.
    let head_span = tree.word(head).span;
    if let Some(content) = innermost(attributions, head_span) {
        let hull = content.content.iter().copied().reduce(Span::cover)?;
        while first < head && !hull.contains(tree.word(first).span) {
            first += 1;
        }
        while last > head && !hull.contains(tree.word(last).span) {
            last -= 1;
        }
    } else {
        // Not inside a content: do not run into one, nor into its frame.
        let mark = |at: usize| matches!(tree.word(at).upos, Upos::Punct | Upos::Cconj);
        for attribution in attributions.iter().filter(|a| !a.rule.ends_with("preposition")) {
            for content in attribution.content.iter().filter(|c| c.start() > head_span.end()) {
                let mut end = last;
                while end > head && mark(end) {
                    end -= 1;
                }
                if !content.overlaps(tree.word(end).span) {
                    continue;
                }
                while end > head && (content.overlaps(tree.word(end).span) || mark(end)) {
                    end -= 1;
                }
                while end > head && (is_frame(tree, attributions, end) || mark(end)) {
                    end -= 1;
                }
                last = end;
            }
        }
    }
    // A label before a colon (May: …, WASHINGTON: …) is no part of the clause.
    if let Some(colon) = (first..head).find(|&w| tree.word(w).form == ":") {
        if colon - first <= 5 && !(first..colon).any(|w| is_finite(tree.word(w))) {
            first = colon + 1;
        }
    }
    // The front: punctuation, conjunctions, complementizers, linking words.
    loop {
        if first >= head {
            break;
        }
        let word = &all[first];
        let rest = &all[first..range.end];
        let link = marker_at(Marker::Link, rest)
            .filter(|&n| first + n <= head && (n > 1 || !matches!(word.upos, Upos::Noun | Upos::Propn | Upos::Verb)));
        let assert = marker_at(Marker::Assert, rest).filter(|&n| first + n <= head && (kind != ClauseKind::Main || n > 1) && !(n == 1 && matches!(word.upos, Upos::Noun | Upos::Propn | Upos::Adp if !tree.children(head).contains(&first))));
        let cut = if matches!(word.upos, Upos::Punct | Upos::Sym) && !opens_inside_pair(text, word, &all[last]) {
            1
        } else if word.upos == Upos::Cconj && !followed_by_enclitic(all, first) {
            1
        } else if kind != ClauseKind::Main && is_separable_complementizer(all, first) {
            1
        } else if matches!(kind, ClauseKind::Relative | ClauseKind::Result)
            && (is_relative(word) || matches!(word.key.as_str(), "مما" | "ما" | "وهو" | "من"))
            || is_arabic(word) && is_relative(word)
        {
            1
        } else if let Some(n) = link.filter(|_| !followed_by_enclitic(all, first)) {
            n
        } else if let Some(n) = assert.filter(|_| {
            matches!(kind, ClauseKind::Adverbial | ClauseKind::Coordinate | ClauseKind::Content)
                && !followed_by_enclitic(all, first)
        }) {
            n
        } else {
            break;
        };
        first += cut;
    }
    let span = tree.word(first.min(head)).span.cover(tree.word(last.max(head)).span);
    let span = crate::annotator::attribution::trim_marks(text, span);
    (!span.is_empty()).then_some(span)
}

/// A subject or fronted adjunct before an inserted clause still belongs: "China, which …, has banned …".
fn is_core_before(tree: &Tree<'_>, words: &[usize], at: usize, head: usize) -> bool {
    words[..=at].iter().any(|&w| {
        tree.head(w) == Some(head)
            && matches!(
                tree.relation(w),
                Relation::Nsubj | Relation::NsubjPass | Relation::Obl | Relation::Advmod | Relation::Dislocated
            )
    })
}

/// أنها, لكنها: the enclitic keeps its host in the content.
fn followed_by_enclitic(words: &[Word], at: usize) -> bool {
    words
        .get(at + 1)
        .is_some_and(|next| next.clitic == Some(crate::document::Clitic::Enclitic) && next.token == words[at].token)
}

fn is_separable_complementizer(words: &[Word], at: usize) -> bool {
    matches!(words[at].key.as_str(), "that" | "ان" | "whether" | "ب")
        && matches!(words[at].upos, Upos::Sconj | Upos::Part | Upos::Adp | Upos::X)
        && !followed_by_enclitic(words, at)
}

fn opens_inside_pair(text: &str, first: &Word, last: &Word) -> bool {
    matches!(first.form.as_str(), "\"" | "«" | "“" | "(") && {
        let inside = &text[first.span.start()..last.span.end()];
        let close = match first.form.as_str() {
            "\"" => '"',
            "«" => '»',
            "“" => '”',
            _ => ')',
        };
        inside.char_indices().skip(1).any(|(_, c)| c == close)
    }
}

/// The attribution with the smallest content that holds the span.
pub fn innermost<'a>(attributions: &[&'a Attribution], span: Span<Byte>) -> Option<&'a Attribution> {
    attributions
        .iter()
        .filter(|a| a.content.iter().any(|c| c.contains(span)))
        .min_by_key(|a| a.content.iter().map(|c| c.len()).sum::<usize>())
        .copied()
}
