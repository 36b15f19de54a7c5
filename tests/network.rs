//! The program computes what the training code computes: the same scores for the same weights.
//!
//! `tests/data/network/` is written by `python -m khabar_training.reference`, from random weights.

use khabar::network::claims::{ClaimModel, Passage, Seeker};
use khabar::network::heads::Habits;
use khabar::network::model::Model;
use serde_json::Value;

static WEIGHTS: &[u8] = include_bytes!("data/network/tiny.safetensors");
static WORD_WEIGHTS: &[u8] = include_bytes!("data/network/tiny-words.safetensors");
static CLAIM_WEIGHTS: &[u8] = include_bytes!("data/network/tiny-claims.safetensors");
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

fn pieces() -> Model {
    Model::read(WEIGHTS, Some(PIECES)).expect("the tiny network over pieces")
}

fn words() -> Model {
    Model::read(WORD_WEIGHTS, None).expect("the tiny network over words")
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().expect("a string")
}

/// All sentences at once, and each alone: both are as expected, and to the bit the same.
fn computes(model: &Model, expected: &str) {
    let expected: Vec<Value> = serde_json::from_str(expected).expect("JSON");
    let sentences: Vec<Vec<&str>> = expected
        .iter()
        .map(|s| s["words"].as_array().expect("words").iter().map(|w| w.as_str().expect("a word")).collect())
        .collect();
    let all: Vec<&[&str]> = sentences.iter().map(Vec::as_slice).collect();
    for (number, expected) in expected.iter().enumerate() {
        let habits = Habits { language: "en", syntax: text(expected, "syntax"), names: text(expected, "names") };
        let (together, parts) = model.score(&all, habits).expect("known sources");
        let (alone, own) = model.score(&all[number..=number], habits).expect("known sources");
        for (scores, part) in [(&together, &parts[number]), (&alone, &own[0])] {
            for head in ["upos", "xpos", "feats", "lemma"] {
                let (columns, classes) = scores.language.head(head).expect("a head of English");
                for (row, expected) in part.rows().zip(expected[head].as_array().expect("rows")) {
                    let expected = numbers(expected);
                    let expected: Vec<f32> = classes.iter().map(|&class| expected[class]).collect();
                    close(head, &scores.classes(row)[columns.clone()], &expected);
                }
            }
            let found: Vec<f32> = part.rows().flat_map(|row| scores.names.row(row).to_vec()).collect();
            close("name", &found, &numbers(&expected["name"]));
            close("arc", &scores.arcs(part.rows()), &numbers(&expected["arc"]));
            let relations = 0..scores.language.relations.len();
            let to_root = |row| relations.clone().map(move |place| scores.relation(place, row, part.base));
            let found: Vec<f32> = part.rows().flat_map(to_root).collect();
            close("relation", &found, &numbers(&expected["relation_to_root"]));
        }
        for (row, own) in parts[number].rows().zip(own[0].rows()) {
            assert_eq!(together.classes(row), alone.classes(own), "the batch changes nothing");
        }
        assert!(together.language.head("vowels").is_none());
        assert_eq!(together.language.head("lemma").map(|(_, classes)| classes), Some(&[1][..]));
    }
}

#[test]
fn the_scores_are_those_of_the_training_code() {
    computes(&pieces(), include_str!("data/network/tiny-expected.json"));
    computes(&words(), include_str!("data/network/tiny-words-expected.json"));
}

const ENGLISH: Habits<'static> = Habits { language: "en", syntax: "gum", names: "gum" };

#[test]
fn a_long_sentence_is_one_tree() {
    for model in [pieces(), words()] {
        let sentence = ["China"; 100];
        let read = model.read_sentences(&[&sentence, &[], &["said"]], ENGLISH).expect("known sources");
        assert_eq!((read[0].len(), read[1].len(), read[2].len()), (100, 0, 1));
        assert_eq!(read[0].iter().filter(|r| r.head.is_none()).count(), 1);
        for at in 0..100 {
            let mut here = at;
            for _ in 0..=100 {
                here = read[0][here].head.unwrap_or(here);
            }
            assert!(read[0][here].head.is_none(), "word {at} reaches the root");
        }
        assert!(read[0].iter().all(|r| r.vocalised.is_none() && r.lemma == "chin"));
    }
}

#[test]
fn broken_weights_are_refused() {
    assert!(Model::read(&WEIGHTS[..WEIGHTS.len() - 1], Some(PIECES)).is_err());
    assert!(Model::read(WEIGHTS, Some(b"{}")).is_err());
    assert!(Model::read(WEIGHTS, None).is_err());
    for model in [pieces(), words()] {
        assert!(model.score(&[&["China"]], Habits { syntax: "ewt", ..ENGLISH }).is_err());
        assert!(model.score(&[&["China"]], Habits { language: "fr", ..ENGLISH }).is_err());
    }
}

fn counts(value: &Value) -> Vec<usize> {
    value.as_array().expect("numbers").iter().map(|n| n.as_u64().expect("a number") as usize).collect()
}

#[test]
fn the_claim_network_computes_what_the_training_code_does() {
    let words: &'static Model = Box::leak(Box::new(words()));
    let model = ClaimModel::read(CLAIM_WEIGHTS, words.tables().expect("whole words")).expect("the tiny claim network");
    let expected: Vec<Value> =
        serde_json::from_str(include_str!("data/network/tiny-claims-expected.json")).expect("JSON");
    let forms: Vec<Vec<&str>> = expected
        .iter()
        .map(|e| e["words"].as_array().expect("words").iter().map(|w| w.as_str().expect("a word")).collect())
        .collect();
    let features: Vec<Vec<usize>> =
        expected.iter().map(|e| e["features"].as_array().expect("rows").iter().flat_map(counts).collect()).collect();
    let passages: Vec<Passage<'_>> =
        forms.iter().zip(&features).map(|(forms, features)| Passage { forms, features }).collect();
    let scores = model.score(&passages);
    for (number, expected) in expected.iter().enumerate() {
        let rows = scores.rows(number);
        let found: Vec<f32> = rows.clone().flat_map(|row| scores.predicate(row)).collect();
        close("predicate", &found, &numbers(&expected["predicate"]));
        let found: Vec<f32> = rows.map(|row| scores.cue(row)).collect();
        close("cue", &found, &numbers(&expected["cue"]));
        let at = expected["at"].as_u64().expect("a number") as usize;
        for (name, seeker) in [("claim_roles", Seeker::Predicate), ("cue_roles", Seeker::Cue)] {
            let roles = scores.roles(number, &[at], seeker);
            let found: Vec<f32> = roles[0].iter().flat_map(|role| role.parts().concat()).collect();
            close(name, &found, &numbers(&expected[name]));
        }
        let content = counts(&expected["content"]);
        let scopes = numbers(&expected["scopes"]);
        for (name, found) in scores.fields(number, at, content[0]..content[1], &scopes) {
            close(name, &found, &numbers(&expected["fields"][name]));
        }
    }
}
