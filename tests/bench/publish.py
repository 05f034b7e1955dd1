#!/usr/bin/env python3
"""MB/s of publish beside `zstd -T0` at the same level on the same lines, of pull from `villers serve` beside curl, and serve beside nginx by wrk.

    tests/bench/publish.py HUB [--runs N]

HUB has been refined; a dataset named bench-publish is made in it and removed.  The best of N runs counts: other work only slows.
"""
import argparse
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VILLERS = os.environ.get("VILLERS") or str(ROOT / "build" / "villers")
NAME = "bench-publish"


def timed(args, **kw):
    began = time.monotonic()
    subprocess.run([str(a) for a in args], check=True, stdout=subprocess.DEVNULL, **kw)
    return time.monotonic() - began


def copy_of(hub, work, n):
    """A hub that shares the refined files: each run publishes a first version."""
    target = work / ("hub%d" % n)
    target.mkdir()
    for name in ("hub.yaml", "manifest.sqlite"):
        shutil.copy(hub / name, target)
    for name in ("sources", "campaigns", "refined"):
        (target / name).symlink_to((hub / name).resolve())
    (target / "releases").mkdir()
    return target


def wrk(url, connections):
    """Requests and bytes a second."""
    out = subprocess.run(["wrk", "-t1", "-c%d" % connections, "-d3", url], capture_output=True, text=True, check=True).stdout
    units = {"B": 1, "KB": 2 ** 10, "MB": 2 ** 20, "GB": 2 ** 30}
    number, unit = re.search(r"Transfer/sec:\s+([\d.]+)(\wB|B)", out).groups()
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)), float(number) * units[unit]


def serve_beside_nginx(work, releases, base, shard):
    if not shutil.which("wrk") or not shutil.which("nginx"):
        print("serve      wrk and nginx are not both here: left out")
        return
    os.chmod(work, 0o755)
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    conf = work / "nginx.conf"
    conf.write_text("daemon off; worker_processes auto; pid %s/nginx.pid; error_log %s/nginx.err; events { worker_connections 2048; }\n"
                    "http { access_log off; sendfile on; tcp_nopush on; server { listen 127.0.0.1:%d; root %s; } }\n" % (work, work, port, releases))
    nginx = subprocess.Popen(["nginx", "-p", work, "-c", conf])
    try:
        while not (work / "nginx.pid").exists():
            time.sleep(0.02)
        other = "http://127.0.0.1:%d" % port
        for what, path, connections, index, unit in (("a small file", NAME + "/versions.json", 64, 0, "requests/s"), ("a shard", shard, 16, 1, "MB/s")):
            ours, theirs = wrk("%s/%s" % (base, path), connections)[index], wrk("%s/%s" % (other, path), connections)[index]
            scale = 1e6 if index else 1
            print("serve      %8.0f %s   nginx %8.0f %s   ratio %.2f   (%s)" % (ours / scale, unit, theirs / scale, unit, ours / theirs, what))
    finally:
        nginx.terminate()
        nginx.wait(10)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("hub", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="villers-bench-", dir=args.hub.resolve().parent) as name:
        work = pathlib.Path(name)
        hubs = [copy_of(args.hub, work, n) for n in range(args.runs)]
        publish = min(timed([VILLERS, "publish", "--quiet", "--hub", hub, NAME, "1.0.0"]) for hub in hubs)
        release = hubs[0] / "releases" / NAME / "1.0.0"
        plain = work / "lines"
        with open(plain, "wb") as out:
            subprocess.run(["zstd", "-dcq", *sorted((release / "data").iterdir())], stdout=out, check=True)
        size = plain.stat().st_size / 1e6
        level = "-9"
        zstd = min(timed(["zstd", "-T0", level, "-q", "-f", plain, "-o", work / "lines.zst"]) for _ in range(args.runs))
        print("publish    %8.1f MB/s   zstd -T0 %s %8.1f MB/s   ratio %.2f   (%.0f MB of lines)" % (size / publish, level, size / zstd, zstd / publish, size))

        port_file = work / "port"
        server = subprocess.Popen([VILLERS, "serve", "--quiet", "--hub", hubs[0], "--port", "0", "--port-file", port_file])
        try:
            while not port_file.exists():
                time.sleep(0.02)
            base = "http://127.0.0.1:%s/%s" % (port_file.read_text().strip(), NAME)
            stored = sum(p.stat().st_size for p in (release / "data").iterdir()) / 1e6
            pull = min(timed([VILLERS, "pull", "--quiet", base, work / ("mirror%d" % n)]) for n in range(args.runs))
            urls = ["%s/1.0.0/data/%s" % (base, p.name) for p in sorted((release / "data").iterdir())]
            fetched = [a for url in urls for a in ("-o", str(work / "curl.out"), url)]
            curl = min(timed(["curl", "-sf", *fetched]) for _ in range(args.runs))
            print("pull       %8.1f MB/s   curl        %8.1f MB/s   ratio %.2f   (%.1f MB; pull hashes and syncs, curl does neither)" % (stored / pull, stored / curl, curl / pull, stored))
            got = work / "curl"
            got.mkdir()
            fetched = [a for url in urls for a in ("-o", str(got / url.rsplit("/", 1)[1]), url)]
            sums = got / "sums"
            sums.write_text("".join(line.replace("  data/", "  ") + "\n" for line in (release / "SHA256SUMS").read_text().splitlines() if "  data/" in line))
            checked = min(timed(["bash", "-c", 'cd "$1" && shift && curl -sf "$@" && sync -f . && sha256sum -c --quiet sums', "-", got, *fetched]) for _ in range(args.runs))
            print("pull       %8.1f MB/s   curl, sync, sha256sum -c %8.1f MB/s   ratio %.2f" % (stored / pull, stored / checked, checked / pull))
            serve_beside_nginx(work, hubs[0] / "releases", base.rsplit("/", 1)[0], "%s/1.0.0/data/%s" % (NAME, urls[0].rsplit("/", 1)[1]))
        finally:
            server.terminate()
            server.wait(10)
    return 0


if __name__ == "__main__":
    sys.exit(main())
