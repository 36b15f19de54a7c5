//! The best dependency tree for the scores of its arcs.

/// Heads of the best tree in which exactly one word hangs on the root (Chu & Liu 1965, Edmonds 1967; one root by trying
/// each candidate, after Zmigrod et al. 2020).
///
/// `scores[d * n + h]` is the score of `h` as head of `d`; node 0 is the root. Returns `n` heads; the first is 0.
pub fn tree(scores: &[f32], n: usize) -> Vec<usize> {
    let heads = arborescence(scores, n);
    let roots: Vec<usize> = (1..n).filter(|&d| heads[d] == 0).collect();
    if roots.len() <= 1 {
        return heads;
    }
    let total = |heads: &[usize]| (1..n).map(|d| scores[d * n + heads[d]]).sum::<f32>();
    let mut best: Option<(f32, Vec<usize>)> = None;
    for root in roots {
        let mut only = scores.to_vec();
        for d in 1..n {
            if d != root {
                only[d * n] = f32::NEG_INFINITY;
            }
        }
        only[root * n + 1..(root + 1) * n].fill(f32::NEG_INFINITY);
        let heads = arborescence(&only, n);
        let sum = total(&heads);
        if best.as_ref().is_none_or(|(most, _)| sum > *most) {
            best = Some((sum, heads));
        }
    }
    best.map_or(heads, |(_, heads)| heads)
}

fn arborescence(scores: &[f32], n: usize) -> Vec<usize> {
    let mut heads = vec![0; n];
    for d in 1..n {
        let row = &scores[d * n..(d + 1) * n];
        let mut best = 0;
        for h in 1..n {
            if h != d && row[h] > row[best] {
                best = h;
            }
        }
        heads[d] = best;
    }
    let Some(cycle) = cycle(&heads) else { return heads };
    // The cycle becomes one node, the last; its arcs are worth what they gain over the arcs of the cycle.
    let mut inside = vec![false; n];
    for &node in &cycle {
        inside[node] = true;
    }
    let outer: Vec<usize> = (0..n).filter(|&node| !inside[node]).collect();
    let m = outer.len();
    let width = m + 1;
    let mut small = vec![f32::NEG_INFINITY; width * width];
    let mut enters = vec![0; m];
    let mut leaves = vec![0; m];
    for (i, &a) in outer.iter().enumerate() {
        for (j, &b) in outer.iter().enumerate() {
            small[i * width + j] = scores[a * n + b];
        }
        for &node in &cycle {
            let leaving = scores[a * n + node];
            if leaving > small[i * width + m] || node == cycle[0] {
                small[i * width + m] = leaving;
                leaves[i] = node;
            }
            let entering = scores[node * n + a] - scores[node * n + heads[node]];
            if entering > small[m * width + i] || node == cycle[0] {
                small[m * width + i] = entering;
                enters[i] = node;
            }
        }
    }
    let result = arborescence(&small, width);
    for (i, &node) in outer.iter().enumerate() {
        if node != 0 {
            heads[node] = if result[i] < m { outer[result[i]] } else { leaves[i] };
        }
    }
    let top = result[m];
    heads[enters[top]] = outer[top];
    heads
}

fn cycle(heads: &[usize]) -> Option<Vec<usize>> {
    let mut seen = vec![0; heads.len()];
    for start in 1..heads.len() {
        let mut at = start;
        while at != 0 && seen[at] == 0 {
            seen[at] = start;
            at = heads[at];
        }
        if at != 0 && seen[at] == start {
            let mut nodes = vec![at];
            let mut next = heads[at];
            while next != at {
                nodes.push(next);
                next = heads[next];
            }
            return Some(nodes);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every assignment of heads that is a tree with one root, tried.
    fn brute(scores: &[f32], n: usize) -> f32 {
        let mut best = f32::NEG_INFINITY;
        for code in 0..n.pow(n as u32 - 1) {
            let heads: Vec<usize> = std::iter::once(0).chain((0..n as u32 - 1).map(|d| code / n.pow(d) % n)).collect();
            let one_root = heads[1..].iter().filter(|&&h| h == 0).count() == 1;
            if one_root && (1..n).all(|d| heads[d] != d) && cycle(&heads).is_none() {
                best = best.max((1..n).map(|d| scores[d * n + heads[d]]).sum());
            }
        }
        best
    }

    #[test]
    fn the_best_tree_is_found() {
        let mut state = 7_u64;
        for round in 0..300 {
            let n = 3 + round % 4;
            let scores: Vec<f32> = (0..n * n)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (state >> 40) as f32 / 1e6
                })
                .collect();
            let heads = tree(&scores, n);
            assert_eq!(heads[1..].iter().filter(|&&h| h == 0).count(), 1);
            assert!(cycle(&heads).is_none());
            let sum: f32 = (1..n).map(|d| scores[d * n + heads[d]]).sum();
            assert!((sum - brute(&scores, n)).abs() < 1e-3, "{heads:?} {sum} {}", brute(&scores, n));
        }
    }
}
