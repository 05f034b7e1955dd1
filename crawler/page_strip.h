#ifndef VILLERS_CRAWLER_PAGE_STRIP_H
#define VILLERS_CRAWLER_PAGE_STRIP_H
/*
 * Half of a modern page is scripts, styles, drawings, comments and attributes that nothing here asks for, which the parser would read
 * byte by byte for nothing.
 * Private to crawler/page*.c.
 */
#include "base/buf.h"

/* A value that begins so goes on with "OFFSET.LENGTH" in hexadecimal digits: it is those bytes of the page as given to page_strip(). */
#define PAGE_REFERENCE '\x7f'
/** page_value_is_plain(value): printable ASCII without '&', so that it is what any parser makes of it.  O(length). */
bool page_value_is_plain(struct slice value);

/**
 * page_strip(html, out):
 * Append ${html} to ${out} without comments and without the content of script (but JSON-LD), style and svg elements, whose tags
 * stay, and without the attributes that page_attr_is_kept() does not name: the tree is the same but for
 * white space, of which one blank is left at either end of a text as long as no <pre> has begun.  NUL becomes a blank.  An element or comment that never ends takes the rest of the page with it, as in a
 * browser.  Long plain
 * values of attributes are replaced by references, which libxml2 copies in less time.  Failure sticks in ${out}.  O(length).
 */
void page_strip(struct slice html, struct buf *out);

#endif
