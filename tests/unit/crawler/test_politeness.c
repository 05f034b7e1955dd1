#include "crawler/politeness.h"
#include "tests/unit/test.h"

static const struct politeness_rules rules = {.floor_ms = 1000, .crawl_delay_ms = -1};

static void test_delay(void **state) {
    (void)state;
    static const struct {
        int64_t latency_us, floor_ms, crawl_delay_ms, want_ms;
    } rows[] = {
        {0, 1000, -1, 1000},         /* the floor */
        {100000, 1000, -1, 1000},    /* 5 × 100 ms is below it */
        {400000, 1000, -1, 2000},    /* 5 × 400 ms */
        {60000000, 1000, -1, 30000}, /* a very slow host: 30 s at most for that reason */
        {0, 1000, 10000, 10000},     /* Crawl-delay lengthens */
        {0, 1000, 10, 1000},         /* and never shortens */
        {1000, 5, -1, 5},            /* a short floor is honoured */
        {0, 0, 900000000, 86400000}, /* a day at most */
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct politeness_clock c = {.latency_us = rows[i].latency_us};
        struct politeness_rules r = {.floor_ms = rows[i].floor_ms, .crawl_delay_ms = rows[i].crawl_delay_ms};
        int64_t got = politeness_delay_ms(&c, &r, 0), far = politeness_delay_ms(&c, &r, (uint64_t)rows[i].want_ms / 10);
        ROW_CHECK(i, got == rows[i].want_ms, "%lld", (long long)got);
        ROW_CHECK(i, far >= got && far <= got + got / 10, "jitter only ever lengthens: %lld", (long long)far);
    }
}

static int64_t fail_at(struct politeness_clock *c, int64_t now, int64_t retry_after) {
    struct politeness_answer a = {.sent_ms = now, .now_ms = now, .retry_after_ms = retry_after, .failure = true};
    politeness_end(c, &rules, &a, 0);
    return c->due_ms - now;
}

static void succeed_at(struct politeness_clock *c, int64_t now) {
    struct politeness_answer a = {.sent_ms = now, .now_ms = now, .retry_after_ms = -1, .ok = true, .latency_us = 1000};
    politeness_end(c, &rules, &a, 0);
}

/* From when the server had read the request for certain: its first byte as seen, as told, or its end. */
static void test_a_delay_runs_from_the_reading(void **state) {
    (void)state;
    static const struct {
        int64_t sent_ms, first_ms, end_ms, latency_us, want_ms;
    } rows[] = {
        {1000, 0, 1000, 0, 1000},          {1000, 0, 4000, 0, 4000}, /* nothing came: the end */
        {1000, 0, 4000, 1500000, 2500},                              /* the latency told */
        {1000, 2600, 4000, 1500000, 2601},                           /* the wall clock at the first line, which lost its fraction */
        {1000, 0, 900, 0, 1000},                                     /* a clock that went back */
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct politeness_answer a = {.sent_ms = rows[i].sent_ms,
                                      .first_ms = rows[i].first_ms,
                                      .now_ms = rows[i].end_ms,
                                      .latency_us = rows[i].latency_us,
                                      .retry_after_ms = -1,
                                      .failure = rows[i].latency_us == 0};
        struct politeness_clock c = {0};
        ROW_CHECK(i, politeness_read_ms(&a) == rows[i].want_ms, "%lld", (long long)politeness_read_ms(&a));
        politeness_end(&c, &rules, &a, 0);
        ROW_CHECK(i, c.due_ms >= rows[i].want_ms + 1000, "%lld", (long long)c.due_ms);
    }
}

static void test_back_off_doubles_to_a_day(void **state) {
    (void)state;
    struct politeness_clock c = {0};
    int64_t now = 1000000000, want = 60000;
    for (int i = 0; i < 15; i++) {
        int64_t rest = fail_at(&c, now, -1);
        assert_int_equal(rest, want);
        now += rest;
        want = want * 2 < 86400000 ? want * 2 : 86400000;
    }
}

static void test_back_off_after_a_success(void **state) {
    (void)state;
    struct politeness_clock c = {0};
    int64_t now = 1000000000;
    now += fail_at(&c, now, -1);
    now += fail_at(&c, now, -1);
    succeed_at(&c, now);
    now = c.due_ms;
    assert_int_equal(fail_at(&c, now, -1), 120000); /* as before: neither doubled nor forgiven */
    for (int i = 0; i < POLITENESS_CALM; i++) succeed_at(&c, now = c.due_ms);
    assert_int_equal(fail_at(&c, now, -1), 60000); /* a calm run takes one doubling back */
    now += fail_at(&c, now, -1);
    now += fail_at(&c, now, -1);
    assert_int_equal(c.backoff_ms, 240000);
    for (int i = 0; i < 9 * POLITENESS_CALM; i++) succeed_at(&c, now = c.due_ms);
    assert_int_equal(c.backoff_ms, 60000); /* and never more than all */
    now += fail_at(&c, now, -1);
    now += fail_at(&c, now, -1);
    succeed_at(&c, now);
    now = c.due_ms + 1800000;
    assert_int_equal(fail_at(&c, now, -1), 60000); /* forgiven after a quiet half hour */
}

