//! Abbreviations and other words that the segmenter knows, read once from `models/abbreviations.tsv`.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::error::{Error, ErrorKind};

const FILE: &str = include_str!("../../models/abbreviations.tsv");

/// What an abbreviation with its dot does to the sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Abbreviation {
    /// A title before a name, an initial: the sentence goes on.
    Title,
    /// The sentence may end with it.
    Plain,
    /// An abbreviation only before a number.
    BeforeNumber,
    /// A month or a day of the week.
    Month,
}

#[derive(Debug, Default)]
pub(super) struct Lexicon {
    abbreviations: HashMap<&'static str, Abbreviation>,
    starters: HashSet<&'static str>,
    suffixes: HashSet<&'static str>,
    domains: HashSet<&'static str>,
    agencies: HashSet<&'static str>,
    joining: HashSet<&'static str>,
    second: HashSet<&'static str>,
    after_quote: HashSet<&'static str>,
}

static LEXICON: LazyLock<Lexicon> =
    LazyLock::new(|| Lexicon::read(FILE).expect("a test reads models/abbreviations.tsv"));

pub(super) fn lexicon() -> &'static Lexicon {
    &LEXICON
}

/// Looks up a word whatever its case, without a new string for the usual length.
fn lower_in(set: &HashSet<&'static str>, word: &str) -> bool {
    let mut buffer = [0; 24];
    if let Some(place) = buffer.get_mut(..word.len()) {
        place.copy_from_slice(word.as_bytes());
        place.make_ascii_lowercase();
        return std::str::from_utf8(place).is_ok_and(|lower| set.contains(lower));
    }
    false
}

impl Lexicon {
    fn read(file: &'static str) -> Result<Self, Error> {
        let mut lexicon = Self::default();
        for (number, line) in file.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let broken = || Error::new(ErrorKind::Model, format!("broken entry {line:?}")).line(number as u64 + 1);
            let mut columns = line.split('\t');
            let (Some(kind), Some(entry)) = (columns.next(), columns.next()) else { return Err(broken()) };
            let mut abbreviation = |class| {
                lexicon.abbreviations.entry(entry).or_insert(class);
            };
            match kind {
                "title" => abbreviation(Abbreviation::Title),
                "abbr" => abbreviation(Abbreviation::Plain),
                "number" => abbreviation(Abbreviation::BeforeNumber),
                "month" => abbreviation(Abbreviation::Month),
                "starter" => _ = lexicon.starters.insert(entry),
                "suffix" => _ = lexicon.suffixes.insert(entry),
                "domain" => _ = lexicon.domains.insert(entry),
                "agency" => _ = lexicon.agencies.insert(entry),
                "join" => _ = lexicon.joining.insert(entry),
                "second" => _ = lexicon.second.insert(entry),
                "after-quote" => _ = lexicon.after_quote.insert(entry),
                _ => return Err(broken()),
            }
        }
        Ok(lexicon)
    }

    /// The class of an abbreviation written without its last dot.
    pub fn abbreviation(&self, word: &str) -> Option<Abbreviation> {
        self.abbreviations.get(word).copied()
    }

    pub fn starts_sentence(&self, word: &str) -> bool {
        lower_in(&self.starters, word)
    }

    pub fn is_name_suffix(&self, word: &str) -> bool {
        self.suffixes.contains(word)
    }

    pub fn is_domain(&self, word: &str) -> bool {
        self.domains.contains(word)
    }

    /// Whether a match key names a news agency.
    pub fn is_agency(&self, key: &str) -> bool {
        self.agencies.contains(key)
    }

    /// Whether the parts of a compound in capitals stay together.
    pub fn joins(&self, first: &str, second: &str) -> bool {
        lower_in(&self.joining, first) || lower_in(&self.second, second)
    }

    pub fn goes_on_after_quote(&self, key: &str) -> bool {
        self.after_quote.contains(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_sound() {
        let lexicon = Lexicon::read(FILE).expect("sound");
        assert_eq!(lexicon.abbreviation("Sen"), Some(Abbreviation::Title));
        assert_eq!(lexicon.abbreviation("أ.د"), Some(Abbreviation::Title));
        assert!(lexicon.agencies.iter().all(|name| crate::normalizer::match_key(name) == *name));
    }

    #[test]
    fn broken_entries_are_named() {
        assert!(Lexicon::read("abbr").is_err());
        assert!(Lexicon::read("abr\tInc").is_err());
    }
}
