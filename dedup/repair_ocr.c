#include "base/utf8.h"
#include "dedup/repair_parts.h"

/* ---- words parted at line ends ---- */

/* Second parts that keep their hyphen ("dit-il", "au-dessus"): what stands after it is the whole of one of these. */
static const char *const enclitics[] = {
    "il",   "ils",       "elle",        "elles",        "on",     "je",      "tu",          "nous",   "vous",   "ce",
    "ci",   "l\xC3\xA0", "le",          "la",           "les",    "lui",     "leur",        "moi",    "toi",    "y",
    "en",   "t",         "m\xC3\xAAme", "m\xC3\xAAmes", "dessus", "dessous", "del\xC3\xA0", "devant", "dedans", "dehors",
    "midi", "vingt",     "huit",        "neuf",         "sept",   "six",     "cinq",        "quatre", "trois",  "deux"};
/* First parts that keep it. */
static const char *const heads[] = {"peut", "vis",  "c'est",  "est",      "celui", "celle",  "ceux",     "celles",
                                    "demi", "non",  "quatre", "soixante", "vingt", "trente", "quarante", "cinquante",
                                    "ex",   "vice", "sous",   "grand",    "saint", "sainte"};

static bool inside(char c) { return ascii_is_alpha(c) || (unsigned char)c >= 0x80; }

static bool one_of(struct slice w, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (slice_eq_nocase(w, slice_str(list[i]))) return true;
    return false;
}

/* A word parted by the hyphen at s[at], which a newline follows: *${rest} is what the next line has of it. */
static bool parted(struct slice s, size_t at, struct slice *rest) {
    size_t from = at, end = at + 2;
    while (from > 0 && (inside(s.ptr[from - 1]) || s.ptr[from - 1] == '\'')) from--;
    while (end < s.len && inside(s.ptr[end])) end++;
    struct slice head = slice_sub(s, from, at);
    *rest = slice_sub(s, at + 2, end);
    if (head.len < 2 || !inside(head.ptr[head.len - 1]) || rest->len < 2) return false;
    char c = rest->ptr[0];
    bool lower = (c >= 'a' && c <= 'z') || (c == '\xC3' && (unsigned char)rest->ptr[1] >= 0xA0);
    if (!lower || (end < s.len && s.ptr[end] == '-')) return false;
    return !one_of(*rest, enclitics, sizeof enclitics / sizeof *enclitics) && !one_of(head, heads, sizeof heads / sizeof *heads);
}

bool repair_hyphens_shown(struct slice s) {
    enum { FEWEST = 4, ONE_IN = 25 };
    size_t lines = 1, found = 0;
    struct slice rest;
    for (size_t at = 0; at < s.len; at++) {
        const char *p = memchr(s.ptr + at, '\n', s.len - at);
        if (!p) break;
        at = (size_t)(p - s.ptr);
        lines++;
        if (at > 0 && s.ptr[at - 1] == '-') found += parted(s, at - 1, &rest);
    }
    return found >= FEWEST && found * ONE_IN >= lines;
}

uint32_t repair_hyphens(struct buf *out, struct slice s) {
    uint32_t done = 0;
    size_t from = 0;
    struct slice rest;
    for (size_t at = 0; at + 1 < s.len; at++) {
        const char *p = memchr(s.ptr + at, '-', s.len - at);
        if (!p) break;
        at = (size_t)(p - s.ptr);
        if (at + 1 >= s.len || s.ptr[at + 1] != '\n' || !parted(s, at, &rest)) continue;
        buf_slice(out, slice_sub(s, from, at));
        from = at + 2 + rest.len;
        while (from < s.len && memchr(".,;:!?)", s.ptr[from], 7)) from++; /* the word's own marks stay with it */
        buf_slice(out, slice_sub(s, at + 2, from));
        if (from < s.len && s.ptr[from] == ' ') from++;
        if (from < s.len && s.ptr[from] != '\n') buf_char(out, '\n');
        at = from - 1;
        done++;
    }
    buf_slice(out, slice_sub(s, from, s.len));
    return done;
}

/* ---- the long s ---- */

/*
 * What a machine reads where a long s stands in words that French has no other reading for; the letters to make s are those where
 * the two differ.  In lower case; by hand.
 */
