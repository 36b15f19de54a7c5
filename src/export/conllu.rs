//! CoNLL-U (<https://universaldependencies.org/format.html>): the sentences of a document with words, tags and trees.
//!
//! Rules:
//! - The forms of the tokens make up the text, white space aside: a token takes along the invisible characters beside it.
//! - A token of several words is a multi-word token (للصين: ل + الصين), but a compound with hyphens whose words are
//!   just its pieces is one token for each piece, as treebanks cut it (`high-tech`: three); a clitic stays with its host.
//! - FORM is the word as restored, for a token of one word what stands in the text. A restored word has the dagger alef that
//!   Arabic leaves out in writing (ولكن: و + لٰكن), as in the Arabic treebank PADT.
//! - Layers that were not made leave `_`; without words there is nothing to write.

use std::fmt::Write as _;
use std::ops::Range;

use super::table::name;
use crate::document::{Clitic, Document, Word};
use crate::offset::{Byte, Span};

/// Hyphens inside compounds.
const HYPHENS: [char; 3] = ['-', '\u{2010}', '\u{2011}'];

/// The document as CoNLL-U; `id` names it, and its sentences `ID-1`, `ID-2`, ….
///
/// # Examples
/// ```
/// use khabar::{article::Article, export::conllu::conllu, pipeline::Pipeline};
/// let (document, _claims) = Pipeline::with_defaults()?.run(Article::from_text("They can't wait."));
/// assert!(conllu(&document, "a").contains("\n2-3\tcan't\t_"));
/// # Ok::<(), khabar::error::Error>(())
/// ```
pub fn conllu(document: &Document, id: &str) -> String {
    let (text, layers) = (document.text(), document.layers());
    let surfaces = surfaces(document);
    let spaced = |at: usize| surfaces.get(at + 1).is_none_or(|next| next.start() > surfaces[at].end());
    let id = line(id);
    let mut out = format!("# newdoc id = {id}\n");
    let mut paragraph = None;
    let mut number = 0;
    for sentence in &layers.sentences {
        let range = layers.words_of(sentence);
        let words = &layers.words[range.clone()];
        let (Some(first), Some(last)) = (words.first(), words.last()) else { continue };
        if paragraph.replace(sentence.paragraph) != Some(sentence.paragraph) {
            out.push_str("# newpar\n");
        }
        number += 1;
        let whole = surfaces[first.token].cover(surfaces[last.token]);
        let _ = writeln!(out, "# sent_id = {id}-{number}\n# text = {}", line(whole.slice(text)));
        let mut at = 0;
        while at < words.len() {
            let token = words[at].token;
            let end = at + words[at..].iter().take_while(|word| word.token == token).count();
            let cuts = pieces(text, layers.tokens[token].span, &words[at..end]);
            for piece in &cuts {
                let piece = at + piece.start..at + piece.end;
                // The ends of the token are those of its surface.
                let from = if piece.start == at { surfaces[token].start() } else { words[piece.start].span.start() };
                let to = if piece.end == end { surfaces[token].end() } else { words[piece.end - 1].span.end() };
                let surface = line(&text[from..to]);
                let misc = if piece.end == end && spaced(token) { "_" } else { "SpaceAfter=No" };
                let many = piece.len() > 1;
                if many {
                    row(&mut out, &format!("{}-{}", piece.start + 1, piece.end), &surface, [""; 6], misc);
                }
                for at in piece {
                    let word = &words[at];
                    let form = if many { with_dagger_alef(line(&word.form)) } else { surface.clone() };
                    let (head, relation) = match layers.dependencies.get(range.start + at) {
                        Some(dependency) => (
                            dependency.head.map_or(0, |head| head - range.start + 1).to_string(),
                            dependency.relation.label(),
                        ),
                        None => (String::new(), ""),
                    };
                    let columns =
                        [&line(lemma(word)), &name(&word.upos), word.xpos, &line(&word.feats), &head, relation];
                    row(&mut out, &(at + 1).to_string(), &form, columns, if many { "_" } else { misc });
                }
            }
            at = end;
        }
        out.push('\n');
    }
    out
}

/// Words that are read with a long vowel that is not written: as written, and with the dagger alef.
const DAGGER_ALEF: [(&str, &str); 10] = [
    ("لكن", "لٰكن"),
    ("ذلك", "ذٰلك"),
    ("كذلك", "كذٰلك"),
    ("لذلك", "لذٰلك"),
    ("هذا", "هٰذا"),
    ("هذه", "هٰذه"),
    ("هذان", "هٰذان"),
    ("هؤلاء", "هٰؤلاء"),
    ("أولئك", "أولٰئك"),
    ("الله", "اللٰه"),
];

