#include "dedup/dedup.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "dedup/dedup_room.h"
#include "dedup/dedup_state.h"
#include <stdlib.h>

static void set_defaults(struct dedup_options *o) {
    if (o->similarity <= 0) o->similarity = 0.7;
    if (o->floor <= 0) o->floor = 0.5;
    if (!o->memory_bytes) o->memory_bytes = GIB;
}

/*
 * The table of texts met grows with the documents, up to a 64th of the memory; each text has one place in it, where a later one
 * takes its own.
 */
static enum status grow_seen(struct dedup *d, struct buf *err) {
    size_t n = d->seen ? 4 * (d->seen_mask + 1) : 1024;
    if (d->seen && n * sizeof *d->seen > d->opt.memory_bytes / 64) return ST_OK;
    uint64_t *seen = dedup_room(n * sizeof *seen);
    if (!seen) return fail(err, ST_FATAL, "out of memory");
    memset(seen, 0, n * sizeof *seen);
    for (size_t i = 0; d->seen && i <= d->seen_mask; i++) seen[d->seen[i] & (n - 1)] = d->seen[i];
    free(d->seen);
    d->seen = seen;
    d->seen_mask = n - 1;
    return ST_OK;
}

/* What the first pass fills.  Names, lines and what stages make are given the rest by those who make them. */
static enum status make_stores(struct dedup *d, struct buf *err) {
    size_t m = d->opt.memory_bytes;
    enum status st = dedup_spool_new(m / 16 * 3, d->work_dir, &d->spool, err);
    if (st == ST_OK) st = lsh_runs_new(56, m / 32, d->work_dir, &d->exact, err);
    if (st == ST_OK) st = lsh_runs_new(56, m / 16 * 5, d->work_dir, &d->bands, err);
    if (st == ST_OK) lsh_runs_short(d->bands);
    return st;
}

enum status dedup_new(const struct dedup_options *opt, struct dedup **out, struct buf *err) {
    *out = NULL;
    if (!signature_options_valid(&opt->signature)) return fail(err, ST_FATAL, "bands, rows or words of a shingle out of range");
    struct dedup *d = calloc(1, sizeof *d);
    if (!d) return fail(err, ST_FATAL, "out of memory");
    pthread_mutex_init(&d->lock, NULL);
    d->opt = *opt;
    set_defaults(&d->opt);
    if (opt->work_dir) d->opt.work_dir = d->work_dir = strdup(opt->work_dir);
    enum status st = d->work_dir || !opt->work_dir ? grow_seen(d, err) : fail(err, ST_FATAL, "out of memory");
    if (st == ST_OK) st = make_stores(d, err);
    if (st == ST_OK) {
        *out = d;
        return ST_OK;
    }
    dedup_free(d);
    return st;
}

void dedup_free(struct dedup *d) {
    if (!d) return;
    dedup_spool_free(d->spool);
    lsh_runs_free(d->exact);
    lsh_runs_free(d->bands);
    lsh_runs_free(d->edges);
    lsh_runs_free(d->verified);
    lsh_runs_free(d->joined);
    lsh_runs_free(d->verdicts);
    dedup_set_free(&d->copies);
    dedup_set_free(&d->firsts);
    dedup_set_free(&d->anchored);
    dedup_set_free(&d->nodes);
    dedup_stream_free(d->first);
    dedup_names_free(d->names);
    map64_free(&d->old);
    free(d->root);
    free(d->seen);
    free(d->work_dir);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

enum status dedup_add(struct dedup *d, uint64_t doc, struct slice rank, const struct signature *sig, struct buf *err) {
    struct lsh_record records[SIGNATURE_MAX_KEYS];
    uint32_t seq = dedup_spool_count(d->spool);
    enum status st = seq > d->seen_mask ? grow_seen(d, err) : ST_OK;
    if (st != ST_OK) return st;
    uint64_t *seen = &d->seen[sig->exact & d->seen_mask];
    if (rank.len > DEDUP_RANK_MAX) return fail(err, ST_SKIP, "a rank of %zu bytes, %d at most", rank.len, DEDUP_RANK_MAX);
    struct dedup_entry e = {.doc = doc,
                            .exact = sig->exact,
                            .rank = rank,
                            .sketch = sig->sketch,
                            .n_sketch = sig->n_sketch,
                            .has_sketch = *seen != sig->exact || sig->exact == 0};
    records[0] = (struct lsh_record){sig->exact, seq};
    st = dedup_spool_add(d->spool, &e, err);
    if (st == ST_OK) st = lsh_runs_add(d->exact, records, 1, err);
    for (unsigned i = 0; i < sig->n_keys; i++) records[i] = lsh_record_of(sig->keys[i], sig->exact, seq);
    if (st == ST_OK && e.has_sketch) st = lsh_runs_add(d->bands, records, sig->n_keys, err);
    if (st != ST_OK) return st;
    *seen = sig->exact;
    d->max_doc = doc > d->max_doc ? doc : d->max_doc;
    d->counts.documents++;
    return ST_OK;
}

static uint64_t disk_bytes(const struct dedup *d) {
    const struct lsh_runs *const runs[] = {d->exact, d->bands, d->edges, d->verified, d->joined, d->verdicts};
    uint64_t n = dedup_spool_disk_bytes(d->spool) + (d->first ? dedup_stream_disk_bytes(d->first) : 0);
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) n += runs[i] ? lsh_runs_disk_bytes(runs[i]) : 0;
    return n;
}

