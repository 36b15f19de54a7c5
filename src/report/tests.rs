//! The page as a whole: what it escapes, and that each number is that of the claims that it opens.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use dom_query::Document;

use super::cluster::clusters;
use super::folder::{Evidence, Material, Piece, Reported, Roles};
use super::page::page;
use super::{PageLanguage, report};
use crate::article::Article;
use crate::document::{Direction, Language};
use crate::export::json::{ArticleJson, ArticleRecord, ClaimRecord, OffsetUnit, SpanRecord};
use crate::pipeline::Pipeline;
use crate::provenance::Provenance;

/// A claim of an article with a content.
pub(super) fn reported(article: usize, content: &str) -> Reported {
    let span = SpanRecord { start: 0, end: content.chars().count(), quote: content.to_owned() };
    // From JSON, as in a folder: a key that is added later does not break the test.
    let claim: ClaimRecord = serde_json::from_value(serde_json::json!({
        "id": format!("{:016x}", content.len()), "content": span, "side": "CN", "basis": "described", "about": ["CN"],
        "actor": null, "predicate": null, "source": null, "source_side": "none", "cue": null, "polarity": "affirmed",
        "modality": "asserted", "stance": {"us": "neutral", "cn": "neutral"}, "topic": "chips", "commitment": null,
        "source_chain": [], "time": [], "quantities": [], "objects": [], "sentence": span, "confidence": 0.5,
        "rule": "any/claim/test", "abstained": []
    }))
    .unwrap();
    Reported {
        article,
        claim,
        evidence: vec![Evidence {
            direction: Direction::of(content),
            language: Language::En,
            gap: false,
            pieces: vec![Piece { text: content.to_owned(), roles: Roles { content: true, ..Roles::default() } }],
        }],
        actor: None,
        source: None,
    }
}

fn article(number: usize, date: Option<&str>) -> ArticleRecord {
    serde_json::from_value(serde_json::json!({
        "id": format!("{number:016x}"), "path": format!("in/{number}.txt"), "output": format!("{number}.json"),
        "record": null, "format": "text", "encoding": "UTF-8", "newline": "lf", "input_hash": "", "title": null,
        "date": date, "byline": null, "outlet": null, "url": null, "language": "en", "declared_language": null,
        "duplicate_of": null
    }))
    .unwrap()
}

/// Articles of these dates with one claim each.
pub(super) fn dated(dates: &[Option<&str>]) -> Material {
    let mut material = Material::default();
    for (number, date) in dates.iter().enumerate() {
        material.articles.push(article(number, *date));
        let mut reported = reported(number, &format!("it will answer for the {number}th time"));
        reported.claim.id = format!("{number:016x}");
        material.claims.push(reported);
    }
    material
}

/// One claim of each content, each in an article of its own.
pub(super) fn material(contents: &[&str]) -> Material {
    let mut material = dated(&vec![Some("2025-04-02"); contents.len()]);
    for (number, content) in contents.iter().enumerate() {
        let id = material.claims[number].claim.id.clone();
        material.claims[number] = reported(number, content);
        material.claims[number].claim.id = id;
    }
    material
}

const TEXTS: [&str; 4] = [
    "بكين ترد على القيود\n\nقالت وزارة الخارجية الصينية إن بكين سترد 🚀 على القيود الأمريكية.\n",
    "Beijing answers\n\nThe Chinese foreign ministry said that Beijing will respond to the U.S. chip curbs. Nvidia said it \
     would comply with U.S. export rules. “We will not wait,” Beijing said.\n",
    "Beijing answers again\n\nThe Chinese foreign ministry said that Beijing will respond to the U.S. chip curbs.\n",
    "Weather\n\nIt rained all day in Lisbon.\n",
];

fn write(folder: &Path, name: &str, text: &str, change: impl FnOnce(&mut ArticleJson)) {
    let (document, claims) = Pipeline::with_defaults().unwrap().run(Article::from_text(text));
    let output = format!("{name}.json");
    let mut json = ArticleJson::new(&document, &claims, &output, OffsetUnit::Utf16, Provenance::new("c", Vec::new()));
    change(&mut json);
    fs::write(folder.join(output), serde_json::to_string(&json).unwrap()).unwrap();
}

fn folder(texts: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (number, text) in texts.iter().enumerate() {
        write(folder.path(), &number.to_string(), text, |_| {});
    }
    folder
}

fn sets(page: &Document) -> Vec<Vec<usize>> {
    serde_json::from_str(&page.select("#sets").text()).unwrap()
}

