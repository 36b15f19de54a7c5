//! The decisions carried out: the adjudicated documents, in a folder of their own.
//!
//! What holds of a claim, in this order: what the adjudicator decided; what all reviewers who decided agree in; what its
//! only reviewer decided. Where reviewers differ and nobody adjudicated, the machine's claim stays, marked as disputed.
//! Rejected claims are left out. What nobody decided about stays with `review` null, or is left out on demand.
//!
//! Into the folder go the articles with their claims, `claims.jsonl`, `review.jsonl` (one line for each claim that was
//! decided about, the rejected ones included, with the machine's confidence and rule: for calibration and for precision by
//! rule), and `run.json` and `errors.jsonl` of the run as they were.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::article::{Article, inside};
use super::desk::{Desk, LostDecision, Settled, Stood};
use super::log::{Reason, Role};
use super::version::changed;
use crate::error::{Error, ErrorKind, Result};
use crate::export::json::{ClaimRecord, ReviewRecord, ReviewStatus, SCHEMA, portable};
use crate::export::table::name;

/// A line of `review.jsonl`: a claim that was decided about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Path of its article's JSON.
    pub output: String,
    /// Its id.
    pub claim_id: String,
    /// accepted, edited, added, rejected or disputed.
    pub status: String,
    /// Who decided, the adjudicator not among them.
    pub reviewers: Vec<String>,
    /// Who adjudicated.
    pub adjudicator: Option<String>,
    /// Reasons for rejects that count.
    pub reasons: Vec<Reason>,
    /// Fields that differ from the machine's claim.
    pub changed: Vec<String>,
    /// How sure the machine was; `null` where it had no such claim.
    pub confidence: Option<f64>,
    /// The machine's rule; `null` where it had no such claim.
    pub rule: Option<String>,
    /// Language of the article.
    pub language: String,
    /// Whom the claim is attributed to.
    pub side: String,
}

/// What was carried out.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Articles written.
    pub articles: usize,
    /// Claims right as they were.
    pub accepted: usize,
    /// Claims that were mended.
    pub edited: usize,
    /// Claims that the machine missed.
    pub added: usize,
    /// Claims left out.
    pub rejected: usize,
    /// Claims about which reviewers differ.
    pub disputed: usize,
    /// Claims that nobody decided about.
    pub unreviewed: usize,
    /// Decisions that found no place after the pipeline ran again.
    pub lost: Vec<LostDecision>,
}

impl Summary {
    /// In words, for a person.
    pub fn line(&self) -> String {
        let lost = if self.lost.is_empty() {
            String::new()
        } else {
            format!("; {} decisions found no place any more", self.lost.len())
        };
        format!(
            "{} articles; {} claims accepted, {} edited, {} added, {} rejected, {} disputed, {} not reviewed{lost}",
            self.articles, self.accepted, self.edited, self.added, self.rejected, self.disputed, self.unreviewed
        )
    }
}

