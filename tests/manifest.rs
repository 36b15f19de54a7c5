//! `models/manifest.toml` lists every file that is built in, with its checksum. After a change of a lexicon, write the new
//! checksums with `BLESS=1 cargo test manifest`; those of weights are written by `khabar train` alone.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use khabar::network::manifest::{Manifest, checksum};

/// Line ends as in the repository, whatever the checkout made of them.
fn bytes(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    if path.extension().is_some_and(|ending| ending == "bin" || ending == "safetensors") {
        return bytes;
    }
    String::from_utf8(bytes).unwrap().replace("\r\n", "\n").into_bytes()
}

/// What is written about the models is none of them.
fn is_model(name: &str) -> bool {
    name != "manifest.toml" && Path::new(name).extension().is_none_or(|ending| ending != "md")
}

#[test]
fn manifest_lists_every_file_with_its_checksum() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let found: BTreeMap<String, String> = walkdir::WalkDir::new(&root)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let name = entry.path().strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
            (name, checksum(&bytes(entry.path())))
        })
        .filter(|(name, _)| is_model(name))
        .collect();
    assert!(found.len() > 2);
    let path = root.join("manifest.toml");
    let mut text = fs::read_to_string(&path).unwrap();
    let mut manifest = Manifest::read(&text).unwrap();
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        for entry in manifest.file.iter_mut().filter(|entry| entry.kind.starts_with("lexicon")) {
            if let Some(sum) = found.get(&entry.name) {
                let (before, rest) = text.split_once(&format!("name = {:?}\n", entry.name)).unwrap();
                let rest = rest.replacen(&format!("sha256 = {:?}", entry.sha256), &format!("sha256 = {sum:?}"), 1);
                text = format!("{before}name = {:?}\n{rest}", entry.name);
                entry.sha256.clone_from(sum);
            }
        }
        fs::write(&path, &text).unwrap();
    }
    let listed: BTreeMap<String, String> = manifest.file.iter().map(|e| (e.name.clone(), e.sha256.clone())).collect();
    assert_eq!(listed.len(), manifest.file.len(), "a file is listed twice");
    let unlisted: Vec<_> = found.keys().filter(|name| !listed.contains_key(*name)).collect();
    let stale: Vec<_> = listed.keys().filter(|name| !found.contains_key(*name)).collect();
    let changed: Vec<_> =
        found.iter().filter(|(name, sum)| listed.get(*name).is_some_and(|l| l != *sum)).map(|(name, _)| name).collect();
    assert!(
        unlisted.is_empty() && stale.is_empty() && changed.is_empty(),
        "not in models/manifest.toml: {unlisted:?}\nlisted, but gone: {stale:?}\nanother checksum: {changed:?}\n\
         bless lexicons with BLESS=1"
    );
    for entry in &manifest.file {
        assert!(!entry.kind.is_empty() && !entry.source.is_empty() && !entry.licence.is_empty(), "{}", entry.name);
    }
}
