//! `khabar run`.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Exit, Stop, terminal};
use crate::article::{Article, Discovery, Input as FileInput, ReadOptions, discover, open, read};
use crate::batch::{self, Ending, Input, Options, Progress, Status};
use crate::config::{Config, Source, user_file};
use crate::error::{Error, ErrorKind, Result};
use crate::export::table::shown;
use crate::pipeline::{Pipeline, quiet_panics};

const EXAMPLES: &str = "\
Examples:
  khabar run articles/ -o out                 one JSON for each article in out/, claims in out/claims.jsonl
  khabar run 'news/*.html' feed.jsonl -o out -j 8
  khabar run table.csv --text-field Body --title-field Headline -o out
  cat article.txt | khabar run - --jsonl -    to standard output, one object a line
  khabar run articles/ --print-config         every setting and where it comes from";

/// Annotate articles: one JSON for each, all claims in claims.jsonl
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
#[allow(clippy::struct_excessive_bools, clippy::struct_field_names, reason = "each is a flag of the command line")]
pub(super) struct Run {
    /// Files, folders (with all below), patterns such as 'news/*.html', or - for standard input
    #[arg(required_unless_present = "print_config")]
    paths: Vec<PathBuf>,
    /// Output folder
    #[arg(short, long, value_name = "OUT")]
    out: Option<PathBuf>,
    /// Write the documents one a line to this file, or - for standard output
    #[arg(long, value_name = "FILE")]
    jsonl: Option<PathBuf>,
    /// Articles at a time [default: one for each core]
    #[arg(short, long, value_name = "N")]
    jobs: Option<String>,
    /// Do everything anew, also what an earlier run finished
    #[arg(long)]
    force: bool,
    /// Stop at the first article that fails
    #[arg(long)]
    fail_fast: bool,
    /// Stop after N failed articles
    #[arg(long, value_name = "N")]
    max_errors: Option<String>,
    /// Print what would be read and written, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Encoding of all files, such as windows-1256 [default: found for each file]
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// Field of JSON, JSONL and CSV with the headline (several: separated by commas)
    #[arg(long, value_name = "NAME")]
    title_field: Option<String>,
    /// Field with the text
    #[arg(long, value_name = "NAME")]
    text_field: Option<String>,
    /// Field with the date
    #[arg(long, value_name = "NAME")]
    date_field: Option<String>,
    /// Field with the address
    #[arg(long, value_name = "NAME")]
    url_field: Option<String>,
    /// Field with the outlet
    #[arg(long, value_name = "NAME", alias = "source-field")]
    outlet_field: Option<String>,
    /// Field with the by-line
    #[arg(long, value_name = "NAME")]
    author_field: Option<String>,
    /// Field with the language
    #[arg(long, value_name = "NAME")]
    language_field: Option<String>,
    /// Largest article that is read, in bytes
    #[arg(long, value_name = "N")]
    max_bytes: Option<String>,
    /// What reads the words: fast, or the transformer that is better and slower
    #[arg(long, value_name = "MODEL", value_parser = ["fast", "accurate"])]
    model: Option<String>,
    /// What finds claims: the network, or the rules alone
    #[arg(long, value_name = "METHOD", value_parser = ["network", "rules"])]
    claims: Option<String>,
    /// What start and end count
    #[arg(long, value_name = "UNIT", value_parser = ["code-point", "utf16", "byte"])]
    offset_unit: Option<String>,
    /// Configuration file, instead of khabar.toml in the working folder
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print the configuration with the origin of each value, and do nothing
    #[arg(long)]
    print_config: bool,
    /// No progress and no summary; errors only
    #[arg(short, long)]
    quiet: bool,
    /// Name each article, and the time in each stage
    #[arg(short, long, conflicts_with = "quiet")]
    verbose: bool,
    /// Summary as JSON on standard output
    #[arg(long)]
    json: bool,
}

