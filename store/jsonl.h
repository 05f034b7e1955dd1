#ifndef VILLERS_STORE_JSONL_H
#define VILLERS_STORE_JSONL_H
/*
 * Lines of JSON in files: .jsonl, .jsonl.zst (any number of frames), .jsonl.gz, recognised by their first bytes.
 */
#include "base/buf.h"

struct jsonl_reader;
/** jsonl_open(path, out, err): "-" is stdin.  FATAL with the path in ${err} when it cannot be opened. */
enum status jsonl_open(const char *path, struct jsonl_reader **out, struct buf *err) MUST_CHECK;
/** jsonl_next(r, line, err): the next line without its newline, alive until the next call.  RETRY at the end; SKIP for a line over
 *  LIMIT_LINE; FATAL for a damaged or truncated file.  Empty lines are passed over. */
enum status jsonl_next(struct jsonl_reader *r, struct slice *line, struct buf *err) MUST_CHECK;
/** jsonl_seek_frame(r, offset, err): go on at the frame that begins at compressed ${offset}. */
enum status jsonl_seek_frame(struct jsonl_reader *r, uint64_t offset, struct buf *err) MUST_CHECK;
uint64_t jsonl_line_number(const struct jsonl_reader *r);
/** jsonl_bytes_read(r), jsonl_bytes_total(r): of the file as stored, for progress; total 0 when unknown. */
uint64_t jsonl_bytes_read(const struct jsonl_reader *r);
uint64_t jsonl_bytes_total(const struct jsonl_reader *r);
void jsonl_free(struct jsonl_reader *r);

/*
 * A shard writer: exactly one zstd frame with content checksum and size left out, no dictionary, window <= 2^27, written to a
 * temporary name; its final name holds the first 12 hex digits of the SHA-256 of its compressed bytes.
 */
struct shard_writer;
struct shard_info {
    char name[64]; /* part-00042-<12 hex>.jsonl.zst */
    char sha256[65];
    uint64_t bytes, text_bytes, documents, words;
};
enum status shard_create(const char *dir, unsigned number, int level, struct shard_writer **out, struct buf *err) MUST_CHECK;
/** shard_append(w, line, text_bytes, words, err): ${line} with its newline.  RETRY on a full disk: abort the shard. */
enum status shard_append(struct shard_writer *w, struct slice line, uint64_t text_bytes, uint64_t words, struct buf *err) MUST_CHECK;
/** shard_finish(w, info, err): end the frame, fsync, rename; frees ${w}. */
enum status shard_finish(struct shard_writer *w, struct shard_info *info, struct buf *err) MUST_CHECK;
void shard_abort(struct shard_writer *w);

#endif
