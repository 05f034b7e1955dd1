"""villers explain: each kind of fate is told with what decided it."""
import json
import unittest

import site_under_test as site
from support import HubCase


class Explain(HubCase):
    def setUp(self):
        super().setUp()
        self.truth = site.build(self.path / "sites", 20)
        origin = site.Origin(self.path / "sites", self.path)
        self.addCleanup(origin.stop)
        site.sources(self.hub)
        self.villers("crawl", "tout", *origin.connect())
        self.villers("refine")
        self.villers("publish", "essai", "1.0.0")

    def explain(self, what, code=0):
        return json.loads(self.villers("explain", "--json", what, code=code).stdout)

    def test_explain(self):
        self.each_fate()
        self.for_people_and_for_nobody()
        self.after_a_removal()

    def each_fate(self):
        kept = self.explain(min(self.truth["french"] - self.truth["copies"]))
        self.assertEqual([c["reason"] for c in kept["campaigns"]], ["document"])
        self.assertEqual(len(kept["captures"]), 1)
        capture = kept["captures"][0]
        self.assertTrue(capture["best"])
        self.assertTrue(capture["response"].startswith("warc/"))
        self.assertTrue(any(line.startswith("robots-digest: sha256:") for line in capture["archived"]), capture["archived"])
        self.assertTrue(any(line == "license: " + site.LICENSE for line in capture["archived"]))
        # One of a page and its copy is kept; the other names it.
        fates = {}
        for url in sorted(self.truth["french"]):
            told = self.explain(url)["documents"]
            self.assertEqual(len(told), 1, url)
            fates[told[0]["id"]] = told[0]
        self.assertEqual({d["verdict"] for d in fates.values()}, {"kept", "duplicate"})
        for d in fates.values():
            self.assertEqual(d["language"], "fra")
            self.assertTrue(d["title"])
            self.assertTrue(d["judged_by_settings"])
            if d["verdict"] == "duplicate":
                self.assertEqual(fates[d["duplicate_of"]]["verdict"], "kept")
                self.assertEqual(fates[d["duplicate_of"]]["url"], d["duplicate_of_url"])
                self.assertEqual(d["places"], [])
            else:
                self.assertRegex(d["places"][0], r"^essai 1\.0\.0, shard part-00000-[0-9a-f]{12}\.jsonl\.zst$")
        one = next(iter(fates))
        self.assertEqual(self.explain(one)["documents"], self.explain(fates[one]["url"])["documents"])

        foreign = self.explain(min(self.truth["foreign"]))["documents"][0]
        self.assertEqual(foreign["verdict"], "language")
        self.assertNotEqual(foreign["language"], "fra")

        closed = self.explain(min(self.truth["closed"]))
        self.assertEqual([c["reason"] for c in closed["campaigns"]], ["robots"])
        self.assertIn("Disallow: /prive/", closed["campaigns"][0]["decided_by"])
        self.assertEqual((closed["captures"], closed["documents"]), ([], []))

        gone = self.explain("http://%s/absent.html" % site.HOSTS[0])
        self.assertEqual([c["reason"] for c in gone["campaigns"]], ["gone"])
        self.assertEqual(gone["captures"][0]["refused"], "gone")

    def for_people_and_for_nobody(self):
        url = min(self.truth["foreign"])
        text = self.villers("explain", url).stdout
        self.assertTrue(text.startswith(url + "\n"))
        for part in ("meaning: fetched, became a document", "verdict: language", "source license evidence: ", "judged by code: "):
            self.assertIn(part, text)
        unknown = self.villers("explain", "https://nowhere.example/", code=1)
        self.assertIn("nothing is known", unknown.stderr)
        self.assertEqual(self.explain("0" * 32, code=1)["documents"], [])
        self.villers("explain", code=64)

    def after_a_removal(self):
        url = min(self.truth["french"] - self.truth["copies"])
        self.villers("forget", "--url", url, "--reason", "erasure")
        told = self.explain(url)["documents"][0]
        self.assertEqual((told["verdict"], told["removed_by"], told["removal_reason"]), ("removed", "url " + url, "erasure"))


if __name__ == "__main__":
    unittest.main()
