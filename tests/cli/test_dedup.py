"""villers dedup: layout, bytes kept as they are, bad lines, determinism."""
import gzip
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import VILLERS, run


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

    def test_every_line_that_is_a_document(self):
        odd = ['{"id":"long","text":"un nombre trop long","n":12345678901234567890123,"f":1e999}', '{"id":"crlf","text":"deux mots"}\r',
               '{"id":10000000000000000000000,"text":"trois autres mots"}', '{"id":"vide","text":""}', '{"id":"dernier","text":"sans fin de ligne"}']
        path = self.dir / "odd.jsonl"
        path.write_bytes(b"\xef\xbb\xbf" + "\n".join(odd).encode())
        for extra in ([], ["--memory", "1"]):
            self.dedup("out", *extra, path)
            self.assertEqual([line.decode() for line in read_kept(self.dir / "out")], [line.rstrip("\r") for line in odd])
        self.dedup("empty", self.write("nothing.jsonl", []))
        self.assertEqual(read_kept(self.dir / "empty"), [])

    def test_large_text(self):
        large = (" ".join(words(1, 1000)) + " ") * 10000
        self.dedup("out", self.write("large.jsonl", [{"id": "a", "text": large}, {"id": "b", "text": "petit texte"}]))
        self.assertEqual([len(line) for line in read_kept(self.dir / "out")], [len(json.dumps({"id": "a", "text": large})), 34])

    def test_interrupted(self):
        rows = documents()
        fifo = self.dir / "pipe.jsonl"
        os.mkfifo(fifo)
        first = self.write("a.jsonl", rows[:200])
        p = subprocess.Popen([VILLERS, "dedup", "--resume", "--out", str(self.dir / "out"), str(first), str(fifo)], stderr=subprocess.PIPE, text=True)
        f = os.open(fifo, os.O_WRONLY)  # waits until it has the other end: the signal finds it reading
        p.send_signal(signal.SIGINT)
        os.write(f, b"".join(json.dumps(row).encode() + b"\n" for row in rows[200:220]))
        os.close(f)
        self.assertIn("interrupted", p.communicate()[1])
        self.assertEqual(p.returncode, 75)
        self.assertFalse(list((self.dir / "out").glob("kept-*")))

    def test_stdin_and_plain(self):
        rows = documents()
        self.dedup("files", self.write("a.jsonl", rows))
        data = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
        for extra in (["--plain"], ["--memory", "1", "--plain"]):
            p = run(["dedup", "--out", self.dir / "pipe", *extra, "-"], input=data)
            self.assertEqual(p.returncode, 0, p.stderr)
            self.assertEqual((self.dir / "pipe/kept-00000.jsonl").read_bytes().splitlines(), read_kept(self.dir / "files"))
            self.assertEqual((self.dir / "pipe/duplicates.jsonl").read_bytes(), (self.dir / "files/duplicates.jsonl").read_bytes())

    def test_repeats(self):
        menu, banner = "Accueil | Nos services | Contact", "Nous utilisons des témoins.\nEn continuant, vous acceptez."
        rows = []
        for n in range(30):
            a, b = " ".join(words(7000 + n, 40)), " ".join(words(8000 + n, 40))
            rows.append({"id": "d%d" % n, "x": {"text": "non"}, "source": "ab"[n % 2], "text": "%s\n\n%s\n\n%s\n\n%s" % (menu.upper() if n % 3 else menu, a, banner, b)})
        rows.append({"source": "c", "id": "seul", "te\\u0078t": 1, "text": menu})
        files = [self.write("a%d.jsonl" % k, rows[k::3]) for k in range(3)]
        for extra in (["--threads", "1"], ["--memory", "1"]):
            p = self.dedup("p", "--paragraphs", 15, *extra, *files)
            self.assertIn("bytes cut of", p.stderr)
            got = {r["id"]: r for r in map(json.loads, read_kept(self.dir / "p"))}
            for r in rows:
                want = r["text"] if r["id"] == "seul" else r["text"].split("\n\n")[1] + "\n\n" + r["text"].split("\n\n")[3]
                self.assertEqual(got[r["id"]]["text"], want)
                self.assertEqual({k: v for k, v in got[r["id"]].items() if k not in ("text", "repeated_share")}, {k: v for k, v in r.items() if k != "text"})
                self.assertAlmostEqual(got[r["id"]]["repeated_share"], 1 - len(want.encode()) / len(r["text"].encode()), places=3)
        self.dedup("none", "--paragraphs", 16, "--lines", 16, *files)
        self.assertEqual({r["text"] for r in map(json.loads, read_kept(self.dir / "none"))}, {r["text"] for r in rows})
        self.dedup("lines", "--lines", 15, *files)
        got = {r["id"]: r["text"] for r in map(json.loads, read_kept(self.dir / "lines"))}
        self.assertEqual(got["d4"], rows[4]["text"].split("\n\n")[1] + "\n\n" + rows[4]["text"].split("\n\n")[3])
        self.assertEqual(run(["dedup", "--out", self.dir / "x", "--lines", "1", files[0]]).returncode, 64)

    def test_resume(self):
        rows = documents()
        rows[3] = b"no json\n"
        files = [self.write("a%d.jsonl.zst" % k, rows[k::5]) for k in range(5)]
        self.dedup("whole", "--threads", "1", *files, code=65)
        whole = files[4].read_bytes()
        files[4].write_bytes(whole[:-9])
        self.dedup("out", "--resume", *files, code=74)
        left = sorted((self.dir / "out").glob(".resume-*.sig"))
        self.assertEqual(len(left), 4)
        self.assertFalse(list((self.dir / "out").glob("kept-*")))
        files[4].write_bytes(whole)
        damaged = left[0].read_bytes()
        left[0].write_bytes(damaged[:-1])  # is made again
        self.dedup("out", "--resume", *files, code=65)
        self.assertEqual(sorted(p.name for p in (self.dir / "out").iterdir()), ["duplicates.jsonl"] + ["kept-0000%d.jsonl.zst" % k for k in range(5)])
        self.assertEqual(read_kept(self.dir / "out"), read_kept(self.dir / "whole"))
        self.assertEqual((self.dir / "out/duplicates.jsonl").read_bytes(), (self.dir / "whole/duplicates.jsonl").read_bytes())

    def test_figures(self):
        rows = [{"id": "a", "text": "Le tarif est de 12 euros"}, {"id": "b", "text": "Le tarif est de 345 euros"}]
        path = self.write("t.jsonl", rows)
        self.dedup("out", path)
        self.assertEqual(len(self.result("out")[1]), 1)
        self.dedup("out", "--keep-figures", path)
        self.assertEqual(len(self.result("out")[1]), 0)

    def test_batches_against_an_index(self):
        rows = documents()
        random.Random(9).shuffle(rows)
        index = self.dir / "index"
        kept, dups = set(), {}
        for b in range(10):
            path = self.write("b%d.jsonl" % b, rows[29 * b:29 * b + 29])
            self.dedup("out", "--against", index, "--add", path)
            new_kept, new_dups = self.result("out")
            for i, row in new_dups.items():
                self.assertIn(row["duplicate_of"], kept | set(new_kept))
            # The same batch again gives the same: what was added is not a duplicate of itself.
            self.dedup("again", "--against", index, "--add", path)
            again_kept, again_dups = self.result("again")
            self.assertEqual(set(again_kept), set(new_kept))
            self.assertEqual({i: d["duplicate_of"] for i, d in again_dups.items()}, {i: d["duplicate_of"] for i, d in new_dups.items()})
            kept |= set(new_kept)
            dups.update(new_dups)
        # One of each family, whichever came first, and all that stand alone.
        self.assertEqual(sorted(i.split("-")[0] for i in kept), sorted(["f%02d" % f for f in range(60)] + ["s%02d" % i for i in range(50)]))
        self.assertEqual(len(kept) + len(dups), len(rows))
        # Few runs are left, and everything is a duplicate of what was kept.
        self.assertLess(len(list(index.glob("run-*.idx"))), 10)
        path = self.write("all.jsonl", [dict(r, id="new-" + r["id"]) for r in rows])
        for extra in ((), ("--compact",)):
            self.dedup("out", "--against", index, *extra, path)
            new_kept, new_dups = self.result("out")
            self.assertEqual(len(new_kept), 0)
            self.assertEqual({d["duplicate_of"] for d in new_dups.values()}, kept)
        self.assertEqual(len(list(index.glob("run-*.idx"))), 1)

    def test_forget(self):
        index = self.dir / "index"
        path = self.write("a.jsonl", [{"id": "a", "text": " ".join(words(1, 50))}, {"id": "b", "text": " ".join(words(2, 50))}])
        again = self.write("again.jsonl", [{"id": "c", "text": " ".join(words(1, 50))}, {"id": "d", "text": " ".join(words(2, 50))}])
        self.dedup("out", "--against", index, "--add", path)
        p = run(["dedup", "--against", index, "--forget", "a"])
        self.assertEqual(p.returncode, 0, p.stderr)
        for extra in ((), ("--compact",)):
            self.dedup("out", "--against", index, *extra, again)
            kept, dups = self.result("out")
            self.assertEqual(set(kept), {"c"})
            self.assertEqual(dups["d"]["duplicate_of"], "b")

    def test_damaged_or_foreign_index(self):
        index = self.dir / "index"
        path = self.write("a.jsonl", documents())
        self.dedup("out", "--against", index, "--add", path)
        p = run(["dedup", "--out", self.dir / "out", "--against", index, "--bands", "10", path])
        self.assertNotEqual(p.returncode, 0)
        self.assertIn("other signature options", p.stderr)
        idx = next(index.glob("run-*.idx"))
        whole = idx.read_bytes()
        r = random.Random(4)
        for at in [r.randrange(len(whole)) for _ in range(12)]:
            idx.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << r.randrange(8)]) + whole[at + 1:])
            p = run(["dedup", "--out", self.dir / "out", "--against", index, "--compact", path])
            q = run(["dedup", "--out", self.dir / "out", "--against", index, path])
            self.assertNotEqual(q.returncode, 0, at)
            self.assertIn(idx.name, p.stderr + q.stderr)
        for cut in (0, 10, len(whole) // 2, len(whole) - 1):
            idx.write_bytes(whole[:cut])
            p = run(["dedup", "--out", self.dir / "out", "--against", index, path])
            self.assertNotEqual(p.returncode, 0)
            self.assertIn(idx.name, p.stderr)
        idx.write_bytes(whole)
        self.dedup("out", "--against", index, path)
        self.assertEqual(run(["dedup", "--out", self.dir / "out", "--against", self.dir / "none", path]).returncode, 74)

    def test_killed_at_any_moment(self):
        rows = documents()
        files = [self.write("k%d.jsonl" % b, rows[29 * b:29 * b + 29]) for b in range(10)]
        r = random.Random(5)
        for name, kill in (("calm", False), ("killed", True)):
            for b, path in enumerate(files):
                args = [VILLERS, "dedup", "--quiet", "--out", str(self.dir / name / ("out%d" % b)), "--against", str(self.dir / name / "index"), "--add", str(path)]
                for _ in range(5 if kill else 0):
                    p = subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                    time.sleep(r.random() * 0.03)
                    p.kill()
                    p.wait()
                subprocess.run(args, check=True)
        for b in range(10):
            for f in ("duplicates.jsonl", "kept-00000.jsonl.zst"):
                self.assertEqual((self.dir / "calm" / ("out%d" % b) / f).read_bytes(), (self.dir / "killed" / ("out%d" % b) / f).read_bytes())
        probe = self.write("probe.jsonl", [dict(row, id="p" + row["id"]) for row in rows])
        for name in ("calm", "killed"):
            self.dedup(name + "-probe", "--against", self.dir / name / "index", probe)
        self.assertEqual((self.dir / "calm-probe" / "duplicates.jsonl").read_bytes(), (self.dir / "killed-probe" / "duplicates.jsonl").read_bytes())

    def test_order(self):
        text = " ".join(words(3, 60))
        rows = [{"id": "a", "text": text, "date": "2024-05-01", "source": "blog"},
                {"id": "b", "text": text, "date": "2023-01-01", "source": "gazette"},
                {"id": "c", "text": text + " et puis encore", "date": "", "source": "journal"}]
        path = self.write("o.jsonl", rows)
        for order, kept in ((None, "c"), ("date", "b"), ("source", "a"), ("-source", "c"), ("absent,-date", "a"), ("length", "c")):
            self.dedup("out", *(["--order=" + order] if order else []), path)
            self.assertEqual(set(self.result("out")[0]), {kept}, order)
        for order in (",", "-", "a,b,c,d,e,f,g"):
            self.assertEqual(run(["dedup", "--out", self.dir / "o", "--order=" + order, path]).returncode, 64)

    def test_annotate(self):
        rows = documents()
        path = self.write("n.jsonl", rows)
        self.dedup("plain", path)
        dups = self.result("plain")[1]
        self.dedup("out", "--annotate", "--rehydrate", path)
        lines = read_kept(self.dir / "out")
        self.assertEqual(len(lines), len(rows))
        for line, row in zip(lines, rows):
            got = json.loads(line)
            self.assertTrue(line.startswith(json.dumps(row, ensure_ascii=False).encode()[:-1]))
            alone = row["id"].startswith("s")
            self.assertEqual(got["minhash_cluster_size"], 1 if alone else 4)
            self.assertEqual(got["duplicate_of"], dups[row["id"]]["duplicate_of"] if row["id"] in dups else "")
            self.assertEqual(got["minhash_cluster_id"], got["duplicate_of"] or row["id"])
            self.assertEqual(got["rehydration_weight"], 0 if row["id"] in dups else 1 if alone else 4)
        self.dedup("out", "--rehydrate", path)
        self.assertEqual({json.loads(line)["rehydration_weight"] for line in read_kept(self.dir / "out")}, {1, 4})

    def test_usage(self):
        path = self.write("t.jsonl", [{"id": "a", "text": "un"}])
        self.assertEqual(run(["dedup", path]).returncode, 64)
        self.assertEqual(run(["dedup", "--out", self.dir / "o"]).returncode, 64)
        self.assertEqual(run(["dedup", "--out", self.dir / "o", "--bands", "200", path]).returncode, 64)
        self.assertEqual(run(["dedup", "--out", self.dir / "o", self.dir / "none.jsonl"]).returncode, 66)
        p = run(["dedup", "--out", path / "under-a-file", path])
        self.assertEqual(p.returncode, 73, p.stderr)

    def test_damaged_input_names_the_file(self):
        good = self.write("c.jsonl.zst", documents())
        good.write_bytes(good.read_bytes()[:-20])
        p = run(["dedup", "--out", self.dir / "o", good])
        self.assertNotEqual(p.returncode, 0)
        self.assertIn("c.jsonl.zst", p.stderr)


if __name__ == "__main__":
    unittest.main()
