//! `khabar train` (feature `train`): the Arabic segmenter, and the text that the training of the networks reads.
//!
//! The segmenter is an averaged perceptron (Collins 2002) that ranks the ways to cut a written word. The networks are trained
//! in Python with PyTorch (`training/`).

mod claims;
pub mod conllu;
mod segmented;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use claims::write_claim_features;
use conllu::{TreeSentence, read};
pub use segmented::{segment_names, segment_raw};

use crate::annotator::morphology::Segmenter;
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::file;
use crate::network::manifest::{Entry, Manifest, checksum};
use crate::network::perceptron::{Linear, Trainer};
use crate::network::segmentation::{Frequencies, candidates, features as cut_features};
use crate::normalizer::match_key;

/// What is trained, on what, and how long; every value has its place here.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Seed of the order of sentences.
    pub seed: u64,
    /// Passes over the data.
    pub epochs: usize,
    /// Words of raw text to count.
    pub raw_words: usize,
    /// Arabic segmented text.
    pub segmented: Vec<PathBuf>,
    /// Arabic segmented development text.
    pub segmented_dev: Vec<PathBuf>,
    /// Raw Arabic text, one document a line.
    pub arabic_raw: Vec<PathBuf>,
    /// Raw English text, one document a line; the networks learn from it, the segmenter does not.
    pub english_raw: Vec<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        let paths = |names: &[&str]| names.iter().map(PathBuf::from).collect();
        Self {
            seed: 20,
            epochs: 8,
            raw_words: 12_000_000,
            segmented: paths(&["treebank/ar/padt-train.seg.conllu.xz"]),
            segmented_dev: paths(&["treebank/ar/padt-dev.seg.conllu"]),
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
}

/// Trains the segmenter from `data` and writes it to `out` (`segmenter.bin`); returns its score on dev.
///
/// `progress` gets a line for each step.
///
/// # Errors
/// [`ErrorKind::Unreadable`] for a file that cannot be read, [`ErrorKind::Data`] for one that is not of its format,
/// [`ErrorKind::Unwritable`] for the output.
pub fn train_segmenter(data: &Path, out: &Path, config: &Config, progress: &dyn Fn(&str)) -> Result<Score> {
    let load = |paths: &[PathBuf]| -> Result<Vec<TreeSentence>> {
        let mut all = Vec::new();
        for path in paths {
            all.extend(read(&data.join(path))?);
        }
        Ok(all)
    };
    let (sentences, dev) = (load(&config.segmented)?, load(&config.segmented_dev)?);
    progress("counting words of raw text");
    let frequencies = frequencies(&raw_keys(data, &config.arabic_raw, config)?)?;
    let linear = learn(&sentences, &frequencies, config, progress);
    let score = segmentation_score(&linear, &frequencies, &dev);
    let bytes = Segmenter::new(linear, frequencies).write();
    let path = out.join("manifest.toml");
    let mut manifest = match std::fs::read_to_string(&path) {
        Ok(text) => Manifest::read(&text)?,
        Err(_) => Manifest::default(),
    };
    manifest.put(Entry {
        name: "segmenter.bin".to_owned(),
        kind: "Arabic segmenter".to_owned(),
        source: format!("{SOURCE}, seed {}; see models/segmenter.md", config.seed),
        licence: "trained on UD Arabic PADT, CC BY-NC-SA 3.0; word frequencies of raw text".to_owned(),
        sha256: checksum(&bytes),
        scores: BTreeMap::from([(score.name.clone(), (score.value * 100.0).round() / 100.0)]),
    });
    let write = |name: &str, bytes: Vec<u8>| {
        let path = out.join(name);
        std::fs::write(&path, bytes).map_err(|e| Error::new(ErrorKind::Unwritable, e.to_string()).at(&path))
    };
    let text = toml::to_string(&manifest).map_err(|e| Error::new(ErrorKind::Internal, e.to_string()))?;
    write("manifest.toml", (HEADER.to_owned() + &text).into_bytes())?;
    write("segmenter.bin", bytes)?;
    Ok(score)
}

const HEADER: &str =
    "# The files of models/: what they are, their checksums and, of weights, their scores on development data.\n\n";
const SOURCE: &str = "averaged perceptron, cargo run --release --features train -- train --data DATA -o models";

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
                let inside = |c: char| c.is_alphanumeric() || matches!(c, '\u{064b}'..='\u{0652}' | '\u{0640}');
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
                keys.push(match_key(word));
            }
            if keys.len() >= limit {
                break;
            }
        }
    }
    Ok(keys)
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

fn learn(sentences: &[TreeSentence], frequencies: &Frequencies, config: &Config, progress: &dyn Fn(&str)) -> Linear {
    let data: Vec<Vec<(String, Vec<String>)>> = sentences.iter().map(gold_cuts).collect();
    let mut order: Vec<usize> = (0..data.len()).collect();
    let mut random = Random(config.seed);
    let mut trainer = Trainer::new(1);
    let mut found = Vec::new();
    let mut predicted = Vec::new();
    for epoch in 1..=config.epochs {
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
        progress(&format!("pass {epoch}: {:.2} % right in training", 100.0 * f64::from(right) / f64::from(all.max(1))));
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
    Score { name: "PADT dev, written words cut right".into(), value: 100.0 * right as f64 / f64::from(all.max(1)) }
}
