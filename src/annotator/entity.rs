//! Mentions of names: from the knowledge base, and beyond it those that the network read.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

use super::actor::{Actors, actors};
use super::lexicon::rows;
use crate::document::{
    Annotator, Clitic, Document, Entity, EntityType, Layer, LayerKind, ParagraphKind, Relation, Side, TokenKind, Upos,
};
use crate::normalizer::match_key;
use crate::offset::{Byte, Span};

/// Finds the mentions of names (PER, ORG, LOC, PROD) with actor and side.
#[derive(Debug)]
pub struct Entities {
    actors: &'static Actors,
}

impl Default for Entities {
    fn default() -> Self {
        Self { actors: actors() }
    }
}

/// Words around names, from `models/names.tsv`.
#[derive(Debug, Default)]
struct NameWords {
    kinds: HashSet<(&'static str, String)>,
}

impl NameWords {
    fn has(&self, kind: &'static str, key: &str) -> bool {
        self.kinds.contains(&(kind, key.to_owned()))
    }
}

static NAME_WORDS: LazyLock<NameWords> = LazyLock::new(|| {
    let mut words = NameWords::default();
    for (_, row) in rows("models/names.tsv", include_str!("../../models/names.tsv"), 3).expect("built in and tested") {
        let kind = match row[0] {
            "title" => "title",
            "org-head" => "org-head",
            _ => "product-head",
        };
        for word in row[2].split('|') {
            words.kinds.insert((kind, match_key(word)));
        }
    }
    words
});

impl Annotator for Entities {
    fn name(&self) -> &'static str {
        "entity"
    }

    fn requires(&self) -> &'static [LayerKind] {
        &[LayerKind::Sentences, LayerKind::Tokens, LayerKind::Readings, LayerKind::Words, LayerKind::Dependencies]
    }

    fn provides(&self) -> LayerKind {
        LayerKind::Entities
    }

    fn annotate(&self, document: &Document) -> Layer {
        let mut entities = self.known(document);
        let mut beyond = Beyond { document, actors: self.actors, entities: &mut entities };
        beyond.read();
        entities.sort_by_key(|e| e.span);
        affiliate(document, &mut entities);
        Layer::Entities(entities)
    }
}

impl Entities {
    fn known(&self, document: &Document) -> Vec<Entity> {
        let mut entities = Vec::new();
        for hit in self.actors.find(document) {
            let actor = &self.actors.all()[hit.actor];
            let Some(entity_type) = actor.mention_type() else { continue };
            let Some(span) = name_inside(document, hit.span, entity_type) else { continue };
            // Members of a party by its name (Republicans) are people, no organisation.
            if actor.kind == "party" && !document.quote(span).contains(' ') {
                continue;
            }
            let how = if hit.short { "short form of" } else { "name of" };
            entities.push(Entity {
                span,
                entity_type,
                actor: Some(actor.id.clone()),
                side: actor.side,
                reason: format!("{how} {} ({})", actor.id, actor.kind),
            });
        }
        entities
    }
}

/// The name without a title in front (President Trump), a product's common noun behind (Blackwell chips), or an owner in front
/// (OpenAI's o1): bytes of the document.
fn name_inside(document: &Document, span: Span<Byte>, entity_type: EntityType) -> Option<Span<Byte>> {
    let text = span.slice(document.text());
    let mut start = 0;
    let mut end = text.len();
    if let Some((owner, rest)) = text.split_once("'s ").or_else(|| text.split_once("’s ")) {
        if !rest.starts_with(|c: char| c.is_lowercase()) {
            start = text.len() - rest.len();
        } else if owner.starts_with(|c: char| c.is_uppercase()) {
            return None;
        }
    }
    if entity_type == EntityType::Per {
        while let Some((first, rest)) = text[start..end].split_once(' ') {
            if !NAME_WORDS.has("title", &match_key(first.trim_end_matches('.'))) || rest.is_empty() {
                break;
            }
            start = end - rest.len();
        }
    }
    if entity_type == EntityType::Prod {
        while let Some((rest, last)) = text[start..end].rsplit_once(' ') {
            if !NAME_WORDS.has("product-head", &match_key(last)) || !last.starts_with(|c: char| c.is_lowercase()) {
                break;
            }
            end = start + rest.len();
        }
    }
    Some(Span::new(span.start() + start, span.start() + end))
}

/// Names that the knowledge base does not hold.
struct Beyond<'a> {
    document: &'a Document,
    actors: &'static Actors,
    entities: &'a mut Vec<Entity>,
}

