"""A farm of named hosts that serve real pages: documentation that Debian packages ship, and the articles of Littré's dictionary.

build(root, pages, hosts) writes root/www/HOST/…, each host with robots.txt, sitemap.xml and an index of its pages; a link from page to
page leads to the host where that page now lives.  Packages are fetched with apt-get, from the Debian mirror that the machine uses.
"""
import gzip
import html
import pathlib
import posixpath
import re
import shutil
import struct
import subprocess

DOMAIN = "banc.test"
LITTRE = "stardict-xmlittre"
MANUALS = ["libreoffice-help-fr", "debian-handbook", "lilypond-doc-html-fr", "installation-guide-amd64", "lilypond-doc-html", "openjdk-17-doc",
           "cppreference-doc-en-html", "qtbase5-doc-html", "erlang-doc", "libboost1.74-doc"]
HELP = ["libreoffice-help-" + code for code in
        "ca de es it pt pt-br gl eu en-gb en-us nl da sv nb fi et pl cs sk sl hu bg ru el tr vi id hi ja ko zh-cn zh-tw km dz om".split()]
PLAIN = re.compile(r"[A-Za-z0-9_./-]+\Z")
HREF = re.compile(rb"""(<(?:a|link|area)\b[^>]*?\bhref=)(["'])([^"'<>]{0,500})\2""", re.I)


def fetch(folder, package):
    found = sorted(folder.glob(package + "_*.deb"))
    if not found and subprocess.run(["apt-get", "-qq", "download", package], cwd=folder, stderr=subprocess.DEVNULL).returncode == 0:
        found = sorted(folder.glob(package + "_*.deb"))
    return found[0] if found else None


def unpack(folder, package):
    target = folder / package
    deb = None if target.exists() else fetch(folder, package)
    if deb:
        subprocess.run(["dpkg-deb", "-x", deb, target], check=True)
    return target if target.exists() else None


def littre(folder):
    """(path, bytes) of each article, dressed as a page."""
    root, pages = unpack(folder, LITTRE), []
    if not root:
        return pages
    index = (root / "usr/share/stardict/dic/XMLittre.idx").read_bytes()
    text = gzip.decompress((root / "usr/share/stardict/dic/XMLittre.dict.dz").read_bytes())
    at, seen = 0, set()
    while at < len(index):
        end = index.index(b"\0", at)
        word = index[at:end].decode("utf-8", "replace")
        offset, size = struct.unpack(">II", index[end + 1:end + 9])
        at = end + 9
        if offset in seen:
            continue
        seen.add(offset)
        body = text[offset:offset + size].decode("utf-8", "replace").replace("\n\n", "</p>\n<p>")
        page = ('<!DOCTYPE html>\n<html lang="fr"><head><meta charset="utf-8"><title>%s</title></head>\n<body><nav><a href="@index">Index</a></nav>'
                "<main><h1>%s</h1>\n<p>%s</p></main></body></html>\n" % (html.escape(word), html.escape(word), body))
        pages.append(("littre/%d.html" % offset, page.encode()))
    return pages


def manual(folder, package):
    """(path, file) of each page of a package."""
    root, pages = unpack(folder, package), []
    for file in sorted(root.rglob("*.html")) if root else ():
        path = "%s/%s" % (package, file.relative_to(root).as_posix().replace("usr/share/", "").replace("+", "_"))
        if PLAIN.match(path) and file.is_file() and not file.is_symlink() and 200 < file.stat().st_size < 2_000_000:
            pages.append((path, file))
    return pages


def relink(path, data, host, where):
    """Links between the pages lead to their hosts; the others, to files that are not here, lead nowhere."""
    def one(m):
        target = m.group(3).decode("latin-1")
        if target == "@index":
            target = "/"
        elif target.startswith(("http:", "https:", "#", "mailto:", "javascript:")):
            return m.group(0)
        else:
            to = posixpath.normpath(posixpath.join(posixpath.dirname(path), target.split("#")[0].split("?")[0]))
            target = "http://%s/%s" % (where[to], to) if to in where else "#"
        return m.group(1) + m.group(2) + target.encode() + m.group(2)
    return HREF.sub(one, data)


def write_host(root, host, paths):
    folder = root / "www" / host
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "robots.txt").write_text("User-agent: *\nDisallow: /prive/\nDisallow: /*.tmp$\nAllow: /\n\nUser-agent: BadBot\nDisallow: /\n\n"
                                       "Sitemap: http://%s/sitemap.xml\n" % host)
    (folder / "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n' +
        "".join("<url><loc>http://%s/%s</loc></url>\n" % (host, p) for p in paths) + "</urlset>\n")
    (folder / "index.html").write_text('<!DOCTYPE html><html lang="fr"><head><title>%s</title></head><body><ul>\n' % host +
                                       "".join('<li><a href="/%s">%s</a></li>\n' % (p, p) for p in paths) + "</ul></body></html>\n")


def build(root, pages, hosts):
    """Write the farm unless it is there.  Returns (host names, pages, bytes of pages)."""
    stamp = root / "stamp"
    want = "%d %d" % (pages, hosts)
    if not stamp.exists() or stamp.read_text().split("\n")[0] != want:
        shutil.rmtree(root / "www", ignore_errors=True)
        packages = root / "packages"
        packages.mkdir(parents=True, exist_ok=True)
        every = littre(packages) + [x for p in MANUALS + HELP for x in manual(packages, p)]
        step = max(1.0, len(every) / pages)
        mixed = [every[int(i * step)] for i in range(min(pages, len(every)))]  # fewer pages: of all kinds still
        names = ["site%04d.%s" % (i, DOMAIN) for i in range(hosts)]
        where, of = {}, {name: [] for name in names}
        run = 20  # neighbours stay together
        for i, (path, _) in enumerate(mixed[:pages]):
            name = names[i // run % hosts]
            where[path] = name
            of[name].append(path)
        total = 0
        for path, data in mixed[:pages]:
            file = root / "www" / where[path] / path
            file.parent.mkdir(parents=True, exist_ok=True)
            data = relink(path, data if isinstance(data, bytes) else data.read_bytes(), where[path], where)
            total += len(data)
            file.write_bytes(data)
        for name in names:
            write_host(root, name, of[name])
        stamp.write_text("%s\n%d %d\n" % (want, len(where), total))
    count, total = map(int, stamp.read_text().split("\n")[1].split())
    return sorted(p.name for p in pathlib.Path(root / "www").iterdir()), count, total