fn with_dagger_alef(form: String) -> String {
    DAGGER_ALEF.iter().find(|(written, _)| *written == form).map_or(form, |(_, read)| (*read).to_owned())
}

fn lemma(word: &Word) -> &str {
    if word.dictionary.is_empty() { &word.lemma } else { &word.dictionary }
}

/// Writes a line: id and form, the six columns after them, nothing for DEPS, MISC; what is not known is `_`.
fn row(out: &mut String, id: &str, form: &str, columns: [&str; 6], misc: &str) {
    let known = |column| if str::is_empty(column) { "_" } else { column };
    let _ = write!(out, "{id}\t{}", known(form));
    for column in columns {
        let _ = write!(out, "\t{}", known(column));
    }
    let _ = writeln!(out, "\t_\t{misc}");
}

/// Text for one column or comment: each run of white space is one space.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The spans of the tokens, widened so that nothing but white space lies between them.
fn surfaces(document: &Document) -> Vec<Span<Byte>> {
    let text = document.text();
    let tokens = &document.layers().tokens;
    let mut spans = Vec::with_capacity(tokens.len());
    let mut start = text.len() - text.trim_start().len();
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1).map(|next| next.span.start());
        let gap = &text[token.span.end()..next.unwrap_or(text.len())];
        // What stands before the white space is of this token, what stands behind it of the next.
        let own = match next {
            Some(_) => gap.find(char::is_whitespace).unwrap_or(gap.len()),
            None => gap.trim_end().len(),
        };
        let end = token.span.end() + own;
        spans.push(Span::new(start, end));
        start = next.map_or(end, |next| next - gap[own..].trim_start().len());
    }
    spans
}

