/*
 * Verified edges and copies, dealt by component of the graph: union-find over the ranks of the entries that have an edge or a copy,
 * then runs that are taken a partition at a time, each component on end:
 *   an edge: key root << 32 | (CLUSTER_ONE - weight), value a << 32 | b
 *   a copy: key root << 32 | UINT32_MAX, value first << 32 | copy
 */
#include "base/limits.h"
#include "base/parallel.h"
#include "dedup/dedup_state.h"
#include <stdlib.h>

static uint32_t find(uint32_t *root, uint32_t i) {
    while (root[i] != i) {
        root[i] = root[root[i]];
        i = root[i];
    }
    return i;
}

static uint32_t root_of(const struct dedup *d, uint32_t seq) { return find(d->root, dedup_set_rank(&d->nodes, seq)); }

typedef enum status edge_fn(struct dedup *d, const struct lsh_record *edge, struct lsh_sink *sink, struct buf *err);

static enum status each_edge(struct dedup *d, edge_fn *fn, struct lsh_sink *sink, struct buf *err) {
    enum status st = ST_OK;
    for (unsigned p = 0; st == ST_OK && p < LSH_PARTITIONS; p++) {
        struct lsh_record *r;
        size_t n;
        st = lsh_runs_take(d->verified, p, &r, &n, err);
        for (size_t i = 0; st == ST_OK && i < n; i++) st = fn(d, &r[i], sink, err);
        free(r);
    }
    return st;
}

static enum status unite(struct dedup *d, const struct lsh_record *edge, struct lsh_sink *sink, struct buf *err) {
    uint32_t a = root_of(d, (uint32_t)(edge->key >> 32)), b = root_of(d, (uint32_t)edge->key);
    (void)sink;
    (void)err;
    d->root[a < b ? b : a] = a < b ? a : b;
    return ST_OK;
}

static enum status deal_edge(struct dedup *d, const struct lsh_record *edge, struct lsh_sink *sink, struct buf *err) {
    uint64_t root = root_of(d, (uint32_t)(edge->key >> 32));
    return lsh_sink_put(sink, root << 32 | (CLUSTER_ONE - edge->value), edge->key, err);
}

static enum status deal_copies(struct dedup *d, struct lsh_sink *sink, struct buf *err) {
    enum status st = ST_OK;
    for (uint32_t i = dedup_set_next(&d->copies, 0); st == ST_OK && i < d->copies.n; i = dedup_set_next(&d->copies, i + 1)) {
        uint32_t first = 0;
        st = dedup_first_of(d, i, &first, err);
        if (st == ST_OK) st = lsh_sink_put(sink, (uint64_t)root_of(d, first) << 32 | UINT32_MAX, (uint64_t)first << 32 | i, err);
    }
    return st;
}

/* Components by their smallest node. */
static enum status find_components(struct dedup *d, uint32_t n, struct buf *err) {
    d->root = malloc((size_t)n * sizeof *d->root);
    if (!d->root) return fail(err, ST_FATAL, "out of memory for %u documents with an edge", n);
    for (uint32_t i = 0; i < n; i++) d->root[i] = i;
    lsh_runs_keep(d->verified);
    return each_edge(d, unite, NULL, err);
}

static enum status deal(struct dedup *d, uint32_t n, struct buf *err) {
    struct lsh_sink *sink = malloc(sizeof *sink);
    enum status st = sink ? dedup_runs(d, (uint64_t)n << 32, 32, 16, &d->joined, err) : fail(err, ST_FATAL, "out of memory");
    if (st == ST_OK) {
        sink->runs = d->joined;
        sink->n = 0;
        st = each_edge(d, deal_edge, sink, err);
    }
    if (st == ST_OK) st = deal_copies(d, sink, err);
    if (st == ST_OK) st = lsh_sink_flush(sink, err);
    free(sink);
    free(d->root);
    d->root = NULL;
    lsh_runs_free(d->verified);
    d->verified = NULL;
    return st;
}

static enum status cluster_partition(struct dedup *d, unsigned partition, struct lsh_sink *verdicts, struct buf *err) {
    struct lsh_record *r;
    size_t n;
    enum status st = lsh_runs_take(d->joined, partition, &r, &n, err);
    for (size_t at = 0, end; st == ST_OK && at < n; at = end) {
        for (end = at + 1; end < n && r[end].key >> 32 == r[at].key >> 32;) end++;
        st = dedup_component(d, r + at, end - at, verdicts, err);
    }
    free(r);
    return st == ST_OK ? lsh_sink_flush(verdicts, err) : st;
}

static enum status cluster_task(void *ctx, size_t i, unsigned worker) {
    struct dedup *d = ctx;
    struct lsh_sink *sink = malloc(sizeof *sink);
    struct buf err;
    (void)worker;
    buf_init(&err, LIMIT_ERR);
    enum status st = sink ? dedup_go_on(d, &err) : fail(&err, ST_FATAL, "out of memory");
    if (st == ST_OK) {
        sink->runs = d->verdicts;
        sink->n = 0;
        st = cluster_partition(d, (unsigned)i, sink, &err);
    }
    free(sink);
    return dedup_note(d, st, &err);
}

enum status dedup_cluster(struct dedup *d, struct buf *err) {
    uint32_t n = 0;
    dedup_set_join(&d->nodes, &d->firsts);
    enum status st = dedup_set_count(&d->nodes, &n, err);
    if (st == ST_OK) st = dedup_runs(d, d->max_doc << 1 | 1, 1, 16, &d->verdicts, err);
    if (st != ST_OK || n == 0) return st;
    st = find_components(d, n, err);
    if (st == ST_OK) st = deal(d, n, err);
    return st == ST_OK ? parallel_for(LSH_PARTITIONS, d->opt.threads, cluster_task, d) : st;
}
