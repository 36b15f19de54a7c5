//! Hashes the sources and models, so that every output can tell by which build it was made, without git.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use sha2::{Digest, Sha256};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// SHA-256 over names and bytes of all files of a folder, hex.
fn hash(folder: &str, count: impl Fn(&Path) -> bool) -> String {
    println!("cargo:rerun-if-changed={folder}");
    let mut found = Vec::new();
    files(Path::new(folder), &mut found);
    found.retain(|path| count(path));
    found.sort();
    let mut hasher = Sha256::new();
    for path in &found {
        let bytes = fs::read(path).unwrap_or_default();
        hasher.update(path.to_string_lossy().replace('\\', "/").as_bytes());
        hasher.update([0]);
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(&bytes);
    }
    hex(&hasher.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn main() {
    println!("cargo:rerun-if-changed=Cargo.toml");
    // What is written about the models is none of them.
    let models = hash("models", |path| !path.ends_with("manifest.toml") && !path.ends_with("README.md"));
    let sources = hash("src", |_| true);
    let manifest = fs::read("Cargo.toml").unwrap_or_default();
    let build = hex(&Sha256::digest(format!("{models}\n{sources}\n{}", hex(&Sha256::digest(manifest)))));
    // Not KHABAR_…: `cargo run` hands these to the program, which would take them for settings.
    println!("cargo:rustc-env=MODEL_HASH_OF_KHABAR={models}");
    println!("cargo:rustc-env=BUILD_HASH_OF_KHABAR={build}");
    println!("cargo:rustc-env=TARGET_OF_KHABAR={}", env::var("TARGET").unwrap_or_default());
    println!("cargo:rustc-env=PROFILE_OF_KHABAR={}", env::var("PROFILE").unwrap_or_default());
}
