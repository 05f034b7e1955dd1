#include "crawler/ingest_split.h"
#include "base/limits.h"

#include <stdio.h>

enum { HEAD_GIVEN = 2048 };

void ingest_split_init(struct ingest_splitter *s) {
    *s = (struct ingest_splitter){.how = INGEST_WHOLE};
    buf_init(&s->b, LIMIT_INGEST_UNIT + 4 * MIB);
    buf_init(&s->head, MIB);
}

void ingest_split_free(struct ingest_splitter *s) {
    buf_free(&s->b);
    buf_free(&s->head);
}

void ingest_split_begin(struct ingest_splitter *s, enum ingest_split how) {
    s->how = how;
    buf_clear(&s->b);
    buf_clear(&s->head);
    s->at = s->scanned = 0;
    s->offset = 0;
    s->begun = s->over = s->dropping = false;
}

static enum status refill(struct ingest_splitter *s, struct ingest_input *in, struct buf *err) {
    struct slice block;
    if (s->at) {
        memmove(s->b.data, s->b.data + s->at, s->b.len - s->at);
        buf_truncate(&s->b, s->b.len - s->at);
        s->scanned -= s->at;
        s->at = 0;
    }
    enum status st = ingest_input_block(in, &block, err);
    if (st != ST_OK) return st;
    buf_slice(&s->b, block);
    return buf_ok(&s->b) ? ST_OK : fail(err, ST_RETRY, "out of memory");
}

static void refuse_large(struct ingest_unit *u) {
    u->refused = INGEST_LARGE;
    snprintf(u->why, sizeof u->why, "over %zu bytes", LIMIT_INGEST_UNIT);
}

/* ---- the whole ---- */

/* A member past the cap is read to its end and dropped. */
static enum status next_whole(struct ingest_splitter *s, struct ingest_input *in, struct ingest_unit *u, struct buf *err) {
    struct slice block;
    enum status st;
    if (s->over) return ST_RETRY;
    s->over = true;
    u->offset = 0;
    while ((st = ingest_input_block(in, &block, err)) == ST_OK) {
        if (u->refused == INGEST_LARGE) continue;
        if (u->bytes.len + block.len > LIMIT_INGEST_UNIT)
            refuse_large(u);
        else
            buf_slice(&u->bytes, block);
    }
    if (st == ST_SKIP) { /* this file of a folder alone */
        u->refused = INGEST_DAMAGED;
        snprintf(u->why, sizeof u->why, "%.150s", err ? buf_cstr(err) : "");
        return ST_OK;
    }
    if (st == ST_RETRY) return buf_ok(&u->bytes) ? ST_OK : fail(err, ST_FATAL, "out of memory");
    return st;
}

/* ---- lines and pages ---- */

static void take(struct ingest_splitter *s, struct ingest_unit *u, size_t from, size_t to, size_t next) {
    u->offset = s->offset + (from - s->at);
    buf_append(&u->bytes, s->b.data + from, to - from);
    s->offset += next - s->at;
    s->at = s->scanned = next;
}

static void drop(struct ingest_splitter *s, size_t to) {
    s->offset += to - s->at;
    s->at = s->scanned = to;
}

/* One line at the front; ${last}: nothing follows. */
static bool cut_line(struct ingest_splitter *s, struct ingest_unit *u, bool last) {
    for (;;) {
        const char *nl = s->b.len > s->scanned ? memchr(s->b.data + s->scanned, '\n', s->b.len - s->scanned) : NULL;
        size_t end = nl ? (size_t)(nl - s->b.data) : s->b.len, next = nl ? end + 1 : end;
        if (!nl && !last) {
            s->scanned = s->b.len;
            if (s->dropping) drop(s, s->b.len);
            return false;
        }
        bool dropped = s->dropping;
        s->dropping = false;
        if (!dropped && slice_trim(slice_of(s->b.data + s->at, end - s->at)).len) {
            take(s, u, s->at, end, next);
            return true;
        }
        if (next == s->at) return false;
        drop(s, next);
        if (!nl) return false;
    }
}

static const struct slice page_begin = SLICE_LIT("<page>"), page_end = SLICE_LIT("</page>");

static size_t find(const struct ingest_splitter *s, size_t from, struct slice what) {
    const char *p = s->b.len > from ? memmem(s->b.data + from, s->b.len - from, what.ptr, what.len) : NULL;
    return p ? (size_t)(p - s->b.data) : SIZE_MAX;
}

/* The last bytes may be the beginning of a mark that the next block ends. */
static size_t looked_to(const struct ingest_splitter *s, size_t from) {
    size_t to = s->b.len > page_end.len ? s->b.len - page_end.len : 0;
    return to > from ? to : from;
}

static bool cut_page(struct ingest_splitter *s, struct ingest_unit *u) {
    if (!s->begun || s->dropping) {
        size_t at = find(s, s->scanned, s->dropping ? page_end : page_begin);
        if (at == SIZE_MAX) {
            size_t to = looked_to(s, s->scanned);
            if (s->dropping)
                drop(s, to);
            else if (s->b.len - s->at > s->head.max)
                drop(s, to); /* no dump begins like this */
            else
                s->scanned = to;
            return false;
        }
        if (s->dropping) {
            s->dropping = false;
            drop(s, at + page_end.len);
            return cut_page(s, u);
        }
        buf_append(&s->head, s->b.data + s->at, at - s->at);
        s->begun = true;
        drop(s, at);
    }
    size_t begin = find(s, s->at, page_begin);
    if (begin == SIZE_MAX) {
        drop(s, looked_to(s, s->at));
        return false;
    }
    if (begin > s->at) drop(s, begin);
    size_t end = find(s, s->scanned, page_end);
    if (end == SIZE_MAX) {
        s->scanned = looked_to(s, s->at);
        return false;
    }
    take(s, u, begin, end + page_end.len, end + page_end.len);
    return true;
}

enum status ingest_split_next(struct ingest_splitter *s, struct ingest_input *in, struct ingest_unit *u, struct buf *err) {
    buf_clear(&u->bytes);
    buf_clear(&u->head);
    u->refused = INGEST_NEW;
    if (s->how == INGEST_WHOLE) return next_whole(s, in, u, err);
    for (;;) {
        bool cut = s->how == INGEST_LINES ? cut_line(s, u, s->over) : cut_page(s, u);
        if (cut) buf_slice(&u->head, slice_sub(buf_view(&s->head), 0, HEAD_GIVEN));
        if (cut) return buf_ok(&u->bytes) ? ST_OK : fail(err, ST_FATAL, "out of memory");
        if (s->over) return ST_RETRY;
        if (!s->dropping && s->b.len - s->at > LIMIT_INGEST_UNIT) {
            u->offset = s->offset;
            refuse_large(u);
            s->dropping = true;
            return ST_OK;
        }
        enum status st = refill(s, in, err);
        s->over = st == ST_RETRY;
        if (st != ST_OK && st != ST_RETRY) return st;
    }
}
