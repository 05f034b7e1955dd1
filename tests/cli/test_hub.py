"""init, sources, the command line itself: what a user sees, and what is said when something is wrong."""
import json
import pathlib
import sqlite3
import unittest

from support import HubCase, run

SOURCE = """id: essai
name: Un essai
seeds: ["http://essai.test/"]
license: etalab-2.0
license_evidence: http://essai.test/mentions
"""


class CommandLine(unittest.TestCase):
    def test_exit_codes_and_one_clear_line(self):
        rows = [
            ([], 64, "usage: villers"),
            (["nonsense"], 64, 'no command "nonsense"'),
            (["init"], 64, "too few operands"),
            (["init", "a", "b"], 64, "too many operands"),
            (["sources", "--nonsense"], 64, "unknown option --nonsense"),
            (["sources", "--hub"], 64, "--hub wants DIR"),
            (["sources", "--json=1"], 64, "takes no value"),
            (["refine", "--threads", "x"], 64, "takes a whole number"),
            (["crawl", "--delay-ms", "999"], 64, "--delay-ms takes 1000 or more"),
            (["crawl", "--delay-ms", "-1", "--allow-private"], 64, "--delay-ms takes 1000 or more"),
            (["crawl", "--delay-ms", "999", "--allow-private", "--hub", "/nonexistent"], 66, "no hub here"),
            (["crawl", "--delay-ms", "1000", "--hub", "/nonexistent"], 66, "no hub here"),
            (["sources", "--hub", "/nonexistent"], 66, "no hub here"),
        ]
        for args, code, text in rows:
            with self.subTest(args=args):
                p = run(args)
                self.assertEqual(p.returncode, code, p.stderr)
                self.assertIn(text, p.stderr)
                self.assertEqual(p.stdout, "")

    def test_every_command_has_help_with_examples(self):
        p = run(["--help"])
        self.assertEqual(p.returncode, 0)
        names = [line.split()[0] for line in p.stdout.splitlines() if line.startswith("  ") and not line.startswith("   ")]
        self.assertGreater(len(names), 5)
        for name in names:
            with self.subTest(name=name):
                h = run([name, "--help"])
                self.assertEqual(h.returncode, 0)
                self.assertIn("Examples:", h.stdout)
                self.assertIn("--json", h.stdout)

    def test_man_page_and_completion_name_every_option(self):
        self.assertIn(".SH COMMANDS", run(["--man-page"]).stdout)
        self.assertIn("complete -o filenames -F _villers villers", run(["--bash-completion"]).stdout)


class Sources(HubCase):
    def put(self, text, name="essai"):
        (self.hub / "sources" / (name + ".yaml")).write_text(text)

    def test_init_twice_keeps_what_is_there(self):
        (self.hub / "hub.yaml").write_text("contact: mailto:moi@essai.test\n")
        self.assertEqual(run(["init", self.hub]).returncode, 0)
        self.assertIn("moi@essai.test", (self.hub / "hub.yaml").read_text())
        self.assertEqual(sqlite3.connect(self.hub / "manifest.sqlite").execute("pragma integrity_check").fetchone(), ("ok",))

    def test_every_commented_default_is_a_real_key(self):
        text = (self.hub / "hub.yaml").read_text()
        live = "\n".join(line[1:] if line.startswith("#") and line[1:2].isalpha() and ": " in line and line[1:].split(":")[0].replace("_", "").isalpha()
                         and " " not in line[1:].split(":")[0] else line for line in text.splitlines())
        self.assertIn("\nzstd_level: 9", live)
        (self.hub / "hub.yaml").write_text(live)
        self.put(SOURCE)
        self.villers("sources", "check")

    def test_a_good_source_is_listed_and_shown(self):
        self.put(SOURCE)
        self.assertIn("1 source, all well formed", self.villers("sources", "check").stdout)
        shown = json.loads(self.villers("sources", "show", "essai", "--json").stdout)
        self.assertEqual(shown["license"], "etalab-2.0")
        self.assertEqual(shown["delay_ms"], 1000)

    def test_what_is_wrong_is_named_with_file_and_line(self):
        rows = [
            (SOURCE + "couleur: bleu\n", "essai.yaml:6: ", "couleur"),
            (SOURCE + "delay_ms: vite\n", "essai.yaml:6: ", "delay_ms"),
            (SOURCE.replace("license: etalab-2.0\n", ""), "essai.yaml:1: license: missing", "SPDX"),
            (SOURCE.replace("license_evidence: http://essai.test/mentions\n", ""), "essai.yaml:1: license_evidence: missing", "URL"),
            (SOURCE.replace("id: essai", "id: autre"), "essai.yaml:1: id: ", "file's name"),
            (SOURCE + "license_date: hier\n", "essai.yaml:6: license_date", "YYYY-MM-DD"),
            (SOURCE + "scope: univers\n", "essai.yaml:6: ", "scope"),
            ("[1, 2]\n", "essai.yaml:1: ", ""),
            ("a: [\n", "essai.yaml:", ""),
        ]
        for text, where, what in rows:
            with self.subTest(text=text):
                self.put(text)
                p = self.villers("sources", "check", code=78)
                self.assertIn(where, p.stderr)
                self.assertIn(what, p.stderr)
                self.assertEqual(p.stderr.count("\n"), 1, p.stderr)

    def test_bad_settings_stop_everything(self):
        (self.hub / "hub.yaml").write_text("# ours\nzstd_level: 40\n")
        self.assertIn("hub.yaml:2: zstd_level: takes 1 to 19", self.villers("sources", "list", code=78).stderr)

    def test_no_source_is_never_success(self):
        self.assertIn("no source yet", self.villers("sources", "list", code=66).stderr)
        self.put(SOURCE)
        self.assertIn('no source "autre"', self.villers("sources", "show", "autre", code=66).stderr)

    def test_a_manifest_of_a_newer_version_is_refused(self):
        self.put(SOURCE)
        db = sqlite3.connect(self.hub / "manifest.sqlite")
        db.execute("pragma user_version = 9999")
        db.commit()
        db.close()
        before = pathlib.Path(self.hub / "manifest.sqlite").read_bytes()
        for command in ("refine", "stats"):
            p = self.villers(command, code=78)
            self.assertIn("newer", p.stderr)
            self.assertEqual(p.stderr.count("\n"), 1, p.stderr)
        self.assertEqual(pathlib.Path(self.hub / "manifest.sqlite").read_bytes(), before)


if __name__ == "__main__":
    unittest.main()
