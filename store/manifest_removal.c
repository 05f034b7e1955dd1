/*
 * A removal marks documents, a batch at a time so that memory stays flat, and stays in force for those that come later.
 */
#include "base/hash.h"
#include "store/mdb.h"
#include <stdlib.h>

enum { ID_BYTES = 16, BATCH = 1024 };

static enum status in_force(struct manifest *m, enum removal_scope scope, struct slice value, int64_t *removal, struct buf *err) {
    static const char sql[] = "SELECT removal FROM removals WHERE scope = ?1 AND value = ?2 AND lifted_ms IS NULL";
    *removal = MANIFEST_NONE;
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int(st, 1, (int)scope);
    mdb_bind_text(st, 2, value);
    enum status got = mdb_row(m, st, err);
    if (got == ST_OK) *removal = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return got == ST_SKIP ? ST_OK : got;
}

/* The kinds of removals that are in force, a bit each: most hubs have none or one, and the other lookups are spared.  Inside a
   transaction the answer holds until it ends or a removal is written. */
static enum status scopes_in_force(struct manifest *m, unsigned *scopes, struct buf *err) {
    static const char sql[] = "SELECT 2 * EXISTS (SELECT 1 FROM removals WHERE scope = 1 AND lifted_ms IS NULL) "
                              "+ 4 * EXISTS (SELECT 1 FROM removals WHERE scope = 2 AND lifted_ms IS NULL) "
                              "+ 8 * EXISTS (SELECT 1 FROM removals WHERE scope = 3 AND lifted_ms IS NULL) "
                              "+ 16 * EXISTS (SELECT 1 FROM removals WHERE scope = 4 AND lifted_ms IS NULL)";
    *scopes = m->scopes;
    if (m->scopes_known) return ST_OK;
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    enum status got = mdb_row(m, st, err);
    if (got == ST_OK) *scopes = m->scopes = (unsigned)sqlite3_column_int(st, 0);
    m->scopes_known = got == ST_OK && !sqlite3_get_autocommit(m->db);
    sqlite3_reset(st);
    return got;
}

enum status mdb_removal_of(struct manifest *m, struct slice id, struct slice url, struct slice fetched, struct slice source,
                           int64_t *removal, struct buf *err) {
    const struct {
        enum removal_scope scope;
        struct slice value;
    } asked[] = {{REMOVAL_ID, id},
                 {REMOVAL_URL, url},
                 {REMOVAL_URL, fetched},
                 {REMOVAL_HOST, mdb_host(url)},
                 {REMOVAL_HOST, mdb_host(fetched)},
                 {REMOVAL_SOURCE, source}};
    *removal = MANIFEST_NONE;
    unsigned scopes = 0;
    enum status st = scopes_in_force(m, &scopes, err);
    for (size_t i = 0; st == ST_OK && *removal == MANIFEST_NONE && i < sizeof asked / sizeof *asked; i++)
        if (scopes >> asked[i].scope & 1 && asked[i].value.len && (i == 0 || !slice_eq(asked[i].value, asked[i - 1].value)))
            st = in_force(m, asked[i].scope, asked[i].value, removal, err);
    return st;
}

enum status manifest_forgotten(struct manifest *m, struct slice id, struct slice url, struct slice source, int64_t *removal,
                               struct buf *err) {
    return mdb_removal_of(m, id, url, url, source, removal, err);
}

enum status mdb_mark_removed(struct manifest *m, int64_t doc, int64_t removal, struct buf *err) {
    static const char sql[] = "UPDATE documents SET removed = ?2 WHERE doc = ?1";
    enum status got = mdb_tally_document(m, doc, -1, err);
    if (got != ST_OK) return got;
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, doc);
    mdb_bind_opt(st, 2, removal);
    got = mdb_done(m, st, err);
    return got == ST_OK ? mdb_tally_document(m, doc, +1, err) : got;
}

/* Documents by batches: the numbers that ${sql} gives after ?1, in order, at most ?2 of them. */
struct batch {
    int64_t docs[BATCH];
    size_t n;
};

