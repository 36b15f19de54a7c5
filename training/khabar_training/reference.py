"""Writes tiny random networks of both kinds and what they compute, for the test that the program computes the same:
python -m khabar_training.reference --out ../tests/data/network"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from .claim_model import SCOPES, TOPICS, ClaimNetwork, ClaimShape
from .claims import TOPIC_FEATURE, WordInputs
from .claims import rows as rows_of
from .export import quantized, write, write_claims
from .distill import Words, inputs
from .model import GIVEN, PLACE, SURNAME, Network, Shape, Student, StudentShape

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁China", "▁said", "▁it", "▁would", "▁respond", "▁.", ".", "▁ب", "▁أن", "▁ه",
          "▁قالت", "▁بكين", "كين", "▁س", "ترد", "▁", "s", "aid", "▁tariff", "s"]
SENTENCES = [["China", "said", "it", "would", "respond", "."], ["قالت", "بكين", "ب", "أن", "ه", "س", "ترد", "unknown"], ["tariffs"], ["البكين", "RESPOND"]]


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
    labels = {"upos": ["NOUN", "VERB", "PUNCT"], "xpos": ["NN", "VBD"], "feats": ["_", "Number=Sing"], "lemma": ["||", "l||-"],
              "vowels": ["", ",,"], "restored": ["||", "|-+إ|"], "name": ["O", "B-LOC", "I-LOC"], "relation": ["root", "nsubj", "punct"]}
    languages = {"en": {head: list(range(len(classes))) for head, classes in labels.items()} | {"lemma": [1]}}
    del languages["en"]["vowels"], languages["en"]["restored"]
    heads = {"tag": 24, "name": 16, "arc": 16, "relation": 8, "sources": ["gum", "padt"], "labels": labels, "languages": languages}
    torch.manual_seed(3)
    network = randomized(Network(Shape(pieces=len(vocabulary), hidden=32, layers=2, heads=4, inner=64, positions=24, epsilon=1e-12, **heads)))
    write(network, out / "tiny.safetensors")

    def from_pieces(network, words, sources):
        ids, word = [0], [0]
        for n, form in enumerate(words, 1):
            found = tokenizer.encode(form, add_special_tokens=False).ids or [3]
            ids += found
            word += [n] * len(found)
        pieces, place = torch.tensor([ids + [2]]), torch.tensor([word + [0]])
        return network(pieces, torch.ones_like(pieces, dtype=torch.bool), place, len(words), *sources)

    expect(network, from_pieces, out / "tiny-expected.json")
    table = ["China", "said", "بكين", "tariffs"]
    lists = {"respond": SURNAME, "china": PLACE, "بكين": PLACE | GIVEN}
    network = randomized(Student(StudentShape(words=len(table), listed=len(lists), buckets=64, hidden=32, blocks=2, heads=4, inner=64, epsilon=1e-6, **heads)))
    write(network, out / "tiny-words.safetensors", table, lists)

    def from_words(network, words, sources):
        return network(*inputs([{"forms": words}], Words(table, network.shape, lists), *[source.tolist() for source in sources]))

    expect(network, from_words, out / "tiny-words-expected.json")
    claim_network(network, Words(table, network.shape, lists), out)


@torch.no_grad()
def claim_network(student, words, out):
    """A tiny claim network over the vectors of the small one, and what it computes."""
    sizes = [3, 2 + TOPIC_FEATURE] + (TOPIC_FEATURE - 2) * [1] + [16]
    rows = 2 * sum(sizes) + 1
    shape = ClaimShape(features=rows, hidden=32, blocks=1, heads=4, inner=64, epsilon=1e-6, tag=24, role=8, field=16,
                       calibration={"en": {who: {"least": 0.4, "scale": 1.0, "shift": 0.0} for who in ("both", "network", "rules")}})
    network = randomized(ClaimNetwork(shape, student.shape))
    network.word.weight.copy_(student.word.weight)
    network.group.weight.copy_(student.group.weight)
    write_claims(network, out / "tiny-claims.safetensors")
    network = quantized(network)
    items = []
    for forms in SENTENCES:
        values = np.zeros((len(forms), len(sizes)), dtype=int)
        values[:, 0], values[:, 1] = np.arange(len(forms)) % 3, np.arange(len(forms)) % 5
        values[:, TOPIC_FEATURE] = np.arange(len(forms)) % 16
        items.append({"forms": forms, "values": values, "sizes": sizes, "heads": np.arange(len(forms)) - 1})
    fed = WordInputs(words)(items)
    vectors, free = network(*fed)
    there, said = fed[-1], network.heads.words(vectors)
    expected = []
    for row, item in enumerate(items):
        n = len(item["forms"])
        at, content = n // 2, (n // 3, n // 3 + n // 2 + 1)
        where, ats = torch.tensor([row]), torch.tensor([at])
        entry = {"words": item["forms"], "features": rows_of(item).tolist(), "at": at, "content": content,
                 "predicate": said["predicate"][row, :n].sigmoid().tolist(), "cue": said["cue"][row, :n].sigmoid().tolist()}
        for name, cues in (("claim_roles", False), ("cue_roles", True)):
            scores = network.heads.roles(vectors, there, where, ats, cues)[0][..., : n + 1]
            scores[:, :2] = scores[:, :2].log_softmax(-1)
            entry[name] = scores.tolist()
        scopes = torch.linspace(0, 1, SCOPES * len(TOPICS))[None] * (row + 1)
        entry["scopes"] = scopes[0].tolist()
        # Padding is not there for the program.
        own = there[row : row + 1, :n]
        fields = network.heads.fields(vectors[row : row + 1, :n], free[row : row + 1, :n], own, torch.tensor([0]), ats, [content], scopes)
        entry["fields"] = {name: value[0].tolist() for name, value in fields.items()}
        expected.append(entry)
    (out / "tiny-claims-expected.json").write_text(json.dumps(expected, ensure_ascii=False), encoding="utf-8")


def randomized(network):
    """With weights that leave no part without effect."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    return network.eval()


@torch.no_grad()
def expect(network, run, path):
    """Writes what a network computes when it is quantized."""
    network = quantized(network)
    expected = []
    for number, words in enumerate(SENTENCES):
        syntax, names = number % 2, (number + 1) % 2
        scores = run(network, words, (torch.tensor([syntax]), torch.tensor([names])))
        n = len(words) + 1  # rows behind are padding
        relations = network.word_heads.relations(scores, torch.zeros(scores["arc"].shape[:2], dtype=torch.long))
        expected.append({"words": words, "syntax": network.shape.sources[syntax], "names": network.shape.sources[names],
                         "arc": scores["arc"][0, :n, :n].tolist(), "relation_to_root": relations[0, :n].tolist()} |
                        {head: scores[head][0, :n].tolist() for head in network.shape.labels if head != "relation"})
    path.write_text(json.dumps(expected, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
