//! Prodigy's records with answers, in the form of [`crate::export::prodigy`]: one record is one claim, or the names of one
//! paragraph.
//!
//! A claim that was accepted is gold, one that was rejected is none. The gold of an article is written if each of its claims
//! was accepted or rejected and the names of each of its paragraphs were; what nobody judged is gold only where that is
//! asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::draft::{ClaimDraft, EntityDraft, Origin};
use super::label_studio::{Coverage, Paragraph};
use super::{Reading, wrong};
use crate::error::{Error, ErrorKind};
use crate::export::field::{LABELS, Role};
use crate::export::label_studio::ELSEWHERE;
use crate::export::prodigy::CLAIM;

/// The claims of an article that were judged, and how many there are; and the paragraphs whose names were.
#[derive(Debug, Default)]
pub(super) struct Judged {
    claims: BTreeSet<String>,
    all: u64,
    /// Whether there are records of names, judged or not.
    named: bool,
    names: Coverage,
}

/// A claim's record.
fn claim(paragraph: &Paragraph<'_>, record: &Value, path: &Path, line: u64) -> Result<ClaimDraft, String> {
    let meta = &record["meta"];
    let text = &paragraph.target.text;
    let mut content = None;
    let mut roles = BTreeMap::new();
    for span in record["spans"].as_array().into_iter().flatten() {
        let label = span["label"].as_str().unwrap_or_default();
        let place = paragraph.span(span)?;
        if label == CLAIM {
            if content.replace(place).is_some() {
                return Err(format!("more than one {CLAIM} in a record"));
            }
        } else if let Some(role) = Role::named(label) {
            if roles.insert(role, place.slice(text).to_owned()).is_some() {
                return Err(format!("more than one {label} in a record"));
            }
        } else {
            return Err(format!("a claim has no span {label}"));
        }
    }
    for role in Role::ALL {
        if let Some(words) = meta[format!("{}{ELSEWHERE}", role.key())].as_str() {
            if !text.contains(words) {
                return Err(format!("“{words}” ({}) does not stand in the article", role.key()));
            }
            // A span that somebody marked in the paragraph is the better word.
            roles.entry(role).or_insert_with(|| words.to_owned());
        }
    }
    let labels = LABELS.iter().filter_map(|label| Some((label.key, meta[label.key].as_str()?.to_owned()))).collect();
    let content = content.ok_or_else(|| format!("no {CLAIM} in the record"))?;
    Ok(ClaimDraft { origin: Origin::new(path, line), content, roles, labels })
}

/// The names of a paragraph's record.
fn names(paragraph: &Paragraph<'_>, record: &Value, path: &Path, line: u64) -> Result<Vec<EntityDraft>, String> {
    let spans = record["spans"].as_array().into_iter().flatten();
    spans
        .map(|span| {
            let label = span["label"].as_str().unwrap_or_default();
            let (kind, side) = match label.split_once('-') {
                Some((kind, side)) => (kind, Some(side.to_owned())),
                None => (label, None),
            };
            let origin = Origin::new(path, line);
            Ok(EntityDraft { origin, span: paragraph.span(span)?, kind: kind.to_owned(), side })
        })
        .collect()
}

/// Reads one file.
pub(super) fn read(reading: &mut Reading, path: &Path, text: &str) {
    for (number, raw) in text.split('\n').enumerate().filter(|(_, raw)| !raw.trim().is_empty()) {
        let line = number as u64 + 1;
        let record: Value = match serde_json::from_str(raw) {
            Ok(record) => record,
            Err(error) => {
                reading.fail(wrong(path, line, format!("no record: {error}")));
                continue;
            }
        };
        let meta = &record["meta"];
        let Some(name) = meta["article"].as_str().map(str::to_owned) else {
            reading.fail(wrong(path, line, "the record does not say of which article it is (meta.article)"));
            continue;
        };
        let judged = reading.judged.entry(name.clone()).or_default();
        judged.all = judged.all.max(meta["claims"].as_u64().unwrap_or_default());
        judged.names.all = judged.names.all.max(meta["paragraphs"].as_u64().unwrap_or_default());
        judged.named |= meta["claim_id"].is_null();
        let (wanted, rejected) = match record["answer"].as_str() {
            Some("accept") => (true, false),
            Some("reject") => (false, true),
            Some("ignore") => (false, false),
            _ => (reading.unreviewed, false),
        };
        if !wanted && !rejected {
            continue;
        }
        let id = meta["claim_id"].as_str();
        let again = match id {
            Some(id) => !judged.claims.insert(id.to_owned()),
            None => !judged.names.seen.insert(meta["paragraph"].as_u64().unwrap_or_default()),
        };
        if again {
            let what = if id.is_some() { "claim" } else { "paragraph" };
            let message = format!("the {what} was judged twice: import one person's answers at a time");
            reading.fail_article(&name, wrong(path, line, message));
            continue;
        }
        if rejected {
            if id.is_some() {
                reading.note("claims were rejected", 1);
            } else {
                let message = "the names of a paragraph were rejected as a whole: correct them instead";
                reading.fail_article(&name, wrong(path, line, message));
            }
            continue;
        }
        let target = match reading.targets.get(&name) {
            Ok(target) => target,
            Err(error) => {
                let error = if error.path().is_some() { error } else { error.at(path).line(line) };
                reading.fail_article(&name, error);
                continue;
            }
        };
        let found = Paragraph::new(target, meta["start"].as_u64(), record["text"].as_str()).and_then(|paragraph| {
            if id.is_some() {
                claim(&paragraph, &record, path, line).map(|claim| (Some(claim), Vec::new()))
            } else {
                names(&paragraph, &record, path, line).map(|names| (None, names))
            }
        });
        match found {
            Ok((claim, names)) => {
                let draft = reading.draft(&name);
                draft.claims.extend(claim);
                draft.entities.extend(names);
            }
            Err(message) => reading.fail_article(&name, wrong(path, line, message)),
        }
    }
}

/// Marks the articles of which something was not judged.
pub(super) fn finish(reading: &mut Reading, source: &Path) {
    for (name, judged) in std::mem::take(&mut reading.judged) {
        reading.draft(&name);
        let left = judged.all.saturating_sub(judged.claims.len() as u64);
        if left > 0 {
            let message = format!(
                "{name}: {left} of {} claims were not judged, so that the gold would be half; judge them, or take khabar's \
                 own with --unreviewed",
                judged.all
            );
            reading.fail_article(&name, Error::new(ErrorKind::Data, message).at(source));
        }
        if !judged.named {
            reading.note("articles have claims alone: their names were not in the files", 1);
        } else if let Some(missing) = judged.names.missing("paragraphs") {
            let message = format!("{name}: the names of {missing}");
            reading.fail_article(&name, Error::new(ErrorKind::Data, message).at(source));
        }
    }
}
