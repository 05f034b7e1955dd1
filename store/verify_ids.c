#include "store/verify_ids.h"
#include "base/limits.h"
#include <stdio.h>
#include <stdlib.h>

enum { BUCKETS = 64 };

struct verify_ids {
    struct verify_id *items;
    size_t n, cap;
    FILE *buckets[BUCKETS]; /* NULL until something was spilled */
};

struct verify_ids *verify_ids_new(size_t memory) {
    struct verify_ids *v = calloc(1, sizeof *v);
    if (!v) return NULL;
    v->cap = (memory ? memory : VERIFY_IDS_MEMORY) / sizeof *v->items;
    return v;
}

void verify_ids_free(struct verify_ids *v) {
    if (!v) return;
    for (size_t i = 0; i < BUCKETS; i++)
        if (v->buckets[i]) fclose(v->buckets[i]);
    free(v->items);
    free(v);
}

static enum status spill(struct verify_ids *v, struct buf *err) {
    for (size_t i = 0; i < BUCKETS; i++)
        if (!v->buckets[i] && !(v->buckets[i] = tmpfile())) return fail_errno(err, "make", "a temporary file");
    for (size_t i = 0; i < v->n; i++)
        if (fwrite(&v->items[i], sizeof *v->items, 1, v->buckets[v->items[i].id.hi % BUCKETS]) != 1)
            return fail_errno(err, "write", "a temporary file");
    v->n = 0;
    return ST_OK;
}

enum status verify_ids_add(struct verify_ids *v, uint64_t file, const struct verify_id *ids, size_t n, struct buf *err) {
    /* Grown on first need, so that a small release costs little. */
    if (!v->items && !(v->items = malloc(v->cap * sizeof *v->items))) return fail(err, ST_FATAL, "out of memory");
    for (size_t i = 0; i < n; i++) {
        enum status st = v->n == v->cap ? spill(v, err) : ST_OK;
        if (st != ST_OK) return st;
        v->items[v->n] = ids[i];
        v->items[v->n++].file = file;
    }
    return ST_OK;
}

static int by_id(const void *a, const void *b) {
    const struct verify_id *x = a, *y = b;
    if (x->id.hi != y->id.hi) return x->id.hi < y->id.hi ? -1 : 1;
    if (x->id.lo != y->id.lo) return x->id.lo < y->id.lo ? -1 : 1;
    if (x->file != y->file) return x->file < y->file ? -1 : 1;
    return (x->line > y->line) - (x->line < y->line);
}

static void tell(struct verify_id *items, size_t n, void (*fn)(void *, const struct verify_id *, const struct verify_id *),
                 void *ctx) {
    size_t first = 0;
    if (n) qsort(items, n, sizeof *items, by_id);
    for (size_t i = 1; i < n; i++) {
        if (items[i].id.hi == items[first].id.hi && items[i].id.lo == items[first].id.lo)
            fn(ctx, &items[i], &items[first]);
        else
            first = i;
    }
}

static enum status tell_bucket(FILE *f, void (*fn)(void *, const struct verify_id *, const struct verify_id *), void *ctx,
                               struct buf *err) {
    long bytes = fseek(f, 0, SEEK_END) == 0 ? ftell(f) : -1;
    size_t n = bytes > 0 ? (size_t)bytes / sizeof(struct verify_id) : 0;
    struct verify_id *items = malloc(n * sizeof *items + 1);
    enum status st = items ? ST_OK : fail(err, ST_FATAL, "out of memory");
    if (bytes < 0 || (items && (fseek(f, 0, SEEK_SET) != 0 || fread(items, sizeof *items, n, f) != n)))
        st = fail_errno(err, "read back", "a temporary file");
    if (st == ST_OK) tell(items, n, fn, ctx);
    free(items);
    return st;
}

enum status verify_ids_end(struct verify_ids *v, void (*fn)(void *, const struct verify_id *, const struct verify_id *), void *ctx,
                           struct buf *err) {
    if (!v->buckets[0]) {
        tell(v->items, v->n, fn, ctx);
        return ST_OK;
    }
    enum status st = spill(v, err);
    for (size_t i = 0; st == ST_OK && i < BUCKETS; i++) st = tell_bucket(v->buckets[i], fn, ctx, err);
    return st;
}
