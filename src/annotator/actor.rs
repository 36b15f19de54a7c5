//! Who it is and which side: the bilingual knowledge base `models/actors.toml` and its matching in text.
//!
//! Matching works on written tokens, not on the tagger's words, so that a wrongly cut clitic does not lose a name. It is
//! clitic- and spelling-aware (see [`crate::normalizer::match_key`]) and takes the longest name first.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::document::{Document, EntityType, Side};
use crate::error::{Error, ErrorKind, Result};
use crate::normalizer::match_key;
use crate::offset::{Byte, Span};

/// An office that a person held.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Office {
    /// English title.
    pub en: String,
    /// Arabic title.
    #[serde(default)]
    pub ar: String,
    /// First day, ISO 8601, as exactly as it is known; empty if unknown.
    #[serde(default)]
    pub from: String,
    /// Last day; empty while in office or unknown.
    #[serde(default)]
    pub to: String,
}

/// One entity of the knowledge base.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// Stable id.
    pub id: String,
    /// What kind of thing it is (`company`, `ministry`, `official` …).
    pub kind: String,
    /// PER, ORG, LOC, PROD, or MISC for laws and programmes, which are no entities of the guideline.
    #[serde(rename = "type")]
    pub entity_type: String,
    /// Side.
    pub side: Side,
    /// English names, the main one first.
    #[serde(default)]
    pub en: Vec<String>,
    /// Arabic names, the main one first.
    #[serde(default)]
    pub ar: Vec<String>,
    /// English forms that are safe only after the full name.
    #[serde(default)]
    pub short_en: Vec<String>,
    /// Arabic forms that are safe only after the full name.
    #[serde(default)]
    pub short_ar: Vec<String>,
    /// Names that mean other things as well and need one of `context`.
    #[serde(default)]
    pub ambiguous: Vec<String>,
    /// Words that make an ambiguous name likely.
    #[serde(default)]
    pub context: Vec<String>,
    /// English demonyms.
    #[serde(default)]
    pub demonym_en: Vec<String>,
    /// Arabic demonyms, masculine singular.
    #[serde(default)]
    pub demonym_ar: Vec<String>,
    /// English definite descriptions without the article.
    #[serde(default)]
    pub role_en: Vec<String>,
    /// Arabic definite descriptions.
    #[serde(default)]
    pub role_ar: Vec<String>,
    /// Offices of a person.
    #[serde(default)]
    pub offices: Vec<Office>,
    /// Id of employer, owner, maker, state.
    #[serde(default)]
    pub parent: String,
    /// Wikidata id, only where certain.
    #[serde(default)]
    pub wikidata: String,
    /// Sources that attest one of the names.
    #[serde(default)]
    pub checked: Vec<String>,
}

impl Actor {
    /// Type of its mentions; `None` for laws and programmes.
    pub fn mention_type(&self) -> Option<EntityType> {
        match self.entity_type.as_str() {
            "PER" => Some(EntityType::Per),
            "ORG" => Some(EntityType::Org),
            "LOC" => Some(EntityType::Loc),
            "PROD" => Some(EntityType::Prod),
            _ => None,
        }
    }
}

/// A name in the index.
#[derive(Debug, Clone)]
struct Name {
    keys: Vec<String>,
    actor: usize,
    /// Written with capitals that the text must show too (US, Meta).
    capital: Capital,
    short: bool,
    ambiguous: bool,
    /// All actors of this form are on one side.
    one_sided: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Capital {
    /// Any case.
    Free,
    /// First letter must be a capital.
    First,
    /// All as written (acronyms).
    All,
}

/// A found name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Its characters, without proclitics where they can be cut.
    pub span: Span<Byte>,
    /// Tokens that it covers, first and last.
    pub tokens: (usize, usize),
    /// Index in [`Actors::all`].
    pub actor: usize,
    /// Whether only a short form was matched.
    pub short: bool,
}

/// What is known while names are searched.
struct Seen<'a> {
    named: &'a [bool],
    alone: &'a [bool],
    found: &'a [Match],
}

impl Seen<'_> {
    /// Last token before `at` where the actor was named; 0 if only behind.
    fn nearness(&self, actor: usize, at: usize) -> usize {
        self.found.iter().filter(|m| m.actor == actor && m.tokens.0 < at).map(|m| m.tokens.1 + 1).max().unwrap_or(0)
    }
}

