#ifndef VILLERS_DEDUP_REGION_H
#define VILLERS_DEDUP_REGION_H
/*
 * What a change touches.  Documents stand in an index with their band keys; some leave, some come.  The clusters of all that is left can
 * differ from before only in components of the graph of verified edges that a changed document, or an edge that its coming or going
 * made or unmade, belongs to.  Those are found here, from bucket to bucket of the index, with all that shares a bucket with them: deciding
 * these documents alone gives those inside the verdicts that deciding all would.
 *
 * An edge differs only within a bucket that has a changed document: there all pairs that count in either state are looked at, elsewhere
 * only those with an end inside.  Memory and time follow the documents touched, not those of the index.
 */
#include "dedup/index.h"

#define REGION_NAME 40 /* bytes of a document's name in the index, for the caller to tell it by */

struct region_options {
    const struct index *index; /* all its names are of REGION_NAME bytes; borrowed */
    double similarity;         /* as the deduplicator's; 0: 0.7 */
    size_t memory_bytes;       /* for pairs; past it they go to disk in ${work_dir} */
    const char *work_dir;
    uint64_t max_documents; /* more than these: not worth it */
    /* The signature of a document, wherever the caller keeps it. */
    enum status (*signature)(void *ctx, const char name[REGION_NAME], struct signature *sig, struct buf *err);
    void *ctx;
};

struct region;
enum status region_new(const struct region_options *opt, struct region **out, struct buf *err) MUST_CHECK;
void region_free(struct region *r);

/** region_add(r, name, exact, err): a document that is not in the index comes. */
enum status region_add(struct region *r, const char name[REGION_NAME], uint64_t exact, struct buf *err) MUST_CHECK;
/** region_remove(r, ref, err), region_touch(r, ref, err): a document of the index leaves; stays, and is to be decided anew. */
enum status region_remove(struct region *r, uint64_t ref, struct buf *err) MUST_CHECK;
enum status region_touch(struct region *r, uint64_t ref, struct buf *err) MUST_CHECK;

/** region_close(r, err): after the last of these.  SKIP when it grows past max_documents. */
enum status region_close(struct region *r, struct buf *err) MUST_CHECK;
/** region_each(r, fn, ctx, err): the documents to decide among, once each; the verdicts of those ${inside} are right. */
enum status region_each(const struct region *r,
                        enum status (*fn)(void *ctx, const char name[REGION_NAME], bool inside, struct buf *err), void *ctx,
                        struct buf *err) MUST_CHECK;

#endif
