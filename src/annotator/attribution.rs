//! Attribution: who (source) says (cue) what (content), after the source–cue–content scheme of PolNeAR (Newell et al. 2018).
//!
//! Each construction is one rule with an id (`en/attribution/verb-clause`), which stands in every claim that it leads to.

use super::cue::{Cue, Cues, Frame, cues};
use super::entity::entity_at;
use super::lexicon::Form;
use super::side::{Sided, reference_at, sides_of};
use super::tree::Tree;
use crate::document::{
    Annotator, Attribution, AttributionForm, Chain, Clitic, Commitment, Document, EntityType, Layer, LayerKind,
    ParagraphKind, Relation, Side, Upos, Word,
};
use crate::offset::{Byte, Span};

/// Finds attributions by the cue lexicon over the dependency trees.
#[derive(Debug)]
pub struct Attributions {
    cues: &'static Cues,
}

impl Default for Attributions {
    fn default() -> Self {
        Self { cues: cues() }
    }
}

impl Annotator for Attributions {
    fn name(&self) -> &'static str {
        "attribution"
    }

    fn requires(&self) -> &'static [LayerKind] {
        &[LayerKind::Words, LayerKind::Dependencies, LayerKind::Entities, LayerKind::References]
    }

    fn provides(&self) -> LayerKind {
        LayerKind::Attributions
    }

    fn annotate(&self, document: &Document) -> Layer {
        let mut attributions = Vec::new();
        let quotations = quotations(document);
        for at in 0..document.layers().sentences.len() {
            let kind = document.paragraphs()[document.layers().sentences[at].paragraph].kind;
            if kind == ParagraphKind::Furniture {
                continue;
            }
            let tree = Tree::new(document, at);
            let mut finder = Finder {
                tree: &tree,
                document,
                cues: self.cues,
                quotations: &quotations,
                sentence: at,
                found: Vec::new(),
            };
            finder.run();
            let found = std::mem::take(&mut finder.found);
            attributions.extend(found);
        }
        speaker_labels(document, &mut attributions);
        continue_quotations(document, &quotations, &mut attributions);
        between_frames(document, &mut attributions);
        complete(document, &mut attributions);
        Layer::Attributions(attributions)
    }
}

/// Puts attributions into text order, with the sources around each and its form.
pub fn complete(document: &Document, attributions: &mut [Attribution]) {
    attributions.sort_by_key(|a| (a.content.first().copied(), std::cmp::Reverse(a.content.last().copied())));
    chains(attributions);
    let quotations = quotations(document);
    for attribution in attributions {
        attribution.form = form(document, attribution, &quotations);
    }
}

/// The quotations of the text: spans inside quotation marks, marks not included. An opening mark without a closing one in
/// its paragraph reaches to the paragraph's end if the next paragraph opens with a mark again, else it counts as none.
pub fn quotations(document: &Document) -> Vec<Span<Byte>> {
    let text = document.text();
    let mut found = Vec::new();
    for paragraph in document.paragraphs() {
        let inside = paragraph.span.slice(text);
        let base = paragraph.span.start();
        let mut open: Option<(usize, char)> = None;
        for (at, c) in inside.char_indices() {
            let position = base + at;
            match (c, open) {
                ('«' | '“' | '„', _) => open = Some((position + c.len_utf8(), c)),
                ('»', Some((start, '«'))) | ('”', Some((start, '“' | '„'))) | ('"', Some((start, '"'))) => {
                    found.push(Span::new(start, position));
                    open = None;
                }
                ('”' | '»', Some((start, _))) => {
                    found.push(Span::new(start, position));
                    open = None;
                }
                ('"', None) => open = Some((position + 1, '"')),
                ('"', Some((start, _))) => {
                    found.push(Span::new(start, position));
                    open = None;
                }
                _ => {}
            }
        }
        // A quotation of several paragraphs leaves its first ones open.
        if let Some((start, _)) = open {
            let here = document.paragraphs().iter().position(|p| p.span == paragraph.span);
            let next = here.and_then(|h| document.paragraphs().get(h + 1));
            if next.is_some_and(|n| n.span.slice(text).starts_with(['«', '“', '"']))
                && start + 40 < paragraph.span.end()
            {
                found.push(Span::new(start, paragraph.span.end()));
            }
        }
    }
    found
}

struct Finder<'a> {
    tree: &'a Tree<'a>,
    document: &'a Document,
    cues: &'static Cues,
    quotations: &'a [Span<Byte>],
    sentence: usize,
    found: Vec<Attribution>,
}

/// The word that a clause or quotation is attributed to.
#[derive(Debug, Clone, Default)]
struct Source {
    span: Option<Span<Byte>>,
    side: Option<Side>,
    actor: Option<String>,
}

const SUBJECTS: [Relation; 2] = [Relation::Nsubj, Relation::NsubjPass];

