#include "crawler/fetch_put.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/limits.h"
#include <curl/curl.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_MS 15000L
#define STALL_S 30L
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define META_SHA256 "x-amz-meta-sha256"

struct fetch_put {
    struct fetch_put_options opt;
    struct buf user, signing;
    CURL **handles; /* one a worker */
};

#define ANSWER_MAX (4 * MIB) /* a list of uploads or parts */

struct answer {
    int64_t length;
    char sha256[65], etag[80]; /* the tag without its quotes */
    struct buf said;
};

static void keep_tag(struct slice value, char *out, size_t cap) {
    while (value.len && value.ptr[0] == '"') value = slice_sub(value, 1, value.len);
    while (value.len && value.ptr[value.len - 1] == '"') value.len--;
    if (value.len >= cap) value.len = 0;
    if (value.len) memcpy(out, value.ptr, value.len);
    out[value.len] = '\0';
}

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
    if (slice_eq_nocase(name, slice_str("etag"))) keep_tag(value, a->etag, sizeof a->etag);
    return one * n;
}

static size_t on_body(char *data, size_t one, size_t n, void *ctx) {
    struct answer *a = ctx;
    buf_append(&a->said, data, one * n);
    return buf_ok(&a->said) ? one * n : 0;
}

/* A stretch of a file. */
struct source {
    int fd;
    int64_t at, end;
};

static size_t on_read(char *data, size_t one, size_t n, void *ctx) {
    struct source *s = ctx;
    size_t want = (int64_t)(one * n) < s->end - s->at ? one * n : (size_t)(s->end - s->at);
    ssize_t got = want ? pread(s->fd, data, want, (off_t)s->at) : 0;
    if (got < 0) return CURL_READFUNC_ABORT;
    s->at += got;
    return (size_t)got;
}

static int on_progress(void *ctx, curl_off_t dt, curl_off_t dn, curl_off_t ut, curl_off_t un) {
    const struct fetch_put *f = ctx;
    (void)dt, (void)dn, (void)ut, (void)un;
    return f->opt.stop && f->opt.stop();
}

static void prepare(struct fetch_put *f, CURL *easy, const char *url, struct answer *a) {
    *a = (struct answer){.length = -1, .said = {.max = ANSWER_MAX}};
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
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, a);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, f);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    if (f->opt.access_key[0]) {
        curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, buf_cstr(&f->signing));
        curl_easy_setopt(easy, CURLOPT_USERPWD, buf_cstr(&f->user));
    }
}

static enum status perform(CURL *easy, const char *url, long *code, const struct answer *a, struct buf *err) {
    const struct buf *said = &a->said;
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
    struct buf url = {.max = LIMIT_URL_INPUT};
    struct answer a;
    struct curl_slist *headers = curl_slist_append(NULL, "x-amz-content-sha256: " EMPTY_SHA256);
    long code = 0;
    address(f, key, &url);
    prepare(f, f->handles[worker], buf_cstr(&url), &a);
    curl_easy_setopt(f->handles[worker], CURLOPT_NOBODY, 1L);
    curl_easy_setopt(f->handles[worker], CURLOPT_HTTPHEADER, headers);
    enum status st = headers ? perform(f->handles[worker], buf_cstr(&url), &code, &a, err) : fail(err, ST_FATAL, "out of memory");
    *bytes = st == ST_OK && code != 404 ? a.length : -1;
    snprintf(sha256, 65, "%s", st == ST_OK && code != 404 ? a.sha256 : "");
    curl_slist_free_all(headers);
    buf_free(&url);
    buf_free(&a.said);
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

/* ${meta} and ${type} "": left out. */
static struct curl_slist *put_headers(const char *type, const char *payload, const char *meta) {
    struct curl_slist *list = NULL;
    char line[160];
    for (size_t i = 0; i < 5; i++) {
        line[0] = '\0';
        if (i == 0) snprintf(line, sizeof line, "Expect:");
        if (i == 1) snprintf(line, sizeof line, "Transfer-Encoding:");
        if (i == 2) snprintf(line, sizeof line, "x-amz-content-sha256: %s", payload);
        if (i == 3 && meta[0]) snprintf(line, sizeof line, META_SHA256 ": %s", meta);
        if (i == 4 && type[0]) snprintf(line, sizeof line, "Content-Type: %s", type);
        if (!line[0]) continue;
        struct curl_slist *grown = curl_slist_append(list, line);
        if (!grown) {
            curl_slist_free_all(list);
            return NULL;
        }
        list = grown;
    }
    return list;
}

/* Send a stretch of a file to an address. */
static enum status put_stretch(struct fetch_put *f, unsigned worker, const char *url, struct curl_slist *headers, const char *path,
                               int64_t from, int64_t bytes, long *code, struct answer *a, struct buf *err) {
    CURL *easy = f->handles[worker];
    struct source source = {.fd = open(path, O_RDONLY | O_CLOEXEC), .at = from, .end = from + bytes};
    *a = (struct answer){.length = -1};
    if (source.fd < 0) return fail_errno(err, "open", path);
    enum status st = headers ? ST_OK : fail(err, ST_FATAL, "out of memory");
    if (st == ST_OK) {
        prepare(f, easy, url, a);
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
        curl_easy_setopt(easy, CURLOPT_READDATA, &source);
        curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)bytes);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024);
        st = perform(easy, url, code, a, err);
    }
    close(source.fd);
    return st;
}

