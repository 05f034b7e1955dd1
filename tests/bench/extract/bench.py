#!/usr/bin/env python3
"""Main text and metadata beside the field, on the same pages in the same run.

    GOLD=DIR tests/bench/extract/bench.py [--sample N] [option of DIR/score_extract.py…]
    tests/bench/extract/bench.py [--sample N]    # no judgements: pages of Debian packages, speed alone

DIR (or EVAL_EXTRACT) holds gold.jsonl, pages.tar.zst and score_extract.py.  The peers are installed once into .venv-bench.
Each system runs once, on one core, start included, and its answers are scored afterwards: four minutes for 900 pages, less with
--sample, which takes N pages spread evenly.  "libxml2-dom" only builds libxml2's DOM: its seconds are the yardstick, not its
text.  Seconds are of processor (user and system); the best of three for the two that need less than a few.
"""
import argparse
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
LONGEST = 600  # seconds a system; what it has said by then stands


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
    try:
        subprocess.run(command, stdout=out, stderr=subprocess.DEVNULL, check=False, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        print("bench-extract: stopped after %d s: %s" % (LONGEST, shlex.join(map(str, command))), file=sys.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def run_once(command, answers):
    with open(answers, "wb") as out:
        return seconds_of(command, out)


def run_all(systems, pages, scratch):
    """[(name, processor seconds, its answers' file)]; the quick ones are taken three times in turn, for a quiet moment."""
    listing = os.path.join(scratch, "list")
    with open(listing, "w", encoding="utf-8") as out:
        out.writelines("%s\n" % p for p in pages)
    rows = []
    for name, command in systems:
        answers = os.path.join(scratch, name + ".jsonl")
        rows.append([name, run_once(command + [listing], answers), answers])
    for _ in range(2):
        for row, (_, command) in zip(rows[:2], systems):
            row[1] = min(row[1], run_once(command + [listing], row[2]))
    return rows


def speed_table(rows, pages):
    """Processor seconds of each over all pages, and how much text it gave."""
    megabytes = sum(p.stat().st_size for p in pages) / 1e6
    floor = next(s for n, s, _ in rows if n == "libxml2-dom")
    ours = next(s for n, s, _ in rows if n == "villers-1")
    print("%d pages, %.1f MB, one core each" % (len(pages), megabytes))
    print("%-14s %9s %8s %14s %14s %10s" % ("system", "seconds", "MB/s", "x libxml2 DOM", "x villers", "text MB"))
    for name, spent, answers in rows:
        with open(answers, encoding="utf-8", errors="replace") as stream:
            text = sum(len(json.loads(line).get("text") or "") for line in stream if line.startswith("{") and line.endswith("}\n"))
        print("%-14s %9.2f %8.1f %14.2f %14.1f %10.2f" % (name, spent, megabytes / spent if spent else 0, spent / floor, spent / ours,
                                                         text / 1e6))
    times = {name: spent / ours for name, spent, _ in rows if ours}
    print("villers: %.1f times as fast as trafilatura, %.1f as resiliparse; %.2f of the time libxml2 takes to build its DOM" %
          (times.get("trafilatura", 0), times.get("resiliparse", 0), 1 / times["libxml2-dom"]))
    print()


def score(data, rows, pages, scratch, options):
    """The scorer of the judgements over the answers at hand, each peer being a file that is read out."""
    wanted = {str(p.relative_to(BUILD / "pages")) for p in pages}
    with open(os.path.join(data, "gold.jsonl"), encoding="utf-8") as stream, \
            open(os.path.join(scratch, "gold.jsonl"), "w", encoding="utf-8") as out:
        out.writelines(line for line in stream if line.strip() and json.loads(line)["file"] in wanted)
    command = [sys.executable, os.path.join(data, "score_extract.py"), "--no-villers", "--data", scratch,
               "--pages", str(BUILD / "pages"), *options]
    for name, _, answers in rows:
        if name != "libxml2-dom":
            command += ["--peer", "%s=%s" % (name, shlex.join(["sh", "-c", 'cat "$0"', answers]))]
    print("(the seconds of the next tables are those of reading the answers: the speed is in the first)")
    sys.stdout.flush()
    return subprocess.run(command, check=False).returncode


def slowest_table(villers, pages):
    """The largest pages, each in a process of its own, start of the process included: the best of three."""
    times = []
    for page in sorted(pages, key=lambda p: -p.stat().st_size)[:SLOWEST]:
        best = min(seconds_of([villers, "extract", "-j", "1", str(page)], subprocess.DEVNULL) for _ in range(3))
        times.append((best, page.stat().st_size))
    worst = max(times)
    print("slowest of the %d largest pages: %.0f ms for %.1f MB" % (len(times), worst[0] * 1000, worst[1] / 1e6))


def main():
    parser = argparse.ArgumentParser(description="Main text and metadata beside the field, on the same pages in the same run.")
    parser.add_argument("--sample", type=int, metavar="N", help="only N pages, spread evenly")
    args, options = parser.parse_known_args()
    data = os.environ.get("GOLD") or os.environ.get("EVAL_EXTRACT") or ""
    BUILD.mkdir(parents=True, exist_ok=True)
    villers = os.environ.get("VILLERS") or str(ROOT / "build" / "villers")
    if data and not os.path.exists(os.path.join(data, "gold.jsonl")):
        print("bench-extract: %s holds no gold.jsonl" % data, file=sys.stderr)
        return 66
    pages = gold_pages(data) if data else debian_pages()
    if not pages:
        print("bench-extract: no pages: set GOLD to a folder of judgements, or let apt-get download", file=sys.stderr)
        return 66
    if args.sample and args.sample < len(pages):
        pages = [pages[i * len(pages) // args.sample] for i in range(args.sample)]
    systems = [("villers-1", [villers, "extract", "-j", "1", "--files-from"]), ("libxml2-dom", [str(dom())])]
    systems += [(name, [str(python()), str(HERE / "peer.py"), name]) for name in PEERS]
    code = 0
    with tempfile.TemporaryDirectory() as scratch:
        rows = run_all(systems, pages, scratch)
        speed_table(rows, pages)
        if data:
            code = score(data, rows, pages, scratch, options)
        else:
            print("bench-extract: GOLD is not set: pages of Debian packages, speed alone")
    slowest_table(villers, pages)
    return code


if __name__ == "__main__":
    sys.exit(main())
