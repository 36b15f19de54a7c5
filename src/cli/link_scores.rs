//! The tables of `khabar evaluate --links`.

use std::fmt::Write as _;
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::link::{self, ClassScores, Reader};

fn table(out: &mut String, title: &str, scores: &ClassScores) {
    let _ = writeln!(out, "{title}, {} pairs", scores.pairs);
    let _ = writeln!(out, "  {:<12} {:>6} {:>6} {:>6} {:>6} {:>8}", "", "P", "R", "F1", "gold", "decided");
    for (label, counts) in &scores.labels {
        let _ = writeln!(
            out,
            "  {label:<12} {:>6.1} {:>6.1} {:>6.1} {:>6.0} {:>8.0}",
            counts.precision() * 100.0,
            counts.recall() * 100.0,
            counts.f1() * 100.0,
            counts.gold,
            counts.predicted,
        );
    }
    let _ = writeln!(
        out,
        "  macro-F1 {:.1}, accuracy {:.1} (the most frequent label throughout: macro-F1 {:.1})",
        scores.macro_f1 * 100.0,
        scores.accuracy * 100.0,
        scores.majority_macro_f1 * 100.0
    );
}

/// Scores a file of pairs, by its ending: `.csv` of titles, else JSONL of claims.
///
/// # Errors
/// If a file cannot be read or is not of the form.
pub(super) fn report(path: &Path, json: bool, read: &Reader<'_>) -> Result<String> {
    let write = |scores: serde_json::Result<String>| -> Result<String> {
        scores.map(|text| text + "\n").map_err(|e| Error::new(ErrorKind::Internal, e.to_string()))
    };
    let mut out = String::new();
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")) {
        let scores = link::score_titles(path, read)?;
        if json {
            return write(serde_json::to_string_pretty(&scores));
        }
        table(&mut out, "titles", &scores.scores);
        return Ok(out);
    }
    let scores = link::score_pairs(path, read)?;
    if json {
        return write(serde_json::to_string_pretty(&scores));
    }
    for (part, of_part) in &scores.annotated {
        table(&mut out, &format!("{part}, claims as annotated"), of_part);
    }
    for (part, of_part) in &scores.found {
        let both = scores.both_found.get(part).copied().unwrap_or_else(|| scores.both_found.values().sum());
        table(&mut out, &format!("{part}, claims as found (both in {both})"), of_part);
    }
    Ok(out)
}
