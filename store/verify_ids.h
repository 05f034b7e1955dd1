#ifndef VILLERS_STORE_VERIFY_IDS_H
#define VILLERS_STORE_VERIFY_IDS_H
/*
 * Is every id of a release there once?  Ids are gathered as 128 bits with their place, 32 bytes each; past VERIFY_IDS_MEMORY they go to
 * temporary files by their first bits, and each of those is sorted alone: memory does not grow with the release.
 */
#include "base/buf.h"
#include "base/hash.h"

#define VERIFY_IDS_MEMORY (64 * MIB)

struct verify_id {
    struct hash128 id; /* XXH3-128 of the text of the id */
    uint64_t line;     /* from 1 */
    uint64_t file;     /* index of the shard, filled by verify_ids_add() */
};

struct verify_ids;
struct verify_ids *verify_ids_new(size_t memory); /* 0: VERIFY_IDS_MEMORY; NULL without memory */
void verify_ids_free(struct verify_ids *v);
/** verify_ids_add(v, file, ids, n, err): the ids of one shard.  RETRY on a full disk.  Not thread-safe. */
enum status verify_ids_add(struct verify_ids *v, uint64_t file, const struct verify_id *ids, size_t n, struct buf *err) MUST_CHECK;
/** verify_ids_end(v, fn, ctx, err): ${fn} for each id that is there again: where it is, and where it was first (by file, then line). */
enum status verify_ids_end(struct verify_ids *v,
                           void (*fn)(void *ctx, const struct verify_id *again, const struct verify_id *first), void *ctx,
                           struct buf *err) MUST_CHECK;

#endif
