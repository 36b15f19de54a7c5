//! Native JSON, schema `khabar/1`: one object for each article. This module is the schema's home; `khabar schema`
//! prints the JSON Schema that is generated from the types here.
//!
//! ```text
//! { "schema": "khabar/1", "offset_unit": "code_point",
//!   "article": {…}, "text": "…", "text_sha256": "…",
//!   "paragraphs": […], "sentences": […], "tokens": [… with "words": […]],
//!   "entities": […], "references": […], "attributions": […], "claims": […], "provenance": {…} }
//! ```
//!
//! Rules:
//! - A span is `{"start", "end", "quote"}`: half-open, in the unit that `offset_unit` names (code points unless asked
//!   otherwise), and `quote` is exactly `text[start..end]`. Objects that are themselves spans (a token, an entity)
//!   carry the three keys beside their own.
//! - `text` is the decoded text with LF newlines, not normalized in any way; `text_sha256` is of its UTF-8 bytes.
//! - Every key is always there; what is not known is `null` or an empty list.
//! - `claims[].id` is stable: the first 16 hex digits of the SHA-256 of the text's hash, the side, the content's span in
//!   code points, and a counter for claims that agree in all of these. It does not depend on the rule that found the
//!   claim, the file's name or the offset unit. Two articles of the same text have the same claim ids; the pair
//!   (article id, claim id) is unique in a run. A claim that a person edited keeps its id; one that a person added has the
//!   id that the machine would have given it ([`claim_id`]).
//! - `article.id` is the first 16 hex digits of the SHA-256 of the text's hash and the output path.
//! - Nothing here depends on the time of the run, the machine or the number of threads.

use std::borrow::Cow;
use std::io;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::article::Format;
use crate::claim::{Basis, Claim, Modality, Polarity, SourceSide, Stance};
use crate::document::{
    AttributionForm, Chain, Clitic, Commitment, Direction, Document, EntityType, Language, ParagraphKind,
    ReferenceForm, Side, TokenKind, Topic, Upos,
};
use crate::error::{Error, ErrorKind, Result};
use crate::offset::{Byte, CodePoint, OffsetIndex, Span};
use crate::provenance::{Provenance, hex, sha256_hex};

/// Name of the schema, first key of every object.
pub const SCHEMA: &str = "khabar/1";

/// What positions count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OffsetUnit {
    /// Unicode code points, as Python counts them.
    #[default]
    CodePoint,
    /// UTF-16 code units, as JavaScript and Java count them.
    Utf16,
    /// Bytes of UTF-8.
    Byte,
}

impl OffsetUnit {
    /// All units with their names on the command line.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::CodePoint, "code-point"), (Self::Utf16, "utf16"), (Self::Byte, "byte")];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::CodePoint => "code-point",
            Self::Utf16 => "utf16",
            Self::Byte => "byte",
        }
    }
}

/// Some characters of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SpanRecord {
    /// First position inside, in `offset_unit`s.
    pub start: usize,
    /// First position after.
    pub end: usize,
    /// The characters, exactly as in `text`.
    pub quote: String,
}

/// What is known of the article besides its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArticleRecord {
    /// Stable id, 16 hex digits.
    pub id: String,
    /// The file as named on the command line or found in a folder; `-` for standard input.
    pub path: String,
    /// Path of this JSON file under the output folder, with `/`.
    pub output: String,
    /// Number of the record in its file, counted from 1, for JSON, JSONL and CSV.
    pub record: Option<usize>,
    /// Format of the file.
    pub format: Format,
    /// Encoding of the file.
    pub encoding: String,
    /// Newline style of the file: `lf`, `crlf`, `cr`, `nel`, `mixed`.
    pub newline: String,
    /// SHA-256 of the bytes that the article was read from, hex.
    pub input_hash: String,
    /// The headline.
    pub title: Option<String>,
    /// Date of publication, ISO 8601.
    pub date: Option<String>,
    /// Who wrote it.
    pub byline: Option<String>,
    /// The outlet.
    pub outlet: Option<String>,
    /// Its address.
    pub url: Option<String>,
    /// The language of most of the text.
    pub language: Language,
    /// The language that the page or record declares.
    pub declared_language: Option<String>,
    /// Id of the first article of the run with exactly the same text, if this is not it.
    pub duplicate_of: Option<String>,
}

/// A line of the text that is not blank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParagraphRecord {
    /// Its characters.
    #[serde(flatten)]
    pub span: SpanRecord,
    /// Its language.
    pub language: Language,
    /// Its base direction.
    pub direction: Direction,
    /// What it is for.
    pub kind: ParagraphKind,
}

