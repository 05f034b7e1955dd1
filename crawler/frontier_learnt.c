/*
 * What a campaign has learnt of its hosts, so that a restart does not begin anew.
 *
 *   french   one row a host: documents so far, the moving mean of their French share
 *   novelty  one row a place of novelty.h's table: key, pages, new ones among them, the prints of the last of these (64 bits each,
 *            native order); places bound it, a key that gave way is overwritten
 *   judged   one row an origin: a host of it and a source that asked (numbers), the hash of what robots.txt and tdmrep.json said when the
 *            documents taken of it were last held against them, and when to read them again
 *
 * The tables are made when a frontier is opened for writing.
 */
#include "base/limits.h"
#include "crawler/frontier_internal.h"

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS french(host INTEGER PRIMARY KEY, documents INTEGER NOT NULL, share REAL NOT NULL);"
    "CREATE TABLE IF NOT EXISTS novelty(place INTEGER PRIMARY KEY, key INTEGER NOT NULL, pages INTEGER NOT NULL,"
    " fresh INTEGER NOT NULL, prints BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS judged(origin TEXT PRIMARY KEY, host INTEGER NOT NULL, source INTEGER NOT NULL, said INTEGER NOT NULL,"
    " due INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS judged_due ON judged(due);";

static const char *const sql[LEARNT_N] = {
    [LEARNT_FRENCH_GET] = "SELECT documents, share FROM french WHERE host=?1",
    [LEARNT_FRENCH_PUT] = "INSERT OR REPLACE INTO french VALUES(?1,?2,?3)",
    [LEARNT_NOVELTY_PUT] = "INSERT OR REPLACE INTO novelty VALUES(?1,?2,?3,?4,?5)",
    [LEARNT_JUDGED_GET] = "SELECT said FROM judged WHERE origin=?1",
    [LEARNT_JUDGED_PUT] = "INSERT OR REPLACE INTO judged VALUES(?1,?2,?3,?4,?5)",
    [LEARNT_JUDGED_DUE] = "SELECT origin, host, source, said, due FROM judged WHERE due<=?1",
    [LEARNT_JUDGED_LATER] = "UPDATE judged SET due=?2 WHERE due<=?1",
    [LEARNT_TAKEN] = ("SELECT u.key, u.url, u.host, u.source, u.kind FROM visit v JOIN url u ON u.key=v.key"
                      " WHERE v.key>?1 AND v.doc<>'' AND u.state=2 ORDER BY v.key LIMIT ?2"),
};

enum status frontier_learnt_open(struct frontier *f, struct buf *err) {
    enum status r = db_exec(&f->db, schema, err);
    for (int i = 0; r == ST_OK && i < LEARNT_N; i++) r = db_prepare(&f->db, sql[i], &f->learnt[i], err);
    return r;
}

enum status frontier_french_get(struct frontier *f, int64_t host, int64_t *documents, double *share, struct buf *err) {
    sqlite3_stmt *st = f->learnt[LEARNT_FRENCH_GET];
    bool row;
    *documents = 0;
    *share = 1;
    sqlite3_bind_int64(st, 1, host);
    enum status r = db_step(&f->db, st, &row, err);
    if (r != ST_OK || !row) return r;
    *documents = sqlite3_column_int64(st, 0);
    *share = sqlite3_column_double(st, 1);
    sqlite3_reset(st);
    return ST_OK;
}

enum status frontier_french_put(struct frontier *f, int64_t host, int64_t documents, double share, struct buf *err) {
    sqlite3_stmt *st = f->learnt[LEARNT_FRENCH_PUT];
    sqlite3_bind_int64(st, 1, host);
    sqlite3_bind_int64(st, 2, documents);
    sqlite3_bind_double(st, 3, share);
    return db_run(&f->db, st, err);
}

enum status frontier_novelty_put(struct frontier *f, const struct frontier_novelty *n, struct buf *err) {
    sqlite3_stmt *st = f->learnt[LEARNT_NOVELTY_PUT];
    sqlite3_bind_int64(st, 1, n->place);
    sqlite3_bind_int64(st, 2, (int64_t)n->key);
    sqlite3_bind_int64(st, 3, n->pages);
    sqlite3_bind_int64(st, 4, n->fresh);
    sqlite3_bind_blob(st, 5, n->prints.ptr, (int)n->prints.len, SQLITE_TRANSIENT);
    return db_run(&f->db, st, err);
}

