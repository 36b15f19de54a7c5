//! From a file or standard input to articles.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::decode::{self, Decoded};
use super::record::{self, Record};
use super::{Article, Format, Input, Metadata, Origin, html, infer, markdown};
use crate::error::{Error, ErrorKind, Result};

/// How files are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOptions {
    /// Label of the encoding of all files, instead of finding it.
    pub encoding: Option<String>,
    /// Most bytes of a file that holds one article, of a record, and of a JSON file.
    pub max_bytes: u64,
    /// Fields that hold the headline, in order of preference.
    pub title_fields: Vec<String>,
    /// Fields that hold the text.
    pub text_fields: Vec<String>,
    /// Fields that hold the date.
    pub date_fields: Vec<String>,
    /// Fields that hold the address.
    pub url_fields: Vec<String>,
    /// Fields that hold the outlet.
    pub source_fields: Vec<String>,
    /// Fields that hold the by-line.
    pub author_fields: Vec<String>,
    /// Fields that hold the language.
    pub language_fields: Vec<String>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        let list = |names: &[&str]| names.iter().map(|&n| n.to_owned()).collect();
        Self {
            encoding: None,
            max_bytes: 16 * 1024 * 1024,
            title_fields: list(&["title", "headline", "العنوان"]),
            text_fields: list(&["text", "content", "body", "article", "articleBody", "النص"]),
            date_fields: list(&[
                "date",
                "published",
                "published_at",
                "datePublished",
                "pubDate",
                "publish_date",
                "التاريخ",
            ]),
            url_fields: list(&["url", "link"]),
            source_fields: list(&["source", "outlet", "publisher", "site", "المصدر"]),
            author_fields: list(&["author", "byline", "authors", "الكاتب"]),
            language_fields: list(&["language", "lang"]),
        }
    }
}

/// How much of a file is looked at to tell its format.
const SAMPLE: usize = 64 * 1024;

/// The articles of one input, one after the other: the memory they take does not grow with the number of JSON lines.
///
/// Standard input (`-`) and all other formats are read whole. An error stands in place of its article; one bad line
/// does not end the file. Never empty.
///
/// # Examples
/// ```
/// use khabar::article::{ReadOptions, read_bytes};
/// let bytes = "بكين ترد\nقالت وزارة الخارجية الصينية إن بكين ترفض القرار الأمريكي الأخير بشأن الرقائق المتقدمة رفضا تاما.".as_bytes();
/// let articles = read_bytes(bytes, "a.txt".as_ref(), "a".as_ref(), &ReadOptions::default());
/// assert_eq!(articles[0].as_ref().unwrap().metadata().title.as_deref(), Some("بكين ترد"));
/// ```
pub fn open(input: &Input, options: &ReadOptions) -> Box<dyn Iterator<Item = Result<Article>> + Send> {
    match try_open(input, options) {
        Ok(articles) => articles,
        Err(error) => Box::new(std::iter::once(Err(error.at(&input.path)))),
    }
}

/// All articles of one input; see [`open`].
pub fn read(input: &Input, options: &ReadOptions) -> Vec<Result<Article>> {
    open(input, options).collect()
}

