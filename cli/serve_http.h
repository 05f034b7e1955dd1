#ifndef VILLERS_CLI_SERVE_HTTP_H
#define VILLERS_CLI_SERVE_HTTP_H
/*
 * The hub's releases over HTTP.  serve_http.c is the one file that knows libmicrohttpd; a thread a core, each with its own epoll loop.
 */
#include "base/buf.h"
#include "base/log.h"

struct serve_options {
    const char *releases; /* folder; borrowed while the server runs, as all strings here */
    const char *contact;
    const char *base; /* public address, or "": the Host that the client asked for */
    const char *bind; /* address, IPv4 or IPv6 */
    unsigned port;    /* 0: any free one */
    unsigned threads; /* 0: one a core */
    unsigned max_connections;
    unsigned timeout_s; /* a connection on which nothing moved for so long is closed */
    struct log log;     /* a line a request, at LOG_INFO */
};

struct serve_http;
/** serve_http_start(opt, out, err): SKIP when the address cannot be had or there is no such folder. */
enum status serve_http_start(const struct serve_options *opt, struct serve_http **out, struct buf *err) MUST_CHECK;
/** serve_http_port(s): the port it listens on. */
unsigned serve_http_port(const struct serve_http *s);
/** serve_http_stop(s): close every connection and wait for the threads; frees ${s}. */
void serve_http_stop(struct serve_http *s);

#endif
