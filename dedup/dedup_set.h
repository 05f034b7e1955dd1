#ifndef VILLERS_DEDUP_DEDUP_SET_H
#define VILLERS_DEDUP_DEDUP_SET_H
/*
 * A set of entries as bits, with the rank of each member: an eighth of a byte an entry, and a sixteenth more to count by.
 */
#include "base/buf.h"

struct dedup_set {
    uint64_t *bits;
    uint32_t *before; /* members before each 512 bits; NULL until dedup_set_count() */
    uint32_t n;
};

/** dedup_set_init(s, n, err): empty, of the numbers under ${n}.  FATAL without memory; dedup_set_free() is then harmless. */
enum status dedup_set_init(struct dedup_set *s, uint32_t n, struct buf *err) MUST_CHECK;
void dedup_set_free(struct dedup_set *s);
/** dedup_set_put(s, i): ${i} < n.  Thread-safe with itself. */
void dedup_set_put(struct dedup_set *s, uint32_t i);
/** dedup_set_join(s, other): the union; ${other} may be the smaller. */
void dedup_set_join(struct dedup_set *s, const struct dedup_set *other);
/** dedup_set_has(s, i): false past the end, and for a set that was never made. */
static inline bool dedup_set_has(const struct dedup_set *s, uint32_t i) { return i < s->n && (s->bits[i / 64] >> i % 64 & 1); }
/** dedup_set_count(s, count, err): how many there are; none may be added from now on, and ranks can be asked for. */
enum status dedup_set_count(struct dedup_set *s, uint32_t *count, struct buf *err) MUST_CHECK;
/** dedup_set_rank(s, i): the members before ${i}. */
uint32_t dedup_set_rank(const struct dedup_set *s, uint32_t i);
/** dedup_set_next(s, i): the first member from ${i} on, or n. */
uint32_t dedup_set_next(const struct dedup_set *s, uint32_t i);

#endif
