/*
 * Licences named in words.  The text is folded to lower-case words without accents ("CC BY-SA 4.0" and "CC-BY-SA-4.0" are both
 * cc by sa 4.0); a Creative Commons name is read word by word until its version, so are the state's licence and the GNU one, the
 * others are looked for as phrases.
 */
#include "base/limits.h"
#include "base/utf8.h"
#include "crawler/licence.h"

#define TEXT_READ (4 * KIB)
#define WORDS_MAX 1024

struct words {
    struct slice at[WORDS_MAX];
    size_t n;
};

/* What has been found: none, one, or several that differ. */
struct finding {
    char spdx[LICENCE_MAX];
    bool several;
};

static void found(struct finding *f, const char *spdx) {
    if (f->spdx[0] == 0) {
        memcpy(f->spdx, spdx, strlen(spdx) + 1);
    } else if (strcmp(f->spdx, spdx) != 0) {
        f->several = true;
    }
}

static bool word_is(const struct words *w, size_t i, const char *s) { return i < w->n && slice_eq_str(w->at[i], s); }

/* "4.0", "v4.0", and "4" or "v4" for it: the two characters and the point of the version; false when ${s} is none. */
static bool version_of(struct slice s, char out[4]) {
    if (s.len > 1 && s.ptr[0] == 'v') s = slice_sub(s, 1, s.len);
    bool whole = s.len == 3 && s.ptr[1] == '.' && ascii_is_digit(s.ptr[2]);
    if ((!whole && s.len != 1) || s.ptr[0] < '1' || s.ptr[0] > '9') return false;
    out[0] = s.ptr[0];
    out[1] = '.';
    out[2] = whole ? s.ptr[2] : '0';
    out[3] = 0;
    return true;
}

/* Words of letters, digits and inner dots, one blank between two; all else parts them, but a soft hyphen, which is no character. */
static void flatten(struct slice s, struct buf *out) {
    for (size_t i = 0; i < s.len;) {
        if (ascii_is_alnum(s.ptr[i]) || s.ptr[i] == '.') {
            buf_char(out, s.ptr[i++]);
            continue;
        }
        uint32_t cp = utf8_decode(s, &i);
        if (cp == 0xAD) continue;
        if (cp == 0x153) {
            buf_str(out, "oe");
        } else if (cp >= 0x80 && unicode_is_letter(cp)) {
            utf8_encode(out, cp);
        } else {
            buf_char(out, ' ');
        }
    }
}

static void split(struct slice s, struct words *w) {
    struct slice word;
    w->n = 0;
    while (w->n < WORDS_MAX && slice_cut(&s, ' ', &word)) {
        while (word.len && word.ptr[word.len - 1] == '.') word.len--;
        while (word.len && word.ptr[0] == '.') word = slice_sub(word, 1, word.len);
        if (word.len) w->at[w->n++] = word;
    }
}

/* The element of a Creative Commons name that a word stands for; 0 is a word without meaning, -1 one that ends the name. */
enum { CC_BY = 1, CC_NC = 2, CC_ND = 4, CC_SA = 8 };
static const struct {
    const char *word;
    int element;
} cc_words[] = {
    {"attribution", CC_BY},
    {"paternite", CC_BY},
    {"noncommercial", CC_NC},
    {"commercial", CC_NC},
    {"commerciale", CC_NC},
    {"commerciales", CC_NC},
    {"noderivatives", CC_ND},
    {"noderivs", CC_ND},
    {"derivative", CC_ND},
    {"derivatives", CC_ND},
    {"derivs", CC_ND},
    {"modification", CC_ND},
    {"modifications", CC_ND},
    {"derivee", CC_ND},
    {"derivees", CC_ND},
    {"sharealike", CC_SA},
    {"alike", CC_SA},
    {"partage", CC_SA},
    {"share", 0},
    {"a", 0},
    {"l", 0},
    {"identique", 0},
    {"initiales", 0},
    {"des", 0},
    {"dans", 0},
    {"les", 0},
    {"memes", 0},
    {"conditions", 0},
    {"non", 0},
    {"no", 0},
    {"pas", 0},
    {"d", 0},
    {"de", 0},
    {"utilisation", 0},
    {"utilisations", 0},
    {"usage", 0},
    {"sans", 0},
    {"oeuvre", 0},
    {"oeuvres", 0},
    {"works", 0},
    {"licence", 0},
    {"license", 0},
    {"public", 0},
    {"version", 0},
    {"v", 0},
    {"international", 0},
    {"internationale", 0},
    {"unported", 0},
    {"transpose", 0},
    {"cc", 0},
    {"la", 0},
};

