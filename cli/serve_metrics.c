#include "cli/serve_metrics.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>

#define MOST_CONNECTIONS 16u
#define TIMEOUT_S 10u

struct serve_metrics {
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock;
    struct buf text;
    unsigned port;
};

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, struct slice text, const char *type) {
    struct MHD_Response *r = MHD_create_response_from_buffer(text.len, (void *)(uintptr_t)text.ptr, MHD_RESPMEM_MUST_COPY);
    if (!r) return MHD_NO;
    MHD_add_response_header(r, "Content-Type", type);
    enum MHD_Result queued = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return queued;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url, const char *method, const char *version,
                                  const char *upload, size_t *upload_size, void **state) {
    struct serve_metrics *m = ctx;
    (void)version, (void)upload, (void)upload_size, (void)state;
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return answer(c, MHD_HTTP_METHOD_NOT_ALLOWED, slice_str("GET only\n"), "text/plain");
    if (strcmp(url, "/metrics") != 0) return answer(c, MHD_HTTP_NOT_FOUND, slice_str("/metrics\n"), "text/plain");
    pthread_mutex_lock(&m->lock);
    enum MHD_Result r = answer(c, MHD_HTTP_OK, buf_view(&m->text), "text/plain; version=0.0.4; charset=utf-8");
    pthread_mutex_unlock(&m->lock);
    return r;
}

static void drop_log(void *ctx, const char *fmt, va_list ap) { (void)ctx, (void)fmt, (void)ap; }

enum status serve_metrics_start(unsigned port, struct serve_metrics **out, struct buf *err) {
    struct serve_metrics *m = calloc(1, sizeof *m);
    if (!m) return fail(err, ST_FATAL, "out of memory");
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    pthread_mutex_init(&m->lock, NULL);
    m->daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO, 0, NULL, NULL, on_request, m, MHD_OPTION_EXTERNAL_LOGGER,
                         drop_log, NULL, MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_CONNECTION_LIMIT, MOST_CONNECTIONS,
                         MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
    if (!m->daemon) {
        enum status st = fail(err, ST_SKIP, "cannot listen on 127.0.0.1 port %u: %s", port, strerror(errno));
        serve_metrics_stop(m);
        return st;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(m->daemon, MHD_DAEMON_INFO_BIND_PORT);
    m->port = info ? info->port : port;
    *out = m;
    return ST_OK;
}

unsigned serve_metrics_port(const struct serve_metrics *m) { return m->port; }

void serve_metrics_set(struct serve_metrics *m, struct slice text) {
    pthread_mutex_lock(&m->lock);
    buf_clear(&m->text);
    buf_slice(&m->text, text);
    pthread_mutex_unlock(&m->lock);
}

void serve_metrics_stop(struct serve_metrics *m) {
    if (!m) return;
    if (m->daemon) MHD_stop_daemon(m->daemon);
    pthread_mutex_destroy(&m->lock);
    buf_free(&m->text);
    free(m);
}
