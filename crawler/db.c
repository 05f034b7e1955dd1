#include "crawler/db.h"

#include "base/file.h"

#include <stdlib.h>

#define WAIT_MS 30000
#define WAL_AGAIN_MS 10

enum status db_fail(struct db *db, const char *what, struct buf *err) {
    int code = sqlite3_errcode(db->h);
    bool again = code == SQLITE_FULL || code == SQLITE_BUSY || code == SQLITE_LOCKED;
    const char *remedy = code == SQLITE_FULL ? " (make room and run the command again)" : "";
    return fail(err, again ? ST_RETRY : ST_FATAL, "%s: %s: %s%s", db->path, what, sqlite3_errmsg(db->h), remedy);
}

enum status db_exec(struct db *db, const char *sql, struct buf *err) {
    return sqlite3_exec(db->h, sql, NULL, NULL, NULL) == SQLITE_OK ? ST_OK : db_fail(db, "SQL", err);
}

enum status db_prepare(struct db *db, const char *sql, sqlite3_stmt **out, struct buf *err) {
    return sqlite3_prepare_v3(db->h, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) == SQLITE_OK ? ST_OK
                                                                                                 : db_fail(db, "prepare", err);
}

enum status db_step(struct db *db, sqlite3_stmt *st, bool *row, struct buf *err) {
    int r = sqlite3_step(st);
    *row = r == SQLITE_ROW;
    if (*row) return ST_OK;
    enum status result = r == SQLITE_DONE ? ST_OK : db_fail(db, "step", err);
    sqlite3_reset(st);
    return result;
}

enum status db_run(struct db *db, sqlite3_stmt *st, struct buf *err) {
    int r = sqlite3_step(st);
    enum status result = r == SQLITE_DONE || r == SQLITE_ROW ? ST_OK : db_fail(db, "write", err);
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    return result;
}

void db_bind_slice(sqlite3_stmt *st, int at, struct slice s) {
    sqlite3_bind_text(st, at, s.ptr ? s.ptr : "", (int)s.len, SQLITE_TRANSIENT);
}

struct slice db_slice(sqlite3_stmt *st, int col) {
    const void *p = sqlite3_column_blob(st, col);
    return slice_of(p ? p : "", p ? (size_t)sqlite3_column_bytes(st, col) : 0);
}

static enum status version_of(struct db *db, int *version, struct buf *err) {
    sqlite3_stmt *st;
    bool row;
    enum status r = db_prepare(db, "PRAGMA user_version", &st, err);
    if (r != ST_OK) return r;
    r = db_step(db, st, &row, err);
    if (r == ST_OK) *version = sqlite3_column_int(st, 0);
    sqlite3_finalize(st);
    return r;
}

/* Two processes may find the file empty at once: the second one sees, inside its transaction, that it is made. */
static enum status make(struct db *db, const char *schema, int version, struct buf *err) {
    char stamp[64];
    int found = 0;
    sqlite3_snprintf(sizeof stamp, stamp, "PRAGMA user_version=%d", version);
    enum status r = db_exec(db, "BEGIN IMMEDIATE", err);
    if (r == ST_OK) r = version_of(db, &found, err);
    if (r == ST_OK && found == 0) r = db_exec(db, schema, err);
    if (r == ST_OK && found == 0) r = db_exec(db, stamp, err);
    return r == ST_OK ? db_exec(db, "COMMIT", err) : r;
}

/* SQLite does not wait by itself for another process that turns the same new file to WAL. */
static enum status turn_to_wal(struct db *db, struct buf *err) {
    enum status r = db_exec(db, "PRAGMA journal_mode=WAL", err);
    for (int waited = 0; r == ST_RETRY && waited < WAIT_MS && sqlite3_errcode(db->h) == SQLITE_BUSY; waited += WAL_AGAIN_MS) {
        sqlite3_sleep(WAL_AGAIN_MS);
        r = db_exec(db, "PRAGMA journal_mode=WAL", err);
    }
    return r;
}

static enum status set_up(struct db *db, enum db_mode mode, const char *schema, int version, bool *newer, struct buf *err) {
    int found = 0;
    enum status r = version_of(db, &found, err);
    if (r != ST_OK) return r;
    if (found > version) {
        if (newer) *newer = true;
        return fail(err, ST_FATAL, "%s was made by a newer Villers (format %d, this one knows %d): use that version", db->path,
                    found, version);
    }
    if (mode == DB_READ) return ST_OK;
    r = turn_to_wal(db, err);
    if (r == ST_OK) r = db_exec(db, "PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=1000; PRAGMA cache_size=-65536;", err);
    if (r != ST_OK || found == version) return r;
    return make(db, schema, version, err);
}

enum status db_open(struct db *db, const char *path, enum db_mode mode, const char *schema, int version, bool *newer,
                    struct buf *err) {
    *db = (struct db){NULL, strdup(path)};
    if (newer) *newer = false;
    if (!db->path) return fail(err, ST_FATAL, "out of memory");
    if (mode == DB_READ && !file_exists(path)) {
        enum status r = fail(err, ST_SKIP, "%s does not exist", path);
        db_close(db);
        return r;
    }
    int flags = mode == DB_READ ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    enum status r =
        sqlite3_open_v2(path, &db->h, flags | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK ? ST_OK : db_fail(db, "open", err);
    if (r == ST_OK) {
        sqlite3_busy_timeout(db->h, WAIT_MS);
        r = set_up(db, mode, schema, version, newer, err);
    }
    if (r != ST_OK) db_close(db);
    return r;
}

void db_close(struct db *db) {
    if (db->h) sqlite3_close_v2(db->h);
    free((void *)(uintptr_t)db->path);
    *db = (struct db){NULL, NULL};
}
