"""Trains the claim network: python -m khabar_training.claims --config configs/claims.toml --words models/fast.safetensors
--train FILE… --dev FILE… --work DIR.

FILEs come from `khabar train --claim-features`. The network takes the word vectors of the fast model (its tables, unchanged) and a vector
for each feature, reads blocks of sentences with layers that begin as those of the fast model, and says of each word whether a claim's
predicate or a cue stands there, of each predicate which words are its content, actor, source and cue, and the claim's fields.

With `--pieces models/accurate-pieces.json`, `--words models/accurate.safetensors` it trains its teacher instead, over the encoder of the
accurate model; `--label FILE…` then writes what that one says of articles without gold, for `--taught` of the network.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import time
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import nn

from .claim_model import FIELDS, KINDS, ROLES, TOPICS, ClaimNetwork, ClaimShape, ClaimTeacher
from .distill import Words
from .export import read as read_weight_file
from .model import Shape, StudentShape
from .train import rounded

SIDES = ("US", "CN")
LABELS = FIELDS | {"topic": TOPICS}
NONE = -100
UNKNOWN = 3  # the piece of words that are hidden
MOST_PIECES = 8  # of a word
TOPIC_FEATURE = 15
OF_RULES = (7, 8, 9, 18, 19, 20)  # the features that tell what the rules made of a word


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


def topic_words(values):
    """How many words speak for each topic."""
    return np.bincount(values[:, TOPIC_FEATURE], minlength=len(TOPICS) + 1)[1:].astype(np.float32)


def shares(values):
    """The share of each topic among the topic words of some words."""
    counts = topic_words(values)
    return counts / max(counts.sum(), 1)


NEAR = 2  # sentences before and behind that are around a claim


def scopes_of_claim(article, predicate, content):
    """The topic words of each scope of a claim; the words are numbers in the article."""
    values, sentences = article["values"], article["sentences"]
    own = int(np.searchsorted(sentences, predicate, side="right")) - 1
    bounds = [*sentences, len(values)]
    around = values[bounds[max(own - NEAR, 0)] : bounds[min(own + NEAR + 1, len(sentences))]]
    inner = values[slice(*content)]
    return np.concatenate([np.log1p(topic_words(inner)), shares(inner), shares(values[bounds[own] : bounds[own + 1]]), shares(around),
                           article["title"], article["all"]])


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
            title = np.concatenate([values[:0], *(values[start:end] for start, end in article["headlines"])])
            whole = {"values": values, "sentences": article["sentences"], "title": shares(title), "all": shares(values)}
            for start, first, end in article["blocks"]:
                item = {"name": article["name"], "language": article["language"], "start": start, "first": first - start,
                        "forms": article["forms"][start:end], "values": values[start:end], "article": whole,
                        "heads": np.where((heads >= start) & (heads < end), heads - start, -1)[start:end], "claims": {}, "cues": {},
                        "has_claims": article["claims"] is not None, "cue_lexicon": values[start:end, 5] > 0, "sizes": article["sizes"],
                        "gold": [c for c in article["claims"] or [] if first <= c["predicate"] < end],
                        "rules": [r for r in article["rules"] if first <= r["predicate"][0] < end]}
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


def sentences_with_tones(features, labels):
    """The sentences of `tones.py`, for training and for dev."""
    labels = json.loads(labels.read_text(encoding="utf-8"))
    train, dev = [], []
    with open(features, encoding="utf-8") as file:
        places = {article["name"]: article["places"] for article in map(json.loads, file)}
    for item in blocks(features):
        label = labels[item["name"]]
        # A sentence that became several blocks has lost its whole.
        if len(places[item["name"]]) != len(item["forms"]):
            continue
        item["subjective"], item["tones"] = label.get("subjective"), []
        for start, end, tone in label.get("tones", []):
            words = [at for at, (a, b) in enumerate(places[item["name"]]) if a < end and b > start]
            if words:
                item["tones"].append((words[0], words[-1] + 1, tone))
        (dev if label["dev"] else train).append(item)
    return train, dev


def tone_scores(network, items, inputs):
    """What the heads for tone say of a batch and the gold: of targets, and of sentences."""
    fed = inputs(items)
    vectors, there = network(*fed)[0], fed[-1]
    targets = [(row, start, end, tone) for row, item in enumerate(items) for start, end, tone in item["tones"]]
    sentences = [(row, item["subjective"]) for row, item in enumerate(items) if item["subjective"] is not None]
    tones = subjective = None
    if targets:
        rows = torch.tensor([t[0] for t in targets])
        tones = network.tones(network.heads, vectors, there, rows, [t[1:3] for t in targets]), torch.tensor([t[3] for t in targets])
    if sentences:
        scores = network.tones(network.heads, vectors, there, None, None)
        subjective = scores[[s[0] for s in sentences]], torch.tensor([s[1] for s in sentences])
    return tones, subjective


@torch.no_grad()
def tone_f1(network, items, inputs):
    """Macro-F1 of tones, and of subjectivity by language."""
    network.eval()
    found = {}
    for language in ("ar", "en"):
        own = [i for i in items if i["language"] == language]
        for batch in batches(own, 6000, random.Random(0)) if own else ():
            for name, scored in zip(("tone", "subjective"), tone_scores(network, batch, inputs)):
                if scored:
                    found.setdefault(f"{name} {language}", []).append((scored[0].argmax(-1), scored[1]))
    network.train()
    out = {}
    for name, parts in found.items():
        said, gold = (torch.cat(part) for part in zip(*parts))
        labels = gold.unique().tolist()
        f1 = [2 * float(((said == c) & (gold == c)).sum()) / max(float((said == c).sum() + (gold == c).sum()), 1) for c in labels]
        out[name] = round(100 * sum(f1) / len(f1), 1)
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
    stance, speaker = values[:, 18], values[:, 20]
    exchange(stance, [(1 + 3 * us + cn, 1 + 3 * cn + us) for us in range(3) for cn in range(us)])
    exchange(speaker, [(1, 2)])

    def other(claim):
        side = {"US": "CN", "CN": "US"}
        return claim | {"side": side[claim["side"]], "source_side": side.get(claim["source_side"], claim["source_side"]),
                        "stance_us": claim["stance_cn"], "stance_cn": claim["stance_us"], "about": [side[s] for s in claim["about"]]}

    claims = {at: {"claim": other(found["claim"]), "sides": {"CN" if side == "US" else "US" for side in found["sides"]}}
              for at, found in item["claims"].items()}
    out = item | {"values": values, "claims": claims, "hidden": named(item["values"])}
    return out | {"soft": item["soft"][:, [0, 2, 1, 3]]} if "soft" in item else out


def varied(item, config, rng):
    """A block as training sees it: now and then with the sides swapped, and with some words hidden, those that name a side oftener."""
    if item["has_claims"] and rng.random() < config["swapped"]:
        item = swapped(item)
    draws = np.array([rng.random() for _ in item["forms"]])
    if rng.random() < config["without_rules"]:
        item = item | {"values": np.where(np.isin(np.arange(item["values"].shape[1]), OF_RULES), 0, item["values"])}
    hidden = draws < np.where(named(item["values"]), config["hidden_names"], config["hidden"])
    return item | {"hidden": hidden | item.get("hidden", False)}


class WordInputs:
    """What the network reads of blocks."""

    def __init__(self, words: Words):
        self.words = words

    def __call__(self, items):
        there = presence(items)
        numbers, groups, starts = [], [], []
        for item in items:
            hidden = item.get("hidden")
            for at, form in enumerate(item["forms"]):
                number, found = (0, []) if hidden is not None and hidden[at] else self.words.of(form)
                numbers.append(number)
                starts.append(len(groups))
                groups += found
        return torch.tensor(numbers), torch.tensor(groups), torch.tensor(starts), features(items), there


class PieceInputs:
    """What the teacher reads of blocks."""

    def __init__(self, tokenizer: Tokenizer):
        self.tokenizer = tokenizer
        self.known: dict[str, list[int]] = {}

    def of(self, form):
        """The pieces of a word."""
        found = self.known.get(form)
        if found is None:
            found = self.known[form] = self.tokenizer.encode(form, add_special_tokens=False).ids[:MOST_PIECES] or [UNKNOWN]
        return found

    def __call__(self, items):
        there = presence(items)
        rows = []
        for item in items:
            ids, word = [0], [0]
            hidden = item.get("hidden")
            for at, form in enumerate(item["forms"]):
                found = [UNKNOWN] if hidden is not None and hidden[at] else self.of(form)
                ids += found
                word += [at + 1] * len(found)
            rows.append(([*ids, 2], [*word, 0]))
        longest = max(len(ids) for ids, _ in rows)
        pieces, word = torch.full((len(rows), longest), 1), torch.zeros(len(rows), longest, dtype=torch.long)
        mask = torch.zeros(len(rows), longest, dtype=torch.bool)
        for row, (ids, words) in enumerate(rows):
            pieces[row, : len(ids)], word[row, : len(ids)], mask[row, : len(ids)] = torch.tensor(ids), torch.tensor(words), True
        return pieces, mask, word, features(items), there


def presence(items):
    """Which words of a batch are there."""
    there = torch.zeros(len(items), rounded(max(len(i["forms"]) for i in items)), dtype=torch.bool)
    for row, item in enumerate(items):
        there[row, : len(item["forms"])] = True
    return there


def features(items):
    """The rows of the features of all words of a batch."""
    return torch.from_numpy(np.concatenate([rows(item) for item in items]))


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
    scores = network.heads.roles(vectors, there, rows, ats, cues)  # instances × roles × (begin, end, inside) × (1 + words)
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
    for name, labels in LABELS.items():
        if name.startswith("about"):
            out[name] = torch.tensor([int(name[6:].upper() in f[3]["about"]) for f in found])
        else:
            out[name] = torch.tensor([labels.index(f[3][name]) for f in found])
    return out


def scopes_of(items, rows, ats, contents):
    """The topic words of each scope of claims, as `ClaimHeads.fields` takes them."""
    found = []
    for row, at, (start, end) in zip(rows.tolist(), ats.tolist(), contents):
        first = items[row]["start"]
        found.append(scopes_of_claim(items[row]["article"], first + at, (first + start, first + end)))
    return torch.from_numpy(np.stack(found))


def losses(network, items, inputs, weights):
    """The losses of a batch."""
    fed = inputs(items)
    vectors, free = network(*fed)
    found = network.heads.words(vectors)
    there = fed[-1]
    target = torch.zeros(there.shape + (len(KINDS),))
    cue = torch.zeros(there.shape)
    counted, cue_counted = torch.zeros_like(there), torch.zeros_like(there)
    for row, item in enumerate(items):
        own = slice(item["first"], len(item["forms"]))
        counted[row, own] = item["has_claims"]
        cue_counted[row, own] = True
        if "soft" in item:
            target[row, : len(item["forms"])] = torch.from_numpy(item["soft"])
            cue[row, : len(item["forms"])] = torch.from_numpy(item["cue_soft"])
        else:
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
        each = F.binary_cross_entropy_with_logits(said, wanted, reduction="none")
        parts["predicate"] = each[:, 0].mean()
        weight = wanted[:, 0]
        total = weight.sum().clamp(min=1)
        parts["side"] = (each[:, 1:3].mean(1) * weight).sum() / total
        parts["basis"] = (each[:, 3] * weight).sum() / total
    parts["cue"] = F.binary_cross_entropy_with_logits(found["cue"][cue_counted], cue[cue_counted], reduction="sum") / cue_counted.sum()
    claims = instances(items, False)
    if claims:
        parts["roles"], _ = role_loss(network, vectors, there, claims, False)
        rows, ats = torch.tensor([c[0] for c in claims]), torch.tensor([c[1] for c in claims])
        spans = [c[2][ROLES.index("content")] or (c[1], c[1] + 1) for c in claims]
        fields = network.heads.fields(vectors, free, there, rows, ats, spans, scopes_of(items, rows, ats, spans))
        for name, labels in field_targets(claims).items():
            parts[name] = F.cross_entropy(fields[name], labels)
    cues = instances(items, True)
    if cues:
        parts["cue roles"], _ = role_loss(network, vectors, there, cues, True)
    return sum(weights.get(key, 1.0) * value for key, value in parts.items()), {k: float(v.detach()) for k, v in parts.items()}


def best_span(scores, length, around=None):
    """The best span of (begin, end, inside) scores over 1 + words (0: none), around a word if one is given, and how much better it is than
    none."""
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
        return span, begin[1 + span[0]] + end[span[1]] - begin[0] - end[0]
    start = int(begin_at[: around + 1].argmax())
    return (start, around + int(end_at[around:].argmax()) + 1), np.inf


def speaker(stated, of_source, margin, side):
    """Whether a claim is stated, and the side of its source: what the predicate, the field and the words found for the source say together.

    `stated`: probability; `of_source`: log-probability of each side of the source; `margin`: of a source over none.
    """
    at = dict(zip(FIELDS["source_side"], of_source))
    told = SPEAKER * margin
    scores = {"none": at["none"] + np.log1p(-stated), "other": at["other"] + np.log1p(-stated) + told, side: at[side] + np.log(stated) + told}
    best = max(scores, key=scores.get)
    return best == side, best


SPEAKER = 0.5  # weight of the words found


@torch.no_grad()
def decode(network, items, inputs, threshold):
    """The claims that the network finds in blocks, as dictionaries like the gold's; what it says of all words."""
    fed = inputs(items)
    vectors, free = network(*fed)
    found, there = network.heads.words(vectors), fed[-1]
    sure = found["predicate"].sigmoid()
    where, out = [], [[] for _ in items]
    for row, item in enumerate(items):
        for at in range(item["first"], len(item["forms"])):
            claim, *sides, stated = sure[row, at].tolist()
            for side in range(2):
                if claim * sides[side] > threshold:
                    where.append((row, at, side, min(max(stated, 1e-6), 1 - 1e-6), claim * sides[side]))
    if not where:
        return out, found
    rows, ats = torch.tensor([w[0] for w in where]), torch.tensor([w[1] for w in where])
    scores = network.heads.roles(vectors, there, rows, ats, False)
    spans = []
    for i, (row, at, *_) in enumerate(where):
        length = len(items[row]["forms"])
        spans.append([best_span(scores[i, r], length, at if role == "content" else None) for r, role in enumerate(ROLES)])
    contents = [s[ROLES.index("content")][0] for s in spans]
    fields = network.heads.fields(vectors, free, there, rows, ats, contents, scopes_of(items, rows, ats, contents))
    of_source = fields["source_side"].log_softmax(-1).numpy()
    for i, (row, at, side, stated, probability) in enumerate(where):
        start = items[row]["start"]
        stated, source_side = speaker(stated, of_source[i], spans[i][ROLES.index("source")][1], SIDES[side])
        claim = {"predicate": at + start, "side": SIDES[side], "basis": "stated" if stated else "described", "probability": probability}
        for role, (span, margin) in zip(ROLES, spans[i]):
            there = source_side != "none" if role == "source" else margin > 0 and not (role == "cue" and source_side == "none")
            claim[role] = [span[0] + start, span[1] + start] if there else None
        for name, labels in LABELS.items():
            if not name.startswith("about"):
                claim[name] = labels[int(fields[name][i].argmax())]
        claim["source_side"] = source_side
        claim["about"] = [side for side in SIDES if fields[f"about_{side.lower()}"][i].argmax()]
        out[row].append(claim)
    return [without_doubles(claims) for claims in out], found


