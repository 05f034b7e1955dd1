#ifndef VILLERS_CRAWLER_FRONTIER_H
#define VILLERS_CRAWLER_FRONTIER_H
/*
 * frontier/NAME.sqlite: what a campaign has seen, has still to fetch, and what became of each URL; and the captures that
 * wait for their segments to be sealed.  It is the truth of a crawl: what it has not committed did not happen.
 *
 *              add                next + send               finish
 *   (unknown) ─────→ QUEUED ───────────────────→ INFLIGHT ─────────→ DONE
 *                      ↑  ↖ requeue, recover ──────┘ │
 *             due time │                             │ retry
 *                    WAITING ←───────────────────────┘
 *   QUEUED ──hold──→ HELD (a limit of its source) ──release──→ QUEUED
 *
 * A URL is keyed by its 64-bit hash; the text is compared, and a collision goes to the next free number.  Tables are
 * specified at the head of frontier.c.  One struct frontier a thread; one process a campaign (a lock file).
 */
#include "base/buf.h"
#include "crawler/reason.h"

enum frontier_state { FRONTIER_QUEUED, FRONTIER_INFLIGHT, FRONTIER_DONE, FRONTIER_WAITING, FRONTIER_HELD };
enum frontier_kind { FRONTIER_PAGE, FRONTIER_SITEMAP };

struct frontier;

/**
 * frontier_open(path, now_ms, out, newer, err):
 * Make or open for writing, take the lock, and put what was in flight at a crash back in the queue.  RETRY when another process
 * runs this campaign.
 */
enum status frontier_open(const char *path, int64_t now_ms, struct frontier **out, bool *newer, struct buf *err) MUST_CHECK;
void frontier_free(struct frontier *f);
enum status frontier_begin(struct frontier *f, struct buf *err) MUST_CHECK;
enum status frontier_commit(struct frontier *f, struct buf *err) MUST_CHECK;
void frontier_rollback(struct frontier *f);
/**
 * frontier_fold(f, err):
 * Force what was committed to the disk and fold the log into the database, as far as readers allow.  Nothing else does while the
 * campaign runs, so that the caller can force first what the rows speak of.  Outside a transaction.  O(pages changed since).
 */
enum status frontier_fold(struct frontier *f, struct buf *err) MUST_CHECK;

/** frontier_source(f, id, number, err): the number of a source, made when new. */
enum status frontier_source(struct frontier *f, struct slice id, int64_t *number, struct buf *err) MUST_CHECK;
/** frontier_host(f, name, number, made, err): the number of a host name, made when new (*${made}). */
enum status frontier_host(struct frontier *f, struct slice name, int64_t *number, bool *made, struct buf *err) MUST_CHECK;

struct frontier_url {
    int64_t key;
    struct slice url; /* canonical */
    int64_t host;     /* number */
    int64_t source;   /* number, 0: none */
    enum frontier_kind kind;
    int64_t depth; /* links from a seed */
    int64_t hops;  /* redirects in a row that led here */
    int64_t tries; /* failures so far */
    int64_t via;   /* key of the URL that led here; 0: a seed, a robots.txt */
    int64_t cross; /* a sitemap: the host whose robots.txt named it, whose pages it may list too; else 0 */
    bool known;    /* set by frontier_add(): it was there */
};
/**
 * frontier_add(f, u, refusal, detail, added, err):
 * Remember ${u} (key is set).  ${refusal} other than NONE: it is done at once, for that reason.  Known already: nothing changes
 * but its depth when it is now nearer, which queues it again when it was refused for depth; *${added} is true when there is
 * something new in the queue.
 */
enum status frontier_add(struct frontier *f, struct frontier_url *u, enum reason refusal, struct slice detail, bool *added,
                         struct buf *err) MUST_CHECK;
/**
 * frontier_next(f, host, now_ms, fresh, u, due_ms, err):
 * The next URL of ${host}: one whose retry is due, else the nearest to a seed, else the first found; with ${fresh}, retries come
 * last, so that one bad address does not keep a host from its others.  SKIP when there is none now;
 * *${due_ms} is then when the next retry is due, or INT64_MAX.  u->url lives until the next call.
 */