enum status frontier_each_novelty(struct frontier *f, frontier_novelty_fn fn, void *ctx, struct buf *err) {
    sqlite3_stmt *st = NULL;
    enum status r = db_prepare(&f->db, "SELECT place, key, pages, fresh, prints FROM novelty ORDER BY place", &st, err);
    for (bool row = true; r == ST_OK && row;) {
        r = db_step(&f->db, st, &row, err);
        if (r != ST_OK || !row) break;
        const struct frontier_novelty n = {sqlite3_column_int64(st, 0), (uint64_t)sqlite3_column_int64(st, 1),
                                           sqlite3_column_int64(st, 2), sqlite3_column_int64(st, 3), db_slice(st, 4)};
        fn(ctx, &n);
    }
    sqlite3_finalize(st);
    return r;
}

enum status frontier_judged_get(struct frontier *f, struct slice origin, bool *known, uint64_t *said, struct buf *err) {
    sqlite3_stmt *st = f->learnt[LEARNT_JUDGED_GET];
    db_bind_slice(st, 1, origin);
    enum status r = db_step(&f->db, st, known, err);
    if (r == ST_OK && *known) *said = (uint64_t)sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return r;
}

enum status frontier_judged_put(struct frontier *f, const struct frontier_judged *j, struct buf *err) {
    sqlite3_stmt *st = f->learnt[LEARNT_JUDGED_PUT];
    db_bind_slice(st, 1, j->origin);
    sqlite3_bind_int64(st, 2, j->host);
    sqlite3_bind_int64(st, 3, j->source);
    sqlite3_bind_int64(st, 4, (int64_t)j->said);
    sqlite3_bind_int64(st, 5, j->due_ms);
    return db_run(&f->db, st, err);
}

enum status frontier_each_judged_due(struct frontier *f, int64_t now_ms, int64_t next_ms, frontier_judged_fn fn, void *ctx,
                                     struct buf *err) {
    sqlite3_stmt *st = f->learnt[LEARNT_JUDGED_DUE];
    enum status r = ST_OK;
    bool any = false;
    sqlite3_bind_int64(st, 1, now_ms);
    for (bool row = true; r == ST_OK;) {
        r = db_step(&f->db, st, &row, err);
        if (r != ST_OK || !row) break;
        any = true;
        const struct frontier_judged j = {db_slice(st, 0), sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 2),
                                          (uint64_t)sqlite3_column_int64(st, 3), sqlite3_column_int64(st, 4)};
        r = fn(ctx, &j);
    }
    sqlite3_reset(st);
    if (r != ST_OK || !any) return r;
    sqlite3_bind_int64(f->learnt[LEARNT_JUDGED_LATER], 1, now_ms);
    sqlite3_bind_int64(f->learnt[LEARNT_JUDGED_LATER], 2, next_ms);
    return db_run(&f->db, f->learnt[LEARNT_JUDGED_LATER], err);
}

/* The row under the statement may be changed by ${fn}: each is copied first. */
enum status frontier_each_taken(struct frontier *f, int64_t after, int64_t most, frontier_taken_fn fn, void *ctx, struct buf *err) {
    sqlite3_stmt *st = f->learnt[LEARNT_TAKEN];
    struct buf url = {.max = LIMIT_URL_INPUT};
    enum status r = ST_OK;
    sqlite3_bind_int64(st, 1, after);
    sqlite3_bind_int64(st, 2, most);
    for (bool row = true; r == ST_OK;) {
        r = db_step(&f->db, st, &row, err);
        if (r != ST_OK || !row) break;
        buf_clear(&url);
        buf_slice(&url, db_slice(st, 1));
        const struct frontier_url u = {.key = sqlite3_column_int64(st, 0),
                                       .url = buf_view(&url),
                                       .host = sqlite3_column_int64(st, 2),
                                       .source = sqlite3_column_int64(st, 3),
                                       .kind = (enum frontier_kind)sqlite3_column_int(st, 4)};
        r = buf_ok(&url) ? fn(ctx, &u) : fail(err, ST_FATAL, "out of memory");
    }
    sqlite3_reset(st);
    buf_free(&url);
    return r;
}
