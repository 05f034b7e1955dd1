#ifndef VILLERS_CRAWLER_TAG_SCAN_H
#define VILLERS_CRAWLER_TAG_SCAN_H
/*
 * Tags of an HTML page without a tree: enough of the WHATWG tokenizer to find real start tags and their attributes, for what must
 * be known of the bytes before or beside parsing (charset, reservations of rights).  Borrows the page, allocates nothing.
 */
#include "base/slice.h"

struct tag_scan {
    struct slice s;
    size_t at;
    struct slice name; /* of the tag that was found */
    size_t begin;      /* its '<' */
};

static inline bool tag_scan_space(char c) { return c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' '; }

/**
 * tag_scan_next(t):
 * Move to the next start tag, behind its name.  Comments, declarations and end tags are passed over; so is what stands inside
 * script, style, title, textarea, xmp, iframe, noembed, noframes and template, whose own start tags are given.  False at the end.
 */
bool tag_scan_next(struct tag_scan *t);
/** tag_scan_attribute(t, name, value): the next attribute of the tag found; false, behind the tag's '>', when there is none. */
bool tag_scan_attribute(struct tag_scan *t, struct slice *name, struct slice *value);
/** tag_scan_text(t): the tag found, from '<' to '>', once its attributes are read. */
static inline struct slice tag_scan_text(const struct tag_scan *t) { return slice_sub(t->s, t->begin, t->at); }

#endif
