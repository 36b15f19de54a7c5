//! From an output folder to a folder in another format: which formats there are, what an exporter is given, and the run
//! over all articles.
//!
//! Every span is checked against the text before it leaves: `quote == text[span]` holds in each export, in the unit that
//! the format counts in. An article that cannot be read stops nothing; it is told as an error at the end.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use super::field::Role;
use super::json::{ArticleJson, ClaimRecord, OffsetUnit, SCHEMA, SpanRecord};
use super::loss::{Lack, Loss, Losses};
use super::{brat, cas_json, cas_xmi, conllu, csv, doccano, label_studio, nif, parquet, prodigy, qdpx, web_annotation};
use crate::error::{Error, ErrorKind, Result};
use crate::offset::{Byte, CodePoint, OffsetIndex, Span, Utf16};

/// Name of the report on what the format could not hold, in the folder of the export.
pub const LOSSES_FILE: &str = "losses.json";

/// Schema of that report.
pub const LOSSES_SCHEMA: &str = "khabar-losses/1";

/// A format to export to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// brat stand-off.
    Brat,
    /// UIMA CAS JSON, for INCEpTION.
    CasJson,
    /// UIMA CAS XMI, for INCEpTION.
    CasXmi,
    /// CoNLL-U.
    Conllu,
    /// CoNLL-U Plus.
    ConlluPlus,
    /// Label Studio tasks with their label configuration.
    LabelStudio,
    /// Prodigy JSONL.
    Prodigy,
    /// doccano JSONL.
    Doccano,
    /// W3C Web Annotation, JSON-LD.
    WebAnnotation,
    /// NIF, Turtle.
    Nif,
    /// CSV.
    Csv,
    /// Parquet.
    Parquet,
    /// REFI-QDA project.
    Qdpx,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 13] = [
        Self::Brat,
        Self::CasJson,
        Self::CasXmi,
        Self::Conllu,
        Self::ConlluPlus,
        Self::LabelStudio,
        Self::Prodigy,
        Self::Doccano,
        Self::WebAnnotation,
        Self::Nif,
        Self::Csv,
        Self::Parquet,
        Self::Qdpx,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Brat => "brat",
            Self::CasJson => "cas-json",
            Self::CasXmi => "cas-xmi",
            Self::Conllu => "conllu",
            Self::ConlluPlus => "conllu-plus",
            Self::LabelStudio => "label-studio",
            Self::Prodigy => "prodigy",
            Self::Doccano => "doccano",
            Self::WebAnnotation => "web-annotation",
            Self::Nif => "nif",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Qdpx => "qdpx",
        }
    }

    /// The format of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// What positions count in it.
    pub fn unit(self) -> OffsetUnit {
        match self {
            Self::CasJson | Self::CasXmi => OffsetUnit::Utf16,
            _ => OffsetUnit::CodePoint,
        }
    }

    /// The parts of native JSON that it lacks, with the reasons.
    pub fn lacks(self) -> &'static [Lack] {
        match self {
            Self::Brat => brat::LACKS,
            Self::CasJson | Self::CasXmi => cas_json::LACKS,
            Self::Conllu => conllu::LACKS,
            Self::ConlluPlus => conllu::PLUS_LACKS,
            Self::LabelStudio => label_studio::LACKS,
            Self::Prodigy => prodigy::LACKS,
            Self::Doccano => doccano::LACKS,
            Self::WebAnnotation => web_annotation::LACKS,
            Self::Nif => nif::LACKS,
            Self::Csv => csv::LACKS,
            Self::Parquet => parquet::LACKS,
            Self::Qdpx => qdpx::LACKS,
        }
    }

    fn exporter(self, folder: Folder, wanted: &Wanted<'_>) -> Result<Box<dyn Exporter>> {
        Ok(match self {
            Self::Brat => Box::new(brat::Brat::new(folder)?),
            Self::CasJson => Box::new(cas_json::CasJson::new(folder)?),
            Self::CasXmi => Box::new(cas_xmi::CasXmi::new(folder)?),
            Self::Conllu => Box::new(conllu::Conllu::new(folder, false)),
            Self::ConlluPlus => Box::new(conllu::Conllu::new(folder, true)),
            Self::LabelStudio => Box::new(label_studio::LabelStudio::new(folder)?),
            Self::Prodigy => Box::new(prodigy::Prodigy::new(&folder)?),
            Self::Doccano => Box::new(doccano::Doccano::new(folder)),
            Self::WebAnnotation => Box::new(web_annotation::WebAnnotation::new(folder)),
            Self::Nif => Box::new(nif::Nif::new(folder)),
            Self::Csv => Box::new(csv::Csv::new(&folder, wanted.excel)?),
            Self::Parquet => Box::new(parquet::Parquet::new(&folder, wanted.manifest.as_deref())?),
            Self::Qdpx => Box::new(qdpx::Qdpx::new(&folder)?),
        })
    }
}

