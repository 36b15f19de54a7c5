//! Which files are read: files, folders, glob patterns, standard input; and where each article's output goes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use walkdir::WalkDir;

use crate::error::{Error, ErrorKind};

/// A file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The file; `-` for standard input.
    pub path: PathBuf,
    /// Output path without `.json`, relative to the output folder; for a file of records the folder of their outputs.
    pub relative: PathBuf,
}

/// A file that is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The file.
    pub path: PathBuf,
    /// Why not.
    pub reason: String,
}

/// What the paths of a command line stand for.
#[derive(Debug, Clone, Default)]
pub struct Discovery {
    /// Files to read, in order, each output path once.
    pub inputs: Vec<Input>,
    /// Files left out, with the reason.
    pub skipped: Vec<Skipped>,
    /// Paths that do not exist and patterns that match nothing.
    pub errors: Vec<Error>,
}

/// Endings that are read.
pub const ENDINGS: [&str; 11] =
    ["txt", "text", "md", "markdown", "html", "htm", "xhtml", "json", "jsonl", "ndjson", "csv"];

fn is_read(ending: &str) -> bool {
    ENDINGS.contains(&ending) || ending == "tsv"
}

/// A file found, before its output path is settled.
struct Candidate {
    path: PathBuf,
    /// With its ending, relative to the folder that it was found in.
    full: PathBuf,
    /// The folder named on the command line.
    root: Option<PathBuf>,
}

/// Finds the files of `paths`: files (whatever their ending), folders (recursive, sorted), glob patterns, `-`.
///
/// The output path is the path below the folder without its ending; where two would fall together, also by case only,
/// the ending stays.
pub fn discover(paths: &[PathBuf]) -> Discovery {
    let mut discovery = Discovery::default();
    let mut candidates = Vec::new();
    let mut seen = BTreeSet::new();
    for path in paths {
        if path == Path::new("-") {
            if seen.insert(path.clone()) {
                candidates.push(Candidate { path: path.clone(), full: PathBuf::from("stdin"), root: None });
            }
        } else if path.is_dir() {
            folder(path, &mut seen, &mut candidates, &mut discovery);
        } else if path.exists() {
            // A file that is named is read, whatever its ending.
            add(path.clone(), name(path), None, &mut seen, &mut candidates, &mut discovery);
        } else {
            pattern(path, &mut seen, &mut candidates, &mut discovery);
        }
    }
    discovery.inputs = settle(candidates);
    discovery
}

fn name(path: &Path) -> PathBuf {
    path.file_name().map_or_else(|| PathBuf::from("article"), PathBuf::from)
}

fn add(
    path: PathBuf,
    full: PathBuf,
    root: Option<PathBuf>,
    seen: &mut BTreeSet<PathBuf>,
    candidates: &mut Vec<Candidate>,
    discovery: &mut Discovery,
) {
    let real = path.canonicalize().unwrap_or_else(|_| path.clone());
    if seen.insert(real) {
        candidates.push(Candidate { path, full, root });
    } else {
        discovery.skipped.push(Skipped { path, reason: "the same file is named twice".into() });
    }
}

fn folder(root: &Path, seen: &mut BTreeSet<PathBuf>, candidates: &mut Vec<Candidate>, discovery: &mut Discovery) {
    let mut entries = WalkDir::new(root).follow_links(true).sort_by_file_name().into_iter();
    while let Some(entry) = entries.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(e) => {
                let error = Error::new(ErrorKind::Unreadable, e.to_string());
                discovery.errors.push(match e.path() {
                    Some(path) => error.at(path),
                    None => error.at(root),
                });
                continue;
            }
        };
        if entry.depth() == 0 {
            continue;
        }
        let path = entry.path().to_path_buf();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if entry.file_type().is_dir() {
            let why = if hidden { Some("hidden folder".to_owned()) } else { saved_page(&path) };
            if let Some(reason) = why {
                discovery.skipped.push(Skipped { path, reason });
                entries.skip_current_dir();
            }
            continue;
        }
        if let Some(reason) = unread(&path) {
            discovery.skipped.push(Skipped { path, reason });
            continue;
        }
        let full = path.strip_prefix(root).map_or_else(|_| name(&path), Path::to_path_buf);
        add(path, full, Some(root.to_path_buf()), seen, candidates, discovery);
    }
}

/// Why a file found in a folder or by a pattern is not read.
fn unread(path: &Path) -> Option<String> {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    if name.starts_with('.') {
        return Some("hidden file".into());
    }
    match path.extension().map(|e| e.to_string_lossy().to_lowercase()) {
        Some(ending) if !is_read(&ending) => Some(format!("files ending in .{ending} are not read")),
        _ => None,
    }
}

/// `Page_files` beside `Page.html`: the pictures, scripts and frames of a saved page.
fn saved_page(folder: &Path) -> Option<String> {
    let name = folder.file_name()?.to_string_lossy().into_owned();
    let page = name.strip_suffix("_files").or_else(|| name.strip_suffix(".files"))?;
    ["html", "htm"]
        .iter()
        .map(|e| format!("{page}.{e}"))
        .find(|p| folder.with_file_name(p).is_file())
        .map(|page| format!("belongs to the saved page {page}"))
}

