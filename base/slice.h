#ifndef VILLERS_BASE_SLICE_H
#define VILLERS_BASE_SLICE_H
/*
 * A borrowed run of bytes: pointer and length, not NUL-terminated, never owned.  Whoever hands one out says how
 * long it lives.  The empty slice has len 0 and any ptr.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *ptr;
    size_t len;
};

/* A slice of a string literal, usable in static tables. */
#define SLICE_LIT(s)                                                                                                               \
    { (s), sizeof(s) - 1 }

/* For printf's "%.*s". */
#define SLICE_ARG(s) (int)(s).len, (s).ptr

static inline struct slice slice_of(const char *ptr, size_t len) {
    struct slice s = {ptr, len};
    return s;
}

/** slice_str(s): the bytes of the C string ${s}, without its NUL; NULL gives the empty slice. */
static inline struct slice slice_str(const char *s) { return slice_of(s, s ? strlen(s) : 0); }

static inline bool slice_eq(struct slice a, struct slice b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool slice_eq_str(struct slice a, const char *b) { return slice_eq(a, slice_str(b)); }

/** slice_sub(s, from, to): bytes [from, to) of ${s}; both are clamped to its length. */
static inline struct slice slice_sub(struct slice s, size_t from, size_t to) {
    if (to > s.len) to = s.len;
    if (from > to) from = to;
    return slice_of(from ? s.ptr + from : s.ptr, to - from);
}

/** ascii_*: the C locale's classes over any byte; safe on negative chars, unlike <ctype.h>. */
static inline bool ascii_is_digit(char c) { return c >= '0' && c <= '9'; }
static inline bool ascii_is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static inline bool ascii_is_alnum(char c) { return ascii_is_digit(c) || ascii_is_alpha(c); }
static inline bool ascii_is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static inline char ascii_lower(char c) { return (c >= 'A' && c <= 'Z') ? (char)(c + 32) : c; }
static inline char ascii_upper(char c) { return (c >= 'a' && c <= 'z') ? (char)(c - 32) : c; }

/** slice_eq_nocase, slice_starts_nocase, slice_find_nocase: as their names, folding ASCII letters only. */
bool slice_eq_nocase(struct slice a, struct slice b);
bool slice_starts(struct slice s, struct slice prefix);
bool slice_starts_nocase(struct slice s, struct slice prefix);
bool slice_ends(struct slice s, struct slice suffix);

/** slice_find(s, needle): offset of the first ${needle} in ${s}, or SIZE_MAX. */
size_t slice_find(struct slice s, struct slice needle);
size_t slice_find_nocase(struct slice s, struct slice needle);
size_t slice_find_char(struct slice s, char c);

/** slice_trim(s): ${s} without ASCII white space at either end. */
struct slice slice_trim(struct slice s);

/**
 * slice_cut(rest, sep, piece):
 * Take bytes up to the next ${sep} off the front of *${rest} into *${piece} and drop the separator.
 * False when *${rest} was exhausted (ptr NULL) before the call; an empty last piece is reported once.
 */
bool slice_cut(struct slice *rest, char sep, struct slice *piece);

/** slice_parse_u64(s, out): the whole of ${s} as a decimal number; false when empty, not digits or over 2^64-1. */
bool slice_parse_u64(struct slice s, uint64_t *out);

/** slice_cmp(a, b): byte order, shorter first on a tie; <0, 0, >0. */
int slice_cmp(struct slice a, struct slice b);

#endif