static enum status next_batch(struct manifest *m, sqlite3_stmt *st, int64_t after, struct batch *b, struct buf *err) {
    enum status got;
    b->n = 0;
    sqlite3_bind_int64(st, 1, after);
    sqlite3_bind_int(st, 2, BATCH);
    while ((got = mdb_row(m, st, err)) == ST_OK) b->docs[b->n++] = sqlite3_column_int64(st, 0);
    return got == ST_SKIP ? ST_OK : got;
}

static enum status mark_site_documents(struct manifest *m, const struct manifest_removal *r, int64_t removal, int64_t *marked,
                                       struct buf *err) {
    static const char by_host[] =
        "SELECT doc FROM documents WHERE doc > ?1 AND removed IS NULL AND site IN (SELECT site FROM sites WHERE host = ?3) "
        "ORDER BY doc LIMIT ?2";
    static const char by_source[] =
        "SELECT doc FROM documents WHERE doc > ?1 AND removed IS NULL AND site IN (SELECT site FROM sites WHERE source = "
        "?3) ORDER BY doc LIMIT ?2";
    bool host = r->scope == REMOVAL_HOST;
    int64_t term = -1;
    enum status got = mdb_find_term(m, host ? TERM_HOST : TERM_SOURCE, r->value, &term, err);
    sqlite3_stmt *st = NULL;
    if (got == ST_OK) got = mdb_prepare(m, host ? by_host : by_source, &st, err);
    if (got == ST_OK) sqlite3_bind_int64(st, 3, term);
    struct batch b = {.n = BATCH};
    for (int64_t after = 0; got == ST_OK && b.n == BATCH;) {
        got = next_batch(m, st, after, &b, err);
        for (size_t i = 0; got == ST_OK && i < b.n; i++) got = mdb_mark_removed(m, after = b.docs[i], removal, err);
        if (got == ST_OK) *marked += (int64_t)b.n;
    }
    sqlite3_finalize(st);
    return got;
}

/* Documents that stand on what another host of the same page served: their site is the canonical URL's.  Reads the documents once. */
static enum status mark_fetched_there(struct manifest *m, struct slice host, int64_t removal, int64_t *marked, struct buf *err) {
    static const char sql[] =
        "SELECT d.doc, c.fetched_url FROM documents d CROSS JOIN captures c ON c.capture IN (d.capture, d.fresh) "
        "WHERE d.doc > ?1 AND d.removed IS NULL AND instr(c.fetched_url, '://' || ?3) ORDER BY d.doc LIMIT ?2";
    sqlite3_stmt *st = NULL;
    struct batch b = {.n = BATCH};
    enum status got = mdb_prepare(m, sql, &st, err);
    if (got == ST_OK) mdb_bind_text(st, 3, host);
    for (int64_t after = 0; got == ST_OK && b.n == BATCH;) {
        b.n = 0;
        sqlite3_bind_int64(st, 1, after);
        sqlite3_bind_int(st, 2, BATCH);
        size_t seen = 0;
        for (; (got = mdb_row(m, st, err)) == ST_OK; seen++) {
            after = sqlite3_column_int64(st, 0);
            bool again = b.n && b.docs[b.n - 1] == after;
            if (!again && slice_eq(mdb_host(mdb_text(st, 1)), host)) b.docs[b.n++] = after;
        }
        if (got == ST_SKIP) got = ST_OK;
        for (size_t i = 0; got == ST_OK && i < b.n; i++) got = mdb_mark_removed(m, b.docs[i], removal, err);
        if (got == ST_OK) *marked += (int64_t)b.n;
        b.n = seen;
    }
    sqlite3_finalize(st);
    return got;
}

