"""Writes a tiny random network and what it computes, for the test that the program computes the same:
python -m khabar_training.reference --out ../tests/data/network"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from tokenizers import Tokenizer

from .export import quantized, write
from .model import Network, Shape

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁China", "▁said", "▁it", "▁would", "▁respond", "▁.", ".", "▁ب", "▁أن", "▁ه",
          "▁قالت", "▁بكين", "كين", "▁س", "ترد", "▁", "s", "aid", "▁tariff", "s"]
SENTENCES = [["China", "said", "it", "would", "respond", "."], ["قالت", "بكين", "ب", "أن", "ه", "س", "ترد", "unknown"], ["tariffs"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    vocabulary = []
    for piece in PIECES:
        if piece not in [p for p, _ in vocabulary]:
            vocabulary.append([piece, -float(len(vocabulary)) / 4])
    spec = {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": i, "content": piece, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
                          "special": True} for i, (piece, _) in enumerate(vocabulary[:4])],
        "normalizer": None, "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True},
        "post_processor": None, "decoder": None, "model": {"type": "Unigram", "unk_id": 3, "vocab": vocabulary}}
    (out / "tiny-pieces.json").write_text(json.dumps(spec, ensure_ascii=False), encoding="utf-8")
    tokenizer = Tokenizer.from_file(str(out / "tiny-pieces.json"))
    labels = {"upos": ["NOUN", "VERB", "PUNCT"], "xpos": ["NN", "VBD"], "feats": ["_", "Number=Sing"], "lemma": ["|0||0|", "l|0||1|"],
              "vowels": ["", ",,"], "restored": ["|0||0|", "|1|إ|0|"], "name": ["O", "B-LOC", "I-LOC"], "relation": ["root", "nsubj", "punct"]}
    torch.manual_seed(3)
    shape = Shape(pieces=len(vocabulary), hidden=32, layers=2, heads=4, inner=64, positions=24, epsilon=1e-12, tag=24, name=16,
                  arc=16, relation=8, sources=["gum", "padt"], labels=labels)
    network = Network(shape)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    network.eval()
    write(network, out / "tiny.safetensors")
    network = quantized(network)
    expected = []
    with torch.no_grad():
        for number, words in enumerate(SENTENCES):
            ids, word = [0], [0]
            for n, form in enumerate(words, 1):
                found = tokenizer.encode(form, add_special_tokens=False).ids or [3]
                ids += found
                word += [n] * len(found)
            ids.append(2)
            word.append(0)
            pieces, place = torch.tensor([ids]), torch.tensor([word])
            source = number % 2
            scores = network(pieces, torch.ones_like(pieces, dtype=torch.bool), place, len(words), torch.tensor([source]))
            heads = torch.zeros(1, len(words) + 1, dtype=torch.long)
            relations = network.word_heads.relations(scores, heads)
            expected.append({"words": words, "source": shape.sources[source], "arc": scores["arc"][0].tolist(),
                             "relation_to_root": relations[0].tolist()} |
                            {head: scores[head][0].tolist() for head in labels if head != "relation"})
    (out / "tiny-expected.json").write_text(json.dumps(expected, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
