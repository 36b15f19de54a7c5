//! The claim network: which words are predicates of claims or cues, which words belong to each, and the fields of claims.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;

use super::matrix::{Dense, Norm, Rows, Scratch, Table, add_scaled, dot};
use super::shape::{Activation, LayerShape};
use super::weights::Weights;
use super::word::{Blocks, Tables};
use crate::error::{Error, ErrorKind, Result};

/// What is said of a word: the predicate of a claim; if so, a claim of the United States, of China, stated by a source of the side.
pub const KINDS: usize = 4;

/// What belongs to a claim or an attribution, in the order of the scores.
pub const ROLES: usize = 4;

/// Scopes whose topic words are counted.
const SCOPES: usize = 6;

/// Where a span begins, where it ends, what it holds.
const PARTS: usize = 3;

/// Sizes and labels of the network.
#[derive(Debug, Clone, Deserialize)]
struct Shape {
    #[serde(flatten)]
    layer: LayerShape,
    features: usize,
    blocks: usize,
    tag: usize,
    role: usize,
    field: usize,
    labels: BTreeMap<String, Vec<String>>,
    calibration: BTreeMap<String, Calibrations>,
}

/// The calibration of a language, by who finds a claim.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Calibrations {
    /// Network and rules.
    pub both: Calibration,
    /// The network alone.
    pub network: Calibration,
    /// The rules alone.
    pub rules: Calibration,
}

/// Which claims are given, and what makes a confidence of a probability; found on articles that the network was not trained on.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Calibration {
    /// How likely a claim must be to be given.
    pub least: f32,
    scale: f32,
    shift: f32,
}

impl Calibration {
    /// How likely a claim of a probability is right (Platt 1999).
    pub fn confidence(self, probability: f32) -> f32 {
        let probability = probability.clamp(1e-6, 1.0 - 1e-6);
        sigmoid(self.scale * (probability / (1.0 - probability)).ln() + self.shift)
    }
}

/// The network; its vectors of words are those of the small network.
#[derive(Debug)]
pub struct ClaimModel {
    shape: Shape,
    tables: &'static Tables,
    feature: Table,
    norm: Norm,
    blocks: Blocks,
    tag: Dense,
    kinds: Dense,
    claim_seeks: Dense,
    cue_seeks: Dense,
    shows: Dense,
    field: Dense,
    theme: Dense,
    fields: Dense,
    topic: Dense,
    scopes: Dense,
    /// The columns of each field in a row of `fields`.
    columns: BTreeMap<String, Range<usize>>,
}

/// Words that are read together.
#[derive(Debug, Clone)]
pub struct Passage<'a> {
    /// The words as they are written.
    pub forms: &'a [&'a str],
    /// Rows of the features, as many for each word.
    pub features: &'a [usize],
}

/// What the network says of passages, before decoding: a row for each word.
#[derive(Debug)]
pub struct ClaimScores<'m> {
    model: &'m ClaimModel,
    passages: Vec<Range<usize>>,
    free: Rows,
    vectors: Rows,
    kinds: Rows,
    shows: Rows,
}

/// Which words look for their parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seeker {
    /// The predicate of a claim.
    Predicate,
    /// A cue.
    Cue,
}

/// Log-probabilities of where a role's words begin and end, and a score for each word to be among them.
#[derive(Debug, Clone)]
pub struct RoleScores {
    /// There is none; then for each word.
    begin: Vec<f32>,
    end: Vec<f32>,
    inside: Vec<f32>,
}

