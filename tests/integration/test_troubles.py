"""Trouble that a user meets: a full disk, an unreachable host, a source that is no good.  One clear line, the right exit code, nothing lost."""
import json
import os
import pathlib
import shutil
import subprocess
import unittest

import site_under_test as site
from support import HubCase, run
from test_pipeline import release_bytes


class Troubles(HubCase):
    def one_line(self, p, *words):
        lines = [line for line in p.stderr.splitlines() if line.startswith("villers: ") and not line.startswith("villers: warning")]
        self.assertEqual(len(lines), 1, p.stderr)
        for word in words:
            self.assertIn(word, lines[0])

    def test_an_unreachable_host_is_told_and_left_for_later(self):
        site.sources(self.hub)
        # Port 9 of loopback answers nobody: every robots.txt is unreachable, so nothing may be fetched.
        p = self.villers("crawl", "tout", "--connect-to", "::127.0.0.1:9", "--allow-private", "--max-wait", "1", code=75)
        self.one_line(p, "later: villers crawl tout")
        shown = json.loads(self.villers("campaigns", "show", "tout", "--json").stdout)
        self.assertIn("mairie", json.dumps(shown))

    def test_a_private_address_is_refused_by_default(self):
        build = site.build(self.path / "sites", 5)
        origin = site.Origin(self.path / "sites", self.path)
        self.addCleanup(origin.stop)
        site.sources(self.hub)
        self.assertTrue(build["french"])
        p = run(["crawl", "--hub", self.hub, "tout", "--max-wait", "1", *origin.connect()[:2]])
        self.assertIn(p.returncode, (0, 75), p.stderr)
        self.assertEqual(origin.log(), [])

    def test_a_campaign_without_contact_does_not_start(self):
        site.sources(self.hub)
        (self.hub / "campaigns" / "tout.yaml").write_text("sources: [mairie]\n")
        self.one_line(self.villers("crawl", "tout", code=78), "contact")

    def test_a_campaign_of_an_unknown_source_does_not_start(self):
        site.sources(self.hub)
        (self.hub / "campaigns" / "tout.yaml").write_text("contact: mailto:a@b.test\nsources: [inconnue]\n")
        self.one_line(self.villers("crawl", "tout", code=78), "inconnue")


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("mount"), "mounting a small tmpfs needs root")
class FullDisk(HubCase):
    SIZE = "48m"

    def setUp(self):
        super().setUp()
        self.whole = self.hub
        self.mount = self.path / "small"
        self.mount.mkdir()
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + self.SIZE, "tmpfs", self.mount], capture_output=True, text=True)
        if made.returncode:
            self.skipTest("no tmpfs here: " + made.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "-l", self.mount], check=True)

    def fill(self, leave):
        """Take the space of the small disk but ``leave`` bytes."""
        free = shutil.disk_usage(self.mount).free
        filler = self.mount / "filler"
        with open(filler, "wb") as f:
            f.write(b"\0" * max(0, free - leave))
        return filler

    def test_each_stage_stops_clearly_and_goes_on_when_there_is_room(self):
        site.build(self.path / "sites", 120)
        origin = site.Origin(self.path / "sites", self.path)
        self.addCleanup(origin.stop)
        site.sources(self.whole)
        self.villers("crawl", "tout", *origin.connect())
        self.villers("refine")
        self.villers("publish", "essai", "1.0.0")
        whole = release_bytes(self.whole / "releases" / "essai" / "1.0.0")

        self.hub = self.mount / "hub"
        self.assertEqual(run(["init", self.hub]).returncode, 0)
        site.sources(self.hub)
        for stage, args in (("crawl", ["tout", *origin.connect()]), ("refine", []), ("publish", ["essai", "1.0.0"])):
            filler = self.fill(150000)
            p = run([stage, "--hub", self.hub, *args])
            self.assertIn(p.returncode, (73, 74, 75), "%s: %s" % (stage, p.stderr))
            lines = [line for line in p.stderr.splitlines() if line.startswith("villers: ") and not line.startswith("villers: warning")]
            self.assertEqual(len(lines), 1, p.stderr)
            self.assertRegex(lines[0], "(?i)space|disk|full")
            filler.unlink()
            self.assertEqual(subprocess.run(["sqlite3", self.hub / "manifest.sqlite", "pragma integrity_check"], capture_output=True, text=True).stdout, "ok\n")
            self.villers(stage, *args)
        self.assertEqual(release_bytes(pathlib.Path(self.hub) / "releases" / "essai" / "1.0.0"), whole)


if __name__ == "__main__":
    unittest.main()
