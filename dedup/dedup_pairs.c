/*
 * From runs to verified edges: exact copies, candidate pairs by bands, and of those the pairs whose sketches agree.
 */
#include "base/limits.h"
#include "base/parallel.h"
#include "dedup/dedup_state.h"
#include <stdlib.h>

/* A stage over the slices of a partition, which hands records on. */
struct stage {
    struct dedup *d;
    struct lsh_runs *from, *to;
    enum status (*slice)(struct stage *s, unsigned partition, struct lsh_record **r, size_t *n, struct lsh_sink *sink,
                         struct buf *err);
};

static enum status stage_partition(struct stage *s, unsigned partition, struct lsh_sink *sink, struct buf *err) {
    unsigned slices = lsh_runs_slices(s->from, partition, dedup_slice_records(s->d));
    enum status st = ST_OK;
    for (unsigned i = 0; st == ST_OK && i < slices; i++) {
        struct lsh_record *r;
        size_t n;
        st = lsh_runs_take_slice(s->from, partition, i, slices, &r, &n, err);
        if (i + 1 == slices) lsh_runs_drop(s->from, partition);
        if (st == ST_OK && n) st = s->slice(s, partition, &r, &n, sink, err);
        free(r);
    }
    return st == ST_OK ? lsh_sink_flush(sink, err) : st;
}

static enum status stage_task(void *ctx, size_t i, unsigned worker) {
    struct stage *s = ctx;
    struct lsh_sink *sink = malloc(sizeof *sink);
    struct buf err;
    buf_init(&err, LIMIT_ERR);
    (void)worker;
    enum status st = sink ? dedup_go_on(s->d, &err) : fail(&err, ST_FATAL, "out of memory");
    if (st == ST_OK) {
        sink->runs = s->to;
        sink->n = 0;
        st = stage_partition(s, (unsigned)i, sink, &err);
    }
    free(sink);
    return dedup_note(s->d, st, &err);
}

/* To records of key copy << 32 | first. */
static enum status copies_of_slice(struct stage *s, unsigned partition, struct lsh_record **r, size_t *n, struct lsh_sink *sink,
                                   struct buf *err) {
    enum status st = s->d->opt.against ? dedup_pull(s->d, INDEX_EXACT, partition, r, n, err) : ST_OK;
    for (size_t i = 1, first = 0; st == ST_OK && i < *n; i++) {
        if ((*r)[i].key != (*r)[first].key)
            first = i;
        else
            st = lsh_sink_put(sink, (*r)[i].value << 32 | (*r)[first].value, 0, err);
    }
    return st;
}

static enum status note_copy(struct dedup *d, uint32_t copy, uint32_t first, struct buf *err) {
    uint64_t ignored;
    char *at;
    enum status st = dedup_stream_room(d->first, sizeof first, &at, &ignored, err);
    if (st != ST_OK) return st;
    memcpy(at, &first, sizeof first);
    dedup_set_put(&d->copies, copy);
    dedup_set_put(&d->firsts, first);
    if (dedup_is_old(d, copy)) dedup_set_put(&d->anchored, first);
    return ST_OK;
}

static enum status note_copies(struct dedup *d, struct lsh_runs *runs, struct buf *err) {
    uint32_t count = 0;
    enum status st = dedup_set_init(&d->copies, dedup_spool_count(d->spool), err);
    if (st == ST_OK) st = dedup_set_init(&d->firsts, d->n_new, err);
    if (st == ST_OK) st = dedup_set_init(&d->anchored, d->n_new, err);
    if (st == ST_OK) st = dedup_stream_new(d->opt.memory_bytes / 32, d->work_dir, &d->first, err);
    for (unsigned p = 0; st == ST_OK && p < LSH_PARTITIONS; p++) {
        struct lsh_record *r;
        size_t n;
        st = lsh_runs_take(runs, p, &r, &n, err);
        for (size_t i = 0; st == ST_OK && i < n; i++) st = note_copy(d, (uint32_t)(r[i].key >> 32), (uint32_t)r[i].key, err);
        free(r);
    }
    if (st == ST_OK) st = dedup_set_count(&d->copies, &count, err);
    d->counts.exact_copies = count;
    return st;
}

