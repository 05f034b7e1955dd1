"""The catalogue of sources: each entry is well formed and says what it must; a source that has grown old is told."""
import json
import shutil
import sys
import unittest

from support import ROOT, HubCase, run

sys.path.insert(0, str(ROOT / "tests" / "integration"))
import ingest_under_test as make  # noqa: E402

WANTED = """dila-legi dila-jorf dila-jade dila-kali dila-cass dila-capp dila-inca dila-cnil dila-constit service-public assemblee-nationale senat wikipedia-fr
wikisource-fr hal openedition gallica gutenberg-fr eur-lex-fr data-gouv-fr common-crawl persee""".split()


class Catalogue(HubCase):
    def test_every_entry(self):
        for f in sorted((ROOT / "config" / "sources").glob("*.yaml")):
            shutil.copy(f, self.hub / "sources")
        self.villers("sources", "check")
        rows = {}
        for line in self.villers("sources", "list", "--json").stdout.splitlines():
            rows[json.loads(line)["id"]] = json.loads(line)
        self.assertEqual(set(WANTED) - set(rows), set())
        for row in rows.values():
            self.assertTrue(row["license_evidence"].startswith("https://"), row["id"])
            self.assertIn("#", (ROOT / "config/sources" / (row["id"] + ".yaml")).read_text())
            if row["access"] != "blocked":
                self.assertTrue(row["attribution"] and row["license"], row["id"])
        self.assertEqual({r for r in rows if rows[r]["access"] == "blocked"}, {"persee", "gallica"})
        self.assertEqual(self.villers("ingest", "persee", ROOT / "README.md", code=66).stdout, "")

    def test_add(self):
        listed = self.villers("sources", "add").stdout.split()
        self.assertEqual(set(listed), {f.stem for f in (ROOT / "config/sources").glob("*.yaml")})
        for name in listed:
            self.villers("sources", "add", name)
            self.assertEqual((self.hub / "sources" / (name + ".yaml")).read_text(), (ROOT / "config/sources" / (name + ".yaml")).read_text())
        self.villers("sources", "add", "persee", code=73)
        self.villers("sources", "add", "nulle-part", code=66)

    def test_a_source_that_grew_old(self):
        make.source(self.hub, "fiches", fresh_days=30)
        self.villers("sources", "list")
        self.villers("ingest", "fiches", make.tar(self.path / "a_20200101.tar.gz", [("F1.xml", make.sheet(1))]))
        listed = self.villers("sources", "list", code=75)
        self.assertIn("STALE", listed.stdout)
        row = json.loads(self.villers("sources", "show", "fiches", "--json").stdout)
        self.assertEqual((row["upstream_date"], row["stale"]), ("2020-01-01", True))
        self.assertGreater(row["gap_days"], 2000)
        fresh = make.tar(self.path / "b.tar.gz", [("F2.xml", make.sheet(2))])
        self.villers("ingest", "fiches", fresh)
        self.villers("sources", "list")


if __name__ == "__main__":
    unittest.main()
