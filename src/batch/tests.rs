//! Runs with a stand-in for the claim extractor: one claim for each sentence that says so.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::sync::atomic::AtomicUsize;

use super::*;
use crate::article::{Format, Metadata, Origin};
use crate::claim::{Basis, Claim, Extraction, Modality, Polarity, SourceSide, Stance};
use crate::document::{Document, LayerKind, Topic};
use crate::pipeline::ClaimExtractor;

struct Saying;

impl ClaimExtractor for Saying {
    fn requires(&self) -> &'static [LayerKind] {
        &[LayerKind::Sentences]
    }

    fn extract(&self, document: &Document) -> Extraction {
        assert!(!document.text().contains("BOOM"), "the extractor fell over");
        let sentences = document.layers().sentences.iter().enumerate();
        let claims = sentences
            .filter(|(_, sentence)| document.quote(sentence.span).contains("said"))
            .map(|(number, sentence)| Claim {
                content: sentence.span,
                side: if number % 2 == 0 { Side::Us } else { Side::Cn },
                basis: Basis::Stated,
                about: vec![Side::Cn],
                actor: None,
                predicate: None,
                source: None,
                source_side: SourceSide::None,
                cue: None,
                polarity: Polarity::Affirmed,
                modality: Modality::Asserted,
                stance_us: Stance::Neutral,
                stance_cn: Stance::Favourable,
                topic: Topic::Chips,
                commitment: None,
                source_chain: Vec::new(),
                times: Vec::new(),
                quantities: Vec::new(),
                objects: Vec::new(),
                sentence: number,
                confidence: 0.5,
                rule: "test/1".into(),
                abstained: Vec::new(),
            })
            .collect();
        Extraction { claims, attributions: None }
    }
}

fn pipeline() -> Pipeline {
    Pipeline::new(
        vec![Box::new(crate::segmenter::SentenceSegmenter), Box::new(crate::segmenter::Tokenizer)],
        Box::new(Saying),
    )
    .unwrap()
}

fn article(name: &str, text: &str) -> Input {
    let origin = Origin {
        path: PathBuf::from(name),
        relative: PathBuf::from(name),
        record: None,
        format: Format::Text,
        encoding: "UTF-8".into(),
        newline: "lf".into(),
        input_hash: sha256_hex(text.as_bytes()),
    };
    Input::Article(Box::new(Article::new(text.into(), Metadata::default(), origin, Vec::new())))
}

fn options(out: &Path, jobs: usize) -> Options {
    Options {
        out: Some(out.to_path_buf()),
        jobs,
        force: false,
        max_errors: None,
        unit: OffsetUnit::CodePoint,
        config_hash: "c".into(),
        config: serde_json::Value::Null,
    }
}

fn some(number: usize) -> Vec<Input> {
    (0..number)
        .map(|n| match n % 7 {
            3 => Input::Failed(Error::new(ErrorKind::Malformed, "broken").at(format!("bad{n}"))),
            5 => article(&format!("d/{n}"), "He said so. قالت بكين. She said no."),
            6 => Input::Unread {
                path: PathBuf::from(format!("u{n}")),
                read: Box::new(move || vec![article(&format!("u{n}"), &format!("It said {n}."))]),
            },
            _ => article(&format!("a{n}"), &"Beijing said it would answer. ".repeat(1 + (number - n) * 3)),
        })
        .collect()
}

fn go(inputs: Vec<Input>, options: &Options) -> Summary {
    let inputs = inputs.into_iter().enumerate();
    run(&pipeline(), inputs, options, None, &AtomicBool::new(false), &mut |_| {}).unwrap()
}

/// All files but the run's report and state.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    walkdir::WalkDir::new(root)
        .into_iter()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| (portable(entry.path().strip_prefix(root).unwrap()), fs::read(entry.path()).unwrap()))
        .filter(|(name, _)| name != "run.json" && !name.starts_with(".khabar"))
        .collect()
}

fn adds_up(counts: &Counts) {
    let parts =
        counts.ok + counts.duplicate + counts.unsupported_language + counts.empty + counts.failed + counts.skipped;
    assert_eq!(counts.inputs, parts, "{counts:?}");
    assert_eq!(counts.claims, counts.claims_us + counts.claims_cn);
}

