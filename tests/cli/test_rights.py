"""villers rights: decision, signals with their bytes, licence."""
import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import run

CC = "https://creativecommons.org/licenses/"
OPEN = '<!DOCTYPE html><html><head><title>T</title><link rel="license" href="%sby/4.0/">%%s</head><body><p>Un texte.</p></body></html>' % CC


class Rights(unittest.TestCase):
    def ask(self, *args, code=0, **files):
        with tempfile.TemporaryDirectory() as d:
            given = ["rights", "--url", "http://x.fr/a", *args]
            for name, text in files.items():
                path = pathlib.Path(d) / name
                path.write_bytes(text.encode())
                given += ["--" + name, path]
            p = run(given)
        self.assertEqual(p.returncode, code, p.stderr)
        return json.loads(p.stdout) if code == 0 else p

    def test_open(self):
        self.assertEqual(self.ask(html=OPEN % ""), {"url": "http://x.fr/a", "decision": "allow", "signals": [], "license": "CC-BY-4.0"})

    def test_nothing_is_no_leave(self):
        self.assertEqual(self.ask()["decision"], "unknown")

    def test_reserved(self):
        tag = '<meta name="tdm-reservation" content="1">'
        got = self.ask(html=OPEN % tag)
        self.assertEqual(got["decision"], "deny")
        self.assertEqual(got["signals"], [{"protocol": "tdmrep", "value": "reserved", "evidence": tag}])
        self.assertEqual(got["license"], "CC-BY-4.0")

    def test_files_and_headers(self):
        got = self.ask("--header", "X-Robots-Tag: noai", "--header", "Content-Usage: train-ai=n", html=OPEN % "",
                       robots="User-agent: GPTBot\nDisallow: /\n", tdmrep='[{"location":"/a","tdm-reservation":1}]')
        self.assertEqual(got["decision"], "deny")
        self.assertEqual(sorted(s["protocol"] for s in got["signals"]), ["aipref", "robots-tag", "robots.txt", "tdmrep"])

    def test_declared_licence(self):
        self.assertEqual(self.ask("--license", "etalab-2.0")["decision"], "allow")
        got = self.ask("--license", "etalab-2.0", html=(OPEN % "").replace("/by/", "/by-nc/"))
        self.assertEqual((got["decision"], got["license"]), ("deny", "CC-BY-NC-4.0"))

    def test_usage(self):
        self.assertEqual(run(["rights"]).returncode, 64)
        self.assertEqual(run(["rights", "--url", "pas une adresse"]).returncode, 64)
        self.assertEqual(self.ask("--header", "sans deux-points", code=64).stdout, "")
        self.assertEqual(self.ask("--robots", "/nulle/part", code=66).stdout, "")


if __name__ == "__main__":
    unittest.main()