def without_doubles(claims):
    """Of claims of a side with the same content, the likeliest."""
    out = []
    for claim in sorted(claims, key=lambda c: -c["probability"]):
        if all(c["side"] != claim["side"] or f1_of(c["content"], claim["content"]) < 0.9 for c in out):
            out.append(claim)
    return sorted(out, key=lambda c: c["predicate"])


def f1_of(a, b):
    """F1 of two spans by words."""
    common = max(0, min(a[1], b[1]) - max(a[0], b[0]))
    return 2 * common / (a[1] - a[0] + b[1] - b[0])


def matched(gold, predicted):
    """Pairs of claims of the same side whose contents have most in common, one to one."""
    pairs = sorted(((f1_of(g["content"], p["content"]), i, j) for i, g in enumerate(gold)
                    for j, p in enumerate(predicted) if g["side"] == p["side"]), reverse=True)
    gold_used, predicted_used, out = set(), set(), []
    for score, i, j in pairs:
        if score >= 0.5 and i not in gold_used and j not in predicted_used:
            gold_used.add(i)
            predicted_used.add(j)
            out.append((gold[i], predicted[j]))
    return out


def joined(item, predicted, least):
    """The claims that the program gives: those that the network and the rules both find, and those of each alone, if likely enough.

    Yields who found a claim, how likely it is, and the claim.
    """
    out = []
    for claim in predicted:
        agree = any(r["side"] == claim["side"] and r["predicate"][0] <= claim["predicate"] < r["predicate"][1] for r in item["rules"])
        who = "both" if agree else "network"
        if claim["probability"] > least[who]:
            out.append((who, claim["probability"], claim))
    for rule in item["rules"]:
        known = any(c["side"] == rule["side"] and f1_of(c["content"], rule["content"]) > 0.5 for _, _, c in out)
        if rule["confidence"] >= least["rules"] and not known:
            out.append(("rules", rule["confidence"], rule))
    return out


