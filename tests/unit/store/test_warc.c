#include "base/hash.h"
#include "store/segment.h"
#include "store/warc.h"
#include "tests/unit/store/scratch.h"
#include <zstd.h>

static const char page[] = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n";

/* warcinfo, request, response, metadata, request, revisit: ends[i] after record i. */
static size_t format(struct buf *out, size_t ends[7]) {
    char id[WARC_ID_LEN];
    struct warc_revisit again = {
        .target_uri = slice_str("https://a.fr/"), .wall_ms = 1704067200123, .payload_digest = slice_str("sha256:ABC")};
    struct warc_exchange ex = {.url = slice_str("https://a.fr/\r\nX: y"),
                               .wall_ms = 1704067200123,
                               .ip = "127.0.0.1",
                               .protocol = "h2",
                               .request = slice_str("GET / HTTP/1.1\r\nHost: a.fr\r\n\r\n"),
                               .head = slice_str(page),
                               .body = slice_of("<p>é\0\n", 7),
                               .metadata = slice_str("robots: allow\r\n")};
    warc_new_id(id);
    warc_format_info(out, id, "x.warc", 0, slice_str("software: villers\r\n"));
    ends[0] = out->len;
    assert_int_equal(warc_format_exchange(out, id, &ex, ends + 1), 3);
    ex.revisit = &again;
    ex.metadata = slice_str("");
    assert_int_equal(warc_format_exchange(out, id, &ex, ends + 4), 2);
    return 6;
}

static void pack(struct scratch *s, int codec, const struct buf *plain, const size_t *ends, size_t n, struct buf *file,
                 size_t *packed_ends) {
    for (size_t i = 0; i < n; i++) {
        struct slice record = slice_sub(buf_view(plain), i ? ends[i - 1] : 0, ends[i]);
        if (codec < 0)
            buf_slice(file, record);
        else
            OK(segment_pack((enum segment_codec)codec, 0, record, file, &s->err));
        packed_ends[i] = file->len;
    }
}

static struct warc_reader *open_bytes(struct scratch *s, struct slice bytes) {
    struct warc_reader *r = NULL;
    OK(file_write(scratch_path(s, "w"), bytes, &s->err));
    OK(warc_reader_open(scratch_path(s, "w"), &r, &s->err));
    return r;
}

static void test_round_trip(void **state) {
    struct scratch *s = *state;
    static const char *const types[] = {"warcinfo", "request", "response", "metadata", "request", "revisit"};
    struct buf plain = {0};
    size_t ends[7], packed[6], n = format(&plain, ends);
    for (int codec = -1; codec <= SEGMENT_GZIP; codec++) {
        struct buf file = {0};
        struct warc_record rec;
        struct warc_http http;
        struct slice v;
        pack(s, codec, &plain, ends, n, &file, packed);
        struct warc_reader *r = open_bytes(s, buf_view(&file));
        for (size_t i = 0; i < n; i++) {
            OK(warc_reader_next(r, &rec, &s->err));
            ROW_CHECK(i, slice_eq_str(rec.type, types[i]), "codec %d", codec);
            ROW_CHECK(i, rec.offset == (i ? packed[i - 1] : 0), "codec %d: offset %llu", codec, (unsigned long long)rec.offset);
            ROW_CHECK(i, !rec.cut && rec.length == rec.block.len, "codec %d", codec);
            assert_true(slice_eq_str(rec.version, "1.1"));
        }
        assert_int_equal(warc_reader_next(r, &rec, &s->err), ST_RETRY);
        OK(warc_reader_seek(r, packed[1], &s->err));
        OK(warc_reader_next(r, &rec, &s->err));
        assert_true(slice_eq_str(rec.target_uri, "https://a.fr/X: y")); /* no line was smuggled in */
        assert_true(slice_eq_str(rec.date, "2024-01-01T00:00:00.123Z"));
        assert_true(slice_eq_str(rec.ip, "127.0.0.1"));
        assert_true(warc_field(rec.headers, "warc-protocol", &v) && slice_eq_str(v, "h2"));
        assert_true(warc_http_split(rec.block, &http));
        assert_int_equal(http.status, 200);
        assert_int_equal(http.body.len, 7);
        warc_reader_free(r);
        buf_free(&file);
    }
    buf_free(&plain);
}

