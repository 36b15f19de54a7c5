"""Opens every export of khabar in a reader that khabar did not write, and compares.

    python check.py OUT EXPORTS

OUT is the output folder of `khabar run`, EXPORTS holds one folder for each format, named as `khabar export -f` names it.
For each claim, each of its spans and each name of OUT, the reader must give the same characters at the same place: places
are compared in code points of the article, and covered text with the quote. Readers of annotation formats mostly accept
places that are wrong, so that the comparison is the test. The exit status is 0 if all formats hold.
"""

import collections
import csv
import json
import pathlib
import sys
import tempfile
import warnings

ROLES = ("actor", "predicate", "source", "cue")


class Wrong(Exception):
    """An export that its reader does not understand as khabar meant it."""


def require(condition, message):
    if not condition:
        raise Wrong(message)


class Article:
    """An article of native JSON with all places in code points."""

    def __init__(self, name, data):
        self.name = name
        self.data = data
        self.text = data["text"]
        self.unit = data["offset_unit"]
        if self.unit == "utf16":
            self.edges = {}
            at = 0
            for point, letter in enumerate(self.text):
                self.edges[at] = point
                at += 2 if ord(letter) > 0xFFFF else 1
            self.edges[at] = len(self.text)
        elif self.unit == "byte":
            self.edges = {}
            at = 0
            for point, letter in enumerate(self.text):
                self.edges[at] = point
                at += len(letter.encode("utf-8"))
            self.edges[at] = len(self.text)
        else:
            self.edges = None

    def place(self, span):
        start, end = span["start"], span["end"]
        if self.edges is not None:
            start, end = self.edges[start], self.edges[end]
        require(self.text[start:end] == span["quote"], f"{self.name}: native JSON itself is wrong at {span}")
        return start, end

    def spans(self):
        """Every span that an annotation format holds: kind, start, end."""
        found = collections.Counter()
        for claim in self.data["claims"]:
            found[("content", *self.place(claim["content"]))] += 1
            for role in ROLES:
                if claim[role]:
                    found[(role, *self.place(claim[role]))] += 1
        for entity in self.data["entities"]:
            found[(entity["type"], *self.place(entity))] += 1
        return found


