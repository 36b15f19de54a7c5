//! What is exported and taken back is the same; what does not fit is told with file and line.

#![allow(clippy::unwrap_used)]

use std::sync::LazyLock;

use serde_json::Value;

use super::*;
use crate::article::{ReadOptions, read_bytes};
use crate::evaluation::gold::{GoldClaim, GoldFile};
use crate::export::exporter::{Format as ExportFormat, Wanted as ExportWanted, export};
use crate::export::json::{ArticleJson, OffsetUnit};
use crate::export::table::name;
use crate::pipeline::Pipeline;
use crate::provenance::Provenance;

/// Emoji, letters outside the Basic Multilingual Plane, harakat, direction marks, a name behind its clitic, a verb whose
/// actor stands in the paragraph before, names that occur several times.
const MIXED: &str = "واشنطن وبكين: الحرب 🚀 التجارية\n\nقَالَتْ وزارةُ الخارجيةِ الصينيةُ إن بكين سترد 🚀 على القيود الأمريكية، وأضافت \
                     أن الولايات المتحدة\u{200f} \"𝒳𝒴\" ستخسر المعركة.\n\nوتابعت أنها ستفرض قيودًا على شركة \u{2067}Nvidia\u{2069} \
                     الأمريكية.\n\nNvidia said it would comply with 𝒰.S. export rules & laws <soon>. “We will not wait,” \
                     Beijing said.\u{202b}\u{202c} China bans the chips, and the United States bans the chips.\n";

/// The same as it comes from a file with CRLF newlines.
fn texts() -> Vec<(&'static str, String)> {
    let crlf = MIXED.replace('\n', "\r\n");
    vec![
        ("mixed", MIXED.to_owned()),
        ("sub/crlf", crlf),
        ("sub/plain", "Beijing said it will retaliate. Washington imposed tariffs on China.".to_owned()),
        ("none", "Nothing is said here of anybody.".to_owned()),
    ]
}

/// The texts through the pipeline, each in another unit.
static ARTICLES: LazyLock<BTreeMap<String, ArticleJson>> = LazyLock::new(|| {
    let pipeline = Pipeline::with_defaults().unwrap();
    let annotate = |(at, (name, text)): (usize, (&str, String))| {
        // Read as a run does: newlines become LF.
        let path = PathBuf::from(format!("{name}.txt"));
        let read = read_bytes(text.as_bytes(), &path, &path, &ReadOptions::default()).remove(0).unwrap();
        let (document, claims) = pipeline.run(read);
        let unit = OffsetUnit::ALL[at % 3].0;
        let provenance = Provenance::new("c", vec!["x".into()]);
        (name.to_owned(), ArticleJson::new(&document, &claims, &format!("{name}.json"), unit, provenance))
    };
    texts().into_iter().enumerate().map(annotate).collect()
});

struct Work {
    folder: tempfile::TempDir,
    articles: BTreeMap<String, ArticleJson>,
}

impl Work {
    /// An output folder with the texts, exported.
    fn new(format: ExportFormat) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let articles = ARTICLES.clone();
        for (name, article) in &articles {
            let out = folder.path().join("out").join(format!("{name}.json"));
            fs::create_dir_all(out.parent().unwrap()).unwrap();
            let mut bytes = Vec::new();
            article.write(&mut bytes).unwrap();
            fs::write(out, bytes).unwrap();
        }
        let work = Self { folder, articles };
        let wanted = ExportWanted {
            source: &work.path("out"),
            format,
            folder: &work.path("export"),
            force: false,
            no_duplicates: false,
            excel: false,
            manifest: None,
        };
        assert!(export(&wanted).unwrap().errors.is_empty());
        work
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn import(&self, format: Format, unreviewed: bool) -> Summary {
        let (source, articles, folder) = (self.path("export"), self.path("out"), self.path("gold"));
        let wanted = Wanted { source: &source, format, articles: &articles, folder: &folder, unreviewed, force: true };
        import(&wanted).unwrap()
    }

    fn gold(&self, name: &str) -> GoldFile {
        let path = self.path("gold").join(format!("{name}.json"));
        crate::evaluation::gold::parse(&fs::read_to_string(&path).unwrap(), &path).unwrap()
    }

    /// Changes a file of the export.
    fn edit(&self, name: &str, change: impl Fn(String) -> String) {
        let path = self.path("export").join(name);
        let text = fs::read_to_string(&path).unwrap();
        let changed = change(text.clone());
        assert_ne!(text, changed, "{name} was not changed");
        fs::write(path, changed).unwrap();
    }
}

