//! REFI-QDA project exchange (<https://www.qdasoftware.org/>), for NVivo, MAXQDA, ATLAS.ti, QualCoder and others:
//! `project.qdpx`, a ZIP of `project.qde` and of the texts.
//!
//! Rules:
//! - `startPosition` and `endPosition` count code points of the plain text (standard, section 10.2), the end exclusive. The
//!   texts have LF newlines alone: programs differ in how they count CRLF.
//! - A claim is a selection of its content, coded with `Claim` and with a code for each of its labels (`Topic/chips`); its
//!   other spans and the names are selections with codes of their own. A coding has no way to say which actor is whose.
//! - Ids are made from what they name, so that the same run gives the same project; there are no times in it.
//! - XML 1.0 forbids most control characters; the texts are files and keep them, names get a space instead.

use std::io::{self, Write as _};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::cas_xmi::xml_text;
use super::exporter::{ExportedArticle, Exporter, Folder, Growing};
use super::field::{ENTITY_SIDES, ENTITY_TYPES, LABELS, Role, labels};
use super::label_studio::lost;
use super::loss::{Lack, Losses, NO_REVIEW};
use super::table::name;
use crate::error::{Error, ErrorKind, Result};
use crate::offset::{Byte, Span};
use crate::provenance::{VERSION, sha256_hex};

/// Name of the project.
pub const PROJECT_FILE: &str = "project.qdpx";

const NO_CODE: &str = "no code is made of it";
const NO_VARIABLE: &str = "no variable is made of it";

/// What a REFI-QDA project lacks.
pub const LACKS: &[Lack] = &[
    ("claims[].review", NO_REVIEW),
    ("article.record", NO_VARIABLE),
    ("article.format", NO_VARIABLE),
    ("article.encoding", NO_VARIABLE),
    ("article.newline", NO_VARIABLE),
    ("article.input_hash", NO_VARIABLE),
    ("article.declared_language", NO_VARIABLE),
    ("text_sha256", NO_VARIABLE),
    ("paragraphs", NO_CODE),
    ("sentences", NO_CODE),
    ("tokens", NO_CODE),
    ("tokens[].words", NO_CODE),
    ("references", NO_CODE),
    ("attributions", "the sources and cues of claims only"),
    ("claims[].source_chain", "the source and cue of the claim itself only"),
    ("claims[].time", NO_CODE),
    ("claims[].quantities", NO_CODE),
    ("claims[].objects", NO_CODE),
    ("claims[].sentence", NO_CODE),
    ("provenance", "a user with the version of khabar only"),
];

/// Variables of a text.
const VARIABLES: [&str; 8] = ["article_id", "path", "date", "byline", "outlet", "url", "language", "duplicate_of"];

/// A group of codes: its name, its colour, and the codes in it; a group without codes is a code itself.
fn code_groups() -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
    let mut groups = vec![("Claim", "#F0E442", Vec::new())];
    for (role, colour) in Role::ALL.into_iter().zip(["#56B4E9", "#E69F00", "#009E73", "#CC79A7"]) {
        groups.push((role.label(), colour, Vec::new()));
    }
    groups.extend(LABELS.iter().map(|label| (label.name, "#999999", label.values.to_vec())));
    groups.push(("Name", "#0072B2", ENTITY_TYPES.to_vec()));
    groups.push(("NameSide", "#D55E00", ENTITY_SIDES.to_vec()));
    groups
}

/// A GUID made from what it names (a UUID of version 8, RFC 9562).
fn guid(parts: &[&str]) -> String {
    let mut digits: Vec<char> = sha256_hex(parts.join("\0").as_bytes()).chars().take(32).collect();
    digits[12] = '8';
    digits[16] = 'a';
    let part = |range: std::ops::Range<usize>| digits[range].iter().collect::<String>();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}

fn code_guid(group: &str, code: &str) -> String {
    guid(&["code", group, code])
}

fn user_guid() -> String {
    guid(&["user", "khabar"])
}

/// Writes a project.
pub struct Qdpx {
    zip: ZipWriter<Growing>,
    /// The sources so far, as XML. Selections are small beside the texts, which go into the archive at once.
    sources: Vec<u8>,
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Unwritable, error.to_string())
}

/// No time stamps: the same run gives the same bytes.
fn options() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default())
}

impl Qdpx {
    /// Begins the archive.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn new(folder: &Folder) -> Result<Self> {
        Ok(Self { zip: ZipWriter::new(folder.grow(PROJECT_FILE)?), sources: Vec::new() })
    }

    fn file(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.zip.start_file(name, options()).map_err(failed)?;
        self.zip.write_all(bytes).map_err(failed)
    }
}

/// What is selected, what it is called, what is said of it, and its codes.
struct Selection {
    key: String,
    span: Span<Byte>,
    name: String,
    description: String,
    codes: Vec<String>,
}

