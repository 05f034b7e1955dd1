#ifndef VILLERS_BASE_FILE_H
#define VILLERS_BASE_FILE_H
/*
 * Files that are whole or not there: written to a temporary name in the same folder, fsynced, renamed, and the folder
 * fsynced.  Temporary names begin with FILE_TMP_PREFIX, so that a sweep can find what a crash left.
 */
#include "base/buf.h"

#define FILE_TMP_PREFIX ".tmp-"

/** file_read(path, max, out, err): append the whole file to ${out}; SKIP when it is larger than ${max} or not there. */
enum status file_read(const char *path, size_t max, struct buf *out, struct buf *err) MUST_CHECK;
/** file_read_fd(fd, max, out, err): the same from an open descriptor (a pipe, stdin) to its end. */
enum status file_read_fd(int fd, size_t max, struct buf *out, struct buf *err) MUST_CHECK;
/** file_write(path, bytes, err): replace ${path} atomically.  RETRY on a full disk; ${path} is then as before. */
enum status file_write(const char *path, struct slice bytes, struct buf *err) MUST_CHECK;

struct atomic_file {
    int fd;
    char *path; /* final name, owned */
    char *tmp;  /* temporary name, owned */
};
/** atomic_open(f, path, err): begin ${path}.  The caller writes to f->fd. */
enum status atomic_open(struct atomic_file *f, const char *path, struct buf *err) MUST_CHECK;
/** atomic_write(f, bytes, err): all of ${bytes} or an error. */
enum status atomic_write(struct atomic_file *f, struct slice bytes, struct buf *err) MUST_CHECK;
/** atomic_commit_as(f, name, err): fsync, rename to ${name} (NULL: the path given) in the same folder, fsync the folder.  Ends ${f}. */
enum status atomic_commit_as(struct atomic_file *f, const char *path, struct buf *err) MUST_CHECK;
/** atomic_abort(f): drop the temporary file.  Harmless on a zeroed or ended one. */
void atomic_abort(struct atomic_file *f);

/** fd_write_all(fd, bytes, path, err): write all, through EINTR; ${path} is for the message. */
enum status fd_write_all(int fd, struct slice bytes, const char *path, struct buf *err) MUST_CHECK;
/** dir_make(path, err): the folder and its missing parents, mode 0777 less umask. */
enum status dir_make(const char *path, struct buf *err) MUST_CHECK;
/** dir_sync(path): fsync a folder. */
enum status dir_sync(const char *path, struct buf *err) MUST_CHECK;
/** dir_sweep_tmp(path): remove what a crash left under FILE_TMP_PREFIX; returns how many. */
size_t dir_sweep_tmp(const char *path);
bool file_exists(const char *path);
/** file_size(path): bytes, or -1. */
int64_t file_size(const char *path);

/**
 * dir_list(path, suffix, names, n, err):
 * The names in ${path} that end in ${suffix} ("" for all; never "." or "..", never temporary), sorted by bytes.
 * *${names} and each name are owned by the caller: dir_list_free().
 */
enum status dir_list(const char *path, const char *suffix, char ***names, size_t *n, struct buf *err) MUST_CHECK;
void dir_list_free(char **names, size_t n);

/** path_join(out, dir, name): replace ${out} by dir/name; a C string by buf_cstr(). */
void path_join(struct buf *out, const char *dir, const char *name);

#endif
