"""Trains the small network on gold and on the teacher's soft labels:
python -m khabar_training.distill --config configs/fast.toml --data DATA --segmented NAMES --teacher RUN --labels DIR --lists FILE --work DIR."""

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
import torch.nn.functional as F
from safetensors import safe_open

from .label import HABITS, TOP
from .data import ARABIC
from .export import read as read_weight_file
from .model import FOLDED, GIVEN, LISTS, PLACE, ROOT, SURNAME, Student, StudentShape, fnv, letter_groups
from .train import ARABIC_SOURCES, COMMON, LABEL_FIELDS, NONE, Items, batches, evaluate, load, losses, rounded, scripts, spans, written_otherwise


class Words:
    """Numbers of words in the table and of their letter groups, remembered."""

    def __init__(self, table: list[str], shape: StudentShape, lists: dict[str, int] | None = None):
        self.lists = {fnv(form): kinds for form, kinds in (lists or {}).items()}
        self.table = {fnv(form): number for number, form in enumerate(table, 1)}
        self.buckets = shape.buckets
        self.known: dict[str, tuple[int, list[int]]] = {}
        self.hashed: dict[str, int] = {}

    @classmethod
    def of_weights(cls, path: Path, shape: StudentShape) -> Words:
        """Those of a weight file, which holds the hashes of its words."""
        words = cls([], shape)
        with safe_open(str(path), "pt") as file:
            keys, listed, kinds = (file.get_tensor(name).tolist() for name in ("word.keys", "list.keys", "list.kinds"))
        words.table = {key % (1 << 64): number for number, key in enumerate(keys, 1)}
        words.lists = {key % (1 << 64): kind for key, kind in zip(listed, kinds)}
        return words

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
            number = self.table.get(fnv(form)) or self.table.get(fnv(form.lower()), 0)
            groups = [ROOT] if form == ROOT else letter_groups(form)
            rows = [self.bucket(group) for group in groups]
            found = self.known[form] = (number, rows + [self.buckets + kind for kind in self.kinds(form)])
        return found

    def kinds(self, form: str) -> list[int]:
        """The kinds of names that the lists hold the word as; in letters with case only if it begins with a capital."""
        folded = form.lower().translate(FOLDED)
        if ARABIC.match(form):
            found = self.lists.get(fnv(folded)) or self.lists.get(fnv(folded.removeprefix("ال")), 0)
        else:
            found = self.lists.get(fnv(folded), 0) if form[:1] != form.lower()[:1] else 0
        return [kind for kind in range(LISTS) if found >> kind & 1]


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
        every = out[head].log_softmax(-1)
        found = every[where].gather(-1, place.clamp(max=out[head].shape[-1] - 1))
        loss = -(share * found).sum(-1)
        if head == "name":
            # Where there is another opinion on names, it has a share.
            other = torch.full(there.shape, NONE)
            for row, item in enumerate(items):
                if "silver" in item:
                    other[row, : len(item["silver"])] = torch.from_numpy(item["silver"].astype(np.int64))
            other = other[where]
            second = F.nll_loss(every[where], other, ignore_index=NONE, reduction="none")
            loss = torch.where(other == NONE, loss, (1 - config["silver"]) * loss + config["silver"] * second)
        loss = loss.sum() / counted.sum()
        total = total + config["weights"][head] * loss
        parts["soft " + head] = float(loss.detach())
    return total, parts


def scored(network, fed, config):
    """Scores as 32-bit floats."""
    with torch.autocast("cpu", torch.bfloat16, enabled=config["bfloat16"]):
        out = network(*fed)
    return {key: value.float() for key, value in out.items()}


def word_table(network, vectors, chosen):
    """Puts the teacher's mean vectors of the most frequent words, reduced to their main directions, into the word table."""
    found = vectors["vectors"][chosen]
    centred = found - found.mean(0)
    _, _, directions = torch.linalg.svd(centred[::2], full_matrices=False)
    reduced = centred @ directions[: network.shape.hidden].T
    with torch.no_grad():
        network.word.weight.zero_()
        network.word.weight[1 : 1 + len(chosen)] = reduced / reduced.std() * 0.3


def frequent(vectors, size):
    """The places of the most frequent words, as many of each script."""
    arabic = torch.tensor([bool(ARABIC.search(form)) for form in vectors["forms"]])
    order = vectors["counts"].argsort(descending=True)
    half = size // 2
    return torch.cat([order[arabic[order]][:half], order[~arabic[order]][: size - half]])


