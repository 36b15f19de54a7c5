//! `khabar train`: readers for treebanks and the training loops of the built-in models (feature `train`).
//!
//! The taggers, the Arabic segmenter and the parsers are averaged perceptrons; the parsers learn with a dynamic oracle
//! (Goldberg & Nivre 2013) on tags that a tagger predicted which had not seen the sentence.

mod cluster;
pub mod conllu;
mod segmented;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use conllu::{TreeSentence, join_hyphens, read, restore_article};
pub use segmented::{segment_names, segment_raw};

use crate::annotator::{morphology, syntax};
use crate::document::Relation;
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::file;
use crate::network::cluster::Clusters;
use crate::network::manifest::{Entry, Manifest, checksum};
use crate::network::parser::{Action, Seen as ParserSeen, State, is_quotation_mark};
use crate::network::perceptron::{Linear, Trainer};
use crate::network::segmentation::{Frequencies, candidates, features as cut_features};
use crate::network::tagger::{Seen, features as tag_features, tag};
use crate::normalizer::match_key;

/// What is trained, on what, and how long; every value has its place here.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Seed of the order of sentences.
    pub seed: u64,
    /// Passes over the data for segmenter and taggers.
    pub tagger_epochs: usize,
    /// Passes over the data for the parsers.
    pub parser_epochs: usize,
    /// Words of raw text to count, for the segmenter and the word classes.
    pub raw_words: usize,
    /// Whether the Arabic models that are written learn from the development data too, after the scores were taken.
    pub with_arabic_dev: bool,
    /// English treebanks with Penn tags, below the data folder.
    pub english_tags: Vec<PathBuf>,
    /// English treebanks for parsing.
    pub english_trees: Vec<PathBuf>,
    /// English development treebanks.
    pub english_dev: Vec<PathBuf>,
    /// Arabic segmented and tagged text.
    pub arabic_tags: Vec<PathBuf>,
    /// Arabic treebanks for parsing.
    pub arabic_trees: Vec<PathBuf>,
    /// Arabic development text with segments and tags.
    pub arabic_tags_dev: Vec<PathBuf>,
    /// Arabic development trees.
    pub arabic_dev: Vec<PathBuf>,
    /// Raw Arabic text, one document a line.
    pub arabic_raw: Vec<PathBuf>,
    /// Raw English text, one document a line.
    pub english_raw: Vec<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        let paths = |names: &[&str]| names.iter().map(PathBuf::from).collect();
        Self {
            seed: 20,
            tagger_epochs: 8,
            parser_epochs: 12,
            raw_words: 12_000_000,
            with_arabic_dev: true,
            english_tags: paths(&[
                "treebank/en/ewt-train.conllu.xz",
                "treebank/en/gum-train.conllu.xz",
                "treebank/en/pud.conllu",
            ]),
            english_trees: paths(&[
                "treebank/en/ewt-train.conllu.xz",
                "treebank/en/gum-train.conllu.xz",
                "treebank/en/pud.conllu",
            ]),
            english_dev: paths(&["treebank/en/ewt-dev.conllu.xz", "treebank/en/gum-dev.conllu.xz"]),
            arabic_tags: paths(&["treebank/ar/padt-train.seg.conllu.xz"]),
            arabic_trees: paths(&["treebank/ar/padt-trees-train.conllu.xz", "treebank/ar/pud.conllu.xz"]),
            arabic_tags_dev: paths(&["treebank/ar/padt-dev.seg.conllu"]),
            arabic_dev: paths(&["treebank/ar/padt-trees-dev.conllu.xz"]),
            arabic_raw: paths(&[
                "raw/ar/sanad-politics.txt.xz",
                "raw/ar/sanad-tech.txt.xz",
                "raw/ar/sanad-finance.txt.xz",
                "raw/ar/saudinewsnet.txt.xz",
                "raw/ar/wikipedia.txt.xz",
            ]),
            english_raw: paths(&[
                "raw/en/polnear-train.txt.xz",
                "raw/en/bbc.txt.xz",
                "raw/en/fnc1.txt.xz",
                "raw/en/persent.txt.xz",
                "raw/en/reuters21578.txt.xz",
                "raw/en/un-general-debate.txt.xz",
            ]),
        }
    }
}

