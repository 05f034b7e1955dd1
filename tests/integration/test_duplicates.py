"""Duplicates of a hub: who survives, what an earlier release has a say in, figures by source, batches against all at once."""
import json
import pathlib
import random
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import ingest_under_test as make  # noqa: E402
import refine_changes  # noqa: E402
from support import HubCase  # noqa: E402


def text(n, tail=""):
    return "\n".join(make.paragraph(1000 * n + k) for k in range(4)) + tail


class Duplicates(HubCase):
    def put(self, source, name, rows):
        path = self.path / name
        path.write_text("".join(json.dumps({"id": i, "text": t}) + "\n" for i, t in rows))
        self.villers("ingest", source, path)

    def source(self, name, **keys):
        make.source(self.hub, name, format="jsonl", url_prefix="https://%s.example/" % name, **keys)

    def counts(self):
        return json.loads(self.villers("refine", "--json").stdout)

    def rows(self, version):
        for f in sorted((self.hub / "releases/corpus" / version).rglob("*.jsonl.zst")):
            yield from map(json.loads, subprocess.run(["zstd", "-dcq", f], capture_output=True, check=True).stdout.splitlines())

    def kept(self, version):
        self.villers("publish", "corpus", version)
        return {row["url"] for row in self.rows(version) if row.get("text")}

    def test_a_forgotten_document_gives_way_to_its_duplicate_until_it_is_back(self):
        self.source("ouvert", license="CC-BY-SA-4.0")
        self.put("ouvert", "a.jsonl", [("un", text(1)), ("copie", text(1, " Voilà.")), ("deux", text(2))])
        self.assertEqual(self.counts()["duplicates"], 1)
        first = self.kept("1.0.0")
        survivor = next(u for u in first if not u.endswith("/deux"))
        other = ({"https://ouvert.example/un", "https://ouvert.example/copie"} - {survivor}).pop()
        doc = next(row["id"] for row in self.rows("1.0.0") if row["url"] == survivor)
        self.villers("forget", "--id", doc, "--reason", "opt-out")
        self.counts()
        self.assertEqual(self.kept("2.0.0"), {other, "https://ouvert.example/deux"})
        # The same text under a third address meets the one that stands, not the one that is gone.
        self.put("ouvert", "b.jsonl", [("tiers", text(1, " Encore."))])
        self.assertEqual(self.counts()["duplicates"], 1)
        # Read again it does not come back; lifted, both have been published and the order between them is as at first.
        self.put("ouvert", "a.jsonl", [("un", text(1)), ("copie", text(1, " Voilà.")), ("deux", text(2, " Plus."))])
        self.counts()
        self.assertEqual(self.kept("2.1.0"), {other, "https://ouvert.example/deux"})
        self.villers("forget", "--id", doc, "--lift")
        self.assertEqual(self.counts()["duplicates"], 2)
        self.assertEqual(self.kept("3.0.0"), first)

    def test_survivors(self):
        self.source("ouvert", license="CC-BY-SA-4.0")
        self.source("public", license="etalab-2.0", official=True)
        self.put("ouvert", "a.jsonl", [("un", text(1)), ("deux", text(2))])
        self.assertEqual(self.counts()["kept"], 2)
        first = self.kept("1.0.0")
        self.assertEqual(len(first), 2)
        # The public body's own copy would win, had the other not been published.
        self.put("public", "b.jsonl", [("un", text(1, " Voilà.")), ("trois", text(3))])
        report = self.counts()
        self.assertEqual((report["kept"], report["duplicates"]), (3, 1))
        self.assertEqual(self.kept("1.1.0"), first | {"https://public.example/trois"})
        with open(self.hub / "hub.yaml", "a") as f:
            f.write("\nsurvivor_order: [official, published]\n")
        self.assertEqual(self.counts()["kept"], 3)
        self.assertEqual(self.kept("2.0.0"), {"https://public.example/un", "https://public.example/trois", "https://ouvert.example/deux"})
        self.villers("forget", "--url", "https://public.example/un", "--reason", "essai")
        self.counts()
        self.assertEqual(self.kept("3.0.0"), {"https://ouvert.example/un", "https://public.example/trois", "https://ouvert.example/deux"})
        with open(self.hub / "hub.yaml", "a") as f:
            f.write("\nsurvivor_order: [official, largeur]\n")
        p = self.villers("refine", code=78)
        self.assertIn("survivor_order", p.stderr)

    def test_figures_by_source(self):
        tariff = "\n".join("Article %d. Le droit de la rubrique %d est de %%d francs par quintal métrique net." % (i, 100 + i) for i in range(30))
        rows = [("t%d" % y, tariff % tuple(y * 7 + i for i in range(30))) for y in range(3)]
        self.source("journal")
        self.source("loi", keep_figures=True)
        self.put("journal", "a.jsonl", rows)
        self.assertEqual(self.counts()["duplicates"], 2)
        self.put("loi", "b.jsonl", [("l" + i, t.replace("francs", "livres tournois")) for i, t in rows])
        self.assertEqual(self.counts()["duplicates"], 2)

    def test_batches_and_at_once(self):
        r = random.Random(5)
        rows = []
        for n in range(60):
            rows.append(("d%d" % n, text(n)))
            for k in range(n % 4):
                words = text(n).split(" ")
                words[r.randrange(len(words))] = "autre%d" % k
                rows.append(("d%d-%d" % (n, k), " ".join(words)))
        r.shuffle(rows)
        self.source("tout")
        for k in range(5):
            self.put("tout", "b%d.jsonl" % k, rows[k::5])
            batches = self.counts()
        kept = self.kept("1.0.0")
        self.setUp()
        self.source("tout")
        self.put("tout", "all.jsonl", rows)
        at_once = self.counts()
        self.assertEqual(batches["kept"], at_once["kept"])
        self.assertEqual(kept, self.kept("1.0.0"))

    def test_what_changed_against_all(self):
        """A longer life, and with kills: tests/integration/refine_changes.py."""
        self.assertGreater(refine_changes.live(5, 1, 11, 120), 1)

    def test_an_index_that_is_not_the_manifests_or_is_damaged_is_made_again(self):
        rows = [("d%d" % n, text(n // 2, " Voilà." * (n % 2))) for n in range(80)]
        self.source("tout")
        self.put("tout", "a.jsonl", rows)
        self.assertEqual(self.counts()["decided_anew"], 80)
        self.assertEqual(self.counts()["decided_anew"], 0)
        manifest = self.hub / "manifest.sqlite"
        before = manifest.read_bytes()
        self.put("tout", "b.jsonl", [("e", text(1, " Encore."))])
        report = self.counts()
        self.assertEqual((report["candidates"], report["duplicates"], report["decided_anew"]), (81, 41, 3))
        # As after a crash between the commit of the index and that of the manifest.
        manifest.write_bytes(before)
        self.put("tout", "c.jsonl", [("f", text(2, " Encore."))])
        report = self.counts()
        self.assertEqual((report["candidates"], report["duplicates"], report["decided_anew"]), (81, 41, 81))
        for run in (self.hub / "index/near").glob("run-*.idx"):
            data = bytearray(run.read_bytes())
            data[len(data) // 3] ^= 1
            run.write_bytes(data)
        self.put("tout", "d.jsonl", [("g", text(3, " Encore."))])
        report = self.counts()
        self.assertEqual((report["candidates"], report["duplicates"]), (82, 42))
        self.assertEqual(self.counts()["decided_anew"], 0)
        # keep_figures makes other signatures, which another index holds.
        with open(self.hub / "hub.yaml", "a") as f:
            f.write("\nkeep_figures: true\n")
        self.assertEqual(self.counts()["duplicates"], 42)


if __name__ == "__main__":
    unittest.main()
