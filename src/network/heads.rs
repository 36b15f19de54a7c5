//! What is said of a word from its vector: classes, names, arcs and relations.

use std::collections::BTreeMap;
use std::ops::Range;

use super::matrix::{Dense, Rows, Scratch, Window, add_scaled, dot, windows_product};
use super::shape::{Activation, Shape};
use super::weights::Weights;
use crate::error::{Error, ErrorKind, Result};

/// The heads that give each word one class.
pub const CLASSES: [&str; 6] = ["upos", "xpos", "feats", "lemma", "vowels", "restored"];

/// Whose habits to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Habits<'a> {
    /// Language, whose classes alone are looked at.
    pub language: &'a str,
    /// Data set whose habits words and trees follow.
    pub syntax: &'a str,
    /// Data set whose habits names follow.
    pub names: &'a str,
}

/// The weights of all heads.
#[derive(Debug)]
pub struct Heads {
    sources: BTreeMap<String, Vec<f32>>,
    /// The vectors that classes, arcs and relations start from, side by side.
    first: Dense,
    columns: Columns,
    activation: Activation,
    name: Dense,
    names: Dense,
    arc: Dense,
    languages: BTreeMap<String, Language>,
}

/// Where each vector lies in a row of the first layer.
#[derive(Debug, Clone)]
struct Columns {
    tag: Range<usize>,
    arc_head: Range<usize>,
    arc_dependent: Range<usize>,
    relation_head: Range<usize>,
    relation_dependent: Range<usize>,
}

/// The classes of a language.
#[derive(Debug)]
pub struct Language {
    classes: Dense,
    relation: Dense,
    /// The columns of each head, and the numbers of its classes.
    heads: BTreeMap<&'static str, (Range<usize>, Vec<usize>)>,
    /// The numbers of its relations.
    pub relations: Vec<usize>,
}

impl Language {
    /// The columns of a head in a row of scores and the numbers of its classes; `None` if the language does not have it.
    pub fn head(&self, head: &str) -> Option<(Range<usize>, &[usize])> {
        self.heads.get(head).map(|(columns, classes)| (columns.clone(), classes.as_slice()))
    }
}

/// What the heads say before decoding: a row for the root of each sentence and one for each word.
#[derive(Debug)]
pub struct Scores<'m> {
    /// The language whose classes are scored.
    pub language: &'m Language,
    classes: Rows,
    /// Scores of the name labels.
    pub names: Rows,
    first: Rows,
    columns: &'m Columns,
    looked_for: Rows,
    mixed: Rows,
}

impl Scores<'_> {
    /// Scores of the language's classes of all heads, for a row; [`Language::head`] tells the columns of each.
    pub fn classes(&self, row: usize) -> &[f32] {
        self.classes.row(row)
    }

    /// Scores of the arcs between rows, dependents × heads.
    pub fn arcs(&self, rows: Range<usize>) -> Vec<f32> {
        let mut out = Vec::new();
        windows_product(
            Window::new(&self.looked_for, rows.clone(), 0..self.looked_for.width),
            Window::new(&self.first, rows, self.columns.arc_head.clone()),
            true,
            &mut out,
        );
        out
    }

    /// Score of a relation, by its place among the language's, of a row's word to that of another row.
    pub fn relation(&self, place: usize, dependent: usize, head: usize) -> f32 {
        let head = &self.first.row(head)[self.columns.relation_head.clone()];
        let width = head.len() + 1;
        let mixed = &self.mixed.row(dependent)[place * width..(place + 1) * width];
        dot(&mixed[..head.len()], head) + mixed[head.len()]
    }
}

