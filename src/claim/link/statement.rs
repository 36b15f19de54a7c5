//! What is compared of a claim: concepts, actors, names, quantities, times, words, in a form that both languages share.

use std::collections::HashMap;

use regex::Regex;
use std::sync::LazyLock;

use super::concept::{Kind, lexicon};
use crate::annotator::actor::actors;
use crate::claim::{Modality, Polarity};
use crate::document::{Side, Upos};
use crate::normalizer::match_key;

/// A word of the claim as native JSON has it.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    /// The word restored.
    pub form: &'a str,
    /// Its characters.
    pub quote: &'a str,
    /// Its folded dictionary form.
    pub lemma: &'a str,
    /// Its part of speech.
    pub upos: Upos,
    /// Whether it belongs to the predicate.
    pub predicate: bool,
    /// Whether it belongs to a name.
    pub named: bool,
}

/// Somebody or something that the claim names, or points back to.
#[derive(Debug, Clone, Copy)]
pub struct Mention<'a> {
    /// Id in the list of actors.
    pub actor: Option<&'a str>,
    /// The side.
    pub side: Side,
    /// The name's characters.
    pub quote: &'a str,
    /// Whether it is the claim's actor.
    pub subject: bool,
}

/// A claim as it comes in.
#[derive(Debug, Clone)]
pub struct Parts<'a> {
    /// The words of the content, in order.
    pub words: Vec<Piece<'a>>,
    /// Who and what is named in the content and as its actor.
    pub mentions: Vec<Mention<'a>>,
    /// Quantities inside the content: value and unit.
    pub quantities: Vec<(f64, &'a str)>,
    /// ISO values of the times inside the content.
    pub times: Vec<&'a str>,
    /// Polarity.
    pub polarity: Polarity,
    /// Modality.
    pub modality: Modality,
    /// The article's date, ISO 8601.
    pub date: Option<&'a str>,
}

/// What a term is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TermKind {
    /// A concept of the lexicon.
    Concept(Kind),
    /// An actor of the list; its text is the id.
    Actor,
    /// A name that the list does not hold, by its consonants: the same in both scripts.
    Name,
    /// A designation with digits and letters, the same in all languages: H20, 910C.
    Code,
    /// Another word, by its dictionary form.
    Word,
    /// A quantity: value and unit. Only articles have such terms; claims compare quantities as numbers.
    Quantity,
    /// The ISO value of a time; only articles have such terms.
    Time,
}

/// A term: something that claims may share.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// What it is.
    pub kind: TermKind,
    /// Its id, consonants, or word.
    pub text: String,
    /// How much it tells that two claims share it.
    pub weight: f64,
}

/// Numbers for terms. The concepts of the lexicon come first, under their own numbers.
#[derive(Debug)]
pub struct Vocabulary {
    terms: Vec<Term>,
    numbers: HashMap<(TermKind, String), u32>,
}

/// States alone tell little in news on just these two.
const STATE: f64 = 0.5;
/// An actor of the list, or a designation such as H20.
const ACTOR: f64 = 1.5;
/// A name by its consonants.
const NAME: f64 = 1.2;
/// A word of the same language.
const WORD: f64 = 0.8;
/// A quantity.
const QUANTITY: f64 = 2.0;
/// An act tells a little less than a thing: verbs are of many meanings.
const ACT: f64 = 0.9;

impl Default for Vocabulary {
    fn default() -> Self {
        let terms = lexicon()
            .concepts()
            .iter()
            .map(|concept| Term {
                kind: TermKind::Concept(concept.kind),
                text: concept.name.clone(),
                weight: concept.weight * if concept.kind == Kind::Act { ACT } else { 1.0 },
            })
            .collect();
        Self { terms, numbers: HashMap::new() }
    }
}

