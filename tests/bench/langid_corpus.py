#!/usr/bin/env python3
"""The texts that dedup/langid_weights.c is learnt from: one file LANG.txt a language, a text a line.

    langid_corpus.py UNPACKED OUT && langid_corpus.sh OUT     (the second runs langid_train with the weights of each language)

UNPACKED is a folder where these Debian packages were unpacked with dpkg-deb -x:

    stardict-xmlittre                French: Littré's dictionary, 1863-1877 (text in the public domain)
    libreoffice-help-*, libreoffice-l10n-*   50 languages, French among them (MPL-2.0)
    hunspell-es, hunspell-ro         words (MPL-1.1, as one of three licences)
    wamerican                        words (SCOWL, permissive)
    dict-devil, dict-jargon          English (public domain)

and langid_texts/ beside this file holds sentences written for this program, with a few lines of public-domain classics, in neighbours
that no package covers.  Only counts of letter groups over all of it, mixed together, reach the table.
"""
import collections
import glob
import gzip
import html
import os
import random
import re
import struct
import sys
import unicodedata

ISO = dict(p.split(":") for p in (
    "oc:oci br:bre ast:ast ro:ron cy:cym ga:gle eo:epo af:afr hr:hrv bs:bos lt:lit lv:lav uz:uzb kmr:kmr gd:gla nb:nob nn:nno zu:zul "
    "xh:xho st:sot tn:tsn ss:ssw nso:nso ts:tso rw:kin om:orm is:isl fr:fra es:spa it:ita ca:cat pt:por pt_BR:por pt-BR:por gl:glg de:deu "
    "nl:nld en_GB:eng en-US:eng eu:eus sv:swe da:dan fi:fin hu:hun cs:ces sk:slk pl:pol sl:slv et:est tr:tur id:ind vi:vie szl:szl "
    "ve:ven nr:nbl ca-valencia:cat").split())
NOT_FRENCH = re.compile(r"\b(lat|provenç|ital|espagn|wallon|Wallon|Berry|anc|angl|allem|picard|génev|portug|catal)\b")
CAP, CAP_FRENCH = 4_000_000, 30_000_000


def tidy(text):
    text = html.unescape(re.sub(r"<[^>]*>", " ", text))
    text = re.sub(r"[%$]\S*|\{[^}]*\}|\S*[\d/\\@=|:]\S*", " ", re.sub(r"[~_]", "", text))
    return unicodedata.normalize("NFC", re.sub(r"\s+", " ", text)).strip()


def catalogue(path):
    """(source, translation) pairs of a gettext .mo file."""
    data = open(path, "rb").read()
    count, sources, translations = struct.unpack("<3I", data[8:20])
    for i in range(count):
        size, at = struct.unpack_from("<2I", data, sources + 8 * i)
        size2, at2 = struct.unpack_from("<2I", data, translations + 8 * i)
        if size:
            source = data[at:at + size].decode("utf8", "replace").split("\x04")[-1].split("\0")[0]
            for text in data[at2:at2 + size2].decode("utf8", "replace").split("\0"):
                yield tidy(source), tidy(text)


def groups(words, size):
    random.Random(1).shuffle(words)
    for i in range(0, min(len(words), 30000), size):
        yield " ".join(words[i:i + size])


def words_of(root):
    """(language, words) of the plain and the hunspell word lists."""
    for lang, path in (("spa", "hunspell/es_ES.dic"), ("ron", "hunspell/ro_RO.dic"), ("eng", "dict/american-english")):
        data = open(root + "/usr/share/" + path, "rb").read()
        words = [re.split("[/\t]", l)[0].strip() for l in data.decode("utf8", "replace").split("\n")[1:]]
        yield lang, [w for w in words if len(w) > 3 and w.isalpha() and w.islower()]


def collect(root):
    texts, english = collections.defaultdict(list), set()
    for path in sorted(glob.glob(root + "/usr/lib/libreoffice/program/resource/*/LC_MESSAGES/*.mo")):
        lang = ISO.get(path.split("/")[-3])
        for source, text in catalogue(path) if lang else ():
            english.add(source)
            if len(text) > 3 and text != source:
                texts[lang].append(text)
    texts["eng"] += [s for s in english if len(s) > 3]
    for folder in sorted(glob.glob(root + "/usr/share/libreoffice/help/*/text")):
        lang = ISO.get(folder.split("/")[-2])
        for path in sorted(glob.glob(folder + "/**/*.html", recursive=True)) if lang else ():
            for m in re.finditer(r"<(p|h\d)\b([^>]*)>(.*?)</\1>", open(path, encoding="utf8").read(), re.S):
                if "code" in m[2] or "bug" in m[2] or "DEBUG" in m[3] or "See also" in m[3]:
                    continue
                text = tidy(re.sub(r'<span class="(literal|code|input|menuitem|keycode)[^>]*>.*?</span>', " ", m[3]))
                if len(text) > 15 and (lang == "eng" or text not in english):
                    texts[lang].append(text)
    for lang, words in words_of(root):
        texts[lang] += groups(words, 4)
    for name in ("devil", "jargon"):
        book = gzip.open("%s/usr/share/dictd/%s.dict.dz" % (root, name)).read().decode("utf8", "replace")
        texts["eng"] += [tidy(t) for t in re.split(r"\n\s*\n|\. ", book)]
    littre = gzip.open(root + "/usr/share/stardict/dic/XMLittre.dict.dz").read().decode("utf8", "replace")
    for line in html.unescape(re.sub(r"<[^>]*>", "\n", littre)).split("\n"):
        text = tidy(line)
        if len(text) > 25 and not NOT_FRENCH.search(text):
            texts["fra"].append(text)
    for path in sorted(glob.glob(os.path.dirname(os.path.abspath(__file__)) + "/langid_texts/*.txt")):
        texts[os.path.basename(path)[:3]] += [tidy(l) for l in open(path, encoding="utf8") if l.strip()]
    return texts


def main():
    root, out = sys.argv[1:3]
    os.makedirs(out, exist_ok=True)
    for lang, texts in sorted(collect(root).items()):
        texts, size = sorted(set(texts)), 0
        random.Random(2).shuffle(texts)
        with open("%s/%s.txt" % (out, lang), "w", encoding="utf8") as stream:
            for text in texts:
                if sum(c.isalpha() for c in text) < 0.7 * len(text):
                    continue
                stream.write(text + "\n")
                size += len(text)
                if size > (CAP_FRENCH if lang == "fra" else CAP):
                    break


main()