impl Run {
    pub(super) fn run(&self) -> std::result::Result<Exit, Stop> {
        let config = self.configuration()?;
        let mut out = std::io::stdout().lock();
        if self.print_config {
            out.write_all(config.to_toml().as_bytes())?;
            return Ok(Exit::Good);
        }
        let to_stdout = self.jsonl.as_deref() == Some(Path::new("-"));
        if self.out.is_none() && self.jsonl.is_none() && !self.dry_run {
            return Err(usage("name an output folder with -o OUT, or stream with --jsonl -").into());
        }
        if to_stdout && self.json {
            return Err(usage("--json and --jsonl - both write to standard output").into());
        }
        let mut discovery = discover(&self.paths);
        if let Some(out) = self.out.as_ref().and_then(|out| out.canonicalize().ok()) {
            // What an earlier run wrote below the folder that is read is no article.
            let written = |path: &Path| path.canonicalize().is_ok_and(|path| path.starts_with(&out));
            discovery.inputs.retain(|input| !written(&input.path));
            discovery.skipped.retain(|skipped| !written(&skipped.path));
        }
        if discovery.inputs.is_empty() {
            return Err(match discovery.errors.into_iter().next() {
                Some(error) => error,
                None => Error::new(ErrorKind::NoInput, format!("no file to read; {} skipped", discovery.skipped.len())),
            }
            .into());
        }
        if self.dry_run {
            return self.plan(&discovery, &mut out);
        }

        quiet_panics();
        let pipeline = Pipeline::with(config.model(), config.claims())?;
        let stop = interruptible()?;
        let options = Options {
            out: self.out.clone(),
            jobs: config.jobs(),
            force: self.force,
            max_errors: config.max_errors(),
            unit: config.offset_unit(),
            config_hash: config.hash(),
            config: config.to_json(),
        };
        let mut display = Display::new(discovery.inputs.len(), self.quiet, self.verbose);
        let inputs = Inputs::new(discovery, config.read_options());
        let mut stream: Option<Box<dyn Write>> = match &self.jsonl {
            _ if to_stdout => Some(Box::new(BufWriter::new(out))),
            Some(path) => {
                let file = File::create(path).map_err(|e| Error::new(ErrorKind::Unwritable, e.to_string()).at(path))?;
                Some(Box::new(BufWriter::new(file)))
            }
            None => None,
        };
        let summary = batch::run(
            &pipeline,
            inputs,
            &options,
            stream.as_mut().map(|stream| stream as &mut dyn Write),
            &stop,
            &mut |progress| display.show(progress),
        );
        display.close();
        let summary = summary?;
        drop(stream);

        if !self.quiet {
            display.say(&format!("{} in {:.1} s", summary.line(), summary.seconds));
            if self.verbose {
                for stage in &summary.stages {
                    display.say(&format!("  {:<24} {:>9.3} s", stage.name, stage.seconds));
                }
            }
            if let Some(out) = &self.out {
                if summary.counts.errors() > 0 {
                    display.say(&format!("errors are listed in {}", out.join("errors.jsonl").display()));
                }
                if summary.ending == Ending::Interrupted {
                    display.say("stopped; the same command goes on from here");
                }
            }
        }
        if self.json {
            let mut out = std::io::stdout().lock();
            serde_json::to_writer(&mut out, &summary).map_err(std::io::Error::from)?;
            out.write_all(b"\n")?;
        }
        Ok(match summary.ending {
            Ending::Interrupted => Exit::Interrupted,
            Ending::TooManyErrors => Exit::Flawed,
            Ending::Complete if summary.counts.errors() > 0 => Exit::Flawed,
            Ending::Complete | Ending::BrokenPipe => Exit::Good,
        })
    }

    fn configuration(&self) -> Result<Config> {
        let variable = |name: &str| std::env::var(name).ok();
        let project = match &self.config {
            Some(path) if !path.is_file() => {
                return Err(Error::new(ErrorKind::Config, "there is no such configuration file").at(path));
            }
            Some(path) => path.clone(),
            None => PathBuf::from("khabar.toml"),
        };
        let environment =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let mut config = Config::resolve(user_file(variable).as_deref(), Some(&project), environment)?;
        for (key, flag, value) in [
            ("jobs", "--jobs", &self.jobs),
            ("max_errors", "--max-errors", &self.max_errors),
            ("encoding", "--encoding", &self.encoding),
            ("title_field", "--title-field", &self.title_field),
            ("text_field", "--text-field", &self.text_field),
            ("date_field", "--date-field", &self.date_field),
            ("url_field", "--url-field", &self.url_field),
            ("outlet_field", "--outlet-field", &self.outlet_field),
            ("author_field", "--author-field", &self.author_field),
            ("language_field", "--language-field", &self.language_field),
            ("max_bytes", "--max-bytes", &self.max_bytes),
            ("model", "--model", &self.model),
            ("claims", "--claims", &self.claims),
            ("offset_unit", "--offset-unit", &self.offset_unit),
        ] {
            if let Some(value) = value {
                config.set_text(key, value, Source::Flag(flag.to_owned()))?;
            }
        }
        if self.fail_fast {
            config.set_text("fail_fast", "true", Source::Flag("--fail-fast".to_owned()))?;
        }
        Ok(config)
    }

    /// What would be done, one file a line.
    fn plan(&self, discovery: &Discovery, out: &mut impl Write) -> std::result::Result<Exit, Stop> {
        let folder = self.out.clone().unwrap_or_default();
        for input in &discovery.inputs {
            let to = folder.join(&input.relative);
            writeln!(out, "read\t{}\t{}", input.path.display(), to.display())?;
        }
        for skipped in &discovery.skipped {
            writeln!(out, "skip\t{}\t{}", skipped.path.display(), skipped.reason)?;
        }
        for error in &discovery.errors {
            terminal::tell(&format!("khabar: {error}"));
        }
        if !self.quiet {
            terminal::tell(&format!(
                "{} files would be read, {} skipped; nothing was written",
                discovery.inputs.len(),
                discovery.skipped.len()
            ));
        }
        Ok(if discovery.errors.is_empty() { Exit::Good } else { Exit::Flawed })
    }
}

