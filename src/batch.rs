//! Runs over many articles: parallel, in order, bounded in memory, resumable.
//!
//! Workers annotate; the calling thread takes their results in the order of the input, whatever `jobs` is, and alone
//! writes. At most a few articles for each worker are under way at a time. What grows with the number of articles is
//! some 100 bytes for each: hashes, to tell duplicates and finished articles.
//!
//! Into the output folder go:
//! - `<relative path>.json` for each article (see [`crate::export::json`]);
//! - `claims.jsonl`: all claims with their article, in the order of the articles. The claims of an exact duplicate are
//!   listed again with `duplicate_of` set, so that one can count by report and by text;
//! - `errors.jsonl`: path, code, message and hint of each article that could not be read, and of skipped files;
//! - `run.json`: versions, hashes, configuration, counts that add up, durations;
//! - `.khabar/`: lock, journal, files not yet whole.
//!
//! A file gets its final name when it is whole. The journal notes an article once its file is in place, under a key of
//! the input's hash, the configuration, the models, the build and the output path: a later run takes it over if
//! all of these, and the file itself, are the same.

mod folder;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::article::Article;
use crate::document::{Language, Side};
use crate::error::{Error, ErrorKind, Result};
use crate::export::json::{ArticleJson, ArticleRecord, ClaimRecord, OffsetUnit, claim_lines, portable};
use crate::pipeline::{Pipeline, guarded};
use crate::provenance::{BUILD_HASH, PROFILE, Provenance, TARGET, VERSION, model_hash, sha256_hex};
use folder::{Folder, Growing, Journal, digest, half_hash, unwritable};

/// Something to work on.
pub enum Input {
    /// An article.
    Article(Box<Article>),
    /// Something that could not be read.
    Failed(Error),
    /// A file that is no article by its ending.
    Skipped {
        /// The file.
        path: PathBuf,
        /// Why it is skipped.
        reason: String,
    },
    /// Something to be read on a worker thread.
    Unread {
        /// The file.
        path: PathBuf,
        /// Reads it; gives no further [`Input::Unread`].
        read: Box<dyn FnOnce() -> Vec<Input> + Send>,
    },
}

/// How a run is done.
#[derive(Debug, Clone)]
pub struct Options {
    /// The output folder, if there is one.
    pub out: Option<PathBuf>,
    /// Articles at a time, at least 1.
    pub jobs: usize,
    /// Does everything anew.
    pub force: bool,
    /// After how many failed articles to stop.
    pub max_errors: Option<usize>,
    /// Unit of the spans.
    pub unit: OffsetUnit,
    /// Hash of the configuration.
    pub config_hash: String,
    /// The configuration, for `run.json`.
    pub config: serde_json::Value,
}

/// What became of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Annotated.
    Ok,
    /// Annotated; an article before it has exactly the same text.
    Duplicate,
    /// Neither Arabic nor English: written without claims.
    UnsupportedLanguage,
    /// No text in it.
    Empty,
    /// Failed with an error.
    Failed,
    /// Not read, by its ending.
    Skipped,
}

/// Counts of a run: `inputs` is the sum of the six that follow it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Articles, and files that gave none.
    pub inputs: usize,
    /// Annotated, the first of their text.
    pub ok: usize,
    /// Annotated, with the text of an article before.
    pub duplicate: usize,
    /// Neither Arabic nor English.
    pub unsupported_language: usize,
    /// Without text.
    pub empty: usize,
    /// Failed.
    pub failed: usize,
    /// Skipped by their ending.
    pub skipped: usize,
    /// Of the annotated ones: taken over from a run before.
    pub taken_over: usize,
    /// All claims, those of duplicates included.
    pub claims: usize,
    /// Claims attributed to the United States.
    pub claims_us: usize,
    /// Claims attributed to China.
    pub claims_cn: usize,
    /// Claims of duplicates, part of `claims`.
    pub claims_in_duplicates: usize,
}

impl Counts {
    /// Articles that have their JSON.
    pub fn written(&self) -> usize {
        self.ok + self.duplicate + self.unsupported_language
    }

    /// Inputs with an error.
    pub fn errors(&self) -> usize {
        self.empty + self.failed
    }

