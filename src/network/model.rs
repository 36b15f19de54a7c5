//! A network for both languages: what it says of the words of sentences.

use std::collections::HashMap;

use super::encoder::{Encoder, Pieces};
use super::matrix::{Dense, Rows, Scratch, Window, add_scaled, dot, product, windows_product};
use super::pieces::Vocabulary;
use super::script;
use super::shape::Shape;
use super::spanning;
use super::viterbi;
use super::weights::Weights;
use crate::error::{Error, ErrorKind, Result};

/// Encoder and heads.
#[derive(Debug)]
pub struct Model {
    shape: Shape,
    vocabulary: Vocabulary,
    encoder: Encoder,
    sources: Vec<f32>,
    tag: Dense,
    name: Dense,
    arc_head: Dense,
    arc_dependent: Dense,
    relation_head: Dense,
    relation_dependent: Dense,
    arc: Vec<f32>,
    relation: Vec<f32>,
    outputs: HashMap<&'static str, Dense>,
}

/// The heads that give each word one class.
const HEADS: [&str; 6] = ["upos", "xpos", "feats", "lemma", "vowels", "restored"];

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
    /// Penn Treebank tag; of no meaning for Arabic.
    pub xpos: &'m str,
    /// Universal features, `_` for none.
    pub feats: &'m str,
    /// Lemma, without vowel marks.
    pub lemma: String,
    /// Arabic lemma with vowel marks; of no meaning for English.
    pub vocalised: String,
    /// The form of a host as a dictionary spells it (إصابة for اصابة in واصابة); of no meaning elsewhere.
    pub restored: String,
    /// Its head within the sentence, `None` for the root.
    pub head: Option<usize>,
    /// The relation to it.
    pub relation: &'m str,
    /// `O`, or `B-` or `I-` and the type of a name.
    pub name: &'m str,
}

/// Words to be read, and whose habits to follow.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The words of a sentence.
    pub words: &'a [&'a str],
    /// Data set whose habits its words and trees follow.
    pub syntax: &'a str,
    /// Data set whose habits its names follow.
    pub names: &'a str,
}

/// Words of a sentence that went through the encoder together.
#[derive(Debug, Clone)]
pub struct Part {
    /// Number of the sentence.
    pub sentence: usize,
    /// Its words.
    pub words: std::ops::Range<usize>,
    /// Row of the root in the scores; the words follow.
    pub base: usize,
}

/// What the heads say before decoding: a row for the root of each part and one for each word.
#[derive(Debug)]
pub struct Scores {
    /// The parts, in the order of the rows.
    pub parts: Vec<Part>,
    /// Scores of the classes of each head.
    pub heads: HashMap<&'static str, Rows>,
    arc_heads: Rows,
    arc_dependents: Rows,
    relation_heads: Rows,
    relation_dependents: Rows,
}

impl Scores {
    /// Scores of the arcs of a part, dependents × heads; 0 is the root.
    pub fn arcs(&self, part: &Part) -> Vec<f32> {
        let rows = part.base..part.base + part.words.len() + 1;
        let (dependents, heads) = (&self.arc_dependents, &self.arc_heads);
        let mut out = Vec::new();
        windows_product(
            Window::new(dependents, rows.clone(), 0..dependents.width),
            Window::new(heads, rows, 0..heads.width),
            true,
            &mut out,
        );
        out
    }

    /// Scores of the relations of a row's word to that of another row.
    pub fn relations(&self, dependent: usize, head: usize) -> Vec<f32> {
        let head = self.relation_heads.row(head);
        self.relation_dependents.row(dependent).chunks_exact(head.len()).map(|mixed| dot(mixed, head)).collect()
    }
}

