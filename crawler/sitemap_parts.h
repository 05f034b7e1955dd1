#ifndef VILLERS_CRAWLER_SITEMAP_PARTS_H
#define VILLERS_CRAWLER_SITEMAP_PARTS_H
/*
 * What sitemap.c and sitemap_xml.c share: one list being read.
 */
#include "crawler/sitemap.h"

struct sitemap_run {
    struct slice base;
    struct slice origin; /* of the base */
    const struct sitemap_options *opt;
    size_t max_entries;
    enum status (*on_entry)(void *ctx, const struct sitemap_entry *entry);
    void *ctx;
    struct sitemap_stats *stats;
    struct buf url;     /* the canonical form of the entry at hand */
    enum status status; /* on_entry's; anything but OK ends the reading */
    bool full;          /* max_entries were handed out */
};

/** sitemap_emit(run, raw, lastmod, is_sitemap, alternate): hand out ${raw}, or count it as bad. */
void sitemap_emit(struct sitemap_run *run, struct slice raw, struct slice lastmod, bool is_sitemap, bool alternate);
/** sitemap_over(run): nothing more is wanted. */
bool sitemap_over(const struct sitemap_run *run);

/* XML, fed piece by piece. */
struct sitemap_xml;
struct sitemap_xml *sitemap_xml_new(struct sitemap_run *run);
void sitemap_xml_feed(struct sitemap_xml *x, struct slice piece);
/** sitemap_xml_end(x): finish and free; true when the document was whole. */
bool sitemap_xml_end(struct sitemap_xml *x);

#endif
