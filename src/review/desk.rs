//! The desk: the claims of a run, what was decided about them, and what one person may see and do.
//!
//! A reviewer sees the machine's claims and their own decisions, never those of others. The adjudicator sees the decisions
//! of all reviewers and decides where they differ. What a method acknowledges is in the log and on the disk.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use serde::{Deserialize, Serialize};

use super::anchor::{Anchor, Place, place};
use super::article::{Article, Articles};
use super::index::{self, failed, wording};
use super::log::{Action, Decision, Log, Reason, Role};
use super::version::{changed, claim_hash};
use crate::claim::{Basis, Modality, Polarity, SourceSide};
use crate::document::{Commitment, Direction, ParagraphKind, Side, Topic};
use crate::error::{Error, ErrorKind, Result};
use crate::export::json::{ChainRecord, ClaimRecord, SpanRecord, StanceRecord, claim_id};
use crate::export::table::name;
use crate::normalizer::match_key;
use crate::offset::{Byte, CodePoint, Span};

/// Keys of claims that people added begin here: those of the index are below.
const ADDED: i64 = 1_000_000_000;

/// Claims on a page of the list, at most.
pub const PAGE: usize = 100;

/// Characters of a paragraph that are shown around a claim where a sentence is endless.
const AROUND: usize = 3000;

/// What the list is narrowed to; what is not given does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// US or CN.
    pub side: Option<String>,
    /// stated or described.
    pub basis: Option<String>,
    /// A topic.
    pub topic: Option<String>,
    /// Part of the actor's or the source's words.
    pub actor: Option<String>,
    /// An outlet.
    pub outlet: Option<String>,
    /// Articles of this day or later (2025, 2025-04 or 2025-04-02).
    pub from: Option<String>,
    /// Articles of this day or earlier.
    pub to: Option<String>,
    /// Language of the article.
    pub language: Option<String>,
    /// How the United States is presented.
    pub stance_us: Option<String>,
    /// How China is presented.
    pub stance_cn: Option<String>,
    /// Confidence of at least so much.
    pub min_confidence: Option<f64>,
    /// Confidence below this.
    pub max_confidence: Option<f64>,
    /// Id of a rule.
    pub rule: Option<String>,
    /// Path of an article's JSON.
    pub article: Option<String>,
    /// A state: see [`Item::state`]; `open` for all that is still to be decided.
    pub state: Option<String>,
    /// Words.
    pub text: Option<String>,
    /// `queue` (disagreement, low confidence, impact) or `text` (as in the articles).
    pub order: Option<String>,
}

/// A claim in the list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    /// Its number in this session's list.
    pub key: i64,
    /// Its place in the order of the list.
    pub place: i64,
    /// Its id.
    pub claim_id: String,
    /// Path of its article's JSON.
    pub output: String,
    /// Whom it is attributed to, by the machine.
    pub side: String,
    /// Its topic, by the machine.
    pub topic: String,
    /// How sure the machine is.
    pub confidence: f64,
    /// Its words.
    pub content: String,
    /// The article's title.
    pub title: Option<String>,
    /// Of a reviewer: unreviewed, accepted, edited, rejected, added, skipped, again (the machine says it otherwise since).
    /// Of the adjudicator: undecided, agree, differ, single, adjudicated.
    pub state: String,
}

/// A page of the list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listing {
    /// Claims that fit the filter.
    pub total: i64,
    /// How many come before this page.
    pub offset: i64,
    /// The claims.
    pub items: Vec<Item>,
}

/// A paragraph, or a part of it, as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Block {
    /// UTF-16 unit of the article's text at which it starts.
    pub start: usize,
    /// Its text.
    pub text: String,
    /// Its base direction, by the majority of its letters.
    pub dir: Direction,
    /// What it is for.
    pub kind: ParagraphKind,
    /// Whether text of the paragraph was left out before it.
    pub cut_before: bool,
    /// Whether text of the paragraph was left out after it.
    pub cut_after: bool,
}

/// What somebody decided, as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// Who.
    pub reviewer: String,
    /// In which role.
    pub role: Role,
    /// What.
    pub action: Action,
    /// Why.
    pub reason: Option<Reason>,
    /// In their own words.
    pub note: Option<String>,
    /// When.
    pub at: String,
    /// Whether the machine says it otherwise since.
    pub again: bool,
    /// The version that they hold right, spans in UTF-16 units; `null` after a reject.
    pub claim: Option<ClaimRecord>,
    /// Fields in which it differs from the machine's.
    pub changed: Vec<&'static str>,
}

/// The same claim elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sibling {
    /// Its number in the list; `null` for an exact copy of the article.
    pub key: Option<i64>,
    /// `copy`: another article of exactly the same text; `wording`: the same words in another article; `same` and
    /// `contradicts`: by `khabar link`.
    pub kind: String,
    /// What ties them, where it is more than the wording.
    pub reason: Option<String>,
    /// The other article's title, or its file.
    pub title: String,
    /// Its words.
    pub content: String,
    /// Whom it is attributed to there.
    pub side: String,
}

/// Why something is as it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// `actor`, `source` or `content`: where the words stand.
    pub of: &'static str,
    /// The words.
    pub quote: String,
    /// The side that they give.
    pub side: Side,
    /// What found them.
    pub reason: String,
}

/// Everything about one claim that the page shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Card {
    /// As in the list.
    pub item: Item,
    /// The machine's claim, spans in UTF-16 units; `null` for one that a person added or the machine no longer makes.
    pub machine: Option<ClaimRecord>,
    /// The version that holds for this person.
    pub current: ClaimRecord,
    /// What was decided: by this person, or for the adjudicator by all.
    pub verdicts: Vec<Verdict>,
    /// The text around it, or all of it.
    pub blocks: Vec<Block>,
    /// Whether `blocks` is the whole article.
    pub whole: bool,
    /// Places to which an edge of a span can step, in UTF-16 units: each written word with its start, its end and the
    /// cuts between its clitics and its host.
    pub words: Vec<Vec<usize>>,
    /// Start and end of each sentence shown, in UTF-16 units.
    pub sentences: Vec<(usize, usize)>,
    /// The same claim elsewhere.
    pub siblings: Vec<Sibling>,
    /// Why it has its side.
    pub why: Vec<Evidence>,
    /// What is known of its article.
    pub article: CardArticle,
}

/// The article of a card.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CardArticle {
    /// The file that it came from.
    pub path: String,
    /// Its headline.
    pub title: Option<String>,
    /// Date of publication.
    pub date: Option<String>,
    /// The outlet.
    pub outlet: Option<String>,
    /// Its address.
    pub url: Option<String>,
    /// Its language.
    pub language: String,
    /// How many claims the machine found in it.
    pub claims: usize,
}

