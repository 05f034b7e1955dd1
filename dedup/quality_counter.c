#include "dedup/quality_counter.h"
#include <stdlib.h>

void counter_free(struct counter *c) {
    free(c->slots);
    *c = (struct counter){0};
}

bool counter_start(struct counter *c, size_t n) {
    size_t want = 256;
    while (want < n + n / 2) want *= 2;
    if (want > c->cap || c->round == UINT32_MAX) {
        struct counter_slot *slots = calloc(want, sizeof *slots);
        if (!slots) return false;
        free(c->slots);
        *c = (struct counter){.slots = slots, .cap = want};
    }
    c->mask = want - 1;
    c->round++;
    return true;
}

/* The slot of ${key}, or the free one where it belongs.  The table is never full, so the walk ends. */
static size_t find(const struct counter *c, uint64_t key) {
    size_t i = key & (c->mask);
    while (c->slots[i].round == c->round && c->slots[i].key != key) i = (i + 1) & (c->mask);
    return i;
}

uint32_t counter_add(struct counter *c, uint64_t key) {
    struct counter_slot *s = &c->slots[find(c, key)];
    if (s->round != c->round) *s = (struct counter_slot){.key = key, .round = c->round};
    return ++s->count;
}

uint32_t counter_get(const struct counter *c, uint64_t key) {
    const struct counter_slot *s = &c->slots[find(c, key)];
    return s->round == c->round ? s->count : 0;
}
