//! The decision log: append-only, in `review.sqlite` of the output folder.
//!
//! One row a decision; triggers refuse to change or delete a row. The file is in WAL mode with `synchronous=FULL`: when
//! [`Log::append`] returns, the decision is on the disk, and a process that is killed at any moment loses nothing that
//! was acknowledged. `khabar review OUT --export-log FILE` writes the rows as JSON Lines, one [`Decision`] a line.
//!
//! Nothing is ever taken back in place: an undo is a decision of its own that names those that it undoes. Spans count
//! code points, whatever the unit of the output folder.

use std::collections::{BTreeMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

use super::anchor::Anchor;
use crate::error::{Error, ErrorKind, Result};
use crate::export::json::{ClaimRecord, OffsetUnit};
use crate::provenance::{VERSION, hex};

/// Name of the log's file in the output folder.
pub const FILE: &str = "review.sqlite";

/// Version of the tables, in `PRAGMA user_version`.
const TABLES: i64 = 1;

/// What somebody decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The claim is right as it is in `before`.
    Accept,
    /// The claim is none, or not one worth mending.
    Reject,
    /// The claim is right as it is in `after`.
    Edit,
    /// The article makes a claim that the machine missed: `after`.
    Add,
    /// Left for later.
    Skip,
    /// The decisions in `undoes` do not count any more.
    Undo,
}

/// Why a claim is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Another one acts.
    WrongActor,
    /// The content begins or ends at the wrong place.
    WrongSpan,
    /// Not a claim by the guideline.
    NotAClaim,
    /// Negated for affirmed, or the other way round.
    WrongPolarity,
    /// A side is presented otherwise.
    WrongStance,
    /// The same claim stands in the article's list already.
    Duplicate,
    /// Attributed to the wrong side.
    WrongSide,
    /// Another one says it.
    WrongSource,
    /// See the note.
    Other,
    /// Of the adjudicator: none of the versions is right.
    NoneOfThem,
}

impl Reason {
    /// Reasons of a reviewer, in the order of the keys 1 to 9.
    pub const OF_REVIEWERS: [Self; 9] = [
        Self::WrongActor,
        Self::WrongSpan,
        Self::NotAClaim,
        Self::WrongPolarity,
        Self::WrongStance,
        Self::Duplicate,
        Self::WrongSide,
        Self::WrongSource,
        Self::Other,
    ];
}

/// In which role somebody decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Alone, without seeing what others decided.
    Reviewer,
    /// With the decisions of all reviewers in view; counts more than theirs.
    Adjudicator,
}

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Unique; made by whoever decides, so that a decision sent twice is written once.
    pub decision_id: String,
    /// Decisions of one batch ("accept all shown") have this in common and are undone together.
    pub batch: Option<String>,
    /// Who.
    pub reviewer: String,
    /// In which role.
    pub role: Role,
    /// When, RFC 3339, UTC.
    pub at: String,
    /// What.
    pub action: Action,
    /// Path of the article's JSON under the output folder; empty for an undo.
    pub article: String,
    /// Id of the claim; empty for an undo.
    pub claim_id: String,
    /// Hash of the machine's claim at that time ([`super::version::claim_hash`]); `null` where the machine had none.
    pub claim_hash: Option<String>,
    /// Always `code_point`.
    pub offset_unit: OffsetUnit,
    /// The version that was decided about; `null` for an added claim and an undo.
    pub before: Option<ClaimRecord>,
    /// The version that holds from now on; `null` after a reject, a skip and an undo.
    pub after: Option<ClaimRecord>,
    /// Why it was rejected.
    pub reason: Option<Reason>,
    /// A remark in the reviewer's own words.
    pub note: Option<String>,
    /// For an undo: ids of the decisions that do not count any more.
    pub undoes: Vec<String>,
    /// Where in the article, by its words; `null` for an undo.
    pub anchor: Option<Anchor>,
    /// Version of khabar.
    pub tool_version: String,
    /// By which surface: `page`, or the name of an import.
    pub ui: String,
}

