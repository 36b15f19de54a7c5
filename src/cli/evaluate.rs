//! `khabar evaluate`: scores of a run against gold, as tables or JSON, and a listing of the errors.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Exit, Stop, link_scores, terminal};
use crate::article::Article;
use crate::claim::Method;
use crate::document::{EntityType, LayerKind};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::claim::{LABEL_FIELDS, SPAN_FIELDS};
use crate::evaluation::conllu::{self, Analyzer};
use crate::evaluation::file;
use crate::evaluation::folder::{self, AttributionFolderScores, FolderScores, Scores};
use crate::evaluation::hard;
use crate::evaluation::listing;
use crate::evaluation::measure::Counts;
use crate::evaluation::name::{NameScores, Recognizer};
use crate::export;
use crate::network::Choice;
use crate::pipeline::{NoClaims, Pipeline};

/// Examples for `--help`.
const EXAMPLES: &str = "\
Examples:
  khabar run corpus/dev/articles -o out
  khabar evaluate --gold corpus/dev/gold --pred out                 claims and entities by language
  khabar evaluate --gold corpus/dev/gold --pred out --errors -      and every error with its text
  khabar evaluate --names aqmar-dev.tsv                             names in a word-and-tag file
  khabar evaluate --names cleananercorp-train.tsv --slice 10        every 10th block of 20 sentences of it
  khabar evaluate --conllu ewt-dev.conllu.xz                        words and trees against a treebank
  khabar evaluate --conllu ewt-dev.conllu.xz --write khabar.conllu  and what khabar made of its text
  khabar evaluate --conllu ewt-dev.conllu --pred other.conllu       the same scores for another tool
  khabar evaluate --links corpus/links/pairs.jsonl                  links between claims against judged pairs

Attributions in brat stand-off (PolNeAR): unpack it, run on its texts, compare with its annotations
  tar xf polnear-dev.tar.xz
  khabar run dev/text -o out
  khabar evaluate --attributions --gold dev/attributions --pred out";

/// Score a run against gold
#[derive(Debug, Clone, Default, Args)]
#[command(before_help = EXAMPLES)]
pub(super) struct EvaluateArgs {
    /// Gold: a folder (or file) of JSON by the guideline or native JSON; with --attributions of brat .ann files
    #[arg(long, value_name = "DIR", required_unless_present_any = ["names", "conllu", "links"])]
    pub gold: Option<PathBuf>,
    /// Output folder of `khabar run`; with --conllu a file
    #[arg(long, value_name = "PATH", required_unless_present_any = ["names", "conllu", "links"])]
    pub pred: Option<PathBuf>,
    /// Print the scores as JSON
    #[arg(long)]
    pub json: bool,
    /// Write every error with the gold's and the predicted text to FILE (- for standard output, after the scores)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["attributions", "names", "conllu"])]
    pub errors: Option<PathBuf>,
    /// Score attributions (source, cue, content) instead of claims
    #[arg(long, conflicts_with = "names")]
    pub attributions: bool,
    /// Score names on files of one word and BIO tag a line (PER, LOC, ORG), .xz too
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["gold", "pred"])]
    pub names: Vec<PathBuf>,
    /// With --names: only every Nth block of 20 sentences, from the first on
    #[arg(long, value_name = "N", default_value_t = 1, requires = "names", value_parser = clap::value_parser!(u32).range(1..))]
    pub slice: u32,
    /// Score sentences, words, tags and trees on a treebank in CoNLL-U (.xz too), as in the CoNLL 2018 shared task;
    /// without --pred khabar reads its raw text
    #[arg(long, value_name = "FILE", conflicts_with_all = ["gold", "attributions", "names"])]
    pub conllu: Option<PathBuf>,
    /// With --conllu: write what khabar made of the text to FILE
    #[arg(long, value_name = "FILE", requires = "conllu", conflicts_with_all = ["pred", "gold", "names"])]
    pub write: Option<PathBuf>,
    /// Score links on judged pairs: JSONL of claims (see corpus/links), or CSV of titles with s1, s2, stance
    #[arg(long, value_name = "FILE", conflicts_with_all = ["gold", "pred", "attributions", "names", "conllu", "errors"])]
    pub links: Option<PathBuf>,
    /// With --names, --conllu and --links: what reads the words [default: fast]
    #[arg(long, value_name = "MODEL", value_parser = ["fast", "accurate"])]
    pub model: Option<String>,
}

