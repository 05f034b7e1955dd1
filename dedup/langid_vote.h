#ifndef VILLERS_DEDUP_LANGID_VOTE_H
#define VILLERS_DEDUP_LANGID_VOTE_H
/*
 * The second vote: what words say of a piece of text in Latin letters.
 */
#include "base/slice.h"
#include "dedup/words.h"

struct vote {
    unsigned words;                /* in Latin letters */
    unsigned foreign;              /* words in other letters */
    unsigned capitals;             /* words of the Capital form */
    unsigned french;               /* French function words */
    unsigned near[WORDS_NEAR_MAX]; /* words of each neighbour of words_near */
    size_t letters, bytes;         /* of all words */
    double logit;                  /* log-odds of French, the sum over the words */
};

struct voter; /* tables, one a worker; read only after voter_new() */
struct voter *voter_new(void);
void voter_free(struct voter *v);
/** voter_count(v, text, out): add what the words of ${text} say to ${out}.  O(len). */
void voter_count(const struct voter *v, struct slice text, struct vote *out);
/** voter_logit(vote): log-odds of French, the model's prior included. */
double voter_logit(const struct vote *vote);
/** voter_near(vote, n): the row of words_near with most words, their number in *${n}; 0 of row 0 when there are none. */
size_t voter_near(const struct vote *vote, unsigned *n);

#endif
