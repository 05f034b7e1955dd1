#!/usr/bin/env python3
"""The quality filters' verdicts beside those of datatrove's own classes, text by text, with FineWeb-2's values for fra_Latn.

    CORPUS=DIR tests/bench/quality.py [N]

DIR holds French texts: *.jsonl, *.jsonl.zst (a member "text" or "paras") and *.tar.zst or *.tar of XML files (their text, an element a
line).  The first N documents (20,000) of at most 40,000 characters, and of each also a half, a list-like and a repeated form of
every tenth, so that each filter has something to refuse.  Prints the share of verdicts that differ, by kind, and MB a CPU second.
"""
import collections
import io
import json
import os
import pathlib
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
import xml.etree.ElementTree as ET

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VILLERS = os.environ.get("VILLERS") or str(ROOT / "build" / "villers")
STOP_WORDS = "de la le et à en l' des du les est d' un une il dans par au".split()


def plain(path):
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dcq", "--long=27", path], stdout=subprocess.PIPE, check=True).stdout
    return path.read_bytes()


def texts_of(path):
    if path.name.endswith((".jsonl", ".jsonl.zst")):
        for line in plain(path).decode().splitlines():
            row = json.loads(line)
            text = row.get("text") or "\n".join(row.get("paras") or [])
            if text:
                yield text
    elif path.name.endswith((".tar", ".tar.zst")):
        with tarfile.open(fileobj=io.BytesIO(plain(path))) as tar:
            for member in tar:
                if member.isfile() and member.name.endswith(".xml"):
                    pieces = (" ".join(s.split()) for s in ET.parse(tar.extractfile(member)).getroot().itertext())
                    yield "\n".join(p for p in pieces if p)


def documents(folder, n):
    sources = [texts_of(p) for p in sorted(folder.iterdir()) if p.is_file()]
    rows = []
    while sources and len(rows) < n:  # a text of each in turn, so that all kinds are there
        for source in list(sources):
            text = next(source, None)
            if text is None:
                sources.remove(source)
            elif len(text) <= 40000:
                rows.append(text)
                if len(rows) % 10 == 0:
                    lines = text.split("\n")
                    rows += [text[:len(text) // 2], "\n".join("- " + w for w in text.split()[:200]), "\n".join(lines[:5] * 3), text[:400] + "…\n" * 6]
    return rows[:n]


def judge():
    from datatrove.data import Document
    from datatrove.pipeline.filters import FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter
    steps = [GopherRepetitionFilter(language="fra", dup_line_frac=0.264, dup_para_frac=0, dup_line_char_frac=0, dup_para_char_frac=0,
                                    top_n_grams=((2, 0.161), (3, 0.149), (4, 0.134)),
                                    dup_n_grams=((5, 0.15), (6, 0.141), (7, 0.131), (8, 0.121), (9, 0.111), (10, 0.1))),
             GopherQualityFilter(language="fra", max_avg_word_length=11, min_avg_word_length=2, min_stop_words=2, stop_words=STOP_WORDS,
                                 max_non_alpha_words_ratio=0.812),
             FineWebQualityFilter(language="fra", short_line_thr=999, char_duplicates_ratio=0.1, line_punct_thr=0.1, new_line_ratio=0.185)]

    def reason(text):
        for step in steps:
            kept = step.filter(Document(text=text, id=""))
            if kept is not True:
                return kept[1] if isinstance(kept, tuple) else step.name
        return ""
    return reason


def main():
    folder = os.environ.get("CORPUS")
    if not folder:
        sys.exit("quality.py: set CORPUS to a folder of French texts")
    rows = documents(pathlib.Path(folder), int(sys.argv[1]) if len(sys.argv) > 1 else 20000)
    if not rows:
        sys.exit("quality.py: no text in %s" % folder)
    megabytes = sum(len(t.encode()) for t in rows) / 1e6
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as f:
        f.writelines(json.dumps({"id": str(i), "text": t}, ensure_ascii=False) + "\n" for i, t in enumerate(rows))
        f.flush()
        began = resource.getrusage(resource.RUSAGE_CHILDREN)
        out = subprocess.run([VILLERS, "quality", "-j1", f.name], stdout=subprocess.PIPE, check=True).stdout
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        ours_s = ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime
    ours = [json.loads(line)["reason"] for line in out.splitlines()]
    reason = judge()
    reason(rows[0])
    began = time.process_time()
    theirs = [reason(t) for t in rows]
    theirs_s = time.process_time() - began
    kinds, verdicts = collections.Counter(), 0
    for i, (a, b) in enumerate(zip(ours, theirs)):
        if bool(a) != bool(b):
            verdicts += 1
        if a != b:
            kinds["%s here, %s there" % (a or "kept", b or "kept")] += 1
            if os.environ.get("V"):
                print(i, a, b, repr(rows[i][:300]))
    print("%d documents, %.1f MB; kept by datatrove %d" % (len(rows), megabytes, theirs.count("")))
    for name, n in collections.Counter(theirs).most_common():
        print("  %-32s %6d" % (name or "kept", n))
    print("verdicts that differ: %d (%.3f %%); reasons that differ: %d" % (verdicts, 100 * verdicts / len(rows), sum(kinds.values())))
    for name, n in kinds.most_common():
        print("  %-60s %6d" % (name, n))
    print("villers %.1f MB/s, datatrove %.2f MB/s: %.0f ×" % (megabytes / ours_s, megabytes / theirs_s, theirs_s / ours_s))
    return verdicts > 0.005 * len(rows)


sys.exit(main())
