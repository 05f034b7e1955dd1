/*
 * After the lists of spaCy 3.8 (spacy/lang/fr/tokenizer_exceptions.py, MIT licence), their patterns written out.  Each table is
 * in byte order.
 */
#include "dedup/tokens_words.h"
#include <stdlib.h>

/* Whole as written.  Single letters with a point are told by rule. */
static const struct slice specials[] = {
    SLICE_LIT(":'("),         SLICE_LIT(":("),          SLICE_LIT(":)"),         SLICE_LIT(":*"),         SLICE_LIT(":-("),
    SLICE_LIT(":-)"),         SLICE_LIT(":-/"),         SLICE_LIT(":-D"),        SLICE_LIT(":-P"),        SLICE_LIT(":-p"),
    SLICE_LIT(":/"),          SLICE_LIT(":3"),          SLICE_LIT(":D"),         SLICE_LIT(":O"),         SLICE_LIT(":P"),
    SLICE_LIT(":X"),          SLICE_LIT(":o"),          SLICE_LIT(":p"),         SLICE_LIT(":x"),         SLICE_LIT(":|"),
    SLICE_LIT(";)"),          SLICE_LIT(";-)"),         SLICE_LIT("<3"),         SLICE_LIT("=)"),         SLICE_LIT("=D"),
    SLICE_LIT("Aujourd'hui"), SLICE_LIT("Aujourd’hui"), SLICE_LIT("C++"),        SLICE_LIT("Dr."),        SLICE_LIT("M."),
    SLICE_LIT("MM."),         SLICE_LIT("Mlle."),       SLICE_LIT("Mme."),       SLICE_LIT("Mr."),        SLICE_LIT("No."),
    SLICE_LIT("St."),         SLICE_LIT("Ste."),        SLICE_LIT("Vol."),       SLICE_LIT("XD"),         SLICE_LIT("^^"),
    SLICE_LIT("^_^"),         SLICE_LIT("apr."),        SLICE_LIT("après-midi"), SLICE_LIT("au-delà"),    SLICE_LIT("au-dessus"),
    SLICE_LIT("aujourd'hui"), SLICE_LIT("aujourd’hui"), SLICE_LIT("av."),        SLICE_LIT("avr."),       SLICE_LIT("celle-ci"),
    SLICE_LIT("celles-ci"),   SLICE_LIT("celui-ci"),    SLICE_LIT("cf."),        SLICE_LIT("ci-dessous"), SLICE_LIT("d°"),
    SLICE_LIT("déc."),        SLICE_LIT("elle-même"),   SLICE_LIT("en-dessous"), SLICE_LIT("etc."),       SLICE_LIT("févr."),
    SLICE_LIT("janv."),       SLICE_LIT("juill."),      SLICE_LIT("jusque-là"),  SLICE_LIT("lui-même"),   SLICE_LIT("nov."),
    SLICE_LIT("n°"),          SLICE_LIT("oct."),        SLICE_LIT("peut-être"),  SLICE_LIT("pp."),        SLICE_LIT("quelques-uns"),
    SLICE_LIT("rendez-vous"), SLICE_LIT("sept."),       SLICE_LIT("xD"),         SLICE_LIT("°C."),        SLICE_LIT("°F."),
    SLICE_LIT("°K."),         SLICE_LIT("°c."),         SLICE_LIT("°f."),        SLICE_LIT("°k."),        SLICE_LIT("ä."),
    SLICE_LIT("ö."),          SLICE_LIT("ü.")};

