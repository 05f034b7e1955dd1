#!/usr/bin/env python3
"""One crawl at all faults for a long time: does it hold its memory and its descriptors, and does it count what the servers count?

    tests/integration/soak.py [--seconds S] [--hosts N] [--every S] [--work DIR]        (default: an hour)

Hosts with more pages than there is time for play every fault of origin.py on a share of their pages.  Every few seconds the resident
memory and the open descriptors of the crawler are read from /proc; the first and the last third of the time are compared.  At the end, after
SIGTERM, the crawl's own report and `villers campaigns show --json` are held against the server's log, by kind.
"""
import argparse
import collections
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import zlib

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parent.parent)]
import origin as web  # noqa: E402
from origin import Page, html, redirect  # noqa: E402
from support import VILLERS, run  # noqa: E402

WORDS = ("la commune organise chaque printemps une fête du livre où les écoles présentent leurs travaux et la bibliothèque reste ouverte "
         "au soir pour tous les habitants qui souhaitent emprunter un ouvrage le conseil vote le budget des chemins du lavoir et de la halle").split()
FAULTS = [None] * 60 + [web.answer(503, ("Retry-After", "1")), web.answer(429, ("Retry-After", "2")), web.answer(500), web.answer(404), web.answer(410),
                        web.hang, web.trickle, web.endless, web.garbage, web.reset, web.half, web.big_head, web.bad_gzip, web.answer(403),
                        web.bomb, redirect, "loop"]


def text(seed, n):
    """n words that follow from ${seed}."""
    out = []
    for i in range(n):
        seed = zlib.crc32(b"%d" % seed, i)
        out.append(WORDS[seed % len(WORDS)])
    return " ".join(out)


class Many(dict):
    """The pages of a host, made as they are asked for: page i links to three others, and fails as its number says, the first two times or for good."""

    def __init__(self, host, pages):
        super().__init__()
        self.seed = zlib.crc32(host.encode())
        self.pages = pages
        self["/robots.txt"] = Page("User-agent: *\nDisallow: /prive/\n", type="text/plain")

    def get(self, target, default=None):
        if target in self:
            return self[target]
        name = target.lstrip("/p") or "0"
        if not name.isdigit():
            return default
        i = int(name)
        links = ["/p%d" % ((3 * i + k) % self.pages) for k in (1, 2, 3)] + ["/prive/%d" % i]
        page = Page(html("Page %d" % i, text(self.seed + i, 150 + i % 400) + ".", links))
        fault = FAULTS[zlib.crc32(b"%d" % i, self.seed) % len(FAULTS)] if i else None
        if fault is redirect:
            page = redirect("/p%d" % ((3 * i + 1) % self.pages))
        elif fault == "loop":
            page = redirect("/p%d" % i)
        elif fault:
            page.fault, page.times = fault, 2 if i % 2 else None
            self[target] = page  # remembers how often it failed
        return page


class Sites(dict):
    def get(self, host, default=None):
        return super().get(host) or default


def sample(pid):
    with open("/proc/%d/statm" % pid) as f:
        rss = int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")
    return time.time(), rss, len(os.listdir("/proc/%d/fd" % pid))


def third(samples, which, column):
    n = len(samples) // 3 or 1
    part = samples[n:2 * n] if which == 1 else samples[-n:]
    return sum(s[column] for s in part) / len(part)


def compare(o, report, shown, net, wrong):
    log = collections.Counter(e.status for e in o.log)
    print("server: %d requests, by status %s" % (len(o.log), dict(sorted(log.items()))))
    print("crawl:  %d requests, %d pages, %d retries; %s" % (report["requests"], report["pages"], report["retries"],
                                                              json.dumps(shown["fetched"] | shown["refused"] | shown["failed"])))
    # a request under way when the run ended may be in one count alone
    if abs(report["requests"] - len(o.log)) > net:
        wrong.append("requests: %d counted, %d in the log" % (report["requests"], len(o.log)))
    control = ("/robots.txt", "/.well-known/tdmrep.json")
    urls = {}
    for e in sorted(o.log):
        if e.target not in control:
            urls[(e.host, e.target)] = e.status
    gone = sum(s in (404, 410) for s in urls.values())
    if abs(gone - shown["refused"].get("gone", 0)) > net:
        wrong.append("gone: %d counted, %d in the log" % (shown["refused"].get("gone", 0), gone))
    settled = sum(shown["fetched"].values()) + sum(shown["failed"].values()) + sum(
        n for r, n in shown["refused"].items() if r not in ("robots", "scope", "trap", "depth", "redirect-limit", "excluded", "limit"))
    under_way = shown["waiting"] + shown.get("in_flight", 0)
    if not settled <= len(urls) + net or len(urls) > settled + under_way + net:
        wrong.append("addresses: %d settled and %d to be tried again, %d in the log" % (settled, under_way, len(urls)))


