//! Reads native JSON (`khabar/1`) for scoring: only what the scorers need, so that files of later versions with more
//! keys can be read too.

use std::path::Path;

use serde::Deserialize;

use super::annotation::{AnnotatedArticle, ClaimAnnotation, EntityAnnotation, Quote};
use crate::claim::{Basis, Modality, Polarity, SourceSide, Stance};
use crate::document::{EntityType, Side, Topic};
use crate::error::{Error, ErrorKind, Result};
use crate::offset::{Byte, CodePoint, OffsetIndex, Span};

/// Name of the schema that is read.
pub const SCHEMA: &str = "khabar/1";

#[derive(Deserialize)]
struct Record {
    start: usize,
    end: usize,
    quote: String,
}

#[derive(Deserialize)]
struct StanceRecord {
    us: Stance,
    cn: Stance,
}

#[derive(Deserialize)]
struct ClaimRecord {
    content: Record,
    side: Side,
    basis: Basis,
    about: Vec<Side>,
    actor: Option<Record>,
    predicate: Option<Record>,
    source: Option<Record>,
    source_side: SourceSide,
    cue: Option<Record>,
    polarity: Polarity,
    modality: Modality,
    stance: StanceRecord,
    topic: Topic,
    sentence: Option<Record>,
    #[serde(default)]
    confidence: Option<f64>,
}

#[derive(Deserialize)]
struct EntityRecord {
    #[serde(flatten)]
    span: Record,
    #[serde(rename = "type")]
    entity_type: EntityType,
    side: Side,
}

#[derive(Deserialize)]
struct AttributionRecord {
    source: Option<Record>,
    cue: Option<Record>,
    content: Vec<Record>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum Unit {
    #[default]
    CodePoint,
    Utf16,
    Byte,
}

#[derive(Deserialize)]
struct File {
    schema: String,
    #[serde(default)]
    offset_unit: Unit,
    text: String,
    sentences: Vec<Record>,
    #[serde(default)]
    entities: Vec<EntityRecord>,
    #[serde(default)]
    attributions: Vec<AttributionRecord>,
    claims: Vec<ClaimRecord>,
}

/// An attribution: who says what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttributionAnnotation {
    /// The source's pieces, in code points; none for a source that is not named.
    pub source: Vec<Span<CodePoint>>,
    /// The cue's pieces, in code points.
    pub cue: Vec<Span<CodePoint>>,
    /// The content's pieces, in code points.
    pub content: Vec<Span<CodePoint>>,
}

/// What a native file holds for the scorers.
#[derive(Debug, Clone, Default)]
pub struct NativeArticle {
    /// Claims, entities, sentences.
    pub article: AnnotatedArticle,
    /// Attributions.
    pub attributions: Vec<AttributionAnnotation>,
}

struct Reader<'a> {
    text: &'a str,
    index: OffsetIndex,
    unit: Unit,
    path: &'a Path,
}

impl Reader<'_> {
    fn span(&self, record: &Record) -> Result<Span<Byte>> {
        let (start, end) = (record.start, record.end);
        let bytes = if start <= end && end <= self.text.len() {
            match self.unit {
                Unit::CodePoint => self.index.bytes(Span::new(start, end)),
                Unit::Utf16 => self.index.bytes_of_utf16(Span::new(start, end)),
                Unit::Byte => Some(Span::new(start, end)),
            }
        } else {
            None
        };
        bytes.filter(|span| self.text.get(span.start()..span.end()) == Some(record.quote.as_str())).ok_or_else(|| {
            let message = format!("characters {start}..{end} are not the quote “{}”", record.quote);
            Error::new(ErrorKind::Data, message).at(self.path)
        })
    }

    fn quote(&self, record: &Record) -> Result<Quote> {
        Ok(Quote { text: record.quote.clone(), span: Some(self.span(record)?) })
    }

    fn optional(&self, record: Option<&Record>) -> Result<Option<Quote>> {
        record.map(|record| self.quote(record)).transpose()
    }

    fn points<'r>(&self, records: impl IntoIterator<Item = &'r Record>) -> Result<Vec<Span<CodePoint>>> {
        records.into_iter().map(|record| Ok(self.index.code_points(self.span(record)?))).collect()
    }
}

