"""The network: an encoder over subword pieces and heads over words. `Shape` is its one definition; the program reads
it from the metadata of the weight file."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class Shape:
    """Sizes of the network; `labels` gives the classes of each head, `languages` the numbers of those that a language has,
    `sources` the data sets whose habits the network knows."""

    pieces: int
    hidden: int
    layers: int
    heads: int
    inner: int
    positions: int
    epsilon: float
    tag: int
    name: int
    arc: int
    relation: int
    sources: list[str]
    labels: dict[str, list[str]]
    languages: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    activation: str = "gelu"

    def to_dict(self) -> dict:
        """For the metadata of a weight file."""
        return asdict(self)


ACTIVATIONS = {"gelu": F.gelu, "relu": F.relu}


class Layer(nn.Module):
    """A transformer layer with the normalization after each part (Devlin et al. 2019)."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.heads = shape.heads
        self.activation = ACTIVATIONS[shape.activation]
        self.qkv = nn.Linear(shape.hidden, 3 * shape.hidden)
        self.out = nn.Linear(shape.hidden, shape.hidden)
        self.norm1 = nn.LayerNorm(shape.hidden, shape.epsilon)
        self.up = nn.Linear(shape.hidden, shape.inner)
        self.down = nn.Linear(shape.inner, shape.hidden)
        self.norm2 = nn.LayerNorm(shape.hidden, shape.epsilon)

    def forward(self, x, mask):
        batch, length, hidden = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        # Written out: on a CPU the backward pass of the fused form is slower for sentences.
        scores = (q @ k.transpose(-1, -2)) * q.shape[-1] ** -0.5 + mask.to(q.dtype)
        mixed = scores.softmax(-1).to(v.dtype) @ v
        x = self.norm1(x + self.out(mixed.transpose(1, 2).reshape(batch, length, hidden)))
        return self.norm2(x + self.down(self.activation(self.up(x))))


class SentenceDropout(nn.Module):
    """Dropout with one mask for all words of a sentence (Gal & Ghahramani 2016); with fewer numbers to draw it is faster, too."""

    def __init__(self, share: float):
        super().__init__()
        self.share = share

    def forward(self, x):
        """`x`: sentences × words × width."""
        if not self.training or not self.share:
            return x
        return x * (x.new_empty(x.shape[0], 1, x.shape[2]).bernoulli_(1 - self.share) / (1 - self.share))


class Heads(nn.Module):
    """What is said of a word from its vector; index 0 of each sentence is the root."""

    def __init__(self, shape: Shape, dropout: float):
        super().__init__()
        self.shape = shape
        self.activation = ACTIVATIONS[shape.activation]
        self.source = nn.Embedding(len(shape.sources), shape.hidden)
        nn.init.normal_(self.source.weight, std=0.02)
        self.dropout = SentenceDropout(dropout)
        self.tag = nn.Linear(shape.hidden, shape.tag)
        self.name = nn.Linear(shape.hidden, shape.name)
        self.arc_head = nn.Linear(shape.hidden, shape.arc)
        self.arc_dependent = nn.Linear(shape.hidden, shape.arc)
        self.relation_head = nn.Linear(shape.hidden, shape.relation)
        self.relation_dependent = nn.Linear(shape.hidden, shape.relation)
        # The biaffine forms: what a dependent looks for, then its product with the head (and a one).
        self.arc = nn.Linear(shape.arc, shape.arc)
        self.relation = nn.Linear(shape.relation, len(shape.labels["relation"]) * (shape.relation + 1))
        for form in (self.arc, self.relation):
            nn.init.normal_(form.weight, std=0.02)
            nn.init.normal_(form.bias, std=0.02)
        self.outputs = nn.ModuleDict({
            name: nn.Linear(shape.name if name == "name" else shape.tag, len(labels))
            for name, labels in shape.labels.items() if name != "relation"})

    def forward(self, words, source, name_source=None):
        """`words`: sentences × (1 + words) × hidden; `source`: a number for each sentence; `name_source`: the same for its
        names, if they follow another data set."""
        x = self.dropout(words + self.source(source)[:, None])
        named = x if name_source is None else self.dropout(words + self.source(name_source)[:, None])
        tag, name = self.dropout(self.activation(self.tag(x))), self.dropout(self.activation(self.name(named)))
        out = {key: layer(name if key == "name" else tag) for key, layer in self.outputs.items()}
        heads, dependents = (self.dropout(self.activation(f(x))) for f in (self.arc_head, self.arc_dependent))
        # arcs[s, d, h]: how well h is the head of d
        out["arc"] = self.arc(dependents) @ heads.transpose(1, 2)
        out["relation_head"] = self.dropout(self.activation(self.relation_head(x)))
        out["relation_dependent"] = self.dropout(self.activation(self.relation_dependent(x)))
        return out

    def relations(self, out, heads):
        """Scores of the relations of each word to the given head: sentences × (1 + words) × relations."""
        head = torch.gather(out["relation_head"], 1, heads[..., None].expand(-1, -1, self.shape.relation))
        head = torch.cat([head, head.new_ones(head.shape[:2] + (1,))], -1)
        mixed = self.relation(out["relation_dependent"]).unflatten(-1, (-1, self.shape.relation + 1))
        return (mixed @ head[..., None]).squeeze(-1)


