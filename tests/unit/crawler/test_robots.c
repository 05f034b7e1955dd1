#include "base/limits.h"
#include "crawler/robots.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define ALL "User-agent: *\n"
#define TYPOS 1u

/* robots.txt, agent, target, allowed, line that decides (0: none), TYPOS for the tolerant reader */
static const struct {
    const char *robots, *agent, *target;
    bool allowed;
    unsigned line, flags;
} cases[] = {
    /* lines and groups, 2.1 and 2.2 */
    {"", "villers", "/a", true, 0, 0},
    {"Disallow: /\n", "villers", "/a", true, 0, 0},
    {ALL "Disallow: /a", "villers", "/a", false, 2, 0},
    {ALL "Disallow:", "villers", "/a", true, 0, 0},
    {"user-AGENT : *\r\n dIsAlLoW\t:\t/a # pas ici\r\n", "villers", "/a", false, 2, 0},
    {"User-agent: *\rDisallow: /a\rAllow: /b", "villers", "/a", false, 2, 0},
    {"\xef\xbb\xbfUser-agent: *\nDisallow: /a\n", "villers", "/a", false, 2, 0},
    {"User-agent: b\nSitemap: http://x/s\nUnknown: 1\nUser-agent: *\nDisallow: /a\n", "b", "/a", false, 5, 0},
    {"User-agent: b\nCrawl-delay: 4\nUser-agent: *\nDisallow: /a\n", "b", "/a", false, 4, 0},
    {"User-agent: villers\nDisallow: /a\nUser-agent: *\nDisallow: /b\nUser-agent: villers\nDisallow: /c\n", "villers", "/c", false,
     6, 0},
    {"User-agent: villers\nDisallow: /a\nUser-agent: *\nDisallow: /b\n", "villers", "/b", true, 0, 0},
    {"User-agent: villers\n\n\n\nDisallow: /a\n", "villers", "/a", false, 5, 0},
    {"User-agent: villers\nUser-agent: autre\nDisallow: /a\n", "autre", "/a", false, 3, 0},
    {ALL "Disallow: /\nUser-agent: villers\nDisallow:\n", "villers", "/a", true, 0, 0},
    /* the product token, 2.2.1 */
    {"User-agent: VILLERS\nDisallow: /a\n", "villers", "/a", false, 2, 0},
    {"User-agent: villers/2.0\nDisallow: /a\n", "villers", "/a", false, 2, 0},
    {"User-agent: villers-bot\nDisallow: /a\n", "villers", "/a", true, 0, 0},
    {"User-agent: viller\nDisallow: /a\n", "villers", "/a", true, 0, 0},
    {"User-agent: villers2\nDisallow: /a\n", "villers", "/a", true, 0, 0},
    {"User-agent: robot1\nDisallow: /a\nUser-agent: robot2\nDisallow: /b\n", "robot2", "/a", true, 0, 0},
    {"User-agent: *\nDisallow: /a\n", "", "/a", false, 2, 0},
    /* the longest match, Allow on a tie, 2.2.2 */
    {ALL "Disallow: /a\nAllow: /a/b\n", "villers", "/a/b/c", true, 3, 0},
    {ALL "Allow: /a\nDisallow: /a/b\n", "villers", "/a/b/c", false, 3, 0},
    {ALL "Disallow: /a\nAllow: /a\n", "villers", "/a", true, 3, 0},
    {ALL "Disallow: /\nAllow: /$\n", "villers", "/", true, 3, 0},
    {ALL "Disallow: /\nAllow: /$\n", "villers", "/a", false, 2, 0},
    {ALL "Disallow: /A\n", "villers", "/a", true, 0, 0},
    {ALL "Disallow: /\n", "villers", "/robots.txt", true, 0, 0},
    {ALL "Disallow: /\n", "villers", "/robots.txt/a", false, 2, 0},
    /* percent-normalised, 2.2.2 */
    {ALL "Disallow: /foo/bar?baz=https://foo.bar\n", "villers", "/foo/bar?baz=https%3A%2F%2Ffoo.bar", false, 2, 0},
    {ALL "Disallow: /foo/bar?baz=https%3A%2F%2Ffoo.bar\n", "villers", "/foo/bar?baz=https://foo.bar", false, 2, 0},
    {ALL "Disallow: /\xe3\x83\x84\n", "villers", "/%E3%83%84", false, 2, 0},
    {ALL "Disallow: /%e3%83%84\n", "villers", "/\xe3\x83\x84", false, 2, 0},
    {ALL "Disallow: /%62%61%7A\n", "villers", "/baz", false, 2, 0},
    {ALL "Disallow: /baz\n", "villers", "/%62%61%7a", false, 2, 0},
    {ALL "Disallow: /a%2fb\n", "villers", "/a/b", true, 0, 0},
    {ALL "Disallow: /a%2fb\n", "villers", "/a%2Fb", false, 2, 0},
    {ALL "Disallow: /a<b|c\n", "villers", "/a%3cb%7Cc", false, 2, 0},
    {ALL "Disallow: /a%2Cb\n", "villers", "/a,b", true, 0, 0},
    {ALL "Disallow: /*?a[]=\n", "villers", "/b?a%5B%5d=1", false, 2, 0},
    {ALL "Disallow: /a b\n", "villers", "/a%20b", false, 2, 0},
    /* special characters, 2.2.3 */
    {ALL "Disallow: *\n", "villers", "/a", false, 2, 0},
    {ALL "Disallow: *.gif$\n", "villers", "/a/b.gif", false, 2, 0},
    {ALL "Disallow: *.gif$\n", "villers", "/a/b.gif?c", true, 0, 0},
    {ALL "Disallow: /*/c$\n", "villers", "/a/c/c", false, 2, 0},
    {ALL "Disallow: /a*b*c\n", "villers", "/a-b-b-c-", false, 2, 0},
    {ALL "Disallow: /a*b*c\n", "villers", "/a-c-b", true, 0, 0},
    {ALL "Disallow: /a*a$\n", "villers", "/a", true, 0, 0},
    {ALL "Disallow: /a**\n", "villers", "/a", false, 2, 0},
    {ALL "Disallow: /a-%2A.html\n", "villers", "/a-*.html", false, 2, 0},
    {ALL "Disallow: /a-%2A.html\n", "villers", "/a-b.html", true, 0, 0},
    {ALL "Disallow: /a%24\n", "villers", "/a$b", false, 2, 0},
    {ALL "Disallow: /a$b\n", "villers", "/a$b", false, 2, 0},
    {ALL "Disallow: a\n", "villers", "/a", true, 0, 0},
    /* typos, under the switch */
    {ALL "Dissallow: /a\n", "villers", "/a", true, 0, 0},
    {ALL "Dissallow: /a\n", "villers", "/a", false, 2, TYPOS},
    {"useragent: *\ndisallow /a\n", "villers", "/a", false, 2, TYPOS},
    {"User-agent *\nDisallow /a\n", "villers", "/a", true, 0, 0},
};

