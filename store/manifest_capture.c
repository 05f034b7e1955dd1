/*
 * Captures in, and which of a document's captures is the best: the one fetched at the canonical URL itself, then the smallest
 * fetched URL, then the latest, then the smallest digest.  The answer does not depend on the order in which they are added.
 */
#include "base/hash.h"
#include "base/limits.h"
#include "store/mdb.h"
#include <stdlib.h>

enum { DAY_MS = 86400000, EVIDENCE_BYTES = 1000, CAPTURES_SHOWN = 10000, ID_BYTES = 16, DIGEST_BYTES = 32 };

/* A capture as it will be stored. */
struct entry {
    const struct manifest_capture *c;
    unsigned char id[ID_BYTES], digest[DIGEST_BYTES];
    bool has_id, has_digest;
    struct slice fetched; /* whole; c->url when the capture names none */
    int64_t site, campaign, doc;
};

static enum status check(const struct manifest_capture *c, struct entry *e, struct buf *err) {
    static const struct slice prefix = SLICE_LIT("sha256:");
    *e = (struct entry){.c = c, .fetched = c->fetched_url.len ? c->fetched_url : c->url, .doc = MANIFEST_NONE};
    if (c->url.len == 0 || c->url.len > LIMIT_URL_INPUT || e->fetched.len > LIMIT_URL_INPUT)
        return fail(err, ST_SKIP, "a capture needs a URL of at most %zu bytes", LIMIT_URL_INPUT);
    if (c->refusal.len == 0 && c->doc_id.len == 0)
        return fail(err, ST_SKIP, "%.*s: a capture needs a document id or a refusal", SLICE_ARG(c->url));
    e->has_id = c->refusal.len == 0;
    if (e->has_id && !mdb_unhex(c->doc_id, e->id, ID_BYTES)) return fail(err, ST_SKIP, "%.*s: bad document id", SLICE_ARG(c->url));
    e->has_digest = c->digest.len > 0;
    if (e->has_digest &&
        (!slice_starts(c->digest, prefix) || !mdb_unhex(slice_sub(c->digest, prefix.len, c->digest.len), e->digest, DIGEST_BYTES)))
        return fail(err, ST_SKIP, "%.*s: the digest is not \"sha256:\" and 64 hex digits", SLICE_ARG(c->url));
    if (c->fetched_url.len && c->fetched_url.ptr[0] == '/')
        return fail(err, ST_SKIP, "%.*s: the fetched URL is relative", SLICE_ARG(c->url));
    return ST_OK;
}

static void bind_url(sqlite3_stmt *st, const struct entry *e) {
    struct slice host = mdb_host(e->c->url);
    bool same = slice_eq(e->fetched, e->c->url);
    mdb_bind_text(st, 5, mdb_short_url(e->c->url, host));
    if (same)
        sqlite3_bind_null(st, 6);
    else
        mdb_bind_text(st, 6, mdb_short_url(e->fetched, host));
    if (same && e->has_id)
        sqlite3_bind_null(st, 7);
    else
        sqlite3_bind_int64(st, 7, (int64_t)hash64(e->fetched));
}

static enum status insert_capture(struct manifest *m, const struct entry *e, int64_t number, int64_t refusal, struct buf *err) {
    static const char sql[] =
        "INSERT INTO captures (capture, doc, site, campaign, url, fetched_url, url_hash, status, captured_ms, bytes, digest, warc, warc_offset, "
        "raw, raw_offset, refusal, evidence) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
    const struct manifest_capture *c = e->c;
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, number);
    mdb_bind_opt(st, 2, e->doc);
    sqlite3_bind_int64(st, 3, e->site);
    sqlite3_bind_int64(st, 4, e->campaign);
    bind_url(st, e);
    sqlite3_bind_int(st, 8, c->status);
    sqlite3_bind_int64(st, 9, c->captured_ms);
    sqlite3_bind_int64(st, 10, c->bytes);
    if (e->has_digest)
        mdb_bind_blob(st, 11, e->digest, DIGEST_BYTES);
    else
        sqlite3_bind_null(st, 11);
    mdb_bind_opt(st, 12, c->warc);
    mdb_bind_opt(st, 13, c->warc == MANIFEST_NONE ? MANIFEST_NONE : c->warc_offset);
    mdb_bind_opt(st, 14, c->raw);
    mdb_bind_opt(st, 15, c->raw == MANIFEST_NONE ? MANIFEST_NONE : c->raw_offset);
    mdb_bind_opt(st, 16, refusal);
    if (c->evidence.len)
        mdb_bind_text(st, 17, slice_sub(c->evidence, 0, EVIDENCE_BYTES));
    else
        sqlite3_bind_null(st, 17);
    return mdb_done(m, st, err);
}

