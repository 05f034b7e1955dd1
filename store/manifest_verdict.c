#include "base/clock.h"
#include "store/mdb.h"

enum { ID_BYTES = 16, DAY_MS = 86400000 };

static int64_t scaled(double share) {
    if (!(share > 0)) return 0; /* NaN too */
    return share >= 1 ? MDB_SCALE : (int64_t)(share * MDB_SCALE + 0.5);
}

/* The day of an ISO 8601 date, or MANIFEST_NONE. */
static int64_t day_of(struct slice date) {
    int64_t part[3] = {0};
    static const int from[] = {0, 5, 8}, to[] = {4, 7, 10};
    if (date.len < 10 || date.ptr[4] != '-' || date.ptr[7] != '-') return MANIFEST_NONE;
    for (int i = 0; i < 3; i++) {
        uint64_t v;
        if (!slice_parse_u64(slice_sub(date, (size_t)from[i], (size_t)to[i]), &v)) return MANIFEST_NONE;
        part[i] = (int64_t)v;
    }
    if (!clock_civil_valid((int)part[0], (int)part[1], (int)part[2])) return MANIFEST_NONE;
    int64_t ms = clock_from_civil((int)part[0], (int)part[1], (int)part[2], 0, 0, 0);
    return ms / DAY_MS - (ms % DAY_MS < 0);
}

/* Which of a document's captures was judged. */
enum judged_capture { JUDGED_OTHER, JUDGED_STANDING, JUDGED_FRESH };

static bool same_record(sqlite3_stmt *st, int col, const struct manifest_verdict *v) {
    return mdb_int_or_none(st, col) == v->raw && (v->raw == MANIFEST_NONE || mdb_int_or_none(st, col + 1) == v->raw_offset);
}

/* SKIP: no such document. */
static enum status find(struct manifest *m, const struct manifest_verdict *v, int64_t *doc, enum judged_capture *which,
                        struct buf *err) {
    static const char sql[] =
        "SELECT d.doc, c.raw, c.raw_offset, d.fresh IS NOT NULL, f.raw, f.raw_offset FROM documents d JOIN captures c ON c.capture = "
        "d.capture LEFT JOIN captures f ON f.capture = d.fresh WHERE d.id = ?1";
    unsigned char id[ID_BYTES];
    if (!mdb_unhex(v->id, id, ID_BYTES)) return fail(err, ST_SKIP, "%.*s is not a document id (32 hex digits)", SLICE_ARG(v->id));
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    mdb_bind_blob(st, 1, id, ID_BYTES);
    enum status got = mdb_row(m, st, err);
    if (got == ST_SKIP) return fail(err, ST_SKIP, "no capture has made document %.*s", SLICE_ARG(v->id));
    if (got != ST_OK) return got;
    *doc = sqlite3_column_int64(st, 0);
    *which = sqlite3_column_int(st, 3) && same_record(st, 4, v) ? JUDGED_FRESH
             : same_record(st, 1, v)                            ? JUDGED_STANDING
                                                                : JUDGED_OTHER;
    sqlite3_reset(st);
    return ST_OK;
}

