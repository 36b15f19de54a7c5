//! `khabar train` (feature `train`).

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::{Exit, Stop, terminal};
use crate::error::{Error, ErrorKind, Result};
use crate::training::{Config, segment_names, segment_raw, train_segmenter, write_claim_features};

const EXAMPLES: &str = "\
Examples:
  khabar train --data DATA -o models           the Arabic segmenter and its entry in the manifest
  khabar train --print-config > train.toml     every setting, to be changed and given back with --config";

/// Train the Arabic segmenter, and prepare the text for the networks (training/run does all)
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(super) struct Train {
    /// Folder with the treebanks and the raw text
    #[arg(long, value_name = "DIR", required_unless_present = "print_config")]
    data: Option<PathBuf>,
    /// Folder for the models; its manifest.toml is kept up
    #[arg(short, long, value_name = "OUT", required_unless_present = "print_config")]
    out: Option<PathBuf>,
    /// Settings, as --print-config prints them; what is left out keeps its default
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Only write the Arabic name files into OUT, with their words cut into clitics and hosts (for training/run)
    #[arg(long, conflicts_with = "print_config")]
    segment_names: bool,
    /// Only write the raw text of the settings into OUT, a sentence a line, cut into words (for training/run)
    #[arg(long, conflicts_with_all = ["print_config", "segment_names"])]
    segment_raw: bool,
    /// Only write what the claim network learns from into the file OUT: features of the articles in DATA and their gold in GOLD;
    /// without GOLD for its teacher to label (for training/run)
    #[arg(long, value_name = "GOLD", conflicts_with_all = ["print_config", "segment_names", "segment_raw"])]
    #[expect(clippy::option_option, reason = "a flag whose value may be left out")]
    claim_features: Option<Option<PathBuf>>,
    /// Print the settings, and do nothing
    #[arg(long)]
    print_config: bool,
}

impl Train {
    pub(super) fn run(&self) -> std::result::Result<Exit, Stop> {
        let config = self.configuration()?;
        let mut out = std::io::stdout().lock();
        if self.print_config {
            let text = toml::to_string(&config).map_err(|e| Error::new(ErrorKind::Internal, e.to_string()))?;
            out.write_all(text.as_bytes())?;
            return Ok(Exit::Good);
        }
        let (Some(data), Some(folder)) = (&self.data, &self.out) else {
            return Err(Error::new(ErrorKind::Config, "--data and --out are both needed").into());
        };
        if !data.is_dir() {
            return Err(Error::new(ErrorKind::NoInput, "there is no such folder").at(data).into());
        }
        if let Some(gold) = &self.claim_features {
            let written = write_claim_features(data, gold.as_deref(), folder)?;
            writeln!(out, "{written} articles")?;
            return Ok(Exit::Good);
        }
        fs::create_dir_all(folder).map_err(|e| Error::new(ErrorKind::Unwritable, e.to_string()).at(folder))?;
        if self.segment_names {
            segment_names(data, folder)?;
            return Ok(Exit::Good);
        }
        if self.segment_raw {
            let files: Vec<PathBuf> = config.arabic_raw.iter().chain(&config.english_raw).cloned().collect();
            segment_raw(data, &files, folder)?;
            return Ok(Exit::Good);
        }
        let score = train_segmenter(data, folder, &config, &terminal::tell)?;
        writeln!(out, "{}  {:>6.2}", score.name, score.value)?;
        Ok(Exit::Good)
    }

    fn configuration(&self) -> Result<Config> {
        let Some(path) = &self.config else { return Ok(Config::default()) };
        let text = fs::read_to_string(path).map_err(|e| Error::new(ErrorKind::Config, e.to_string()).at(path))?;
        toml::from_str(&text).map_err(|e| Error::new(ErrorKind::Config, e.to_string()).at(path))
    }
}