/// A sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SentenceRecord {
    /// Its characters.
    #[serde(flatten)]
    pub span: SpanRecord,
    /// Index of its paragraph.
    pub paragraph: usize,
    /// Whether it is a headline.
    pub headline: bool,
}

/// A token with the words that it is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenRecord {
    /// Its characters.
    #[serde(flatten)]
    pub span: SpanRecord,
    /// What it is made of.
    pub kind: TokenKind,
    /// Index of its sentence.
    pub sentence: usize,
    /// Its syntactic words: one, or several where clitics are written together with their host; none for white marks.
    pub words: Vec<WordRecord>,
}

/// A syntactic word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WordRecord {
    /// Its characters.
    #[serde(flatten)]
    pub span: SpanRecord,
    /// Its number in the article, counted from 0; `head` points to it.
    pub id: usize,
    /// The word restored and cleaned (الصين for لصين in للصين).
    pub form: String,
    /// Dictionary form, folded.
    pub lemma: String,
    /// Universal part of speech.
    pub upos: Upos,
    /// Penn Treebank tag for English, `null` for Arabic.
    pub xpos: Option<String>,
    /// Universal features, sorted; `null` where none is known.
    pub feats: Option<String>,
    /// Whether it is a clitic.
    pub clitic: Option<Clitic>,
    /// The article ال inside the word.
    pub article: Option<SpanRecord>,
    /// Id of the word that it depends on; `null` for the root of a sentence and without a tree.
    pub head: Option<usize>,
    /// Universal dependency relation to it; `null` without a tree.
    pub relation: Option<String>,
}

/// A mention of a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntityRecord {
    /// `e1`, `e2`, … in text order.
    pub id: String,
    /// Its characters.
    #[serde(flatten)]
    pub span: SpanRecord,
    /// PER, ORG, LOC or PROD.
    #[serde(rename = "type")]
    pub entity_type: EntityType,
    /// Id in the actor list.
    pub actor: Option<String>,
    /// Its side at the time of the article.
    pub side: Side,
    /// What found it and why it has this side.
    pub reason: String,
}

/// A mention without a name that points back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReferenceRecord {
    /// Its characters; for a dropped subject the verb.
    #[serde(flatten)]
    pub span: SpanRecord,
    /// How it points.
    pub form: ReferenceForm,
    /// The antecedent as written.
    pub antecedent: SpanRecord,
    /// Id of the entity that the antecedent is or holds, if there is one.
    pub entity: Option<String>,
    /// Id of the antecedent's actor.
    pub actor: Option<String>,
    /// The antecedent's side.
    pub side: Side,
    /// Why this antecedent.
    pub reason: String,
}

/// One source of a chain of sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChainRecord {
    /// The source's words.
    pub source: Option<SpanRecord>,
    /// Its side.
    pub source_side: SourceSide,
    /// Its cue.
    pub cue: Option<SpanRecord>,
}

/// Who says what by which cue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttributionRecord {
    /// `a1`, `a2`, … in text order.
    pub id: String,
    /// The source.
    pub source: Option<SpanRecord>,
    /// The source's side; `none` without a source.
    pub source_side: SourceSide,
    /// Id of the source's actor.
    pub actor: Option<String>,
    /// The reporting word; `null` for an open quotation that goes on.
    pub cue: Option<SpanRecord>,
    /// The content, in pieces where it is split.
    pub content: Vec<SpanRecord>,
    /// Direct, indirect or mixed.
    pub form: AttributionForm,
    /// How far the source commits itself.
    pub commitment: Commitment,
    /// All sources, outermost first.
    pub source_chain: Vec<ChainRecord>,
    /// Id of the rule.
    pub rule: String,
}

/// How both sides are presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StanceRecord {
    /// The United States.
    pub us: Stance,
    /// China.
    pub cn: Stance,
}

/// A time expression with its normalized value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimeRecord {
    /// Its characters.
    #[serde(flatten)]
    pub span: SpanRecord,
    /// ISO 8601 value.
    pub value: String,
}

/// A quantity with its normalized value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuantityRecord {
    /// Its characters.
    #[serde(flatten)]
    pub span: SpanRecord,
    /// The number.
    pub value: f64,
    /// ISO 4217 currency, `%` or a unit; empty for a bare count.
    pub unit: String,
}

