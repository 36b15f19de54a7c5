//! `khabar normalize`.

use std::io::{BufRead, Write};

use clap::Args;

use super::{Exit, Stop};
use crate::error::{Error, ErrorKind};
use crate::normalizer::{View, view};

/// Show a view of the text: standard input to standard output
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  khabar normalize --view clean < article.txt\n  echo إنڤيديا | khabar normalize --view match-key")]
pub(super) struct Normalize {
    /// source: as it is; clean: readable, without marks and look-alikes; match-key: folded, for comparing only
    #[arg(long, value_parser = ["source", "clean", "match-key"], default_value = "clean")]
    view: String,
}

impl Normalize {
    pub(super) fn run(&self) -> Result<Exit, Stop> {
        let wanted: View = self.view.parse()?;
        let mut out = std::io::stdout().lock();
        let mut input = std::io::stdin().lock();
        let mut line = Vec::new();
        let mut number = 0;
        loop {
            line.clear();
            if input.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            number += 1;
            let text = std::str::from_utf8(&line).map_err(|_| {
                Error::new(ErrorKind::Undecodable, "standard input is not UTF-8").at("-").line(number)
            })?;
            out.write_all(view(text, wanted).text().as_bytes())?;
        }
        out.flush()?;
        Ok(Exit::Good)
    }
}
