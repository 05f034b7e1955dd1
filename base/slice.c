#include "base/slice.h"

bool slice_eq_nocase(struct slice a, struct slice b) {
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++)
        if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i])) return false;
    return true;
}

bool slice_starts(struct slice s, struct slice prefix) {
    return s.len >= prefix.len && slice_eq(slice_sub(s, 0, prefix.len), prefix);
}

bool slice_starts_nocase(struct slice s, struct slice prefix) {
    return s.len >= prefix.len && slice_eq_nocase(slice_sub(s, 0, prefix.len), prefix);
}

bool slice_ends(struct slice s, struct slice suffix) {
    return s.len >= suffix.len && slice_eq(slice_sub(s, s.len - suffix.len, s.len), suffix);
}

size_t slice_find(struct slice s, struct slice needle) {
    if (needle.len == 0) return 0;
    const char *at = s.len ? memmem(s.ptr, s.len, needle.ptr, needle.len) : NULL;
    return at ? (size_t)(at - s.ptr) : SIZE_MAX;
}

size_t slice_find_nocase(struct slice s, struct slice needle) {
    if (!needle.len) return 0;
    char first = ascii_lower(needle.ptr[0]);
    for (size_t i = 0; i + needle.len <= s.len; i++)
        if (ascii_lower(s.ptr[i]) == first && slice_eq_nocase(slice_of(s.ptr + i, needle.len), needle)) return i;
    return SIZE_MAX;
}

size_t slice_find_char(struct slice s, char c) {
    const char *at = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return at ? (size_t)(at - s.ptr) : SIZE_MAX;
}

struct slice slice_trim(struct slice s) {
    while (s.len && ascii_is_space(s.ptr[0])) s = slice_sub(s, 1, s.len);
    while (s.len && ascii_is_space(s.ptr[s.len - 1])) s.len--;
    return s;
}

bool slice_cut(struct slice *rest, char sep, struct slice *piece) {
    if (!rest->ptr) return false;
    size_t at = slice_find_char(*rest, sep);
    if (at == SIZE_MAX) {
        *piece = *rest;
        *rest = slice_of(NULL, 0);
    } else {
        *piece = slice_sub(*rest, 0, at);
        *rest = slice_sub(*rest, at + 1, rest->len);
    }
    return true;
}

bool slice_parse_u64(struct slice s, uint64_t *out) {
    uint64_t v = 0;
    if (s.len == 0) return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_is_digit(s.ptr[i])) return false;
        unsigned d = (unsigned)(s.ptr[i] - '0');
        if (v > (UINT64_MAX - d) / 10) return false;
        v = v * 10 + d;
    }
    *out = v;
    return true;
}

int slice_cmp(struct slice a, struct slice b) {
    size_t n = a.len < b.len ? a.len : b.len;
    int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
    if (c) return c;
    return a.len < b.len ? -1 : a.len > b.len;
}
