#ifndef VILLERS_STORE_SEGMENT_H
#define VILLERS_STORE_SEGMENT_H
/*
 * An append-only file of independently compressed records: the ground of warc/ and raw/.
 *
 * While it grows it is named NAME.open; segment_seal() fsyncs it and renames it to NAME.  A record is one zstd frame or one
 * gzip member, so that any record can be read by its offset and a torn tail can be cut.  The writer tells the offset after
 * each append; whoever keeps those offsets in a database commits them after the append and, after a crash, calls
 * segment_recover() with the last committed one: what lies past it never happened.
 */
#include "base/buf.h"

enum segment_codec { SEGMENT_ZSTD, SEGMENT_GZIP };

struct segment;

/** segment_create(path, codec, level, out, err): begin ${path}.open; an existing ${path} or ${path}.open is an error. */
enum status segment_create(const char *path, enum segment_codec codec, int level, struct segment **out, struct buf *err) MUST_CHECK;
/**
 * segment_recover(path, committed, err):
 * Cut ${path}.open to ${committed} bytes and seal it; removed when 0.  OK when there is none (sealed already, or never begun).
 * SKIP, the file left as it is, when it is shorter than that: the machine lost writes that were not segment_sync()ed.
 */
enum status segment_recover(const char *path, uint64_t committed, struct buf *err) MUST_CHECK;
/**
 * segment_append(s, bytes, end, err):
 * Compress ${bytes} as one record and write it whole.  *${end} is the file's length after it.  RETRY (disk full): the file is
 * cut back to the record before.  Not thread-safe.
 */
enum status segment_append(struct segment *s, struct slice bytes, uint64_t *end, struct buf *err) MUST_CHECK;
/** segment_append_packed(s, packed, end, err): as segment_append() for a record already compressed (segment_pack), e.g. by a worker. */
enum status segment_append_packed(struct segment *s, struct slice packed, uint64_t *end, struct buf *err) MUST_CHECK;
/** segment_sync(s, err): fdatasync: what was appended outlives the machine, not only the process. */
enum status segment_sync(struct segment *s, struct buf *err) MUST_CHECK;
/** segment_pack(codec, level, bytes, out, err): append ${bytes} to ${out} as one frame or member.  Thread-safe; makes a packer each time. */
enum status segment_pack(enum segment_codec codec, int level, struct slice bytes, struct buf *out, struct buf *err) MUST_CHECK;

/* A compressor that keeps its tables between records: one a worker. */
struct segment_packer;
/** segment_packer_new(codec, level): NULL without memory.  ${level} 0: 3 for zstd, 6 for gzip. */
struct segment_packer *segment_packer_new(enum segment_codec codec, int level);
void segment_packer_free(struct segment_packer *p);
/** segment_packer_pack(p, bytes, out, err): append ${bytes} to ${out} as one frame (with its size and checksum) or member (no time, no
 *  name), so that equal bytes give equal records.  FATAL without memory or past ${out}'s cap; ${out} is then unchanged.  Not thread-safe. */
enum status segment_packer_pack(struct segment_packer *p, struct slice bytes, struct buf *out, struct buf *err) MUST_CHECK;
uint64_t segment_length(const struct segment *s);
/** segment_seal(s, err): fsync, rename to the final name, fsync the folder; frees ${s} whatever the result. */
enum status segment_seal(struct segment *s, struct buf *err) MUST_CHECK;
/** segment_close(s): close without sealing (a crash on purpose); frees ${s}. */
void segment_close(struct segment *s);

#endif
