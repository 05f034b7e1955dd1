"""`villers ingest`: what is new, changed, unchanged, deleted; killed and gone on; explained and forgotten; and what is refused."""
import bz2
import gzip
import json
import os
import pathlib
import signal
import subprocess
import tarfile
import time
import unittest
import zipfile

import ingest_under_test as make
from support import VILLERS, HubCase


class IngestCase(HubCase):
    def ingest(self, source, *paths, code=0, **kw):
        return json.loads(self.villers("ingest", source, *paths, "--json", code=code, **kw).stdout)

    def refuses_only(self, report, reason, n=1):
        self.assertEqual(report["counts"], {reason: n})


class WhatChanges(IngestCase):
    def setUp(self):
        super().setUp()
        make.source(self.hub, "fiches")

    def sheets(self, numbers, changed=()):
        return [("particuliers/F%d.xml" % n, make.sheet(n, "Texte modifié depuis." if n in changed else "")) for n in numbers]

    def test_the_same_archive_twice_adds_nothing_whatever_its_name(self):
        first = make.tar(self.path / "fiches_20200101.tar.gz", self.sheets(range(50)))
        self.assertEqual(self.ingest("fiches", first)["counts"], {"new": 50})
        self.assertEqual(self.ingest("fiches", first)["files"][0]["outcome"], "known")
        other = self.path / "autre_20200101.tar.gz"
        other.write_bytes(first.read_bytes())
        self.assertEqual(self.ingest("fiches", other)["counts"], {})
        packed = make.tar(self.path / "fiches_20200102.tar.bz2", self.sheets(range(50)), kind="bz2")
        again = self.ingest("fiches", packed)
        self.assertEqual((again["counts"], again["documents"]), ({"unchanged": 50}, 0))
        self.assertEqual(len(make.raw(self.hub, "fiches")), 50)

    def test_text_title_date_and_provenance(self):
        self.ingest("fiches", make.tar(self.path / "fiches_20200131.tar.gz", self.sheets([7])))
        row = make.raw(self.hub, "fiches")[0]
        self.assertEqual((row["title"], row["date"], row["license"]), ("Fiche 7", "2020-06-08", "etalab-2.0"))
        self.assertEqual(row["url"], "https://www.service-public.fr/particuliers/vosdroits/F7")
        self.assertIn(make.paragraph(507), row["text"].splitlines())
        self.assertIn("Ville | Prix", row["text"])
        self.assertNotIn("à ne pas prendre", row["text"])
        meta = json.loads(row["metadata"])
        self.assertEqual(meta["upstream_file"], "fiches_20200131.tar.gz")
        self.assertEqual((meta["upstream_date"], meta["upstream_member"], meta["upstream_id"]), ("2020-01-31", "particuliers/F7.xml", "particuliers/F7"))
        self.assertEqual(len(meta["upstream_sha256"]), 64)
        self.assertTrue(row["crawl_date"].startswith("2020-01-31"))

    def test_an_increment_changes_adds_and_deletes_and_the_diff_says_so(self):
        self.ingest("fiches", make.tar(self.path / "fiches_20200101.tar.gz", self.sheets(range(30))))
        self.villers("refine")
        self.villers("publish", "essai", "1.0.0")
        members = self.sheets([3, 4, 29, 30, 31], changed=[3, 4]) + [("liste_suppression_fiches.dat", "particuliers/F8\nfonds/particuliers/F9.xml\nparticuliers/F777\n")]
        report = self.ingest("fiches", make.tar(self.path / "fiches_20200201.tar.gz", members))
        self.assertEqual(report["counts"], {"new": 2, "changed": 2, "unchanged": 1, "deleted": 2, "deleted-unknown": 1})
        self.villers("refine")
        self.villers("publish", "essai", "2.0.0")
        diff = json.loads(self.villers("diff", "essai", "1.0.0", "2.0.0", "--json", code=1).stdout.splitlines()[-1])
        text = json.dumps(diff)
        self.assertEqual([diff[k] if not isinstance(diff[k], list) else len(diff[k]) for k in ("added", "removed", "changed")], [2, 2, 2], text)
        # upstream brings one back
        self.assertEqual(self.ingest("fiches", make.tar(self.path / "fiches_20200301.tar.gz", self.sheets([8])))["counts"], {"changed": 1})
        self.villers("refine")
        self.villers("publish", "essai", "3.0.0")
        self.assertEqual(json.loads((self.hub / "releases/essai/3.0.0/manifest.json").read_text())["documents"], 31)

    def test_increments_are_taken_in_the_order_of_their_dates_and_an_older_one_replaces_nothing(self):
        a = make.tar(self.path / "Fiches_20200101-000000.tar.gz", self.sheets(range(5)))
        b = make.tar(self.path / "ARCHIVE_20200102-120000.tar.gz", self.sheets(range(5), changed=[1]))
        c = make.tar(self.path / "Bis_20200102-110000.tar.gz", [("liste_suppression_x.dat", "F2\nparticuliers/F2\n")] + self.sheets([1], changed=[]))
        report = self.ingest("fiches", b, a, c)
        self.assertEqual([pathlib.Path(f["path"]).name[0] for f in report["files"]], ["F", "B", "A"])
        self.assertEqual(report["counts"]["changed"], 2)  # F1 by b; F2 deleted by c and brought back by b
        old = make.tar(self.path / "Vieux_20190101.tar.gz", self.sheets([1, 4], changed=[4]))
        self.assertEqual(self.ingest("fiches", old)["counts"], {"older": 2})

    def test_a_whole_dump_takes_out_what_it_does_not_hold(self):
        self.ingest("fiches", make.tar(self.path / "a_20200101.tar.gz", self.sheets(range(20))))
        report = self.ingest("fiches", make.tar(self.path / "b_20200201.tar.gz", self.sheets(range(5, 22))), "--whole")
        self.assertEqual(report["counts"], {"new": 2, "unchanged": 15, "deleted": 5})

    def test_explained_and_forgotten_for_good(self):
        first = make.tar(self.path / "a_20200101.tar.gz", self.sheets(range(5)))
        self.ingest("fiches", first)
        self.villers("refine")
        url = "https://www.service-public.fr/particuliers/vosdroits/F3"
        told = self.villers("explain", url).stdout
        for word in ("particuliers/F3.xml", "a_20200101.tar.gz", "etalab-2.0", "kept"):
            self.assertIn(word, told)
        ident = make.raw(self.hub, "fiches")[3]["id"]
        self.assertIn("kept", self.villers("explain", ident).stdout)
        self.villers("forget", "--url", url, "--reason", "gdpr-erasure")
        again = make.tar(self.path / "b_20200201.tar.gz", self.sheets(range(5), changed=[3]))
        self.assertEqual(self.ingest("fiches", again)["counts"], {"unchanged": 4, "forgotten": 1})
        self.assertEqual(len(make.raw(self.hub, "fiches")), 5)
        self.villers("publish", "essai", "1.0.0")
        self.assertEqual(json.loads((self.hub / "releases/essai/1.0.0/manifest.json").read_text())["documents"], 4)

    def test_killed_again_and_again_it_ends_with_the_same_documents(self):
        archive = make.tar(self.path / "a_20200101.tar.gz", self.sheets(range(400)))
        args = [VILLERS, "ingest", "--hub", str(self.hub), "fiches", str(archive), "--raw-bytes", "30000", "--checkpoint-each"]
        for i in range(int(os.environ.get("VILLERS_KILLS", "6"))):
            p = subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                p.wait(0.05 + 0.03 * i)
            except subprocess.TimeoutExpired:
                p.send_signal(signal.SIGKILL if i % 3 else signal.SIGINT)
                p.wait()
        self.ingest("fiches", archive)
        rows = make.raw(self.hub, "fiches")
        self.assertEqual(len(rows), 400)
        self.assertEqual(len({r["id"] for r in rows}), 400)
        self.assertFalse(list((self.hub / "raw").glob("*.open")))
        self.villers("refine")
        self.assertEqual(json.loads(self.villers("stats", "--json").stdout)["total"]["documents"], 400)

    def test_two_at_once_of_one_source_and_a_stranger(self):
        self.villers("ingest", "nulle-part", self.path, code=66)
        self.villers("ingest", "fiches", self.path / "rien.tar", code=66)
        make.source(self.hub, "fermee", license="CC-BY-NC-4.0")
        self.villers("ingest", "fermee", make.tar(self.path / "x.tar.gz", self.sheets([1])), code=66)


