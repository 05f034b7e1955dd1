"""The states of a robots.txt, as RFC 9309 and the failing-closed rule want them: one row a way to answer."""
import pathlib
import sqlite3
import time
import unittest

import origin as web
from origin import Page, redirect
from crawl_under_test import CrawlCase, small_site

CONTROL = ("/robots.txt", "/.well-known/tdmrep.json")
HTML = "<!DOCTYPE html><html lang=fr><title>Erreur</title><h1>Une erreur est survenue</h1></html>"
CLOSED, OPEN = False, True


class States(CrawlCase):
    ROWS = {  # the answer to /robots.txt, and whether pages of its host may be fetched at once
        "vide.test": (Page("", type="text/plain"), OPEN),
        "absent.test": (Page("absent", 404), OPEN),
        "interdit.test": (Page("", 403), OPEN),  # RFC 9309 2.3.1.3: any 4xx is "unavailable"
        "non.test": (Page("", 401), OPEN),
        "trop.test": (Page("", 429), CLOSED),
        "erreur.test": (Page("", 500), CLOSED),
        "panne.test": (Page("", 503), CLOSED),
        "muet.test": (Page("", fault=web.hang), CLOSED),
        "coupe.test": (Page("", fault=web.reset), CLOSED),
        "moitie.test": (Page("User-agent: *\nAllow: /\n", type="text/plain", fault=web.half), CLOSED),
        "charabia.test": (Page("", fault=web.garbage), CLOSED),
        "gzip.test": (Page("User-agent: *\n", fault=web.bad_gzip), CLOSED),
        "tour.test": (redirect("/robots.txt"), CLOSED),
        "cercle.test": (redirect("/robots2.txt"), CLOSED),
        "nulle-part.test": (Page("", 302), CLOSED),
        "html.test": (Page(HTML), CLOSED),
        "html-regles.test": (Page("<pre>\nUser-agent: *\nDisallow: /ferme\n</pre>"), OPEN),
        "texte-html.test": (Page("User-agent: *\nAllow: /\n", type="text/html"), OPEN),
        "ferme.test": (Page("User-agent: villers\nDisallow: /\nUser-agent: *\nAllow: /\n", type="text/plain"), CLOSED),
        "coquille.test": (Page("User-agent: *\nDissalow: /\n", type="text/plain"), OPEN),
        "sans-deux-points.test": (Page("User-agent: *\nDisallow /\n", type="text/plain"), OPEN),
        "chaine.test": (redirect("http://saut1.test/a"), OPEN),
    }

    def sites(self, rows):
        sites = {}
        for host, (robots, _) in rows.items():
            sites[host] = dict(small_site(1), **{"/robots.txt": robots})
        sites.get("cercle.test", {})["/robots2.txt"] = redirect("/robots3.txt")
        sites.get("cercle.test", {})["/robots3.txt"] = redirect("/robots2.txt")
        return sites

    def fetched(self, o, host):
        return any(t not in CONTROL and not t.startswith("/robots") for t in o.targets(host))

    def test_each_answer(self):
        sites = self.sites(self.ROWS)
        for i in range(1, 6):  # five hops over five hosts, RFC 9309 2.3.1.2
            sites["saut%d.test" % i] = {"/a": redirect("http://saut%d.test/a" % (i + 1)), "/b": Page("")}
        sites["saut6.test"] = {"/a": Page("User-agent: *\nDisallow: /p0\n", type="text/plain")}
        o = self.serve(sites)
        for host in self.ROWS:
            self.source(host)
        self.crawl(o, "--timeout", "1", "--max-wait", "1", code=75)
        self.assertEqual({h: self.fetched(o, h) for h in self.ROWS}, {h: want for h, (_, want) in self.ROWS.items()})
        self.assertNotIn("/p0", o.targets("chaine.test"))
        self.assertNotIn("/ferme", o.targets("html-regles.test"))
        self.assertEqual(o.targets("tour.test"), ["/robots.txt"])
        self.assertEqual(o.targets("cercle.test"), ["/robots.txt", "/robots2.txt", "/robots3.txt"])  # nobody is asked the same twice
        self.assertEqual([o.targets("saut%d.test" % i) for i in range(1, 7)], [["/a"]] * 6)
        with sqlite3.connect(pathlib.Path(self.hub, "frontier", "hosts.sqlite")) as db:
            rows = {o: r for o, *r in db.execute("SELECT origin, state, status, since>0, next, length(digest) FROM file WHERE kind=0")}
        now = time.time() * 1000
        for host, wait in (("panne.test", 60e3), ("html.test", 60e3), ("cercle.test", 864e5)):
            state, status, since, due, _ = rows["http://" + host]
            self.assertEqual((state, since), (3, 1), host)
            self.assertLess(abs(due - now - wait), 30e3, host)
        self.assertEqual(rows["http://chaine.test"][0], 1)
        self.assertEqual(rows["http://chaine.test"][4], 64)

    def test_switches(self):
        rows = {h: self.ROWS[h] for h in ("html.test", "coquille.test", "sans-deux-points.test", "panne.test")}
        o = self.serve(self.sites(rows))
        for host in rows:
            self.source(host)
        settings = pathlib.Path(self.hub, "hub.yaml")
        settings.write_text(settings.read_text() + "robots_typos: true\nrobots_html_is_none: true\nrobots_unreachable_days: 30\n")
        self.crawl(o, "--max-wait", "1", code=75)
        self.assertEqual({h: self.fetched(o, h) for h in rows},
                         {"html.test": OPEN, "coquille.test": CLOSED, "sans-deux-points.test": CLOSED, "panne.test": CLOSED})
        with sqlite3.connect(pathlib.Path(self.hub, "frontier", "hosts.sqlite")) as db:
            db.execute("UPDATE file SET since=since-31*86400000 WHERE origin='http://panne.test'")
            db.execute("UPDATE clock SET due=0")
        self.crawl(o)
        self.assertTrue(self.fetched(o, "panne.test"))

    def test_it_is_read_again_after_a_day(self):
        o = self.serve({"a.test": small_site(2)})
        self.source("a.test", max_pages=1)
        self.crawl(o)
        o.sites["a.test"]["/robots.txt"] = Page("User-agent: *\nDisallow: /\n", type="text/plain")
        self.source("a.test", max_pages=2)
        self.crawl(o)  # within the day: what was read holds
        self.assertEqual(sum(t == "/robots.txt" for t in o.targets("a.test")), 1)
        with sqlite3.connect(pathlib.Path(self.hub, "frontier", "hosts.sqlite")) as db:
            db.execute("UPDATE file SET next=1 WHERE kind=0")
        self.source("a.test", max_pages=3)
        self.crawl(o)  # queued before, closed since: not fetched
        self.assertEqual(sum(t == "/robots.txt" for t in o.targets("a.test")), 2)
        self.assertEqual(sum(t in ("/", "/p0", "/p1") for t in o.targets("a.test")), 2)

    def a_day_later(self):
        for name, sql in (("hosts", "UPDATE file SET next=1"), ("all", "UPDATE judged SET due=1")):
            with sqlite3.connect(pathlib.Path(self.hub, "frontier", name + ".sqlite")) as db:
                db.execute(sql)

    def withdrawn(self):
        return dict(self.manifest("SELECT c.url, r.reason FROM documents d JOIN removals r ON r.removal=d.removed JOIN captures c ON c.capture=d.capture"))

    def test_what_closes_later_is_withdrawn(self):
        """Nothing is due: the two files are read again after their day, and what they close now goes."""
        hosts = ["a.test", "b.test", "c.test", "d.test", "e.test"]
        o = self.serve({h: small_site(6) for h in hosts})
        for host in hosts:
            self.source(host, delay=5)
        self.crawl(o)
        before = len(o.log)
        self.crawl(o)
        self.assertEqual(len(o.log), before)  # within the day
        o.sites["a.test"]["/robots.txt"] = Page("User-agent: villers\nDisallow: /p2\nDisallow: /p3\n", type="text/plain")
        o.sites["b.test"]["/.well-known/tdmrep.json"] = Page('[{"location": "/p4", "tdm-reservation": 1}]', type="application/json")
        o.sites["c.test"]["/robots.txt"] = Page("User-agent: *\nContent-Signal: ai-train=no\nAllow: /\n", type="text/plain")
        o.sites["d.test"]["/robots.txt"] = Page("", 503)
        self.a_day_later()
        report = self.crawl(o, "--max-wait", "1")
        want = {"http://a.test/p2": "robots", "http://a.test/p3": "robots", "http://b.test/p4": "reserved"}
        want.update(("http://c.test/" + p, "reserved") for p in ("", "p0", "p1", "p2", "p3", "p4", "p5"))
        self.assertEqual(self.withdrawn(), want)
        self.assertEqual(report["withdrawn"], len(want))
        self.assertEqual({e.target for e in sorted(o.log)[before:]}, set(CONTROL))
        self.assertEqual(self.reason("http://a.test/p2"), "robots")
        self.a_day_later()
        self.assertEqual(self.crawl(o, "--max-wait", "1")["withdrawn"], 0)  # the same words again

    def test_a_host_that_redirects_robots_txt_keeps_its_own_clock(self):
        """Ten hosts have theirs at one, which is crawled itself."""
        hosts = ["h%d.test" % i for i in range(10)]
        central = small_site(5, **{"/regles.txt": Page("User-agent: *\nDisallow: /p1\n", type="text/plain")})
        sites = {h: dict(small_site(2), **{"/robots.txt": redirect("http://centre.test/regles.txt?%s" % h)}) for h in hosts}
        central.update(("/regles.txt?" + h, central["/regles.txt"]) for h in hosts)
        o = self.serve(dict(sites, **{"centre.test": central}))
        for host in hosts:
            self.source(host)
        self.source("centre.test", delay=60)
        self.crawl(o)
        self.assertEqual(sum(t.startswith("/regles") for t in o.targets("centre.test")), 10)
        self.assertEqual(o.at_once("centre.test"), 1)
        self.assertGreater(min(o.gaps("centre.test")), 0.060 - 0.012)
        for host in hosts:
            self.polite(o, host, 0.020)
            self.assertNotIn("/p1", o.targets(host))

    def test_troubles_pass(self):
        sites = {h: small_site(1) for h in ("html.test", "panne.test", "coupe.test")}
        for host, page in (("html.test", Page("User-agent: *\n", fault=lambda o, c, p: web.send_head(c, p, len(HTML)) or c.sendall(HTML.encode()), times=2)),
                           ("panne.test", Page("User-agent: *\n", fault=web.answer(503, ("Retry-After", "1")), times=1)),
                           ("coupe.test", Page("User-agent: *\n", fault=web.reset, times=1))):
            sites[host]["/robots.txt"] = page
        o = self.serve(sites)
        for host in sites:
            self.source(host)
        self.assertEqual(self.crawl(o, "--backoff", "1")["outcome"], "done")
        for host in sites:
            self.assertTrue(self.fetched(o, host), host)
        self.assertGreater(o.gaps("html.test")[1], o.gaps("html.test")[0] * 1.5)  # growing


if __name__ == "__main__":
    unittest.main()
