"""Trains the claim network: python -m khabar_training.claims --config configs/claims.toml --words models/fast.safetensors
--table WORK/fast --train FILE… --dev FILE… --work DIR.

FILEs come from `khabar train --claim-features`. The network takes the word vectors of the fast model (its tables, unchanged) and a vector
for each feature, reads blocks of sentences with layers that begin as those of the fast model, and says of each word whether a claim's
predicate or a cue stands there, of each predicate which words are its content, actor, source and cue, and the claim's fields.
"""

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
from torch import nn

from .claim_model import FIELDS, KINDS, ROLES, ClaimNetwork, ClaimShape
from .distill import Words
from .export import read as read_weight_file
from .model import StudentShape
from .train import rounded

SIDES = ("US", "CN")
NONE = -100


def anchor(span, features):
    """The word of a cue that stands for it: its last verb, else its first word."""
    verbs = [at for at in range(*span) if features[at][0] == 15]
    return verbs[-1] if verbs else span[0]


def merged(claims):
    """Claims by predicate: the sides that it has, and the claim whose spans are learned."""
    out = {}
    for claim in claims:
        out.setdefault(claim["predicate"], {"claim": claim, "sides": set()})["sides"].add(claim["side"])
    return out


def blocks(path):
    """The blocks of a file as training items."""
    items = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            article = json.loads(line)
            values = np.array(article["features"]).reshape(-1, len(article["sizes"]))
            heads = np.array([-1 if head is None else head for head in article["heads"]], dtype=int)
            claims = merged(article["claims"] or [])
            cues = attributions(article)
            for start, first, end in article["blocks"]:
                item = {"name": article["name"], "language": article["language"], "start": start, "first": first - start,
                        "forms": article["forms"][start:end], "values": values[start:end],
                        "heads": np.where((heads >= start) & (heads < end), heads - start, -1)[start:end], "claims": {}, "cues": {},
                        "has_claims": article["claims"] is not None, "cue_lexicon": values[start:end, 5] > 0, "sizes": article["sizes"],
                        "gold": [c for c in article["claims"] or [] if first <= c["predicate"] < end]}
                item["ids"] = item["forms"]
                for at, found in claims.items():
                    if first <= at < end:
                        item["claims"][at - start] = found
                for at, found in cues.items():
                    if first <= at < end:
                        item["cues"][at - start] = found
                items.append(item)
    return items


def attributions(article):
    """Attributions by the anchor of their cue: source and content, as spans of words."""
    out = {}
    for found in article["attributions"]:
        if found["cue"] and found["content"]:
            cue = found["cue"][0]
            out[anchor(cue, article["features"])] = {
                "cue": cue, "source": found["source"][0] if found["source"] else None,
                "content": [min(c[0] for c in found["content"]), max(c[1] for c in found["content"])], "pieces": found["content"]}
    for claim in article["claims"] or []:
        if claim["cue"] and claim["source"]:
            at = anchor(claim["cue"], article["features"])
            content = claim["content"]
            if at in out:
                known = out[at]
                known["pieces"] = [*known["pieces"], content]
                content = [min(known["content"][0], content[0]), max(known["content"][1], content[1])]
            out[at] = {"cue": claim["cue"], "source": claim["source"], "content": content,
                       "pieces": out[at]["pieces"] if at in out else [content]}
    return out


def span_in(item, span):
    """A span of the article as one of the block, or `None` if it does not lie in it."""
    if span is None:
        return None
    start, end = span[0] - item["start"], span[1] - item["start"]
    return (start, end) if 0 <= start < end <= len(item["forms"]) else None


def batches(items, size, rng):
    """Batches of about `size` words, of blocks of like length."""
    order = sorted(items, key=lambda i: len(i["forms"]) * (1 + 0.2 * rng.random()))
    out, current = [], []
    for item in order:
        if current and rounded(len(item["forms"])) * (len(current) + 1) > size:
            out.append(current)
            current = []
        current.append(item)
    out.append(current)
    rng.shuffle(out)
    return out


def rows(item):
    """The rows of the features of each word and, behind them, of its head."""
    sizes = item["sizes"]
    own = item["values"] + np.cumsum([0, *sizes[:-1]])
    of_heads = np.where(item["heads"][:, None] >= 0, own[item["heads"]] + sum(sizes), 2 * sum(sizes))
    return np.concatenate([own, of_heads], 1)