/* "by", "bysa", "ccbyncsa": codes of two letters without anything between; 0 when ${word} is something else. */
static int cc_codes(struct slice word) {
    static const struct {
        char code[3];
        int element;
    } codes[] = {{"by", CC_BY}, {"nc", CC_NC}, {"nd", CC_ND}, {"sa", CC_SA}};
    int all = 0;
    if (slice_starts(word, slice_str("cc"))) word = slice_sub(word, 2, word.len);
    for (; word.len >= 2; word = slice_sub(word, 2, word.len)) {
        int one = 0;
        for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
            if (memcmp(word.ptr, codes[i].code, 2) == 0) one = codes[i].element;
        if (!one) return 0;
        all |= one;
    }
    return word.len ? 0 : all;
}

static int cc_element(struct slice word) {
    for (size_t i = 0; i < sizeof cc_words / sizeof *cc_words; i++) {
        if (slice_eq_str(word, cc_words[i].word)) return cc_words[i].element;
    }
    int codes = cc_codes(word);
    return codes ? codes : -1;
}

/* The port behind a version, where its name can be no other word. */
static const char *port_of(const struct words *w, size_t i) {
    static const char *const ports[][2] = {{"fr", "-FR"}, {"france", "-FR"}, {"igo", "-IGO"}, {"uk", "-UK"},
                                           {"nl", "-NL"}, {"jp", "-JP"},     {"au", "-AU"}};
    for (size_t k = 0; k < sizeof ports / sizeof *ports; k++)
        if (word_is(w, i, ports[k][0])) return ports[k][1];
    return "";
}

/* "CC-BY-NC-SA-2.0" and the port, where SPDX has such a one, else without. */
static bool cc_spdx(unsigned elements, const char *version, const char *port, char spdx[LICENCE_MAX]) {
    struct buf id;
    buf_init(&id, LICENCE_MAX);
    buf_printf(&id, "CC-BY%s%s%s-%s", elements & CC_NC ? "-NC" : "", elements & CC_ND ? "-ND" : "", elements & CC_SA ? "-SA" : "",
               version);
    size_t plain = id.len;
    buf_str(&id, port);
    bool known = buf_ok(&id) && (licence_normal(buf_view(&id), spdx) || licence_normal(slice_sub(buf_view(&id), 0, plain), spdx));
    buf_free(&id);
    return known;
}

/*
 * Read the name that begins at word ${i}, behind "cc" or "creative commons"; ${bare}: without these words, so that the version
 * must be followed by what Creative Commons writes there.
 */
static void creative_commons(const struct words *w, size_t i, bool bare, struct finding *f) {
    static const char *const tails[] = {"international", "unported", "france", "generic", "generique", "igo"};
    unsigned elements = 0;
    char version[4] = "", spdx[LICENCE_MAX];
    for (size_t end = i + 24; i < w->n && i < end && !version[0]; i++) {
        if (elements && version_of(w->at[i], version)) continue;
        int element = cc_element(w->at[i]);
        if (element < 0) return;
        elements |= (unsigned)element;
    }
    if (!version[0] || !(elements & CC_BY)) return;
    bool tail = !bare || (word_is(w, i, "non") && word_is(w, i + 1, "transpose"));
    for (size_t k = 0; k < sizeof tails / sizeof *tails && !tail; k++) tail = word_is(w, i, tails[k]);
    if (tail && cc_spdx(elements, version, port_of(w, i), spdx)) found(f, spdx);
}

