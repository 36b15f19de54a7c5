//! `khabar evaluate`, each test in a fresh folder with its own articles and gold.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

const ARABIC: &str =
    "بكين ترد على القيود\n\nقالت وزارة الخارجية الصينية إن بكين سترد على القيود الأمريكية على الرقائق.\n";
const ENGLISH: &str = "Beijing answers\n\nThe Chinese foreign ministry said that Beijing will respond to the U.S. chip curbs.\n\n\
                       Nvidia said it would comply with U.S. export rules.\n";

/// Runs with arguments; gives exit code, standard output, standard error.
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

/// A folder with two articles in `in/` and a run over them in `out/`.
fn annotated() -> TempDir {
    let folder = tempdir().unwrap();
    for (name, text) in [("in/ar/answer.txt", ARABIC), ("in/en/answer.txt", ENGLISH)] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let (code, _, stderr) = khabar(folder.path(), &["run", "in", "-o", "out", "-q"]);
    assert_eq!(code, 0, "{stderr}");
    folder
}

/// Takes the output as gold, with `change` made to each article.
fn gold(folder: &Path, change: impl Fn(&mut Value)) {
    for name in ["ar/answer.json", "en/answer.json"] {
        let mut article: Value = serde_json::from_slice(&fs::read(folder.join("out").join(name)).unwrap()).unwrap();
        change(&mut article);
        let path = folder.join("gold").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, article.to_string()).unwrap();
    }
}

fn scores(folder: &Path) -> Value {
    let (code, stdout, stderr) = khabar(folder, &["evaluate", "--gold", "gold", "--pred", "out", "--json"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    serde_json::from_str(&stdout).unwrap()
}

#[test]
fn its_own_output_as_gold_is_perfect() {
    let folder = annotated();
    gold(folder.path(), |_| {});
    let found = scores(folder.path());
    for language in ["ar", "en", "all"] {
        let scores = &found["scores"][language];
        assert!(scores["claims"]["claims"]["gold"].as_f64().unwrap() >= 1.0, "{language}: no claim to score: {scores}");
        assert_eq!(scores["claims"]["claims"]["f1"], 1.0, "{language}");
        assert_eq!(scores["claims"]["claims_with_source"]["f1"], 1.0, "{language}");
        assert_eq!(scores["entities"]["span_type_side"]["f1"], 1.0, "{language}");
    }
    let (code, stdout, stderr) =
        khabar(folder.path(), &["evaluate", "--gold", "gold", "--pred", "out", "--errors", "errors.txt"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    for title in ["Arabic, 1 articles", "English, 1 articles", "All, 2 articles"] {
        assert!(stdout.contains(title), "{stdout}");
    }
    let line = stdout.lines().find(|line| line.starts_with("claims ")).unwrap();
    assert_eq!(line.split_whitespace().skip(1).take(3).collect::<Vec<_>>(), ["100.0"; 3]);
    assert!(folder.path().join("errors.txt").is_file());
}

#[test]
fn a_claim_that_is_not_in_the_gold_costs_precision() {
    let folder = annotated();
    gold(folder.path(), |article| {
        let claims = article["claims"].as_array_mut().unwrap();
        claims.truncate(claims.len() - 1);
    });
    let claims = &scores(folder.path())["scores"]["all"]["claims"]["claims"];
    assert_eq!(claims["recall"], 1.0);
    assert!(claims["precision"].as_f64().unwrap() < 1.0);
    let count = |key: &str| claims[key].as_f64().unwrap() as usize;
    assert_eq!(count("predicted"), count("gold") + 2);
}

#[test]
fn gold_of_the_guideline_names_its_places_by_text() {
    let folder = annotated();
    fs::create_dir_all(folder.path().join("gold/en")).unwrap();
    let gold = json!({
        "article": "answer.txt",
        "claims": [{
            "content": "Beijing will respond to the U.S. chip curbs", "side": "CN", "basis": "stated",
            "about": ["CN", "US"], "actor": "Beijing", "predicate": "will respond",
            "source": "The Chinese foreign ministry", "source_side": "CN", "cue": "said", "polarity": "affirmed",
            "modality": "asserted", "stance_us": "neutral", "stance_cn": "neutral", "topic": "chips"
        }],
        "entities": []
    });
    fs::write(folder.path().join("gold/en/answer.json"), gold.to_string()).unwrap();
    fs::remove_dir_all(folder.path().join("out/ar")).unwrap();
    let found = scores(folder.path());
    let claims = &found["scores"]["en"]["claims"];
    assert_eq!((&claims["claims"]["gold"], &claims["claims"]["recall"]), (&json!(1.0), &json!(1.0)), "{found}");
    assert_eq!(claims["unresolved"], 0);
}

#[test]
fn a_missing_article_is_told_and_counts_as_missed() {
    let folder = annotated();
    gold(folder.path(), |_| {});
    fs::remove_file(folder.path().join("out/en/answer.json")).unwrap();
    let (code, stdout, stderr) = khabar(folder.path(), &["evaluate", "--gold", "gold", "--pred", "out", "--json"]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("khabar: en/answer: no prediction; all of its gold counts as missed"), "{stderr}");
    assert!(stderr.contains("1 without prediction, 0 without gold, 0 unreadable"), "{stderr}");
    let found: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(found["scores"]["en"]["claims"]["claims"]["recall"], 0.0);
    assert_eq!(found["scores"]["ar"]["claims"]["claims"]["f1"], 1.0);
    assert_eq!(found["missing_predictions"], json!(["en/answer"]));
}

#[test]
fn names_of_a_tagged_file() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("names.tsv"), "Beijing\tB-LOC\nanswered\tO\nWashington\tB-LOC\n.\tO\n").unwrap();
    let (code, stdout, stderr) = khabar(folder.path(), &["evaluate", "--names", "names.tsv", "--json"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let found: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(found[0]["scores"]["all"]["recall"], 1.0, "{stdout}");
}

#[test]
fn usage_errors_score_nothing() {
    let folder = annotated();
    for (arguments, part) in [
        (&["evaluate"][..], "--gold"),
        (&["evaluate", "--gold", "gold"], "--pred"),
        (&["evaluate", "--gold", "nowhere", "--pred", "out"], "nowhere"),
        (&["evaluate", "--names", "x.tsv", "--gold", "gold"], "cannot be used with"),
        (&["evaluate", "--names", "x.tsv", "--slice", "0"], "--slice"),
    ] {
        let (code, stdout, stderr) = khabar(folder.path(), arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(part), "{arguments:?}: {stderr}");
    }
}
