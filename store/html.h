#ifndef VILLERS_STORE_HTML_H
#define VILLERS_STORE_HTML_H
/*
 * The pieces of every page people see: pages of the hub, report.html of a release, `villers stats --html`.  One style; no script, no
 * font, no network; readable on a phone, in the dark and in print.  Numbers as French typography writes them, by whole numbers alone so
 * that no locale has a say.
 */
#include "base/buf.h"

/** html_begin(out, title): doctype to <main>; ${title} is escaped.  html_end(out, footer): to </html>; ${footer} is HTML, or NULL. */
void html_begin(struct buf *out, const char *title);
void html_end(struct buf *out, const struct buf *footer);
/** html_escape(out, s), html_escape_slice(out, s): text, also good inside a quoted attribute. */
void html_escape(struct buf *out, const char *s);
void html_escape_slice(struct buf *out, struct slice s);
/** html_href(out, name): a name inside an href: percent-encoded, so nothing is left to escape. */
void html_href(struct buf *out, const char *name);
/** html_link(out, text): ${text} escaped; a link when it is an http(s) address, or a mail address. */
void html_link(struct buf *out, const char *text);

/** html_heading(out, level, french, english): <h2>French · English</h2>; one of them when they are the same. */
void html_heading(struct buf *out, unsigned level, const char *french, const char *english);

/** html_day(out, iso): "2024-07-01" as "1er juillet 2024"; anything else as it is. */
void html_day(struct buf *out, const char *iso);
/** html_grouped(out, n): 1 234 567.  html_size(out, bytes): 1,2 Mo.  html_percent(out, part, whole): 12,3 %. */
void html_grouped(struct buf *out, uint64_t n);
void html_size(struct buf *out, uint64_t bytes);
void html_percent(struct buf *out, double part, double whole);

/* A table in a box that scrolls on a narrow screen.  ${heads} NULL-ended; a head that begins with '#' is a column of numbers, one with "~#" such
 * a column that a narrow screen leaves out (not the first, at most the sixth), an empty one has no name. */
void html_table(struct buf *out, const char *label, const char *const *heads);
void html_table_end(struct buf *out);
void html_cell(struct buf *out, const char *text);
void html_cell_number(struct buf *out, uint64_t n);
void html_cell_size(struct buf *out, uint64_t bytes);
void html_cell_percent(struct buf *out, double part, double whole);
/** html_row_head(out, text): begin a row with its head cell; html_row_end(out). */
void html_row_head(struct buf *out, const char *text);
void html_row_end(struct buf *out);
/** html_cell_bar(out, part, whole): a bar as long as its share; no text: a number stands beside it. */
void html_cell_bar(struct buf *out, double part, double whole);

/** html_columns(out, title, unit, labels, values, n): a column chart as SVG, its axis in ${unit}, with a text for those who do not see it; nothing
 *  for fewer than two columns. */
void html_columns(struct buf *out, const char *title, const char *unit, const char *const *labels, const double *values, size_t n);

#endif
