/*
 * Tallies change by differences gathered in memory and written at commit (or when there are many), so that a batch of a thousand
 * verdicts on one site costs one row.
 */
#include "base/clock.h"
#include "base/hash.h"
#include "store/mdb.h"
#include <stdio.h>
#include <stdlib.h>

enum { SLOTS = 16384, FULL = SLOTS / 2, KEYS = 6, SUMS = 4, DAY_MS = 86400000 };

struct delta {
    int64_t key[KEYS]; /* site, campaign, license, language, outcome, month; or minus the spread, its value, kept */
    int64_t sum[SUMS]; /* documents, bytes, words, french_bytes */
    bool used;
};
struct mdb_deltas {
    size_t n;
    struct delta slots[SLOTS];
};

struct mdb_deltas *mdb_deltas_new(void) {
    return calloc(1, sizeof(struct mdb_deltas));
}
void mdb_deltas_free(struct mdb_deltas *d) { free(d); }
void mdb_deltas_clear(struct mdb_deltas *d) {
    if (d && d->n) memset(d, 0, sizeof *d);
}

static struct delta *slot_of(struct mdb_deltas *d, const int64_t key[KEYS]) {
    uint64_t at = hash64(slice_of((const char *)key, KEYS * sizeof *key));
    for (;; at++) {
        struct delta *s = &d->slots[at % SLOTS];
        if (s->used && memcmp(s->key, key, sizeof s->key) != 0) continue;
        if (!s->used) {
            memcpy(s->key, key, sizeof s->key);
            s->used = true;
            d->n++;
        }
        return s;
    }
}

int64_t mdb_month(int64_t day) {
    char iso[11];
    clock_day(day * DAY_MS, iso);
    return ((iso[0] - '0') * 1000 + (iso[1] - '0') * 100 + (iso[2] - '0') * 10 + (iso[3] - '0')) * 12 + (iso[5] - '0') * 10 +
           (iso[6] - '0') - 1;
}

/* The term under which a document is counted; 0 when it is kept. */
static enum status outcome_of(struct manifest *m, sqlite3_stmt *st, int64_t *outcome, struct buf *err) {
    const char *own = NULL;
    if (sqlite3_column_type(st, 9) != SQLITE_NULL)
        own = "removed";
    else if (sqlite3_column_type(st, 10) == SQLITE_NULL)
        own = "pending";
    else if (sqlite3_column_type(st, 7) == SQLITE_NULL && sqlite3_column_type(st, 8) != SQLITE_NULL)
        own = "duplicate";
    if (own) return mdb_term(m, TERM_REASON, slice_str(own), outcome, err);
    *outcome = sqlite3_column_int64(st, 7);
    return ST_OK;
}

static void add_sums(struct mdb_deltas *all, const int64_t key[KEYS], const int64_t sums[SUMS]) {
    struct delta *d = slot_of(all, key);
    for (int i = 0; i < SUMS; i++) d->sum[i] += sums[i];
}

/* What mdb.h says in SQL, of a row of mdb_tally_document(). */
static void spread_values(sqlite3_stmt *st, int64_t values[MDB_SPREADS]) {
    static const int64_t bounds[] = {100, 300, 1000, 3000, 10000};
    int64_t words = sqlite3_column_int64(st, 6), band = 0;
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) band += words >= bounds[i];
    values[0] = sqlite3_column_int64(st, 12);
    values[1] = sqlite3_column_type(st, 13) == SQLITE_NULL ? -1 : mdb_month(sqlite3_column_int64(st, 13));
    values[2] = sqlite3_column_int64(st, 11) / 1000;
    values[3] = sqlite3_column_int64(st, 14) / 1000;
    values[4] = band;
    values[5] = sqlite3_column_int64(st, 15);
    values[6] = sqlite3_column_int64(st, 16);
}

