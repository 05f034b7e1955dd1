#include "crawler/fetch_multi.h"

#include "base/clock.h"
#include "base/limits.h"
#include "crawler/fetch_events.h"
#include "crawler/netguard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_MS 15000
#define STALL_MS 30000
#define STALL_BYTES_PER_S 64
#define LATE_MS 30000 /* how long a server that said nothing in time may still take to let go of the request */
#define LOOK_MS 200   /* between two looks at who stalls */
#define TOTAL_MS 300000
#define HEADS_MAX (4 * LIMIT_HEADERS) /* of an answer with all that comes before and after it */
#define KEPT_CONNECTIONS 2048
#define FILES_WANTED 8192     /* descriptors, where the system grants them */
#define SMALL_BODY (64 * KIB) /* an unwanted body announced below this is read to its end: cheaper than a new connection */
#define GATHER_MS 3           /* how long a wait goes on once something came, by the requests open */
#define GATHER_MOST_MS 40

/* One request in flight. */
struct transfer {
    struct fetch_multi *m;
    CURL *easy;
    struct curl_slist *headers;
    struct fetch_answer *answer;
    size_t max_body;
    bool any_type, drop_body;
    size_t heads;                  /* bytes of header lines so far */
    unsigned sends;                /* how often libcurl came to the point of sending: twice means a dead kept connection */
    curl_socket_t fd;              /* it waits on */
    int port;                      /* our end of its connection; 0: not sent */
    bool plain;                    /* no TLS below HTTP */
    bool late;                     /* nothing came in time: see watch() */
    uint64_t got, seen;            /* bytes of the answer; when it was last looked at */
    int64_t paid_ms;               /* monotonic: up to then it was fast enough */
    enum fetch_error verdict;      /* set by a callback that cuts the transfer */
    struct transfer *next, **link; /* all in flight */
};

struct fetch_multi {
    CURLM *multi;
    struct fetch_events *events;
    struct fetch_multi_options opt;
    char *user_agent;
    struct curl_slist *connect_to;
    struct transfer *flight, *cut; /* cut: ended by watch(), not yet taken */
    int64_t looked_ms;             /* monotonic */
    unsigned open, late;
    CURL **idle;
    unsigned n_idle, cap_idle;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static void init_curl(void) { curl_global_init(CURL_GLOBAL_DEFAULT); }

/* ---- callbacks ---- */

static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *addr) {
    struct transfer *t = ctx;
    struct fetch_answer *a = t->answer;
    (void)purpose;
    const void *raw = addr->family == AF_INET6 ? (const void *)&((const struct sockaddr_in6 *)(const void *)&addr->addr)->sin6_addr
                                               : (const void *)&((const struct sockaddr_in *)(const void *)&addr->addr)->sin_addr;
    if (!inet_ntop(addr->family, raw, a->ip, sizeof a->ip)) a->ip[0] = 0;
    if (!t->m->opt.allow_private && !netguard_public(&addr->addr)) {
        t->verdict = FETCH_ADDRESS;
        return CURL_SOCKET_BAD;
    }
    if (t->m->opt.may_connect && !t->m->opt.may_connect(t->m->opt.may_connect_ctx, a->tag, a->ip)) {
        t->verdict = FETCH_DEFERRED;
        return CURL_SOCKET_BAD;
    }
    if (t->verdict == FETCH_ADDRESS) t->verdict = FETCH_OK; /* another address of the same name is public */
    return socket(addr->family, addr->socktype | SOCK_CLOEXEC, addr->protocol);
}

/* libcurl sends a request again by itself when a kept connection turns out dead: that would be two requests within the delay. */
static int on_send(void *ctx, char *ip, char *local_ip, int port, int local_port) {
    struct transfer *t = ctx;
    (void)local_ip, (void)port;
    if (t->sends++ > 0) {
        t->verdict = FETCH_STALE;
        return CURL_PREREQFUNC_ABORT;
    }
    snprintf(t->answer->ip, sizeof t->answer->ip, "%s", ip);
    t->answer->sent_ms = clock_wall_ms();
    t->paid_ms = clock_mono_ms();
    t->port = local_port;
    return CURL_PREREQFUNC_OK;
}

