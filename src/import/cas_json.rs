//! CAS JSON, in the form of [`crate::export::cas_json`], as INCEpTION or dkpro-cassis write it again.
//!
//! A CAS belongs to the article of its path; in an export of INCEpTION, where the path is another, to the article that its
//! structure `webanno.custom.Article` or its metadata name.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::draft::{ClaimDraft, EntityDraft, Origin};
use super::{Reading, Target, line_of, place_in, wrong};
use crate::error::{Error, ErrorKind};
use crate::export::cas_json::{CLAIM, ENTITY, SOFA};
use crate::export::field::{LABELS, Role};
use crate::offset::{Byte, Span};

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow, rename = "%FEATURE_STRUCTURES")]
    structures: Vec<&'a RawValue>,
}

/// A structure with the line that it begins on.
struct Structure {
    line: u64,
    value: Value,
}

impl Structure {
    fn kind(&self) -> &str {
        self.value["%TYPE"].as_str().unwrap_or_default()
    }

    fn text(&self, feature: &str) -> Option<&str> {
        self.value[feature].as_str().filter(|text| !text.is_empty())
    }
}

/// All structures by number.
struct Cas<'a> {
    path: &'a Path,
    structures: BTreeMap<u64, Structure>,
}

impl Cas<'_> {
    fn of_kind<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = &'s Structure> {
        self.structures.values().filter(move |structure| structure.kind() == kind)
    }

    fn wrong(&self, structure: &Structure, message: impl Into<String>) -> Error {
        wrong(self.path, structure.line, message)
    }

    fn at(&self, id: &Value) -> Option<&Structure> {
        self.structures.get(&id.as_u64()?)
    }

    /// The place of an annotation, in bytes.
    fn span(&self, target: &Target, structure: &Structure) -> Result<Span<Byte>, Error> {
        let number = |key: &str| structure.value[key].as_u64().and_then(|number| usize::try_from(number).ok());
        let place = number("begin").zip(number("end"));
        let span = place.and_then(|(begin, end)| target.utf16(begin, end)).filter(|span| !span.is_empty());
        span.ok_or_else(|| {
            let (begin, end) = (&structure.value["begin"], &structure.value["end"]);
            self.wrong(structure, format!("UTF-16 units {begin} to {end} are no characters of the text"))
        })
    }

    fn claim(&self, target: &Target, structure: &Structure) -> Result<ClaimDraft, Error> {
        let mut draft = ClaimDraft {
            origin: Origin::new(self.path, structure.line),
            content: self.span(target, structure)?,
            roles: BTreeMap::new(),
            labels: BTreeMap::new(),
        };
        for label in &LABELS {
            if let Some(value) = structure.text(label.key) {
                draft.labels.insert(label.key, value.to_owned());
            }
        }
        let links = match &structure.value["@roles"] {
            Value::Null => return Ok(draft),
            array => self.at(array).ok_or_else(|| self.wrong(structure, format!("roles {array} are not there")))?,
        };
        for link in links.value["%ELEMENTS"].as_array().into_iter().flatten() {
            let link = self.at(link).ok_or_else(|| self.wrong(structure, format!("link {link} is not there")))?;
            // Objects, times and quantities are no part of gold.
            let Some(role) = link.text("role").and_then(Role::named) else { continue };
            let part = self
                .at(&link.value["@target"])
                .ok_or_else(|| self.wrong(link, format!("the {} has no target", role.key())))?;
            let words = self.span(target, part)?.slice(&target.text).to_owned();
            if draft.roles.insert(role, words).is_some() {
                return Err(self.wrong(structure, format!("the claim has more than one {}", role.key())));
            }
        }
        Ok(draft)
    }
}

/// Reads one file.
pub(super) fn read(reading: &mut Reading, name: &str, path: &Path, text: &str) {
    let file: File<'_> = match serde_json::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            // What is written beside the export is no CAS.
            let ours = serde_json::from_str::<Value>(text)
                .is_ok_and(|value| value["schema"].as_str().is_some_and(|schema| schema.starts_with("khabar-")));
            if !ours {
                let message = format!("no CAS in JSON with a list of structures: {error}");
                reading.fail(Error::new(ErrorKind::Data, message).at(path).line(error.line() as u64));
            }
            return;
        }
    };
    let mut cas = Cas { path, structures: BTreeMap::new() };
    for raw in file.structures {
        let line = line_of(text, place_in(text, raw.get()));
        match serde_json::from_str::<Value>(raw.get()) {
            Ok(value) => match value["%ID"].as_u64() {
                Some(id) => {
                    cas.structures.insert(id, Structure { line, value });
                }
                None => return reading.fail(wrong(path, line, "a structure without %ID")),
            },
            Err(error) => return reading.fail(wrong(path, line, error.to_string())),
        }
    }
    let named = |kind: &str, feature: &str| {
        let found = cas.of_kind(kind).find_map(|structure| structure.text(feature))?;
        Some(found.strip_suffix(".json").unwrap_or(found).to_owned())
    };
    let candidates = [
        Some(name.to_owned()),
        named("webanno.custom.Article", "output"),
        named("de.tudarmstadt.ukp.dkpro.core.api.metadata.type.DocumentMetaData", "documentId"),
    ];
    let Some(name) = candidates.into_iter().flatten().find(|name| reading.targets.knows(name)) else {
        let message = format!("there is no article {name}.json in the folder that --articles names");
        return reading.fail(Error::new(ErrorKind::Data, message).at(path));
    };
    if reading.drafts.contains_key(&name) {
        let message = format!("there is another file of the article {name}: import one person's annotations at a time");
        return reading.fail_article(&name, Error::new(ErrorKind::Data, message).at(path));
    }
    let target = match reading.targets.get(&name) {
        Ok(target) => target,
        Err(error) => return reading.fail(error),
    };
    let mut errors = Vec::new();
    let (mut claims, mut entities) = (Vec::new(), Vec::new());
    match cas.of_kind(SOFA).next() {
        Some(sofa) if sofa.value["sofaString"].as_str() == Some(target.text.as_str()) => {
            for structure in cas.of_kind(CLAIM) {
                match cas.claim(target, structure) {
                    Ok(claim) => claims.push(claim),
                    Err(error) => errors.push(error),
                }
            }
            for structure in cas.of_kind(ENTITY) {
                match cas.span(target, structure) {
                    Ok(span) => entities.push(EntityDraft {
                        origin: Origin::new(path, structure.line),
                        span,
                        kind: structure.text("value").unwrap_or_default().to_owned(),
                        side: structure.text("side").map(str::to_owned),
                    }),
                    Err(error) => errors.push(error),
                }
            }
        }
        Some(sofa) => errors.push(cas.wrong(sofa, format!("the text is not that of the article {name}"))),
        None => errors.push(Error::new(ErrorKind::Data, "there is no text (Sofa)").at(path)),
    }
    let draft = reading.draft(&name);
    draft.claims.extend(claims);
    draft.entities.extend(entities);
    for error in errors {
        reading.fail_article(&name, error);
    }
}
