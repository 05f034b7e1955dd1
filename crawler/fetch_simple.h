#ifndef VILLERS_CRAWLER_FETCH_SIMPLE_H
#define VILLERS_CRAWLER_FETCH_SIMPLE_H
/*
 * A blocking HTTP GET with ranges, for `pull` and `verify`: redirects followed, bodies as stored (identity coding asked for), connections
 * kept alive, one handle a worker.  Implements store/pull_transport.h.  With fetch_multi.c the only file that knows libcurl.
 */
#include "store/pull_transport.h"

struct fetch_simple_options {
    const char *user_agent;
    const char *const *connect_to; /* HOST:PORT:ADDR:PORT, as curl's; borrowed until fetch_simple_free() */
    size_t n_connect_to;
    unsigned workers;
    int64_t connect_timeout_ms; /* 0: 15 s */
    int64_t stall_ms;           /* no byte for so long: RETRY; 0: 30 s */
    bool (*stop)(void);         /* asked several times a second; true ends a transfer with RETRY.  May be NULL */
};

struct fetch_simple;
/** fetch_simple_new(opt, out, err): FATAL without memory or for a bad connect_to. */
enum status fetch_simple_new(const struct fetch_simple_options *opt, struct fetch_simple **out, struct buf *err) MUST_CHECK;
void fetch_simple_free(struct fetch_simple *f);
/** fetch_simple_transport(f): its calls, good until fetch_simple_free(). */
struct transport fetch_simple_transport(struct fetch_simple *f);

#endif
