"""What the tests of `villers ingest` share: French sheets, archives made of them, a hub with sources for each format."""
import io
import json
import random
import subprocess
import tarfile
import time

NOUNS = ("maire,commune,école,rivière,forêt,marché,jardin,moulin,pont,château,village,habitant,voisin,potager,sentier,clocher,boulanger,facteur,musée,théâtre,"
         "champ,verger,troupeau,berger,vigne,récolte,hiver,printemps,orage,lumière,fenêtre,escalier,atelier,outil,menuisier,couturière,dentelle,tissu,encre,lettre,"
         "voyage,gare,train,horloge,quai,bateau,marin,phare,tempête,plage").split(",")
VERBS = "regarde,traverse,répare,construit,raconte,décrit,visite,prépare,cherche,retrouve,observe,mesure,dessine,partage,protège,oublie".split(",")
ADJECTIVES = "ancien,nouveau,calme,vaste,étroit,bruyant,fragile,solide,discret,célèbre,humide,clair,sombre,lointain,proche,rare".split(",")


def paragraph(n):
    """Some French sentences, different for each number."""
    r = random.Random(n)
    noun = lambda: r.choice(NOUNS)  # noqa: E731
    return " ".join("Dans %s %s, %s %s %s qui %s %s, et personne ne sait pourquoi %s de la %s." % (
        r.choice(["ce", "notre", "leur"]), noun(), r.choice(["un", "chaque", "ce"]), noun(), r.choice(VERBS), r.choice(VERBS), "le " + noun(),
        r.choice(["il", "elle", "on"]) + " " + r.choice(VERBS) + " un " + noun() + " " + r.choice(ADJECTIVES), noun()) for _ in range(5))


def sheet(number, extra=""):
    """A sheet in the manner of service-public.fr."""
    return """<?xml version="1.0" encoding="UTF-8"?>
<Publication xmlns:dc="http://purl.org/dc/elements/1.1/" ID="F%d" type="Fiche" spUrl="https://www.service-public.fr/particuliers/vosdroits/F%d">
<dc:title>Fiche %d</dc:title><dc:creator>Direction</dc:creator><dc:date>modified 2020-06-%02d</dc:date>
<FilDAriane><Niveau>Accueil à ne pas prendre</Niveau></FilDAriane>
<Introduction><Texte><Paragraphe>%s %s</Paragraphe></Texte></Introduction>
<ListeSituations><Situation><Titre>Cas général</Titre><Texte><Chapitre><Titre><Paragraphe>De quoi s'agit-il ?</Paragraphe></Titre>
<Paragraphe>%s</Paragraphe><Tableau><Rang><Cellule>Ville</Cellule><Cellule>Prix</Cellule></Rang></Tableau></Chapitre></Texte></Situation></ListeSituations>
<OuSAdresser><Titre>Mairie à ne pas prendre</Titre></OuSAdresser></Publication>""" % (number, number, number, number % 28 + 1, paragraph(number), extra, paragraph(number + 500))


def article(ident, num, text, begin="2008-05-01", end="2999-01-01", state="VIGUEUR"):
    """An article in the manner of LEGI."""
    return """<?xml version="1.0" encoding="UTF-8"?>
<ARTICLE><META><META_COMMUN><ID>%s</ID><NATURE>Article</NATURE></META_COMMUN><META_SPEC><META_ARTICLE><NUM>%s</NUM><ETAT>%s</ETAT>
<DATE_DEBUT>%s</DATE_DEBUT><DATE_FIN>%s</DATE_FIN></META_ARTICLE></META_SPEC></META>
<CONTEXTE><TEXTE cid="LEGITEXT1"><TITRE_TXT c_titre_court="Code des essais" id_txt="LEGITEXT1">Code des essais</TITRE_TXT>
<TM><TITRE_TM>Partie législative</TITRE_TM><TM><TITRE_TM>Titre premier</TITRE_TM></TM></TM></TEXTE></CONTEXTE>
<VERSIONS><VERSION><LIEN_ART debut="2001-01-01" num="L9">autre</LIEN_ART></VERSION></VERSIONS>
<BLOC_TEXTUEL><CONTENU><p>%s</p><br/>Second alinéa&#160;: la suite.</CONTENU></BLOC_TEXTUEL></ARTICLE>""" % (ident, num, state, begin, end, text)


def tar(path, members, mtime=None, kind="gz"):
    """An archive of (name, bytes or str or TarInfo)."""
    with tarfile.open(path, "w:" + kind) as t:
        for name, data in members:
            if isinstance(data, tarfile.TarInfo):
                t.addfile(data)
                continue
            data = data.encode() if isinstance(data, str) else data
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.mtime = mtime or int(time.time())
            t.addfile(info, io.BytesIO(data))
    return path


def source(hub, name, license="etalab-2.0", **keys):
    """Declare a dump source in the hub."""
    lines = ["id: " + name, "access: dump", "license: " + license, "license_evidence: https://www.exemple.example/licence"]
    lines += ["%s: %s" % (k, json.dumps(v) if not isinstance(v, dict) else "{%s}" % ", ".join("%s: %s" % kv for kv in v.items())) for k, v in keys.items()]
    (hub / "sources" / (name + ".yaml")).write_text("\n".join(lines) + "\n")


def raw(hub, name):
    """Every raw record of a source, in the order of writing."""
    rows = []
    for f in sorted((hub / "raw").glob(name + "-*.jsonl.zst")):
        text = subprocess.run(["zstd", "-dcq", f], capture_output=True, check=True).stdout.decode()
        rows += [json.loads(line) for line in text.splitlines()]
    return rows
