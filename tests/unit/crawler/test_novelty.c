#include "base/buf.h"
#include "crawler/novelty.h"
#include "tests/unit/test.h"

#define BARREN 100

static void test_templates(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"/agenda/2024/03/", "/agenda/1999/12/", true},
        {"/agenda/2024/03/", "/agenda/2024/", false},
        {"/p?page=1", "/p?page=twelve", true},
        {"/p?page=1&tri=a", "/p?tri=b&page=2", true},
        {"/p?page=1", "/p?tri=1", false},
        {"/p?page=1", "/p", false},
        {"/codes/LEGIARTI000006902226", "/codes/LEGIARTI1", true},
        {"/a/b", "/a/c", false},
        {"/a?x", "/a?x=", true},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct novelty_keys a = novelty_keys(slice_str("h.test"), slice_str(rows[i].a)),
                            b = novelty_keys(slice_str("h.test"), slice_str(rows[i].b)),
                            other = novelty_keys(slice_str("g.test"), slice_str(rows[i].a));
        ROW_CHECK(i, (a.template == b.template) == rows[i].same, "%s %s", rows[i].a, rows[i].b);
        ROW_CHECK(i, a.host == b.host && a.host != other.host && a.template != other.template, "%s", rows[i].a);
    }
}

static uint64_t dice(uint64_t *seed) {
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return *seed >> 33;
}

/* ${words} words out of 5,000, of which one in ${every} follows from ${page}, the others from the template. */
static void page_text(struct buf *out, uint64_t page, unsigned words, unsigned every) {
    uint64_t fixed = 7, own = page * 977 + 1;
    buf_clear(out);
    for (unsigned i = 0; i < words; i++) {
        uint64_t a = dice(&fixed) % 5000, b = dice(&own) % 5000;
        buf_printf(out, "mot%llu ", (unsigned long long)(every && i % every == 0 ? b : a) * 7 + 13);
    }
}

/* How many of ${n} pages may be fetched. */
static unsigned fetched(unsigned n, unsigned words, unsigned every, const char *path, const char *rest) {
    struct novelty *t = novelty_new();
    struct buf text = {0};
    char target[64];
    uint32_t pages, fresh;
    unsigned i;
    for (i = 0; i < n; i++) {
        snprintf(target, sizeof target, "%s%u%s", path, i, rest);
        struct novelty_keys k = novelty_keys(slice_str("h.test"), slice_str(target));
        if (novelty_spent(t, &k, BARREN, &pages, &fresh)) break;
        page_text(&text, i, words, every);
        novelty_learn(t, &k, novelty_print(buf_view(&text)));
    }
    buf_free(&text);
    novelty_free(t);
    return i;
}

static void test_who_starves(void **state) {
    (void)state;
    static const struct {
        unsigned words, every;
        const char *path, *rest;
        unsigned most; /* of 3,000; 0: all */
    } rows[] = {
        {300, 0, "/t/", "", BARREN + 8},       /* the same page again and again */
        {300, 100, "/t/", "", BARREN + 80},    /* three words of 300 made up */
        {300, 0, "/t?x=", "&y=a", BARREN + 8}, /* facets */
        {300, 1, "/t/", "", 0},                /* pages of their own */
        {300, 2, "/t/", "", 0},                /* half of each page is the template's */
        {300, 4, "/t/", "", 0},                /* three quarters are */
        {60, 2, "/index?page=", "", 0},        /* short lists */
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        unsigned got = fetched(3000, rows[i].words, rows[i].every, rows[i].path, rows[i].rest);
        ROW_CHECK(i, rows[i].most ? got <= rows[i].most : got == 3000, "%u", got);
    }
}

static void test_a_tarpit_of_many_paths_starves_its_host(void **state) {
    (void)state;
    struct novelty *t = novelty_new();
    struct buf text = {0};
    uint32_t pages = 0, fresh = 0;
    unsigned i;
    for (i = 0; i < 5000; i++) {
        char target[64] = "/";
        for (unsigned k = 0; k < 6; k++) target[1 + k] = (char)('a' + (i >> (2 * k)) % 4 + k);
        struct novelty_keys keys = novelty_keys(slice_str("h.test"), slice_str(target));
        if (novelty_spent(t, &keys, BARREN, &pages, &fresh)) break;
        page_text(&text, i, 200, 0);
        novelty_learn(t, &keys, novelty_print(buf_view(&text)));
    }
    assert_true(i <= BARREN * NOVELTY_HOST_FACTOR + 8);
    assert_int_equal(fresh, 1);
    struct novelty_keys elsewhere = novelty_keys(slice_str("g.test"), slice_str("/"));
    assert_false(novelty_spent(t, &elsewhere, BARREN, &pages, &fresh));
    buf_free(&text);
    novelty_free(t);
}

/* A calendar says its month in a number: short texts are compared without their numbers. */
static void test_a_calendar(void **state) {
    (void)state;
    uint64_t a = novelty_print(slice_str("Agenda 2024/03 Aucun événement ce mois-ci")),
             b = novelty_print(slice_str("Agenda 1987/11 Aucun événement ce mois-ci")),
             c = novelty_print(slice_str("Agenda 1987/11 Fête du livre samedi à la halle"));
    assert_int_equal(__builtin_popcountll(a ^ b), 0);
    assert_true(__builtin_popcountll(a ^ c) > 8);
    assert_int_equal(novelty_print(slice_str("")), 0);
    assert_int_equal(novelty_print(slice_str("...")), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_templates),
        cmocka_unit_test(test_who_starves),
        cmocka_unit_test(test_a_tarpit_of_many_paths_starves_its_host),
        cmocka_unit_test(test_a_calendar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
