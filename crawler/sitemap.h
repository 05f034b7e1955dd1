#ifndef VILLERS_CRAWLER_SITEMAP_H
#define VILLERS_CRAWLER_SITEMAP_H
/*
 * Lists of pages that a site publishes: sitemaps.org 0.9 (urlset, sitemapindex, plain text; gzip taken off here), RSS 2.0
 * and 1.0, Atom (RFC 4287).  sitemap_xml.c is the one file that knows libxml2's XML parser: entities are not expanded,
 * nothing is fetched, a broken document gives what came before the break.
 */
#include "base/buf.h"
#include "crawler/url.h"

enum sitemap_kind { SITEMAP_NONE, SITEMAP_URLSET, SITEMAP_INDEX, SITEMAP_TEXT, SITEMAP_RSS, SITEMAP_ATOM };

struct sitemap_entry {
    struct slice url;     /* canonical, resolved against the list's address; lives for the call */
    struct slice lastmod; /* as written, at most 40 bytes, or "" */
    bool is_sitemap;      /* the address of another sitemap rather than of a page */
    bool alternate;       /* an <xhtml:link rel="alternate" hreflang> of the page before */
    bool same_host;       /* scheme, host and port are the list's own; others need cross-submission (sitemaps.org) */
};

struct sitemap_options {
    const struct url_options *urls; /* may be NULL */
    size_t max_entries;             /* 0: LIMIT_SITEMAP_URLS */
    size_t max_bytes;               /* after gzip; 0: LIMIT_SITEMAP_BYTES */
};

struct sitemap_stats {
    enum sitemap_kind kind;
    size_t entries; /* handed out */
    size_t bad;     /* addresses that are none */
    bool cut;       /* a cap was reached, or the document broke off: what came before was handed out */
};

/**
 * sitemap_parse(body, base, opt, on_entry, ctx, stats, err):
 * Hand every address of ${body}, as fetched from canonical URL ${base}, to ${on_entry}, in its order.  ${opt} may be NULL.
 * Stops with ${on_entry}'s status when that is not OK.  SKIP, stats->kind SITEMAP_NONE, when ${body} is none of the forms
 * above; never fails for what is broken inside one.  Thread-safe.  O(length), memory independent of it.
 */
enum status sitemap_parse(struct slice body, struct slice base, const struct sitemap_options *opt,
                          enum status (*on_entry)(void *ctx, const struct sitemap_entry *entry), void *ctx,
                          struct sitemap_stats *stats, struct buf *err) MUST_CHECK;

#endif
