#ifndef VILLERS_STORE_CHECKSUMS_H
#define VILLERS_STORE_CHECKSUMS_H
/*
 * SHA256SUMS: the list of a release's files, as sha256sum(1) of GNU coreutils writes and checks it.
 *
 * One line a file, sorted by path bytes: 64 lower-case hex digits, two spaces, the path relative to the folder.  Paths are
 * plain: no empty, "." or ".." part, no leading '/', no control byte and no backslash, so that a list that comes from a
 * stranger never names a file outside its folder and needs no escaping.
 */
#include "base/buf.h"

#define CHECKSUMS_FILE "SHA256SUMS"

struct checksum {
    char *path;      /* owned by the list */
    char sha256[65]; /* lower-case hex */
};
/* A zeroed struct is an empty list. */
struct checksums {
    struct checksum *items;
    size_t n, cap;
};

/** checksums_path_ok(path): ${path} is plain, as above, and at most LIMIT_RELEASE_PATH bytes. */
bool checksums_path_ok(struct slice path);
/** checksums_add(c, path, sha256, err): copy both in.  SKIP for a bad path or digest, FATAL without memory or past LIMIT_RELEASE_FILES. */
enum status checksums_add(struct checksums *c, struct slice path, struct slice sha256, struct buf *err) MUST_CHECK;
/** checksums_sort(c): by path bytes, as the file is written. */
void checksums_sort(struct checksums *c);
/** checksums_find(c, path): in a sorted list; NULL when absent.  O(log n). */
const struct checksum *checksums_find(const struct checksums *c, struct slice path);
/** checksums_write(out, c): append the file's text. */
void checksums_write(struct buf *out, const struct checksums *c);
/** checksums_parse(text, c, err): read and sort into the empty ${c}.  SKIP with the line number for anything but the form above; an
 *  empty text or a path named twice is bad too.  sha256sum's " *" (binary) mark is accepted. */
enum status checksums_parse(struct slice text, struct checksums *c, struct buf *err) MUST_CHECK;
/** checksums_free(c): release and empty. */
void checksums_free(struct checksums *c);

#endif
