"""Texts that nobody writes: every text engine takes time in proportion to their length, and little memory."""
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import VILLERS, run

BYTES = 400_000
SECONDS = 20  # of CPU time, sanitizers and a loaded machine included; what is quadratic takes minutes

# One line a kind: what is repeated.
KINDS = {
    "letters": "a",
    "spaces": " ",
    "addresses": "a@b.fr ",
    "ats": "a@",
    "figures": "0 1 ",
    "phones": "06 39 98 12 34 ",
    "phones on end": "0639981234",
    "IBANs on end": "FR7630006000011234567890189",
    "cards": "4111-1111-1111-1111-",
    "IPv6": "2001:",
    "mojibake": "Ã©",
    "mojibake, twice": "ÃƒÂ©",
    "marks": "\u0301",
    "marks out of order": "\u0301\u0323\u0316",
    "jamo": "\u1100\u1161\u11a8\u11a8",
    "word parts": "abc-\n",
    "NULs": "\0",
    "bad UTF-8": b"\xe2\x80",
    "elisions": "l'",
    "points": "a.",
    "hyphens": "a-",
    "no spaces": "中文字",
    "brackets": "([{",
    "addresses of pages": "http://",
    "long s": "ſ",
}


class Hostile(unittest.TestCase):
    def seconds(self, *args):
        """CPU seconds of one run; a run past the limit is killed."""
        limit = lambda: resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        p = subprocess.Popen([VILLERS, *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=limit)
        _, status, used = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(p.returncode, 0, args)
        return used.ru_utime + used.ru_stime

    def test_engines(self):
        with tempfile.TemporaryDirectory(prefix="villers-test-") as folder:
            files = []
            for i, unit in enumerate(KINDS.values()):
                unit = unit if isinstance(unit, bytes) else unit.encode()
                files.append(os.path.join(folder, "%d.txt" % i))
                pathlib.Path(files[-1]).write_bytes(unit * (BYTES // len(unit)))
            for engine in "langid", "quality", "redact":
                with self.subTest(engine=engine):
                    self.seconds(engine, *files)

    def test_pages_and_texts(self):
        bench = pathlib.Path(__file__).resolve().parent.parent / "bench" / "hostile.py"
        p = subprocess.run([sys.executable, bench, "--mb", "0.1", "--peak", "4000"], capture_output=True, text=True, timeout=240)
        self.assertEqual(p.returncode, 0, p.stdout + p.stderr)

    def test_over_the_cap(self):
        with tempfile.TemporaryDirectory(prefix="villers-test-") as folder:
            long, short = os.path.join(folder, "long.txt"), os.path.join(folder, "short.txt")
            pathlib.Path(long).touch()
            os.truncate(long, 300 << 20)
            pathlib.Path(short).write_text("Le conseil municipal se réunit mardi pour voter le budget.")
            p = run(["langid", long, short])
            self.assertEqual(p.returncode, 65, p.stderr)
            first, second = map(json.loads, p.stdout.splitlines())
            self.assertEqual((first["id"], "longer" in first["error"], second["language"]), (long, True, "fra"))

    def test_deep_json(self):
        line = '{"text": "un", "x": %s}' % ("[" * 100_000 + "]" * 100_000)
        p = run(["langid", "--jsonl"], input=line + "\n" + json.dumps({"text": "deux"}) + "\n")
        self.assertEqual(p.returncode, 65, p.stderr)
        self.assertEqual(len(p.stdout.splitlines()), 1)


if __name__ == "__main__":
    unittest.main()
