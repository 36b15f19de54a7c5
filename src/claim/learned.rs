//! Claims by the claim network, with what the rules made of the article among its features.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::extractor::{Extractor, inside, objects};
use super::features::{Block, Features, SIZES, TOPIC, blocks, features, words_in};
use super::speech::{self, Spoken};
use super::{Basis, Claim, Extraction, Modality, Polarity, SourceSide, Stance};
use crate::annotator::attribution::{is_arabic, is_question, is_question_paragraph};
use crate::annotator::cue::cues;
use crate::annotator::reading::word_tables;
use crate::annotator::tree::Tree;
use crate::document::{Chain, Commitment, Document, Language, LayerKind, ParagraphKind, Side, Topic};
use crate::error::{Error, ErrorKind, Result};
use crate::network::claims::{Calibrations, ClaimModel, ClaimScores, Passage, RoleScores, Seeker};
use crate::network::manifest::Manifest;
use crate::offset::{Byte, Span};

const NAME: &str = "claims.safetensors";
static WEIGHTS: &[u8] = include_bytes!("../../models/claims.safetensors");
static MODEL: LazyLock<Network> = LazyLock::new(|| Network::built_in().expect("the built-in weights are tested"));

/// Claims less sure than this are marked.
const SURE: f64 = 0.5;

/// Of two claims of a side with so much of their content in common (F1 of words), the likelier stays.
const SAME: f64 = 0.9;

/// Sentences before and behind that are around a claim.
const NEAR: usize = 2;

/// Weight of the words found for a source beside what the other heads say of it.
const SPEAKER: f32 = 0.5;

/// Most words that go through the network at once.
const BATCH: usize = 1500;

/// A claim of the rules is given beside those of the network if none of these has so much of its content (F1 of words).
const ALIKE: f64 = 0.5;

/// Words of a claim that the network alone finds.
const FEWEST: usize = 2;

/// Extracts claims by the claim network and the rules together.
#[derive(Debug, Default)]
pub struct Learned {
    rules: Extractor,
}

/// The network, and its labels as the program has them.
#[derive(Debug)]
struct Network {
    model: ClaimModel,
    polarity: Vec<Polarity>,
    modality: Vec<Modality>,
    stance: Vec<Stance>,
    source_side: Vec<SourceSide>,
    topic: Vec<Topic>,
    arabic: Calibrations,
    english: Calibrations,
}

impl Network {
    fn built_in() -> Result<Self> {
        Manifest::built_in().check(NAME, WEIGHTS)?;
        let model = ClaimModel::read(WEIGHTS, word_tables())?;
        let rows = 2 * SIZES.iter().sum::<usize>() + 1;
        if model.feature_rows() != rows {
            let message = format!("it has {} features, the program {rows}", model.feature_rows());
            return Err(Error::new(ErrorKind::Model, message).at(NAME));
        }
        let labels = model.labels();
        Ok(Self {
            polarity: read(labels, "polarity")?,
            modality: read(labels, "modality")?,
            stance: read(labels, "stance_us")?,
            source_side: read(labels, "source_side")?,
            topic: read(labels, "topic")?,
            arabic: model.calibration("ar")?,
            english: model.calibration("en")?,
            model,
        })
    }
}

fn read<T: DeserializeOwned>(labels: &BTreeMap<String, Vec<String>>, name: &str) -> Result<Vec<T>> {
    let bad = |message: String| Error::new(ErrorKind::Model, message).at(NAME);
    let labels = labels.get(name).ok_or_else(|| bad(format!("no labels of {name}")))?;
    let one = |label: &String| serde_json::from_value(Value::from(label.as_str())).map_err(|e| bad(e.to_string()));
    labels.iter().map(one).collect()
}

