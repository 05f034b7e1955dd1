#ifndef VILLERS_STORE_PULL_TRANSPORT_H
#define VILLERS_STORE_PULL_TRANSPORT_H
/*
 * How verify and pull reach bytes, so that store/ knows no HTTP library and tests can lie as a server would.  cli/ binds
 * crawler/fetch_simple.c, or the file transport for a local release.
 */
#include "base/buf.h"

struct transport_request {
    const char *url;
    uint64_t from;        /* first byte wanted; 0 asks for the whole file without a Range header */
    uint64_t bytes;       /* so many from there; 0: to the end */
    const char *if_range; /* ETag for If-Range, or NULL; only with from > 0 */
    uint64_t max_bytes;   /* SKIP once the body grows past this */
};

struct transport_answer {
    int status;             /* HTTP status code; redirects are followed below this line */
    int64_t length;         /* Content-Length of this body, or -1 */
    uint64_t from;          /* first byte of this body: Content-Range's for 206, else 0 */
    int64_t total;          /* bytes of the whole file when known, or -1 */
    char etag[256];         /* strong ETag as sent, or "" (a weak one counts as none) */
    char coding[32];        /* Content-Encoding as sent, or "": never asked for, and no fault while the digests are right */
    int64_t retry_after_ms; /* Retry-After, or -1 */
};

struct transport {
    /**
     * get(ctx, worker, req, ans, sink, sink_ctx, err):
     * One request.  *${ans} is filled before the first call of ${sink}, which gets the body of a 200 or 206 in order (no other body is
     * delivered) and stops the transfer by a status that is not OK.  OK: a whole answer came, whatever its code.  RETRY: the connection
     * failed, stalled, or ended before Content-Length.  SKIP: the URL or answer can never do.  A sink's status comes back as it is.
     * Calls with different ${worker} numbers may run at once.
     */
    enum status (*get)(void *ctx, unsigned worker, const struct transport_request *req, struct transport_answer *ans,
                       enum status (*sink)(void *sink_ctx, struct slice bytes), void *sink_ctx, struct buf *err);
    void *ctx;
    /** sleep(ctx, ms): wait; false when the program was told to stop. */
    bool (*sleep)(void *ctx, int64_t ms);
    unsigned workers; /* how many worker numbers ${get} knows: 0 to workers - 1 */
};

/** transport_fetch(t, url, max_bytes, tries, out, status, err): a whole small file into ${out}, retried with back-off and Retry-After up to
 *  ${tries} times.  SKIP for 404 or 410 (*${status} tells), RETRY when the server stayed unreachable.  Worker 0. */
enum status transport_fetch(const struct transport *t, const char *url, uint64_t max_bytes, unsigned tries, struct buf *out,
                            int *status, struct buf *err) MUST_CHECK;
/** transport_backoff_ms(attempt, retry_after_ms): how long to wait after failure number ${attempt} (from 1): the server's own wish when it
 *  has one (capped at 5 minutes), else 0.5 s doubling up to 30 s.  Deterministic. */
int64_t transport_backoff_ms(unsigned attempt, int64_t retry_after_ms);
/** transport_again(status): an HTTP status that asks for another try: 408, 425, 429, 500, 502, 503, 504. */
bool transport_again(int status);
/** transport_url(out, base, path): replace ${out} by base/path, percent-encoding what a path may not hold. */
void transport_url(struct buf *out, const char *base, const char *path);

/** transport_files(): reads local paths and file:// URLs by the same contract; stateless, any number of workers. */
struct transport transport_files(void);

#endif
