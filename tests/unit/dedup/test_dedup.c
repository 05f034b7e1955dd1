/* Verdicts on small sets, and that they depend on nothing but the set. */
#include "dedup/cluster.h"
#include "dedup/dedup.h"
#include "dedup/lsh.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static uint32_t next_random(uint32_t *s) { return *s = *s * 1664525u + 1013904223u, *s >> 8; }

enum { MAX_DOCS = 400 };
struct set {
    struct buf text[MAX_DOCS];
    size_t n;
};
struct verdicts {
    struct dedup_verdict v[MAX_DOCS]; /* alone unless told */
    size_t n;
    uint64_t last;
    bool told;
};

static enum status keep_verdict(void *ctx, const struct dedup_verdict *v) {
    struct verdicts *all = ctx;
    assert_true(!all->told || all->last < v->doc);
    assert_true(v->cluster_size > 1);
    all->v[v->doc] = *v;
    all->last = v->doc;
    all->told = true;
    return ST_OK;
}

static void word(struct buf *b, unsigned v) {
    for (v += 26; v; v /= 26) buf_char(b, (char)('a' + v % 26));
    buf_char(b, ' ');
}

static struct buf *add(struct set *s) {
    struct buf *b = &s->text[s->n++];
    buf_init(b, 0);
    return b;
}

static void set_free(struct set *s) {
    for (size_t i = 0; i < s->n; i++) buf_free(&s->text[i]);
}

/* Documents go in by ${order}; the number and the rank of each are its place in the set. */
static void judge(const struct set *s, const size_t *order, const struct dedup_options *o, struct verdicts *out) {
    struct dedup *d;
    struct signature sig;
    struct signer *signer = signer_new(&o->signature);
    struct buf err = {0};
    assert_int_equal(dedup_new(o, &d, &err), ST_OK);
    for (size_t i = 0; i < s->n; i++) {
        size_t k = order ? order[i] : i;
        char rank[16];
        snprintf(rank, sizeof rank, "%06zu", k);
        assert_int_equal(signer_sign(signer, buf_view(&s->text[k]), &sig, &err), ST_OK);
        assert_int_equal(dedup_add(d, k, slice_str(rank), &sig, &err), ST_OK);
    }
    *out = (struct verdicts){.n = s->n};
    for (size_t i = 0; i < s->n; i++) out->v[i] = (struct dedup_verdict){i, i, 1, 1};
    assert_int_equal(dedup_run(d, keep_verdict, out, &err), ST_OK);
    dedup_free(d);
    signer_free(signer);
    buf_free(&err);
}

static void test_copies_and_near(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t kept;
    } cases[] = {
        {"Le maire signe le registre des naissances de la commune et le remet au greffe du tribunal", 0},
        {"Autre texte qui ne dit rien de semblable, sur la pêche à la ligne dans les rivières de montagne", 1},
        {"LE MAIRE signe le registre des naissances de la commune, et le remet au greffe du tribunal.", 0},
        {"", 3},
        {"...", 3},
        {"un", 5},
        {"Un !", 5},
        {"deux", 7},
        {"Autre texte qui ne dit rien de semblable, sur la pêche à la ligne dans les rivières de montagne bleue", 1},
        {"un deux", 9},
    };
    struct set s = {.n = 0};
    static struct verdicts v;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) buf_str(add(&s), cases[i].text);
    judge(&s, NULL, &(struct dedup_options){0}, &v);
    for (size_t i = 0; i < s.n; i++) {
        assert_int_equal(v.v[i].doc, i);
        assert_int_equal(v.v[i].kept, cases[i].kept);
        if (i == cases[i].kept) assert_true(v.v[i].similarity == 1);
    }
    assert_true(v.v[8].similarity > 0.8 && v.v[8].similarity < 1);
    assert_true(v.v[2].similarity == 1);
    set_free(&s);
}

/* Families of a text and what changed words make of it, with copies; and texts that share 60 % of a template. */
static void make_families(struct set *s, unsigned families, unsigned variants) {
    uint32_t seed = 3;
    for (unsigned f = 0; f < families; f++) {
        for (unsigned k = 0; k < variants; k++) {
            struct buf *b = add(s);
            for (unsigned i = 0; i < 300; i++) {
                bool change = k > 0 && next_random(&seed) % 200 < k;
                word(b, change ? 500000 + next_random(&seed) % 100000 : f * 1000 + i);
            }
        }
    }
}

static void shuffle(size_t *order, size_t n, uint32_t seed) {
    for (size_t i = 0; i < n; i++) order[i] = i;
    for (size_t i = n; i > 1; i--) {
        size_t j = next_random(&seed) % i, t = order[i - 1];
        order[i - 1] = order[j];
        order[j] = t;
    }
}

static void assert_same(const struct verdicts *a, const struct verdicts *b) {
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        assert_int_equal(a->v[i].doc, b->v[i].doc);
        assert_int_equal(a->v[i].kept, b->v[i].kept);
        assert_int_equal(a->v[i].cluster_size, b->v[i].cluster_size);
        assert_true(a->v[i].similarity == b->v[i].similarity);
    }
}

static void test_order_threads_memory(void **state) {
    (void)state;
    static struct verdicts want, got;
    struct set s = {.n = 0};
    size_t order[MAX_DOCS];
    make_families(&s, 30, 10);
    for (size_t i = 0; i < 40; i++) buf_slice(add(&s), buf_view(&s.text[7 * i]));
    judge(&s, NULL, &(struct dedup_options){.threads = 1}, &want);
    size_t duplicates = 0;
    for (size_t i = 0; i < want.n; i++) duplicates += want.v[i].kept != i;
    assert_in_range(duplicates, 250, 310);
    for (uint32_t seed = 1; seed < 12; seed++) {
        shuffle(order, s.n, seed);
        struct dedup_options o = {.threads = 1 + seed % 3, .memory_bytes = seed % 2 ? 1 : 1 << 20};
        judge(&s, order, &o, &got);
        assert_same(&want, &got);
    }
    set_free(&s);
}

