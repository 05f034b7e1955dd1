/* The figures as one page: plots beside their numbers, French with English beside the headings. */
#include "cli/stats.h"
#include "store/html.h"
#include <stdlib.h>

#define ROWS_SHOWN ((size_t)50)
#define COLUMNS_SHOWN ((size_t)48)

static void heading(struct buf *out, const char *french, const char *english) { html_heading(out, 2, french, english); }

/* Kept words by what has an order: months, shares, lengths. */
static void plot(struct buf *out, const struct stats_table *t) {
    size_t first = t->n > COLUMNS_SHOWN ? t->n - COLUMNS_SHOWN : 0, n = t->n - first;
    char **labels = calloc(n + 1, sizeof *labels);
    double *values = calloc(n + 1, sizeof *values);
    struct buf key = {.max = 4096};
    bool ok = labels && values;
    for (size_t i = 0; ok && i < n; i++) {
        labels[i] = strdup(stats_key(t, t->rows[first + i].key, false, &key));
        values[i] = (double)t->rows[first + i].t.kept_words;
        ok = labels[i] != NULL;
    }
    if (ok) html_columns(out, t->french, "mots gardés", (const char *const *)labels, values, n);
    for (size_t i = 0; labels && i < n; i++) free(labels[i]);
    free(labels);
    free(values);
    buf_free(&key);
}

static void table(struct buf *out, struct stats_table *t, const struct manifest_tally *total) {
    const char *heads[] = {t->french, "~#documents", "~#gardés", "#mots gardés", "~#français", "#part des mots gardés", "", NULL};
    struct buf key = {.max = 4096};
    if (t->n == 0) return;
    stats_sorted(t);
    heading(out, t->french, t->english);
    if (t->order == STATS_BY_KEY) plot(out, t);
    html_table(out, t->french, heads);
    size_t first = t->order == STATS_BY_KEY && t->n > ROWS_SHOWN ? t->n - ROWS_SHOWN : 0;
    for (size_t i = first; i < t->n && i < first + ROWS_SHOWN; i++) {
        const struct manifest_tally *r = &t->rows[i].t;
        html_row_head(out, stats_key(t, t->rows[i].key, false, &key));
        html_cell_number(out, (uint64_t)r->documents);
        html_cell_number(out, (uint64_t)r->kept_documents);
        html_cell_number(out, (uint64_t)r->kept_words);
        html_cell_percent(out, (double)r->french_bytes, (double)r->bytes);
        html_cell_percent(out, (double)r->kept_words, (double)total->kept_words);
        html_cell_bar(out, (double)r->kept_words, (double)total->kept_words);
        html_row_end(out);
    }
    html_table_end(out);
    if (t->n > ROWS_SHOWN) buf_printf(out, "<p>… et %zu autres lignes dans --json et --csv.</p>\n", t->n - ROWS_SHOWN);
    buf_free(&key);
}

static void funnel(struct buf *out, const struct stats *s) {
    static const char *const heads[] = {"étape", "motif", "~#retirés", "#restent", "", NULL};
    static const struct {
        const char *stage, *french;
    } stages[] = {
        {"crawl", "collecte"}, {"refine", "évaluation"}, {"dedup", "dédoublonnage"}, {"forget", "retraits"}, {"kept", "gardés"}};
    double whole = s->n_funnel ? (double)s->funnel[0].left : 0;
    heading(out, "De l’adresse au document gardé", "From the address to the kept document");
    html_table(out, "De l’adresse au document gardé", heads);
    for (size_t i = 0; i < s->n_funnel; i++) {
        const struct stats_step *f = &s->funnel[i];
        const char *stage = f->stage;
        for (size_t k = 0; k < sizeof stages / sizeof *stages; k++)
            if (!strcmp(stage, stages[k].stage)) stage = stages[k].french;
        html_row_head(out, stage);
        html_cell(out, i == 0 ? "adresses vues" : f->reason);
        html_cell_number(out, (uint64_t)f->gone);
        html_cell_number(out, (uint64_t)(f->left > 0 ? f->left : 0));
        html_cell_bar(out, (double)f->left, whole);
        html_row_end(out);
    }
    html_table_end(out);
}

