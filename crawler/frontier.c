/*
 * frontier/NAME.sqlite, format 1.
 *
 *   url      one row a URL; key: XXH3-64 of the text, or the next free number after a collision; rank: depth × 2^44 + a number
 *            that grows with discovery; due: wall ms of the next try (WAITING); french: payload bytes × French share; reason: by reason.id
 *   host     host names           source   ids of sources        reason   the words of crawler/reason.h
 *   segment  pairs of growing WARC and raw files, with the lengths that are committed: what lies past them never happened
 *   capture  answers archived in a pair that is not in the manifest yet, and documents to be withdrawn with it
 *   note     facts of the campaign by name: 'sources', the signature of what bounded them last (frontier_reconsider.c)
 *   visit    what a fetch left for the next one (frontier_visit.c)
 *   french, novelty, judged   what was learnt of the hosts (frontier_learnt.c)
 */
#include "crawler/frontier.h"

#include "base/hash.h"
#include "base/limits.h"
#include "base/map64.h"
#include "crawler/frontier_internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define DAY_MS INT64_C(86400000)

static const char schema[] =
    "CREATE TABLE host(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE source(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE reason(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE url(key INTEGER PRIMARY KEY, url TEXT NOT NULL, host INTEGER NOT NULL, source INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, state INTEGER NOT NULL, reason INTEGER NOT NULL, rank INTEGER NOT NULL, hops INTEGER NOT NULL,"
    " tries INTEGER NOT NULL, due INTEGER NOT NULL, via INTEGER NOT NULL, cross INTEGER NOT NULL, status INTEGER, fetched INTEGER, bytes INTEGER,"
    " french INTEGER, share REAL, detail TEXT);"
    "CREATE INDEX url_queued ON url(host, rank) WHERE state=0;"
    "CREATE INDEX url_waiting ON url(host, due) WHERE state=3;"
    "CREATE INDEX url_flight ON url(key) WHERE state=1;"
    "CREATE INDEX url_held ON url(source) WHERE state=4;"
    "CREATE TABLE segment(id INTEGER PRIMARY KEY AUTOINCREMENT, base TEXT NOT NULL, gzip INTEGER NOT NULL, run INTEGER NOT NULL,"
    " warc_end INTEGER NOT NULL, raw_end INTEGER NOT NULL, warc_records INTEGER NOT NULL, raw_records INTEGER NOT NULL);"
    "CREATE TABLE capture(segment INTEGER NOT NULL, doc_id TEXT NOT NULL, url TEXT NOT NULL, fetched_url TEXT NOT NULL,"
    " source TEXT NOT NULL, license TEXT NOT NULL, digest TEXT NOT NULL, refusal TEXT NOT NULL, evidence TEXT NOT NULL,"
    " status INTEGER NOT NULL, captured INTEGER NOT NULL, bytes INTEGER NOT NULL, warc INTEGER NOT NULL, raw INTEGER NOT NULL);"
    "CREATE INDEX capture_segment ON capture(segment);";

