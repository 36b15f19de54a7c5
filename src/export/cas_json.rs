//! UIMA CAS JSON (<https://github.com/apache/uima-uimaj-io-jsoncas>), which INCEpTION reads: `NAME.json` for each article
//! and `TypeSystem.xml` for all. The model of a CAS here is also that of [`super::cas_xmi`].
//!
//! Rules:
//! - `begin` and `end` count **UTF-16 code units**, half-open.
//! - Keys in the order `%TYPES`, `%FEATURE_STRUCTURES`, `%VIEWS`; the Sofa first; `@name` is a reference to an `%ID`; an
//!   array is a structure of its own.
//! - INCEpTION's own layers are used where there are such (`Sentence`, `Token`, `NamedEntity` with its two features and
//!   ours); a claim is `webanno.custom.Claim` over its content, with its labels as string features and its other spans as
//!   slots: `roles` holds links, each with a role and a target of the layer `webanno.custom.Part`.
//! - What is known of the article is one document-level structure `webanno.custom.Article`.
//! - INCEpTION has `Float`, not `Double`.

use serde_json::{Map, Value, json};

use super::exporter::{ExportedArticle, Exporter, Folder, json_line};
use super::field::{LABELS, labels};
use super::json::SpanRecord;
use super::loss::{Lack, Losses, NO_REVIEW};
use super::table::name;
use crate::document::Language;
use crate::error::Result;
use crate::offset::{Span, Utf16};

/// Type of a claim.
pub const CLAIM: &str = "webanno.custom.Claim";
/// Type of a link from a claim to one of its parts.
pub const CLAIM_LINK: &str = "webanno.custom.ClaimRolesLink";
/// Type of a part of a claim or an attribution.
pub const PART: &str = "webanno.custom.Part";
/// Type of an attribution.
const ATTRIBUTION: &str = "webanno.custom.Attribution";
const ATTRIBUTION_LINK: &str = "webanno.custom.AttributionRolesLink";
/// Type of a name.
pub const ENTITY: &str = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity";
const SENTENCE: &str = "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Sentence";
const TOKEN: &str = "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token";
const METADATA: &str = "de.tudarmstadt.ukp.dkpro.core.api.metadata.type.DocumentMetaData";
/// Type of what is known of the article.
const ARTICLE: &str = "webanno.custom.Article";
/// Type of the text.
pub const SOFA: &str = "uima.cas.Sofa";

/// What a CAS lacks, JSON or XMI.
pub const LACKS: &[Lack] = &[
    ("claims[].review", NO_REVIEW),
    ("paragraphs", "INCEpTION has one direction for a project and no layer for the language of a paragraph"),
    ("tokens[].words", "written tokens only: use conllu for words, tags and trees"),
    ("entities[].id", "structures have numbers of their own"),
    ("references", "no layer is made of it"),
    ("claims[].source_chain", "the source and cue of the claim itself only"),
    ("claims[].sentence", "the sentence layer has it"),
    ("provenance", "a CAS has no place for it"),
];

/// What values a feature has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Range {
    Text,
    Float,
    /// A reference to an annotation.
    Annotation,
    /// Links of this type.
    Links(&'static str),
}

/// A type of the type system.
#[derive(Debug, Clone)]
pub(super) struct Type {
    pub name: &'static str,
    pub parent: &'static str,
    pub description: &'static str,
    pub features: Vec<(&'static str, Range)>,
}

/// The value of a feature.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Text(String),
    Float(f64),
    /// The number of a structure.
    Reference(usize),
    /// The numbers of structures.
    Links(Vec<usize>),
}