/// The words of a token by the written tokens that they make.
fn pieces(text: &str, token: Span<Byte>, words: &[Word]) -> Vec<Range<usize>> {
    let mut from = token.start();
    let partition = words.iter().all(|word| {
        let goes_on = word.span.start() == from && word.form == word.span.slice(text);
        from = word.span.end();
        goes_on
    }) && from == token.end();
    let compound = partition && token.slice(text).contains(HYPHENS);
    let mut pieces: Vec<Range<usize>> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let joined = !compound
            || word.clitic == Some(Clitic::Enclitic)
            || at.checked_sub(1).is_some_and(|before| words[before].clitic == Some(Clitic::Proclitic));
        match pieces.last_mut() {
            Some(piece) if joined => piece.end = at + 1,
            _ => pieces.push(at..at + 1),
        }
    }
    pieces
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::article::Article;
    use crate::document::{Dependency, Layer, Relation, Sentence, Token, TokenKind, Upos};

    /// A word: what is written, its form, whether it is a clitic.
    type Part<'a> = (&'a str, &'a str, Option<Clitic>);

    fn word(span: Span<Byte>, token: usize, form: &str, clitic: Option<Clitic>) -> Word {
        Word {
            span,
            token,
            form: form.into(),
            key: String::new(),
            lemma: form.to_lowercase(),
            dictionary: String::new(),
            upos: Upos::Noun,
            xpos: "",
            feats: String::new(),
            clitic,
            article: None,
        }
    }

    /// A document of one sentence: its tokens' words, and the head of each word (0 for the root).
    fn document(text: &str, tokens: &[&[Part<'_>]], heads: &[usize]) -> Document {
        let mut document = Document::new(Article::from_text(text));
        let (mut made, mut words) = (Vec::new(), Vec::new());
        let mut from = 0;
        for (number, parts) in tokens.iter().enumerate() {
            let start = from + text[from..].find(parts[0].0).unwrap();
            from = start;
            for &(written, form, clitic) in *parts {
                words.push(word(Span::new(from, from + written.len()), number, form, clitic));
                from += written.len();
            }
            made.push(Token { span: Span::new(start, from), kind: TokenKind::Word, sentence: 0 });
        }
        let dependency = |&head: &usize| Dependency {
            head: head.checked_sub(1),
            relation: if head == 0 { Relation::Root } else { Relation::Nmod },
        };
        let span = made[0].span.cover(made[made.len() - 1].span);
        document.add(Layer::Sentences(vec![Sentence { span, paragraph: 0, headline: false }]));
        document.add(Layer::Tokens(made));
        document.add(Layer::Words(words));
        if !heads.is_empty() {
            document.add(Layer::Dependencies(heads.iter().map(dependency).collect()));
        }
        document
    }

    fn rows(document: &Document) -> Vec<String> {
        let text = conllu(document, "a");
        text.lines().filter(|l| !l.starts_with('#') && !l.is_empty()).map(|l| l.replace('\t', " ")).collect()
    }

    #[test]
    fn restored_words_have_the_dagger_alef() {
        assert_eq!(with_dagger_alef("هذا".to_owned()), "هٰذا");
        assert_eq!(with_dagger_alef("هذر".to_owned()), "هذر");
    }

    #[test]
    fn a_fused_token_is_a_multi_word_token() {
        let document = document(
            "تهديدا للصين.",
            &[
                &[("تهديدا", "تهديدا", None)],
                &[("ل", "ل", Some(Clitic::Proclitic)), ("لصين", "الصين", None)],
                &[(".", ".", None)],
            ],
            &[0, 3, 1, 1],
        );
        assert_eq!(
            conllu(&document, "a b\n"),
            "# newdoc id = a b\n# newpar\n# sent_id = a b-1\n# text = تهديدا للصين.\n\
             1\tتهديدا\tتهديدا\tNOUN\t_\t_\t0\troot\t_\t_\n\
             2-3\tللصين\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No\n\
             2\tل\tل\tNOUN\t_\t_\t3\tnmod\t_\t_\n\
             3\tالصين\tالصين\tNOUN\t_\t_\t1\tnmod\t_\t_\n\
             4\t.\t.\tNOUN\t_\t_\t1\tnmod\t_\t_\n\n"
        );
    }

    #[test]
    fn a_compound_is_cut_at_its_hyphens() {
        let whole = document("high-tech", &[&[("high-tech", "high-tech", None)]], &[]);
        assert_eq!(rows(&whole), ["1 high-tech high-tech NOUN _ _ _ _ _ _"]);
        let cut: &[_] =
            &[("al", "al", None), ("-", "-", None), ("Sadr", "Sadr", None), ("'s", "'s", Some(Clitic::Enclitic))];
        assert_eq!(
            rows(&document("al-Sadr's", &[cut], &[3, 1, 0, 3])),
            [
                "1 al al NOUN _ _ 3 nmod _ SpaceAfter=No",
                "2 - - NOUN _ _ 1 nmod _ SpaceAfter=No",
                "3-4 Sadr's _ _ _ _ _ _ _ _",
                "3 Sadr sadr NOUN _ _ 0 root _ _",
                "4 's 's NOUN _ _ 3 nmod _ _",
            ]
        );
        // A part that is not as written: the compound stays whole.
        let restored = document("a-b", &[&[("a-", "at", None), ("b", "b", None)]], &[]);
        assert_eq!(rows(&restored)[0], "1-2 a-b _ _ _ _ _ _ _ _");
    }

    #[test]
    fn nothing_of_the_text_is_lost_and_no_white_space_breaks_a_line() {
        let text = " \u{200f}a\u{200d}\u{2009}\u{200e}b\tc\u{200f} ";
        let document = document(text, &[&[("a", "a", None)], &[("b\tc", "b\tc", None)]], &[]);
        let written = conllu(&document, "a");
        assert_eq!(
            written.lines().skip(3).collect::<Vec<_>>(),
            [
                "# text = \u{200f}a\u{200d} \u{200e}b c\u{200f}",
                "1\t\u{200f}a\u{200d}\ta\tNOUN\t_\t_\t_\t_\t_\t_",
                "2\t\u{200e}b c\u{200f}\tb c\tNOUN\t_\t_\t_\t_\t_\t_",
                "",
            ]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_tokens_make_up_the_text(text in "([ء-ي]{1,6}|[a-zA-Z]{1,6}|-|n't|'s| |[.,«»\"🚀\u{200f}\u{ad}\n\t\u{a0}]|[0-9]){0,60}") {
            let pipeline = crate::pipeline::Pipeline::with_defaults().unwrap();
            let (document, _) = pipeline.run(Article::from_text(&text));
            let written = conllu(&document, "a");
            let mut tokens = String::new();
            let mut until = 0;
            for row in written.lines() {
                if !row.starts_with(|c: char| c.is_ascii_digit()) {
                    until = 0;
                    continue;
                }
                let columns: Vec<&str> = row.split('\t').collect();
                prop_assert_eq!(columns.len(), 10);
                let last: usize = columns[0].split('-').next_back().unwrap().parse().unwrap();
                if last > until {
                    tokens.push_str(columns[1]);
                    until = last;
                }
            }
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            // A text of invisible characters alone has no token to hold them.
            if !document.layers().tokens.is_empty() {
                prop_assert_eq!(bare(&tokens), bare(document.text()));
            }
        }
    }
}
