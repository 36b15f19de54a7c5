"""The claim network. `ClaimShape` is its one definition; the program reads it from the metadata of the weight file."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import torch
from torch import nn

from .model import ACTIVATIONS, LISTS, Block, Network, SentenceDropout, Shape, StudentShape

# What is said of a word: whether it is the predicate of a claim, and of such a one whether the claim is on each side, and stated.
KINDS = ["claim", "US", "CN", "stated"]
ROLES = ["content", "actor", "source", "cue"]
FIELDS = {
    "polarity": ["affirmed", "negated"],
    "modality": ["asserted", "possible", "intended", "obligated", "conditional"],
    "stance_us": ["favourable", "unfavourable", "neutral"],
    "stance_cn": ["favourable", "unfavourable", "neutral"],
    "source_side": ["US", "CN", "other", "none"],
    "about_us": ["no", "yes"],
    "about_cn": ["no", "yes"],
}
TOPICS = ["models", "chips", "compute", "export_controls", "data", "talent", "energy", "investment", "regulation", "governance",
          "applications", "military", "security_ip", "open_source", "rivalry"]
# The scopes whose topic words are counted: the content (as logarithms, and as shares), its sentence, the sentences around it, the
# headlines, the article.
SCOPES = 6


@dataclass
class ClaimShape:
    """Sizes of the claim network: `role` of the two sides of a span's score, `field` before the fields and before the topic."""

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
    labels: dict[str, list[str]] = field(default_factory=lambda: FIELDS | {"topic": TOPICS})
    # For each language how likely a claim must be to be given, and the line from the logits to those of being right.
    calibration: dict[str, dict[str, float]] = field(default_factory=dict)

    def to_dict(self) -> dict:
        """For the metadata of a weight file."""
        return asdict(self)


class ClaimHeads(nn.Module):
    """What is said of words and claims from the vectors of words."""

    def __init__(self, shape: ClaimShape, dropout: float):
        super().__init__()
        self.shape = shape
        self.activation = ACTIVATIONS[shape.activation]
        self.dropout = SentenceDropout(dropout)
        self.theme_dropout = nn.Dropout(0.5)
        self.tag = nn.Linear(shape.hidden, shape.tag)
        self.predicate = nn.Linear(shape.tag, len(KINDS))
        self.cue = nn.Linear(shape.tag, 1)
        # What the predicate of a claim, and a cue, look for in the words of each role: where it begins, where it ends, what it holds.
        width = len(ROLES) * 3 * (shape.role + 1)
        self.claim_seeks, self.cue_seeks = nn.Linear(shape.hidden, width), nn.Linear(shape.hidden, width)
        self.shows = nn.Linear(shape.hidden, 3 * shape.role)
        self.field = nn.Linear(2 * shape.hidden, shape.field)
        self.theme = nn.Linear(3 * shape.hidden, shape.field)
        self.scopes = nn.Linear(SCOPES * len(TOPICS), len(TOPICS))
        nn.init.zeros_(self.scopes.weight)
        self.outputs = nn.ModuleDict({name: nn.Linear(shape.field, len(labels)) for name, labels in shape.labels.items()})
        nn.init.constant_(self.predicate.bias[:1], -3.0)
        nn.init.constant_(self.cue.bias, -3.0)

    def words(self, vectors):
        """Whether each word is the predicate of a claim, or a cue."""
        tag = self.dropout(self.activation(self.tag(vectors)))
        return {"predicate": self.predicate(tag).float(), "cue": self.cue(tag)[..., 0].float()}

    def roles(self, vectors, there, rows, ats, cues):
        """Scores of words to begin, to end, or to lie in each role of claims: claims × roles × 3 × (none, then the words)."""
        seeks = (self.cue_seeks if cues else self.claim_seeks)(vectors[rows, ats]).view(len(rows), len(ROLES), 3, -1)
        shown = self.shows(vectors).view(*vectors.shape[:2], 3, -1)[rows]
        scores = torch.einsum("irks,iwks->irkw", seeks[..., :-1], shown).float()
        scores = scores.masked_fill(~there[rows][:, None, None], -1e4)
        return torch.cat([seeks[..., -1:].float(), scores], -1)

    def fields(self, vectors, free, there, rows, ats, contents, scopes):
        """Scores of the fields of claims, from the predicate and the mean of the content; of the topic also from vectors without
        context, of the content and of all words, and from the topic words of each scope (`scopes`: claims × 90)."""
        def means(of):
            return torch.stack([of[row, start:end].mean(0) for row, (start, end) in zip(rows.tolist(), contents)])

        mean = means(vectors)
        everything = (free * there[..., None]).sum(1) / there.sum(1, keepdim=True)
        x = self.dropout(self.activation(self.field(torch.cat([vectors[rows, ats], mean], -1)))[:, None])[:, 0]
        themes = self.theme_dropout(torch.cat([mean, means(free), everything[rows]], -1))
        theme = self.dropout(self.activation(self.theme(themes))[:, None])[:, 0]
        out = {name: output(theme if name == "topic" else x).float() for name, output in self.outputs.items()}
        out["topic"] = out["topic"] + self.scopes(scopes).float()
        return out


