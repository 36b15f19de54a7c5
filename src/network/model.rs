//! A network for both languages: what it says of the words of sentences.

use std::collections::HashMap;
use std::ops::Range;

use super::encoder::{Encoder, Pieces};
use super::heads::{CLASSES, Habits, Heads, Scores};
use super::matrix::{Rows, Scratch, add_scaled};
use super::pieces::Vocabulary;
use super::script;
use super::shape::{Inputs, Shape};
use super::spanning;
use super::viterbi;
use super::weights::Weights;
use super::word::{Tables, WordEncoder};
use crate::error::{Error, ErrorKind, Result};

/// Encoder and heads.
#[derive(Debug)]
pub struct Model {
    shape: Shape,
    input: Input,
    heads: Heads,
}

#[derive(Debug)]
enum Input {
    Pieces { vocabulary: Box<Vocabulary>, encoder: Encoder, positions: usize },
    Words(WordEncoder),
}

/// A sentence part has room for the marks and one word of most pieces.
const LEAST_POSITIONS: usize = 18;

/// Scripts that are tried on a word, from the best on.
const TRIES: usize = 40;

/// Makes a word by a script.
type Apply = fn(&str, &str) -> Option<String>;

/// What the network says of a word.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading<'m> {
    /// Universal part of speech.
    pub upos: &'m str,
    /// Penn Treebank tag; empty for a language without them.
    pub xpos: &'m str,
    /// Universal features, `_` for none.
    pub feats: &'m str,
    /// Lemma, without vowel marks.
    pub lemma: String,
    /// Lemma with vowel marks, of a language that has them.
    pub vocalised: Option<String>,
    /// The form of a host as a dictionary spells it (إصابة for اصابة in واصابة), of a language with clitics.
    pub restored: Option<String>,
    /// Its head within the sentence, `None` for the root.
    pub head: Option<usize>,
    /// The relation to it.
    pub relation: &'m str,
    /// `O`, or `B-` or `I-` and the type of a name.
    pub name: &'m str,
}

/// Words of a sentence that went through the encoder together.
#[derive(Debug, Clone)]
pub struct Part {
    /// Number of the sentence.
    pub sentence: usize,
    /// Its words.
    pub words: Range<usize>,
    /// Row of the root in the scores; the words follow.
    pub base: usize,
}

impl Part {
    /// The rows of its root and its words.
    pub fn rows(&self) -> Range<usize> {
        self.base..self.base + self.words.len() + 1
    }
}

impl Model {
    /// Reads the weights, and the vocabulary of a network over subword pieces.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if a part is missing or of another shape.
    pub fn read(weights: &'static [u8], vocabulary: Option<&[u8]>) -> Result<Self> {
        let weights = Weights::open(weights)?;
        let shape: Shape = weights.shape()?;
        let unfit = || Error::new(ErrorKind::Model, "the sizes of the network do not fit together");
        if shape.layer.heads == 0 || !shape.layer.hidden.is_multiple_of(shape.layer.heads) {
            return Err(unfit());
        }
        let input = match shape.inputs {
            Inputs::Pieces { pieces, layers, positions } => {
                let vocabulary =
                    vocabulary.ok_or_else(|| Error::new(ErrorKind::Model, "the network needs a vocabulary"))?;
                if positions <= LEAST_POSITIONS {
                    return Err(unfit());
                }
                let encoder = Encoder::read(&weights, &shape, pieces, layers, positions)?;
                Input::Pieces { vocabulary: Box::new(Vocabulary::read(vocabulary)?), encoder, positions }
            }
            Inputs::Words { words, listed, buckets, blocks } => {
                if buckets == 0 {
                    return Err(unfit());
                }
                let tables = Tables::read(&weights, shape.layer.hidden, words, listed, buckets)?;
                Input::Words(WordEncoder::read(&weights, &shape, tables, blocks)?)
            }
        };
        Ok(Self { input, heads: Heads::read(&weights, &shape)?, shape })
    }

