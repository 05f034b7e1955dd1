/* What a frontier tells to reports: reads only, beside a running crawl. */
#include "base/hash.h"
#include "crawler/frontier_internal.h"

static enum reason reason_in(sqlite3_stmt *st, int col) {
    enum reason r = reason_from_name(db_slice(st, col));
    return r == REASON_N ? REASON_NONE : r;
}

enum status frontier_each_tally(struct frontier *f, frontier_tally_fn fn, void *ctx, struct buf *err) {
    sqlite3_stmt *st = f->st[FRONTIER_TALLY];
    for (bool row = true; row;) {
        enum status r = db_step(&f->db, st, &row, err);
        if (r != ST_OK || !row) return r;
        struct frontier_tally t = {db_slice(st, 0),
                                   (enum frontier_state)sqlite3_column_int(st, 1),
                                   reason_in(st, 2),
                                   sqlite3_column_int64(st, 3),
                                   sqlite3_column_int64(st, 4),
                                   sqlite3_column_int64(st, 5)};
        r = fn(ctx, &t);
        if (r != ST_OK) {
            sqlite3_reset(st);
            return r;
        }
    }
    return ST_OK;
}

/* Rows of ${sql}: url, kind, due; ?1 is now. */
static enum status each_left(struct frontier *f, const char *sql, int64_t now_ms, bool again, frontier_left_fn fn, void *ctx,
                             struct buf *err) {
    sqlite3_stmt *st = NULL;
    enum status r = db_prepare(&f->db, sql, &st, err);
    if (r == ST_OK) sqlite3_bind_int64(st, 1, now_ms);
    for (bool row = true; r == ST_OK && row;) {
        r = db_step(&f->db, st, &row, err);
        if (r != ST_OK || !row) break;
        const struct frontier_left left = {db_slice(st, 0), (enum frontier_kind)sqlite3_column_int(st, 1),
                                           sqlite3_column_int64(st, 2), again || sqlite3_column_int(st, 3)};
        r = fn(ctx, &left);
    }
    sqlite3_finalize(st);
    return r;
}

enum status frontier_each_left(struct frontier *f, bool all, int64_t now_ms, frontier_left_fn fn, void *ctx, struct buf *err) {
    static const char queued[] = "SELECT url, kind, 0, fetched IS NOT NULL FROM url WHERE state=0 AND host>-?1 ORDER BY host, rank";
    static const char waiting[] =
        "SELECT url, kind, due, fetched IS NOT NULL FROM url WHERE state=3 AND due>-?1 ORDER BY host, due";
    static const char due[] =
        "SELECT u.url, u.kind, 0, 1 FROM visit v JOIN url u USING (key) WHERE v.next<=?1 AND u.state=2 ORDER BY u.host";
    static const char fetched[] = "SELECT url, kind, 0, 1 FROM url WHERE state=2 AND status>0 AND host>-?1 ORDER BY host";
    int64_t next, n;
    enum status r = each_left(f, queued, now_ms, false, fn, ctx, err);
    if (r == ST_OK) r = each_left(f, waiting, now_ms, false, fn, ctx, err);
    if (r == ST_OK) r = frontier_visit_next(f, &next, &n, err); /* there may be no such table yet */
    if (r == ST_OK && all) return each_left(f, fetched, now_ms, true, fn, ctx, err);
    return r == ST_OK && n ? each_left(f, due, now_ms, true, fn, ctx, err) : r;
}

enum status frontier_host_left(struct frontier *f, struct slice host, int64_t *urls, struct buf *err) {
    sqlite3_stmt *st;
    bool row = false;
    *urls = 0;
    enum status r =
        db_prepare(&f->db,
                   "SELECT (SELECT count(*) FROM url WHERE state=0 AND host=h.id) + (SELECT count(*) FROM url WHERE state=3 AND"
                   " host=h.id) FROM host h WHERE h.name=?1",
                   &st, err);
    if (r != ST_OK) return r;
    db_bind_slice(st, 1, host);
    r = db_step(&f->db, st, &row, err);
    if (r == ST_OK && row) *urls = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return r;
}

enum status frontier_find(struct frontier *f, struct slice url, frontier_row_fn fn, void *ctx, struct buf *err) {
    sqlite3_stmt *st = f->st[FRONTIER_ROW];
    uint64_t key = hash64(url);
    for (int i = 0; i < FRONTIER_PROBES; i++, key++) {
        bool row;
        sqlite3_bind_int64(st, 1, (int64_t)key);
        enum status r = db_step(&f->db, st, &row, err);
        if (r != ST_OK) return r;
        if (!row) return fail(err, ST_SKIP, "this campaign does not know the URL");
        if (!slice_eq(db_slice(st, 1), url)) {
            sqlite3_reset(st);
            continue;
        }
        struct frontier_row out = {{sqlite3_column_int64(st, 0), db_slice(st, 1), sqlite3_column_int64(st, 2),
                                    sqlite3_column_int64(st, 3), (enum frontier_kind)sqlite3_column_int(st, 4),
                                    sqlite3_column_int64(st, 5) >> FRONTIER_RANK_SHIFT, sqlite3_column_int64(st, 6),
                                    sqlite3_column_int64(st, 7), sqlite3_column_int64(st, 8), 0, true},
                                   db_slice(st, 9),
                                   db_slice(st, 10),
                                   (enum frontier_state)sqlite3_column_int(st, 11),
                                   reason_in(st, 12),
                                   db_slice(st, 13),
                                   sqlite3_column_int(st, 14),
                                   sqlite3_column_int64(st, 15),
                                   sqlite3_column_int64(st, 16),
                                   sqlite3_column_type(st, 17) == SQLITE_NULL ? -1 : sqlite3_column_double(st, 17)};
        r = fn(ctx, &out);
        sqlite3_reset(st);
        return r;
    }
    return fail(err, ST_SKIP, "this campaign does not know the URL");
}
