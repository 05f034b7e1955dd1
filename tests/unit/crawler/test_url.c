#include "base/limits.h"
#include "crawler/url.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* input, base, canonical form (NULL: refused) */
static const struct {
    const char *input, *base, *want;
} cases[] = {
    /* WHATWG: scheme, host, port */
    {"HTTP://Exemple.FR:80/", "", "http://exemple.fr/"},
    {"https://exemple.fr:443", "", "https://exemple.fr/"},
    {"https://exemple.fr:80/", "", "https://exemple.fr:80/"},
    {"https://exemple.fr:/", "", "https://exemple.fr/"},
    {"http://exemple.fr:00081/", "", "http://exemple.fr:81/"},
    {"http://exemple.fr:65536/", "", NULL},
    {"http://exemple.fr:8a/", "", NULL},
    {" \t\nhttp://exe\nmple.fr/\x01", "", "http://exemple.fr/"},
    {"http:exemple.fr", "", "http://exemple.fr/"},
    {"http:/exemple.fr", "", "http://exemple.fr/"},
    {"http:\\\\exemple.fr\\a", "", "http://exemple.fr/a"},
    {"http://", "", NULL},
    {"http://:80/", "", NULL},
    {"http://u@/", "", NULL},
    {"http://u:p@exemple.fr/", "", "http://u:p@exemple.fr/"},
    {"http://a@b@exemple.fr/", "", "http://a%40b@exemple.fr/"},
    {"http://@exemple.fr/", "", "http://exemple.fr/"},
    {"ftp://exemple.fr/", "", NULL},
    {"mailto:moi@exemple.fr", "http://exemple.fr/", NULL},
    {"javascript:void(0)", "http://exemple.fr/", NULL},
    {"exemple.fr/a", "", NULL},
    /* hosts */
    {"http://b\xc3\xbc"
     "cher.de/",
     "", "http://xn--bcher-kva.de/"},
    {"http://fa\xc3\x9f.example/", "", "http://xn--fa-hia.example/"},
    {"http://\xd0\xbd\xd1\x8d\xd0\xb1.\xd1\x80\xd1\x84/", "", "http://xn--90ax2c.xn--p1ai/"},
    {"http://%C3%A9t%C3%A9.fr/", "", "http://xn--t-9fab.fr/"},
    {"http://xn--/", "", "http://xn--/"},
    {"http://XN--a/", "", "http://xn--a/"},
    {"http://xn--\xc3\xa9/", "", NULL},
    {"http://\xf0\x9f\x98\x80.fr/", "", "http://xn--e28h.fr/"},
    {"http://xn--ls8h.la/", "", "http://xn--ls8h.la/"},
    {"http://ex\xc2\xad"
     "ample.fr/",
     "", "http://example.fr/"},
    {"http://a\xe3\x80\x82"
     "b\xef\xbc\x8e"
     "fr/",
     "", "http://a.b.fr/"},
    {"http://-\xc3\xa9.fr/", "", "http://xn----bga.fr/"},
    {"http://\xc3\xa9~.fr/", "", "http://xn--~-9fa.fr/"},
    {"http://\xd9\xa1.fr/", "", NULL},
    {"http://a\xe2\x80\x8d.fr/", "", NULL},
    {"http://\xc2\xad/", "", NULL},
    {"http://\xef\xbc\x85\xef\xbc\x94\xef\xbc\x91.fr/", "", NULL},
    {"http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/", "", "http://127.0.0.1/"},
    {"http://exemple.fr./", "", "http://exemple.fr/"},
    {"http://a b/", "", NULL},
    {"http://a%00b/", "", NULL},
    {"http://a%2fb/", "", NULL},
    {"http://127.1/", "", "http://127.0.0.1/"},
    {"http://0x7f.0.0.0x1/", "", "http://127.0.0.1/"},
    {"http://017700000001/", "", "http://127.0.0.1/"},
    {"http://4294967295/", "", "http://255.255.255.255/"},
    {"http://4294967296/", "", NULL},
    {"http://1.2.3.4.5/", "", NULL},
    {"http://1.256.3.4/", "", NULL},
    {"http://a.09/", "", NULL},
    {"http://1.2.3.4./", "", "http://1.2.3.4/"},
    {"http://[::1]/", "", "http://[::1]/"},
    {"http://[1:0:0:2:0:0:0:3]/", "", "http://[1:0:0:2::3]/"},
    {"http://[0:0::0]/", "", "http://[::]/"},
    {"http://[::ffff:1.2.3.4]:8080/", "", "http://[::ffff:102:304]:8080/"},
    {"http://[1::2::3]/", "", NULL},
    {"http://[1:2:3:4:5:6:7]/", "", NULL},
    {"http://[1:2:3:4:5:6:7:8:9]/", "", NULL},
    {"http://[::1.2.3]/", "", NULL},
    {"http://[::1.2.3.04]/", "", NULL},
    {"http://[:1]/", "", NULL},
    {"http://[1:]/", "", NULL},
    {"http://[::1", "", NULL},
    /* paths and queries */
    {"http://x.fr/a/./b/../c", "", "http://x.fr/a/c"},
    {"http://x.fr/a/%2e%2E/c", "", "http://x.fr/c"},
    {"http://x.fr/../../a/..", "", "http://x.fr/"},
    {"http://x.fr/a//b/", "", "http://x.fr/a//b/"},
    {"http://x.fr/\xc3\xa9t\xc3\xa9 \"<>`{}^?a='\"", "", "http://x.fr/%C3%A9t%C3%A9%20%22%3C%3E%60%7B%7D%5E?a=%27%22"},
    {"http://x.fr/a\xff", "", "http://x.fr/a%EF%BF%BD"},
    {"http://x.fr/?a?b/c|`", "", "http://x.fr/?a?b/c|`"},
    {"http://x.fr/a#b?c", "", "http://x.fr/a"},
    /* the canonical steps */
    {"http://x.fr/%7ea%2fb%c3%a9", "", "http://x.fr/~a%2Fb%C3%A9"},
    {"http://x.fr/%%36%36%2%65", "", "http://x.fr/%%366%2%65"},
    {"http://x.fr/?", "", "http://x.fr/"},
    {"http://x.fr/?b=1&a=2&a=", "", "http://x.fr/?b=1&a=2&a="},
    {"http://x.fr/?utm_source=a&p=1&UTM_Medium=b&fbclid=c", "", "http://x.fr/?p=1"},
    {"http://x.fr/?utm%5Fsource=a&xtor=RSS-1", "", "http://x.fr/"},
    {"http://x.fr/?utm_source=a&", "", "http://x.fr/"},
    {"http://x.fr/?&", "", "http://x.fr/?&"},
    {"http://x.fr/?sid=12&s=mot", "", "http://x.fr/?sid=12&s=mot"},
    {"http://x.fr/?sid=0123456789abcdef0123456789ABCDEF&t=2", "", "http://x.fr/?t=2"},
    {"http://x.fr/a;jsessionid=0A1B?p=2", "", "http://x.fr/a?p=2"},
    {"http://x.fr/a;b=1/c;d", "", "http://x.fr/a;b=1/c;d"},
    /* resolution */
    {"", "http://x.fr/a/b?c", "http://x.fr/a/b?c"},
    {"#top", "http://x.fr/a/b?c", "http://x.fr/a/b?c"},
    {"?d", "http://x.fr/a/b?c", "http://x.fr/a/b?d"},
    {"d", "http://x.fr/a/b?c", "http://x.fr/a/d"},
    {"../d", "http://x.fr/a/b/c", "http://x.fr/a/d"},
    {"/d", "http://x.fr:81/a/b", "http://x.fr:81/d"},
    {"//y.fr/d", "https://x.fr/a", "https://y.fr/d"},
    {"\\\\y.fr\\d", "https://x.fr/a", "https://y.fr/d"},
    {"http:d", "http://x.fr/a/b", "http://x.fr/a/d"},
    {"http:d", "https://x.fr/a/b", "http://d/"},
    {"d:e", "http://x.fr/a", NULL},
    {"d", "not a base", NULL},
};