/// The knowledge base with its index.
#[derive(Debug)]
pub struct Actors {
    all: Vec<Actor>,
    by_id: HashMap<String, usize>,
    names: HashMap<String, Vec<Name>>,
    demonyms: HashMap<String, (Side, usize)>,
    /// Single words that are names of persons, places, companies or products and nothing else.
    proper: std::collections::HashSet<String>,
    /// All words of Arabic names.
    name_words: std::collections::HashSet<String>,
    roles: HashMap<String, Vec<usize>>,
}

const SOURCE: &str = include_str!("../../models/actors.toml");

static ACTORS: LazyLock<Actors> = LazyLock::new(|| Actors::parse(SOURCE).expect("the built-in actors are tested"));

/// The built-in knowledge base.
pub fn actors() -> &'static Actors {
    &ACTORS
}

/// Arabic endings of a demonym: feminine, plurals, dual.
const DEMONYM_ENDINGS: [&str; 9] = ["", "ه", "ون", "ين", "ات", "ان", "تان", "تين", "ا"];

impl Actors {
    /// Reads a knowledge base in the form of `models/actors.toml`.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if the text is not of that form or an id occurs twice.
    pub fn parse(source: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct File {
            actor: Vec<Actor>,
        }
        let file: File =
            toml::from_str(source).map_err(|e| Error::new(ErrorKind::Model, e.to_string()).at("models/actors.toml"))?;
        let mut this = Self {
            all: file.actor,
            by_id: HashMap::new(),
            names: HashMap::new(),
            demonyms: HashMap::new(),
            proper: std::collections::HashSet::new(),
            name_words: std::collections::HashSet::new(),
            roles: HashMap::new(),
        };
        for at in 0..this.all.len() {
            let actor = this.all[at].clone();
            if this.by_id.insert(actor.id.clone(), at).is_some() {
                return Err(Error::new(ErrorKind::Model, format!("actor {} twice", actor.id)).at("models/actors.toml"));
            }
            let ambiguous: Vec<String> = actor.ambiguous.iter().map(|n| match_key(n)).collect();
            for (names, short) in
                [(&actor.en, false), (&actor.ar, false), (&actor.short_en, true), (&actor.short_ar, true)]
            {
                for name in names {
                    // A government by description is no name: its demonym or the person in it tells its side.
                    if actor.kind == "government" && is_description(name) {
                        continue;
                    }
                    this.index(name, at, short, ambiguous.contains(&match_key(name)));
                }
            }
            if matches!(actor.entity_type.as_str(), "PER" | "ORG" | "PROD") {
                let single =
                    actor.ar.iter().chain(&actor.short_ar).filter(|n| !n.contains(' ') && !n.starts_with("ال"));
                let keys = single.map(|n| match_key(n)).filter(|k| k.chars().count() >= 4 && !ambiguous.contains(k));
                this.proper.extend(keys);
            }
            if actor.mention_type().is_some() {
                let single = actor.en.iter().filter(|n| !n.contains([' ', '.', '-']) && n.len() >= 5);
                this.proper.extend(single.map(|n| match_key(n)).filter(|k| !ambiguous.contains(k)));
            }
            for name in actor.ar.iter().chain(&actor.short_ar) {
                this.name_words.extend(name.split(' ').map(match_key));
            }
            for demonym in &actor.demonym_en {
                let key = match_key(demonym);
                this.demonyms.insert(format!("{key}s"), (actor.side, at));
                this.demonyms.insert(key, (actor.side, at));
            }
            for demonym in &actor.demonym_ar {
                let key = match_key(demonym);
                for ending in DEMONYM_ENDINGS {
                    this.demonyms.insert(format!("{key}{ending}"), (actor.side, at));
                    this.demonyms.insert(format!("ال{key}{ending}"), (actor.side, at));
                }
            }
            for role in actor.role_en.iter().chain(&actor.role_ar) {
                this.roles.entry(match_key(role)).or_default().push(at);
            }
        }
        let mut owners: HashMap<Vec<String>, std::collections::BTreeSet<usize>> = HashMap::new();
        for name in this.names.values().flatten() {
            owners.entry(name.keys.clone()).or_default().insert(name.actor);
        }
        for name in this.names.values_mut().flatten() {
            let mut sides = owners[&name.keys].iter().map(|&owner| this.all[owner].side);
            let first = sides.next();
            name.one_sided = sides.all(|side| Some(side) == first);
        }
        #[allow(clippy::iter_over_hash_type, reason = "each list is sorted for itself")]
        for names in this.names.values_mut() {
            names.sort_by(|a, b| {
                b.keys.len().cmp(&a.keys.len()).then(a.short.cmp(&b.short)).then(a.actor.cmp(&b.actor))
            });
        }
        Ok(this)
    }