/// Reads one native file.
///
/// # Errors
/// [`ErrorKind::Data`] if it is no JSON of the schema, or if a span does not hold its quote.
pub fn parse(json: &str, path: &Path) -> Result<NativeArticle> {
    let file: File = serde_json::from_str(json)
        .map_err(|e| Error::new(ErrorKind::Data, e.to_string()).at(path).line(e.line() as u64))?;
    if file.schema != SCHEMA {
        let message = format!("the schema is {}, not {SCHEMA}", file.schema);
        return Err(Error::new(ErrorKind::Data, message).at(path));
    }
    let reader = Reader { text: &file.text, index: OffsetIndex::new(&file.text), unit: file.offset_unit, path };
    let claims = file
        .claims
        .iter()
        .map(|claim| {
            Ok(ClaimAnnotation {
                content: reader.quote(&claim.content)?,
                side: claim.side,
                basis: claim.basis,
                about: claim.about.iter().copied().collect(),
                actor: reader.optional(claim.actor.as_ref())?,
                predicate: reader.optional(claim.predicate.as_ref())?,
                source: reader.optional(claim.source.as_ref())?,
                source_side: claim.source_side,
                cue: reader.optional(claim.cue.as_ref())?,
                polarity: claim.polarity,
                modality: claim.modality,
                stance_us: claim.stance.us,
                stance_cn: claim.stance.cn,
                topic: claim.topic,
                sentence: claim.sentence.as_ref().map(|sentence| reader.span(sentence)).transpose()?,
                confidence: claim.confidence,
            })
        })
        .collect::<Result<_>>()?;
    let entities = file
        .entities
        .iter()
        .map(|entity| {
            Ok(EntityAnnotation {
                quote: reader.quote(&entity.span)?,
                entity_type: entity.entity_type,
                side: entity.side,
            })
        })
        .collect::<Result<_>>()?;
    let attributions = file
        .attributions
        .iter()
        .map(|attribution| {
            Ok(AttributionAnnotation {
                source: reader.points(&attribution.source)?,
                cue: reader.points(&attribution.cue)?,
                content: reader.points(&attribution.content)?,
            })
        })
        .collect::<Result<_>>()?;
    let sentences = file.sentences.iter().map(|sentence| reader.span(sentence)).collect::<Result<_>>()?;
    drop(reader);
    Ok(NativeArticle { article: AnnotatedArticle { text: file.text, sentences, claims, entities }, attributions })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn file(start: usize) -> String {
        serde_json::json!({
            "schema": "khabar/1", "offset_unit": "code_point", "text": "🚀 قالت بكين إنها سترد.",
            "sentences": [{"start": 0, "end": 22, "quote": "🚀 قالت بكين إنها سترد."}],
            "entities": [{"id": "e1", "start": 7, "end": 11, "quote": "بكين", "type": "LOC", "side": "CN"}],
            "attributions": [{"source": {"start": 7, "end": 11, "quote": "بكين"}, "cue": null,
                "content": [{"start": 12, "end": 21, "quote": "إنها سترد"}]}],
            "claims": [{"content": {"start": start, "end": start + 9, "quote": "إنها سترد"}, "side": "CN",
                "basis": "stated", "about": ["CN"], "actor": null, "predicate": null,
                "source": {"start": 7, "end": 11, "quote": "بكين"}, "source_side": "CN", "cue": null,
                "polarity": "affirmed", "modality": "asserted", "stance": {"us": "neutral", "cn": "neutral"},
                "topic": "rivalry", "sentence": null}],
        })
        .to_string()
    }

    #[test]
    fn code_points_become_bytes() {
        let native = parse(&file(12), Path::new("a.json")).unwrap();
        let article = &native.article;
        assert_eq!(article.claims[0].content.span.unwrap().slice(&article.text), "إنها سترد");
        assert_eq!(article.entities[0].quote.text, "بكين");
        assert_eq!(native.attributions[0].content, [Span::new(12, 21)]);
    }

    #[test]
    fn a_span_without_its_quote_is_refused() {
        assert_eq!(parse(&file(11), Path::new("a.json")).unwrap_err().kind(), ErrorKind::Data);
        assert_eq!(parse(&file(9999), Path::new("a.json")).unwrap_err().kind(), ErrorKind::Data);
        assert_eq!(parse(r#"{"schema":"khabar/9"}"#, Path::new("a.json")).unwrap_err().kind(), ErrorKind::Data);
    }
}