/* HEAD-anything is one word. */
static const struct slice heads[] = {
    SLICE_LIT("abat"),     SLICE_LIT("aero"),        SLICE_LIT("afro"),        SLICE_LIT("after"),      SLICE_LIT("agro"),
    SLICE_LIT("aigue"),    SLICE_LIT("aigues"),      SLICE_LIT("americano"),   SLICE_LIT("américano"),  SLICE_LIT("anglo"),
    SLICE_LIT("anti"),     SLICE_LIT("apres"),       SLICE_LIT("après"),       SLICE_LIT("arabo"),      SLICE_LIT("arc"),
    SLICE_LIT("archi"),    SLICE_LIT("arcs"),        SLICE_LIT("arrière"),     SLICE_LIT("arrières"),   SLICE_LIT("audio"),
    SLICE_LIT("auto"),     SLICE_LIT("avant"),       SLICE_LIT("avion"),       SLICE_LIT("aéro"),       SLICE_LIT("banc"),
    SLICE_LIT("bas"),      SLICE_LIT("basse"),       SLICE_LIT("basses"),      SLICE_LIT("bateau"),     SLICE_LIT("bateaux"),
    SLICE_LIT("be"),       SLICE_LIT("beau"),        SLICE_LIT("bec"),         SLICE_LIT("belle"),      SLICE_LIT("belles"),
    SLICE_LIT("best"),     SLICE_LIT("beta"),        SLICE_LIT("bi"),          SLICE_LIT("bien"),       SLICE_LIT("bio"),
    SLICE_LIT("blanc"),    SLICE_LIT("bois"),        SLICE_LIT("boite"),       SLICE_LIT("bon"),        SLICE_LIT("bone"),
    SLICE_LIT("bones"),    SLICE_LIT("bonn"),        SLICE_LIT("bonne"),       SLICE_LIT("bonnes"),     SLICE_LIT("bonns"),
    SLICE_LIT("bons"),     SLICE_LIT("bouc"),        SLICE_LIT("bourg"),       SLICE_LIT("boîte"),      SLICE_LIT("bêta"),
    SLICE_LIT("cache"),    SLICE_LIT("cap"),         SLICE_LIT("capello"),     SLICE_LIT("casse"),      SLICE_LIT("castel"),
    SLICE_LIT("champ"),    SLICE_LIT("chapelle"),    SLICE_LIT("chasse"),      SLICE_LIT("chat"),       SLICE_LIT("chate"),
    SLICE_LIT("chateau"),  SLICE_LIT("chateauneuf"), SLICE_LIT("chates"),      SLICE_LIT("chats"),      SLICE_LIT("chaud"),
    SLICE_LIT("chaude"),   SLICE_LIT("chaudes"),     SLICE_LIT("chauds"),      SLICE_LIT("chauffe"),    SLICE_LIT("chou"),
    SLICE_LIT("chromo"),   SLICE_LIT("château"),     SLICE_LIT("châteauneuf"), SLICE_LIT("clair"),      SLICE_LIT("claire"),
    SLICE_LIT("claires"),  SLICE_LIT("clairs"),      SLICE_LIT("co"),          SLICE_LIT("coca"),       SLICE_LIT("code"),
    SLICE_LIT("compte"),   SLICE_LIT("contre"),      SLICE_LIT("cordon"),      SLICE_LIT("coup"),       SLICE_LIT("coupe"),
    SLICE_LIT("court"),    SLICE_LIT("courte"),      SLICE_LIT("courtes"),     SLICE_LIT("courts"),     SLICE_LIT("couvre"),
    SLICE_LIT("crash"),    SLICE_LIT("crise"),       SLICE_LIT("croche"),      SLICE_LIT("cross"),      SLICE_LIT("cyber"),
    SLICE_LIT("côte"),     SLICE_LIT("de"),          SLICE_LIT("demi"),        SLICE_LIT("des"),        SLICE_LIT("di"),
    SLICE_LIT("disney"),   SLICE_LIT("dix"),         SLICE_LIT("double"),      SLICE_LIT("doubles"),    SLICE_LIT("dys"),
    SLICE_LIT("dé"),       SLICE_LIT("dés"),         SLICE_LIT("e"),           SLICE_LIT("eco"),        SLICE_LIT("electro"),
    SLICE_LIT("entre"),    SLICE_LIT("equi"),        SLICE_LIT("est"),         SLICE_LIT("ethno"),      SLICE_LIT("ex"),
    SLICE_LIT("extra"),    SLICE_LIT("extrême"),     SLICE_LIT("faux"),        SLICE_LIT("fil"),        SLICE_LIT("fontaine"),
    SLICE_LIT("fort"),     SLICE_LIT("franc"),       SLICE_LIT("franco"),      SLICE_LIT("francos"),    SLICE_LIT("francs"),
    SLICE_LIT("gallo"),    SLICE_LIT("garde"),       SLICE_LIT("gardes"),      SLICE_LIT("gastro"),     SLICE_LIT("geo"),
    SLICE_LIT("grand"),    SLICE_LIT("grande"),      SLICE_LIT("gratte"),      SLICE_LIT("greco"),      SLICE_LIT("gros"),
    SLICE_LIT("gréco"),    SLICE_LIT("géo"),         SLICE_LIT("haut"),        SLICE_LIT("haute"),      SLICE_LIT("hautes"),
    SLICE_LIT("hauts"),    SLICE_LIT("home"),        SLICE_LIT("homes"),       SLICE_LIT("homme"),      SLICE_LIT("hommes"),
    SLICE_LIT("hors"),     SLICE_LIT("hyper"),       SLICE_LIT("indo"),        SLICE_LIT("infra"),      SLICE_LIT("inter"),
    SLICE_LIT("intra"),    SLICE_LIT("islamo"),      SLICE_LIT("italo"),       SLICE_LIT("jean"),       SLICE_LIT("la chapelle"),
    SLICE_LIT("labio"),    SLICE_LIT("latino"),      SLICE_LIT("le mesnil"),   SLICE_LIT("live"),       SLICE_LIT("lot"),
    SLICE_LIT("louis"),    SLICE_LIT("macro"),       SLICE_LIT("mal"),         SLICE_LIT("marie"),      SLICE_LIT("mecano"),
    SLICE_LIT("medico"),   SLICE_LIT("medo"),        SLICE_LIT("mesnil"),      SLICE_LIT("meta"),       SLICE_LIT("mi"),
    SLICE_LIT("micro"),    SLICE_LIT("mini"),        SLICE_LIT("mon"),         SLICE_LIT("mono"),       SLICE_LIT("mons"),
    SLICE_LIT("mont"),     SLICE_LIT("monts"),       SLICE_LIT("mot"),         SLICE_LIT("mots"),       SLICE_LIT("moyen"),
    SLICE_LIT("multi"),    SLICE_LIT("mécano"),      SLICE_LIT("médico"),      SLICE_LIT("médio"),      SLICE_LIT("médo"),
    SLICE_LIT("méta"),     SLICE_LIT("neo"),         SLICE_LIT("neuro"),       SLICE_LIT("neuville"),   SLICE_LIT("noix"),
    SLICE_LIT("non"),      SLICE_LIT("nord"),        SLICE_LIT("notre"),       SLICE_LIT("néo"),        SLICE_LIT("ouest"),
    SLICE_LIT("outre"),    SLICE_LIT("ouvre"),       SLICE_LIT("pare"),        SLICE_LIT("passe"),      SLICE_LIT("perce"),
    SLICE_LIT("petit"),    SLICE_LIT("petite"),      SLICE_LIT("petites"),     SLICE_LIT("petits"),     SLICE_LIT("pharmaco"),
    SLICE_LIT("photo"),    SLICE_LIT("phyto"),       SLICE_LIT("pied"),        SLICE_LIT("pieds"),      SLICE_LIT("pierre"),
    SLICE_LIT("pique"),    SLICE_LIT("plessis"),     SLICE_LIT("poisson"),     SLICE_LIT("poissons"),   SLICE_LIT("ponce"),
    SLICE_LIT("pont"),     SLICE_LIT("port"),        SLICE_LIT("porte"),       SLICE_LIT("post"),       SLICE_LIT("pousse"),
    SLICE_LIT("primo"),    SLICE_LIT("pro"),         SLICE_LIT("procès"),      SLICE_LIT("proto"),      SLICE_LIT("protège"),
    SLICE_LIT("pré"),      SLICE_LIT("prêchi"),      SLICE_LIT("pseudo"),      SLICE_LIT("puy"),        SLICE_LIT("péri"),
    SLICE_LIT("pêle"),     SLICE_LIT("quasi"),       SLICE_LIT("quatre"),      SLICE_LIT("radio"),      SLICE_LIT("re"),
    SLICE_LIT("recourt"),  SLICE_LIT("redouble"),    SLICE_LIT("redoubles"),   SLICE_LIT("requin"),     SLICE_LIT("retro"),
    SLICE_LIT("rythmo"),   SLICE_LIT("ré"),          SLICE_LIT("rétro"),       SLICE_LIT("saint"),      SLICE_LIT("sainte"),
    SLICE_LIT("saintes"),  SLICE_LIT("saints"),      SLICE_LIT("san"),         SLICE_LIT("sans"),       SLICE_LIT("semi"),
    SLICE_LIT("serre"),    SLICE_LIT("sino"),        SLICE_LIT("sint"),        SLICE_LIT("sinte"),      SLICE_LIT("sintes"),
    SLICE_LIT("sints"),    SLICE_LIT("social"),      SLICE_LIT("sociale"),     SLICE_LIT("sociales"),   SLICE_LIT("socials"),
    SLICE_LIT("socio"),    SLICE_LIT("soixante"),    SLICE_LIT("sous"),        SLICE_LIT("sub"),        SLICE_LIT("sud"),
    SLICE_LIT("super"),    SLICE_LIT("sur"),         SLICE_LIT("sus"),         SLICE_LIT("taille"),     SLICE_LIT("tele"),
    SLICE_LIT("telé"),     SLICE_LIT("thermo"),      SLICE_LIT("tiers"),       SLICE_LIT("tire"),       SLICE_LIT("tourne"),
    SLICE_LIT("tout"),     SLICE_LIT("toute"),       SLICE_LIT("toutes"),      SLICE_LIT("touts"),      SLICE_LIT("train"),
    SLICE_LIT("traine"),   SLICE_LIT("trans"),       SLICE_LIT("traîn"),       SLICE_LIT("traîne"),     SLICE_LIT("trente"),
    SLICE_LIT("tri"),      SLICE_LIT("trois"),       SLICE_LIT("trou"),        SLICE_LIT("trousse"),    SLICE_LIT("téle"),
    SLICE_LIT("télé"),     SLICE_LIT("ultra"),       SLICE_LIT("utéro"),       SLICE_LIT("val"),        SLICE_LIT("vaso"),
    SLICE_LIT("vaux"),     SLICE_LIT("vice"),        SLICE_LIT("vide"),        SLICE_LIT("video"),      SLICE_LIT("vidéo"),
    SLICE_LIT("vieil"),    SLICE_LIT("vieille"),     SLICE_LIT("vieilles"),    SLICE_LIT("viel"),       SLICE_LIT("vielle"),
    SLICE_LIT("vielles"),  SLICE_LIT("vieux"),       SLICE_LIT("ville"),       SLICE_LIT("villeneuve"), SLICE_LIT("villers"),
    SLICE_LIT("villette"), SLICE_LIT("villiers"),    SLICE_LIT("villy"),       SLICE_LIT("vingt"),      SLICE_LIT("voiture"),
    SLICE_LIT("voitures"), SLICE_LIT("wagon"),       SLICE_LIT("wagons"),      SLICE_LIT("à"),          SLICE_LIT("éco"),
    SLICE_LIT("électro"),  SLICE_LIT("émirato"),     SLICE_LIT("équi")};

