#ifndef VILLERS_STORE_UNPACK_H
#define VILLERS_STORE_UNPACK_H
/*
 * The bytes of a file, decompressed as they are read: zstd (RFC 8878; any number of frames, the IIPC's dictionary frame for
 * WARC), gzip (RFC 1952; any number of members) or plain, recognised by the first bytes.  Where each frame began stays known,
 * so that a record found once can be found again, and a damaged frame can be left behind.
 */
#include "base/buf.h"

enum unpack_codec { UNPACK_PLAIN, UNPACK_ZSTD, UNPACK_GZIP };

struct unpack;
/** unpack_open(path, out, err): "-" is stdin.  FATAL with the path in ${err} when it cannot be opened or read. */
enum status unpack_open(const char *path, struct unpack **out, struct buf *err) MUST_CHECK;
void unpack_free(struct unpack *u);
enum unpack_codec unpack_codec(const struct unpack *u);
/**
 * unpack_read(u, out, max, err):
 * Append up to ${max} bytes to ${out}, at least one, never from two frames.  RETRY at the clean end.  SKIP when the frame is damaged or
 * the file ends inside it (unpack_cut() tells): only unpack_resync() or a seek goes on from there.  FATAL when the disk fails or
 * memory is short.  A window over 2^LIMIT_ZSTD_WINDOW_LOG counts as damage.
 */
enum status unpack_read(struct unpack *u, struct buf *out, size_t max, struct buf *err) MUST_CHECK;
/** unpack_resync(u, err): go to the next place after the current frame's beginning that looks like a frame.  RETRY when there is none. */
enum status unpack_resync(struct unpack *u, struct buf *err) MUST_CHECK;
/** unpack_seek(u, offset, err): read on from the frame that begins at ${offset} of the stored file.  SKIP on a pipe. */
enum status unpack_seek(struct unpack *u, uint64_t offset, struct buf *err) MUST_CHECK;
/** unpack_frame(u): where the frame of the last byte read begins, in the stored file; 0 for a plain file. */
uint64_t unpack_frame(const struct unpack *u);
/** unpack_inside(u): the frame of the last byte read has more to give, or its checksum is still to be seen. */
bool unpack_inside(const struct unpack *u);
/** unpack_cut(u): the file ended inside a frame. */
bool unpack_cut(const struct unpack *u);
/** unpack_bytes_read(u), unpack_bytes_total(u): of the stored file; total 0 when unknown. */
uint64_t unpack_bytes_read(const struct unpack *u);
uint64_t unpack_bytes_total(const struct unpack *u);

#endif
