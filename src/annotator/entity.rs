//! Mentions of names: from the knowledge base, and beyond it by titles, head words, places and spelling.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::actor::{Actors, actors};
use super::cue::cues;
use super::lexicon::{Form, rows};
use crate::document::{
    Annotator, Clitic, Document, Entity, EntityType, Language, Layer, LayerKind, ParagraphKind, Relation, Side,
    TokenKind, Upos,
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
            "org-first" => "org-first",
            "org-suffix" => "org-suffix",
            "place-head" => "place-head",
            _ => "product-head",
        };
        for word in row[2].split('|') {
            let word = word.split(' ').next().filter(|_| kind == "org-first").unwrap_or(word);
            words.kinds.insert((kind, match_key(word)));
        }
    }
    words
});

/// Bilingual places beyond the knowledge base, from `models/places.tsv`: match key → English name.
static PLACES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let mut places = HashSet::new();
    for (_, row) in rows("models/places.tsv", include_str!("../../models/places.tsv"), 4).expect("built in and tested")
    {
        for name in row[2].split('|').chain(row[3].split('|')) {
            places.insert(name.split_whitespace().map(match_key).collect::<Vec<_>>().join(" "));
        }
    }
    places
});

/// Given names of persons, from `models/given-names.tsv`.
static GIVEN_NAMES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let source = include_str!("../../models/given-names.tsv");
    rows("models/given-names.tsv", source, 2)
        .expect("built in and tested")
        .into_iter()
        .flat_map(|(_, row)| row[1].split('|').map(match_key).collect::<Vec<_>>())
        .collect()
});

impl Annotator for Entities {
    fn name(&self) -> &'static str {
        "entity"
    }

    fn requires(&self) -> &'static [LayerKind] {
        &[LayerKind::Sentences, LayerKind::Tokens, LayerKind::Words, LayerKind::Dependencies]
    }

    fn provides(&self) -> LayerKind {
        LayerKind::Entities
    }

    fn annotate(&self, document: &Document) -> Layer {
        let mut entities = self.known(document);
        let mut beyond = Beyond { document, actors: self.actors, entities: &mut entities };
        beyond.run();
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

/// The search for names that no list holds.
struct Beyond<'a> {
    document: &'a Document,
    actors: &'static Actors,
    entities: &'a mut Vec<Entity>,
}