def articles(out):
    found = {}
    for path in sorted(pathlib.Path(out).rglob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.get("schema") == "khabar/1":
            name = path.relative_to(out).with_suffix("").as_posix()
            found[name] = Article(name, data)
    require(found, f"no article in {out}")
    return found


def same(article, found, wanted=None):
    """Compares counted spans."""
    wanted = article.spans() if wanted is None else wanted
    if found != wanted:
        missing, more = wanted - found, found - wanted
        raise Wrong(f"{article.name}: missing {list(missing.items())[:5]}, too many {list(more.items())[:5]}")
    return sum(found.values())


def brat(folder, known):
    from pybrat.parser import BratParser

    checked = 0
    # Its strict mode refuses two annotations of the same span, which brat allows; what it drops instead is missed below.
    examples = {example.id: example for example in BratParser(error="ignore").parse(str(folder))}
    require(set(examples) == set(known), f"texts {sorted(examples)[:5]}, not {sorted(known)[:5]}")
    for name, article in known.items():
        example = examples[name]
        text = (folder / f"{name}.txt").read_bytes().decode("utf-8")
        require(text == article.text and example.text == article.text, f"{name}: another text")

        def place(entity):
            pieces = " ".join(text[span.start : span.end] for span in entity.spans)
            require(pieces == entity.mention, f"{name}: {entity.id} covers {pieces!r}, not {entity.mention!r}")
            return entity.spans[0].start, entity.spans[-1].end

        found = collections.Counter()
        for event in example.events:
            if event.type != "Claim":
                continue
            require(event.trigger.type == "Claim", f"{name}: trigger of {event.id}")
            found[("content", *place(event.trigger))] += 1
            for argument in event.arguments:
                # The reader keeps the arguments without their roles; the type of the annotation is the role.
                found[(argument.type.lower(), *place(argument))] += 1
        for entity in example.entities:
            place(entity)
            if entity.type in ("PER", "ORG", "LOC", "PROD"):
                found[(entity.type, *place(entity))] += 1
        checked += same(article, found)
    return checked


def cas(article, view):
    require(view.sofa_string == article.text, f"{article.name}: another text")
    found = collections.Counter()

    def place(annotation):
        covered = annotation.get_covered_text()
        require(covered == article.text[annotation.begin : annotation.end], f"{article.name}: {annotation}")
        return annotation.begin, annotation.end

    quotes = collections.Counter()
    for claim in view.select("webanno.custom.Claim"):
        found[("content", *place(claim))] += 1
        quotes[(claim.get_covered_text(), claim.side, claim.topic)] += 1
        for link in claim.roles.elements:
            if link.role in ROLES:
                found[(link.role, *place(link.target))] += 1
    wanted = collections.Counter(
        (claim["content"]["quote"], claim["side"], claim["topic"]) for claim in article.data["claims"]
    )
    require(quotes == wanted, f"{article.name}: labels of claims")
    for entity in view.select("de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"):
        found[(entity.value, *place(entity))] += 1
    tokens = [token.get_covered_text() for token in view.select("de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token")]
    require(tokens == [token["quote"] for token in article.data["tokens"]], f"{article.name}: tokens")
    return same(article, found)


def cas_json(folder, known):
    import cassis

    with warnings.catch_warnings():
        # cassis only warns of places outside the text.
        warnings.simplefilter("error")
        return sum(
            cas(article, cassis.load_cas_from_json((folder / f"{name}.json").read_text(encoding="utf-8")))
            for name, article in known.items()
        )


def cas_xmi(folder, known):
    import cassis

    types = cassis.load_typesystem(folder / "TypeSystem.xml")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return sum(
            cas(article, cassis.load_cas_from_xmi(folder / f"{name}.xmi", typesystem=types))
            for name, article in known.items()
        )


def joined(sentence):
    """The text of a sentence as its tokens say it."""
    text, until = "", 0
    for token in sentence:
        if isinstance(token["id"], tuple):
            until = token["id"][2]
        elif token["id"] <= until:
            continue
        space = (token["misc"] or {}).get("SpaceAfter") != "No"
        text += token["form"] + (" " if space else "")
    return text.strip()


def rows(article, path):
    import conllu

    sentences = conllu.parse(path.read_text(encoding="utf-8"))
    words = 0
    for sentence in sentences:
        require(joined(sentence) == sentence.metadata["text"], f"{article.name}: {sentence.metadata['sent_id']}")
        for token in sentence:
            words += isinstance(token["id"], int)
            misc = token["misc"] or {}
            if "Start" in misc:
                covered = article.text[int(misc["Start"]) : int(misc["End"])]
                require(" ".join(covered.split()) == token["form"], f"{article.name}: {token['form']} is {covered}")
        sentence.to_tree()
    require(words == sum(len(token["words"]) for token in article.data["tokens"]), f"{article.name}: words")
    return sentences


def conllu_(folder, known):
    checked = 0
    for name, article in known.items():
        opened = 0
        for sentence in rows(article, folder / f"{name}.conllu"):
            for token in sentence:
                opened += (token["misc"] or {}).get("Entity", "").count("(")
        require(opened == len(article.data["entities"]), f"{name}: {opened} entities")
        checked += opened
    return checked


def conllu_plus(folder, known):
    checked = 0
    for name, article in known.items():
        begun, sides = 0, []
        for sentence in rows(article, folder / f"{name}.conllup"):
            for token in sentence:
                cell = token["khabar:claim"] if "khabar:claim" in token else token["KHABAR:CLAIM"]
                begun += str(cell).count(":B-content")
            for key, value in sentence.metadata.items():
                if key.startswith("claim_c"):
                    sides.append((int(key[7:]), dict(pair.split("=", 1) for pair in value.split(" "))["side"]))
        require(begun == len(article.data["claims"]), f"{name}: {begun} claims")
        wanted = [claim["side"] for claim in article.data["claims"]]
        require([side for _, side in sorted(sides)] == wanted, f"{name}: sides of claims")
        checked += begun
    return checked


def label_studio(folder, known):
    from label_studio_sdk.label_interface import LabelInterface

    found = {name: collections.Counter() for name in known}
    elsewhere = collections.Counter()
    for direction in ("rtl", "ltr"):
        path = folder / f"tasks-{direction}.json"
        if not path.exists():
            continue
        interface = LabelInterface((folder / f"label_config-{direction}.xml").read_text(encoding="utf-8"))
        for task in json.loads(path.read_text(encoding="utf-8")):
            data = task["data"]
            article = known[data["article"]]
            text = data["text"]
            require(article.text[data["start"] : data["start"] + len(text)] == text, f"{article.name}: a paragraph")
            [prediction] = task["predictions"]
            errors = interface.validate_prediction(prediction, return_errors=True)
            require(not errors, f"{article.name}: {errors}")
            for result in prediction["result"]:
                value = result.get("value", {})
                if result["type"] == "labels":
                    covered = text[value["start"] : value["end"]]
                    require(covered == value["text"], f"{article.name}: {value}")
                    label = value["labels"][0]
                    kind = {"Claim": "content"}.get(label, label if label.isupper() else label.lower())
                    start = data["start"] + value["start"]
                    found[article.name][(kind, start, start + len(covered))] += 1
                elif result["type"] == "textarea":
                    elsewhere[article.name] += 1
                    require(value["text"][0] in article.text, f"{article.name}: {value}")
    checked = 0
    for name, article in known.items():
        missing = article.spans() - found[name]
        require(not found[name] - article.spans(), f"{name}: too many")
        require(sum(missing.values()) == elsewhere[name], f"{name}: missing {missing}")
        checked += sum(found[name].values())
    return checked


def prodigy(folder, known):
    """Prodigy is sold, not given: the schema of its records, read with nothing but JSON."""
    found = {name: collections.Counter() for name in known}
    elsewhere = collections.Counter()
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").split("\n"):
            if not line:
                continue
            record = json.loads(line)
            meta, text = record["meta"], record["text"]
            article = known[meta["article"]]
            require(article.text[meta["start"] : meta["start"] + len(text)] == text, f"{article.name}: a paragraph")
            for number, token in enumerate(record["tokens"]):
                require(token["id"] == number and text[token["start"] : token["end"]] == token["text"], f"{token}")
            for span in record["spans"]:
                if "token_start" in span:
                    first, last = record["tokens"][span["token_start"]], record["tokens"][span["token_end"]]
                    require((first["start"], last["end"]) == (span["start"], span["end"]), f"{article.name}: {span}")
                label = span["label"]
                kind = {"CLAIM": "content"}.get(label, label.split("-")[0] if "-" in label else label.lower())
                found[article.name][(kind, meta["start"] + span["start"], meta["start"] + span["end"])] += 1
            elsewhere[article.name] += sum(key.endswith("_elsewhere") for key in meta)
    checked = 0
    for name, article in known.items():
        missing = article.spans() - found[name]
        require(not found[name] - article.spans(), f"{name}: too many")
        require(sum(missing.values()) == elsewhere[name], f"{name}: missing {missing}")
        checked += sum(found[name].values())
    return checked


def doccano(folder, known):
    """doccano itself needs a server; its records are plain JSON."""
    checked, seen = 0, set()
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").split("\n"):
            if not line:
                continue
            record = json.loads(line)
            article = known[record["article"]]
            seen.add(article.name)
            require(record["text"] == article.text, f"{article.name}: another text")
            found = collections.Counter()
            ids = {entity["id"] for entity in record["entities"]}
            for entity in record["entities"]:
                label = entity["label"]
                kind = "content" if label.startswith("Claim ") else label.split(" ")[0]
                kind = kind.lower() if kind.lower() in ROLES else kind
                found[(kind, entity["start_offset"], entity["end_offset"])] += 1
            for relation in record["relations"]:
                require({relation["from_id"], relation["to_id"]} <= ids, f"{article.name}: {relation}")
            checked += same(article, found)
    require(seen == set(known), "articles are missing")
    return checked


OA = "http://www.w3.org/ns/oa#"
KHABAR = "urn:khabar:ns:"

# The terms of http://www.w3.org/ns/anno.jsonld that khabar writes, by the vocabulary
# (https://www.w3.org/TR/annotation-vocab/): tests run without network.
CONTEXT = {
    "oa": OA,
    "as": "https://www.w3.org/ns/activitystreams#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "id": "@id",
    "type": "@type",
    "Annotation": "oa:Annotation",
    "TextualBody": "oa:TextualBody",
    "SpecificResource": "oa:SpecificResource",
    "TextQuoteSelector": "oa:TextQuoteSelector",
    "TextPositionSelector": "oa:TextPositionSelector",
    "Software": "as:Application",
    "Text": "http://purl.org/dc/dcmitype/Text",
    "AnnotationPage": "as:OrderedCollectionPage",
    "classifying": "oa:classifying",
    "identifying": "oa:identifying",
    "tagging": "oa:tagging",
    "motivation": {"@id": "oa:motivatedBy", "@type": "@vocab"},
    "purpose": {"@id": "oa:hasPurpose", "@type": "@vocab"},
    "body": {"@id": "oa:hasBody", "@type": "@id"},
    "target": {"@id": "oa:hasTarget", "@type": "@id"},
    "source": {"@id": "oa:hasSource", "@type": "@id"},
    "selector": {"@id": "oa:hasSelector", "@type": "@id"},
    "generator": {"@id": "as:generator", "@type": "@id"},
    "items": {"@id": "as:items", "@type": "@id", "@container": "@list"},
    "exact": "oa:exact",
    "prefix": "oa:prefix",
    "suffix": "oa:suffix",
    "start": {"@id": "oa:start", "@type": "xsd:nonNegativeInteger"},
    "end": {"@id": "oa:end", "@type": "xsd:nonNegativeInteger"},
    "value": "rdf:value",
    "format": "dc:format",
    "language": "dc:language",
    "name": "foaf:name",
}


def web_annotation(folder, known):
    import rdflib
    from pyld import jsonld

    def load(url, options):
        require(url == "http://www.w3.org/ns/anno.jsonld", f"another context: {url}")
        return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url,
                "document": {"@context": CONTEXT}}

    jsonld.set_document_loader(load)
    oa, own = rdflib.Namespace(OA), rdflib.Namespace(KHABAR)
    checked = 0
    for name, article in known.items():
        require((folder / f"{name}.txt").read_bytes().decode("utf-8") == article.text, f"{name}: another text")
        page = json.loads((folder / f"{name}.jsonld").read_text(encoding="utf-8"))
        graph = rdflib.Graph()
        # PyLD reads the contexts, rdflib the triples that come of it.
        graph.parse(data=jsonld.to_rdf(page, {"format": "application/n-quads"}), format="nquads")

        def place(resource):
            quote = position = None
            for selector in graph.objects(resource, oa.hasSelector):
                if (selector, rdflib.RDF.type, oa.TextQuoteSelector) in graph:
                    quote = [str(graph.value(selector, oa[key])) for key in ("prefix", "exact", "suffix")]
                else:
                    position = [int(graph.value(selector, oa[key])) for key in ("start", "end")]
            start, end = position
            text = article.text
            require([text[max(0, start - 32) : start], text[start:end], text[end : end + 32]] == quote, f"{name}: {quote}")
            return start, end

        found = collections.Counter()
        for annotation in graph.subjects(rdflib.RDF.type, oa.Annotation):
            target = graph.value(annotation, oa.hasTarget)
            if (annotation, oa.motivatedBy, oa.classifying) in graph:
                found[("content", *place(target))] += 1
                require(graph.value(annotation, own.confidence) is not None, f"{name}: no confidence")
                for role in ROLES:
                    for resource in graph.objects(annotation, own[f"{role}Span"]):
                        found[(role, *place(resource))] += 1
            else:
                found[(str(graph.value(annotation, own.entityType)), *place(target))] += 1
        checked += same(article, found)
    return checked


