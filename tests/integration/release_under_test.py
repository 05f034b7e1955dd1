"""A small release made without a hub, and servers that lie about it."""
import ctypes
import hashlib
import http.server
import json
import pathlib
import random
import re
import subprocess
import threading
import time


def digest(data):
    return hashlib.sha256(data).hexdigest()


BLOCK = 4 << 20


class Hash128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


def blocks(data):
    """The digits of manifest.json's "blocks"."""
    xxh = ctypes.CDLL("libxxhash.so.0").XXH3_128bits
    xxh.restype, xxh.argtypes = Hash128, [ctypes.c_char_p, ctypes.c_size_t]
    parts = [xxh(data[i:i + BLOCK], len(data[i:i + BLOCK])) for i in range(0, len(data), BLOCK)]
    return "".join("%016x%016x" % (h.high, h.low) for h in parts)


def line(n, edition=1):
    text = " ".join(hashlib.sha256(b"%d/%d/%d" % (n, edition, i)).hexdigest()[:9] for i in range(120))
    return json.dumps({
        "id": "%032x" % n, "text": text, "url": "https://exemple.fr/%d" % n, "title": "", "author": "", "site": "", "source": "exemple",
        "license": "etalab-2.0", "date": "", "crawl_date": "2024-07-01", "language": "fra", "language_script": "Latn",
        "language_score": 0.9, "french_share": 1.0, "words": 120, "minhash_cluster_id": "%032x" % n, "minhash_cluster_size": 1,
        "metadata": "{}"}, separators=(",", ":"))


def make(folder, version, shards, name="essai", licenses={}, noise={}):
    """A release in FOLDER/NAME/VERSION; ``shards`` maps a number to document numbers (or (number, edition)),
    ``licenses`` a number to the licence that manifest.json tells of it, ``noise`` a number to so many bytes of no document, as a large shard.
    Returns its folder."""
    dataset = pathlib.Path(folder) / name
    release = dataset / version
    (release / "data").mkdir(parents=True)
    rows, listed = [], {}
    for number, docs in sorted({**shards, **{n: [] for n in noise}}.items()):
        docs = [d if isinstance(d, tuple) else (d, 1) for d in docs]
        plain = "".join(line(*d) + "\n" for d in docs).encode()
        packed = subprocess.run(["zstd", "-q", "-3", "--check", "-c"], input=plain, capture_output=True, check=True).stdout
        if number in noise:
            docs, packed = [(0, 1)], random.Random(number).randbytes(noise[number])
        path = "part-%05d-%s.jsonl.zst" % (number, digest(packed)[:12])
        (release / "data" / path).write_bytes(packed)
        listed["data/" + path] = digest(packed)
        rows.append({"name": path, "path": "data/" + path, "number": number, "documents": len(docs), "words": 120 * len(docs),
                     "text_bytes": sum(len(json.loads(line(*d))["text"]) for d in docs), "bytes": len(packed), "sha256": digest(packed), "lines": "",
                     "blocks": blocks(packed) if number in noise else "",
                     "sources": {"exemple": len(docs)}, "licenses": {licenses.get(number, "etalab-2.0"): len(docs)}})
    total = {k: sum(r[k] for r in rows) for k in ("documents", "words", "text_bytes", "bytes")}
    manifest = json.dumps(dict({"format": 1, "name": name, "version": version, "date": "2024-07-01"}, **total, code_version="0", settings="", shards=rows,
                               sources={}, licenses={}, languages={})).encode()
    for path, data in (("manifest.json", manifest), ("README.md", ("# %s %s\n" % (name, version)).encode()), ("removals.jsonl", b"")):
        (release / path).write_bytes(data)
        listed[path] = digest(data)
    (release / "SHA256SUMS").write_text("".join("%s  %s\n" % (listed[p], p) for p in sorted(listed)))
    (release / "_SUCCESS").write_bytes(b"")
    versions = dataset / "versions.json"
    all_versions = json.loads(versions.read_text())["versions"] if versions.exists() else []
    all_versions.append(dict({"version": version, "date": "2024-07-01", "files": len(listed), "path": version}, **total))
    versions.write_text(json.dumps({"format": 1, "name": name, "latest": version, "versions": all_versions}))
    return release


class Liar(http.server.ThreadingHTTPServer):
    """Serves a folder with ranges and ETags.  ``lie(handler, path, data, begin)`` may answer in its own way and return True."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folder, lie=None, slow=0.0):
        self.folder, self.lie, self.slow = pathlib.Path(folder), lie, slow
        self.step = 4096  # bytes between two waits of ``slow`` seconds
        self.asked, self.sent, self.lock = [], 0, threading.Lock()
        super().__init__(("127.0.0.1", 0), LiarHandler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.server_port

    def handle_error(self, request, client_address):
        pass

    def stop(self):
        self.shutdown()
        self.server_close()


class LiarHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20

    def log_message(self, *args):
        pass

    def say(self, status, body=b"", **headers):
        self.send_response(status)
        headers.setdefault("Content_Length", str(len(body)))
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.pour(body)

    def pour(self, body):
        step = self.server.step if self.server.slow else len(body) or 1
        for at in range(0, len(body), step):
            self.wfile.write(body[at:at + step])
            with self.server.lock:
                self.server.sent += len(body[at:at + step])
            if self.server.slow:
                time.sleep(self.server.slow)

    def hang_up(self):
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(2)

    def do_GET(self):
        path = self.server.folder / self.path.lstrip("/")
        with self.server.lock:
            self.server.asked.append((self.path, self.headers.get("Range")))
        if not path.is_file():
            return self.say(404)
        data = path.read_bytes()
        begin = 0
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        end = len(data)
        if asked:
            begin = int(asked[1])
            end = min(int(asked[2]) + 1, end) if asked[2] else end
        tag = '"%s"' % digest(data)[:16]
        if self.headers.get("If-Range", tag) != tag:
            begin, end = 0, len(data)
        if self.server.lie and self.server.lie(self, self.path, data, begin):
            return None
        if begin >= len(data) > 0:
            return self.say(416, Content_Range="bytes */%d" % len(data))
        if begin or end < len(data):
            return self.say(206, data[begin:end], ETag=tag, Content_Range="bytes %d-%d/%d" % (begin, end - 1, len(data)))
        return self.say(200, data, ETag=tag)
