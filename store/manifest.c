#include "store/manifest.h"
#include "base/clock.h"
#include "base/file.h"
#include "store/mdb.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* The assembler brings the schema in; the Makefile makes this object depend on it. */
__asm__(".section .rodata\n.global manifest_schema_begin\nmanifest_schema_begin:\n.incbin \"store/schema.sql\"\n.byte 0\n.text\n");
extern const char manifest_schema_begin[];

/* Each page of 8 KiB holds about 90 documents; the cache is 64 MiB whatever the size of the file. */
static const char before_schema[] = "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL;";
enum { WAL_AGAIN_MS = 10 };
static const char settings[] =
    "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA trusted_schema = OFF;";

static enum status pragma_int(struct manifest *m, const char *sql, int64_t *v, struct buf *err) {
    sqlite3_stmt *st = NULL;
    enum status got = mdb_prepare(m, sql, &st, err);
    if (got != ST_OK) return got;
    got = mdb_row(m, st, err);
    *v = got == ST_OK ? sqlite3_column_int64(st, 0) : 0;
    sqlite3_finalize(st);
    return got == ST_SKIP ? ST_OK : got;
}

static enum status make_schema(struct manifest *m, struct buf *err) {
    char head[128], now[ISO8601_LEN];
    snprintf(head, sizeof head, "PRAGMA application_id = %d; PRAGMA user_version = %d;", MDB_APPLICATION, MDB_VERSION);
    enum status st = mdb_exec(m, manifest_schema_begin, err);
    if (st == ST_OK) st = mdb_exec(m, head, err);
    clock_iso8601(clock_wall_ms(), now);
    if (st == ST_OK) st = manifest_stamp(m, "created", slice_str(now), err);
    if (st == ST_OK) st = manifest_stamp(m, "code", slice_str(VILLERS_VERSION), err);
    return st;
}

/* One spread out of the combinations, which one pass over the documents gathers. */
#define SPREAD(number, value)                                                                                                      \
    "INSERT INTO spreads SELECT " #number ", " value ", k, sum(n), sum(b), sum(w), sum(f) FROM combinations GROUP BY 2, 3;"
#define MANIFEST_SPREADS_SQL                                                                                                                   \
    "CREATE TABLE spreads (spread INTEGER NOT NULL, value INTEGER NOT NULL, kept INTEGER NOT NULL, documents INTEGER NOT NULL, bytes INTEGER " \
    "NOT NULL, words INTEGER NOT NULL, french_bytes INTEGER NOT NULL, PRIMARY KEY (spread, value, kept)) WITHOUT ROWID;"                       \
    "CREATE TEMP TABLE combinations AS SELECT " MDB_SPREAD_VARIETY " AS v1, " MDB_SPREAD_PUBLISHED " AS v2, " MDB_SPREAD_FRENCH                \
    " AS v3, " MDB_SPREAD_SCORE " AS v4, " MDB_SPREAD_LENGTH                                                                                   \
    " AS v5, reason IS NULL AND duplicate_of IS NULL AND removed IS NULL AS k, "                                                               \
    "count(*) AS n, sum(bytes) AS b, sum(words) AS w, sum((bytes * coalesce(french_share, 0) + 5000) / 10000) AS f FROM documents "            \
    "WHERE segment IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6;" SPREAD(1, "v1") SPREAD(2, "v2") SPREAD(3, "v3") SPREAD(4, "v4")                     \
        SPREAD(5, "v5") "DROP TABLE combinations"
/* Unknown of all that were judged before: what another spread counted says how many those are. */
#define UNKNOWN(number, value)                                                                                                     \
    "INSERT INTO spreads SELECT " #number ", " #value ", kept, sum(documents), sum(bytes), sum(words), sum(french_bytes) FROM "    \
    "spreads WHERE spread = 5 GROUP BY kept;"
#define QUALITY_AND_TYPE_SQL                                                                                                       \
    "ALTER TABLE documents ADD COLUMN quality INTEGER; ALTER TABLE documents ADD COLUMN type INTEGER REFERENCES terms;" UNKNOWN(   \
        6, -1) UNKNOWN(7, 0)
