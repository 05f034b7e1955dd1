/*
 * Two streams: the entries, variable in length, and an index of 16 bytes an entry: where it begins, and its document.
 */
#include "dedup/dedup_spool.h"
#include "dedup/dedup_stream.h"
#include <stdlib.h>

#define HEAD 20 /* doc, exact, lengths of rank and sketch */
#define NO_SKETCH UINT16_MAX

struct index_entry {
    uint64_t offset, doc;
};
struct dedup_spool {
    struct dedup_stream *entries, *index;
    uint32_t n;
};

enum status dedup_spool_new(size_t memory_bytes, const char *work_dir, struct dedup_spool **out, struct buf *err) {
    struct dedup_spool *s = calloc(1, sizeof *s);
    *out = s;
    if (!s) return fail(err, ST_FATAL, "out of memory");
    enum status st = dedup_stream_new(memory_bytes / 8, work_dir, &s->index, err);
    if (st == ST_OK) st = dedup_stream_new(memory_bytes / 8 * 7, work_dir, &s->entries, err);
    if (st == ST_OK) return ST_OK;
    dedup_spool_free(s);
    *out = NULL;
    return st;
}

void dedup_spool_free(struct dedup_spool *s) {
    if (!s) return;
    dedup_stream_free(s->entries);
    dedup_stream_free(s->index);
    free(s);
}

enum status dedup_spool_add(struct dedup_spool *s, const struct dedup_entry *e, struct buf *err) {
    size_t sketch = e->has_sketch ? e->n_sketch * sizeof *e->sketch : 0;
    uint16_t lengths[2] = {e->n_rank, e->has_sketch ? e->n_sketch : NO_SKETCH};
    struct index_entry x = {0, e->doc};
    uint64_t ignored;
    char *p, *q;
    if (s->n == UINT32_MAX) return fail(err, ST_FATAL, "more than %u documents in one run", UINT32_MAX);
    enum status st = dedup_stream_room(s->entries, HEAD + e->n_rank + sketch, &p, &x.offset, err);
    if (st == ST_OK) st = dedup_stream_room(s->index, sizeof x, &q, &ignored, err);
    if (st != ST_OK) return st;
    memcpy(p, &e->doc, 8);
    memcpy(p + 8, &e->exact, 8);
    memcpy(p + 16, lengths, 4);
    memcpy(p + HEAD, e->rank, e->n_rank);
    memcpy(p + HEAD + e->n_rank, e->sketch, sketch);
    memcpy(q, &x, sizeof x);
    s->n++;
    return ST_OK;
}

static enum status index_get(const struct dedup_spool *s, uint32_t i, struct index_entry *x, struct buf *err) {
    const char *at;
    enum status st = dedup_stream_read(s->index, (uint64_t)i * sizeof *x, sizeof *x, x, &at, err);
    if (st == ST_OK && at != (const char *)x) memcpy(x, at, sizeof *x);
    return st;
}

enum status dedup_spool_get(const struct dedup_spool *s, uint32_t i, struct dedup_entry *e, struct buf *err) {
    char scratch[HEAD + DEDUP_RANK_MAX + sizeof e->sketch];
    struct index_entry x = {0, 0};
    const char *p;
    uint16_t lengths[2];
    enum status st = index_get(s, i, &x, err);
    if (st == ST_OK) st = dedup_stream_read(s->entries, x.offset, sizeof scratch, scratch, &p, err);
    if (st != ST_OK) return st;
    memcpy(&e->doc, p, 8);
    memcpy(&e->exact, p + 8, 8);
    memcpy(lengths, p + 16, 4);
    e->n_rank = lengths[0];
    e->has_sketch = lengths[1] != NO_SKETCH;
    e->n_sketch = e->has_sketch ? lengths[1] : 0;
    memcpy(e->rank, p + HEAD, e->n_rank);
    memcpy(e->sketch, p + HEAD + e->n_rank, e->n_sketch * sizeof *e->sketch);
    return ST_OK;
}

enum status dedup_spool_doc(const struct dedup_spool *s, uint32_t i, uint64_t *doc, struct buf *err) {
    struct index_entry x = {0, 0};
    enum status st = index_get(s, i, &x, err);
    *doc = x.doc;
    return st;
}

uint32_t dedup_spool_count(const struct dedup_spool *s) { return s->n; }
uint64_t dedup_spool_disk_bytes(const struct dedup_spool *s) {
    return dedup_stream_disk_bytes(s->entries) + dedup_stream_disk_bytes(s->index);
}
