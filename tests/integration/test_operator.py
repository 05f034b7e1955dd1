"""What an operator sees and does of a campaign at work: status, log, metrics, pause, changed configuration, hours, two at once."""
import collections
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time
import unittest
import urllib.request

from crawl_under_test import TEXT, CrawlCase, small_site
from origin import Page, html
from support import run


class Operator(CrawlCase):
    def campaign(self, name, sources, **keys):
        text = "sources: %s\n" % json.dumps(sources) + "".join("%s: %s\n" % kv for kv in keys.items())
        path = pathlib.Path(self.hub, "campaigns", name + ".yaml")
        path.with_suffix(".new").write_text(text)
        os.replace(path.with_suffix(".new"), path)

    def begin(self, o, *more):
        p = subprocess.Popen(self.command(o, *more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

        def end():
            if p.poll() is None:
                p.kill()
            p.communicate()
        self.addCleanup(end)
        return p

    def until(self, what, limit=20):
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            got = what()
            if got:
                return got
            time.sleep(0.05)
        self.fail("waited in vain")

    def status(self, name="un"):
        p = run(["crawl", name, "--hub", self.hub, "--status", "--json"])
        return json.loads(p.stdout) if p.returncode == 0 else {}

    def test_status_pause_resume_and_a_source_added(self):
        o = self.serve({"a.test": small_site(400), "b.test": small_site(3)})
        self.source("a.test", delay=30)
        self.source("b.test", delay=5)
        site = o.sites["a.test"]
        site["/"] = Page(html("Accueil", TEXT % "zéro", ["/prive/0"] + ["/p%d" % i for i in range(400)] + ["http://b.test/", "http://b.test/p1"]))
        self.campaign("un", ["a-test"])
        self.villers("crawl", "un", "--status", code=66)
        p = self.begin(o, "un", "--log", self.path / "log.jsonl")
        self.until(lambda: self.status().get("run", {}).get("pages", 0) > 5)
        now = self.status()
        self.assertEqual((now["state"], now["run"]["pid"]), ("running", p.pid))
        self.assertGreater(now["run"]["pages_per_second"], 0)
        self.assertIn("running since", self.villers("crawl", "un", "--status").stdout)
        self.assertIn("another process", self.villers("crawl", "un", code=75).stderr)

        self.villers("campaigns", "pause", "un")
        self.until(lambda: self.status()["state"] == "paused")
        self.until(lambda: self.status()["run"]["open"] == 0)
        asked = len(o.log)
        time.sleep(0.5)
        self.assertEqual(len(o.log), asked)
        self.villers("campaigns", "resume", "un")
        self.until(lambda: len(o.log) > asked)

        self.assertFalse(o.targets("b.test"))
        self.campaign("un", ["nulle-part"])  # cannot be used: the campaign goes on as it was
        p.send_signal(signal.SIGHUP)
        asked = len(o.log)
        self.until(lambda: len(o.log) > asked + 5)
        os.rename(self.path / "log.jsonl", self.path / "log.old")
        self.campaign("un", ["a-test", "b-test"])
        p.send_signal(signal.SIGHUP)
        self.until(lambda: len(o.targets("b.test")) >= 5)  # what was outside the sources is inside now
        p.send_signal(signal.SIGTERM)
        out, err = p.communicate(timeout=20)
        self.assertEqual(p.returncode, 75, err)
        self.assertIn("no source \"nulle-part\"", err)
        self.assertEqual(self.status()["state"], "ended")
        self.assertEqual(max(collections.Counter(o.targets("a.test")).values()), 1)
        self.polite(o, "a.test", 0.030)
        report = json.loads(out)
        decisions = [json.loads(line) for f in ("log.old", "log.jsonl") for line in (self.path / f).read_text().splitlines()]
        self.assertEqual(sum(d["reason"] == "document" for d in decisions), report["documents"])
        refused = next(d for d in decisions if d["url"] == "http://b.test/")
        self.assertEqual((refused["decision"], refused["reason"]), ("refused", "scope"))
        rule = next(d for d in decisions if d["reason"] == "robots")
        self.assertEqual(rule["evidence"], "Disallow: /prive/ (robots.txt line 2)")
        outcomes = [json.loads(r[0]) for r in self.manifest("SELECT outcome FROM runs WHERE stage = 'crawl' AND outcome <> ''")]
        self.assertEqual(sum(r["documents"] for r in outcomes), report["documents"])

    def test_paused_before_it_begins(self):
        o = self.serve({"a.test": small_site(2)})
        self.source("a.test")
        self.campaign("un", ["a-test"])
        self.villers("campaigns", "pause", "un")
        self.crawl(o, "un", code=75)
        self.assertEqual(o.log, [])
        self.assertIn("may run again", self.villers("campaigns", "resume", "un").stdout)
        self.crawl(o, "un")
        self.villers("campaigns", "pause", "deux", code=66)
        self.villers("campaigns", "cesse", "un", code=64)

    def test_dry_run(self):
        o = self.serve({"a.test": small_site(30)})
        self.source("a.test", delay=5)

        def dry(*more):
            return [json.loads(line) for line in self.villers("crawl", "--dry-run", "--json", *more).stdout.splitlines()]
        self.assertEqual([(d["would"], d["url"]) for d in dry()], [("ask", "http://a.test/")])
        self.assertEqual((o.log, (self.hub / "frontier").exists() and os.listdir(self.hub / "frontier")), ([], []))
        self.crawl(o, "--max-pages", "1")
        asked = len(o.log)
        would = dry()
        self.assertEqual(len(would), 30)
        self.assertEqual({d["would"] for d in would}, {"fetch"})
        self.crawl(o, "--max-pages", "2")
        refused = [d for d in dry() if d["would"] == "refuse"]
        self.assertEqual({(d["reason"], d["evidence"]) for d in refused}, {("robots", "Disallow: /prive/ (robots.txt line 2)")})
        self.assertIn("once their robots.txt is read", self.villers("crawl", "--dry-run").stdout)
        self.assertGreater(len(o.log), asked)
        self.crawl(o)
        asked = len(o.log)
        self.assertEqual((dry(), {d["again"] for d in dry("--recrawl")}), ([], {True}))
        self.assertEqual(len(o.log), asked)

    def test_metrics_and_resting_hosts(self):
        site = small_site(300)
        sites = {"a.test": site, "malade.test": {"/robots.txt": Page("", 503)}}
        o = self.serve(sites)
        self.source("a.test", delay=30)
        self.source("malade.test")
        self.campaign("un", ["a-test", "malade-test"])
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        p = self.begin(o, "un", "--metrics", str(port))
        resting = self.until(lambda: self.status().get("resting"))
        self.assertIn("malade.test", resting[0]["host"])
        self.assertEqual(resting[0]["urls"], 1)

        def pages():
            text = urllib.request.urlopen("http://127.0.0.1:%d/metrics" % port, timeout=5).read().decode()
            found = re.search(r'^villers_crawl_pages_total\{campaign="un"\} (\d+)$', text, re.M)
            return found and int(found.group(1)) > 3 and text
        text = self.until(pages)
        self.assertEqual(len(re.findall("^# TYPE villers_crawl_pages_total counter$", text, re.M)), 1)
        for line in text.splitlines():
            self.assertRegex(line, r'^(# (HELP|TYPE) villers_crawl_\w+ .+|villers_crawl_\w+\{campaign="un"(,reason="[\w-]+")?\} [0-9.e+]+)$')
        p.send_signal(signal.SIGTERM)
        self.assertEqual(p.wait(20), 75)

    def test_hours_of_a_time_zone(self):
        o = self.serve({"a.test": small_site(1)})
        self.source("a.test")
        self.campaign("un", ["a-test"], time_zone="Pays/Nulle-Part")
        self.assertIn("time_zone", self.villers("crawl", "un", code=78).stderr)
        hour = (time.gmtime().tm_hour + 9) % 24  # Asia/Tokyo has no summer time
        window = '["%02d:00-%02d:59"]' % ((hour + 23) % 24, (hour + 1) % 24)
        self.campaign("un", ["a-test"], hours=window, time_zone="Asia/Tokyo")
        self.crawl(o, "un")
        self.assertEqual(len(self.documents()), 2)
        o2 = self.serve({"a.test": small_site(1)})
        self.campaign("deux", ["a-test"], hours=window)
        p = self.begin(o2, "deux")
        self.until(lambda: self.status("deux").get("state") == "out-of-hours")
        p.send_signal(signal.SIGINT)
        self.assertEqual(p.wait(20), 75)
        self.assertEqual(o2.log, [])

    def test_two_campaigns_over_the_same_hosts_one_killed(self):
        """Politeness over both; one is killed and run again; both fetch all that is theirs; neither waits for the other to end."""
        o = self.serve({"h%d.test" % i: small_site(14) for i in range(3)}, latency=0.005)
        for i in range(3):
            self.source("h%d.test" % i, delay=60)
        for name in ("un", "deux"):
            self.campaign(name, ["h0-test", "h1-test", "h2-test"])
        a, b = self.begin(o, "un"), self.begin(o, "deux")
        self.until(lambda: len(o.log) > 30)
        a.kill()
        a.wait()
        a = self.begin(o, "un")
        self.assertEqual((a.wait(60), b.wait(60)), (0, 0), a.stderr.read() + b.stderr.read())
        for i in range(3):
            host = "h%d.test" % i
            self.polite(o, host, 0.060)
            counts = collections.Counter(o.targets(host))
            self.assertEqual({counts["/p%d" % k] for k in range(14)} - {2, 3}, set(), host)
            self.assertLessEqual(sum(n - 2 for n in counts.values() if n > 2), 1, host)  # what was in flight at the kill
            self.assertEqual(counts["/robots.txt"], 1)


FRENCH = "La mairie ouvre ses portes aux habitants qui viennent demander une carte ou inscrire leurs enfants à l'école du village"
ENGLISH = "The town hall opens its doors to the people who come to ask for a card or to register their children at the village school"


class French(CrawlCase):
    PAGES = 60

    def farm(self, each=3):
        sites = {}
        for i in range(each):
            for host, text in (("fr%d.test" % i, FRENCH), ("en%d.test" % i, ENGLISH)):
                links = ["/p%d" % k for k in range(self.PAGES)]
                sites[host] = {"/robots.txt": Page("User-agent: *\n", type="text/plain"), "/": html("Index", text, links)}
                for k in range(self.PAGES):
                    sites[host]["/p%d" % k] = html("Page %d" % k, "%s, %d. %s." % (text, k, text))
        return sites

    def test_french_pages_come_earlier_and_none_is_lost(self):
        sites = self.farm()
        o = self.serve(sites)
        for host in sites:
            self.source(host, delay=20)
        self.crawl(o)
        for host in sites:
            self.assertEqual(len(o.targets(host)), self.PAGES + 3, host)
            self.polite(o, host, 0.020)
        last = {lang: max(e.end for e in o.log if e.host.startswith(lang)) for lang in ("fr", "en")}
        at_the_end_of_french = sum(e.host.startswith("en") and e.end < last["fr"] for e in o.log)
        self.assertLess(at_the_end_of_french, 0.75 * sum(e.host.startswith("en") for e in o.log))
        self.assertGreater(last["en"], last["fr"])

    def test_a_budget_goes_to_french_and_a_priority_goes_first(self):
        # one at a time, of ten hosts that each rest five times as long as an answer takes: less time than they could take, on any machine
        sites = self.farm(5)
        o = self.serve(sites, latency=0.012)
        for host in sites:
            self.source(host, delay=50, priority=5 if host == "fr2.test" else 0)
        (self.hub / "campaigns" / "un.yaml").write_text("sources: %s\nmax_pages: 300\nmax_hosts_at_once: 1\n"
                                                        % json.dumps([h.replace(".", "-") for h in sites]))
        self.crawl(o, "un")
        pages = collections.Counter(e.host[:2] for e in o.log if e.status == 200 and e.target.startswith("/p"))
        self.assertGreater(pages["fr"], 1.3 * pages["en"])
        french = {h: len(o.targets(h)) for h in sites if h.startswith("fr")}
        self.assertGreater(french.pop("fr2.test"), max(french.values()))


if __name__ == "__main__":
    unittest.main()
