#ifndef VILLERS_DEDUP_REDACT_PARTS_H
#define VILLERS_DEDUP_REDACT_PARTS_H
/*
 * The recognisers behind dedup/redact.h.  Each looks at most some hundred bytes around the place it is given, so that the whole is
 * linear.
 */
#include "dedup/redact.h"

/* What separates groups of figures. */
enum separator {
    SEP_NONE,
    SEP_SPACE, /* one or two spaces, no-break ones too */
    SEP_DOT,
    SEP_DASH,
    SEP_SLASH,
    SEP_PAREN /* ")" or "(0)" with the spaces around it */
};
/** redact_separator(text, at, bytes): which stands at ${at}, and its length; punctuation takes the spaces around it along. */
enum separator redact_separator(struct slice text, size_t at, size_t *bytes);

#define FIGURES_MAX 40
#define FIGURES_GROUPS 24
/* Groups of figures, one separator between each two. */
struct figures {
    char digit[FIGURES_MAX];
    unsigned n;
    unsigned groups;
    unsigned size[FIGURES_GROUPS];      /* figures in each */
    size_t end[FIGURES_GROUPS];         /* byte offset after each */
    enum separator sep[FIGURES_GROUPS]; /* before each; the first SEP_NONE */
    bool zero;                          /* a "(0)" was passed over */
};
/** redact_figures(text, at, f): read them from ${at}. */
void redact_figures(struct slice text, size_t at, struct figures *f);
/** redact_groups(f, from, digits): how many groups from the ${from}-th make just ${digits} figures; 0 when none do. */
unsigned redact_groups(const struct figures *f, unsigned from, unsigned digits);
/** redact_shape(f, from, n, shape): the ${n} groups have the sizes written in ${shape} ("22222"). */
bool redact_shape(const struct figures *f, unsigned from, unsigned n, const char *shape);
/** redact_one_separator(f, from, n): the same one between all of them. */
bool redact_one_separator(const struct figures *f, unsigned from, unsigned n);

/** redact_ends(text, end): a number or word may end at ${end}: no letter, figure, '_' or '@' follows, nor a point and a figure. */
bool redact_ends(struct slice text, size_t end);
/** redact_context(text, at, words): one of the ${words} (lower case, NULL at the end) begins a word in the 40 bytes before. */
bool redact_context(struct slice text, size_t at, const char *const *words);
/** redact_luhn(digits, n): ISO/IEC 7812-1 annex B. */
bool redact_luhn(const char *digits, unsigned n);

enum verdict {
    FOUND_NONE,
    FOUND,   /* personal: mask it */
    FLAGGED, /* public: tell it */
    PASSED   /* of a known shape but wrong: nothing in it is looked at again */
};
struct found {
    enum redact_kind kind;
    size_t start, end;
};
/* Each looks at the number, or what it says, that begins at ${at}. */
enum verdict redact_nir(struct slice text, size_t at, struct found *out);
enum verdict redact_card(struct slice text, size_t at, const struct figures *f, struct found *out);
enum verdict redact_firm(struct slice text, size_t at, const struct figures *f, struct found *out);
enum verdict redact_phone(struct slice text, size_t at, const struct figures *f, struct found *out);
/** redact_phone_abroad(text, at, out): at '+' or at the "00" that stands for it. */
enum verdict redact_phone_abroad(struct slice text, size_t at, struct found *out);
enum verdict redact_ipv4(struct slice text, size_t at, struct found *out);
/** redact_iban(text, at, out): ${at} is the first figure, after the country's two letters. */
enum verdict redact_iban(struct slice text, size_t at, struct found *out);
/** redact_ipv6(text, at, floor, out): around the colon at ${at}, not before ${floor}. */
enum verdict redact_ipv6(struct slice text, size_t at, size_t floor, struct found *out);
/** redact_email(text, at, floor, in_url, out): around the '@' at ${at}. */
enum verdict redact_email(struct slice text, size_t at, size_t floor, bool in_url, struct found *out);
/** redact_email_hidden(text, at, floor, out): around the bracket at ${at}: "nom (at) domaine.fr", "nom[arobase]domaine[point]fr". */
enum verdict redact_email_hidden(struct slice text, size_t at, size_t floor, struct found *out);

#endif