static enum status write_verdict(struct manifest *m, const struct manifest_verdict *v, int64_t doc, struct buf *err) {
    static const char sql[] =
        "UPDATE documents SET license = ?2, date_day = ?3, segment = ?4, offset = ?5, language = ?6, language_score = ?7, french_share = ?8, "
        "bytes = ?9, words = ?10, reason = ?11, variety = ?12, quality = ?13, type = ?14, duplicate_of = iif(?11 IS NULL, duplicate_of, NULL), similarity = iif(?11 IS NULL, similarity, "
        "NULL), cluster_size = iif(?11 IS NULL, cluster_size, 1) WHERE doc = ?1";
    int64_t license = 0, language = 0, reason = MANIFEST_NONE, variety = MANIFEST_NONE, type = MANIFEST_NONE;
    enum status got = mdb_term(m, TERM_LICENSE, v->license, &license, err);
    if (got == ST_OK) got = mdb_term(m, TERM_LANGUAGE, v->language, &language, err);
    if (got == ST_OK && v->reason.len) got = mdb_term(m, TERM_REASON, v->reason, &reason, err);
    if (got == ST_OK && v->variety.len) got = mdb_term(m, TERM_VARIETY, v->variety, &variety, err);
    if (got == ST_OK && v->type.len) got = mdb_term(m, TERM_TYPE, v->type, &type, err);
    if (got != ST_OK) return got;
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, doc);
    sqlite3_bind_int64(st, 2, license);
    mdb_bind_opt(st, 3, day_of(v->date));
    sqlite3_bind_int64(st, 4, v->segment);
    sqlite3_bind_int64(st, 5, v->offset);
    sqlite3_bind_int64(st, 6, language);
    sqlite3_bind_int64(st, 7, scaled(v->language_score));
    sqlite3_bind_int64(st, 8, scaled(v->french_share));
    sqlite3_bind_int64(st, 9, v->bytes);
    sqlite3_bind_int64(st, 10, v->words);
    mdb_bind_opt(st, 11, reason);
    mdb_bind_opt(st, 12, variety);
    mdb_bind_opt(st, 13, v->quality < 0 ? MANIFEST_NONE : scaled(v->quality));
    mdb_bind_opt(st, 14, type);
    return mdb_done(m, st, err);
}

/* The document now stands on its new capture, which the verdict is about. */
static enum status promote(struct manifest *m, int64_t doc, struct buf *err) {
    static const char sql[] =
        "UPDATE documents SET capture = fresh, fresh = NULL, campaign = (SELECT campaign FROM captures WHERE capture = fresh), "
        "crawl_day = (SELECT captured_ms / 86400000 FROM captures WHERE capture = fresh) WHERE doc = ?1";
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, doc);
    return mdb_done(m, st, err);
}

enum status manifest_put_verdict(struct manifest *m, const struct manifest_verdict *v, bool *taken, struct buf *err) {
    int64_t doc = 0;
    enum judged_capture which = JUDGED_OTHER;
    enum status st = mdb_writing(m, err);
    if (st == ST_OK) st = find(m, v, &doc, &which, err);
    if (taken) *taken = st == ST_OK && which != JUDGED_OTHER;
    if (st != ST_OK || which == JUDGED_OTHER) return st;
    st = mdb_tally_document(m, doc, -1, err);
    if (st == ST_OK && which == JUDGED_FRESH) st = promote(m, doc, err);
    if (st == ST_OK) st = write_verdict(m, v, doc, err);
    return st == ST_OK ? mdb_tally_document(m, doc, +1, err) : st;
}

/* What manifest_judge_again() writes, as numbers; MANIFEST_NONE for none. */
struct judged_again {
    int64_t reason, type, quality;
};

/* SKIP: no such document.  *${same}: it stands on another record, or has all that already. */
static enum status find_judged(struct manifest *m, const struct manifest_verdict *v, const struct judged_again *now, int64_t *doc,
                               bool *same, struct buf *err) {
    static const char sql[] =
        "SELECT doc, segment IS NOT ?2 OR offset IS NOT ?3 OR (reason IS ?4 AND type IS ?5 AND quality IS ?6) FROM "
        "documents WHERE id = ?1";
    unsigned char id[ID_BYTES];
    if (!mdb_unhex(v->id, id, ID_BYTES)) return fail(err, ST_SKIP, "%.*s is not a document id (32 hex digits)", SLICE_ARG(v->id));
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    mdb_bind_blob(st, 1, id, ID_BYTES);
    sqlite3_bind_int64(st, 2, v->segment);
    sqlite3_bind_int64(st, 3, v->offset);
    mdb_bind_opt(st, 4, now->reason);
    mdb_bind_opt(st, 5, now->type);
    mdb_bind_opt(st, 6, now->quality);
    enum status got = mdb_row(m, st, err);
    if (got == ST_OK) *doc = sqlite3_column_int64(st, 0);
    if (got == ST_OK) *same = sqlite3_column_int(st, 1) != 0;
    sqlite3_reset(st);
    return got == ST_SKIP ? fail(err, ST_SKIP, "no document %.*s", SLICE_ARG(v->id)) : got;
}

