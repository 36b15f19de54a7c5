//! The corpus holds together: every article has its gold, every string of the gold stands in its article, no story is on two sides, and the
//! test part is as it was sealed.
//!
//! After a correction of the test gold, write the new seal with `BLESS=1 cargo test --test corpus`.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use khabar::evaluation::annotation::AnnotatedArticle;
use khabar::evaluation::gold;
use khabar::network::manifest::checksum;

const PARTS: [&str; 3] = ["train", "dev", "test"];

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// The files of a folder with an ending, by their path below it, without the ending.
fn files(folder: &Path, ending: &str) -> BTreeMap<String, PathBuf> {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|e| e == ending))
        .map(|path| (path.strip_prefix(folder).unwrap().with_extension("").to_str().unwrap().replace('\\', "/"), path))
        .collect()
}

#[test]
fn every_article_has_gold_that_stands_in_it() {
    for part in PARTS {
        let articles = files(&corpus().join(part).join("articles"), "txt");
        let annotations = files(&corpus().join(part).join("gold"), "json");
        assert!(articles.keys().eq(annotations.keys()), "{part}: articles and gold are not the same");
        assert!(articles.len() >= 40);
        for (name, path) in articles {
            let article = AnnotatedArticle { text: fs::read_to_string(path).unwrap(), ..AnnotatedArticle::default() };
            let annotation = &annotations[&name];
            let gold = gold::parse(&fs::read_to_string(annotation).unwrap(), annotation).unwrap();
            let resolved = gold::resolve(&gold, &article);
            for claim in &resolved.claims {
                let spans = [&claim.actor, &claim.predicate, &claim.source, &claim.cue];
                for quote in spans.into_iter().flatten().chain([&claim.content]) {
                    assert!(quote.span.is_some(), "{part}/{name}: no place for {}", quote.text);
                }
                assert!(claim.predicate.is_some(), "{part}/{name}: no predicate: {}", claim.content.text);
            }
            for entity in &resolved.entities {
                assert!(entity.quote.span.is_some(), "{part}/{name}: no place for {}", entity.quote.text);
            }
        }
    }
}

#[test]
fn a_story_is_in_one_part() {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for part in PARTS {
        let stories: BTreeSet<String> = files(&corpus().join(part).join("articles"), "txt")
            .into_keys()
            .map(|name| name.rsplit('/').next().unwrap().to_owned())
            .collect();
        for story in stories {
            if let Some(other) = seen.insert(story.clone(), part) {
                panic!("{story} is in {other} and in {part}");
            }
        }
    }
}

#[test]
fn the_test_part_is_as_it_was_sealed() {
    let folder = corpus().join("test");
    let mut found = String::new();
    for (sub, ending) in [("articles", "txt"), ("gold", "json")] {
        for (name, path) in files(&folder.join(sub), ending) {
            let text = fs::read_to_string(path).unwrap().replace("\r\n", "\n");
            writeln!(found, "{}  {sub}/{name}.{ending}", checksum(text.as_bytes())).unwrap();
        }
    }
    let seal = folder.join("SHA256SUMS");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&seal, &found).unwrap();
    }
    assert_eq!(fs::read_to_string(seal).unwrap().replace("\r\n", "\n"), found, "corpus/test was changed");
}