/// Writes the adjudicated documents of the output folder `out` to the folder `into`.
///
/// # Errors
/// [`ErrorKind::Unreadable`] if there are no decisions, [`ErrorKind::Unwritable`] if the folder cannot be written or holds
/// something else, and what the desk reports.
pub fn apply(out: &Path, into: &Path, reviewed_only: bool) -> Result<Summary> {
    let desk = Desk::of_all(out)?;
    check(out, into)?;
    let settled: BTreeMap<&str, Settled<'_>> = desk.decided().collect();
    let mut added: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (claim, output) in desk.added() {
        let text = Article::read(&out.join(inside(output)?))?.json.text_sha256;
        added.entry(text).or_default().push(claim);
    }
    let mut summary = Summary { lost: desk.lost().to_vec(), ..Summary::default() };
    let (mut lines, mut outcomes) = (String::new(), String::new());
    for output in articles(out)? {
        let Some(mut article) = read(&out.join(&output))? else { continue };
        let claims = std::mem::take(&mut article.json.claims);
        let only_people = added.get(&article.json.text_sha256).map_or(&[][..], Vec::as_slice);
        let ids = claims.iter().map(|claim| claim.id.clone());
        let others: Vec<String> = only_people.iter().map(|id| (*id).to_owned()).collect();
        let mut kept = Vec::new();
        for id in ids.chain(others) {
            let machine = claims.iter().find(|claim| claim.id == id);
            let fits = |what: Option<ClaimRecord>| {
                what.ok_or_else(|| Error::new(ErrorKind::Data, format!("claim {id} does not fit its text")).at(&output))
            };
            let points = machine.map(|claim| fits(article.claim_in_code_points(claim))).transpose()?;
            let counted = counted(&desk, &id, settled.get(id.as_str()));
            let Some(counted) = counted else {
                summary.unreviewed += usize::from(machine.is_some());
                kept.extend(machine.filter(|_| !reviewed_only).cloned());
                continue;
            };
            let decided = counted.after.clone().or_else(|| if counted.disputed { points.clone() } else { None });
            let decided = match (decided, counted.disputed) {
                (None, true) => counted.decisions.iter().find_map(|stood| stood.after.clone()),
                (decided, _) => decided,
            };
            let differing: Vec<String> = match (&points, &decided) {
                (Some(machine), Some(decided)) => changed(machine, decided).into_iter().map(str::to_owned).collect(),
                _ => Vec::new(),
            };
            let status = match (&decided, &points) {
                (None, _) => None,
                (Some(_), _) if counted.disputed => Some(ReviewStatus::Disputed),
                (Some(_), None) => Some(ReviewStatus::Added),
                (Some(_), Some(_)) if differing.is_empty() => Some(ReviewStatus::Accepted),
                (Some(_), Some(_)) => Some(ReviewStatus::Edited),
            };
            match status {
                None => summary.rejected += 1,
                Some(ReviewStatus::Disputed) => summary.disputed += 1,
                Some(ReviewStatus::Added) => summary.added += 1,
                Some(ReviewStatus::Accepted) => summary.accepted += 1,
                Some(ReviewStatus::Edited) => summary.edited += 1,
            }
            let outcome = Outcome {
                output: article.json.article.output.clone(),
                claim_id: id.clone(),
                status: status.map_or_else(|| "rejected".to_owned(), |status| name(&status)),
                reviewers: counted.reviewers.clone(),
                adjudicator: counted.adjudicator.clone(),
                reasons: counted.decisions.iter().filter_map(|stood| stood.decision.reason).collect(),
                changed: differing.clone(),
                confidence: machine.map(|claim| claim.confidence),
                rule: machine.map(|claim| claim.rule.clone()),
                language: name(&article.json.article.language),
                side: name(&decided.as_ref().or(points.as_ref()).map(|claim| claim.side)),
            };
            outcomes.push_str(&line(&outcome)?);
            let (Some(status), Some(decided)) = (status, decided) else { continue };
            if reviewed_only && status == ReviewStatus::Disputed {
                continue;
            }
            let mut claim = fits(article.claim_to_own(&decided))?;
            claim.id.clone_from(&id);
            claim.review = Some(ReviewRecord {
                status,
                reviewers: counted.reviewers,
                adjudicator: counted.adjudicator,
                decided_at: counted.decisions.iter().map(|s| s.decision.at.clone()).max().unwrap_or_default(),
                decisions: counted.decisions.iter().map(|s| s.decision.decision_id.clone()).collect(),
                changed: differing,
            });
            kept.push(claim);
        }
        kept.sort_by(|a, b| {
            (a.content.start, a.content.end, a.side, &a.id).cmp(&(b.content.start, b.content.end, b.side, &b.id))
        });
        let mut json = article.json;
        json.claims = kept;
        json.provenance.stages.push("review".to_owned());
        lines.push_str(&json.claim_lines()?);
        let mut bytes = Vec::new();
        json.write(&mut bytes).map_err(|e| unwritable(into, &e))?;
        write(&into.join(&output), &bytes)?;
        summary.articles += 1;
    }
    write(&into.join("claims.jsonl"), lines.as_bytes())?;
    write(&into.join("review.jsonl"), outcomes.as_bytes())?;
    for file in ["run.json", "errors.jsonl"] {
        if let Ok(bytes) = fs::read(out.join(file)) {
            write(&into.join(file), &bytes)?;
        }
    }
    Ok(summary)
}

