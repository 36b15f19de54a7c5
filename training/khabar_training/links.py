"""Weights of the decisions on links (models/link-weights.tsv).

    khabar evaluate --links corpus/links/pairs.jsonl --json > pairs.json
    khabar evaluate --links DATA/stance/ans-stance-train.csv --json > titles.json
    khabar run corpus/train/articles -o OUT/train; khabar run corpus/dev/articles -o OUT/dev
    khabar link OUT --features compared.jsonl
    python -m khabar_training.links --judged ../corpus/links/pairs.jsonl --pairs pairs.json --compared compared.jsonl \
        --titles titles.json --out ../models/link-weights.tsv

Judged pairs are half and half, but of the pairs that are compared in a run hardly one in a hundred is the same. So pairs of claims of
different events, drawn from those that are compared, stand for the rest; none of them is of an event of the test half.

Then bless the checksum: BLESS=1 cargo test --test manifest. The features do not depend on the weights, so one round is enough.
"""

import argparse
import json
import random
from pathlib import Path

import numpy as np

HEAD = """\
# Weights of the decisions on links: whether two claims say the same (logistic regression), and whether two titles agree, disagree or
#   have nothing to do with each other (multinomial). Features: CLAIM_FEATURES and TITLE_FEATURES of src/claim/link/evidence.rs. Fitted
#   by training/khabar_training/links.py on the dev half of corpus/links/pairs.jsonl, and on Arabic News Stance, train (latynt/ans).
# Columns: decision, feature, weight.
"""

# The features in the order of the program, from the weights that are there.
CLAIM_DECISION = "same"
TITLE_DECISIONS = ("agree", "disagree", "other")

# Features that hold in too few pairs of the dev half to be learned; what they weigh is set by hand.
FIXED = {"times_differ": -0.8, "condition_differs": -0.7, "half_year_apart": -0.5, "subjects_differ": -0.2}


def names(path: Path, decision: str) -> list[str]:
    """The features of a decision, in the order of the file of weights."""
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#"))
    return [feature for found, feature, _ in rows if found == decision]


def events(judged: Path) -> tuple[dict[str, str], set[str]]:
    """The event of each article of the judged pairs, by the article's name, and the events of the test half."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    test = set()
    for row in map(json.loads, judged.read_text(encoding="utf-8").splitlines()):
        a, b = (row[side]["article"].rsplit("/", 1)[-1].removesuffix(".txt") for side in "ab")
        parent[root(a)] = root(b)
        if row["part"] == "test":
            test |= {a, b}
    return {name: root(name) for name in list(parent)}, {root(name) for name in test}


def background(compared: Path, judged: Path, count: int) -> list[dict]:
    """Pairs of claims of different events, none of the test half."""
    event, test = events(judged)
    found = []
    for row in map(json.loads, compared.read_text(encoding="utf-8").splitlines()):
        a, b = (row[side].rsplit("/", 1)[-1].removesuffix(".json") for side in "ab")
        a, b = event.get(a, a), event.get(b, b)
        if a != b and not {a, b} & test:
            found.append(row)
    random.Random(3).shuffle(found)
    return found[:count]


def matrix(pairs: list[dict], features: list[str]) -> np.ndarray:
    return np.array([[pair["features"][feature] for feature in features] for pair in pairs])


def logistic(x: np.ndarray, y: np.ndarray, offset: np.ndarray, ridge: float) -> np.ndarray:
    """Ridge logistic regression by Newton's method; the first column is the bias and free."""
    penalty = np.full(x.shape[1], ridge)
    penalty[0] = 1e-6
    w = np.zeros(x.shape[1])
    for _ in range(100):
        p = 1 / (1 + np.exp(-(x @ w + offset)))
        w += np.linalg.solve((x.T * (p * (1 - p))) @ x + np.diag(penalty), x.T @ (y - p) - penalty * w)
    return w


def multinomial(x: np.ndarray, y: np.ndarray, classes: int, ridge: float) -> np.ndarray:
    """Ridge softmax regression by gradient ascent with a fixed number of steps."""
    w = np.zeros((classes, x.shape[1]))
    wanted = np.eye(classes)[y]
    scale = np.abs(x).max(axis=0) + 1e-9
    x = x / scale
    for step in range(20000):
        z = x @ w.T
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        w += (1.0 if step < 15000 else 0.2) * ((wanted - p).T @ x - ridge * w) / len(x)
    return w / scale


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("judged", "pairs", "compared", "titles", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    args = parser.parse_args()

    rows = []
    features = names(args.out, CLAIM_DECISION)
    pairs = json.loads(args.pairs.read_text(encoding="utf-8"))["pairs"]
    # Contradictions are decided by their predicates; the weights tell the same from the unrelated.
    pairs = [pair for pair in pairs if pair["part"] == "dev" and pair["gold"] != "contradicts" and pair["features"]]
    pairs += [row | {"gold": "none"} for row in background(args.compared, args.judged, 4000)]
    learned = [feature for feature in features if feature not in FIXED]
    fixed = [feature for feature in features if feature in FIXED]
    offset = matrix(pairs, fixed) @ np.array([FIXED[feature] for feature in fixed])
    labels = np.array([pair["gold"] == "same" for pair in pairs], dtype=float)
    weights = dict(zip(learned, logistic(matrix(pairs, learned), labels, offset, ridge=1.0))) | FIXED
    rows += [(CLAIM_DECISION, feature, weights[feature]) for feature in features]

    features = names(args.out, TITLE_DECISIONS[0])
    pairs = [pair for pair in json.loads(args.titles.read_text(encoding="utf-8"))["pairs"] if pair["features"]]
    labels = np.array([TITLE_DECISIONS.index(pair["gold"]) for pair in pairs])
    fitted = multinomial(matrix(pairs, features), labels, len(TITLE_DECISIONS), ridge=2.0)
    for decision, weights in zip(TITLE_DECISIONS, fitted):
        rows += [(decision, feature, weight) for feature, weight in zip(features, weights)]

    lines = (f"{decision}\t{feature}\t{weight:.2f}\n" for decision, feature, weight in rows)
    args.out.write_text(HEAD + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
