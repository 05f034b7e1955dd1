#ifndef VILLERS_STORE_PUSH_H
#define VILLERS_STORE_PUSH_H
/*
 * A version to an object store, so that any S3-compatible storage serves it: its files, then SHA256SUMS and its signature, then _SUCCESS, then
 * the dataset's versions.json and the pages and catalogue of the hub.  So a reader never sees a version that is not whole.
 *
 * Each object carries the SHA-256 of its bytes as metadata.  What is there with the right length and digest is not sent again, so a push that
 * was interrupted goes on with the same command; after each sending the store is asked what it has.
 *
 * A file larger than part_bytes goes in parts of that size (S3's multipart upload).  Each part's SHA-256 is signed, so that the store refuses
 * damaged bytes; what was begun is found again by asking the store, and a part it has stays when its tag is the MD5 of ours.
 */
#include "base/buf.h"
#include "base/limits.h"

#define PUSH_PART_BYTES ((int64_t)(64 * MIB))
#define PUSH_PARTS 10000 /* S3: of one object */

/* An object sent in parts, as the store knows it. */
struct push_part {
    int64_t bytes; /* -1: not there */
    char etag[80]; /* without its quotes; the MD5 of the bytes at most stores */
};
struct push_upload {
    char id[1024];
    struct push_part *parts; /* part number - 1 */
    size_t n;                /* room */
};

struct push_store { /* how objects are reached; cli/ binds crawler/fetch_put.c */
    /** head(ctx, worker, key, bytes, sha256, err): what is at ${key}: *${bytes} -1 when nothing is, ${sha256} "" when it was not told. */
    enum status (*head)(void *ctx, unsigned worker, const char *key, int64_t *bytes, char sha256[65], struct buf *err);
    /** put(ctx, worker, key, path, bytes, sha256, err): send the file.  RETRY: worth trying again.  SKIP: refused. */
    enum status (*put)(void *ctx, unsigned worker, const char *key, const char *path, int64_t bytes, const char *sha256,
                       struct buf *err);
    /**
     * open_parts(ctx, worker, key, sha256, u, err): the upload of ${key} that was begun and not ended, with the parts it holds, or a new one whose
     * object will have ${sha256}; others of the same key are given up.  ${u}->parts is zeroed by the caller and has ${u}->n places.
     * put_part(ctx, worker, key, u, number, path, from, bytes, sha256, err): send so many bytes of the file as part ${number}, from 1; its tag
     * goes into ${u}.  ${sha256} is that of the part.
     * end_parts(ctx, worker, key, u, err): make the object of all parts; RETRY also when the store no longer knows the upload.
     * give_up(ctx, worker, key, u): forget the upload; what it cost is freed.
     */
    enum status (*open_parts)(void *ctx, unsigned worker, const char *key, const char *sha256, struct push_upload *u,
                              struct buf *err);
    enum status (*put_part)(void *ctx, unsigned worker, const char *key, struct push_upload *u, size_t number, const char *path,
                            int64_t from, int64_t bytes, const char *sha256, struct buf *err);
    enum status (*end_parts)(void *ctx, unsigned worker, const char *key, const struct push_upload *u, struct buf *err);
    void (*give_up)(void *ctx, unsigned worker, const char *key, const struct push_upload *u);
    bool (*sleep)(void *ctx, int64_t ms); /* false when the program was told to stop */
    void *ctx;
    unsigned workers;
};

struct push_options {
    const char *releases; /* folder of the hub's releases */
    const char *name, *version;
    int64_t part_bytes; /* 0: PUSH_PART_BYTES; grows so that a file has no more than PUSH_PARTS */
    const char *prefix; /* of every key, "" or "a/b/" */
    const struct push_store *store;
    void (*progress)(void *ctx, uint64_t done_bytes, uint64_t total_bytes); /* one call at a time; may be NULL */
    void *progress_ctx;
};
struct push_report {
    uint64_t files, sent_files, sent_bytes, bytes;
    uint64_t kept_parts; /* that an earlier push had sent */
};

/** push_release(opt, report, err): SKIP when there is no whole version there, a file is not what SHA256SUMS says, or the store refuses; RETRY
 *  when it stayed unreachable. */
enum status push_release(const struct push_options *opt, struct push_report *report, struct buf *err) MUST_CHECK;

#endif
