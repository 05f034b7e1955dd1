#ifndef VILLERS_CRAWLER_POLITE_H
#define VILLERS_CRAWLER_POLITE_H
/*
 * One request at a time under the same rules as a crawl: the hub's host clocks (frontier/hosts.sqlite, shared with campaigns that run beside),
 * robots.txt and tdmrep.json read first and failing closed, Retry-After and growing rests, each redirect checked anew.
 */
#include "crawler/fetch_file.h"
#include "crawler/rights.h"
#include "crawler/source.h"

struct polite_options {
    const char *hub;
    const struct source *source;
    const char *agent;   /* product token */
    const char *contact; /* goes into the User-Agent */
    const char *const *connect_to;
    size_t n_connect_to;
    bool allow_private;
    int64_t delay_ms;    /* above 0: the floor, instead of the source's */
    int64_t backoff_ms;  /* first rest after a failure; 0: a minute */
    int64_t max_wait_ms; /* longest rest that is waited for; 0: ten minutes */
    int64_t stall_ms;
    unsigned tries; /* of one address; 0: 6 */
    bool (*stop)(void *ctx);
    void *ctx;
};
struct polite;
/** polite_open(opt, out, newer, err): ${opt} is borrowed until polite_free(). */
enum status polite_open(const struct polite_options *opt, struct polite **out, bool *newer, struct buf *err) MUST_CHECK;
void polite_free(struct polite *p);

/**
 * polite_get(p, req, ans, sink, ctx, err):
 * As fetch_file_get(), after robots.txt, rights and the host's rest; redirects followed, failures tried again.  Before each try
 * ${again} (may be NULL) may change ${req} (a resume goes on where it stopped).  OK: an answer that is neither a redirect, 429 nor 5xx.  SKIP: it
 * may not be fetched: ${err} says which rule; RETRY: not now: the host rests for longer than may be waited for, or its robots.txt cannot be had, or
 * stop() said so.
 */
enum status polite_get(struct polite *p, struct fetch_file_request *req, struct fetch_file_answer *ans,
                       enum status (*sink)(void *ctx, struct slice bytes),
                       enum status (*again)(void *ctx, struct fetch_file_request *req), void *ctx, struct buf *err) MUST_CHECK;
/** polite_read(p, url, max, out, ans, err): a small answer's body into ${out}; SKIP also when it is not 200 or passes ${max}. */
enum status polite_read(struct polite *p, const char *url, size_t max, struct buf *out, struct fetch_file_answer *ans,
                        struct buf *err) MUST_CHECK;

#endif