/// A claim; the fields up to `topic` are those of the annotation guideline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimRecord {
    /// Stable id, 16 hex digits, unique in the article.
    pub id: String,
    /// The clause itself.
    pub content: SpanRecord,
    /// Whom it is attributed to: US or CN.
    pub side: Side,
    /// Stated by a source of the side, or described by others.
    pub basis: Basis,
    /// The sides that it is about, the actor's first.
    pub about: Vec<Side>,
    /// Who acts or is described.
    pub actor: Option<SpanRecord>,
    /// The verb, or what is predicated.
    pub predicate: Option<SpanRecord>,
    /// Who says it; `null` for the narrator.
    pub source: Option<SpanRecord>,
    /// The source's side.
    pub source_side: SourceSide,
    /// The reporting word.
    pub cue: Option<SpanRecord>,
    /// Affirmed or negated.
    pub polarity: Polarity,
    /// Modality.
    pub modality: Modality,
    /// How the sides are presented.
    pub stance: StanceRecord,
    /// The closest topic.
    pub topic: Topic,
    /// How far the source commits itself; `null` for the narrator.
    pub commitment: Option<Commitment>,
    /// All sources, outermost first.
    pub source_chain: Vec<ChainRecord>,
    /// Time expressions inside the content.
    pub time: Vec<TimeRecord>,
    /// Quantities inside the content.
    pub quantities: Vec<QuantityRecord>,
    /// The predicate's objects.
    pub objects: Vec<SpanRecord>,
    /// The evidence sentence.
    pub sentence: Option<SpanRecord>,
    /// How sure khabar is, 0–1, three decimals.
    pub confidence: f64,
    /// Id of the rule that made it.
    pub rule: String,
    /// Fields that could not be decided, with the reason.
    pub abstained: Vec<String>,
    /// What people decided about it; `null` in the output of a run and for a claim that nobody decided about.
    #[serde(default)]
    pub review: Option<ReviewRecord>,
}

/// What became of a claim in review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewStatus {
    /// Right as the machine wrote it.
    Accepted,
    /// Right after the changes that `changed` names.
    Edited,
    /// Missed by the machine.
    Added,
    /// Reviewers differ and nobody adjudicated yet; the fields are those of the machine, or of the first reviewer where
    /// the machine has no such claim.
    Disputed,
}

/// How a claim was decided: by a reviewer, by reviewers who agree, or by the adjudicator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewRecord {
    /// What became of it.
    pub status: ReviewStatus,
    /// Who decided about it, in the order of their names; the adjudicator is not among them.
    pub reviewers: Vec<String>,
    /// Who adjudicated, if somebody did.
    pub adjudicator: Option<String>,
    /// Time of the last decision that counts, RFC 3339, UTC.
    pub decided_at: String,
    /// Ids of the decisions that count, as in the decision log.
    pub decisions: Vec<String>,
    /// Fields that differ from the machine's claim, sorted; the machine's values stand in the output of the run.
    pub changed: Vec<String>,
}

/// Everything about one article: the object that is written to its JSON file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArticleJson {
    /// Always `khabar/1`.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// What `start` and `end` count.
    pub offset_unit: OffsetUnit,
    /// What is known besides the text.
    pub article: ArticleRecord,
    /// The text.
    pub text: String,
    /// SHA-256 of the text's UTF-8 bytes, hex.
    pub text_sha256: String,
    /// Paragraphs in text order.
    pub paragraphs: Vec<ParagraphRecord>,
    /// Sentences in text order.
    pub sentences: Vec<SentenceRecord>,
    /// Tokens in text order.
    pub tokens: Vec<TokenRecord>,
    /// Mentions of names in text order.
    pub entities: Vec<EntityRecord>,
    /// Mentions that point back, in text order.
    pub references: Vec<ReferenceRecord>,
    /// Attributions in text order.
    pub attributions: Vec<AttributionRecord>,
    /// Claims in text order.
    pub claims: Vec<ClaimRecord>,
    /// What made this file.
    pub provenance: Provenance,
}

/// A line of `claims.jsonl`: a claim with what is known of its article.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimLine {
    /// The article.
    pub article: ClaimArticle,
    /// What the claim's `start` and `end` count.
    pub offset_unit: OffsetUnit,
    /// The claim.
    #[serde(flatten)]
    pub claim: ClaimRecord,
}

/// The article of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimArticle {
    /// Its id.
    pub id: String,
    /// The file it came from.
    pub path: String,
    /// Its JSON file under the output folder.
    pub output: String,
    /// The headline.
    pub title: Option<String>,
    /// Date of publication.
    pub date: Option<String>,
    /// The outlet.
    pub outlet: Option<String>,
    /// Its address.
    pub url: Option<String>,
    /// Its language.
    pub language: Language,
    /// Id of the first article of the run with the same text, if this is not it. Its claims are listed again so that
    /// counts by report and by text are both possible.
    pub duplicate_of: Option<String>,
}