    fn index(&mut self, name: &str, actor: usize, short: bool, ambiguous: bool) {
        let keys = name_keys(name);
        let Some(first) = keys.first().cloned() else { return };
        let letters: Vec<char> = name.chars().filter(|c| c.is_alphabetic()).collect();
        let capital = if letters.len() <= 5 && !letters.is_empty() && letters.iter().all(|c| c.is_uppercase()) {
            Capital::All
        } else if name.chars().next().is_some_and(char::is_uppercase) {
            Capital::First
        } else {
            Capital::Free
        };
        let list = self.names.entry(first).or_default();
        if !list.iter().any(|n| n.actor == actor && n.keys == keys && n.capital == capital) {
            list.push(Name { keys, actor, capital, short, ambiguous, one_sided: false });
        }
    }

    /// All actors, in the order of the file.
    pub fn all(&self) -> &[Actor] {
        &self.all
    }

    /// The actor of an id.
    pub fn get(&self, id: &str) -> Option<&Actor> {
        self.by_id.get(id).map(|&at| &self.all[at])
    }

    /// Side of a demonym or national adjective by its match key (الصينية, american).
    pub fn demonym(&self, key: &str) -> Option<Side> {
        self.demonyms.get(key).map(|&(side, _)| side)
    }

    /// The state of a demonym or national adjective by its match key.
    pub fn demonym_actor(&self, key: &str) -> Option<&Actor> {
        self.demonyms.get(key).map(|&(_, actor)| &self.all[actor])
    }

    /// Like [`Self::demonym`] for a written token, with proclitics cut if needed (والصينية, للصينيين).
    pub fn demonym_of_token(&self, text: &str) -> Option<Side> {
        let key = match_key(text);
        let first = key.split_once('-').map(|(first, _)| first.to_owned()).filter(|f| f.len() > 1);
        variants(&key)
            .into_iter()
            .map(|(key, _)| key)
            .chain(first)
            .find_map(|key| self.demonym(&key).or_else(|| self.state_prefix(text, &key)))
    }

    /// US-led, China-based: a state's name before a hyphen.
    fn state_prefix(&self, text: &str, key: &str) -> Option<Side> {
        let (first, _) = text.split_once('-')?;
        let names = self.names.get(&token_key(first)).filter(|_| key == match_key(first))?;
        let name = names.iter().find(|n| {
            n.keys.len() == 1
                && matches!(self.all[n.actor].kind.as_str(), "state" | "city")
                && capital_fits(n.capital, first)
        })?;
        Some(self.all[name.actor].side)
    }

    /// Whether the key is a word of an Arabic name.
    pub fn is_name_word(&self, key: &str) -> bool {
        self.name_words.contains(key)
    }

    /// Whether the key is a single word that is a name and nothing else (بايدن, هواوي, beijing).
    pub fn is_proper(&self, key: &str) -> bool {
        self.proper.contains(key)
    }

    /// Actors that a definite description without its article may mean (`chipmaker`).
    pub fn role(&self, key: &str) -> &[usize] {
        self.roles.get(key).map_or(&[], Vec::as_slice)
    }

