/* The index: files that check themselves, runs, removal, compaction, a batch against what was kept. */
#include "base/file.h"
#include "dedup/dedup.h"
#include "dedup/index.h"
#include "dedup/index_file.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];

static int make_dir(void **state) {
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/villers-test-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state) {
    (void)state;
    char **names;
    size_t n;
    struct buf path = {0};
    if (dir_list(dir, "", &names, &n, NULL) != ST_OK) return -1;
    for (size_t i = 0; i < n; i++) {
        path_join(&path, dir, names[i]);
        unlink(buf_cstr(&path));
    }
    dir_list_free(names, n);
    buf_free(&path);
    return rmdir(dir);
}

static void test_file(void **state) {
    (void)state;
    static char bytes[100000], got[100000];
    struct buf path = {0}, err = {0};
    path_join(&path, dir, "f");
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i * 7 + i / 251);
    static const size_t sizes[] = {0, 1, 16383, 16384, 16385, 100000};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        struct index_out *o;
        struct index_in *in;
        assert_int_equal(index_out_create(buf_cstr(&path), &o, &err), ST_OK);
        assert_int_equal(index_out_write(o, bytes, sizes[k] / 3, &err), ST_OK);
        assert_int_equal(index_out_write(o, bytes + sizes[k] / 3, sizes[k] - sizes[k] / 3, &err), ST_OK);
        assert_int_equal(index_out_finish(o, slice_str("head"), &err), ST_OK);
        assert_int_equal(index_in_open(buf_cstr(&path), &in, &err), ST_OK);
        assert_true(slice_eq_str(index_in_head(in), "head"));
        assert_int_equal(index_in_read(in, 0, got, sizes[k], &err), ST_OK);
        assert_memory_equal(bytes, got, sizes[k]);
        if (sizes[k] > 16390) {
            assert_int_equal(index_in_read(in, 16380, got, 10, &err), ST_OK);
            assert_memory_equal(bytes + 16380, got, 10);
        }
        assert_int_equal(index_in_read(in, sizes[k], got, 1, &err), ST_FATAL);
        assert_int_equal(index_in_read(in, UINT64_MAX, got, 2, &err), ST_FATAL);
        index_in_free(in);
    }
    buf_free(&path);
    buf_free(&err);
}

/* Text ${family} with its first ${noise} words replaced. */
static void make_text(struct buf *b, unsigned family, unsigned noise) {
    buf_clear(b);
    for (unsigned i = 0; i < 120; i++) {
        unsigned v = i < noise ? 900000 + family * 131 + i * 7 + noise : family * 1000 + i;
        for (v += 26; v; v /= 26) buf_char(b, (char)('a' + v % 26));
        buf_char(b, ' ');
    }
}

enum { MAX = 64 };
struct batch {
    unsigned n, family[MAX], noise[MAX];
    struct dedup_verdict v[MAX];
    char of[MAX][32];
};

static enum status take(void *ctx, const struct dedup_verdict *v) {
    struct batch *b = ctx;
    b->v[v->doc] = *v;
    return ST_OK;
}

static bool kept(void *ctx, uint64_t doc) {
    const struct batch *b = ctx;
    return b->v[doc].kept == doc;
}

static void name_of(const struct batch *b, uint64_t doc, char out[32]) {
    snprintf(out, 32, "f%u-%u", b->family[doc], b->noise[doc]);
}

static enum status name(void *ctx, uint64_t doc, char scratch[DEDUP_NAME_MAX], struct slice *out, struct buf *err) {
    (void)err;
    name_of(ctx, doc, scratch);
    *out = slice_str(scratch);
    return ST_OK;
}

