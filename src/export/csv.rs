//! CSV (RFC 4180): `claims.csv`, `entities.csv`, `articles.csv`.
//!
//! Rules: header, CRLF rows, quotes doubled; lists joined by ` | `; positions count code points, half-open. For Excel a
//! byte order mark goes first and no cell runs as a formula. The columns of claims are those of `khabar claims`
//! ([`super::table::COLUMNS`]).

use std::io;

use super::exporter::{ExportedArticle, Exporter, Folder, Growing};
use super::json::{ClaimLine, OffsetUnit};
use super::loss::{Lack, Losses, NO_REVIEW};
use super::table::{CsvWriter, name, table_writer, write_row};
use crate::error::{Error, ErrorKind, Result};

const NO_ROW: &str = "there is no table of it: use conllu for words, cas-json for spans";

/// What the tables lack.
pub const LACKS: &[Lack] = &[
    ("claims[].review", NO_REVIEW),
    ("paragraphs", NO_ROW),
    ("sentences", NO_ROW),
    ("tokens", NO_ROW),
    ("tokens[].words", NO_ROW),
    ("references", NO_ROW),
    ("attributions", NO_ROW),
    ("provenance", "use parquet, which has the report of the run"),
];

/// Columns of `entities.csv`.
const ENTITY_COLUMNS: [&str; 10] =
    ["article_id", "path", "entity_id", "quote", "start", "end", "type", "actor", "side", "reason"];

/// Columns of `articles.csv`.
const ARTICLE_COLUMNS: [&str; 20] = [
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
    "claims",
    "entities",
    "text_sha256",
    "text",
];

/// Writes the tables.
pub struct Csv {
    claims: CsvWriter<Growing>,
    entities: csv::Writer<Growing>,
    articles: csv::Writer<Growing>,
    excel: bool,
}

fn failed(error: &io::Error) -> Error {
    Error::new(ErrorKind::Unwritable, error.to_string())
}

impl Csv {
    /// Begins the tables.
    ///
    /// # Errors
    /// If they cannot be made.
    pub fn new(folder: &Folder, excel: bool) -> Result<Self> {
        let table = |name: &str, columns: &[&str]| {
            let mut rows = table_writer(folder.grow(name)?, excel).map_err(|error| failed(&error))?;
            write_row(&mut rows, columns.iter().map(|column| (*column).to_owned()), false).map_err(|e| failed(&e))?;
            Ok(rows)
        };
        Ok(Self {
            claims: CsvWriter::new(folder.grow("claims.csv")?, excel).map_err(|error| failed(&error))?,
            entities: table("entities.csv", &ENTITY_COLUMNS)?,
            articles: table("articles.csv", &ARTICLE_COLUMNS)?,
            excel,
        })
    }
}

impl Exporter for Csv {
    fn article(&mut self, article: &ExportedArticle<'_>, losses: &mut Losses) -> Result<()> {
        let (json, known) = (article.json, &article.json.article);
        for line in json.claim_lines()?.lines() {
            let mut line: ClaimLine = serde_json::from_str(line)
                .map_err(|error| Error::new(ErrorKind::Internal, format!("claim not read again: {error}")))?;
            let points = article.points(&line.claim.content)?;
            (line.claim.content.start, line.claim.content.end) = (points.start(), points.end());
            line.offset_unit = OffsetUnit::CodePoint;
            self.claims.claim(&line).map_err(|error| failed(&error))?;
        }
        for entity in &json.entities {
            let points = article.points(&entity.span)?;
            let cells = [
                known.id.clone(),
                known.path.clone(),
                entity.id.clone(),
                entity.span.quote.clone(),
                points.start().to_string(),
                points.end().to_string(),
                name(&entity.entity_type),
                entity.actor.clone().unwrap_or_default(),
                name(&entity.side),
                entity.reason.clone(),
            ];
            write_row(&mut self.entities, cells.into_iter(), self.excel).map_err(|error| failed(&error))?;
        }
        let maybe = |value: &Option<String>| value.clone().unwrap_or_default();
        let cells = [
            known.id.clone(),
            known.path.clone(),
            known.output.clone(),
            known.record.map(|record| record.to_string()).unwrap_or_default(),
            name(&known.format),
            known.encoding.clone(),
            known.newline.clone(),
            known.input_hash.clone(),
            maybe(&known.title),
            maybe(&known.date),
            maybe(&known.byline),
            maybe(&known.outlet),
            maybe(&known.url),
            name(&known.language),
            maybe(&known.declared_language),
            maybe(&known.duplicate_of),
            json.claims.len().to_string(),
            json.entities.len().to_string(),
            json.text_sha256.clone(),
            json.text.clone(),
        ];
        write_row(&mut self.articles, cells.into_iter(), self.excel).map_err(|error| failed(&error))?;
        const WORDS: &str = "the words only, not their place: use parquet";
        for (part, count) in super::loss::PARTS {
            let spans =
                ["actor", "predicate", "source", "cue", "source_chain", "time", "quantities", "objects", "sentence"];
            if part.strip_prefix("claims[].").is_some_and(|key| spans.contains(&key)) {
                losses.note(part, WORDS, count(json));
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.claims.into_inner().map_err(|error| failed(&error))?.finish()?;
        for rows in [self.entities, self.articles] {
            rows.into_inner().map_err(|error| Error::new(ErrorKind::Unwritable, error.to_string()))?.finish()?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::export::exporter::Format;
    use crate::export::exporter::tests::{TEXT, exported, file};
    use crate::export::table::COLUMNS;

    #[test]
    fn places_are_code_points_of_the_text() {
        let (folder, summary) = exported(Format::Csv);
        let text: Vec<char> = TEXT.chars().collect();
        for (table, columns, quote, number) in [
            ("claims.csv", &COLUMNS[..], "content", summary.claims),
            ("entities.csv", &ENTITY_COLUMNS[..], "quote", summary.entities),
        ] {
            let written = file(&folder, table);
            let mut rows = csv::Reader::from_reader(written.as_bytes());
            assert_eq!(rows.headers().unwrap(), columns);
            let at = |name: &str| columns.iter().position(|column| *column == name).unwrap();
            let mut read = 0;
            for row in rows.records() {
                let row = row.unwrap();
                let position = |name: &str| row[at(name)].parse::<usize>().unwrap();
                let covered: String = text[position("start")..position("end")].iter().collect();
                assert_eq!(covered, row[at(quote)]);
                read += 1;
            }
            assert_eq!(read, number);
        }
        let written = file(&folder, "articles.csv");
        let texts: Vec<String> = csv::Reader::from_reader(written.as_bytes())
            .records()
            .map(|row| row.unwrap()[ARTICLE_COLUMNS.len() - 1].to_owned())
            .collect();
        assert_eq!(texts, [TEXT, TEXT, TEXT]);
    }
}
