//! The bilingual lexicon of news predicates and what they are about (`models/predicates.tsv`): words of both languages
//! become concepts, so that فرض and "imposed" compare as equal, and "lift" as the opposite of both.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::annotator::lexicon::{arabic_forms, english_forms, rows};
use crate::error::{Error, ErrorKind, Result};
use crate::normalizer::match_key;

const FILE: &str = "models/predicates.tsv";

/// What a concept is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A verb with its nouns: impose, deny.
    Act,
    /// What is said of somebody: civilian, irresponsible.
    State,
    /// What claims are about: tariff, chip.
    Thing,
}

/// A concept that words of both languages express.
#[derive(Debug, Clone, PartialEq)]
pub struct Concept {
    /// Its name in the lexicon.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// How much it tells that two claims share it; 1 is usual.
    pub weight: f64,
    /// Concepts that cannot hold of the same thing at the same time, by their place in [`Lexicon::concepts`], sorted.
    pub opposites: Vec<u32>,
}

/// The concepts and their words.
#[derive(Debug)]
pub struct Lexicon {
    concepts: Vec<Concept>,
    /// Expressions by their first word, each with its concept.
    by_first: HashMap<String, Vec<(Vec<String>, u32)>>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    Lexicon::parse(include_str!("../../../models/predicates.tsv")).expect("the built-in lexicon is tested")
});

/// The built-in lexicon.
pub fn lexicon() -> &'static Lexicon {
    &LEXICON
}

impl Lexicon {
    /// Reads a lexicon in the form of `models/predicates.tsv`.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] with the line if a row is broken, a concept occurs twice, or an opposite is not named on both
    /// sides.
    pub fn parse(source: &str) -> Result<Self> {
        let broken = |line: u64, what: String| Error::new(ErrorKind::Model, what).at(FILE).line(line);
        let rows = rows(FILE, source, 6)?;
        let mut places: HashMap<&str, u32> = HashMap::new();
        for (line, row) in &rows {
            if places.insert(row[1], places.len() as u32).is_some() {
                return Err(broken(*line, format!("concept {} twice", row[1])));
            }
        }
        let mut this = Self { concepts: Vec::with_capacity(rows.len()), by_first: HashMap::new() };
        for (line, row) in &rows {
            let kind = match row[0] {
                "act" => Kind::Act,
                "state" => Kind::State,
                "thing" => Kind::Thing,
                other => return Err(broken(*line, format!("kind {other:?} is none of act, state, thing"))),
            };
            let weight = row[2].parse().map_err(|_| broken(*line, format!("weight {:?} is no number", row[2])))?;
            let mut opposites = Vec::new();
            for name in row[3].split('|').filter(|name| *name != "-") {
                let Some(&place) = places.get(name) else {
                    return Err(broken(*line, format!("no concept is called {name:?}")));
                };
                opposites.push(place);
            }
            opposites.sort_unstable();
            let concept = this.concepts.len() as u32;
            this.concepts.push(Concept { name: row[1].to_owned(), kind, weight, opposites });
            for entry in row[4].split('|').filter(|entry| !entry.is_empty()) {
                this.english(entry, concept);
            }
            for entry in row[5].split('|').filter(|entry| !entry.is_empty()) {
                this.arabic(entry, concept).ok_or_else(|| {
                    broken(*line, format!("{entry:?} has not the four parts perfect/imperfect/participle/noun"))
                })?;
            }
        }
        for (at, concept) in this.concepts.iter().enumerate() {
            for &opposite in &concept.opposites {
                if this.concepts[opposite as usize].opposites.binary_search(&(at as u32)).is_err() {
                    let other = &this.concepts[opposite as usize].name;
                    let what = format!("{} is an opposite of {other}, but not the other way round", concept.name);
                    return Err(Error::new(ErrorKind::Model, what).at(FILE));
                }
            }
        }
        Ok(this)
    }

    fn insert(&mut self, words: Vec<String>, concept: u32) {
        let Some(first) = words.first() else { return };
        let list = self.by_first.entry(first.clone()).or_default();
        if !list.iter().any(|(known, of)| *known == words && *of == concept) {
            list.push((words, concept));
        }
    }

    fn english(&mut self, entry: &str, concept: u32) {
        let words: Vec<String> = entry.split_whitespace().map(match_key).collect();
        match words.as_slice() {
            [word] => {
                for (form, _) in english_forms(word, None, None) {
                    self.insert(vec![form], concept);
                }
            }
            _ => self.insert(words, concept),
        }
    }