enum status frontier_next(struct frontier *f, int64_t host, int64_t now_ms, bool fresh, struct frontier_url *u, int64_t *due_ms,
                          struct buf *err) MUST_CHECK;
enum status frontier_sent(struct frontier *f, int64_t key, struct buf *err) MUST_CHECK;
struct frontier_end {
    enum reason reason;
    struct slice detail; /* what decided, cut at 1,000 bytes */
    int status;          /* HTTP, 0: none */
    int64_t now_ms;
    int64_t bytes;       /* of the payload */
    double french_share; /* of the text; below 0: not measured */
};
enum status frontier_finish(struct frontier *f, int64_t key, const struct frontier_end *end, struct buf *err) MUST_CHECK;
/** frontier_retry(f, key, due_ms, reason, tries, err): a failure: not before ${due_ms}. */
enum status frontier_retry(struct frontier *f, int64_t key, int64_t due_ms, enum reason reason, int64_t tries,
                           struct buf *err) MUST_CHECK;
/** frontier_requeue(f, key, err): as if it had not been sent. */
enum status frontier_requeue(struct frontier *f, int64_t key, struct buf *err) MUST_CHECK;
/** frontier_hold(f, key, err): its source has reached a limit.  frontier_unhold(f, source, err): it may go on. */
enum status frontier_hold(struct frontier *f, int64_t key, struct buf *err) MUST_CHECK;
enum status frontier_unhold(struct frontier *f, int64_t source, struct buf *err) MUST_CHECK;

/** frontier_each_host(f, fn, ctx, err): the hosts with anything queued or waiting, by number.  O(hosts × log URLs). */
typedef enum status (*frontier_host_fn)(void *ctx, int64_t host, struct slice name);
enum status frontier_each_host(struct frontier *f, frontier_host_fn fn, void *ctx, struct buf *err) MUST_CHECK;

/**
 * frontier_reconsider(f, signature, fn, ctx, urls, err):
 * When ${signature}, of what bounds the sources, is not the one of the last call on this frontier: give ${fn} each URL that was left out as
 * outside the sources.  Where it fills source and host, the URL is queued; *${urls} of them.  Reads the whole table, then; the first
 * call only notes.
 */
typedef enum status (*frontier_reconsider_fn)(void *ctx, struct frontier_url *u, bool *wanted);
enum status frontier_reconsider(struct frontier *f, uint64_t signature, frontier_reconsider_fn fn, void *ctx, int64_t *urls,
                                struct buf *err) MUST_CHECK;

/* ---- visits: what a fetch left for the next one (frontier_visit.c) ---- */

struct frontier_visit {
    enum reason reason; /* how it ended */
    int64_t fetched_ms; /* when the body that stands was asked for: the WARC-Date of its response */
    int64_t every_ms;   /* how often it is looked at; 0: not by itself */
    int64_t next_ms;    /* when it is next due; 0: never by itself */
    uint64_t basis;     /* hash of what judged it besides its own bytes: licence of the source, code */
    uint64_t text;      /* hash of the document it gave, dates of fetching aside */
    bool has_digest;
    unsigned char digest[32];    /* SHA-256 of the body as sent */
    struct slice doc_id;         /* of the document it gave, or "" */
    struct slice etag, modified; /* as sent, or "" */
};
/** frontier_visits(f): whether there were any when it was opened, or since. */
bool frontier_visits(const struct frontier *f);
/** frontier_visit_get(f, key, v, err): SKIP when the URL was never fetched.  Its slices live until the next call. */
enum status frontier_visit_get(struct frontier *f, int64_t key, struct frontier_visit *v, struct buf *err) MUST_CHECK;
enum status frontier_visit_put(struct frontier *f, int64_t key, const struct frontier_visit *v, struct buf *err) MUST_CHECK;
/** frontier_visit_keep(f, key, status, now_ms, v, err): looked at again, and what it was stands: the URL ends as it had, with ${status};
 *  every_ms, next_ms, etag, modified and basis of ${v} are stored. */
