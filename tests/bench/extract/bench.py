#!/usr/bin/env python3
"""Main text and metadata beside the field, on the same pages in the same run.

    EVAL_EXTRACT=DIR tests/bench/extract/bench.py [option of DIR/score_extract.py…]

DIR holds gold.jsonl, pages.tar.zst and score_extract.py.  The peers are installed once into .venv-bench.  "villers-1" is Villers on
one core, as the peers are; "libxml2-dom" only builds libxml2's DOM: its seconds are the yardstick, not its text.
"""
import os
import pathlib
import shlex
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
VENV = ROOT / ".venv-bench"
PACKAGES = ["trafilatura", "resiliparse", "jusText", "readability-lxml", "htmldate", "lxml_html_clean"]
PEERS = ["trafilatura", "resiliparse", "justext", "readability", "htmldate"]


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
    binary = ROOT / "build" / "bench-dom"
    binary.parent.mkdir(exist_ok=True)
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libxml-2.0"], check=True, text=True, capture_output=True).stdout.split()
    subprocess.run(["cc", "-O2", "-o", binary, HERE / "dom.c", *flags], check=True)
    return binary


def main():
    data = os.environ.get("EVAL_EXTRACT", "")
    if not data or not os.path.exists(os.path.join(data, "gold.jsonl")):
        print("bench-extract: no data: set EVAL_EXTRACT to a folder with gold.jsonl, pages.tar.zst and score_extract.py", file=sys.stderr)
        return 66
    villers = os.environ.get("VILLERS") or str(ROOT / "build" / "villers")
    peers = [("villers-1", "%s extract -j 1 --files-from" % shlex.quote(villers)), ("libxml2-dom", shlex.quote(str(dom())))]
    peers += [(name, shlex.join([str(python()), str(HERE / "peer.py"), name])) for name in PEERS]
    command = [sys.executable, os.path.join(data, "score_extract.py"), *sys.argv[1:]]
    for name, how in peers:
        command += ["--peer", "%s=%s" % (name, how)]
    return subprocess.run(command, env=dict(os.environ, VILLERS=villers)).returncode


if __name__ == "__main__":
    sys.exit(main())
