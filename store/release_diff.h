#ifndef VILLERS_STORE_RELEASE_DIFF_H
#define VILLERS_STORE_RELEASE_DIFF_H
/*
 * What changed between two versions, by document id.  A document never changes shard, so shards are compared by number, two at a time:
 * memory is that of one shard's ids (24 bytes a document), and shards with the same SHA-256 are not read.
 */
#include "store/release_manifest.h"

enum release_change { RELEASE_ADDED, RELEASE_REMOVED, RELEASE_CHANGED };
typedef enum status (*release_change_fn)(void *ctx, enum release_change change, const char *id);

/**
 * release_diff(old_dir, old, new_dir, new, fn, ctx, err):
 * Tell each difference, by shard number, then id.  ${old_dir} and ${new_dir} are release folders.  FATAL for a shard that cannot be read.
 */
enum status release_diff(const char *old_dir, const struct release_manifest *old_m, const char *new_dir,
                         const struct release_manifest *new_m, release_change_fn fn, void *ctx, struct buf *err) MUST_CHECK;
/** release_diff_load(dir, m, err): read manifest.json of a release folder into a zeroed ${m}; SKIP when there is none. */
enum status release_diff_load(const char *dir, struct release_manifest *m, struct buf *err) MUST_CHECK;

#endif