class Formats(IngestCase):
    def test_dila_articles_with_versions_and_deletions(self):
        make.source(self.hub, "legi")
        a, b = "LEGIARTI000000000001", "LEGIARTI000000000002"
        folder = "legi/global/code_et_TNC_en_vigueur/code_en_vigueur/LEGI/TEXT/00/article/LEGI/ARTI/00/"
        full = make.tar(self.path / "Freemium_legi_global_20250713-140000.tar.gz", [
            (folder + a + ".xml", make.article(a, "L1", make.paragraph(1))),
            (folder + b + ".xml", make.article(b, "L2", make.paragraph(2), begin="1999-01-01", end="2008-04-30", state="ABROGE")),
            ("legi/section_ta/LEGISCTA1.xml", "<?xml version='1.0'?><SECTION_TA><ID>LEGISCTA1</ID></SECTION_TA>")])
        self.assertEqual(self.ingest("legi", full)["counts"], {"new": 2, "structure": 1})
        row = make.raw(self.hub, "legi")[0]
        self.assertEqual(row["url"], "https://www.legifrance.gouv.fr/codes/article_lc/" + a)
        self.assertEqual((row["title"], row["date"]), ("Code des essais, article L1", "2008-05-01"))
        self.assertEqual(row["text"].splitlines(), [make.paragraph(1), "Second alinéa\u00a0: la suite."])
        meta = json.loads(row["metadata"])
        self.assertEqual((meta["section"], meta["state"], meta["date_end"]), ("Partie législative > Titre premier", "VIGUEUR", "2999-01-01"))
        increment = make.tar(self.path / "LEGI_20250714-210325.tar.gz", [
            ("20250714-210325/liste_suppression_legi.dat", "legi/global/code_en_vigueur/article/LEGI/ARTI/00/" + b + "\n"),
            (folder + a + ".xml", make.article(a, "L1", make.paragraph(3)))])
        self.assertEqual(self.ingest("legi", increment)["counts"], {"changed": 1, "deleted": 1})

    def test_case_law(self):
        make.source(self.hub, "jade")
        text = ("<?xml version='1.0' encoding='iso-8859-1'?><TEXTE_JURI_ADMIN><META><META_COMMUN><ID>CETATEXT000000000009</ID><NATURE>ARRET</NATURE></META_COMMUN>"
                "<META_SPEC><META_JURI><TITRE>Conseil d'Etat, 9 juillet 2021</TITRE><DATE_DEC>2021-07-09</DATE_DEC><JURIDICTION>Conseil d'Etat</JURIDICTION>"
                "</META_JURI></META_SPEC></META><TEXTE><BLOC_TEXTUEL><CONTENU>Considérant ce qui suit :<br/>%s</CONTENU></BLOC_TEXTUEL>"
                "<SOMMAIRE><SCT>Résumé de la décision.</SCT></SOMMAIRE></TEXTE></TEXTE_JURI_ADMIN>" % make.paragraph(1)).encode("latin-1")
        self.ingest("jade", make.tar(self.path / "JADE_20210710-000000.tar.gz", [("CETATEXT000000000009.xml", text)]))
        row = make.raw(self.hub, "jade")[0]
        self.assertEqual((row["url"], row["date"]), ("https://www.legifrance.gouv.fr/ceta/id/CETATEXT000000000009", "2021-07-09"))
        self.assertEqual(row["text"].splitlines(), ["Résumé de la décision.", "Considérant ce qui suit :", make.paragraph(1)])

    def test_json_lines_with_and_without_a_mapping(self):
        lines = [{"id": "a/%d" % n, "title": "T%d" % n, "paras": [make.paragraph(n), make.paragraph(n + 100)], "license": "CC-BY-SA-3.0", "section": "S"} for n in range(10)]
        lines[3]["license"] = "CC-BY-NC-4.0"
        del lines[4]["license"]
        body = "".join(json.dumps(x) + "\n" for x in lines) + "pas du json\n\n[1]\n"
        make.source(self.hub, "langues", license="LicenseRef-per-page", url_prefix="https://exemple.example/")
        plain = self.path / "l.jsonl"
        plain.write_text(body)
        report = self.ingest("langues", plain)
        self.assertEqual(report["counts"], {"new": 8, "licence": 1, "no-licence": 1, "bad-data": 2})
        row = make.raw(self.hub, "langues")[0]
        self.assertEqual(row["text"], make.paragraph(0) + "\n" + make.paragraph(100))
        self.assertEqual((row["url"], row["license"], json.loads(row["metadata"])["section"]), ("https://exemple.example/a/0", "CC-BY-SA-3.0", "S"))
        packed = self.path / "l2.jsonl.gz"
        packed.write_bytes(gzip.compress(body.encode()))
        self.assertEqual(self.ingest("langues", packed)["counts"], {"unchanged": 8, "licence": 1, "no-licence": 1, "bad-data": 2})
        make.source(self.hub, "autre", fields={"text": "corps.texte", "id": "cle", "date": "le"})
        other = self.path / "o.jsonl"
        other.write_text(json.dumps({"cle": 7, "corps": {"texte": make.paragraph(7)}, "le": "2021-02-03T10:00:00Z"}) + "\n")
        self.ingest("autre", other)
        row = make.raw(self.hub, "autre")[0]
        self.assertEqual((row["url"], row["date"], row["text"]), ("7", "2021-02-03", make.paragraph(7)))

    def test_folders_of_text_and_pages(self):
        make.source(self.hub, "dossier", url_prefix="https://exemple.example/")
        folder = self.path / "tree" / "sous dossier"
        folder.mkdir(parents=True)
        (folder / "a.txt").write_text("Un titre\n\n" + make.paragraph(1))
        (folder / "l.txt").write_bytes(make.paragraph(2).encode("cp1252"))
        (folder / "b.html").write_text("<html lang=fr><title>Page</title><body><nav>menu</nav><article><p>%s</p><p>%s</p></article>" % (make.paragraph(3), make.paragraph(4)))
        (folder / "image.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
        (folder / "lien").symlink_to("/etc/passwd")
        report = self.ingest("dossier", self.path / "tree")
        self.assertEqual(report["counts"], {"new": 3, "type": 1, "unsafe-path": 1})
        rows = {r["url"].rsplit("/", 1)[1]: r for r in make.raw(self.hub, "dossier")}
        self.assertEqual(rows["a.txt"]["url"], "https://exemple.example/sous%20dossier/a.txt")
        self.assertEqual(rows["l.txt"]["text"], make.paragraph(2))
        self.assertEqual(rows["b.html"]["text"], make.paragraph(3) + "\n" + make.paragraph(4))

    def test_gutenberg(self):
        make.source(self.hub, "gutenberg")
        book = ("The Project Gutenberg eBook of Essai\r\n\r\nTitle: Essai de conte\r\n\r\nAuthor: Une Autrice\r\n\r\nRelease date: May 1, 2004 [eBook #12345]\r\n\r\nLanguage: French\r\n\r\n"
                "*** START OF THE PROJECT GUTENBERG EBOOK ESSAI ***\r\n\r\nIl était une fois\r\nun petit village.\r\n\r\nFin.\r\n\r\n*** END OF THE PROJECT GUTENBERG EBOOK ESSAI ***\r\nLicence en anglais\r\n")
        path = self.path / "pg12345.txt"
        path.write_text(book)
        self.ingest("gutenberg", path)
        row = make.raw(self.hub, "gutenberg")[0]
        self.assertEqual((row["text"], row["title"], row["author"]), ("Il était une fois un petit village.\nFin.", "Essai de conte", "Une Autrice"))
        self.assertEqual(row["url"], "https://www.gutenberg.org/ebooks/12345")


class Hostile(IngestCase):
    def setUp(self):
        super().setUp()
        make.source(self.hub, "fiches")

    def test_paths_that_lead_out_links_and_devices(self):
        link = tarfile.TarInfo("lien")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        hard = tarfile.TarInfo("dur")
        hard.type, hard.linkname = tarfile.LNKTYPE, "../../x"
        fifo = tarfile.TarInfo("tube")
        fifo.type = tarfile.FIFOTYPE
        before = sorted(p for p in self.path.rglob("*") if "hub" not in p.parts)
        archive = make.tar(self.path / "a.tar.gz", [("../dehors.xml", make.sheet(1)), ("/tmp/absolu.xml", make.sheet(2)), ("a/../../b.xml", make.sheet(3)),
                                                    ("lien", link), ("dur", hard), ("tube", fifo), ("bon/F4.xml", make.sheet(4))])
        report = self.ingest("fiches", archive)
        self.assertEqual(report["counts"], {"new": 1, "unsafe-path": 6})
        self.assertEqual(sorted(p for p in self.path.rglob("*") if "hub" not in p.parts), before + [archive])

    def test_bombs(self):
        for kind in ("gz", "bz2"):
            bomb = make.tar(self.path / ("bombe.tar." + kind), [("F1.xml", make.sheet(1)), ("z.xml", b" " * 80000000)], kind=kind)
            report = self.ingest("fiches", bomb, code=65)
            self.assertIn("bomb", report["files"][0]["why"])
            self.assertEqual(report["counts"]["expands-too-much"], 1)
        with zipfile.ZipFile(self.path / "bombe.zip", "w", zipfile.ZIP_DEFLATED) as z:
            z.writestr("z.xml", b"\0" * 90000000)
        self.assertEqual(self.ingest("fiches", self.path / "bombe.zip", code=65)["files"][0]["outcome"], "damaged")

    def test_xml_bombs_and_external_entities(self):
        lol = "<!DOCTYPE Publication [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>"
        bomb = make.sheet(1).replace("<Publication", lol + "<Publication", 1).replace("Fiche 1", "&b;")
        (self.path / "secret").write_text("secret")
        out = make.sheet(2).replace("<Publication", "<!DOCTYPE Publication SYSTEM \"file://%s/secret\" [<!ENTITY x SYSTEM \"file://%s/secret\">]><Publication" % (self.path, self.path), 1).replace("Fiche 2", "&x;")
        dtd = make.sheet(3).replace("<Publication", "<!DOCTYPE Publication SYSTEM \"http://127.0.0.1:9/x.dtd\"><Publication", 1)
        deep = make.sheet(4).replace("<Introduction>", "<Introduction>" + "<Texte>" * 200000, 1)
        report = self.ingest("fiches", make.tar(self.path / "a.tar.gz", [("1.xml", bomb), ("2.xml", out), ("3.xml", dtd), ("4.xml", deep), ("5.xml", "<Publication purl.org/dc/elements")]))
        self.assertEqual(report["counts"], {"new": 1, "xml-entities": 2, "bad-data": 2})

    def test_cut_short_in_every_codec(self):
        body = "".join(json.dumps({"id": str(n), "text": make.paragraph(n) * 3}) + "\n" for n in range(3000)).encode()
        make.source(self.hub, "lignes")
        zst = self.path / "c.jsonl.zst"
        subprocess.run(["zstd", "-q", "-o", zst], input=body, check=True)
        for name, data in (("a.jsonl.gz", gzip.compress(body)), ("b.jsonl.bz2", bz2.compress(body)), ("c.jsonl.zst", zst.read_bytes())):
            path = self.path / ("court-" + name)
            path.write_bytes(data[: len(data) * 2 // 3])
            report = self.ingest("lignes", path, code=65)
            self.assertEqual(report["files"][0]["outcome"], "damaged", name)
            path.write_bytes(data)  # mended
            report = self.ingest("lignes", path)
            self.assertEqual(sum(report["counts"].values()), 3000, (name, report))
        rows = make.raw(self.hub, "lignes")
        self.assertEqual(len({r["id"] for r in rows}), 3000)

    def test_nothing_known_is_not_success(self):
        path = self.path / "x.bin"
        path.write_bytes(bytes(range(256)) * 10)
        self.ingest("fiches", path, code=65)
        (self.path / "vide").mkdir()
        self.villers("ingest", "fiches", self.path / "vide", code=66)


if __name__ == "__main__":
    unittest.main()
