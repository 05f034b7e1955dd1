#!/usr/bin/env python3
"""Pages a second and CPU seconds a page of `villers crawl` with everything on, beside a bare libcurl-multi download (alone, and with libxml2's
parse of the same bytes), wget2 at its best number of threads, and Scrapy: one farm of named hosts, nginx as origin, one run.

    tests/bench/crawl/bench.py [--pages N] [--hosts N] [--only villers,bare,wget2,scrapy] [--work DIR] [--keep]

Runs in network and mount name spaces of its own (root, or user name spaces): names resolve there and nothing else is reached.
CPU is user + system time of the crawler alone, without nginx.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import farm  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD") or ROOT / "build").resolve()
VILLERS = os.environ.get("VILLERS") or str(BUILD / "villers")
BARE = os.environ.get("CRAWL_BARE") or str(BUILD / "bin-gcc" / "bench" / "crawl_bare")
WGET2_WHOLE = 20000  # pages up to which wget2 runs to its end with each number of threads
WGET2_PROBE_S = 20
NGINX = """
daemon off; master_process on; worker_processes 2; worker_rlimit_nofile 16384; pid %(run)s/nginx.pid; error_log %(run)s/error.log;
events { worker_connections 8192; }
http {
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; keepalive_timeout 600s; open_file_cache max=8000 inactive=60s;
    types { text/html html; text/xml xml; text/plain txt; } default_type application/octet-stream; charset utf-8;
    server { listen 80 default_server reuseport; root %(www)s/$host; }
}
"""


def measured(args, timeout, **kw):
    """(wall seconds, CPU seconds, peak RSS in MB, stdout)"""
    with tempfile.TemporaryFile() as out:
        began = time.monotonic()
        child = subprocess.Popen([str(a) for a in args], stdout=out, **kw)
        deadline = began + timeout
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > deadline:
                child.send_signal(signal.SIGKILL)
            time.sleep(0.01)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - began
        out.seek(0)
        return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, out.read().decode("utf-8", "replace"), child.returncode


def cold(work, name):
    path = work / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def run_villers(work, names, extra):
    hub = cold(work, "hub")
    subprocess.run([VILLERS, "init", "--quiet", str(hub)], check=True, stdout=subprocess.DEVNULL)
    seeds = "".join("  - http://%s/\n" % n for n in names)
    (hub / "sources" / "banc.yaml").write_text("id: banc\nname: Banc\naccess: crawl\nscope: host\nlicense: etalab-2.0\nlicense_evidence: http://%s/\n"
                                               "license_date: \"2026-01-01\"\nattribution: banc\nseeds:\n%s" % (names[0], seeds))
    (hub / "campaigns" / "banc.yaml").write_text("purpose: banc\ncontact: mailto:banc@example.org\nsources: [banc]\nmax_hosts_at_once: 256\n")
    wall, cpu, rss, out, code = measured([VILLERS, "crawl", "--json", "--quiet", "--hub", hub, "--allow-private", "--delay-ms", "1", "banc", *extra], 3600)
    if code:
        sys.exit("villers crawl: exit %d\n%s" % (code, out))
    report = json.loads(out)
    return wall, cpu, rss, report["pages"], report


def run_bare(work, urls, parse):
    with open(urls) as stdin:
        wall, cpu, rss, out, code = measured([BARE, "64", *(["--parse"] if parse else [])], 3600, stdin=stdin)
    pages, failed, size = map(int, out.split())
    if code or failed:
        sys.exit("crawl_bare: %d failed" % failed)
    return wall, cpu, rss, pages, size


def run_wget2(work, seeds, threads, seconds=3600):
    out = cold(work, "wget2")
    args = ["wget2", "-q", "-r", "-l", "inf", "-H", "-D", farm.DOMAIN, "-i", seeds, "-P", out, "--max-threads=%d" % threads, "--follow-tags=a/href", "-t", "1",
            "--no-compression"]
    wall, cpu, rss, _, _ = measured(args, seconds)
    pages = sum(len(files) for _, _, files in os.walk(out))
    shutil.rmtree(out)
    return wall, cpu, rss, pages, 0


def best_wget2(args, seeds):
    """Whole, with each number of threads; on a large farm the number is found on its first pages."""
    counts = [int(t) for t in args.threads.split(",")]
    if args.pages > WGET2_WHOLE and len(counts) > 1:
        rates = [(run[3] / run[0], t) for t in counts for run in [run_wget2(args.work, seeds, t, WGET2_PROBE_S)]]
        counts = [max(rates)[1]]
    return max((run_wget2(args.work, seeds, t) + (t,) for t in counts), key=lambda r: r[3] / r[0])


def install_scrapy():
    """Outside the farm's namespace, which has no way to the package index."""
    python = ROOT / ".venv-bench-crawl"
    if not (python / "bin" / "scrapy").exists():
        subprocess.run([sys.executable, "-m", "venv", python], check=True)
        subprocess.run([python / "bin" / "pip", "-q", "install", "scrapy"], check=True)


