#include "store/html_counts.h"
#include "store/doc_type.h"
#include <stdio.h>
#include <stdlib.h>

static int by_text(const void *a, const void *b) {
    const struct release_count *x = *(const struct release_count *const *)a, *y = *(const struct release_count *const *)b;
    return x->text_bytes != y->text_bytes ? (x->text_bytes < y->text_bytes ? 1 : -1) : strcmp(x->key, y->key);
}

static void row(struct buf *out, const struct html_counts *t, const struct release_count *c, const char *label) {
    html_row_head(out, label);
    if (!t->brief) {
        html_cell_number(out, c->documents);
        html_cell_number(out, c->words);
        html_cell_size(out, c->text_bytes);
    }
    html_cell_percent(out, (double)c->text_bytes, (double)t->whole);
    html_cell_bar(out, (double)c->text_bytes, (double)t->whole);
    html_row_end(out);
}

static const char *label_of(const struct html_counts *t, const char *key) {
    if (!key[0]) return "indéterminé";
    return t->label ? t->label(key, false) : key;
}

void html_counts(struct buf *out, const struct html_counts *t) {
    static const char *const all[] = {"", "~#documents", "#mots", "~#texte", "#part du texte", "", NULL}, *const few[] = {
                                                                                                              "", "#part du texte",
                                                                                                              "", NULL};
    const char *heads[7];
    const struct release_count **sorted = calloc(t->counts->n + 1, sizeof *sorted);
    struct release_count rest = {0};
    char others[64];
    if (!sorted || t->counts->n == 0) {
        free(sorted);
        return;
    }
    for (size_t i = 0; i < t->counts->n; i++) sorted[i] = &t->counts->items[i];
    qsort(sorted, t->counts->n, sizeof *sorted, by_text);
    size_t own = t->rows && t->counts->n > t->rows ? t->rows - 1 : t->counts->n;
    memcpy(heads, t->brief ? few : all, t->brief ? sizeof few : sizeof all);
    heads[0] = t->french;
    html_heading(out, t->level, t->french, t->english);
    html_table(out, t->french, heads);
    for (size_t i = 0; i < own; i++) row(out, t, sorted[i], label_of(t, sorted[i]->key));
    for (size_t i = own; i < t->counts->n; i++) {
        rest.documents += sorted[i]->documents;
        rest.words += sorted[i]->words;
        rest.text_bytes += sorted[i]->text_bytes;
    }
    snprintf(others, sizeof others, "%zu autres · others", t->counts->n - own);
    if (own < t->counts->n) row(out, t, &rest, others);
    html_table_end(out);
    free(sorted);
}

static void quality_plot(struct buf *out, const struct release_manifest *m) {
    static const char *const labels[] = {"0–0,1",   "0,1–0,2", "0,2–0,3", "0,3–0,4", "0,4–0,5", "0,5–0,6",
                                         "0,6–0,7", "0,7–0,8", "0,8–0,9", "0,9–1",   "1"};
    enum { BANDS = sizeof labels / sizeof *labels };
    double values[BANDS] = {0};
    bool any = false;
    for (size_t i = 0; i < m->qualities.n; i++) {
        uint64_t band;
        if (!slice_parse_u64(slice_str(m->qualities.items[i].key), &band) || band >= BANDS) continue;
        values[band] = (double)m->qualities.items[i].documents;
        any = true;
    }
    if (any) html_columns(out, "Documents par score de qualité, de 0 à 1", "documents", labels, values, BANDS);
}

void html_judgments(struct buf *out, const struct release_manifest *m, unsigned level) {
    struct html_counts types = {.counts = &m->types,
                                .whole = m->text_bytes,
                                .french = "Types de document",
                                .english = "Types of document",
                                .level = level,
                                .label = doc_type_label};
    html_counts(out, &types);
    if (m->qualities.n == 0) return;
    html_heading(out, level, "Qualité", "Quality");
    buf_str(
        out,
        "<p>Marge que laisse le plus proche des seuils de FineWeb-2 pour le français (répétitions, listes, lignes sans ponctuation) : 0 au "
        "seuil, 1 au plus loin. <span lang=en>Room left by the nearest of FineWeb-2’s limits for French (repetition, lists, lines without "
        "punctuation): 0 at the limit, 1 farthest from it.</span></p>\n");
    quality_plot(out, m);
}
