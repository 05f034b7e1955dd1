#ifndef VILLERS_CRAWLER_GATHER_PARTS_H
#define VILLERS_CRAWLER_GATHER_PARTS_H
/*
 * What gather*.c share.
 */
#include "crawler/gather.h"

struct gather {
    const struct gather_options *opt;
    struct polite *polite;
    struct gather_report *report;
    struct buf folder;
};
/** gather_dumps(g, err), gather_oai(g, err): the two ways. */
enum status gather_dumps(struct gather *g, struct buf *err) MUST_CHECK;
enum status gather_oai(struct gather *g, struct buf *err) MUST_CHECK;
/** gather_file(g, url, name, digest, err): fetch ${url} into the folder as ${name}; ${digest} is hex or "".  SKIP: refused, told. */
enum status gather_file(struct gather *g, const char *url, const char *name, struct slice digest, struct buf *err) MUST_CHECK;

#endif
