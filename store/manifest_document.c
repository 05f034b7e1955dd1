/*
 * Documents out.  A walk has two statements: one gives document numbers in the order asked, so that sorting carries 30 bytes a
 * document and spills to a temporary file, the other reads the rows one by one.  Both see the snapshot that the first one opened.
 */
#include "base/hash.h"
#include "base/limits.h"
#include "store/mdb.h"

enum { ID_BYTES = 16 };

static const char row_sql[] =
    "SELECT d.doc, d.id, d.site, d.campaign, d.license, coalesce(d.language, 0), coalesce(d.reason, 0), d.crawl_day, d.date_day, "
    "d.language_score, d.french_share, d.bytes, d.words, d.segment, d.offset, d.duplicate_of, k.id, d.similarity, d.cluster_size, d.removed, "
    "c.url, g.name, p.shard, coalesce(d.variety, 0), d.quality, coalesce(d.type, 0) FROM documents d JOIN captures c ON c.capture = d.capture LEFT JOIN segments g ON g.segment = d.segment "
    "LEFT JOIN documents k ON k.doc = d.duplicate_of LEFT JOIN placements p ON p.dataset = ?2 AND p.doc = d.doc WHERE d.doc = ?1";

/* The texts of the row given out; reused from row to row. */
struct texts {
    struct buf source, host, url, campaign, license, language, reason, variety, type;
};

static void texts_clear(struct texts *t) {
    struct buf *all[] = {&t->source, &t->host, &t->url, &t->campaign, &t->license, &t->language, &t->reason, &t->variety, &t->type};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) buf_clear(all[i]);
}

static void texts_free(struct texts *t) {
    struct buf *all[] = {&t->source, &t->host, &t->url, &t->campaign, &t->license, &t->language, &t->reason, &t->variety, &t->type};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) buf_free(all[i]);
}

static double share(sqlite3_stmt *st, int col) { return (double)sqlite3_column_int64(st, col) / MDB_SCALE; }

static void hex_id(sqlite3_stmt *st, int col, char out[DOC_ID_LEN]) {
    const unsigned char *p = sqlite3_column_blob(st, col);
    out[0] = '\0';
    if (p && sqlite3_column_bytes(st, col) == ID_BYTES) hash_hex(p, ID_BYTES, out);
}

static enum status read_texts(struct manifest *m, sqlite3_stmt *st, struct texts *t, struct buf *err) {
    texts_clear(t);
    enum status got = mdb_site_texts(m, sqlite3_column_int64(st, 2), &t->source, &t->host, err);
    if (got == ST_OK) got = mdb_term_text(m, sqlite3_column_int64(st, 3), &t->campaign, err);
    if (got == ST_OK) got = mdb_term_text(m, sqlite3_column_int64(st, 4), &t->license, err);
    if (got == ST_OK) got = mdb_term_text(m, sqlite3_column_int64(st, 5), &t->language, err);
    if (got == ST_OK) got = mdb_term_text(m, sqlite3_column_int64(st, 6), &t->reason, err);
    if (got == ST_OK) got = mdb_term_text(m, sqlite3_column_int64(st, 23), &t->variety, err);
    if (got == ST_OK) got = mdb_term_text(m, sqlite3_column_int64(st, 25), &t->type, err);
    mdb_full_url(mdb_text(st, 20), buf_view(&t->host), &t->url);
    return got == ST_OK && !buf_ok(&t->url) ? fail(err, ST_FATAL, "no memory for a document's row") : got;
}

static void read_numbers(sqlite3_stmt *st, struct manifest_document *d) {
    d->doc = sqlite3_column_int64(st, 0);
    hex_id(st, 1, d->id);
    d->crawl_day = sqlite3_column_int64(st, 7);
    d->date_day = mdb_int_or_none(st, 8);
    d->language_score = share(st, 9);
    d->french_share = share(st, 10);
    d->quality = sqlite3_column_type(st, 24) == SQLITE_NULL ? -1 : share(st, 24);
    d->bytes = sqlite3_column_int64(st, 11);
    d->words = sqlite3_column_int64(st, 12);
    d->segment_number = mdb_int_or_none(st, 13);
    d->offset = mdb_int_or_none(st, 14);
    d->duplicate_of = mdb_int_or_none(st, 15);
    hex_id(st, d->duplicate_of == MANIFEST_NONE ? 1 : 16, d->cluster_id);
    d->similarity = d->duplicate_of == MANIFEST_NONE ? 1 : share(st, 17);
    d->cluster_size = sqlite3_column_int64(st, 18);
    d->removal = mdb_int_or_none(st, 19);
    d->shard = mdb_int_or_none(st, 22);
}

