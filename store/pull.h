#ifndef VILLERS_STORE_PULL_H
#define VILLERS_STORE_PULL_H
/*
 * Bring a version of a dataset to a folder, or a folder to another version of it.
 *
 * DEST is a release folder like the one it comes from.  While a pull runs, what it has so far lies in DEST/.villers-pull; DEST itself is
 * touched only when every byte is there: _SUCCESS goes, files are renamed into place, those that only the old version listed are
 * removed, SHA256SUMS is replaced, _SUCCESS comes back.  A kill at any moment costs nothing but what was not yet written; the next pull
 * goes on.  Files whose digest is right already are not fetched, and a shard is made from the one of the version before when the release
 * has a delta (release_delta.h) between the two.
 */
#include "store/pull_transport.h"
#include "store/selection.h"
#include "store/sign.h"

struct pull_options {
    const char *source;  /* dataset (with versions.json) or version: folder or URL, without "@VERSION" */
    const char *version; /* or NULL: the latest */
    const char *dest;
    const struct transport *transport;
    const struct sign_public
        *key;                   /* that must have signed; NULL: the key DEST was first pulled with, else the one beside the files */
    struct selection selection; /* shards to bring; none: what the pull before selected, else all */
    bool everything;            /* forget what the pull before selected */
    unsigned workers;
    void (*progress)(void *ctx, uint64_t done_bytes, uint64_t total_bytes); /* one call at a time; may be NULL */
    void *progress_ctx;
};

struct pull_item {
    char *path;
    char sha256[65];
    int64_t bytes;                     /* -1 when only the list of digests names it */
    const struct release_shard *shard; /* NULL for the other files; only while the pull is at work */
    bool wanted;                       /* selected */
    bool damaged;                      /* was in DEST, of the right size, with another digest */
    bool here;                         /* was in DEST with the right digest */
    bool rebuilt;                      /* made from the shard that was there and a delta */
    char *failure;                     /* NULL when it is there */
};
struct pull_report {
    char *name, *version, *base; /* base: where the version's files are */
    struct pull_item *items;     /* by path */
    size_t n_items;
    uint64_t documents, words, bytes; /* of the release */
    uint64_t fetched_files, rebuilt_files, fetched_bytes, kept_files, removed_files;
    uint64_t left_out; /* shards that were not selected */
    bool is_signed;
    char key_id[17];
    size_t n_failures;
};

/**
 * pull_list(opt, report, err): what the version holds; nothing is written.  SKIP when there is no release there.
 * pull_release(opt, report, err): bring it.  SKIP: no release there, a signature that does not hold, or files that are not those promised
 * (report->items tell which); RETRY: unreachable, no room, another pull at work, interrupted.  ${report} is zeroed by the caller.
 */
enum status pull_list(const struct pull_options *opt, struct pull_report *report, struct buf *err) MUST_CHECK;
enum status pull_release(const struct pull_options *opt, struct pull_report *report, struct buf *err) MUST_CHECK;
void pull_report_free(struct pull_report *report);

#endif