    /// `None` if the entry has slashes, but not four parts.
    fn arabic(&mut self, entry: &str, concept: u32) -> Option<()> {
        if entry.contains('/') {
            let parts: Vec<&str> = entry.split('/').collect();
            let [perfect, imperfect, participle, noun] = parts[..] else { return None };
            for (form, _) in arabic_forms(perfect, imperfect, participle, noun) {
                self.insert(vec![form], concept);
            }
            // The plural of a verbal noun in ة drops it: زيادة, زيادات.
            if let Some(stem) = match_key(noun).strip_suffix('ه') {
                self.insert(vec![format!("{stem}ات")], concept);
            }
        } else {
            let words: Vec<String> = entry.split_whitespace().map(match_key).collect();
            // The accusative without article ends in ا, but not after ة or ا: رسوما, خطوة.
            if let [word] = words.as_slice()
                && !word.ends_with(['ه', 'ا', 'ء'])
            {
                self.insert(vec![format!("{word}ا")], concept);
            }
            self.insert(words, concept);
        }
        Some(())
    }

    /// All concepts, in the order of the file; a concept's place is its number.
    pub fn concepts(&self) -> &[Concept] {
        &self.concepts
    }

    /// The number of a concept by its name.
    pub fn number(&self, name: &str) -> Option<u32> {
        self.concepts.iter().position(|concept| concept.name == name).map(|at| at as u32)
    }

    /// Whether two concepts are opposites.
    pub fn opposed(&self, a: u32, b: u32) -> bool {
        self.concepts.get(a as usize).is_some_and(|concept| concept.opposites.binary_search(&b).is_ok())
    }

    /// The concepts of the longest expression that starts at word `at`, and its length in words.
    ///
    /// `words` gives for each word the keys that it may go by: its folded form, its folded dictionary form.
    pub fn at(&self, words: &[Vec<String>], at: usize) -> (usize, Vec<u32>) {
        let mut longest = 0;
        let mut found = Vec::new();
        for first in words.get(at).into_iter().flatten() {
            for (expression, concept) in self.by_first.get(first).into_iter().flatten() {
                let length = expression.len();
                let fits = length >= longest
                    && words
                        .get(at..at + length)
                        .is_some_and(|words| words.iter().zip(expression).all(|(keys, word)| keys.contains(word)));
                if fits {
                    if length > longest {
                        longest = length;
                        found.clear();
                    }
                    found.push(*concept);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        (longest, found)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn concepts(words: &[&str]) -> Vec<&'static str> {
        let keys: Vec<Vec<String>> = words.iter().map(|word| vec![match_key(word)]).collect();
        lexicon().at(&keys, 0).1.into_iter().map(|at| lexicon().concepts()[at as usize].name.as_str()).collect()
    }

    #[test]
    fn both_languages_meet_in_one_concept() {
        for (english, arabic) in [
            ("imposed", "فرضت"),
            ("denies", "ينفي"),
            ("rejected", "رفضت"),
            ("confirmed", "أكد"),
            ("resumed", "استأنفت"),
            ("tariffs", "رسوم"),
            ("withdrawal", "انسحاب"),
        ] {
            let (english, arabic) = (concepts(&[english]), concepts(&[arabic]));
            assert!(english.iter().any(|concept| arabic.contains(concept)), "{english:?} {arabic:?}");
        }
    }

    #[test]
    fn the_longest_expression_counts() {
        assert_eq!(concepts(&["call", "off"]), ["cancel"]);
        assert_eq!(concepts(&["معادن", "نادرة"]), ["rare_earths"]);
        assert!(concepts(&["banana"]).is_empty());
    }

    #[test]
    fn opposites_go_both_ways() {
        let number = |name: &str| lexicon().number(name).unwrap();
        for (a, b) in [("impose", "lift"), ("approve", "reject"), ("deny", "confirm"), ("rise", "fall")] {
            assert!(lexicon().opposed(number(a), number(b)) && lexicon().opposed(number(b), number(a)), "{a} {b}");
        }
        assert!(!lexicon().opposed(number("impose"), number("impose")));
    }

    #[test]
    fn broken_rows_are_errors() {
        let row = "act\timpose\t1\t-\timpose\tفرض/يفرض/-/فرض\n";
        assert!(Lexicon::parse(row).is_ok());
        for broken in [
            "deed\timpose\t1\t-\timpose\tفرض\n",
            "act\timpose\tmuch\t-\timpose\tفرض\n",
            "act\timpose\t1\tlift\timpose\tفرض\n",
            "act\timpose\t1\t-\timpose\tفرض/يفرض\n",
            "act\timpose\t1\t-\timpose\n",
            "act\ta\t1\tb\ta\tا\nact\tb\t1\t-\tb\tب\n",
        ] {
            assert_eq!(Lexicon::parse(broken).unwrap_err().kind(), ErrorKind::Model, "{broken}");
        }
        assert!(Lexicon::parse(&format!("{row}{row}")).is_err());
    }
}
