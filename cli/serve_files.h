#ifndef VILLERS_CLI_SERVE_FILES_H
#define VILLERS_CLI_SERVE_FILES_H
/*
 * What a path of the hub's web space names, and which answer a request for it deserves (RFC 9110).  Knows no HTTP library.
 *
 * Only what lies in the releases folder is served, reached one path component at a time below its descriptor: no "..", no symbolic link,
 * nothing whose name begins with a dot (staging folders).
 */
#include "cli/serve_cache.h"

enum serve_kind { SERVE_NOTHING, SERVE_FILE, SERVE_FOLDER };

struct serve_entry {
    enum serve_kind kind;
    int fd;                        /* -1 for nothing */
    const struct serve_item *kept; /* what is remembered of it, with the bytes of a small file, or NULL */
    struct serve_key key;
    uint64_t bytes;
    char etag[72];    /* with its quotes: the file's SHA-256 when its release lists it, else of inode, size and time */
    const char *type; /* media type, static */
    bool immutable;   /* a file of a version: never changes */
    bool text;        /* worth compressing */
    bool settled;     /* may be remembered */
};

/** serve_files_find(root_fd, cache, path, e): look up ${path}, decoded, beginning with '/'; ${cache} or NULL.  Thread-safe. */
void serve_files_find(int root_fd, struct serve_cache *cache, const char *path, struct serve_entry *e);
/** serve_files_done(e): close the file, drop what is remembered. */
void serve_files_done(struct serve_entry *e);
/** serve_files_form(accept): of gzip and zstd the one that an Accept-Encoding value (or NULL) likes best; SERVE_PLAIN for none (RFC 9110 12.5.3). */
enum serve_form serve_files_form(const char *accept);
/**
 * serve_files_packed(cache, e, form):
 *
 * The file in that form with a tag of its own, compressed now or remembered, held for the caller.  NULL when it is sent as it is: not a text, too small or too
 * large, no smaller compressed, or changed a moment ago.  Thread-safe.
 */
const struct serve_item *serve_files_packed(struct serve_cache *cache, const struct serve_entry *e, enum serve_form form);
/** serve_files_pack(cache, key, etag, text, form): the same for a text at hand, known by ${key}, whose plain form has the tag ${etag}. */
const struct serve_item *serve_files_pack(struct serve_cache *cache, const struct serve_key *key, const char *etag,
                                          struct slice text, enum serve_form form);

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
