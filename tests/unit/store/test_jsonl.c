#include "base/hash.h"
#include "store/jsonl.h"
#include "store/segment.h"
#include "tests/unit/store/scratch.h"
#include <sched.h>
#include <zstd.h>

/* A file of records, each compressed on its own; codec -1: plain. */
static void make(struct scratch *s, const char *name, int codec, const char *const *records, uint64_t *ends) {
    struct buf file = {0};
    for (size_t i = 0; records[i]; i++) {
        if (codec < 0)
            buf_str(&file, records[i]);
        else
            OK(segment_pack((enum segment_codec)codec, 0, slice_str(records[i]), &file, &s->err));
        if (ends) ends[i] = file.len;
    }
    OK(file_write(scratch_path(s, name), buf_view(&file), &s->err));
    buf_free(&file);
}

static void read_all(struct scratch *s, const char *path, struct buf *out, enum status last) {
    struct jsonl_reader *r = NULL;
    struct slice line;
    enum status st;
    OK(jsonl_open(path, &r, &s->err));
    while ((st = jsonl_next(r, &line, &s->err)) == ST_OK) {
        buf_slice(out, line);
        buf_char(out, '|');
    }
    assert_int_equal(st, last);
    if (last == ST_RETRY) assert_int_equal(jsonl_next(r, &line, &s->err), ST_RETRY);
    jsonl_free(r);
}

static void test_lines(void **state) {
    struct scratch *s = *state;
    static const struct {
        const char *records[5];
        const char *lines;
    } rows[] = {
        {{"a\nb\n", NULL}, "a|b|"},
        {{"a\nb", NULL}, "a|b|"},
        {{"a\r\n\n\r\nb\n", NULL}, "a|b|"},
        {{"a\nb", "c\nd", "e", "f\n", NULL}, "a|bc|def|"},
        {{"\n", "\n", NULL}, ""},
        {{"", "", "x", NULL}, "x|"},
        {{NULL}, ""},
        {{"\xff\xfe\n", NULL}, "\xff\xfe|"},
    };
    for (size_t i = 0; i < ROWS(rows); i++)
        for (int codec = -1; codec <= SEGMENT_GZIP; codec++) {
            struct buf got = {0};
            make(s, "f", codec, rows[i].records, NULL);
            read_all(s, scratch_path(s, "f"), &got, ST_RETRY);
            ROW_CHECK(i, strcmp(buf_cstr(&got), rows[i].lines) == 0, "codec %d gives %s", codec, buf_cstr(&got));
            buf_free(&got);
        }
}

static void test_frames(void **state) {
    struct scratch *s = *state;
    static const char *const records[] = {"a\nb\nc", "d\ne\n", "f\n", "g\n", NULL};
    static const int frame_of[] = {0, 0, 0, 1, 2, 3}; /* of a, b, cd, e, f, g */
    for (int codec = SEGMENT_ZSTD; codec <= SEGMENT_GZIP; codec++) {
        uint64_t ends[4], starts[4];
        struct jsonl_reader *r = NULL;
        struct slice line;
        make(s, "f", codec, records, ends);
        for (int i = 0; i < 4; i++) starts[i] = i ? ends[i - 1] : 0;
        OK(jsonl_open(scratch_path(s, "f"), &r, &s->err));
        for (size_t i = 0; i < 6; i++) {
            OK(jsonl_next(r, &line, &s->err));
            ROW_CHECK(i, jsonl_frame(r) == starts[frame_of[i]], "frame at %llu", (unsigned long long)jsonl_frame(r));
        }
        assert_int_equal(jsonl_next(r, &line, &s->err), ST_RETRY);
        assert_int_equal(jsonl_line_number(r), 6);
        OK(jsonl_seek_frame(r, starts[2], &s->err));
        OK(jsonl_next(r, &line, &s->err));
        assert_true(slice_eq_str(line, "f"));
        assert_int_equal(jsonl_seek_frame(r, 1 << 20, &s->err), ST_SKIP);
        assert_int_equal(jsonl_bytes_total(r), ends[3]);
        jsonl_free(r);
    }
}

