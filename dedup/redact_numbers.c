/* Numbers of persons, cards and firms. */
#include "dedup/redact_parts.h"

/* The 13 characters and the key, with separators only where the number has its joints (1 2 2 2 3 3 and 2). */
struct nir {
    char c[16];
    size_t end;
    bool spaced;
};

/* Between number and key: spaces, a dash, a slash, a bracket, the word "clé". */
static size_t key_gap(struct slice s, size_t at) {
    static const char *const words[] = {"cl\xC3\xA9", "cl\xC3\x89", "clef", "cle"};
    size_t i = at, width;
    if (i < s.len && s.ptr[i] == ',') i++;
    if (redact_separator(s, i, &width) != SEP_NONE) i += width;
    if (i < s.len && s.ptr[i] == '(') i++;
    for (size_t w = 0; w < sizeof words / sizeof *words; w++)
        if (slice_starts_nocase(slice_sub(s, i, s.len), slice_str(words[w]))) {
            i += strlen(words[w]);
            if (i < s.len && redact_separator(s, i, &width) != SEP_NONE) i += width;
            if (i < s.len && s.ptr[i] == ':') i++;
            if (i < s.len && redact_separator(s, i, &width) != SEP_NONE) i += width;
            break;
        }
    return i - at;
}

static bool read_nir(struct slice s, size_t at, struct nir *n) {
    n->spaced = false;
    for (unsigned i = 0; i < 15; i++) {
        size_t width = 0;
        bool joint = i == 1 || i == 3 || i == 5 || i == 7 || i == 10;
        if (i == 13)
            width = key_gap(s, at);
        else if (joint)
            redact_separator(s, at, &width);
        if (width) n->spaced = true;
        at += width;
        if (at >= s.len) return false;
        char c = ascii_upper(s.ptr[at++]);
        bool island = i == 6 && n->c[5] == '2' && (c == 'A' || c == 'B');
        if (!ascii_is_digit(c) && !island) return false;
        n->c[i] = c;
    }
    n->end = at;
    return redact_ends(s, at);
}

/* The key of the number: 97 less its remainder, 2A counted as 19 and 2B as 18. */
static bool nir_key(const struct nir *n) {
    uint64_t v = 0;
    for (unsigned i = 0; i < 13; i++) {
        unsigned d = n->c[i] == 'A' ? 9 : n->c[i] == 'B' ? 8 : (unsigned)(n->c[i] - '0');
        if (i == 5 && n->c[6] > '9') d = 1;
        v = v * 10 + d;
    }
    unsigned key = (unsigned)(n->c[13] - '0') * 10 + (unsigned)(n->c[14] - '0');
    return key == 97 - v % 97;
}

enum verdict redact_nir(struct slice text, size_t at, struct found *out) {
    struct nir n;
    if (!strchr("123478", text.ptr[at]) || !read_nir(text, at, &n)) return FOUND_NONE;
    /* Months 1 to 12; 20 and more stand for births whose month is not known. */
    unsigned month = (unsigned)(n.c[3] - '0') * 10 + (unsigned)(n.c[4] - '0');
    if (month == 0 || (month > 12 && month < 20)) return FOUND_NONE;
    *out = (struct found){REDACT_NIR, at, n.end};
    if (nir_key(&n)) return FOUND;
    return n.spaced ? PASSED : FOUND_NONE;
}

static unsigned leading(const char *d, unsigned n) {
    unsigned v = 0;
    for (unsigned i = 0; i < n; i++) v = v * 10 + (unsigned)(d[i] - '0');
    return v;
}

/* Which networks give out a number of ${n} figures that begins so (ISO/IEC 7812 issuer ranges in use). */
static bool issuer(const char *d, unsigned n) {
    unsigned two = leading(d, 2), three = leading(d, 3), four = leading(d, 4);
    if (d[0] == '4') return n == 13 || n == 16 || n == 19;
    if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) return n == 16;
    if (two == 34 || two == 37) return n == 15;
    if (two == 36 || two == 38 || two == 39 || (three >= 300 && three <= 305)) return n == 14 || n == 16;
    if (four >= 3528 && four <= 3589) return n == 16;
    if (two == 50 || (two >= 56 && two <= 58) || two == 60 || (two >= 62 && two <= 69)) return n >= 16;
    return false;
}

static bool card_shape(const struct figures *f, unsigned k) {
    static const char *const shapes[] = {"4444", "465", "464", "44443", "4446", "44442"};
    if (k == 1) return true;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (redact_shape(f, 0, k, shapes[i])) return redact_one_separator(f, 0, k);
    return false;
}

enum verdict redact_card(struct slice text, size_t at, const struct figures *f, struct found *out) {
    static const char *const words[] = {"carte", "cb", "visa", "card", "diners", "paiement", "pan", "bancaire", "mastercard", NULL};
    static const char *const others[] = {"siret", "siren", "imei", "ean", "isbn", "gtin", NULL};
    for (unsigned n = 19; n >= 13; n--) {
        unsigned k = redact_groups(f, 0, n);
        if (k == 0 || !issuer(f->digit, n) || !card_shape(f, k) || !redact_ends(text, f->end[k - 1])) continue;
        /* A longer row of groups of four is something else. */
        if (k > 1 && k < f->groups && f->sep[k] == f->sep[1] && f->size[k] == 4) continue;
        bool known = redact_context(text, at, words) && !redact_context(text, at, others);
        /* 13 figures are an EAN and 14 a SIRET sooner than a card. */
        if (k == 1 && n <= 14 && !known) continue;
        *out = (struct found){REDACT_CARD, at, f->end[k - 1]};
        if (redact_luhn(f->digit, n)) return redact_context(text, at, others) && !known ? PASSED : FOUND;
        return n >= 15 ? PASSED : FOUND_NONE;
    }
    return FOUND_NONE;
}

/* INSEE: Luhn; of the Post Office (356 000 000) the sum of all figures is a multiple of five. */
static bool siret_key(const char *d) {
    unsigned sum = 0;
    for (unsigned i = 0; i < 14; i++) sum += (unsigned)(d[i] - '0');
    return redact_luhn(d, 14) || (memcmp(d, "356000000", 9) == 0 && sum % 5 == 0);
}

enum verdict redact_firm(struct slice text, size_t at, const struct figures *f, struct found *out) {
    static const char *const words[] = {"siren", "siret", "rcs", "r.c.s", "tva", "immatricul", NULL};
    unsigned k = redact_groups(f, 0, 14);
    bool shaped = k == 1 || redact_shape(f, 0, k, "3335") || redact_shape(f, 0, k, "95");
    if (k && shaped && redact_one_separator(f, 0, k) && redact_ends(text, f->end[k - 1]) && siret_key(f->digit)) {
        *out = (struct found){REDACT_SIRET, at, f->end[k - 1]};
        return FLAGGED;
    }
    k = redact_groups(f, 0, 9);
    shaped = k == 1 || (redact_shape(f, 0, k, "333") && redact_one_separator(f, 0, k));
    if (!k || !shaped || !redact_ends(text, f->end[k - 1]) || !redact_luhn(f->digit, 9) || !redact_context(text, at, words))
        return FOUND_NONE;
    *out = (struct found){REDACT_SIREN, at, f->end[k - 1]};
    return FLAGGED;
}
