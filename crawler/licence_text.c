/*
 * Licences named in words.  The text is folded to lower-case words without accents ("CC BY-SA 4.0" and "CC-BY-SA-4.0" are both
 * cc by sa 4.0); a Creative Commons name is read word by word until its version, the others are looked for as phrases.
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

static bool is_version(struct slice s) {
    return s.len == 3 && ascii_is_digit(s.ptr[0]) && s.ptr[1] == '.' && ascii_is_digit(s.ptr[2]);
}

/* Words of letters, digits and inner dots. */
static void split(struct slice s, struct words *w) {
    w->n = 0;
    for (size_t i = 0; i < s.len && w->n < WORDS_MAX;) {
        size_t from = i;
        while (i < s.len && (ascii_is_alnum(s.ptr[i]) || (unsigned char)s.ptr[i] >= 0x80 || s.ptr[i] == '.')) i++;
        size_t to = i;
        while (to > from && s.ptr[to - 1] == '.') to--;
        while (from < to && s.ptr[from] == '.') from++;
        if (to > from) w->at[w->n++] = slice_sub(s, from, to);
        if (i < s.len) i++;
    }
}

/* The element of a Creative Commons name that a word stands for; 0 is a word without meaning, -1 one that ends the name. */
enum { CC_BY = 1, CC_NC = 2, CC_ND = 4, CC_SA = 8 };
static const struct {
    const char *word;
    int element;
} cc_words[] = {
    {"by", CC_BY},
    {"attribution", CC_BY},
    {"paternite", CC_BY},
    {"nc", CC_NC},
    {"noncommercial", CC_NC},
    {"commercial", CC_NC},
    {"commerciale", CC_NC},
    {"nd", CC_ND},
    {"noderivatives", CC_ND},
    {"noderivs", CC_ND},
    {"derivatives", CC_ND},
    {"derivs", CC_ND},
    {"modification", CC_ND},
    {"modifications", CC_ND},
    {"derivee", CC_ND},
    {"derivees", CC_ND},
    {"sa", CC_SA},
    {"sharealike", CC_SA},
    {"alike", CC_SA},
    {"partage", CC_SA},
    {"share", 0},
    {"a", 0},
    {"l", 0},
    {"identique", 0},
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
    {"sans", 0},
    {"oeuvre", 0},
    {"oeuvres", 0},
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

static int cc_element(struct slice word) {
    for (size_t i = 0; i < sizeof cc_words / sizeof *cc_words; i++) {
        if (slice_eq_str(word, cc_words[i].word)) return cc_words[i].element;
    }
    return -1;
}

/* Read the name that begins behind "cc" or "creative commons" at word ${i}. */
static void creative_commons(const struct words *w, size_t i, struct finding *f) {
    unsigned elements = 0;
    struct slice version = {0};
    for (size_t end = i + 24; i < w->n && i < end; i++) {
        struct slice word = w->at[i];
        if (word.len == 4 && word.ptr[0] == 'v') word = slice_sub(word, 1, 4);
        if (is_version(word)) {
            version = word;
            break;
        }
        int element = cc_element(w->at[i]);
        if (element < 0) return;
        elements |= (unsigned)element;
    }
    if (version.len == 0 || !(elements & CC_BY)) return;
    char id[LICENCE_MAX] = "CC-BY";
    size_t n = 5;
    static const struct {
        unsigned element;
        char text[4];
    } parts[] = {{CC_NC, "-NC"}, {CC_ND, "-ND"}, {CC_SA, "-SA"}};
    for (size_t k = 0; k < 3; k++) {
        if (!(elements & parts[k].element)) continue;
        memcpy(id + n, parts[k].text, 3);
        n += 3;
    }
    id[n++] = '-';
    memcpy(id + n, version.ptr, 3);
    char spdx[LICENCE_MAX];
    if (licence_normal(slice_of(id, n + 3), spdx)) found(f, spdx);
}

/* Fixed names, as folded words. */
static const struct {
    const char *phrase, *spdx;
} phrases[] = {
    {"cc0", "CC0-1.0"},
    {"cc zero", "CC0-1.0"},
    {"creative commons zero", "CC0-1.0"},
    {"etalab 2.0", "etalab-2.0"},
    {"etalab v2.0", "etalab-2.0"},
    {"etalab v2", "etalab-2.0"},
    {"etalab version 2.0", "etalab-2.0"},
    {"etalab open licence 2.0", "etalab-2.0"},
    {"licence ouverte 2.0", "etalab-2.0"},
    {"licence ouverte v2.0", "etalab-2.0"},
    {"licence ouverte v2", "etalab-2.0"},
    {"licence ouverte version 2.0", "etalab-2.0"},
    {"licence ouverte open licence 2.0", "etalab-2.0"},
    {"licence ouverte open licence version 2.0", "etalab-2.0"},
    {"open licence 2.0", "etalab-2.0"},
    {"open licence version 2.0", "etalab-2.0"},
    {"etalab 1.0", "LicenseRef-etalab-1.0"},
    {"licence ouverte 1.0", "LicenseRef-etalab-1.0"},
    {"licence ouverte v1", "LicenseRef-etalab-1.0"},
    {"licence ouverte version 1.0", "LicenseRef-etalab-1.0"},
    {"licence ouverte open licence 1.0", "LicenseRef-etalab-1.0"},
    {"lov2", "etalab-2.0"},
    {"fr lo", "etalab-2.0"},
    {"gfdl 1.1", "GFDL-1.1-only"},
    {"gfdl 1.2", "GFDL-1.2-only"},
    {"gfdl 1.3", "GFDL-1.3-only"},
    {"gnu free documentation license version 1.2", "GFDL-1.2-only"},
    {"gnu free documentation license version 1.3", "GFDL-1.3-only"},
    {"gnu free documentation license 1.2", "GFDL-1.2-only"},
    {"gnu free documentation license 1.3", "GFDL-1.3-only"},
    {"licence de documentation libre gnu version 1.2", "GFDL-1.2-only"},
    {"licence de documentation libre gnu version 1.3", "GFDL-1.3-only"},
    {"odbl", "ODbL-1.0"},
    {"open database license", "ODbL-1.0"},
    {"licence art libre 1.3", "LAL-1.3"},
    {"licence art libre", "LAL-1.3"},
    {"public domain mark 1.0", "LicenseRef-CC-PDM-1.0"},
    {"marque du domaine public 1.0", "LicenseRef-CC-PDM-1.0"},
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
        if (word_is(w, i, "cc")) creative_commons(w, i + 1, f);
        if (word_is(w, i, "creative") && word_is(w, i + 1, "commons")) creative_commons(w, i + 2, f);
        for (size_t k = 0; k < sizeof phrases / sizeof *phrases; k++) {
            if (phrase_at(w, i, phrases[k].phrase)) found(f, phrases[k].spdx);
        }
    }
}

