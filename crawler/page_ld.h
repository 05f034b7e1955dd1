#ifndef VILLERS_CRAWLER_PAGE_LD_H
#define VILLERS_CRAWLER_PAGE_LD_H
/*
 * What schema.org statements in JSON-LD scripts say of the page itself (not of its pictures or its site).  Private to crawler/page*.c.
 */
#include "crawler/page_read.h"

#define PAGE_LD_LICENCES 4
#define PAGE_LD_TYPES 4

struct page_ld {
    struct slice headline, author, published, modified, publisher, language; /* kept as long as the page; "" when absent */
    struct slice licences[PAGE_LD_LICENCES];
    size_t n_licences;
    struct slice types[PAGE_LD_TYPES]; /* what the statements are of, where page_type_counts() */
    size_t n_types;
    bool forum;   /* one that is a post of a forum */
    bool article; /* an Article, a BlogPosting… was there, not only a WebPage */
};

/** page_ld_read(j, ld): read every JSON-LD script of the page into ${ld}.  Bad JSON is put right where it is only untidy, else skipped.  O(scripts). */
void page_ld_read(struct page_job *j, struct page_ld *ld);
/** page_type_counts(name): a schema.org type that tells what kind of document a page is (page_type.c). */
bool page_type_counts(struct slice name);

#endif