/* Cut anywhere: every whole record before the cut is there, in order, and reading ends. */
static void test_cut_anywhere(void **state) {
    struct scratch *s = *state;
    struct buf plain = {0};
    size_t ends[7], packed[6], n = format(&plain, ends);
    for (int codec = -1; codec <= SEGMENT_GZIP; codec++) {
        struct buf file = {0};
        pack(s, codec, &plain, ends, n, &file, packed);
        for (size_t cut = 4; cut < file.len; cut += 3) {
            struct warc_record rec;
            struct warc_reader *r = open_bytes(s, slice_sub(buf_view(&file), 0, cut));
            size_t whole = 0, calls = 0, expected = 0;
            enum status st;
            while (expected < n && packed[expected] <= cut) expected++;
            while ((st = warc_reader_next(r, &rec, &s->err)) != ST_RETRY && st != ST_FATAL && calls++ < 20)
                if (st == ST_OK && !rec.cut) whole++;
            ROW_CHECK(cut, st == ST_RETRY, "codec %d: status %d", codec, (int)st);
            /* a plain record that lacks but its last CRLFs is whole all the same */
            ROW_CHECK(cut, whole == expected || (codec < 0 && whole == expected + 1), "codec %d: %zu of %zu", codec, whole,
                      expected);
            warc_reader_free(r);
        }
        buf_free(&file);
    }
    buf_free(&plain);
}

/* Damage in one record loses that one alone. */
static void test_damage(void **state) {
    struct scratch *s = *state;
    struct buf plain = {0};
    size_t ends[7], packed[6], n = format(&plain, ends);
    for (int codec = SEGMENT_ZSTD; codec <= SEGMENT_GZIP; codec++) {
        struct buf file = {0};
        pack(s, codec, &plain, ends, n, &file, packed);
        for (size_t at = packed[1] + 12; at < packed[2]; at += 5) {
            struct warc_record rec;
            file.data[at] ^= 0x55;
            struct warc_reader *r = open_bytes(s, buf_view(&file));
            file.data[at] ^= 0x55;
            size_t good = 0, bad = 0;
            enum status st;
            while ((st = warc_reader_next(r, &rec, &s->err)) != ST_RETRY && good + bad < 30) {
                assert_int_not_equal(st, ST_FATAL);
                if (st == ST_SKIP)
                    bad++;
                else
                    good++;
            }
            ROW_CHECK(at, good == n - 1 && bad >= 1, "codec %d: %zu good, %zu bad", codec, good, bad);
            warc_reader_free(r);
        }
        buf_free(&file);
    }
    buf_free(&plain);
}

/* A record of many chunks: a changed byte near its front must not pass because its checksum comes last. */
static void test_big_damage(void **state) {
    struct scratch *s = *state;
    for (int codec = SEGMENT_ZSTD; codec <= SEGMENT_GZIP; codec++) {
        struct buf plain = {0}, file = {0};
        struct warc_record rec;
        buf_str(&plain, "WARC/1.1\r\nWARC-Type: resource\r\nContent-Length: 500000\r\n\r\n");
        for (uint32_t i = 0, x = 1; i < 500000; i++) buf_char(&plain, (char)((x = x * 1664525 + 1013904223) >> 24));
        buf_str(&plain, "\r\n\r\n");
        OK(segment_pack((enum segment_codec)codec, 0, buf_view(&plain), &file, &s->err));
        struct warc_reader *r = open_bytes(s, buf_view(&file));
        OK(warc_reader_next(r, &rec, &s->err));
        assert_int_equal(rec.block.len, 500000);
        assert_int_equal(warc_reader_next(r, &rec, &s->err), ST_RETRY);
        warc_reader_free(r);
        file.data[1000] ^= 1;
        r = open_bytes(s, buf_view(&file));
        assert_int_equal(warc_reader_next(r, &rec, &s->err), ST_SKIP);
        assert_int_equal(warc_reader_next(r, &rec, &s->err), ST_RETRY);
        warc_reader_free(r);
        buf_free(&plain);
        buf_free(&file);
    }
}

