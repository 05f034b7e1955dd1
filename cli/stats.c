#include "cli/stats.h"
#include "base/clock.h"
#include "crawler/url.h"
#include "store/doc_type.h"
#include <stdio.h>
#include <stdlib.h>

static const struct stats_table all_tables[] = {
    {STATS_TALLY, MANIFEST_SOURCE, "source", "Source", "Source", STATS_BY_SIZE, NULL, 0},
    {STATS_TALLY, MANIFEST_CAMPAIGN, "campaign", "Campagne", "Campaign", STATS_BY_SIZE, NULL, 0},
    {STATS_TALLY, MANIFEST_LICENSE, "license", "Licence", "Licence", STATS_BY_SIZE, NULL, 0},
    {STATS_TALLY, MANIFEST_LANGUAGE, "language", "Langue", "Language", STATS_BY_SIZE, NULL, 0},
    {STATS_SPREAD, MANIFEST_SPREAD_VARIETY, "variety", "Variété de français", "Variety of French", STATS_BY_SIZE, NULL, 0},
    {STATS_COUNTRY, MANIFEST_HOST, "country", "Pays (domaine national)", "Country (national domain)", STATS_BY_SIZE, NULL, 0},
    {STATS_DOMAIN, MANIFEST_HOST, "domain", "Domaine enregistré", "Registrable domain", STATS_BY_SIZE, NULL, 0},
    {STATS_TALLY, MANIFEST_HOST, "host", "Hôte", "Host", STATS_BY_SIZE, NULL, 0},
    {STATS_TALLY, MANIFEST_MONTH, "month", "Mois de collecte", "Month of crawl", STATS_BY_KEY, NULL, 0},
    {STATS_SPREAD, MANIFEST_SPREAD_PUBLISHED, "published", "Mois de publication", "Month of publication", STATS_BY_KEY, NULL, 0},
    {STATS_SPREAD, MANIFEST_SPREAD_FRENCH, "french_band", "Part de français", "Share of French", STATS_BY_KEY, NULL, 0},
    {STATS_SPREAD, MANIFEST_SPREAD_SCORE, "score_band", "Sûreté de la langue", "Confidence in the language", STATS_BY_KEY, NULL, 0},
    {STATS_SPREAD, MANIFEST_SPREAD_LENGTH, "length_band", "Longueur en mots", "Length in words", STATS_BY_KEY, NULL, 0},
    {STATS_SPREAD, MANIFEST_SPREAD_TYPE, "document_type", "Type de document", "Type of document", STATS_BY_SIZE, NULL, 0},
    {STATS_SPREAD, MANIFEST_SPREAD_QUALITY, "quality_band", "Qualité, marge sous FineWeb-2", "Quality, room under FineWeb-2",
     STATS_BY_KEY, NULL, 0},
    {STATS_TALLY, MANIFEST_OUTCOME, "outcome", "Verdict", "Verdict", STATS_BY_SIZE, NULL, 0},
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

/* ---- what the hosts tell ---- */

/* The last label of a name is a country when it has two letters (ISO 3166, but for .eu and .uk); an address has none. */
static struct slice country_of(struct slice host) {
    size_t dot = host.len;
    while (dot > 0 && host.ptr[dot - 1] != '.') dot--;
    struct slice last = slice_sub(host, dot, host.len);
    bool letters = last.len == 2 && dot > 0 && ascii_is_alpha(last.ptr[0]) && ascii_is_alpha(last.ptr[1]);
    return letters ? last : slice_str("");
}

static void add_tally(struct manifest_tally *to, const struct manifest_tally *t) {
    to->documents += t->documents;
    to->bytes += t->bytes;
    to->words += t->words;
    to->french_bytes += t->french_bytes;
    to->kept_documents += t->kept_documents;
    to->kept_bytes += t->kept_bytes;
    to->kept_words += t->kept_words;
    to->kept_french_bytes += t->kept_french_bytes;
}

static int by_key(const void *a, const void *b) {
    return strcmp(((const struct stats_row *)a)->key, ((const struct stats_row *)b)->key);
}

/* Rows with the same key become one. */
static void merge_rows(struct stats_table *t) {
    size_t kept = 0;
    if (t->n == 0) return;
    qsort(t->rows, t->n, sizeof *t->rows, by_key);
    for (size_t i = 1; i < t->n; i++) {
        if (strcmp(t->rows[kept].key, t->rows[i].key) == 0) {
            add_tally(&t->rows[kept].t, &t->rows[i].t);
            free(t->rows[i].key);
        } else
            t->rows[++kept] = t->rows[i];
    }
    t->n = kept + 1;
}

static enum status derive(struct stats_table *t, const struct stats_table *hosts) {
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < hosts->n; i++) {
        struct slice host = slice_str(hosts->rows[i].key);
        struct manifest_tally copy = hosts->rows[i].t;
        copy.key[0] = t->kind == STATS_DOMAIN ? url_domain(host) : country_of(host);
        st = add_row(t, &copy);
    }
    merge_rows(t);
    return st;
}

