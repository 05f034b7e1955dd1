#include "crawler/ingest_state.h"
#include "base/file.h"
#include "base/hash.h"
#include "crawler/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

/*
 * user_version 1.
 *   files    each file by its digest (a folder by its path, digest ''): how many units of it are done
 *   docs     each document by its id: what it says (XXH3-64), the date of that, its upstream id (XXH3-64)
 *   segment  the raw segment that grows, as far as it is committed: one row or none
 *   pending  captures and deletions, in order, that enter the manifest when it is sealed
 */
enum { VERSION = 1, ID_BYTES = 16, STATEMENTS = 16 };
static const char schema[] =
    "CREATE TABLE files (file INTEGER PRIMARY KEY, path TEXT NOT NULL, bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, digest TEXT NOT "
    "NULL, units INTEGER NOT NULL DEFAULT 0, done INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX files_by_digest ON files (digest);"
    "CREATE INDEX files_by_path ON files (path);"
    "CREATE TABLE docs (id BLOB PRIMARY KEY, content INTEGER NOT NULL, upstream INTEGER NOT NULL, seen_ms INTEGER NOT NULL, pass INTEGER "
    "NOT NULL, state INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX docs_by_upstream ON docs (upstream) WHERE upstream <> 0;"
    "CREATE TABLE segment (one INTEGER PRIMARY KEY CHECK (one = 1), base TEXT NOT NULL, run INTEGER NOT NULL, raw_end INTEGER NOT NULL, "
    "records INTEGER NOT NULL);"
    "CREATE TABLE pending (seq INTEGER PRIMARY KEY, deletion INTEGER NOT NULL, file INTEGER NOT NULL, doc_id TEXT NOT NULL, url TEXT NOT "
    "NULL, upstream TEXT NOT NULL, license TEXT NOT NULL, refusal TEXT NOT NULL, evidence TEXT NOT NULL, digest TEXT NOT NULL, captured_ms "
    "INTEGER NOT NULL, bytes INTEGER NOT NULL, raw_offset INTEGER NOT NULL);";

struct ingest_state {
    struct db db;
    int lock;
    struct {
        const char *sql; /* a literal: its address is the key */
        sqlite3_stmt *st;
    } statements[STATEMENTS];
    unsigned n;
};

/* ---- life ---- */

