"""The whole path over a small web: crawl, refine, publish, stats, verify; and the same after many kills."""
import hashlib
import json
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import time
import unittest

import site_under_test as site
from support import VILLERS, HubCase, run


def release_bytes(folder):
    """Every file of a release by name, digested."""
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(pathlib.Path(folder).rglob("*")) if p.is_file()}


def documents(release):
    rows = []
    for shard in sorted((pathlib.Path(release) / "data").glob("*.jsonl.zst")):
        text = subprocess.run(["zstd", "-dcq", shard], capture_output=True, check=True).stdout.decode()
        rows += [json.loads(line) for line in text.splitlines()]
    return rows


class Pipeline(HubCase):
    def setUp(self):
        super().setUp()
        pages = 60 * max(1, int(os.environ.get("VILLERS_KILLS", "6")) // 3) if "killed" in self.id() else 60
        self.truth = site.build(self.path / "sites", pages)
        self.origin = site.Origin(self.path / "sites", self.path)
        self.addCleanup(self.origin.stop)
        site.sources(self.hub)

    def crawl(self):
        self.villers("crawl", "tout", *self.origin.connect())

    def publish(self, version="1.0.0"):
        self.villers("publish", "essai", version)
        return self.hub / "releases" / "essai" / version

    def test_a_release_takes_what_was_asked_for_in_splits_that_never_change(self):
        self.crawl()
        self.villers("refine")
        whole = documents(self.publish())
        words = sorted(r["words"] for r in whole)[len(whole) // 2]
        self.villers("publish", "choix", "1.0.0", "--min-words", str(words), "--split", "validation=20,test=10")
        release = self.hub / "releases" / "choix" / "1.0.0"
        manifest = json.loads((release / "manifest.json").read_text())
        self.assertEqual(manifest["selection"], {"min_words": words})
        self.assertEqual(manifest["splits"], {"validation": 2000, "test": 1000})
        self.assertTrue(manifest["settings"] and manifest["judged_by"]["langid"])
        self.assertEqual({r["id"] for r in documents(release)}, {r["id"] for r in whole if r["words"] >= words})
        self.assertEqual({s["split"] for s in manifest["shards"]}, {"train", "validation", "test"})
        where = {r["id"]: s["split"] for s in manifest["shards"] for r in self.lines_of(release / s["path"])}
        # The same split in a larger version; other shares are refused.
        self.villers("publish", "choix", "1.1.0", "--split", "validation=20,test=10")
        larger = self.hub / "releases" / "choix" / "1.1.0"
        manifest = json.loads((larger / "manifest.json").read_text())
        again = {r["id"]: s["split"] for s in manifest["shards"] for r in self.lines_of(larger / s["path"])}
        self.assertEqual(where, {i: again[i] for i in where})
        self.assertEqual(self.villers("publish", "choix", "1.2.0", "--split", "test=10", code=64).returncode, 64)
        self.assertEqual(self.villers("publish", "choix", "1.2.0", "--since", "hier", code=64).returncode, 64)
        self.by_quality_and_type(whole)
        # The pages are on disk, and the catalogue names each version.
        self.assertIn("choix/1.1.0/manifest.json", (self.hub / "releases" / "catalog.xml").read_text())
        self.assertIn("choix", (self.hub / "releases" / "index.html").read_text())
        self.assertIn("1.1.0", (self.hub / "releases" / "choix" / "index.html").read_text())
        self.assertIn("Quelques documents", (larger / "index.html").read_text())

    def by_quality_and_type(self, whole):
        told = {r["id"]: json.loads(r["metadata"]) for r in whole}
        scores = sorted(m["quality_score"] for m in told.values() if m["quality_score"] > 0)
        least = scores[len(scores) // 2]
        self.villers("publish", "bon", "1.0.0", "--min-quality", str(least))
        release = self.hub / "releases" / "bon" / "1.0.0"
        self.assertEqual(json.loads((release / "manifest.json").read_text())["selection"], {"min_quality": least})
        self.assertEqual({r["id"] for r in documents(release)}, {i for i, m in told.items() if m["quality_score"] >= least})
        self.assertEqual(self.villers("publish", "bon", "2.0.0", "--type", "roman", code=64).returncode, 64)
        # A source's word on its documents judges again without reading a text; reports and releases follow.
        with open(self.hub / "sources" / "mairie.yaml", "a") as f:
            f.write("document_type: fiche\n")
        again = json.loads(self.villers("refine", "--json").stdout)
        self.assertEqual(again["documents"], 0)
        self.villers("publish", "fiches", "1.0.0", "--type", "fiche")
        rows = documents(self.hub / "releases" / "fiches" / "1.0.0")
        self.assertEqual({r["id"] for r in rows}, {r["id"] for r in whole if r["source"] == "mairie"})
        self.assertEqual({json.loads(r["metadata"])["document_type"] for r in rows}, {"fiche"})
        stats = json.loads(self.villers("stats", "--json").stdout)
        self.assertEqual({r["document_type"]: r["kept_documents"] for r in stats["document_type"]}["fiche"], len(rows))
        self.assertEqual(sum(r["kept_documents"] for r in stats["quality_band"]), len(whole))
        self.assertIn("fiche administrative", self.villers("stats").stdout)

    def lines_of(self, shard):
        text = subprocess.run(["zstd", "-dcq", shard], capture_output=True, check=True).stdout.decode()
        return [json.loads(line) for line in text.splitlines()]

    def test_what_is_french_and_open_and_once_is_published(self):
        self.crawl()
        self.villers("refine")
        release = self.publish()
        rows = documents(release)
        urls = {r["url"] for r in rows}
        self.assertTrue(urls <= self.truth["french"] | {"http://%s/" % h for h in site.HOSTS}, urls - self.truth["french"])
        self.assertFalse(urls & self.truth["foreign"])
        # Of a page and its near copy one is there, not both.
        self.assertEqual(len(urls & self.truth["french"]), len(self.truth["french"]) - len(self.truth["copies"]))
        self.assertFalse([line for line in self.origin.log() if line[2].startswith("/prive/")])
        keys = {tuple(r) for r in rows}
        self.assertEqual(len(keys), 1)
        self.assertEqual({r["license"] for r in rows}, {site.LICENSE})
        self.assertTrue((release / "_SUCCESS").exists())
        self.assertEqual(json.loads((release / "manifest.json").read_text())["documents"], len(rows))
        self.villers("verify", release)
        stats = json.loads(self.villers("stats", "--json").stdout)
        self.assertEqual(stats["total"]["kept_documents"], len(rows))
        languages = {r["language"]: r["documents"] for r in stats["language"]}
        self.assertEqual(languages["eng"] + languages["deu"], len(self.truth["foreign"]))
        self.assertEqual({r["source"] for r in stats["source"]}, {"mairie", "journal", "musee"})
        self.assertIn("0,20 %", self.villers("stats").stdout.replace("0.20", "0,20"))

    def test_a_second_run_of_each_stage_does_nothing_new(self):
        self.crawl()
        asked = len(self.origin.log())
        self.crawl()
        self.assertEqual(len(self.origin.log()), asked)
        self.villers("refine")
        again = json.loads(self.villers("refine", "--json").stdout)
        self.assertEqual((again["segments"], again["documents"]), (0, 0))
        first = release_bytes(self.publish())
        self.assertNotEqual(self.villers_code("publish", "essai", "1.0.0"), 0)
        self.assertEqual(release_bytes(self.hub / "releases" / "essai" / "1.0.0"), first)

    def villers_code(self, command, *args):
        return run([command, "--hub", self.hub, *args]).returncode

    def test_a_changed_setting_judges_again(self):
        self.crawl()
        self.villers("refine")
        kept = json.loads(self.villers("stats", "--json").stdout)["total"]["kept_documents"]
        (self.hub / "hub.yaml").write_text("min_words: 100000\n")
        self.villers("refine")
        stats = json.loads(self.villers("stats", "--json").stdout)
        self.assertEqual(stats["total"]["kept_documents"], 0)
        self.assertGreater({r["outcome"]: r["documents"] for r in stats["outcome"]}["short"], 0)
        self.assertIn("no document", self.villers("publish", "essai", "1.0.0", code=65).stderr)
        (self.hub / "hub.yaml").write_text("")
        self.villers("refine")
        self.assertEqual(json.loads(self.villers("stats", "--json").stdout)["total"]["kept_documents"], kept)

    def test_refines_at_once_and_what_a_killed_one_leaves(self):
        self.crawl()
        at_once = [subprocess.Popen([VILLERS, "refine", "--hub", self.hub, "--quiet"], stderr=subprocess.PIPE, text=True) for _ in range(3)]
        for p in at_once:
            self.assertEqual((p.communicate()[1], p.returncode), ("", 0))
        # As after a kill between the verdicts and the duplicates: copies look kept, nothing may be published.
        db = sqlite3.connect(self.hub / "manifest.sqlite")
        db.execute("UPDATE meta SET value = 'stale' WHERE key = 'clusters'")
        db.commit()
        db.close()
        self.assertIn("run villers refine", self.villers("publish", "essai", "1.0.0", code=75).stderr)
        self.villers("refine")
        self.publish()

    def timed(self, command, *args):
        t0 = time.time()
        self.villers(command, *args)
        return time.time() - t0

    def kill_often(self, command, args, kills, rng, most):
        """Start a command again and again, killed within ``most`` seconds, then let it end; returns how often it was killed."""
        killed = 0
        while killed < kills:
            p = subprocess.Popen([VILLERS, command, "--hub", self.hub, "--quiet", *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(rng.uniform(0, most))
            p.send_signal(signal.SIGKILL)
            if p.wait() != -signal.SIGKILL:
                return killed
            killed += 1
        self.villers(command, *args)
        return killed

    def test_killed_and_restarted_gives_the_same_bytes(self):
        kills = int(os.environ.get("VILLERS_KILLS", "6"))
        rng = random.Random(int(os.environ.get("VILLERS_SEED", "1")))
        crawl = self.timed("crawl", "tout", *self.origin.connect())
        refine = self.timed("refine")
        whole = release_bytes(self.publish())
        asked = {(r[0], r[2]) for r in self.origin.log()}

        self.hub = self.path / "killed"
        self.assertEqual(run(["init", self.hub]).returncode, 0)
        site.sources(self.hub, delay_ms=1)
        n = self.kill_often("crawl", ["tout", *self.origin.connect()], kills, rng, 1.5 * crawl / kills + 0.05)
        for warc in (self.hub / "warc").iterdir():
            self.assertEqual(subprocess.run(["zstd", "-tq", warc]).returncode, 0, warc)
        m = self.kill_often("refine", [], kills, rng, 1.5 * refine / kills + 0.02)
        self.assertGreaterEqual(min(n, m), kills // 2)
        if os.environ.get("V"):
            print("crawl killed %d times, refine %d times" % (n, m))
        self.assertEqual({(r[0], r[2]) for r in self.origin.log()}, asked)
        self.assertEqual(release_bytes(self.publish()), whole)


if __name__ == "__main__":
    unittest.main()
