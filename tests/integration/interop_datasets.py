#!/usr/bin/env python3
# pip: datasets zstandard duckdb aiohttp huggingface_hub mlcroissant
"""Do the field's own clients read a release, row for row?  datasets, mlcroissant, huggingface_hub, minisign, sha256sum, zstd.

Makes a hub over the small web of site_under_test.py and asks each client.  One line a check; exit 1 when one failed.  Run by `make interop`,
with the packages of the line above.
"""
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import site_under_test as site  # noqa: E402
from support import VILLERS  # noqa: E402

LOAD = """
import glob, json, sys, urllib.request, datasets
folder, urls = sys.argv[1], sys.argv[2:]
want = json.load(open(folder + "/manifest.json"))["documents"]
def check(name, rows):
    print("%s: %d rows of %d" % (name, rows, want))
    if rows != want:
        raise SystemExit(1)
check("load_dataset(folder)", datasets.load_dataset(folder, split="train").num_rows)
check("load_dataset(folder), streaming", sum(1 for _ in datasets.load_dataset(folder, split="train", streaming=True)))
check("json from files", datasets.load_dataset("json", data_files=sorted(glob.glob(folder + "/data/*.zst")), split="train").num_rows)
for url in urls:
    manifest = json.load(urllib.request.urlopen(url + "/manifest.json"))
    files = [url + "/" + s["path"] for s in manifest["shards"]]
    check("json from " + url, datasets.load_dataset("json", data_files=files, split="train").num_rows)
    check("json from " + url + ", streaming", sum(1 for _ in datasets.load_dataset("json", data_files=files, split="train", streaming=True)))
"""
PARQUET = """
import glob, json, subprocess, sys, datasets, duckdb
folder, made = sys.argv[1:]
rows = datasets.load_dataset("parquet", data_files=made + "/*.parquet", split="train")
want = datasets.load_dataset(folder, split="train")
print("%d rows in %d Parquet files" % (rows.num_rows, len(glob.glob(made + "/*"))))
assert rows.features == want.features, (rows.features, want.features)
# Where a column holds nothing but days, datasets' JSON reader takes them for times and writes them back with 00:00:00.
days = lambda r: {k: v[:10] if k in ("date", "crawl_date") else v for k, v in r.items()}
assert [days(r) for r in rows] == [days(r) for r in want]
lines = [json.loads(l) for f in sorted(glob.glob(folder + "/data/*")) for l in subprocess.run(["zstd", "-dcq", f], capture_output=True, check=True).stdout.splitlines()]
assert list(rows) == lines
"""
CARD = """
import sys
from huggingface_hub import DatasetCard
data = DatasetCard.load(sys.argv[1]).data
assert data.language == ["fr"] and data.license and data.configs[0]["data_files"][0]["path"] == "data/*.jsonl.zst"
"""


class Checks:
    def __init__(self):
        self.failed = 0

    def run(self, name, args, quiet_stderr=False, **kw):
        p = subprocess.run([str(a) for a in args], capture_output=True, text=True, **kw)
        loud = quiet_stderr and ("WARN" in p.stderr.upper() or "ERROR" in p.stderr.upper())
        good = p.returncode == 0 and not loud
        print("%-4s %s" % ("ok" if good else "BAD", name))
        for line in p.stdout.splitlines():
            print("     " + line)
        if not good:
            self.failed += 1
            print(p.stderr[-3000:])


def villers(*args):
    subprocess.run([VILLERS, *map(str, args)], check=True, stdout=subprocess.DEVNULL)


def make_hub(work):
    hub = work / "hub"
    villers("init", hub)
    site.build(work / "sites")
    origin = site.Origin(work / "sites", work)
    try:
        site.sources(hub)
        villers("crawl", "--quiet", "--hub", hub, "tout", *origin.connect())
    finally:
        origin.stop()
    villers("refine", "--quiet", "--hub", hub)
    villers("keygen", "--hub", hub)
    villers("publish", "--quiet", "--hub", hub, "essai", "1.0.0")
    return hub


@contextlib.contextmanager
def served(args, ready):
    p = subprocess.Popen([str(a) for a in args])
    try:
        for _ in range(200):
            if ready():
                break
            time.sleep(0.05)
        yield
    finally:
        p.terminate()
        p.wait(10)


def nginx(work, releases, port):
    conf = work / "nginx.conf"
    conf.write_text("daemon off; pid %s/nginx.pid; error_log %s/nginx.err; events {}\nhttp { access_log off; client_body_temp_path %s/t;\n"
                    "server { listen 127.0.0.1:%d; root %s; } }\n" % (work, work, work, port, releases))
    return ["nginx", "-p", work, "-c", conf]


def free_port():
    import socket
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as s:
        return s.getsockname()[1]


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="villers-interop-") as name, contextlib.ExitStack() as stack:
        work = pathlib.Path(name)
        os.chmod(work, 0o755)  # nginx's workers are somebody else
        hub = make_hub(work)
        release = hub / "releases" / "essai" / "1.0.0"
        port_file = work / "serve.port"
        stack.enter_context(served([VILLERS, "serve", "--quiet", "--hub", hub, "--port", "0", "--port-file", port_file], port_file.exists))
        urls = ["http://127.0.0.1:%s/essai/1.0.0" % port_file.read_text().strip()]
        if shutil.which("nginx"):
            port = free_port()
            stack.enter_context(served(nginx(work, hub / "releases", port), (work / "nginx.pid").exists))
            urls.append("http://127.0.0.1:%d/essai/1.0.0" % port)
            checks.run("villers pull from nginx", [VILLERS, "pull", "--quiet", "--key", hub / "minisign.pub", "http://127.0.0.1:%d/essai" % port, work / "mirror"])
            checks.run("a mirror is the release", ["diff", "-r", release, work / "mirror"])
        env = dict(os.environ, HF_HOME=str(work / "hf"), HF_DATASETS_DISABLE_PROGRESS_BARS="1")
        checks.run("datasets", [sys.executable, "-c", LOAD, release, *urls], env=env)
        parquet = work / "it's parquet"
        checks.run("villers export --format parquet | sh", ["sh", "-c", '"$0" export --format parquet "$1" "$2" | sh', VILLERS, release, parquet])
        checks.run("Parquet, row for row and type for type", [sys.executable, "-c", PARQUET, release, parquet], env=env)
        checks.run("huggingface_hub reads the card", [sys.executable, "-c", CARD, release / "README.md"], env=env)
        checks.run("mlcroissant validate", ["mlcroissant", "validate", "--jsonld", release / "croissant.json"], quiet_stderr=True)
        checks.run("sha256sum -c", ["sha256sum", "--strict", "--quiet", "-c", "SHA256SUMS"], cwd=release)
        checks.run("zstd -t", ["zstd", "-tq", *(release / "data").iterdir()])
        if shutil.which("minisign"):
            checks.run("minisign -V", ["minisign", "-Vm", release / "SHA256SUMS", "-p", hub / "minisign.pub"])
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
