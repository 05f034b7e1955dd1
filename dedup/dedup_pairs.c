/*
 * From runs to verified edges: exact copies, candidate pairs by bands, and of those the pairs whose sketches agree.
 */
#include "base/limits.h"
#include "base/parallel.h"
#include "dedup/dedup_state.h"
#include <stdlib.h>

static enum status copies_of_partition(struct dedup *d, unsigned partition, struct dedup_list *found, struct buf *err) {
    struct lsh_record *r;
    size_t n;
    enum status st = lsh_runs_take(d->exact, partition, &r, &n, err);
    if (st == ST_OK && d->opt.against) st = dedup_pull(d, INDEX_EXACT, partition, &r, &n, err);
    for (size_t i = 1, first = 0; st == ST_OK && i < n; i++) {
        if (r[i].key != r[first].key)
            first = i;
        else
            st = dedup_list_add(found, r[i].value, r[first].value, err);
    }
    free(r);
    return st;
}

static enum status copies_task(void *ctx, size_t i, unsigned worker) {
    struct dedup *d = ctx;
    struct dedup_list found = {0};
    struct buf err;
    buf_init(&err, LIMIT_ERR);
    (void)worker;
    enum status st = copies_of_partition(d, (unsigned)i, &found, &err);
    if (st == ST_OK) st = dedup_list_merge(d, &d->copies, &found, &err);
    dedup_list_free(&found);
    return dedup_note(d, st, &err);
}

enum status dedup_find_copies(struct dedup *d, struct buf *err) {
    (void)err; /* the tasks fill it, through dedup_note() */
    enum status st = parallel_for(LSH_PARTITIONS, d->opt.threads, copies_task, d);
    if (st != ST_OK) return st;
    lsh_sort(d->copies.v, d->copies.n);
    d->counts.exact_copies = d->copies.n;
    return ST_OK;
}

static enum status candidates_task(void *ctx, size_t i, unsigned worker) {
    struct dedup *d = ctx;
    struct lsh_record *r;
    struct lsh_sink sink = {.edges = d->edges, .n_new = d->n_new};
    struct buf err;
    size_t n;
    (void)worker;
    buf_init(&err, LIMIT_ERR);
    enum status st = lsh_runs_take(d->bands, (unsigned)i, &r, &n, &err);
    if (st == ST_OK && d->opt.against) st = dedup_pull(d, INDEX_KEYS, (unsigned)i, &r, &n, &err);
    for (size_t at = 0, end; st == ST_OK && at < n; at = end) {
        end = lsh_bucket_end(r, n, at);
        if (end - at > 1) st = lsh_pairs(r + at, end - at, &sink, &err);
    }
    free(r);
    if (st == ST_OK) st = lsh_sink_flush(&sink, &err);
    return dedup_note(d, st, &err);
}

/* A text that was met again after it had left the table of texts stands twice in the bands: both are the first. */
static uint32_t first_of(const struct dedup *d, uint32_t seq) {
    const struct lsh_record *copy = dedup_list_find(&d->copies, seq);
    return copy ? (uint32_t)copy->value : seq;
}

static enum status verify(struct dedup *d, const struct lsh_record *r, size_t n, struct dedup_list *found, struct buf *err) {
    struct dedup_entry a, b;
    uint64_t loaded = UINT64_MAX;
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        if (i > 0 && r[i].key == r[i - 1].key) continue;
        uint32_t x = first_of(d, (uint32_t)(r[i].key >> 32)), y = first_of(d, (uint32_t)r[i].key);
        if (x == y) continue;
        if (x != loaded) st = dedup_spool_get(d->spool, x, &a, err);
        loaded = x;
        if (st == ST_OK) st = dedup_spool_get(d->spool, y, &b, err);
        if (st != ST_OK) break;
        double s = signature_similarity(a.sketch, a.n_sketch, b.sketch, b.n_sketch);
        if (s < d->opt.similarity) continue;
        st = dedup_list_add(found, (uint64_t)(x < y ? x : y) << 32 | (x < y ? y : x), (uint64_t)(s * CLUSTER_ONE), err);
    }
    return st;
}

static enum status verify_task(void *ctx, size_t i, unsigned worker) {
    struct dedup *d = ctx;
    struct dedup_list found = {0};
    struct lsh_record *r;
    struct buf err;
    size_t n;
    (void)worker;
    buf_init(&err, LIMIT_ERR);
    enum status st = lsh_runs_take(d->edges, (unsigned)i, &r, &n, &err);
    if (st == ST_OK) st = verify(d, r, n, &found, &err);
    if (st == ST_OK) st = dedup_list_merge(d, &d->verified, &found, &err);
    free(r);
    dedup_list_free(&found);
    return dedup_note(d, st, &err);
}

enum status dedup_find_pairs(struct dedup *d, struct buf *err) {
    uint32_t n = d->n_new;
    unsigned bits = n > 1 ? 32 - (unsigned)__builtin_clz(n - 1) : 1;
    enum status st = lsh_runs_new(32 + (bits > 8 ? bits - 8 : 0), d->opt.memory_bytes / 8, d->opt.work_dir, &d->edges, err);
    if (st == ST_OK) st = parallel_for(LSH_PARTITIONS, d->opt.threads, candidates_task, d);
    if (st != ST_OK) return st;
    d->counts.candidates = lsh_runs_count(d->edges);
    st = parallel_for(LSH_PARTITIONS, d->opt.threads, verify_task, d);
    if (st != ST_OK) return st;
    lsh_sort(d->verified.v, d->verified.n);
    d->counts.edges = d->verified.n;
    return ST_OK;
}
