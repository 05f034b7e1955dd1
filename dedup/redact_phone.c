/* Telephone numbers: the French plan (Arcep, ten figures after 0), the French overseas codes, and E.164 after a plus sign. */
#include "dedup/redact_parts.h"

static const char *const phone_words[] = {"t\xC3\xA9l",
                                          "tel",
                                          "phone",
                                          "portable",
                                          "mobile",
                                          "fax",
                                          "t\xC3\xA9l\xC3\xA9"
                                          "copie",
                                          "appel",
                                          "joindre",
                                          "contact",
                                          "standard",
                                          "gsm",
                                          "natel",
                                          "whatsapp",
                                          "sms",
                                          "\xE2\x98\x8E",
                                          NULL};
/* What ten figures on end after these words are not. */
static const char *const other_words[] = {"isbn",
                                          "issn",
                                          "ean",
                                          "gtin",
                                          "r\xC3\xA9"
                                          "f",
                                          "ref",
                                          "dossier",
                                          "facture",
                                          "commande",
                                          "contrat",
                                          "lot",
                                          "s\xC3\xA9rie",
                                          "police",
                                          "matricule",
                                          "identifiant",
                                          "finess",
                                          "compte",
                                          "adh\xC3\xA9rent",
                                          "cerfa",
                                          "bordereau",
                                          "d\xC3\xA9"
                                          "cision",
                                          "arr\xC3\xAAt",
                                          "pourvoi",
                                          "siret",
                                          "siren",
                                          "rcs",
                                          "code",
                                          "colis",
                                          "suivi",
                                          "ticket",
                                          "devis",
                                          "imei",
                                          "ppn",
                                          "sudoc",
                                          NULL};

/* Bytes of the separator before group ${i}. */
static size_t gap(const struct figures *f, unsigned i) { return f->end[i] - f->size[i] - f->end[i - 1]; }

/* "01 02 03 04 05 06": a row that counts. */
static bool counting(const struct figures *f) {
    for (unsigned i = 1; i < f->groups; i++) {
        int step = (f->digit[2 * i] - f->digit[2 * i - 2]) * 10 + f->digit[2 * i + 1] - f->digit[2 * i - 1];
        if (f->size[i] != 2 || f->size[i - 1] != 2 || step != 1) return false;
    }
    return f->groups > 5;
}

/* After ${k} groups the row goes on as it was, and not by whole telephone numbers: a draw, a table, some code. */
static bool goes_on(const struct figures *f, unsigned k) {
    if (k >= f->groups || k < 2 || f->sep[k] != f->sep[1] || gap(f, k) != gap(f, 1)) return false;
    unsigned more = 0, at = 0;
    for (unsigned i = 0; i < k; i++) at += f->size[i];
    for (unsigned i = k; i < f->groups && f->size[i] == 2 && f->sep[i] == f->sep[1]; i++) more++;
    /* "… 12 34 12/03/2024": the last pair begins a date. */
    if (more && k + more < f->groups && f->sep[k + more] == SEP_SLASH) more--;
    if (more == 0) return f->sep[k] != SEP_SPACE;
    return f->digit[at] != '0' || more < 5 || counting(f);
}

/*
 * Numbers of Belgium ("02 123 45 67", "0475/12.34.56") and of North America ("514-555-0199") as their own people write them: three
 * or four groups such as many things have, so that a word for telephones must stand before; or brackets round the area's three
 * figures.
 */
static bool neighbour(struct slice text, size_t at, const struct figures *f, struct found *out) {
    static const char *const belgian[] = {"2322", "3222", "4222", NULL};
    bool bracket = at > 0 && text.ptr[at - 1] == '(' && f->groups > 1 && f->sep[1] == SEP_PAREN;
    unsigned k = 0, lead = f->size[0] == 1 && f->digit[0] == '1' ? 1 : 0;
    for (size_t i = 0; belgian[i] && !k; i++)
        if (f->digit[0] == '0' && f->digit[1] != '0' && redact_shape(f, 0, 4, belgian[i]) && (f->n < 10 || f->digit[1] == '4'))
            k = 4;
    if (f->groups >= 3 + lead && redact_shape(f, lead, 3, "334") && f->digit[lead] >= '2' && f->digit[lead + 3] >= '2')
        k = 3 + lead;
    if (!k || k != f->groups || f->zero || !redact_ends(text, f->end[k - 1])) return false;
    bool area = bracket && k == 3 && f->sep[2] != SEP_PAREN;
    if (!area && (f->sep[1] == SEP_PAREN || !redact_context(text, at, phone_words))) return false;
    *out = (struct found){REDACT_PHONE, at - area, f->end[k - 1]};
    return true;
}

