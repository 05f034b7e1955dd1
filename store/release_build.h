#ifndef VILLERS_STORE_RELEASE_BUILD_H
#define VILLERS_STORE_RELEASE_BUILD_H
/*
 * The making of one version in its staging folder: shards (release_build.c), then everything beside them (release_files.c).  For
 * release.c alone.
 */
#include "store/card_ai_act.h"
#include "store/checksums.h"
#include "store/release.h"
#include "store/release_manifest.h"
#include "store/release_shard.h"

struct release_build {
    const struct release_options *opt;
    struct release_outcome *out;
    const char *staging;      /* the folder being filled; its data/ exists */
    const char *previous_dir; /* of the version before, or NULL */
    const struct release_manifest *previous;
    struct release_manifest m; /* of this version, filled as shards end */
    struct checksums sums;
    struct release_list list;
    enum release_split split; /* being walked for */
    int64_t list_number;      /* the shard that ${list} is for */
    int64_t next_number;      /* the first that no shard ever had */
    int64_t min_day, max_day; /* of the crawl */
    struct card_host *hosts;  /* in the order of the walk, a host that comes back listed again until merged */
    size_t n_hosts, cap_hosts;
    uint64_t shard_text_bytes;
    uint64_t placed_bytes; /* text of documents that had their place */
    bool placing;          /* the walk has reached the documents without a place */
    int places_fd;         /* pairs of int64: document, shard; for the commit */
    struct buf places;     /* not yet written to it */
    struct buf *err;
};

/** release_build_shards(b): walk the kept documents and write or link every shard. */
enum status release_build_shards(struct release_build *b) MUST_CHECK;
/** release_build_files(b): README.md, attribution.md, removals.jsonl, manifest.json and the others, then SHA256SUMS, its signature, _SUCCESS. */
enum status release_build_files(struct release_build *b) MUST_CHECK;
/** release_build_merge_hosts(b): one entry a host. */
void release_build_merge_hosts(struct release_build *b);
/** release_build_put(b, path, text): write ${text} as ${path} in the staging folder, list its digest, and empty ${text}. */
enum status release_build_put(struct release_build *b, const char *path, struct buf *text) MUST_CHECK;
/** release_build_each_place(b, fn, ctx): the documents that got a place now. */
enum status release_build_each_place(struct release_build *b, enum status (*fn)(void *ctx, int64_t doc, int64_t shard),
                                     void *ctx) MUST_CHECK;
void release_build_free(struct release_build *b);

#endif