/* Addresses in the text; each is blanked so that its words are not read again. */
static void read_addresses(char *text, size_t len, struct finding *f) {
    for (size_t i = 0; i + 2 < len; i++) {
        if (text[i] != '/' || text[i + 1] != '/') continue;
        size_t from = i, to = i;
        while (from > 0 && (ascii_is_alpha(text[from - 1]) || text[from - 1] == ':')) from--;
        while (to < len && !ascii_is_space(text[to]) && !strchr("\"'<>()[]{}", text[to])) to++;
        size_t end = to;
        while (end > i && strchr(".,;:", text[end - 1])) end--;
        char spdx[LICENCE_MAX];
        if (licence_from_url(slice_of(text + from, end - from), spdx)) found(f, spdx);
        memset(text + from, '|', to - from);
        i = to;
    }
}

bool licence_from_text(struct slice text, char spdx[LICENCE_MAX]) {
    spdx[0] = 0;
    text = slice_trim(slice_sub(text, 0, TEXT_READ));
    if (licence_normal(text, spdx)) return true;
    struct buf raw, folded;
    struct finding f = {.several = false};
    buf_init(&raw, 3 * TEXT_READ);
    buf_init(&folded, 16 * TEXT_READ);
    utf8_repair(&raw, text);
    if (buf_ok(&raw) && raw.len) {
        read_addresses(raw.data, raw.len, &f);
        unicode_fold(&folded, buf_view(&raw));
    }
    struct words words;
    split(buf_view(&folded), &words);
    read_words(&words, &f);
    bool one = f.spdx[0] && !f.several && buf_ok(&folded) && buf_ok(&raw);
    if (one) memcpy(spdx, f.spdx, sizeof f.spdx);
    buf_free(&raw);
    buf_free(&folded);
    return one;
}
