//! A listing of errors for people: what was missed, what is too much, what differs, and how often each cause occurs.
//!
//! ```text
//! == ar/NAME   gold 12, predicted 11, matched 8
//! missed     US described chips
//!     gold   …
//! boundary   CN stated rivalry   token F1 0.31
//!     gold   …
//!     pred   …
//! fields     US described chips
//!     text   …
//!     source_side   gold US, predicted none
//!     source gold   …
//!            pred   …
//! ```
//!
//! The article's words stand last on their line and in logical order, so that Arabic reads right on a terminal and in
//! an editor.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::annotation::{ClaimAnnotation, Quote, WordIndex, content_f1, field_f1};
use super::claim::{self, LABEL_FIELDS, SPAN_FIELDS, THRESHOLD};
use super::folder::Pairing;

/// Least token F1 at which an unmatched prediction is taken for an attempt at a gold claim.
const NEAR: f64 = 0.2;
/// Share of a claim's words inside another from which on it counts as swallowed by it.
const HELD: f64 = 0.8;

/// What went wrong with one claim that has no partner.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cause {
    /// Nothing was predicted there.
    Missed,
    /// Nothing is in the gold there.
    Spurious,
    /// The same words, the other side.
    Side(usize),
    /// The same side, token F1 between 0.2 and 0.5.
    Boundary(usize),
    /// The gold's words lie in a prediction that belongs to another gold claim.
    Merged(usize),
    /// The predicted words lie in a gold claim that has its prediction.
    Split(usize),
}