fn short_hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    hex(&hasher.finalize()[..8])
}

/// The id of a claim of the text with this hash; `again` counts claims that agree in all else, from 0.
pub fn claim_id(text_sha256: &str, side: Side, content: Span<CodePoint>, again: usize) -> String {
    let side = if side == Side::Us { "US" } else { "CN" };
    let (start, end) = (content.start().to_string(), content.end().to_string());
    if again == 0 {
        short_hash(&[text_sha256, side, &start, &end])
    } else {
        short_hash(&[text_sha256, side, &start, &end, &again.to_string()])
    }
}

/// Turns byte spans into records of one unit.
struct Writer<'d> {
    document: &'d Document,
    unit: OffsetUnit,
}

impl Writer<'_> {
    fn span(&self, span: Span<Byte>) -> SpanRecord {
        let (start, end) = match self.unit {
            OffsetUnit::CodePoint => {
                let points = self.document.index().code_points(span);
                (points.start(), points.end())
            }
            OffsetUnit::Utf16 => {
                let units = self.document.index().utf16(span);
                (units.start(), units.end())
            }
            OffsetUnit::Byte => (span.start(), span.end()),
        };
        SpanRecord { start, end, quote: self.document.quote(span).to_owned() }
    }

    fn maybe(&self, span: Option<Span<Byte>>) -> Option<SpanRecord> {
        span.map(|span| self.span(span))
    }

    fn all(&self, spans: &[Span<Byte>]) -> Vec<SpanRecord> {
        spans.iter().map(|&span| self.span(span)).collect()
    }

    fn chain(&self, chain: &[Chain]) -> Vec<ChainRecord> {
        chain
            .iter()
            .map(|link| ChainRecord {
                source: self.maybe(link.source),
                source_side: source_side(link.source, link.side),
                cue: self.maybe(link.cue),
            })
            .collect()
    }

    fn tokens(&self) -> Vec<TokenRecord> {
        let layers = self.document.layers();
        let mut tokens: Vec<TokenRecord> = layers
            .tokens
            .iter()
            .map(|token| TokenRecord {
                span: self.span(token.span),
                kind: token.kind,
                sentence: token.sentence,
                words: Vec::new(),
            })
            .collect();
        let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        for (id, word) in layers.words.iter().enumerate() {
            let dependency = layers.dependencies.get(id);
            if let Some(token) = tokens.get_mut(word.token) {
                token.words.push(WordRecord {
                    span: self.span(word.span),
                    id,
                    form: word.form.clone(),
                    lemma: word.lemma.clone(),
                    upos: word.upos,
                    xpos: known(word.xpos),
                    feats: known(&word.feats),
                    clitic: word.clitic,
                    article: self.maybe(word.article),
                    head: dependency.and_then(|d| d.head),
                    relation: dependency.map(|d| d.relation.label().to_owned()),
                });
            }
        }
        tokens
    }

    fn claims(&self, claims: &[Claim], text_sha256: &str) -> Vec<ClaimRecord> {
        let layers = self.document.layers();
        let mut seen: Vec<String> = Vec::with_capacity(claims.len());
        let mut in_order: Vec<&Claim> = claims.iter().collect();
        in_order.sort_by_key(|claim| (claim.content, claim.side));
        in_order
            .into_iter()
            .map(|claim| {
                let points = self.document.index().code_points(claim.content);
                let mut id = claim_id(text_sha256, claim.side, points, 0);
                let mut again = 0;
                while seen.contains(&id) {
                    again += 1;
                    id = claim_id(text_sha256, claim.side, points, again);
                }
                seen.push(id.clone());
                ClaimRecord {
                    id,
                    content: self.span(claim.content),
                    side: claim.side,
                    basis: claim.basis,
                    about: claim.about.clone(),
                    actor: self.maybe(claim.actor),
                    predicate: self.maybe(claim.predicate),
                    source: self.maybe(claim.source),
                    source_side: claim.source_side,
                    cue: self.maybe(claim.cue),
                    polarity: claim.polarity,
                    modality: claim.modality,
                    stance: StanceRecord { us: claim.stance_us, cn: claim.stance_cn },
                    topic: claim.topic,
                    commitment: claim.commitment,
                    source_chain: self.chain(&claim.source_chain),
                    time: claim
                        .times
                        .iter()
                        .filter_map(|&time| layers.times.get(time))
                        .map(|time| TimeRecord { span: self.span(time.span), value: time.value.clone() })
                        .collect(),
                    quantities: claim
                        .quantities
                        .iter()
                        .filter_map(|&quantity| layers.quantities.get(quantity))
                        .map(|quantity| QuantityRecord {
                            span: self.span(quantity.span),
                            value: if quantity.value.is_finite() { quantity.value } else { f64::MAX },
                            unit: quantity.unit.clone(),
                        })
                        .collect(),
                    objects: self.all(&claim.objects),
                    sentence: self.maybe(layers.sentences.get(claim.sentence).map(|s| s.span)),
                    confidence: rounded(claim.confidence),
                    rule: claim.rule.clone(),
                    abstained: claim.abstained.clone(),
                    review: None,
                }
            })
            .collect()
    }
}

