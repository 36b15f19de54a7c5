//! `khabar review` and `khabar apply` as a user meets them: the server over its socket, killed processes included.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use khabar::export::json::{ArticleJson, ReviewStatus, schema};
use khabar::offset::OffsetIndex;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

fn khabar(folder: &Path) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("khabar"));
    command.current_dir(folder).env_clear().env("HOME", folder).env("USER", "user");
    command
}

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = khabar(folder).args(arguments).stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Two articles of the corpus, annotated into `out`.
fn annotated(unit: &str) -> TempDir {
    let folder = tempdir().unwrap();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/dev/articles");
    for (language, wanted) in [("ar", 1), ("en", 1)] {
        let mut files: Vec<PathBuf> =
            fs::read_dir(corpus.join(language)).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        fs::create_dir_all(folder.path().join("in").join(language)).unwrap();
        for file in files.iter().take(wanted) {
            fs::copy(file, folder.path().join("in").join(language).join(file.file_name().unwrap())).unwrap();
        }
    }
    let (code, _, stderr) = run(folder.path(), &["run", "in", "-o", "out", "-q", "--offset-unit", unit]);
    assert_eq!(code, 0, "{stderr}");
    folder
}

/// A running `khabar review`.
struct Server {
    child: Child,
    port: u16,
    token: String,
}