impl Vocabulary {
    fn number(&mut self, kind: TermKind, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(&(kind, text.to_owned())) {
            return number;
        }
        let weight = match kind {
            TermKind::Actor if matches!(text, "us" | "cn") => STATE,
            TermKind::Actor | TermKind::Code => ACTOR,
            TermKind::Name => NAME,
            TermKind::Quantity => QUANTITY,
            TermKind::Word | TermKind::Time | TermKind::Concept(_) => WORD,
        };
        let number = self.terms.len() as u32;
        self.terms.push(Term { kind, text: text.to_owned(), weight });
        self.numbers.insert((kind, text.to_owned()), number);
        number
    }

    /// Number of terms so far.
    pub fn len(&self) -> usize {
        self.terms.len()
    }

    /// Whether there is no term, not even a concept.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The terms of a statement that tell what its article is about: all but words and the two states, with its quantities
    /// and times.
    pub fn profile(&mut self, statement: &Statement) -> Vec<u32> {
        let is_state = |term: &Term| term.kind == TermKind::Actor && matches!(term.text.as_str(), "us" | "cn");
        let mut profile: Vec<u32> =
            statement.terms.iter().copied().filter(|&term| !is_state(self.term(term))).collect();
        for (value, unit) in &statement.quantities {
            profile.push(self.number(TermKind::Quantity, &format!("{value} {unit}")));
        }
        for time in &statement.times {
            profile.push(self.number(TermKind::Time, time));
        }
        profile
    }

    /// The term of a number.
    pub fn term(&self, number: u32) -> &Term {
        &self.terms[number as usize]
    }
}

/// A claim in the form that is compared. Lists are sorted and without repetition.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Concepts, actors, names and designations.
    pub terms: Vec<u32>,
    /// Dictionary forms of content words that belong to no name.
    pub words: Vec<u32>,
    /// Concepts of the predicate (acts and states).
    pub predicate: Vec<u32>,
    /// Dictionary forms of the predicate's words.
    pub predicate_words: Vec<u32>,
    /// Actors and names that the claim's actor is.
    pub subject: Vec<u32>,
    /// Sides of the claim's actor.
    pub subject_sides: Vec<Side>,
    /// Quantities.
    pub quantities: Vec<(f64, String)>,
    /// ISO values of times.
    pub times: Vec<String>,
    /// Number of content words that stand for no concept and no name.
    pub residue: usize,
    /// Whether it is mostly in Arabic letters.
    pub arabic: bool,
    /// Whether it is negated.
    pub negated: bool,
    /// Modality.
    pub modality: Modality,
    /// The article's day, counted so that differences are about right.
    pub day: Option<i32>,
}

fn is_arabic(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{6ff}')
}

/// The key without the Arabic article.
fn bare(key: &str) -> &str {
    key.strip_prefix("ال").filter(|rest| rest.chars().count() >= 3).unwrap_or(key)
}

fn add<T: Ord>(list: &mut Vec<T>, item: T) {
    if let Err(at) = list.binary_search(&item) {
        list.insert(at, item);
    }
}

/// The consonants of a name in classes that both scripts share: ماسك and Musk, غراسلي and Grassley.
///
/// What the scripts do not both keep apart falls together (p and b, g and k and j, s and z, t and d); vowels are left out.
///
/// # Examples
/// ```
/// use khabar::claim::link::statement::consonants;
/// assert_eq!(consonants("ماسك"), consonants("Musk"));
/// assert_eq!(consonants("الزرقاوي"), consonants("Zarqawi"));
/// assert_ne!(consonants("ماسك"), consonants("Bessent"));
/// ```
pub fn consonants(name: &str) -> String {
    let key = match_key(name);
    let mut letters = bare(&key).chars().peekable();
    let mut classes = String::new();
    while let Some(letter) = letters.next() {
        let pair = letters.peek().copied();
        let class = match (letter, pair) {
            ('c' | 's', Some('h')) => Some('C'),
            ('k' | 'g', Some('h')) => Some('K'),
            ('t', Some('h')) => Some('T'),
            ('p', Some('h')) => Some('F'),
            ('c', Some('k')) => Some('K'),
            _ => None,
        };
        let class = if class.is_some() {
            letters.next();
            class
        } else {
            match letter {
                'b' | 'p' | 'ب' => Some('B'),
                'f' | 'v' | 'ف' => Some('F'),
                'c' | 'k' | 'q' | 'g' | 'x' | 'j' | 'ك' | 'ق' | 'غ' | 'ج' | 'خ' => Some('K'),
                's' | 'z' | 'س' | 'ز' | 'ص' | 'ظ' | 'ذ' => Some('S'),
                't' | 'd' | 'ت' | 'ط' | 'د' | 'ض' | 'ث' => Some('T'),
                'l' | 'ل' => Some('L'),
                'r' | 'ر' => Some('R'),
                'm' | 'م' => Some('M'),
                'n' | 'ن' => Some('N'),
                'ش' => Some('C'),
                _ => None,
            }
        };
        if let Some(class) = class
            && !classes.ends_with(class)
        {
            classes.push(class);
        }
    }
    classes
}