enum status frontier_visit_keep(struct frontier *f, int64_t key, int status, int64_t now_ms, const struct frontier_visit *v,
                                struct buf *err) MUST_CHECK;
/** frontier_visit_due(f, now_ms, urls, err): queue what is due again; *${urls} of them. */
enum status frontier_visit_due(struct frontier *f, int64_t now_ms, int64_t *urls, struct buf *err) MUST_CHECK;
/** frontier_visit_all(f, urls, err): queue all that was ever asked for, or refused by robots.txt or a reservation.  Reads the whole table. */
enum status frontier_visit_all(struct frontier *f, int64_t *urls, struct buf *err) MUST_CHECK;
/** frontier_visit_modified(f, key, modified_ms, before_ms, queued, err): queue ${key} again when it was fetched before ${modified_ms} and
 *  not looked at since ${before_ms}. */
enum status frontier_visit_modified(struct frontier *f, int64_t key, int64_t modified_ms, int64_t before_ms, bool *queued,
                                    struct buf *err) MUST_CHECK;
/** frontier_visit_next(f, next_ms, n, err): how many URLs will be due by themselves and when the first is; for readers too. */
enum status frontier_visit_next(struct frontier *f, int64_t *next_ms, int64_t *n, struct buf *err) MUST_CHECK;

/* ---- what was learnt of hosts (frontier_learnt.c) ---- */

/** frontier_french_get(f, host, documents, share, err), frontier_french_put(…): documents of a host and their mean French share; 0 and 1
 *  when none was noted. */
enum status frontier_french_get(struct frontier *f, int64_t host, int64_t *documents, double *share, struct buf *err) MUST_CHECK;
enum status frontier_french_put(struct frontier *f, int64_t host, int64_t documents, double share, struct buf *err) MUST_CHECK;
struct frontier_novelty { /* as struct novelty_entry */
    int64_t place;
    uint64_t key;
    int64_t pages, fresh;
    struct slice prints;
};
enum status frontier_novelty_put(struct frontier *f, const struct frontier_novelty *n, struct buf *err) MUST_CHECK;
typedef void (*frontier_novelty_fn)(void *ctx, const struct frontier_novelty *n);
enum status frontier_each_novelty(struct frontier *f, frontier_novelty_fn fn, void *ctx, struct buf *err) MUST_CHECK;

struct frontier_judged {
    struct slice origin;
    int64_t host, source; /* numbers */
    uint64_t said;        /* hash of what its files said when its documents were last held against them */
    int64_t due_ms;       /* when they are to be read again */
};
enum status frontier_judged_get(struct frontier *f, struct slice origin, bool *known, uint64_t *said, struct buf *err) MUST_CHECK;
enum status frontier_judged_put(struct frontier *f, const struct frontier_judged *j, struct buf *err) MUST_CHECK;
typedef enum status (*frontier_judged_fn)(void *ctx, const struct frontier_judged *j);
/** frontier_each_judged_due(f, now_ms, next_ms, fn, ctx, err): the origins that are due, and then not before ${next_ms} unless put. */
enum status frontier_each_judged_due(struct frontier *f, int64_t now_ms, int64_t next_ms, frontier_judged_fn fn, void *ctx,
                                     struct buf *err) MUST_CHECK;
typedef enum status (*frontier_taken_fn)(void *ctx, const struct frontier_url *u);
/** frontier_each_taken(f, after, most, fn, ctx, err): ${most} URLs that gave a document which stands, by key from above ${after}; ${fn} may
 *  change the row it is given. */
enum status frontier_each_taken(struct frontier *f, int64_t after, int64_t most, frontier_taken_fn fn, void *ctx,
                                struct buf *err) MUST_CHECK;

/* ---- segments and their captures ---- */

