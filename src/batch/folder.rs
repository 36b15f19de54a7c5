//! The output folder: one run at a time, files that are whole or not there, the journal of finished articles.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, ErrorKind, Result};
use crate::provenance::hex;

/// Where a run keeps its lock, its journal and files not yet whole.
const STATE: &str = ".khabar";

pub(super) fn unwritable(path: &Path, error: &io::Error) -> Error {
    Error::new(ErrorKind::Unwritable, error.to_string()).at(path)
}

/// An output folder that this run alone writes.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    temporary: PathBuf,
    written: u64,
    /// Holds the lock until it is dropped; the system drops it with the process, however that ends.
    _lock: File,
}

impl Folder {
    /// Makes the folder if needed, takes its lock and clears what a killed run left unfinished.
    pub(super) fn open(root: &Path) -> Result<Self> {
        let state = root.join(STATE);
        let temporary = state.join("tmp");
        fs::create_dir_all(&state).map_err(|e| unwritable(root, &e))?;
        let path = state.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|e| unwritable(&path, &e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::new(ErrorKind::Unwritable, "another run is writing into this folder").at(root));
            }
            Err(TryLockError::Error(error)) => return Err(unwritable(&path, &error)),
        }
        let _ = fs::remove_dir_all(&temporary);
        fs::create_dir_all(&temporary).map_err(|e| unwritable(&temporary, &e))?;
        Ok(Self { root: root.to_path_buf(), temporary, written: 0, _lock: lock })
    }

    /// The place of a file named with `/` under the folder.
    pub(super) fn place(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.root.join(STATE).join("journal.jsonl")
    }

    /// Writes a file under a temporary name and renames it.
    pub(super) fn write(&mut self, relative: &str, bytes: &[u8]) -> io::Result<()> {
        self.written += 1;
        let temporary = self.temporary.join(self.written.to_string());
        fs::write(&temporary, bytes)?;
        let place = self.place(relative);
        match fs::rename(&temporary, &place) {
            Ok(()) => Ok(()),
            Err(_) => {
                if let Some(parent) = place.parent() {
                    fs::create_dir_all(parent)?;
                }
                let renamed = fs::rename(&temporary, &place);
                if renamed.is_err() {
                    let _ = fs::remove_file(&temporary);
                }
                renamed
            }
        }
    }

    /// A file that grows under a temporary name until [`Growing::finish`].
    pub(super) fn grow(&self, relative: &str) -> Result<Growing> {
        let temporary = self.temporary.join(relative);
        let file = File::create(&temporary).map_err(|e| unwritable(&temporary, &e))?;
        Ok(Growing { file: BufWriter::new(file), temporary, place: self.place(relative) })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.temporary);
    }
}

/// A file that is not yet whole.
#[derive(Debug)]
pub(super) struct Growing {
    file: BufWriter<File>,
    temporary: PathBuf,
    place: PathBuf,
}

impl Growing {
    pub(super) fn add(&mut self, text: &str) -> Result<()> {
        self.file.write_all(text.as_bytes()).map_err(|e| unwritable(&self.place, &e))
    }

    pub(super) fn finish(mut self) -> Result<()> {
        self.file.flush().map_err(|e| unwritable(&self.place, &e))?;
        fs::rename(&self.temporary, &self.place).map_err(|e| unwritable(&self.place, &e))
    }
}

/// A line of the journal.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    /// Hash of input, configuration, models, build and output path.
    key: String,
    /// The output file.
    output: String,
    /// SHA-256 of the output file.
    sha256: String,
}

/// Sixteen bytes of a SHA-256: enough to tell all articles of the world apart, and small in memory.
pub(super) fn digest(parts: &[&str]) -> u128 {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    let whole = hasher.finalize();
    u128::from_be_bytes(whole[..16].try_into().expect("a SHA-256 has 32 bytes"))
}

/// What runs before finished: for each output file the key that it was made under and its hash.
#[derive(Debug)]
pub(super) struct Journal {
    finished: HashMap<u128, (u128, u128)>,
    file: File,
}

