#include "dedup/dedup.h"
#include "base/limits.h"
#include "dedup/dedup_state.h"
#include <stdlib.h>

static void set_defaults(struct dedup_options *o) {
    if (o->similarity <= 0) o->similarity = 0.7;
    if (o->floor <= 0) o->floor = 0.5;
    if (!o->memory_bytes) o->memory_bytes = GIB;
}

/* The table of texts met takes a 64th of the memory, as a power of two. */
static bool make_seen(struct dedup *d) {
    size_t n = 1024;
    while (n * 2 * sizeof *d->seen <= d->opt.memory_bytes / 64) n *= 2;
    d->seen = calloc(n, sizeof *d->seen);
    d->seen_mask = n - 1;
    return d->seen;
}

enum status dedup_new(const struct dedup_options *opt, struct dedup **out, struct buf *err) {
    *out = NULL;
    if (!signature_options_valid(&opt->signature)) return fail(err, ST_FATAL, "bands, rows or words of a shingle out of range");
    struct dedup *d = calloc(1, sizeof *d);
    if (!d) return fail(err, ST_FATAL, "out of memory");
    pthread_mutex_init(&d->lock, NULL);
    d->opt = *opt;
    d->ascending = true;
    set_defaults(&d->opt);
    if (opt->work_dir) d->opt.work_dir = d->work_dir = strdup(opt->work_dir);
    size_t m = d->opt.memory_bytes;
    enum status st = make_seen(d) && (d->work_dir || !opt->work_dir) ? ST_OK : fail(err, ST_FATAL, "out of memory");
    if (st == ST_OK) st = dedup_spool_new(m / 4, d->work_dir, &d->spool, err);
    if (st == ST_OK) st = lsh_runs_new(56, m / 16, d->work_dir, &d->exact, err);
    if (st == ST_OK) st = lsh_runs_new(56, m / 8 * 3, d->work_dir, &d->bands, err);
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
    dedup_list_free(&d->copies);
    dedup_list_free(&d->verified);
    dedup_list_free(&d->labels);
    dedup_names_free(d->names);
    map64_free(&d->old);
    free(d->seen);
    free(d->work_dir);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

enum status dedup_add(struct dedup *d, uint64_t doc, struct slice rank, const struct signature *sig, struct buf *err) {
    struct dedup_entry *e = &d->add_entry;
    struct lsh_record records[SIGNATURE_MAX_KEYS];
    uint32_t seq = dedup_spool_count(d->spool);
    uint64_t *seen = &d->seen[sig->exact & d->seen_mask];
    if (rank.len > DEDUP_RANK_MAX) return fail(err, ST_SKIP, "a rank of %zu bytes, %d at most", rank.len, DEDUP_RANK_MAX);
    e->doc = doc;
    e->exact = sig->exact;
    e->has_sketch = *seen != sig->exact || sig->exact == 0;
    e->n_rank = (uint16_t)rank.len;
    e->n_sketch = (uint16_t)sig->n_sketch;
    memcpy(e->rank, rank.ptr, rank.len);
    memcpy(e->sketch, sig->sketch, sig->n_sketch * sizeof *e->sketch);
    records[0] = (struct lsh_record){sig->exact, seq};
    enum status st = dedup_spool_add(d->spool, e, err);
    if (st == ST_OK) st = lsh_runs_add(d->exact, records, 1, err);
    for (unsigned i = 0; i < sig->n_keys; i++) records[i] = lsh_record_of(sig->keys[i], sig->exact, seq);
    if (st == ST_OK && e->has_sketch) st = lsh_runs_add(d->bands, records, sig->n_keys, err);
    if (st != ST_OK) return st;
    *seen = sig->exact;
    d->ascending = d->ascending && (seq == 0 || doc > d->last_doc);
    d->last_doc = doc;
    d->counts.documents++;
    return ST_OK;
}

enum status dedup_run(struct dedup *d, enum status (*emit)(void *ctx, const struct dedup_verdict *v), void *ctx, struct buf *err) {
    d->err = err;
    d->n_new = dedup_spool_count(d->spool);
    enum status st = d->opt.against ? dedup_names_new(d->opt.memory_bytes / 16, d->work_dir, &d->names, err) : ST_OK;
    if (d->opt.remember) lsh_runs_keep(d->bands);
    if (st == ST_OK) st = dedup_find_copies(d, err);
    if (st == ST_OK) st = dedup_find_pairs(d, err);
    if (st == ST_OK) st = dedup_cluster(d, err);
    if (st == ST_OK) st = dedup_judge(d, emit, ctx, err);
    d->counts.disk_bytes = dedup_spool_disk_bytes(d->spool) + lsh_runs_disk_bytes(d->exact) + lsh_runs_disk_bytes(d->bands) +
                           (d->edges ? lsh_runs_disk_bytes(d->edges) : 0);
    return st;
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

enum status dedup_list_merge(struct dedup *d, struct dedup_list *to, const struct dedup_list *from, struct buf *err) {
    enum status st = ST_OK;
    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; st == ST_OK && i < from->n; i++) st = dedup_list_add(to, from->v[i].key, from->v[i].value, err);
    pthread_mutex_unlock(&d->lock);
    return st;
}

const struct lsh_record *dedup_list_find(const struct dedup_list *l, uint64_t key) {
    size_t low = 0, high = l->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (l->v[mid].key < key)
            low = mid + 1;
        else
            high = mid;
    }
    return low < l->n && l->v[low].key == key ? &l->v[low] : NULL;
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
