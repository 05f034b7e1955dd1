#include "dedup/dedup_tmp.h"
#include "base/file.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum status dedup_tmp_open(const char *dir, int *fd, struct buf *err) {
    if (!dir) dir = getenv("TMPDIR");
    if (!dir) dir = "/tmp";
    struct buf path;
    buf_init(&path, 0);
    path_join(&path, dir, FILE_TMP_PREFIX "dedup-XXXXXX");
    if (!buf_ok(&path)) return fail(err, ST_FATAL, "out of memory");
    *fd = mkstemp(path.data);
    enum status st = *fd < 0 ? fail_errno(err, "make a temporary file in", dir) : ST_OK;
    if (st == ST_OK) unlink(path.data);
    buf_free(&path);
    return st;
}

enum status dedup_tmp_write(int fd, uint64_t offset, const void *bytes, size_t n, struct buf *err) {
    const char *p = bytes;
    while (n) {
        ssize_t k = pwrite(fd, p, n, (off_t)offset);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) return fail_errno(err, "write", "a temporary file");
        p += k;
        offset += (uint64_t)k;
        n -= (size_t)k;
    }
    return ST_OK;
}

enum status dedup_tmp_read(int fd, uint64_t offset, void *bytes, size_t n, struct buf *err) {
    char *p = bytes;
    while (n) {
        ssize_t k = pread(fd, p, n, (off_t)offset);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) return fail_errno(err, "read", "a temporary file");
        if (k == 0) return fail(err, ST_FATAL, "a temporary file ends too soon");
        p += k;
        offset += (uint64_t)k;
        n -= (size_t)k;
    }
    return ST_OK;
}
