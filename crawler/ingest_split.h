#ifndef VILLERS_CRAWLER_INGEST_SPLIT_H
#define VILLERS_CRAWLER_INGEST_SPLIT_H
/*
 * The bytes of a member to units: the whole, lines, or pages of a Wikimedia dump.
 */
#include "crawler/ingest_format.h"
#include "crawler/ingest_input.h"

struct ingest_splitter {
    enum ingest_split how;
    struct buf b;       /* bytes read and not yet given out, from `at` */
    size_t at, scanned; /* nothing that ends a unit stands in [at, scanned) */
    uint64_t offset;    /* of b[at] in the member */
    struct buf head;    /* INGEST_PAGES: before the first page */
    bool begun, over, dropping;
};
void ingest_split_init(struct ingest_splitter *s);
void ingest_split_free(struct ingest_splitter *s);
/** ingest_split_begin(s, how): a new member. */
void ingest_split_begin(struct ingest_splitter *s, enum ingest_split how);
/**
 * ingest_split_next(s, in, unit, err):
 * Fill unit->bytes, offset, head, refused.  RETRY at the member's end.  FATAL as ingest_input_block(); what was whole before the damage
 * has been given out, a rest that is not is dropped.
 */
enum status ingest_split_next(struct ingest_splitter *s, struct ingest_input *in, struct ingest_unit *unit,
                              struct buf *err) MUST_CHECK;

#endif