impl Finder<'_> {
    fn run(&mut self) {
        for at in self.tree.range() {
            let word = self.tree.word(at);
            let Some((cue, form)) = self.cue(at) else { continue };
            match form {
                Form::Finite | Form::Participle => self.verb(at, cue, form, word),
                Form::Noun => self.noun(at, cue),
            }
        }
        self.prepositions();
        self.colon();
        self.quote_frames();
    }

    /// "…," X told the paper: a quotation at the front and a cue behind it, whatever the parse made of it.
    fn quote_frames(&mut self) {
        let sentence = self.document.layers().sentences[self.sentence].span;
        let Some(quote) =
            self.quotations.iter().copied().find(|q| {
                q.start() >= sentence.start() && q.start() <= sentence.start() + 3 && q.end() < sentence.end()
            })
        else {
            return;
        };
        if !self.is_sentence_like(quote) || self.found.iter().any(|a| a.content.iter().any(|c| c.overlaps(quote))) {
            return;
        }
        let behind: Vec<usize> = self.tree.range().filter(|&w| self.tree.word(w).span.start() >= quote.end()).collect();
        let Some(at) = behind.iter().copied().find(|&w| is_finite(self.tree.word(w))) else { return };
        let Some((cue, Form::Finite)) = self.cue(at).or_else(|| self.cues.form(&self.tree.word(at).key)) else {
            return;
        };
        if matches!(cue.frame, Frame::Noun | Frame::Preposition) {
            return;
        }
        let noun = |&w: &usize| matches!(self.tree.word(w).upos, Upos::Noun | Upos::Propn | Upos::Pron | Upos::X);
        let before: Vec<usize> = behind.iter().copied().filter(|&w| w < at).filter(noun).collect();
        let after: Vec<usize> = behind.iter().copied().filter(|&w| w > at).filter(noun).take(3).collect();
        let Some(&head) = before.first().or_else(|| after.first()) else { return };
        let entity = entity_at(self.document, head);
        let sides = sides_of(self.tree, &self.document.layers().references, head);
        let side = sides.first().map(|s| s.side).or_else(|| entity.map(|e| e.side)).unwrap_or(Side::Other);
        let phrase = entity.map_or_else(|| self.tree.noun_phrase(head), |e| e.span.cover(self.tree.word(head).span));
        let span = if phrase.overlaps(quote) || phrase.overlaps(self.tree.word(at).span) {
            self.tree.word(head).span
        } else {
            phrase
        };
        let source = Source { span: Some(span), side: Some(side), actor: sides.first().and_then(|s| s.actor.clone()) };
        let content = self.tidy(vec![quote]);
        let rule = format!("{}/attribution/quote-frame", self.language(at));
        let word = self.tree.word(at).span;
        self.push(source, Some(word), content, cue.commitment, rule);
    }

    /// The cue that a word is a form of, where its part of speech allows it.
    fn cue(&self, at: usize) -> Option<(&'static Cue, Form)> {
        let word = self.tree.word(at);
        let (cue, form) = self.cues.form(&word.key)?;
        let fits = match form {
            Form::Finite => {
                matches!(word.upos, Upos::Verb | Upos::Aux)
                    || (is_arabic(word)
                        && matches!(word.upos, Upos::X | Upos::Noun | Upos::Propn | Upos::Adj)
                        && self.complementizer_follows(at))
            }
            Form::Participle => {
                matches!(word.upos, Upos::Verb | Upos::Adj | Upos::Noun) && entity_at(self.document, at).is_none()
            }
            Form::Noun => matches!(word.upos, Upos::Noun),
        };
        let calls = |at: usize| {
            self.follows(at, &["on", "for", "upon"]) || self.tree.child(at, &[Relation::Xcomp, Relation::Obj]).is_some()
        };
        if !fits || cue.id == "call-on" && !calls(at) || cue.id == "point-out" && !self.follows(at, &["out", "to"]) {
            return None;
        }
        Some((cue, form))
    }

    fn follows(&self, at: usize, keys: &[&str]) -> bool {
        self.tree.range().contains(&(at + 1)) && keys.contains(&self.tree.word(at + 1).key.as_str())
    }

    fn complementizer_follows(&self, at: usize) -> bool {
        (at + 1..self.tree.range().end.min(at + 9))
            .any(|w| self.tree.word(w).key == "ان" && self.tree.word(w).upos != Upos::Noun)
    }

    fn language(&self, at: usize) -> &'static str {
        if is_arabic(self.tree.word(at)) { "ar" } else { "en" }
    }

    fn verb(&mut self, at: usize, cue: &'static Cue, form: Form, word: &Word) {
        let Some((content, how)) = self.content(at, cue, form) else { return };
        // A passive reports nobody's words: "was seen", "is expected to".
        let passive = form == Form::Finite && self.tree.child(at, &[Relation::AuxPass, Relation::NsubjPass]).is_some();
        if passive && how != "verb-that" {
            return;
        }
        let source = if passive {
            Source::default()
        } else {
            self.quoted_person(at, cue).unwrap_or_else(|| self.source(at, form))
        };
        if cue.frame == Frame::Evidence && source.span.is_none() {
            return;
        }
        // Things show and suggest; a verb of evidence with a party as its subject is an act (China showed …).
        if content.iter().all(|c| c.is_empty()) {
            return;
        }
        let rule = format!("{}/attribution/{}", self.language(at), how);
        self.push(source, Some(word.span), content, cue.commitment, rule);
    }

    /// The content of a verbal cue and the name of the construction.
    fn content(&self, at: usize, cue: &Cue, form: Form) -> Option<(Vec<Span<Byte>>, &'static str)> {
        let range = self.tree.range();
        let text = self.document.text();
        let sentence = self.document.layers().sentences[self.sentence].span;
        let word = self.tree.word(at);
        let quotes: Vec<Span<Byte>> = self.quotations.iter().copied().filter(|q| q.overlaps(sentence)).collect();
        // "…", said X. / X, he said. – the cue stands behind its content.
        let postposed = form == Form::Finite && {
            let phrase_start = self.frame_start(at);
            let lead = text[sentence.start()..phrase_start].trim_end();
            let behind = self.frame_end(at);
            let rest = text[behind..sentence.end()].trim_matches(|c: char| {
                c.is_whitespace() || matches!(c, '.' | ',' | '"' | '”' | '»' | '،' | '!' | '?')
            });
            let adjunct_only =
                !(at + 1..range.end).any(|w| self.tree.word(w).span.start() >= behind && is_finite(self.tree.word(w)));
            lead.ends_with([',', '"', '”', '»', '،', '—', '–', '?', '!', '’'])
                && lead.split_whitespace().count() >= 2
                && (rest.is_empty()
                    || adjunct_only
                    || text[behind..].trim_start().starts_with([',', '"', '“', '«', '،']))
                && !self.complementizer_near(at)
        };
        if postposed {
            let start = self.frame_start(at);
            let mut spans = vec![Span::new(sentence.start(), start)];
            // Split content goes on behind the frame: "A," he said, "B."
            let behind = text[self.frame_end(at)..sentence.end()].trim_start();
            if behind.starts_with([',', '،']) && behind.split_whitespace().count() > 3 {
                spans.push(Span::new(self.frame_end(at), sentence.end()));
            } else if quotes.iter().any(|q| q.start() >= self.frame_end(at)) {
                spans.push(Span::new(self.frame_end(at), sentence.end()));
            }
            let spans = self.tidy(spans);
            return (!spans.is_empty()).then_some((spans, "verb-postposed"));
        }
        // A complement clause.
        let complement = self.tree.children(at).iter().copied().filter(|&c| c > at).find(|&c| {
            matches!(self.tree.relation(c), Relation::Ccomp)
                || (self.tree.relation(c) == Relation::Parataxis && is_finite(self.tree.word(c)))
                || (self.tree.relation(c) == Relation::Xcomp && self.tree.child(c, &SUBJECTS).is_some())
        });
        let quote_after = quotes.iter().copied().find(|q| {
            q.start() > word.span.end() && self.is_sentence_like(*q) && self.gap_is_frame(word.span.end(), q.start())
        });
        let marker = self.complementizer(at);
        let colon_after = (at + 1..range.end.min(at + 25)).find(|&w| self.tree.word(w).form == ":").filter(|&c| {
            self.gap_is_frame(word.span.end(), self.tree.word(c).span.start())
                && range.end - c > 2
                && marker.is_none_or(|m| m > c)
        });
        if let Some(colon) = colon_after {
            let end = self.content_end(at, self.tree.word(colon).span.end(), sentence, form);
            let spans = self.tidy(vec![Span::new(self.tree.word(colon).span.end(), end)]);
            return (!spans.is_empty()).then_some((spans, "verb-colon"));
        }
        // Beijing calls the curbs an attempt at containment; وصف القرار بأنه سياسي: the small clause is the content.
        if marker.is_none_or(|m| self.tree.word(m - 1).key == "ب") && is_naming(&cue.id) {
            if let Some(spans) = self.small_clause(at, sentence) {
                return Some((spans, "small-clause"));
            }
        }
        let start = match (marker, complement, quote_after) {
            // أنها: the enclitic's host stays in the content.
            (Some(marker), ..) if self.has_enclitic(marker) => Some(self.tree.word(marker).span.start()),
            (Some(marker), ..) => Some(self.tree.word(marker).span.end()),
            (None, Some(c), q) => {
                let first = self.tree.subtree(c, &|_| true)[0];
                let clause = self.tree.word(first.max(at + 1)).span.start();
                Some(q.map_or(clause, |q| q.start().min(clause)))
            }
            (None, None, Some(q)) => Some(q.start()),
            _ => None,
        }?;
        // Attitude and evidence need a real clause, not only a quotation mark somewhere.
        if matches!(cue.frame, Frame::Opinion | Frame::Evidence)
            && marker.is_none()
            && complement.is_none_or(|c| !self.is_clause(c))
        {
            return None;
        }
        if marker.is_none() && quote_after.is_none() && complement.is_some_and(|c| !self.is_clause(c)) {
            return None;
        }
        let end = self.content_end(at, start, sentence, form);
        if end <= start {
            return None;
        }
        let spans = self.tidy(vec![Span::new(start, end)]);
        let how = match (form, marker, quote_after) {
            (Form::Participle, ..) => "participle",
            (_, Some(_), _) => "verb-that",
            (_, None, Some(_)) => "verb-quote",
            _ => "verb-clause",
        };
        (!spans.is_empty()).then_some((spans, how))
    }

    /// The object and what it is called, from the object to the end of the phrase.
    fn small_clause(&self, at: usize, sentence: Span<Byte>) -> Option<Vec<Span<Byte>>> {
        let object = self
            .tree
            .children_by(at, &[Relation::Obj, Relation::Xcomp, Relation::Ccomp, Relation::Obl, Relation::OblArg])
            .find(|&c| c > at && self.tree.word(c).upos != Upos::Verb)?;
        let words = self.tree.subtree(object, &|w| {
            !matches!(self.tree.relation(w), Relation::Conj | Relation::Parataxis | Relation::Advcl)
        });
        let first = words.into_iter().find(|&w| w > at && self.tree.word(w).upos != Upos::Punct)?;
        let arabic = is_arabic(self.tree.word(at));
        let named = (first + 1..self.tree.range().end.min(first + 14)).any(|w| {
            let key = self.tree.word(w).key.as_str();
            if arabic { key == "ان" && self.tree.word(w - 1).key == "ب" || key == "كونه" } else { key == "as" }
        }) || self
            .tree
            .children_by(at, &[Relation::Xcomp])
            .any(|c| c > object && !matches!(self.tree.word(c).upos, Upos::Verb))
            || !arabic
                && self.tree.children_by(at, &[Relation::Obj]).count()
                    + self.tree.children_by(at, &[Relation::Iobj]).count()
                    >= 2;
        if !named {
            return None;
        }
        let start = self.tree.word(first).span.start();
        let spans = self.tidy(vec![Span::new(start, self.content_end(at, start, sentence, Form::Finite))]);
        (!spans.is_empty()).then_some(spans)
    }

    /// A quotation that may be reported speech, not a quoted name or term.
    fn is_sentence_like(&self, quotation: Span<Byte>) -> bool {
        let inside: Vec<usize> = self.tree.range().filter(|&w| quotation.contains(self.tree.word(w).span)).collect();
        inside.len() >= 7 || inside.len() >= 3 && inside.iter().any(|&w| is_finite(self.tree.word(w)))
    }

    fn is_clause(&self, at: usize) -> bool {
        let word = self.tree.word(at);
        self.tree.child(at, &SUBJECTS).is_some()
            || self.tree.child(at, &[Relation::Cop]).is_some()
            || (is_arabic(word) && word.upos == Upos::Verb)
    }

    /// Between a cue and an opening quotation mark stand only its subject, adverbials, a colon.
    fn gap_is_frame(&self, from: usize, to: usize) -> bool {
        !self.tree.range().any(|w| {
            let word = self.tree.word(w);
            word.span.start() >= from && word.span.end() <= to && is_finite(word)
        })
    }

    fn has_enclitic(&self, at: usize) -> bool {
        self.document
            .layers()
            .words
            .get(at + 1)
            .is_some_and(|w| w.token == self.tree.word(at).token && w.clitic == Some(Clitic::Enclitic))
    }

    fn complementizer_near(&self, at: usize) -> bool {
        self.complementizer(at).is_some_and(|m| m <= at + 8)
    }

    /// أن / إن / that which belongs to the cue: before the next finite verb and before a clause boundary.
    fn complementizer(&self, at: usize) -> Option<usize> {
        let arabic = is_arabic(self.tree.word(at));
        let mut brackets = 0_i32;
        for w in at + 1..self.tree.range().end.min(at + 40) {
            let word = self.tree.word(w);
            match word.form.as_str() {
                "(" => brackets += 1,
                ")" => brackets -= 1,
                "." | "؛" | ";" | ":" => return None,
                _ => {}
            }
            let hit = if arabic {
                word.key == "ان" && matches!(word.upos, Upos::Sconj | Upos::Part | Upos::X | Upos::Adp)
            } else {
                word.key == "that" && word.upos == Upos::Sconj
            };
            if hit && brackets <= 0 {
                return Some(w);
            }
            if is_finite(word) && !(arabic && self.tree.relation(w) == Relation::AclRelcl) {
                return None;
            }
            if !arabic && w > at + 12 {
                return None;
            }
        }
        None
    }

    /// First byte of the frame "X said": its subject's or the cue's own.
    fn frame_start(&self, at: usize) -> usize {
        let own = self.tree.word(at).span.start();
        let mut start = own;
        for c in self.tree.children(at).iter().copied().filter(|&c| c < at) {
            if matches!(
                self.tree.relation(c),
                Relation::Nsubj | Relation::NsubjPass | Relation::Aux | Relation::Advmod | Relation::AuxPass
            ) {
                let first = self.tree.subtree(c, &|_| true)[0];
                let candidate = self.tree.word(first).span.start();
                let between = &self.document.text()[candidate..own];
                if between.len() < 160 && !between.contains(['"', '“', '”', '»']) {
                    start = start.min(candidate);
                }
            }
        }
        start
    }

    /// First byte behind the frame: behind the cue, its subject and its short adverbials.
    fn frame_end(&self, at: usize) -> usize {
        let mut end = self.tree.word(at).span.end();
        for c in self.tree.children(at).iter().copied().filter(|&c| c > at) {
            if matches!(
                self.tree.relation(c),
                Relation::Nsubj
                    | Relation::NsubjPass
                    | Relation::Obl
                    | Relation::OblArg
                    | Relation::Advmod
                    | Relation::CompoundPrt
                    | Relation::Obj
                    | Relation::Iobj
            ) {
                let last = *self
                    .tree
                    .subtree(c, &|w| {
                        !matches!(self.tree.relation(w), Relation::Parataxis | Relation::Ccomp | Relation::Advcl)
                    })
                    .last()
                    .unwrap_or(&c);
                let candidate = self.tree.word(last).span.end();
                if candidate > end && !self.document.text()[end..candidate].contains(['"', '“', '«']) {
                    end = candidate;
                }
            }
        }
        end
    }

    /// Where content that starts at `start` ends: at the sentence's end, or before what belongs to the frame again.
    fn content_end(&self, cue: usize, start: usize, sentence: Span<Byte>, form: Form) -> usize {
        let mut end = sentence.end();
        // A frame conjoined to this one ends its content: said that A, and added that B.
        for w in cue + 1..self.tree.range().end {
            let word = self.tree.word(w);
            if word.span.start() <= start {
                continue;
            }
            let conjoined = matches!(self.tree.relation(w), Relation::Conj | Relation::Parataxis | Relation::Advcl)
                && self.tree.head(w) == Some(cue)
                && is_finite(word);
            let next_frame = self.cue(w).is_some_and(|(c, f)| {
                (f == Form::Participle
                    && is_arabic(word)
                    && self.tree.head(w).is_none_or(|h| h <= cue || self.tree.relation(w) == Relation::Conj))
                    || (f == Form::Finite
                        && matches!(c.frame, Frame::Clause | Frame::Speech)
                        && is_arabic(word)
                        && w > 0
                        && self.starts_conjunct(w)
                        && self.complementizer_near(w)
                        && self.tree.child(w, &SUBJECTS).is_none())
            });
            if conjoined || next_frame {
                let first = self.clause_start(w);
                if first > start {
                    end = first;
                    break;
                }
            }
        }
        if form == Form::Participle {
            return end;
        }
        end
    }

    /// Whether a conjunction stands before the word (و clitic, "and").
    fn starts_conjunct(&self, at: usize) -> bool {
        at > self.tree.range().start && self.tree.word(at - 1).upos == Upos::Cconj
    }

    /// First byte of the clause of a verb: its conjunction or mark, else its own.
    fn clause_start(&self, at: usize) -> usize {
        let mut first = at;
        while first > self.tree.range().start
            && matches!(
                self.tree.word(first - 1).upos,
                Upos::Cconj | Upos::Sconj | Upos::Punct | Upos::Part | Upos::Aux
            )
        {
            first -= 1;
        }
        self.tree.word(first).span.start()
    }

    /// Content without punctuation, quotation marks and conjunctions at its ends.
    fn tidy(&self, spans: Vec<Span<Byte>>) -> Vec<Span<Byte>> {
        let text = self.document.text();
        spans.into_iter().map(|s| trim_marks(text, s)).filter(|s| s.len() > 1).collect()
    }

    fn source(&self, at: usize, form: Form) -> Source {
        if form == Form::Participle {
            // The participle's source is the subject of the clause that it hangs on.
            let mut head = self.tree.head(at);
            while let Some(h) = head {
                let source = self.subject_source(h);
                if source.span.is_some() {
                    return source;
                }
                head = self.tree.head(h);
            }
            return Source::default();
        }
        let mut here = at;
        loop {
            let source = self.subject_source(here);
            if source.span.is_some() {
                return source;
            }
            // A conjunct shares the subject; so does a verb under an auxiliary verb.
            match self.tree.head(here) {
                Some(head) if matches!(self.tree.relation(here), Relation::Conj | Relation::Xcomp) => here = head,
                _ => break,
            }
        }
        // NP + verb right before or behind the cue, where the parse has no subject.
        self.nearby_name(at)
    }

    /// نقلت الوكالة عن مسؤول قوله إن …: the source is who is quoted.
    fn quoted_person(&self, at: usize, cue: &Cue) -> Option<Source> {
        if cue.id != "نقل" {
            return None;
        }
        let end = self.tree.range().end;
        let about = (at + 1..end.min(at + 12)).find(|&w| self.tree.word(w).key == "عن")?;
        let head = (about + 1..end.min(about + 4))
            .find(|&w| matches!(self.tree.word(w).upos, Upos::Noun | Upos::X | Upos::Propn))?;
        let sides = sides_of(self.tree, &self.document.layers().references, head);
        let phrase = self.tree.noun_phrase(head);
        // The phrase ends before قوله.
        let stop = (head + 1..end).find(|&w| matches!(self.tree.word(w).key.as_str(), "قول" | "قولها" | "قوله" | "ان"));
        let last = stop.map_or(phrase.end(), |w| self.tree.word(w - 1).span.end().min(phrase.end()));
        let span = Span::new(phrase.start(), last.max(self.tree.word(head).span.end())).trim(self.document.text());
        Some(Source {
            span: Some(span),
            side: Some(sides.first().map_or(Side::Other, |s| s.side)),
            actor: sides.first().and_then(|s| s.actor.clone()),
        })
    }

    fn nearby_name(&self, at: usize) -> Source {
        let layers = self.document.layers();
        let word = self.tree.word(at);
        let text = self.document.text();
        for entity in &layers.entities {
            let behind = entity.span.start() >= word.span.end()
                && text[word.span.end()..entity.span.start()].split_whitespace().count() <= 2
                && is_arabic(word);
            let before =
                entity.span.end() <= word.span.start() && text[entity.span.end()..word.span.start()].trim().is_empty();
            if (behind || before)
                && matches!(entity.entity_type, EntityType::Per | EntityType::Org | EntityType::Loc)
                && !text[word.span.end().min(entity.span.start())..entity.span.start().max(word.span.end())]
                    .contains('"')
            {
                return Source { span: Some(entity.span), side: Some(entity.side), actor: entity.actor.clone() };
            }
        }
        Source::default()
    }

    fn subject_source(&self, at: usize) -> Source {
        let references = &self.document.layers().references;
        if let Some(subject) = self.tree.child(at, &SUBJECTS) {
            let word = self.tree.word(subject);
            let sides = sides_of(self.tree, references, subject);
            let first: Option<&Sided> = sides.first();
            // In "نقلت الوكالة عن مسؤول قوله" the source is the person quoted.
            let span = self.tree.noun_phrase(subject);
            if is_relative(word) {
                return self.relative_source(at);
            }
            return Source {
                span: Some(span),
                side: Some(first.map_or(Side::Other, |s| s.side)),
                actor: first.and_then(|s| s.actor.clone()),
            };
        }
        if let Some(reference) = reference_at(references, self.tree.word(at).span) {
            return Source {
                span: Some(reference.antecedent),
                side: Some(reference.side),
                actor: reference.actor.clone(),
            };
        }
        Source::default()
    }

    fn relative_source(&self, at: usize) -> Source {
        let Some(head) =
            self.tree.head(at).filter(|_| matches!(self.tree.relation(at), Relation::AclRelcl | Relation::Acl))
        else {
            return Source::default();
        };
        let sides = sides_of(self.tree, &self.document.layers().references, head);
        Source {
            span: Some(self.tree.noun_phrase(head)),
            side: Some(sides.first().map_or(Side::Other, |s| s.side)),
            actor: sides.first().and_then(|s| s.actor.clone()),
        }
    }

    /// The claim that …, accusations that …
    fn noun(&mut self, at: usize, cue: &'static Cue) {
        let Some(clause) =
            self.tree.children_by(at, &[Relation::Acl, Relation::Ccomp, Relation::AclRelcl]).find(|&c| c > at)
        else {
            return;
        };
        let Some(mark) = self
            .tree
            .children_by(clause, &[Relation::Mark])
            .find(|&m| matches!(self.tree.word(m).key.as_str(), "that" | "ان"))
        else {
            return;
        };
        let words = self.tree.subtree(clause, &|_| true);
        let Some(span) = self.tree.span(&words) else { return };
        let start = self.tree.word(mark).span.end();
        if span.end() <= start {
            return;
        }
        let content = self.tidy(vec![Span::new(start, span.end())]);
        let sides = sides_of(self.tree, &self.document.layers().references, at);
        let possessor = self.tree.children(at).iter().copied().find(|&c| {
            matches!(self.tree.relation(c), Relation::NmodPoss | Relation::Nmod)
                || self.tree.word(c).upos == Upos::Adj && sides.iter().any(|s| s.span == self.tree.word(c).span)
        });
        let source = Source {
            span: possessor.map(|p| self.tree.noun_phrase(p)),
            side: possessor.map(|_| sides.first().map_or(Side::Other, |s| s.side)),
            actor: sides.first().and_then(|s| s.actor.clone()),
        };
        let rule = format!("{}/attribution/noun-that", self.language(at));
        self.push(source, Some(self.tree.word(at).span), content, cue.commitment, rule);
    }

    /// According to X; بحسب X; وفقًا لـ X.
    fn prepositions(&mut self) {
        let range = self.tree.range();
        let sentence = self.document.layers().sentences[self.sentence].span;
        let words = &self.document.layers().words;
        let mut at = range.start;
        while at < range.end {
            let keys: Vec<&str> = words[at..range.end.min(at + 4)].iter().map(|w| w.key.as_str()).collect();
            let Some((length, cue)) = self.cues.preposition(&keys) else {
                at += 1;
                continue;
            };
            let first = at + length;
            at += length;
            if first >= range.end || matches!(words[first].upos, Upos::Punct | Upos::Num) || words[first].key == "ذلك"
            {
                continue;
            }
            // "per cent", "per person" are no cues.
            if cue.id == "per" && words[first].upos != Upos::Propn {
                continue;
            }
            // The source's noun phrase: by the tree, else up to the next comma or verb.
            let head = (first..range.end.min(first + 6)).find(|&w| {
                matches!(words[w].upos, Upos::Noun | Upos::Propn | Upos::X | Upos::Pron)
                    && self.tree.head(w).is_none_or(|h| {
                        h < first - length
                            || h >= first
                                && !self.tree.is_below(h, w)
                                && !matches!(
                                    self.tree.relation(w),
                                    Relation::Compound | Relation::Flat | Relation::NmodPoss | Relation::Amod
                                )
                    })
            });
            let Some(head) = head.or_else(|| {
                (first..range.end.min(first + 4)).find(|&w| matches!(words[w].upos, Upos::Noun | Upos::Propn | Upos::X))
            }) else {
                continue;
            };
            let mut span = self.tree.noun_phrase(head);
            if span.start() > words[first].span.start() {
                span = Span::new(words[first].span.start(), span.end());
            }
            // بحسب: the proclitic belongs to the cue.
            let mut opening = first - length;
            if opening > range.start && words[opening - 1].token == words[opening].token {
                opening -= usize::from(words[opening - 1].key == "ب");
            }
            let cue_start = words[opening].span.start();
            let cue_span = words[opening].span.cover(words[first - 1].span);
            if span.start() < cue_span.end() && !cue_span.contains(span) {
                span = Span::new(cue_span.end().min(span.end()), span.end()).trim(self.document.text());
            }
            if span.is_empty() {
                continue;
            }
            let sides = sides_of(self.tree, &self.document.layers().references, head);
            let source = Source {
                span: Some(span),
                side: Some(sides.first().map_or(Side::Other, |s| s.side)),
                actor: sides.first().and_then(|s| s.actor.clone()),
            };
            let text = self.document.text();
            let lead = text[sentence.start()..cue_start].trim();
            // In front: the rest is the content. Behind: all before it. In the middle: both.
            let mut spans = Vec::new();
            if lead.split_whitespace().count() >= 2 {
                spans.push(Span::new(sentence.start(), cue_start));
            }
            let rest = text[span.end()..sentence.end()].trim_start();
            let spoken = |from: usize, to: usize| {
                range
                    .clone()
                    .any(|w| is_finite(&words[w]) && words[w].span.start() >= from && words[w].span.end() <= to)
            };
            let lead_speaks = spoken(sentence.start(), cue_start);
            if lead.split_whitespace().count() < 2
                || (!lead_speaks && rest.starts_with([',', '،']) && rest.split_whitespace().count() > 3)
            {
                spans.push(Span::new(span.end(), sentence.end()));
            }
            let content = self.tidy(spans);
            if content.is_empty() {
                continue;
            }
            let rule = format!("{}/attribution/preposition", self.language(first));
            self.push(source, Some(cue_span), content, cue.commitment, rule);
        }
    }

    /// Headlines: «بكين: سنرد», "Trump: China …", "China to respond: ministry".
    fn colon(&mut self) {
        let range = self.tree.range();
        let sentence = self.document.layers().sentences[self.sentence].span;
        let Some(colon) = range.clone().find(|&w| self.tree.word(w).form == ":") else { return };
        let before = colon - range.start;
        let after = range.end - colon - 1;
        let colon_span = self.tree.word(colon).span;
        let verb_before = (range.start..colon).any(|w| is_finite(self.tree.word(w)));
        if (1..=6).contains(&before) && after >= 3 && !verb_before {
            if let Some((head, sided)) = self.head_of(range.start..colon) {
                if self.found.iter().any(|a| a.cue.is_some_and(|c| c.start() < colon_span.start())) {
                    return;
                }
                let content = self.tidy(vec![Span::new(colon_span.end(), sentence.end())]);
                let source =
                    Source { span: Some(self.tree.noun_phrase(head)), side: Some(sided.side), actor: sided.actor };
                if !content.is_empty() {
                    self.push(
                        source,
                        None,
                        content,
                        Commitment::Said,
                        format!("{}/attribution/colon", self.language(head)),
                    );
                }
            }
        } else if self.document.layers().sentences[self.sentence].headline && after <= 4 && before >= 3 {
            if let Some((head, sided)) = self.head_of(colon + 1..range.end) {
                let content = self.tidy(vec![Span::new(sentence.start(), colon_span.start())]);
                let source =
                    Source { span: Some(self.tree.noun_phrase(head)), side: Some(sided.side), actor: sided.actor };
                if !content.is_empty() {
                    self.push(
                        source,
                        None,
                        content,
                        Commitment::Said,
                        format!("{}/attribution/colon-behind", self.language(head)),
                    );
                }
            }
        }
    }

    /// The head of a phrase that can speak: a person, an organisation, a capital, with its side.
    fn head_of(&self, range: std::ops::Range<usize>) -> Option<(usize, Sided)> {
        range.clone().find_map(|w| {
            let word = self.tree.word(w);
            if !matches!(word.upos, Upos::Noun | Upos::Propn | Upos::X | Upos::Adj)
                || self.tree.head(w).is_some_and(|h| range.contains(&h))
            {
                return None;
            }
            let speaks = entity_at(self.document, w)
                .is_some_and(|e| matches!(e.entity_type, EntityType::Per | EntityType::Org | EntityType::Loc))
                || matches!(
                    word.lemma.as_str(),
                    "official"
                        | "spokesman"
                        | "spokesperson"
                        | "spokeswoman"
                        | "ministry"
                        | "report"
                        | "source"
                        | "sources"
                        | "analyst"
                        | "expert"
                        | "study"
                );
            let sides = sides_of(self.tree, &self.document.layers().references, w);
            speaks.then(|| {
                let sided = sides.into_iter().next().unwrap_or(Sided {
                    side: Side::Other,
                    reason: String::new(),
                    actor: None,
                    span: word.span,
                });
                (w, sided)
            })
        })
    }

    fn push(
        &mut self,
        source: Source,
        cue: Option<Span<Byte>>,
        content: Vec<Span<Byte>>,
        commitment: Commitment,
        rule: String,
    ) {
        if content.is_empty() {
            return;
        }
        self.found.push(Attribution {
            source: source.span,
            source_side: source.side,
            source_actor: source.actor,
            cue,
            content,
            form: AttributionForm::Indirect,
            commitment,
            chain: Vec::new(),
            rule,
        });
    }
}

