"""Names of the labelled English sentences by spaCy (en_core_web_md, trained on OntoNotes 5), as labels beside the teacher's:
python -m khabar_training.silver --model DIR --labels DIR."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import spacy
import torch
from spacy.tokens import Doc

TYPES = {"PERSON": "PER", "GPE": "LOC", "LOC": "LOC", "FAC": "LOC", "ORG": "ORG", "NORP": "MISC", "EVENT": "MISC", "PRODUCT": "MISC",
         "WORK_OF_ART": "MISC", "LAW": "MISC", "LANGUAGE": "MISC"}
LABELS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC"]


def labels(document) -> np.ndarray:
    """Numbers in `LABELS`; articles and possessive endings belong to OntoNotes' names but not to ours."""
    out = np.zeros(len(document) + 1, np.int8)
    for name in document.ents:
        kind = TYPES.get(name.label_)
        if kind is None:
            continue
        start = name.start + (document[name.start].lower_ == "the")
        end = name.end - (document[name.end - 1].text in ("'s", "’s"))
        for at in range(start, end):
            out[at + 1] = LABELS.index(f"{'B' if at == start else 'I'}-{kind}")
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder of the spaCy pipeline")
    parser.add_argument("--labels", type=Path, required=True, help="folder that label.py wrote")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    nlp = spacy.load(arguments.model, exclude=["parser", "tagger", "attribute_ruler", "lemmatizer"])
    assert nlp.get_pipe("ner").labels
    for path in sorted(arguments.labels.glob("[0-9]*.pt")):
        target = path.with_name(f"names-{path.name}")
        if target.exists():
            continue
        items = torch.load(path, weights_only=False)
        english = [at for at, item in enumerate(items) if item["language"] == "en"]
        documents = nlp.pipe((Doc(nlp.vocab, words=items[at]["forms"]) for at in english), batch_size=256)
        found = dict(zip(english, map(labels, documents)))
        part = target.with_suffix(".part")
        torch.save(found, part)
        part.replace(target)
        print(path.name, len(found), "sentences", sum(int((v % 2 == 1).sum()) for v in found.values()), "names", flush=True)


if __name__ == "__main__":
    main()
