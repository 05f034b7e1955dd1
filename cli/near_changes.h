#ifndef VILLERS_CLI_NEAR_CHANGES_H
#define VILLERS_CLI_NEAR_CHANGES_H
/*
 * What has changed since duplicates were decided last: the manifest's candidates against the documents of the index, both read in one
 * pass of some tens of bytes a document.  It asks nobody who changed what.
 */
#include "cli/near.h"
#include "dedup/region.h"

struct near_changes_options {
    struct hub *h;
    const struct index *index;
    struct near_files *files;
    struct near_batch *batch; /* takes the documents that come */
    struct region *region;    /* takes all that changed */
    size_t memory_bytes;
    const char *work_dir;
};
struct near_changes {
    uint64_t candidates, added, removed, touched; /* touched: unchanged, but their cluster in the manifest is not whole */
    uint64_t duplicates;                          /* candidates that were duplicates until now */
    struct hash128 *gone;                         /* names of documents to take out of the index; owned */
    size_t n_gone;
};

/** near_changes_find(o, out, err): SKIP when so much has changed that all had better be decided anew.  ${out} is to be freed in any case. */
enum status near_changes_find(const struct near_changes_options *o, struct near_changes *out, struct buf *err) MUST_CHECK;
void near_changes_free(struct near_changes *c);

#endif