/// Interviews: "LINDQVIST: …", «ج: …». Paragraphs that open with a speaker's label belong to the speaker.
fn speaker_labels(document: &Document, attributions: &mut Vec<Attribution>) {
    let text = document.text();
    let label = |p: &crate::document::Paragraph| -> Option<Span<Byte>> {
        let inside = p.span.slice(text);
        let colon = inside.find(':')?;
        let words = inside[..colon].split_whitespace().count();
        (colon > 0
            && words <= 3
            && inside[..colon].chars().count() <= 30
            && inside.len() > colon + 20
            && inside[colon + 1..].starts_with([' ', '\u{a0}']))
        .then(|| Span::new(p.span.start(), p.span.start() + colon))
    };
    let labels: Vec<(usize, Span<Byte>)> =
        document.paragraphs().iter().enumerate().filter_map(|(i, p)| Some((i, label(p)?))).collect();
    let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for (_, span) in &labels {
        *counts.entry(span.slice(text)).or_default() += 1;
    }
    if counts.values().filter(|&&n| n >= 2).count() < 2 {
        return;
    }
    for (paragraph, span) in labels {
        let name = span.slice(text);
        if counts[name] < 2 || is_question_label(name) {
            continue;
        }
        let body = Span::new(span.end() + 1, document.paragraphs()[paragraph].span.end()).trim(text);
        let entity = document.layers().entities.iter().find(|e| span.overlaps(e.span)).or_else(|| {
            // «ج» and "A" stand for the person introduced before the first question.
            (name.chars().count() <= 2)
                .then(|| document.layers().entities.iter().find(|e| e.entity_type == EntityType::Per))
                .flatten()
        });
        attributions.retain(|a| !(a.cue.is_none() && a.content.iter().any(|c| body.overlaps(*c))));
        attributions.push(Attribution {
            source: Some(span),
            source_side: Some(entity.map_or(Side::Other, |e| e.side)),
            source_actor: entity.and_then(|e| e.actor.clone()),
            cue: None,
            content: vec![body],
            form: AttributionForm::Direct,
            commitment: Commitment::Said,
            chain: Vec::new(),
            rule: "any/attribution/speaker-label".into(),
        });
    }
}

