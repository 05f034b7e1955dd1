#ifndef VILLERS_STORE_SHARD_H
#define VILLERS_STORE_SHARD_H
/*
 * A shard writer: exactly one zstd frame with content checksum and size left out (it is not known when the frame begins), no
 * dictionary, window <= 2^27, written to a temporary name; its final name holds the first 12 hex digits of the SHA-256 of its
 * compressed bytes.  The same lines give the same bytes whatever the machine or the number of processors.
 */
#include "base/buf.h"

struct shard_writer;
struct shard_info {
    char name[64]; /* PREFIX-00042-<12 hex>.jsonl.zst */
    char sha256[65];
    uint64_t bytes, text_bytes, documents, words;
};
/** shard_create(dir, prefix, number, level, out, err): ${prefix} begins its name (static: "part"); compression runs on threads of its own while the caller makes the next lines. */
enum status shard_create(const char *dir, const char *prefix, unsigned number, int level, struct shard_writer **out,
                         struct buf *err) MUST_CHECK;
/** shard_append(w, line, text_bytes, words, err): ${line} with its newline.  RETRY on a full disk: abort the shard. */
enum status shard_append(struct shard_writer *w, struct slice line, uint64_t text_bytes, uint64_t words,
                         struct buf *err) MUST_CHECK;
/** shard_finish(w, info, err): end the frame, fsync, rename; frees ${w} whatever the result, leaving no file unless OK. */
enum status shard_finish(struct shard_writer *w, struct shard_info *info, struct buf *err) MUST_CHECK;
/** shard_abort(w): drop the shard.  NULL is harmless. */
void shard_abort(struct shard_writer *w);

#endif
