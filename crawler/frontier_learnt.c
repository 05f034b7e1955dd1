/*
 * What a campaign has learnt of its hosts, so that a restart does not begin anew.
 *
 *   french   one row a host: documents so far, the moving mean of their French share
 *   novelty  one row a place of novelty.h's table: key, pages, new ones among them, the prints of the last of these (64 bits each,
 *            native order); places bound it, a key that gave way is overwritten
 *
 * Both tables are made when a frontier is opened for writing.
 */
#include "crawler/frontier_internal.h"

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS french(host INTEGER PRIMARY KEY, documents INTEGER NOT NULL, share REAL NOT NULL);"
    "CREATE TABLE IF NOT EXISTS novelty(place INTEGER PRIMARY KEY, key INTEGER NOT NULL, pages INTEGER NOT NULL,"
    " fresh INTEGER NOT NULL, prints BLOB NOT NULL);";

static const char *const sql[LEARNT_N] = {
    [LEARNT_FRENCH_GET] = "SELECT documents, share FROM french WHERE host=?1",
    [LEARNT_FRENCH_PUT] = "INSERT OR REPLACE INTO french VALUES(?1,?2,?3)",
    [LEARNT_NOVELTY_PUT] = "INSERT OR REPLACE INTO novelty VALUES(?1,?2,?3,?4,?5)",
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
