//! Parquet: `claims.parquet`, `entities.parquet`, `articles.parquet`, one row for each.
//!
//! Rules: columns in snake case, text in UTF-8, places as 32-bit integers that count code points, half-open (in `DuckDB`
//! `substring(text, content_start + 1, content_end - content_start) = content`); lists as lists; what is not known is
//! null. `claims` and `entities` join `articles` by `article_id`. The report of the run (`run.json`) and the provenance of
//! the first article are metadata of each file, under `khabar:run` and `khabar:provenance`.

use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{ArrayRef, Float64Array, Int32Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use super::exporter::{ExportedArticle, Exporter, Folder, Growing};
use super::field::{Role, labels};
use super::json::SpanRecord;
use super::loss::{Lack, Losses, NO_REVIEW};
use super::table::name;
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
];

/// Rows that are kept before they are written.
const ROWS: usize = 4096;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    Float,
    Texts,
}

use Kind::{Float, Integer, Text, Texts};

/// A cell.
#[derive(Debug, Clone)]
enum Cell {
    Text(Option<String>),
    Integer(Option<i32>),
    Float(f64),
    Texts(Vec<String>),
}

const CLAIMS: &[(&str, Kind)] = &[
    ("article_id", Text),
    ("path", Text),
    ("title", Text),
    ("date", Text),
    ("outlet", Text),
    ("url", Text),
    ("language", Text),
    ("duplicate_of", Text),
    ("claim_id", Text),
    ("content", Text),
    ("content_start", Integer),
    ("content_end", Integer),
    ("actor", Text),
    ("actor_start", Integer),
    ("actor_end", Integer),
    ("predicate", Text),
    ("predicate_start", Integer),
    ("predicate_end", Integer),
    ("source", Text),
    ("source_start", Integer),
    ("source_end", Integer),
    ("cue", Text),
    ("cue_start", Integer),
    ("cue_end", Integer),
    ("sentence", Text),
    ("sentence_start", Integer),
    ("sentence_end", Integer),
    ("side", Text),
    ("basis", Text),
    ("about", Texts),
    ("source_side", Text),
    ("polarity", Text),
    ("modality", Text),
    ("stance_us", Text),
    ("stance_cn", Text),
    ("topic", Text),
    ("commitment", Text),
    ("source_chain", Texts),
    ("time", Texts),
    ("quantities", Texts),
    ("objects", Texts),
    ("confidence", Float),
    ("rule", Text),
    ("abstained", Texts),
];

const ENTITIES: &[(&str, Kind)] = &[
    ("article_id", Text),
    ("entity_id", Text),
    ("quote", Text),
    ("quote_start", Integer),
    ("quote_end", Integer),
    ("type", Text),
    ("actor", Text),
    ("side", Text),
    ("reason", Text),
];

const ARTICLES: &[(&str, Kind)] = &[
    ("article_id", Text),
    ("path", Text),
    ("output", Text),
    ("record", Integer),
    ("format", Text),
    ("encoding", Text),
    ("newline", Text),
    ("input_hash", Text),
    ("title", Text),
    ("date", Text),
    ("byline", Text),
    ("outlet", Text),
    ("url", Text),
    ("language", Text),
    ("declared_language", Text),
    ("duplicate_of", Text),
    ("claims", Integer),
    ("entities", Integer),
    ("text_sha256", Text),
    ("text", Text),
];

fn failed(error: impl std::fmt::Display, path: &std::path::Path) -> Error {
    Error::new(ErrorKind::Unwritable, error.to_string()).at(path)
}

/// A table while it is written.
struct Table {
    file: Option<Growing>,
    columns: &'static [(&'static str, Kind)],
    schema: SchemaRef,
    /// Cells by column.
    cells: Vec<Vec<Cell>>,
    writer: Option<ArrowWriter<Growing>>,
    path: std::path::PathBuf,
}

