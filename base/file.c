#include "base/file.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum status file_read_fd(int fd, size_t max, struct buf *out, struct buf *err) {
    size_t start = out->len;
    for (;;) {
        if (!buf_reserve(out, 1 << 16)) return fail(err, ST_SKIP, "input is larger than %zu bytes", max);
        ssize_t n = read(fd, out->data + out->len, 1 << 16);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(err, ST_FATAL, "cannot read: %s", strerror(errno));
        if (n == 0) break;
        out->len += (size_t)n;
        out->data[out->len] = 0;
        if (out->len - start > max) return fail(err, ST_SKIP, "input is larger than %zu bytes", max);
    }
    return ST_OK;
}

enum status file_read(const char *path, size_t max, struct buf *out, struct buf *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail(err, ST_SKIP, "%s: cannot open: %s", path, strerror(errno));
    struct buf why = {.max = 256};
    enum status st = file_read_fd(fd, max, out, &why);
    if (st != ST_OK) fail(err, st, "%s: %s", path, buf_cstr(&why));
    buf_free(&why);
    close(fd);
    return st;
}

enum status fd_write_all(int fd, struct slice bytes, const char *path, struct buf *err) {
    while (bytes.len) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno(err, "write", path);
        bytes = slice_sub(bytes, (size_t)n, bytes.len);
    }
    return ST_OK;
}

void path_join(struct buf *out, const char *dir, const char *name) {
    buf_clear(out);
    buf_str(out, dir);
    if (out->len && out->data[out->len - 1] != '/') buf_char(out, '/');
    buf_str(out, name);
}

/* The folder of ${path}, owned by the caller. */
static char *dir_of(const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash) return strdup(".");
    if (slash == path) return strdup("/");
    return strndup(path, (size_t)(slash - path));
}

enum status atomic_open(struct atomic_file *f, const char *path, struct buf *err) {
    *f = (struct atomic_file){.fd = -1};
    char *dir = dir_of(path);
    struct buf tmp = {.max = 8192};
    if (dir) {
        path_join(&tmp, dir, FILE_TMP_PREFIX);
        const char *slash = strrchr(path, '/');
        buf_printf(&tmp, "%s.XXXXXX", slash ? slash + 1 : path);
    }
    free(dir);
    f->path = strdup(path);
    f->tmp = buf_ok(&tmp) && tmp.data ? strdup(tmp.data) : NULL;
    buf_free(&tmp);
    if (!f->path || !f->tmp) {
        atomic_abort(f);
        return fail(err, ST_RETRY, "%s: out of memory", path);
    }
    f->fd = mkostemp(f->tmp, O_CLOEXEC);
    if (f->fd < 0) {
        enum status st = fail_errno(err, "create", path);
        free(f->tmp);
        f->tmp = NULL;
        atomic_abort(f);
        return st;
    }
    mode_t mask = umask(0);
    umask(mask);
    if (fchmod(f->fd, 0666 & ~mask) != 0) {
        enum status st = fail_errno(err, "set the mode of", path);
        atomic_abort(f);
        return st;
    }
    return ST_OK;
}

enum status atomic_write(struct atomic_file *f, struct slice bytes, struct buf *err) {
    return fd_write_all(f->fd, bytes, f->path, err);
}

void atomic_abort(struct atomic_file *f) {
    if (f->fd >= 0 && f->path) close(f->fd);
    if (f->tmp) unlink(f->tmp);
    free(f->path);
    free(f->tmp);
    *f = (struct atomic_file){.fd = -1};
}

enum status dir_sync(const char *path, struct buf *err) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return fail_errno(err, "open", path);
    /* Some filesystems cannot sync a folder and say EINVAL: there is nothing more to ask of them. */
    int bad = fsync(fd) != 0 && errno != EINVAL;
    enum status st = bad ? fail_errno(err, "sync", path) : ST_OK;
    close(fd);
    return st;
}

