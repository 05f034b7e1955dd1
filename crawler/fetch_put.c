#include "crawler/fetch_put.h"
#include "base/clock.h"
#include "base/limits.h"
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CONNECT_MS 15000L
#define STALL_S 30L
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define META_SHA256 "x-amz-meta-sha256"

struct fetch_put {
    struct fetch_put_options opt;
    struct buf user, signing;
    CURL **handles; /* one a worker */
};

struct answer {
    int64_t length;
    char sha256[65];
};

static size_t on_header(char *data, size_t one, size_t n, void *ctx) {
    struct answer *a = ctx;
    struct slice value = slice_trim(slice_of(data, one * n)), name;
    uint64_t length = 0;
    if (!slice_cut(&value, ':', &name) || value.ptr == NULL) return one * n;
    value = slice_trim(value);
    if (slice_eq_nocase(name, slice_str("content-length")) && slice_parse_u64(value, &length) && length < INT64_MAX)
        a->length = (int64_t)length;
    if (slice_eq_nocase(name, slice_str(META_SHA256)) && value.len == 64) {
        memcpy(a->sha256, value.ptr, 64);
        a->sha256[64] = 0;
    }
    return one * n;
}

/* What a store says of an error, kept for the message. */
static size_t on_body(char *data, size_t one, size_t n, void *ctx) {
    struct buf *said = ctx;
    if (said->len < 300) buf_append(said, data, one * n < 300 ? one * n : 300);
    return one * n;
}

static size_t on_read(char *data, size_t one, size_t n, void *ctx) { return fread(data, one, n, ctx); }

static int on_progress(void *ctx, curl_off_t dt, curl_off_t dn, curl_off_t ut, curl_off_t un) {
    const struct fetch_put *f = ctx;
    (void)dt, (void)dn, (void)ut, (void)un;
    return f->opt.stop && f->opt.stop();
}

static void prepare(struct fetch_put *f, CURL *easy, const char *url, struct answer *a, struct buf *said) {
    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "villers/" VILLERS_VERSION);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, STALL_S);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, a);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, said);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, f);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    if (f->opt.access_key[0]) {
        curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, buf_cstr(&f->signing));
        curl_easy_setopt(easy, CURLOPT_USERPWD, buf_cstr(&f->user));
    }
}

static enum status perform(CURL *easy, const char *url, long *code, const struct buf *said, struct buf *err) {
    CURLcode rc = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, code);
    if (rc != CURLE_OK)
        return fail(err, rc == CURLE_UNSUPPORTED_PROTOCOL || rc == CURLE_URL_MALFORMAT ? ST_SKIP : ST_RETRY, "%s: %s", url,
                    curl_easy_strerror(rc));
    if (*code / 100 == 2 || *code == 404) return ST_OK;
    bool again = *code == 408 || *code == 429 || *code >= 500;
    return fail(err, again ? ST_RETRY : ST_SKIP, "%s: HTTP status %ld%s%.*s", url, *code, said->len ? ": " : "",
                (int)(said->len < 300 ? said->len : 300), buf_cstr(said));
}

/* ENDPOINT/BUCKET/KEY; each byte but the unreserved and '/' percent-encoded, as the signature wants it. */
static void address(const struct fetch_put *f, const char *key, struct buf *url) {
    buf_printf(url, "%s/%s/", f->opt.endpoint, f->opt.bucket);
    for (; *key; key++) {
        if (ascii_is_alnum(*key) || strchr("-._~/", *key))
            buf_char(url, *key);
        else
            buf_printf(url, "%%%02X", (unsigned char)*key);
    }
}

static enum status head(void *ctx, unsigned worker, const char *key, int64_t *bytes, char sha256[65], struct buf *err) {
    struct fetch_put *f = ctx;
    struct buf url = {.max = LIMIT_URL_INPUT}, said = {.max = 4096};
    struct answer a = {.length = -1};
    struct curl_slist *headers = curl_slist_append(NULL, "x-amz-content-sha256: " EMPTY_SHA256);
    long code = 0;
    address(f, key, &url);
    prepare(f, f->handles[worker], buf_cstr(&url), &a, &said);
    curl_easy_setopt(f->handles[worker], CURLOPT_NOBODY, 1L);
    curl_easy_setopt(f->handles[worker], CURLOPT_HTTPHEADER, headers);
    enum status st =
        headers ? perform(f->handles[worker], buf_cstr(&url), &code, &said, err) : fail(err, ST_FATAL, "out of memory");
    *bytes = st == ST_OK && code != 404 ? a.length : -1;
    snprintf(sha256, 65, "%s", st == ST_OK && code != 404 ? a.sha256 : "");
    curl_slist_free_all(headers);
    buf_free(&url);
    buf_free(&said);
    return st;
}

