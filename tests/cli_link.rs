//! `khabar link`, over real runs, each in a fresh folder.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use khabar::claim::link::evidence::Relation;
use khabar::export::json::ArticleJson;
use khabar::export::links::{LinksJson, schema};
use tempfile::{TempDir, tempdir};

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

const WIRE: &str = "China imposes tariffs on American soybeans\n\nBEIJING, April 4, 2025 - China imposed tariffs of 34% on American \
                    soybeans on Friday, the finance ministry said. The United States criticized the decision and promised to help its \
                    farmers. Chinese importers have already turned to Brazil, and traders in Chicago fear that the market is lost for \
                    years to come.\n";
const ARABIC: &str = "الصين تفرض رسوما على فول الصويا\n\nبكين، 4 أبريل 2025 - فرضت الصين رسوما جمركية بنسبة 34% على فول الصويا \
                      الأمريكي. وانتقدت الولايات المتحدة القرار.\n";
const DENIAL: &str =
    "Beijing denies tariffs\n\nBEIJING, April 5, 2025 - China lifted tariffs on American soybeans, a trader claimed.\n";

fn annotated() -> TempDir {
    let folder = tempdir().unwrap();
    let reprint = WIRE.replace("China imposes tariffs on American soybeans\n", "Soybean tariffs: Beijing strikes\n");
    for (name, text) in [
        ("en/wire.txt", WIRE),
        ("en/copy.txt", WIRE),
        ("en/reprint.txt", &reprint),
        ("ar/a.txt", ARABIC),
        ("en/other.txt", DENIAL),
    ] {
        let path = folder.path().join("in").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let (code, _, stderr) = khabar(folder.path(), &["run", "in", "-o", "out", "-q"]);
    assert_eq!(code, 0, "{stderr}");
    folder
}

#[test]
fn links_of_a_run() {
    let folder = annotated();
    let (code, stdout, stderr) = khabar(folder.path(), &["link", "out"]);
    assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
    assert!(stderr.starts_with("5 articles, "), "{stderr}");
    let text = fs::read_to_string(folder.path().join("out/links.json")).unwrap();
    jsonschema::validator_for(&schema()).unwrap().validate(&serde_json::from_str(&text).unwrap()).unwrap();
    let links = LinksJson::read(&text).unwrap();

    let mut articles = BTreeMap::new();
    for name in ["en/wire", "en/copy", "en/reprint", "ar/a", "en/other"] {
        let json = fs::read_to_string(folder.path().join(format!("out/{name}.json"))).unwrap();
        let article = ArticleJson::read(&json).unwrap();
        articles.insert(article.article.id.clone(), article);
    }
    let [near] = &links.articles[..] else { panic!("{text}") };
    let outputs: Vec<&str> = near.articles.iter().map(|article| article.output.as_str()).collect();
    assert_eq!(
        (near.relation, outputs),
        (Relation::NearDuplicate, vec!["en/copy.json", "en/reprint.json", "en/wire.json"])
    );

    // Every claim exists, no link lies within an article, no claim stands in two clusters of a relation.
    let mut seen = BTreeSet::new();
    for cluster in &links.clusters {
        for claim in &cluster.claims {
            assert!(articles[&claim.article].claims.iter().any(|other| other.id == claim.claim));
            assert!(seen.insert((cluster.relation, claim.clone())));
        }
        for link in &cluster.links {
            assert_ne!(link.a.article, link.b.article);
            assert!(cluster.claims.contains(&link.a) && cluster.claims.contains(&link.b));
            assert!(!link.reason.is_empty() && (0.0..=1.0).contains(&link.score));
        }
    }
    let languages = |relation: Relation| -> BTreeSet<String> {
        let claims = links.clusters.iter().filter(|cluster| cluster.relation == relation).flat_map(|c| &c.claims);
        claims.map(|claim| articles[&claim.article].article.output.clone()).collect()
    };
    assert!(languages(Relation::Same).contains("ar/a.json"), "{text}");
    let imposed = links.clusters.iter().find(|cluster| cluster.claims.len() >= 4).unwrap();
    assert!(imposed.links.iter().any(|link| link.reason.contains("quantity 34 %")), "{text}");
    assert!(languages(Relation::Contradicts).contains("en/other.json"), "{text}");

    // The same bytes again, with other threads, and on standard output; the links are no article of the folder.
    let (code, stdout, _) = khabar(folder.path(), &["link", "out", "-o", "-", "-j", "3", "-q"]);
    assert_eq!((code, stdout), (0, text));
    let (code, _, stderr) = khabar(folder.path(), &["evaluate", "--gold", "out", "--pred", "out"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let names: Vec<_> = fs::read_dir(folder.path().join("out")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().ends_with(".new")));
}

#[test]
fn what_is_no_run_is_refused() {
    let folder = tempdir().unwrap();
    fs::create_dir(folder.path().join("out")).unwrap();
    let (code, _, stderr) = khabar(folder.path(), &["link", "out"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("E-READ-009: out: the folder holds no articles of khabar"), "{stderr}");
    let (code, _, stderr) = khabar(folder.path(), &["link", "nowhere"]);
    assert!(code == 2 && stderr.contains("E-READ-001"), "{stderr}");
    fs::write(folder.path().join("out/a.json"), "{\"schema\": \"khabar/1\"}").unwrap();
    let (code, _, stderr) = khabar(folder.path(), &["link", "out"]);
    assert!(code == 2 && stderr.contains("E-READ-005: out/a.json"), "{stderr}");
    assert!(!folder.path().join("out/links.json").exists());
}

#[test]
fn a_broken_article_does_not_stop_the_others() {
    let folder = annotated();
    fs::write(folder.path().join("out/broken.json"), "{\"schema\": \"khabar/1\"}").unwrap();
    let (code, _, stderr) = khabar(folder.path(), &["link", "out", "-o", "links.json"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("broken.json") && stderr.contains("5 articles"), "{stderr}");
    assert!(
        !LinksJson::read(&fs::read_to_string(folder.path().join("links.json")).unwrap()).unwrap().clusters.is_empty()
    );
    let (code, _, stderr) = khabar(folder.path(), &["link", "out", "-o", "none/links.json"]);
    assert!(code == 2 && stderr.contains("E-WRITE-001"), "{stderr}");
}

#[test]
fn scores_on_judged_titles() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("titles.csv"), "s1,s2,stance\nالنفط يرتفع,النفط يهبط,disagree\n").unwrap();
    let (code, stdout, stderr) = khabar(folder.path(), &["evaluate", "--links", "titles.csv"]);
    assert!(code == 0 && stdout.contains("macro-F1 100.0"), "{stdout}{stderr}");
    let (code, stdout, _) = khabar(folder.path(), &["evaluate", "--links", "titles.csv", "--json"]);
    let scores: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &scores["pairs"][0]["decided"]), (0, &"disagree".into()));
    let (code, _, stderr) = khabar(folder.path(), &["evaluate", "--links", "titles.csv", "--gold", "x"]);
    assert!(code == 2 && stderr.contains("--links"), "{stderr}");
}
