/*
 * Any bytes as a page's JSON-LD: the page is read, and what it tells is valid UTF-8 within its caps.
 */
#include "base/limits.h"
#include "base/utf8.h"
#include "crawler/page.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_slice(struct slice s) {
    if (!utf8_valid(s)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct page_reader *reader;
    if (!reader) reader = page_reader_new();
    struct buf html, err;
    buf_init(&html, LIMIT_BODY_PLAIN);
    buf_init(&err, LIMIT_ERR);
    buf_str(&html, "<script type='application/ld+json'>");
    buf_append(&html, data, size);
    buf_str(&html, "</script><h1>Titre</h1><p>Texte.");
    struct page_options opt = {.url = slice_str("https://exemple.fr/a/b")};
    struct page p;
    if (!reader || page_read(reader, buf_view(&html), &opt, &p, &err) != ST_OK) abort();
    struct slice all[] = {p.title, p.author, p.site, p.date, p.licence.spdx, p.licence.evidence, p.declared_language};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) check_slice(all[i]);
    buf_free(&html);
    buf_free(&err);
    return 0;
}