/// Labels of the one who asks.
pub fn is_question_label(name: &str) -> bool {
    matches!(
        name.trim(),
        "Q" | "Question" | "س" | "سؤال" | "السؤال" | "المذيع" | "المحاور" | "Interviewer" | "INTERVIEWER" | "Host"
    )
}

/// A quotation that goes on over the next sentences, and one that opens the next sentence without a cue of its own.
fn continue_quotations(document: &Document, quotations: &[Span<Byte>], attributions: &mut Vec<Attribution>) {
    let text = document.text();
    let sentences = &document.layers().sentences;
    let mut add = Vec::new();
    let mut last: Option<(usize, Attribution)> = None;
    for (at, sentence) in sentences.iter().enumerate() {
        let own = attributions
            .iter()
            .rfind(|a| {
                a.content.iter().any(|c| sentence.span.overlaps(*c)) || a.cue.is_some_and(|c| sentence.span.contains(c))
            })
            .cloned();
        if let Some(own) = own {
            last = Some((at, own));
            continue;
        }
        let Some((before, attribution)) = &last else { continue };
        let covering = quotations.iter().find(|q| q.overlaps(sentence.span) && q.start() < sentence.span.start() + 4);
        let open = covering.is_some_and(|q| {
            q.start() < sentence.span.start().saturating_sub(1) && attribution.content.iter().any(|c| c.overlaps(*q))
        });
        let starts = covering.is_some_and(|q| q.len() * 3 >= sentence.span.len() * 2)
            && before + 1 == at
            && sentences[*before].paragraph == sentence.paragraph;
        let next_paragraph = covering.is_some_and(|q| q.len() * 3 >= sentence.span.len() * 2)
            && before + 1 == at
            && quotations.iter().any(|q| q.end() == document.paragraphs()[sentences[*before].paragraph].span.end());
        if open || starts || next_paragraph {
            let mut continued = attribution.clone();
            continued.content = vec![trim_marks(text, sentence.span)];
            continued.rule = "any/attribution/open-quotation".into();
            add.push(continued.clone());
            last = Some((at, continued));
        } else {
            last = None;
        }
    }
    attributions.extend(add);
}

