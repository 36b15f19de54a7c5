//! Where a decision belongs after the pipeline ran again: by id, else by quote and context.
//!
//! The article may have other claims now (a new version of khabar), other words (it was fetched again), or another name.
//! A decision is tied to the words that it was about, with 32 characters before and after. Words are looked for as they
//! are and, where they are not there, folded ([`crate::normalizer::match_view`]: without marks, letter forms as one).

use serde::{Deserialize, Serialize};

use super::article::Article;
use super::log::{Action, Decision};
use super::version::{claim_hash, map_spans};
use crate::document::Side;
use crate::export::json::{ClaimRecord, SpanRecord};
use crate::normalizer::{match_key, match_view};
use crate::offset::{Byte, Span};

/// Characters of context on each side.
const CONTEXT: usize = 32;

/// The words that a decision is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// SHA-256 of the article's text at that time, hex.
    pub text_sha256: String,
    /// Whom the claim is attributed to.
    pub side: Side,
    /// The content of the version that was decided about (of the added one where there was none), in code points.
    pub content: SpanRecord,
    /// Up to 32 characters before it.
    pub prefix: String,
    /// Up to 32 characters after it.
    pub suffix: String,
}

impl Anchor {
    /// The anchor of a claim with spans in code points; `None` if its content does not fit the text.
    pub fn new(article: &Article, claim: &ClaimRecord) -> Option<Self> {
        let text = &article.json.text;
        let content = article.bytes_of_code_points(&claim.content)?;
        let before: Vec<char> = text[..content.start()].chars().rev().take(CONTEXT).collect();
        Some(Self {
            text_sha256: article.json.text_sha256.clone(),
            side: claim.side,
            content: claim.content.clone(),
            prefix: before.into_iter().rev().collect(),
            suffix: text[content.end()..].chars().take(CONTEXT).collect(),
        })
    }
}

/// Where a decision belongs.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// To this claim.
    Claim {
        /// Its id.
        id: String,
        /// Whether the machine now says it otherwise than when it was decided about.
        changed: bool,
        /// The decided version with its spans in the text of now, in code points.
        after: Option<Box<ClaimRecord>>,
    },
    /// To these words, of which the machine makes no claim any more.
    Words {
        /// The decided version with its spans in the text of now, in code points.
        after: Box<ClaimRecord>,
    },
    /// A claim was rejected that the machine does not make any more: nothing is left to do.
    Gone,
    /// Nowhere: somebody has to decide again.
    Lost {
        /// Why, as a stable word: `article_gone`, `words_gone`, `words_ambiguous`, `parts_gone`, `edges_changed`.
        why: &'static str,
    },
}

/// Finds the place of a decision in an article with these claims (spans in code points).
pub fn place(decision: &Decision, article: &Article, claims: &[ClaimRecord]) -> Place {
    let Some(anchor) = &decision.anchor else { return Place::Lost { why: "words_gone" } };
    let same_text = anchor.text_sha256 == article.json.text_sha256;
    let content = if same_text {
        article.bytes_of_code_points(&anchor.content).ok_or("words_gone")
    } else {
        locate(&article.json.text, anchor)
    };
    let content = match content {
        Ok(content) => content,
        Err(why) => return Place::Lost { why },
    };
    let after = match &decision.after {
        None => None,
        Some(after) if same_text => Some(Box::new(after.clone())),
        Some(after) => match relocate(article, after, &anchor.content, content) {
            Some(after) => Some(Box::new(after)),
            None => return Place::Lost { why: "parts_gone" },
        },
    };
    let now = article.code_points(content);
    let same = claims.iter().find(|claim| {
        claim.side == anchor.side && (same_text && claim.id == decision.claim_id || claim.content == now)
    });
    if let Some(claim) = same {
        let then = if same_text { decision.claim_hash.clone() } else { moved_hash(decision, article, content) };
        let changed = decision.claim_hash.is_some() && then != Some(claim_hash(claim));
        return Place::Claim { id: claim.id.clone(), changed, after };
    }
    // A claim that a person added beside one of the machine is not that one.
    let of_machine = decision.claim_hash.is_some();
    let overlapping = claims
        .iter()
        .filter(|claim| of_machine && claim.side == anchor.side)
        .map(|claim| (claim, overlap(&claim.content, &now)))
        .filter(|(_, share)| *share >= 0.5)
        .max_by(|a, b| a.1.total_cmp(&b.1));
    match (overlapping, after, decision.action) {
        // Rejected for how it was cut, maybe: the new cut has to be looked at.
        (Some(_), _, Action::Reject | Action::Skip) => Place::Lost { why: "edges_changed" },
        (Some((claim, _)), after, _) => Place::Claim { id: claim.id.clone(), changed: true, after },
        (None, Some(after), _) => Place::Words { after },
        (None, None, _) => Place::Gone,
    }
}

