"""The claim network. `ClaimShape` is its one definition; the program reads it from the metadata of the weight file."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import torch
from torch import nn

from .model import ACTIVATIONS, LISTS, Block, SentenceDropout, StudentShape

# What is said of a word: whether it is the predicate of a claim, and of such a one whether the claim is on each side, and stated.
KINDS = ["claim", "US", "CN", "stated"]
ROLES = ["content", "actor", "source", "cue"]
FIELDS = {
    "polarity": ["affirmed", "negated"],
    "modality": ["asserted", "possible", "intended", "obligated", "conditional"],
    "stance_us": ["favourable", "unfavourable", "neutral"],
    "stance_cn": ["favourable", "unfavourable", "neutral"],
    "topic": ["models", "chips", "compute", "export_controls", "data", "talent", "energy", "investment", "regulation", "governance",
              "applications", "military", "security_ip", "open_source", "rivalry"],
    "source_side": ["US", "CN", "other", "none"],
    "about US": ["no", "yes"],
    "about CN": ["no", "yes"],
}


@dataclass
class ClaimShape:
    """Sizes of the claim network: `role` of the two sides of a span's score, `field` before the fields."""

    features: int
    hidden: int
    blocks: int
    heads: int
    inner: int
    epsilon: float
    tag: int
    role: int
    field: int
    activation: str = "relu"
    labels: dict[str, list[str]] = field(default_factory=lambda: dict(FIELDS))

    def to_dict(self) -> dict:
        """For the metadata of a weight file."""
        return asdict(self)


class ClaimNetwork(nn.Module):
    """Reads blocks of sentences; the tables of word vectors are the fast model's and stay as they are."""

    def __init__(self, shape: ClaimShape, student: StudentShape, dropout: float = 0.1):
        super().__init__()
        self.shape = shape
        self.activation = ACTIVATIONS[shape.activation]
        self.word = nn.Embedding(student.words + 1, shape.hidden)
        self.group = nn.EmbeddingBag(student.buckets + LISTS, shape.hidden, mode="sum")
        for table in (self.word, self.group):
            table.weight.requires_grad_(False)
        self.feature = nn.EmbeddingBag(shape.features, shape.hidden, mode="sum")
        nn.init.normal_(self.feature.weight, std=0.05)
        self.norm = nn.LayerNorm(shape.hidden, shape.epsilon)
        self.dropout = SentenceDropout(dropout)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.blocks))
        self.tag = nn.Linear(shape.hidden, shape.tag)
        self.predicate = nn.Linear(shape.tag, len(KINDS))
        self.cue = nn.Linear(shape.tag, 1)
        # What the predicate of a claim, and a cue, look for in the words of each role: where it begins, where it ends, what it holds.
        width = len(ROLES) * 3 * (shape.role + 1)
        self.claim_seeks, self.cue_seeks = nn.Linear(shape.hidden, width), nn.Linear(shape.hidden, width)
        self.shows = nn.Linear(shape.hidden, 3 * shape.role)
        self.field = nn.Linear(2 * shape.hidden, shape.field)
        self.outputs = nn.ModuleDict({name.replace(" ", "_"): nn.Linear(shape.field, len(labels)) for name, labels in FIELDS.items()})
        nn.init.constant_(self.predicate.bias[:1], -3.0)
        nn.init.constant_(self.cue.bias, -3.0)

    def start_from(self, state: dict) -> None:
        """Takes tables, first norm and blocks of the fast model."""
        own = self.state_dict()
        with torch.no_grad():
            for name, value in state.items():
                if name.startswith(("word.", "group.", "norm.", "blocks.")):
                    own[name].copy_(value)

    def forward(self, words, groups, group_starts, features, there):
        """Vectors of the words, and what is said of each. `features`: words × kinds."""
        flat = self.norm(self.word(words) + self.group(groups, group_starts) + self.feature(features))
        x = flat.new_zeros(there.shape + (flat.shape[-1],))
        x[there] = flat
        x = self.dropout(x)
        mask = torch.zeros(there.shape, dtype=x.dtype).masked_fill(~there, float("-inf"))[:, None, None]
        for block in self.blocks:
            x = block(x, there, mask)
        tag = self.dropout(self.activation(self.tag(x)))
        return x, {"predicate": self.predicate(tag).float(), "cue": self.cue(tag)[..., 0].float()}

    def roles(self, vectors, there, rows, ats, cues):
        """Scores of words to begin, to end, or to lie in each role of claims: claims × roles × 3 × (none, then the words)."""
        seeks = (self.cue_seeks if cues else self.claim_seeks)(vectors[rows, ats]).view(len(rows), len(ROLES), 3, -1)
        shown = self.shows(vectors).view(*vectors.shape[:2], 3, -1)[rows]
        scores = torch.einsum("irks,iwks->irkw", seeks[..., :-1], shown).float()
        scores = scores.masked_fill(~there[rows][:, None, None], -1e4)
        return torch.cat([seeks[..., -1:].float(), scores], -1)

    def fields(self, vectors, rows, ats, contents):
        """Scores of the fields of claims, from the predicate and the mean of the content."""
        means = torch.stack([vectors[row, start:end].mean(0) for row, (start, end) in zip(rows.tolist(), contents)])
        x = self.dropout(self.activation(self.field(torch.cat([vectors[rows, ats], means], -1)))[:, None])[:, 0]
        return {name: self.outputs[name.replace(" ", "_")](x).float() for name in FIELDS}