static enum status put(void *ctx, unsigned worker, const char *key, const char *path, int64_t bytes, const char *sha256,
                       struct buf *err) {
    struct fetch_put *f = ctx;
    struct buf url = {.max = LIMIT_URL_INPUT};
    struct answer a;
    struct curl_slist *headers = put_headers(type_of(key), sha256, sha256);
    long code = 0;
    address(f, key, &url);
    enum status st = put_stretch(f, worker, buf_cstr(&url), headers, path, 0, bytes, &code, &a, err);
    if (st == ST_OK && code == 404) st = fail(err, ST_SKIP, "%s: no such bucket", buf_cstr(&url));
    curl_slist_free_all(headers);
    buf_free(&url);
    buf_free(&a.said);
    return st;
}

/* ---- parts: S3's multipart upload ---- */

static void encode(struct buf *out, const char *text) {
    for (; *text; text++) {
        if (ascii_is_alnum(*text) || strchr("-._~", *text))
            buf_char(out, *text);
        else
            buf_printf(out, "%%%02X", (unsigned char)*text);
    }
}

/* One request with a small body or none; its query is in the signature's order already. */
static enum status ask(struct fetch_put *f, unsigned worker, const char *method, const char *url, const char *type,
                       const char *meta, struct slice body, long *code, struct answer *a, struct buf *err) {
    CURL *easy = f->handles[worker];
    unsigned char digest[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];
    sha256_of(body, digest);
    hash_hex(digest, sizeof digest, hex);
    struct curl_slist *headers = put_headers(type, hex, meta);
    prepare(f, easy, url, a);
    if (!strcmp(method, "POST")) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.len ? body.ptr : "");
    } else if (strcmp(method, "GET") != 0)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    enum status st = headers ? perform(easy, url, code, a, err) : fail(err, ST_FATAL, "out of memory");
    curl_slist_free_all(headers);
    return st;
}

/* The text of the next <${name}> in ${rest}, which moves past it; false when there is none.  The lists are flat, their values plain. */
static bool next_element(struct slice *rest, const char *name, struct slice *value) {
    char open[40], close[40];
    snprintf(open, sizeof open, "<%s>", name);
    snprintf(close, sizeof close, "</%s>", name);
    size_t at = slice_find(*rest, slice_str(open));
    if (at == SIZE_MAX) return false;
    struct slice from = slice_sub(*rest, at + strlen(open), rest->len);
    size_t end = slice_find(from, slice_str(close));
    if (end == SIZE_MAX) return false;
    *value = slice_sub(from, 0, end);
    *rest = slice_sub(from, end + strlen(close), from.len);
    return true;
}

static bool element_number(struct slice in, const char *name, uint64_t *n) {
    struct slice value;
    return next_element(&in, name, &value) && slice_parse_u64(slice_trim(value), n);
}

static bool keep_id(struct slice value, char id[1024]) {
    if (value.len == 0 || value.len >= 1024) return false;
    memcpy(id, value.ptr, value.len);
    id[value.len] = '\0';
    return true;
}

