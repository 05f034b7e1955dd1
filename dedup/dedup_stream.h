#ifndef VILLERS_DEDUP_DEDUP_STREAM_H
#define VILLERS_DEDUP_DEDUP_STREAM_H
/*
 * A run of bytes that only grows, in blocks: in memory up to a budget, past that in a nameless file.
 */
#include "base/buf.h"

#define DEDUP_STREAM_BLOCK ((size_t)256 * 1024) /* the longest piece */

struct dedup_stream;
enum status dedup_stream_new(size_t memory_bytes, const char *work_dir, struct dedup_stream **out, struct buf *err) MUST_CHECK;
void dedup_stream_free(struct dedup_stream *s);
/** dedup_stream_room(s, len, at, offset, err): room for a piece of ${len} bytes, which the caller fills before the next call; it
 *  lies in one block.  Pieces of a size that divides a block stand on end without a gap.  RETRY on a full disk. */
enum status dedup_stream_room(struct dedup_stream *s, size_t len, char **at, uint64_t *offset, struct buf *err) MUST_CHECK;
/** dedup_stream_read(s, offset, len, scratch, at, err): *${at} points to up to ${len} bytes from ${offset}, fewer at a block's
 *  end; ${scratch} holds them when they are on disk.  Thread-safe once all is added. */
enum status dedup_stream_read(const struct dedup_stream *s, uint64_t offset, size_t len, void *scratch, const char **at,
                              struct buf *err) MUST_CHECK;
uint64_t dedup_stream_disk_bytes(const struct dedup_stream *s);

#endif