/// Reads the page again and checks every number with the claims that it opens. Gives the number of numbers.
fn check_numbers(html: &str, material: &Material) -> usize {
    let page = Document::from(html);
    let sets = sets(&page);
    let clusters = clusters(material);
    let size = |set: &[usize], by: &str| match by {
        "claims" => set.len(),
        "reports" => set.iter().map(|&claim| material.claims[claim].article).collect::<BTreeSet<_>>().len(),
        "distinct" => set.iter().map(|&claim| clusters.of[claim]).collect::<BTreeSet<_>>().len(),
        other => panic!("counts by {other}"),
    };
    for set in &sets {
        assert!(!set.is_empty() && set.windows(2).all(|pair| pair[0] < pair[1]));
        for claim in set {
            // What a number opens is there, with its evidence.
            let card = page.select(&format!("#c{claim}"));
            assert_eq!(card.length(), 1);
            assert!(card.select(".evidence").length() > 0);
        }
    }
    let mut numbers = 0;
    for link in &page.select("[data-by]") {
        let set = &sets[link.attr("data-set").unwrap().parse::<usize>().unwrap()];
        let by = link.attr("data-by").unwrap();
        assert_eq!(link.text().trim().parse::<usize>().unwrap(), size(set, &by), "{}", link.html());
        numbers += 1;
    }
    // The bars: each chart stands in the division of what it counts.
    for by in ["claims", "reports", "distinct"] {
        for link in &page.select(&format!(".by-{by} a[data-set]")) {
            let set = &sets[link.attr("data-set").unwrap().parse::<usize>().unwrap()];
            let title = link.select("title").text();
            let count = title.rsplit(": ").next().unwrap().parse::<usize>().unwrap();
            assert_eq!(count, size(set, by), "{title}");
            numbers += 1;
        }
    }
    numbers
}

#[test]
fn every_number_is_that_of_the_claims_it_opens() {
    let folder = folder(&TEXTS);
    let material = super::folder::read(folder.path()).unwrap();
    assert!(material.claims.len() >= 4, "{}", material.claims.len());
    for language in [PageLanguage::English, PageLanguage::Arabic] {
        let report = report(folder.path(), language).unwrap();
        assert_eq!((report.articles, report.claims), (4, material.claims.len()));
        assert!(check_numbers(&report.html, &material) > 100);
    }
    // The same sentence in two articles is one distinct claim.
    let all: Vec<u32> = (0..material.claims.len() as u32).collect();
    let clusters = clusters(&material);
    let counter = super::breakdown::Counter::new(&material, &clusters);
    let distinct = counter.count(&all, super::breakdown::Measure::Distinct);
    assert!(distinct < all.len(), "{distinct} of {}", all.len());
    assert_eq!(counter.count(&all, super::breakdown::Measure::Reports), 3);
}

#[test]
fn one_article_and_none() {
    let one = folder(&TEXTS[..1]);
    let material = super::folder::read(one.path()).unwrap();
    let page = report(one.path(), PageLanguage::Arabic).unwrap();
    assert!(check_numbers(&page.html, &material) > 0);
    assert!(page.html.contains("dir=\"rtl\""));

    // A run over nothing, and one whose only article has no claim.
    let empty = tempfile::tempdir().unwrap();
    fs::write(empty.path().join("errors.jsonl"), "").unwrap();
    let page = report(empty.path(), PageLanguage::English).unwrap();
    assert_eq!((page.articles, page.claims), (0, 0));
    assert_eq!(sets(&Document::from(page.html.as_str())).len(), 0);
    let silent = folder(&TEXTS[3..]);
    let page = report(silent.path(), PageLanguage::English).unwrap();
    assert_eq!((page.articles, page.claims), (1, 0));
    assert!(page.html.contains("Articles without a claim"));
}

const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror=alert(2)>\u{202e}evil</title></style>&amp;";