impl Learned {
    /// The layers that must be there.
    pub fn requires(&self) -> &'static [LayerKind] {
        self.rules.requires()
    }

    /// The claims of a document, in text order, and its attributions.
    pub fn extract(&self, document: &Document) -> Extraction {
        if document.language() == Language::Other {
            return Extraction::default();
        }
        let rules = self.rules.extract(document);
        let features = features(document, &rules);
        let mut run = Run::new(document, &rules, &features);
        let blocks = blocks(document);
        let mut rest = blocks.as_slice();
        while let Some(first) = rest.first() {
            let together = |block: &&Block| block.own.end - first.start <= BATCH;
            let count = rest.iter().take_while(together).count().max(1);
            run.read(&rest[..count]);
            rest = &rest[count..];
        }
        run.finish()
    }
}

struct Run<'a> {
    network: &'static Network,
    document: &'a Document,
    rules: &'a [Claim],
    features: &'a [Features],
    forms: Vec<&'a str>,
    /// The sentence of each word.
    sentences: Vec<usize>,
    /// Shares of the topics among the topic words of the headlines, and of the article.
    scopes: [Vec<f32>; 2],
    found: Vec<Found>,
    /// How likely each word is a cue.
    cues: Vec<f32>,
    spoken: Vec<Spoken>,
}

/// A claim of the network with the words of its content.
struct Found {
    claim: Claim,
    content: Range<usize>,
    /// How likely it is.
    probability: f32,
    /// The claim of the rules on the same predicate, of the same side.
    rule: Option<usize>,
}

/// The predicate of a claim and the sides that it is of.
struct Candidate {
    at: usize,
    sides: Vec<(Side, f32)>,
    /// How likely a source of the side says it.
    stated: f32,
}

impl<'a> Run<'a> {
    fn new(document: &'a Document, rules: &'a [Claim], features: &'a [Features]) -> Self {
        let layers = document.layers();
        let mut sentences = vec![0; layers.words.len()];
        for (number, sentence) in layers.sentences.iter().enumerate() {
            sentences[layers.words_of(sentence)].fill(number);
        }
        let titles = layers.sentences.iter().filter(|s| s.headline).flat_map(|s| layers.words_of(s));
        Self {
            network: &MODEL,
            document,
            rules,
            features,
            forms: layers.words.iter().map(|w| w.form.as_str()).collect(),
            sentences,
            scopes: [shares(features, titles), shares(features, 0..features.len())],
            found: Vec::new(),
            cues: vec![0.0; layers.words.len()],
            spoken: Vec::new(),
        }
    }

    fn read(&mut self, blocks: &[Block]) {
        let rows: Vec<Vec<usize>> = blocks.iter().map(|block| self.rows(block)).collect();
        let passages: Vec<Passage<'_>> = blocks
            .iter()
            .zip(&rows)
            .map(|(block, features)| Passage { forms: &self.forms[block.start..block.own.end], features })
            .collect();
        let scores = self.network.model.score(&passages);
        let mut found = Vec::new();
        for (number, block) in blocks.iter().enumerate() {
            self.speech(block, number, &scores);
            let candidates = self.candidates(block, number, &scores);
            let ats: Vec<usize> = candidates.iter().map(|c| c.at - block.start).collect();
            if ats.is_empty() {
                continue;
            }
            let roles = scores.roles(number, &ats, Seeker::Predicate);
            for (candidate, roles) in candidates.iter().zip(&roles) {
                found.extend(self.claims(block, number, &scores, candidate, roles));
            }
        }
        self.found.extend(found);
    }