/// One measurement of a trained model on development data.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Score {
    /// What was measured.
    pub name: String,
    /// The value, 0–100.
    pub value: f64,
}

/// A shuffling generator (SplitMix64), so that a seed gives the same order everywhere.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, (self.next() % (at as u64 + 1)) as usize);
        }
    }

    fn chance(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Trains all built-in models from `data` and writes them to `out` (`tagger.bin`, `parser.bin`); returns the scores on dev.
///
/// `progress` gets a line for each step.
///
/// # Errors
/// [`ErrorKind::Unreadable`] for a file that cannot be read, [`ErrorKind::Data`] for one that is not of its format,
/// [`ErrorKind::Unwritable`] for the output.
pub fn train_all(data: &Path, out: &Path, config: &Config, progress: &(dyn Fn(&str) + Sync)) -> Result<Vec<Score>> {
    let load = |paths: &[PathBuf]| -> Result<Vec<TreeSentence>> {
        let mut all = Vec::new();
        for path in paths {
            all.extend(read(&data.join(path))?);
        }
        Ok(all)
    };
    let (arabic, english) = std::thread::scope(|scope| {
        let arabic = scope.spawn(|| train_arabic(data, &load, config, progress));
        let english = scope.spawn(|| train_english(data, &load, config, progress));
        (arabic.join(), english.join())
    });
    let lost = |_| Error::new(ErrorKind::Internal, "a training thread panicked");
    let (arabic, english) = (arabic.map_err(lost)??, english.map_err(lost)??);
    let scores: Vec<Score> = arabic.scores.into_iter().chain(english.scores).collect();
    let write = |name: &str, bytes: Vec<u8>| {
        let path = out.join(name);
        std::fs::write(&path, bytes).map_err(|e| Error::new(ErrorKind::Unwritable, e.to_string()).at(&path))
    };
    let segmenter = arabic.segmenter.ok_or_else(|| Error::new(ErrorKind::Internal, "no segmenter was trained"))?;
    let taggers =
        morphology::Models::new(segmenter, (arabic.tagger, arabic.clusters), (english.tagger, english.clusters))
            .write();
    let parsers = syntax::Models::new(arabic.parser, english.parser).write();
    let path = out.join("manifest.toml");
    let mut manifest = match std::fs::read_to_string(&path) {
        Ok(text) => Manifest::read(&text)?,
        Err(_) => Manifest::default(),
    };
    let scores_of = |parser: bool| -> BTreeMap<String, f64> {
        let mine = scores.iter().filter(|s| s.name.contains("AS (") == parser);
        mine.map(|s| (s.name.clone(), (s.value * 100.0).round() / 100.0)).collect()
    };
    for (name, kind, bytes) in [
        ("tagger.bin", "Arabic segmenter, Arabic and English taggers, word classes", &taggers),
        ("parser.bin", "Arabic and English dependency parsers", &parsers),
    ] {
        manifest.put(Entry {
            name: name.to_owned(),
            kind: kind.to_owned(),
            source: format!("{SOURCE}, seed {}; see models/linear.md", config.seed),
            licence: LICENCE.to_owned(),
            sha256: checksum(bytes),
            scores: scores_of(name == "parser.bin"),
        });
    }
    let text = toml::to_string(&manifest).map_err(|e| Error::new(ErrorKind::Internal, e.to_string()))?;
    write("manifest.toml", (HEADER.to_owned() + &text).into_bytes())?;
    write("tagger.bin", taggers)?;
    write("parser.bin", parsers)?;
    Ok(scores)
}

const HEADER: &str =
    "# The files of models/: what they are, their checksums and, of weights, their scores on development data.\n\n";
const SOURCE: &str = "averaged perceptrons, cargo run --release --features train -- train --data DATA -o models";
const LICENCE: &str =
    "trained on data under CC BY-SA 4.0, CC BY-SA 3.0, CC BY-NC-SA 3.0 and 4.0; word classes from raw news text";

/// What was trained for one language.
struct Trained {
    segmenter: Option<(Linear, Frequencies)>,
    tagger: Linear,
    clusters: Clusters,
    parser: Linear,
    scores: Vec<Score>,
}

type Progress<'a> = &'a (dyn Fn(&str) + Sync);
type Load<'a> = &'a (dyn Fn(&[PathBuf]) -> Result<Vec<TreeSentence>> + Sync);

fn train_arabic(data: &Path, load: Load<'_>, config: &Config, progress: Progress<'_>) -> Result<Trained> {
    let mut tags = load(&config.arabic_tags)?;
    let dev = load(&config.arabic_tags_dev)?;
    progress("ar: counting words of raw text");
    let raw = raw_keys(data, &config.arabic_raw, config)?;
    let frequencies = frequencies(&raw)?;
    let segmenter = train_segmenter(&tags, &frequencies, config, progress);
    progress("ar: word classes");
    let cuts = cut_keys(&segmenter, &frequencies, &raw);
    let clusters =
        cluster::learn(raw.iter().flat_map(|key| cuts[key.as_str()].iter().map(String::as_str)), config.seed);
    let mut tagger = train_tagger("ar", &words_of(&tags, false, &clusters), config, progress);
    let mut scores = vec![
        segmentation_score(&segmenter, &frequencies, &dev),
        tag_score("ar padt-dev UPOS (gold words)", &tagger, &words_of(&dev, false, &clusters)),
    ];
    let mut trees = load(&config.arabic_trees)?;
    trees.iter_mut().for_each(restore_article);
    let dev_trees = load(&config.arabic_dev)?;
    let mut parser = train_parser("ar", &trees, &tags, &clusters, false, config, progress);
    scores.extend(parser_score("ar padt-trees-dev", &parser, &tagger, &clusters, &dev_trees));
    announce(&scores, progress);
    let mut segmenter = segmenter;
    if config.with_arabic_dev {
        tags.extend(dev);
        trees.extend(dev_trees);
        segmenter = train_segmenter(&tags, &frequencies, config, progress);
        tagger = train_tagger("ar, dev included,", &words_of(&tags, false, &clusters), config, progress);
        parser = train_parser("ar, dev included,", &trees, &tags, &clusters, false, config, progress);
    }
    Ok(Trained { segmenter: Some((segmenter, frequencies)), tagger, clusters, parser, scores })
}

fn announce(scores: &[Score], progress: Progress<'_>) {
    for score in scores {
        progress(&format!("{}: {:.2}", score.name, score.value));
    }
}

fn train_english(data: &Path, load: Load<'_>, config: &Config, progress: Progress<'_>) -> Result<Trained> {
    let joined = |sentences: Vec<TreeSentence>| -> Vec<TreeSentence> { sentences.iter().map(join_hyphens).collect() };
    let tags = joined(load(&config.english_tags)?);
    progress("en: word classes");
    let clusters = cluster::learn(raw_keys(data, &config.english_raw, config)?.iter().map(String::as_str), config.seed);
    let tagger = train_tagger("en", &words_of(&tags, true, &clusters), config, progress);
    let trees = joined(load(&config.english_trees)?);
    let parser = train_parser("en", &trees, &tags, &clusters, true, config, progress);
    let mut scores = Vec::new();
    for path in &config.english_dev {
        let plain = read(&data.join(path))?;
        let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let whole = joined(plain.clone());
        for (how, dev) in [("", plain), (", compounds joined", whole)] {
            let words = words_of(&dev, true, &clusters);
            scores.push(tag_score(&format!("en {name}{how}: UPOS and XPOS (gold words)"), &tagger, &words));
            scores.push(upos_score(&format!("en {name}{how}: UPOS (gold words)"), &tagger, &words));
            scores.extend(parser_score(&format!("en {name}{how}:"), &parser, &tagger, &clusters, &dev));
        }
    }
    announce(&scores, progress);
    Ok(Trained { segmenter: None, tagger, clusters, parser, scores })
}

/// Keys of words and marks of raw text, in order; all numbers are one key.
fn raw_keys(data: &Path, paths: &[PathBuf], config: &Config) -> Result<Vec<String>> {
    let mut keys = Vec::new();
    let share = config.raw_words / paths.len().max(1);
    for path in paths {
        let text = file::read(&data.join(path))?;
        let limit = keys.len() + share;
        for piece in text.split_whitespace() {
            let mut rest = piece;
            while let Some(first) = rest.chars().next() {
                let inside = |c: char| {
                    c.is_alphanumeric() || matches!(c, '\u{064b}'..='\u{0652}' | '\u{0640}' | '-' | '\'' | '’')
                };
                let end = if first.is_alphanumeric() {
                    rest.find(|c| !inside(c)).unwrap_or(rest.len())
                } else {
                    first.len_utf8()
                };
                let (word, after) = rest.split_at(end);
                rest = after;
                if first.is_numeric() {
                    keys.push("0".to_owned());
                    continue;
                }
                let mut from = 0;
                for length in morphology::cut_english(word.trim_end_matches('-')) {
                    keys.push(match_key(&word[from..from + length]));
                    from += length;
                }
            }
            if keys.len() >= limit {
                break;
            }
        }
    }
    Ok(keys)
}

fn cut_keys<'a>(segmenter: &Linear, frequencies: &Frequencies, raw: &'a [String]) -> HashMap<&'a str, Vec<String>> {
    let mut cuts = HashMap::new();
    for key in raw {
        cuts.entry(key.as_str()).or_insert_with(|| {
            if !key.chars().any(|c| ('\u{0621}'..='\u{064a}').contains(&c)) {
                return vec![key.clone()];
            }
            let cut = crate::network::segmentation::segment(segmenter, frequencies, key, "", "");
            let proclitics = cut.proclitics.iter().map(|p| (*p).to_owned());
            let enclitic = (!cut.enclitic.is_empty()).then(|| cut.enclitic.to_owned());
            proclitics.chain([cut.host]).chain(enclitic).collect()
        });
    }
    cuts
}

