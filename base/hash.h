#ifndef VILLERS_BASE_HASH_H
#define VILLERS_BASE_HASH_H
/*
 * Hashes.  XXH3 (xxHash 0.8 specification) for tables and ids, SHA-256 (FIPS 180-4, by nettle, which uses the
 * processor's own instructions) for digests that people check.  Thread-safe; hash_sha256_* contexts belong to one thread.
 */
#include "base/buf.h"

uint64_t hash64(struct slice s);
uint64_t hash64_seed(struct slice s, uint64_t seed);

struct hash128 {
    uint64_t hi, lo;
};
struct hash128 hash128(struct slice s);
/** hash128_hex(h, out): 32 lower-case hex digits, canonical (big-endian) order, and a NUL. */
void hash128_hex(struct hash128 h, char out[33]);

#define SHA256_BYTES 32
struct sha256 {
    unsigned char state[128]; /* nettle's struct sha256_ctx; its size is asserted in hash.c */
} __attribute__((aligned(16)));
void sha256_init(struct sha256 *h);
void sha256_update(struct sha256 *h, const void *bytes, size_t n);
void sha256_final(struct sha256 *h, unsigned char out[SHA256_BYTES]);
void sha256_of(struct slice s, unsigned char out[SHA256_BYTES]);

/* MD5 (RFC 1321): only to compare with the ETag of an object store's part. */
#define MD5_BYTES 16
struct md5 {
    unsigned char state[128]; /* nettle's struct md5_ctx; its size is asserted in hash.c */
} __attribute__((aligned(16)));
void md5_init(struct md5 *h);
void md5_update(struct md5 *h, const void *bytes, size_t n);
void md5_final(struct md5 *h, unsigned char out[MD5_BYTES]);

/** hash_hex(bytes, n, out): 2·n lower-case hex digits and a NUL into ${out}. */
void hash_hex(const unsigned char *bytes, size_t n, char *out);
/** hash_base32(out, bytes, n): append RFC 4648 section 6 base 32, upper case, padded. */
void hash_base32(struct buf *out, const unsigned char *bytes, size_t n);

#endif
