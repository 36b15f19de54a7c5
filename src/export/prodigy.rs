//! Prodigy (<https://prodi.gy/docs/api-interfaces>): `claims.jsonl`, one record for each claim, to be accepted or rejected
//! (`spans` interface) or corrected (`spans_manual`), and `entities.jsonl`, one record for each paragraph
//! (`spans_manual` or `ner_manual`).
//!
//! Rules:
//! - The text of a record is a paragraph; `start` and `end` count its code points, half-open; `token_end` is **inclusive**.
//! - Tokens are syntactic words, so that a name may begin behind its clitic (و|الصين); with text that no word holds as
//!   tokens of their own. A span that is not on the edges of tokens is written without `token_start` and `token_end`.
//! - A claim's spans are `CLAIM`, `ACTOR`, `PREDICATE`, `SOURCE`, `CUE`; its labels are in `meta`, where Prodigy shows them,
//!   and so are the words of what stands in another paragraph (`actor_elsewhere`).
//! - A name's label is its type and side: `ORG-US`.
//! - Hashes are left to Prodigy. For right-to-left text set `"writing_dir": "rtl"` in `prodigy.json`, or take
//!   the files of one direction: `claims-rtl.jsonl`, `claims-ltr.jsonl` and so on.

use serde_json::{Map, Value, json};

use super::exporter::{ExportedArticle, Exporter, Folder, Growing, json_line};
use super::field::labels;
use super::label_studio::{ELSEWHERE, Piece, lost, note_outside, pieces_of};
use super::loss::{Lack, Losses, NO_REVIEW};
use super::table::name;
use crate::document::Direction;
use crate::error::Result;
use crate::offset::{Byte, Span};

/// Label of a claim's content.
pub const CLAIM: &str = "CLAIM";

const NO_PLACE: &str = "a record has no place for it";

/// What Prodigy records lack.
pub const LACKS: &[Lack] = &[
    ("claims[].review", NO_REVIEW),
    ("article.path", NO_PLACE),
    ("article.record", NO_PLACE),
    ("article.format", NO_PLACE),
    ("article.encoding", NO_PLACE),
    ("article.newline", NO_PLACE),
    ("article.input_hash", NO_PLACE),
    ("article.byline", NO_PLACE),
    ("article.declared_language", NO_PLACE),
    ("article.duplicate_of", NO_PLACE),
    ("text_sha256", NO_PLACE),
    ("sentences", NO_PLACE),
    ("tokens", "tokens are the syntactic words"),
    ("entities[].id", NO_PLACE),
    ("entities[].actor", NO_PLACE),
    ("entities[].reason", NO_PLACE),
    ("references", NO_PLACE),
    ("attributions", NO_PLACE),
    ("claims[].source_chain", NO_PLACE),
    ("claims[].time", NO_PLACE),
    ("claims[].quantities", NO_PLACE),
    ("claims[].objects", NO_PLACE),
    ("claims[].sentence", NO_PLACE),
    ("claims[].abstained", NO_PLACE),
    ("provenance", NO_PLACE),
];

/// A token of a paragraph, in bytes of the article.
type Token = Span<Byte>;

/// The paragraph cut into words and what lies between them, white space left out.
fn tokens(article: &ExportedArticle<'_>, piece: &Piece<'_>) -> Result<Vec<Token>> {
    let text = article.text();
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = piece.bytes.start();
    // What no word holds: invisible marks, mostly. It is cut at white space.
    let between = |from: usize, to: usize, tokens: &mut Vec<Token>| {
        let mut start = from;
        for part in text[from..to].split(char::is_whitespace) {
            if !part.is_empty() {
                tokens.push(Span::new(start, start + part.len()));
            }
            start += part.len();
            start += text[start..to].chars().next().map_or(0, char::len_utf8);
        }
    };
    for word in article.json.tokens.iter().flat_map(|token| &token.words) {
        let span = article.bytes(&word.span)?;
        if !piece.bytes.contains(span) || span.is_empty() || span.start() < at {
            continue;
        }
        between(at, span.start(), &mut tokens);
        tokens.push(span);
        at = span.end();
    }
    between(at, piece.bytes.end(), &mut tokens);
    Ok(tokens)
}