/* ---- freshness, releases, the funnel ---- */

static enum status add_month(void *ctx, const struct manifest_tally *t) {
    struct stats *s = ctx;
    struct stats_fresh *last = s->n_fresh ? &s->fresh[s->n_fresh - 1] : NULL;
    if (!last || !slice_eq_str(t->key[0], last->source)) {
        struct stats_fresh *more = realloc(s->fresh, (s->n_fresh + 1) * sizeof *more);
        if (!more) return ST_RETRY;
        s->fresh = more;
        last = &more[s->n_fresh];
        *last = (struct stats_fresh){.source = own(t->key[0])};
        snprintf(last->first, sizeof last->first, "%.*s", SLICE_ARG(t->key[1]));
        if (!last->source) return ST_RETRY;
        s->n_fresh++;
    }
    snprintf(last->last, sizeof last->last, "%.*s", SLICE_ARG(t->key[1]));
    last->documents += t->documents;
    return ST_OK;
}

static enum status add_release(void *ctx, const struct manifest_release *r) {
    struct stats *s = ctx;
    struct stats_release *more = realloc(s->releases, (s->n_releases + 1) * sizeof *more);
    if (!more) return ST_RETRY;
    s->releases = more;
    struct stats_release *mine = &more[s->n_releases++];
    *mine = (struct stats_release){.dataset = own(r->dataset),
                                   .version = own(r->version),
                                   .documents = r->documents,
                                   .words = r->words,
                                   .text_bytes = r->text_bytes};
    clock_day(r->date_day * 86400000, mine->date);
    return mine->dataset && mine->version ? ST_OK : ST_RETRY;
}

static enum status add_step(struct stats *s, const char *stage, const char *reason, int64_t gone, int64_t *left) {
    struct stats_step *more = realloc(s->funnel, (s->n_funnel + 1) * sizeof *more);
    if (!more) return ST_RETRY;
    s->funnel = more;
    *left -= gone;
    more[s->n_funnel] = (struct stats_step){own(slice_str(reason)), stage, gone, *left};
    return more[s->n_funnel++].reason ? ST_OK : ST_RETRY;
}

/* Addresses without a document by reason, then the verdicts, then what deduplication and removals took; what is left is kept. */
static enum status make_funnel(struct stats *s) {
    static const char *const last[] = {"duplicate", "removed", "kept"};
    const struct stats_table *outcomes = &s->tables[N_TABLES - 1];
    int64_t left = s->refused + s->total.documents;
    enum status st = add_step(s, "crawl", "", 0, &left);
    for (size_t i = 0; st == ST_OK && i < s->n_refusals; i++)
        st = add_step(s, "crawl", s->refusals[i].reason, s->refusals[i].captures, &left);
    for (size_t i = 0; st == ST_OK && i < outcomes->n; i++) {
        const char *key = outcomes->rows[i].key;
        if (strcmp(key, last[0]) != 0 && strcmp(key, last[1]) != 0 && strcmp(key, last[2]) != 0)
            st = add_step(s, "refine", key, outcomes->rows[i].t.documents, &left);
    }
    for (size_t k = 0; st == ST_OK && k < 2; k++)
        for (size_t i = 0; st == ST_OK && i < outcomes->n; i++)
            if (!strcmp(outcomes->rows[i].key, last[k]))
                st = add_step(s, k == 0 ? "dedup" : "forget", last[k], outcomes->rows[i].t.documents, &left);
    return st == ST_OK ? add_step(s, "kept", "", 0, &left) : st;
}