fn rounded(confidence: f64) -> f64 {
    if confidence.is_nan() { 0.0 } else { (confidence.clamp(0.0, 1.0) * 1000.0).round() / 1000.0 }
}

fn source_side(source: Option<Span<Byte>>, side: Option<Side>) -> SourceSide {
    match side {
        Some(Side::Us) => SourceSide::Us,
        Some(Side::Cn) => SourceSide::Cn,
        Some(Side::Other) => SourceSide::Other,
        None if source.is_some() => SourceSide::Other,
        None => SourceSide::None,
    }
}

impl ArticleJson {
    /// Puts together what the stages found; `output` is the path of the JSON file under the output folder.
    pub fn new(document: &Document, claims: &[Claim], output: &str, unit: OffsetUnit, provenance: Provenance) -> Self {
        let writer = Writer { document, unit };
        let layers = document.layers();
        let text_sha256 = sha256_hex(document.text().as_bytes());
        let (origin, metadata) = (document.article().origin(), document.article().metadata());
        let entity_at = |span: Span<Byte>| {
            let exact = layers.entities.iter().position(|e| e.span == span);
            let found = exact.or_else(|| layers.entities.iter().position(|e| span.contains(e.span)));
            found.map(|index| format!("e{}", index + 1))
        };
        Self {
            schema: SCHEMA.to_owned(),
            offset_unit: unit,
            article: ArticleRecord {
                id: short_hash(&[&text_sha256, output]),
                path: portable(&origin.path),
                output: output.to_owned(),
                record: origin.record,
                format: origin.format,
                encoding: origin.encoding.clone(),
                newline: origin.newline.clone(),
                input_hash: origin.input_hash.clone(),
                title: metadata.title.clone(),
                date: metadata.date.clone(),
                byline: metadata.byline.clone(),
                outlet: metadata.outlet.clone(),
                url: metadata.url.clone(),
                language: document.language(),
                declared_language: metadata.declared_language.clone(),
                duplicate_of: None,
            },
            text: document.text().to_owned(),
            paragraphs: document
                .paragraphs()
                .iter()
                .map(|paragraph| ParagraphRecord {
                    span: writer.span(paragraph.span),
                    language: paragraph.language,
                    direction: paragraph.direction,
                    kind: paragraph.kind,
                })
                .collect(),
            sentences: layers
                .sentences
                .iter()
                .map(|sentence| SentenceRecord {
                    span: writer.span(sentence.span),
                    paragraph: sentence.paragraph,
                    headline: sentence.headline,
                })
                .collect(),
            tokens: writer.tokens(),
            entities: layers
                .entities
                .iter()
                .enumerate()
                .map(|(index, entity)| EntityRecord {
                    id: format!("e{}", index + 1),
                    span: writer.span(entity.span),
                    entity_type: entity.entity_type,
                    actor: entity.actor.clone(),
                    side: entity.side,
                    reason: entity.reason.clone(),
                })
                .collect(),
            references: layers
                .references
                .iter()
                .map(|reference| ReferenceRecord {
                    span: writer.span(reference.span),
                    form: reference.form,
                    antecedent: writer.span(reference.antecedent),
                    entity: entity_at(reference.antecedent),
                    actor: reference.actor.clone(),
                    side: reference.side,
                    reason: reference.reason.clone(),
                })
                .collect(),
            attributions: layers
                .attributions
                .iter()
                .enumerate()
                .map(|(index, attribution)| AttributionRecord {
                    id: format!("a{}", index + 1),
                    source: writer.maybe(attribution.source),
                    source_side: source_side(attribution.source, attribution.source_side),
                    actor: attribution.source_actor.clone(),
                    cue: writer.maybe(attribution.cue),
                    content: writer.all(&attribution.content),
                    form: attribution.form,
                    commitment: attribution.commitment,
                    source_chain: writer.chain(&attribution.chain),
                    rule: attribution.rule.clone(),
                })
                .collect(),
            claims: writer.claims(claims, &text_sha256),
            text_sha256,
            provenance,
        }
    }

