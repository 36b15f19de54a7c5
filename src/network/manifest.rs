//! What the built-in files are: source, licence and checksum of each, scores of weights, from `models/manifest.toml`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, ErrorKind, Result};

/// One file of weights or of words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// File name under `models/`.
    pub name: String,
    /// What it holds.
    pub kind: String,
    /// What it was made from and by what command.
    pub source: String,
    /// Licences of that.
    pub licence: String,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// Scores on development data, 0–100.
    #[serde(default)]
    pub scores: BTreeMap<String, f64>,
}

/// The manifest.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Its files.
    #[serde(default)]
    pub file: Vec<Entry>,
}

static MANIFEST: LazyLock<Manifest> =
    LazyLock::new(|| Manifest::read(include_str!("../../models/manifest.toml")).expect("built in and tested"));

impl Manifest {
    /// The manifest that is built in.
    pub fn built_in() -> &'static Self {
        &MANIFEST
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if it is not of the form.
    pub fn read(text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|e| Error::new(ErrorKind::Model, e.to_string()).at("models/manifest.toml"))
    }

    /// Checks that `bytes` are those of the file `name`.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if the checksum differs or the file is not listed.
    pub fn check(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let fail = |message: &str| Error::new(ErrorKind::Model, message).at(format!("models/{name}"));
        let entry =
            self.file.iter().find(|e| e.name == name).ok_or_else(|| fail("models/manifest.toml does not list it"))?;
        if entry.sha256 == checksum(bytes) {
            Ok(())
        } else {
            Err(fail("its checksum is not the one of models/manifest.toml"))
        }
    }

    /// Puts in an entry, in the place of an older one of the same name.
    pub fn put(&mut self, entry: Entry) {
        self.file.retain(|e| e.name != entry.name);
        self.file.push(entry);
        self.file.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

/// SHA-256, hex.
pub fn checksum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_byte_is_found() {
        let mut manifest = Manifest::default();
        manifest.put(Entry {
            name: "a.bin".into(),
            kind: String::new(),
            source: String::new(),
            licence: String::new(),
            sha256: checksum(b"weights"),
            scores: BTreeMap::new(),
        });
        assert!(manifest.check("a.bin", b"weights").is_ok());
        assert_eq!(manifest.check("a.bin", b"weighty").unwrap_err().kind(), ErrorKind::Model);
        assert_eq!(manifest.check("b.bin", b"weights").unwrap_err().kind(), ErrorKind::Model);
    }
}
