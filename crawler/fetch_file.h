#ifndef VILLERS_CRAWLER_FETCH_FILE_H
#define VILLERS_CRAWLER_FETCH_FILE_H
/*
 * One HTTP GET at a time, its body handed on as it comes: for dumps of gigabytes.  No redirect is followed, no address outside the public
 * Internet connected to unless allowed; no coding is asked for.  Politeness is polite.h's.
 */
#include "base/buf.h"

struct fetch_file;
struct fetch_file_options {
    const char *user_agent;
    const char *const *connect_to; /* HOST:PORT:ADDR:PORT, as curl's; borrowed until fetch_file_free() */
    size_t n_connect_to;
    bool allow_private;
    int64_t stall_ms; /* no byte for so long: given up; 0: 30 s */
    bool (*stop)(void *ctx);
    void *ctx;
};
/** fetch_file_new(opt, out, err): FATAL without memory. */
enum status fetch_file_new(const struct fetch_file_options *opt, struct fetch_file **out, struct buf *err) MUST_CHECK;
void fetch_file_free(struct fetch_file *f);

struct fetch_file_request {
    const char *url;
    uint64_t from;               /* above 0: a Range, under if_range */
    const char *if_range;        /* ETag or date, or NULL */
    const char *etag, *modified; /* If-None-Match, If-Modified-Since, or NULL */
};
struct fetch_file_answer {
    int status;                                              /* 0: none came */
    uint64_t from;                                           /* of a 206: where its body begins */
    int64_t total;                                           /* bytes of the whole, or -1 */
    char etag[256], modified[64], date[64], retry_after[64]; /* as sent, or "" */
    char location[2048];                                     /* of a redirect, absolute, or "" */
    int64_t sent_ms, end_ms, latency_us;                     /* wall clock; to first byte, 0: none came */
};
/**
 * fetch_file_get(f, req, ans, sink, ctx, err):
 * ${sink} gets the body of a 200 or 206, once ${ans} is filled.  OK: a whole answer came, whatever its status.  RETRY: the connection failed,
 * stalled, or was cut; or stop() said so.  SKIP: no address that may be connected to.  A sink's status comes back as it is.
 */
enum status fetch_file_get(struct fetch_file *f, const struct fetch_file_request *req, struct fetch_file_answer *ans,
                           enum status (*sink)(void *ctx, struct slice bytes), void *ctx, struct buf *err) MUST_CHECK;

#endif