/// A sentence as the tagger sees it, with gold labels.
type Tagged = (Vec<Seen>, Vec<String>);

fn words_of(sentences: &[TreeSentence], english: bool, clusters: &Clusters) -> Vec<Tagged> {
    sentences.iter().map(|s| (seen(s, clusters), s.words.iter().map(|w| label(w, english)).collect())).collect()
}

fn seen(sentence: &TreeSentence, clusters: &Clusters) -> Vec<Seen> {
    sentence
        .words
        .iter()
        .enumerate()
        .map(|(i, w)| {
            Seen::new(&w.form, &match_key(&w.form), i > 0 && sentence.words[i - 1].token == w.token, clusters)
        })
        .collect()
}

fn label(word: &conllu::TreeWord, english: bool) -> String {
    if english { format!("{}|{}", word.upos, word.xpos) } else { word.upos.clone() }
}

fn frequencies(raw: &[String]) -> Result<Frequencies> {
    let mut counts = vec![0_u32; Frequencies::ROWS];
    for key in raw {
        counts[Frequencies::place(key)] += 1;
    }
    let table = counts.into_iter().map(|n| if n < 2 { 0 } else { (32 - n.leading_zeros()) as u8 }).collect();
    Frequencies::new(table).ok_or_else(|| Error::new(ErrorKind::Internal, "the table has another size"))
}

