#include "store/export_file.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct export_file {
    struct archive *a;
    struct archive_entry *entry;
    int fd;
    enum export_kind kind;
};

static enum status wrong(struct export_file *f, struct buf *err) {
    bool full = archive_errno(f->a) == ENOSPC || archive_errno(f->a) == EDQUOT;
    const char *what = archive_error_string(f->a);
    return fail(err, full ? ST_RETRY : ST_FATAL, "cannot write: %s", what ? what : "libarchive failed");
}

static bool configure(struct export_file *f) {
    int bad = f->kind == EXPORT_TAR ? archive_write_set_format_ustar(f->a) : archive_write_set_format_raw(f->a);
    if (bad == ARCHIVE_OK) bad = f->kind == EXPORT_GZIP ? archive_write_add_filter_gzip(f->a) : archive_write_add_filter_none(f->a);
    if (bad == ARCHIVE_OK && f->kind == EXPORT_GZIP) bad = archive_write_set_options(f->a, "gzip:!timestamp");
    if (bad == ARCHIVE_OK) bad = archive_write_set_bytes_in_last_block(f->a, 1);
    return bad == ARCHIVE_OK && archive_write_open_fd(f->a, f->fd) == ARCHIVE_OK;
}

/* libarchive's raw form wants one entry around what it writes. */
static enum status begin_raw(struct export_file *f, struct buf *err) {
    if (f->kind == EXPORT_TAR) return ST_OK;
    archive_entry_set_pathname(f->entry, "data");
    archive_entry_set_filetype(f->entry, AE_IFREG);
    return archive_write_header(f->a, f->entry) == ARCHIVE_OK ? ST_OK : wrong(f, err);
}

enum status export_file_open(const char *path, enum export_kind kind, struct export_file **out, struct buf *err) {
    struct export_file *f = calloc(1, sizeof *f);
    if (!f) return fail(err, ST_FATAL, "out of memory");
    f->kind = kind;
    f->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    f->a = archive_write_new();
    f->entry = archive_entry_new();
    enum status st = f->fd < 0 ? fail_errno(err, "create", path) : ST_OK;
    if (st == ST_OK && (!f->a || !f->entry)) st = fail(err, ST_FATAL, "out of memory");
    if (st == ST_OK) st = configure(f) ? begin_raw(f, err) : wrong(f, err);
    if (st == ST_OK) {
        *out = f;
        return ST_OK;
    }
    enum status closed = export_file_close(f, NULL);
    return closed > st ? closed : st;
}

static enum status put(struct export_file *f, struct slice bytes, struct buf *err) {
    while (bytes.len) {
        la_ssize_t n = archive_write_data(f->a, bytes.ptr, bytes.len);
        if (n <= 0) return wrong(f, err);
        bytes = slice_sub(bytes, (size_t)n, bytes.len);
    }
    return ST_OK;
}

enum status export_file_write(struct export_file *f, struct slice bytes, struct buf *err) { return put(f, bytes, err); }

enum status export_file_member(struct export_file *f, const char *name, struct slice bytes, struct buf *err) {
    archive_entry_clear(f->entry);
    archive_entry_set_pathname(f->entry, name);
    archive_entry_set_filetype(f->entry, AE_IFREG);
    archive_entry_set_perm(f->entry, 0644);
    archive_entry_set_size(f->entry, (la_int64_t)bytes.len);
    archive_entry_set_mtime(f->entry, 0, 0);
    if (archive_write_header(f->a, f->entry) != ARCHIVE_OK) return wrong(f, err);
    return put(f, bytes, err);
}

enum status export_file_close(struct export_file *f, struct buf *err) {
    enum status st = ST_OK;
    if (f->a && f->fd >= 0 && archive_write_close(f->a) != ARCHIVE_OK) st = wrong(f, err);
    if (st == ST_OK && f->fd >= 0 && fsync(f->fd) != 0) st = fail_errno(err, "sync", "an exported file");
    if (f->a) archive_write_free(f->a);
    archive_entry_free(f->entry);
    if (f->fd >= 0) close(f->fd);
    free(f);
    return st;
}
