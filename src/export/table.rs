//! Claims as rows: CSV (RFC 4180) and the lines of a terminal.
//!
//! CSV: header, CRLF rows, quotes doubled, ISO dates; lists are joined by ` | `. For Excel, a byte order mark goes first
//! and a cell that a spreadsheet would take for a formula (`= + - @`, tab, carriage return first) gets a `'` before it.
//!
//! Terminal: logical order, nothing reshaped or reversed; what may be Arabic comes last on its line.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

use super::json::{ClaimLine, SpanRecord};

/// The columns of the CSV, in order.
pub const COLUMNS: [&str; 35] = [
    "article_id",
    "path",
    "title",
    "date",
    "outlet",
    "url",
    "language",
    "duplicate_of",
    "claim_id",
    "side",
    "basis",
    "about",
    "actor",
    "predicate",
    "content",
    "source",
    "source_side",
    "cue",
    "polarity",
    "modality",
    "stance_us",
    "stance_cn",
    "topic",
    "commitment",
    "source_chain",
    "time",
    "quantities",
    "objects",
    "sentence",
    "confidence",
    "rule",
    "abstained",
    "start",
    "end",
    "offset_unit",
];

/// The name that serde gives to a value without fields, such as `export_controls`.
pub fn name(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

fn quote(span: Option<&SpanRecord>) -> String {
    span.map(|span| span.quote.clone()).unwrap_or_default()
}

/// A list in one cell.
fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(" | ")
}

/// The cells of a claim, in the order of [`COLUMNS`].
pub fn cells(line: &ClaimLine) -> [String; 35] {
    let (article, claim) = (&line.article, &line.claim);
    let known = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        article.id.clone(),
        article.path.clone(),
        known(&article.title),
        known(&article.date),
        known(&article.outlet),
        known(&article.url),
        name(&article.language),
        known(&article.duplicate_of),
        claim.id.clone(),
        name(&claim.side),
        name(&claim.basis),
        joined(claim.about.iter().map(name)),
        quote(claim.actor.as_ref()),
        quote(claim.predicate.as_ref()),
        claim.content.quote.clone(),
        quote(claim.source.as_ref()),
        name(&claim.source_side),
        quote(claim.cue.as_ref()),
        name(&claim.polarity),
        name(&claim.modality),
        name(&claim.stance.us),
        name(&claim.stance.cn),
        name(&claim.topic),
        claim.commitment.as_ref().map(name).unwrap_or_default(),
        joined(claim.source_chain.iter().map(|link| quote(link.source.as_ref()))),
        joined(claim.time.iter().map(|time| time.value.clone())),
        joined(claim.quantities.iter().map(|q| format!("{} {}", q.value, q.unit).trim().to_owned())),
        joined(claim.objects.iter().map(|object| object.quote.clone())),
        quote(claim.sentence.as_ref()),
        format!("{:.3}", claim.confidence),
        claim.rule.clone(),
        joined(claim.abstained.iter().cloned()),
        claim.content.start.to_string(),
        claim.content.end.to_string(),
        name(&line.offset_unit),
    ]
}

/// Writes claims as CSV.
#[derive(Debug)]
pub struct CsvWriter<W: Write> {
    rows: csv::Writer<W>,
    excel: bool,
}

impl<W: Write> CsvWriter<W> {
    /// Writes the header; `excel` adds what a spreadsheet needs.
    ///
    /// # Errors
    /// What `out` reports.
    pub fn new(out: W, excel: bool) -> io::Result<Self> {
        let mut rows = table_writer(out, excel)?;
        rows.write_record(COLUMNS).map_err(plain)?;
        Ok(Self { rows, excel })
    }

    /// Writes one claim.
    ///
    /// # Errors
    /// What the output reports.
    pub fn claim(&mut self, line: &ClaimLine) -> io::Result<()> {
        write_row(&mut self.rows, cells(line).into_iter(), self.excel)
    }

    /// Writes what is still held back.
    ///
    /// # Errors
    /// What the output reports.
    pub fn finish(mut self) -> io::Result<()> {
        self.rows.flush()
    }

    /// Writes what is still held back and gives the output back.
    ///
    /// # Errors
    /// What the output reports.
    pub fn into_inner(self) -> io::Result<W> {
        self.rows.into_inner().map_err(|error| io::Error::other(error.to_string()))
    }
}

/// A writer of CSV by the rules above, before its header.
///
/// # Errors
/// What `out` reports.
pub(super) fn table_writer<W: Write>(mut out: W, excel: bool) -> io::Result<csv::Writer<W>> {
    if excel {
        out.write_all("\u{feff}".as_bytes())?;
    }
    Ok(csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out))
}

/// Writes a row, for Excel without cells that would run as formulas.
///
/// # Errors
/// What the output reports.
pub(super) fn write_row<W: Write>(
    rows: &mut csv::Writer<W>,
    cells: impl Iterator<Item = String>,
    excel: bool,
) -> io::Result<()> {
    let formula = |cell: &String| cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cells = cells.map(|cell| if excel && formula(&cell) { format!("'{cell}") } else { cell });
    rows.write_record(cells.map(String::into_bytes)).map_err(plain)
}

fn plain(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// Text for one line of a terminal: no line breaks, no control characters that could drive the terminal, no overrides
/// of direction. Only for showing; files keep what the article has.
pub fn shown(text: &str) -> String {
    let blank = |c: char| matches!(c, '\n' | '\t' | '\r' | '\u{2028}' | '\u{2029}' | '\u{85}');
    text.chars()
        .filter(|c| !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .map(|c| match c {
            c if blank(c) => ' ',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Header of the terminal table.
pub const HEADER: &str = "SIDE BASIS     US CN CONF  TOPIC           DATE       LANG  ID        CONTENT";

/// A claim on one line: what is always short and Latin first, the content last.
pub fn row(line: &ClaimLine) -> String {
    let claim = &line.claim;
    let sign = |stance| match stance {
        crate::claim::Stance::Favourable => '+',
        crate::claim::Stance::Unfavourable => '-',
        crate::claim::Stance::Neutral => '·',
    };
    format!(
        "{:<4} {:<9} {:<2} {:<2} {:.3} {:<15} {:<10} {:<5} {:<9} {}",
        name(&claim.side),
        name(&claim.basis),
        sign(claim.stance.us),
        sign(claim.stance.cn),
        claim.confidence,
        name(&claim.topic),
        shown(line.article.date.as_deref().unwrap_or("-")),
        name(&line.article.language),
        claim.id.get(..8).unwrap_or(&claim.id),
        shown(&claim.content.quote),
    )
}

/// A claim in full, one field a line.
pub fn block(line: &ClaimLine) -> String {
    let claim = &line.claim;
    let mut block = row(line);
    block.push('\n');
    let mut field = |label: &str, text: &str| {
        if !text.is_empty() {
            let _ = writeln!(block, "     {label:<10} {}", shown(text));
        }
    };
    field("actor", &quote(claim.actor.as_ref()));
    field("predicate", &quote(claim.predicate.as_ref()));
    field("source", &quote(claim.source.as_ref()));
    field("cue", &quote(claim.cue.as_ref()));
    field(
        "reading",
        &format!(
            "{}, {}, about {}, source side {}",
            name(&claim.polarity),
            name(&claim.modality),
            if claim.about.is_empty() { "neither".to_owned() } else { joined(claim.about.iter().map(name)) },
            name(&claim.source_side)
        ),
    );
    field("rule", &claim.rule);
    field("article", &format!("{} {}..{}", line.article.path, claim.content.start, claim.content.end));
    field("title", line.article.title.as_deref().unwrap_or_default());
    block
}
