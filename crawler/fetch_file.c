#include "crawler/fetch_file.h"
#include "base/clock.h"
#include "base/limits.h"
#include "crawler/netguard.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { CONNECT_MS = 15000, STALL_MS = 30000, OTHER_BODY = 1 << 20 };

struct fetch_file {
    CURL *easy;
    struct curl_slist *connect_to;
    struct fetch_file_options copy;
};

struct call {
    struct fetch_file *f;
    struct fetch_file_answer *ans;
    enum status (*sink)(void *ctx, struct slice bytes);
    void *sink_ctx;
    enum status verdict;
    size_t head_bytes, other;
    bool judged, refused; /* refused: an address that is not public */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static void init_curl(void) { curl_global_init(CURL_GLOBAL_DEFAULT); }

static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *addr) {
    struct call *c = ctx;
    (void)purpose;
    c->refused = !c->f->copy.allow_private && !netguard_public(&addr->addr);
    return c->refused ? CURL_SOCKET_BAD : socket(addr->family, addr->socktype | SOCK_CLOEXEC, addr->protocol);
}

static void copy(char *out, size_t size, struct slice v) { snprintf(out, size, "%.*s", v.len < size ? (int)v.len : 0, v.ptr); }

static void take_range(struct fetch_file_answer *a, struct slice v) {
    struct slice rest = v, first, last;
    uint64_t from = 0, total = 0;
    if (!slice_starts_nocase(v, slice_str("bytes "))) return;
    rest = slice_sub(v, 6, v.len);
    if (!slice_cut(&rest, '-', &first) || !slice_cut(&rest, '/', &last) || !slice_parse_u64(slice_trim(first), &from)) return;
    a->from = from;
    if (rest.ptr && slice_parse_u64(slice_trim(rest), &total) && total < INT64_MAX) a->total = (int64_t)total;
}

static size_t on_header(char *data, size_t one, size_t n, void *ctx) {
    struct call *c = ctx;
    struct fetch_file_answer *a = c->ans;
    struct slice line = slice_trim(slice_of(data, one * n)), name, value = line;
    uint64_t length;
    c->head_bytes += one * n;
    if (c->head_bytes > LIMIT_HEADERS) return 0;
    if (!slice_cut(&value, ':', &name) || !value.ptr) return one * n;
    value = slice_trim(value);
    if (slice_eq_nocase(name, slice_str("etag"))) copy(a->etag, sizeof a->etag, value);
    if (slice_eq_nocase(name, slice_str("last-modified"))) copy(a->modified, sizeof a->modified, value);
    if (slice_eq_nocase(name, slice_str("date"))) copy(a->date, sizeof a->date, value);
    if (slice_eq_nocase(name, slice_str("retry-after"))) copy(a->retry_after, sizeof a->retry_after, value);
    if (slice_eq_nocase(name, slice_str("content-range"))) take_range(a, value);
    if (slice_eq_nocase(name, slice_str("content-length")) && a->total < 0 && slice_parse_u64(value, &length) && length < INT64_MAX)
        a->total = (int64_t)length;
    return one * n;
}

static void judge(struct call *c) {
    long code = 0;
    char *to = NULL;
    curl_off_t us = 0;
    CURL *e = c->f->easy;
    curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_getinfo(e, CURLINFO_REDIRECT_URL, &to);
    curl_easy_getinfo(e, CURLINFO_STARTTRANSFER_TIME_T, &us);
    c->ans->status = (int)code;
    c->ans->latency_us = code ? (int64_t)us : 0;
    if (code != 206) c->ans->from = 0;
    if (to) copy(c->ans->location, sizeof c->ans->location, slice_str(to));
    c->judged = true;
}

static size_t on_body(char *data, size_t one, size_t n, void *ctx) {
    struct call *c = ctx;
    if (!c->judged) judge(c);
    if (c->ans->status == 200 || c->ans->status == 206)
        c->verdict = c->sink(c->sink_ctx, slice_of(data, one * n));
    else if ((c->other += one * n) > OTHER_BODY) /* an endless error page is not read */
        return 0;
    return c->verdict == ST_OK ? one * n : 0;
}