static enum status next_capture(struct manifest *m, int64_t *number, struct buf *err) {
    static const char sql[] = "SELECT coalesce(max(capture), 0) + 1 FROM captures";
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    enum status got = mdb_row(m, st, err);
    if (got == ST_OK) *number = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return got;
}

static enum status add_refused(struct manifest *m, struct entry *e, int64_t number, struct buf *err) {
    static const char sql[] =
        "INSERT INTO refusals VALUES (?1, ?2, ?3, 1, ?4) ON CONFLICT DO UPDATE SET captures = captures + 1, bytes = bytes + "
        "excluded.bytes";
    int64_t reason = 0;
    enum status got = mdb_term(m, TERM_REASON, e->c->refusal, &reason, err);
    if (got == ST_OK) got = insert_capture(m, e, number, reason, err);
    if (got != ST_OK) return got;
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, e->site);
    sqlite3_bind_int64(st, 2, e->campaign);
    sqlite3_bind_int64(st, 3, reason);
    sqlite3_bind_int64(st, 4, e->c->bytes);
    return mdb_done(m, st, err);
}

/* The fields that come with the capture a document stands on. */
static enum status bind_best(struct manifest *m, sqlite3_stmt *st, const struct entry *e, int64_t license, int64_t capture,
                             struct buf *err) {
    const struct manifest_capture *c = e->c;
    int64_t removal = MANIFEST_NONE;
    enum status got = mdb_removal_of(m, c->doc_id, c->url, e->fetched, c->source, &removal, err);
    sqlite3_bind_int64(st, 1, e->doc);
    sqlite3_bind_int64(st, 2, capture);
    sqlite3_bind_int64(st, 3, e->campaign);
    sqlite3_bind_int64(st, 4, license);
    sqlite3_bind_int64(st, 5, c->captured_ms / DAY_MS);
    mdb_bind_opt(st, 6, removal);
    return got;
}

static enum status next_document(struct manifest *m, int64_t *number, struct buf *err) {
    static const char sql[] = "SELECT coalesce(max(doc), 0) + 1 FROM documents";
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    enum status got = mdb_row(m, st, err);
    if (got == ST_OK) *number = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return got;
}

/* The document's row, once its capture is there. */
static enum status insert_document(struct manifest *m, const struct entry *e, int64_t license, int64_t capture, struct buf *err) {
    static const char sql[] =
        "INSERT INTO documents (doc, capture, campaign, license, crawl_day, removed, id, site) VALUES (?1, ?2, ?3, ?4, ?5, "
        "?6, ?7, ?8)";
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    enum status got = bind_best(m, st, e, license, capture, err);
    if (got != ST_OK) return got;
    mdb_bind_blob(st, 7, e->id, ID_BYTES);
    sqlite3_bind_int64(st, 8, e->site);
    return mdb_done(m, st, err);
}

/* Each of the two rows names the other.  The capture comes first, without its document: a deferred foreign key would have SQLite
   search all documents at every insert. */
static enum status add_document(struct manifest *m, struct entry *e, int64_t license, int64_t capture, struct buf *err) {
    static const char sql[] = "UPDATE captures SET doc = ?2 WHERE capture = ?1";
    enum status got = insert_capture(m, e, capture, MANIFEST_NONE, err);
    if (got == ST_OK) got = next_document(m, &e->doc, err);
    if (got == ST_OK) got = insert_document(m, e, license, capture, err);
    if (got != ST_OK) return got;
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, capture);
    sqlite3_bind_int64(st, 2, e->doc);
    got = mdb_done(m, st, err);
    return got == ST_OK ? mdb_tally_document(m, e->doc, +1, err) : got;
}

