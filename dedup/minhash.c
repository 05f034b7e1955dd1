#include "dedup/minhash.h"
#include <assert.h>
#include <string.h>

static uint64_t splitmix64(uint64_t *state) {
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

void minhash_family_init(struct minhash_family *f, unsigned n, uint64_t seed) {
    assert(n >= 1 && n <= MINHASH_MAX);
    f->n = n;
    f->padded = (n + MINHASH_GROUP - 1) / MINHASH_GROUP * MINHASH_GROUP;
    for (unsigned i = 0; i < MINHASH_MAX; i++) {
        uint64_t r = splitmix64(&seed);
        f->a[i] = (uint32_t)r | 1;
        f->b[i] = (uint32_t)(r >> 32);
    }
}

void minhash_reset(const struct minhash_family *f, uint32_t *minima) {
    (void)f;
    memset(minima, 0xFF, MINHASH_MAX * sizeof *minima);
}

static void update_plain(const struct minhash_family *f, const uint32_t *xs, size_t n, uint32_t *minima) {
    for (unsigned g = 0; g < f->padded; g += MINHASH_GROUP) {
        uint32_t m[MINHASH_GROUP];
        const uint32_t *a = f->a + g, *b = f->b + g;
        memcpy(m, minima + g, sizeof m);
        for (size_t i = 0; i < n; i++) {
            uint32_t x = xs[i];
            for (unsigned j = 0; j < MINHASH_GROUP; j++) {
                uint32_t h = a[j] * x + b[j];
                m[j] = h < m[j] ? h : m[j];
            }
        }
        memcpy(minima + g, m, sizeof m);
    }
}

#if defined(__x86_64__)
#include <immintrin.h>

/* ${lanes} registers of 8 functions from ${g} on; a constant, so that the inner loops unroll and the minima stay in registers. */
__attribute__((target("avx2"), always_inline)) static inline void
lanes_avx2(const struct minhash_family *f, unsigned g, const unsigned lanes, const uint32_t *xs, size_t n, uint32_t *minima) {
    __m256i m[7];
    for (unsigned j = 0; j < lanes; j++) m[j] = _mm256_loadu_si256((const __m256i *)(minima + g + 8 * j));
    for (size_t i = 0; i < n; i++) {
        __m256i x = _mm256_set1_epi32((int)xs[i]);
        for (unsigned j = 0; j < lanes; j++) {
            __m256i h = _mm256_mullo_epi32(x, _mm256_load_si256((const __m256i *)(f->a + g + 8 * j)));
            h = _mm256_add_epi32(h, _mm256_load_si256((const __m256i *)(f->b + g + 8 * j)));
            m[j] = _mm256_min_epu32(m[j], h);
        }
    }
    for (unsigned j = 0; j < lanes; j++) _mm256_storeu_si256((__m256i *)(minima + g + 8 * j), m[j]);
}

__attribute__((target("avx2"))) static void update_avx2(const struct minhash_family *f, const uint32_t *xs, size_t n,
                                                        uint32_t *minima) {
    unsigned g = 0;
    for (; g + 56 <= f->padded; g += 56) lanes_avx2(f, g, 7, xs, n, minima);
    for (; g < f->padded; g += 8) lanes_avx2(f, g, 1, xs, n, minima);
}

__attribute__((target("avx512f"), always_inline)) static inline void
lanes_avx512(const struct minhash_family *f, unsigned g, const unsigned lanes, const uint32_t *xs, size_t n, uint32_t *minima) {
    __m512i m[7], a[7], b[7];
    for (unsigned j = 0; j < lanes; j++) {
        m[j] = _mm512_loadu_si512(minima + g + 16 * j);
        a[j] = _mm512_load_si512(f->a + g + 16 * j);
        b[j] = _mm512_load_si512(f->b + g + 16 * j);
    }
    for (size_t i = 0; i < n; i++) {
        __m512i x = _mm512_set1_epi32((int)xs[i]);
        for (unsigned j = 0; j < lanes; j++) {
            __m512i h = _mm512_add_epi32(_mm512_mullo_epi32(x, a[j]), b[j]);
            m[j] = _mm512_min_epu32(m[j], h);
        }
    }
    for (unsigned j = 0; j < lanes; j++) _mm512_storeu_si512(minima + g + 16 * j, m[j]);
}

__attribute__((target("avx512f"))) static void update_avx512(const struct minhash_family *f, const uint32_t *xs, size_t n,
                                                             uint32_t *minima) {
    unsigned g = 0;
    for (; g + 112 <= f->padded; g += 112) lanes_avx512(f, g, 7, xs, n, minima);
    for (; g < f->padded; g += 16) lanes_avx512(f, g, 1, xs, n, minima);
}

bool minhash_supported(enum minhash_kernel k) {
    if (k == MINHASH_AVX512) return __builtin_cpu_supports("avx512f");
    if (k == MINHASH_AVX2) return __builtin_cpu_supports("avx2");
    return true;
}
#else
bool minhash_supported(enum minhash_kernel k) { return k == MINHASH_PLAIN; }
#endif

enum minhash_kernel minhash_best(void) {
    if (minhash_supported(MINHASH_AVX512)) return MINHASH_AVX512;
    return minhash_supported(MINHASH_AVX2) ? MINHASH_AVX2 : MINHASH_PLAIN;
}

const char *minhash_kernel_name(enum minhash_kernel k) {
    static const char *const names[MINHASH_KERNELS] = {"plain", "avx2", "avx512"};
    return names[k];
}

void minhash_update(enum minhash_kernel k, const struct minhash_family *f, const uint32_t *xs, size_t n, uint32_t *minima) {
    switch (k) {
#if defined(__x86_64__)
    case MINHASH_AVX512: update_avx512(f, xs, n, minima); return;
    case MINHASH_AVX2: update_avx2(f, xs, n, minima); return;
#endif
    default: update_plain(f, xs, n, minima); return;
    }
}