/// A written token and the clitics that the treebank cuts it into.
fn gold_cuts(sentence: &TreeSentence) -> Vec<(String, Vec<String>)> {
    let mut parts: Vec<Vec<String>> = vec![Vec::new(); sentence.tokens.len()];
    for word in &sentence.words {
        parts[word.token].push(match_key(&word.form));
    }
    sentence.tokens.iter().map(|t| match_key(t)).zip(parts).collect()
}

/// The candidate that spells the gold segments, if there is one.
fn gold_candidate(cuts: &[crate::network::segmentation::Cut], gold: &[String]) -> Option<usize> {
    let spelled = |cut: &crate::network::segmentation::Cut| -> Vec<String> {
        let mut parts: Vec<String> = cut.proclitics.iter().map(|p| (*p).to_owned()).collect();
        parts.push(cut.host.clone());
        if !cut.enclitic.is_empty() {
            parts.push(cut.enclitic.to_owned());
        }
        parts
    };
    let exact = cuts.iter().position(|c| spelled(c) == gold);
    // ة before a pronoun is written ت; restored hosts may differ in a letter or two.
    exact.or_else(|| {
        cuts.iter().position(|c| {
            let parts = spelled(c);
            parts.len() == gold.len()
                && parts.iter().zip(gold).all(|(a, b)| {
                    a == b
                        || a.chars().count().abs_diff(b.chars().count()) <= 1
                            && a.chars().next() == b.chars().next()
                            && a.chars().count() >= 2
                })
        })
    })
}

