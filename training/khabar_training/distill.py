"""Trains the small network on gold and on the teacher's soft labels:
python -m khabar_training.distill --config configs/fast.toml --data DATA --segmented NAMES --teacher RUN --labels DIR --work DIR."""

from __future__ import annotations

import argparse
import json
import random
import time
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from .label import HABITS, TOP
from .model import ROOT, Student, StudentShape, fnv, letter_groups
from .train import COMMON, LABEL_FIELDS, NONE, Items, batches, evaluate, load, losses, rounded, scripts, written_otherwise


class Words:
    """Numbers of words in the table and of their letter groups, remembered."""

    def __init__(self, table: list[str], shape: StudentShape):
        self.table = {form: number for number, form in enumerate(table, 1)}
        self.buckets = shape.buckets
        self.known: dict[str, tuple[int, list[int]]] = {}
        self.hashed: dict[str, int] = {}

    def bucket(self, group: str) -> int:
        """The row of a group."""
        found = self.hashed.get(group)
        if found is None:
            found = self.hashed[group] = fnv(group) % self.buckets
        return found

    def of(self, form: str) -> tuple[int, list[int]]:
        """Number of the word (0 if the table holds neither it nor its lower-cased form) and of its groups."""
        found = self.known.get(form)
        if found is None:
            number = self.table.get(form) or self.table.get(form.lower(), 0)
            groups = [ROOT] if form == ROOT else letter_groups(form)
            found = self.known[form] = (number, [self.bucket(group) for group in groups])
        return found


def inputs(items, words: Words, sources, name_sources=None):
    """The network's inputs for sentences."""
    most = rounded(max(len(i["forms"]) for i in items) + 1)
    there = torch.zeros(len(items), most, dtype=torch.bool)
    numbers, groups, group_starts = [], [], []
    for row, item in enumerate(items):
        there[row, : len(item["forms"]) + 1] = True
        for form in (ROOT, *item["forms"]):
            number, found = words.of(form)
            numbers.append(number)
            group_starts.append(len(groups))
            groups += found
    out = (torch.tensor(numbers), torch.tensor(groups), torch.tensor(group_starts), there, torch.tensor(sources))
    return out if name_sources is None else (*out, torch.tensor(name_sources))


def word_items(sentences, shape):
    """Sentences as numbers; the network takes whole words."""
    items = Items(sentences, shape, lambda form: [0], 4000).items
    for item in items:
        item["forms"] = item["sentence"].forms
    return items


def gold_batch(items, shape):
    """Gold labels as `train.losses` takes them."""
    most = rounded(max(len(i["forms"]) for i in items) + 1)
    batch = {head: torch.full((len(items), most), NONE) for head in (*LABEL_FIELDS, "arc")}
    batch["there"] = torch.zeros(len(items), most, dtype=torch.bool)
    for row, item in enumerate(items):
        n = len(item["forms"]) + 1
        batch["there"][row, :n] = True
        for head in (*LABEL_FIELDS, "arc"):
            if head in item:
                batch[head][row, :n] = torch.from_numpy(item[head])
    return batch


