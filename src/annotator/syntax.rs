//! Dependency trees of the sentences, as the network reads them.

use crate::document::{Annotator, Dependency, Document, Layer, LayerKind};

/// The trees of the readings.
#[derive(Debug, Default)]
pub struct Syntax;

impl Annotator for Syntax {
    fn name(&self) -> &'static str {
        "syntax"
    }

    fn requires(&self) -> &'static [LayerKind] {
        &[LayerKind::Readings, LayerKind::Words]
    }

    fn provides(&self) -> LayerKind {
        LayerKind::Dependencies
    }

    fn annotate(&self, document: &Document) -> Layer {
        let arcs = document.layers().readings.iter();
        Layer::Dependencies(arcs.map(|r| Dependency { head: r.head, relation: r.relation }).collect())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::annotator::morphology::Morphology;
    use crate::annotator::reading::Reader;
    use crate::article::Article;
    use crate::document::Relation;
    use crate::segmenter::{SentenceSegmenter, Tokenizer};

    fn parsed(text: &str) -> Document {
        let mut document = Document::new(Article::from_text(text));
        for stage in [&SentenceSegmenter as &dyn Annotator, &Tokenizer, &Reader::default(), &Morphology, &Syntax] {
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