/* Whether ${e} is better than the stored capture in ${st}: url, fetched_url, captured_ms, digest, host. */
static enum status is_better(const struct entry *e, sqlite3_stmt *st, bool *better, struct buf *err) {
    bool old_same = sqlite3_column_type(st, 1) == SQLITE_NULL, new_same = slice_eq(e->fetched, e->c->url);
    if (old_same != new_same) {
        *better = new_same;
        return ST_OK;
    }
    int order = 0;
    if (!new_same) {
        struct buf old = {.max = LIMIT_URL_INPUT + LIMIT_URL};
        mdb_full_url(mdb_text(st, 1), mdb_host(e->c->url), &old);
        if (!buf_ok(&old)) return fail(err, ST_FATAL, "no memory to compare captures");
        order = slice_cmp(e->fetched, buf_view(&old));
        buf_free(&old);
    }
    int64_t was = sqlite3_column_int64(st, 2);
    if (order == 0) order = e->c->captured_ms > was ? -1 : e->c->captured_ms < was ? 1 : 0;
    if (order == 0) {
        struct slice digest = slice_of(sqlite3_column_blob(st, 3), (size_t)sqlite3_column_bytes(st, 3));
        order = slice_cmp(slice_of((const char *)e->digest, e->has_digest ? DIGEST_BYTES : 0), digest);
    }
    *better = order < 0;
    return ST_OK;
}

static enum status replace_best(struct manifest *m, const struct entry *e, int64_t license, int64_t capture, struct buf *err) {
    static const char sql[] =
        "UPDATE documents SET capture = ?2, campaign = ?3, license = ?4, crawl_day = ?5, removed = ?6, date_day = NULL, "
        "fresh = NULL WHERE doc = ?1"; /* without a verdict the other columns are as they were made */
    enum status got = mdb_tally_document(m, e->doc, -1, err);
    if (got != ST_OK) return got;
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    got = bind_best(m, st, e, license, capture, err);
    if (got == ST_OK) got = mdb_done(m, st, err);
    return got == ST_OK ? mdb_tally_document(m, e->doc, +1, err) : got;
}

/* A document that has been judged stays as it was until its new text is: a version published meanwhile does not lose it. */
static enum status note_fresh(struct manifest *m, const struct entry *e, int64_t capture, struct buf *err) {
    static const char sql[] = "UPDATE documents SET fresh = ?2, removed = ?3 WHERE doc = ?1";
    int64_t removal = MANIFEST_NONE;
    enum status got = mdb_removal_of(m, e->c->doc_id, e->c->url, e->fetched, e->c->source, &removal, err);
    if (got == ST_OK) got = mdb_tally_document(m, e->doc, -1, err);
    if (got != ST_OK) return got;
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, e->doc);
    sqlite3_bind_int64(st, 2, capture);
    mdb_bind_opt(st, 3, removal);
    got = mdb_done(m, st, err);
    return got == ST_OK ? mdb_tally_document(m, e->doc, +1, err) : got;
}

static enum status add_taken(struct manifest *m, struct entry *e, int64_t number, struct buf *err) {
    static const char sql[] =
        "SELECT d.doc, c.fetched_url, c.captured_ms, c.digest, d.segment FROM documents d JOIN captures c ON c.capture = "
        "coalesce(d.fresh, d.capture) WHERE d.id = ?1";
    int64_t license = 0;
    enum status got = mdb_term(m, TERM_LICENSE, e->c->license, &license, err);
    if (got != ST_OK) return got;
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    mdb_bind_blob(st, 1, e->id, ID_BYTES);
    got = mdb_row(m, st, err);
    if (got == ST_SKIP) return add_document(m, e, license, number, err);
    if (got != ST_OK) return got;
    bool better = false, judged = sqlite3_column_type(st, 4) != SQLITE_NULL;
    e->doc = sqlite3_column_int64(st, 0);
    got = is_better(e, st, &better, err);
    sqlite3_reset(st);
    if (got == ST_OK) got = insert_capture(m, e, number, MANIFEST_NONE, err);
    if (got != ST_OK || !better) return got;
    return judged ? note_fresh(m, e, number, err) : replace_best(m, e, license, number, err);
}

