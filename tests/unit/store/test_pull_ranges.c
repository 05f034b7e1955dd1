/* Several connections to one file, each told a lie: the part is whole in the end, or the message says what is wrong. */
#include "base/file.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "store/blocks.h"
#include "store/pull_ranges.h"
#include "tests/unit/store/release_fixture.h"
#include <cmocka.h>

#define BYTES ((PULL_RANGE_BLOCKS + 1) * BLOCK_BYTES + 5) /* two ranges, the second of a block and five bytes */
#define WORKERS 2

enum lie { HONEST, NO_RANGES, OFFSET, FLIPPED, CUT, BUSY, GONE, OTHER_TOTAL, LONGER, STOPPED };

struct liar {
    struct transport files;
    enum lie lie;
    _Atomic int left; /* lies to tell */
    _Atomic int64_t slept_ms;
};

struct spoiled {
    enum lie lie;
    uint64_t seen;
    enum status (*sink)(void *ctx, struct slice bytes);
    void *sink_ctx;
    struct transport_answer *ans;
};

static enum status spoil(void *ctx, struct slice bytes) {
    struct spoiled *s = ctx;
    char first = bytes.ptr[0] ^ 1;
    enum status st = ST_OK;
    if (s->lie == OTHER_TOTAL) s->ans->total = BYTES + 1;
    if (s->lie == OFFSET) s->ans->from++;
    if (s->lie == NO_RANGES)
        *s->ans = (struct transport_answer){.status = 200, .length = BYTES, .total = BYTES, .retry_after_ms = -1};
    if (s->lie == CUT && s->seen >= 5 * MIB) return ST_RETRY;
    if (s->lie == FLIPPED && s->seen == 0) {
        st = s->sink(s->sink_ctx, slice_of(&first, 1));
        bytes = slice_sub(bytes, 1, bytes.len);
    }
    s->seen += bytes.len;
    return st == ST_OK ? s->sink(s->sink_ctx, bytes) : st;
}

static enum status lying_get(void *ctx, unsigned worker, const struct transport_request *req, struct transport_answer *ans,
                             enum status (*sink)(void *, struct slice), void *sink_ctx, struct buf *err) {
    struct liar *l = ctx;
    struct transport_request asked = *req;
    bool lies = l->lie != HONEST && atomic_fetch_sub(&l->left, 1) > 0;
    struct spoiled s = {.lie = lies ? l->lie : HONEST, .sink = sink, .sink_ctx = sink_ctx, .ans = ans};
    if (l->lie == NO_RANGES) { /* of the whole server */
        s.lie = req->bytes || req->from ? NO_RANGES : HONEST;
        asked.from = asked.bytes = 0;
        asked.max_bytes = BYTES;
    }
    if (s.lie == LONGER && asked.bytes) asked.bytes += 1000;
    if (s.lie == BUSY || s.lie == GONE || s.lie == STOPPED) {
        *ans = (struct transport_answer){.status = s.lie == GONE ? 404 : 429, .length = -1, .total = -1, .retry_after_ms = 7000};
        return ST_OK;
    }
    return l->files.get(l->files.ctx, worker, &asked, ans, spoil, &s, err);
}

static bool lying_sleep(void *ctx, int64_t ms) {
    struct liar *l = ctx;
    atomic_fetch_add(&l->slept_ms, ms);
    return l->lie != STOPPED;
}

struct place {
    char *dir, sha256[65];
    struct buf source, part, old, good, digits;
    _Atomic int64_t done;
    _Atomic uint64_t wire;
};

static void open_place(struct place *p) {
    unsigned char digest[SHA256_BYTES];
    *p = (struct place){.dir = fixture_dir(), .good = {.max = BYTES + 1}, .digits = {.max = MIB}};
    path_join(&p->source, p->dir, "source");
    path_join(&p->part, p->dir, "part");
    path_join(&p->old, p->dir, "old");
    assert_true(buf_reserve(&p->good, BYTES));
    for (uint64_t i = 0; p->good.len < BYTES; i++) {
        uint64_t word = hash64(slice_of((const char *)&i, sizeof i));
        buf_append(&p->good, &word, BYTES - p->good.len < 8 ? BYTES - p->good.len : 8);
    }
    sha256_of(buf_view(&p->good), digest);
    hash_hex(digest, sizeof digest, p->sha256);
    assert_int_equal(file_write(buf_cstr(&p->source), buf_view(&p->good), NULL), ST_OK);
    assert_int_equal(blocks_of(buf_cstr(&p->source), &p->digits, NULL), ST_OK);
}

