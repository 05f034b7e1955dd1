#include "cli/dedup_lines.h"
#include "base/file.h"
#include "base/limits.h"
#include "dedup/dedup_room.h"
#include "dedup/dedup_tmp.h"
#include "store/jsonl.h"
#include <stdlib.h>
#include <unistd.h>

struct piece {
    char *bytes; /* NULL: in the file */
    uint64_t offset;
    size_t len, room; /* room: of the memory */
};
struct dedup_lines {
    const char *path;
    struct dedup_lines_budget *budget;
    bool piped, held;
    int fd;
    uint64_t end; /* of the nameless file */
    struct piece *pieces;
    size_t n, room;
    uint64_t bytes, least; /* least: that it probably has, by its size as stored */
    /* reading: */
    struct jsonl_reader *in;
    size_t next;
    struct slice rest;
    char *read; /* of the file */
};

enum status dedup_lines_new(const char *path, struct dedup_lines_budget *budget, struct dedup_lines **out, struct buf *err) {
    struct dedup_lines *l = calloc(1, sizeof *l);
    *out = l;
    if (!l) return fail(err, ST_FATAL, "out of memory");
    l->path = path;
    l->budget = budget;
    l->fd = -1;
    l->piped = slice_eq_str(slice_str(path), "-");
    l->held = true;
    int64_t size = l->piped ? 0 : file_size(path);
    l->least = size > 0 ? (uint64_t)size : 0;
    return ST_OK;
}

void dedup_lines_let_go(struct dedup_lines *l) {
    for (size_t i = 0; i < l->n; i++) {
        if (l->pieces[i].bytes) l->budget->left += l->pieces[i].room;
        free(l->pieces[i].bytes);
    }
    free(l->pieces);
    l->pieces = NULL;
    l->n = l->room = 0;
    l->held = false;
}

void dedup_lines_free(struct dedup_lines *l) {
    if (!l) return;
    dedup_lines_end(l);
    dedup_lines_let_go(l);
    if (l->fd >= 0) close(l->fd);
    free(l);
}

static enum status to_file(struct dedup_lines *l, struct slice bytes, struct piece *p, struct buf *err) {
    enum status st = l->fd < 0 ? dedup_tmp_open(l->budget->work_dir, &l->fd, err) : ST_OK;
    p->offset = l->end;
    if (st == ST_OK) st = dedup_tmp_write(l->fd, l->end, bytes.ptr, bytes.len, err);
    if (st == ST_OK) l->end += bytes.len;
    return st;
}

static enum status room_for_piece(struct dedup_lines *l, struct buf *err) {
    if (l->n < l->room) return ST_OK;
    size_t room = l->room ? 2 * l->room : 64;
    struct piece *p = realloc(l->pieces, room * sizeof *p);
    if (!p) return fail(err, ST_FATAL, "out of memory");
    l->pieces = p;
    l->room = room;
    return ST_OK;
}

/* Pieces grow with the file, so that a small one takes little and a large one few. */
static char *room_for(struct dedup_lines *l, size_t len, size_t *room) {
    uint64_t likely = l->bytes > l->least ? l->bytes : l->least;
    *room = likely < DEDUP_ROOM_LARGE ? (size_t)likely : DEDUP_ROOM_LARGE;
    if (*room > l->budget->left) *room = l->budget->left;
    if (*room < len) *room = len;
    return dedup_room(*room);
}

static enum status new_piece(struct dedup_lines *l, struct slice bytes, bool fits, struct buf *err) {
    struct piece p = {.len = 0};
    enum status st = room_for_piece(l, err);
    if (st != ST_OK) return st;
    if (fits) {
        p.bytes = room_for(l, bytes.len, &p.room);
        if (!p.bytes) return fail(err, ST_FATAL, "out of memory for lines");
        l->budget->left -= p.room;
    } else {
        p.len = bytes.len;
        st = to_file(l, bytes, &p, err);
    }
    if (st == ST_OK) l->pieces[l->n++] = p;
    return st;
}

enum status dedup_lines_hold(struct dedup_lines *l, struct slice bytes, struct buf *err) {
    struct piece *last = l->n ? &l->pieces[l->n - 1] : NULL;
    bool fits = bytes.len <= l->budget->left, open = last && last->bytes && bytes.len <= last->room - last->len;
    if (l->held && !fits && !open && !l->piped) dedup_lines_let_go(l);
    l->bytes += bytes.len;
    if (!l->held || bytes.len == 0) return ST_OK;
    enum status st = open ? ST_OK : new_piece(l, bytes, fits, err);
    if (st != ST_OK) return st;
    last = &l->pieces[l->n - 1];
    if (!last->bytes) return ST_OK;
    memcpy(last->bytes + last->len, bytes.ptr, bytes.len);
    last->len += bytes.len;
    return ST_OK;
}

uint64_t dedup_lines_bytes(const struct dedup_lines *l) { return l->bytes; }

enum status dedup_lines_begin(struct dedup_lines *l, struct buf *err) {
    l->next = 0;
    l->rest = slice_of("", 0);
    return l->held ? ST_OK : jsonl_open(l->path, &l->in, err);
}

void dedup_lines_end(struct dedup_lines *l) {
    jsonl_free(l->in);
    free(l->read);
    l->in = NULL;
    l->read = NULL;
}

static enum status next_piece(struct dedup_lines *l, struct buf *err) {
    if (l->next == l->n) return ST_RETRY;
    const struct piece *p = &l->pieces[l->next++];
    l->rest = slice_of(p->bytes, p->len);
    if (p->bytes) return ST_OK;
    char *room = realloc(l->read, p->len);
    if (!room) return fail(err, ST_FATAL, "out of memory for %zu bytes of lines", p->len);
    l->read = room;
    l->rest = slice_of(room, p->len);
    return dedup_tmp_read(l->fd, p->offset, room, p->len, err);
}

enum status dedup_lines_next(struct dedup_lines *l, struct slice *line, struct buf *err) {
    if (l->in) {
        enum status st = jsonl_next(l->in, line, err);
        if (st == ST_SKIP) *line = slice_of("", 0);
        return st == ST_SKIP ? ST_OK : st;
    }
    if (l->rest.len == 0) {
        enum status st = next_piece(l, err);
        if (st != ST_OK) return st;
    }
    return slice_cut(&l->rest, '\n', line) ? ST_OK : fail(err, ST_FATAL, "lines held in memory do not end");
}
