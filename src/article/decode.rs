//! Bytes to text: byte order marks, UTF-16 without one, the legacy encodings of Arabic and English pages, newlines.

use std::collections::BTreeSet;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_8859_6, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, WINDOWS_1256};

use crate::error::{Error, ErrorKind, Result};

/// Text with LF newlines and without byte order mark, and what it was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decoded {
    pub text: String,
    pub encoding: &'static str,
    pub newline: &'static str,
}

/// First bytes of files that are no text.
const MAGIC: &[(&[u8], &str)] = &[
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"\xd0\xcf\x11\xe0", "an old office document"),
    (b"{\\rtf", "an RTF document"),
    (b"SQLite format 3", "a database"),
];

/// Words by which an Arabic text knows itself, to tell apart two encodings that both give Arabic letters.
const COMMON: &[&str] = &[
    "في", "من", "على", "إلى", "الى", "أن", "ان", "إن", "التي", "الذي", "عن", "مع", "هذا", "هذه", "بين", "كما", "قال",
    "قالت", "بعد", "خلال", "ما", "لا", "لم", "كان", "ذلك", "أو", "وقال", "حول", "عام",
];

/// Decodes `bytes`; `forced` is the label of an encoding that the user named.
pub(crate) fn decode(bytes: &[u8], forced: Option<&str>) -> Result<Decoded> {
    if bytes.is_empty() {
        return Err(Error::new(ErrorKind::Empty, "the file is empty"));
    }
    if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(Error::new(ErrorKind::Binary, format!("this is {what}, not text")));
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12).is_some_and(|kind| kind == b"WEBP" || kind == b"WAVE") {
        return Err(Error::new(ErrorKind::Binary, "this is an image or a sound, not text"));
    }
    let (encoding, skip) = match forced {
        Some(label) => {
            let encoding = Encoding::for_label(label.trim().as_bytes())
                .ok_or_else(|| Error::new(ErrorKind::Config, format!("no encoding is called {label:?}")))?;
            (encoding, Encoding::for_bom(bytes).filter(|(found, _)| *found == encoding).map_or(0, |(_, n)| n))
        }
        None => detect(bytes)?,
    };
    let body = bytes.get(skip..).unwrap_or_default();
    let (text, _) = encoding.decode_without_bom_handling(body);
    check(&text, encoding, body.len())?;
    let (text, newline) = newlines(&text);
    if text.chars().all(|c| c.is_whitespace() || crate::normalizer::is_invisible(c)) {
        return Err(Error::new(ErrorKind::Empty, "the file holds white space only"));
    }
    Ok(Decoded { text, encoding: encoding.name(), newline })
}

fn check(text: &str, encoding: &'static Encoding, bytes: usize) -> Result<()> {
    let (mut all, mut lost, mut control) = (0_usize, 0_usize, 0_usize);
    for c in text.chars() {
        all += 1;
        match c {
            '\u{fffd}' => lost += 1,
            '\u{85}' => {}
            '\0'..='\u{8}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => control += 1,
            _ => {}
        }
    }
    if text.contains('\0') || control * 50 > all {
        return Err(Error::new(
            ErrorKind::Binary,
            format!("{control} control characters in {bytes} bytes: this is not text"),
        ));
    }
    if lost * 33 > all {
        let message = format!("{lost} of {all} characters cannot be read as {}", encoding.name());
        return Err(Error::new(ErrorKind::Undecodable, message));
    }
    Ok(())
}

/// The encoding and the length of the byte order mark.
fn detect(bytes: &[u8]) -> Result<(&'static Encoding, usize)> {
    if let Some(found) = Encoding::for_bom(bytes) {
        return Ok(found);
    }
    if std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0) {
        return Ok((UTF_8, 0));
    }
    if let Some(encoding) = wide(bytes) {
        return Ok((encoding, 0));
    }
    if bytes.contains(&0) {
        return Err(Error::new(ErrorKind::Binary, "the file holds NUL bytes: this is not text"));
    }
    if nearly_utf8(bytes) {
        return Ok((UTF_8, 0));
    }
    if let Some(encoding) = declared(bytes) {
        let (text, _, broken) = encoding.decode(bytes);
        // Pages that say ISO-8859-6 or -1 are often saved as something else; what they say must make sense.
        let sense = encoding != ISO_8859_6 && encoding != WINDOWS_1256 || arabic_sense(&text) > 0.05;
        if !broken && sense && encoding != UTF_8 {
            return Ok((encoding, 0));
        }
    }
    Ok((guess(bytes), 0))
}