static struct robots *parse(const char *body, const char *agent, bool tolerant) {
    struct robots *r = NULL;
    struct robots_options opt = {.tolerate_typos = tolerant};
    assert_int_equal(robots_parse(slice_str(body), slice_str(agent), &opt, &r, NULL), ST_OK);
    return r;
}

static void test_table(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct robots *r = parse(cases[i].robots, cases[i].agent, cases[i].flags & TYPOS);
        struct robots_match m = robots_match(r, slice_str(cases[i].target));
        if (m.allowed != cases[i].allowed || m.line != cases[i].line)
            fail_msg("%s for %s at %s: %d, line %u", cases[i].robots, cases[i].agent, cases[i].target, m.allowed, m.line);
        robots_free(r);
    }
}

static void test_rule_text(void **state) {
    (void)state;
    struct robots *r = parse(ALL " Disallow : /a # non\n", "villers", false);
    assert_true(slice_eq_str(robots_match(r, slice_str("/a")).rule, "Disallow : /a"));
    robots_free(r);
}

static const struct {
    const char *robots;
    int64_t ms;
} delays[] = {
    {ALL "Crawl-delay: 10\n", 10000},
    {ALL "Crawl-delay: 0.5\n", 500},
    {ALL "Crawl-delay: .25\n", 250},
    {ALL "Crawl-delay: 2 s\n", 2000},
    {ALL "Crawl-delay: -1\n", -1},
    {ALL "Crawl-delay: dix\n", -1},
    {ALL "Crawl-delay: 99999999999999999999\n", 86400000},
    {ALL "Crawl-delay: 5\nUser-agent: villers\nDisallow:\n", -1},
    {ALL "Crawl-delay: 5\n\nUser-agent: b\nCrawl-delay: 7\nDisallow: /\n", 7000},
    {"Crawl-delay: 5\n", -1},
};