impl Decision {
    /// A decision made now by this version of khabar, with nothing else in it.
    pub fn new(decision_id: String, reviewer: &str, role: Role, action: Action, ui: &str) -> Self {
        Self {
            decision_id,
            batch: None,
            reviewer: reviewer.to_owned(),
            role,
            at: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            action,
            article: String::new(),
            claim_id: String::new(),
            claim_hash: None,
            offset_unit: OffsetUnit::CodePoint,
            before: None,
            after: None,
            reason: None,
            note: None,
            undoes: Vec::new(),
            anchor: None,
            tool_version: VERSION.to_owned(),
            ui: ui.to_owned(),
        }
    }
}

/// Sixteen random hex digits, from the system.
///
/// # Errors
/// [`ErrorKind::Internal`] if the system gives no random bytes.
pub fn random_id() -> Result<String> {
    random_hex::<8>()
}

pub(super) fn random_hex<const BYTES: usize>() -> Result<String> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|e| Error::new(ErrorKind::Internal, format!("the system gives no random bytes: {e}")))?;
    Ok(hex(&bytes))
}

/// The open log.
#[derive(Debug)]
pub struct Log {
    connection: Connection,
    path: PathBuf,
}

impl Log {
    fn failed(&self, error: &rusqlite::Error) -> Error {
        failed(&self.path, error)
    }