/// The fields of a claim as a person set them, spans in UTF-16 units.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields are those of the annotation guideline")]
pub struct Fields {
    pub content: SpanRecord,
    pub side: Side,
    pub basis: Basis,
    pub about: Vec<Side>,
    pub actor: Option<SpanRecord>,
    pub predicate: Option<SpanRecord>,
    pub source: Option<SpanRecord>,
    pub source_side: SourceSide,
    pub cue: Option<SpanRecord>,
    pub polarity: Polarity,
    pub modality: Modality,
    pub stance: StanceRecord,
    pub topic: Topic,
    pub commitment: Option<Commitment>,
    pub objects: Vec<SpanRecord>,
}

/// What a person wants to be decided.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// Id that the page made: the same wish sent twice is written once.
    pub decision_id: String,
    /// Number of the claim in the list; of a claim of the article where one is added.
    pub key: i64,
    /// accept, reject, edit, add or skip.
    pub action: Action,
    /// Why, for a reject.
    #[serde(default)]
    pub reason: Option<Reason>,
    /// In the person's own words.
    #[serde(default)]
    pub note: Option<String>,
    /// The version that holds, for an edit and an added claim.
    #[serde(default)]
    pub fields: Option<Fields>,
    /// For the adjudicator: whose version holds.
    #[serde(default)]
    pub version_of: Option<String>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Saved {
    /// Claims whose state is another now, as in the list.
    pub items: Vec<Item>,
    /// Number of decisions written.
    pub decisions: usize,
    /// What was undone, if it was an undo.
    pub undone: Option<Action>,
    /// Number of claims by state.
    pub counts: BTreeMap<String, i64>,
}

/// A decision that found no place after the pipeline ran again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LostDecision {
    /// The decision.
    pub decision_id: String,
    /// Who.
    pub reviewer: String,
    /// What.
    pub action: Action,
    /// The article's JSON of then.
    pub article: String,
    /// The words that it was about.
    pub quote: String,
    /// Why it found none: see [`Place::Lost`].
    pub why: String,
}

/// What a session begins with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Session {
    /// Who.
    pub reviewer: String,
    /// In which role.
    pub role: Role,
    /// Number of claims by state.
    pub counts: BTreeMap<String, i64>,
    /// Values to filter by, each with its number of claims: outlets, rules, topics, languages.
    pub facets: BTreeMap<&'static str, Vec<(String, i64)>>,
    /// Decisions of this person (for the adjudicator of all) that found no place.
    pub lost: Vec<LostDecision>,
    /// Reviewers with decisions, for the adjudicator.
    pub reviewers: Vec<String>,
    /// Reasons for a reject, in the order of their keys.
    pub reasons: [Reason; 9],
}

/// A decision with the place that it has now.
#[derive(Debug, Clone)]
pub struct Stood {
    /// Its row in the log.
    pub seq: i64,
    /// The decision.
    pub decision: Arc<Decision>,
    /// The version that it holds right, spans in code points of the text of now.
    pub after: Option<ClaimRecord>,
    /// Whether the machine says it otherwise since.
    pub again: bool,
}

type By = (Role, String);

/// The desk of one person.
#[derive(Debug)]
pub struct Desk {
    root: PathBuf,
    reviewer: String,
    role: Role,
    log: Log,
    index: Connection,
    articles: Articles,
    /// All decisions that count or are undone, by claim and person, oldest first.
    stood: BTreeMap<String, BTreeMap<By, Vec<Stood>>>,
    /// Where each decision is in `stood`.
    places: HashMap<String, (String, By)>,
    /// Ids of undos that were taken in.
    undos: HashSet<String>,
    lost: Vec<LostDecision>,
    /// The article of claims that only people make.
    added: BTreeMap<String, String>,
    seq: i64,
    /// By claim: the other claim, how they are related and why.
    links: BTreeMap<String, Vec<Tie>>,
}

impl Desk {
    /// Opens the desk of a person over an output folder.
    ///
    /// # Errors
    /// As [`Log::open`] and [`index::open`]; [`ErrorKind::Config`] if the name of the reviewer is empty.
    pub fn open(root: &Path, reviewer: &str, role: Role) -> Result<Self> {
        let reviewer = reviewer.trim();
        if reviewer.is_empty() {
            return Err(Error::new(ErrorKind::Config, "the reviewer has no name: give one with --reviewer NAME"));
        }
        let index = index::open(root)?;
        let log = Log::open(root)?;
        Self::with(root, reviewer, role, index, log)
    }

    /// Opens it to read the decisions of all, for `khabar apply`.
    ///
    /// # Errors
    /// As [`Log::open_existing`] and [`index::open`].
    pub fn of_all(root: &Path) -> Result<Self> {
        let log = Log::open_existing(root)?;
        let index = index::open(root)?;
        Self::with(root, "", Role::Adjudicator, index, log)
    }

    fn with(root: &Path, reviewer: &str, role: Role, index: Connection, log: Log) -> Result<Self> {
        let mut desk = Self {
            root: root.to_path_buf(),
            reviewer: reviewer.to_owned(),
            role,
            log,
            index,
            articles: Articles::new(root),
            stood: BTreeMap::new(),
            places: HashMap::new(),
            undos: HashSet::new(),
            lost: Vec::new(),
            added: BTreeMap::new(),
            seq: 0,
            links: read_links(root)?,
        };
        desk.database(|index| {
            index.execute_batch(&format!(
                "CREATE TEMP TABLE added {};
                 CREATE TEMP TABLE standing (key INTEGER PRIMARY KEY, state TEXT NOT NULL, rank INTEGER NOT NULL);
                 CREATE TEMP VIEW items AS SELECT * FROM main.claims UNION ALL SELECT * FROM temp.added;",
                index::TABLE
            ))
        })?;
        desk.refresh()?;
        Ok(desk)
    }