/// A sentence between two frames of the same speaker in one paragraph belongs to the statement.
fn between_frames(document: &Document, attributions: &mut Vec<Attribution>) {
    let sentences = &document.layers().sentences;
    let text = document.text();
    let framed = |at: usize| {
        attributions
            .iter()
            .find(|a| a.cue.is_some_and(|c| sentences[at].span.contains(c)) && !a.rule.ends_with("noun-that"))
    };
    let mut add = Vec::new();
    for at in 1..sentences.len().saturating_sub(1) {
        let same = sentences[at - 1].paragraph == sentences[at].paragraph
            && sentences[at].paragraph == sentences[at + 1].paragraph;
        let free = !attributions.iter().any(|a| a.content.iter().any(|c| c.overlaps(sentences[at].span)));
        if !same || !free {
            continue;
        }
        let (Some(before), Some(after)) = (framed(at - 1), framed(at + 1)) else { continue };
        let speaker = before.source_actor.is_some() && before.source_actor == after.source_actor
            || before.source.is_some()
                && (before.source == after.source
                    || before.source.map(|s| s.slice(text)) == after.source.map(|s| s.slice(text)));
        if speaker {
            let mut between = before.clone();
            between.content = vec![trim_marks(text, sentences[at].span)];
            between.rule = "any/attribution/between-frames".into();
            add.push(between);
        }
    }
    attributions.extend(add);
}

