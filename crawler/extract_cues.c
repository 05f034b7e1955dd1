/*
 * Two word lists, hashed once.
 */
#include "crawler/extract_cues.h"
#include "base/hash.h"
#include <stdlib.h>

#define SLOTS 4096u
#define WORD_MAX 24u

struct list {
    uint8_t what;
    const char *words; /* parted by blanks, lower case, UTF-8 */
};

static const struct list cue_words[] = {
    {CUE_CORE, "articlebody articletext articlecontent storybody postcontent postbody entrycontent maincontent bodycopy"},
    {CUE_BODY,
     "body content contents contenu corps text texte copy wysiwyg richtext paragraph paragraphs paragraphe prose inhalt "
     "contenido contenuto cuerpo corpo articlebody articletext articlecontent storybody postcontent postbody entrycontent "
     "maincontent bodytext markdown transcript formatted spip crayon bodycopy fulltext userhtml"},
    {CUE_ARTICLE,
     "article articles artikel articolo articulo post posts entry story news blog recipe main principal hentry single fiche "
     "notice document actualite actualites nota noticia beitrag detail node"},
    {CUE_LEAD,
     "lead lede chapo chapeau standfirst dek intro introduction summary resume abstract description excerpt subtitle subheadline "
     "subtitre surtitre teasertext vorspann deck sapo hook"},
    {CUE_TITLE, "title titles titre titles headline headlines heading headings hed titel titolo titulo h1"},
    {CUE_META, "meta metadata date datetime dateline time timestamp published pubdate "
               "publication tags tag tagged keywords category categories categorie kicker rubrique info infos informations "
               "readtime reading updated posted postmeta fecha data views"},
    {CUE_AUTHOR,
     "author authors auteur auteurs byline bylines bio biography biographie profile avatar signature contributor contributors autor "
     "autore autoren redacteur writer"},
    {CUE_CAPTION,
     "caption captions legend legende credit credits copyrightnotice figure image images img photo photos picture gallery "
     "galerie video videos player embed slideshow diaporama thumbnail bild illustration infographic audio podcast"},
    {CUE_COMMENT,
     "comment comments commentaire commentaires commentlist commenting disqus reply replies respond reactions reaction "
     "kommentar kommentare comentarios commenti discussion fbcomments livefyre viafoura coral commentform trackback"},
    {CUE_SHARE,
     "share shares sharing sharebar social socials partage partager facebook twitter whatsapp linkedin pinterest addthis addtoany "
     "sharedaddy follow jetpack like likes reddit telegram instagram sharethis socialbar bookmark bookmarks print email teilen "
     "compartir tweet"},
    {CUE_RELATED,
     "related recommended recommendations recommendation recommend more suggest suggested suggestions similar popular "
     "trending mostread mostpopular latest recent outbrain taboola recirc recirculation aussi lireaussi readmore readalso "
     "associated connexes associes alire furthermore onward upnext morefrom linked links liens promo promos crosslink "
     "seealso relacionadas verwandte inread yarpp jp zergnet revcontent plista nextup"},
    {CUE_LISTING,
     "card cards teaser teasers feed grid list listing liste item items tile tiles carousel slider swiper slide slick stream "
     "river archive archives loop collection module blocklist thumb thumbs result results rss"},
    {CUE_TEASER, "teaser teasers preview apercu vorschau"},
    {CUE_NAV,
     "nav navi navbar navigation menu menus submenu megamenu breadcrumb breadcrumbs ariane crumbs fil pager pagination paging "
     "pages prev previous next prevnext toolbar topbar skip skiplink sitemap burger hamburger dropdown jump toc sommaire "
     "backtotop"},
    {CUE_HEADER, "header masthead head entete top banner logo branding brand hero topnav sitename bandeau cabecera kopf"},
    {CUE_FOOTER,
     "footer foot foots pied bottom colophon copyright legal mentions credits baseline disclaimer impressum footerlinks "
     "piedpage"},
    {CUE_SIDE,
     "sidebar sidebars side aside rail secondary complementary tertiary rightcol leftcol sidecolumn rightcolumn leftcolumn encart marge barra"},
    {CUE_SLOT, "widget widgets widgetized right left gauche droite column colonne box"},
    {CUE_COOKIE, "cookie cookies consent consentement gdpr rgpd cmp didomi onetrust axeptio tarteaucitron cookiebar cookiebanner "
                 "cookieconsent cookiebot cookielaw cookienotice usercentrics orejime"},
    {CUE_CONSENT,
     "cookie cookies consent gdpr rgpd cmp didomi onetrust axeptio tarteaucitron privacy overlay modal popup popin dialog lightbox "
     "toast alert alerts notice notification notifications ccm warning message messages interstitial "
     "adblock browserupgrade tooltip flash error"},
    {CUE_AD,
     "ad ads adv advert advertise advertisement advertising pub pubs publicite sponsor sponsored sponsors promotion dfp commercial anzeige "
     "werbung adsense adslot adunit adbox adwrap affiliate partner partners partenaire partenaires gpt mpu leaderboard shop shopping "
     "product products buy merch deals"},
    {CUE_SIGNUP,
     "newsletter newsletters subscribe subscription subscriptions subscriber signup abonnement abonner abonne abonnes "
     "register registration login logout signin account compte donate donation don membership member join form search recherche "
     "cta inscription connexion contact optin mailchimp poll survey quiz rating ratings vote votes "
     "feedback avis satisfaction helpful utile evaluation"},
    {CUE_HIDDEN,
     "hidden hide invisible visuallyhidden screenreader offscreen noprint nodisplay none collapse collapsed noscript assistive "
     "reader"},
    {CUE_NOTE,
     "note notes footnote footnotes reference references refs reflist bibliography bibliographie infobox navbox catlinks sources "
     "citation hatnote mw thumbcaption editsection"},
    {CUE_FORUM, "forum forums foren foro viewtopic showthread viewthread phpbb vbulletin"},
};

