//! Scores of named entities.

use std::collections::BTreeMap;

use serde::Serialize;

use super::annotation::{AnnotatedArticle, EntityAnnotation};
use super::measure::Counts;
use crate::document::{EntityType, Side};
use crate::offset::{Byte, Span};

/// How well predicted entities agree with gold, by exact span; adds up over articles.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct EntityScores {
    /// Span, type and side.
    pub span_type_side: Counts,
    /// Span and type.
    pub span_type: Counts,
    /// Span alone.
    pub span: Counts,
    /// Span and type, for each type.
    pub by_type: BTreeMap<EntityType, Counts>,
    /// Gold names that do not stand in the article; they count as not found.
    pub unresolved: usize,
}

impl EntityScores {
    /// Takes the counts of another article or set of articles.
    pub fn merge(&mut self, other: &Self) {
        self.span_type_side += other.span_type_side;
        self.span_type += other.span_type;
        self.span += other.span;
        for (&entity_type, &counts) in &other.by_type {
            *self.by_type.entry(entity_type).or_default() += counts;
        }
        self.unresolved += other.unresolved;
    }
}

fn common<K: Ord>(
    gold: &[EntityAnnotation],
    predicted: &[EntityAnnotation],
    key: impl Fn(&EntityAnnotation) -> Option<K>,
) -> usize {
    let mut left: BTreeMap<K, usize> = BTreeMap::new();
    for key in gold.iter().filter_map(&key) {
        *left.entry(key).or_default() += 1;
    }
    predicted
        .iter()
        .filter_map(&key)
        .filter(|key| match left.get_mut(key) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        })
        .count()
}

/// Scores the entities of one article.
pub fn score(gold: &AnnotatedArticle, predicted: &AnnotatedArticle) -> EntityScores {
    let (a, b) = (&gold.entities, &predicted.entities);
    let counts = |right| Counts::new(a.len(), b.len(), right);
    let full = |e: &EntityAnnotation| -> Option<(Span<Byte>, EntityType, Side)> {
        Some((e.quote.span?, e.entity_type, e.side))
    };
    let mut by_type = BTreeMap::new();
    for entity_type in [EntityType::Per, EntityType::Org, EntityType::Loc, EntityType::Prod] {
        let of = |items: &[EntityAnnotation]| items.iter().filter(|e| e.entity_type == entity_type).count();
        let right = common(a, b, |e| if e.entity_type == entity_type { e.quote.span } else { None });
        by_type.insert(entity_type, Counts::new(of(a), of(b), right));
    }
    EntityScores {
        span_type_side: counts(common(a, b, full)),
        span_type: counts(common(a, b, |e| Some((e.quote.span?, e.entity_type)))),
        span: counts(common(a, b, |e| e.quote.span)),
        by_type,
        unresolved: if predicted.text.is_empty() { 0 } else { a.iter().filter(|e| e.quote.span.is_none()).count() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::annotation::Quote;

    fn article(entities: &[(usize, usize, EntityType, Side)]) -> AnnotatedArticle {
        let text = "Nvidia and Huawei in Beijing";
        let entities = entities
            .iter()
            .map(|&(start, end, entity_type, side)| EntityAnnotation {
                quote: Quote::of(text, Span::new(start, end)),
                entity_type,
                side,
            })
            .collect();
        AnnotatedArticle { text: text.into(), entities, ..AnnotatedArticle::default() }
    }

    #[test]
    fn each_level_counts_for_itself() {
        let gold = article(&[
            (0, 6, EntityType::Org, Side::Us),
            (11, 17, EntityType::Org, Side::Cn),
            (21, 28, EntityType::Loc, Side::Cn),
        ]);
        assert_eq!(score(&gold, &gold).span_type_side, Counts::new(3, 3, 3));
        let predicted = article(&[
            (0, 6, EntityType::Org, Side::Other),
            (11, 17, EntityType::Prod, Side::Cn),
            (21, 28, EntityType::Loc, Side::Cn),
            (21, 28, EntityType::Loc, Side::Cn),
        ]);
        let scores = score(&gold, &predicted);
        assert_eq!(scores.span_type_side, Counts::new(3, 4, 1));
        assert_eq!(scores.span_type, Counts::new(3, 4, 2));
        assert_eq!(scores.span, Counts::new(3, 4, 3));
        assert_eq!(scores.by_type[&EntityType::Org], Counts::new(2, 1, 1));
    }
}
