#include "base/hash.h"
#include "dedup/host_blocks.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define MENU "La mairie est ouverte du lundi au vendredi, de neuf heures à midi."
#define FORMULA "Le présent arrêté sera publié au recueil des actes administratifs."
#define REFRAIN "Ô gué, ô gué"

static struct buf err = {.max = 1000};

struct corpus {
    const char *host;
    unsigned pages, with_menu; /* the first ${with_menu} hold MENU */
};

static struct host_blocks_page page_of(const char *host, const char *id) {
    return (struct host_blocks_page){.host = hash64(slice_str(host)), .source = 7, .doc = hash64(slice_str(id)), .by_host = true};
}

static void add_text(struct host_blocks *h, const struct host_blocks_page *page, struct slice text) {
    struct host_blocks_lines lines = {0};
    assert_int_equal(host_blocks_read(text, &lines, &err), ST_OK);
    assert_int_equal(host_blocks_add(h, page, lines.v, lines.n, &err), ST_OK);
    free(lines.v);
}

static void add_page(struct host_blocks *h, const struct corpus *c, unsigned i) {
    struct buf id = {0}, text = {0};
    buf_printf(&id, "%s/%u", c->host, i);
    buf_printf(&text,
               "%sLa page %u parle du moulin numéro %u et de la rivière.\n" REFRAIN "\nElle raconte encore l'année %u du meunier.",
               i < c->with_menu ? MENU "\n" : "", i, i, 1800 + i);
    struct host_blocks_page page = page_of(c->host, buf_cstr(&id));
    add_text(h, &page, buf_view(&text));
    buf_free(&id);
    buf_free(&text);
}

static struct host_blocks *count(const struct corpus *c, size_t n, bool backwards, unsigned times, size_t memory) {
    struct host_blocks_options o = {.memory_bytes = memory};
    struct host_blocks *h = NULL;
    assert_int_equal(host_blocks_new(&o, &h, &err), ST_OK);
    for (unsigned t = 0; t < times; t++)
        for (size_t k = 0; k < n; k++) {
            const struct corpus *one = &c[backwards ? n - 1 - k : k];
            for (unsigned i = 0; i < one->pages; i++) add_page(h, one, backwards ? one->pages - 1 - i : i);
        }
    assert_int_equal(host_blocks_count(h, &err), ST_OK);
    return h;
}

static bool drops(const struct host_blocks *h, const char *host, const char *line) {
    struct buf text = {0}, out = {0};
    buf_printf(
        &text,
        "%s\nUn autre texte, bien plus long que la ligne, raconte la vie du village et de ses moulins au bord de l'eau.\n" REFRAIN,
        line);
    struct host_blocks_page page = page_of(host, "");
    size_t removed = host_blocks_strip(h, &page, buf_view(&text), &out);
    bool gone = slice_find(buf_view(&out), slice_str(line)) == SIZE_MAX;
    assert_int_equal(removed, gone ? strlen(line) + 1 : 0);
    assert_true(slice_find(buf_view(&out), slice_str(REFRAIN)) != SIZE_MAX);
    buf_free(&text);
    buf_free(&out);
    return gone;
}

static const struct corpus hosts[] = {{"grand.fr", 40, 40}, {"petit.fr", 12, 12}, {"varie.fr", 40, 15}, {"moitie.fr", 40, 20}};

static void test_template_goes_where_it_recurs(void **state) {
    (void)state;
    struct host_blocks *h = count(hosts, 4, false, 1, 0);
    assert_true(drops(h, "grand.fr", MENU));
    assert_true(drops(h, "moitie.fr", MENU));
    assert_false(drops(h, "petit.fr", MENU)); /* too few pages to tell */
    assert_false(drops(h, "varie.fr", MENU));
    assert_false(drops(h, "ailleurs.fr", MENU));
    assert_false(drops(h, "grand.fr", FORMULA));
    host_blocks_free(h);
}

static void test_order_and_batches_do_not_matter(void **state) {
    (void)state;
    struct host_blocks *a = count(hosts, 4, false, 1, 0), *b = count(hosts, 4, true, 2, 4096);
    struct host_blocks_page page = page_of("grand.fr", "grand.fr/3");
    struct host_blocks_lines lines = {0};
    assert_int_equal(host_blocks_read(slice_str(MENU "\n" FORMULA), &lines, &err), ST_OK);
    assert_int_equal(lines.n, 2);
    uint64_t print = host_blocks_print(a, &page, lines.v, 2);
    assert_true(print != 0 && print == host_blocks_print(b, &page, lines.v, 2));
    assert_true(print == host_blocks_print(a, &page, lines.v, 1) && host_blocks_print(a, &page, lines.v + 1, 1) == 0);
    free(lines.v);
    host_blocks_free(a);
    host_blocks_free(b);
}

static void test_a_page_of_nothing_else_stays(void **state) {
    (void)state;
    struct host_blocks *h = count(hosts, 1, false, 1, 0);
    struct buf out = {0};
    struct host_blocks_page page = page_of("grand.fr", "");
    assert_int_equal(host_blocks_strip(h, &page, slice_str(MENU "\nCourt."), &out), 0);
    assert_true(slice_eq_str(buf_view(&out), MENU "\nCourt."));
    buf_clear(&out);
    assert_int_equal(host_blocks_strip(h, &page, slice_str(""), &out), 0);
    assert_int_equal(out.len, 0);
    buf_free(&out);
    host_blocks_free(h);
}

/* FORMULA stands in four documents of source 1, on as many hosts, twice in one; in two of source 2. */
static void test_repeated_in_a_source(void **state) {
    (void)state;
    static const struct {
        uint64_t source;
        unsigned repeated;
        bool gone;
    } cases[] = {{1, 4, true}, {1, 5, false}, {1, 0, false}, {2, 4, false}, {2, 2, true}, {3, 2, false}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct host_blocks_options o = {0};
        struct host_blocks *h = NULL;
        struct buf out = {0};
        assert_int_equal(host_blocks_new(&o, &h, &err), ST_OK);
        for (unsigned i = 0; i < 6; i++) {
            struct host_blocks_page page = {.host = i, .source = i < 4 ? 1 : 2, .doc = 100 + i, .repeated = cases[k].repeated};
            add_text(h, &page, slice_str(i ? FORMULA : FORMULA "\n" FORMULA));
        }
        assert_int_equal(host_blocks_count(h, &err), ST_OK);
        struct host_blocks_page page = {.host = 9, .source = cases[k].source, .repeated = cases[k].repeated};
        size_t removed = host_blocks_strip(h, &page, slice_str(FORMULA "\n" MENU MENU), &out);
        assert_int_equal(removed, cases[k].gone ? strlen(FORMULA) + 1 : 0);
        buf_free(&out);
        host_blocks_free(h);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_template_goes_where_it_recurs),
        cmocka_unit_test(test_order_and_batches_do_not_matter),
        cmocka_unit_test(test_a_page_of_nothing_else_stays),
        cmocka_unit_test(test_repeated_in_a_source),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_free(&err);
    return failed;
}
