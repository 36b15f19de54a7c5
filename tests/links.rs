//! `corpus/links` holds together: the pairs are those of the gold, each between two articles, no event in both parts.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use khabar::evaluation::gold;
use serde_json::Value;

fn pairs() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/links/pairs.jsonl");
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn pairs_are_of_the_gold() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut golds = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for pair in pairs() {
        let mut places = Vec::new();
        for place in [&pair["a"], &pair["b"]] {
            let article = place["article"].as_str().unwrap();
            assert!(article.starts_with("train/") || article.starts_with("dev/"), "{article}: the test part is sealed");
            let path = corpus.join(article.replace("/articles/", "/gold/")).with_extension("json");
            let gold = golds
                .entry(path.clone())
                .or_insert_with(|| gold::parse(&fs::read_to_string(&path).unwrap(), &path).unwrap());
            let claim = &gold.claims[usize::try_from(place["claim"].as_u64().unwrap()).unwrap()];
            assert_eq!(claim.content, place["content"].as_str().unwrap(), "{}", pair["id"]);
            assert_eq!(serde_json::to_value(claim.side).unwrap(), place["side"]);
            places.push((article.to_owned(), place["claim"].as_u64().unwrap()));
        }
        assert_ne!(places[0].0, places[1].0, "{}: one article", pair["id"]);
        places.sort();
        assert!(seen.insert(places), "{}: the pair stands twice", pair["id"]);
    }
}

#[test]
fn there_are_enough_and_half_are_hard_negatives() {
    let pairs = pairs();
    let count = |part: &str, relation: &str| {
        pairs.iter().filter(|pair| pair["part"] == part && pair["relation"] == relation).count()
    };
    for part in ["dev", "test"] {
        let (same, contrary, none) = (count(part, "same"), count(part, "contradicts"), count(part, "none"));
        assert!(same + contrary >= 75 && contrary >= 5 && none >= same, "{part}: {same} {contrary} {none}");
    }
    let ids: BTreeSet<&str> = pairs.iter().map(|pair| pair["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), pairs.len());
}

#[test]
fn an_article_is_in_one_part() {
    let mut parts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for pair in pairs() {
        for place in [&pair["a"], &pair["b"]] {
            // The file's name is that of the event, in both languages.
            let name = place["article"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            parts.entry(name).or_default().insert(pair["part"].as_str().unwrap().to_owned());
        }
    }
    for (name, parts) in parts {
        assert_eq!(parts.len(), 1, "{name} is in both parts");
    }
}
