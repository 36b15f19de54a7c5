"""Readers of the gold data: treebanks (CoNLL-U), segmented text and names, as sentences of syntactic words.

A label that a data set does not have is `None`; the network is not trained on it there.
"""

from __future__ import annotations

import lzma
import re
from dataclasses import dataclass, field
from pathlib import Path

HARAKAT = re.compile("[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640]")
ARABIC = re.compile("[\u0620-\u064a]")
NAME_TYPES = {"PER": "PER", "PERS": "PER", "ORG": "ORG", "LOC": "LOC", "MISC": "MISC", "MIS": "MISC", "MIS0": "MISC",
              "MIS1": "MISC", "MIS2": "MISC", "MIS3": "MISC", "politician": "PER", "person": "PER", "location": "LOC",
              "country": "LOC", "politicalparty": "ORG", "organisation": "ORG", "election": "MISC", "event": "MISC",
              "misc": "MISC",}


class DataError(Exception):
    """A line that is not of its format, with file and line."""


@dataclass
class Sentence:
    """Words of one sentence and their gold labels; lists are as long as `forms` or `None`."""

    source: str
    forms: list[str]
    upos: list[str] | None = None
    xpos: list[str] | None = None
    feats: list[str | None] | None = None
    lemma: list[str | None] | None = None
    vocalised: list[str | None] | None = None
    restored: list[str | None] | None = None
    heads: list[int] | None = None
    relations: list[str] | None = None
    names: list[str] | None = None
    tokens: list[int] = field(default_factory=list)


def read_lines(path: Path) -> list[str]:
    """The lines of a UTF-8 file, unpacking `.xz`."""
    opener = lzma.open if path.suffix == ".xz" else open
    with opener(path, "rt", encoding="utf-8", newline="\n") as file:
        return file.read().split("\n")


def bare(text: str) -> str:
    """Without vowel marks and tatweel."""
    return HARAKAT.sub("", text)


@dataclass
class Row:
    """A word line of CoNLL-U."""

    form: str
    lemma: str
    upos: str
    xpos: str
    feats: str
    head: str
    relation: str
    misc: str
    surface: str | None = None  # of its multi-word token, on the first word only
    length: int = 1  # words of that token


def read_conllu(path: Path) -> list[list[Row]]:
    """Sentences of a CoNLL-U file (https://universaldependencies.org/format.html); empty nodes are passed over."""
    sentences, rows, span = [], [], None
    for number, line in enumerate(read_lines(path), 1):
        if not line:
            if rows:
                sentences.append(rows)
            rows, span = [], None
            continue
        if line.startswith("#"):
            continue
        columns = line.split("\t")
        if len(columns) != 10:
            raise DataError(f"{path}:{number}: {len(columns)} columns where CoNLL-U has ten")
        name = columns[0]
        if "." in name:
            continue
        if "-" in name:
            first, last = name.split("-")
            span = (columns[1], int(last) - int(first) + 1)
            continue
        if not name.isdigit() or int(name) != len(rows) + 1:
            raise DataError(f"{path}:{number}: word {name} where {len(rows) + 1} is due")
        rows.append(Row(columns[1], columns[2], *columns[3:8], columns[9]))
        if span:
            rows[-1].surface, rows[-1].length = span
            span = None
    if rows:
        sentences.append(rows)
    return sentences


def cut(surface: str, parts: list[str]) -> list[str]:
    """The parts of an Arabic token as they can be cut from its letters: gold restores hamza and the article."""
    surface = bare(surface)
    parts = [bare(part) for part in parts]
    if "".join(parts) == surface or not all(parts):
        return parts
    host = max(range(len(parts)), key=lambda i: len(parts[i]))
    before = sum(len(part) for part in parts[:host])
    after = sum(len(part) for part in parts[host + 1 :])
    written = surface[before : len(surface) - after]
    if not written:
        return parts
    if parts[host].startswith("ال") and not written.startswith("ال"):
        written = "ا" + written
    return parts[:host] + [written] + parts[host + 1 :]


def words_of(rows: list[Row], arabic: bool) -> tuple[list[str], list[str | None], list[int]]:
    """Forms as the program sees them, the restored forms (hosts of cut Arabic tokens only), token numbers."""
    forms, restored, tokens, at, token = [], [], [], 0, 0
    while at < len(rows):
        group = rows[at : at + rows[at].length]
        if arabic and len(group) > 1:
            gold = [bare(row.form) for row in group]
            # PUD leaves the cut form لسلطة of للسلطة where the word is السلطة.
            for i in range(1, len(group)):
                if gold[i - 1] == "ل" and gold[i].startswith("ل") and "Definite=Def" in group[i].feats:
                    gold[i] = "ا" + gold[i]
            seen = cut(group[0].surface, gold)
            forms += seen
            restored += gold
        else:
            forms += [bare(row.form) or row.form for row in group]
            restored += [None] * len(group)
        tokens += [token] * len(group)
        token += 1
        at += len(group)
    return forms, restored, tokens