    fn database<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        read(&self.index).map_err(|e| failed(&index::path(&self.root), &e))
    }

    /// Takes in what was written to the log since: by this person, or by others over the same folder.
    ///
    /// # Errors
    /// As [`Log::after`].
    pub fn refresh(&mut self) -> Result<()> {
        let first = self.seq == 0;
        let new = self.log.after(self.seq)?;
        if new.is_empty() {
            return Ok(());
        }
        let mut touched = BTreeSet::new();
        for (seq, decision) in new {
            self.seq = seq;
            self.take(seq, &Arc::new(decision), &mut touched)?;
        }
        self.database(|index| index.execute_batch("BEGIN"))?;
        let mut shown = Ok(());
        for claim in &touched {
            shown = self.show(claim, first);
            if shown.is_err() {
                break;
            }
        }
        self.database(|index| index.execute_batch("COMMIT"))?;
        shown
    }

    fn sees(&self, decision: &Decision) -> bool {
        self.role == Role::Adjudicator || decision.role == Role::Reviewer && decision.reviewer == self.reviewer
    }

    fn take(&mut self, seq: i64, decision: &Arc<Decision>, touched: &mut BTreeSet<String>) -> Result<()> {
        if !self.sees(decision) {
            return Ok(());
        }
        if decision.action == Action::Undo {
            self.undos.insert(decision.decision_id.clone());
            for undone in &decision.undoes {
                self.lost.retain(|lost| lost.decision_id != *undone);
                if let Some((claim, by)) = self.places.remove(undone) {
                    if let Some(all) = self.stood.get_mut(&claim).and_then(|of_claim| of_claim.get_mut(&by)) {
                        all.retain(|stood| stood.decision.decision_id != *undone);
                    }
                    touched.insert(claim);
                }
            }
            return Ok(());
        }
        let (claim, stood, article) = match self.place_of(decision)? {
            Place::Claim { id, changed, after } => (
                id,
                Stood { seq, after: after.map(|after| *after), again: changed, decision: Arc::clone(decision) },
                None,
            ),
            Place::Words { after } => {
                let home = self.home(decision)?;
                let id = decision.claim_id.clone();
                (id, Stood { seq, after: Some(*after), again: false, decision: Arc::clone(decision) }, home)
            }
            Place::Gone => return Ok(()),
            Place::Lost { why } => {
                if decision.action != Action::Skip {
                    self.lost.push(LostDecision {
                        decision_id: decision.decision_id.clone(),
                        reviewer: decision.reviewer.clone(),
                        action: decision.action,
                        article: decision.article.clone(),
                        quote: decision.anchor.as_ref().map(|a| a.content.quote.clone()).unwrap_or_default(),
                        why: why.to_owned(),
                    });
                }
                return Ok(());
            }
        };
        let by = (decision.role, decision.reviewer.clone());
        if let Some(article) = article {
            self.added.insert(claim.clone(), article);
        }
        self.places.insert(decision.decision_id.clone(), (claim.clone(), by.clone()));
        self.stood.entry(claim.clone()).or_default().entry(by).or_default().push(stood);
        touched.insert(claim);
        Ok(())
    }

    /// The path of the article that a decision is about, as it is called now.
    fn home(&self, decision: &Decision) -> Result<Option<String>> {
        if self.root.join(super::article::inside(&decision.article)?).is_file() {
            return Ok(Some(decision.article.clone()));
        }
        let Some(anchor) = &decision.anchor else { return Ok(None) };
        self.database(|index| {
            index
                .query_row("SELECT output FROM claims WHERE text_sha256 = ? LIMIT 1", [&anchor.text_sha256], |row| {
                    row.get(0)
                })
                .optional()
        })
    }

    fn place_of(&mut self, decision: &Decision) -> Result<Place> {
        let known: Option<String> = self.database(|index| {
            index
                .query_row("SELECT claim_hash FROM claims WHERE claim_id = ?", [&decision.claim_id], |row| row.get(0))
                .optional()
        })?;
        // The id tells text, side and span: the article need not be read.
        if let Some(hash) = known {
            let changed = decision.claim_hash.as_ref().is_some_and(|then| *then != hash);
            let after = decision.after.clone().map(Box::new);
            return Ok(Place::Claim { id: decision.claim_id.clone(), changed, after });
        }
        if decision.claim_hash.is_none() && decision.after.is_none() && self.stood.contains_key(&decision.claim_id) {
            // About a claim that only people make, and which is known from its first decision.
            return Ok(Place::Claim { id: decision.claim_id.clone(), changed: false, after: None });
        }
        let Some(home) = self.home(decision)? else { return Ok(Place::Lost { why: "article_gone" }) };
        let article = self.articles.get(&home)?;
        let claims: Vec<ClaimRecord> =
            article.json.claims.iter().filter_map(|claim| article.claim_in_code_points(claim)).collect();
        Ok(place(decision, &article, &claims))
    }

    /// What counts of a person's decisions about a claim: the last one that is not undone.
    fn standing(of_claim: &BTreeMap<By, Vec<Stood>>) -> impl Iterator<Item = (&By, &Stood)> {
        of_claim.iter().filter_map(|(by, all)| Some((by, all.last()?)))
    }

    /// Brings the state of a claim in the list up to date.
    fn show(&self, claim: &str, first: bool) -> Result<()> {
        let empty = BTreeMap::new();
        let of_claim = self.stood.get(claim).unwrap_or(&empty);
        let key = match self.key(claim)? {
            Some(key) => key,
            None => match self.added.get(claim) {
                Some(output) => match self.add_row(claim, output, of_claim)? {
                    Some(key) => key,
                    None => return Ok(()),
                },
                None => return Ok(()),
            },
        };
        let (state, rank) = match self.role {
            Role::Reviewer => {
                let mine = Self::standing(of_claim).next().map(|(_, stood)| stood);
                let state = mine.map(|stood| match stood.decision.action {
                    _ if stood.again => "again",
                    Action::Accept => "accepted",
                    Action::Reject => "rejected",
                    Action::Edit => "edited",
                    Action::Add => "added",
                    Action::Skip | Action::Undo => "skipped",
                });
                // What has to be looked at again goes first, and keeps its place while it is looked at.
                (state, i64::from(first && state == Some("again")))
            }
            Role::Adjudicator => {
                let settled = settle(of_claim);
                let state = match settled {
                    Settled::Nothing => None,
                    Settled::Adjudicated(_) => Some("adjudicated"),
                    Settled::Agreed(_) => Some("agree"),
                    Settled::Single(_) => Some("single"),
                    Settled::Differ => Some("differ"),
                };
                let rank = match settle_reviewers(of_claim) {
                    Settled::Differ => 2,
                    Settled::Single(_) => 1,
                    _ => 0,
                };
                (state, rank)
            }
        };
        self.database(|index| match state {
            None if key >= ADDED => index
                .execute("DELETE FROM temp.added WHERE key = ?", [key])
                .and_then(|_| index.execute("DELETE FROM temp.standing WHERE key = ?", [key])),
            None => index.execute("DELETE FROM temp.standing WHERE key = ?", [key]),
            Some(state) => index.execute(
                "INSERT INTO temp.standing VALUES (?1, ?2, ?3)
                 ON CONFLICT (key) DO UPDATE SET state = ?2, rank = max(rank, ?3)",
                params![key, state, rank],
            ),
        })?;
        Ok(())
    }

    fn key(&self, claim: &str) -> Result<Option<i64>> {
        self.database(|index| {
            index
                .query_row(
                    "SELECT key FROM main.claims WHERE claim_id = ?1 UNION ALL
                     SELECT key FROM temp.added WHERE claim_id = ?1 LIMIT 1",
                    [claim],
                    |row| row.get(0),
                )
                .optional()
        })
    }

    /// Puts a claim that only people make into the list.
    fn add_row(&self, claim: &str, output: &str, of_claim: &BTreeMap<By, Vec<Stood>>) -> Result<Option<i64>> {
        let mut all = of_claim.values().flat_map(|all| all.iter().rev());
        let Some(record) = all.find_map(|stood| stood.after.as_ref()) else { return Ok(None) };
        let path = self.root.join(super::article::inside(output)?);
        let article = Article::read(&path)?.json;
        let actors = [&record.actor, &record.source].into_iter().flatten().map(|s| match_key(&s.quote));
        let actors = actors.collect::<Vec<_>>().join("\n");
        self.database(|index| {
            let next: i64 =
                index.query_row("SELECT COALESCE(MAX(key) + 1, ?) FROM temp.added", [ADDED], |row| row.get(0))?;
            index.execute(
                "INSERT INTO temp.added VALUES (?1, ?2, ?3, ?1, ?1, 0, 1, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14,
                                                ?15, ?16, ?17, '', ?18)",
                params![
                    next,
                    claim,
                    output,
                    name(&record.side),
                    name(&record.basis),
                    name(&record.topic),
                    name(&record.stance.us),
                    name(&record.stance.cn),
                    record.confidence,
                    record.rule,
                    name(&article.article.language),
                    article.article.date,
                    article.article.outlet,
                    article.article.title,
                    actors,
                    record.content.quote,
                    wording(&record.content.quote),
                    article.text_sha256,
                ],
            )?;
            Ok(Some(next))
        })
    }

    /// What a session begins with.
    ///
    /// # Errors
    /// [`ErrorKind::Review`].
    pub fn session(&mut self) -> Result<Session> {
        self.refresh()?;
        let mut facets = BTreeMap::new();
        for column in ["outlet", "rule", "topic", "language"] {
            let sql = format!(
                "SELECT {column}, COUNT(*) FROM items WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 500"
            );
            let values: Vec<(String, i64)> = self.database(|index| {
                index.prepare(&sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            })?;
            facets.insert(column, values);
        }
        let reviewers: BTreeSet<String> = if self.role == Role::Adjudicator {
            let all = self.stood.values().flat_map(BTreeMap::keys);
            all.filter(|(role, _)| *role == Role::Reviewer).map(|(_, reviewer)| reviewer.clone()).collect()
        } else {
            BTreeSet::new()
        };
        Ok(Session {
            reviewer: self.reviewer.clone(),
            role: self.role,
            counts: self.counts()?,
            facets,
            lost: self.lost.clone(),
            reviewers: reviewers.into_iter().collect(),
            reasons: Reason::OF_REVIEWERS,
        })
    }

    fn unseen(&self) -> &'static str {
        match self.role {
            Role::Reviewer => "unreviewed",
            Role::Adjudicator => "undecided",
        }
    }

    fn counts(&self) -> Result<BTreeMap<String, i64>> {
        self.database(|index| {
            index
                .prepare_cached(
                    "SELECT COALESCE(s.state, ?), COUNT(*) FROM items i LEFT JOIN temp.standing s ON s.key = i.key
                     GROUP BY 1",
                )?
                .query_map([self.unseen()], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
    }

    /// The claims that fit a filter, from the `offset`th on.
    ///
    /// # Errors
    /// [`ErrorKind::Review`].
    pub fn list(&mut self, filter: &Filter, offset: i64, limit: usize) -> Result<Listing> {
        self.refresh()?;
        let (conditions, values) = self.conditions(filter);
        let place = place_sql(filter);
        let sql = format!(
            "SELECT {COLUMNS}, {place} AS place FROM {FROM} WHERE {conditions} ORDER BY place LIMIT {} OFFSET {}",
            limit.min(PAGE),
            offset.max(0)
        );
        let unseen = self.unseen();
        self.database(|index| {
            let total = format!("SELECT COUNT(*) FROM {FROM} WHERE {conditions}");
            let total = index.prepare_cached(&total)?.query_row(params_from_iter(&values), |row| row.get(0))?;
            let items = index
                .prepare_cached(&sql)?
                .query_map(params_from_iter(&values), |row| item(row, unseen))?
                .collect::<rusqlite::Result<_>>()?;
            Ok(Listing { total, offset: offset.max(0), items })
        })
    }

    /// The claim after (or before) a place of the filtered list, with its offset in the list; with `open` only one that
    /// is still to be decided. With no place the first (or last) one.
    ///
    /// # Errors
    /// [`ErrorKind::Review`].
    pub fn step(&mut self, filter: &Filter, from: Option<i64>, back: bool, open: bool) -> Result<Option<(Item, i64)>> {
        self.refresh()?;
        let (mut conditions, values) = self.conditions(filter);
        let all = conditions.clone();
        let place = place_sql(filter);
        if open {
            conditions.push_str(self.open_sql());
        }
        if let Some(from) = from {
            conditions = format!("{conditions} AND {place} {} {from}", if back { "<" } else { ">" });
        }
        let sql = format!(
            "SELECT {COLUMNS}, {place} AS place FROM {FROM} WHERE {conditions} ORDER BY place {} LIMIT 1",
            if back { "DESC" } else { "ASC" }
        );
        let unseen = self.unseen();
        self.database(|index| {
            let found =
                index.prepare_cached(&sql)?.query_row(params_from_iter(&values), |row| item(row, unseen)).optional()?;
            let Some(found) = found else { return Ok(None) };
            let before = format!("SELECT COUNT(*) FROM {FROM} WHERE {all} AND {place} < {}", found.place);
            let before = index.prepare(&before)?.query_row(params_from_iter(&values), |row| row.get(0))?;
            Ok(Some((found, before)))
        })
    }

    fn open_sql(&self) -> &'static str {
        match self.role {
            Role::Reviewer => " AND (s.state IS NULL OR s.state = 'again')",
            Role::Adjudicator => " AND s.state IN ('differ', 'single')",
        }
    }

    fn conditions(&self, filter: &Filter) -> (String, Vec<Value>) {
        let mut sql = String::from("1");
        let mut values: Vec<Value> = Vec::new();
        let given = |value: &Option<String>| value.as_ref().filter(|value| !value.is_empty()).cloned();
        for (column, value) in [
            ("side", &filter.side),
            ("basis", &filter.basis),
            ("topic", &filter.topic),
            ("outlet", &filter.outlet),
            ("language", &filter.language),
            ("stance_us", &filter.stance_us),
            ("stance_cn", &filter.stance_cn),
            ("rule", &filter.rule),
            ("output", &filter.article),
        ] {
            if let Some(value) = given(value) {
                let _ = write!(sql, " AND i.{column} = ?");
                values.push(value.into());
            }
        }
        for (value, sign) in [(&filter.from, ">="), (&filter.to, "<=")] {
            if let Some(value) = given(value) {
                // Compared as far as both are exact.
                let _ = write!(
                    sql,
                    " AND i.date IS NOT NULL AND substr(i.date, 1, length(?)) {sign} substr(?, 1, length(i.date))"
                );
                values.push(value.clone().into());
                values.push(value.into());
            }
        }
        for (value, sign) in [(filter.min_confidence, ">="), (filter.max_confidence, "<")] {
            if let Some(value) = value {
                let _ = write!(sql, " AND i.confidence {sign} ?");
                values.push(value.into());
            }
        }
        if let Some(actor) = given(&filter.actor) {
            sql.push_str(" AND instr(i.actors, ?) > 0");
            values.push(match_key(actor.trim()).into());
        }
        match given(&filter.state).as_deref() {
            None => {}
            Some("open") => sql.push_str(self.open_sql()),
            Some(state) if state == self.unseen() => sql.push_str(" AND s.state IS NULL"),
            Some(state) => {
                sql.push_str(" AND s.state = ?");
                values.push(state.to_owned().into());
            }
        }
        if let Some(text) = given(&filter.text)
            && let Some(words) = index::search(&text)
        {
            sql.push_str(
                " AND (i.key IN (SELECT rowid FROM main.words WHERE words MATCH ?)
                       OR i.key >= 1000000000 AND instr(i.wording, ?) > 0)",
            );
            values.push(words.into());
            values.push(wording(&text).into());
        }
        (sql, values)
    }

    /// The items of these keys, in their order.
    fn items(&self, keys: &[i64]) -> Result<Vec<Item>> {
        let sql = format!("SELECT {COLUMNS}, {} AS place FROM {FROM} WHERE i.key = ?", place_sql(&Filter::default()));
        let unseen = self.unseen();
        let mut items = Vec::new();
        for key in keys {
            let found = self
                .database(|index| index.prepare_cached(&sql)?.query_row([key], |row| item(row, unseen)).optional())?;
            items.extend(found);
        }
        Ok(items)
    }

    fn item(&self, key: i64) -> Result<Item> {
        self.items(&[key])?
            .pop()
            .ok_or_else(|| Error::new(ErrorKind::Data, format!("no claim has the number {key} in this session")))
    }

    /// Everything about one claim, with two sentences before and after it or the whole article.
    ///
    /// # Errors
    /// [`ErrorKind::Data`] if there is none with this number; as [`Article::read`].
    pub fn card(&mut self, key: i64, whole: bool) -> Result<Card> {
        self.refresh()?;
        let item = self.item(key)?;
        let article = self.articles.get(&item.output)?;
        let machine = machine(&article, &item.claim_id)?;
        let mut verdicts = Vec::new();
        let mut current = None;
        for (by, stood) in self.stood.get(&item.claim_id).into_iter().flat_map(Self::standing) {
            let changed = match (&machine, &stood.after) {
                (Some(machine), Some(after)) => changed(machine, after),
                _ => Vec::new(),
            };
            let mine = self.role == Role::Reviewer || by.0 == Role::Adjudicator;
            if mine {
                current.clone_from(&stood.after);
            }
            let decision = &stood.decision;
            verdicts.push(Verdict {
                reviewer: decision.reviewer.clone(),
                role: decision.role,
                action: decision.action,
                reason: decision.reason,
                note: decision.note.clone(),
                at: decision.at.clone(),
                again: stood.again,
                claim: stood.after.as_ref().and_then(|after| article.claim_to_page(after)),
                changed,
            });
        }
        let of_others = || {
            let all = self.stood.get(&item.claim_id)?;
            Self::standing(all).find_map(|(_, stood)| stood.after.clone().or_else(|| stood.decision.before.clone()))
        };
        let misfit = || Error::new(ErrorKind::Data, format!("claim {} does not fit its article", item.claim_id));
        let current = current.or_else(|| machine.clone()).or_else(of_others).ok_or_else(misfit)?;
        let content = article.bytes_of_code_points(&current.content).ok_or_else(misfit)?;
        let shown = if whole { None } else { Some(around(&article, content)) };
        let blocks = blocks(&article, shown);
        let words = words(&article, shown);
        Ok(Card {
            machine: machine.as_ref().and_then(|machine| article.claim_to_page(machine)),
            verdicts,
            whole,
            blocks,
            words,
            sentences: sentences(&article, shown),
            siblings: self.siblings(&item)?,
            why: why(&article, &current),
            current: article.claim_to_page(&current).ok_or_else(misfit)?,
            article: CardArticle {
                path: article.json.article.path.clone(),
                title: article.json.article.title.clone(),
                date: article.json.article.date.clone(),
                outlet: article.json.article.outlet.clone(),
                url: article.json.article.url.clone(),
                language: name(&article.json.article.language),
                claims: article.json.claims.len(),
            },
            item,
        })
    }

    fn siblings(&self, item: &Item) -> Result<Vec<Sibling>> {
        let mut siblings = self.database(|index| {
            let mut all: Vec<Sibling> = index
                .prepare_cached("SELECT COALESCE(title, path) FROM copies WHERE claim_id = ? LIMIT 20")?
                .query_map([&item.claim_id], |row| {
                    Ok(Sibling {
                        key: None,
                        kind: "copy".to_owned(),
                        reason: None,
                        title: row.get(0)?,
                        content: item.content.clone(),
                        side: item.side.clone(),
                    })
                })?
                .collect::<rusqlite::Result<_>>()?;
            let same = index
                .prepare_cached(
                    "SELECT key, COALESCE(title, output), content, side FROM main.claims
                     WHERE wording = ? AND output <> ? ORDER BY queue LIMIT 20",
                )?
                .query_map([&wording(&item.content), &item.output], |row| {
                    Ok(Sibling {
                        key: row.get(0)?,
                        kind: "wording".to_owned(),
                        reason: None,
                        title: row.get(1)?,
                        content: row.get(2)?,
                        side: row.get(3)?,
                    })
                })?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            all.extend(same);
            Ok(all)
        })?;
        for Tie { other, relation, reason } in self.links.get(&item.claim_id).into_iter().flatten() {
            let Some(key) = self.key(other)? else { continue };
            let other = self.item(key)?;
            if siblings.iter().all(|sibling| sibling.key != Some(key)) {
                siblings.push(Sibling {
                    key: Some(key),
                    kind: relation.clone(),
                    reason: Some(reason.clone()),
                    title: other.title.unwrap_or(other.output),
                    content: other.content,
                    side: other.side,
                });
            }
        }
        Ok(siblings)
    }

    /// Writes a decision.
    ///
    /// # Errors
    /// [`ErrorKind::Data`] if the wish makes no sense; [`ErrorKind::Review`] if it was not written.
    pub fn decide(&mut self, wish: &Wish) -> Result<Saved> {
        self.refresh()?;
        if self.places.contains_key(&wish.decision_id) {
            // Sent again: it is written.
            let claim = self.places[&wish.decision_id].0.clone();
            return self.saved(&[claim], 0, None);
        }
        let decision = self.decision(wish, wish.decision_id.clone())?;
        let claim = decision.claim_id.clone();
        let written = self.log.append(&[decision])?;
        self.refresh()?;
        self.saved(&[claim], written, None)
    }

    fn decision(&mut self, wish: &Wish, id: String) -> Result<Decision> {
        let wrong = |what: &str| Error::new(ErrorKind::Data, what.to_owned());
        let good = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if id.len() < 8 || id.len() > 80 || !id.chars().all(good) {
            return Err(wrong("the id of the decision is not 8 to 80 letters, digits and hyphens"));
        }
        let item = self.item(wish.key)?;
        let article = self.articles.get(&item.output)?;
        let mut decision = Decision::new(id, &self.reviewer, self.role, wish.action, "page");
        decision.article = item.output.clone();
        decision.note = wish.note.as_deref().map(str::trim).filter(|note| !note.is_empty()).map(str::to_owned);
        if wish.action == Action::Add {
            let fields = wish.fields.as_ref().ok_or_else(|| wrong("an added claim needs its fields"))?;
            let mut after = set(&article, None, fields)?;
            let points = Span::<CodePoint>::new(after.content.start, after.content.end);
            after.id = claim_id(&article.json.text_sha256, after.side, points, 0);
            if article.json.claims.iter().any(|claim| claim.id == after.id) {
                return Err(wrong("the machine has this claim already: edit that one"));
            }
            decision.claim_id = after.id.clone();
            decision.anchor = Anchor::new(&article, &after);
            decision.after = Some(after);
            return Ok(decision);
        }
        let machine = machine(&article, &item.claim_id)?;
        let standing = |by: &By| self.stood.get(&item.claim_id)?.get(by)?.last()?.after.clone();
        let mine = standing(&(self.role, self.reviewer.clone()));
        let any = || {
            let of_claim = self.stood.get(&item.claim_id)?;
            Self::standing(of_claim)
                .find_map(|(_, stood)| stood.after.clone().or_else(|| stood.decision.before.clone()))
        };
        let before = mine
            .or_else(|| machine.clone())
            .or_else(any)
            .ok_or_else(|| wrong("nothing is known of this claim any more"))?;
        decision.claim_id = item.claim_id.clone();
        decision.claim_hash = machine.as_ref().map(claim_hash);
        decision.anchor = Anchor::new(&article, machine.as_ref().unwrap_or(&before));
        match wish.action {
            Action::Accept => {
                decision.after = Some(match &wish.version_of {
                    // The adjudicator takes somebody's version.
                    Some(reviewer) if self.role == Role::Adjudicator => {
                        standing(&(Role::Reviewer, reviewer.clone()))
                            .ok_or_else(|| wrong("this reviewer has no version of the claim"))?
                    }
                    _ if self.role == Role::Adjudicator => {
                        machine.clone().ok_or_else(|| wrong("the machine has no version of the claim"))?
                    }
                    _ => before.clone(),
                });
                let differs = |machine: &ClaimRecord| {
                    decision.after.as_ref().is_some_and(|after| !changed(machine, after).is_empty())
                };
                if machine.as_ref().is_some_and(differs) {
                    decision.action = Action::Edit;
                }
            }
            Action::Reject => {
                let none = wish.reason == Some(Reason::NoneOfThem) && self.role == Role::Adjudicator;
                let reason = wish.reason.filter(|reason| none || Reason::OF_REVIEWERS.contains(reason));
                decision.reason = Some(reason.ok_or_else(|| wrong("a reject needs a reason"))?);
            }
            Action::Edit => {
                let fields = wish.fields.as_ref().ok_or_else(|| wrong("an edit needs the fields"))?;
                let after = set(&article, Some(&before), fields)?;
                if machine.as_ref().is_some_and(|machine| changed(machine, &after).is_empty()) {
                    decision.action = Action::Accept;
                }
                decision.after = Some(after);
            }
            Action::Skip => {}
            Action::Add | Action::Undo => return Err(wrong("this is no decision about a claim")),
        }
        if machine.is_none() && matches!(decision.action, Action::Accept | Action::Edit) {
            decision.action = Action::Add;
        }
        decision.before = Some(before);
        Ok(decision)
    }

    /// Accepts these claims, which are those that the page shows, as one batch. Claims that are decided already are left
    /// alone. All are accepted or none.
    ///
    /// # Errors
    /// As [`Desk::decide`]; [`ErrorKind::Data`] if the claims are more than a page shows.
    pub fn accept_all(&mut self, batch: &str, keys: &[i64]) -> Result<Saved> {
        self.refresh()?;
        if keys.len() > PAGE {
            return Err(Error::new(ErrorKind::Data, format!("more claims than a page shows: {}", keys.len())));
        }
        let mut decisions = Vec::new();
        for item in self.items(keys)? {
            if item.state != self.unseen() || self.role == Role::Adjudicator {
                continue;
            }
            let wish = Wish {
                decision_id: String::new(),
                key: item.key,
                action: Action::Accept,
                reason: None,
                note: None,
                fields: None,
                version_of: None,
            };
            let mut decision = self.decision(&wish, format!("{batch}-{}", decisions.len()))?;
            decision.batch = Some(batch.to_owned());
            decisions.push(decision);
        }
        let claims: Vec<String> = decisions.iter().map(|decision| decision.claim_id.clone()).collect();
        let written = self.log.append(&decisions)?;
        self.refresh()?;
        self.saved(&claims, written, None)
    }

    /// Undoes this person's last decision that counts, or the whole batch that it belongs to.
    ///
    /// # Errors
    /// [`ErrorKind::Data`] if there is none; [`ErrorKind::Review`].
    pub fn undo(&mut self, id: &str) -> Result<Saved> {
        self.refresh()?;
        let me = (self.role, self.reviewer.clone());
        let mine = || self.stood.values().filter_map(|of_claim| of_claim.get(&me)).flatten();
        if self.undos.contains(id) {
            // Sent again: it is written.
            return self.saved(&[], 0, None);
        }
        let last = mine()
            .max_by_key(|stood| stood.seq)
            .map(|stood| Arc::clone(&stood.decision))
            .ok_or_else(|| Error::new(ErrorKind::Data, "there is nothing to undo"))?;
        let undoes: Vec<Arc<Decision>> = match &last.batch {
            None => vec![Arc::clone(&last)],
            Some(batch) => mine()
                .filter(|stood| stood.decision.batch.as_ref() == Some(batch))
                .map(|stood| Arc::clone(&stood.decision))
                .collect(),
        };
        let claims: Vec<String> = undoes
            .iter()
            .filter_map(|decision| self.places.get(&decision.decision_id).map(|(claim, _)| claim.clone()))
            .collect();
        let mut decision = Decision::new(id.to_owned(), &self.reviewer, self.role, Action::Undo, "page");
        decision.undoes = undoes.iter().map(|decision| decision.decision_id.clone()).collect();
        let written = self.log.append(&[decision])?;
        self.refresh()?;
        self.saved(&claims, written, Some(last.action))
    }

    fn saved(&self, claims: &[String], decisions: usize, undone: Option<Action>) -> Result<Saved> {
        let mut keys = Vec::new();
        for claim in claims {
            keys.extend(self.key(claim)?);
        }
        Ok(Saved { items: self.items(&keys)?, decisions, undone, counts: self.counts()? })
    }

    /// What was decided about each claim: by claim id, by person, the last decision that is not undone.
    pub fn decided(&self) -> impl Iterator<Item = (&str, Settled<'_>)> {
        self.stood.iter().map(|(claim, of_claim)| (claim.as_str(), settle(of_claim)))
    }

    /// All decisions about a claim that stand, skips left out.
    pub fn standing_of(&self, claim: &str) -> Vec<&Stood> {
        let all = self.stood.get(claim).into_iter().flat_map(Self::standing);
        all.map(|(_, stood)| stood).filter(|stood| stood.decision.action != Action::Skip).collect()
    }

    /// The article of each claim that only people make.
    pub fn added(&self) -> &BTreeMap<String, String> {
        &self.added
    }

    /// Decisions that found no place.
    pub fn lost(&self) -> &[LostDecision] {
        &self.lost
    }
}

