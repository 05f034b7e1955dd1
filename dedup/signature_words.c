#include "dedup/signature_words.h"
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define KEY_LOW 0xA0761D6478BD642Fu
#define KEY_HIGH 0xE7037ED1A0B428DBu

static const uint64_t masks[9] = {
    0, 0xFF, 0xFFFF, 0xFFFFFF, 0xFFFFFFFF, 0xFFFFFFFFFF, 0xFFFFFFFFFFFF, 0xFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF};

static inline uint64_t load(const char *p) {
    uint64_t v;
    memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

__extension__ typedef unsigned __int128 wide;

/* The 128-bit product folded, as wyhash (Wang Yi) does. */
static inline uint64_t fold_product(uint64_t a, uint64_t b) {
    wide r = (wide)a * b;
    return (uint64_t)r ^ (uint64_t)(r >> 64);
}

static inline uint64_t hash_word(const char *p, size_t len) {
    uint64_t h = 0;
    for (; len > 16; p += 16, len -= 16) h = fold_product(load(p) ^ KEY_LOW ^ h, load(p + 8) ^ KEY_HIGH);
    uint64_t low = load(p) & masks[len < 8 ? len : 8];
    uint64_t high = load(p + 8) & masks[len > 8 ? len - 8 : 0];
    return fold_product(low ^ KEY_LOW ^ h, high ^ KEY_HIGH);
}

/* Bit i is set when byte i is part of a word. */
static inline uint64_t word_bits(const char *p) {
#if defined(__SSE2__)
    const __m128i space = _mm_set1_epi8(' ');
    uint64_t m = 0;
    for (unsigned i = 0; i < 4; i++) {
        __m128i x = _mm_loadu_si128((const __m128i *)(p + 16 * i));
        m |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x, space)) << (16 * i);
    }
    return ~m;
#else
    uint64_t m = 0;
    for (unsigned i = 0; i < 64; i++) m |= (uint64_t)(p[i] != ' ') << i;
    return m;
#endif
}

size_t signature_words(const char *text, size_t len, uint64_t *out) {
    size_t n = 0, begun = 0;
    uint64_t inside = 0; /* 1: a word goes on from the block before */
    for (size_t at = 0; at <= len; at += 64) {
        uint64_t bits = word_bits(text + at);
        if (len - at < 64) bits &= ((uint64_t)1 << (len - at)) - 1;
        uint64_t edges = bits ^ (bits << 1 | inside);
        if (inside && edges) {
            out[n++] = hash_word(text + begun, at + (size_t)__builtin_ctzll(edges) - begun);
            edges &= edges - 1;
            inside = 0;
        }
        while (edges) {
            size_t start = at + (size_t)__builtin_ctzll(edges);
            edges &= edges - 1;
            begun = start;
            inside = edges == 0;
            if (inside) break;
            out[n++] = hash_word(text + start, at + (size_t)__builtin_ctzll(edges) - start);
            edges &= edges - 1;
        }
    }
    return n;
}