/// The actor that stands for an actor: a capital and a government for their state.
fn stands_for(id: &str) -> String {
    let list = actors();
    let Some(actor) = list.get(id) else { return id.to_owned() };
    let official = matches!(actor.kind.as_str(), "state" | "government")
        || matches!(id, "us-washington" | "cn-beijing")
        // Of other countries the list holds hardly a city but the capital, which stands for the government.
        || (actor.kind == "city" && actor.side == Side::Other);
    if !official {
        return id.to_owned();
    }
    let mut current = actor;
    // A chain of parents is short; the bound keeps a loop in the list from being one here.
    for _ in 0..8 {
        if current.kind == "state" {
            return current.id.clone();
        }
        match list.get(&current.parent) {
            Some(parent) => current = parent,
            None => break,
        }
    }
    match actor.side {
        Side::Us => "us".to_owned(),
        Side::Cn => "cn".to_owned(),
        Side::Other => id.to_owned(),
    }
}

/// A date as a number of days in which months have 31; a date without month or day counts as its middle.
fn day(date: &str) -> Option<i32> {
    let mut parts = date.splitn(3, '-').map(|part| part.get(..part.len().min(4)).and_then(|part| part.parse().ok()));
    let year: i32 = parts.next()??;
    let month: i32 = parts.next().flatten().unwrap_or(6);
    let day: i32 = date.get(8..10).and_then(|day| day.parse().ok()).unwrap_or(15);
    Some((year * 12 + month) * 31 + day)
}

/// Words of a name, and designations with digits.
static NAME_WORDS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[\p{L}\p{M}\p{N}]+").expect("a test compiles it"));

fn is_code(word: &str) -> bool {
    word.chars().any(|c| c.is_ascii_digit()) && word.chars().any(|c| c.is_ascii_alphabetic())
}

fn is_content(upos: Upos) -> bool {
    matches!(upos, Upos::Noun | Upos::Verb | Upos::Adj | Upos::Propn | Upos::Num | Upos::X)
}

impl Statement {
    /// Brings a claim into the form that is compared.
    pub fn new(parts: &Parts<'_>, vocabulary: &mut Vocabulary) -> Self {
        let letters = parts.words.iter().flat_map(|word| word.quote.chars()).filter(|c| c.is_alphabetic());
        let balance: i64 = letters.map(|c| if is_arabic(c) { 1 } else { -1 }).sum();
        let mut this = Self {
            terms: Vec::new(),
            words: Vec::new(),
            predicate: Vec::new(),
            predicate_words: Vec::new(),
            subject: Vec::new(),
            subject_sides: Vec::new(),
            quantities: Vec::new(),
            times: Vec::new(),
            residue: 0,
            arabic: balance > 0,
            negated: parts.polarity == Polarity::Negated,
            modality: parts.modality,
            day: parts.date.and_then(day),
        };
        this.add_words(&parts.words, vocabulary);
        for mention in &parts.mentions {
            this.add_mention(mention, vocabulary);
        }
        for &(value, unit) in &parts.quantities {
            if value.is_finite() && !this.quantities.iter().any(|(v, u)| v.total_cmp(&value).is_eq() && u == unit) {
                this.quantities.push((value, unit.to_owned()));
            }
        }
        this.quantities.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
        for time in &parts.times {
            add(&mut this.times, (*time).to_owned());
        }
        this
    }

