"""villers langid: files, lines and JSON lines; order kept; bad lines named and passed over."""
import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import run

FRENCH = "Le conseil municipal se réunit mardi pour voter le budget de la commune."
ENGLISH = "The town council meets on Tuesday to vote on what the town will spend."


def answers(process):
    return [json.loads(line) for line in process.stdout.splitlines()]


class Langid(unittest.TestCase):
    def test_lines_keep_their_order(self):
        p = run(["langid", "--lines"], input="".join(t + "\n" for t in [FRENCH, ENGLISH] * 3000))
        self.assertEqual(p.returncode, 0, p.stderr)
        got = answers(p)
        self.assertEqual([o["line"] for o in got], list(range(1, 6001)))
        self.assertEqual([o["language"] for o in got], ["fra", "eng"] * 3000)

    def test_jsonl_has_every_key(self):
        p = run(["langid", "--jsonl"], input=json.dumps({"id": "a", "text": FRENCH + "\n" + ENGLISH}) + "\n")
        (o,) = answers(p)
        self.assertEqual(list(o), ["id", "language", "language_script", "language_score", "french_share", "languages"])
        self.assertEqual((o["id"], o["language_script"]), ("a", "Latn"))
        self.assertAlmostEqual(o["french_share"], 0.5, delta=0.1)
        self.assertEqual({l["language"] for l in o["languages"]}, {"fra", "eng"})

    def test_bad_lines_are_passed_over(self):
        p = run(["langid", "--jsonl"], input='{"id":"a","text":"Il pleut sur la ville."}\nnot json\n{"id":"b"}\n{"id":"c","text":""}\n')
        self.assertEqual(p.returncode, 65)
        self.assertEqual([(o["id"], o["language"]) for o in answers(p)], [("a", "fra"), ("c", "und")])
        self.assertIn(":2:", p.stderr)
        self.assertIn(":3:", p.stderr)

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "page.txt"
            page.write_text(FRENCH, encoding="utf-8")
            p = run(["langid", str(page), folder + "/absent.txt"])
            self.assertEqual(p.returncode, 66)
            self.assertEqual([(o["id"], o["language"]) for o in answers(p)], [(str(page), "fra")])

    def test_usage(self):
        self.assertEqual(run(["langid", "--lines", "--jsonl"]).returncode, 64)


if __name__ == "__main__":
    unittest.main()
