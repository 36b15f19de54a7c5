//! What the queue is ordered, filtered and searched by: a throw-away SQLite file beside the journal of the run.
//!
//! It is made anew, under another name and then renamed, whenever `claims.jsonl` or this build of khabar is another.
//! Claims of exact duplicates are left out of the queue: a decision about a claim holds for all copies of its text.
//!
//! Search is over folded words ([`crate::normalizer::match_key`]) of the evidence sentence, the source and the actor:
//! each written token, and each word inside it without its clitics and without the article, so that فيروس finds الفيروس
//! and بالفيروس but not another word that holds these letters.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, params};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::article::{Article, inside};
use super::version::{claim_hash, field};
use crate::error::{Error, ErrorKind, Result};
use crate::export::json::{ClaimLine, OffsetUnit, SpanRecord};
use crate::export::table::name;
use crate::normalizer::match_key;
use crate::provenance::{BUILD_HASH, hex};

/// Path of the index under the output folder.
const FILE: &str = ".khabar/review-index.sqlite";

/// Columns of a claim in the index, and of the table of claims that people added, without the key.
pub(super) const TABLE: &str = "(
    key INTEGER PRIMARY KEY,
    claim_id TEXT NOT NULL,
    output TEXT NOT NULL,
    position INTEGER NOT NULL,
    queue INTEGER NOT NULL,
    disagreement INTEGER NOT NULL,
    impact INTEGER NOT NULL,
    side TEXT NOT NULL,
    basis TEXT NOT NULL,
    topic TEXT NOT NULL,
    stance_us TEXT NOT NULL,
    stance_cn TEXT NOT NULL,
    confidence REAL NOT NULL,
    rule TEXT NOT NULL,
    language TEXT NOT NULL,
    date TEXT,
    outlet TEXT,
    title TEXT,
    actors TEXT NOT NULL,
    content TEXT NOT NULL,
    wording TEXT NOT NULL,
    claim_hash TEXT NOT NULL,
    text_sha256 TEXT NOT NULL
)";

/// Opens the index of an output folder and makes it first if it is missing or not of this run and build.
///
/// # Errors
/// [`ErrorKind::Unreadable`] if the folder is none of a run, [`ErrorKind::Malformed`] if its files are broken,
/// [`ErrorKind::Review`] if the index cannot be written.
pub fn open(out: &Path) -> Result<Connection> {
    let listing = out.join("claims.jsonl");
    let key = fingerprint(&listing)?;
    let path = out.join(FILE);
    if path.is_file()
        && let Ok(connection) = Connection::open(&path)
        && prepare(&connection).is_ok()
        && made_for(&connection).is_some_and(|made| made == key)
    {
        return Ok(connection);
    }
    let lines = read_lines(&listing)?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|e| Error::new(ErrorKind::Unwritable, e.to_string()).at(folder))?;
    }
    let temporary = path.with_extension(format!("{}.tmp", super::log::random_id()?));
    let made = make(&temporary, out, &lines, &key);
    let renamed = made.and_then(|()| {
        fs::rename(&temporary, &path).map_err(|e| Error::new(ErrorKind::Unwritable, e.to_string()).at(&path))
    });
    if renamed.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    renamed?;
    let connection = Connection::open(&path).map_err(|e| failed(&path, &e))?;
    prepare(&connection).map_err(|e| failed(&path, &e))?;
    Ok(connection)
}

pub(super) fn failed(path: &Path, error: &rusqlite::Error) -> Error {
    Error::new(ErrorKind::Review, error.to_string()).at(path)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -65_536)
}

fn made_for(connection: &Connection) -> Option<String> {
    connection.query_row("SELECT value FROM made WHERE name = 'key'", [], |row| row.get(0)).ok()
}

/// Hash of the list of claims and of the build.
fn fingerprint(listing: &Path) -> Result<String> {
    let unreadable = |e: std::io::Error| {
        let message = format!("the folder holds no claims.jsonl ({e}): name the folder that `khabar run -o` wrote");
        Error::new(ErrorKind::Unreadable, message).at(listing)
    };
    let mut hasher = Sha256::new();
    hasher.update(BUILD_HASH.as_bytes());
    let mut file = File::open(listing).map_err(unreadable)?;
    std::io::copy(&mut file, &mut hasher).map_err(unreadable)?;
    Ok(hex(&hasher.finalize()))
}

fn read_lines(listing: &Path) -> Result<Vec<ClaimLine>> {
    let file = File::open(listing).map_err(|e| Error::new(ErrorKind::Unreadable, e.to_string()).at(listing))?;
    let mut lines = Vec::new();
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let broken = |what: String| Error::new(ErrorKind::Malformed, what).at(listing).line(number as u64 + 1);
        let line = line.map_err(|e| broken(e.to_string()))?;
        if !line.trim().is_empty() {
            lines.push(serde_json::from_str(&line).map_err(|e| broken(format!("no claim of khabar: {e}")))?);
        }
    }
    Ok(lines)
}

