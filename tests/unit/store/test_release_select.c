/* store/release_select, store/html: what a selection takes, how splits are named, numbers as pages write them. */
#include "store/html.h"
#include "store/release_select.h"
#include "tests/unit/test.h"

static const char *const two[] = {"a", "b"};

static void a_selection_takes_what_it_says(void **state) {
    (void)state;
    static const struct {
        struct release_select sel;
        bool takes;
    } rows[] = {
        {.takes = true},
        {{.sources = {two, 2}}, true},
        {{.sources = {two, 1}}, false},
        {{.licenses = {two, 2}}, false},
        {{.min_french_share = 0.9}, true},
        {{.min_french_share = 0.91}, false},
        {{.min_words = 100}, true},
        {{.min_words = 101}, false},
        {{.max_words = 100}, true},
        {{.max_words = 99}, false},
        {{.crawled_since = "2024-01-01"}, true}, /* day 19723 */
        {{.crawled_since = "2024-01-02"}, false},
        {{.crawled_until = "2024-01-01"}, true},
        {{.crawled_until = "2023-12-31"}, false},
        {{.since = "1000-01-01"}, false}, /* without a date: not since any day */
        {{.until = "2999-01-01"}, false},
    };
    struct manifest_document d = {.source = SLICE_LIT("b"),
                                  .license = SLICE_LIT("MIT"),
                                  .crawl_day = 19723,
                                  .date_day = MANIFEST_NONE,
                                  .french_share = 0.9,
                                  .words = 100};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ROW_CHECK(i, release_select_takes(&rows[i].sel, &d) == rows[i].takes, "takes: %d", !rows[i].takes);
}