static int on_debug(CURL *easy, curl_infotype type, char *data, size_t size, void *ctx) {
    struct transfer *t = ctx;
    (void)easy;
    if (type == CURLINFO_HEADER_OUT) buf_append(&t->answer->request, data, size);
    return 0;
}

/* At the empty line: is the body wanted? */
static bool want_body(struct transfer *t) {
    struct fetch_answer *a = t->answer;
    struct slice head = buf_view(&a->head);
    uint64_t announced;
    if (a->status != 200 || t->any_type) return true;
    enum http_type type = http_type_of(http_head_get(head, "content-type"));
    if (type == HTTP_TYPE_HTML || type == HTTP_TYPE_TEXT) return true;
    t->verdict = FETCH_CUT;
    t->drop_body = true;
    return slice_parse_u64(http_head_get(head, "content-length"), &announced) && announced <= SMALL_BODY;
}

static void status_line(struct transfer *t, struct slice line) {
    struct fetch_answer *a = t->answer;
    buf_clear(&a->head);
    a->protocol = slice_starts(line, slice_str("HTTP/2"))     ? "h2"
                  : slice_starts(line, slice_str("HTTP/1.0")) ? "http/1.0"
                                                              : "http/1.1";
    size_t space = slice_find_char(line, ' ');
    if (a->protocol[0] == 'h' && a->protocol[1] == '2' && space != SIZE_MAX) {
        buf_str(&a->head, "HTTP/1.1");
        line = slice_sub(line, space, line.len);
    }
    buf_slice(&a->head, line);
    a->status = http_head_status(buf_view(&a->head));
}

static size_t on_header(char *data, size_t one, size_t size, void *ctx) {
    struct transfer *t = ctx;
    struct fetch_answer *a = t->answer;
    struct slice line = slice_of(data, size * one);
    if (!t->got) a->first_ms = clock_wall_ms();
    t->got += line.len;
    t->heads += line.len; /* interim answers and trailers are not kept, and have an end all the same */
    if (t->heads > HEADS_MAX) t->verdict = FETCH_HEADERS;
    if (t->verdict == FETCH_HEADERS) return 0;
    if (a->body.len) return line.len; /* a trailer */
    if (slice_starts(line, slice_str("HTTP/")))
        status_line(t, line);
    else
        buf_slice(&a->head, line);
    if (!buf_ok(&a->head)) {
        t->verdict = FETCH_HEADERS;
        return 0;
    }
    bool end = slice_trim(line).len == 0;
    return end && a->status >= 200 && !want_body(t) ? 0 : line.len;
}

static size_t on_body(char *data, size_t one, size_t size, void *ctx) {
    struct transfer *t = ctx;
    size *= one;
    t->got += size;
    if (t->drop_body) return size;
    struct buf *body = &t->answer->body;
    size_t room = t->max_body - body->len;
    buf_append(body, data, size < room ? size : room);
    if (size > room || !buf_ok(body)) {
        t->verdict = FETCH_LARGE;
        return 0;
    }
    return size;
}

static void on_wait(CURL *easy, curl_socket_t fd) {
    struct transfer *t = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &t);
    if (t) t->fd = fd;
}

/* ---- life ---- */

/* Hosts rest between requests with their connections open: as many as descriptors allow, half of them left to files and new ones. */
static long kept_connections(unsigned max_open) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return max_open;
    if (files.rlim_cur < FILES_WANTED && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max < FILES_WANTED ? files.rlim_max : FILES_WANTED;
        if (setrlimit(RLIMIT_NOFILE, &files) != 0) return max_open;
    }
    unsigned long half = files.rlim_cur / 2 < KEPT_CONNECTIONS ? files.rlim_cur / 2 : KEPT_CONNECTIONS;
    return (long)(half > max_open ? half : max_open);
}

