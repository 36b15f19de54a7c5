//! The lexicons under `models/`: tab-separated files, with Arabic and English inflection derived from principal parts.

use std::collections::HashMap;

use crate::error::{Error, ErrorKind, Result};
use crate::normalizer::match_key;

/// Rows of a tab-separated lexicon: comments and blank lines left out, each with its line number.
///
/// # Errors
/// [`ErrorKind::Model`] with file and line if a row has not `columns` columns.
pub fn rows<'a>(file: &str, source: &'a str, columns: usize) -> Result<Vec<(u64, Vec<&'a str>)>> {
    let mut rows = Vec::new();
    for (at, line) in source.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let row: Vec<&str> = line.split('\t').map(str::trim).collect();
        if row.len() != columns {
            let message = format!("{} columns where {columns} are due", row.len());
            return Err(Error::new(ErrorKind::Model, message).at(file).line(at as u64 + 1));
        }
        rows.push((at as u64 + 1, row));
    }
    Ok(rows)
}

/// What a form is of its verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// A finite verb.
    Finite,
    /// A participle (مؤكدًا, saying).
    Participle,
    /// A verbal noun or a noun.
    Noun,
}

/// The forms of an Arabic verb from perfect and imperfect (3rd person masculine singular), active participle and verbal
/// noun, as match keys. Future س, objects and conjunctions are the segmenter's business.
pub fn arabic_forms(perfect: &str, imperfect: &str, participle: &str, noun: &str) -> Vec<(String, Form)> {
    let mut forms = Vec::new();
    let mut push = |form: String, kind: Form| {
        if !forms.iter().any(|(f, _)| *f == form) {
            forms.push((form, kind));
        }
    };
    if perfect != "-" {
        let stem = match_key(perfect);
        push(stem.clone(), Form::Finite);
        // A weak last letter falls before ت of the feminine and وا of the plural: دعا → دعت, دعوا.
        let weak = perfect.ends_with(['ى', 'ا', 'ي']) && !perfect.ends_with("ي") || perfect.ends_with('ى');
        let base: String = if weak { stem.chars().take(stem.chars().count() - 1).collect() } else { stem.clone() };
        push(format!("{base}ت"), Form::Finite);
        push(format!("{base}تا"), Form::Finite);
        push(format!("{base}وا"), Form::Finite);
        push(format!("{base}و"), Form::Finite);
        if weak {
            for ending in ["ينا", "يت", "يا", "ونا", "وت"] {
                push(format!("{base}{ending}"), Form::Finite);
            }
        } else {
            for ending in ["نا", "ن", "ا"] {
                push(format!("{stem}{ending}"), Form::Finite);
            }
            // A hollow verb loses its long vowel before a consonant: قال → قلت, قلنا; أضاف → أضفت.
            let letters: Vec<char> = stem.chars().collect();
            if letters.len() >= 3 && letters[letters.len() - 2] == 'ا' {
                let short: String = letters[..letters.len() - 2].iter().chain(&letters[letters.len() - 1..]).collect();
                for ending in ["ت", "نا"] {
                    push(format!("{short}{ending}"), Form::Finite);
                }
            }
        }
    }
    if imperfect != "-" {
        let stem: String = match_key(imperfect).chars().skip(1).collect();
        let weak = imperfect.ends_with(['ي', 'ى', 'و']);
        let base: String = if weak { stem.chars().take(stem.chars().count() - 1).collect() } else { stem.clone() };
        for prefix in ["ي", "ت", "ن", "ا"] {
            push(format!("{prefix}{stem}"), Form::Finite);
            if weak {
                push(format!("{prefix}{base}"), Form::Finite);
            }
        }
        for prefix in ["ي", "ت"] {
            for ending in ["ون", "وا", "ن", "ان"] {
                let ending = if weak && ending == "ان" { "يان" } else { ending };
                push(format!("{prefix}{base}{ending}"), Form::Finite);
            }
        }
        // A hollow verb in the jussive: لم يقل, لم يضف.
        let letters: Vec<char> = stem.chars().collect();
        if letters.len() >= 3 && matches!(letters[letters.len() - 2], 'و' | 'ي' | 'ا') {
            let short: String = letters[..letters.len() - 2].iter().chain(&letters[letters.len() - 1..]).collect();
            if short.chars().count() >= 2 {
                for prefix in ["ي", "ت"] {
                    push(format!("{prefix}{short}"), Form::Finite);
                }
            }
        }
    }
    if participle != "-" {
        let stem = match_key(participle);
        for ending in ["", "ا", "ه", "ين", "ون", "ات", "تين"] {
            push(format!("{stem}{ending}"), Form::Participle);
        }
    }
    if noun != "-" {
        let stem = match_key(noun);
        for ending in ["", "ا", "ات"] {
            push(format!("{stem}{ending}"), Form::Noun);
            push(format!("ال{stem}{ending}"), Form::Noun);
        }
    }
    forms
}

