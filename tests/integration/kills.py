#!/usr/bin/env python3
"""kill -9 at random moments of one crawl, many times over, and what is left each time.

    tests/integration/kills.py [--kills N] [--seed S] [--work DIR]        (default 200; some 0.4 s each)

A web of several hosts, some of whose pages fail at first, is crawled by one campaign that is killed N times and then let end.  After
each kill: the frontier is whole (SQLite's own check, and the invariants of its states), and every archive can be read up to the length that
is committed.  At the end: every page was fetched and is a document once, no host saw two requests within its delay or at once, no page was
fetched again more often than it was cut off, and, where the packages are installed, warcio and fastwarc read every record.
"""
import argparse
import collections
import json
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parent.parent)]
import origin as web  # noqa: E402
from origin import Page, html  # noqa: E402
from support import VILLERS, run  # noqa: E402

TEXT = ("La commune organise chaque printemps une fête du livre où les écoles présentent leurs travaux, et la bibliothèque "
        "reste ouverte jusqu'au soir pour tous les habitants qui souhaitent emprunter un ouvrage. Texte %s de %s.")
SLACK = 0.015
DELAY = 0.1
QUEUED, INFLIGHT, DONE, WAITING, HELD = range(5)


def site(host, pages):
    """Chained pages, so that a lost URL loses all that follow; each tenth answers 503 once, each fifteenth is cut once."""
    s = {"/robots.txt": Page("User-agent: *\nDisallow: /prive/\n", type="text/plain"), "/": html("Accueil", TEXT % ("zéro", host), ["/p0", "/p1"])}
    for i in range(pages):
        fault = web.answer(503, ("Retry-After", "1")) if i % 10 == 7 else web.half if i % 15 == 4 else None
        body = html("Page %d" % i, TEXT % (i, host), ["/p%d" % j for j in (i + 1, i + 2) if j < pages] + ["/prive/%d" % i])
        s["/p%d" % i] = Page(body, fault=fault, times=1)
    return s


