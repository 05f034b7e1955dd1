#include "cli/serve_http.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "cli/serve_files.h"
#include "store/site.h"
#include "store/site_catalog.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define HEADER_MEMORY ((size_t)32 * KIB) /* a connection's whole memory: request line and header lines */
#define PAGE_MAX (16 * MIB)
#define CACHE_BYTES (128 * MIB)
#define CATALOG_XML "/catalog.xml"
#define CATALOG_JSONLD "/catalog.jsonld"
#define HTML "text/html; charset=utf-8"

struct serve_http {
    struct MHD_Daemon *daemon;
    struct serve_options opt;
    struct serve_cache *cache;
    int root_fd;
    unsigned port;
};

typedef enum MHD_Result mhd_result;

static const char *header(struct MHD_Connection *c, const char *name) {
    return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

/* What every answer says. */
static void common_headers(struct MHD_Response *r) {
    MHD_add_response_header(r, "Server", "villers/" VILLERS_VERSION);
    MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(r, "Access-Control-Allow-Origin", "*");
}

static mhd_result send_and_free(struct MHD_Connection *c, unsigned status, struct MHD_Response *r) {
    if (!r) return MHD_NO;
    mhd_result sent = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return sent;
}

/* ---- pages ---- */

static void drop_item(void *item) { serve_cache_drop(item); }

/* Takes over the item: its bytes go out from where they are kept. */
static struct MHD_Response *response_of_item(const struct serve_item *item) {
    struct MHD_Response *r = MHD_create_response_from_buffer_with_free_callback_cls(
        item->body.len, (void *)(uintptr_t)item->body.ptr, drop_item, (void *)(uintptr_t)item);
    if (!r) serve_cache_drop(item);
    return r;
}

/* What a cache on the way must know of a text that comes in several forms. */
static void form_headers(struct MHD_Response *r, enum serve_form form, bool body) {
    MHD_add_response_header(r, "Vary", "Accept-Encoding");
    if (form != SERVE_PLAIN && body) MHD_add_response_header(r, "Content-Encoding", form == SERVE_GZIP ? "gzip" : "zstd");
}

static void page_headers(struct MHD_Response *r, const char *type) {
    common_headers(r);
    MHD_add_response_header(r, "Content-Type", type);
    MHD_add_response_header(r, "Cache-Control", "no-cache");
    MHD_add_response_header(r, "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:");
}

/* A page made for this request: its bytes are its identity. */
static mhd_result send_made_page(struct serve_http *s, struct MHD_Connection *c, const struct buf *page, const char *type) {
    char etag[40], hex[33];
    struct serve_conditions cond = {.if_none_match = header(c, "If-None-Match")};
    struct serve_answer a;
    struct hash128 h = hash128(buf_view(page));
    struct serve_key key = {.inode = h.hi, .changed_ns = h.lo, .bytes = page->len, .device = UINT64_MAX};
    enum serve_form form = serve_files_form(header(c, "Accept-Encoding"));
    hash128_hex(h, hex);
    snprintf(etag, sizeof etag, "\"%s\"", hex);
    const struct serve_item *packed = serve_files_pack(s->cache, &key, etag, buf_view(page), form);
    if (!packed) form = SERVE_PLAIN;
    struct slice body = packed ? packed->body : buf_view(page);
    const char *tag = packed ? packed->etag : etag;
    serve_files_judge(tag, body.len, &cond, &a);
    struct MHD_Response *r =
        MHD_create_response_from_buffer(a.status == 304 ? 0 : body.len, (void *)(uintptr_t)body.ptr, MHD_RESPMEM_MUST_COPY);
    if (r) {
        page_headers(r, type);
        form_headers(r, form, a.status == 200);
        MHD_add_response_header(r, "ETag", tag);
    }
    serve_cache_drop(packed);
    return send_and_free(c, (unsigned)a.status, r);
}

static mhd_result send_error(struct MHD_Connection *c, unsigned status) {
    struct buf page = {.max = PAGE_MAX};
    site_error(&page, (int)status);
    struct MHD_Response *r = MHD_create_response_from_buffer(page.len, (void *)buf_cstr(&page), MHD_RESPMEM_MUST_COPY);
    if (r) {
        page_headers(r, HTML);
        if (status == 405) MHD_add_response_header(r, "Allow", "GET, HEAD");
    }
    buf_free(&page);
    return send_and_free(c, status, r);
}

/* A folder's page, or the catalogue: both are made when asked, with the address by which the client knows us. */
static mhd_result send_made(struct serve_http *s, struct MHD_Connection *c, const char *path) {
    struct buf page = {.max = PAGE_MAX}, base = {.max = LIMIT_URL_INPUT};
    const char *host = header(c, "Host"), *proto = header(c, "X-Forwarded-Proto"), *type = HTML;
    if (s->opt.base[0])
        buf_str(&base, s->opt.base);
    else
        buf_printf(&base, "%s://%s", proto && !strcmp(proto, "https") ? "https" : "http", host ? host : "localhost");
    struct site site = {.releases = s->opt.releases, .base = buf_cstr(&base), .contact = s->opt.contact};
    if (!strcmp(path, CATALOG_XML)) {
        site_catalog_xml(&page, &site);
        type = "application/rdf+xml";
    } else if (!strcmp(path, CATALOG_JSONLD)) {
        site_catalog_jsonld(&page, &site);
        type = "application/ld+json";
    } else
        site_folder(&page, &site, path);
    if (!buf_ok(&page)) buf_clear(&page);
    mhd_result sent = send_made_page(s, c, &page, type);
    buf_free(&page);
    buf_free(&base);
    return sent;
}

/* A folder's pages link to what is beside them, so its address ends in a slash. */
static mhd_result send_redirect(struct MHD_Connection *c, const char *path) {
    struct buf to = {.max = LIMIT_URL_INPUT};
    while (path[0] == '/' && path[1] == '/') path++; /* "//host" would name another server */
    for (const char *p = path; *p; p++) {
        if (ascii_is_alnum(*p) || strchr("-._~/", *p))
            buf_char(&to, *p);
        else
            buf_printf(&to, "%%%02X", (unsigned char)*p);
    }
    buf_char(&to, '/');
    struct MHD_Response *r = MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
    if (r) {
        common_headers(r);
        MHD_add_response_header(r, "Location", buf_cstr(&to));
    }
    buf_free(&to);
    return send_and_free(c, 301, r);
}

/* ---- files ---- */

static void file_headers(struct MHD_Response *r, const struct serve_entry *e, const struct serve_answer *a) {
    char range[96];
    common_headers(r);
    MHD_add_response_header(r, "ETag", e->etag);
    MHD_add_response_header(r, "Accept-Ranges", "bytes");
    MHD_add_response_header(r, "Cache-Control", e->immutable ? "public, max-age=31536000, immutable" : "no-cache");
    if (a->status != 416) MHD_add_response_header(r, "Content-Type", e->type);
    if (a->status == 206) {
        snprintf(range, sizeof range, "bytes %llu-%llu/%llu", (unsigned long long)a->from,
                 (unsigned long long)(a->from + a->bytes - 1), (unsigned long long)e->bytes);
        MHD_add_response_header(r, "Content-Range", range);
    }
    if (a->status == 416) {
        snprintf(range, sizeof range, "bytes */%llu", (unsigned long long)e->bytes);
        MHD_add_response_header(r, "Content-Range", range);
    }
}

/* Takes over what the entry holds. */
static struct MHD_Response *file_body(struct serve_entry *e, const struct serve_answer *a) {
    struct MHD_Response *r;
    if (a->status != 200 && a->status != 206) return MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
    if (a->status == 200 && e->kept && e->kept->body.len == e->bytes) {
        r = response_of_item(e->kept);
        e->kept = NULL;
    } else if (a->bytes > 0) {
        r = MHD_create_response_from_fd_at_offset64(a->bytes, e->fd, a->from);
        if (r) e->fd = -1;
    } else
        r = MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
    return r;
}

/* A part is always one of the file as it stands: loaders count its bytes. */
static mhd_result send_file(struct serve_http *s, struct MHD_Connection *c, struct serve_entry *e, bool whole) {
    struct serve_conditions cond = {
        .range = whole ? NULL : header(c, "Range"), .if_range = header(c, "If-Range"), .if_none_match = header(c, "If-None-Match")};
    struct serve_answer a;
    enum serve_form form = e->text && !cond.range ? serve_files_form(header(c, "Accept-Encoding")) : SERVE_PLAIN;
    const struct serve_item *packed = serve_files_packed(s->cache, e, form);
    if (packed) {
        serve_cache_drop(e->kept);
        e->kept = packed;
        e->bytes = packed->body.len;
        memcpy(e->etag, packed->etag, sizeof e->etag);
    } else
        form = SERVE_PLAIN;
    serve_files_judge(e->etag, e->bytes, &cond, &a);
    struct MHD_Response *r = file_body(e, &a);
    if (r) {
        file_headers(r, e, &a);
        if (e->text) form_headers(r, form, a.status == 200);
    }
    serve_files_done(e);
    return send_and_free(c, (unsigned)a.status, r);
}

/* RFC 9112 3.2.2: what a client sends that takes us for a proxy; the path of "http://host/path" is as good as "/path". */
static const char *without_origin(const char *target) {
    struct slice s = slice_str(target);
    if (!slice_starts_nocase(s, slice_str("http://")) && !slice_starts_nocase(s, slice_str("https://"))) return target;
    const char *path = strchr(strstr(target, "//") + 2, '/');
    return path ? path : "/";
}

/* A name with %00 in it is no name: cut there, it would be that of another file.  Left as it is, it names nothing. */
static size_t unescape(void *cls, struct MHD_Connection *c, char *text) {
    (void)cls, (void)c;
    return strstr(text, "%00") ? strlen(text) : MHD_http_unescape(text);
}

static mhd_result answer(struct serve_http *s, struct MHD_Connection *c, const char *target, bool head) {
    struct serve_entry e;
    const char *path = without_origin(target);
    size_t len = strlen(path);
    if (path[0] != '/' || len > LIMIT_URL_INPUT / 4) return send_error(c, 404);
    if (!strcmp(path, CATALOG_XML) || !strcmp(path, CATALOG_JSONLD)) return send_made(s, c, path);
    serve_files_find(s->root_fd, s->cache, path, &e);
    if (e.kind == SERVE_NOTHING) return send_error(c, 404);
    if (e.kind == SERVE_FILE) return send_file(s, c, &e, head); /* RFC 9110 14.2: a range is one of GET alone */
    serve_files_done(&e);
    return path[len - 1] == '/' ? send_made(s, c, path) : send_redirect(c, path);
}

static mhd_result on_request(void *cls, struct MHD_Connection *c, const char *url, const char *method, const char *version,
                             const char *data, size_t *data_size, void **state) {
    static const int headers_seen;
    struct serve_http *s = cls;
    (void)version, (void)data;
    if (*state == NULL) { /* headers are in, a body may follow */
        *state = (void *)&headers_seen;
        return MHD_YES;
    }
    if (*data_size) { /* a body that nobody asked for */
        *data_size = 0;
        return MHD_YES;
    }
    bool head = !strcmp(method, "HEAD"), readable = head || !strcmp(method, "GET");
    mhd_result sent = readable ? answer(s, c, url, head) : send_error(c, 405);
    log_line(&s->opt.log, LOG_INFO, "%s %s", method, url);
    return sent;
}

/* ---- life ---- */

/* Each connection wants a descriptor, and its file another. */
static void raise_descriptor_limit(unsigned connections) {
    struct rlimit lim;
    if (getrlimit(RLIMIT_NOFILE, &lim) != 0) return;
    rlim_t want = 2 * (rlim_t)connections + 128;
    if (want > lim.rlim_max) want = lim.rlim_max;
    if (want <= lim.rlim_cur) return;
    lim.rlim_cur = want;
    setrlimit(RLIMIT_NOFILE, &lim);
}

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool parse_address(const char *text, unsigned port, union address *a) {
    memset(a, 0, sizeof *a);
    if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1) {
        a->v4.sin_family = AF_INET;
        a->v4.sin_port = htons((uint16_t)port);
        return true;
    }
    if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) != 1) return false;
    a->v6.sin6_family = AF_INET6;
    a->v6.sin6_port = htons((uint16_t)port);
    return true;
}

