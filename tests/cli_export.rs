//! `khabar export` and `khabar import` as a user runs them.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use khabar::export::exporter::Format;
use tempfile::{TempDir, tempdir};

const TEXT: &str = "بكين ترد 🚀 على القيود\n\nقالت وزارة الخارجية الصينية إن بكين سترد على القيود الأمريكية.\n\n\
                    Nvidia said it would comply with U.S. export rules. “We will not wait,” Beijing said.\n";

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
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

/// A run over two articles of the same text, one of them a duplicate.
fn out() -> TempDir {
    let folder = tempdir().unwrap();
    fs::create_dir_all(folder.path().join("in/sub")).unwrap();
    fs::write(folder.path().join("in/a.txt"), TEXT).unwrap();
    fs::write(folder.path().join("in/sub/b.txt"), TEXT).unwrap();
    let (code, _, stderr) = run(folder.path(), &["run", "in", "-o", "out", "-q"]);
    assert_eq!(code, 0, "{stderr}");
    folder
}

#[test]
fn each_format_goes_beside_the_run_and_tells_what_it_lost() {
    let folder = out();
    for format in Format::ALL {
        let name = format.name();
        let (code, stdout, stderr) = run(folder.path(), &["export", "out", "-f", name]);
        assert_eq!((code, stdout.as_str()), (0, ""), "{name}: {stderr}");
        assert!(stderr.starts_with("2 articles, ") && stderr.contains(&format!("written to out-{name}")), "{stderr}");
        assert!(stderr.contains(&format!("not held or held otherwise by {name}: ")), "{stderr}");
        let losses: serde_json::Value =
            serde_json::from_slice(&fs::read(folder.path().join(format!("out-{name}/losses.json"))).unwrap()).unwrap();
        assert_eq!(losses["schema"], "khabar-losses/1");
        assert_eq!(losses["articles"], 2);
        assert!(losses["losses"].as_array().unwrap().iter().all(|loss| loss["count"].as_u64().unwrap() > 0));
    }
    // The run itself is as it was: it can be listed and measured still.
    assert_eq!(run(folder.path(), &["claims", "out", "-q"]).0, 0);
    let (code, stdout, stderr) = run(folder.path(), &["export", "out", "-f", "brat"]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("E-CONF-001") && stderr.contains("--force"), "{stderr}");
    let (code, _, stderr) = run(folder.path(), &["export", "out", "-f", "brat", "--force", "--no-duplicates"]);
    assert!(code == 0 && stderr.contains("1 articles") && stderr.contains("1 duplicates left out"), "{stderr}");
}

#[test]
fn one_article_and_wrong_use() {
    let folder = out();
    let (code, _, stderr) = run(folder.path(), &["export", "out/sub/b.json", "-f", "conllu", "-o", "words", "-q"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(folder.path().join("words/b.conllu").exists());
    let (code, _, stderr) = run(folder.path(), &["export", "out", "-f", "brat", "-o", "out/brat"]);
    assert!(code == 2 && stderr.contains("among the articles"), "{stderr}");
    assert!(!folder.path().join("out/brat").exists());
    assert_eq!(run(folder.path(), &["export", "out", "-f", "word"]).0, 2);
    assert_eq!(run(folder.path(), &["export", "out", "-f", "brat", "--excel"]).0, 2);
    let (code, _, stderr) = run(folder.path(), &["export", "in", "-f", "brat"]);
    assert!(code == 2 && stderr.contains("E-READ-009") && stderr.contains("khabar run -o"), "{stderr}");
    assert_eq!(run(folder.path(), &["export", "nothing", "-f", "brat"]).0, 2);
    let (code, _, stderr) = run(folder.path(), &["export", "out", "-f", "csv", "--excel", "-q"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(fs::read_to_string(folder.path().join("out-csv/claims.csv")).unwrap().starts_with('\u{feff}'));
}

#[test]
fn a_broken_article_is_told_and_the_exit_says_so() {
    let folder = out();
    fs::write(folder.path().join("out/broken.json"), "{").unwrap();
    let (code, _, stderr) = run(folder.path(), &["export", "out", "-f", "nif"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("E-READ-005") && stderr.contains("broken.json"), "{stderr}");
    assert!(stderr.contains("2 articles") && stderr.contains("1 files failed"), "{stderr}");
}

#[test]
fn gold_comes_back_and_is_measured() {
    let folder = out();
    for (format, unreviewed) in [("brat", false), ("cas-json", false), ("label-studio", true), ("prodigy", true)] {
        let (export, gold) = (format!("e-{format}"), format!("g-{format}"));
        assert_eq!(run(folder.path(), &["export", "out", "-f", format, "-o", &export, "-q"]).0, 0);
        let mut arguments = vec!["import", &export, "-f", format, "--articles", "out", "-o", &gold];
        if unreviewed {
            let (code, _, stderr) = run(folder.path(), &arguments);
            assert!(code == 1 && stderr.contains("--unreviewed"), "{stderr}");
            arguments.push("--unreviewed");
        }
        let (code, stdout, stderr) = run(folder.path(), &arguments);
        assert_eq!((code, stdout.as_str()), (0, ""), "{format}: {stderr}");
        assert!(stderr.contains("gold of 2 articles, ") && stderr.contains(&gold), "{stderr}");
        let (code, stdout, stderr) = run(folder.path(), &["evaluate", "--gold", &gold, "--pred", "out", "--json"]);
        assert_eq!(code, 0, "{stderr}");
        let scores: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(scores["missing_predictions"], serde_json::json!([]));
        assert_eq!(scores["unreadable"], serde_json::json!([]));
    }
}

#[test]
fn a_mismatch_names_file_and_line() {
    let folder = out();
    run(folder.path(), &["export", "out", "-f", "brat", "-q"]);
    let path = folder.path().join("out-brat/a.ann");
    let changed = fs::read_to_string(&path).unwrap().replacen("Beijing", "Peking", 1);
    let line = changed.lines().position(|line| line.contains("Peking")).unwrap() + 1;
    fs::write(&path, changed).unwrap();
    let (code, _, stderr) = run(folder.path(), &["import", "out-brat", "-f", "brat", "--articles", "out"]);
    assert_eq!(code, 1);
    assert!(stderr.contains(&format!("E-DATA-001: out-brat/a.ann:{line}: ")), "{stderr}");
    assert!(stderr.contains("1 articles not written"), "{stderr}");
    assert!(folder.path().join("out-brat-gold/sub/b.json").exists());
    assert!(!folder.path().join("out-brat-gold/a.json").exists());
}