/// The claim with fields that a person set. What follows from them is set as well: the evidence sentence, times and
/// quantities inside the content, and the innermost link of the chain of sources.
fn set(article: &Article, before: Option<&ClaimRecord>, fields: &Fields) -> Result<ClaimRecord> {
    let wrong = |what: String| Error::new(ErrorKind::Data, what);
    let point = |span: &SpanRecord, what: &str| -> Result<SpanRecord> {
        let bytes = article.bytes_of_utf16(span).filter(|bytes| !bytes.is_empty());
        let bytes = bytes.ok_or_else(|| wrong(format!("the {what} is not what the article has at its place")))?;
        Ok(article.code_points(bytes))
    };
    let maybe = |span: &Option<SpanRecord>, what: &str| span.as_ref().map(|span| point(span, what)).transpose();
    if fields.side == Side::Other || fields.about.contains(&Side::Other) {
        return Err(wrong("a claim is of the United States or of China, and about them".to_owned()));
    }
    let mut about: Vec<Side> = Vec::new();
    for side in &fields.about {
        if !about.contains(side) {
            about.push(*side);
        }
    }
    let content = point(&fields.content, "content")?;
    let bytes = article
        .bytes_of_code_points(&content)
        .ok_or_else(|| wrong("the content is not what the article has at its place".to_owned()))?;
    let within = |span: &SpanRecord| content.start <= span.start && span.end <= content.end;
    let own: Vec<ClaimRecord> =
        article.json.claims.iter().filter_map(|claim| article.claim_in_code_points(claim)).collect();
    let mut time: Vec<_> = own.iter().chain(before).flat_map(|claim| claim.time.iter().cloned()).collect();
    time.retain(|time| within(&time.span));
    time.sort_by_key(|time| (time.span.start, time.span.end));
    time.dedup();
    let mut quantities: Vec<_> = own.iter().chain(before).flat_map(|claim| claim.quantities.iter().cloned()).collect();
    quantities.retain(|quantity| within(&quantity.span));
    quantities.sort_by_key(|quantity| (quantity.span.start, quantity.span.end));
    quantities.dedup();
    let sentence = article
        .json
        .sentences
        .iter()
        .filter_map(|sentence| article.bytes(&sentence.span))
        .find(|sentence| sentence.covers(bytes.start()))
        .map(|sentence| article.code_points(sentence));
    let source = maybe(&fields.source, "source")?;
    let cue = maybe(&fields.cue, "reporting word")?;
    let mut source_chain = before.map(|before| before.source_chain.clone()).unwrap_or_default();
    let same = before.is_some_and(|b| b.source == source && b.cue == cue && b.source_side == fields.source_side);
    if !same {
        source_chain.pop();
        if source.is_some() || cue.is_some() {
            source_chain.push(ChainRecord {
                source: source.clone(),
                source_side: fields.source_side,
                cue: cue.clone(),
            });
        }
    }
    Ok(ClaimRecord {
        id: before.map(|before| before.id.clone()).unwrap_or_default(),
        content,
        side: fields.side,
        basis: fields.basis,
        about,
        actor: maybe(&fields.actor, "actor")?,
        predicate: maybe(&fields.predicate, "predicate")?,
        source,
        source_side: fields.source_side,
        cue,
        polarity: fields.polarity,
        modality: fields.modality,
        stance: fields.stance,
        topic: fields.topic,
        commitment: fields.commitment,
        source_chain,
        time,
        quantities,
        objects: fields.objects.iter().map(|span| point(span, "object")).collect::<Result<_>>()?,
        sentence,
        confidence: before.map_or(1.0, |before| before.confidence),
        rule: before.map_or_else(|| "review/added".to_owned(), |before| before.rule.clone()),
        abstained: before.map(|before| before.abstained.clone()).unwrap_or_default(),
        review: None,
    })
}