enum status mdb_tally_document(struct manifest *m, int64_t doc, int sign, struct buf *err) {
    static const char sql[] =
        "SELECT site, campaign, license, coalesce(language, 0), crawl_day, bytes, words, reason, duplicate_of, removed, "
        "segment, coalesce(french_share, 0), coalesce(variety, 0), date_day, coalesce(language_score, 0), " MDB_SPREAD_QUALITY
        ", " MDB_SPREAD_TYPE " FROM documents WHERE doc = ?1";
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, doc);
    enum status got = mdb_row(m, st, err);
    if (got != ST_OK) return got == ST_SKIP ? fail(err, ST_SKIP, "no document number %lld", (long long)doc) : got;
    int64_t key[KEYS] = {0};
    for (int i = 0; i < 4; i++) key[i] = sqlite3_column_int64(st, i);
    key[5] = mdb_month(sqlite3_column_int64(st, 4));
    int64_t bytes = sqlite3_column_int64(st, 5), words = sqlite3_column_int64(st, 6), share = sqlite3_column_int64(st, 11);
    const int64_t sums[SUMS] = {sign, sign * bytes, sign * words, sign * ((bytes * share + MDB_SCALE / 2) / MDB_SCALE)};
    int64_t values[MDB_SPREADS];
    bool refined = sqlite3_column_type(st, 10) != SQLITE_NULL;
    spread_values(st, values);
    got = outcome_of(m, st, &key[4], err);
    sqlite3_reset(st);
    if (got != ST_OK) return got;
    add_sums(m->deltas, key, sums);
    for (int i = 0; refined && i < MDB_SPREADS; i++) {
        const int64_t spread[KEYS] = {-1 - i, values[i], key[4] == 0};
        add_sums(m->deltas, spread, sums);
    }
    return m->deltas->n > FULL ? mdb_tally_flush(m, err) : ST_OK;
}

static enum status write_spread(struct manifest *m, const struct delta *d, struct buf *err) {
    static const char add[] =
        "INSERT INTO spreads VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET documents = documents + excluded.documents, "
        "bytes = bytes + excluded.bytes, words = words + excluded.words, french_bytes = french_bytes + excluded.french_bytes";
    static const char drop[] = "DELETE FROM spreads WHERE spread = ?1 AND value = ?2 AND kept = ?3 AND documents = 0";
    sqlite3_stmt *st = mdb_stmt(m, add, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, -d->key[0]);
    for (int i = 1; i < 3; i++) sqlite3_bind_int64(st, 1 + i, d->key[i]);
    for (int i = 0; i < SUMS; i++) sqlite3_bind_int64(st, 4 + i, d->sum[i]);
    enum status got = mdb_done(m, st, err);
    if (got != ST_OK || d->sum[0] >= 0) return got;
    if (!(st = mdb_stmt(m, drop, err))) return ST_FATAL;
    sqlite3_bind_int64(st, 1, -d->key[0]);
    for (int i = 1; i < 3; i++) sqlite3_bind_int64(st, 1 + i, d->key[i]);
    return mdb_done(m, st, err);
}

static enum status write_delta(struct manifest *m, const struct delta *d, struct buf *err) {
    static const char add[] =
        "INSERT INTO tallies VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO UPDATE SET "
        "documents = documents + excluded.documents, bytes = bytes + excluded.bytes, words = words + excluded.words, "
        "french_bytes = french_bytes + excluded.french_bytes";
    static const char drop[] =
        "DELETE FROM tallies WHERE site = ?1 AND campaign = ?2 AND license = ?3 AND language = ?4 AND outcome = ?5 AND "
        "month = ?6 AND documents = 0";
    if (!d->sum[0] && !d->sum[1] && !d->sum[2] && !d->sum[3]) return ST_OK;
    if (d->key[0] < 0) return write_spread(m, d, err);
    sqlite3_stmt *st = mdb_stmt(m, add, err);
    if (!st) return ST_FATAL;
    for (int i = 0; i < KEYS; i++) sqlite3_bind_int64(st, 1 + i, d->key[i]);
    for (int i = 0; i < SUMS; i++) sqlite3_bind_int64(st, 1 + KEYS + i, d->sum[i]);
    enum status got = mdb_done(m, st, err);
    if (got != ST_OK || d->sum[0] >= 0) return got;
    if (!(st = mdb_stmt(m, drop, err))) return ST_FATAL;
    for (int i = 0; i < KEYS; i++) sqlite3_bind_int64(st, 1 + i, d->key[i]);
    return mdb_done(m, st, err);
}