/// The chain of each attribution: those whose content holds its cue, outermost first, then itself.
fn chains(attributions: &mut [Attribution]) {
    let link = |a: &Attribution| Chain { source: a.source, side: a.source_side, cue: a.cue };
    let outer: Vec<Vec<Chain>> = attributions
        .iter()
        .map(|inner| {
            let Some(cue) = inner.cue else { return vec![link(inner)] };
            let mut around: Vec<&Attribution> = attributions
                .iter()
                .filter(|o| *o != inner && o.cue != inner.cue && o.content.iter().any(|c| c.contains(cue)))
                .collect();
            around.sort_by_key(|o| std::cmp::Reverse(o.content.iter().map(|c| c.len()).sum::<usize>()));
            around.into_iter().map(link).chain([link(inner)]).collect()
        })
        .collect();
    for (attribution, chain) in attributions.iter_mut().zip(outer) {
        attribution.chain = chain;
    }
}

fn form(document: &Document, attribution: &Attribution, quotations: &[Span<Byte>]) -> AttributionForm {
    let letters = |s: Span<Byte>| document.quote(s).chars().filter(|c| c.is_alphanumeric()).count();
    let all: usize = attribution.content.iter().map(|&c| letters(c)).sum();
    let quoted: usize = attribution
        .content
        .iter()
        .flat_map(|&c| {
            quotations
                .iter()
                .filter(move |q| q.overlaps(c))
                .map(move |q| Span::new(q.start().max(c.start()), q.end().min(c.end())))
        })
        .map(letters)
        .sum();
    if quoted == 0 {
        AttributionForm::Indirect
    } else if quoted * 20 >= all * 19 {
        AttributionForm::Direct
    } else {
        AttributionForm::Mixed
    }
}