AS_GOOD = 0.003
GRID = {"both": (0.2, 0.25, 0.3, 0.35, 0.4), "network": (0.4, 0.5, 0.55, 0.6, 0.65, 0.7), "rules": (0.5, 0.6, 0.7, 0.75, 0.8, 1.1)}


def calibrate(network, items, inputs, language):
    """How likely a claim must be for about the best F1, by who finds it, and the lines from the logits to those of being right (Platt 1999)."""
    network.eval()
    found = []
    for batch in batches([i for i in items if i["language"] == language], 6000, random.Random(0)):
        found += zip(batch, decode(network, batch, inputs, min(GRID["both"]))[0])
    network.train()
    gold, tried = sum(len(item["gold"]) for item, _ in found), []
    for values in itertools.product(*GRID.values()):
        least = dict(zip(GRID, values))
        kept = [(item, [claim for _, _, claim in joined(item, predicted, least)]) for item, predicted in found]
        right = sum(len(matched(item["gold"], claims)) for item, claims in kept)
        given = sum(len(claims) for _, claims in kept)
        tried.append((2 * right / (gold + given), right / max(given, 1), least))
    # Of settings that are as good, the one with the fewest wrong claims.
    best = max(f1 for f1, _, _ in tried)
    least = max((t for t in tried if t[0] >= best - AS_GOOD), key=lambda t: t[1])[2]
    out = {}
    for who in GRID:
        logits, right = [], []
        for item, predicted in found:
            claims = joined(item, predicted, least)
            good = {id(claim) for _, claim in matched(item["gold"], [claim for _, _, claim in claims])}
            for own, probability, claim in claims:
                if own == who:
                    logits.append(np.log(probability / (1 - probability)))
                    right.append(float(id(claim) in good))
        scale, shift = line(logits, right)
        out[who] = {"least": least[who], "scale": round(scale, 4), "shift": round(shift, 4)}
    return out