enum status mdb_tally_flush(struct manifest *m, struct buf *err) {
    enum status st = ST_OK;
    if (m->deltas->n == 0) return ST_OK;
    for (size_t i = 0; st == ST_OK && i < SLOTS; i++)
        if (m->deltas->slots[i].used) st = write_delta(m, &m->deltas->slots[i], err);
    mdb_deltas_clear(m->deltas);
    return st;
}

/* How each dimension is written in SQL over tallies t and sites s. */
static const struct dimension {
    const char *expression, *join;
} dimensions[] = {
    [MANIFEST_SOURCE] = {"a%u.text", "JOIN terms a%u ON a%u.term = s.source "},
    [MANIFEST_CAMPAIGN] = {"a%u.text", "JOIN terms a%u ON a%u.term = t.campaign "},
    [MANIFEST_LICENSE] = {"a%u.text", "JOIN terms a%u ON a%u.term = t.license "},
    [MANIFEST_LANGUAGE] = {"coalesce(a%u.text, '')", "LEFT JOIN terms a%u ON a%u.term = t.language "},
    [MANIFEST_HOST] = {"a%u.text", "JOIN terms a%u ON a%u.term = s.host "},
    [MANIFEST_OUTCOME] = {"coalesce(a%u.text, 'kept')", "LEFT JOIN terms a%u ON a%u.term = t.outcome "},
    [MANIFEST_MONTH] = {"format('%%04d-%%02d', t.month / 12, t.month %% 12 + 1)", ""},
};

/* ${what} with each "%u" replaced by ${i} and "%%" by "%". */
static void expand(struct buf *out, const char *what, unsigned i) {
    for (; *what; what++) {
        if (*what != '%')
            buf_char(out, *what);
        else if (*++what == 'u')
            buf_printf(out, "%u", i);
        else
            buf_char(out, '%');
    }
}

static void tally_sql(struct buf *sql, const enum manifest_dimension *dims, unsigned n) {
    buf_str(sql, "SELECT ");
    for (unsigned i = 0; i < 2; i++) {
        if (i < n)
            expand(sql, dimensions[dims[i]].expression, i);
        else
            buf_str(sql, "''");
        buf_printf(sql, " AS k%u, ", i);
    }
    buf_str(
        sql,
        "coalesce(sum(t.documents), 0), coalesce(sum(t.bytes), 0), coalesce(sum(t.words), 0), coalesce(sum(t.french_bytes), 0), "
        "coalesce(sum(t.documents) FILTER (WHERE t.outcome = 0), 0), coalesce(sum(t.bytes) FILTER (WHERE t.outcome = 0), 0), "
        "coalesce(sum(t.words) FILTER (WHERE t.outcome = 0), 0), coalesce(sum(t.french_bytes) FILTER (WHERE t.outcome = 0), 0) "
        "FROM tallies t JOIN sites s USING (site) ");
    for (unsigned i = 0; i < n; i++) expand(sql, dimensions[dims[i]].join, i);
    if (n) buf_str(sql, "GROUP BY k0, k1 ORDER BY k0, k1");
}