impl Beyond<'_> {
    fn run(&mut self) {
        if !self.document.layers().readings.is_empty() {
            return self.read();
        }
        self.runs_of_capitals();
        self.arabic_heads();
        self.places();
        self.later_surnames();
    }

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
            // One letter (س in a list, أ of أ ب) and a verb alone are no names.
            let word = &readings[begin].word;
            if end == begin + 1 && (word.key.chars().nth(1).is_none() || word.upos == Upos::Verb) {
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
            let last = readings[end - 1].word.token;
            let tokens = &self.document.layers().tokens;
            let beside = |t: &usize| tokens.get(*t).is_some_and(|t| t.sentence == tokens[first].sentence);
            let around: Vec<usize> = [first.wrapping_sub(1), last + 1].into_iter().filter(beside).collect();
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

    /// Runs of capitalised Latin tokens.
    fn runs_of_capitals(&mut self) {
        let layers = self.document.layers();
        let text = self.document.text();
        let upos = token_upos(self.document);
        let mut at = 0;
        while at < layers.tokens.len() {
            let token = &layers.tokens[at];
            let surface = token.span.slice(text);
            let headline = layers.sentences[token.sentence].headline;
            let first = at == 0 || layers.tokens[at - 1].sentence != token.sentence;
            let latin_in_arabic =
                self.document.paragraphs()[layers.sentences[token.sentence].paragraph].language == Language::Ar;
            let capital = token.kind == TokenKind::Word && surface.starts_with(|c: char| c.is_uppercase());
            let name_like = capital
                && !is_calendar(surface)
                && (upos[at] == Upos::Propn || (latin_in_arabic && !matches!(upos[at], Upos::Punct)))
                && !(headline && upos[at] != Upos::Propn)
                && !(first && upos[at] != Upos::Propn);
            if !name_like || self.taken(token.span) || self.furniture(at) {
                at += 1;
                continue;
            }
            let mut last = at;
            while last + 1 < layers.tokens.len()
                && layers.tokens[last + 1].sentence == token.sentence
                && !self.taken(layers.tokens[last + 1].span)
            {
                let next = &layers.tokens[last + 1];
                let s = next.span.slice(text);
                let joins = next.kind == TokenKind::Word
                    && s.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit())
                    && matches!(upos[last + 1], Upos::Propn | Upos::X | Upos::Noun | Upos::Num)
                    && text[layers.tokens[last].span.end()..next.span.start()].chars().all(char::is_whitespace);
                let bridge = matches!(s, "of" | "for" | "and" | "&" | "de" | "al" | "bin" | "van" | "von")
                    && layers.tokens.get(last + 2).is_some_and(|t| {
                        t.sentence == token.sentence
                            && t.span.slice(text).starts_with(|c: char| c.is_uppercase())
                            && !self.taken(t.span)
                    })
                    && (s != "and" && s != "&" || NAME_WORDS.has("org-first", &match_key(surface)));
                if joins {
                    last += 1;
                } else if bridge
                    && (NAME_WORDS.has("org-head", &match_key(surface)) || !matches!(s, "of" | "for" | "and" | "&"))
                {
                    last += 2;
                } else {
                    break;
                }
            }
            self.classify_latin(at, last);
            at = last + 1;
        }
    }

    fn classify_latin(&mut self, mut first: usize, mut last: usize) {
        let layers = self.document.layers();
        let text = self.document.text();
        let key = |t: usize| match_key(strip_possessive(layers.tokens[t].span.slice(text)));
        // Titles and demonyms at the front are not part of a name; their words say what follows.
        let mut title = false;
        let mut around = Vec::new();
        while first < last && (NAME_WORDS.has("title", &key(first)) || self.actors.demonym(&key(first)).is_some()) {
            if self.actors.demonym(&key(first)).is_some() {
                if NAME_WORDS.has("org-head", &key(last)) {
                    break;
                }
                around.push(first);
            } else {
                title = true;
            }
            first += 1;
        }
        while last > first && NAME_WORDS.has("title", &key(last)) {
            last -= 1;
        }
        if first == last && (NAME_WORDS.has("title", &key(first)) || self.actors.demonym(&key(first)).is_some()) {
            return;
        }
        if first > 0 && layers.tokens[first - 1].sentence == layers.tokens[first].sentence {
            title |= NAME_WORDS.has("title", &key(first - 1));
            around.push(first - 1);
        }
        let start = layers.tokens[first].span.start();
        let surface = layers.tokens[last].span.slice(text);
        let end = layers.tokens[last].span.start() + strip_possessive(surface).len();
        let span = Span::new(start, end);
        let whole = (first..=last).map(key).collect::<Vec<_>>().join(" ");
        let next_key = layers.tokens.get(last + 1).map(|_| key(last + 1)).unwrap_or_default();
        let inside = span.slice(text);
        let arabic_heads = first > 0 && NAME_WORDS.has("org-head", &key(first - 1));
        let product_before = first > 0 && NAME_WORDS.has("product-head", &key(first - 1));
        let says = cues().form(&next_key).is_some_and(|(_, form)| form == Form::Finite);
        let (entity_type, how) = if PLACES.contains(&whole) {
            (EntityType::Loc, "place list")
        } else if (first..=last).any(|t| NAME_WORDS.has("org-suffix", &key(t)) && t > first)
            || NAME_WORDS.has("org-head", &key(last))
            || NAME_WORDS.has("org-head", &key(first)) && last > first
            || arabic_heads
        {
            (EntityType::Org, "head word")
        } else if title || GIVEN_NAMES.contains(&key(first)) && last > first {
            (EntityType::Per, if title { "title before" } else { "given name" })
        } else if NAME_WORDS.has("place-head", &key(last)) {
            (EntityType::Loc, "head word of a place")
        } else if product_before
            || NAME_WORDS.has("product-head", &next_key)
            || inside.chars().any(|c| c.is_ascii_digit())
        {
            (EntityType::Prod, "product pattern")
        } else if last > first
            && last - first <= 2
            && inside.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '.' | '\'' | '’'))
            && says
            && !inside.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase)
        {
            (EntityType::Per, "two capitalised words that speak")
        } else if (says || last > first) && !inside.contains('.') && !inside.ends_with('s') && first_upper_only(inside)
        {
            (EntityType::Org, "capitals")
        } else {
            // One capitalised word that no list holds is more often a term or a title than a name.
            return;
        };
        let (side, why) = self.side_of(span, &around);
        self.entities.push(Entity { span, entity_type, actor: None, side, reason: format!("{how}; {why}") });
    }

    /// Arabic organisations by head word, persons by title, places by head word.
    fn arabic_heads(&mut self) {
        let layers = self.document.layers();
        let upos = token_upos(self.document);
        let text = self.document.text();
        for (word_at, word) in layers.words.iter().enumerate() {
            if word.clitic.is_some() || !is_arabic(&word.form) || self.furniture(word.token) {
                continue;
            }
            let bare = word.key.strip_prefix("ال").unwrap_or(&word.key).to_owned();
            let sentence = layers.tokens[word.token].sentence;
            let next_tokens = |from: usize| {
                (from..layers.tokens.len()).take_while(move |&t| layers.tokens[t].sentence == sentence && t < from + 6)
            };
            if NAME_WORDS.has("org-head", &word.key) && !self.taken(word.span) {
                // وزارة التجارة الأمريكية: the head, its genitive and their adjectives.
                let mut last = None;
                let mut side_tokens = Vec::new();
                for t in next_tokens(word.token + 1) {
                    let token = &layers.tokens[t];
                    let surface = token.span.slice(text);
                    let key = match_key(surface);
                    let definite =
                        key.starts_with("ال") && matches!(upos[t], Upos::Noun | Upos::Adj | Upos::X | Upos::Propn);
                    let latin = surface.starts_with(|c: char| c.is_ascii_uppercase());
                    let name = matches!(upos[t], Upos::Propn | Upos::X) && is_arabic(surface) && t == word.token + 1;
                    let open_quote = t == word.token + 1 && matches!(surface, "\"" | "«" | "“");
                    if open_quote || self.taken(token.span) {
                        break;
                    }
                    if self.actors.demonym_of_token(surface).is_some() {
                        last = Some(t);
                        side_tokens.push(t);
                        break;
                    }
                    if !(definite || latin || name) || last.is_some_and(|l| t > l + 1) {
                        break;
                    }
                    last = Some(t);
                    if latin
                        && !layers
                            .tokens
                            .get(t + 1)
                            .is_some_and(|n| n.span.slice(text).starts_with(|c: char| c.is_ascii_uppercase()))
                    {
                        break;
                    }
                }
                // A bare الشركة has no name; وزارة الدفاع has one.
                if let Some(last) = last {
                    let span = word.span.cover(layers.tokens[last].span);
                    let generic = side_tokens.len() == last - word.token
                        && matches!(
                            bare.as_str(),
                            "شركه"
                                | "جامعه"
                                | "بنك"
                                | "مصرف"
                                | "مركز"
                                | "مجموعه"
                                | "اداره"
                                | "حركه"
                                | "حزب"
                                | "منظمه"
                                | "وكاله"
                                | "هيئه"
                                | "مؤسسه"
                                | "مكتب"
                                | "صحيفه"
                                | "موقع"
                                | "منتدي"
                                | "شبكه"
                                | "مختبر"
                                | "معهد"
                                | "مجلس"
                        );
                    if !generic && !self.taken(span) {
                        let (side, why) = self.side_of(span, &side_tokens);
                        self.entities.push(Entity {
                            span,
                            entity_type: EntityType::Org,
                            actor: None,
                            side,
                            reason: format!("head word {}; {why}", word.form),
                        });
                    }
                }
            } else if NAME_WORDS.has("title", &word.key) {
                self.arabic_person(word_at, &upos);
            } else if NAME_WORDS.has("place-head", &bare) {
                if let Some(next) = layers.tokens.get(word.token + 1).filter(|t| t.sentence == sentence) {
                    if matches!(upos[word.token + 1], Upos::Propn | Upos::X)
                        && is_arabic(next.span.slice(text))
                        && !self.taken(next.span)
                    {
                        self.entities.push(Entity {
                            span: next.span,
                            entity_type: EntityType::Loc,
                            actor: None,
                            side: Side::Other,
                            reason: format!("head word {}", word.form),
                        });
                    }
                }
            }
        }
        // A given name followed by another name.
        for t in 0..layers.tokens.len() {
            let token = &layers.tokens[t];
            let surface = token.span.slice(text);
            if is_arabic(surface)
                && GIVEN_NAMES.contains(&match_key(surface))
                && matches!(upos[t], Upos::Propn | Upos::X | Upos::Noun)
                && !self.taken(token.span)
                && !self.furniture(t)
            {
                self.push_arabic_name(t, &upos, "given name");
            }
        }
    }

    fn arabic_person(&mut self, word_at: usize, upos: &[Upos]) {
        let layers = self.document.layers();
        let text = self.document.text();
        let token = layers.words[word_at].token;
        let sentence = layers.tokens[token].sentence;
        // Adjectives and the office may stand between title and name: الرئيس الصيني شي, وزير التجارة وانغ.
        for t in token + 1..layers.tokens.len().min(token + 5) {
            if layers.tokens[t].sentence != sentence || self.taken(layers.tokens[t].span) {
                return;
            }
            let surface = layers.tokens[t].span.slice(text);
            let key = match_key(surface);
            let name = matches!(upos[t], Upos::X | Upos::Propn) && is_arabic(surface) && !key.starts_with("ال");
            if name {
                self.push_arabic_name(t, upos, "title before");
                return;
            }
            if !key.starts_with("ال") && !matches!(surface, "باسم" | "لدى") {
                return;
            }
        }
    }

    fn push_arabic_name(&mut self, first: usize, upos: &[Upos], how: &str) {
        let layers = self.document.layers();
        let text = self.document.text();
        let mut last = first;
        while last + 1 < layers.tokens.len().min(first + 4) {
            let next = &layers.tokens[last + 1];
            let surface = next.span.slice(text);
            let particle = matches!(surface, "بن" | "آل" | "أبو" | "عبد" | "ال");
            let proper = matches!(upos[last + 1], Upos::X | Upos::Propn) || GIVEN_NAMES.contains(&match_key(surface));
            if next.sentence == layers.tokens[first].sentence
                && is_arabic(surface)
                && (proper || particle)
                && !self.taken(next.span)
            {
                last += 1;
            } else {
                break;
            }
        }
        if last == first && how == "given name" {
            return;
        }
        let span = layers.tokens[first].span.cover(layers.tokens[last].span);
        if self.taken(span) {
            return;
        }
        // A person beside a demonym (الباحث الأمريكي جون) has its side by it.
        let around: Vec<usize> = (first.saturating_sub(3)..first)
            .filter(|&t| layers.tokens[t].sentence == layers.tokens[first].sentence)
            .collect();
        let (side, why) = self.side_of(span, &around);
        self.entities.push(Entity {
            span,
            entity_type: EntityType::Per,
            actor: None,
            side,
            reason: format!("{how}; {why}"),
        });
    }

    /// Places of the list.
    fn places(&mut self) {
        let layers = self.document.layers();
        let text = self.document.text();
        let mut at = 0;
        while at < layers.tokens.len() {
            let hit = (1..=3).rev().find_map(|n| {
                let last = at + n - 1;
                let tokens = layers.tokens.get(at..=last)?;
                if tokens.iter().any(|t| t.sentence != tokens[0].sentence) {
                    return None;
                }
                let key = tokens
                    .iter()
                    .map(|t| match_key(strip_possessive(t.span.slice(text))))
                    .collect::<Vec<_>>()
                    .join(" ");
                let surface = tokens[0].span.slice(text);
                let capital = !surface.starts_with(|c: char| c.is_lowercase());
                if capital && PLACES.contains(&key) {
                    return Some((last, 0));
                }
                // و + باريس, ل + لندن
                let mut letters = key.chars();
                for cut in 1..=2 {
                    let c = letters.next()?;
                    if !matches!(c, 'و' | 'ف' | 'ب' | 'ل' | 'ك') {
                        return None;
                    }
                    if PLACES.contains(letters.as_str()) && letters.as_str().chars().count() >= 4 {
                        return Some((last, cut));
                    }
                }
                None
            });
            if let Some((last, cut)) = hit {
                let surface = layers.tokens[at].span.slice(text);
                let skip: usize = surface.chars().take(cut).map(char::len_utf8).sum();
                let end =
                    layers.tokens[last].span.start() + strip_possessive(layers.tokens[last].span.slice(text)).len();
                let span = Span::new(layers.tokens[at].span.start() + skip, end);
                if !self.taken(span) && !self.furniture(at) {
                    self.entities.push(Entity {
                        span,
                        entity_type: EntityType::Loc,
                        actor: None,
                        side: Side::Other,
                        reason: "place list".into(),
                    });
                }
                at = last + 1;
            } else {
                at += 1;
            }
        }
    }

    /// A surname alone after the full name.
    fn later_surnames(&mut self) {
        let layers = self.document.layers();
        let text = self.document.text();
        let mut surnames: HashMap<String, (EntityType, Side)> = HashMap::new();
        for entity in self.entities.iter().filter(|e| e.actor.is_none() && e.entity_type == EntityType::Per) {
            let name = self.document.quote(entity.span);
            if let Some((_, last)) = name.rsplit_once(' ') {
                if last.chars().count() >= 3 {
                    surnames.insert(match_key(last), (entity.entity_type, entity.side));
                }
            }
        }
        if surnames.is_empty() {
            return;
        }
        let mut add = Vec::new();
        for (t, token) in layers.tokens.iter().enumerate() {
            let surface = strip_possessive(token.span.slice(text));
            if surface.starts_with(|c: char| c.is_lowercase()) || self.taken(token.span) || self.furniture(t) {
                continue;
            }
            if let Some(&(entity_type, side)) = surnames.get(&match_key(surface)) {
                let span = Span::new(token.span.start(), token.span.start() + surface.len());
                add.push(Entity {
                    span,
                    entity_type,
                    actor: None,
                    side,
                    reason: "surname of a person named in full".into(),
                });
            }
        }
        self.entities.extend(add);
    }
}

