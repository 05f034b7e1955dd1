#ifndef VILLERS_STORE_HTML_COUNTS_H
#define VILLERS_STORE_HTML_COUNTS_H
/*
 * What a release holds by source, licence, language, type, quality, as pages show it: a table with a bar a row, largest first, and for what
 * has an order a plot.  For the pages of the hub and for report.html.
 */
#include "store/html.h"
#include "store/release_manifest.h"

struct html_counts {
    const struct release_counts *counts;
    uint64_t whole; /* bytes of text of which the shares are */
    const char *french, *english;
    unsigned level;                                      /* of the heading: 2, 3 */
    size_t rows;                                         /* at most; what is past them is one row; 0: all */
    bool brief;                                          /* shares alone */
    const char *(*label)(const char *key, bool english); /* NULL: the key */
};
/** html_counts(out, t): heading and table; nothing when there is nothing to tell. */
void html_counts(struct buf *out, const struct html_counts *t);
/** html_judgments(out, m, level): types of document and quality of ${m}, the latter with its plot. */
void html_judgments(struct buf *out, const struct release_manifest *m, unsigned level);

#endif
