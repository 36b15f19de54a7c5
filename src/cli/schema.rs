//! `khabar schema`.

use std::io::Write;

use clap::Args;

use super::{Exit, Stop};
use crate::export::{json, links};

/// Print the JSON Schema of the output
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  khabar schema > khabar-1.schema.json\n  khabar schema --claims\n  khabar schema --links"
)]
pub(super) struct Schema {
    /// The schema of a line of claims.jsonl instead of an article's JSON
    #[arg(long)]
    claims: bool,
    /// The schema of links.json instead
    #[arg(long, conflicts_with = "claims")]
    links: bool,
}

impl Schema {
    pub(super) fn run(&self) -> Result<Exit, Stop> {
        let schema = match (self.claims, self.links) {
            (true, _) => json::claim_line_schema(),
            (false, true) => links::schema(),
            (false, false) => json::schema(),
        };
        let mut out = std::io::stdout().lock();
        serde_json::to_writer_pretty(&mut out, &schema).map_err(std::io::Error::from)?;
        out.write_all(b"\n")?;
        Ok(Exit::Good)
    }
}
