#ifndef VILLERS_STORE_ZST_FILE_H
#define VILLERS_STORE_ZST_FILE_H
/*
 * A file of one zstd frame with content checksum, or a plain one, whole or not there.
 */
#include "base/buf.h"

struct zst_file;
struct zst_file_options {
    int level;     /* -7 (fast) to 19; 0: not compressed */
    unsigned jobs; /* threads of its own; 0: the caller's.  With jobs other bytes come out than without, the same for any number */
};
/** zst_file_create(path, opt, out, err): ${path} appears at zst_file_finish(). */
enum status zst_file_create(const char *path, const struct zst_file_options *opt, struct zst_file **out,
                            struct buf *err) MUST_CHECK;
/** zst_file_write(f, bytes, err): RETRY on a full disk. */
enum status zst_file_write(struct zst_file *f, struct slice bytes, struct buf *err) MUST_CHECK;
/** zst_file_finish(f, err): end the frame, fsync, rename; frees ${f} whatever the result, leaving no file unless OK. */
enum status zst_file_finish(struct zst_file *f, struct buf *err) MUST_CHECK;
/** zst_file_abort(f): drop it.  NULL is harmless. */
void zst_file_abort(struct zst_file *f);

#endif
