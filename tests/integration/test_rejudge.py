"""New thresholds: `refine --rejudge` gives, from stored signals alone, the verdicts that a whole refine gives."""
import json
import pathlib
import shutil
import sqlite3
import unittest

import site_under_test as site
from support import HubCase


class Rejudge(HubCase):
    def setUp(self):
        super().setUp()
        site.build(self.path / "sites", 20)
        origin = site.Origin(self.path / "sites", self.path)
        self.addCleanup(origin.stop)
        site.sources(self.hub)
        self.villers("crawl", "tout", *origin.connect())

    def verdicts(self):
        db = sqlite3.connect(self.hub / "manifest.sqlite")
        rows = db.execute("SELECT hex(d.id), coalesce(t.text, ''), hex(k.id), d.cluster_size FROM documents d LEFT JOIN terms t ON t.term = d.reason "
                          "LEFT JOIN documents k ON k.doc = d.duplicate_of ORDER BY d.id").fetchall()
        db.close()
        return rows

    def settings(self, text, source=""):
        (self.hub / "hub.yaml").write_text(text)
        for path in (self.hub / "sources").glob("*.yaml"):
            lines = [line for line in path.read_text().splitlines(True) if not line.startswith(("quality", "min_words"))]
            path.write_text("".join(lines) + source)

    def test_same_verdicts_without_texts(self):
        cases = [("", "quality_filters: false\n"), ("", ""), ('quality_thresholds: ["dup_ngram_5=0.9", "min_words=80"]\n', ""), ("min_french_share: 1.0\n", "quality_filters: no\n"),
                 ("quality_filters: false\n", ""), ("quality_filters: false\n", "min_words: 60\n")]
        whole, seen = {}, set()
        for case in cases:
            self.settings(*case)
            for path in (self.hub / "refined").iterdir():
                path.unlink()
            shutil.copy(self.hub / "manifest.sqlite", self.path / "before.sqlite")
            # As if nothing had been refined: everything again, from the texts.
            db = sqlite3.connect(self.hub / "manifest.sqlite")
            db.execute("PRAGMA foreign_keys = OFF")
            db.execute("UPDATE segments SET settings = NULL WHERE kind > 2")
            db.commit()
            db.close()
            self.villers("refine")
            whole[case] = self.verdicts()
            seen.add(tuple(whole[case]))
        self.assertGreater(len(seen), 3)
        raw = {p: p.rename(self.path / p.name) for p in (self.hub / "raw").iterdir()}
        for case in cases:
            self.settings(*case)
            told = json.loads(self.villers("refine", "--rejudge", "--json").stdout)
            self.assertEqual((told["segments"], told["stale_segments"]), (0, 0))
            self.assertEqual(self.verdicts(), whole[case], case)
        self.assertEqual(json.loads(self.villers("refine", "--rejudge", "--json").stdout)["judged_again"], 0)
        # A plain refine sees by itself that only thresholds changed.
        self.settings(*cases[1])
        self.assertEqual(json.loads(self.villers("refine", "--json").stdout)["segments"], 0)
        self.assertEqual(self.verdicts(), whole[cases[1]])
        # What makes texts is no threshold.
        self.settings("redact: false\n")
        self.assertEqual(json.loads(self.villers("refine", "--rejudge", "--json").stdout)["stale_segments"], len(raw))
        for path, kept in raw.items():
            kept.rename(path)
        # Without its signals a segment is refined from its texts.
        for path in pathlib.Path(self.hub, "index").glob("*.signals"):
            path.unlink()
        self.settings(*cases[2])
        self.villers("refine")
        self.assertEqual(self.verdicts(), whole[cases[2]])

    def test_settings_that_make_no_sense(self):
        self.settings('quality_thresholds: ["max_char_dup"]\n')
        self.assertIn("quality_thresholds: takes NAME=VALUE", self.villers("refine", code=78).stderr)
        self.settings("", 'quality_thresholds: ["no_such=1"]\n')
        self.assertIn("sources/", self.villers("refine", code=78).stderr)
        self.settings("redact: perhaps\n")
        self.assertIn("hub.yaml", self.villers("refine", code=78).stderr)


if __name__ == "__main__":
    unittest.main()
