//! `khabar run`, each test in a fresh folder.

#![allow(clippy::unwrap_used, clippy::case_sensitive_file_extension_comparisons)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use khabar::export::json::{ArticleJson, claim_line_schema, schema};
use khabar::offset::OffsetIndex;
use tempfile::{TempDir, tempdir};

const TEXT: &str = "بكين ترد على القيود\n\nقالت وزارة الخارجية الصينية إن بكين سترد 🚀 على القيود الأمريكية.\n\n\
                    Nvidia said it would comply with U.S. export rules. “We will not wait,” Beijing said.\n";

fn khabar(folder: &Path) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("khabar"));
    command.current_dir(folder).env_clear().env("HOME", folder).env("PATH", std::env::var_os("PATH").unwrap());
    command
}

/// Runs with arguments; gives exit code, standard output, standard error.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = khabar(folder).args(arguments).stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn folder_with(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

/// A folder of many articles, each long enough that a run takes a while.
fn many(number: usize) -> TempDir {
    let folder = tempdir().unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    for n in 0..number {
        // Every tenth has the text of the one before.
        let text = format!("{TEXT}\nArticle {}.\n", if n % 10 == 9 { n - 1 } else { n }).repeat(1 + n % 5 * 2);
        fs::write(folder.path().join(format!("in/{n:03}.txt")), text).unwrap();
    }
    folder
}

/// All outputs but the report, which holds times.
fn outputs(root: &Path) -> BTreeMap<String, Vec<u8>> {
    walkdir::WalkDir::new(root)
        .into_iter()
        // Files come and go while a run is under way.
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| (entry.path().strip_prefix(root).unwrap().to_str().unwrap().to_owned(), entry.path().to_owned()))
        .filter(|(name, _)| name != "run.json" && !name.starts_with(".khabar"))
        .filter_map(|(name, path)| Some((name, fs::read(path).ok()?)))
        .collect()
}

fn report(out: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(out.join("run.json")).unwrap()).unwrap()
}

/// Every object with `start`, `end` and `quote`.
fn spans<'a>(value: &'a serde_json::Value, found: &mut Vec<(usize, usize, &'a str)>) {
    match value {
        serde_json::Value::Array(items) => items.iter().for_each(|item| spans(item, found)),
        serde_json::Value::Object(object) => {
            if let (Some(start), Some(end), Some(quote)) = (object.get("start"), object.get("end"), object.get("quote"))
            {
                found.push((start.as_u64().unwrap() as usize, end.as_u64().unwrap() as usize, quote.as_str().unwrap()));
            }
            object.values().for_each(|item| spans(item, found));
        }
        _ => {}
    }
}

#[test]
fn a_folder_of_everything_adds_up_and_one_bad_file_stops_nothing() {
    let folder = folder_with(&[
        ("in/a.txt", TEXT.as_bytes()),
        ("in/sub/b.txt", TEXT.as_bytes()),
        ("in/empty.txt", b""),
        ("in/binary.txt", b"\x00\x01\x02\x00\xff\x00"),
        ("in/russian.txt", "Это сообщение о торговой политике двух стран и о рынке.\n".as_bytes()),
        ("in/picture.png", b"\x89PNG"),
        ("in/feed.jsonl", b"{\"title\":\"T\",\"text\":\"Washington said it will restrict chips.\"}\n{bad\n"),
        ("in/page.html", b"<html><head><title>x</title></head><body><script>1</script></body></html>"),
    ]);
    let (code, stdout, stderr) = run(folder.path(), &["run", "in", "-o", "out"]);
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    let counts = report(&folder.path().join("out"))["counts"].clone();
    let count = |name: &str| counts[name].as_u64().unwrap();
    let parts = ["ok", "duplicate", "unsupported_language", "empty", "failed", "skipped"];
    assert_eq!(count("inputs"), parts.iter().map(|name| count(name)).sum::<u64>());
    assert_eq!((count("inputs"), count("ok"), count("duplicate"), count("skipped")), (9, 2, 1, 1));
    assert_eq!(count("unsupported_language"), 1);
    assert_eq!(count("empty") + count("failed"), 4);
    let errors = fs::read_to_string(folder.path().join("out/errors.jsonl")).unwrap();
    assert_eq!(errors.lines().count(), 5, "{errors}");
    for line in errors.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["status"] == "skipped" || line["code"].as_str().unwrap().starts_with("E-READ-"), "{line}");
        assert!(line["path"].as_str().unwrap().starts_with("in/"));
    }
    assert!(stderr.contains("9 inputs: 2 ok, 1 duplicate"), "{stderr}");
    assert!(!stderr.contains('\u{1b}'), "no colour or movement where there is no terminal: {stderr:?}");
    assert!(folder.path().join("out/sub/b.json").exists());
}

