"""`villers ingest` of WARCs, WETs, Wikimedia dumps, TEI, PDF and office documents."""
import bz2
import gzip
import json
import subprocess
import unittest
import zipfile

import ingest_under_test as make
from test_ingest import IngestCase


def record(kind, uri, block, extra="", date="2024-03-05T06:07:08Z", content="application/http; msgtype=response"):
    head = "WARC/1.0\r\nWARC-Type: %s\r\nWARC-Record-ID: <urn:uuid:%032d>\r\nWARC-Date: %s\r\n" % (kind, len(block) * 7 + len(uri), date)
    if uri:
        head += "WARC-Target-URI: %s\r\n" % uri
    return head.encode() + ("%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (extra, content, len(block))).encode() + block + b"\r\n\r\n"


def page(n, licence="https://creativecommons.org/licenses/by-sa/4.0/", head=""):
    link = "<a rel=license href='%s'>licence</a>" % licence if licence else ""
    return ("<!doctype html><html lang=fr><head><title>Page %d</title>%s</head><body><nav><a href=/>accueil</a></nav><main><h1>Page %d</h1><p>%s</p><p>%s</p></main>"
            "<footer>%s</footer></body></html>" % (n, head, n, make.paragraph(n), make.paragraph(n + 1000), link)).encode()


def answer(body, status="HTTP/1.1 200 OK", headers=()):
    return (status + "\r\nContent-Type: text/html; charset=utf-8\r\n" + "".join(h + "\r\n" for h in headers) + "\r\n").encode() + body


def chunked(body):
    return b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 300]), body[i:i + 300]) for i in range(0, len(body), 300)) + b"0\r\n\r\n"


