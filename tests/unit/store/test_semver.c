#include "store/semver.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* semver.org 2.0.0; the order of clause 11's own example. */
static const char *const ascending[] = {"0.0.1",      "0.9.0",        "1.0.0-alpha",   "1.0.0-alpha.1", "1.0.0-alpha.beta",
                                        "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",    "1.0.0",
                                        "1.0.1",      "1.10.0",       "2.0.0",         "10.0.0"};
static const char *const bad[] = {"",         "1",       "1.0",   "1.0.0.0", "01.0.0",     "1.0.0-", "1.0.0-01",
                                  "v1.0.0",   "1.0.0+b", "1.0.x", " 1.0.0",  "1.0.0-a..b", "1.-1.0", "99999999999999999999.0.0",
                                  "1.0.0/..", "../1.0.0"};

static void order(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof ascending / sizeof *ascending; i++)
        for (size_t j = 0; j < sizeof ascending / sizeof *ascending; j++) {
            struct semver a, b;
            assert_true(semver_parse(slice_str(ascending[i]), &a));
            assert_true(semver_parse(slice_str(ascending[j]), &b));
            int got = semver_cmp(&a, &b);
            assert_int_equal((got > 0) - (got < 0), (i > j) - (i < j));
        }
}

static void refused(void **state) {
    struct semver v;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(semver_parse(slice_str(bad[i]), &v));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(order), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
