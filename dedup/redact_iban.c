/* International bank account numbers, ISO 13616. */
#include "dedup/redact_parts.h"

/*
 * Length of an IBAN by country: the SWIFT registry, and behind it the countries that use the scheme without being there (Algeria,
 * Morocco, those of the CFA franc, Madagascar and others).
 */
static const struct {
    char code[3];
    unsigned char length;
} countries[] = {{"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22}, {"BH", 22},
                 {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DK", 18}, {"DO", 28},
                 {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22}, {"GE", 22}, {"GI", 23},
                 {"GL", 18}, {"GR", 27}, {"GT", 28}, {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26},
                 {"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20},
                 {"LV", 21}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19}, {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NL", 18},
                 {"NO", 15}, {"PK", 24}, {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"SA", 24},
                 {"SC", 31}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22},
                 {"VG", 24}, {"XK", 20}, {"AO", 25}, {"BF", 28}, {"BI", 27}, {"BJ", 28}, {"CF", 27}, {"CG", 27}, {"CI", 28},
                 {"CM", 27}, {"CV", 25}, {"DJ", 27}, {"DZ", 26}, {"GA", 27}, {"GQ", 27}, {"GW", 25}, {"IR", 26}, {"KM", 27},
                 {"LY", 25}, {"MA", 28}, {"MG", 27}, {"ML", 28}, {"MZ", 25}, {"NE", 28}, {"SN", 28}, {"ST", 25}, {"TD", 27},
                 {"TG", 28}, {"TL", 23}};
#define IBAN_MAX 34

static unsigned length_of(const char *code) {
    for (size_t i = 0; i < sizeof countries / sizeof *countries; i++)
        if (memcmp(countries[i].code, code, 2) == 0) return countries[i].length;
    return 0;
}

/* ISO 7064 MOD 97-10 over the number with its first four characters moved to the end. */
static bool key(const char *c, unsigned n) {
    unsigned rest = 0;
    for (unsigned i = 0; i < n; i++) {
        char x = c[(i + 4) % n];
        rest = ascii_is_digit(x) ? (rest * 10 + (unsigned)(x - '0')) % 97 : (rest * 100 + (unsigned)(x - 'A') + 10) % 97;
    }
    return rest == 1;
}

/* The BBAN of France and Monaco: 10 figures, 11 letters or figures, 2 figures. */
static bool french(const char *c) {
    for (unsigned i = 4; i < 27; i++)
        if ((i < 14 || i >= 25) && !ascii_is_digit(c[i])) return false;
    return true;
}

/* Where numbers are parted: after each fourth character, or in France by bank, branch, account and key. */
static bool joint(unsigned i, bool by_account) { return by_account ? i == 4 || i == 9 || i == 14 || i == 25 : i % 4 == 0; }

/* ${want} letters (in one case) and figures from ${at}, the third character of the number and on. */
static bool read_iban(struct slice s, size_t at, unsigned want, bool upper, char *c, size_t *end) {
    bool fours = true, account = true;
    unsigned figures = 0;
    for (unsigned i = 0; i < want; i++) {
        size_t width = 0;
        enum separator sep = i ? redact_separator(s, at, &width) : SEP_NONE;
        if (sep == SEP_PAREN || sep == SEP_SLASH) return false;
        if (sep != SEP_NONE) {
            fours = fours && joint(i + 2, false);
            account = account && joint(i + 2, true);
            if (!fours && !account) return false;
        }
        at += width;
        if (at >= s.len || !ascii_is_alnum(s.ptr[at])) return false;
        if (ascii_is_alpha(s.ptr[at]) && (s.ptr[at] <= 'Z') != upper) return false;
        figures += ascii_is_digit(s.ptr[at]);
        c[i] = ascii_upper(s.ptr[at++]);
    }
    *end = at;
    /* Words that follow a figure are no account. */
    if (figures * 2 < want) return false;
    return redact_ends(s, at);
}

/* Where the two letters before the figure at ${at} begin; SIZE_MAX when they are not a word of their own. */
static size_t country_before(struct slice s, size_t at) {
    size_t end = at;
    if (end > 0 && s.ptr[end - 1] == ' ')
        end--;
    else if (end > 1 && memcmp(s.ptr + end - 2, "\xC2\xA0", 2) == 0)
        end -= 2;
    else if (end > 2 && memcmp(s.ptr + end - 3, "\xE2\x80\xAF", 3) == 0)
        end -= 3;
    if (end < 2 || !ascii_is_alpha(s.ptr[end - 1]) || !ascii_is_alpha(s.ptr[end - 2])) return SIZE_MAX;
    bool named = end >= 6 && slice_starts_nocase(slice_sub(s, end - 6, end), slice_str("iban")); /* "IBANFR14…" */
    if (!named && end > 2 && (ascii_is_alnum(s.ptr[end - 3]) || s.ptr[end - 3] == '_' || (unsigned char)s.ptr[end - 3] >= 0xC0))
        return SIZE_MAX;
    return end - 2;
}

enum verdict redact_iban(struct slice text, size_t at, struct found *out) {
    char c[IBAN_MAX + 2];
    size_t start = country_before(text, at), end;
    if (start == SIZE_MAX || at + 2 > text.len || !ascii_is_digit(text.ptr[at + 1])) return FOUND_NONE;
    /* "Fr76…", as a telephone writes at the beginning of a sentence, is in capitals too. */
    bool upper = text.ptr[start] <= 'Z';
    if (!upper && text.ptr[start + 1] <= 'Z') return FOUND_NONE;
    c[0] = ascii_upper(text.ptr[start]);
    c[1] = ascii_upper(text.ptr[start + 1]);
    unsigned length = length_of(c);
    if (length == 0 || !read_iban(text, at, length - 2, upper, c + 2, &end)) return FOUND_NONE;
    if (length == 27 && (c[0] == 'F' || c[0] == 'M') && (c[1] == 'R' || c[1] == 'C') && !french(c)) return FOUND_NONE;
    *out = (struct found){REDACT_IBAN, start, end};
    return key(c, length) ? FOUND : PASSED;
}
