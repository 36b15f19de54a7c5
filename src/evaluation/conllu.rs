//! Sentences, words, tags and trees against a treebank: the measures of the CoNLL 2018 shared task
//! (<https://universaldependencies.org/conll18/evaluation.html>).
//!
//! Gold and system are CoNLL-U over the same characters, white space aside. Tokens and sentences are right if they have
//! the same characters. Words are aligned: one of a token by itself with the word of the same characters; around
//! multi-word tokens, whose words have no characters of their own, by the longest common subsequence of lower-cased
//! forms. All that is scored of a word is scored on aligned words, and a head is right if it is aligned with the gold's.
//!
//! Only universal features and relations without subtype are compared. A lemma that the gold leaves open (`_`) matches
//! any. CLAS, MLAS and BLEX count content words alone; MLAS wants the functional words below them right too, BLEX the
//! lemma. Without heads on one side there are no attachment scores.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::ser::Serializer;

use super::measure::{Counts, Mean};
use crate::error::{Error, ErrorKind, Result};

/// Features that all treebanks share; others are not compared.
const FEATURES: &str = "Abbr Animacy Aspect Case Definite Degree Evident Foreign Gender Mood NumType Number Person \
                        Polarity Polite Poss PronType Reflex Tense VerbForm Voice";

/// Relations of content words.
const CONTENT: &str = "acl advcl advmod amod appos ccomp compound conj csubj dep discourse dislocated expl fixed flat \
                       goeswith iobj list nmod nsubj nummod obj obl orphan parataxis reparandum root vocative xcomp";

/// Relations of functional words; `punct` is neither.
const FUNCTIONAL: &str = "aux case cc clf cop det mark";

/// Sentences of a paragraph, where the treebank marks neither documents nor paragraphs.
const PARAGRAPH: usize = 50;

fn is_one_of(names: &str, name: &str) -> bool {
    names.split_ascii_whitespace().any(|known| known == name)
}

/// A written token.
#[derive(Debug, Clone)]
struct Token {
    /// Its place among the characters of the file.
    span: Range<usize>,
    line: u64,
}

/// A syntactic word with what is compared of it.
#[derive(Debug, Clone)]
struct Word {
    /// The place of its token.
    span: Range<usize>,
    /// Whether it is of a multi-word token.
    multi: bool,
    /// In lower case.
    form: String,
    lemma: String,
    upos: String,
    xpos: String,
    /// Universal features, sorted.
    feats: Vec<String>,
    /// Index of its head; `None` for the root of a sentence.
    head: Option<usize>,
    /// Without subtype.
    relation: String,
    /// The functional words that it is the head of.
    functional: Vec<usize>,
}

impl Word {
    fn is_content(&self) -> bool {
        is_one_of(CONTENT, &self.relation)
    }
}

/// What a sentence begins with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Opens {
    /// Itself alone.
    #[default]
    Sentence,
    /// A paragraph.
    Paragraph,
    /// A document, with its id if it has one.
    Document(Option<String>),
}

#[derive(Debug, Clone, Default)]
struct Sentence {
    span: Range<usize>,
    opens: Opens,
    text: String,
    /// Whether the next sentence follows without a space.
    glued: bool,
}

/// A file of CoNLL-U as far as it is scored.
#[derive(Debug, Clone)]
pub struct Treebank {
    path: PathBuf,
    characters: Vec<char>,
    tokens: Vec<Token>,
    words: Vec<Word>,
    sentences: Vec<Sentence>,
    heads: bool,
}

/// A document of a treebank as plain text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawDocument {
    /// Its id in the treebank, or `doc` and its number.
    pub id: String,
    /// Its text: paragraphs apart by a blank line.
    pub text: String,
}

/// Makes CoNLL-U of a document's text.
pub type Analyzer<'a> = dyn Fn(&RawDocument) -> String + 'a;

/// How well one thing agrees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Score {
    /// In the gold, in the system's output, right.
    #[serde(flatten)]
    pub counts: Counts,
    /// Words counted in the gold that are aligned; `None` for tokens, sentences and words themselves.
    pub aligned: Option<usize>,
    /// Share of these that are right.
    pub aligned_accuracy: Mean,
}

