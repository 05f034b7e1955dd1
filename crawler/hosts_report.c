/* What hosts.sqlite tells to reports: reads only, beside running campaigns. */
#include "crawler/db.h"
#include "crawler/hosts.h"

#include <sqlite3.h>

static enum status walk(struct db *db, const char *sql, int64_t now_ms, enum hosts_rest_kind kind, hosts_rest_fn fn, void *ctx,
                        struct buf *err) {
    sqlite3_stmt *st = NULL;
    enum status r = db_prepare(db, sql, &st, err);
    if (r == ST_OK) sqlite3_bind_int64(st, 1, now_ms);
    for (bool row = true; r == ST_OK && row;) {
        r = db_step(db, st, &row, err);
        if (r != ST_OK || !row) break;
        const struct hosts_rest rest = {kind, db_slice(st, 0), sqlite3_column_int64(st, 1), sqlite3_column_int(st, 2)};
        r = fn(ctx, &rest);
    }
    sqlite3_finalize(st);
    return r;
}

enum status hosts_each_rest(const char *path, int64_t now_ms, hosts_rest_fn fn, void *ctx, struct buf *err) {
    static const char failing[] = "SELECT host, due, 0 FROM clock WHERE failing<>0 AND due>?1 ORDER BY due, host";
    static const char unread[] = "SELECT origin, next, status FROM file WHERE kind=0 AND state=3 AND next>?1 ORDER BY next, origin";
    struct db db;
    enum status r = db_open(&db, path, DB_READ, NULL, HOSTS_VERSION, NULL, err);
    if (r != ST_OK) return r;
    r = walk(&db, unread, now_ms, HOSTS_REST_ROBOTS, fn, ctx, err);
    if (r == ST_OK) r = walk(&db, failing, now_ms, HOSTS_REST_FAILING, fn, ctx, err);
    db_close(&db);
    return r;
}
