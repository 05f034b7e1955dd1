#ifndef VILLERS_STORE_MANIFEST_H
#define VILLERS_STORE_MANIFEST_H
/*
 * The manifest of a hub (manifest.sqlite): segments, captures, documents, verdicts, releases, placements, removals, runs.
 * Its tables are specified in store/schema.sql.  manifest_*.c are the only files, with the frontier's, that know SQLite.
 *
 * One struct manifest a thread.  Several processes may hold the file: one writes at a time, a writer waits up to
 * MANIFEST_WAIT_MS for another and then gets RETRY.  Readers are never blocked and see the last commit.
 *
 * Writes happen between manifest_begin() and manifest_commit(); a stage puts what belongs together (a segment and all its
 * rows) in one transaction.  Any write that does not answer OK leaves the transaction to be rolled back.  A full disk is RETRY.
 *
 * Slices handed to a callback live until it returns; callbacks must not write through the same manifest, but may read with
 * another struct.  A callback that answers anything but OK stops the walk, and that status is returned.
 */
#include "base/buf.h"
#include "store/doc.h"

#define MANIFEST_WAIT_MS 30000
#define MANIFEST_NONE INT64_MIN /* no number, no day, no offset */

struct manifest;

enum manifest_mode {
    MANIFEST_READ,  /* the file must exist; nothing is written */
    MANIFEST_WRITE, /* the file must exist; older versions are migrated */
    MANIFEST_CREATE /* made when it is not there */
};
/**
 * manifest_open(path, mode, out, newer, err):
 * SKIP when there is no such file (READ, WRITE).  FATAL when it is damaged, not a manifest, or was made by a newer Villers: then,
 * and only then, *${newer} (may be NULL) is true and ${err} names the remedy (exit 78).  RETRY on a full disk or a busy file.
 */
enum status manifest_open(const char *path, enum manifest_mode mode, struct manifest **out, bool *newer,
                          struct buf *err) MUST_CHECK;
void manifest_free(struct manifest *m); /* rolls back what is open */

/** manifest_begin(m, err): take the write lock.  Not nested. */
enum status manifest_begin(struct manifest *m, struct buf *err) MUST_CHECK;
/** manifest_commit(m, err): all since begin, durable (fsync); not OK: rolled back. */
enum status manifest_commit(struct manifest *m, struct buf *err) MUST_CHECK;
/**
 * manifest_look(m, err): until manifest_look_end(), all questions see one state and share one lock, which spares each its own; it stops
 * no writer.  Nothing may be written meanwhile, and a walk of seconds would keep the log from being folded.
 */
enum status manifest_look(struct manifest *m, struct buf *err) MUST_CHECK;
void manifest_look_end(struct manifest *m);
/** manifest_rollback(m): nothing happened.  Harmless outside a transaction. */
void manifest_rollback(struct manifest *m);

/* ---- runs and settings: which code and settings did what ---- */

struct manifest_run {
    const char *stage;         /* "crawl", "ingest", "refine", "publish", "forget" */
    const char *subject;       /* campaign, source or dataset, or "" */
    const char *code;          /* VILLERS_VERSION */
    const char *settings_hash; /* hex, or NULL */
    struct slice settings_text;
    int64_t began_ms;
};
/** manifest_run_begin(m, run, number, err): its own small transaction, so not between begin and commit. */
enum status manifest_run_begin(struct manifest *m, const struct manifest_run *run, int64_t *number, struct buf *err) MUST_CHECK;
/** manifest_run_end(m, number, now_ms, outcome, err): ${outcome} is JSON.  Its own transaction too. */
enum status manifest_run_end(struct manifest *m, int64_t number, int64_t now_ms, struct slice outcome, struct buf *err) MUST_CHECK;