static const struct list lexicon[] = {
    {LEX_STOP,
     "de la le et à en l des du les est d un une il dans par au que qui pour pas sur ne se ce plus avec son sa ses ou mais nous vous "
     "ils elle aux cette été sont a on leur même comme c s n y qu j être avait ont fait the of and to in is that it was for on are as "
     "with his they at be this from have or by had not but what all were we when your can said there use an each which she do their "
     "if will up about out many then them would her been who more than has its also der die das und ist nicht ein eine zu den mit "
     "von auf für sich dem des im wie auch es an werden aus er hat dass sie nach wird bei einer um am sind noch einem über so zum "
     "war haben nur oder aber vor zur bis mehr durch man el los las que en y un una por con para como su al lo más pero sus le ya "
     "este sí porque esta entre cuando muy sin sobre il di che è la per non una si con da del della sono al più gli ma le anche "
     "alla nel ha het een van dat op te zijn voor met die aan er maar om ook als dan naar bij o e do da em um não uma os no se na "
     "mais as dos foi ao ele das à seu sua ou quando muito nos já eu"},
    {LEX_PROMO,
     "cookie cookies newsletter newsletters subscribe subscribed subscriber subscribers abonnez abonnement abonner abonnés abonné "
     "inscrivez inscription facebook twitter instagram linkedin whatsapp pinterest youtube share partager partagez follow suivez "
     "suivre click cliquez advertisement publicité anzeige sponsored sponsorisé login signin signup register connectez "
     "connexion consent consentement adblock javascript browser navigateur registrieren anmelden newslettern teilen comments "
     "comment commentaires commentaire commenter reply répondre kommentare download télécharger app email mail abonnieren "
     "privacy confidentialité donate unsubscribe promo offre offer deals related trending recommended popular aussi"},
    {LEX_LEGAL,
     "copyright © reserved réservés rights droits mentions légales terms conditions disclaimer imprint impressum datenschutz agb "
     "trademark reproduction cgu cgv vorbehalten inc llc ltd gmbh"},
    {LEX_META,
     "published publié publiée posted updated mis jour modifié photo photos image images crédit credit credits getty reuters afp "
     "courtesy author auteur written rédigé veröffentlicht aktualisiert von foto fotos caption source min read minutes lecture "
     "tags tag category catégorie filed under categories views vues ago am pm uhr"},
};

