#!/usr/bin/env python3
"""Run every test and count: unit tests (cmocka), replayed fuzz inputs, command and integration tests (unittest).

    tests/run.py --units BIN... --fuzzers BIN... [--python] [-k WORD]

The last line is "N passed, N failed, N skipped".  Exit 1 when one failed or none ran.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent


def unit(binary, tally):
    t0 = time.time()
    p = subprocess.run([binary], capture_output=True, text=True, errors="replace", timeout=600)
    text = p.stdout + p.stderr
    m = re.search(r"\[  PASSED  \] (\d+) test", text)
    passed = int(m[1]) if m else 0
    failed = len(re.findall(r"\[  FAILED  \] \S+$", text, re.M)) // 2 or (1 if p.returncode else 0)
    skipped = len(re.findall(r"\[  SKIPPED \] \S+$", text, re.M)) // 2
    if not passed and not failed and not skipped:
        failed = 1
        text += "\nran no test"
    name = "/".join(pathlib.Path(binary).parts[-2:])
    print("%-34s %3d passed, %d failed  %.1f s" % (name, passed, failed, time.time() - t0))
    if failed or p.returncode:
        print(text)
    tally[0] += passed
    tally[1] += failed
    tally[2] += skipped


def fuzz(binary, tally):
    name = pathlib.Path(binary).name.removeprefix("fuzz_")
    seeds = sorted(str(f) for f in (HERE / "fuzz" / "seeds" / name).glob("*") if f.is_file())
    if not seeds:
        print("fuzz_%s: no saved input in tests/fuzz/seeds/%s" % (name, name))
        tally[1] += 1
        return
    p = subprocess.run([binary, *seeds], capture_output=True, text=True, errors="replace", timeout=600)
    ok = p.returncode == 0
    print("%-34s %3d inputs replayed%s" % ("fuzz/" + name, len(seeds), "" if ok else "  FAILED"))
    if not ok:
        print(p.stdout[-4000:] + p.stderr[-8000:])
    tally[0 if ok else 1] += 1


def python(tally, word):
    sys.path.insert(0, str(HERE))
    for folder in ("cli", "integration"):
        sys.path.insert(0, str(HERE / folder))
        loader = unittest.TestLoader()
        if word:
            loader.testNamePatterns = ["*%s*" % word]
        suite = loader.discover(str(HERE / folder), pattern="test_*.py", top_level_dir=str(HERE / folder))
        t0 = time.time()
        result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2 if os.environ.get("V") else 1).run(suite)
        broken = [t for t, _ in result.failures + result.errors] + list(result.unexpectedSuccesses)
        # A test with several broken rows (subTest) is one broken test.
        bad = len({getattr(t, "test_case", t).id() for t in broken})
        for test, why in result.skipped:
            print("skipped %s: %s" % (test, why))
        print("%-34s %3d passed, %d failed  %.1f s" % (folder, result.testsRun - bad - len(result.skipped), bad, time.time() - t0))
        tally[0] += result.testsRun - bad - len(result.skipped)
        tally[1] += bad
        tally[2] += len(result.skipped)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--units", nargs="*", default=[])
    ap.add_argument("--fuzzers", nargs="*", default=[])
    ap.add_argument("--python", action="store_true")
    ap.add_argument("-k", default="")
    o = ap.parse_args()
    tally = [0, 0, 0]
    for b in o.units:
        unit(b, tally)
    for b in o.fuzzers:
        fuzz(b, tally)
    if o.python:
        python(tally, o.k)
    sys.stdout.flush()
    print("%d passed, %d failed, %d skipped" % tuple(tally))
    return 1 if tally[1] or not tally[0] else 0


if __name__ == "__main__":
    sys.exit(main())
