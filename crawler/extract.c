/*
 * Which blocks of a page are its main text.
 */
#include "crawler/extract.h"
#include "base/limits.h"
#include "base/utf8.h"
#include <stdlib.h>

struct extractor {
    struct blocks blocks;
};

struct extractor *extractor_new(void) {
    struct extractor *x = calloc(1, sizeof *x);
    if (x) blocks_init(&x->blocks);
    return x;
}

void extractor_free(struct extractor *x) {
    if (!x) return;
    blocks_free(&x->blocks);
    free(x);
}

static bool is_frame(uint8_t tag) {
    return tag == TAG_nav || tag == TAG_footer || tag == TAG_header || tag == TAG_aside || tag == TAG_form;
}

static bool is_main(const struct page_tree *t, const struct block *b) {
    for (uint32_t i = b->node; i; i = t->nodes[i].parent)
        if (is_frame(t->nodes[i].tag)) return false;
    return b->link_bytes * 2 < b->len;
}

bool extract_text(struct extractor *x, const struct page_tree *t, struct buf *out) {
    if (!blocks_build(&x->blocks, t)) return false;
    for (size_t i = 0; i < x->blocks.n; i++) {
        if (!is_main(t, &x->blocks.items[i])) continue;
        size_t start = out->len;
        if (start) buf_char(out, '\n');
        if (unicode_nfc(out, block_text(&x->blocks, i)) != ST_OK) buf_truncate(out, start);
    }
    return buf_ok(out);
}
