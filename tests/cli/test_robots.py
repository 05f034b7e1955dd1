"""villers robots: an answer an address, with the line that decided."""
import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import run


class Robots(unittest.TestCase):
    def ask(self, robots, *args, code=0):
        with tempfile.NamedTemporaryFile(suffix=".txt") as f:
            f.write(robots.encode())
            f.flush()
            p = run(["robots", "--file", f.name, *args])
        self.assertEqual(p.returncode, code, p.stderr)
        return [json.loads(x) for x in p.stdout.splitlines()]

    def test_answers(self):
        got = self.ask("User-agent: *\nDisallow: /a # non\nAllow: /a/b$\n", "http://x.fr/a?utm_source=1", "http://x.fr/a/b", "http://x.fr")
        self.assertEqual(got, [{"url": "http://x.fr/a?utm_source=1", "allowed": False, "rule": "Disallow: /a", "line": 2},
                               {"url": "http://x.fr/a/b", "allowed": True, "rule": "Allow: /a/b$", "line": 3},
                               {"url": "http://x.fr", "allowed": True, "rule": "", "line": 0}])

    def test_parameters_stay(self):
        """A rule may name a tracking parameter: the address is judged as it would be requested."""
        self.assertFalse(self.ask("User-agent: *\nDisallow: /*utm_source\n", "http://x.fr/a?utm_source=1")[0]["allowed"])

    def test_agent(self):
        robots = "User-agent: autre\nDisallow: /\n"
        self.assertTrue(self.ask(robots, "http://x.fr/")[0]["allowed"])
        self.assertFalse(self.ask(robots, "--agent", "Autre", "http://x.fr/")[0]["allowed"])

    def test_tolerant(self):
        robots = "User-agent: *\nDissallow: /\n"
        self.assertTrue(self.ask(robots, "http://x.fr/")[0]["allowed"])
        self.assertFalse(self.ask(robots, "--tolerant", "http://x.fr/")[0]["allowed"])

    def test_missing(self):
        p = run(["robots", "--file", "/nulle/part", "http://x.fr/"])
        self.assertEqual((p.returncode, p.stdout), (66, ""))
        self.assertIn("/nulle/part", p.stderr)
        self.assertEqual(run(["robots", "http://x.fr/"]).returncode, 64)
        self.assertEqual(run(["robots", "--file", "/dev/null"]).returncode, 64)

    def test_stdin(self):
        p = run(["robots", "--file", "-", "http://x.fr/a"], input="User-agent: *\nDisallow: /\n")
        self.assertFalse(json.loads(p.stdout)["allowed"])


if __name__ == "__main__":
    unittest.main()
