#ifndef VILLERS_DEDUP_INDEX_FILE_H
#define VILLERS_DEDUP_INDEX_FILE_H
/*
 * A file of which every byte read has been checked: data in blocks of 16 KiB, each with its XXH3-64 in a table at the end, and a
 * trailer that checks the table.  Written once, whole or not there; a truncated or altered file is named when it is met.
 */
#include "base/buf.h"

struct index_out;
/** index_out_create(path, out, err): begin ${path}, under a temporary name until it is finished. */
enum status index_out_create(const char *path, struct index_out **out, struct buf *err) MUST_CHECK;
enum status index_out_write(struct index_out *o, const void *bytes, size_t n, struct buf *err) MUST_CHECK;
/** index_out_offset(o): where the next byte will stand. */
uint64_t index_out_offset(const struct index_out *o);
/** index_out_finish(o, head, err): append the table and the trailer, which holds ${head} (at most INDEX_HEAD_MAX bytes) for the
 *  reader; fsync, rename.  Frees ${o} whatever the result. */
enum status index_out_finish(struct index_out *o, struct slice head, struct buf *err) MUST_CHECK;
void index_out_abort(struct index_out *o);

#define INDEX_HEAD_MAX 8192

struct index_in;
enum status index_in_open(const char *path, struct index_in **in, struct buf *err) MUST_CHECK;
void index_in_free(struct index_in *in);
/** index_in_head(in): what index_out_finish() was given. */
struct slice index_in_head(const struct index_in *in);
/** index_in_read(in, offset, bytes, n, err): FATAL, naming the file, when a block does not match its checksum or the range is not
 *  in the file.  A block is checked when it is first read.  Thread-safe. */
enum status index_in_read(const struct index_in *in, uint64_t offset, void *bytes, size_t n, struct buf *err) MUST_CHECK;
uint64_t index_in_size(const struct index_in *in);

#endif
