//! Annotations that people made in other tools, taken back as gold in the form of the annotation guideline.
//!
//! ```text
//! brat, CAS JSON, Label Studio, Prodigy ──► Draft of each article ──► gold JSON that `khabar evaluate --gold` reads
//!                    native JSON of the run ──► the text that every span is checked against
//! ```
//!
//! The formats are those that [`crate::export`] writes; the names in them are its. What does not fit the text, or a claim
//! without a label that nobody can guess, is an error with file and line. The article that it is of is not written (half
//! of the claims of an article would be wrong gold), all others are.

mod brat;
mod cas_json;
mod draft;
mod label_studio;
mod prodigy;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::error::{Error, ErrorKind, Result};
use crate::export::exporter::{Folder, json_files, pretty, read_article};
use crate::offset::{Byte, CodePoint, OffsetIndex, Span, Utf16};
use draft::Draft;

/// A format that can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// brat stand-off.
    Brat,
    /// UIMA CAS JSON.
    CasJson,
    /// Tasks with annotations, as Label Studio exports them (JSON, not JSON-MIN).
    LabelStudio,
    /// Records with answers, as Prodigy exports them.
    Prodigy,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 4] = [Self::Brat, Self::CasJson, Self::LabelStudio, Self::Prodigy];

    /// The name on the command line; as in [`crate::export::exporter::Format`].
    pub fn name(self) -> &'static str {
        match self {
            Self::Brat => "brat",
            Self::CasJson => "cas-json",
            Self::LabelStudio => "label-studio",
            Self::Prodigy => "prodigy",
        }
    }

    /// The format of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The ending of its files.
    fn ending(self) -> &'static str {
        match self {
            Self::Brat => "ann",
            Self::CasJson | Self::LabelStudio => "json",
            Self::Prodigy => "jsonl",
        }
    }
}

/// What is to be taken, and from where.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// A file, or a folder with all files of the format below.
    pub source: &'a Path,
    /// The format.
    pub format: Format,
    /// The output folder of the run that was exported.
    pub articles: &'a Path,
    /// The folder for the gold.
    pub folder: &'a Path,
    /// Whether predictions that nobody judged are taken too.
    pub unreviewed: bool,
    /// Whether a folder that holds files already is written into.
    pub force: bool,
}

/// What was taken.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Articles whose gold was written.
    pub articles: usize,
    /// Their claims.
    pub claims: usize,
    /// Their entities.
    pub entities: usize,
    /// Articles that were not written because of an error.
    pub failed: usize,
    /// What else is worth telling, with counts.
    pub notices: BTreeMap<&'static str, usize>,
    /// What was wrong, with file and line.
    pub errors: Vec<Error>,
}

/// The text of an article that annotations are about.
#[derive(Debug)]
struct Target {
    /// Relative path of its native JSON without the ending.
    name: String,
    text: String,
    index: OffsetIndex,
}

impl Target {
    /// The bytes of code points; `None` if they do not lie in the text.
    fn points(&self, start: usize, end: usize) -> Option<Span<Byte>> {
        if start > end || end > self.index.code_point_count() {
            return None;
        }
        self.index.bytes(Span::<CodePoint>::new(start, end))
    }

    /// The bytes of UTF-16 code units; `None` if they do not lie in the text or cut a character.
    fn utf16(&self, start: usize, end: usize) -> Option<Span<Byte>> {
        if start > end || end > self.text.len() {
            return None;
        }
        self.index.bytes_of_utf16(Span::<Utf16>::new(start, end))
    }
}

/// The articles of a run, read when they are asked for.
struct Targets {
    paths: BTreeMap<String, PathBuf>,
    read: BTreeMap<String, Target>,
}

impl Targets {
    fn new(root: &Path) -> Result<Self> {
        Ok(Self { paths: json_files(root)?.into_iter().collect(), read: BTreeMap::new() })
    }

    /// Whether there is an article of this name.
    fn knows(&self, name: &str) -> bool {
        self.paths.contains_key(name)
    }

    /// The article of a name.
    fn get(&mut self, name: &str) -> Result<&Target> {
        if !self.read.contains_key(name) {
            let Some(path) = self.paths.get(name) else {
                let message = format!("there is no article {name}.json in the folder that --articles names");
                return Err(Error::new(ErrorKind::Data, message));
            };
            let Some(article) = read_article(path)? else {
                return Err(Error::new(ErrorKind::Data, "no article of khabar").at(path));
            };
            let index = OffsetIndex::new(&article.text);
            self.read.insert(name.to_owned(), Target { name: name.to_owned(), text: article.text, index });
        }
        self.read.get(name).ok_or_else(|| Error::new(ErrorKind::Internal, "the article is gone"))
    }
}

/// What a format's reader works with: the articles, the drafts so far, and what went wrong.
struct Reading {
    targets: Targets,
    drafts: BTreeMap<String, Draft>,
    /// Articles that cannot be written.
    broken: BTreeSet<String>,
    notices: BTreeMap<&'static str, usize>,
    errors: Vec<Error>,
    unreviewed: bool,
    /// Paragraphs that were annotated, by article.
    coverage: BTreeMap<String, label_studio::Coverage>,
    /// Records that were answered, by article.
    judged: BTreeMap<String, prodigy::Judged>,
}