def named(values):
    """Whether each word names a side: as part of a name, or as a demonym."""
    entity = (values[:, 2] > 0) & ((values[:, 2] - 1) % 3 < 2)
    return entity | np.isin(values[:, 3], (1, 2))


def swapped(item):
    """The block with the two sides in each other's place; words that name them are hidden."""
    values = item["values"].copy()
    entity, own, phrase, said, clause, inside = values[:, 2], values[:, 3], values[:, 4], values[:, 7], values[:, 8], values[:, 9]

    def exchange(column, pairs):
        before = column.copy()
        for a, b in pairs:
            column[before == a] = b
            column[before == b] = a

    exchange(entity, [(1 + 3 * kind, 2 + 3 * kind) for kind in range(4)])
    exchange(own, [(1, 2), *((4 + 3 * form, 5 + 3 * form) for form in range(4))])
    exchange(phrase, [(1, 2), (5, 6)])
    exchange(said, [(3, 4)])
    exchange(clause, [(1, 3), (2, 4)])
    exchange(inside, [(1, 2)])

    def other(claim):
        side = {"US": "CN", "CN": "US"}
        return claim | {"side": side[claim["side"]], "source_side": side.get(claim["source_side"], claim["source_side"]),
                        "stance_us": claim["stance_cn"], "stance_cn": claim["stance_us"], "about": [side[s] for s in claim["about"]]}

    claims = {at: {"claim": other(found["claim"]), "sides": {"CN" if side == "US" else "US" for side in found["sides"]}}
              for at, found in item["claims"].items()}
    return item | {"values": values, "claims": claims, "hidden": named(item["values"])}


def varied(item, config, rng):
    """A block as training sees it: now and then with the sides swapped, and with some words hidden, those that name a side oftener."""
    if item["has_claims"] and rng.random() < config["swapped"]:
        item = swapped(item)
    draws = np.array([rng.random() for _ in item["forms"]])
    hidden = draws < np.where(named(item["values"]), config["hidden_names"], config["hidden"])
    return item | {"hidden": hidden | item.get("hidden", False)}


def inputs(items, words):
    """The network's inputs."""
    most = rounded(max(len(i["forms"]) for i in items))
    there = torch.zeros(len(items), most, dtype=torch.bool)
    numbers, groups, starts, features = [], [], [], []
    for row, item in enumerate(items):
        there[row, : len(item["forms"])] = True
        hidden = item.get("hidden")
        for at, form in enumerate(item["forms"]):
            number, found = (0, []) if hidden is not None and hidden[at] else words.of(form)
            numbers.append(number)
            starts.append(len(groups))
            groups += found
        features.append(rows(item))
    return torch.tensor(numbers), torch.tensor(groups), torch.tensor(starts), torch.from_numpy(np.concatenate(features)), there


def instances(items, cues):
    """Claims (or attributions) of a batch: row, word, the spans of the roles, the gold."""
    out = []
    for row, item in enumerate(items):
        for at, found in item["cues" if cues else "claims"].items():
            gold = found if cues else found["claim"]
            spans = [span_in(item, gold.get(role)) if gold.get(role) is not None else () for role in ROLES]
            out.append((row, at, spans, gold))
    return out


def role_loss(network, vectors, there, found, cues):
    """The loss of where the spans begin and end, and which words they hold."""
    rows = torch.tensor([f[0] for f in found])
    ats = torch.tensor([f[1] for f in found])
    scores = network.roles(vectors, there, rows, ats, cues)  # instances × roles × (begin, end, inside) × (1 + words)
    n, width = len(found), vectors.shape[1]
    pointer = torch.full((n, len(ROLES), 2), NONE)
    inside = torch.zeros(n, len(ROLES), width)
    known = torch.zeros(n, len(ROLES), dtype=torch.bool)
    for i, (_, _, spans, _) in enumerate(found):
        for r, span in enumerate(spans):
            if cues and ROLES[r] == "actor" or span is None:
                continue
            known[i, r] = True
            if span == ():
                pointer[i, r] = 0
            else:
                pointer[i, r, 0], pointer[i, r, 1] = span[0] + 1, span[1]
                inside[i, r, span[0] : span[1]] = 1
    loss = F.cross_entropy(scores[:, :, :2].flatten(0, 2), pointer.flatten(), ignore_index=NONE)
    member = F.binary_cross_entropy_with_logits(scores[:, :, 2, 1:], inside, reduction="none")
    counted = known[..., None] & there[rows][:, None]
    return loss + (member * counted).sum() / counted.sum().clamp(min=1), scores