/// The span without punctuation and quotation marks at its ends; a mark whose partner lies inside stays.
pub fn trim_marks(text: &str, span: Span<Byte>) -> Span<Byte> {
    let mut span = span.trim(text);
    loop {
        let inside = span.slice(text);
        let Some(first) = inside.chars().next() else { return span };
        let last = inside.chars().next_back().unwrap_or(first);
        let pair = |open: char, close: char| {
            let between = inside.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
            between.is_some_and(|between| !between.contains(close))
        };
        if pair('"', '"') || pair('«', '»') || pair('“', '”') {
            span = Span::new(span.start() + first.len_utf8(), span.end() - last.len_utf8()).trim(text);
            continue;
        }
        let balanced = |c: char| match c {
            '"' => inside.matches('"').count().is_multiple_of(2),
            '»' => inside.matches('«').count() >= inside.matches('»').count(),
            '”' => inside.matches('“').count() >= inside.matches('”').count(),
            '«' => inside.matches('»').count() >= inside.matches('«').count(),
            '“' => inside.matches('”').count() >= inside.matches('“').count(),
            ')' => inside.matches('(').count() >= inside.matches(')').count(),
            _ => false,
        };
        let cut_first = matches!(
            first,
            ',' | '،' | ':' | ';' | '؛' | '.' | '-' | '–' | '—' | '…' | '•' | '*' | '!' | '?' | '؟' | ')'
        ) || matches!(first, '"' | '«' | '“' | '”' | '»') && !balanced(first);
        let cut_last = matches!(last, ',' | '،' | ':' | ';' | '؛' | '.' | '-' | '–' | '—' | '…' | '!' | '(')
            || matches!(last, '"' | '»' | '”' | '“' | '«' | ')') && !balanced(last);
        if cut_first {
            span = Span::new(span.start() + first.len_utf8(), span.end()).trim(text);
        } else if cut_last && inside.len() > last.len_utf8() {
            span = Span::new(span.start(), span.end() - last.len_utf8()).trim(text);
        } else {
            return span;
        }
    }
}

