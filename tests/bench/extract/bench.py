#!/usr/bin/env python3
"""Main text and metadata beside the field, on the same pages in the same run.

    GOLD=DIR tests/bench/extract/bench.py [option of DIR/score_extract.py…]
    tests/bench/extract/bench.py            # no judgements: pages of Debian packages, speed alone

DIR (or EVAL_EXTRACT) holds gold.jsonl, pages.tar.zst and score_extract.py.  The peers are installed once into .venv-bench.
"villers-1" is Villers on one core, as the peers are; "libxml2-dom" only builds libxml2's DOM: its seconds are the yardstick, not
its text.  Seconds are of processor (user and system); the last table has each page's own time in a process of its own.
"""
import json
import os
import pathlib
import resource
import shlex
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
BUILD = ROOT / "build" / "bench-extract"
VENV = ROOT / ".venv-bench"
PACKAGES = ["trafilatura", "resiliparse", "jusText", "readability-lxml", "htmldate", "lxml_html_clean"]
PEERS = ["trafilatura", "resiliparse", "justext", "readability", "htmldate"]
DEBS = ["debian-handbook", "debian-reference-fr", "developers-reference-fr", "harden-doc", "aptitude-doc-fr"]
MOST_PAGES = 900
SLOWEST = 20


def python():
    binary = VENV / "bin" / "python"
    if not binary.exists():
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([binary, "-m", "pip", "install", "--quiet", "--upgrade", "pip"], check=True)
    stamp = VENV / ".extract"
    if not stamp.exists():
        subprocess.run([binary, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        stamp.touch()
    return binary


def dom():
    binary = BUILD / "dom"
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libxml-2.0"], check=True, text=True, capture_output=True).stdout.split()
    subprocess.run(["cc", "-O2", "-o", binary, HERE / "dom.c", *flags], check=True)
    return binary


def debian_pages():
    """French and other documentation as HTML, unpacked once: at most MOST_PAGES, spread evenly."""
    where = BUILD / "debs"
    where.mkdir(parents=True, exist_ok=True)
    for name in DEBS:
        if not list(where.glob(name + "_*.deb")) and subprocess.run(["apt-get", "-qq", "download", name], cwd=where).returncode:
            print("bench-extract: package %s does not come, left out" % name, file=sys.stderr)
        for deb in where.glob(name + "_*.deb"):
            if not (where / name).exists():
                subprocess.run(["dpkg-deb", "-x", deb, where / name], check=True)
    pages = sorted(p for p in where.rglob("*.html") if p.is_file() and not p.is_symlink())
    step = max(1, len(pages) // MOST_PAGES)
    return pages[::step][:MOST_PAGES]


def gold_pages(data):
    where = BUILD / "pages"
    if not where.exists():
        where.mkdir(parents=True)
        with subprocess.Popen(["zstd", "-dc", "--long=27", os.path.join(data, "pages.tar.zst")], stdout=subprocess.PIPE) as source:
            subprocess.run(["tar", "-xf", "-", "-C", where], stdin=source.stdout, check=True)
    with open(os.path.join(data, "gold.jsonl"), encoding="utf-8") as stream:
        names = sorted({json.loads(line)["file"] for line in stream if line.strip()})
    return [where / name for name in names]


def seconds_of(command, out):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    subprocess.run(command, stdout=out, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.monotonic() - begun


def speed_table(systems, pages):
    """Processor seconds of each over all pages, and how much text it gave."""
    megabytes = sum(p.stat().st_size for p in pages) / 1e6
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        listing = os.path.join(scratch, "list")
        with open(listing, "w", encoding="utf-8") as out:
            out.writelines("%s\n" % p for p in pages)
        for name, command in systems:
            answers = os.path.join(scratch, "out")
            with open(answers, "wb") as out:
                spent, _ = seconds_of(command + [listing], out)
            with open(answers, encoding="utf-8", errors="replace") as stream:
                text = sum(len(json.loads(line).get("text") or "") for line in stream if line.startswith("{"))
            rows.append((name, spent, text))
    floor = next(s for n, s, _ in rows if n == "libxml2-dom")
    ours = next(s for n, s, _ in rows if n == "villers-1")
    print("%d pages, %.1f MB, one core each" % (len(pages), megabytes))
    print("%-14s %9s %8s %14s %14s %10s" % ("system", "seconds", "MB/s", "x libxml2 DOM", "x villers", "text MB"))
    for name, spent, text in rows:
        print("%-14s %9.2f %8.1f %14.2f %14.1f %10.2f" % (name, spent, megabytes / spent if spent else 0, spent / floor, spent / ours,
                                                         text / 1e6))
    print()


def slowest_table(villers, pages):
    """The largest pages, each in a process of its own, start of the process included: the best of three."""
    times = []
    for page in sorted(pages, key=lambda p: -p.stat().st_size)[:SLOWEST]:
        best = min(seconds_of([villers, "extract", "-j", "1", str(page)], subprocess.DEVNULL)[0] for _ in range(3))
        times.append((best, page.stat().st_size))
    worst = max(times)
    print("slowest of the %d largest pages: %.0f ms for %.1f MB" % (len(times), worst[0] * 1000, worst[1] / 1e6))


def main():
    data = os.environ.get("GOLD") or os.environ.get("EVAL_EXTRACT") or ""
    BUILD.mkdir(parents=True, exist_ok=True)
    villers = os.environ.get("VILLERS") or str(ROOT / "build" / "villers")
    systems = [("villers-1", [villers, "extract", "-j", "1", "--files-from"]), ("libxml2-dom", [str(dom())])]
    systems += [(name, [str(python()), str(HERE / "peer.py"), name]) for name in PEERS]
    code = 0
    if data and not os.path.exists(os.path.join(data, "gold.jsonl")):
        print("bench-extract: %s holds no gold.jsonl" % data, file=sys.stderr)
        return 66
    pages = gold_pages(data) if data else debian_pages()
    if not pages:
        print("bench-extract: no pages: set GOLD to a folder of judgements, or let apt-get download", file=sys.stderr)
        return 66
    if data:
        command = [sys.executable, os.path.join(data, "score_extract.py"), "--pages", str(BUILD / "pages"), *sys.argv[1:]]
        for name, how in systems:
            command += ["--peer", "%s=%s" % (name, shlex.join(how))]
        code = subprocess.run(command, env=dict(os.environ, VILLERS=villers), check=False).returncode
    else:
        print("bench-extract: GOLD is not set: pages of Debian packages, speed alone")
    speed_table(systems, pages)
    slowest_table(villers, pages)
    return code


if __name__ == "__main__":
    sys.exit(main())
