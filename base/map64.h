#ifndef VILLERS_BASE_MAP64_H
#define VILLERS_BASE_MAP64_H
/*
 * A hash table from 64-bit keys to 64-bit values: open addressing, linear probing, at most 3/4 full, 16 bytes a slot.
 * Keys should already be well mixed (hash64()).  Not thread-safe.
 */
#include "base/slice.h"

struct map64 {
    uint64_t *slots; /* owned; pairs key, value */
    unsigned char *used;
    size_t cap, len; /* cap is a power of two or 0 */
};

void map64_free(struct map64 *m);
/** map64_put(m, key, value): insert or replace.  False without memory, the table unchanged. */
bool map64_put(struct map64 *m, uint64_t key, uint64_t value);
/** map64_get(m, key, value): *${value} (may be NULL) and true when present. */
bool map64_get(const struct map64 *m, uint64_t key, uint64_t *value);
/** map64_del(m, key): true when it was there. */
bool map64_del(struct map64 *m, uint64_t key);

#endif
