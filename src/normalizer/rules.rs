//! The rules of the views, read once from `models/normalization.tsv` into a table for each view.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::decompose_canonical;

use crate::error::{Error, ErrorKind};

const FILE: &str = include_str!("../../models/normalization.tsv");

/// What happens to a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change<'a> {
    Keep,
    Drop,
    /// Dropped, with its place left to the character before.
    Absorb,
    Replace(&'a str),
    /// Outside the table: the caller computes it.
    Compute,
}

const KEEP: u16 = 0;
const DROP: u16 = 1;
const ABSORB: u16 = 2;
const FIRST: u16 = 3;
const TABLE: usize = 0x1_0000;

/// The table of one view: an entry for each character of the Basic Multilingual Plane.
pub(super) struct Rules {
    entries: Vec<u16>,
    replacements: Vec<Box<str>>,
}

static CLEAN: LazyLock<Rules> = LazyLock::new(|| Rules::build(&ROWS.clean, None));
static MATCHING: LazyLock<Rules> = LazyLock::new(|| Rules::build(&ROWS.clean, Some(&ROWS.matching)));
static ROWS: LazyLock<Rows> = LazyLock::new(|| Rows::read(FILE).expect("a test reads models/normalization.tsv"));

pub(super) fn clean() -> &'static Rules {
    &CLEAN
}

pub(super) fn matching() -> &'static Rules {
    &MATCHING
}

/// Marks that are put together with the letter before them.
pub(super) fn composes(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{653}'..='\u{655}')
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    Drop,
    Absorb,
    Replace(String),
}

type View = BTreeMap<char, Action>;

#[derive(Debug, Default)]
struct Rows {
    clean: View,
    matching: View,
}

impl Rows {
    fn read(file: &str) -> Result<Self, Error> {
        let mut rows = Self::default();
        for (number, line) in file.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let broken = || Error::new(ErrorKind::Model, format!("broken rule {line:?}")).line(number as u64 + 1);
            let mut columns = line.split('\t');
            let (Some(view), Some(from), Some(to)) = (columns.next(), columns.next(), columns.next()) else {
                return Err(broken());
            };
            let view = match view {
                "clean" => &mut rows.clean,
                "match" => &mut rows.matching,
                _ => return Err(broken()),
            };
            let (first, last) = match from.split_once("..") {
                Some((first, last)) => (character(first).ok_or_else(broken)?, character(last).ok_or_else(broken)?),
                None => (character(from).ok_or_else(broken)?, character(from).ok_or_else(broken)?),
            };
            let action = match to {
                "-" => Action::Drop,
                "~" => Action::Absorb,
                _ if to.starts_with("U+") => Action::Replace(character(to).ok_or_else(broken)?.to_string()),
                "" => return Err(broken()),
                _ => Action::Replace(to.to_owned()),
            };
            for c in first..=last {
                view.insert(c, action.clone());
            }
        }
        Ok(rows)
    }
}

fn character(name: &str) -> Option<char> {
    if let Some(hex) = name.strip_prefix("U+") {
        return u32::from_str_radix(hex, 16).ok().and_then(char::from_u32);
    }
    let mut chars = name.chars();
    chars.next().filter(|_| chars.next().is_none())
}

/// Characters that take their NFKC form. Elsewhere NFKC says too much (² to 2, ½ to 1⁄2, … to ...).
fn takes_compatibility_form(c: char) -> bool {
    matches!(c, '\u{fb00}'..='\u{fb06}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{ff01}'..='\u{ffef}'
        | '\u{1d400}'..='\u{1d7ff}' | '\u{1ee00}'..='\u{1eeff}')
}

fn cleaned(c: char, clean: &View) -> Result<String, &Action> {
    match clean.get(&c) {
        Some(Action::Replace(new)) => Ok(new.clone()),
        Some(action) => Err(action),
        None if takes_compatibility_form(c) => Ok(std::iter::once(c)
            .nfkc()
            .map(|part| match clean.get(&part) {
                Some(Action::Replace(new)) => new.clone(),
                Some(_) => String::new(),
                None => part.to_string(),
            })
            .collect()),
        None => Ok(c.to_string()),
    }
}

fn folded(text: &str, matching: &View) -> String {
    let mut key = String::new();
    let fold = |c: char, key: &mut String| match matching.get(&c) {
        Some(Action::Replace(new)) => key.push_str(new),
        Some(_) => {}
        None => key.push(c),
    };
    for c in text.chars() {
        if matching.contains_key(&c) {
            fold(c, &mut key);
            continue;
        }
        for lower in c.to_lowercase() {
            let mut parts = Vec::new();
            decompose_canonical(lower, |part| parts.push(part));
            if parts.len() > 1 && parts[1..].iter().all(|&mark| composes(mark)) {
                fold(parts[0], &mut key);
            } else {
                fold(lower, &mut key);
            }
        }
    }
    key
}

impl Rules {
    fn build(clean: &View, matching: Option<&View>) -> Self {
        let mut rules = Self { entries: vec![KEEP; TABLE], replacements: Vec::new() };
        let mut known: BTreeMap<String, u16> = BTreeMap::new();
        let mut single = [0; 4];
        for code in 0..TABLE as u32 {
            let Some(c) = char::from_u32(code) else { continue };
            let entry = match cleaned(c, clean) {
                Err(Action::Absorb) => ABSORB,
                Err(_) => DROP,
                Ok(text) => match matching.and_then(|m| m.get(&c)) {
                    Some(Action::Absorb) => ABSORB,
                    Some(Action::Drop) => DROP,
                    _ => {
                        let text = matching.map_or_else(|| text.clone(), |m| folded(&text, m));
                        if text == *c.encode_utf8(&mut single) {
                            KEEP
                        } else if text.is_empty() {
                            ABSORB
                        } else {
                            *known.entry(text).or_insert_with_key(|text| {
                                rules.replacements.push(text.as_str().into());
                                rules.replacements.len() as u16 - 1 + FIRST
                            })
                        }
                    }
                },
            };
            rules.entries[code as usize] = entry;
        }
        rules
    }

    pub fn change(&self, c: char) -> Change<'_> {
        match self.entries.get(c as usize) {
            Some(&KEEP) => Change::Keep,
            Some(&DROP) => Change::Drop,
            Some(&ABSORB) => Change::Absorb,
            Some(&entry) => Change::Replace(&self.replacements[usize::from(entry - FIRST)]),
            None => Change::Compute,
        }
    }

    pub fn compute_clean(c: char) -> String {
        cleaned(c, &ROWS.clean).unwrap_or_default()
    }

    pub fn compute_match(c: char) -> String {
        folded(&Self::compute_clean(c), &ROWS.matching)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_sound() {
        let rows = Rows::read(FILE).unwrap();
        assert!(rows.clean.len() > 100 && rows.matching.len() > 100);
    }

    #[test]
    fn broken_rules_are_named() {
        for line in ["clean\tab\tc", "clear\ta\tb", "clean\ta", "clean\tU+ZZ\tb"] {
            assert_eq!(Rows::read(line).unwrap_err().kind(), ErrorKind::Model, "{line}");
        }
    }
}