/// Gives persons and organisations that no list holds the side that their first mention's phrase names (the Chinese start-up X; Y of
/// Stanford University), and later mentions of the same name the same side.
fn affiliate(document: &Document, entities: &mut [Entity]) {
    let mut sides: HashMap<String, (Side, String)> = HashMap::new();
    for at in 0..entities.len() {
        let entity = &entities[at];
        if entity.actor.is_some() || !matches!(entity.entity_type, EntityType::Per | EntityType::Org | EntityType::Prod)
        {
            continue;
        }
        let name = match_key(document.quote(entity.span));
        let last_name = name.rsplit(' ').next().unwrap_or(&name).to_owned();
        if entity.side == Side::Other {
            let known = sides.get(&name).or_else(|| sides.get(&last_name)).cloned();
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

/// Part of speech of each token: of its host word.
fn token_upos(document: &Document) -> Vec<Upos> {
    let layers = document.layers();
    let mut upos = vec![Upos::X; layers.tokens.len()];
    for word in layers.words.iter().filter(|w| w.clitic.is_none()) {
        upos[word.token] = word.upos;
    }
    upos
}

/// Whether each word begins with a capital.
fn first_upper_only(text: &str) -> bool {
    text.split_whitespace()
        .all(|w| w.starts_with(|c: char| c.is_uppercase()) || matches!(w, "of" | "for" | "and" | "&"))
}

/// Months, week days and their short forms are no names.
fn is_calendar(surface: &str) -> bool {
    let key = match_key(surface.trim_end_matches('.'));
    matches!(
        strip_possessive(&key),
        "january"
            | "february"
            | "march"
            | "april"
            | "may"
            | "june"
            | "july"
            | "august"
            | "september"
            | "october"
            | "november"
            | "december"
            | "jan"
            | "feb"
            | "mar"
            | "apr"
            | "jun"
            | "jul"
            | "aug"
            | "sep"
            | "sept"
            | "oct"
            | "nov"
            | "dec"
            | "monday"
            | "tuesday"
            | "wednesday"
            | "thursday"
            | "friday"
            | "saturday"
            | "sunday"
            | "mon"
            | "tue"
            | "wed"
            | "thu"
            | "fri"
            | "sat"
            | "sun"
            | "i"
    )
}

fn strip_possessive(surface: &str) -> &str {
    ["'s", "’s", "ʼs"].iter().find_map(|e| surface.strip_suffix(e)).unwrap_or(surface)
}

fn is_arabic(text: &str) -> bool {
    text.chars().next().is_some_and(|c| ('\u{0600}'..='\u{06ff}').contains(&c))
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
