"""Enters weight files into models/manifest.toml."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path


def put(folder: Path, name: str, kind: str, source: str, licence: str, scores: dict[str, float]) -> None:
    """Puts in the entry of a file, in the place of an older one of the same name."""
    path = folder / "manifest.toml"
    text = path.read_text(encoding="utf-8")
    entries = [e for e in tomllib.loads(text)["file"] if e["name"] != name]
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    entries.append({"name": name, "kind": kind, "source": source, "licence": licence, "sha256": digest, "scores": scores})
    lines = [line for line in text.split("\n[[file]]")[0].rstrip().split("\n") if line.startswith("#")]
    for entry in sorted(entries, key=lambda e: e["name"]):
        lines += ["", "[[file]]"]
        lines += [f"{key} = {json.dumps(entry[key], ensure_ascii=False)}" for key in ("name", "kind", "source", "licence", "sha256")]
        lines += ["", "[file.scores]"]
        lines += [f"{json.dumps(key, ensure_ascii=False)} = {float(value)}" for key, value in sorted(entry.get("scores", {}).items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
