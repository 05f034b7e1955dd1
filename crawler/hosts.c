/*
 * hosts.sqlite, format 1.
 *
 *   clock    one row a host name: times are wall milliseconds
 *   address  one row an IP address in text form
 *   file     one row an origin (scheme://host[:port]) and kind (0 robots.txt, 1 tdmrep.json); state as enum hosts_file_state
 */
#include "crawler/hosts.h"

#include "base/hash.h"
#include "base/limits.h"
#include "crawler/db.h"

#include <stdlib.h>

#define DAY_MS INT64_C(86400000)

static const char schema[] =
    "CREATE TABLE clock(host TEXT PRIMARY KEY, due INTEGER NOT NULL, latency INTEGER NOT NULL, backoff INTEGER NOT NULL,"
    " failed INTEGER NOT NULL, failing INTEGER NOT NULL, delay INTEGER NOT NULL, lease TEXT NOT NULL, lease_end INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE address(ip TEXT PRIMARY KEY, due INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE file(origin TEXT NOT NULL, kind INTEGER NOT NULL, state INTEGER NOT NULL, status INTEGER NOT NULL,"
    " fetched INTEGER NOT NULL, since INTEGER NOT NULL, next INTEGER NOT NULL, tries INTEGER NOT NULL, digest TEXT NOT NULL,"
    " body BLOB NOT NULL, PRIMARY KEY(origin, kind));";

enum { BEGIN, COMMIT, GET, CLAIM, RELEASE, ADDRESS, ADDRESS_PUT, FILE_GET, FILE_PUT, N };

static const char *const sql[N] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [GET] = "SELECT due, latency, backoff, failed, failing, lease, lease_end FROM clock WHERE host=?1",
    [CLAIM] = ("INSERT INTO clock VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9) ON CONFLICT(host) DO UPDATE SET due=max(due,?2), delay=?7,"
               " lease=?8, lease_end=?9"),
    [RELEASE] =
        "UPDATE clock SET due=max(due,?2), latency=?3, backoff=?4, failed=?5, failing=?6, lease='', lease_end=0 WHERE host=?1",
    [ADDRESS] = "SELECT due FROM address WHERE ip=?1",
    [ADDRESS_PUT] = "INSERT INTO address VALUES(?1,?2) ON CONFLICT(ip) DO UPDATE SET due=max(due,?2)",
    [FILE_GET] = "SELECT state, status, fetched, since, next, tries, digest, body FROM file WHERE origin=?1 AND kind=?2",
    [FILE_PUT] = "INSERT OR REPLACE INTO file VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
};

struct hosts {
    struct db db;
    sqlite3_stmt *st[N];
    char *campaign;
};

static enum status end_leases(struct hosts *h, int64_t now_ms, struct buf *err) {
    sqlite3_stmt *st;
    enum status r = db_prepare(&h->db, "UPDATE clock SET due=max(due, ?2+delay), lease='', lease_end=0 WHERE lease=?1", &st, err);
    if (r != ST_OK) return r;
    db_bind_slice(st, 1, slice_str(h->campaign));
    sqlite3_bind_int64(st, 2, now_ms);
    r = db_run(&h->db, st, err);
    sqlite3_finalize(st);
    return r;
}

/*
 * No time kept here is ever more than a day and a tenth ahead of the clock that wrote it.  One that is was written while a clock was wrong,
 * or on another machine: taken as it is, it would close a host, or keep its robots.txt good, until then.
 */
static enum status mend_times(struct hosts *h, int64_t now_ms, struct buf *err) {
    static const char *const mends[] = {
        "UPDATE clock SET due=?1+min(max(delay,0),?3), latency=0, backoff=0, failed=0 WHERE due>?2 OR failed>?2",
        "UPDATE clock SET lease_end=?1 WHERE lease_end>?2",
        "UPDATE address SET due=?1 WHERE due>?2",
        "UPDATE file SET next=?1, tries=0 WHERE next>?2",
    };
    enum status r = ST_OK;
    for (size_t i = 0; r == ST_OK && i < sizeof mends / sizeof *mends; i++) {
        sqlite3_stmt *st;
        r = db_prepare(&h->db, mends[i], &st, err);
        if (r != ST_OK) return r;
        sqlite3_bind_int64(st, 1, now_ms);
        sqlite3_bind_int64(st, 2, now_ms + 2 * DAY_MS);
        sqlite3_bind_int64(st, 3, DAY_MS); /* where there is no ?3, SQLite says so and nothing is bound */
        r = db_run(&h->db, st, err);
        sqlite3_finalize(st);
    }
    return r;
}