static void test_delay(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof delays / sizeof *delays; i++) {
        struct robots *r = parse(delays[i].robots, "villers", false);
        if (robots_delay_ms(r) != delays[i].ms) fail_msg("%s: %ld", delays[i].robots, (long)robots_delay_ms(r));
        robots_free(r);
    }
}

static void test_sitemaps_and_extras(void **state) {
    (void)state;
    struct robots *r =
        parse("Sitemap: http://x/1\nUser-agent: b\nContent-Usage: train-ai=n\nUser-agent: villers\nLicense: http://x/l\n"
              "Content-Signal: ai-train=no\nDisallow: /\nSITEMAP: http://x/2\n",
              "villers", false);
    size_t n;
    const struct slice *maps = robots_sitemaps(r, &n);
    assert_int_equal(n, 2);
    assert_true(slice_eq_str(maps[1], "http://x/2"));
    const struct robots_extra *extras = robots_extras(r, &n);
    assert_int_equal(n, 2);
    assert_true(slice_eq_str(extras[0].whole, "License: http://x/l"));
    assert_false(extras[0].in_group);
    assert_true(slice_eq_str(extras[1].value, "ai-train=no"));
    assert_int_equal(extras[1].line, 6);
    assert_true(robots_named(r));
    robots_free(r);
}

static void test_bodies(void **state) {
    (void)state;
    struct robots *r = parse(" \n<!DOCTYPE html><html>", "villers", false);
    assert_true(robots_is_html(r));
    assert_false(robots_readable(r));
    robots_free(r);
    static const char utf16[] = "\xff\xfeU\0s\0e\0r\0-\0a\0g\0e\0n\0t\0:\0*\0\n\0D\0i\0s\0a\0l\0l\0o\0w\0:\0/\0a\0";
    assert_int_equal(robots_parse(slice_of(utf16, sizeof utf16 - 1), slice_str("villers"), NULL, &r, NULL), ST_OK);
    assert_false(robots_match(r, slice_str("/a")).allowed);
    robots_free(r);
}

/* RFC 9309 2.5: at least 500 KiB are read, and what is cut is cut at a line's end: "Disallow: /ab" never becomes "/a". */
static void test_size(void **state) {
    (void)state;
    struct buf b = {0};
    buf_str(&b, ALL);
    while (b.len < LIMIT_ROBOTS - 20) buf_str(&b, "# une ligne de rien\n");
    size_t left = LIMIT_ROBOTS - b.len;
    buf_str(&b, "Disallow: /");
    for (size_t i = 0; i < left + 5; i++) buf_char(&b, 'a');
    struct robots *r = parse(buf_cstr(&b), "villers", false);
    assert_true(robots_match(r, slice_str("/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")).allowed);
    robots_free(r);
    buf_clear(&b);
    buf_str(&b, ALL);
    while (b.len < 500 * KIB) buf_str(&b, "# une ligne de rien\n");
    buf_str(&b, "Disallow: /a\n");
    r = parse(buf_cstr(&b), "villers", false);
    assert_false(robots_match(r, slice_str("/a")).allowed);
    robots_free(r);
    buf_free(&b);
}

/* Thousands of rules with dozens of stars against a target that almost matches: no going back. */
static void test_stars(void **state) {
    (void)state;
    struct buf b = {0}, target = {0};
    buf_str(&b, ALL);
    for (unsigned i = 0; i < 2000; i++) buf_str(&b, "Disallow: /*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b\n");
    buf_char(&target, '/');
    for (unsigned i = 0; i < 2000; i++) buf_char(&target, 'a');
    struct robots *r = parse(buf_cstr(&b), "villers", false);
    assert_true(robots_match(r, buf_view(&target)).allowed);
    robots_free(r);
    buf_free(&b);
    buf_free(&target);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table),  cmocka_unit_test(test_rule_text),
                                       cmocka_unit_test(test_delay),  cmocka_unit_test(test_sitemaps_and_extras),
                                       cmocka_unit_test(test_bodies), cmocka_unit_test(test_size),
                                       cmocka_unit_test(test_stars)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
