"""A version in which one document in a hundred changed: what a mirror fetches of it, and what it then holds.

VILLERS_DOCUMENTS sets how many documents (default 1,200)."""
import json
import os
import pathlib
import random
import shutil
import subprocess
import time
import unittest

import ingest_under_test as make
from support import VILLERS, HubCase, run

SYLLABLES = "la re con ti on pré mu ni ci pal dé mar che sen tou vi es aux lé gis lo ber tra vail ju ge men bre or an".split()


def files_of(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(pathlib.Path(folder).rglob("*")) if p.is_file()}


class Update(HubCase):
    def setUp(self):
        super().setUp()
        self.n = int(os.environ.get("VILLERS_DOCUMENTS", "1200"))
        make.source(self.hub, "textes", format="jsonl", quality_filters="false")
        # Near copies are not the matter: at random, no two texts resemble.
        (self.hub / "hub.yaml").write_text("shard_text_bytes: %d\nmin_language_score: 0.01\nmin_french_share: 0.01\n" % (self.n * 2500 // 8))
        rng = random.Random(7)
        self.words = ["".join(rng.choices(SYLLABLES, k=rng.randint(1, 3))) for _ in range(20000)]

    def text(self, n, edition):
        rng = random.Random(n * 1000 + edition)
        known = "le la les des une dans pour que qui sur avec est sont".split()
        return "\n".join(" ".join(rng.choice(known) if i % 2 else rng.choice(self.words) for i in range(70)).capitalize() + "." for _ in range(6))

    def ingest(self, name, numbers, edition):
        path = self.path / name
        with open(path, "w") as f:
            for n in numbers:
                f.write(json.dumps({"id": "t%06d" % n, "url": "https://textes.example/%d" % n, "text": self.text(n, edition), "date": "2024-05-0%d" % edition}) + "\n")
        self.villers("ingest", "textes", path)
        self.villers("refine")

    def publish(self, version):
        self.villers("publish", "essai", version)
        return self.hub / "releases" / "essai" / version

    def test_one_in_a_hundred_changed_moves_less_than_three_in_a_hundred(self):
        self.ingest("textes_20240601.jsonl", range(self.n), 1)
        first = self.publish("1.0.0")
        self.assertGreater(json.loads((first / "manifest.json").read_text())["documents"], self.n * 0.9)
        self.assertGreater(len(list((first / "data").iterdir())), 5)
        # Scattered over all shards: each is another file in the version after.
        self.ingest("textes_20240701.jsonl", range(0, self.n, 100), 2)
        port_file = self.path / "port"
        server = subprocess.Popen([VILLERS, "serve", "--quiet", "--hub", self.hub, "--port", "0", "--port-file", port_file])
        self.addCleanup(server.wait, 10)
        self.addCleanup(server.terminate)
        limit = time.monotonic() + 60
        while not port_file.exists() and time.monotonic() < limit:
            time.sleep(0.02)
        base = "http://127.0.0.1:%s/essai" % port_file.read_text().strip()
        mirror, fresh = self.path / "mirror", self.path / "fresh"
        self.assertEqual(run(["pull", "--quiet", base + "@1.0.0", mirror]).returncode, 0)
        second = self.publish("1.1.0")
        moved = run(["pull", "--quiet", "--json", base, mirror])
        self.assertEqual(moved.returncode, 0, moved.stderr)
        self.assertEqual(run(["pull", "--quiet", base, fresh]).returncode, 0)
        self.assertEqual(files_of(mirror), files_of(fresh))
        self.assertEqual(run(["verify", mirror]).returncode, 0)
        report = json.loads(moved.stdout)
        whole = sum(p.stat().st_size for p in (second / "data").iterdir())
        print("\n%d of %d bytes moved: %.2f %%" % (report["fetched_bytes"], whole, 100 * report["fetched_bytes"] / whole) if os.environ.get("VILLERS_DOCUMENTS") else "", end="")
        # The pages and lists beside the shards do not shrink with a small test: 60 kB are theirs.
        self.assertLess(report["fetched_bytes"], 0.03 * whole + 60000)

    def test_same_bytes_whatever_the_settings_of_the_machine(self):
        """The whole of releases/: shards, lists, signatures, pages, catalogue."""
        self.n = 300
        self.ingest("textes_20240601.jsonl", range(self.n), 1)
        self.villers("keygen")
        other = self.path / "other"
        shutil.copytree(self.hub, other)
        args = ["publish", "--quiet", "--split", "validation=10", "essai", "1.0.0", "--hub"]
        a = subprocess.run([VILLERS, *args, self.hub, "--threads", "1"], env=dict(os.environ, TZ="Pacific/Auckland", LC_ALL="tr_TR.UTF-8"), capture_output=True, text=True)
        b = subprocess.run(["sh", "-c", 'umask 077; exec "$0" "$@"', VILLERS, *args, other, "--threads", "5"],
                           env=dict(os.environ, TZ="America/Lima", LC_ALL="C", NO_COLOR="1"), cwd="/", capture_output=True, text=True)
        self.assertEqual((a.returncode, b.returncode), (0, 0), a.stderr + b.stderr)
        whole, again = files_of(self.hub / "releases"), files_of(other / "releases")
        self.assertIn("essai/1.0.0/SHA256SUMS.minisig", whole)
        self.assertIn("catalog.jsonld", whole)
        self.assertEqual([k for k in whole if whole[k] != again.get(k)], [])
        self.assertEqual(sorted(whole), sorted(again))


if __name__ == "__main__":
    unittest.main()
