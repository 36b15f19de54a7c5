//! Cues of attribution from `models/cues.tsv`.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::lexicon::{Form, Phrases, arabic_forms, english_forms, rows};
use crate::document::Commitment;
use crate::error::{Error, ErrorKind, Result};
use crate::normalizer::match_key;

/// The constructions that a cue takes part in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// Reports a clause or a quotation.
    Clause,
    /// An act of communication that is itself the claim when no clause follows.
    Speech,
    /// An attitude.
    Opinion,
    /// Data, a study, a report as source.
    Evidence,
    /// A noun with a clause.
    Noun,
    /// According to.
    Preposition,
}

/// A cue of the lexicon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cue {
    /// Its id in the lexicon.
    pub id: String,
    /// What it commits the source to.
    pub commitment: Commitment,
    /// Its construction.
    pub frame: Frame,
}

/// The cue lexicon.
#[derive(Debug, Default)]
pub struct Cues {
    cues: Vec<Cue>,
    forms: HashMap<String, (usize, Form)>,
    prepositions: Phrases<usize>,
}

static CUES: LazyLock<Cues> =
    LazyLock::new(|| Cues::parse(include_str!("../../models/cues.tsv")).expect("the built-in cues are tested"));

/// The built-in lexicon.
pub fn cues() -> &'static Cues {
    &CUES
}

impl Cues {
    /// Reads a lexicon in the form of `models/cues.tsv`.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] with the line that is wrong.
    pub fn parse(source: &str) -> Result<Self> {
        let mut this = Self::default();
        for (line, row) in rows("models/cues.tsv", source, 5)? {
            let wrong =
                |what: &str| Error::new(ErrorKind::Model, format!("unknown {what}")).at("models/cues.tsv").line(line);
            let commitment: Commitment =
                serde_json::from_value(serde_json::Value::from(row[2])).map_err(|_| wrong("commitment"))?;
            let frame = match row[3] {
                "clause" => Frame::Clause,
                "speech" => Frame::Speech,
                "opinion" => Frame::Opinion,
                "evidence" => Frame::Evidence,
                "noun" => Frame::Noun,
                "preposition" => Frame::Preposition,
                _ => return Err(wrong("frame")),
            };
            let at = this.cues.len();
            this.cues.push(Cue { id: row[0].to_owned(), commitment, frame });
            let parts: Vec<&str> = row[4].split('|').collect();
            let forms = match (frame, row[1]) {
                (Frame::Preposition, _) => {
                    this.prepositions.insert(row[4], at);
                    continue;
                }
                (Frame::Noun, _) => parts
                    .iter()
                    .flat_map(|p| [match_key(p), match_key(&format!("{p}s"))])
                    .map(|f| (f, Form::Noun))
                    .collect(),
                (_, "ar") if parts.len() == 4 => arabic_forms(parts[0], parts[1], parts[2], parts[3]),
                // One part: a regular verb; three: base, past, participle; two: spelling variants.
                (_, "en") if parts.len() == 2 => {
                    parts.iter().flat_map(|p| english_forms(p, None, None)).collect::<Vec<_>>()
                }
                (_, "en") => english_forms(parts[0], parts.get(1).copied(), parts.get(2).copied()),
                _ => return Err(wrong("language or number of forms")),
            };
            for (form, kind) in forms {
                // The first entry of a form stands: the file lists the likelier reading first.
                this.forms.entry(form).or_insert((at, kind));
            }
        }
        Ok(this)
    }

    /// The cue whose form has this match key.
    pub fn form(&self, key: &str) -> Option<(&Cue, Form)> {
        self.forms.get(key).map(|&(at, form)| (&self.cues[at], form))
    }

    /// The prepositional cue that starts at the first of the keys, with its length in words.
    pub fn preposition(&self, keys: &[&str]) -> Option<(usize, &Cue)> {
        self.prepositions.longest(keys).map(|(length, &at)| (length, &self.cues[at]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_lead_to_their_cues() {
        for (form, id) in [
            ("وأكدت", ""),
            ("أكدت", "أكد"),
            ("يزعمون", "زعم"),
            ("accused", "accuse"),
            ("said", "say"),
            ("saying", "say"),
            ("criticised", "criticize"),
        ] {
            let found = cues().form(&match_key(form)).map_or("", |(cue, _)| cue.id.as_str());
            assert_eq!(found, id, "{form}");
        }
    }

    #[test]
    fn prepositions_match_the_longest() {
        let keys = ["according", "to", "reuters"];
        assert_eq!(cues().preposition(&keys).map(|(n, c)| (n, c.id.as_str())), Some((2, "according-to")));
    }
}
