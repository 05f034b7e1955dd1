/*
 * What the crawler finds gone or closed goes out of the next version.  The removals of one reason and day share a row, so that a site
 * that vanishes is one line in what everybody reads, and a document comes back with its next capture.
 */
#include "base/clock.h"
#include "store/mdb.h"

enum { ID_BYTES = 16 };

/* The row of ${w}'s reason and day, made when new. */
static enum status removal_row(struct manifest *m, const struct manifest_withdrawal *w, int64_t *removal, struct buf *err) {
    static const char get[] = "SELECT removal FROM removals WHERE scope = 5 AND value = ?1 AND lifted_ms IS NULL";
    static const char put[] = "INSERT INTO removals (scope, value, reason, asked_ms) VALUES (5, ?1, ?2, ?3)";
    struct buf value = {.max = 256};
    char day[11];
    clock_day(w->found_ms, day);
    buf_printf(&value, "%.*s %s", SLICE_ARG(w->reason), day);
    sqlite3_stmt *st = mdb_stmt(m, get, err);
    enum status got = ST_FATAL;
    if (st) {
        mdb_bind_text(st, 1, buf_view(&value));
        got = mdb_row(m, st, err);
    }
    if (got == ST_OK) {
        *removal = sqlite3_column_int64(st, 0);
        sqlite3_reset(st);
    } else if (got == ST_SKIP && (st = mdb_stmt(m, put, err))) {
        mdb_bind_text(st, 1, buf_view(&value));
        mdb_bind_text(st, 2, w->reason);
        sqlite3_bind_int64(st, 3, w->found_ms);
        got = mdb_done(m, st, err);
        *removal = sqlite3_last_insert_rowid(m->db);
    }
    buf_free(&value);
    return got == ST_SKIP ? ST_FATAL : got;
}

/* The document, when the text it has, or is to have, was fetched at that URL. */
static enum status find(struct manifest *m, const struct manifest_withdrawal *w, int64_t *doc, struct buf *err) {
    static const char sql[] =
        "SELECT d.doc, c.url, c.fetched_url, t.text FROM documents d JOIN captures c ON c.capture = coalesce(d.fresh, d.capture) "
        "JOIN sites s ON s.site = c.site JOIN terms t ON t.term = s.host WHERE d.id = ?1 AND d.removed IS NULL";
    unsigned char id[ID_BYTES];
    struct buf url = {.max = 16384};
    *doc = MANIFEST_NONE;
    if (!mdb_unhex(w->id, id, ID_BYTES)) return fail(err, ST_SKIP, "%.*s is not a document id (32 hex digits)", SLICE_ARG(w->id));
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    mdb_bind_blob(st, 1, id, ID_BYTES);
    enum status got = mdb_row(m, st, err);
    if (got == ST_OK) {
        int col = sqlite3_column_type(st, 2) == SQLITE_NULL ? 1 : 2;
        mdb_full_url(mdb_text(st, col), mdb_text(st, 3), &url);
        if (slice_eq(buf_view(&url), w->fetched_url)) *doc = sqlite3_column_int64(st, 0);
        sqlite3_reset(st);
    }
    buf_free(&url);
    return got == ST_SKIP ? ST_OK : got;
}

enum status manifest_withdraw(struct manifest *m, const struct manifest_withdrawal *w, bool *taken, struct buf *err) {
    int64_t doc = MANIFEST_NONE, removal = MANIFEST_NONE;
    enum status got = mdb_writing(m, err);
    if (taken) *taken = false;
    if (got == ST_OK) got = find(m, w, &doc, err);
    if (got != ST_OK || doc == MANIFEST_NONE) return got;
    got = removal_row(m, w, &removal, err);
    if (got == ST_OK) got = mdb_mark_removed(m, doc, removal, err);
    if (taken) *taken = got == ST_OK;
    return got;
}