def start_from(network, path, table):
    """Takes the weights of a weight file of the same sizes; words of the table that it does not hold start at nothing."""
    _, state = read_weight_file(path)
    with safe_open(str(path), "pt") as file:
        rows = {key % (1 << 64): at for at, key in enumerate(file.get_tensor("word.keys").tolist(), 1)}
    own = network.state_dict()
    with torch.no_grad():
        for name, value in state.items():
            if name == "word.weight":
                own[name].zero_()
                own[name][0] = value[0]
                known = [(at, rows[fnv(form)]) for at, form in enumerate(table, 1) if fnv(form) in rows]
                own[name][[at for at, _ in known]] = value[[row for _, row in known]]
            elif name == "group.weight":
                own[name][network.shape.buckets :].zero_()
                own[name][: len(value)] = value
            else:
                own[name].copy_(value)


class Renamer:
    """Puts names of the lists in the place of others, word by word, so that all other labels hold."""

    def __init__(self, lists):
        self.words = {}
        for word, kinds in lists.items():
            script = bool(ARABIC.search(word))
            for kind in (GIVEN, SURNAME, PLACE):
                if kinds & kind and len(word) > 2:
                    self.words.setdefault((script, kind), []).append(word if script else word.title())

    def of(self, item, rng):
        """The sentence with other persons and places."""
        forms, names = list(item["forms"]), item["sentence"].names
        for start, end, kind in spans(names):
            if kind not in ("PER", "LOC") or kind == "LOC" and end - start > 1 or rng.random() < 0.3:
                continue
            for at in range(start, end):
                old = forms[at]
                script = bool(ARABIC.search(old))
                if len(old) < 3 or not script and not (old[0].isupper() and old.isalpha() and not old.isupper()):
                    continue
                kind_of = PLACE if kind == "LOC" else GIVEN if at + 1 < end or rng.random() < 0.3 else SURNAME
                forms[at] = rng.choice(self.words[script, kind_of])
        return item | {"forms": forms}


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
    for name in ("config", "data", "segmented", "teacher", "labels", "lists", "work"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--init", type=Path, help="weight file of a small network to start from")
    parser.add_argument("--steps", type=int, help="so many steps, in place of the configuration's minutes")
    parser.add_argument("--without", choices=["teacher", "vectors", "silver", "lists", "renaming", "english"], action="append", default=[],
                        help="leave a part out, to see what it brings")
    arguments = parser.parse_args()
    config = tomllib.loads(arguments.config.read_text(encoding="utf-8"))
    teacher_config = tomllib.loads((arguments.config.parent / "accurate.toml").read_text(encoding="utf-8"))
    without = arguments.without
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
    chosen = frequent(vectors, config["words"])
    table = [vectors["forms"][at] for at in chosen]
    all_names = json.loads(arguments.lists.read_text(encoding="utf-8"))
    lists = {} if "lists" in without else all_names
    (work / "lists.json").write_text(json.dumps(lists, ensure_ascii=False), encoding="utf-8")
    (work / "words.json").write_text(json.dumps(table, ensure_ascii=False), encoding="utf-8")
    shape = StudentShape(words=len(table), listed=len(lists), epsilon=1e-6, sources=teacher["sources"], labels=teacher["labels"],
                         languages=teacher["languages"], **config["sizes"])
    (work / "shape.json").write_text(json.dumps(shape.to_dict(), ensure_ascii=False), encoding="utf-8")
    train, dev = load(teacher_config, arguments.data, arguments.segmented)
    for sentence in train + [s for part in dev.values() for s in part]:
        scripts(sentence)
    words = Words(table, shape, lists)
    renamer = Renamer(all_names)
    if "renaming" in without:
        config["renamed"] = 0

    gold_items = word_items(train, shape)
    dev_items = {name: word_items(part, shape) for name, part in dev.items()}
    if "english" in without:
        gold_items = [item for item in gold_items if item["sentence"].source in ARABIC_SOURCES]
    shards = [] if "teacher" in without else sorted(arguments.labels.glob("[0-9]*.pt"))
    labelled = []
    for path in shards:
        items = torch.load(path, weights_only=False)
        silver = path.with_name(f"names-{path.name}")
        if silver.exists() and "silver" not in without:
            for at, names in torch.load(silver, weights_only=False).items():
                items[at]["silver"] = names
        labelled += [item for item in items if "english" not in without or item["language"] == "ar"]
    for item in labelled:
        item["ids"] = item["forms"]
    tell(f"{len(gold_items)} gold sentences, {len(labelled)} labelled ones")
    network = Student(shape, config["dropout"])
    if arguments.init:
        start_from(network, arguments.init, table)
    elif "vectors" not in without:
        word_table(network, vectors, chosen)
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

    def done():
        return step / arguments.steps if arguments.steps else spent / budget

    while done() < 1:
        begun = time.time()
        progress = done()
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
                if item["sentence"].names and rng.random() < config["renamed"]:
                    items[row] = renamer.of(item, rng)
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
            tell(f"step {step} ({done():.1%}) words/s {seen / (time.time() - window_start):.0f} "
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