impl ClaimModel {
    /// Reads the weights. `tables`: those that it was trained with.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if a part is missing or of another shape.
    pub fn read(weights: &'static [u8], tables: &'static Tables) -> Result<Self> {
        let weights = Weights::open(weights)?;
        let shape: Shape = weights.shape()?;
        let width = shape.layer.hidden;
        if shape.layer.heads == 0 || !width.is_multiple_of(shape.layer.heads) || tables.width() != width {
            return Err(Error::new(ErrorKind::Model, "the sizes of the claim network do not fit together"));
        }
        let topics = shape.labels.get("topic").map_or(0, Vec::len);
        let (mut columns, mut parts, mut at) = (BTreeMap::new(), Vec::new(), 0);
        let names: Vec<(String, usize)> = shape
            .labels
            .iter()
            .filter(|(name, _)| *name != "topic")
            .map(|(name, labels)| (format!("heads.outputs.{name}"), labels.len()))
            .collect();
        for ((name, labels), (tensor, count)) in
            shape.labels.iter().filter(|(name, _)| *name != "topic").zip(names.iter())
        {
            columns.insert(name.clone(), at..at + labels.len());
            parts.push((tensor.as_str(), *count, (0..*count).collect()));
            at += labels.len();
        }
        let all = |count: usize| (0..count).collect::<Vec<_>>();
        let kinds = [("heads.predicate", KINDS, all(KINDS)), ("heads.cue", 1, all(1))];
        let seeks = ROLES * PARTS * (shape.role + 1);
        Ok(Self {
            tables,
            feature: Table::read(&weights, "feature", shape.features, width)?,
            norm: Norm::read(&weights, "norm", width, shape.layer.epsilon)?,
            blocks: Blocks::read(&weights, shape.layer, shape.blocks)?,
            tag: Dense::read(&weights, "heads.tag", shape.tag, width)?,
            kinds: Dense::joined(&weights, &kinds, shape.tag)?,
            claim_seeks: Dense::read(&weights, "heads.claim_seeks", seeks, width)?,
            cue_seeks: Dense::read(&weights, "heads.cue_seeks", seeks, width)?,
            shows: Dense::read(&weights, "heads.shows", PARTS * shape.role, width)?,
            field: Dense::read(&weights, "heads.field", shape.field, 2 * width)?,
            theme: Dense::read(&weights, "heads.theme", shape.field, 3 * width)?,
            fields: Dense::joined(&weights, &parts, shape.field)?,
            topic: Dense::read(&weights, "heads.outputs.topic", topics, shape.field)?,
            scopes: Dense::read(&weights, "heads.scopes", topics, SCOPES * topics)?,
            columns,
            shape,
        })
    }

    /// The labels of each field.
    pub fn labels(&self) -> &BTreeMap<String, Vec<String>> {
        &self.shape.labels
    }

    /// The calibration for a language.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if there is none.
    pub fn calibration(&self, language: &str) -> Result<Calibrations> {
        let none = || Error::new(ErrorKind::Model, format!("no calibration for {language}"));
        self.shape.calibration.get(language).copied().ok_or_else(none)
    }

    /// How many rows of features there are; the last is for "no head".
    pub fn feature_rows(&self) -> usize {
        self.shape.features
    }