def field_targets(found):
    """The numbers of the fields' labels."""
    out = {}
    for name, labels in FIELDS.items():
        if name.startswith("about "):
            out[name] = torch.tensor([int(name[6:] in f[3]["about"]) for f in found])
        else:
            out[name] = torch.tensor([labels.index(f[3][name]) for f in found])
    return out


def losses(network, items, words, weights):
    """The losses of a batch."""
    fed = inputs(items, words)
    vectors, found = network(*fed)
    there = fed[-1]
    target = torch.zeros(there.shape + (len(KINDS),))
    cue = torch.zeros(there.shape)
    counted, cue_counted = torch.zeros_like(there), torch.zeros_like(there)
    for row, item in enumerate(items):
        own = slice(item["first"], len(item["forms"]))
        counted[row, own] = item["has_claims"]
        cue_counted[row, own] = True
        if item["has_claims"]:
            # Cues of speakers of neither side are not in the gold.
            cue_counted[row, : len(item["forms"])] &= torch.from_numpy(~item["cue_lexicon"])
        for at, claim in item["claims"].items():
            target[row, at] = torch.tensor([1.0, "US" in claim["sides"], "CN" in claim["sides"], claim["claim"]["basis"] == "stated"])
        for at in item["cues"]:
            cue[row, at] = 1
            cue_counted[row, at] = True
    parts = {}
    if counted.any():
        said, wanted = found["predicate"][counted], target[counted]
        parts["predicate"] = F.binary_cross_entropy_with_logits(said[:, 0], wanted[:, 0])
        of_claims = wanted[:, 0] > 0
        if of_claims.any():
            parts["side"] = F.binary_cross_entropy_with_logits(said[of_claims, 1:3], wanted[of_claims, 1:3])
            parts["basis"] = F.binary_cross_entropy_with_logits(said[of_claims, 3], wanted[of_claims, 3])
    parts["cue"] = F.binary_cross_entropy_with_logits(found["cue"][cue_counted], cue[cue_counted], reduction="sum") / cue_counted.sum()
    claims = instances(items, False)
    if claims:
        parts["roles"], _ = role_loss(network, vectors, there, claims, False)
        rows, ats = torch.tensor([c[0] for c in claims]), torch.tensor([c[1] for c in claims])
        spans = [c[2][ROLES.index("content")] or (c[1], c[1] + 1) for c in claims]
        fields = network.fields(vectors, rows, ats, spans)
        for name, labels in field_targets(claims).items():
            parts[name] = F.cross_entropy(fields[name], labels)
    cues = instances(items, True)
    if cues:
        parts["cue roles"], _ = role_loss(network, vectors, there, cues, True)
    return sum(weights.get(key, 1.0) * value for key, value in parts.items()), {k: float(v.detach()) for k, v in parts.items()}


def best_span(scores, length, around=None):
    """The best span of (begin, end, inside) scores over 1 + words (0: none), around a word if one is given; `None` for none."""
    begin, end = scores[0].log_softmax(-1).numpy(), scores[1].log_softmax(-1).numpy()
    inside = np.concatenate([[0], np.cumsum(scores[2, 1 : length + 1].numpy())])
    begin_at = begin[1 : length + 1] - 0.5 * inside[:-1]
    end_at = end[1 : length + 1] + 0.5 * inside[1:]
    most, span = -np.inf, None
    if around is None:
        best, start = -np.inf, 0
        for at in range(length):
            if begin_at[at] > best:
                best, start = begin_at[at], at
            if best + end_at[at] > most:
                most, span = best + end_at[at], (start, at + 1)
        return None if begin[0] + end[0] > begin[1 + span[0]] + end[span[1]] else span
    start = int(begin_at[: around + 1].argmax())
    return start, around + int(end_at[around:].argmax()) + 1


