/*
 * A list of pages of any kind; every address handed out is canonical.
 */
#include "crawler/sitemap.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum status check(void *ctx, const struct sitemap_entry *e) {
    struct url_parts parts;
    *(size_t *)ctx += 1;
    if (!url_split(e->url, &parts) || e->lastmod.len > 40) abort();
    return ST_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct sitemap_options opt = {.max_bytes = 1 << 20};
    struct sitemap_stats stats;
    size_t n = 0;
    enum status st =
        sitemap_parse(slice_of((const char *)data, size), slice_str("http://x.fr/s.xml"), &opt, check, &n, &stats, NULL);
    if (st == ST_OK && n != stats.entries) abort();
    if (st != ST_OK && st != ST_SKIP) abort();
    return 0;
}
