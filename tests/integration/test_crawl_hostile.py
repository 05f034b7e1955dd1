"""Servers that mean harm: each row ends, is counted for what it was, costs a bounded amount of memory, and keeps nobody from the rest."""
import base64
import gzip
import json
import os
import pathlib
import subprocess
import time
import unittest
import zlib

import origin as web
from crawl_under_test import TEXT, CrawlCase, small_site
from origin import Page, html, redirect
from support import VILLERS

MEMORY = 400 << 20
ZEROS = b"\0" * (80 << 20)
# 80 MiB of zeros by brotli, which Python's library cannot write
BROTLI = zlib.decompress(base64.b64decode(
    "eNo7/f+/PYMKw6ONDkXv///4/5+9gcVBRqzh3V/5////M0xg6DjMdGHv/8f//8szCDEURjDs+l7/5/9/ZgcmBT5uh+//+v//r2fwYDiSyPji3v+P///zM3A2"
    "WOgw3P1t/+//f0YFRoF21gXV/49DLdnAUIJqyX0AxAdCaQ=="))


def coded(coding, body):
    def fault(origin, conn, page):
        web.send_head(conn, page, len(body), extra=(("Content-Encoding", coding),))
        conn.sendall(body)
        return 200
    return fault


def says(*pieces, again=None, every=0.0):
    """These bytes as they are; then ${again} for ever, ${every} seconds apart."""
    def fault(origin, conn, page):
        for piece in pieces:
            conn.sendall(piece)
        while again and not origin.closing.wait(every) and not (every and web.left(conn)):
            conn.sendall(again)
        return 200
    return fault


def reset_mid(origin, conn, page):
    web.send_head(conn, page, len(page.body))
    conn.sendall(page.body[:200])
    web.reset(origin, conn, page)


OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


