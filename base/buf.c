#include "base/buf.h"
#include "base/limits.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void buf_init(struct buf *b, size_t max) { *b = (struct buf){.max = max}; }

void buf_free(struct buf *b) {
    if (!b) return;
    free(b->data);
    *b = (struct buf){.max = b->max};
}

void buf_clear(struct buf *b) {
    b->len = 0;
    b->failed = false;
    if (b->data) b->data[0] = 0;
}

bool buf_ok(const struct buf *b) { return !b->failed; }

bool buf_reserve(struct buf *b, size_t n) {
    size_t max = b->max ? b->max : LIMIT_BUF_DEFAULT;
    if (b->failed || b->len > max || n > max - b->len) {
        b->failed = true;
        return false;
    }
    size_t need = b->len + n + 1;
    if (need <= b->cap) return true;
    size_t cap = b->cap < 64 ? 64 : b->cap;
    while (cap < need) cap += cap / 2;
    char *data = realloc(b->data, cap);
    if (!data) {
        b->failed = true;
        return false;
    }
    if (!b->data) data[0] = 0;
    b->data = data;
    b->cap = cap;
    return true;
}

void buf_append(struct buf *b, const void *bytes, size_t n) {
    if (!buf_reserve(b, n)) return;
    if (n) memcpy(b->data + b->len, bytes, n);
    b->len += n;
    b->data[b->len] = 0;
}

void buf_char(struct buf *b, char c) {
    if (b->failed) return;
    if (b->len + 1 < b->cap && b->len < (b->max ? b->max : LIMIT_BUF_DEFAULT)) {
        b->data[b->len++] = c;
        b->data[b->len] = 0;
    } else {
        buf_append(b, &c, 1);
    }
}

void buf_str(struct buf *b, const char *s) { buf_append(b, s, strlen(s)); }

void buf_slice(struct buf *b, struct slice s) { buf_append(b, s.ptr, s.len); }

void buf_vprintf(struct buf *b, const char *fmt, va_list ap) {
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    if (n < 0) {
        b->failed = true;
    } else if (buf_reserve(b, (size_t)n)) {
        vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

void buf_printf(struct buf *b, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(b, fmt, ap);
    va_end(ap);
}

void buf_truncate(struct buf *b, size_t len) {
    if (len >= b->len) return;
    b->len = len;
    b->data[len] = 0;
}

enum status fail(struct buf *err, enum status st, const char *fmt, ...) {
    if (!err) return st;
    va_list ap;
    va_start(ap, fmt);
    /* The old text may be one of the arguments, so the new one is built aside. */
    struct buf text = {.max = LIMIT_ERR};
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    buf_clear(err);
    buf_slice(err, buf_view(&text));
    buf_free(&text);
    return st;
}

enum status fail_errno(struct buf *err, const char *what, const char *path) {
    int e = errno;
    bool full = e == ENOSPC || e == EDQUOT;
    return fail(err, full ? ST_RETRY : ST_FATAL, "%s: cannot %s: %s%s", path, what, strerror(e),
                full ? " (free some space and run the same command again)" : "");
}
