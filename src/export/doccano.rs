//! doccano JSONL with relations (<https://doccano.github.io/doccano/>): one line for each article, in a file for each
//! direction (`articles-rtl.jsonl`, `articles-ltr.jsonl`), since a project of doccano has one.
//!
//! Rules:
//! - `start_offset` and `end_offset` count code points (a project must not count graphemes), half-open.
//! - Import into a sequence labelling project with **`allow_overlapping` and relations switched on**: otherwise doccano drops
//!   spans that overlap without a word.
//! - A claim is a span `Claim US stated` with relations `actor`, `predicate`, `source`, `cue` to spans of those names; an
//!   entity is a span `ORG US`. There is no place for further labels.

use serde_json::{Value, json};

use super::exporter::{ExportedArticle, Exporter, Folder, Growing, json_line};
use super::label_studio::metadata;
use super::loss::{Lack, Losses, NO_REVIEW};
use super::table::name;
use crate::document::Language;
use crate::error::Result;
use crate::offset::{Byte, Span};

const NO_LABEL: &str = "a span of doccano has one label and no attributes";
const NO_SPAN: &str = "no span is made of it";

/// What doccano lacks.
pub const LACKS: &[Lack] = &[
    ("claims[].review", NO_REVIEW),
    ("paragraphs", NO_SPAN),
    ("sentences", NO_SPAN),
    ("tokens", NO_SPAN),
    ("tokens[].words", NO_SPAN),
    ("entities[].id", "doccano numbers spans itself"),
    ("entities[].actor", NO_LABEL),
    ("entities[].reason", NO_LABEL),
    ("references", NO_SPAN),
    ("attributions", NO_SPAN),
    ("claims[].id", NO_LABEL),
    ("claims[].about", NO_LABEL),
    ("claims[].source_side", NO_LABEL),
    ("claims[].polarity", NO_LABEL),
    ("claims[].modality", NO_LABEL),
    ("claims[].stance", NO_LABEL),
    ("claims[].topic", NO_LABEL),
    ("claims[].commitment", NO_LABEL),
    ("claims[].source_chain", NO_SPAN),
    ("claims[].time", NO_SPAN),
    ("claims[].quantities", NO_SPAN),
    ("claims[].objects", NO_SPAN),
    ("claims[].sentence", NO_SPAN),
    ("claims[].confidence", NO_LABEL),
    ("claims[].rule", NO_LABEL),
    ("claims[].abstained", NO_LABEL),
    ("provenance", NO_LABEL),
];

/// Writes doccano JSONL.
#[derive(Debug)]
pub struct Doccano {
    folder: Folder,
    files: [Option<Growing>; 2],
}

impl Doccano {
    /// Writes into a folder.
    pub fn new(folder: Folder) -> Self {
        Self { folder, files: [None, None] }
    }
}

impl Exporter for Doccano {
    fn article(&mut self, article: &ExportedArticle<'_>, _losses: &mut Losses) -> Result<()> {
        let mut entities: Vec<Value> = Vec::new();
        let mut relations: Vec<Value> = Vec::new();
        let mut add = |span: Span<Byte>, label: &str| {
            let points = article.index().code_points(span);
            let id = entities.len() + 1;
            entities
                .push(json!({"id": id, "start_offset": points.start(), "end_offset": points.end(), "label": label}));
            id
        };
        for claim in &article.json.claims {
            let label = format!("Claim {} {}", name(&claim.side), name(&claim.basis));
            let from = add(article.bytes(&claim.content)?, &label);
            for (role, span) in article.roles(claim)? {
                let to = add(span, role.label());
                relations.push(json!({"id": relations.len() + 1, "from_id": from, "to_id": to, "type": role.key()}));
            }
        }
        for entity in &article.json.entities {
            let label = format!("{} {}", name(&entity.entity_type), name(&entity.side));
            add(article.bytes(&entity.span)?, &label);
        }
        let mut record = metadata(article);
        record.insert("article".into(), article.name.into());
        record.insert("text".into(), article.text().into());
        record.insert("entities".into(), entities.into());
        record.insert("relations".into(), relations.into());
        let right_to_left = article.json.article.language == Language::Ar;
        let (place, ending) = if right_to_left { (0, "rtl") } else { (1, "ltr") };
        let file = match &mut self.files[place] {
            Some(file) => file,
            none => none.insert(self.folder.grow(&format!("articles-{ending}.jsonl"))?),
        };
        file.add(json_line(&record)?.as_bytes())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.files.into_iter().flatten().try_for_each(Growing::finish)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::export::exporter::Format;
    use crate::export::exporter::tests::{TEXT, exported};

    #[test]
    fn offsets_are_code_points_and_relations_hold() {
        let (folder, summary) = exported(Format::Doccano);
        let text: Vec<char> = TEXT.chars().collect();
        let (mut articles, mut claims) = (0, 0);
        for ending in ["rtl", "ltr"] {
            let path = folder.path().join(format!("export/articles-{ending}.jsonl"));
            for line in std::fs::read_to_string(path).unwrap_or_default().lines() {
                articles += 1;
                let record: Value = serde_json::from_str(line).unwrap();
                assert_eq!(record["text"], TEXT);
                let entities = record["entities"].as_array().unwrap();
                let quote = |id: &Value| -> String {
                    let entity = entities.iter().find(|entity| entity["id"] == *id).unwrap();
                    let at = |key: &str| usize::try_from(entity[key].as_u64().unwrap()).unwrap();
                    text[at("start_offset")..at("end_offset")].iter().collect()
                };
                claims += entities.iter().filter(|e| e["label"].as_str().unwrap().starts_with("Claim ")).count();
                let relations = record["relations"].as_array().unwrap();
                let sources: Vec<String> = relations
                    .iter()
                    .filter(|relation| relation["type"] == "source")
                    .map(|relation| quote(&relation["to_id"]))
                    .collect();
                assert!(sources.contains(&"Beijing".to_owned()), "{sources:?}");
            }
        }
        assert_eq!((articles, claims), (3, summary.claims));
    }
}