static void upload_address(const struct fetch_put *f, const char *key, const char *query, const char *id, struct buf *url) {
    buf_clear(url);
    address(f, key, url);
    buf_printf(url, "?%suploadId=", query);
    encode(url, id);
}

static void give_up(void *ctx, unsigned worker, const char *key, const struct push_upload *u) {
    struct fetch_put *f = ctx;
    struct buf url = {.max = LIMIT_URL_INPUT}, why = {.max = LIMIT_ERR};
    struct answer a;
    long code = 0;
    upload_address(f, key, "", u->id, &url);
    (void)!ask(f, worker, "DELETE", buf_cstr(&url), "", "", slice_of("", 0), &code, &a, &why);
    buf_free(&a.said);
    buf_free(&url);
    buf_free(&why);
}

/* The last upload of ${key} that was begun, into ${u}->id; those before it are given up. */
static enum status find_upload(struct fetch_put *f, unsigned worker, const char *key, struct push_upload *u, struct buf *err) {
    struct buf url = {.max = LIMIT_URL_INPUT};
    struct answer a;
    struct slice rest, upload, name, id;
    long code = 0;
    buf_printf(&url, "%s/%s?prefix=", f->opt.endpoint, f->opt.bucket);
    encode(&url, key);
    buf_str(&url, "&uploads=");
    enum status st = ask(f, worker, "GET", buf_cstr(&url), "", "", slice_of("", 0), &code, &a, err);
    rest = code / 100 == 2 ? buf_view(&a.said) : slice_of("", 0);
    while (st == ST_OK && next_element(&rest, "Upload", &upload)) {
        struct slice in = upload;
        if (!next_element(&in, "Key", &name) || !slice_eq_str(name, key)) continue;
        in = upload;
        if (!next_element(&in, "UploadId", &id)) continue;
        if (u->id[0]) give_up(f, worker, key, u);
        if (!keep_id(id, u->id)) u->id[0] = '\0';
    }
    buf_free(&a.said);
    buf_free(&url);
    return st;
}

/* What an upload holds; pages of a thousand. */
static enum status list_parts(struct fetch_put *f, unsigned worker, const char *key, struct push_upload *u, struct buf *err) {
    struct buf url = {.max = LIMIT_URL_INPUT};
    uint64_t marker = 0, number = 0, bytes = 0;
    bool more = true;
    enum status st = ST_OK;
    while (st == ST_OK && more) {
        char query[64];
        struct answer a;
        struct slice rest, part, tag, truncated;
        long code = 0;
        uint64_t before = marker;
        snprintf(query, sizeof query, "part-number-marker=%llu&", (unsigned long long)marker);
        upload_address(f, key, query, u->id, &url);
        st = ask(f, worker, "GET", buf_cstr(&url), "", "", slice_of("", 0), &code, &a, err);
        if (st == ST_OK && code == 404) u->id[0] = '\0'; /* ended or given up since */
        rest = code / 100 == 2 ? buf_view(&a.said) : slice_of("", 0);
        struct slice whole = rest;
        more = next_element(&whole, "IsTruncated", &truncated) && slice_eq_str(truncated, "true");
        while (st == ST_OK && next_element(&rest, "Part", &part)) {
            struct slice in = part;
            bool ok = element_number(part, "PartNumber", &number) && element_number(part, "Size", &bytes) && bytes < INT64_MAX &&
                      next_element(&in, "ETag", &tag);
            if (!ok || number == 0 || number > u->n) continue;
            if (slice_starts(tag, slice_str("&quot;"))) tag = slice_sub(tag, 6, tag.len);
            if (slice_ends(tag, slice_str("&quot;"))) tag.len -= 6;
            u->parts[number - 1].bytes = (int64_t)bytes;
            keep_tag(tag, u->parts[number - 1].etag, sizeof u->parts[number - 1].etag);
            marker = number;
        }
        more = more && marker > before;
        buf_free(&a.said);
    }
    buf_free(&url);
    return st;
}

