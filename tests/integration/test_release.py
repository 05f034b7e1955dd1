"""Releases over HTTP: serve, verify and pull, with servers that lie, kills and full disks; then forget and diff on a real hub."""
import contextlib
import email.utils
import gzip
import http.client
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import tarfile
import time
import unittest

import release_under_test as rel
import s3_under_test as s3
import site_under_test as site
from support import VILLERS, HubCase, run

SHARDS = {0: range(400), 1: range(400, 500), 2: range(500, 520)}


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(pathlib.Path(folder).rglob("*")) if p.is_file()}


def visible(folder):
    """What a reader sees: a pull killed at any moment leaves temporary files, all hidden ones, for the next to sweep."""
    return {name: text for name, text in contents(folder).items() if not name.startswith(".")}


def unzstd(data):
    return subprocess.run(["zstd", "-dcq"], input=data, capture_output=True, check=True).stdout


class WithRelease(HubCase):
    def setUp(self):
        super().setUp()
        self.dest = self.path / "dest"
        self.release = rel.make(self.path / "origin", "1.0.0", SHARDS)
        self.shard = "/essai/1.0.0/data/" + sorted(p.name for p in (self.release / "data").iterdir())[0]

    def liar(self, lie=None, slow=0.0):
        server = rel.Liar(self.path / "origin", lie, slow)
        self.addCleanup(server.stop)
        return server

    def pull(self, server, *args, code=0, timeout=60):
        p = run(["pull", "--quiet", *args, server.url + "/essai", self.dest], timeout=timeout)
        self.assertEqual(p.returncode, code, p.stdout + p.stderr)
        return p

    def assert_same(self, release=None):
        self.assertEqual(contents(self.dest), contents(release or self.release))
        self.assertEqual(run(["verify", self.dest]).returncode, 0)


