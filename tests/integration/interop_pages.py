#!/usr/bin/env python3
# pip: playwright axe-playwright-python rdflib pyshacl tokenizers datasets zstandard
"""What people see and what harvesters read: every page in headless Chromium at 1280 and 400 pixels without a console error, axe-core's checks,
the DCAT-AP catalogue in rdflib and SHACL, and a tokenizer trained on a streamed release.

Chromium is the system's (CHROMIUM names another); without one, the pages are left out and that is said.  SCREENSHOTS=DIR keeps the pictures.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import interop_datasets as peers  # noqa: E402
from support import VILLERS  # noqa: E402

PAGES = {"home": "/", "dataset": "/essai/", "version": "/essai/1.0.0/", "report": "/essai/1.0.0/report.html", "folder": "/essai/1.0.0/data/",
         "missing": "/rien", "static-home": "/index.html", "static-version": "/essai/1.0.0/index.html"}

# The properties that DCAT-AP 2.1.1 calls mandatory, those that data.gouv.fr's harvester reads, and the types they must have.
SHAPES = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix spdx: <http://spdx.org/rdf/terms#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
[] a sh:NodeShape ; sh:targetClass dcat:Catalog ;
  sh:property [ sh:path dct:title ; sh:minCount 1 ; sh:datatype rdf:langString ] , [ sh:path dct:description ; sh:minCount 1 ] ,
    [ sh:path dct:publisher ; sh:minCount 1 ; sh:maxCount 1 ; sh:class foaf:Agent ] , [ sh:path dcat:dataset ; sh:minCount 1 ; sh:class dcat:Dataset ] .
[] a sh:NodeShape ; sh:targetClass foaf:Agent ; sh:property [ sh:path foaf:name ; sh:minCount 1 ] .
[] a sh:NodeShape ; sh:targetClass dcat:Dataset ; sh:nodeKind sh:IRI ;
  sh:property [ sh:path dct:title ; sh:minCount 1 ] , [ sh:path dct:description ; sh:minCount 1 ] , [ sh:path dct:identifier ; sh:minCount 1 ] ,
    [ sh:path dcat:keyword ; sh:minCount 1 ] , [ sh:path dct:issued ; sh:maxCount 1 ; sh:minCount 1 ; sh:datatype xsd:date ] ,
    [ sh:path dct:modified ; sh:maxCount 1 ; sh:minCount 1 ; sh:datatype xsd:date ] ,
    [ sh:path dcat:theme ; sh:nodeKind sh:IRI ] , [ sh:path dct:publisher ; sh:maxCount 1 ] ,
    [ sh:path dcat:distribution ; sh:minCount 1 ; sh:class dcat:Distribution ] .
[] a sh:NodeShape ; sh:targetClass dcat:Distribution ; sh:nodeKind sh:IRI ;
  sh:property [ sh:path dcat:accessURL ; sh:minCount 1 ; sh:nodeKind sh:IRI ] , [ sh:path dcat:downloadURL ; sh:minCount 1 ; sh:nodeKind sh:IRI ] ,
    [ sh:path dcat:mediaType ; sh:maxCount 1 ; sh:minCount 1 ; sh:nodeKind sh:IRI ] , [ sh:path dct:format ; sh:maxCount 1 ; sh:nodeKind sh:IRI ] ,
    [ sh:path dcat:byteSize ; sh:maxCount 1 ; sh:minCount 1 ; sh:datatype xsd:nonNegativeInteger ] , [ sh:path dct:license ; sh:maxCount 1 ; sh:nodeKind sh:IRI ] ,
    [ sh:path spdx:checksum ; sh:maxCount 1 ; sh:minCount 1 ; sh:node [ sh:property [ sh:path spdx:algorithm ; sh:minCount 1 ] ,
      [ sh:path spdx:checksumValue ; sh:minCount 1 ; sh:datatype xsd:hexBinary ] ] ] .
"""
CATALOG = """
import hashlib, sys, urllib.request, pyshacl, rdflib
from rdflib.compare import isomorphic
base, shapes = sys.argv[1], rdflib.Graph().parse(data=sys.argv[2], format="turtle")
graphs = [rdflib.Graph().parse(base + "/catalog.xml", format="xml"), rdflib.Graph().parse(base + "/catalog.jsonld", format="json-ld")]
assert isomorphic(*graphs), "catalog.xml and catalog.jsonld do not say the same"
for g in graphs:
    good, _, text = pyshacl.validate(g, shacl_graph=shapes)
    assert good, text
dcat, spdx = rdflib.Namespace("http://www.w3.org/ns/dcat#"), rdflib.Namespace("http://spdx.org/rdf/terms#")
n = 0
for d in graphs[0].subjects(rdflib.RDF.type, dcat.Distribution):
    body = urllib.request.urlopen(str(graphs[0].value(d, dcat.downloadURL))).read()
    assert len(body) == int(graphs[0].value(d, dcat.byteSize)), d
    told = graphs[0].value(graphs[0].value(d, spdx.checksum), spdx.checksumValue)
    assert hashlib.sha256(body).hexdigest().upper() == str(told).upper(), (d, told)
    n += 1
print("%d triples, %d distributions as the catalogue says" % (len(graphs[0]), n))
assert n
"""
TOKENIZER = """
import json, sys, urllib.request, datasets, tokenizers
base = sys.argv[1] + "/"
manifest = json.load(urllib.request.urlopen(base + "manifest.json"))
rows = datasets.load_dataset("json", data_files=[base + s["path"] for s in manifest["shards"]], split="train", streaming=True)
tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token="<unk>"))
tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel()
tokenizer.train_from_iterator((r["text"] for r in rows), tokenizers.trainers.BpeTrainer(vocab_size=2000, special_tokens=["<unk>"], show_progress=False))
print("%d tokens in the vocabulary" % tokenizer.get_vocab_size())
assert tokenizer.get_vocab_size() > 500 and len(tokenizer.encode("la France et la loi").ids) < 19
"""
BROWSE = """
import json, pathlib, sys
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright
chromium, pages, shots = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
bad = []
with sync_playwright() as p:
    browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
    for width in (1280, 400):
        for name, url in pages.items():
            page = browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True).new_page()
            said = []
            page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
            page.on("pageerror", lambda e: said.append(str(e)))
            page.goto(url)
            if name == "missing":
                said = [s for s in said if "404" not in s]
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            found = Axe().run(page).response["violations"]
            for v in found:
                bad.append("%s at %d: %s: %s" % (name, width, v["id"], v["nodes"][0]["html"][:120]))
            bad += ["%s at %d: console: %s" % (name, width, s) for s in said]
            if wide > 0:
                bad.append("%s at %d: %d pixels too wide" % (name, width, wide))
            if shots:
                page.screenshot(path=str(pathlib.Path(shots) / ("%s-%d.png" % (name, width))), full_page=True)
            page.close()
    browser.close()
print("%d pages at two widths" % len(pages))
print("\\n".join(bad))
sys.exit(1 if bad else 0)
"""