struct manifest_run_row {
    int64_t number;
    struct slice stage, subject, code, settings_hash, settings_text, outcome; /* "" for none */
    int64_t began_ms, ended_ms; /* MANIFEST_NONE while it runs, or when it was killed */
};
typedef enum status (*manifest_run_fn)(void *ctx, const struct manifest_run_row *run);
/** manifest_keep_settings(m, hash, text, err): keep the text of settings that segments name by ${hash}. */
enum status manifest_keep_settings(struct manifest *m, struct slice hash, struct slice text, struct buf *err) MUST_CHECK;
/** manifest_run_of_segment(m, segment, fn, ctx, err): the run that made it; SKIP when that is not recorded. */
enum status manifest_run_of_segment(struct manifest *m, int64_t segment, manifest_run_fn fn, void *ctx, struct buf *err) MUST_CHECK;

/* ---- segments ---- */

enum segment_kind { SEGMENT_WARC = 1, SEGMENT_RAW, SEGMENT_REFINED, SEGMENT_SIGNATURE, SEGMENT_SIGNALS };
struct manifest_segment {
    int64_t number; /* filled by the manifest */
    enum segment_kind kind;
    struct slice name; /* file name in its folder, no slash */
    uint64_t bytes, records;
    int64_t sealed_ms;
    struct slice settings_hash; /* that made it, or "" */
    int64_t run;                /* or MANIFEST_NONE */
    int64_t derived_from;       /* a segment's number, or MANIFEST_NONE */
};
/**
 * manifest_add_segment(m, seg, number, known, err):
 * Record a sealed file.  WARC and raw segments are added once: when (kind, name) is there already, *${known} is true, *${number}
 * is the old one, nothing changes, and the caller skips its captures.  Derived segments replace their row and keep
 * the number; *${known} then says that there was one.  settings_hash need not exist in `settings` yet.
 */
enum status manifest_add_segment(struct manifest *m, const struct manifest_segment *seg, int64_t *number, bool *known,
                                 struct buf *err) MUST_CHECK;
/** manifest_find_segment(m, kind, name, number, err): SKIP when there is none. */
enum status manifest_find_segment(struct manifest *m, enum segment_kind kind, struct slice name, int64_t *number,
                                  struct buf *err) MUST_CHECK;
typedef enum status (*manifest_segment_fn)(void *ctx, const struct manifest_segment *seg);
/** manifest_each_segment(m, kind, fn, ctx, err): in name order. */
enum status manifest_each_segment(struct manifest *m, enum segment_kind kind, manifest_segment_fn fn, void *ctx,
                                  struct buf *err) MUST_CHECK;
/**
 * manifest_each_stale(m, kind, derived_kind, settings_hash, fn, ctx, err):
 * Segments of ${kind} from which no segment of ${derived_kind} was made under ${settings_hash}, in name order: what `refine` has
 * still to do.  The list is read whole before the first call, so ${fn} may write and commit.
 */
enum status manifest_each_stale(struct manifest *m, enum segment_kind kind, enum segment_kind derived_kind,
                                struct slice settings_hash, manifest_segment_fn fn, void *ctx, struct buf *err) MUST_CHECK;

/* ---- captures ---- */

struct manifest_capture {
    struct slice doc_id; /* 32 hex digits; "" when the capture gave no document (refused, redirect, error) */
    struct slice
        url; /* canonical URL of the document (page's rel=canonical included), or what was fetched; upstream id for a dump */
    struct slice fetched_url;               /* the URL that answered; "" means url */
    struct slice source, campaign, license; /* license: SPDX id after the page's narrowing; "" for a refusal */
    int status;                             /* HTTP; 0 when there was none */
    int64_t captured_ms;
    int64_t bytes;             /* payload */
    struct slice digest;       /* "sha256:" + 64 hex digits, or "" */
    int64_t warc, warc_offset; /* a segment's number and the response record's offset, or MANIFEST_NONE */
    int64_t raw, raw_offset;   /* of the record's frame, or MANIFEST_NONE */
    struct slice refusal;      /* reason, "" when taken */
    struct slice evidence;     /* what decided a refusal, verbatim, cut at 1,000 bytes; "" for none */
};
/**
 * manifest_add_capture(m, cap, err):
 * Needs doc_id or refusal.  A first capture of an id makes its document (verdict pending); a later one becomes the document's
 * capture when it is better (fetched URL equal to url first, then smallest fetched URL, then latest), whatever the order of
 * arrival.  A document that has a verdict keeps it, and its text, until the better capture's own verdict comes.  A document under a removal in force is marked removed.  SKIP for a capture
 * that makes no sense (bad id, URL over LIMIT_URL_INPUT).
 */