/// A claim that is tied to another by `khabar link`.
#[derive(Debug, Clone, PartialEq)]
struct Tie {
    other: String,
    relation: String,
    reason: String,
}

/// Reads `links.json` of the output folder, if `khabar link` wrote it: only what is shown.
fn read_links(root: &Path) -> Result<BTreeMap<String, Vec<Tie>>> {
    #[derive(Deserialize)]
    struct File {
        clusters: Vec<Cluster>,
    }
    #[derive(Deserialize)]
    struct Cluster {
        links: Vec<Link>,
    }
    #[derive(Deserialize)]
    struct Link {
        a: End,
        b: End,
        relation: String,
        reason: String,
    }
    #[derive(Deserialize)]
    struct End {
        claim: String,
    }
    let path = root.join("links.json");
    let Ok(text) = std::fs::read_to_string(&path) else { return Ok(BTreeMap::new()) };
    let file: File = serde_json::from_str(&text)
        .map_err(|e| Error::new(ErrorKind::Malformed, format!("no links of khabar: {e}")).at(&path))?;
    let mut ties: BTreeMap<String, Vec<Tie>> = BTreeMap::new();
    for link in file.clusters.into_iter().flat_map(|cluster| cluster.links) {
        for (one, other) in [(&link.a, &link.b), (&link.b, &link.a)] {
            let (relation, reason) = (link.relation.clone(), link.reason.clone());
            ties.entry(one.claim.clone()).or_default().push(Tie { other: other.claim.clone(), relation, reason });
        }
    }
    Ok(ties)
}

