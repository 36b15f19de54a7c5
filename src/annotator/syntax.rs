//! Dependency trees of the sentences.

use std::sync::LazyLock;

use super::morphology::upos_label;
use super::repair;
use crate::document::{Annotator, Dependency, Document, Layer, LayerKind, Relation, Word};
use crate::error::Result;
use crate::network::parser::{Seen, is_quotation_mark, parse};
use crate::network::perceptron::Linear;

/// Parses each sentence into one tree.
#[derive(Debug)]
pub struct Syntax {
    models: &'static Models,
}

impl Default for Syntax {
    fn default() -> Self {
        Self { models: &MODELS }
    }
}

/// A parsing model for each language. A label of its transitions is a relation.
#[derive(Debug)]
pub struct Models {
    arabic: Linear,
    english: Linear,
}

/// The built-in models for parsing.
pub static MODEL_BYTES: &[u8] = include_bytes!("../../models/parser.bin");

static MODELS: LazyLock<Models> = LazyLock::new(|| Models::read(MODEL_BYTES).expect("the built-in weights are tested"));

impl Models {
    /// Puts trained models together.
    pub fn new(arabic: Linear, english: Linear) -> Self {
        Self { arabic, english }
    }

    /// Reads the models as `write` made them.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Model`] if the bytes are not of that form.
    pub fn read(mut bytes: &[u8]) -> Result<Self> {
        Ok(Self { arabic: Linear::read(&mut bytes)?, english: Linear::read(&mut bytes)? })
    }

    /// The bytes that `read` takes.
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.arabic.write(&mut out);
        self.english.write(&mut out);
        out
    }

    /// Parses words: head within the slice (`None` for the root) and relation of each.
    pub fn parse(&self, arabic: bool, words: &[Seen]) -> Vec<(Option<usize>, Relation)> {
        let linear = if arabic { &self.arabic } else { &self.english };
        parse(linear, words)
            .into_iter()
            .map(|(head, label)| (head, Relation::ALL.get(label).copied().unwrap_or(Relation::Dep)))
            .collect()
    }
}

/// What the parser sees of a word.
pub fn seen(word: &Word) -> Seen {
    let coarse = upos_label(word.upos);
    let tag = if word.xpos.is_empty() { coarse } else { word.xpos };
    Seen::new(&word.key, tag, coarse)
}

impl Annotator for Syntax {
    fn name(&self) -> &'static str {
        "syntax"
    }

    fn requires(&self) -> &'static [LayerKind] {
        &[LayerKind::Sentences, LayerKind::Words]
    }

    fn provides(&self) -> LayerKind {
        LayerKind::Dependencies
    }

    fn annotate(&self, document: &Document) -> Layer {
        let layers = document.layers();
        let mut dependencies = vec![Dependency { head: None, relation: Relation::Root }; layers.words.len()];
        for sentence in &layers.sentences {
            let range = layers.words_of(sentence);
            let words = &layers.words[range.clone()];
            // The tagger leaves English words a Penn tag, Arabic ones none.
            let arabic = words.iter().filter(|w| w.xpos.is_empty()).count() * 2 > words.len();
            let mut tree = self.tree(arabic, words);
            if arabic {
                repair::arabic(words, &mut tree);
            }
            for (at, (head, relation)) in tree.into_iter().enumerate() {
                let relation = if head.is_none() { Relation::Root } else { relation };
                dependencies[range.start + at] = Dependency { head: head.map(|h| h + range.start), relation };
            }
        }
        Layer::Dependencies(dependencies)
    }
}

impl Syntax {
    /// Parses without the quotation marks, then hangs each mark on a word beside it.
    fn tree(&self, arabic: bool, words: &[Word]) -> Vec<(Option<usize>, Relation)> {
        let mut kept: Vec<usize> =
            (0..words.len()).filter(|&i| !(words[i].clitic.is_none() && is_quotation_mark(&words[i].form))).collect();
        if kept.is_empty() {
            kept = (0..words.len()).collect();
        }
        let seen: Vec<Seen> = kept.iter().map(|&i| seen(&words[i])).collect();
        let mut tree = vec![(None, Relation::Punct); words.len()];
        for (at, (head, relation)) in self.models.parse(arabic, &seen).into_iter().enumerate() {
            tree[kept[at]] = (head.map(|h| kept[h]), relation);
        }
        let mut next = 0;
        for at in 0..words.len() {
            if next < kept.len() && kept[next] == at {
                next += 1;
            } else {
                let neighbour = if next == 0 { kept[0] } else { kept[next - 1] };
                tree[at] = (Some(neighbour), Relation::Punct);
            }
        }
        tree
    }
}
