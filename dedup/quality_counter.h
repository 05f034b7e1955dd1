#ifndef VILLERS_DEDUP_QUALITY_COUNTER_H
#define VILLERS_DEDUP_QUALITY_COUNTER_H
/* How often each 64-bit key came, in a table that is emptied in constant time between texts.  A zeroed struct is ready. */
#include "base/slice.h"

struct counter_slot {
    uint64_t key;
    uint32_t round; /* the slot is free unless this is the current round */
    uint32_t count;
};
struct counter {
    struct counter_slot *slots; /* owned */
    size_t cap, mask;           /* allocated; in use for this text, less one, so that a short text stays in cache */
    uint32_t round;
};

/** counter_free(c): release the memory; ${c} is ready again. */
void counter_free(struct counter *c);
/** counter_start(c, n): forget all keys; room for ${n} different ones.  False without memory. */
bool counter_start(struct counter *c, size_t n);
/** counter_add(c, key): count ${key} once more; how often it has come, now included.  Keys are well mixed. */
uint32_t counter_add(struct counter *c, uint64_t key);
/** counter_get(c, key): how often it has come. */
uint32_t counter_get(const struct counter *c, uint64_t key);

#endif