enum status manifest_each_tally(struct manifest *m, const enum manifest_dimension *dims, unsigned n, manifest_tally_fn fn,
                                void *ctx, struct buf *err) {
    struct buf sql = {0};
    sqlite3_stmt *st = NULL;
    tally_sql(&sql, dims, n > 2 ? 2 : n);
    enum status got = buf_ok(&sql) ? mdb_prepare(m, buf_cstr(&sql), &st, err) : fail(err, ST_FATAL, "no memory");
    buf_free(&sql);
    enum status answer = ST_OK;
    while (answer == ST_OK && got == ST_OK && (got = mdb_row(m, st, err)) == ST_OK) {
        struct manifest_tally t = {.key = {mdb_text(st, 0), mdb_text(st, 1)}};
        int64_t *sums[] = {&t.documents,      &t.bytes,      &t.words,      &t.french_bytes,
                           &t.kept_documents, &t.kept_bytes, &t.kept_words, &t.kept_french_bytes};
        for (int i = 0; i < 8; i++) *sums[i] = sqlite3_column_int64(st, 2 + i);
        answer = fn(ctx, &t);
    }
    sqlite3_finalize(st);
    return got == ST_SKIP ? ST_OK : answer != ST_OK ? answer : got;
}

enum status manifest_each_spread(struct manifest *m, enum manifest_spread spread, manifest_tally_fn fn, void *ctx,
                                 struct buf *err) {
    static const char sql[] =
        "SELECT CASE WHEN ?1 IN (1, 7) THEN coalesce((SELECT text FROM terms WHERE term = value), '') WHEN value < 0 THEN '' WHEN ?1 = 2 THEN "
        "format('%04d-%02d', value / 12, value % 12 + 1) ELSE format('%02d', value) END AS k, sum(documents), sum(bytes), sum(words), "
        "sum(french_bytes), sum(documents * kept), sum(bytes * kept), sum(words * kept), sum(french_bytes * kept) FROM spreads "
        "WHERE spread = ?1 GROUP BY k ORDER BY k";
    sqlite3_stmt *st = NULL;
    enum status got = mdb_prepare(m, sql, &st, err), answer = ST_OK;
    if (got == ST_OK) sqlite3_bind_int(st, 1, (int)spread);
    while (answer == ST_OK && got == ST_OK && (got = mdb_row(m, st, err)) == ST_OK) {
        struct manifest_tally t = {.key = {mdb_text(st, 0)}};
        int64_t *sums[] = {&t.documents,      &t.bytes,      &t.words,      &t.french_bytes,
                           &t.kept_documents, &t.kept_bytes, &t.kept_words, &t.kept_french_bytes};
        for (int i = 0; i < 8; i++) *sums[i] = sqlite3_column_int64(st, 1 + i);
        answer = fn(ctx, &t);
    }
    sqlite3_finalize(st);
    return got == ST_SKIP ? ST_OK : answer != ST_OK ? answer : got;
}

enum status manifest_each_refusal(struct manifest *m, enum manifest_dimension by, manifest_refusal_fn fn, void *ctx,
                                  struct buf *err) {
    const char *column = by == MANIFEST_CAMPAIGN ? "r.campaign" : by == MANIFEST_HOST ? "s.host" : "s.source";
    char sql[512];
    snprintf(
        sql, sizeof sql,
        "SELECT k.text AS a, w.text AS b, sum(r.captures), sum(r.bytes) FROM refusals r JOIN sites s USING (site) JOIN terms k ON "
        "k.term = %s JOIN terms w ON w.term = r.reason GROUP BY a, b ORDER BY a, b",
        column);
    sqlite3_stmt *st = NULL;
    enum status got = mdb_prepare(m, sql, &st, err);
    enum status answer = ST_OK;
    while (answer == ST_OK && got == ST_OK && (got = mdb_row(m, st, err)) == ST_OK) {
        struct manifest_refusal r = {mdb_text(st, 0), mdb_text(st, 1), sqlite3_column_int64(st, 2), sqlite3_column_int64(st, 3)};
        answer = fn(ctx, &r);
    }
    sqlite3_finalize(st);
    return got == ST_SKIP ? ST_OK : answer != ST_OK ? answer : got;
}