enum verdict redact_phone(struct slice text, size_t at, const struct figures *f, struct found *out) {
    if (neighbour(text, at, f, out)) return FOUND;
    static const char *const odd[] = {"433",   "244",    "46",   "2332", "28",   "334",  "3322",
                                      "13222", "112222", "2233", "19",   "2323", "2224", NULL};
    if (f->n < 10 || f->digit[0] != '0' || f->digit[1] == '0' || f->digit[1] == '8') return FOUND_NONE;
    unsigned k = redact_groups(f, 0, 10);
    if (k == 0 || f->zero || !redact_ends(text, f->end[k - 1])) return FOUND_NONE;
    size_t start = at;
    bool bracket = at > 0 && text.ptr[at - 1] == '(' && k > 1 && f->sep[1] == SEP_PAREN;
    if (bracket) start--;
    bool usual = redact_shape(f, 0, k, "22222") || redact_shape(f, 0, k, "4222");
    if (!redact_one_separator(f, bracket ? 1 : 0, bracket ? k - 1 : k)) return FOUND_NONE;
    *out = (struct found){REDACT_PHONE, start, f->end[f->groups - 1]};
    bool named = usual && !counting(f) && redact_context(text, at, phone_words);
    if (goes_on(f, k) && !named) return usual ? PASSED : FOUND_NONE;
    if (!bracket && k > 1 && f->sep[1] == SEP_PAREN) return FOUND_NONE;
    if (!usual) {
        bool known = redact_context(text, at, phone_words), shaped = false;
        for (size_t i = 0; odd[i] && k > 1; i++) shaped = shaped || redact_shape(f, 0, k, odd[i]);
        if (k > 1 ? !(known && shaped) : !known && redact_context(text, at, other_words)) return FOUND_NONE;
        if (k == 1 && f->groups > 1 && (f->sep[1] == SEP_DASH || f->sep[1] == SEP_DOT) && f->size[1] < 4) return FOUND_NONE;
    }
    *out = (struct found){REDACT_PHONE, start, f->end[k - 1]};
    return FOUND;
}

/* Country codes (ITU-T E.164) and how many figures follow; trunk: a 0 before them may be written. */
struct plan {
    const char *code;
    unsigned least, most;
    bool trunk;
};
static const struct plan plans[] = {
    {"33", 9, 9, true},   {"262", 9, 9, true},  {"590", 9, 9, true},  {"594", 9, 9, true},    {"596", 9, 9, true},
    {"508", 6, 9, true},  {"687", 6, 6, false}, {"689", 8, 8, false}, {"681", 6, 6, false},   {"32", 8, 9, true},
    {"41", 9, 9, true},   {"352", 6, 9, false}, {"377", 8, 9, false}, {"376", 6, 6, false},   {"213", 8, 9, true},
    {"212", 9, 9, true},  {"216", 8, 8, false}, {"221", 9, 9, false}, {"225", 10, 10, false}, {"237", 9, 9, false},
    {"44", 10, 10, true}, {"49", 7, 11, true},  {"34", 9, 9, false},  {"39", 9, 11, false},   {"31", 9, 9, true},
    {"351", 9, 9, false}, {"1", 10, 10, false},
};

static const struct plan *plan_of(const struct figures *f, unsigned from) {
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        size_t n = strlen(plans[i].code);
        if (from + n < f->n && memcmp(f->digit + from, plans[i].code, n) == 0) return &plans[i];
    }
    return NULL;
}

/* How many groups make between ${least} and ${most} figures in all; the most that do. */
static unsigned fitting(const struct figures *f, unsigned least, unsigned most) {
    for (unsigned n = most; n >= least && n > 0; n--) {
        unsigned k = redact_groups(f, 0, n);
        if (k) return k;
    }
    return 0;
}

/* The code stands as whole groups, or as the beginning of the one group that holds the number. */
static bool code_parted(const struct figures *f, unsigned figures) {
    return f->groups == 1 || f->size[0] >= figures || redact_groups(f, 0, figures);
}