#[test]
fn nothing_of_an_article_becomes_markup() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "Beijing <b onclick=alert(3)>answers</b>\n\nThe Chinese foreign ministry said that Beijing will respond to \
         {HOSTILE} the U.S. chip curbs. Nvidia <script>alert(4)</script> said it would comply with U.S. export rules.\n"
    );
    write(folder.path(), "0", &text, |json| {
        for field in
            [&mut json.article.title, &mut json.article.outlet, &mut json.article.date, &mut json.article.byline]
        {
            *field = Some(HOSTILE.to_owned());
        }
        json.article.path = HOSTILE.to_owned();
        for claim in &mut json.claims {
            claim.abstained.push(HOSTILE.to_owned());
            claim.rule = HOSTILE.to_owned();
        }
    });
    let failure = serde_json::json!({"path": HOSTILE, "status": HOSTILE, "code": HOSTILE, "message": HOSTILE,
        "line": null, "hint": HOSTILE});
    fs::write(folder.path().join("errors.jsonl"), format!("{failure}\n")).unwrap();
    let material = super::folder::read(folder.path()).unwrap();
    assert!(!material.claims.is_empty());
    let (article, claim) = (&material.articles[0].id, &material.claims[0].claim.id);
    let links = serde_json::json!({"clusters": [{"id": HOSTILE, "reason": HOSTILE,
        "claims": [{"article": article, "claim": claim}, {"article": HOSTILE, "claim": HOSTILE}]}]});
    fs::write(folder.path().join("links.json"), links.to_string()).unwrap();
    for language in [PageLanguage::English, PageLanguage::Arabic] {
        let html = report(folder.path(), language).unwrap().html;
        let page = Document::from(html.as_str());
        // The page's own data and script, and nothing more.
        assert_eq!(page.select("script").length(), 2);
        assert_eq!(page.select("style, title").iter().filter(|e| e.is("head > *")).count(), 2);
        assert_eq!(page.select("img, iframe, object, embed, b, link, base, form").length(), 0);
        for element in &page.select("*") {
            for node in element.nodes() {
                for attribute in node.attrs() {
                    let name = attribute.name.local.to_string();
                    assert!(!name.starts_with("on") && name != "style" && name != "src", "{name}");
                    if name == "href" {
                        let value = attribute.value.to_string();
                        assert!(value.starts_with('#') || value.starts_with("data:text/csv;"), "{value}");
                        assert!(!value.contains(['<', '"', '\u{202e}']));
                    }
                }
            }
        }
        // Overrides stay in the text, shut in; labels, tooltips and paths show none.
        let kept = page.select(".evidence .control").iter().filter(|e| e.text().as_ref() == "\u{202e}").count();
        assert!(kept > 0);
        for element in &page.select("bdi.control") {
            element.nodes().iter().for_each(dom_query::NodeRef::remove_from_parent);
        }
        let left = page.html();
        let json = left.find("id=\"sets\"").unwrap();
        assert!(!left[..json].contains('\u{202e}'), "an override is free");
        assert!(check_numbers(&html, &super::folder::read(folder.path()).unwrap()) > 0);
    }
}

#[test]
fn the_policy_names_the_style_and_script_of_the_page() {
    use base64::Engine as _;
    use sha2::Digest as _;
    let html =
        page(&material(&["it will answer"]), &clusters(&material(&["it will answer"])), "out", PageLanguage::English);
    let document = Document::from(html.as_str());
    let policy = document.select("meta[http-equiv]").attr("content").unwrap().to_string();
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"));
    let between = |open: &str, close: &str| {
        let start = html.rfind(open).unwrap() + open.len();
        html[start..start + html[start..].find(close).unwrap()].to_owned()
    };
    for inline in [between("<style>", "</style>"), between("<script>", "</script>")] {
        let hash = base64::prelude::BASE64_STANDARD.encode(sha2::Sha256::digest(inline.as_bytes()));
        assert!(policy.contains(&format!("'sha256-{hash}'")));
    }
    // Nothing is fetched from anywhere.
    for outside in ["http://", "https://", "@import", "url("] {
        assert!(!html.contains(outside), "{outside}");
    }
}

#[test]
fn the_csv_of_each_chart_holds_its_numbers_and_no_formula() {
    let mut material = material(&["it will answer", "سترد بكين على ذلك"]);
    material.articles[0].outlet = Some("=1+1".into());
    let html = page(&material, &clusters(&material), "out", PageLanguage::Arabic);
    let document = Document::from(html.as_str());
    let links = document.select("a[download]");
    assert_eq!(links.length(), super::breakdown::breakdowns(&material).len());
    for link in &links {
        let address = link.attr("href").unwrap().to_string();
        let body = address.strip_prefix("data:text/csv;charset=utf-8,").unwrap();
        let text = percent_encoding::percent_decode_str(body).decode_utf8().unwrap().into_owned();
        let mut rows = csv::Reader::from_reader(text.strip_prefix('\u{feff}').unwrap().as_bytes());
        assert_eq!(
            rows.headers().unwrap().iter().collect::<Vec<_>>().join(","),
            "row,label,column,claims,reports,distinct"
        );
        let mut claims = 0;
        for row in rows.records() {
            let row = row.unwrap();
            assert!(row.iter().all(|cell| !cell.starts_with('=')));
            claims += row[3].parse::<usize>().unwrap();
        }
        assert_eq!(claims, 2);
    }
}

#[test]
fn the_arabic_page_is_mirrored_and_quotes_keep_their_direction() {
    let html =
        page(&material(&["it will answer"]), &clusters(&material(&["it will answer"])), "out", PageLanguage::Arabic);
    let document = Document::from(html.as_str());
    let root = document.select("html");
    assert_eq!((root.attr("lang").unwrap().as_ref(), root.attr("dir").unwrap().as_ref()), ("ar", "rtl"));
    assert_eq!(document.select(".evidence").attr("dir").unwrap().as_ref(), "ltr");
    assert_eq!(document.select(".quote").attr("dir").unwrap().as_ref(), "ltr");
    // Every text of a chart says its direction, or it would take that of the page.
    assert_eq!(document.select("svg text:not([direction])").length(), 0);
    assert!(document.select("svg text[direction=rtl]").length() > 0);
}
