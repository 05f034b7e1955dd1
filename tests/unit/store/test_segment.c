#include "store/segment.h"
#include "store/unpack.h"
#include "tests/unit/store/scratch.h"
#include <errno.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

static const enum segment_codec codecs[] = {SEGMENT_ZSTD, SEGMENT_GZIP};

static struct segment *begin(struct scratch *s, const char *name, enum segment_codec codec) {
    struct segment *g = NULL;
    OK(segment_create(scratch_path(s, name), codec, 0, &g, &s->err));
    return g;
}

/* The whole file, decompressed. */
static void expect(struct scratch *s, const char *name, const char *text) {
    struct unpack *u = NULL;
    struct buf got = {0};
    enum status st;
    OK(unpack_open(scratch_path(s, name), &u, &s->err));
    while ((st = unpack_read(u, &got, 7, &s->err)) == ST_OK)
        ;
    assert_int_equal(st, ST_RETRY);
    assert_string_equal(buf_cstr(&got), text);
    buf_free(&got);
    unpack_free(u);
}

static void test_life(void **state) {
    struct scratch *s = *state;
    for (size_t i = 0; i < ROWS(codecs); i++) {
        uint64_t end[3];
        char name[16];
        snprintf(name, sizeof name, "life%zu", i);
        struct segment *g = begin(s, name, codecs[i]), *again = NULL;
        assert_int_equal(segment_create(scratch_path(s, name), codecs[i], 0, &again, &s->err), ST_FATAL);
        OK(segment_append(g, slice_str("un "), &end[0], &s->err));
        OK(segment_append(g, slice_str(""), &end[1], &s->err));
        OK(segment_append(g, slice_str("deux"), &end[2], &s->err));
        OK(segment_sync(g, &s->err));
        assert_true(end[0] < end[1] && end[1] < end[2] && end[2] == segment_length(g));
        assert_false(file_exists(scratch_path(s, name)));
        OK(segment_seal(g, &s->err));
        expect(s, name, "un deux");
        assert_int_equal(segment_create(scratch_path(s, name), codecs[i], 0, &again, &s->err), ST_FATAL);
        struct unpack *u = NULL;
        struct buf got = {0};
        OK(unpack_open(scratch_path(s, name), &u, &s->err));
        OK(unpack_seek(u, end[1], &s->err));
        OK(unpack_read(u, &got, 100, &s->err));
        assert_string_equal(buf_cstr(&got), "deux");
        assert_int_equal(unpack_frame(u), end[1]);
        buf_free(&got);
        unpack_free(u);
    }
}

static void test_recover(void **state) {
    struct scratch *s = *state;
    for (size_t i = 0; i < ROWS(codecs); i++) {
        uint64_t committed = 0, end = 0;
        struct segment *g = begin(s, "a", codecs[i]);
        OK(segment_append(g, slice_str("gardé"), &committed, &s->err));
        OK(segment_append(g, slice_str("perdu"), &end, &s->err));
        segment_close(g);
        assert_int_equal(segment_recover(scratch_path(s, "a"), end + 1, &s->err), ST_SKIP);
        OK(segment_recover(scratch_path(s, "a"), committed, &s->err));
        OK(segment_recover(scratch_path(s, "a"), committed, &s->err)); /* sealed already */
        expect(s, "a", "gardé");
        unlink(scratch_path(s, "a"));
        segment_close(begin(s, "a", codecs[i]));
        OK(segment_recover(scratch_path(s, "a"), 0, &s->err));
        assert_int_equal(scratch_files(s), 0);
    }
}

static void test_same_bytes(void **state) {
    struct scratch *s = *state;
    for (size_t i = 0; i < ROWS(codecs); i++) {
        struct buf a = {0}, b = {0};
        struct segment_packer *p = segment_packer_new(codecs[i], 0);
        OK(segment_packer_pack(p, slice_str("autre chose"), &b, &s->err));
        buf_clear(&b);
        OK(segment_packer_pack(p, slice_str("pareil"), &b, &s->err)); /* a packer keeps nothing of the record before */
        OK(segment_pack(codecs[i], 0, slice_str("pareil"), &a, &s->err));
        assert_true(slice_eq(buf_view(&a), buf_view(&b)));
        buf_free(&a);
        buf_init(&a, 4); /* a cap too small leaves what was there */
        assert_int_equal(segment_packer_pack(p, slice_str("pareil"), &a, &s->err), ST_FATAL);
        assert_int_equal(a.len, 0);
        segment_packer_free(p);
        buf_free(&a);
        buf_free(&b);
    }
}

/* Records until one is refused; then, with room again, one more.  Only whole records may be found. */
static void fill_up(struct scratch *s, const char *path, void (*make_room)(void *), void *ctx, enum status refused) {
    struct segment *g = NULL;
    struct buf noise = {0}, all = {0};
    uint64_t end = 0, whole = 0;
    size_t records = 0;
    enum status st;
    OK(segment_create(path, SEGMENT_ZSTD, 1, &g, &s->err));
    for (uint32_t x = 1; noise.len < 50000;) buf_char(&noise, (char)((x = x * 1664525 + 1013904223) >> 24));
    while ((st = segment_append(g, buf_view(&noise), &end, &s->err)) == ST_OK && records < 1000) {
        whole = end;
        records++;
    }
    assert_int_equal(st, refused);
    assert_int_equal(segment_length(g), whole);
    make_room(ctx);
    OK(segment_append(g, slice_str("fin"), &end, &s->err));
    OK(segment_seal(g, &s->err));
    OK(file_read(path, 1 << 26, &all, &s->err));
    assert_int_equal(all.len, end);
    buf_free(&all);
    struct unpack *u = NULL;
    OK(unpack_open(path, &u, &s->err));
    while ((st = unpack_read(u, &all, 1 << 20, &s->err)) == ST_OK)
        ;
    assert_int_equal(st, ST_RETRY);
    assert_int_equal(all.len, records * noise.len + 3);
    unpack_free(u);
    buf_free(&noise);
    buf_free(&all);
}

static void lift_limit(void *ctx) { setrlimit(RLIMIT_FSIZE, ctx); }

static void test_refused_write(void **state) {
    struct scratch *s = *state;
    struct rlimit was, small;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &was);
    small = was;
    small.rlim_cur = 300001;
    setrlimit(RLIMIT_FSIZE, &small);
    fill_up(s, scratch_path(s, "limited"), lift_limit, &was, ST_FATAL);
}

static void drop_ballast(void *path) { unlink(path); }

static void test_full_disk(void **state) {
    struct scratch *s = *state;
    if (mount("tmpfs", s->dir, "tmpfs", 0, "size=1m") != 0) skip(); /* needs root */
    char ballast[128];
    struct buf weight = {0};
    for (int i = 0; i < 500000; i++) buf_char(&weight, 'x');
    snprintf(ballast, sizeof ballast, "%s/ballast", s->dir);
    OK(file_write(ballast, buf_view(&weight), &s->err));
    fill_up(s, scratch_path(s, "full"), drop_ballast, ballast, ST_RETRY);
    buf_free(&weight);
    assert_int_equal(umount(s->dir), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {SCRATCH_TEST(test_life), SCRATCH_TEST(test_recover), SCRATCH_TEST(test_same_bytes),
                                       SCRATCH_TEST(test_refused_write), SCRATCH_TEST(test_full_disk)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