/* What the manifest itself has to say comes before and after refine's reason. */
static struct slice reason_of(const struct manifest_document *d, const struct texts *t) {
    if (d->removal != MANIFEST_NONE) return slice_str("removed");
    if (d->segment_number == MANIFEST_NONE) return slice_str("pending");
    if (t->reason.len) return buf_view(&t->reason);
    return slice_str(d->duplicate_of == MANIFEST_NONE ? "" : "duplicate");
}

static enum status give_row(struct manifest *m, sqlite3_stmt *st, struct texts *t, manifest_document_fn fn, void *ctx,
                            struct buf *err) {
    struct manifest_document d = {0};
    enum status got = read_texts(m, st, t, err);
    if (got != ST_OK) return got;
    read_numbers(st, &d);
    d.source = buf_view(&t->source);
    d.host = buf_view(&t->host);
    d.url = buf_view(&t->url);
    d.campaign = buf_view(&t->campaign);
    d.license = buf_view(&t->license);
    d.language = buf_view(&t->language);
    d.variety = buf_view(&t->variety);
    d.type = buf_view(&t->type);
    d.segment = mdb_text(st, 21);
    d.reason = reason_of(&d, t);
    d.candidate = d.removal == MANIFEST_NONE && d.segment_number != MANIFEST_NONE && t->reason.len == 0;
    d.kept = d.candidate && d.duplicate_of == MANIFEST_NONE;
    return fn(ctx, &d);
}

/* One document by number, through ${st}, a statement of row_sql. */
static enum status give(struct manifest *m, sqlite3_stmt *st, int64_t doc, struct texts *t, manifest_document_fn fn, void *ctx,
                        struct buf *err) {
    sqlite3_bind_int64(st, 1, doc);
    enum status got = mdb_row(m, st, err);
    if (got == ST_SKIP) return fail(err, ST_FATAL, "%s: document %lld has no capture", m->path, (long long)doc);
    if (got == ST_OK) got = give_row(m, st, t, fn, ctx, err);
    sqlite3_reset(st);
    return got;
}

/* ---- walks ---- */

/* A rank for each site: source, then host, as bytes.  MATERIALIZED: built once, then looked up. */
static const char rank_sql[] =
    "WITH rank AS MATERIALIZED (SELECT s.site, row_number() OVER (ORDER BY a.text, h.text) AS n FROM sites s "
    "JOIN terms a ON a.term = s.source JOIN terms h ON h.term = s.host) ";

static void select_sql(const struct manifest_select *sel, struct buf *sql) {
    bool ranked = sel->order == MANIFEST_BY_SITE || sel->order == MANIFEST_BY_SHARD;
    if (ranked) buf_str(sql, rank_sql);
    buf_str(sql, "SELECT d.doc FROM documents d ");
    if (ranked) buf_str(sql, "CROSS JOIN rank r ON r.site = d.site ");
    if (sel->order == MANIFEST_BY_SHARD) buf_str(sql, "LEFT JOIN placements p ON p.dataset = ?1 AND p.doc = d.doc ");
    if (sel->order == MANIFEST_BY_SEGMENT) buf_str(sql, "LEFT JOIN segments g ON g.segment = d.segment ");
    buf_str(sql, "WHERE 1 ");
    if (sel->which == MANIFEST_REMOVED) buf_str(sql, "AND d.removed IS NOT NULL ");
    if (sel->which == MANIFEST_CANDIDATES || sel->which == MANIFEST_KEPT)
        buf_str(sql, "AND d.segment IS NOT NULL AND d.reason IS NULL AND d.removed IS NULL ");
    if (sel->which == MANIFEST_KEPT) buf_str(sql, "AND d.duplicate_of IS NULL ");
    if (sel->source) buf_str(sql, "AND d.site IN (SELECT site FROM sites WHERE source = ?2) ");
    if (sel->host) buf_str(sql, "AND d.site IN (SELECT site FROM sites WHERE host = ?3) ");
    if (sel->license) buf_str(sql, "AND d.license = ?4 ");
    if (sel->language) buf_str(sql, "AND d.language = ?5 ");
    if (sel->campaign) buf_str(sql, "AND d.campaign = ?6 ");
    if (sel->segment > 0) buf_str(sql, "AND d.segment = ?7 ");
    if (sel->min_french_share > 0) buf_str(sql, "AND d.french_share >= ?8 ");
    switch (sel->order) {
    case MANIFEST_BY_NUMBER: buf_str(sql, "ORDER BY d.doc"); break;
    case MANIFEST_BY_SITE: buf_str(sql, "ORDER BY r.n, d.id"); break;
    case MANIFEST_BY_SEGMENT: buf_str(sql, "ORDER BY g.name, d.offset, d.id"); break;
    case MANIFEST_BY_SHARD: buf_str(sql, "ORDER BY p.shard IS NULL, p.shard, r.n, d.id"); break;
    }
}

