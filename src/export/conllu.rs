//! CoNLL-U (<https://universaldependencies.org/format.html>): the sentences of a document with words, tags and trees; and
//! CoNLL-U Plus (<https://universaldependencies.org/ext-format.html>), the same with columns for names and claims.
//!
//! Rules:
//! - The forms of the tokens make up the text, white space aside: a token takes along the invisible characters beside it.
//! - A token of several words is a multi-word token (للصين: ل + الصين), but a compound with hyphens whose words are
//!   just its pieces is one token for each piece, as treebanks cut it (`high-tech`: three); a clitic stays with its host.
//! - FORM is the word as restored, for a token of one word what stands in the text. A restored word has the dagger alef that
//!   Arabic leaves out in writing (ولكن: و + لٰكن), as in the Arabic treebank PADT.
//! - Layers that were not made leave `_`; without words there is nothing to write.
//!
//! Of an export besides, `NAME.conllu` or `NAME.conllup` for each article:
//! - What is known of the article stands in comments after `# newdoc`.
//! - MISC of a written token has `Start` and `End`, in code points of the article's text, half-open.
//! - MISC of a word has `Entity`, brackets as in CorefUD (`# global.Entity = eid-etype-head-other`).
//! - CoNLL-U Plus has `KHABAR:ENTITY` (`e1:B-ORG`) and `KHABAR:CLAIM` (`c1:B-content|c1:B-actor`) instead, `*` where there
//!   is none; a claim's labels are a comment of the sentence in which its content begins: `# claim_c1 = id=… side=US …`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use super::exporter::{ExportedArticle, Exporter, Folder};
use super::field::labels;
use super::json::ClaimRecord;
use super::loss::{Lack, Losses, NO_REVIEW};
use super::table::name;
use crate::document::{Clitic, Document, Upos};
use crate::error::{Error, ErrorKind, Result};
use crate::offset::{Byte, Span};

const NO_CLAIMS: &str = "CoNLL-U has words, trees and names only: use conllu-plus for claims";
const NO_COLUMN: &str = "no column is made of it";

/// What CoNLL-U lacks.
pub const LACKS: &[Lack] = &[
    ("claims[].review", NO_REVIEW),
    ("entities[].reason", NO_COLUMN),
    ("references", NO_COLUMN),
    ("attributions", NO_COLUMN),
    ("claims", NO_CLAIMS),
    ("claims[].id", NO_CLAIMS),
    ("claims[].content", NO_CLAIMS),
    ("claims[].side", NO_CLAIMS),
    ("claims[].basis", NO_CLAIMS),
    ("claims[].about", NO_CLAIMS),
    ("claims[].actor", NO_CLAIMS),
    ("claims[].predicate", NO_CLAIMS),
    ("claims[].source", NO_CLAIMS),
    ("claims[].source_side", NO_CLAIMS),
    ("claims[].cue", NO_CLAIMS),
    ("claims[].polarity", NO_CLAIMS),
    ("claims[].modality", NO_CLAIMS),
    ("claims[].stance", NO_CLAIMS),
    ("claims[].topic", NO_CLAIMS),
    ("claims[].commitment", NO_CLAIMS),
    ("claims[].source_chain", NO_CLAIMS),
    ("claims[].time", NO_CLAIMS),
    ("claims[].quantities", NO_CLAIMS),
    ("claims[].objects", NO_CLAIMS),
    ("claims[].sentence", NO_CLAIMS),
    ("claims[].confidence", NO_CLAIMS),
    ("claims[].rule", NO_CLAIMS),
    ("claims[].abstained", NO_CLAIMS),
    ("provenance", NO_COLUMN),
];