enum status manifest_add_capture(struct manifest *m, const struct manifest_capture *c, struct buf *err) {
    struct entry e;
    int64_t number = 0;
    enum status st = mdb_writing(m, err);
    if (st == ST_OK) st = check(c, &e, err);
    if (st == ST_OK) st = mdb_site(m, c->source, mdb_host(c->url), &e.site, err);
    if (st == ST_OK) st = mdb_term(m, TERM_CAMPAIGN, c->campaign, &e.campaign, err);
    if (st == ST_OK) st = next_capture(m, &number, err);
    if (st != ST_OK) return st;
    return e.has_id ? add_taken(m, &e, number, err) : add_refused(m, &e, number, err);
}

/* ---- reading ---- */

static const char row_sql[] =
    "SELECT c.url, c.fetched_url, c.status, c.captured_ms, c.bytes, c.digest, c.warc, c.warc_offset, c.raw, c.raw_offset, c.evidence, "
    "c.site, c.campaign, coalesce(c.refusal, 0), d.id, d.capture = c.capture, coalesce(d.license, 0), w.name, r.name "
    "FROM captures c LEFT JOIN documents d ON d.doc = c.doc LEFT JOIN segments w ON w.segment = c.warc LEFT JOIN segments r ON r.segment = c.raw "
    "WHERE c.capture = ?1";

/* The texts of a row, in one buffer each so that none moves under another. */
struct texts {
    struct buf url, fetched, source, host, campaign, license, refusal, digest, id;
};

static void texts_free(struct texts *t) {
    struct buf *all[] = {&t->url, &t->fetched, &t->source, &t->host, &t->campaign, &t->license, &t->refusal, &t->digest, &t->id};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) buf_free(all[i]);
}

static void hex_of(struct buf *out, sqlite3_stmt *st, int col) {
    const unsigned char *p = sqlite3_column_blob(st, col);
    char hex[2 * DIGEST_BYTES + 1];
    int n = sqlite3_column_bytes(st, col);
    if (!p || n > DIGEST_BYTES) return;
    hash_hex(p, (size_t)n, hex);
    buf_str(out, hex);
}

/* ${url}, when not empty, must be one of the row's: its hash alone proves nothing. */
static enum status show(struct manifest *m, sqlite3_stmt *st, struct slice url, manifest_capture_fn fn, void *ctx,
                        struct buf *err) {
    struct texts t = {0};
    enum status got = mdb_site_texts(m, sqlite3_column_int64(st, 11), &t.source, &t.host, err);
    if (got == ST_OK) got = mdb_term_text(m, sqlite3_column_int64(st, 12), &t.campaign, err);
    if (got == ST_OK) got = mdb_term_text(m, sqlite3_column_int64(st, 13), &t.refusal, err);
    if (got == ST_OK) got = mdb_term_text(m, sqlite3_column_int64(st, 16), &t.license, err);
    mdb_full_url(mdb_text(st, 0), buf_view(&t.host), &t.url);
    mdb_full_url(mdb_text(st, 1), buf_view(&t.host), &t.fetched);
    if (sqlite3_column_type(st, 5) != SQLITE_NULL) buf_str(&t.digest, "sha256:");
    hex_of(&t.digest, st, 5);
    hex_of(&t.id, st, 14);
    struct manifest_capture_row row = {
        .c = {.doc_id = buf_view(&t.id),
              .url = buf_view(&t.url),
              .fetched_url = t.fetched.len ? buf_view(&t.fetched) : buf_view(&t.url),
              .source = buf_view(&t.source),
              .campaign = buf_view(&t.campaign),
              .license = buf_view(&t.license),
              .status = sqlite3_column_int(st, 2),
              .captured_ms = sqlite3_column_int64(st, 3),
              .bytes = sqlite3_column_int64(st, 4),
              .digest = buf_view(&t.digest),
              .warc = mdb_int_or_none(st, 6),
              .warc_offset = mdb_int_or_none(st, 7),
              .raw = mdb_int_or_none(st, 8),
              .raw_offset = mdb_int_or_none(st, 9),
              .refusal = buf_view(&t.refusal),
              .evidence = mdb_text(st, 10)},
        .warc_name = mdb_text(st, 17),
        .raw_name = mdb_text(st, 18),
        .best = sqlite3_column_int(st, 15) != 0,
    };
    bool asked = url.len == 0 || slice_eq(url, row.c.url) || slice_eq(url, row.c.fetched_url);
    if (got == ST_OK && asked) got = fn(ctx, &row);
    texts_free(&t);
    return got;
}

