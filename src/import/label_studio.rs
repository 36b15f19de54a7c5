//! Label Studio's tasks with annotations, in the form of [`crate::export::label_studio`]: one task is one paragraph.
//!
//! The gold of an article is written if each of its paragraphs was annotated; predictions that nobody judged are gold only
//! where that is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use serde_json::value::RawValue;

use super::draft::{ClaimDraft, EntityDraft, Origin};
use super::{Reading, Target, line_of, place_in, wrong};
use crate::error::{Error, ErrorKind};
use crate::export::field::{ENTITY_TYPES, Label, Role};
use crate::export::label_studio::{CLAIM, ELSEWHERE, ENTITY_SIDE, LABEL};
use crate::offset::{Byte, Span};

/// The paragraph that a task or record is about, checked against the article.
pub(super) struct Paragraph<'a> {
    pub target: &'a Target,
    /// First code point in the article.
    pub start: usize,
    /// Number of code points.
    pub length: usize,
}

impl<'a> Paragraph<'a> {
    /// Finds the paragraph; the message says what does not fit.
    pub(super) fn new(target: &'a Target, start: Option<u64>, text: Option<&str>) -> Result<Self, String> {
        let text = text.ok_or("the record has no text")?;
        let start = start.and_then(|start| usize::try_from(start).ok()).ok_or("the record has no start")?;
        let length = text.chars().count();
        match target.points(start, start + length) {
            Some(span) if span.slice(&target.text) == text => Ok(Self { target, start, length }),
            _ => Err(format!("the text is not that of the article {} at character {start}", target.name)),
        }
    }

    /// The bytes of a span of the paragraph; the message says what does not fit.
    pub(super) fn span(&self, value: &Value) -> Result<Span<Byte>, String> {
        let number = |key: &str| value[key].as_u64().and_then(|number| usize::try_from(number).ok());
        let place = number("start").zip(number("end"));
        let span = place
            .filter(|&(start, end)| start < end && end <= self.length)
            .and_then(|(start, end)| self.target.points(self.start + start, self.start + end))
            .ok_or_else(|| format!("characters {} to {} are not in the paragraph", value["start"], value["end"]))?;
        if let Some(quote) = value["text"].as_str() {
            let found = span.slice(&self.target.text);
            if found != quote {
                return Err(format!("the text has “{found}” there, not “{quote}”"));
            }
        }
        Ok(span)
    }
}

/// Which paragraphs of an article were seen, and how many there are.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    pub seen: BTreeSet<u64>,
    pub all: u64,
}

impl Coverage {
    /// What is missing, in words; `None` if nothing is.
    pub(super) fn missing(&self, what: &str) -> Option<String> {
        let missing: Vec<u64> = (1..=self.all).filter(|number| !self.seen.contains(number)).collect();
        let first = missing.first()?;
        Some(format!(
            "{} of {} {what} were not judged (the first is {first}), so that the gold would be half; judge them, or take \
             khabar's own with --unreviewed",
            missing.len(),
            self.all
        ))
    }
}

/// A region with all that is said of it.
struct Region<'a> {
    line: u64,
    label: &'a str,
    span: Span<Byte>,
    /// By name of the control.
    choices: BTreeMap<&'a str, &'a str>,
    texts: BTreeMap<&'a str, &'a str>,
}

/// A result with its line.
type Found<'a> = (u64, &'a Value);

/// The regions by id, and the relations: from, to, label.
type Parsed<'a> = (BTreeMap<&'a str, Region<'a>>, Vec<(&'a str, &'a str, &'a str)>);