    /// The cues of a block, with their sources and contents.
    fn speech(&mut self, block: &Block, passage: usize, scores: &ClaimScores<'_>) {
        let base = scores.rows(passage).start;
        let mut ats = Vec::new();
        for at in block.own.clone() {
            self.cues[at] = scores.cue(base + at - block.start);
            if self.cues[at] > speech::LEAST && !self.is_furniture(at) {
                ats.push(at - block.start);
            }
        }
        if ats.is_empty() {
            return;
        }
        let shifted = |words: Range<usize>| block.start + words.start..block.start + words.end;
        for (&at, [content, _, source, cue]) in ats.iter().zip(scores.roles(passage, &ats, Seeker::Cue)) {
            let ((content, sure), (source, known)) = (content.best(), source.best());
            if sure > 0.0 {
                self.spoken.push(Spoken {
                    source: (known > 0.0).then(|| shifted(source)),
                    cue: shifted(cue.around(at)),
                    content: shifted(content),
                });
            }
        }
    }

    /// Questions are no claims; nor is what an interviewer says.
    fn is_question(&self, word: usize) -> bool {
        let sentence = &self.document.layers().sentences[self.sentences[word]];
        let paragraph = self.document.paragraphs()[sentence.paragraph].span;
        is_question(self.document.quote(sentence.span)) || is_question_paragraph(self.document.quote(paragraph))
    }

    fn calibrations(&self, word: usize) -> Calibrations {
        let arabic = is_arabic(&self.document.layers().words[word]);
        if arabic { self.network.arabic } else { self.network.english }
    }

    fn is_furniture(&self, word: usize) -> bool {
        let paragraph = self.document.layers().sentences[self.sentences[word]].paragraph;
        self.document.paragraphs()[paragraph].kind == ParagraphKind::Furniture
    }

    /// The rows of the features of each word of a block and, behind them, of its head.
    fn rows(&self, block: &Block) -> Vec<usize> {
        let all: usize = SIZES.iter().sum();
        let dependencies = &self.document.layers().dependencies;
        let words = block.start..block.own.end;
        let mut rows = Vec::with_capacity(words.len() * SIZES.len() * 2);
        let mut starts = [0; SIZES.len()];
        for kind in 1..SIZES.len() {
            starts[kind] = starts[kind - 1] + SIZES[kind - 1];
        }
        let row = |features: &Features, base: usize| -> [usize; SIZES.len()] {
            std::array::from_fn(|kind| base + starts[kind] + usize::from(features[kind]))
        };
        for at in words.clone() {
            let head = dependencies[at].head.filter(|head| words.contains(head));
            rows.extend(row(&self.features[at], 0));
            rows.extend(head.map_or([2 * all; SIZES.len()], |head| row(&self.features[head], all)));
        }
        rows
    }

    fn candidates(&self, block: &Block, passage: usize, scores: &ClaimScores<'_>) -> Vec<Candidate> {
        let base = scores.rows(passage).start;
        let mut candidates = Vec::new();
        for at in block.own.clone() {
            let [claim, us, cn, stated] = scores.predicate(base + at - block.start);
            let calibrations = self.calibrations(at);
            let least = calibrations.both.least.min(calibrations.network.least);
            let sides = [(Side::Us, us), (Side::Cn, cn)];
            let sides: Vec<_> = sides.map(|(s, p)| (s, p * claim)).into_iter().filter(|(_, p)| *p > least).collect();
            if sides.is_empty() || self.is_furniture(at) || self.is_question(at) {
                continue;
            }
            candidates.push(Candidate { at, sides, stated });
        }
        candidates
    }

