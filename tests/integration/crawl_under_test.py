"""What the tests of crawls share: a hub with sources, an origin, villers crawl and what it left."""
import json
import pathlib
import sqlite3
import subprocess

import origin as web
from origin import Page, html
from support import VILLERS, HubCase

TEXT = ("La commune organise chaque printemps une fête du livre où les écoles présentent leurs travaux, et la bibliothèque "
        "reste ouverte jusqu'au soir pour tous les habitants qui souhaitent emprunter un ouvrage. Texte numéro %s.")
SLACK = 0.012


def small_site(pages, robots="User-agent: *\nDisallow: /prive/\n", **more):
    """A home page that links to p0…, each of which links to the next."""
    site = {"/robots.txt": Page(robots, type="text/plain"), "/": html("Accueil", TEXT % "zéro", ["/p%d" % i for i in range(pages)])}
    for i in range(pages):
        site["/p%d" % i] = html("Page %d" % i, TEXT % i, ["/", "/p%d" % ((i + 1) % pages), "/prive/%d" % i])
    site.update(more)
    return site


class CrawlCase(HubCase):
    def serve(self, sites, **kw):
        o = web.Origin(sites, **kw)
        self.addCleanup(o.stop)
        return o

    def source(self, host, delay=20, seeds=None, **keys):
        name = host.replace(".", "-")
        keys = dict({"license": "etalab-2.0", "license_evidence": "http://%s/mentions" % host, "delay_ms": delay}, **keys)
        lines = ["id: " + name, "seeds: " + json.dumps(seeds or ["http://%s/" % host])] + ["%s: %s" % kv for kv in keys.items()]
        pathlib.Path(self.hub, "sources", name + ".yaml").write_text("\n".join(lines) + "\n")

    def hub_yaml(self):
        path = pathlib.Path(self.hub, "hub.yaml")
        path.write_text(path.read_text() + "\ncontact: https://robot.example/\n")

    def setUp(self):
        super().setUp()
        self.hub_yaml()

    def command(self, o, *more):
        return [VILLERS, "crawl", "--hub", str(self.hub), *o.connect, "--json", "--quiet", *more]

    def crawl(self, o, *more, code=0):
        p = subprocess.run(self.command(o, *more), capture_output=True, text=True, timeout=60)
        self.assertEqual(p.returncode, code, p.stdout[-3000:] + p.stderr[-3000:])
        return json.loads(p.stdout) if p.stdout else {}

    def frontier(self, sql, *args, name="all"):
        with sqlite3.connect(pathlib.Path(self.hub, "frontier", name + ".sqlite")) as db:
            return db.execute(sql, args).fetchall()

    def manifest(self, sql, *args):
        with sqlite3.connect(pathlib.Path(self.hub, "manifest.sqlite")) as db:
            return db.execute(sql, args).fetchall()

    def reason(self, url):
        row = self.frontier("SELECT r.name FROM url u JOIN reason r ON r.id=u.reason WHERE u.url=?", url)
        return row and row[0][0]

    def documents(self):
        rows = []
        for f in sorted(pathlib.Path(self.hub, "raw").iterdir()):
            self.assertTrue(f.name.endswith(".jsonl.zst"), f.name)
            text = subprocess.run(["zstd", "-dcq", f], capture_output=True, check=True).stdout.decode()
            rows += [json.loads(line) for line in text.splitlines()]
        return rows

    def polite(self, o, host, delay):
        self.assertEqual(o.targets(host)[0], "/robots.txt")
        self.assertEqual(o.at_once(host), 1)
        self.assertGreaterEqual(min(o.gaps(host), default=9), delay - SLACK)
