#include "crawler/charset.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define META(cs) "<html><head><meta charset=\"" cs "\">"
#define PRAGMA(cs) "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=" cs "\">"

/* bytes, Content-Type, encoding, what decided, text that must be in the answer, replaced */
static const struct {
    const char *body, *type, *name;
    enum charset_origin origin;
    const char *want;
    size_t replaced;
} cases[] = {
    {"caf\xc3\xa9", "text/html; charset=utf-8", "utf-8", CHARSET_HTTP, "caf\xc3\xa9", 0},
    {"caf\xe9 l\x92\xe9t\xe9", "text/html; charset=ISO-8859-1", "windows-1252", CHARSET_HTTP,
     "caf\xc3\xa9 l\xe2\x80\x99\xc3\xa9t\xc3\xa9", 0},
    {"c\xbdur \xa4", "text/html;charset=\"iso-8859-15\"", "iso-8859-15", CHARSET_HTTP, "c\xc5\x93ur \xe2\x82\xac", 0},
    {"c\xbdur \x80", "text/html;charset=latin9", "iso-8859-15", CHARSET_HTTP, "c\xc5\x93ur \xe2\x82\xac", 0},
    {META("windows-1252") "caf\xe9", "text/html", "windows-1252", CHARSET_META, "caf\xc3\xa9", 0},
    {PRAGMA("latin1") "caf\xe9", "", "windows-1252", CHARSET_META, "caf\xc3\xa9", 0},
    {"<meta name=x content='text/html; charset=koi8-r'>" META("windows-1252") "caf\xe9", "", "windows-1252", CHARSET_META,
     "caf\xc3\xa9", 0},
    {"<!-- " META("koi8-r") " -->" META("windows-1252") "caf\xe9", "", "windows-1252", CHARSET_META, "caf\xc3\xa9", 0},
    {"<meta charset=utf-16>caf\xc3\xa9", "", "utf-8", CHARSET_META, "caf\xc3\xa9", 0},
    {"<?xml version='1.0' encoding='windows-1252'?>caf\xe9", "", "windows-1252", CHARSET_META, "caf\xc3\xa9", 0},
    {"\xef\xbb\xbf" META("windows-1252") "caf\xc3\xa9", "text/html; charset=latin1", "utf-8", CHARSET_BOM, "caf\xc3\xa9", 0},
    {"\xff\xfe"
     "c\0a\0f\0\xe9\0",
     "", "utf-16le", CHARSET_BOM, "caf\xc3\xa9", 0},
    /* nothing said */
    {"l'\xe9t\xe9, \xe0 la fen\xeatre", "", "windows-1252", CHARSET_DETECTED, "\xc3\xa0 la fen\xc3\xaatre", 0},
    {"l'\xc3\xa9t\xc3\xa9", "text/html", "utf-8", CHARSET_DETECTED, "l'\xc3\xa9t\xc3\xa9", 0},
    {"l'\x8et\x8e, la fen\x90tre et la for\x90t", "", "macintosh", CHARSET_DETECTED, "l'\xc3\xa9t\xc3\xa9, la fen\xc3\xaatre", 0},
    {"qualsevol aplicaci\xf3 pot utilitzar aquest compte en l\xednia", "", "windows-1252", CHARSET_DETECTED, "aplicaci\xc3\xb3", 0},
    {"\xc2\xf1\xe5 \xf7\xe5\xeb\xee\xe2\xe5\xea\xe8 \xf0\xee\xe6\xe4\xe0\xfe\xf2\xf1\xff \xf1\xe2\xee\xe1\xee\xe4\xed\xfb\xec\xe8 \xe8 \xf0\xe0\xe2\xed\xfb\xec\xe8",
     "", "windows-1251", CHARSET_DETECTED, "\xd0\x92\xd1\x81\xd0\xb5", 0},
    {"le c\xbdur, la s\xbdur", "", "iso-8859-15", CHARSET_DETECTED, "le c\xc5\x93ur, la s\xc5\x93ur", 0},
    {"rien que de l'ASCII", "", "utf-8", CHARSET_DETECTED, "rien que de l'ASCII", 0},
    /* declarations that the bytes belie */
    {META("windows-1252") "l'\xe9t\xe9", "text/html; charset=utf-8", "windows-1252", CHARSET_META, "l'\xc3\xa9t\xc3\xa9", 0},
    {"l'\xe9t\xe9 \xe0 No\xebl", "text/html; charset=utf-8", "windows-1252", CHARSET_DETECTED, "\xc3\xa0 No\xc3\xabl", 0},
    {"l'\xc3\xa9t\xc3\xa9", "text/html; charset=iso-8859-1", "utf-8", CHARSET_DETECTED, "l'\xc3\xa9t\xc3\xa9", 0},
    /* damage in what is UTF-8 all the same: repaired, not read as something else */
    {"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9 caf\xe9s \xc3 fin",
     "text/html; charset=utf-8", "utf-8", CHARSET_HTTP, "\xc3\xa9 caf\xc3\xa9s \xef\xbf\xbd fin", 1},
    {"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9 caf\xe9s fin", "text/html; charset=utf-8",
     "utf-8", CHARSET_HTTP, "\xc3\xa9 caf\xc3\xa9s", 0},
    {"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9 \xf0\x9f fin", "text/html; charset=utf-8",
     "utf-8", CHARSET_HTTP, "\xc3\xa9 \xef\xbf\xbd fin", 1},
    {"aujourd\xc2\x92hui", "text/html; charset=utf-8", "utf-8", CHARSET_HTTP, "aujourd\xe2\x80\x99hui", 0},
    {"\x93\xfa\x96{\x8c\xea", "text/html; charset=Shift_JIS", "shift_jis", CHARSET_HTTP, "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 0},
    {"\xc4\xe3\xba\xc3", "text/html; charset=gb2312", "gbk", CHARSET_HTTP, "\xe4\xbd\xa0\xe5\xa5\xbd", 0},
    {"\xcf\xf0\xe8\xe2\xe5\xf2", "text/html; charset=windows-1251", "windows-1251", CHARSET_HTTP,
     "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82", 0},
};

static void test_table(void **state) {
    (void)state;
    struct buf out = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct charset_result res;
        size_t len = strlen(cases[i].body);
        if (cases[i].body[0] == '\xff') len = 10; /* the one with NULs */
        buf_clear(&out);
        assert_int_equal(charset_to_utf8(slice_of(cases[i].body, len), slice_str(cases[i].type), true, &out, &res, NULL), ST_OK);
        bool ok = strcmp(res.name, cases[i].name) == 0 && res.origin == cases[i].origin && res.replaced == cases[i].replaced;
        if (!ok || slice_find(buf_view(&out), slice_str(cases[i].want)) == SIZE_MAX)
            fail_msg("case %zu: %s by %d, %zu replaced: %s", i, res.name, res.origin, res.replaced, buf_cstr(&out));
    }
    buf_free(&out);
}

static void test_cap(void **state) {
    (void)state;
    struct buf out, err = {0};
    struct charset_result res;
    buf_init(&out, 3);
    assert_int_equal(charset_to_utf8(slice_str("caf\xe9"), slice_str(""), false, &out, &res, &err), ST_SKIP);
    assert_true(err.len > 0);
    buf_free(&out);
    buf_free(&err);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_cap)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