static enum status mark_id(struct manifest *m, struct slice hex, int64_t removal, int64_t *marked, struct buf *err) {
    static const char sql[] = "SELECT doc FROM documents WHERE id = ?1 AND removed IS NULL";
    unsigned char id[ID_BYTES];
    if (!mdb_unhex(hex, id, ID_BYTES)) return fail(err, ST_SKIP, "%.*s is not a document id (32 hex digits)", SLICE_ARG(hex));
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    mdb_bind_blob(st, 1, id, ID_BYTES);
    enum status got = mdb_row(m, st, err);
    if (got != ST_OK) return got == ST_SKIP ? ST_OK : got;
    int64_t doc = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    (*marked)++;
    return mdb_mark_removed(m, doc, removal, err);
}

struct found {
    struct buf ids; /* 32 hex digits each */
};

static enum status note_id(void *ctx, const struct manifest_capture_row *row) {
    struct found *f = ctx;
    if (row->best) buf_slice(&f->ids, row->c.doc_id);
    return buf_ok(&f->ids) ? ST_OK : ST_FATAL;
}

/* The documents that have the URL, and those whose best capture was fetched there. */
static enum status mark_url(struct manifest *m, struct slice url, int64_t removal, int64_t *marked, struct buf *err) {
    struct found f = {{0}};
    enum status st = manifest_captures_of_url(m, url, note_id, &f, err);
    for (size_t at = 0; st == ST_OK && at + 2 * ID_BYTES <= f.ids.len; at += 2 * ID_BYTES)
        st = mark_id(m, slice_of(f.ids.data + at, 2 * ID_BYTES), removal, marked, err);
    buf_free(&f.ids);
    return st;
}

enum status manifest_forget(struct manifest *m, const struct manifest_removal *r, int64_t *marked, struct buf *err) {
    static const char sql[] = "INSERT INTO removals (scope, value, reason, asked_ms) VALUES (?1, ?2, ?3, ?4)";
    int64_t removal = MANIFEST_NONE;
    unsigned char id[ID_BYTES];
    *marked = 0;
    if (r->scope == REMOVAL_ID && !mdb_unhex(r->value, id, ID_BYTES))
        return fail(err, ST_SKIP, "%.*s is not a document id (32 hex digits)", SLICE_ARG(r->value));
    enum status got = mdb_writing(m, err);
    if (got == ST_OK) got = in_force(m, r->scope, r->value, &removal, err);
    if (got != ST_OK || removal != MANIFEST_NONE) return got;
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int(st, 1, (int)r->scope);
    mdb_bind_text(st, 2, r->value);
    mdb_bind_text(st, 3, r->reason);
    sqlite3_bind_int64(st, 4, r->asked_ms);
    got = mdb_done(m, st, err);
    if (got != ST_OK) return got;
    removal = sqlite3_last_insert_rowid(m->db);
    m->scopes_known = false;
    switch (r->scope) {
    case REMOVAL_CRAWL: return ST_OK;
    case REMOVAL_ID: return mark_id(m, r->value, removal, marked, err);
    case REMOVAL_URL: return mark_url(m, r->value, removal, marked, err);
    case REMOVAL_HOST:
    case REMOVAL_SOURCE: break;
    }
    got = mark_site_documents(m, r, removal, marked, err);
    return got == ST_OK && r->scope == REMOVAL_HOST ? mark_fetched_there(m, r->value, removal, marked, err) : got;
}

/* ---- lifting ---- */

struct freed {
    struct manifest *m;
    int64_t other; /* another removal that covers the document */
    struct buf *err;
};

static enum status other_removal(void *ctx, const struct manifest_capture_row *row) {
    struct freed *f = ctx;
    if (!row->best) return ST_OK;
    return mdb_removal_of(f->m, row->c.doc_id, row->c.url, row->c.fetched_url, row->c.source, &f->other, f->err);
}

