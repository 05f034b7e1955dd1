#ifndef VILLERS_CRAWLER_DB_H
#define VILLERS_CRAWLER_DB_H
/*
 * SQLite as the frontier and the hosts' file use it: write-ahead log, synchronous=NORMAL, prepared statements, our statuses.
 * Not thread-safe: one struct db a thread.
 */
#include "base/buf.h"
#include <sqlite3.h>

struct db {
    sqlite3 *h;
    const char *path; /* owned */
};

enum db_mode { DB_READ, DB_WRITE };

/**
 * db_open(db, path, mode, schema, version, newer, err):
 * Open ${path}; DB_WRITE makes it, with ${schema}, when it is not there.  SKIP when DB_READ finds nothing.  FATAL, *${newer} (may be
 * NULL) true, when its user_version is above ${version}: a newer Villers made it (exit 78).
 */
enum status db_open(struct db *db, const char *path, enum db_mode mode, const char *schema, int version, bool *newer,
                    struct buf *err) MUST_CHECK;
void db_close(struct db *db);

enum status db_prepare(struct db *db, const char *sql, sqlite3_stmt **out, struct buf *err) MUST_CHECK;
/** db_exec(db, sql, err): statements without results. */
enum status db_exec(struct db *db, const char *sql, struct buf *err) MUST_CHECK;
/** db_run(db, st, err): step to the end, reset, clear the bindings. */
enum status db_run(struct db *db, sqlite3_stmt *st, struct buf *err) MUST_CHECK;
/** db_step(db, st, row, err): *${row} says whether there is one; at the end and on failure the statement is reset. */
enum status db_step(struct db *db, sqlite3_stmt *st, bool *row, struct buf *err) MUST_CHECK;
/** db_fail(db, what, err): the last error: RETRY for a full disk or a locked file, else FATAL. */
enum status db_fail(struct db *db, const char *what, struct buf *err);

void db_bind_slice(sqlite3_stmt *st, int at, struct slice s); /* copied */
/** db_slice(st, col): a text or blob column, borrowed until the next step. */
struct slice db_slice(sqlite3_stmt *st, int col);

#endif
