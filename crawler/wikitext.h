#ifndef VILLERS_CRAWLER_WIKITEXT_H
#define VILLERS_CRAWLER_WIKITEXT_H
/*
 * The text of a wiki page as a reader sees it, from MediaWiki's markup (mediawiki.org/wiki/Help:Formatting, and the French
 * Wikipedia's templates that stand for words: dates, centuries, units, languages, abbreviations).  Links give their words, lists and headings
 * a line each, tables a line a row; references, files, categories, galleries, formulae, boxes and all other templates are left out,
 * and headings under which nothing is left with them.
 */
#include "base/buf.h"

struct wikitext; /* buffers, one a worker */
struct wikitext *wikitext_new(void);
void wikitext_free(struct wikitext *w);
/**
 * wikitext_text(w, source, out):
 * Append the text of ${source} (UTF-8, any bytes) to ${out}, a line each paragraph, item, row and heading.  False, ${out} as far as it
 * came, when ${source} passes WIKITEXT_MAX or memory is short.  O(length), nesting not deeper than LIMIT_INGEST_DEPTH.
 */
bool wikitext_text(struct wikitext *w, struct slice source, struct buf *out) MUST_CHECK;
#define WIKITEXT_MAX ((size_t)4 << 20)
/** wikitext_is_redirect(source): begins with #REDIRECTION or #REDIRECT. */
bool wikitext_is_redirect(struct slice source);

#endif
