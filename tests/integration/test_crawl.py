"""villers crawl against a web that is watched: politeness, refusals, hostile servers, kills, limits."""
import collections
import json
import pathlib
import random
import signal
import sqlite3
import subprocess
import time
import unittest

import origin as web
from crawl_under_test import TEXT, SLACK, CrawlCase, small_site
from origin import Page, html, redirect
from support import VILLERS

class Politeness(CrawlCase):
    def test_delay_robots_and_a_second_run(self):
        o = self.serve({"a.test": small_site(12), "b.test": small_site(6, robots="User-agent: *\nCrawl-delay: 0.15\nDisallow: /prive/\n")})
        self.source("a.test", delay=60)
        self.source("b.test", delay=20)
        report = self.crawl(o)
        self.assertEqual(report["outcome"], "done")
        self.polite(o, "a.test", 0.060)
        self.polite(o, "b.test", 0.150)
        for host, n in (("a.test", 12), ("b.test", 6)):
            seen = collections.Counter(o.targets(host))
            self.assertEqual(seen, collections.Counter(["/robots.txt", "/.well-known/tdmrep.json", "/"] + ["/p%d" % i for i in range(n)]))
        self.assertEqual(len(self.documents()), 20)
        self.assertIn("(+https://robot.example/)", o.log[0].agent)
        self.assertEqual(report["campaign_so_far"]["refused"]["robots"], 18)
        requests = len(o.log)
        self.assertEqual(self.crawl(o)["requests"], 0)
        self.assertEqual(len(o.log), requests)

    def test_campaigns_share_a_host(self):
        o = self.serve({"a.test": small_site(10)})
        self.source("a.test", delay=80)
        for name in ("un", "deux"):
            pathlib.Path(self.hub, "campaigns", name + ".yaml").write_text("sources: [a-test]\n")
        both = [subprocess.Popen(self.command(o, name), stdout=subprocess.DEVNULL) for name in ("un", "deux")]
        self.assertEqual([p.wait(60) for p in both], [0, 0])
        self.polite(o, "a.test", 0.080)
        self.assertEqual(o.targets("a.test").count("/p3"), 2)

    def test_hosts_of_one_address_share_its_clock(self):
        site = small_site(6)
        o = self.serve({"127.0.0.1": site, "localhost": site})
        port = o.server_address[1]
        for host in ("127.0.0.1", "localhost"):
            self.source(host, delay=60, seeds=["http://%s:%d/" % (host, port)])
        self.villers("crawl", "--allow-private", "--quiet")
        starts = sorted(e.start for e in o.log)
        self.assertEqual(len(starts), 18)
        self.assertGreaterEqual(min(b - a for a, b in zip(starts, starts[1:])), 0.060 - 2 * SLACK)

    def test_retry_after(self):
        site = small_site(4)
        site["/p1"] = Page(html("Page", TEXT % 1), fault=web.answer(503, ("Retry-After", "1")), times=1)
        o = self.serve({"a.test": site})
        self.source("a.test")
        report = self.crawl(o)
        log = sorted(e for e in o.log)
        at = next(i for i, e in enumerate(log) if e.status == 503)
        self.assertGreaterEqual(log[at + 1].start - log[at].end, 1.0)
        self.assertEqual((report["retries"], len(self.documents())), (1, 5))

    def test_tdmrep_sitemap_and_page_signals(self):
        site = small_site(2)
        site["/robots.txt"] = Page("User-agent: *\nSitemap: http://a.test/plan.xml\n", type="text/plain")
        site["/plan.xml"] = Page("<urlset><url><loc>http://a.test/hors-lien</loc></url><url><loc>http://b.test/x</loc></url>"
                                 "<url><loc>http://a.test/reserve/2</loc></url></urlset>", type="application/xml")
        site["/.well-known/tdmrep.json"] = Page('[{"location":"/reserve/*","tdm-reservation":1}]', type="application/json")
        site["/hors-lien"] = html("Par le plan", TEXT % "x", ["/reserve/1", "/noindex", "/meta", "/ferme", "/doc.pdf"])
        site["/noindex"] = html("N", TEXT % "n", ["/vu-de-noindex"], '<meta name="robots" content="noindex">')
        site["/vu-de-noindex"] = html("V", TEXT % "v", (), '<meta name="robots" content="nofollow">') + '<a href="/non-suivi">x</a>'
        site["/meta"] = html("M", TEXT % "m", (), '<meta name="tdm-reservation" content="1">')
        site["/ferme"] = html("F", TEXT % "f", (), '<link rel="license" href="https://creativecommons.org/licenses/by-nc-nd/4.0/">')
        site["/doc.pdf"] = Page(b"%PDF" + b"x" * 3000000, type="application/pdf")
        o = self.serve({"a.test": site})
        self.source("a.test")
        self.crawl(o)
        seen = o.targets("a.test")
        self.assertIn("/vu-de-noindex", seen)
        self.assertLess(seen.index("/.well-known/tdmrep.json"), seen.index("/"))
        for never in ("/reserve/1", "/reserve/2", "/non-suivi"):
            self.assertNotIn(never, seen)
        want = {"/reserve/1": "reserved", "/noindex": "noindex", "/meta": "licence-conflict", "/ferme": "licence", "/doc.pdf": "type",
                "/hors-lien": "document"}
        self.assertEqual({t: self.reason("http://a.test" + t) for t in want}, want)
        self.assertFalse([e for e in o.log if e.host != "a.test"])

    def test_a_day_that_has_not_come_dates_nothing(self):
        site = small_site(1)
        for path, year in (("/p0", 2099), ("/p1", 2019)):
            site[path] = html("P", TEXT % path, ["/p1"], '<meta property="article:published_time" content="%d-03-04">' % year)
        o = self.serve({"a.test": site})
        self.source("a.test")
        self.crawl(o)
        self.assertEqual({d["url"][-2:]: d["date"] for d in self.documents()}, {"t/": "", "p0": "", "p1": "2019-03-04"})

    def test_redirects_and_canonical(self):
        site = small_site(1)
        site["/"] = html("A", TEXT % "a", ["/vieux", "/boucle", "/dehors", "/copie?utm_source=x", "/latin"])
        site["/vieux"] = redirect("/moyen", 301)
        site["/moyen"] = redirect("/neuf")
        site["/neuf"] = html("Neuf", TEXT % "n")
        site["/boucle"] = redirect("/boucle2")
        site["/boucle2"] = redirect("/boucle")
        site["/dehors"] = redirect("http://dehors.test/")
        site["/copie"] = html("Copie", TEXT % "n", (), '<link rel="canonical" href="/neuf">')
        site["/latin"] = Page(("<html><title>é</title><p>" + TEXT % "latin").encode("latin-1"), type="text/html; charset=iso-8859-1")
        o = self.serve({"a.test": site})
        self.source("a.test")
        self.crawl(o)
        self.polite(o, "a.test", 0.020)
        self.assertEqual(len(set(o.targets("a.test"))), len(o.targets("a.test")))
        self.assertEqual({e.host for e in o.log}, {"a.test"})
        docs = {d["fetched_url"]: d for d in self.documents()}
        self.assertEqual(docs["http://a.test/copie"]["url"], "http://a.test/neuf")
        self.assertEqual(docs["http://a.test/copie"]["id"], docs["http://a.test/neuf"]["id"])
        self.assertIn("fête du livre où les écoles", docs["http://a.test/latin"]["text"])


