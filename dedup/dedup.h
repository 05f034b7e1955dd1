#ifndef VILLERS_DEDUP_DEDUP_H
#define VILLERS_DEDUP_DEDUP_H
/*
 * Exact and near duplicates among documents: LSH by bands, edges verified by sketches, clusters by complete linkage, and in each
 * cluster the document that comes first in the caller's order survives.  The result depends on the set of documents alone, never
 * on the order in which they were added, the number of threads or batches.
 */
#include "dedup/index.h"
#include "dedup/signature.h"

#define DEDUP_RANK_MAX 256 /* bytes */

struct dedup_options {
    struct signature_options signature;
    double similarity; /* two documents this similar are duplicates; 0: 0.7 */
    double floor;      /* and no two in one cluster are less similar than this; 0: 0.5.  Of the members looked at, see cluster.h */
    size_t
        memory_bytes; /* 0: 1 GiB, all counted, and a quarter of it left to the caller; past it, runs go to disk in ${work_dir} */
    const char *work_dir;  /* a folder for temporary files, which have no name there; NULL: TMPDIR or /tmp */
    unsigned threads;      /* 0: all */
    struct index *against; /* what was kept before, which always survives; NULL: nothing.  Borrowed until dedup_free() */
    bool remember;         /* dedup_remember() will be called */
    bool (*stop)(void);    /* asked now and then by dedup_run(), on any thread: to end with RETRY.  NULL: never */
};

struct dedup;
enum status dedup_new(const struct dedup_options *opt, struct dedup **out, struct buf *err) MUST_CHECK;
void dedup_free(struct dedup *d);
/**
 * dedup_add(d, doc, rank, sig, err):
 * ${doc} is the caller's number for the document (unique, under 2^40); ${rank} orders survival, smaller first (borrowed for the
 * call, at most DEDUP_RANK_MAX bytes, compared as bytes; must be unique: end it with the document's id).  Not thread-safe.
 */
enum status dedup_add(struct dedup *d, uint64_t doc, struct slice rank, const struct signature *sig, struct buf *err) MUST_CHECK;

struct dedup_verdict {
    uint64_t doc;
    uint64_t kept; /* the document that stands for its cluster; == doc for the survivor; from DEDUP_OLD on, see dedup_old_name() */
    double similarity; /* Jaccard with ${kept} by sketches; 1 for itself and exact copies */
    uint32_t cluster_size;
};
/** dedup_run(d, emit, ctx, err): decide; ${emit} is called once for each document that is not alone, in ascending ${doc}, on the calling
 *  thread.  ${d} may then only be asked for names, remembered and freed. */
enum status dedup_run(struct dedup *d, enum status (*emit)(void *ctx, const struct dedup_verdict *v), void *ctx,
                      struct buf *err) MUST_CHECK;

#define DEDUP_OLD ((uint64_t)1 << 63)
/** dedup_old_name(d, kept, scratch, name, err): the name in the index of a verdict's ${kept}, alive until ${scratch} is used again. */
enum status dedup_old_name(const struct dedup *d, uint64_t kept, char scratch[DEDUP_NAME_MAX], struct slice *name,
                           struct buf *err) MUST_CHECK;

struct dedup_memory {                      /* what dedup_remember() asks of its caller */
    bool (*keep)(void *ctx, uint64_t doc); /* put it into the index */
    enum status (*name)(void *ctx, uint64_t doc, char scratch[DEDUP_NAME_MAX], struct slice *name, struct buf *err);
    void *ctx;
};
/**
 * dedup_remember(d, m, removed, n_removed, err):
 * After dedup_run(), with ${remember} and ${against} set: add the documents that m->keep() names to the index, at most one of each
 * text, and take ${removed} out of what was there before, all at once.
 */
enum status dedup_remember(struct dedup *d, const struct dedup_memory *m, const struct hash128 *removed, size_t n_removed,
                           struct buf *err) MUST_CHECK;

struct dedup_counts { /* of a run, for reports */
    uint64_t documents, exact_copies, candidates, edges, clusters, duplicates, disk_bytes;
};
void dedup_counts(const struct dedup *d, struct dedup_counts *out);

#endif
