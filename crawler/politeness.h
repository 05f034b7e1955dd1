#ifndef VILLERS_CRAWLER_POLITENESS_H
#define VILLERS_CRAWLER_POLITENESS_H
/*
 * How long to leave a host alone: pure arithmetic over times that the caller passes in.
 *
 * Between two requests to a host, from the first byte of an answer to the next start (from its end when none came):
 *     delay = max(floor, min(k × smoothed time to first byte, 30 s), Crawl-delay) × (1 + jitter),  jitter in [0, 1/10)
 * with k = 5.  Heritrix clamps k × latency to 3–30 s; here the lower clamp is the operator's floor (1 s unless a source says
 * otherwise), so that a short delay asked for one's own machine is honoured, and a slow host is still left five times as long
 * idle as it worked.  And never two requests at once.
 *
 * 429, any 5xx, a connection that fails, a timeout: the host rests for what Retry-After asks; without it for 60 s, doubled at
 * each failure in a row up to a day, plus jitter.  A success between two failures stops the doubling, twenty in a row take one doubling
 * back, and half an hour without a failure forgives all.  An answer that is not 200 never makes us faster: its latency enters the mean only when it raises it.
 */
#include "base/slice.h"

#define POLITENESS_FLOOR_MS 1000
#define POLITENESS_LATENCY_FACTOR 5
#define POLITENESS_LATENCY_MAX_MS 30000
#define POLITENESS_BACKOFF_FIRST_MS 60000
#define POLITENESS_BACKOFF_MAX_MS 86400000
#define POLITENESS_FORGIVE_MS 1800000
#define POLITENESS_CALM 20 /* successes in a row that halve the next rest */

struct politeness_clock {
    int64_t due_ms;          /* wall time before which no request may start */
    int64_t latency_us;      /* smoothed time to first byte; 0: not known yet */
    int64_t backoff_ms;      /* the last rest that was not asked by Retry-After; 0: none */
    int64_t last_failure_ms; /* wall time of the last failure; 0: none */
    bool failing;            /* the last answer was a failure */
    unsigned calm;           /* successes in a row seen by this process */
};

struct politeness_rules {
    int64_t floor_ms;         /* of the source or campaign */
    int64_t crawl_delay_ms;   /* of robots.txt; -1 when it names none */
    int64_t backoff_first_ms; /* 0: POLITENESS_BACKOFF_FIRST_MS */
};

/** politeness_delay_ms(c, r, dice): the delay as above; ${dice} is any random number. */
int64_t politeness_delay_ms(const struct politeness_clock *c, const struct politeness_rules *r, uint64_t dice);
/** politeness_start(c, r, now_ms, dice): a request starts now; moves c->due_ms to the next start allowed. */
void politeness_start(struct politeness_clock *c, const struct politeness_rules *r, int64_t now_ms, uint64_t dice);

struct politeness_answer {
    int64_t sent_ms;        /* wall time at which the request left */
    int64_t now_ms;         /* wall time at which the answer ended */
    int64_t first_ms;       /* wall time of the first byte; 0: sent_ms and latency_us tell */
    int64_t latency_us;     /* time to first byte; 0 when none came */
    int64_t retry_after_ms; /* -1: not asked */
    bool ok;                /* 200 or 304: its latency may lower the mean */
    bool failure;           /* 429, 5xx, connection, timeout */
};
/**
 * politeness_read_ms(a): wall time at which the server had read the request for certain: a stalled one reads it late, but never after its first
 * byte, nor after it let go of the connection.
 */
int64_t politeness_read_ms(const struct politeness_answer *a);
/** politeness_end(c, r, a, dice): an answer ended; updates the mean, the back-off and c->due_ms (which only grows). */
void politeness_end(struct politeness_clock *c, const struct politeness_rules *r, const struct politeness_answer *a, uint64_t dice);

/**
 * politeness_retry_after(value, date, now_ms):
 * The wait in milliseconds that a Retry-After header asks (RFC 9110 10.2.3: seconds or an HTTP date), capped at a day; -1 when
 * it says nothing readable.  A date is held against the answer's own Date (${date}, may be empty), so that a wrong clock does no
 * harm, and rounded up by the second that an HTTP date cannot tell.
 */
int64_t politeness_retry_after(struct slice value, struct slice date, int64_t now_ms);
/** politeness_http_date(s): wall milliseconds of an IMF-fixdate, RFC 850 or asctime date (RFC 9110 5.6.7), or -1. */
int64_t politeness_http_date(struct slice s);

/** politeness_in_hours(hours, n, wall_ms): ${wall_ms} lies in one of the UTC windows "HH:MM-HH:MM" (over midnight too); none: true. */
bool politeness_in_hours(char *const *hours, size_t n, int64_t wall_ms);

#endif