class Closed(CrawlCase):
    def test_robots_that_cannot_be_read_closes_the_host(self):
        sites = {"absent.test": small_site(1), "erreur.test": small_site(1), "muet.test": small_site(1), "tour.test": small_site(1), "trop.test": small_site(1)}
        del sites["absent.test"]["/robots.txt"]
        sites["erreur.test"]["/robots.txt"] = Page("", fault=web.answer(503))
        sites["muet.test"]["/robots.txt"] = Page("", fault=web.hang)
        sites["tour.test"]["/robots.txt"] = redirect("/robots.txt")
        sites["trop.test"]["/robots.txt"] = Page("", fault=web.answer(429))
        o = self.serve(sites)
        for host in sites:
            self.source(host)
        report = self.crawl(o, "--timeout", "1", "--max-wait", "5", code=75)
        self.assertEqual(report["outcome"], "waiting")
        for host in sites:
            pages = [t for t in o.targets(host) if t not in ("/robots.txt", "/.well-known/tdmrep.json")]
            self.assertEqual(bool(pages), host == "absent.test", host)
        self.assertEqual(report["campaign_so_far"]["queued"] + report["campaign_so_far"]["waiting"], 4)

    def test_an_unreachable_host_ends_quickly(self):
        o = self.serve({"a.test": small_site(1)})
        self.source("a.test")
        o.stop()
        t0 = time.time()
        p = subprocess.run(self.command(o), capture_output=True, text=True, timeout=60)
        self.assertEqual(p.returncode, 75, p.stderr)
        self.assertIn("later: villers crawl", p.stderr)
        self.assertLess(time.time() - t0, 10)

    def test_private_addresses_are_never_connected_to(self):
        o = self.serve({"a.test": small_site(1)})
        self.source("a.test", seeds=["http://127.0.0.1:%d/" % o.server_address[1], "http://[::1]:%d/" % o.server_address[1]])
        report = self.villers("crawl", "--json", "--quiet")
        self.assertEqual(o.log, [])
        self.assertEqual(json.loads(report.stdout)["campaign_so_far"]["refused"]["address"], 2)

    def test_configuration(self):
        o = self.serve({})
        self.source("a.test", license="CC-BY-NC-4.0")
        p = subprocess.run(self.command(o), capture_output=True, text=True, timeout=60)
        self.assertNotEqual(p.returncode, 0)
        self.assertIn("licence", p.stderr)
        self.source("a.test")
        pathlib.Path(self.hub, "hub.yaml").write_text("")
        p = self.villers("crawl", code=78)
        self.assertIn("contact", p.stderr)
        self.assertEqual(o.log, [])