/// The article's claims as gold says them.
fn wanted(article: &ArticleJson) -> Vec<GoldClaim> {
    let quote = |span: &Option<crate::export::json::SpanRecord>| {
        span.as_ref().map(|span| span.quote.clone()).unwrap_or_default()
    };
    article
        .claims
        .iter()
        .map(|claim| GoldClaim {
            content: claim.content.quote.clone(),
            side: claim.side,
            basis: claim.basis,
            about: claim.about.clone(),
            actor: quote(&claim.actor),
            predicate: quote(&claim.predicate),
            source: quote(&claim.source),
            source_side: claim.source_side,
            cue: quote(&claim.cue),
            polarity: claim.polarity,
            modality: claim.modality,
            stance_us: claim.stance.us,
            stance_cn: claim.stance.cn,
            topic: claim.topic,
        })
        .collect()
}

/// Claims at the same place may come in another order.
fn sorted(mut claims: Vec<GoldClaim>) -> Vec<String> {
    let mut shown: Vec<String> = claims.drain(..).map(|claim| serde_json::to_string(&claim).unwrap()).collect();
    shown.sort();
    shown
}

fn comes_back(export: ExportFormat, format: Format) {
    let work = Work::new(export);
    let summary = work.import(format, true);
    assert!(summary.errors.is_empty(), "{:?}", summary.errors);
    assert_eq!((summary.articles, summary.failed), (work.articles.len(), 0), "{summary:?}");
    let mut elsewhere = 0;
    for (article, json) in &work.articles {
        let gold = work.gold(article);
        assert_eq!(sorted(gold.claims.clone()), sorted(wanted(json)), "{article}");
        let contents: Vec<&str> = gold.claims.iter().map(|claim| claim.content.as_str()).collect();
        let order: Vec<&str> = json.claims.iter().map(|claim| claim.content.quote.as_str()).collect();
        assert_eq!(contents, order, "gold stands in text order");
        let names = |kind: &dyn Fn(usize) -> (String, String, String), number: usize| -> Vec<_> {
            (0..number).map(kind).collect()
        };
        let found = names(
            &|at| {
                let entity = &gold.entities[at];
                (entity.text.clone(), name(&entity.entity_type), name(&entity.side))
            },
            gold.entities.len(),
        );
        let there = names(
            &|at| {
                let entity = &json.entities[at];
                (entity.span.quote.clone(), name(&entity.entity_type), name(&entity.side))
            },
            json.entities.len(),
        );
        assert_eq!(found, there, "{article}");
        elsewhere += json.claims.iter().filter(|claim| claim.actor.is_some()).count();
    }
    assert!(elsewhere > 8, "the texts hold too few claims to prove anything");
    assert_eq!(work.articles["mixed"].text, work.articles["sub/crlf"].text);
    assert_eq!(work.articles["sub/crlf"].article.newline, "crlf");
}

#[test]
fn brat_comes_back() {
    comes_back(ExportFormat::Brat, Format::Brat);
}

#[test]
fn cas_json_comes_back() {
    comes_back(ExportFormat::CasJson, Format::CasJson);
}

#[test]
fn label_studio_comes_back() {
    comes_back(ExportFormat::LabelStudio, Format::LabelStudio);
}

#[test]
fn prodigy_comes_back() {
    comes_back(ExportFormat::Prodigy, Format::Prodigy);
}

#[test]
fn gold_scores_full_marks_against_what_it_was_made_of() {
    let work = Work::new(ExportFormat::Brat);
    work.import(Format::Brat, false);
    let scores = crate::evaluation::folder::score(&work.path("gold"), &work.path("out")).unwrap();
    assert!(scores.unreadable.is_empty() && scores.missing_predictions.is_empty(), "{scores:?}");
    let all = &scores.scores["all"].claims;
    assert!((all.claims.f1() - 1.0).abs() < 1e-9 && all.claims.gold > 5.0, "{all:?}");
    assert_eq!(all.unresolved, 0);
}

#[test]
fn a_moved_quote_is_told_with_its_line_and_stops_nothing_else() {
    let work = Work::new(ExportFormat::Brat);
    let old = fs::read_to_string(work.path("export/sub/plain.ann")).unwrap();
    let (line, _) = old.lines().enumerate().find(|(_, line)| line.starts_with('T')).unwrap();
    work.edit("sub/plain.ann", |text| {
        let moved = |line: &str| {
            let mut fields: Vec<String> = line.split('\t').map(str::to_owned).collect();
            fields[2].push('x');
            fields.join("\t")
        };
        let lines: Vec<String> = text
            .lines()
            .enumerate()
            .map(|(at, found)| if at == line { moved(found) } else { found.to_owned() })
            .collect();
        lines.join("\n") + "\n"
    });
    let summary = work.import(Format::Brat, false);
    assert_eq!((summary.articles, summary.failed), (3, 1));
    let error = summary.errors[0].to_string();
    assert!(error.contains(&format!("sub/plain.ann:{}:", line + 1)) && error.contains("the text has"), "{error}");
    assert!(!work.path("gold/sub/plain.json").exists() && work.path("gold/mixed.json").exists());
}

