//! Development aid: claims of articles in the seed's form.
use khabar::annotator::{
    attribution::Attributions, coreference::Coreference, entity::Entities, morphology::Morphology, syntax::Syntax,
};
use khabar::article::Article;
use khabar::claim::{SourceSide, extractor::Extractor};
use khabar::document::{Annotator, Document, Side};
use khabar::segmenter::{SentenceSegmenter, Tokenizer};
use serde_json::{Value, json};
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let out = &args[0];
    let start = std::time::Instant::now();
    let mut words = 0;
    for path in &args[1..] {
        let text = std::fs::read_to_string(path).expect("text").replace("\r\n", "\n");
        let mut doc = Document::new(Article::from_text(&text));
        let stages: Vec<Box<dyn Annotator>> = vec![
            Box::new(SentenceSegmenter),
            Box::new(Tokenizer),
            Box::new(Morphology::default()),
            Box::new(Syntax::default()),
            Box::new(Entities::default()),
            Box::new(Coreference::default()),
            Box::new(Attributions::default()),
        ];
        for stage in &stages {
            let layer = stage.annotate(&doc);
            doc.add(layer);
        }
        let claims = Extractor.extract(&doc);
        words += doc.layers().words.len();
        let q = |s: Option<khabar::offset::Span<khabar::offset::Byte>>| s.map_or("", |s| s.slice(&text)).to_owned();
        let list: Vec<Value> = claims.iter().map(|c| json!({
            "content": doc.quote(c.content), "side": c.side, "basis": c.basis, "about": c.about, "actor": q(c.actor), "predicate": q(c.predicate), "source": q(c.source),
            "source_side": match c.source_side { SourceSide::None => "none", SourceSide::Us => "US", SourceSide::Cn => "CN", SourceSide::Other => "other" },
            "cue": q(c.cue), "polarity": c.polarity, "modality": c.modality, "stance_us": c.stance_us, "stance_cn": c.stance_cn, "topic": c.topic, "rule": c.rule, "feat": feat(&doc, c), "confidence": c.confidence})).collect();
        let ents: Vec<Value> = doc.layers().entities.iter().map(|e| json!({"text": doc.quote(e.span), "type": e.entity_type, "side": match e.side { Side::Us => "US", Side::Cn => "CN", Side::Other => "other" }, "reason": e.reason})).collect();
        let name = std::path::Path::new(path).file_stem().expect("name").to_string_lossy().into_owned();
        std::fs::write(
            format!("{out}/{name}.json"),
            serde_json::to_string_pretty(&json!({"claims": list, "entities": ents})).expect("json"),
        )
        .expect("write");
        if std::env::var("TREE").is_ok() {
            let l = doc.layers();
            let mut t = String::new();
            for s in &l.sentences {
                t += &format!("# {}\n", doc.quote(s.span));
                let r = l.words_of(s);
                for i in r.clone() {
                    let w = &l.words[i];
                    let d = l.dependencies[i];
                    t += &format!(
                        "{}\t{}\t{:?}/{}\t{}\t{}\n",
                        i - r.start + 1,
                        w.form,
                        w.upos,
                        w.xpos,
                        d.head.map_or(0, |h| h - r.start + 1),
                        d.relation.label()
                    );
                }
            }
            for (i, s) in l.sentences.iter().enumerate() {
                let tree = khabar::annotator::tree::Tree::new(&doc, i);
                let at: Vec<_> = l
                    .attributions
                    .iter()
                    .filter(|a| {
                        a.content.iter().any(|c| c.overlaps(s.span)) || a.cue.is_some_and(|c| s.span.contains(c))
                    })
                    .collect();
                for c in khabar::claim::clause::clauses(&tree, &at) {
                    t += &format!(
                        "CLAUSE {:?}\t{}\t{}\n",
                        c.kind,
                        c.subject.map_or("-", |x| l.words[x].form.as_str()),
                        doc.quote(c.content)
                    );
                }
            }
            for a in &l.attributions {
                t += &format!(
                    "ATTR {} | {:?} | {} | {:?}\n",
                    a.rule,
                    a.source.map(|s| doc.quote(s)),
                    a.cue.map_or("", |c| doc.quote(c)),
                    a.content.iter().map(|c| doc.quote(*c)).collect::<Vec<_>>()
                );
            }
            for a in &l.references {
                t += &format!("REF {:?} {} -> {} {:?}\n", a.form, doc.quote(a.span), doc.quote(a.antecedent), a.side);
            }
            std::fs::write(format!("{out}/{name}.tree"), t).expect("write");
        }
    }
    eprintln!("{} words in {:?}", words, start.elapsed());
}

fn feat(doc: &Document, c: &khabar::claim::Claim) -> Value {
                let l = doc.layers();
                let a = l.words.partition_point(|w| w.span.start() < c.content.start());
                let b = l.words.partition_point(|w| w.span.start() < c.content.end());
                let head = c.predicate.map(|p| l.words.partition_point(|w| w.span.start() < p.start()));
                let sent = l.words_of(&l.sentences[c.sentence]);
                let para = l.sentences[c.sentence].paragraph;
                let ps: Vec<_> = l.sentences.iter().filter(|s| s.paragraph == para).collect();
                let pr = l.words_of(ps[0]).start..l.words_of(ps[ps.len()-1]).end;
                let mut title = [0.0; 15];
                for h in l.sentences.iter().filter(|s| s.headline) { for (t, x) in title.iter_mut().zip(khabar::annotator::topic::scores(&l.words, l.words_of(h), None)) { *t += x; } }
                json!([khabar::annotator::topic::scores(&l.words, a..b, head), khabar::annotator::topic::scores(&l.words, sent, None), khabar::annotator::topic::scores(&l.words, pr, None), khabar::annotator::topic::scores(&l.words, 0..l.words.len(), None), title]) }