def line(logits, right):
    """Scale and shift of the logits that make the outcomes likeliest; only a shift for few or for like ones."""
    x, y = torch.tensor(logits, dtype=torch.float32), torch.tensor(right)
    if len(x) < 20 or float(x.std()) < 0.2:
        share = (float(y.sum()) + 1) / (len(y) + 2)
        return 0.0, float(np.log(share / (1 - share)))
    weights = torch.tensor([1.0, 0.0], requires_grad=True)
    fit = torch.optim.LBFGS([weights], max_iter=100)

    def step():
        fit.zero_grad()
        loss = F.binary_cross_entropy_with_logits(weights[0] * x + weights[1], y)
        loss.backward()
        return loss

    fit.step(step)
    return tuple(weights.tolist())


def evaluate(network, items, inputs, threshold, language=None):
    """Scores on gold claims, about as `khabar evaluate` gives them."""
    network.eval()
    count = Counter()
    for batch in batches([i for i in items if language in (None, i["language"])], 6000, random.Random(0)):
        for item, predicted in zip(batch, decode(network, batch, inputs, threshold)[0]):
            for g, p in matched(item["gold"], predicted):
                count["tp"] += 1
                count["exact"] += g["content"] == p["content"]
                for name in LABELS:
                    if not name.startswith("about"):
                        count[name] += g[name] == p[name]
                count["basis"] += g["basis"] == p["basis"]
                count["both"] += g["basis"] == p["basis"] and g["source_side"] == p["source_side"]
                for role in ROLES[1:]:
                    count[role] += (g[role] is None) == (p[role] is None) and (g[role] is None or f1_of(g[role], p[role]) >= 0.5)
            count["gold"] += len(item["gold"])
            count["predicted"] += len(predicted)
    network.train()
    found = max(count["tp"], 1)
    out = {"P": count["tp"] / max(count["predicted"], 1), "R": count["tp"] / max(count["gold"], 1),
           "F1": 2 * count["tp"] / max(count["gold"] + count["predicted"], 1),
           "F1+source": 2 * count["both"] / max(count["gold"] + count["predicted"], 1)}
    out |= {name: count[name] / found for name in ("exact", "basis", *(f for f in LABELS if not f.startswith("about")), *ROLES[1:])}
    return {key: round(100 * value, 1) for key, value in out.items()}