static const char *const sql[FRONTIER_N] = {
    [FRONTIER_BEGIN] = "BEGIN IMMEDIATE",
    [FRONTIER_COMMIT] = "COMMIT",
    [FRONTIER_HOST_GET] = "SELECT id FROM host WHERE name=?1",
    [FRONTIER_HOST_PUT] = "INSERT INTO host(name) VALUES(?1)",
    [FRONTIER_SOURCE_GET] = "SELECT id FROM source WHERE name=?1",
    [FRONTIER_SOURCE_PUT] = "INSERT INTO source(name) VALUES(?1)",
    [FRONTIER_REASON_GET] = "SELECT id FROM reason WHERE name=?1",
    [FRONTIER_REASON_PUT] = "INSERT INTO reason(name) VALUES(?1)",
    [FRONTIER_LOOK] = "SELECT url, rank, state, reason FROM url WHERE key=?1",
    [FRONTIER_PUT] = "INSERT INTO url(key,url,host,source,kind,state,reason,rank,hops,tries,due,via,cross,detail)"
                     " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,0,0,?10,?11,?12)",
    [FRONTIER_NEARER] =
        "UPDATE url SET rank=?2, state=?3, reason=?4, source=?5, host=iif(?6>0,?6,host), detail=iif(?3=0,NULL,detail)"
        " WHERE key=?1",
    [FRONTIER_NEXT] =
        "SELECT key,url,source,kind,rank,hops,tries,via,cross FROM url WHERE state=0 AND host=?1 ORDER BY rank LIMIT 1",
    [FRONTIER_NEXT_DUE] =
        "SELECT key,url,source,kind,rank,hops,tries,via,cross,due FROM url WHERE state=3 AND host=?1 ORDER BY due LIMIT 1",
    [FRONTIER_SENT] = "UPDATE url SET state=1 WHERE key=?1",
    [FRONTIER_FINISH] =
        "UPDATE url SET state=2, reason=?2, status=?3, fetched=?4, bytes=?5, french=?6, share=?7, detail=?8 WHERE key=?1",
    [FRONTIER_RETRY] = "UPDATE url SET state=3, due=?2, reason=?3, tries=?4 WHERE key=?1",
    [FRONTIER_REQUEUE] = "UPDATE url SET state=CASE WHEN tries>0 THEN 3 ELSE 0 END WHERE key=?1",
    [FRONTIER_HOLD] = "UPDATE url SET state=4, reason=?2 WHERE key=?1",
    [FRONTIER_UNHOLD] = "UPDATE url SET state=0, reason=?2 WHERE state=4 AND source=?1",
    [FRONTIER_HOST_QUEUED] = "SELECT min(host) FROM url WHERE state=0 AND host>?1",
    [FRONTIER_HOST_WAITING] = "SELECT min(host) FROM url WHERE state=3 AND host>?1",
    [FRONTIER_HOST_NAME] = "SELECT name FROM host WHERE id=?1",
    [FRONTIER_SEGMENT_NEW] =
        "INSERT INTO segment(base,gzip,run,warc_end,raw_end,warc_records,raw_records) VALUES(?1,?2,?3,0,0,0,0)",
    [FRONTIER_SEGMENT_GROW] = "UPDATE segment SET warc_end=?2, raw_end=?3, warc_records=?4, raw_records=?5 WHERE id=?1",
    [FRONTIER_SEGMENT_DROP] = "DELETE FROM segment WHERE id=?1",
    [FRONTIER_SEGMENT_FIRST] = "SELECT id,base,gzip,run,warc_end,raw_end,warc_records,raw_records FROM segment ORDER BY id LIMIT 1",
    [FRONTIER_CAPTURE_PUT] = "INSERT INTO capture VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)",
    [FRONTIER_CAPTURE_EACH] = "SELECT * FROM capture WHERE segment=?1 ORDER BY rowid",
    [FRONTIER_CAPTURE_DROP] = "DELETE FROM capture WHERE segment=?1",
    [FRONTIER_TALLY] = "SELECT coalesce(s.name,''), u.state, r.name, count(*), sum(u.bytes), sum(u.french) FROM url u"
                       " JOIN reason r ON r.id=u.reason LEFT JOIN source s ON s.id=u.source GROUP BY u.source, u.state, u.reason"
                       " ORDER BY 1, 2, 3",
    [FRONTIER_ROW] = "SELECT u.key,u.url,u.host,u.source,u.kind,u.rank,u.hops,u.tries,u.via,coalesce(s.name,''),coalesce(v.url,''),"
                     " u.state,r.name,u.detail,u.status,u.fetched,u.due,u.share FROM url u JOIN reason r ON r.id=u.reason"
                     " LEFT JOIN source s ON s.id=u.source LEFT JOIN url v ON v.key=u.via WHERE u.key=?1",
};

/* ---- life ---- */