enum status hosts_open(const char *path, const char *campaign, int64_t now_ms, struct hosts **out, bool *newer, struct buf *err) {
    struct hosts *h = calloc(1, sizeof *h);
    if (!h || !(h->campaign = strdup(campaign))) {
        free(h);
        return fail(err, ST_FATAL, "out of memory");
    }
    enum status r = db_open(&h->db, path, DB_WRITE, schema, HOSTS_VERSION, newer, err);
    for (int i = 0; r == ST_OK && i < N; i++) r = db_prepare(&h->db, sql[i], &h->st[i], err);
    if (r == ST_OK) r = mend_times(h, now_ms, err);
    if (r == ST_OK) r = end_leases(h, now_ms, err);
    if (r != ST_OK) {
        hosts_free(h);
        return r;
    }
    *out = h;
    return ST_OK;
}

enum status hosts_open_read(const char *path, struct hosts **out, bool *newer, struct buf *err) {
    struct hosts *h = calloc(1, sizeof *h);
    if (!h || !(h->campaign = strdup(""))) {
        free(h);
        return fail(err, ST_FATAL, "out of memory");
    }
    enum status r = db_open(&h->db, path, DB_READ, NULL, HOSTS_VERSION, newer, err);
    for (int i = 0; r == ST_OK && i < N; i++) r = db_prepare(&h->db, sql[i], &h->st[i], err);
    if (r == ST_OK)
        *out = h;
    else
        hosts_free(h);
    return r;
}

void hosts_free(struct hosts *h) {
    if (!h) return;
    for (int i = 0; i < N; i++) sqlite3_finalize(h->st[i]);
    db_close(&h->db);
    free(h->campaign);
    free(h);
}

enum status hosts_begin(struct hosts *h, struct buf *err) { return db_run(&h->db, h->st[BEGIN], err); }

enum status hosts_commit(struct hosts *h, struct buf *err) {
    enum status r = db_run(&h->db, h->st[COMMIT], err);
    if (r != ST_OK) hosts_rollback(h);
    return r;
}

void hosts_rollback(struct hosts *h) {
    if (!sqlite3_get_autocommit(h->db.h)) sqlite3_exec(h->db.h, "ROLLBACK", NULL, NULL, NULL);
}

enum status hosts_clock(struct hosts *h, struct slice host, int64_t now_ms, struct politeness_clock *clock, struct buf *err) {
    sqlite3_stmt *st = h->st[GET];
    bool row;
    *clock = (struct politeness_clock){0};
    db_bind_slice(st, 1, host);
    enum status r = db_step(&h->db, st, &row, err);
    if (r != ST_OK || !row) return r;
    *clock = (struct politeness_clock){.due_ms = sqlite3_column_int64(st, 0),
                                       .latency_us = sqlite3_column_int64(st, 1),
                                       .backoff_ms = sqlite3_column_int64(st, 2),
                                       .last_failure_ms = sqlite3_column_int64(st, 3),
                                       .failing = sqlite3_column_int(st, 4) != 0};
    struct slice lease = db_slice(st, 5);
    int64_t lease_end = sqlite3_column_int64(st, 6);
    bool theirs = lease.len && !slice_eq_str(lease, h->campaign) && lease_end > now_ms;
    if (theirs && clock->due_ms < lease_end) clock->due_ms = now_ms + 1000 < lease_end ? now_ms + 1000 : lease_end;
    sqlite3_reset(st);
    return ST_OK;
}

static void bind_clock(sqlite3_stmt *st, struct slice host, const struct politeness_clock *c) {
    db_bind_slice(st, 1, host);
    sqlite3_bind_int64(st, 2, c->due_ms);
    sqlite3_bind_int64(st, 3, c->latency_us);
    sqlite3_bind_int64(st, 4, c->backoff_ms);
    sqlite3_bind_int64(st, 5, c->last_failure_ms);
    sqlite3_bind_int(st, 6, c->failing);
}

enum status hosts_claim(struct hosts *h, struct slice host, const struct politeness_clock *clock, int64_t delay_ms, int64_t now_ms,
                        struct buf *err) {
    sqlite3_stmt *st = h->st[CLAIM];
    bind_clock(st, host, clock);
    sqlite3_bind_int64(st, 7, delay_ms);
    db_bind_slice(st, 8, slice_str(h->campaign));
    sqlite3_bind_int64(st, 9, now_ms + HOSTS_LEASE_MS);
    return db_run(&h->db, st, err);
}