static enum status canonical(const char *input, const char *base, struct buf *out, struct buf *err) {
    return url_canonical(slice_str(input), slice_str(base), NULL, out, err);
}

static void test_table(void **state) {
    (void)state;
    struct buf out = {0}, again = {0}, err = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_clear(&out);
        buf_clear(&again);
        enum status st = canonical(cases[i].input, cases[i].base, &out, &err);
        assert_int_equal(st, cases[i].want ? ST_OK : ST_SKIP);
        if (!cases[i].want) {
            assert_true(err.len > 0);
            continue;
        }
        assert_string_equal(buf_cstr(&out), cases[i].want);
        assert_int_equal(canonical(buf_cstr(&out), "", &again, &err), ST_OK);
        assert_string_equal(buf_cstr(&again), cases[i].want);
    }
    buf_free(&out);
    buf_free(&again);
    buf_free(&err);
}

static void test_length(void **state) {
    (void)state;
    struct buf in = {0}, out = {0};
    buf_str(&in, "http://x.fr/");
    while (in.len < LIMIT_URL) buf_char(&in, 'a');
    assert_int_equal(canonical(buf_cstr(&in), "", &out, NULL), ST_OK);
    buf_clear(&out);
    buf_char(&in, 'a');
    assert_int_equal(canonical(buf_cstr(&in), "", &out, NULL), ST_SKIP);
    assert_int_equal(out.len, 0);
    while (in.len <= LIMIT_URL_INPUT) buf_char(&in, 'a');
    assert_int_equal(canonical(buf_cstr(&in), "", &out, NULL), ST_SKIP);
    buf_free(&in);
    buf_free(&out);
}