enum status atomic_commit_as(struct atomic_file *f, const char *path, struct buf *err) {
    const char *to = path ? path : f->path;
    enum status st = ST_OK;
    char *dir = dir_of(to);
    if (!dir)
        st = fail(err, ST_RETRY, "%s: out of memory", to);
    else if (fsync(f->fd) != 0)
        st = fail_errno(err, "sync", to);
    else if (rename(f->tmp, to) != 0)
        st = fail_errno(err, "rename to", to);
    else {
        free(f->tmp);
        f->tmp = NULL;
        st = dir_sync(dir, err);
    }
    free(dir);
    atomic_abort(f);
    return st;
}

enum status file_write(const char *path, struct slice bytes, struct buf *err) {
    struct atomic_file f;
    enum status st = atomic_open(&f, path, err);
    if (st != ST_OK) return st;
    st = atomic_write(&f, bytes, err);
    if (st == ST_OK) return atomic_commit_as(&f, NULL, err);
    atomic_abort(&f);
    return st;
}

enum status dir_make(const char *path, struct buf *err) {
    char *p = strdup(path);
    if (!p) return fail(err, ST_RETRY, "%s: out of memory", path);
    enum status st = ST_OK;
    for (char *at = p + 1; st == ST_OK; at++) {
        if (*at && *at != '/') continue;
        char end = *at;
        *at = 0;
        struct stat sb;
        if (mkdir(p, 0777) != 0 && !(errno == EEXIST && stat(p, &sb) == 0 && S_ISDIR(sb.st_mode)))
            st = fail_errno(err, "make folder", p);
        if (!end) break;
        *at = end;
    }
    free(p);
    return st;
}

bool file_exists(const char *path) {
    struct stat sb;
    return stat(path, &sb) == 0;
}

int64_t file_size(const char *path) {
    struct stat sb;
    return stat(path, &sb) == 0 ? (int64_t)sb.st_size : -1;
}

static int by_bytes(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static bool listed(const char *name, const char *suffix) {
    if (name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0))) return false;
    if (slice_starts(slice_str(name), slice_str(FILE_TMP_PREFIX))) return false;
    return slice_ends(slice_str(name), slice_str(suffix));
}

enum status dir_list(const char *path, const char *suffix, char ***names, size_t *n, struct buf *err) {
    *names = NULL;
    *n = 0;
    DIR *d = opendir(path);
    if (!d) return fail_errno(err, "open folder", path);
    size_t cap = 0;
    enum status st = ST_OK;
    while (st == ST_OK) {
        errno = 0;
        struct dirent *e = readdir(d);
        if (!e && errno) st = fail_errno(err, "read folder", path); /* a part of a list is none */
        if (!e) break;
        if (!listed(e->d_name, suffix)) continue;
        if (*n == cap) {
            cap = cap ? cap * 2 : 16;
            char **more = realloc(*names, cap * sizeof *more);
            if (!more)
                st = fail(err, ST_RETRY, "%s: out of memory", path);
            else
                *names = more;
        }
        if (st == ST_OK && !((*names)[*n] = strdup(e->d_name))) st = fail(err, ST_RETRY, "%s: out of memory", path);
        if (st == ST_OK) ++*n;
    }
    closedir(d);
    if (st == ST_OK && *n) qsort(*names, *n, sizeof **names, by_bytes);
    if (st != ST_OK) {
        dir_list_free(*names, *n);
        *names = NULL;
        *n = 0;
    }
    return st;
}

void dir_list_free(char **names, size_t n) {
    for (size_t i = 0; i < n; i++) free(names[i]);
    free(names);
}

size_t dir_sweep_tmp(const char *path) {
    size_t removed = 0;
    DIR *d = opendir(path);
    if (!d) return 0;
    for (struct dirent *e; (e = readdir(d));)
        if (slice_starts(slice_str(e->d_name), slice_str(FILE_TMP_PREFIX)) && unlinkat(dirfd(d), e->d_name, 0) == 0) removed++;
    closedir(d);
    return removed;
}