static const char *type_of(const char *key) {
    static const struct {
        const char *suffix, *type;
    } types[] = {{".html", "text/html; charset=utf-8"},
                 {".json", "application/json"},
                 {".jsonld", "application/ld+json"},
                 {".xml", "application/rdf+xml"},
                 {".md", "text/markdown; charset=utf-8"}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (slice_ends(slice_str(key), slice_str(types[i].suffix))) return types[i].type;
    return "application/octet-stream";
}

static struct curl_slist *put_headers(const char *key, const char *sha256) {
    const char *const fixed[] = {"Expect:", "Transfer-Encoding:"};
    struct curl_slist *list = NULL;
    char line[160];
    for (size_t i = 0; i < 5; i++) {
        if (i < 2) snprintf(line, sizeof line, "%s", fixed[i]);
        if (i == 2) snprintf(line, sizeof line, "x-amz-content-sha256: %s", sha256);
        if (i == 3) snprintf(line, sizeof line, META_SHA256 ": %s", sha256);
        if (i == 4) snprintf(line, sizeof line, "Content-Type: %s", type_of(key));
        struct curl_slist *grown = curl_slist_append(list, line);
        if (!grown) {
            curl_slist_free_all(list);
            return NULL;
        }
        list = grown;
    }
    return list;
}

static enum status put(void *ctx, unsigned worker, const char *key, const char *path, int64_t bytes, const char *sha256,
                       struct buf *err) {
    struct fetch_put *f = ctx;
    CURL *easy = f->handles[worker];
    struct buf url = {.max = LIMIT_URL_INPUT}, said = {.max = 4096};
    struct answer a = {.length = -1};
    struct curl_slist *headers = put_headers(key, sha256);
    long code = 0;
    FILE *file = fopen(path, "rbe");
    enum status st = file ? ST_OK : fail_errno(err, "cannot open", path);
    if (st == ST_OK && !headers) st = fail(err, ST_FATAL, "out of memory");
    address(f, key, &url);
    if (st == ST_OK) {
        prepare(f, easy, buf_cstr(&url), &a, &said);
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
        curl_easy_setopt(easy, CURLOPT_READDATA, file);
        curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)bytes);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024);
        st = perform(easy, buf_cstr(&url), &code, &said, err);
        if (st == ST_OK && code == 404) st = fail(err, ST_SKIP, "%s: no such bucket", buf_cstr(&url));
    }
    if (file) fclose(file);
    curl_slist_free_all(headers);
    buf_free(&url);
    buf_free(&said);
    return st;
}

static bool wait_ms(void *ctx, int64_t ms) {
    struct fetch_put *f = ctx;
    int64_t until = clock_mono_ms() + ms;
    while (clock_mono_ms() < until) {
        struct timespec nap = {0, 50000000};
        if (f->opt.stop && f->opt.stop()) return false;
        nanosleep(&nap, NULL);
    }
    return true;
}

enum status fetch_put_new(const struct fetch_put_options *opt, struct fetch_put **out, struct buf *err) {
    struct fetch_put *f = calloc(1, sizeof *f);
    if (!f) return fail(err, ST_FATAL, "out of memory");
    f->opt = *opt;
    f->handles = calloc(opt->workers, sizeof *f->handles);
    buf_printf(&f->user, "%s:%s", opt->access_key, opt->secret_key);
    buf_printf(&f->signing, "aws:amz:%s:s3", opt->region);
    bool ok = f->handles && buf_ok(&f->user) && buf_ok(&f->signing);
    for (unsigned i = 0; ok && i < opt->workers; i++) ok = (f->handles[i] = curl_easy_init()) != NULL;
    if (!ok) {
        fetch_put_free(f);
        return fail(err, ST_FATAL, "out of memory");
    }
    *out = f;
    return ST_OK;
}

void fetch_put_free(struct fetch_put *f) {
    if (!f) return;
    for (unsigned i = 0; f->handles && i < f->opt.workers; i++)
        if (f->handles[i]) curl_easy_cleanup(f->handles[i]);
    free(f->handles);
    buf_free(&f->user);
    buf_free(&f->signing);
    free(f);
}

struct push_store fetch_put_store(struct fetch_put *f) {
    return (struct push_store){.head = head, .put = put, .sleep = wait_ms, .ctx = f, .workers = f->opt.workers};
}
