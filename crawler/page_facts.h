#ifndef VILLERS_CRAWLER_PAGE_FACTS_H
#define VILLERS_CRAWLER_PAGE_FACTS_H
/*
 * What a page's head states, gathered once for the readers of metadata.  Private to crawler/page*.c.
 */
#include "crawler/page_ld.h"

enum meta_field {
    META_TITLE,
    META_AUTHOR,
    META_SITE,
    META_PUBLISHED,
    META_MODIFIED,
    META_LANGUAGE,
    META_ADDRESS,
    META_IMAGE,
    META_TYPE,      /* og:type */
    META_GENERATOR, /* the program that made the page */
    META_CITATION,  /* a tag that only scholarly publishers write */
    META_FIELDS
};

struct page_facts {
    struct slice meta[META_FIELDS]; /* the best ranked <meta> of each field, as written; "" when absent */
    struct page_ld ld;
    struct slice html_title; /* <title>, tidied */
};

/** page_read_metadata(j, f): fill ${f}, then title, author, date, site and declared language of the page.  O(nodes). */
void page_read_metadata(struct page_job *j, struct page_facts *f);
/** page_read_date(j, f): the publication date: statements of the head, then marked elements, then the address, then the text.  O(nodes + text). */
void page_read_date(struct page_job *j, const struct page_facts *f);
/** page_read_licence(j, f): the page's licence and where it stands.  O(nodes + text). */
void page_read_licence(struct page_job *j, const struct page_facts *f);

/** page_read_type(j, f): what the page says it is (page_type.c).  O(nodes). */
void page_read_type(struct page_job *j, const struct page_facts *f);

#endif