fn pattern(path: &Path, seen: &mut BTreeSet<PathBuf>, candidates: &mut Vec<Candidate>, discovery: &mut Discovery) {
    let text = path.to_string_lossy();
    if !text.contains(['*', '?', '[']) {
        discovery.errors.push(Error::new(ErrorKind::Unreadable, "no such file or folder").at(path));
        return;
    }
    let found = match glob::glob(&text) {
        Ok(found) => found,
        Err(e) => {
            discovery.errors.push(Error::new(ErrorKind::NoInput, format!("broken pattern: {e}")).at(path));
            return;
        }
    };
    // The part of the pattern before the first wild card is the folder that outputs are relative to.
    let root: PathBuf = path
        .components()
        .take_while(|c| !matches!(c, Component::Normal(part) if part.to_string_lossy().contains(['*', '?', '['])))
        .collect();
    let before = candidates.len() + discovery.skipped.len();
    let mut all: Vec<PathBuf> = found.filter_map(std::result::Result::ok).collect();
    all.sort();
    for path in all {
        if path.is_dir() {
            continue;
        }
        if let Some(reason) = unread(&path) {
            discovery.skipped.push(Skipped { path, reason });
            continue;
        }
        let full = path.strip_prefix(&root).map_or_else(|_| name(&path), Path::to_path_buf);
        add(path, full, None, seen, candidates, discovery);
    }
    if candidates.len() + discovery.skipped.len() == before {
        discovery.errors.push(Error::new(ErrorKind::NoInput, "the pattern matches no file").at(path));
    }
}

fn folded(path: &Path) -> String {
    path.to_string_lossy().to_lowercase()
}

/// Gives each file its output path.
fn settle(mut candidates: Vec<Candidate>) -> Vec<Input> {
    // Two folders with files of the same name: the folders' names tell them apart.
    let mut roots: BTreeMap<String, BTreeSet<Option<PathBuf>>> = BTreeMap::new();
    for candidate in &candidates {
        roots.entry(folded(&candidate.full.with_extension(""))).or_default().insert(candidate.root.clone());
    }
    if roots.values().any(|r| r.len() > 1) {
        for candidate in &mut candidates {
            if let Some(name) = candidate.root.as_deref().and_then(Path::file_name) {
                candidate.full = Path::new(name).join(&candidate.full);
            }
        }
    }
    // Paths that are folders of other outputs must stay folders.
    let mut folders = BTreeSet::new();
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for candidate in &candidates {
        *count.entry(folded(&candidate.full.with_extension(""))).or_default() += 1;
        for parent in candidate.full.ancestors().skip(1) {
            folders.insert(folded(parent));
        }
    }
    let mut taken = BTreeSet::new();
    candidates
        .into_iter()
        .map(|candidate| {
            let short = candidate.full.with_extension("");
            let key = folded(&short);
            let relative = if count.get(&key) == Some(&1) && !folders.contains(&key) { short } else { candidate.full };
            let mut unique = relative.clone();
            let mut number = 2;
            while !taken.insert(folded(&unique)) {
                let mut name = relative.file_name().unwrap_or_default().to_os_string();
                name.push(format!("-{number}"));
                unique = relative.with_file_name(name);
                number += 1;
            }
            Input { path: candidate.path, relative: unique }
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn folders_patterns_and_collisions() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for file in [
            "b.txt",
            "a.txt",
            "a.html",
            "sub/c.md",
            "sub/d.pdf",
            ".hidden.txt",
            "e.jsonl",
            "e/x.txt",
            "p.html",
            "p_files/ad.html",
            "noending",
            "A.json",
        ] {
            std::fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            std::fs::write(root.join(file), "x").unwrap();
        }
        let found = discover(&[root.to_path_buf()]);
        let relative: Vec<String> = found.inputs.iter().map(|i| i.relative.to_string_lossy().into_owned()).collect();
        assert_eq!(relative, ["A.json", "a.html", "a.txt", "b", "e/x", "e.jsonl", "noending", "p", "sub/c"]);
        let skipped: Vec<String> = found.skipped.iter().map(|s| s.reason.clone()).collect();
        assert_eq!(skipped, ["hidden file", "belongs to the saved page p.html", "files ending in .pdf are not read"]);
        assert!(found.errors.is_empty());
        assert_eq!(discover(&[root.to_path_buf()]).inputs, found.inputs);

        let some =
            discover(&[root.join("*.txt"), root.join("a.txt"), root.join("no.txt"), root.join("*.xyz"), "-".into()]);
        assert_eq!(some.inputs.len(), 3);
        assert_eq!(some.inputs[2].relative, Path::new("stdin"));
        assert_eq!(some.skipped.len(), 2);
        let kinds: Vec<ErrorKind> = some.errors.iter().map(Error::kind).collect();
        assert_eq!(kinds, [ErrorKind::Unreadable, ErrorKind::NoInput]);
    }

    #[test]
    fn two_folders_with_the_same_names() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["x/a.txt", "y/a.txt"] {
            std::fs::create_dir_all(folder.path().join(file).parent().unwrap()).unwrap();
            std::fs::write(folder.path().join(file), "x").unwrap();
        }
        let found = discover(&[folder.path().join("x"), folder.path().join("y")]);
        let relative: Vec<_> = found.inputs.iter().map(|i| i.relative.clone()).collect();
        assert_eq!(relative, [PathBuf::from("x/a"), PathBuf::from("y/a")]);
    }
}