fn train_segmenter(
    sentences: &[TreeSentence],
    frequencies: &Frequencies,
    config: &Config,
    progress: Progress<'_>,
) -> Linear {
    let data: Vec<Vec<(String, Vec<String>)>> = sentences.iter().map(gold_cuts).collect();
    let mut order: Vec<usize> = (0..data.len()).collect();
    let mut random = Random(config.seed);
    let mut trainer = Trainer::new(1);
    let mut found = Vec::new();
    let mut predicted = Vec::new();
    for epoch in 1..=config.tagger_epochs {
        random.shuffle(&mut order);
        let (mut right, mut all) = (0, 0);
        for &s in &order {
            let tokens = &data[s];
            for (at, (key, gold)) in tokens.iter().enumerate() {
                if !key.chars().any(|c| ('\u{0621}'..='\u{064a}').contains(&c)) {
                    continue;
                }
                let cuts = candidates(key);
                if cuts.len() < 2 {
                    continue;
                }
                let Some(target) = gold_candidate(&cuts, gold) else { continue };
                let before = at.checked_sub(1).map_or("^", |i| tokens[i].0.as_str());
                let after = tokens.get(at + 1).map_or("$", |t| t.0.as_str());
                let mut best = (f32::MIN, 0);
                for (i, cut) in cuts.iter().enumerate() {
                    cut_features(frequencies, key, cut, before, after, &mut found);
                    let mut score = [0.0];
                    trainer.score(&found, &mut score);
                    if score[0] > best.0 {
                        best = (score[0], i);
                    }
                }
                all += 1;
                if best.1 == target {
                    right += 1;
                } else {
                    cut_features(frequencies, key, &cuts[target], before, after, &mut found);
                    cut_features(frequencies, key, &cuts[best.1], before, after, &mut predicted);
                    trainer.update(&found, 0, 1.0);
                    trainer.update(&predicted, 0, -1.0);
                }
                trainer.step();
            }
        }
        trainer.stop_counting();
        progress(&format!(
            "ar segmenter, pass {epoch}: {:.2} % right in training",
            100.0 * f64::from(right) / f64::from(all.max(1))
        ));
    }
    trainer.finish(vec!["score".to_owned()], 0.02)
}

fn segmentation_score(segmenter: &Linear, frequencies: &Frequencies, dev: &[TreeSentence]) -> Score {
    let (mut right, mut all) = (0, 0);
    for sentence in dev {
        let tokens = gold_cuts(sentence);
        for (at, (key, gold)) in tokens.iter().enumerate() {
            all += 1;
            let before = at.checked_sub(1).map_or("^", |i| tokens[i].0.as_str());
            let after = tokens.get(at + 1).map_or("$", |t| t.0.as_str());
            if !key.chars().any(|c| ('\u{0621}'..='\u{064a}').contains(&c)) {
                right += usize::from(gold.len() == 1);
                continue;
            }
            let cuts = candidates(key);
            let cut = crate::network::segmentation::segment(segmenter, frequencies, key, before, after);
            right += usize::from(gold_candidate(&cuts, gold).is_some_and(|t| cuts[t] == cut));
        }
    }
    Score { name: "ar padt-dev written words cut right".into(), value: 100.0 * right as f64 / f64::from(all.max(1)) }
}