    /// What its vectors of words are made of; `None` for a network over subword pieces.
    pub fn tables(&self) -> Option<&Tables> {
        match &self.input {
            Input::Pieces { .. } => None,
            Input::Words(encoder) => Some(encoder.tables()),
        }
    }

    /// Reads sentences of one language.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] for a language or a source that the network does not know.
    pub fn read_sentences(&self, sentences: &[&[&str]], habits: Habits<'_>) -> Result<Vec<Vec<Reading<'_>>>> {
        let mut out: Vec<Vec<Reading<'_>>> = sentences.iter().map(|s| Vec::with_capacity(s.len())).collect();
        if sentences.iter().all(|words| words.is_empty()) {
            return Ok(out);
        }
        let (scores, parts) = self.score(sentences, habits)?;
        for part in &parts {
            self.decode(sentences[part.sentence], part, &scores, &mut out[part.sentence]);
        }
        Ok(out)
    }

    /// The scores of all heads, and the rows of each sentence in them.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] for a language or a source that the network does not know.
    pub fn score(&self, sentences: &[&[&str]], habits: Habits<'_>) -> Result<(Scores<'_>, Vec<Part>)> {
        let (words, parts) = match &self.input {
            Input::Pieces { vocabulary, encoder, positions } => {
                let (pieces, word_of, parts) = cut(vocabulary, *positions, sentences);
                (means(&encoder.encode(&pieces), &pieces, &word_of, &parts), parts)
            }
            Input::Words(encoder) => {
                let (rows, ranges) = encoder.encode(sentences);
                let part = |(sentence, range): (usize, &Range<usize>)| Part {
                    sentence,
                    words: 0..range.len() - 1,
                    base: range.start,
                };
                (rows, ranges.iter().enumerate().map(part).collect())
            }
        };
        Ok((self.heads.score(words, habits, &mut Scratch::default())?, parts))
    }

    fn decode<'m>(&'m self, words: &[&str], part: &Part, scores: &Scores<'m>, out: &mut Vec<Reading<'m>>) {
        let n = part.words.len() + 1;
        let tree = spanning::tree(&scores.arcs(part.rows()), n);
        let name = &scores.names;
        let names = &self.shape.labels["name"];
        let path = viterbi::path(&name.data[(part.base + 1) * name.width..(part.base + n) * name.width], names);
        let [upos, xpos, feats, lemmas, vowels, restored] = CLASSES.map(|head| self.view(head, scores));
        let label =
            |view: &Option<View<'m>>, at: usize| view.as_ref().map_or("", |view| view.label(scores.classes(at)));
        let made = |view: &Option<View<'_>>, at: usize, word: &str, apply: Apply| {
            view.as_ref().map(|view| view.word(scores.classes(at), word, apply))
        };
        // Later parts of a long sentence hang on the root of its first part.
        let first_root = out.iter().position(|r| r.head.is_none());
        for d in 1..n {
            let at = part.base + d;
            let form = words[part.words.start + d - 1];
            let lemma = made(&lemmas, at, form, script::edit).unwrap_or_else(|| form.to_owned());
            let (head, relation) = match (tree[d], first_root) {
                (0, None) => (None, "root"),
                (0, Some(root)) => (Some(root), "parataxis"),
                (head, _) => (Some(part.words.start + head - 1), self.relation(scores, at, part.base + head)),
            };
            out.push(Reading {
                upos: label(&upos, at),
                xpos: label(&xpos, at),
                feats: label(&feats, at),
                vocalised: made(&vowels, at, &lemma, script::vocalise),
                lemma,
                restored: made(&restored, at, form, script::edit),
                head,
                relation,
                name: &names[path[d - 1]],
            });
        }
    }

    /// A head of the scores' language, if it has it.
    fn view<'m>(&'m self, head: &str, scores: &Scores<'m>) -> Option<View<'m>> {
        let (columns, classes) = scores.language.head(head)?;
        Some(View { columns, classes, labels: &self.shape.labels[head] })
    }

    /// The best relation that is not the root's.
    fn relation(&self, scores: &Scores<'_>, dependent: usize, head: usize) -> &str {
        let labels = &self.shape.labels["relation"];
        let mut most = ("dep", f32::NEG_INFINITY);
        for (place, &class) in scores.language.relations.iter().enumerate() {
            let score = scores.relation(place, dependent, head);
            if score > most.1 && labels[class] != "root" {
                most = (&labels[class], score);
            }
        }
        most.0
    }
}