impl Reading {
    /// The draft of an article.
    fn draft(&mut self, name: &str) -> &mut Draft {
        self.drafts.entry(name.to_owned()).or_default()
    }

    fn note(&mut self, notice: &'static str, count: usize) {
        if count > 0 {
            *self.notices.entry(notice).or_default() += count;
        }
    }

    /// An error of a file that is of no article, or not known to be of one.
    fn fail(&mut self, error: Error) {
        self.errors.push(error);
    }

    /// An error of an article: it is not written.
    fn fail_article(&mut self, name: &str, error: Error) {
        self.broken.insert(name.to_owned());
        self.errors.push(error);
    }
}

/// An error of the data at a place of a file.
fn wrong(path: &Path, line: u64, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Data, message).at(path).line(line)
}

/// The line of a byte of a text, counted from 1.
fn line_of(text: &str, byte: usize) -> u64 {
    text.as_bytes().iter().take(byte).filter(|&&b| b == b'\n').count() as u64 + 1
}

/// Where a part of a text, borrowed from it, begins.
fn place_in(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

/// The files of the format, each with its relative path with `/` and without the ending.
fn files(root: &Path, ending: &str) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in WalkDir::new(root).sort_by_file_name() {
        let entry = entry.map_err(|error| Error::new(ErrorKind::Unreadable, error.to_string()).at(root))?;
        let path = entry.path();
        // A file that is named is read whatever its ending.
        let wanted = entry.depth() == 0 || path.extension().is_some_and(|found| found == ending);
        if !entry.file_type().is_file() || !wanted {
            continue;
        }
        let relative = match path.strip_prefix(root) {
            Ok(relative) if !relative.as_os_str().is_empty() => relative.to_path_buf(),
            _ => PathBuf::from(entry.file_name()),
        };
        found.push((crate::export::json::portable(&relative.with_extension("")), path.to_path_buf()));
    }
    Ok(found)
}

/// Takes annotations back as gold.
///
/// # Errors
/// [`ErrorKind::Config`] if the folder for the gold is not empty, [`ErrorKind::NoInput`] if there is no file of the
/// format, [`ErrorKind::Unreadable`] or [`ErrorKind::Unwritable`] if a folder cannot be read or written. Files and
/// articles that are wrong are listed in the summary.
pub fn import(wanted: &Wanted<'_>) -> Result<Summary> {
    let files = files(wanted.source, wanted.format.ending())?;
    if files.is_empty() {
        let message = format!("no file with the ending .{} here", wanted.format.ending());
        return Err(Error::new(ErrorKind::NoInput, message).at(wanted.source));
    }
    if !wanted.force && fs::read_dir(wanted.folder).is_ok_and(|mut entries| entries.next().is_some()) {
        let message = "the folder is not empty: name a new one with -o, or write into it with --force";
        return Err(Error::new(ErrorKind::Config, message).at(wanted.folder));
    }
    let mut reading = Reading {
        targets: Targets::new(wanted.articles)?,
        drafts: BTreeMap::new(),
        broken: BTreeSet::new(),
        notices: BTreeMap::new(),
        errors: Vec::new(),
        unreviewed: wanted.unreviewed,
        coverage: BTreeMap::new(),
        judged: BTreeMap::new(),
    };
    for (name, path) in files {
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => {
                reading.fail(Error::new(ErrorKind::Unreadable, error.to_string()).at(&path));
                continue;
            }
        };
        match wanted.format {
            Format::Brat => brat::read(&mut reading, &name, &path, &text),
            Format::CasJson => cas_json::read(&mut reading, &name, &path, &text),
            Format::LabelStudio => label_studio::read(&mut reading, &path, &text),
            Format::Prodigy => prodigy::read(&mut reading, &path, &text),
        }
    }
    label_studio::finish(&mut reading, wanted.source);
    prodigy::finish(&mut reading, wanted.source);
    write(reading, wanted.folder)
}

/// Writes the drafts that are whole.
fn write(mut reading: Reading, folder: &Path) -> Result<Summary> {
    let mut summary = Summary::default();
    let folder = Folder::new(folder)?;
    for (name, draft) in std::mem::take(&mut reading.drafts) {
        // Of an article that is not there the error was told when it was looked for.
        let Ok(target) = reading.targets.get(&name) else { continue };
        let (gold, errors, defaults) = draft.finish(target);
        let broken = reading.broken.contains(&name) || !errors.is_empty();
        reading.errors.extend(errors);
        if broken {
            reading.broken.insert(name);
            continue;
        }
        reading.note("labels were not set and were taken as the guideline's unmarked value", defaults);
        summary.articles += 1;
        summary.claims += gold.claims.len();
        summary.entities += gold.entities.len();
        folder.write(&format!("{name}.json"), pretty(&gold)?.as_bytes())?;
    }
    summary.failed = reading.broken.len();
    summary.notices = reading.notices;
    summary.errors = reading.errors;
    Ok(summary)
}

#[cfg(test)]
mod tests;
