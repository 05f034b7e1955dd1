#ifndef VILLERS_DEDUP_DEDUP_TMP_H
#define VILLERS_DEDUP_DEDUP_TMP_H
/*
 * Temporary files without a name: gone when closed, whatever happens.
 */
#include "base/buf.h"

/** dedup_tmp_open(dir, fd, err): ${dir} NULL: TMPDIR or /tmp.  The caller closes *${fd}. */
enum status dedup_tmp_open(const char *dir, int *fd, struct buf *err) MUST_CHECK;
/** dedup_tmp_write(fd, offset, bytes, n, err): all of them.  RETRY on a full disk. */
enum status dedup_tmp_write(int fd, uint64_t offset, const void *bytes, size_t n, struct buf *err) MUST_CHECK;
/** dedup_tmp_read(fd, offset, bytes, n, err): all of them; a file that ends before is FATAL. */
enum status dedup_tmp_read(int fd, uint64_t offset, void *bytes, size_t n, struct buf *err) MUST_CHECK;

#endif
