#ifndef VILLERS_CRAWLER_URL_HOST_H
#define VILLERS_CRAWLER_URL_HOST_H
/*
 * The host of a URL: WHATWG URL Standard section 3.5 (host parsing) for special schemes, and 3.6 (serialising).
 * url_host.c is the one file that knows ICU, url_domain.c the one that knows libpsl.
 */
#include "base/buf.h"

/**
 * url_host(raw, out, err):
 * Append the serialised host of ${raw} (the bytes between user information and port, valid UTF-8) to ${out}: a domain in
 * lower case with A-labels and without trailing dot, an IPv4 address in four decimal parts, or an IPv6 address compressed
 * in brackets (RFC 5952).  SKIP, with the reason in ${err}, when it is no host.  Thread-safe.  O(length).
 */
enum status url_host(struct slice raw, struct buf *out, struct buf *err) MUST_CHECK;

#endif
