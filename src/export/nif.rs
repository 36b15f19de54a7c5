//! NIF 2.0 (<https://persistence.uni-leipzig.org/nlp2rdf/>) in Turtle: `NAME.ttl` for each article.
//!
//! Rules:
//! - The text is a `nif:Context` with the IRI `urn:khabar:article:ID#char=0,N`; a span is
//!   `urn:khabar:article:ID#char=b,e` with `nif:anchorOf`, `nif:beginIndex`, `nif:endIndex`. Positions count code points
//!   (RFC 5147), half-open.
//! - A span is one resource, whatever is said of it; so a claim is a resource of its own, `urn:khabar:claim:ARTICLE:CLAIM`,
//!   whose spans are `khabar:content`, `khabar:actor` and so on, and a name's type and actor are
//!   `itsrdf:taClassRef` and `itsrdf:taIdentRef`, which are IRIs.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;

use oxrdf::vocab::{rdf, xsd};
use oxrdf::{LiteralRef, NamedNode, NamedNodeRef, TermRef, TripleRef};
use oxttl::TurtleSerializer;
use oxttl::turtle::WriterTurtleSerializer;

use super::exporter::{ExportedArticle, Exporter, Folder};
use super::field::{Role, labels};
use super::json::SpanRecord;
use super::loss::{Lack, Losses, NO_REVIEW};
use super::table::name;
use super::web_annotation::NAMESPACE;
use crate::document::Language;
use crate::error::{Error, ErrorKind, Result};
use crate::offset::{Byte, Span};

const NIF: &str = "http://persistence.uni-leipzig.org/nlp2rdf/ontologies/nif-core#";
const ITSRDF: &str = "http://www.w3.org/2005/11/its/rdf#";
const DCTERMS: &str = "http://purl.org/dc/terms/";

const NO_TRIPLE: &str = "no triple is made of it";

/// What NIF lacks.
pub const LACKS: &[Lack] = &[
    ("claims[].review", NO_REVIEW),
    ("article.path", NO_TRIPLE),
    ("article.output", NO_TRIPLE),
    ("article.record", NO_TRIPLE),
    ("article.format", NO_TRIPLE),
    ("article.encoding", NO_TRIPLE),
    ("article.newline", NO_TRIPLE),
    ("article.input_hash", NO_TRIPLE),
    ("article.declared_language", NO_TRIPLE),
    ("text_sha256", NO_TRIPLE),
    ("paragraphs", NO_TRIPLE),
    ("tokens", "use conllu for words"),
    ("tokens[].words", "use conllu for words"),
    ("entities[].id", "a name is known by its place"),
    ("entities[].reason", NO_TRIPLE),
    ("references", NO_TRIPLE),
    ("attributions", "the source and cue of claims only"),
    ("claims[].source_chain", "the source and cue of the claim itself only"),
    ("claims[].time", NO_TRIPLE),
    ("claims[].quantities", NO_TRIPLE),
    ("provenance", NO_TRIPLE),
];

/// A graph while it is written.
struct Graph<'a> {
    article: &'a ExportedArticle<'a>,
    out: WriterTurtleSerializer<Vec<u8>>,
    /// Spans that are described already.
    known: BTreeSet<Span<Byte>>,
    /// Length of the text in code points.
    length: usize,
}

/// Something that cannot happen with the IRIs that are made here, but would be a bug that must be told.
fn broken(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Internal, format!("not written as Turtle: {error}"))
}

fn iri(text: String) -> Result<NamedNode> {
    NamedNode::new(text).map_err(broken)
}

/// Text as a part of an IRI: ASCII letters, digits and a few signs, all else as in a URL.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

impl<'a> Graph<'a> {
    fn new(article: &'a ExportedArticle<'a>) -> Result<Self> {
        let mut serializer = TurtleSerializer::new();
        for (prefix, namespace) in [
            ("nif", NIF),
            ("itsrdf", ITSRDF),
            ("dcterms", DCTERMS),
            ("khabar", NAMESPACE),
            ("xsd", "http://www.w3.org/2001/XMLSchema#"),
        ] {
            serializer = serializer.with_prefix(prefix, namespace).map_err(broken)?;
        }
        let length = article.index().code_point_count();
        Ok(Self { article, out: serializer.for_writer(Vec::new()), known: BTreeSet::new(), length })
    }

