//! The fields of a claim as roles and labels, for the formats that know only spans and labels.
//!
//! A **role** is a span beside the claim's content: actor, predicate, source, cue. A **label** is a value out of a fixed
//! list: side, basis, topic and so on. The names and values are those of the annotation guideline; `about` is written as
//! one value (`US`, `CN`, `US_CN`, `CN_US`, `neither`: the actor's side first), so that it too is one out of a list.

use super::json::{ClaimRecord, SpanRecord};
use super::table::name;
use crate::document::Side;

/// A span of a claim beside its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Who acts or is described.
    Actor,
    /// The verb, or what is predicated.
    Predicate,
    /// Who says it.
    Source,
    /// The reporting word.
    Cue,
}

impl Role {
    /// All roles, in the order of the guideline.
    pub const ALL: [Self; 4] = [Self::Actor, Self::Predicate, Self::Source, Self::Cue];

    /// The key of native JSON.
    pub fn key(self) -> &'static str {
        match self {
            Self::Actor => "actor",
            Self::Predicate => "predicate",
            Self::Source => "source",
            Self::Cue => "cue",
        }
    }

    /// The name as a label of an annotation tool.
    pub fn label(self) -> &'static str {
        match self {
            Self::Actor => "Actor",
            Self::Predicate => "Predicate",
            Self::Source => "Source",
            Self::Cue => "Cue",
        }
    }

    /// The role of a key or a label.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.key().eq_ignore_ascii_case(name))
    }

    /// The span of a claim, if it has one.
    pub fn of(self, claim: &ClaimRecord) -> Option<&SpanRecord> {
        match self {
            Self::Actor => claim.actor.as_ref(),
            Self::Predicate => claim.predicate.as_ref(),
            Self::Source => claim.source.as_ref(),
            Self::Cue => claim.cue.as_ref(),
        }
    }
}

/// A field of a claim with a fixed list of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// The key, as gold writes it (`stance_us` for `stance.us`).
    pub key: &'static str,
    /// The name in tools whose names have no underscore (`StanceUS`).
    pub name: &'static str,
    /// Its values.
    pub values: &'static [&'static str],
}

const STANCES: &[&str] = &["favourable", "unfavourable", "neutral"];

/// All labels, in the order of the guideline.
pub const LABELS: [Label; 10] = [
    Label { key: "side", name: "Side", values: &["US", "CN"] },
    Label { key: "basis", name: "Basis", values: &["stated", "described"] },
    Label { key: "about", name: "About", values: &["US", "CN", "US_CN", "CN_US", "neither"] },
    Label { key: "source_side", name: "SourceSide", values: &["US", "CN", "other", "none"] },
    Label { key: "polarity", name: "Polarity", values: &["affirmed", "negated"] },
    Label {
        key: "modality",
        name: "Modality",
        values: &["asserted", "possible", "intended", "obligated", "conditional"],
    },
    Label { key: "stance_us", name: "StanceUS", values: STANCES },
    Label { key: "stance_cn", name: "StanceCN", values: STANCES },
    Label {
        key: "topic",
        name: "Topic",
        values: &[
            "models",
            "chips",
            "compute",
            "export_controls",
            "data",
            "talent",
            "energy",
            "investment",
            "regulation",
            "governance",
            "applications",
            "military",
            "security_ip",
            "open_source",
            "rivalry",
        ],
    },
    Label {
        key: "commitment",
        name: "Commitment",
        values: &[
            "said",
            "asserted",
            "claimed",
            "denied",
            "accused",
            "warned",
            "promised",
            "demanded",
            "believed",
            "announced",
            "indicated",
            "asked",
            "praised",
        ],
    },
];

/// Values of an entity's type.
pub const ENTITY_TYPES: [&str; 4] = ["PER", "ORG", "LOC", "PROD"];

/// Values of an entity's side.
pub const ENTITY_SIDES: [&str; 3] = ["US", "CN", "other"];

impl Label {
    /// The label with this key, or with this name of a tool.
    pub fn named(name: &str) -> Option<&'static Self> {
        LABELS.iter().find(|label| label.key == name || label.name == name)
    }

    /// The value of a claim; only `commitment` may be unknown.
    pub fn of(&self, claim: &ClaimRecord) -> Option<String> {
        Some(match self.key {
            "side" => name(&claim.side),
            "basis" => name(&claim.basis),
            "about" => about(&claim.about),
            "source_side" => name(&claim.source_side),
            "polarity" => name(&claim.polarity),
            "modality" => name(&claim.modality),
            "stance_us" => name(&claim.stance.us),
            "stance_cn" => name(&claim.stance.cn),
            "topic" => name(&claim.topic),
            _ => return claim.commitment.as_ref().map(name),
        })
    }
}

/// `about` as one value.
fn about(sides: &[Side]) -> String {
    if sides.is_empty() {
        return "neither".to_owned();
    }
    sides.iter().map(name).collect::<Vec<_>>().join("_")
}

/// The keys and values of a claim's labels, in order.
pub fn labels(claim: &ClaimRecord) -> impl Iterator<Item = (&'static Label, String)> {
    LABELS.iter().filter_map(|label| Some((label, label.of(claim)?)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The values of an enumeration in the JSON Schema.
    fn values(schema: &serde_json::Value, name: &str) -> BTreeSet<String> {
        let definition = &schema["$defs"][name];
        let listed = definition["enum"].as_array().cloned().unwrap_or_default();
        let variants = definition["oneOf"].as_array().cloned().unwrap_or_default();
        variants
            .iter()
            .flat_map(|variant| match variant.get("const") {
                Some(value) => vec![value.clone()],
                None => variant["enum"].as_array().cloned().unwrap_or_default(),
            })
            .chain(listed)
            .map(|value| value.as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn the_values_are_those_of_the_schema() {
        let schema = crate::export::json::schema();
        for (key, name) in [
            ("basis", "Basis"),
            ("source_side", "SourceSide"),
            ("polarity", "Polarity"),
            ("modality", "Modality"),
            ("stance_us", "Stance"),
            ("stance_cn", "Stance"),
            ("topic", "Topic"),
            ("commitment", "Commitment"),
        ] {
            let listed: BTreeSet<String> =
                Label::named(key).unwrap().values.iter().map(|value| (*value).to_owned()).collect();
            assert_eq!(listed, values(&schema, name), "{key}");
        }
        let sides: BTreeSet<String> = ENTITY_SIDES.map(str::to_owned).into();
        assert_eq!(sides, values(&schema, "Side"));
        let types: BTreeSet<String> = ENTITY_TYPES.map(str::to_owned).into();
        assert_eq!(types, values(&schema, "EntityType"));
    }

    #[test]
    fn about_is_one_value() {
        assert_eq!(about(&[]), "neither");
        assert_eq!(about(&[Side::Cn, Side::Us]), "CN_US");
        let values = Label::named("About").unwrap().values;
        for sides in [&[][..], &[Side::Us], &[Side::Cn], &[Side::Us, Side::Cn], &[Side::Cn, Side::Us]] {
            assert!(values.contains(&about(sides).as_str()));
        }
    }
}
