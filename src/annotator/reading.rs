//! What the network says of the words of a document, and the layers made of it.

use std::ops::Range;
use std::sync::LazyLock;

use super::morphology::{Morphology, is_arabic, penn, upos};
use super::repair;
use crate::document::{
    Annotator, Clitic, Dependency, Document, EntityType, Layer, LayerKind, Reading, Relation, Upos, Word,
};
use crate::network::manifest::Manifest;
use crate::network::model::{self, Model, Request};
use crate::normalizer::match_key;

/// Most words that go through the network at once; more would take memory and no less time.
const BATCH: usize = 1500;

/// Most words of a sentence that are read together; a text without full stops is cut.
const LONGEST: usize = 500;

/// Treebanks and name sets whose habits the network follows.
const ARABIC: (&str, &str) = ("padt", "clean");
const ENGLISH: (&str, &str) = ("gum", "ewt");

static WEIGHTS: &[u8] = include_bytes!("../../models/accurate.safetensors");
static PIECES: &[u8] = include_bytes!("../../models/accurate-pieces.json");

static ACCURATE: LazyLock<Model> = LazyLock::new(|| {
    for (name, bytes) in [("accurate.safetensors", WEIGHTS), ("accurate-pieces.json", PIECES)] {
        Manifest::built_in().check(name, bytes).expect("the built-in weights are tested");
    }
    Model::read(WEIGHTS, PIECES).expect("the built-in weights are tested")
});

/// Reads the words of a document with the network, once for all layers that are made of it.
#[derive(Debug)]
pub struct Reader {
    model: &'static Model,
    cutter: Morphology,
}

impl Default for Reader {
    fn default() -> Self {
        Self { model: &ACCURATE, cutter: Morphology::default() }
    }
}

impl Annotator for Reader {
    fn name(&self) -> &'static str {
        "reader"
    }

    fn requires(&self) -> &'static [LayerKind] {
        &[LayerKind::Sentences, LayerKind::Tokens]
    }

    fn provides(&self) -> LayerKind {
        LayerKind::Readings
    }

    fn annotate(&self, document: &Document) -> Layer {
        let mut words = Vec::with_capacity(document.layers().tokens.len() * 5 / 4);
        let mut parts = Vec::new();
        for (range, arabic) in self.cutter.cut_all(document, &mut words) {
            for start in range.clone().step_by(LONGEST) {
                parts.push(Part { words: start..range.end.min(start + LONGEST), arabic, goes_on: start > range.start });
            }
        }
        let mut readings = Vec::with_capacity(words.len());
        let mut rest = parts.as_slice();
        while let Some(first) = rest.first() {
            let start = first.words.start;
            let count = rest.iter().take_while(|part| part.words.end - start <= BATCH).count().max(1);
            self.read(&words, &rest[..count], &mut readings);
            rest = &rest[count..];
        }
        Layer::Readings(readings)
    }
}

/// Words of a sentence that are read together.
struct Part {
    words: Range<usize>,
    arabic: bool,
    /// Whether it goes on with the sentence of the part before.
    goes_on: bool,
}

impl Reader {
    fn read(&self, words: &[Word], parts: &[Part], readings: &mut Vec<Reading>) {
        let forms: Vec<Vec<&str>> =
            parts.iter().map(|part| words[part.words.clone()].iter().map(|w| w.form.as_str()).collect()).collect();
        let requests: Vec<Request<'_>> = parts
            .iter()
            .zip(&forms)
            .map(|(part, words)| {
                let (syntax, names) = if part.arabic { ARABIC } else { ENGLISH };
                Request { words, syntax, names }
            })
            .collect();
        let read = self.model.read_sentences(&requests).expect("the built-in network knows its sources");
        for (part, said) in parts.iter().zip(read) {
            let start = part.words.start;
            // Later parts of a long sentence hang on its root.
            let root = part.goes_on.then(|| readings.iter().rposition(|r| r.head.is_none())).flatten();
            for (at, said) in part.words.clone().zip(said) {
                let (head, relation) = match (said.head, root) {
                    (Some(head), _) => {
                        (Some(start + head), Relation::from_label(said.relation).unwrap_or(Relation::Dep))
                    }
                    (None, Some(root)) => (Some(root), Relation::Parataxis),
                    (None, None) => (None, Relation::Root),
                };
                let same = |other: Option<&Word>| other.is_some_and(|w| w.token == words[at].token);
                let several = same(words.get(at + 1)) || at > 0 && same(words.get(at - 1));
                let name = name(said.name);
                readings.push(Reading { word: word(&words[at], said, part.arabic, several), head, relation, name });
            }
        }
    }
}