impl Table {
    fn new(folder: &Folder, name: &str, columns: &'static [(&'static str, Kind)]) -> Result<Self> {
        let file = folder.grow(name)?;
        let field = |&(name, kind): &(&str, Kind)| match kind {
            Text => Field::new(name, DataType::Utf8, true),
            Integer => Field::new(name, DataType::Int32, true),
            Float => Field::new(name, DataType::Float64, false),
            Texts => Field::new(name, DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))), false),
        };
        let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
        let path = file.place().to_path_buf();
        Ok(Self { file: Some(file), columns, schema, cells: vec![Vec::new(); columns.len()], writer: None, path })
    }

    /// Opens the file: the metadata is known by now.
    fn begin(&mut self, metadata: &[KeyValue]) -> Result<()> {
        let Some(file) = self.file.take() else { return Ok(()) };
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(format!("khabar {}", crate::provenance::VERSION))
            .set_key_value_metadata(Some(metadata.to_vec()))
            .build();
        let writer = ArrowWriter::try_new(file, Arc::clone(&self.schema), Some(properties));
        self.writer = Some(writer.map_err(|error| failed(error, &self.path))?);
        Ok(())
    }

    fn row(&mut self, cells: Vec<Cell>) -> Result<()> {
        debug_assert_eq!(cells.len(), self.columns.len());
        for (column, cell) in self.cells.iter_mut().zip(cells) {
            column.push(cell);
        }
        if self.cells.first().is_some_and(|column| column.len() >= ROWS) { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        if self.cells.first().is_none_or(Vec::is_empty) {
            return Ok(());
        }
        let arrays: Vec<ArrayRef> = self
            .cells
            .iter_mut()
            .zip(self.columns)
            .map(|(cells, (_, kind))| array(std::mem::take(cells), *kind))
            .collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays)
            .map_err(|error| Error::new(ErrorKind::Internal, format!("columns do not fit: {error}")))?;
        writer.write(&batch).map_err(|error| failed(error, &self.path))
    }

    fn finish(mut self) -> Result<()> {
        self.flush()?;
        let Some(writer) = self.writer else { return Ok(()) };
        writer.into_inner().map_err(|error| failed(error, &self.path))?.finish()
    }
}

/// The cells of a column as an array. A cell of another kind than its column's cannot be; it would be null.
fn array(cells: Vec<Cell>, kind: Kind) -> ArrayRef {
    match kind {
        Text => Arc::new(
            cells
                .into_iter()
                .map(|cell| match cell {
                    Cell::Text(text) => text,
                    _ => None,
                })
                .collect::<StringArray>(),
        ),
        Integer => Arc::new(
            cells
                .into_iter()
                .map(|cell| match cell {
                    Cell::Integer(number) => number,
                    _ => None,
                })
                .collect::<Int32Array>(),
        ),
        Float => Arc::new(Float64Array::from_iter_values(cells.into_iter().map(|cell| match cell {
            Cell::Float(number) => number,
            _ => f64::NAN,
        }))),
        Texts => {
            let mut lists = ListBuilder::new(StringBuilder::new());
            for cell in cells {
                let texts = if let Cell::Texts(texts) = cell { texts } else { Vec::new() };
                lists.append_value(texts.into_iter().map(Some));
            }
            Arc::new(lists.finish())
        }
    }
}

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(Some(text.into()))
}

fn maybe(text: Option<&String>) -> Cell {
    Cell::Text(text.cloned())
}

fn integer(number: usize) -> Cell {
    Cell::Integer(i32::try_from(number).ok())
}

/// The three cells of a span.
fn span(article: &ExportedArticle<'_>, span: Option<&SpanRecord>) -> Result<[Cell; 3]> {
    let Some(span) = span else { return Ok([Cell::Text(None), Cell::Integer(None), Cell::Integer(None)]) };
    let points = article.points(span)?;
    Ok([text(span.quote.as_str()), integer(points.start()), integer(points.end())])
}

/// Writes Parquet.
pub struct Parquet {
    claims: Table,
    entities: Table,
    articles: Table,
    metadata: Vec<KeyValue>,
    begun: bool,
}

impl Parquet {
    /// Begins the tables; `manifest` is the report of the run.
    ///
    /// # Errors
    /// If they cannot be made.
    pub fn new(folder: &Folder, manifest: Option<&str>) -> Result<Self> {
        let metadata = manifest.map(|run| KeyValue::new("khabar:run".to_owned(), run.to_owned())).into_iter().collect();
        Ok(Self {
            claims: Table::new(folder, "claims.parquet", CLAIMS)?,
            entities: Table::new(folder, "entities.parquet", ENTITIES)?,
            articles: Table::new(folder, "articles.parquet", ARTICLES)?,
            metadata,
            begun: false,
        })
    }

    /// Opens the files once the first article is there.
    fn begin(&mut self, article: Option<&ExportedArticle<'_>>) -> Result<()> {
        if self.begun {
            return Ok(());
        }
        self.begun = true;
        if let Some(article) = article {
            let provenance = serde_json::to_string(&article.json.provenance).unwrap_or_default();
            self.metadata.push(KeyValue::new("khabar:provenance".to_owned(), provenance));
        }
        self.claims.begin(&self.metadata)?;
        self.entities.begin(&self.metadata)?;
        self.articles.begin(&self.metadata)
    }
}

