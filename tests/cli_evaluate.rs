//! `khabar evaluate`, each test in a fresh folder with its own articles and gold.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

const ARABIC: &str =
    "بكين ترد على القيود\n\nقالت وزارة الخارجية الصينية إن بكين سترد على القيود الأمريكية على الرقائق.\n";
const ENGLISH: &str = "Beijing answers\n\nThe Chinese foreign ministry said that Beijing will respond to the U.S. chip curbs.\n\n\
                       Nvidia said it would comply with U.S. export rules.\n";

/// Runs with arguments; gives exit code, standard output, standard error.
fn khabar(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(assert_cmd::cargo::cargo_bin!("khabar"))
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A folder with two articles in `in/` and a run over them in `out/`.
fn annotated() -> TempDir {
    let folder = tempdir().unwrap();
    for (name, text) in [("in/ar/answer.txt", ARABIC), ("in/en/answer.txt", ENGLISH)] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let (code, _, stderr) = khabar(folder.path(), &["run", "in", "-o", "out", "-q"]);
    assert_eq!(code, 0, "{stderr}");
    folder
}

/// Takes the output as gold, with `change` made to each article.
fn gold(folder: &Path, change: impl Fn(&mut Value)) {
    for name in ["ar/answer.json", "en/answer.json"] {
        let mut article: Value = serde_json::from_slice(&fs::read(folder.join("out").join(name)).unwrap()).unwrap();
        change(&mut article);
        let path = folder.join("gold").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, article.to_string()).unwrap();
    }
}

