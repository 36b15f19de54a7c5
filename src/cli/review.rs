//! `khabar review`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Exit, Stop, terminal};
use crate::error::{Error, ErrorKind, Result};
use crate::review::desk::Desk;
use crate::review::log::{Log, Role};
use crate::review::server::serve;

const EXAMPLES: &str = "\
Examples:
  khabar review out --reviewer Huda             review by yourself; prints the address of the page
  khabar review out --reviewer Omar             the second reviewer, who sees nothing of the first
  khabar review out --reviewer Nour --adjudicate   compare both and decide where they differ
  khabar review out --export-log decisions.jsonl   write the decision log; - for standard output";

const AFTER: &str = "\
The page is served on 127.0.0.1 only, under a random address, until Ctrl-C; nothing is loaded from elsewhere.
Decisions are kept in OUT/review.sqlite, append-only; the output of the run is never changed.
`khabar apply` writes the documents with the decisions carried out.";

/// Review the claims of a run on a local page
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = AFTER)]
pub(super) struct Review {
    /// Output folder of a run
    out: PathBuf,
    /// Who reviews: the name in the decision log; the name of the user unless given
    #[arg(long, value_name = "NAME")]
    reviewer: Option<String>,
    /// Compare the reviewers and decide where they differ
    #[arg(long)]
    adjudicate: bool,
    /// Port to listen on; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// Write the decision log as JSON Lines instead, - for standard output
    #[arg(long, value_name = "FILE", conflicts_with_all = ["reviewer", "adjudicate", "port"])]
    export_log: Option<PathBuf>,
}

impl Review {
    pub(super) fn run(&self) -> std::result::Result<Exit, Stop> {
        if let Some(file) = &self.export_log {
            return export(&self.out, file);
        }
        let role = if self.adjudicate { Role::Adjudicator } else { Role::Reviewer };
        let user = || ["USER", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
        let reviewer = self.reviewer.clone().or_else(user).unwrap_or_else(|| "reviewer".to_owned());
        let mut desk = Desk::open(&self.out, &reviewer, role)?;
        let session = desk.session()?;
        let all: i64 = session.counts.values().sum();
        let open = session.counts.get("unreviewed").or_else(|| session.counts.get("undecided")).copied().unwrap_or(0);
        serve(desk, self.port, |address| {
            terminal::tell(&format!("{all} claims, {open} undecided; reviewer: {}; Ctrl-C ends", session.reviewer));
            if !session.lost.is_empty() {
                terminal::tell(&format!(
                    "{} decisions of an earlier run found no place: the page lists them",
                    session.lost.len()
                ));
            }
            let mut out = std::io::stdout().lock();
            writeln!(out, "{address}")
                .and_then(|()| out.flush())
                .map_err(|e| Error::new(ErrorKind::Unwritable, format!("nobody reads the address: {e}")))
        })?;
        Ok(Exit::Good)
    }
}

fn export(out: &Path, file: &Path) -> std::result::Result<Exit, Stop> {
    let log = Log::open_existing(out)?;
    if file == Path::new("-") {
        // Gathered first: a reader that leaves is no error of the log.
        let mut lines = Vec::new();
        log.export(&mut lines)?;
        std::io::stdout().lock().write_all(&lines)?;
        return Ok(Exit::Good);
    }
    let written = write_log(&log, file)?;
    terminal::tell(&format!("{written} decisions written to {}", file.display()));
    Ok(Exit::Good)
}

fn write_log(log: &Log, file: &Path) -> Result<usize> {
    let unwritable = |e: std::io::Error| Error::new(ErrorKind::Unwritable, e.to_string()).at(file);
    log.export(BufWriter::new(File::create(file).map_err(unwritable)?)).map_err(|error| error.at(file))
}