struct numbers {
    int64_t items[CAPTURES_SHOWN];
    size_t n;
};

static enum status gather(struct manifest *m, sqlite3_stmt *st, struct numbers *list, struct buf *err) {
    enum status got = ST_OK;
    while (list->n < CAPTURES_SHOWN && (got = mdb_row(m, st, err)) == ST_OK) list->items[list->n++] = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return got == ST_SKIP ? ST_OK : got;
}

static enum status gather_id(struct manifest *m, const unsigned char id[ID_BYTES], struct numbers *list, struct buf *err) {
    static const char sql[] = "SELECT capture FROM captures WHERE doc = (SELECT doc FROM documents WHERE id = ?1)";
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    mdb_bind_blob(st, 1, id, ID_BYTES);
    return gather(m, st, list, err);
}

/* Every source might hold the URL: its id there is one lookup. */
static enum status gather_url(struct manifest *m, struct slice url, struct numbers *list, struct buf *err) {
    static const char by_hash[] = "SELECT capture FROM captures WHERE url_hash = ?1";
    sqlite3_stmt *st = mdb_stmt(m, by_hash, err), *sources = NULL;
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, (int64_t)hash64(url));
    enum status got = gather(m, st, list, err);
    if (got == ST_OK) got = mdb_prepare(m, "SELECT text FROM terms WHERE kind = 1", &sources, err);
    while (got == ST_OK && (got = mdb_row(m, sources, err)) == ST_OK) {
        char hex[DOC_ID_LEN];
        unsigned char id[ID_BYTES];
        doc_id(mdb_text(sources, 0), url, hex);
        if (mdb_unhex(slice_str(hex), id, ID_BYTES)) got = gather_id(m, id, list, err);
    }
    sqlite3_finalize(sources);
    return got == ST_SKIP ? ST_OK : got;
}

static int by_value(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Capture numbers grow with time, segment by segment. */
static enum status show_all(struct manifest *m, struct numbers *list, struct slice url, manifest_capture_fn fn, void *ctx,
                            struct buf *err) {
    sqlite3_stmt *st = NULL;
    enum status got = mdb_prepare(m, row_sql, &st, err);
    qsort(list->items, list->n, sizeof *list->items, by_value);
    for (size_t i = 0; got == ST_OK && i < list->n; i++) {
        if (i && list->items[i] == list->items[i - 1]) continue;
        sqlite3_bind_int64(st, 1, list->items[i]);
        got = mdb_row(m, st, err);
        if (got == ST_OK)
            got = show(m, st, url, fn, ctx, err);
        else if (got == ST_SKIP)
            got = ST_OK;
        sqlite3_reset(st);
    }
    sqlite3_finalize(st);
    return got;
}

enum status manifest_captures_of_id(struct manifest *m, struct slice id, manifest_capture_fn fn, void *ctx, struct buf *err) {
    unsigned char bytes[ID_BYTES];
    if (!mdb_unhex(id, bytes, ID_BYTES)) return fail(err, ST_SKIP, "%.*s is not a document id (32 hex digits)", SLICE_ARG(id));
    struct numbers *list = calloc(1, sizeof *list);
    if (!list) return fail(err, ST_FATAL, "no memory for a list of captures");
    enum status st = gather_id(m, bytes, list, err);
    if (st == ST_OK) st = show_all(m, list, slice_str(""), fn, ctx, err);
    free(list);
    return st;
}

enum status manifest_captures_of_url(struct manifest *m, struct slice url, manifest_capture_fn fn, void *ctx, struct buf *err) {
    struct numbers *list = calloc(1, sizeof *list);
    if (!list) return fail(err, ST_FATAL, "no memory for a list of captures");
    enum status st = gather_url(m, url, list, err);
    if (st == ST_OK) st = show_all(m, list, url, fn, ctx, err);
    free(list);
    return st;
}