fn parse<'a>(paragraph: &Paragraph<'_>, results: &[Found<'a>], path: &Path, errors: &mut Vec<Error>) -> Parsed<'a> {
    let mut regions: BTreeMap<&str, Region<'_>> = BTreeMap::new();
    let mut relations = Vec::new();
    for &(line, result) in results.iter().filter(|(_, result)| result["type"] == "labels") {
        if result["from_name"] != LABEL {
            continue;
        }
        let (Some(id), Some(label)) = (result["id"].as_str(), result["value"]["labels"][0].as_str()) else {
            errors.push(wrong(path, line, "a region without id or label"));
            continue;
        };
        match paragraph.span(&result["value"]) {
            Ok(span) => {
                let region = Region { line, label, span, choices: BTreeMap::new(), texts: BTreeMap::new() };
                if regions.insert(id, region).is_some() {
                    errors.push(wrong(path, line, format!("two regions have the id {id}")));
                }
            }
            Err(message) => errors.push(wrong(path, line, message)),
        }
    }
    for &(_, result) in results {
        if result["type"] == "relation" {
            let ends = result["from_id"].as_str().zip(result["to_id"].as_str());
            relations.extend(ends.map(|(from, to)| (from, to, result["labels"][0].as_str().unwrap_or_default())));
            continue;
        }
        let Some(region) = result["id"].as_str().and_then(|id| regions.get_mut(id)) else { continue };
        let Some(name) = result["from_name"].as_str() else { continue };
        if let Some(choice) = result["value"]["choices"][0].as_str() {
            region.choices.insert(name, choice);
        } else if result["type"] == "textarea" {
            // One string or a list of them, by version.
            let text = &result["value"]["text"];
            if let Some(text) = text.as_str().or_else(|| text[0].as_str()).filter(|text| !text.trim().is_empty()) {
                region.texts.insert(name, text);
            }
        }
    }
    (regions, relations)
}

/// Reads the results of a task into the claims and entities of its paragraph; gives the regions that belong to nothing.
fn take(
    paragraph: &Paragraph<'_>,
    results: &[Found<'_>],
    path: &Path,
    errors: &mut Vec<Error>,
) -> (Vec<ClaimDraft>, Vec<EntityDraft>, usize) {
    let text = &paragraph.target.text;
    let (regions, relations) = parse(paragraph, results, path, errors);
    let mut used = BTreeSet::new();
    let (mut claims, mut entities) = (Vec::new(), Vec::new());
    for (id, region) in &regions {
        let origin = Origin::new(path, region.line);
        if ENTITY_TYPES.contains(&region.label) {
            used.insert(*id);
            let side = region.choices.get(ENTITY_SIDE).map(|side| (*side).to_owned());
            entities.push(EntityDraft { origin, span: region.span, kind: region.label.to_owned(), side });
            continue;
        }
        if region.label != CLAIM {
            continue;
        }
        used.insert(*id);
        let mut claim = ClaimDraft {
            origin: origin.clone(),
            content: region.span,
            roles: BTreeMap::new(),
            labels: BTreeMap::new(),
        };
        for (name, value) in &region.choices {
            if let Some(label) = Label::named(name) {
                claim.labels.insert(label.key, (*value).to_owned());
            }
        }
        let mut found: Vec<(Role, &str)> = Vec::new();
        for (from, to, label) in &relations {
            // The arrow may have been drawn the other way.
            let part = if from == id {
                to
            } else if to == id {
                from
            } else {
                continue;
            };
            let Some(other) = regions.get(part) else { continue };
            let Some(role) = Role::named(label).or_else(|| Role::named(other.label)) else { continue };
            used.insert(*part);
            found.push((role, other.span.slice(text)));
        }
        for role in Role::ALL {
            let Some(words) = region.texts.get(format!("{}{ELSEWHERE}", role.key()).as_str()) else { continue };
            if text.contains(words.trim()) {
                found.push((role, words.trim()));
            } else {
                let message = format!("“{words}” ({}) does not stand in the article", role.key());
                errors.push(origin.wrong(message));
            }
        }
        for (role, words) in found {
            if claim.roles.insert(role, words.to_owned()).is_some_and(|other| other != words) {
                errors.push(origin.wrong(format!("the claim has more than one {}", role.key())));
            }
        }
        claims.push(claim);
    }
    let loose = regions.keys().filter(|id| !used.contains(*id)).count();
    (claims, entities, loose)
}

/// The results to take of a task: of its annotation, or of its prediction.
fn results_of(task: &Value, unreviewed: bool) -> Result<Option<&Value>, String> {
    let annotations: Vec<&Value> = task["annotations"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|annotation| annotation["was_cancelled"] != true)
        .collect();
    match annotations[..] {
        [one] => Ok(Some(&one["result"])),
        [] if unreviewed => Ok(task["predictions"].as_array().and_then(|all| all.last()).map(|last| &last["result"])),
        [] => Ok(None),
        _ => Err(format!("{} annotations of one task: export those of one person", annotations.len())),
    }
}

/// The results of a task with the line of each.
fn with_lines<'a>(text: &str, raw: &RawValue, results: &'a Value) -> Vec<Found<'a>> {
    // The place of a result is found by its id, which is a string of its own in the file.
    let start = place_in(text, raw.get());
    let line = |result: &Value| {
        let id = result["id"].as_str().or_else(|| result["from_id"].as_str()).unwrap_or_default();
        let at = raw.get().find(&format!("\"{id}\"")).filter(|_| !id.is_empty()).unwrap_or(0);
        line_of(text, start + at)
    };
    results.as_array().into_iter().flatten().map(|result| (line(result), result)).collect()
}

