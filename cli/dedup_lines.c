#include "cli/dedup_lines.h"
#include "base/file.h"
#include "base/limits.h"
#include "dedup/dedup_tmp.h"
#include "store/jsonl.h"
#include <stdlib.h>
#include <unistd.h>

struct piece {
    char *bytes; /* NULL: in the file */
    uint64_t offset;
    size_t len;
};
struct dedup_lines {
    const char *path;
    struct dedup_lines_budget *budget;
    bool piped, held;
    int fd;
    uint64_t end; /* of the nameless file */
    struct piece *pieces;
    size_t n, room;
    uint64_t bytes;
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
    return ST_OK;
}

void dedup_lines_let_go(struct dedup_lines *l) {
    for (size_t i = 0; i < l->n; i++) {
        if (l->pieces[i].bytes) l->budget->left += l->pieces[i].len;
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

static enum status new_piece(struct dedup_lines *l, struct buf *err) {
    if (l->n < l->room) return ST_OK;
    size_t room = l->room ? 2 * l->room : 64;
    struct piece *p = realloc(l->pieces, room * sizeof *p);
    if (!p) return fail(err, ST_FATAL, "out of memory");
    l->pieces = p;
    l->room = room;
    return ST_OK;
}

enum status dedup_lines_hold(struct dedup_lines *l, struct buf *bytes, struct buf *err) {
    bool fits = bytes->len <= l->budget->left;
    if (l->held && !fits && !l->piped) dedup_lines_let_go(l);
    l->bytes += bytes->len;
    if (!l->held || bytes->len == 0) return ST_OK;
    enum status st = new_piece(l, err);
    if (st != ST_OK) return st;
    struct piece p = {.len = bytes->len};
    if (fits) {
        char *smaller = realloc(bytes->data, bytes->len);
        if (smaller) bytes->data = smaller;
        p.bytes = bytes->data;
        l->budget->left -= p.len;
        bytes->data = NULL;
        bytes->len = bytes->cap = 0;
    } else {
        st = to_file(l, buf_view(bytes), &p, err);
    }
    if (st == ST_OK) l->pieces[l->n++] = p;
    return st;
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