class Network(nn.Module):
    """Encoder and heads."""

    def __init__(self, shape: Shape, dropout: float = 0.15):
        super().__init__()
        self.shape = shape
        self.piece = nn.Embedding(shape.pieces, shape.hidden)
        self.position = nn.Embedding(shape.positions, shape.hidden)
        self.norm = nn.LayerNorm(shape.hidden, shape.epsilon)
        self.dropout = nn.Dropout(0.1)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.word_heads = Heads(shape, dropout)

    def words(self, pieces, mask, word, count):
        """Vectors of the words: the mean over their pieces.

        `pieces`: sentences × pieces; `mask`: which are there; `word`: the word of each piece (0 for the sentence
        marks, so that the first vector of a sentence stands for its root); `count`: most words of a sentence.
        """
        x = self.piece(pieces) + self.position.weight[: pieces.shape[1]]
        x = self.dropout(self.norm(x))
        bias = torch.zeros(mask.shape, dtype=x.dtype).masked_fill(~mask, float("-inf"))[:, None, None]
        for layer in self.layers:
            x = layer(x, bias)
        rows = torch.arange(pieces.shape[0])[:, None] * (count + 1)
        place = (rows + word)[mask]
        sums = x.new_zeros(pieces.shape[0] * (count + 1), x.shape[-1]).index_add(0, place, x[mask])
        sizes = x.new_zeros(sums.shape[0]).index_add(0, place, x.new_ones(place.shape[0]))
        return (sums / sizes.clamp(min=1)[:, None]).view(pieces.shape[0], count + 1, -1)

    def forward(self, pieces, mask, word, count, source, name_source=None):
        return self.word_heads(self.words(pieces, mask, word, count), source, name_source)


@dataclass
class StudentShape:
    """Sizes of the small network: words from a table, from hashed letter groups and from lists of names, then convolutions and
    attention in turn."""

    words: int
    listed: int  # words that the lists of names hold
    buckets: int
    hidden: int
    blocks: int
    heads: int
    inner: int
    epsilon: float
    tag: int
    name: int
    arc: int
    relation: int
    sources: list[str]
    labels: dict[str, list[str]]
    languages: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    activation: str = "relu"

    def to_dict(self) -> dict:
        """For the metadata of a weight file."""
        return asdict(self)


class Block(nn.Module):
    """A convolution over three words, then a transformer layer."""

    def __init__(self, shape: StudentShape):
        super().__init__()
        self.activation = ACTIVATIONS[shape.activation]
        self.mix = nn.Linear(3 * shape.hidden, shape.hidden)
        self.norm = nn.LayerNorm(shape.hidden, shape.epsilon)
        self.layer = Layer(shape)

    def forward(self, x, there, mask):
        x = x * there[..., None]
        edge = x.new_zeros(x.shape[0], 1, x.shape[2])
        around = torch.cat([torch.cat([edge, x[:, :-1]], 1), x, torch.cat([x[:, 1:], edge], 1)], -1)
        return self.layer(self.norm(x + self.activation(self.mix(around))), mask)


