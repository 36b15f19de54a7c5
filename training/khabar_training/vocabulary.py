"""Which subword pieces Arabic and English news need."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from tokenizers import Tokenizer

from .data import bare, read_lines
from .e5 import prune_tokenizer

PROCLITICS = ("و", "ف", "ب", "ك", "ل", "س")


def prune(tokenizer: Path, target: Path, raw: list[Path], gold_forms: Counter, size: int, pattern) -> list[int]:
    """Keeps the `size` pieces that are most frequent in raw text and gold words; returns their old numbers."""
    counts = Counter()
    for path in raw:
        for line in read_lines(path):
            counts.update(pattern.findall(line))
    words = Counter()
    for word, number in counts.items():
        word = bare(word)
        if number < 3 or not word:
            continue
        words[word] += number
        # Arabic words stand without their clitics in the network's input.
        if word[0] in PROCLITICS and len(word) > 3:
            words[word[1:]] += number // 4
            words["ال" + word[2:] if word[:2] == "لل" else word[1:]] += number // 4
    for form, number in gold_forms.items():
        words[form] += 5 * number
    full = Tokenizer.from_file(str(tokenizer))
    order = list(words)
    pieces = Counter()
    for word, encoding in zip(order, full.encode_batch(order, add_special_tokens=False)):
        for piece in encoding.tokens:
            pieces[piece] += words[word]
    spec = json.loads(Path(tokenizer).read_text(encoding="utf-8"))
    single = {piece for piece, _ in spec["model"]["vocab"]
              if len(piece.lstrip("▁")) <= 1 and (piece in pieces or all(ord(c) < 0x250 for c in piece.lstrip("▁")))}
    keep = {piece for piece, _ in pieces.most_common(size)} | single
    return prune_tokenizer(tokenizer, target, keep)
