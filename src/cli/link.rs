//! `khabar link`: near-duplicate articles, and the same or contradicting claims, over the articles of a run.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use rayon::prelude::*;
use walkdir::WalkDir;

use super::{Exit, Stop, terminal};
use crate::claim::link::evidence::Relation;
use crate::error::{Error, ErrorKind, Result};
use crate::export::json::{ArticleJson, SCHEMA, portable};
use crate::export::links::{Collector, LinksJson};

const EXAMPLES: &str = "\
Examples:
  khabar run articles/ -o out
  khabar link out                        writes out/links.json
  khabar link out -o - | jq '.clusters[] | select(.relation == \"contradicts\") | .links[].reason'";

const AFTER: &str = "\
Near-duplicate articles share half of their five-word sequences, or the shorter one lies in the other nearly whole.
Claims are the same, or contradict each other, by actor, predicate, object, polarity, quantity and time, within
Arabic and English and across; each link tells what it goes by.";

/// Articles that are read and parsed at a time.
const CHUNK: usize = 64;

/// Link near-duplicate articles and the same or contradicting claims
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = AFTER)]
pub(super) struct LinkArgs {
    /// Output folder of a run
    out: PathBuf,
    /// Where to write the links: a file, or - for standard output [default: OUT/links.json]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Threads [default: one for each core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// No summary
    #[arg(short, long)]
    quiet: bool,
    /// Write the features of all pairs that are compared to FILE instead, for fitting the weights
    #[arg(long, value_name = "FILE", hide = true, conflicts_with = "output")]
    features: Option<PathBuf>,
}

/// The JSON files below a folder by their path with `/`, sorted; hidden ones are left out.
fn files(out: &Path) -> Result<Vec<(String, PathBuf)>> {
    let unreadable = |error: walkdir::Error| {
        let path = error.path().unwrap_or(out).to_path_buf();
        Error::new(ErrorKind::Unreadable, error.to_string()).at(path)
    };
    let mut found = Vec::new();
    let visible =
        |entry: &walkdir::DirEntry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.');
    for entry in WalkDir::new(out).into_iter().filter_entry(visible) {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        if entry.file_type().is_file() && path.extension().is_some_and(|ending| ending == "json") {
            found.push((portable(path.strip_prefix(out).unwrap_or(path)), path.to_path_buf()));
        }
    }
    found.sort();
    Ok(found)
}

/// An article; `None` if the file is JSON of another kind (`run.json`, `links.json`).
fn read(path: &Path) -> Result<Option<ArticleJson>> {
    let text = fs::read_to_string(path).map_err(|e| Error::new(ErrorKind::Unreadable, e.to_string()).at(path))?;
    // The schema is the first key of every article.
    let head: String = text.chars().take(100).collect();
    if !head.contains(&format!("\"{SCHEMA}\"")) {
        return Ok(None);
    }
    ArticleJson::read(&text).map(Some).map_err(|error| error.at(path))
}

impl LinkArgs {
    /// Reads the articles, finds the links and writes them.
    pub(super) fn run(&self) -> std::result::Result<Exit, Stop> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.jobs.map_or(0, usize::from))
            .build()
            .map_err(|e| Error::new(ErrorKind::Internal, format!("no thread could be started: {e}")))?;
        let mut collector = Collector::default();
        let mut problems = Vec::new();
        for chunk in files(&self.out)?.chunks(CHUNK) {
            let read: Vec<_> = pool.install(|| chunk.par_iter().map(|(_, path)| read(path)).collect());
            for article in read {
                match article.and_then(|article| article.map_or(Ok(()), |article| collector.add(&article))) {
                    Ok(()) => {}
                    Err(error) => problems.push(error),
                }
            }
        }
        let (articles, claims) = collector.counts();
        if articles == 0 {
            let error = problems.into_iter().next().unwrap_or_else(|| {
                let message = "the folder holds no articles of khabar: name the folder that `khabar run -o` wrote";
                Error::new(ErrorKind::NoInput, message).at(&self.out)
            });
            return Err(error.into());
        }
        if let Some(path) = &self.features {
            let written = fs::File::create(path).and_then(|file| {
                let mut out = BufWriter::new(file);
                collector.write_features(&mut out)?;
                out.flush()
            });
            written.map_err(|error| Error::new(ErrorKind::Unwritable, error.to_string()).at(path))?;
            return Ok(Exit::Good);
        }
        let links = pool.install(|| collector.finish());
        self.write(&links)?;
        for problem in &problems {
            terminal::tell(&format!("khabar: {problem}"));
        }
        if !self.quiet {
            terminal::tell(&summary(&links, articles, claims));
        }
        Ok(if problems.is_empty() { Exit::Good } else { Exit::Flawed })
    }

    fn write(&self, links: &LinksJson) -> std::result::Result<(), Stop> {
        let path = self.output.clone().unwrap_or_else(|| self.out.join("links.json"));
        if path.as_os_str() == "-" {
            let mut out = BufWriter::new(std::io::stdout().lock());
            links.write(&mut out)?;
            out.flush()?;
            return Ok(());
        }
        // Under another name until it is whole.
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let temporary = path.with_file_name(format!(".{name}.new"));
        let written = fs::File::create(&temporary).and_then(|file| {
            let mut out = BufWriter::new(file);
            links.write(&mut out)?;
            out.flush()?;
            fs::rename(&temporary, &path)
        });
        written.map_err(|error| {
            // What is left of it is of no use.
            let _ = fs::remove_file(&temporary);
            Error::new(ErrorKind::Unwritable, error.to_string()).at(&path).into()
        })
    }
}

fn summary(links: &LinksJson, articles: usize, claims: usize) -> String {
    let of = |relation: Relation| {
        let clusters: Vec<_> = links.clusters.iter().filter(|cluster| cluster.relation == relation).collect();
        (clusters.len(), clusters.iter().map(|cluster| cluster.claims.len()).sum::<usize>())
    };
    let near: usize = links.articles.iter().map(|cluster| cluster.articles.len()).sum();
    let ((same, in_same), (contrary, in_contrary)) = (of(Relation::Same), of(Relation::Contradicts));
    format!(
        "{articles} articles, {claims} claims\n\
         {} clusters of near-duplicate articles, with {near} articles\n\
         {same} clusters of claims that say the same, with {in_same} claims\n\
         {contrary} clusters of claims that contradict each other, with {in_contrary} claims",
        links.articles.len()
    )
}
