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
    *seq = dedup_spool_count(d->spool);
    struct slice name = slice_of(doc->name, doc->n_name);
    struct dedup_entry e = {.doc = DEDUP_OLD | (*seq - d->n_new),
                            .exact = doc->exact,
                            .rank = slice_sub(name, 0, DEDUP_RANK_MAX),
                            .sketch = doc->sketch,
                            .n_sketch = doc->n_sketch,
                            .has_sketch = true};
    enum status st = dedup_names_add(d->names, name, err);
    return st == ST_OK ? dedup_spool_add(d->spool, &e, err) : st;
}

/* The entry of a document of the index, made when it is first met, below the leading half of its text's hash. */
static enum status entry_of(struct pull *p, uint64_t ref, uint64_t *half_and_seq, struct buf *err) {
    struct dedup *d = p->d;
    pthread_mutex_lock(&d->lock);
    enum status st = ST_OK;
    if (!map64_get(&d->old, ref, half_and_seq)) {
        uint32_t seq = DEDUP_NO_ENTRY;
        st = index_read(d->opt.against, ref, &p->doc, err);
        if (st == ST_OK) st = add_old(d, &p->doc, &seq, err);
        if (st == ST_SKIP) st = ST_OK;
        *half_and_seq = p->doc.exact >> 32 << 32 | seq;
        if (st == ST_OK && !map64_put(&d->old, ref, *half_and_seq)) st = fail(err, ST_FATAL, "out of memory");
    }
    pthread_mutex_unlock(&d->lock);
    return st;
}

static enum status found(void *ctx, uint64_t key, uint64_t ref, struct buf *err) {
    struct pull *p = ctx;
    uint64_t value;
    enum status st = entry_of(p, ref, &value, err);
    if (st != ST_OK || (uint32_t)value == DEDUP_NO_ENTRY) return st;
    return dedup_list_add(&p->found, key, p->section == INDEX_KEYS ? value : (uint32_t)value, err);
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

/*
 * Remembering.  A text is numbered by the entry that has its sketch and keys; the document that is kept of it is nearly always that
 * entry's own, and stands in a table when it is not.
 */
struct remember {
    struct dedup *d;
    const struct dedup_memory *m;
    struct dedup_set texts;
    struct map64 own;  /* a text's entry to the entry that is kept of it */
    uint32_t at, next; /* where in the texts the last number stood */
};

/* Texts are asked for by ascending number. */
static uint32_t text_of(struct remember *r, uint32_t number) {
    if (number == 0 || number != r->next) r->at = 0, r->next = 0;
    uint32_t text = dedup_set_next(&r->texts, r->at);
    for (; r->next < number; r->next++) text = dedup_set_next(&r->texts, text + 1);
    r->at = text + 1;
    r->next = number + 1;
    return text;
}

static enum status remembered_doc(void *ctx, uint32_t i, struct index_doc *doc, struct buf *err) {
    struct remember *r = ctx;
    struct dedup_scratch scratch;
    struct dedup_entry e, own = {0};
    struct slice name;
    char bytes[DEDUP_NAME_MAX];
    uint32_t text = text_of(r, i);
    uint64_t kept = text;
    enum status st = dedup_spool_get(r->d->spool, text, &scratch, &e, err);
    if (st != ST_OK) return st;
    doc->exact = e.exact;
    doc->n_sketch = (uint16_t)e.n_sketch;
    memcpy(doc->sketch, e.sketch, e.n_sketch * sizeof *e.sketch);
    own.doc = e.doc;
    if (map64_get(&r->own, text, &kept)) st = dedup_spool_get(r->d->spool, (uint32_t)kept, &scratch, &own, err);
    if (st == ST_OK) st = r->m->name(r->m->ctx, own.doc, bytes, &name, err);
    if (st != ST_OK) return st;
    doc->n_name = (uint16_t)name.len;
    memcpy(doc->name, name.ptr, name.len);
    return ST_OK;
}

static enum status remembered_keys(void *ctx, unsigned partition, struct lsh_record **records, size_t *n, struct buf *err) {
    const struct remember *r = ctx;
    size_t kept = 0;
    enum status st = lsh_runs_take(r->d->bands, partition, records, n, err);
    for (size_t i = 0; st == ST_OK && i < *n; i++) {
        uint32_t seq = lsh_seq(&(*records)[i]);
        if (dedup_set_has(&r->texts, seq))
            (*records)[kept++] = (struct lsh_record){(*records)[i].key, dedup_set_rank(&r->texts, seq)};
    }
    *n = kept;
    lsh_sort(*records, kept);
    return st;
}

static enum status choose(struct remember *r, struct buf *err) {
    const struct dedup *d = r->d;
    struct dedup_scratch scratch;
    struct dedup_entry e;
    enum status st = dedup_set_init(&r->texts, d->n_new, err);
    for (uint32_t i = 0; st == ST_OK && i < d->n_new; i++) {
        uint32_t text = i;
        st = dedup_spool_get(d->spool, i, &scratch, &e, err);
        if (st != ST_OK || !r->m->keep(r->m->ctx, e.doc)) continue;
        st = dedup_first_of(d, i, &text, err);
        if (st != ST_OK || dedup_set_has(&r->texts, text)) continue;
        dedup_set_put(&r->texts, text);
        if (text != i && !map64_put(&r->own, text, i)) st = fail(err, ST_FATAL, "out of memory");
    }
    return st;
}

enum status dedup_remember(struct dedup *d, const struct dedup_memory *m, const struct hash128 *removed, size_t n_removed,
                           struct buf *err) {
    struct remember r = {.d = d, .m = m};
    struct index_batch batch = {.doc = remembered_doc, .keys = remembered_keys, .ctx = &r, .memory_bytes = d->opt.memory_bytes / 8};
    enum status st = choose(&r, err);
    if (st == ST_OK) st = dedup_set_count(&r.texts, &batch.n, err);
    if (st == ST_OK && (batch.n || n_removed)) st = index_add(d->opt.against, &batch, removed, n_removed, err);
    dedup_set_free(&r.texts);
    map64_free(&r.own);
    return st;
}