/// Reads one file.
pub(super) fn read(reading: &mut Reading, path: &Path, text: &str) {
    let tasks: Vec<&RawValue> = match serde_json::from_str(text) {
        Ok(tasks) => tasks,
        Err(error) => {
            let ours = serde_json::from_str::<Value>(text)
                .is_ok_and(|value| value["schema"].as_str().is_some_and(|schema| schema.starts_with("khabar-")));
            if !ours {
                let message = format!("no list of tasks: {error}");
                reading.fail(Error::new(ErrorKind::Data, message).at(path).line(error.line() as u64));
            }
            return;
        }
    };
    for raw in tasks {
        let line = line_of(text, place_in(text, raw.get()));
        let task: Value = match serde_json::from_str(raw.get()) {
            Ok(task) => task,
            Err(error) => {
                reading.fail(wrong(path, line, error.to_string()));
                continue;
            }
        };
        let data = &task["data"];
        let Some(name) = data["article"].as_str().map(str::to_owned) else {
            reading.fail(wrong(path, line, "the task does not say of which article it is (data.article)"));
            continue;
        };
        let unreviewed = reading.unreviewed;
        let target = match reading.targets.get(&name) {
            Ok(target) => target,
            Err(error) => {
                let error = if error.path().is_some() { error } else { error.at(path).line(line) };
                reading.fail_article(&name, error);
                continue;
            }
        };
        let mut errors = Vec::new();
        let mut taken = None;
        match (Paragraph::new(target, data["start"].as_u64(), data["text"].as_str()), results_of(&task, unreviewed)) {
            (Ok(paragraph), Ok(Some(results))) => {
                taken = Some(take(&paragraph, &with_lines(text, raw, results), path, &mut errors));
            }
            (Ok(_), Ok(None)) => {}
            (Err(message), _) | (_, Err(message)) => errors.push(wrong(path, line, message)),
        }
        let coverage = reading.coverage.entry(name.clone()).or_default();
        coverage.all = coverage.all.max(data["paragraphs"].as_u64().unwrap_or_default());
        if taken.is_some() || !errors.is_empty() {
            let number = data["paragraph"].as_u64().unwrap_or_default();
            if !coverage.seen.insert(number) {
                errors.push(wrong(path, line, format!("paragraph {number} of {name} is there twice")));
            }
        }
        if let Some((claims, entities, loose)) = taken {
            let draft = reading.draft(&name);
            draft.claims.extend(claims);
            draft.entities.extend(entities);
            reading.note("regions belong to no claim and are no names", loose);
        }
        for error in errors {
            reading.fail_article(&name, error);
        }
    }
}

/// Marks the articles of which paragraphs are missing.
pub(super) fn finish(reading: &mut Reading, source: &Path) {
    for (name, coverage) in std::mem::take(&mut reading.coverage) {
        reading.draft(&name);
        if let Some(missing) = coverage.missing("paragraphs") {
            let message = format!("{name}: {missing}");
            reading.fail_article(&name, Error::new(ErrorKind::Data, message).at(source));
        }
    }
}
