#ifndef VILLERS_DEDUP_LANGID_GRAMS_H
#define VILLERS_DEDUP_LANGID_GRAMS_H
/*
 * Words and their letter n-grams as features of a linear model of "is this French?": the second vote on what is too short or too
 * close for CLD2.  Each word, each n-gram of 1 to 5 letters (word ends and the elision's apostrophe are letters) is hashed to one of
 * LANGID_GRAMS weights (feature hashing, Weinberger et al. 2009); the sum of the weights is the log-odds of French.
 */
#include "base/slice.h"

#define LANGID_GRAMS_LOG2 16
#define LANGID_GRAMS (1u << LANGID_GRAMS_LOG2)
#define LANGID_WORD_MAX 24                            /* letters of a word that are looked at */
#define LANGID_WORD_GRAMS (5 * (LANGID_WORD_MAX + 2)) /* at most so many features a word */

struct langid_word {
    size_t start, end; /* bytes in the text */
    unsigned letters;
    bool capital;  /* begins with a capital and goes on in small letters */
    bool upper;    /* all capitals, more than one */
    bool elided;   /* an apostrophe follows */
    bool latin;    /* all letters are Latin */
    uint32_t hash; /* of the lower-cased word, before it is cut down to a feature */
};

/**
 * langid_word_next(text, at, word, features, n):
 * The next word at or after *${at}, which moves past it; false at the end.  ${features} (LANGID_WORD_GRAMS of them, or NULL) get
 * *${n} indexes below LANGID_GRAMS.  Pure and thread-safe.
 */
bool langid_word_next(struct slice text, size_t *at, struct langid_word *word, uint16_t *features, unsigned *n);

#endif