@torch.no_grad()
def decode(network, items, words, threshold):
    """The claims that the network finds in blocks, as dictionaries like the gold's, and the cues."""
    vectors, found = network(*inputs(items, words))
    there = torch.zeros(vectors.shape[:2], dtype=torch.bool)
    for row, item in enumerate(items):
        there[row, : len(item["forms"])] = True
    sure = found["predicate"].sigmoid()
    where, out = [], [[] for _ in items]
    for row, item in enumerate(items):
        for at in range(item["first"], len(item["forms"])):
            claim, *sides, stated = sure[row, at].tolist()
            for side in range(2):
                if claim * sides[side] > threshold:
                    where.append((row, at, side, "stated" if stated > 0.5 else "described", claim * sides[side]))
    if not where:
        return out
    rows, ats = torch.tensor([w[0] for w in where]), torch.tensor([w[1] for w in where])
    scores = network.roles(vectors, there, rows, ats, False)
    spans = []
    for i, (row, at, *_) in enumerate(where):
        length = len(items[row]["forms"])
        spans.append([best_span(scores[i, r], length, at if role == "content" else None) for r, role in enumerate(ROLES)])
    fields = network.fields(vectors, rows, ats, [s[ROLES.index("content")] for s in spans])
    for i, (row, at, side, basis, probability) in enumerate(where):
        start = items[row]["start"]
        claim = {"predicate": at + start, "side": SIDES[side], "basis": basis, "probability": probability}
        for role, span in zip(ROLES, spans[i]):
            claim[role] = span and [span[0] + start, span[1] + start]
        for name, labels in FIELDS.items():
            if not name.startswith("about "):
                claim[name] = labels[int(fields[name][i].argmax())]
        if basis == "stated":
            claim["source_side"] = SIDES[side]
        else:
            none, other = (float(fields["source_side"][i][FIELDS["source_side"].index(label)]) for label in ("none", "other"))
            claim["source_side"] = "other" if other > none else "none"
        claim["about"] = [side for side in SIDES if fields[f"about {side}"][i].argmax()]
        out[row].append(claim)
    return out


def f1_of(a, b):
    """F1 of two spans by words."""
    common = max(0, min(a[1], b[1]) - max(a[0], b[0]))
    return 2 * common / (a[1] - a[0] + b[1] - b[0])