fn usage(message: &str) -> Error {
    Error::new(ErrorKind::Config, message)
}

/// A flag that Ctrl-C and a request to end set; the second Ctrl-C ends at once.
fn interruptible() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // The first stands before the second, so that it sees only a flag set by an earlier signal.
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stop))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&stop)))
            .map_err(|e| Error::new(ErrorKind::Internal, format!("signals cannot be caught: {e}")))?;
    }
    Ok(stop)
}

/// The files in order. Files of one article are read by the workers, files of many record by record as they come.
struct Inputs {
    files: VecDeque<FileInput>,
    rest: VecDeque<Input>,
    options: ReadOptions,
    records: Option<Box<dyn Iterator<Item = Result<Article>> + Send>>,
    file: usize,
}

impl Inputs {
    fn new(discovery: Discovery, options: ReadOptions) -> Self {
        let failed = discovery.errors.into_iter().map(Input::Failed);
        let skipped = discovery.skipped.into_iter().map(|s| Input::Skipped { path: s.path, reason: s.reason });
        Self { files: discovery.inputs.into(), rest: failed.chain(skipped).collect(), options, records: None, file: 0 }
    }
}

fn input(article: Result<Article>) -> Input {
    article.map_or_else(Input::Failed, |article| Input::Article(Box::new(article)))
}

impl Iterator for Inputs {
    type Item = (usize, Input);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(article) = self.records.as_mut().and_then(Iterator::next) {
                return Some((self.file, input(article)));
            }
            self.records = None;
            let Some(file) = self.files.pop_front() else {
                return self.rest.pop_front().map(|rest| (self.file, rest));
            };
            self.file += 1;
            let ending = file.path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
            let many = matches!(ending.as_str(), "json" | "jsonl" | "ndjson" | "csv" | "tsv");
            if many || file.path == Path::new("-") {
                self.records = Some(open(&file, &self.options));
                continue;
            }
            let options = self.options.clone();
            let path = file.path.clone();
            let read = Box::new(move || read(&file, &options).into_iter().map(input).collect());
            return Some((self.file, Input::Unread { path, read }));
        }
    }
}

/// Shows how far the run is: a bar on a terminal, else a line every ten seconds.
struct Display {
    bar: Option<ProgressBar>,
    files: usize,
    quiet: bool,
    verbose: bool,
    start: Instant,
    last: Instant,
}

impl Display {
    fn new(files: usize, quiet: bool, verbose: bool) -> Self {
        let bar = (!quiet && terminal::moving()).then(|| {
            let bar = ProgressBar::with_draw_target(Some(files as u64), ProgressDrawTarget::stderr_with_hz(8));
            let template = if terminal::coloured_messages() {
                "{bar:24.cyan} {pos}/{len} files  {prefix}  ETA {eta}  {wide_msg}"
            } else {
                "{bar:24} {pos}/{len} files  {prefix}  ETA {eta}  {wide_msg}"
            };
            bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self { bar, files, quiet, verbose, start: Instant::now(), last: Instant::now() }
    }

    fn show(&mut self, progress: &Progress<'_>) {
        let counts = progress.counts;
        if let Some(error) = progress.error {
            self.say(&format!("khabar: {}", shown(&error.to_string())));
        } else if self.verbose {
            let what = match progress.status {
                Status::Ok => "ok",
                Status::Duplicate => "duplicate",
                Status::UnsupportedLanguage => "unsupported language",
                Status::Empty => "empty",
                Status::Failed => "failed",
                Status::Skipped => "skipped",
            };
            self.say(&format!("{what}: {}", shown(&progress.path.to_string_lossy())));
        }
        let rate = counts.written() as f64 / self.start.elapsed().as_secs_f64().max(1e-3);
        if let Some(bar) = &self.bar {
            bar.set_position(progress.file.saturating_sub(1) as u64);
            bar.set_prefix(format!("{rate:.1} articles/s  {} errors", counts.errors()));
            bar.set_message(shown(&progress.path.to_string_lossy()));
        } else if !self.quiet && self.last.elapsed() >= Duration::from_secs(10) {
            self.last = Instant::now();
            let done = progress.file.saturating_sub(1);
            let left = if done > 0 {
                self.start.elapsed().as_secs_f64() / done as f64 * (self.files - done.min(self.files)) as f64
            } else {
                0.0
            };
            self.say(&format!(
                "{done}/{} files, {} articles, {rate:.1} articles/s, ETA {left:.0} s, {} errors",
                self.files,
                counts.written(),
                counts.errors()
            ));
        }
    }

    fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) if !bar.is_finished() => bar.println(line),
            _ => terminal::tell(line),
        }
    }

    fn close(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
