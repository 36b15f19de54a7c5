//! UIMA CAS as XMI, for INCEpTION and other UIMA tools: `NAME.xmi` for each article and `TypeSystem.xml` for all. The
//! structures are those of [`super::cas_json`].
//!
//! Rules:
//! - `begin` and `end` count **UTF-16 code units**, half-open.
//! - One XML namespace for each package of types; the text is the attribute `sofaString` of `cas:Sofa`, a newline in it
//!   is `&#10;`; links are the list of their numbers.
//! - XML 1.0 forbids most control characters: each is replaced by one space, so that positions stay; this is counted.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::cas_json::{Cas, Content, Range, Type, types};
use super::exporter::{ExportedArticle, Exporter, Folder};
use super::loss::Losses;
use crate::error::{Error, ErrorKind, Result};

/// Name of the file with the type system.
pub const TYPE_SYSTEM_FILE: &str = "TypeSystem.xml";

/// Whether XML 1.0 can hold the character.
fn allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// The text with a space for each character that XML 1.0 cannot hold, and how many there were. All of them take one
/// UTF-16 code unit and one code point, as the space does.
pub(super) fn xml_text(text: &str) -> (Cow<'_, str>, usize) {
    let forbidden = text.chars().filter(|&c| !allowed(c)).count();
    if forbidden == 0 {
        return (Cow::Borrowed(text), 0);
    }
    (Cow::Owned(text.chars().map(|c| if allowed(c) { c } else { ' ' }).collect()), forbidden)
}

/// The package and the name of a type: `webanno.custom` and `Claim`.
fn parts(kind: &str) -> (&str, &str) {
    kind.rsplit_once('.').unwrap_or(("", kind))
}

/// The prefix of each package: its last word, with a number where that is taken.
fn prefixes() -> BTreeMap<&'static str, String> {
    let mut found: BTreeMap<&'static str, String> = BTreeMap::new();
    for kind in types() {
        let package = parts(kind.name).0;
        if found.contains_key(package) {
            continue;
        }
        let word = parts(package).1;
        let same =
            found.values().filter(|prefix| prefix.trim_end_matches(|c: char| c.is_ascii_digit()) == word).count();
        found.insert(package, if same == 0 { word.to_owned() } else { format!("{word}{}", same + 1) });
    }
    found
}

fn unwritten(error: &io::Error) -> Error {
    Error::new(ErrorKind::Internal, format!("not written as XML: {error}"))
}

/// The type system as a UIMA type system description.
///
/// # Errors
/// [`ErrorKind::Internal`] if the XML cannot be made.
pub fn type_system() -> Result<Vec<u8>> {
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 2);
    write_types(&mut out).map_err(|error| unwritten(&error))?;
    let mut bytes = out.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

fn leaf(out: &mut Writer<Vec<u8>>, name: &str, text: &str) -> io::Result<()> {
    out.create_element(name).write_text_content(BytesText::new(text)).map(|_| ())
}

fn write_feature(out: &mut Writer<Vec<u8>>, feature: &str, range: Range) -> io::Result<()> {
    let kind = match range {
        Range::Text => "uima.cas.String",
        Range::Float => "uima.cas.Float",
        Range::Annotation => "uima.tcas.Annotation",
        Range::Links(_) => "uima.cas.FSArray",
    };
    leaf(out, "name", feature)?;
    leaf(out, "description", "")?;
    leaf(out, "rangeTypeName", kind)?;
    if let Range::Links(link) = range { leaf(out, "elementType", link) } else { Ok(()) }
}

fn write_type(out: &mut Writer<Vec<u8>>, kind: &Type) -> io::Result<()> {
    leaf(out, "name", kind.name)?;
    leaf(out, "description", kind.description)?;
    leaf(out, "supertypeName", kind.parent)?;
    out.create_element("features").write_inner_content(|out| {
        kind.features.iter().try_for_each(|(feature, range)| {
            let element = out.create_element("featureDescription");
            element.write_inner_content(|out| write_feature(out, feature, *range)).map(|_| ())
        })
    })?;
    Ok(())
}

fn write_types(out: &mut Writer<Vec<u8>>) -> io::Result<()> {
    out.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let whole = out.create_element("typeSystemDescription");
    let whole = whole.with_attribute(("xmlns", "http://uima.apache.org/resourceSpecifier"));
    whole.write_inner_content(|out| {
        leaf(out, "name", "khabar")?;
        out.create_element("types").write_inner_content(|out| {
            types().iter().try_for_each(|kind| {
                let element = out.create_element("typeDescription");
                element.write_inner_content(|out| write_type(out, kind)).map(|_| ())
            })
        })?;
        Ok(())
    })?;
    Ok(())
}