fn train_tagger(name: &str, data: &[Tagged], config: &Config, progress: Progress<'_>) -> Linear {
    let mut index: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, labels) in data {
        for label in labels {
            let next = index.len();
            index.entry(label).or_insert(next);
        }
    }
    let mut labels = vec![String::new(); index.len()];
    for (label, &at) in &index {
        (*label).clone_into(&mut labels[at]);
    }
    let mut trainer = Trainer::new(2);
    let mut order: Vec<usize> = (0..data.len()).collect();
    let mut random = Random(config.seed);
    let mut found = Vec::new();
    let mut scores = vec![0.0_f32; labels.len()];
    for epoch in 1..=config.tagger_epochs {
        random.shuffle(&mut order);
        let (mut right, mut all) = (0_u32, 0_u32);
        for &s in &order {
            let (words, gold) = &data[s];
            let mut tags: Vec<usize> = Vec::with_capacity(words.len());
            for (at, gold_label) in gold.iter().enumerate() {
                let label = |back: usize| at.checked_sub(back).map_or("^", |i| labels[tags[i]].as_str());
                tag_features(words, at, label(1), label(2), &mut found);
                scores.fill(0.0);
                trainer.score(&found, &mut scores);
                let guess = best(&scores);
                let target = index[gold_label.as_str()];
                if guess == target {
                    right += 1;
                } else {
                    trainer.update(&found, target, 1.0);
                    trainer.update(&found, guess, -1.0);
                }
                trainer.step();
                all += 1;
                tags.push(guess);
            }
        }
        trainer.stop_counting();
        progress(&format!(
            "{name} tagger, pass {epoch}: {:.2} % right in training",
            100.0 * f64::from(right) / f64::from(all.max(1))
        ));
    }
    drop(index);
    trainer.finish(labels, 0.06)
}

fn best(scores: &[f32]) -> usize {
    let mut at = 0;
    for (i, score) in scores.iter().enumerate() {
        if *score > scores[at] {
            at = i;
        }
    }
    at
}

fn tag_score(name: &str, tagger: &Linear, dev: &[Tagged]) -> Score {
    score_tags(name, tagger, dev, |a, b| a == b)
}

fn upos_score(name: &str, tagger: &Linear, dev: &[Tagged]) -> Score {
    score_tags(name, tagger, dev, |a, b| a.split('|').next() == b.split('|').next())
}

fn score_tags(name: &str, tagger: &Linear, dev: &[Tagged], same: impl Fn(&str, &str) -> bool) -> Score {
    let (mut right, mut all) = (0, 0);
    for (words, gold) in dev {
        for (guess, gold) in tag(tagger, words).into_iter().zip(gold) {
            all += 1;
            right += usize::from(same(&tagger.labels()[guess], gold));
        }
    }
    Score { name: name.to_owned(), value: 100.0 * right as f64 / f64::from(all.max(1)) }
}

/// A sentence as the parser sees it, with gold heads (the root is number n) and labels.
type Parsed = (Vec<ParserSeen>, Vec<usize>, Vec<usize>);

fn parser_words(sentence: &TreeSentence, tags: &[String], clusters: &Clusters) -> Vec<ParserSeen> {
    sentence
        .words
        .iter()
        .zip(tags)
        .map(|(w, tag)| {
            let (coarse, fine) = tag.split_once('|').unwrap_or((tag, ""));
            let fine = if fine.is_empty() { "" } else { morphology::penn(fine) };
            syntax::parser_word(&match_key(&w.form), coarse, fine, clusters)
        })
        .collect()
}