def main():
    checks = peers.Checks()
    with tempfile.TemporaryDirectory(prefix="villers-interop-") as name:
        work = pathlib.Path(name)
        hub = peers.make_hub(work)
        stats = work / "stats.html"
        peers.villers("stats", "--hub", hub, "--html", stats, "--mix-words", "300000000000", "--mix-share", "0.16")
        port_file = work / "serve.port"
        with peers.served([VILLERS, "serve", "--quiet", "--hub", hub, "--port", "0", "--port-file", port_file], port_file.exists):
            base = "http://127.0.0.1:%s" % port_file.read_text().strip()
            checks.run("catalogue: rdflib, SHACL, its own promises", [sys.executable, "-c", CATALOG, base, SHAPES])
            env = dict(os.environ, HF_HOME=str(work / "hf"), HF_DATASETS_DISABLE_PROGRESS_BARS="1")
            checks.run("a tokenizer trains on the stream", [sys.executable, "-c", TOKENIZER, base + "/essai/1.0.0"], env=env)
            chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
            pages = {k: base + v for k, v in PAGES.items()}
            pages["stats"] = stats.as_uri()
            if chromium:
                shots = os.environ.get("SCREENSHOTS", "")
                if shots:
                    pathlib.Path(shots).mkdir(parents=True, exist_ok=True)
                checks.run("pages in Chromium, axe-core", [sys.executable, "-c", BROWSE, chromium, json.dumps(pages), shots])
            else:
                print("--   pages in Chromium: no chromium here (apt install chromium)")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
