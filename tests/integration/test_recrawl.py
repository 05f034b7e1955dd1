"""A campaign looks again: what is the same, what changed, what is gone or closed since, and what the next version says of it."""
import json
import pathlib
import random
import subprocess
import time
import unittest

from crawl_under_test import TEXT, CrawlCase, small_site
from origin import Page, html, redirect

HOST = "a.test"
NOAI = '<meta name="robots" content="noai">'
CLOSED = '<link rel="license" href="https://creativecommons.org/licenses/by-nc-nd/4.0/">'


WORDS = ("la mairie ouvre chaque matin ses portes aux habitants du village qui viennent demander une carte ou inscrire leurs enfants dans "
         "les écoles publiques tandis que le marché se tient sur la grande place devant une fontaine ancienne dont les pierres furent taillées "
         "par des artisans venus autrefois de la vallée voisine avec leurs outils et leurs chansons").split()


def page(name, *links, head="", seed="", **keys):
    """French enough, and of no two names near-duplicates."""
    words = random.Random(name + seed).choices(WORDS, k=120)
    text = ". ".join(" ".join(words[i:i + 12]).capitalize() for i in range(0, 120, 12))
    return Page(html(name, text + ".", links, head), **keys)


class Recrawl(CrawlCase):
    STAY = ("etag", "date", "nu", "horloge", "panne", "detour", "interdit")
    GO = {"disparu": "gone", "robots": "robots", "entete": "licence-conflict", "noai": "licence-conflict", "licence": "licence", "canonique": "moved",
          "demenage": "redirect", "vide": "empty"}

    def first(self):
        names = self.STAY + tuple(self.GO) + ("change", "revient")
        site = small_site(0)
        site["/robots.txt"] = Page("User-agent: *\nDisallow: /prive/\nSitemap: http://a.test/plan.xml\n", type="text/plain")
        site["/plan.xml"] = self.plan("etag")
        site["/"] = page("Accueil", *["/" + n for n in names], etag='"accueil"')
        for n in names:
            site["/" + n] = page(n)
        site["/etag"] = page("etag", etag='W/"1"')
        site["/entete"] = page("entete", etag='"e"')
        site["/date"] = page("date", modified="Sun, 01 Nov 2026 00:00:00 GMT")
        site["/horloge"] = page("horloge", head="<!-- 1 -->")
        return site

    def second(self, site):
        site["/robots.txt"] = Page("User-agent: *\nDisallow: /prive/\nDisallow: /robots$\nSitemap: http://a.test/plan.xml\n", type="text/plain")
        site["/plan.xml"] = self.plan("etag", "neuf")
        site["/neuf"] = page("neuf")
        site["/horloge"] = page("horloge", head="<!-- 2 -->")
        site["/panne"] = Page("", 503, headers=(("Retry-After", "0"),))
        site["/interdit"] = Page("non", 403)
        site["/detour"] = redirect("/ailleurs", 302)
        site["/ailleurs"] = Page("absent", 404)
        site["/disparu"] = Page("parti", 410)
        site["/entete"] = page("entete", etag='"e"', headers=(("TDM-Reservation", "1"),))
        site["/noai"] = page("noai", head=NOAI)
        site["/licence"] = page("licence", head=CLOSED)
        site["/canonique"] = page("canonique", head='<link rel="canonical" href="/autre">')
        site["/autre"] = page("autre")
        site["/demenage"] = redirect("/change", 301)
        site["/vide"] = Page("<html><body></body></html>")
        site["/change"] = page("change", seed="deux")
        return site

    @staticmethod
    def plan(*names):
        return Page("<urlset>%s</urlset>" % "".join("<url><loc>http://a.test/%s</loc></url>" % n for n in names), type="application/xml")

    def serve_again(self, site):
        return self.serve({HOST: site})

    def publish(self, version):
        self.villers("refine")
        self.villers("publish", "essai", version)
        rows = {}
        for f in (self.hub / "releases" / "essai" / version / "data").glob("*.zst"):
            for line in subprocess.run(["zstd", "-dcq", f], capture_output=True, check=True).stdout.decode().splitlines():
                row = json.loads(line)
                rows[row["url"]] = row
        return rows

    def warc(self):
        return b"".join(subprocess.run(["zstd", "-dcq", f], capture_output=True, check=True).stdout
                        for f in sorted(pathlib.Path(self.hub, "warc").glob("*.zst"))).decode("latin-1")

    def setUp(self):
        super().setUp()
        settings = pathlib.Path(self.hub, "hub.yaml")
        settings.write_text(settings.read_text() + "quality_filters: false\n")

    def test_everything_that_may_happen_to_a_page(self):
        site = self.first()
        o = self.serve_again(site)
        self.source(HOST, delay=5)
        self.crawl(o)
        documents = len(self.documents())
        self.villers("refine")
        o.stop()

        o = self.serve_again(self.second(site))
        report = self.crawl(o, "--recrawl", "--backoff", "1")
        new = [d["fetched_url"].rsplit("/", 1)[1] for d in self.documents()[documents:]]
        self.assertEqual(sorted(new), ["autre", "canonique", "change", "neuf"])
        self.assertEqual((report["not_modified"], report["withdrawn"]), (4, len(self.GO)))
        statuses = {e.target: e.status for e in o.log}
        self.assertEqual([statuses[t] for t in ("/", "/etag", "/date", "/entete")], [304] * 4)
        self.assertNotIn("/robots", statuses)
        self.assertFalse([t for t in statuses if t.startswith("/prive")])
        # nothing is pending, and nothing but the withdrawn has left what can be published
        self.assertEqual(self.manifest("SELECT count(*) FROM documents WHERE segment IS NULL"), [(3 - 1,)])
        gone = dict(self.manifest("SELECT substr(c.url, 15), r.reason FROM documents d JOIN removals r ON r.removal = d.removed "
                                  "JOIN captures c ON c.capture = d.capture"))
        self.assertEqual(gone, self.GO)
        for name in self.STAY:
            self.assertEqual(self.reason("http://a.test/" + name), "document", name)
        warc = self.warc()
        self.assertEqual(warc.count("revisit/server-not-modified"), 4)
        self.assertIn("WARC-Refers-To-Target-URI: http://a.test/nu\r\n", warc)
        self.assertNotIn("WARC-Refers-To-Target-URI: http://a.test/horloge\r\n", warc)
        self.assertEqual(warc.count("revisit/identical-payload-digest"), warc.count("WARC-Refers-To-Date") - 4)

    def test_the_next_version_says_it(self):
        site = {k: v for k, v in self.first().items()}
        o = self.serve_again(site)
        self.source(HOST, delay=5)
        self.crawl(o)
        one = self.publish("1.0.0")
        o.stop()
        o = self.serve_again(self.second(site))
        self.crawl(o, "--recrawl", "--backoff", "1")
        before_refine = self.manifest("SELECT count(*) FROM documents WHERE fresh IS NOT NULL")
        self.assertEqual(before_refine, [(1,)])
        self.assertIn("2.0.0", self.villers("publish", "essai", "1.1.0", code=64).stderr)
        two = self.publish("2.0.0")
        at = "http://a.test/"
        self.assertEqual({u[len(at):] for u in set(one) - set(two)}, set(self.GO))
        self.assertEqual({u[len(at):] for u in set(two) - set(one)}, {"neuf", "autre"})
        self.assertEqual(one[at + "change"]["id"], two[at + "change"]["id"])
        self.assertNotEqual(one[at + "change"]["text"], two[at + "change"]["text"])
        for name in self.STAY:
            self.assertEqual(one[at + name], two[at + name])
        removed = [json.loads(r) for r in (self.hub / "releases/essai/2.0.0/removals.jsonl").read_text().splitlines()]
        self.assertEqual({r["reason"] for r in removed}, set(self.GO.values()))
        # gone and back: it is the same document, in the same shard
        o.sites[HOST]["/disparu"] = page("disparu")
        self.crawl(o, "--recrawl", "--backoff", "1")
        three = self.publish("3.0.0")
        self.assertEqual([one[at + "disparu"][k] for k in ("id", "text")], [three[at + "disparu"][k] for k in ("id", "text")])

    def test_due_by_itself(self):
        """Intervals between the bounds of the source; lastmod brings a page forward; nothing is asked before it is due."""
        site = self.first()
        o = self.serve_again(site)
        self.source(HOST, delay=5, recrawl_min="1s", recrawl_max="4s")
        self.crawl(o)
        every = dict(self.frontier("SELECT u.url, v.every FROM url u JOIN visit v USING (key)"))
        self.assertEqual(every["http://a.test/nu"], 2000)
        requests = len(o.log)
        shown = json.loads(self.villers("campaigns", "show", "all", "--json").stdout)
        self.assertEqual(shown["recrawl"]["urls"], len(every))
        deadline = time.monotonic() + 20
        while len(o.log) == requests and time.monotonic() < deadline:
            self.crawl(o)
            time.sleep(0.2)
        again = [e.target for e in sorted(o.log)[requests:]]
        self.assertTrue(again)
        time.sleep(2.5)
        self.crawl(o)
        every = dict(self.frontier("SELECT u.url, v.every FROM url u JOIN visit v USING (key)"))
        self.assertGreater(every["http://a.test/nu"], 2000)
        self.assertLessEqual(max(every.values()), 4000)

    def test_killed_while_it_looks_again(self):
        site = small_site(30)
        o = self.serve_again(site)
        self.source(HOST, delay=20)
        self.crawl(o)
        documents = len(self.documents())
        for i in range(0, 30, 3):
            del site["/p%d" % i]
        site["/"] = html("Accueil", TEXT % "zéro", ["/p%d" % i for i in range(30)])
        o.stop()
        o = self.serve_again(site)
        for k in range(4):
            p = subprocess.Popen(self.command(o, *(["--recrawl"] if k == 0 else [])), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            deadline = time.monotonic() + 20
            while len(o.log) < 4 + 7 * k and time.monotonic() < deadline:
                time.sleep(0.01)
            p.kill()
            p.wait()
        self.crawl(o)
        self.assertEqual(len(self.documents()), documents)
        self.assertEqual(self.manifest("SELECT count(*) FROM documents WHERE removed IS NOT NULL"), [(10,)])
        self.assertEqual(self.manifest("SELECT count(*) FROM documents WHERE fresh IS NOT NULL"), [(0,)])


if __name__ == "__main__":
    unittest.main()
