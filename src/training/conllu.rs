//! Reader of treebanks for training.

use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::file;

/// A syntactic word of a treebank.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreeWord {
    /// Form.
    pub form: String,
    /// Universal part of speech.
    pub upos: String,
    /// Fine tag.
    pub xpos: String,
    /// Head, counted from 1; 0 for the root; `None` where the treebank has no trees.
    pub head: Option<usize>,
    /// Relation.
    pub relation: String,
    /// Universal features.
    pub feats: String,
    /// Index of the written token that it belongs to.
    pub token: usize,
    /// Whether the next word follows without a space.
    pub glued: bool,
}

/// A sentence of a treebank.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreeSentence {
    /// Its words.
    pub words: Vec<TreeWord>,
    /// Written forms of its tokens.
    pub tokens: Vec<String>,
}

/// Reads CoNLL-U (<https://universaldependencies.org/format.html>); empty nodes are passed over.
///
/// # Errors
/// [`ErrorKind::Data`] with the line that is not of the format, and those of [`file::read`].
pub fn read(path: &Path) -> Result<Vec<TreeSentence>> {
    let text = file::read(path)?;
    let mut sentences = Vec::new();
    let mut sentence = TreeSentence::default();
    let mut range_end = 0;
    for (at, line) in text.lines().enumerate() {
        let bad = |what: &str| Error::new(ErrorKind::Data, what).at(path).line(at as u64 + 1);
        if line.is_empty() {
            if !sentence.words.is_empty() {
                sentences.push(std::mem::take(&mut sentence));
            }
            range_end = 0;
            continue;
        }
        if line.starts_with('#') {
            continue;
        }
        let columns: Vec<&str> = line.split('\t').collect();
        if columns.len() != 10 {
            return Err(bad("not ten columns"));
        }
        if columns[0].contains('.') {
            continue;
        }
        if let Some((_, end)) = columns[0].split_once('-') {
            range_end = end.parse().map_err(|_| bad("bad range"))?;
            sentence.tokens.push(columns[1].to_owned());
            continue;
        }
        let id: usize = columns[0].parse().map_err(|_| bad("bad id"))?;
        if id != sentence.words.len() + 1 {
            return Err(bad("ids do not count up"));
        }
        if id > range_end {
            sentence.tokens.push(columns[1].to_owned());
        }
        let head = if columns[6] == "_" { None } else { Some(columns[6].parse().map_err(|_| bad("bad head"))?) };
        sentence.words.push(TreeWord {
            form: columns[1].to_owned(),
            upos: columns[3].to_owned(),
            xpos: columns[4].to_owned(),
            head,
            relation: columns[7].to_owned(),
            feats: columns[5].to_owned(),
            token: sentence.tokens.len() - 1,
            glued: columns[9].split('|').any(|f| f == "SpaceAfter=No"),
        });
    }
    if !sentence.words.is_empty() {
        sentences.push(sentence);
    }
    Ok(sentences)
}