def soft_loss(network, items, words, config):
    """The loss against the teacher's labels."""
    habits = [[network.shape.sources.index(HABITS[i["language"]][which]) for i in items] for which in (0, 1)]
    fed = inputs(items, words, *habits)
    there = fed[3]
    out = scored(network, fed, config)
    out["arc"] = out["arc"].masked_fill(~there[:, None], -1e4)
    heads = torch.zeros(there.shape, dtype=torch.long)
    for row, item in enumerate(items):
        heads[row, : len(item["forms"]) + 1] = torch.from_numpy(item["head"].astype(np.int64))
    heads[:, 0] = 0
    out["relation"] = network.word_heads.relations(out, heads)
    counted = there.clone()
    counted[:, 0] = False
    arabic = torch.tensor([i["language"] == "ar" for i in items])[:, None]
    asked = {"xpos": counted & ~arabic, "vowels": counted & arabic}
    total, parts = 0.0, {}
    for head, k in TOP.items():
        where = asked.get(head, counted)
        if not where.any():
            continue
        place = torch.zeros(there.shape + (k,), dtype=torch.long)
        share = torch.zeros(there.shape + (k,))
        for row, item in enumerate(items):
            indices, probabilities = item[head]
            width = indices.shape[1]
            place[row, : len(indices), :width] = torch.from_numpy(indices.astype(np.int64))
            share[row, : len(indices), :width] = torch.from_numpy(probabilities.astype(np.float32))
        place, share = place[where], share[where]
        share = share / share.sum(-1, keepdim=True).clamp(min=1)
        found = out[head][where].log_softmax(-1).gather(-1, place.clamp(max=out[head].shape[-1] - 1))
        loss = -(share * found).sum() / counted.sum()
        total = total + config["weights"][head] * loss
        parts["soft " + head] = float(loss.detach())
    return total, parts


def scored(network, fed, config):
    """Scores as 32-bit floats."""
    with torch.autocast("cpu", torch.bfloat16, enabled=config["bfloat16"]):
        out = network(*fed)
    return {key: value.float() for key, value in out.items()}


def word_table(network, vectors, size):
    """Puts the teacher's mean vectors of the most frequent words, reduced to their main directions, into the word table."""
    order = vectors["counts"].argsort(descending=True)[:size]
    found = vectors["vectors"][order]
    centred = found - found.mean(0)
    _, _, directions = torch.linalg.svd(centred[:20000], full_matrices=False)
    reduced = centred @ directions[: network.shape.hidden].T
    with torch.no_grad():
        network.word.weight.zero_()
        network.word.weight[1 : 1 + len(order)] = reduced / reduced.std() * 0.3