    fn add(&mut self, status: Status) {
        self.inputs += 1;
        *match status {
            Status::Ok => &mut self.ok,
            Status::Duplicate => &mut self.duplicate,
            Status::UnsupportedLanguage => &mut self.unsupported_language,
            Status::Empty => &mut self.empty,
            Status::Failed => &mut self.failed,
            Status::Skipped => &mut self.skipped,
        } += 1;
    }
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// All inputs were worked on.
    Complete,
    /// Somebody asked it to stop.
    Interrupted,
    /// Too many errors.
    TooManyErrors,
    /// Nobody reads the stream of documents any more.
    BrokenPipe,
}

/// What a run did.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Why it ended.
    pub ending: Ending,
    /// What became of the inputs.
    pub counts: Counts,
    /// How long it took.
    pub seconds: f64,
    /// Time in each stage, over all threads.
    pub stage_seconds: BTreeMap<String, f64>,
}

/// Tells how far a run is, after each input.
#[derive(Debug)]
pub struct Progress<'a> {
    /// Number of the file, as given with the input.
    pub file: usize,
    /// The file.
    pub path: &'a Path,
    /// What became of the input.
    pub status: Status,
    /// Its error.
    pub error: Option<&'a Error>,
    /// All counts so far.
    pub counts: &'a Counts,
}

/// A line of `errors.jsonl`.
#[derive(Debug, Serialize, Deserialize)]
struct ErrorLine<'a> {
    path: String,
    status: &'a str,
    code: Option<&'a str>,
    message: String,
    line: Option<u64>,
    hint: &'a str,
}

/// What a worker made of an input.
enum Made {
    Written { path: PathBuf, article: Box<Finished> },
    Failed { path: PathBuf, error: Error },
    Skipped { path: PathBuf, reason: String },
}

struct Finished {
    key: u128,
    record: ArticleRecord,
    text_sha256: String,
    claims: Vec<ClaimRecord>,
    /// The file's bytes; `None` if the file that is there was taken over.
    bytes: Option<Vec<u8>>,
    /// The line of the stream, if one was asked for.
    line: Option<Vec<u8>>,
    taken_over: bool,
}

type Task = (u64, usize, Input);
type Done = (u64, usize, Vec<Made>);

/// Everything that the workers share.
struct Shop<'a> {
    pipeline: &'a Pipeline,
    options: &'a Options,
    provenance: Provenance,
    journal: Option<&'a Mutex<Journal>>,
    stream: bool,
    nanoseconds: Vec<AtomicU64>,
}