def main(argv=None):
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--seconds", type=float, default=3600)
    ap.add_argument("--hosts", type=int, default=20)
    ap.add_argument("--every", type=float, default=5)
    ap.add_argument("--delay", type=int, default=800)
    ap.add_argument("--slack", type=int, default=150, help="ms that the threads of the origin may read a request late by")
    ap.add_argument("--pages", type=int, default=4500, help="of a host")
    ap.add_argument("--work")
    a = ap.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="villers-soak-", dir=a.work) as work:
        hub = pathlib.Path(work, "hub")
        assert run(["init", hub]).returncode == 0
        with open(hub / "hub.yaml", "a") as f:
            f.write("\ncontact: https://robot.example/\n")
        names = ["s%d.test" % i for i in range(a.hosts)]
        for host in names:
            (hub / "sources" / (host.replace(".", "-") + ".yaml")).write_text(
                "id: %s\nseeds: [\"http://%s/\"]\nlicense: etalab-2.0\nlicense_evidence: http://%s/\ndelay_ms: %d\nmax_page_bytes: 2000000\n"
                "max_depth: 1000\n" % (host.replace(".", "-"), host, host, a.delay))
        o = web.Origin({})
        o.sites = Sites({h: Many(h, a.pages) for h in names})
        with open(pathlib.Path(work, "err"), "w") as err, open(pathlib.Path(work, "out"), "w") as out:
            p = subprocess.Popen([VILLERS, "crawl", "--hub", hub, *o.connect, "--backoff", "2", "--timeout", "3", "--max-wait", "86400", "--json"],
                                 stdout=out, stderr=err)
        samples, wrong, until = [], [], time.time() + a.seconds
        while time.time() < until and p.poll() is None:
            time.sleep(min(a.every, max(0, until - time.time())))
            try:
                samples.append(sample(p.pid))
            except OSError:
                break
            if len(samples) % 60 == 0:
                print("%5.0f s  %6.1f MB  %3d descriptors  %d requests" % (samples[-1][0] - samples[0][0], samples[-1][1] / 1e6, samples[-1][2], len(o.log)), flush=True)
        if p.poll() is not None:
            wrong.append("the crawl ended by itself")
        p.send_signal(signal.SIGTERM)
        code = p.wait(60)
        if code != 75:
            wrong.append("exit %d: %s" % (code, pathlib.Path(work, "err").read_text()[-500:]))
        o.stop()
        report = json.loads(pathlib.Path(work, "out").read_text() or "{}")
        shown = json.loads(run(["campaigns", "--hub", hub, "show", "all", "--json"]).stdout)
        if report:
            compare(o, report, shown, len(names), wrong)
        for column, name, unit, slack in ((1, "resident memory", 1e6, 1.10), (2, "descriptors", 1, 1.10)):
            early, late = third(samples, 1, column) / unit, third(samples, 2, column) / unit
            print("%s: %.1f in the second third, %.1f in the last, at most %.1f" % (name, early, late, max(s[column] for s in samples) / unit))
            if late > early * slack + 2:
                wrong.append("%s grows: %.1f, then %.1f" % (name, early, late))
        for host in names:
            if o.at_once(host) > 1 or min(o.gaps(host), default=9) < (a.delay - a.slack) / 1000:
                wrong.append("%s: %d at once, %.0f ms apart" % (host, o.at_once(host), 1000 * min(o.gaps(host))))
    for w in wrong:
        print("WRONG " + w)
    print("soak %d s: %s" % (a.seconds, "%d wrong" % len(wrong) if wrong else "ok"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