/// Cues that call a thing something.
fn is_naming(cue: &str) -> bool {
    matches!(
        cue,
        "call-on"
            | "call"
            | "describe"
            | "characterize"
            | "denounce"
            | "condemn"
            | "hail"
            | "brand"
            | "label"
            | "see-as"
            | "view"
            | "regard"
            | "consider"
            | "وصف"
            | "اعتبر"
            | "رأى"
    )
}

/// Whether a sentence asks.
pub fn is_question(sentence: &str) -> bool {
    sentence.trim_end_matches(['"', '»', '”', ' ', ')']).ends_with(['?', '؟'])
}

/// Whether a paragraph is an interviewer's question by its label.
pub fn is_question_paragraph(text: &str) -> bool {
    let text = text.trim_start_matches(['-', '–', '—', '*', '•', ' ']);
    text.split_once([':', '.']).is_some_and(|(label, _)| is_question_label(label))
}

/// Whether the word is Arabic by its first letter.
pub fn is_arabic(word: &Word) -> bool {
    word.form.chars().next().is_some_and(|c| ('\u{0600}'..='\u{06ff}').contains(&c))
}

/// Whether the word is a finite verb.
pub fn is_finite(word: &Word) -> bool {
    matches!(word.upos, Upos::Verb | Upos::Aux)
        && (is_arabic(word) || word.has("VerbForm=Fin") || matches!(word.xpos, "MD" | "VBD" | "VBZ" | "VBP"))
}

/// Whether the word is a relative pronoun.
pub fn is_relative(word: &Word) -> bool {
    matches!(
        word.key.as_str(),
        "who" | "which" | "that" | "whom" | "الذي" | "التي" | "الذين" | "اللذان" | "اللتان" | "اللذين" | "اللتين"
    )
}
