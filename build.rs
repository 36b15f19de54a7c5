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

fn main() {
    let mut found = vec![PathBuf::from("Cargo.toml")];
    for folder in ["src", "models"] {
        println!("cargo:rerun-if-changed={folder}");
        files(Path::new(folder), &mut found);
    }
    println!("cargo:rerun-if-changed=Cargo.toml");
    found.sort();
    let mut hasher = Sha256::new();
    for path in &found {
        let name = path.to_string_lossy().replace('\\', "/");
        let bytes = fs::read(path).unwrap_or_default();
        hasher.update(name.as_bytes());
        hasher.update([0]);
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(&bytes);
    }
    let hash = hasher.finalize().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    println!("cargo:rustc-env=KHABAR_BUILD_HASH={hash}");
    println!("cargo:rustc-env=KHABAR_TARGET={}", env::var("TARGET").unwrap_or_default());
    println!("cargo:rustc-env=KHABAR_PROFILE={}", env::var("PROFILE").unwrap_or_default());
}
