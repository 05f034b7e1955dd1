#ifndef VILLERS_CRAWLER_DECODE_H
#define VILLERS_CRAWLER_DECODE_H
/*
 * The body of an answer as archived, verbatim, to the bytes it means: chunked transfer coding undone (RFC 9112 7.1), then the
 * content codings gzip, x-gzip, deflate (zlib or raw), br and zstd (RFC 9110 8.4), at most three deep.  decode.c is the one
 * file of the crawler that knows zlib, brotli and zstd's decoder.
 */
#include "base/buf.h"

enum decode_result {
    DECODE_OK,
    DECODE_TOO_LARGE, /* the plain body would pass the cap of the output */
    DECODE_BROKEN     /* damaged, cut short, or an unknown coding */
};

/** decode_unchunk(body, out): append the payload of a chunked ${body} to ${out}. */
enum decode_result decode_unchunk(struct slice body, struct buf *out);

/**
 * decode_body(head, body, out):
 * Append to ${out} what ${body} means under the Transfer-Encoding and Content-Encoding fields of ${head}.  The cap is that of
 * ${out}; a bomb stops there.  On failure what was decoded so far stays in ${out}.  Thread-safe.  O(result).
 */
enum decode_result decode_body(struct slice head, struct slice body, struct buf *out);

/** decode_gunzip(body, out): ${body} if it begins as gzip, inflated (all its members). */
enum decode_result decode_gunzip(struct slice body, struct buf *out);
/** decode_is_gzip(body): begins with gzip's magic bytes. */
bool decode_is_gzip(struct slice body);

#endif
