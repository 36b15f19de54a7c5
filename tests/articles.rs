//! Reading: saved pages, records, encodings, as a user meets them.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use khabar::article::{Article, Format, Input, ReadOptions, Region, read, read_bytes};
use khabar::error::{ErrorKind, Result};
use khabar::offset::Span;

const BODY: &str = "قالت وزارة الخارجية الصينية إن بكين ترفض القرار الأمريكي، وأكدت أن الشركات ستواصل العمل.";

fn from(bytes: &[u8], name: &str) -> Vec<Result<Article>> {
    read_bytes(bytes, Path::new(name), Path::new("out"), &ReadOptions::default())
}

fn one(bytes: &[u8], name: &str) -> Article {
    let mut all = from(bytes, name);
    assert_eq!(all.len(), 1);
    all.remove(0).unwrap()
}

fn kind(bytes: &[u8], name: &str) -> ErrorKind {
    from(bytes, name).remove(0).unwrap_err().kind()
}

fn page(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pages").join(name)).unwrap()
}

fn lines_without_furniture(article: &Article) -> Vec<&str> {
    let mut at = 0;
    let mut lines = Vec::new();
    for line in article.text().split('\n') {
        let span = Span::new(at, at + line.len());
        at += line.len() + 1;
        if article.region(span) != Some(Region::Furniture) {
            lines.push(line);
        }
    }
    lines
}

#[test]
fn arabic_page() {
    let article = one(&page("arabic-news.html"), "p.html");
    let metadata = article.metadata();
    assert_eq!(article.origin().format, Format::Html);
    assert_eq!(metadata.title.as_deref(), Some("بكين ترد على قيود الرقائق الأمريكية"));
    assert_eq!(metadata.date.as_deref(), Some("2026-01-13"));
    assert_eq!(metadata.outlet.as_deref(), Some("أخبار الميناء"));
    assert_eq!(metadata.byline.as_deref(), Some("ليلى حسن"));
    assert_eq!(metadata.declared_language.as_deref(), Some("ar"));
    let lines = lines_without_furniture(&article);
    assert_eq!(lines.len(), 6, "{lines:#?}");
    assert_eq!(lines[0], "بكين ترد على قيود الرقائق الأمريكية");
    assert!(lines[1].ends_with("«تعسفية»."));
    assert!(lines[2].contains("ستتخذ الإجراءات اللازمة لحماية"));
    assert_eq!(lines[3], "موقف واشنطن");
    for boilerplate in ["ملفات تعريف", "الرئيسية", "أرشيفية", "السيارات", "نشرتنا", "الطقس", "جميع الحقوق", "واتساب"]
    {
        assert!(!article.text().contains(boilerplate), "{boilerplate}");
    }
}

#[test]
fn english_page() {
    let article = one(&page("english-news.html"), "p.htm");
    let metadata = article.metadata();
    assert_eq!(metadata.title.as_deref(), Some("US tightens rules on chip exports to China"));
    assert_eq!(metadata.date.as_deref(), Some("2025-04-02"));
    assert_eq!(metadata.outlet.as_deref(), Some("The Harbour Post"));
    assert_eq!(metadata.byline.as_deref(), Some("Jane Doe"));
    assert_eq!(metadata.url.as_deref(), Some("https://www.harbour-post.example/2025/04/02/chips.html"));
    let lines = lines_without_furniture(&article);
    assert_eq!(lines.len(), 9, "{lines:#?}");
    assert!(lines[2].contains("$1.2\u{a0}billion") && lines[3] == "They did not name the companies.");
    assert!(lines[5].starts_with("Shareholders"));
    assert_eq!(lines[6], "• Exports of older chips are not affected.");
    for boilerplate in
        ["cookies", "Arizona", "What the rules mean", "subscribe", "A reader wrote", "harbours around", "Copyright"]
    {
        assert!(!article.text().contains(boilerplate), "{boilerplate}");
    }
}

#[test]
fn old_page_in_windows_1256_without_paragraphs() {
    let text = String::from_utf8(page("legacy-divs.html")).unwrap();
    let (bytes, _, lost) = encoding_rs::WINDOWS_1256.encode(&text);
    assert!(!lost);
    let article = one(&bytes, "p.html");
    assert_eq!(article.origin().encoding, "windows-1256");
    assert_eq!(article.metadata().title.as_deref(), Some("الصين تعلن خطة للذكاء الاصطناعي"));
    assert_eq!(article.metadata().date.as_deref(), Some("2025-04-02"));
    let lines = lines_without_furniture(&article);
    assert_eq!(lines.len(), 4, "{lines:#?}");
    assert!(lines[3].starts_with("وفي واشنطن"));
}

#[test]
fn pages_without_text_are_refused() {
    assert_eq!(
        kind(b"<!doctype html><html><body><script>app()</script></body></html>", "p.html"),
        ErrorKind::NoMainText
    );
}