    fn add_words(&mut self, words: &[Piece<'_>], vocabulary: &mut Vocabulary) {
        let keys: Vec<Vec<String>> = words
            .iter()
            .map(|word| {
                let mut keys = Vec::new();
                for key in [match_key(word.form), word.lemma.to_owned(), match_key(word.quote)] {
                    let bare = bare(&key).to_owned();
                    for key in [key, bare] {
                        if !key.is_empty() && !keys.contains(&key) {
                            keys.push(key);
                        }
                    }
                }
                keys
            })
            .collect();
        // The length of the longest expression that each word belongs to.
        let mut covered = vec![0_usize; words.len()];
        for (at, word) in words.iter().enumerate() {
            let (length, concepts) = lexicon().at(&keys, at);
            if length == 0 || covered[at..at + length].iter().any(|&longer| longer > length) {
                continue;
            }
            for concept in concepts {
                let kind = lexicon().concepts()[concept as usize].kind;
                // In a name only what it is about tells something (Commerce, Army), not its verbs and adjectives.
                if word.named && kind != Kind::Thing {
                    continue;
                }
                covered[at..at + length].iter_mut().for_each(|longest| *longest = (*longest).max(length));
                add(&mut self.terms, concept);
                let inside = words[at..at + length].iter().any(|word| word.predicate);
                if inside && kind != Kind::Thing {
                    add(&mut self.predicate, concept);
                }
            }
        }
        for ((word, keys), covered) in words.iter().zip(&keys).zip(&covered) {
            let lemma = if word.lemma.is_empty() { keys.first().map_or("", String::as_str) } else { word.lemma };
            if is_code(word.quote) {
                let number = vocabulary.number(TermKind::Code, &match_key(word.quote));
                add(&mut self.terms, number);
            } else if !word.named && self.arabic && word.quote.chars().filter(char::is_ascii_alphabetic).count() >= 2 {
                self.add_name(word.quote, vocabulary);
            }
            if !word.named {
                if let Some(state) = keys.iter().find_map(|key| actors().demonym_actor(key)) {
                    let number = vocabulary.number(TermKind::Actor, &stands_for(&state.id));
                    add(&mut self.terms, number);
                }
            }
            if is_content(word.upos) && !word.named && !lemma.is_empty() {
                let number = vocabulary.number(TermKind::Word, bare(lemma));
                add(&mut self.words, number);
                if word.predicate {
                    add(&mut self.predicate_words, number);
                }
                self.residue += usize::from(*covered == 0 && word.upos != Upos::Num);
            }
        }
    }

    /// The terms of a name that the list of actors does not hold.
    fn add_name(&mut self, name: &str, vocabulary: &mut Vocabulary) -> Vec<u32> {
        let mut numbers = Vec::new();
        for word in NAME_WORDS.find_iter(name).map(|word| word.as_str()) {
            let number = if is_code(word) {
                vocabulary.number(TermKind::Code, &match_key(word))
            } else {
                let classes = consonants(word);
                // Two consonants or fewer are shared by names of all kinds.
                if classes.len() < 3 {
                    continue;
                }
                vocabulary.number(TermKind::Name, &classes)
            };
            add(&mut self.terms, number);
            numbers.push(number);
        }
        numbers
    }

    fn add_mention(&mut self, mention: &Mention<'_>, vocabulary: &mut Vocabulary) {
        let numbers = match mention.actor {
            Some(id) => {
                let number = vocabulary.number(TermKind::Actor, &stands_for(id));
                add(&mut self.terms, number);
                vec![number]
            }
            None => self.add_name(mention.quote, vocabulary),
        };
        if mention.subject {
            for number in numbers {
                add(&mut self.subject, number);
            }
            add(&mut self.subject_sides, mention.side);
        }
    }

    /// Whether nothing is known that could be compared.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty() && self.words.is_empty() && self.quantities.is_empty()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use super::*;

    /// Words with their lower-case form as dictionary form; `*` before a word marks the predicate.
    pub fn words(text: &str) -> Vec<(String, bool)> {
        text.split_whitespace()
            .map(|word| {
                let bare = word.trim_start_matches('*');
                (bare.to_owned(), word.starts_with('*'))
            })
            .collect()
    }

    /// A statement of plain words; `names` are actors with whether they are the subject.
    pub fn statement(text: &str, names: &[(&str, bool)], quantities: &[(f64, &str)], times: &[&str]) -> Parts<'static> {
        let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
        Parts {
            words: words(text)
                .into_iter()
                .map(|(word, predicate)| Piece {
                    form: leak(word.clone()),
                    quote: leak(word.clone()),
                    lemma: leak(match_key(&word)),
                    upos: Upos::Noun,
                    predicate,
                    named: false,
                })
                .collect(),
            mentions: names
                .iter()
                .map(|&(id, subject)| Mention {
                    actor: Some(leak(id.to_owned())),
                    side: actors().get(id).map_or(Side::Other, |actor| actor.side),
                    quote: "",
                    subject,
                })
                .collect(),
            quantities: quantities.iter().map(|&(value, unit)| (value, leak(unit.to_owned()))).collect(),
            times: times.iter().map(|&time| leak(time.to_owned())).collect(),
            polarity: Polarity::Affirmed,
            modality: Modality::Asserted,
            date: None,
        }
    }

