#include "base/limits.h"
#include "store/checksums.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define H "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct {
    const char *text;
    const char *error; /* a part of it, or NULL when it must be read */
} cases[] = {
    {H "  a\n", NULL},
    {H "  data/b.zst\n" H " *a", NULL},
    {H "  a b é.txt\r\n\n", NULL},
    {"", "names no file"},
    {"\n\n", "names no file"},
    {H "  a\n" H "  a\n", "twice"},
    {H " a\n", "SHA256SUMS:1"},
    {H "  a\n\nxyz\n", "SHA256SUMS:3"},
    {"E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855  a\n", "not a SHA-256"},
    {H "  ../a\n", "plain"},
    {H "  /etc/passwd\n", "plain"},
    {H "  a/../../b\n", "plain"},
    {H "  a//b\n", "plain"},
    {H "  a/\n", "plain"},
    {H "  ./a\n", "plain"},
    {H "  a\tb\n", "plain"},
    {H "  a\\b\n", "plain"},
};

static void table(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct checksums c = {0};
        struct buf err = {.max = LIMIT_ERR};
        enum status st = checksums_parse(slice_str(cases[i].text), &c, &err);
        if (!cases[i].error)
            assert_int_equal(st, ST_OK);
        else {
            assert_int_equal(st, ST_SKIP);
            assert_true(slice_find(buf_view(&err), slice_str(cases[i].error)) != SIZE_MAX);
        }
        checksums_free(&c);
        buf_free(&err);
    }
}

static void sorted_and_back(void **state) {
    struct checksums c = {0};
    struct buf out = {0};
    (void)state;
    assert_int_equal(checksums_parse(slice_str(H "  z\n" H "  data/b\n" H "  a\n"), &c, NULL), ST_OK);
    checksums_write(&out, &c);
    assert_string_equal(buf_cstr(&out), H "  a\n" H "  data/b\n" H "  z\n");
    assert_non_null(checksums_find(&c, slice_str("data/b")));
    assert_null(checksums_find(&c, slice_str("data")));
    checksums_free(&c);
    buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(table), cmocka_unit_test(sorted_and_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