/// The hash that the claim decided about would have with its spans moved to the text of now.
fn moved_hash(decision: &Decision, article: &Article, content: Span<Byte>) -> Option<String> {
    let before = decision.before.as_ref()?;
    relocate(article, before, &decision.anchor.as_ref()?.content, content).map(|moved| claim_hash(&moved))
}

/// Shared positions by all positions of either.
fn overlap(a: &SpanRecord, b: &SpanRecord) -> f64 {
    let shared = a.end.min(b.end).saturating_sub(a.start.max(b.start));
    let all = a.end.max(b.end).saturating_sub(a.start.min(b.start));
    if all == 0 { 0.0 } else { shared as f64 / all as f64 }
}

/// The content's words in another text.
fn locate(text: &str, anchor: &Anchor) -> std::result::Result<Span<Byte>, &'static str> {
    let quote = &anchor.content.quote;
    let mut found: Vec<Span<Byte>> = occurrences(text, quote);
    if found.is_empty() {
        let view = match_view(text);
        let folded = match_key(quote);
        found = occurrences(view.text(), &folded)
            .into_iter()
            .map(|span| view.source(Span::new(span.start(), span.end())))
            .collect();
    }
    let (prefix, suffix) = (match_key(&anchor.prefix), match_key(&anchor.suffix));
    let score = |span: &Span<Byte>| {
        let mut before: Vec<char> = text[..span.start()].chars().rev().take(2 * CONTEXT).collect();
        before.reverse();
        let before = match_key(&before.into_iter().collect::<String>());
        let after = match_key(&text[span.end()..].chars().take(2 * CONTEXT).collect::<String>());
        let back = before.chars().rev().zip(prefix.chars().rev()).take_while(|(a, b)| a == b).count();
        let forth = after.chars().zip(suffix.chars()).take_while(|(a, b)| a == b).count();
        back + forth
    };
    let best = found.iter().map(score).max().ok_or("words_gone")?;
    let mut fitting = found.iter().filter(|span| score(span) == best);
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Ok(*only),
        _ => Err("words_ambiguous"),
    }
}

fn occurrences(text: &str, part: &str) -> Vec<Span<Byte>> {
    if part.is_empty() {
        return Vec::new();
    }
    text.match_indices(part).map(|(at, part)| Span::new(at, at + part.len())).collect()
}