#[test]
fn every_output_fits_the_schema_and_every_span_its_quote() {
    let folder = folder_with(&[
        ("in/a.txt", TEXT.as_bytes()),
        ("in/b.md", b"# Title here\n\nBeijing said it *will* answer.\r\n\r\n- one\r\n- two\r\n"),
        ("in/c.csv", "title,text,date\n\"عنوان\",\"قالت بكين إنها سترد.\",2025-04-02\n".as_bytes()),
    ]);
    let (article, line) =
        (jsonschema::validator_for(&schema()).unwrap(), jsonschema::validator_for(&claim_line_schema()).unwrap());
    for (unit, cut) in [
        ("code-point", (|text, s, e| text_of(&text_points(text)[s..e])) as fn(&str, usize, usize) -> String),
        ("utf16", |text, s, e| String::from_utf16(&text.encode_utf16().collect::<Vec<_>>()[s..e]).unwrap()),
        ("byte", |text, s, e| text[s..e].to_owned()),
    ] {
        let (code, _, stderr) = run(folder.path(), &["run", "in", "-o", unit, "--offset-unit", unit]);
        assert_eq!(code, 0, "{stderr}");
        let written = outputs(&folder.path().join(unit));
        assert_eq!(written.keys().filter(|name| name.ends_with(".json")).count(), 3);
        for (name, bytes) in &written {
            let text = std::str::from_utf8(bytes).unwrap();
            if name.ends_with(".json") {
                let value: serde_json::Value = serde_json::from_str(text).unwrap();
                if let Err(error) = article.validate(&value) {
                    panic!("{name}: {error} at {}", error.instance_path());
                }
                let mut found = Vec::new();
                spans(&value, &mut found);
                assert!(found.len() > 5);
                let whole = value["text"].as_str().unwrap();
                for (start, end, quote) in found {
                    assert_eq!(cut(whole, start, end), quote, "{name} in {unit}");
                }
                let read = ArticleJson::read(text).unwrap();
                let index = OffsetIndex::new(&read.text);
                assert!(read.tokens.iter().all(|token| read.bytes(&index, &token.span).is_some()));
                let mut again = Vec::new();
                read.write(&mut again).unwrap();
                assert_eq!(again, *bytes, "what is read is written again as it was");
            } else if name == "claims.jsonl" {
                assert!(!text.is_empty(), "the articles hold claims");
                for claim in text.lines() {
                    line.validate(&serde_json::from_str(claim).unwrap()).unwrap();
                }
            }
        }
    }
    // The schema is strict enough to say no.
    let mut value: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.path().join("byte/a.json")).unwrap()).unwrap();
    value["paragraphs"][0]["direction"] = "up".into();
    assert!(!article.is_valid(&value));
    let (_, printed, _) = run(folder.path(), &["schema"]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&printed).unwrap(), schema());
}

fn text_points(text: &str) -> Vec<char> {
    text.chars().collect()
}

fn text_of(points: &[char]) -> String {
    points.iter().collect()
}