/* What brings an older manifest up, a step a version, beginning with version 1. */
static const char *const steps[] = {"ALTER TABLE documents ADD COLUMN variety INTEGER REFERENCES terms",
                                    "ALTER TABLE documents ADD COLUMN fresh INTEGER REFERENCES captures", MANIFEST_SPREADS_SQL,
                                    QUALITY_AND_TYPE_SQL};
_Static_assert(sizeof steps / sizeof *steps == MDB_VERSION - 1, "a step for each version but the first");

/* In a transaction. */
static enum status climb(struct manifest *m, int64_t from, struct buf *err) {
    char stamp[64];
    enum status st = ST_OK;
    if (from < 1 || from > MDB_VERSION) return fail(err, ST_FATAL, "%s: no step from version %lld", m->path, (long long)from);
    for (size_t done = (size_t)from - 1; st == ST_OK && done < sizeof steps / sizeof *steps; done++)
        st = mdb_exec(m, steps[done], err);
    snprintf(stamp, sizeof stamp, "PRAGMA user_version = %d;", MDB_VERSION);
    return st == ST_OK ? mdb_exec(m, stamp, err) : st;
}

/* The file's version: 0 for an empty database.  A newer one and one that is not ours are refused. */
static enum status check_version(struct manifest *m, int64_t *version, bool *newer, struct buf *err) {
    int64_t application = 0, tables = 0;
    enum status st = pragma_int(m, "PRAGMA user_version", version, err);
    if (st == ST_OK) st = pragma_int(m, "PRAGMA application_id", &application, err);
    if (st == ST_OK) st = pragma_int(m, "SELECT count(*) FROM sqlite_schema", &tables, err);
    if (st != ST_OK) return st;
    if (tables == 0 && *version == 0) return ST_OK;
    if (application != MDB_APPLICATION || *version < 1)
        return fail(err, ST_FATAL, "%s: a database, but not a manifest of Villers", m->path);
    if (*version <= MDB_VERSION) return ST_OK;
    if (newer) *newer = true;
    return fail(err, ST_FATAL,
                "%s: made by a newer Villers (manifest version %lld, this one reads up to %d): install the newer villers", m->path,
                (long long)*version, MDB_VERSION);
}

/* SQLite does not wait by itself for another process that turns the same new file to WAL. */
static enum status turn_to_wal(struct manifest *m, struct buf *err) {
    enum status st = mdb_exec(m, before_schema, err);
    for (int waited = 0; st == ST_RETRY && waited < MANIFEST_WAIT_MS && sqlite3_errcode(m->db) == SQLITE_BUSY;
         waited += WAL_AGAIN_MS) {
        sqlite3_sleep(WAL_AGAIN_MS);
        st = mdb_exec(m, before_schema, err);
    }
    return st;
}

/* *${older}: read only, and of an older version. */
static enum status set_up(struct manifest *m, enum manifest_mode mode, bool *newer, bool *older, struct buf *err) {
    int64_t version = 0;
    sqlite3_busy_timeout(m->db, MANIFEST_WAIT_MS);
    enum status st = check_version(m, &version, newer, err);
    if (st == ST_OK && version == 0 && mode != MANIFEST_CREATE)
        st = fail(err, ST_FATAL, "%s: an empty database, not a manifest", m->path);
    if (st == ST_OK && version == 0) st = turn_to_wal(m, err);
    if (st == ST_OK) st = mdb_exec(m, settings, err);
    *older = mode == MANIFEST_READ && version < MDB_VERSION;
    if (st != ST_OK || *older || version == MDB_VERSION) return st;
    st = manifest_begin(m, err);
    if (st == ST_OK) st = check_version(m, &version, newer, err); /* another process may have been quicker */
    if (st == ST_OK && version == 0)
        st = make_schema(m, err);
    else if (st == ST_OK)
        st = climb(m, version, err);
    if (st == ST_OK) return manifest_commit(m, err);
    manifest_rollback(m);
    return st;
}

