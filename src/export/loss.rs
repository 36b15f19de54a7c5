//! What a format cannot hold, counted: nothing is dropped in silence.
//!
//! Every part of native JSON is listed here ([`PARTS`]). A format names those that it lacks, each with the reason; all
//! others it holds. What it lacks is counted in each article and written to `losses.json` next to the export, together
//! with what had to be changed (a control character that XML forbids) or kept in another way.

use std::collections::BTreeMap;

use serde::Serialize;

use super::json::ArticleJson;

/// A part of native JSON: its name, as a path of keys, and how many of it an article has.
pub type Part = (&'static str, fn(&ArticleJson) -> usize);

/// What a format lacks: the name of a part, and why.
pub type Lack = (&'static str, &'static str);

fn known<T>(value: Option<&T>) -> usize {
    usize::from(value.is_some())
}

/// How many claims of the article have something.
fn claims(article: &ArticleJson, has: fn(&super::json::ClaimRecord) -> usize) -> usize {
    article.claims.iter().map(has).sum()
}

/// Everything that native JSON can hold of an article, besides the names of the schema and of its unit.
pub const PARTS: &[Part] = &[
    ("article.id", |_| 1),
    ("article.path", |_| 1),
    ("article.output", |_| 1),
    ("article.record", |a| known(a.article.record.as_ref())),
    ("article.format", |_| 1),
    ("article.encoding", |_| 1),
    ("article.newline", |_| 1),
    ("article.input_hash", |_| 1),
    ("article.title", |a| known(a.article.title.as_ref())),
    ("article.date", |a| known(a.article.date.as_ref())),
    ("article.byline", |a| known(a.article.byline.as_ref())),
    ("article.outlet", |a| known(a.article.outlet.as_ref())),
    ("article.url", |a| known(a.article.url.as_ref())),
    ("article.language", |_| 1),
    ("article.declared_language", |a| known(a.article.declared_language.as_ref())),
    ("article.duplicate_of", |a| known(a.article.duplicate_of.as_ref())),
    ("text", |_| 1),
    ("text_sha256", |_| 1),
    ("paragraphs", |a| a.paragraphs.len()),
    ("sentences", |a| a.sentences.len()),
    ("tokens", |a| a.tokens.len()),
    ("tokens[].words", |a| a.tokens.iter().map(|token| token.words.len()).sum()),
    ("entities", |a| a.entities.len()),
    ("entities[].id", |a| a.entities.len()),
    ("entities[].type", |a| a.entities.len()),
    ("entities[].actor", |a| a.entities.iter().filter(|entity| entity.actor.is_some()).count()),
    ("entities[].side", |a| a.entities.len()),
    ("entities[].reason", |a| a.entities.len()),
    ("references", |a| a.references.len()),
    ("attributions", |a| a.attributions.len()),
    ("claims", |a| a.claims.len()),
    ("claims[].id", |a| a.claims.len()),
    ("claims[].content", |a| a.claims.len()),
    ("claims[].side", |a| a.claims.len()),
    ("claims[].basis", |a| a.claims.len()),
    ("claims[].about", |a| a.claims.len()),
    ("claims[].actor", |a| claims(a, |claim| known(claim.actor.as_ref()))),
    ("claims[].predicate", |a| claims(a, |claim| known(claim.predicate.as_ref()))),
    ("claims[].source", |a| claims(a, |claim| known(claim.source.as_ref()))),
    ("claims[].source_side", |a| a.claims.len()),
    ("claims[].cue", |a| claims(a, |claim| known(claim.cue.as_ref()))),
    ("claims[].polarity", |a| a.claims.len()),
    ("claims[].modality", |a| a.claims.len()),
    ("claims[].stance", |a| a.claims.len()),
    ("claims[].topic", |a| a.claims.len()),
    ("claims[].commitment", |a| claims(a, |claim| known(claim.commitment.as_ref()))),
    ("claims[].source_chain", |a| claims(a, |claim| claim.source_chain.len())),
    ("claims[].time", |a| claims(a, |claim| claim.time.len())),
    ("claims[].quantities", |a| claims(a, |claim| claim.quantities.len())),
    ("claims[].objects", |a| claims(a, |claim| claim.objects.len())),
    ("claims[].sentence", |a| claims(a, |claim| known(claim.sentence.as_ref()))),
    ("claims[].confidence", |a| a.claims.len()),
    ("claims[].rule", |a| a.claims.len()),
    ("claims[].review", |a| claims(a, |claim| known(claim.review.as_ref()))),
    ("claims[].abstained", |a| claims(a, |claim| claim.abstained.len())),
    ("provenance", |_| 1),
];

/// Why every format lacks who decided what in a review.
pub const NO_REVIEW: &str =
    "who accepted, edited or rejected it; khabar apply carries the decisions out before an export";

/// One line of the report: how often the part was lost or changed, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// The part of native JSON.
    pub part: String,
    /// How many.
    pub count: usize,
    /// Why, or what became of it.
    pub why: String,
}