enum status fetch_multi_new(const struct fetch_multi_options *opt, struct fetch_multi **out, struct buf *err) {
    pthread_once(&once, init_curl);
    struct fetch_multi *m = calloc(1, sizeof *m);
    if (!m) return fail(err, ST_FATAL, "out of memory");
    m->opt = *opt;
    m->multi = curl_multi_init();
    m->user_agent = strdup(opt->user_agent);
    bool ok = m->multi && m->user_agent && fetch_events_new(m->multi, on_wait, &m->events, err) == ST_OK;
    for (size_t i = 0; ok && i < opt->n_connect_to; i++) {
        struct curl_slist *more = curl_slist_append(m->connect_to, opt->connect_to[i]);
        if (more)
            m->connect_to = more;
        else
            ok = false;
    }
    if (!ok) {
        fetch_multi_free(m);
        return fail(err, ST_FATAL, "out of memory");
    }
    /* Handles are what bounds the connections; a cap on connections near the host count would evict idle ones. */
    curl_multi_setopt(m->multi, CURLMOPT_MAXCONNECTS, kept_connections(opt->max_open));
    curl_multi_setopt(m->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    *out = m;
    return ST_OK;
}

static void transfer_free(struct transfer *t) {
    curl_slist_free_all(t->headers);
    fetch_answer_free(t->answer);
    free(t);
}

static void unlink_transfer(struct transfer *t) {
    *t->link = t->next;
    if (t->next) t->next->link = t->link;
    t->m->open--;
    t->m->late -= t->late;
}

void fetch_multi_drop(struct fetch_multi *m, fetch_drop *drop) {
    while (m->flight) {
        struct transfer *t = m->flight;
        curl_multi_remove_handle(m->multi, t->easy);
        curl_easy_cleanup(t->easy);
        unlink_transfer(t);
        if (drop) drop(t->answer->tag);
        transfer_free(t);
    }
    while (m->cut) {
        struct transfer *t = m->cut;
        m->cut = t->next;
        if (drop) drop(t->answer->tag);
        transfer_free(t);
    }
}

void fetch_multi_free(struct fetch_multi *m) {
    if (!m) return;
    fetch_multi_drop(m, NULL);
    while (m->n_idle) curl_easy_cleanup(m->idle[--m->n_idle]);
    if (m->multi) curl_multi_cleanup(m->multi);
    fetch_events_free(m->events);
    curl_slist_free_all(m->connect_to);
    free(m->idle);
    free(m->user_agent);
    free(m);
}

/* What holds for every request of this fetcher; done once a handle. */
static CURL *handle_new(struct fetch_multi *m) {
    CURL *e = curl_easy_init();
    if (!e) return NULL;
    const struct fetch_multi_options *o = &m->opt;
    curl_easy_setopt(e, CURLOPT_USERAGENT, m->user_agent);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(e, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    curl_easy_setopt(e, CURLOPT_HTTP_TRANSFER_DECODING, 0L);
    curl_easy_setopt(e, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    curl_easy_setopt(e, CURLOPT_DNS_CACHE_TIMEOUT, 300L);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)(o->connect_timeout_ms ? o->connect_timeout_ms : CONNECT_MS));
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)(o->total_timeout_ms ? o->total_timeout_ms : TOTAL_MS));
    if (m->connect_to) curl_easy_setopt(e, CURLOPT_CONNECT_TO, m->connect_to);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_send);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    /* the request as sent is told through the debug callback alone */
    curl_easy_setopt(e, CURLOPT_DEBUGFUNCTION, on_debug);
    curl_easy_setopt(e, CURLOPT_VERBOSE, 1L);
    return e;
}

static bool add_header(struct transfer *t, const char *name, const char *value) {
    struct buf line;
    buf_init(&line, LIMIT_HEADERS);
    buf_printf(&line, "%s: %s", name, value);
    struct curl_slist *more = buf_ok(&line) ? curl_slist_append(t->headers, buf_cstr(&line)) : NULL;
    buf_free(&line);
    if (more) t->headers = more;
    return more != NULL;
}

static bool set_headers(struct transfer *t, const struct fetch_request *req) {
    return add_header(t, "Accept", req->any_type ? "*/*" : "text/html,application/xhtml+xml,text/plain;q=0.9,*/*;q=0.1") &&
           add_header(t, "Accept-Language", "fr,*;q=0.5") && add_header(t, "Accept-Encoding", "gzip, deflate, br, zstd") &&
           (!req->etag || add_header(t, "If-None-Match", req->etag)) &&
           (!req->modified || add_header(t, "If-Modified-Since", req->modified));
}