/// An article that is written in another format, with its spans checked.
#[derive(Debug)]
pub struct ExportedArticle<'a> {
    /// What native JSON says.
    pub json: &'a ArticleJson,
    /// Path of its native JSON under the output folder, with `/` and without the ending: `ar/NAME`.
    pub name: &'a str,
    index: OffsetIndex,
}

impl<'a> ExportedArticle<'a> {
    /// Takes an article with its relative path without ending, and checks all of its spans.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] if a span does not hold its quote.
    pub fn new(json: &'a ArticleJson, name: &'a str) -> Result<Self> {
        let article = Self { json, name, index: OffsetIndex::new(&json.text) };
        let mut spans: Vec<&SpanRecord> = Vec::new();
        spans.extend(json.paragraphs.iter().map(|paragraph| &paragraph.span));
        spans.extend(json.sentences.iter().map(|sentence| &sentence.span));
        for token in &json.tokens {
            spans.push(&token.span);
            spans.extend(token.words.iter().flat_map(|word| [Some(&word.span), word.article.as_ref()]).flatten());
        }
        spans.extend(json.entities.iter().map(|entity| &entity.span));
        spans.extend(json.references.iter().flat_map(|reference| [&reference.span, &reference.antecedent]));
        for attribution in &json.attributions {
            spans.extend(attribution.source.iter().chain(&attribution.cue).chain(&attribution.content));
        }
        let chains = json.attributions.iter().map(|attribution| &attribution.source_chain);
        for link in chains.chain(json.claims.iter().map(|claim| &claim.source_chain)).flatten() {
            spans.extend(link.source.iter().chain(&link.cue));
        }
        for claim in &json.claims {
            spans.push(&claim.content);
            spans.extend(Role::ALL.into_iter().filter_map(|role| role.of(claim)));
            spans.extend(claim.objects.iter().chain(&claim.sentence));
            spans.extend(claim.time.iter().map(|time| &time.span));
            spans.extend(claim.quantities.iter().map(|quantity| &quantity.span));
        }
        spans.into_iter().try_for_each(|span| article.bytes(span).map(|_| ()))?;
        Ok(article)
    }

    /// The text.
    pub fn text(&self) -> &'a str {
        &self.json.text
    }

    /// Converts between units.
    pub fn index(&self) -> &OffsetIndex {
        &self.index
    }

    /// The bytes of a span.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] if the text has other characters there than the quote.
    pub fn bytes(&self, span: &SpanRecord) -> Result<Span<Byte>> {
        self.json.bytes(&self.index, span).ok_or_else(|| {
            let (start, end, quote) = (span.start, span.end, &span.quote);
            Error::new(ErrorKind::Malformed, format!("characters {start}..{end} are not the quote “{quote}”"))
        })
    }

    /// The code points of a span.
    ///
    /// # Errors
    /// As [`ExportedArticle::bytes`].
    pub fn points(&self, span: &SpanRecord) -> Result<Span<CodePoint>> {
        Ok(self.index.code_points(self.bytes(span)?))
    }

    /// The UTF-16 code units of a span.
    ///
    /// # Errors
    /// As [`ExportedArticle::bytes`].
    pub fn utf16(&self, span: &SpanRecord) -> Result<Span<Utf16>> {
        Ok(self.index.utf16(self.bytes(span)?))
    }

    /// The roles that a claim has, with their bytes.
    ///
    /// # Errors
    /// As [`ExportedArticle::bytes`].
    pub fn roles(&self, claim: &ClaimRecord) -> Result<Vec<(Role, Span<Byte>)>> {
        Role::ALL
            .into_iter()
            .filter_map(|role| Some((role, role.of(claim)?)))
            .map(|(role, span)| Ok((role, self.bytes(span)?)))
            .collect()
    }
}

