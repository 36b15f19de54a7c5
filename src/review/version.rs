//! A version of a claim: what the machine wrote, or what a person made of it.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::export::json::{ClaimRecord, SpanRecord};
use crate::provenance::hex;

/// Fields that reviewers decide about, by their keys in native JSON; `stance` counts as two.
pub const FIELDS: [&str; 15] = [
    "content",
    "side",
    "basis",
    "about",
    "actor",
    "predicate",
    "source",
    "source_side",
    "cue",
    "polarity",
    "modality",
    "stance_us",
    "stance_cn",
    "topic",
    "commitment",
];

/// Passes every span of a claim through `change`; `None` as soon as one has no counterpart.
pub fn map_spans(
    claim: &ClaimRecord,
    mut change: impl FnMut(&SpanRecord) -> Option<SpanRecord>,
) -> Option<ClaimRecord> {
    let mut mapped = claim.clone();
    {
        let mut one = |span: &mut SpanRecord| change(span).map(|changed| *span = changed);
        one(&mut mapped.content)?;
        let maybe =
            [&mut mapped.actor, &mut mapped.predicate, &mut mapped.source, &mut mapped.cue, &mut mapped.sentence];
        for span in maybe.into_iter().flatten() {
            one(span)?;
        }
        for link in &mut mapped.source_chain {
            for span in [&mut link.source, &mut link.cue].into_iter().flatten() {
                one(span)?;
            }
        }
        for time in &mut mapped.time {
            one(&mut time.span)?;
        }
        for quantity in &mut mapped.quantities {
            one(&mut quantity.span)?;
        }
        for object in &mut mapped.objects {
            one(object)?;
        }
    }
    Some(mapped)
}

fn value(field: &impl Serialize) -> serde_json::Value {
    // The types of native JSON have no map with keys that are no strings: nothing here can fail.
    serde_json::to_value(field).unwrap_or_default()
}

/// The value of a field of [`FIELDS`].
pub fn field(claim: &ClaimRecord, name: &str) -> serde_json::Value {
    match name {
        "content" => value(&claim.content),
        "side" => value(&claim.side),
        "basis" => value(&claim.basis),
        "about" => value(&claim.about),
        "actor" => value(&claim.actor),
        "predicate" => value(&claim.predicate),
        "source" => value(&claim.source),
        "source_side" => value(&claim.source_side),
        "cue" => value(&claim.cue),
        "polarity" => value(&claim.polarity),
        "modality" => value(&claim.modality),
        "stance_us" => value(&claim.stance.us),
        "stance_cn" => value(&claim.stance.cn),
        "topic" => value(&claim.topic),
        "commitment" => value(&claim.commitment),
        _ => serde_json::Value::Null,
    }
}

/// The fields in which two versions differ, in the order of [`FIELDS`]; both count spans in the same unit. `objects`
/// comes last if they differ.
pub fn changed(a: &ClaimRecord, b: &ClaimRecord) -> Vec<&'static str> {
    let mut changed: Vec<&'static str> = FIELDS.into_iter().filter(|name| field(a, name) != field(b, name)).collect();
    if a.objects != b.objects {
        changed.push("objects");
    }
    changed
}

/// Tells whether the machine still says the same: the first 16 hex digits of the SHA-256 over the reviewed fields.
/// Confidence and rule are no part of it.
pub fn claim_hash(claim: &ClaimRecord) -> String {
    let mut hasher = Sha256::new();
    for name in FIELDS {
        hasher.update(field(claim, name).to_string().as_bytes());
        hasher.update([0]);
    }
    hasher.update(value(&claim.objects).to_string().as_bytes());
    hex(&hasher.finalize()[..8])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use super::*;

    /// A claim with a content and the sources around it, all spans at 3.
    pub(in super::super) fn claim(id: &str, side: &str, content: &str) -> ClaimRecord {
        let span = |quote: &str| serde_json::json!({"start": 3, "end": 3 + quote.chars().count(), "quote": quote});
        serde_json::from_value(serde_json::json!({
            "id": id, "content": span(content), "side": side, "basis": "stated", "about": ["CN"], "actor": span("بكين"),
            "predicate": null, "source": span("بكين"), "source_side": "CN", "cue": span("قالت"), "polarity": "affirmed",
            "modality": "asserted", "stance": {"us": "neutral", "cn": "neutral"}, "topic": "chips", "commitment": "said",
            "source_chain": [{"source": span("بكين"), "source_side": "CN", "cue": null}],
            "time": [{"start": 4, "end": 8, "quote": "2026", "value": "2026"}],
            "quantities": [{"start": 4, "end": 5, "quote": "5", "value": 5.0, "unit": ""}], "objects": [span("x")],
            "sentence": span(content), "confidence": 0.5, "rule": "ar/claim/main-stated", "abstained": []
        }))
        .unwrap()
    }

    #[test]
    fn every_span_is_mapped() {
        let one = claim("a", "CN", "سترد");
        let mut seen = 0;
        let moved = map_spans(&one, |span| {
            seen += 1;
            Some(SpanRecord { start: span.start + 10, end: span.end + 10, quote: span.quote.clone() })
        })
        .unwrap();
        // As many as objects with a quote in the JSON: no field was forgotten.
        assert_eq!(seen, serde_json::to_string(&one).unwrap().matches("\"quote\"").count());
        assert_eq!(serde_json::to_string(&moved).unwrap().matches("\"start\":13").count(), 7);
        assert!(map_spans(&one, |span| (span.quote != "2026").then(|| span.clone())).is_none());
    }

    #[test]
    fn what_differs_is_named_and_hashed() {
        let one = claim("a", "CN", "سترد");
        let mut other = one.clone();
        other.confidence = 0.9;
        other.rule = "x".into();
        assert!(changed(&one, &other).is_empty());
        assert_eq!(claim_hash(&one), claim_hash(&other));
        other.stance.cn = crate::claim::Stance::Favourable;
        other.objects.clear();
        other.actor = None;
        assert_eq!(changed(&one, &other), ["actor", "stance_cn", "objects"]);
        assert_ne!(claim_hash(&one), claim_hash(&other));
        // Each field is read: none of them is null by mistake.
        let null: Vec<_> = FIELDS.into_iter().filter(|name| field(&one, name).is_null()).collect();
        assert_eq!(null, ["predicate"]);
    }
}
