#ifndef VILLERS_CLI_SERVE_FILES_H
#define VILLERS_CLI_SERVE_FILES_H
/*
 * What a path of the hub's web space names, and which answer a request for it deserves (RFC 9110).  Knows no HTTP library.
 *
 * Only what lies in the releases folder is served, reached one path component at a time below its descriptor: no "..", no symbolic link,
 * nothing whose name begins with a dot (staging folders).
 */
#include "base/buf.h"

enum serve_kind { SERVE_NOTHING, SERVE_FILE, SERVE_FOLDER };

struct serve_entry {
    enum serve_kind kind;
    int fd; /* owned by the caller when kind is not SERVE_NOTHING */
    uint64_t bytes;
    char etag[72];    /* with its quotes: the file's SHA-256 when its release lists it, else of inode, size and time */
    const char *type; /* media type, static */
    bool immutable;   /* a file of a version: never changes */
};

/** serve_files_find(root_fd, path, e): look up ${path}, decoded, beginning with '/'.  Thread-safe. */
void serve_files_find(int root_fd, const char *path, struct serve_entry *e);

struct serve_conditions {
    const char *range, *if_range, *if_none_match; /* header values, or NULL */
};
struct serve_answer {
    int status;           /* 200, 206, 304 or 416 */
    uint64_t from, bytes; /* the part of the file to send */
};
/** serve_files_judge(etag, bytes, c, a): RFC 9110 13.2.2's order; several ranges or a malformed one give the whole file (14.2). */
void serve_files_judge(const char *etag, uint64_t bytes, const struct serve_conditions *c, struct serve_answer *a);

#endif
