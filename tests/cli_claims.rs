//! `khabar claims`, `normalize`, `completions`, `man`, and the register of everything that users rely on.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use khabar::error::ErrorKind;
use khabar::export::json::{ClaimLine, claim_line_schema, schema};
use khabar::export::table::COLUMNS;
use tempfile::{TempDir, tempdir};

fn khabar(folder: &Path) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("khabar"));
    command.current_dir(folder).env_clear().env("HOME", folder);
    command
}

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = khabar(folder).args(arguments).stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn claim(number: usize, side: &str, content: &str, changes: &[(&str, serde_json::Value)]) -> String {
    let span = |quote: &str| serde_json::json!({"start": 3, "end": 3 + quote.chars().count(), "quote": quote});
    let mut line = serde_json::json!({
        "article": {
            "id": "00000000000000aa", "path": format!("in/{number}.txt"), "output": format!("{number}.json"),
            "title": "=عنوان", "date": "2025-04-02", "outlet": null, "url": null, "language": "ar",
            "duplicate_of": null
        },
        "offset_unit": "code_point", "id": format!("{number:016x}"), "content": span(content), "side": side,
        "basis": "stated", "about": ["CN", "US"], "actor": span("وزارة التجارة"), "predicate": null,
        "source": span("بكين"), "source_side": "CN", "cue": span("قالت"), "polarity": "affirmed",
        "modality": "asserted", "stance": {"us": "unfavourable", "cn": "neutral"}, "topic": "chips",
        "commitment": "said", "source_chain": [], "time": [],
        "quantities": [{"start": 3, "end": 4, "quote": "5", "value": 5e11, "unit": "USD"}],
        "objects": [], "sentence": span(content), "confidence": 0.75, "rule": "ar/attribution/verb-said/1",
        "abstained": []
    });
    for (key, value) in changes {
        match key.strip_prefix("article.") {
            Some(key) => line["article"][key] = value.clone(),
            None => line[*key] = value.clone(),
        }
    }
    let line = line.to_string();
    serde_json::from_str::<ClaimLine>(&line).unwrap();
    line
}

fn out() -> TempDir {
    let folder = tempdir().unwrap();
    let lines = [
        claim(1, "CN", "أشباه الموصلات، \"المتقدمة\"\nفي خطر", &[]),
        claim(2, "US", "-1+cmd|' /C calc'!A0", &[("basis", "described".into()), ("topic", "rivalry".into())]),
        claim(3, "CN", "the plan", &[("article.date", "2024-12-31".into()), ("article.language", "en".into())]),
        claim(4, "CN", "the plan", &[("article.date", serde_json::Value::Null), ("confidence", 0.2.into())]),
        claim(5, "CN", "إنڤيديا", &[("article.duplicate_of", "00000000000000ab".into())]),
    ];
    fs::create_dir(folder.path().join("out")).unwrap();
    fs::write(folder.path().join("out/claims.jsonl"), lines.join("\n") + "\n").unwrap();
    folder
}

fn ids(folder: &Path, filter: &[&str]) -> String {
    let arguments = [&["claims", "out", "--format", "jsonl", "-q"], filter].concat();
    let (code, stdout, stderr) = run(folder, &arguments);
    assert_eq!((code, stderr.as_str()), (0, ""));
    stdout
        .lines()
        .map(|line| serde_json::from_str::<ClaimLine>(line).unwrap().claim.id.trim_start_matches('0').to_owned())
        .collect()
}

#[test]
fn filters() {
    let folder = out();
    for (filter, wanted) in [
        (&[][..], "12345"),
        (&["--side", "us"], "2"),
        (&["--basis", "stated"], "1345"),
        (&["--topic", "rivalry,models"], "2"),
        (&["--actor", "وِزارة التجاره"], "12345"),
        (&["--actor", "Nvidia"], ""),
        (&["--stance-us", "unfavourable"], "12345"),
        (&["--stance-cn", "favourable"], ""),
        (&["--language", "en"], "3"),
        (&["--from", "2025"], "125"),
        (&["--to", "2024-12"], "3"),
        (&["--from", "2025-04-02", "--to", "2025-04-02"], "125"),
        (&["--min-confidence", "0.5"], "1235"),
        (&["--text", "اشباه"], "1"),
        (&["--text", "انفيديا"], "5"),
        (&["--no-duplicates"], "1234"),
    ] {
        assert_eq!(ids(folder.path(), filter), wanted, "{filter:?}");
    }
    for filter in [["--side", "EU"], ["--from", "2025-13"], ["--topic", "chip"]] {
        assert_eq!(run(folder.path(), &[&["claims", "out"], &filter[..]].concat()).0, 2, "{filter:?}");
    }
}