static enum status dataset_term(struct manifest *m, const char *dataset, int64_t *term, struct buf *err) {
    *term = -1;
    return dataset ? mdb_find_term(m, TERM_DATASET, slice_str(dataset), term, err) : ST_OK;
}

/* Bind what select_sql() asked for; parameters it left out are not there to be bound, which SQLite answers with an error we ignore. */
static enum status bind_select(struct manifest *m, const struct manifest_select *sel, int64_t dataset, sqlite3_stmt *st,
                               struct buf *err) {
    const struct {
        int at;
        enum term_kind kind;
        const char *text;
    } texts[] = {{2, TERM_SOURCE, sel->source},
                 {3, TERM_HOST, sel->host},
                 {4, TERM_LICENSE, sel->license},
                 {5, TERM_LANGUAGE, sel->language},
                 {6, TERM_CAMPAIGN, sel->campaign}};
    enum status got = ST_OK;
    sqlite3_bind_int64(st, 1, dataset);
    for (size_t i = 0; got == ST_OK && i < sizeof texts / sizeof *texts; i++) {
        int64_t term = -1;
        if (!texts[i].text) continue;
        got = mdb_find_term(m, texts[i].kind, slice_str(texts[i].text), &term, err);
        sqlite3_bind_int64(st, texts[i].at, term);
    }
    sqlite3_bind_int64(st, 7, sel->segment);
    sqlite3_bind_int64(st, 8, (int64_t)(sel->min_french_share * MDB_SCALE + 0.5));
    return got;
}

/* Call ${fn} on each document whose number ${list} gives. */
static enum status walk(struct manifest *m, sqlite3_stmt *list, int64_t dataset, manifest_document_fn fn, void *ctx,
                        struct buf *err) {
    struct texts t = {0};
    sqlite3_stmt *row = NULL;
    enum status got = mdb_prepare(m, row_sql, &row, err), answer = ST_OK;
    if (got == ST_OK) sqlite3_bind_int64(row, 2, dataset);
    while (answer == ST_OK && got == ST_OK && (got = mdb_row(m, list, err)) == ST_OK)
        answer = give(m, row, sqlite3_column_int64(list, 0), &t, fn, ctx, err);
    sqlite3_finalize(row);
    texts_free(&t);
    return got == ST_SKIP ? ST_OK : answer != ST_OK ? answer : got;
}

enum status manifest_each_document(struct manifest *m, const struct manifest_select *sel, manifest_document_fn fn, void *ctx,
                                   struct buf *err) {
    struct buf sql = {0};
    sqlite3_stmt *list = NULL;
    int64_t dataset = -1;
    select_sql(sel, &sql);
    enum status got = buf_ok(&sql) ? dataset_term(m, sel->dataset, &dataset, err) : fail(err, ST_FATAL, "no memory");
    if (got == ST_OK) got = mdb_prepare(m, buf_cstr(&sql), &list, err);
    if (got == ST_OK) got = bind_select(m, sel, dataset, list, err);
    if (got == ST_OK) got = walk(m, list, dataset, fn, ctx, err);
    sqlite3_finalize(list);
    buf_free(&sql);
    return got;
}