/// UTF-16 without a byte order mark: the high bytes are those of Latin (0x00) or Arabic (0x06) letters.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = bytes.get(..bytes.len().min(8192) & !1)?;
    let units = sample.len() / 2;
    if units < 4 {
        return None;
    }
    let high = |offset: usize| {
        sample.iter().skip(offset).step_by(2).filter(|b| matches!(b, 0x00 | 0x06 | 0x20 | 0xfe | 0xfb)).count()
    };
    let blank = |little: bool| {
        sample.chunks_exact(2).any(|pair| match (pair, little) {
            ([low, 0], true) | ([0, low], false) => matches!(low, b' ' | b'\n' | b'.'),
            _ => false,
        })
    };
    let (even, odd) = (high(0), high(1));
    let zeros = sample.iter().filter(|&&b| b == 0).count();
    if zeros == 0 || zeros * 100 > sample.len() * 55 {
        return None;
    }
    let found = if odd * 10 >= units * 9 && odd > even && blank(true) {
        UTF_16LE
    } else if even * 10 >= units * 9 && even > odd && blank(false) {
        UTF_16BE
    } else {
        return None;
    };
    let (text, broken) = found.decode_without_bom_handling(sample);
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    (!broken && letters * 2 > text.chars().count() && !text.contains('\0')).then_some(found)
}

/// UTF-8 with a few broken bytes (cut off, or patched together), not another encoding.
fn nearly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > 0 && bad * 20 <= good
}

/// What a page says in `<meta charset>` or `<?xml encoding>`.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(bytes.get(..bytes.len().min(4096))?).to_ascii_lowercase();
    if !head.contains('<') {
        return None;
    }
    let at = head.find("charset=").map(|i| i + 8).or_else(|| head.find("encoding=").map(|i| i + 9))?;
    let label: String = head
        .get(at..)?
        .trim_start_matches(['"', '\'', ' '])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':'))
        .collect();
    Encoding::for_label(label.as_bytes())
}

/// The share of words that are common Arabic words or start with the article.
fn arabic_sense(text: &str) -> f64 {
    let (mut words, mut known) = (0_usize, 0_usize);
    for word in text.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_ascii()) {
        words += 1;
        let article = ["ال", "وال", "بال", "لل"].iter().any(|a| word.starts_with(a)) && word.chars().count() > 4;
        known += usize::from(article || COMMON.contains(&word));
    }
    if words == 0 { 0.0 } else { known as f64 / words as f64 }
}

/// The detector's answer, checked by words where Arabic is possible: on short text it takes Arabic for other scripts.
fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    let high = bytes.iter().filter(|b| **b >= 0x80).count();
    let letters = bytes.iter().filter(|b| b.is_ascii_alphabetic()).count() + high;
    let sense = |encoding: &'static Encoding| arabic_sense(&encoding.decode_without_bom_handling(bytes).0);
    let best = [WINDOWS_1256, ISO_8859_6]
        .into_iter()
        .map(|encoding| (sense(encoding), encoding))
        .reduce(|a, b| if b.0 > a.0 { b } else { a });
    if let Some((score, encoding)) = best {
        // Both encodings share about half of their letters, so that real words decide.
        if score > 0.12 && high * 20 > letters {
            return encoding;
        }
    }
    // A few high bytes in ASCII text: curly quotation marks, dashes and accents of Western text.
    if high * 8 < letters && guess != WINDOWS_1252 {
        let western = bytes
            .iter()
            .filter(|b| **b >= 0x80)
            .all(|b| matches!(b, 0x80 | 0x82..=0x8c | 0x8e | 0x91..=0x9c | 0x9e..=0xff));
        if western {
            return WINDOWS_1252;
        }
    }
    guess
}