static void fresh(struct buf *out, const struct stats *s) {
    static const char *const heads[] = {"source", "premier mois", "dernier mois", "#documents", NULL};
    if (s->n_fresh == 0) return;
    heading(out, "Fraîcheur par source", "Freshness by source");
    html_table(out, "Fraîcheur par source", heads);
    for (size_t i = 0; i < s->n_fresh; i++) {
        html_row_head(out, s->fresh[i].source);
        html_cell(out, s->fresh[i].first);
        html_cell(out, s->fresh[i].last);
        html_cell_number(out, (uint64_t)s->fresh[i].documents);
        html_row_end(out);
    }
    html_table_end(out);
}

static void releases(struct buf *out, const struct stats *s) {
    static const char *const heads[] = {"version", "date", "#documents", "#mots", "#texte", NULL};
    struct buf name = {.max = 1024};
    if (s->n_releases == 0) return;
    heading(out, "Versions publiées", "Published versions");
    html_table(out, "Versions publiées", heads);
    for (size_t i = 0; i < s->n_releases; i++) {
        buf_clear(&name);
        buf_printf(&name, "%s %s", s->releases[i].dataset, s->releases[i].version);
        html_row_head(out, buf_cstr(&name));
        html_cell(out, s->releases[i].date);
        html_cell_number(out, (uint64_t)s->releases[i].documents);
        html_cell_number(out, (uint64_t)s->releases[i].words);
        html_cell_size(out, (uint64_t)s->releases[i].text_bytes);
        html_row_end(out);
    }
    html_table_end(out);
    buf_free(&name);
}

static void reference_row(struct buf *out, const char *corpus, const char *unit, const char *denominator, double share,
                          bool below) {
    html_row_head(out, corpus);
    struct buf text = {.max = 64};
    buf_printf(&text, "%s%.2f\u00a0%%", below ? "< " : "", 100 * share);
    size_t dot = slice_find_char(buf_view(&text), '.');
    if (dot != SIZE_MAX) text.data[dot] = ',';
    buf_str(out, "<td class=n>");
    html_escape(out, buf_cstr(&text));
    buf_str(out, "</td>");
    html_cell_bar(out, share, 1);
    html_cell(out, unit);
    html_cell(out, denominator);
    html_row_end(out);
    buf_free(&text);
}

static void references(struct buf *out, const struct stats *s) {
    static const char *const heads[] = {"corpus", "#français", "", "unité", "dénominateur", NULL};
    size_t n;
    const struct stats_reference *r = stats_references(&n);
    heading(out, "Part de français, en regard des corpus de référence", "Share of French, beside the reference corpora");
    html_table(out, "Corpus de référence", heads);
    for (size_t i = 0; i < n; i++) reference_row(out, r[i].corpus, r[i].unit, r[i].denominator, r[i].percent / 100, r[i].below);
    reference_row(out, "ce hub, documents lus", "octets", "toutes langues", stats_share(s->total.french_bytes, s->total.bytes),
                  false);
    reference_row(out, "ce hub, documents gardés", "octets", "documents gardés",
                  stats_share(s->total.kept_french_bytes, s->total.kept_bytes), false);
    html_table_end(out);
}

static void mixture(struct buf *out, const struct stats *s, const struct stats_mix *mix) {
    double q = stats_mixture(mix->words, mix->share, (double)s->total.kept_words,
                             stats_share(s->total.kept_french_bytes, s->total.kept_bytes));
    buf_str(out, "<p>Mélange : ");
    html_grouped(out, (uint64_t)s->total.kept_words);
    buf_str(out, " mots gardés, ajoutés à ");
    html_grouped(out, (uint64_t)mix->words);
    buf_str(out, " mots dont ");
    stats_percent(out, mix->share, true);
    buf_str(out, " de français, donnent <strong>");
    stats_percent(out, q, true);
    buf_str(out, "</strong> de français.</p>\n");
}

void stats_html(struct buf *out, struct stats *s, const struct stats_mix *mix) {
    html_begin(out, "Couverture du français");
    buf_str(out, "<h1>Couverture du français · <span lang=en>Coverage of French</span></h1>\n<p><strong>");
    html_grouped(out, (uint64_t)s->total.documents);
    buf_str(out, "</strong> documents lus, <strong>");
    html_grouped(out, (uint64_t)s->total.kept_documents);
    buf_str(out, "</strong> gardés, <strong>");
    html_grouped(out, (uint64_t)s->total.kept_words);
    buf_str(out, "</strong> mots.</p>\n");
    if (mix->words > 0) mixture(out, s, mix);
    references(out, s);
    funnel(out, s);
    for (size_t i = 0; i < s->n_tables; i++) table(out, &s->tables[i], &s->total);
    fresh(out, s);
    releases(out, s);
    html_end(out, NULL);
}
