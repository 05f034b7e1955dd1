/*
 * Blocks from `first` on lie in slabs, in order; a spill writes them all, and their slabs are filled again.
 */
#include "dedup/dedup_stream.h"
#include "dedup/dedup_room.h"
#include "dedup/dedup_tmp.h"
#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK DEDUP_STREAM_BLOCK
#define LARGE (DEDUP_ROOM_LARGE / BLOCK)

struct dedup_stream {
    char *work_dir;
    char **slabs;
    size_t n_slabs, room;
    size_t per_slab;        /* blocks */
    size_t first, n_blocks; /* those before the first are on disk */
    size_t used;            /* bytes in the last block */
    size_t keep;            /* blocks held at most */
    int fd;
};

enum status dedup_stream_new(size_t memory_bytes, const char *work_dir, struct dedup_stream **out, struct buf *err) {
    struct dedup_stream *s = calloc(1, sizeof *s);
    *out = s;
    if (!s) return fail(err, ST_FATAL, "out of memory");
    s->fd = -1;
    s->keep = memory_bytes / BLOCK + 1;
    s->per_slab = s->keep < 4 * LARGE ? 1 : LARGE;
    s->work_dir = work_dir ? strdup(work_dir) : NULL;
    if (s->work_dir || !work_dir) return ST_OK;
    dedup_stream_free(s);
    *out = NULL;
    return fail(err, ST_FATAL, "out of memory");
}

void dedup_stream_free(struct dedup_stream *s) {
    if (!s) return;
    for (size_t i = 0; i < s->n_slabs; i++) free(s->slabs[i]);
    free(s->slabs);
    if (s->fd >= 0) close(s->fd);
    free(s->work_dir);
    free(s);
}

static char *block_of(const struct dedup_stream *s, size_t block) {
    size_t i = block - s->first;
    return s->slabs[i / s->per_slab] + i % s->per_slab * BLOCK;
}

static enum status spill(struct dedup_stream *s, struct buf *err) {
    enum status st = s->fd < 0 ? dedup_tmp_open(s->work_dir, &s->fd, err) : ST_OK;
    for (size_t i = s->first; st == ST_OK && i < s->n_blocks; i++)
        st = dedup_tmp_write(s->fd, i * BLOCK, block_of(s, i), BLOCK, err);
    if (st == ST_OK) s->first = s->n_blocks;
    return st;
}

/* The first slab is paged in as it is used: most streams of a small run never fill it. */
static enum status new_slab(struct dedup_stream *s, struct buf *err) {
    if (s->n_slabs == s->room) {
        size_t room = s->room ? 2 * s->room : 64;
        char **v = realloc(s->slabs, room * sizeof *v);
        if (!v) return fail(err, ST_FATAL, "out of memory");
        s->slabs = v;
        s->room = room;
    }
    size_t bytes = s->per_slab * BLOCK;
    char *slab = s->n_slabs ? dedup_room(bytes) : malloc(bytes);
    if (!slab) return fail(err, ST_FATAL, "out of memory");
    s->slabs[s->n_slabs++] = slab;
    return ST_OK;
}

static enum status new_block(struct dedup_stream *s, struct buf *err) {
    enum status st = ST_OK;
    if (s->n_blocks) memset(block_of(s, s->n_blocks - 1) + s->used, 0, BLOCK - s->used);
    if (s->n_blocks - s->first >= s->keep) st = spill(s, err);
    if (st == ST_OK && (s->n_blocks - s->first) / s->per_slab == s->n_slabs) st = new_slab(s, err);
    if (st != ST_OK) return st;
    s->n_blocks++;
    s->used = 0;
    return ST_OK;
}

enum status dedup_stream_room(struct dedup_stream *s, size_t len, char **at, uint64_t *offset, struct buf *err) {
    assert(len <= BLOCK);
    if (!s->n_blocks || s->used + len > BLOCK) {
        enum status st = new_block(s, err);
        if (st != ST_OK) return st;
    }
    *at = block_of(s, s->n_blocks - 1) + s->used;
    *offset = (uint64_t)(s->n_blocks - 1) * BLOCK + s->used;
    s->used += len;
    return ST_OK;
}

enum status dedup_stream_read(const struct dedup_stream *s, uint64_t offset, size_t len, void *scratch, const char **at,
                              struct buf *err) {
    size_t block = (size_t)(offset / BLOCK), in = (size_t)(offset % BLOCK);
    if (block >= s->first) {
        *at = block_of(s, block) + in;
        return ST_OK;
    }
    *at = scratch;
    return dedup_tmp_read(s->fd, offset, scratch, len < BLOCK - in ? len : BLOCK - in, err);
}

uint64_t dedup_stream_disk_bytes(const struct dedup_stream *s) { return s->first * BLOCK; }
