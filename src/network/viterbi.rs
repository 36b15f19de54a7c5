//! The best sequence of name labels.

/// The best path through `scores` (words × labels) in which `I-X` follows only `B-X` or `I-X` (Viterbi 1967).
pub fn path(scores: &[f32], labels: &[String]) -> Vec<usize> {
    let k = labels.len();
    let inside = |label: usize| labels[label].strip_prefix("I-");
    let follows = |before: usize, after: usize| inside(after).is_none_or(|kind| labels[before].get(2..) == Some(kind));
    let mut best: Vec<f32> = Vec::new();
    let mut back: Vec<usize> = Vec::new();
    for (at, row) in scores.chunks_exact(k).enumerate() {
        let mut next = vec![f32::NEG_INFINITY; k];
        for (label, score) in row.iter().enumerate() {
            if at == 0 {
                back.push(0);
                if inside(label).is_none() {
                    next[label] = *score;
                }
                continue;
            }
            let mut from = 0;
            let mut most = f32::NEG_INFINITY;
            for (before, total) in best.iter().enumerate() {
                if follows(before, label) && *total > most {
                    (from, most) = (before, *total);
                }
            }
            back.push(from);
            next[label] = most + score;
        }
        best = next;
    }
    let words = back.len() / k;
    let mut out = vec![0; words];
    let mut label = (0..best.len()).fold(0, |most, l| if best[l] > best[most] { l } else { most });
    for at in (0..words).rev() {
        out[at] = label;
        label = back[at * k + label];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inside_needs_its_beginning() {
        let labels: Vec<String> = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"].iter().map(|l| (*l).to_owned()).collect();
        // I-PER alone is best for the first word, I-LOC for the second; neither can stand there.
        let scores = [0.0, 3.0, 9.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 3.5];
        assert_eq!(path(&scores, &labels), [1, 2]);
        let scores = [0.0, 3.0, 9.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 5.5];
        assert_eq!(path(&scores, &labels), [3, 4]);
        assert!(path(&[], &labels).is_empty());
    }
}