/* Readers know one version only: an older file is brought up first. */
static enum status open_older(const char *path, enum manifest_mode mode, struct manifest **out, struct buf *err) {
    struct manifest *m = NULL;
    enum status st = manifest_open(path, MANIFEST_WRITE, &m, NULL, err);
    manifest_free(m);
    return st == ST_OK ? manifest_open(path, mode, out, NULL, err) : st;
}

enum status manifest_open(const char *path, enum manifest_mode mode, struct manifest **out, bool *newer, struct buf *err) {
    *out = NULL;
    if (newer) *newer = false;
    if (mode != MANIFEST_CREATE && !file_exists(path)) return fail(err, ST_SKIP, "%s: there is no manifest", path);
    struct manifest *m = calloc(1, sizeof *m);
    if (m) {
        m->path = strdup(path);
        m->cache = mdb_cache_new();
        m->deltas = mdb_deltas_new();
        m->writable = mode != MANIFEST_READ;
    }
    enum status st = ST_OK;
    if (!m || !m->path || !m->cache || !m->deltas) {
        st = fail(err, ST_FATAL, "no memory for the manifest");
    } else {
        int flags = SQLITE_OPEN_NOMUTEX | (mode == MANIFEST_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
        if (mode == MANIFEST_CREATE) flags |= SQLITE_OPEN_CREATE;
        if (sqlite3_open_v2(path, &m->db, flags, NULL) != SQLITE_OK)
            st = fail(err, ST_FATAL, "%s: cannot open: %s", path, m->db ? sqlite3_errmsg(m->db) : "no memory");
    }
    bool older = false;
    if (st == ST_OK) st = set_up(m, mode, newer, &older, err);
    if (st != ST_OK || older) manifest_free(m);
    if (st != ST_OK) return st;
    if (older) return open_older(path, mode, out, err);
    *out = m;
    return ST_OK;
}

void manifest_free(struct manifest *m) {
    if (!m) return;
    if (m->db) manifest_rollback(m);
    for (size_t i = 0; i < m->n_stmts; i++) sqlite3_finalize(m->stmts[i].st);
    sqlite3_close(m->db);
    mdb_cache_free(m->cache);
    mdb_deltas_free(m->deltas);
    free(m->path);
    free(m);
}

enum status manifest_begin(struct manifest *m, struct buf *err) {
    if (!m->writable) return fail(err, ST_FATAL, "%s: opened to read", m->path);
    return mdb_exec(m, "BEGIN IMMEDIATE", err);
}

enum status manifest_look(struct manifest *m, struct buf *err) { return mdb_exec(m, "BEGIN", err); }

void manifest_look_end(struct manifest *m) {
    sqlite3_exec(m->db, "ROLLBACK", NULL, NULL, NULL);
    m->scopes_known = false;
}

enum status manifest_commit(struct manifest *m, struct buf *err) {
    enum status st = mdb_tally_flush(m, err);
    if (st == ST_OK) st = mdb_exec(m, "COMMIT", err);
    m->scopes_known = false;
    if (st != ST_OK) manifest_rollback(m);
    return st;
}

void manifest_rollback(struct manifest *m) {
    for (size_t i = 0; i < m->n_stmts; i++) sqlite3_reset(m->stmts[i].st);
    if (!sqlite3_get_autocommit(m->db)) sqlite3_exec(m->db, "ROLLBACK", NULL, NULL, NULL);
    m->scopes_known = false;
    mdb_cache_clear(m->cache);
    mdb_deltas_clear(m->deltas);
}

enum status manifest_stamp(struct manifest *m, const char *key, struct slice value, struct buf *err) {
    static const char sql[] =
        "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    enum status got = mdb_writing(m, err);
    if (got != ST_OK) return got;
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    mdb_bind_text(st, 1, slice_str(key));
    mdb_bind_text(st, 2, value);
    return mdb_done(m, st, err);
}

enum status manifest_read_stamp(struct manifest *m, const char *key, struct buf *out, struct buf *err) {
    static const char sql[] = "SELECT value FROM meta WHERE key = ?1";
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    mdb_bind_text(st, 1, slice_str(key));
    enum status got = mdb_row(m, st, err);
    if (got == ST_OK) buf_slice(out, mdb_text(st, 0));
    sqlite3_reset(st);
    return got == ST_SKIP ? fail(err, ST_SKIP, "%s: %s is not recorded", m->path, key) : got;
}

static enum status insert_run(struct manifest *m, const struct manifest_run *run, int64_t *number, struct buf *err) {
    static const char sql[] = "INSERT INTO runs (stage, subject, code, settings, began_ms) VALUES (?1, ?2, ?3, ?4, ?5)";
    int64_t set = MANIFEST_NONE;
    enum status got = mdb_settings(m, slice_str(run->settings_hash), run->settings_text, &set, err);
    if (got != ST_OK) return got;
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    mdb_bind_text(st, 1, slice_str(run->stage));
    mdb_bind_text(st, 2, slice_str(run->subject));
    mdb_bind_text(st, 3, slice_str(run->code));
    mdb_bind_opt(st, 4, set);
    sqlite3_bind_int64(st, 5, run->began_ms);
    got = mdb_done(m, st, err);
    *number = sqlite3_last_insert_rowid(m->db);
    return got;
}

enum status manifest_run_begin(struct manifest *m, const struct manifest_run *run, int64_t *number, struct buf *err) {
    enum status st = manifest_begin(m, err);
    if (st == ST_OK) st = insert_run(m, run, number, err);
    if (st == ST_OK) return manifest_commit(m, err);
    manifest_rollback(m);
    return st;
}

enum status manifest_keep_settings(struct manifest *m, struct slice hash, struct slice text, struct buf *err) {
    int64_t ignored;
    enum status st = manifest_begin(m, err);
    if (st == ST_OK) st = mdb_settings(m, hash, text, &ignored, err);
    if (st == ST_OK) return manifest_commit(m, err);
    manifest_rollback(m);
    return st;
}

static enum status update_run(struct manifest *m, int64_t number, int64_t now_ms, struct slice outcome, struct buf *err) {
    static const char sql[] = "UPDATE runs SET ended_ms = ?2, outcome = ?3 WHERE run = ?1";
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, number);
    sqlite3_bind_int64(st, 2, now_ms);
    mdb_bind_text(st, 3, outcome);
    return mdb_done(m, st, err);
}

