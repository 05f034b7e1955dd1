"""Dumps and OAI-PMH records fetched politely by `villers crawl`, then ingested."""
import gzip
import hashlib
import http.server
import json
import signal
import subprocess
import threading
import time
import unittest
import urllib.parse

import ingest_under_test as make
from support import VILLERS
from test_ingest import IngestCase


class Server(http.server.ThreadingHTTPServer):
    """Files by path; with ranges, validators, and faults taken once each.  log: (time, path, Range, status)."""
    daemon_threads = True

    def __init__(self):
        self.files, self.faults, self.log, self.lock, self.cut, self.pause = {"/robots.txt": b"User-agent: *\nAllow: /\n"}, {}, [], threading.Lock(), {}, 0
        self.dynamic = {}
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def args(self):
        return ["--connect-to", "::127.0.0.1:%d" % self.server_address[1], "--allow-private", "--delay-ms", "20", "--backoff", "1"]

    def asked(self, path):
        return [r for r in self.log if r[1].split("?")[0] == path]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *a):
        pass

    def send(self, status, body=b"", **headers):
        self.server.log.append((time.time(), self.path, self.headers.get("Range"), status))
        self.send_response(status)
        for k, v in headers.items():
            self.send_header(k.replace("_", "-"), v)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        s = self.server
        path = self.path.split("?")[0]
        with s.lock:
            faults = s.faults.get(path, [])
            fault = faults.pop(0) if faults else None
        if fault:
            return self.send(fault[0], b"non", **fault[1])
        if path in s.dynamic:
            body = s.dynamic[path](urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query))
            return self.send(200, body, Content_Type="text/xml")
        if path not in s.files:
            return self.send(404)
        body = s.files[path]
        etag = '"%s"' % hashlib.md5(body).hexdigest()
        if self.headers.get("If-None-Match") == etag:
            return self.send(304)
        first, status, headers = 0, 200, {"ETag": etag, "Content_Type": "text/html" if path.endswith("/") else "application/octet-stream"}
        asked = self.headers.get("Range")
        if asked and self.headers.get("If-Range") == etag:
            first = int(asked[6:].rstrip("-"))
            status, headers["Content_Range"] = 206, "bytes %d-%d/%d" % (first, len(body) - 1, len(body))
        cut = s.cut.pop(path, None)
        if cut:  # the connection ends in the middle
            s.log.append((time.time(), self.path, asked, status))
            self.send_response(status)
            for k, v in headers.items():
                self.send_header(k.replace("_", "-"), v)
            self.send_header("Content-Length", str(len(body) - first))
            self.end_headers()
            self.wfile.write(body[first:first + cut])
            self.wfile.flush()
            self.close_connection = True
            return None
        if s.pause and len(body) > 100000:
            time.sleep(s.pause)
        return self.send(status, body[first:], **headers)


class Fetch(IngestCase):
    def setUp(self):
        super().setUp()
        self.server = Server()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        (self.hub / "hub.yaml").write_text("contact: essai@exemple.example\n")

    def crawl(self, code=0, **kw):
        p = self.villers("crawl", *self.server.args(), "--json", code=code, **kw)
        return [json.loads(line) for line in p.stdout.splitlines() if line.startswith("{")], p.stderr

    def archive(self, name, numbers, changed=()):
        return make.tar(self.path / name, [("particuliers/F%d.xml" % n, make.sheet(n, "Modifié." if n in changed else "")) for n in numbers]).read_bytes()