/// What holds of a claim.
#[derive(Debug, Clone)]
pub enum Settled<'a> {
    /// Nobody decided.
    Nothing,
    /// The adjudicator did.
    Adjudicated(&'a Stood),
    /// Several reviewers did, and the same.
    Agreed(&'a Stood),
    /// One reviewer did.
    Single(&'a Stood),
    /// Reviewers differ.
    Differ,
}

fn settle(of_claim: &BTreeMap<By, Vec<Stood>>) -> Settled<'_> {
    let adjudicated = Desk::standing(of_claim)
        .filter(|((role, _), stood)| *role == Role::Adjudicator && stood.decision.action != Action::Skip)
        .map(|(_, stood)| stood)
        .max_by(|a, b| a.decision.at.cmp(&b.decision.at));
    match adjudicated {
        Some(stood) => Settled::Adjudicated(stood),
        None => settle_reviewers(of_claim),
    }
}

fn settle_reviewers(of_claim: &BTreeMap<By, Vec<Stood>>) -> Settled<'_> {
    let all: Vec<&Stood> = Desk::standing(of_claim)
        .filter(|((role, _), stood)| *role == Role::Reviewer && stood.decision.action != Action::Skip)
        .map(|(_, stood)| stood)
        .collect();
    let same = |a: &Stood, b: &Stood| match (&a.after, &b.after) {
        (None, None) => true,
        (Some(a), Some(b)) => changed(a, b).is_empty(),
        _ => false,
    };
    match all[..] {
        [] => Settled::Nothing,
        [one] => Settled::Single(one),
        [first, ref rest @ ..] if rest.iter().all(|other| same(first, other)) => Settled::Agreed(first),
        _ => Settled::Differ,
    }
}

