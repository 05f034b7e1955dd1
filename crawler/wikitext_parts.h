#ifndef VILLERS_CRAWLER_WIKITEXT_PARTS_H
#define VILLERS_CRAWLER_WIKITEXT_PARTS_H
/*
 * What the steps of wikitext.c share: strip (comments, references, extensions' elements), marks (which brackets belong together), templates, tables,
 * lines.
 */
#include "crawler/wikitext.h"

enum wikitext_kind { WIKITEXT_TEMPLATE, WIKITEXT_PARAMETER, WIKITEXT_LINK, WIKITEXT_TABLE };
struct wikitext_mark {
    size_t at, end; /* from the opening bracket to behind the closing one */
    enum wikitext_kind kind;
};

struct wikitext {
    struct buf stripped, inner, row;
    struct wikitext_mark *marks; /* by at; only those that are closed */
    size_t n_marks, cap_marks;
    struct slice src; /* = stripped */
    unsigned depth;
};

/** wikitext_strip(in, out): without comments, references and what extensions draw; the content of nowiki as character references. */
void wikitext_strip(struct slice in, struct buf *out);
/** wikitext_marks(w): find the brackets of w->src that belong together.  False without memory. */
bool wikitext_marks(struct wikitext *w);
/** wikitext_mark_from(w, at): the index of the first mark at or after ${at}. */
size_t wikitext_mark_from(const struct wikitext *w, size_t at);
/** wikitext_emit(w, from, to, out): the range with links, templates and tables made into text; lines' own markup stays. */
void wikitext_emit(struct wikitext *w, size_t from, size_t to, struct buf *out);
/** wikitext_template(w, from, to, out): the words that the template between its braces stands for, if any. */
void wikitext_template(struct wikitext *w, size_t from, size_t to, struct buf *out);
/** wikitext_split(w, from, to, cut, ends, max): where the parts between '|' outside nested brackets end; how many, at most ${max}. */
size_t wikitext_split(const struct wikitext *w, size_t from, size_t to, size_t *ends, size_t max);
/** wikitext_table(table, out): the text of a table whose cells are text already. */
void wikitext_table(struct slice table, struct buf *out);
/** wikitext_lines(in, out): lines' markup undone, HTML elements and character references too; empty sections left out. */
void wikitext_lines(struct slice in, struct buf *out);

#endif