/* Give the documents that ${sql} finds for id ${id}; *${n} counts them. */
static enum status by_id(struct manifest *m, const char *sql, struct slice id, const char *dataset, manifest_document_fn fn,
                         void *ctx, struct buf *err) {
    unsigned char bytes[ID_BYTES];
    sqlite3_stmt *list = NULL;
    int64_t number = -1;
    enum status got = dataset_term(m, dataset, &number, err);
    if (got == ST_OK && !mdb_unhex(id, bytes, ID_BYTES))
        got = fail(err, ST_SKIP, "%.*s is not a document id (32 hex digits)", SLICE_ARG(id));
    if (got == ST_OK) got = mdb_prepare(m, sql, &list, err);
    if (got == ST_OK) {
        mdb_bind_blob(list, 1, bytes, ID_BYTES);
        got = walk(m, list, number, fn, ctx, err);
    }
    sqlite3_finalize(list);
    return got;
}

struct counted {
    manifest_document_fn fn;
    void *ctx;
    size_t n;
};

static enum status count(void *ctx, const struct manifest_document *d) {
    struct counted *c = ctx;
    c->n++;
    return c->fn(c->ctx, d);
}

enum status manifest_find_document(struct manifest *m, struct slice id, const char *dataset, manifest_document_fn fn, void *ctx,
                                   struct buf *err) {
    struct counted c = {fn, ctx, 0};
    enum status st = by_id(m, "SELECT doc FROM documents WHERE id = ?1", id, dataset, count, &c, err);
    return st == ST_OK && c.n == 0 ? fail(err, ST_SKIP, "no document %.*s", SLICE_ARG(id)) : st;
}

enum status manifest_duplicates_of(struct manifest *m, struct slice id, manifest_document_fn fn, void *ctx, struct buf *err) {
    static const char sql[] =
        "SELECT doc FROM documents WHERE duplicate_of = (SELECT doc FROM documents WHERE id = ?1) ORDER BY id";
    return by_id(m, sql, id, NULL, fn, ctx, err);
}

/* ---- candidates ---- */

#define CANDIDATE_SQL                                                                                                              \
    "SELECT doc, id, site, license, date_day, bytes, segment, offset, duplicate_of, cluster_size FROM documents "                  \
    "WHERE segment IS NOT NULL AND reason IS NULL AND removed IS NULL "

static enum status give_candidate(struct manifest *m, sqlite3_stmt *st, struct texts *t, manifest_candidate_fn fn, void *ctx,
                                  struct buf *err) {
    struct manifest_candidate c = {.doc = sqlite3_column_int64(st, 0),
                                   .date_day = mdb_int_or_none(st, 4),
                                   .bytes = sqlite3_column_int64(st, 5),
                                   .segment_number = sqlite3_column_int64(st, 6),
                                   .offset = mdb_int_or_none(st, 7),
                                   .duplicate_of = mdb_int_or_none(st, 8),
                                   .cluster_size = sqlite3_column_int64(st, 9)};
    hex_id(st, 1, c.id);
    texts_clear(t);
    enum status got = mdb_site_texts(m, sqlite3_column_int64(st, 2), &t->source, &t->host, err);
    if (got == ST_OK) got = mdb_term_text(m, sqlite3_column_int64(st, 3), &t->license, err);
    if (got != ST_OK) return got;
    c.source = buf_view(&t->source);
    c.license = buf_view(&t->license);
    return fn(ctx, &c);
}

enum status manifest_each_candidate(struct manifest *m, manifest_candidate_fn fn, void *ctx, struct buf *err) {
    struct texts t = {0};
    sqlite3_stmt *st = NULL;
    enum status got = mdb_prepare(m, CANDIDATE_SQL "ORDER BY doc", &st, err), answer = ST_OK;
    while (answer == ST_OK && got == ST_OK && (got = mdb_row(m, st, err)) == ST_OK)
        answer = give_candidate(m, st, &t, fn, ctx, err);
    sqlite3_finalize(st);
    texts_free(&t);
    return got == ST_SKIP ? ST_OK : answer != ST_OK ? answer : got;
}

enum status manifest_candidate_of(struct manifest *m, int64_t doc, manifest_candidate_fn fn, void *ctx, struct buf *err) {
    struct texts t = {0};
    sqlite3_stmt *st = mdb_stmt(m, CANDIDATE_SQL "AND doc = ?1", err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, doc);
    enum status got = mdb_row(m, st, err);
    if (got == ST_OK) got = give_candidate(m, st, &t, fn, ctx, err);
    sqlite3_reset(st);
    texts_free(&t);
    return got;
}
