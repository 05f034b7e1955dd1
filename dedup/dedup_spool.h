#ifndef VILLERS_DEDUP_DEDUP_SPOOL_H
#define VILLERS_DEDUP_DEDUP_SPOOL_H
/*
 * What the deduplicator keeps of each document, numbered in order of arrival: in memory up to a budget, then in nameless files.
 */
#include "dedup/dedup.h"

struct dedup_entry {
    uint64_t doc, exact;
    struct slice rank;
    const uint32_t *sketch;
    uint32_t n_sketch;
    bool has_sketch; /* false: an earlier entry has the same exact hash and the sketch */
};
#define DEDUP_ENTRY_HEAD 24 /* bytes */
struct dedup_scratch {      /* where an entry is read to that is no longer in memory */
    uint64_t bytes[(DEDUP_ENTRY_HEAD + 4 * SIGNATURE_SKETCH + DEDUP_RANK_MAX) / 8 + 1];
};

struct dedup_spool;
enum status dedup_spool_new(size_t memory_bytes, const char *work_dir, struct dedup_spool **out, struct buf *err) MUST_CHECK;
void dedup_spool_free(struct dedup_spool *s);
/** dedup_spool_add(s, e, err): the next entry, copied.  Not thread-safe. */
enum status dedup_spool_add(struct dedup_spool *s, const struct dedup_entry *e, struct buf *err) MUST_CHECK;
/** dedup_spool_get(s, i, scratch, e, err): entry ${i}, whose rank and sketch live until ${scratch} is used again.  Thread-safe once
 *  all are added. */
enum status dedup_spool_get(const struct dedup_spool *s, uint32_t i, struct dedup_scratch *scratch, struct dedup_entry *e,
                            struct buf *err) MUST_CHECK;
uint32_t dedup_spool_count(const struct dedup_spool *s);
uint64_t dedup_spool_disk_bytes(const struct dedup_spool *s);

#endif