/// What the index needs of an article's JSON.
#[derive(Deserialize)]
struct Words {
    text_sha256: String,
    tokens: Vec<Token>,
}

#[derive(Deserialize)]
struct Token {
    start: usize,
    end: usize,
    quote: String,
    words: Vec<Word>,
}

#[derive(Deserialize)]
struct Word {
    form: String,
    lemma: String,
    article: Option<SpanRecord>,
}

/// An article's words by their places, folded once.
struct Folded {
    text_sha256: String,
    tokens: Vec<(usize, usize, String)>,
}

fn fold(out: &Path, output: &str) -> Result<Folded> {
    let path = out.join(inside(output)?);
    let text = fs::read_to_string(&path).map_err(|e| Error::new(ErrorKind::Unreadable, e.to_string()).at(&path))?;
    let words: Words = serde_json::from_str(&text)
        .map_err(|e| Error::new(ErrorKind::Malformed, format!("no article of khabar: {e}")).at(&path))?;
    let tokens = words.tokens.into_iter().map(|token| (token.start, token.end, forms(&token))).collect();
    Ok(Folded { text_sha256: words.text_sha256, tokens })
}

/// The folded forms under which a token is found, with spaces between.
fn forms(token: &Token) -> String {
    let written = match_key(&token.quote);
    let mut forms = vec![written];
    for word in &token.words {
        let form = match_key(&word.form);
        let bare = word.article.as_ref().and_then(|_| form.strip_prefix("ال")).map(str::to_owned);
        for found in [Some(form), bare, Some(match_key(&word.lemma))].into_iter().flatten() {
            if !found.is_empty() && !forms.contains(&found) {
                forms.push(found);
            }
        }
    }
    forms.join(" ")
}

/// The folded forms of the tokens inside some spans.
fn words_of(folded: &Folded, spans: &[Option<&SpanRecord>]) -> String {
    let mut words: Vec<&str> = Vec::new();
    for span in spans.iter().flatten() {
        let first = folded.tokens.partition_point(|(_, end, _)| *end <= span.start);
        words.extend(folded.tokens[first..].iter().take_while(|(start, _, _)| *start < span.end).map(|t| t.2.as_str()));
    }
    words.join(" ")
}

/// A claim on its way into the index.
struct Row<'a> {
    line: &'a ClaimLine,
    words: String,
    wording: String,
    claim_hash: String,
    text_sha256: String,
    disagreement: i64,
    impact: i64,
}

/// The folded words of the content, as one string: equal for the same wording.
pub(super) fn wording(content: &str) -> String {
    match_key(content).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn rows<'a>(out: &Path, lines: &'a [ClaimLine]) -> Result<Vec<Row<'a>>> {
    let mut rows = Vec::new();
    let mut folded: Option<(&str, Folded, Option<Article>)> = None;
    let mut seen = HashSet::new();
    for line in lines.iter().filter(|line| line.article.duplicate_of.is_none()) {
        // The id tells text, side and span: one seen before is a copy, whether the run marked it or not.
        if !seen.insert(line.claim.id.as_str()) {
            continue;
        }
        let output = line.article.output.as_str();
        if folded.as_ref().is_none_or(|(known, _, _)| *known != output) {
            let whole = match line.offset_unit {
                OffsetUnit::CodePoint => None,
                OffsetUnit::Utf16 | OffsetUnit::Byte => Some(Article::read(&out.join(inside(output)?))?),
            };
            folded = Some((output, fold(out, output)?, whole));
        }
        let Some((_, words, whole)) = &folded else { continue };
        let claim = &line.claim;
        let hash = match whole {
            None => claim_hash(claim),
            Some(article) => article.claim_in_code_points(claim).map(|claim| claim_hash(&claim)).ok_or_else(|| {
                Error::new(ErrorKind::Malformed, format!("claim {} lies outside its text", claim.id)).at(output)
            })?,
        };
        let evidence = claim.sentence.as_ref().unwrap_or(&claim.content);
        rows.push(Row {
            line,
            words: words_of(words, &[Some(evidence), claim.source.as_ref(), claim.actor.as_ref()]),
            wording: wording(&claim.content.quote),
            claim_hash: hash,
            text_sha256: words.text_sha256.clone(),
            disagreement: 0,
            impact: 0,
        });
    }
    Ok(rows)
}

/// Fields in which the same wording for the same side should not differ.
const LABELS: [&str; 6] = ["basis", "polarity", "modality", "stance_us", "stance_cn", "topic"];