static struct transfer *transfer_new(struct fetch_multi *m, const struct fetch_request *req) {
    struct transfer *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    t->m = m;
    t->fd = CURL_SOCKET_BAD;
    t->max_body = req->max_body;
    t->any_type = req->any_type;
    t->plain = slice_starts(slice_str(req->url), slice_str("http:"));
    t->answer = calloc(1, sizeof *t->answer);
    if (!t->answer || !set_headers(t, req)) {
        transfer_free(t);
        return NULL;
    }
    struct fetch_answer *a = t->answer;
    a->tag = req->tag;
    a->protocol = "http/1.1";
    a->sent_ms = clock_wall_ms();
    buf_init(&a->request, LIMIT_HEADERS);
    buf_init(&a->head, LIMIT_HEADERS);
    buf_init(&a->body, req->max_body ? req->max_body : 1);
    return t;
}

enum status fetch_multi_start(struct fetch_multi *m, const struct fetch_request *req, struct buf *err) {
    struct transfer *t = transfer_new(m, req);
    if (t) t->easy = m->n_idle ? m->idle[--m->n_idle] : handle_new(m);
    if (!t || !t->easy) {
        if (t) transfer_free(t);
        return fail(err, ST_FATAL, "out of memory");
    }
    CURL *e = t->easy;
    curl_easy_setopt(e, CURLOPT_URL, req->url);
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, t);
    curl_easy_setopt(e, CURLOPT_PREREQDATA, t);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(e, CURLOPT_DEBUGDATA, t);
    curl_easy_setopt(e, CURLOPT_PRIVATE, t);
    t->next = m->flight;
    t->link = &m->flight;
    if (t->next) t->next->link = &t->next;
    m->flight = t;
    m->open++;
    if (curl_multi_add_handle(m->multi, e) != CURLM_OK) {
        unlink_transfer(t);
        curl_easy_cleanup(e);
        transfer_free(t);
        return fail(err, ST_FATAL, "out of memory");
    }
    return ST_OK;
}

/* ---- ends ---- */

static enum fetch_error error_of(CURLcode code, const struct transfer *t) {
    bool begun = t->answer->head.len > 0;
    switch (code) {
    case CURLE_OK: return FETCH_OK;
    case CURLE_COULDNT_RESOLVE_HOST: return FETCH_DNS;
    case CURLE_COULDNT_CONNECT: return FETCH_CONNECT;
    case CURLE_OPERATION_TIMEDOUT: return FETCH_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS: return FETCH_TLS;
    case CURLE_PARTIAL_FILE: return FETCH_PARTIAL;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR: return begun ? FETCH_PARTIAL : FETCH_RESET;
    default: return FETCH_PROTOCOL;
    }
}

static void finish(struct transfer *t, CURLcode code) {
    struct fetch_answer *a = t->answer;
    curl_off_t sent = 0, first = 0;
    a->end_ms = clock_wall_ms();
    a->error = t->verdict != FETCH_OK ? t->verdict : error_of(code, t);
    if (t->late && code != CURLE_OK) a->error = FETCH_TIMEOUT; /* the server closed at our notice */
    if (a->error != FETCH_OK) snprintf(a->detail, sizeof a->detail, "%s", curl_easy_strerror(code));
    curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &sent);
    curl_easy_getinfo(t->easy, CURLINFO_STARTTRANSFER_TIME_T, &first);
    if (a->status && first > sent) a->latency_us = first - sent;
    if (a->error == FETCH_OK && a->status == 0) a->error = FETCH_PROTOCOL;
}

/* Handles are used again: their options but the data pointers stay as they are. */
static void recycle(struct fetch_multi *m, CURL *e) {
    if (m->n_idle == m->cap_idle) {
        unsigned cap = m->cap_idle ? m->cap_idle * 2 : 64;
        CURL **more = realloc(m->idle, cap * sizeof *more);
        if (!more) {
            curl_easy_cleanup(e);
            return;
        }
        m->idle = more;
        m->cap_idle = cap;
    }
    m->idle[m->n_idle++] = e;
}

/* Take ${t}, which ended with ${code}, off the handle that carried it. */
static void end(struct transfer *t, CURLcode code) {
    struct fetch_multi *m = t->m;
    finish(t, code);
    curl_multi_remove_handle(m->multi, t->easy);
    if (t->late) curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 0L);
    unlink_transfer(t);
    recycle(m, t->easy);
}

