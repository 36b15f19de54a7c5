//! brat stand-off (<https://brat.nlplab.org/standoff.html>): `NAME.txt` and `NAME.ann` for each article, and
//! `annotation.conf` and `visual.conf` for all.
//!
//! Rules:
//! - Positions count code points of the `.txt`, half-open.
//! - An annotation may not run over a line break: it is cut into pieces there, `start end;start end`, and its text is the
//!   pieces joined by a space.
//! - A claim is an event `Claim` whose trigger is its content, with the roles `Actor`, `Predicate`, `Source`, `Cue`. (A
//!   cue cannot be the trigger: claims of the narrator have none.) Its labels are attributes of the event; its id,
//!   confidence, rule and what it abstained from are a note.
//! - An attribution is an event `Attribution` with the roles `Source`, `Cue`, `Content`, as in PolNeAR.
//! - The trigger of an event has the type of the event, and nothing but the event points to it.
//! - An entity is an annotation of its type with the attribute `EntitySide`, a reference to its actor, and a note.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::exporter::{ExportedArticle, Exporter, Folder};
use super::field::{ENTITY_SIDES, ENTITY_TYPES, LABELS, Role, labels};
use super::json::SpanRecord;
use super::loss::{Lack, Losses, NO_REVIEW};
use super::table::name;
use crate::error::Result;
use crate::offset::{Byte, Span};

/// Type of a claim's event and of its trigger.
pub const CLAIM: &str = "Claim";

/// Attribute of an entity.
pub const ENTITY_SIDE: &str = "EntitySide";

const NO_METADATA: &str = "brat has no place for what is known of a text";
const NO_LAYER: &str = "no brat annotation is made of it: use conllu for words, cas-json for tokens and sentences";
const NO_FIELD: &str = "no brat annotation is made of it";

/// What brat lacks.
pub const LACKS: &[Lack] = &[
    ("claims[].review", NO_REVIEW),
    ("article.id", NO_METADATA),
    ("article.path", NO_METADATA),
    ("article.record", NO_METADATA),
    ("article.format", NO_METADATA),
    ("article.encoding", NO_METADATA),
    ("article.newline", NO_METADATA),
    ("article.input_hash", NO_METADATA),
    ("article.title", NO_METADATA),
    ("article.date", NO_METADATA),
    ("article.byline", NO_METADATA),
    ("article.outlet", NO_METADATA),
    ("article.url", NO_METADATA),
    ("article.language", NO_METADATA),
    ("article.declared_language", NO_METADATA),
    ("article.duplicate_of", NO_METADATA),
    ("text_sha256", NO_METADATA),
    ("paragraphs", "brat has one direction for a whole collection, and no language"),
    ("sentences", NO_LAYER),
    ("tokens", NO_LAYER),
    ("tokens[].words", NO_LAYER),
    ("entities[].id", "brat numbers its annotations itself"),
    ("references", NO_FIELD),
    ("claims[].source_chain", NO_FIELD),
    ("claims[].time", NO_FIELD),
    ("claims[].quantities", NO_FIELD),
    ("claims[].objects", NO_FIELD),
    ("claims[].sentence", NO_FIELD),
    ("provenance", NO_METADATA),
];

/// Characters at which a reader of the `.ann` may see the end of a line.
pub fn breaks_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The pieces of a span between line breaks, in bytes; none is empty.
fn pieces(text: &str, span: Span<Byte>) -> Vec<Span<Byte>> {
    let mut start = span.start();
    let mut pieces = Vec::new();
    for part in span.slice(text).split_inclusive(breaks_line) {
        let bare = part.trim_end_matches(breaks_line);
        if !bare.is_empty() {
            pieces.push(Span::new(start, start + bare.len()));
        }
        start += part.len();
    }
    pieces
}

/// Text without what would end its line.
fn line(text: &str) -> String {
    text.chars().map(|c| if breaks_line(c) || c == '\t' { ' ' } else { c }).collect()
}

/// The `.ann` of one article while it is made.
struct Annotations<'a> {
    article: &'a ExportedArticle<'a>,
    out: String,
    /// Text-bound annotations that are no triggers, by type and place: each is written once.
    shared: BTreeMap<(&'a str, Vec<Span<Byte>>), usize>,
    bound: usize,
    events: usize,
    attributes: usize,
    normalizations: usize,
    notes: usize,
    cut: usize,
}

impl<'a> Annotations<'a> {
    fn new(article: &'a ExportedArticle<'a>) -> Self {
        Self {
            article,
            out: String::new(),
            shared: BTreeMap::new(),
            bound: 0,
            events: 0,
            attributes: 0,
            normalizations: 0,
            notes: 0,
            cut: 0,
        }
    }

