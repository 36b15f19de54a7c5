//! What the network says of the words of a document, and the layers made of it.

use std::ops::Range;
use std::sync::LazyLock;

use super::morphology::{Segmenter, is_arabic, penn, upos};
use crate::document::{Annotator, Clitic, Document, EntityType, Layer, LayerKind, Reading, Relation, Upos, Word};
use crate::error::Result;
use crate::network::Choice;
use crate::network::heads::Habits;
use crate::network::manifest::Manifest;
use crate::network::model::{self, Model};
use crate::network::word::Tables;
use crate::normalizer::match_key;

/// Most words that go through the network at once; more would take memory and no less time.
const BATCH: usize = 1500;

/// Most words of a sentence that are read together; a text without full stops is cut.
const LONGEST: usize = 500;

/// Whose habits the network follows: those of the Arabic treebank, and for the rest those that its data sets share.
const ARABIC: Habits<'static> = Habits { language: "ar", syntax: "padt", names: "ar" };
const ENGLISH: Habits<'static> = Habits { language: "en", syntax: "en", names: "en" };

/// A file of weights and its name in the manifest.
type File = (&'static str, &'static [u8]);

static FAST: [File; 1] = [("fast.safetensors", include_bytes!("../../models/fast.safetensors"))];
static ACCURATE: [File; 2] = [
    ("accurate.safetensors", include_bytes!("../../models/accurate.safetensors")),
    ("accurate-pieces.json", include_bytes!("../../models/accurate-pieces.json")),
];

static FAST_MODEL: LazyLock<Model> = LazyLock::new(|| model(&FAST).expect("the built-in weights are tested"));
static ACCURATE_MODEL: LazyLock<Model> = LazyLock::new(|| model(&ACCURATE).expect("the built-in weights are tested"));

/// What the small network's vectors of words are made of.
pub fn word_tables() -> &'static Tables {
    FAST_MODEL.tables().expect("the small network reads whole words")
}

/// Reads weights, and the vocabulary behind them if they have one, after a look at their checksums.
fn model(files: &'static [File]) -> Result<Model> {
    for (name, bytes) in files {
        Manifest::built_in().check(name, bytes)?;
    }
    Model::read(files[0].1, files.get(1).map(|file| file.1))
}

/// Reads the words of a document with the network, once for all layers that are made of it.
#[derive(Debug)]
pub struct Reader {
    model: &'static Model,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new(Choice::default())
    }
}

impl Reader {
    /// A reader with a built-in model.
    pub fn new(choice: Choice) -> Self {
        Self {
            model: match choice {
                Choice::Fast => &FAST_MODEL,
                Choice::Accurate => &ACCURATE_MODEL,
            },
        }
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
        for (range, arabic) in Segmenter::built_in().cut_all(document, &mut words) {
            for start in range.clone().step_by(LONGEST) {
                parts.push(Part { words: start..range.end.min(start + LONGEST), arabic, goes_on: start > range.start });
            }
        }
        let forms: Vec<&str> = words.iter().map(|w| w.form.as_str()).collect();
        let mut readings = Vec::with_capacity(words.len());
        let mut rest = parts.as_slice();
        while let Some(first) = rest.first() {
            let start = first.words.start;
            let together = |part: &&Part| part.words.end - start <= BATCH && part.arabic == first.arabic;
            let count = rest.iter().take_while(together).count().max(1);
            self.read(&words, &forms, &rest[..count], &mut readings);
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
    /// Reads parts of one language.
    fn read(&self, words: &[Word], forms: &[&str], parts: &[Part], readings: &mut Vec<Reading>) {
        let sentences: Vec<&[&str]> = parts.iter().map(|part| &forms[part.words.clone()]).collect();
        let habits = if parts[0].arabic { ARABIC } else { ENGLISH };
        let read = self.model.read_sentences(&sentences, habits).expect("the built-in network knows its sources");
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
    word.dictionary = said.vocalised.unwrap_or(said.lemma);
    if arabic && word.clitic == Some(Clitic::Enclitic) {
        word.upos = Upos::Pron;
    } else if arabic && several && word.clitic.is_none() {
        word.form = said.restored.unwrap_or(word.form);
    }
    word
}

fn name(label: &str) -> Option<(EntityType, bool)> {
    let (place, kind) = label.split_once('-')?;
    let kind = match kind {
        "PER" => EntityType::Per,
        "ORG" => EntityType::Org,
        "LOC" => EntityType::Loc,
        "MISC" => EntityType::Prod,
        _ => return None,
    };
    Some((kind, place == "B"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::annotator::{morphology::Morphology, syntax::Syntax};
    use crate::article::Article;
    use crate::segmenter::{SentenceSegmenter, Tokenizer};

    fn read(choice: Choice, text: &str) -> Document {
        let mut document = Document::new(Article::from_text(text));
        let reader = Reader::new(choice);
        for stage in [&SentenceSegmenter as &dyn Annotator, &Tokenizer, &reader, &Morphology, &Syntax] {
            let layer = stage.annotate(&document);
            document.add(layer);
        }
        document
    }

    #[test]
    fn the_built_in_weights_are_those_of_the_manifest() {
        model(&FAST).unwrap();
        model(&ACCURATE).unwrap();
    }

    #[test]
    fn both_languages_are_read() {
        for (choice, _) in Choice::ALL {
            let document = read(
                choice,
                "The ministry said that US-led talks would resume.\nوأعلنت وزارة التجارة الصينية أن COVID-19 انتهى.",
            );
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
    }

    #[test]
    fn a_text_without_full_stops_is_one_tree() {
        let document = read(Choice::Fast, &"China and the United States ".repeat(250));
        let layers = document.layers();
        assert_eq!(layers.dependencies.iter().filter(|d| d.head.is_none()).count(), layers.sentences.len());
        assert_eq!(layers.dependencies.len(), 1250);
    }
}
