//! W3C Web Annotation (<https://www.w3.org/TR/annotation-model/>) as JSON-LD: `NAME.jsonld`, an annotation page for each
//! article, and `NAME.txt`, the text that it is about.
//!
//! Rules:
//! - A target has a `TextQuoteSelector` (with 32 characters before and after) and a `TextPositionSelector`, whose `start`
//!   and `end` count code points of the text in logical order, half-open.
//! - Keys that no context knows are dropped by readers: ours are declared in the second context, in the namespace
//!   `urn:khabar:ns:`.
//! - A claim is an annotation `urn:khabar:claim:ARTICLE:CLAIM` with the motivation `classifying`; its labels are ours, its
//!   other spans are selectors too. A name is an annotation with the motivation `identifying`.

use serde_json::{Map, Value, json};

use super::exporter::{ExportedArticle, Exporter, Folder, pretty};
use super::field::labels;
use super::json::SpanRecord;
use super::loss::{Lack, Losses, NO_REVIEW};
use super::table::name;
use crate::document::Language;
use crate::error::Result;
use crate::offset::{Byte, Span};

/// Namespace of our terms.
pub const NAMESPACE: &str = "urn:khabar:ns:";

/// Characters before and after a quote.
const CONTEXT: usize = 32;

const NO_ANNOTATION: &str = "no annotation is made of it";

/// What Web Annotations lack.
pub const LACKS: &[Lack] = &[
    ("claims[].review", NO_REVIEW),
    ("article.record", NO_ANNOTATION),
    ("article.format", NO_ANNOTATION),
    ("article.encoding", NO_ANNOTATION),
    ("article.newline", NO_ANNOTATION),
    ("article.input_hash", NO_ANNOTATION),
    ("article.declared_language", NO_ANNOTATION),
    ("paragraphs", NO_ANNOTATION),
    ("sentences", NO_ANNOTATION),
    ("tokens", NO_ANNOTATION),
    ("tokens[].words", NO_ANNOTATION),
    ("references", NO_ANNOTATION),
    ("attributions", "the source and cue of claims only"),
    ("claims[].source_chain", "the source and cue of the claim itself only"),
];

/// Our terms. What is an IRI or a number by its nature is none here: all values are plain strings and numbers.
fn context() -> Value {
    let mut terms = Map::new();
    terms.insert("khabar".into(), NAMESPACE.into());
    let own = [
        "claimId",
        "side",
        "basis",
        "about",
        "source_side",
        "polarity",
        "modality",
        "stance_us",
        "stance_cn",
        "topic",
        "commitment",
        "confidence",
        "rule",
        "abstained",
        "actorId",
        "entityId",
        "entityType",
        "reason",
        "articleId",
        "path",
        "output",
        "title",
        "date",
        "byline",
        "outlet",
        "url",
        "duplicateOf",
        "textSha256",
        "configHash",
        "modelHash",
        "stages",
        "unit",
    ];
    for term in own {
        terms.insert(term.into(), format!("khabar:{term}").into());
    }
    for term in [
        "actorSpan",
        "predicateSpan",
        "sourceSpan",
        "cueSpan",
        "timeSpan",
        "quantitySpan",
        "objectSpan",
        "sentenceSpan",
        "article",
    ] {
        terms.insert(term.into(), json!({"@id": format!("khabar:{term}")}));
    }
    json!(["http://www.w3.org/ns/anno.jsonld", terms])
}

/// The last characters of a text, or its first.
fn edge(text: &str, last: bool) -> String {
    let all = text.chars().count();
    if last { text.chars().skip(all.saturating_sub(CONTEXT)).collect() } else { text.chars().take(CONTEXT).collect() }
}

/// Quote and place of a span.
fn selectors(article: &ExportedArticle<'_>, span: Span<Byte>) -> Value {
    let text = article.text();
    let points = article.index().code_points(span);
    json!([
        {"type": "TextQuoteSelector", "exact": span.slice(text), "prefix": edge(&text[..span.start()], true),
         "suffix": edge(&text[span.end()..], false)},
        {"type": "TextPositionSelector", "start": points.start(), "end": points.end()},
    ])
}

