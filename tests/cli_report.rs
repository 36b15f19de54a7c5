//! `khabar report` and `khabar agree`, each test in a fresh folder with its own articles.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use dom_query::Document;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

const ARABIC: &str =
    "بكين ترد على القيود\n\nقالت وزارة الخارجية الصينية إن بكين سترد على القيود الأمريكية على الرقائق.\n";
const ENGLISH: &str = "Beijing answers\n\nThe Chinese foreign ministry said that Beijing will respond to the U.S. chip curbs.\n\n\
                       Nvidia said it would comply with U.S. export rules.\n";

fn khabar(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(assert_cmd::cargo::cargo_bin!("khabar"))
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A folder with a run in `out/` over two articles, a copy of one and an empty file.
fn annotated() -> TempDir {
    let folder = tempdir().unwrap();
    fs::create_dir_all(folder.path().join("in")).unwrap();
    for (name, text) in [("ar.txt", ARABIC), ("en.txt", ENGLISH), ("en-copy.txt", ENGLISH), ("empty.txt", "")] {
        fs::write(folder.path().join("in").join(name), text).unwrap();
    }
    let (code, _, stderr) = khabar(folder.path(), &["run", "in", "-o", "out", "-q"]);
    assert_eq!(code, 1, "{stderr}");
    folder
}

#[test]
fn a_report_of_a_run() {
    let folder = annotated();
    let (code, stdout, stderr) = khabar(folder.path(), &["report", "out"]);
    assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
    assert!(stderr.contains("of 3 articles: out/report.html"), "{stderr}");
    let html = fs::read_to_string(folder.path().join("out/report.html")).unwrap();
    let page = Document::from(html.as_str());
    let claims = fs::read_to_string(folder.path().join("out/claims.jsonl")).unwrap().lines().count();
    assert_eq!(page.select("details.claim").length(), claims);
    // What gave no article is told with its code.
    let missing = page.select("#missing").text();
    assert!(missing.contains("in/empty.txt") && missing.contains("E-READ-002"), "{missing}");
    // The copy counts as a report of its own and as nothing distinct.
    let count = |by: &str| -> usize {
        let cells = page.select(&format!("#overview tbody tr:first-child [data-by={by}]"));
        cells.iter().map(|cell| cell.text().trim().parse::<usize>().unwrap()).sum()
    };
    assert_eq!(count("claims"), claims);
    assert!(count("distinct") < claims, "{} {claims}", count("distinct"));

    // The same folder gives the same bytes, wherever they go; the report itself is no part of the next one.
    let (code, again, stderr) = khabar(folder.path(), &["report", "out", "-o", "-", "-q"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(again == html);
    let (code, arabic, _) = khabar(folder.path(), &["report", "out", "-o", "-", "-q", "--language", "ar"]);
    assert!(code == 0 && arabic.contains("<html lang=\"ar\" dir=\"rtl\">"));
    assert_eq!(khabar(folder.path(), &["report", "out", "--language", "fr"]).0, 2);
}

#[test]
fn broken_files_and_wrong_folders() {
    let folder = annotated();
    fs::write(folder.path().join("out/broken.json"), "{").unwrap();
    let (code, html, stderr) = khabar(folder.path(), &["report", "out", "-o", "-", "-q"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("E-READ-005") && html.contains("broken.json"), "{stderr}");
    let (code, _, stderr) = khabar(folder.path(), &["report", "in"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("E-READ-009"), "{stderr}");
    let (code, _, stderr) = khabar(folder.path(), &["report", "out", "-o", "no/such/folder/report.html"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("E-WRITE-001"), "{stderr}");
}

/// Takes the run's articles as an annotation, with `change` made to each.
fn annotation(folder: &Path, name: &str, change: impl Fn(&mut Value)) {
    fs::create_dir_all(folder.join(name)).unwrap();
    for file in ["ar.json", "en.json"] {
        let mut article: Value = serde_json::from_slice(&fs::read(folder.join("out").join(file)).unwrap()).unwrap();
        change(&mut article);
        fs::write(folder.join(name).join(file), article.to_string()).unwrap();
    }
}

#[test]
fn agreement_of_native_annotations() {
    let folder = annotated();
    annotation(folder.path(), "first", |_| {});
    annotation(folder.path(), "second", |article| {
        let claims = article["claims"].as_array_mut().unwrap();
        let turned = if claims[0]["basis"] == "stated" { "described" } else { "stated" };
        claims[0]["basis"] = json!(turned);
    });
    let (code, stdout, stderr) = khabar(folder.path(), &["agree", "first", "second", "--json"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let found: Value = serde_json::from_str(&stdout).unwrap();
    let all = &found["agreement"]["groups"]["all"];
    assert_eq!(all["articles"], 2);
    assert_eq!(all["spans"]["claims"]["exact"]["value"], 1.0);
    assert_eq!(all["labels"]["topic"]["agreed"], 1.0);
    let basis = &all["labels"]["basis"];
    let units = basis["units"].as_u64().unwrap();
    assert_eq!((basis["complete"].as_u64(), basis["excluded"].as_u64()), (Some(units), Some(0)));
    let agreed = (units - 2) as f64 / units as f64;
    assert!((basis["agreed"].as_f64().unwrap() - agreed).abs() < 1e-3);
    assert!(basis["kappa"]["low"].as_f64().unwrap() <= basis["kappa"]["value"].as_f64().unwrap());
    // Seeded: the same again.
    assert_eq!(khabar(folder.path(), &["agree", "first", "second", "--json"]).1, stdout);
    // A third annotation, the run itself, has an article more; that one is told.
    let (code, table, stderr) = khabar(folder.path(), &["agree", "first", "second", "out"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("en-copy: in one annotation only"), "{stderr}");
    assert!(table.contains("κ, mean of pairs") && table.contains("All, 2 articles"), "{table}");
}

#[test]
fn agreement_of_gold_as_people_write_it() {
    let folder = annotated();
    let gold = |predicate: &str| {
        json!({ "article": "en.txt", "claims": [
            { "content": "Beijing will respond to the U.S. chip curbs", "side": "CN", "basis": "stated", "about": ["CN", "US"],
              "actor": "Beijing", "predicate": predicate, "source": "The Chinese foreign ministry", "source_side": "CN",
              "cue": "said", "polarity": "affirmed", "modality": "asserted", "stance_us": "neutral",
              "stance_cn": "neutral", "topic": "export_controls" }],
            "entities": [{ "text": "Beijing", "type": "LOC", "side": "CN" }] })
    };
    for (name, predicate) in [("a", "respond"), ("b", "will respond")] {
        fs::create_dir_all(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(name).join("en.json"), gold(predicate).to_string()).unwrap();
    }
    let (code, table, _) = khabar(folder.path(), &["agree", "a", "b"]);
    assert_eq!(code, 0);
    assert!(table.contains("1 articles without text"), "{table}");
    let (code, stdout, stderr) = khabar(folder.path(), &["agree", "a", "b", "--run", "out", "--json"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let found: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(found["agreement"]["without_text"], 0);
    let predicate = &found["agreement"]["groups"]["en"]["spans"]["predicate"];
    assert_eq!(predicate["exact"]["value"], 0.0);
    assert_eq!(predicate["overlap"]["value"], 1.0);
    assert_eq!(khabar(folder.path(), &["agree", "a"]).0, 2);
    let (code, _, stderr) = khabar(folder.path(), &["agree", "a", "in"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("E-DATA-001"), "{stderr}");
}