#define ASKED 2048u /* a template's names come again and again */

struct extract_cues {
    struct {
        uint64_t hash; /* of the names; two strings of one 64-bit hash are not expected */
        uint32_t bits;
    } asked[ASKED];
    struct {
        char word[WORD_MAX];
        uint32_t bits;
    } cues[SLOTS], lex[SLOTS];
    uint64_t cues_used[SLOTS / 64],
        lex_used[SLOTS / 64]; /* a bit a slot: most words are in neither list, and these stay in the cache */
    uint8_t letters[256];     /* see fill_letters() */
    bool opens[256];          /* an invitation or a credit begins with it */
};

/* FNV-1a, a byte at a time */
#define HASH_START 2166136261u
static inline uint32_t hash_byte(uint32_t h, char c) { return (h ^ (unsigned char)c) * 16777619u; }
static inline uint32_t hash_slot(uint32_t h) { return (h ^ h >> 15) % SLOTS; }

static uint32_t hash_word(const char *w, size_t n) {
    uint32_t h = HASH_START;
    for (size_t i = 0; i < n; i++) h = hash_byte(h, w[i]);
    return hash_slot(h);
}

/* The slot of a word, or the free one where it belongs. */
#define FIND_SLOT(table, w, n, at)                                                                                                 \
    do {                                                                                                                           \
        at = hash_word(w, n);                                                                                                      \
        while (table[at].word[0] && (memcmp(table[at].word, w, n) != 0 || table[at].word[n])) at = (at + 1) % SLOTS;               \
    } while (0)

#define FILL(table, lists)                                                                                                         \
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {                                                                    \
        struct slice rest = slice_str(lists[i].words), w;                                                                          \
        while (slice_cut(&rest, ' ', &w)) {                                                                                        \
            if (!w.len || w.len >= WORD_MAX) continue;                                                                             \
            uint32_t at;                                                                                                           \
            FIND_SLOT(table, w.ptr, w.len, at);                                                                                    \
            memcpy(table[at].word, w.ptr, w.len);                                                                                  \
            table##_used[at / 64] |= UINT64_C(1) << at % 64;                                                                       \
            table[at].bits |= 1u << lists[i].what;                                                                                 \
        }                                                                                                                          \
    }

void extract_cues_free(struct extract_cues *c) { free(c); }

/* Beginnings of class names that tell what the element's subject or state is, not its role: "category-video", "has-sidebar", "no-comments". */
static bool is_qualifier(struct slice name) {
    if (slice_find_char(name, '-') == SIZE_MAX) return false;
    static const struct slice beginnings[] = {
        SLICE_LIT("has-"),     SLICE_LIT("have-"),     SLICE_LIT("no-"),     SLICE_LIT("not-"),      SLICE_LIT("with-"),
        SLICE_LIT("without-"), SLICE_LIT("category-"), SLICE_LIT("cat-"),    SLICE_LIT("tag-"),      SLICE_LIT("type-"),
        SLICE_LIT("js-"),      SLICE_LIT("format-"),   SLICE_LIT("status-"), SLICE_LIT("post_tag-"), SLICE_LIT("tagged-"),
        SLICE_LIT("lang-"),    SLICE_LIT("avec-"),     SLICE_LIT("sans-")};
    char first = ascii_lower(name.ptr[0]);
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (beginnings[i].ptr[0] == first && slice_starts_nocase(name, beginnings[i])) return true;
    return false;
}