    /// All names in the text, longest first at each token, none overlapping; short forms only where their
    /// actor was named in full before (or in the title).
    pub fn find(&self, document: &Document) -> Vec<Match> {
        let text = document.text();
        let tokens = &document.layers().tokens;
        let keys: Vec<String> = tokens.iter().map(|t| token_key(t.span.slice(text))).collect();
        let mut context: Option<std::collections::HashSet<String>> = None;
        let mut named: Vec<bool> = vec![false; self.all.len()];
        // Tokens that are all of a person's name as the network reads it: a surname may stand there without its full name.
        let mut alone = vec![false; tokens.len()];
        let readings = &document.layers().readings;
        for (at, reading) in readings.iter().enumerate() {
            let goes_on = readings.get(at + 1).is_some_and(|next| {
                next.name == Some((EntityType::Per, false)) && next.word.token != reading.word.token
            });
            alone[reading.word.token] |= reading.name == Some((EntityType::Per, true)) && !goes_on;
        }
        let mut found: Vec<Match> = Vec::new();
        // Full names first, so that a headline may use a short form that the text explains later.
        for pass in 0..2 {
            let mut at = 0;
            let mut taken = found.iter().map(|m: &Match| m.tokens).collect::<Vec<_>>();
            taken.sort_unstable();
            while at < tokens.len() {
                if let Some(&(_, last)) = taken.iter().find(|&&(first, last)| first <= at && at <= last) {
                    at = last + 1;
                    continue;
                }
                let shorts = pass == 1;
                let seen = Seen { named: &named, alone: &alone, found: &found };
                match self.longest(document, &keys, at, shorts, &seen, &mut context, &taken) {
                    Some(hit) => {
                        named[hit.actor] = true;
                        at = hit.tokens.1 + 1;
                        found.push(hit);
                    }
                    None => at += 1,
                }
            }
        }
        found.sort_by_key(|m| m.span);
        found
    }

    #[expect(clippy::too_many_arguments, reason = "one inner step of `find`")]
    fn longest(
        &self,
        document: &Document,
        keys: &[String],
        at: usize,
        shorts: bool,
        seen: &Seen<'_>,
        context: &mut Option<std::collections::HashSet<String>>,
        taken: &[(usize, usize)],
    ) -> Option<Match> {
        let text = document.text();
        let tokens = &document.layers().tokens;
        let mut best: Option<(usize, usize, &Name)> = None;
        for (variant, cut) in variants(&keys[at]) {
            let Some(names) = self.names.get(&variant) else { continue };
            for name in names {
                let last = at + name.keys.len() - 1;
                let letters: usize = name.keys.iter().map(|k| k.chars().count()).sum();
                let known = seen.named[name.actor]
                    || name.one_sided
                        && (letters >= 4 || letters >= 2 && variant.is_ascii())
                        && cut == 0
                        && seen.alone[at]
                        && self.all[name.actor].entity_type == "PER";
                if name.short != shorts || (name.short && !known) || last >= tokens.len() {
                    continue;
                }
                if let Some((length, _, before)) = best {
                    // Among actors of the same short form the one named last is meant.
                    let nearer = name.short
                        && length == last + 1 - at
                        && seen.nearness(name.actor, at) > seen.nearness(before.actor, at);
                    if length >= last + 1 - at && !nearer {
                        continue;
                    }
                }
                if tokens[last].sentence != tokens[at].sentence
                    || taken.iter().any(|&(first, end)| first <= last && at <= end)
                    || !name.keys[1..].iter().zip(&keys[at + 1..=last]).all(|(k, t)| k == t || possessive(t) == Some(k))
                    || !capital_fits(name.capital, &text[tokens[at].span.start()..tokens[last].span.end()])
                    || (name.ambiguous && !self.context_fits(document, name.actor, context))
                {
                    continue;
                }
                best = Some((last + 1 - at, cut, name));
            }
            // The reading with fewer letters cut wins.
            if best.is_some() {
                break;
            }
        }
        let (length, cut, name) = best?;
        let last = at + length - 1;
        let start = cut_bytes(tokens[at].span.slice(text), cut) + tokens[at].span.start();
        let mut end = tokens[last].span.end();
        // China's → China
        let surface = tokens[last].span.slice(text);
        for ending in ["'s", "’s", "'", "’", "ʼs"] {
            if surface.len() > ending.len() && surface.ends_with(ending) {
                end -= ending.len();
                break;
            }
        }
        Some(Match { span: Span::new(start, end), tokens: (at, last), actor: name.actor, short: name.short })
    }

