//! Label Studio (<https://labelstud.io/guide/task_format>): tasks with predictions, and the label configuration that they
//! need.
//!
//! Rules:
//! - One task is **one paragraph**, and there is one file and one configuration for each direction (`tasks-rtl.json` with
//!   `label_config-rtl.xml`, `tasks-ltr.json` with `label_config-ltr.xml`): a project of Label Studio has one direction, and
//!   the wrong one tears Arabic apart. Make two projects.
//! - `start` and `end` count code points of the paragraph, half-open.
//! - A claim is a region `Claim`; its labels are choices of that region, its other spans regions of their own with a
//!   relation from the claim. What stands in another paragraph (the actor that a verb points back to) is kept by its words,
//!   in a text field of the region (`actor_elsewhere`).
//! - All of khabar is a prediction; what people make is an annotation, and the two stay apart.

use std::io;

use quick_xml::Writer;
use serde_json::{Map, Value, json};

use super::exporter::{ExportedArticle, Exporter, Folder, Growing};
use super::field::{ENTITY_SIDES, ENTITY_TYPES, LABELS, Role, labels};
use super::json::{ParagraphRecord, SpanRecord};
use super::loss::{Lack, Losses, NO_REVIEW};
use super::table::name;
use crate::document::Direction;
use crate::error::{Error, ErrorKind, Result};
use crate::offset::{Byte, CodePoint, Span};

/// Name of the control that labels regions.
pub const LABEL: &str = "label";
/// Label of a claim's region.
pub const CLAIM: &str = "Claim";
/// Name of the choice of an entity's side.
pub const ENTITY_SIDE: &str = "entity_side";
/// What follows a role's key in the name of the text field for words that stand in another paragraph.
pub const ELSEWHERE: &str = "_elsewhere";

const NO_REGION: &str = "no region is made of it";

/// What Label Studio tasks lack.
pub const LACKS: &[Lack] = &[
    ("claims[].review", NO_REVIEW),
    ("sentences", NO_REGION),
    ("tokens", NO_REGION),
    ("tokens[].words", NO_REGION),
    ("references", NO_REGION),
    ("attributions", NO_REGION),
    ("claims[].source_chain", NO_REGION),
    ("claims[].time", NO_REGION),
    ("claims[].quantities", NO_REGION),
    ("claims[].objects", NO_REGION),
    ("claims[].sentence", NO_REGION),
    ("provenance", "a prediction has the version of khabar only"),
];

/// A paragraph as a piece of text of its own, with what lies in it; for formats whose unit is a paragraph.
pub(super) struct Piece<'a> {
    /// Its number in the article, counted from 1.
    pub number: usize,
    pub record: &'a ParagraphRecord,
    /// In bytes and in code points of the article.
    pub bytes: Span<Byte>,
    pub points: Span<CodePoint>,
}

impl Piece<'_> {
    /// The place of a span in code points of the paragraph; `None` if it does not lie in it.
    pub(super) fn within(&self, article: &ExportedArticle<'_>, span: Span<Byte>) -> Option<(usize, usize)> {
        let points = article.index().code_points(span);
        self.bytes.contains(span).then(|| (points.start() - self.points.start(), points.end() - self.points.start()))
    }
}

/// The paragraphs of an article, and a note of the text between them.
pub(super) fn pieces_of<'a>(article: &ExportedArticle<'a>) -> Result<Vec<Piece<'a>>> {
    let paragraphs = article.json.paragraphs.iter().enumerate();
    paragraphs
        .map(|(index, record)| {
            let bytes = article.bytes(&record.span)?;
            Ok(Piece { number: index + 1, record, bytes, points: article.index().code_points(bytes) })
        })
        .collect()
}

/// Notes what lies in no paragraph: it has no record that could hold it.
pub(super) fn note_outside(article: &ExportedArticle<'_>, pieces: &[Piece<'_>], losses: &mut Losses) -> Result<()> {
    const WHY: &str = "runs over more than one paragraph: left out";
    let outside = |span: &SpanRecord| -> Result<usize> {
        let bytes = article.bytes(span)?;
        Ok(usize::from(!pieces.iter().any(|piece| piece.bytes.contains(bytes))))
    };
    for claim in &article.json.claims {
        losses.note("claims", WHY, outside(&claim.content)?);
    }
    for entity in &article.json.entities {
        losses.note("entities", WHY, outside(&entity.span)?);
    }
    losses.note("text", "the paragraphs, without the white space around them", 1);
    Ok(())
}

