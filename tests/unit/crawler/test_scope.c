#include "crawler/scope.h"
#include "tests/unit/test.h"

static void test_glob(void **state) {
    (void)state;
    static const struct {
        const char *pattern, *target;
        bool want;
    } rows[] = {
        {"/a", "/abc", true},
        {"/a$", "/abc", false},
        {"/a$", "/a", true},
        {"*.pdf$", "/x/y.pdf", true},
        {"*.pdf$", "/y.pdf?a", false},
        {"/*/print", "/a/b/print", true},
        {"/a*b*c$", "/axbxbc", true},
        {"", "/", true},
        {"*", "/x", true},
        {"$", "/", false},
        {"/a*$", "/a", true},
        {"/b", "/a/b", false},
    };
    for (size_t i = 0; i < ROWS(rows); i++)
        ROW_CHECK(i, scope_glob(slice_str(rows[i].pattern), slice_str(rows[i].target)) == rows[i].want, "%s", rows[i].pattern);
}

static void test_glob_is_not_exponential(void **state) {
    (void)state;
    char target[4001], pattern[201];
    memset(target, 'a', 4000);
    for (int i = 0; i < 200; i++) pattern[i] = i % 2 ? 'a' : '*';
    target[4000] = pattern[200] = 0;
    struct slice tied = slice_of("*a*a*a*a*a*a*a*a*a*a*a*b$", 25);
    assert_true(scope_glob(slice_str(pattern), slice_str(target)));
    assert_false(scope_glob(tied, slice_str(target)));
}

static void test_traps(void **state) {
    (void)state;
    static const struct {
        const char *target;
        bool want;
    } rows[] = {
        {"/", false},
        {"/a/b/c/d", false},
        {"/a/a/b", false},
        {"/a/a/a", true},
        {"/x/a/b/a/b/a/b", true},
        {"/x/a/b/a/b", false},
        {"/a/1/a/2/a/3/a/4/a", true},
        {"/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20", false},
        {"/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21", true},
        {"/p?a=/x/x/x/x/x/x", false},
    };
    for (size_t i = 0; i < ROWS(rows); i++)
        ROW_CHECK(i, scope_trap(slice_str(rows[i].target)) == rows[i].want, "%s", rows[i].target);
}

static char *list(const char *s) { return (char *)(uintptr_t)s; }

static void test_find(void **state) {
    (void)state;
    char *host_seeds[] = {list("http://a.fr/x/")}, *domain_seeds[] = {list("https://www.b.fr/")};
    char *prefix_seeds[] = {list("http://c.fr/docs/index.html")}, *later_seeds[] = {list("http://a.fr/")};
    char *exclude[] = {list("*.pdf$")}, *include[] = {list("/ok/")};
    struct source by_host = {.id = list("h"), .seeds = {host_seeds, 1}, .exclude = {exclude, 1}};
    struct source by_domain = {.id = list("d"), .scope = SCOPE_DOMAIN, .seeds = {domain_seeds, 1}};
    struct source by_prefix = {.id = list("p"), .scope = SCOPE_PREFIX, .seeds = {prefix_seeds, 1}};
    struct source later = {.id = list("l"), .seeds = {later_seeds, 1}, .include = {include, 1}};
    const struct source *all[] = {&by_host, &by_domain, &by_prefix, &later};
    static const struct {
        const char *url;
        enum reason want;
        size_t source;
    } rows[] = {
        {"http://a.fr/anything", REASON_NONE, 0},
        {"https://a.fr:8443/anything", REASON_NONE, 0},
        {"http://a.fr/f.pdf", REASON_EXCLUDED, 0},
        {"http://a.fr/ok/f.pdf", REASON_NONE, 3}, /* the first source whose patterns admit it */
        {"http://x.a.fr/", REASON_SCOPE, SIZE_MAX},
        {"http://other.b.fr/", REASON_NONE, 1},
        {"http://b.fr/", REASON_NONE, 1},
        {"http://c.fr/docs/a", REASON_NONE, 2},
        {"http://c.fr/doc", REASON_SCOPE, SIZE_MAX},
        {"http://c.fr/docs/r/r/r", REASON_TRAP, 2},
        {"http://elsewhere.example/", REASON_SCOPE, SIZE_MAX},
    };
    struct scope *s;
    assert_int_equal(scope_new(all, 4, &s, NULL), ST_OK);
    for (size_t i = 0; i < ROWS(rows); i++) {
        size_t source = 99;
        enum reason got = scope_find(s, slice_str(rows[i].url), &source);
        ROW_CHECK(i, got == rows[i].want, "%s", reason_name(got));
        ROW_CHECK(i, source == rows[i].source, "%zu", source);
    }
    scope_free(s);
    char *bad[] = {list("ftp://x/")};
    struct source wrong = {.id = list("w"), .seeds = {bad, 1}};
    const struct source *one[] = {&wrong};
    struct buf err = {0};
    assert_int_equal(scope_new(one, 1, &s, &err), ST_FATAL);
    assert_non_null(strstr(buf_cstr(&err), "ftp://x/"));
    buf_free(&err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_glob),
        cmocka_unit_test(test_glob_is_not_exponential),
        cmocka_unit_test(test_traps),
        cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
