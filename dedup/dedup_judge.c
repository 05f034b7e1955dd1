/*
 * Clusters to verdicts: who survives, and how near the others are to it.
 */
#include "dedup/dedup_state.h"
#include <stdlib.h>

struct judged {
    uint64_t doc, kept;
    double similarity;
    uint32_t cluster_size;
};
struct verdicts {
    struct judged *v;
    size_t n, room;
};

/* Labels of the entries with an edge; then each copy joins its first, and a first that has only copies makes a cluster. */
static enum status add_copies(struct dedup *d, struct buf *err) {
    struct dedup_list by_seq = {0};
    enum status st = ST_OK;
    size_t nodes = d->labels.n;
    for (size_t i = 0; st == ST_OK && i < nodes; i++) st = dedup_list_add(&by_seq, d->labels.v[i].value, d->labels.v[i].key, err);
    if (st == ST_OK) lsh_sort(by_seq.v, by_seq.n);
    for (size_t i = 0; st == ST_OK && i < d->copies.n; i++) {
        uint64_t first = d->copies.v[i].value;
        const struct lsh_record *node = dedup_list_find(&by_seq, first);
        uint64_t label = node ? node->value : first;
        st = dedup_list_add(&d->labels, label, d->copies.v[i].key, err);
        if (st == ST_OK && !node) st = dedup_list_add(&d->labels, label, first, err);
    }
    dedup_list_free(&by_seq);
    return st;
}

/* Sorted by cluster and entry, each once: a first with several copies was added with each. */
static void order_labels(struct dedup *d) {
    struct lsh_record *v = d->labels.v;
    size_t n = 0;
    lsh_sort(v, d->labels.n);
    for (size_t i = 0; i < d->labels.n; i++)
        if (n == 0 || v[n - 1].key != v[i].key || v[n - 1].value != v[i].value) v[n++] = v[i];
    d->labels.n = n;
}

/* What was kept before comes first, by name; it has its name for a rank. */
static bool ranks_before(const struct dedup_entry *a, const struct dedup_entry *b) {
    if (a->doc >= DEDUP_OLD || b->doc >= DEDUP_OLD) {
        if (a->doc < DEDUP_OLD || b->doc < DEDUP_OLD) return a->doc >= DEDUP_OLD;
    }
    return slice_cmp(slice_of(a->rank, a->n_rank), slice_of(b->rank, b->n_rank)) < 0;
}

/* The entry that has the sketch of entry ${seq}'s text. */
static enum status get_with_sketch(const struct dedup *d, uint32_t seq, struct dedup_entry *e, struct buf *err) {
    const struct lsh_record *copy = dedup_list_find(&d->copies, seq);
    return dedup_spool_get(d->spool, copy ? (uint32_t)copy->value : seq, e, err);
}

static enum status find_survivor(const struct dedup *d, const struct lsh_record *r, size_t n, size_t *which, struct buf *err) {
    struct dedup_entry best, e;
    enum status st = dedup_spool_get(d->spool, lsh_seq(&r[0]), &best, err);
    *which = 0;
    for (size_t i = 1; st == ST_OK && i < n; i++) {
        st = dedup_spool_get(d->spool, lsh_seq(&r[i]), &e, err);
        if (st != ST_OK || !ranks_before(&e, &best)) continue;
        best = e;
        *which = i;
    }
    return st;
}

static enum status add_verdict(struct verdicts *l, struct judged v, struct buf *err) {
    if (l->n == l->room) {
        size_t room = l->room ? 2 * l->room : 256;
        struct judged *p = realloc(l->v, room * sizeof *p);
        if (!p) return fail(err, ST_FATAL, "out of memory for %zu verdicts", room);
        l->v = p;
        l->room = room;
    }
    l->v[l->n++] = v;
    return ST_OK;
}

static size_t count_new(const struct dedup *d, const struct lsh_record *r, size_t n) {
    size_t k = 0;
    for (size_t i = 0; i < n; i++) k += !dedup_is_old(d, lsh_seq(&r[i]));
    return k;
}

