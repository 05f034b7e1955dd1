"""A small object store that checks AWS Signature Version 4 (docs.aws.amazon.com, "Signature Calculations: single chunk") and lies when told."""
import hashlib
import hmac
import http.server
import threading
import urllib.parse

KEY, SECRET = "AKIATEST", "secret/of+the=tests"


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Store(http.server.ThreadingHTTPServer):
    """``objects``: path to (bytes, metadata).  ``lie(handler)`` may answer in its own way and return True."""

    daemon_threads = True

    def __init__(self, lie=None):
        self.objects, self.lie, self.refused, self.puts = {}, lie, [], []
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.server_port

    def handle_error(self, request, client_address):
        pass

    def stop(self):
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def say(self, status, body=b"", **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def signed(self):
        fields = dict(f.strip().split("=", 1) for f in self.headers.get("Authorization", "AWS4-HMAC-SHA256 a=b").split(" ", 1)[1].split(","))
        access, day, region, service, end = fields.get("Credential", "////").split("/")
        names = fields.get("SignedHeaders", "").split(";")
        path, _, query = self.path.partition("?")
        canonical = "\n".join([self.command, path, query, "".join("%s:%s\n" % (n, " ".join(self.headers.get(n, "").split())) for n in names),
                               ";".join(names), self.headers.get("x-amz-content-sha256", "")])
        text = "\n".join(["AWS4-HMAC-SHA256", self.headers.get("x-amz-date", ""), "/".join([day, region, service, end]),
                          hashlib.sha256(canonical.encode()).hexdigest()])
        key = mac(mac(mac(mac(("AWS4" + SECRET).encode(), day), region), service), end)
        right = hmac.compare_digest(hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), fields.get("Signature", ""))
        good = access == KEY and service == "s3" and "host" in names and "x-amz-content-sha256" in names and right
        if not good:
            self.server.refused.append((self.command, self.path))
        return good

    def do_HEAD(self):
        if not self.signed():
            return self.say(403)
        if self.server.lie and self.server.lie(self, b""):
            return None
        if self.path not in self.server.objects:
            return self.say(404)
        data, digest = self.server.objects[self.path]
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("x-amz-meta-sha256", digest)
        self.end_headers()
        return None

    def do_PUT(self):
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.signed():
            return self.say(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        if self.server.lie and self.server.lie(self, data):
            return None
        if hashlib.sha256(data).hexdigest() != self.headers["x-amz-content-sha256"]:
            return self.say(400, b"<Error><Code>XAmzContentSHA256Mismatch</Code></Error>")
        self.server.puts.append(urllib.parse.unquote(self.path))
        self.server.objects[self.path] = (data, self.headers["x-amz-meta-sha256"])
        return self.say(200, ETag='"%s"' % hashlib.md5(data).hexdigest())

    def do_GET(self):
        if self.path not in self.server.objects:
            return self.say(404)
        return self.say(200, self.server.objects[self.path][0])