fn try_open(input: &Input, options: &ReadOptions) -> Result<Box<dyn Iterator<Item = Result<Article>> + Send>> {
    let unreadable = |e: std::io::Error| Error::new(ErrorKind::Unreadable, e.to_string());
    if input.path == Path::new("-") {
        let mut bytes = Vec::new();
        let limit = options.max_bytes.saturating_mul(16);
        std::io::stdin().lock().take(limit + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > limit {
            return Err(Error::new(ErrorKind::TooLarge, format!("standard input has more than {limit} bytes")));
        }
        return Ok(Box::new(read_bytes(&bytes, &input.path, &input.relative, options).into_iter()));
    }
    let size = std::fs::metadata(&input.path).map_err(unreadable)?.len();
    let mut file = File::open(&input.path).map_err(unreadable)?;
    let mut start = Vec::new();
    (&mut file).take(SAMPLE as u64).read_to_end(&mut start).map_err(unreadable)?;
    if streams(&start, &input.path, options) {
        let reader = BufReader::new(std::io::Cursor::new(start).chain(file));
        return Ok(Box::new(Lines {
            reader,
            number: 0,
            records: Records::new(input.path.clone(), input.relative.clone(), Format::Jsonl, "UTF-8"),
            options: options.clone(),
            found: false,
            done: false,
        }));
    }
    // A table of many articles may be larger than one article may be.
    let ending = ending(&input.path);
    let limit = if matches!(ending.as_str(), "csv" | "tsv" | "json" | "jsonl" | "ndjson") {
        options.max_bytes.saturating_mul(16)
    } else {
        options.max_bytes
    };
    if size > limit {
        return Err(Error::new(ErrorKind::TooLarge, format!("the file has {size} bytes, the limit is {limit}")));
    }
    file.take(limit + 1).read_to_end(&mut start).map_err(unreadable)?;
    Ok(Box::new(read_bytes(&start, &input.path, &input.relative, options).into_iter()))
}

fn ending(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// Whether the file is JSON lines in UTF-8, which can be read line by line.
fn streams(start: &[u8], path: &Path, options: &ReadOptions) -> bool {
    if options.encoding.is_some() || !matches!(ending(path).as_str(), "jsonl" | "ndjson") {
        return false;
    }
    let cut = start.len() - start.iter().rev().take(4).position(|b| *b < 0x80 || *b >= 0xc0).map_or(0, |n| n + 1);
    let whole = if start.len() < SAMPLE { start } else { start.get(..cut).unwrap_or(start) };
    std::str::from_utf8(whole).is_ok_and(|text| !text.contains('\0') && !text.trim().is_empty())
}

/// JSON lines, read one by one.
struct Lines<R> {
    reader: R,
    number: u64,
    records: Records,
    options: ReadOptions,
    found: bool,
    done: bool,
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<Article>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.done {
            let mut bytes = Vec::new();
            let limit = self.options.max_bytes.saturating_mul(4);
            let outcome = (&mut self.reader).take(limit + 1).read_until(b'\n', &mut bytes);
            self.number += 1;
            let path = self.records.path.clone();
            match outcome {
                Err(e) => {
                    self.done = true;
                    return Some(Err(Error::new(ErrorKind::Unreadable, e.to_string()).at(path).line(self.number)));
                }
                Ok(0) => {
                    self.done = true;
                    if !self.found {
                        return Some(Err(Error::new(ErrorKind::NoArticle, "the file holds no line").at(path)));
                    }
                    return None;
                }
                Ok(_) => {}
            }
            if bytes.len() as u64 > limit {
                self.found = true;
                // The rest of the line.
                while !bytes.ends_with(b"\n") && !bytes.is_empty() {
                    bytes.clear();
                    if (&mut self.reader).take(1 << 20).read_until(b'\n', &mut bytes).is_err() {
                        break;
                    }
                }
                let message = format!("the line has more than {limit} bytes");
                return Some(Err(Error::new(ErrorKind::TooLarge, message).at(path).line(self.number)));
            }
            let Ok(text) = std::str::from_utf8(&bytes) else {
                self.found = true;
                let error = Error::new(ErrorKind::Undecodable, "the line is not UTF-8");
                return Some(Err(error.at(path).line(self.number)));
            };
            if let Some(record) = record::line(text, self.number, &self.options) {
                self.found = true;
                return Some(record.map(|r| self.records.article(r)).map_err(|e| e.at(path)));
            }
        }
        None
    }
}

/// Makes articles of records, each with an output path of its own.
struct Records {
    path: PathBuf,
    relative: PathBuf,
    format: Format,
    encoding: &'static str,
    names: BTreeSet<String>,
}

impl Records {
    fn new(path: PathBuf, relative: PathBuf, format: Format, encoding: &'static str) -> Self {
        Self { path, relative, format, encoding, names: BTreeSet::new() }
    }

    fn article(&mut self, record: Record) -> Article {
        let (body, newline) = decode::newlines(&record.body);
        let (relative, number) = if record.number == 0 {
            (self.relative.clone(), Some(1))
        } else {
            let plain = format!("{:06}", record.number);
            let mut name = record.slug.unwrap_or_else(|| plain.clone());
            // Two names that differ in case are one file on some systems.
            while !self.names.insert(name.to_lowercase()) {
                name = format!("{name}-{plain}");
            }
            (self.relative.join(name), Some(record.number))
        };
        let origin = Origin {
            path: self.path.clone(),
            relative,
            record: number,
            format: self.format,
            encoding: self.encoding.to_owned(),
            newline: newline.to_owned(),
            input_hash: hash(record.source.as_bytes()),
        };
        let body = tidy(&body);
        let (text, metadata, regions) = infer::complete(&body, record.metadata);
        Article::new(text, metadata, origin, regions)
    }
}

fn hash(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Without blank lines and the byte order marks of joined files at the ends.
fn tidy(text: &str) -> String {
    text.trim_matches(|c: char| c == '\n' || c == '\u{feff}').to_owned()
}

/// What the text is, by what it holds; the ending decides only where the content leaves it open.
fn format(text: &str, ending: &str, options: &ReadOptions) -> (Format, u8) {
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let lower: String = start.chars().take(2000).collect::<String>().to_ascii_lowercase();
    if start.starts_with(['{', '[']) {
        let first = start.lines().next().unwrap_or_default();
        let object =
            |s: &str| serde_json::from_str::<serde_json::Value>(s).is_ok_and(|v| v.is_object() || v.is_array());
        if matches!(ending, "jsonl" | "ndjson") {
            return (Format::Jsonl, b',');
        }
        let several =
            start.lines().filter(|l| !l.trim().is_empty()).nth(1).is_some_and(|l| l.trim_start().starts_with('{'));
        if first.starts_with('{') && object(first) && several {
            return (Format::Jsonl, b',');
        }
        if ending == "json" || object(start) {
            return (Format::Json, b',');
        }
    }
    match ending {
        "jsonl" | "ndjson" => return (Format::Jsonl, b','),
        "json" => return (Format::Json, b','),
        _ => {}
    }
    let page =
        ["<!doctype html", "<html", "<head", "<body", "<article", "<?xml", "<!-- saved", "<meta", "<div", "<p>", "<h1"];
    if page.iter().any(|tag| lower.starts_with(tag)) || lower.starts_with("<!--") && lower.contains("<html") {
        return (Format::Html, b',');
    }
    if matches!(ending, "html" | "htm" | "xhtml") && (lower.contains("<html") || html::has_markup(text)) {
        return (Format::Html, b',');
    }
    if matches!(ending, "csv" | "tsv") {
        let separator = record::separator(text, options).unwrap_or(if ending == "tsv" { b'\t' } else { b',' });
        return (Format::Csv, separator);
    }
    if ending.is_empty()
        && let Some(separator) = record::separator(text, options)
    {
        return (Format::Csv, separator);
    }
    let markdown = start.starts_with("# ")
        || start.starts_with("---\n")
            && start.lines().skip(1).take(3).any(|l| l.contains(": "))
            && start.contains("\n---");
    if matches!(ending, "md" | "markdown") || markdown {
        return (Format::Markdown, b',');
    }
    (Format::Text, b',')
}

/// The articles of bytes that were read already; `path` names them in messages and gives the ending, `relative` is the
/// output path.
pub fn read_bytes(bytes: &[u8], path: &Path, relative: &Path, options: &ReadOptions) -> Vec<Result<Article>> {
    match articles(bytes, path, relative, options) {
        Ok(articles) => articles.into_iter().map(|a| a.map_err(|e| e.at(path))).collect(),
        Err(error) => vec![Err(error.at(path))],
    }
}

fn articles(bytes: &[u8], path: &Path, relative: &Path, options: &ReadOptions) -> Result<Vec<Result<Article>>> {
    let Decoded { text, encoding, newline } = decode::decode(bytes, options.encoding.as_deref())?;
    let (format, separator) = format(&text, &ending(path), options);
    let records = match format {
        Format::Json => record::json(&text, options)?,
        Format::Csv => record::table(&text, separator, options)?,
        Format::Jsonl => {
            let records: Vec<_> =
                (1_u64..).zip(text.split('\n')).filter_map(|(n, l)| record::line(l, n, options)).collect();
            if records.is_empty() {
                return Err(Error::new(ErrorKind::NoArticle, "the file holds no line"));
            }
            records
        }
        Format::Text | Format::Markdown | Format::Html => {
            if bytes.len() as u64 > options.max_bytes {
                let message = format!("{} bytes, the limit is {}", bytes.len(), options.max_bytes);
                return Err(Error::new(ErrorKind::TooLarge, message));
            }
            let (body, metadata) = match format {
                Format::Html => html::read(&text)?,
                Format::Markdown => markdown::read(&text),
                _ => (text, Metadata::default()),
            };
            let body = tidy(&body);
            if body.trim().is_empty() {
                return Err(Error::new(ErrorKind::Empty, "the file holds no text besides mark-up"));
            }
            let (text, metadata, regions) = infer::complete(&body, metadata);
            let origin = Origin {
                path: path.to_path_buf(),
                relative: relative.to_path_buf(),
                record: None,
                format,
                encoding: encoding.to_owned(),
                newline: newline.to_owned(),
                input_hash: hash(bytes),
            };
            return Ok(vec![Ok(Article::new(text, metadata, origin, regions))]);
        }
    };
    let mut named = Records::new(path.to_path_buf(), relative.to_path_buf(), format, encoding);
    let single = records.len() == 1;
    let mut out: Vec<Result<Article>> = records.into_iter().map(|r| r.map(|r| named.article(r))).collect();
    if single
        && let Some(Ok(article)) = out.first_mut()
        && article.origin.relative == relative
    {
        // The bytes of a file with one article, so that the same file always has the same hash.
        article.origin.input_hash = hash(bytes);
    }
    Ok(out)
}