def crawl_records():
    """Records as Heritrix writes them, and others: what is taken, and why the rest is not."""
    u = "http://a.exemple.example/%s"
    return [
        record("warcinfo", "", b"software: essai\r\n", content="application/warc-fields"),
        record("request", u % 1, b"GET /1 HTTP/1.1\r\n\r\n", content="application/http; msgtype=request"),
        record("response", u % 1, answer(page(1))),
        record("response", u % 2, answer(chunked(page(2)), headers=["Transfer-Encoding: chunked"])),
        record("response", u % 3, answer(gzip.compress(page(3)), headers=["Content-Encoding: gzip"])),
        record("response", u % 4, answer(chunked(gzip.compress(page(4))), headers=["Content-Encoding: gzip", "Transfer-Encoding: chunked"])),
        record("response", u % 5, answer(page(5), "HTTP/2 200")),
        record("response", "<http://a.exemple.example/6>", answer(page(6))),
        record("revisit", u % 7, b"HTTP/1.1 200 OK\r\n\r\n", "WARC-Profile: http://netpreserve.org/warc/1.0/revisit/identical-payload-digest\r\n"),
        record("response", u % 8, answer(b"", "HTTP/1.1 404 Not Found")),
        record("response", u % 9, answer(page(9, licence=None))),
        record("response", u % 10, answer(page(10), headers=["tdm-reservation: 1"])),
        record("response", u % 11, answer(page(11, "https://creativecommons.org/licenses/by-nc/4.0/"))),
        record("response", u % 12, answer(page(12, head="<meta name=robots content=noindex>"))),
        record("response", u % 13, b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n\x89PNG"),
        record("response", u % 14, answer(b"\x1f\x8b\x08garbage" * 9, headers=["Content-Encoding: gzip"])),
        record("metadata", u % 1, b"fetchTimeMs: 5\r\n", content="application/warc-fields"),
        record("response", "dns:a.exemple.example", b"20240305\n1.2.3.4\n", content="text/dns"),
    ]


class Warc(IngestCase):
    wanted = {"new": 6, "record": 4, "revisit": 1, "http-status": 1, "no-licence": 1, "licence-conflict": 1, "licence": 1, "noindex": 1, "type": 1, "bad-data": 1}

    def setUp(self):
        super().setUp()
        make.source(self.hub, "toile", license="LicenseRef-per-page")

    def test_responses_in_every_packing(self):
        records = crawl_records()
        plain, gz, zst = self.path / "a.warc", self.path / "a.warc.gz", self.path / "a.warc.zst"
        plain.write_bytes(b"".join(records))
        gz.write_bytes(b"".join(gzip.compress(r) for r in records))
        zst.write_bytes(b"".join(subprocess.run(["zstd", "-cq"], input=r, capture_output=True, check=True).stdout for r in records))
        report = self.ingest("toile", plain)
        self.assertEqual((report["units"], report["counts"]), (len(records), self.wanted))
        for path in (gz, zst):
            report = self.ingest("toile", path)
            self.assertEqual((report["units"], report["counts"]), (len(records), dict({"unchanged": 6}, **{k: v for k, v in self.wanted.items() if k != "new"})))
        rows = make.raw(self.hub, "toile")
        self.assertEqual([r["url"] for r in rows], ["http://a.exemple.example/%d" % n for n in range(1, 7)])
        self.assertEqual({r["license"] for r in rows}, {"CC-BY-SA-4.0"})
        self.assertEqual({r["crawl_date"] for r in rows}, {"2024-03-05T06:07:08Z"})
        self.assertIn(make.paragraph(1004), rows[3]["text"])
        self.assertNotIn("accueil", rows[3]["text"])
        self.assertIn("tdm", self.villers("explain", "http://a.exemple.example/10").stdout)

    def test_a_wet(self):
        make.source(self.hub, "wet")
        texts = [record("warcinfo", "", b"x\r\n", content="application/warc-fields")]
        texts += [record("conversion", "https://b.exemple.example/%d" % n, make.paragraph(n).encode(), content="text/plain") for n in range(30)]
        path = self.path / "cc.warc.wet.gz"
        path.write_bytes(b"".join(gzip.compress(t) for t in texts))
        report = self.ingest("wet", path)
        self.assertEqual(report["counts"], {"new": 30, "record": 1})
        self.assertEqual(make.raw(self.hub, "wet")[3]["text"], make.paragraph(3))
        self.assertEqual(self.ingest("toile", path)["counts"], {"no-licence": 30, "record": 1})

    def test_a_damaged_member_costs_itself_alone(self):
        records = [gzip.compress(r) for r in crawl_records()]
        records[3] = records[3][:40] + b"\xff" * 30 + records[3][70:]
        path = self.path / "b.warc.gz"
        path.write_bytes(b"".join(records))
        report = self.ingest("toile", path)
        self.assertEqual((report["counts"]["new"], report["counts"]["damaged"]), (5, 1))


class Wikimedia(IngestCase):
    def dump(self, pages):
        head = ("<mediawiki xmlns=\"http://www.mediawiki.org/xml/export-0.11/\" version=\"0.11\" xml:lang=\"fr\">\n<siteinfo><sitename>Wikipédia</sitename>"
                "<base>https://fr.wikipedia.org/wiki/Wikip%C3%A9dia:Accueil_principal</base><namespaces><namespace key=\"1\">Discussion</namespace></namespaces></siteinfo>\n")
        body = "".join(
            "<page>\n<title>%s</title>\n<ns>%d</ns>\n<id>%d</id>%s\n<revision><id>%d</id><timestamp>2024-08-09T10:11:12Z</timestamp><model>wikitext</model>"
            "<text bytes=\"9\" xml:space=\"preserve\">%s</text></revision>\n</page>\n" % (title, ns, i + 1, "<redirect title=\"X\" />" if text.startswith("#R") else "", 900 + i,
                                                                                         text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;"))
            for i, (title, ns, text) in enumerate(pages))
        return (head + body + "</mediawiki>\n").encode()

    def test_articles_without_redirects_and_talk(self):
        make.source(self.hub, "wikipedia-fr", license="CC-BY-SA-4.0")
        pages = [("Article n° %d & suite" % n, 0, "'''Article''' sur le [[sujet]] %d<ref>note</ref>. %s\n\n== Suite ==\n* {{unité|10|km}}\n" % (n, make.paragraph(n))) for n in range(120)]
        pages += [("Renvoi", 0, "#REDIRECTION [[Article]]"), ("Discussion:X", 1, "Bonjour"), ("Vide", 0, "{{Infobox}}")]
        data = self.dump(pages)
        for name, packed in (("frwiki-20240901-pages.xml.bz2", bz2.compress(data)), ("frwiki-20240902-pages.xml.gz", gzip.compress(data)), ("frwiki-20240903.xml", data)):
            path = self.path / name
            path.write_bytes(packed)
            report = self.ingest("wikipedia-fr", path)
            taken = "new" if "0901" in name else "unchanged"
            self.assertEqual(report["counts"], {taken: 120, "redirect": 1, "namespace": 1, "empty": 1})
        row = make.raw(self.hub, "wikipedia-fr")[5]
        self.assertEqual(row["title"], "Article n° 5 & suite")
        self.assertTrue(row["url"].startswith("https://fr.wikipedia.org/wiki/Article_n%C2%B0_5_&_suite"), row["url"])
        self.assertEqual(row["text"], "Article sur le sujet 5. %s\nSuite\n10 km" % make.paragraph(5))
        self.assertEqual(json.loads(row["metadata"])["revision"], "905")

    def test_cut_inside_a_page(self):
        make.source(self.hub, "w", license="CC-BY-SA-4.0")
        data = bz2.compress(self.dump([("T%d" % n, 0, make.paragraph(n)) for n in range(2000)]))
        path = self.path / "w.xml.bz2"
        path.write_bytes(data[: len(data) // 2])
        report = self.ingest("w", path, code=65)
        self.assertEqual(report["files"][0]["outcome"], "damaged")


def pdf(lines, extra=b"", forms=()):
    """A PDF of one page, its text in Helvetica and cp1252; ${forms}: streams of form XObjects /F0, /F1…"""
    content = b"BT /H 11 Tf 50 780 Td 14 TL " + b" ".join(b"(%s) Tj T*" % x.encode("cp1252").replace(b"\\", b"").replace(b"(", b"").replace(b")", b"") for x in lines) + b" ET " + extra
    names = b" ".join(b"/F%d %d 0 R" % (i, 7 + i) for i in range(len(forms)))
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
               b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</H 5 0 R>>/XObject<<%s>>>>>>" % names,
               b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
               b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>", b"<</Title(Essai)/Author(Une Autrice)/CreationDate(D:20200131120000Z)>>"]
    objects += [b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</Font<</H 5 0 R>>/XObject<<%s>>>>/Length %d>>stream\n%s\nendstream" % (names, len(f), f) for f in forms]
    out, offsets = b"%PDF-1.4\n", []
    for i, o in enumerate(objects):
        offsets.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (i + 1, o)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % o for o in offsets)
    return out + table + b"trailer<</Size %d/Root 1 0 R/Info 6 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(out))


def wrapped(text, width=60):
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) > width:
            lines.append(line)
            line = ""
        line = (line + " " + word).strip()
    return lines + [line]


class Documents(IngestCase):
    def setUp(self):
        super().setUp()
        make.source(self.hub, "docs", url_prefix="https://exemple.example/")

    def test_pdf(self):
        folder = self.path / "pdf"
        folder.mkdir()
        (folder / "bon.pdf").write_bytes(pdf(wrapped(make.paragraph(1)) + ["une sépa-", "ration"]))
        (folder / "scan.pdf").write_bytes(pdf([]))
        (folder / "bruit.pdf").write_bytes(pdf(["x%dzq kkrt%d ~~bcdfg wwwrt" % (i, i) for i in range(20)]))
        (folder / "casse.pdf").write_bytes(b"%PDF-1.4\nrien du tout")
        report = self.ingest("docs", folder)
        self.assertEqual(report["counts"], {"new": 1, "no-text-layer": 2, "bad-data": 1})
        row = make.raw(self.hub, "docs")[0]
        self.assertEqual((row["title"], row["author"], row["date"]), ("Essai", "Une Autrice", "2020-01-31"))
        self.assertEqual(row["text"], make.paragraph(1) + " une séparation")
        self.assertGreater(float(json.loads(row["metadata"])["text_layer_score"]), 0.9)

    def test_a_pdf_that_never_ends(self):
        forms = [b"/F%d Do " % (i + 1) * 8 for i in range(24)] + [b"BT /H 9 Tf (a) Tj ET"]
        folder = self.path / "pdf"
        folder.mkdir()
        (folder / "a.pdf").write_bytes(pdf(["bonjour"], b"/F0 Do", forms))
        (folder / "b.pdf").write_bytes(pdf(wrapped(make.paragraph(2))))
        report = self.ingest("docs", folder, "--pdf-seconds", "1")
        self.assertEqual(report["counts"]["new"], 1)
        self.assertEqual(report["counts"].get("timeout", 0) + report["counts"].get("bad-data", 0) + report["counts"].get("too-large", 0), 1, report)

    def test_tei(self):
        make.source(self.hub, "revues", license="LicenseRef-per-page")
        tei = ("<?xml version='1.0'?><TEI xmlns='http://www.tei-c.org/ns/1.0' xml:lang='fr'><teiHeader><fileDesc><titleStmt><title>Un article</title><author>Jeanne Essai</author>"
               "</titleStmt><publicationStmt><date when='2019-05-06'/><idno type='url'>https://revue.exemple.example/12</idno><availability><licence target='%s'/></availability>"
               "</publicationStmt></fileDesc></teiHeader><text><front><titlePage>page de titre</titlePage></front><body><div><head>Partie</head><p>%s<note>note en bas</note> et une"
               "<lb/>ligne <choice><sic>fote</sic><corr>faute</corr></choice>.</p><lg><l>Vers un</l><l>Vers deux</l></lg></div></body><back><listBibl><bibl>Biblio</bibl></listBibl></back></text></TEI>")
        folder = self.path / "tei"
        folder.mkdir()
        (folder / "a.xml").write_text(tei % ("https://creativecommons.org/licenses/by/4.0/", make.paragraph(1)))
        (folder / "b.xml").write_text(tei.replace("/12", "/13") % ("https://creativecommons.org/licenses/by-nc-nd/4.0/", make.paragraph(2)))
        self.assertEqual(self.ingest("revues", folder)["counts"], {"new": 1, "licence": 1})
        row = make.raw(self.hub, "revues")[0]
        self.assertEqual((row["url"], row["title"], row["author"], row["date"], row["license"]), ("https://revue.exemple.example/12", "Un article", "Jeanne Essai", "2019-05-06", "CC-BY-4.0"))
        self.assertEqual(row["text"], "Partie\n%s et une ligne faute.\nVers un\nVers deux" % make.paragraph(1))

    def test_office(self):
        folder = self.path / "bureau"
        folder.mkdir()
        with zipfile.ZipFile(folder / "a.docx", "w") as z:
            z.writestr("word/document.xml", "<w:document xmlns:w='w'><w:body><w:p><w:r><w:t>%s</w:t></w:r></w:p><w:p><w:r><w:t>Deux</w:t><w:tab/><w:t>mots</w:t><w:delText>ôté</w:delText></w:r></w:p></w:body></w:document>" % make.paragraph(1))
            z.writestr("docProps/core.xml", "<c xmlns:dc='d' xmlns:t='t'><dc:title>Le titre</dc:title><dc:creator>Elle</dc:creator><t:modified>2021-02-03T00:00:00Z</t:modified></c>")
        with zipfile.ZipFile(folder / "b.odt", "w") as z:
            z.writestr("mimetype", "application/vnd.oasis.opendocument.text")
            z.writestr("meta.xml", "<m xmlns:dc='d'><dc:title>Autre</dc:title></m>")
            z.writestr("content.xml", "<o:document-content xmlns:o='o' xmlns:text='t'><o:body><o:text><text:h>Titre</text:h><text:p>%s<text:note>note</text:note></text:p></o:text></o:body></o:document-content>" % make.paragraph(2))
        with zipfile.ZipFile(folder / "bombe.docx", "w", zipfile.ZIP_DEFLATED) as z:
            z.writestr("word/document.xml", b" " * 100000000)
        report = self.ingest("docs", folder)
        self.assertEqual(report["counts"]["new"], 2)
        self.assertEqual(sum(report["counts"].values()), 3)
        rows = make.raw(self.hub, "docs")
        self.assertEqual((rows[0]["text"], rows[0]["title"], rows[0]["date"]), (make.paragraph(1) + "\nDeux mots", "Le titre", "2021-02-03"))
        self.assertEqual(rows[1]["text"], "Titre\n" + make.paragraph(2))


if __name__ == "__main__":
    unittest.main()