    fn triple<'t>(&mut self, subject: &'t NamedNode, predicate: &'t str, object: impl Into<TermRef<'t>>) -> Result<()> {
        let predicate = NamedNodeRef::new(predicate).map_err(broken)?;
        self.out.serialize_triple(TripleRef::new(subject, predicate, object)).map_err(|e: io::Error| broken(e))
    }

    fn text(&mut self, subject: &NamedNode, predicate: &str, text: &str) -> Result<()> {
        self.triple(subject, predicate, LiteralRef::new_simple_literal(text))
    }

    fn kind(&mut self, subject: &NamedNode, kind: &str) -> Result<()> {
        let kind = iri(kind.to_owned())?;
        self.triple(subject, rdf::TYPE.as_str(), &kind)
    }

    fn place(&mut self, subject: &NamedNode, start: usize, end: usize) -> Result<()> {
        for (predicate, position) in [("beginIndex", start), ("endIndex", end)] {
            let position = position.to_string();
            let literal = LiteralRef::new_typed_literal(&position, xsd::NON_NEGATIVE_INTEGER);
            self.triple(subject, &format!("{NIF}{predicate}"), literal)?;
        }
        Ok(())
    }

    fn char_iri(&self, start: usize, end: usize) -> Result<NamedNode> {
        iri(format!("urn:khabar:article:{}#char={start},{end}", self.article.json.article.id))
    }

    /// The context: the text and what is known of it.
    fn context(&mut self) -> Result<NamedNode> {
        let article = self.article;
        let known = &article.json.article;
        let context = self.char_iri(0, self.length)?;
        self.kind(&context, &format!("{NIF}Context"))?;
        self.kind(&context, &format!("{NIF}RFC5147String"))?;
        self.text(&context, &format!("{NIF}isString"), article.text())?;
        self.place(&context, 0, self.length)?;
        let language = match known.language {
            Language::Ar => Some("ar"),
            Language::En => Some("en"),
            Language::Mixed | Language::Other => None,
        };
        for (predicate, value) in [
            ("identifier", Some(known.id.as_str())),
            ("title", known.title.as_deref()),
            ("date", known.date.as_deref()),
            ("creator", known.byline.as_deref()),
            ("publisher", known.outlet.as_deref()),
            ("source", known.url.as_deref()),
            ("language", language),
        ] {
            if let Some(value) = value {
                self.text(&context, &format!("{DCTERMS}{predicate}"), value)?;
            }
        }
        if let Some(first) = &known.duplicate_of {
            self.text(&context, &format!("{NAMESPACE}duplicateOf"), first)?;
        }
        self.known.insert(Span::new(0, article.text().len()));
        Ok(context)
    }

    /// The resource of a span, described once.
    fn span(&mut self, context: &NamedNode, record: &SpanRecord) -> Result<NamedNode> {
        let span = self.article.bytes(record)?;
        let points = self.article.index().code_points(span);
        let node = self.char_iri(points.start(), points.end())?;
        if self.known.insert(span) {
            self.kind(&node, &format!("{NIF}RFC5147String"))?;
            self.text(&node, &format!("{NIF}anchorOf"), &record.quote)?;
            self.place(&node, points.start(), points.end())?;
            self.triple(&node, &format!("{NIF}referenceContext"), context)?;
        }
        Ok(node)
    }

    fn claims(&mut self, context: &NamedNode) -> Result<()> {
        let article = self.article;
        for claim in &article.json.claims {
            let node = iri(format!("urn:khabar:claim:{}:{}", article.json.article.id, claim.id))?;
            self.kind(&node, &format!("{NAMESPACE}Claim"))?;
            let mut spans = vec![("content", &claim.content)];
            spans.extend(Role::ALL.into_iter().filter_map(|role| Some((role.key(), role.of(claim)?))));
            spans.extend(claim.objects.iter().map(|object| ("object", object)));
            spans.extend(claim.sentence.iter().map(|sentence| ("sentence", sentence)));
            for (key, span) in spans {
                let place = self.span(context, span)?;
                self.triple(&node, &format!("{NAMESPACE}{key}"), &place)?;
            }
            for (label, value) in labels(claim) {
                self.text(&node, &format!("{NAMESPACE}{}", label.key), &value)?;
            }
            self.text(&node, &format!("{NAMESPACE}rule"), &claim.rule)?;
            for reason in &claim.abstained {
                self.text(&node, &format!("{NAMESPACE}abstained"), reason)?;
            }
            let confidence = format!("{:.3}", claim.confidence);
            let literal = LiteralRef::new_typed_literal(&confidence, xsd::DECIMAL);
            self.triple(&node, &format!("{NAMESPACE}confidence"), literal)?;
        }
        Ok(())
    }

    fn entities(&mut self, context: &NamedNode) -> Result<()> {
        for entity in &self.article.json.entities {
            let node = self.span(context, &entity.span)?;
            self.kind(&node, &format!("{NIF}Phrase"))?;
            let class = iri(format!("{NAMESPACE}{}", name(&entity.entity_type)))?;
            self.triple(&node, &format!("{ITSRDF}taClassRef"), &class)?;
            if let Some(actor) = &entity.actor {
                let actor = iri(format!("urn:khabar:actor:{}", escaped(actor)))?;
                self.triple(&node, &format!("{ITSRDF}taIdentRef"), &actor)?;
            }
            self.text(&node, &format!("{NAMESPACE}entitySide"), &name(&entity.side))?;
        }
        Ok(())
    }

    fn sentences(&mut self, context: &NamedNode) -> Result<()> {
        for sentence in &self.article.json.sentences {
            let node = self.span(context, &sentence.span)?;
            self.kind(&node, &format!("{NIF}Sentence"))?;
        }
        Ok(())
    }
}