/// A record without its spans and its meta, and its tokens.
fn record(article: &ExportedArticle<'_>, piece: &Piece<'_>) -> Result<(Map<String, Value>, Vec<Token>)> {
    let tokens = tokens(article, piece)?;
    let listed: Vec<Value> = tokens
        .iter()
        .enumerate()
        .filter_map(|(id, &token)| {
            let (start, end) = piece.within(article, token)?;
            let after = article.text()[token.end()..piece.bytes.end()].chars().next();
            let ws = after.is_some_and(char::is_whitespace);
            Some(json!({"text": token.slice(article.text()), "start": start, "end": end, "id": id, "ws": ws}))
        })
        .collect();
    let mut record = Map::new();
    record.insert("text".into(), piece.record.span.quote.as_str().into());
    record.insert("tokens".into(), listed.into());
    Ok((record, tokens))
}

/// A span of a record; `None` if it does not lie in the paragraph. The flag tells whether it is on the edges of tokens.
fn span(
    article: &ExportedArticle<'_>,
    piece: &Piece<'_>,
    tokens: &[Token],
    place: Span<Byte>,
    label: &str,
) -> Option<(Value, bool)> {
    let (start, end) = piece.within(article, place)?;
    let mut span = json!({"start": start, "end": end, "label": label});
    let first = tokens.iter().position(|token| token.start() == place.start());
    let last = tokens.iter().position(|token| token.end() == place.end());
    if let (Some(first), Some(last)) = (first, last) {
        span["token_start"] = first.into();
        span["token_end"] = last.into();
    }
    Some((span, first.is_some() && last.is_some()))
}

/// The beginning of `meta`: which article and which paragraph.
fn meta(article: &ExportedArticle<'_>, piece: &Piece<'_>) -> Map<String, Value> {
    let known = &article.json.article;
    let mut meta = Map::new();
    meta.insert("article".into(), article.name.into());
    meta.insert("article_id".into(), known.id.as_str().into());
    for (key, value) in [("title", &known.title), ("date", &known.date), ("outlet", &known.outlet), ("url", &known.url)]
    {
        if let Some(value) = value {
            meta.insert(key.into(), value.as_str().into());
        }
    }
    meta.insert("language".into(), name(&known.language).into());
    meta.insert("paragraph".into(), piece.number.into());
    meta.insert("paragraphs".into(), article.json.paragraphs.len().into());
    meta.insert("paragraph_kind".into(), name(&piece.record.kind).into());
    meta.insert("paragraph_language".into(), name(&piece.record.language).into());
    meta.insert("start".into(), piece.points.start().into());
    meta
}

/// Writes records.
#[derive(Debug)]
pub struct Prodigy {
    /// Claims and entities, right to left and left to right.
    files: [[Growing; 2]; 2],
}

impl Prodigy {
    /// Begins the files.
    ///
    /// # Errors
    /// If they cannot be made.
    pub fn new(folder: &Folder) -> Result<Self> {
        let file = |kind: &str, direction: &str| folder.grow(&format!("{kind}-{direction}.jsonl"));
        let files = |kind: &str| Ok([file(kind, "rtl")?, file(kind, "ltr")?]);
        Ok(Self { files: [files("claims")?, files("entities")?] })
    }
}

