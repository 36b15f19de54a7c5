//! The immutable text of an article with its paragraphs, and the layers that the stages add.
//!
//! The text never changes after [`Document::new`]; a layer never changes the text or another layer.
//! All spans here are bytes, half-open.

mod direction;
mod layer;

use std::collections::BTreeSet;

pub use direction::{Direction, Language, Paragraph, ParagraphKind};
pub use layer::{
    Annotator, Attribution, AttributionForm, Chain, Clitic, Commitment, Dependency, Entity, EntityType, Layer,
    LayerKind, Layers, Quantity, Reading, Reference, ReferenceForm, Relation, Sentence, Side, TimeExpression, Token,
    TokenKind, Topic, Upos, Word,
};

use crate::article::Article;
use crate::offset::{Byte, OffsetIndex, Span};

/// An article ready for annotation.
#[derive(Debug, Clone)]
pub struct Document {
    article: Article,
    index: OffsetIndex,
    paragraphs: Vec<Paragraph>,
    layers: Layers,
}

impl Document {
    /// Takes the article's text as it is and finds its paragraphs with their language and direction.
    pub fn new(article: Article) -> Self {
        let index = OffsetIndex::new(article.text());
        let paragraphs = direction::paragraphs(&article);
        Self { article, index, paragraphs, layers: Layers::default() }
    }

    /// The article: text, metadata, where it came from.
    pub fn article(&self) -> &Article {
        &self.article
    }

    /// The text, with LF newlines, otherwise as decoded.
    pub fn text(&self) -> &str {
        self.article.text()
    }

    /// The converter from bytes to the units of the exports.
    pub fn index(&self) -> &OffsetIndex {
        &self.index
    }

    /// The paragraphs, in text order.
    pub fn paragraphs(&self) -> &[Paragraph] {
        &self.paragraphs
    }

    /// The language of the whole: of the most letters.
    pub fn language(&self) -> Language {
        direction::majority(&self.paragraphs)
    }

    /// The layers made so far.
    pub fn layers(&self) -> &Layers {
        &self.layers
    }

    /// Adds what an annotator made.
    pub fn add(&mut self, layer: Layer) {
        self.layers.add(layer);
    }

    /// The kinds of layers made so far.
    pub fn provided(&self) -> &BTreeSet<LayerKind> {
        &self.layers.provided
    }

    /// The characters inside `span`.
    pub fn quote(&self, span: Span<Byte>) -> &str {
        span.slice(self.text())
    }
}