#[test]
fn the_number_of_jobs_changes_nothing() {
    let (one, many) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = go(some(60), &options(one.path(), 1));
    let second = go(some(60), &options(many.path(), 7));
    assert_eq!(first.counts, second.counts);
    adds_up(&first.counts);
    assert_eq!((first.counts.inputs, first.counts.failed), (60, 9));
    assert!(first.counts.claims > 100);
    assert_eq!(files(one.path()), files(many.path()));
}

#[test]
fn duplicates_are_marked_and_their_claims_listed() {
    let out = tempfile::tempdir().unwrap();
    let text = "He said so.";
    let summary = go(vec![article("a", text), article("b", text)], &options(out.path(), 2));
    assert_eq!((summary.counts.ok, summary.counts.duplicate), (1, 1));
    assert_eq!((summary.counts.claims, summary.counts.claims_in_duplicates), (2, 1));
    let read = |name: &str| ArticleJson::read(&fs::read_to_string(out.path().join(name)).unwrap()).unwrap();
    let (a, b) = (read("a.json"), read("b.json"));
    assert_eq!((a.article.duplicate_of, b.article.duplicate_of), (None, Some(a.article.id)));
    assert_eq!(a.claims[0].id, b.claims[0].id);
    let lines = fs::read_to_string(out.path().join("claims.jsonl")).unwrap();
    assert_eq!(lines.lines().filter(|line| line.contains("\"duplicate_of\":null")).count(), 1);

    // Without the first, the second is no duplicate any more, though its file is taken over.
    let summary = go(vec![article("b", text)], &options(out.path(), 2));
    assert_eq!((summary.counts.ok, summary.counts.taken_over), (1, 1));
    assert_eq!(read("b.json").article.duplicate_of, None);
    // And with the first again, it is.
    let summary = go(vec![article("a", text), article("b", text)], &options(out.path(), 2));
    assert_eq!((summary.counts.duplicate, summary.counts.taken_over), (1, 2));
    assert!(read("b.json").article.duplicate_of.is_some());
}

#[test]
fn finished_articles_are_taken_over_unless_something_changed() {
    let out = tempfile::tempdir().unwrap();
    let inputs = || vec![article("a", "He said so."), article("b", "She said no."), article("c", "No claim.")];
    go(inputs(), &options(out.path(), 2));
    let before = files(out.path());
    let again = |options: &Options| go(inputs(), options).counts.taken_over;
    assert_eq!(again(&options(out.path(), 1)), 3);
    assert_eq!(files(out.path()), before);

    fs::write(out.path().join("a.json"), "{}").unwrap();
    fs::remove_file(out.path().join("b.json")).unwrap();
    assert_eq!(again(&options(out.path(), 2)), 1);
    assert_eq!(files(out.path()), before);

    assert_eq!(again(&Options { force: true, ..options(out.path(), 2) }), 0);
    assert_eq!(again(&options(out.path(), 2)), 3);
    assert_eq!(again(&Options { config_hash: "other".into(), ..options(out.path(), 2) }), 0);
    let changed = vec![article("a", "He said more."), article("b", "She said no.")];
    assert_eq!(go(changed, &Options { config_hash: "other".into(), ..options(out.path(), 2) }).counts.taken_over, 1);
}

#[test]
fn one_bad_article_stops_nothing() {
    let out = tempfile::tempdir().unwrap();
    let inputs = vec![
        article("a", "BOOM"),
        article("b", "He said so."),
        article("c", " \n "),
        Input::Skipped { path: "d.png".into(), reason: "files ending in .png are not read".into() },
        Input::Unread { path: "e".into(), read: Box::new(|| panic!("the reader fell over")) },
        article("run", "She said so."),
        article("../../f", "They said so."),
        article("a", "Twice."),
        article("g", "Россия сказала это."),
    ];
    let summary = go(inputs, &options(out.path(), 2));
    adds_up(&summary.counts);
    let counts = &summary.counts;
    assert_eq!((counts.ok, counts.failed, counts.empty, counts.skipped), (4, 2, 1, 1));
    assert_eq!((counts.unsupported_language, summary.ending), (1, Ending::Complete));
    let errors = fs::read_to_string(out.path().join("errors.jsonl")).unwrap();
    let codes: Vec<String> = errors
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["code"].as_str().unwrap_or("-").to_owned())
        .collect();
    assert_eq!(codes, ["E-BUG-001", "E-READ-002", "-", "E-BUG-001"]);
    assert!(errors.contains("the extractor fell over") && errors.contains("the reader fell over"), "{errors}");
    // The report keeps its name, and nothing is written outside.
    let report: serde_json::Value = serde_json::from_slice(&fs::read(out.path().join("run.json")).unwrap()).unwrap();
    assert_eq!(report["schema"], "khabar-run/1");
    assert!(out.path().join("run_.json").exists() && out.path().join("f.json").exists());
}