impl Journal {
    /// Reads the journal; a torn last line is cut off. With `fresh` nothing counts as finished.
    pub(super) fn open(path: &Path, fresh: bool) -> Result<Self> {
        let failed = |e: io::Error| unwritable(path, &e);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(failed)?;
        let mut finished = HashMap::new();
        let (mut whole, mut lines) = (0, 0_usize);
        let mut reader = BufReader::new(&file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line).map_err(failed)?;
            if read == 0 || line.last() != Some(&b'\n') {
                break;
            }
            whole += read as u64;
            lines += 1;
            if let Ok(entry) = serde_json::from_slice::<Line>(&line)
                && let (Ok(key), Ok(hash)) = (u128::from_str_radix(&entry.key, 16), prefix(&entry.sha256))
            {
                finished.insert(digest(&[&entry.output]), (key, hash));
            }
        }
        if lines > 2 * finished.len() + 1000 {
            whole = compact(path, &finished).map_err(failed)?;
            file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
        }
        file.set_len(whole).map_err(failed)?;
        file.seek(io::SeekFrom::End(0)).map_err(failed)?;
        if fresh {
            finished.clear();
        }
        Ok(Self { finished, file })
    }

    /// The first half of the output's SHA-256, if it was finished under this very key.
    pub(super) fn finished(&self, key: u128, output: &str) -> Option<u128> {
        self.finished.get(&digest(&[output])).filter(|(known, _)| *known == key).map(|(_, hash)| *hash)
    }

    /// Notes that the output file is whole.
    pub(super) fn note(&mut self, key: u128, output: &str, sha256: &str) -> io::Result<()> {
        let line = Line { key: format!("{key:032x}"), output: output.to_owned(), sha256: sha256.to_owned() };
        let mut text = serde_json::to_string(&line)?;
        text.push('\n');
        // One write for the line: it is there as a whole or torn at the end of the file.
        self.file.write_all(text.as_bytes())
    }
}

/// Keeps only the last line of each output file.
fn compact(path: &Path, finished: &HashMap<u128, (u128, u128)>) -> io::Result<u64> {
    let temporary = path.with_extension("new");
    let mut kept = BufWriter::new(File::create(&temporary)?);
    for line in BufReader::new(File::open(path)?).lines() {
        let Ok(entry) = serde_json::from_str::<Line>(&line?) else { continue };
        let (Ok(key), Ok(hash)) = (u128::from_str_radix(&entry.key, 16), prefix(&entry.sha256)) else { continue };
        if finished.get(&digest(&[&entry.output])) == Some(&(key, hash)) {
            serde_json::to_writer(&mut kept, &entry)?;
            kept.write_all(b"\n")?;
        }
    }
    kept.into_inner().map_err(io::IntoInnerError::into_error)?;
    fs::rename(&temporary, path)?;
    Ok(fs::metadata(path)?.len())
}

fn prefix(sha256: &str) -> std::result::Result<u128, std::num::ParseIntError> {
    u128::from_str_radix(sha256.get(..32).unwrap_or_default(), 16)
}

/// The first half of the SHA-256 of a file's bytes.
pub(super) fn half_hash(bytes: &[u8]) -> u128 {
    prefix(&hex(&Sha256::digest(bytes))).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_last_line_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let hash = "ab".repeat(32);
        let mut journal = Journal::open(&path, false).unwrap();
        journal.note(7, "a.json", &hash).unwrap();
        journal.note(8, "b.json", &hash).unwrap();
        drop(journal);
        let whole = fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let mut journal = Journal::open(&path, false).unwrap();
            let first = whole.iter().position(|&b| b == b'\n').unwrap() + 1;
            assert_eq!(journal.finished(7, "a.json").is_some(), cut >= first, "cut at {cut}");
            assert!(journal.finished(8, "b.json").is_none());
            journal.note(9, "c.json", &hash).unwrap();
            drop(journal);
            assert!(Journal::open(&path, false).unwrap().finished(9, "c.json").is_some());
        }
    }

    #[test]
    fn a_long_journal_is_compacted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let mut journal = Journal::open(&path, false).unwrap();
        for key in 0..1500 {
            journal.note(key, "a.json", &"ab".repeat(32)).unwrap();
        }
        drop(journal);
        let journal = Journal::open(&path, false).unwrap();
        assert!(journal.finished(1499, "a.json").is_some());
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 1);
    }

    #[test]
    fn one_run_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = Folder::open(folder.path()).unwrap();
        assert_eq!(Folder::open(folder.path()).unwrap_err().kind(), ErrorKind::Unwritable);
        drop(first);
        Folder::open(folder.path()).unwrap();
    }
}
