#include "crawler/decode.h"
#include "crawler/http_head.h"
#include "tests/unit/test.h"
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

static const char plain[] =
    "<p>Il était une fois, dans une ville de province, un très long texte très long très long très long.</p>";

/* the same text by libbrotlienc 1.0.9 at quality 9 */
static const char brotli[] = "\x13\x6b\x00\x00\x1c\xa9\x51\x5f\xcc\xee\xe0\xbf\x6d\xa6\xfa\xe8\xa2\xa1\x88\xdd\x12\x45\xbe\x20\xc8"
                             "\x4d\xb6\x13\xd6\xbb\xc9\x33\x47\x57\xa8\xa9\x1e\x70\x2b\xf6\xc5\x9b\x30\x2b\xcb\xac\x05\x0e\xb9\xed"
                             "\x41\xa0\x81\xbd\xd7\x2e\x75\x71\xdf\xa6\x73\x4c\x8c\x67\x7e\x01\x2d\x86\xd0\xe6\x81\x24\x4e\xd9\x87"
                             "\x75\x05\x8e\xe1\xef\x15\xfb\x15\xd7\xef\x6a\x8c\x63\x4e\xbb\x00";

static void deflated(struct buf *out, const void *bytes, size_t n, int window) {
    z_stream z;
    memset(&z, 0, sizeof z);
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&z, (uLong)n) + 64;
    assert_true(buf_reserve(out, room));
    z.next_in = (Bytef *)(uintptr_t)bytes;
    z.avail_in = (uInt)n;
    z.next_out = (Bytef *)out->data + out->len;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->len += z.total_out;
    deflateEnd(&z);
}

static void pack(struct buf *out, const char *coding) {
    size_t n = sizeof plain - 1;
    uint8_t small[512];
    if (!strcmp(coding, "gzip")) deflated(out, plain, n, 31);
    if (!strcmp(coding, "deflate")) deflated(out, plain, n, 15);
    if (!strcmp(coding, "raw")) deflated(out, plain, n, -15);
    if (!strcmp(coding, "br")) buf_append(out, brotli, sizeof brotli - 1);
    if (!strcmp(coding, "zstd")) buf_append(out, small, ZSTD_compress(small, sizeof small, plain, n, 3));
    if (!strcmp(coding, "none")) buf_str(out, plain);
}

static void test_codings(void **state) {
    (void)state;
    static const struct {
        const char *packed, *head;
        enum decode_result want;
    } rows[] = {
        {"none", "HTTP/1.1 200 OK\r\n\r\n", DECODE_OK},
        {"none", "HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\n\r\n", DECODE_OK},
        {"gzip", "HTTP/1.1 200 OK\r\ncontent-encoding: GZip\r\n\r\n", DECODE_OK},
        {"gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: x-gzip\r\n\r\n", DECODE_OK},
        {"deflate", "HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n\r\n", DECODE_OK},
        {"raw", "HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n\r\n", DECODE_OK},
        {"br", "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n", DECODE_OK},
        {"zstd", "HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\n\r\n", DECODE_OK},
        {"none", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", DECODE_BROKEN},
        {"none", "HTTP/1.1 200 OK\r\nContent-Encoding: rot13\r\n\r\n", DECODE_BROKEN},
        {"none", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip, gzip, gzip\r\n\r\n", DECODE_BROKEN},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct buf body = {0}, out = {0};
        pack(&body, rows[i].packed);
        enum decode_result got = decode_body(slice_str(rows[i].head), buf_view(&body), &out);
        ROW_CHECK(i, got == rows[i].want, "%d", got);
        ROW_CHECK(i, got != DECODE_OK || slice_eq_str(buf_view(&out), plain), "%s", buf_cstr(&out));
        /* cut anywhere: an answer, never a crash */
        for (size_t cut = 0; cut < body.len; cut++) {
            buf_clear(&out);
            (void)decode_body(slice_str(rows[i].head), slice_sub(buf_view(&body), 0, cut), &out);
        }
        buf_free(&body);
        buf_free(&out);
    }
}

static void test_chunks_around_gzip(void **state) {
    (void)state;
    struct buf gz = {0}, body = {0}, out = {0};
    pack(&gz, "gzip");
    for (size_t at = 0; at < gz.len; at += 7) {
        size_t n = gz.len - at < 7 ? gz.len - at : 7;
        buf_printf(&body, "%zx;x=y\r\n", n);
        buf_append(&body, gz.data + at, n);
        buf_str(&body, "\r\n");
    }
    buf_str(&body, "0\r\nTrailer: x\r\n\r\n");
    struct slice head = slice_str("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n");
    assert_int_equal(decode_body(head, buf_view(&body), &out), DECODE_OK);
    assert_string_equal(buf_cstr(&out), plain);
    buf_free(&gz);
    buf_free(&body);
    buf_free(&out);
}

static void test_bad_chunks(void **state) {
    (void)state;
    static const char *const rows[] = {
        "", "5", "zz\r\nabc\r\n0\r\n\r\n", "5\r\nabc", "3\r\nabcX", "ffffffffffffffffff\r\na", "3\r\nabc\r\n"};
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct buf out = {0};
        ROW_CHECK(i, decode_unchunk(slice_str(rows[i]), &out) == DECODE_BROKEN, "%s", rows[i]);
        buf_free(&out);
    }
}

static void test_bombs_stop_at_the_cap(void **state) {
    (void)state;
    size_t n = 8 << 20;
    char *zeros = calloc(1, n);
    struct buf gz = {0}, out;
    deflated(&gz, zeros, n, 31);
    buf_init(&out, 100000);
    struct slice head = slice_str("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
    assert_int_equal(decode_body(head, buf_view(&gz), &out), DECODE_TOO_LARGE);
    assert_true(out.len <= 100000);
    free(zeros);
    buf_free(&gz);
    buf_free(&out);
}

static void test_head(void **state) {
    (void)state;
    struct slice head = slice_str("HTTP/1.1 301 Moved: really\r\nLocation:  /x \r\nX: 1\r\nlocation: /y\r\n\r\n");
    assert_int_equal(http_head_status(head), 301);
    assert_true(slice_eq_str(http_head_get(head, "LOCATION"), "/x"));
    assert_int_equal(http_head_get(head, "none").len, 0);
    assert_int_equal(http_head_status(slice_str("HTTP/1.1 2")), 0);
    assert_int_equal(http_type_of(slice_str("Text/HTML; charset=x")), HTTP_TYPE_HTML);
    assert_int_equal(http_type_of(slice_str("application/pdf")), HTTP_TYPE_OTHER);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codings),    cmocka_unit_test(test_chunks_around_gzip),
        cmocka_unit_test(test_bad_chunks), cmocka_unit_test(test_bombs_stop_at_the_cap),
        cmocka_unit_test(test_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