/// Writes articles in one format.
pub trait Exporter {
    /// Writes an article and notes what had to be changed or left out beside what the format lacks at all.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] if a span does not hold its quote: nothing of the article is written then.
    /// [`ErrorKind::Unwritable`] if the file cannot be written.
    fn article(&mut self, article: &ExportedArticle<'_>, losses: &mut Losses) -> Result<()>;

    /// Writes what is of all articles together.
    ///
    /// # Errors
    /// [`ErrorKind::Unwritable`] if a file cannot be written.
    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

/// The folder of an export. Files are written under a temporary name and renamed.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    Error::new(ErrorKind::Unwritable, error.to_string()).at(path)
}

impl Folder {
    /// Takes a folder and makes it if needed.
    ///
    /// # Errors
    /// [`ErrorKind::Unwritable`] if it cannot be made.
    pub fn new(root: &Path) -> Result<Self> {
        fs::create_dir_all(root).map_err(|error| unwritable(root, &error))?;
        Ok(Self { root: root.to_path_buf() })
    }

    /// A file under the folder, named with `/`, that is written bit by bit.
    ///
    /// # Errors
    /// [`ErrorKind::Unwritable`] if it cannot be made.
    pub fn grow(&self, relative: &str) -> Result<Growing> {
        let place = self.root.join(relative);
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).map_err(|error| unwritable(parent, &error))?;
        }
        let mut temporary = place.clone().into_os_string();
        temporary.push(".part");
        let temporary = PathBuf::from(temporary);
        let file = File::create(&temporary).map_err(|error| unwritable(&temporary, &error))?;
        Ok(Growing { file: Some(BufWriter::new(file)), temporary, place })
    }

    /// Writes a file under the folder, named with `/`.
    ///
    /// # Errors
    /// [`ErrorKind::Unwritable`] if it cannot be written.
    pub fn write(&self, relative: &str, bytes: &[u8]) -> Result<()> {
        let mut file = self.grow(relative)?;
        file.add(bytes)?;
        file.finish()
    }
}

/// A file that is not yet whole; if it is dropped before [`Growing::finish`], nothing stays.
#[derive(Debug)]
pub struct Growing {
    file: Option<BufWriter<File>>,
    temporary: PathBuf,
    place: PathBuf,
}

impl Growing {
    /// Adds bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Unwritable`] if they cannot be written.
    pub fn add(&mut self, bytes: &[u8]) -> Result<()> {
        self.write_all(bytes).map_err(|error| unwritable(&self.place, &error))
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// [`ErrorKind::Unwritable`] if it cannot be written.
    pub fn finish(mut self) -> Result<()> {
        self.flush()
            .and_then(|()| fs::rename(&self.temporary, &self.place))
            .map_err(|e| unwritable(&self.place, &e))?;
        self.file = None;
        Ok(())
    }

    /// Where the file will be.
    pub fn place(&self) -> &Path {
        &self.place
    }
}

impl Write for Growing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().map_or(Ok(0), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl io::Seek for Growing {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.file.as_mut().map_or(Ok(0), |file| file.seek(to))
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// What is to be exported, and how.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// An output folder of `khabar run`, or the native JSON of one article.
    pub source: &'a Path,
    /// The format.
    pub format: Format,
    /// The folder to write to.
    pub folder: &'a Path,
    /// Whether a folder that holds files already is written into.
    pub force: bool,
    /// Whether exact duplicates are left out.
    pub no_duplicates: bool,
    /// CSV for Excel.
    pub excel: bool,
    /// The report of the run (`run.json`), for formats that have a place for it.
    pub manifest: Option<String>,
}

/// What was exported.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Articles written.
    pub articles: usize,
    /// Claims written.
    pub claims: usize,
    /// Entities written, for the formats that hold them.
    pub entities: usize,
    /// Duplicates left out because that was asked for.
    pub duplicates: usize,
    /// What the format could not hold.
    pub losses: Vec<Loss>,
    /// Articles that could not be exported.
    pub errors: Vec<Error>,
}

/// The report beside the export.
#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    format: &'static str,
    offset_unit: OffsetUnit,
    articles: usize,
    claims: usize,
    entities: usize,
    duplicates_left_out: usize,
    failed: usize,
    losses: &'a [Loss],
}