static void test_others_files(void **state) {
    struct scratch *s = *state;
    static const struct {
        const char *bytes;
        const char *seen; /* type, length and block of each; ! for a bad one */
    } rows[] = {
        {"WARC/1.0\nWARC-Type: resource\nContent-Length: 2\n\nhi\n\n", "resource 2 hi;"},
        {"WARC/0.18\r\nwarc-type:response\r\nWARC-Target-URI: <http://x/>\r\nContent-Length:  3 \r\n\r\nabc\r\n\r\n",
         "response 3 abc;"},
        {"WARC/1.0\r\nWARC-Type: a\r\nX: folded\r\n  more\r\nContent-Length: 1\r\n\r\nz", "a 1 z;"},
        {"WARC/1.0\r\nWARC-Type: a\r\nContent-Length: 9\r\n\r\nz", "a 9 z cut;"},
        {"WARC/1.0\r\nWARC-Type: a\r\n\r\n\r\n\r\nWARC/1.0\r\nWARC-Type: b\r\nContent-Length: 0\r\n\r\n", "!b 0 ;"},
        {"rubbish\nWARC/1.0\r\nWARC-Type: b\r\nContent-Length: 0\r\n\r\n", "!b 0 ;"},
        {"WARC/1.0\r\nno field\r\nWARC/1.0\r\nWARC-Type: b\r\nContent-Length: 0\r\n\r\n", "!b 0 ;"},
        {"WARC/1.0\r\nContent-Length: 18446744073709551615\r\n\r\nab", " 18446744073709551615 ab cut;"},
        {"WARC/1.0\r\nContent-Length: -1\r\n\r\nab", "!"},
        {"WARC/1.0\r\nWARC-Ty", "!"},
        {"", ""},
        {"\r\n\r\n", ""},
        {"nothing at all", "!"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct buf seen = {0};
        struct warc_record rec;
        enum status st;
        struct warc_reader *r = open_bytes(s, slice_str(rows[i].bytes));
        while ((st = warc_reader_next(r, &rec, &s->err)) != ST_RETRY && seen.len < 500)
            if (st == ST_OK)
                buf_printf(&seen, "%.*s %llu %.*s%s;", SLICE_ARG(rec.type), (unsigned long long)rec.length, SLICE_ARG(rec.block),
                           rec.cut ? " cut" : "");
            else
                buf_char(&seen, '!');
        ROW_CHECK(i, strcmp(buf_cstr(&seen), rows[i].seen) == 0, "saw %s", buf_cstr(&seen));
        warc_reader_free(r);
        buf_free(&seen);
    }
}

/* IIPC WARC-zstd: a skippable frame first, with the dictionary of the others. */
static void test_dictionary(void **state) {
    struct scratch *s = *state;
    static const char record[] = "WARC/1.1\r\nWARC-Type: resource\r\nContent-Length: 5\r\n\r\nsalut\r\n\r\n";
    static const char dictionary[] = "WARC/1.1\r\nWARC-Type: resource\r\nContent-Length: a dictionary of plain bytes is one too";
    struct buf file = {0};
    char packed[512];
    uint32_t head[2] = {0x184D2A5D, sizeof dictionary};
    buf_append(&file, head, sizeof head);
    buf_append(&file, dictionary, sizeof dictionary);
    ZSTD_CCtx *c = ZSTD_createCCtx();
    size_t n = ZSTD_compress_usingDict(c, packed, sizeof packed, record, strlen(record), dictionary, sizeof dictionary, 3);
    assert_false(ZSTD_isError(n));
    ZSTD_freeCCtx(c);
    for (int i = 0; i < 2; i++) buf_append(&file, packed, n);
    struct warc_record rec;
    struct warc_reader *r = open_bytes(s, buf_view(&file));
    for (int i = 0; i < 2; i++) {
        OK(warc_reader_next(r, &rec, &s->err));
        assert_true(slice_eq_str(rec.block, "salut"));
    }
    assert_int_equal(warc_reader_next(r, &rec, &s->err), ST_RETRY);
    warc_reader_free(r);
    buf_free(&file);
}

static void test_http_split(void **state) {
    (void)state;
    static const struct {
        const char *block;
        bool ok;
        int status;
        const char *body;
    } rows[] = {
        {"HTTP/1.1 404 Not Found\r\nA: b\r\n\r\nbody", true, 404, "body"},
        {"HTTP/2 200\n\nx", true, 200, "x"},
        {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", true, 0, ""},
        {"HTTP/1.0 2", false, 0, NULL},
        {"<html>", false, 0, NULL},
        {"", false, 0, NULL},
        {"HTTP/1.1 200 OK\r\nA: b", true, 200, ""},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct warc_http h;
        bool ok = warc_http_split(slice_str(rows[i].block), &h);
        ROW_CHECK(i, ok == rows[i].ok, "%s", rows[i].block);
        if (ok) ROW_CHECK(i, h.status == rows[i].status && slice_eq_str(h.body, rows[i].body), "%d", h.status);
    }
}

/* A digest that the caller has is the one that would be worked out. */
static void test_known_digest(void **state) {
    unsigned char sum[SHA256_BYTES];
    struct slice body = slice_str("<p>corps</p>");
    struct warc_exchange ex = {.url = slice_str("https://a.fr/"), .protocol = "h2", .head = slice_str(page), .body = body};
    struct buf known = {0}, expected = {0};
    size_t ends[3];
    (void)state;
    sha256_of(body, sum);
    ex.sha256 = sum;
    assert_int_equal(warc_format_exchange(&known, NULL, &ex, ends), 2);
    buf_str(&expected, "\r\nWARC-Payload-Digest: ");
    warc_payload_digest(body, &expected);
    buf_str(&expected, "\r\n");
    assert_true(slice_find(buf_view(&known), buf_view(&expected)) != SIZE_MAX);
    buf_free(&known);
    buf_free(&expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {SCRATCH_TEST(test_round_trip),     SCRATCH_TEST(test_cut_anywhere),
                                       SCRATCH_TEST(test_damage),         SCRATCH_TEST(test_big_damage),
                                       SCRATCH_TEST(test_others_files),   SCRATCH_TEST(test_dictionary),
                                       cmocka_unit_test(test_http_split), cmocka_unit_test(test_known_digest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