static void test_retry_after_rules(void **state) {
    (void)state;
    struct politeness_clock c = {0};
    assert_int_equal(fail_at(&c, 1000000, 7000), 7000);
    struct politeness_answer calm = {.sent_ms = 1100000, .now_ms = 1100000, .retry_after_ms = 3000, .ok = true};
    politeness_end(&c, &rules, &calm, 0);
    assert_int_equal(c.due_ms, 1103000); /* asked for with a success too */
}

static void test_failures_never_make_us_faster(void **state) {
    (void)state;
    struct politeness_clock c = {.latency_us = 800000};
    struct politeness_answer quick = {.sent_ms = 5000, .now_ms = 5001, .latency_us = 100, .retry_after_ms = -1};
    politeness_end(&c, &rules, &quick, 0);
    assert_int_equal(c.latency_us, 800000);
    quick.ok = true;
    politeness_end(&c, &rules, &quick, 0);
    assert_true(c.latency_us < 800000);
}

static void test_a_stalled_server_keeps_its_distance(void **state) {
    (void)state;
    struct politeness_clock c = {.latency_us = 50000};
    /* sent at 0, first byte after 900 ms: the server may have read it then */
    struct politeness_answer late = {.sent_ms = 0, .now_ms = 900, .latency_us = 900000, .retry_after_ms = -1, .ok = true};
    politeness_end(&c, &rules, &late, 0);
    assert_true(c.due_ms >= 1900);
}

static void test_retry_after_values(void **state) {
    (void)state;
    const int64_t now = INT64_C(784111777000); /* Sun, 06 Nov 1994 08:49:37 GMT */
    static const struct {
        const char *value, *date;
        int64_t want;
    } rows[] = {
        {"120", "", 120000},
        {" 0 ", "", 0},
        {"99999999999", "", 86400000},
        {"Sun, 06 Nov 1994 08:49:47 GMT", "", 11000},
        {"Sunday, 06-Nov-94 08:49:47 GMT", "", 11000},
        {"Sun Nov  6 08:49:47 1994", "", 11000},
        {"Sun, 06 Nov 1994 08:49:47 GMT", "Sun, 06 Nov 1994 08:49:45 GMT", 3000}, /* their clock, not ours */
        {"Sun, 06 Nov 1994 07:00:00 GMT", "", 0},
        {"-5", "", -1},
        {"soon", "", -1},
        {"", "", -1},
        {"Sun, 32 Nov 1994 08:49:37 GMT", "", -1},
        {"Sun, 06 Nov 1994 25:49:37 GMT", "", -1},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        int64_t got = politeness_retry_after(slice_str(rows[i].value), slice_str(rows[i].date), now);
        ROW_CHECK(i, got == rows[i].want, "%lld", (long long)got);
    }
}

static void test_hours(void **state) {
    (void)state;
    static const struct {
        const char *hours;
        int h, m;
        bool want;
    } rows[] = {
        {"08:00-18:00", 8, 0, true},  {"08:00-18:00", 18, 0, false}, {"22:00-06:00", 23, 30, true},
        {"22:00-06:00", 5, 59, true}, {"22:00-06:00", 12, 0, false}, {"00:00-24:00", 23, 59, true},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        char hours[16];
        snprintf(hours, sizeof hours, "%s", rows[i].hours);
        char *list[] = {hours};
        int64_t at = INT64_C(86400000) * 20000 + (rows[i].h * 60 + rows[i].m) * INT64_C(60000);
        ROW_CHECK(i, politeness_in_hours(list, 1, at) == rows[i].want, "%s", rows[i].hours);
    }
    assert_true(politeness_in_hours(NULL, 0, 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delay),
        cmocka_unit_test(test_a_delay_runs_from_the_reading),
        cmocka_unit_test(test_back_off_doubles_to_a_day),
        cmocka_unit_test(test_back_off_after_a_success),
        cmocka_unit_test(test_retry_after_rules),
        cmocka_unit_test(test_failures_never_make_us_faster),
        cmocka_unit_test(test_a_stalled_server_keeps_its_distance),
        cmocka_unit_test(test_retry_after_values),
        cmocka_unit_test(test_hours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
