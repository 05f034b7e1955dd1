#include "cli/stats.h"
#include <stdlib.h>

static const struct stats_table all_tables[] = {
    {MANIFEST_SOURCE, "source", "Source", NULL, 0},         {MANIFEST_CAMPAIGN, "campaign", "Campagne", NULL, 0},
    {MANIFEST_LICENSE, "license", "Licence", NULL, 0},      {MANIFEST_LANGUAGE, "language", "Langue", NULL, 0},
    {MANIFEST_OUTCOME, "outcome", "Verdict", NULL, 0},      {MANIFEST_HOST, "host", "Hôte", NULL, 0},
    {MANIFEST_MONTH, "month", "Mois de collecte", NULL, 0},
};
#define N_TABLES (sizeof all_tables / sizeof *all_tables)

static char *own(struct slice s) {
    char *p = malloc(s.len + 1);
    if (!p) return NULL;
    if (s.len) memcpy(p, s.ptr, s.len);
    p[s.len] = 0;
    return p;
}

static enum status add_row(void *ctx, const struct manifest_tally *t) {
    struct stats_table *table = ctx;
    struct stats_row *more = realloc(table->rows, (table->n + 1) * sizeof *more);
    if (!more) return ST_RETRY;
    table->rows = more;
    table->rows[table->n] = (struct stats_row){own(t->key[0]), *t};
    return table->rows[table->n++].key ? ST_OK : ST_RETRY;
}

static enum status set_total(void *ctx, const struct manifest_tally *t) {
    *(struct manifest_tally *)ctx = *t;
    return ST_OK;
}

/* Refusals come by source and reason; here they are added up by reason. */
static enum status add_refusal(void *ctx, const struct manifest_refusal *r) {
    struct stats *s = ctx;
    s->refused += r->captures;
    for (size_t i = 0; i < s->n_refusals; i++)
        if (slice_eq_str(r->reason, s->refusals[i].reason)) {
            s->refusals[i].captures += r->captures;
            return ST_OK;
        }
    struct stats_refusal *more = realloc(s->refusals, (s->n_refusals + 1) * sizeof *more);
    if (!more) return ST_RETRY;
    s->refusals = more;
    s->refusals[s->n_refusals] = (struct stats_refusal){own(r->reason), r->captures};
    return s->refusals[s->n_refusals++].reason ? ST_OK : ST_RETRY;
}

enum status stats_read(struct manifest *m, struct stats *s, struct buf *err) {
    *s = (struct stats){.tables = calloc(N_TABLES, sizeof *s->tables), .n_tables = N_TABLES};
    if (!s->tables) return fail(err, ST_RETRY, "out of memory");
    for (size_t i = 0; i < N_TABLES; i++) s->tables[i] = all_tables[i];
    enum status st = manifest_each_tally(m, NULL, 0, set_total, &s->total, err);
    for (size_t i = 0; st == ST_OK && i < N_TABLES; i++)
        st = manifest_each_tally(m, &s->tables[i].by, 1, add_row, &s->tables[i], err);
    if (st == ST_OK) st = manifest_each_refusal(m, MANIFEST_SOURCE, add_refusal, s, err);
    return st;
}

void stats_free(struct stats *s) {
    for (size_t i = 0; s->tables && i < s->n_tables; i++) {
        for (size_t k = 0; k < s->tables[i].n; k++) free(s->tables[i].rows[k].key);
        free(s->tables[i].rows);
    }
    for (size_t i = 0; i < s->n_refusals; i++) free(s->refusals[i].reason);
    free(s->refusals);
    free(s->tables);
    *s = (struct stats){0};
}

double stats_share(int64_t part, int64_t whole) { return whole > 0 ? (double)part / (double)whole : 0; }

const struct stats_reference *stats_references(size_t *n) {
    static const struct stats_reference references[] = {
        {"Communiqué du gouvernement, 12 décembre 2023", "données d'entraînement",
         "moyenne des modèles, code compris ou non précisé", 0.2, true},
        {"Llama 2", "données de pré-entraînement", "toutes langues et code", 0.16, false},
        {"GPT-3", "mots", "toutes langues", 1.82, false},
        {"Common Crawl 2024-42", "pages", "toutes langues", 4.40, false},
        {"OSCAR 23.01", "mots", "toutes langues", 5.7, false},
        {"FineWeb-2", "mots", "toutes langues sauf l'anglais", 6.61, false},
        {"BLOOM ROOTS", "octets", "46 langues et code", 12.9, false},
        {"Corpus Lucie", "jetons", "toutes langues et code", 40.1, false},
    };
    *n = sizeof references / sizeof *references;
    return references;
}

double stats_mixture(double words, double share, double added, double added_share) {
    double all = words + added;
    return all > 0 ? (words * share + added * added_share) / all : 0;
}
