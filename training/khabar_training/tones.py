"""Texts and labels for the heads beside the claim network: how a sentence speaks of a target (NewsMTSC), and whether it is subjective
(CheckThat! 2025): python -m khabar_training.tones --data DATA --out DIR.

Writes a text file for each sentence below `DIR/texts`, for `khabar train --claim-features`, and `DIR/labels.json`.
"""

from __future__ import annotations

import argparse
import csv
import json
import lzma
from pathlib import Path

TONES = {2.0: 0, 4.0: 1, 6.0: 2}  # negative, neutral, positive
SUBJECTIVE = [("ar", "train"), ("en", "train"), ("ar", "dev"), ("en", "dev")]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    texts = arguments.out / "texts"
    texts.mkdir(parents=True, exist_ok=True)
    labels = {}

    def put(name, text, **label):
        (texts / f"{name}.txt").write_text(text, encoding="utf-8")
        labels[name] = label

    with lzma.open(arguments.data / "stance/newsmtsc-train.jsonl.xz", "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            entry = json.loads(line)
            targets = [[t["from"], t["to"], TONES[t["polarity"]]] for t in entry["targets"]]
            put(f"tone-{number:05}", entry["sentence_normalized"], tones=targets, dev=number % 10 == 0)
    for language, part in SUBJECTIVE:
        path = arguments.data / f"stance/checkthat25-subj-{language}-{part}.tsv"
        with open(path, encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)):
                put(f"subjective-{language}-{part}-{number:05}", row["sentence"], subjective=int(row["label"] == "SUBJ"), dev=part == "dev")
    (arguments.out / "labels.json").write_text(json.dumps(labels), encoding="utf-8")
    print(f"{len(labels)} sentences")


if __name__ == "__main__":
    main()