/// A head of a language: where its scores stand in a row, and its classes.
struct View<'m> {
    columns: Range<usize>,
    classes: &'m [usize],
    labels: &'m [String],
}

impl<'m> View<'m> {
    /// The best class.
    fn label(&self, row: &[f32]) -> &'m str {
        &self.labels[self.classes[best(&row[self.columns.clone()])]]
    }

    /// What the best script that fits makes of a word; the word itself if none does.
    fn word(&self, row: &[f32], word: &str, apply: Apply) -> String {
        let row = &row[self.columns.clone()];
        let first = best(row);
        let made = apply(word, &self.labels[self.classes[first]]).or_else(|| {
            let mut row = row.to_vec();
            row[first] = f32::NEG_INFINITY;
            (1..TRIES.min(row.len())).find_map(|_| {
                let next = best(&row);
                row[next] = f32::NEG_INFINITY;
                apply(word, &self.labels[self.classes[next]])
            })
        });
        made.unwrap_or_else(|| word.to_owned())
    }
}

/// Cuts sentences into pieces; one with more pieces than the encoder has positions becomes several parts. Also the word,
/// counted within its part, of each piece.
fn cut(vocabulary: &Vocabulary, positions: usize, sentences: &[&[&str]]) -> (Pieces, Vec<Option<usize>>, Vec<Part>) {
    let mut seen = HashMap::new();
    let mut pieces = Pieces::default();
    let mut word_of = Vec::new();
    let mut parts = Vec::new();
    let (first, last) = vocabulary.marks;
    let mut base = 0;
    for (sentence, words) in sentences.iter().enumerate() {
        let mut from = 0;
        while from < words.len() {
            let start = pieces.numbers.len();
            pieces.numbers.push(first);
            word_of.push(None);
            let mut to = from;
            while to < words.len() {
                let cut = vocabulary.cut(words[to], &mut seen);
                if pieces.numbers.len() - start + cut.len() >= positions {
                    break;
                }
                pieces.numbers.extend(cut);
                word_of.extend(std::iter::repeat_n(Some(to - from), cut.len()));
                to += 1;
            }
            pieces.numbers.push(last);
            word_of.push(None);
            pieces.sentences.push(start..pieces.numbers.len());
            parts.push(Part { sentence, words: from..to, base });
            base += to - from + 1;
            from = to;
        }
    }
    (pieces, word_of, parts)
}

/// The mean of the vectors of each word's pieces; of the root that of the sentence marks.
fn means(encoded: &Rows, pieces: &Pieces, word_of: &[Option<usize>], parts: &[Part]) -> Rows {
    let mut rows = Rows::zeros(parts.last().map_or(0, |p| p.rows().end), encoded.width);
    for (part, sentence) in parts.iter().zip(&pieces.sentences) {
        let mut counts = vec![0.0f32; part.words.len() + 1];
        for at in sentence.clone() {
            let place = word_of[at].map_or(0, |w| w + 1);
            counts[place] += 1.0;
            add_scaled(rows.row_mut(part.base + place), encoded.row(at), 1.0);
        }
        for (place, count) in counts.into_iter().enumerate() {
            rows.row_mut(part.base + place).iter_mut().for_each(|x| *x /= count);
        }
    }
    rows
}

fn best(row: &[f32]) -> usize {
    (0..row.len()).fold(0, |most, at| if row[at] > row[most] { at } else { most })
}