/* However a file is cut or changed, what is read is a beginning of what was written, and the damage is told. */
static void test_damage(void **state) {
    struct scratch *s = *state;
    static const char *const records[] = {"premier\n", "deuxième\n", "troisième\n", NULL};
    static const char whole[] = "premier|deuxième|troisième|";
    for (int codec = SEGMENT_ZSTD; codec <= SEGMENT_GZIP; codec++) {
        uint64_t ends[3];
        struct buf file = {0}, got = {0};
        make(s, "f", codec, records, ends);
        OK(file_read(scratch_path(s, "f"), 1 << 20, &file, &s->err));
        for (size_t cut = 4; cut < file.len; cut++) {
            bool clean = cut == ends[0] || cut == ends[1];
            OK(file_write(scratch_path(s, "g"), slice_sub(buf_view(&file), 0, cut), &s->err));
            buf_clear(&got);
            read_all(s, scratch_path(s, "g"), &got, clean ? ST_RETRY : ST_FATAL);
            ROW_CHECK(cut, slice_starts(slice_str(whole), slice_sub(buf_view(&got), 0, got.len)), "codec %d", codec);
        }
        for (size_t at = ends[0]; at < ends[1]; at++) {
            file.data[at] ^= 0x10;
            OK(file_write(scratch_path(s, "g"), buf_view(&file), &s->err));
            file.data[at] ^= 0x10;
            struct jsonl_reader *r = NULL;
            struct slice line;
            enum status st;
            buf_clear(&got);
            OK(jsonl_open(scratch_path(s, "g"), &r, &s->err));
            while ((st = jsonl_next(r, &line, &s->err)) == ST_OK) {
                buf_slice(&got, line);
                buf_char(&got, '|');
            }
            /* some bits mean nothing: then all lines are there */
            ROW_CHECK(at, st == ST_FATAL || strcmp(buf_cstr(&got), whole) == 0, "codec %d: status %d after %s", codec, (int)st,
                      buf_cstr(&got));
            jsonl_free(r);
        }
        buf_free(&file);
        buf_free(&got);
    }
    struct jsonl_reader *r = NULL;
    assert_int_equal(jsonl_open(scratch_path(s, "absent"), &r, &s->err), ST_FATAL);
    assert_int_equal(jsonl_open(s->dir, &r, &s->err), ST_FATAL);
}

static void write_shard(struct scratch *s, struct shard_info *info) {
    struct shard_writer *w = NULL;
    struct buf line = {0};
    OK(shard_create(s->dir, "part", 42, 9, &w, &s->err));
    for (uint32_t i = 0, x = 7; i < 30000; i++) {
        buf_clear(&line);
        buf_printf(&line, "{\"id\":%u,\"text\":\"", i);
        for (int k = 0; k < 30; k++) buf_printf(&line, "mot%u ", (x = x * 1664525 + 1013904223) >> 22);
        buf_str(&line, "\"}\n");
        OK(shard_append(w, buf_view(&line), 100, 30, &s->err));
    }
    OK(shard_finish(w, info, &s->err));
    buf_free(&line);
}

static void test_shard(void **state) {
    struct scratch *s = *state;
    struct shard_info a, b;
    struct buf file = {0};
    unsigned char sum[SHA256_BYTES];
    char hex[65];
    write_shard(s, &a);
    OK(file_read(scratch_path(s, a.name), 1 << 26, &file, &s->err));
    sha256_of(buf_view(&file), sum);
    hash_hex(sum, sizeof sum, hex);
    assert_string_equal(hex, a.sha256);
    assert_memory_equal(a.name, "part-00042-", 11);
    assert_memory_equal(a.name + 11, hex, 12);
    assert_string_equal(a.name + 23, ".jsonl.zst");
    assert_int_equal(file.len, a.bytes);
    assert_int_equal(a.documents, 30000);
    assert_int_equal(a.text_bytes, 3000000);
    assert_int_equal(a.words, 900000);
    assert_int_equal(ZSTD_findFrameCompressedSize(file.data, file.len), file.len); /* one frame */
    assert_int_equal(file.data[4] & 0x07, 0x04); /* a checksum, no dictionary (RFC 8878 3.1.1.1.1) */
    buf_free(&file);
    unlink(scratch_path(s, a.name));

    cpu_set_t was, one;
    assert_int_equal(sched_getaffinity(0, sizeof was, &was), 0);
    CPU_ZERO(&one);
    for (int c = 0; c < CPU_SETSIZE && !CPU_COUNT(&one); c++)
        if (CPU_ISSET(c, &was)) CPU_SET(c, &one);
    sched_setaffinity(0, sizeof one, &one);
    write_shard(s, &b);
    sched_setaffinity(0, sizeof was, &was);
    assert_string_equal(a.sha256, b.sha256); /* whatever the number of processors */

    struct shard_writer *w = NULL;
    OK(shard_create(s->dir, "part", 1, 3, &w, &s->err));
    OK(shard_append(w, slice_str("{}\n"), 0, 0, &s->err));
    shard_abort(w);
    assert_int_equal(scratch_files(s), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {SCRATCH_TEST(test_lines), SCRATCH_TEST(test_frames), SCRATCH_TEST(test_damage),
                                       SCRATCH_TEST(test_shard)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