/// Joins compounds with hyphens (`high-tech`) that the treebank cuts at each hyphen, as the tokenizer keeps them whole;
/// only where the parts make one subtree. Parts that both begin with a capital stay apart (`US-China`).
#[must_use]
pub fn join_hyphens(sentence: &TreeSentence) -> TreeSentence {
    let words = &sentence.words;
    let n = words.len();
    let starts = |w: &TreeWord, f: fn(char) -> bool| w.form.chars().next().is_some_and(f);
    let mut groups: Vec<std::ops::Range<usize>> = Vec::new();
    let mut at = 0;
    while at < n {
        let mut end = at + 1;
        while end + 1 < n
            && words[end].form == "-"
            && words[end - 1].glued
            && words[end].glued
            && starts(&words[end - 1], char::is_alphanumeric)
            && starts(&words[end + 1], char::is_alphanumeric)
            && !(starts(&words[end - 1], char::is_uppercase) && starts(&words[end + 1], char::is_uppercase))
        {
            end += 2;
        }
        groups.push(at..end);
        at = end;
    }
    let inside = |group: &std::ops::Range<usize>, head: usize| head > 0 && group.contains(&(head - 1));
    // A compound whose parts depend on several outer words, or that outer words depend on at two places, stays cut.
    let mut final_groups = Vec::with_capacity(n);
    for group in groups {
        let heads = group.clone().filter(|&w| words[w].head.is_some_and(|h| !inside(&group, h))).count();
        if group.len() > 1 && heads == 1 {
            final_groups.push(group);
        } else {
            final_groups.extend(group.map(|w| w..w + 1));
        }
    }
    let mut place = vec![0; n + 1];
    for (new, group) in final_groups.iter().enumerate() {
        for old in group.clone() {
            place[old + 1] = new + 1;
        }
    }
    let mut joined = TreeSentence::default();
    for group in &final_groups {
        let top = group.clone().find(|&w| words[w].head.is_none_or(|h| !inside(group, h))).unwrap_or(group.start);
        let mut word = words[top].clone();
        word.head = word.head.map(|h| place[h]);
        if group.len() > 1 {
            word.form = words[group.clone()].iter().map(|w| w.form.as_str()).collect();
            if word.relation == "amod"
                || word.relation.starts_with("compound") && matches!(word.xpos.as_str(), "VBN" | "VBG" | "JJ")
            {
                word.upos = "ADJ".into();
                word.xpos = "JJ".into();
            }
        }
        let opens = group.start == 0 || words[group.start].token != words[group.start - 1].token;
        if opens || joined.tokens.is_empty() {
            joined.tokens.push(if group.len() > 1 {
                word.form.clone()
            } else {
                sentence.tokens[words[group.start].token].clone()
            });
        }
        word.token = joined.tokens.len() - 1;
        joined.words.push(word);
    }
    joined
}

/// Restores the article after ل (للسلطة = ل + السلطة) where a treebank leaves the cut form (لسلطة).
pub fn restore_article(sentence: &mut TreeSentence) {
    for at in 1..sentence.words.len() {
        let (before, word) = (&sentence.words[at - 1], &sentence.words[at]);
        let definite = word.feats.split('|').any(|f| f == "Definite=Def");
        if before.form == "ل" && before.token == word.token && word.form.starts_with('ل') && definite {
            sentence.words[at].form.insert(0, 'ا');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(rows: &str) -> TreeSentence {
        let file = tempfile::Builder::new().suffix(".conllu").tempfile().expect("a file");
        let text: String = rows.lines().map(|r| r.split_whitespace().collect::<Vec<_>>().join("\t") + "\n").collect();
        std::fs::write(file.path(), text + "\n").expect("written");
        read(file.path()).expect("of the form").remove(0)
    }

    #[test]
    fn hyphens_join_one_subtree() {
        let tree = sentence(
            "1 a a DET DT _ 5 det _ _\n2 high high ADJ JJ _ 4 amod _ SpaceAfter=No\n3 - - PUNCT HYPH _ 2 punct _ SpaceAfter=No\n\
             4 tech tech NOUN NN _ 5 compound _ _\n5 firm firm NOUN NN _ 0 root _ _",
        );
        let joined = join_hyphens(&tree);
        let forms: Vec<&str> = joined.words.iter().map(|w| w.form.as_str()).collect();
        assert_eq!(forms, ["a", "high-tech", "firm"]);
        assert_eq!(joined.words.iter().map(|w| w.head).collect::<Vec<_>>(), [Some(3), Some(3), Some(0)]);
    }

    #[test]
    fn the_article_comes_back() {
        let mut tree = sentence(
            "1-2 للسلطة _ _ _ _ _ _ _ _\n1 ل ل ADP IN _ 2 case _ _\n2 لسلطة سلطة NOUN NN Definite=Def 0 root _ _",
        );
        restore_article(&mut tree);
        assert_eq!(tree.words[1].form, "السلطة");
    }

    #[test]
    fn bad_lines_are_named() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "# text\n1\tx\n").expect("written");
        let error = read(file.path()).expect_err("two columns");
        assert_eq!((error.kind(), error.line_number()), (ErrorKind::Data, Some(2)));
    }
}
