#ifndef VILLERS_DEDUP_MINHASH_H
#define VILLERS_DEDUP_MINHASH_H
/*
 * Minima of a family of hash functions over a set of shingle hashes (Broder 1997): h_i(x) = a_i·x + b_i mod 2^32 with odd a_i.
 * The same bits from each kernel; which one runs is chosen by the processor.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MINHASH_MAX 256
#define MINHASH_GROUP 16 /* functions are padded to a multiple of this */

enum minhash_kernel { MINHASH_PLAIN, MINHASH_AVX2, MINHASH_AVX512 };
#define MINHASH_KERNELS 3

struct minhash_family {
    unsigned n, padded;
    uint32_t a[MINHASH_MAX] __attribute__((aligned(64)));
    uint32_t b[MINHASH_MAX] __attribute__((aligned(64)));
};

/** minhash_family_init(f, n, seed): ${n} functions (1 to MINHASH_MAX) drawn by splitmix64 from ${seed}. */
void minhash_family_init(struct minhash_family *f, unsigned n, uint64_t seed);
/** minhash_reset(f, minima): the minima of no shingle.  ${minima} holds MINHASH_MAX values. */
void minhash_reset(const struct minhash_family *f, uint32_t *minima);

bool minhash_supported(enum minhash_kernel k);
/** minhash_best(): the fastest kernel this processor runs. */
enum minhash_kernel minhash_best(void);
const char *minhash_kernel_name(enum minhash_kernel k);

/** minhash_update(k, f, xs, n, minima): lower ${minima} by the ${n} shingle hashes ${xs}.  Thread-safe.  About 4 ns a shingle for 112. */
void minhash_update(enum minhash_kernel k, const struct minhash_family *f, const uint32_t *xs, size_t n, uint32_t *minima);

#endif