class Adapter:
    """The student with the calls of the teacher, so that `train.evaluate` measures both alike."""

    def __init__(self, network, words):
        self.network, self.words, self.shape, self.word_heads = network, words, network.shape, network.word_heads

    def eval(self):
        self.network.eval()

    def train(self):
        self.network.train()

    def of_items(self, items):
        """Scores of gold items."""
        return self.network(*inputs(items, self.words, [i["source"] for i in items]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("config", "data", "segmented", "teacher", "labels", "work"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    arguments = parser.parse_args()
    config = tomllib.loads(arguments.config.read_text(encoding="utf-8"))
    teacher_config = tomllib.loads((arguments.config.parent / "accurate.toml").read_text(encoding="utf-8"))
    work = arguments.work
    work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config["seed"])
    rng = random.Random(config["seed"])
    started = time.time()

    def tell(text):
        line = f"{(time.time() - started) / 60:6.1f} min  {text}"
        print(line, flush=True)
        with open(work / "log.txt", "a", encoding="utf-8") as file:
            file.write(line + "\n")

    teacher = json.loads((arguments.teacher / "shape.json").read_text(encoding="utf-8"))
    vectors = torch.load(arguments.labels / "vectors.pt")
    table = [vectors["forms"][at] for at in vectors["counts"].argsort(descending=True)[: config["words"]]]
    (work / "words.json").write_text(json.dumps(table, ensure_ascii=False), encoding="utf-8")
    shape = StudentShape(words=len(table), epsilon=1e-6, sources=teacher["sources"], labels=teacher["labels"],
                         languages=teacher["languages"], **config["sizes"])
    (work / "shape.json").write_text(json.dumps(shape.to_dict(), ensure_ascii=False), encoding="utf-8")
    train, dev = load(teacher_config, arguments.data, arguments.segmented)
    for sentence in train + [s for part in dev.values() for s in part]:
        scripts(sentence)
    words = Words(table, shape)

    gold_items = word_items(train, shape)
    dev_items = {name: word_items(part, shape) for name, part in dev.items()}
    shards = sorted(arguments.labels.glob("[0-9]*.pt"))
    labelled = [item for path in shards for item in torch.load(path, weights_only=False)]
    for item in labelled:
        item["ids"] = item["forms"]
    tell(f"{len(gold_items)} gold sentences, {len(labelled)} labelled ones")
    network = Student(shape, config["dropout"])
    word_table(network, vectors, len(table))
    tell(f"{sum(p.numel() for p in network.parameters()) / 1e6:.1f} M weights")
    tables = [network.word.weight, network.group.weight]
    rest = [p for p in network.parameters() if all(p is not t for t in tables)]
    optimizer = torch.optim.AdamW([{"params": tables, "lr": config["rate"], "peak": config["table_rate"], "weight_decay": 0.0},
                                   {"params": rest, "lr": config["rate"], "peak": config["rate"]}],
                                  betas=(0.9, 0.98), weight_decay=config["weight_decay"], fused=True)
    step, spent = 0, 0.0
    checkpoint = work / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=False)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        step, spent = state["step"], state["spent"]
        rng.setstate(state["rng"])
        tell(f"going on from step {step}")
    adapter = Adapter(network, words)

    def save():
        part = checkpoint.with_suffix(".part")
        torch.save({"network": network.state_dict(), "optimizer": optimizer.state_dict(), "step": step, "spent": spent,
                    "rng": rng.getstate()}, part)
        part.replace(checkpoint)

    def measure(all_of_it):
        for name, items in dev_items.items():
            some = items if all_of_it else items[:: max(1, len(items) // config["dev_sentences"])]
            tell(f"  {name}: {evaluate(adapter, some)}")

    def gold_forever():
        while True:
            yield from batches(gold_items, config["batch_words"], rng)

    def soft_forever():
        while labelled:
            for chosen in batches(labelled, config["batch_words"], rng):
                yield [varied(item) for item in chosen]

    def varied(item):
        forms = written_otherwise(item["forms"], rng) if rng.random() < config["varied"] else None
        return item if forms is None else item | {"forms": forms}

    gold_source, soft_source = gold_forever(), soft_forever()
    budget = config["minutes"] * 60
    window, window_start, last_save, last_measure, seen = Counter(), time.time(), time.time(), time.time(), 0
    network.train()
    while spent < budget:
        begun = time.time()
        progress = spent / budget
        rate = min(1.0, (step + 1) / config["warm_steps"]) * (1 - progress)
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * rate
        # Towards the end more gold: the teacher's habits are learned by then.
        gold_share = config["gold_share"] + (config["gold_share_end"] - config["gold_share"]) * progress
        if not labelled or rng.random() < gold_share:
            items = next(gold_source)
            sources = [i["source"] for i in items]
            for row, item in enumerate(items):
                common = COMMON.get(item["sentence"].source)
                if common and rng.random() < config["common"]:
                    sources[row] = shape.sources.index(common)
            out = scored(network, inputs(items, words, sources), config)
            loss, parts = losses(out, network, gold_batch(items, shape), config["weights"])
        else:
            items = next(soft_source)
            loss, parts = soft_loss(network, items, words, config)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(rest, 1.0)
        optimizer.step()
        step += 1
        for key, value in parts.items():
            window[key] += value
            window[key, "n"] += 1
        seen += sum(len(i["forms"]) for i in items)
        spent += min(time.time() - begun, 5)
        if step % 200 == 0:
            means = {k: v / window[k, "n"] for k, v in window.items() if isinstance(k, str)}
            tell(f"step {step} ({spent / budget:.1%}) words/s {seen / (time.time() - window_start):.0f} "
                 + " ".join(f"{k} {v:.3f}" for k, v in sorted(means.items())))
            window, window_start, seen = Counter(), time.time(), 0
        if time.time() - last_save > 300:
            save()
            last_save = time.time()
        if time.time() - last_measure > config["measure_minutes"] * 60:
            measure(False)
            last_measure = time.time()
    save()
    measure(True)


if __name__ == "__main__":
    main()
