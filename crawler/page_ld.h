#ifndef VILLERS_CRAWLER_PAGE_LD_H
#define VILLERS_CRAWLER_PAGE_LD_H
/*
 * What schema.org statements in JSON-LD scripts say of the page itself (not of its pictures or its site).  Private to crawler/page*.c.
 */
#include "crawler/page_read.h"

#define PAGE_LD_LICENCES 4

struct page_ld {
    struct slice headline, author, published, modified, publisher, language; /* kept as long as the page; "" when absent */
    struct slice licences[PAGE_LD_LICENCES];
    size_t n_licences;
    bool article; /* an Article, a BlogPosting… was there, not only a WebPage */
};

/** page_ld_read(j, ld): read every JSON-LD script of the page into ${ld}.  Bad JSON is put right where it is only untidy, else skipped.  O(scripts). */
void page_ld_read(struct page_job *j, struct page_ld *ld);

#endif
