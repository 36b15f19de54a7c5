//! `khabar apply`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::{Exit, Stop, terminal};
use crate::review::apply::apply;

const EXAMPLES: &str = "\
Examples:
  khabar apply out -o adjudicated                  the documents with the decisions carried out
  khabar apply out -o gold --reviewed-only         only claims that somebody held right
  khabar evaluate --gold gold --pred out           how good the machine was on them";

/// Write the documents with the decisions of a review carried out
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(super) struct Apply {
    /// Output folder of a run that was reviewed
    out: PathBuf,
    /// Folder to write into, apart from the run
    #[arg(short = 'o', long = "out", value_name = "FOLDER")]
    into: PathBuf,
    /// Leave out claims that nobody decided about and claims about which reviewers differ
    #[arg(long)]
    reviewed_only: bool,
    /// Print the counts as JSON
    #[arg(long)]
    json: bool,
    /// No summary
    #[arg(short, long)]
    quiet: bool,
}

impl Apply {
    pub(super) fn run(&self) -> Result<Exit, Stop> {
        let summary = apply(&self.out, &self.into, self.reviewed_only)?;
        if self.json {
            let mut out = std::io::stdout().lock();
            serde_json::to_writer(&mut out, &summary).map_err(std::io::Error::from)?;
            out.write_all(b"\n")?;
        }
        if !self.quiet {
            terminal::tell(&summary.line());
            for lost in &summary.lost {
                terminal::tell(&format!(
                    "no place any more ({}): decision {} of {} in {}: {}",
                    lost.why, lost.decision_id, lost.reviewer, lost.article, lost.quote
                ));
            }
        }
        // Nothing failed, but something that somebody decided is not carried out.
        Ok(if summary.lost.is_empty() { Exit::Good } else { Exit::Flawed })
    }
}
