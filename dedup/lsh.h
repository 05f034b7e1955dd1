#ifndef VILLERS_DEDUP_LSH_H
#define VILLERS_DEDUP_LSH_H
/*
 * Locality-sensitive hashing by bands (Indyk, Motwani 1998): documents with a band key in common are candidates.
 */
#include "dedup/lsh_runs.h"

#define LSH_ALL_PAIRS 8 /* a bucket up to this size gives every pair; a larger one a star and a chain, twice its size */

/** lsh_record_of(key, exact, seq): the record of entry ${seq} under ${key}; those of one bucket sort by their text's hash. */
static inline struct lsh_record lsh_record_of(uint64_t key, uint64_t exact, uint32_t seq) {
    struct lsh_record r = {LSH_SHORT(key), (exact >> 32) << 32 | seq};
    return r;
}
static inline uint32_t lsh_seq(const struct lsh_record *r) { return (uint32_t)r->value; }

/** lsh_bucket_end(records, n, at): the end of the bucket that begins at ${at}, in sorted records. */
size_t lsh_bucket_end(const struct lsh_record *records, size_t n, size_t at);

struct lsh_sink { /* records, handed on in batches to runs that many threads share */
    struct lsh_runs *runs;
    size_t n;
    struct lsh_record batch[1024];
};
enum status lsh_sink_flush(struct lsh_sink *sink, struct buf *err) MUST_CHECK;
static inline enum status lsh_sink_put(struct lsh_sink *sink, uint64_t key, uint64_t value, struct buf *err) {
    sink->batch[sink->n++] = (struct lsh_record){key, value};
    return sink->n < sizeof sink->batch / sizeof *sink->batch ? ST_OK : lsh_sink_flush(sink, err);
}
/**
 * lsh_pairs(bucket, n, n_new, sink, err):
 * The candidate pairs of one bucket, as records of key smaller seq << 32 | larger.  Entries from ${n_new} on are known from before:
 * two of them are no pair.  Entries of one text count once: ${bucket} is left with the first of each.
 */
enum status lsh_pairs(struct lsh_record *bucket, size_t n, uint32_t n_new, struct lsh_sink *sink, struct buf *err) MUST_CHECK;

#endif
