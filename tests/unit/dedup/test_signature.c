/* Words, kernels, sketches and their packed form. */
#include "base/limits.h"
#include "dedup/minhash.h"
#include "dedup/signature.h"
#include "dedup/signature_words.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void sign(const struct signature_options *opt, struct slice text, struct signature *sig) {
    struct signer *s = signer_new(opt);
    assert_non_null(s);
    assert_int_equal(signer_sign(s, text, sig, NULL), ST_OK);
    signer_free(s);
}

static void test_kernels_agree(void **state) {
    (void)state;
    static const unsigned sizes[] = {1, 16, 20, 64, 112, 113, 128, 200, 256};
    uint32_t xs[777], want[MINHASH_MAX], got[MINHASH_MAX];
    for (size_t i = 0; i < 777; i++) xs[i] = (uint32_t)(i * 2654435761u + 12345);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        static struct minhash_family f;
        minhash_family_init(&f, sizes[k], 42 + k);
        minhash_reset(&f, want);
        minhash_update(MINHASH_PLAIN, &f, xs, 777, want);
        for (unsigned i = 0; i < sizes[k]; i++) {
            uint32_t low = UINT32_MAX;
            for (size_t j = 0; j < 777; j++) low = f.a[i] * xs[j] + f.b[i] < low ? f.a[i] * xs[j] + f.b[i] : low;
            assert_int_equal(want[i], low);
        }
        for (int kernel = 0; kernel < MINHASH_KERNELS; kernel++) {
            if (!minhash_supported((enum minhash_kernel)kernel)) continue;
            minhash_reset(&f, got);
            minhash_update((enum minhash_kernel)kernel, &f, xs, 300, got);
            minhash_update((enum minhash_kernel)kernel, &f, xs + 300, 477, got);
            assert_memory_equal(got, want, sizes[k] * sizeof *got);
        }
    }
}

static void test_words(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t words;
    } cases[] = {{"", 0}, {"   ", 0}, {"a", 1}, {" a  b ", 2}, {"anticonstitutionnellement x anticonstitutionnellement", 3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char room[256];
        uint64_t out[128];
        size_t len = strlen(cases[i].text);
        memset(room, ' ', sizeof room);
        memcpy(room, cases[i].text, len);
        assert_int_equal(signature_words(room, len, out), cases[i].words);
        if (i == 4) assert_true(out[0] == out[2] && out[0] != out[1]);
    }
    /* The same word at every place in a block, and over its edge, has the same hash. */
    for (size_t at = 0; at < 140; at++) {
        char room[512];
        uint64_t out[256];
        memset(room, ' ', sizeof room);
        memcpy(room + at, "vingt-et-un-mots!xyz", 20);
        assert_int_equal(signature_words(room, at + 20, out), 1);
        static uint64_t first;
        if (at == 0) first = out[0];
        assert_true(out[0] == first);
    }
}

/* ${n} words, numbered from ${from}, each different from the others by letters alone. */
static void make_text(struct buf *b, unsigned from, unsigned n) {
    for (unsigned i = from; i < from + n; i++) {
        char word[16];
        size_t k = 0;
        for (unsigned v = i + 1; v; v /= 26) word[k++] = (char)('a' + v % 26);
        word[k++] = 'q';
        buf_append(b, word, k);
        buf_char(b, i % 9 ? ' ' : '\n');
    }
}

static void test_similarity_is_exact_when_small(void **state) {
    (void)state;
    struct buf a, b;
    struct signature x, y;
    buf_init(&a, 0);
    buf_init(&b, 0);
    make_text(&a, 0, 104);
    make_text(&b, 50, 104);
    sign(NULL, buf_view(&a), &x);
    sign(NULL, buf_view(&b), &y);
    /* 100 shingles each, 50 in common. */
    assert_int_equal(x.shingles, 100);
    assert_int_equal(x.n_sketch, 100);
    double s = signature_similarity(x.sketch, x.n_sketch, y.sketch, y.n_sketch);
    assert_true(fabs(s - 50.0 / 150) < 1e-12);
    assert_true(signature_similarity(x.sketch, x.n_sketch, x.sketch, x.n_sketch) == 1);
    buf_free(&a);
    buf_free(&b);
}

static void test_similarity_estimates(void **state) {
    (void)state;
    double worst = 0;
    for (unsigned shared = 0; shared <= 4000; shared += 250) {
        struct buf a, b;
        struct signature x, y;
        buf_init(&a, 0);
        buf_init(&b, 0);
        make_text(&a, 0, 4004);
        make_text(&b, 4000 - shared, 4004);
        sign(NULL, buf_view(&a), &x);
        sign(NULL, buf_view(&b), &y);
        assert_int_equal(x.n_sketch, SIGNATURE_SKETCH);
        double s = signature_similarity(x.sketch, x.n_sketch, y.sketch, y.n_sketch);
        double off = fabs(s - shared / (8000.0 - shared));
        worst = off > worst ? off : worst;
        buf_free(&a);
        buf_free(&b);
    }
    assert_true(worst < 0.1); /* three standard errors */
}

