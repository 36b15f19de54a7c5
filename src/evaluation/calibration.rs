//! Whether confidence means what it says: of claims with confidence 0.8, eight in ten are to be right.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::measure::rounded;

/// Parts of equal width that confidence is cut into.
const BINS: usize = 10;

/// Claims of like confidence.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bin {
    /// How many.
    pub count: usize,
    /// Sum of their confidence.
    pub confidence: f64,
    /// How many are right.
    pub right: usize,
}

/// The reliability table: claims by confidence in ten equal parts (DeGroot & Fienberg 1983).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Reliability {
    /// From the least to the most confident.
    pub bins: [Bin; BINS],
}

impl Reliability {
    /// Takes a claim.
    pub fn add(&mut self, confidence: f64, right: bool) {
        let bin = &mut self.bins[((confidence * BINS as f64) as usize).min(BINS - 1)];
        bin.count += 1;
        bin.confidence += confidence;
        bin.right += usize::from(right);
    }

    /// Takes the claims of another table.
    pub fn merge(&mut self, other: &Self) {
        for (bin, more) in self.bins.iter_mut().zip(&other.bins) {
            bin.count += more.count;
            bin.confidence += more.confidence;
            bin.right += more.right;
        }
    }

    /// Expected calibration error (Naeini et al. 2015): the distance between confidence and the share that is right, over the parts,
    /// each by its claims; `None` without claims.
    pub fn expected_error(&self) -> Option<f64> {
        let count: usize = self.bins.iter().map(|bin| bin.count).sum();
        let distance: f64 = self.bins.iter().map(|bin| (bin.confidence - bin.right as f64).abs()).sum();
        (count > 0).then(|| distance / count as f64)
    }
}

impl Serialize for Reliability {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let share = |sum: f64, bin: &Bin| (bin.count > 0).then(|| rounded(sum / bin.count as f64));
        let bins: Vec<_> = self
            .bins
            .iter()
            .map(|bin| {
                serde_json::json!({
                    "count": bin.count,
                    "confidence": share(bin.confidence, bin),
                    "right": share(bin.right as f64, bin),
                })
            })
            .collect();
        let mut record = serializer.serialize_struct("Reliability", 2)?;
        record.serialize_field("expected_calibration_error", &self.expected_error().map(rounded))?;
        record.serialize_field("bins", &bins)?;
        record.end()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_that_of_the_parts() {
        let mut table = Reliability::default();
        assert_eq!(table.expected_error(), None);
        // Four at 0.75, three of them right: no error. Two at 1.0, one right: 0.5 off.
        for right in [true, true, true, false] {
            table.add(0.75, right);
        }
        for right in [true, false] {
            table.add(1.0, right);
        }
        assert!((table.expected_error().unwrap() - 2.0 / 6.0 * 0.5).abs() < 1e-12);
        let mut twice = table;
        twice.merge(&table);
        assert_eq!(twice.expected_error(), table.expected_error());
        assert_eq!(twice.bins[7].count, 8);
    }
}