fn selections(article: &ExportedArticle<'_>) -> Result<Vec<Selection>> {
    let mut all = Vec::new();
    for claim in &article.json.claims {
        let mut codes = vec![code_guid("Claim", "")];
        codes.extend(labels(claim).map(|(label, value)| code_guid(label.name, &value)));
        let mut description = format!("claim {}, confidence {:.3}, rule {}", claim.id, claim.confidence, claim.rule);
        for reason in &claim.abstained {
            description.push_str("; abstained: ");
            description.push_str(reason);
        }
        let key = format!("claim {}", claim.id);
        let span = article.bytes(&claim.content)?;
        all.push(Selection { key: key.clone(), span, name: claim.content.quote.clone(), description, codes });
        for (role, span) in article.roles(claim)? {
            all.push(Selection {
                key: format!("{key} {}", role.key()),
                span,
                name: span.slice(article.text()).to_owned(),
                description: format!("{} of claim {}", role.key(), claim.id),
                codes: vec![code_guid(role.label(), "")],
            });
        }
    }
    for entity in &article.json.entities {
        let actor = entity.actor.as_ref().map(|actor| format!(", actor {actor}")).unwrap_or_default();
        all.push(Selection {
            key: format!("entity {}", entity.id),
            span: article.bytes(&entity.span)?,
            name: entity.span.quote.clone(),
            description: format!("name {}{actor}: {}", entity.id, entity.reason),
            codes: vec![code_guid("Name", &name(&entity.entity_type)), code_guid("NameSide", &name(&entity.side))],
        });
    }
    Ok(all)
}

/// A text with its selections, as XML.
fn source(article: &ExportedArticle<'_>, file: &str, selections: &[Selection]) -> io::Result<Vec<u8>> {
    let known = &article.json.article;
    let user = user_guid();
    let id = guid(&["source", article.name]);
    let title = known.title.as_deref().unwrap_or(article.name);
    let path = format!("internal://{file}");
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 1);
    out.create_element("TextSource")
        .with_attributes([
            ("guid", id.as_str()),
            ("name", xml_text(title).0.as_ref()),
            ("plainTextPath", path.as_str()),
            ("creatingUser", user.as_str()),
        ])
        .write_inner_content(|out| {
            out.create_element("Description")
                .write_text_content(BytesText::new(&xml_text(&format!("{}.json", article.name)).0))?;
            for selection in selections {
                let points = article.index().code_points(selection.span);
                let selected = guid(&["selection", article.name, &selection.key]);
                out.create_element("PlainTextSelection")
                    .with_attributes([
                        ("guid", selected.as_str()),
                        ("name", xml_text(&selection.name).0.as_ref()),
                        ("startPosition", points.start().to_string().as_str()),
                        ("endPosition", points.end().to_string().as_str()),
                        ("creatingUser", user.as_str()),
                    ])
                    .write_inner_content(|out| {
                        let description = xml_text(&selection.description).0;
                        out.create_element("Description").write_text_content(BytesText::new(&description))?;
                        for code in &selection.codes {
                            let coding = guid(&["coding", &selected, code]);
                            out.create_element("Coding")
                                .with_attributes([("guid", coding.as_str()), ("creatingUser", user.as_str())])
                                .write_inner_content(|out| {
                                    let target = ("targetGUID", code.as_str());
                                    out.create_element("CodeRef").with_attribute(target).write_empty()?;
                                    Ok(())
                                })?;
                        }
                        Ok(())
                    })?;
            }
            let language = name(&known.language);
            let values = [
                Some(known.id.as_str()),
                Some(known.path.as_str()),
                known.date.as_deref(),
                known.byline.as_deref(),
                known.outlet.as_deref(),
                known.url.as_deref(),
                Some(language.as_str()),
                known.duplicate_of.as_deref(),
            ];
            for (variable, value) in VARIABLES.into_iter().zip(values) {
                let Some(value) = value else { continue };
                out.create_element("VariableValue").write_inner_content(|out| {
                    let target = guid(&["variable", variable]);
                    out.create_element("VariableRef").with_attribute(("targetGUID", target.as_str())).write_empty()?;
                    out.create_element("TextValue").write_text_content(BytesText::new(&xml_text(value).0))?;
                    Ok(())
                })?;
            }
            Ok(())
        })?;
    Ok(out.into_inner())
}

