//! `khabar import`.

use std::path::PathBuf;

use clap::Args;

use super::export::beside;
use super::{Exit, Stop, terminal};
use crate::error::{Error, ErrorKind};
use crate::export::table::shown;
use crate::import::{self, Format, Wanted};

const EXAMPLES: &str = "\
Examples:
  khabar export out -f brat && khabar import out-brat -f brat --articles out -o gold
  khabar import project.json -f label-studio --articles out -o gold    what Label Studio exported as JSON
  khabar import reviewed.jsonl -f prodigy --articles out -o gold       what `prodigy db-out` wrote
  khabar evaluate --gold gold --pred out";

/// Take annotations of another tool back as gold for `khabar evaluate`
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(super) struct Import {
    /// What the other tool wrote: a file, or a folder with all below
    source: PathBuf,
    /// Its format
    #[arg(short, long, value_parser = Format::ALL.map(Format::name))]
    format: String,
    /// Output folder of the run that was exported: the texts that quotes are checked against
    #[arg(long, value_name = "OUT")]
    articles: PathBuf,
    /// Folder for the gold [default: the source's name with -gold]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Take what nobody has judged too: predictions of Label Studio, records of Prodigy without an answer
    #[arg(long)]
    unreviewed: bool,
    /// Write into a folder that is not empty
    #[arg(long)]
    force: bool,
    /// No summary; errors only
    #[arg(short, long)]
    quiet: bool,
}

impl Import {
    pub(super) fn run(&self) -> Result<Exit, Stop> {
        let format = Format::named(&self.format)
            .ok_or_else(|| Error::new(ErrorKind::Config, format!("no format is called {:?}", self.format)))?;
        let folder = match &self.out {
            Some(folder) => folder.clone(),
            None => beside(&self.source, "gold")?,
        };
        let wanted = Wanted {
            source: &self.source,
            format,
            articles: &self.articles,
            folder: &folder,
            unreviewed: self.unreviewed,
            force: self.force,
        };
        let summary = import::import(&wanted)?;
        for error in &summary.errors {
            terminal::tell(&shown(&format!("khabar: {error}")));
        }
        if !self.quiet {
            terminal::tell(&format!(
                "gold of {} articles, {} claims, {} names written to {}",
                summary.articles,
                summary.claims,
                summary.entities,
                folder.display()
            ));
            for (notice, count) in &summary.notices {
                terminal::tell(&format!("{count} {notice}"));
            }
            if summary.failed > 0 {
                terminal::tell(&format!("{} articles not written: see the errors above", summary.failed));
            }
        }
        Ok(if summary.errors.is_empty() { Exit::Good } else { Exit::Flawed })
    }
}