/// A span as a resource of its own.
fn resource(article: &ExportedArticle<'_>, span: &SpanRecord) -> Result<Value> {
    Ok(json!({"type": "SpecificResource", "source": source(article),
              "selector": selectors(article, article.bytes(span)?)}))
}

/// The text that is annotated.
fn source(article: &ExportedArticle<'_>) -> String {
    format!("urn:khabar:article:{}", article.json.article.id)
}

fn page(article: &ExportedArticle<'_>) -> Result<Value> {
    let json = article.json;
    let known = &json.article;
    let id = known.id.as_str();
    let generator = json!({"id": "urn:khabar:software", "type": "Software",
                           "name": format!("{} {}", json.provenance.tool, json.provenance.version)});
    let tag = |value: String| json!({"type": "TextualBody", "purpose": "tagging", "value": value});
    let mut items = Vec::new();
    for claim in &json.claims {
        let mut item = Map::new();
        item.insert("id".into(), format!("urn:khabar:claim:{id}:{}", claim.id).into());
        item.insert("type".into(), "Annotation".into());
        item.insert("motivation".into(), "classifying".into());
        item.insert("generator".into(), generator.clone());
        // Tools that know only the standard see the tags.
        item.insert("body".into(), json!([tag("claim".into()), tag(name(&claim.side)), tag(name(&claim.topic))]));
        item.insert(
            "target".into(),
            json!({"source": source(article), "selector": selectors(article, article.bytes(&claim.content)?)}),
        );
        item.insert("claimId".into(), claim.id.as_str().into());
        for (label, value) in labels(claim) {
            item.insert(label.key.into(), value.into());
        }
        item.insert("confidence".into(), claim.confidence.into());
        item.insert("rule".into(), claim.rule.as_str().into());
        if !claim.abstained.is_empty() {
            item.insert("abstained".into(), claim.abstained.clone().into());
        }
        for role in super::field::Role::ALL {
            if let Some(span) = role.of(claim) {
                item.insert(format!("{}Span", role.key()), resource(article, span)?);
            }
        }
        if let Some(span) = &claim.sentence {
            item.insert("sentenceSpan".into(), resource(article, span)?);
        }
        let objects = claim.objects.iter().map(|span| resource(article, span)).collect::<Result<Vec<_>>>()?;
        let times = claim.time.iter().map(|time| {
            let mut span = resource(article, &time.span)?;
            span["value"] = time.value.as_str().into();
            Ok(span)
        });
        let times = times.collect::<Result<Vec<_>>>()?;
        let quantities = claim.quantities.iter().map(|quantity| {
            let mut span = resource(article, &quantity.span)?;
            span["value"] = quantity.value.into();
            span["unit"] = quantity.unit.as_str().into();
            Ok(span)
        });
        let quantities = quantities.collect::<Result<Vec<_>>>()?;
        for (key, spans) in [("objectSpan", objects), ("timeSpan", times), ("quantitySpan", quantities)] {
            if !spans.is_empty() {
                item.insert(key.into(), spans.into());
            }
        }
        items.push(Value::Object(item));
    }
    for entity in &json.entities {
        let mut item = json!({
            "id": format!("urn:khabar:entity:{id}:{}", entity.id), "type": "Annotation", "motivation": "identifying",
            "generator": generator,
            "body": [tag(name(&entity.entity_type)), tag(name(&entity.side))],
            "target": {"source": source(article), "selector": selectors(article, article.bytes(&entity.span)?)},
            "entityId": entity.id, "entityType": name(&entity.entity_type), "side": name(&entity.side),
            "reason": entity.reason,
        });
        if let Some(actor) = &entity.actor {
            item["actorId"] = actor.as_str().into();
        }
        items.push(item);
    }
    let mut about = Map::new();
    about.insert("id".into(), source(article).into());
    about.insert("type".into(), "Text".into());
    about.insert("format".into(), "text/plain".into());
    if let Some(language) = match known.language {
        Language::Ar => Some("ar"),
        Language::En => Some("en"),
        Language::Mixed | Language::Other => None,
    } {
        about.insert("language".into(), language.into());
    }
    let values = [
        ("articleId", Some(&known.id)),
        ("path", Some(&known.path)),
        ("output", Some(&known.output)),
        ("title", known.title.as_ref()),
        ("date", known.date.as_ref()),
        ("byline", known.byline.as_ref()),
        ("outlet", known.outlet.as_ref()),
        ("url", known.url.as_ref()),
        ("duplicateOf", known.duplicate_of.as_ref()),
        ("textSha256", Some(&json.text_sha256)),
        ("configHash", Some(&json.provenance.config_hash)),
        ("modelHash", Some(&json.provenance.model_hash)),
    ];
    for (key, value) in values {
        if let Some(value) = value {
            about.insert(key.into(), value.as_str().into());
        }
    }
    about.insert("stages".into(), json.provenance.stages.clone().into());
    Ok(json!({
        "@context": context(),
        "id": format!("urn:khabar:annotations:{id}"),
        "type": "AnnotationPage",
        "article": about,
        "items": items,
    }))
}

