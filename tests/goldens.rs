//! Two articles and all that is found in them, in a form for people. After a change on purpose, look at the difference,
//! then write the new state with `BLESS=1 cargo test --test goldens`.

#![allow(clippy::unwrap_used)]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use khabar::article::Article;
use khabar::export::json::{ArticleJson, ChainRecord, OffsetUnit, SpanRecord};
use khabar::pipeline::Pipeline;
use khabar::provenance::Provenance;

/// On one line; `-` for what is not there.
fn shown(span: Option<&SpanRecord>) -> String {
    span.map_or_else(|| "-".to_owned(), |span| span.quote.replace('\n', " "))
}

/// The name that the JSON has for it.
fn name(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

fn chain(links: &[ChainRecord]) -> String {
    links.iter().map(|link| shown(link.source.as_ref())).collect::<Vec<_>>().join(" > ")
}

fn listing(json: &ArticleJson) -> String {
    let mut out = String::from("claims\n");
    for claim in &json.claims {
        let (side, basis) = (name(&claim.side), name(&claim.basis));
        writeln!(out, "\n{side} {basis} | {}", shown(Some(&claim.content))).unwrap();
        writeln!(out, "  source: {}", shown(claim.source.as_ref())).unwrap();
        writeln!(out, "  cue: {}", shown(claim.cue.as_ref())).unwrap();
        writeln!(out, "  rule: {}", claim.rule).unwrap();
    }
    out.push_str("\nentities\n\n");
    for entity in &json.entities {
        let (kind, side) = (name(&entity.entity_type), name(&entity.side));
        let actor = entity.actor.as_deref().unwrap_or("-");
        writeln!(out, "{kind} {side} {actor} | {}", shown(Some(&entity.span))).unwrap();
    }
    out.push_str("\nattributions\n");
    for attribution in &json.attributions {
        let content: Vec<String> = attribution.content.iter().map(|span| shown(Some(span))).collect();
        let (form, commitment) = (name(&attribution.form), name(&attribution.commitment));
        writeln!(out, "\n{form} {commitment} | {}", content.join(" … ")).unwrap();
        writeln!(out, "  source: {}", shown(attribution.source.as_ref())).unwrap();
        writeln!(out, "  cue: {}", shown(attribution.cue.as_ref())).unwrap();
        writeln!(out, "  chain: {}", chain(&attribution.source_chain)).unwrap();
        writeln!(out, "  rule: {}", attribution.rule).unwrap();
    }
    out
}

#[test]
fn articles_give_what_they_gave() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens");
    let pipeline = Pipeline::with_defaults().unwrap();
    let bless = std::env::var("BLESS").is_ok_and(|value| value == "1");
    let mut wrong = Vec::new();
    for language in ["ar", "en"] {
        let text = fs::read_to_string(folder.join(format!("{language}.txt"))).unwrap();
        let (document, claims) = pipeline.run(Article::from_text(&text));
        let provenance = Provenance::new("", pipeline.stage_names());
        let found = listing(&ArticleJson::new(&document, &claims, "a.json", OffsetUnit::CodePoint, provenance));
        let golden = folder.join(format!("{language}.golden"));
        if bless {
            fs::write(golden, found).unwrap();
        } else {
            let expected = fs::read_to_string(&golden).unwrap().replace("\r\n", "\n");
            if found != expected {
                let lines = || found.lines().zip(expected.lines());
                let at = lines().take_while(|(found, expected)| found == expected).count();
                wrong.push(format!("{} differs from line {}; found:\n{found}", golden.display(), at + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