static bool is_one_of(struct slice word, const char *const *words) {
    for (; *words; words++)
        if (slice_eq_str(word, *words)) return true;
    return false;
}

/* The version that follows word ${i} behind nothing but ${fillers}; a bare figure only after "version" or "v".  *${next} is behind it. */
static bool version_after(const struct words *w, size_t i, const char *const *fillers, char version[4], size_t *next) {
    for (size_t end = i + 10; i < w->n && i < end; i++) {
        bool announced = w->at[i].len > 1 || word_is(w, i - 1, "version") || word_is(w, i - 1, "v");
        if (announced && version_of(w->at[i], version)) {
            *next = i + 1;
            return true;
        }
        if (!is_one_of(w->at[i], fillers)) return false;
    }
    return false;
}

/* The state's licence, by either name and with the words that stand about them. */
static void etalab(const struct words *w, size_t i, struct finding *f) {
    static const char *const fillers[] = {"open", "licence", "license", "ouverte", "etalab", "de", "d",    "la",
                                          "l",    "mission", "etat",    "version", "v",      "du", "dite", NULL};
    char version[4];
    size_t next;
    if (!version_after(w, i + 1, fillers, version, &next)) return;
    if (strcmp(version, "2.0") == 0) found(f, "etalab-2.0");
    if (strcmp(version, "1.0") == 0) found(f, "LicenseRef-etalab-1.0");
}

/* "or any later version", "ou ultérieure": the words behind the version of a GNU licence. */
static bool or_later(const struct words *w, size_t i) {
    static const char *const later[] = {"later", "ulterieure", "ulterieures", "posterieure", "superieure", NULL};
    if (!word_is(w, i, "or") && !word_is(w, i, "ou")) return false;
    for (size_t end = i + 5; i < w->n && i < end; i++)
        if (is_one_of(w->at[i], later)) return true;
    return false;
}

static void gfdl(const struct words *w, size_t i, struct finding *f) {
    static const char *const fillers[] = {
        "gnu", "fdl", "gfdl", "free", "documentation", "libre", "license", "licence", "la", "the", "version", "v", "de", NULL};
    char version[4], spdx[LICENCE_MAX], id[] = "GFDL-0.0-or-later";
    size_t next;
    if (!version_after(w, i + 1, fillers, version, &next)) return;
    memcpy(id + 5, version, 3);
    if (!or_later(w, next)) memcpy(id + 8, "-only", 6);
    if (licence_normal(slice_str(id), spdx)) found(f, spdx);
}

/* Fixed names, as folded words. */
static const struct {
    const char *phrase, *spdx;
} phrases[] = {
    {"cc0", "CC0-1.0"},
    {"cc 0", "CC0-1.0"},
    {"cc zero", "CC0-1.0"},
    {"creative commons 0", "CC0-1.0"},
    {"creative commons zero", "CC0-1.0"},
    {"lov2", "etalab-2.0"},
    {"fr lo", "etalab-2.0"},
    {"odbl", "ODbL-1.0"},
    {"open database license", "ODbL-1.0"},
    {"open database licence", "ODbL-1.0"},
    {"licence art libre", "LAL-1.3"},
    {"free art license", "LAL-1.3"},
    {"public domain mark", "LicenseRef-CC-PDM-1.0"},
    {"marque du domaine public", "LicenseRef-CC-PDM-1.0"},
    {"marque domaine public", "LicenseRef-CC-PDM-1.0"},
};

