#ifndef VILLERS_STORE_RELEASE_READER_H
#define VILLERS_STORE_RELEASE_READER_H
/*
 * Refined records by place: the text that a release joins to the manifest's rows.  A few files stay open, least recently used closed
 * first.  One reader a thread.
 */
#include "store/doc.h"

struct release_reader;

/** release_reader_new(folder): over the refined segments of ${folder}; NULL without memory. */
struct release_reader *release_reader_new(const char *folder);
void release_reader_free(struct release_reader *r);
/**
 * release_reader_get(r, segment, offset, id, doc, err):
 * The record of ${id} in the frame at ${offset} of the file ${segment}.  ${doc} lives until the next call.  FATAL when it is not there:
 * the manifest and refined/ disagree.
 */
enum status release_reader_get(struct release_reader *r, const char *segment, uint64_t offset, const char *id, struct doc *doc,
                               struct buf *err) MUST_CHECK;

#endif
