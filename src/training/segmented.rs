//! Names and raw text with their words cut as the network sees them.

use std::fmt::Write as _;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::annotator::morphology::Segmenter;
use crate::article::Article;
use crate::document::{Annotator, Document};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::file;
use crate::normalizer::match_key;
use crate::segmenter::{SentenceSegmenter, Tokenizer};

/// The Arabic name files below the data folder, and what they are called when they are cut.
const FILES: [(&str, &str); 3] = [
    ("ner/ar/cleananercorp-train.tsv.xz", "clean.tsv"),
    ("ner/ar/aqmar-train.tsv", "aqmar.tsv"),
    ("ner/ar/aqmar-dev.tsv", "aqmar-dev.tsv"),
];

/// Writes the Arabic name files of `data` into `out` with two more columns: the segments of each word, joined by `+`, and the
/// number of the host among them.
///
/// # Errors
/// [`ErrorKind::Data`] for a file that cannot be read or a line without a tag, [`ErrorKind::Unwritable`] for the output.
pub fn segment_names(data: &Path, out: &Path) -> Result<()> {
    for (source, target) in FILES {
        let path = data.join(source);
        let text = segment(Segmenter::built_in(), &file::read(&path)?)
            .map_err(|(line, message)| Error::new(ErrorKind::Data, message).at(&path).line(line as u64 + 1))?;
        let target = out.join(target);
        std::fs::write(&target, text).map_err(|e| Error::new(ErrorKind::Unwritable, e.to_string()).at(&target))?;
    }
    Ok(())
}

/// Writes the sentences of raw files (one document a line) into files of the same names in `out`, without `.xz`: `ar` or `en`, a tab, the
/// words with spaces between them.
///
/// # Errors
/// [`ErrorKind::Data`] for a file that cannot be read, [`ErrorKind::Unwritable`] for the output.
pub fn segment_raw(data: &Path, files: &[PathBuf], out: &Path) -> Result<()> {
    for source in files {
        let text = file::read(&data.join(source))?;
        let target = out.join(source.file_name().unwrap_or_default()).with_extension("");
        let unwritable = |e: std::io::Error| Error::new(ErrorKind::Unwritable, e.to_string()).at(&target);
        let mut writer = BufWriter::new(std::fs::File::create(&target).map_err(unwritable)?);
        for line in text.lines() {
            let mut document = Document::new(Article::from_text(line));
            for stage in [&SentenceSegmenter as &dyn Annotator, &Tokenizer] {
                let layer = stage.annotate(&document);
                document.add(layer);
            }
            let mut words = Vec::new();
            for (range, arabic) in Segmenter::built_in().cut_all(&document, &mut words) {
                let forms: Vec<&str> = words[range].iter().map(|w| w.form.as_str()).collect();
                writeln!(writer, "{}\t{}", if arabic { "ar" } else { "en" }, forms.join(" ")).map_err(unwritable)?;
            }
        }
        writer.flush().map_err(unwritable)?;
    }
    Ok(())
}

fn segment(segmenter: &Segmenter, text: &str) -> std::result::Result<String, (usize, &'static str)> {
    let lines: Vec<&str> = text.lines().collect();
    let word = |at: usize| lines.get(at).and_then(|line| line.split('\t').next()).unwrap_or_default();
    let mut out = String::with_capacity(text.len() * 2);
    for (at, line) in lines.iter().enumerate() {
        let written = word(at);
        if written.is_empty() {
            out.push('\n');
            continue;
        }
        if !line.contains('\t') {
            return Err((at, "a word without a tag"));
        }
        let neighbour = |at: Option<usize>, edge: &str| match at.map(word) {
            None | Some("") => edge.to_owned(),
            Some(word) => match_key(word),
        };
        let (parts, host) = cut(segmenter, written, &neighbour(at.checked_sub(1), "^"), &neighbour(Some(at + 1), "$"));
        let _ = writeln!(out, "{line}\t{}\t{host}", parts.join("+"));
    }
    Ok(out)
}

/// The segments of a word and the number of its host; a word with anything but plain Arabic letters stays whole.
fn cut(segmenter: &Segmenter, word: &str, before: &str, after: &str) -> (Vec<String>, usize) {
    let letters: Vec<char> = word.chars().collect();
    let key = match_key(word);
    let plain = letters.iter().all(|c| ('\u{620}'..='\u{64a}').contains(c)) && key.chars().count() == letters.len();
    if !plain || letters.len() < 2 {
        // `+` joins the segments, so a word of it is written as another sign.
        return (vec![word.replace('+', "＋")], 0);
    }
    let cut = segmenter.segment(&key, before, after);
    let host = cut.proclitics.len();
    let written: String = letters[host..host + cut.host_letters].iter().collect();
    let fused = cut.host.starts_with("ال") && !match_key(&written).starts_with("ال");
    let mut parts: Vec<String> = cut.proclitics.iter().map(|&part| part.to_owned()).collect();
    parts.push(if fused { format!("ا{written}") } else { written });
    if !cut.enclitic.is_empty() {
        parts.push(cut.enclitic.to_owned());
    }
    (parts, host)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_and_keep_their_tags() {
        let text = segment(Segmenter::built_in(), "وقالت\tO\nبكين\tB-LOC\n\nللصين\tB-LOC\n").unwrap();
        assert_eq!(text, "وقالت\tO\tو+قالت\t1\nبكين\tB-LOC\tبكين\t0\n\nللصين\tB-LOC\tل+الصين\t1\n");
        assert_eq!(segment(Segmenter::built_in(), "وقالت\tO\nبكين\n").unwrap_err().0, 1);
    }
}