enum status manifest_add_capture(struct manifest *m, const struct manifest_capture *cap, struct buf *err) MUST_CHECK;

struct manifest_capture_row {
    struct manifest_capture c;        /* as above */
    struct slice warc_name, raw_name; /* file names, or "" */
    bool best;                        /* the one its document stands on */
};
typedef enum status (*manifest_capture_fn)(void *ctx, const struct manifest_capture_row *row);
/** manifest_captures_of_id(m, id, fn, ctx, err): oldest first. */
enum status manifest_captures_of_id(struct manifest *m, struct slice id, manifest_capture_fn fn, void *ctx,
                                    struct buf *err) MUST_CHECK;
/** manifest_captures_of_url(m, url, fn, ctx, err): those that were fetched at ${url}, or whose document has that canonical URL under
 *  any source; oldest first. */
enum status manifest_captures_of_url(struct manifest *m, struct slice url, manifest_capture_fn fn, void *ctx,
                                     struct buf *err) MUST_CHECK;

/* ---- verdicts ---- */

struct manifest_verdict {
    struct slice id;                /* 32 hex digits */
    int64_t raw, raw_offset;        /* the raw record that was judged */
    int64_t segment, offset;        /* the refined record */
    struct slice license, language; /* SPDX id, ISO 639-3 */
    struct slice date;              /* publication, ISO 8601 with at least YYYY-MM-DD, or "" */
    double language_score, french_share;
    int64_t bytes, words; /* of the text */
    struct slice reason;  /* "" passes; "language", "quality:…", "licence"… */
    struct slice variety; /* of French, BCP 47 ("fr-CA"), or "" */
    struct slice type;    /* of document (store/doc_type.h), or "" for untold */
    double quality;       /* 0 to 1 (quality_score()); below 0: not measured */
};
/**
 * manifest_put_verdict(m, v, taken, err):
 * Record the verdict.  *${taken} (may be NULL) is false, and nothing is changed, when the raw record is neither the capture that the
 * document stands on nor the better one that waits for its verdict.  A document that was in a cluster stays there until the next manifest_set_cluster(), unless it is now out.
 */
enum status manifest_put_verdict(struct manifest *m, const struct manifest_verdict *v, bool *taken, struct buf *err) MUST_CHECK;

/**
 * manifest_judge_again(m, v, changed, err):
 * Give the document ${v}->id the reason, type and quality of ${v}, which is about its refined record at ${v}->offset of ${v}->segment; nothing
 * else of ${v} is read.  *${changed} tells whether it had others.  A document that stands on another record stays as it is.  As manifest_put_verdict() for clusters.  SKIP when there is no such
 * document.
 */
enum status manifest_judge_again(struct manifest *m, const struct manifest_verdict *v, bool *changed, struct buf *err) MUST_CHECK;

struct manifest_cluster {
    int64_t doc, kept; /* documents' numbers; kept == doc for the survivor or a document alone */
    double similarity;
    int64_t size;
};
/** manifest_set_cluster(m, c, err): writes only when something changes.  Ascending doc is fastest. */
enum status manifest_set_cluster(struct manifest *m, const struct manifest_cluster *c, struct buf *err) MUST_CHECK;

/* ---- documents ---- */