/* anything-JOINT-anything is one word. */
static const struct slice joints[] = {SLICE_LIT("au"),  SLICE_LIT("aux"), SLICE_LIT("de"),   SLICE_LIT("des"),   SLICE_LIT("du"),
                                      SLICE_LIT("en"),  SLICE_LIT("et"),  SLICE_LIT("la"),   SLICE_LIT("le"),    SLICE_LIT("les"),
                                      SLICE_LIT("lè"),  SLICE_LIT("lès"), SLICE_LIT("près"), SLICE_LIT("saint"), SLICE_LIT("sous"),
                                      SLICE_LIT("sur"), SLICE_LIT("à")};

/* What begins so is one word. */
static const struct slice stems[] = {
    SLICE_LIT("a-sexualis"),     SLICE_LIT("arginine-méthyl"), SLICE_LIT("binge-watch"),      SLICE_LIT("black-out"),
    SLICE_LIT("bouche-por"),     SLICE_LIT("burn-out"),        SLICE_LIT("by-pass"),          SLICE_LIT("ch'tiis"),
    SLICE_LIT("chape-chut"),     SLICE_LIT("down-load"),       SLICE_LIT("droit-de-l'homm"),  SLICE_LIT("droits-de-l'homm"),
    SLICE_LIT("etats-uni"),      SLICE_LIT("fac-simil"),       SLICE_LIT("fleur-bleuis"),     SLICE_LIT("flic-flaqu"),
    SLICE_LIT("fox-trott"),      SLICE_LIT("google-is"),       SLICE_LIT("hard-discount"),    SLICE_LIT("hip-hop"),
    SLICE_LIT("jet-set"),        SLICE_LIT("knock-out"),       SLICE_LIT("litho-typographi"), SLICE_LIT("lock-out"),
    SLICE_LIT("lombri-compost"), SLICE_LIT("lèche-bott"),      SLICE_LIT("mac-adamis"),       SLICE_LIT("marque-pag"),
    SLICE_LIT("mouton-noiris"),  SLICE_LIT("new-york"),        SLICE_LIT("pair-programm"),    SLICE_LIT("people-is"),
    SLICE_LIT("plan-socialis"),  SLICE_LIT("premier-ministr"), SLICE_LIT("prud'hom"),         SLICE_LIT("refox-trott"),
    SLICE_LIT("remicro-ond"),    SLICE_LIT("repetit-déjeun"),  SLICE_LIT("repique-niqu"),     SLICE_LIT("rick-roll"),
    SLICE_LIT("rond-ponn"),      SLICE_LIT("réarc-bout"),      SLICE_LIT("shift-cliqu"),      SLICE_LIT("soudo-bras"),
    SLICE_LIT("stabilo-boss"),   SLICE_LIT("strip-teas"),      SLICE_LIT("terra-form"),       SLICE_LIT("teuf-teuf"),
    SLICE_LIT("yo-yo"),          SLICE_LIT("z'yeut"),          SLICE_LIT("zig-zag"),          SLICE_LIT("états-uni")};