/// The scores by the names of the shared task, in its order: Tokens, Sentences, Words, UPOS, XPOS, UFeats, AllTags,
/// Lemmas, and where both sides have heads UAS, LAS, CLAS, MLAS, BLEX.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scores(Vec<(&'static str, Score)>);

impl Scores {
    /// The scores in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Score)> {
        self.0.iter().copied()
    }

    /// The score of a name.
    pub fn get(&self, name: &str) -> Option<Score> {
        self.iter().find(|(known, _)| *known == name).map(|(_, score)| score)
    }
}

impl Serialize for Scores {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// Reads CoNLL-U; empty nodes are passed over.
///
/// # Errors
/// [`ErrorKind::Data`] with the line that is not of the format: not ten columns, ids that do not count up, an empty
/// form, a head outside of the sentence or only for some words, a cycle, no root or two; and if there is no sentence.
pub fn parse(content: &str, path: &Path) -> Result<Treebank> {
    let mut reader = Reader::new(path);
    for (at, line) in content.trim_start_matches('\u{feff}').lines().enumerate() {
        reader.line = at as u64 + 1;
        reader.take(line)?;
    }
    reader.finish()?;
    if reader.bank.sentences.is_empty() {
        return Err(Error::new(ErrorKind::Data, "no sentence here").at(path));
    }
    Ok(reader.bank)
}

/// A file half read.
struct Reader {
    bank: Treebank,
    /// The line that is being read.
    line: u64,
    /// The sentence that is being read.
    sentence: Sentence,
    /// Its first word.
    first: usize,
    /// Head and line of each of its words.
    heads: Vec<(Option<usize>, u64)>,
    /// The last id of the open multi-word token.
    range_end: usize,
    /// Its characters as written, for sentences that do not tell their text.
    written: String,
}

impl Reader {
    fn new(path: &Path) -> Self {
        let bank = Treebank {
            path: path.to_path_buf(),
            characters: Vec::new(),
            tokens: Vec::new(),
            words: Vec::new(),
            sentences: Vec::new(),
            heads: true,
        };
        Self {
            bank,
            line: 0,
            sentence: Sentence::default(),
            first: 0,
            heads: Vec::new(),
            range_end: 0,
            written: String::new(),
        }
    }

    fn bad(&self, what: impl Into<String>) -> Error {
        Error::new(ErrorKind::Data, what).at(&self.bank.path).line(self.line)
    }

    fn take(&mut self, line: &str) -> Result<()> {
        if line.is_empty() {
            return self.finish();
        }
        if let Some(comment) = line.strip_prefix('#').filter(|_| self.heads.is_empty()) {
            self.comment(comment);
            return Ok(());
        }
        let columns: Vec<&str> = line.split('\t').collect();
        let Ok(columns) = <[&str; 10]>::try_from(columns) else { return Err(self.bad("not ten columns")) };
        if columns[0].contains('.') {
            return Ok(());
        }
        let next = self.heads.len() + 1;
        if let Some((start, end)) = columns[0].split_once('-') {
            let (Ok(start), Ok(end)) = (start.parse::<usize>(), end.parse::<usize>()) else {
                return Err(self.bad(format!("`{}` is no range of words", columns[0])));
            };
            if start != next || start <= self.range_end || end < start {
                return Err(self.bad(format!("range `{}` where word {next} follows", columns[0])));
            }
            self.range_end = end;
            return self.token(&columns);
        }
        if columns[0].parse() != Ok(next) {
            return Err(self.bad(format!("id `{}` where {next} follows", columns[0])));
        }
        let multi = next <= self.range_end;
        if !multi {
            self.token(&columns)?;
        }
        self.word(&columns, multi)
    }

    fn comment(&mut self, comment: &str) {
        let (key, value) = comment.split_once('=').unwrap_or((comment, ""));
        let value = value.trim();
        match key.split_whitespace().collect::<Vec<_>>()[..] {
            ["text"] => self.sentence.text = value.to_owned(),
            ["newdoc"] => self.sentence.opens = Opens::Document(None),
            ["newdoc", "id"] => self.sentence.opens = Opens::Document(Some(value.to_owned())),
            ["newpar"] | ["newpar", "id"] if self.sentence.opens == Opens::Sentence => {
                self.sentence.opens = Opens::Paragraph;
            }
            _ => {}
        }
    }

