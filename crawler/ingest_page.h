#ifndef VILLERS_CRAWLER_INGEST_PAGE_H
#define VILLERS_CRAWLER_INGEST_PAGE_H
/*
 * A page out of an archive: the same reading of text, licence and reservations as a crawl's, without the host's files.
 */
#include "crawler/ingest_format.h"

struct ingest_page {
    struct slice url;      /* canonical, or "" when only the page can tell */
    struct slice upstream; /* id of last resort */
    struct slice head;     /* status line and header fields of the answer, or "" */
    struct slice type;     /* Content-Type, or "" */
    struct slice body;     /* content coding undone */
    bool html;             /* else plain text */
};
/** ingest_page(t, p): emit the document, or why it is none. */
void ingest_page(struct ingest_tools *t, const struct ingest_page *p);

#endif
