//! Tokens.

use super::scanner::Scanner;
use crate::document::{Annotator, Document, Layer, LayerKind, Token};
use crate::offset::Span;

/// Cuts sentences into tokens.
///
/// Together with the gaps between them, which are white space or invisible, the tokens make up the text. One token:
/// a number with its separators (`7.2`, `1,000`, `10:30`), a word with apostrophes (`China's`), a compound with hyphens
/// (`high-tech`, `GPT-4`, `US-led`) unless both parts begin with a capital (`US-China` is three tokens), an abbreviation
/// with its dots (`U.S.`, `Mr.`, `د.`), a dotted name (`Z.ai`), an address, an Arabic word with its marks and tatweel.
/// In Arabic each sign of a run of full stops or question marks is a token. Arabic is cut from Latin letters and digits glued to it (`لـChatGPT`, `عام2026`); percent and currency signs are
/// tokens of their own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tokenizer;

impl Annotator for Tokenizer {
    fn name(&self) -> &'static str {
        "tokenizer"
    }

    fn requires(&self) -> &'static [LayerKind] {
        &[LayerKind::Sentences]
    }

    fn provides(&self) -> LayerKind {
        LayerKind::Tokens
    }

    fn annotate(&self, document: &Document) -> Layer {
        let text = document.text();
        let mut tokens = Vec::with_capacity(text.len() / 6);
        for (index, sentence) in document.layers().sentences.iter().enumerate() {
            let start = sentence.span.start();
            let scanner = Scanner::new(sentence.span.slice(text));
            let arabic = scanner.arabic;
            for piece in scanner {
                let span = Span::new(start + piece.start, start + piece.end);
                let token = |span| Token { span, kind: piece.kind, sentence: index };
                let sign = |c: char| matches!(c, '.' | '!' | '?' | '؟');
                let surface = span.slice(text);
                // The Arabic treebank has a token for each sign of a run of them.
                if arabic && surface.chars().all(sign) {
                    tokens.extend(
                        surface
                            .char_indices()
                            .map(|(at, c)| token(Span::new(span.start() + at, span.start() + at + c.len_utf8()))),
                    );
                } else {
                    tokens.push(token(span));
                }
            }
        }
        Layer::Tokens(tokens)
    }
}
