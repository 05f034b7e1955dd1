/*
 * The line buffer holds what is left of earlier frames, then bytes of the frame being read (from `frame_from` on): a refill never brings
 * two frames, so the frame in which a line begins is always known.
 */
#include "store/jsonl.h"
#include "base/limits.h"
#include "store/unpack.h"
#include <stdlib.h>

enum { CHUNK = 256 * 1024 };

struct jsonl_reader {
    struct unpack *u;
    struct buf b;
    size_t at;         /* of the next line in b */
    size_t scanned;    /* b has no newline in [at, scanned) */
    size_t frame_from; /* where in b the bytes of `frame` begin; those before are of `head` */
    uint64_t head, frame;
    uint64_t line_frame; /* of the line given out last */
    uint64_t lines;
    bool skipping; /* dropping the rest of a line that was too long */
    bool over;
};

enum status jsonl_open(const char *path, struct jsonl_reader **out, struct buf *err) {
    struct jsonl_reader *r = calloc(1, sizeof *r);
    if (!r) return fail(err, ST_FATAL, "no memory to read %s", path);
    buf_init(&r->b, LIMIT_LINE + 16 * (size_t)CHUNK);
    enum status st = unpack_open(path, &r->u, err);
    if (st != ST_OK) {
        jsonl_free(r);
        return st;
    }
    *out = r;
    return ST_OK;
}

void jsonl_free(struct jsonl_reader *r) {
    if (!r) return;
    unpack_free(r->u);
    buf_free(&r->b);
    free(r);
}

/* Drop the lines already given out. */
static void compact(struct jsonl_reader *r) {
    if (r->at == 0) return;
    if (r->at >= r->frame_from) r->head = r->frame;
    memmove(r->b.data, r->b.data + r->at, r->b.len - r->at);
    r->b.len -= r->at;
    r->b.data[r->b.len] = '\0';
    r->scanned -= r->at;
    r->frame_from = r->frame_from > r->at ? r->frame_from - r->at : 0;
    r->at = 0;
}

static enum status refill(struct jsonl_reader *r, struct buf *err) {
    compact(r);
    size_t had = r->b.len;
    enum status st = unpack_read(r->u, &r->b, CHUNK, err);
    if (st == ST_SKIP) return fail(err, ST_FATAL, "%s%s", err ? buf_cstr(err) : "", unpack_cut(r->u) ? " (truncated)" : "");
    if (st != ST_OK) return st;
    if (had == 0) r->head = unpack_frame(r->u);
    if (r->frame != unpack_frame(r->u) || had == 0) {
        r->frame = unpack_frame(r->u);
        r->frame_from = had;
    }
    return ST_OK;
}

/* A whole line at the front of the buffer, its newline at *${newline}; RETRY at the end with what is left there. */
static enum status find_newline(struct jsonl_reader *r, size_t *newline, struct buf *err) {
    for (;;) {
        const char *nl = r->b.len > r->scanned ? memchr(r->b.data + r->scanned, '\n', r->b.len - r->scanned) : NULL;
        if (nl) {
            *newline = (size_t)(nl - r->b.data);
            return ST_OK;
        }
        r->scanned = r->b.len;
        if (r->skipping)
            r->at = r->b.len;
        else if (r->b.len - r->at > LIMIT_LINE) {
            r->skipping = true;
            r->lines++;
            r->at = r->b.len;
            return fail(err, ST_SKIP, "line %llu is longer than %zu bytes", (unsigned long long)r->lines, LIMIT_LINE);
        }
        enum status st = refill(r, err);
        if (st != ST_OK) return st;
    }
}

static struct slice take(struct jsonl_reader *r, size_t to, size_t next) {
    struct slice line = slice_of(r->b.data + r->at, to - r->at);
    r->line_frame = r->at < r->frame_from ? r->head : r->frame;
    r->at = r->scanned = next;
    r->lines++;
    if (r->lines == 1 && slice_starts(line, slice_str("\xEF\xBB\xBF"))) line = slice_sub(line, 3, line.len); /* a BOM */
    if (line.len && line.ptr[line.len - 1] == '\r') line.len--;
    return line;
}

enum status jsonl_next(struct jsonl_reader *r, struct slice *line, struct buf *err) {
    while (!r->over) {
        size_t newline = 0;
        enum status st = find_newline(r, &newline, err);
        if (st == ST_RETRY) {
            r->over = true;
            if (r->skipping || r->at == r->b.len) break;
            *line = take(r, r->b.len, r->b.len);
            return line->len ? ST_OK : ST_RETRY;
        }
        if (st != ST_OK) return st;
        if (r->skipping) {
            r->skipping = false;
            r->at = r->scanned = newline + 1;
            continue;
        }
        *line = take(r, newline, newline + 1);
        if (line->len) return ST_OK;
    }
    return ST_RETRY;
}

enum status jsonl_seek_frame(struct jsonl_reader *r, uint64_t offset, struct buf *err) {
    enum status st = unpack_seek(r->u, offset, err);
    if (st != ST_OK) return st;
    buf_clear(&r->b);
    r->at = r->scanned = r->frame_from = 0;
    r->skipping = r->over = false;
    return ST_OK;
}

uint64_t jsonl_line_number(const struct jsonl_reader *r) { return r->lines; }
uint64_t jsonl_frame(const struct jsonl_reader *r) { return r->line_frame; }
uint64_t jsonl_bytes_read(const struct jsonl_reader *r) { return unpack_bytes_read(r->u); }
uint64_t jsonl_bytes_total(const struct jsonl_reader *r) { return unpack_bytes_total(r->u); }
