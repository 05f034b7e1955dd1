"""How pages are found other than by links: sitemaps of every form, feeds, headers."""
import gzip
import unittest

from crawl_under_test import TEXT, CrawlCase
from origin import Page, html

XML = "application/xml"


def urlset(*urls, inner=""):
    return '<?xml version="1.0"?><urlset xmlns:xhtml="x">%s</urlset>' % "".join("<url><loc>%s</loc>%s</url>" % (u, inner) for u in urls)


class Discovery(CrawlCase):
    def test_sitemaps(self):
        a, b = "http://a.test", "http://b.test"
        site = {"/robots.txt": Page("User-agent: *\nDisallow: /ferme\nSitemap: /index.xml\nSitemap: http://a.test/plan.txt\n"
                                    "Sitemap: http://b.test/pour-a.xml\nSitemap: http://ailleurs.example/plan.xml\n", type="text/plain"),
                "/index.xml": Page("<sitemapindex><sitemap><loc>%s/un.xml.gz</loc></sitemap><sitemap><loc>/deux.xml</loc></sitemap>"
                                   "<sitemap><loc>%s/vieux.xml</loc></sitemap><sitemap><loc>/absent.xml</loc></sitemap></sitemapindex>" % (a, a), type=XML),
                "/un.xml.gz": Page(gzip.compress(urlset(a + "/gz", a + "/ferme/1").encode()), type="application/octet-stream"),
                "/deux.xml": Page(urlset(a + "/seul", inner='<xhtml:link rel="alternate" hreflang="oc" href="%s/oc"/>' % a), type=XML),
                "/vieux.xml": Page("", 301, headers=(("Location", "/neuf.xml"),)),
                "/neuf.xml": Page(urlset(a + "/par-renvoi", b + "/non-soumis"), type=XML),
                "/plan.txt": Page("%s/texte\n%s/texte2\n" % (a, a), type="text/plain"),
                "/": html("Accueil", TEXT % "zéro")}
        site.update((t, html(t, TEXT % t)) for t in ("/gz", "/seul", "/oc", "/par-renvoi", "/texte", "/texte2", "/croise"))
        # b.test lists a page of a.test: it counts, because a.test's robots.txt names that list; what b.test lists for others does not
        other = {"/robots.txt": Page("User-agent: *\n", type="text/plain"), "/pour-a.xml": Page(urlset(a + "/croise", b + "/a-lui", "http://c.test/x"), type=XML),
                 "/": html("B", TEXT % "b"), "/a-lui": html("B", TEXT % "à lui")}
        o = self.serve({"a.test": site, "b.test": other, "c.test": {"/": html("C", TEXT % "c")}})
        for host in ("a.test", "b.test", "c.test"):
            self.source(host)
        self.crawl(o)
        pages = {t for t in o.targets("a.test") if "." not in t}
        self.assertEqual(pages, {"/", "/gz", "/seul", "/oc", "/par-renvoi", "/texte", "/texte2", "/croise"})
        self.assertIn("/a-lui", o.targets("b.test"))
        self.assertNotIn("/non-soumis", o.targets("b.test"))
        self.assertNotIn("/x", o.targets("c.test"))
        self.assertEqual({e.host for e in o.log}, {"a.test", "b.test", "c.test"})

    def test_feeds_and_headers(self):
        feeds = ('<link rel="alternate" type="application/rss+xml" href="/rss"><link rel="alternate" type="application/atom+xml" href="/atom">'
                 '<link rel="alternate" type="application/rss+xml" href="http://ailleurs.example/rss">')
        site = {"/": Page(html("Accueil", TEXT % "zéro", ["/article"], feeds),
                          headers=(("Link", '</suite>; rel="next", </oc>; rel=alternate; hreflang=oc, </style.css>; rel=preload'),
                                   ("Link", '</flux>; rel=alternate; type="application/rss+xml", </autre>; rel=next; anchor="/x"'))),
                "/rss": Page("<rss><channel><item><link>http://a.test/rss1</link></item><item><guid>http://a.test/rss2</guid></item></channel></rss>",
                             type="application/rss+xml"),
                "/atom": Page('<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="/atom1"/></entry></feed>', type="application/atom+xml"),
                "/flux": Page("<rss><channel><item><link>/flux1</link></item></channel></rss>", type="text/xml"),
                "/article": Page(html("Article", TEXT % "a", ["/par-article"], '<link rel="alternate" type="application/rss+xml" href="/article/commentaires">'),
                                 headers=(("Link", "<http://a.test/propre>; rel=canonical"),)),
                "/propre": html("Article", TEXT % "a"),
                "/oc": Page(html("Oc", TEXT % "oc", ["/non-suivi"]), headers=(("X-Robots-Tag", "villers: nofollow"),)),
                "/suite": Page(html("Suite", TEXT % "s", ["/suivi"]), headers=(("X-Robots-Tag", "autrui: nofollow"),))}
        site.update((t, html(t, TEXT % t)) for t in ("/rss1", "/rss2", "/atom1", "/flux1", "/par-article", "/suivi", "/non-suivi", "/autre"))
        o = self.serve({"a.test": site})
        self.source("a.test")
        self.crawl(o)
        self.assertEqual(set(o.targets("a.test")) - {"/robots.txt", "/.well-known/tdmrep.json"},
                         set(site) - {"/non-suivi", "/autre"})
        docs = {d["fetched_url"]: d["url"] for d in self.documents()}
        self.assertEqual(docs["http://a.test/article"], "http://a.test/propre")


if __name__ == "__main__":
    unittest.main()
