//! Dependency trees of the sentences.

use std::sync::LazyLock;

use super::morphology::{clusters, upos_label};
use super::repair;
use crate::document::{Annotator, Dependency, Document, Layer, LayerKind, Relation, Word};
use crate::error::Result;
use crate::network::cluster::Clusters;
use crate::network::manifest::Manifest;
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

static MODELS: LazyLock<Models> = LazyLock::new(|| {
    Manifest::built_in().check("parser.bin", MODEL_BYTES).expect("the built-in weights are tested");
    Models::read(MODEL_BYTES).expect("the built-in weights are tested")
});

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
pub fn seen(word: &Word, clusters: &Clusters) -> Seen {
    parser_word(&word.key, upos_label(word.upos), word.xpos, clusters)
}

/// What the parser sees of a word by its folded key and tags; an Arabic word has no fine tag.
pub fn parser_word(key: &str, upos: &str, xpos: &str, clusters: &Clusters) -> Seen {
    let class = clusters.of(key);
    // Finer Arabic tags by affixes were tried: with so few trees they cost two points of LAS.
    if xpos.is_empty() { Seen::new(key, upos, upos, class) } else { Seen::new(key, xpos, upos, class) }
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
        let clusters = clusters(arabic);
        let seen: Vec<Seen> = kept.iter().map(|&i| seen(&words[i], clusters)).collect();
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::annotator::morphology::Morphology;
    use crate::article::Article;
    use crate::segmenter::{SentenceSegmenter, Tokenizer};

    fn parsed(text: &str) -> Document {
        let mut document = Document::new(Article::from_text(text));
        for stage in [&SentenceSegmenter as &dyn Annotator, &Tokenizer, &Morphology::default(), &Syntax::default()] {
            let layer = stage.annotate(&document);
            document.add(layer);
        }
        document
    }

    fn arc(document: &Document, dependent: &str) -> (String, Relation) {
        let layers = document.layers();
        let at = layers.words.iter().position(|w| w.form == dependent).unwrap();
        let dependency = layers.dependencies[at];
        (dependency.head.map_or_else(String::new, |h| layers.words[h].form.clone()), dependency.relation)
    }

    #[test]
    fn the_built_in_weights_are_those_of_the_manifest() {
        Manifest::built_in().check("parser.bin", MODEL_BYTES).unwrap();
        Models::read(MODEL_BYTES).unwrap();
        assert!(Models::read(&MODEL_BYTES[..MODEL_BYTES.len() - 1]).is_err());
    }

    #[test]
    fn plain_sentences() {
        let document = parsed("The ministry said that China would respond.");
        assert_eq!(arc(&document, "ministry"), ("said".into(), Relation::Nsubj));
        assert_eq!(arc(&document, "said"), (String::new(), Relation::Root));
        assert_eq!(arc(&document, "respond"), ("said".into(), Relation::Ccomp));
        assert_eq!(arc(&document, "China"), ("respond".into(), Relation::Nsubj));
        let document = parsed("أعلنت وزارة التجارة الصينية أن بكين ستفرض رسوما جديدة على الواردات الأمريكية.");
        assert_eq!(arc(&document, "وزارة"), ("أعلنت".into(), Relation::Nsubj));
        assert_eq!(arc(&document, "التجارة"), ("وزارة".into(), Relation::Nmod));
        assert_eq!(arc(&document, "تفرض"), ("أعلنت".into(), Relation::Ccomp));
        assert_eq!(arc(&document, "رسوما"), ("تفرض".into(), Relation::Obj));
    }

    #[test]
    fn long_sentences_stay_fast() {
        let text = "China and the United States ".repeat(400) + "said so.";
        let document = parsed(&text);
        assert_eq!(document.layers().dependencies.len(), document.layers().words.len());
    }

    proptest! {
        #[test]
        fn each_sentence_is_one_tree(text in "([ء-ي]{1,7}|[a-zA-Z]{1,6}|[0-9.,]{1,3}|[«».،؟!\"-]| |\n){0,60}") {
            let document = parsed(&text);
            let layers = document.layers();
            prop_assert_eq!(layers.words.len(), layers.dependencies.len());
            for sentence in &layers.sentences {
                let range = layers.words_of(sentence);
                let roots = range.clone().filter(|&w| layers.dependencies[w].head.is_none()).count();
                prop_assert_eq!(roots, usize::from(!range.is_empty()));
                for word in range.clone() {
                    let mut at = word;
                    let mut steps = 0;
                    while let Some(head) = layers.dependencies[at].head {
                        prop_assert!(range.contains(&head));
                        at = head;
                        steps += 1;
                        prop_assert!(steps <= range.len());
                    }
                    prop_assert_eq!(layers.dependencies[at].relation, Relation::Root);
                }
            }
        }
    }
}