static void test_templates_stay_apart(void **state) {
    (void)state;
    static struct verdicts v;
    struct set s = {.n = 0};
    for (unsigned k = 0; k < 40; k++) {
        struct buf *b = add(&s);
        for (unsigned i = 0; i < 300; i++) word(b, i < 180 ? i : 1000 * (k + 1) + i);
    }
    judge(&s, NULL, &(struct dedup_options){0}, &v);
    for (size_t i = 0; i < v.n; i++) assert_int_equal(v.v[i].kept, i);
    set_free(&s);
}

/* A chain whose neighbours are alike and whose ends are not is no single cluster. */
static double chain_similarity(void *ctx, uint32_t a, uint32_t b) {
    (void)ctx;
    double s = 1 - 0.12 * (a < b ? b - a : a - b);
    return s < 0 ? 0 : s;
}

static void test_chains_are_cut(void **state) {
    (void)state;
    enum { N = 20 };
    struct cluster_edge edges[N - 1];
    uint32_t label[N];
    for (uint32_t i = 0; i + 1 < N; i++) edges[i] = (struct cluster_edge){i, i + 1, (uint32_t)(0.88 * CLUSTER_ONE)};
    assert_int_equal(cluster_join(N, edges, N - 1, NULL, 0.5, chain_similarity, NULL, label, NULL), ST_OK);
    for (uint32_t a = 0; a < N; a++)
        for (uint32_t b = 0; b < a; b++)
            if (label[a] == label[b]) assert_true(chain_similarity(NULL, a, b) >= 0.5);
    assert_int_equal(label[0], label[4]);
    assert_int_not_equal(label[0], label[5]);
}

static void test_runs_sort_and_spill(void **state) {
    (void)state;
    struct buf err = {0};
    for (size_t memory = 1; memory <= 1 << 24; memory <<= 12) {
        struct lsh_runs *r;
        uint32_t seed = 5;
        uint64_t sum = 0, seen = 0;
        assert_int_equal(lsh_runs_new(56, memory, NULL, &r, &err), ST_OK);
        for (unsigned i = 0; i < 50000; i++) {
            uint64_t key = (uint64_t)next_random(&seed) << 40 | (i % 3 ? next_random(&seed) : 0);
            struct lsh_record rec = {i % 50 ? key : 42, i};
            sum += rec.key ^ rec.value;
            assert_int_equal(lsh_runs_add(r, &rec, 1, &err), ST_OK);
        }
        assert_int_equal(lsh_runs_disk_bytes(r) > 0, memory < 1 << 20);
        size_t total = 0;
        for (unsigned p = 0; p < LSH_PARTITIONS; p++) {
            struct lsh_record *v;
            size_t n;
            assert_int_equal(lsh_runs_take(r, p, &v, &n, &err), ST_OK);
            for (size_t i = 0; i < n; i++) {
                assert_int_equal(v[i].key >> 56, p);
                seen += v[i].key ^ v[i].value;
                if (i > 0) assert_true(v[i - 1].key < v[i].key || (v[i - 1].key == v[i].key && v[i - 1].value < v[i].value));
            }
            total += n;
            free(v);
        }
        assert_int_equal(total, 50000);
        assert_true(sum == seen);
        lsh_runs_free(r);
    }
    buf_free(&err);
}

static uint64_t sort_key(unsigned kind, size_t i, uint32_t *seed) {
    switch (kind) {
    case 0: return (uint64_t)next_random(seed) << 40 | next_random(seed);
    case 1: return i / 3;                         /* ascending, with equal keys */
    case 2: return UINT64_MAX - i % 5;            /* few keys, at the end of the range */
    case 3: return (uint64_t)1 << i % 64;         /* one bit each */
    case 4: return i ? i % 2 : (uint64_t)1 << 63; /* one far from all others */
    default: return 7;                            /* the values decide */
    }
}

static void test_sort(void **state) {
    static const size_t sizes[] = {0, 1, 2, 15, 16, 17, 18, 40, 1000, 20000};
    (void)state;
    for (unsigned kind = 0; kind < 6; kind++)
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            uint32_t seed = (uint32_t)k + 1;
            uint64_t sum = 0;
            struct lsh_record *v = calloc(sizes[k] + 1, sizeof *v);
            assert_non_null(v);
            for (size_t i = 0; i < sizes[k]; i++) {
                v[i] = (struct lsh_record){sort_key(kind, i, &seed), next_random(&seed) % 1000};
                sum += v[i].key * 31 + v[i].value;
            }
            lsh_sort(v, sizes[k]);
            for (size_t i = 0; i < sizes[k]; i++) {
                sum -= v[i].key * 31 + v[i].value;
                if (i > 0) assert_true(v[i - 1].key < v[i].key || (v[i - 1].key == v[i].key && v[i - 1].value <= v[i].value));
            }
            assert_int_equal(sum, 0);
            free(v);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies_and_near),      cmocka_unit_test(test_order_threads_memory),
        cmocka_unit_test(test_templates_stay_apart), cmocka_unit_test(test_chains_are_cut),
        cmocka_unit_test(test_runs_sort_and_spill),  cmocka_unit_test(test_sort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