#[test]
fn the_table_keeps_arabic_last_and_one_claim_a_line() {
    let folder = out();
    let (code, stdout, stderr) = run(folder.path(), &["claims", "out"]);
    assert_eq!((code, stdout.lines().count()), (0, 6));
    let line = stdout.lines().nth(1).unwrap();
    assert!(line.ends_with("أشباه الموصلات، \"المتقدمة\" في خطر"), "{line}");
    let first = line.find(|c: char| ('\u{600}'..='\u{6ff}').contains(&c)).unwrap();
    assert!(line[first..].chars().all(|c| !c.is_ascii_alphabetic()), "{line}");
    assert_eq!(stderr.lines().next().unwrap().split(';').next().unwrap(), "US: 1 claims, 0 stated, 1 described");
    assert!(stderr.contains("CN: 4 claims, 4 stated"), "{stderr}");
    let (_, long, _) = run(folder.path(), &["claims", "out", "--long", "--side", "US"]);
    assert!(long.contains("     source     بكين\n"), "{long}");
    let (_, _, stderr) = run(folder.path(), &["claims", "out", "--from", "2025"]);
    assert!(stderr.contains("3 of 5 claims shown") && stderr.contains("1 claims left out"), "{stderr}");
}

#[test]
fn csv_reads_back_and_excel_gets_no_formula() {
    let folder = out();
    let (_, plain, _) = run(folder.path(), &["claims", "out", "--format", "csv", "-q"]);
    assert!(!plain.starts_with('\u{feff}') && plain.contains("\r\n"));
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_reader(plain.as_bytes()).records().map(|r| r.unwrap()).collect();
    assert_eq!(rows.len(), 5);
    let column = |name: &str| COLUMNS.iter().position(|c| *c == name).unwrap();
    assert_eq!(&rows[0][column("content")], "أشباه الموصلات، \"المتقدمة\"\nفي خطر");
    assert_eq!(&rows[0][column("quantities")], "500000000000 USD");
    assert_eq!(&rows[1][column("content")], "-1+cmd|' /C calc'!A0");

    let (_, excel, _) = run(folder.path(), &["claims", "out", "--format", "csv", "--excel", "-q"]);
    let body = excel.strip_prefix('\u{feff}').unwrap();
    for row in csv::Reader::from_reader(body.as_bytes()).records() {
        assert!(row.unwrap().iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])));
    }
    assert!(body.contains("'=عنوان") && body.contains("'-1+cmd"));
    assert_eq!(run(folder.path(), &["claims", "out", "--excel"]).0, 2);
    let (_, json, _) = run(folder.path(), &["claims", "out", "--format", "json", "-q"]);
    assert_eq!(serde_json::from_str::<Vec<ClaimLine>>(&json).unwrap().len(), 5);
    let (_, none, _) = run(folder.path(), &["claims", "out", "--format", "json", "-q", "--actor", "zzz"]);
    assert_eq!(none, "[]\n");
}