static void test_sketch_is_sorted_and_distinct(void **state) {
    (void)state;
    struct buf a;
    struct signature x, y;
    buf_init(&a, 0);
    for (int i = 0; i < 3; i++) make_text(&a, 0, 30000);
    sign(NULL, buf_view(&a), &x);
    for (unsigned i = 1; i < x.n_sketch; i++) assert_true(x.sketch[i - 1] < x.sketch[i]);
    assert_int_equal(x.words, 90000);
    assert_int_equal(x.shingles, 89996);
    /* Chunks are no part of the result: the same words with one more space before them. */
    struct buf b;
    buf_init(&b, 0);
    buf_str(&b, "  \n  . ");
    buf_slice(&b, buf_view(&a));
    sign(NULL, buf_view(&b), &y);
    assert_memory_equal(x.keys, y.keys, x.n_keys * sizeof *x.keys);
    assert_memory_equal(x.sketch, y.sketch, x.n_sketch * sizeof *x.sketch);
    assert_true(x.exact == y.exact);
    buf_free(&a);
    buf_free(&b);
}

static const struct {
    const char *a, *b;
    bool keep_figures, same;
} pairs[] = {
    {"Un", "un !", false, true},
    {"", " ... ", false, true},
    {"un deux trois quatre", "Un, deux; trois: QUATRE", false, true},
    {"un deux trois quatre", "un deux quatre trois", false, false},
    {"un deux trois quatre", "un deux trois quatre cinq", false, false},
    {"article 12 du décret", "article 345 du decret", false, true},
    {"article 12 du décret", "article 345 du decret", true, false},
};

static void test_exact(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct signature_options o = {.keep_figures = pairs[i].keep_figures};
        struct signature x, y;
        sign(&o, slice_str(pairs[i].a), &x);
        sign(&o, slice_str(pairs[i].b), &y);
        assert_int_equal(x.exact == y.exact, pairs[i].same);
        assert_int_equal(memcmp(x.keys, y.keys, sizeof *x.keys * x.n_keys) == 0, pairs[i].same);
    }
}

static void test_known_bits(void **state) {
    (void)state;
    struct signature x;
    sign(NULL, slice_str("Le hub de données francophones de Villers-Cotterêts garde le français d'aujourd'hui."), &x);
    assert_int_equal(x.words, 14);
    assert_int_equal(x.n_keys, 28);
    /* What sidecar files of this version hold; a change here needs another SIGNATURE_ALGORITHM. */
    assert_int_equal(x.exact, 0xffcbc91194b76c8cu);
    assert_int_equal(x.keys[0], 0x741dcd87b6fbbf5eu);
    assert_int_equal(x.sketch[0], 0xc0198b4u);
}

static void test_packed(void **state) {
    (void)state;
    struct signature x, y;
    struct buf b;
    buf_init(&b, 0);
    sign(NULL, slice_str("un deux trois quatre cinq six sept huit"), &x);
    signature_pack(&b, &x);
    signature_pack(&b, &x);
    struct slice rest = buf_view(&b);
    for (int i = 0; i < 2; i++) {
        assert_true(signature_unpack(&rest, &y));
        assert_true(x.exact == y.exact && x.words == y.words && x.shingles == y.shingles);
        assert_int_equal(x.n_keys, y.n_keys);
        assert_memory_equal(x.keys, y.keys, x.n_keys * sizeof *x.keys);
        assert_int_equal(x.n_sketch, y.n_sketch);
        assert_memory_equal(x.sketch, y.sketch, x.n_sketch * sizeof *x.sketch);
    }
    assert_false(signature_unpack(&rest, &y));
    for (size_t n = 0; n < b.len / 2; n++) {
        rest = slice_of(b.data, n);
        assert_false(signature_unpack(&rest, &y));
        assert_int_equal(rest.len, n);
    }
    buf_free(&b);
}

static void test_options(void **state) {
    (void)state;
    static const struct {
        struct signature_options o;
        bool valid;
    } cases[] = {
        {{0}, true},
        {{.bands = 22, .rows = 5, .groupings = 1}, true},
        {{.bands = 64, .rows = 4, .groupings = 1}, true},
        {{.bands = 64, .rows = 5, .groupings = 1}, false},
        {{.bands = 40, .rows = 2, .groupings = 2}, false},
        {{.bands = 0x80000000u, .rows = 2}, false},
        {{.ngram = 17}, false},
        {{.groupings = 5}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(signature_options_valid(&cases[i].o), cases[i].valid);
        struct signer *s = signer_new(&cases[i].o);
        assert_int_equal(s != NULL, cases[i].valid);
        signer_free(s);
    }
    struct signature_options figures = {.keep_figures = true};
    assert_true(signature_version(NULL) != signature_version(&figures));
    assert_true(signature_version(NULL) == signature_version(&(struct signature_options){.bands = 14, .rows = 8}));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernels_agree),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_similarity_is_exact_when_small),
        cmocka_unit_test(test_similarity_estimates),
        cmocka_unit_test(test_sketch_is_sorted_and_distinct),
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_known_bits),
        cmocka_unit_test(test_packed),
        cmocka_unit_test(test_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