/// A CAS as XMI.
fn xmi(cas: &Cas<'_>, text: &str) -> io::Result<Vec<u8>> {
    let prefixes = prefixes();
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 1);
    out.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let mut spaces = vec![
        ("xmlns:xmi".to_owned(), "http://www.omg.org/XMI".to_owned()),
        ("xmlns:cas".to_owned(), "http:///uima/cas.ecore".to_owned()),
    ];
    for (package, prefix) in &prefixes {
        spaces.push((format!("xmlns:{prefix}"), format!("http:///{}.ecore", package.replace('.', "/"))));
    }
    spaces.push(("xmi:version".to_owned(), "2.0".to_owned()));
    out.create_element("xmi:XMI")
        .with_attributes(spaces.iter().map(|(key, value)| (key.as_str(), value.as_str())))
        .write_inner_content(|out| {
            out.create_element("cas:NULL").with_attribute(("xmi:id", "0")).write_empty()?;
            let mut members = Vec::new();
            for structure in &cas.structures {
                let (package, kind) = parts(structure.kind);
                let prefix = prefixes.get(package).map_or("", String::as_str);
                let mut attributes = vec![("xmi:id", structure.id.to_string())];
                if structure.member {
                    attributes.push(("sofa", "1".to_owned()));
                    members.push(structure.id.to_string());
                }
                if let Some(place) = structure.place {
                    attributes.push(("begin", place.start().to_string()));
                    attributes.push(("end", place.end().to_string()));
                }
                for (feature, content) in &structure.features {
                    let value = match content {
                        Content::Text(text) => xml_text(text).0.into_owned(),
                        Content::Float(number) => number.to_string(),
                        Content::Reference(id) => id.to_string(),
                        Content::Links(links) => links.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
                    };
                    attributes.push((feature, value));
                }
                out.create_element(format!("{prefix}:{kind}").as_str())
                    .with_attributes(attributes.iter().map(|(key, value)| (*key, value.as_str())))
                    .write_empty()?;
            }
            out.create_element("cas:Sofa")
                .with_attributes([
                    ("xmi:id", "1"),
                    ("sofaNum", "1"),
                    ("sofaID", "_InitialView"),
                    ("mimeType", "text/plain"),
                    ("sofaString", text),
                ])
                .write_empty()?;
            out.create_element("cas:View")
                .with_attributes([("sofa", "1"), ("members", members.join(" ").as_str())])
                .write_empty()?;
            Ok(())
        })?;
    let mut bytes = out.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

/// Writes XMI.
#[derive(Debug)]
pub struct CasXmi {
    folder: Folder,
}

impl CasXmi {
    /// Writes the type system.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn new(folder: Folder) -> Result<Self> {
        folder.write(TYPE_SYSTEM_FILE, &type_system()?)?;
        Ok(Self { folder })
    }
}

impl Exporter for CasXmi {
    fn article(&mut self, article: &ExportedArticle<'_>, losses: &mut Losses) -> Result<()> {
        let cas = Cas::new(article, losses)?;
        let (text, forbidden) = xml_text(article.text());
        losses.note("text", "control characters that XML 1.0 forbids became spaces", forbidden);
        let bytes = xmi(&cas, &text).map_err(|error| unwritten(&error))?;
        self.folder.write(&format!("{}.xmi", article.name), &bytes)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use quick_xml::events::BytesStart;
    use quick_xml::{Reader, XmlVersion};

    use super::*;
    use crate::export::exporter::Format;
    use crate::export::exporter::tests::{TEXT, exported, file};

    #[test]
    fn control_characters_become_one_unit_each() {
        let text = "a\u{0}b\u{1f}\t\n\u{fffe}🚀\u{85}";
        let (written, forbidden) = xml_text(text);
        assert_eq!((written.as_ref(), forbidden), ("a b \t\n 🚀\u{85}", 3));
        assert_eq!(written.encode_utf16().count(), text.encode_utf16().count());
        assert_eq!(xml_text(TEXT).1, 0);
    }

    #[test]
    fn packages_have_prefixes_of_their_own() {
        let prefixes = prefixes();
        let mut all: Vec<&String> = prefixes.values().collect();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), prefixes.len());
        assert!(all.len() >= 3);
    }

    fn value(element: &BytesStart<'_>, name: &str) -> Option<String> {
        let attribute = element.try_get_attribute(name).unwrap()?;
        Some(attribute.normalized_value(XmlVersion::default()).unwrap().into_owned())
    }

    #[test]
    fn the_text_and_its_places_come_back() {
        let (folder, _) = exported(Format::CasXmi);
        let xml = file(&folder, "sub/b.xmi");
        let mut reader = Reader::from_str(&xml);
        let (mut text, mut places) = (String::new(), Vec::new());
        loop {
            match reader.read_event().unwrap() {
                Event::Eof => break,
                Event::Empty(element) => {
                    text = value(&element, "sofaString").unwrap_or(text);
                    if let (Some(begin), Some(end)) = (value(&element, "begin"), value(&element, "end")) {
                        let role = value(&element, "role").unwrap_or_default();
                        places.push((role, begin.parse::<usize>().unwrap(), end.parse::<usize>().unwrap()));
                    }
                }
                _ => {}
            }
        }
        assert_eq!(text, TEXT);
        let units: Vec<u16> = text.encode_utf16().collect();
        let covered: Vec<(String, String)> = places
            .into_iter()
            .map(|(role, begin, end)| (role, String::from_utf16(&units[begin..end]).unwrap()))
            .collect();
        assert!(covered.contains(&("source".to_owned(), "Beijing".to_owned())), "{covered:?}");
        let types = file(&folder, TYPE_SYSTEM_FILE);
        assert!(types.contains("<elementType>webanno.custom.ClaimRolesLink</elementType>"), "{types}");
    }
}