/* Names that a version follows. */
static const struct {
    const char *phrase;
    void (*read)(const struct words *w, size_t i, struct finding *f);
} families[] = {
    {"licence ouverte", etalab},
    {"license ouverte", etalab},
    {"open licence", etalab},
    {"etalab", etalab},
    {"gfdl", gfdl},
    {"gnu fdl", gfdl},
    {"gnu free documentation", gfdl},
    {"licence de documentation libre", gfdl},
};

static bool phrase_at(const struct words *w, size_t i, const char *phrase) {
    struct slice rest = slice_str(phrase), word;
    for (; slice_cut(&rest, ' ', &word); i++) {
        if (i >= w->n || !slice_eq(w->at[i], word)) return false;
    }
    return true;
}

static void read_words(const struct words *w, struct finding *f) {
    for (size_t i = 0; i < w->n; i++) {
        if (word_is(w, i, "cc")) creative_commons(w, i + 1, false, f);
        if (word_is(w, i, "creative") && word_is(w, i + 1, "commons")) creative_commons(w, i + 2, false, f);
        if (slice_starts(w->at[i], slice_str("ccby"))) creative_commons(w, i, false, f);
        if (word_is(w, i, "attribution") || word_is(w, i, "paternite")) creative_commons(w, i, true, f);
        for (size_t k = 0; k < sizeof phrases / sizeof *phrases; k++) {
            if (phrase_at(w, i, phrases[k].phrase)) found(f, phrases[k].spdx);
        }
        for (size_t k = 0; k < sizeof families / sizeof *families; k++) {
            if (phrase_at(w, i, families[k].phrase)) families[k].read(w, i, f);
        }
    }
}

/* Read the address that is [from, to) of ${text} and blank it, so that its words are not read again. */
static void read_address(char *text, size_t from, size_t to, struct finding *f) {
    size_t end = to;
    while (end > from && strchr(".,;:", text[end - 1])) end--;
    char spdx[LICENCE_MAX];
    if (licence_from_url(slice_of(text + from, end - from), spdx)) found(f, spdx);
    memset(text + from, '|', to - from);
}

/* Addresses in the text, those of Creative Commons without their scheme too. */
static void read_addresses(char *text, size_t len, struct finding *f) {
    static const struct slice bare = SLICE_LIT("creativecommons.org/");
    for (size_t i = 0; i + 2 < len; i++) {
        bool whole = text[i] == '/' && text[i + 1] == '/';
        if (!whole && (text[i] != 'c' || !slice_starts(slice_of(text + i, len - i), bare))) continue;
        size_t from = i, to = i;
        while (from > 0 && (ascii_is_alpha(text[from - 1]) || text[from - 1] == ':' || (!whole && text[from - 1] == '.'))) from--;
        while (to < len && !ascii_is_space(text[to]) && !strchr("\"'<>()[]{}", text[to])) to++;
        read_address(text, from, to, f);
        i = to;
    }
}

bool licence_from_text(struct slice text, char spdx[LICENCE_MAX]) {
    spdx[0] = 0;
    text = slice_trim(slice_sub(text, 0, TEXT_READ));
    if (licence_normal(text, spdx)) return true;
    struct buf raw, folded, flat;
    struct finding f = {.several = false};
    buf_init(&raw, 3 * TEXT_READ);
    buf_init(&folded, 16 * TEXT_READ);
    buf_init(&flat, 16 * TEXT_READ);
    utf8_repair(&raw, text);
    if (buf_ok(&raw) && raw.len) {
        read_addresses(raw.data, raw.len, &f);
        unicode_fold(&folded, buf_view(&raw));
    }
    struct words words;
    flatten(buf_view(&folded), &flat);
    split(buf_view(&flat), &words);
    read_words(&words, &f);
    bool one = f.spdx[0] && !f.several && buf_ok(&folded) && buf_ok(&raw) && buf_ok(&flat);
    if (one) memcpy(spdx, f.spdx, sizeof f.spdx);
    buf_free(&raw);
    buf_free(&folded);
    buf_free(&flat);
    return one;
}