static void days_and_bounds_are_checked(void **state) {
    (void)state;
    static const struct {
        struct release_select sel;
        enum status st;
    } rows[] = {
        {.st = ST_OK},
        {{.since = "2024-02-29"}, ST_OK},
        {{.since = "2023-02-29"}, ST_SKIP},
        {{.until = "2023-2-1"}, ST_SKIP},
        {{.crawled_since = "hier"}, ST_SKIP},
        {{.min_french_share = 1.1}, ST_SKIP},
        {{.min_words = -1}, ST_SKIP},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ROW_CHECK(i, release_select_check(&rows[i].sel, NULL) == rows[i].st, "other than %d", rows[i].st);
}

static void splits_are_parsed(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t validation, test; /* -1: refused */
    } rows[] = {
        {"validation=1", 100, 0},
        {"validation=1,test=0.5", 100, 50},
        {"test=12.25", 0, 1225},
        {"test=0.01", 0, 1},
        {"", -1, 0},
        {"train=5", -1, 0},
        {"test", -1, 0},
        {"test=", -1, 0},
        {"test=0", -1, 0},
        {"test=100", -1, 0},
        {"validation=60,test=40", -1, 0},
        {"test=1,test=2", -1, 0},
        {"test=1.234", -1, 0},
        {"test=-1", -1, 0},
        {"test=1,", -1, 0},
        {"test=1e1", -1, 0},
        {"test=99999999999999999999", -1, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct release_splits s;
        bool ok = release_splits_parse(rows[i].text, &s, NULL) == ST_OK;
        ROW_CHECK(i, ok == (rows[i].validation >= 0), "'%s' %s", rows[i].text, ok ? "taken" : "refused");
        if (ok)
            ROW_CHECK(i, s.share[SPLIT_VALIDATION] == rows[i].validation && s.share[SPLIT_TEST] == rows[i].test, "%s",
                      rows[i].text);
    }
}

static void a_split_takes_its_share(void **state) {
    (void)state;
    struct release_splits s = {{0, 1000, 500}};
    size_t n[SPLITS] = {0};
    for (unsigned i = 0; i < 20000; i++) {
        char id[33];
        snprintf(id, sizeof id, "%032x", i);
        n[release_split_of(&s, id)]++;
    }
    assert_in_range(n[SPLIT_VALIDATION], 1900, 2100);
    assert_in_range(n[SPLIT_TEST], 900, 1100);
    assert_int_equal(release_split_of(&(struct release_splits){{0}}, "0123"), SPLIT_TRAIN);
    assert_int_equal(release_split_of_shard("validation-00001-0123456789ab.jsonl.zst"), SPLIT_VALIDATION);
    assert_int_equal(release_split_of_shard("part-00001-0123456789ab.jsonl.zst"), SPLIT_TRAIN);
}

static void pages_write_numbers_in_french(void **state) {
    (void)state;
    static const struct {
        uint64_t bytes;
        const char *text;
    } rows[] = {{0, "0\u00a0o"},          {999, "999\u00a0o"},         {1000, "1,0\u00a0ko"},
                {1234567, "1,2\u00a0Mo"}, {1000000000, "1,0\u00a0Go"}, {5000000000000000, "5\u202f000,0\u00a0To"}};
    struct buf b = {.max = 4096};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        buf_clear(&b);
        html_size(&b, rows[i].bytes);
        ROW_CHECK(i, !strcmp(buf_cstr(&b), rows[i].text), "got %s", buf_cstr(&b));
    }
    buf_clear(&b);
    html_percent(&b, 1, 8);
    assert_string_equal(buf_cstr(&b), "12,5\u00a0%");
    buf_clear(&b);
    html_link(&b, "https://a.fr/?a=\"<");
    assert_string_equal(buf_cstr(&b), "<a href=\"https://a.fr/?a=&quot;&lt;\">https://a.fr/?a=&quot;&lt;</a>");
    static const struct {
        const char *iso, *text;
    } days[] = {
        {"2024-07-01", "1er juillet 2024"}, {"2023-12-12", "12 décembre 2023"}, {"2023-13-12", "2023-13-12"}, {"<", "&lt;"}};
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        buf_clear(&b);
        html_day(&b, days[i].iso);
        ROW_CHECK(i, !strcmp(buf_cstr(&b), days[i].text), "got %s", buf_cstr(&b));
    }
    buf_clear(&b);
    html_heading(&b, 2, "Sources", "Sources");
    html_heading(&b, 3, "Langues", "Languages");
    assert_string_equal(buf_cstr(&b), "<h2>Sources</h2>\n<h3>Langues · <span lang=en>Languages</span></h3>\n");
    buf_free(&b);
}

/* An axis that the highest column fits under, in round steps, however large; nothing to plot, no plot. */
static void plots_have_an_axis(void **state) {
    (void)state;
    static const struct {
        double most;
        const char *top;
    } rows[] = {{1, ">4</text>"},
                {4, ">4</text>"},
                {5, ">8</text>"},
                {106, ">200</text>"},
                {4000, ">4\u202f000</text>"},
                {2.5e6, ">4\u00a0M</text>"},
                {7e12, ">8\u00a0Bn</text>"},
                {3e9, ">4\u00a0Md</text>"}};
    static const char *const labels[] = {"a", "<b"};
    struct buf b = {.max = 65536};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double values[] = {rows[i].most, 0};
        buf_clear(&b);
        html_columns(&b, "t", "u", labels, values, 2);
        ROW_CHECK(i, strstr(buf_cstr(&b), rows[i].top) != NULL, "no %s in %s", rows[i].top, buf_cstr(&b));
    }
    assert_null(strstr(buf_cstr(&b), "<b<"));
    buf_clear(&b);
    html_columns(&b, "t", "u", labels, (const double[]){0, 0}, 2);
    html_columns(&b, "t", "u", labels, (const double[]){7, 0}, 1);
    assert_int_equal(b.len, 0);
    buf_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_selection_takes_what_it_says),
                                       cmocka_unit_test(days_and_bounds_are_checked),
                                       cmocka_unit_test(splits_are_parsed),
                                       cmocka_unit_test(a_split_takes_its_share),
                                       cmocka_unit_test(pages_write_numbers_in_french),
                                       cmocka_unit_test(plots_have_an_axis)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
