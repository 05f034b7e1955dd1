#ifndef VILLERS_STORE_PUSH_H
#define VILLERS_STORE_PUSH_H
/*
 * A version to an object store, so that any S3-compatible storage serves it: its files, then SHA256SUMS and its signature, then _SUCCESS, then
 * the dataset's versions.json and the pages and catalogue of the hub.  So a reader never sees a version that is not whole.
 *
 * Each object carries the SHA-256 of its bytes as metadata.  What is there with the right length and digest is not sent again, so a push that
 * was interrupted goes on with the same command; after each sending the store is asked what it has.
 */
#include "base/buf.h"

struct push_store { /* how objects are reached; cli/ binds crawler/fetch_put.c */
    /** head(ctx, worker, key, bytes, sha256, err): what is at ${key}: *${bytes} -1 when nothing is, ${sha256} "" when it was not told. */
    enum status (*head)(void *ctx, unsigned worker, const char *key, int64_t *bytes, char sha256[65], struct buf *err);
    /** put(ctx, worker, key, path, bytes, sha256, err): send the file.  RETRY: worth trying again.  SKIP: refused. */
    enum status (*put)(void *ctx, unsigned worker, const char *key, const char *path, int64_t bytes, const char *sha256,
                       struct buf *err);
    bool (*sleep)(void *ctx, int64_t ms); /* false when the program was told to stop */
    void *ctx;
    unsigned workers;
};

struct push_options {
    const char *releases; /* folder of the hub's releases */
    const char *name, *version;
    const char *prefix; /* of every key, "" or "a/b/" */
    const struct push_store *store;
    void (*progress)(void *ctx, uint64_t done_bytes, uint64_t total_bytes); /* one call at a time; may be NULL */
    void *progress_ctx;
};
struct push_report {
    uint64_t files, sent_files, sent_bytes, bytes;
};

/** push_release(opt, report, err): SKIP when there is no whole version there, a file is not what SHA256SUMS says, or the store refuses; RETRY
 *  when it stayed unreachable. */
enum status push_release(const struct push_options *opt, struct push_report *report, struct buf *err) MUST_CHECK;

#endif
