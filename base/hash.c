#include "base/hash.h"
#include <assert.h>
#include <nettle/md5.h>
#include <nettle/sha2.h>
/* nettle's short names would hide ours. */
#undef sha256_init
#undef sha256_update
#undef md5_init
#undef md5_update
#define XXH_INLINE_ALL
#include <xxhash.h>

static_assert(sizeof(struct sha256_ctx) <= sizeof(((struct sha256 *)0)->state), "struct sha256 is too small for nettle's context");

static_assert(sizeof(struct md5_ctx) <= sizeof(((struct md5 *)0)->state), "struct md5 is too small for nettle's context");

uint64_t hash64(struct slice s) { return XXH3_64bits(s.ptr, s.len); }

uint64_t hash64_seed(struct slice s, uint64_t seed) { return XXH3_64bits_withSeed(s.ptr, s.len, seed); }

struct hash128 hash128(struct slice s) {
    XXH128_hash_t h = XXH3_128bits(s.ptr, s.len);
    return (struct hash128){h.high64, h.low64};
}

void hash128_hex(struct hash128 h, char out[33]) {
    XXH128_canonical_t c;
    XXH128_hash_t x = {.low64 = h.lo, .high64 = h.hi};
    XXH128_canonicalFromHash(&c, x);
    hash_hex(c.digest, sizeof c.digest, out);
}

static struct sha256_ctx *state_of(struct sha256 *h) { return (struct sha256_ctx *)(void *)h->state; }

void sha256_init(struct sha256 *h) { nettle_sha256_init(state_of(h)); }

void sha256_update(struct sha256 *h, const void *bytes, size_t n) { nettle_sha256_update(state_of(h), n, bytes); }

void sha256_final(struct sha256 *h, unsigned char out[SHA256_BYTES]) { nettle_sha256_digest(state_of(h), SHA256_BYTES, out); }

void sha256_of(struct slice s, unsigned char out[SHA256_BYTES]) {
    struct sha256 h;
    sha256_init(&h);
    sha256_update(&h, s.ptr, s.len);
    sha256_final(&h, out);
}

void md5_init(struct md5 *h) { nettle_md5_init((struct md5_ctx *)(void *)h->state); }

void md5_update(struct md5 *h, const void *bytes, size_t n) { nettle_md5_update((struct md5_ctx *)(void *)h->state, n, bytes); }

void md5_final(struct md5 *h, unsigned char out[MD5_BYTES]) {
    nettle_md5_digest((struct md5_ctx *)(void *)h->state, MD5_BYTES, out);
}

void hash_hex(const unsigned char *bytes, size_t n, char *out) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * n] = 0;
}

void hash_base32(struct buf *out, const unsigned char *bytes, size_t n) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    for (size_t i = 0; i < n; i += 5) {
        uint64_t group = 0;
        size_t have = n - i < 5 ? n - i : 5;
        for (size_t j = 0; j < 5; j++) group = group << 8 | (j < have ? bytes[i + j] : 0);
        size_t chars = (have * 8 + 4) / 5;
        char text[8];
        for (size_t j = 0; j < 8; j++) text[j] = j < chars ? alphabet[group >> (35 - 5 * j) & 31] : '=';
        buf_append(out, text, sizeof text);
    }
}