#[test]
fn two_articles_never_share_a_file() {
    let out = tempfile::tempdir().unwrap();
    let summary = go(vec![article("a", "He said so."), article("a", "She said no.")], &options(out.path(), 2));
    assert_eq!((summary.counts.ok, summary.counts.failed), (1, 1));
    assert!(fs::read_to_string(out.path().join("a.json")).unwrap().contains("He said so."));
}

#[test]
fn too_many_errors_end_the_run() {
    for jobs in [1, 4] {
        let out = tempfile::tempdir().unwrap();
        let summary = go(some(60), &Options { max_errors: Some(2), ..options(out.path(), jobs) });
        assert_eq!((summary.ending, summary.counts.inputs), (Ending::TooManyErrors, 11));
        assert_eq!(files(out.path()).keys().filter(|name| name.starts_with("bad")).count(), 0);
        assert_eq!(fs::read_to_string(out.path().join("errors.jsonl")).unwrap().lines().count(), 2);
    }
}

#[test]
fn an_interrupted_run_keeps_what_is_finished_and_goes_on() {
    let (whole, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    go(some(60), &options(whole.path(), 2));
    let stop = AtomicBool::new(false);
    let mut seen = 0;
    let inputs = some(60).into_iter().enumerate();
    let summary = run(&pipeline(), inputs, &options(out.path(), 3), None, &stop, &mut |_| {
        seen += 1;
        if seen == 20 {
            stop.store(true, Ordering::Relaxed);
        }
    })
    .unwrap();
    assert_eq!(summary.ending, Ending::Interrupted);
    assert!((20..60).contains(&summary.counts.inputs), "{:?}", summary.counts);
    let lines = fs::read_to_string(out.path().join("claims.jsonl")).unwrap().lines().count();
    assert_eq!(lines, summary.counts.claims);
    let rest = go(some(60), &options(out.path(), 3));
    assert_eq!(rest.counts.taken_over, summary.counts.written());
    assert_eq!(files(out.path()), files(whole.path()));
}

#[test]
fn few_articles_are_under_way_at_a_time() {
    let read = AtomicUsize::new(0);
    let out = tempfile::tempdir().unwrap();
    let options = options(out.path(), 2);
    let inputs = (0..500).map(|n| {
        read.fetch_add(1, Ordering::Relaxed);
        (n, article(&format!("a{n}"), "He said so."))
    });
    let mut most = 0;
    let mut done = 0;
    run(&pipeline(), inputs, &options, None, &AtomicBool::new(false), &mut |_| {
        done += 1;
        most = most.max(read.load(Ordering::Relaxed) - done);
    })
    .unwrap();
    assert!(most <= 10, "{most} articles were read ahead");
}

#[test]
fn the_stream_is_in_order_and_a_closed_pipe_ends_the_run() {
    struct Closing(usize);
    impl Write for Closing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            self.0 -= 1;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let options = Options { out: None, ..options(Path::new("-"), 4) };
    let mut stream = Vec::new();
    let stop = AtomicBool::new(false);
    let inputs = || some(40).into_iter().enumerate();
    run(&pipeline(), inputs(), &options, Some(&mut stream), &stop, &mut |_| {}).unwrap();
    let text = String::from_utf8(stream).unwrap();
    let read: Vec<ArticleJson> = text.lines().map(|line| ArticleJson::read(line).unwrap()).collect();
    assert_eq!(read[0].article.path, "a0");
    let numbers: Vec<usize> = read
        .iter()
        .map(|json| json.article.path.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap())
        .collect();
    assert!(numbers.is_sorted() && numbers.len() == 34, "{numbers:?}");
    let summary = run(&pipeline(), inputs(), &options, Some(&mut Closing(3)), &stop, &mut |_| {}).unwrap();
    assert_eq!(summary.ending, Ending::BrokenPipe);
}
