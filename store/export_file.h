#ifndef VILLERS_STORE_EXPORT_FILE_H
#define VILLERS_STORE_EXPORT_FILE_H
/*
 * A file being exported: plain, gzip, or a tar of members.  export_file.c is the one file of this room that knows libarchive.
 */
#include "base/buf.h"

enum export_kind { EXPORT_PLAIN, EXPORT_GZIP, EXPORT_TAR };
struct export_file;

/** export_file_open(path, kind, out, err): begin ${path}, which is not there yet. */
enum status export_file_open(const char *path, enum export_kind kind, struct export_file **out, struct buf *err) MUST_CHECK;
/** export_file_write(f, bytes, err): more of a plain or gzip file.  RETRY on a full disk. */
enum status export_file_write(struct export_file *f, struct slice bytes, struct buf *err) MUST_CHECK;
/** export_file_member(f, name, bytes, err): a whole member of a tar: mode 0644, no owner, time 0. */
enum status export_file_member(struct export_file *f, const char *name, struct slice bytes, struct buf *err) MUST_CHECK;
/** export_file_close(f, err): finish and sync; frees ${f} whatever the result. */
enum status export_file_close(struct export_file *f, struct buf *err) MUST_CHECK;

#endif