class Pull(WithRelease):
    def lie_once(self, answer, times=1):
        """A lie about the first shard, told ``times`` times."""
        told = []

        def lie(handler, path, data, begin):
            if path != self.shard or len(told) >= times:
                return False
            told.append(begin)
            return answer(handler, data, begin) is not False

        return self.liar(lie)

    def test_honest(self):
        server = self.liar()
        self.pull(server)
        self.assert_same()
        asked = len(server.asked)
        self.pull(server)
        self.assertFalse([a for a in server.asked[asked:] if "/data/" in a[0]])
        # What a killed pull was writing is the next one's to sweep.
        for name in (".tmp-SHA256SUMS.x", "data/.tmp-part.x"):
            (self.dest / name).write_bytes(b"half")
        self.pull(server)
        self.assert_same()

    def test_a_part_is_selected_before_it_is_fetched(self):
        release = rel.make(self.path / "origin", "1.1.0", {**SHARDS, 3: range(520, 560)}, licenses={2: "CC-BY-4.0"})
        server = self.liar()
        shards = sorted(p.name for p in (release / "data").iterdir())

        def here():
            return sorted(p.name for p in (self.dest / "data").iterdir())

        self.pull(server, "--license", "CC-BY-4.0")
        self.assertEqual(here(), shards[2:3])
        self.assertFalse([a for a, _ in server.asked if shards[0] in a])
        p = run(["verify", self.dest])
        self.assertEqual(p.returncode, 0, p.stdout + p.stderr)
        self.assertIn("3 shards left out", p.stdout)
        # What is missing of the selected part is still damage.
        kept = (self.dest / "data" / shards[2]).read_bytes()
        (self.dest / "data" / shards[2]).unlink()
        self.assertEqual(run(["verify", self.dest]).returncode, 1)
        self.pull(server)
        self.assertEqual((self.dest / "data" / shards[2]).read_bytes(), kept)
        self.assertEqual(here(), shards[2:3])
        self.pull(server, "--shards", "0,2-3")
        self.assertEqual(here(), [shards[0], shards[2], shards[3]])
        p = run(["pull", "--list", "--shards", "1", server.url + "/essai"])
        self.assertIn(shards[1], p.stdout)
        self.assertNotIn(shards[0], p.stdout)
        self.pull(server, "--license", "MIT", code=65)
        self.pull(server, "--shards", "3-1", code=66)
        self.pull(server, "--all")
        self.assert_same(release)

    def test_list_fetches_nothing(self):
        p = run(["pull", "--list", "--json", self.liar().url + "/essai@1.0.0"])
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assertEqual(len([i for i in json.loads(p.stdout)["items"] if i["bytes"] > 0]), 3)
        self.assertFalse(self.dest.exists())

    def test_connection_cut(self):
        def cut(h, data, begin):
            h.send_response(200)
            h.send_header("Content-Length", str(len(data)))
            h.send_header("ETag", '"%s"' % rel.digest(data)[:16])
            h.end_headers()
            h.wfile.write(data[:len(data) // 2])
            h.hang_up()

        server = self.lie_once(cut)
        self.pull(server)
        self.assert_same()
        self.assertIn("bytes=", "".join(r or "" for p, r in server.asked if p == self.shard))

    def test_busy_server_is_given_its_time(self):
        server = self.lie_once(lambda h, data, begin: h.say(429, Retry_After="1"))
        began = time.monotonic()
        self.pull(server)
        self.assertGreaterEqual(time.monotonic() - began, 1.0)
        self.assert_same()

    def test_unavailable_once(self):
        self.pull(self.lie_once(lambda h, data, begin: h.say(503)))
        self.assert_same()

    def test_stalled(self):
        def stall(h, data, begin):
            h.send_response(200)
            h.send_header("Content-Length", str(len(data)))
            h.end_headers()
            h.wfile.write(data[:1000])
            h.wfile.flush()
            time.sleep(4)
            h.hang_up()

        self.pull(self.lie_once(stall), "--timeout", "1")
        self.assert_same()

    def test_flipped_bit_once(self):
        def flip(h, data, begin):
            h.say(200, data[:500] + bytes([data[500] ^ 1]) + data[501:])

        self.pull(self.lie_once(flip))
        self.assert_same()

    def test_flipped_bit_for_ever(self):
        def flip(h, data, begin):
            h.say(200, data[:500] + bytes([data[500] ^ 1]) + data[501:])

        p = self.pull(self.lie_once(flip, times=99), code=65)
        self.assertIn("damaged", p.stderr)
        self.assertIn(self.shard.split("/")[-1], p.stderr)
        self.assertFalse((self.dest / "_SUCCESS").exists())

    def test_another_length(self):
        p = self.pull(self.lie_once(lambda h, data, begin: h.say(200, data + b"x"), times=99), code=65)
        self.assertIn("promised", p.stderr)
        self.assertFalse((self.dest / "_SUCCESS").exists())

    def test_changed_under_the_resume(self):
        def change(h, data, begin):
            other = bytes(len(data))
            h.send_response(200)
            h.send_header("Content-Length", str(len(other)))
            h.send_header("ETag", '"another"')
            h.end_headers()
            h.wfile.write(other[:len(other) // 2])
            h.hang_up()

        self.pull(self.lie_once(change))
        self.assert_same()

    def test_lies_of_the_way(self):
        """What a proxy or a mirror's front may do to one file: the error says what and where, and nothing is taken for whole."""

        def date(h, data, begin):
            h.say(503, Retry_After=email.utils.formatdate(time.time() + 2, usegmt=True))

        def loop(h, data, begin):
            h.say(302, Location=h.path)

        def to_a_file(h, data, begin):
            h.say(302, Location="file:///etc/passwd")

        def packed(h, data, begin):
            h.say(200, gzip.compress(data), Content_Encoding="gzip", ETag='"g"')

        def empty(h, data, begin):
            h.say(200)

        def page(h, data, begin):
            h.say(200, b"<html>Connectez-vous au portail</html>", Content_Type="text/html")

        def no_range_told(h, data, begin):
            h.say(206, data)

        def huge_range(h, data, begin):
            h.say(206, data, Content_Range="bytes 18446744073709551615-18446744073709551616/18446744073709551617")

        for lie, times, code, says in ((date, 1, 0, ""), (loop, 99, 65, "redirects"), (to_a_file, 99, 65, "rotocol"), (packed, 99, 65, "gzip"),
                                       (empty, 1, 0, ""), (page, 99, 65, "promised"), (no_range_told, 1, 0, ""), (huge_range, 1, 0, "")):
            with self.subTest(lie.__name__):
                self.dest = self.path / lie.__name__
                p = self.pull(self.lie_once(lie, times), code=code)
                if code == 0:
                    self.assert_same()
                else:
                    self.assertIn(says, p.stderr)
                    self.assertIn(self.shard.split("/")[-1], p.stderr)
                    self.assertFalse((self.dest / "_SUCCESS").exists())
                self.pull(self.liar())
                self.assert_same()

    def test_nothing_there(self):
        server = self.liar()
        self.assertEqual(run(["pull", server.url + "/autre", self.dest]).returncode, 66)
        self.assertEqual(run(["pull", server.url + "/essai@9.0.0", self.dest]).returncode, 66)
        self.assertFalse(self.dest.exists())

    def test_an_empty_release_is_an_error(self):
        rel.make(self.path / "origin", "1.0.0", {}, name="vide")
        p = run(["pull", self.liar().url + "/vide", self.dest])
        self.assertNotEqual(p.returncode, 0)
        self.assertIn("empty", p.stderr)

    def test_version_to_version_moves_few_bytes(self):
        server = self.liar()
        self.pull(server)
        changed = dict(SHARDS)
        changed[2] = [(n, 2) if n < 505 else n for n in range(500, 520)]
        second = rel.make(self.path / "origin", "1.1.0", changed)
        before = server.sent
        self.pull(server)
        self.assert_same(second)
        whole = sum(p.stat().st_size for p in second.rglob("*"))
        self.assertLess(server.sent - before, whole / 10)

    def test_killed_many_times(self):
        server = self.liar(slow=0.004)
        rng = random.Random(int(os.environ.get("VILLERS_SEED", "1")))
        for _ in range(int(os.environ.get("VILLERS_KILLS", "12"))):
            p = subprocess.Popen([VILLERS, "pull", "--quiet", server.url + "/essai", self.dest], stderr=subprocess.DEVNULL)
            time.sleep(rng.uniform(0.02, 0.25))
            p.send_signal(signal.SIGKILL)
            p.wait()
            if (self.dest / "_SUCCESS").exists():
                self.assertEqual(visible(self.dest), contents(self.release))
        server.slow = 0
        self.pull(server)
        self.assert_same()

    def test_killed_while_updating(self):
        server = self.liar()
        self.pull(server)
        second = rel.make(self.path / "origin", "2.0.0", {0: range(1, 400), 1: range(400, 500), 3: range(600, 640)})
        server.slow = 0.002
        rng = random.Random(2)
        for _ in range(6):
            p = subprocess.Popen([VILLERS, "pull", "--quiet", server.url + "/essai", self.dest], stderr=subprocess.DEVNULL)
            time.sleep(rng.uniform(0.02, 0.2))
            p.send_signal(signal.SIGKILL)
            p.wait()
            if (self.dest / "_SUCCESS").exists() and not (self.dest / ".villers-pull").exists():
                self.assertIn(visible(self.dest), (contents(self.release), contents(second)))
        server.slow = 0
        self.pull(server)
        self.assert_same(second)

    def test_a_large_file_comes_by_ranges(self):
        release = rel.make(self.path / "origin", "1.1.0", SHARDS, noise={7: 36 << 20})
        large = next((release / "data").glob("part-00007-*"))
        server = self.liar(slow=0.01)
        server.step = 1 << 18
        rng = random.Random(3)
        kills = int(os.environ.get("VILLERS_KILLS", "4"))
        for _ in range(kills):
            p = subprocess.Popen([VILLERS, "pull", "--quiet", server.url + "/essai", self.dest], stderr=subprocess.DEVNULL)
            time.sleep(rng.uniform(0.1, 0.25))
            p.send_signal(signal.SIGKILL)
            p.wait()
        server.slow = 0
        self.pull(server)
        self.assertEqual(contents(self.dest), contents(release))
        ranges = [r for p, r in server.asked if p.endswith(large.name)]
        self.assertGreater(len([r for r in ranges if r]), 2)
        # A kill costs what its connections had not yet written, a piece each, and what the server had sent ahead.
        self.assertLess(server.sent, (36 << 20) * 1.2 + kills * (8 << 20))
        # Damage costs a block.
        path = self.dest / "data" / large.name
        with open(path, "r+b") as f:
            f.seek(20 << 20)
            f.write(b"damage")
        before = server.sent
        self.pull(server)
        self.assertEqual(path.read_bytes(), large.read_bytes())
        self.assertLess(server.sent - before, 5 << 20)

    def test_a_large_file_without_ranges(self):
        release = rel.make(self.path / "origin", "1.1.0", SHARDS, noise={7: 20 << 20})

        def whole(handler, path, data, begin):
            handler.say(200, data)
            return True

        self.pull(self.liar(whole))
        self.assertEqual(contents(self.dest), contents(release))

    @unittest.skipUnless(os.geteuid() == 0, "a small disk is mounted by root alone")
    def test_full_disk(self):
        self.dest.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "none", self.dest], capture_output=True)
        if mounted.returncode:
            self.skipTest("no mount here")
        try:
            p = self.pull(self.liar(), code=75)
            self.assertRegex(p.stderr, "free|No space")
            self.assertFalse((self.dest / "_SUCCESS").exists())
            subprocess.run(["mount", "-o", "remount,size=16m", self.dest], check=True)
            self.pull(self.liar())
            self.assert_same()
        finally:
            subprocess.run(["umount", self.dest], check=True)

    def test_two_at_once(self):
        server = self.liar(slow=0.01)
        p = subprocess.Popen([VILLERS, "pull", "--quiet", server.url + "/essai", self.dest])
        while not (self.dest / ".villers-pull" / "lock").exists():
            time.sleep(0.01)
        self.assertIn("another pull", self.pull(server, code=75).stderr)
        server.slow = 0
        self.assertEqual(p.wait(30), 0)
        self.assert_same()


class Serve(WithRelease):
    def setUp(self):
        super().setUp()
        (self.path / "origin" / "essai").rename(self.hub / "releases" / "essai")
        self.release = self.hub / "releases" / "essai" / "1.0.0"
        with open(self.hub / "hub.yaml", "a") as f:
            f.write('\ncontact: "https://exemple.fr/retrait?a=1&b=2"\n')
        (self.hub / "releases" / "essai" / ".tmp-2.0.0").mkdir()
        port_file = self.path / "port"
        self.server = subprocess.Popen([VILLERS, "serve", "--hub", self.hub, "--port", "0", "--port-file", port_file, "--quiet", "--timeout", "2"])
        self.addCleanup(self.stop)
        for _ in range(200):
            if port_file.exists():
                break
            time.sleep(0.02)
        self.port = int(port_file.read_text())
        self.url = "http://127.0.0.1:%d" % self.port

    def stop(self):
        if self.server.poll() is None:
            self.server.send_signal(signal.SIGTERM)
        self.server.wait(10)

    def ask(self, path, method="GET", **headers):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(c):
            c.putrequest(method, path, skip_accept_encoding=True)
            for key, value in headers.items():
                c.putheader(key.replace("_", "-"), value)
            c.endheaders()
            answer = c.getresponse()
            return answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), answer.read()

    def test_a_shard_as_the_loaders_want_it(self):
        data = (self.release / "data" / self.shard.split("/")[-1]).read_bytes()
        status, head, body = self.ask(self.shard, "HEAD")
        self.assertEqual((status, body, int(head["content-length"])), (200, b"", len(data)))
        self.assertEqual(head["etag"], '"%s"' % rel.digest(data))
        self.assertNotIn("content-encoding", head)
        self.assertEqual(self.ask(self.shard)[2], data)
        status, head, body = self.ask(self.shard, Range="bytes=100-199", Accept_Encoding="gzip, zstd")
        self.assertEqual((status, body, head["content-range"]), (206, data[100:200], "bytes 100-199/%d" % len(data)))
        self.assertNotIn("content-encoding", head)
        self.assertEqual(self.ask(self.shard, Range="bytes=%d-" % len(data))[0], 416)
        self.assertEqual(self.ask(self.shard, If_None_Match=head["etag"])[0], 304)
        self.assertEqual(self.ask(self.shard, Range="bytes=1-2", If_Range='"other"')[0], 200)

    def test_requests_as_they_should_not_be(self):
        self.assertEqual(self.ask(self.shard + "%00.html")[0], 404)
        self.assertEqual(self.ask("/%00")[0], 404)
        self.assertEqual(self.ask("/%252e%252e/hub.yaml")[0], 404)
        self.assertEqual(self.ask("/essai/..%2f..%2fhub.yaml")[0], 404)
        self.assertEqual(self.ask("/%c0%ae%c0%ae/hub.yaml")[0], 404)
        self.assertEqual(self.ask("http://exemple.fr" + self.shard)[0], 200)  # RFC 9112 3.2.2
        self.assertEqual(self.ask("http://exemple.fr")[0], 200)
        head = self.ask(self.shard, "HEAD", Range="bytes=1-2")  # RFC 9110 14.2
        self.assertEqual((head[0], "content-range" in head[1]), (200, False))
        for value, status in (("bytes=-5", 206), ("bytes=-0", 416), ("bytes=5-2", 200), ("bytes=0-0,2-3", 200), ("lines=1-2", 200), ("bytes=-99999999", 206)):
            self.assertEqual(self.ask(self.shard, Range=value)[0], status, value)
        weak = "W/" + head[1]["etag"]
        self.assertEqual(self.ask(self.shard, Range="bytes=1-2", If_Range=weak)[0], 200)  # RFC 9110 13.1.5

    def test_texts_come_compressed_when_asked(self):
        (self.release / "notes.md").write_text("Une ligne de texte.\n" * 500)
        (self.release / "bruit.json").write_bytes(os.urandom(3000))
        for path in self.release.rglob("*"):  # a file changed a moment ago is not remembered yet
            os.utime(path)
        deadline = time.monotonic() + 20
        while "content-encoding" not in self.ask("/essai/1.0.0/notes.md", Accept_Encoding="gzip")[1] and time.monotonic() < deadline:
            time.sleep(0.1)
        plain = (self.release / "notes.md").read_bytes()
        tags = set()
        for accept, coding, decode in (("gzip", "gzip", gzip.decompress), ("gzip, zstd", "zstd", unzstd), ("identity", None, bytes), ("gzip;q=0", None, bytes)):
            for _ in range(2):
                status, head, body = self.ask("/essai/1.0.0/notes.md", Accept_Encoding=accept)
                self.assertEqual((status, head.get("content-encoding"), decode(body)), (200, coding, plain))
                self.assertEqual((head["vary"], head["content-type"]), ("Accept-Encoding", "text/markdown; charset=utf-8"))
                self.assertEqual(int(head["content-length"]), len(body))
                tags.add((coding, head["etag"]))
            status, head, body = self.ask("/essai/1.0.0/notes.md", Accept_Encoding=accept, If_None_Match=head["etag"])
            self.assertEqual((status, body, head["vary"]), (304, b"", "Accept-Encoding"))
        self.assertEqual((len(tags), len({t for _, t in tags})), (3, 3))
        gzip_tag = dict(tags)["gzip"]
        self.assertEqual(self.ask("/essai/1.0.0/notes.md", Accept_Encoding="identity", If_None_Match=gzip_tag)[0], 200)
        status, head, body = self.ask("/essai/1.0.0/notes.md", Accept_Encoding="gzip", Range="bytes=4-9")
        self.assertEqual((status, body, "content-encoding" in head), (206, plain[4:10], False))
        status, head, body = self.ask("/essai/1.0.0/notes.md", "HEAD", Accept_Encoding="gzip")
        self.assertEqual((status, head["etag"], head["content-encoding"], body), (200, gzip_tag, "gzip", b""))
        self.assertNotIn("content-encoding", self.ask("/essai/1.0.0/bruit.json", Accept_Encoding="gzip")[1])
        self.assertNotIn("vary", self.ask(self.shard, Accept_Encoding="gzip")[1])
        for path in ("/", "/essai/", "/catalog.xml"):
            status, head, body = self.ask(path, Accept_Encoding="gzip")
            self.assertEqual((head["content-encoding"], head["vary"]), ("gzip", "Accept-Encoding"))
            self.assertEqual(gzip.decompress(body), self.ask(path)[2])
            self.assertEqual(self.ask(path, Accept_Encoding="gzip", If_None_Match=head["etag"])[0], 304)

    def test_a_replaced_file_is_another_one(self):
        path = self.release / "notes.md"
        tags = []
        for text in (b"un", b"deux", b"toto"):
            path.with_suffix(".new").write_bytes(text)
            path.with_suffix(".new").rename(path)
            for _ in range(3):
                status, head, body = self.ask("/essai/1.0.0/notes.md")
                self.assertEqual((status, body), (200, text))
            tags.append(head["etag"])
            time.sleep(0.01)
        self.assertEqual(len(set(tags)), 3)

    def test_nothing_but_releases(self):
        for path in ("/../manifest.sqlite", "/essai/../../hub.yaml", "/%2e%2e/hub.yaml", "/essai/%2e%2e/%2e%2e/hub.yaml", "/..%2fhub.yaml",
                     "/essai/.tmp-2.0.0/", "//etc/passwd", "/manifest.sqlite", "/essai/1.0.0/..", "/essai/1.0.0/data/../../../../hub.yaml"):
            self.assertEqual(self.ask(path)[0], 404, path)
        self.assertEqual(self.ask("/", "DELETE")[0], 405)

    def test_pages_name_what_there_is(self):
        home = self.ask("/")[2].decode()
        self.assertIn('href="essai/"', home)
        self.assertIn("id=retrait", home)
        self.assertIn("https://exemple.fr/retrait?a=1&amp;b=2", home)
        page = self.ask("/essai/")[2].decode()
        self.assertIn("villers pull %s/essai@1.0.0" % self.url, page)
        self.assertEqual(self.ask("/essai")[1]["location"], "/essai/")
        self.assertIn("part-00000-", self.ask("/essai/1.0.0/data/")[2].decode())
        status, head, _ = self.ask("/", Host="x<script>alert(1)</script>")
        self.assertNotIn("<script>", self.ask("/essai/", Host="x<script>")[2].decode())
        self.assertEqual((status, head["content-type"]), (200, "text/html; charset=utf-8"))

    def test_pull_and_verify_from_it(self):
        p = run(["pull", "--quiet", self.url + "/essai", self.dest])
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assertEqual(contents(self.dest), contents(self.release))
        self.assertEqual(run(["verify", self.url + "/essai/1.0.0"]).returncode, 0)

    def test_a_thousand_connections_and_silent_ones(self):
        open_now = []
        try:
            for _ in range(1000):
                s = socket.create_connection(("127.0.0.1", self.port), timeout=10)
                s.sendall(b"GET /essai/versions.json HTTP/1.1\r\nHost: x\r\n")
                open_now.append(s)
            self.assertEqual(self.ask(self.shard, "HEAD")[0], 200)
            for s in open_now[:100]:
                s.sendall(b"\r\n")
            for s in open_now[:100]:
                self.assertTrue(s.recv(64).startswith(b"HTTP/1.1 200"))
            # The others say nothing more: they are hung up on.
            open_now[500].settimeout(8)
            self.assertEqual(open_now[500].recv(1), b"")
        finally:
            for s in open_now:
                s.close()

    def test_ends_cleanly(self):
        self.server.send_signal(signal.SIGTERM)
        self.assertEqual(self.server.wait(10), 0)


class Export(WithRelease):
    def test_each_form_holds_every_document(self):
        lines = subprocess.run("zstd -dcq data/*.zst", shell=True, cwd=self.release, capture_output=True, check=True).stdout
        rows = [json.loads(line) for line in lines.splitlines()]
        for form, how in (("jsonl", "cat"), ("jsonl.gz", "zcat"), ("txt.gz", "zcat"), ("webdataset", "cat")):
            dest = self.path / form
            p = run(["export", "--format", form, "--json", self.release, dest])
            self.assertEqual(p.returncode, 0, p.stderr)
            self.assertEqual(json.loads(p.stdout)["documents"], len(rows))
            self.assertEqual(subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=dest).returncode, 0)
            body = subprocess.run("%s part-*" % how, shell=True, cwd=dest, capture_output=True, check=True).stdout
            if form.startswith("jsonl"):
                self.assertEqual(body, lines)
            elif form == "txt.gz":
                self.assertEqual(body.decode().split(), [w for r in rows for w in r["text"].split()])
            else:
                members = {}
                for path in dest.glob("*.tar"):
                    with tarfile.open(path) as tar:
                        members.update({m.name: tar.extractfile(m).read() for m in tar})
                self.assertEqual(len(members), 2 * len(rows))
                self.assertEqual(members[rows[7]["id"] + ".txt"].decode(), rows[7]["text"])
                self.assertEqual(json.loads(members[rows[7]["id"] + ".json"])["url"], rows[7]["url"])
        self.assertEqual(run(["export", self.release, self.path / "jsonl"]).returncode, 65)
        self.assertEqual(run(["export", "--format", "orc", self.release, self.dest]).returncode, 64)
        shard = next((self.release / "data").iterdir())
        shard.write_bytes(shard.read_bytes()[:-20])
        self.assertNotEqual(run(["export", self.release, self.dest]).returncode, 0)

    def test_parquet_is_a_command_for_a_shell(self):
        made = run(["export", "--format", "parquet", self.release, str(self.dest) + "'; exit 3 #"])
        self.assertEqual(made.returncode, 0)
        # DuckDB is not here: a stand-in says what it was asked for.
        stand_in = self.path / "duckdb.py"
        stand_in.write_text("class R:\n    def write_parquet(self, to, **kw): open(to, 'w').write('x')\n"
                            "def read_json(shard, columns, **kw):\n    assert len(columns) == 18 and columns['words'] == 'BIGINT'\n    return R()\n")
        subprocess.run(["sh"], input=made.stdout, text=True, check=True, env=dict(os.environ, PYTHONPATH=str(self.path)))
        names = [p.name for p in pathlib.Path(str(self.dest) + "'; exit 3 #").iterdir()]
        self.assertEqual(sorted(names), sorted(p.name.replace(".jsonl.zst", ".parquet") for p in (self.release / "data").iterdir()))