def nif(folder, known):
    import rdflib

    core = rdflib.Namespace("http://persistence.uni-leipzig.org/nlp2rdf/ontologies/nif-core#")
    its = rdflib.Namespace("http://www.w3.org/2005/11/its/rdf#")
    own = rdflib.Namespace(KHABAR)
    checked = 0
    for name, article in known.items():
        graph = rdflib.Graph()
        graph.parse(folder / f"{name}.ttl", format="turtle")
        [context] = graph.subjects(rdflib.RDF.type, core.Context)
        require(str(graph.value(context, core.isString)) == article.text, f"{name}: another text")

        def place(node):
            start, end = (int(graph.value(node, core[key])) for key in ("beginIndex", "endIndex"))
            require(str(node).endswith(f"#char={start},{end}"), f"{name}: {node}")
            if node != context:
                anchor = str(graph.value(node, core.anchorOf))
                require(article.text[start:end] == anchor, f"{name}: {node} is {anchor!r}")
                require(graph.value(node, core.referenceContext) == context, f"{name}: {node}")
            return start, end

        found = collections.Counter()
        for claim in graph.subjects(rdflib.RDF.type, own.Claim):
            for kind in ("content", *ROLES):
                for node in graph.objects(claim, own[kind]):
                    found[(kind, *place(node))] += 1
        for node, kind in graph.subject_objects(its.taClassRef):
            found[(str(kind).removeprefix(KHABAR), *place(node))] += 1
        checked += same(article, found)
    return checked


