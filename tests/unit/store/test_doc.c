#include "store/doc.h"
#include "tests/unit/test.h"

static void test_id(void **state) {
    (void)state;
    char a[DOC_ID_LEN], b[DOC_ID_LEN];
    doc_id(slice_str("debian-handbook"), slice_str("https://debian-handbook.test/fr/index.html"), a);
    assert_string_equal(a, "dce9dfea8cb897470ba2485a15104727"); /* for ever: a release's ids must not change */
    doc_id(slice_str("a"), slice_str("bc"), a);
    doc_id(slice_str("ab"), slice_str("c"), b);
    assert_string_not_equal(a, b);
    static char big[5000];
    doc_id(slice_str("a"), slice_of(big, sizeof big), a);
    doc_id(slice_str("a"), slice_of(big, sizeof big), b);
    assert_string_equal(a, b);
    assert_int_equal(strlen(a), 32);
}

static const struct doc sample = {.id = SLICE_LIT("0123"),
                                  .text = SLICE_LIT("L\u2019\u00e9t\u00e9\n\"x\"\t\x01"),
                                  .url = SLICE_LIT("https://a.fr/"),
                                  .source = SLICE_LIT("s"),
                                  .license = SLICE_LIT("etalab-2.0"),
                                  .crawl_date = SLICE_LIT("2024-07-01"),
                                  .campaign = SLICE_LIT("c"),
                                  .fetched_url = SLICE_LIT("http://a.fr/"),
                                  .digest = SLICE_LIT("sha256:00"),
                                  .warc_offset = 7,
                                  .bytes = 1 << 20,
                                  .language = SLICE_LIT("fra"),
                                  .language_script = SLICE_LIT("Latn"),
                                  .language_score = 0.98765,
                                  .french_share = 1,
                                  .words = 2,
                                  .reason = SLICE_LIT("language")};

static void test_write(void **state) {
    (void)state;
    static const struct {
        enum doc_form form;
        const char *line;
    } rows[] = {
        {DOC_RAW,
         "{\"id\":\"0123\",\"text\":\"L\u2019\u00e9t\u00e9\\n\\\"x\\\"\\t\\u0001\",\"url\":\"https://a.fr/\",\"title\":\"\",\"author\":\"\",\"site\":\"\",\"source\":\"s\","
         "\"license\":\"etalab-2.0\",\"date\":\"\",\"crawl_date\":\"2024-07-01\",\"campaign\":\"c\",\"declared_language\":\"\",\"fetched_url\":\"http://a.fr/\","
         "\"digest\":\"sha256:00\",\"warc\":\"\",\"warc_offset\":7,\"bytes\":1048576,\"metadata\":\"{}\"}\n"},
        {DOC_REFINED,
         "{\"id\":\"0123\",\"text\":\"L\u2019\u00e9t\u00e9\\n\\\"x\\\"\\t\\u0001\",\"url\":\"https://a.fr/\",\"title\":\"\",\"author\":\"\",\"site\":\"\",\"source\":\"s\","
         "\"license\":\"etalab-2.0\",\"date\":\"\",\"crawl_date\":\"2024-07-01\",\"digest\":\"sha256:00\",\"language\":\"fra\",\"language_script\":\"Latn\","
         "\"language_score\":0.9877,\"french_share\":1.0,\"words\":2,\"reason\":\"language\",\"metadata\":\"{}\"}\n"},
        {DOC_RELEASE,
         "{\"id\":\"0123\",\"text\":\"L\u2019\u00e9t\u00e9\\n\\\"x\\\"\\t\\u0001\",\"url\":\"https://a.fr/\",\"title\":\"\",\"author\":\"\",\"site\":\"\",\"source\":\"s\","
         "\"license\":\"etalab-2.0\",\"date\":\"\",\"crawl_date\":\"2024-07-01\",\"language\":\"fra\",\"language_script\":\"Latn\",\"language_score\":0.9877,"
         "\"french_share\":1.0,\"words\":2,\"minhash_cluster_id\":\"0123\",\"minhash_cluster_size\":1,\"metadata\":\"{}\"}\n"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct buf out = {0}, again = {0};
        struct doc back;
        struct json_parser *p = json_parser_new(1 << 20);
        doc_write(&out, &sample, rows[i].form);
        ROW_CHECK(i, strcmp(buf_cstr(&out), rows[i].line) == 0, "gave %s", buf_cstr(&out));
        assert_int_equal(doc_read(p, buf_view(&out), &back, NULL), ST_OK);
        doc_write(&again, &back, rows[i].form);
        ROW_CHECK(i, slice_eq(buf_view(&out), buf_view(&again)), "came back as %s", buf_cstr(&again));
        json_parser_free(p);
        buf_free(&out);
        buf_free(&again);
    }
}

static void test_read(void **state) {
    (void)state;
    static const struct {
        const char *line;
        enum status st;
        const char *text;
        int64_t words;
    } rows[] = {
        {"{\"text\":\"a\",\"words\":3}", ST_OK, "a", 3},
        {"{\"words\":3,\"unknown\":{\"text\":\"b\"},\"text\":\"a\"}", ST_OK, "a", 3},
        {"{\"text\":null,\"words\":null}", ST_OK, "", 0},
        {"{}", ST_OK, "", 0},
        {"{\"text\":1}", ST_SKIP, "", 0},
        {"{\"words\":\"3\"}", ST_SKIP, "", 0},
        {"[]", ST_SKIP, "", 0},
        {"\"text\"", ST_SKIP, "", 0},
        {"{\"text\":\"a\"", ST_SKIP, "", 0},
        {"", ST_SKIP, "", 0},
        {"{\"french_share\":1,\"text\":\"\\u00e9\"}", ST_OK, "\u00e9", 0},
    };
    struct json_parser *p = json_parser_new(1 << 20);
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct doc d;
        struct buf err = {0};
        enum status st = doc_read(p, slice_str(rows[i].line), &d, &err);
        ROW_CHECK(i, st == rows[i].st, "status %d (%s)", (int)st, buf_cstr(&err));
        if (st == ST_OK)
            ROW_CHECK(i, slice_eq_str(d.text, rows[i].text) && d.words == rows[i].words, "text %.*s", SLICE_ARG(d.text));
        buf_free(&err);
    }
    json_parser_free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_id), cmocka_unit_test(test_write), cmocka_unit_test(test_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
