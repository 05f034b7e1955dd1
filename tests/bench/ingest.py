#!/usr/bin/env python3
"""Each way in, in MB/s of unpacked bytes a second of processor time, beside the bare decompressor and parser on the same file.

ingest.py [MB of each sample]      VILLERS names the program; samples are made here, of made-up French.
"""
import bz2
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "integration")]
import ingest_under_test as make  # noqa: E402
import test_ingest_dumps as dumps  # noqa: E402

VILLERS = os.environ.get("VILLERS", str(ROOT / "build" / "villers"))
SIZE = int(sys.argv[1]) << 20 if len(sys.argv) > 1 else 24 << 20


def fill(one, size):
    """Numbered pieces until they hold SIZE bytes."""
    out, total, n = [], 0, 0
    while total < size:
        out.append(one(n))
        total += len(out[-1])
        n += 1
    return out


def samples(folder):
    sheets = fill(lambda n: make.sheet(n).encode(), SIZE)
    yield "service-public tar.zst", "fiches", make_tar(folder / "a.tar.zst", [("particuliers/F%d.xml" % i, s) for i, s in enumerate(sheets)]), sum(map(len, sheets)), ("tar", "xml")
    articles = fill(lambda n: make.article("LEGIARTI%012d" % n, "L%d" % n, "</p><p>".join(make.paragraph(n + k) for k in range(4))).encode(), SIZE)
    yield "dila tar.gz", "fiches", make_tar(folder / "b.tar.gz", [("LEGIARTI%012d.xml" % i, s) for i, s in enumerate(articles)]), sum(map(len, articles)), ("tar", "xml")
    lines = fill(lambda n: json.dumps({"id": str(n), "text": "\n".join(make.paragraph(n + k) for k in range(3))}, ensure_ascii=False).encode() + b"\n", SIZE)
    path = folder / "c.jsonl.zst"
    subprocess.run(["zstd", "-qf", "-o", path], input=b"".join(lines), check=True)
    yield "jsonl.zst", "fiches", path, sum(map(len, lines)), ("zstd -dcq", "json")
    path = folder / "d.warc.gz"
    pages = fill(lambda n: dumps.record("response", "http://a.exemple.example/%d" % n, dumps.answer(dumps.page(n))), SIZE)
    path.write_bytes(b"".join(gzip.compress(p) for p in pages))
    (folder / "html").mkdir()
    for n in range(len(pages)):
        (folder / "html" / str(n)).write_bytes(dumps.page(n))
    yield "warc.gz", "toile", path, sum(map(len, pages)), ("gzip -dc", "html")
    texts = fill(lambda n: dumps.record("conversion", "http://a.exemple.example/%d" % n, ("\n".join(make.paragraph(n + k) for k in range(5))).encode(), content="text/plain"), SIZE)
    path = folder / "e.wet.gz"
    path.write_bytes(b"".join(gzip.compress(p) for p in texts))
    yield "wet.gz", "fiches", path, sum(map(len, texts)), ("gzip -dc", "none")
    wiki = fill(lambda n: ("<page><title>T%d</title><ns>0</ns><id>%d</id><revision><id>1</id><timestamp>2024-01-01T00:00:00Z</timestamp><text>'''T''' [[lien|mot]] {{date|1|mai|2020}}&lt;ref&gt;{{Ouvrage|titre=X}}&lt;/ref&gt; %s\n"
                           "== Suite ==\n* %s\n</text></revision></page>\n" % (n, n, make.paragraph(n), "\n* ".join(make.paragraph(n + k) for k in range(4)))).encode(), SIZE)
    data = b"<mediawiki><siteinfo><base>https://fr.wikipedia.org/wiki/A</base></siteinfo>\n" + b"".join(wiki) + b"</mediawiki>"
    path = folder / "f.xml.bz2"
    path.write_bytes(bz2.compress(data))
    yield "wikimedia xml.bz2", "fiches", path, len(data), ("bzip2 -dc", "xmlstream")
    path = folder / "g.xml.zst"
    subprocess.run(["zstd", "-qf", "-o", path], input=data, check=True)
    yield "wikimedia xml.zst", "fiches", path, len(data), ("zstd -dcq", "xmlstream")


def make_tar(path, members):
    plain = path.with_suffix("")
    make.tar(plain, members, kind="")
    tool = ["zstd", "-qf"] if path.suffix == ".zst" else ["gzip", "-f"]
    subprocess.run([*tool, plain], check=True)
    return path


def cpu(args, out=subprocess.DEVNULL):
    """Processor seconds of a command, and its peak memory in MB."""
    p = subprocess.Popen(args, stdout=out, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode not in (0, 1):
        raise SystemExit("%s: exit %d" % (" ".join(map(str, args))[:200], p.returncode))
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def each(command, files):
    files = sorted(map(str, files))
    return sum(cpu([*command, *files[i:i + 2000]])[0] for i in range(0, len(files), 2000))


def bare(path, how, folder):
    """Unpack with the tool of the trade, then parse: libxml2's xmllint for XML and pages, Python's json for lines; a WET is only unpacked."""
    unpack, parser = how
    if unpack == "tar":
        out = folder / "bare"
        out.mkdir(exist_ok=True)
        took = cpu(["tar", "-xf", path, "-C", out, "--transform", "s#.*/##"])[0] + each(["xmllint", "--noout"], out.iterdir())
        subprocess.run(["rm", "-rf", out], check=True)
        return took
    plain = folder / "bare"
    with open(plain, "wb") as f:
        took = cpu([*unpack.split(), path], f)[0]
    if parser == "xmlstream":
        took += cpu(["xmllint", "--stream", "--noout", "--huge", plain])[0]
    elif parser == "html":
        took += each(["xmllint", "--html", "--noout"], (folder / "html").iterdir())
    elif parser == "json":
        took += cpu([sys.executable, "-c", "import json,sys\nfor l in open(sys.argv[1], 'rb'): json.loads(l)", plain])[0]
    plain.unlink()
    return took


def main():
    with tempfile.TemporaryDirectory(prefix="villers-bench-") as tmp:
        folder = pathlib.Path(tmp)
        hub = folder / "hub"
        subprocess.run([VILLERS, "init", hub], check=True, stdout=subprocess.DEVNULL)
        make.source(hub, "toile", license="LicenseRef-per-page")
        print("%-24s %8s %12s %12s %7s %9s" % ("way in", "MB", "MB/s core", "bare", "ratio", "peak MB"))
        for i, (name, source, path, size, how) in enumerate(samples(folder)):
            if source == "fiches":
                source = "f%d" % i
                make.source(hub, source)
            took, peak = cpu([VILLERS, "ingest", "--hub", hub, "--quiet", source, path])
            alone = bare(path, how, folder)
            print("%-24s %8.1f %12.1f %12.1f %7.2f %9.0f" % (name, size / 1e6, size / 1e6 / took, size / 1e6 / alone, alone / took, peak), flush=True)


if __name__ == "__main__":
    main()
