"""Scores of a trained network on the development sets, on gold words: as trained, and as the program runs it (quantized).

python -m khabar_training.measure --work RUN --config configs/accurate.toml --data DATA --segmented NAMES [--quantized]
"""

from __future__ import annotations

import argparse
import json
import tomllib
from pathlib import Path

import torch
from tokenizers import Tokenizer

from .export import quantized
from .model import Network, Shape
from .train import Items, evaluate, load, scripts


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("work", "config", "data", "segmented"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--quantized", action="store_true")
    arguments = parser.parse_args()
    config = tomllib.loads(arguments.config.read_text(encoding="utf-8"))
    shape = Shape(**json.loads((arguments.work / "shape.json").read_text(encoding="utf-8")))
    network = Network(shape)
    network.load_state_dict(torch.load(arguments.work / "checkpoint.pt", weights_only=False)["network"])
    network.eval()
    if arguments.quantized:
        network = quantized(network)
    tokenizer = Tokenizer.from_file(str(arguments.work / "tokenizer.json"))

    def pieces_of(form):
        return tokenizer.encode(form, add_special_tokens=False).ids[:16] or [tokenizer.token_to_id("<unk>")]

    _, dev = load(config, arguments.data, arguments.segmented)
    for name, part in dev.items():
        for sentence in part:
            scripts(sentence)
        print(name, json.dumps(evaluate(network, Items(part, shape, pieces_of, 510).items)), flush=True)


if __name__ == "__main__":
    main()
