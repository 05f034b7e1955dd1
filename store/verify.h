#ifndef VILLERS_STORE_VERIFY_H
#define VILLERS_STORE_VERIFY_H
/*
 * Is a release whole and true?  Every byte against SHA256SUMS, SHA256SUMS against its signature, every shard against manifest.json and
 * against itself (verify_shard.h), and no id twice (verify_ids.h).  Works on a folder and, through a transport, on a URL.
 */
#include "store/pull_transport.h"
#include "store/sign.h"

struct verify_options {
    const char *location;              /* folder, file: URL or http(s) URL of one version */
    const char *folder;                /* the same as a local path, to find unlisted files; NULL for a URL */
    const struct transport *transport; /* borrowed for the call */
    const struct sign_public *key;     /* the key that must have signed, or NULL: the one published beside the release */
    unsigned threads;                  /* 0: as many as there are cores */
    void (*progress)(void *ctx, uint64_t done_bytes, uint64_t total_bytes); /* may be NULL; one call at a time */
    void *progress_ctx;
};

struct verify_finding {
    char *file;    /* path in the release; "" for the whole */
    uint64_t line; /* of the uncompressed shard, from 1; 0 when the whole file is meant */
    char *what;
};

enum verify_signature { VERIFY_UNSIGNED, VERIFY_SIGNED_BY_KEY, VERIFY_SIGNED_BESIDE, VERIFY_SIGNATURE_BAD };

struct verify_report {
    char *name, *version; /* of manifest.json; "" when it could not be read */
    uint64_t left_out;    /* shards that a mirror of a part does not hold, as its selection says */
    uint64_t files, shards, documents, words, text_bytes, bytes;
    enum verify_signature signature;
    char key_id[17];
    struct verify_finding *findings; /* by file, then line; empty when all is well */
    size_t n_findings;
};

/**
 * verify_release(opt, report, err):
 * OK when it could be judged: ${report} (freed by verify_report_free(), zeroed by the caller) then says what was found, nothing
 * meaning that it is whole.  SKIP when there is no release at that place; RETRY when a server stayed unreachable.  Reads every byte once.
 */
enum status verify_release(const struct verify_options *opt, struct verify_report *report, struct buf *err) MUST_CHECK;
void verify_report_free(struct verify_report *report);

/** verify_walk(folder, each, ctx, err): each regular file below ${folder}, path relative to it, in no set order; symbolic links and other
 *  kinds are told too (they have no place in a release). */
enum status verify_walk(const char *folder, enum status (*each)(void *ctx, const char *path), void *ctx,
                        struct buf *err) MUST_CHECK;

#endif
