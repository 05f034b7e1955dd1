#include "cli/stats.h"

#define ROWS_SHOWN ((size_t)20) /* --json and --csv have them all */

struct words { /* of the report, in one language */
    const char *heads[5], *total, *references, *funnel, *fresh, *releases, *denominator;
};
static const struct words french = {{"Documents", "Gardés", "Mots gardés", "Octets lus", "Français"},
                                    "Total",
                                    "Part de français, en regard des corpus de référence",
                                    "De l'adresse au document gardé : ce que chaque étape retire",
                                    "Fraîcheur : premier et dernier mois de collecte",
                                    "Versions publiées",
                                    "dénominateur"};
static const struct words english_words = {{"Documents", "Kept", "Words kept", "Bytes read", "French"},
                                           "Total",
                                           "Share of French, beside the reference corpora",
                                           "From the address to the kept document: what each step takes away",
                                           "Freshness: first and last month of the crawl",
                                           "Published versions",
                                           "denominator"};

/* 1 234 567 with the narrow no-break spaces of French typography. */
static void grouped(struct buf *out, int64_t v) {
    char digits[24];
    int n = 0;
    if (v < 0) buf_str(out, "−");
    uint64_t u = v < 0 ? (uint64_t)-v : (uint64_t)v;
    do {
        digits[n++] = (char)('0' + u % 10);
        u /= 10;
    } while (u);
    for (int i = n - 1; i >= 0; i--) {
        buf_char(out, digits[i]);
        if (i > 0 && i % 3 == 0) buf_str(out, "\u202f");
    }
}

/* Columns count characters, not bytes: both UTF-8 keys and the spaces above are wider in bytes than on the screen. */
static size_t width_of(struct slice s) {
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) n += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
    return n;
}

static void pad(struct buf *out, struct slice s, size_t width, bool right) {
    size_t n = width_of(s), fill = n < width ? width - n : 0;
    if (!right) buf_slice(out, s);
    while (fill--) buf_char(out, ' ');
    if (right) buf_slice(out, s);
}

static void number(struct buf *out, int64_t v, size_t width) {
    struct buf b = {.max = 64};
    grouped(&b, v);
    pad(out, buf_view(&b), width, true);
    buf_free(&b);
}

static void percent(struct buf *out, double share) {
    struct buf b = {.max = 64};
    buf_printf(&b, "%.1f %%", 100 * share);
    size_t dot = slice_find_char(buf_view(&b), '.');
    if (dot != SIZE_MAX) b.data[dot] = ',';
    pad(out, buf_view(&b), 9, true);
    buf_free(&b);
}

static void line(struct buf *out, const char *key, const struct manifest_tally *t) {
    pad(out, slice_str(key), 30, false);
    number(out, t->documents, 12);
    number(out, t->kept_documents, 12);
    number(out, t->kept_words, 15);
    number(out, t->bytes, 16);
    percent(out, stats_share(t->french_bytes, t->bytes));
    buf_char(out, '\n');
}

static void table(struct buf *out, struct stats_table *t, const struct words *w) {
    static const size_t widths[] = {12, 12, 15, 16, 9};
    bool is_english = w == &english_words;
    struct buf key = {.max = 4096};
    stats_sorted(t);
    buf_char(out, '\n');
    pad(out, slice_str(is_english ? t->english : t->french), 30, false);
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) pad(out, slice_str(w->heads[i]), widths[i], true);
    buf_char(out, '\n');
    /* Of what has an order of its own, the end is what counts: the last months. */
    size_t first = t->order == STATS_BY_KEY && t->n > ROWS_SHOWN ? t->n - ROWS_SHOWN : 0;
    size_t end = t->n - first < ROWS_SHOWN ? t->n : first + ROWS_SHOWN;
    for (size_t i = first; i < end; i++) line(out, stats_key(t, t->rows[i].key, is_english, &key), &t->rows[i].t);
    if (end - first < t->n)
        buf_printf(out, is_english ? "… and %zu more (--json has them all)\n" : "… et %zu autres (--json les donne tous)\n",
                   t->n - (end - first));
    buf_free(&key);
}