def treebank(path: Path, source: str, *, arabic=False, xpos=False, feats=True, lemma=True) -> list[Sentence]:
    """Sentences of a treebank, with the labels that the flags leave in."""
    sentences = []
    for rows in read_conllu(path):
        forms, restored, tokens = words_of(rows, arabic)
        trees = all(row.head.isdigit() for row in rows)
        tags = rows[0].upos != "_"
        lemmas = lemma and any(row.lemma != "_" for row in rows)

        def lemma_of(row):
            # Words that PADT left unanalysed have their form for a lemma.
            return None if not lemmas or (arabic and row.xpos[:1] in "UY") else row.lemma

        def feats_of(row):
            if not feats or not tags or (arabic and row.xpos[:1] in "UY"):
                return None
            return row.feats

        sentences.append(Sentence(
            source, forms, tokens=tokens,
            upos=[row.upos for row in rows] if tags else None,
            xpos=[row.xpos for row in rows] if xpos else None,
            feats=[feats_of(row) for row in rows] if feats else None,
            lemma=[(bare(l) if l is not None else None) for l in map(lemma_of, rows)] if lemmas else None,
            vocalised=[lemma_of(row) for row in rows] if lemmas and arabic else None,
            restored=restored if arabic else None,
            heads=[int(row.head) for row in rows] if trees else None,
            relations=[row.relation for row in rows] if trees else None))
    return sentences


def unimorph(path: Path, train: list[list[Row]], source: str) -> list[Sentence]:
    """The PADT sentences with UniMorph tags: lemma, part of speech, and features mapped by the sentences that both have."""
    counts: dict[tuple[str, str], dict[str, int]] = {}
    trees = {tuple(row.form for row in rows): rows for rows in train}
    all_rows = read_conllu(path)
    for rows in all_rows:
        known = trees.get(tuple(row.form for row in rows))
        for row, gold in zip(rows, known or []):
            if gold.xpos[:1] not in "UY":
                table = counts.setdefault((row.upos, row.feats), {})
                table[gold.feats] = table.get(gold.feats, 0) + 1
    # A mapping that the shared sentences show and that is nearly always the same.
    mapping = {}
    for key, table in counts.items():
        best = max(table, key=table.get)
        if sum(table.values()) >= 3 and table[best] >= 0.85 * sum(table.values()):
            mapping[key] = best
    sentences = []
    for rows in all_rows:
        if rows[0].upos == "_" or tuple(row.form for row in rows) in trees:
            continue
        forms, restored, tokens = words_of(rows, True)
        sentences.append(Sentence(
            source, forms, tokens=tokens, upos=[row.upos for row in rows],
            feats=[None if unknown(row) else mapping.get((row.upos, row.feats)) for row in rows],
            lemma=[None if unknown(row) else bare(row.lemma) for row in rows],
            vocalised=[None if unknown(row) else row.lemma for row in rows], restored=restored))
    return sentences


def unknown(row: Row) -> bool:
    """Whether PADT left a word unanalysed: its lemma is its form then."""
    return row.upos == "X" and row.lemma == row.form or not bare(row.lemma)


