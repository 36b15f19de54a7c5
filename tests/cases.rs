//! Literate cases: the Markdown files in `tests/cases/`, each readable by a linguist.
//!
//! A heading below the first level opens a case. Its fenced block `text` is an article; every other block says by its
//! name what is expected of it: `sentences`, `tokens`. To add a sort of fact, add its name and how it is written out to
//! [`facts`]. A block of another name fails, so that no case is passed over.

use std::fs;
use std::path::Path;

use khabar::article::Article;
use khabar::document::{Annotator, Document};
use khabar::segmenter::{SentenceSegmenter, Tokenizer};
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

fn annotated(text: &str) -> Document {
    let mut document = Document::new(Article::from_text(text));
    let stages: [&dyn Annotator; 2] = [&SentenceSegmenter, &Tokenizer];
    for stage in stages {
        let layer = stage.annotate(&document);
        document.add(layer);
    }
    document
}

/// The facts of a sort, as the block of that name writes them.
fn facts(sort: &str, document: &Document) -> Option<String> {
    let layers = document.layers();
    let lines: Vec<String> = match sort {
        "sentences" => layers.sentences.iter().map(|s| document.quote(s.span).to_owned()).collect(),
        "tokens" => (0..layers.sentences.len())
            .map(|index| {
                let tokens = layers.tokens.iter().filter(|token| token.sentence == index);
                tokens.map(|token| document.quote(token.span)).collect::<Vec<_>>().join(" ")
            })
            .collect(),
        _ => return None,
    };
    Some(lines.join("\n"))
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
            let document = annotated(text);
            for (sort, expected) in case.blocks.iter().filter(|(sort, _)| sort != "text") {
                let found = facts(sort, &document)
                    .unwrap_or_else(|| panic!("{name}: “{}”: no facts are called {sort:?}", case.name));
                checked += 1;
                if found != expected.trim_end() {
                    wrong.push(format!("{name}: “{}”: {sort}\nexpected:\n{expected}found:\n{found}\n", case.name));
                }
            }
        }
    }
    assert!(checked > 0, "no case was found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
