#ifndef VILLERS_CRAWLER_FETCH_MULTI_H
#define VILLERS_CRAWLER_FETCH_MULTI_H
/*
 * Many HTTP requests on one event loop (libcurl multi): HTTP/1.1, and 2 over TLS; connections kept alive.  Bodies are given as
 * sent, neither transfer nor content coding undone; redirects are not followed; no proxy, no cookie, no retry.  Addresses are
 * judged when the socket is opened, so neither a redirect nor a name that changes its address gets past the guard.
 *
 * fetch_multi.c and fetch_simple.c are the only files that know libcurl.  One thread owns a fetcher; fetch_multi_wake() alone may
 * be called from any other.
 */
#include "base/buf.h"
#include "crawler/http_head.h"

struct fetch_multi;

enum fetch_error {
    FETCH_OK,       /* a whole answer, whatever its status */
    FETCH_CUT,      /* cut by us after the headers: see want */
    FETCH_LARGE,    /* cut by us: the body passes max_body */
    FETCH_HEADERS,  /* cut by us: the headers pass LIMIT_HEADERS */
    FETCH_ADDRESS,  /* not connected: the address is not public */
    FETCH_DEFERRED, /* not connected: may_connect() said not now */
    FETCH_STALE,    /* a kept connection was dead; the server may have seen the request or not */
    FETCH_DNS,
    FETCH_CONNECT,
    FETCH_TLS,
    FETCH_TIMEOUT, /* no connection, first byte or end in time, or too slow */
    FETCH_RESET,   /* cut before the first byte of the answer */
    FETCH_PARTIAL, /* cut inside the answer */
    FETCH_PROTOCOL /* not HTTP */
};

struct fetch_request {
    const char *url;      /* canonical; copied */
    const char *modified; /* If-Modified-Since, or NULL */
    const char *etag;     /* If-None-Match, or NULL */
    size_t max_body;      /* bytes on the wire */
    bool any_type;        /* false: a 200 whose type is not HTML or plain text is cut after the headers */
    void *tag;            /* given back */
};

struct fetch_answer {
    void *tag;
    enum fetch_error error;
    char detail[160];   /* for people, when error is not FETCH_OK */
    int status;         /* 0 when no status line came */
    struct buf request; /* request line and headers as sent */
    struct buf head;    /* status line and headers, ended by an empty line; HTTP/2's as HTTP/1.1 */
    struct buf body;
    const char *protocol; /* "http/1.0", "http/1.1", "h2"; static */
    char ip[64];          /* connected to, or "" */
    int64_t sent_ms;      /* wall time at which the request left; when it never did, when it was asked for */
    int64_t first_ms;     /* wall time of its first line; 0 when none came */
    int64_t end_ms;       /* wall time */
    int64_t latency_us;   /* request sent to first byte; 0 when none came */
};

/**
 * The engine's say at connect time: ${ip} is where this request would go.  False: it is given up with FETCH_DEFERRED before a
 * packet leaves.  NULL: always.
 */
typedef bool fetch_may_connect(void *ctx, void *tag, const char *ip);

struct fetch_multi_options {
    const char *user_agent;        /* "villers/0.1 (+contact)" */
    const char *const *connect_to; /* HOST:PORT:ADDR:PORT, as curl's */
    size_t n_connect_to;
    bool allow_private;
    unsigned max_open;          /* requests at a time: for the connection cache */
    int64_t connect_timeout_ms; /* 0: 15 s */
    /**
     * Under 64 bytes/s for so long: cut; 0: 30 s.  With no byte at all: the server is told so by a half-close and has 30 s more, in
     * which an answer is still taken; FETCH_TIMEOUT comes when it has closed, or then.
     */
    int64_t stall_ms;
    int64_t total_timeout_ms; /* 0: 5 min */
    fetch_may_connect *may_connect;
    void *may_connect_ctx;
};

/** fetch_multi_new(opt, out, err): everything in ${opt} is copied but may_connect_ctx.  FATAL on a bad connect_to. */
enum status fetch_multi_new(const struct fetch_multi_options *opt, struct fetch_multi **out, struct buf *err) MUST_CHECK;
void fetch_multi_free(struct fetch_multi *m);
/** fetch_multi_start(m, req, err): begin ${req}, borrowed for this call.  FATAL without memory. */
enum status fetch_multi_start(struct fetch_multi *m, const struct fetch_request *req, struct buf *err) MUST_CHECK;
/**
 * fetch_multi_wait(m, under_way, timeout_ms):
 * Drive the transfers until something happened, a wake or the timeout; then for some milliseconds more, the more requests are open
 * and things of the caller's ${under_way}, so that a turn settles many answers.
 */
void fetch_multi_wait(struct fetch_multi *m, size_t under_way, int64_t timeout_ms);
/** fetch_multi_next(m): an answer that has ended, owned by the caller (fetch_answer_free), or NULL. */
struct fetch_answer *fetch_multi_next(struct fetch_multi *m);
void fetch_answer_free(struct fetch_answer *a);
/** fetch_multi_wake(m): make fetch_multi_wait() return.  Thread-safe. */
void fetch_multi_wake(struct fetch_multi *m);
/** fetch_multi_drop(m, drop): end every request; ${drop} is called with each one's tag. */
typedef void fetch_drop(void *tag);
void fetch_multi_drop(struct fetch_multi *m, fetch_drop *drop);
unsigned fetch_multi_open(const struct fetch_multi *m);
/** fetch_multi_late(m): of these, the ones whose server stays silent past stall_ms: they cost a descriptor and nothing else. */
unsigned fetch_multi_late(const struct fetch_multi *m);

#endif