#[test]
fn what_a_person_adds_in_brat_is_gold_and_what_is_missing_is_told() {
    let work = Work::new(ExportFormat::Brat);
    let at = MIXED.chars().count() - "the United States bans the chips.\n".chars().count();
    let added = format!("T900\tClaim {at} {}\tthe United States\nE900\tClaim:T900\n", at + 17);
    work.edit("mixed.ann", |text| text + &added);
    let summary = work.import(Format::Brat, false);
    assert_eq!(summary.failed, 1);
    assert!(summary.errors[0].message().contains("no side"), "{:?}", summary.errors);
    work.edit("mixed.ann", |text| {
        text + "A900\tSide E900 US\nA901\tBasis E900 described\nA902\tAbout E900 US_CN\nA903\tTopic E900 chips\n"
    });
    let summary = work.import(Format::Brat, false);
    assert!(summary.errors.is_empty(), "{:?}", summary.errors);
    let gold = work.gold("mixed");
    let claim = gold.claims.iter().find(|claim| claim.content == "the United States").unwrap();
    assert_eq!((name(&claim.polarity), name(&claim.source_side)), ("affirmed".to_owned(), "none".to_owned()));
    assert_eq!(claim.about.len(), 2);
    assert!(summary.notices.iter().any(|(notice, count)| notice.contains("unmarked") && *count == 5), "{summary:?}");
}

#[test]
fn a_cas_of_another_text_is_refused() {
    let work = Work::new(ExportFormat::CasJson);
    work.edit("sub/plain.json", |text| text.replace("Beijing said", "Peking said"));
    let summary = work.import(Format::CasJson, false);
    assert_eq!((summary.articles, summary.failed), (3, 1));
    assert!(summary.errors[0].message().contains("not that of the article sub/plain"), "{:?}", summary.errors);
}

#[test]
fn a_cas_is_found_by_what_it_says_of_its_article_and_lines_are_told() {
    let work = Work::new(ExportFormat::CasJson);
    fs::create_dir_all(work.path("export/annotation/doc 1")).unwrap();
    fs::rename(work.path("export/mixed.json"), work.path("export/annotation/doc 1/anna.json")).unwrap();
    assert!(work.import(Format::CasJson, false).errors.is_empty());
    assert!(work.path("gold/mixed.json").exists());
    // A place in the middle of an emoji.
    let before: String = MIXED.chars().take_while(|c| *c != '🚀').collect();
    let inside = before.encode_utf16().count() + 1;
    work.edit("annotation/doc 1/anna.json", |text| {
        let mut cas: Value = serde_json::from_str(&text).unwrap();
        for structure in cas["%FEATURE_STRUCTURES"].as_array_mut().unwrap() {
            if structure["%TYPE"] == crate::export::cas_json::CLAIM {
                structure["begin"] = inside.into();
                structure["end"] = (inside + 3).into();
                break;
            }
        }
        serde_json::to_string_pretty(&cas).unwrap()
    });
    let summary = work.import(Format::CasJson, false);
    assert_eq!((summary.errors.len(), summary.failed), (1, 1), "{summary:?}");
    let error = &summary.errors[0];
    let text = fs::read_to_string(work.path("export/annotation/doc 1/anna.json")).unwrap();
    let line = text.lines().nth(error.line_number().unwrap() as usize - 1).unwrap();
    assert_eq!(line.trim(), "{", "{error}");
    assert!(error.message().contains(&inside.to_string()), "{error}");
}

/// Makes annotations of the predictions, as somebody does who agrees with all.
fn annotated(text: &str, skip: Option<u64>) -> String {
    let mut tasks: Vec<Value> = serde_json::from_str(text).unwrap();
    for task in &mut tasks {
        if task["data"]["paragraph"].as_u64() == skip {
            continue;
        }
        let result = task["predictions"][0]["result"].clone();
        task["annotations"] = serde_json::json!([
            {"id": 1, "was_cancelled": true, "result": []},
            {"id": 2, "was_cancelled": false, "result": result}
        ]);
    }
    serde_json::to_string(&tasks).unwrap()
}

