//! `khabar report`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Exit, Stop, terminal};
use crate::error::{Error, ErrorKind};
use crate::report::{self, PageLanguage};

const EXAMPLES: &str = "\
Examples:
  khabar report out                            writes out/report.html
  khabar report out --language ar -o taqrir.html   the page's own words in Arabic, mirrored
  khabar report out -o - > report.html";

/// From here on a page is slow to open.
const MANY: usize = 20_000;

/// Write a report of a run's claims, the two sides beside each other, as one HTML file
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(super) struct Report {
    /// Output folder of a run; the clusters of its links.json are used where there is one
    out: PathBuf,
    /// The file to write, - for standard output [default: OUT/report.html]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Language of the page's own words
    #[arg(long, value_parser = ["en", "ar"], default_value = "en")]
    language: String,
    /// No message
    #[arg(short, long)]
    quiet: bool,
}

impl Report {
    pub(super) fn run(&self) -> Result<Exit, Stop> {
        let language = PageLanguage::from_tag(&self.language).unwrap_or_default();
        let report = report::report(&self.out, language)?;
        let place = self.output.clone().unwrap_or_else(|| self.out.join("report.html"));
        if place == Path::new("-") {
            let mut out = std::io::stdout().lock();
            out.write_all(report.html.as_bytes())?;
            out.flush()?;
        } else {
            write(&place, &report.html)?;
        }
        for error in &report.unreadable {
            terminal::tell(&format!("khabar: {error}"));
        }
        if !self.quiet {
            let (articles, claims) = (report.articles, report.claims);
            terminal::tell(&format!("{claims} claims of {articles} articles: {}", place.display()));
            if claims > MANY {
                let size = report.html.len() >> 20;
                terminal::tell(&format!("the page holds every claim and has {size} MB: browsers open it slowly"));
            }
        }
        Ok(if report.unreadable.is_empty() { Exit::Good } else { Exit::Flawed })
    }
}

/// Writes the file under a temporary name beside it and renames it: it is whole or not there.
fn write(place: &Path, html: &str) -> crate::error::Result<()> {
    let unwritable = |error: std::io::Error| Error::new(ErrorKind::Unwritable, error.to_string()).at(place);
    let name = place.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let temporary = place.with_file_name(format!(".{name}.{}", std::process::id()));
    fs::write(&temporary, html).and_then(|()| fs::rename(&temporary, place)).map_err(|error| {
        let _ = fs::remove_file(&temporary);
        unwritable(error)
    })
}