fn scores(folder: &Path) -> Value {
    let (code, stdout, stderr) = khabar(folder, &["evaluate", "--gold", "gold", "--pred", "out", "--json"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    serde_json::from_str(&stdout).unwrap()
}

#[test]
fn its_own_output_as_gold_is_perfect() {
    let folder = annotated();
    gold(folder.path(), |_| {});
    let found = scores(folder.path());
    for language in ["ar", "en", "all"] {
        let scores = &found["scores"][language];
        assert!(scores["claims"]["claims"]["gold"].as_f64().unwrap() >= 1.0, "{language}: no claim to score: {scores}");
        assert_eq!(scores["claims"]["claims"]["f1"], 1.0, "{language}");
        assert_eq!(scores["claims"]["claims_with_source"]["f1"], 1.0, "{language}");
        assert_eq!(scores["entities"]["span_type_side"]["f1"], 1.0, "{language}");
    }
    let (code, stdout, stderr) =
        khabar(folder.path(), &["evaluate", "--gold", "gold", "--pred", "out", "--errors", "errors.txt"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    for title in ["Arabic, 1 articles", "English, 1 articles", "All, 2 articles"] {
        assert!(stdout.contains(title), "{stdout}");
    }
    let line = stdout.lines().find(|line| line.starts_with("claims ")).unwrap();
    assert_eq!(line.split_whitespace().skip(1).take(3).collect::<Vec<_>>(), ["100.0"; 3]);
    assert!(folder.path().join("errors.txt").is_file());
}

#[test]
fn a_claim_that_is_not_in_the_gold_costs_precision() {
    let folder = annotated();
    gold(folder.path(), |article| {
        let claims = article["claims"].as_array_mut().unwrap();
        claims.truncate(claims.len() - 1);
    });
    let claims = &scores(folder.path())["scores"]["all"]["claims"]["claims"];
    assert_eq!(claims["recall"], 1.0);
    assert!(claims["precision"].as_f64().unwrap() < 1.0);
    let count = |key: &str| claims[key].as_f64().unwrap() as usize;
    assert_eq!(count("predicted"), count("gold") + 2);
}

#[test]
fn gold_of_the_guideline_names_its_places_by_text() {
    let folder = annotated();
    fs::create_dir_all(folder.path().join("gold/en")).unwrap();
    let gold = json!({
        "article": "answer.txt",
        "claims": [{
            "content": "Beijing will respond to the U.S. chip curbs", "side": "CN", "basis": "stated",
            "about": ["CN", "US"], "actor": "Beijing", "predicate": "will respond",
            "source": "The Chinese foreign ministry", "source_side": "CN", "cue": "said", "polarity": "affirmed",
            "modality": "asserted", "stance_us": "neutral", "stance_cn": "neutral", "topic": "chips"
        }],
        "entities": []
    });
    fs::write(folder.path().join("gold/en/answer.json"), gold.to_string()).unwrap();
    fs::remove_dir_all(folder.path().join("out/ar")).unwrap();
    let found = scores(folder.path());
    let claims = &found["scores"]["en"]["claims"];
    assert_eq!((&claims["claims"]["gold"], &claims["claims"]["recall"]), (&json!(1.0), &json!(1.0)), "{found}");
    assert_eq!(claims["unresolved"], 0);
}

#[test]
fn a_missing_article_is_told_and_counts_as_missed() {
    let folder = annotated();
    gold(folder.path(), |_| {});
    fs::remove_file(folder.path().join("out/en/answer.json")).unwrap();
    let (code, stdout, stderr) = khabar(folder.path(), &["evaluate", "--gold", "gold", "--pred", "out", "--json"]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("khabar: en/answer: no prediction; all of its gold counts as missed"), "{stderr}");
    assert!(stderr.contains("1 without prediction, 0 without gold, 0 unreadable"), "{stderr}");
    let found: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(found["scores"]["en"]["claims"]["claims"]["recall"], 0.0);
    assert_eq!(found["scores"]["ar"]["claims"]["claims"]["f1"], 1.0);
    assert_eq!(found["missing_predictions"], json!(["en/answer"]));
}

#[test]
fn names_of_a_tagged_file() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("names.tsv"), "Beijing\tB-LOC\nanswered\tO\nWashington\tB-LOC\n.\tO\n").unwrap();
    let (code, stdout, stderr) = khabar(folder.path(), &["evaluate", "--names", "names.tsv", "--json"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let found: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(found[0]["scores"]["all"]["recall"], 1.0, "{stdout}");
}

/// A treebank of two documents; the second stands in Arabic and has a word of two.
const TREEBANK: &str = "\
# newdoc id = answer
# sent_id = answer-1
# text = Beijing can't wait.
1 Beijing Beijing PROPN NNP Number=Sing 4 nsubj _ _
2-3 can't _ _ _ _ _ _ _ _
2 ca can AUX MD VerbForm=Fin 4 aux _ _
3 n't not PART RB _ 4 advmod _ _
4 wait wait VERB VB VerbForm=Inf 0 root _ SpaceAfter=No
5 . . PUNCT . _ 4 punct _ _

# newdoc id = jawab
# sent_id = jawab-1
# text = وقالت بكين إنها سترد.
1-2 وقالت _ _ _ _ _ _ _ _
1 و و CCONJ _ _ 2 cc _ _
2 قالت قال VERB _ _ 0 root _ _
3 بكين بكين PROPN _ _ 2 nsubj _ _
4-5 إنها _ _ _ _ _ _ _ _
4 إن إن SCONJ _ _ 7 mark _ _
5 ها هو PRON _ _ 7 nsubj _ _
6-7 سترد _ _ _ _ _ _ _ SpaceAfter=No
6 س س AUX _ _ 7 aux:fut _ _
7 ترد رد VERB _ _ 2 ccomp _ _
8 . . PUNCT _ _ 2 punct _ _
";

#[test]
fn words_and_trees_of_a_treebank() {
    let folder = tempdir().unwrap();
    let treebank: String = TREEBANK
        .lines()
        .map(|line| if line.starts_with('#') { line.to_owned() } else { line.replace(' ', "\t") } + "\n")
        .collect();
    fs::write(folder.path().join("gold.conllu"), &treebank).unwrap();
    let evaluate = |arguments: &[&str]| {
        let (code, stdout, stderr) =
            khabar(folder.path(), &[&["evaluate", "--conllu", "gold.conllu"], arguments].concat());
        assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
        stdout
    };
    let found: Value = serde_json::from_str(&evaluate(&["--json", "--write", "khabar.conllu"])).unwrap();
    let scores = &found["scores"];
    assert_eq!((&scores["Tokens"]["f1"], &scores["Sentences"]["f1"]), (&json!(1.0), &json!(1.0)), "{found}");
    assert_eq!((&scores["Words"]["gold"], &scores["Words"]["recall"]), (&json!(13.0), &json!(1.0)), "{found}");
    assert!(scores["LAS"]["f1"].as_f64().unwrap() > 0.5, "{found}");
    // What was written is a treebank with the same scores.
    let written = fs::read_to_string(folder.path().join("khabar.conllu")).unwrap();
    assert!(
        written.starts_with("# newdoc id = answer\n# newpar\n# sent_id = answer-1\n# text = Beijing can't wait.\n")
    );
    assert!(written.contains("\n1-2\tوقالت\t_\t_\t_\t_\t_\t_\t_\t_\n1\tو\t"), "{written}");
    let again: Value = serde_json::from_str(&evaluate(&["--json", "--pred", "khabar.conllu"])).unwrap();
    assert_eq!(again["scores"], *scores);
    // The gold itself is perfect; without its heads it has eight measures.
    let table = evaluate(&["--pred", "gold.conllu"]);
    assert_eq!(table.lines().count(), 14, "{table}");
    assert!(table.lines().skip(1).all(|line| line.split_whitespace().nth(3) == Some("100.00")), "{table}");
    let bare: String = treebank
        .lines()
        .map(|line| match line.split('\t').collect::<Vec<_>>()[..] {
            [id, form, lemma, upos, xpos, feats, _, _, deps, misc] => {
                [id, form, lemma, upos, xpos, feats, "_", "_", deps, misc].join("\t") + "\n"
            }
            _ => line.to_owned() + "\n",
        })
        .collect();
    fs::write(folder.path().join("bare.conllu"), bare).unwrap();
    let table = evaluate(&["--pred", "bare.conllu"]);
    assert_eq!(table.lines().count(), 10, "{table}");
    assert!(table.ends_with("bare.conllu: no heads, so no UAS, LAS, CLAS, MLAS, BLEX\n"), "{table}");
}

#[test]
fn a_treebank_of_another_text_is_refused() {
    let folder = tempdir().unwrap();
    let row = |form: &str| format!("1\t{form}\t_\t_\t_\t_\t0\troot\t_\t_\n\n");
    fs::write(folder.path().join("gold.conllu"), row("Beijing") + &row("answers")).unwrap();
    fs::write(folder.path().join("other.conllu"), row("Beijing") + &row("ends")).unwrap();
    let (code, stdout, stderr) =
        khabar(folder.path(), &["evaluate", "--conllu", "gold.conllu", "--pred", "other.conllu"]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("E-DATA-001: other.conllu:3: ") && stderr.contains("gold.conllu:3"), "{stderr}");
    fs::write(folder.path().join("other.conllu"), row("Beijing") + "1\tanswers\n").unwrap();
    let (code, _, stderr) = khabar(folder.path(), &["evaluate", "--conllu", "gold.conllu", "--pred", "other.conllu"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("other.conllu:3: not ten columns"), "{stderr}");
}

#[test]
fn usage_errors_score_nothing() {
    let folder = annotated();
    for (arguments, part) in [
        (&["evaluate"][..], "--gold"),
        (&["evaluate", "--gold", "gold"], "--pred"),
        (&["evaluate", "--gold", "nowhere", "--pred", "out"], "nowhere"),
        (&["evaluate", "--names", "x.tsv", "--gold", "gold"], "cannot be used with"),
        (&["evaluate", "--names", "x.tsv", "--slice", "0"], "--slice"),
        (&["evaluate", "--conllu", "x.conllu", "--gold", "gold"], "cannot be used with"),
        (&["evaluate", "--conllu", "nowhere.conllu"], "nowhere.conllu"),
        (&["evaluate", "--conllu", "x.conllu", "--pred", "y.conllu", "--write", "z"], "cannot be used with"),
        (&["evaluate", "--names", "x.tsv", "--write", "z"], "cannot be used with"),
    ] {
        let (code, stdout, stderr) = khabar(folder.path(), arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(part), "{arguments:?}: {stderr}");
    }
}