const COLUMNS: &str = "i.key, i.claim_id, i.output, i.side, i.topic, i.confidence, i.content, i.title, s.state";
const FROM: &str = "items i LEFT JOIN temp.standing s ON s.key = i.key";

fn place_sql(filter: &Filter) -> &'static str {
    match filter.order.as_deref() {
        Some("text") => "i.position",
        _ => "(i.queue - 10000000000 * COALESCE(s.rank, 0))",
    }
}

fn item(row: &Row<'_>, unseen: &str) -> rusqlite::Result<Item> {
    Ok(Item {
        key: row.get(0)?,
        claim_id: row.get(1)?,
        output: row.get(2)?,
        side: row.get(3)?,
        topic: row.get(4)?,
        confidence: row.get(5)?,
        content: row.get(6)?,
        title: row.get(7)?,
        state: row.get::<_, Option<String>>(8)?.unwrap_or_else(|| unseen.to_owned()),
        place: row.get(9)?,
    })
}

/// The machine's claim of this id, spans in code points.
fn machine(article: &Article, id: &str) -> Result<Option<ClaimRecord>> {
    let Some(claim) = article.json.claims.iter().find(|claim| claim.id == id) else { return Ok(None) };
    let points = article.claim_in_code_points(claim);
    points.map(Some).ok_or_else(|| Error::new(ErrorKind::Malformed, format!("claim {id} does not fit its article")))
}