/// What CoNLL-U Plus lacks.
pub const PLUS_LACKS: &[Lack] = &[
    ("claims[].review", NO_REVIEW),
    ("entities[].actor", NO_COLUMN),
    ("entities[].side", NO_COLUMN),
    ("entities[].reason", NO_COLUMN),
    ("references", NO_COLUMN),
    ("attributions", NO_COLUMN),
    ("claims[].source_chain", NO_COLUMN),
    ("claims[].time", NO_COLUMN),
    ("claims[].quantities", NO_COLUMN),
    ("claims[].objects", NO_COLUMN),
    ("provenance", NO_COLUMN),
];

/// Columns of CoNLL-U Plus.
const COLUMNS: &str =
    "# global.columns = ID FORM LEMMA UPOS XPOS FEATS HEAD DEPREL DEPS MISC KHABAR:ENTITY KHABAR:CLAIM\n";

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
    Words::of_document(document).write(id, None)
}

/// A syntactic word as its line needs it.
struct Word<'a> {
    span: Span<Byte>,
    /// Index of its token.
    token: usize,
    form: &'a str,
    lemma: &'a str,
    upos: Upos,
    xpos: &'a str,
    feats: &'a str,
    clitic: Option<Clitic>,
    /// Index of its head, `None` for the root, and the relation to it; nothing without a tree.
    dependency: Option<(Option<usize>, &'a str)>,
}

/// The layers that the format is made of; indices as in the document.
struct Words<'a> {
    text: &'a str,
    /// Each with the index of its paragraph.
    sentences: Vec<(Span<Byte>, usize)>,
    tokens: Vec<Span<Byte>>,
    words: Vec<Word<'a>>,
}

/// What is written besides words, tags and trees.
struct Extras {
    /// Comments of the document, each with its newline.
    document: String,
    /// By index of a sentence: comments, each with its newline.
    sentences: BTreeMap<usize, String>,
    /// By index of a word: the value of `Entity` in MISC.
    entities: BTreeMap<usize, String>,
    /// By index of a word: the columns of CoNLL-U Plus, if it is that.
    columns: Option<BTreeMap<usize, [Vec<String>; 2]>>,
    /// Code points for bytes.
    index: crate::offset::OffsetIndex,
}

impl<'a> Words<'a> {
    fn of_document(document: &'a Document) -> Self {
        let layers = document.layers();
        let word = |(at, word): (usize, &'a crate::document::Word)| Word {
            span: word.span,
            token: word.token,
            form: &word.form,
            lemma: if word.dictionary.is_empty() { &word.lemma } else { &word.dictionary },
            upos: word.upos,
            xpos: word.xpos,
            feats: &word.feats,
            clitic: word.clitic,
            dependency: layers.dependencies.get(at).map(|dependency| (dependency.head, dependency.relation.label())),
        };
        Self {
            text: document.text(),
            sentences: layers.sentences.iter().map(|sentence| (sentence.span, sentence.paragraph)).collect(),
            tokens: layers.tokens.iter().map(|token| token.span).collect(),
            words: layers.words.iter().enumerate().map(word).collect(),
        }
    }

    fn of_article(article: &'a ExportedArticle<'a>) -> Result<Self> {
        let json = article.json;
        let mut words = Vec::new();
        for (number, token) in json.tokens.iter().enumerate() {
            for word in &token.words {
                if word.id != words.len() {
                    let message = format!("word {} stands where word {} is due", word.id, words.len());
                    return Err(Error::new(ErrorKind::Malformed, message));
                }
                words.push(Word {
                    span: article.bytes(&word.span)?,
                    token: number,
                    form: &word.form,
                    lemma: &word.lemma,
                    upos: word.upos,
                    xpos: word.xpos.as_deref().unwrap_or_default(),
                    feats: word.feats.as_deref().unwrap_or_default(),
                    clitic: word.clitic,
                    dependency: word.relation.as_deref().map(|relation| (word.head, relation)),
                });
            }
        }
        let sentences = json.sentences.iter().map(|sentence| Ok((article.bytes(&sentence.span)?, sentence.paragraph)));
        Ok(Self {
            text: article.text(),
            sentences: sentences.collect::<Result<_>>()?,
            tokens: json.tokens.iter().map(|token| article.bytes(&token.span)).collect::<Result<_>>()?,
            words,
        })
    }

