#!/usr/bin/env python3
"""Villers beside the field's deduplicators, on the same documents, by the same scorer.

    make bench-dedup [EVAL_DEDUP=DIR] [BENCH_ARGS='--no-filler --grow 1000000,3000000']

DIR holds docs.jsonl.zst, filler.jsonl.zst, pairs.jsonl and score_dedup.py; without it documents are made by dedup_score.py, and
scored there.  The peers come from PyPI into .venv-bench.  "per core" is processor seconds beside those of `villers --threads 1`.
"""
import argparse
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PACKAGES = ["datasketch", "rensa", "text-dedup", "datatrove", "tokenizers", "orjson", "xxhash<3.7"]
PEERS = ["rensa", "datasketch", "text-dedup", "datatrove"]


def python_with_peers():
    """datatrove 0.10 hands str to xxhash, which later versions refuse: hence the pin."""
    folder = pathlib.Path(os.environ.get("VENV_BENCH", ROOT / ".venv-bench"))
    python = folder / "bin" / "python"
    if not python.exists():
        print("installing the peers into %s" % folder, file=sys.stderr)
        venv.create(folder, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *PACKAGES], check=True)
    return str(python)


def score(gold, extra, peer=None, env=None, runs=1):
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        if gold:
            argv = [sys.executable, str(gold / "score_dedup.py"), "--gold", str(gold), "--runs", str(runs), "--json", out.name, *extra]
        else:
            argv = [sys.executable, str(ROOT / "tests/bench/dedup_score.py"), "--json", out.name, *[x for x in extra if x != "--no-filler"]]
        if peer:
            argv += ["--peer", peer]
        p = subprocess.run(argv, env=dict(os.environ, **(env or {})), capture_output=True, text=True)
        try:
            return json.load(open(out.name))
        except ValueError:
            print(p.stdout[-1500:], file=sys.stderr)
            return None


ONE = {}  # processor seconds of villers on one thread


def show(name, s):
    if not s:
        print("%-22s did not run" % name, flush=True)
        return
    run, r = s["runs"][0], s["recall"]
    ONE.setdefault(name, run["cpu"])
    print("%-24s %8.2f s %8.2f cpu-s %6.1f x per core %6.0f MB  recall %s  exact %.3f  false merges %.2f %%" % (
        name, run["wall"], run["cpu"], run["cpu"] / ONE.get("villers, one thread", run["cpu"]), run["rss_kb"] / 1024, " ".join("%.3f" % r[k] for k in sorted(r)), s["exact"], 100 * s["false_merge"]), flush=True)


def generated(path):
    import dedup_score
    with open(path, "w") as out:
        for _, _, text in dedup_score.generate(20000, 1):
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


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--no-filler", action="store_true", help="the families alone: a third of the text")
    ap.add_argument("--peers", default=",".join(PEERS), help="some of %s; empty: none" % ", ".join(PEERS))
    ap.add_argument("--grow", default="", help="sizes, in documents, of the growth run")
    ap.add_argument("--batch", default="", help="size, in documents, of the index that a batch of a hundredth is compared with")
    ap.add_argument("--memory", type=int, default=1 << 30, help="bytes the growth run may use")
    o = ap.parse_args()
    gold = os.environ.get("EVAL_DEDUP")
    if gold and not (pathlib.Path(gold) / "score_dedup.py").exists():
        print("bench-dedup: EVAL_DEDUP is not the folder of docs.jsonl.zst, pairs.jsonl and score_dedup.py", file=sys.stderr)
        return 66
    gold, extra = pathlib.Path(gold) if gold else None, ["--no-filler"] if o.no_filler else []
    engine = os.environ["DEDUP_ENGINE"]
    print("recall by similarity: .7 .75 .8 .85 .9; peers at 14 bands of 8, word 5-grams, one process")
    os.environ.setdefault("VILLERS", str(ROOT / "build" / "villers"))
    show("villers, one thread", score(gold, extra + ["--args=--threads 1"]))
    show("villers, plain output", score(gold, extra + ["--args=--threads 1 --plain"]))
    show("villers, all threads", score(gold, extra))
    show("villers, 22 x 5", score(gold, extra + ["--args=--bands 22 --rows 5 --groupings 1"]))
    if o.peers:
        python = python_with_peers()
        for name in o.peers.split(","):
            peer = "%s %s %s" % (shlex.quote(python), shlex.quote(str(ROOT / "tests/bench/dedup_peers.py")), name)
            show(name, score(gold, extra, peer=peer))
    with tempfile.TemporaryDirectory(prefix="villers-bench-") as tmp:
        text = os.path.join(tmp, "text")
        text_of(gold, text)
        sys.stdout.flush()
        subprocess.run([engine, "sign", text], check=True)
        for argv in (["xxhsum", "-H3", text], ["wc", "-w", text]):
            if shutil.which(argv[0]):
                code = "import time,subprocess,sys;t=time.time();subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL);print('%s %.0f MB/s' % (sys.argv[1], " + str(os.path.getsize(text) / 1e6) + "/(time.time()-t)))"
                subprocess.run([sys.executable, "-c", code, *argv], check=True)
        paragraphs = os.path.join(tmp, "paragraphs")
        paragraphs_of(gold, paragraphs)
        for n in filter(None, o.grow.split(",")):
            subprocess.run([engine, "grow", paragraphs, n, str(o.memory), tmp], check=True)
        if o.batch:
            subprocess.run([engine, "batch", paragraphs, o.batch, str(o.memory), tmp], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