impl Server {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut child = khabar(folder)
            .args(["review", "out"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let rest = line.trim().strip_prefix("http://127.0.0.1:").unwrap_or_else(|| panic!("{line:?}"));
        let (port, token) = rest.split_once('/').unwrap();
        Self { child, port: port.parse().unwrap(), token: token.trim_end_matches('/').to_owned() }
    }

    /// One request as it goes over the line; `None` if the server is gone.
    fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Option<(u16, String, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        let host = format!("127.0.0.1:{}", self.port);
        if headers.iter().all(|(name, _)| *name != "Host") {
            request += &["Host: ", &host, "\r\n"].concat();
        }
        for (name, value) in headers {
            request += &[*name, ": ", *value, "\r\n"].concat();
        }
        stream.write_all(format!("{request}\r\n{body}").as_bytes()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let answer = String::from_utf8(answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, head.to_lowercase(), body.to_owned()))
    }

    fn path(&self, path: &str) -> String {
        format!("/{}/{path}", self.token)
    }

    fn get(&self, path: &str) -> Value {
        let (status, _, body) = self.raw("GET", &self.path(path), &[], "").unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    fn try_post(&self, path: &str, body: &Value) -> Option<(u16, Value)> {
        let origin = format!("http://127.0.0.1:{}", self.port);
        let headers =
            [("Origin", origin.as_str()), ("Content-Type", "application/json"), ("Sec-Fetch-Site", "same-origin")];
        let (status, _, body) = self.raw("POST", &self.path(path), &headers, &body.to_string())?;
        Some((status, serde_json::from_str(&body).ok()?))
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.try_post(path, body).unwrap();
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    fn list(&self, filter: &Value) -> Value {
        let encoded: Vec<String> = filter.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
        let encoded = encoded.concat();
        self.get(&format!("api/list?filter={encoded}&limit=100"))
    }

    fn keys(&self, filter: &Value) -> Vec<i64> {
        self.list(filter)["items"].as_array().unwrap().iter().map(|item| item["key"].as_i64().unwrap()).collect()
    }

    fn card(&self, key: i64) -> Value {
        self.get(&format!("api/card?key={key}"))
    }

    fn decide(&self, id: &str, key: i64, more: &Value) -> Value {
        let mut wish = json!({"decision_id": format!("test-{id}-00"), "key": key});
        wish.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.post("api/decide", &wish)
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The fields that the page sends, out of a claim of a card.
fn fields(claim: &Value) -> Value {
    let names = [
        "content",
        "side",
        "basis",
        "about",
        "actor",
        "predicate",
        "source",
        "source_side",
        "cue",
        "polarity",
        "modality",
        "stance",
        "topic",
        "commitment",
        "objects",
    ];
    names.iter().map(|name| ((*name).to_owned(), claim[*name].clone())).collect::<serde_json::Map<_, _>>().into()
}

fn log(folder: &Path) -> Vec<Value> {
    let (code, stdout, stderr) = run(folder, &["review", "out", "--export-log", "-"]);
    assert_eq!(code, 0, "{stderr}");
    stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn only_the_page_itself_gets_in() {
    let folder = annotated("code-point");
    let server = Server::start(folder.path(), &["--reviewer", "Huda"]);
    assert!(server.token.len() >= 32);
    let page = server.path("");
    let (status, head, body) = server.raw("GET", &page, &[], "").unwrap();
    assert_eq!(status, 200);
    assert!(body.starts_with("<!doctype html>"));
    for header in [
        "content-security-policy: default-src 'none'; script-src 'self';",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "x-content-type-options: nosniff",
        "x-frame-options: deny",
        "referrer-policy: same-origin",
        "cache-control: no-store",
        "cross-origin-opener-policy: same-origin",
        "cross-origin-resource-policy: same-origin",
    ] {
        assert!(head.contains(header), "{header} is not in {head}");
    }
    assert!(!head.contains("access-control"), "{head}");
    assert!(!head.contains("unsafe-inline") && !head.contains("unsafe-eval"));
    for (file, media) in [("app.js", "text/javascript"), ("style.css", "text/css"), ("words.js", "text/javascript")] {
        let (status, head, _) = server.raw("GET", &server.path(file), &[], "").unwrap();
        assert!(status == 200 && head.contains(&format!("content-type: {media}")), "{file}");
    }
    let get = |path: &str, headers: &[(&str, &str)]| server.raw("GET", path, headers, "").unwrap().0;
    // Without the token, or with another, nothing is there; refusals carry the headers too.
    for path in ["/", "/app.js", "/api/session", "/0123456789abcdef0123456789abcdef/", "/../", "//"] {
        let (status, head, _) = server.raw("GET", path, &[], "").unwrap();
        assert!(status == 404 && head.contains("content-security-policy"), "{path}: {status}");
    }
    assert_eq!(get(&server.path("../review.sqlite"), &[]), 404);
    assert_eq!(get(&server.path("Cargo.toml"), &[]), 404);
    // Another name that leads here (DNS rebinding), another origin, another site.
    assert_eq!(get(&page, &[("Host", "evil.example")]), 421);
    assert_eq!(get(&page, &[("Origin", "http://evil.example")]), 403);
    assert_eq!(get(&server.path("api/session"), &[("Sec-Fetch-Site", "cross-site")]), 403);
    assert_eq!(get(&server.path("api/session"), &[("Sec-Fetch-Site", "same-site")]), 403);
    assert_eq!(get(&page, &[("Sec-Fetch-Site", "none")]), 200);
    let localhost = format!("localhost:{}", server.port);
    assert_eq!(get(&page, &[("Host", &localhost)]), 200);
    // A change needs the page's own origin and JSON.
    let key = server.keys(&json!({}))[0];
    let wish = json!({"decision_id": "test-0000", "key": key, "action": "accept"}).to_string();
    let own = format!("http://127.0.0.1:{}", server.port);
    let other = format!("http://127.0.0.1:{}", server.port + 1);
    let json_type = ("Content-Type", "application/json");
    for (headers, wanted) in [
        (vec![json_type], 403),
        (vec![json_type, ("Origin", "null")], 403),
        (vec![json_type, ("Origin", other.as_str())], 403),
        (vec![json_type, ("Origin", own.as_str()), ("Sec-Fetch-Site", "none")], 403),
        (vec![("Content-Type", "text/plain"), ("Origin", own.as_str())], 415),
        (vec![("Content-Type", "application/x-www-form-urlencoded"), ("Origin", own.as_str())], 415),
    ] {
        let status = server.raw("POST", &server.path("api/decide"), &headers, &wish).unwrap().0;
        assert_eq!(status, wanted, "{headers:?}");
    }
    assert_eq!(server.raw("OPTIONS", &server.path("api/decide"), &[("Origin", &own)], "").unwrap().0, 405);
    assert!(log(folder.path()).is_empty());
    // Two servers have two addresses.
    assert_ne!(Server::start(folder.path(), &[]).token, server.token);
    // And it is not to be reached but from this machine.
    let listening = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let port = format!(":{:04X} ", server.port);
    let own: Vec<&str> = listening.lines().filter(|l| l.contains(" 0A ") && l.contains(&port)).collect();
    assert!(own.iter().all(|line| line.contains(" 0100007F:")), "{own:?}");
}

#[test]
fn a_session_from_the_queue_to_the_documents() {
    for unit in ["code-point", "utf16"] {
        let folder = annotated(unit);
        let before = fs::read(folder.path().join("out/claims.jsonl")).unwrap();
        let server = Server::start(folder.path(), &["--reviewer", "هدى"]);
        let session = server.get("api/session");
        assert_eq!(session["reviewer"], "هدى");
        let all = session["counts"]["unreviewed"].as_i64().unwrap();
        let keys = server.keys(&json!({}));
        assert!(all > 8 && keys.len() as i64 == all.min(100));

        // Accepted, rejected, edited, skipped.
        let saved = server.decide("1", keys[0], &json!({"action": "accept"}));
        assert_eq!((&saved["items"][0]["state"], &saved["decisions"]), (&json!("accepted"), &json!(1)));
        // The same wish sent again, because its answer got lost, is not written twice.
        assert_eq!(server.decide("1", keys[0], &json!({"action": "accept"}))["decisions"], 0);
        let (status, refused) = server
            .try_post("api/decide", &json!({"decision_id": "test-none", "key": keys[1], "action": "reject"}))
            .unwrap();
        assert!(status == 422 && refused["code"] == "E-DATA-001", "{refused}");
        server.decide("2", keys[1], &json!({"action": "reject", "reason": "not_a_claim", "note": " سؤال "}));
        let card = server.card(keys[2]);
        let mut changed = fields(&card["current"]);
        let words: Vec<Vec<i64>> = serde_json::from_value(card["words"].clone()).unwrap();
        let content = &card["current"]["content"];
        let (start, end) = (content["start"].as_i64().unwrap(), content["end"].as_i64().unwrap());
        let shorter = words.iter().rfind(|w| w[0] > start && *w.last().unwrap() < end).unwrap();
        let quote: String = {
            let units: Vec<u16> = content["quote"].as_str().unwrap().encode_utf16().collect();
            String::from_utf16(&units[..(shorter.last().unwrap() - start) as usize]).unwrap()
        };
        changed["content"] = json!({"start": start, "end": shorter.last().unwrap(), "quote": quote});
        changed["topic"] = json!("talent");
        changed["source"] = Value::Null;
        changed["cue"] = Value::Null;
        changed["source_side"] = json!("none");
        let saved = server.decide("3", keys[2], &json!({"action": "edit", "fields": changed}));
        assert_eq!(saved["items"][0]["state"], "edited");
        let mut shifted = changed.clone();
        shifted["content"]["start"] = json!(start + 1);
        let wish = json!({"decision_id": "test-shifted", "key": keys[2], "action": "edit", "fields": shifted});
        assert_eq!(server.try_post("api/decide", &wish).unwrap().0, 422, "a span that is not its quote is refused");
        server.decide("4", keys[3], &json!({"action": "skip"}));
        let shown = server.card(keys[2]);
        assert_eq!(shown["current"]["content"]["quote"], quote.as_str());
        assert_ne!(shown["machine"]["content"]["quote"], quote.as_str());
        assert!(shown["verdicts"][0]["changed"].as_array().unwrap().contains(&json!("topic")));

        // A missed claim: the words that are the first of the article.
        let card = server.get(&format!("api/card?key={}&whole=true", keys[4]));
        let block = &card["blocks"][0];
        let first = block["text"].as_str().unwrap().split(' ').next().unwrap().to_owned();
        let start = block["start"].as_i64().unwrap();
        let mut added = fields(&card["current"]);
        added["content"] = json!({"start": start, "end": start + first.encode_utf16().count() as i64, "quote": first});
        added["side"] = json!("US");
        for empty in ["actor", "predicate", "source", "cue", "commitment"] {
            added[empty] = Value::Null;
        }
        added["objects"] = json!([]);
        let saved = server.decide("5", keys[4], &json!({"action": "add", "fields": added}));
        let added_key = saved["items"][0]["key"].as_i64().unwrap();
        assert_eq!(saved["items"][0]["state"], "added");
        assert_eq!(server.card(added_key)["current"]["content"]["quote"], first.as_str());
        let wish = json!({"decision_id": "test-again", "key": keys[0], "action": "add", "fields": fields(&server.card(keys[0])["machine"])});
        assert_eq!(server.try_post("api/decide", &wish).unwrap().0, 422, "the machine has it already");

        // All shown accepted at once, and taken back at once.
        let shown: Vec<i64> = server.keys(&json!({"state": "unreviewed"})).into_iter().take(5).collect();
        let saved = server.post("api/accept", &json!({"batch": "test-batch", "keys": shown}));
        assert_eq!((saved["decisions"].as_i64(), saved["items"].as_array().unwrap().len()), (Some(5), 5));
        assert_eq!(saved["counts"]["accepted"], 6);
        let undone = server.post("api/undo", &json!({"id": "test-undo-1"}));
        assert_eq!((undone["items"].as_array().unwrap().len(), &undone["counts"]["accepted"]), (5, &json!(1)));
        assert!(undone["items"].as_array().unwrap().iter().all(|item| item["state"] == "unreviewed"));
        // The added one goes with its undo; after another undo the skipped one is open again.
        let undone = server.post("api/undo", &json!({"id": "test-undo-2"}));
        assert_eq!(undone["counts"].get("added"), None);
        server.decide("6", keys[4], &json!({"action": "add", "fields": added}));

        // Filters and search over what is there.
        assert_eq!(server.keys(&json!({"state": "rejected"})), [keys[1]]);
        assert_eq!(server.keys(&json!({"state": "edited", "text": quote})), [keys[2]]);
        assert!(server.list(&json!({"language": "ar", "side": "CN"}))["total"].as_i64().unwrap() > 0);
        assert_eq!(server.list(&json!({"from": "2199"}))["total"], 0);
        let sure = server.list(&json!({"min_confidence": 0.7}))["total"].as_i64().unwrap();
        let unsure = server.list(&json!({"max_confidence": 0.7}))["total"].as_i64().unwrap();
        assert_eq!(sure + unsure, all + 1);
        let found = server.get("api/step?open=true");
        assert!(!keys[..3].contains(&found["item"]["key"].as_i64().unwrap()));

        // After a restart everything is as it was; the output of the run is untouched.
        let counts = server.get("api/session")["counts"].clone();
        server.kill();
        let server = Server::start(folder.path(), &["--reviewer", "هدى"]);
        assert_eq!(server.get("api/session")["counts"], counts);
        assert_eq!(fs::read(folder.path().join("out/claims.jsonl")).unwrap(), before);
        drop(server);

        let log = log(folder.path());
        let actions: Vec<&str> = log.iter().map(|line| line["action"].as_str().unwrap()).collect();
        let wanted = "accept reject edit skip add accept accept accept accept accept undo undo add";
        assert_eq!(actions.join(" "), wanted);
        assert!(log.iter().all(|line| line["reviewer"] == "هدى" && line["offset_unit"] == "code_point"));
        assert_eq!(
            (&log[1]["reason"], &log[1]["note"], &log[1]["after"]),
            (&json!("not_a_claim"), &json!("سؤال"), &Value::Null)
        );
        assert_eq!(log[10]["undoes"].as_array().unwrap().len(), 5);

        let (code, stdout, stderr) = run(folder.path(), &["apply", "out", "-o", "gold", "--json"]);
        assert_eq!(code, 0, "{stderr}");
        let summary: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(
            [&summary["articles"], &summary["accepted"], &summary["edited"], &summary["added"], &summary["rejected"]],
            [2, 1, 1, 1, 1]
        );
        assert_eq!(summary["unreviewed"], all - 3);
        let validator = jsonschema::validator_for(&schema()).unwrap();
        let mut reviewed = 0;
        for entry in walkdir::WalkDir::new(folder.path().join("gold")).sort_by_file_name() {
            let path = entry.unwrap().into_path();
            if path.extension().is_none_or(|ending| ending != "json") || path.ends_with("run.json") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            validator.validate(&serde_json::from_str(&text).unwrap()).unwrap();
            let article = ArticleJson::read(&text).unwrap();
            let index = OffsetIndex::new(&article.text);
            for claim in &article.claims {
                assert!(article.bytes(&index, &claim.content).is_some(), "{:?}", claim.content);
                assert!(claim.sentence.as_ref().is_none_or(|span| article.bytes(&index, span).is_some()));
                let Some(review) = &claim.review else { continue };
                reviewed += 1;
                assert_eq!(review.reviewers, ["هدى"]);
                if review.status == ReviewStatus::Edited {
                    assert_eq!(claim.content.quote, quote);
                    assert!(review.changed.contains(&"topic".to_owned()), "{:?}", review.changed);
                }
            }
        }
        assert_eq!(reviewed, 3);
        // As gold for the run itself, only what was reviewed; refused into the run or over something else.
        assert_eq!(run(folder.path(), &["apply", "out", "-o", "gold", "--reviewed-only", "-q"]).0, 0);
        assert_eq!(fs::read_to_string(folder.path().join("gold/claims.jsonl")).unwrap().lines().count(), 3);
        for place in ["out", "out/sub", "in"] {
            fs::create_dir_all(folder.path().join(place)).unwrap();
            let (code, _, stderr) = run(folder.path(), &["apply", "out", "-o", place]);
            assert!(code == 2 && stderr.contains("E-WRITE-001"), "{place}: {stderr}");
        }
    }
}

#[test]
fn what_was_shown_as_saved_survives_a_kill_at_any_moment() {
    let folder = annotated("code-point");
    let mut saved: BTreeSet<String> = BTreeSet::new();
    for round in 0..8_u64 {
        let server = Server::start(folder.path(), &["--reviewer", "a"]);
        let keys = server.keys(&json!({}));
        let pid = server.child.id();
        // Killed from outside while decisions go in, each time a little later.
        let killer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(15 + 23 * round));
            Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap();
        });
        let until = Instant::now() + Duration::from_secs(20);
        for number in 0.. {
            let id = format!("round-{round}-{number}");
            let wish = json!({"decision_id": id, "key": keys[number % keys.len()], "action": if number % 2 == 0 { "accept" } else { "skip" }});
            match server.try_post("api/decide", &wish) {
                Some((200, _)) => saved.insert(id),
                Some((status, answer)) => panic!("{status}: {answer}"),
                None => break,
            };
            assert!(Instant::now() < until, "the server was not killed");
        }
        killer.join().unwrap();
        drop(server);
        let known: BTreeSet<String> =
            log(folder.path()).iter().map(|line| line["decision_id"].as_str().unwrap().to_owned()).collect();
        let lost: Vec<&String> = saved.difference(&known).collect();
        assert!(lost.is_empty(), "shown as saved, but lost: {lost:?}");
        // At most the one that was under way is there without having been acknowledged.
        assert!(known.len() <= saved.len() + 1 + round as usize, "{} of {}", known.len(), saved.len());
    }
    assert!(saved.len() > 8, "too few decisions between kills: {}", saved.len());
}

#[test]
fn two_reviewers_are_blind_and_the_adjudicator_decides() {
    let folder = annotated("code-point");
    let first = Server::start(folder.path(), &["--reviewer", "a"]);
    let second = Server::start(folder.path(), &["--reviewer", "b"]);
    let keys = first.keys(&json!({}));
    assert_eq!(keys, second.keys(&json!({})));
    let topic = |server: &Server, key: i64, topic: &str| {
        let mut changed = fields(&server.card(key)["current"]);
        changed["topic"] = json!(topic);
        json!({"action": "edit", "fields": changed})
    };
    let accept = json!({"action": "accept"});
    let reject = json!({"action": "reject", "reason": "wrong_span"});
    // Both alike; differing; one only; both edited alike; both edited otherwise.
    for (server, name) in [(&first, "a"), (&second, "b")] {
        server.decide(&format!("{name}0"), keys[0], &accept);
        server.decide(&format!("{name}1"), keys[1], if name == "a" { &accept } else { &reject });
        let same = topic(server, keys[3], "talent");
        server.decide(&format!("{name}3"), keys[3], &same);
        let other = topic(server, keys[4], if name == "a" { "talent" } else { "military" });
        server.decide(&format!("{name}4"), keys[4], &other);
    }
    first.decide("a2", keys[2], &accept);
    // Neither sees anything of the other.
    let mine = second.card(keys[1]);
    assert_eq!(mine["verdicts"].as_array().unwrap().len(), 1);
    assert!(!mine.to_string().contains("\"reviewer\":\"a\""));
    assert_eq!(
        second.list(&json!({"state": "unreviewed"}))["total"],
        first.list(&json!({"state": "unreviewed"}))["total"].as_i64().unwrap() + 1
    );
    assert_eq!(second.card(keys[2])["verdicts"], json!([]));
    let wish = json!({"decision_id": "test-none-of", "key": keys[1], "action": "reject", "reason": "none_of_them"});
    assert_eq!(second.try_post("api/decide", &wish).unwrap().0, 422, "only the adjudicator says so");

    let judge = Server::start(folder.path(), &["--reviewer", "n", "--adjudicate"]);
    let session = judge.get("api/session");
    assert_eq!(session["reviewers"], json!(["a", "b"]));
    let states = |server: &Server, state: &str| {
        let keys = server.keys(&json!({"state": state}));
        keys.into_iter().collect::<BTreeSet<i64>>()
    };
    assert_eq!(states(&judge, "agree"), BTreeSet::from([keys[0], keys[3]]));
    assert_eq!(states(&judge, "differ"), BTreeSet::from([keys[1], keys[4]]));
    assert_eq!(states(&judge, "single"), BTreeSet::from([keys[2]]));
    // Where they differ comes first.
    assert_eq!(judge.keys(&json!({}))[..2].iter().copied().collect::<BTreeSet<i64>>(), states(&judge, "differ"));
    assert_eq!(judge.card(keys[4])["verdicts"].as_array().unwrap().len(), 2);
    // A decision made meanwhile is seen.
    second.decide("b2", keys[2], &accept);
    assert_eq!(states(&judge, "agree").len(), 3);
    // Before anybody adjudicates, the differing ones are disputed.
    let counts = |arguments: &[&str]| -> Value {
        let (code, stdout, stderr) = run(folder.path(), &[&["apply", "out", "--json", "-q", "-o"], arguments].concat());
        assert_eq!(code, 0, "{stderr}");
        serde_json::from_str(&stdout).unwrap()
    };
    let open = counts(&["open"]);
    assert_eq!([&open["accepted"], &open["edited"], &open["disputed"], &open["rejected"]], [2, 1, 2, 0]);
    judge.decide("n1", keys[1], &json!({"action": "reject", "reason": "none_of_them"}));
    judge.decide("n4", keys[4], &json!({"action": "accept", "version_of": "b"}));
    assert_eq!(states(&judge, "adjudicated").len(), 2);
    let closed = counts(&["closed"]);
    assert_eq!([&closed["accepted"], &closed["edited"], &closed["disputed"], &closed["rejected"]], [2, 2, 0, 1]);
    let outcomes = fs::read_to_string(folder.path().join("closed/review.jsonl")).unwrap();
    let outcomes: Vec<Value> = outcomes.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(outcomes.len(), 5);
    let rejected = outcomes.iter().find(|outcome| outcome["status"] == "rejected").unwrap();
    assert_eq!((&rejected["adjudicator"], &rejected["reasons"]), (&json!("n"), &json!(["none_of_them"])));
    assert!(rejected["confidence"].as_f64().unwrap() > 0.0);
    let lines = fs::read_to_string(folder.path().join("closed/claims.jsonl")).unwrap();
    let taken: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let judged = taken.iter().find(|line| line["review"]["adjudicator"] == "n").unwrap();
    assert_eq!((&judged["topic"], &judged["review"]["changed"]), (&json!("military"), &json!(["topic"])));
    // The adjudicator's undo leaves the reviewers' decisions alone.
    judge.post("api/undo", &json!({"id": "test-undo-n"}));
    assert_eq!(states(&judge, "differ"), BTreeSet::from([keys[4]]));
}

#[test]
fn decisions_follow_their_words_into_another_run() {
    let folder = tempdir().unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    let text = "Chips\n\nBeijing said it will retaliate against the tariffs. Washington announced new export controls on Nvidia chips.\n";
    let write = |text: &str| {
        fs::write(folder.path().join("in/a.txt"), text).unwrap();
        let (code, _, stderr) = run(folder.path(), &["run", "in", "-o", "out", "-q", "--claims", "rules"]);
        assert_eq!(code, 0, "{stderr}");
    };
    write(text);
    let server = Server::start(folder.path(), &["--reviewer", "a"]);
    let items = server.list(&json!({}))["items"].clone();
    let find = |part: &str| {
        let item = items.as_array().unwrap().iter().find(|item| item["content"].as_str().unwrap().contains(part));
        item.unwrap_or_else(|| panic!("{items}"))["key"].as_i64().unwrap()
    };
    server.decide("1", find("retaliate"), &json!({"action": "accept"}));
    server.decide("2", find("controls"), &json!({"action": "reject", "reason": "other"}));
    server.kill();

    // A paragraph before: other spans, other ids, the same words.
    write(&text.replace("Chips\n", "Chips 🚀 in the news\n\nThis is a new paragraph.\n"));
    let server = Server::start(folder.path(), &["--reviewer", "a"]);
    let session = server.get("api/session");
    assert_eq!((&session["counts"]["accepted"], &session["counts"]["rejected"]), (&json!(1), &json!(1)), "{session}");
    assert_eq!(session["lost"], json!([]));
    server.kill();

    // The words of one are gone.
    write(&text.replace("it will retaliate against the tariffs", "nothing"));
    let server = Server::start(folder.path(), &["--reviewer", "a"]);
    let session = server.get("api/session");
    assert_eq!(session["counts"]["rejected"], 1);
    assert_eq!(session["lost"].as_array().unwrap().len(), 1, "{session}");
    assert_eq!(session["lost"][0]["why"], "words_gone");
    server.kill();
    let (code, _, stderr) = run(folder.path(), &["apply", "out", "-o", "gold"]);
    assert!(code == 1 && stderr.contains("1 decisions found no place"), "{code} {stderr}");
}

#[test]
fn usage_errors_are_told() {
    let folder = tempdir().unwrap();
    for (arguments, told) in [
        (&["review", "nowhere"][..], "E-READ-001"),
        (&["review", ".", "--export-log", "-"], "E-READ-001"),
        (&["apply", ".", "-o", "x"], "E-READ-001"),
        (&["review", ".", "--export-log", "-", "--adjudicate"], "cannot be used with"),
    ] {
        let (code, stdout, stderr) = run(folder.path(), arguments);
        assert!(code == 2 && stdout.is_empty() && stderr.contains(told), "{arguments:?}: {stderr}");
    }
    let folder = annotated("code-point");
    let (code, _, stderr) = run(folder.path(), &["review", "out", "--reviewer", " "]);
    assert!(code == 2 && stderr.contains("E-CONF-001"), "{stderr}");
    let server = Server::start(folder.path(), &[]);
    assert_eq!(server.get("api/session")["reviewer"], "user");
    let (code, _, stderr) = run(folder.path(), &["review", "out", "--port", &server.port.to_string()]);
    assert!(code == 2 && stderr.contains("choose another with --port"), "{stderr}");
}