static enum status free_document(struct manifest *m, int64_t doc, int64_t *freed, struct buf *err) {
    static const char sql[] = "SELECT id FROM documents WHERE doc = ?1";
    char hex[DOC_ID_LEN] = "";
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, doc);
    enum status got = mdb_row(m, st, err);
    if (got == ST_OK && sqlite3_column_bytes(st, 0) == ID_BYTES) hash_hex(sqlite3_column_blob(st, 0), ID_BYTES, hex);
    sqlite3_reset(st);
    struct freed f = {m, MANIFEST_NONE, err};
    if (got == ST_OK) got = manifest_captures_of_id(m, slice_str(hex), other_removal, &f, err);
    if (got != ST_OK) return got == ST_SKIP ? ST_FATAL : got;
    if (f.other == MANIFEST_NONE) (*freed)++;
    return mdb_mark_removed(m, doc, f.other, err);
}

enum status manifest_lift(struct manifest *m, enum removal_scope scope, struct slice value, int64_t now_ms, int64_t *freed,
                          struct buf *err) {
    static const char lift[] = "UPDATE removals SET lifted_ms = ?2 WHERE removal = ?1";
    static const char list[] = "SELECT doc FROM documents WHERE doc > ?1 AND removed = ?3 ORDER BY doc LIMIT ?2";
    int64_t removal = MANIFEST_NONE;
    *freed = 0;
    enum status got = mdb_writing(m, err);
    if (got == ST_OK) got = in_force(m, scope, value, &removal, err);
    if (got == ST_OK && removal == MANIFEST_NONE) got = fail(err, ST_SKIP, "nothing was removed under %.*s", SLICE_ARG(value));
    if (got != ST_OK) return got;
    sqlite3_stmt *st = mdb_stmt(m, lift, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, removal);
    sqlite3_bind_int64(st, 2, now_ms);
    got = mdb_done(m, st, err);
    st = NULL;
    if (got == ST_OK) got = mdb_prepare(m, list, &st, err);
    if (got == ST_OK) sqlite3_bind_int64(st, 3, removal);
    struct batch b = {.n = BATCH};
    for (int64_t after = 0; got == ST_OK && b.n == BATCH;) {
        got = next_batch(m, st, after, &b, err);
        for (size_t i = 0; got == ST_OK && i < b.n; i++) got = free_document(m, after = b.docs[i], freed, err);
    }
    sqlite3_finalize(st);
    return got;
}

static enum status show_removals(struct manifest *m, const char *sql, int64_t number, size_t *n, manifest_removal_fn fn, void *ctx,
                                 struct buf *err) {
    sqlite3_stmt *st = NULL;
    enum status got = mdb_prepare(m, sql, &st, err), answer = ST_OK;
    if (got == ST_OK && number != MANIFEST_NONE) sqlite3_bind_int64(st, 1, number);
    while (answer == ST_OK && got == ST_OK && (got = mdb_row(m, st, err)) == ST_OK) {
        struct manifest_removal r = {.number = sqlite3_column_int64(st, 0),
                                     .scope = (enum removal_scope)sqlite3_column_int(st, 1),
                                     .value = mdb_text(st, 2),
                                     .reason = mdb_text(st, 3),
                                     .asked_ms = sqlite3_column_int64(st, 4),
                                     .lifted_ms = mdb_int_or_none(st, 5)};
        answer = fn(ctx, &r);
        ++*n;
    }
    sqlite3_finalize(st);
    return got == ST_SKIP ? ST_OK : answer != ST_OK ? answer : got;
}

#define REMOVAL_COLUMNS "SELECT removal, scope, value, reason, asked_ms, lifted_ms FROM removals "

enum status manifest_each_removal(struct manifest *m, manifest_removal_fn fn, void *ctx, struct buf *err) {
    size_t n = 0;
    return show_removals(m, REMOVAL_COLUMNS "ORDER BY removal", MANIFEST_NONE, &n, fn, ctx, err);
}

enum status manifest_find_removal(struct manifest *m, int64_t number, manifest_removal_fn fn, void *ctx, struct buf *err) {
    size_t n = 0;
    enum status st = show_removals(m, REMOVAL_COLUMNS "WHERE removal = ?1", number, &n, fn, ctx, err);
    return st == ST_OK && n == 0 ? fail(err, ST_SKIP, "no removal number %lld", (long long)number) : st;
}