@torch.no_grad()
def label(network, items, inputs, least, tell):
    """What a teacher says of blocks: items to learn from. `least`: claims less sure have no spans."""
    network.eval()
    out, done = [], 0
    for batch in batches(items, 4000, random.Random(0)):
        with torch.autocast("cpu", torch.bfloat16):
            claims, found = decode(network, batch, inputs, least)
        soft, cue = found["predicate"].sigmoid().numpy(), found["cue"].sigmoid().numpy()
        for row, (item, own) in enumerate(zip(batch, claims)):
            words = len(item["forms"])
            by_word = {at - item["start"]: value for at, value in merged(own).items()}
            out.append(item | {"has_claims": True, "soft": soft[row, :words], "cue_soft": cue[row, :words], "claims": by_word, "gold": [],
                               "cues": {}})
        done += sum(len(i["forms"]) for i in batch)
        if len(out) % 500 < len(batch):
            tell(f"{len(out)}/{len(items)} blocks labelled, {done} words")
    return out


class Averages:
    """Exponential averages of the weights (Polyak & Juditsky 1992), which generalize better than the last ones."""

    def __init__(self, network, decay):
        self.weights = [p for p in network.parameters() if p.requires_grad]
        self.means = [p.detach().clone() for p in self.weights]
        self.decay = decay

    @torch.no_grad()
    def update(self, step):
        """Takes the weights after a step."""
        torch._foreach_lerp_(self.means, self.weights, 1 - min(self.decay, (1 + step) / (10 + step)))

    @torch.no_grad()
    def exchange(self):
        """Puts the averages into the network, and its weights into their place; or the other way round."""
        for weight, mean in zip(self.weights, self.means):
            kept = weight.clone()
            weight.copy_(mean)
            mean.copy_(kept)