    fn context_fits(
        &self,
        document: &Document,
        actor: usize,
        context: &mut Option<std::collections::HashSet<String>>,
    ) -> bool {
        let words = context.get_or_insert_with(|| {
            let text = document.text();
            let mut set = std::collections::HashSet::new();
            for token in &document.layers().tokens {
                for (variant, _) in variants(&token_key(token.span.slice(text))) {
                    set.insert(variant);
                }
            }
            set
        });
        let fits = |key: &str| key.split(' ').all(|part| words.contains(part));
        let this = &self.all[actor];
        this.context.iter().any(|c| fits(&match_key(c)))
    }
}

/// The Chinese government, إدارة بايدن: a description, where البيت الأبيض is a name.
fn is_description(name: &str) -> bool {
    let key = match_key(name);
    ["government", "administration", "authorities", "حكومه", "اداره", "سلطات"].iter().any(|w| key.contains(w))
}

/// Match key of a token, with the dots of U.S. taken out.
fn token_key(surface: &str) -> String {
    let key = match_key(surface);
    if key.contains('.')
        && key.len() <= 12
        && key.chars().filter(char::is_ascii_alphabetic).count() <= 4
        && !key.contains(|c: char| c.is_ascii_digit())
    {
        key.replace('.', "")
    } else {
        key
    }
}

fn name_keys(name: &str) -> Vec<String> {
    crate::segmenter::tokens(name)
        .into_iter()
        .map(|span| token_key(span.slice(name)))
        .filter(|k| !k.is_empty())
        .collect()
}

/// The key without a possessive ending.
fn possessive(key: &str) -> Option<&str> {
    key.strip_suffix("'s").or_else(|| key.strip_suffix("s'").filter(|k| k.len() > 2)).or_else(|| key.strip_suffix('\''))
}

/// Readings of a token's key: (key of the host, number of letters cut at its front). The uncut reading comes first.
fn variants(key: &str) -> Vec<(String, usize)> {
    let mut readings = vec![(key.to_owned(), 0)];
    if let Some(host) = possessive(key) {
        readings.push((host.to_owned(), 0));
    }
    if !key.starts_with(|c: char| ('\u{0621}'..='\u{064a}').contains(&c)) {
        return readings;
    }
    let mut push = |host: &str, cut: usize| {
        // Short hosts are too often part of another word (كابل is not ك + ابل).
        if host.chars().count() >= 4 {
            readings.push((host.to_owned(), cut));
        }
    };
    let outer: [(&str, usize); 3] = [("", 0), ("و", 1), ("ف", 1)];
    for (conjunction, a) in outer {
        let Some(rest) = key.strip_prefix(conjunction) else { continue };
        if a > 0 {
            push(rest, a);
        }
        for preposition in ["ب", "ك", "ل"] {
            if let Some(host) = rest.strip_prefix(preposition) {
                push(host, a + 1);
                // للصين = ل + الصين: the article is fused, nothing can be cut.
                if let Some(host) = host.strip_prefix('ل').filter(|_| preposition == "ل") {
                    push(&format!("ال{host}"), a);
                }
            }
        }
    }
    // The article before a name that is listed without it (الهواوي is no name, but الكونغرس is).
    for (conjunction, a) in outer {
        if let Some(host) = key.strip_prefix(conjunction).and_then(|r| r.strip_prefix("ال")) {
            push(host, a);
        }
    }
    readings
}

/// Bytes of the first `letters` letters of a token, the marks on them included.
fn cut_bytes(surface: &str, letters: usize) -> usize {
    let mut left = letters;
    for (at, c) in surface.char_indices() {
        let letter = c.is_alphabetic() && c != '\u{0640}' && !('\u{064b}'..='\u{065f}').contains(&c) && c != '\u{0670}';
        if letter {
            if left == 0 {
                return at;
            }
            left -= 1;
        }
    }
    if letters == 0 { 0 } else { surface.len() }
}

fn capital_fits(capital: Capital, surface: &str) -> bool {
    match capital {
        Capital::Free => true,
        Capital::First => surface.chars().next().is_some_and(|c| !c.is_lowercase()),
        Capital::All => surface.chars().filter(|c| c.is_alphabetic()).take(2).all(|c| !c.is_lowercase()),
    }
}