/// The project around the sources.
fn project(sources: &[u8]) -> io::Result<Vec<u8>> {
    let user = user_guid();
    let by = format!("khabar {VERSION}");
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 1);
    out.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    out.create_element("Project")
        .with_attributes([
            ("name", "khabar"),
            ("origin", by.as_str()),
            ("creatingUserGUID", user.as_str()),
            ("xmlns", "urn:QDA-XML:project:1.0"),
        ])
        .write_inner_content(|out| {
            out.create_element("Users").write_inner_content(|out| {
                let attributes = [("guid", user.as_str()), ("name", by.as_str())];
                out.create_element("User").with_attributes(attributes).write_empty()?;
                Ok(())
            })?;
            out.create_element("CodeBook").write_inner_content(|out| {
                out.create_element("Codes").write_inner_content(|out| {
                    for (group, colour, codes) in code_groups() {
                        let id = code_guid(group, "");
                        let codable = if codes.is_empty() { "true" } else { "false" };
                        let element = out.create_element("Code").with_attributes([
                            ("guid", id.as_str()),
                            ("name", group),
                            ("isCodable", codable),
                            ("color", colour),
                        ]);
                        if codes.is_empty() {
                            element.write_empty()?;
                            continue;
                        }
                        element.write_inner_content(|out| {
                            for code in codes {
                                let id = code_guid(group, code);
                                // Programs show codes without their groups, too.
                                let shown = format!("{group}: {code}");
                                out.create_element("Code")
                                    .with_attributes([
                                        ("guid", id.as_str()),
                                        ("name", shown.as_str()),
                                        ("isCodable", "true"),
                                        ("color", colour),
                                    ])
                                    .write_empty()?;
                            }
                            Ok(())
                        })?;
                    }
                    Ok(())
                })?;
                Ok(())
            })?;
            out.create_element("Variables").write_inner_content(|out| {
                for variable in VARIABLES {
                    let id = guid(&["variable", variable]);
                    out.create_element("Variable")
                        .with_attributes([("guid", id.as_str()), ("name", variable), ("typeOfVariable", "Text")])
                        .write_empty()?;
                }
                Ok(())
            })?;
            out.create_element("Sources").write_inner_content(|out| {
                out.get_mut().push(b'\n');
                out.get_mut().write_all(sources)
            })?;
            Ok(())
        })?;
    let mut bytes = out.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

impl Exporter for Qdpx {
    fn article(&mut self, article: &ExportedArticle<'_>, losses: &mut Losses) -> Result<()> {
        let file = format!("{}.txt", guid(&["source", article.name]));
        let selections = selections(article)?;
        let xml = source(article, &file, &selections).map_err(failed)?;
        self.file(&format!("sources/{file}"), article.text().as_bytes())?;
        self.sources.extend(xml);
        self.sources.push(b'\n');
        for role in Role::ALL {
            let count = article.json.claims.iter().filter(|claim| role.of(claim).is_some()).count();
            losses.note(lost(role), "a selection of its own; only its description says whose it is", count);
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        let project = project(&self.sources).map_err(failed)?;
        self.file("project.qde", &project)?;
        self.zip.finish().map_err(failed)?.finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs::File;
    use std::io::Read as _;

    use quick_xml::{Reader, XmlVersion};

    use super::*;
    use crate::export::exporter::Format;
    use crate::export::exporter::tests::{TEXT, exported};

    #[test]
    fn selections_hold_their_words_and_codes_are_there() {
        let (folder, summary) = exported(Format::Qdpx);
        let mut archive = zip::ZipArchive::new(File::open(folder.path().join("export/project.qdpx")).unwrap()).unwrap();
        let mut files = BTreeMap::new();
        for place in 0..archive.len() {
            let mut file = archive.by_index(place).unwrap();
            let name = file.name().unwrap().into_owned();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            files.insert(name, text);
        }
        assert_eq!(files.len(), 4);
        let mut reader = Reader::from_str(&files["project.qde"]);
        let (mut codes, mut used) = (BTreeSet::new(), BTreeSet::new());
        let (mut text, mut selected, mut guids) = (Vec::new(), 0, Vec::new());
        loop {
            let event = reader.read_event().unwrap();
            let (Event::Start(element) | Event::Empty(element)) = &event else {
                if matches!(event, Event::Eof) {
                    break;
                }
                continue;
            };
            let value = |name: &str| {
                element
                    .try_get_attribute(name)
                    .unwrap()
                    .map(|found| found.normalized_value(XmlVersion::default()).unwrap().into_owned())
            };
            guids.extend(value("guid"));
            match element.name().as_ref() {
                "Code" => {
                    codes.extend(value("guid"));
                }
                "CodeRef" => {
                    used.extend(value("targetGUID"));
                }
                "TextSource" => {
                    let path = value("plainTextPath").unwrap().replace("internal://", "sources/");
                    assert_eq!(files[&path], TEXT);
                    text = files[&path].chars().collect();
                }
                "PlainTextSelection" => {
                    let at = |name: &str| value(name).unwrap().parse::<usize>().unwrap();
                    let covered: String = text[at("startPosition")..at("endPosition")].iter().collect();
                    assert_eq!(Some(covered), value("name"));
                    selected += 1;
                }
                _ => {}
            }
        }
        assert!(used.is_subset(&codes) && used.len() > 8, "{used:?}");
        assert!(selected > summary.claims + summary.entities);
        let all = guids.len();
        guids.sort();
        guids.dedup();
        assert_eq!(guids.len(), all);
    }

    #[test]
    fn guids_are_stable_and_look_like_guids() {
        assert_eq!(guid(&["a", "b"]), guid(&["a", "b"]));
        assert_ne!(guid(&["a", "b"]), guid(&["ab"]));
        let pattern = regex::Regex::new("^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$").unwrap();
        assert!(pattern.is_match(&guid(&["x"])));
    }
}
