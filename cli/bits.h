#ifndef VILLERS_CLI_BITS_H
#define VILLERS_CLI_BITS_H
/*
 * A set of small numbers, a bit each, that grows as they come.
 */
#include <stdbool.h>
#include <stdint.h>

struct bits { /* zeroed: empty; free() of v ends it */
    unsigned char *v;
    uint64_t bytes;
};

/** bits_put(b, i): false without memory. */
bool bits_put(struct bits *b, uint64_t i);
static inline bool bits_has(const struct bits *b, uint64_t i) { return i / 8 < b->bytes && (b->v[i / 8] >> i % 8 & 1); }
static inline void bits_drop(struct bits *b, uint64_t i) {
    if (i / 8 < b->bytes) b->v[i / 8] &= (unsigned char)~(1u << i % 8);
}
/** bits_next(b, i): the first member from ${i} on, or UINT64_MAX. */
uint64_t bits_next(const struct bits *b, uint64_t i);

#endif