class Push(WithRelease):
    def setUp(self):
        super().setUp()
        (self.path / "origin" / "essai").rename(self.hub / "releases" / "essai")
        self.release = self.hub / "releases" / "essai" / "1.0.0"

    def store(self, lie=None):
        store = s3.Store(lie)
        self.addCleanup(store.stop)
        return store

    def push(self, store, *args, code=0, secret=s3.SECRET):
        env = dict(os.environ, AWS_ACCESS_KEY_ID=s3.KEY, AWS_SECRET_ACCESS_KEY=secret)
        return self.villers("push", "essai@1.0.0", "s3://corpus/hub", "--endpoint", store.url, "--region", "fr-par", "--json", "--quiet", *args, code=code, env=env)

    def test_what_is_pushed_is_pulled(self):
        store = self.store()
        sent = json.loads(self.push(store).stdout)
        self.assertEqual(sent["sent_files"], sent["files"])
        self.assertEqual(store.puts[-2:], ["/corpus/hub/essai/1.0.0/_SUCCESS", "/corpus/hub/essai/versions.json"])
        self.assertFalse(store.refused)
        self.assertEqual(json.loads(self.push(store).stdout)["sent_files"], 0)
        p = run(["pull", "--quiet", store.url + "/corpus/hub/essai", self.dest])
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assert_same()
        # A damaged object is sent again, and nothing else.
        path = "/corpus/hub" + self.shard
        store.objects[path] = (store.objects[path][0][:-1], store.objects[path][1])
        self.assertEqual(json.loads(self.push(store).stdout)["sent_files"], 1)

    def test_errors_of_the_store(self):
        self.assertIn("403", self.push(self.store(), code=65, secret="wrong").stderr)
        left = [3]

        def busy(handler, data):
            left[0] -= 1
            if left[0] < 0:
                return False
            handler.say(503)
            return True

        store = self.store(busy)
        self.push(store)
        self.assertTrue(store.objects)

        def drops(handler, data):
            if handler.command != "PUT" or not handler.path.endswith(".zst"):
                return False
            handler.server.objects[handler.path] = (data[:-1], handler.headers["x-amz-meta-sha256"])
            handler.say(200)
            return True

        store = self.store(drops)
        self.assertIn("does not have what was sent", self.push(store, code=65).stderr)
        self.assertNotIn("/corpus/hub/essai/1.0.0/_SUCCESS", store.objects)


    def test_a_large_file_goes_in_parts(self):
        store = self.store()
        data = (self.hub / "releases" / self.shard.strip("/")).read_bytes()
        part = len(data) // 8 + 1
        key = "/corpus/hub" + self.shard
        args = ("--part-size", str(part), "--jobs", "1")
        # Stopped after the fifth part: what the store has is not sent again.
        broken = []

        def breaks(handler, body):
            if "partNumber=6&" not in handler.path or handler.command != "PUT":
                return False
            broken.append(handler.path)
            if len(broken) == 1:
                handler.connection.shutdown(2)
                handler.close_connection = True
            else:
                p.send_signal(signal.SIGKILL)
                handler.close_connection = True
            return True

        store.lie = breaks
        env = dict(os.environ, AWS_ACCESS_KEY_ID=s3.KEY, AWS_SECRET_ACCESS_KEY=s3.SECRET)
        p = subprocess.Popen([VILLERS, "push", "essai@1.0.0", "s3://corpus/hub", "--hub", self.hub, "--endpoint", store.url, "--region", "fr-par", "--quiet", *args], env=env)
        self.assertEqual(p.wait(30), -signal.SIGKILL)
        store.lie = None
        self.assertNotIn(key, store.objects)
        self.assertEqual(len(store.uploads), 1)
        # An upload of the same key that somebody else left is given up; a part that is damaged at the store is sent again.
        ours = next(iter(store.uploads))
        store.uploads["upload/0"] = (key, "", {})
        store.uploads[ours][2][2] = b"x" * part
        sent = json.loads(self.push(store, *args).stdout)
        self.assertEqual(sent["kept_parts"], 4)
        self.assertEqual(store.objects[key], (data, rel.digest(data)))
        self.assertEqual(store.uploads, {})
        self.assertFalse(store.refused)
        self.assertEqual(json.loads(self.push(store, *args).stdout)["sent_files"], 0)

    def test_parts_that_cannot_be_joined_are_given_up(self):
        def refuses(handler, body):
            if handler.command != "POST" or "uploadId" not in handler.path:
                return False
            handler.say(403, b"<Error><Code>AccessDenied</Code></Error>")
            return True

        store = self.store(refuses)
        self.assertIn("AccessDenied", self.push(store, "--part-size", "40000", code=65).stderr)
        self.assertEqual(store.uploads, {})
        self.assertNotIn("/corpus/hub/essai/1.0.0/_SUCCESS", store.objects)