enum status manifest_judge_again(struct manifest *m, const struct manifest_verdict *v, bool *changed, struct buf *err) {
    static const char sql[] =
        "UPDATE documents SET reason = ?2, type = ?3, quality = ?4, duplicate_of = iif(?2 IS NULL, duplicate_of, NULL), similarity = "
        "iif(?2 IS NULL, similarity, NULL), cluster_size = iif(?2 IS NULL, cluster_size, 1) WHERE doc = ?1";
    struct judged_again now = {MANIFEST_NONE, MANIFEST_NONE, v->quality < 0 ? MANIFEST_NONE : scaled(v->quality)};
    int64_t doc = 0;
    bool same = false;
    *changed = false;
    enum status got = mdb_writing(m, err);
    if (got == ST_OK && v->reason.len) got = mdb_term(m, TERM_REASON, v->reason, &now.reason, err);
    if (got == ST_OK && v->type.len) got = mdb_term(m, TERM_TYPE, v->type, &now.type, err);
    if (got == ST_OK) got = find_judged(m, v, &now, &doc, &same, err);
    if (got != ST_OK || same) return got;
    got = mdb_tally_document(m, doc, -1, err);
    if (got != ST_OK) return got;
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, doc);
    mdb_bind_opt(st, 2, now.reason);
    mdb_bind_opt(st, 3, now.type);
    mdb_bind_opt(st, 4, now.quality);
    got = mdb_done(m, st, err);
    *changed = got == ST_OK;
    return got == ST_OK ? mdb_tally_document(m, doc, +1, err) : got;
}

static enum status same_cluster(struct manifest *m, const struct manifest_cluster *c, int64_t kept, int64_t similarity, bool *same,
                                struct buf *err) {
    static const char sql[] = "SELECT duplicate_of IS ?2 AND similarity IS ?3 AND cluster_size = ?4 FROM documents WHERE doc = ?1";
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, c->doc);
    mdb_bind_opt(st, 2, kept);
    mdb_bind_opt(st, 3, similarity);
    sqlite3_bind_int64(st, 4, c->size);
    enum status got = mdb_row(m, st, err);
    if (got == ST_OK) *same = sqlite3_column_int(st, 0) != 0;
    sqlite3_reset(st);
    return got == ST_SKIP ? fail(err, ST_SKIP, "no document number %lld", (long long)c->doc) : got;
}

enum status manifest_set_cluster(struct manifest *m, const struct manifest_cluster *c, struct buf *err) {
    static const char sql[] = "UPDATE documents SET duplicate_of = ?2, similarity = ?3, cluster_size = ?4 WHERE doc = ?1";
    bool same = false, alone = c->kept == c->doc;
    int64_t kept = alone ? MANIFEST_NONE : c->kept, similarity = alone ? MANIFEST_NONE : scaled(c->similarity);
    enum status got = mdb_writing(m, err);
    if (got == ST_OK) got = same_cluster(m, c, kept, similarity, &same, err);
    if (got != ST_OK || same) return got;
    got = mdb_tally_document(m, c->doc, -1, err);
    if (got != ST_OK) return got;
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, c->doc);
    mdb_bind_opt(st, 2, kept);
    mdb_bind_opt(st, 3, similarity);
    sqlite3_bind_int64(st, 4, c->size);
    got = mdb_done(m, st, err);
    return got == ST_OK ? mdb_tally_document(m, c->doc, +1, err) : got;
}
