#!/usr/bin/env python3
"""Pages and texts that nobody writes, through the engines: processor seconds, peak memory, and what came out.

    tests/bench/hostile.py [--mb N] [WORD…]     # N megabytes each (100); only kinds whose name holds a WORD

The longest a kind may take and the most memory are stated in SECONDS and MEGABYTES; exit 1 past them, or when an engine dies.
`make check` runs it with little (tests/cli/test_hostile.py).
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VILLERS = os.environ.get("VILLERS") or str(ROOT / "build" / "villers")
SENTENCE = "Le meunier ouvre la vanne, la roue se met à tourner, et la farine tombe dans le sac. ".encode()
BAD = b"\xff\xc3(\xe2\x82\xf0\x9f"
# of 100 MB: seconds of processor; megabytes beside three times the input and its answer
SECONDS = 60
MEGABYTES = 300
PIECE = 1 << 20


def again(unit, most=None):
    """Pieces of about ${n} bytes of ${unit}, at most ${most}."""
    def write(out, n):
        n = min(n, most or n)
        block = unit * max(1, PIECE // len(unit))
        while n >= len(block):
            out.write(block)
            n -= len(block)
        out.write(unit * (n // len(unit)))
    return write


def around(head, middle, tail):
    def write(out, n):
        out.write(head)
        middle(out, n)
        out.write(tail)
    return write


def attributes(out, n):
    out.write(b"<p ")
    for first in range(0, n // 10, 1000):
        out.write(b"".join(b"a%d=1 " % i for i in range(first, first + 1000)))
    out.write(b">" + SENTENCE * 5)


def nested(out, n):
    depth = n // 1000
    again(b"<div>")(out, 5 * depth)
    out.write(SENTENCE * 5)
    again(b"</div>")(out, 6 * depth)


PAGES = {
    "one line": again(SENTENCE),
    "one line of paragraphs": again(b"<p>" + SENTENCE * 3 + b"</p>"),
    "NULs": again(b"\0"),
    "NULs in a text": again(SENTENCE + b"\0"),
    "bad UTF-8": again(SENTENCE + BAD),
    "no UTF-8": again(b"\xff"),
    "<": again(b"<", 10_000_000),
    "<a ": again(b"<a ", 10_000_000),
    "nested elements": nested,
    "nested b and i": around(b"", again(b"<b><i>", 1_000_000), SENTENCE * 5),
    "end tags": again(b"</p>"),
    "end tags of nothing": around(b"<div>" * 500, again(b"</b></i>"), SENTENCE * 5),
    "a long attribute": around(b'<p class="', again(b"a b ", 10_000_000), b'">' + SENTENCE * 5),
    "an attribute without end": around(b'<p class="', again(b"a b "), b""),
    "attributes": attributes,
    "one attribute again": around(b"<p ", again(b"class=a "), b">" + SENTENCE * 5),
    "entities": around(b"<p>", again(b"&eacute;&amp;&#233;"), b"</p>"),
    "JSON-LD": around(b'<script type="application/ld+json">{"@graph":[', again(b'{"@type":"Article","headline":"x"},'),
                      b"{}]}</script><p>" + SENTENCE * 5),
    "many JSON-LD": again(b'<script type="application/ld+json">{"@type":"Article"}</script>'),
    "cells": around(b"<table>", again(b"<tr>" + b"<td>a</td>" * 100), b"</table>"),
    "links": again(b'<a href="/x?a=1&amp;b=2">lien</a> '),
    "comments": again(b"<!-- a -->b"),
    "a comment without end": around(SENTENCE + b"<!--", again(b"a -- "), b""),
    "dates": again(b'<p class="date">le 1er juillet</p>'),
    "headings": again(b"<h1>Titre</h1>"),
}
TEXTS = {
    "one line": again(SENTENCE),
    "lines": again(SENTENCE + b"\n"),
    "NULs": again(b"\0"),
    "NULs in a text": again(SENTENCE + b"\0"),
    "bad UTF-8": again(SENTENCE + BAD),
    "no UTF-8": again(b"\xff"),
    "one word": again(b"a"),
    "telephones": again(b"06 39 98 12 34 "),
    "addresses": again(b"a@b.fr "),
    "marks": around(b"e", again(b"\xcc\x81"), b""),
    "ideographs": again("中文字".encode()),
}


def measured(command, out):
    """(exit code, processor seconds, peak MB): this process is kept small, for the child begins with its memory."""
    with open(out, "wb") as stdout:
        p = subprocess.Popen(command, stdout=stdout, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    return p.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000


def told(out):
    """What the first answer says, its text as a length.  Read in a process of its own: it can be long."""
    script = ("import json,sys\nline=open(sys.argv[1],'rb').readline()\nd=json.loads(line) if line.strip() else {}\n"
              "print(' '.join('%s=%s'%(k,len(v) if isinstance(v,(str,list)) and k in('text','spans') else v) for k,v in d.items() "
              "if k in('text','coarse','language','keep','reason','spans','error','measured_bytes')))")
    return subprocess.run([sys.executable, "-c", script, out], capture_output=True, text=True, check=True).stdout.strip()


def try_one(engine, name, path, out, peak_mb, bad):
    size = os.path.getsize(path) / 1e6
    code, seconds, peak = measured([VILLERS, engine, "-j", "1", path], out)
    room = peak_mb + 3 * size + 3 * os.path.getsize(out) / 1e6
    wrong = code not in (0, 65) or seconds > SECONDS or peak > room
    print("%-8s %-26s %7.1f MB %7.2f s %8.0f MB peak   exit %d  %s%s" % (engine, name, size, seconds, peak, code, told(out) if size > 1 else "",
                                                                      "  TOO MUCH" if wrong else ""), flush=True)
    if wrong:
        bad.append((engine, name))


def main():
    parser = argparse.ArgumentParser(description="Pages and texts that nobody writes: processor seconds and peak memory of the engines.")
    parser.add_argument("--mb", type=float, default=100, metavar="N", help="megabytes of each input")
    parser.add_argument("--peak", type=float, default=MEGABYTES, metavar="N", help="megabytes beside the input's and the answer's share")
    parser.add_argument("words", nargs="*", metavar="WORD", help="only kinds whose engine and name hold one of them")
    args = parser.parse_args()
    n, bad = int(args.mb * 1e6), []
    kinds = [(e, name, make, ".html") for name, make in PAGES.items() for e in ["extract"]]
    kinds += [(e, name, make, ".txt") for name, make in TEXTS.items() for e in ["langid", "quality", "redact"]]
    line = around(b'{"id":"a","text":"', again(SENTENCE), b'"}\n{"id":"b","text":"Bonjour."}\n')
    kinds += [(e, "one JSON line", line, ".jsonl") for e in ["langid", "quality", "redact"]]
    with tempfile.TemporaryDirectory(prefix="villers-hostile-") as folder:
        out = os.path.join(folder, "out")
        for engine, name, make, suffix in kinds:
            if args.words and not any(w in engine + " " + name for w in args.words):
                continue
            path = os.path.join(folder, "in" + suffix)
            with open(path, "wb") as stream:
                make(stream, n)
            try_one(engine, name, path, out, args.peak, bad)
            os.unlink(path)
    for engine, name in bad:
        print("too much: %s, %s" % (engine, name), file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
