//! Precision, recall, F1, accuracy and Cohen's κ as counts that add up.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

/// How many there are, how many were predicted, and how many of these are right.
///
/// Counts are fractions where several gold annotations of one text are averaged.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counts {
    /// Items in the gold.
    pub gold: f64,
    /// Items predicted.
    pub predicted: f64,
    /// Predicted items that are right.
    pub right: f64,
}

impl Counts {
    /// Counts of whole items.
    pub fn new(gold: usize, predicted: usize, right: usize) -> Self {
        Self { gold: gold as f64, predicted: predicted as f64, right: right as f64 }
    }

    fn share(self, whole: f64) -> f64 {
        if whole > 0.0 {
            self.right / whole
        } else if self.gold + self.predicted == 0.0 {
            1.0
        } else {
            0.0
        }
    }

    /// Share of the predicted items that are right; 1 where there is nothing to find and nothing was predicted.
    pub fn precision(self) -> f64 {
        self.share(self.predicted)
    }

    /// Share of the gold items that were found; 1 where there is nothing to find and nothing was predicted.
    pub fn recall(self) -> f64 {
        self.share(self.gold)
    }

    /// Harmonic mean of precision and recall.
    pub fn f1(self) -> f64 {
        let both = self.gold + self.predicted;
        if both > 0.0 { 2.0 * self.right / both } else { 1.0 }
    }

    /// The counts times `weight`.
    #[must_use]
    pub fn scaled(self, weight: f64) -> Self {
        Self { gold: self.gold * weight, predicted: self.predicted * weight, right: self.right * weight }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.gold += other.gold;
        self.predicted += other.predicted;
        self.right += other.right;
    }
}

/// Four decimals are more than any of the corpora can tell apart, and keep the JSON readable.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("Counts", 6)?;
        record.serialize_field("gold", &rounded(self.gold))?;
        record.serialize_field("predicted", &rounded(self.predicted))?;
        record.serialize_field("right", &rounded(self.right))?;
        record.serialize_field("precision", &rounded(self.precision()))?;
        record.serialize_field("recall", &rounded(self.recall()))?;
        record.serialize_field("f1", &rounded(self.f1()))?;
        record.end()
    }
}

/// A mean that adds up.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Mean {
    /// Sum of the values.
    pub sum: f64,
    /// Number of values.
    pub count: usize,
}

impl Mean {
    /// Takes one more value.
    pub fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    /// The mean; `None` of nothing.
    pub fn value(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

impl AddAssign for Mean {
    fn add_assign(&mut self, other: Self) {
        self.sum += other.sum;
        self.count += other.count;
    }
}

impl Serialize for Mean {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().map(rounded).serialize(serializer)
    }
}

/// Agreement beyond chance, (observed − chance) / (1 − chance); `None` where chance alone agrees always.
pub(super) fn chance_corrected(observed: f64, chance: f64) -> Option<f64> {
    (chance < 1.0).then(|| (observed - chance) / (1.0 - chance))
}

/// Two annotators' labels for the same items: gold first, prediction second.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agreement {
    pairs: BTreeMap<(String, String), usize>,
}

impl Agreement {
    /// Takes one more item.
    pub fn add(&mut self, gold: &str, predicted: &str) {
        *self.pairs.entry((gold.to_owned(), predicted.to_owned())).or_default() += 1;
    }

    /// Takes all items of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (pair, count) in &other.pairs {
            *self.pairs.entry(pair.clone()).or_default() += count;
        }
    }

    /// Number of items.
    pub fn count(&self) -> usize {
        self.pairs.values().sum()
    }

    /// The pairs of labels that differ, with their number, the most frequent first.
    pub fn confusions(&self) -> Vec<(&str, &str, usize)> {
        let mut found: Vec<_> = self
            .pairs
            .iter()
            .filter(|((gold, predicted), _)| gold != predicted)
            .map(|((gold, predicted), &count)| (gold.as_str(), predicted.as_str(), count))
            .collect();
        found.sort_by(|a, b| b.2.cmp(&a.2).then(a.cmp(b)));
        found
    }

    fn agreed(&self) -> usize {
        self.pairs.iter().filter(|((gold, predicted), _)| gold == predicted).map(|(_, count)| count).sum()
    }

    /// Share of the items that got the same label; `None` without items.
    pub fn accuracy(&self) -> Option<f64> {
        let count = self.count();
        (count > 0).then(|| self.agreed() as f64 / count as f64)
    }

    /// Accuracy of one who always gives the most frequent gold label; `None` without items.
    pub fn majority(&self) -> Option<f64> {
        let mut gold: BTreeMap<&str, usize> = BTreeMap::new();
        for ((label, _), count) in &self.pairs {
            *gold.entry(label).or_default() += count;
        }
        gold.values().max().map(|&most| most as f64 / self.count() as f64)
    }

    /// Cohen's κ: agreement beyond that of two annotators who label by their own frequencies at random.
    ///
    /// `None` where it is not defined: without items, and where both used one and the same label throughout.
    ///
    /// # Examples
    /// ```
    /// let mut agreement = khabar::evaluation::measure::Agreement::default();
    /// for (gold, predicted) in [("US", "US"), ("US", "CN"), ("CN", "CN"), ("CN", "CN")] {
    ///     agreement.add(gold, predicted);
    /// }
    /// assert_eq!(agreement.kappa(), Some(0.5));
    /// ```
    pub fn kappa(&self) -> Option<f64> {
        let count = self.count() as f64;
        let mut margins: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        for ((gold, predicted), &times) in &self.pairs {
            margins.entry(gold).or_default().0 += times as f64;
            margins.entry(predicted).or_default().1 += times as f64;
        }
        let chance: f64 = margins.values().map(|(gold, predicted)| gold * predicted).sum::<f64>() / (count * count);
        chance_corrected(self.accuracy()?, chance)
    }
}

