//! What made an output: version, configuration, models, stages.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Version of khabar.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// SHA-256 over the sources and models that this binary was built from.
pub const BUILD_HASH: &str = env!("BUILD_HASH_OF_KHABAR");

/// The kind of machine that it was built for.
pub const TARGET: &str = env!("TARGET_OF_KHABAR");

/// `release` or `debug`.
pub const PROFILE: &str = env!("PROFILE_OF_KHABAR");

/// `bytes` as lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// SHA-256 of `bytes`, hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 over the names and bytes of all files under `models/` that are built in, hex; taken when khabar is built.
pub fn model_hash() -> &'static str {
    env!("MODEL_HASH_OF_KHABAR")
}

/// What made an article's JSON. It holds nothing that differs between two runs of the same build over the same input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Provenance {
    /// Always `khabar`.
    pub tool: String,
    /// Version of khabar.
    pub version: String,
    /// SHA-256 of the configuration values that bear on the output.
    pub config_hash: String,
    /// SHA-256 over the models.
    pub model_hash: String,
    /// The stages in order, the claim extractor last.
    pub stages: Vec<String>,
}

impl Provenance {
    /// Of this build, with a configuration's hash and the names of the stages.
    pub fn new(config_hash: &str, stages: Vec<String>) -> Self {
        Self {
            tool: "khabar".to_owned(),
            version: VERSION.to_owned(),
            config_hash: config_hash.to_owned(),
            model_hash: model_hash().to_owned(),
            stages,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_model_hash_is_of_the_files() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files: Vec<_> = walkdir::WalkDir::new(root.join("models"))
            .into_iter()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| entry.path().strip_prefix(root).unwrap().to_path_buf())
            .filter(|path| !path.ends_with("manifest.toml") && !path.ends_with("README.md"))
            .collect();
        files.sort();
        let mut hasher = Sha256::new();
        for path in files {
            let bytes = std::fs::read(root.join(&path)).unwrap();
            hasher.update(path.to_string_lossy().replace('\\', "/").as_bytes());
            hasher.update([0]);
            hasher.update((bytes.len() as u64).to_le_bytes());
            hasher.update(&bytes);
        }
        assert_eq!(hex(&hasher.finalize()), model_hash());
    }
}
