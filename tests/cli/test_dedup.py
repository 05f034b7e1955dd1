"""villers dedup: layout, bytes kept as they are, bad lines, determinism."""
import gzip
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import run


def words(seed, n):
    r = random.Random(seed)
    return ["".join(r.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(6)) for _ in range(n)]


def documents():
    """60 families of a text, a copy in capitals, one with other words, and a longer one; and 50 texts on their own."""
    rows = []
    for f in range(60):
        w = words(f, 120)
        near = list(w)
        near[10] = near[60] = "autre"
        for k, text in enumerate((" ".join(w), " ".join(w).upper(), " ".join(near), " ".join(w + words(1000 + f, 6)))):
            rows.append({"id": "f%02d-%d" % (f, k), "text": text, "extra": {"é": [1, 2.50, None]}})
    rows += [{"id": "s%02d" % i, "text": " ".join(words(5000 + i, 80))} for i in range(50)]
    return rows


def read_kept(out):
    lines = []
    for path in sorted(out.glob("kept-*.jsonl.zst")):
        lines += subprocess.run(["zstd", "-dc", str(path)], check=True, capture_output=True).stdout.splitlines()
    return lines


class Dedup(unittest.TestCase):
    def setUp(self):
        tmp = tempfile.TemporaryDirectory(prefix="villers-test-")
        self.addCleanup(tmp.cleanup)
        self.dir = pathlib.Path(tmp.name)

    def write(self, name, rows):
        path = self.dir / name
        data = b"".join(r if isinstance(r, bytes) else (json.dumps(r, ensure_ascii=False) + "\n").encode() for r in rows)
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        if name.endswith(".zst"):
            path.write_bytes(subprocess.run(["zstd", "-c"], input=data, check=True, capture_output=True).stdout)
        return path

    def dedup(self, out, *args, code=0):
        p = run(["dedup", "--out", self.dir / out, *args])
        self.assertEqual(p.returncode, code, p.stderr)
        return p

    def result(self, out):
        kept = {json.loads(line)["id"]: line for line in read_kept(self.dir / out)}
        dups = {}
        for line in (self.dir / out / "duplicates.jsonl").read_text().splitlines():
            row = json.loads(line)
            self.assertEqual(set(row), {"id", "duplicate_of", "similarity", "cluster"})
            dups[row["id"]] = row
        return kept, dups

    def test_layout(self):
        rows = documents()
        files = [self.write("a.jsonl", rows[:100]), self.write("b.jsonl.gz", rows[100:200]), self.write("c.jsonl.zst", rows[200:])]
        self.dedup("out", *files)
        kept, dups = self.result("out")
        self.assertEqual(set(kept) | set(dups), {r["id"] for r in rows})
        self.assertFalse(set(kept) & set(dups))
        source = {r["id"]: json.dumps(r, ensure_ascii=False).encode() for r in rows}
        for i, line in kept.items():
            self.assertEqual(line, source[i])
        # The longest of a family stands for it.
        self.assertEqual(set(kept), {"f%02d-3" % f for f in range(60)} | {"s%02d" % i for i in range(50)})
        for i, row in dups.items():
            self.assertEqual(row["duplicate_of"], i[:4] + "3")
            self.assertEqual(row["cluster"], row["duplicate_of"])
            self.assertTrue(0.7 <= row["similarity"] <= 1)

    def test_same_whatever_the_order(self):
        rows = documents()
        results = []
        for seed in range(3):
            random.Random(seed).shuffle(rows)
            cut = 60 + 50 * seed
            files = [self.write("%d-a.jsonl" % seed, rows[:cut]), self.write("%d-b.jsonl" % seed, rows[cut:])]
            self.dedup("out%d" % seed, "--threads", seed + 1, "--memory", "1" if seed == 1 else "64M", *files)
            kept, dups = self.result("out%d" % seed)
            results.append((set(kept), {i: (d["duplicate_of"], d["similarity"]) for i, d in dups.items()}))
        self.assertEqual(results[0], results[1])
        self.assertEqual(results[0], results[2])

    def test_bad_lines(self):
        path = self.write("bad.jsonl", [{"id": "a", "text": "un deux trois"}, b"{not json}\n", {"id": "b"}, {"id": "c", "text": 3},
                                        {"id": [], "text": "x"}, b"\n", {"id": 7, "text": "sept"}, {"text": "sans nom"}])
        p = self.dedup("out", path, code=65)
        for line in (2, 3, 4, 5):
            self.assertIn("bad.jsonl:%d: " % line, p.stderr)
        kept = [json.loads(line) for line in read_kept(self.dir / "out")]
        self.assertEqual([r["text"] for r in kept], ["un deux trois", "sept", "sans nom"])

    def test_figures(self):
        rows = [{"id": "a", "text": "Le tarif est de 12 euros"}, {"id": "b", "text": "Le tarif est de 345 euros"}]
        path = self.write("t.jsonl", rows)
        self.dedup("out", path)
        self.assertEqual(len(self.result("out")[1]), 1)
        self.dedup("out", "--keep-figures", path)
        self.assertEqual(len(self.result("out")[1]), 0)

    def test_usage(self):
        path = self.write("t.jsonl", [{"id": "a", "text": "un"}])
        self.assertEqual(run(["dedup", path]).returncode, 64)
        self.assertEqual(run(["dedup", "--out", self.dir / "o"]).returncode, 64)
        self.assertEqual(run(["dedup", "--out", self.dir / "o", "--bands", "200", path]).returncode, 64)
        self.assertEqual(run(["dedup", "--out", self.dir / "o", self.dir / "none.jsonl"]).returncode, 66)

    def test_damaged_input_names_the_file(self):
        good = self.write("c.jsonl.zst", documents())
        good.write_bytes(good.read_bytes()[:-20])
        p = run(["dedup", "--out", self.dir / "o", good])
        self.assertNotEqual(p.returncode, 0)
        self.assertIn("c.jsonl.zst", p.stderr)


if __name__ == "__main__":
    unittest.main()
