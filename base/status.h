#ifndef VILLERS_BASE_STATUS_H
#define VILLERS_BASE_STATUS_H
/*
 * What a caller must do next.  Every function that can fail returns one of these; the detail goes, as one
 * printable line without a newline, into the caller's `struct buf *err` (which may be NULL).
 */

enum status {
    ST_OK = 0, /* done */
    ST_RETRY,  /* nothing was changed; the same call may succeed later (disk full, busy, timeout, interrupted) */
    ST_SKIP,   /* this document, line or file is bad: count it, say why, go on with the next */
    ST_FATAL   /* stop: the object may only be freed */
};

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

#endif