static void references(struct buf *out, const struct stats *s, const struct words *w) {
    size_t n;
    const struct stats_reference *r = stats_references(&n);
    bool is_english = w == &english_words;
    buf_printf(out, "\n%s\n", w->references);
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "  %s%5.2f %%  %s (%s%s %s%s %s)\n", r[i].below ? "< " : "  ", r[i].percent, r[i].corpus, r[i].unit,
                   is_english ? ";" : " ;", w->denominator, is_english ? ":" : " :", r[i].denominator);
    buf_printf(out, "    %5.2f %%  ", 100 * stats_share(s->total.french_bytes, s->total.bytes));
    buf_printf(out,
               is_english ? "this hub, documents read (bytes; denominator: %lld documents, all languages)\n"
                          : "ce hub, documents lus (octets ; dénominateur : %lld documents, toutes langues)\n",
               (long long)s->total.documents);
    buf_printf(out, "    %5.2f %%  ", 100 * stats_share(s->total.kept_french_bytes, s->total.kept_bytes));
    buf_printf(out,
               is_english ? "this hub, documents kept (bytes; denominator: %lld documents)\n"
                          : "ce hub, documents gardés (octets ; dénominateur : %lld documents)\n",
               (long long)s->total.kept_documents);
}

static void mixture(struct buf *out, const struct stats *s, const struct stats_mix *mix, bool is_english) {
    double share = stats_share(s->total.kept_french_bytes, s->total.kept_bytes);
    double q = stats_mixture(mix->words, mix->share, (double)s->total.kept_words, share);
    buf_str(out, is_english ? "\nMixture: " : "\nMélange : ");
    grouped(out, s->total.kept_words);
    buf_str(out, is_english ? " words kept, added to " : " mots gardés, ajoutés à ");
    grouped(out, (int64_t)mix->words);
    buf_str(out, is_english ? " words of which " : " mots dont ");
    stats_percent(out, mix->share, !is_english);
    buf_str(out, is_english ? " are French, give " : " de français, donnent ");
    stats_percent(out, q, !is_english);
    buf_str(out, is_english ? " of French\n" : " de français\n");
}

static void funnel(struct buf *out, const struct stats *s, const struct words *w) {
    buf_printf(out, "\n%s\n", w->funnel);
    for (size_t i = 0; i < s->n_funnel; i++) {
        const struct stats_step *f = &s->funnel[i];
        buf_str(out, "  ");
        pad(out, slice_str(f->stage), 8, false);
        pad(out, slice_str(f->reason), 28, false);
        if (f->reason[0])
            number(out, -f->gone, 14);
        else
            pad(out, slice_str(""), 14, false);
        number(out, f->left, 14);
        buf_char(out, '\n');
    }
}

static void fresh(struct buf *out, const struct stats *s, const struct words *w) {
    if (s->n_fresh) buf_printf(out, "\n%s\n", w->fresh);
    for (size_t i = 0; i < s->n_fresh; i++) {
        buf_str(out, "  ");
        pad(out, slice_str(s->fresh[i].source), 28, false);
        buf_printf(out, "  %s  %s", s->fresh[i].first, s->fresh[i].last);
        number(out, s->fresh[i].documents, 14);
        buf_char(out, '\n');
    }
}

static void releases(struct buf *out, const struct stats *s, const struct words *w) {
    if (s->n_releases) buf_printf(out, "\n%s\n", w->releases);
    for (size_t i = 0; i < s->n_releases; i++) {
        struct buf name = {.max = 1024};
        buf_printf(&name, "%s %s", s->releases[i].dataset, s->releases[i].version);
        buf_str(out, "  ");
        pad(out, buf_view(&name), 28, false);
        buf_printf(out, "  %s", s->releases[i].date);
        number(out, s->releases[i].documents, 12);
        number(out, s->releases[i].words, 15);
        number(out, s->releases[i].text_bytes, 16);
        buf_char(out, '\n');
        buf_free(&name);
    }
}

void stats_text(struct buf *out, struct stats *s, const struct stats_mix *mix, bool is_english) {
    const struct words *w = is_english ? &english_words : &french;
    for (size_t i = 0; i < s->n_tables; i++) table(out, &s->tables[i], w);
    line(out, w->total, &s->total);
    funnel(out, s, w);
    fresh(out, s, w);
    releases(out, s, w);
    references(out, s, w);
    if (mix->words > 0) mixture(out, s, mix, is_english);
}