/// The JSON files under a folder (or the file itself) in the order of their names, each with its relative path with `/`
/// and without the ending. Hidden folders are no articles.
///
/// # Errors
/// [`ErrorKind::Unreadable`] if the folder cannot be read.
pub fn json_files(root: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    let visible = |entry: &walkdir::DirEntry| {
        entry.depth() == 0 || !entry.file_type().is_dir() || !entry.file_name().to_string_lossy().starts_with('.')
    };
    for entry in WalkDir::new(root).sort_by_file_name().into_iter().filter_entry(visible) {
        let entry = entry.map_err(|error| Error::new(ErrorKind::Unreadable, error.to_string()).at(root))?;
        let path = entry.path();
        if !entry.file_type().is_file() || path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let relative = match path.strip_prefix(root) {
            Ok(relative) if !relative.as_os_str().is_empty() => relative.to_path_buf(),
            _ => PathBuf::from(entry.file_name()),
        };
        found.push((super::json::portable(&relative.with_extension("")), path.to_path_buf()));
    }
    Ok(found)
}

/// Reads native JSON; `None` for what khabar wrote beside the articles (the report of a run and the like).
///
/// # Errors
/// [`ErrorKind::Unreadable`] or [`ErrorKind::Malformed`], with the path.
pub fn read_article(path: &Path) -> Result<Option<ArticleJson>> {
    #[derive(Deserialize)]
    struct Head {
        schema: String,
    }
    let text =
        fs::read_to_string(path).map_err(|error| Error::new(ErrorKind::Unreadable, error.to_string()).at(path))?;
    if let Ok(head) = serde_json::from_str::<Head>(&text)
        && head.schema.starts_with("khabar")
        && !head.schema.starts_with("khabar/")
    {
        return Ok(None);
    }
    ArticleJson::read(&text).map(Some).map_err(|error| placed(error, path))
}

/// The error with the file that it is about.
fn placed(error: Error, path: &Path) -> Error {
    if error.path().is_some() { error } else { error.at(path) }
}

/// Writes a run's articles in another format. `after` is called after each article with its name.
///
/// # Errors
/// [`ErrorKind::Config`] if the folder to write to is not empty or lies in the source; [`ErrorKind::NoInput`] if there
/// is no article; [`ErrorKind::Unwritable`] if a file cannot be written. An article that is broken is no error: it is
/// listed in the summary.
pub fn export(wanted: &Wanted<'_>) -> Result<Summary> {
    let files = json_files(wanted.source)?;
    check_folder(wanted)?;
    let folder = Folder::new(wanted.folder)?;
    let mut exporter = wanted.format.exporter(folder.clone(), wanted)?;
    let mut summary = Summary::default();
    let mut losses = Losses::default();
    for (name, path) in files {
        let article = match read_article(&path) {
            Ok(Some(article)) => article,
            Ok(None) => continue,
            Err(error) => {
                summary.errors.push(error);
                continue;
            }
        };
        if wanted.no_duplicates && article.article.duplicate_of.is_some() {
            summary.duplicates += 1;
            continue;
        }
        let before = losses.clone();
        let written = ExportedArticle::new(&article, &name).and_then(|article| exporter.article(&article, &mut losses));
        match written {
            Ok(()) => {
                losses.count(&article, wanted.format.lacks());
                summary.articles += 1;
                summary.claims += article.claims.len();
                summary.entities += article.entities.len();
            }
            Err(error) if error.kind() == ErrorKind::Malformed => {
                losses = before;
                summary.errors.push(placed(error, &path));
            }
            Err(error) => return Err(error),
        }
    }
    if summary.articles == 0 {
        return Err(summary.errors.into_iter().next().unwrap_or_else(|| {
            let message = format!("no article of schema {SCHEMA} here: name the folder that `khabar run -o` wrote");
            Error::new(ErrorKind::NoInput, message).at(wanted.source)
        }));
    }
    exporter.finish()?;
    summary.losses = losses.lines();
    let lacks = |part: &str| wanted.format.lacks().iter().any(|(lacking, _)| *lacking == part);
    if lacks("claims") {
        summary.claims = 0;
    }
    if lacks("entities") {
        summary.entities = 0;
    }
    let report = Report {
        schema: LOSSES_SCHEMA,
        format: wanted.format.name(),
        offset_unit: wanted.format.unit(),
        articles: summary.articles,
        claims: summary.claims,
        entities: summary.entities,
        duplicates_left_out: summary.duplicates,
        failed: summary.errors.len(),
        losses: &summary.losses,
    };
    folder.write(LOSSES_FILE, pretty(&report)?.as_bytes())?;
    Ok(summary)
}