    /// The words of a sentence.
    fn of_sentence(&self, sentence: Span<Byte>) -> Range<usize> {
        let start = self.words.partition_point(|word| word.span.start() < sentence.start());
        let end = self.words.partition_point(|word| word.span.start() < sentence.end());
        start..end
    }

    /// The words that a span touches.
    fn touched(&self, span: Span<Byte>) -> Range<usize> {
        let start = self.words.partition_point(|word| word.span.end() <= span.start());
        let end = self.words.partition_point(|word| word.span.start() < span.end());
        start..end.max(start)
    }

    /// Whether a span begins and ends where words do.
    fn on_edges(&self, span: Span<Byte>) -> bool {
        let words = &self.words[self.touched(span)];
        words.first().is_some_and(|first| first.span.start() == span.start())
            && words.last().is_some_and(|last| last.span.end() == span.end())
    }

    fn write(&self, id: &str, extras: Option<&Extras>) -> String {
        let text = self.text;
        let surfaces = surfaces(text, &self.tokens);
        let spaced = |at: usize| surfaces.get(at + 1).is_none_or(|next| next.start() > surfaces[at].end());
        let id = line(id);
        let plus = extras.and_then(|extras| extras.columns.as_ref());
        let mut out = String::new();
        if plus.is_some() {
            out.push_str(COLUMNS);
        }
        let _ = writeln!(out, "# newdoc id = {id}");
        out.push_str(extras.map_or("", |extras| &extras.document));
        let mut paragraph = None;
        let mut number = 0;
        for (place, &(sentence, of_paragraph)) in self.sentences.iter().enumerate() {
            let range = self.of_sentence(sentence);
            let words = &self.words[range.clone()];
            let (Some(first), Some(last)) = (words.first(), words.last()) else { continue };
            if paragraph.replace(of_paragraph) != Some(of_paragraph) {
                out.push_str("# newpar\n");
            }
            number += 1;
            let whole = surfaces[first.token].cover(surfaces[last.token]);
            let _ = writeln!(out, "# sent_id = {id}-{number}\n# text = {}", line(whole.slice(text)));
            out.push_str(extras.and_then(|extras| extras.sentences.get(&place)).map_or("", String::as_str));
            let mut at = 0;
            while at < words.len() {
                let token = words[at].token;
                let end = at + words[at..].iter().take_while(|word| word.token == token).count();
                let cuts = pieces(text, self.tokens[token], &words[at..end]);
                for piece in &cuts {
                    let piece = at + piece.start..at + piece.end;
                    // The ends of the token are those of its surface.
                    let from =
                        if piece.start == at { surfaces[token].start() } else { words[piece.start].span.start() };
                    let to = if piece.end == end { surfaces[token].end() } else { words[piece.end - 1].span.end() };
                    let surface = line(&text[from..to]);
                    let mut misc = Vec::new();
                    if !(piece.end == end && spaced(token)) {
                        misc.push("SpaceAfter=No".to_owned());
                    }
                    if let Some(extras) = extras {
                        let points = extras.index.code_points(Span::new(from, to));
                        misc.push(format!("Start={}|End={}", points.start(), points.end()));
                    }
                    let many = piece.len() > 1;
                    if many {
                        let number = format!("{}-{}", piece.start + 1, piece.end);
                        let cells = if plus.is_some() { "\t_\t_" } else { "" };
                        row(&mut out, &number, &surface, [""; 6], &known(&misc.join("|")), cells);
                    }
                    for at in piece {
                        let word = &words[at];
                        let form = if many { with_dagger_alef(line(word.form)) } else { surface.clone() };
                        let (head, relation) = match word.dependency {
                            Some((head, relation)) => {
                                (head.map_or(0, |head| head.saturating_sub(range.start) + 1).to_string(), relation)
                            }
                            None => (String::new(), ""),
                        };
                        let columns =
                            [&line(word.lemma), &name(&word.upos), word.xpos, &line(word.feats), &head, relation];
                        let mut misc = if many { Vec::new() } else { misc.clone() };
                        let whole = range.start + at;
                        if let Some(entity) = extras.and_then(|extras| extras.entities.get(&whole)) {
                            misc.push(format!("Entity={entity}"));
                        }
                        let cells = plus.map(|columns| {
                            let cell = |place: usize| match columns.get(&whole) {
                                Some(cells) if !cells[place].is_empty() => cells[place].join("|"),
                                _ => "*".to_owned(),
                            };
                            format!("\t{}\t{}", cell(0), cell(1))
                        });
                        let cells = cells.unwrap_or_default();
                        row(&mut out, &(at + 1).to_string(), &form, columns, &known(&misc.join("|")), &cells);
                    }
                }
                at = end;
            }
            out.push('\n');
        }
        out
    }
}

