/*
 * One record, compressed on its own.  zstd: one frame with content size and checksum (RFC 8878; the IIPC's WARC-zstd
 * specification asks for both), window at most 2^LIMIT_ZSTD_WINDOW_LOG.  gzip: one member (RFC 1952) with neither name nor time.
 */
#include "base/limits.h"
#include "store/segment.h"
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum { GZIP_WINDOW_BITS = 15 + 16, GZIP_MEM_LEVEL = 8, ZSTD_LEVEL = 3, GZIP_LEVEL = 6 };

struct segment_packer {
    enum segment_codec codec;
    ZSTD_CCtx *zstd;
    z_stream gzip;
    bool gzip_on;
};

struct segment_packer *segment_packer_new(enum segment_codec codec, int level) {
    struct segment_packer *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->codec = codec;
    if (codec == SEGMENT_GZIP) {
        int used = level > 0 ? level : GZIP_LEVEL;
        p->gzip_on =
            deflateInit2(&p->gzip, used > 9 ? 9 : used, Z_DEFLATED, GZIP_WINDOW_BITS, GZIP_MEM_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK;
        if (p->gzip_on) return p;
    } else {
        p->zstd = ZSTD_createCCtx();
        if (p->zstd && !ZSTD_isError(ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_compressionLevel, level != 0 ? level : ZSTD_LEVEL)) &&
            !ZSTD_isError(ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_checksumFlag, 1)))
            return p;
    }
    segment_packer_free(p);
    return NULL;
}

void segment_packer_free(struct segment_packer *p) {
    if (!p) return;
    ZSTD_freeCCtx(p->zstd);
    if (p->gzip_on) deflateEnd(&p->gzip);
    free(p);
}

static enum status pack_zstd(struct segment_packer *p, struct slice bytes, struct buf *out, struct buf *err) {
    size_t bound = ZSTD_compressBound(bytes.len);
    if (ZSTD_isError(bound) || !buf_reserve(out, bound))
        return fail(err, ST_FATAL, "no room to compress a record of %zu bytes", bytes.len);
    size_t n = ZSTD_compress2(p->zstd, out->data + out->len, bound, bytes.ptr, bytes.len);
    if (ZSTD_isError(n)) return fail(err, ST_FATAL, "zstd: %s", ZSTD_getErrorName(n));
    out->len += n;
    out->data[out->len] = '\0';
    return ST_OK;
}

static enum status pack_gzip(struct segment_packer *p, struct slice bytes, struct buf *out, struct buf *err) {
    if (bytes.len > UINT_MAX) return fail(err, ST_FATAL, "a record of %zu bytes is too long", bytes.len);
    if (deflateReset(&p->gzip) != Z_OK) return fail(err, ST_FATAL, "zlib: cannot begin a member");
    size_t bound = deflateBound(&p->gzip, bytes.len);
    if (bound > UINT_MAX || !buf_reserve(out, bound))
        return fail(err, ST_FATAL, "no room to compress a record of %zu bytes", bytes.len);
    p->gzip.next_in = (unsigned char *)(uintptr_t)bytes.ptr;
    p->gzip.avail_in = (unsigned)bytes.len;
    p->gzip.next_out = (unsigned char *)out->data + out->len;
    p->gzip.avail_out = (unsigned)bound;
    if (deflate(&p->gzip, Z_FINISH) != Z_STREAM_END) return fail(err, ST_FATAL, "zlib: cannot end a member");
    out->len += bound - p->gzip.avail_out;
    out->data[out->len] = '\0';
    return ST_OK;
}

enum status segment_packer_pack(struct segment_packer *p, struct slice bytes, struct buf *out, struct buf *err) {
    bool had_failed = out->failed;
    enum status st = p->codec == SEGMENT_GZIP ? pack_gzip(p, bytes, out, err) : pack_zstd(p, bytes, out, err);
    out->failed = had_failed;
    return st;
}

enum status segment_pack(enum segment_codec codec, int level, struct slice bytes, struct buf *out, struct buf *err) {
    struct segment_packer *p = segment_packer_new(codec, level);
    if (!p) return fail(err, ST_FATAL, "no memory for a compressor");
    enum status st = segment_packer_pack(p, bytes, out, err);
    segment_packer_free(p);
    return st;
}