    /// Writes a text-bound annotation over spans; gives its number.
    fn bind(&mut self, kind: &str, spans: &[Span<Byte>]) -> usize {
        let text = self.article.text();
        let pieces: Vec<_> = spans.iter().flat_map(|&span| pieces(text, span)).collect();
        self.cut += usize::from(pieces.len() > spans.len());
        self.bound += 1;
        let places: Vec<String> = pieces
            .iter()
            .map(|&piece| {
                let points = self.article.index().code_points(piece);
                format!("{} {}", points.start(), points.end())
            })
            .collect();
        let quotes: Vec<&str> = pieces.iter().map(|piece| piece.slice(text)).collect();
        let _ = writeln!(self.out, "T{}\t{kind} {}\t{}", self.bound, places.join(";"), quotes.join(" "));
        self.bound
    }

    /// Writes a text-bound annotation if there is none of this type and place yet; gives its number.
    fn share(&mut self, kind: &'a str, spans: Vec<Span<Byte>>) -> usize {
        if let Some(&number) = self.shared.get(&(kind, spans.clone())) {
            return number;
        }
        let number = self.bind(kind, &spans);
        self.shared.insert((kind, spans), number);
        number
    }

    /// Writes an event; gives its number.
    fn event(&mut self, kind: &str, trigger: usize, roles: &[(&str, usize)]) -> usize {
        self.events += 1;
        let _ = write!(self.out, "E{}\t{kind}:T{trigger}", self.events);
        for (role, bound) in roles {
            let _ = write!(self.out, " {role}:T{bound}");
        }
        self.out.push('\n');
        self.events
    }

    fn attribute(&mut self, name: &str, of: &str, value: &str) {
        self.attributes += 1;
        let _ = writeln!(self.out, "A{}\t{name} {of} {value}", self.attributes);
    }

    fn note(&mut self, of: &str, text: &str) {
        self.notes += 1;
        let _ = writeln!(self.out, "#{}\tAnnotatorNotes {of}\t{}", self.notes, line(text));
    }

    fn spans(&self, records: &[SpanRecord]) -> Result<Vec<Span<Byte>>> {
        records.iter().map(|record| self.article.bytes(record)).collect()
    }

    fn claims(&mut self) -> Result<()> {
        let article = self.article;
        for claim in &article.json.claims {
            let trigger = self.bind(CLAIM, &[article.bytes(&claim.content)?]);
            let roles: Vec<(&str, usize)> = article
                .roles(claim)?
                .into_iter()
                .map(|(role, span)| (role.label(), self.share(role.label(), vec![span])))
                .collect();
            let event = format!("E{}", self.event(CLAIM, trigger, &roles));
            for (label, value) in labels(claim) {
                self.attribute(label.name, &event, &value);
            }
            let mut note = format!("id={} confidence={:.3} rule={}", claim.id, claim.confidence, claim.rule);
            for reason in &claim.abstained {
                let _ = write!(note, " abstained={reason}");
            }
            self.note(&event, &note);
        }
        Ok(())
    }

    fn entities(&mut self) -> Result<()> {
        let article = self.article;
        for entity in &article.json.entities {
            let kind = ENTITY_TYPES.into_iter().find(|kind| *kind == name(&entity.entity_type)).unwrap_or("PROD");
            let bound = format!("T{}", self.bind(kind, &[article.bytes(&entity.span)?]));
            self.attribute(ENTITY_SIDE, &bound, &name(&entity.side));
            if let Some(actor) = &entity.actor {
                self.normalizations += 1;
                let number = self.normalizations;
                let quote = line(&entity.span.quote);
                let _ = writeln!(self.out, "N{number}\tReference {bound} khabar:{actor}\t{quote}");
            }
            self.note(&bound, &entity.reason);
        }
        Ok(())
    }

    fn attributions(&mut self) -> Result<()> {
        let article = self.article;
        for attribution in &article.json.attributions {
            let content = self.spans(&attribution.content)?;
            let cue = attribution.cue.as_ref().map(|cue| article.bytes(cue)).transpose()?;
            let source = attribution.source.as_ref().map(|source| article.bytes(source)).transpose()?;
            // An open quotation that goes on has no cue; its content stands for it.
            let trigger = match cue {
                Some(cue) => self.bind("Attribution", &[cue]),
                None => self.bind("Attribution", &content),
            };
            let mut roles = Vec::new();
            if let Some(source) = source {
                roles.push(("Source", self.share("Source", vec![source])));
            }
            if let Some(cue) = cue {
                roles.push(("Cue", self.share("Cue", vec![cue])));
            }
            roles.push(("Content", self.share("Content", content)));
            let event = format!("E{}", self.event("Attribution", trigger, &roles));
            self.attribute("Commitment", &event, &name(&attribution.commitment));
            self.attribute("Form", &event, &name(&attribution.form));
            self.note(&event, &format!("id={} rule={}", attribution.id, attribution.rule));
        }
        Ok(())
    }
}

