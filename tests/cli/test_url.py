"""villers url: a line in, a line out, in order; bases; bad bytes."""
import json
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import VILLERS, run


def ask(lines, *args):
    p = run(["url", *args], input="".join(x + "\n" for x in lines))
    return p, [json.loads(x) for x in p.stdout.splitlines()]


class Url(unittest.TestCase):
    def test_lines(self):
        p, got = ask(["HTTP://Exemple.FR:80/%7Ea/../b?utm_source=x", "", "mailto:a@b.fr", "http://été.fr/"])
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assertEqual([o["url"] for o in got], ["http://exemple.fr/b", None, None, "http://xn--t-9fab.fr/"])
        self.assertEqual([o["error"] != "" for o in got], [False, True, True, False])
        self.assertEqual(got[0]["input"], "HTTP://Exemple.FR:80/%7Ea/../b?utm_source=x")

    def test_base(self):
        _, got = ask(["../c?d#e", "//y.fr", "http:f", ""], "--base", "http://x.fr/a/b?utm_source=z")
        self.assertEqual([o["url"] for o in got], ["http://x.fr/c?d", "http://y.fr/", "http://x.fr/a/f", "http://x.fr/a/b"])

    def test_base_of_another_scheme(self):
        _, got = ask(["a", "http://x.fr"], "--base", "about:blank")
        self.assertEqual([o["url"] for o in got], [None, "http://x.fr/"])

    def test_bad_base(self):
        p, got = ask(["a"], "--base", "pas une adresse")
        self.assertEqual((p.returncode, got), (64, []))
        self.assertIn("--base", p.stderr)

    def test_order_of_many(self):
        lines = ["http://x.fr/%d" % i for i in range(50000)]
        _, got = ask(lines)
        self.assertEqual([o["url"] for o in got], lines)

    def test_bytes(self):
        p = subprocess.run([VILLERS, "url"], input=b"http://x.fr/\xff\xfe\nhttp://x.fr/a\r\nhttp://x.fr/b", capture_output=True)
        got = [json.loads(x) for x in p.stdout.decode("utf-8").splitlines()]
        self.assertEqual([o["url"] for o in got], ["http://x.fr/%EF%BF%BD%EF%BF%BD", "http://x.fr/a", "http://x.fr/b"])

    def test_nothing(self):
        p, got = ask([])
        self.assertEqual((p.returncode, got), (0, []))


if __name__ == "__main__":
    unittest.main()
