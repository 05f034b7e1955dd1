/*
 * A segment's life:
 *
 *   segment_create()          -> NAME.open, empty
 *   segment_append*()         -> NAME.open, whole records only: a write that fails is cut off again
 *   segment_seal()            -> fsync, NAME
 *   crash, segment_recover()  -> NAME, cut to what a database committed; or nothing, when that is 0
 *
 * The file is a plain concatenation of zstd frames or gzip members, so `zstd -d` and `gzip -d` read it whole.
 */
#include "store/segment.h"
#include "base/file.h"
#include "base/limits.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct segment {
    struct segment_packer *packer;
    char *path; /* final name */
    char *open; /* name while it grows */
    int fd;
    uint64_t len;      /* whole records */
    struct buf packed; /* the record being written */
    bool torn;         /* bytes past len that could not be cut off */
};

static char *open_name(const char *path) {
    struct buf b = {0};
    buf_printf(&b, "%s.open", path);
    if (buf_ok(&b)) return b.data;
    buf_free(&b);
    return NULL;
}

static enum status folder_sync(const char *path, struct buf *err) {
    const char *slash = strrchr(path, '/');
    if (!slash) return dir_sync(".", err);
    struct buf dir = {0};
    buf_append(&dir, path, slash == path ? 1 : (size_t)(slash - path));
    enum status st = buf_ok(&dir) ? dir_sync(buf_cstr(&dir), err) : fail(err, ST_FATAL, "no memory");
    buf_free(&dir);
    return st;
}

static void segment_free(struct segment *s) {
    segment_packer_free(s->packer);
    buf_free(&s->packed);
    if (s->fd >= 0) close(s->fd);
    free(s->path);
    free(s->open);
    free(s);
}

enum status segment_create(const char *path, enum segment_codec codec, int level, struct segment **out, struct buf *err) {
    struct segment *s = calloc(1, sizeof *s);
    if (!s) return fail(err, ST_FATAL, "no memory for a segment");
    s->fd = -1;
    buf_init(&s->packed, LIMIT_WARC_RECORD + LIMIT_WARC_RECORD / 16);
    s->path = strdup(path);
    s->open = open_name(path);
    s->packer = segment_packer_new(codec, level);
    enum status st = ST_OK;
    if (!s->path || !s->open || !s->packer) {
        st = fail(err, ST_FATAL, "no memory for a segment");
    } else if (file_exists(path)) {
        st = fail(err, ST_FATAL, "%s is there already", path);
    } else {
        s->fd = open(s->open, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (s->fd < 0) st = fail_errno(err, "create", s->open);
    }
    if (st == ST_OK) st = folder_sync(path, err);
    if (st != ST_OK) {
        segment_free(s);
        return st;
    }
    *out = s;
    return ST_OK;
}

/* After a failed write the tail may hold part of a record: cut it, or remember to before the next write. */
static bool cut_tail(struct segment *s) {
    s->torn = ftruncate(s->fd, (off_t)s->len) != 0;
    return !s->torn;
}

enum status segment_append_packed(struct segment *s, struct slice packed, uint64_t *end, struct buf *err) {
    if (s->torn && !cut_tail(s)) return fail_errno(err, "cut the torn end of", s->open);
    for (size_t done = 0; done < packed.len;) {
        ssize_t n = pwrite(s->fd, packed.ptr + done, packed.len - done, (off_t)(s->len + done));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            if (n == 0) errno = ENOSPC;
            enum status st = fail_errno(err, "write", s->open);
            cut_tail(s);
            return st;
        }
        done += (size_t)n;
    }
    s->len += packed.len;
    if (end) *end = s->len;
    return ST_OK;
}

enum status segment_append(struct segment *s, struct slice bytes, uint64_t *end, struct buf *err) {
    buf_clear(&s->packed);
    enum status st = segment_packer_pack(s->packer, bytes, &s->packed, err);
    return st == ST_OK ? segment_append_packed(s, buf_view(&s->packed), end, err) : st;
}

uint64_t segment_length(const struct segment *s) { return s->len; }

enum status segment_sync(struct segment *s, struct buf *err) {
    return fdatasync(s->fd) == 0 ? ST_OK : fail_errno(err, "fsync", s->open);
}

/* fsync ${fd}, then give the file its final name. */
static enum status finish(int fd, const char *open, const char *path, struct buf *err) {
    if (fsync(fd) != 0) return fail_errno(err, "fsync", open);
    if (rename(open, path) != 0) return fail_errno(err, "rename", open);
    return folder_sync(path, err);
}

enum status segment_seal(struct segment *s, struct buf *err) {
    enum status st = ST_OK;
    if (s->torn && !cut_tail(s)) st = fail_errno(err, "cut the torn end of", s->open);
    if (st == ST_OK) st = finish(s->fd, s->open, s->path, err);
    segment_free(s);
    return st;
}

void segment_close(struct segment *s) {
    if (s) segment_free(s);
}

static enum status recover_open(const char *open_path, const char *path, uint64_t committed, struct buf *err) {
    int fd = open(open_path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? ST_OK : fail_errno(err, "open", open_path);
    struct stat info;
    enum status st = ST_OK;
    if (fstat(fd, &info) != 0) {
        st = fail_errno(err, "stat", open_path);
    } else if ((uint64_t)info.st_size < committed) {
        st = fail(err, ST_SKIP, "%s holds %lld bytes of the %llu that were committed: the machine lost writes", open_path,
                  (long long)info.st_size, (unsigned long long)committed);
    } else if (committed == 0) {
        if (unlink(open_path) != 0) st = fail_errno(err, "remove", open_path);
        if (st == ST_OK) st = folder_sync(path, err);
    } else if ((uint64_t)info.st_size > committed && ftruncate(fd, (off_t)committed) != 0) {
        st = fail_errno(err, "cut", open_path);
    } else {
        st = finish(fd, open_path, path, err);
    }
    close(fd);
    return st;
}

enum status segment_recover(const char *path, uint64_t committed, struct buf *err) {
    char *open_path = open_name(path);
    if (!open_path) return fail(err, ST_FATAL, "no memory");
    enum status st = recover_open(open_path, path, committed, err);
    free(open_path);
    return st;
}