impl Exporter for Prodigy {
    fn article(&mut self, article: &ExportedArticle<'_>, losses: &mut Losses) -> Result<()> {
        const INSIDE: &str = "ends inside a word: written without token_start and token_end";
        let pieces = pieces_of(article)?;
        note_outside(article, &pieces, losses)?;
        let mut lines = [[String::new(), String::new()], [String::new(), String::new()]];
        let all = article.json.claims.len();
        for piece in &pieces {
            let direction = usize::from(piece.record.direction == Direction::Ltr);
            let (base, tokens) = record(article, piece)?;
            for claim in &article.json.claims {
                let content = article.bytes(&claim.content)?;
                let Some((whole, fits)) = span(article, piece, &tokens, content, CLAIM) else { continue };
                losses.note("claims[].content", INSIDE, usize::from(!fits));
                let mut spans = vec![whole];
                let mut meta = meta(article, piece);
                meta.insert("claims".into(), all.into());
                meta.insert("claim_id".into(), claim.id.as_str().into());
                meta.insert("rule_id".into(), claim.rule.as_str().into());
                meta.insert("confidence".into(), claim.confidence.into());
                for (label, value) in labels(claim) {
                    meta.insert(label.key.into(), value.into());
                }
                for (role, place) in article.roles(claim)? {
                    match span(article, piece, &tokens, place, &role.label().to_uppercase()) {
                        Some((part, fits)) => {
                            losses.note(lost(role), INSIDE, usize::from(!fits));
                            spans.push(part);
                        }
                        None => {
                            losses.note(
                                lost(role),
                                "stands in another paragraph: its words are kept, not its place",
                                1,
                            );
                            meta.insert(format!("{}{ELSEWHERE}", role.key()), place.slice(article.text()).into());
                        }
                    }
                }
                let mut record = base.clone();
                record.insert("spans".into(), spans.into());
                record.insert("meta".into(), meta.into());
                lines[0][direction].push_str(&json_line(&record)?);
            }
            let mut spans = Vec::new();
            for entity in &article.json.entities {
                let label = format!("{}-{}", name(&entity.entity_type), name(&entity.side));
                if let Some((part, fits)) = span(article, piece, &tokens, article.bytes(&entity.span)?, &label) {
                    losses.note("entities", INSIDE, usize::from(!fits));
                    spans.push(part);
                }
            }
            let mut record = base;
            record.insert("spans".into(), spans.into());
            let mut meta = meta(article, piece);
            meta.insert("claims".into(), all.into());
            record.insert("meta".into(), meta.into());
            lines[1][direction].push_str(&json_line(&record)?);
        }
        for (files, lines) in self.files.iter_mut().zip(&lines) {
            for (file, lines) in files.iter_mut().zip(lines) {
                file.add(lines.as_bytes())?;
            }
        }
        Ok(())
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
    use crate::export::exporter::tests::{exported, file};

    #[test]
    fn spans_fit_their_tokens() {
        let (folder, summary) = exported(Format::Prodigy);
        let (mut claims, mut names) = (0, Vec::new());
        for kind in ["claims", "entities"] {
            for direction in ["rtl", "ltr"] {
                for line in file(&folder, &format!("{kind}-{direction}.jsonl")).lines() {
                    let record: Value = serde_json::from_str(line).unwrap();
                    let text: Vec<char> = record["text"].as_str().unwrap().chars().collect();
                    let quote = |value: &Value| -> String {
                        let at = |key: &str| usize::try_from(value[key].as_u64().unwrap()).unwrap();
                        text[at("start")..at("end")].iter().collect()
                    };
                    let tokens = record["tokens"].as_array().unwrap();
                    let mut whole = String::new();
                    for token in tokens {
                        assert_eq!(token["text"], quote(token));
                        whole.push_str(token["text"].as_str().unwrap());
                    }
                    let bare = |text: String| text.split_whitespace().collect::<String>();
                    assert_eq!(bare(whole), bare(text.iter().collect()));
                    for span in record["spans"].as_array().unwrap() {
                        let token = |key: &str| &tokens[usize::try_from(span[key].as_u64().unwrap()).unwrap()];
                        assert_eq!(token("token_start")["start"], span["start"]);
                        assert_eq!(token("token_end")["end"], span["end"]);
                        names.push(format!("{} {}", span["label"].as_str().unwrap(), quote(span)));
                    }
                    claims += usize::from(kind == "claims");
                    assert!(record["meta"]["claims"].as_u64().unwrap() > 0);
                }
            }
        }
        assert_eq!(claims, summary.claims);
        assert!(names.contains(&"ORG-US Nvidia".to_owned()), "{names:?}");
    }
}
