"""Webs without end, and a site that only looks like one."""
import random
import unittest

from origin import Page, html
from crawl_under_test import TEXT, CrawlCase, small_site

BARREN = 20
RULES = Page("User-agent: *\nAllow: /\n", type="text/plain")


class Made(dict):
    """A host whose pages are made as they are asked for."""

    def __init__(self, make):
        super().__init__({"/robots.txt": RULES})
        self.make = make

    def get(self, target, default=None):
        if target in self or target.startswith("/.well-known/"):
            return super().get(target, default)
        return Page(self.make(target))


def calendar(target):
    month = int(target.strip("/").replace("agenda/", "").replace("/", "") or 202403) if target != "/" else 202403
    near = [divmod(month // 100 * 12 + month % 100 - 1 + step, 12) for step in (-1, 1, 12)]
    return html("Agenda %d" % month, "Aucun événement ce mois-ci.", ["/agenda/%04d/%02d" % (y, m + 1) for y, m in near])


def tarpit(target):
    """Some words of each page are made up, and each leads to five others below it."""
    dice = random.Random(target)
    words = (TEXT % "").split() * 6
    for i in dice.sample(range(len(words)), 4):
        words[i] = "".join(dice.choices("abcdefghij", k=8))
    return html("Une page", " ".join(words), ["/%s/%s" % (dice.choice("abcdefgh"), "".join(dice.choices("klmnopqrst", k=9))) for _ in range(5)])


def facets(target):
    keys = ["couleur", "taille", "tri", "marque", "prix"]
    return html("Catalogue", TEXT % "le même", ["/liste?%s=%d&%s=%d" % (a, i, b, i) for i, a in enumerate(keys) for b in keys if a != b]
                + ["/liste?%s=%d" % (keys[0], hash(target) % 1000 + i) for i in range(5)])


class Traps(CrawlCase):
    def test_pages_that_say_nothing_new_starve(self):
        hosts = {"agenda.test": calendar, "puits.test": tarpit, "facettes.test": facets}
        o = self.serve({})
        o.sites = {h: Made(make) for h, make in hosts.items()}
        for host in hosts:
            self.source(host, delay=2, max_barren_pages=BARREN, max_depth=1000)
        report = self.crawl(o)
        self.assertEqual(report["outcome"], "done")
        self.assertGreater(report["campaign_so_far"]["refused"]["trap"], 20)
        seen = {h: len(o.targets(h)) for h in hosts}
        for host, most in (("agenda.test", 3 * BARREN), ("puits.test", 12 * BARREN), ("facettes.test", 12 * BARREN)):
            self.assertLess(seen[host], most, seen)
            self.assertGreater(seen[host], BARREN, seen)

    def test_a_restart_forgets_nothing(self):
        """A few pages a run: what was learnt before counts, of traps and of languages."""
        o = self.serve({})
        english = {"/robots.txt": RULES, "/": html("Home", "The council met on Tuesday to discuss the repair of the old bridge over the river. " * 3, ["/a%d" % i for i in range(9)])}
        english.update(("/a%d" % i, html("Page", "Visitors are kindly asked to leave their umbrellas in the hall number %d. " % i * 3)) for i in range(9))
        o.sites = {"agenda.test": Made(calendar), "english.test": {t: p if isinstance(p, Page) else Page(p) for t, p in english.items()}}
        self.source("agenda.test", delay=2, max_barren_pages=BARREN, max_depth=1000)
        self.source("english.test", delay=2)
        for run in range(12):
            if self.crawl(o, "--max-pages", "10")["outcome"] == "done":
                break
        self.assertLess(run, 11)
        self.assertLess(len(o.targets("agenda.test")), 3 * BARREN)
        host, documents, share = self.frontier("SELECT h.name, documents, share FROM french f JOIN host h ON h.id=f.host ORDER BY 1 DESC")[0]
        self.assertEqual((host, documents), ("english.test", 10))
        self.assertLess(share, 0.25)

    def test_pages_of_one_template_that_differ_are_all_fetched(self):
        pages = 10 * BARREN
        dice = random.Random(3)
        word = lambda: "".join(dice.choices("aeioulmnrst", k=6))  # noqa: E731
        site = {"/robots.txt": RULES, "/": html("Communes", TEXT % "zéro", ["/commune/0"])}
        for i in range(pages):  # a third of each page is its own; each leads to the next
            own = " ".join(word() for _ in range(40))
            site["/commune/%d" % i] = html("Commune %d" % i, (TEXT % i) + " " + own + " " + (TEXT % i), ["/commune/%d" % (i + 1)] if i + 1 < pages else [])
        o = self.serve({"annuaire.test": site})
        self.source("annuaire.test", delay=2, max_barren_pages=BARREN, max_depth=1000)
        report = self.crawl(o)
        self.assertEqual(report["pages"], pages + 1)

    def test_what_a_sitemap_names_is_no_trap(self):
        site = {"/robots.txt": Page("User-agent: *\nSitemap: http://plan.test/plan.txt\n", type="text/plain"), "/": html("Accueil", TEXT % "zéro")}
        site["/plan.txt"] = Page("".join("http://plan.test/fiche/%d\n" % i for i in range(3 * BARREN)), type="text/plain")
        site.update(("/fiche/%d" % i, html("Fiche", TEXT % "semblable")) for i in range(3 * BARREN))
        o = self.serve({"plan.test": site})
        self.source("plan.test", delay=2, max_barren_pages=BARREN)
        self.assertEqual(self.crawl(o)["pages"], 3 * BARREN + 1)

    def test_soft_404_and_sessions(self):
        site = small_site(1)
        site["/"] = html("Accueil", TEXT % "a", ["/vide", "/article-404", "/x;jsessionid=AB12CD34EF56AB12CD34EF56AB12CD34", "/x?PHPSESSID=0123456789abcdef0123456789abcdef"])
        site["/x"] = html("X", TEXT % "x")
        site["/vide"] = html("Page introuvable | Ville", "Désolé, cette page n'est pas là.")
        site["/article-404"] = html("Article 404 du code", TEXT % "404")
        o = self.serve({"a.test": site})
        self.source("a.test")
        self.crawl(o)
        self.assertEqual([self.reason("http://a.test" + t) for t in ("/vide", "/article-404", "/x")], ["soft-404", "document", "document"])
        self.assertEqual(o.targets("a.test").count("/x"), 1)
        self.assertFalse([t for t in o.targets("a.test") if "sess" in t.lower()])


if __name__ == "__main__":
    unittest.main()
