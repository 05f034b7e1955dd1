#!/usr/bin/env python3
"""Villers beside the field's deduplicators: the same documents, the same run, the same scorer.

    make bench-dedup [EVAL_DEDUP=DIR] [BENCH_ARGS='--no-filler --grow 1000000,3000000']

DIR holds docs.jsonl.zst, filler.jsonl.zst, pairs.jsonl and score_dedup.py; without it documents are made by dedup_score.py, and
scored there.  All read the same zstd-compressed JSON lines and leave the documents they keep on disk, uncompressed unless their line
says otherwise.  What is compared is processor seconds, the program's start included: "x" is those of a peer over those of
`villers --threads 1` with the same kind of output.  The peers come from PyPI into .venv-bench.
"""
import argparse
import json
import os
import pathlib
import shlex
import resource
import shutil
import subprocess
import sys
import tempfile
import venv

from dedup_peers import SETTINGS

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PACKAGES = ["datasketch", "rensa", "text-dedup", "datatrove", "tokenizers", "orjson", "spacy", "xxhash<3.7"]
ALONE = ["dolma"]  # without what they depend on
ABSENT = {"duplodocus": "not on PyPI, not on crates.io"}
ROW = "%-22s %9s %9s %7s %8s  %-30s %6s %7s %8s"


def python_with_peers():
    """datatrove 0.10 hands str to xxhash, which later versions refuse: hence the pin."""
    folder = pathlib.Path(os.environ.get("VENV_BENCH", ROOT / ".venv-bench"))
    python = folder / "bin" / "python"
    if not python.exists():
        print("installing the peers into %s" % folder, file=sys.stderr)
        venv.create(folder, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *PACKAGES], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "--no-deps", *ALONE], check=True)
    return str(python)