impl Serialize for Agreement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("Agreement", 4)?;
        record.serialize_field("count", &self.count())?;
        record.serialize_field("accuracy", &self.accuracy().map(rounded))?;
        record.serialize_field("majority", &self.majority().map(rounded))?;
        record.serialize_field("kappa", &self.kappa().map(rounded))?;
        record.end()
    }
}

/// How often a span field agrees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SpanAgreement {
    /// Pairs compared.
    pub count: usize,
    /// Token F1 at least 0.5, or both empty.
    pub overlap: usize,
    /// The same characters, or both empty.
    pub exact: usize,
}

impl SpanAgreement {
    fn share(self, part: usize) -> Option<f64> {
        (self.count > 0).then(|| part as f64 / self.count as f64)
    }

    /// Share with a token F1 of at least 0.5; `None` of nothing.
    pub fn overlap_share(self) -> Option<f64> {
        self.share(self.overlap)
    }

    /// Share with the same characters; `None` of nothing.
    pub fn exact_share(self) -> Option<f64> {
        self.share(self.exact)
    }
}

impl AddAssign for SpanAgreement {
    fn add_assign(&mut self, other: Self) {
        self.count += other.count;
        self.overlap += other.overlap;
        self.exact += other.exact;
    }
}

impl Serialize for SpanAgreement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("SpanAgreement", 3)?;
        record.serialize_field("count", &self.count)?;
        record.serialize_field("overlap", &self.overlap_share().map(rounded))?;
        record.serialize_field("exact", &self.exact_share().map(rounded))?;
        record.end()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn f1_of_known_counts() {
        let counts = Counts::new(4, 5, 3);
        assert!((counts.precision() - 0.6).abs() < 1e-12);
        assert!((counts.recall() - 0.75).abs() < 1e-12);
        assert!((counts.f1() - 2.0 / 3.0).abs() < 1e-12);
        assert!((Counts::new(0, 0, 0).f1() - 1.0).abs() < 1e-12);
        assert!(Counts::new(0, 3, 0).f1().abs() < 1e-12);
        assert!(Counts::new(3, 0, 0).precision().abs() < 1e-12);
    }

    #[test]
    fn kappa_of_the_textbook_table() {
        // 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: agreement 0.7, chance 0.25 + 0.25 = 0.5, κ 0.4.
        let mut agreement = Agreement::default();
        for (gold, predicted, times) in [("y", "y", 20), ("y", "n", 5), ("n", "y", 10), ("n", "n", 15)] {
            for _ in 0..times {
                agreement.add(gold, predicted);
            }
        }
        assert!((agreement.kappa().unwrap() - 0.4).abs() < 1e-12);
        assert!((agreement.accuracy().unwrap() - 0.7).abs() < 1e-12);
        assert!((agreement.majority().unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(agreement.confusions(), [("n", "y", 10), ("y", "n", 5)]);
        let mut twice = agreement.clone();
        twice.merge(&agreement);
        assert_eq!(twice.count(), 100);
        assert!((twice.kappa().unwrap() - 0.4).abs() < 1e-12);
    }

    #[test]
    fn kappa_is_undefined_for_one_label() {
        let mut agreement = Agreement::default();
        assert_eq!(agreement.kappa(), None);
        agreement.add("US", "US");
        assert_eq!(agreement.kappa(), None);
        assert_eq!(agreement.accuracy(), Some(1.0));
    }
}
