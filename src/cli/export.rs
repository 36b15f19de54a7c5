//! `khabar export`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Exit, Stop, terminal};
use crate::error::{Error, ErrorKind, Result};
use crate::export::exporter::{self, Format, LOSSES_FILE, Summary, Wanted};
use crate::export::table::shown;

const EXAMPLES: &str = "\
Examples:
  khabar export out -f brat                       to out-brat/: a .txt and an .ann for each article
  khabar export out -f cas-json -o inception      for INCEpTION; -f cas-xmi for other UIMA tools
  khabar export out -f label-studio               tasks with predictions, and their label configuration
  khabar export out -f parquet -o tables          claims.parquet, entities.parquet, articles.parquet
  khabar export out/ar/NAME.json -f conllu        one article";

const AFTER: &str = "\
Formats: brat (stand-off), cas-json and cas-xmi (UIMA, for INCEpTION), conllu and conllu-plus, label-studio, prodigy,
doccano, web-annotation (W3C, JSON-LD), nif (Turtle), csv, parquet, qdpx (REFI-QDA: NVivo, MAXQDA, ATLAS.ti, QualCoder).
Positions are those that the format asks for: UTF-16 code units in cas-json and cas-xmi, else code points.
losses.json beside the export lists what the format cannot hold, with counts and reasons.
`khabar import` takes brat, cas-json, label-studio and prodigy back.";

/// Write a run's articles in the format of another tool
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = AFTER)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(super) struct Export {
    /// Output folder of a run, or the JSON of one article
    source: PathBuf,
    /// The format
    #[arg(short, long, value_parser = Format::ALL.map(Format::name))]
    format: String,
    /// Folder to write to [default: the source's name with the format's, such as out-brat]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write into a folder that is not empty
    #[arg(long)]
    force: bool,
    /// Leave out exact duplicates
    #[arg(long)]
    no_duplicates: bool,
    /// CSV for Excel: byte order mark, and no cell that would run as a formula
    #[arg(long)]
    excel: bool,
    /// No summary; errors only
    #[arg(short, long)]
    quiet: bool,
}

/// A folder beside `source`, whose name is that of the source, a hyphen and `ending`.
///
/// # Errors
/// [`ErrorKind::Config`] if the source has no name to take.
pub(super) fn beside(source: &Path, ending: &str) -> Result<PathBuf> {
    // `.` and the like have a name only as a whole path.
    let whole = if source.file_name().is_some() { Ok(source.to_path_buf()) } else { source.canonicalize() };
    let whole = whole.map_err(|error| Error::new(ErrorKind::Unreadable, error.to_string()).at(source))?;
    let name = if whole.is_dir() { whole.file_name() } else { whole.file_stem() };
    let Some(name) = name else {
        return Err(Error::new(ErrorKind::Config, "name the folder to write to with -o").at(source));
    };
    let mut name = name.to_os_string();
    name.push(format!("-{ending}"));
    Ok(whole.with_file_name(name))
}

/// What the format lost, on one line: the parts with the largest counts first.
fn losses(format: Format, summary: &Summary, report: &Path) -> String {
    const SHOWN: usize = 6;
    let mut parts: Vec<(usize, &str)> = Vec::new();
    for loss in &summary.losses {
        match parts.iter_mut().find(|(_, part)| *part == loss.part) {
            Some((count, _)) => *count += loss.count,
            None => parts.push((loss.count, &loss.part)),
        }
    }
    parts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let mut listed: Vec<String> = parts.iter().take(SHOWN).map(|(count, part)| format!("{part} ({count})")).collect();
    if parts.len() > SHOWN {
        listed.push(format!("{} more", parts.len() - SHOWN));
    }
    format!("not held or held otherwise by {}: {}; see {}", format.name(), listed.join(", "), report.display())
}

impl Export {
    pub(super) fn run(&self) -> std::result::Result<Exit, Stop> {
        let format = Format::named(&self.format)
            .ok_or_else(|| Error::new(ErrorKind::Config, format!("no format is called {:?}", self.format)))?;
        if self.excel && format != Format::Csv {
            return Err(Error::new(ErrorKind::Config, "--excel goes with --format csv").into());
        }
        let folder = match &self.out {
            Some(folder) => folder.clone(),
            None => beside(&self.source, format.name())?,
        };
        let wanted = Wanted {
            source: &self.source,
            format,
            folder: &folder,
            force: self.force,
            no_duplicates: self.no_duplicates,
            excel: self.excel,
            manifest: std::fs::read_to_string(self.source.join("run.json")).ok(),
        };
        let summary = exporter::export(&wanted)?;
        for error in &summary.errors {
            terminal::tell(&shown(&format!("khabar: {error}")));
        }
        if !self.quiet {
            let mut told = format!(
                "{} articles, {} claims, {} names written to {}",
                summary.articles,
                summary.claims,
                summary.entities,
                folder.display()
            );
            if summary.duplicates > 0 {
                let _ = write!(told, "; {} duplicates left out", summary.duplicates);
            }
            if !summary.errors.is_empty() {
                let _ = write!(told, "; {} files failed", summary.errors.len());
            }
            terminal::tell(&told);
            if !summary.losses.is_empty() {
                terminal::tell(&losses(format, &summary, &folder.join(LOSSES_FILE)));
            }
        }
        Ok(if summary.errors.is_empty() { Exit::Good } else { Exit::Flawed })
    }
}
