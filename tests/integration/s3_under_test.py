"""A small object store that checks AWS Signature Version 4 (docs.aws.amazon.com, "Signature Calculations: single chunk") and lies when told."""
import hashlib
import hmac
import http.server
import re
import threading
import urllib.parse

KEY, SECRET = "AKIATEST", "secret/of+the=tests"


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Store(http.server.ThreadingHTTPServer):
    """``objects``: path to (bytes, metadata); ``uploads``: id to (path, metadata, parts by number).  ``lie(handler, data)`` may answer in its own
    way and return True."""

    daemon_threads = True

    def __init__(self, lie=None):
        self.objects, self.lie, self.refused, self.puts = {}, lie, [], []
        self.uploads, self.begun, self.lock = {}, 0, threading.Lock()
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
        query = "&".join(sorted(q if "=" in q else q + "=" for q in query.split("&") if q))
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

    def body(self):
        """What was sent, when it is signed and undamaged; else None after an answer."""
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.signed():
            self.say(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        elif self.server.lie and self.server.lie(self, data):
            pass
        elif hashlib.sha256(data).hexdigest() != self.headers["x-amz-content-sha256"]:
            self.say(400, b"<Error><Code>XAmzContentSHA256Mismatch</Code></Error>")
        else:
            return data
        return None

    def query(self):
        path, _, query = self.path.partition("?")
        return path, dict(urllib.parse.parse_qsl(query, keep_blank_values=True))

    def upload(self, query, path):
        found = self.server.uploads.get(query.get("uploadId"))
        if not found or found[0] != path:
            self.say(404, b"<Error><Code>NoSuchUpload</Code></Error>")
            return None
        return found

    def do_PUT(self):
        data = self.body()
        if data is None:
            return None
        path, query = self.query()
        tag = '"%s"' % hashlib.md5(data).hexdigest()
        if "partNumber" in query:
            found = self.upload(query, path)
            if found:
                found[2][int(query["partNumber"])] = data
                self.server.puts.append("%s part %s" % (urllib.parse.unquote(path), query["partNumber"]))
                self.say(200, ETag=tag)
            return None
        self.server.puts.append(urllib.parse.unquote(path))
        self.server.objects[path] = (data, self.headers["x-amz-meta-sha256"])
        return self.say(200, ETag=tag)

    def do_POST(self):
        data = self.body()
        if data is None:
            return None
        path, query = self.query()
        if "uploads" in query:
            with self.server.lock:
                self.server.begun += 1
                name = "upload/%d+==" % self.server.begun
            self.server.uploads[name] = (path, self.headers["x-amz-meta-sha256"], {})
            return self.say(200, b"<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>" % name.encode())
        found = self.upload(query, path)
        if not found:
            return None
        named = re.findall(r"<PartNumber>(\d+)</PartNumber><ETag>&quot;(\w+)&quot;</ETag>", data.decode())
        if [(str(n), hashlib.md5(found[2][n]).hexdigest()) for n in sorted(found[2])][:len(named)] != named:
            return self.say(200, b"<Error><Code>InvalidPart</Code></Error>")
        self.server.objects[path] = (b"".join(found[2][int(n)] for n, _ in named), found[1])
        del self.server.uploads[query["uploadId"]]
        return self.say(200, b"<CompleteMultipartUploadResult></CompleteMultipartUploadResult>")

    def do_DELETE(self):
        if self.body() is None:
            return None
        path, query = self.query()
        if self.upload(query, path):
            del self.server.uploads[query["uploadId"]]
            self.say(204)
        return None

    def do_GET(self):
        path, query = self.query()
        if query and self.body() is None:
            return None
        if "uploads" in query:
            bucket = "/" + path.split("/")[1] + "/"
            rows = "".join("<Upload><Key>%s</Key><UploadId>%s</UploadId></Upload>" % (urllib.parse.unquote(p[len(bucket):]), name)
                           for name, (p, _, _) in sorted(self.server.uploads.items()) if p[len(bucket):].startswith(query["prefix"]))
            return self.say(200, ("<ListMultipartUploadsResult>%s</ListMultipartUploadsResult>" % rows).encode())
        if "uploadId" in query:
            found = self.upload(query, path)
            if not found:
                return None
            later = [n for n in sorted(found[2]) if n > int(query["part-number-marker"])]
            page = later[:3]  # S3's are of a thousand
            rows = "".join("<Part><PartNumber>%d</PartNumber><ETag>&quot;%s&quot;</ETag><Size>%d</Size></Part>"
                           % (n, hashlib.md5(found[2][n]).hexdigest(), len(found[2][n])) for n in page)
            more = "true" if len(later) > len(page) else "false"
            return self.say(200, ("<ListPartsResult><IsTruncated>%s</IsTruncated>%s</ListPartsResult>" % (more, rows)).encode())
        if path not in self.server.objects:
            return self.say(404)
        return self.say(200, self.server.objects[path][0])