static void test_own_list(void **state) {
    (void)state;
    static const char *const list[] = {"ref", "x_*"};
    struct url_options opt = {list, 2};
    struct buf out = {0};
    struct slice in = slice_str("http://x.fr/?utm_source=a&REF=b&x_=c&y=d");
    assert_int_equal(url_canonical(in, slice_str(""), &opt, &out, NULL), ST_OK);
    assert_string_equal(buf_cstr(&out), "http://x.fr/?utm_source=a&y=d");
    buf_free(&out);
}

static void same(struct slice got, const char *want) { assert_true(slice_eq_str(got, want)); }

static void test_split(void **state) {
    (void)state;
    struct url_parts p;
    assert_true(url_split(slice_str("https://[::1]:8443/a/b?c=d"), &p));
    same(p.scheme, "https");
    same(p.host, "[::1]");
    assert_int_equal(p.port, 8443);
    same(p.origin, "https://[::1]:8443");
    same(p.path, "/a/b");
    same(p.query, "c=d");
    same(p.target, "/a/b?c=d");
    assert_true(url_split(slice_str("http://x.fr/"), &p));
    assert_int_equal(p.port, 80);
    assert_null(p.query.ptr);
    same(p.target, "/");
    assert_false(url_split(slice_str("http://x.fr"), &p));
    assert_false(url_split(slice_str("http://u:p@x.fr/"), &p));
    assert_false(url_split(slice_str("ftp://x.fr/"), &p));
    assert_false(url_split(slice_str("http://x.fr/#a"), &p));
}

static void test_domain(void **state) {
    (void)state;
    same(url_domain(slice_str("www.service-public.fr")), "service-public.fr");
    same(url_domain(slice_str("a.b.co.uk")), "b.co.uk");
    same(url_domain(slice_str("mairie.exemple.test")), "exemple.test");
    same(url_domain(slice_str("co.uk")), "co.uk");
    same(url_domain(slice_str("localhost")), "localhost");
    same(url_domain(slice_str("127.0.0.1")), "127.0.0.1");
    same(url_domain(slice_str("[::1]")), "[::1]");
    same(url_domain(slice_str("")), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_length), cmocka_unit_test(test_own_list),
                                       cmocka_unit_test(test_split), cmocka_unit_test(test_domain)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