    /// The claims of a predicate, one for each side.
    fn claims(
        &self,
        block: &Block,
        passage: usize,
        scores: &ClaimScores<'_>,
        candidate: &Candidate,
        [content, actor, source, cue]: &[RoleScores; 4],
    ) -> Vec<Found> {
        let layers = self.document.layers();
        let at = candidate.at - block.start;
        let content = content.around(at);
        let words = block.start + content.start..block.start + content.end;
        let fields = scores.fields(passage, at, content, &self.topic_words(candidate.at, words.clone()));
        let best_span = |role: &RoleScores| {
            let (words, margin) = role.best();
            (self.span(block.start + words.start..block.start + words.end), margin)
        };
        let if_any = |role: &RoleScores| {
            let (span, margin) = best_span(role);
            span.filter(|_| margin > 0.0)
        };
        let Some(content) = self.span(words.clone()) else { return Vec::new() };
        let field = |name: &str| fields.get(name).map(Vec::as_slice).unwrap_or_default();
        let (source, told) = best_span(source);
        let (actor, cue) = (if_any(actor), if_any(cue));
        let told_of: Vec<Side> = [(Side::Us, "about_us"), (Side::Cn, "about_cn")]
            .into_iter()
            .filter(|(_, name)| best(field(name)) == 1)
            .map(|(side, _)| side)
            .collect();
        let tree = Tree::new(self.document, self.sentences[candidate.at]);
        let predicate = layers.words[candidate.at].span;
        let [polarity, modality, us, cn, topic] =
            ["polarity", "modality", "stance_us", "stance_cn", "topic"].map(|name| best(field(name)));
        let joint = candidate.sides.len() > 1;
        let claim = |&(side, probability): &(Side, f32)| {
            let source_side = self.speaker(candidate.stated, field("source_side"), told, side);
            let basis = match source_side {
                SourceSide::Us | SourceSide::Cn => Basis::Stated,
                SourceSide::Other | SourceSide::None => Basis::Described,
            };
            let source = source.filter(|_| source_side != SourceSide::None);
            let cue = cue.filter(|_| source.is_some());
            let mut about = told_of.clone();
            if basis == Basis::Described {
                about.retain(|&s| s != side);
                about.insert(0, side);
            } else if let [a, b] = about[..] {
                let first = actor.and_then(|actor| self.named(actor));
                about = if first == Some(b) { vec![b, a] } else { vec![a, b] };
            }
            let (commitment, source_chain) = self.said(source, source_side, cue, predicate);
            let agrees = |r: &Claim| r.side == side && r.predicate.is_some_and(|p| p.overlaps(predicate));
            Found {
                content: words.clone(),
                probability,
                rule: self.rules.iter().position(agrees),
                claim: Claim {
                    content,
                    side,
                    basis,
                    about,
                    actor: if joint { self.own_part(actor, side) } else { actor },
                    predicate: Some(predicate),
                    source,
                    source_side,
                    cue,
                    polarity: self.network.polarity[polarity],
                    modality: self.network.modality[modality],
                    stance_us: self.network.stance[us],
                    stance_cn: self.network.stance[cn],
                    topic: self.network.topic[topic],
                    commitment,
                    source_chain,
                    times: inside(&layers.times, content, |t| t.span),
                    quantities: inside(&layers.quantities, content, |q| q.span),
                    objects: objects(&tree, candidate.at),
                    sentence: self.sentences[candidate.at],
                    confidence: 0.0,
                    rule: "network/claim".to_owned(),
                    abstained: Vec::new(),
                },
            }
        };
        candidate.sides.iter().map(claim).collect()
    }

    /// The side of a claim's source: what the predicate (`stated`), the field and the words found for the source (`told`: how much better they
    /// are than none) say together. The side of the claim itself, if one of its own says it.
    fn speaker(&self, stated: f32, scores: &[f32], told: f32, side: Side) -> SourceSide {
        let most = scores.iter().fold(f32::NEG_INFINITY, |most, &x| most.max(x));
        let all = scores.iter().map(|x| (x - most).exp()).sum::<f32>().ln() + most;
        let of = |label: SourceSide| {
            let place = self.network.source_side.iter().position(|&known| known == label);
            place.map_or(f32::NEG_INFINITY, |place| scores[place] - all)
        };
        let stated = stated.clamp(1e-6, 1.0 - 1e-6);
        let own = if side == Side::Us { SourceSide::Us } else { SourceSide::Cn };
        let none = (of(SourceSide::None) + (1.0 - stated).ln(), SourceSide::None);
        let other = (of(SourceSide::Other) + (1.0 - stated).ln() + SPEAKER * told, SourceSide::Other);
        let own = (of(own) + stated.ln() + SPEAKER * told, own);
        [other, own].into_iter().fold(none, |best, one| if one.0 > best.0 { one } else { best }).1
    }