/* One spread as the rows have it. */
#define TRUTH(number, value)                                                                                                       \
    "SELECT " #number ", " value ", reason IS NULL AND duplicate_of IS NULL AND removed IS NULL, count(*), sum(bytes) FROM "       \
    "documents WHERE segment IS NOT NULL GROUP BY 2, 3"

/* Each statement gives a row when something does not agree. */
static const struct check {
    const char *what, *sql;
} checks[] = {
    {"the tallies of documents",
     "WITH truth AS (SELECT site, campaign, license, coalesce(language, 0), CASE WHEN removed IS NOT NULL THEN 'removed' WHEN segment IS NULL "
     "THEN 'pending' WHEN reason IS NOT NULL THEN (SELECT text FROM terms WHERE term = reason) WHEN duplicate_of IS NOT NULL THEN 'duplicate' "
     "ELSE '' END AS outcome, strftime('%Y', crawl_day * 86400, 'unixepoch') * 12 + strftime('%m', crawl_day * 86400, 'unixepoch') - 1 AS month, "
     "count(*), sum(bytes), sum(words), sum((bytes * coalesce(french_share, 0) + 5000) / 10000) FROM documents GROUP BY 1, 2, 3, 4, 5, 6), "
     "kept AS (SELECT site, campaign, license, language, coalesce((SELECT text FROM terms WHERE term = outcome), ''), month, documents, bytes, "
     "words, french_bytes FROM tallies) "
     "SELECT * FROM (SELECT * FROM truth EXCEPT SELECT * FROM kept) UNION ALL SELECT * FROM (SELECT * FROM kept EXCEPT SELECT * FROM truth)"},
    {"the tallies of refusals",
     "WITH truth AS (SELECT site, campaign, refusal, count(*), sum(bytes) FROM captures WHERE refusal IS NOT NULL GROUP BY 1, 2, 3), "
     "kept AS (SELECT * FROM refusals) "
     "SELECT * FROM (SELECT * FROM truth EXCEPT SELECT * FROM kept) UNION ALL SELECT * FROM (SELECT * FROM kept EXCEPT SELECT * FROM truth)"},
    {"the spreads",
     "WITH truth AS (" TRUTH(1, MDB_SPREAD_VARIETY) " UNION ALL " TRUTH(2, MDB_SPREAD_PUBLISHED) " UNION ALL " TRUTH(3, MDB_SPREAD_FRENCH) " UNION ALL " TRUTH(
         4,
         MDB_SPREAD_SCORE) " UNION ALL " TRUTH(5,
                                               MDB_SPREAD_LENGTH) " UNION ALL " TRUTH(6,
                                                                                      MDB_SPREAD_QUALITY) " UNION ALL " TRUTH(7,
                                                                                                                              MDB_SPREAD_TYPE) "), "
                                                                                                                                               "kept AS (SELECT spread, value, kept, documents, bytes FROM spreads) "
                                                                                                                                               "SELECT * FROM (SELECT * FROM truth EXCEPT SELECT * FROM kept) UNION ALL SELECT * FROM (SELECT * FROM kept EXCEPT SELECT * FROM truth)"},
    {"a reference", "SELECT * FROM pragma_foreign_key_check"},
    {"a page", "SELECT * FROM pragma_quick_check WHERE quick_check <> 'ok'"},
};

enum status manifest_recount(struct manifest *m, struct buf *err) {
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        sqlite3_stmt *st = NULL;
        enum status got = mdb_prepare(m, checks[i].sql, &st, err);
        if (got != ST_OK) return got;
        got = mdb_row(m, st, err);
        if (got == ST_OK)
            got = fail(err, ST_SKIP, "%s: %s does not agree with the rows (%.*s…)", m->path, checks[i].what,
                       SLICE_ARG(mdb_text(st, 0)));
        else if (got == ST_SKIP)
            got = ST_OK;
        sqlite3_finalize(st);
        if (got != ST_OK) return got;
    }
    return ST_OK;
}