static enum status begin_upload(struct fetch_put *f, unsigned worker, const char *key, const char *sha256, struct push_upload *u,
                                struct buf *err) {
    struct buf url = {.max = LIMIT_URL_INPUT};
    struct answer a;
    struct slice rest, id;
    long code = 0;
    address(f, key, &url);
    buf_str(&url, "?uploads=");
    enum status st = ask(f, worker, "POST", buf_cstr(&url), type_of(key), sha256, slice_of("", 0), &code, &a, err);
    rest = buf_view(&a.said);
    if (st == ST_OK && code == 404) st = fail(err, ST_SKIP, "%s: no such bucket", buf_cstr(&url));
    if (st == ST_OK && (!next_element(&rest, "UploadId", &id) || !keep_id(id, u->id)))
        st = fail(err, ST_SKIP, "%s: the store begins no upload of parts", buf_cstr(&url));
    buf_free(&a.said);
    buf_free(&url);
    return st;
}

static enum status open_parts(void *ctx, unsigned worker, const char *key, const char *sha256, struct push_upload *u,
                              struct buf *err) {
    struct fetch_put *f = ctx;
    u->id[0] = '\0';
    for (size_t i = 0; i < u->n; i++) u->parts[i] = (struct push_part){.bytes = -1};
    enum status st = find_upload(f, worker, key, u, err);
    if (st == ST_SKIP) st = ST_OK; /* not allowed to list: begin anew */
    if (st == ST_OK && u->id[0]) st = list_parts(f, worker, key, u, err);
    return st == ST_OK && !u->id[0] ? begin_upload(f, worker, key, sha256, u, err) : st;
}

static enum status put_part(void *ctx, unsigned worker, const char *key, struct push_upload *u, size_t number, const char *path,
                            int64_t from, int64_t bytes, const char *sha256, struct buf *err) {
    struct fetch_put *f = ctx;
    struct buf url = {.max = LIMIT_URL_INPUT};
    struct answer a;
    struct curl_slist *headers = put_headers("", sha256, "");
    char query[40];
    long code = 0;
    snprintf(query, sizeof query, "partNumber=%zu&", number);
    upload_address(f, key, query, u->id, &url);
    enum status st = put_stretch(f, worker, buf_cstr(&url), headers, path, from, bytes, &code, &a, err);
    if (st == ST_OK && (code == 404 || !a.etag[0])) st = fail(err, ST_RETRY, "%s: the store took no part", buf_cstr(&url));
    if (st == ST_OK) {
        u->parts[number - 1].bytes = bytes;
        memcpy(u->parts[number - 1].etag, a.etag, sizeof a.etag);
    }
    curl_slist_free_all(headers);
    buf_free(&url);
    buf_free(&a.said);
    return st;
}

static enum status end_parts(void *ctx, unsigned worker, const char *key, const struct push_upload *u, struct buf *err) {
    struct fetch_put *f = ctx;
    struct buf url = {.max = LIMIT_URL_INPUT}, body = {.max = MIB * 2};
    struct answer a;
    long code = 0;
    buf_str(&body, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (size_t i = 0; i < u->n; i++)
        buf_printf(&body, "<Part><PartNumber>%zu</PartNumber><ETag>&quot;%s&quot;</ETag></Part>", i + 1, u->parts[i].etag);
    buf_str(&body, "</CompleteMultipartUpload>");
    upload_address(f, key, "", u->id, &url);
    enum status st = ask(f, worker, "POST", buf_cstr(&url), "application/xml", "", buf_view(&body), &code, &a, err);
    /* The status is sent before the store knows: a failure may stand in a 200 (S3, CompleteMultipartUpload). */
    if (st == ST_OK && (code == 404 || slice_find(buf_view(&a.said), slice_str("<Error>")) != SIZE_MAX))
        st = fail(err, ST_RETRY, "%s: the parts were not joined: %.300s", buf_cstr(&url), buf_cstr(&a.said));
    buf_free(&a.said);
    buf_free(&url);
    buf_free(&body);
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
    return (struct push_store){.head = head,
                               .put = put,
                               .open_parts = open_parts,
                               .put_part = put_part,
                               .end_parts = end_parts,
                               .give_up = give_up,
                               .sleep = wait_ms,
                               .ctx = f,
                               .workers = f->opt.workers};
}