    fn token(&mut self, columns: &[&str; 10]) -> Result<()> {
        let start = self.bank.characters.len();
        self.bank.characters.extend(columns[1].chars().filter(|c| !c.is_whitespace()));
        let span = start..self.bank.characters.len();
        if span.is_empty() {
            return Err(self.bad("an empty form"));
        }
        if self.heads.is_empty() {
            self.sentence.span.start = start;
        }
        self.sentence.span.end = span.end;
        self.bank.tokens.push(Token { span, line: self.line });
        self.sentence.glued = columns[9].split('|').any(|part| part == "SpaceAfter=No");
        self.written.push_str(columns[1]);
        if !self.sentence.glued {
            self.written.push(' ');
        }
        Ok(())
    }

    fn word(&mut self, columns: &[&str; 10], multi: bool) -> Result<()> {
        let head = match columns[6] {
            "_" => None,
            head => Some(head.parse().map_err(|_| self.bad(format!("`{head}` is no head")))?),
        };
        let first = self.bank.words.is_empty();
        if first {
            self.bank.heads = head.is_some();
        } else if self.bank.heads != head.is_some() {
            return Err(self.bad("some words have a head and others none"));
        }
        let mut feats: Vec<String> = columns[5]
            .split('|')
            .filter(|feature| is_one_of(FEATURES, feature.split('=').next().unwrap_or(feature)))
            .map(str::to_owned)
            .collect();
        feats.sort_unstable();
        let span = self.bank.tokens.last().map_or(0..0, |token| token.span.clone());
        self.bank.words.push(Word {
            span,
            multi,
            form: columns[1].to_lowercase().split_whitespace().collect(),
            lemma: columns[2].to_owned(),
            upos: columns[3].to_owned(),
            xpos: columns[4].to_owned(),
            feats,
            head: None,
            relation: columns[7].split(':').next().unwrap_or_default().to_owned(),
            functional: Vec::new(),
        });
        self.heads.push((head, self.line));
        Ok(())
    }

    /// Ends the sentence, if one is open: its words get their heads.
    fn finish(&mut self) -> Result<()> {
        if self.range_end > self.heads.len() {
            return Err(self.bad("the sentence ends inside a multi-word token"));
        }
        if self.heads.is_empty() {
            return Ok(());
        }
        if self.bank.heads {
            self.tree()?;
        }
        if self.sentence.text.is_empty() {
            self.sentence.text = self.written.trim().to_owned();
        }
        self.bank.sentences.push(std::mem::take(&mut self.sentence));
        self.first = self.bank.words.len();
        self.heads.clear();
        self.range_end = 0;
        self.written.clear();
        Ok(())
    }

    fn tree(&mut self) -> Result<()> {
        let heads: Vec<usize> = self.heads.iter().map(|(head, _)| head.unwrap_or_default()).collect();
        let at = |word: usize| self.heads[word].1;
        let bad = |what: String, word: usize| Err(Error::new(ErrorKind::Data, what).at(&self.bank.path).line(at(word)));
        if let Some(word) = heads.iter().position(|&head| head > heads.len()) {
            return bad(format!("the head {} lies outside of the sentence", heads[word]), word);
        }
        // Words from which a way up is known to end at a root.
        let mut rooted = vec![false; heads.len() + 1];
        rooted[0] = true;
        for word in 1..=heads.len() {
            let mut way = BTreeSet::new();
            let mut up = word;
            while !rooted[up] {
                if !way.insert(up) {
                    return bad(format!("the heads above word {up} run in a circle"), up - 1);
                }
                up = heads[up - 1];
            }
            for &below in &way {
                rooted[below] = true;
            }
        }
        // Without a circle there is one.
        if let Some((word, _)) = heads.iter().enumerate().filter(|&(_, &head)| head == 0).nth(1) {
            return bad("a second root in the sentence".to_owned(), word);
        }
        for (word, &head) in heads.iter().enumerate().filter(|&(_, &head)| head > 0) {
            let (word, head) = (self.first + word, self.first + head - 1);
            self.bank.words[word].head = Some(head);
            if is_one_of(FUNCTIONAL, &self.bank.words[word].relation) {
                self.bank.words[head].functional.push(word);
            }
        }
        Ok(())
    }
}

impl Treebank {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the words have heads.
    pub fn has_heads(&self) -> bool {
        self.heads
    }

