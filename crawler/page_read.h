#ifndef VILLERS_CRAWLER_PAGE_READ_H
#define VILLERS_CRAWLER_PAGE_READ_H
/*
 * What the readers of one page share.  Private to crawler/page*.c and crawler/extract*.c.
 */
#include "crawler/page.h"
#include "crawler/page_tree.h"

struct json_parser;
struct extract_cues;

struct page_job {
    const struct page_tree *tree;
    const struct page_options *opt;
    struct arena *arena; /* everything that *page points to */
    struct page *page;   /* being filled */
    struct json_parser *json;
    struct extract_cues *cues;
    struct slice bytes;   /* the page as given */
    struct buf scratch;   /* free for a function to use between its own lines */
    struct slice address; /* og:url, as written, or "" */
    struct slice label;   /* the host's own name without its domain, once the metas are read; borrows from the page's addresses */
    struct slice base;    /* what links are resolved against, canonical or "" */
};

/** page_keep(j, s): a copy of ${s} that lives as long as the page, trimmed; "" when memory is short. */
struct slice page_keep(struct page_job *j, struct slice s);
/** page_resolve(j, href): the canonical URL of ${href} on this page, kept; "" when it is not one. */
struct slice page_resolve(struct page_job *j, struct slice href);
/** page_has_token(list, token): ${token} is one of the words of ${list}, parted by white space or commas, ASCII case folded. */
bool page_has_token(struct slice list, const char *token);

/** page_may_date(j, node): a cheap look at ${node}'s names: could it be a date, a byline or the like? */
bool page_may_date(const struct page_job *j, size_t node);

/** page_read_links(j): base, canonical, refresh, robots and, when wanted, links.  O(nodes). */
void page_read_links(struct page_job *j);
#endif
