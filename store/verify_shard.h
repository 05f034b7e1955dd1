#ifndef VILLERS_STORE_VERIFY_SHARD_H
#define VILLERS_STORE_VERIFY_SHARD_H
/*
 * The check of one shard while its bytes go by, from a disk or a network: exactly one zstd frame (RFC 8878) with content checksum, no
 * dictionary and a window of at most 2^27; JSON objects, one a line, all with the same keys in the same order and of the same types.
 * One checker a thread, reused from shard to shard.
 */
#include "store/verify_ids.h"

#define VERIFY_LINES_SHOWN 20 /* bad lines told of one shard; the rest are counted */

struct verify_shard;

struct verify_counts {
    uint64_t documents, words, text_bytes;
    uint64_t bad_lines;
};

/** Told for each thing found; ${line} counts from 1, 0 when the whole shard is meant.  ${what} lives for the call. */
typedef void verify_finding_fn(void *ctx, uint64_t line, const char *what);

/** verify_shard_new(): NULL without memory. */
struct verify_shard *verify_shard_new(void);
void verify_shard_free(struct verify_shard *v);
/** verify_shard_begin(v, found, ctx): a new shard. */
void verify_shard_begin(struct verify_shard *v, verify_finding_fn *found, void *ctx);
/** verify_shard_feed(v, bytes): the next compressed bytes; after the first damage of the frame the rest is passed over. */
void verify_shard_feed(struct verify_shard *v, struct slice bytes);
/** verify_shard_end(v, counts): the file ended here. */
void verify_shard_end(struct verify_shard *v, struct verify_counts *counts);
/** verify_shard_ids(v, n): the ids of its lines, in their order; alive until the next begin. */
const struct verify_id *verify_shard_ids(const struct verify_shard *v, size_t *n);
/** verify_shard_keys(v): the first line's keys and types ("id:string,text:string,…"), alive until the next begin. */
struct slice verify_shard_keys(const struct verify_shard *v);

#endif
