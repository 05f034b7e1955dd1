/* base/: slices, buffers, arenas, tables, dates, hashes. */
#include "base/arena.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/map64.h"
#include "tests/unit/test.h"

static void slices_are_cut_and_trimmed(void **state) {
    (void)state;
    struct slice rest = slice_str("a,,b"), piece;
    static const char *const want[] = {"a", "", "b"};
    for (size_t i = 0; i < ROWS(want); i++) {
        assert_true(slice_cut(&rest, ',', &piece));
        ROW_CHECK(i, slice_eq_str(piece, want[i]), "got \"%.*s\"", SLICE_ARG(piece));
    }
    assert_false(slice_cut(&rest, ',', &piece));
    assert_true(slice_eq_str(slice_trim(slice_str(" \t é x\r\n")), "é x"));
    assert_int_equal(slice_find_nocase(slice_str("Content-TYPE: x"), slice_str("-type")), 7);
    assert_true(slice_find(slice_str("abc"), slice_str("d")) == SIZE_MAX);
}

static void numbers_are_read_or_refused(void **state) {
    (void)state;
    static const struct {
        const char *in;
        bool ok;
        uint64_t value;
    } rows[] = {
        {"0", true, 0},
        {"18446744073709551615", true, UINT64_MAX},
        {"18446744073709551616", false, 0},
        {"", false, 0},
        {"-1", false, 0},
        {"1 ", false, 0},
        {"0x1", false, 0},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        uint64_t v = 0;
        bool ok = slice_parse_u64(slice_str(rows[i].in), &v);
        ROW_CHECK(i, ok == rows[i].ok && (!ok || v == rows[i].value), "\"%s\"", rows[i].in);
    }
}

static void a_buffer_never_passes_its_cap(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 10);
    buf_str(&b, "123456789");
    assert_true(buf_ok(&b));
    buf_str(&b, "ab");
    assert_false(buf_ok(&b));
    assert_string_equal(buf_cstr(&b), "123456789");
    buf_char(&b, 'x');
    assert_string_equal(buf_cstr(&b), "123456789");
    buf_clear(&b);
    buf_printf(&b, "%d", 1234567890);
    assert_true(buf_ok(&b));
    buf_char(&b, '!');
    assert_false(buf_ok(&b));
    buf_free(&b);
}

static void an_error_may_quote_the_one_before(void **state) {
    (void)state;
    struct buf err = {0};
    assert_int_equal(fail(&err, ST_SKIP, "bad byte"), ST_SKIP);
    assert_int_equal(fail(&err, ST_FATAL, "file.txt: %s", buf_cstr(&err)), ST_FATAL);
    assert_string_equal(buf_cstr(&err), "file.txt: bad byte");
    assert_int_equal(fail(NULL, ST_RETRY, "nobody reads this"), ST_RETRY);
    buf_free(&err);
}

static void an_arena_is_aligned_zeroed_and_capped(void **state) {
    (void)state;
    struct arena *a = arena_new(1 << 20);
    assert_non_null(a);
    for (int round = 0; round < 3; round++) {
        for (int i = 1; i < 2000; i++) {
            unsigned char *p = arena_alloc(a, (size_t)i % 100 + 1);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % 16, 0);
            assert_int_equal(p[0], 0);
            p[0] = 255;
        }
        struct slice s = arena_dup(a, slice_str("écrit"));
        assert_string_equal(s.ptr, "écrit");
        arena_reset(a);
        assert_int_equal(arena_used(a), 0);
    }
    assert_null(arena_alloc(a, (size_t)2 << 20));
    assert_true(arena_failed(a));
    assert_null(arena_alloc(a, 1));
    arena_reset(a);
    assert_non_null(arena_alloc(a, 1));
    arena_free(a);
}

static void a_table_holds_what_was_put(void **state) {
    (void)state;
    struct map64 m = {0};
    for (uint64_t i = 0; i < 5000; i++) assert_true(map64_put(&m, i * 0x10001, i));
    for (uint64_t i = 0; i < 5000; i += 3) assert_true(map64_del(&m, i * 0x10001));
    for (uint64_t i = 0; i < 5000; i++) {
        uint64_t v = 0;
        bool there = map64_get(&m, i * 0x10001, &v);
        ROW_CHECK(i, there == (i % 3 != 0) && (!there || v == i), "value %llu", (unsigned long long)v);
    }
    assert_false(map64_del(&m, 7));
    map64_free(&m);
    assert_false(map64_get(&m, 1, NULL));
}

static void dates_are_iso_8601(void **state) {
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00Z"},         {1702339200000, "2023-12-12T00:00:00Z"},
        {-1, "1969-12-31T23:59:59Z"},        {951782400000, "2000-02-29T00:00:00Z"},
        {INT64_MAX, "9999-12-31T23:59:59Z"}, {INT64_MIN / 2, "0001-01-01T00:00:00Z"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        char text[ISO8601_LEN];
        clock_iso8601(rows[i].ms, text);
        ROW_CHECK(i, strcmp(text, rows[i].text) == 0, "got %s", text);
    }
    assert_int_equal(clock_from_civil(2023, 12, 12, 0, 0, 0), 1702339200000);
    assert_true(clock_civil_valid(2024, 2, 29));
    assert_false(clock_civil_valid(2023, 2, 29));
    assert_false(clock_civil_valid(2024, 13, 1));
}

static void digests_are_those_of_their_standards(void **state) {
    (void)state;
    unsigned char d[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];
    sha256_of(slice_str("abc"), d); /* FIPS 180-4, example */
    hash_hex(d, sizeof d, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    static const struct {
        const char *in, *out;
    } rows[] = {{"", ""},
                {"f", "MY======"},
                {"fo", "MZXQ===="},
                {"foo", "MZXW6==="},
                {"foob", "MZXW6YQ="},
                {"fooba", "MZXW6YTB"},
                {"foobar", "MZXW6YTBOI======"}};
    for (size_t i = 0; i < ROWS(rows); i++) { /* RFC 4648 section 10 */
        struct buf b = {0};
        hash_base32(&b, (const unsigned char *)rows[i].in, strlen(rows[i].in));
        ROW_CHECK(i, strcmp(buf_cstr(&b), rows[i].out) == 0, "got %s", buf_cstr(&b));
        buf_free(&b);
    }
    char id[33];
    hash128_hex(hash128(slice_str("")), id); /* XXH3-128 of nothing, xxHash's own sanity value */
    assert_string_equal(id, "99aa06d3014798d86001c324468d497f");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_are_cut_and_trimmed),
        cmocka_unit_test(numbers_are_read_or_refused),
        cmocka_unit_test(a_buffer_never_passes_its_cap),
        cmocka_unit_test(an_error_may_quote_the_one_before),
        cmocka_unit_test(an_arena_is_aligned_zeroed_and_capped),
        cmocka_unit_test(a_table_holds_what_was_put),
        cmocka_unit_test(dates_are_iso_8601),
        cmocka_unit_test(digests_are_those_of_their_standards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
