//! The claims and entities of an article while they are put together, and their form as gold.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::{Target, wrong};
use crate::error::Error;
use crate::evaluation::gold::{GoldClaim, GoldEntity, GoldFile};
use crate::export::field::{LABELS, Label, Role};
use crate::offset::{Byte, Span};

/// Where an annotation stands in its file, for errors.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub path: PathBuf,
    pub line: u64,
}

impl Origin {
    pub(super) fn new(path: &Path, line: u64) -> Self {
        Self { path: path.to_path_buf(), line }
    }

    pub(super) fn wrong(&self, message: impl Into<String>) -> Error {
        wrong(&self.path, self.line, message)
    }
}

/// A claim: its content, the words of its other spans, and what was said of it.
#[derive(Debug, Clone)]
pub(super) struct ClaimDraft {
    pub origin: Origin,
    pub content: Span<Byte>,
    pub roles: BTreeMap<Role, String>,
    /// By key of the label.
    pub labels: BTreeMap<&'static str, String>,
}

/// A name.
#[derive(Debug, Clone)]
pub(super) struct EntityDraft {
    pub origin: Origin,
    pub span: Span<Byte>,
    pub kind: String,
    pub side: Option<String>,
}

/// An article's claims and entities.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    pub claims: Vec<ClaimDraft>,
    pub entities: Vec<EntityDraft>,
}

/// The value of a label that nobody set; `None` where it cannot be guessed.
fn unmarked(label: &Label, claim: &ClaimDraft) -> Option<&'static str> {
    match label.key {
        "polarity" => Some("affirmed"),
        "modality" => Some("asserted"),
        "stance_us" | "stance_cn" => Some("neutral"),
        "source_side" if !claim.roles.contains_key(&Role::Source) => Some("none"),
        _ => None,
    }
}

impl ClaimDraft {
    /// The claim as gold, and how many labels were taken as unmarked.
    fn finish(&self, target: &Target) -> Result<(GoldClaim, usize), Error> {
        let mut object = Map::new();
        let mut defaults = 0;
        object.insert("content".into(), self.content.slice(&target.text).into());
        // How far the source commits itself is no part of gold.
        for label in LABELS.iter().filter(|label| label.key != "commitment") {
            let value = match self.labels.get(label.key) {
                Some(value) => value.as_str(),
                None => {
                    let value = unmarked(label, self).ok_or_else(|| {
                        self.origin.wrong(format!("the claim has no {}: one of {}", label.key, label.values.join(", ")))
                    })?;
                    defaults += 1;
                    value
                }
            };
            if !label.values.contains(&value) {
                let known = label.values.join(", ");
                return Err(self.origin.wrong(format!("{} is {value:?}, not one of {known}", label.key)));
            }
            let value: Value = match (label.key, value) {
                ("about", "neither") => json!([]),
                ("about", sides) => sides.split('_').collect::<Vec<_>>().into(),
                _ => value.into(),
            };
            object.insert(label.key.into(), value);
        }
        for role in Role::ALL {
            object.insert(role.key().into(), self.roles.get(&role).cloned().unwrap_or_default().into());
        }
        serde_json::from_value(Value::Object(object))
            .map(|claim| (claim, defaults))
            .map_err(|error| self.origin.wrong(format!("no claim of the guideline: {error}")))
    }
}

impl EntityDraft {
    fn finish(&self, target: &Target) -> Result<GoldEntity, Error> {
        let Some(side) = &self.side else {
            return Err(self.origin.wrong("the name has no side: one of US, CN, other"));
        };
        let text = self.span.slice(&target.text);
        serde_json::from_value(json!({"text": text, "type": self.kind, "side": side}))
            .map_err(|error| self.origin.wrong(format!("no name of the guideline: {error}")))
    }
}

impl Draft {
    /// The gold in text order, everything that is wrong with it, and how many labels were taken as unmarked.
    pub(super) fn finish(mut self, target: &Target) -> (GoldFile, Vec<Error>, usize) {
        let mut errors = Vec::new();
        let mut defaults = 0;
        // A stable sort: of claims with the same content the one that stands first in the file comes first.
        self.claims.sort_by_key(|claim| (claim.content.start(), claim.content.end()));
        self.entities.sort_by_key(|entity| (entity.span.start(), entity.span.end()));
        let mut claims = Vec::with_capacity(self.claims.len());
        for claim in &self.claims {
            match claim.finish(target) {
                Ok((claim, unmarked)) => {
                    defaults += unmarked;
                    claims.push(claim);
                }
                Err(error) => errors.push(error),
            }
        }
        let mut entities = Vec::with_capacity(self.entities.len());
        for entity in &self.entities {
            match entity.finish(target) {
                Ok(entity) => entities.push(entity),
                Err(error) => errors.push(error),
            }
        }
        let article = target.name.rsplit('/').next().map(str::to_owned);
        (GoldFile { article, claims, entities }, errors, defaults)
    }
}
