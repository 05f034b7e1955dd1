#ifndef VILLERS_DEDUP_DEDUP_STATE_H
#define VILLERS_DEDUP_DEDUP_STATE_H
/*
 * Inside the deduplicator: what its stages hand each other.  Entries are named by their number in the spool ("seq").
 *
 *   dedup_add → spool, exact runs, band runs
 *   dedup_find_copies: exact runs → copies       (entries whose normalised text is an earlier entry's)
 *   dedup_find_pairs: band runs → edge runs → verified edges
 *   dedup_cluster: edges → a label an entry
 *   dedup_judge: labels, copies, ranks → verdicts
 */
#include "base/map64.h"
#include "dedup/cluster.h"
#include "dedup/dedup.h"
#include "dedup/dedup_spool.h"
#include "dedup/lsh.h"
#include <pthread.h>

struct dedup_list { /* of records, grown under the lock */
    struct lsh_record *v;
    size_t n, room;
};

struct dedup {
    struct dedup_options opt;
    char *work_dir;
    struct dedup_spool *spool;
    struct lsh_runs *exact, *bands, *edges;
    uint64_t *seen; /* exact hashes met, a lossy table */
    size_t seen_mask;
    struct dedup_list copies;     /* key: the entry, value: the first one with its text; ascending */
    struct dedup_list verified;   /* key: a << 32 | b, value: weight */
    struct dedup_list labels;     /* key: cluster, value: entry */
    struct dedup_entry add_entry; /* scratch of dedup_add */
    struct dedup_counts counts;
    uint32_t n_new;            /* entries that were added; those after them came from the index */
    struct map64 old;          /* reference in the index to entry, or NO_ENTRY for a removed one */
    struct dedup_names *names; /* of those */
    bool ascending;            /* documents came in ascending order */
    uint64_t last_doc;
    pthread_mutex_t lock; /* of the lists and the error while threads run */
    struct buf *err;
};

enum status dedup_list_add(struct dedup_list *l, uint64_t key, uint64_t value, struct buf *err) MUST_CHECK;
/** dedup_list_merge(d, to, from, err): append ${from} under the lock. */
enum status dedup_list_merge(struct dedup *d, struct dedup_list *to, const struct dedup_list *from, struct buf *err) MUST_CHECK;
/** dedup_list_find(l, key): the record of ${key} in an ascending list, or NULL. */
const struct lsh_record *dedup_list_find(const struct dedup_list *l, uint64_t key);
void dedup_list_free(struct dedup_list *l);
/** dedup_note(d, st, err): keep a worker's error text for the caller; returns ${st}; frees ${err}. */
enum status dedup_note(struct dedup *d, enum status st, struct buf *err);

#define DEDUP_NO_ENTRY UINT32_MAX
static inline bool dedup_is_old(const struct dedup *d, uint64_t seq) { return seq >= d->n_new; }
/** dedup_pull(d, section, partition, records, n, err): add the index's documents that share a key with ${records} (replaced by a
 *  longer, sorted array) to the spool, once each, and their records. */
enum status dedup_pull(struct dedup *d, enum index_section section, unsigned partition, struct lsh_record **records, size_t *n,
                       struct buf *err) MUST_CHECK;

enum status dedup_find_copies(struct dedup *d, struct buf *err) MUST_CHECK;
enum status dedup_find_pairs(struct dedup *d, struct buf *err) MUST_CHECK;
enum status dedup_cluster(struct dedup *d, struct buf *err) MUST_CHECK;
enum status dedup_judge(struct dedup *d, enum status (*emit)(void *ctx, const struct dedup_verdict *v), void *ctx,
                        struct buf *err) MUST_CHECK;

#endif