static void close_place(struct place *p) {
    buf_free(&p->source);
    buf_free(&p->part);
    buf_free(&p->old);
    buf_free(&p->good);
    buf_free(&p->digits);
    fixture_remove(p->dir);
}

struct job {
    struct pull_ranges *r;
    const struct transport *t;
    _Atomic int lasts;
};

static enum status one_range(void *ctx, size_t i, unsigned worker) {
    struct job *j = ctx;
    if (pull_ranges_fetch(j->r, i, worker, j->t)) atomic_fetch_add(&j->lasts, 1);
    return ST_OK;
}

static enum ranges_result bring(struct place *p, struct liar *l, bool with_old, enum status *st, struct buf *err) {
    l->files = transport_files();
    struct transport t = {.get = lying_get, .ctx = l, .sleep = lying_sleep, .workers = WORKERS};
    struct pull_file f = {.url = buf_cstr(&p->source),
                          .part = buf_cstr(&p->part),
                          .sha256 = p->sha256,
                          .bytes = BYTES,
                          .blocks = buf_cstr(&p->digits),
                          .old = with_old ? buf_cstr(&p->old) : NULL,
                          .done_bytes = &p->done,
                          .wire_bytes = &p->wire};
    p->done = 0;
    p->wire = 0;
    assert_true(pull_ranges_suit(&f));
    assert_int_equal(pull_ranges_count(&f), 2);
    struct job j = {.r = pull_ranges_new(&f), .t = &t};
    assert_non_null(j.r);
    assert_int_equal(parallel_for(2, WORKERS, one_range, &j), ST_OK);
    assert_int_equal(j.lasts, 1);
    enum ranges_result result = pull_ranges_finish(j.r, st, err);
    pull_ranges_free(j.r);
    f.transport = &t;
    if (result == RANGES_ONE_STREAM) *st = pull_file_fetch(&f, err);
    return result;
}

static void assert_whole(struct place *p) {
    char got[65];
    int64_t bytes = 0;
    assert_true(pull_file_digest(buf_cstr(&p->part), got, &bytes));
    assert_string_equal(got, p->sha256);
    assert_int_equal(bytes, BYTES);
    assert_int_equal(p->done, BYTES);
}

static void each_lie(void **state) {
    static const struct {
        const char *name;
        enum lie lie;
        int times;
        enum ranges_result want;
        enum status st;
        const char *error;
    } rows[] = {
        {"honest", HONEST, 0, RANGES_DONE, ST_OK, NULL},
        {"no ranges", NO_RANGES, 999, RANGES_ONE_STREAM, ST_OK, NULL},
        {"another byte once", OFFSET, 1, RANGES_DONE, ST_OK, NULL},
        {"another byte for ever", OFFSET, 999, RANGES_FAILED, ST_RETRY, "wrong byte"},
        {"a flipped bit in each first answer", FLIPPED, 2, RANGES_DONE, ST_OK, NULL},
        {"flipped for ever", FLIPPED, 999, RANGES_FAILED, ST_SKIP, "damaged: bytes"},
        {"cut", CUT, 2, RANGES_DONE, ST_OK, NULL},
        {"cut for ever, getting on each time", CUT, 999, RANGES_DONE, ST_OK, NULL},
        {"429 a few times", BUSY, 4, RANGES_DONE, ST_OK, NULL},
        {"429 for ever", BUSY, 999, RANGES_FAILED, ST_RETRY, "429"},
        {"gone", GONE, 1, RANGES_FAILED, ST_SKIP, "404"},
        {"another file", OTHER_TOTAL, 1, RANGES_FAILED, ST_SKIP, "promised"},
        {"more than was asked for", LONGER, 999, RANGES_DONE, ST_OK, NULL},
    };
    struct place p;
    (void)state;
    open_place(&p);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct liar l = {.lie = rows[i].lie, .left = rows[i].times};
        struct buf err = {.max = LIMIT_ERR};
        enum status st = ST_OK;
        unlink(buf_cstr(&p.part));
        enum ranges_result result = bring(&p, &l, false, &st, &err);
        if (result != rows[i].want || st != rows[i].st) fail_msg("%s: %d, %d, %s", rows[i].name, result, st, buf_cstr(&err));
        if (rows[i].error && !strstr(buf_cstr(&err), rows[i].error)) fail_msg("%s: says %s", rows[i].name, buf_cstr(&err));
        if (st == ST_OK) assert_whole(&p);
        if (l.lie == BUSY) assert_true(l.slept_ms >= 7000);
        /* What came is kept: an honest server brings the rest. */
        l.lie = HONEST;
        assert_int_equal(bring(&p, &l, false, &st, &err), RANGES_DONE);
        assert_whole(&p);
        buf_free(&err);
    }
    close_place(&p);
}

