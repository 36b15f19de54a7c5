//! Literate cases: the Markdown files in `tests/cases/`, each readable by a linguist.
//!
//! A heading below the first level opens a case. Its fenced block `text` is an article; every other block says by its
//! name what is expected of it, whole and in order: `sentences`, `tokens`, `attributions` (lines
//! `source | cue | content`, what is not there left empty, the pieces of a split content joined by ` … `), `claims`
//! (lines `side | basis | content`). Attributions and claims are those of the rules; `network-attributions` and
//! `network-claims` are those of the default pipeline. To add a sort of fact, add its name and how it is written out to
//! [`facts`]. A block of another name fails, so that no case is passed over.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use khabar::article::Article;
use khabar::claim::{Basis, Claim, Method};
use khabar::document::{Document, Side};
use khabar::network::Choice;
use khabar::pipeline::Pipeline;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Parser, Tag, TagEnd};

/// One case of a file.
#[derive(Debug, Default)]
struct Case {
    name: String,
    /// Name and text of each block.
    blocks: Vec<(String, String)>,
}

fn cases(markdown: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let (mut heading, mut block) = (false, None::<(String, String)>);
    for event in Parser::new(markdown) {
        match event {
            Event::Start(Tag::Heading { level, .. }) if level > HeadingLevel::H1 => {
                cases.push(Case::default());
                heading = true;
            }
            Event::End(TagEnd::Heading(_)) => heading = false,
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(name))) => {
                block = Some((name.to_string(), String::new()));
            }
            Event::End(TagEnd::CodeBlock) => {
                let case = cases.last_mut().expect("a block stands under the heading of its case");
                case.blocks.extend(block.take());
            }
            Event::Text(text) | Event::Code(text) => match (&mut block, cases.last_mut()) {
                (Some((_, inside)), _) => inside.push_str(&text),
                (None, Some(case)) if heading => case.name.push_str(&text),
                _ => {}
            },
            _ => {}
        }
    }
    cases
}

static RULES: LazyLock<Pipeline> =
    LazyLock::new(|| Pipeline::with(Choice::default(), Method::Rules).expect("the stages fit"));
static NETWORK: LazyLock<Pipeline> = LazyLock::new(|| Pipeline::with_defaults().expect("the stages fit"));

/// The facts of a sort, as the block of that name writes them.
fn facts(sort: &str, document: &Document, claims: &[Claim]) -> Option<String> {
    let layers = document.layers();
    let maybe = |span: Option<_>| span.map(|span| document.quote(span)).unwrap_or_default();
    let lines: Vec<String> = match sort {
        "sentences" => layers.sentences.iter().map(|s| document.quote(s.span).to_owned()).collect(),
        "tokens" => (0..layers.sentences.len())
            .map(|index| {
                let tokens = layers.tokens.iter().filter(|token| token.sentence == index);
                tokens.map(|token| document.quote(token.span)).collect::<Vec<_>>().join(" ")
            })
            .collect(),
        "attributions" => layers
            .attributions
            .iter()
            .map(|attribution| {
                let content: Vec<&str> = attribution.content.iter().map(|&span| document.quote(span)).collect();
                format!("{} | {} | {}", maybe(attribution.source), maybe(attribution.cue), content.join(" … "))
            })
            .collect(),
        "claims" => {
            let mut claims: Vec<&Claim> = claims.iter().collect();
            claims.sort_by_key(|claim| (claim.content, claim.side));
            let line = |claim: &Claim| {
                let side = match claim.side {
                    Side::Us => "US",
                    Side::Cn => "CN",
                    Side::Other => "other",
                };
                let basis = match claim.basis {
                    Basis::Stated => "stated",
                    Basis::Described => "described",
                };
                format!("{side} | {basis} | {}", document.quote(claim.content))
            };
            claims.into_iter().map(line).collect()
        }
        _ => return None,
    };
    Some(trimmed(&lines.join("\n")))
}

/// Without white space around each line, which editors take away and Markdown hides.
fn trimmed(block: &str) -> String {
    block.trim_end().lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

#[test]
fn cases_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> = fs::read_dir(folder).expect("the cases").map(|file| file.expect("a file").path()).collect();
    files.sort();
    let (mut wrong, mut checked) = (Vec::new(), 0);
    for file in files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "md")) {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for case in cases(&fs::read_to_string(file).expect("a case file")) {
            let text = case.blocks.iter().find(|(sort, _)| sort == "text").map(|(_, text)| text.trim_end());
            let text = text.unwrap_or_else(|| panic!("{name}: “{}” has no text", case.name));
            for (sort, expected) in case.blocks.iter().filter(|(sort, _)| sort != "text") {
                let (pipeline, kind) = match sort.strip_prefix("network-") {
                    Some(kind) => (&NETWORK, kind),
                    None => (&RULES, sort.as_str()),
                };
                let (document, claims) = pipeline.run(Article::from_text(text));
                let found = facts(kind, &document, &claims)
                    .unwrap_or_else(|| panic!("{name}: “{}”: no facts are called {sort:?}", case.name));
                checked += 1;
                if found != trimmed(expected) {
                    wrong.push(format!("{name}: “{}”: {sort}\nexpected:\n{expected}found:\n{found}\n", case.name));
                }
            }
        }
    }
    assert!(checked > 0, "no case was found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