def run_scrapy(work, seeds, pages):
    python = ROOT / ".venv-bench-crawl"
    items = work / "items.jl"
    wall, cpu, rss, _, code = measured([python / "bin" / "scrapy", "runspider", "-L", "WARNING", pathlib.Path(__file__).with_name("spider.py"), "-a", "seeds=%s" % seeds, "-a",
                                        "pages=%d" % pages, "-O", items], 3600)
    if code:
        sys.exit("scrapy: exit %d" % code)
    return wall, cpu, rss, sum(1 for _ in open(items)), 0


def line(name, wall, cpu, rss, pages, note=""):
    print("%-28s %8.0f pages/s  %8.1f µs CPU/page  %6.0f MB peak  %8d pages in %6.1f s  %s" %
          (name, pages / wall, 1e6 * cpu / pages, rss, pages, wall, note), flush=True)


def in_namespace(args):
    """Once more, where port 80 is free and the farm's names lead to this machine."""
    if "scrapy" in args.only.split(","):
        install_scrapy()
    hosts = args.work / "hosts"
    hosts.write_text("127.0.0.1 localhost\n" +
                     "".join("127.1.%d.%d site%04d.%s\n" % (i // 250, i % 250 + 1, i, farm.DOMAIN) for i in range(args.hosts)))  # an address each
    os.environ["VILLERS_BENCH_INSIDE"] = "1"
    script = "ip link set lo up && mount --bind %s /etc/hosts && exec \"$@\"" % hosts
    command = ["unshare", *(["-r"] if os.getuid() else []), "-m", "-n", "sh", "-c", script, "sh", sys.executable, __file__, *sys.argv[1:]]
    os.execvp(command[0], command)


def compare(args, names, urls, seeds):
    only = args.only.split(",")
    bare = parsed = None
    if "bare" in only:
        line("bare libcurl-multi", *run_bare(args.work, urls, False)[:4])
        parsed = run_bare(args.work, urls, True)
        line("bare + libxml2 parse", *parsed[:4])
    ours = run_villers(args.work, names, args.villers.split()) if "villers" in only else None
    if ours:
        line("villers crawl", *ours[:4], "%d requests, %d documents" % (ours[4]["requests"], ours[4]["documents"]))
        if parsed:
            print("  CPU a page, villers / (bare + parse): %.2f   (aim: at most 1.5)" % (ours[1] / ours[3] / (parsed[1] / parsed[3])), flush=True)
    if "wget2" in only:
        best = best_wget2(args, seeds)
        line("wget2, %d threads" % best[5], *best[:4])
        if ours:
            print("  pages/s, villers / wget2: %.2f   (aim: at least 1)" % (ours[3] / ours[0] / (best[3] / best[0])), flush=True)
    if "scrapy" in only:
        scrapy = run_scrapy(args.work, seeds, args.scrapy_pages)
        line("scrapy", *scrapy[:4])
        if ours:
            print("  pages/s, villers / scrapy: %.1f   (aim: at least 20)" % (ours[3] / ours[0] / (scrapy[3] / scrapy[0])), flush=True)
    if ours and not args.keep:
        shutil.rmtree(args.work / "hub")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=200000)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--only", default="bare,villers,wget2,scrapy")
    parser.add_argument("--threads", default="1,2,4,8,16", help="of wget2, each tried")
    parser.add_argument("--scrapy-pages", type=int, default=20000,
                        help="Scrapy is measured on that many: on few, its first pages' links cost more than its steady pace")
    parser.add_argument("--villers", default="", help="more options for villers crawl")
    parser.add_argument("--work", type=pathlib.Path, default=BUILD / "bench-crawl")
    parser.add_argument("--keep", action="store_true", help="keep the hub")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    names, pages, size = farm.build(args.work, args.pages, args.hosts)
    if "VILLERS_BENCH_INSIDE" not in os.environ:
        in_namespace(args)
    www = args.work / "www"
    print("farm: %d pages, %.0f MB, %d hosts" % (pages, size / 1e6, len(names)), flush=True)
    lists = [[l[5:l.index("</loc>")] for l in (www / n / "sitemap.xml").read_text().split("\n") if l.startswith("<url>")] for n in names]
    urls, seeds = args.work / "urls", args.work / "seeds"
    # as a crawler would: hosts in turn
    turns = (u for i in range(max(map(len, lists))) for u in (l[i] for l in lists if i < len(l)))
    urls.write_text("\n".join(u.replace("<loc>", "") for u in turns) + "\n")
    seeds.write_text("".join("http://%s/\n" % n for n in names))
    run = cold(args.work, "run")
    (run / "nginx.conf").write_text(NGINX % {"run": run, "www": www})
    server = subprocess.Popen(["nginx", "-p", str(run), "-c", str(run / "nginx.conf")])
    try:
        while not (run / "nginx.pid").exists():
            time.sleep(0.05)
        compare(args, names, urls, seeds)
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
