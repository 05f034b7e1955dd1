#include "store/encode.h"
#include "base/status.h"
#include <limits.h>
#include <zlib.h>
#include <zstd.h>

#define GZIP_LEVEL 6
#define GZIP_WINDOW_BITS (15 + 16)
#define GZIP_MEM_LEVEL 8
#define ZSTD_LEVEL 6 /* its window is 2 MiB at most */

enum status encode_gzip(struct slice text, struct buf *out, struct buf *err) {
    z_stream z = {0};
    buf_clear(out);
    if (text.len > UINT_MAX / 2) return fail(err, ST_FATAL, "too large to compress");
    if (deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS, GZIP_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        return fail(err, ST_FATAL, "no memory to compress");
    size_t bound = deflateBound(&z, text.len);
    bool whole = buf_reserve(out, bound);
    if (whole) {
        z.next_in = (Bytef *)(uintptr_t)text.ptr;
        z.avail_in = (uInt)text.len;
        z.next_out = (Bytef *)out->data;
        z.avail_out = (uInt)bound;
        whole = deflate(&z, Z_FINISH) == Z_STREAM_END;
        out->len = whole ? z.total_out : 0;
        out->data[out->len] = '\0';
    }
    deflateEnd(&z);
    return whole ? ST_OK : fail(err, ST_FATAL, "no memory to compress");
}

enum status encode_zstd(struct slice text, struct buf *out, struct buf *err) {
    size_t bound = ZSTD_compressBound(text.len);
    buf_clear(out);
    if (ZSTD_isError(bound) || !buf_reserve(out, bound)) return fail(err, ST_FATAL, "no memory to compress");
    size_t n = ZSTD_compress(out->data, bound, text.ptr, text.len, ZSTD_LEVEL);
    if (ZSTD_isError(n)) return fail(err, ST_FATAL, "zstd: %s", ZSTD_getErrorName(n));
    out->len = n;
    out->data[n] = '\0';
    return ST_OK;
}
