#include "dedup/dedup_stream.h"
#include "dedup/dedup_tmp.h"
#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK DEDUP_STREAM_BLOCK

struct dedup_stream {
    char *work_dir;
    char **blocks; /* NULL once written */
    size_t n_blocks, room;
    size_t first; /* blocks before it are on disk */
    size_t used;  /* bytes in the last block */
    size_t keep;  /* blocks held at most */
    int fd;
};

enum status dedup_stream_new(size_t memory_bytes, const char *work_dir, struct dedup_stream **out, struct buf *err) {
    struct dedup_stream *s = calloc(1, sizeof *s);
    *out = s;
    if (!s) return fail(err, ST_FATAL, "out of memory");
    s->fd = -1;
    s->keep = memory_bytes / BLOCK + 1;
    s->work_dir = work_dir ? strdup(work_dir) : NULL;
    if (s->work_dir || !work_dir) return ST_OK;
    dedup_stream_free(s);
    *out = NULL;
    return fail(err, ST_FATAL, "out of memory");
}

void dedup_stream_free(struct dedup_stream *s) {
    if (!s) return;
    for (size_t i = 0; i < s->n_blocks; i++) free(s->blocks[i]);
    free(s->blocks);
    if (s->fd >= 0) close(s->fd);
    free(s->work_dir);
    free(s);
}

static enum status spill(struct dedup_stream *s, struct buf *err) {
    enum status st = s->fd < 0 ? dedup_tmp_open(s->work_dir, &s->fd, err) : ST_OK;
    while (st == ST_OK && s->first < s->n_blocks) {
        st = dedup_tmp_write(s->fd, s->first * BLOCK, s->blocks[s->first], BLOCK, err);
        if (st != ST_OK) break;
        free(s->blocks[s->first]);
        s->blocks[s->first++] = NULL;
    }
    return st;
}

static enum status new_block(struct dedup_stream *s, struct buf *err) {
    if (s->n_blocks - s->first >= s->keep) {
        enum status st = spill(s, err);
        if (st != ST_OK) return st;
    }
    if (s->n_blocks == s->room) {
        size_t room = s->room ? 2 * s->room : 64;
        char **b = realloc(s->blocks, room * sizeof *b);
        if (!b) return fail(err, ST_FATAL, "out of memory");
        s->blocks = b;
        s->room = room;
    }
    char *block = calloc(1, BLOCK);
    if (!block) return fail(err, ST_FATAL, "out of memory");
    s->blocks[s->n_blocks++] = block;
    s->used = 0;
    return ST_OK;
}

enum status dedup_stream_room(struct dedup_stream *s, size_t len, char **at, uint64_t *offset, struct buf *err) {
    assert(len <= BLOCK);
    if (!s->n_blocks || s->used + len > BLOCK) {
        enum status st = new_block(s, err);
        if (st != ST_OK) return st;
    }
    *at = s->blocks[s->n_blocks - 1] + s->used;
    *offset = (uint64_t)(s->n_blocks - 1) * BLOCK + s->used;
    s->used += len;
    return ST_OK;
}

enum status dedup_stream_read(const struct dedup_stream *s, uint64_t offset, size_t len, void *scratch, const char **at,
                              struct buf *err) {
    size_t block = (size_t)(offset / BLOCK), in = (size_t)(offset % BLOCK);
    if (s->blocks[block]) {
        *at = s->blocks[block] + in;
        return ST_OK;
    }
    *at = scratch;
    return dedup_tmp_read(s->fd, offset, scratch, len < BLOCK - in ? len : BLOCK - in, err);
}

uint64_t dedup_stream_disk_bytes(const struct dedup_stream *s) { return s->first * BLOCK; }