#[test]
fn jobs_and_resuming_change_nothing() {
    let folder = many(30);
    assert_eq!(run(folder.path(), &["run", "in", "-o", "one", "-j", "1", "-q"]), (0, String::new(), String::new()));
    assert_eq!(run(folder.path(), &["run", "in", "-o", "four", "-j", "4", "-q"]).0, 0);
    let one = outputs(&folder.path().join("one"));
    assert_eq!(one, outputs(&folder.path().join("four")));
    let (_, _, stderr) = run(folder.path(), &["run", "in", "-o", "four"]);
    assert!(stderr.contains("30 taken over from a run before"), "{stderr}");
    fs::remove_file(folder.path().join("four/003.json")).unwrap();
    fs::write(folder.path().join("four/004.json"), "half").unwrap();
    let (_, stdout, _) = run(folder.path(), &["run", "in", "-o", "four", "--json"]);
    let summary: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(summary["counts"]["taken_over"], 28);
    assert_eq!(outputs(&folder.path().join("four")), one);
    let (_, stdout, _) = run(folder.path(), &["run", "in", "-o", "four", "--json", "--force", "-q"]);
    assert!(stdout.contains("\"taken_over\":0"), "{stdout}");
}

#[test]
fn a_killed_run_leaves_no_half_file_and_goes_on() {
    let folder = many(40);
    assert_eq!(run(folder.path(), &["run", "in", "-o", "whole", "-q"]).0, 0);
    let whole = outputs(&folder.path().join("whole"));
    let out = folder.path().join("out");
    for wanted in [1, 8, 20] {
        let mut child = khabar(folder.path()).args(["run", "in", "-o", "out", "-j", "2", "-q"]).spawn().unwrap();
        let start = Instant::now();
        while outputs(&out).len() < wanted && start.elapsed() < Duration::from_secs(60) {
            if child.try_wait().unwrap().is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(3));
        }
        // SIGKILL: nothing can be cleaned up.
        child.kill().unwrap();
        child.wait().unwrap();
        for (name, bytes) in outputs(&out).iter().filter(|(name, _)| name.ends_with(".json")) {
            assert_eq!(bytes, &whole[name], "{name} is not whole");
        }
    }
    let (code, stdout, stderr) = run(folder.path(), &["run", "in", "-o", "out", "--json"]);
    assert_eq!(code, 0, "{stderr}");
    let summary: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert!(summary["counts"]["taken_over"].as_u64().unwrap() > 0, "{stdout}");
    assert_eq!(outputs(&out), whole);
    assert!(!out.join(".khabar/tmp").exists());
}

#[cfg(unix)]
#[test]
fn ctrl_c_puts_what_is_finished_in_place() {
    let folder = many(40);
    assert_eq!(run(folder.path(), &["run", "in", "-o", "whole", "-q"]).0, 0);
    let out = folder.path().join("out");
    let child = khabar(folder.path()).args(["run", "in", "-o", "out", "-j", "1"]).stderr(Stdio::null()).spawn();
    let mut child = child.unwrap();
    let start = Instant::now();
    while outputs(&out).len() < 2 && start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let report = report(&out);
    assert_eq!(report["ending"], "interrupted");
    let written = outputs(&out).keys().filter(|name| name.ends_with(".json")).count();
    assert!((2..40).contains(&written), "{written}");
    assert_eq!(report["counts"]["inputs"], written);
    assert_eq!(run(folder.path(), &["run", "in", "-o", "out", "-q"]).0, 0);
    assert_eq!(outputs(&out), outputs(&folder.path().join("whole")));
}

