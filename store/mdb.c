#include "store/mdb.h"
#include <stdlib.h>

enum status mdb_fail(struct manifest *m, const char *what, struct buf *err) {
    int code = sqlite3_errcode(m->db) & 0xff;
    switch (code) {
    case SQLITE_FULL:
        return fail(err, ST_RETRY, "%s: cannot %s: the disk is full; free some space and run the same command again", m->path,
                    what);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail(err, ST_RETRY, "%s: cannot %s: another process is writing to it; try again when it has ended", m->path, what);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return fail(err, ST_FATAL, "%s: cannot %s: the file is damaged (%s)", m->path, what, sqlite3_errmsg(m->db));
    default: return fail(err, ST_FATAL, "%s: cannot %s: %s", m->path, what, sqlite3_errmsg(m->db));
    }
}

enum status mdb_prepare(struct manifest *m, const char *sql, sqlite3_stmt **out, struct buf *err) {
    return sqlite3_prepare_v2(m->db, sql, -1, out, NULL) == SQLITE_OK ? ST_OK : mdb_fail(m, "prepare a statement", err);
}

sqlite3_stmt *mdb_stmt(struct manifest *m, const char *sql, struct buf *err) {
    for (size_t i = 0; i < m->n_stmts; i++)
        if (m->stmts[i].sql == sql) {
            sqlite3_reset(m->stmts[i].st);
            return m->stmts[i].st;
        }
    sqlite3_stmt *st = NULL;
    if (m->n_stmts == sizeof m->stmts / sizeof *m->stmts) {
        fail(err, ST_FATAL, "%s: too many kinds of statement", m->path);
        return NULL;
    }
    if (sqlite3_prepare_v3(m->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK) {
        mdb_fail(m, "prepare a statement", err);
        return NULL;
    }
    m->stmts[m->n_stmts].sql = sql;
    m->stmts[m->n_stmts++].st = st;
    return st;
}

enum status mdb_row(struct manifest *m, sqlite3_stmt *st, struct buf *err) {
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW) return ST_OK;
    if (rc == SQLITE_DONE) {
        sqlite3_reset(st);
        return ST_SKIP;
    }
    enum status failed = mdb_fail(m, sqlite3_stmt_readonly(st) ? "read" : "write", err);
    sqlite3_reset(st);
    return failed;
}

enum status mdb_done(struct manifest *m, sqlite3_stmt *st, struct buf *err) {
    enum status got = mdb_row(m, st, err);
    if (got == ST_OK) sqlite3_reset(st);
    return got == ST_SKIP ? ST_OK : got;
}

enum status mdb_exec(struct manifest *m, const char *sql, struct buf *err) {
    return sqlite3_exec(m->db, sql, NULL, NULL, NULL) == SQLITE_OK ? ST_OK : mdb_fail(m, "write", err);
}

enum status mdb_writing(struct manifest *m, struct buf *err) {
    if (m->writable && !sqlite3_get_autocommit(m->db)) return ST_OK;
    return fail(err, ST_FATAL, "%s: a write outside a transaction", m->path);
}

void mdb_bind_text(sqlite3_stmt *st, int at, struct slice s) {
    sqlite3_bind_text64(st, at, s.len ? s.ptr : "", s.len, SQLITE_TRANSIENT, SQLITE_UTF8);
}

void mdb_bind_blob(sqlite3_stmt *st, int at, const void *p, size_t n) { sqlite3_bind_blob64(st, at, p, n, SQLITE_TRANSIENT); }

void mdb_bind_opt(sqlite3_stmt *st, int at, int64_t v) {
    if (v == MANIFEST_NONE)
        sqlite3_bind_null(st, at);
    else
        sqlite3_bind_int64(st, at, v);
}

struct slice mdb_text(sqlite3_stmt *st, int col) {
    const char *p = (const char *)sqlite3_column_text(st, col);
    return p ? slice_of(p, (size_t)sqlite3_column_bytes(st, col)) : slice_str("");
}

int64_t mdb_int_or_none(sqlite3_stmt *st, int col) {
    return sqlite3_column_type(st, col) == SQLITE_NULL ? MANIFEST_NONE : sqlite3_column_int64(st, col);
}
