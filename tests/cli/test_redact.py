"""villers redact: texts with placeholders, and offsets in the bytes of what was given."""
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import run


class Redact(unittest.TestCase):
    def ask(self, text, *args):
        p = run(["redact", *args], input=text)
        self.assertEqual(p.returncode, 0, p.stderr)
        return [json.loads(x) for x in p.stdout.splitlines()]

    def test_offsets(self):
        text = "Été : 01 99 00 12 34 ou été@exemple.fr"
        row = self.ask(json.dumps({"id": 1, "text": text}), "--jsonl")[0]
        self.assertEqual(row["text"], "Été : [PHONE] ou [EMAIL]")
        raw = text.encode()
        self.assertEqual([(s["kind"], raw[s["start"]:s["end"]].decode()) for s in row["spans"]],
                         [("phone", "01 99 00 12 34"), ("email", "été@exemple.fr")])

    def test_firms(self):
        row = self.ask("SIRET 732 829 320 00074\n", "--lines", "--firms")[0]
        self.assertEqual(row["text"], "SIRET 732 829 320 00074")
        self.assertEqual((row["spans"], row["firms"]), ([], [{"kind": "siret", "start": 6, "end": 23}]))

    def test_usage(self):
        self.assertEqual(run(["redact", "--lines", "--jsonl"], input="").returncode, 64)


if __name__ == "__main__":
    unittest.main()