    /// Reads what [`ArticleJson::write`] or `--jsonl` wrote.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] if it is no JSON of this schema.
    pub fn read(json: &str) -> Result<Self> {
        let read: Self = serde_json::from_str(json).map_err(|error| {
            Error::new(ErrorKind::Malformed, format!("no {SCHEMA} article: {error}")).line(error.line() as u64)
        })?;
        if read.schema == SCHEMA {
            Ok(read)
        } else {
            Err(Error::new(ErrorKind::Malformed, format!("schema {:?} is not {SCHEMA}", read.schema)))
        }
    }

    /// Writes it with each key, and each member of a list, on a line of its own: to be read with `grep` and `diff`.
    ///
    /// # Errors
    /// What `out` reports.
    pub fn write(&self, mut out: impl io::Write) -> io::Result<()> {
        fn list<T: Serialize>(out: &mut impl io::Write, key: &str, items: &[T]) -> io::Result<()> {
            write!(out, "\"{key}\": [")?;
            for (index, item) in items.iter().enumerate() {
                out.write_all(if index == 0 { b"\n  " } else { b",\n  " })?;
                serde_json::to_writer(&mut *out, item)?;
            }
            out.write_all(if items.is_empty() { b"],\n" } else { b"\n],\n" })
        }
        fn one<T: Serialize>(out: &mut impl io::Write, key: &str, item: &T) -> io::Result<()> {
            write!(out, "\"{key}\": ")?;
            serde_json::to_writer(&mut *out, item)?;
            Ok(())
        }
        out.write_all(b"{\n")?;
        one(&mut out, "schema", &self.schema)?;
        out.write_all(b",\n")?;
        one(&mut out, "offset_unit", &self.offset_unit)?;
        out.write_all(b",\n")?;
        one(&mut out, "article", &self.article)?;
        out.write_all(b",\n")?;
        one(&mut out, "text", &self.text)?;
        out.write_all(b",\n")?;
        one(&mut out, "text_sha256", &self.text_sha256)?;
        out.write_all(b",\n")?;
        list(&mut out, "paragraphs", &self.paragraphs)?;
        list(&mut out, "sentences", &self.sentences)?;
        list(&mut out, "tokens", &self.tokens)?;
        list(&mut out, "entities", &self.entities)?;
        list(&mut out, "references", &self.references)?;
        list(&mut out, "attributions", &self.attributions)?;
        list(&mut out, "claims", &self.claims)?;
        one(&mut out, "provenance", &self.provenance)?;
        out.write_all(b"\n}\n")
    }

    /// The bytes of a span of this object; `None` if it does not fit the text or its quote is another.
    pub fn bytes(&self, index: &OffsetIndex, span: &SpanRecord) -> Option<Span<Byte>> {
        if span.start > span.end || span.end > self.text.len() {
            return None;
        }
        let bytes = match self.offset_unit {
            OffsetUnit::CodePoint => index.bytes(Span::new(span.start, span.end))?,
            OffsetUnit::Utf16 => index.bytes_of_utf16(Span::new(span.start, span.end))?,
            OffsetUnit::Byte => Span::new(span.start, span.end),
        };
        (self.text.get(bytes.start()..bytes.end())? == span.quote).then_some(bytes)
    }

    /// The lines of `claims.jsonl` of this article, each with its newline.
    ///
    /// # Errors
    /// What the serializer reports; there is nothing that it could not write.
    pub fn claim_lines(&self) -> Result<String> {
        claim_lines(&self.article, self.offset_unit, &self.claims)
    }
}

/// The lines of `claims.jsonl`, each with its newline.
///
/// # Errors
/// What the serializer reports; there is nothing that it could not write.
pub fn claim_lines(article: &ArticleRecord, unit: OffsetUnit, claims: &[ClaimRecord]) -> Result<String> {
    #[derive(Serialize)]
    struct Line<'a> {
        article: &'a ClaimArticle,
        offset_unit: OffsetUnit,
        #[serde(flatten)]
        claim: &'a ClaimRecord,
    }
    let article = ClaimArticle {
        id: article.id.clone(),
        path: article.path.clone(),
        output: article.output.clone(),
        title: article.title.clone(),
        date: article.date.clone(),
        outlet: article.outlet.clone(),
        url: article.url.clone(),
        language: article.language,
        duplicate_of: article.duplicate_of.clone(),
    };
    let mut lines = String::new();
    for claim in claims {
        let line = serde_json::to_string(&Line { article: &article, offset_unit: unit, claim })
            .map_err(|error| Error::new(ErrorKind::Internal, format!("claim not written: {error}")))?;
        lines.push_str(&line);
        lines.push('\n');
    }
    Ok(lines)
}

