//! Every export, opened in readers that khabar did not write: `tests/readers/check.py` with the packages of
//! `tests/readers/requirements.txt`.
//!
//! The Python that has them is `target/readers/bin/python`, which `.ci/run` makes, or the one that `READERS_PYTHON` names
//! (as `.ci/run` does: then it must be there). Where there is neither, only the writing is tried, and the test says so.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use khabar::export::exporter::Format;

/// Emoji and letters outside the Basic Multilingual Plane, harakat, direction marks, Latin: where units differ.
const FIXTURE: &str = "بكين ترد 🚀 على القيود\n\nقَالَتْ وزارةُ الخارجيةِ الصينيةُ إن بكين سترد 🚀 على القيود الأمريكية، وأضافت أن الولايات \
                       المتحدة\u{200f} \"𝒳𝒴\" ستخسر المعركة.\n\nNvidia said it would comply with U.S. export rules & laws \
                       <soon>. “We will not wait,” Beijing said.\u{202b}\u{202c}\n";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(arguments: &[&str]) {
    let output = Command::new(assert_cmd::cargo::cargo_bin!("khabar")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Python with the readers.
fn python() -> Option<PathBuf> {
    let given = std::env::var_os("READERS_PYTHON").map(PathBuf::from);
    if let Some(python) = &given {
        assert!(python.exists(), "READERS_PYTHON names {}, which is not there", python.display());
    }
    given.or_else(|| {
        // The test runs from target/PROFILE/deps; another target folder is possible.
        let made =
            PathBuf::from(assert_cmd::cargo::cargo_bin!("khabar")).parent()?.parent()?.join("readers/bin/python");
        made.exists().then_some(made)
    })
}

#[test]
fn every_export_opens_in_its_readers() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    // Five articles of the corpus in code points, the fixture in all three units.
    for (language, number) in [("ar", 3), ("en", 2)] {
        let articles = root().join("corpus/dev/articles").join(language);
        let mut names: Vec<PathBuf> = fs::read_dir(articles).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        fs::create_dir_all(folder.path().join("in").join(language)).unwrap();
        for name in names.iter().take(number) {
            let place = folder.path().join("in").join(language).join(name.file_name().unwrap());
            fs::copy(name, place).unwrap();
        }
    }
    run(&["run", &path("in"), "-o", &path("out"), "-q"]);
    for unit in ["code-point", "utf16", "byte"] {
        let texts = folder.path().join(unit);
        fs::create_dir_all(&texts).unwrap();
        // CRLF in one of them: newlines become LF before anything counts.
        let text = if unit == "utf16" { FIXTURE.replace('\n', "\r\n") } else { FIXTURE.to_owned() };
        fs::write(texts.join(format!("fixture-{unit}.txt")), text).unwrap();
        run(&["run", &path(unit), "-o", &path(&format!("out-{unit}")), "--offset-unit", unit, "-q"]);
        let made = format!("fixture-{unit}.json");
        fs::copy(folder.path().join(format!("out-{unit}")).join(&made), folder.path().join("out").join(&made)).unwrap();
    }
    for format in Format::ALL {
        let name = format.name();
        run(&["export", &path("out"), "-f", name, "-o", &path(&format!("exports/{name}")), "-q"]);
    }
    let Some(python) = python() else {
        let told = "the readers are not installed, so that no export was opened: see tests/readers/requirements.txt";
        writeln!(std::io::stderr(), "{told}").expect("standard error");
        return;
    };
    let output = Command::new(python)
        .arg(root().join("tests/readers/check.py"))
        .args([path("out"), path("exports")])
        .env("PYTHONUTF8", "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    for format in Format::ALL {
        assert!(told.lines().any(|line| line.starts_with(&format!("{}: ", format.name()))), "{told}");
    }
}