impl EvaluateArgs {
    /// Scores and prints; problems go to standard error.
    pub(super) fn run(&self) -> std::result::Result<Exit, Stop> {
        let model = self.model.as_deref().and_then(Choice::from_name).unwrap_or_default();
        if let Some(path) = &self.links {
            let pipeline = Pipeline::with(model, Method::default())?;
            let output = link_scores::report(path, self.json, &|text| pipeline.run(Article::from_text(text)))?;
            std::io::stdout().lock().write_all(output.as_bytes())?;
            return Ok(Exit::Good);
        }
        let needed = match (&self.conllu, self.names.is_empty()) {
            (Some(_), _) => Some(LayerKind::Dependencies),
            (None, false) => Some(LayerKind::Entities),
            (None, true) => None,
        };
        let mut stages = if needed.is_some() { Pipeline::stages_with(model) } else { Vec::new() };
        stages.retain(|stage| Some(stage.provides()) <= needed);
        let pipeline = Pipeline::new(stages, Box::new(NoClaims))?;
        let annotated = |text: &str| pipeline.run(Article::from_text(text)).0;
        let recognize = |text: &str| {
            annotated(text).layers().entities.iter().map(|entity| (entity.span, entity.entity_type)).collect()
        };
        let report = run(self, &recognize, &|raw| export::conllu::conllu(&annotated(&raw.text), &raw.id))?;
        let mut out = std::io::stdout().lock();
        out.write_all(report.output.as_bytes())?;
        out.flush()?;
        for problem in &report.problems {
            terminal::tell(&format!("khabar: {problem}"));
        }
        Ok(if report.problems.is_empty() { Exit::Good } else { Exit::Flawed })
    }
}

/// What the command has to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Report {
    /// For standard output.
    pub output: String,
    /// For standard error, one a line; if there are any, the command ends with status 1.
    pub problems: Vec<String>,
}

/// Scores what the arguments name. `recognize` finds the names of a text for `--names`, `analyze` makes CoNLL-U of one
/// for `--conllu`.
///
/// # Errors
/// If a folder or file cannot be read or written, or holds nothing to score.
fn run(args: &EvaluateArgs, recognize: &Recognizer<'_>, analyze: &Analyzer<'_>) -> Result<Report> {
    if let Some(gold) = &args.conllu {
        return treebank(args, gold, analyze);
    }
    if !args.names.is_empty() {
        return names(args, recognize);
    }
    let (Some(gold), Some(pred)) = (&args.gold, &args.pred) else {
        return Err(Error::new(ErrorKind::NoInput, "--gold and --pred are both needed"));
    };
    if args.attributions {
        let scores = folder::score_attributions(gold, pred)?;
        let problems = problems(&scores.missing_predictions, &scores.missing_gold, &scores.unreadable);
        let output = if args.json { json(&scores)? } else { attribution_table(&scores) };
        return Ok(Report { output, problems });
    }
    let scores = folder::score(gold, pred)?;
    let problems = problems(&scores.missing_predictions, &scores.missing_gold, &scores.unreadable);
    let mut output = if args.json { json(&scores)? } else { claim_table(&scores) };
    if let Some(path) = &args.errors {
        let listing = listing::errors(&scores.pairings);
        if path.as_os_str() == "-" {
            output.push('\n');
            output.push_str(&listing);
        } else {
            write(path, &listing)?;
        }
    }
    Ok(Report { output, problems })
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|e| Error::new(ErrorKind::Unwritable, e.to_string()).at(path))
}

fn json(scores: &impl serde::Serialize) -> Result<String> {
    let text = serde_json::to_string_pretty(scores).map_err(|e| Error::new(ErrorKind::Internal, e.to_string()))?;
    Ok(text + "\n")
}

fn problems(missing_predictions: &[String], missing_gold: &[String], unreadable: &[String]) -> Vec<String> {
    let mut problems: Vec<String> = unreadable.to_vec();
    problems.extend(
        missing_predictions.iter().map(|name| format!("{name}: no prediction; all of its gold counts as missed")),
    );
    problems.extend(missing_gold.iter().map(|name| format!("{name}: no gold; not scored")));
    if !problems.is_empty() {
        problems.push(format!(
            "{} without prediction, {} without gold, {} unreadable",
            missing_predictions.len(),
            missing_gold.len(),
            unreadable.len()
        ));
    }
    problems
}

/// Width of the first column.
const LABEL: usize = 36;

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.1}", share * 100.0))
}

fn counts_line(out: &mut String, label: &str, counts: Counts) {
    let _ = writeln!(
        out,
        "{label:<LABEL$} {:>7.1} {:>7.1} {:>7.1} {:>8.0} {:>10.0} {:>7.0}",
        counts.precision() * 100.0,
        counts.recall() * 100.0,
        counts.f1() * 100.0,
        counts.gold,
        counts.predicted,
        counts.right
    );
}