static uint32_t cues_of_word(const struct extract_cues *c, const char *word, size_t n) {
    /* "postmetadata", "articleteaser": what the part is of, and what it is */
    static const struct slice wholes[] = {SLICE_LIT("post"),    SLICE_LIT("article"), SLICE_LIT("entry"), SLICE_LIT("page"),
                                          SLICE_LIT("content"), SLICE_LIT("story"),   SLICE_LIT("news"),  SLICE_LIT("blog"),
                                          SLICE_LIT("site"),    SLICE_LIT("main"),    SLICE_LIT("block")};
    uint32_t at = hash_word(word, n), bits = 0;
    if (c->cues_used[at / 64] >> at % 64 & 1) {
        FIND_SLOT(c->cues, word, n, at);
        bits = c->cues[at].bits;
    }
    if (bits || n < 7) return bits;
    for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++) {
        struct slice w = wholes[i];
        if (n < w.len + 3 || memcmp(word, w.ptr, w.len) != 0) continue;
        FIND_SLOT(c->cues, word + w.len, n - w.len, at);
        return c->cues[at].bits;
    }
    return 0;
}

static uint32_t cues_of_name(const struct extract_cues *c, struct slice s) {
    uint32_t bits = 0;
    char word[WORD_MAX];
    for (size_t i = 0; i < s.len;) {
        size_t n = 0;
        while (i < s.len && !ascii_is_alpha(s.ptr[i])) i++;
        while (i < s.len && ascii_is_alpha(s.ptr[i])) {
            char ch = s.ptr[i];
            bool turns = n && ch >= 'A' && ch <= 'Z' && s.ptr[i - 1] >= 'a';
            if (turns) break;
            if (n < WORD_MAX - 1) word[n] = ascii_lower(ch);
            n++;
            i++;
        }
        if (n >= 2 && n < WORD_MAX) bits |= cues_of_word(c, word, n);
    }
    return bits;
}

/* "entry-content", "articleBody", "post__text" and nothing else in one name: the element that holds the text. */
static uint32_t cues_of_names(const struct extract_cues *c, struct slice names) {
    uint32_t bits = 0;
    for (size_t i = 0; i < names.len;) {
        while (i < names.len && ascii_is_space(names.ptr[i])) i++;
        size_t from = i;
        while (i < names.len && !ascii_is_space(names.ptr[i])) i++;
        struct slice name = slice_sub(names, from, i);
        size_t modifier = slice_find(name, slice_str("--")); /* block__element--modifier */
        if (modifier != SIZE_MAX && modifier > 0) name.len = modifier;
        if (!name.len || is_qualifier(name)) continue;
        uint32_t of_name = cues_of_name(c, name);
        if ((of_name & ~CUE_BIT(FORUM)) == (CUE_BIT(BODY) | CUE_BIT(ARTICLE))) of_name |= CUE_BIT(CORE);
        bits |= of_name;
    }
    return bits;
}

uint32_t extract_cues_of(struct extract_cues *c, struct slice names) {
    if (!names.len) return 0;
    uint64_t hash = hash64(names);
    uint32_t at = hash % ASKED;
    if (c->asked[at].hash != hash) {
        c->asked[at].bits = cues_of_names(c, names);
        c->asked[at].hash = hash;
    }
    return c->asked[at].bits;
}

/* Bytes of the separator at ${i}, whose first byte may begin one: no-break spaces, guillemets, U+2000 to U+203F; 0 in a word. */
static size_t wide_separator_at(struct slice s, size_t i) {
    unsigned char d = i + 1 < s.len ? (unsigned char)s.ptr[i + 1] : 0;
    if (s.ptr[i] == '\xC2' && (d == 0xA0 || d == 0xAB || d == 0xBB)) return 2;
    return s.ptr[i] == '\xE2' && d == 0x80 && i + 2 < s.len ? 3 : 0;
}

/* What a byte is in a word: its small letter, nothing (anything of ASCII but letters and digits), or perhaps nothing. */
enum { PARTS_WORDS = 0, MAY_PART = 1 };