class Dumps(Fetch):
    def source(self, **kw):
        make.source(self.hub, "dila", **dict({"seeds": ["http://dila.exemple.example/OPENDATA/F/"], "include": ["/OPENDATA/F/*.tar.gz$"]}, **kw))

    def index(self, *names):
        self.server.files["/OPENDATA/F/"] = "<html><body>{}</body></html>".format("".join("<a href='%s'>%s</a>" % (n, n) for n in names)).encode()

    def test_a_folder_of_increments_resumed_checked_and_not_asked_again(self):
        self.source()
        full, more = self.archive("a.tar.gz", range(60)), self.archive("b.tar.gz", [3, 60], changed=[3])
        files = self.server.files
        files["/OPENDATA/F/Freemium_f_global_20250101-000000.tar.gz"], files["/OPENDATA/F/F_20250102-000000.tar.gz"] = full, more
        files["/OPENDATA/F/F_20250102-000000.tar.gz.md5"] = hashlib.md5(more).hexdigest().encode() + b"\n"
        self.index("Freemium_f_global_20250101-000000.tar.gz", "F_20250102-000000.tar.gz", "F_20250102-000000.tar.gz.md5", "lisez-moi.pdf", "http://autre.exemple.example/x.tar.gz")
        self.server.cut["/OPENDATA/F/Freemium_f_global_20250101-000000.tar.gz"] = len(full) // 2
        reports, err = self.crawl()
        self.assertEqual(reports[-1]["counts"], {"new": 61, "changed": 1})
        asked = self.server.asked("/OPENDATA/F/Freemium_f_global_20250101-000000.tar.gz")
        self.assertEqual([a[2] for a in asked], [None, "bytes=%d-" % (len(full) // 2)])
        self.assertIn("1 resumed", err)
        self.assertEqual(self.server.log[0][1], "/robots.txt")
        times = [r[0] for r in self.server.log]
        self.assertTrue(all(b - a >= 0.015 for a, b in zip(times, times[1:])), times)
        before = len(self.server.log)
        reports, _ = self.crawl()
        self.assertEqual(reports[-1]["counts"], {})
        self.assertEqual({r[1] for r in self.server.log[before:]}, {"/OPENDATA/F/", "/OPENDATA/F/F_20250102-000000.tar.gz.md5"})
        self.assertFalse(list((self.hub / "dumps" / "dila").glob("*.part")))

    def test_a_digest_that_is_wrong(self):
        self.source()
        self.server.files["/OPENDATA/F/F_20250102.tar.gz"] = self.archive("b.tar.gz", [1])
        self.server.files["/OPENDATA/F/sha1sums.txt"] = b"0" * 40 + b"  F_20250102.tar.gz\n"
        self.index("F_20250102.tar.gz", "sha1sums.txt")
        _, err = self.crawl(code=69)
        self.assertIn("its digest is", err)
        self.assertFalse(list((self.hub / "dumps" / "dila").glob("F_*")))

    def test_robots_reservations_and_rests(self):
        self.source(seeds=["http://a.exemple.example/ferme/x.tar.gz", "http://a.exemple.example/reserve/x.tar.gz", "http://a.exemple.example/ouvert/d.tar.gz"], include=[])
        files = self.server.files
        files["/robots.txt"] = b"User-agent: *\nDisallow: /ferme/\n"
        files["/.well-known/tdmrep.json"] = json.dumps([{"location": "/reserve/*", "tdm-reservation": 1}]).encode()
        for name in ("/ferme/x.tar.gz", "/reserve/x.tar.gz", "/ouvert/d.tar.gz"):
            files[name] = self.archive("x.tar.gz", range(9))
        self.server.faults["/ouvert/d.tar.gz"] = [(503, {"Retry_After": "2"}), (500, {})]
        reports, err = self.crawl()
        self.assertEqual(reports[-1]["counts"], {"new": 9})
        self.assertFalse(self.server.asked("/ferme/x.tar.gz") + self.server.asked("/reserve/x.tar.gz"))
        times = [r[0] for r in self.server.asked("/ouvert/d.tar.gz")]
        self.assertGreaterEqual(times[1] - times[0], 1.9)
        self.assertGreaterEqual(times[2] - times[1], 0.9)
        self.assertIn("robots.txt closes", err)
        # unchanged: asked under its ETag
        self.crawl()
        self.assertEqual(self.server.asked("/ouvert/d.tar.gz")[-1][3], 304)

    def test_robots_that_cannot_be_had_close_the_host(self):
        self.source()
        self.server.faults["/robots.txt"] = [(503, {})] * 50
        self.index("F_20250102.tar.gz")
        _, err = self.crawl(code=75)
        self.assertEqual({r[1] for r in self.server.log}, {"/robots.txt"})
        self.assertIn("closed until it can", err)

    def test_a_private_address_is_not_connected_to(self):
        make.source(self.hub, "dedans", seeds=["http://127.0.0.1:%d/x.tar.gz" % self.server.server_address[1]])
        self.villers("crawl", "--backoff", "1", "--max-wait", "1", code=75)
        self.assertEqual(self.server.log, [])

    def test_stopped_in_the_middle_it_goes_on(self):
        self.source(seeds=["http://a.exemple.example/d_20250101.jsonl"], include=[], delay_ms=20)
        body = "".join(json.dumps({"id": str(n), "text": make.paragraph(n)}) + "\n" for n in range(1500)).encode()
        self.server.files["/d_20250101.jsonl"] = body
        self.server.cut["/d_20250101.jsonl"] = len(body) // 3
        self.server.pause = 5
        p = subprocess.Popen([VILLERS, "crawl", "--hub", str(self.hub), *self.server.args()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        limit = time.time() + 30
        part = self.hub / "dumps" / "dila" / "d_20250101.jsonl.part"
        while time.time() < limit and not (part.exists() and part.stat().st_size == len(body) // 3):
            time.sleep(0.02)
        p.send_signal(signal.SIGKILL)
        p.wait()
        self.server.pause = 0
        reports, _ = self.crawl()
        self.assertEqual(reports[-1]["counts"], {"new": 1500})
        self.assertEqual(self.server.asked("/d_20250101.jsonl")[-1][2], "bytes=%d-" % (len(body) // 3))


class Oai(Fetch):
    def setUp(self):
        super().setUp()
        make.source(self.hub, "depot", license="LicenseRef-per-page", seeds=["http://oai.exemple.example/oai"], access="oai")
        path = self.hub / "sources" / "depot.yaml"
        path.write_text(path.read_text().replace("access: dump\n", "", 1))
        self.records = {n: ("2024-01-%02d" % (n % 28 + 1), "CC-BY-4.0", False) for n in range(47)}
        self.day = "2024-02-01"
        self.server.dynamic["/oai"] = self.answer
        self.asked = []

    def record(self, n):
        stamp, licence, deleted = self.records[n]
        head = "<header%s><identifier>oai:depot:%d</identifier><datestamp>%s</datestamp></header>" % (" status='deleted'" if deleted else "", n, stamp)
        if deleted:
            return "<record>%s</record>" % head
        rights = "https://creativecommons.org/licenses/by/4.0/" if licence == "CC-BY-4.0" else licence
        return ("<record>%s<metadata><oai_dc:dc xmlns:oai_dc='o' xmlns:dc='d'><dc:title>Titre %d</dc:title><dc:creator>A</dc:creator><dc:creator>B</dc:creator>"
                "<dc:description>%s</dc:description><dc:date>2019-03-04</dc:date><dc:identifier>https://depot.exemple.example/%d</dc:identifier><dc:language>fr</dc:language>"
                "<dc:rights>info:eu-repo/semantics/openAccess</dc:rights><dc:rights>%s</dc:rights></oai_dc:dc></metadata></record>" % (head, n, make.paragraph(n), n, rights))

    def answer(self, q):
        self.asked.append(q)
        if "resumptionToken" in q:
            token = q["resumptionToken"][0]
            if token == "perdu":
                return self.page("<error code='badResumptionToken'/>")
            since, at = token.split("&")[0], int(token.split("&")[1])
        else:
            assert q["metadataPrefix"] == ["oai_dc"], q
            since, at = q.get("from", [""])[0], 0
        chosen = sorted(n for n, r in self.records.items() if r[0] >= since)
        if not chosen:
            return self.page("<error code='noRecordsMatch'>rien</error>")
        more = "<resumptionToken>%s&amp;%d</resumptionToken>" % (since, at + 10) if at + 10 < len(chosen) else "<resumptionToken/>"
        return self.page("<ListRecords>%s%s</ListRecords>" % ("".join(self.record(n) for n in chosen[at:at + 10]), more))

    def page(self, inside):
        return ("<?xml version='1.0'?><OAI-PMH xmlns='http://www.openarchives.org/OAI/2.0/'><responseDate>%sT12:00:00Z</responseDate><request>x</request>%s</OAI-PMH>" % (self.day, inside)).encode()

    def test_complete_polite_and_from_where_it_stopped(self):
        self.records[5] = ("2024-01-06", "tous droits réservés", False)
        self.server.faults["/oai"] = [None, None, (503, {"Retry_After": "1"})]
        reports, _ = self.crawl()
        self.assertEqual(reports[-1]["counts"], {"new": 46, "no-licence": 1})
        times = [r[0] for r in self.server.asked("/oai")]
        self.assertEqual(len(times), 6)
        self.assertGreaterEqual(times[3] - times[2], 0.9)
        row = make.raw(self.hub, "depot")[0]
        self.assertEqual((row["url"], row["author"], row["license"], row["text"]), ("https://depot.exemple.example/0", "A; B", "CC-BY-4.0", make.paragraph(0)))
        # later: one changed, one new, one deleted
        self.day = "2024-03-01"
        self.records[2] = ("2024-02-10", "CC-BY-4.0", True)
        self.records[60] = ("2024-02-11", "CC-BY-4.0", False)
        reports, _ = self.crawl()
        self.assertEqual(self.asked[-1].get("from"), ["2024-02-01"])
        self.assertEqual(reports[-1]["counts"], {"new": 1, "deleted": 1})
        self.crawl()
        self.assertEqual(self.asked[-1].get("from"), ["2024-03-01"])

    def test_killed_between_two_pages_it_goes_on_with_the_token(self):
        p = subprocess.Popen([VILLERS, "crawl", "--hub", str(self.hub), *self.server.args()[:-4], "--delay-ms", "150"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        limit = time.time() + 30
        while time.time() < limit and len(self.asked) < 3:
            time.sleep(0.01)
        p.send_signal(signal.SIGKILL)
        p.wait()
        reports, _ = self.crawl()
        self.assertEqual(reports[-1]["counts"]["new"], 47)
        self.assertLessEqual(len(self.asked), 8)
        self.assertEqual(sum("resumptionToken" not in q for q in self.asked), 1)


if __name__ == "__main__":
    unittest.main()