/// JSON on several lines, with a newline at its end.
///
/// # Errors
/// [`ErrorKind::Internal`] if the value cannot be JSON.
pub fn pretty(value: &impl Serialize) -> Result<String> {
    let mut text = serde_json::to_string_pretty(value).map_err(|error| unserializable(&error))?;
    text.push('\n');
    Ok(text)
}

/// JSON on one line, with a newline at its end.
///
/// # Errors
/// [`ErrorKind::Internal`] if the value cannot be JSON.
pub fn json_line(value: &impl Serialize) -> Result<String> {
    let mut text = serde_json::to_string(value).map_err(|error| unserializable(&error))?;
    text.push('\n');
    Ok(text)
}

fn unserializable(error: &serde_json::Error) -> Error {
    Error::new(ErrorKind::Internal, format!("not written as JSON: {error}"))
}

/// Refuses a folder whose files could be lost, or that the next reader of the source would take for articles.
fn check_folder(wanted: &Wanted<'_>) -> Result<()> {
    let refused = |message: &str| Err(Error::new(ErrorKind::Config, message).at(wanted.folder));
    // What does not exist yet lies where its nearest existing parent lies.
    let existing = wanted.folder.ancestors().find(|path| path.exists());
    let place = existing.filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if wanted.source.is_dir()
        && let (Ok(place), Ok(source)) = (place.canonicalize(), wanted.source.canonicalize())
        && place.starts_with(&source)
    {
        return refused("the export would lie among the articles that it is made of: name a folder outside with -o");
    }
    let filled = fs::read_dir(wanted.folder).is_ok_and(|mut entries| entries.next().is_some());
    if filled && !wanted.force {
        return refused(
            "the folder is not empty, and what somebody annotated there would be written over: name a new folder \
             with -o, or write into it with --force",
        );
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::article::Article;
    use crate::pipeline::Pipeline;
    use crate::provenance::Provenance;

    /// Emoji, letters outside the Basic Multilingual Plane, harakat, direction marks, Latin, a name cut from its clitic.
    pub const TEXT: &str = "بكين ترد على القيود 🚀\n\nقَالَتْ وزارة الخارجية الصينية إن بكين سترد 🚀 على القيود \
                            الأمريكية، وأضافت أن الولايات المتحدة\u{200f} \"𝒳\" ستخسر.\n\nNvidia said it would comply \
                            with U.S. export rules & laws <soon>. “We will not wait,” Beijing said.\u{202b}\u{202c}";

    /// [`TEXT`] through the pipeline, in each unit.
    static ARTICLES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
        let (document, claims) = Pipeline::with_defaults().unwrap().run(Article::from_text(TEXT));
        [OffsetUnit::CodePoint, OffsetUnit::Utf16, OffsetUnit::Byte]
            .into_iter()
            .map(|unit| {
                let provenance = Provenance::new("c", vec!["x".into()]);
                let mut bytes = Vec::new();
                ArticleJson::new(&document, &claims, "a.json", unit, provenance).write(&mut bytes).unwrap();
                bytes
            })
            .collect()
    });

    /// An output folder with [`TEXT`] in each unit, and what khabar writes beside the articles.
    pub fn output() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("out/sub")).unwrap();
        for (bytes, name) in ARTICLES.iter().zip(["a", "sub/b", "sub/c d"]) {
            fs::write(folder.path().join(format!("out/{name}.json")), bytes).unwrap();
        }
        fs::write(folder.path().join("out/run.json"), r#"{"schema": "khabar-run/1"}"#).unwrap();
        folder
    }

    /// Exports that folder; the files are under `export` there.
    pub fn exported(format: Format) -> (tempfile::TempDir, Summary) {
        let folder = output();
        let (source, target) = (folder.path().join("out"), folder.path().join("export"));
        let wanted = Wanted {
            source: &source,
            format,
            folder: &target,
            force: false,
            no_duplicates: false,
            excel: false,
            manifest: None,
        };
        let summary = export(&wanted).unwrap();
        assert!(summary.errors.is_empty(), "{:?}", summary.errors);
        assert_eq!(summary.articles, 3);
        (folder, summary)
    }

    /// A file of an export.
    pub fn file(folder: &tempfile::TempDir, name: &str) -> String {
        fs::read_to_string(folder.path().join("export").join(name)).unwrap()
    }

    #[test]
    fn every_format_writes_a_report_and_no_half_file() {
        for format in Format::ALL {
            let (folder, summary) = exported(format);
            let report: serde_json::Value = serde_json::from_str(&file(&folder, LOSSES_FILE)).unwrap();
            assert_eq!(report["format"], format.name());
            assert_eq!(report["losses"].as_array().unwrap().len(), summary.losses.len());
            // What a format lacks is counted, what it holds is not, or as changed.
            for loss in &summary.losses {
                assert!(loss.count > 0 && !loss.part.is_empty(), "{loss:?}");
            }
            for entry in WalkDir::new(folder.path()) {
                let path = entry.unwrap().into_path();
                assert!(path.extension().is_none_or(|ending| ending != "part"), "{}", path.display());
            }
        }
    }

    #[test]
    fn the_same_articles_give_the_same_files() {
        let bytes = |folder: &tempfile::TempDir| {
            let root = folder.path().join("export");
            WalkDir::new(&root)
                .sort_by_file_name()
                .into_iter()
                .map(|entry| entry.unwrap().into_path())
                .filter(|path| path.is_file())
                .map(|path| (path.strip_prefix(&root).unwrap().to_path_buf(), fs::read(path).unwrap()))
                .collect::<Vec<_>>()
        };
        for format in Format::ALL {
            assert!(bytes(&exported(format).0) == bytes(&exported(format).0), "{format:?}");
        }
    }

    #[test]
    fn what_a_person_annotated_is_not_written_over() {
        let folder = output();
        let source = folder.path().join("out");
        let target = folder.path().join("export");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("mine.ann"), "T1\tClaim 0 1\tx\n").unwrap();
        let mut wanted = Wanted {
            source: &source,
            format: Format::Brat,
            folder: &target,
            force: false,
            no_duplicates: false,
            excel: false,
            manifest: None,
        };
        assert_eq!(export(&wanted).unwrap_err().kind(), ErrorKind::Config);
        wanted.force = true;
        export(&wanted).unwrap();
        assert!(target.join("mine.ann").exists());
        let inside = source.join("new/export");
        wanted.folder = &inside;
        assert_eq!(export(&wanted).unwrap_err().kind(), ErrorKind::Config);
        assert!(!source.join("new").exists());
    }

    #[test]
    fn a_broken_article_is_told_and_the_others_are_written() {
        let folder = output();
        let source = folder.path().join("out");
        let broken =
            fs::read_to_string(source.join("a.json")).unwrap().replace("\"quote\":\"بكين\"", "\"quote\":\"x\"");
        fs::write(source.join("broken.json"), broken).unwrap();
        fs::write(source.join("other.json"), "[1]").unwrap();
        for format in Format::ALL {
            let target = folder.path().join(format.name());
            let wanted = Wanted {
                source: &source,
                format,
                folder: &target,
                force: false,
                no_duplicates: false,
                excel: false,
                manifest: None,
            };
            let summary = export(&wanted).unwrap();
            let told: Vec<String> = summary.errors.iter().map(ToString::to_string).collect();
            assert_eq!((summary.articles, told.len()), (3, 2), "{format:?}: {told:?}");
            assert!(told[0].contains("broken.json") && told[0].contains("are not the quote"), "{told:?}");
            assert!(told[1].contains("other.json"), "{told:?}");
        }
        fs::create_dir(folder.path().join("none")).unwrap();
        let (none, target) = (folder.path().join("none"), folder.path().join("none-brat"));
        let wanted = Wanted {
            source: &none,
            format: Format::Brat,
            folder: &target,
            force: false,
            no_duplicates: false,
            excel: false,
            manifest: None,
        };
        assert_eq!(export(&wanted).unwrap_err().kind(), ErrorKind::NoInput);
    }
}
