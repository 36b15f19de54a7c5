//! Articles and bytes a second over `corpus/dev/articles`, on one thread: the whole pipeline for Arabic, English and both,
//! then each stage alone. `cargo bench` measures all, `cargo bench -- pipeline/ar` a part.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::hint::black_box;
use std::path::Path;

use criterion::{BatchSize, Criterion, SamplingMode, Throughput};
use khabar::article::Article;
use khabar::claim::extractor::Extractor;
use khabar::claim::learned::Learned;
use khabar::document::Document;
use khabar::pipeline::{ClaimExtractor, EXTRACTOR, Pipeline};

/// The articles of one language, in the order of their names.
fn articles(language: &str) -> Vec<Article> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/dev/articles").join(language);
    walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.path().extension().is_some_and(|ending| ending == "txt"))
        .map(|entry| Article::from_text(&fs::read_to_string(entry.path()).unwrap()))
        .collect()
}

fn throughput(articles: &[Article]) -> Throughput {
    let bytes = articles.iter().map(|article| article.text().len() as u64).sum();
    Throughput::ElementsAndBytes { elements: articles.len() as u64, bytes }
}

fn pipeline(criterion: &mut Criterion, sets: &[(&str, &[Article])]) {
    let pipeline = Pipeline::with_defaults().unwrap();
    let mut group = criterion.benchmark_group("pipeline");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    for (name, articles) in sets {
        group.throughput(throughput(articles));
        group.bench_function(*name, |bencher| {
            bencher.iter_batched(
                || articles.to_vec(),
                |articles| articles.into_iter().map(|article| black_box(pipeline.run(article)).1.len()).sum::<usize>(),
                BatchSize::PerIteration,
            );
        });
    }
}

fn stages(criterion: &mut Criterion, articles: &[Article]) {
    let mut documents: Vec<Document> = articles.iter().cloned().map(Document::new).collect();
    let mut group = criterion.benchmark_group("stage");
    group.sample_size(10).sampling_mode(SamplingMode::Flat).throughput(throughput(articles));
    for stage in Pipeline::default_stages() {
        group.bench_function(stage.name(), |bencher| {
            bencher.iter(|| {
                for document in &documents {
                    black_box(stage.annotate(document));
                }
            });
        });
        for document in &mut documents {
            let layer = stage.annotate(document);
            document.add(layer);
        }
    }
    let extractors: [(&str, &dyn ClaimExtractor); 2] = [(EXTRACTOR, &Learned::default()), ("rules", &Extractor)];
    for (name, extractor) in extractors {
        group.bench_function(name, |bencher| {
            bencher.iter(|| documents.iter().map(|document| extractor.extract(document).claims.len()).sum::<usize>());
        });
    }
}

fn main() {
    let (arabic, english) = (articles("ar"), articles("en"));
    assert!(!arabic.is_empty() && !english.is_empty(), "corpus/dev/articles is part of the repository");
    let mixed = [arabic.as_slice(), &english].concat();
    let mut criterion = Criterion::default().configure_from_args();
    pipeline(&mut criterion, &[("ar", &arabic), ("en", &english), ("mixed", &mixed)]);
    stages(&mut criterion, &mixed);
    criterion.final_summary();
}