    /// The texts of the treebank. A treebank that marks neither documents nor paragraphs is one document, cut into
    /// paragraphs of fifty sentences.
    pub fn documents(&self) -> Vec<RawDocument> {
        let marked = self.sentences.iter().any(|sentence| sentence.opens != Opens::Sentence);
        let mut documents: Vec<RawDocument> = Vec::new();
        let mut glued = false;
        for (at, sentence) in self.sentences.iter().enumerate() {
            let number = documents.len() + 1;
            let opened = match &sentence.opens {
                Opens::Document(id) => Some(id.clone()),
                _ if documents.is_empty() => Some(None),
                _ => None,
            };
            if let Some(id) = opened {
                let id = id.unwrap_or_else(|| format!("doc{number}"));
                documents.push(RawDocument { id, text: sentence.text.clone() });
            } else if let Some(document) = documents.last_mut() {
                if sentence.opens == Opens::Paragraph || !marked && at % PARAGRAPH == 0 {
                    document.text.push_str("\n\n");
                } else if !glued {
                    document.text.push(' ');
                }
                document.text.push_str(&sentence.text);
            }
            glued = sentence.glued;
        }
        documents
    }

    /// What `analyzer` makes of the texts, as one file.
    pub fn analyzed(&self, analyzer: &Analyzer<'_>) -> String {
        self.documents().iter().map(analyzer).collect()
    }
}

/// Scores a system's words and trees.
///
/// # Errors
/// [`ErrorKind::Data`] if both are not of the same characters; tells where they begin to differ.
pub fn score(gold: &Treebank, system: &Treebank) -> Result<Scores> {
    same_characters(gold, system)?;
    let pairs = align(&gold.words, &system.words);
    let mut golds = vec![None; system.words.len()];
    for &(gold, system) in &pairs {
        golds[system] = Some(gold);
    }
    let bare = |counts| Score { counts, ..Score::default() };
    let spans = |gold: &[Range<usize>], system: &[Range<usize>]| {
        let known: BTreeSet<(usize, usize)> = gold.iter().map(|span| (span.start, span.end)).collect();
        let right = system.iter().filter(|span| known.contains(&(span.start, span.end))).count();
        bare(Counts::new(gold.len(), system.len(), right))
    };
    let tokens = |bank: &Treebank| bank.tokens.iter().map(|token| token.span.clone()).collect::<Vec<_>>();
    let sentences = |bank: &Treebank| bank.sentences.iter().map(|sentence| sentence.span.clone()).collect::<Vec<_>>();
    let words = |content: bool, same: &dyn Fn(&Word, &Word) -> bool| {
        let kept = |word: &&Word| !content || word.is_content();
        let aligned: Vec<(&Word, &Word)> =
            pairs.iter().map(|&(g, s)| (&gold.words[g], &system.words[s])).filter(|(gold, _)| kept(gold)).collect();
        let right = aligned.iter().filter(|(gold, system)| same(gold, system)).count();
        Score {
            counts: Counts::new(
                gold.words.iter().filter(kept).count(),
                system.words.iter().filter(kept).count(),
                right,
            ),
            aligned: Some(aligned.len()),
            aligned_accuracy: Mean { sum: right as f64, count: aligned.len() },
        }
    };
    let lemma = |gold: &Word, system: &Word| gold.lemma == "_" || gold.lemma == system.lemma;
    let tags = |gold: &Word, system: &Word| gold.upos == system.upos && gold.feats == system.feats;
    // A root is right if both are one; a head if it is aligned with the gold's.
    let head = |gold: &Word, system: &Word| match (gold.head, system.head) {
        (None, None) => true,
        (Some(gold), Some(system)) => golds[system] == Some(gold),
        _ => false,
    };
    let arc = |gold: &Word, system: &Word| head(gold, system) && gold.relation == system.relation;
    let functional = |g: &Word, s: &Word| {
        g.functional.len() == s.functional.len()
            && g.functional.iter().zip(&s.functional).all(|(&g, &s)| {
                let (below, other) = (&gold.words[g], &system.words[s]);
                golds[s] == Some(g) && below.relation == other.relation && tags(below, other)
            })
    };
    let mut scores = vec![
        ("Tokens", spans(&tokens(gold), &tokens(system))),
        ("Sentences", spans(&sentences(gold), &sentences(system))),
        ("Words", bare(Counts::new(gold.words.len(), system.words.len(), pairs.len()))),
        ("UPOS", words(false, &|g, s| g.upos == s.upos)),
        ("XPOS", words(false, &|g, s| g.xpos == s.xpos)),
        ("UFeats", words(false, &|g, s| g.feats == s.feats)),
        ("AllTags", words(false, &|g, s| tags(g, s) && g.xpos == s.xpos)),
        ("Lemmas", words(false, &lemma)),
    ];
    if gold.heads && system.heads {
        scores.extend([
            ("UAS", words(false, &head)),
            ("LAS", words(false, &arc)),
            ("CLAS", words(true, &arc)),
            ("MLAS", words(true, &|g, s| arc(g, s) && tags(g, s) && functional(g, s))),
            ("BLEX", words(true, &|g, s| arc(g, s) && lemma(g, s))),
        ]);
    }
    Ok(Scores(scores))
}

/// Characters that are shown where two files differ.
const SHOWN: usize = 20;

fn same_characters(gold: &Treebank, system: &Treebank) -> Result<()> {
    if gold.characters == system.characters {
        return Ok(());
    }
    let at = gold.characters.iter().zip(&system.characters).take_while(|(gold, system)| gold == system).count();
    let line = |bank: &Treebank| {
        let token = bank.tokens.partition_point(|token| token.span.end <= at);
        bank.tokens.get(token).or(bank.tokens.last()).map_or(0, |token| token.line)
    };
    let shown = |bank: &Treebank| match &bank.characters[at..] {
        [] => "the end".to_owned(),
        rest => format!("`{}`", rest.iter().take(SHOWN).collect::<String>()),
    };
    Err(Error::new(
        ErrorKind::Data,
        format!(
            "not of the characters of {}:{}, from character {at} on (white space aside): {} there, {} here",
            gold.path.display(),
            line(gold),
            shown(gold),
            shown(system)
        ),
    )
    .at(&system.path)
    .line(line(system)))
}

/// Pairs each gold word with the system's word that is the same, both in their order.
fn align(gold: &[Word], system: &[Word]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let (mut g, mut s) = (0, 0);
    while g < gold.len() && s < system.len() {
        if gold[g].multi || system[s].multi {
            let (golds, systems) = stretch(gold, system, g, s);
            (g, s) = (golds.end, systems.end);
            common(gold, system, golds, systems, &mut pairs);
        } else if gold[g].span == system[s].span {
            pairs.push((g, s));
            g += 1;
            s += 1;
        } else if gold[g].span.start <= system[s].span.start {
            g += 1;
        } else {
            s += 1;
        }
    }
    pairs
}

/// The words of both sides over the multi-word token at `g` or `s`, and over those that overlap it, and so on.
fn stretch(gold: &[Word], system: &[Word], mut g: usize, mut s: usize) -> (Range<usize>, Range<usize>) {
    // A single word of the other side that begins before the token is no part of it.
    let mut end = if gold[g].multi {
        if !system[s].multi && system[s].span.start < gold[g].span.start {
            s += 1;
        }
        gold[g].span.end
    } else {
        if gold[g].span.start < system[s].span.start {
            g += 1;
        }
        // `s` has not moved.
        system[s].span.end
    };
    let (first_gold, first_system) = (g, s);
    // The words of a multi-word token belong to the stretch together, a single word only if it ends inside.
    let inside = |words: &[Word], at: usize, end: usize| {
        words.get(at).is_some_and(|word| if word.multi { word.span.start < end } else { word.span.end <= end })
    };
    while inside(gold, g, end) || inside(system, s, end) {
        let from_gold = match (gold.get(g), system.get(s)) {
            (Some(gold), Some(system)) => gold.span.start <= system.span.start,
            (gold, _) => gold.is_some(),
        };
        let word = if from_gold { &gold[g] } else { &system[s] };
        if word.multi {
            end = end.max(word.span.end);
        }
        if from_gold { g += 1 } else { s += 1 }
    }
    (first_gold..g, first_system..s)
}

/// Pairs the words of two stretches along a longest common subsequence of their forms.
fn common(gold: &[Word], system: &[Word], golds: Range<usize>, systems: Range<usize>, pairs: &mut Vec<(usize, usize)>) {
    let (rows, columns) = (golds.len(), systems.len());
    let same = |g: usize, s: usize| gold[golds.start + g].form == system[systems.start + s].form;
    // The length for the rest from each pair of places on.
    let mut length = vec![vec![0_usize; columns + 1]; rows + 1];
    for g in (0..rows).rev() {
        for s in (0..columns).rev() {
            let met = if same(g, s) { length[g + 1][s + 1] + 1 } else { 0 };
            length[g][s] = met.max(length[g + 1][s]).max(length[g][s + 1]);
        }
    }
    let (mut g, mut s) = (0, 0);
    while g < rows && s < columns {
        if same(g, s) {
            pairs.push((golds.start + g, systems.start + s));
            g += 1;
            s += 1;
        } else if length[g][s] == length[g + 1][s] {
            g += 1;
        } else {
            s += 1;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// CoNLL-U of lines `id form lemma upos feats head relation misc`; what is missing at the end is `_`.
    fn conllu(rows: &str) -> String {
        let mut out = String::new();
        for row in rows.lines() {
            if row.is_empty() || row.starts_with('#') {
                out.push_str(row);
            } else {
                let mut columns = row.split(' ').chain(std::iter::repeat("_"));
                let [id, form, lemma, upos, feats, head, relation, misc] =
                    std::array::from_fn(|_| columns.next().unwrap_or_default());
                out.push_str(&[id, form, lemma, upos, "_", feats, head, relation, "_", misc].join("\t"));
            }
            out.push('\n');
        }
        out
    }

    fn bank(rows: &str) -> Treebank {
        parse(&conllu(rows), Path::new("a.conllu")).unwrap()
    }

    /// Gold, system, right.
    fn counts(scores: &Scores, name: &str) -> (f64, f64, f64) {
        let counts = scores.get(name).unwrap().counts;
        (counts.gold, counts.predicted, counts.right)
    }

    fn scored(gold: &str, system: &str) -> Scores {
        score(&bank(gold), &bank(system)).unwrap()
    }

    #[test]
    fn itself_is_perfect() {
        let rows = "1-2 can't\n1 ca can AUX VerbForm=Fin 3 aux\n2 n't not PART _ 3 advmod\n3 wait wait VERB _ 0 root";
        let scores = scored(rows, rows);
        assert_eq!(scores.iter().count(), 13);
        assert!(scores.iter().all(|(_, score)| (score.counts.f1() - 1.0).abs() < 1e-9));
        assert_eq!(scores.get("CLAS").unwrap().aligned, Some(2));
    }

    #[test]
    fn multi_word_tokens_align_by_forms() {
        let gold = "1-2 وقالت\n1 و\n2 قالت\n3-4 للصين\n3 ل\n4 الصين\n5 نعم";
        // One is not cut, the other not restored: ل and نعم are left.
        let scores = scored(gold, "1 وقالت\n2-3 للصين\n2 ل\n3 لصين\n4 نعم");
        assert_eq!(counts(&scores, "Tokens"), (3.0, 3.0, 3.0));
        assert_eq!(counts(&scores, "Words"), (5.0, 4.0, 2.0));
        assert_eq!(counts(&scores, "UPOS"), (5.0, 4.0, 2.0));
        assert!((scores.get("Words").unwrap().counts.f1() - 4.0 / 9.0).abs() < 1e-9);
        // Whether the words are in one token does not matter to them, nor does case.
        let scores = scored("1-2 cannot\n1 can\n2 not\n3 go", "1 Can\n2 not\n3 go".replace("Can", "can").as_str());
        assert_eq!(counts(&scores, "Tokens"), (2.0, 3.0, 1.0));
        assert_eq!(counts(&scores, "Words"), (3.0, 3.0, 3.0));
        let scores = scored("1-2 Cannot\n1 can\n2 not", "1-2 Cannot\n1 Can\n2 not");
        assert_eq!(counts(&scores, "Words"), (2.0, 2.0, 2.0));
    }

    #[test]
    fn overlapping_multi_word_tokens_are_aligned_together() {
        // ab|cde over abc|de: one stretch of five characters, in which a, c and e are found in this order.
        let gold = "1-2 ab\n1 a\n2 b\n3-5 cde\n3 c\n4 d\n5 e\n6 f";
        let scores = scored(gold, "1-3 abc\n1 a\n2 x\n3 c\n4 de\n5 f");
        assert_eq!(counts(&scores, "Words"), (6.0, 5.0, 3.0));
        // A single word that begins before the token stays out.
        let scores = scored("1 a\n2-3 bc\n2 b\n3 c", "1 ab\n2 c");
        assert_eq!(counts(&scores, "Words"), (3.0, 2.0, 1.0));
    }

    #[test]
    fn a_shifted_word_costs_its_neighbours_only() {
        let scores = scored(
            "1 ab _ NOUN _ 3 nsubj\n2 c _ NOUN _ 1 nmod\n3 d _ VERB _ 0 root\n4 e _ NOUN _ 3 obj",
            "1 a _ NOUN _ 3 nsubj\n2 bc _ NOUN _ 1 nmod\n3 d _ NOUN _ 0 root\n4 e _ NOUN _ 3 obj",
        );
        assert_eq!(counts(&scores, "Words"), (4.0, 4.0, 2.0));
        assert_eq!(counts(&scores, "UPOS"), (4.0, 4.0, 1.0));
        assert_eq!(counts(&scores, "LAS"), (4.0, 4.0, 2.0));
        assert_eq!(scores.get("UPOS").unwrap().aligned_accuracy.value(), Some(0.5));
        assert_eq!(scores.get("Words").unwrap().aligned, None);
        // Its dependents lose their head.
        let scores = scored("1 ab _ X _ 0 root\n2 c _ X _ 1 dep", "1 a _ X _ 0 root\n2 b _ X _ 1 dep\n3 c _ X _ 1 dep");
        assert_eq!(counts(&scores, "UAS"), (2.0, 3.0, 0.0));
    }

    #[test]
    fn subtypes_and_features_of_one_treebank_do_not_count() {
        let scores = scored(
            "1 It it PRON Person=3|Number=Sing 2 nsubj:pass\n2 fell fall VERB Tense=Past|Typo=Yes 0 root",
            "1 It it PRON Number=Sing|Person=3 2 nsubj:outer\n2 fell fall VERB ExtPos=X|Tense=Past 0 root",
        );
        for name in ["UFeats", "AllTags", "LAS", "MLAS"] {
            assert_eq!(counts(&scores, name), (2.0, 2.0, 2.0), "{name}");
        }
    }

    #[test]
    fn functional_words_count_in_mlas_alone() {
        let gold = "1 The the DET _ 2 det\n2 dog _ NOUN _ 3 nsubj\n3 barks bark VERB _ 0 root\n4 . . PUNCT _ 3 punct";
        // Article and full stop hang wrong; a lemma is wrong, the other left open by the gold.
        let scores = scored(
            gold,
            "1 The the DET _ 3 det\n2 dog hound NOUN _ 3 nsubj\n3 barks barks VERB _ 0 root\n4 . . PUNCT _ 2 punct",
        );
        assert_eq!(counts(&scores, "UAS"), (4.0, 4.0, 2.0));
        assert_eq!(counts(&scores, "LAS"), (4.0, 4.0, 2.0));
        assert_eq!(counts(&scores, "CLAS"), (2.0, 2.0, 2.0));
        assert_eq!(counts(&scores, "MLAS"), (2.0, 2.0, 0.0));
        assert_eq!(counts(&scores, "Lemmas"), (4.0, 4.0, 3.0));
        assert_eq!(counts(&scores, "BLEX"), (2.0, 2.0, 1.0));
        // A wrong tag of the article costs its head.
        let scores = scored(gold, &gold.replace("DET", "PRON"));
        assert_eq!(counts(&scores, "MLAS"), (2.0, 2.0, 1.0));
        // Whether a word is content is up to each side.
        let scores = scored(gold, &gold.replace("nsubj", "case"));
        assert_eq!(counts(&scores, "CLAS"), (2.0, 1.0, 1.0));
    }

    #[test]
    fn sentences_and_missing_heads() {
        let scores = scored("1 a\n\n1 b", "1 a _ X _ 0 root\n2 b _ X _ 1 dep");
        assert_eq!(counts(&scores, "Sentences"), (2.0, 1.0, 0.0));
        assert_eq!(counts(&scores, "Words"), (2.0, 2.0, 2.0));
        assert_eq!((scores.iter().count(), scores.get("UAS")), (8, None));
    }

    #[test]
    fn scores_as_json_keep_their_order() {
        let json = serde_json::to_value(scored("1 a\n2 b", "1 a\n2 b")).unwrap();
        let names: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(names, ["Tokens", "Sentences", "Words", "UPOS", "XPOS", "UFeats", "AllTags", "Lemmas"]);
        assert_eq!(json["Words"]["right"], 2.0);
        assert_eq!(json["Words"]["aligned_accuracy"], serde_json::Value::Null);
        assert_eq!((&json["UPOS"]["f1"], &json["UPOS"]["aligned"]), (&1.0.into(), &2.into()));
    }

    #[test]
    fn what_is_no_tree_is_named_with_its_line() {
        for (rows, line, part) in [
            ("1 a _ X _ 0 root\n3 b _ X _ 1 dep", 2, "id `3` where 2 follows"),
            ("# text = a\n1 a _ X _ 1 dep", 2, "circle"),
            ("1 a _ X _ 0 root\n2 b _ X _ 3 dep\n3 c _ X _ 2 dep", 2, "circle"),
            ("1 a _ X _ 0 root\n\n1 b _ X _ 0 root\n2 c _ X _ 0 root", 4, "second root"),
            ("1 a _ X _ 2 dep", 1, "outside"),
            ("1 a _ X _ -1 dep", 1, "no head"),
            ("1 a _ X _ 0 root\n\n1 b", 3, "others none"),
            ("1-2 ab\n1 a", 2, "inside a multi-word token"),
            ("1-2 ab\n1 a\n2-3 bc", 3, "where word 2 follows"),
            ("2-3 ab", 1, "where word 1 follows"),
            ("1-b ab", 1, "no range"),
            ("1 \u{a0}", 1, "empty form"),
        ] {
            let error = parse(&conllu(rows), Path::new("a.conllu")).unwrap_err();
            assert_eq!((error.kind(), error.line_number()), (ErrorKind::Data, Some(line)), "{rows}: {error}");
            assert!(error.message().contains(part), "{error}");
        }
        assert!(parse("1\ta\n", Path::new("a")).unwrap_err().message().contains("ten columns"));
        assert!(parse("# alone\n\n", Path::new("a")).unwrap_err().message().contains("no sentence"));
    }

    #[test]
    fn other_characters_are_shown_where_they_begin() {
        let gold = bank("1 Beijing\n2 said\n\n1 no");
        let error = score(&gold, &bank("1 Bei\u{a0}jing\n2 says\n\n1 no")).unwrap_err();
        assert_eq!((error.kind(), error.line_number()), (ErrorKind::Data, Some(2)));
        assert!(error.message().contains("a.conllu:2, from character 9 on"), "{error}");
        assert!(error.message().contains("`idno` there, `ysno` here"), "{error}");
        let error = score(&gold, &bank("1 Beijing\n2 said")).unwrap_err();
        assert!(error.message().contains("`no` there, the end here"), "{error}");
    }

    #[test]
    fn texts_are_put_together() {
        let marked = bank(
            "# newdoc id = x\n# newpar\n# text = A b\n1 A\n2 b\n\n# text = c\n1 c _ _ _ _ _ SpaceAfter=No\n\n\
             1 d _ _ _ _ _ SpaceAfter=No\n2-3 ef\n2 e\n3 f\n4 g\n\n# newpar_block = p\n# newpar id = y\n1 h\n\n\
             # newdoc\n1 i",
        );
        let document = |id: &str, text: &str| RawDocument { id: id.into(), text: text.into() };
        assert_eq!(marked.documents(), [document("x", "A b cdef g\n\nh"), document("doc2", "i")]);
        let plain = bank(&"1 a\n\n".repeat(PARAGRAPH + 2));
        let text = vec!["a"; PARAGRAPH].join(" ") + "\n\na a";
        assert_eq!(plain.documents(), [document("doc1", &text)]);
        assert_eq!(plain.analyzed(&|document| document.id.clone()), "doc1");
    }
}
