#ifndef VILLERS_BASE_BUF_H
#define VILLERS_BASE_BUF_H
/*
 * A growable run of bytes with a hard cap.
 *
 * Errors stick: an append that would pass the cap, or for which there is no memory, sets `failed`, appends nothing
 * and makes every later append a no-op, so that a writer checks buf_ok() once, at the end.  The bytes are always
 * followed by a NUL that len does not count.  A zeroed struct is an empty buffer capped at LIMIT_BUF_DEFAULT.
 * Not thread-safe.
 */
#include "base/slice.h"
#include "base/status.h"
#include <stdarg.h>

struct buf {
    char *data;  /* owned; NULL until the first append */
    size_t len;  /* bytes in use */
    size_t cap;  /* bytes allocated */
    size_t max;  /* hard cap in bytes; 0 means LIMIT_BUF_DEFAULT */
    bool failed; /* an append was refused */
};

/** buf_init(b, max): make ${b} empty with a cap of ${max} bytes.  Allocates nothing. */
void buf_init(struct buf *b, size_t max);
/** buf_free(b): release the memory and leave an empty buffer with the same cap.  NULL is harmless. */
void buf_free(struct buf *b);
/** buf_clear(b): length 0, `failed` off, memory kept. */
void buf_clear(struct buf *b);
/** buf_ok(b): no append was refused since the last clear. */
bool buf_ok(const struct buf *b);

/** buf_reserve(b, n): room for ${n} more bytes; false (and failed set) when the cap or memory forbids it. */
bool buf_reserve(struct buf *b, size_t n);
void buf_append(struct buf *b, const void *bytes, size_t n);
void buf_char(struct buf *b, char c);
void buf_str(struct buf *b, const char *s);
void buf_slice(struct buf *b, struct slice s);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
/** buf_truncate(b, len): drop the bytes past ${len}; longer than the buffer is a no-op. */
void buf_truncate(struct buf *b, size_t len);

/** buf_view(b): the bytes, borrowed until the next call that changes ${b}. */
static inline struct slice buf_view(const struct buf *b) { return slice_of(b->data ? b->data : "", b->len); }
/** buf_cstr(b): the bytes as a C string, never NULL; same life as buf_view(). */
static inline const char *buf_cstr(const struct buf *b) { return b->data ? b->data : ""; }

/**
 * fail(err, st, fmt, …):
 * Replace the text of ${err} (may be NULL) and return ${st}, so that `return fail(err, ST_SKIP, "…")` reads well.
 */
enum status fail(struct buf *err, enum status st, const char *fmt, ...) PRINTF_LIKE(3, 4);

/** fail_errno(err, what, path): as fail(), with strerror(errno); RETRY for a full disk, else FATAL. */
enum status fail_errno(struct buf *err, const char *what, const char *path);

#endif