class Hostile(CrawlCase):
    ROWS = {  # path: fault, how often, the reasons it may be counted under
        "/loris": (says(b"HTTP/1.1 200 OK\r\nX: ", again=b"y", every=0.1), None, {"timeout"}),
        "/lent": (web.trickle, None, {"timeout"}),
        "/muet": (web.hang, None, {"timeout"}),
        "/tetes": (says(OK, again=b"X-Y: " + b"z" * 1000 + b"\r\n"), None, {"headers-too-large"}),
        "/ligne": (says(OK + b"X: ", again=b"z" * 4096), None, {"headers-too-large", "protocol"}),
        "/encore": (says(again=b"HTTP/1.1 100 Continue\r\nX: " + b"y" * 500 + b"\r\n\r\n"), None, {"headers-too-large"}),
        "/traine": (says(OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", again=b"X: " + b"y" * 500 + b"\r\n"), None,
                    {"headers-too-large", "too-large"}),
        "/sans-fin": (web.endless, None, {"too-large"}),
        "/annonce": (says(OK + b"Content-Length: 99999999999\r\n\r\n", again=b"z" * 65536), None, {"too-large"}),
        "/deux": (says(OK + b"Content-Length: 3\r\nContent-Length: 7\r\n\r\nabcdefg"), None, {"protocol", "document", "reset"}),
        "/negatif": (says(OK + b"Content-Length: -7\r\n\r\nabcdefg"), None, {"protocol", "document", "reset"}),
        "/morceau": (says(OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\nabc\r\n"), None, {"protocol", "reset"}),
        "/nul": (says(b"HTTP/1.1 200 OK\r\nX-\0Y: \0\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nab"), None, {"protocol", "document"}),
        "/vieux": (says(b"<html>HTTP/0.9 : pas d'en-t\xeate"), None, {"protocol"}),
        "/gzip": (web.bomb, None, {"expands-too-much"}),
        "/deflate": (coded("deflate", zlib.compress(ZEROS, 1)), None, {"expands-too-much"}),
        "/br": (coded("br", BROTLI), None, {"expands-too-much"}),
        "/gigogne": (coded("gzip, gzip", gzip.compress(web.BOMB)), None, {"expands-too-much"}),
        "/codages": (coded("gzip, gzip, gzip, gzip, gzip", b"x"), None, {"bad-encoding"}),
        "/inconnu": (coded("lzma", b"x"), None, {"bad-encoding"}),
        "/coupe": (reset_mid, 1, {"document"}),
        "/court": (web.half, 1, {"document"}),
        "/mi-lien": (says(OK + b"Content-Length: 74\r\n\r\n<p>La mairie est ouverte.</p><p>Le conseil se r\xc3\xa9unit.</p><a href=\"/bon-jour\">x</a>"), None,
                     {"document"}),
        "/ment": (says(OK + b"Content-Length: 20\r\n\r\n<p>" + TEXT.encode() * 9), None, {"document"}),
    }

    def zstd(self):
        packed = subprocess.run(["zstd", "-cq", "--long=23"], input=ZEROS, capture_output=True, check=True).stdout
        return {"/zstd": (coded("zstd", packed), None, {"expands-too-much"})}

    def crawl_measured(self, o, *more):
        out = self.path / "out"
        with open(out, "w") as f:
            p = subprocess.Popen(self.command(o, *more), stdout=f, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        return p.returncode, json.loads(out.read_text()), usage.ru_maxrss * 1024

    def test_each(self):
        page = html("Page", TEXT % "p")
        rows = dict(self.ROWS, **self.zstd())
        hosts = {}
        for i, (path, (fault, times, _)) in enumerate(rows.items()):
            hosts["h%d.test" % i] = small_site(1, **{"/": html("A", TEXT % "a", [path, "/bon"]), "/bon": page, path: Page(page, fault=fault, times=times)})
        o = self.serve(hosts)
        for host in hosts:
            self.source(host, max_page_bytes=3000000)
        code, report, memory = self.crawl_measured(o, "--backoff", "1", "--timeout", "1", "--max-wait", "2")
        self.assertEqual((code, report["outcome"]), (75, "waiting"))
        got = {path: self.reason("http://h%d.test%s" % (i, path)) for i, path in enumerate(rows)}
        self.assertEqual({p: r for p, r in got.items() if r not in rows[p][2]}, {})
        for i, path in enumerate(rows):
            self.assertEqual(self.reason("http://h%d.test/bon" % i), "document", path)
            self.polite(o, "h%d.test" % i, 0.020)
            self.assertFalse([t for t in o.targets("h%d.test" % i) if t.startswith("/bon-")], path)
        self.assertGreater(report["retries"], 3)
        if b"__asan_init" not in pathlib.Path(VILLERS).read_bytes() and b"__tsan_init" not in pathlib.Path(VILLERS).read_bytes():
            self.assertLess(memory, MEMORY)

    def test_a_server_that_stalls_longer_than_the_timeout(self):
        """It reads late what was sent before: the answer is taken then, and nothing was sent beside it."""
        o = self.serve({"a.test": small_site(3), "b.test": small_site(3)})
        for host in ("a.test", "b.test"):
            self.source(host, delay=150)
        with open(self.path / "out", "w") as out:
            p = subprocess.Popen(self.command(o, "--timeout", "1", "--backoff", "1"), stdout=out, stderr=subprocess.DEVNULL)
        while len(o.log) < 8 and p.poll() is None:
            time.sleep(0.01)
        o.stalled_until = time.monotonic() + 2.5
        self.assertEqual(p.wait(60), 0)
        report = json.loads((self.path / "out").read_text())
        self.assertEqual((report["outcome"], report["retries"], report["documents"]), ("done", 0, 8))
        for host in ("a.test", "b.test"):
            self.polite(o, host, 0.150)
            self.assertEqual(len(set(o.targets(host))), len(o.targets(host)))
            self.assertGreater(max(o.gaps(host)), 2)

    def test_redirects(self):
        """Each hop is a request of its own host: its robots.txt, its clock, its address."""
        a = small_site(0, **{"/": html("A", TEXT % "a", ["/chaine?n=0", "/ping", "/ferme", "/dehors", "/long", "/fichier", "/rien", "/croise"])})
        for i in range(40):
            a["/chaine?n=%d" % i] = redirect("/chaine?n=%d" % (i + 1))
        a.update({"/ping": redirect("http://b.test/pong"), "/ferme": redirect("http://b.test/prive/x"), "/dehors": redirect("http://hors.test/"),
                  "/long": redirect("/" + "x" * 60000), "/fichier": redirect("file:///etc/passwd"), "/rien": Page("", 302),
                  "/croise": redirect("http://b.test/saut")})
        b = small_site(0, **{"/pong": redirect("http://a.test/ping"), "/saut": redirect("http://c.test/fin"), "/prive/x": html("X", TEXT % "x")})
        c = {"/robots.txt": Page("User-agent: *\nCrawl-delay: 0.2\n", type="text/plain"), "/": html("C", TEXT % "c", ["/autre"]),
             "/autre": html("D", TEXT % "d"), "/fin": html("Fin", TEXT % "fin")}
        o = self.serve({"a.test": a, "b.test": b, "c.test": c})
        for host in ("a.test", "b.test", "c.test"):
            self.source(host)
        self.crawl(o)
        self.assertEqual({e.host for e in o.log}, {"a.test", "b.test", "c.test"})
        self.assertNotIn("/prive/x", o.targets("b.test"))
        self.assertIn("/fin", o.targets("c.test"))
        self.assertLessEqual(sum(t.startswith("/chaine") for t in o.targets("a.test")), 11)
        self.assertEqual(self.reason("http://a.test/chaine?n=10"), "redirect-limit")
        self.assertEqual(self.reason("http://a.test/fichier"), "http-4xx")
        for host, delay in (("a.test", 0.020), ("b.test", 0.020), ("c.test", 0.200)):
            self.polite(o, host, delay)
            self.assertEqual(len(set(o.targets(host))), len(o.targets(host)))


if __name__ == "__main__":
    unittest.main()
