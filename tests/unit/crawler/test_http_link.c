#include "base/buf.h"
#include "crawler/http_link.h"
#include "tests/unit/test.h"

/* Each link as "target rel type hreflang", '!' when anchored, parted by '|'. */
static void test_links(void **state) {
    (void)state;
    static const struct {
        const char *value, *want;
    } rows[] = {
        {"<http://a.test/2>; rel=next", "http://a.test/2 next  "},
        {"</a>; rel=\"next\", </b>; rel=\"prev start\"", "/a next  |/b prev start  "},
        {"</a,b;c>; rel=next", "/a,b;c next  "},
        {"</f>; rel=\"alternate\"; type=\"application/rss+xml\"; title=\"a, b; c\", </g>",
         "/f alternate application/rss+xml |/g   "},
        {"</fr>;rel=alternate;hreflang=fr", "/fr alternate  fr"},
        {"</a>; rel=next; rel=prev", "/a next  "}, /* RFC 8288 3.3: the first holds */
        {"</a>; anchor=\"/autre\"; rel=next", "/a next  !"},
        {"</a>; title=\"il dit \\\"non, oui\\\"\"; rel=next", "/a next  "},
        {"a, <b, </c>; rel=next", "b, </c next  "}, /* never closed before the next: one odd link */
        {"", ""},
        {",,", ""},
        {"<>; rel=next", " next  "},
        {"</a>; rel", "/a   "},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct slice value = slice_str(rows[i].value);
        struct http_link l;
        struct buf got = {0};
        for (unsigned n = 0; http_link_next(&value, &l) && n < 9; n++)
            buf_printf(&got, "%s%.*s %.*s %.*s %.*s%s", n ? "|" : "", SLICE_ARG(l.target), SLICE_ARG(l.rel), SLICE_ARG(l.type),
                       SLICE_ARG(l.hreflang), l.anchored ? "!" : "");
        ROW_CHECK(i, slice_eq_str(buf_view(&got), rows[i].want), "%s", buf_cstr(&got));
        buf_free(&got);
    }
}

static void test_feeds(void **state) {
    (void)state;
    assert_true(http_link_is_feed(slice_str("Application/RSS+xml; charset=utf-8")));
    assert_true(http_link_is_feed(slice_str(" application/atom+xml ")));
    assert_false(http_link_is_feed(slice_str("application/xml")));
    assert_false(http_link_is_feed(slice_str("")));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_links), cmocka_unit_test(test_feeds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
