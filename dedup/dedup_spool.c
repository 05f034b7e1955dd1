/*
 * Two streams of bytes in blocks: the entries, variable in length and never across two blocks, and an index of 16 bytes an
 * entry: where it begins, and its document.  A stream past its budget writes its full blocks to a file and gives them back.
 */
#include "dedup/dedup_spool.h"
#include "base/limits.h"
#include "dedup/dedup_tmp.h"
#include <stdlib.h>
#include <unistd.h>

#define BLOCK (256 * KIB)
#define HEAD 20 /* doc, exact, lengths of rank and sketch */
#define NO_SKETCH UINT16_MAX

struct stream {
    char **blocks; /* NULL once written */
    size_t n_blocks, room;
    size_t first; /* blocks before it are on disk */
    size_t used;  /* bytes in the last block */
    size_t keep;  /* blocks held at most */
    int fd;
};
struct index_entry {
    uint64_t offset, doc;
};
struct dedup_spool {
    char *work_dir;
    struct stream entries, index;
    uint32_t n;
};

static enum status stream_block(struct stream *s, const char *work_dir, struct buf *err) {
    if (s->n_blocks - s->first >= s->keep) {
        enum status st = s->fd < 0 ? dedup_tmp_open(work_dir, &s->fd, err) : ST_OK;
        for (; st == ST_OK && s->first < s->n_blocks; s->first++) {
            st = dedup_tmp_write(s->fd, s->first * BLOCK, s->blocks[s->first], BLOCK, err);
            if (st != ST_OK) break;
            free(s->blocks[s->first]);
            s->blocks[s->first] = NULL;
        }
        if (st != ST_OK) return st;
    }
    if (s->n_blocks == s->room) {
        size_t room = s->room ? 2 * s->room : 64;
        char **b = realloc(s->blocks, room * sizeof *b);
        if (!b) return fail(err, ST_FATAL, "out of memory");
        s->blocks = b;
        s->room = room;
    }
    s->blocks[s->n_blocks] = calloc(1, BLOCK);
    if (!s->blocks[s->n_blocks]) return fail(err, ST_FATAL, "out of memory");
    s->n_blocks++;
    s->used = 0;
    return ST_OK;
}

/* Room for ${len} bytes on end in one block; *${offset} is where they stand in the stream. */
static enum status stream_room(struct stream *s, size_t len, const char *work_dir, char **at, uint64_t *offset, struct buf *err) {
    if (!s->n_blocks || s->used + len > BLOCK) {
        enum status st = stream_block(s, work_dir, err);
        if (st != ST_OK) return st;
    }
    *at = s->blocks[s->n_blocks - 1] + s->used;
    *offset = (uint64_t)(s->n_blocks - 1) * BLOCK + s->used;
    s->used += len;
    return ST_OK;
}

/* Up to ${len} bytes from ${offset}, cut at the block's end; ${scratch} holds them when they are on disk. */
static enum status stream_read(const struct stream *s, uint64_t offset, size_t len, void *scratch, const char **at,
                               struct buf *err) {
    size_t block = (size_t)(offset / BLOCK), in = (size_t)(offset % BLOCK);
    if (s->blocks[block]) {
        *at = s->blocks[block] + in;
        return ST_OK;
    }
    *at = scratch;
    return dedup_tmp_read(s->fd, offset, scratch, len < BLOCK - in ? len : BLOCK - in, err);
}

static void stream_free(struct stream *s) {
    for (size_t i = 0; i < s->n_blocks; i++) free(s->blocks[i]);
    free(s->blocks);
    if (s->fd >= 0) close(s->fd);
}

enum status dedup_spool_new(size_t memory_bytes, const char *work_dir, struct dedup_spool **out, struct buf *err) {
    struct dedup_spool *s = calloc(1, sizeof *s);
    *out = NULL;
    if (!s) return fail(err, ST_FATAL, "out of memory");
    s->entries.fd = s->index.fd = -1;
    s->index.keep = memory_bytes / 8 / BLOCK + 1;
    s->entries.keep = memory_bytes / 8 * 7 / BLOCK + 1;
    s->work_dir = work_dir ? strdup(work_dir) : NULL;
    if (work_dir && !s->work_dir) {
        dedup_spool_free(s);
        return fail(err, ST_FATAL, "out of memory");
    }
    *out = s;
    return ST_OK;
}

void dedup_spool_free(struct dedup_spool *s) {
    if (!s) return;
    stream_free(&s->entries);
    stream_free(&s->index);
    free(s->work_dir);
    free(s);
}

enum status dedup_spool_add(struct dedup_spool *s, const struct dedup_entry *e, struct buf *err) {
    size_t sketch = e->has_sketch ? e->n_sketch * sizeof *e->sketch : 0;
    uint16_t lengths[2] = {e->n_rank, e->has_sketch ? e->n_sketch : NO_SKETCH};
    struct index_entry x = {0, e->doc};
    uint64_t ignored;
    char *p, *q;
    if (s->n == UINT32_MAX) return fail(err, ST_FATAL, "more than %u documents in one run", UINT32_MAX);
    enum status st = stream_room(&s->entries, HEAD + e->n_rank + sketch, s->work_dir, &p, &x.offset, err);
    if (st == ST_OK) st = stream_room(&s->index, sizeof x, s->work_dir, &q, &ignored, err);
    if (st != ST_OK) return st;
    memcpy(p, &e->doc, 8);
    memcpy(p + 8, &e->exact, 8);
    memcpy(p + 16, lengths, 4);
    memcpy(p + HEAD, e->rank, e->n_rank);
    if (sketch) memcpy(p + HEAD + e->n_rank, e->sketch, sketch);
    memcpy(q, &x, sizeof x);
    s->n++;
    return ST_OK;
}

static enum status index_get(const struct dedup_spool *s, uint32_t i, struct index_entry *x, struct buf *err) {
    const char *at;
    enum status st = stream_read(&s->index, (uint64_t)i * sizeof *x, sizeof *x, x, &at, err);
    if (st == ST_OK && at != (const char *)x) memcpy(x, at, sizeof *x);
    return st;
}

enum status dedup_spool_get(const struct dedup_spool *s, uint32_t i, struct dedup_entry *e, struct buf *err) {
    char scratch[HEAD + DEDUP_RANK_MAX + sizeof e->sketch];
    struct index_entry x = {0, 0};
    const char *p;
    uint16_t lengths[2];
    enum status st = index_get(s, i, &x, err);
    if (st == ST_OK) st = stream_read(&s->entries, x.offset, sizeof scratch, scratch, &p, err);
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
uint64_t dedup_spool_disk_bytes(const struct dedup_spool *s) { return (s->entries.first + s->index.first) * BLOCK; }
