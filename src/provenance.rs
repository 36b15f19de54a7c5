//! What made an output: version, configuration, models, stages.

use std::fmt::Write as _;
use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Version of khabar.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// SHA-256 over the sources and models that this binary was built from.
pub const BUILD_HASH: &str = env!("KHABAR_BUILD_HASH");

/// The kind of machine that it was built for.
pub const TARGET: &str = env!("KHABAR_TARGET");

/// `release` or `debug`.
pub const PROFILE: &str = env!("KHABAR_PROFILE");

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../models/", $name)) as &[u8])),*]
    };
}

/// Every file under `models/` that is built in, sorted by name; a test holds it against the folder.
pub const EMBEDDED: &[(&str, &[u8])] = embedded!["abbreviations.tsv", "furniture.tsv", "months.tsv", "normalization.tsv"];

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

/// SHA-256 over the names and bytes of all models that are built in, hex.
pub fn model_hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        let mut hasher = Sha256::new();
        for (name, bytes) in EMBEDDED {
            hasher.update(name.as_bytes());
            hasher.update([0]);
            hasher.update((bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        }
        hex(&hasher.finalize())
    })
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
    fn every_model_file_is_hashed() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
        let mut names: Vec<String> = walkdir::WalkDir::new(&folder)
            .into_iter()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| entry.path().strip_prefix(&folder).unwrap().to_string_lossy().replace('\\', "/"))
            .filter(|name| name != "manifest.toml" && !name.ends_with(".md"))
            .collect();
        names.sort();
        let embedded: Vec<&str> = EMBEDDED.iter().map(|(name, _)| *name).collect();
        assert_eq!(embedded, names, "list each file of models/ in provenance::EMBEDDED");
        assert_eq!(model_hash().len(), 64);
    }
}