def evaluate(network, items, words, threshold, language=None):
    """Scores on gold claims, about as `khabar evaluate` gives them."""
    network.eval()
    count = Counter()
    for batch in batches([i for i in items if language in (None, i["language"])], 6000, random.Random(0)):
        for item, predicted in zip(batch, decode(network, batch, words, threshold)):
            pairs = sorted(((f1_of(g["content"], p["content"]), i, j) for i, g in enumerate(item["gold"])
                            for j, p in enumerate(predicted) if g["side"] == p["side"]), reverse=True)
            gold_used, predicted_used = set(), set()
            for score, i, j in pairs:
                if score >= 0.5 and i not in gold_used and j not in predicted_used:
                    gold_used.add(i)
                    predicted_used.add(j)
                    g, p = item["gold"][i], predicted[j]
                    count["tp"] += 1
                    count["exact"] += g["content"] == p["content"]
                    for name in FIELDS:
                        if not name.startswith("about "):
                            count[name] += g[name] == p[name]
                    count["basis"] += g["basis"] == p["basis"]
                    count["both"] += g["basis"] == p["basis"] and g["source_side"] == p["source_side"]
                    for role in ROLES[1:]:
                        count[role] += (g[role] is None) == (p[role] is None) and (g[role] is None or f1_of(g[role], p[role]) >= 0.5)
            count["gold"] += len(item["gold"])
            count["predicted"] += len(predicted)
    network.train()
    matched = max(count["tp"], 1)
    out = {"P": count["tp"] / max(count["predicted"], 1), "R": count["tp"] / max(count["gold"], 1),
           "F1": 2 * count["tp"] / max(count["gold"] + count["predicted"], 1),
           "F1+source": 2 * count["both"] / max(count["gold"] + count["predicted"], 1)}
    out |= {name: count[name] / matched for name in ("exact", "basis", *(f for f in FIELDS if not f.startswith("about ")), *ROLES[1:])}
    return {key: round(100 * value, 1) for key, value in out.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--words", type=Path, required=True, help="weight file of the fast model")
    parser.add_argument("--table", type=Path, required=True, help="folder with its words.json and lists.json")
    parser.add_argument("--train", type=Path, nargs="+", required=True)
    parser.add_argument("--attributions", type=Path, nargs="*", default=[], help="files with attributions alone")
    parser.add_argument("--dev", type=Path, nargs="*", default=[])
    parser.add_argument("--held-out", type=int, default=0, help="every so many'th story of the training files is for dev, too, and not trained on")
    parser.add_argument("--work", type=Path, required=True)
    arguments = parser.parse_args()
    config = tomllib.loads(arguments.config.read_text(encoding="utf-8"))
    arguments.work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config["seed"])
    rng = random.Random(config["seed"])
    started = time.time()

    def tell(text):
        line = f"{(time.time() - started) / 60:6.1f} min  {text}"
        print(line, flush=True)
        with open(arguments.work / "log.txt", "a", encoding="utf-8") as file:
            file.write(line + "\n")

    sizes, state = read_weight_file(arguments.words)
    student = StudentShape(**sizes)
    words = Words(json.loads((arguments.table / "words.json").read_text(encoding="utf-8")), student,
                  json.loads((arguments.table / "lists.json").read_text(encoding="utf-8")))
    train = [item for path in arguments.train for item in blocks(path)]
    dev = [item for path in arguments.dev for item in blocks(path)]
    if arguments.held_out:
        stories = sorted({Path(i["name"]).name for i in train})
        held = set(stories[:: arguments.held_out])
        dev += [i for i in train if Path(i["name"]).name in held]
        train = [i for i in train if Path(i["name"]).name not in held]
    extra = [item for path in arguments.attributions for item in blocks(path)]
    with open(arguments.train[0], encoding="utf-8") as file:
        feature_count = 2 * sum(json.loads(file.readline())["sizes"]) + 1
    shape = ClaimShape(features=feature_count, hidden=student.hidden, blocks=student.blocks, heads=student.heads, inner=student.inner,
                       epsilon=student.epsilon, **config["sizes"])
    network = ClaimNetwork(shape, student, config["dropout"])
    network.start_from(state)
    tell(f"{len(train)} blocks with {sum(len(i['gold']) for i in train)} claims, {len(extra)} blocks with attributions alone, {len(dev)} for dev "
         f"with {sum(len(i['gold']) for i in dev)} claims")
    new = [p for n, p in network.named_parameters() if p.requires_grad and not n.startswith("blocks.")]
    old = list(network.blocks.parameters())
    optimizer = torch.optim.AdamW([{"params": new, "peak": config["rate"], "lr": 0.0}, {"params": old, "peak": config["block_rate"], "lr": 0.0}],
                                  betas=(0.9, 0.98), weight_decay=config["weight_decay"], fused=True)
    budget, spent, step, window = config["minutes"] * 60, 0.0, 0, Counter()
    last = time.time()
    network.train()

    def endless(items):
        while items:
            yield from batches(items, config["batch_words"], rng)

    own, others = endless(train), endless(extra)
    while spent < budget:
        begun = time.time()
        rate = min(1.0, (step + 1) / config["warm_steps"]) * (1 - spent / budget)
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * rate
        batch = next(others) if extra and rng.random() < config["attribution_share"] else next(own)
        batch = [varied(item, config, rng) for item in batch]
        with torch.autocast("cpu", torch.bfloat16, enabled=config["bfloat16"]):
            loss, parts = losses(network, batch, words, config["weights"])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_([*new, *old], 1.0)
        optimizer.step()
        step += 1
        for key, value in parts.items():
            window[key] += value
            window[key, "n"] += 1
        spent += min(time.time() - begun, 5)
        if step % 100 == 0:
            tell(f"step {step} ({spent / budget:.1%}) " + " ".join(f"{k} {v / window[k, 'n']:.3f}" for k, v in sorted(
                (k, v) for k, v in window.items() if isinstance(k, str))))
            window = Counter()
        if dev and time.time() - last > config["measure_minutes"] * 60:
            for language in ("ar", "en"):
                tell(f"  {language}: {evaluate(network, dev, words, config['threshold'], language)}")
            last = time.time()
    torch.save({"network": network.state_dict(), "shape": shape.to_dict()}, arguments.work / "checkpoint.pt")
    for language in ("ar", "en") if dev else ():
        for threshold in (0.3, 0.4, 0.5):
            tell(f"  {language} {threshold}: {evaluate(network, dev, words, threshold, language)}")


if __name__ == "__main__":
    main()
