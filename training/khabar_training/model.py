"""The network: an encoder over subword pieces and heads over words. `Shape` is its one definition; the program reads
it from the metadata of the weight file."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class Shape:
    """Sizes of the network; `labels` gives the classes of each head, `sources` the data sets whose habits it knows."""

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

    def to_dict(self) -> dict:
        """For the metadata of a weight file."""
        return asdict(self)


class Layer(nn.Module):
    """A transformer layer with the normalization after each part (Devlin et al. 2019)."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.heads = shape.heads
        self.qkv = nn.Linear(shape.hidden, 3 * shape.hidden)
        self.out = nn.Linear(shape.hidden, shape.hidden)
        self.norm1 = nn.LayerNorm(shape.hidden, shape.epsilon)
        self.up = nn.Linear(shape.hidden, shape.inner)
        self.down = nn.Linear(shape.inner, shape.hidden)
        self.norm2 = nn.LayerNorm(shape.hidden, shape.epsilon)

    def forward(self, x, mask):
        batch, length, hidden = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        x = self.norm1(x + self.out(mixed.transpose(1, 2).reshape(batch, length, hidden)))
        return self.norm2(x + self.down(F.gelu(self.up(x))))


class Heads(nn.Module):
    """What is said of a word from its vector; index 0 of each sentence is the root."""

    def __init__(self, shape: Shape, dropout: float):
        super().__init__()
        self.shape = shape
        self.source = nn.Embedding(len(shape.sources), shape.hidden)
        nn.init.normal_(self.source.weight, std=0.02)
        self.dropout = nn.Dropout(dropout)
        self.tag = nn.Linear(shape.hidden, shape.tag)
        self.name = nn.Linear(shape.hidden, shape.name)
        self.arc_head = nn.Linear(shape.hidden, shape.arc)
        self.arc_dependent = nn.Linear(shape.hidden, shape.arc)
        self.relation_head = nn.Linear(shape.hidden, shape.relation)
        self.relation_dependent = nn.Linear(shape.hidden, shape.relation)
        self.arc = nn.Parameter(torch.zeros(shape.arc + 1, shape.arc))
        relations = len(shape.labels["relation"])
        self.relation = nn.Parameter(torch.zeros(relations, shape.relation + 1, shape.relation + 1))
        nn.init.normal_(self.arc, std=0.02)
        nn.init.normal_(self.relation, std=0.02)
        self.outputs = nn.ModuleDict({
            name: nn.Linear(shape.name if name == "name" else shape.tag, len(labels))
            for name, labels in shape.labels.items() if name != "relation"})

    def forward(self, words, source):
        """`words`: sentences × (1 + words) × hidden; `source`: a number for each sentence."""
        x = self.dropout(words + self.source(source)[:, None])
        tag, name = self.dropout(F.gelu(self.tag(x))), self.dropout(F.gelu(self.name(x)))
        out = {key: layer(name if key == "name" else tag) for key, layer in self.outputs.items()}
        heads, dependents = (self.dropout(F.gelu(f(x))) for f in (self.arc_head, self.arc_dependent))
        ones = dependents.new_ones(dependents.shape[:2] + (1,))
        # arcs[s, d, h]: how well h is the head of d
        out["arc"] = torch.cat([dependents, ones], -1) @ self.arc @ heads.transpose(1, 2)
        out["relation_head"] = self.dropout(F.gelu(self.relation_head(x)))
        out["relation_dependent"] = self.dropout(F.gelu(self.relation_dependent(x)))
        return out

    def relations(self, out, heads):
        """Scores of the relations of each word to the given head: sentences × (1 + words) × relations."""
        head = torch.gather(out["relation_head"], 1, heads[..., None].expand(-1, -1, self.shape.relation))
        ones = head.new_ones(head.shape[:2] + (1,))
        head, dependent = torch.cat([head, ones], -1), torch.cat([out["relation_dependent"], ones], -1)
        # dependent · W · head for each relation, the sum over the dependent first
        mixed = (dependent @ self.relation.permute(1, 0, 2).flatten(1)).unflatten(-1, self.relation.shape[::2])
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

    def forward(self, pieces, mask, word, count, source):
        return self.word_heads(self.words(pieces, mask, word, count), source)


@dataclass
class StudentShape:
    """Sizes of the small network: words from pieces and hashed letter groups, then convolutions and attention in turn."""

    pieces: int
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

    def to_dict(self) -> dict:
        """For the metadata of a weight file."""
        return asdict(self)


class Block(nn.Module):
    """A convolution over three words, then a transformer layer."""

    def __init__(self, shape: StudentShape):
        super().__init__()
        self.mix = nn.Linear(3 * shape.hidden, shape.hidden)
        self.norm = nn.LayerNorm(shape.hidden, shape.epsilon)
        self.layer = Layer(shape)

    def forward(self, x, there, mask):
        x = x * there[..., None]
        edge = x.new_zeros(x.shape[0], 1, x.shape[2])
        around = torch.cat([torch.cat([edge, x[:, :-1]], 1), x, torch.cat([x[:, 1:], edge], 1)], -1)
        return self.layer(self.norm(x + F.gelu(self.mix(around))), mask)


class Student(nn.Module):
    """The small network. Inputs are whole words, so there is no padding to pieces and no limit of length."""

    def __init__(self, shape: StudentShape, dropout: float = 0.1):
        super().__init__()
        self.shape = shape
        self.piece = nn.EmbeddingBag(shape.pieces, shape.hidden, mode="sum")
        self.group = nn.EmbeddingBag(shape.buckets, shape.hidden, mode="sum")
        for table in (self.piece, self.group):
            nn.init.normal_(table.weight, std=0.1)
        self.norm = nn.LayerNorm(shape.hidden, shape.epsilon)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.blocks))
        self.word_heads = Heads(shape, dropout)

    def forward(self, pieces, piece_starts, groups, group_starts, there, source):
        """`there`: sentences × (1 + words), the root first; the bags list the words that are there, row by row. A root is a word
        of its own (no pieces, one group)."""
        flat = self.norm(self.piece(pieces, piece_starts) + self.group(groups, group_starts))
        x = flat.new_zeros(there.shape + (flat.shape[-1],))
        x[there] = self.dropout(flat)
        mask = torch.zeros(there.shape, dtype=x.dtype).masked_fill(~there, float("-inf"))[:, None, None]
        for block in self.blocks:
            x = block(x, there, mask)
        return self.word_heads(x, source)


def letter_groups(form: str, buckets: int) -> list[int]:
    """Hashed beginnings and ends of a word (up to four letters), the word itself, and how it is written.

    FNV-1a over UTF-8 of the lower-cased form with a mark of the kind of group; the program does the same.
    """
    lowered = form.lower()
    kind = ("A" if form.isupper() and len(form) > 1 else "C" if form[:1].isupper() else "d" if any(c.isdigit() for c in form) else "x")
    groups = [f"w{lowered}", f"k{kind}"]
    for n in range(1, min(4, len(lowered)) + 1):
        groups += [f"p{lowered[:n]}", f"s{lowered[-n:]}"]
    return [fnv(group) % buckets for group in groups]


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