static enum status take_lock(struct frontier *f, const char *path, struct buf *err) {
    struct buf lock;
    buf_init(&lock, LIMIT_ERR);
    buf_printf(&lock, "%s.lock", path);
    f->lock = open(buf_cstr(&lock), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    enum status r = ST_OK;
    if (f->lock < 0)
        r = fail_errno(err, "open", buf_cstr(&lock));
    else if (flock(f->lock, LOCK_EX | LOCK_NB) != 0)
        r = fail(err, ST_RETRY, "%s: this campaign is running in another process", path);
    buf_free(&lock);
    return r;
}

/* The row of ${name} in a dictionary table, made when new. */
static enum status dictionary(struct frontier *f, int get, int put, struct slice name, int64_t *id, bool *made, struct buf *err) {
    bool row;
    db_bind_slice(f->st[get], 1, name);
    enum status r = db_step(&f->db, f->st[get], &row, err);
    if (r != ST_OK) return r;
    if (made) *made = !row;
    if (row) {
        *id = sqlite3_column_int64(f->st[get], 0);
        sqlite3_reset(f->st[get]);
        return ST_OK;
    }
    db_bind_slice(f->st[put], 1, name);
    r = db_run(&f->db, f->st[put], err);
    *id = sqlite3_last_insert_rowid(f->db.h);
    return r;
}

static enum status load_reasons(struct frontier *f, struct buf *err) {
    enum status r = frontier_begin(f, err);
    for (unsigned i = 0; r == ST_OK && i < REASON_N; i++)
        r = dictionary(f, FRONTIER_REASON_GET, FRONTIER_REASON_PUT, slice_str(reason_name((enum reason)i)), &f->reason[i], NULL,
                       err);
    return r == ST_OK ? frontier_commit(f, err) : r;
}

/* A try is never more than a day and a tenth away: one that is was put off while the clock was wrong. */
static enum status mend_times(struct frontier *f, int64_t now_ms, struct buf *err) {
    sqlite3_stmt *st;
    enum status r = db_prepare(&f->db, "UPDATE url SET due=?1 WHERE state=3 AND due>?2", &st, err);
    if (r != ST_OK) return r;
    sqlite3_bind_int64(st, 1, now_ms);
    sqlite3_bind_int64(st, 2, now_ms + 2 * DAY_MS);
    r = db_run(&f->db, st, err);
    sqlite3_finalize(st);
    return r;
}

static enum status recover(struct frontier *f, int64_t now_ms, struct buf *err) {
    enum status r = db_exec(&f->db, "UPDATE url SET state=CASE WHEN tries>0 THEN 3 ELSE 0 END WHERE state=1", err);
    return r == ST_OK ? mend_times(f, now_ms, err) : r;
}

static enum status open_db(struct frontier *f, const char *path, enum db_mode mode, bool *newer, struct buf *err) {
    enum status r = db_open(&f->db, path, mode, schema, FRONTIER_VERSION, newer, err);
    for (int i = 0; r == ST_OK && i < FRONTIER_N; i++)
        if (sql[i]) r = db_prepare(&f->db, sql[i], &f->st[i], err);
    return r;
}

enum status frontier_open(const char *path, int64_t now_ms, struct frontier **out, bool *newer, struct buf *err) {
    struct frontier *f = calloc(1, sizeof *f);
    if (!f) return fail(err, ST_FATAL, "out of memory");
    f->lock = -1;
    f->order = now_ms; /* goes on from run to run without a look at the table */
    if (newer) *newer = false;
    enum status r = take_lock(f, path, err);
    if (r == ST_OK) r = open_db(f, path, DB_WRITE, newer, err);
    if (r == ST_OK) r = load_reasons(f, err);
    if (r == ST_OK) r = frontier_visit_open(f, err);
    if (r == ST_OK) r = frontier_learnt_open(f, err);
    if (r == ST_OK) r = recover(f, now_ms, err);
    if (r == ST_OK) r = db_exec(&f->db, "PRAGMA wal_autocheckpoint=0", err);
    if (r != ST_OK) {
        frontier_free(f);
        return r;
    }
    *out = f;
    return ST_OK;
}

enum status frontier_open_read(const char *path, struct frontier **out, bool *newer, struct buf *err) {
    struct frontier *f = calloc(1, sizeof *f);
    if (!f) return fail(err, ST_FATAL, "out of memory");
    f->lock = -1;
    enum status r = open_db(f, path, DB_READ, newer, err);
    if (r != ST_OK) {
        frontier_free(f);
        return r;
    }
    *out = f;
    return ST_OK;
}

void frontier_free(struct frontier *f) {
    if (!f) return;
    for (int i = 0; i < FRONTIER_N; i++) sqlite3_finalize(f->st[i]);
    for (int i = 0; i < VISIT_N; i++) sqlite3_finalize(f->visit[i]);
    for (int i = 0; i < LEARNT_N; i++) sqlite3_finalize(f->learnt[i]);
    db_close(&f->db);
    if (f->lock >= 0) close(f->lock);
    buf_free(&f->url);
    buf_free(&f->visited);
    map64_free(&f->hosts);
    free(f->known);
    free(f);
}

enum status frontier_begin(struct frontier *f, struct buf *err) { return db_run(&f->db, f->st[FRONTIER_BEGIN], err); }

enum status frontier_commit(struct frontier *f, struct buf *err) {
    enum status r = db_run(&f->db, f->st[FRONTIER_COMMIT], err);
    if (r != ST_OK) frontier_rollback(f);
    return r;
}

void frontier_rollback(struct frontier *f) {
    if (!sqlite3_get_autocommit(f->db.h)) sqlite3_exec(f->db.h, "ROLLBACK", NULL, NULL, NULL);
    map64_free(&f->hosts); /* numbers given since the transaction began are void */
    free(f->known);
    f->known = NULL;
}

enum status frontier_fold(struct frontier *f, struct buf *err) {
    int r = sqlite3_wal_checkpoint_v2(f->db.h, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return r == SQLITE_OK || r == SQLITE_BUSY || r == SQLITE_LOCKED ? ST_OK : db_fail(&f->db, "checkpoint", err);
}

/* ---- names ---- */

enum status frontier_source(struct frontier *f, struct slice id, int64_t *number, struct buf *err) {
    return dictionary(f, FRONTIER_SOURCE_GET, FRONTIER_SOURCE_PUT, id, number, NULL, err);
}

enum status frontier_host(struct frontier *f, struct slice name, int64_t *number, bool *made, struct buf *err) {
    uint64_t key = hash64(name), known;
    if (map64_get(&f->hosts, key, &known)) {
        *number = (int64_t)known;
        *made = false;
        return ST_OK;
    }
    enum status r = dictionary(f, FRONTIER_HOST_GET, FRONTIER_HOST_PUT, name, number, made, err);
    if (r == ST_OK && f->hosts.len < FRONTIER_HOST_CACHE) map64_put(&f->hosts, key, (uint64_t)*number);
    return r;
}

/* ---- URLs ---- */

static int64_t rank_of(int64_t depth, int64_t order) {
    if (depth > FRONTIER_DEPTH_MAX) depth = FRONTIER_DEPTH_MAX;
    return (depth << FRONTIER_RANK_SHIFT) | order;
}

/* Find the row of u->url, or the free key for it. */
static enum status look(struct frontier *f, struct frontier_url *u, bool *found, int64_t *rank, int *state, int64_t *reason,
                        struct buf *err) {
    sqlite3_stmt *st = f->st[FRONTIER_LOOK];
    u->key = (int64_t)hash64(u->url);
    for (int i = 0; i < FRONTIER_PROBES; i++, u->key = (int64_t)((uint64_t)u->key + 1)) {
        bool row;
        sqlite3_bind_int64(st, 1, u->key);
        enum status r = db_step(&f->db, st, &row, err);
        if (r != ST_OK) return r;
        *found = row && slice_eq(db_slice(st, 0), u->url);
        *rank = row ? sqlite3_column_int64(st, 1) : 0;
        *state = row ? sqlite3_column_int(st, 2) : 0;
        *reason = row ? sqlite3_column_int64(st, 3) : 0;
        sqlite3_reset(st);
        if (!row || *found) return ST_OK;
    }
    return fail(err, ST_SKIP, "too many hash collisions");
}

static enum status nearer(struct frontier *f, const struct frontier_url *u, int64_t rank, int state, int64_t was,
                          enum reason refusal, bool *added, struct buf *err) {
    int64_t fresh = rank_of(u->depth, rank & ((INT64_C(1) << FRONTIER_RANK_SHIFT) - 1));
    bool was_deep = state == FRONTIER_DONE && was == f->reason[REASON_DEPTH];
    if (fresh >= rank) return ST_OK;
    *added = was_deep && refusal == REASON_NONE;
    sqlite3_stmt *st = f->st[FRONTIER_NEARER];
    sqlite3_bind_int64(st, 1, u->key);
    sqlite3_bind_int64(st, 2, fresh);
    sqlite3_bind_int(st, 3, *added ? FRONTIER_QUEUED : state);
    sqlite3_bind_int64(st, 4, *added ? f->reason[REASON_NONE] : was);
    sqlite3_bind_int64(st, 5, u->source);
    sqlite3_bind_int64(st, 6, u->host); /* a refused URL was noted without its host's number: queued, it needs one */
    return db_run(&f->db, st, err);
}

static struct frontier_known known_as(const struct frontier_url *u) {
    int64_t depth = u->depth < FRONTIER_DEPTH_MAX ? u->depth : FRONTIER_DEPTH_MAX;
    return (struct frontier_known){hash64(u->url), (uint32_t)hash64_seed(u->url, 1), (uint32_t)depth + 1};
}

/* Seen lately, and not from nearer now: nothing to do. */
static bool known(const struct frontier *f, struct frontier_url *u, const struct frontier_known *k) {
    const struct frontier_known *at = f->known ? &f->known[k->key % FRONTIER_KNOWN] : NULL;
    u->key = (int64_t)k->key;
    return at && at->key == k->key && at->check == k->check && at->depth && at->depth <= k->depth;
}

/* One whose key was taken is left out: its row has another. */
static void remember(struct frontier *f, const struct frontier_url *u, struct frontier_known k) {
    if (!f->known) f->known = calloc(FRONTIER_KNOWN, sizeof *f->known);
    if (f->known && u->key == (int64_t)k.key) f->known[k.key % FRONTIER_KNOWN] = k;
}

enum status frontier_add(struct frontier *f, struct frontier_url *u, enum reason refusal, struct slice detail, bool *added,
                         struct buf *err) {
    bool found = false;
    int64_t rank = 0, reason = 0;
    int state = 0;
    *added = false;
    struct frontier_known k = known_as(u);
    u->known = known(f, u, &k);
    if (u->known) return ST_OK;
    enum status r = look(f, u, &found, &rank, &state, &reason, err);
    if (r != ST_OK) return r == ST_SKIP ? ST_OK : r;
    u->known = found;
    remember(f, u, k);
    if (found) return nearer(f, u, rank, state, reason, refusal, added, err);
    sqlite3_stmt *st = f->st[FRONTIER_PUT];
    sqlite3_bind_int64(st, 1, u->key);
    db_bind_slice(st, 2, u->url);
    sqlite3_bind_int64(st, 3, u->host);
    sqlite3_bind_int64(st, 4, u->source);
    sqlite3_bind_int(st, 5, (int)u->kind);
    sqlite3_bind_int(st, 6, refusal == REASON_NONE ? FRONTIER_QUEUED : FRONTIER_DONE);
    sqlite3_bind_int64(st, 7, f->reason[refusal]);
    sqlite3_bind_int64(st, 8, rank_of(u->depth, ++f->order));
    sqlite3_bind_int64(st, 9, u->hops);
    sqlite3_bind_int64(st, 10, u->via);
    sqlite3_bind_int64(st, 11, u->cross);
    if (detail.len) db_bind_slice(st, 12, slice_sub(detail, 0, FRONTIER_DETAIL_MAX));
    *added = refusal == REASON_NONE;
    return db_run(&f->db, st, err);
}

/* The columns that NEXT and NEXT_DUE share, copied out of the statement. */
static enum status take_url(struct frontier *f, sqlite3_stmt *st, int64_t host, struct frontier_url *u, struct buf *err) {
    buf_clear(&f->url);
    buf_slice(&f->url, db_slice(st, 1));
    *u = (struct frontier_url){sqlite3_column_int64(st, 0),
                               buf_view(&f->url),
                               host,
                               sqlite3_column_int64(st, 2),
                               (enum frontier_kind)sqlite3_column_int(st, 3),
                               sqlite3_column_int64(st, 4) >> FRONTIER_RANK_SHIFT,
                               sqlite3_column_int64(st, 5),
                               sqlite3_column_int64(st, 6),
                               sqlite3_column_int64(st, 7),
                               sqlite3_column_int64(st, 8),
                               true};
    sqlite3_reset(st);
    return buf_ok(&f->url) ? ST_OK : fail(err, ST_FATAL, "out of memory");
}

enum status frontier_next(struct frontier *f, int64_t host, int64_t now_ms, bool fresh, struct frontier_url *u, int64_t *due_ms,
                          struct buf *err) {
    sqlite3_stmt *due = f->st[FRONTIER_NEXT_DUE], *queued = f->st[FRONTIER_NEXT];
    bool waits, row = false;
    *due_ms = INT64_MAX;
    sqlite3_bind_int64(due, 1, host);
    enum status r = db_step(&f->db, due, &waits, err);
    if (r != ST_OK) return r;
    if (waits) *due_ms = sqlite3_column_int64(due, 9);
    bool again = waits && *due_ms <= now_ms;
    if (!again || fresh) {
        sqlite3_bind_int64(queued, 1, host);
        r = db_step(&f->db, queued, &row, err);
    }
    if (r == ST_OK && row)
        r = take_url(f, queued, host, u, err);
    else if (r == ST_OK)
        r = again ? take_url(f, due, host, u, err) : ST_SKIP;
    sqlite3_reset(due);
    sqlite3_reset(queued);
    return r;
}

enum status frontier_sent(struct frontier *f, int64_t key, struct buf *err) {
    sqlite3_bind_int64(f->st[FRONTIER_SENT], 1, key);
    return db_run(&f->db, f->st[FRONTIER_SENT], err);
}

enum status frontier_finish(struct frontier *f, int64_t key, const struct frontier_end *end, struct buf *err) {
    sqlite3_stmt *st = f->st[FRONTIER_FINISH];
    sqlite3_bind_int64(st, 1, key);
    sqlite3_bind_int64(st, 2, f->reason[end->reason]);
    sqlite3_bind_int(st, 3, end->status);
    sqlite3_bind_int64(st, 4, end->now_ms);
    sqlite3_bind_int64(st, 5, end->bytes);
    if (end->french_share >= 0) {
        sqlite3_bind_int64(st, 6, (int64_t)((double)end->bytes * end->french_share));
        sqlite3_bind_double(st, 7, end->french_share);
    }
    if (end->detail.len) db_bind_slice(st, 8, slice_sub(end->detail, 0, FRONTIER_DETAIL_MAX));
    return db_run(&f->db, st, err);
}

enum status frontier_retry(struct frontier *f, int64_t key, int64_t due_ms, enum reason reason, int64_t tries, struct buf *err) {
    sqlite3_stmt *st = f->st[FRONTIER_RETRY];
    sqlite3_bind_int64(st, 1, key);
    sqlite3_bind_int64(st, 2, due_ms);
    sqlite3_bind_int64(st, 3, f->reason[reason]);
    sqlite3_bind_int64(st, 4, tries);
    return db_run(&f->db, st, err);
}

enum status frontier_requeue(struct frontier *f, int64_t key, struct buf *err) {
    sqlite3_bind_int64(f->st[FRONTIER_REQUEUE], 1, key);
    return db_run(&f->db, f->st[FRONTIER_REQUEUE], err);
}

enum status frontier_hold(struct frontier *f, int64_t key, struct buf *err) {
    sqlite3_bind_int64(f->st[FRONTIER_HOLD], 1, key);
    sqlite3_bind_int64(f->st[FRONTIER_HOLD], 2, f->reason[REASON_LIMIT]);
    return db_run(&f->db, f->st[FRONTIER_HOLD], err);
}

enum status frontier_unhold(struct frontier *f, int64_t source, struct buf *err) {
    sqlite3_bind_int64(f->st[FRONTIER_UNHOLD], 1, source);
    sqlite3_bind_int64(f->st[FRONTIER_UNHOLD], 2, f->reason[REASON_NONE]);
    return db_run(&f->db, f->st[FRONTIER_UNHOLD], err);
}

static enum status host_after(struct frontier *f, int which, int64_t after, int64_t *host, struct buf *err) {
    bool row;
    sqlite3_stmt *st = f->st[which];
    sqlite3_bind_int64(st, 1, after);
    enum status r = db_step(&f->db, st, &row, err);
    *host = r == ST_OK && row && sqlite3_column_type(st, 0) != SQLITE_NULL ? sqlite3_column_int64(st, 0) : INT64_MAX;
    sqlite3_reset(st);
    return r;
}

enum status frontier_each_host(struct frontier *f, frontier_host_fn fn, void *ctx, struct buf *err) {
    for (int64_t at = 0;;) {
        int64_t queued, waiting;
        bool row;
        enum status r = host_after(f, FRONTIER_HOST_QUEUED, at, &queued, err);
        if (r == ST_OK) r = host_after(f, FRONTIER_HOST_WAITING, at, &waiting, err);
        if (r != ST_OK) return r;
        at = queued < waiting ? queued : waiting;
        if (at == INT64_MAX) return ST_OK;
        sqlite3_stmt *st = f->st[FRONTIER_HOST_NAME];
        sqlite3_bind_int64(st, 1, at);
        r = db_step(&f->db, st, &row, err);
        if (r == ST_OK && row) r = fn(ctx, at, db_slice(st, 0));
        sqlite3_reset(st);
        if (r != ST_OK) return r;
    }
}