enum status stats_read(struct manifest *m, struct stats *s, struct buf *err) {
    static const enum manifest_dimension by_month[] = {MANIFEST_SOURCE, MANIFEST_MONTH};
    const struct stats_table *hosts = NULL;
    *s = (struct stats){.tables = calloc(N_TABLES, sizeof *s->tables), .n_tables = N_TABLES};
    if (!s->tables) return fail(err, ST_RETRY, "out of memory");
    for (size_t i = 0; i < N_TABLES; i++) s->tables[i] = all_tables[i];
    enum status st = manifest_each_tally(m, NULL, 0, set_total, &s->total, err);
    for (size_t i = 0; st == ST_OK && i < N_TABLES; i++) {
        struct stats_table *t = &s->tables[i];
        enum manifest_dimension dimension = (enum manifest_dimension)t->by;
        if (t->kind == STATS_TALLY) st = manifest_each_tally(m, &dimension, 1, add_row, t, err);
        if (t->kind == STATS_SPREAD) st = manifest_each_spread(m, (enum manifest_spread)t->by, add_row, t, err);
        if (t->kind == STATS_TALLY && dimension == MANIFEST_HOST) hosts = t;
    }
    for (size_t i = 0; st == ST_OK && hosts && i < N_TABLES; i++)
        if (s->tables[i].kind == STATS_DOMAIN || s->tables[i].kind == STATS_COUNTRY) st = derive(&s->tables[i], hosts);
    if (st == ST_OK) st = manifest_each_refusal(m, MANIFEST_SOURCE, add_refusal, s, err);
    if (st == ST_OK) st = manifest_each_tally(m, by_month, 2, add_month, s, err);
    if (st == ST_OK) st = manifest_each_release(m, NULL, add_release, s, err);
    if (st == ST_OK) st = make_funnel(s);
    return st != ST_OK && err->len == 0 ? fail(err, st, "out of memory") : st;
}

/* ---- for people ---- */

const char *stats_key(const struct stats_table *t, const char *key, bool english, struct buf *out) {
    static const char *const lengths[] = {"< 100", "100–299", "300–999", "1 000–2 999", "3 000–9 999", "≥ 10 000"};
    uint64_t band = 0;
    bool banded = t->kind == STATS_SPREAD && t->by >= MANIFEST_SPREAD_FRENCH && t->by <= MANIFEST_SPREAD_QUALITY &&
                  slice_parse_u64(slice_str(key), &band);
    buf_clear(out);
    if (banded && t->by == MANIFEST_SPREAD_LENGTH)
        buf_str(out, lengths[band < 6 ? band : 5]);
    else if (banded && band >= 10)
        buf_str(out, "100 %");
    else if (banded)
        buf_printf(out, "%llu–%llu %%", (unsigned long long)(10 * band), (unsigned long long)(10 * band + 10));
    else if (!key[0])
        buf_str(out, english ? "(unknown)" : "(inconnu)");
    else if (t->kind == STATS_SPREAD && t->by == MANIFEST_SPREAD_TYPE)
        buf_str(out, doc_type_label(key, english));
    else
        buf_str(out, key);
    return buf_cstr(out);
}

static int by_size(const void *a, const void *b) {
    const struct stats_row *x = a, *y = b;
    if (x->t.bytes != y->t.bytes) return x->t.bytes < y->t.bytes ? 1 : -1;
    return strcmp(x->key, y->key);
}

void stats_sorted(struct stats_table *t) {
    if (t->n) qsort(t->rows, t->n, sizeof *t->rows, t->order == STATS_BY_SIZE ? by_size : by_key);
}

void stats_free(struct stats *s) {
    for (size_t i = 0; s->tables && i < s->n_tables; i++) {
        for (size_t k = 0; k < s->tables[i].n; k++) free(s->tables[i].rows[k].key);
        free(s->tables[i].rows);
    }
    for (size_t i = 0; i < s->n_refusals; i++) free(s->refusals[i].reason);
    for (size_t i = 0; i < s->n_fresh; i++) free(s->fresh[i].source);
    for (size_t i = 0; i < s->n_funnel; i++) free(s->funnel[i].reason);
    for (size_t i = 0; i < s->n_releases; i++) {
        free(s->releases[i].dataset);
        free(s->releases[i].version);
    }
    free(s->fresh);
    free(s->funnel);
    free(s->releases);
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

void stats_percent(struct buf *out, double share, bool french) {
    char text[32];
    snprintf(text, sizeof text, "%.6g", 100 * share);
    for (char *p = text; french && *p; p++)
        if (*p == '.') *p = ',';
    buf_printf(out, "%s\u00a0%%", text);
}