/// A feature structure that is not the Sofa.
#[derive(Debug, Clone)]
pub(super) struct Structure {
    /// Its number; the Sofa has 1.
    pub id: usize,
    pub kind: &'static str,
    /// Whether it belongs to the view, and then its place if it is an annotation.
    pub member: bool,
    pub place: Option<Span<Utf16>>,
    pub features: Vec<(&'static str, Content)>,
}

/// The keys of what is known of an article.
const ARTICLE_FEATURES: [&str; 17] = [
    "article_id",
    "path",
    "output",
    "record",
    "format",
    "encoding",
    "newline",
    "input_hash",
    "title",
    "date",
    "byline",
    "outlet",
    "url",
    "language",
    "declared_language",
    "duplicate_of",
    "text_sha256",
];

/// The type system: INCEpTION's types as far as they are used, and ours.
pub(super) fn types() -> Vec<Type> {
    let annotation = "uima.tcas.Annotation";
    let plain = |name, description| Type { name, parent: annotation, description, features: Vec::new() };
    let link = |name| Type {
        name,
        parent: "uima.cas.TOP",
        description: "",
        features: vec![("role", Range::Text), ("target", Range::Annotation)],
    };
    let mut claim: Vec<(&str, Range)> = vec![("claim_id", Range::Text)];
    claim.extend(LABELS.iter().map(|label| (label.key, Range::Text)));
    claim.extend([
        ("confidence", Range::Float),
        ("rule", Range::Text),
        ("abstained", Range::Text),
        ("roles", Range::Links(CLAIM_LINK)),
    ]);
    vec![
        Type {
            name: METADATA,
            parent: "uima.tcas.DocumentAnnotation",
            description: "",
            features: vec![("documentTitle", Range::Text), ("documentId", Range::Text), ("documentUri", Range::Text)],
        },
        plain(SENTENCE, ""),
        plain(TOKEN, ""),
        Type {
            name: ENTITY,
            parent: annotation,
            description: "A name: value is its type, identifier its actor",
            features: vec![
                ("value", Range::Text),
                ("identifier", Range::Text),
                ("side", Range::Text),
                ("reason", Range::Text),
            ],
        },
        Type {
            name: PART,
            parent: annotation,
            description: "A span that a claim or an attribution points to",
            features: vec![("role", Range::Text), ("value", Range::Text)],
        },
        link(CLAIM_LINK),
        Type { name: CLAIM, parent: annotation, description: "A claim, over its content", features: claim },
        link(ATTRIBUTION_LINK),
        Type {
            name: ATTRIBUTION,
            parent: annotation,
            description: "Who says what by which cue, over the cue",
            features: vec![
                ("attribution_id", Range::Text),
                ("source_side", Range::Text),
                ("actor", Range::Text),
                ("commitment", Range::Text),
                ("form", Range::Text),
                ("rule", Range::Text),
                ("roles", Range::Links(ATTRIBUTION_LINK)),
            ],
        },
        Type {
            name: ARTICLE,
            parent: "uima.cas.AnnotationBase",
            description: "What is known of the article",
            features: ARTICLE_FEATURES.into_iter().map(|feature| (feature, Range::Text)).collect(),
        },
    ]
}

/// The structures of an article.
#[derive(Debug)]
pub(super) struct Cas<'a> {
    article: &'a ExportedArticle<'a>,
    pub structures: Vec<Structure>,
}

impl<'a> Cas<'a> {
    /// Makes the CAS of an article.
    pub(super) fn new(article: &'a ExportedArticle<'a>, losses: &mut Losses) -> Result<Self> {
        let mut cas = Self { article, structures: Vec::new() };
        cas.metadata();
        for sentence in &article.json.sentences {
            cas.annotate(SENTENCE, &sentence.span, Vec::new())?;
        }
        for token in &article.json.tokens {
            cas.annotate(TOKEN, &token.span, Vec::new())?;
        }
        for entity in &article.json.entities {
            let mut features = vec![("value", Content::Text(name(&entity.entity_type)))];
            features.extend(entity.actor.clone().map(|actor| ("identifier", Content::Text(actor))));
            features.push(("side", Content::Text(name(&entity.side))));
            features.push(("reason", Content::Text(entity.reason.clone())));
            cas.annotate(ENTITY, &entity.span, features)?;
        }
        cas.claims()?;
        cas.attributions()?;
        losses.note("sentences", "without headline and paragraph", article.json.sentences.len());
        losses.note("tokens", "without kind", article.json.tokens.len());
        let chained = article.json.attributions.len();
        losses.note("attributions", "without source_chain", chained);
        Ok(cas)
    }

