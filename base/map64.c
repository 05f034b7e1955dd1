#include "base/map64.h"
#include <stdlib.h>

void map64_free(struct map64 *m) {
    if (!m) return;
    free(m->slots);
    free(m->used);
    *m = (struct map64){0};
}

/* The slot of ${key}, or the free one where it would go. */
static size_t probe(const struct map64 *m, uint64_t key) {
    size_t i = (size_t)(key * 0x9E3779B97F4A7C15u >> 20) & (m->cap - 1);
    while (m->used[i] && m->slots[2 * i] != key) i = (i + 1) & (m->cap - 1);
    return i;
}

static bool rehash(struct map64 *m, size_t cap) {
    struct map64 bigger = {calloc(cap, 2 * sizeof(uint64_t)), calloc(cap, 1), cap, m->len};
    if (!bigger.slots || !bigger.used) {
        map64_free(&bigger);
        return false;
    }
    for (size_t i = 0; i < m->cap; i++) {
        if (!m->used[i]) continue;
        size_t at = probe(&bigger, m->slots[2 * i]);
        bigger.used[at] = 1;
        bigger.slots[2 * at] = m->slots[2 * i];
        bigger.slots[2 * at + 1] = m->slots[2 * i + 1];
    }
    free(m->slots);
    free(m->used);
    *m = bigger;
    return true;
}

bool map64_put(struct map64 *m, uint64_t key, uint64_t value) {
    if ((m->len + 1) * 4 > m->cap * 3 && !rehash(m, m->cap ? m->cap * 2 : 64)) return false;
    size_t i = probe(m, key);
    if (!m->used[i]) {
        m->used[i] = 1;
        m->slots[2 * i] = key;
        m->len++;
    }
    m->slots[2 * i + 1] = value;
    return true;
}

bool map64_get(const struct map64 *m, uint64_t key, uint64_t *value) {
    if (m->len == 0) return false;
    size_t i = probe(m, key);
    if (!m->used[i]) return false;
    if (value) *value = m->slots[2 * i + 1];
    return true;
}

bool map64_del(struct map64 *m, uint64_t key) {
    if (m->len == 0) return false;
    size_t i = probe(m, key);
    if (!m->used[i]) return false;
    m->used[i] = 0;
    m->len--;
    /* What stood behind it in the same run is put in again, so that no probe stops early at the hole. */
    for (size_t j = (i + 1) & (m->cap - 1); m->used[j]; j = (j + 1) & (m->cap - 1)) {
        uint64_t k = m->slots[2 * j], v = m->slots[2 * j + 1];
        m->used[j] = 0;
        size_t at = probe(m, k);
        m->used[at] = 1;
        m->slots[2 * at] = k;
        m->slots[2 * at + 1] = v;
    }
    return true;
}
