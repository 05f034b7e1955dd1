#ifndef VILLERS_DEDUP_DEDUP_STATE_H
#define VILLERS_DEDUP_DEDUP_STATE_H
/*
 * Inside the deduplicator: what its stages hand each other.  Entries are named by their number in the spool ("seq").  All that grows
 * with the documents goes to runs and streams, which leave memory for a file at their budget; what stays is a few bits an entry and
 * 4 bytes for each entry with an edge.
 *
 *   dedup_add → spool, exact runs, band runs
 *   dedup_find_copies: exact runs → copies       (entries whose normalised text is an earlier entry's)
 *   dedup_find_pairs: band runs → edge runs → verified edges
 *   dedup_cluster: edges, copies → components → clusters (dedup_component) → verdicts of their members (dedup_judge)
 *   dedup_tell: verdicts by document
 */
#include "base/map64.h"
#include "dedup/cluster.h"
#include "dedup/dedup.h"
#include "dedup/dedup_set.h"
#include "dedup/dedup_spool.h"
#include "dedup/dedup_stream.h"
#include "dedup/lsh.h"
#include <pthread.h>

struct dedup_list { /* of records */
    struct lsh_record *v;
    size_t n, room;
};

struct dedup {
    struct dedup_options opt;
    char *work_dir;
    struct dedup_spool *spool;
    struct lsh_runs *exact, *bands;
    struct lsh_runs *edges;    /* key: a << 32 | b */
    struct lsh_runs *verified; /* the same with value: weight */
    struct lsh_runs *joined;   /* by component, see dedup_cluster.c */
    struct lsh_runs *verdicts; /* key: document << 1, value: kept; key: document << 1 | 1, value: see dedup_judge.c */
    uint64_t *seen;            /* exact hashes met, a lossy table */
    size_t seen_mask;
    struct dedup_set copies;    /* entries that have an earlier one's text */
    struct dedup_stream *first; /* u32 a copy, by rank: that earlier one */
    struct dedup_set firsts;    /* those */
    struct dedup_set anchored;  /* firsts that have a copy in the index */
    struct dedup_set nodes;     /* entries with an edge or a copy */
    uint32_t *root;             /* by rank of a node: its component's smallest */
    struct dedup_counts counts;
    uint32_t n_new; /* entries that were added; those after them came from the index */
    uint64_t max_doc;
    struct map64 old;          /* reference in the index to exact >> 32 << 32 | entry, or DEDUP_NO_ENTRY for a removed one */
    struct dedup_names *names; /* of those */
    pthread_mutex_t lock;      /* of counts, old, names and the error while threads run */
    struct buf *err;
};

enum status dedup_list_add(struct dedup_list *l, uint64_t key, uint64_t value, struct buf *err) MUST_CHECK;
void dedup_list_free(struct dedup_list *l);
/** dedup_note(d, st, err): keep a worker's error text for the caller; returns ${st}; frees ${err}. */
enum status dedup_note(struct dedup *d, enum status st, struct buf *err);
/** dedup_go_on(d, err): OK, or RETRY when the caller wants to stop. */
enum status dedup_go_on(const struct dedup *d, struct buf *err) MUST_CHECK;
/** dedup_runs(d, max_key, together, part, out, err): runs for keys up to ${max_key}, with a ${part}th of the memory; keys that differ
 *  in their last ${together} bits alone come in one partition. */
enum status dedup_runs(struct dedup *d, uint64_t max_key, unsigned together, unsigned part, struct lsh_runs **out,
                       struct buf *err) MUST_CHECK;
/** dedup_slice_records(d): how many records of a partition one worker may hold at a time. */
size_t dedup_slice_records(const struct dedup *d);

#define DEDUP_NO_ENTRY UINT32_MAX
static inline bool dedup_is_old(const struct dedup *d, uint64_t seq) { return seq >= d->n_new; }
/** dedup_first_of(d, seq, first, err): the entry that has the sketch of entry ${seq}'s text. */
enum status dedup_first_of(const struct dedup *d, uint32_t seq, uint32_t *first, struct buf *err) MUST_CHECK;
/** dedup_pull(d, section, partition, records, n, err): add the index's documents that share a key with ${records} (replaced by a
 *  longer, sorted array) to the spool, once each, and their records. */
enum status dedup_pull(struct dedup *d, enum index_section section, unsigned partition, struct lsh_record **records, size_t *n,
                       struct buf *err) MUST_CHECK;

enum status dedup_find_copies(struct dedup *d, struct buf *err) MUST_CHECK;
enum status dedup_find_pairs(struct dedup *d, struct buf *err) MUST_CHECK;
enum status dedup_cluster(struct dedup *d, struct buf *err) MUST_CHECK;

/** dedup_component(d, records, n, verdicts, err): one component, as dedup_cluster.c has its records, to clusters and verdicts. */
enum status dedup_component(struct dedup *d, const struct lsh_record *records, size_t n, struct lsh_sink *verdicts,
                            struct buf *err) MUST_CHECK;
/** dedup_judge(d, members, n, verdicts, err): the verdicts of a cluster, whose members are the values of ${members}. */
enum status dedup_judge(struct dedup *d, const struct lsh_record *members, size_t n, struct lsh_sink *verdicts,
                        struct buf *err) MUST_CHECK;
enum status dedup_tell(struct dedup *d, enum status (*emit)(void *ctx, const struct dedup_verdict *v), void *ctx,
                       struct buf *err) MUST_CHECK;

#endif