class Shapes(CrawlCase):
    def test_traps(self):
        site = small_site(1)
        deep = ["/%s.html" % "".join(chr(97 + i // k % 5) for k in (1, 5)) for i in range(25)]
        for i in range(1, 40):
            site["/" + "x/" * i] = html("x", TEXT % i, ["/" + "x/" * (i + 1)])
            site["/liste/%d" % i] = html("a", TEXT % i, ["/liste/%d" % (i + 1)])
        for at, to in zip(deep, deep[1:]):
            site[at] = html("a", TEXT % at, [to])
        site["/"] = html("A", TEXT % "a", ["/x/", "/liste/1", deep[0], "/" + "long" * 600])
        o = self.serve({"a.test": site})
        self.source("a.test", delay=5, max_depth=10)
        report = self.crawl(o)
        self.assertEqual(sum(t in deep for t in o.targets("a.test")), 10)
        self.assertEqual(sum(t.startswith("/x/") for t in o.targets("a.test")), 2)
        self.assertEqual(sum(t.startswith("/liste/") for t in o.targets("a.test")), 40)  # a numbered list is one step
        self.assertEqual(report["campaign_so_far"]["refused"], {"trap": 1, "depth": 1, "gone": 1})


class Interruptions(CrawlCase):
    HOSTS = 4
    PAGES = 40

    def sites(self):
        return {"k%d.test" % i: small_site(self.PAGES) for i in range(self.HOSTS)}

    def everything(self, o):
        for host in self.sites():
            self.assertEqual(set(o.targets(host)), {"/robots.txt", "/.well-known/tdmrep.json", "/"} | {"/p%d" % i for i in range(self.PAGES)})
        docs = self.documents()
        self.assertEqual(len({d["fetched_url"] for d in docs}), self.HOSTS * (self.PAGES + 1))
        self.assertEqual(len(docs), len({d["fetched_url"] for d in docs}), "a page is a document once")
        with sqlite3.connect(pathlib.Path(self.hub, "manifest.sqlite")) as db:
            self.assertEqual(db.execute("SELECT count(*) FROM documents").fetchone()[0], len(docs))
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchone()[0], "ok")
        for f in pathlib.Path(self.hub, "warc").iterdir():
            self.assertTrue(f.name.endswith(".warc.zst"), f.name)
            self.assertEqual(subprocess.run(["zstd", "-tq", f]).returncode, 0)

    def test_a_file_shorter_than_committed_is_fetched_again(self):
        """After a power cut, or in a copy of a hub at work, a growing file may lack what the frontier knows: the campaign goes on."""
        o = self.serve({"a.example": small_site(20)})
        self.source("a.example", delay=40)
        p = subprocess.Popen(self.command(o), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        raw = pathlib.Path(self.hub, "raw")
        deadline = time.time() + 20
        while time.time() < deadline and not any(f.stat().st_size > 1500 for f in raw.glob("*.open")):
            time.sleep(0.02)
        p.kill()
        p.wait()
        (cut,) = raw.glob("*.open")
        with open(cut, "r+b") as f:
            f.truncate(10)
        self.crawl(o)
        with sqlite3.connect(pathlib.Path(self.hub, "manifest.sqlite")) as db:
            self.assertEqual(db.execute("SELECT count(*) FROM documents").fetchone()[0], 21)

    def test_sigterm_saves_and_says_how_to_go_on(self):
        o = self.serve(self.sites())
        for host in self.sites():
            self.source(host)
        p = subprocess.Popen(self.command(o), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        time.sleep(0.4)
        p.send_signal(signal.SIGTERM)
        _, err = p.communicate(timeout=15)
        self.assertEqual(p.returncode, 75, err)
        self.assertIn("go on with: villers crawl", err)
        self.assertFalse([f for f in pathlib.Path(self.hub, "raw").iterdir() if f.name.endswith(".open")])
        self.crawl(o)
        self.everything(o)

    def test_limits_dry_run_and_reports(self):
        o = self.serve(self.sites())
        for host in self.sites():
            self.source(host, max_pages=3)
        self.assertIn("k0-test: etalab-2.0", self.villers("crawl", "--dry-run").stdout)
        self.assertEqual(o.log, [])
        self.assertEqual(self.crawl(o, "--max-pages", "5")["outcome"], "limit")
        self.assertEqual(len(self.documents()), 5)
        self.crawl(o)
        self.assertEqual(len(self.documents()), 3 * self.HOSTS)
        shown = json.loads(self.villers("campaigns", "show", "all", "--json").stdout)
        self.assertEqual(shown["fetched"]["document"], 3 * self.HOSTS)
        self.assertGreater(shown["held"], 0)
        self.assertIn("all", self.villers("campaigns").stdout)
        self.villers("campaigns", "show", "nulle-part", code=66)


if __name__ == "__main__":
    unittest.main()