/// Counts how often a wording is repeated, and where its labels differ.
fn weigh(rows: &mut [Row<'_>], lines: &[ClaimLine]) {
    let mut copies: HashMap<&str, i64> = HashMap::new();
    for line in lines.iter().filter(|line| line.article.duplicate_of.is_some()) {
        *copies.entry(line.claim.id.as_str()).or_default() += 1;
    }
    let mut same: HashMap<(String, String), Vec<usize>> = HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        same.entry((name(&row.line.claim.side), row.wording.clone())).or_default().push(at);
    }
    for at in 0..rows.len() {
        let claim = &rows[at].line.claim;
        let group = same.get(&(name(&claim.side), rows[at].wording.clone())).map_or(&[][..], Vec::as_slice);
        let differing = LABELS
            .iter()
            .filter(|label| group.iter().any(|&other| field(&rows[other].line.claim, label) != field(claim, label)))
            .count();
        let headline = claim.rule.contains("headline")
            || rows[at].line.article.title.as_ref().is_some_and(|title| {
                claim.sentence.as_ref().is_some_and(|sentence| sentence.quote.trim() == title.trim())
            });
        let impact = group.len() as i64 + copies.get(claim.id.as_str()).copied().unwrap_or(0) + i64::from(headline);
        let disagreement = differing as i64 + i64::from(!claim.abstained.is_empty());
        rows[at].disagreement = disagreement;
        rows[at].impact = impact;
    }
}

fn make(path: &Path, out: &Path, lines: &[ClaimLine], key: &str) -> Result<()> {
    let mut rows = rows(out, lines)?;
    weigh(&mut rows, lines);
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|&a, &b| {
        let (left, right) = (&rows[a], &rows[b]);
        right
            .disagreement
            .cmp(&left.disagreement)
            .then(left.line.claim.confidence.total_cmp(&right.line.claim.confidence))
            .then(right.impact.cmp(&left.impact))
            .then(a.cmp(&b))
    });
    let mut queue = vec![0_i64; rows.len()];
    for (place, &row) in order.iter().enumerate() {
        queue[row] = place as i64;
    }
    write(path, &rows, &queue, lines, key).map_err(|e| failed(path, &e))
}

fn write(path: &Path, rows: &[Row<'_>], queue: &[i64], lines: &[ClaimLine], key: &str) -> rusqlite::Result<()> {
    let mut connection = Connection::open(path)?;
    // A file that is thrown away if anything goes wrong needs no journal.
    connection.pragma_update(None, "journal_mode", "OFF")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    let change = connection.transaction()?;
    change.execute_batch(&format!(
        "CREATE TABLE made (name TEXT PRIMARY KEY, value TEXT NOT NULL);
         CREATE TABLE claims {TABLE};
         CREATE TABLE copies (claim_id TEXT NOT NULL, output TEXT NOT NULL, path TEXT NOT NULL, title TEXT);
         CREATE VIRTUAL TABLE words USING fts5(forms, content='', tokenize='unicode61 remove_diacritics 0');"
    ))?;
    {
        let mut claim = change.prepare(
            "INSERT INTO claims VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
                                        ?19, ?20, ?21, ?22, ?23)",
        )?;
        let mut words = change.prepare("INSERT INTO words (rowid, forms) VALUES (?, ?)")?;
        for (at, row) in rows.iter().enumerate() {
            let (article, found) = (&row.line.article, &row.line.claim);
            let number = at as i64 + 1;
            let actors = [&found.actor, &found.source].into_iter().flatten().map(|s| match_key(&s.quote));
            claim.execute(params![
                number,
                found.id,
                article.output,
                at as i64,
                queue[at],
                row.disagreement,
                row.impact,
                name(&found.side),
                name(&found.basis),
                name(&found.topic),
                name(&found.stance.us),
                name(&found.stance.cn),
                found.confidence,
                found.rule,
                name(&article.language),
                article.date,
                article.outlet,
                article.title,
                actors.collect::<Vec<_>>().join("\n"),
                found.content.quote,
                row.wording,
                row.claim_hash,
                row.text_sha256,
            ])?;
            words.execute(params![number, row.words])?;
        }
        let mut copy = change.prepare("INSERT INTO copies VALUES (?, ?, ?, ?)")?;
        for line in lines.iter().filter(|line| line.article.duplicate_of.is_some()) {
            copy.execute(params![line.claim.id, line.article.output, line.article.path, line.article.title])?;
        }
        change.execute("INSERT INTO made VALUES ('key', ?)", [key])?;
    }
    change.execute_batch(
        "CREATE UNIQUE INDEX claims_by_id ON claims (claim_id);
         CREATE INDEX claims_by_queue ON claims (queue);
         CREATE INDEX claims_by_output ON claims (output);
         CREATE INDEX claims_by_wording ON claims (wording);
         CREATE INDEX claims_by_text ON claims (text_sha256);
         CREATE INDEX copies_by_id ON copies (claim_id);",
    )?;
    change.commit()
}