/// Runs the pipeline over `inputs`, each with the number of its file; writes into the folder of `options` and to
/// `stream` (one object a line). Ends early, with what is finished in place, when `stop` becomes true.
///
/// # Errors
/// [`ErrorKind::Unwritable`] if the folder or the stream cannot be written; errors of single articles are counted and
/// listed, not returned.
pub fn run(
    pipeline: &Pipeline,
    inputs: impl Iterator<Item = (usize, Input)> + Send,
    options: &Options,
    stream: Option<&mut dyn Write>,
    stop: &AtomicBool,
    observe: &mut dyn FnMut(&Progress<'_>),
) -> Result<Summary> {
    let start = Instant::now();
    let started_at = jiff::Timestamp::now();
    let mut folder = options.out.as_deref().map(Folder::open).transpose()?;
    let journal = match &folder {
        Some(folder) => Some(Mutex::new(Journal::open(&folder.journal(), options.force)?)),
        None => None,
    };
    let stages = pipeline.stage_names();
    let shop = Shop {
        pipeline,
        options,
        provenance: Provenance::new(&options.config_hash, stages.clone()),
        journal: journal.as_ref(),
        stream: stream.is_some(),
        nanoseconds: stages.iter().map(|_| AtomicU64::new(0)).collect(),
    };
    let mut collector = Collector {
        claims: folder.as_ref().map(|f| f.grow("claims.jsonl")).transpose()?,
        errors: folder.as_ref().map(|f| f.grow("errors.jsonl")).transpose()?,
        folder: folder.as_mut(),
        journal: journal.as_ref(),
        stream,
        options,
        counts: Counts::default(),
        first_of_text: HashMap::new(),
        outputs: HashSet::new(),
        ending: None,
    };

    // Set by the collector; `stop` belongs to the caller.
    let over = AtomicBool::new(false);
    let jobs = options.jobs.max(1);
    let under_way = jobs * 3 + 1;
    let (permit, permits) = mpsc::sync_channel::<()>(under_way);
    let (task_sender, task_receiver) = mpsc::sync_channel::<Task>(under_way);
    let (done_sender, done_receiver) = mpsc::channel::<Done>();
    let tasks = Mutex::new(task_receiver);
    let outcome = std::thread::scope(|scope| {
        for number in 0..jobs {
            let (tasks, shop, done, over) = (&tasks, &shop, done_sender.clone(), &over);
            std::thread::Builder::new()
                .name(format!("worker {number}"))
                .stack_size(16 << 20)
                .spawn_scoped(scope, move || work(shop, tasks, &done, over))
                .map_err(|e| Error::new(ErrorKind::Internal, format!("no thread could be started: {e}")))?;
        }
        drop(done_sender);
        let over = &over;
        std::thread::Builder::new()
            .name("worker reading".to_owned())
            .stack_size(16 << 20)
            .spawn_scoped(scope, move || read(inputs, &permit, &task_sender, &[stop, over]))
            .map_err(|e| Error::new(ErrorKind::Internal, format!("no thread could be started: {e}")))?;

        let outcome = in_order(&done_receiver, |file, made| {
            if collector.ending.is_none() && !over.load(Ordering::Relaxed) {
                collector.take(file, made, observe)?;
            }
            Ok(())
        }, &permits, over);
        over.store(true, Ordering::Relaxed);
        // Readers and workers that still wait are let go.
        drop(permits);
        drop(done_receiver);
        outcome
    });
    if collector.ending.is_none() {
        outcome?;
    }

    let Collector { claims, errors, counts, ending, folder, .. } = collector;
    let ending = match ending {
        Some(ending) => ending,
        None if stop.load(Ordering::Relaxed) => Ending::Interrupted,
        None => Ending::Complete,
    };
    let stage_seconds = stages
        .iter()
        .zip(&shop.nanoseconds)
        .map(|(name, time)| (name.clone(), seconds(time.load(Ordering::Relaxed) as f64 / 1e9)))
        .collect();
    let summary = Summary { ending, counts, seconds: seconds(start.elapsed().as_secs_f64()), stage_seconds };
    if let Some(claims) = claims {
        claims.finish()?;
    }
    if let Some(errors) = errors {
        errors.finish()?;
    }
    drop(shop);
    if let Some(folder) = folder {
        let report = report(&summary, options, &stages, started_at);
        folder.write("run.json", report.as_bytes()).map_err(|e| unwritable(&folder.place("run.json"), &e))?;
    }
    Ok(summary)
}

fn seconds(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

fn report(summary: &Summary, options: &Options, stages: &[String], started_at: jiff::Timestamp) -> String {
    let report = serde_json::json!({
        "schema": "khabar-run/1",
        "tool": "khabar",
        "version": VERSION,
        "build_hash": BUILD_HASH,
        "target": TARGET,
        "profile": PROFILE,
        "model_hash": model_hash(),
        "config_hash": options.config_hash,
        "config": options.config,
        "stages": stages,
        "started_at": started_at.round(jiff::Unit::Second).unwrap_or(started_at).to_string(),
        "jobs": options.jobs,
        "ending": summary.ending,
        "counts": summary.counts,
        "seconds": summary.seconds,
        "stage_seconds": summary.stage_seconds,
    });
    let mut text = serde_json::to_string_pretty(&report).unwrap_or_default();
    text.push('\n');
    text
}

/// Hands out the inputs, never more than there are permits.
fn read(
    inputs: impl Iterator<Item = (usize, Input)>,
    permit: &SyncSender<()>,
    tasks: &SyncSender<Task>,
    stops: &[&AtomicBool],
) {
    let mut inputs = inputs;
    let mut number = 0;
    let stopped = || stops.iter().any(|stop| stop.load(Ordering::Relaxed));
    while !stopped() {
        let next = guarded(Path::new(""), || Ok(inputs.next()));
        let task = match next {
            Ok(Some((file, input))) => (number, file, input),
            Ok(None) => break,
            // The reader itself fell over: nothing more can be had from it.
            Err(error) => (number, 0, Input::Failed(error)),
        };
        let last = matches!(&task.2, Input::Failed(e) if e.kind() == ErrorKind::Internal && e.path() == Some(Path::new("")));
        number += 1;
        if permit.send(()).is_err() || tasks.send(task).is_err() || last {
            break;
        }
    }
}

fn work(shop: &Shop<'_>, tasks: &Mutex<Receiver<Task>>, done: &mpsc::Sender<Done>, over: &AtomicBool) {
    loop {
        let task = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, file, input)) = task else { return };
        let made = if over.load(Ordering::Relaxed) { Vec::new() } else { shop.make(input) };
        if done.send((number, file, made)).is_err() {
            return;
        }
    }
}

