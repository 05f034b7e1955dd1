#ifndef VILLERS_CRAWLER_CRAWL_DRY_H
#define VILLERS_CRAWLER_CRAWL_DRY_H
/*
 * What crawl_run() would do next, from the frontier, the sources and the files of hosts that are known: nothing is sent, nothing written.
 */
#include "crawler/crawl.h"

enum crawl_dry_what {
    CRAWL_DRY_FETCH,
    CRAWL_DRY_REFUSE, /* reason and evidence say why */
    CRAWL_DRY_ASK,    /* its host's robots.txt or tdmrep.json would be read first, and decide */
    CRAWL_DRY_WAIT,   /* a failure or an unreadable robots.txt keeps it until due_ms */
    CRAWL_DRY_N
};
struct crawl_dry {
    enum crawl_dry_what what;
    struct slice url, source, evidence;
    enum reason reason;
    int64_t due_ms;
    bool again; /* it was fetched before */
};
typedef enum status (*crawl_dry_fn)(void *ctx, const struct crawl_dry *d);

/**
 * crawl_dry_run(opt, now_ms, fn, ctx, newer, err):
 * Give ${fn} each URL that waits in the campaign's frontier and each seed not in it yet, host by host.  Reads what waits once.
 */
enum status crawl_dry_run(const struct crawl_options *opt, int64_t now_ms, crawl_dry_fn fn, void *ctx, bool *newer,
                          struct buf *err) MUST_CHECK;

#endif