enum status manifest_run_end(struct manifest *m, int64_t number, int64_t now_ms, struct slice outcome, struct buf *err) {
    enum status st = manifest_begin(m, err);
    if (st == ST_OK) st = update_run(m, number, now_ms, outcome, err);
    if (st == ST_OK) return manifest_commit(m, err);
    manifest_rollback(m);
    return st;
}

enum status manifest_run_of_segment(struct manifest *m, int64_t segment, manifest_run_fn fn, void *ctx, struct buf *err) {
    static const char sql[] =
        "SELECT r.run, r.stage, r.subject, r.code, coalesce(g.hash, ''), coalesce(g.text, ''), r.outcome, r.began_ms, "
        "r.ended_ms FROM segments s JOIN runs r ON r.run = s.run LEFT JOIN settings g ON g.settings = r.settings "
        "WHERE s.segment = ?1";
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, segment);
    enum status got = mdb_row(m, st, err);
    if (got != ST_OK) return got == ST_SKIP ? fail(err, ST_SKIP, "segment %lld names no run", (long long)segment) : got;
    struct manifest_run_row run = {.number = sqlite3_column_int64(st, 0),
                                   .stage = mdb_text(st, 1),
                                   .subject = mdb_text(st, 2),
                                   .code = mdb_text(st, 3),
                                   .settings_hash = mdb_text(st, 4),
                                   .settings_text = mdb_text(st, 5),
                                   .outcome = mdb_text(st, 6),
                                   .began_ms = sqlite3_column_int64(st, 7),
                                   .ended_ms = mdb_int_or_none(st, 8)};
    got = fn(ctx, &run);
    sqlite3_reset(st);
    return got;
}