class Verify(WithRelease):
    def test_one_id_in_two_shards_is_found(self):
        release = rel.make(self.path / "origin", "1.1.0", {0: range(30), 4: list(range(40, 50)) + [7]})
        p = run(["verify", release])
        self.assertEqual(p.returncode, 1)
        self.assertRegex(p.stdout, r"data/part-00004-\w+\.jsonl\.zst:11: its id is also at data/part-00000-\w+\.jsonl\.zst:8\n")

    def test_it_says_which_shard_and_line(self):
        shard = next((self.release / "data").glob("part-00001-*"))
        plain = subprocess.run(["zstd", "-dcq", shard], capture_output=True, check=True).stdout.decode().splitlines()
        plain[41] = plain[41].replace('"words":120', '"words":"120"')
        packed = subprocess.run(["zstd", "-q", "-c"], input="\n".join(plain + [""]).encode(), capture_output=True, check=True).stdout
        shard.write_bytes(packed)
        p = run(["verify", "--json", self.release])
        self.assertEqual(p.returncode, 1)
        found = json.loads(p.stdout)["findings"]
        self.assertIn(("data/" + shard.name, 42), {(f["file"], f["line"]) for f in found})

    def test_codes(self):
        self.assertEqual(run(["verify", self.release]).returncode, 0)
        self.assertEqual(run(["verify", self.path / "nowhere"]).returncode, 66)
        self.assertEqual(run(["verify", self.path]).returncode, 66)
        self.assertEqual(run(["verify"]).returncode, 64)
        (self.release / "README.md").write_text("changed")
        self.assertEqual(run(["verify", self.release]).returncode, 1)

    def test_sha256sum_agrees(self):
        p = subprocess.run(["sha256sum", "--strict", "--quiet", "-c", "SHA256SUMS"], cwd=self.release, capture_output=True, text=True)
        self.assertEqual(p.returncode, 0, p.stdout + p.stderr)


