#include "store/pull_transport.h"
#include "base/limits.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define RETRY_AFTER_MAX_MS 300000
#define FILE_CHUNK (256 * KIB)

bool transport_again(int status) {
    return status == 408 || status == 425 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

int64_t transport_backoff_ms(unsigned attempt, int64_t retry_after_ms) {
    if (retry_after_ms >= 0) return retry_after_ms < RETRY_AFTER_MAX_MS ? retry_after_ms : RETRY_AFTER_MAX_MS;
    int64_t ms = 500;
    for (unsigned i = 1; i < attempt && ms < 30000; i++) ms *= 2;
    return ms < 30000 ? ms : 30000;
}

void transport_url(struct buf *out, const char *base, const char *path) {
    static const char plain[] = "-._~!$&'()*+,;=:@/";
    size_t len = strlen(base);
    bool local = !strstr(base, "://");
    while (len > 1 && base[len - 1] == '/') len--;
    buf_clear(out);
    buf_append(out, base, len);
    buf_char(out, '/');
    for (const char *p = path; *p; p++) {
        if (local || ascii_is_alnum(*p) || strchr(plain, *p))
            buf_char(out, *p);
        else
            buf_printf(out, "%%%02X", (unsigned char)*p);
    }
}

static enum status append_sink(void *ctx, struct slice bytes) {
    struct buf *out = ctx;
    buf_slice(out, bytes);
    return buf_ok(out) ? ST_OK : ST_FATAL;
}

enum status transport_fetch(const struct transport *t, const char *url, uint64_t max_bytes, unsigned tries, struct buf *out,
                            int *status, struct buf *err) {
    struct transport_request req = {.url = url, .max_bytes = max_bytes};
    for (unsigned attempt = 1;; attempt++) {
        struct transport_answer ans = {.retry_after_ms = -1};
        buf_clear(out);
        enum status st = t->get(t->ctx, 0, &req, &ans, append_sink, out, err);
        *status = ans.status;
        if (st == ST_OK && ans.status == 200) return ST_OK;
        if (st == ST_SKIP || st == ST_FATAL) return st;
        if (st == ST_OK && !transport_again(ans.status)) return fail(err, ST_SKIP, "%s: HTTP status %d", url, ans.status);
        if (st == ST_OK) fail(err, ST_RETRY, "%s: HTTP status %d", url, ans.status);
        if (attempt >= tries) return ST_RETRY;
        if (!t->sleep(t->ctx, transport_backoff_ms(attempt, ans.retry_after_ms))) return fail(err, ST_RETRY, "interrupted");
    }
}

/* Percent-decoding of a file: URL's path; false when it holds a NUL or is too long. */
static bool decode_path(const char *s, char *out, size_t cap) {
    size_t n = 0;
    for (; *s; s++) {
        unsigned byte = (unsigned char)*s;
        if (*s == '%') {
            if (sscanf(s + 1, "%2x", &byte) != 1 || byte == 0 || !s[1] || !s[2]) return false;
            s += 2;
        }
        if (n + 1 >= cap) return false;
        out[n++] = (char)byte;
    }
    out[n] = '\0';
    return true;
}

static enum status copy_out(int fd, const struct transport_request *req, enum status (*sink)(void *, struct slice), void *sink_ctx,
                            struct buf *err) {
    struct buf chunk = {.max = FILE_CHUNK + 1};
    uint64_t at = req->from;
    enum status st = buf_reserve(&chunk, FILE_CHUNK) ? ST_OK : fail(err, ST_FATAL, "out of memory");
    while (st == ST_OK) {
        size_t want = FILE_CHUNK;
        if (req->bytes && req->from + req->bytes - at < want) want = (size_t)(req->from + req->bytes - at);
        ssize_t n = want ? pread(fd, chunk.data, want, (off_t)at) : 0;
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) st = fail_errno(err, "read", req->url);
        if (n <= 0) break;
        at += (uint64_t)n;
        if (at - req->from > req->max_bytes)
            st = fail(err, ST_SKIP, "%s: larger than it should be", req->url);
        else
            st = sink(sink_ctx, slice_of(chunk.data, (size_t)n));
    }
    buf_free(&chunk);
    return st;
}

static enum status file_get(void *ctx, unsigned worker, const struct transport_request *req, struct transport_answer *ans,
                            enum status (*sink)(void *, struct slice), void *sink_ctx, struct buf *err) {
    char path[4096];
    struct stat sb;
    (void)ctx, (void)worker;
    *ans = (struct transport_answer){.length = -1, .total = -1, .retry_after_ms = -1};
    if (!strncmp(req->url, "file://", 7)) {
        if (!decode_path(req->url + 7, path, sizeof path)) return fail(err, ST_SKIP, "%s: not a file URL", req->url);
    } else if ((size_t)snprintf(path, sizeof path, "%s", req->url) >= sizeof path)
        return fail(err, ST_SKIP, "%s: path too long", req->url);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
        ans->status = 404;
        return ST_OK;
    }
    if (fd < 0) return fail_errno(err, "open", path) == ST_RETRY ? ST_RETRY : ST_SKIP;
    enum status st = ST_OK;
    if (fstat(fd, &sb) != 0 || !S_ISREG(sb.st_mode)) {
        ans->status = 404;
    } else if (req->from && req->from >= (uint64_t)sb.st_size) {
        ans->status = 416;
    } else {
        ans->status = req->from || req->bytes ? 206 : 200;
        ans->from = req->from;
        ans->total = sb.st_size;
        ans->length = sb.st_size - (int64_t)req->from;
        st = copy_out(fd, req, sink, sink_ctx, err);
    }
    close(fd);
    return st;
}

static bool file_sleep(void *ctx, int64_t ms) {
    (void)ctx;
    usleep((useconds_t)(ms < 1000 ? ms : 1000) * 1000);
    return true;
}

struct transport transport_files(void) {
    return (struct transport){.get = file_get, .sleep = file_sleep, .workers = 1024};
}
