#ifndef VILLERS_CRAWLER_EXTRACT_H
#define VILLERS_CRAWLER_EXTRACT_H
/*
 * The main text of a page: what its author wrote for this page, without the site around it.  Private to crawler/page*.c.
 */
#include "crawler/extract_cues.h"
#include "crawler/page_tree.h"

struct extractor; /* buffers, one a reader */
struct extractor *extractor_new(void);
void extractor_free(struct extractor *x);

/** extractor_cues(x): its word lists, borrowed. */
struct extract_cues *extractor_cues(const struct extractor *x);

/**
 * extract_text(x, t, title, forum, out):
 * Append to ${out} the main text of ${t}, whose title is ${title} or "", and which is known to be a ${forum}'s: paragraphs, headings, list items and table rows, each on a line, in NFC.  A page of which
 * nothing looks like a text gives nothing.  False without memory.  O(nodes + text).
 */
bool extract_text(struct extractor *x, const struct page_tree *t, struct slice title, bool forum, struct buf *out) MUST_CHECK;

#endif
