"""The teacher's soft labels of raw sentences: python -m khabar_training.label --work RUN --text FILE… --out DIR --arabic N --english N.

Text comes from `khabar train --segment-raw`. For each word the best few classes of each head with their probabilities, the best
few heads of its arc, and the relations to the best head. `vectors.pt`: the mean of the encoder's vectors of each frequent word.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from functools import cache
from multiprocessing import Process
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from .model import Network, Shape

TOP = {"upos": 3, "xpos": 3, "feats": 3, "lemma": 2, "vowels": 2, "name": 4, "arc": 4, "relation": 3}
HABITS = {"ar": ("padt", "ar"), "en": ("en", "en")}
SHARD = 10000  # sentences


def sentences(paths, words, seed):
    """Sentences of 4 to 80 words in random order, until the number of words of each language is reached.

    No file gives more than a third of its language.
    """
    rng = random.Random(seed)
    chosen = []
    by_language = {"ar": [], "en": []}
    for path in paths:
        items = {"ar": [], "en": []}
        for line in path.read_text(encoding="utf-8").split("\n"):
            language, _, text = line.partition("\t")
            forms = text.split(" ")
            if language in items and 4 <= len(forms) <= 80:
                items[language].append(forms)
        for language, found in items.items():
            rng.shuffle(found)
            by_language[language] += up_to(found, words[language] / 3)
    for language, items in by_language.items():
        rng.shuffle(items)
        chosen += [(language, forms) for forms in up_to(items, words[language])]
    rng.shuffle(chosen)
    return chosen


def up_to(items, words):
    """The first sentences, until they have so many words."""
    taken, out = 0, []
    for forms in items:
        if taken >= words:
            break
        taken += len(forms)
        out.append(forms)
    return out


class Means:
    """Sums of the vectors of frequent words."""

    def __init__(self, chosen, most, width):
        counts = Counter(form for _, forms in chosen for form in forms)
        self.forms = [form for form, n in counts.most_common(most) if n >= 3]
        self.place = {form: at for at, form in enumerate(self.forms)}
        self.sums, self.counts = torch.zeros(len(self.forms), width), torch.zeros(len(self.forms))

    def add(self, rows, vectors):
        """Vectors: sentences × (1 + words) × width."""
        at, row, column = [], [], []
        for i, (_, forms) in enumerate(rows):
            for j, form in enumerate(forms, 1):
                place = self.place.get(form)
                if place is not None:
                    at.append(place)
                    row.append(i)
                    column.append(j)
        at = torch.tensor(at, dtype=torch.long)
        self.sums.index_add_(0, at, vectors[row, column].float())
        self.counts.index_add_(0, at, torch.ones(len(at)))


@torch.no_grad()
def label(network, pieces_of, items, means):
    """Soft labels of sentences of like length."""
    shape = network.shape
    rows = []
    for _, forms in items:
        ids, word = [0], [0]
        for n, form in enumerate(forms, 1):
            found = pieces_of(form)
            ids += found
            word += [n] * len(found)
        rows.append((ids + [2], word + [0]))
    longest, count = max(len(ids) for ids, _ in rows), max(len(forms) for _, forms in items)
    pieces, word = torch.full((len(rows), longest), 1), torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.bool)
    for i, (ids, words) in enumerate(rows):
        pieces[i, : len(ids)], word[i, : len(ids)], mask[i, : len(ids)] = torch.tensor(ids), torch.tensor(words), True
    sources = [[shape.sources.index(HABITS[language][which]) for language, _ in items] for which in (0, 1)]
    with torch.autocast("cpu", torch.bfloat16):
        vectors = network.words(pieces, mask, word, count)
        out = network.word_heads(vectors, *map(torch.tensor, sources))
    out = {key: value.float() for key, value in out.items()}
    means.add(items, vectors)
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
    parser.add_argument("--arabic", type=int, default=900_000, help="words of Arabic")
    parser.add_argument("--english", type=int, default=2_600_000, help="words of English")
    parser.add_argument("--workers", type=int, default=2, help="processes of one thread each")
    arguments = parser.parse_args()
    shape = Shape(**json.loads((arguments.work / "shape.json").read_text(encoding="utf-8")))
    network = Network(shape)
    network.load_state_dict(torch.load(arguments.work / "checkpoint.pt", weights_only=False)["network"])
    network.eval()
    tokenizer = Tokenizer.from_file(str(arguments.work / "tokenizer.json"))
    arguments.out.mkdir(parents=True, exist_ok=True)
    chosen = sentences(arguments.text, {"ar": arguments.arabic, "en": arguments.english}, 11)

    @cache
    def pieces_of(form):
        return tokenizer.encode(form, add_special_tokens=False).ids[:16] or [3]

    def work(worker):
        torch.set_num_threads(1)
        means = Means(chosen, 60000, shape.hidden)
        started, done = time.time(), 0
        for number in range(worker * SHARD, len(chosen), arguments.workers * SHARD):
            target = arguments.out / f"{number // SHARD:04}.pt"
            if target.exists():
                continue
            shard = sorted(chosen[number : number + SHARD], key=lambda item: len(item[1]))
            labelled, batch = [], []
            for item in shard:
                if sum(len(pieces_of(form)) for form in item[1]) > shape.positions - 2:
                    continue
                if batch and (len(batch) + 1) * len(item[1]) > 2000:
                    labelled += label(network, pieces_of, batch, means)
                    batch = []
                batch.append(item)
            labelled += label(network, pieces_of, batch, means)
            part = target.with_suffix(".part")
            torch.save(labelled, part)
            part.replace(target)
            done += sum(len(forms) for _, forms in shard)
            print(f"{number + len(shard)}/{len(chosen)} sentences, {done / (time.time() - started):.0f} words/s", flush=True)
        if means.counts.any():
            torch.save(means, arguments.out / f"means{worker}.pt")

    workers = [Process(target=work, args=(worker,)) for worker in range(arguments.workers)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        if worker.exitcode:
            raise SystemExit(f"a worker ended with {worker.exitcode}")
    means = [torch.load(path, weights_only=False) for path in sorted(arguments.out.glob("means*.pt"))]
    sums, counts = sum(m.sums for m in means), sum(m.counts for m in means)
    torch.save({"forms": means[0].forms, "vectors": sums / counts.clamp(min=1)[:, None], "counts": counts}, arguments.out / "vectors.pt")


if __name__ == "__main__":
    main()