struct frontier_segment {
    int64_t number;    /* of the pair: one WARC and one raw file grow, and are sealed, together */
    struct slice base; /* file name without suffix */
    bool gzip;         /* the WARC's codec */
    int64_t run;       /* of the manifest */
    uint64_t warc_end, raw_end, warc_records, raw_records;
};
enum status frontier_segment_begin(struct frontier *f, struct frontier_segment *s, struct buf *err) MUST_CHECK; /* fills number */
enum status frontier_segment_grow(struct frontier *f, const struct frontier_segment *s, struct buf *err) MUST_CHECK;
/** frontier_segment_drop(f, number, err): sealed and in the manifest: forget it and its captures. */
enum status frontier_segment_drop(struct frontier *f, int64_t number, struct buf *err) MUST_CHECK;
/**
 * frontier_segment_lost(f, number, urls, err): its files do not hold what was committed (a power cut, a copy of a hub at work): what they
 * held is queued again, *${urls} of them, and the pair forgotten.  Reads the whole table.
 */
enum status frontier_segment_lost(struct frontier *f, int64_t number, int64_t *urls, struct buf *err) MUST_CHECK;
/** frontier_segment_first(f, s, err): the oldest pair not yet in the manifest; SKIP when there is none.  s->base lives until the next call. */
enum status frontier_segment_first(struct frontier *f, struct frontier_segment *s, struct buf *err) MUST_CHECK;

struct frontier_capture {
    /* doc_id beside a refusal: the document that the URL gave before, which is to be withdrawn */
    struct slice doc_id, url, fetched_url, source, license, digest, refusal, evidence;
    int status;
    int64_t captured_ms, bytes, warc_offset, raw_offset; /* raw_offset -1: no document; warc_offset -1: nothing was fetched */
};
enum status frontier_capture_add(struct frontier *f, int64_t segment, const struct frontier_capture *c, struct buf *err) MUST_CHECK;
typedef enum status (*frontier_capture_fn)(void *ctx, const struct frontier_capture *c);
enum status frontier_each_capture(struct frontier *f, int64_t segment, frontier_capture_fn fn, void *ctx,
                                  struct buf *err) MUST_CHECK;

/* ---- reading, from any process, while a crawl runs ---- */

enum status frontier_open_read(const char *path, struct frontier **out, bool *newer, struct buf *err) MUST_CHECK;

struct frontier_tally {
    struct slice source; /* id, or "" */
    enum frontier_state state;
    enum reason reason;
    int64_t urls, bytes, french_bytes; /* french_bytes: payload bytes × French share */
};
typedef enum status (*frontier_tally_fn)(void *ctx, const struct frontier_tally *t);
/** frontier_each_tally(f, fn, ctx, err): URLs added up by source, state, reason.  Reads the whole table. */
enum status frontier_each_tally(struct frontier *f, frontier_tally_fn fn, void *ctx, struct buf *err) MUST_CHECK;

struct frontier_row {
    struct frontier_url u;
    struct slice source, via_url; /* "" for none */
    enum frontier_state state;
    enum reason reason;
    struct slice detail;
    int status;
    int64_t fetched_ms, due_ms;
    double french_share;
};
typedef enum status (*frontier_row_fn)(void *ctx, const struct frontier_row *row);
struct frontier_left {
    struct slice url;
    enum frontier_kind kind;
    int64_t due_ms; /* of one that failed before; 0 */
    bool again;     /* it was fetched before */
};
typedef enum status (*frontier_left_fn)(void *ctx, const struct frontier_left *left);
/** frontier_each_left(f, all, now_ms, fn, ctx, err): what waits, and what is due again (${all}: whatever was asked for before), by host. */
enum status frontier_each_left(struct frontier *f, bool all, int64_t now_ms, frontier_left_fn fn, void *ctx,
                               struct buf *err) MUST_CHECK;
/** frontier_host_left(f, host, urls, err): how many URLs of a host name wait; 0 when it is not known. */
enum status frontier_host_left(struct frontier *f, struct slice host, int64_t *urls, struct buf *err) MUST_CHECK;
/** frontier_find(f, url, fn, ctx, err): what is known of ${url} (canonical); SKIP when nothing. */
enum status frontier_find(struct frontier *f, struct slice url, frontier_row_fn fn, void *ctx, struct buf *err) MUST_CHECK;

#endif
