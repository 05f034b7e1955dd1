#ifndef VILLERS_CRAWLER_EXTRACT_BLOCKS_H
#define VILLERS_CRAWLER_EXTRACT_BLOCKS_H
/*
 * A page's text as a flat list of blocks: what a reader sees as a paragraph, a heading, a list item or a table row.
 * Private to crawler/extract*.c.
 */
#include "crawler/page_tree.h"

struct block {
    uint32_t node;       /* the block-level element it stands in */
    uint32_t first;      /* the text node with its first character: rises from block to block */
    uint32_t at, len;    /* its text in blocks.text: white space collapsed, '\n' at a <br>, '\t' between cells */
    uint32_t words;      /* runs of non-blank characters */
    uint32_t link_bytes; /* bytes of the text inside <a href> */
    uint16_t links;      /* how many <a href> begin in it */
    bool away;           /* one of them leads to another page */
    uint8_t tag;         /* of ${node} */
};

struct blocks {
    struct block *items; /* owned */
    size_t n, cap;
    struct buf text;
};

void blocks_init(struct blocks *b);
void blocks_free(struct blocks *b);
/** blocks_build(b, t): replace ${b} by the blocks of ${t} in document order; what never is text (scripts, forms' controls, frames) is left out.  False without memory.  O(nodes + text). */
bool blocks_build(struct blocks *b, const struct page_tree *t);
static inline struct slice block_text(const struct blocks *b, size_t i) {
    return slice_of(buf_cstr(&b->text) + b->items[i].at, b->items[i].len);
}

/** page_tag_is_block(tag): an element that begins a line of its own. */
bool page_tag_is_block(uint8_t tag);
/** page_tag_is_void(tag): an element whose content is never a page's text. */
bool page_tag_is_void(uint8_t tag);

#endif
