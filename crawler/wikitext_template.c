/*
 * Templates that stand for words in a sentence; all others are boxes, banners and references, and give nothing.  The names are those of
 * the French projects; a redirect of a template is a name of its own here.
 */
#include "crawler/wikitext_parts.h"

enum { ARGUMENTS = 24 };

enum shape {
    FIRST,   /* its first argument */
    SECOND,  /* its second argument, or the first when it has one */
    LAST,    /* its last argument without a name */
    ITSELF,  /* its name */
    SPACED,  /* its first arguments with spaces between them, at most four */
    CENTURY, /* XIX -> XIXe siècle */
    CENTURY_BC,
    HOUR,   /* 12 h 30 */
    QUOTE,  /* « … » */
    DASHED, /* – … – */
    LINK,   /* {{Lien|langue=…|trad=…|fr=…|texte=…}} */
    NUMBER, /* no 12 */
    WORD    /* the word of the table */
};

static const struct known {
    const char *name;
    enum shape shape;
    const char *word;
} known[] = {
    {"!", WORD, "|"},
    {"\"", QUOTE, ""},
    {"'", WORD, "'"},
    {",", WORD, ","},
    {"-s", CENTURY_BC, ""},
    {"-s-", CENTURY_BC, ""},
    {"1er", ITSELF, ""},
    {"1re", ITSELF, ""},
    {"1ère", WORD, "1re"},
    {"=", WORD, "="},
    {"abr", FIRST, ""},
    {"abréviation", FIRST, ""},
    {"abréviation discrète", FIRST, ""},
    {"abrd", FIRST, ""},
    {"av. j.-c.", WORD, "av. J.-C."},
    {"av jc", WORD, "av. J.-C."},
    {"ap. j.-c.", WORD, "apr. J.-C."},
    {"apr. j.-c.", WORD, "apr. J.-C."},
    {"cad", WORD, "c'est-à-dire"},
    {"càd", WORD, "c'est-à-dire"},
    {"citation", QUOTE, ""},
    {"citation bloc", FIRST, ""},
    {"citation étrangère", SECOND, ""},
    {"citation nécessaire", QUOTE, ""},
    {"clr", FIRST, ""},
    {"date", SPACED, ""},
    {"date-", SPACED, ""},
    {"date de décès", SPACED, ""},
    {"date de naissance", SPACED, ""},
    {"début citation", WORD, ""},
    {"dr", WORD, "Dr"},
    {"e", WORD, "e"},
    {"ème", WORD, "e"},
    {"er", WORD, "er"},
    {"ère", WORD, "re"},
    {"exp", FIRST, ""},
    {"exposant", FIRST, ""},
    {"foreign", SECOND, ""},
    {"grade", FIRST, ""},
    {"grand", FIRST, ""},
    {"guil", QUOTE, ""},
    {"guillemets", QUOTE, ""},
    {"heure", HOUR, ""},
    {"h-", HOUR, ""},
    {"ind", FIRST, ""},
    {"indice", FIRST, ""},
    {"incise", DASHED, ""},
    {"japonais", FIRST, ""},
    {"lang", SECOND, ""},
    {"langue", SECOND, ""},
    {"lien", LINK, ""},
    {"m.", WORD, "M."},
    {"me", WORD, "Me"},
    {"mgr", WORD, "Mgr"},
    {"mlle", WORD, "Mlle"},
    {"mm.", WORD, "MM."},
    {"mme", WORD, "Mme"},
    {"mmes", WORD, "Mmes"},
    {"n°", NUMBER, ""},
    {"nb", FIRST, ""},
    {"nobr", FIRST, ""},
    {"nobr romains", FIRST, ""},
    {"nombre", SPACED, ""},
    {"non sécable", FIRST, ""},
    {"nowrap", FIRST, ""},
    {"nº", NUMBER, ""},
    {"numéro", NUMBER, ""},
    {"numéro avec majuscule", NUMBER, ""},
    {"passage non neutre", FIRST, ""},
    {"passage évasif", FIRST, ""},
    {"pas clair", FIRST, ""},
    {"petit", FIRST, ""},
    {"petites capitales", FIRST, ""},
    {"pc", FIRST, ""},
    {"quoi", FIRST, ""},
    {"qui", FIRST, ""},
    {"quand", FIRST, ""},
    {"re", WORD, "re"},
    {"refnec", FIRST, ""},
    {"refsou", FIRST, ""},
    {"romain", FIRST, ""},
    {"référence nécessaire", FIRST, ""},
    {"référence souhaitée", FIRST, ""},
    {"s", CENTURY, ""},
    {"s-", CENTURY, ""},
    {"s mini", CENTURY, ""},
    {"s mini-", CENTURY, ""},
    {"s2", CENTURY, ""},
    {"sc", FIRST, ""},
    {"souligner", FIRST, ""},
    {"sp", CENTURY, ""},
    {"sp-", CENTURY, ""},
    {"st", WORD, "St"},
    {"ste", WORD, "Ste"},
    {"terme défini", FIRST, ""},
    {"terme", FIRST, ""},
    {"ttc", FIRST, ""},
    {"unité", SPACED, ""},
    {"unité/2", SPACED, ""},
    {"vague", FIRST, ""},
    {"élucider", FIRST, ""},
    {"°c", WORD, "°C"},
};

struct call {
    struct wikitext *w;
    size_t from[ARGUMENTS], to[ARGUMENTS]; /* arguments without a name, in order; [0] is the name */
    size_t n;
    size_t all_from[ARGUMENTS], all_to[ARGUMENTS], n_all;
};

