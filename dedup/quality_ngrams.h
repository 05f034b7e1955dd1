#ifndef VILLERS_DEDUP_QUALITY_NGRAMS_H
#define VILLERS_DEDUP_QUALITY_NGRAMS_H
/*
 * How much of a text its word n-grams repeat, as datatrove's GopherRepetitionFilter counts it.
 *
 * Each n-gram is known by a 64-bit hash that is found in constant time from running sums: with x(i) the value of element i and B odd,
 * S(j) = sum of x(i)·B^i (mod 2^64) gives (S(b) - S(a))·B^-a, the same wherever the elements stand.  The elements are bytes where
 * datatrove joins words with nothing between, and word hashes where it joins them with a space.
 */
#include "dedup/tokens.h"

struct ngrams; /* scratch, one a worker */
struct ngrams *ngrams_new(void);
void ngrams_free(struct ngrams *g);
/** ngrams_clear(g): no words. */
void ngrams_clear(struct ngrams *g);
/** ngrams_add(g, word): one more; past LIMIT_QUALITY_WORDS it is ignored.  False without memory. */
bool ngrams_add(struct ngrams *g, const struct token *word);
/**
 * ngrams_top(g, n, chars):
 * *${chars}: code points of the commonest ${n}-gram, its spaces too, times its count; of equals the first counts.  0 when there is
 * none.  False without memory.  O(words).
 */
bool ngrams_top(struct ngrams *g, unsigned n, double *chars);
/** ngrams_repeated(g, n, chars): code points of ${n}-grams seen before, each word counted once at most.  As above. */
bool ngrams_repeated(struct ngrams *g, unsigned n, double *chars);

#endif
