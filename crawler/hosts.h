#ifndef VILLERS_CRAWLER_HOSTS_H
#define VILLERS_CRAWLER_HOSTS_H
/*
 * frontier/hosts.sqlite: what all campaigns of a hub share, so that together they are as polite as one: a clock a host, a clock
 * an address, and each origin's robots.txt and tdmrep.json.
 *
 * A host is claimed before a request goes out, in a committed transaction: its clock is moved on and it is leased to the campaign,
 * so no other process opens a second request at once, and one that is killed leaves a clock behind that a restart obeys.  A
 * campaign runs in one process at a time (its lock sees to that), so at its start it ends its own old leases; those of others
 * end by themselves at HOSTS_LEASE_MS.
 */
#include "base/buf.h"
#include "crawler/politeness.h"

#define HOSTS_LEASE_MS 400000 /* more than the longest request */

struct hosts;
/** hosts_open(path, campaign, now_ms, out, newer, err): make or open; leases that ${campaign} left are ended, each host's clock
 *  moved to its delay from now. */
enum status hosts_open(const char *path, const char *campaign, int64_t now_ms, struct hosts **out, bool *newer,
                       struct buf *err) MUST_CHECK;
void hosts_free(struct hosts *h);
/** hosts_begin, hosts_commit: everything below happens between them; not OK: rolled back. */
enum status hosts_begin(struct hosts *h, struct buf *err) MUST_CHECK;
enum status hosts_commit(struct hosts *h, struct buf *err) MUST_CHECK;
void hosts_rollback(struct hosts *h);

/** hosts_clock(h, host, now_ms, clock, err): *${clock} as it stands; while another campaign holds the host, due when its lease ends. */
enum status hosts_clock(struct hosts *h, struct slice host, int64_t now_ms, struct politeness_clock *clock,
                        struct buf *err) MUST_CHECK;
/** hosts_claim(h, host, clock, delay_ms, now_ms, err): store ${clock} as moved by politeness_start() and lease the host. */
enum status hosts_claim(struct hosts *h, struct slice host, const struct politeness_clock *clock, int64_t delay_ms, int64_t now_ms,
                        struct buf *err) MUST_CHECK;
/** hosts_release(h, host, clock, err): store ${clock} as moved by politeness_end() and end the lease. */
enum status hosts_release(struct hosts *h, struct slice host, const struct politeness_clock *clock, struct buf *err) MUST_CHECK;

/** hosts_address_due(h, ip, due_ms, err), hosts_address_claim(…): the clock of an address, 0 when it has none. */
enum status hosts_address_due(struct hosts *h, const char *ip, int64_t *due_ms, struct buf *err) MUST_CHECK;
enum status hosts_address_claim(struct hosts *h, const char *ip, int64_t due_ms, struct buf *err) MUST_CHECK;

enum hosts_file_kind { HOSTS_ROBOTS, HOSTS_TDMREP };
enum hosts_file_state {
    HOSTS_FILE_NEVER,      /* not asked for yet */
    HOSTS_FILE_FOUND,      /* 2xx: the body holds */
    HOSTS_FILE_ABSENT,     /* 4xx: there is none */
    HOSTS_FILE_UNREACHABLE /* 5xx, 429, network, TLS, timeout, endless redirects: nobody can say; the host is closed */
};
struct hosts_file {
    enum hosts_file_state state;
    int status;         /* of the last answer, 0 when none came */
    int64_t fetched_ms; /* last answer that settled it */
    int64_t since_ms;   /* unreachable since; 0 */
    int64_t next_ms;    /* not to be asked for before: a day after fetched_ms, or the growing retry */
    int64_t tries;      /* failures in a row */
    struct buf body;    /* owned; empty unless FOUND */
    char digest[65];    /* SHA-256 of the body, hex, or "" */
};
void hosts_file_free(struct hosts_file *f);
/** hosts_file_get(h, origin, kind, f, err): fill ${f} (initialised or zeroed; its body is replaced). */
enum status hosts_file_get(struct hosts *h, struct slice origin, enum hosts_file_kind kind, struct hosts_file *f,
                           struct buf *err) MUST_CHECK;
enum status hosts_file_put(struct hosts *h, struct slice origin, enum hosts_file_kind kind, const struct hosts_file *f,
                           struct buf *err) MUST_CHECK;
/** hosts_file_settle(f, status, body, now_ms): an answer came: 2xx with ${body}, or 4xx but 429. */
void hosts_file_settle(struct hosts_file *f, int status, struct slice body, int64_t now_ms);
/** hosts_file_fail(f, status, first_ms, now_ms): none can be had: retry after ${first_ms} doubling to a day; what was known lapses. */
void hosts_file_fail(struct hosts_file *f, int status, int64_t first_ms, int64_t now_ms);

/* ---- reading, from any process, while campaigns run ---- */

#define HOSTS_VERSION 1

/** hosts_open_read(path, out, newer, err): to read clocks and files alone; nothing is changed.  SKIP when there is no such file. */
enum status hosts_open_read(const char *path, struct hosts **out, bool *newer, struct buf *err) MUST_CHECK;

enum hosts_rest_kind {
    HOSTS_REST_FAILING, /* the host's last answer was a failure: it rests */
    HOSTS_REST_ROBOTS   /* its robots.txt cannot be read: it is closed until the next try */
};
struct hosts_rest {
    enum hosts_rest_kind kind;
    struct slice where; /* host name; of ROBOTS an origin */
    int64_t until_ms;
    int status; /* HTTP, of ROBOTS; 0: no answer */
};
typedef enum status (*hosts_rest_fn)(void *ctx, const struct hosts_rest *rest);
/** hosts_each_rest(path, now_ms, fn, ctx, err): the hosts that rest at ${now_ms}, soonest first; SKIP when there is no such file. */
enum status hosts_each_rest(const char *path, int64_t now_ms, hosts_rest_fn fn, void *ctx, struct buf *err) MUST_CHECK;

#endif