    /// Reads passages.
    pub fn score(&self, passages: &[Passage<'_>]) -> ClaimScores<'_> {
        let count = passages.iter().map(|p| p.forms.len()).sum();
        let mut free = Rows::zeros(count, self.shape.layer.hidden);
        let mut ranges = Vec::with_capacity(passages.len());
        let (mut letters, mut at) = (Vec::new(), 0);
        for passage in passages {
            ranges.push(at..at + passage.forms.len());
            let kinds = passage.features.len() / passage.forms.len().max(1);
            for (form, features) in passage.forms.iter().zip(passage.features.chunks_exact(kinds.max(1))) {
                let row = free.row_mut(at);
                self.tables.add(form, row, &mut letters);
                for &feature in features {
                    self.feature.add(feature, row);
                }
                at += 1;
            }
        }
        self.norm.apply(&mut free, None);
        let mut vectors = free.clone();
        self.blocks.apply(&mut vectors, &ranges);
        let (mut scratch, mut tag, mut kinds, mut shows) =
            (Scratch::default(), Rows::default(), Rows::default(), Rows::default());
        self.tag.apply(&vectors, &mut tag, &mut scratch);
        tag.activate(self.activation());
        self.kinds.apply(&tag, &mut kinds, &mut scratch);
        self.shows.apply(&vectors, &mut shows, &mut scratch);
        ClaimScores { model: self, passages: ranges, free, vectors, kinds, shows }
    }

    fn activation(&self) -> Activation {
        self.shape.layer.activation
    }
}

impl ClaimScores<'_> {
    /// How likely the word of a row is the predicate of a claim, of one of the United States, of China, and of a stated one.
    pub fn predicate(&self, row: usize) -> [f32; KINDS] {
        std::array::from_fn(|kind| sigmoid(self.kinds.row(row)[kind]))
    }

    /// How likely the word of a row is a cue.
    pub fn cue(&self, row: usize) -> f32 {
        sigmoid(self.kinds.row(row)[KINDS])
    }

    /// The rows of a passage.
    pub fn rows(&self, passage: usize) -> Range<usize> {
        self.passages[passage].clone()
    }

    /// Scores of the words of a passage for each role of the words `ats` of it.
    pub fn roles(&self, passage: usize, ats: &[usize], seeker: Seeker) -> Vec<[RoleScores; ROLES]> {
        let model = self.model;
        let range = &self.passages[passage];
        let seeks = match seeker {
            Seeker::Predicate => &model.claim_seeks,
            Seeker::Cue => &model.cue_seeks,
        };
        let mut looking = Rows::default();
        seeks.apply(&self.chosen(ats.iter().map(|at| range.start + at)), &mut looking, &mut Scratch::default());
        let size = model.shape.role;
        let scores = |row: &[f32], role: usize, part: usize| -> Vec<f32> {
            let start = (role * PARTS + part) * (size + 1);
            let seek = &row[start..start + size];
            let shown = range.clone().map(|at| dot(seek, &self.shows.row(at)[part * size..(part + 1) * size]));
            std::iter::once(row[start + size]).chain(shown).collect()
        };
        (0..ats.len())
            .map(|i| {
                let row = looking.row(i);
                std::array::from_fn(|role| RoleScores {
                    begin: log_softmax(scores(row, role, 0)),
                    end: log_softmax(scores(row, role, 1)),
                    inside: scores(row, role, 2),
                })
            })
            .collect()
    }

    /// Scores of the labels of each field of a claim. `at`: its predicate; `content`: its words in the passage; `scopes`: the topic words
    /// of each scope.
    pub fn fields(&self, passage: usize, at: usize, content: Range<usize>, scopes: &[f32]) -> BTreeMap<&str, Vec<f32>> {
        let model = self.model;
        let range = &self.passages[passage];
        let mean = |rows: &Rows, part: Range<usize>| {
            let mut mean = vec![0.0; rows.width];
            let weight = 1.0 / part.len().max(1) as f32;
            for at in part {
                add_scaled(&mut mean, rows.row(at), weight);
            }
            mean
        };
        let words = range.start + content.start..range.start + content.end;
        let inner = mean(&self.vectors, words.clone());
        let own = [self.vectors.row(range.start + at), &inner].concat();
        let themes = [inner.as_slice(), &mean(&self.free, words), &mean(&self.free, range.clone())].concat();
        let mut scratch = Scratch::default();
        let mut through = |first: &Dense, second: &Dense, data: Vec<f32>| {
            let (mut inner, mut out) = (Rows::default(), Rows::default());
            first.apply(&Rows { width: data.len(), data }, &mut inner, &mut scratch);
            inner.activate(model.activation());
            second.apply(&inner, &mut out, &mut scratch);
            out.data
        };
        let fields = through(&model.field, &model.fields, own);
        let mut topic = through(&model.theme, &model.topic, themes);
        let mut by_words = Rows::default();
        let scopes = Rows { width: scopes.len(), data: scopes.to_vec() };
        model.scopes.apply(&scopes, &mut by_words, &mut scratch);
        add_scaled(&mut topic, &by_words.data, 1.0);
        let columns = model.columns.iter().map(|(name, columns)| (name.as_str(), fields[columns.clone()].to_vec()));
        columns.chain([("topic", topic)]).collect()
    }

    fn chosen(&self, rows: impl Iterator<Item = usize>) -> Rows {
        let data = rows.flat_map(|row| self.vectors.row(row)).copied().collect();
        Rows { data, width: self.vectors.width }
    }
}

/// Weight of the words' own scores beside those of the ends of a span.
const INSIDE: f32 = 0.5;

impl RoleScores {
    /// The best span, and how much better it is than none.
    pub fn best(&self) -> (Range<usize>, f32) {
        let (begin, end) = self.ends();
        let (mut best, mut start) = (f32::NEG_INFINITY, 0);
        let (mut most, mut span) = (f32::NEG_INFINITY, 0..0);
        for at in 0..begin.len() {
            if begin[at] > best {
                (best, start) = (begin[at], at);
            }
            if best + end[at] > most {
                (most, span) = (best + end[at], start..at + 1);
            }
        }
        let margin = self.begin[1 + span.start] + self.end[span.end] - self.begin[0] - self.end[0];
        (span, margin)
    }

    /// The best span that holds a word.
    pub fn around(&self, at: usize) -> Range<usize> {
        let (begin, end) = self.ends();
        let best =
            |scores: &[f32]| (0..scores.len()).fold(0, |most, i| if scores[i] > scores[most] { i } else { most });
        best(&begin[..=at])..at + best(&end[at..]) + 1
    }

    /// All scores, as they are: begin, end, inside, each with "none" first.
    pub fn parts(&self) -> [&[f32]; PARTS] {
        [&self.begin, &self.end, &self.inside]
    }

    /// Scores of each word as the first and as the last, with the words' own scores summed up before and until it.
    fn ends(&self) -> (Vec<f32>, Vec<f32>) {
        let mut sum = 0.0;
        let (mut begin, mut end) = (Vec::with_capacity(self.inside.len()), Vec::with_capacity(self.inside.len()));
        for at in 1..self.inside.len() {
            begin.push(self.begin[at] - INSIDE * sum);
            sum += self.inside[at];
            end.push(self.end[at] + INSIDE * sum);
        }
        (begin, end)
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

fn log_softmax(mut row: Vec<f32>) -> Vec<f32> {
    let most = row.iter().fold(f32::NEG_INFINITY, |most, &x| most.max(x));
    let sum = row.iter().map(|x| (x - most).exp()).sum::<f32>().ln() + most;
    for x in &mut row {
        *x -= sum;
    }
    row
}