static enum status take_lock(struct ingest_state *s, const char *hub, const char *source, struct buf *err) {
    struct buf path = {.max = 8192};
    enum status st = ST_OK;
    buf_printf(&path, "%s/frontier/ingest/%s.lock", hub, source);
    s->lock = open(buf_cstr(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (s->lock < 0)
        st = fail_errno(err, "open", buf_cstr(&path));
    else if (flock(s->lock, LOCK_EX | LOCK_NB) != 0)
        st = fail(err, ST_RETRY, "another process is ingesting source %s", source);
    buf_free(&path);
    return st;
}

enum status ingest_state_open(const char *hub, const char *source, struct ingest_state **out, bool *newer, struct buf *err) {
    struct ingest_state *s = calloc(1, sizeof *s);
    struct buf path = {.max = 8192};
    if (!s) return fail(err, ST_RETRY, "out of memory");
    s->lock = -1;
    buf_printf(&path, "%s/frontier/ingest", hub);
    enum status st = dir_make(buf_cstr(&path), err);
    if (st == ST_OK) st = take_lock(s, hub, source, err);
    buf_printf(&path, "/%s.sqlite", source);
    if (st == ST_OK) st = db_open(&s->db, buf_cstr(&path), DB_WRITE, schema, VERSION, newer, err);
    buf_free(&path);
    if (st == ST_OK)
        *out = s;
    else
        ingest_state_free(s);
    return st;
}

void ingest_state_free(struct ingest_state *s) {
    if (!s) return;
    if (s->db.h) ingest_state_rollback(s);
    for (unsigned i = 0; i < s->n; i++) sqlite3_finalize(s->statements[i].st);
    db_close(&s->db);
    if (s->lock >= 0) close(s->lock);
    free(s);
}

enum status ingest_state_begin(struct ingest_state *s, struct buf *err) { return db_exec(&s->db, "BEGIN IMMEDIATE", err); }

enum status ingest_state_commit(struct ingest_state *s, struct buf *err) {
    enum status st = db_exec(&s->db, "COMMIT", err);
    if (st != ST_OK) ingest_state_rollback(s);
    return st;
}

void ingest_state_rollback(struct ingest_state *s) {
    for (unsigned i = 0; i < s->n; i++) sqlite3_reset(s->statements[i].st);
    if (!sqlite3_get_autocommit(s->db.h)) sqlite3_exec(s->db.h, "ROLLBACK", NULL, NULL, NULL);
}

static sqlite3_stmt *statement(struct ingest_state *s, const char *sql, struct buf *err) {
    for (unsigned i = 0; i < s->n; i++)
        if (s->statements[i].sql == sql) return s->statements[i].st;
    if (s->n == STATEMENTS || db_prepare(&s->db, sql, &s->statements[s->n].st, err) != ST_OK) return NULL;
    s->statements[s->n].sql = sql;
    return s->statements[s->n++].st;
}

static void copy_text(sqlite3_stmt *st, int col, char *out, size_t size) {
    struct slice v = db_slice(st, col);
    snprintf(out, size, "%.*s", SLICE_ARG(v));
}

/* ---- files ---- */

enum status ingest_state_digest(struct ingest_state *s, const char *path, int64_t bytes, int64_t mtime_ns, char digest[65],
                                struct buf *err) {
    static const char sql[] =
        "SELECT digest FROM files WHERE path = ?1 AND bytes = ?2 AND mtime_ns = ?3 ORDER BY file DESC LIMIT 1";
    sqlite3_stmt *st = statement(s, sql, err);
    bool row;
    if (!st) return ST_FATAL;
    db_bind_slice(st, 1, slice_str(path));
    sqlite3_bind_int64(st, 2, bytes);
    sqlite3_bind_int64(st, 3, mtime_ns);
    enum status r = db_step(&s->db, st, &row, err);
    if (r == ST_OK && row) copy_text(st, 0, digest, 65);
    sqlite3_reset(st);
    return r == ST_OK && !row ? ST_SKIP : r;
}

static enum status make_file(struct ingest_state *s, const char *path, int64_t bytes, int64_t mtime_ns, struct ingest_state_file *f,
                             struct buf *err) {
    static const char sql[] = "INSERT INTO files (path, bytes, mtime_ns, digest) VALUES (?1, ?2, ?3, ?4)";
    sqlite3_stmt *st = statement(s, sql, err);
    if (!st) return ST_FATAL;
    db_bind_slice(st, 1, slice_str(path));
    sqlite3_bind_int64(st, 2, bytes);
    sqlite3_bind_int64(st, 3, mtime_ns);
    db_bind_slice(st, 4, slice_str(f->digest));
    enum status r = db_run(&s->db, st, err);
    f->number = sqlite3_last_insert_rowid(s->db.h);
    f->units = 0;
    f->done = false;
    return r;
}

enum status ingest_state_file(struct ingest_state *s, const char *path, int64_t bytes, int64_t mtime_ns,
                              struct ingest_state_file *f, struct buf *err) {
    static const char by_digest[] =
        "SELECT file, units, done, path, bytes, mtime_ns FROM files WHERE digest = ?1 ORDER BY done DESC LIMIT 1";
    static const char by_path[] =
        "SELECT file, units, done, path, bytes, mtime_ns FROM files WHERE path = ?1 AND digest = '' LIMIT 1";
    static const char same[] = "UPDATE files SET path = ?2, bytes = ?3, mtime_ns = ?4 WHERE file = ?1";
    sqlite3_stmt *st = statement(s, f->digest[0] ? by_digest : by_path, err);
    bool row;
    if (!st) return ST_FATAL;
    db_bind_slice(st, 1, slice_str(f->digest[0] ? f->digest : path));
    enum status r = db_step(&s->db, st, &row, err);
    if (r != ST_OK) return r;
    if (!row) return make_file(s, path, bytes, mtime_ns, f, err);
    f->number = sqlite3_column_int64(st, 0);
    f->units = sqlite3_column_int64(st, 1);
    f->done = sqlite3_column_int(st, 2) != 0;
    bool moved =
        !slice_eq_str(db_slice(st, 3), path) || sqlite3_column_int64(st, 4) != bytes || sqlite3_column_int64(st, 5) != mtime_ns;
    sqlite3_reset(st);
    if (!moved) return ST_OK;
    st = statement(s, same, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, f->number);
    db_bind_slice(st, 2, slice_str(path));
    sqlite3_bind_int64(st, 3, bytes);
    sqlite3_bind_int64(st, 4, mtime_ns);
    return db_run(&s->db, st, err);
}

enum status ingest_state_file_put(struct ingest_state *s, const struct ingest_state_file *f, struct buf *err) {
    static const char sql[] = "UPDATE files SET units = ?2, done = ?3 WHERE file = ?1";
    sqlite3_stmt *st = statement(s, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, f->number);
    sqlite3_bind_int64(st, 2, f->units);
    sqlite3_bind_int(st, 3, f->done);
    return db_run(&s->db, st, err);
}

/* ---- documents ---- */

static void unhex(const char *hex, unsigned char id[ID_BYTES]) {
    for (int i = 0; i < ID_BYTES; i++) {
        unsigned v = 0;
        for (int k = 0; k < 2; k++) {
            char c = hex[2 * i + k];
            v = v * 16 + (unsigned)(ascii_is_digit(c) ? c - '0' : c - 'a' + 10);
        }
        id[i] = (unsigned char)v;
    }
}

#define DOC_COLUMNS "SELECT id, content, upstream, seen_ms, pass, state FROM docs "

/* Step ${st}, bound, to its one row. */
static enum status one_doc(struct ingest_state *s, sqlite3_stmt *st, struct ingest_state_doc *d, struct buf *err) {
    bool row;
    enum status r = db_step(&s->db, st, &row, err);
    if (r != ST_OK) return r;
    if (!row) return ST_SKIP;
    if (sqlite3_column_bytes(st, 0) == ID_BYTES) hash_hex(sqlite3_column_blob(st, 0), ID_BYTES, d->id);
    d->content = (uint64_t)sqlite3_column_int64(st, 1);
    d->upstream = (uint64_t)sqlite3_column_int64(st, 2);
    d->seen_ms = sqlite3_column_int64(st, 3);
    d->pass = sqlite3_column_int64(st, 4);
    d->state = (enum ingest_doc_state)sqlite3_column_int(st, 5);
    sqlite3_reset(st);
    return ST_OK;
}

enum status ingest_state_doc(struct ingest_state *s, const char *id, struct ingest_state_doc *d, struct buf *err) {
    static const char sql[] = DOC_COLUMNS "WHERE id = ?1";
    unsigned char key[ID_BYTES];
    sqlite3_stmt *st = statement(s, sql, err);
    if (!st) return ST_FATAL;
    unhex(id, key);
    sqlite3_bind_blob(st, 1, key, ID_BYTES, SQLITE_TRANSIENT);
    return one_doc(s, st, d, err);
}

enum status ingest_state_doc_put(struct ingest_state *s, const struct ingest_state_doc *d, struct buf *err) {
    static const char sql[] = "INSERT OR REPLACE INTO docs VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    unsigned char key[ID_BYTES];
    sqlite3_stmt *st = statement(s, sql, err);
    if (!st) return ST_FATAL;
    unhex(d->id, key);
    sqlite3_bind_blob(st, 1, key, ID_BYTES, SQLITE_TRANSIENT);
    sqlite3_bind_int64(st, 2, (int64_t)d->content);
    sqlite3_bind_int64(st, 3, (int64_t)d->upstream);
    sqlite3_bind_int64(st, 4, d->seen_ms);
    sqlite3_bind_int64(st, 5, d->pass);
    sqlite3_bind_int(st, 6, (int)d->state);
    return db_run(&s->db, st, err);
}

enum status ingest_state_upstream(struct ingest_state *s, uint64_t hash, struct ingest_state_doc *d, struct buf *err) {
    static const char sql[] = DOC_COLUMNS "WHERE upstream = ?1 AND upstream <> 0 LIMIT 1";
    sqlite3_stmt *st = statement(s, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, (int64_t)hash);
    return one_doc(s, st, d, err);
}

enum status ingest_state_unseen(struct ingest_state *s, int64_t pass, struct ingest_state_doc *d, struct buf *err) {
    static const char sql[] = DOC_COLUMNS "WHERE id > ?2 AND pass <> ?1 AND state = 0 ORDER BY id LIMIT 1";
    unsigned char after[ID_BYTES] = {0};
    sqlite3_stmt *st = statement(s, sql, err);
    if (!st) return ST_FATAL;
    if (d->id[0]) unhex(d->id, after);
    sqlite3_bind_int64(st, 1, pass);
    sqlite3_bind_blob(st, 2, after, ID_BYTES, SQLITE_TRANSIENT);
    return one_doc(s, st, d, err);
}

/* ---- the segment ---- */

enum status ingest_state_segment(struct ingest_state *s, struct ingest_state_segment *seg, struct buf *err) {
    static const char sql[] = "SELECT base, run, raw_end, records FROM segment";
    sqlite3_stmt *st = statement(s, sql, err);
    bool row;
    if (!st) return ST_FATAL;
    enum status r = db_step(&s->db, st, &row, err);
    if (r != ST_OK || !row) return r == ST_OK ? ST_SKIP : r;
    copy_text(st, 0, seg->base, sizeof seg->base);
    seg->run = sqlite3_column_int64(st, 1);
    seg->end = (uint64_t)sqlite3_column_int64(st, 2);
    seg->records = (uint64_t)sqlite3_column_int64(st, 3);
    sqlite3_reset(st);
    return ST_OK;
}

enum status ingest_state_segment_put(struct ingest_state *s, const struct ingest_state_segment *seg, struct buf *err) {
    static const char sql[] = "INSERT OR REPLACE INTO segment VALUES (1, ?1, ?2, ?3, ?4)";
    sqlite3_stmt *st = statement(s, sql, err);
    if (!st) return ST_FATAL;
    db_bind_slice(st, 1, slice_str(seg->base));
    sqlite3_bind_int64(st, 2, seg->run);
    sqlite3_bind_int64(st, 3, (int64_t)seg->end);
    sqlite3_bind_int64(st, 4, (int64_t)seg->records);
    return db_run(&s->db, st, err);
}

enum status ingest_state_segment_drop(struct ingest_state *s, struct buf *err) {
    return db_exec(&s->db, "DELETE FROM segment; DELETE FROM pending;", err);
}

enum status ingest_state_segment_lost(struct ingest_state *s, struct buf *err) {
    unsigned char id[ID_BYTES];
    sqlite3_stmt *list = NULL, *del = NULL;
    bool row = false;
    enum status r = db_prepare(&s->db, "SELECT doc_id FROM pending WHERE doc_id <> ''", &list, err);
    if (r == ST_OK) r = db_prepare(&s->db, "DELETE FROM docs WHERE id = ?1", &del, err);
    while (r == ST_OK && (r = db_step(&s->db, list, &row, err)) == ST_OK && row) {
        struct slice hex = db_slice(list, 0);
        if (hex.len != 2 * ID_BYTES) continue;
        unhex(hex.ptr, id);
        sqlite3_bind_blob(del, 1, id, ID_BYTES, SQLITE_TRANSIENT);
        r = db_run(&s->db, del, err);
    }
    sqlite3_finalize(list);
    sqlite3_finalize(del);
    if (r == ST_OK) r = db_exec(&s->db, "UPDATE files SET units = 0, done = 0 WHERE file IN (SELECT file FROM pending)", err);
    return r == ST_OK ? ingest_state_segment_drop(s, err) : r;
}

enum status ingest_state_pend(struct ingest_state *s, const struct ingest_state_pending *p, struct buf *err) {
    static const char sql[] =
        "INSERT INTO pending (deletion, file, doc_id, url, upstream, license, refusal, evidence, digest, captured_ms, bytes, "
        "raw_offset) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    const struct slice texts[] = {p->doc_id, p->url, p->upstream, p->license, p->refusal, p->evidence, p->digest};
    sqlite3_stmt *st = statement(s, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int(st, 1, p->deletion);
    sqlite3_bind_int64(st, 2, p->file);
    for (int i = 0; i < 7; i++) /* db_run() forgets them before they change */
        sqlite3_bind_text(st, 3 + i, texts[i].len ? texts[i].ptr : "", (int)texts[i].len, SQLITE_STATIC);
    sqlite3_bind_int64(st, 10, p->captured_ms);
    sqlite3_bind_int64(st, 11, p->bytes);
    sqlite3_bind_int64(st, 12, p->raw_offset);
    return db_run(&s->db, st, err);
}

enum status ingest_state_each_pending(struct ingest_state *s, ingest_state_pending_fn fn, void *ctx, struct buf *err) {
    sqlite3_stmt *st = NULL;
    bool row = false;
    enum status r = db_prepare(
        &s->db,
        "SELECT deletion, file, doc_id, url, upstream, license, refusal, evidence, digest, captured_ms, bytes, raw_offset FROM "
        "pending ORDER BY seq",
        &st, err);
    while (r == ST_OK && (r = db_step(&s->db, st, &row, err)) == ST_OK && row) {
        struct ingest_state_pending p = {.deletion = sqlite3_column_int(st, 0) != 0,
                                         .file = sqlite3_column_int64(st, 1),
                                         .doc_id = db_slice(st, 2),
                                         .url = db_slice(st, 3),
                                         .upstream = db_slice(st, 4),
                                         .license = db_slice(st, 5),
                                         .refusal = db_slice(st, 6),
                                         .evidence = db_slice(st, 7),
                                         .digest = db_slice(st, 8),
                                         .captured_ms = sqlite3_column_int64(st, 9),
                                         .bytes = sqlite3_column_int64(st, 10),
                                         .raw_offset = sqlite3_column_int64(st, 11)};
        r = fn(ctx, &p);
    }
    sqlite3_finalize(st);
    return r;
}
