//! `khabar agree`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;

use super::{Exit, Stop, terminal};
use crate::error::{Error, ErrorKind};
use crate::evaluation::agree::{self, Agreements, Bootstrap, Estimate, GroupAgreement, LABELS, SPANS};
use crate::evaluation::folder;
use crate::export::table::shown;

const EXAMPLES: &str = "\
Examples:
  khabar agree first/ second/                    two annotations of the same articles
  khabar agree first/ second/ --run out          with the places of the spans in the texts of a run
  khabar agree anna/ ben/ out --json             three annotations, one of them the run itself";

/// Measure how well two or more annotations of the same articles agree
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(super) struct Agree {
    /// Annotations: folders (or files) of JSON by the guideline or native JSON, two or more
    #[arg(required = true, num_args = 2.., value_name = "DIR")]
    annotations: Vec<PathBuf>,
    /// Output folder of `khabar run`: the texts of annotations that hold none
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
    /// How often the articles are resampled for the intervals; 0 for none
    #[arg(long, value_name = "N", default_value_t = Bootstrap::default().samples)]
    samples: usize,
    /// Seed of the resampling
    #[arg(long, value_name = "N", default_value_t = Bootstrap::default().seed)]
    seed: u64,
}

impl Agree {
    pub(super) fn run(&self) -> Result<Exit, Stop> {
        let read = folder::annotations(&self.annotations, self.run.as_deref())?;
        let bootstrap = Bootstrap { samples: self.samples, seed: self.seed };
        let found = agree::measure(&read.annotations, bootstrap);
        if found.groups.is_empty() {
            let message = "no article is in two annotations: their relative paths must be the same";
            return Err(Error::new(ErrorKind::Data, message).into());
        }
        let output = if self.json {
            let text = serde_json::to_string_pretty(&serde_json::json!({
                "agreement": found, "unreadable": read.unreadable, "samples": self.samples, "seed": self.seed,
            }))
            .map_err(|e| Error::new(ErrorKind::Internal, e.to_string()))?;
            text + "\n"
        } else {
            table(&found)
        };
        let mut out = std::io::stdout().lock();
        out.write_all(output.as_bytes())?;
        out.flush()?;
        for problem in &read.unreadable {
            terminal::tell(&format!("khabar: {problem}"));
        }
        for name in &found.alone {
            terminal::tell(&format!("khabar: {name}: in one annotation only; not measured"));
        }
        Ok(if read.unreadable.is_empty() && found.alone.is_empty() { Exit::Good } else { Exit::Flawed })
    }
}

/// Width of the first column.
const FIELD: usize = 13;
/// Width of a figure with its interval.
const FIGURE: usize = 22;

fn figure(estimate: Estimate) -> String {
    let value = estimate.value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
    match estimate.interval {
        Some((low, high)) => format!("{value} [{low:.3}, {high:.3}]"),
        None => value,
    }
}

fn table(found: &Agreements) -> String {
    let mut out = String::new();
    for (number, name) in found.annotations.iter().enumerate() {
        let _ = writeln!(out, "{}  {}", letter(number), shown(name));
    }
    if found.without_text > 0 {
        let _ = writeln!(
            out,
            "{} articles without text: spans compared as words, not by their places (--run gives the texts)",
            found.without_text
        );
    }
    for language in ["ar", "en", "all"] {
        // One language alone is the whole.
        if let Some(group) = found.groups.get(language).filter(|_| language != "all" || found.groups.len() > 2) {
            out.push('\n');
            group_table(&mut out, language, group, found);
        }
    }
    out
}

/// A for the first annotation, B for the second; numbers after Z.
fn letter(number: usize) -> String {
    match u8::try_from(number) {
        Ok(number) if number < 26 => char::from(b'A' + number).to_string(),
        _ => (number + 1).to_string(),
    }
}

fn group_table(out: &mut String, language: &str, group: &GroupAgreement, found: &Agreements) {
    let title = match language {
        "ar" => "Arabic",
        "en" => "English",
        _ => "All",
    };
    let _ = writeln!(out, "{title}, {} articles", group.articles);
    let _ = write!(out, "{:<FIELD$} {:<FIGURE$} {:<FIGURE$}", "spans", "F1 exact [95 %]", "F1 overlap [95 %]");
    for number in 0..found.annotations.len() {
        let _ = write!(out, " {:>6}", letter(number));
    }
    out.push('\n');
    for field in SPANS {
        let Some(spans) = group.spans.get(field) else { continue };
        let _ = write!(out, "{field:<FIELD$} {:<FIGURE$} {:<FIGURE$}", figure(spans.exact), figure(spans.overlap));
        for count in &spans.spans {
            let _ = write!(out, " {count:>6}");
        }
        out.push('\n');
    }
    let kappa = if found.pairs.len() > 1 { "κ, mean of pairs [95 %]" } else { "κ [95 %]" };
    let _ = writeln!(
        out,
        "{:<FIELD$} {kappa:<FIGURE$} {:<FIGURE$} {:>7} {:>6} {:>8} {:>8}  most frequent",
        "labels", "α [95 %]", "agreed", "units", "complete", "excluded"
    );
    for field in LABELS {
        let Some(labels) = group.labels.get(field) else { continue };
        let agreed = labels.agreed.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0));
        let most = labels.prevalence.first().map_or_else(String::new, |(label, count)| {
            format!("{:.1} % {}", *count as f64 * 100.0 / labels.values.max(1) as f64, shown(label))
        });
        let _ = writeln!(
            out,
            "{field:<FIELD$} {:<FIGURE$} {:<FIGURE$} {agreed:>7} {:>6} {:>8} {:>8}  {most}",
            figure(labels.kappa),
            figure(labels.alpha),
            labels.units,
            labels.complete,
            labels.excluded
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_have_letters_then_numbers() {
        assert_eq!([letter(0), letter(25), letter(26)], ["A", "Z", "27"]);
    }
}