enum status dedup_find_copies(struct dedup *d, struct buf *err) {
    struct stage s = {.d = d, .from = d->exact, .slice = copies_of_slice};
    /* The index holds a text at most once, so it adds no more entries than there are. */
    uint64_t max_key = d->n_new < 1u << 30 ? (uint64_t)d->n_new << 33 : UINT64_MAX;
    enum status st = dedup_runs(d, max_key, 32, 32, &s.to, err);
    if (st == ST_OK) st = parallel_for(LSH_PARTITIONS, d->opt.threads, stage_task, &s);
    if (st == ST_OK) st = note_copies(d, s.to, err);
    lsh_runs_free(s.to);
    return st;
}

enum status dedup_first_of(const struct dedup *d, uint32_t seq, uint32_t *first, struct buf *err) {
    uint32_t own;
    const char *at;
    *first = seq;
    if (!dedup_set_has(&d->copies, seq)) return ST_OK;
    uint64_t offset = (uint64_t)dedup_set_rank(&d->copies, seq) * sizeof own;
    enum status st = dedup_stream_read(d->first, offset, sizeof own, &own, &at, err);
    if (st == ST_OK) memcpy(first, at, sizeof *first);
    return st;
}

static enum status candidates_of_slice(struct stage *s, unsigned partition, struct lsh_record **r, size_t *n, struct lsh_sink *sink,
                                       struct buf *err) {
    enum status st = s->d->opt.against ? dedup_pull(s->d, INDEX_KEYS, partition, r, n, err) : ST_OK;
    for (size_t at = 0, end; st == ST_OK && at < *n; at = end) {
        end = lsh_bucket_end(*r, *n, at);
        if (end - at > 1) st = lsh_pairs(*r + at, end - at, s->d->n_new, sink, err);
    }
    return st;
}

static enum status get_sketch(const struct dedup *d, uint32_t seq, uint32_t *first, struct dedup_scratch *scratch,
                              struct dedup_entry *e, uint32_t *loaded, struct buf *err) {
    enum status st = dedup_first_of(d, seq, first, err);
    if (st == ST_OK && *first != *loaded) st = dedup_spool_get(d->spool, *first, scratch, e, err);
    *loaded = st == ST_OK ? *first : DEDUP_NO_ENTRY;
    return st;
}

/* A text that was met again after it had left the table of texts stands twice in the bands: both are the first. */
static enum status verify_slice(struct stage *s, unsigned partition, struct lsh_record **records, size_t *n, struct lsh_sink *sink,
                                struct buf *err) {
    struct dedup *d = s->d;
    const struct lsh_record *r = *records;
    struct dedup_scratch scratch[2];
    struct dedup_entry a = {0}, b = {0};
    uint32_t loaded[2] = {DEDUP_NO_ENTRY, DEDUP_NO_ENTRY}, x = 0, y = 0;
    enum status st = ST_OK;
    (void)partition;
    for (size_t i = 0; st == ST_OK && i < *n; i++) {
        if (i > 0 && r[i].key == r[i - 1].key) continue;
        st = get_sketch(d, (uint32_t)(r[i].key >> 32), &x, &scratch[0], &a, &loaded[0], err);
        if (st == ST_OK) st = get_sketch(d, (uint32_t)r[i].key, &y, &scratch[1], &b, &loaded[1], err);
        if (st != ST_OK || x == y) continue;
        double j = signature_similarity(a.sketch, a.n_sketch, b.sketch, b.n_sketch);
        if (j < d->opt.similarity) continue;
        dedup_set_put(&d->nodes, x);
        dedup_set_put(&d->nodes, y);
        st = lsh_sink_put(sink, (uint64_t)(x < y ? x : y) << 32 | (x < y ? y : x), (uint64_t)(j * CLUSTER_ONE), err);
    }
    return st;
}

enum status dedup_find_pairs(struct dedup *d, struct buf *err) {
    struct stage s = {.d = d, .from = d->bands, .slice = candidates_of_slice};
    enum status st = dedup_runs(d, (uint64_t)d->n_new << 32, 32, 16, &d->edges, err);
    s.to = d->edges;
    if (st == ST_OK) st = parallel_for(LSH_PARTITIONS, d->opt.threads, stage_task, &s);
    if (st != ST_OK) return st;
    d->counts.candidates = lsh_runs_count(d->edges);
    st = dedup_set_init(&d->nodes, dedup_spool_count(d->spool), err);
    if (st == ST_OK) st = dedup_runs(d, (uint64_t)d->n_new << 32, 32, 16, &d->verified, err);
    if (st != ST_OK) return st;
    s = (struct stage){.d = d, .from = d->edges, .to = d->verified, .slice = verify_slice};
    st = parallel_for(LSH_PARTITIONS, d->opt.threads, stage_task, &s);
    d->counts.edges = lsh_runs_count(d->verified);
    return st;
}
