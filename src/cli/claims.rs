//! `khabar claims`.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Exit, Stop, terminal};
use crate::claim::{Basis, Stance};
use crate::document::Side;
use crate::error::{Error, ErrorKind, Result};
use crate::export::json::ClaimLine;
use crate::export::table::{CsvWriter, HEADER, block, name, row};
use crate::normalizer::match_key;

const EXAMPLES: &str = "\
Examples:
  khabar claims out                                  all claims, one a line
  khabar claims out --side CN --basis stated --long  with source, cue, actor and rule
  khabar claims out --text أشباه --from 2025-01-01    by text (spelling variants fold) and date
  khabar claims out --format csv --excel > claims.csv";

const STANCES: [&str; 3] = ["favourable", "unfavourable", "neutral"];
const TOPICS: [&str; 15] = [
    "models",
    "chips",
    "compute",
    "export_controls",
    "data",
    "talent",
    "energy",
    "investment",
    "regulation",
    "governance",
    "applications",
    "military",
    "security_ip",
    "open_source",
    "rivalry",
];

/// List, filter and export the claims of a run
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Claims {
    /// Output folder of a run, its claims.jsonl, or - for standard input
    out: PathBuf,
    /// How to write them
    #[arg(short, long, value_parser = ["table", "csv", "json", "jsonl"], default_value = "table")]
    format: String,
    /// CSV for Excel: byte order mark, and no cell that would run as a formula
    #[arg(long)]
    excel: bool,
    /// Each claim in full, one field a line (table only)
    #[arg(short, long)]
    long: bool,
    /// Claims attributed to this side
    #[arg(long, value_parser = ["US", "CN"], ignore_case = true)]
    side: Option<String>,
    /// Stated by the side, or described by others
    #[arg(long, value_parser = ["stated", "described"])]
    basis: Option<String>,
    /// Topic, or several
    #[arg(long, value_parser = TOPICS, value_delimiter = ',')]
    topic: Vec<String>,
    /// Part of the actor's or source's words (spelling variants fold)
    #[arg(long, value_name = "TEXT")]
    actor: Option<String>,
    /// How the United States is presented
    #[arg(long, value_name = "STANCE", value_parser = STANCES)]
    stance_us: Option<String>,
    /// How China is presented
    #[arg(long, value_name = "STANCE", value_parser = STANCES)]
    stance_cn: Option<String>,
    /// Language of the article
    #[arg(long, value_parser = ["ar", "en", "mixed", "other"])]
    language: Option<String>,
    /// Articles of this day or later (2025, 2025-04 or 2025-04-02); articles without a date are left out
    #[arg(long, value_name = "DATE", value_parser = date)]
    from: Option<String>,
    /// Articles of this day or earlier
    #[arg(long, value_name = "DATE", value_parser = date)]
    to: Option<String>,
    /// Claims at least so sure, 0 to 1
    #[arg(long, value_name = "N")]
    min_confidence: Option<f64>,
    /// Part of the content's words (spelling variants fold)
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// Leave out the claims of exact duplicates
    #[arg(long)]
    no_duplicates: bool,
    /// No summary
    #[arg(short, long)]
    quiet: bool,
}

fn date(text: &str) -> std::result::Result<String, String> {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |part: &str, len: usize, range: std::ops::RangeInclusive<u32>| {
        part.len() == len && part.parse().is_ok_and(|n| range.contains(&n))
    };
    let good = match parts[..] {
        [year] => number(year, 4, 0..=9999),
        [year, month] => number(year, 4, 0..=9999) && number(month, 2, 1..=12),
        [year, month, day] => number(year, 4, 0..=9999) && number(month, 2, 1..=12) && number(day, 2, 1..=31),
        _ => false,
    };
    if good { Ok(text.to_owned()) } else { Err("write a date as 2025, 2025-04 or 2025-04-02".to_owned()) }
}

/// Whether two dates compare as wanted as far as both are exact.
fn compare(a: &str, b: &str) -> std::cmp::Ordering {
    let len = a.len().min(b.len());
    a.get(..len).cmp(&b.get(..len))
}

/// Counts of one side.
#[derive(Debug, Default)]
struct Tally {
    all: usize,
    stated: usize,
    us: [usize; 3],
    cn: [usize; 3],
}

impl Tally {
    fn add(&mut self, line: &ClaimLine) {
        self.all += 1;
        self.stated += usize::from(line.claim.basis == Basis::Stated);
        let place = |stance| match stance {
            Stance::Favourable => 0,
            Stance::Unfavourable => 1,
            Stance::Neutral => 2,
        };
        self.us[place(line.claim.stance.us)] += 1;
        self.cn[place(line.claim.stance.cn)] += 1;
    }

    fn line(&self, side: &str) -> String {
        let stance = |name: &str, counts: [usize; 3]| {
            format!("{name} presented favourably {}, unfavourably {}, neutrally {}", counts[0], counts[1], counts[2])
        };
        format!(
            "{side}: {} claims, {} stated, {} described; {}; {}",
            self.all,
            self.stated,
            self.all - self.stated,
            stance("US", self.us),
            stance("CN", self.cn)
        )
    }
}

/// How the claims are written.
enum Out<W: Write> {
    Table { out: W, long: bool, begun: bool, bold: bool },
    Csv(CsvWriter<W>),
    Json { out: W, begun: bool },
    Lines(W),
}

