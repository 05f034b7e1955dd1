#include "crawler/fetch_simple.h"
#include "base/clock.h"
#include "base/limits.h"
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CONNECT_MS 15000
#define STALL_MS 30000
#define REDIRECTS 5L

struct fetch_simple {
    CURL **handles; /* one a worker */
    unsigned workers;
    struct curl_slist *connect_to, *headers;
    bool (*stop)(void);
};

struct call {
    CURL *easy;
    const struct fetch_simple *f;
    const struct transport_request *req;
    struct transport_answer *ans;
    enum status (*sink)(void *ctx, struct slice bytes);
    void *sink_ctx;
    struct buf *err;
    uint64_t got;
    enum status verdict; /* of the sink, or of a check here */
    bool judged;         /* the head has been looked at */
    size_t head_bytes;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static void init_curl(void) { curl_global_init(CURL_GLOBAL_DEFAULT); }

/* ---- head ---- */

/* RFC 9110 8.8.3: only a strong tag may stand in If-Range. */
static void take_etag(struct transport_answer *ans, struct slice v) {
    if (v.len < 2 || v.len >= sizeof ans->etag || v.ptr[0] != '"') return;
    memcpy(ans->etag, v.ptr, v.len);
    ans->etag[v.len] = '\0';
}

static void take_coding(struct transport_answer *ans, struct slice v) {
    if (v.len == 0 || v.len >= sizeof ans->coding || slice_eq_nocase(v, slice_str("identity"))) return;
    for (size_t i = 0; i < v.len; i++) ans->coding[i] = ascii_is_alnum(v.ptr[i]) || v.ptr[i] == '-' ? v.ptr[i] : '.';
    ans->coding[v.len] = '\0';
}

/* RFC 9110 14.4: "bytes FIRST-LAST/TOTAL". */
static void take_range(struct transport_answer *ans, struct slice v) {
    struct slice rest = v, first, last;
    uint64_t from = 0, total = 0;
    if (!slice_starts_nocase(v, slice_str("bytes "))) return;
    rest = slice_sub(v, 6, v.len);
    if (!slice_cut(&rest, '-', &first) || !slice_cut(&rest, '/', &last) || !slice_parse_u64(slice_trim(first), &from)) return;
    ans->from = from;
    if (rest.ptr && slice_parse_u64(slice_trim(rest), &total) && total < INT64_MAX) ans->total = (int64_t)total;
}

/* RFC 9110 10.2.3: seconds, or a date. */
static void take_retry_after(struct transport_answer *ans, struct slice v) {
    char date[64];
    uint64_t seconds = 0;
    if (slice_parse_u64(v, &seconds)) {
        ans->retry_after_ms = seconds < 86400 ? (int64_t)seconds * 1000 : 86400000;
        return;
    }
    if (v.len == 0 || v.len >= sizeof date) return;
    memcpy(date, v.ptr, v.len);
    date[v.len] = '\0';
    time_t at = curl_getdate(date, NULL);
    if (at < 0) return;
    int64_t wait = (int64_t)at * 1000 - clock_wall_ms();
    ans->retry_after_ms = wait > 0 ? wait : 0;
}

static size_t on_header(char *data, size_t one, size_t n, void *ctx) {
    struct call *c = ctx;
    struct slice line = slice_trim(slice_of(data, one * n)), name, value = line;
    uint64_t length = 0;
    c->head_bytes += one * n;
    if (c->head_bytes > LIMIT_HEADERS) {
        c->verdict = fail(c->err, ST_SKIP, "%s: header lines over the limit", c->req->url);
        return 0;
    }
    if (slice_starts(line, slice_str("HTTP/"))) /* a new answer: after a redirect or a 1xx */
        *c->ans = (struct transport_answer){.length = -1, .total = -1, .retry_after_ms = -1};
    if (!slice_cut(&value, ':', &name) || value.ptr == NULL) return one * n;
    value = slice_trim(value);
    if (slice_eq_nocase(name, slice_str("etag")))
        take_etag(c->ans, value);
    else if (slice_eq_nocase(name, slice_str("content-encoding")))
        take_coding(c->ans, value);
    else if (slice_eq_nocase(name, slice_str("content-range")))
        take_range(c->ans, value);
    else if (slice_eq_nocase(name, slice_str("retry-after")))
        take_retry_after(c->ans, value);
    else if (slice_eq_nocase(name, slice_str("content-length")) && slice_parse_u64(value, &length) && length < INT64_MAX)
        c->ans->length = (int64_t)length;
    return one * n;
}

/* ---- body ---- */

static void judge_head(struct call *c) {
    long code = 0;
    curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &code);
    c->ans->status = (int)code;
    if (code == 200) {
        c->ans->from = 0;
        c->ans->total = c->ans->length;
    }
    c->judged = true;
}

static size_t on_body(char *data, size_t one, size_t n, void *ctx) {
    struct call *c = ctx;
    if (!c->judged) judge_head(c);
    c->got += one * n;
    if (c->got > c->req->max_bytes) {
        c->verdict = fail(c->err, ST_SKIP, "%s: larger than it should be (over %llu bytes)", c->req->url,
                          (unsigned long long)c->req->max_bytes);
        return 0;
    }
    if (c->ans->status == 200 || c->ans->status == 206)
        c->verdict = c->sink(c->sink_ctx, slice_of(data, one * n));
    else if (c->got > MIB)
        c->verdict = ST_RETRY; /* an endless error page is not read */
    return c->verdict == ST_OK ? one * n : 0;
}

