#include "cli/bits.h"
#include <stdlib.h>
#include <string.h>

bool bits_put(struct bits *b, uint64_t i) {
    if (i / 8 >= b->bytes) {
        uint64_t bytes = i / 4 + 4096;
        unsigned char *v = realloc(b->v, bytes);
        if (!v) return false;
        memset(v + b->bytes, 0, bytes - b->bytes);
        b->v = v;
        b->bytes = bytes;
    }
    b->v[i / 8] |= (unsigned char)(1u << i % 8);
    return true;
}

uint64_t bits_next(const struct bits *b, uint64_t i) {
    while (i / 8 < b->bytes) {
        unsigned rest = (unsigned)b->v[i / 8] >> i % 8;
        if (rest) return i + (unsigned)__builtin_ctz(rest);
        i = (i / 8 + 1) * 8;
    }
    return UINT64_MAX;
}