def names(path: Path, source: str, *, inside_only=False, block: int | None = None, dev=False) -> list[Sentence]:
    """A file of words and name tags. A third column holds the segments of a word, joined by `+`, a fourth the host.

    With `block`, every tenth block of that many sentences, beginning with the first, is the dev part (as in `khabar evaluate --slice 10`);
    the rest is for training.
    """
    sentences, current, number_of = [], [], 0

    def close():
        nonlocal number_of
        if not current:
            return
        number = number_of
        number_of += 1
        if block and ((number // block) % 10 == 0) != dev:
            return
        forms, labels, tokens = [], [], []
        previous = "O"
        for token, (word, tag, segments, host) in enumerate(current):
            kind = NAME_TYPES.get(tag[2:], None) if tag != "O" else None
            label = "O" if kind is None else f"{tag[0]}-{kind}"
            if label[0] == "I" and previous[2:] != kind:
                label = f"B-{kind}"
            previous = label
            for i, part in enumerate(segments):
                forms.append(part)
                tokens.append(token)
                # A preposition or conjunction before a name is outside of it, but inside a name it stays.
                if i == host:
                    labels.append(label)
                elif i < host:
                    labels.append(label if label[0] == "I" else "O")
                else:
                    labels.append("O" if label == "O" else f"I-{kind}")
        sentences.append(Sentence(source, forms, names=labels, tokens=tokens))

    for number, line in enumerate(read_lines(path), 1):
        if line.startswith("# "):
            continue
        if not line.strip():
            close()
            current = []
            continue
        columns = line.split("\t")
        if len(columns) < 2:
            raise DataError(f"{path}:{number}: no tag")
        word, tag = columns[0], columns[1]
        if tag != "O" and not re.match("[BI]-", tag):
            raise DataError(f"{path}:{number}: tag {tag} is neither O nor B-… nor I-…")
        segments = [bare(s) or s for s in (columns[2].split("+") if len(columns) > 3 else [word])]
        current.append((word, tag, segments, int(columns[3]) if len(columns) > 3 else 0))
    close()
    return sentences


def merge(trees: list[Sentence], other: list[Sentence]) -> list[Sentence]:
    """Sentences of `other` whose words are not among those of `trees`."""
    known = {tuple(s.forms) for s in trees}
    return [s for s in other if tuple(s.forms) not in known]


def attach_names(sentences: list[Sentence], named: list[Sentence]) -> list[Sentence]:
    """Puts name labels on the sentences with the same words; returns the named sentences that found none."""
    by_words = {tuple(s.forms): s for s in sentences}
    rest = []
    for item in named:
        found = by_words.get(tuple(item.forms))
        if found is None:
            rest.append(item)
        else:
            found.names = item.names
    return rest


def edits(source: str, target: str) -> str:
    """The least edits that make `target` of `source`: `.` keeps a letter, `-` drops one, `+x` puts x."""
    n, m = len(source), len(target)
    left = [[m - j + n - i for j in range(m + 1)] for i in range(n + 1)]
    for i in range(n - 1, -1, -1):
        for j in range(m - 1, -1, -1):
            left[i][j] = 1 + min(left[i + 1][j], left[i][j + 1])
            if source[i] == target[j]:
                left[i][j] = min(left[i][j], left[i + 1][j + 1])
    out, i, j = "", 0, 0
    while i < n or j < m:
        if i < n and j < m and source[i] == target[j] and left[i][j] == left[i + 1][j + 1]:
            out, i, j = out + ".", i + 1, j + 1
        elif i < n and left[i][j] == 1 + left[i + 1][j]:
            out, i = out + "-", i + 1
        else:
            out, j = out + "+" + target[j], j + 1
    return out


def edit_script(form: str, target: str) -> str:
    """How to make `target` from `form`: `lower?|edits of the start|edits of the end`, or `=` and the whole word.

    After Straka (2018), UDPipe 2.0 prototype: the longest common run stays, the letters around it are edited.
    """
    lowered = form.lower()
    case = "l" if target == target.lower() and form != lowered else ""
    base = lowered if case else form
    best, start, at = 0, 0, 0
    for i in range(len(base)):
        for j in range(len(target)):
            k = 0
            while i + k < len(base) and j + k < len(target) and base[i + k] == target[j + k]:
                k += 1
            if k > best:
                best, start, at = k, i, j
    if not best:
        return f"={target}"
    return f"{case}|{edits(base[:start], target[:at])}|{edits(base[start + best:], target[at + best:])}"


def edited(letters: str, script: str) -> str:
    """`letters`, as many as the script keeps or drops, edited."""
    out, at, k = "", 0, 0
    while k < len(script):
        if script[k] == "+":
            out, k = out + script[k + 1], k + 1
        else:
            out, at = out + (letters[at] if script[k] == "." else ""), at + 1
        k += 1
    return out


def apply_edit(form: str, script: str) -> str | None:
    """The word that a script makes of a form; `None` where the script does not fit."""
    if script.startswith("="):
        return script[1:]
    case, _, rest = script.partition("|")
    before, after = split_bar(rest)
    base = form.lower() if case else form
    first, last = taken(before), taken(after)
    if first + last >= len(base):
        return None
    end = len(base) - last
    return edited(base[:first], before) + base[first:end] + edited(base[end:], after)


def split_bar(edits_of_both: str) -> tuple[str, str]:
    """The edits on both sides of the bar that is no letter to put."""
    k = 0
    while edits_of_both[k] != "|":
        k += 2 if edits_of_both[k] == "+" else 1
    return edits_of_both[:k], edits_of_both[k + 1 :]


def taken(script: str) -> int:
    """How many letters the edits keep or drop."""
    count, k = 0, 0
    while k < len(script):
        if script[k] == "+":
            k += 1
        else:
            count += 1
        k += 1
    return count


def vowel_script(lemma: str, vocalised: str) -> str:
    """The marks after each letter of a bare lemma, joined by commas; letters that differ are written out."""
    letters, marks = [], []
    for c in vocalised:
        if HARAKAT.match(c) and marks:
            marks[-1] += c
        else:
            letters.append(c)
            marks.append("")
    if "".join(letters) != lemma:
        return "=" + vocalised
    return ",".join(marks)


def apply_vowels(lemma: str, script: str) -> str | None:
    """The lemma with the marks; `None` where their number does not fit."""
    if script.startswith("="):
        return script[1:] if bare(script[1:]) == lemma else None
    marks = script.split(",")
    if len(marks) != len(lemma):
        return None
    return "".join(c + m for c, m in zip(lemma, marks))
