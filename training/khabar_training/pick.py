"""Picks raw documents that speak of the United States or China, for a teacher to label:
python -m khabar_training.pick --data DATA --files FILE… --words N --out DIR. Each becomes a text file."""

from __future__ import annotations

import argparse
import lzma
import re
from pathlib import Path

NAMES = {
    "ar": re.compile(r"أمريك|أميرك|امريك|واشنطن|البنتاغون|البيت الأبيض|الصين|صيني|بكين|بيجين|أوباما|ترامب|بايدن"),
    "en": re.compile(r"\b(?:U\.S\.|US|United States|America|Americans?|Washington|White House|Pentagon|Obama|Trump|Biden|China|Chinese|Beijing)\b"),
}
LEAST, MOST = 80, 900  # words of a document


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--files", nargs="+", required=True, help="files of raw text, one document a line, below DATA")
    parser.add_argument("--words", type=int, required=True, help="of each language")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    found = {"ar": [], "en": []}
    for file in arguments.files:
        language = Path(file).parts[1]
        with lzma.open(arguments.data / file, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines):
                words = len(line.split())
                mentions = len(NAMES[language].findall(line))
                if LEAST <= words <= MOST and mentions >= 3:
                    found[language].append((mentions / words, f"{Path(file).name.partition('.')[0]}-{number:05}", words, line.strip()))
    for language, documents in found.items():
        folder = arguments.out / language
        folder.mkdir(parents=True, exist_ok=True)
        taken = 0
        for _, name, words, text in sorted(documents, reverse=True):
            if taken >= arguments.words:
                break
            taken += words
            (folder / f"{name}.txt").write_text(text + "\n", encoding="utf-8")
        print(f"{language}: {taken} words of {len(documents)} documents that would do")


if __name__ == "__main__":
    main()