/// Calls `take` for each result in the order of the tasks, and frees one permit for each.
fn in_order(
    done: &Receiver<Done>,
    mut take: impl FnMut(usize, Vec<Made>) -> Result<()>,
    permits: &Receiver<()>,
    over: &AtomicBool,
) -> Result<()> {
    let mut waiting: BTreeMap<u64, (usize, Vec<Made>)> = BTreeMap::new();
    let mut next = 0;
    while let Ok((number, file, made)) = done.recv() {
        waiting.insert(number, (file, made));
        while let Some((file, made)) = waiting.remove(&next) {
            next += 1;
            let taken = take(file, made);
            let _ = permits.try_recv();
            if taken.is_err() {
                over.store(true, Ordering::Relaxed);
                return taken;
            }
        }
    }
    Ok(())
}

impl Shop<'_> {
    fn make(&self, input: Input) -> Vec<Made> {
        match input {
            Input::Article(article) => vec![self.article(*article)],
            Input::Failed(error) => vec![failed(error, PathBuf::new())],
            Input::Skipped { path, reason } => vec![Made::Skipped { path, reason }],
            Input::Unread { path, read } => match guarded(&path, || Ok(read())) {
                Ok(inputs) => inputs.into_iter().flat_map(|input| self.make(input)).collect(),
                Err(error) => vec![failed(error, path)],
            },
        }
    }

    fn article(&self, article: Article) -> Made {
        let path = article.origin().path.clone();
        match guarded(&path, || self.finish(article)) {
            Ok(article) => Made::Written { path, article: Box::new(article) },
            Err(error) => failed(error, path),
        }
    }

    fn finish(&self, article: Article) -> Result<Finished> {
        let origin = article.origin();
        if article.text().trim().is_empty() {
            return Err(Error::new(ErrorKind::Empty, "the article holds no text").at(&origin.path));
        }
        let output = output(&origin.relative);
        let record = origin.record.map(|number| number.to_string()).unwrap_or_default();
        let path = portable(&origin.path);
        let key = digest(&[
            &origin.input_hash,
            &path,
            &record,
            &self.options.config_hash,
            &self.provenance.model_hash,
            BUILD_HASH,
            &output,
        ]);
        if let Some(finished) = self.take_over(key, &output) {
            return Ok(finished);
        }
        let (document, claims) = self.pipeline.run_timed(article, &mut |stage, time| {
            if let Some(total) = self.nanoseconds.get(stage) {
                total.fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
            }
        });
        let claims = if document.language() == Language::Other { Vec::new() } else { claims };
        let json = ArticleJson::new(&document, &claims, &output, self.options.unit, self.provenance.clone());
        let bytes = if self.options.out.is_some() { Some(bytes(&json)?) } else { None };
        let line = if self.stream { Some(line(&json)?) } else { None };
        Ok(Finished {
            key,
            record: json.article,
            text_sha256: json.text_sha256,
            claims: json.claims,
            bytes,
            line,
            taken_over: false,
        })
    }

    /// The finished article of a run before, if its file is still the one that was written.
    fn take_over(&self, key: u128, output: &str) -> Option<Finished> {
        let hash = self.journal?.lock().unwrap_or_else(PoisonError::into_inner).finished(key, output)?;
        let place = self.options.out.as_ref()?.join(output);
        let found = std::fs::read(place).ok()?;
        if half_hash(&found) != hash {
            return None;
        }
        let json = ArticleJson::read(std::str::from_utf8(&found).ok()?).ok()?;
        let line = if self.stream { Some(line(&json).ok()?) } else { None };
        Some(Finished {
            key,
            record: json.article,
            text_sha256: json.text_sha256,
            claims: json.claims,
            bytes: None,
            line,
            taken_over: true,
        })
    }
}

