"""A web of several hosts on one loopback port, with an access log and faults: the judge of the crawl tests.

Origin(sites) serves sites = {host: {target: page}}; a page is bytes or text (200, text/html), or a Page.  A fault is a function of
(origin, connection, host, target) that answers by itself.  origin.log holds (start, end, host, target, status, user agent) in
seconds of time.monotonic().
"""
import collections
import gzip
import socket
import socketserver
import threading
import time

Entry = collections.namedtuple("Entry", "start end host target status agent")


class Page:
    def __init__(self, body=b"", status=200, type="text/html; charset=utf-8", headers=(), fault=None, times=None, etag=None, modified=None):
        self.body = body.encode() if isinstance(body, str) else body
        self.status, self.type, self.headers = status, type, tuple(headers)
        self.fault = fault   # a function that answers instead
        self.times = times   # only so often; then the page itself
        self.played = 0
        self.etag, self.modified = etag, modified  # validators: answered with 304 when they come back


def redirect(to, status=302):
    return Page(b"", status, headers=(("Location", to),))


def html(title, text, links=(), head=""):
    body = "".join('<p><a href="%s">%s</a></p>' % (l, l) for l in links)
    return ('<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>%s</title>%s</head><body><main><h1>%s</h1><p>%s</p></main>%s</body></html>'
            % (title, head, title, text, body))


class Origin(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, sites, latency=0):
        super().__init__(("127.0.0.1", 0), Handler)
        self.sites = {h: {t: p if isinstance(p, Page) else Page(p) for t, p in s.items()} for h, s in sites.items()}
        self.latency = latency
        self.stalled_until = 0  # monotonic: what arrives before is read then
        self.log, self.lock = [], threading.Lock()
        self.closing = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def connect(self):
        return ("--connect-to", "::127.0.0.1:%d" % self.server_address[1], "--allow-private")

    def stop(self):
        self.closing.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass

    def targets(self, host):
        return [e.target for e in sorted(self.log) if e.host == host]

    def gaps(self, host):
        starts = sorted(e.start for e in self.log if e.host == host)
        return [b - a for a, b in zip(starts, starts[1:])]

    def at_once(self, host):
        events = sorted([(e.start, 1) for e in self.log if e.host == host] + [(max(e.end, e.start + 1e-4), -1) for e in self.log if e.host == host])
        most = now = 0
        for _, step in events:
            now += step
            most = max(most, now)
        return most


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""
        while self.one():
            pass

    def head(self):
        while b"\r\n\r\n" not in self.rest:
            data = self.request.recv(65536)
            if not data:
                return None
            self.rest += data
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        return head.decode("latin-1").split("\r\n")

    def one(self):
        lines = self.head()
        if lines is None:
            return False
        time.sleep(max(0, self.server.stalled_until - time.monotonic()))
        start = time.monotonic()
        method, target, _ = lines[0].split(" ")
        fields = {k.lower(): v.strip() for k, _, v in (l.partition(":") for l in lines[1:])}
        host = fields.get("host", "").split(":")[0]
        page = self.server.sites.get(host, {}).get(target) or Page(b"absent", 404)
        if self.server.latency:
            time.sleep(self.server.latency)
        keep, status = True, page.status
        try:
            if page.fault and (page.times is None or page.played < page.times):
                page.played += 1
                status = page.fault(self.server, self.request, page) or 0
                keep = False
            elif page.etag and fields.get("if-none-match") == page.etag or not page.etag and page.modified and fields.get("if-modified-since") == page.modified:
                status = 304
                self.request.sendall(("HTTP/1.1 304 X\r\n%s\r\n" % "".join("%s: %s\r\n" % kv for kv in page.headers)).encode("latin-1"))
            else:
                self.answer(page)
        except OSError:
            keep = False
        with self.server.lock:
            self.server.log.append(Entry(start, time.monotonic(), host, target, status, fields.get("user-agent", "")))
        return keep

    def answer(self, page):
        send_head(self.request, page, len(page.body))
        self.request.sendall(page.body)


def send_head(conn, page, length, status=None, extra=()):
    lines = ["HTTP/1.1 %d X" % (status or page.status), "Content-Type: " + page.type]
    lines += ["%s: %s" % kv for kv in tuple(page.headers) + tuple(extra)]
    if length is not None:
        lines.append("Content-Length: %d" % length)
    lines += ["ETag: " + page.etag] if page.etag else []
    lines += ["Last-Modified: " + page.modified] if page.modified else []
    conn.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))


# ---- faults ----

def answer(status, *headers):
    def fault(origin, conn, page):
        send_head(conn, page, 0, status, headers + (("Connection", "close"),))
        return status
    return fault


def left(conn):
    """The client has closed its end."""
    try:
        return conn.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False


def hang(origin, conn, page):
    while not origin.closing.wait(0.02) and not left(conn):
        pass


def trickle(origin, conn, page):
    send_head(conn, page, 100000)
    for i in range(100000):
        if origin.closing.wait(0.02) or left(conn):
            return
        if i % 10 == 0:
            conn.sendall(b"x")


def endless(origin, conn, page):
    send_head(conn, page, None, extra=(("Transfer-Encoding", "chunked"),))
    while not origin.closing.is_set():
        conn.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
    return 200


def garbage(origin, conn, page):
    conn.sendall(b"\x00\x01 ceci n'est pas du HTTP\r\n\r\n")


def reset(origin, conn, page):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    conn.close()


def half(origin, conn, page):
    """A Content-Length that promises more than comes."""
    send_head(conn, page, len(page.body) * 2)
    conn.sendall(page.body)
    return 200


def big_head(origin, conn, page):
    send_head(conn, page, 0, extra=tuple(("X-%d" % i, "y" * 1000) for i in range(200)))
    return 200


BOMB = gzip.compress(b"\0" * (80 << 20), 1)


def bomb(origin, conn, page):
    body = BOMB
    send_head(conn, page, len(body), extra=(("Content-Encoding", "gzip"),))
    conn.sendall(body)
    return 200


def bad_gzip(origin, conn, page):
    send_head(conn, page, len(page.body), extra=(("Content-Encoding", "gzip"),))
    conn.sendall(page.body)
    return 200