class Versions(HubCase):
    """A hub crawled once: keys, removals, differences, what a mirror sees of them."""

    def setUp(self):
        super().setUp()
        site.build(self.path / "sites", pages=20)
        origin = site.Origin(self.path / "sites", self.path)
        self.addCleanup(origin.stop)
        site.sources(self.hub)
        self.villers("crawl", "tout", *origin.connect())
        self.villers("refine")

    def test_a_removal_reaches_the_mirror(self):
        self.villers("keygen")
        self.villers("keygen", code=73)
        first = json.loads(self.villers("publish", "essai", "1.0.0", "--json").stdout)
        release = self.hub / "releases" / "essai" / "1.0.0"
        dest = self.path / "mirror"
        run(["pull", "--quiet", self.hub / "releases" / "essai", dest])
        self.assertEqual(run(["verify", "--key", self.hub / "minisign.pub", dest]).returncode, 0)
        minisign = subprocess.run(["sh", "-c", "command -v minisign"], capture_output=True).returncode == 0
        if minisign:
            p = subprocess.run(["minisign", "-Vm", "SHA256SUMS", "-p", self.hub / "minisign.pub"], cwd=release, capture_output=True, text=True)
            self.assertEqual(p.returncode, 0, p.stdout + p.stderr)
        rows = subprocess.run("zstd -dcq data/*.zst", shell=True, cwd=release, capture_output=True, check=True).stdout.decode().splitlines()
        gone = json.loads(rows[3])
        self.villers("forget", "--url", gone["url"], code=64)
        self.assertIn("1 document ", self.villers("forget", "--url", gone["url"], "--reason", "gdpr-erasure").stdout)
        self.assertIn("2.0.0", self.villers("publish", "essai", "1.0.1", code=64).stderr)
        second = json.loads(self.villers("publish", "essai", "2.0.0", "--json").stdout)
        self.assertEqual((second["removed"], second["documents"]), (1, first["documents"] - 1))
        difference = self.villers("diff", "essai", "1.0.0", "2.0.0", "--json", code=1).stdout.splitlines()
        self.assertEqual(json.loads(difference[0]), {"change": "removed", "id": gone["id"], "url": gone["url"], "reason": "removed: gdpr-erasure"})
        self.villers("diff", "essai", "2.0.0", "2.0.0", code=0)
        self.assertEqual(run(["pull", "--quiet", self.hub / "releases" / "essai", dest]).returncode, 0)
        self.assertEqual(run(["verify", "--key", self.hub / "minisign.pub", dest]).returncode, 0)
        text = subprocess.run("zstd -dcq data/*.zst", shell=True, cwd=dest, capture_output=True, check=True).stdout.decode()
        self.assertNotIn(gone["id"], text)
        self.assertIn(gone["id"], (dest / "removals.jsonl").read_text())
        self.villers("forget", "--url", gone["url"], "--lift")
        self.villers("forget", "--url", gone["url"], "--lift", code=66)
        self.villers("refine")
        third = json.loads(self.villers("publish", "essai", "2.1.0", "--json").stdout)
        self.assertEqual((third["added"], third["documents"]), (1, first["documents"]))
        self.assertEqual(contents(self.hub / "releases/essai/2.1.0/data"), contents(release / "data"))

    def test_gc_takes_what_no_version_may_hold(self):
        self.villers("publish", "essai", "1.0.0")
        release = self.hub / "releases" / "essai" / "1.0.0"
        self.assertEqual(json.loads(self.villers("gc", "--json").stdout)["items"], [])
        line = subprocess.run("zstd -dcq data/*.zst | head -1", shell=True, cwd=release, capture_output=True, check=True).stdout
        self.villers("forget", "--id", json.loads(line)["id"], "--reason", "opt-out")
        self.assertEqual(json.loads(self.villers("gc", "--json").stdout)["waiting"], 1)
        self.villers("publish", "essai", "2.0.0")
        (self.hub / "releases/essai/.tmp-9.0.0/data").mkdir(parents=True)
        (self.hub / "refined/nobody.jsonl.zst").write_bytes(b"x" * 1000)
        told = json.loads(self.villers("gc", "--json").stdout)
        self.assertEqual({i["reason"] for i in told["items"]}, {"staging", "unknown-segment", "removed-text"})
        self.assertGreater(told["bytes"], 1000)
        self.assertTrue((release / "_SUCCESS").exists())
        self.villers("gc", "--yes")
        self.assertEqual(json.loads(self.villers("gc", "--json").stdout), {"removed": False, "bytes": 0, "waiting": 0, "items": []})
        self.assertFalse((self.hub / "releases/essai/.tmp-9.0.0").exists() or (self.hub / "refined/nobody.jsonl.zst").exists())
        self.assertTrue((release / "manifest.json").exists())
        self.assertEqual(run(["verify", self.hub / "releases/essai/2.0.0"]).returncode, 0)
        p = run(["pull", "%s@1.0.0" % (self.hub / "releases/essai"), self.path / "old"])
        self.assertNotEqual(p.returncode, 0)
        self.assertIn("withdrawn", p.stderr)
        self.villers("publish", "essai", "2.0.1")
        self.villers("gc", "--yes", "--keep-versions", "1")
        self.assertEqual(run(["verify", self.hub / "releases/essai/2.0.1"]).returncode, 0)

    def test_publish_killed_and_run_again(self):
        self.villers("publish", "essai", "0.9.0")
        self.villers("publish", "entier", "0.9.0")
        rng = random.Random(int(os.environ.get("VILLERS_SEED", "1")))
        release = self.hub / "releases/essai/1.0.0"
        self.villers("publish", "entier", "1.0.0")
        for _ in range(int(os.environ.get("VILLERS_KILLS", "8"))):
            p = subprocess.Popen([VILLERS, "publish", "--quiet", "--hub", self.hub, "essai", "1.0.0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(rng.uniform(0.005, 0.15))
            p.send_signal(signal.SIGKILL)
            p.wait()
            if release.exists():
                self.assertEqual(run(["verify", release]).returncode, 0)
        self.assertIn(run(["publish", "--hub", self.hub, "essai", "1.0.0"]).returncode, (0, 73))
        self.assertEqual(json.loads((self.hub / "releases/essai/versions.json").read_text())["latest"], "1.0.0")
        self.assertEqual(contents(release / "data"), contents(self.hub / "releases/entier/1.0.0/data"))
        self.assertEqual(run(["verify", release]).returncode, 0)


if __name__ == "__main__":
    unittest.main()
