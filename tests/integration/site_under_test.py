"""Small francophone sites with a known truth, served by tests/demo/serve.py.

build(root, pages) writes three hosts; the truth is returned: which pages are French, which are copies, which are closed.
"""
import pathlib
import random
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

FRENCH = """La cigale, ayant chanté tout l'été, se trouva fort dépourvue quand la bise fut venue.
Maître corbeau, sur un arbre perché, tenait en son bec un fromage.
La raison du plus fort est toujours la meilleure, nous l'allons montrer tout à l'heure.
Rien ne sert de courir ; il faut partir à point : le lièvre et la tortue en sont un témoignage.
Travaillez, prenez de la peine : c'est le fonds qui manque le moins.
Il y avait en Vestphalie, dans le château de monsieur le baron, un jeune garçon à qui la nature avait donné les mœurs les plus douces.
Longtemps, je me suis couché de bonne heure, et parfois, à peine ma bougie éteinte, mes yeux se fermaient si vite.
Demain, dès l'aube, à l'heure où blanchit la campagne, je partirai, vois-tu, je sais que tu m'attends.
Nous étions à l'étude, quand le proviseur entra, suivi d'un nouveau habillé en bourgeois.
La commune organise chaque printemps une fête du livre où les écoles présentent leurs travaux.
Le conseil municipal a voté le budget de la bibliothèque et celui de l'entretien des chemins.
Les horaires d'ouverture de la mairie changent pendant les vacances d'été et le mois d'août.
Pour demander un acte de naissance, il faut écrire à la mairie du lieu de naissance et joindre une copie de sa pièce d'identité.
Le marché se tient le samedi matin sur la grande place, entre la halle et l'église.
Un sentier balisé mène du lavoir au vieux moulin, puis longe la rivière jusqu'au pont de pierre.
Les jardins ouvriers du faubourg sont attribués pour trois ans aux habitants qui en font la demande.
On raconte que le roi s'arrêta dans cette auberge et qu'il y oublia son chapeau.
La gare fut construite en pierre de taille à la fin du siècle et sert aujourd'hui de salle d'exposition.
Les abeilles du rucher communal donnent un miel de tilleul que l'on vend au profit de l'école.
Chaque famille reçoit un composteur et quelques conseils pour trier les déchets de la cuisine.
L'orchestre d'harmonie répète le jeudi soir et accueille volontiers les débutants.
Le facteur passe plus tôt depuis que la nouvelle route évite le centre du village.
Sous la neige, le plateau paraît plus vaste encore, et le silence n'est rompu que par les corneilles.
Les archives conservent les registres paroissiaux, le cadastre et de nombreuses cartes postales anciennes.
Il est interdit de stationner devant le portail de l'école aux heures d'entrée et de sortie.
Le médecin de garde peut être joint la nuit en composant le numéro affiché à la pharmacie.
Une plaque rappelle le nom des habitants qui ne revinrent pas de la guerre.
Le pain y est encore cuit au feu de bois, et la boulangère connaît chacun par son prénom.
On y apprend à tailler la vigne, à greffer les pommiers et à fabriquer des paniers d'osier.
La rivière déborde parfois en février ; les riverains surélèvent alors leurs meubles.""".split("\n")
ENGLISH = """The town council met on Tuesday to discuss the repair of the old bridge over the river.
Visitors are kindly asked to leave their umbrellas in the hall before entering the reading room.
The library keeps a small collection of maps that can be consulted on request.
Every spring the school invites families to a concert held under the lime trees.
Parking in front of the gate is not allowed while children are coming in or going out.""".split("\n")
GERMAN = """Der Gemeinderat hat gestern beschlossen, die alte Brücke im kommenden Frühjahr zu erneuern.
Die Bibliothek ist während der Sommerferien nur am Vormittag geöffnet.
Auf dem Marktplatz verkaufen die Bauern samstags Obst, Gemüse und frisches Brot.
Ein schmaler Weg führt vom Waschhaus bis zur Mühle und weiter am Fluss entlang.
Die Schule lädt alle Familien zu einem Konzert unter den Linden ein.""".split("\n")