struct manifest_document {
    int64_t doc; /* number: unique, below 2^40, of no meaning outside this manifest */
    char id[DOC_ID_LEN];
    struct slice source, host, url, campaign, license, language; /* language "" while pending */
    struct slice variety;                                        /* of French, BCP 47, or "" */
    struct slice type;                                           /* of document, or "" when it was judged before types were told */
    int64_t crawl_day, date_day;                                 /* days since 1970-01-01; date_day MANIFEST_NONE when unknown */
    double language_score, french_share;
    double quality;                 /* 0 to 1; below 0: not measured */
    int64_t bytes, words;           /* of the text */
    struct slice reason;            /* "" passes; "pending", or why it is out; then "duplicate", "removed" */
    bool candidate;                 /* refined, passes, not removed: takes part in deduplication */
    bool kept;                      /* candidate and not a duplicate: what a release takes */
    struct slice segment;           /* refined file's name, or "" */
    int64_t segment_number, offset; /* refined record, or MANIFEST_NONE */
    int64_t duplicate_of;           /* document number, or MANIFEST_NONE */
    char cluster_id[DOC_ID_LEN];    /* the kept document's id; its own when alone */
    double similarity;              /* with duplicate_of, else 1 */
    int64_t cluster_size;
    int64_t removal; /* number of the removal that took it out, or MANIFEST_NONE */
    int64_t shard;   /* its place in the selected dataset, or MANIFEST_NONE */
};
enum manifest_order {
    MANIFEST_BY_NUMBER,  /* as stored: fastest */
    MANIFEST_BY_SITE,    /* source, host, id, as bytes: the order of a release; sorts, O(n log n) in bounded memory */
    MANIFEST_BY_SEGMENT, /* refined segment's name, offset: to read refined/ and index/ from front to back */
    MANIFEST_BY_SHARD    /* shard in the selected dataset, then as BY_SITE; documents without a place come last */
};
enum manifest_which { MANIFEST_ALL, MANIFEST_CANDIDATES, MANIFEST_KEPT, MANIFEST_REMOVED };
struct manifest_select { /* zeroed: all, by number */
    enum manifest_which which;
    enum manifest_order order;
    const char *dataset;                                       /* to fill shard; NULL: none */
    const char *source, *license, *host, *language, *campaign; /* NULL: any */
    int64_t segment;                                           /* refined segment's number; 0: any */
    double min_french_share;
};
typedef enum status (*manifest_document_fn)(void *ctx, const struct manifest_document *d);
/** manifest_each_document(m, sel, fn, ctx, err): one statement, so one consistent view, whatever is written meanwhile. */
enum status manifest_each_document(struct manifest *m, const struct manifest_select *sel, manifest_document_fn fn, void *ctx,
                                   struct buf *err) MUST_CHECK;
struct manifest_candidate { /* what deciding duplicates wants of a document that takes part in it */
    int64_t doc;
    char id[DOC_ID_LEN];
    struct slice source, license;
    int64_t date_day, bytes;
    int64_t segment_number, offset;     /* the refined record */
    int64_t duplicate_of, cluster_size; /* as decided last */
};
typedef enum status (*manifest_candidate_fn)(void *ctx, const struct manifest_candidate *c);
/** manifest_each_candidate(m, fn, ctx, err): by number.  One statement, a tenth of the cost of a walk of whole documents. */
enum status manifest_each_candidate(struct manifest *m, manifest_candidate_fn fn, void *ctx, struct buf *err) MUST_CHECK;
/** manifest_candidate_of(m, doc, fn, ctx, err): ${fn} once; SKIP when ${doc} takes no part. */
enum status manifest_candidate_of(struct manifest *m, int64_t doc, manifest_candidate_fn fn, void *ctx, struct buf *err) MUST_CHECK;
/** manifest_find_document(m, id, dataset, fn, ctx, err): ${fn} once; SKIP when there is none.  ${dataset} may be NULL. */
enum status manifest_find_document(struct manifest *m, struct slice id, const char *dataset, manifest_document_fn fn, void *ctx,
                                   struct buf *err) MUST_CHECK;
/** manifest_duplicates_of(m, id, fn, ctx, err): the documents that gave way to ${id}, by id. */
enum status manifest_duplicates_of(struct manifest *m, struct slice id, manifest_document_fn fn, void *ctx,
                                   struct buf *err) MUST_CHECK;

/* ---- what was counted ---- */