/// LF newlines, and the style that was found: `lf`, `crlf`, `cr`, `nel` (next line, line or paragraph separator) or
/// `mixed`.
pub(crate) fn newlines(text: &str) -> (String, &'static str) {
    let mut styles = BTreeSet::new();
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\r' => {
                if characters.next_if_eq(&'\n').is_some() {
                    styles.insert("crlf");
                } else {
                    styles.insert("cr");
                }
                out.push('\n');
            }
            '\n' => {
                styles.insert("lf");
                out.push('\n');
            }
            '\u{85}' | '\u{2028}' | '\u{2029}' => {
                styles.insert("nel");
                out.push('\n');
            }
            c => out.push(c),
        }
    }
    let style = match (styles.len(), styles.first()) {
        (0, _) | (_, None) => "lf",
        (1, Some(style)) => style,
        _ => "mixed",
    };
    (out, style)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ARABIC: &str =
        "قالت وزارة الخارجية الصينية في بيان إن بكين ترفض القرار الأمريكي، وأكدت أن الشركات ستواصل العمل.";

    fn wide(text: &str, little: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|u| if little { u.to_le_bytes() } else { u.to_be_bytes() }).collect()
    }

    #[test]
    fn encodings_of_arabic_are_found() {
        for encoding in [WINDOWS_1256, ISO_8859_6] {
            let (bytes, _, lost) = encoding.encode(ARABIC);
            assert!(!lost);
            let decoded = decode(&bytes, None).unwrap();
            assert_eq!((decoded.text.as_str(), decoded.encoding), (ARABIC, encoding.name()));
        }
        for little in [true, false] {
            let name = if little { "UTF-16LE" } else { "UTF-16BE" };
            let decoded = decode(&wide(ARABIC, little), None).unwrap();
            assert_eq!((decoded.text.as_str(), decoded.encoding), (ARABIC, name));
            let decoded = decode(&wide(&format!("\u{feff}{ARABIC}"), little), None).unwrap();
            assert_eq!((decoded.text.as_str(), decoded.encoding), (ARABIC, name));
        }
        let decoded = decode(format!("\u{feff}{ARABIC}").as_bytes(), None).unwrap();
        assert_eq!((decoded.text.as_str(), decoded.encoding), (ARABIC, "UTF-8"));
    }

    #[test]
    fn short_lines_in_legacy_encodings_are_found() {
        for line in ["الصين ترد على واشنطن", "قال ترامب إن الرسوم باقية", "بكين تعلن إجراءات جديدة على الرقائق"]
        {
            let (bytes, _, _) = WINDOWS_1256.encode(line);
            assert_eq!(decode(&bytes, None).unwrap().text, line);
            let (bytes, _, _) = ISO_8859_6.encode(line);
            assert_eq!(decode(&bytes, None).unwrap().text, line);
        }
    }

    #[test]
    fn western_text_with_curly_quotes() {
        let text = "“We don’t agree,” the ministry’s spokesman said — a café in Zürich was where they met…";
        let (bytes, _, _) = WINDOWS_1252.encode(text);
        let decoded = decode(&bytes, None).unwrap();
        assert_eq!((decoded.text.as_str(), decoded.encoding), (text, "windows-1252"));
    }

    #[test]
    fn a_forced_encoding_is_taken() {
        let (bytes, _, _) = WINDOWS_1256.encode("سلام");
        assert_eq!(decode(&bytes, Some("cp1256")).unwrap().text, "سلام");
        assert_eq!(decode(&bytes, Some("klingon")).unwrap_err().kind(), ErrorKind::Config);
    }

    #[test]
    fn newline_styles() {
        for (text, style) in [
            ("a\nb", "lf"),
            ("a\r\nb", "crlf"),
            ("a\rb", "cr"),
            ("a\u{85}b", "nel"),
            ("a\u{2028}b", "nel"),
            ("ab", "lf"),
        ] {
            let decoded = decode(text.as_bytes(), None).unwrap();
            assert_eq!(decoded.newline, style);
            assert_eq!(decoded.text.replace('\n', ""), "ab");
        }
        assert_eq!(newlines("a\r\nb\nc\rd"), ("a\nb\nc\nd".to_owned(), "mixed"));
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let kind = |bytes: &[u8]| decode(bytes, None).unwrap_err().kind();
        assert_eq!(kind(b""), ErrorKind::Empty);
        assert_eq!(kind(b" \r\n\t\xef\xbb\xbf"), ErrorKind::Empty);
        assert_eq!(kind(b"\xef\xbb\xbf"), ErrorKind::Empty);
        assert_eq!(kind(b"%PDF-1.7 ..."), ErrorKind::Binary);
        assert_eq!(kind(b"\x89PNG\r\n\x1a\n\0\0\0"), ErrorKind::Binary);
        assert_eq!(kind(b"text with a NUL \0 inside it"), ErrorKind::Binary);
        assert_eq!(kind(&[0x01, 0x02, 0x03, 0x04, 0x05, 0x41]), ErrorKind::Binary);
        let broken: Vec<u8> = ISO_8859_6.encode(ARABIC).0.iter().flat_map(|b| [*b, 0xff]).collect();
        assert_eq!(decode(&broken, Some("iso-8859-6")).unwrap_err().kind(), ErrorKind::Undecodable);
    }

    #[test]
    fn utf8_that_was_cut_off_stays_utf8() {
        let bytes = ARABIC.as_bytes();
        let decoded = decode(&bytes[..bytes.len() - 2], None).unwrap();
        assert_eq!(decoded.encoding, "UTF-8");
        assert!(decoded.text.starts_with("قالت"));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
            let _ = decode(&bytes, None);
        }
    }
}