static struct fetch_answer *answer_of(struct transfer *t) {
    struct fetch_answer *a = t->answer;
    t->answer = NULL;
    transfer_free(t);
    return a;
}

struct fetch_answer *fetch_multi_next(struct fetch_multi *m) {
    int left;
    CURLMsg *msg;
    if (m->cut) {
        struct transfer *t = m->cut;
        m->cut = t->next;
        return answer_of(t);
    }
    while ((msg = curl_multi_info_read(m->multi, &left))) {
        if (msg->msg != CURLMSG_DONE) continue;
        struct transfer *t = NULL;
        CURLcode code = msg->data.result;
        curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t);
        end(t, code);
        return answer_of(t);
    }
    return NULL;
}

/* ---- stalls ---- */

/* libcurl may have closed its socket, and the number may be another's. */
static bool is_own(const struct transfer *t) {
    struct sockaddr_storage at;
    socklen_t len = sizeof at;
    if (t->fd == CURL_SOCKET_BAD || getsockname(t->fd, (struct sockaddr *)&at, &len) != 0) return false;
    in_port_t port = at.ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)(const void *)&at)->sin6_port
                                              : ((const struct sockaddr_in *)(const void *)&at)->sin_port;
    return (at.ss_family == AF_INET || at.ss_family == AF_INET6) && ntohs(port) == t->port;
}

/* Half-closed: a server at work reads it as our going, and answers or closes; its answer is still taken. */
static void give_notice(struct transfer *t) {
    t->late = true;
    t->m->late++;
    curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 1L);
    if (t->plain && is_own(t)) shutdown(t->fd, SHUT_WR);
}

/*
 * Silence and trickles.  An answer pays for its time by its bytes.  One that has begun is cut when it is behind by the limit.  A server that has said
 * nothing at all perhaps has not read the request yet: were the connection closed, it would read it after the next one had been sent, and
 * serve two at once.  So the request stays open, half-closed, until the server lets go of it; only LATE_MS later is it given up.
 */
static void watch(struct fetch_multi *m) {
    int64_t now = clock_mono_ms(), stall = m->opt.stall_ms > 0 ? m->opt.stall_ms : STALL_MS;
    if (now - m->looked_ms < LOOK_MS) return;
    m->looked_ms = now;
    for (struct transfer *t = m->flight, *next; t; t = next) {
        next = t->next;
        if (!t->sends) continue; /* connecting has a limit of its own */
        uint64_t bytes = t->got - t->seen;
        if (t->seen == 0 && t->got > 0) t->paid_ms = now;
        if (bytes > (uint64_t)(now - t->paid_ms) * STALL_BYTES_PER_S / 1000)
            t->paid_ms = now;
        else
            t->paid_ms += (int64_t)bytes * 1000 / STALL_BYTES_PER_S;
        t->seen = t->got;
        if (now - t->paid_ms < stall) continue;
        if (!t->got && !t->late) give_notice(t);
        if (!t->got && now - t->paid_ms < stall + LATE_MS) continue;
        t->verdict = FETCH_TIMEOUT;
        end(t, CURLE_OPERATION_TIMEDOUT);
        t->next = m->cut;
        m->cut = t;
    }
}

/* The more is under way, the more answers a turn had better settle: its commits cost the same for one as for fifty. */
void fetch_multi_wait(struct fetch_multi *m, size_t under_way, int64_t timeout_ms) {
    int64_t gather = (int64_t)(m->open + under_way) / 8;
    fetch_events_wait(m->events, timeout_ms, gather < GATHER_MS ? GATHER_MS : gather > GATHER_MOST_MS ? GATHER_MOST_MS : gather);
    watch(m);
}

void fetch_multi_wake(struct fetch_multi *m) { fetch_events_wake(m->events); }
unsigned fetch_multi_open(const struct fetch_multi *m) { return m->open; }
unsigned fetch_multi_late(const struct fetch_multi *m) { return m->late; }

void fetch_answer_free(struct fetch_answer *a) {
    if (!a) return;
    buf_free(&a->request);
    buf_free(&a->head);
    buf_free(&a->body);
    free(a);
}