fn counts_head(out: &mut String, title: &str) {
    let _ = writeln!(
        out,
        "{title:<LABEL$} {:>7} {:>7} {:>7} {:>8} {:>10} {:>7}",
        "P", "R", "F1", "gold", "predicted", "right"
    );
}

fn type_name(entity_type: EntityType) -> &'static str {
    match entity_type {
        EntityType::Per => "PER",
        EntityType::Org => "ORG",
        EntityType::Loc => "LOC",
        EntityType::Prod => "PROD",
    }
}

fn claim_table(folder: &FolderScores) -> String {
    let mut out = String::new();
    for language in ["ar", "en", "all"] {
        // One language alone is the whole.
        if let Some(scores) = folder.scores.get(language).filter(|_| language != "all" || folder.scores.len() > 2) {
            if !out.is_empty() {
                out.push('\n');
            }
            language_table(&mut out, language, scores);
        }
    }
    out
}

fn language_table(out: &mut String, language: &str, scores: &Scores) {
    let claims = &scores.claims;
    let title = match language {
        "ar" => "Arabic",
        "en" => "English",
        _ => "All",
    };
    counts_head(out, &format!("{title}, {} articles", claims.articles));
    counts_line(out, "claims", claims.claims);
    counts_line(out, "claims, source side and basis right", claims.claims_with_source);
    counts_line(out, "sentence × side", claims.sentence_side);
    counts_line(out, "entities (span, type, side)", scores.entities.span_type_side);
    counts_line(out, "entities (span, type)", scores.entities.span_type);
    counts_line(out, "entities (span)", scores.entities.span);
    for (&entity_type, &counts) in &scores.entities.by_type {
        counts_line(out, &format!("  {} (span, type)", type_name(entity_type)), counts);
    }
    let _ = writeln!(out, "{:<LABEL$} {:>7} {:>7} {:>9}", "labels of matched claims", "acc.", "κ", "majority");
    for field in LABEL_FIELDS {
        if let Some(agreement) = claims.labels.get(field) {
            let kappa = agreement.kappa().map_or_else(|| "-".to_owned(), |kappa| format!("{kappa:.2}"));
            let (accuracy, majority) = (percent(agreement.accuracy()), percent(agreement.majority()));
            let _ = writeln!(out, "  {field:<34} {accuracy:>7} {kappa:>7} {majority:>9}");
        }
    }
    let _ = writeln!(out, "{:<LABEL$} {:>7} {:>7}", "spans of matched claims", "F1≥0.5", "exact");
    for field in SPAN_FIELDS {
        if let Some(agreement) = claims.spans.get(field) {
            let (overlap, exact) = (percent(agreement.overlap_share()), percent(agreement.exact_share()));
            let _ = writeln!(out, "  {field:<34} {overlap:>7} {exact:>7}");
        }
    }
    let _ = writeln!(
        out,
        "  {:<34} {:>7} {:>7}   (mean token F1, share exact)",
        "content",
        percent(claims.content_f1.value()),
        percent(claims.content_exact.value())
    );
    counts_head(out, "claims that are hard");
    for kind in hard::KINDS {
        counts_line(out, &format!("  {kind}"), claims.hard.get(kind).copied().unwrap_or_default());
    }
    if let Some(error) = claims.calibration.expected_error() {
        let _ = writeln!(out, "{:<LABEL$} {:>7} {:>7}", "confidence", "claims", "right");
        for (number, bin) in claims.calibration.bins.iter().enumerate().filter(|(_, bin)| bin.count > 0) {
            let range = format!("  {:.1} to {:.1}", number as f64 / 10.0, (number + 1) as f64 / 10.0);
            let right = percent(Some(bin.right as f64 / bin.count as f64));
            let _ = writeln!(out, "{range:<LABEL$} {:>7} {right:>7}", bin.count);
        }
        let _ = writeln!(out, "  {:<34} {:>7}", "expected calibration error", percent(Some(error)));
    }
    if let Some(rate) = claims.empty.rate() {
        let _ = writeln!(
            out,
            "claims per 1,000 words where the gold has none: {rate:.2} ({} articles, {} words)",
            claims.empty.articles, claims.empty.words
        );
    }
    if claims.unresolved + scores.entities.unresolved > 0 {
        let _ = writeln!(
            out,
            "gold strings that are not in the article: {} contents, {} names",
            claims.unresolved, scores.entities.unresolved
        );
    }
}