impl Model {
    /// Reads the weights and the vocabulary.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if a part is missing or of another shape.
    pub fn read(weights: &'static [u8], vocabulary: &[u8]) -> Result<Self> {
        let weights = Weights::open(weights)?;
        let shape: Shape = weights.shape()?;
        let width = shape.hidden;
        let fits = shape.heads > 0 && width.is_multiple_of(shape.heads) && shape.positions > LEAST_POSITIONS;
        if !fits {
            return Err(Error::new(ErrorKind::Model, "the sizes of the network do not fit together"));
        }
        let dense = |name: &str, outputs| Dense::read(&weights, name, outputs, width);
        let classes = |head: &str| shape.labels.get(head).map_or(0, Vec::len);
        let mut outputs = HashMap::new();
        for head in HEADS.into_iter().chain(["name", "relation"]) {
            if classes(head) == 0 {
                return Err(Error::new(ErrorKind::Model, format!("the head {head} has no classes")));
            }
            if head == "relation" {
                continue;
            }
            let inputs = if head == "name" { shape.name } else { shape.tag };
            outputs.insert(head, Dense::read(&weights, &format!("outputs.{head}"), classes(head), inputs)?);
        }
        let relations = classes("relation");
        Ok(Self {
            vocabulary: Vocabulary::read(vocabulary)?,
            encoder: Encoder::read(&weights, &shape)?,
            sources: weights.floats("source", &[shape.sources.len(), width])?,
            tag: dense("tag", shape.tag)?,
            name: dense("name", shape.name)?,
            arc_head: dense("arc_head", shape.arc)?,
            arc_dependent: dense("arc_dependent", shape.arc)?,
            relation_head: dense("relation_head", shape.relation)?,
            relation_dependent: dense("relation_dependent", shape.relation)?,
            arc: weights.scaled("arc", shape.arc + 1, shape.arc)?,
            relation: weights.scaled("relation", shape.relation + 1, relations * (shape.relation + 1))?,
            outputs,
            shape,
        })
    }

    fn source(&self, name: &str) -> Result<&[f32]> {
        let at = self.shape.sources.iter().position(|s| s == name);
        let at =
            at.ok_or_else(|| Error::new(ErrorKind::Model, format!("the network does not know the source {name}")))?;
        Ok(&self.sources[at * self.shape.hidden..(at + 1) * self.shape.hidden])
    }

