"""What all text engines read and write: lists, JSON lines with their other members, compressed files, WARC, pipes of engines."""
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import VILLERS, run

FRENCH = "Le conseil municipal se réunit mardi pour voter le budget de la commune. Écrire à mairie@exemple.fr pour y assister."


def rows(process):
    return [json.loads(line) for line in process.stdout.splitlines()]


def warc(records):
    out = b""
    for kind, url, content_type, block in records:
        out += (b"WARC/1.1\r\nWARC-Type: %s\r\nWARC-Target-URI: %s\r\nWARC-Date: 2026-01-01T00:00:00Z\r\n"
                b"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n"
                % (kind, url.encode(), content_type, len(block), block))
    return out


def answer(body, fields=b"Content-Type: text/html; charset=utf-8\r\n", status=b"200 OK"):
    return b"HTTP/1.1 " + status + b"\r\n" + fields + b"\r\n" + body


PAGE = ("<html lang=fr><title>Conseil</title><main><p>%s</p></main></html>" % (FRENCH * 3)).encode()
HTTP = b"application/http; msgtype=response"


class Engine(unittest.TestCase):
    def setUp(self):
        tmp = tempfile.TemporaryDirectory()
        self.addCleanup(tmp.cleanup)
        self.dir = pathlib.Path(tmp.name)

    def test_other_members_are_kept_as_written(self):
        line = '{"n":18446744073709551615, "id" : 7,"text":"%s","deep":{"a":[1,{"b":"}\\"]"}]},"x":1.50,"é":null}\n' % FRENCH
        for args, kept in (["langid"], False), (["langid", "--with-text"], True), (["quality"], False), (["quality", "--with-text"], True), (["redact"], True):
            p = run([*args, "--jsonl"], input=line)
            self.assertEqual(p.returncode, 0, p.stderr)
            (o,) = rows(p)
            self.assertEqual((o["id"], o["n"], o["deep"], o["é"], "text" in o), (7, 18446744073709551615, {"a": [1, {"b": '}"]'}]}, None, kept))
            self.assertIn('"x":1.50', p.stdout)
        self.assertNotIn("mairie@", p.stdout)

    def test_an_answer_replaces_the_member_of_its_name(self):
        p = run(["langid", "--jsonl"], input=json.dumps({"url": "https://a.fr/", "text": FRENCH, "language": "old", "languages": 3}) + "\n")
        (o,) = rows(p)
        self.assertEqual((o["id"], o["language"]), ("https://a.fr/", "fra"))
        self.assertEqual(p.stdout.count('"language"'), 2)  # its own, and one among "languages"

    def test_names_tell_the_form(self):
        line = json.dumps({"id": "a", "text": FRENCH}) + "\n"
        (self.dir / "a.jsonl").write_text(line)
        (self.dir / "b.jsonl.gz").write_bytes(gzip.compress(line.encode()))
        (self.dir / "c.txt").write_text(FRENCH)
        (self.dir / "d.txt.gz").write_bytes(gzip.compress(FRENCH.encode()))
        subprocess.run(["zstd", "-q", self.dir / "a.jsonl"], check=True)
        names = [str(self.dir / n) for n in ("c.txt", "a.jsonl.zst", "a.jsonl", "b.jsonl.gz", "d.txt.gz")]
        listing = self.dir / "list"
        listing.write_text("\n".join(names) + "\r\n\n")
        p = run(["langid", "--files-from", listing])
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assertEqual([(o["id"], o["language"]) for o in rows(p)], [(names[0], "fra"), ("a", "fra"), ("a", "fra"), ("a", "fra"), (names[4], "fra")])
        p = run(["quality", "--files-from", "-", names[0]], input=names[1] + "\n")
        self.assertEqual([o["id"] for o in rows(p)], [names[0], "a"])

    def test_warc(self):
        path = self.dir / "a.warc.gz"
        records = [(b"warcinfo", "", b"application/warc-fields", b"software: x\r\n"), (b"response", "https://a.fr/1", HTTP, answer(PAGE)),
                   (b"request", "https://a.fr/1", b"application/http; msgtype=request", b"GET /1 HTTP/1.1\r\n\r\n"),
                   (b"response", "https://a.fr/404", HTTP, answer(PAGE, status=b"404 Not Found")),
                   (b"response", "https://a.fr/png", HTTP, answer(b"\x89PNG", b"Content-Type: image/png\r\n")),
                   (b"response", "<https://a.fr/gz>", HTTP, answer(gzip.compress(PAGE), b"content-type: text/html\r\nContent-Encoding: gzip\r\n")),
                   (b"conversion", "https://a.fr/wet", b"text/plain", FRENCH.encode())]
        path.write_bytes(b"".join(gzip.compress(warc([r])) for r in records))
        p = run(["langid", path])
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assertEqual([(o["id"], o["language"]) for o in rows(p)], [("https://a.fr/" + n, "fra") for n in ("1", "gz", "wet")])
        p = run(["extract", path])
        self.assertEqual([(o["url"], o["title"], o["declared_language"]) for o in rows(p)],
                         [("https://a.fr/1", "Conseil", "fr"), ("https://a.fr/gz", "Conseil", "fr"), ("https://a.fr/wet", "", "")])
        # Engines join: page to text to language to quality to masked text.
        shell = '"$0" extract --warc - | "$0" langid --jsonl --with-text | "$0" quality --jsonl --with-text | "$0" redact --jsonl'
        with open(path, "rb") as stdin:
            piped = subprocess.run(["bash", "-c", shell, VILLERS], stdin=stdin, capture_output=True, text=True, timeout=60)
        self.assertEqual((piped.returncode, piped.stderr), (0, ""))
        first = json.loads(piped.stdout.splitlines()[0])
        self.assertEqual((first["id"], first["language"], first["declared_language"], len(first["spans"])), ("https://a.fr/1", "fra", "fr", 3))
        self.assertIn("[EMAIL]", first["text"])
        self.assertIn("stop_words", first["signals"])

    def test_damaged_archives_are_told(self):
        path = self.dir / "a.warc.gz"
        whole = gzip.compress(warc([(b"response", "https://a.fr/1", HTTP, answer(PAGE))]))
        path.write_bytes(whole + whole[:60])
        p = run(["langid", path])
        self.assertEqual((p.returncode, len(rows(p))), (65, 1))
        self.assertIn("a.warc.gz", p.stderr)

    def test_lines_are_counted_across_files_and_blank_ones_too(self):
        a, b = self.dir / "a", self.dir / "b"
        a.write_text(FRENCH + "\n\n" + FRENCH + "\n")
        b.write_text(FRENCH)
        self.assertEqual([o["line"] for o in rows(run(["langid", "--lines", a, b]))], [1, 3, 4])

    def test_usage(self):
        for args in ["--lines", "--warc"], ["--jsonl", "--lines"], ["--threads", "5000"], ["--files-from", self.dir / "absent"]:
            self.assertIn(run(["langid", *args], input="").returncode, (64, 66), args)


if __name__ == "__main__":
    unittest.main()