/// The word with what the network says of it. A word in the other script than its sentence keeps its form and its lemma.
fn word(cut: &Word, said: model::Reading<'_>, arabic: bool, several: bool) -> Word {
    let mut word = cut.clone();
    word.upos = upos(said.upos);
    word.feats = if said.feats == "_" { String::new() } else { said.feats.to_owned() };
    if !arabic {
        word.xpos = penn(said.xpos);
    }
    if is_arabic(&word.form) != arabic {
        word.dictionary = word.form.clone();
        return word;
    }
    word.lemma = match_key(&said.lemma);
    word.dictionary = if arabic { said.vocalised } else { said.lemma };
    if arabic && word.clitic == Some(Clitic::Enclitic) {
        word.upos = Upos::Pron;
    } else if arabic && several && word.clitic.is_none() {
        word.form = said.restored;
    }
    word
}

fn name(label: &str) -> Option<(EntityType, bool)> {
    let (place, kind) = label.split_once('-')?;
    let kind = match kind {
        "PER" => EntityType::Per,
        "ORG" => EntityType::Org,
        "LOC" => EntityType::Loc,
        _ => return None,
    };
    Some((kind, place == "B"))
}

/// The words of the readings.
#[derive(Debug, Default)]
pub struct ReadWords;

impl Annotator for ReadWords {
    fn name(&self) -> &'static str {
        "morphology"
    }

    fn requires(&self) -> &'static [LayerKind] {
        &[LayerKind::Readings]
    }

    fn provides(&self) -> LayerKind {
        LayerKind::Words
    }

    fn annotate(&self, document: &Document) -> Layer {
        Layer::Words(document.layers().readings.iter().map(|r| r.word.clone()).collect())
    }
}

/// The trees of the readings.
#[derive(Debug, Default)]
pub struct ReadTrees;

impl Annotator for ReadTrees {
    fn name(&self) -> &'static str {
        "syntax"
    }

    fn requires(&self) -> &'static [LayerKind] {
        &[LayerKind::Sentences, LayerKind::Words, LayerKind::Readings]
    }

    fn provides(&self) -> LayerKind {
        LayerKind::Dependencies
    }

    fn annotate(&self, document: &Document) -> Layer {
        let layers = document.layers();
        let mut out: Vec<Dependency> =
            layers.readings.iter().map(|r| Dependency { head: r.head, relation: r.relation }).collect();
        for sentence in &layers.sentences {
            let range = layers.words_of(sentence);
            let words = &layers.words[range.clone()];
            if words.iter().filter(|w| w.xpos.is_empty()).count() * 2 > words.len() {
                let mut tree: Vec<(Option<usize>, Relation)> =
                    out[range.clone()].iter().map(|d| (d.head.map(|h| h - range.start), d.relation)).collect();
                repair::arabic(words, &mut tree);
                for (dependency, (head, relation)) in out[range.clone()].iter_mut().zip(tree) {
                    *dependency = Dependency { head: head.map(|h| h + range.start), relation };
                }
            }
        }
        Layer::Dependencies(out)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::article::Article;
    use crate::segmenter::{SentenceSegmenter, Tokenizer};

    fn read(text: &str) -> Document {
        let mut document = Document::new(Article::from_text(text));
        for stage in [&SentenceSegmenter as &dyn Annotator, &Tokenizer, &Reader::default(), &ReadWords, &ReadTrees] {
            let layer = stage.annotate(&document);
            document.add(layer);
        }
        document
    }

    #[test]
    fn the_built_in_weights_are_those_of_the_manifest() {
        Manifest::built_in().check("accurate.safetensors", WEIGHTS).unwrap();
        Manifest::built_in().check("accurate-pieces.json", PIECES).unwrap();
    }

    #[test]
    fn both_languages_are_read() {
        let document =
            read("The ministry said that US-led talks would resume.\nوأعلنت وزارة التجارة الصينية أن COVID-19 انتهى.");
        let layers = document.layers();
        let at = |form: &str| layers.words.iter().position(|w| w.form == form).unwrap();
        let head = |form: &str| layers.dependencies[at(form)].head.map(|h| layers.words[h].form.as_str());
        assert_eq!((head("said"), head("ministry"), head("resume")), (None, Some("said"), Some("said")));
        assert_eq!(head("وزارة"), Some("أعلنت"));
        assert_eq!(layers.words[at("said")].dictionary, "say");
        // Words of the other script stay as they are.
        assert_eq!(layers.words[at("COVID")].dictionary, "COVID");
        for (word, reading) in layers.words.iter().zip(&layers.readings) {
            assert!(layers.tokens[word.token].span.contains(reading.word.span));
        }
    }

    #[test]
    fn a_text_without_full_stops_is_one_tree() {
        let document = read(&"China and the United States ".repeat(250));
        let layers = document.layers();
        assert_eq!(layers.dependencies.iter().filter(|d| d.head.is_none()).count(), layers.sentences.len());
        assert_eq!(layers.dependencies.len(), 1250);
    }
}
