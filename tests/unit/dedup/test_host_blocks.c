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

static void add_page(struct host_blocks *h, const struct corpus *c, unsigned i) {
    struct buf id = {0}, text = {0};
    buf_printf(&id, "%s/%u", c->host, i);
    buf_printf(&text,
               "%sLa page %u parle du moulin numéro %u et de la rivière.\n" REFRAIN "\nElle raconte encore l'année %u du meunier.",
               i < c->with_menu ? MENU "\n" : "", i, i, 1800 + i);
    assert_int_equal(host_blocks_add(h, slice_str(c->host), buf_view(&id), buf_view(&text), &err), ST_OK);
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
    size_t removed = host_blocks_strip(h, slice_str(host), buf_view(&text), &out);
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
    assert_true(host_blocks_fingerprint(a) != 0);
    assert_true(host_blocks_fingerprint(a) == host_blocks_fingerprint(b));
    host_blocks_free(a);
    host_blocks_free(b);
}

static void test_a_page_of_nothing_else_stays(void **state) {
    (void)state;
    struct host_blocks *h = count(hosts, 1, false, 1, 0);
    struct buf out = {0};
    assert_int_equal(host_blocks_strip(h, slice_str("grand.fr"), slice_str(MENU "\nCourt."), &out), 0);
    assert_true(slice_eq_str(buf_view(&out), MENU "\nCourt."));
    buf_clear(&out);
    assert_int_equal(host_blocks_strip(h, slice_str("grand.fr"), slice_str(""), &out), 0);
    assert_int_equal(out.len, 0);
    buf_free(&out);
    host_blocks_free(h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_template_goes_where_it_recurs),
        cmocka_unit_test(test_order_and_batches_do_not_matter),
        cmocka_unit_test(test_a_page_of_nothing_else_stays),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_free(&err);
    return failed;
}
