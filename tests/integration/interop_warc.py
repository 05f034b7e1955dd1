#!/usr/bin/env python3
# pip: warcio fastwarc
"""The WARC files of a crawl, read by the field's own tools: warcio and fastwarc (PyPI), zstd and gzip.

`make interop` runs this in its own virtual environment, .venv-interop.  It crawls a small site twice, as .warc.gz and .warc.zst, and
once more over a kill -9, and checks each file: digests verified by both readers, the same records seen by both, one record a
member or frame.
"""
import collections
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parent.parent)]
import site_under_test as site  # noqa: E402
from support import VILLERS, run  # noqa: E402

from fastwarc.warc import ArchiveIterator, WarcRecordType  # noqa: E402
from warcio.archiveiterator import ArchiveIterator as WarcioIterator  # noqa: E402


def checked(args, **kw):
    p = subprocess.run(args, capture_output=True, text=True, **kw)
    if p.returncode:
        sys.exit("%s: exit %d\n%s%s" % (" ".join(map(str, args)), p.returncode, p.stdout[-3000:], p.stderr[-3000:]))
    return p.stdout


def hub(folder, origin, form, kill=False):
    where = folder / ("hub-" + form + ("-killed" if kill else ""))
    if run(["init", where]).returncode:
        sys.exit("init failed")
    settings = where / "hub.yaml"
    settings.write_text(settings.read_text() + "\nwarc: %s\n" % form if "\nwarc:" not in settings.read_text() else
                        "\n".join("warc: " + form if line.startswith("warc:") else line for line in settings.read_text().splitlines()) + "\n")
    site.sources(where, delay_ms=10)
    args = [VILLERS, "crawl", "--hub", where, "tout", *origin.connect()]
    if kill:
        p = subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1)
        p.send_signal(signal.SIGKILL)
        p.wait()
    checked(args)
    return sorted((where / "warc").iterdir())


def by_fastwarc(path):
    seen = collections.Counter()
    with open(path, "rb") as f:
        for record in ArchiveIterator(f, parse_http=False):
            # fastwarc 0.16 knows SHA-1 alone; a digest of another kind is verified by warcio below.
            seen[(record.headers.get("WARC-Type"), record.headers.get("WARC-Record-ID"), len(record.reader.read()))] += 1
    return seen


def by_warcio(stream):
    seen = collections.Counter()
    for record in WarcioIterator(stream, no_record_parse=True):
        body = record.raw_stream.read()
        seen[(record.rec_type, record.rec_headers.get_header("WARC-Record-ID"), len(body))] += 1
    return seen


def digests(path):
    """warcio verifies block and payload digests."""
    said = checked(["warcio", "check", "-v", path])
    if said.count("digest pass") < 2 or "fail" in said:
        sys.exit("warcio check -v %s:\n%s" % (path, said[-2000:]))
    print("warcio check: %d records with digests that hold" % said.count("digest pass"))


def look(path):
    form = path.name.rsplit(".", 1)[1]
    if form == "gz":
        digests(path)
        checked(["gzip", "-t", path])
        with open(path, "rb") as f:
            one = by_warcio(f)
        index = checked(["warcio", "index", "-f", "offset,warc-type", path]).splitlines()
        if len(index) != sum(one.values()):
            sys.exit("%s: %d members for %d records" % (path, len(index), sum(one.values())))
    else:
        checked(["zstd", "-tq", path])
        frames = int(checked(["zstd", "-lv", path]).split("# Zstandard Frames: ")[1].split()[0])
        plain = path.with_suffix("")
        checked(["zstd", "-dqf", path, "-o", plain])
        digests(plain)
        with open(plain, "rb") as f:
            one = by_warcio(f)
        plain.unlink()
        if frames != sum(one.values()):
            sys.exit("%s: %d frames for %d records" % (path, frames, sum(one.values())))
    two = by_fastwarc(path)
    if one != two:
        sys.exit("%s: warcio and fastwarc differ: %s" % (path, list(((one - two) + (two - one)).items())[:5]))
    kinds = collections.Counter()
    for (kind, _, _), n in one.items():
        kinds[kind] += n
    print("%s: %d records, %s" % (path.name, sum(one.values()), ", ".join("%d %s" % (n, k) for k, n in sorted(kinds.items()))))
    return kinds


def main():
    with tempfile.TemporaryDirectory(prefix="villers-interop-") as folder:
        folder = pathlib.Path(folder)
        site.build(folder / "sites", 40)
        origin = site.Origin(folder / "sites", folder)
        try:
            for form, kill in (("gz", False), ("zst", False), ("zst", True)):
                total = collections.Counter()
                for path in hub(folder, origin, form, kill):
                    if path.suffix == ".open":
                        sys.exit("%s: left open" % path)
                    total += look(path)
                if total["response"] < 120 or total["request"] != total["response"]:
                    sys.exit("%s: too few records: %s" % (form, total))
        finally:
            origin.stop()
    print("interop_warc: ok")


if __name__ == "__main__":
    main()
