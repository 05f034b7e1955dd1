#ifndef VILLERS_CRAWLER_PAGE_STRIP_H
#define VILLERS_CRAWLER_PAGE_STRIP_H
/*
 * Half of a modern page is scripts, styles, drawings, comments and attributes that nothing here asks for, which the parser would read
 * byte by byte for nothing.
 * Private to crawler/page*.c.
 */
#include "base/buf.h"
#include "crawler/page_tree.h"

/* What the parser need not carry through, in page order: a plain text, or a start tag and then its attributes. */
struct page_carried {
    uint32_t at, len; /* into page_stripped.whole; of a tag: where its name begins, how many attributes follow */
    uint32_t pos; /* into page_stripped.html: of a text, its reference; of a tag, where its name ends, of an attribute likewise */
    uint8_t name; /* enum page_attr_name, or one of those below */
};
#define CARRIED_TEXT ATTR_COUNT
#define CARRIED_TAG (ATTR_COUNT + 1)
#define PAGE_REFERENCE '\x7f' /* what stands between two of it is the hexadecimal index of a text */

struct page_stripped {
    struct slice whole; /* borrowed: the page */
    struct buf html;    /* what the parser reads */
    struct page_carried *carried;
    size_t n_carried, cap_carried;
};
void page_stripped_init(struct page_stripped *s);
void page_stripped_free(struct page_stripped *s);

/**
 * page_strip(to, s):
 * Replace ${to} by ${s} (valid UTF-8, borrowed as long as ${to} is read) without comments and without the content of script (but
 * JSON-LD), style and svg elements, whose tags stay, and without the attributes that page_attr_find() does not know: the tree is the
 * same but for white space, of which one blank is left at either end of a text as long as no <pre> has begun.  NUL becomes a blank.
 * An element or comment that never ends takes the rest of the page with it, as in a browser.  Attributes and texts that mean what
 * they say, byte for byte, are carried past the parser: it looks at each byte several times, and copies each value three times.
 * A page can write references of its own, which gets it other parts of itself, each once.
 * Failure sticks in to->html.  O(length).
 */
void page_strip(struct page_stripped *to, struct slice s);

#endif
