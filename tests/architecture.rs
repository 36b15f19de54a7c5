//! Imports run downward only: reads the `use crate::` lines of every file and fails on an upward edge.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

/// Modules from the bottom to the top; a module may use those on lines above its own, and its own line.
const FLOORS: &[&[&str]] = &[
    &["error", "offset"],
    &["article"],
    &["document"],
    &["normalizer"],
    &["segmenter", "network"],
    &["annotator"],
    &["claim"],
    &["provenance"],
    &["export"],
    &["pipeline", "config"],
    &["batch", "review", "report", "evaluation", "training"],
    &["import"],
    &["cli"],
];

/// Uses that the floors would allow but the design forbids, or that go up on purpose.
const FORBIDDEN: &[(&str, &str)] = &[
    ("export", "annotator"),
    ("export", "network"),
    ("export", "segmenter"),
    ("export", "normalizer"),
    ("evaluation", "batch"),
];

/// The article readers use the text views of the normalizer, which itself knows no article.
const ALLOWED: &[(&str, &str)] = &[("article", "normalizer"), ("document", "normalizer")];

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// The modules that a file names after `crate::`, in `use` lines and in paths, outside its tests.
fn used(source: &str) -> Vec<String> {
    let code = source.split("\n#[cfg(test)]\n").next().unwrap_or(source);
    let mut modules = Vec::new();
    for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for part in line.split("crate::").skip(1) {
            let names: Vec<&str> = match part.strip_prefix('{') {
                Some(list) => list.split(',').collect(),
                None => vec![part],
            };
            for name in names {
                let name: String = name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if !name.is_empty() {
                    modules.push(name);
                }
            }
        }
    }
    modules
}

#[test]
fn imports_run_downward() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for entry in walkdir::WalkDir::new(&root).sort_by_file_name() {
        let entry = entry.unwrap();
        let path = entry.path();
        if path.extension().is_none_or(|ending| ending != "rs") || path.ends_with("tests.rs") {
            continue;
        }
        let relative = path.strip_prefix(&root).unwrap();
        let module = relative.components().next().unwrap().as_os_str().to_string_lossy().replace(".rs", "");
        if matches!(module.as_str(), "lib" | "main") {
            continue;
        }
        let Some(here) = floor(&module) else {
            // The optional backend stands beside the annotators.
            assert_eq!(module, "transformer", "{module} has no place in the house: add it to FLOORS");
            continue;
        };
        for name in used(&fs::read_to_string(path).unwrap()) {
            let Some(there) = floor(&name) else { continue };
            let edge = (module.as_str(), name.as_str());
            if (there > here && !ALLOWED.contains(&edge)) || FORBIDDEN.contains(&edge) {
                wrong.push(format!("{}: {module} uses {name}", relative.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "upward edges:\n{}", wrong.join("\n"));
}

#[test]
fn upward_edges_are_seen() {
    assert_eq!(used("use crate::cli::Exit;\nuse crate::{batch::run, error};\n"), ["cli", "batch", "error"]);
    assert!(floor("cli") > floor("document"));
}

#[test]
fn the_entry_is_short_and_only_the_command_line_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    assert!(fs::read_to_string(root.join("main.rs")).unwrap().lines().count() <= 60);
    for entry in walkdir::WalkDir::new(&root) {
        let entry = entry.unwrap();
        let path = entry.path();
        if path.extension().is_some_and(|ending| ending == "rs") && !path.starts_with(root.join("cli")) {
            let source = fs::read_to_string(path).unwrap();
            let code = source.split("\n#[cfg(test)]\n").next().unwrap_or(&source);
            for macro_name in ["println!(", "eprintln!(", "print!(", "eprint!(", "dbg!("] {
                let printing = code.lines().any(|l| l.contains(macro_name) && !l.trim_start().starts_with("//"));
                let training = path.starts_with(root.join("training"));
                assert!(!printing || training, "{} prints with {macro_name})", path.display());
            }
        }
    }
}
