#!/usr/bin/env python3
"""A set of generated documents with exact similarities, and a deduplicator's score on it.

    dedup_score.py [--documents 20000] [--seed 1] [--peer 'COMMAND'] [--args 'OPTIONS'] [--json FILE]

Runs $VILLERS dedup --out OUT FILE… (or COMMAND --out OUT FILE…, same layout) on families of a text and what was made of it: words
replaced, cut, added, moved, boilerplate around it, figures changed, case and accents folded; template pages that share 60 % of their
words; and texts on their own.  Similarity is the exact Jaccard index of word 5-grams (lower case, NFD less marks, what is no letter or
number to a space, digits to 0).  Recall counts every pair of a family by band; a false merge is a pair in one cluster under 0.5.
"""
import argparse
import collections
import itertools
import json
import os
import pathlib
import random
import re
import resource
import shlex
import subprocess
import sys
import tempfile
import time
import unicodedata

BANDS = [(0.7, 0.75), (0.75, 0.8), (0.8, 0.85), (0.85, 0.9), (0.9, 1.0)]
SYLLABLES = [c + v for c in "bcdfgjlmnprstv" for v in ("a", "e", "i", "o", "u", "é", "ou", "an", "on")]


class Table(dict):
    def __missing__(self, c):
        ch = chr(c)
        v = self[c] = ch if ch.isalnum() else (None if unicodedata.category(ch) == "Mn" else " ")
        return v


TABLE, DIGITS = Table(), re.compile(r"\d+")


def shingles(text):
    w = DIGITS.sub("0", unicodedata.normalize("NFD", text.lower()).translate(TABLE)).split()
    return {tuple(w[i:i + 5]) for i in range(max(1, len(w) - 4))} if w else set()


def jaccard(a, b):
    return len(a & b) / len(a | b) if a or b else 1.0


class Texts:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.words = ["".join(self.r.choice(SYLLABLES) for _ in range(1 + k % 4)) for k in range(30000)]

    def word(self):
        return self.words[int(30000 ** self.r.random()) - 1]  # Zipf's law

    def text(self, n):
        return [self.word() if self.r.random() > 0.02 else str(self.r.randrange(2000)) for _ in range(n)]

    def change(self, words):
        r, w = self.r, list(words)
        kind, share = r.randrange(8), r.choice((0.005, 0.01, 0.02, 0.04, 0.06))
        if kind <= 2:
            for _ in range(max(1, int(share * len(w)))):
                w[r.randrange(len(w))] = self.word()
        elif kind == 3:
            a = r.randrange(len(w))
            del w[a:a + int(3 * share * len(w))]
        elif kind == 4:
            w += self.text(int(4 * share * len(w)))
        elif kind == 5:
            a, n = r.randrange(len(w)), int(0.2 * len(w))
            w = w[:a] + w[a + n:] + w[a:a + n]
        elif kind == 6:
            return re.sub(r"\d+", lambda m: str(r.randrange(3000)), " ".join(w))
        else:
            return unicodedata.normalize("NFD", " ".join(w).upper())
        return " ".join(w)


def generate(n, seed):
    """[(id, family or None, text)], about a fifth of them in families."""
    t, rows = Texts(seed), []
    while len(rows) < n // 5:
        family = "f%d" % len(rows)
        if t.r.random() < 0.1:
            common = t.text(240)
            rows += [(family, " ".join(common + t.text(160))) for _ in range(10)]
            continue
        base = t.text(int(2 ** t.r.uniform(6, 10)))
        rows += [(family, " ".join(base))] + [(family, t.change(base)) for _ in range(t.r.randrange(1, 7))]
    rows += [(None, " ".join(t.text(int(2 ** t.r.uniform(5, 9))))) for _ in range(n - len(rows))]
    t.r.shuffle(rows)
    return [("d%07d" % i, f, text) for i, (f, text) in enumerate(rows)]


def lines(path):
    data = subprocess.run(["zstd", "-dcq", str(path)], check=True, capture_output=True).stdout if path.suffix == ".zst" else path.read_bytes()
    return map(json.loads, data.splitlines())


def clusters_of(out):
    of = {}
    for row in lines(out / "duplicates.jsonl"):
        of[row["id"]] = row.get("cluster") or row["duplicate_of"]
    groups = collections.defaultdict(set)
    for i, c in of.items():
        groups[c] |= {i, c}
    return {i: c for c, members in groups.items() for i in members}


def score(rows, out):
    text, families, label = {i: t for i, _, t in rows}, collections.defaultdict(list), clusters_of(out)
    band, cache = {b: [0, 0] for b in BANDS + [(1.0, 2.0)]}, {}
    sh = lambda i: cache.get(i) or cache.setdefault(i, shingles(text[i]))  # noqa: E731
    same = lambda a, b: a in label and label.get(a) == label.get(b)  # noqa: E731
    for i, f, _ in rows:
        if f:
            families[f].append(i)
    for members in families.values():
        for a, b in itertools.combinations(members, 2):
            j = jaccard(sh(a), sh(b))
            for (low, high), v in band.items():
                if low <= j < high:
                    v[0] += same(a, b)
                    v[1] += 1
    groups = collections.defaultdict(list)
    for i in label:
        groups[label[i]].append(i)
    pairs = [p for g in groups.values() for p in itertools.combinations(sorted(g)[:50], 2)]
    false = sum(jaccard(sh(a), sh(b)) < 0.5 for a, b in pairs)
    share = lambda v: v[0] / v[1] if v[1] else float("nan")  # noqa: E731
    kept = {row["id"] for p in sorted(out.glob("kept-*")) for row in lines(p)}
    return {"recall": {"%g-%g" % b: share(band[b]) for b in BANDS}, "exact": share(band[(1.0, 2.0)]),
            "false_merge": false / len(pairs) if pairs else 0.0, "documents": len(rows), "kept": len(kept)}


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--documents", type=int, default=20000)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--peer")
    ap.add_argument("--args", default="")
    ap.add_argument("--json")
    o = ap.parse_args()
    rows = generate(o.documents, o.seed)
    with tempfile.TemporaryDirectory(prefix="villers-bench-") as tmp:
        tmp = pathlib.Path(tmp)
        files = []
        for k in range(8):
            path = tmp / ("docs-%02d.jsonl" % k)
            path.write_text("".join(json.dumps({"id": i, "text": t}, ensure_ascii=False) + "\n" for i, _, t in rows[k::8]))
            subprocess.run(["zstd", "-q", "-3", "--rm", str(path)], check=True)
            files.append(str(path) + ".zst")
        command = shlex.split(o.peer) if o.peer else [os.environ.get("VILLERS", "build/villers"), "dedup", *shlex.split(o.args)]
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        p = subprocess.run([*command, "--out", str(tmp / "out"), *files], capture_output=True, text=True)
        wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        if p.returncode:
            print(p.stderr[-1500:], file=sys.stderr)
            return 1
        s = score(rows, tmp / "out")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    s["runs"] = [{"wall": wall, "cpu": cpu, "rss_kb": after.ru_maxrss}]
    print(json.dumps(s))
    if o.json:
        pathlib.Path(o.json).write_text(json.dumps(s))
    return 0


if __name__ == "__main__":
    sys.exit(main())
