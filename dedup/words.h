#ifndef VILLERS_DEDUP_WORDS_H
#define VILLERS_DEDUP_WORDS_H
/*
 * Hand-written lists of the words that decide close calls.  Lower case, separated by one space; elided words without apostrophe.
 */
#include <stddef.h>

#define WORDS_NEAR_MAX 24

struct words_of {
    const char language[4]; /* ISO 639-3 */
    const char *words;
};
/** words_french: function words of French, old and new, also as they look without accents. */
extern const char words_french[];
/** words_near: a row a neighbour; at most WORDS_NEAR_MAX. */
extern const struct words_of words_near[];
extern const size_t words_near_n;

#endif
