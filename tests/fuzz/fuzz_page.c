/*
 * Any bytes are a page: read for everything, within its budget; what comes out is UTF-8, its links are canonical and bounded.
 */
#include "base/limits.h"
#include "base/utf8.h"
#include "crawler/page.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_slice(struct slice s) {
    if (!s.ptr || !utf8_valid(s)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct page_reader *reader; /* as a worker keeps it from page to page */
    if (!reader) reader = page_reader_new();
    if (!reader) abort();
    struct buf err = {0};
    struct page_options opt = {
        .url = slice_str("https://exemple.fr/a/b"), .agent = slice_str("villers"), .want_links = true, .want_text = true};
    struct page p;
    if (page_read(reader, slice_of((const char *)data, size), &opt, &p, &err) != ST_OK) abort();
    struct slice all[] = {p.canonical, p.refresh, p.licence.spdx,      p.licence.evidence, p.title, p.author,
                          p.site,      p.date,    p.declared_language, p.declared_type,    p.text};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) check_slice(all[i]);
    if (p.n_links > LIMIT_LINKS) abort();
    for (size_t i = 0; i < p.n_links; i++) check_slice(p.links[i].url);
    buf_free(&err);
    return 0;
}