/// Two sentences before and after, not more than some thousand characters.
fn around(article: &Article, content: Span<Byte>) -> Span<Byte> {
    let text = &article.json.text;
    let sentences: Vec<Span<Byte>> = article.json.sentences.iter().filter_map(|s| article.bytes(&s.span)).collect();
    let touched: Vec<usize> = (0..sentences.len()).filter(|&n| sentences[n].overlaps(content)).collect();
    let (first, last) = match (touched.first(), touched.last()) {
        (Some(&first), Some(&last)) => (first.saturating_sub(2), (last + 2).min(sentences.len() - 1)),
        _ => return clip(text, Span::new(0, text.len()), content),
    };
    clip(text, sentences[first].cover(sentences[last]).cover(content), content)
}

fn clip(text: &str, wide: Span<Byte>, content: Span<Byte>) -> Span<Byte> {
    let edge = |from: usize, to: usize| {
        // At a space, so that no word is cut.
        let at = (from..to).find(|&at| text.is_char_boundary(at) && text[at..].starts_with(' '));
        at.unwrap_or_else(|| (from..=to).find(|&at| text.is_char_boundary(at)).unwrap_or(to))
    };
    let start = if content.start() - wide.start() > AROUND {
        edge(content.start() - AROUND, content.start())
    } else {
        wide.start()
    };
    let end = if wide.end() - content.end() > AROUND {
        let limit = content.end() + AROUND;
        (content.end()..=limit)
            .rev()
            .find(|&at| text.is_char_boundary(at) && text[at..].starts_with(' '))
            .unwrap_or_else(|| {
                (content.end()..=limit).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(content.end())
            })
    } else {
        wide.end()
    };
    Span::new(start, end)
}

fn blocks(article: &Article, shown: Option<Span<Byte>>) -> Vec<Block> {
    let mut blocks = Vec::new();
    for paragraph in &article.json.paragraphs {
        let Some(whole) = article.bytes(&paragraph.span) else { continue };
        let part = match shown {
            None => whole,
            Some(shown) if shown.overlaps(whole) => {
                Span::new(whole.start().max(shown.start()), whole.end().min(shown.end()))
            }
            Some(_) => continue,
        };
        let units = article.utf16(part);
        blocks.push(Block {
            start: units.start,
            text: units.quote,
            dir: paragraph.direction,
            kind: paragraph.kind,
            cut_before: part.start() > whole.start(),
            cut_after: part.end() < whole.end(),
        });
    }
    blocks
}

fn words(article: &Article, shown: Option<Span<Byte>>) -> Vec<Vec<usize>> {
    let mut words = Vec::new();
    for token in &article.json.tokens {
        let Some(bytes) = article.bytes(&token.span) else { continue };
        if shown.is_some_and(|shown| !shown.contains(bytes)) {
            continue;
        }
        let mut edges = BTreeSet::new();
        for span in token.words.iter().map(|word| &word.span).chain([&token.span]) {
            if let Some(bytes) = article.bytes(span) {
                let units = article.utf16(bytes);
                edges.extend([units.start, units.end]);
            }
        }
        words.push(edges.into_iter().collect());
    }
    words
}

fn sentences(article: &Article, shown: Option<Span<Byte>>) -> Vec<(usize, usize)> {
    let all = article.json.sentences.iter().filter_map(|sentence| article.bytes(&sentence.span));
    all.filter(|bytes| shown.is_none_or(|shown| shown.contains(*bytes)))
        .map(|bytes| {
            let units = article.utf16(bytes);
            (units.start, units.end)
        })
        .collect()
}

/// Which names and references in the actor, the source and the content give which side.
fn why(article: &Article, claim: &ClaimRecord) -> Vec<Evidence> {
    let mut why: Vec<Evidence> = Vec::new();
    let places =
        [("actor", claim.actor.as_ref()), ("source", claim.source.as_ref()), ("content", Some(&claim.content))];
    for (of, span) in places {
        let Some(place) = span.and_then(|span| article.bytes_of_code_points(span)) else { continue };
        let inside = |span: &SpanRecord| article.bytes(span).is_some_and(|bytes| place.contains(bytes));
        let entities = article.json.entities.iter().filter(|entity| entity.side != Side::Other && inside(&entity.span));
        let named = entities.map(|entity| (&entity.span.quote, entity.side, entity.reason.clone()));
        let references = article.json.references.iter().filter(|r| r.side != Side::Other && inside(&r.span));
        let pointing = references.map(|reference| {
            (&reference.span.quote, reference.side, format!("{} → {}", reference.reason, reference.antecedent.quote))
        });
        for (quote, side, reason) in named.chain(pointing) {
            let known = why.iter().any(|known| known.quote == *quote && known.reason == reason);
            if !known && why.len() < 12 {
                why.push(Evidence { of, quote: quote.clone(), side, reason });
            }
        }
    }
    why
}