    /// The topic words of each scope of a claim: its content (as logarithms, and as shares), its sentence, the sentences around it, the
    /// headlines, the article.
    fn topic_words(&self, predicate: usize, content: Range<usize>) -> Vec<f32> {
        let layers = self.document.layers();
        let words = |sentence: usize| layers.words_of(&layers.sentences[sentence]);
        let own = self.sentences[predicate];
        let (first, last) = (own.saturating_sub(NEAR), (own + NEAR).min(layers.sentences.len() - 1));
        let logarithms = counts(self.features, content.clone()).into_iter().map(f32::ln_1p).collect();
        let [title, article] = &self.scopes;
        [
            &logarithms,
            &shares(self.features, content),
            &shares(self.features, words(own)),
            &shares(self.features, words(first).start..words(last).end),
            title,
            article,
        ]
        .map(Vec::as_slice)
        .concat()
    }

    /// From the first to the last of some words.
    fn span(&self, words: Range<usize>) -> Option<Span<Byte>> {
        let words = self.document.layers().words.get(words)?;
        let (first, last) = (words.first()?, words.last()?);
        Some(first.span.cover(last.span))
    }

    /// The side of the first entity in a span.
    fn named(&self, span: Span<Byte>) -> Option<Side> {
        self.document.layers().entities.iter().find(|e| span.contains(e.span)).map(|e| e.side)
    }

    /// Of a joint actor the party of a side, where each side has one.
    fn own_part(&self, actor: Option<Span<Byte>>, side: Side) -> Option<Span<Byte>> {
        let whole = actor?;
        let of = |side: Side| {
            let mut found = self.document.layers().entities.iter().filter(|e| e.side == side && whole.contains(e.span));
            found.next().filter(|_| found.next().is_none()).map(|e| e.span)
        };
        match (of(Side::Us), of(Side::Cn)) {
            (Some(us), Some(cn)) => Some(if side == Side::Us { us } else { cn }),
            _ => Some(whole),
        }
    }

    /// How far the source commits itself, and the sources around it, by the attribution that the claim stands in.
    fn said(
        &self,
        source: Option<Span<Byte>>,
        side: SourceSide,
        cue: Option<Span<Byte>>,
        predicate: Span<Byte>,
    ) -> (Option<Commitment>, Vec<Chain>) {
        let Some(source) = source else { return (None, Vec::new()) };
        let layers = self.document.layers();
        let same = |a: &&crate::document::Attribution| {
            a.source.is_some_and(|s| s.overlaps(source)) && a.content.iter().any(|c| c.contains(predicate))
        };
        let known =
            layers.attributions.iter().filter(same).min_by_key(|a| a.content.iter().map(|c| c.len()).sum::<usize>());
        let by_cue = cue.and_then(|cue| {
            let mut words = layers.words[words_in(&layers.words, cue)].iter();
            words.find_map(|w| cues().form(&w.key)).map(|(cue, _)| cue.commitment)
        });
        let commitment = by_cue.or(known.map(|a| a.commitment)).unwrap_or(Commitment::Said);
        let own = Chain {
            source: Some(source),
            side: match side {
                SourceSide::Us => Some(Side::Us),
                SourceSide::Cn => Some(Side::Cn),
                SourceSide::Other => Some(Side::Other),
                SourceSide::None => None,
            },
            cue,
        };
        let outer = known.map(|a| a.chain.split_last().map_or(&[][..], |(_, outer)| outer)).unwrap_or_default();
        (Some(commitment), outer.iter().cloned().chain([own]).collect())
    }