static void drop_log(void *cls, const char *fmt, va_list ap) { (void)cls, (void)fmt, (void)ap; }

static enum status start_daemon(struct serve_http *s, struct buf *err) {
    union address at;
    unsigned threads = s->opt.threads ? s->opt.threads : parallel_cores();
    if (!parse_address(s->opt.bind, s->opt.port, &at)) return fail(err, ST_SKIP, "'%s' is not an IP address", s->opt.bind);
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG | (at.any.sa_family == AF_INET6 ? MHD_USE_IPv6 : 0);
    s->daemon =
        MHD_start_daemon(flags, 0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, drop_log, NULL, MHD_OPTION_SOCK_ADDR,
                         &at.any, MHD_OPTION_THREAD_POOL_SIZE, threads, MHD_OPTION_CONNECTION_LIMIT, s->opt.max_connections,
                         MHD_OPTION_CONNECTION_TIMEOUT, s->opt.timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEADER_MEMORY,
                         MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_END);
    if (!s->daemon) return fail(err, ST_SKIP, "cannot listen on %s port %u: %s", s->opt.bind, s->opt.port, strerror(errno));
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT);
    s->port = info ? info->port : s->opt.port;
    return ST_OK;
}

enum status serve_http_start(const struct serve_options *opt, struct serve_http **out, struct buf *err) {
    struct serve_http *s = calloc(1, sizeof *s);
    if (!s) return fail(err, ST_FATAL, "out of memory");
    s->opt = *opt;
    s->cache = serve_cache_new(CACHE_BYTES);
    s->root_fd = open(opt->releases, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!s->cache || s->root_fd < 0) {
        if (s->root_fd >= 0) close(s->root_fd);
        serve_cache_free(s->cache);
        free(s);
        return fail(err, ST_SKIP, "%s: %s", opt->releases, strerror(errno));
    }
    raise_descriptor_limit(opt->max_connections);
    enum status st = start_daemon(s, err);
    if (st == ST_OK)
        *out = s;
    else
        serve_http_stop(s);
    return st;
}

unsigned serve_http_port(const struct serve_http *s) { return s->port; }

void serve_http_stop(struct serve_http *s) {
    if (!s) return;
    if (s->daemon) MHD_stop_daemon(s->daemon);
    close(s->root_fd);
    serve_cache_free(s->cache);
    free(s);
}
