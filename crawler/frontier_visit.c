/*
 * What a fetch leaves for the next one.
 *
 *   visit   one row a URL that gave something worth comparing: key of the URL; reason, fetched, every, next, basis, text as in struct
 *           frontier_visit; digest 32 bytes; doc, etag, modified texts.  next is NULL for what is not looked at by itself.
 *
 * The table is made when a frontier is opened for writing: one made before there was any has pages whose first recrawl is unconditional.
 * A URL that is due goes back to QUEUED; its visit says that it is no new one.
 */
#include "crawler/frontier_internal.h"

#include <string.h>

#define VALIDATOR_MAX 512 /* an ETag or a date longer than that is not sent back */

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS visit(key INTEGER PRIMARY KEY, reason INTEGER NOT NULL, fetched INTEGER NOT NULL,"
    " every INTEGER NOT NULL, next INTEGER, basis INTEGER NOT NULL, text INTEGER NOT NULL, digest BLOB, doc TEXT NOT NULL,"
    " etag TEXT NOT NULL, modified TEXT NOT NULL);"
    "CREATE INDEX IF NOT EXISTS visit_next ON visit(next) WHERE next IS NOT NULL;";

static const char *const sql[VISIT_N] = {
    [VISIT_GET] = "SELECT r.name, v.fetched, v.every, coalesce(v.next,0), v.basis, v.text, v.digest, v.doc, v.etag, v.modified"
                  " FROM visit v JOIN reason r ON r.id=v.reason WHERE v.key=?1",
    [VISIT_PUT] = "INSERT OR REPLACE INTO visit VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)",
    [VISIT_KEEP] = "UPDATE visit SET every=?2, next=?3, etag=?4, modified=?5, basis=?6 WHERE key=?1",
    [VISIT_KEEP_URL] = "UPDATE url SET state=2, reason=(SELECT reason FROM visit WHERE key=?1), status=?2, fetched=?3 WHERE key=?1",
    [VISIT_DUE] = "UPDATE url SET state=0, tries=0, reason=?2 WHERE state=2 AND key IN (SELECT key FROM visit WHERE next<=?1)",
    [VISIT_MODIFIED] = "UPDATE url SET state=0, tries=0, reason=?4 WHERE key=?1 AND state=2 AND fetched<=?3"
                       " AND EXISTS(SELECT 1 FROM visit WHERE key=?1 AND fetched<?2)",
};

static enum status any(struct frontier *f, struct buf *err) {
    sqlite3_stmt *st;
    enum status r = db_prepare(&f->db, "SELECT 1 FROM visit LIMIT 1", &st, err);
    if (r == ST_OK) r = db_step(&f->db, st, &f->visits, err);
    sqlite3_finalize(st);
    return r;
}

enum status frontier_visit_open(struct frontier *f, struct buf *err) {
    enum status r = db_exec(&f->db, schema, err);
    for (int i = 0; r == ST_OK && i < VISIT_N; i++) r = db_prepare(&f->db, sql[i], &f->visit[i], err);
    return r == ST_OK ? any(f, err) : r;
}

bool frontier_visits(const struct frontier *f) { return f->visits; }

enum status frontier_visit_get(struct frontier *f, int64_t key, struct frontier_visit *v, struct buf *err) {
    sqlite3_stmt *st = f->visit[VISIT_GET];
    bool row;
    *v = (struct frontier_visit){0};
    sqlite3_bind_int64(st, 1, key);
    enum status r = db_step(&f->db, st, &row, err);
    if (r != ST_OK || !row) return r == ST_OK ? ST_SKIP : r;
    enum reason reason = reason_from_name(db_slice(st, 0));
    v->reason = reason == REASON_N ? REASON_NONE : reason;
    v->fetched_ms = sqlite3_column_int64(st, 1);
    v->every_ms = sqlite3_column_int64(st, 2);
    v->next_ms = sqlite3_column_int64(st, 3);
    v->basis = (uint64_t)sqlite3_column_int64(st, 4);
    v->text = (uint64_t)sqlite3_column_int64(st, 5);
    struct slice digest = db_slice(st, 6), texts[3];
    v->has_digest = digest.len == sizeof v->digest;
    if (v->has_digest) memcpy(v->digest, digest.ptr, sizeof v->digest);
    buf_clear(&f->visited);
    for (int i = 0; i < 3; i++) {
        texts[i] = db_slice(st, 7 + i);
        buf_slice(&f->visited, texts[i]);
    }
    sqlite3_reset(st);
    if (!buf_ok(&f->visited)) return fail(err, ST_FATAL, "out of memory");
    struct slice all = buf_view(&f->visited);
    size_t a = texts[0].len, b = a + texts[1].len;
    v->doc_id = slice_sub(all, 0, a);
    v->etag = slice_sub(all, a, b);
    v->modified = slice_sub(all, b, all.len);
    return ST_OK;
}

static struct slice validator(struct slice s) { return s.len <= VALIDATOR_MAX ? s : slice_of("", 0); }

static void bind_next(sqlite3_stmt *st, int at, int64_t next_ms) {
    if (next_ms > 0)
        sqlite3_bind_int64(st, at, next_ms);
    else
        sqlite3_bind_null(st, at);
}

enum status frontier_visit_put(struct frontier *f, int64_t key, const struct frontier_visit *v, struct buf *err) {
    sqlite3_stmt *st = f->visit[VISIT_PUT];
    sqlite3_bind_int64(st, 1, key);
    sqlite3_bind_int64(st, 2, f->reason[v->reason]);
    sqlite3_bind_int64(st, 3, v->fetched_ms);
    sqlite3_bind_int64(st, 4, v->every_ms);
    bind_next(st, 5, v->next_ms);
    sqlite3_bind_int64(st, 6, (int64_t)v->basis);
    sqlite3_bind_int64(st, 7, (int64_t)v->text);
    if (v->has_digest) sqlite3_bind_blob(st, 8, v->digest, sizeof v->digest, SQLITE_TRANSIENT);
    db_bind_slice(st, 9, v->doc_id);
    db_bind_slice(st, 10, validator(v->etag));
    db_bind_slice(st, 11, validator(v->modified));
    f->visits = true;
    return db_run(&f->db, st, err);
}

enum status frontier_visit_keep(struct frontier *f, int64_t key, int status, int64_t now_ms, const struct frontier_visit *v,
                                struct buf *err) {
    sqlite3_stmt *st = f->visit[VISIT_KEEP], *url = f->visit[VISIT_KEEP_URL];
    sqlite3_bind_int64(st, 1, key);
    sqlite3_bind_int64(st, 2, v->every_ms);
    bind_next(st, 3, v->next_ms);
    db_bind_slice(st, 4, validator(v->etag));
    db_bind_slice(st, 5, validator(v->modified));
    sqlite3_bind_int64(st, 6, (int64_t)v->basis);
    enum status r = db_run(&f->db, st, err);
    if (r != ST_OK) return r;
    sqlite3_bind_int64(url, 1, key);
    sqlite3_bind_int(url, 2, status);
    sqlite3_bind_int64(url, 3, now_ms);
    return db_run(&f->db, url, err);
}

enum status frontier_visit_due(struct frontier *f, int64_t now_ms, int64_t *urls, struct buf *err) {
    sqlite3_bind_int64(f->visit[VISIT_DUE], 1, now_ms);
    sqlite3_bind_int64(f->visit[VISIT_DUE], 2, f->reason[REASON_NONE]);
    enum status r = db_run(&f->db, f->visit[VISIT_DUE], err);
    *urls = r == ST_OK ? sqlite3_changes64(f->db.h) : 0;
    return r;
}

enum status frontier_visit_all(struct frontier *f, int64_t *urls, struct buf *err) {
    /* decided when they were found, by the source's own bounds: nothing was asked of a server */
    static const enum reason apart[] = {REASON_SCOPE, REASON_EXCLUDED,       REASON_DEPTH,
                                        REASON_TRAP,  REASON_REDIRECT_LIMIT, REASON_FORGOTTEN};
    sqlite3_stmt *st;
    *urls = 0;
    enum status r = db_prepare(
        &f->db, "UPDATE url SET state=0, tries=0, reason=?1 WHERE state=2 AND reason NOT IN (?2,?3,?4,?5,?6,?7)", &st, err);
    if (r != ST_OK) return r;
    sqlite3_bind_int64(st, 1, f->reason[REASON_NONE]);
    for (int i = 0; i < 6; i++) sqlite3_bind_int64(st, 2 + i, f->reason[apart[i]]);
    r = db_run(&f->db, st, err);
    if (r == ST_OK) *urls = sqlite3_changes64(f->db.h);
    sqlite3_finalize(st);
    return r;
}

enum status frontier_visit_modified(struct frontier *f, int64_t key, int64_t modified_ms, int64_t before_ms, bool *queued,
                                    struct buf *err) {
    sqlite3_stmt *st = f->visit[VISIT_MODIFIED];
    sqlite3_bind_int64(st, 1, key);
    sqlite3_bind_int64(st, 2, modified_ms);
    sqlite3_bind_int64(st, 3, before_ms);
    sqlite3_bind_int64(st, 4, f->reason[REASON_NONE]);
    enum status r = db_run(&f->db, st, err);
    *queued = r == ST_OK && sqlite3_changes64(f->db.h) > 0;
    return r;
}

enum status frontier_visit_next(struct frontier *f, int64_t *next_ms, int64_t *n, struct buf *err) {
    sqlite3_stmt *st;
    bool row = false;
    *next_ms = *n = 0;
    enum status r = db_prepare(&f->db, "SELECT 1 FROM sqlite_schema WHERE name='visit'", &st, err);
    if (r == ST_OK) r = db_step(&f->db, st, &row, err);
    sqlite3_finalize(st);
    if (r != ST_OK || !row) return r; /* made before there were visits */
    r = db_prepare(&f->db, "SELECT coalesce(min(next),0), count(*) FROM visit WHERE next IS NOT NULL", &st, err);
    if (r == ST_OK) r = db_step(&f->db, st, &row, err);
    if (r == ST_OK && row) {
        *next_ms = sqlite3_column_int64(st, 0);
        *n = sqlite3_column_int64(st, 1);
    }
    sqlite3_finalize(st);
    return r;
}

enum status frontier_visit_lost(struct frontier *f, int64_t segment, struct buf *err) {
    sqlite3_stmt *st;
    enum status r =
        db_prepare(&f->db,
                   "UPDATE visit SET etag='', modified='', digest=NULL, text=0, doc=iif(c.refusal<>'' AND c.doc_id<>'',"
                   " c.doc_id, doc) FROM capture c JOIN url u ON u.url=c.fetched_url WHERE c.segment=?1 AND visit.key=u.key",
                   &st, err);
    if (r != ST_OK) return r;
    sqlite3_bind_int64(st, 1, segment);
    r = db_run(&f->db, st, err);
    sqlite3_finalize(st);
    return r;
}