fn quote(quote: &Quote) -> String {
    quote.text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn head(claim: &ClaimAnnotation) -> String {
    let words = ["side", "basis", "topic"].map(|field| claim::label(claim, field));
    words.join(" ")
}

fn held(words: &WordIndex, inner: &Quote, outer: &Quote) -> bool {
    matches!((inner.span, outer.span), (Some(a), Some(b)) if words.held(a, b) >= HELD)
}

struct Causes {
    missed: Vec<(usize, Cause)>,
    spurious: Vec<(usize, Cause)>,
}

fn causes(pairing: &Pairing, words: &WordIndex) -> Causes {
    let (gold, predicted) = (&pairing.gold.claims, &pairing.predicted.claims);
    let gold_matched: BTreeSet<_> = pairing.matches.iter().map(|pair| pair.gold).collect();
    let predicted_matched: BTreeSet<_> = pairing.matches.iter().map(|pair| pair.predicted).collect();
    let mut used = BTreeSet::new();
    let mut missed = Vec::new();
    for at in (0..gold.len()).filter(|at| !gold_matched.contains(at)) {
        // The nearest free prediction explains the miss; each explains one only.
        let near = (0..predicted.len())
            .filter(|other| !predicted_matched.contains(other) && !used.contains(other))
            .map(|other| (other, content_f1(words, &gold[at].content, &predicted[other].content)))
            .filter(|&(other, f1)| f1 >= if predicted[other].side == gold[at].side { NEAR } else { THRESHOLD })
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        let cause = if let Some((other, _)) = near {
            used.insert(other);
            if predicted[other].side == gold[at].side { Cause::Boundary(other) } else { Cause::Side(other) }
        } else {
            let outer = pairing.matches.iter().map(|pair| pair.predicted).find(|&other| {
                predicted[other].side == gold[at].side && held(words, &gold[at].content, &predicted[other].content)
            });
            outer.map_or(Cause::Missed, Cause::Merged)
        };
        missed.push((at, cause));
    }
    let spurious = (0..predicted.len())
        .filter(|at| !predicted_matched.contains(at) && !used.contains(at))
        .map(|at| {
            let outer = pairing.matches.iter().map(|pair| pair.gold).find(|&other| {
                gold[other].side == predicted[at].side && held(words, &predicted[at].content, &gold[other].content)
            });
            (at, outer.map_or(Cause::Spurious, Cause::Split))
        })
        .collect();
    Causes { missed, spurious }
}

/// Writes the listing of all articles, the counts of the causes first.
pub fn errors(pairings: &[Pairing]) -> String {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut confusions: BTreeMap<&'static str, super::measure::Agreement> = BTreeMap::new();
    let mut body = String::new();
    for pairing in pairings {
        article(pairing, &mut body, &mut counts, &mut confusions);
    }
    let mut listing = String::from("Causes, most frequent first:\n");
    let mut sorted: Vec<_> = counts.into_iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    for (cause, count) in sorted {
        let meaning = match cause {
            "missed" => "gold claim without a prediction",
            "spurious" => "predicted claim without gold",
            "side" => "the same words, the other side",
            "boundary" => "the same side, token F1 from 0.2 up to 0.5",
            "merged" => "gold claim inside the prediction of another",
            "split" => "predicted claim inside a gold claim that has another prediction",
            _ => "field of a matched claim",
        };
        let _ = write!(listing, "{count:>6}  {cause:<12} {meaning}");
        let pairs = confusions.get(cause).map(super::measure::Agreement::confusions).unwrap_or_default();
        for (at, (gold, predicted, times)) in pairs.iter().take(4).enumerate() {
            let mark = if at == 0 { ": " } else { ", " };
            let _ = write!(listing, "{mark}{gold} → {predicted} {times}");
        }
        listing.push('\n');
    }
    listing.push_str(&body);
    listing
}

fn article(
    pairing: &Pairing,
    out: &mut String,
    counts: &mut BTreeMap<&'static str, usize>,
    confusions: &mut BTreeMap<&'static str, super::measure::Agreement>,
) {
    let (gold, predicted) = (&pairing.gold.claims, &pairing.predicted.claims);
    let words = WordIndex::new(&pairing.predicted.text);
    let _ = writeln!(
        out,
        "\n== {}   gold {}, predicted {}, matched {}",
        pairing.name,
        gold.len(),
        predicted.len(),
        pairing.matches.len()
    );
    let causes = causes(pairing, &words);
    for (at, cause) in causes.missed {
        let claim = &gold[at];
        let (name, other, note) = match cause {
            Cause::Boundary(other) => {
                let f1 = content_f1(&words, &claim.content, &predicted[other].content);
                ("boundary", Some(other), format!("token F1 {f1:.2}"))
            }
            Cause::Side(other) => ("side", Some(other), format!("predicted {}", head(&predicted[other]))),
            Cause::Merged(other) => ("merged", Some(other), "inside the prediction of another claim".to_owned()),
            _ => ("missed", None, String::new()),
        };
        *counts.entry(name).or_default() += 1;
        let _ = writeln!(out, "{}", format!("{name:<10} {}   {note}", head(claim)).trim_end());
        if claim.content.span.is_none() && !pairing.predicted.text.is_empty() {
            let _ = writeln!(out, "    note   these words are not in the article as the gold writes them");
        }
        let _ = writeln!(out, "    gold   {}", quote(&claim.content));
        if let Some(other) = other {
            let _ = writeln!(out, "    pred   {}", quote(&predicted[other].content));
        }
    }
    for (at, cause) in causes.spurious {
        let claim = &predicted[at];
        let name = if matches!(cause, Cause::Split(_)) { "split" } else { "spurious" };
        *counts.entry(name).or_default() += 1;
        let _ = writeln!(out, "{name:<10} {}", head(claim));
        if let Cause::Split(other) = cause {
            let _ = writeln!(out, "    gold   {}", quote(&gold[other].content));
        }
        let _ = writeln!(out, "    pred   {}", quote(&claim.content));
    }
    for pair in &pairing.matches {
        let (a, b) = (&gold[pair.gold], &predicted[pair.predicted]);
        let mut lines = String::new();
        for field in LABEL_FIELDS {
            let (x, y) = (claim::label(a, field), claim::label(b, field));
            if x != y {
                *counts.entry(field).or_default() += 1;
                let _ = writeln!(lines, "    {field:<12} gold {x}, predicted {y}");
            }
            confusions.entry(field).or_default().add(&x, &y);
        }
        for field in SPAN_FIELDS {
            let (x, y) = (claim::span_field(a, field), claim::span_field(b, field));
            if field_f1(&words, x, y) + 1e-9 < THRESHOLD {
                *counts.entry(field).or_default() += 1;
                let shown = |span: Option<&Quote>| span.map_or_else(|| "-".to_owned(), quote);
                let _ = writeln!(lines, "    {field:<9} gold   {}", shown(x));
                let _ = writeln!(lines, "    {:<9} pred   {}", "", shown(y));
            }
        }
        if !lines.is_empty() {
            let _ = writeln!(out, "fields     {}", head(a));
            let _ = writeln!(out, "    text   {}", quote(&a.content));
            out.push_str(&lines);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::claim::tests::{TEXT, article, claim};
    use super::*;
    use crate::document::Side;
    use crate::evaluation::claim::matches;

    #[test]
    fn each_cause_is_listed_with_its_words() {
        let gold = article(vec![
            claim(TEXT, "إنها سترد على القيود", Side::Cn),
            claim(TEXT, "تفرض واشنطن قيودا على الرقائق", Side::Us),
            claim(TEXT, "Nvidia sells chips", Side::Us),
        ]);
        let mut right = claim(TEXT, "Nvidia sells chips", Side::Us);
        right.topic = crate::document::Topic::Rivalry;
        let predicted = article(vec![
            claim(TEXT, "إنها سترد على القيود", Side::Us),
            claim(TEXT, "تفرض", Side::Us),
            right,
            claim(TEXT, "قالت", Side::Cn),
        ]);
        let words = WordIndex::new(TEXT);
        let matches = matches(&gold.claims, &predicted.claims, &words);
        let pairing = Pairing { name: "ar/a".into(), language: "ar", gold, predicted, matches };
        let listing = errors(&[pairing]);
        for line in [
            "== ar/a   gold 3, predicted 4, matched 1",
            "side       CN described chips   predicted US described chips",
            "    gold   إنها سترد على القيود",
            "boundary   US described chips   token F1 0.33",
            "    pred   تفرض",
            "spurious   CN described chips",
            "    topic        gold chips, predicted rivalry",
            "     1  topic        field of a matched claim: chips → rivalry 1",
        ] {
            assert!(listing.lines().any(|found| found == line), "{line}\n---\n{listing}");
        }
    }
}