#[test]
fn only_what_was_annotated_in_label_studio_is_gold() {
    let work = Work::new(ExportFormat::LabelStudio);
    let summary = work.import(Format::LabelStudio, false);
    assert_eq!((summary.articles, summary.failed), (0, 4), "{summary:?}");
    for file in ["tasks-rtl.json", "tasks-ltr.json"] {
        work.edit(file, |text| annotated(&text, None));
    }
    let summary = work.import(Format::LabelStudio, false);
    assert_eq!((summary.articles, summary.failed), (4, 0), "{:?}", summary.errors);
    assert_eq!(sorted(work.gold("mixed").claims), sorted(wanted(&work.articles["mixed"])));
    for file in ["tasks-rtl.json", "tasks-ltr.json"] {
        work.edit(file, |text| text.replace("\"annotations\"", "\"nothing\""));
        work.edit(file, |text| annotated(&text, Some(2)));
    }
    let summary = work.import(Format::LabelStudio, false);
    assert_eq!((summary.articles, summary.failed), (2, 2), "{summary:?}");
    assert!(summary.errors[0].message().contains("1 of 4 paragraphs"), "{:?}", summary.errors);
}

#[test]
fn a_region_that_does_not_fit_is_told_with_its_line() {
    let work = Work::new(ExportFormat::LabelStudio);
    work.edit("tasks-ltr.json", |text| {
        let mut tasks: Vec<Value> = serde_json::from_str(&text).unwrap();
        let task = tasks.iter_mut().find(|task| task["data"]["article"] == "sub/plain").unwrap();
        task["predictions"][0]["result"][0]["value"]["start"] = 5000.into();
        task["predictions"][0]["result"][0]["value"]["end"] = 5003.into();
        serde_json::to_string_pretty(&tasks).unwrap()
    });
    let summary = work.import(Format::LabelStudio, true);
    assert_eq!((summary.articles, summary.failed), (3, 1), "{summary:?}");
    let error = &summary.errors[0];
    assert!(error.message().contains("5000 to 5003") && error.path().unwrap().ends_with("tasks-ltr.json"), "{error}");
    let text = fs::read_to_string(work.path("export/tasks-ltr.json")).unwrap();
    let line = error.line_number().unwrap() as usize;
    assert!(text.lines().skip(line - 1).take(12).any(|line| line.contains("5000")), "line {line}");
}

#[test]
fn prodigy_answers_decide() {
    let work = Work::new(ExportFormat::Prodigy);
    let summary = work.import(Format::Prodigy, false);
    assert_eq!((summary.articles, summary.failed), (0, 4), "{summary:?}");
    let answered = |text: String, reject: &str| {
        text.lines()
            .map(|line| {
                let mut record: Value = serde_json::from_str(line).unwrap();
                let rejected = record["meta"]["claim_id"] == *reject;
                record["answer"] = if rejected { "reject" } else { "accept" }.into();
                record["_input_hash"] = 1.into();
                record.to_string() + "\n"
            })
            .collect::<String>()
    };
    let first = work.articles["sub/plain"].claims[0].id.clone();
    for file in ["claims-rtl.jsonl", "claims-ltr.jsonl", "entities-rtl.jsonl", "entities-ltr.jsonl"] {
        work.edit(file, |text| answered(text, &first));
    }
    let summary = work.import(Format::Prodigy, false);
    assert_eq!((summary.articles, summary.failed), (4, 0), "{:?}", summary.errors);
    assert_eq!(summary.notices["claims were rejected"], 1);
    assert_eq!(work.gold("sub/plain").claims.len(), work.articles["sub/plain"].claims.len() - 1);
    assert_eq!(sorted(work.gold("mixed").claims), sorted(wanted(&work.articles["mixed"])));
    // A span past the end, on line 1 of its file.
    work.edit("claims-ltr.jsonl", |text| {
        let (first, rest) = text.split_once('\n').unwrap();
        let mut record: Value = serde_json::from_str(first).unwrap();
        record["spans"][0]["end"] = 9999.into();
        format!("{record}\n{rest}no JSON\n")
    });
    let summary = work.import(Format::Prodigy, false);
    let told: Vec<String> = summary.errors.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|e| e.contains("claims-ltr.jsonl:1:") && e.contains("9999")), "{told:?}");
    assert!(told.iter().any(|e| e.contains("no record")), "{told:?}");
    assert_eq!(summary.failed, 1);
}

#[test]
fn gold_is_not_written_over() {
    let work = Work::new(ExportFormat::Brat);
    work.import(Format::Brat, false);
    let (source, articles, folder) = (work.path("export"), work.path("out"), work.path("gold"));
    let wanted = Wanted {
        source: &source,
        format: Format::Brat,
        articles: &articles,
        folder: &folder,
        unreviewed: false,
        force: false,
    };
    assert_eq!(import(&wanted).unwrap_err().kind(), ErrorKind::Config);
    let empty = work.path("empty");
    fs::create_dir(&empty).unwrap();
    let wanted = Wanted { source: &empty, force: true, ..wanted };
    assert_eq!(import(&wanted).unwrap_err().kind(), ErrorKind::NoInput);
}