enum manifest_dimension {
    MANIFEST_SOURCE,
    MANIFEST_CAMPAIGN,
    MANIFEST_LICENSE,
    MANIFEST_LANGUAGE,
    MANIFEST_HOST,
    MANIFEST_OUTCOME,
    MANIFEST_MONTH
};
struct manifest_tally {
    struct slice
        key[2]; /* the dimensions' values; a month is "2024-07"; an outcome "kept", "pending", "duplicate", "removed" or a reason */
    int64_t documents, bytes, words, french_bytes; /* bytes of text; french_bytes are those of French spans */
    int64_t kept_documents, kept_bytes, kept_words, kept_french_bytes;
};
typedef enum status (*manifest_tally_fn)(void *ctx, const struct manifest_tally *t);
/**
 * manifest_each_tally(m, dims, n, fn, ctx, err):
 * Documents added up by ${n} (0 to 2) dimensions, keys in byte order; 0 gives one line for all.  Reads the tallies, so O(sites), not
 * O(documents).
 */
enum status manifest_each_tally(struct manifest *m, const enum manifest_dimension *dims, unsigned n, manifest_tally_fn fn,
                                void *ctx, struct buf *err) MUST_CHECK;
/* One quality of refined documents: variety ("fr-CA", "" unknown); month of publication ("2024-05", "" unknown); share of French and score of
 * the language in tenths ("00" to "10"); length ("00" below 100 words, "01" 300, "02" 1,000, "03" 3,000, "04" 10,000, "05" the rest); quality in tenths ("" unknown); type
 * of document ("" unknown). */
enum manifest_spread {
    MANIFEST_SPREAD_VARIETY = 1,
    MANIFEST_SPREAD_PUBLISHED,
    MANIFEST_SPREAD_FRENCH,
    MANIFEST_SPREAD_SCORE,
    MANIFEST_SPREAD_LENGTH,
    MANIFEST_SPREAD_QUALITY,
    MANIFEST_SPREAD_TYPE
};
/** manifest_each_spread(m, spread, fn, ctx, err): refined documents added up by it, keys in byte order.  Reads a few hundred rows. */
enum status manifest_each_spread(struct manifest *m, enum manifest_spread spread, manifest_tally_fn fn, void *ctx,
                                 struct buf *err) MUST_CHECK;
struct manifest_refusal {
    struct slice key, reason;
    int64_t captures, bytes;
};
typedef enum status (*manifest_refusal_fn)(void *ctx, const struct manifest_refusal *r);
/** manifest_each_refusal(m, by, fn, ctx, err): refused captures by SOURCE, CAMPAIGN or HOST and reason, in byte order. */
enum status manifest_each_refusal(struct manifest *m, enum manifest_dimension by, manifest_refusal_fn fn, void *ctx,
                                  struct buf *err) MUST_CHECK;
/** manifest_recount(m, err): SKIP, with the first difference in ${err}, when tallies, refusals or foreign keys do not agree with the
 *  rows.  Reads everything. */
enum status manifest_recount(struct manifest *m, struct buf *err) MUST_CHECK;

/* ---- releases ---- */

struct manifest_release {
    int64_t number; /* filled by the manifest */
    struct slice dataset, version;
    int64_t date_day;
    int64_t documents, words, text_bytes, bytes;
    struct slice manifest_sha256; /* hex, of manifest.json */
    struct slice settings_hash;   /* or "" */
    int64_t run;                  /* or MANIFEST_NONE */
};
/** manifest_add_release(m, rel, number, err): SKIP when that version is there already. */
enum status manifest_add_release(struct manifest *m, const struct manifest_release *rel, int64_t *number,
                                 struct buf *err) MUST_CHECK;
typedef enum status (*manifest_release_fn)(void *ctx, const struct manifest_release *rel);
/** manifest_each_release(m, dataset, fn, ctx, err): in the order they were made; ${dataset} NULL: all. */
enum status manifest_each_release(struct manifest *m, const char *dataset, manifest_release_fn fn, void *ctx,
                                  struct buf *err) MUST_CHECK;

/** manifest_each_placed(m, fn, ctx, err): the number of each document that some release took, perhaps more than once, in no order. */
enum status manifest_each_placed(struct manifest *m, enum status (*fn)(void *ctx, int64_t doc), void *ctx,
                                 struct buf *err) MUST_CHECK;

