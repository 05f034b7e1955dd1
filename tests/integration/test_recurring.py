"""Lines that a host repeats on most of its pages leave the texts, in one batch or several, and the documents tell it."""
import json
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import ingest_under_test as make  # noqa: E402
from support import HubCase  # noqa: E402

MENU = "La mairie est ouverte du lundi au vendredi, de neuf heures à midi, et le samedi sur rendez-vous."


def text(n):
    return MENU + "\n" + "\n".join(make.paragraph(1000 * n + k) for k in range(4))


class Recurring(HubCase):
    def put(self, source, name, numbers):
        path = self.path / name
        path.write_text("".join(json.dumps({"id": "d%d" % n, "text": text(n)}) + "\n" for n in numbers))
        self.villers("ingest", source, path)

    def refined(self):
        self.villers("refine")
        rows = {}
        for f in sorted((self.hub / "refined").glob("*.zst")):
            for line in subprocess.run(["zstd", "-dcq", f], capture_output=True, check=True).stdout.splitlines():
                row = json.loads(line)
                rows[row["url"]] = (row["text"], json.loads(row["metadata"]).get("recurring_share"))
        return rows

    def test_template_goes_whatever_the_batches(self):
        make.source(self.hub, "mairie", format="jsonl", url_prefix="https://mairie.example/", drop_recurring=True)
        make.source(self.hub, "autre", format="jsonl", url_prefix="https://autre.example/")
        self.put("mairie", "a.jsonl", range(0, 12))
        self.assertTrue(all(MENU in t and share is None for t, share in self.refined().values()))  # too few to tell
        self.put("mairie", "b.jsonl", range(12, 30))
        self.put("autre", "c.jsonl", range(40, 65))
        rows = self.refined()
        self.assertEqual(len(rows), 55)
        for url, (t, share) in rows.items():
            self.assertEqual(MENU in t, "autre" in url)
            self.assertEqual(share is None, "autre" in url)
        self.setUp()
        make.source(self.hub, "mairie", format="jsonl", url_prefix="https://mairie.example/", drop_recurring=True)
        self.put("mairie", "all.jsonl", range(30))
        self.assertEqual(self.refined(), {u: r for u, r in rows.items() if "mairie" in u})

    def test_only_segments_whose_lines_go_are_made_again(self):
        make.source(self.hub, "loi", format="jsonl", url_prefix="https://loi.example/", drop_repeated=6)
        make.source(self.hub, "autre", format="jsonl", url_prefix="https://autre.example/", drop_repeated=1)
        self.put("autre", "a.jsonl", range(100, 120))
        self.put("loi", "b.jsonl", range(5))
        self.assertTrue(all(MENU in t and share is None for t, share in self.refined().values()))
        path = self.path / "c.jsonl"
        path.write_text(json.dumps({"id": "sans", "text": make.paragraph(7) + "\n" + make.paragraph(8)}) + "\n")
        self.villers("ingest", "loi", path)
        self.assertEqual(json.loads(self.villers("refine", "--json").stdout)["segments"], 1)
        for damaged in (self.hub / "index").glob("*.lines"):
            damaged.write_bytes(damaged.read_bytes()[:-9])
        self.put("loi", "d.jsonl", range(5, 8))
        # The new one, and of the others that of the five documents which lose the line now.
        self.assertEqual(json.loads(self.villers("refine", "--json").stdout)["segments"], 2)
        rows = self.refined()
        self.assertEqual(len(rows), 29)
        for url, (t, share) in rows.items():
            self.assertEqual(MENU in t, "autre" in url)
            self.assertEqual(share is None, "autre" in url or "sans" in url)
        self.assertEqual(json.loads(self.villers("refine", "--json").stdout)["segments"], 0)
        with open(self.hub / "sources" / "loi.yaml", "a") as f:
            f.write("\ndrop_repeated: -1\n")
        self.assertIn("drop_repeated", self.villers("refine", code=78).stderr)


if __name__ == "__main__":
    unittest.main()