impl Beyond<'_> {
    /// Names that the network read and the knowledge base does not hold.
    fn read(&mut self) {
        let readings = &self.document.layers().readings;
        let hits = self.actors.find(self.document);
        let mut at = 0;
        while at < readings.len() {
            let start = at;
            at += 1;
            let Some((entity_type, _)) = readings[start].name else { continue };
            while readings.get(at).is_some_and(|r| r.name == Some((entity_type, false))) {
                at += 1;
            }
            // A pronoun or a possessive that clings to the last word is not part of the name.
            let mut end = at;
            while end > start + 1 && readings[end - 1].word.clitic == Some(Clitic::Enclitic) {
                end -= 1;
            }
            let mut begin = start;
            while begin + 1 < end && readings[begin].word.clitic == Some(Clitic::Proclitic) {
                begin += 1;
            }
            let span = readings[begin].word.span.cover(readings[end - 1].word.span);
            if !self.plausible(begin..end, entity_type) {
                continue;
            }
            let Some(span) = name_inside(self.document, span, entity_type) else { continue };
            let first = readings[begin].word.token;
            if self.furniture(first) {
                continue;
            }
            if self.taken(span) {
                // Bank of China: the name of a place inside a longer name that the network read.
                let inside = |e: &Entity| e.entity_type == EntityType::Loc && span.contains(e.span) && e.span != span;
                if entity_type == EntityType::Loc || !self.entities.iter().filter(|e| e.span.overlaps(span)).all(inside)
                {
                    continue;
                }
                self.entities.retain(|e| !e.span.overlaps(span));
            }
            let around = self.beside(first, readings[end - 1].word.token);
            // OpenAI in OpenAI's o1: the actor of a longer name tells the side.
            let known = hits.iter().find(|hit| hit.span.contains(span)).map(|hit| &self.actors.all()[hit.actor]);
            let (side, why) = match known {
                Some(actor) => (actor.side, format!("in the name of {}", actor.id)),
                None => self.side_of(span, &around),
            };
            let reason = format!("read as a name; {why}");
            self.entities.push(Entity { span, entity_type, actor: None, side, reason });
        }
    }

    /// Whether the words can be a name: not one letter (س in a list), a verb or a head word (هيئة) alone, nor a head word with nothing but
    /// a demonym (السفارات الأمريكية). A product has a number or a word that says what it is.
    fn plausible(&self, words: Range<usize>, entity_type: EntityType) -> bool {
        let readings = &self.document.layers().readings;
        let key = |at: usize| readings[at].word.key.as_str();
        let is_head = |at: usize| NAME_WORDS.has("org-head", key(at).strip_prefix("ال").unwrap_or(key(at)));
        let first = &readings[words.start].word;
        if entity_type == EntityType::Prod {
            let product =
                |at: Option<usize>| at.is_some_and(|at| at < readings.len() && NAME_WORDS.has("product-head", key(at)));
            return words.clone().any(|at| key(at).contains(|c: char| c.is_ascii_digit()))
                || product(words.start.checked_sub(1))
                || product(Some(words.end));
        }
        match words.len() {
            1 => first.key.chars().nth(1).is_some() && first.upos != Upos::Verb && !is_head(words.start),
            2 => !(is_head(words.start) && self.actors.demonym(key(words.end - 1)).is_some()),
            _ => true,
        }
    }

    /// The tokens before and behind, over a quotation mark or a bracket.
    fn beside(&self, first: usize, last: usize) -> Vec<usize> {
        let tokens = &self.document.layers().tokens;
        let sentence = tokens[first].sentence;
        let inside = |at: usize| tokens.get(at).filter(|t| t.sentence == sentence);
        let mark = |at: usize| {
            inside(at).is_some_and(|t| t.kind == TokenKind::Punctuation && is_pair(self.document.quote(t.span)))
        };
        let before = first.wrapping_sub(1);
        let before = if mark(before) { before.wrapping_sub(1) } else { before };
        let behind = if mark(last + 1) { last + 2 } else { last + 1 };
        [before, behind].into_iter().filter(|&at| inside(at).is_some()).collect()
    }

    fn taken(&self, span: Span<Byte>) -> bool {
        self.entities.iter().any(|e| e.span.overlaps(span))
    }

    fn furniture(&self, token: usize) -> bool {
        let layers = self.document.layers();
        let paragraph = layers.sentences[layers.tokens[token].sentence].paragraph;
        self.document.paragraphs()[paragraph].kind == ParagraphKind::Furniture
    }

    /// Side of a name by a demonym inside it or right beside it.
    fn side_of(&self, span: Span<Byte>, around: &[usize]) -> (Side, String) {
        let layers = self.document.layers();
        let inside = layers.tokens.iter().filter(|t| span.contains(t.span)).map(|t| t.span);
        let near = around.iter().map(|&t| layers.tokens[t].span);
        for token in inside.chain(near) {
            let text = self.document.quote(token);
            if let Some(side) = self.actors.demonym_of_token(text).filter(|&s| s != Side::Other) {
                return (side, format!("demonym {text}"));
            }
        }
        (Side::Other, "no link to a side".to_owned())
    }
}

/// Quotation marks and brackets.
fn is_pair(mark: &str) -> bool {
    matches!(mark, "\"" | "«" | "»" | "“" | "”" | "(" | ")" | "'" | "‘" | "’" | "[" | "]")
}

