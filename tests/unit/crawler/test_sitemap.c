#include "crawler/sitemap.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <zlib.h>

#include <cmocka.h>

#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define NS "xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\""

/* body, kind, the entries one a line ("url", "S url" sitemap, "A url" alternate, "+X" another host, "@date"), cut */
static const struct {
    const char *body;
    enum sitemap_kind kind;
    const char *want;
    bool cut;
} cases[] = {
    {XML "<urlset " NS
         "><url><loc> http://x.fr/a </loc><lastmod>2024-01-02</lastmod></url><url><loc>/b?c&amp;d</loc></url></urlset>",
     SITEMAP_URLSET, "http://x.fr/a @2024-01-02\nhttp://x.fr/b?c&d\n", false},
    {"\xef\xbb\xbf \n" XML "<urlset><url><loc><![CDATA[http://x.fr/a]]></loc></url></urlset>", SITEMAP_URLSET, "http://x.fr/a\n",
     false},
    {XML
     "<s:urlset xmlns:s=\"a\" xmlns:image=\"b\"><s:url><s:loc>http://x.fr/a</s:loc><image:image><image:loc>http://x.fr/i.png</image:loc>"
     "</image:image></s:url></s:urlset>",
     SITEMAP_URLSET, "http://x.fr/a\n", false},
    {XML
     "<urlset xmlns:xhtml=\"h\"><url><loc>http://x.fr/a</loc><xhtml:link rel=\"alternate\" hreflang=\"de\" href=\"http://x.fr/de?a&amp;b\"/>"
     "</url></urlset>",
     SITEMAP_URLSET, "http://x.fr/a\nA http://x.fr/de?a&b\n", false},
    {XML
     "<sitemapindex><sitemap><loc>http://x.fr/s1.xml.gz</loc></sitemap><sitemap><loc>http://y.fr/s2.xml</loc></sitemap></sitemapindex>",
     SITEMAP_INDEX, "S http://x.fr/s1.xml.gz\nS http://y.fr/s2.xml +X\n", false},
    {"http://x.fr/a\r\n\nhttp://x.fr/b\nftp://x.fr/c\nhttp://x.fr/d", SITEMAP_TEXT, "http://x.fr/a\nhttp://x.fr/b\nhttp://x.fr/d\n",
     false},
    {XML
     "<rss version=\"2.0\"><channel><link>http://x.fr/</link><item><title>t</title><link>http://x.fr/1</link><pubDate>Tue</pubDate></item>"
     "<item><guid>http://x.fr/2</guid></item><item><guid isPermaLink=\"false\">tag:3</guid></item></channel></rss>",
     SITEMAP_RSS, "http://x.fr/1 @Tue\nhttp://x.fr/2\n", false},
    {"<feed xmlns=\"http://www.w3.org/2005/Atom\"><link href=\"http://x.fr/self\"/><entry><link rel=\"edit\" href=\"/e\"/><link rel=\"alternate\" "
     "href=\"/1\"/><updated>2024</updated></entry><entry><link href=\"/2\"/></entry></feed>",
     SITEMAP_ATOM, "http://x.fr/1 @2024\nhttp://x.fr/2\n", false},
    /* broken: what came before the break */
    {XML "<urlset><url><loc>http://x.fr/a</loc></url><url><loc>http://x.fr/b", SITEMAP_URLSET, "http://x.fr/a\n", true},
    {XML "<urlset><url><loc>http://x.fr/a?b&c</loc></url><url><loc>http://x.fr/d</loc></url></urlset>", SITEMAP_URLSET,
     "http://x.fr/d\n", true},
    /* an entity bomb names nothing */
    {"<!DOCTYPE urlset [<!ENTITY a \"http://x.fr/a\"><!ENTITY b SYSTEM \"file:///etc/passwd\">]><urlset><url><loc>&a;</loc></url><url><loc>&b;</loc>"
     "</url><url><loc>http://x.fr/c</loc></url></urlset>",
     SITEMAP_URLSET, "http://x.fr/c\n", true},
    {"<!DOCTYPE html><html><body><url><loc>http://x.fr/a</loc></url></body></html>", SITEMAP_NONE, "", false},
    {"introuvable", SITEMAP_NONE, "", false},
    {"", SITEMAP_NONE, "", false},
};