/// What is not known is `_`.
fn known(column: &str) -> String {
    if column.is_empty() { "_".to_owned() } else { column.to_owned() }
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

/// Writes a line: id and form, the six columns after them, nothing for DEPS, MISC, and further columns with their tabs.
fn row(out: &mut String, id: &str, form: &str, columns: [&str; 6], misc: &str, further: &str) {
    let _ = write!(out, "{id}\t{}", known(form));
    for column in columns {
        let _ = write!(out, "\t{}", known(column));
    }
    let _ = writeln!(out, "\t_\t{misc}{further}");
}

/// Text for one column or comment: each run of white space is one space.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The spans of the tokens, widened so that nothing but white space lies between them.
fn surfaces(text: &str, tokens: &[Span<Byte>]) -> Vec<Span<Byte>> {
    let mut spans = Vec::with_capacity(tokens.len());
    let mut start = text.len() - text.trim_start().len();
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1).map(|next| next.start());
        let gap = &text[token.end()..next.unwrap_or(text.len())];
        // What stands before the white space is of this token, what stands behind it of the next.
        let own = match next {
            Some(_) => gap.find(char::is_whitespace).unwrap_or(gap.len()),
            None => gap.trim_end().len(),
        };
        let end = token.end() + own;
        spans.push(Span::new(start, end));
        start = next.map_or(end, |next| next - gap[own..].trim_start().len());
    }
    spans
}

/// The words of a token by the written tokens that they make.
fn pieces(text: &str, token: Span<Byte>, words: &[Word<'_>]) -> Vec<Range<usize>> {
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

/// Text of a value in MISC or in `Entity`, whose own signs are written as in a URL.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        if c.is_whitespace() || matches!(c, '%' | '|' | '-' | ',' | ':' | '=' | '(' | ')') {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        } else {
            out.push(c);
        }
        out
    })
}

/// The comments on what is known of the article.
fn comments(article: &ExportedArticle<'_>) -> String {
    let mut out = String::new();
    let known = serde_json::to_value(&article.json.article).unwrap_or_default();
    for (key, value) in known.as_object().into_iter().flatten() {
        let value = match value {
            serde_json::Value::Null => continue,
            serde_json::Value::String(text) => line(text),
            other => other.to_string(),
        };
        let _ = writeln!(out, "# article_{key} = {value}");
    }
    let _ = writeln!(out, "# text_sha256 = {}", article.json.text_sha256);
    out
}

/// A claim's comment.
fn claim_comment(number: usize, claim: &ClaimRecord) -> String {
    let mut out = format!("# claim_c{number} = id={}", claim.id);
    for (label, value) in labels(claim) {
        let _ = write!(out, " {}={value}", label.key);
    }
    let _ = write!(out, " confidence={:.3} rule={}", claim.confidence, line(&claim.rule));
    for reason in &claim.abstained {
        let _ = write!(out, " abstained={}", escaped(reason));
    }
    out.push('\n');
    out
}

