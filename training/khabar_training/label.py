"""The teacher's soft labels of raw sentences: python -m khabar_training.label --work RUN --text FILE… --out DIR --words N.

Text comes from `khabar train --segment-raw`. For each word the best few classes of each head with their probabilities, the best
few heads of its arc, and the relations to the best head.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from .model import Network, Shape

TOP = {"upos": 3, "xpos": 3, "feats": 3, "lemma": 2, "vowels": 2, "name": 4, "arc": 4, "relation": 3}
HABITS = {"ar": ("padt", "clean"), "en": ("gum", "ewt")}
SHARD = 20000  # sentences


def sentences(paths, words, seed):
    """Sentences of 4 to 80 words in random order, as many from each language, until the number of words is reached."""
    rng = random.Random(seed)
    by_language = {"ar": [], "en": []}
    for path in paths:
        for line in path.read_text(encoding="utf-8").split("\n"):
            language, _, text = line.partition("\t")
            forms = text.split(" ")
            if language in by_language and 4 <= len(forms) <= 80:
                by_language[language].append(forms)
    chosen = []
    for language, items in by_language.items():
        rng.shuffle(items)
        taken = 0
        for forms in items:
            if taken >= words / 2:
                break
            taken += len(forms)
            chosen.append((language, forms))
    rng.shuffle(chosen)
    return chosen


@torch.no_grad()
def label(network, tokenizer, items, cache):
    """Soft labels of sentences of like length."""
    shape = network.shape
    rows = []
    for _, forms in items:
        ids, word = [0], [0]
        for n, form in enumerate(forms, 1):
            found = cache.get(form)
            if found is None:
                found = cache[form] = tokenizer.encode(form, add_special_tokens=False).ids[:16] or [3]
            ids += found
            word += [n] * len(found)
        rows.append((ids + [2], word + [0]))
    longest, count = max(len(ids) for ids, _ in rows), max(len(forms) for _, forms in items)
    pieces, word = torch.full((len(rows), longest), 1), torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.bool)
    for i, (ids, words) in enumerate(rows):
        pieces[i, : len(ids)], word[i, : len(ids)], mask[i, : len(ids)] = torch.tensor(ids), torch.tensor(words), True
    vectors = network.words(pieces, mask, word, count)
    syntax = torch.tensor([shape.sources.index(HABITS[language][0]) for language, _ in items])
    names = torch.tensor([shape.sources.index(HABITS[language][1]) for language, _ in items])
    out = network.word_heads(vectors, syntax)
    out["name"] = network.word_heads(vectors, names)["name"]
    there = torch.zeros(len(rows), count + 1, dtype=torch.bool)
    for i, (_, forms) in enumerate(items):
        there[i, : len(forms) + 1] = True
    out["arc"] = out["arc"].masked_fill(~there[:, None], -1e4)
    best = out["arc"].argmax(-1)
    out["relation"] = network.word_heads.relations(out, best)
    tops = {}
    for head, k in TOP.items():
        probability, place = out[head].float().softmax(-1).topk(min(k, out[head].shape[-1]), -1)
        tops[head] = (place.numpy().astype(np.int16), (probability.numpy() * 255).round().astype(np.uint8))
    tops["head"] = best.numpy().astype(np.int16)
    return [
        {"forms": forms, "language": language, "head": tops["head"][i, : len(forms) + 1]}
        | {h: (tops[h][0][i, : len(forms) + 1], tops[h][1][i, : len(forms) + 1]) for h in TOP}
        for i, (language, forms) in enumerate(items)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder of the teacher's training run")
    parser.add_argument("--text", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--words", type=int, default=8_000_000)
    arguments = parser.parse_args()
    shape = Shape(**json.loads((arguments.work / "shape.json").read_text(encoding="utf-8")))
    network = Network(shape)
    network.load_state_dict(torch.load(arguments.work / "checkpoint.pt", weights_only=False)["network"])
    network.eval()
    tokenizer = Tokenizer.from_file(str(arguments.work / "tokenizer.json"))
    arguments.out.mkdir(parents=True, exist_ok=True)
    chosen = sentences(arguments.text, arguments.words, 11)
    cache: dict[str, list[int]] = {}
    started, done = time.time(), 0
    for number in range(0, len(chosen), SHARD):
        target = arguments.out / f"{number // SHARD:04}.pt"
        if target.exists():
            continue
        shard = sorted(chosen[number : number + SHARD], key=lambda item: len(item[1]))
        labelled, batch = [], []
        for item in shard:
            if sum(len(tokenizer.encode(form, add_special_tokens=False).ids[:16]) or 1 for form in item[1]) > shape.positions - 2:
                continue
            if batch and (len(batch) + 1) * len(item[1]) > 2500:
                labelled += label(network, tokenizer, batch, cache)
                batch = []
            batch.append(item)
        labelled += label(network, tokenizer, batch, cache)
        part = target.with_suffix(".part")
        torch.save(labelled, part)
        part.replace(target)
        done += sum(len(forms) for _, forms in shard)
        print(f"{number + len(shard)}/{len(chosen)} sentences, {done / (time.time() - started):.0f} words/s", flush=True)


if __name__ == "__main__":
    main()
