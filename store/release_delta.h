#ifndef VILLERS_STORE_RELEASE_DELTA_H
#define VILLERS_STORE_RELEASE_DELTA_H
/*
 * How a shard of the version before becomes the shard of the same number in this one, so that whoever has the first fetches a few
 * documents instead of 40 MB.
 *
 * deltas/part-NNNNN-<12 hex of the old shard>-<12 hex of the new>.zst, compressed text:
 *     villers-delta 1 OLD-SHA256 NEW-SHA256 ZSTD-LEVEL
 *     =N         copy N lines of the old shard
 *     -N         pass over N lines of the old shard
 *     +N         the next N lines are the new shard's
 * It never holds a removed document.  The new shard is compressed again from its lines; another libzstd may give other bytes, so the
 * result counts only when its SHA-256 is NEW-SHA256, and else the shard itself is fetched.
 */
#include "base/buf.h"

#define RELEASE_DELTA_DIR "deltas"
#define RELEASE_DELTA_MAX (64 * MIB) /* of text: past it a delta is not worth its time */

/** release_delta_make(old_path, old_sha256, new_path, new_sha256, level, out, err): append the compressed delta to ${out}.  SKIP when the
 *  shards have too little in common.  Memory: 32 bytes a line of the old shard, and the delta.  */
enum status release_delta_make(const char *old_path, const char *old_sha256, const char *new_path, const char *new_sha256,
                               int level, struct buf *out, struct buf *err) MUST_CHECK;
/**
 * release_delta_apply(old_path, old_sha256, delta_path, dir, new_path, err):
 * Make the new shard at ${new_path}, a path in ${dir}.  SKIP, with nothing left behind, when the delta is not of that old shard or does
 * not give the bytes it promises.
 */
enum status release_delta_apply(const char *old_path, const char *old_sha256, const char *delta_path, const char *dir,
                                const char *new_path, struct buf *err) MUST_CHECK;
/** release_delta_name(out, number, old_sha256, new_sha256): replace ${out} by the delta's path in its release. */
void release_delta_name(struct buf *out, unsigned long long number, const char *old_sha256, const char *new_sha256);

#endif