/// The results of a paragraph: regions, choices, relations.
fn results(article: &ExportedArticle<'_>, piece: &Piece<'_>, losses: &mut Losses) -> Result<(Vec<Value>, Option<f64>)> {
    let mut all = Vec::new();
    let mut scores = Vec::new();
    let region = |id: &str, place: (usize, usize), quote: &str, label: &str| {
        json!({"id": id, "from_name": LABEL, "to_name": "text", "type": "labels",
               "value": {"start": place.0, "end": place.1, "text": quote, "labels": [label]}})
    };
    let choice = |id: &str, place: (usize, usize), quote: &str, key: &str, value: &str| {
        json!({"id": id, "from_name": key, "to_name": "text", "type": "choices",
               "value": {"start": place.0, "end": place.1, "text": quote, "choices": [value]}})
    };
    for claim in &article.json.claims {
        let Some(place) = piece.within(article, article.bytes(&claim.content)?) else { continue };
        let quote = claim.content.quote.as_str();
        let mut whole = region(&claim.id, place, quote, CLAIM);
        whole["score"] = claim.confidence.into();
        let mut notes = vec![format!("rule: {}", claim.rule)];
        notes.extend(claim.abstained.iter().map(|reason| format!("abstained: {reason}")));
        whole["meta"] = json!({"text": notes});
        scores.push(claim.confidence);
        all.push(whole);
        for (label, value) in labels(claim) {
            all.push(choice(&claim.id, place, quote, label.key, &value));
        }
        for (role, span) in article.roles(claim)? {
            let words = span.slice(article.text());
            match piece.within(article, span) {
                Some(part) => {
                    let id = format!("{}-{}", claim.id, role.key());
                    all.push(region(&id, part, words, role.label()));
                    all.push(json!({"type": "relation", "from_id": claim.id, "to_id": id, "direction": "right",
                                    "labels": [role.key()]}));
                }
                None => {
                    losses.note(lost(role), "stands in another paragraph: its words are kept, not its place", 1);
                    all.push(json!({
                        "id": claim.id, "from_name": format!("{}{ELSEWHERE}", role.key()), "to_name": "text",
                        "type": "textarea", "value": {"start": place.0, "end": place.1, "text": [words]}
                    }));
                }
            }
        }
    }
    for entity in &article.json.entities {
        let Some(place) = piece.within(article, article.bytes(&entity.span)?) else { continue };
        let quote = entity.span.quote.as_str();
        let mut whole = region(&entity.id, place, quote, &name(&entity.entity_type));
        let mut notes = vec![entity.reason.clone()];
        notes.extend(entity.actor.iter().map(|actor| format!("actor: {actor}")));
        whole["meta"] = json!({"text": notes});
        all.push(whole);
        all.push(choice(&entity.id, place, quote, ENTITY_SIDE, &name(&entity.side)));
    }
    let score = (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64);
    Ok((all, score))
}

/// The part of native JSON that a role is.
pub(super) fn lost(role: Role) -> &'static str {
    match role {
        Role::Actor => "claims[].actor",
        Role::Predicate => "claims[].predicate",
        Role::Source => "claims[].source",
        Role::Cue => "claims[].cue",
    }
}

/// What is known of the article, each key with `article_` before it.
pub(super) fn metadata(article: &ExportedArticle<'_>) -> Map<String, Value> {
    let mut data = Map::new();
    let known = serde_json::to_value(&article.json.article).unwrap_or_default();
    for (key, value) in known.as_object().into_iter().flatten() {
        data.insert(format!("article_{key}"), value.clone());
    }
    data.insert("text_sha256".into(), article.json.text_sha256.clone().into());
    data
}