/// Moves a claim to another text in which its content (or that of the version before it) stands at `content`; each other
/// span goes to the occurrence of its words that is nearest to where it stood in relation to the content.
fn relocate(article: &Article, claim: &ClaimRecord, old: &SpanRecord, content: Span<Byte>) -> Option<ClaimRecord> {
    let text = &article.json.text;
    let now = article.code_points(content);
    map_spans(claim, |span| {
        if span == old {
            return Some(now.clone());
        }
        let wanted = (now.start + span.start).saturating_sub(old.start);
        occurrences(text, &span.quote)
            .into_iter()
            .map(|found| article.code_points(found))
            .min_by_key(|found| found.start.abs_diff(wanted))
            // Words far away are other words.
            .filter(|found| found.start.abs_diff(wanted) <= 2000)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::log::Role;
    use super::*;
    use crate::export::json::{ArticleJson, OffsetUnit};

    fn article(text: &str) -> Article {
        let pipeline = crate::pipeline::Pipeline::with_defaults().unwrap();
        let (document, claims) = pipeline.run(crate::article::Article::from_text(text));
        let provenance = crate::provenance::Provenance::new("c", Vec::new());
        Article::new(ArticleJson::new(&document, &claims, "a.json", OffsetUnit::CodePoint, provenance))
    }

    /// A claim of these words, its source the words before.
    fn claim(article: &Article, id: &str, source: &str, content: &str) -> ClaimRecord {
        let span = |part: &str| {
            let at = article.json.text.find(part).unwrap();
            serde_json::to_value(article.code_points(Span::new(at, at + part.len()))).unwrap()
        };
        serde_json::from_value(serde_json::json!({
            "id": id, "content": span(content), "side": "CN", "basis": "stated", "about": ["CN"], "actor": null,
            "predicate": null, "source": span(source), "source_side": "CN", "cue": null, "polarity": "affirmed",
            "modality": "asserted", "stance": {"us": "neutral", "cn": "neutral"}, "topic": "chips", "commitment": null,
            "source_chain": [], "time": [], "quantities": [], "objects": [], "sentence": null, "confidence": 0.5,
            "rule": "x", "abstained": []
        }))
        .unwrap()
    }

    fn decision(article: &Article, claim: &ClaimRecord, action: Action) -> Decision {
        let mut decision = Decision::new("1".into(), "a", Role::Reviewer, action, "test");
        decision.claim_id = claim.id.clone();
        decision.claim_hash = Some(claim_hash(claim));
        decision.before = Some(claim.clone());
        decision.after = (action != Action::Reject).then(|| claim.clone());
        decision.anchor = Anchor::new(article, claim);
        decision
    }

    const OLD: &str = "قالت بكين إنها سترد على القيود. وقال متحدث إن بكين لن تنتظر طويلًا.";

    #[test]
    fn the_same_claim_is_found_by_its_id_and_a_change_of_it_is_seen() {
        let old = article(OLD);
        let about = claim(&old, "1", "بكين", "سترد على القيود");
        let made = decision(&old, &about, Action::Accept);
        let place_in = |claims: &[ClaimRecord]| place(&made, &old, claims);
        assert!(matches!(place_in(std::slice::from_ref(&about)), Place::Claim { changed: false, .. }));
        let mut other = about.clone();
        other.topic = crate::document::Topic::Rivalry;
        other.id = "2".into();
        assert_eq!(
            place_in(&[other]),
            Place::Claim { id: "2".into(), changed: true, after: Some(Box::new(about.clone())) }
        );
        assert_eq!(place_in(&[]), Place::Words { after: Box::new(about.clone()) });
        let rejected = decision(&old, &about, Action::Reject);
        assert_eq!(place(&rejected, &old, &[]), Place::Gone);
        let wider = claim(&old, "3", "بكين", "إنها سترد على القيود");
        assert!(matches!(place_in(std::slice::from_ref(&wider)), Place::Claim { changed: true, .. }));
        assert_eq!(place(&rejected, &old, &[wider]), Place::Lost { why: "edges_changed" });
    }

    #[test]
    fn words_are_found_in_a_text_that_changed() {
        let old = article(OLD);
        let about = claim(&old, "1", "بكين", "سترد على القيود");
        let made = decision(&old, &about, Action::Accept);
        // A paragraph before, harakat inside, another end.
        let new = article("خبر عاجل 🚀\n\nقالت بكين إنها ستردّ على القيود. انتهى.");
        let Place::Words { after } = place(&made, &new, &[]) else { panic!("{:?}", place(&made, &new, &[])) };
        assert_eq!(after.content.quote, "ستردّ على القيود");
        assert_eq!(after.source.as_ref().unwrap().quote, "بكين");
        let index = crate::offset::OffsetIndex::new(&new.json.text);
        assert!(new.json.bytes(&index, &after.content).is_some());
        let machine = ClaimRecord { id: "9".into(), ..(*after).clone() };
        assert!(matches!(place(&made, &new, &[machine]), Place::Claim { changed: false, ref id, .. } if id == "9"));
        assert_eq!(place(&made, &article("نص آخر."), &[]), Place::Lost { why: "words_gone" });
        let without = article("قالت إنها سترد على القيود.");
        assert_eq!(place(&made, &without, &[]), Place::Lost { why: "parts_gone" });
    }

    #[test]
    fn of_the_same_words_twice_the_context_decides() {
        let old = article("Beijing said it will retaliate. Washington said it will retaliate.");
        let at = old.json.text.rfind("it will").unwrap();
        let mut about = claim(&old, "1", "Beijing", "it will retaliate");
        about.content = old.code_points(Span::new(at, at + "it will retaliate".len()));
        let mut made = decision(&old, &about, Action::Accept);
        let new = article("News. Beijing said it will retaliate. Washington said it will retaliate.");
        let Place::Words { after } = place(&made, &new, &[]) else { panic!("not found") };
        assert_eq!(after.content.start, new.json.text.rfind("it will").unwrap());
        if let Some(anchor) = &mut made.anchor {
            anchor.prefix = "x".into();
            anchor.suffix = "x".into();
        }
        assert_eq!(place(&made, &new, &[]), Place::Lost { why: "words_ambiguous" });
    }
}