/* A part as a kill may leave it: what is right in it is not asked for again. */
static void what_is_there_stays(void **state) {
    static const struct {
        const char *name;
        struct {
            uint64_t from, to;
            bool wrong;
        } there[3];
        uint64_t wire;
    } rows[] = {
        {"nothing", {{0}}, BYTES},
        {"everything", {{0, BYTES, false}}, 0},
        {"one block of each range", {{0, BLOCK_BYTES, false}, {4 * BLOCK_BYTES, 5 * BLOCK_BYTES, false}}, BYTES - 2 * BLOCK_BYTES},
        {"a block and a half", {{0, BLOCK_BYTES + 2 * MIB, false}}, BYTES - BLOCK_BYTES - 2 * MIB},
        {"the tail", {{5 * BLOCK_BYTES, BYTES, false}}, BYTES - 5},
        {"a wrong block between right ones", {{0, BYTES, false}, {2 * BLOCK_BYTES + 7, 2 * BLOCK_BYTES + 8, true}}, BLOCK_BYTES},
        {"two wrong ones, and the last byte",
         {{0, BYTES, false}, {BLOCK_BYTES, 3 * BLOCK_BYTES, true}, {BYTES - 1, BYTES, true}},
         2 * BLOCK_BYTES + 5},
        {"the start of a block, wrong", {{0, MIB, true}}, BYTES - MIB + BLOCK_BYTES},
        {"too long", {{0, BYTES, false}, {BYTES, BYTES + 100, true}}, 0},
    };
    struct place p;
    (void)state;
    open_place(&p);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct liar l = {.lie = HONEST};
        struct buf err = {.max = LIMIT_ERR}, wrong = {.max = BYTES};
        enum status st = ST_OK;
        FILE *f = fopen(buf_cstr(&p.part), "wb");
        for (size_t k = 0; k < 3 && rows[i].there[k].to; k++) {
            uint64_t from = rows[i].there[k].from, n = rows[i].there[k].to - from;
            buf_clear(&wrong);
            for (uint64_t b = 0; rows[i].there[k].wrong && b < n; b++)
                buf_char(&wrong, (char)(from + b < BYTES ? ~p.good.data[from + b] : 1));
            assert_int_equal(fseek(f, (long)from, SEEK_SET), 0);
            assert_int_equal(fwrite(rows[i].there[k].wrong ? wrong.data : p.good.data + from, 1, n, f), n);
        }
        fclose(f);
        assert_int_equal(bring(&p, &l, false, &st, &err), RANGES_DONE);
        assert_whole(&p);
        if (p.wire != rows[i].wire)
            fail_msg("%s: %llu bytes fetched, %llu wanted", rows[i].name, (unsigned long long)p.wire,
                     (unsigned long long)rows[i].wire);
        buf_free(&err);
        buf_free(&wrong);
    }
    close_place(&p);
}

static void a_damaged_file_is_mended(void **state) {
    struct place p;
    struct liar l = {.lie = HONEST};
    enum status st = ST_OK;
    (void)state;
    open_place(&p);
    p.good.data[3 * BLOCK_BYTES] ^= 8;
    assert_int_equal(file_write(buf_cstr(&p.old), buf_view(&p.good), NULL), ST_OK);
    assert_int_equal(bring(&p, &l, true, &st, NULL), RANGES_DONE);
    assert_whole(&p);
    assert_int_equal(p.wire, BLOCK_BYTES);
    close_place(&p);
}

static void told_to_stop(void **state) {
    struct place p;
    struct liar l = {.lie = STOPPED, .left = 999};
    struct buf err = {.max = LIMIT_ERR};
    enum status st = ST_OK;
    (void)state;
    open_place(&p);
    assert_int_equal(bring(&p, &l, false, &st, &err), RANGES_FAILED);
    assert_int_equal(st, ST_RETRY);
    assert_string_equal(buf_cstr(&err), "interrupted");
    buf_free(&err);
    close_place(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_lie), cmocka_unit_test(what_is_there_stays),
                                       cmocka_unit_test(a_damaged_file_is_mended), cmocka_unit_test(told_to_stop)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