def tables(known, claims, entities, texts):
    """Compares rows of claims, entities and articles, however they were read."""
    by_id = collections.defaultdict(list)
    for article in known.values():
        by_id[article.data["article"]["id"]].append(article)
    require(sorted(texts) == sorted(article.text for article in known.values()), "other texts")
    wanted = collections.Counter()
    for identity, of_id in by_id.items():
        for article in of_id:
            for claim in article.data["claims"]:
                wanted[(identity, *article.place(claim["content"]), claim["content"]["quote"], claim["side"])] += 1
    require(collections.Counter(claims) == wanted, "other claims")
    names = collections.Counter()
    for identity, of_id in by_id.items():
        for article in of_id:
            for entity in article.data["entities"]:
                names[(identity, *article.place(entity), entity["quote"], entity["type"])] += 1
    require(collections.Counter(entities) == names, "other entities")
    return sum(wanted.values()) + sum(names.values())


def csv_(folder, known):
    import duckdb

    def read(name):
        with (folder / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    csv.field_size_limit(1 << 30)
    for name in ("claims", "entities", "articles"):
        # A second reader sees as many rows.
        rows_ = duckdb.sql(
            f"select count(*) from read_csv('{folder / name}.csv', header = true, all_varchar = true,"
            " quote = '\"', escape = '\"', delim = ',', max_line_size = 100000000)"
        ).fetchall()[0][0]
        require(rows_ == len(read(f"{name}.csv")), f"duckdb sees {rows_} {name}")
    return tables(
        known,
        [(r["article_id"], int(r["start"]), int(r["end"]), r["content"], r["side"]) for r in read("claims.csv")],
        [(r["article_id"], int(r["start"]), int(r["end"]), r["quote"], r["type"]) for r in read("entities.csv")],
        [r["text"] for r in read("articles.csv")],
    )


def parquet(folder, known):
    import duckdb
    import pyarrow.parquet

    files = {name: str(folder / f"{name}.parquet") for name in ("claims", "entities", "articles")}
    claims = pyarrow.parquet.read_table(files["claims"]).to_pylist()
    entities = pyarrow.parquet.read_table(files["entities"]).to_pylist()
    texts = pyarrow.parquet.read_table(files["articles"]).column("text").to_pylist()
    metadata = pyarrow.parquet.read_metadata(files["claims"]).metadata
    require(json.loads(metadata[b"khabar:provenance"])["tool"] == "khabar", "no provenance")
    for table, quote in (("claims", "content"), ("claims", "actor"), ("claims", "sentence"), ("entities", "quote")):
        # Articles of the same id have the same text.
        wrong = duckdb.sql(
            f"select count(*) from '{files[table]}' t join (select distinct article_id, text from '{files['articles']}') a"
            f" using (article_id) where t.{quote} is not null and"
            f" substring(a.text, t.{quote}_start + 1, t.{quote}_end - t.{quote}_start) <> t.{quote}"
        ).fetchall()[0][0]
        require(wrong == 0, f"duckdb finds {wrong} wrong places of {quote}")
    return tables(
        known,
        [(r["article_id"], r["content_start"], r["content_end"], r["content"], r["side"]) for r in claims],
        [(r["article_id"], r["quote_start"], r["quote_end"], r["quote"], r["type"]) for r in entities],
        texts,
    )


def qdpx(folder, known):
    from pyrefiqda import RefiProject

    checked = 0
    with tempfile.TemporaryDirectory() as unpacked:
        project = RefiProject.load(folder / "project.qdpx", extract_dir=unpacked)
        codes = {}

        def walk(code):
            codes[code.guid] = code
            for child in code.code:
                walk(child)

        for code in project.code_book.codes.code:
            walk(code)
        seen = set()
        for source in project.sources.text_source:
            file = source.plain_text_path.removeprefix("internal://")
            text = (pathlib.Path(unpacked) / "sources" / file).read_bytes().decode("utf-8")
            article = known[source.description.removesuffix(".json")]
            seen.add(article.name)
            require(text == article.text, f"{article.name}: another text")
            found = collections.Counter()
            for selection in source.plain_text_selection:
                start, end = selection.start_position, selection.end_position
                require(text[start:end] == selection.name, f"{article.name}: {selection.name!r}")
                for coding in selection.coding:
                    name = codes[coding.code_ref.target_guid].name
                    require(codes[coding.code_ref.target_guid].is_codable, f"{name} cannot be used")
                    if name == "Claim":
                        found[("content", start, end)] += 1
                    elif name.lower() in ROLES:
                        found[(name.lower(), start, end)] += 1
                    elif name.startswith("Name: "):
                        found[(name.removeprefix("Name: "), start, end)] += 1
            checked += same(article, found)
        require(seen == set(known), "articles are missing")
    return checked


FORMATS = {
    "brat": brat,
    "cas-json": cas_json,
    "cas-xmi": cas_xmi,
    "conllu": conllu_,
    "conllu-plus": conllu_plus,
    "label-studio": label_studio,
    "prodigy": prodigy,
    "doccano": doccano,
    "web-annotation": web_annotation,
    "nif": nif,
    "csv": csv_,
    "parquet": parquet,
    "qdpx": qdpx,
}


def main(out, exports):
    known = articles(out)
    failed = 0
    for name, check in FORMATS.items():
        try:
            checked = check(pathlib.Path(exports) / name, known)
            require(checked > 0, "nothing was checked")
            print(f"{name}: {checked} spans or rows of {len(known)} articles hold")
        except Exception as error:  # a reader may raise anything; the others are to be tried all the same
            failed += 1
            print(f"{name}: {type(error).__name__}: {error}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
