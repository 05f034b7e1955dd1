#ifndef VILLERS_DEDUP_HOST_BLOCKS_H
#define VILLERS_DEDUP_HOST_BLOCKS_H
/*
 * Lines that recur on most pages of a host are its template, not any page's text: the second pass after extraction, which sees one page
 * at a time.  All documents are fed first, then each is stripped.  What is dropped depends on the set of documents and not on
 * their order or batches; a document fed twice counts once.
 */
#include "base/buf.h"

struct host_blocks_options {
    unsigned min_pages;   /* a host of fewer documents keeps all its lines; 0: 20 */
    unsigned min_percent; /* of the host's documents that must hold a line; 0: 50 */
    size_t memory_bytes;  /* records past that go to a nameless file; 0: 64 MiB */
    const char *work_dir; /* where; NULL: the folder of temporary files */
};

struct host_blocks;
enum status host_blocks_new(const struct host_blocks_options *o, struct host_blocks **out, struct buf *err) MUST_CHECK;
void host_blocks_free(struct host_blocks *h);

/** host_blocks_add(h, host, id, text, err): count the lines of the document ${id}.  Thread-safe.  RETRY without memory or disk.  O(text). */
enum status host_blocks_add(struct host_blocks *h, struct slice host, struct slice id, struct slice text,
                            struct buf *err) MUST_CHECK;

/** host_blocks_count(h, err): once all are added: which lines recur.  Memory: the recurring lines, and one part in 256 of all. */
enum status host_blocks_count(struct host_blocks *h, struct buf *err) MUST_CHECK;

/**
 * host_blocks_strip(h, host, text, out):
 * Append ${text} to ${out} without the lines that recur on ${host}; returns the bytes left out.  A document that would lose more than
 * half of itself is appended whole.  After host_blocks_count(); thread-safe, pure.  O(text).
 */
size_t host_blocks_strip(const struct host_blocks *h, struct slice host, struct slice text, struct buf *out);

/** host_blocks_fingerprint(h): of all that is dropped: equal when host_blocks_strip() would do the same.  0: nothing recurs. */
uint64_t host_blocks_fingerprint(const struct host_blocks *h);

#endif
