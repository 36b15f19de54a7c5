//! Articles as records: JSON objects, JSON lines, rows of CSV and TSV.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::reader::ReadOptions;
use super::{Metadata, date, html};
use crate::error::{Error, ErrorKind, Result};

/// One record before its text is completed.
#[derive(Debug)]
pub(super) struct Record {
    /// Counted from 1.
    pub number: usize,
    /// What names it in its file, if a field does.
    pub slug: Option<String>,
    /// What its hash is made of.
    pub source: String,
    pub body: String,
    pub metadata: Metadata,
}

const ID_FIELDS: [&str; 5] = ["id", "_id", "slug", "guid", "article_id"];

/// The value of the first field of `names` that is there and not empty; the case of the names does not matter.
fn field(object: &Map<String, Value>, names: &[String]) -> Option<String> {
    names.iter().find_map(|name| {
        let value = object.get(name).or_else(|| {
            object.iter().find(|(key, _)| key.trim().to_lowercase() == name.to_lowercase()).map(|(_, value)| value)
        })?;
        string(value)
    })
}

fn string(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        // Paragraphs as a list; a person or outlet as an object with its name.
        Value::Array(items) => {
            let all: Vec<String> = items.iter().filter_map(string).collect();
            all.join("\n")
        }
        Value::Object(object) => ["name", "title", "text", "rendered", "value", "$date"]
            .iter()
            .find_map(|name| object.get(*name).and_then(Value::as_str))
            .unwrap_or_default()
            .to_owned(),
        _ => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

/// The article of one object; `Ok(None)` if it holds no text field.
fn article(
    object: &Map<String, Value>,
    number: usize,
    source: String,
    options: &ReadOptions,
) -> Result<Option<Record>> {
    let clean = |text: String| if html::has_markup(&text) { html::fragment(&text) } else { unescape(&text) };
    let one_line = |text: String| clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let known = options
        .text_fields
        .iter()
        .any(|name| object.keys().any(|key| key.trim().to_lowercase() == name.to_lowercase()));
    let Some(body) = field(object, &options.text_fields).map(clean).filter(|b| !b.trim().is_empty()) else {
        if known {
            return Err(Error::new(ErrorKind::Empty, format!("record {number} has an empty text")));
        }
        return Ok(None);
    };
    if body.len() as u64 > options.max_bytes {
        let message = format!("record {number} has {} bytes of text, the limit is {}", body.len(), options.max_bytes);
        return Err(Error::new(ErrorKind::TooLarge, message));
    }
    if body.contains('\0') {
        return Err(Error::new(ErrorKind::Binary, format!("record {number} holds NUL characters")));
    }
    let arabic = body.chars().take(400).filter(|c| ('\u{620}'..='\u{64a}').contains(c)).count() > 100;
    let metadata = Metadata {
        title: field(object, &options.title_fields).map(one_line),
        date: field(object, &options.date_fields).and_then(|d| date::parse(&d, arabic)),
        byline: field(object, &options.author_fields).map(one_line),
        outlet: field(object, &options.source_fields).map(one_line),
        url: field(object, &options.url_fields).map(|u| u.trim().to_owned()),
        declared_language: field(object, &options.language_fields).map(|l| l.trim().to_owned()),
    };
    let slug = ID_FIELDS.iter().find_map(|name| object.get(*name).and_then(string)).and_then(|id| slugged(&id));
    Ok(Some(Record { number, slug, source, body, metadata }))
}

/// HTML entities that scrapers leave in plain text.
fn unescape(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut text = text.to_owned();
    for (entity, character) in [
        ("&nbsp;", "\u{a0}"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#039;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, character);
    }
    text
}

/// An id as a file name.
fn slugged(id: &str) -> Option<String> {
    let mut slug: String = id
        .trim()
        .chars()
        .map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' })
        .take(80)
        .collect();
    while slug.contains("--") {
        slug = slug.replace("--", "-");
    }
    // No file system takes more than 255 bytes of a name.
    while slug.len() > 160 {
        slug.pop();
    }
    let slug = slug.trim_matches('-').to_owned();
    (!slug.is_empty()).then_some(slug)
}

/// The articles of a JSON text: an object, an array, or an object with an array of articles inside.
pub(super) fn json(text: &str, options: &ReadOptions) -> Result<Vec<Result<Record>>> {
    let value: Value = serde_json::from_str(text)
        .map_err(|e| Error::new(ErrorKind::Malformed, format!("broken JSON: {e}")).line(e.line() as u64))?;
    let mut records = Vec::new();
    collect(&value, 0, options, &mut records);
    if records.is_empty() {
        let message = format!("no object has one of the fields {}", options.text_fields.join(", "));
        return Err(Error::new(ErrorKind::NoArticle, message));
    }
    if let [Ok(only)] = records.as_mut_slice()
        && value.is_object()
        && only.number == 1
    {
        // One file, one article: it is named after the file.
        only.number = 0;
    }
    Ok(records)
}

fn collect(value: &Value, depth: usize, options: &ReadOptions, records: &mut Vec<Result<Record>>) {
    match value {
        Value::Array(items) => {
            for item in items {
                match item {
                    Value::Object(_) | Value::Array(_) => collect(item, depth + 1, options, records),
                    _ => {}
                }
            }
        }
        Value::Object(object) => match article(object, records.len() + 1, value.to_string(), options) {
            Ok(Some(record)) => records.push(Ok(record)),
            Err(error) => records.push(Err(error)),
            Ok(None) if depth < 4 => {
                object
                    .values()
                    .filter(|v| v.is_object() || v.is_array())
                    .for_each(|v| collect(v, depth + 1, options, records));
            }
            Ok(None) => {}
        },
        _ => {}
    }
}

/// The article of one line; `None` for a blank line.
pub(super) fn line(text: &str, number: u64, options: &ReadOptions) -> Option<Result<Record>> {
    let text = text.trim().trim_start_matches('\u{feff}');
    if text.is_empty() {
        return None;
    }
    let read = || {
        let value: Value =
            serde_json::from_str(text).map_err(|e| Error::new(ErrorKind::Malformed, format!("broken JSON: {e}")))?;
        let Value::Object(object) = &value else {
            return Err(Error::new(ErrorKind::Malformed, "the line holds no JSON object"));
        };
        article(object, usize::try_from(number).unwrap_or(usize::MAX), text.to_owned(), options)?.ok_or_else(|| {
            let message = format!("the object has none of the fields {}", options.text_fields.join(", "));
            Error::new(ErrorKind::NoArticle, message)
        })
    };
    Some(read().map_err(|e| e.line(number)))
}

/// The separator of a table's header, if it names a text field.
pub(super) fn separator(text: &str, options: &ReadOptions) -> Option<u8> {
    let header = text.trim_start_matches('\u{feff}').lines().next()?;
    [b',', b'\t', b';', b'|'].into_iter().find(|&separator| {
        let names: Vec<String> =
            header.split(char::from(separator)).map(|n| n.trim().trim_matches('"').to_lowercase()).collect();
        names.len() > 1 && options.text_fields.iter().any(|f| names.contains(&f.to_lowercase()))
    })
}

/// The articles of a table with a header row.
pub(super) fn table(text: &str, separator: u8, options: &ReadOptions) -> Result<Vec<Result<Record>>> {
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
    let header: Vec<String> = reader
        .headers()
        .map_err(|e| Error::new(ErrorKind::Malformed, format!("broken header: {e}")).line(1))?
        .iter()
        .map(|name| name.trim().trim_start_matches('\u{feff}').to_owned())
        .collect();
    let named: Vec<String> = header.iter().map(|h| h.to_lowercase()).collect();
    if !options.text_fields.iter().any(|f| named.contains(&f.to_lowercase())) {
        let message =
            format!("no column is called {}; there are {}", options.text_fields.join(", "), header.join(", "));
        return Err(Error::new(ErrorKind::NoArticle, message).line(1));
    }
    let mut records = Vec::new();
    for (at, row) in reader.records().enumerate() {
        let number = at + 1;
        let row = match row {
            Ok(row) => row,
            Err(e) => {
                let line = e.position().map_or(number as u64 + 1, csv::Position::line);
                records.push(Err(Error::new(ErrorKind::Malformed, format!("broken row: {e}")).line(line)));
                continue;
            }
        };
        let line = row.position().map_or(number as u64 + 1, csv::Position::line);
        let mut seen: BTreeMap<&str, ()> = BTreeMap::new();
        let mut object = Map::new();
        for (name, value) in header.iter().zip(row.iter()) {
            if seen.insert(name, ()).is_none() {
                object.insert(name.clone(), Value::String(value.to_owned()));
            }
        }
        let source = row.iter().collect::<Vec<_>>().join("\u{1f}");
        match article(&object, number, source, options) {
            Ok(Some(record)) => records.push(Ok(record)),
            Ok(None) => {
                records.push(Err(Error::new(ErrorKind::Malformed, "the row is too short to hold a text").line(line)))
            }
            Err(error) => records.push(Err(error.line(line))),
        }
    }
    if records.is_empty() {
        return Err(Error::new(ErrorKind::NoArticle, "the table has a header but no row"));
    }
    Ok(records)
}