static void judge(struct batch *b, bool remember, unsigned threads) {
    struct dedup_options o = {.threads = threads, .remember = remember, .memory_bytes = threads == 2 ? 1 : 0};
    struct buf err = {0}, text = {0};
    struct dedup *d;
    struct signer *s = signer_new(NULL);
    struct signature *sig = malloc(sizeof *sig);
    char scratch[DEDUP_NAME_MAX];
    assert_int_equal(index_open(dir, signature_version(NULL), true, &o.against, &err), ST_OK);
    assert_int_equal(dedup_new(&o, &d, &err), ST_OK);
    for (unsigned i = 0; i < b->n; i++) {
        name_of(b, i, scratch);
        make_text(&text, b->family[i], b->noise[i]);
        assert_int_equal(signer_sign(s, buf_view(&text), sig, &err), ST_OK);
        assert_int_equal(dedup_add(d, i, slice_str(scratch), sig, &err), ST_OK);
    }
    for (unsigned i = 0; i < b->n; i++) b->v[i] = (struct dedup_verdict){i, i, 1, 1};
    assert_int_equal(dedup_run(d, take, b, &err), ST_OK);
    for (unsigned i = 0; i < b->n; i++) {
        struct slice of;
        if (b->v[i].kept < DEDUP_OLD) {
            name_of(b, b->v[i].kept, b->of[i]);
            continue;
        }
        assert_int_equal(dedup_old_name(d, b->v[i].kept, scratch, &of, &err), ST_OK);
        snprintf(b->of[i], 32, "%.*s", SLICE_ARG(of));
    }
    const struct dedup_memory m = {kept, name, b};
    if (remember) assert_int_equal(dedup_remember(d, &m, NULL, 0, &err), ST_OK);
    dedup_free(d);
    index_free(o.against);
    signer_free(s);
    free(sig);
    buf_free(&err);
    buf_free(&text);
}

static void test_batches(void **state) {
    (void)state;
    static struct batch b, probe;
    for (unsigned round = 0; round < 12; round++) {
        b.n = 0;
        for (unsigned k = 0; k < 10; k++) {
            b.family[b.n] = round * 5 + k; /* half of a batch's families were in the one before */
            b.noise[b.n++] = round % 3;
        }
        judge(&b, true, 1 + round % 3);
        for (unsigned k = 0; k < 10; k++) {
            char first[32];
            bool old = round > 0 && k < 5;
            snprintf(first, sizeof first, "f%u-%u", b.family[k], old ? (round - 1) % 3 : round % 3);
            assert_string_equal(b.of[k], first);
            if (old) assert_true(b.v[k].similarity > 0.7 && b.v[k].similarity < 1);
        }
    }
    struct index *ix;
    struct buf err = {0};
    assert_int_equal(index_open(dir, signature_version(NULL), false, &ix, &err), ST_OK);
    assert_int_equal(index_documents(ix), 65);
    assert_in_range(index_runs(ix), 1, 7);
    struct index *second;
    assert_int_equal(index_open(dir, signature_version(NULL), false, &second, &err), ST_RETRY);
    struct hash128 gone = hash128(slice_str("f5-0"));
    assert_int_equal(index_remove(ix, &gone, 1, &err), ST_OK);
    index_free(ix);
    probe.n = 2;
    probe.family[0] = 5;
    probe.family[1] = 6;
    for (int compacted = 0; compacted < 2; compacted++) {
        judge(&probe, false, 1);
        assert_true(probe.v[0].kept == 0);
        assert_string_equal(probe.of[1], "f6-0");
        assert_true(probe.v[1].similarity == 1);
        assert_int_equal(index_open(dir, signature_version(NULL), false, &ix, &err), ST_OK);
        assert_int_equal(index_compact(ix, &err), ST_OK);
        assert_int_equal(index_documents(ix), 64);
        assert_int_equal(index_runs(ix), 1);
        index_free(ix);
    }
    assert_int_equal(index_open(dir, 1, false, &ix, &err), ST_FATAL);
    buf_free(&err);
}

/* Documents without sketches, three keys each, the first of them shared by all. */
static enum status step_doc(void *ctx, uint32_t i, struct index_doc *doc, struct buf *err) {
    const uint32_t *first = ctx;
    (void)err;
    doc->exact = *first + i;
    doc->n_sketch = 0;
    doc->n_name = (uint16_t)snprintf(doc->name, sizeof doc->name, "d%u", *first + i);
    return ST_OK;
}