/// Gives persons and organisations that no list holds the side that their first mention's phrase names (the Chinese start-up X; Y of
/// Stanford University), and later mentions of the same name the same side.
fn affiliate(document: &Document, entities: &mut [Entity]) {
    let mut sides: HashMap<String, (Side, String)> = HashMap::new();
    // A part of the name of a known person who is named in full (شي beside شي جين بينغ) is that person.
    let mut persons: HashMap<String, (Side, String)> = HashMap::new();
    for entity in entities.iter().filter(|e| e.actor.is_some() && e.entity_type == EntityType::Per) {
        let name = document.quote(entity.span);
        if name.contains(' ') {
            for part in name.split_whitespace() {
                persons.insert(match_key(part), (entity.side, format!("as {name}")));
            }
        }
    }
    for at in 0..entities.len() {
        let entity = &entities[at];
        if entity.actor.is_some() || !matches!(entity.entity_type, EntityType::Per | EntityType::Org | EntityType::Prod)
        {
            continue;
        }
        let name = match_key(document.quote(entity.span));
        let last_name = name.rsplit(' ').next().unwrap_or(&name).to_owned();
        if entity.side == Side::Other {
            let person = persons.get(&name).filter(|_| entity.entity_type == EntityType::Per);
            let known = person.or_else(|| sides.get(&name)).or_else(|| sides.get(&last_name)).cloned();
            let found = known.or_else(|| phrase_side(document, entities, at));
            if let Some((side, reason)) = found {
                entities[at].side = side;
                entities[at].reason = format!("{}; {reason}", entities[at].reason);
            }
        }
        let entity = &entities[at];
        if entity.side != Side::Other {
            let value = (entity.side, format!("as {} before", document.quote(entity.span)));
            sides.entry(name).or_insert_with(|| value.clone());
            if entity.entity_type == EntityType::Per {
                sides.entry(last_name).or_insert(value);
            }
        }
    }
}

/// The one side named in the phrase around an entity: from the demonym or title before it to the apposition behind it.
fn phrase_side(document: &Document, entities: &[Entity], at: usize) -> Option<(Side, String)> {
    let layers = document.layers();
    let entity = &entities[at];
    let words = &layers.words;
    let first = words.partition_point(|w| w.span.start() < entity.span.start());
    let end = words.partition_point(|w| w.span.start() < entity.span.end());
    let sentence = layers.tokens[words.get(first)?.token].sentence;
    let side_at = |w: usize| -> Option<(Side, String)> {
        if let Some(side) = actors().demonym(&words[w].key) {
            return Some((side, format!("demonym {}", words[w].form)));
        }
        let other =
            entities.iter().find(|e| e.span != entity.span && e.span.overlaps(words[w].span) && e.actor.is_some())?;
        Some((other.side, format!("beside {}", document.quote(other.span))))
    };
    let stops = |w: usize| {
        words[w].upos == Upos::Verb
            || matches!(words[w].form.as_str(), "." | ";" | "؛" | ":")
            || words[w].upos == Upos::Cconj
    };
    // Before: the title's words, up to a verb or comma.
    for w in (first.saturating_sub(7)..first).rev() {
        if layers.tokens[words[w].token].sentence != sentence
            || stops(w)
            || matches!(words[w].form.as_str(), "," | "،" | "(")
            || matches!(words[w].key.as_str(), "to" | "on" | "against" | "الي" | "علي" | "ضد" | "مع" | "with" | "عن")
        {
            break;
        }
        if let Some((side, reason)) = side_at(w) {
            return (side != Side::Other).then_some((side, reason));
        }
    }
    // Behind: an apposition, an "of", "at" phrase, or what the person does where (teaches at, يعمل في).
    let works = words.get(end).is_some_and(|w| {
        matches!(
            w.lemma.as_str(),
            "study" | "teach" | "work" | "lead" | "head" | "run" | "direct" | "chair" | "research" | "lecture"
        ) || matches!(w.key.as_str(), "يعمل" | "تعمل" | "يدرس" | "تدرس" | "يدير" | "تدير" | "يراس" | "تراس")
    });
    let opens = works
        || words.get(end).is_some_and(|w| {
            matches!(w.form.as_str(), "," | "،" | "(")
                || matches!(w.key.as_str(), "of" | "at" | "from" | "من" | "في" | "ب")
        });
    if opens {
        for w in end + 1..words.len().min(end + 13) {
            if layers.tokens[words[w].token].sentence != sentence
                || stops(w)
                || matches!(words[w].form.as_str(), ")" | "،" | ",")
            {
                break;
            }
            if let Some((side, reason)) = side_at(w) {
                return (side != Side::Other).then_some((side, reason));
            }
        }
    }
    None
}

/// The entity that a word lies in.
pub fn entity_at(document: &Document, word: usize) -> Option<&Entity> {
    let span = document.layers().words[word].span;
    let entities = &document.layers().entities;
    let at = entities.partition_point(|e| e.span.end() <= span.start());
    entities.get(at).filter(|e| e.span.overlaps(span))
}

/// Whether the relation builds a name from several words.
pub fn is_name_part(relation: Relation) -> bool {
    matches!(relation, Relation::Flat | Relation::Compound | Relation::Fixed | Relation::Goeswith)
}
