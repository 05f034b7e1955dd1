#include "crawler/decode.h"

#include "base/limits.h"
#include "crawler/http_head.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#define PIECE (64 * KIB)
#define MAX_CODINGS 3

static bool hex_value(char c, size_t *v) {
    if (ascii_is_digit(c))
        *v = (size_t)(c - '0');
    else if (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f')
        *v = (size_t)(ascii_lower(c) - 'a' + 10);
    else
        return false;
    return true;
}

/* The size at the front of a chunk line; extensions after ';' are skipped. */
static bool chunk_size(struct slice line, size_t *size) {
    size_t n = 0, digit, i = 0;
    for (; i < line.len && hex_value(line.ptr[i], &digit); i++) {
        if (n > SIZE_MAX / 32) return false;
        n = n * 16 + digit;
    }
    *size = n;
    return i > 0 && (i == line.len || line.ptr[i] == ';' || ascii_is_space(line.ptr[i]));
}

enum decode_result decode_unchunk(struct slice body, struct buf *out) {
    while (body.len) {
        size_t end = slice_find_char(body, '\n'), size;
        if (end == SIZE_MAX || !chunk_size(slice_sub(body, 0, end), &size)) return DECODE_BROKEN;
        body = slice_sub(body, end + 1, body.len);
        if (size == 0) return DECODE_OK;
        bool cut = size > body.len;
        buf_slice(out, slice_sub(body, 0, size));
        if (!buf_ok(out)) return DECODE_TOO_LARGE;
        if (cut) return DECODE_BROKEN;
        body = slice_sub(body, size, body.len);
        if (slice_starts(body, slice_str("\r\n")))
            body = slice_sub(body, 2, body.len);
        else if (slice_starts(body, slice_str("\n")))
            body = slice_sub(body, 1, body.len);
        else
            return DECODE_BROKEN;
    }
    return DECODE_BROKEN;
}

/* Room for the next piece of output without passing the cap; 0 when the cap is reached. */
static size_t room(struct buf *out) {
    size_t max = out->max ? out->max : LIMIT_BUF_DEFAULT;
    size_t left = max > out->len ? max - out->len : 0;
    size_t want = left < PIECE ? left : PIECE;
    return want && buf_reserve(out, want) ? want : 0;
}

static enum decode_result inflate_run(z_stream *z, struct buf *out, bool members) {
    for (;;) {
        size_t space = room(out);
        if (!space) return DECODE_TOO_LARGE;
        z->next_out = (Bytef *)out->data + out->len;
        z->avail_out = (uInt)space;
        int r = inflate(z, Z_NO_FLUSH);
        out->len += space - z->avail_out;
        out->data[out->len] = 0;
        if (r == Z_STREAM_END) {
            bool more = members && z->avail_in > 2 && z->next_in[0] == 0x1f && z->next_in[1] == 0x8b;
            if (!more) return DECODE_OK;
            if (inflateReset(z) != Z_OK) return DECODE_BROKEN;
        } else if (r != Z_OK && !(r == Z_BUF_ERROR && z->avail_out == 0)) {
            return DECODE_BROKEN;
        } else if (z->avail_in == 0 && z->avail_out > 0) {
            return DECODE_BROKEN;
        }
    }
}

/* window: 15+32 gzip or zlib by its header, -15 raw deflate. */
static enum decode_result inflate_as(struct slice body, int window, struct buf *out) {
    z_stream z;
    memset(&z, 0, sizeof z);
    if (body.len > UINT32_MAX || inflateInit2(&z, window) != Z_OK) return DECODE_TOO_LARGE;
    z.next_in = (Bytef *)(uintptr_t)body.ptr;
    z.avail_in = (uInt)body.len;
    enum decode_result r = inflate_run(&z, out, window > 0);
    inflateEnd(&z);
    return r;
}

/* "deflate" means zlib (RFC 9110 8.4.1.2), yet some servers send the raw stream. */
static enum decode_result undeflate(struct slice body, struct buf *out) {
    size_t before = out->len;
    enum decode_result r = inflate_as(body, 15 + 32, out);
    if (r != DECODE_BROKEN || out->len > before) return r;
    return inflate_as(body, -15, out);
}

static enum decode_result unbrotli(struct slice body, struct buf *out) {
    BrotliDecoderState *s = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    if (!s) return DECODE_TOO_LARGE;
    const uint8_t *in = (const uint8_t *)body.ptr;
    size_t in_left = body.len;
    enum decode_result result = DECODE_OK;
    for (BrotliDecoderResult r = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT; r == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;) {
        size_t space = room(out), left = space;
        if (!space) {
            result = DECODE_TOO_LARGE;
            break;
        }
        uint8_t *to = (uint8_t *)out->data + out->len;
        r = BrotliDecoderDecompressStream(s, &in_left, &in, &left, &to, NULL);
        out->len += space - left;
        out->data[out->len] = 0;
        if (r == BROTLI_DECODER_RESULT_ERROR || r == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT) result = DECODE_BROKEN;
    }
    BrotliDecoderDestroyInstance(s);
    return result;
}

static enum decode_result unzstd(struct slice body, struct buf *out) {
    ZSTD_DStream *s = ZSTD_createDStream();
    if (!s) return DECODE_TOO_LARGE;
    /* RFC 9659: a content coding's window is at most 8 MiB. */
    ZSTD_DCtx_setParameter(s, ZSTD_d_windowLogMax, 23);
    ZSTD_inBuffer in = {body.ptr, body.len, 0};
    enum decode_result result = DECODE_OK;
    for (size_t r = 1; in.pos < in.size || r != 0;) {
        size_t space = room(out);
        if (!space) {
            result = DECODE_TOO_LARGE;
            break;
        }
        ZSTD_outBuffer to = {out->data + out->len, space, 0};
        r = ZSTD_decompressStream(s, &to, &in);
        out->len += to.pos;
        out->data[out->len] = 0;
        if (ZSTD_isError(r) || (r != 0 && in.pos == in.size && to.pos < to.size)) {
            result = DECODE_BROKEN;
            break;
        }
    }
    ZSTD_freeDStream(s);
    return result;
}

static enum decode_result undo(struct slice coding, struct slice body, struct buf *out) {
    if (slice_eq_nocase(coding, slice_str("gzip")) || slice_eq_nocase(coding, slice_str("x-gzip")))
        return inflate_as(body, 15 + 32, out);
    if (slice_eq_nocase(coding, slice_str("deflate"))) return undeflate(body, out);
    if (slice_eq_nocase(coding, slice_str("br"))) return unbrotli(body, out);
    if (slice_eq_nocase(coding, slice_str("zstd"))) return unzstd(body, out);
    if (slice_eq_nocase(coding, slice_str("chunked"))) return decode_unchunk(body, out);
    return DECODE_BROKEN;
}

/* The codings of one field, in the order they were applied; "identity" and empty members do nothing. */
static bool codings_of(struct slice field, struct slice *list, unsigned *n) {
    struct slice one;
    while (slice_cut(&field, ',', &one)) {
        one = slice_trim(one);
        if (one.len == 0 || slice_eq_nocase(one, slice_str("identity"))) continue;
        if (*n == MAX_CODINGS) return false;
        list[(*n)++] = one;
    }
    return true;
}

enum decode_result decode_body(struct slice head, struct slice body, struct buf *out) {
    struct slice codings[MAX_CODINGS], name, value, rest = head;
    unsigned n = 0;
    while (http_head_next(&rest, &name, &value))
        if (slice_eq_nocase(name, slice_str("content-encoding")) && !codings_of(value, codings, &n)) return DECODE_BROKEN;
    rest = head;
    while (http_head_next(&rest, &name, &value))
        if (slice_eq_nocase(name, slice_str("transfer-encoding")) && !codings_of(value, codings, &n)) return DECODE_BROKEN;
    struct buf half[2];
    buf_init(&half[0], out->max ? out->max : LIMIT_BUF_DEFAULT);
    buf_init(&half[1], half[0].max);
    enum decode_result r = DECODE_OK;
    struct slice at = body;
    for (unsigned i = n; i-- > 0 && r == DECODE_OK && at.len;) {
        struct buf *to = i == 0 ? out : &half[i & 1];
        buf_clear(to == out ? &half[i & 1] : to);
        r = undo(codings[i], at, to);
        at = buf_view(to);
    }
    if (n == 0) {
        buf_slice(out, body);
        if (!buf_ok(out)) r = DECODE_TOO_LARGE;
    }
    buf_free(&half[0]);
    buf_free(&half[1]);
    return r;
}

bool decode_is_gzip(struct slice body) {
    return body.len > 2 && (unsigned char)body.ptr[0] == 0x1f && (unsigned char)body.ptr[1] == 0x8b;
}

enum decode_result decode_gunzip(struct slice body, struct buf *out) { return inflate_as(body, 15 + 16, out); }