    #[test]
    fn languages_share_terms() {
        let mut vocabulary = Vocabulary::default();
        let english = statement("Washington *imposed tariffs of 25%", &[("us-washington", true)], &[(25.0, "%")], &[]);
        let arabic = statement("*فرضت الحكومة الأمريكية رسوما بنسبة 25%", &[("us", true)], &[(25.0, "%")], &[]);
        let (english, arabic) = (Statement::new(&english, &mut vocabulary), Statement::new(&arabic, &mut vocabulary));
        assert!(!english.arabic && arabic.arabic);
        assert_eq!(english.subject, arabic.subject);
        let names = |terms: &[u32]| -> Vec<String> { terms.iter().map(|&t| vocabulary.term(t).text.clone()).collect() };
        for term in ["impose", "tariff", "us"] {
            assert!(names(&english.terms).contains(&term.to_owned()), "{term}: {:?}", names(&english.terms));
            assert!(names(&arabic.terms).contains(&term.to_owned()), "{term}: {:?}", names(&arabic.terms));
        }
        assert_eq!(names(&english.predicate), ["impose"]);
    }

    #[test]
    fn designations_are_the_same_everywhere() {
        let mut vocabulary = Vocabulary::default();
        let english = Statement::new(&statement("the H20 chip", &[], &[], &[]), &mut vocabulary);
        let arabic = Statement::new(&statement("شريحة H20", &[], &[], &[]), &mut vocabulary);
        let code = vocabulary.number(TermKind::Code, "h20");
        assert!(english.terms.contains(&code) && arabic.terms.contains(&code));
    }

    #[test]
    fn days_differ_by_about_the_right_number() {
        let gap = |a: &str, b: &str| (day(a).unwrap() - day(b).unwrap()).abs();
        assert_eq!(gap("2025-05-12", "2025-05-10"), 2);
        assert!((27..=33).contains(&gap("2025-05-12", "2025-06-12")));
        assert!(gap("2025", "2025-06") == 0 && day("x").is_none());
        assert_eq!(day("2025-05-12T10:00"), day("2025-05-12"));
    }
}
