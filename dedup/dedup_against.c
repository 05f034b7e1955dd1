/*
 * A batch against what was kept before.  Documents of the index that share a key with the batch join it as entries that always
 * survive; what the batch keeps becomes the index's next run.
 */
#include "base/limits.h"
#include "dedup/dedup_state.h"
#include <stdlib.h>

struct pull {
    struct dedup *d;
    enum index_section section;
    struct dedup_list found;
    struct index_doc doc;
};

static enum status add_old(struct dedup *d, const struct index_doc *doc, uint32_t *seq, struct buf *err) {
    struct dedup_entry *e = &d->add_entry;
    *seq = dedup_spool_count(d->spool);
    e->doc = DEDUP_OLD | (*seq - d->n_new);
    e->exact = doc->exact;
    e->has_sketch = true;
    e->n_rank = doc->n_name < DEDUP_RANK_MAX ? doc->n_name : DEDUP_RANK_MAX;
    e->n_sketch = doc->n_sketch;
    memcpy(e->rank, doc->name, e->n_rank);
    memcpy(e->sketch, doc->sketch, doc->n_sketch * sizeof *e->sketch);
    enum status st = dedup_names_add(d->names, slice_of(doc->name, doc->n_name), err);
    return st == ST_OK ? dedup_spool_add(d->spool, e, err) : st;
}

/* The entry of a document of the index, made when it is first met. */
static enum status entry_of(struct pull *p, uint64_t ref, uint32_t *seq, struct buf *err) {
    struct dedup *d = p->d;
    uint64_t known;
    pthread_mutex_lock(&d->lock);
    bool met = map64_get(&d->old, ref, &known);
    enum status st = ST_OK;
    if (met) {
        *seq = (uint32_t)known;
    } else {
        st = index_read(d->opt.against, ref, &p->doc, err);
        *seq = DEDUP_NO_ENTRY;
        if (st == ST_OK) st = add_old(d, &p->doc, seq, err);
        if (st == ST_SKIP) st = ST_OK;
        if (st == ST_OK && !map64_put(&d->old, ref, *seq)) st = fail(err, ST_FATAL, "out of memory");
    }
    pthread_mutex_unlock(&d->lock);
    return st;
}

static enum status found(void *ctx, uint64_t key, uint64_t ref, struct buf *err) {
    struct pull *p = ctx;
    uint32_t seq;
    enum status st = entry_of(p, ref, &seq, err);
    if (st != ST_OK || seq == DEDUP_NO_ENTRY) return st;
    /* Which of a bucket's documents is its centre matters to nobody here, so the text's hash is not looked up for it. */
    struct lsh_record r =
        p->section == INDEX_KEYS ? lsh_record_of(key, ref * 0x9E3779B97F4A7C15u, seq) : (struct lsh_record){key, seq};
    return dedup_list_add(&p->found, r.key, r.value, err);
}

enum status dedup_pull(struct dedup *d, enum index_section section, unsigned partition, struct lsh_record **records, size_t *n,
                       struct buf *err) {
    struct pull *p = calloc(1, sizeof *p);
    if (!p) return fail(err, ST_FATAL, "out of memory");
    p->d = d;
    p->section = section;
    enum status st = index_match(d->opt.against, section, partition, *records, *n, found, p, err);
    if (st == ST_OK && p->found.n) {
        struct lsh_record *v = realloc(*records, (*n + p->found.n) * sizeof *v);
        if (v) {
            memcpy(v + *n, p->found.v, p->found.n * sizeof *v);
            *n += p->found.n;
            lsh_sort(v, *n);
            *records = v;
        } else {
            st = fail(err, ST_FATAL, "out of memory for %zu records", *n);
        }
    }
    dedup_list_free(&p->found);
    free(p);
    return st;
}

enum status dedup_old_name(const struct dedup *d, uint64_t kept, char scratch[DEDUP_NAME_MAX], struct slice *name,
                           struct buf *err) {
    return dedup_names_get(d->names, kept & ~DEDUP_OLD, scratch, name, err);
}

/* Remembering: entry → its number in the new run, by the entry that has the text's sketch and keys. */
struct remember {
    struct dedup *d;
    const struct dedup_memory *m;
    uint32_t *number; /* of an entry; DEDUP_NO_ENTRY for most */
    uint32_t *text;   /* by number: the entry with the sketch */
    uint32_t *own;    /* by number: the entry that is remembered */
    uint32_t n;
};

static enum status remembered_doc(void *ctx, uint32_t i, struct index_doc *doc, struct buf *err) {
    const struct remember *r = ctx;
    struct dedup_entry e;
    struct slice name;
    uint64_t number = 0;
    char scratch[DEDUP_NAME_MAX];
    enum status st = dedup_spool_get(r->d->spool, r->text[i], &e, err);
    if (st == ST_OK) st = dedup_spool_doc(r->d->spool, r->own[i], &number, err);
    if (st == ST_OK) st = r->m->name(r->m->ctx, number, scratch, &name, err);
    if (st != ST_OK) return st;
    doc->exact = e.exact;
    doc->n_sketch = e.n_sketch;
    doc->n_name = (uint16_t)name.len;
    memcpy(doc->sketch, e.sketch, e.n_sketch * sizeof *e.sketch);
    memcpy(doc->name, name.ptr, name.len);
    return ST_OK;
}

static enum status remembered_keys(void *ctx, unsigned partition, struct lsh_record **records, size_t *n, struct buf *err) {
    const struct remember *r = ctx;
    size_t kept = 0;
    enum status st = lsh_runs_take(r->d->bands, partition, records, n, err);
    for (size_t i = 0; st == ST_OK && i < *n; i++) {
        uint32_t number = r->number[lsh_seq(&(*records)[i])];
        if (number != DEDUP_NO_ENTRY) (*records)[kept++] = (struct lsh_record){(*records)[i].key, number};
    }
    *n = kept;
    lsh_sort(*records, kept);
    return st;
}

static enum status choose(struct remember *r, struct buf *err) {
    const struct dedup *d = r->d;
    enum status st = ST_OK;
    for (uint32_t i = 0; i < d->n_new; i++) r->number[i] = DEDUP_NO_ENTRY;
    for (uint32_t i = 0; st == ST_OK && i < d->n_new; i++) {
        uint64_t doc = 0;
        st = dedup_spool_doc(d->spool, i, &doc, err);
        if (st != ST_OK || !r->m->keep(r->m->ctx, doc)) continue;
        const struct lsh_record *copy = dedup_list_find(&d->copies, i);
        uint32_t text = copy ? (uint32_t)copy->value : i;
        if (r->number[text] != DEDUP_NO_ENTRY) continue;
        r->text[r->n] = text;
        r->own[r->n] = i;
        r->number[text] = r->n++;
    }
    return st;
}

enum status dedup_remember(struct dedup *d, const struct dedup_memory *m, const struct hash128 *removed, size_t n_removed,
                           struct buf *err) {
    size_t bytes = (size_t)d->n_new * sizeof(uint32_t) + 1;
    struct remember r = {.d = d, .m = m, .number = malloc(bytes), .text = malloc(bytes), .own = malloc(bytes)};
    enum status st = r.number && r.text && r.own ? choose(&r, err) : fail(err, ST_FATAL, "out of memory");
    struct index_batch batch = {.n = r.n, .doc = remembered_doc, .keys = remembered_keys, .ctx = &r};
    if (st == ST_OK && (r.n || n_removed)) st = index_add(d->opt.against, &batch, removed, n_removed, err);
    free(r.number);
    free(r.text);
    free(r.own);
    return st;
}
