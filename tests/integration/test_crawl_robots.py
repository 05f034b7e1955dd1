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