class Student(nn.Module):
    """The small network. Inputs are whole words, so there is no padding to pieces and no limit of length."""

    def __init__(self, shape: StudentShape, dropout: float = 0.1):
        super().__init__()
        self.shape = shape
        # Row 0 is for words that the table does not hold.
        self.word = nn.Embedding(shape.words + 1, shape.hidden)
        # The rows behind the hashed ones are for the kinds of names that lists hold.
        self.group = nn.EmbeddingBag(shape.buckets + LISTS, shape.hidden, mode="sum")
        for table in (self.word, self.group):
            nn.init.normal_(table.weight, std=0.1)
        self.norm = nn.LayerNorm(shape.hidden, shape.epsilon)
        self.dropout = SentenceDropout(dropout)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.blocks))
        self.word_heads = Heads(shape, dropout)

    def forward(self, words, groups, group_starts, there, source, name_source=None):
        """`there`: sentences × (1 + words), the root first; `words` and the bags list the words that are there, row by row."""
        flat = self.norm(self.word(words) + self.group(groups, group_starts))
        x = flat.new_zeros(there.shape + (flat.shape[-1],))
        x[there] = flat
        x = self.dropout(x)
        mask = torch.zeros(there.shape, dtype=x.dtype).masked_fill(~there, float("-inf"))[:, None, None]
        for block in self.blocks:
            x = block(x, there, mask)
        return self.word_heads(x, source, name_source)


# Kinds of words that the lists of names hold (gazetteer.py), as bits.
GIVEN, SURNAME, PLACE, PLACE_PART = 1, 2, 4, 8
LISTS = 4

FOLDED = str.maketrans("أإآٱىةؤئ٠١٢٣٤٥٦٧٨٩123456789", "اااايهوي" + 19 * "0")
MOST_LETTERS = 24  # of a word whose groups are taken
ROOT = "\0"


def letter_groups(form: str) -> list[str]:
    """How a word is written, its folded form, its beginnings and ends (up to four letters) and its runs of three letters.

    The program makes the same (`network/word.rs`).
    """
    lowered = form.lower()
    kind = ("A" if len(form) > 1 and form == form.upper() != lowered else "C" if form[:1] != lowered[:1]
            else "d" if any(c in "0123456789٠١٢٣٤٥٦٧٨٩" for c in form) else "x")
    folded = lowered.translate(FOLDED)
    groups = [f"k{kind}", f"f{folded}"]
    for n in range(1, min(4, len(lowered)) + 1):
        groups += [f"p{lowered[:n]}", f"s{lowered[-n:]}"]
    around = f"^{folded[:MOST_LETTERS]}$"
    return groups + [f"t{around[i : i + 3]}" for i in range(len(around) - 2)]


def fnv(text: str) -> int:
    """FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def load_e5(network: Network, tensors: dict, numbers: list[int]) -> None:
    """Puts the pretrained weights into the encoder; `numbers` are the kept pieces."""
    def put(parameter, value):
        assert tuple(parameter.shape) == tuple(value.shape), (parameter.shape, value.shape)
        parameter.data.copy_(torch.from_numpy(value))

    put(network.piece.weight, tensors["emb.word"][numbers])
    put(network.position.weight, tensors["emb.pos"] + tensors["emb.type"][:1])
    put(network.norm.weight, tensors["emb.ln.w"])
    put(network.norm.bias, tensors["emb.ln.b"])
    import numpy as np
    for n, layer in enumerate(network.layers):
        t = {key[len(f"l{n}."):]: value for key, value in tensors.items() if key.startswith(f"l{n}.")}
        put(layer.qkv.weight, np.concatenate([t["q.w"], t["k.w"], t["v.w"]]))
        put(layer.qkv.bias, np.concatenate([t["q.b"], t["k.b"], t["v.b"]]))
        for part, name in ((layer.out, "ao"), (layer.up, "fi"), (layer.down, "fo"), (layer.norm1, "aln"), (layer.norm2, "oln")):
            put(part.weight, t[f"{name}.w"])
            put(part.bias, t[f"{name}.b"])
