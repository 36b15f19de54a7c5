//! The best one-to-one matching of gold and predicted items.

/// Matches rows to columns one to one so that the sum of the weights is largest; pairs without weight stay apart.
///
/// `weights[row][column]` is above 0 where a pair is allowed, 0 where it is not; rows have the same length. Returns the
/// pairs in the order of the rows. Deterministic; O(n³) in the larger side (Hungarian method).
pub fn best(weights: &[Vec<f64>]) -> Vec<(usize, usize)> {
    let rows = weights.len();
    let columns = weights.first().map_or(0, Vec::len);
    let size = rows.max(columns);
    if rows == 0 || columns == 0 {
        return Vec::new();
    }
    let weight = |row: usize, column: usize| {
        weights.get(row).and_then(|cells| cells.get(column)).copied().unwrap_or_default().max(0.0)
    };
    // Shortest augmenting paths with potentials over costs = −weight; index 0 is the start node.
    let mut row_potential = vec![0.0; size + 1];
    let mut column_potential = vec![0.0; size + 1];
    let mut row_of = vec![0_usize; size + 1];
    for row in 1..=size {
        row_of[0] = row;
        let mut column = 0;
        let mut slack = vec![f64::INFINITY; size + 1];
        let mut came_from = vec![0_usize; size + 1];
        let mut seen = vec![false; size + 1];
        loop {
            seen[column] = true;
            let current = row_of[column];
            let mut step = f64::INFINITY;
            let mut next = 0;
            for other in 1..=size {
                if seen[other] {
                    continue;
                }
                let cost = -weight(current - 1, other - 1) - row_potential[current] - column_potential[other];
                if cost < slack[other] {
                    slack[other] = cost;
                    came_from[other] = column;
                }
                if slack[other] < step {
                    step = slack[other];
                    next = other;
                }
            }
            for other in 0..=size {
                if seen[other] {
                    row_potential[row_of[other]] += step;
                    column_potential[other] -= step;
                } else {
                    slack[other] -= step;
                }
            }
            column = next;
            if row_of[column] == 0 {
                break;
            }
        }
        while column != 0 {
            let previous = came_from[column];
            row_of[column] = row_of[previous];
            column = previous;
        }
    }
    let mut pairs: Vec<(usize, usize)> = (1..=size)
        .map(|column| (row_of[column] - 1, column - 1))
        .filter(|&(row, column)| weight(row, column) > 0.0)
        .collect();
    pairs.sort_unstable();
    pairs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_sum_decides_not_the_first_comer() {
        // Greedy would take (0, 0) at 0.9 and leave 0.5; together 0.8 + 0.8 is more.
        assert_eq!(best(&[vec![0.9, 0.8], vec![0.8, 0.0]]), [(0, 1), (1, 0)]);
        assert_eq!(best(&[]), []);
        assert_eq!(best(&[vec![], vec![]]), []);
        assert_eq!(best(&[vec![0.0, 0.0, 0.6]]), [(0, 2)]);
        assert_eq!(best(&[vec![0.0], vec![0.0]]), []);
    }

    fn exhaustive(weights: &[Vec<f64>], row: usize, used: &mut Vec<bool>) -> f64 {
        if row == weights.len() {
            return 0.0;
        }
        let mut most = exhaustive(weights, row + 1, used);
        for column in 0..used.len() {
            if !used[column] {
                used[column] = true;
                most = most.max(weights[row][column] + exhaustive(weights, row + 1, used));
                used[column] = false;
            }
        }
        most
    }

    proptest! {
        #[test]
        fn as_good_as_trying_all(weights in (1_usize..5, 1_usize..5).prop_flat_map(|(rows, columns)|
            proptest::collection::vec(proptest::collection::vec(
                prop_oneof![Just(0.0), 0.5_f64..1.0], columns), rows)))
        {
            let pairs = best(&weights);
            let sum: f64 = pairs.iter().map(|&(row, column)| weights[row][column]).sum();
            let columns: std::collections::BTreeSet<_> = pairs.iter().map(|pair| pair.1).collect();
            prop_assert_eq!(columns.len(), pairs.len());
            let most = exhaustive(&weights, 0, &mut vec![false; weights[0].len()]);
            prop_assert!((sum - most).abs() < 1e-9, "{} {}", sum, most);
        }
    }
}
