"""villers extract: order kept, one object a file, lists, bad files."""
import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import run

KEYS = ["file", "url", "title", "author", "date", "site", "license", "declared_language", "text"]
BODY = ("<p>Le meunier ouvre la vanne, la roue se met à tourner, et la farine tombe dans le sac que son fils a posé là, page %d.</p>"
        "<p>Il a plu toute la nuit, la rivière est haute, et l'on moudra jusqu'au soir, sans se presser ni se plaindre.</p>")


class Extract(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory()
        self.addCleanup(self.tmp.cleanup)
        self.dir = pathlib.Path(self.tmp.name)

    def page(self, name, html, encoding="utf-8"):
        path = self.dir / name
        path.write_bytes(html.encode(encoding))
        return str(path)

    def ask(self, *args, code=0, **kw):
        p = run(["extract", *args], **kw)
        self.assertEqual(p.returncode, code, p.stderr)
        return [json.loads(line) for line in p.stdout.splitlines()], p.stderr

    def test_order_and_keys(self):
        files = [self.page("%d.html" % i, "<title>Page %d</title><main>%s</main>" % (i, BODY % i)) for i in range(40)]
        docs, _ = self.ask(*files)
        self.assertEqual([d["file"] for d in docs], files)
        self.assertEqual([d["title"] for d in docs], ["Page %d" % i for i in range(40)])
        for i, d in enumerate(docs):
            self.assertEqual(list(d), KEYS)
            self.assertIn("page %d." % i, d["text"])

    def test_list(self):
        a, b = self.page("a.html", "<title>A</title>"), self.page("b.html", "<title>B</title>")
        listing = self.dir / "list"
        listing.write_text(b + "\r\n\n" + a)
        docs, _ = self.ask("--files-from", listing)
        self.assertEqual([d["title"] for d in docs], ["B", "A"])
        docs, _ = self.ask("--files-from", "-", input=a + "\n")
        self.assertEqual([d["title"] for d in docs], ["A"])

    def test_a_page_over_every_cap_gives_its_beginning(self):
        a = self.dir / "long.html"
        with open(a, "wb") as out:
            out.write(("<title>Long</title>" + BODY % 1 + "<p>").encode())
            for _ in range(100):
                out.write(b"Le meunier ouvre la vanne. " * 38000)
        (doc,), _ = self.ask(a)
        self.assertEqual((doc["title"], doc["coarse"]), ("Long", True))
        self.assertIn("page 1.", doc["text"])

    def test_url_resolves(self):
        a = self.page("a.html", "<link rel=canonical href=/c>")
        docs, _ = self.ask("--url", "https://exemple.fr/a", a)
        self.assertEqual((docs[0]["url"], docs[0]["site"]), ("https://exemple.fr/c", "exemple.fr"))

    def test_windows_1252(self):
        a = self.page("a.html", "<meta charset=iso-8859-1><title>L’été à 3 €</title>", "cp1252")
        docs, _ = self.ask(a)
        self.assertEqual(docs[0]["title"], "L’été à 3 €")

    def test_missing_file_is_one_line_and_the_rest_goes_on(self):
        a = self.page("a.html", "<title>A</title>")
        docs, err = self.ask(self.dir / "absent.html", a, code=66)
        self.assertEqual([d["title"] for d in docs], ["A"])
        self.assertIn("absent.html", err)

    def test_nothing_to_do_is_an_error(self):
        empty = self.dir / "list"
        empty.write_text("")
        self.ask("--files-from", empty, code=66)
        self.ask("--files-from", self.dir / "absent", code=66)

    def test_empty_and_binary(self):
        a, b = self.dir / "a", self.dir / "b"
        a.write_bytes(b"")
        b.write_bytes(bytes(range(256)) * 50)
        docs, _ = self.ask(a, b)
        self.assertEqual(len(docs), 2)
        self.assertEqual(docs[0]["text"], "")


if __name__ == "__main__":
    unittest.main()