/// A path with `/`, whatever the system.
pub fn portable(path: &std::path::Path) -> String {
    let shown: Cow<'_, str> = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' { shown.into_owned() } else { shown.replace(std::path::MAIN_SEPARATOR, "/") }
}

/// The JSON Schema of [`ArticleJson`], generated from the types.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(ArticleJson).to_value()
}

/// The JSON Schema of a line of `claims.jsonl`.
pub fn claim_line_schema() -> serde_json::Value {
    schemars::schema_for!(ClaimLine).to_value()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::article::Article;
    use crate::document::{
        Attribution, Dependency, Entity, Layer, Quantity, Reference, Relation, Sentence, TimeExpression, Token, Word,
    };

    const TEXT: &str = "🚀 قالت بكين إنها سترد عام 2026 بمبلغ 5 مليارات.";

    fn at(part: &str) -> Span<Byte> {
        let start = TEXT.find(part).unwrap();
        Span::new(start, start + part.len())
    }

    fn claim(content: &str, side: Side, confidence: f64) -> Claim {
        Claim {
            content: at(content),
            side,
            basis: Basis::Stated,
            about: vec![Side::Cn],
            actor: Some(at("بكين")),
            predicate: Some(at("سترد")),
            source: Some(at("بكين")),
            source_side: SourceSide::Cn,
            cue: Some(at("قالت")),
            polarity: Polarity::Affirmed,
            modality: Modality::Asserted,
            stance_us: Stance::Neutral,
            stance_cn: Stance::Favourable,
            topic: Topic::ExportControls,
            commitment: Some(Commitment::Said),
            source_chain: vec![
                Chain { source: None, side: None, cue: None },
                Chain { source: Some(at("بكين")), side: Some(Side::Cn), cue: Some(at("قالت")) },
            ],
            times: vec![0, 9],
            quantities: vec![0],
            objects: vec![at("2026")],
            sentence: 0,
            confidence,
            rule: "ar/attribution/verb-said/1".into(),
            abstained: vec!["objects: none found".into()],
        }
    }

    fn full(unit: OffsetUnit) -> ArticleJson {
        let mut document = Document::new(Article::from_text(TEXT));
        let word = |span: Span<Byte>, token, upos| Word {
            span,
            token,
            form: span.slice(TEXT).into(),
            key: String::new(),
            lemma: String::new(),
            dictionary: String::new(),
            upos,
            xpos: "",
            feats: String::new(),
            clitic: None,
            article: None,
        };
        let token = |span| Token { span, kind: TokenKind::Word, sentence: 0 };
        for layer in [
            Layer::Sentences(vec![Sentence { span: Span::new(0, TEXT.len()), paragraph: 0, headline: false }]),
            Layer::Tokens(vec![token(at("قالت")), token(at("بكين"))]),
            Layer::Words(vec![word(at("قالت"), 0, Upos::Verb), word(at("بكين"), 1, Upos::Propn)]),
            Layer::Dependencies(vec![
                Dependency { head: None, relation: Relation::Root },
                Dependency { head: Some(0), relation: Relation::Nsubj },
            ]),
            Layer::Times(vec![TimeExpression { span: at("عام 2026"), value: "2026".into() }]),
            Layer::Quantities(vec![Quantity { span: at("5 مليارات"), value: 5e9, unit: String::new() }]),
            Layer::Entities(vec![Entity {
                span: at("بكين"),
                entity_type: EntityType::Loc,
                actor: Some("cn-beijing".into()),
                side: Side::Cn,
                reason: "actor cn-beijing".into(),
            }]),
            Layer::References(vec![Reference {
                span: at("ها سترد"),
                form: ReferenceForm::Enclitic,
                antecedent: at("بكين"),
                side: Side::Cn,
                actor: None,
                reason: "nearest".into(),
            }]),
            Layer::Attributions(vec![Attribution {
                source: Some(at("بكين")),
                source_side: Some(Side::Cn),
                source_actor: None,
                cue: Some(at("قالت")),
                content: vec![at("إنها سترد")],
                form: AttributionForm::Indirect,
                commitment: Commitment::Said,
                chain: Vec::new(),
                rule: "ar/attribution/verb-said/1".into(),
            }]),
        ] {
            document.add(layer);
        }
        let claims = [
            claim("إنها سترد", Side::Cn, 0.123_456),
            claim("إنها سترد", Side::Us, f64::NAN),
            claim("إنها سترد", Side::Cn, 7.0),
            claim("قالت", Side::Cn, 0.5),
        ];
        ArticleJson::new(&document, &claims, "a.json", unit, Provenance::new("c", vec!["x".into()]))
    }

    /// Every span re-read by the rules of the format.
    fn check(json: &ArticleJson) -> usize {
        fn walk(value: &serde_json::Value, json: &ArticleJson, index: &OffsetIndex) -> usize {
            let here = match serde_json::from_value::<SpanRecord>(value.clone()) {
                Ok(span) => {
                    assert!(json.bytes(index, &span).is_some(), "{span:?} in {:?}", json.offset_unit);
                    1
                }
                Err(_) => 0,
            };
            let inside: usize = match value {
                serde_json::Value::Array(items) => items.iter().map(|item| walk(item, json, index)).sum(),
                serde_json::Value::Object(object) => object.values().map(|item| walk(item, json, index)).sum(),
                _ => 0,
            };
            here + inside
        }
        walk(&serde_json::to_value(json).unwrap(), json, &OffsetIndex::new(&json.text))
    }

    #[test]
    fn all_layers_are_written_read_back_and_fit_the_schema() {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        let lines = jsonschema::validator_for(&claim_line_schema()).unwrap();
        for (unit, _) in OffsetUnit::ALL {
            let json = full(unit);
            assert!(check(&json) > 30);
            let mut bytes = Vec::new();
            json.write(&mut bytes).unwrap();
            assert_eq!(ArticleJson::read(std::str::from_utf8(&bytes).unwrap()).unwrap(), json);
            validator.validate(&serde_json::from_slice(&bytes).unwrap()).unwrap();
            for line in json.claim_lines().unwrap().lines() {
                lines.validate(&serde_json::from_str(line).unwrap()).unwrap();
                serde_json::from_str::<ClaimLine>(line).unwrap();
            }
        }
    }

    #[test]
    fn the_unit_is_pinned() {
        let starts = |unit| full(unit).entities[0].span.start;
        assert_eq!(starts(OffsetUnit::CodePoint), 7);
        assert_eq!(starts(OffsetUnit::Utf16), 8);
        assert_eq!(starts(OffsetUnit::Byte), 14);
    }

    #[test]
    fn claims_have_their_keys_and_stable_ids() {
        let json = full(OffsetUnit::CodePoint);
        let keys = serde_json::to_value(&json.claims[0]).unwrap();
        let keys: Vec<&str> = keys.as_object().unwrap().keys().map(String::as_str).collect();
        let wanted = "id content side basis about actor predicate source source_side cue polarity modality stance topic \
                      commitment source_chain time quantities objects sentence confidence rule abstained review";
        assert_eq!(keys.join(" "), wanted);
        let mut ids: Vec<&str> = json.claims.iter().map(|claim| claim.id.as_str()).collect();
        let others = full(OffsetUnit::Byte);
        assert!(ids.iter().zip(&others.claims).all(|(id, other)| *id == other.id && id.len() == 16));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 4);
        let confidence: Vec<f64> = json.claims.iter().map(|claim| claim.confidence).collect();
        assert_eq!(confidence, [0.5, 0.0, 0.123, 1.0]);
        assert_eq!(json.claims[1].source_chain[0].source_side, SourceSide::None);
        assert_eq!((json.claims[1].time.len(), json.claims[1].quantities[0].value), (1, 5e9));
        assert_eq!(json.references[0].entity.as_deref(), Some("e1"));
        assert_eq!((json.tokens[1].words[0].head, json.tokens[0].words[0].head), (Some(0), None));
    }

    #[test]
    fn what_is_no_article_is_refused() {
        for text in ["", "{}", "[]", "{\"schema\": \"khabar/1\"}"] {
            assert_eq!(ArticleJson::read(text).unwrap_err().kind(), ErrorKind::Malformed);
        }
        let mut json = full(OffsetUnit::CodePoint);
        json.schema = "khabar/0".into();
        assert!(ArticleJson::read(&serde_json::to_string(&json).unwrap()).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn spans_read_again_give_their_quotes(text in "([ء-ي]{1,6}|[a-zA-Z]{1,6}|[ .,«»\"🚀\u{200f}\n]|[0-9]){0,60}") {
            let pipeline = crate::pipeline::Pipeline::with_defaults().unwrap();
            let (document, claims) = pipeline.run(Article::from_text(&text));
            for (unit, _) in OffsetUnit::ALL {
                check(&ArticleJson::new(&document, &claims, "a.json", unit, Provenance::new("c", Vec::new())));
            }
        }
    }
}
