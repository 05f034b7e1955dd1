#!/usr/bin/env python3
"""MB/s of publish beside `zstd -T0` at the same level on the same lines, and of pull from `villers serve` beside curl.

    tests/bench/publish.py HUB [--runs N]

HUB has been refined; a dataset named bench-publish is made in it and removed.  The best of N runs counts: other work only slows.
"""
import argparse
import os
import pathlib
import shutil
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
            print("pull       %8.1f MB/s   curl        %8.1f MB/s   ratio %.2f   (%.1f MB; pull hashes and syncs)" % (stored / pull, stored / curl, curl / pull, stored))
        finally:
            server.terminate()
            server.wait(10)
    return 0


if __name__ == "__main__":
    sys.exit(main())
