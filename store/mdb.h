#ifndef VILLERS_STORE_MDB_H
#define VILLERS_STORE_MDB_H
/*
 * The manifest's database, seen from manifest_*.c: statements, terms, sites.  Nothing outside includes this.
 */
#include "store/manifest.h"
#include <sqlite3.h>

enum { MDB_VERSION = 5, MDB_APPLICATION = 0x56434d31 /* "VCM1" */ };
/* The values of the spreads (schema.sql) as SQL over documents; manifest_tally.c has the same in C. */
#define MDB_SPREAD_VARIETY "coalesce(variety, 0)"
#define MDB_SPREAD_PUBLISHED                                                                                                       \
    "coalesce(strftime('%Y', date_day * 86400, 'unixepoch') * 12 + strftime('%m', date_day * 86400, 'unixepoch') - 1, -1)"
#define MDB_SPREAD_FRENCH "coalesce(french_share, 0) / 1000"
#define MDB_SPREAD_SCORE "coalesce(language_score, 0) / 1000"
#define MDB_SPREAD_LENGTH "(words >= 100) + (words >= 300) + (words >= 1000) + (words >= 3000) + (words >= 10000)"
#define MDB_SPREAD_QUALITY "coalesce(quality / 1000, -1)"
#define MDB_SPREAD_TYPE "coalesce(type, 0)"
enum { MDB_SPREADS = 7 };
enum { MDB_SCALE = 10000 }; /* shares and similarities are stored in ten-thousandths */

enum term_kind {
    TERM_SOURCE = 1,
    TERM_CAMPAIGN,
    TERM_LICENSE,
    TERM_LANGUAGE,
    TERM_REASON,
    TERM_HOST,
    TERM_DATASET,
    TERM_VARIETY,
    TERM_TYPE
};

struct mdb_cache;
struct mdb_deltas;
struct manifest {
    sqlite3 *db;
    char *path;
    bool writable;
    struct mdb_cache *cache;   /* terms and sites seen lately */
    struct mdb_deltas *deltas; /* tallies not yet written */
    unsigned scopes;           /* of removals in force, a bit each, while scopes_known: inside a transaction */
    bool scopes_known;
    struct {
        const char *sql; /* a literal: the address is the key */
        sqlite3_stmt *st;
    } stmts[96];
    size_t n_stmts;
};

/* ---- statements (mdb.c) ---- */

/** mdb_fail(m, what, err): SQLite's last error: RETRY for a full disk or a locked file, else FATAL. */
enum status mdb_fail(struct manifest *m, const char *what, struct buf *err);
/** mdb_stmt(m, sql, err): the statement for the literal ${sql}, reset, kept with ${m}; NULL on error.  Not for walks whose callback may
 *  come back here. */
sqlite3_stmt *mdb_stmt(struct manifest *m, const char *sql, struct buf *err);
/** mdb_prepare(m, sql, out, err): a statement of the caller's own, to be finalized. */
enum status mdb_prepare(struct manifest *m, const char *sql, sqlite3_stmt **out, struct buf *err) MUST_CHECK;
/** mdb_row(m, st, err): OK: a row is there; RETRY…FATAL as mdb_fail(); SKIP: no more rows. */
enum status mdb_row(struct manifest *m, sqlite3_stmt *st, struct buf *err) MUST_CHECK;
/** mdb_done(m, st, err): step a statement that gives no row, and reset it. */
enum status mdb_done(struct manifest *m, sqlite3_stmt *st, struct buf *err) MUST_CHECK;
/** mdb_exec(m, sql, err): statements without parameters or results. */
enum status mdb_exec(struct manifest *m, const char *sql, struct buf *err) MUST_CHECK;
/** mdb_writing(m, err): FATAL unless between begin and commit: a caller's bug, told instead of silently losing atomicity. */
enum status mdb_writing(struct manifest *m, struct buf *err) MUST_CHECK;