/// The decisions about a claim that count.
struct Counted<'a> {
    after: Option<ClaimRecord>,
    disputed: bool,
    decisions: Vec<&'a Stood>,
    reviewers: Vec<String>,
    adjudicator: Option<String>,
}

fn counted<'a>(desk: &'a Desk, id: &str, settled: Option<&Settled<'a>>) -> Option<Counted<'a>> {
    let all = desk.standing_of(id);
    let reviewers = || {
        let of_reviewers = all.iter().filter(|stood| stood.decision.role == Role::Reviewer);
        of_reviewers.map(|stood| stood.decision.reviewer.clone()).collect::<Vec<_>>()
    };
    let by_reviewers = || all.iter().copied().filter(|stood| stood.decision.role == Role::Reviewer).collect();
    match settled? {
        Settled::Nothing => None,
        Settled::Adjudicated(stood) => Some(Counted {
            after: stood.after.clone(),
            disputed: false,
            decisions: vec![stood],
            reviewers: reviewers(),
            adjudicator: Some(stood.decision.reviewer.clone()),
        }),
        Settled::Agreed(stood) | Settled::Single(stood) => Some(Counted {
            after: stood.after.clone(),
            disputed: false,
            decisions: by_reviewers(),
            reviewers: reviewers(),
            adjudicator: None,
        }),
        Settled::Differ => Some(Counted {
            after: None,
            disputed: true,
            decisions: by_reviewers(),
            reviewers: reviewers(),
            adjudicator: None,
        }),
    }
}

fn line(outcome: &Outcome) -> Result<String> {
    serde_json::to_string(outcome)
        .map(|line| line + "\n")
        .map_err(|e| Error::new(ErrorKind::Internal, format!("outcome not written: {e}")))
}

/// Reads an article; `None` for a JSON file of another command (`links.json`, a report).
fn read(path: &Path) -> Result<Option<Article>> {
    #[derive(Deserialize)]
    struct Named {
        schema: Option<String>,
    }
    match Article::read(path) {
        Ok(article) => Ok(Some(article)),
        Err(error) => {
            let text = fs::read_to_string(path).unwrap_or_default();
            let other =
                serde_json::from_str::<Named>(&text).is_ok_and(|file| file.schema.is_none_or(|name| name != SCHEMA));
            if other { Ok(None) } else { Err(error) }
        }
    }
}

/// Paths of the articles' JSON under the output folder, with `/`, in the order of their names.
fn articles(out: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let hidden = |entry: &walkdir::DirEntry| entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.');
    for entry in walkdir::WalkDir::new(out).into_iter().filter_entry(|entry| !hidden(entry)) {
        let entry = entry.map_err(|e| Error::new(ErrorKind::Unreadable, e.to_string()).at(out))?;
        let Ok(relative) = entry.path().strip_prefix(out) else { continue };
        let json = relative.extension().is_some_and(|ending| ending == "json") && relative != Path::new("run.json");
        if entry.file_type().is_file() && json {
            found.push(relative.to_path_buf());
        }
    }
    found.sort_by_key(|path| portable(path));
    Ok(found)
}

/// Refuses to write over the run itself or over anything that no earlier `khabar apply` wrote.
fn check(out: &Path, into: &Path) -> Result<()> {
    let refused = |why: &str| Err(Error::new(ErrorKind::Unwritable, why.to_owned()).at(into));
    let Ok(there) = into.canonicalize() else { return Ok(()) };
    if out.canonicalize().is_ok_and(|out| there.starts_with(&out) || out.starts_with(&there)) {
        return refused("the adjudicated documents go into a folder apart from the run, which is never changed");
    }
    let mut entries = fs::read_dir(&there).map_err(|e| unwritable(into, &e))?;
    if entries.next().is_some() && !there.join("review.jsonl").is_file() {
        return refused("the folder holds something else: name a new one");
    }
    Ok(())
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Unwritable, error.to_string()).at(path)
}

/// Writes a file under a temporary name and renames it.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |error: std::io::Error| unwritable(path, &error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    let mut file = fs::File::create(&temporary).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    drop(file);
    fs::rename(&temporary, path).map_err(failed)
}