/// Counts losses over the articles of an export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Losses {
    /// By place in [`PARTS`], so that the report has the order of native JSON.
    counts: BTreeMap<(usize, String), usize>,
}

impl Losses {
    /// Counts what a format lacks of this article.
    pub fn count(&mut self, article: &ArticleJson, lacks: &[Lack]) {
        for (at, (part, number)) in PARTS.iter().enumerate() {
            if let Some((_, why)) = lacks.iter().find(|(lacking, _)| lacking == part) {
                self.add(at, why, number(article));
            }
        }
    }

    /// Counts something of this article that was changed or lost beside that; `part` is one of [`PARTS`].
    pub fn note(&mut self, part: &'static str, why: &str, number: usize) {
        let at = PARTS.iter().position(|(name, _)| *name == part);
        debug_assert!(at.is_some(), "{part} is no part");
        self.add(at.unwrap_or(PARTS.len()), why, number);
    }

    fn add(&mut self, part: usize, why: &str, number: usize) {
        if number > 0 {
            *self.counts.entry((part, why.to_owned())).or_default() += number;
        }
    }

    /// The lines of the report, in the order of native JSON.
    pub fn lines(&self) -> Vec<Loss> {
        self.counts
            .iter()
            .map(|((part, why), &count)| Loss {
                part: PARTS.get(*part).map_or("", |(name, _)| name).to_owned(),
                count,
                why: why.clone(),
            })
            .collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::export::exporter::Format;

    /// The keys of an object of the JSON Schema.
    fn keys(object: &serde_json::Value) -> Vec<&str> {
        object["properties"].as_object().unwrap().keys().map(String::as_str).collect()
    }

    #[test]
    fn every_key_of_the_schema_is_a_part() {
        let schema = crate::export::json::schema();
        let listed = |name: &str| PARTS.iter().any(|(part, _)| *part == name);
        // The schema's name is the same everywhere, the unit changes with the format.
        for key in keys(&schema).into_iter().filter(|key| !matches!(*key, "schema" | "offset_unit" | "article")) {
            assert!(listed(key), "{key} is not listed in PARTS");
        }
        for (record, prefix) in
            [("ArticleRecord", "article."), ("EntityRecord", "entities[]."), ("ClaimRecord", "claims[].")]
        {
            let keys = keys(&schema["$defs"][record]);
            assert!(keys.len() > 5);
            for key in keys.into_iter().filter(|key| !matches!(*key, "start" | "end" | "quote")) {
                assert!(listed(&format!("{prefix}{key}")), "{prefix}{key} is not listed in PARTS");
            }
        }
    }

    #[test]
    fn formats_lack_only_parts_that_there_are() {
        for format in Format::ALL {
            let lacks = format.lacks();
            assert!(!lacks.is_empty(), "{format:?} holds all of native JSON?");
            for (at, (part, why)) in lacks.iter().enumerate() {
                assert!(PARTS.iter().any(|(name, _)| name == part), "{format:?}: {part} is no part");
                assert!(!lacks[..at].iter().any(|(other, _)| other == part), "{format:?}: {part} twice");
                assert!(!why.is_empty());
            }
        }
    }
}
