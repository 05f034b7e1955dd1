#ifndef VILLERS_DEDUP_HOST_BLOCKS_H
#define VILLERS_DEDUP_HOST_BLOCKS_H
/*
 * Lines that many documents have in common: those on most pages of a host are its template, those in so many documents of a source its
 * formulas.  The second pass after extraction, which sees one page at a time.  All documents are fed first, as hashes of their lines, then
 * each is stripped.  What is dropped depends on the set of documents and not on their order or batches; a document fed twice counts once.
 * In these texts a paragraph is a line.
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

#define HOST_BLOCKS_REPEATED_MAX 65535

struct host_blocks_page {
    uint64_t host, source, doc; /* hashes of their names */
    bool by_host;               /* lines that recur on the host go */
    unsigned repeated;          /* those that this many documents of the source hold go, up to HOST_BLOCKS_REPEATED_MAX; 0: none */
};

struct host_blocks_lines { /* zeroed: empty; free() of v ends it */
    uint64_t *v;
    size_t n, room;
};
/** host_blocks_read(text, lines, err): replace ${lines} by the hashes of the lines that count: without the blanks at their ends, not short.
 *  RETRY without memory. */
enum status host_blocks_read(struct slice text, struct host_blocks_lines *lines, struct buf *err) MUST_CHECK;

/** host_blocks_add(h, page, lines, n, err): count the lines of ${page}.  Thread-safe.  RETRY without memory or disk. */
enum status host_blocks_add(struct host_blocks *h, const struct host_blocks_page *page, const uint64_t *lines, size_t n,
                            struct buf *err) MUST_CHECK;

/** host_blocks_count(h, err): once all are added: which lines go.  Memory: those, and one part in 256 of all. */
enum status host_blocks_count(struct host_blocks *h, struct buf *err) MUST_CHECK;

/**
 * host_blocks_strip(h, page, text, out):
 * Append ${text} to ${out} without the lines that go from ${page}; returns the bytes left out.  A document that would lose more than half of
 * itself is appended whole.  After host_blocks_count(); thread-safe, pure.  O(text).
 */
size_t host_blocks_strip(const struct host_blocks *h, const struct host_blocks_page *page, struct slice text, struct buf *out);

/** host_blocks_print(h, page, lines, n): a number that is another when host_blocks_strip() looks at other lines of ${page}; 0: none goes.  Those
 *  of many pages may be added up. */
uint64_t host_blocks_print(const struct host_blocks *h, const struct host_blocks_page *page, const uint64_t *lines, size_t n);

#endif