/// Writes CoNLL-U or CoNLL-U Plus.
#[derive(Debug)]
pub struct Conllu {
    folder: Folder,
    plus: bool,
}

impl Conllu {
    /// Writes into a folder; `plus` asks for CoNLL-U Plus.
    pub fn new(folder: Folder, plus: bool) -> Self {
        Self { folder, plus }
    }
}

/// Of each word the marks in the column of entities and in that of claims.
type Columns = BTreeMap<usize, [Vec<String>; 2]>;

impl Words<'_> {
    /// The brackets of the entities, by word; gives those that are not on the edges of words too.
    fn brackets(&self, article: &ExportedArticle<'_>) -> Result<(BTreeMap<usize, String>, usize)> {
        // Brackets that close come before those that open, inner ones before outer ones.
        let mut closing: BTreeMap<usize, Vec<(usize, String)>> = BTreeMap::new();
        let mut opening: BTreeMap<usize, Vec<(usize, String)>> = BTreeMap::new();
        let mut inside = 0;
        for entity in &article.json.entities {
            let span = article.bytes(&entity.span)?;
            let words = self.touched(span);
            inside += usize::from(!self.on_edges(span));
            if words.is_empty() {
                continue;
            }
            let head = words.clone().position(|word| {
                let head = self.words[word].dependency.and_then(|(head, _)| head);
                head.is_none_or(|head| !words.contains(&head))
            });
            let mut bracket = format!(
                "({}-{}-{}-side:{}",
                entity.id,
                name(&entity.entity_type),
                head.unwrap_or(0) + 1,
                name(&entity.side)
            );
            if let Some(actor) = &entity.actor {
                let _ = write!(bracket, ",actor:{}", escaped(actor));
            }
            if words.len() == 1 {
                bracket.push(')');
            } else {
                closing.entry(words.end - 1).or_default().push((words.len(), format!("{})", entity.id)));
            }
            opening.entry(words.start).or_default().push((words.len(), bracket));
        }
        let mut brackets: BTreeMap<usize, String> = BTreeMap::new();
        for (word, mut of_word) in closing {
            of_word.sort();
            brackets.entry(word).or_default().extend(of_word.into_iter().map(|(_, bracket)| bracket));
        }
        for (word, mut of_word) in opening {
            of_word.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
            brackets.entry(word).or_default().extend(of_word.into_iter().map(|(_, bracket)| bracket));
        }
        Ok((brackets, inside))
    }

    /// The columns of CoNLL-U Plus; gives the spans of entities and of claims that are not on the edges of words too.
    fn columns(&self, article: &ExportedArticle<'_>) -> Result<(Columns, [usize; 2])> {
        let mut columns = Columns::new();
        let mut inside = [0; 2];
        let mut mark = |span: Span<Byte>, column: usize, of: &str, kind: &str| {
            inside[column] += usize::from(!self.on_edges(span));
            for (at, word) in self.touched(span).enumerate() {
                let begins = if at == 0 { "B" } else { "I" };
                columns.entry(word).or_default()[column].push(format!("{of}:{begins}-{kind}"));
            }
        };
        for entity in &article.json.entities {
            mark(article.bytes(&entity.span)?, 0, &entity.id, &name(&entity.entity_type));
        }
        for (number, claim) in article.json.claims.iter().enumerate() {
            let of = format!("c{}", number + 1);
            mark(article.bytes(&claim.content)?, 1, &of, "content");
            for (role, span) in article.roles(claim)? {
                mark(span, 1, &of, role.key());
            }
        }
        Ok((columns, inside))
    }
}