#[test]
fn a_missing_or_broken_list_is_a_coded_error() {
    let folder = out();
    let (code, _, stderr) = run(folder.path(), &["claims", "."]);
    assert_eq!(code, 2);
    assert!(stderr.contains("E-READ-001") && stderr.contains("khabar run -o"), "{stderr}");
    fs::write(folder.path().join("x.jsonl"), "{}\n").unwrap();
    let (code, _, stderr) = run(folder.path(), &["claims", "x.jsonl"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("E-READ-005: x.jsonl:1:"), "{stderr}");
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let folder = out();
    let line = claim(1, "CN", "the plan", &[]) + "\n";
    fs::write(folder.path().join("out/claims.jsonl"), line.repeat(3000)).unwrap();
    let mut child =
        khabar(folder.path()).args(["claims", "out"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 10]).unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn normalize_shows_each_view() {
    let folder = tempdir().unwrap();
    for (view, wanted) in
        [("source", "إنڤيــديا «x»\r\n"), ("clean", "إنڤيديا \"x\"\r\n"), ("match-key", "انفيديا \"x\"\r\n")]
    {
        let mut child = khabar(folder.path())
            .args(["normalize", "--view", view])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all("إنڤيــديا «x»\r\n".as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim_end(), wanted.trim_end(), "{view}");
    }
    let mut child =
        khabar(folder.path()).args(["normalize"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"ok\n\xff\xfe\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("E-READ-003: -:2:"));
}

#[test]
fn completions_manual_and_help() {
    let folder = tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (code, stdout, _) = run(folder.path(), &["completions", shell]);
        assert!(code == 0 && stdout.contains("offset-unit"), "{shell}");
    }
    assert!(run(folder.path(), &["man"]).1.starts_with(".ie"));
    assert!(run(folder.path(), &["man", "run"]).1.contains("offset"));
    assert_eq!(run(folder.path(), &["man", "nothing"]).0, 2);
    let (code, help, _) = run(folder.path(), &["--help"]);
    assert!(code == 0 && help.starts_with("Examples:"), "{help}");
    assert!(help.trim_end().lines().last().unwrap().starts_with("Documentation:"), "{help}");
    for command in ["run", "claims", "link", "normalize"] {
        assert!(run(folder.path(), &[command, "--help"]).1.starts_with("Examples:"));
    }
}

/// Keys of the objects of a JSON Schema.
fn keys(value: &serde_json::Value, place: &str, found: &mut Vec<String>) {
    if let Some(properties) = value.get("properties").and_then(serde_json::Value::as_object) {
        found.extend(properties.keys().map(|key| format!("key {place}.{key}")));
    }
    for (name, definition) in value.get("$defs").and_then(serde_json::Value::as_object).into_iter().flatten() {
        keys(definition, name, found);
        let variants = definition.get("oneOf").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
        let listed = definition.get("enum").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
        found
            .extend(variants.iter().filter_map(|v| v.get("const")).chain(&listed).map(|v| format!("value {name} {v}")));
    }
}

/// Flags, keys, codes and columns that scripts rely on. A change is seen in review: bless it with
/// `BLESS=1 cargo test registry`.
#[test]
fn registry() {
    let mut lines = Vec::new();
    let mut whole = khabar::cli::command();
    whole.build();
    // Other builds have `train` too or not: it is no part of the interface.
    for command in whole.get_subcommands().filter(|c| !matches!(c.get_name(), "help" | "train")) {
        for argument in command.get_arguments() {
            let long = argument.get_long().map_or_else(|| argument.get_id().to_string(), |long| format!("--{long}"));
            let short = argument.get_short().map(|short| format!(" -{short}")).unwrap_or_default();
            lines.push(format!("flag {} {long}{short}", command.get_name()));
        }
    }
    lines.extend(ErrorKind::ALL.iter().map(|kind| format!("code {} {kind:?}", kind.code())));
    lines.extend(khabar::config::key_names().iter().map(|key| format!("config {key}")));
    lines.extend(COLUMNS.iter().map(|column| format!("column {column}")));
    keys(&schema(), "Article", &mut lines);
    keys(&claim_line_schema(), "ClaimLine", &mut lines);
    keys(&khabar::export::links::schema(), "Links", &mut lines);
    lines.sort();
    lines.dedup();
    let found = lines.join("\n") + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/registry.txt");
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        fs::write(&path, &found).unwrap();
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    let missing: Vec<&str> = known.lines().filter(|line| !found.lines().any(|l| l == *line)).collect();
    let new: Vec<&str> = found.lines().filter(|line| !known.lines().any(|l| l == *line)).collect();
    assert!(missing.is_empty() && new.is_empty(), "gone: {missing:#?}\nnew: {new:#?}\nbless with BLESS=1");
}