HOSTS = ("mairie.test", "journal.test", "musee.test")
LICENSE = "etalab-2.0"


def page(title, lang, paragraphs, links):
    nav = "".join('<li><a href="%s">%s</a></li>' % (href, text) for href, text in links)
    body = "".join("<p>%s</p>\n" % p for p in paragraphs)
    return ('<!doctype html>\n<html lang="%s"><head><meta charset="utf-8"><title>%s</title></head><body><nav><ul>%s</ul></nav>'
            '<main><article><h1>%s</h1>\n%s</article></main><footer>Mentions légales</footer></body></html>' % (lang, title, nav, title, body))


def text_of(rng, pool, paragraphs=4, sentences=4):
    return [" ".join(rng.sample(pool, min(sentences, len(pool)))) for _ in range(paragraphs)]


def build(root, pages=60):
    """Write the hosts under root; returns {"french", "foreign", "copies", "closed"}: sets of URLs."""
    truth = {"french": set(), "foreign": set(), "copies": set(), "closed": set()}
    root = pathlib.Path(root)
    for number, host in enumerate(HOSTS):
        rng = random.Random(number)
        folder = root / host
        (folder / "prive").mkdir(parents=True)
        (folder / "robots.txt").write_text("User-agent: *\nDisallow: /prive/\n")
        links = [("/p%d.html" % i, "Page %d" % i) for i in range(pages)] + [("/prive/x.html", "Privé"), ("/absent.html", "Absent")]
        for i in range(pages):
            url = "http://%s/p%d.html" % (host, i)
            near = links[i + 1:i + 4] + [links[-2], links[-1]]
            if i % 10 == 3:
                lang, pool = ("en", ENGLISH) if i % 20 == 3 else ("de", GERMAN)
                truth["foreign"].add(url)
            else:
                lang, pool = "fr", FRENCH
                truth["french"].add(url)
            body = text_of(rng, pool)
            if i % 10 == 7:
                body = previous[:-1] + [previous[-1] + " Fin."]
                truth["copies"].add(url)
            previous = body
            (folder / ("p%d.html" % i)).write_text(page("Page %d de %s" % (i, host), lang, body, near), encoding="utf-8")
        (folder / "prive" / "x.html").write_text(page("Privé", "fr", text_of(rng, FRENCH), []), encoding="utf-8")
        truth["closed"].add("http://%s/prive/x.html" % host)
        (folder / "index.html").write_text(page("Accueil de " + host, "fr", ["Bienvenue sur le site."], links[::4]), encoding="utf-8")
    return truth


def sources(hub, delay_ms=2):
    """The three hosts as sources of a hub, and a campaign of all."""
    for host in HOSTS:
        name = host.split(".")[0]
        (hub / "sources" / (name + ".yaml")).write_text(
            'id: %s\nname: %s\nseeds: ["http://%s/"]\nlicense: %s\nlicense_evidence: http://%s/mentions\nlicense_date: "2026-01-01"\n'
            'attribution: "Source : %s"\ndelay_ms: %d\nquality_filters: false  # a handful of sentences makes all these pages\n' % (name, host, host, LICENSE, host, host, delay_ms))
    (hub / "campaigns" / "tout.yaml").write_text("contact: mailto:robot@essai.test\nsources: [%s]\n" % ", ".join(h.split(".")[0] for h in HOSTS))


class Origin:
    """tests/demo/serve.py in a process of its own; log() is what it was asked."""

    def __init__(self, root, work):
        self.log_path = pathlib.Path(work) / "access.log"
        port_file = pathlib.Path(work) / "port"
        self.process = subprocess.Popen([sys.executable, ROOT / "tests" / "demo" / "serve.py", root, "--port-file", port_file, "--log", self.log_path])
        for _ in range(200):
            if port_file.exists():
                break
            time.sleep(0.05)
        self.port = int(port_file.read_text())

    def connect(self):
        return ["--connect-to", "::127.0.0.1:%d" % self.port, "--allow-private"]

    def log(self):
        return [line.split() for line in self.log_path.read_text().splitlines()]

    def stop(self):
        self.process.terminate()
        self.process.wait()
