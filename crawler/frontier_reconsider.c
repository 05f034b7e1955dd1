/* A source came in, or its bounds changed: what was left out for being outside may be inside now. */
#include "crawler/frontier_internal.h"

#define BATCH 512

/* The signature of the last call, or false. */
static enum status last_signature(struct frontier *f, uint64_t *signature, bool *known, struct buf *err) {
    sqlite3_stmt *st;
    enum status r = db_exec(&f->db, "CREATE TABLE IF NOT EXISTS note(name TEXT PRIMARY KEY, value INTEGER NOT NULL)", err);
    if (r == ST_OK) r = db_prepare(&f->db, "SELECT value FROM note WHERE name='sources'", &st, err);
    if (r != ST_OK) return r;
    r = db_step(&f->db, st, known, err);
    if (r == ST_OK && *known) *signature = (uint64_t)sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return r;
}

static enum status note_signature(struct frontier *f, uint64_t signature, struct buf *err) {
    sqlite3_stmt *st;
    enum status r = db_prepare(&f->db, "INSERT OR REPLACE INTO note VALUES('sources',?1)", &st, err);
    if (r != ST_OK) return r;
    sqlite3_bind_int64(st, 1, (int64_t)signature);
    r = db_run(&f->db, st, err);
    sqlite3_finalize(st);
    return r;
}

static enum status queue_again(struct frontier *f, sqlite3_stmt *st, const struct frontier_url *u, struct buf *err) {
    sqlite3_bind_int64(st, 1, u->key);
    sqlite3_bind_int64(st, 2, u->source);
    sqlite3_bind_int64(st, 3, u->host);
    sqlite3_bind_int64(st, 4, f->reason[REASON_NONE]);
    return db_run(&f->db, st, err);
}

/* One batch of refused URLs after *${after}; *${n} is how many there were. */
static enum status one_batch(struct frontier *f, sqlite3_stmt *get, sqlite3_stmt *put, int64_t *after, size_t *n,
                             frontier_reconsider_fn fn, void *ctx, int64_t *urls, struct buf *err) {
    struct frontier_url wanted[BATCH];
    size_t n_wanted = 0;
    enum status r = ST_OK;
    bool row = true;
    sqlite3_bind_int64(get, 1, *after);
    sqlite3_bind_int64(get, 2, f->reason[REASON_SCOPE]);
    sqlite3_bind_int64(get, 3, f->reason[REASON_EXCLUDED]);
    for (*n = 0; *n < BATCH && (r = db_step(&f->db, get, &row, err)) == ST_OK && row; ++*n) {
        struct frontier_url u = {.key = sqlite3_column_int64(get, 0),
                                 .url = db_slice(get, 1),
                                 .kind = (enum frontier_kind)sqlite3_column_int(get, 2),
                                 .depth = sqlite3_column_int64(get, 3) >> FRONTIER_RANK_SHIFT};
        bool want = false;
        *after = u.key;
        r = fn(ctx, &u, &want);
        if (r != ST_OK) break;
        if (want) wanted[n_wanted++] = u;
    }
    sqlite3_reset(get);
    for (size_t i = 0; r == ST_OK && i < n_wanted; i++) r = queue_again(f, put, &wanted[i], err);
    *urls += (int64_t)n_wanted;
    return r;
}

enum status frontier_reconsider(struct frontier *f, uint64_t signature, frontier_reconsider_fn fn, void *ctx, int64_t *urls,
                                struct buf *err) {
    sqlite3_stmt *get = NULL, *put = NULL;
    uint64_t last = 0;
    bool known = false;
    *urls = 0;
    enum status r = last_signature(f, &last, &known, err);
    if (r != ST_OK || (known && last == signature)) return r;
    if (known) {
        r = db_prepare(
            &f->db,
            "SELECT key, url, kind, rank FROM url WHERE key>?1 AND state=2 AND (reason=?2 OR reason=?3) ORDER BY key LIMIT 512",
            &get, err);
        if (r == ST_OK)
            r = db_prepare(&f->db, "UPDATE url SET state=0, tries=0, source=?2, host=?3, reason=?4, detail=NULL WHERE key=?1", &put,
                           err);
        int64_t after = INT64_MIN;
        for (size_t n = BATCH; r == ST_OK && n == BATCH;) r = one_batch(f, get, put, &after, &n, fn, ctx, urls, err);
        sqlite3_finalize(get);
        sqlite3_finalize(put);
    }
    return r == ST_OK ? note_signature(f, signature, err) : r;
}
