/* base/: UTF-8, Unicode, JSON. */
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "tests/unit/test.h"
#include <math.h>

static void utf8_is_strict(void **state) {
    (void)state;
    static const struct {
        struct slice in;
        size_t valid;
        const char *repaired;
        size_t bad;
    } rows[] = {
        {SLICE_LIT("déjà vu, œuvre"), 17, "déjà vu, œuvre", 0},
        {SLICE_LIT("a\xC0\xAF"), 1, "a\uFFFD\uFFFD", 2},                   /* overlong */
        {SLICE_LIT("\xED\xA0\x80"), 0, "\uFFFD\uFFFD\uFFFD", 3},           /* surrogate */
        {SLICE_LIT("\xF4\x90\x80\x80"), 0, "\uFFFD\uFFFD\uFFFD\uFFFD", 4}, /* past U+10FFFF */
        {SLICE_LIT("ab\xE2\x82"), 2, "ab\uFFFD", 1},                       /* cut: one maximal subpart */
        {SLICE_LIT("\xE2\x82x"), 0, "\uFFFDx", 1},
        {SLICE_LIT("\xF0\x9F\x87\xAB\xF0\x9F\x87\xB7"), 8, "\U0001F1EB\U0001F1F7", 0},
        {SLICE_LIT("0123456789abcdef\x80"), 16, "0123456789abcdef\uFFFD", 1},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct buf b = {0};
        size_t bad = utf8_repair(&b, rows[i].in);
        ROW_CHECK(i, utf8_valid_prefix(rows[i].in) == rows[i].valid, "valid %zu", utf8_valid_prefix(rows[i].in));
        ROW_CHECK(i, strcmp(buf_cstr(&b), rows[i].repaired) == 0 && bad == rows[i].bad, "repaired to \"%s\", %zu bad", buf_cstr(&b),
                  bad);
        buf_free(&b);
    }
}

static void every_code_point_goes_round(void **state) {
    (void)state;
    struct buf b = {0};
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
        if (cp >= 0xD800 && cp <= 0xDFFF) continue;
        buf_clear(&b);
        utf8_encode(&b, cp);
        size_t at = 0;
        ROW_CHECK(cp, utf8_decode(buf_view(&b), &at) == cp && at == b.len && utf8_valid(buf_view(&b)), "%zu bytes", b.len);
    }
    buf_free(&b);
}

static void nfc_composes_and_leaves_composed_text_alone(void **state) {
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"e\u0301te\u0301", "été"},  {"été « œuvre »\u202f!", "été « œuvre »\u202f!"}, {"\u2126", "\u03A9"}, {"\u2001x", "\u2003x"},
        {"o\u0302\u0301", "\u1ED1"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct buf b = {0};
        assert_int_equal(unicode_nfc(&b, slice_str(rows[i].in)), ST_OK);
        ROW_CHECK(i, strcmp(buf_cstr(&b), rows[i].out) == 0, "got \"%s\"", buf_cstr(&b));
        buf_free(&b);
    }
    struct buf b = {0};
    unicode_fold(&b, slice_str("ÉTÉ Œuvre Ça"));
    assert_string_equal(buf_cstr(&b), "ete œuvre ca");
    buf_free(&b);
}

static void json_is_written_with_its_commas(void **state) {
    (void)state;
    struct buf b = {0};
    struct json_out j;
    json_out_init(&j, &b);
    json_object(&j);
    json_kv_str(&j, "t", slice_str("l'\"été\"\n\x01\x7f\xff"));
    json_key(&j, "a");
    json_array(&j);
    json_int(&j, -1);
    json_bool(&j, true);
    json_object(&j);
    json_object_end(&j);
    json_null(&j);
    json_array_end(&j);
    json_kv_float(&j, "f", 0.25, 6);
    json_kv_float(&j, "one", 1, 3);
    json_kv_float(&j, "nan", NAN, 3);
    json_object_end(&j);
    assert_string_equal(
        buf_cstr(&b),
        "{\"t\":\"l'\\\"été\\\"\\n\\u0001\\u007f\uFFFD\",\"a\":[-1,true,{},null],\"f\":0.25,\"one\":1.0,\"nan\":0.0}");
    buf_free(&b);
}

static void json_is_read_or_refused(void **state) {
    (void)state;
    struct json_parser *p = json_parser_new(MIB);
    struct json_value root, v, item;
    struct slice s, key;
    static const char *const bad[] = {"[012345678901234567890123]",
                                      "[1e999abc]",
                                      "[1e999 ,1.]",
                                      "[12345678901234567890123",
                                      "",
                                      "{",
                                      "{\"a\":1}x",
                                      "{\"a\":\"\xff\"}",
                                      "{\"a\":\"\\ud800\"}",
                                      "nul",
                                      "[1,]"};
    for (size_t i = 0; i < ROWS(bad); i++) ROW_CHECK(i, json_parse(p, slice_str(bad[i]), &root, NULL) == ST_SKIP, "%s", bad[i]);
    assert_int_equal(
        json_parse(p, slice_str("{\"s\":\"\\u00e9\",\"n\":-3,\"f\":0.5,\"l\":[10,20,30],\"o\":{\"x\":1,\"y\":2}}"), &root, NULL),
        ST_OK);
    assert_true(slice_eq_str(json_get_string(root, "s"), "é"));
    assert_true(slice_eq_str(json_get_string(root, "absent"), ""));
    int64_t n = 0, sum = 0;
    double f = 0;
    assert_true(json_get(root, "n", &v) && json_as_int(v, &n) && n == -3 && !json_as_string(v, &s));
    assert_true(json_get(root, "f", &v) && json_as_float(v, &f) && f > 0.49 && f < 0.51);
    assert_true(json_get(root, "l", &v) && json_typeof(v) == JSON_ARRAY);
    for (struct json_iter it = json_walk(v); json_next(&it, NULL, &item);)
        if (json_as_int(item, &n)) sum += n;
    assert_int_equal(sum, 60);
    assert_true(json_get(root, "o", &v));
    struct buf keys = {0};
    for (struct json_iter it = json_walk(v); json_next(&it, &key, &item);) buf_slice(&keys, key);
    assert_string_equal(buf_cstr(&keys), "xy");
    buf_free(&keys);
    /* A number may be too large for the machine, not for JSON. */
    assert_int_equal(
        json_parse(
            p, slice_str("{\"a\\\"9e999\":[12345678901234567890123,1e999,-0.5,18446744073709551615],\"id\":-98765432109876543210}"),
            &root, NULL),
        ST_OK);
    assert_true(slice_eq_str(json_get_string(root, "id"), "-98765432109876543210"));
    json_parser_free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_is_strict),
        cmocka_unit_test(every_code_point_goes_round),
        cmocka_unit_test(nfc_composes_and_leaves_composed_text_alone),
        cmocka_unit_test(json_is_written_with_its_commas),
        cmocka_unit_test(json_is_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
