#!/usr/bin/env python3
"""Serve unpacked documentation packages on loopback, one host name a folder of ROOT.

    serve.py ROOT --port-file FILE [--log FILE]

ROOT/HOST/robots.txt is served as it is; a folder without an index page is listed, and asks not to be indexed.
"""
import argparse
import html
import http.server
import os
import pathlib
import socket
import sys
import threading
import urllib.parse

TYPES = {".html": "text/html", ".txt": "text/plain; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".png": "image/png",
         ".svg": "image/svg+xml", ".xml": "application/xml", ".pdf": "application/pdf"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "demo"
    sys_version = ""

    def find(self):
        host = self.headers.get("Host", "").split(":")[0]
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        root = self.server.root / host
        target = pathlib.Path(os.path.normpath(str(root) + path))
        if not root.is_dir() or not (target == root or root in target.parents):
            return None
        return target

    def listing(self, folder):
        names = sorted(p.name + ("/" if p.is_dir() else "") for p in folder.iterdir())
        rows = "".join('<li><a href="%s">%s</a></li>' % (urllib.parse.quote(n), html.escape(n)) for n in names)
        return ('<!doctype html><meta charset="utf-8"><meta name="robots" content="noindex"><title>%s</title><ul>%s</ul>'
                % (html.escape(folder.name), rows)).encode()

    def answer(self, status, kind, body, extra=()):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for k, v in extra:
            self.send_header(k, v)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        target = self.find()
        if target is None or not target.exists():
            return self.answer(404, "text/plain; charset=utf-8", b"not here\n")
        if target.is_dir():
            if not urllib.parse.urlsplit(self.path).path.endswith("/"):
                return self.answer(301, "text/plain; charset=utf-8", b"", [("Location", self.path + "/")])
            index = target / "index.html"
            if not index.exists():
                return self.answer(200, "text/html", self.listing(target))
            target = index
        self.answer(200, TYPES.get(target.suffix, "application/octet-stream"), target.read_bytes())

    do_HEAD = do_GET

    def log_request(self, code="-", size="-"):
        if self.server.log:
            self.server.log.write("%s %s %s %s\n" % (self.headers.get("Host", "-"), self.command, self.path, code))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def get_request(self):
        sock, addr = super().get_request()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock, addr

    def handle_error(self, request, client_address):
        """A client that leaves in the middle is not worth a word."""


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("root")
    ap.add_argument("--port-file", required=True)
    ap.add_argument("--log")
    o = ap.parse_args()
    Handler.wbufsize = 1 << 16
    server = Server(("127.0.0.1", 0), Handler)
    server.root = pathlib.Path(o.root).resolve()
    server.log = open(o.log, "w", buffering=1) if o.log else None
    tmp = o.port_file + ".tmp"
    with open(tmp, "w") as f:
        f.write("%d\n" % server.server_address[1])
    os.rename(tmp, o.port_file)
    threading.current_thread().name = "origin"
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
