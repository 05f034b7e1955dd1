#ifndef VILLERS_CRAWLER_URL_H
#define VILLERS_CRAWLER_URL_H
/*
 * URLs: the WHATWG URL Standard's parser and serialiser for http and https, then Villers' canonical form:
 * no fragment, unreserved characters (RFC 3986 2.3) decoded, hex digits of escapes upper case, an empty query and
 * the host's trailing dot dropped, tracking and session parameters removed.  Parameters are not sorted and slashes not
 * merged: that changes pages.  Host names through ICU (UTS #46, non-transitional).
 */
#include "base/buf.h"

struct url_options {
    /* Query parameters to remove, in any case: a name, a prefix and '*' ("utm_*"), or a name and "=#", which goes only when
       its value is a key of 24 or more hex digits ("sid=#").  They are also removed from the end of the path when written
       ";name=value" (servlet sessions).  NULL: url_default_params(). */
    const char *const *strip;
    size_t n_strip;
};

/** url_default_params(n): the built-in list of tracking and session parameters; static. */
const char *const *url_default_params(size_t *n);

/**
 * url_canonical(input, base, opt, out, err):
 * Append the canonical form of ${input}, resolved against ${base} (a canonical URL, or empty), to ${out}.  SKIP, with the
 * reason in ${err} and ${out} unchanged, for anything that is not an absolute http(s) URL in the end or is longer than
 * LIMIT_URL.  ${opt} may be NULL.  Thread-safe.  O(length).
 */
enum status url_canonical(struct slice input, struct slice base, const struct url_options *opt, struct buf *out,
                          struct buf *err) MUST_CHECK;

/* The parts of a canonical URL, borrowed from it. */
struct url_parts {
    struct slice scheme; /* "http" or "https" */
    struct slice host;   /* lower case, A-labels; an IPv6 address keeps its brackets */
    unsigned port;       /* the scheme's default when not written */
    struct slice origin; /* scheme://host[:port] */
    struct slice path;   /* begins with '/' */
    struct slice query;  /* without '?'; ptr NULL when there is none */
    struct slice target; /* path and query: what a request line and robots.txt see */
};
/**
 * url_split(url, parts):
 * False when ${url} is not in canonical form or carries user information: no request is ever made with somebody's
 * credentials.  O(length).
 */
bool url_split(struct slice url, struct url_parts *parts);
/** url_domain(host): the registrable domain of ${host} (libpsl), or ${host} itself for an address or a bare suffix; borrowed. */
struct slice url_domain(struct slice host);

#endif