    /// Reads sentences.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] for a source that the network does not know.
    pub fn read_sentences(&self, requests: &[Request<'_>]) -> Result<Vec<Vec<Reading<'_>>>> {
        let scores = self.score(requests)?;
        let mut out: Vec<Vec<Reading<'_>>> = requests.iter().map(|r| Vec::with_capacity(r.words.len())).collect();
        for part in &scores.parts {
            self.decode(requests[part.sentence].words, part, &scores, &mut out[part.sentence]);
        }
        Ok(out)
    }

    /// Cuts sentences into pieces; one with more pieces than the encoder has positions becomes several parts. Also the
    /// word, counted within its part, of each piece.
    fn pieces(&self, requests: &[Request<'_>]) -> (Pieces, Vec<Option<usize>>, Vec<Part>) {
        let mut seen = HashMap::new();
        let mut pieces = Pieces::default();
        let mut words = Vec::new();
        let mut parts = Vec::new();
        let (first, last) = self.vocabulary.marks;
        let mut base = 0;
        for (sentence, request) in requests.iter().enumerate() {
            let mut from = 0;
            while from < request.words.len() {
                let start = pieces.numbers.len();
                pieces.numbers.push(first);
                words.push(None);
                let mut to = from;
                while to < request.words.len() {
                    let cut = self.vocabulary.cut(request.words[to], &mut seen);
                    if pieces.numbers.len() - start + cut.len() >= self.shape.positions {
                        break;
                    }
                    pieces.numbers.extend(cut);
                    words.extend(std::iter::repeat_n(Some(to - from), cut.len()));
                    to += 1;
                }
                pieces.numbers.push(last);
                words.push(None);
                pieces.sentences.push(start..pieces.numbers.len());
                parts.push(Part { sentence, words: from..to, base });
                base += to - from + 1;
                from = to;
            }
        }
        (pieces, words, parts)
    }

    /// The scores of all heads.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] for a source that the network does not know.
    pub fn score(&self, requests: &[Request<'_>]) -> Result<Scores> {
        let (pieces, word_of, parts) = self.pieces(requests);
        let encoded = self.encoder.encode(&pieces);
        let total = parts.last().map_or(0, |p| p.base + p.words.len() + 1);
        let width = self.shape.hidden;
        let mut tagged = Rows::zeros(total, width);
        let mut named = Rows::zeros(total, width);
        for (part, sentence) in parts.iter().zip(&pieces.sentences) {
            let mut counts = vec![0.0f32; part.words.len() + 1];
            for at in sentence.clone() {
                let place = word_of[at].map_or(0, |w| w + 1);
                counts[place] += 1.0;
                add_scaled(tagged.row_mut(part.base + place), encoded.row(at), 1.0);
            }
            let request = &requests[part.sentence];
            let (syntax, names) = (self.source(request.syntax)?, self.source(request.names)?);
            for (place, count) in counts.into_iter().enumerate() {
                let row = tagged.row_mut(part.base + place);
                for x in row.iter_mut() {
                    *x /= count;
                }
                let name = named.row_mut(part.base + place);
                name.copy_from_slice(row);
                add_scaled(name, names, 1.0);
                add_scaled(row, syntax, 1.0);
            }
        }
        let mut scratch = Scratch::default();
        let mut through = |dense: &Dense, rows: &Rows, activate: bool| {
            let mut out = Rows::default();
            dense.apply(rows, &mut out, &mut scratch);
            if activate {
                out.gelu();
            }
            out
        };
        let tag = through(&self.tag, &tagged, true);
        let name = through(&self.name, &named, true);
        let mut heads: HashMap<&'static str, Rows> =
            HEADS.iter().map(|&head| (head, through(&self.outputs[head], &tag, false))).collect();
        heads.insert("name", through(&self.outputs["name"], &name, false));
        let arc_heads = through(&self.arc_head, &tagged, true);
        let dependents = with_one(&through(&self.arc_dependent, &tagged, true));
        let relations = self.shape.labels["relation"].len() * (self.shape.relation + 1);
        let relation_dependents = with_one(&through(&self.relation_dependent, &tagged, true));
        Ok(Scores {
            parts,
            heads,
            arc_heads,
            arc_dependents: product(&dependents, &self.arc, self.shape.arc),
            relation_heads: with_one(&through(&self.relation_head, &tagged, true)),
            relation_dependents: product(&relation_dependents, &self.relation, relations),
        })
    }

    fn decode<'m>(&'m self, words: &[&str], part: &Part, scores: &Scores, out: &mut Vec<Reading<'m>>) {
        let n = part.words.len() + 1;
        let tree = spanning::tree(&scores.arcs(part), n);
        let name = &scores.heads["name"];
        let names = &self.shape.labels["name"];
        let path = viterbi::path(&name.data[(part.base + 1) * name.width..(part.base + n) * name.width], names);
        let label = |head: &str, at: usize| self.shape.labels[head][best(scores.heads[head].row(at))].as_str();
        // Later parts of a long sentence hang on the root of its first part.
        let first_root = out.iter().position(|r| r.head.is_none());
        for d in 1..n {
            let at = part.base + d;
            let form = words[part.words.start + d - 1];
            let lemma = self.word("lemma", scores, at, form, script::edit);
            let (head, relation) = match (tree[d], first_root) {
                (0, None) => (None, "root"),
                (0, Some(root)) => (Some(root), "parataxis"),
                (head, _) => {
                    (Some(part.words.start + head - 1), self.relation_label(&scores.relations(at, part.base + head)))
                }
            };
            out.push(Reading {
                upos: label("upos", at),
                xpos: label("xpos", at),
                feats: label("feats", at),
                vocalised: self.word("vowels", scores, at, &lemma, script::vocalise),
                lemma,
                restored: self.word("restored", scores, at, form, script::edit),
                head,
                relation,
                name: &names[path[d - 1]],
            });
        }
    }

    /// What the best script that fits makes of the word at a row; the word itself if none does.
    fn word(&self, head: &str, scores: &Scores, at: usize, word: &str, apply: Apply) -> String {
        let mut row = scores.heads[head].row(at).to_vec();
        let tries = if word.is_empty() { 0 } else { TRIES };
        let made = (0..tries).find_map(|_| {
            let class = best(&row);
            row[class] = f32::NEG_INFINITY;
            apply(word, &self.shape.labels[head][class])
        });
        made.unwrap_or_else(|| word.to_owned())
    }

    /// The best relation that is not the root's.
    fn relation_label(&self, scores: &[f32]) -> &str {
        let labels = &self.shape.labels["relation"];
        let root = labels.iter().position(|l| l == "root");
        let mut most = usize::from(root == Some(0));
        for (at, score) in scores.iter().enumerate() {
            if Some(at) != root && *score > scores[most] {
                most = at;
            }
        }
        &labels[most]
    }
}

fn best(row: &[f32]) -> usize {
    (0..row.len()).fold(0, |most, at| if row[at] > row[most] { at } else { most })
}

/// Each row with a one at its end, for the bias of a bilinear form.
fn with_one(rows: &Rows) -> Rows {
    let mut out = Rows { data: Vec::with_capacity(rows.len() * (rows.width + 1)), width: rows.width + 1 };
    for row in rows.data.chunks_exact(rows.width) {
        out.data.extend_from_slice(row);
        out.data.push(1.0);
    }
    out
}