enum { STEP = 3000 };
static enum status step_keys(void *ctx, unsigned partition, struct lsh_record **records, size_t *n, struct buf *err) {
    const uint32_t *first = ctx;
    *records = malloc(2 * STEP * sizeof **records);
    *n = 0;
    (void)err;
    assert_non_null(*records);
    for (uint32_t i = 0; i < STEP; i++)
        if (partition == 7)
            (*records)[(*n)++] = (struct lsh_record){(uint64_t)7 << 56 | (uint64_t)(*first + i) << 20, i};
        else if (partition == 9)
            (*records)[(*n)++] = (struct lsh_record){(uint64_t)9 << 56, i};
    lsh_sort(*records, *n);
    return ST_OK;
}

static enum status count_doc(void *ctx, uint64_t ref, const struct index_doc *doc, struct buf *err) {
    unsigned *n = ctx;
    (void)ref;
    (void)err;
    assert_true(doc->n_name > 1 && doc->n_sketch == 0);
    ++*n;
    return ST_OK;
}

static enum status count_key(void *ctx, uint64_t key, uint64_t ref, struct buf *err) {
    unsigned *n = ctx;
    (void)key;
    (void)ref;
    (void)err;
    ++*n;
    return ST_OK;
}

static struct index *reopened(struct index *ix) {
    struct buf err = {0};
    index_free(ix);
    assert_int_equal(index_open(dir, 5, true, &ix, &err), ST_OK);
    return ix;
}

static void expect(struct index *ix, uint64_t label, unsigned documents, unsigned under_nine) {
    struct buf err = {0};
    struct lsh_record nine = {(uint64_t)9 << 56, 0},
                      seven[2] = {{(uint64_t)7 << 56 | (uint64_t)2999 << 20, 0}, {(uint64_t)7 << 56 | (uint64_t)40000 << 20, 0}};
    unsigned n = 0, keys = 0, few = 0;
    assert_true(index_label(ix) == label);
    assert_int_equal(index_each(ix, count_doc, &n, &err), ST_OK);
    assert_int_equal(n, documents);
    assert_int_equal(index_match(ix, INDEX_KEYS, 9, &nine, 1, count_key, &keys, &err), ST_OK);
    assert_int_equal(keys, under_nine);
    assert_int_equal(index_match(ix, INDEX_KEYS, 7, seven, 2, count_key, &few, &err), ST_OK);
    assert_int_equal(few, under_nine > 0);
}

static void test_steps(void **state) {
    (void)state;
    uint32_t first = 0;
    struct buf err = {0};
    struct index_batch batch = {STEP, step_doc, step_keys, &first, 0};
    struct index_change change = {.label = 1};
    struct index *ix = reopened(NULL);
    expect(ix, 0, 0, 0);
    assert_int_equal(index_prepare(ix, &batch, &err), ST_OK);
    expect(ix, 0, 0, 0);
    ix = reopened(ix); /* what was prepared and never settled is gone */
    expect(ix, 0, 0, 0);
    assert_int_equal(index_prepare(ix, &batch, &err), ST_OK);
    assert_int_equal(index_settle(ix, &change, &err), ST_OK);
    ix = reopened(ix);
    expect(ix, 1, STEP, STEP);
    struct hash128 gone = hash128(slice_str("d7"));
    change = (struct index_change){.removed = &gone, .n_removed = 1, .label = 2};
    assert_int_equal(index_settle(ix, &change, &err), ST_OK);
    expect(ix, 2, STEP - 1, STEP); /* its keys are there until it is compacted away; index_read() tells */
    assert_int_equal(index_compact(ix, &err), ST_OK);
    expect(ix, 2, STEP - 1, STEP - 1);
    change = (struct index_change){.replace = true, .label = 3};
    assert_int_equal(index_prepare(ix, &batch, &err), ST_OK);
    assert_int_equal(index_settle(ix, &change, &err), ST_OK);
    ix = reopened(ix);
    expect(ix, 3, STEP, STEP);
    assert_int_equal(index_runs(ix), 1);
    index_free(ix);
    buf_free(&err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_file, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_batches, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_steps, make_dir, remove_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