struct manifest_shard {
    int64_t number; /* in its dataset, for ever */
    struct slice name, sha256;
    int64_t bytes, text_bytes, documents, words;
};
enum status manifest_add_shard(struct manifest *m, int64_t release, const struct manifest_shard *s, struct buf *err) MUST_CHECK;
typedef enum status (*manifest_shard_fn)(void *ctx, const struct manifest_shard *s);
/** manifest_each_shard(m, release, fn, ctx, err): by number. */
enum status manifest_each_shard(struct manifest *m, int64_t release, manifest_shard_fn fn, void *ctx, struct buf *err) MUST_CHECK;

/** manifest_place(m, dataset, doc, shard, err): put a document in a shard, for ever: one already placed stays where it is. */
enum status manifest_place(struct manifest *m, const char *dataset, int64_t doc, int64_t shard, struct buf *err) MUST_CHECK;

/* ---- removals ---- */

enum removal_scope {
    REMOVAL_ID = 1,
    REMOVAL_URL,
    REMOVAL_HOST,
    REMOVAL_SOURCE,
    REMOVAL_CRAWL /* found by the crawler: one row a reason and day, value "gone 2024-07-01"; never asked for, never lifted by hand */
};
struct manifest_removal {
    int64_t number; /* filled by the manifest */
    enum removal_scope scope;
    struct slice value;  /* 32 hex digits, canonical URL, host, source id */
    struct slice reason; /* code, [a-z-]+ */
    int64_t asked_ms;
    int64_t lifted_ms; /* MANIFEST_NONE while it holds */
};
/**
 * manifest_forget(m, r, marked, err):
 * Tombstone what ${r} names, present and to come; *${marked} is how many present documents it took out.  Known already: nothing
 * changes, 0.  O(documents) for a host or a source.
 */
enum status manifest_forget(struct manifest *m, const struct manifest_removal *r, int64_t *marked, struct buf *err) MUST_CHECK;
/** manifest_lift(m, scope, value, now_ms, freed, err): end a removal; documents under another one stay out.  SKIP when there is none. */
enum status manifest_lift(struct manifest *m, enum removal_scope scope, struct slice value, int64_t now_ms, int64_t *freed,
                          struct buf *err) MUST_CHECK;
typedef enum status (*manifest_removal_fn)(void *ctx, const struct manifest_removal *r);
/** manifest_each_removal(m, fn, ctx, err): all, lifted ones too, by number. */
enum status manifest_each_removal(struct manifest *m, manifest_removal_fn fn, void *ctx, struct buf *err) MUST_CHECK;
/** manifest_find_removal(m, number, fn, ctx, err): SKIP when there is none. */
enum status manifest_find_removal(struct manifest *m, int64_t number, manifest_removal_fn fn, void *ctx,
                                  struct buf *err) MUST_CHECK;
/** manifest_forgotten(m, id, url, source, removal, err): whether a removal in force covers the document; *${removal} its number or
 *  MANIFEST_NONE.  The crawler asks before it fetches. */
enum status manifest_forgotten(struct manifest *m, struct slice id, struct slice url, struct slice source, int64_t *removal,
                               struct buf *err) MUST_CHECK;

struct manifest_withdrawal {
    struct slice id;          /* 32 hex digits */
    struct slice fetched_url; /* where the crawler looked */
    struct slice reason;      /* a word of crawler/reason.h: gone, robots, reserved, licence… */
    int64_t found_ms;
};
/**
 * manifest_withdraw(m, w, taken, err):
 * The page is gone, or its rights are reserved now: its document is out of the next version, until a new capture of it comes.  Nothing
 * happens (*${taken} false) when there is no such document, it is out already, or it stands on a capture of another URL.
 */
enum status manifest_withdraw(struct manifest *m, const struct manifest_withdrawal *w, bool *taken, struct buf *err) MUST_CHECK;

/** manifest_stamp(m, key, value, err), manifest_read_stamp(m, key, out, err): the hub's own facts (table meta); SKIP when absent. */
enum status manifest_stamp(struct manifest *m, const char *key, struct slice value, struct buf *err) MUST_CHECK;
enum status manifest_read_stamp(struct manifest *m, const char *key, struct buf *out, struct buf *err) MUST_CHECK;

#endif
