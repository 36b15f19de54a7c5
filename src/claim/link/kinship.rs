//! How much two articles have in common: claims of articles on one event are the same far more often than others.

use super::statement::{TermKind, Vocabulary};

/// Articles that are taken to have been seen before, so that a few articles do not make common terms rare.
const BEFORE: f64 = 300.0;

/// The terms of articles, weighted by how rare they are among them (tf-idf without tf, cosine).
#[derive(Debug, Default)]
pub struct Kinship {
    profiles: Vec<Vec<u32>>,
    /// For each term its squared weight.
    squares: Vec<f64>,
    norms: Vec<f64>,
}

/// Share of articles that have a term, before any was counted.
fn expected(kind: TermKind, weight: f64) -> f64 {
    match kind {
        // The weight of a concept was made of its share of claims, 1/100 for weight 1; an article has many claims.
        TermKind::Concept(_) => (12.0 * (-4.6 * weight).exp()).min(0.9),
        _ => 0.004,
    }
}

impl Kinship {
    /// Takes the terms of each article; repetitions count once.
    pub fn new(mut profiles: Vec<Vec<u32>>, vocabulary: &Vocabulary) -> Self {
        let mut counts = vec![0_usize; vocabulary.len()];
        for profile in &mut profiles {
            profile.sort_unstable();
            profile.dedup();
            for &term in profile.iter() {
                counts[term as usize] += 1;
            }
        }
        let whole = profiles.iter().filter(|profile| !profile.is_empty()).count() as f64 + BEFORE;
        let squares: Vec<f64> = counts
            .iter()
            .enumerate()
            .map(|(number, &count)| {
                let term = vocabulary.term(number as u32);
                // Concepts are of many meanings: names and numbers tell articles apart better.
                let weight = if matches!(term.kind, TermKind::Concept(_)) { term.weight / 2.0 } else { term.weight };
                let rarity = (whole / (count as f64 + BEFORE * expected(term.kind, term.weight))).ln().max(0.0);
                (weight * rarity).powi(2)
            })
            .collect();
        let norms = profiles
            .iter()
            .map(|profile| profile.iter().map(|&term| squares[term as usize]).sum::<f64>().sqrt())
            .collect();
        Self { profiles, squares, norms }
    }

    /// The kinship of two articles, 0 to 1; above 0.2 they are mostly on one event.
    pub fn between(&self, a: usize, b: usize) -> f64 {
        let (mine, others) = (&self.profiles[a], &self.profiles[b]);
        let (mut i, mut j, mut common) = (0, 0, 0.0);
        while let (Some(x), Some(y)) = (mine.get(i), others.get(j)) {
            if x == y {
                common += self.squares[*x as usize];
            }
            i += usize::from(x <= y);
            j += usize::from(y <= x);
        }
        let norm = self.norms[a] * self.norms[b];
        if norm > 0.0 { (common / norm).min(1.0) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::statement::{Statement, tests::statement};
    use super::*;

    #[test]
    fn rare_terms_make_kin() {
        let mut vocabulary = Vocabulary::default();
        let mut profile = |text: &str, names: &[(&str, bool)]| {
            let statement = Statement::new(&statement(text, names, &[(8.9e9, "USD")], &[]), &mut vocabulary);
            vocabulary.profile(&statement)
        };
        let profiles = vec![
            profile("the government *bought a stake", &[("us-intel", true)]),
            profile("*اشترت الحكومة حصة", &[("us-intel", true)]),
            profile("the company *sold chips", &[("cn-huawei", true)]),
            Vec::new(),
        ];
        let kinship = Kinship::new(profiles, &vocabulary);
        let (kin, others) = (kinship.between(0, 1), kinship.between(0, 2));
        assert!(kin > 0.6 && others < kin && kin <= 1.0, "{kin} {others}");
        assert!((kinship.between(1, 0) - kin).abs() < 1e-12 && kinship.between(0, 3).abs() < 1e-12);
        assert!((kinship.between(0, 0) - 1.0).abs() < 1e-9);
    }
}