def network_of(arguments, config, feature_count):
    """The network that is asked for, with the weights that it starts from, and what feeds it."""
    sizes, state = read_weight_file(arguments.words)
    if arguments.pieces:
        encoder = Shape(**sizes)
        shape = ClaimShape(features=feature_count, hidden=encoder.hidden, heads=encoder.heads, epsilon=encoder.epsilon, **config["teacher"])
        network = ClaimTeacher(shape, encoder, config["dropout"])
        network.encoder.load_state_dict({name: value for name, value in state.items() if not name.startswith("word_heads.")})
        return network, PieceInputs(Tokenizer.from_file(str(arguments.pieces)))
    student = StudentShape(**sizes)
    shape = ClaimShape(features=feature_count, hidden=student.hidden, blocks=student.blocks, heads=student.heads, inner=student.inner,
                       epsilon=student.epsilon, **config["sizes"])
    network = ClaimNetwork(shape, student, config["dropout"])
    network.start_from(state)
    return network, WordInputs(Words.of_weights(arguments.words, student))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--words", type=Path, required=True, help="weight file of the fast model; for a teacher of the accurate one")
    parser.add_argument("--pieces", type=Path, help="vocabulary of the accurate model: train a teacher")
    parser.add_argument("--train", type=Path, nargs="+", required=True)
    parser.add_argument("--attributions", type=Path, nargs="*", default=[], help="files with attributions alone")
    parser.add_argument("--tones", type=Path, nargs=2, metavar=("FEATURES", "LABELS"), help="sentences with tones, and labels.json of tones.py")
    parser.add_argument("--taught", type=Path, help="what a teacher said of other articles")
    parser.add_argument("--label", type=Path, nargs="*", default=[], help="files for the teacher to label, after its training")
    parser.add_argument("--dev", type=Path, nargs="*", default=[])
    parser.add_argument("--held-out", type=int, default=0, help="every so many'th story of the training files is for dev, too, and not trained on")
    parser.add_argument("--init", type=Path, help="checkpoint of another run to start from")
    parser.add_argument("--minutes", type=float, help="of training, instead of those of the settings")
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

    train = [item for path in arguments.train for item in blocks(path)]
    dev = [item for path in arguments.dev for item in blocks(path)]
    if arguments.held_out:
        stories = sorted({Path(i["name"]).name for i in train})
        held = set(stories[:: arguments.held_out])
        dev += [i for i in train if Path(i["name"]).name in held]
        train = [i for i in train if Path(i["name"]).name not in held]
    extra = [item for path in arguments.attributions for item in blocks(path)]
    taught = torch.load(arguments.taught, weights_only=False) if arguments.taught else []
    tones, tones_dev = sentences_with_tones(*arguments.tones) if arguments.tones else ([], [])
    with open(arguments.train[0], encoding="utf-8") as file:
        feature_count = 2 * sum(json.loads(file.readline())["sizes"]) + 1
    network, inputs = network_of(arguments, config, feature_count)
    tell(f"{len(train)} blocks with {sum(len(i['gold']) for i in train)} claims, {len(extra)} blocks with attributions alone, "
         f"{len(taught)} by a teacher, {len(dev)} for dev with {sum(len(i['gold']) for i in dev)} claims")
    if arguments.init:
        network.load_state_dict(torch.load(arguments.init, weights_only=False)["network"], strict=False)
    old = network.pretrained()
    known = {id(p) for p in old}
    new = [p for p in network.parameters() if p.requires_grad and id(p) not in known]
    block_rate = config["encoder_rate" if arguments.pieces else "block_rate"]
    optimizer = torch.optim.AdamW([{"params": new, "peak": config["rate"], "lr": 0.0}, {"params": old, "peak": block_rate, "lr": 0.0}],
                                  betas=(0.9, 0.98), weight_decay=config["weight_decay"], fused=True)
    budget = 60 * (arguments.minutes or config["teacher_minutes" if arguments.pieces else "minutes"])
    spent, step, window = 0.0, 0, Counter()
    averages = Averages(network, config["averaged"])
    checkpoint = arguments.work / "checkpoint.pt"
    if checkpoint.exists():
        kept = torch.load(checkpoint, weights_only=False)
        network.load_state_dict(kept["network"])
        optimizer.load_state_dict(kept["optimizer"])
        spent, step, averages.means = kept["spent"], kept["step"], kept["means"]
        tell(f"goes on from step {step} ({spent / budget:.1%})")

    def save():
        part = checkpoint.with_suffix(".part")
        torch.save({"network": network.state_dict(), "optimizer": optimizer.state_dict(), "spent": spent, "step": step,
                    "means": averages.means, "shape": network.shape.to_dict()}, part)
        part.replace(checkpoint)

    def measure(thresholds):
        for language in ("ar", "en") if dev else ():
            for threshold in thresholds:
                tell(f"  {language} {threshold}: {evaluate(network, dev, inputs, threshold, language)}")

        if tones_dev:
            tell(f"  {tone_f1(network, tones_dev, inputs)}")

    def endless(items):
        while items:
            yield from batches(items, config["teacher_batch_words" if arguments.pieces else "batch_words"], rng)

    sources = {"gold": endless(train), "attributions": endless(extra), "taught": endless(taught), "tones": endless(tones)}
    odds = {"gold": 1.0, "attributions": config["attributions"] if extra else 0, "taught": config["taught"] if taught else 0,
            "tones": config["tones"] if tones else 0}
    last = time.time()
    network.train()
    while spent < budget:
        begun = time.time()
        rate = min(1.0, (step + 1) / config["warm_steps"]) * (1 - spent / budget)
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * rate
        source = rng.choices(list(odds), list(odds.values()))[0]
        batch = next(sources[source])
        batch = [varied(item, config, rng) for item in batch]
        with torch.autocast("cpu", torch.bfloat16, enabled=config["bfloat16"]):
            if source == "tones":
                parts = {name: F.cross_entropy(*scored) for name, scored in zip(("tone", "subjective"), tone_scores(network, batch, inputs)) if scored}
                loss, parts = sum(parts.values()), {name: float(part.detach()) for name, part in parts.items()}
            else:
                loss, parts = losses(network, batch, inputs, config["weights"])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_([*new, *old], 1.0)
        optimizer.step()
        averages.update(step)
        step += 1
        for key, value in parts.items():
            window[key] += value
            window[key, "n"] += 1
        spent += min(time.time() - begun, 15)
        if step % 100 == 0:
            tell(f"step {step} ({spent / budget:.1%}) " + " ".join(f"{k} {v / window[k, 'n']:.3f}" for k, v in sorted(
                (k, v) for k, v in window.items() if isinstance(k, str))))
            window = Counter()
        if time.time() - last > config["measure_minutes"] * 60:
            save()
            averages.exchange()
            measure([config["threshold"]])
            averages.exchange()
            last = time.time()
    averages.exchange()
    save()
    measure([0.3, 0.4, 0.5])
    if dev:
        found = {language: calibrate(network, dev, inputs, language) for language in ("ar", "en")}
        tell(f"calibration {found}")
        (arguments.work / "calibration.json").write_text(json.dumps(found), encoding="utf-8")
    if arguments.label:
        torch.save(label(network, [item for path in arguments.label for item in blocks(path)], inputs, 0.25, tell), arguments.work / "taught.pt")


if __name__ == "__main__":
    main()