enum status hosts_release(struct hosts *h, struct slice host, const struct politeness_clock *clock, struct buf *err) {
    bind_clock(h->st[RELEASE], host, clock);
    return db_run(&h->db, h->st[RELEASE], err);
}

enum status hosts_address_due(struct hosts *h, const char *ip, int64_t *due_ms, struct buf *err) {
    sqlite3_stmt *st = h->st[ADDRESS];
    bool row;
    db_bind_slice(st, 1, slice_str(ip));
    enum status r = db_step(&h->db, st, &row, err);
    *due_ms = r == ST_OK && row ? sqlite3_column_int64(st, 0) : 0;
    sqlite3_reset(st);
    return r;
}

enum status hosts_address_claim(struct hosts *h, const char *ip, int64_t due_ms, struct buf *err) {
    db_bind_slice(h->st[ADDRESS_PUT], 1, slice_str(ip));
    sqlite3_bind_int64(h->st[ADDRESS_PUT], 2, due_ms);
    return db_run(&h->db, h->st[ADDRESS_PUT], err);
}

void hosts_file_free(struct hosts_file *f) { buf_free(&f->body); }

enum status hosts_file_get(struct hosts *h, struct slice origin, enum hosts_file_kind kind, struct hosts_file *f, struct buf *err) {
    sqlite3_stmt *st = h->st[FILE_GET];
    bool row;
    hosts_file_free(f);
    *f = (struct hosts_file){0};
    db_bind_slice(st, 1, origin);
    sqlite3_bind_int(st, 2, (int)kind);
    enum status r = db_step(&h->db, st, &row, err);
    if (r != ST_OK || !row) return r;
    f->state = (enum hosts_file_state)sqlite3_column_int(st, 0);
    f->status = sqlite3_column_int(st, 1);
    f->fetched_ms = sqlite3_column_int64(st, 2);
    f->since_ms = sqlite3_column_int64(st, 3);
    f->next_ms = sqlite3_column_int64(st, 4);
    f->tries = sqlite3_column_int64(st, 5);
    struct slice digest = slice_sub(db_slice(st, 6), 0, sizeof f->digest - 1);
    memcpy(f->digest, digest.ptr, digest.len);
    buf_slice(&f->body, db_slice(st, 7));
    sqlite3_reset(st);
    return buf_ok(&f->body) ? ST_OK : fail(err, ST_FATAL, "out of memory");
}

enum status hosts_file_put(struct hosts *h, struct slice origin, enum hosts_file_kind kind, const struct hosts_file *f,
                           struct buf *err) {
    sqlite3_stmt *st = h->st[FILE_PUT];
    db_bind_slice(st, 1, origin);
    sqlite3_bind_int(st, 2, (int)kind);
    sqlite3_bind_int(st, 3, (int)f->state);
    sqlite3_bind_int(st, 4, f->status);
    sqlite3_bind_int64(st, 5, f->fetched_ms);
    sqlite3_bind_int64(st, 6, f->since_ms);
    sqlite3_bind_int64(st, 7, f->next_ms);
    sqlite3_bind_int64(st, 8, f->tries);
    db_bind_slice(st, 9, slice_str(f->digest));
    sqlite3_bind_blob(st, 10, buf_cstr(&f->body), (int)f->body.len, SQLITE_TRANSIENT);
    return db_run(&h->db, st, err);
}

void hosts_file_settle(struct hosts_file *f, int status, struct slice body, int64_t now_ms) {
    unsigned char digest[SHA256_BYTES];
    bool found = status >= 200 && status < 300;
    f->state = found ? HOSTS_FILE_FOUND : HOSTS_FILE_ABSENT;
    f->status = status;
    f->fetched_ms = now_ms;
    f->since_ms = 0;
    f->tries = 0;
    f->next_ms = now_ms + DAY_MS;
    f->digest[0] = 0;
    buf_clear(&f->body);
    if (!found) return;
    buf_slice(&f->body, body);
    sha256_of(body, digest);
    hash_hex(digest, sizeof digest, f->digest);
}

void hosts_file_fail(struct hosts_file *f, int status, int64_t first_ms, int64_t now_ms) {
    int64_t wait = first_ms;
    for (int64_t i = 0; i < f->tries && wait < DAY_MS; i++) wait *= 2;
    if (f->since_ms == 0) f->since_ms = now_ms;
    f->state = HOSTS_FILE_UNREACHABLE;
    f->status = status;
    f->tries++;
    f->next_ms = now_ms + (wait < DAY_MS ? wait : DAY_MS);
    f->digest[0] = 0;
    buf_clear(&f->body);
}
