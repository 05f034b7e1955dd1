#ifndef VILLERS_BASE_CHUNK_H
#define VILLERS_BASE_CHUNK_H
/*
 * Sixteen bytes looked at together, by the vector extension of gcc and clang: a comparison gives 0xFF in each lane where it holds,
 * and what the processor lacks the compiler writes out.
 */
#include "base/slice.h"

#define CHUNK 16
typedef uint8_t chunk __attribute__((vector_size(CHUNK)));

/** chunk_at(s, i, fill): bytes [i, i + 16) of ${s}, with ${fill} for those past its end.  Requires i <= s.len. */
static inline chunk chunk_at(struct slice s, size_t i, char fill) {
    chunk c;
    if (s.len - i >= CHUNK) {
        memcpy(&c, s.ptr + i, CHUNK);
        return c;
    }
    char padded[CHUNK];
    memset(padded, fill, CHUNK);
    if (i < s.len) memcpy(padded, s.ptr + i, s.len - i);
    memcpy(&c, padded, CHUNK);
    return c;
}

/** chunk_any(c): some lane is not 0. */
static inline bool chunk_any(chunk c) {
    uint64_t half[2];
    memcpy(half, &c, CHUNK);
    return (half[0] | half[1]) != 0;
}

/** chunk_sum(c): the sum of the lanes. */
static inline unsigned chunk_sum(chunk c) {
    uint64_t half[2], sum = 0;
    memcpy(half, &c, CHUNK);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t pairs = (half[i] & 0x00FF00FF00FF00FFu) + (half[i] >> 8 & 0x00FF00FF00FF00FFu);
        sum += pairs * 0x0001000100010001u >> 48;
    }
    return (unsigned)sum;
}

/** chunk_is_space(c): lanes of ascii_is_space(). */
static inline chunk chunk_is_space(chunk c) { return (chunk)(c == ' ') | ((chunk)(c >= '\t') & (chunk)(c <= '\r')); }

#endif