enum status dedup_run(struct dedup *d, enum status (*emit)(void *ctx, const struct dedup_verdict *v), void *ctx, struct buf *err) {
    d->err = err;
    d->n_new = dedup_spool_count(d->spool);
    free(d->seen);
    d->seen = NULL;
    enum status st = d->opt.against ? dedup_names_new(d->opt.memory_bytes / 32, d->work_dir, &d->names, err) : ST_OK;
    if (d->opt.remember) lsh_runs_keep(d->bands);
    if (st == ST_OK) st = dedup_find_copies(d, err);
    if (st == ST_OK) st = dedup_find_pairs(d, err);
    if (st == ST_OK) st = dedup_cluster(d, err);
    if (st == ST_OK) st = dedup_tell(d, emit, ctx, err);
    d->counts.disk_bytes = disk_bytes(d);
    return st;
}

enum status dedup_runs(struct dedup *d, uint64_t max_key, unsigned together, unsigned part, struct lsh_runs **out,
                       struct buf *err) {
    unsigned bits = max_key ? 64 - (unsigned)__builtin_clzll(max_key) : 1;
    unsigned shift = bits > 8 ? bits - 8 : 0;
    return lsh_runs_new(shift > together ? shift : together, d->opt.memory_bytes / part, d->work_dir, out, err);
}

size_t dedup_slice_records(const struct dedup *d) {
    unsigned threads = d->opt.threads ? d->opt.threads : parallel_cores();
    size_t n = d->opt.memory_bytes / 8 / threads / sizeof(struct lsh_record);
    return n > 4096 ? n : 4096;
}

void dedup_counts(const struct dedup *d, struct dedup_counts *out) { *out = d->counts; }

enum status dedup_list_add(struct dedup_list *l, uint64_t key, uint64_t value, struct buf *err) {
    if (l->n == l->room) {
        size_t room = l->room ? 2 * l->room : 256;
        struct lsh_record *v = realloc(l->v, room * sizeof *v);
        if (!v) return fail(err, ST_FATAL, "out of memory for %zu records", room);
        l->v = v;
        l->room = room;
    }
    l->v[l->n++] = (struct lsh_record){key, value};
    return ST_OK;
}

void dedup_list_free(struct dedup_list *l) {
    free(l->v);
    *l = (struct dedup_list){0};
}

enum status dedup_note(struct dedup *d, enum status st, struct buf *err) {
    if (st != ST_OK) {
        pthread_mutex_lock(&d->lock);
        (void)fail(d->err, st, "%s", buf_cstr(err));
        pthread_mutex_unlock(&d->lock);
    }
    buf_free(err);
    return st;
}

enum status dedup_go_on(const struct dedup *d, struct buf *err) {
    return d->opt.stop && d->opt.stop() ? fail(err, ST_RETRY, "interrupted; run the same command again") : ST_OK;
}