#[test]
fn standard_input_to_standard_output() {
    let folder = folder_with(&[("a.txt", TEXT.as_bytes())]);
    let output = khabar(folder.path())
        .args(["run", "-", "--jsonl", "-", "-q"])
        .stdin(fs::File::open(folder.path().join("a.txt")).unwrap())
        .output()
        .unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1);
    let read = ArticleJson::read(&text).unwrap();
    assert_eq!(read.article.path, "-");
    assert!(read.text.contains("🚀"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is written");
}

#[test]
fn a_broken_pipe_is_no_error() {
    let folder = many(40);
    let mut child = khabar(folder.path())
        .args(["run", "in", "--jsonl", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut start = [0; 10];
    child.stdout.as_mut().unwrap().read_exact(&mut start).unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn usage_and_configuration_errors_do_nothing() {
    let folder = folder_with(&[("in/a.txt", TEXT.as_bytes()), ("bad.toml", b"offset_units = \"byte\"\n")]);
    for (arguments, part) in [
        (&["run", "in"][..], "name an output folder with -o OUT"),
        (&["run", "nowhere", "-o", "out"], "nowhere"),
        (&["run", "in", "-o", "out", "--offset-unit", "inch"], "code-point"),
        (&["run", "in", "-o", "out", "--jobs", "many"], "E-CONF-001"),
        (&["run", "in", "-o", "out", "--offset-unt", "byte"], "--offset-unit"),
        (&["run", "in", "-o", "out", "--config", "bad.toml"], "did you mean \"offset_unit\"?"),
        (&["run", "in", "-o", "out", "--config", "none.toml"], "no such configuration file"),
        (&["rum"], "run"),
    ] {
        let (code, stdout, stderr) = run(folder.path(), arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(part), "{arguments:?}: {stderr}");
    }
    assert!(!folder.path().join("out").exists());
    let output = khabar(folder.path()).args(["run", "in", "-o", "out"]).env("KHABAR_MAX_BYTE", "1").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn configuration_is_layered_and_shown_with_its_origin() {
    let folder = folder_with(&[("khabar.toml", b"jobs = 3\noffset_unit = \"utf16\"\n"), ("a.txt", TEXT.as_bytes())]);
    let output = khabar(folder.path())
        .args(["run", "--print-config", "--jobs", "5"])
        .env("KHABAR_OFFSET_UNIT", "byte")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for line in ["jobs = 5  # --jobs", "offset_unit = \"byte\"  # KHABAR_OFFSET_UNIT", "fail_fast = false  # default"] {
        assert!(text.contains(line), "{text}");
    }
    assert_eq!(run(folder.path(), &["run", "a.txt", "-o", "out", "-q"]).0, 0);
    let read = ArticleJson::read(&fs::read_to_string(folder.path().join("out/a.json")).unwrap()).unwrap();
    assert_eq!(read.offset_unit, khabar::export::json::OffsetUnit::Utf16);
}

#[test]
fn a_dry_run_writes_nothing_and_an_output_folder_is_not_read() {
    let folder = folder_with(&[("a.txt", TEXT.as_bytes()), ("b.png", b"x")]);
    let (code, stdout, _) = run(folder.path(), &["run", ".", "-o", "out", "--dry-run"]);
    assert_eq!(code, 0);
    assert!(stdout.contains("read\t") && stdout.contains("skip\t"), "{stdout}");
    assert!(!folder.path().join("out").exists());
    for _ in 0..2 {
        assert_eq!(run(folder.path(), &["run", ".", "-o", "out", "-q"]).0, 0);
        assert_eq!(report(&folder.path().join("out"))["counts"]["inputs"], 2);
    }
}

#[test]
fn a_run_stops_at_the_errors_it_was_told_to() {
    let folder = folder_with(&[
        ("in/a.txt", TEXT.as_bytes()),
        ("in/b.txt", b""),
        ("in/c.txt", b""),
        ("in/d.txt", TEXT.as_bytes()),
    ]);
    for (flags, inputs) in [(&["--fail-fast"][..], 2), (&["--max-errors", "2"], 3), (&[], 4)] {
        let arguments = [&["run", "in", "-o", "out", "--force"], flags].concat();
        assert_eq!(run(folder.path(), &arguments).0, 1);
        assert_eq!(report(&folder.path().join("out"))["counts"]["inputs"], inputs, "{flags:?}");
    }
}

#[test]
fn two_runs_do_not_write_into_one_folder() {
    let folder = folder_with(&[("a.txt", TEXT.as_bytes())]);
    fs::create_dir_all(folder.path().join("out/.khabar")).unwrap();
    let lock = fs::File::create(folder.path().join("out/.khabar/lock")).unwrap();
    lock.lock().unwrap();
    let (code, _, stderr) = run(folder.path(), &["run", "a.txt", "-o", "out"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("another run is writing"), "{stderr}");
}

/// `cargo run` hands the build script's variables to the program: none of them may look like a setting.
#[test]
fn build_variables_are_no_settings() {
    let script = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/build.rs")).unwrap();
    assert!(script.contains("cargo:rustc-env=") && !script.contains("cargo:rustc-env=KHABAR_"));
}