impl Exporter for Conllu {
    fn article(&mut self, article: &ExportedArticle<'_>, losses: &mut Losses) -> Result<()> {
        let words = Words::of_article(article)?;
        let json = article.json;
        let mut extras = Extras {
            document: comments(article),
            sentences: BTreeMap::new(),
            entities: BTreeMap::new(),
            columns: None,
            index: article.index().clone(),
        };
        const INSIDE: &str = "its span ends inside a word: the whole word is marked";
        if self.plus {
            let (columns, inside) = words.columns(article)?;
            losses.note("entities", INSIDE, inside[0]);
            losses.note("claims[].content", INSIDE, inside[1]);
            extras.columns = Some(columns);
            for (number, claim) in json.claims.iter().enumerate() {
                let start = article.bytes(&claim.content)?.start();
                let after = words.sentences.partition_point(|(sentence, _)| sentence.start() <= start);
                let comment = claim_comment(number + 1, claim);
                extras.sentences.entry(after.saturating_sub(1)).or_default().push_str(&comment);
            }
        } else {
            let (brackets, inside) = words.brackets(article)?;
            losses.note("entities", INSIDE, inside);
            extras.document.push_str("# global.Entity = eid-etype-head-other\n");
            extras.entities = brackets;
        }
        losses.note("text", "each run of white space between tokens is one space or a new sentence", 1);
        losses.note("paragraphs", "without language, direction and kind", json.paragraphs.len());
        losses.note("sentences", "without headline", json.sentences.len());
        losses.note("tokens", "without kind", json.tokens.len());
        let wordless = words.sentences.iter().filter(|(sentence, _)| words.of_sentence(*sentence).is_empty()).count();
        losses.note("sentences", "has no words", wordless);
        let ending = if self.plus { "conllup" } else { "conllu" };
        self.folder.write(&format!("{}.{ending}", article.name), words.write(article.name, Some(&extras)).as_bytes())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::article::Article;
    use crate::document::{Dependency, Layer, Relation, Sentence, Token, TokenKind, Word};
    use crate::export::exporter::Format;
    use crate::export::exporter::tests::{TEXT, exported, file};

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

    /// Rows of a file: columns without comments.
    fn columns(file: &str) -> Vec<Vec<&str>> {
        file.lines().filter(|l| !l.starts_with('#') && !l.is_empty()).map(|l| l.split('\t').collect()).collect()
    }

    #[test]
    fn an_export_has_places_and_names() {
        let (folder, _) = exported(Format::Conllu);
        let text: Vec<char> = TEXT.chars().collect();
        for name in ["a", "sub/b", "sub/c d"] {
            let written = file(&folder, &format!("{name}.conllu"));
            assert!(written.starts_with(&format!("# newdoc id = {name}\n# article_id = ")), "{written}");
            let mut placed = 0;
            for row in columns(&written) {
                assert_eq!(row.len(), 10);
                let value = |key: &str| row[9].split('|').find_map(|pair| pair.strip_prefix(key));
                if let (Some(start), Some(end)) = (value("Start="), value("End=")) {
                    let quote: String = text[start.parse().unwrap()..end.parse().unwrap()].iter().collect();
                    assert_eq!(quote, row[1]);
                    placed += 1;
                }
            }
            assert!(placed > 30);
            assert!(written.contains("Entity=(e"), "{written}");
            let brackets = |sign: char| {
                written.lines().filter(|l| l.contains("Entity=")).flat_map(str::chars).filter(|c| *c == sign).count()
            };
            assert_eq!(brackets('('), brackets(')'));
        }
    }

    #[test]
    fn conllu_plus_marks_claims() {
        let (folder, summary) = exported(Format::ConlluPlus);
        let written = file(&folder, "a.conllup");
        assert!(written.starts_with(COLUMNS));
        assert_eq!(written.matches("# claim_c").count(), summary.claims / 3);
        let rows = columns(&written);
        assert!(rows.iter().all(|row| row.len() == 12));
        let with = |cell: &str| rows.iter().filter(|row| row[11].split('|').any(|c| c == cell)).count();
        for number in 1..=summary.claims / 3 {
            assert_eq!(with(&format!("c{number}:B-content")), 1);
        }
        assert_eq!(with("c999:B-content"), 0);
        assert_eq!(escaped("us-a b"), "us%2Da%20b");
    }
}