static enum status judge_cluster(struct dedup *d, const struct lsh_record *r, size_t n, struct verdicts *out, struct buf *err) {
    struct dedup_entry kept, e;
    uint64_t kept_doc = 0;
    size_t which;
    enum status st = find_survivor(d, r, n, &which, err);
    if (st == ST_OK) st = dedup_spool_doc(d->spool, lsh_seq(&r[which]), &kept_doc, err);
    if (st == ST_OK) st = get_with_sketch(d, lsh_seq(&r[which]), &kept, err);
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        struct judged v = {0, kept_doc, 1, (uint32_t)n};
        st = dedup_spool_doc(d->spool, lsh_seq(&r[i]), &v.doc, err);
        if (st == ST_OK) st = get_with_sketch(d, lsh_seq(&r[i]), &e, err);
        if (st != ST_OK) break;
        if (dedup_is_old(d, lsh_seq(&r[i]))) continue;
        if (e.exact != kept.exact) v.similarity = signature_similarity(e.sketch, e.n_sketch, kept.sketch, kept.n_sketch);
        st = add_verdict(out, v, err);
    }
    d->counts.clusters++;
    d->counts.duplicates += count_new(d, r, n) - (kept_doc < DEDUP_OLD);
    return st;
}

static int by_doc(const void *a, const void *b) {
    uint64_t x = ((const struct judged *)a)->doc, y = ((const struct judged *)b)->doc;
    return x < y ? -1 : x > y;
}

static enum status judge_all(struct dedup *d, struct verdicts *out, struct buf *err) {
    const struct lsh_record *r = d->labels.v;
    enum status st = ST_OK;
    for (size_t at = 0, end; st == ST_OK && at < d->labels.n; at = end) {
        end = lsh_bucket_end(r, d->labels.n, at);
        if (end - at > 1) st = judge_cluster(d, r + at, end - at, out, err);
    }
    if (out->n) qsort(out->v, out->n, sizeof *out->v, by_doc);
    return st;
}

/* All documents ascending, when they did not come so. */
static enum status sorted_docs(const struct dedup *d, struct dedup_list *docs, struct buf *err) {
    enum status st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && !d->ascending && i < d->n_new; i++) {
        uint64_t doc = 0;
        st = dedup_spool_doc(d->spool, i, &doc, err);
        if (st == ST_OK) st = dedup_list_add(docs, doc, 0, err);
    }
    lsh_sort(docs->v, docs->n);
    return st;
}

static enum status tell(struct dedup *d, const struct verdicts *l, enum status (*emit)(void *ctx, const struct dedup_verdict *v),
                        void *ctx, struct buf *err) {
    struct dedup_list docs = {0};
    size_t next = 0;
    enum status st = sorted_docs(d, &docs, err);
    for (uint32_t i = 0; st == ST_OK && i < d->n_new; i++) {
        uint64_t doc = 0;
        if (d->ascending)
            st = dedup_spool_doc(d->spool, i, &doc, err);
        else
            doc = docs.v[i].key;
        struct dedup_verdict v = {doc, doc, 1, 1};
        if (next < l->n && l->v[next].doc == doc) {
            v = (struct dedup_verdict){doc, l->v[next].kept, l->v[next].similarity, l->v[next].cluster_size};
            next++;
        }
        if (st == ST_OK) st = emit(ctx, &v);
    }
    dedup_list_free(&docs);
    return st;
}

enum status dedup_judge(struct dedup *d, enum status (*emit)(void *ctx, const struct dedup_verdict *v), void *ctx,
                        struct buf *err) {
    struct verdicts all = {0};
    enum status st = add_copies(d, err);
    if (st == ST_OK) {
        order_labels(d);
        st = judge_all(d, &all, err);
    }
    if (st == ST_OK) st = tell(d, &all, emit, ctx, err);
    free(all.v);
    return st;
}