static void fill_letters(uint8_t letters[256]) {
    for (unsigned c = 0; c < 256; c++)
        letters[c] = c < 0x80 && !ascii_is_alnum((char)c) ? PARTS_WORDS : (uint8_t)ascii_lower((char)c);
    letters[0xC2] = letters[0xE2] = MAY_PART;
}

/* The small letter at ${i} of a word; 0 where none stands. */
static inline uint8_t letter_at(const struct extract_cues *c, struct slice s, size_t i) {
    uint8_t letter = c->letters[(unsigned char)s.ptr[i]];
    if (letter != MAY_PART) return letter;
    return wide_separator_at(s, i) ? 0 : (uint8_t)s.ptr[i];
}

void extract_cues_lexicon(const struct extract_cues *c, struct slice s, uint32_t counts[LEX_COUNT]) {
    char word[WORD_MAX];
    for (size_t i = 0; i < s.len;) {
        size_t n = 0;
        uint32_t hash = HASH_START;
        uint8_t letter;
        while (i < s.len && !letter_at(c, s, i)) i += c->letters[(unsigned char)s.ptr[i]] == MAY_PART ? wide_separator_at(s, i) : 1;
        for (; i < s.len && (letter = letter_at(c, s, i)) != 0; i++, n++) {
            hash = hash_byte(hash, (char)letter);
            if (n < WORD_MAX - 1) word[n] = (char)letter;
        }
        if (!n || n >= WORD_MAX) continue;
        uint32_t at = hash_slot(hash);
        if (!(c->lex_used[at / 64] >> at % 64 & 1)) continue;
        while (c->lex[at].word[0] && (memcmp(c->lex[at].word, word, n) != 0 || c->lex[at].word[n])) at = (at + 1) % SLOTS;
        for (unsigned k = 0; c->lex[at].bits >> k; k++) counts[k] += c->lex[at].bits >> k & 1;
    }
}

/* Beginnings of lines that lead to other pages, to a subscription or to a network, lower case. */
static const struct slice invitations[] = {
    SLICE_LIT("lire aussi"),
    SLICE_LIT("à lire"),
    SLICE_LIT("a lire aussi"),
    SLICE_LIT("lire également"),
    SLICE_LIT("lire la suite"),
    SLICE_LIT("lisez aussi"),
    SLICE_LIT("voir aussi"),
    SLICE_LIT("à voir"),
    SLICE_LIT("sur le même sujet"),
    SLICE_LIT("sur le même thème"),
    SLICE_LIT("à découvrir"),
    SLICE_LIT("vous aimerez aussi"),
    SLICE_LIT("abonnez-vous"),
    SLICE_LIT("inscrivez-vous"),
    SLICE_LIT("suivez-nous"),
    SLICE_LIT("retrouvez-nous"),
    SLICE_LIT("déjà abonné"),
    SLICE_LIT("partager"),
    SLICE_LIT("partagez"),
    SLICE_LIT("publicité"),
    SLICE_LIT("nos articles"),
    SLICE_LIT("cet article est réservé"),
    SLICE_LIT("ce contenu est réservé"),
    SLICE_LIT("il vous reste"),
    SLICE_LIT("pour aller plus loin"),
    SLICE_LIT("articles liés"),
    SLICE_LIT("dans la même rubrique"),
    SLICE_LIT("read also"),
    SLICE_LIT("read more"),
    SLICE_LIT("also read"),
    SLICE_LIT("read next"),
    SLICE_LIT("see also"),
    SLICE_LIT("don't miss"),
    SLICE_LIT("don’t miss"),
    SLICE_LIT("related:"),
    SLICE_LIT("related article"),
    SLICE_LIT("related stories"),
    SLICE_LIT("more on this"),
    SLICE_LIT("you may also like"),
    SLICE_LIT("sign up"),
    SLICE_LIT("subscribe"),
    SLICE_LIT("follow us"),
    SLICE_LIT("advertisement"),
    SLICE_LIT("share this"),
    SLICE_LIT("click here"),
    SLICE_LIT("join our"),
    SLICE_LIT("most read"),
    SLICE_LIT("lesen sie auch"),
    SLICE_LIT("lies auch"),
    SLICE_LIT("auch interessant"),
    SLICE_LIT("mehr zum thema"),
    SLICE_LIT("siehe auch"),
    SLICE_LIT("das könnte"),
    SLICE_LIT("das thema könnte"),
    SLICE_LIT("weitere informationen"),
    SLICE_LIT("schon gelesen"),
    SLICE_LIT("weiterlesen"),
    SLICE_LIT("mehr dazu"),
    SLICE_LIT("passend dazu"),
    SLICE_LIT("anzeige"),
    SLICE_LIT("jetzt abonnieren"),
    SLICE_LIT("lea también"),
    SLICE_LIT("te puede interesar"),
    SLICE_LIT("leer más"),
    SLICE_LIT("leggi anche"),
    SLICE_LIT("leia também"),
    SLICE_LIT("veja também"),
    SLICE_LIT("saiba mais"),
    SLICE_LIT("lees ook"),
};

