//! Markers of clauses, negation and modality from `models/markers.tsv`.

use std::sync::LazyLock;

use super::lexicon::{Phrases, rows};
use crate::document::Word;

/// What a marker marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Marker {
    /// Opens a concessive, temporal or elaborating clause.
    Assert,
    /// Opens a purpose, reason or manner clause.
    Purpose,
    /// Opens a condition.
    Condition,
    /// Opens a reported clause.
    Complement,
    /// Negates.
    Negator,
    /// Possibility.
    Possible,
    /// Obligation.
    Obligated,
    /// Intention.
    Intended,
    /// Relative on the whole clause before.
    Result,
    /// Linking words at the front of a clause.
    Link,
    /// Impersonal cue.
    Impersonal,
}

static MARKERS: LazyLock<Vec<(Marker, Phrases<()>)>> = LazyLock::new(|| {
    use Marker as M;
    let kinds = [
        (M::Assert, "assert"),
        (M::Purpose, "purpose"),
        (M::Condition, "condition"),
        (M::Complement, "complement"),
        (M::Negator, "negator"),
        (M::Possible, "possible"),
        (M::Obligated, "obligated"),
        (M::Intended, "intended"),
        (M::Result, "result"),
        (M::Link, "link"),
        (M::Impersonal, "impersonal"),
    ];
    let rows = rows("models/markers.tsv", include_str!("../../models/markers.tsv"), 3).expect("built in and tested");
    kinds
        .iter()
        .map(|&(marker, name)| {
            let mut phrases = Phrases::default();
            for (_, row) in rows.iter().filter(|(_, row)| row[0] == name) {
                for phrase in row[2].split('|') {
                    phrases.insert(phrase, ());
                }
            }
            (marker, phrases)
        })
        .collect()
});

/// Length in words of the longest marker of that kind that starts at the first of the words.
pub fn marker_at(kind: Marker, words: &[Word]) -> Option<usize> {
    let keys: Vec<&str> = words.iter().take(6).map(|w| w.key.as_str()).collect();
    let (_, phrases) = MARKERS.iter().find(|(m, _)| *m == kind)?;
    phrases.longest(&keys).map(|(length, ())| length)
}

/// Whether the words at `at` (an index into `words`) open a marker of the kind.
pub fn is_marker(kind: Marker, words: &[Word], at: usize) -> bool {
    words.get(at..).is_some_and(|rest| marker_at(kind, rest).is_some())
}