/* HEAD'anything is one word. */
static const struct slice elided[] = {SLICE_LIT("entr"), SLICE_LIT("grand"),  SLICE_LIT("grande"), SLICE_LIT("grandes"),
                                      SLICE_LIT("r"),    SLICE_LIT("réentr"), SLICE_LIT("rentr"),  SLICE_LIT("éentr")};

static int compare(const void *a, const void *b) { return slice_cmp(*(const struct slice *)a, *(const struct slice *)b); }

#define IN(table, word) (bsearch(&(word), table, sizeof table / sizeof *table, sizeof *table, compare) != NULL)

bool tokens_words_special(struct slice raw) {
    if (raw.len == 2 && raw.ptr[1] == '.' && raw.ptr[0] >= 'a' && raw.ptr[0] <= 'z') return true;
    return IN(specials, raw);
}

static bool mark(char c) { return c == '-' || c == '\''; }

/* a-JOINT-b or a-JOINT-l'b, no other mark in a and b. */
static bool jointed(struct slice word) {
    size_t first = slice_find_char(word, '-');
    if (first == SIZE_MAX || first == 0) return false;
    struct slice rest = slice_sub(word, first + 1, word.len);
    size_t second = slice_find_char(rest, '-');
    if (second == SIZE_MAX || slice_find_char(slice_sub(word, 0, first), '\'') != SIZE_MAX) return false;
    struct slice joint = slice_sub(rest, 0, second);
    struct slice tail = slice_sub(rest, second + 1, rest.len);
    if (slice_starts(tail, slice_str("l'"))) tail = slice_sub(tail, 2, tail.len);
    for (size_t i = 0; i < tail.len; i++)
        if (mark(tail.ptr[i])) return false;
    return tail.len > 0 && IN(joints, joint);
}