/* The capitals À and É with their small letters' bytes; anything else as it is. */
static bool begins(struct slice s, struct slice with) {
    if (s.len < with.len) return false;
    for (size_t i = 0; i < with.len; i++) {
        unsigned char a = (unsigned char)ascii_lower(s.ptr[i]), b = (unsigned char)with.ptr[i];
        bool capital = i && (unsigned char)s.ptr[i - 1] == 0xC3 && a >= 0x80 && a <= 0x9E;
        if ((capital ? a + 0x20 : a) != b) return false;
    }
    return true;
}

static const struct slice credits[] = {
    SLICE_LIT("photo:"),         SLICE_LIT("photo :"),      SLICE_LIT("photos:"), SLICE_LIT("photos :"),
    SLICE_LIT("photo by"),       SLICE_LIT("photo credit"), SLICE_LIT("crédit"),  SLICE_LIT("credit:"),
    SLICE_LIT("credits:"),       SLICE_LIT("image:"),       SLICE_LIT("image :"), SLICE_LIT("images:"),
    SLICE_LIT("foto:"),          SLICE_LIT("fotos:"),       SLICE_LIT("bild:"),   SLICE_LIT("bilder:"),
    SLICE_LIT("abbildung:"),     SLICE_LIT("bildquelle"),   SLICE_LIT("quelle:"), SLICE_LIT("illustration:"),
    SLICE_LIT("illustration :"), SLICE_LIT("vidéo:"),       SLICE_LIT("vidéo :"), SLICE_LIT("video:"),
};

enum extract_opening extract_cues_opening(const struct extract_cues *c, struct slice s) {
    size_t i = 0;
    if (slice_starts(s, slice_str("©"))) return OPENING_CREDITS;
    while (i < s.len && i < 12 && !ascii_is_alpha(s.ptr[i]) && (unsigned char)s.ptr[i] != 0xC3) i++;
    s = slice_sub(s, i, s.len);
    if (!s.len) return OPENING_NONE;
    char first = ascii_lower(s.ptr[0]);
    if (!c->opens[(unsigned char)first]) return OPENING_NONE;
    for (size_t k = 0; k < sizeof invitations / sizeof *invitations; k++)
        if (invitations[k].ptr[0] == first && begins(s, invitations[k])) return OPENING_INVITES;
    for (size_t k = 0; k < sizeof credits / sizeof *credits; k++)
        if (credits[k].ptr[0] == first && begins(s, credits[k])) return OPENING_CREDITS;
    return OPENING_NONE;
}

struct extract_cues *extract_cues_new(void) {
    struct extract_cues *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    FILL(c->cues, cue_words)
    FILL(c->lex, lexicon)
    fill_letters(c->letters);
    for (size_t k = 0; k < sizeof invitations / sizeof *invitations; k++) c->opens[(unsigned char)invitations[k].ptr[0]] = true;
    for (size_t k = 0; k < sizeof credits / sizeof *credits; k++) c->opens[(unsigned char)credits[k].ptr[0]] = true;
    return c;
}
