"""villers quality: signals and a verdict a text."""
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import run

TEXT = ("L'été est là, et le vent du large porte loin les voix des enfants. Dans la cour, un vieux chien dort à l'ombre "
        "d'un mur que personne n'a repeint.")


class Quality(unittest.TestCase):
    def ask(self, text, *args, code=0):
        p = run(["quality", *args], input=text)
        self.assertEqual(p.returncode, code, p.stderr)
        return [json.loads(x) for x in p.stdout.splitlines()]

    def test_answer(self):
        row = self.ask(json.dumps({"id": "a", "text": TEXT}), "--jsonl")[0]
        self.assertEqual(list(row), ["id", "keep", "reason", "signals"])
        self.assertEqual((row["id"], row["keep"], row["reason"]), ("a", False, "gopher_short_doc"))
        self.assertEqual((row["signals"]["words"], row["signals"]["stop_words"]), (37, 12))

    def test_lines_keep_their_order(self):
        rows = self.ask("".join("ligne %d\n" % i for i in range(500)), "--lines")
        self.assertEqual([r["line"] for r in rows], list(range(1, 501)))

    def test_thresholds(self):
        text = "Les arbres de la forêt perdent leurs feuilles en automne."
        off = ["--set", "min_words=5", "--set", "top_ngram_2=0", "--set", "top_ngram_3=0", "--set", "top_ngram_4=0"]
        self.assertFalse(self.ask(text)[0]["keep"])
        self.assertTrue(self.ask(text, *off)[0]["keep"])

    def test_wrong_threshold(self):
        for bad in ("min_words", "min_words=", "min_words=x", "nothing=1", "min_words=-1", "min_words=nan"):
            self.assertEqual(run(["quality", "--set", bad], input="").returncode, 64, bad)
        self.assertEqual(run(["quality", "--lines", "--jsonl"], input="").returncode, 64)


if __name__ == "__main__":
    unittest.main()