/// The search for some words, as FTS5 wants it: every word has to be there, as it is, without a fused proclitic and the
/// article, or as the beginning of a word. `None` if there is no word in it.
pub(super) fn search(text: &str) -> Option<String> {
    let words: Vec<String> = match_key(text)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| {
            let bare = word.strip_prefix("ال").filter(|bare| bare.chars().count() >= 2);
            let forms = [Some(word), bare].into_iter().flatten().map(|form| format!("\"{form}\"*"));
            format!("({})", forms.collect::<Vec<_>>().join(" OR "))
        })
        .collect();
    (!words.is_empty()).then(|| words.join(" AND "))
}

/// Where the index of an output folder is.
pub(super) fn path(out: &Path) -> PathBuf {
    out.join(FILE)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use super::*;

    /// An output folder with these articles, made by the pipeline.
    pub(in super::super) fn folder(articles: &[(&str, &str)], unit: OffsetUnit) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        rewrite(folder.path(), articles, unit);
        folder
    }

    /// Writes the output of another run over these articles.
    pub(in super::super) fn rewrite(out: &Path, articles: &[(&str, &str)], unit: OffsetUnit) {
        let pipeline = crate::pipeline::Pipeline::with_defaults().unwrap();
        let mut lines = String::new();
        let mut seen: Vec<(String, String)> = Vec::new();
        for (name, text) in articles {
            let (document, claims) = pipeline.run(crate::article::Article::from_text(text));
            let output = format!("{name}.json");
            let provenance = crate::provenance::Provenance::new("c", Vec::new());
            let mut json = crate::export::json::ArticleJson::new(&document, &claims, &output, unit, provenance);
            json.article.duplicate_of = seen.iter().find(|(sha, _)| *sha == json.text_sha256).map(|(_, id)| id.clone());
            seen.push((json.text_sha256.clone(), json.article.id.clone()));
            lines.push_str(&json.claim_lines().unwrap());
            json.write(File::create(out.join(&output)).unwrap()).unwrap();
        }
        fs::write(out.join("claims.jsonl"), lines).unwrap();
    }

    const AR: &str =
        "قالت وزارة التجارة الصينية إن بكين سترد على القيود الأمريكية. وأعلنت واشنطن قيودًا بالفيروس على الصين.";

    fn found(index: &Connection, text: &str) -> i64 {
        let query = search(text).unwrap();
        index.query_row("SELECT COUNT(*) FROM words WHERE words MATCH ?", [query], |row| row.get(0)).unwrap()
    }

    #[test]
    fn search_folds_and_sees_through_clitics() {
        let folder = folder(&[("a", AR)], OffsetUnit::Utf16);
        let index = open(folder.path()).unwrap();
        let all: i64 = index.query_row("SELECT COUNT(*) FROM claims", [], |row| row.get(0)).unwrap();
        assert!(all >= 2, "{all}");
        for text in ["القيود الامريكية", "قيود", "وِزارة التجاره", "بكين", "فيروس", "الفيروس"]
        {
            assert!(found(&index, text) >= 1, "{text}");
        }
        assert_eq!(found(&index, "يود"), 0);
        assert_eq!(found(&index, "قيود zebra"), 0);
        for nothing in ["", " ", "\"", "*"] {
            assert!(search(nothing).is_none());
        }
        // Whatever is typed, it is no syntax.
        for odd in ["a\"b", "NEAR(", "a OR", "x:y", "^a", "قالت -بكين"] {
            found(&index, odd);
        }
    }

    #[test]
    fn copies_are_queued_once_and_a_new_run_makes_it_anew() {
        let folder = folder(&[("a", AR), ("b", AR)], OffsetUnit::CodePoint);
        let count = |index: &Connection, table: &str| -> i64 {
            index.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0)).unwrap()
        };
        let index = open(folder.path()).unwrap();
        let claims = count(&index, "claims");
        assert!(claims > 0);
        assert_eq!(count(&index, "copies"), claims);
        let stamp = |out: &Path| fs::metadata(path(out)).unwrap().modified().unwrap();
        let before = stamp(folder.path());
        drop(open(folder.path()).unwrap());
        assert_eq!(stamp(folder.path()), before);
        rewrite(folder.path(), &[("a", "Beijing said it will retaliate.")], OffsetUnit::CodePoint);
        let index = open(folder.path()).unwrap();
        assert_eq!((count(&index, "claims"), count(&index, "copies")), (1, 0));
    }

    #[test]
    fn a_folder_without_claims_is_a_coded_error() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(open(folder.path()).unwrap_err().kind(), ErrorKind::Unreadable);
        fs::write(folder.path().join("claims.jsonl"), "{}\n").unwrap();
        let error = open(folder.path()).unwrap_err();
        assert_eq!((error.kind(), error.line_number()), (ErrorKind::Malformed, Some(1)));
    }
}
