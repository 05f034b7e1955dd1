/*
 * Clusters to verdicts: who survives, and how near the others are to it.  A verdict waits as two records: document << 1, kept; and
 * document << 1 | 1, similarity as a float's bits << 32 | cluster size.
 */
#include "dedup/dedup_state.h"
#include <stdlib.h>

/* What was kept before comes first, by name; it has its name for a rank. */
static bool ranks_before(const struct dedup_entry *a, const struct dedup_entry *b) {
    if ((a->doc >= DEDUP_OLD) != (b->doc >= DEDUP_OLD)) return a->doc >= DEDUP_OLD;
    return slice_cmp(a->rank, b->rank) < 0;
}

static enum status find_survivor(const struct dedup *d, const struct lsh_record *r, size_t n, size_t *which, uint64_t *doc,
                                 struct buf *err) {
    struct dedup_scratch scratch[2];
    struct dedup_entry best = {0}, e;
    unsigned other = 0; /* the scratch that the best does not lie in */
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        st = dedup_spool_get(d->spool, lsh_seq(&r[i]), &scratch[other], &e, err);
        if (st != ST_OK || (i > 0 && !ranks_before(&e, &best))) continue;
        best = e;
        other = !other;
        *which = i;
    }
    *doc = best.doc;
    return st;
}

static enum status get_with_sketch(const struct dedup *d, uint32_t seq, struct dedup_scratch *scratch, struct dedup_entry *e,
                                   struct buf *err) {
    uint32_t first = seq;
    enum status st = dedup_first_of(d, seq, &first, err);
    return st == ST_OK ? dedup_spool_get(d->spool, first, scratch, e, err) : st;
}

static uint64_t pack(double similarity, size_t cluster_size) {
    float s = (float)similarity;
    uint32_t bits;
    memcpy(&bits, &s, sizeof bits);
    return (uint64_t)bits << 32 | (cluster_size < UINT32_MAX ? (uint32_t)cluster_size : UINT32_MAX);
}

static struct dedup_verdict unpack(const struct lsh_record r[2]) {
    uint32_t bits = (uint32_t)(r[1].value >> 32);
    float s;
    memcpy(&s, &bits, sizeof s);
    return (struct dedup_verdict){
        .doc = r[0].key >> 1, .kept = r[0].value, .similarity = (double)s, .cluster_size = (uint32_t)r[1].value};
}

/* Similarity of entry ${seq} to the survivor, and its document. */
static enum status compare(const struct dedup *d, uint32_t seq, const struct dedup_entry *kept, double *similarity, uint64_t *doc,
                           struct buf *err) {
    struct dedup_scratch scratch;
    struct dedup_entry e;
    enum status st = dedup_spool_get(d->spool, seq, &scratch, &e, err);
    if (st != ST_OK) return st;
    *doc = e.doc;
    *similarity = 1;
    if (e.exact == kept->exact) return ST_OK;
    st = get_with_sketch(d, seq, &scratch, &e, err);
    if (st == ST_OK) *similarity = signature_similarity(e.sketch, e.n_sketch, kept->sketch, kept->n_sketch);
    return st;
}

enum status dedup_judge(struct dedup *d, const struct lsh_record *r, size_t n, struct lsh_sink *verdicts, struct buf *err) {
    struct dedup_scratch scratch;
    struct dedup_entry kept;
    uint64_t kept_doc = 0, doc = 0;
    size_t which = 0, fresh = 0;
    double similarity = 1;
    enum status st = find_survivor(d, r, n, &which, &kept_doc, err);
    if (st == ST_OK) st = get_with_sketch(d, lsh_seq(&r[which]), &scratch, &kept, err);
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        if (dedup_is_old(d, lsh_seq(&r[i]))) continue;
        fresh++;
        st = compare(d, lsh_seq(&r[i]), &kept, &similarity, &doc, err);
        if (st == ST_OK) st = lsh_sink_put(verdicts, doc << 1, kept_doc, err);
        if (st == ST_OK) st = lsh_sink_put(verdicts, doc << 1 | 1, pack(similarity, n), err);
    }
    __atomic_fetch_add(&d->counts.clusters, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&d->counts.duplicates, fresh - (kept_doc < DEDUP_OLD), __ATOMIC_RELAXED);
    return st;
}

enum status dedup_tell(struct dedup *d, enum status (*emit)(void *ctx, const struct dedup_verdict *v), void *ctx, struct buf *err) {
    enum status st = ST_OK;
    for (unsigned p = 0; st == ST_OK && p < LSH_PARTITIONS; p++) {
        struct lsh_record *r;
        size_t n;
        st = lsh_runs_take(d->verdicts, p, &r, &n, err);
        for (size_t i = 0; st == ST_OK && i + 1 < n; i += 2) {
            struct dedup_verdict v = unpack(r + i);
            st = emit(ctx, &v);
        }
        free(r);
    }
    return st;
}
