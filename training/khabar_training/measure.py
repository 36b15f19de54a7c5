"""Scores of a trained network on the development sets, on gold words: as trained, and as the program runs it (quantized).

python -m khabar_training.measure --work RUN --config configs/accurate.toml --data DATA --segmented NAMES [--quantized] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import tomllib
from pathlib import Path

import torch
from tokenizers import Tokenizer

from .distill import Adapter, Words, word_items
from .export import quantized
from .model import Network, Shape, Student, StudentShape
from .train import Items, evaluate, load, scripts


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("work", "config", "data", "segmented"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--quantized", action="store_true")
    parser.add_argument("--out", type=Path, help="file for the scores, as export.py takes them")
    arguments = parser.parse_args()
    config = tomllib.loads(arguments.config.read_text(encoding="utf-8"))
    sizes = json.loads((arguments.work / "shape.json").read_text(encoding="utf-8"))
    pieces = "pieces" in sizes
    shape = Shape(**sizes) if pieces else StudentShape(**sizes)
    network = Network(shape) if pieces else Student(shape)
    network.load_state_dict(torch.load(arguments.work / "checkpoint.pt", weights_only=False)["network"])
    network.eval()
    if arguments.quantized:
        network = quantized(network)
    if pieces:
        tokenizer = Tokenizer.from_file(str(arguments.work / "tokenizer.json"))

        def items(sentences):
            return Items(sentences, shape, lambda form: tokenizer.encode(form, add_special_tokens=False).ids[:16] or [3], 510).items
    else:
        table = json.loads((arguments.work / "words.json").read_text(encoding="utf-8"))
        lists = json.loads((arguments.work / "lists.json").read_text(encoding="utf-8"))
        network = Adapter(network, Words(table, shape, lists))

        def items(sentences):
            return word_items(sentences, shape)

    _, dev = load(config, arguments.data, arguments.segmented)
    all_scores = {}
    for name, part in dev.items():
        for sentence in part:
            scripts(sentence)
        scores = evaluate(network, items(part))
        print(name, json.dumps(scores), flush=True)
        all_scores |= {f"{name} {measure} (gold words)": value for measure, value in scores.items()}
    if arguments.out:
        arguments.out.write_text(json.dumps(all_scores), encoding="utf-8")


if __name__ == "__main__":
    main()
