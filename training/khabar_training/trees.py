"""The best dependency tree for arc scores: Chu-Liu-Edmonds with one root (McDonald et al. 2005)."""

import numpy as np


def _cycle(heads):
    state = [0] * len(heads)
    for start in range(1, len(heads)):
        path, at = [], start
        while at and state[at] == 0:
            state[at] = 1
            path.append(at)
            at = heads[at]
        if at and state[at] == 1:
            return path[path.index(at):]
        for node in path:
            state[node] = 2
    return None


def _arborescence(scores):
    """Heads for scores[d, h] with node 0 as the root; several nodes may hang on it."""
    n = scores.shape[0]
    scores = scores.copy()
    np.fill_diagonal(scores, -np.inf)
    heads = scores.argmax(1)
    heads[0] = 0
    cycle = _cycle(heads)
    if cycle is None:
        return heads
    inside = np.zeros(n, bool)
    inside[cycle] = True
    outer = np.flatnonzero(~inside)
    m = len(outer)
    small = np.full((m + 1, m + 1), -np.inf)
    small[:m, :m] = scores[np.ix_(outer, outer)]
    cyc = np.array(cycle)
    gain = scores[np.ix_(cyc, outer)] - scores[cyc, heads[cyc]][:, None]
    enter = gain.argmax(0)
    small[m, :m] = gain.max(0)
    leave = scores[np.ix_(outer, cyc)]
    small[:m, m] = leave.max(1)
    from_cycle = cyc[leave.argmax(1)]
    result = _arborescence(small)
    out = heads.copy()
    for i, node in enumerate(outer):
        if node:
            out[node] = outer[result[i]] if result[i] < m else from_cycle[i]
    top = result[m]
    out[cyc[enter[top]]] = outer[top]
    return out


def tree(scores):
    """Heads (0 is the root) of the best tree in which one word hangs on the root. scores: (n+1) x (n+1), [d, h]."""
    heads = _arborescence(scores)
    roots = np.flatnonzero(heads[1:] == 0) + 1
    if len(roots) <= 1:
        return heads
    best, best_total = None, -np.inf
    for root in roots:
        only = scores.copy()
        only[1:, 0] = -np.inf
        only[root] = -np.inf
        only[root, 0] = scores[root, 0]
        candidate = _arborescence(only)
        total = only[np.arange(1, len(candidate)), candidate[1:]].sum()
        if total > best_total:
            best, best_total = candidate, total
    return best