def score(o, extra, peer=None, runs=1):
    """The scorer's answer, with the median of the runs in "run"."""
    with tempfile.TemporaryDirectory(prefix="villers-bench-") as tmp:
        out, counts, all_runs, s = os.path.join(tmp, "score"), os.path.join(tmp, "counts"), [], None
        if o.gold:
            argv = [sys.executable, str(o.gold / "score_dedup.py"), "--gold", str(o.gold), "--runs", "1", "--json", out, *extra]
        else:
            argv = [sys.executable, str(ROOT / "tests/bench/dedup_score.py"), "--documents", str(o.documents), "--json", out, *extra]
        if peer:
            argv += ["--peer", peer]
        for _ in range(runs):
            p = subprocess.run(argv, env=dict(os.environ, DEDUP_COUNTED=counts), capture_output=True, text=True)
            try:
                s = json.load(open(out))
            except (OSError, ValueError):
                print(p.stdout[-1500:], p.stderr[-1500:], file=sys.stderr)
                return None
            all_runs.append(s["runs"][0])
        s["run"] = sorted(all_runs, key=lambda r: r["cpu"])[len(all_runs) // 2]
        if os.path.exists(counts):
            s["run"] = json.load(open(counts))
        return s


def show(name, s, base=None):
    """One line of the table; returns processor seconds."""
    if not s:
        print("%-22s did not run" % name, flush=True)
        return None
    run, r = s["run"], s["recall"]
    recall = " ".join(("%.3f" % r[k]).lstrip("0") for k in sorted(r))
    ratio = "%.1f" % (run["cpu"] / base) if base else "1"
    kept = s["kept"] if "kept" in s else s["documents"] - s["duplicates"]
    print(ROW % (name, "%.2f" % run["wall"], "%.2f" % run["cpu"], ratio, "%.0f" % (run["rss_kb"] / 1024), recall, ("%.3f" % s["exact"]).lstrip("0"),
                 "%.2f %%" % (100 * s["false_merge"]), kept), flush=True)
    if "normalising" in run:
        print("%-22s of these %.1f s normalising in Python" % ("", run["normalising"]), flush=True)
    return run["cpu"]


def limit(argv, size):
    """MB a processor second, the best of three."""
    best = 1e9
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    print("%s %.0f MB/s a core" % (argv[0], size / 1e6 / best), flush=True)


def generated(path):
    import dedup_score
    with open(path, "w") as out:
        for _, _, text in dedup_score.generate(50000, 1):
            out.write(text + "\n")


def text_of(gold, path):
    """The texts, one a line, for the stages that want no JSON."""
    if not gold:
        return generated(path)
    with open(path, "w") as out:
        for name in ("docs", "filler"):
            p = subprocess.Popen(["zstd", "-qdc", str(gold / (name + ".jsonl.zst"))], stdout=subprocess.PIPE)
            for line in p.stdout:
                out.write(json.loads(line)["text"].replace("\n", " ") + "\n")
            p.wait()


def paragraphs_of(gold, path):
    if not gold:
        return generated(path)
    with open(path, "w") as out:
        p = subprocess.Popen(["zstd", "-qdc", str(gold / "filler.jsonl.zst")], stdout=subprocess.PIPE)
        for line in p.stdout:
            out.write(json.loads(line)["text"] + "\n")
        p.wait()


def compare(o, extra):
    print("recall of pairs by similarity, from .7 in steps of .05, and from .9 on; exact: the same after normalisation; false merges: under .5 in one cluster")
    print(ROW % ("", "seconds", "cpu-s", "x", "MB", "recall", "exact", "false", "kept"))
    plain = show("villers, one thread", score(o, extra + ["--args=--threads 1 --plain"], runs=o.runs))
    packed = show("  with zstd output", score(o, extra + ["--args=--threads 1"], runs=o.runs))
    show("  all threads", score(o, extra + ["--args=--plain"]), plain)
    show("  22 x 5, dealt once", score(o, extra + ["--args=--threads 1 --plain --bands 22 --rows 5 --groupings 1"]), plain)
    if not o.peers:
        return
    python = python_with_peers()
    for name in o.peers.split(","):
        peer = "%s %s %s" % (shlex.quote(python), shlex.quote(str(ROOT / "tests/bench/dedup_peers.py")), name)
        show(name, score(o, extra, peer=peer), packed if name == "dolma" else plain)
    for name, why in ABSENT.items():
        print("%-22s %s" % (name, why))
    print("villers: word 5-grams, 14 bands of 8 dealt twice, every edge verified, one thread (and the one that reads)")
    for name in o.peers.split(","):
        print("%s: %s" % (name, SETTINGS[name]))


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--no-filler", action="store_true", help="the families alone: a third of the text")
    ap.add_argument("--peers", default=",".join(SETTINGS), help="some of %s; empty: none" % ", ".join(SETTINGS))
    ap.add_argument("--documents", type=int, default=50000, help="how many to make, without EVAL_DEDUP")
    ap.add_argument("--runs", type=int, default=3, help="of villers on one thread, of which the median counts")
    ap.add_argument("--grow", default="", help="sizes, in documents, of the growth run")
    ap.add_argument("--batch", default="", help="size, in documents, of the index that a batch of a hundredth is compared with")
    ap.add_argument("--memory", type=int, default=1 << 30, help="bytes the growth run may use")
    o = ap.parse_args()
    gold = os.environ.get("EVAL_DEDUP")
    if gold and not (pathlib.Path(gold) / "score_dedup.py").exists():
        print("bench-dedup: EVAL_DEDUP is not the folder of docs.jsonl.zst, pairs.jsonl and score_dedup.py", file=sys.stderr)
        return 66
    o.gold = gold = pathlib.Path(gold) if gold else None
    extra = ["--no-filler"] if o.no_filler and gold else []
    engine = os.environ["DEDUP_ENGINE"]
    os.environ.setdefault("VILLERS", str(ROOT / "build" / "villers"))
    compare(o, extra)
    with tempfile.TemporaryDirectory(prefix="villers-bench-") as tmp:
        text = os.path.join(tmp, "text")
        text_of(gold, text)
        sys.stdout.flush()
        subprocess.run([engine, "sign", text], check=True)
        for argv in (["xxhsum", "-H3", text], ["wc", "-w", text]):
            if shutil.which(argv[0]):
                limit(argv, os.path.getsize(text))
            else:
                print("%s is not installed" % argv[0])
        paragraphs = os.path.join(tmp, "paragraphs")
        paragraphs_of(gold, paragraphs)
        for n in filter(None, o.grow.split(",")):
            subprocess.run([engine, "grow", paragraphs, n, str(o.memory), tmp], check=True)
        if o.batch:
            subprocess.run([engine, "batch", paragraphs, o.batch, str(o.memory), tmp], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
