#!/usr/bin/env python3
"""Wikitext to text beside mwparserfromhell and wikitextparser (PyPI), on an article of our own: the share of words in common.

What they drop and we keep (dates, centuries, units: templates that stand for words) counts against neither; `expected` is what a reader sees.
"""
import collections
import pathlib
import re
import subprocess
import sys
import tempfile

import mwparserfromhell
import wikitextparser

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "integration")]
import ingest_under_test as make  # noqa: E402
from support import VILLERS  # noqa: E402

SOURCE = """{{Infobox Pont|nom=Pont des Essais|image=Pont.jpg|longueur={{unité|120|m}}}}
Le '''pont des Essais''' est un [[pont]] de [[Pierre (matériau)|pierre]] construit au {{s|XVIII|e}}<ref name="a">{{Ouvrage|titre=Les ponts|année=1990}}</ref>, inauguré le {{date|14|juillet|1788}}.
[[Fichier:Pont.jpg|vignette|Le pont vu de la [[rive]] droite.]]
Il franchit la [[rivière]] sur {{unité|120|mètres}}, soit « la plus longue portée de la province »<ref>Archives, liasse 12.</ref>.

== Histoire ==
=== Construction ===
L'''architecte'' choisit un calcaire {{lang|en|hard stone}} tiré des carrières voisines<!-- à vérifier -->.
* première pile en 1780 ;
* seconde pile en 1783 ;
** reprise après la crue.

=== Aujourd'hui ===
{| class="wikitable"
|+ Fréquentation
! Année !! Passages
|-
| 1990 || 12 000
|-
| style="color:red" | 2010 || [[piéton|20 000 piétons]]
|}

== Notes et références ==
{{Références}}
== Voir aussi ==
* [https://pont.exemple.example Le site du pont]
{{Portail|ponts}}
[[Catégorie:Pont]]
"""
EXPECTED = """Le pont des Essais est un pont de pierre construit au XVIIIe siècle, inauguré le 14 juillet 1788.
Il franchit la rivière sur 120 mètres, soit « la plus longue portée de la province ».
Histoire Construction L'architecte choisit un calcaire hard stone tiré des carrières voisines.
première pile en 1780 ; seconde pile en 1783 ; reprise après la crue. Aujourd'hui Fréquentation Année Passages 1990 12 000 2010 20 000 piétons
Voir aussi Le site du pont"""


def words(s):
    return collections.Counter(re.findall(r"\w+", s.lower()))


def score(name, text):
    a, b = words(text), words(EXPECTED)
    both = sum((a & b).values())
    print("%-18s precision %.3f recall %.3f" % (name, both / max(1, sum(a.values())), both / sum(b.values())))


def ours():
    page = "<mediawiki><siteinfo><base>https://fr.wikipedia.org/wiki/A</base></siteinfo><page><title>P</title><ns>0</ns><id>1</id><revision><id>1</id><text>%s</text></revision></page></mediawiki>"
    with tempfile.TemporaryDirectory() as tmp:
        hub = pathlib.Path(tmp) / "hub"
        subprocess.run([VILLERS, "init", hub], check=True, stdout=subprocess.DEVNULL)
        make.source(hub, "w")
        dump = pathlib.Path(tmp) / "w.xml"
        dump.write_text(page % SOURCE.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
        subprocess.run([VILLERS, "ingest", "--hub", hub, "w", dump], check=True, stdout=subprocess.DEVNULL)
        return make.raw(hub, "w")[0]["text"]


score("villers", ours())
score("mwparserfromhell", mwparserfromhell.parse(SOURCE).strip_code())
score("wikitextparser", wikitextparser.parse(SOURCE).plain_text())
