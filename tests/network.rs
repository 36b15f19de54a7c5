//! The program computes what the training code computes: the same scores for the same weights.
//!
//! `tests/data/network/` is written by `python -m khabar_training.reference`, from random weights.

use khabar::network::model::{Model, Request};
use serde_json::Value;

static WEIGHTS: &[u8] = include_bytes!("data/network/tiny.safetensors");
static PIECES: &[u8] = include_bytes!("data/network/tiny-pieces.json");

fn numbers(value: &Value) -> Vec<f32> {
    match value {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().expect("a number") as f32],
    }
}

fn close(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let spread = expected.iter().fold(0.0f32, |most, x| most.max(x.abs()));
    for (at, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= 1e-3 * spread.max(1.0), "{what}[{at}]: {a} here, {b} there");
    }
}

#[test]
fn the_scores_are_those_of_the_training_code() {
    let model = Model::read(WEIGHTS, PIECES).expect("the tiny network");
    let expected: Vec<Value> = serde_json::from_str(include_str!("data/network/tiny-expected.json")).expect("JSON");
    let sentences: Vec<Vec<&str>> = expected
        .iter()
        .map(|s| s["words"].as_array().expect("words").iter().map(|w| w.as_str().expect("a word")).collect())
        .collect();
    let requests: Vec<Request<'_>> = expected
        .iter()
        .zip(&sentences)
        .map(|(s, words)| {
            let source = s["source"].as_str().expect("a source");
            Request { words, syntax: source, names: source }
        })
        .collect();
    // All at once, and each alone: the batch changes nothing.
    let together = model.score(&requests).expect("known sources");
    for (number, (request, expected)) in requests.iter().zip(&expected).enumerate() {
        let alone = model.score(std::slice::from_ref(request)).expect("known sources");
        for (scores, part) in [(&together, &together.parts[number]), (&alone, &alone.parts[0])] {
            let rows = part.base..part.base + part.words.len() + 1;
            for head in ["upos", "xpos", "feats", "lemma", "vowels", "restored", "name"] {
                let found: Vec<f32> = rows.clone().flat_map(|row| scores.heads[head].row(row).to_vec()).collect();
                close(head, &found, &numbers(&expected[head]));
            }
            close("arc", &scores.arcs(part), &numbers(&expected["arc"]));
            let found: Vec<f32> = rows.clone().flat_map(|row| scores.relations(row, part.base)).collect();
            close("relation", &found, &numbers(&expected["relation_to_root"]));
        }
        let part = &together.parts[number];
        let rows = part.base..part.base + part.words.len() + 1;
        for (row, own) in rows.zip(0..) {
            assert_eq!(together.heads["upos"].row(row), alone.heads["upos"].row(own), "the batch changes nothing");
        }
    }
}

#[test]
fn a_long_sentence_is_read_in_parts() {
    let model = Model::read(WEIGHTS, PIECES).expect("the tiny network");
    let words = ["China"; 100];
    let read = model.read_sentences(&[Request { words: &words, syntax: "gum", names: "gum" }]).expect("known sources");
    assert_eq!(read[0].len(), 100);
    assert_eq!(read[0].iter().filter(|r| r.head.is_none()).count(), 1);
    for at in 0..100 {
        let mut here = at;
        for _ in 0..=100 {
            here = read[0][here].head.unwrap_or(here);
        }
        assert!(read[0][here].head.is_none(), "word {at} reaches the root");
    }
}

#[test]
fn broken_weights_are_refused() {
    assert!(Model::read(&WEIGHTS[..WEIGHTS.len() - 1], PIECES).is_err());
    assert!(Model::read(WEIGHTS, b"{}").is_err());
    let model = Model::read(WEIGHTS, PIECES).expect("the tiny network");
    assert!(model.score(&[Request { words: &["China"], syntax: "ewt", names: "gum" }]).is_err());
}
