//! Files of gold and of training data, also xz-compressed.

use std::fs;
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};

/// Reads a text, unpacking `.xz`.
///
/// # Errors
/// [`ErrorKind::Unreadable`] if there is no such file, [`ErrorKind::Data`] if it cannot be unpacked or is not UTF-8.
pub fn read(path: &Path) -> Result<String> {
    let bytes = fs::read(path).map_err(|e| Error::new(ErrorKind::Unreadable, e.to_string()).at(path))?;
    let broken = |what: String| Error::new(ErrorKind::Data, what).at(path);
    let bytes = if path.extension().is_some_and(|ending| ending == "xz") {
        let mut out = Vec::new();
        lzma_rs::xz_decompress(&mut bytes.as_slice(), &mut out).map_err(|e| broken(format!("{e:?}")))?;
        out
    } else {
        bytes
    };
    String::from_utf8(bytes).map_err(|e| broken(e.to_string()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn xz_is_unpacked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.xz");
        let mut packed = Vec::new();
        lzma_rs::xz_compress(&mut "بكين\n".as_bytes(), &mut packed).unwrap();
        fs::write(&path, packed).unwrap();
        assert_eq!(read(&path).unwrap(), "بكين\n");
        fs::write(&path, "no archive").unwrap();
        assert_eq!(read(&path).unwrap_err().kind(), ErrorKind::Data);
        assert_eq!(read(&folder.path().join("none")).unwrap_err().kind(), ErrorKind::Unreadable);
    }
}
