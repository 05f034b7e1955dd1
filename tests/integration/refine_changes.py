#!/usr/bin/env python3
"""Duplicates decided from what changed, against all decided from nothing, over many steps of a hub's life.

    tests/integration/refine_changes.py [--steps N] [--kills N] [--seed S] [--documents N]        (default 40 steps, 0 kills)

Each step brings documents (chains of edited texts, exact copies, pages that share most of a template), changes some, forgets or lifts
some, publishes now and then, and moves a threshold there and back.  After it `refine` decides what changed; a copy of the hub decides all
with --full: the clusters of every document must be the same.  With kills, refine is killed -9 at random moments first.
"""
import argparse
import json
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parent.parent)]
import ingest_under_test as make  # noqa: E402
from support import VILLERS, run  # noqa: E402

CLUSTERS = ("SELECT hex(d.id), hex(k.id), d.similarity, d.cluster_size FROM documents d LEFT JOIN documents k ON k.doc = d.duplicate_of "
            "WHERE d.reason IS NULL AND d.removed IS NULL ORDER BY 1")


class Life:
    def __init__(self, work, seed, documents):
        self.r = random.Random(seed)
        self.work, self.hub, self.documents = pathlib.Path(work), pathlib.Path(work, "hub"), documents
        self.texts, self.out, self.n, self.files, self.versions, self.anew = {}, set(), 0, 0, 0, 0
        assert run(["init", self.hub]).returncode == 0
        for k in range(2):
            make.source(self.hub, "s%d" % k, format="jsonl", url_prefix="https://s%d.example/" % k, official=bool(k), license=("CC-BY-SA-4.0", "etalab-2.0")[k])

    def villers(self, *args, hub=None):
        p = run([args[0], "--hub", hub or self.hub, *args[1:]])
        assert p.returncode == 0, "villers %s: %s%s" % (args, p.stdout, p.stderr)
        return p.stdout

    def edited(self, text, share):
        words = text.split(" ")
        for _ in range(max(1, int(len(words) * share))):
            words[self.r.randrange(len(words))] = self.r.choice(make.NOUNS)
        return " ".join(words)

    def text(self):
        what, old = self.r.random(), list(self.texts.values())
        if old and what < 0.15:
            return self.r.choice(old)
        if old and what < 0.45:
            return self.edited(self.r.choice(old), self.r.choice([0.005, 0.02, 0.05, 0.1]))
        if what < 0.6:  # most of it is one of three templates
            return "\n".join([make.paragraph(self.r.randrange(3)), make.paragraph(100 + self.r.randrange(2)), make.paragraph(10 ** 6 + self.n)[:self.r.randrange(40, 300)]])
        return "\n".join(make.paragraph(10 * self.n + k) for k in range(self.r.randrange(1, 4)))

    def bring(self, count):
        for source in range(2):
            rows = {}
            for _ in range(count // 2 + 1):
                again = self.texts and self.r.random() < 0.1
                name = self.r.choice([k for k in self.texts]) if again else "d%d" % self.n
                self.n += 1
                if again and not name.startswith("s%d/" % source):
                    continue
                key = name if again else "s%d/%s" % (source, name)
                rows[key] = self.texts[key] = self.text()
            if not rows:
                continue
            path = self.work / ("%d.jsonl" % self.files)
            self.files += 1
            path.write_text("".join(json.dumps({"id": k.split("/")[1], "text": t}) + "\n" for k, t in rows.items()))
            self.villers("ingest", "s%d" % source, path)

    def step(self, i):
        self.bring(self.documents if i == 0 else self.r.randrange(0, max(2, self.documents // 15)))
        url = lambda key: "https://%s.example/%s" % tuple(key.split("/"))  # noqa: E731
        for _ in range(self.r.randrange(3)):
            key = self.r.choice(list(self.texts))
            if key in self.out:
                self.villers("forget", "--url", url(key), "--lift")
                self.out.discard(key)
            else:
                self.villers("forget", "--url", url(key), "--reason", "essai")
                self.out.add(key)
        if self.r.random() < 0.15:
            settings = self.hub / "hub.yaml"
            text = settings.read_text()
            settings.write_text(text + "\nmin_words: 60\n" if "min_words: 60" not in text else text.replace("\nmin_words: 60\n", ""))

    def clusters(self, hub):
        with sqlite3.connect(hub / "manifest.sqlite") as db:
            rows = db.execute(CLUSTERS).fetchall()
        db.close()
        return rows

    def kill(self):
        p = subprocess.Popen([VILLERS, "refine", "--hub", self.hub, "--quiet"], stdout=subprocess.DEVNULL)
        time.sleep(self.r.random() * 0.06)
        p.kill()
        p.wait()

    def check(self):
        report = json.loads(self.villers("refine", "--json"))
        self.anew += report["decided_anew"] < report["candidates"]
        copy = self.work / "copy"
        shutil.copytree(self.hub, copy)
        full = json.loads(self.villers("refine", "--json", "--full", hub=copy))
        ours, theirs = self.clusters(self.hub), self.clusters(copy)
        shutil.rmtree(copy)
        assert ours == theirs, "clusters differ: %s" % [x for x in zip(ours, theirs) if x[0] != x[1]][:5]
        assert [report[k] for k in ("candidates", "kept", "duplicates")] == [full[k] for k in ("candidates", "kept", "duplicates")], (report, full)
        assert report["duplicates"] == sum(bool(row[1]) for row in ours)
        if self.r.random() < 0.2:
            self.versions += 1
            self.villers("publish", "corpus", "%d.0.0" % self.versions)
        return report


def live(steps, kills, seed, documents, tell=lambda *_: None):
    """Returns in how many steps not all was decided anew."""
    with tempfile.TemporaryDirectory(prefix="villers-changes-") as work:
        life = Life(work, seed, documents)
        for i in range(steps):
            life.step(i)
            for _ in range(kills):
                life.kill()
            tell(i, life.check())
        return life.anew


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--steps", type=int, default=40)
    p.add_argument("--kills", type=int, default=0)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--documents", type=int, default=600)
    a = p.parse_args()
    anew = live(a.steps, a.kills, a.seed, a.documents, lambda i, r: print("step %3d: %5d documents, %5d duplicates, %5d decided anew" % (
        i, r["candidates"], r["duplicates"], r["decided_anew"]), flush=True))
    print("%d steps, %d of them decided from what changed: all as from nothing" % (a.steps, anew))