    fn add(
        &mut self,
        kind: &'static str,
        member: bool,
        place: Option<Span<Utf16>>,
        features: Vec<(&'static str, Content)>,
    ) -> usize {
        let id = self.structures.len() + 2;
        self.structures.push(Structure { id, kind, member, place, features });
        id
    }

    fn annotate(
        &mut self,
        kind: &'static str,
        span: &SpanRecord,
        features: Vec<(&'static str, Content)>,
    ) -> Result<usize> {
        let place = self.article.utf16(span)?;
        Ok(self.add(kind, true, Some(place), features))
    }

    fn metadata(&mut self) {
        let json = self.article.json;
        let known = &json.article;
        let text = self.article.text();
        let whole = self.article.index().utf16(Span::new(0, text.len()));
        let language = match known.language {
            Language::Ar => "ar",
            Language::En => "en",
            Language::Mixed | Language::Other => "x-unspecified",
        };
        let mut features = vec![("language", Content::Text(language.to_owned()))];
        features.extend(known.title.clone().map(|title| ("documentTitle", Content::Text(title))));
        features.push(("documentId", Content::Text(self.article.name.to_owned())));
        features.extend(known.url.clone().map(|url| ("documentUri", Content::Text(url))));
        self.add(METADATA, true, Some(whole), features);
        let values: [Option<String>; 17] = [
            Some(known.id.clone()),
            Some(known.path.clone()),
            Some(known.output.clone()),
            known.record.map(|record| record.to_string()),
            Some(name(&known.format)),
            Some(known.encoding.clone()),
            Some(known.newline.clone()),
            Some(known.input_hash.clone()),
            known.title.clone(),
            known.date.clone(),
            known.byline.clone(),
            known.outlet.clone(),
            known.url.clone(),
            Some(name(&known.language)),
            known.declared_language.clone(),
            known.duplicate_of.clone(),
            Some(json.text_sha256.clone()),
        ];
        let features = ARTICLE_FEATURES
            .into_iter()
            .zip(values)
            .filter_map(|(feature, value)| Some((feature, Content::Text(value?))))
            .collect();
        self.add(ARTICLE, true, None, features);
    }

    /// A part and the link to it; gives the link's number.
    fn part(&mut self, link: &'static str, role: &str, span: &SpanRecord, value: Option<String>) -> Result<usize> {
        let mut features = vec![("role", Content::Text(role.to_owned()))];
        features.extend(value.map(|value| ("value", Content::Text(value))));
        let target = self.annotate(PART, span, features)?;
        let features = vec![("role", Content::Text(role.to_owned())), ("target", Content::Reference(target))];
        Ok(self.add(link, false, None, features))
    }

    fn claims(&mut self) -> Result<()> {
        let article = self.article;
        for claim in &article.json.claims {
            let mut links = Vec::new();
            for role in super::field::Role::ALL {
                if let Some(span) = role.of(claim) {
                    links.push(self.part(CLAIM_LINK, role.key(), span, None)?);
                }
            }
            for span in &claim.objects {
                links.push(self.part(CLAIM_LINK, "object", span, None)?);
            }
            for time in &claim.time {
                links.push(self.part(CLAIM_LINK, "time", &time.span, Some(time.value.clone()))?);
            }
            for quantity in &claim.quantities {
                let value = format!("{} {}", quantity.value, quantity.unit).trim_end().to_owned();
                links.push(self.part(CLAIM_LINK, "quantity", &quantity.span, Some(value))?);
            }
            let mut features = vec![("claim_id", Content::Text(claim.id.clone()))];
            features.extend(labels(claim).map(|(label, value)| (label.key, Content::Text(value))));
            features.push(("confidence", Content::Float(claim.confidence)));
            features.push(("rule", Content::Text(claim.rule.clone())));
            if !claim.abstained.is_empty() {
                features.push(("abstained", Content::Text(claim.abstained.join(" | "))));
            }
            features.push(("roles", Content::Links(links)));
            self.annotate(CLAIM, &claim.content, features)?;
        }
        Ok(())
    }

    fn attributions(&mut self) -> Result<()> {
        let article = self.article;
        for attribution in &article.json.attributions {
            let mut links = Vec::new();
            if let Some(source) = &attribution.source {
                links.push(self.part(ATTRIBUTION_LINK, "source", source, None)?);
            }
            for content in &attribution.content {
                links.push(self.part(ATTRIBUTION_LINK, "content", content, None)?);
            }
            let Some(place) = attribution.cue.as_ref().or(attribution.content.first()) else { continue };
            let mut features = vec![
                ("attribution_id", Content::Text(attribution.id.clone())),
                ("source_side", Content::Text(name(&attribution.source_side))),
            ];
            features.extend(attribution.actor.clone().map(|actor| ("actor", Content::Text(actor))));
            features.extend([
                ("commitment", Content::Text(name(&attribution.commitment))),
                ("form", Content::Text(name(&attribution.form))),
                ("rule", Content::Text(attribution.rule.clone())),
                ("roles", Content::Links(links)),
            ]);
            self.annotate(ATTRIBUTION, place, features)?;
        }
        Ok(())
    }

    /// The CAS as JSON.
    fn json(&self) -> Value {
        let mut structures = vec![json!({
            "%ID": 1, "%TYPE": SOFA, "sofaNum": 1, "sofaID": "_InitialView", "mimeType": "text/plain",
            "sofaString": self.article.text(),
        })];
        let mut members = Vec::new();
        let mut next = self.structures.len() + 2;
        for structure in &self.structures {
            let mut object = Map::new();
            object.insert("%ID".into(), structure.id.into());
            object.insert("%TYPE".into(), structure.kind.into());
            if structure.member {
                object.insert("@sofa".into(), 1.into());
                members.push(structure.id);
            }
            if let Some(place) = structure.place {
                object.insert("begin".into(), place.start().into());
                object.insert("end".into(), place.end().into());
            }
            let mut array = None;
            for (feature, content) in &structure.features {
                match content {
                    Content::Text(text) => object.insert((*feature).into(), text.as_str().into()),
                    Content::Float(number) => object.insert((*feature).into(), (*number).into()),
                    Content::Reference(id) => object.insert(format!("@{feature}"), (*id).into()),
                    Content::Links(links) => {
                        array = Some(json!({"%ID": next, "%TYPE": "uima.cas.FSArray", "%ELEMENTS": links}));
                        object.insert(format!("@{feature}"), next.into())
                    }
                };
            }
            structures.push(Value::Object(object));
            if let Some(array) = array {
                structures.push(array);
                next += 1;
            }
        }
        json!({
            "%TYPES": types_json(),
            "%FEATURE_STRUCTURES": structures,
            "%VIEWS": {"_InitialView": {"%SOFA": 1, "%MEMBERS": members}},
        })
    }
}

fn types_json() -> Value {
    let mut all = Map::new();
    for kind in types() {
        let mut object = Map::new();
        object.insert("%NAME".into(), kind.name.into());
        object.insert("%SUPER_TYPE".into(), kind.parent.into());
        if !kind.description.is_empty() {
            object.insert("%DESCRIPTION".into(), kind.description.into());
        }
        for (feature, range) in kind.features {
            let range = match range {
                Range::Text => "uima.cas.String".to_owned(),
                Range::Float => "uima.cas.Float".to_owned(),
                Range::Annotation => "uima.tcas.Annotation".to_owned(),
                Range::Links(link) => format!("{link}[]"),
            };
            object.insert(feature.into(), json!({"%NAME": feature, "%RANGE": range}));
        }
        all.insert(kind.name.into(), Value::Object(object));
    }
    Value::Object(all)
}

/// Writes CAS JSON.
#[derive(Debug)]
pub struct CasJson {
    folder: Folder,
}

impl CasJson {
    /// Writes the type system, for the import of layers into INCEpTION.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn new(folder: Folder) -> Result<Self> {
        folder.write(super::cas_xmi::TYPE_SYSTEM_FILE, &super::cas_xmi::type_system()?)?;
        Ok(Self { folder })
    }
}

impl Exporter for CasJson {
    fn article(&mut self, article: &ExportedArticle<'_>, losses: &mut Losses) -> Result<()> {
        let cas = Cas::new(article, losses)?;
        self.folder.write(&format!("{}.json", article.name), json_line(&cas.json())?.as_bytes())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::export::exporter::Format;
    use crate::export::exporter::tests::{exported, file};

    #[test]
    fn places_count_utf16_and_references_are_there() {
        let (folder, _) = exported(Format::CasJson);
        for name in ["a", "sub/b", "sub/c d"] {
            let cas: Value = serde_json::from_str(&file(&folder, &format!("{name}.json"))).unwrap();
            let structures = cas["%FEATURE_STRUCTURES"].as_array().unwrap();
            assert_eq!(structures[0]["%TYPE"], SOFA);
            let units: Vec<u16> = structures[0]["sofaString"].as_str().unwrap().encode_utf16().collect();
            let find = |id: &Value| structures.iter().find(|structure| structure["%ID"] == *id).unwrap();
            let covered = |structure: &Value| {
                let at = |key: &str| usize::try_from(structure[key].as_u64().unwrap()).unwrap();
                String::from_utf16(&units[at("begin")..at("end")]).unwrap()
            };
            let mut roles = Vec::new();
            for claim in structures.iter().filter(|structure| structure["%TYPE"] == CLAIM) {
                for link in find(&claim["@roles"])["%ELEMENTS"].as_array().unwrap() {
                    let link = find(link);
                    assert_eq!(find(&link["@target"])["role"], link["role"]);
                    roles.push(format!("{}={}", link["role"].as_str().unwrap(), covered(find(&link["@target"]))));
                }
            }
            assert!(roles.contains(&"source=Beijing".to_owned()), "{roles:?}");
            let names: Vec<String> =
                structures.iter().filter(|structure| structure["%TYPE"] == ENTITY).map(covered).collect();
            assert!(names.contains(&"Nvidia".to_owned()), "{names:?}");
            let mut ids: Vec<u64> = structures.iter().map(|structure| structure["%ID"].as_u64().unwrap()).collect();
            let all = ids.len();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), all);
            for structure in structures {
                let kind = structure["%TYPE"].as_str().unwrap();
                let known = cas["%TYPES"].get(kind).is_some() || kind.starts_with("uima.");
                assert!(known, "{kind}");
            }
        }
    }
}