static struct slice trimmed(const struct call *c, size_t from, size_t to) {
    return slice_trim(slice_of(c->w->src.ptr + from, to - from));
}

static void emit_slice(const struct call *c, struct slice s, struct buf *out) {
    size_t from = (size_t)(s.ptr - c->w->src.ptr);
    wikitext_emit(c->w, from, from + s.len, out);
}

static void argument(const struct call *c, size_t i, struct buf *out) {
    if (i < c->n) emit_slice(c, trimmed(c, c->from[i], c->to[i]), out);
}

/* "name=value": where '=' stands, or 0; one that stands inside brackets or an element's attribute is none. */
static size_t equals(const struct call *c, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        char ch = c->w->src.ptr[i];
        if (ch == '=') return i;
        if (ch == '[' || ch == '{' || ch == '<') return 0;
    }
    return 0;
}

static bool named(const struct call *c, const char *name, struct slice *value) {
    for (size_t i = 0; i < c->n_all; i++) {
        size_t eq = equals(c, c->all_from[i], c->all_to[i]);
        if (!eq || !slice_eq_nocase(trimmed(c, c->all_from[i], eq), slice_str(name))) continue;
        *value = trimmed(c, eq + 1, c->all_to[i]);
        return value->len > 0;
    }
    return false;
}

static void read_call(struct call *c, size_t from, size_t to) {
    size_t ends[ARGUMENTS], n = wikitext_split(c->w, from, to, ends, ARGUMENTS), at = from;
    for (size_t i = 0; i < n; i++) {
        size_t eq = i ? equals(c, at, ends[i]) : 0;
        struct slice key = eq ? trimmed(c, at, eq) : slice_of("", 0);
        bool number = key.len == 1 && key.ptr[0] >= '1' && key.ptr[0] <= '9';
        if (i) {
            c->all_from[c->n_all] = at;
            c->all_to[c->n_all++] = ends[i];
        }
        if (!eq || number) {
            c->from[c->n] = number ? eq + 1 : at;
            c->to[c->n++] = ends[i];
        }
        at = ends[i] + 1;
    }
}

static void spaced(const struct call *c, struct buf *out) {
    for (size_t i = 1; i < c->n && i < 4; i++) {
        if (i > 1 && out->len && out->data[out->len - 1] != ' ') buf_char(out, ' ');
        argument(c, i, out);
    }
}

static void century(const struct call *c, bool before_christ, struct buf *out) {
    argument(c, 1, out);
    if (c->n > 2)
        argument(c, 2, out);
    else
        buf_str(out, "e");
    buf_str(out, before_christ ? " siècle av. J.-C." : " siècle");
}

static void write_shape(const struct call *c, const struct known *k, struct slice name, struct buf *out) {
    struct slice value;
    switch (k->shape) {
    case FIRST: argument(c, 1, out); break;
    case SECOND:
        if (named(c, "texte", &value))
            emit_slice(c, value, out);
        else
            argument(c, c->n > 2 ? 2 : 1, out);
        break;
    case LAST: argument(c, c->n - 1, out); break;
    case ITSELF: buf_slice(out, name); break;
    case SPACED: spaced(c, out); break;
    case CENTURY: century(c, false, out); break;
    case CENTURY_BC: century(c, true, out); break;
    case HOUR:
        argument(c, 1, out);
        buf_str(out, " h ");
        argument(c, 2, out);
        break;
    case QUOTE:
        buf_str(out, "« ");
        argument(c, 1, out);
        buf_str(out, " »");
        break;
    case DASHED:
        buf_str(out, "– ");
        argument(c, 1, out);
        buf_str(out, " –");
        break;
    case LINK:
        if (named(c, "texte", &value) || named(c, "fr", &value) || named(c, "trad", &value))
            emit_slice(c, value, out);
        else
            argument(c, 1, out);
        break;
    case NUMBER:
        buf_str(out, "no ");
        argument(c, 1, out);
        break;
    case WORD: buf_str(out, k->word); break;
    }
}

/* {{XIXe siècle}}: digits of Roman numerals, then "e siècle". */
static bool is_century(struct slice name) {
    size_t n = 0;
    while (n < name.len && strchr("IVXLC", name.ptr[n])) n++;
    return n > 0 && slice_starts(slice_sub(name, n, name.len), slice_str("e siècle"));
}

void wikitext_template(struct wikitext *w, size_t from, size_t to, struct buf *out) {
    struct call c = {.w = w};
    read_call(&c, from, to);
    struct slice name = trimmed(&c, c.from[0], c.to[0]);
    if (name.len > 64 || !name.len) return;
    if (slice_starts_nocase(name, slice_str("formatnum:")) || slice_starts_nocase(name, slice_str("lc:")) ||
        slice_starts_nocase(name, slice_str("uc:"))) {
        size_t colon = slice_find_char(name, ':');
        emit_slice(&c, slice_trim(slice_sub(name, colon + 1, name.len)), out);
        return;
    }
    if (slice_starts_nocase(name, slice_str("lang-")) || slice_starts_nocase(name, slice_str("langue-"))) {
        argument(&c, 1, out);
        return;
    }
    if (is_century(name)) {
        buf_slice(out, name);
        return;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (slice_eq_nocase(name, slice_str(known[i].name))) {
            write_shape(&c, &known[i], name, out);
            return;
        }
}