static int on_progress(void *ctx, curl_off_t dt, curl_off_t dn, curl_off_t ut, curl_off_t un) {
    const struct call *c = ctx;
    (void)dt, (void)dn, (void)ut, (void)un;
    return c->f->copy.stop && c->f->copy.stop(c->f->copy.ctx);
}

static struct curl_slist *add(struct curl_slist *list, const char *name, const char *value, bool *ok) {
    struct buf line = {.max = LIMIT_HEADERS};
    if (!value || !*value) return list;
    buf_printf(&line, "%s: %s", name, value);
    struct curl_slist *more = buf_ok(&line) ? curl_slist_append(list, buf_cstr(&line)) : NULL;
    *ok = *ok && more;
    buf_free(&line);
    return more ? more : list;
}

enum status fetch_file_get(struct fetch_file *f, const struct fetch_file_request *req, struct fetch_file_answer *ans,
                           enum status (*sink)(void *ctx, struct slice bytes), void *ctx, struct buf *err) {
    char range[32], message[CURL_ERROR_SIZE] = "";
    struct call c = {.f = f, .ans = ans, .sink = sink, .sink_ctx = ctx, .verdict = ST_OK};
    bool ok = true;
    struct curl_slist *headers = add(NULL, "Accept-Encoding", "identity", &ok);
    headers = add(headers, "If-None-Match", req->etag, &ok);
    headers = add(headers, "If-Modified-Since", req->modified, &ok);
    if (req->from) headers = add(headers, "If-Range", req->if_range, &ok);
    *ans = (struct fetch_file_answer){.total = -1, .sent_ms = clock_wall_ms()};
    snprintf(range, sizeof range, "%llu-", (unsigned long long)req->from);
    curl_easy_setopt(f->easy, CURLOPT_URL, req->url);
    curl_easy_setopt(f->easy, CURLOPT_RANGE, req->from ? range : NULL);
    curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(f->easy, CURLOPT_ERRORBUFFER, message);
    curl_easy_setopt(f->easy, CURLOPT_HEADERDATA, &c);
    curl_easy_setopt(f->easy, CURLOPT_WRITEDATA, &c);
    curl_easy_setopt(f->easy, CURLOPT_XFERINFODATA, &c);
    curl_easy_setopt(f->easy, CURLOPT_OPENSOCKETDATA, &c);
    CURLcode rc = ok ? curl_easy_perform(f->easy) : CURLE_OUT_OF_MEMORY;
    ans->end_ms = clock_wall_ms();
    if (!c.judged) judge(&c);
    curl_slist_free_all(headers);
    if (c.verdict != ST_OK) return c.verdict;
    if (rc == CURLE_OK || (c.other > OTHER_BODY && ans->status)) return ST_OK;
    if (c.refused && rc == CURLE_COULDNT_CONNECT)
        return fail(err, ST_SKIP, "%s: its address is not on the public Internet", req->url);
    return fail(err, ST_RETRY, "%s: %s", req->url, message[0] ? message : curl_easy_strerror(rc));
}

enum status fetch_file_new(const struct fetch_file_options *opt, struct fetch_file **out, struct buf *err) {
    pthread_once(&once, init_curl);
    struct fetch_file *f = calloc(1, sizeof *f);
    if (!f) return fail(err, ST_FATAL, "out of memory");
    f->copy = *opt;
    bool ok = (f->easy = curl_easy_init()) != NULL;
    for (size_t i = 0; ok && i < opt->n_connect_to; i++) {
        struct curl_slist *more = curl_slist_append(f->connect_to, opt->connect_to[i]);
        ok = more != NULL;
        if (ok) f->connect_to = more;
    }
    if (!ok) {
        fetch_file_free(f);
        return fail(err, ST_FATAL, "out of memory");
    }
    CURL *e = f->easy;
    curl_easy_setopt(e, CURLOPT_USERAGENT, opt->user_agent);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 64L);
    curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long)(((opt->stall_ms ? opt->stall_ms : STALL_MS) + 999) / 1000));
    curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 256L * 1024);
    if (f->connect_to) curl_easy_setopt(e, CURLOPT_CONNECT_TO, f->connect_to);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
    *out = f;
    return ST_OK;
}

void fetch_file_free(struct fetch_file *f) {
    if (!f) return;
    if (f->easy) curl_easy_cleanup(f->easy);
    curl_slist_free_all(f->connect_to);
    free(f);
}