/// The sentence and its tags without the quotation marks, as far as nothing depends on them. Tags are predicted before
/// the marks are taken out, as in the running text.
fn without_marks(sentence: &TreeSentence, tags: &[String]) -> (TreeSentence, Vec<String>) {
    let mut headed = vec![false; sentence.words.len() + 1];
    for head in sentence.words.iter().filter_map(|w| w.head) {
        headed[head] = true;
    }
    let mut place = vec![0; sentence.words.len() + 1];
    let mut kept = Vec::with_capacity(sentence.words.len());
    for (at, word) in sentence.words.iter().enumerate() {
        if word.upos != "PUNCT" || !is_quotation_mark(&word.form) || headed[at + 1] || word.head == Some(0) {
            kept.push(at);
        }
        place[at + 1] = kept.len();
    }
    let one = |&at: &usize| {
        let word = &sentence.words[at];
        conllu::TreeWord { head: word.head.map(|h| place[h]), ..word.clone() }
    };
    let words = kept.iter().map(one).collect();
    (TreeSentence { words, tokens: sentence.tokens.clone() }, kept.iter().map(|&at| tags[at].clone()).collect())
}

fn with_gold(sentence: &TreeSentence, tags: &[String], clusters: &Clusters) -> Option<Parsed> {
    let n = sentence.words.len();
    let mut heads = Vec::with_capacity(n);
    let mut labels = Vec::with_capacity(n);
    for word in &sentence.words {
        let head = word.head?;
        heads.push(if head == 0 { n } else { head - 1 });
        let relation = Relation::from_label(&word.relation).unwrap_or(Relation::Dep);
        labels.push(Relation::ALL.iter().position(|r| *r == relation)?);
    }
    Some((parser_words(sentence, tags, clusters), heads, labels))
}