static bool stemmed(struct slice word) {
    for (size_t i = 0; i < sizeof stems / sizeof *stems; i++)
        if (word.len >= stems[i].len && slice_starts(word, stems[i]))
            return slice_find_char(slice_sub(word, stems[i].len, word.len), '-') == SIZE_MAX;
    return false;
}

/* A verb and its pronoun: "est-il", "passe-t-elle". */
static bool inverted(struct slice head, struct slice rest) {
    static const char *const after_t[] = {"t-il", "t-elle", "t-on"};
    for (size_t i = 0; i < sizeof after_t / sizeof *after_t; i++)
        if (slice_eq_str(rest, after_t[i])) return true;
    return slice_eq_str(head, "est") && (slice_eq_str(rest, "il") || slice_eq_str(rest, "ce"));
}

bool tokens_words_compound(struct slice folded) {
    size_t at = 0;
    while (at < folded.len && !mark(folded.ptr[at])) at++;
    if (at == 0 || at >= folded.len) return false;
    struct slice head = slice_sub(folded, 0, at);
    if (inverted(head, slice_sub(folded, at + 1, folded.len))) return false;
    bool more = at + 1 < folded.len && !mark(folded.ptr[at + 1]);
    if (more && (folded.ptr[at] == '-' ? IN(heads, head) : IN(elided, head))) return true;
    return jointed(folded) || stemmed(folded);
}