impl Exporter for Parquet {
    fn article(&mut self, article: &ExportedArticle<'_>, _losses: &mut Losses) -> Result<()> {
        self.begin(Some(article))?;
        let (json, known) = (article.json, &article.json.article);
        for claim in &json.claims {
            let mut cells = vec![
                text(known.id.as_str()),
                text(known.path.as_str()),
                maybe(known.title.as_ref()),
                maybe(known.date.as_ref()),
                maybe(known.outlet.as_ref()),
                maybe(known.url.as_ref()),
                text(name(&known.language)),
                maybe(known.duplicate_of.as_ref()),
                text(claim.id.as_str()),
            ];
            cells.extend(span(article, Some(&claim.content))?);
            for role in Role::ALL {
                cells.extend(span(article, role.of(claim))?);
            }
            cells.extend(span(article, claim.sentence.as_ref())?);
            let mut commitment = None;
            for (label, value) in labels(claim) {
                match label.key {
                    "about" => cells.push(Cell::Texts(claim.about.iter().map(name).collect())),
                    "commitment" => commitment = Some(value),
                    _ => cells.push(text(value)),
                }
            }
            cells.push(Cell::Text(commitment));
            let source = |link: &super::json::ChainRecord| link.source.as_ref().map(|source| source.quote.clone());
            cells.push(Cell::Texts(claim.source_chain.iter().map(|link| source(link).unwrap_or_default()).collect()));
            cells.push(Cell::Texts(claim.time.iter().map(|time| time.value.clone()).collect()));
            let quantities = claim.quantities.iter().map(|q| format!("{} {}", q.value, q.unit).trim_end().to_owned());
            cells.push(Cell::Texts(quantities.collect()));
            cells.push(Cell::Texts(claim.objects.iter().map(|object| object.quote.clone()).collect()));
            cells.push(Cell::Float(claim.confidence));
            cells.push(text(claim.rule.as_str()));
            cells.push(Cell::Texts(claim.abstained.clone()));
            self.claims.row(cells)?;
        }
        for entity in &json.entities {
            let mut cells = vec![text(known.id.as_str()), text(entity.id.as_str())];
            cells.extend(span(article, Some(&entity.span))?);
            cells.extend([
                text(name(&entity.entity_type)),
                maybe(entity.actor.as_ref()),
                text(name(&entity.side)),
                text(entity.reason.as_str()),
            ]);
            self.entities.row(cells)?;
        }
        self.articles.row(vec![
            text(known.id.as_str()),
            text(known.path.as_str()),
            text(known.output.as_str()),
            known.record.map_or(Cell::Integer(None), integer),
            text(name(&known.format)),
            text(known.encoding.as_str()),
            text(known.newline.as_str()),
            text(known.input_hash.as_str()),
            maybe(known.title.as_ref()),
            maybe(known.date.as_ref()),
            maybe(known.byline.as_ref()),
            maybe(known.outlet.as_ref()),
            maybe(known.url.as_ref()),
            text(name(&known.language)),
            maybe(known.declared_language.as_ref()),
            maybe(known.duplicate_of.as_ref()),
            integer(json.claims.len()),
            integer(json.entities.len()),
            text(json.text_sha256.as_str()),
            text(json.text.as_str()),
        ])?;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.begin(None)?;
        self.claims.finish()?;
        self.entities.finish()?;
        self.articles.finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs::File;

    use arrow_array::{Array, ListArray};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;
    use crate::export::exporter::Format;
    use crate::export::exporter::tests::{TEXT, exported};

    #[test]
    fn tables_read_back_with_their_places() {
        let (folder, summary) = exported(Format::Parquet);
        let read = |name: &str| {
            let file = File::open(folder.path().join("export").join(name)).unwrap();
            let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
            let metadata = builder.metadata().file_metadata().key_value_metadata().unwrap().clone();
            assert!(metadata.iter().any(|pair| pair.key == "khabar:provenance"));
            builder.build().unwrap().map(std::result::Result::unwrap).collect::<Vec<RecordBatch>>()
        };
        let text: Vec<char> = TEXT.chars().collect();
        for (table, quote, number) in
            [("claims.parquet", "content", summary.claims), ("entities.parquet", "quote", summary.entities)]
        {
            let batches = read(table);
            assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), number);
            for batch in batches {
                let column = |name: &str| batch.column_by_name(name).unwrap().clone();
                let quotes = column(quote);
                let quotes = quotes.as_any().downcast_ref::<StringArray>().unwrap();
                let numbers = |name: &str| column(name).as_any().downcast_ref::<Int32Array>().unwrap().clone();
                let (starts, ends) = (numbers(&format!("{quote}_start")), numbers(&format!("{quote}_end")));
                for row in 0..batch.num_rows() {
                    let covered: String = text[starts.value(row) as usize..ends.value(row) as usize].iter().collect();
                    assert_eq!(covered, quotes.value(row));
                }
                if table == "claims.parquet" {
                    let about = column("about");
                    let about = about.as_any().downcast_ref::<ListArray>().unwrap();
                    assert!((0..about.len()).any(|row| about.value_length(row) > 0));
                }
            }
        }
        let articles = read("articles.parquet");
        assert_eq!(articles[0].num_rows(), 3);
        let texts = articles[0].column_by_name("text").unwrap().clone();
        assert_eq!(texts.as_any().downcast_ref::<StringArray>().unwrap().value(2), TEXT);
    }
}
