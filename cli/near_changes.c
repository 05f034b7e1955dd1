/*
 * Records of three kinds meet by document: key number << 2 | kind.  Those of clusters meet by kept document: key number << 1, and 1 for
 * the size that each of its rows states.
 */
#include "cli/near_changes.h"
#include "base/hash.h"
#include <stdlib.h>

enum { IN_MANIFEST, IN_INDEX, INDEX_REF, TOUCHED }; /* value: print, print, reference, nothing */
#define BY_DOC_SHIFT 12

struct newcomer {
    uint64_t segment, offset, doc, print;
};
struct finding {
    const struct near_changes_options *o;
    struct near_changes *c;
    struct lsh_runs *docs, *clusters;
    struct newcomer *come;
    size_t n_come, come_room, gone_room;
    struct buf *err;
};

void near_changes_free(struct near_changes *c) {
    free(c->gone);
    c->gone = NULL;
}

static enum status put(struct lsh_runs *runs, uint64_t key, uint64_t value, struct buf *err) {
    struct lsh_record record = {key, value};
    return lsh_runs_add(runs, &record, 1, err);
}

static enum status from_manifest(void *ctx, const struct manifest_candidate *c) {
    struct finding *f = ctx;
    uint64_t doc = (uint64_t)c->doc, kept = c->duplicate_of == MANIFEST_NONE ? doc : (uint64_t)c->duplicate_of;
    enum status st = put(f->docs, doc << 2 | IN_MANIFEST, near_print(f->o->files, c), f->err);
    f->c->candidates++;
    f->c->duplicates += kept != doc;
    if (st != ST_OK || (kept == doc && c->cluster_size == 1)) return st;
    st = put(f->clusters, kept << 1, doc, f->err);
    return st == ST_OK ? put(f->clusters, kept << 1 | 1, (uint64_t)c->cluster_size, f->err) : st;
}

static enum status from_index(void *ctx, uint64_t ref, const struct index_doc *doc, struct buf *err) {
    struct finding *f = ctx;
    if (doc->n_name != NEAR_NAME) return fail(err, ST_FATAL, "a name of the index is not of this kind");
    struct near_place p = near_read_name(doc->name);
    enum status st = put(f->docs, p.doc << 2 | IN_INDEX, p.print, err);
    return st == ST_OK ? put(f->docs, p.doc << 2 | INDEX_REF, ref, err) : st;
}

/* A cluster has as many rows as each of them says, and its kept document is one of them. */
static enum status check_cluster(struct finding *f, const struct lsh_record *r, size_t n) {
    uint64_t kept = r[0].key >> 1;
    size_t rows = 0;
    bool whole = false;
    while (rows < n && !(r[rows].key & 1)) whole |= r[rows++].value == kept;
    for (size_t i = rows; i < n; i++) whole &= r[i].value == rows;
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && !whole && i < rows; i++) st = put(f->docs, r[i].value << 2 | TOUCHED, 0, f->err);
    return st;
}

static enum status check_clusters(struct finding *f) {
    enum status st = ST_OK;
    for (unsigned p = 0; st == ST_OK && p < LSH_PARTITIONS; p++) {
        struct lsh_record *r;
        size_t n;
        st = lsh_runs_take(f->clusters, p, &r, &n, f->err);
        for (size_t at = 0, end; st == ST_OK && at < n; at = end) {
            for (end = at + 1; end < n && r[end].key >> 1 == r[at].key >> 1;) end++;
            st = check_cluster(f, r + at, end - at);
        }
        free(r);
    }
    return st;
}

static enum status leave(struct finding *f, uint64_t ref, struct index_doc *doc) {
    struct near_changes *c = f->c;
    if (c->n_gone == f->gone_room) {
        f->gone_room = f->gone_room ? 2 * f->gone_room : 256;
        struct hash128 *v = realloc(c->gone, f->gone_room * sizeof *v);
        if (!v) return fail(f->err, ST_RETRY, "out of memory");
        c->gone = v;
    }
    enum status st = index_read(f->o->index, ref, doc, f->err);
    if (st != ST_OK) return st;
    c->gone[c->n_gone++] = hash128(slice_of(doc->name, doc->n_name));
    c->removed++;
    return region_remove(f->o->region, ref, f->err);
}

static enum status come(struct finding *f, uint64_t doc, uint64_t print) {
    if (f->n_come == f->come_room) {
        f->come_room = f->come_room ? 2 * f->come_room : 256;
        struct newcomer *v = realloc(f->come, f->come_room * sizeof *v);
        if (!v) return fail(f->err, ST_RETRY, "out of memory");
        f->come = v;
    }
    f->come[f->n_come++] = (struct newcomer){.doc = doc, .print = print};
    f->c->added++;
    return ST_OK;
}