    /// The claims without doubles, in text order; the attributions.
    fn finish(mut self) -> Extraction {
        let attributions = speech::attributions(self.document, &self.sentences, &self.cues, &self.spoken);
        let mut found = std::mem::take(&mut self.found);
        found.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        let mut kept: Vec<Found> = Vec::with_capacity(found.len());
        for one in found {
            let same = |other: &Found| other.claim.side == one.claim.side && f1(&other.content, &one.content) >= SAME;
            if !kept.iter().any(same) {
                kept.push(one);
            }
        }
        kept.retain_mut(|found| self.settle(found));
        let words = &self.document.layers().words;
        let alone = self.rules.iter().filter_map(|rule| {
            let content = words_in(words, rule.content);
            let known = |found: &Found| found.claim.side == rule.side && f1(&found.content, &content) > ALIKE;
            let calibration = self.calibrations(content.start).rules;
            let sure = rule.confidence as f32 >= calibration.least;
            (sure && !kept.iter().any(known)).then(|| {
                let mut claim = rule.clone();
                rate(&mut claim, calibration.confidence(rule.confidence as f32));
                claim
            })
        });
        let mut claims: Vec<Claim> = alone.collect();
        claims.extend(kept.into_iter().map(|found| found.claim));
        claims.sort_by_key(|c| (c.content, c.side));
        claims.dedup_by(|a, b| a.content == b.content && a.side == b.side);
        Extraction { claims, attributions: Some(attributions) }
    }

    /// Whether a claim is likely enough; then its confidence, and what the rules know better where they found it too: who acts and speaks,
    /// what bears on the predicate.
    fn settle(&self, found: &mut Found) -> bool {
        let calibrations = self.calibrations(found.content.start);
        let rule = found.rule.map(|at| &self.rules[at]);
        let calibration = if rule.is_some() { calibrations.both } else { calibrations.network };
        if found.probability <= calibration.least || rule.is_none() && found.content.len() < FEWEST {
            return false;
        }
        let claim = &mut found.claim;
        if let Some(rule) = rule.cloned() {
            *claim = Claim {
                content: claim.content,
                predicate: claim.predicate,
                stance_us: claim.stance_us,
                stance_cn: claim.stance_cn,
                topic: claim.topic,
                times: std::mem::take(&mut claim.times),
                quantities: std::mem::take(&mut claim.quantities),
                rule: format!("network/claim+{}", rule.rule),
                abstained: Vec::new(),
                ..rule
            };
        }
        rate(claim, calibration.confidence(found.probability));
        true
    }
}

/// Sets the confidence, and marks a claim that is likelier wrong than right.
fn rate(claim: &mut Claim, confidence: f32) {
    claim.confidence = f64::from(confidence);
    if claim.confidence < SURE {
        claim.abstained.push(format!("claim: less sure than {SURE}"));
    }
}

/// How many words speak for each topic.
fn counts(features: &[Features], words: impl Iterator<Item = usize>) -> Vec<f32> {
    let mut counts = vec![0.0; SIZES[TOPIC] - 1];
    for at in words {
        if let Some(topic) = usize::from(features[at][TOPIC]).checked_sub(1) {
            counts[topic] += 1.0;
        }
    }
    counts
}

/// The share of each topic among the topic words of some words.
fn shares(features: &[Features], words: impl Iterator<Item = usize>) -> Vec<f32> {
    let mut shares = counts(features, words);
    let sum = shares.iter().sum::<f32>().max(1.0);
    for share in &mut shares {
        *share /= sum;
    }
    shares
}

fn f1(a: &Range<usize>, b: &Range<usize>) -> f64 {
    let common = a.end.min(b.end).saturating_sub(a.start.max(b.start));
    2.0 * common as f64 / (a.len() + b.len()) as f64
}

fn best(scores: &[f32]) -> usize {
    (0..scores.len()).fold(0, |most, at| if scores[at] > scores[most] { at } else { most })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_weights_are_those_of_the_manifest() {
        Network::built_in().unwrap();
    }
}