#[test]
fn json_of_all_shapes() {
    let object = format!(
        r#"{{"headline":"بكين ترد","body":"<p>{BODY}</p><p>ثانيا</p>","datePublished":"2026-01-13","source":{{"name":"كونا"}}}}"#
    );
    let article = one(object.as_bytes(), "a.json");
    assert_eq!(article.text(), format!("بكين ترد\n{BODY}\nثانيا"));
    assert_eq!(article.region(Span::new(0, 4)), Some(Region::Title));
    assert_eq!(article.metadata().date.as_deref(), Some("2026-01-13"));
    assert_eq!(article.metadata().outlet.as_deref(), Some("كونا"));
    assert_eq!(article.origin().relative, Path::new("out"));

    let array = format!(r#"[{{"text":"{BODY}","id":"a/1"}},{{"text":"{BODY}"}},{{"text":""}}]"#);
    let all = from(array.as_bytes(), "a.json");
    assert_eq!(all.len(), 3);
    assert_eq!(all[0].as_ref().unwrap().origin().relative, Path::new("out/a-1"));
    assert_eq!(all[1].as_ref().unwrap().origin().relative, Path::new("out/000002"));
    assert_eq!(all[2].as_ref().unwrap_err().kind(), ErrorKind::Empty);

    let inside = format!(r#"{{"meta":1,"articles":[{{"text":"{BODY}"}}]}}"#);
    assert_eq!(one(inside.as_bytes(), "a").origin().record, Some(1));

    assert_eq!(kind(b"[]", "a.json"), ErrorKind::NoArticle);
    assert_eq!(kind(br#"{"a":1}"#, "a.json"), ErrorKind::NoArticle);
    let broken = from(b"{\"text\":\n\"a\"", "a.json").remove(0).unwrap_err();
    assert_eq!((broken.kind(), broken.line_number()), (ErrorKind::Malformed, Some(2)));
    let _ = kind(&[b'['; 5000], "a.json");
}

#[test]
fn json_lines_go_on_after_a_bad_line() {
    let text = format!(
        "{{\"text\":\"{BODY}\",\"id\":\"x\"}}\nnot json\n\n{{\"title\":\"only\"}}\n{{\"text\":\"{BODY}\",\"id\":\"X\"}}\n"
    );
    let check = |all: Vec<Result<Article>>| {
        assert_eq!(all.len(), 4);
        assert_eq!(all[0].as_ref().unwrap().origin().relative, Path::new("out/x"));
        let bad = all[1].as_ref().unwrap_err();
        assert_eq!((bad.kind(), bad.line_number()), (ErrorKind::Malformed, Some(2)));
        assert_eq!(all[2].as_ref().unwrap_err().kind(), ErrorKind::NoArticle);
        assert_eq!(all[3].as_ref().unwrap().origin().relative, Path::new("out/X-000005"));
    };
    check(from(text.as_bytes(), "a.jsonl"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    std::fs::write(&path, &text).unwrap();
    check(read(&Input { path, relative: "out".into() }, &ReadOptions::default()));
}

#[test]
fn tables() {
    let csv = format!("Title,Text,Date\n\"بكين ترد\",\"{BODY}\nسطر\",13/1/2026\nx\n");
    let all = from(csv.as_bytes(), "a.csv");
    assert_eq!(all.len(), 2);
    let first = all[0].as_ref().unwrap();
    assert_eq!(first.text(), format!("بكين ترد\n{BODY}\nسطر"));
    assert_eq!(first.metadata().date.as_deref(), Some("2026-01-13"));
    assert_eq!(all[1].as_ref().unwrap_err().kind(), ErrorKind::Malformed);
    let tsv = format!("title\tcontent\nx\t{BODY}\n");
    assert_eq!(one(tsv.as_bytes(), "a.tsv").origin().format, Format::Csv);
    assert_eq!(kind(b"a,b\n1,2\n", "a.csv"), ErrorKind::NoArticle);
    let own = ReadOptions { text_fields: vec!["b".into()], ..ReadOptions::default() };
    assert!(read_bytes(b"a,b\n1,words enough\n", Path::new("a.csv"), Path::new("o"), &own)[0].is_ok());
}

#[test]
fn the_content_decides_not_the_ending() {
    assert_eq!(one(&page("english-news.html"), "p.txt").origin().format, Format::Html);
    assert_eq!(one(format!("{{\"text\":\"{BODY}\"}}").as_bytes(), "a.txt").origin().format, Format::Json);
    assert_eq!(one(BODY.as_bytes(), "a.html").origin().format, Format::Text);
    assert_eq!(one(b"[Photo] The ministry said it would respond.", "a").origin().format, Format::Text);
    assert_eq!(one(format!("# عنوان\n\n{BODY}").as_bytes(), "a.txt").origin().format, Format::Markdown);
}

#[test]
fn limits_and_bad_bytes() {
    let small = ReadOptions { max_bytes: 10, ..ReadOptions::default() };
    let error = read_bytes(BODY.as_bytes(), Path::new("a.txt"), Path::new("a"), &small).remove(0).unwrap_err();
    assert_eq!((error.kind(), error.path()), (ErrorKind::TooLarge, Some(Path::new("a.txt"))));
    assert_eq!(kind(b"", "a.txt"), ErrorKind::Empty);
    assert_eq!(kind(b"\x89PNG\r\n\x1a\n", "a.txt"), ErrorKind::Binary);
    let missing = read(&Input { path: "/no/such".into(), relative: "x".into() }, &small).remove(0).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Unreadable);
    let deep = "<div>".repeat(3_000);
    let _ = from(format!("<html>{deep}text").as_bytes(), "a.html");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300), ending in "txt|md|html|json|jsonl|csv|") {
        for article in from(&bytes, &format!("a.{ending}")).into_iter().flatten() {
            proptest::prop_assert!(!article.text().contains('\r'));
        }
    }

    #[test]
    fn no_text_panics(text in "(<p>|</div>|\\{|\"text\":|\"|,|\n|# |---|\\[|a|ب| |&lt;|\r){0,60}", ending in "txt|md|html|json|jsonl|csv|") {
        let _ = from(text.as_bytes(), &format!("a.{ending}"));
    }
}
