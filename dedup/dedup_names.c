/* An index of 8 bytes a name: offset << 16 | length. */
#include "dedup/dedup_names.h"
#include "dedup/dedup_stream.h"
#include <stdlib.h>

struct dedup_names {
    struct dedup_stream *bytes, *index;
};

enum status dedup_names_new(size_t memory_bytes, const char *work_dir, struct dedup_names **out, struct buf *err) {
    struct dedup_names *s = calloc(1, sizeof *s);
    *out = s;
    if (!s) return fail(err, ST_FATAL, "out of memory");
    enum status st = dedup_stream_new(memory_bytes / 4, work_dir, &s->index, err);
    if (st == ST_OK) st = dedup_stream_new(memory_bytes / 4 * 3, work_dir, &s->bytes, err);
    if (st == ST_OK) return ST_OK;
    dedup_names_free(s);
    *out = NULL;
    return st;
}

void dedup_names_free(struct dedup_names *s) {
    if (!s) return;
    dedup_stream_free(s->bytes);
    dedup_stream_free(s->index);
    free(s);
}

enum status dedup_names_add(struct dedup_names *s, struct slice name, struct buf *err) {
    char *p, *q;
    uint64_t offset, ignored;
    if (name.len > DEDUP_NAME_MAX) return fail(err, ST_SKIP, "an id of %zu bytes, %d at most", name.len, DEDUP_NAME_MAX);
    enum status st = dedup_stream_room(s->bytes, name.len, &p, &offset, err);
    if (st == ST_OK) st = dedup_stream_room(s->index, sizeof offset, &q, &ignored, err);
    if (st != ST_OK) return st;
    if (name.len) memcpy(p, name.ptr, name.len);
    offset = offset << 16 | name.len;
    memcpy(q, &offset, sizeof offset);
    return ST_OK;
}

enum status dedup_names_get(const struct dedup_names *s, uint64_t i, char scratch[DEDUP_NAME_MAX], struct slice *name,
                            struct buf *err) {
    uint64_t entry;
    const char *at;
    char own[sizeof entry];
    enum status st = dedup_stream_read(s->index, i * sizeof entry, sizeof entry, own, &at, err);
    if (st != ST_OK) return st;
    memcpy(&entry, at, sizeof entry);
    st = dedup_stream_read(s->bytes, entry >> 16, entry & 0xFFFF, scratch, &at, err);
    *name = slice_of(at, entry & 0xFFFF);
    return st;
}