fn task(article: &ExportedArticle<'_>, piece: &Piece<'_>, losses: &mut Losses) -> Result<Value> {
    let (results, score) = results(article, piece, losses)?;
    let mut data = Map::new();
    data.insert("text".into(), piece.record.span.quote.as_str().into());
    data.insert("article".into(), article.name.into());
    data.insert("paragraph".into(), piece.number.into());
    data.insert("paragraphs".into(), article.json.paragraphs.len().into());
    data.insert("start".into(), piece.points.start().into());
    data.insert("title".into(), article.json.article.title.clone().unwrap_or_default().into());
    data.insert("paragraph_kind".into(), name(&piece.record.kind).into());
    data.insert("paragraph_language".into(), name(&piece.record.language).into());
    data.insert("paragraph_direction".into(), name(&piece.record.direction).into());
    data.extend(metadata(article));
    let provenance = &article.json.provenance;
    let mut prediction =
        json!({"model_version": format!("{} {}", provenance.tool, provenance.version), "result": results});
    if let Some(score) = score {
        prediction["score"] = ((score * 1000.0).round() / 1000.0).into();
    }
    Ok(json!({"data": data, "predictions": [prediction]}))
}

/// The labelling interface for paragraphs of one direction.
fn configuration(direction: Direction) -> io::Result<Vec<u8>> {
    const COLOURS: [(&str, &str); 9] = [
        (CLAIM, "#f0e442"),
        ("Actor", "#56b4e9"),
        ("Predicate", "#e69f00"),
        ("Source", "#009e73"),
        ("Cue", "#cc79a7"),
        ("PER", "#0072b2"),
        ("ORG", "#d55e00"),
        ("LOC", "#999999"),
        ("PROD", "#000000"),
    ];
    let style = match direction {
        Direction::Rtl => "direction: rtl; text-align: start",
        Direction::Ltr => "direction: ltr; text-align: start",
    };
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 2);
    out.create_element("View").write_inner_content(|out| {
        out.create_element("Header").with_attribute(("value", "$title")).write_empty()?;
        out.create_element("Labels").with_attributes([("name", LABEL), ("toName", "text")]).write_inner_content(
            |out| {
                for (label, colour) in COLOURS {
                    out.create_element("Label")
                        .with_attributes([("value", label), ("background", colour)])
                        .write_empty()?;
                }
                Ok(())
            },
        )?;
        out.create_element("View").with_attribute(("style", style)).write_inner_content(|out| {
            out.create_element("Text")
                .with_attributes([("name", "text"), ("value", "$text"), ("granularity", "symbol")])
                .write_empty()?;
            Ok(())
        })?;
        let when = |labels: &str| {
            [
                ("perRegion".to_owned(), "true".to_owned()),
                ("visibleWhen".to_owned(), "region-selected".to_owned()),
                ("whenTagName".to_owned(), LABEL.to_owned()),
                ("whenLabelValue".to_owned(), labels.to_owned()),
            ]
        };
        let entities = ENTITY_TYPES.join(",");
        let fields = LABELS.iter().map(|label| (label.key, label.values, CLAIM));
        for (key, values, labels) in fields.chain([(ENTITY_SIDE, &ENTITY_SIDES[..], entities.as_str())]) {
            out.create_element("Header").with_attributes([("value", key), ("size", "6")]).write_empty()?;
            let conditions = when(labels);
            out.create_element("Choices")
                .with_attributes([
                    ("name", key),
                    ("toName", "text"),
                    ("choice", "single-radio"),
                    ("showInline", "true"),
                ])
                .with_attributes(conditions.iter().map(|(key, value)| (key.as_str(), value.as_str())))
                .write_inner_content(|out| {
                    for value in values {
                        out.create_element("Choice").with_attribute(("value", *value)).write_empty()?;
                    }
                    Ok(())
                })?;
        }
        for role in Role::ALL {
            let name = format!("{}{ELSEWHERE}", role.key());
            let placeholder = format!("{} in another paragraph", role.label());
            let conditions = when(CLAIM);
            out.create_element("TextArea")
                .with_attributes([
                    ("name", name.as_str()),
                    ("toName", "text"),
                    ("maxSubmissions", "1"),
                    ("editable", "true"),
                    ("placeholder", placeholder.as_str()),
                ])
                .with_attributes(conditions.iter().map(|(key, value)| (key.as_str(), value.as_str())))
                .write_empty()?;
        }
        out.create_element("Relations").write_inner_content(|out| {
            for role in Role::ALL {
                out.create_element("Relation").with_attribute(("value", role.key())).write_empty()?;
            }
            Ok(())
        })?;
        Ok(())
    })?;
    let mut bytes = out.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