fn attribution_table(folder: &AttributionFolderScores) -> String {
    let mut out = String::new();
    counts_head(&mut out, &format!("{} texts, {} annotations", folder.texts, folder.annotations));
    let scores = &folder.scores;
    counts_line(&mut out, "content (IoU ≥ 0.5)", scores.content);
    counts_line(&mut out, "  and source (shares a word)", scores.content_and_source);
    counts_line(&mut out, "  and source (IoU ≥ 0.5)", scores.content_and_source_iou);
    counts_line(&mut out, "content exact", scores.exact);
    counts_line(&mut out, "  and source exact", scores.exact_and_source);
    out
}

fn names(args: &EvaluateArgs, recognize: &Recognizer<'_>) -> Result<Report> {
    let mut found: Vec<(String, NameScores)> = Vec::new();
    for path in &args.names {
        found.push((path.display().to_string(), folder::score_names(path, args.slice as usize, recognize)?));
    }
    if args.json {
        let files: Vec<_> = found
            .iter()
            .map(|(file, scores)| serde_json::json!({ "file": file, "slice": args.slice, "scores": scores }))
            .collect();
        return Ok(Report { output: json(&files)?, problems: Vec::new() });
    }
    let mut output = String::new();
    for (file, scores) in &found {
        let part = if args.slice > 1 { format!(", every {}th block", args.slice) } else { String::new() };
        let _ = writeln!(output, "{file}: {} sentences{part}", scores.sentences);
        counts_head(&mut output, "");
        counts_line(&mut output, "PER + LOC + ORG", scores.all);
        for (&entity_type, &counts) in &scores.by_type {
            counts_line(&mut output, &format!("  {}", type_name(entity_type)), counts);
        }
        counts_line(&mut output, "span alone", scores.span);
    }
    Ok(Report { output, problems: Vec::new() })
}

fn treebank(args: &EvaluateArgs, path: &Path, analyze: &Analyzer<'_>) -> Result<Report> {
    let gold = conllu::parse(&file::read(path)?, path)?;
    let system = match &args.pred {
        Some(path) => conllu::parse(&file::read(path)?, path)?,
        None => {
            let made = gold.analyzed(analyze);
            // Written before it is read, so that it is there to look at if it does not fit.
            if let Some(path) = &args.write {
                write(path, &made)?;
            }
            conllu::parse(&made, args.write.as_deref().unwrap_or(Path::new("khabar")))?
        }
    };
    let scores = conllu::score(&gold, &system)?;
    if args.json {
        let report = serde_json::json!({ "gold": path, "pred": args.pred, "scores": scores });
        return Ok(Report { output: json(&report)?, problems: Vec::new() });
    }
    let mut output = format!("{:<10} {:>7} {:>7} {:>7} {:>9}\n", "", "P", "R", "F1", "aligned");
    let percent = |share: f64| format!("{:.2}", share * 100.0);
    for (name, score) in scores.iter() {
        let (p, r, f1) = (score.counts.precision(), score.counts.recall(), score.counts.f1());
        let aligned = score.aligned_accuracy.value().map_or_else(|| "-".to_owned(), percent);
        let _ = writeln!(output, "{name:<10} {:>7} {:>7} {:>7} {aligned:>9}", percent(p), percent(r), percent(f1));
    }
    if let Some(bare) = [&gold, &system].into_iter().find(|bank| !bank.has_heads()) {
        let _ = writeln!(output, "{}: no heads, so no UAS, LAS, CLAS, MLAS, BLEX", bare.path().display());
    }
    Ok(Report { output, problems: Vec::new() })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::evaluation::conllu::RawDocument;

    fn nothing(_: &RawDocument) -> String {
        String::new()
    }

    #[test]
    fn names_as_a_table_and_as_json() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tsv");
        fs::write(&path, "زار\tO\nالصين\tB-LOC\n").unwrap();
        let recognize = |text: &str| {
            let at = text.find("الصين").unwrap();
            vec![(crate::offset::Span::new(at, at + "الصين".len()), EntityType::Loc)]
        };
        let args = EvaluateArgs { names: vec![path], slice: 1, ..EvaluateArgs::default() };
        let table = run(&args, &recognize, &nothing).unwrap().output;
        let line = table.lines().find(|line| line.starts_with("PER + LOC + ORG")).unwrap();
        assert_eq!(line.split_whitespace().skip(5).collect::<Vec<_>>(), ["100.0", "100.0", "100.0", "1", "1", "1"]);
        let json = run(&EvaluateArgs { json: true, ..args }, &recognize, &nothing).unwrap().output;
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value[0]["scores"]["all"]["f1"], 1.0);
    }

    #[test]
    fn gold_and_pred_are_needed() {
        assert!(run(&EvaluateArgs::default(), &|_| Vec::new(), &nothing).is_err());
    }
}
