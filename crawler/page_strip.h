#ifndef VILLERS_CRAWLER_PAGE_STRIP_H
#define VILLERS_CRAWLER_PAGE_STRIP_H
/*
 * Half of a modern page is scripts, styles, drawings, comments and attributes that nothing here asks for, which the parser would read
 * byte by byte for nothing.
 * Private to crawler/page*.c.
 */
#include "base/buf.h"

/**
 * page_strip(html, out):
 * Append ${html} to ${out} without comments and without the content of script (but JSON-LD), style and svg elements, whose tags
 * stay, and without the attributes that page_attr_is_kept() does not name: the tree is the same but for
 * white space, of which one blank is left at either end of a text as long as no <pre> has begun.  NUL becomes a blank.  An element or comment that never ends takes the rest of the page with it, as in a
 * browser.  Failure sticks in ${out}.  O(length).
 */
void page_strip(struct slice html, struct buf *out);

#endif