/// Writes tasks.
#[derive(Debug)]
pub struct LabelStudio {
    folder: Folder,
    /// For each direction its file, once there is a task.
    files: [Option<Growing>; 2],
}

const DIRECTIONS: [(Direction, &str); 2] = [(Direction::Rtl, "rtl"), (Direction::Ltr, "ltr")];

impl LabelStudio {
    /// Writes the label configurations.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn new(folder: Folder) -> Result<Self> {
        for (direction, ending) in DIRECTIONS {
            let bytes = configuration(direction)
                .map_err(|error| Error::new(ErrorKind::Internal, format!("not written as XML: {error}")))?;
            folder.write(&format!("label_config-{ending}.xml"), &bytes)?;
        }
        Ok(Self { folder, files: [None, None] })
    }
}

impl Exporter for LabelStudio {
    fn article(&mut self, article: &ExportedArticle<'_>, losses: &mut Losses) -> Result<()> {
        let pieces = pieces_of(article)?;
        note_outside(article, &pieces, losses)?;
        let mut tasks = [String::new(), String::new()];
        for piece in &pieces {
            let place = usize::from(piece.record.direction == Direction::Ltr);
            let begun = self.files[place].is_some() || !tasks[place].is_empty();
            tasks[place].push_str(if begun { ",\n" } else { "[\n" });
            tasks[place].push_str(&task(article, piece, losses)?.to_string());
        }
        for (place, tasks) in tasks.iter().enumerate().filter(|(_, tasks)| !tasks.is_empty()) {
            let file = match &mut self.files[place] {
                Some(file) => file,
                none => none.insert(self.folder.grow(&format!("tasks-{}.json", DIRECTIONS[place].1))?),
            };
            file.add(tasks.as_bytes())?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        for mut file in self.files.into_iter().flatten() {
            file.add(b"\n]\n")?;
            file.finish()?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::export::exporter::Format;
    use crate::export::exporter::tests::{exported, file};

    #[test]
    fn regions_give_their_text_and_relations_their_regions() {
        let (folder, summary) = exported(Format::LabelStudio);
        let (mut claims, mut entities, mut tasks) = (0, 0, 0);
        for direction in ["rtl", "ltr"] {
            let configuration = file(&folder, &format!("label_config-{direction}.xml"));
            assert!(configuration.contains(&format!("direction: {direction}")));
            let read: Vec<Value> = serde_json::from_str(&file(&folder, &format!("tasks-{direction}.json"))).unwrap();
            for task in read {
                tasks += 1;
                let text: Vec<char> = task["data"]["text"].as_str().unwrap().chars().collect();
                let results = task["predictions"][0]["result"].as_array().unwrap();
                let ids: Vec<&str> = results.iter().filter_map(|result| result["id"].as_str()).collect();
                for result in results {
                    if result["type"] == "relation" {
                        for end in ["from_id", "to_id"] {
                            assert!(ids.contains(&result[end].as_str().unwrap()), "{result}");
                        }
                        continue;
                    }
                    let from = format!("name=\"{}\"", result["from_name"].as_str().unwrap());
                    assert!(configuration.contains(&from), "{from}");
                    let at = |key: &str| usize::try_from(result["value"][key].as_u64().unwrap()).unwrap();
                    let covered: String = text[at("start")..at("end")].iter().collect();
                    if result["type"] != "textarea" {
                        assert_eq!(result["value"]["text"], covered);
                    }
                    if let Some(label) = result["value"]["labels"][0].as_str() {
                        claims += usize::from(label == CLAIM);
                        entities += usize::from(ENTITY_TYPES.contains(&label));
                    }
                }
            }
        }
        assert_eq!((claims, entities, tasks), (summary.claims, summary.entities, 9));
    }
}