/* The records of one document. */
static enum status compare(struct finding *f, const struct lsh_record *r, size_t n, struct index_doc *doc) {
    const struct lsh_record *kinds[4] = {NULL};
    for (size_t i = 0; i < n; i++) kinds[r[i].key & 3] = &r[i];
    bool here = kinds[IN_MANIFEST], there = kinds[IN_INDEX] && kinds[INDEX_REF];
    bool same = here && there && kinds[IN_MANIFEST]->value == kinds[IN_INDEX]->value;
    enum status st = ST_OK;
    if (there && !same) st = leave(f, kinds[INDEX_REF]->value, doc);
    if (st == ST_OK && here && !same) st = come(f, r[0].key >> 2, kinds[IN_MANIFEST]->value);
    if (st == ST_OK && same && kinds[TOUCHED]) {
        f->c->touched++;
        st = region_touch(f->o->region, kinds[INDEX_REF]->value, f->err);
    }
    /* As much as an eighth, or more than memory may hold: one pass over all costs less than looking around each. */
    size_t held = f->n_come * sizeof *f->come + f->c->n_gone * sizeof *f->c->gone;
    if (st == ST_OK && ((f->c->added + f->c->removed + f->c->touched) > f->c->candidates / 8 + 16 || held > f->o->memory_bytes))
        st = fail(f->err, ST_SKIP, "too much has changed");
    return st;
}

static enum status compare_all(struct finding *f) {
    struct index_doc *doc = malloc(sizeof *doc);
    enum status st = doc ? ST_OK : fail(f->err, ST_RETRY, "out of memory");
    for (unsigned p = 0; st == ST_OK && p < LSH_PARTITIONS; p++) {
        struct lsh_record *r;
        size_t n;
        st = lsh_runs_take(f->docs, p, &r, &n, f->err);
        for (size_t at = 0, end; st == ST_OK && at < n; at = end) {
            for (end = at + 1; end < n && r[end].key >> 2 == r[at].key >> 2;) end++;
            st = compare(f, r + at, end - at, doc);
        }
        free(r);
    }
    free(doc);
    return st;
}

/* ---- the signatures of those that come ---- */

static int by_place(const void *a, const void *b) {
    const struct newcomer *x = a, *y = b;
    if (x->segment != y->segment) return x->segment < y->segment ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static enum status locate(void *ctx, const struct manifest_candidate *c) {
    struct newcomer *n = ctx;
    n->segment = (uint64_t)c->segment_number;
    n->offset = (uint64_t)c->offset;
    return ST_OK;
}

static enum status take_newcomer(struct finding *f, const struct newcomer *n, uint64_t at, const struct signature *sig) {
    struct near_place p = {n->doc, n->segment, n->offset, at, n->print};
    char name[NEAR_NAME];
    near_write_name(&p, name);
    enum status st = near_batch_add(f->o->batch, &p, sig, f->err);
    return st == ST_OK ? region_add(f->o->region, name, sig->exact, f->err) : st;
}

/* Those of one segment, whose file is read from front to back until the last of them. */
static enum status read_segment(struct finding *f, const struct newcomer *v, size_t n, struct signature *sig) {
    struct signatures_reader *reader;
    uint64_t offset = 0;
    enum status st = near_files_get(f->o->files, v[0].segment, &reader, f->err);
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        do st = signatures_next(reader, &offset, sig, f->err);
        while (st == ST_OK && offset < v[i].offset);
        if (st == ST_RETRY || (st == ST_OK && offset != v[i].offset)) return fail(f->err, ST_SKIP, "a signature is not there");
        if (st == ST_OK) st = take_newcomer(f, &v[i], signatures_position(reader), sig);
    }
    return st;
}

static enum status read_newcomers(struct finding *f) {
    struct signature *sig = malloc(sizeof *sig);
    enum status st = sig ? ST_OK : fail(f->err, ST_RETRY, "out of memory");
    for (size_t i = 0; st == ST_OK && i < f->n_come; i++)
        st = manifest_candidate_of(f->o->h->manifest, (int64_t)f->come[i].doc, locate, &f->come[i], f->err);
    if (st == ST_OK && f->n_come) qsort(f->come, f->n_come, sizeof *f->come, by_place);
    for (size_t at = 0, end; st == ST_OK && at < f->n_come; at = end) {
        for (end = at + 1; end < f->n_come && f->come[end].segment == f->come[at].segment;) end++;
        st = read_segment(f, f->come + at, end - at, sig);
    }
    free(sig);
    return st;
}

enum status near_changes_find(const struct near_changes_options *o, struct near_changes *out, struct buf *err) {
    struct finding f = {.o = o, .c = out, .err = err};
    *out = (struct near_changes){0};
    enum status st = lsh_runs_new(BY_DOC_SHIFT, o->memory_bytes / 4 * 3, o->work_dir, &f.docs, err);
    if (st == ST_OK) st = lsh_runs_new(BY_DOC_SHIFT, o->memory_bytes / 4, o->work_dir, &f.clusters, err);
    if (st == ST_OK) st = manifest_each_candidate(o->h->manifest, from_manifest, &f, err);
    if (st == ST_OK) st = check_clusters(&f);
    if (st == ST_OK) st = index_each(o->index, from_index, &f, err);
    if (st == ST_OK) st = compare_all(&f);
    if (st == ST_OK) st = read_newcomers(&f);
    lsh_runs_free(f.docs);
    lsh_runs_free(f.clusters);
    free(f.come);
    return st;
}