static int on_progress(void *ctx, curl_off_t dt, curl_off_t dn, curl_off_t ut, curl_off_t un) {
    const struct call *c = ctx;
    (void)dt, (void)dn, (void)ut, (void)un;
    return c->f->stop && c->f->stop();
}

/* Errors that a second try cannot mend. */
static bool hopeless(CURLcode rc) {
    return rc == CURLE_UNSUPPORTED_PROTOCOL || rc == CURLE_URL_MALFORMAT || rc == CURLE_TOO_MANY_REDIRECTS ||
           rc == CURLE_PEER_FAILED_VERIFICATION;
}

static enum status get(void *ctx, unsigned worker, const struct transport_request *req, struct transport_answer *ans,
                       enum status (*sink)(void *sink_ctx, struct slice bytes), void *sink_ctx, struct buf *err) {
    struct fetch_simple *f = ctx;
    CURL *easy = f->handles[worker];
    char range[48], message[CURL_ERROR_SIZE] = "", if_range[300];
    struct curl_slist extra = {.data = if_range, .next = f->headers};
    struct call c = {.easy = easy, .f = f, .req = req, .ans = ans, .sink = sink, .sink_ctx = sink_ctx, .err = err};
    *ans = (struct transport_answer){.length = -1, .total = -1, .retry_after_ms = -1};
    if (req->bytes)
        snprintf(range, sizeof range, "%llu-%llu", (unsigned long long)req->from, (unsigned long long)(req->from + req->bytes - 1));
    else
        snprintf(range, sizeof range, "%llu-", (unsigned long long)req->from);
    snprintf(if_range, sizeof if_range, "If-Range: %s", req->if_range ? req->if_range : "");
    curl_easy_setopt(easy, CURLOPT_URL, req->url);
    curl_easy_setopt(easy, CURLOPT_RANGE, req->from || req->bytes ? range : NULL);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, req->from && req->if_range ? &extra : f->headers);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, message);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &c);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &c);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &c);
    CURLcode rc = curl_easy_perform(easy);
    if (!c.judged) judge_head(&c);
    if (c.verdict != ST_OK) return c.verdict;
    if (rc == CURLE_OK) return ST_OK;
    return fail(err, hopeless(rc) ? ST_SKIP : ST_RETRY, "%s: %s", req->url, message[0] ? message : curl_easy_strerror(rc));
}

static bool wait_ms(void *ctx, int64_t ms) {
    struct fetch_simple *f = ctx;
    int64_t until = clock_mono_ms() + ms;
    for (;;) {
        int64_t left = until - clock_mono_ms();
        if (f->stop && f->stop()) return false;
        if (left <= 0) return true;
        if (left > 100) left = 100;
        struct timespec nap = {0, (long)left * 1000000};
        nanosleep(&nap, NULL);
    }
}

/* ---- life ---- */

static void configure(CURL *easy, const struct fetch_simple_options *opt, struct fetch_simple *f) {
    long stall_s = (long)((opt->stall_ms ? opt->stall_ms : STALL_MS) + 999) / 1000;
    curl_easy_setopt(easy, CURLOPT_USERAGENT, opt->user_agent);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, REDIRECTS);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(opt->connect_timeout_ms ? opt->connect_timeout_ms : CONNECT_MS));
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, stall_s);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 512L * 1024);
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, f->connect_to);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
}

enum status fetch_simple_new(const struct fetch_simple_options *opt, struct fetch_simple **out, struct buf *err) {
    pthread_once(&once, init_curl);
    struct fetch_simple *f = calloc(1, sizeof *f);
    if (!f) return fail(err, ST_FATAL, "out of memory");
    f->workers = opt->workers;
    f->stop = opt->stop;
    f->handles = calloc(opt->workers, sizeof *f->handles);
    f->headers = curl_slist_append(NULL, "Accept-Encoding: identity");
    bool ok = f->handles && f->headers;
    for (size_t i = 0; ok && i < opt->n_connect_to; i++) {
        struct curl_slist *grown = curl_slist_append(f->connect_to, opt->connect_to[i]);
        ok = grown != NULL;
        if (ok) f->connect_to = grown;
    }
    for (unsigned i = 0; ok && i < opt->workers; i++) {
        ok = (f->handles[i] = curl_easy_init()) != NULL;
        if (ok) configure(f->handles[i], opt, f);
    }
    if (!ok) {
        fetch_simple_free(f);
        return fail(err, ST_FATAL, "out of memory");
    }
    *out = f;
    return ST_OK;
}

void fetch_simple_free(struct fetch_simple *f) {
    if (!f) return;
    for (unsigned i = 0; f->handles && i < f->workers; i++)
        if (f->handles[i]) curl_easy_cleanup(f->handles[i]);
    free(f->handles);
    curl_slist_free_all(f->connect_to);
    curl_slist_free_all(f->headers);
    free(f);
}

struct transport fetch_simple_transport(struct fetch_simple *f) {
    return (struct transport){.get = get, .ctx = f, .sleep = wait_ms, .workers = f->workers};
}