static enum status collect(void *ctx, const struct sitemap_entry *e) {
    struct buf *b = ctx;
    buf_printf(b, "%s%s%.*s%s", e->is_sitemap ? "S " : "", e->alternate ? "A " : "", SLICE_ARG(e->url), e->same_host ? "" : " +X");
    if (e->lastmod.len) buf_printf(b, " @%.*s", SLICE_ARG(e->lastmod));
    buf_char(b, '\n');
    return ST_OK;
}

static const char base[] = "http://x.fr/sitemap.xml";

static void test_table(void **state) {
    (void)state;
    struct buf got = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sitemap_stats stats;
        buf_clear(&got);
        enum status st = sitemap_parse(slice_str(cases[i].body), slice_str(base), NULL, collect, &got, &stats, NULL);
        assert_int_equal(st, cases[i].kind == SITEMAP_NONE ? ST_SKIP : ST_OK);
        if (stats.kind != cases[i].kind || (cases[i].want && strcmp(cases[i].want, buf_cstr(&got)) != 0))
            fail_msg("case %zu: kind %d: %s", i, stats.kind, buf_cstr(&got));
        if (st == ST_OK) assert_int_equal(stats.cut, cases[i].cut);
    }
    assert_true(slice_find(buf_view(&got), slice_str("passwd")) == SIZE_MAX);
    buf_free(&got);
}

/* A long list, with and without gzip, and its caps. */
static void test_caps(void **state) {
    (void)state;
    struct buf list = {0}, packed = {0}, got = {0};
    struct sitemap_stats stats;
    for (unsigned i = 0; i < 30000; i++) buf_printf(&list, "http://x.fr/page-%u\n", i);
    struct sitemap_options opt = {.max_entries = 20000};
    assert_int_equal(sitemap_parse(buf_view(&list), slice_str(base), &opt, collect, &got, &stats, NULL), ST_OK);
    assert_int_equal(stats.entries, 20000);
    assert_true(stats.cut);
    z_stream z = {.next_in = (Bytef *)list.data, .avail_in = (uInt)list.len};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_true(buf_reserve(&packed, list.len));
    z.next_out = (Bytef *)packed.data;
    z.avail_out = (uInt)list.len;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    packed.len = z.total_out;
    deflateEnd(&z);
    assert_int_equal(sitemap_parse(buf_view(&packed), slice_str(base), NULL, collect, &got, &stats, NULL), ST_OK);
    assert_int_equal(stats.entries, 30000);
    assert_false(stats.cut);
    opt = (struct sitemap_options){.max_bytes = 1000};
    assert_int_equal(sitemap_parse(buf_view(&packed), slice_str(base), &opt, collect, &got, &stats, NULL), ST_OK);
    assert_true(stats.cut);
    assert_true(stats.entries > 10 && stats.entries < 100);
    assert_int_equal(
        sitemap_parse(slice_sub(buf_view(&packed), 0, packed.len / 2), slice_str(base), NULL, collect, &got, &stats, NULL), ST_OK);
    assert_true(stats.cut);
    buf_free(&list);
    buf_free(&packed);
    buf_free(&got);
}

static enum status stop(void *ctx, const struct sitemap_entry *e) {
    (void)e;
    *(unsigned *)ctx += 1;
    return *(unsigned *)ctx == 2 ? ST_RETRY : ST_OK;
}

static void test_stop(void **state) {
    (void)state;
    unsigned n = 0;
    struct sitemap_stats stats;
    struct slice list = slice_str("<urlset><url><loc>/a</loc></url><url><loc>/b</loc></url><url><loc>/c</loc></url></urlset>");
    assert_int_equal(sitemap_parse(list, slice_str(base), NULL, stop, &n, &stats, NULL), ST_RETRY);
    assert_int_equal(n, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_caps), cmocka_unit_test(test_stop)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