/// Writes Web Annotations.
#[derive(Debug)]
pub struct WebAnnotation {
    folder: Folder,
}

impl WebAnnotation {
    /// Writes into a folder.
    pub fn new(folder: Folder) -> Self {
        Self { folder }
    }
}

impl Exporter for WebAnnotation {
    fn article(&mut self, article: &ExportedArticle<'_>, _losses: &mut Losses) -> Result<()> {
        let page = pretty(&page(article)?)?;
        self.folder.write(&format!("{}.txt", article.name), article.text().as_bytes())?;
        self.folder.write(&format!("{}.jsonld", article.name), page.as_bytes())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::export::exporter::Format;
    use crate::export::exporter::tests::{TEXT, exported, file};

    /// Every selector of a value, and every key that stands in an annotation.
    fn walk(value: &Value, selectors: &mut Vec<Value>, keys: &mut Vec<String>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| walk(item, selectors, keys)),
            Value::Object(object) => {
                if let Some(selector) = object.get("selector") {
                    selectors.push(selector.clone());
                }
                keys.extend(object.keys().filter(|key| !key.starts_with('@')).cloned());
                object.iter().filter(|(key, _)| *key != "@context").for_each(|(_, item)| walk(item, selectors, keys));
            }
            _ => {}
        }
    }

    #[test]
    fn quote_context_and_place_agree() {
        let (folder, summary) = exported(Format::WebAnnotation);
        let text: Vec<char> = TEXT.chars().collect();
        let page: Value = serde_json::from_str(&file(&folder, "sub/b.jsonld")).unwrap();
        assert_eq!(file(&folder, "sub/b.txt"), TEXT);
        assert_eq!(page["items"].as_array().unwrap().len(), (summary.claims + summary.entities) / 3);
        let (mut selectors, mut keys) = (Vec::new(), Vec::new());
        walk(&page, &mut selectors, &mut keys);
        assert!(selectors.len() > 20);
        for selector in selectors {
            let at = |key: &str| usize::try_from(selector[1][key].as_u64().unwrap()).unwrap();
            let slice = |range: std::ops::Range<usize>| text[range].iter().collect::<String>();
            assert_eq!(selector[0]["exact"], slice(at("start")..at("end")));
            assert_eq!(selector[0]["prefix"], slice(at("start").saturating_sub(CONTEXT)..at("start")));
            assert_eq!(selector[0]["suffix"], slice(at("end")..text.len().min(at("end") + CONTEXT)));
        }
        // Keys that no context declares are dropped by readers.
        let own = page["@context"][1].as_object().unwrap();
        let standard = [
            "id",
            "type",
            "motivation",
            "generator",
            "name",
            "body",
            "purpose",
            "value",
            "target",
            "source",
            "selector",
            "exact",
            "prefix",
            "suffix",
            "start",
            "end",
            "items",
            "format",
            "language",
        ];
        for key in keys {
            assert!(own.contains_key(&key) || standard.contains(&key.as_str()), "{key}");
        }
    }
}