void mdb_bind_text(sqlite3_stmt *st, int at, struct slice s); /* copied; never NULL */
void mdb_bind_blob(sqlite3_stmt *st, int at, const void *p, size_t n);
void mdb_bind_opt(sqlite3_stmt *st, int at, int64_t v); /* MANIFEST_NONE becomes NULL */
struct slice mdb_text(sqlite3_stmt *st, int col);       /* borrowed until the next step */
int64_t mdb_int_or_none(sqlite3_stmt *st, int col);

/* ---- terms and sites (mdb_terms.c) ---- */

struct mdb_cache *mdb_cache_new(void);
void mdb_cache_free(struct mdb_cache *c);
void mdb_cache_clear(struct mdb_cache *c);
/** mdb_term(m, kind, text, term, err): its number, given on first sight. */
enum status mdb_term(struct manifest *m, enum term_kind kind, struct slice text, int64_t *term, struct buf *err) MUST_CHECK;
/** mdb_find_term(m, kind, text, term, err): *${term} is -1 when it is not known. */
enum status mdb_find_term(struct manifest *m, enum term_kind kind, struct slice text, int64_t *term, struct buf *err) MUST_CHECK;
/** mdb_term_text(m, term, out, err): append its text; 0 appends nothing. */
enum status mdb_term_text(struct manifest *m, int64_t term, struct buf *out, struct buf *err) MUST_CHECK;
enum status mdb_site(struct manifest *m, struct slice source, struct slice host, int64_t *site, struct buf *err) MUST_CHECK;
/** mdb_site_texts(m, site, source, host, err): append the two texts. */
enum status mdb_site_texts(struct manifest *m, int64_t site, struct buf *source, struct buf *host, struct buf *err) MUST_CHECK;
enum status mdb_settings(struct manifest *m, struct slice hash, struct slice text, int64_t *settings, struct buf *err) MUST_CHECK;

/** mdb_host(url): the host of an http(s) URL, without port; "" for anything else.  Borrowed. */
struct slice mdb_host(struct slice url);
/** mdb_short_url(url, host): ${url} from its path on when it is "https://" ${host} "/…"; else whole.  Borrowed. */
struct slice mdb_short_url(struct slice url, struct slice host);
/** mdb_full_url(stored, host, out): append what mdb_short_url() shortened. */
void mdb_full_url(struct slice stored, struct slice host, struct buf *out);
/** mdb_unhex(hex, out, n): ${n} bytes from exactly 2·n hex digits. */
bool mdb_unhex(struct slice hex, unsigned char *out, size_t n);

/* ---- tallies (manifest_tally.c) ---- */

struct mdb_deltas *mdb_deltas_new(void);
void mdb_deltas_free(struct mdb_deltas *d);
void mdb_deltas_clear(struct mdb_deltas *d);
/** mdb_tally_document(m, doc, sign, err): take the document as it stands out of the tallies (-1) or into them (+1). */
enum status mdb_tally_document(struct manifest *m, int64_t doc, int sign, struct buf *err) MUST_CHECK;
/** mdb_tally_flush(m, err): write what is pending. */
enum status mdb_tally_flush(struct manifest *m, struct buf *err) MUST_CHECK;
/** mdb_month(day): year × 12 + month - 1. */
int64_t mdb_month(int64_t day);

/* ---- removals (manifest_removal.c) ---- */

/** mdb_removal_of(m, id, url, fetched, source, removal, err): the removal in force that covers it, or MANIFEST_NONE. */
enum status mdb_removal_of(struct manifest *m, struct slice id, struct slice url, struct slice fetched, struct slice source,
                           int64_t *removal, struct buf *err) MUST_CHECK;
/** mdb_mark_removed(m, doc, removal, err): ${doc} is out by ${removal}, or back in when that is MANIFEST_NONE. */
enum status mdb_mark_removed(struct manifest *m, int64_t doc, int64_t removal, struct buf *err) MUST_CHECK;

#endif