fn failed(error: Error, fallback: PathBuf) -> Made {
    let path = error.path().map_or(fallback, Path::to_path_buf);
    Made::Failed { path, error }
}

fn bytes(json: &ArticleJson) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(json.text.len() * 16);
    json.write(&mut bytes).map_err(|e| Error::new(ErrorKind::Internal, format!("article not written: {e}")))?;
    Ok(bytes)
}

fn line(json: &ArticleJson) -> Result<Vec<u8>> {
    let mut line =
        serde_json::to_vec(json).map_err(|e| Error::new(ErrorKind::Internal, format!("article not written: {e}")))?;
    line.push(b'\n');
    Ok(line)
}

/// Path of the JSON file under the output folder; never outside it, never one of the run's own files.
fn output(relative: &Path) -> String {
    let parts: Vec<String> = relative
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().replace(['/', '\\', '\0'], "_")),
            _ => None,
        })
        .collect();
    let joined = if parts.is_empty() { "article".to_owned() } else { parts.join("/") };
    match joined.as_str() {
        "run" => "run_.json".to_owned(),
        _ if joined.starts_with(".khabar") => format!("_{joined}.json"),
        _ => format!("{joined}.json"),
    }
}

/// Takes the results in order and writes them.
struct Collector<'a, 's> {
    folder: Option<&'a mut Folder>,
    journal: Option<&'a Mutex<Journal>>,
    claims: Option<Growing>,
    errors: Option<Growing>,
    stream: Option<&'s mut (dyn Write + 's)>,
    options: &'a Options,
    counts: Counts,
    /// For each text the id of its first article.
    first_of_text: HashMap<u128, u64>,
    outputs: HashSet<u128>,
    ending: Option<Ending>,
}

