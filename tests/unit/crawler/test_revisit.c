#include "base/clock.h"
#include "crawler/crawl_internal.h"
#include "tests/unit/test.h"

#include <stdlib.h>
#include <unistd.h>

/* A date names a span: its end is what a page can have changed at. */
static void test_dates(void **state) {
    (void)state;
    static const struct {
        const char *date, *end; /* "": none */
    } cases[] = {
        {"2024-07-01", "2024-07-01T23:59:59Z"},
        {" 2024-02 ", "2024-02-29T23:59:59Z"},
        {"2023-02", "2023-02-28T23:59:59Z"},
        {"2024", "2024-12-31T23:59:59Z"},
        {"2024-07-01T10:20Z", "2024-07-01T10:20:59Z"},
        {"2024-07-01T10:20:30Z", "2024-07-01T10:20:30Z"},
        {"2024-07-01T10:20:30.45+02:00", "2024-07-01T08:20:30Z"},
        {"2024-07-01T23:20:30-05:00", "2024-07-02T04:20:30Z"},
        {"2024-07-01T", "2024-07-01T23:59:59Z"},
        {"2024-07-01Tab:cd", "2024-07-01T23:59:59Z"},
        {"2024-07-01T10:20:3", "2024-07-01T10:20:59Z"},
        {"2024-07-01T10:20+", "2024-07-01T10:20:59Z"},
        {"2024-02-30", ""},
        {"2024-13-01", ""},
        {"2024-0", "2024-12-31T23:59:59Z"},
        {"hier", ""},
        {"", ""},
        {"20", ""},
        {"0000-01-01", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char got[ISO8601_LEN] = "";
        int64_t ms = crawl_revisit_date(slice_str(cases[i].date));
        if (ms) clock_iso8601(ms, got);
        if (strcmp(got, cases[i].end) != 0) print_error("%s: %s, not %s\n", cases[i].date, got, cases[i].end);
        assert_string_equal(got, cases[i].end);
    }
}

#define OK(call) assert_int_equal(call, ST_OK)

/* What a visit holds comes back; what is due is queued once; what is kept ends as it had. */
static void test_visits(void **state) {
    (void)state;
    char path[] = "/tmp/villers-visit-XXXXXX";
    close(mkstemp(path));
    unlink(path);
    struct frontier *f;
    OK(frontier_open(path, 1000, &f, NULL, NULL));
    assert_false(frontier_visits(f));
    OK(frontier_begin(f, NULL));
    struct frontier_url u = {.url = slice_str("http://a.fr/1"), .host = 1, .source = 1};
    bool added, queued;
    int64_t n, next, due;
    OK(frontier_add(f, &u, REASON_NONE, slice_of("", 0), &added, NULL));
    const struct frontier_end end = {.reason = REASON_DOCUMENT, .status = 200, .now_ms = 500, .bytes = 9, .french_share = 1};
    OK(frontier_sent(f, u.key, NULL));
    OK(frontier_finish(f, u.key, &end, NULL));
    struct frontier_visit v = {.reason = REASON_DOCUMENT,
                               .fetched_ms = 500,
                               .every_ms = 10,
                               .next_ms = 700,
                               .basis = UINT64_MAX,
                               .text = 7,
                               .has_digest = true,
                               .digest = {1, 2},
                               .doc_id = slice_str("00112233445566778899aabbccddeeff"),
                               .etag = slice_str("W/\"é\""),
                               .modified = slice_str("Sun, 06 Nov 1994 08:49:37 GMT")},
                          got;
    assert_int_equal(frontier_visit_get(f, u.key, &got, NULL), ST_SKIP);
    OK(frontier_visit_put(f, u.key, &v, NULL));
    OK(frontier_visit_get(f, u.key, &got, NULL));
    assert_true(slice_eq(got.etag, v.etag) && slice_eq(got.modified, v.modified) && slice_eq(got.doc_id, v.doc_id));
    assert_true(got.basis == v.basis && got.text == 7 && got.has_digest && got.digest[1] == 2 && got.next_ms == 700);
    OK(frontier_visit_next(f, &next, &n, NULL));
    assert_int_equal(next, 700);
    OK(frontier_visit_due(f, 699, &n, NULL));
    assert_int_equal(n, 0);
    OK(frontier_visit_due(f, 700, &n, NULL));
    assert_int_equal(n, 1);
    OK(frontier_visit_due(f, 700, &n, NULL)); /* it waits already */
    assert_int_equal(n, 0);
    OK(frontier_next(f, 1, 700, false, &u, &due, NULL));
    OK(frontier_sent(f, u.key, NULL));
    v.next_ms = 900;
    OK(frontier_visit_keep(f, u.key, 304, 701, &v, NULL));
    assert_int_equal(frontier_next(f, 1, 800, false, &u, &due, NULL), ST_SKIP);
    u.key = (int64_t)0;
    OK(frontier_visit_modified(f, u.key, 9999, 9999, &queued, NULL));
    assert_false(queued);
    OK(frontier_visit_all(f, &n, NULL));
    assert_int_equal(n, 1);
    OK(frontier_commit(f, NULL));
    frontier_free(f);
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < 4; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_dates), cmocka_unit_test(test_visits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
