#ifndef VILLERS_STORE_ENCODE_H
#define VILLERS_STORE_ENCODE_H
/*
 * A whole text in one go as an HTTP content coding: gzip (RFC 1952) or zstd (RFC 8878, window within the 8 MiB of RFC 9659).  The
 * same bytes for the same text.
 */
#include "base/buf.h"

/** encode_gzip(text, out, err), encode_zstd(text, out, err): replace ${out}.  FATAL without memory or past the buffer's cap. */
enum status encode_gzip(struct slice text, struct buf *out, struct buf *err) MUST_CHECK;
enum status encode_zstd(struct slice text, struct buf *out, struct buf *err) MUST_CHECK;

#endif