impl Collector<'_, '_> {
    fn take(&mut self, file: usize, made: Vec<Made>, observe: &mut dyn FnMut(&Progress<'_>)) -> Result<()> {
        for made in made {
            let (path, status, error) = match made {
                Made::Skipped { path, reason } => {
                    self.error_line(&path, "skipped", None, &reason)?;
                    (path, Status::Skipped, None)
                }
                Made::Failed { path, error } => (path, Status::Failed, Some(error)),
                Made::Written { path, article } => match self.write(*article) {
                    Ok(Some(status)) => (path, status, None),
                    Ok(None) => return Ok(()),
                    Err(error) if fatal(&error) => return Err(error),
                    Err(error) => (path, Status::Failed, Some(error)),
                },
            };
            let status = match &error {
                Some(error) if error.kind() == ErrorKind::Empty => Status::Empty,
                _ => status,
            };
            if let Some(error) = &error {
                let name = if status == Status::Empty { "empty" } else { "failed" };
                self.error_line(&path, name, Some(error), error.message())?;
            }
            self.counts.add(status);
            observe(&Progress { file, path: &path, status, error: error.as_ref(), counts: &self.counts });
            if self.options.max_errors.is_some_and(|most| self.counts.errors() >= most) {
                self.ending = Some(Ending::TooManyErrors);
                return Ok(());
            }
        }
        Ok(())
    }

    fn error_line(&mut self, path: &Path, status: &str, error: Option<&Error>, message: &str) -> Result<()> {
        let Some(errors) = &mut self.errors else { return Ok(()) };
        let line = ErrorLine {
            path: portable(path),
            status,
            code: error.map(|e| e.kind().code()),
            message: message.to_owned(),
            line: error.and_then(Error::line_number),
            hint: error.map_or("give it with an ending that khabar reads, or leave it out", |e| e.kind().hint()),
        };
        let mut text = serde_json::to_string(&line)
            .map_err(|e| Error::new(ErrorKind::Internal, format!("error not written: {e}")))?;
        text.push('\n');
        errors.add(&text)
    }

    /// Writes an article; `None` if nobody reads the stream any more.
    fn write(&mut self, mut article: Finished) -> Result<Option<Status>> {
        let output = article.record.output.clone();
        if !self.outputs.insert(digest(&[&output])) {
            let message = format!("two articles would be written to {output}; only the first was");
            return Err(Error::new(ErrorKind::Internal, message).at(&article.record.path));
        }
        let id = u64::from_str_radix(&article.record.id, 16).unwrap_or_default();
        let first = *self.first_of_text.entry(digest(&[&article.text_sha256])).or_insert(id);
        let duplicate_of = (first != id).then(|| format!("{first:016x}"));
        if article.record.duplicate_of != duplicate_of {
            self.mark(&mut article, duplicate_of)?;
        }
        if let Some(bytes) = &article.bytes
            && let Some(folder) = &mut self.folder
        {
            folder.write(&output, bytes).map_err(|e| unwritable(&folder.place(&output), &e))?;
            if let Some(journal) = self.journal {
                let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
                journal.note(article.key, &output, &sha256_hex(bytes)).map_err(|e| unwritable(&folder.journal(), &e))?;
            }
        }
        if let (Some(stream), Some(line)) = (&mut self.stream, &article.line) {
            match stream.write_all(line).and_then(|()| stream.flush()) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    self.ending = Some(Ending::BrokenPipe);
                    return Ok(None);
                }
                Err(error) => return Err(unwritable(Path::new("-"), &error)),
            }
        }
        if let Some(claims) = &mut self.claims {
            claims.add(&claim_lines(&article.record, self.options.unit, &article.claims)?)?;
        }
        let us = article.claims.iter().filter(|claim| claim.side == Side::Us).count();
        self.counts.claims += article.claims.len();
        self.counts.claims_us += us;
        self.counts.claims_cn += article.claims.len() - us;
        self.counts.taken_over += usize::from(article.taken_over);
        Ok(Some(if article.record.language == Language::Other {
            Status::UnsupportedLanguage
        } else if article.record.duplicate_of.is_some() {
            self.counts.claims_in_duplicates += article.claims.len();
            Status::Duplicate
        } else {
            Status::Ok
        }))
    }

    /// Writes into an article whose duplicate it is. Only now, in order, is that known.
    fn mark(&self, article: &mut Finished, duplicate_of: Option<String>) -> Result<()> {
        let internal = |what: String| Error::new(ErrorKind::Internal, what).at(&article.record.path);
        let read = |bytes: &[u8]| {
            let text = std::str::from_utf8(bytes).map_err(|e| internal(e.to_string()))?;
            let mut json = ArticleJson::read(text)?;
            json.article.duplicate_of.clone_from(&duplicate_of);
            Ok::<_, Error>(json)
        };
        if let Some(folder) = &self.folder {
            let place = folder.place(&article.record.output);
            let old = match &article.bytes {
                Some(bytes) => bytes.clone(),
                None => std::fs::read(&place).map_err(|e| unwritable(&place, &e))?,
            };
            article.bytes = Some(bytes(&read(&old)?)?);
        }
        if let Some(old) = &article.line {
            article.line = Some(line(&read(old)?)?);
        }
        article.record.duplicate_of = duplicate_of;
        Ok(())
    }
}

/// Whether an error of writing would strike every article that follows.
fn fatal(error: &Error) -> bool {
    error.kind() == ErrorKind::Unwritable
}

impl Summary {
    /// The counts in one line.
    pub fn line(&self) -> String {
        let counts = &self.counts;
        let mut line = format!("{} inputs: {} ok", counts.inputs, counts.ok);
        for (number, what) in [
            (counts.duplicate, "duplicate"),
            (counts.unsupported_language, "in an unsupported language"),
            (counts.empty, "empty"),
            (counts.failed, "failed"),
            (counts.skipped, "skipped"),
        ] {
            if number > 0 {
                let _ = write!(line, ", {number} {what}");
            }
        }
        let _ = write!(line, "; {} claims: {} US, {} CN", counts.claims, counts.claims_us, counts.claims_cn);
        if counts.taken_over > 0 {
            let _ = write!(line, "; {} taken over from a run before", counts.taken_over);
        }
        line
    }
}