/// Writes Turtle.
#[derive(Debug)]
pub struct Nif {
    folder: Folder,
}

impl Nif {
    /// Writes into a folder.
    pub fn new(folder: Folder) -> Self {
        Self { folder }
    }
}

impl Exporter for Nif {
    fn article(&mut self, article: &ExportedArticle<'_>, losses: &mut Losses) -> Result<()> {
        let mut graph = Graph::new(article)?;
        let context = graph.context()?;
        graph.claims(&context)?;
        graph.entities(&context)?;
        graph.sentences(&context)?;
        losses.note("sentences", "without headline and paragraph", article.json.sentences.len());
        let bytes = graph.out.finish().map_err(broken)?;
        self.folder.write(&format!("{}.ttl", article.name), &bytes)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use oxrdf::{NamedOrBlankNode, Term};
    use oxttl::TurtleParser;

    use super::*;
    use crate::export::exporter::Format;
    use crate::export::exporter::tests::{TEXT, exported, file};

    #[test]
    fn anchors_are_what_stands_there() {
        let (folder, summary) = exported(Format::Nif);
        let text: Vec<char> = TEXT.chars().collect();
        for name in ["a", "sub/b", "sub/c d"] {
            let written = file(&folder, &format!("{name}.ttl"));
            let mut anchors = BTreeMap::new();
            let mut claims = 0;
            for triple in TurtleParser::new().for_slice(&written) {
                let triple = triple.unwrap();
                let NamedOrBlankNode::NamedNode(subject) = triple.subject else { panic!("{written}") };
                if triple.predicate.as_str() == format!("{NIF}anchorOf") {
                    let Term::Literal(quote) = triple.object else { panic!("{written}") };
                    anchors.insert(subject.as_str().to_owned(), quote.value().to_owned());
                } else if triple.object == Term::from(NamedNode::new(format!("{NAMESPACE}Claim")).unwrap()) {
                    claims += 1;
                }
            }
            assert_eq!(claims, summary.claims / 3);
            assert!(anchors.len() > 15);
            for (subject, quote) in anchors {
                let (start, end) = subject.split_once("#char=").unwrap().1.split_once(',').unwrap();
                let covered: String = text[start.parse().unwrap()..end.parse().unwrap()].iter().collect();
                assert_eq!(covered, quote);
            }
        }
        assert_eq!(escaped("us-a b/ب"), "us-a%20b%2F%D8%A8");
    }
}