class Crawl:
    def __init__(self, work, hosts, pages):
        self.hub = pathlib.Path(work, "hub")
        self.pages = pages
        self.sites = {"k%d.test" % i: site("k%d.test" % i, pages) for i in range(hosts)}
        self.origin = web.Origin(self.sites, latency=0.003)
        assert run(["init", self.hub]).returncode == 0
        with open(self.hub / "hub.yaml", "a") as f:
            f.write("\ncontact: https://robot.example/\n")
        for host in self.sites:
            name = host.replace(".", "-")
            (self.hub / "sources" / (name + ".yaml")).write_text(
                "id: %s\nseeds: [\"http://%s/\"]\nlicense: etalab-2.0\nlicense_evidence: http://%s/\ndelay_ms: %d\nmax_depth: 100000\n"
                "max_barren_pages: 1000000\n"
                % (name, host, host, DELAY * 1000))

    def start(self):
        return subprocess.Popen([VILLERS, "crawl", "--hub", self.hub, *self.origin.connect, "--backoff", "1", "--json", "--quiet"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def frontier(self):
        """What is wrong with it; the committed lengths of the growing files."""
        path = self.hub / "frontier" / "all.sqlite"
        if not path.exists():
            return [], {}
        wrong = []
        with sqlite3.connect(path) as db:
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name='url'").fetchone():
                return [], {}
            ask = lambda sql: db.execute(sql).fetchall()  # noqa: E731
            if ask("PRAGMA integrity_check") != [("ok",)]:
                wrong.append("integrity_check")
            for what, sql in (
                    ("unknown state", "SELECT url FROM url WHERE state NOT BETWEEN 0 AND 4"),
                    ("done without a reason", "SELECT url FROM url WHERE state=2 AND reason=(SELECT id FROM reason WHERE name='')"),
                    ("in the queue without its host", "SELECT url FROM url WHERE state IN (0,1,3) AND host NOT IN (SELECT id FROM host)"),
                    ("waiting for no time", "SELECT url FROM url WHERE state=3 AND due<=0"),
                    ("capture of no segment", "SELECT fetched_url FROM capture WHERE segment NOT IN (SELECT id FROM segment)"),
                    ("more than one open pair", "SELECT base FROM segment WHERE (SELECT count(*) FROM segment)>1"),
                    ("capture past the committed end", "SELECT c.fetched_url FROM capture c JOIN segment s ON s.id=c.segment"
                                                       " WHERE c.warc>=s.warc_end OR c.raw>=s.raw_end AND c.raw>=0")):
                rows = ask(sql)
                if rows:
                    wrong.append("%s: %s" % (what, rows[:3]))
            done = {u for u, in ask("SELECT url FROM url WHERE state=2 AND reason=(SELECT id FROM reason WHERE name='document')")}
            growing = collections.Counter(u for u, in ask("SELECT fetched_url FROM capture WHERE raw>=0"))
            ends = {b: (w, r) for b, w, r in ask("SELECT base,warc_end,raw_end FROM segment")}
        with sqlite3.connect(self.hub / "manifest.sqlite") as db:
            sealed = collections.Counter(u for u, in db.execute("SELECT coalesce(fetched_url, url) FROM captures WHERE raw IS NOT NULL"))
        held = growing | sealed  # a kill between the manifest and the frontier leaves a capture in both
        if set(held) != done:
            wrong.append("documents without a capture, or captures without their document: %s" % sorted(set(held) ^ done)[:3])
        if any(n > 1 for n in held.values()):
            wrong.append("documents captured twice: %s" % [u for u, n in held.items() if n > 1][:3])
        return wrong, ends

    def archives(self, ends):
        """Each file, up to its committed length, is whole frames."""
        wrong = []
        for folder, which in (("warc", 0), ("raw", 1)):
            for f in sorted((self.hub / folder).glob("*")):
                data = f.read_bytes()
                if f.name.endswith(".open"):
                    end = ends.get(f.name.split(".")[0], (0, 0))[which]
                    if len(data) < end:
                        wrong.append("%s: %d bytes of %d committed" % (f.name, len(data), end))
                    data = data[:end]
                if data and subprocess.run(["zstd", "-dcq"], input=data, capture_output=True).returncode:
                    wrong.append(f.name + ": not whole frames")
        return wrong

    def log(self, cut_off):
        wrong = []
        for host in self.sites:
            gap = min(self.origin.gaps(host), default=9)
            if gap < DELAY - SLACK:
                wrong.append("%s: two requests %.0f ms apart" % (host, gap * 1000))
            if self.origin.at_once(host) > 1:
                wrong.append(host + ": two requests at once")
            seen = collections.Counter(self.origin.targets(host))
            missing = {"/", "/robots.txt"} | {"/p%d" % i for i in range(self.pages)}
            if missing - set(seen):
                wrong.append("%s: never fetched: %s" % (host, sorted(missing - set(seen))[:3]))
            if any(t.startswith("/prive/") for t in seen):
                wrong.append(host + ": a closed page was fetched")
            again = sum(n - 1 for t, n in seen.items() if t != "/robots.txt") - sum(p.played for p in self.origin.sites[host].values())
            if again > cut_off:
                wrong.append("%s: %d fetches again, for %d kills" % (host, again, cut_off))
        return wrong

    def by_the_field(self):
        """warcio and fastwarc over every WARC: the records both see; None without the packages."""
        try:
            from fastwarc.warc import ArchiveIterator
            from warcio.archiveiterator import ArchiveIterator as Warcio
        except ImportError:
            return None, []
        wrong, total = [], 0
        for f in sorted((self.hub / "warc").glob("*")):
            plain = subprocess.run(["zstd", "-dcq", f], capture_output=True).stdout
            import io
            a, b, infos, named = [], [], set(), set()
            for r in Warcio(io.BytesIO(plain), check_digests="raise"):
                r.content_stream().read()
                a.append(r.rec_headers.get_header("WARC-Record-ID"))
                if r.rec_type == "warcinfo":
                    infos.add(a[-1])
                else:
                    named.add(r.rec_headers.get_header("WARC-Warcinfo-ID"))
            with open(f, "rb") as stream:
                for r in ArchiveIterator(stream, parse_http=False):
                    r.reader.read()
                    b.append(r.headers.get("WARC-Record-ID"))
            if a != b or len(infos) != 1 or named - infos:
                wrong.append("%s: warcio %d records, fastwarc %d, warcinfo %s" % (f.name, len(a), len(b), infos ^ named))
            total += len(a)
        return total, wrong


def main(argv=None):
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--kills", type=int, default=200)
    ap.add_argument("--seed", type=int, default=7)
    ap.add_argument("--hosts", type=int, default=5)
    ap.add_argument("--work")
    o = ap.parse_args(argv)
    dice = random.Random(o.seed)
    with tempfile.TemporaryDirectory(prefix="villers-kills-", dir=o.work) as work:
        c = Crawl(work, o.hosts, max(15, 3 * o.kills))
        wrong, done = [], False
        kills = 0
        for _ in range(o.kills):
            p = c.start()
            try:
                p.wait(dice.uniform(0.02, 0.7))
                done = True
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
                kills += 1
            bad, ends = c.frontier()
            wrong += ["after kill %d: %s" % (kills, w) for w in bad + c.archives(ends)]
            if done or wrong:
                break
        p = c.start()
        out, err = p.communicate(timeout=600)
        report = json.loads(out) if out else {}
        if p.returncode or report.get("outcome") != "done":
            wrong.append("the last run: exit %s, %s" % (p.returncode, err[-500:]))
        bad, ends = c.frontier()
        wrong += bad + c.archives(ends) + c.log(kills)
        if ends or list((c.hub / "warc").glob("*.open")):
            wrong.append("a file was left open")
        records, bad = c.by_the_field()
        wrong += bad
        fetched = sum(len(s) - 1 for s in c.sites.values())
        c.origin.stop()
    for w in wrong:
        print("WRONG " + w)
    print("kills %d, pages %d, requests %d, WARC records read by warcio and fastwarc: %s: %s" % (
        kills, fetched, len(c.origin.log), "not installed" if records is None else records, "%d wrong" % len(wrong) if wrong else "ok"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