    /// Opens the log of an output folder and makes it if there is none.
    ///
    /// # Errors
    /// [`ErrorKind::Review`] if it cannot be opened or is of a later version of khabar.
    pub fn open(out: &Path) -> Result<Self> {
        Self::with_flags(out, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
    }

    /// Opens the log of an output folder that somebody reviewed.
    ///
    /// # Errors
    /// [`ErrorKind::Unreadable`] if there is none; as [`Log::open`].
    pub fn open_existing(out: &Path) -> Result<Self> {
        let path = out.join(FILE);
        if path.is_file() {
            Self::with_flags(out, OpenFlags::SQLITE_OPEN_READ_WRITE)
        } else {
            let message = "the folder holds no decisions: review its claims first with `khabar review`";
            Err(Error::new(ErrorKind::Unreadable, message).at(path))
        }
    }

    fn with_flags(out: &Path, flags: OpenFlags) -> Result<Self> {
        let path = out.join(FILE);
        let made = |connection: &Connection| -> rusqlite::Result<i64> {
            connection.busy_timeout(Duration::from_secs(10))?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_query_value(None, "user_version", |row| row.get(0))
        };
        let connection = Connection::open_with_flags(&path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(|e| failed(&path, &e))?;
        let version = made(&connection).map_err(|e| failed(&path, &e))?;
        if version > TABLES {
            let message = format!("the log is of a later version of khabar (tables {version}, known {TABLES})");
            return Err(Error::new(ErrorKind::Review, message).at(&path));
        }
        let mut log = Self { connection, path };
        if version < TABLES {
            log.make().map_err(|e| log.failed(&e))?;
        }
        Ok(log)
    }

    fn make(&mut self) -> rusqlite::Result<()> {
        let change = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        change.execute_batch(
            "CREATE TABLE IF NOT EXISTS decisions (
                 seq INTEGER PRIMARY KEY AUTOINCREMENT,
                 decision_id TEXT NOT NULL UNIQUE,
                 at TEXT NOT NULL,
                 reviewer TEXT NOT NULL,
                 role TEXT NOT NULL,
                 action TEXT NOT NULL,
                 article TEXT NOT NULL,
                 claim_id TEXT NOT NULL,
                 reason TEXT,
                 record TEXT NOT NULL
             ) STRICT;
             CREATE TRIGGER IF NOT EXISTS decisions_stay BEFORE UPDATE ON decisions
             BEGIN SELECT RAISE(ABORT, 'the decision log is append-only'); END;
             CREATE TRIGGER IF NOT EXISTS decisions_remain BEFORE DELETE ON decisions
             BEGIN SELECT RAISE(ABORT, 'the decision log is append-only'); END;
             -- A row that is known is left as it is; REPLACE would change it without an UPDATE or DELETE.
             CREATE TRIGGER IF NOT EXISTS decisions_once BEFORE INSERT ON decisions
             WHEN EXISTS (SELECT 1 FROM decisions WHERE seq = NEW.seq OR decision_id = NEW.decision_id)
             BEGIN SELECT RAISE(IGNORE); END;",
        )?;
        change.pragma_update(None, "user_version", TABLES)?;
        change.commit()
    }

    /// Writes decisions, all or none; they are on the disk when this returns. One whose id is known already is left out:
    /// it was sent again because its acknowledgement got lost. Gives the number of decisions that were new.
    ///
    /// # Errors
    /// [`ErrorKind::Review`]: nothing was written.
    pub fn append(&mut self, decisions: &[Decision]) -> Result<usize> {
        let written = append(&mut self.connection, decisions);
        written.map_err(|e| self.failed(&e))
    }

    /// The decisions after the row `seq` (0 for all), oldest first, each with its row number.
    ///
    /// # Errors
    /// [`ErrorKind::Review`].
    pub fn after(&self, seq: i64) -> Result<Vec<(i64, Decision)>> {
        let read = || -> rusqlite::Result<Vec<(i64, String)>> {
            let mut query =
                self.connection.prepare_cached("SELECT seq, record FROM decisions WHERE seq > ? ORDER BY seq")?;
            query.query_map([seq], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        let rows = read().map_err(|e| self.failed(&e))?;
        rows.into_iter()
            .map(|(seq, record)| match serde_json::from_str(&record) {
                Ok(decision) => Ok((seq, decision)),
                Err(error) => {
                    Err(Error::new(ErrorKind::Review, format!("row {seq} of the log: {error}")).at(&self.path))
                }
            })
            .collect()
    }

    /// Writes the log as JSON Lines, oldest first. Gives the number of lines.
    ///
    /// # Errors
    /// [`ErrorKind::Review`] for the log, [`ErrorKind::Unwritable`] for `out`.
    pub fn export(&self, mut out: impl Write) -> Result<usize> {
        let decisions = self.after(0)?;
        for (_, decision) in &decisions {
            let mut line = serde_json::to_string(decision)
                .map_err(|e| Error::new(ErrorKind::Internal, format!("decision not written: {e}")))?;
            line.push('\n');
            out.write_all(line.as_bytes()).map_err(|e| Error::new(ErrorKind::Unwritable, e.to_string()))?;
        }
        out.flush().map_err(|e| Error::new(ErrorKind::Unwritable, e.to_string()))?;
        Ok(decisions.len())
    }
}

fn failed(path: &Path, error: &rusqlite::Error) -> Error {
    Error::new(ErrorKind::Review, error.to_string()).at(path)
}

fn append(connection: &mut Connection, decisions: &[Decision]) -> rusqlite::Result<usize> {
    let text = |value: serde_json::Value| value.as_str().map(str::to_owned);
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut new = 0;
    {
        let mut insert = change.prepare_cached(
            "INSERT INTO decisions (decision_id, at, reviewer, role, action, article, claim_id, reason, record)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (decision_id) DO NOTHING",
        )?;
        for decision in decisions {
            let whole = |e: serde_json::Error| rusqlite::Error::ToSqlConversionFailure(Box::new(e));
            let record = serde_json::to_value(decision).map_err(whole)?;
            new += insert.execute(params![
                decision.decision_id,
                decision.at,
                decision.reviewer,
                text(record["role"].clone()),
                text(record["action"].clone()),
                decision.article,
                decision.claim_id,
                text(record["reason"].clone()),
                record.to_string(),
            ])?;
        }
    }
    change.commit()?;
    Ok(new)
}

/// For each claim id, what each reviewer decided last and did not undo; skips are left out.
///
/// The keys are those of the log: decisions made before the pipeline ran again have the ids of then (see
/// [`super::desk::Desk`], which re-anchors them).
pub fn standing(decisions: &[(i64, Decision)]) -> BTreeMap<String, BTreeMap<(Role, String), &Decision>> {
    let undone: HashSet<&str> =
        decisions.iter().flat_map(|(_, decision)| decision.undoes.iter().map(String::as_str)).collect();
    let mut standing: BTreeMap<String, BTreeMap<(Role, String), &Decision>> = BTreeMap::new();
    for (_, decision) in decisions {
        let counts = !matches!(decision.action, Action::Undo) && !undone.contains(decision.decision_id.as_str());
        if counts {
            let of_claim = standing.entry(decision.claim_id.clone()).or_default();
            of_claim.insert((decision.role, decision.reviewer.clone()), decision);
        }
    }
    for of_claim in standing.values_mut() {
        of_claim.retain(|_, decision| decision.action != Action::Skip);
    }
    standing.retain(|_, of_claim| !of_claim.is_empty());
    standing
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn decision(id: &str, reviewer: &str, action: Action, claim: &str) -> Decision {
        let mut decision = Decision::new(id.into(), reviewer, Role::Reviewer, action, "test");
        decision.claim_id = claim.into();
        decision
    }

    #[test]
    fn what_is_appended_comes_back_in_order_and_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Log::open(folder.path()).unwrap();
        let mut first = decision("1", "a", Action::Edit, "x");
        first.after = Some(super::super::version::tests::claim("x", "CN", "سترد"));
        first.reason = Some(Reason::WrongSpan);
        let second = decision("2", "ب", Action::Accept, "y");
        assert_eq!(log.append(&[first.clone(), second.clone()]).unwrap(), 2);
        assert_eq!(log.append(std::slice::from_ref(&second)).unwrap(), 0);
        drop(log);
        let log = Log::open_existing(folder.path()).unwrap();
        assert_eq!(log.after(0).unwrap(), [(1, first), (2, second.clone())]);
        assert_eq!(log.after(1).unwrap(), [(2, second)]);
        let mut lines = Vec::new();
        assert_eq!(log.export(&mut lines).unwrap(), 2);
        let lines = String::from_utf8(lines).unwrap();
        let line: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        let keys: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
        let wanted = "decision_id batch reviewer role at action article claim_id claim_hash offset_unit before after \
                      reason note undoes anchor tool_version ui";
        assert_eq!(keys.join(" "), wanted);
        assert_eq!((&line["reason"], &line["offset_unit"]), (&"wrong_span".into(), &"code_point".into()));
    }

    #[test]
    fn nothing_is_changed_or_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Log::open(folder.path()).unwrap();
        log.append(&[decision("1", "a", Action::Accept, "x")]).unwrap();
        for change in ["UPDATE decisions SET reviewer = 'b'", "DELETE FROM decisions"] {
            assert!(log.connection.execute(change, []).is_err(), "{change}");
        }
        let replace = "REPLACE INTO decisions SELECT seq, decision_id, at, 'b', role, action, article, claim_id, reason, \
                       replace(record, '\"a\"', '\"b\"') FROM decisions";
        log.connection.execute(replace, []).unwrap();
        assert_eq!(log.after(0).unwrap()[0].1.reviewer, "a");
        let mode: String = log.connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        let synchronous: i64 = log.connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        assert_eq!((mode.as_str(), synchronous), ("wal", 2));
    }

    #[test]
    fn a_log_of_tomorrow_or_none_is_a_coded_error() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Log::open_existing(folder.path()).unwrap_err().kind(), ErrorKind::Unreadable);
        let log = Log::open(folder.path()).unwrap();
        log.connection.pragma_update(None, "user_version", 99).unwrap();
        drop(log);
        assert_eq!(Log::open(folder.path()).unwrap_err().kind(), ErrorKind::Review);
        std::fs::write(folder.path().join(FILE), "no database, but long enough to have a header of one".repeat(9))
            .unwrap();
        assert_eq!(Log::open(folder.path()).unwrap_err().kind(), ErrorKind::Review);
    }

    #[test]
    fn the_last_decision_stands_until_it_is_undone() {
        let mut undo = decision("4", "a", Action::Undo, "");
        undo.undoes = vec!["2".into()];
        let log: Vec<(i64, Decision)> = [
            decision("1", "a", Action::Accept, "x"),
            decision("2", "a", Action::Reject, "x"),
            decision("3", "b", Action::Edit, "x"),
            undo,
            decision("5", "a", Action::Accept, "y"),
            decision("6", "a", Action::Skip, "y"),
        ]
        .into_iter()
        .enumerate()
        .map(|(n, decision)| (n as i64 + 1, decision))
        .collect();
        let standing = standing(&log);
        assert_eq!(standing.len(), 1);
        let of_x: Vec<(&str, Action)> = standing["x"].iter().map(|((_, r), d)| (r.as_str(), d.action)).collect();
        assert_eq!(of_x, [("a", Action::Accept), ("b", Action::Edit)]);
    }
}