/// The forms of an English verb from its base form, past and past participle (regular where not given), lower case.
pub fn english_forms(base: &str, past: Option<&str>, participle: Option<&str>) -> Vec<(String, Form)> {
    let vowel = |c: char| "aeiou".contains(c);
    let letters: Vec<char> = base.chars().collect();
    let n = letters.len();
    let consonant_y = n > 1 && letters[n - 1] == 'y' && !vowel(letters[n - 2]);
    let stem_y = &base[..base.len() - usize::from(consonant_y)];
    // Double the last consonant of a short stem: plan → planned; commit and others end in a stressed syllable.
    let doubles = n >= 3
        && !vowel(letters[n - 1])
        && !"wxy".contains(letters[n - 1])
        && vowel(letters[n - 2])
        && !vowel(letters[n - 3])
        && (n <= 4 && !base.ends_with("en") && !base.ends_with("er")
            || matches!(base, "commit" | "admit" | "rebut" | "refer" | "permit" | "concur"));
    let doubled = if doubles { letters[n - 1].to_string() } else { String::new() };
    let third = if consonant_y {
        format!("{stem_y}ies")
    } else if ["s", "x", "z", "ch", "sh", "o"].iter().any(|e| base.ends_with(e)) {
        format!("{base}es")
    } else {
        format!("{base}s")
    };
    let past = past.map_or_else(
        || {
            if consonant_y {
                format!("{stem_y}ied")
            } else if base.ends_with('e') {
                format!("{base}d")
            } else {
                format!("{base}{doubled}ed")
            }
        },
        str::to_owned,
    );
    let participle = participle.map_or_else(|| past.clone(), str::to_owned);
    let ing = if base.ends_with('e') && !base.ends_with("ee") {
        format!("{}ing", &base[..base.len() - 1])
    } else {
        format!("{base}{doubled}ing")
    };
    vec![
        (base.to_owned(), Form::Finite),
        (third, Form::Finite),
        (past, Form::Finite),
        (participle, Form::Finite),
        (ing, Form::Participle),
    ]
}

/// Phrases of one or more words by their match keys: markers, prepositional cues, keywords.
#[derive(Debug)]
pub struct Phrases<T> {
    by_first: HashMap<String, Vec<(Vec<String>, T)>>,
}

impl<T> Default for Phrases<T> {
    fn default() -> Self {
        Self { by_first: HashMap::new() }
    }
}

impl<T> Phrases<T> {
    /// Adds a phrase; its words are folded and separated by spaces.
    pub fn insert(&mut self, phrase: &str, value: T) {
        let keys: Vec<String> = phrase.split_whitespace().map(match_key).collect();
        if let Some(first) = keys.first().cloned() {
            let list = self.by_first.entry(first).or_default();
            list.push((keys, value));
            list.sort_by_key(|(keys, _)| std::cmp::Reverse(keys.len()));
        }
    }

    /// The longest phrase that starts at `keys[0]`: its length in words and its value.
    pub fn longest(&self, keys: &[&str]) -> Option<(usize, &T)> {
        let list = self.by_first.get(*keys.first()?)?;
        list.iter().find_map(|(phrase, value)| {
            (phrase.len() <= keys.len() && phrase.iter().zip(keys).all(|(a, b)| a == b))
                .then_some((phrase.len(), value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arabic_verbs_inflect() {
        let forms = |p, i| arabic_forms(p, i, "-", "-").into_iter().map(|(f, _)| f).collect::<Vec<_>>();
        let say = forms("قال", "يقول");
        for form in ["قال", "قالت", "قالوا", "قلنا", "يقول", "تقول", "يقولون", "يقل"] {
            assert!(say.contains(&match_key(form)), "{form} not in {say:?}");
        }
        let call = forms("دعا", "يدعو");
        for form in ["دعت", "دعوا", "يدعون", "تدعو"] {
            assert!(call.contains(&match_key(form)), "{form} not in {call:?}");
        }
        let claim = forms("ادعى", "يدعي");
        for form in ["ادعت", "ادعوا", "تدعي", "يدعون"] {
            assert!(claim.contains(&match_key(form)), "{form} not in {claim:?}");
        }
    }

    #[test]
    fn english_verbs_inflect() {
        let forms = |b| english_forms(b, None, None).into_iter().map(|(f, _)| f).collect::<Vec<_>>();
        assert_eq!(forms("deny"), ["deny", "denies", "denied", "denied", "denying"]);
        assert_eq!(forms("stress"), ["stress", "stresses", "stressed", "stressed", "stressing"]);
        assert_eq!(forms("admit"), ["admit", "admits", "admitted", "admitted", "admitting"]);
        assert_eq!(forms("argue"), ["argue", "argues", "argued", "argued", "arguing"]);
    }
}