static const struct misread {
    const char *read, *meant;
} misreads[] = {
    {"eft", "est"},
    {"c'eft", "c'est"},
    {"n'eft", "n'est"},
    {"qu'eft", "qu'est"},
    {"auffi", "aussi"},
    {"ainfi", "ainsi"},
    {"fes", "ses"},
    {"ceft", "cest"},
    {"cefte", "ceste"},
    {"efté", "esté"},
    {"eftoit", "estoit"},
    {"eftoient", "estoient"},
    {"eftre", "estre"},
    {"mefme", "mesme"},
    {"mefmes", "mesmes"},
    {"foit", "soit"},
    {"foient", "soient"},
    {"feroit", "seroit"},
    {"feul", "seul"},
    {"feule", "seule"},
    {"feulement", "seulement"},
    {"fans", "sans"},
    {"efprit", "esprit"},
    {"efprits", "esprits"},
    {"plufieurs", "plusieurs"},
    {"toufjours", "tousjours"},
    {"perfonne", "personne"},
    {"perfonnes", "personnes"},
    {"chofe", "chose"},
    {"chofes", "choses"},
    {"raifon", "raison"},
    {"raifons", "raisons"},
    {"maifon", "maison"},
    {"maifons", "maisons"},
    {"juftice", "justice"},
    {"plaifir", "plaisir"},
    {"defir", "desir"},
    {"befoin", "besoin"},
    {"prefque", "presque"},
    {"jufqu", "jusqu"},
    {"jufques", "jusques"},
    {"lorfque", "lorsque"},
    {"puifque", "puisque"},
    {"parce-qu'eft", "parce-qu'est"},
    {"laiffe", "laisse"},
    {"laiffer", "laisser"},
    {"paffer", "passer"},
    {"paffé", "passé"},
    {"fous", "sous"},
    {"fouvent", "souvent"},
    {"fuivant", "suivant"},
    {"fuivre", "suivre"},
    {"fçavoir", "sçavoir"},
    {"fçait", "sçait"},
    {"fera", "sera"},
    {"fept", "sept"},
    {"fix", "six"},
    {"fieur", "sieur"},
    {"meffieurs", "messieurs"},
    {"monfieur", "monsieur"},
    {"fiecle", "siecle"},
    {"fiécle", "siécle"},
    {"fecond", "second"},
    {"fainte", "sainte"},
    {"faint", "saint"},
};
enum { N_MISREADS = sizeof misreads / sizeof *misreads, LONGEST = 16 };

/* "fans", "fous", "fera", "fuis" are words as well: only a text that shows misread ones makes them others. */
static const struct misread *misread_of(struct slice w) {
    char lower[LONGEST];
    if (w.len < 3 || w.len >= LONGEST) return NULL;
    if (!memchr(w.ptr, 'f', w.len) && w.ptr[0] != 'F') return NULL;
    for (size_t i = 0; i < w.len; i++) lower[i] = ascii_lower(w.ptr[i]);
    for (size_t i = 0; i < N_MISREADS; i++)
        if (slice_eq_str(slice_of(lower, w.len), misreads[i].read)) return &misreads[i];
    return NULL;
}

static size_t word_end(struct slice s, size_t at) {
    while (at < s.len && (inside(s.ptr[at]) || s.ptr[at] == '\'')) at++;
    return at;
}

static bool ambiguous(const struct misread *m) {
    static const char *const words[] = {"fans", "fous", "fera", "faint", "fix"};
    return one_of(slice_str(m->read), words, sizeof words / sizeof *words);
}

/* Parts of the commonest misread words, in hardly any other: most texts are through after these. */
static bool any_misread(struct slice s) {
    static const char *const parts[] = {"eft", "auffi", "foit", "chofe", "mefme", "efpr"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (slice_find(s, slice_str(parts[i])) != SIZE_MAX) return true;
    return false;
}

bool repair_long_s_shown(struct slice s) {
    enum { LETTERS = 3, WORDS = 5, ONE_IN = 60 };
    size_t letters = 0, misread = 0, words = 0;
    for (size_t at = 0; at + 1 < s.len; at++) {
        const char *p = memchr(s.ptr + at, 0xC5, s.len - at);
        if (!p) break;
        at = (size_t)(p - s.ptr);
        letters += at + 1 < s.len && s.ptr[at + 1] == '\xBF';
        if (letters >= LETTERS) return true;
    }
    if (!any_misread(s)) return false;
    for (size_t at = 0; at < s.len;) {
        size_t end = word_end(s, at);
        const struct misread *m = end > at ? misread_of(slice_sub(s, at, end)) : NULL;
        words += end > at;
        misread += m && !ambiguous(m);
        at = end + (end == at);
    }
    return misread >= WORDS && misread * ONE_IN >= words;
}

static uint32_t put_word(struct buf *out, struct slice w) {
    uint32_t done = 0;
    const struct misread *m = misread_of(w);
    for (size_t i = 0; i < w.len; i++) {
        if (m && m->read[i] != m->meant[i]) {
            buf_char(out, w.ptr[i] == 'F' ? 'S' : 's');
            done++;
        } else if (w.ptr[i] == '\xC5' && i + 1 < w.len && w.ptr[i + 1] == '\xBF') {
            buf_char(out, 's');
            done++;
            i++;
        } else {
            buf_char(out, w.ptr[i]);
        }
    }
    return done;
}

uint32_t repair_long_s(struct buf *out, struct slice s) {
    uint32_t done = 0;
    for (size_t at = 0; at < s.len;) {
        size_t end = word_end(s, at);
        if (end > at) {
            done += put_word(out, slice_sub(s, at, end));
        } else {
            buf_char(out, s.ptr[at]);
            end++;
        }
        at = end;
    }
    return done;
}