fn train_parser(
    name: &str,
    trees: &[TreeSentence],
    tag_data: &[TreeSentence],
    clusters: &Clusters,
    english: bool,
    config: &Config,
    progress: Progress<'_>,
) -> Linear {
    // Tags as a tagger gives them on text that it has not seen: two halves tag each other.
    let mut small = config.clone();
    small.tagger_epochs = 4;
    let key = |s: &TreeSentence| s.words.iter().map(|w| w.form.as_str()).collect::<Vec<_>>().join(" ");
    let half = |text: &str| crate::network::perceptron::hash(50, &[text]).is_multiple_of(2);
    let quiet: Progress<'_> = &|_| {};
    let taggers: Vec<Linear> = [true, false]
        .into_iter()
        .map(|side| {
            let part: Vec<Tagged> = tag_data
                .iter()
                .filter(|s| half(&key(s)) == side)
                .map(|s| (seen(s, clusters), s.words.iter().map(|w| label(w, english)).collect()))
                .collect();
            train_tagger(name, &part, &small, quiet)
        })
        .collect();
    let data: Vec<Parsed> = trees
        .iter()
        .filter(|s| s.words.len() <= 120)
        .filter_map(|s| {
            let tagger = &taggers[usize::from(half(&key(s)))];
            let tags: Vec<String> =
                tag(tagger, &seen(s, clusters)).into_iter().map(|t| tagger.labels()[t].clone()).collect();
            let (s, tags) = without_marks(s, &tags);
            with_gold(&s, &tags, clusters)
        })
        .collect();
    let width = 1 + 2 * Relation::ALL.len();
    let mut trainer = Trainer::new(if english { 4 } else { 2 });
    let mut order: Vec<usize> = (0..data.len()).collect();
    let mut random = Random(config.seed);
    let mut found = Vec::new();
    let mut scores = vec![0.0_f32; width];
    for epoch in 1..=config.parser_epochs {
        random.shuffle(&mut order);
        let (mut right, mut all) = (0_u32, 0_u32);
        for &s in &order {
            let (words, heads, labels) = &data[s];
            let n = words.len();
            let mut state = State::new(n);
            while !state.is_final() {
                state.features(words, &mut found);
                scores.fill(0.0);
                trainer.score(&found, &mut scores);
                let kinds = [Action::Shift, Action::Left(0), Action::Right(0)];
                let costs: Vec<Option<usize>> =
                    kinds.iter().map(|&k| state.allows(k).then(|| state.cost(k, heads))).collect();
                let least = costs.iter().flatten().min().copied().unwrap_or(0);
                let mut guess: Option<(f32, usize)> = None;
                let mut target: Option<(f32, usize)> = None;
                for (index, &score) in scores.iter().enumerate() {
                    let action = Action::from_index(index);
                    let kind = match action {
                        Action::Shift => 0,
                        Action::Left(_) => 1,
                        Action::Right(_) => 2,
                    };
                    let Some(cost) = costs[kind] else { continue };
                    if guess.is_none_or(|(b, _)| score > b) {
                        guess = Some((score, index));
                    }
                    // A right arc has its gold label; a wrong but cheapest arc may have any.
                    let top = state.top();
                    let good = cost == least
                        && match action {
                            Action::Shift => true,
                            Action::Left(l) => arc_label_fits(top, state.next(), heads, labels, l),
                            Action::Right(l) => arc_label_fits(top, state.below().unwrap_or(n), heads, labels, l),
                        };
                    if good && target.is_none_or(|(b, _)| score > b) {
                        target = Some((score, index));
                    }
                }
                let (Some((_, guess)), Some((_, target))) = (guess, target) else { break };
                all += 1;
                if guess == target {
                    right += 1;
                } else {
                    trainer.update(&found, target, 1.0);
                    trainer.update(&found, guess, -1.0);
                }
                trainer.step();
                // Explore the model's own mistakes after the first pass.
                let taken = if epoch > 1 && random.chance() < 0.9 { guess } else { target };
                state.take(Action::from_index(taken));
            }
        }
        trainer.stop_counting();
        progress(&format!(
            "{name} parser, pass {epoch}: {:.2} % of transitions right in training",
            100.0 * f64::from(right) / f64::from(all.max(1))
        ));
    }
    let names = (0..width)
        .map(|i| match Action::from_index(i) {
            Action::Shift => "shift".to_owned(),
            Action::Left(l) => format!("left:{}", Relation::ALL[l].label()),
            Action::Right(l) => format!("right:{}", Relation::ALL[l].label()),
        })
        .collect();
    trainer.finish(names, 0.3)
}

fn arc_label_fits(dependent: Option<usize>, head: usize, heads: &[usize], labels: &[usize], label: usize) -> bool {
    dependent.is_some_and(|d| heads[d] != head || labels[d] == label)
}

fn parser_score(name: &str, parser: &Linear, tagger: &Linear, clusters: &Clusters, dev: &[TreeSentence]) -> Vec<Score> {
    let (mut unlabelled, mut labelled, mut all) = (0, 0, 0_usize);
    for sentence in dev {
        let tags: Vec<String> =
            tag(tagger, &seen(sentence, clusters)).into_iter().map(|t| tagger.labels()[t].clone()).collect();
        let (sentence, tags) = without_marks(sentence, &tags);
        let Some((words, heads, labels)) = with_gold(&sentence, &tags, clusters) else { continue };
        for (at, (head, label)) in crate::network::parser::parse(parser, &words).into_iter().enumerate() {
            all += 1;
            if head.unwrap_or(words.len()) == heads[at] {
                unlabelled += 1;
                // The transition's label is stored as label index.
                labelled += usize::from(label == labels[at]);
            }
        }
    }
    let percent = |n: usize| 100.0 * n as f64 / all.max(1) as f64;
    vec![
        Score {
            name: format!("{name} UAS (gold words, predicted tags, without quotation marks)"),
            value: percent(unlabelled),
        },
        Score {
            name: format!("{name} LAS (gold words, predicted tags, without quotation marks)"),
            value: percent(labelled),
        },
    ]
}