impl<W: Write> Out<W> {
    fn claim(&mut self, line: &ClaimLine, raw: &str) -> std::io::Result<()> {
        match self {
            Self::Table { out, long, begun, bold } => {
                if !*begun {
                    *begun = true;
                    if *bold { writeln!(out, "\u{1b}[1m{HEADER}\u{1b}[0m")? } else { writeln!(out, "{HEADER}")? }
                }
                if *long { writeln!(out, "{}", block(line)) } else { writeln!(out, "{}", row(line)) }
            }
            Self::Csv(csv) => csv.claim(line),
            Self::Json { out, begun } => {
                out.write_all(if *begun { b",\n" } else { b"[\n" })?;
                *begun = true;
                out.write_all(raw.as_bytes())
            }
            Self::Lines(out) => writeln!(out, "{raw}"),
        }
    }

    fn finish(self) -> std::io::Result<()> {
        match self {
            Self::Table { mut out, .. } | Self::Lines(mut out) => out.flush(),
            Self::Csv(csv) => csv.finish(),
            Self::Json { mut out, begun } => {
                out.write_all(if begun { b"\n]\n" } else { b"[]\n" })?;
                out.flush()
            }
        }
    }
}

impl Claims {
    #[allow(clippy::print_stderr, reason = "the summary goes to standard error")]
    pub(super) fn run(&self) -> std::result::Result<Exit, Stop> {
        if self.excel && self.format != "csv" {
            return Err(Error::new(ErrorKind::Config, "--excel goes with --format csv").into());
        }
        let (path, reader) = self.open()?;
        let filter = Filter::new(self);
        let out = BufWriter::new(std::io::stdout().lock());
        let mut out = match self.format.as_str() {
            "csv" => Out::Csv(CsvWriter::new(out, self.excel)?),
            "json" => Out::Json { out, begun: false },
            "jsonl" => Out::Lines(out),
            _ => Out::Table { out, long: self.long, begun: false, bold: terminal::coloured() },
        };
        let (mut us, mut cn) = (Tally::default(), Tally::default());
        let (mut read, mut undated) = (0, 0);
        for (number, raw) in reader.lines().enumerate() {
            let broken = |what: String| {
                Error::new(ErrorKind::Malformed, what).at(&path).line(number as u64 + 1)
            };
            let raw = raw.map_err(|e| broken(e.to_string()))?;
            if raw.trim().is_empty() {
                continue;
            }
            let line: ClaimLine =
                serde_json::from_str(&raw).map_err(|e| broken(format!("no claim of khabar: {e}")))?;
            read += 1;
            undated += usize::from(filter.dated && line.article.date.is_none());
            if !filter.fits(&line) {
                continue;
            }
            if line.claim.side == Side::Us { us.add(&line) } else { cn.add(&line) }
            out.claim(&line, &raw)?;
        }
        out.finish()?;
        if !self.quiet {
            eprintln!("{}\n{}", us.line("US"), cn.line("CN"));
            if us.all + cn.all < read {
                eprintln!("{} of {read} claims shown", us.all + cn.all);
            }
            if undated > 0 {
                eprintln!("{undated} claims left out: their articles have no date");
            }
        }
        Ok(Exit::Good)
    }

    fn open(&self) -> Result<(PathBuf, Box<dyn BufRead>)> {
        if self.out == Path::new("-") {
            return Ok((self.out.clone(), Box::new(std::io::stdin().lock())));
        }
        let path = if self.out.is_dir() { self.out.join("claims.jsonl") } else { self.out.clone() };
        let file = File::open(&path).map_err(|e| {
            let message = if self.out.is_dir() {
                format!("the folder holds no claims.jsonl ({e}): name the folder that `khabar run -o` wrote")
            } else {
                e.to_string()
            };
            Error::new(ErrorKind::Unreadable, message).at(&path)
        })?;
        Ok((path, Box::new(BufReader::new(file))))
    }
}

/// The filters, with their texts folded once.
struct Filter<'a> {
    wanted: &'a Claims,
    actor: Option<String>,
    text: Option<String>,
    dated: bool,
}

impl<'a> Filter<'a> {
    fn new(wanted: &'a Claims) -> Self {
        Self {
            wanted,
            actor: wanted.actor.as_deref().map(match_key),
            text: wanted.text.as_deref().map(match_key),
            dated: wanted.from.is_some() || wanted.to.is_some(),
        }
    }

    fn fits(&self, line: &ClaimLine) -> bool {
        let (wanted, claim) = (self.wanted, &line.claim);
        let is = |wanted: &Option<String>, found: String| {
            wanted.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(&found))
        };
        let date = line.article.date.as_deref();
        is(&wanted.side, name(&claim.side))
            && is(&wanted.basis, name(&claim.basis))
            && is(&wanted.stance_us, name(&claim.stance.us))
            && is(&wanted.stance_cn, name(&claim.stance.cn))
            && is(&wanted.language, name(&line.article.language))
            && (wanted.topic.is_empty() || wanted.topic.contains(&name(&claim.topic)))
            && wanted.from.as_deref().is_none_or(|from| date.is_some_and(|d| compare(d, from).is_ge()))
            && wanted.to.as_deref().is_none_or(|to| date.is_some_and(|d| compare(d, to).is_le()))
            && wanted.min_confidence.is_none_or(|least| claim.confidence >= least)
            && !(wanted.no_duplicates && line.article.duplicate_of.is_some())
            && self.text.as_ref().is_none_or(|text| match_key(&claim.content.quote).contains(text))
            && self.actor.as_ref().is_none_or(|actor| {
                [&claim.actor, &claim.source].into_iter().flatten().any(|s| match_key(&s.quote).contains(actor))
            })
    }
}