class ToneHeads(nn.Module):
    """Tasks beside the claims, for what they teach the blocks: how a sentence speaks of a target, and whether it is subjective. They start
    from the layer that the fields of claims start from, and are not part of the weight file."""

    def __init__(self, shape: ClaimShape):
        super().__init__()
        self.tone = nn.Linear(shape.field, 3)
        self.subjective = nn.Linear(shape.field, 2)

    def forward(self, heads: ClaimHeads, vectors, there, rows, spans):
        """Scores of the tone towards targets; `spans`: of words. Without targets, of each block to be subjective."""
        everything = (vectors * there[..., None]).sum(1) / there.sum(1, keepdim=True)
        if spans is None:
            own, output = everything, self.subjective
        else:
            own = torch.stack([vectors[row, start:end].mean(0) for row, (start, end) in zip(rows.tolist(), spans)])
            everything, output = everything[rows], self.tone
        x = heads.dropout(heads.activation(heads.field(torch.cat([own, everything], -1)))[:, None])[:, 0]
        return output(x).float()


class ClaimNetwork(nn.Module):
    """Reads blocks of sentences; the tables of word vectors are the fast model's and stay as they are."""

    def __init__(self, shape: ClaimShape, student: StudentShape, dropout: float = 0.1):
        super().__init__()
        self.shape = shape
        self.word = nn.Embedding(student.words + 1, shape.hidden)
        self.group = nn.EmbeddingBag(student.buckets + LISTS, shape.hidden, mode="sum")
        for table in (self.word, self.group):
            table.weight.requires_grad_(False)
        self.feature = nn.EmbeddingBag(shape.features, shape.hidden, mode="sum")
        nn.init.normal_(self.feature.weight, std=0.05)
        self.norm = nn.LayerNorm(shape.hidden, shape.epsilon)
        self.dropout = SentenceDropout(dropout)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.blocks))
        self.heads = ClaimHeads(shape, dropout)
        self.tones = ToneHeads(shape)

    def start_from(self, state: dict) -> None:
        """Takes tables, first norm and blocks of the fast model."""
        own = self.state_dict()
        with torch.no_grad():
            for name, value in state.items():
                if name.startswith(("word.", "group.", "norm.", "blocks.")):
                    own[name].copy_(value)

    def pretrained(self):
        """The parameters that were trained before."""
        return list(self.blocks.parameters())

    def forward(self, words, groups, group_starts, features, there):
        """Vectors of the words, with and without their context. `features`: words × kinds."""
        flat = self.norm(self.word(words) + self.group(groups, group_starts) + self.feature(features))
        free = flat.new_zeros(there.shape + (flat.shape[-1],))
        free[there] = flat
        x = free = self.dropout(free)
        mask = torch.zeros(there.shape, dtype=x.dtype).masked_fill(~there, float("-inf"))[:, None, None]
        for block in self.blocks:
            x = block(x, there, mask)
        return x, free


class ClaimTeacher(nn.Module):
    """The same over the encoder of the accurate model: better, and many times slower."""

    def __init__(self, shape: ClaimShape, encoder: Shape, dropout: float = 0.1):
        super().__init__()
        self.shape = shape
        self.encoder = Network(encoder)
        self.encoder.word_heads = nn.Identity()
        self.feature = nn.EmbeddingBag(shape.features, shape.hidden, mode="sum")
        nn.init.normal_(self.feature.weight, std=0.05)
        self.norm = nn.LayerNorm(shape.hidden, shape.epsilon)
        self.dropout = SentenceDropout(dropout)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.blocks))
        self.heads = ClaimHeads(shape, dropout)
        self.tones = ToneHeads(shape)

    def pretrained(self):
        """The parameters that were trained before."""
        return list(self.encoder.parameters())

    def forward(self, pieces, mask, word, features, there):
        """As `ClaimNetwork.forward`; `pieces`, `mask`, `word` as `Network.words` takes them."""
        count = there.shape[1]
        words = self.encoder.words(pieces, mask, word, count)[:, 1:]
        x = words.clone()
        x[there] = words[there] + self.feature(features).to(words.dtype)
        x = self.dropout(self.norm(x))
        bias = torch.zeros(there.shape, dtype=x.dtype).masked_fill(~there, float("-inf"))[:, None, None]
        for block in self.blocks:
            x = block(x, there, bias)
        return x, words