impl Heads {
    /// Takes the tensors of the heads.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if one is missing or has another shape, or a language has a class that is not there.
    pub fn read(weights: &Weights<'_>, shape: &Shape) -> Result<Self> {
        let width = shape.layer.hidden;
        let mut end = 0;
        let mut next = |size: usize| {
            end += size;
            end - size..end
        };
        let columns = Columns {
            tag: next(shape.tag),
            arc_head: next(shape.arc),
            arc_dependent: next(shape.arc),
            relation_head: next(shape.relation),
            relation_dependent: next(shape.relation),
        };
        let all = |name: &'static str, size: usize| (name, size, (0..size).collect::<Vec<_>>());
        let first = [
            all("word_heads.tag", shape.tag),
            all("word_heads.arc_head", shape.arc),
            all("word_heads.arc_dependent", shape.arc),
            all("word_heads.relation_head", shape.relation),
            all("word_heads.relation_dependent", shape.relation),
        ];
        let names = classes(shape, "name")?.len();
        let sources = weights.floats("word_heads.source.weight", &[shape.sources.len(), width])?;
        Ok(Self {
            sources: shape.sources.iter().cloned().zip(sources.chunks_exact(width).map(<[f32]>::to_vec)).collect(),
            first: Dense::joined(weights, &first, width)?,
            name: Dense::read(weights, "word_heads.name", shape.name, width)?,
            names: Dense::read(weights, "word_heads.outputs.name", names, shape.name)?,
            arc: Dense::read(weights, "word_heads.arc", shape.arc, shape.arc)?,
            languages: shape
                .languages
                .iter()
                .map(|(name, heads)| Ok((name.clone(), language(weights, shape, heads)?)))
                .collect::<Result<_>>()?,
            activation: shape.layer.activation,
            columns,
        })
    }

    fn source(&self, name: &str) -> Result<&[f32]> {
        self.sources.get(name).map(Vec::as_slice).ok_or_else(|| unknown("source", name))
    }

    /// The scores of rows of word vectors.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] for a language or a source that the network does not know.
    pub fn score(&self, mut words: Rows, habits: Habits<'_>, scratch: &mut Scratch) -> Result<Scores<'_>> {
        let language = self.languages.get(habits.language).ok_or_else(|| unknown("language", habits.language))?;
        let (syntax, names) = (self.source(habits.syntax)?, self.source(habits.names)?);
        let mut through = |dense: &Dense, rows: &Rows, columns: Range<usize>| {
            let mut out = Rows::default();
            dense.apply_to(rows, columns, &mut out, scratch);
            out
        };
        let width = words.width;
        shift(&mut words, names, 1.0);
        let mut named = through(&self.name, &words, 0..width);
        named.activate(self.activation);
        if habits.names != habits.syntax {
            shift(&mut words, names, -1.0);
            shift(&mut words, syntax, 1.0);
        }
        let mut first = through(&self.first, &words, 0..width);
        first.activate(self.activation);
        Ok(Scores {
            language,
            classes: through(&language.classes, &first, self.columns.tag.clone()),
            names: through(&self.names, &named, 0..named.width),
            looked_for: through(&self.arc, &first, self.columns.arc_dependent.clone()),
            mixed: through(&language.relation, &first, self.columns.relation_dependent.clone()),
            columns: &self.columns,
            first,
        })
    }
}

fn shift(rows: &mut Rows, by: &[f32], scale: f32) {
    let width = rows.width;
    rows.data.chunks_exact_mut(width).for_each(|row| add_scaled(row, by, scale));
}

fn unknown(what: &str, name: &str) -> Error {
    Error::new(ErrorKind::Model, format!("the network does not know the {what} {name}"))
}

fn classes<'s>(shape: &'s Shape, head: &str) -> Result<&'s [String]> {
    let labels = shape.labels.get(head).map(Vec::as_slice).filter(|labels| !labels.is_empty());
    labels.ok_or_else(|| Error::new(ErrorKind::Model, format!("the head {head} has no classes")))
}

fn language(weights: &Weights<'_>, shape: &Shape, own: &BTreeMap<String, Vec<usize>>) -> Result<Language> {
    let mut parts = Vec::new();
    let mut heads = BTreeMap::new();
    let mut end = 0;
    let names: Vec<String> = CLASSES.iter().map(|head| format!("word_heads.outputs.{head}")).collect();
    for (head, name) in CLASSES.into_iter().zip(&names) {
        let all = classes(shape, head)?.len();
        let Some(own) = own.get(head).filter(|own| !own.is_empty()) else { continue };
        parts.push((name.as_str(), all, own.clone()));
        heads.insert(head, (end..end + own.len(), own.clone()));
        end += own.len();
    }
    let all = classes(shape, "relation")?.len();
    let width = shape.relation + 1;
    let relations = own.get("relation").cloned().unwrap_or_default();
    let rows = relations.iter().flat_map(|&at| at * width..(at + 1) * width).collect();
    let relation = [("word_heads.relation", all * width, rows)];
    if heads.is_empty() || relations.is_empty() {
        return Err(Error::new(ErrorKind::Model, "a language of the network has no classes or no relations"));
    }
    Ok(Language {
        classes: Dense::joined(weights, &parts, shape.tag)?,
        relation: Dense::joined(weights, &relation, shape.relation)?,
        heads,
        relations,
    })
}