static enum verdict known_plan(struct slice text, size_t start, const struct figures *f, unsigned zeros, const struct plan *p,
                               struct found *out) {
    unsigned code = zeros + (unsigned)strlen(p->code);
    unsigned trunk = p->trunk && !f->zero && f->digit[code] == '0' ? 1 : 0;
    unsigned k = fitting(f, code + trunk + p->least, code + trunk + p->most);
    if (k == 0 || !code_parted(f, code) || !redact_ends(text, f->end[k - 1])) return FOUND_NONE;
    if (p->trunk && f->digit[code + trunk] == '0') return FOUND_NONE;
    /* No area of North America begins with 0 or 1. */
    if (p->code[0] == '1' && f->digit[code] < '2') return FOUND_NONE;
    *out = (struct found){REDACT_PHONE, start, f->end[k - 1]};
    return FOUND;
}

/* "+1 (514) 555-0199": an area's figures in brackets behind the code go on the number. */
static void bracketed_area(struct slice text, struct figures *f) {
    struct figures rest;
    if (f->groups != 1) return;
    size_t at = f->end[0];
    while (at < text.len && text.ptr[at] == ' ' && at < f->end[0] + 2) at++;
    if (at >= text.len || text.ptr[at] != '(') return;
    redact_figures(text, at + 1, &rest);
    if (rest.groups < 2 || rest.sep[1] != SEP_PAREN || rest.size[0] > 4 || rest.zero) return;
    if (rest.groups + 1 > FIGURES_GROUPS || rest.n + f->n > FIGURES_MAX) return;
    memcpy(f->digit + f->n, rest.digit, rest.n);
    f->n += rest.n;
    for (unsigned i = 0; i < rest.groups; i++) {
        f->size[f->groups] = rest.size[i];
        f->end[f->groups] = rest.end[i];
        f->sep[f->groups++] = i ? rest.sep[i] : SEP_PAREN;
    }
}

/* "(33) 1 99 00 12 34": France's code in brackets, with no sign before it. */
static bool bracketed_code(struct slice text, size_t at, const struct figures *f) {
    return at > 0 && text.ptr[at - 1] == '(' && redact_shape(f, 0, 6, "212222") && memcmp(f->digit, "33", 2) == 0 &&
           f->digit[2] != '0' && f->sep[1] == SEP_PAREN && f->groups == 6;
}

enum verdict redact_phone_abroad(struct slice text, size_t at, struct found *out) {
    struct figures f;
    bool plus = text.ptr[at] == '+';
    size_t first = at + plus, start = at;
    if (plus && first < text.len && text.ptr[first] == ' ') first++;
    redact_figures(text, first, &f);
    if (f.groups == 0) return FOUND_NONE;
    if (!plus && bracketed_code(text, at, &f)) {
        *out = (struct found){REDACT_PHONE, at > 1 && text.ptr[at - 2] == '+' ? at - 2 : at - 1, f.end[5]};
        return redact_ends(text, f.end[5]) ? FOUND : FOUND_NONE;
    }
    bracketed_area(text, &f);
    if (at > 0 && text.ptr[at - 1] == '(' && f.groups > 1 && (f.sep[1] == SEP_PAREN || f.sep[2] == SEP_PAREN)) start--;
    unsigned zeros = plus ? 0 : 2;
    if (!plus && (f.n < 10 || f.digit[0] != '0' || f.digit[1] != '0')) return FOUND_NONE;
    const struct plan *p = plan_of(&f, zeros);
    if (p) return known_plan(text, start, &f, zeros, p, out);
    if (!plus || f.digit[0] == '0') return FOUND_NONE;
    unsigned k = fitting(&f, 10, 13);
    if (k == 0 || !redact_ends(text, f.end[k - 1])) return FOUND_NONE;
    /* "+ 10 000 000 000": a sum, unless a word says otherwise. */
    bool thousands = first > at + 1 && k > 2 && f.size[0] <= 3;
    for (unsigned i = 1; i < k && thousands; i++) thousands = f.size[i] == 3;
    if (thousands && !redact_context(text, at, phone_words)) return FOUND_NONE;
    *out = (struct found){REDACT_PHONE, start, f.end[k - 1]};
    return FOUND;
}
