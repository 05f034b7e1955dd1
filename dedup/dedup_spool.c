/*
 * Two streams: the entries, variable in length and padded to 8 bytes, and where each begins, 8 bytes.  An entry: u64 doc, u64 exact
 * hash, u16 bytes of the rank, u16 sketch values or NO_SKETCH, 4 bytes of nothing, the sketch, the rank.
 */
#include "dedup/dedup_spool.h"
#include "dedup/dedup_stream.h"
#include <stdlib.h>

#define HEAD DEDUP_ENTRY_HEAD
#define NO_SKETCH UINT16_MAX

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
    size_t len = (HEAD + sketch + e->rank.len + 7) / 8 * 8;
    uint16_t lengths[2] = {(uint16_t)e->rank.len, e->has_sketch ? (uint16_t)e->n_sketch : NO_SKETCH};
    uint64_t offset = 0, ignored;
    char *p, *q;
    if (s->n == UINT32_MAX) return fail(err, ST_FATAL, "more than %u documents in one run", UINT32_MAX);
    enum status st = dedup_stream_room(s->entries, len, &p, &offset, err);
    if (st == ST_OK) st = dedup_stream_room(s->index, sizeof offset, &q, &ignored, err);
    if (st != ST_OK) return st;
    memset(p + 16, 0, HEAD - 16);
    memset(p + len - 8, 0, 8);
    memcpy(p, &e->doc, 8);
    memcpy(p + 8, &e->exact, 8);
    memcpy(p + 16, lengths, 4);
    if (sketch) memcpy(p + HEAD, e->sketch, sketch);
    if (e->rank.len) memcpy(p + HEAD + sketch, e->rank.ptr, e->rank.len);
    memcpy(q, &offset, sizeof offset);
    s->n++;
    return ST_OK;
}

enum status dedup_spool_get(const struct dedup_spool *s, uint32_t i, struct dedup_scratch *scratch, struct dedup_entry *e,
                            struct buf *err) {
    uint64_t offset, own;
    const char *p;
    uint16_t lengths[2];
    enum status st = dedup_stream_read(s->index, 8 * (uint64_t)i, sizeof own, &own, &p, err);
    if (st != ST_OK) return st;
    memcpy(&offset, p, sizeof offset);
    st = dedup_stream_read(s->entries, offset, sizeof scratch->bytes, scratch->bytes, &p, err);
    if (st != ST_OK) return st;
    memcpy(&e->doc, p, 8);
    memcpy(&e->exact, p + 8, 8);
    memcpy(lengths, p + 16, 4);
    e->has_sketch = lengths[1] != NO_SKETCH;
    e->n_sketch = e->has_sketch ? lengths[1] : 0;
    e->sketch = (const uint32_t *)(const void *)(p + HEAD); /* aligned: blocks and entries are */
    e->rank = slice_of(p + HEAD + e->n_sketch * sizeof *e->sketch, lengths[0]);
    return ST_OK;
}

uint32_t dedup_spool_count(const struct dedup_spool *s) { return s->n; }
uint64_t dedup_spool_disk_bytes(const struct dedup_spool *s) {
    return dedup_stream_disk_bytes(s->entries) + dedup_stream_disk_bytes(s->index);
}