/// The types that there are, for brat's editor.
fn configuration() -> String {
    let mut out = String::from("# Made by khabar. A claim's trigger is its content.\n[entities]\n");
    for kind in ENTITY_TYPES.into_iter().chain(Role::ALL.map(Role::label)).chain(["Content"]) {
        let _ = writeln!(out, "{kind}");
    }
    out.push_str("\n[relations]\n<OVERLAP>\tArg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>\n\n[events]\n");
    let roles: Vec<String> = Role::ALL.iter().map(|role| format!("{0}?:{0}", role.label())).collect();
    let _ = writeln!(out, "{CLAIM}\t{}", roles.join(", "));
    out.push_str("Attribution\tSource?:Source, Cue?:Cue, Content:Content\n\n[attributes]\n");
    for label in LABELS {
        let of = if label.key == "commitment" { "Claim|Attribution" } else { CLAIM };
        let _ = writeln!(out, "{}\tArg:{of}, Value:{}", label.name, label.values.join("|"));
    }
    out.push_str("Form\tArg:Attribution, Value:direct|indirect|mixed\n");
    let _ = writeln!(out, "{ENTITY_SIDE}\tArg:{}, Value:{}", ENTITY_TYPES.join("|"), ENTITY_SIDES.join("|"));
    out
}

/// Colours that people who see few colours can tell apart (Okabe and Ito).
const VISUAL: &str = "# Made by khabar. For a collection in Arabic alone, set the option Text direction to rtl.
[options]
Arcs\tbundle:all
#Text\tdirection:rtl

[labels]

[drawing]
SPAN_DEFAULT\tfgColor:black, bgColor:lightgray, borderColor:darken
Claim\tbgColor:#f0e442
Attribution\tbgColor:#cccccc
Actor\tbgColor:#56b4e9
Predicate\tbgColor:#e69f00
Source\tbgColor:#009e73
Cue\tbgColor:#cc79a7
Content\tbgColor:#dddddd
";

/// Writes brat stand-off.
#[derive(Debug)]
pub struct Brat {
    folder: Folder,
}

impl Brat {
    /// Writes the configuration.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn new(folder: Folder) -> Result<Self> {
        folder.write("annotation.conf", configuration().as_bytes())?;
        folder.write("visual.conf", VISUAL.as_bytes())?;
        Ok(Self { folder })
    }
}

impl Exporter for Brat {
    fn article(&mut self, article: &ExportedArticle<'_>, losses: &mut Losses) -> Result<()> {
        let mut annotations = Annotations::new(article);
        annotations.claims()?;
        annotations.entities()?;
        annotations.attributions()?;
        losses.note("claims[].content", "spans with a line break inside are cut into pieces there", annotations.cut);
        let attributions = article.json.attributions.len();
        losses.note("attributions", "without source_side, actor and source_chain", attributions);
        self.folder.write(&format!("{}.txt", article.name), article.text().as_bytes())?;
        self.folder.write(&format!("{}.ann", article.name), annotations.out.as_bytes())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::export::exporter::Format;
    use crate::export::exporter::tests::{exported, file};

    #[test]
    fn spans_are_cut_at_line_breaks() {
        let text = "ab\n\ncd\u{2028}e";
        let cut: Vec<&str> = pieces(text, Span::new(1, text.len())).iter().map(|piece| piece.slice(text)).collect();
        assert_eq!(cut, ["b", "cd", "e"]);
        assert_eq!(line("a\tb\nc"), "a b c");
    }

    /// Reads the file as brat does: each text-bound annotation gives its text, each reference is there.
    #[test]
    fn every_annotation_gives_its_text() {
        let (folder, _) = exported(Format::Brat);
        for name in ["a", "sub/b", "sub/c d"] {
            let text: Vec<char> = file(&folder, &format!("{name}.txt")).chars().collect();
            let annotations = file(&folder, &format!("{name}.ann"));
            let mut types = BTreeMap::new();
            let mut events = Vec::new();
            for line in annotations.lines() {
                let fields: Vec<&str> = line.splitn(3, '\t').collect();
                if line.starts_with('T') {
                    let (kind, places) = fields[1].split_once(' ').unwrap();
                    let quotes: Vec<String> = places
                        .split(';')
                        .map(|place| {
                            let (start, end) = place.split_once(' ').unwrap();
                            text[start.parse().unwrap()..end.parse().unwrap()].iter().collect()
                        })
                        .collect();
                    assert_eq!(quotes.join(" "), fields[2]);
                    types.insert(fields[0], kind);
                } else if line.starts_with('E') {
                    let mut parts = fields[1].split(' ');
                    let (kind, trigger) = parts.next().unwrap().split_once(':').unwrap();
                    assert_eq!(types[trigger], kind, "{line}");
                    assert!(parts.all(|part| types.contains_key(part.split_once(':').unwrap().1)), "{line}");
                    events.push((fields[0], trigger));
                } else if line.starts_with(['A', 'N', '#']) {
                    let of = fields[1].split(' ').nth(1).unwrap();
                    let known = events.iter().any(|(event, _)| *event == of) || types.contains_key(of);
                    assert!(known && !events.iter().any(|(_, trigger)| *trigger == of), "{line}");
                }
            }
            assert!(types.len() > 10 && events.len() > 3, "{annotations}");
            assert!(annotations.contains("\tClaim:T"), "{annotations}");
        }
        assert!(file(&folder, "annotation.conf").contains("Topic\tArg:Claim, Value:models|chips|"));
    }
}
