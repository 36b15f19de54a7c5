//! Which claims are hard, by what the literature finds hard: no quotation mark, a source elsewhere, a dropped subject, both
//! sides at once, negation, a source within a source.

use super::annotation::{AnnotatedArticle, ClaimAnnotation, Quote};
use super::claim::sentence_of;
use crate::claim::Polarity;
use crate::offset::{Byte, Span};

/// The kinds, in the order of the tables.
pub const KINDS: [&str; 6] = [
    "no quotation mark",
    "source in another sentence",
    "actor outside the clause",
    "both sides in the sentence",
    "negated",
    "source within a source",
];

const MARKS: [char; 7] = ['"', '“', '”', '«', '»', '„', '″'];

/// For each claim which of [`KINDS`] it is. `article` brings the text and the sentences; without a text nothing is hard.
pub fn kinds(article: &AnnotatedArticle, claims: &[ClaimAnnotation]) -> Vec<[bool; KINDS.len()]> {
    let sentence = |claim: &ClaimAnnotation| sentence_of(&article.sentences, claim).map(|at| article.sentences[at]);
    claims
        .iter()
        .map(|claim| {
            let Some(own) = sentence(claim) else { return [false; KINDS.len()] };
            let place = |quote: &Option<Quote>| quote.as_ref().and_then(|q| q.span);
            let told = claim.source.is_some();
            [
                told && !own.slice(&article.text).contains(MARKS),
                place(&claim.source).is_some_and(|source| !own.overlaps(source)),
                match (place(&claim.actor), claim.content.span) {
                    (Some(actor), Some(content)) => !content.overlaps(actor),
                    _ => false,
                },
                claims.iter().any(|other| other.side != claim.side && sentence(other) == Some(own)),
                claim.polarity == Polarity::Negated,
                claims.iter().any(|other| is_within(claim, other)),
            ]
        })
        .collect()
}

/// Whether a claim's source speaks within what another source says.
fn is_within(claim: &ClaimAnnotation, other: &ClaimAnnotation) -> bool {
    let span = |quote: &Option<Quote>| -> Option<Span<Byte>> { quote.as_ref()?.span };
    match (span(&claim.source), span(&other.source), other.content.span) {
        (Some(own), Some(outer), Some(content)) => own != outer && content.contains(own),
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::claim::tests::{TEXT, article, claim};
    use super::*;
    use crate::document::Side;

    #[test]
    fn claims_of_each_kind() {
        let quote = |text: &str| {
            let at = TEXT.find(text).unwrap();
            Some(Quote::of(TEXT, Span::new(at, at + text.len())))
        };
        let mut told = claim(TEXT, "إنها سترد على القيود", Side::Cn);
        told.source = quote("بكين");
        told.actor = quote("بكين");
        let mut elsewhere = claim(TEXT, "تفرض واشنطن قيودا على الرقائق", Side::Us);
        elsewhere.source = quote("بكين");
        elsewhere.polarity = Polarity::Negated;
        let mut inner = claim(TEXT, "قيودا على الرقائق", Side::Cn);
        inner.source = quote("واشنطن");
        let all = article(vec![told, elsewhere, inner]);
        let found = kinds(&all, &all.claims);
        assert_eq!(found[0], [true, false, true, false, false, false]);
        assert_eq!(found[1], [true, true, false, true, true, false]);
        assert_eq!(found[2], [true, false, false, true, false, true]);
    }
}
