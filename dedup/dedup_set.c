#include "dedup/dedup_set.h"
#include <stdlib.h>

enum { STEP = 8 }; /* words between two counts */

enum status dedup_set_init(struct dedup_set *s, uint32_t n, struct buf *err) {
    *s = (struct dedup_set){.bits = calloc((size_t)n / 64 + 1, sizeof *s->bits)};
    if (!s->bits) return fail(err, ST_FATAL, "out of memory for a set of %u", n);
    s->n = n;
    return ST_OK;
}

void dedup_set_free(struct dedup_set *s) {
    free(s->bits);
    free(s->before);
    *s = (struct dedup_set){0};
}

void dedup_set_put(struct dedup_set *s, uint32_t i) {
    __atomic_fetch_or(&s->bits[i / 64], (uint64_t)1 << i % 64, __ATOMIC_RELAXED);
}

void dedup_set_join(struct dedup_set *s, const struct dedup_set *other) {
    for (size_t w = 0; other->bits && w <= (other->n < s->n ? other->n : s->n) / 64; w++) s->bits[w] |= other->bits[w];
}

enum status dedup_set_count(struct dedup_set *s, uint32_t *count, struct buf *err) {
    size_t words = (size_t)s->n / 64 + 1;
    uint32_t sum = 0;
    free(s->before);
    s->before = malloc((words / STEP + 1) * sizeof *s->before);
    if (!s->before) return fail(err, ST_FATAL, "out of memory for a set of %u", s->n);
    for (size_t w = 0; w < words; w++) {
        if (w % STEP == 0) s->before[w / STEP] = sum;
        sum += (uint32_t)__builtin_popcountll(s->bits[w]);
    }
    *count = sum;
    return ST_OK;
}

uint32_t dedup_set_rank(const struct dedup_set *s, uint32_t i) {
    size_t w = i / 64;
    uint32_t rank = s->before[w / STEP];
    for (size_t k = w / STEP * STEP; k < w; k++) rank += (uint32_t)__builtin_popcountll(s->bits[k]);
    return rank + (uint32_t)__builtin_popcountll(s->bits[w] & (((uint64_t)1 << i % 64) - 1));
}

uint32_t dedup_set_next(const struct dedup_set *s, uint32_t i) {
    while (i < s->n) {
        uint64_t rest = s->bits[i / 64] >> i % 64;
        if (rest) {
            uint32_t at = i + (uint32_t)__builtin_ctzll(rest);
            return at < s->n ? at : s->n;
        }
        i = (i / 64 + 1) * 64;
        if (i == 0) break; /* wrapped */
    }
    return s->n;
}
