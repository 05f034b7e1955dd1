#ifndef VILLERS_DEDUP_TOKENS_H
#define VILLERS_DEDUP_TOKENS_H
/*
 * French text into words and punctuation, by the rules of spaCy's French tokenizer, which is the one datatrove takes for `fra`:
 * text is parted at white space; from each piece prefixes and suffixes are taken off (punctuation, quotes, l' d' n', units after a
 * figure, -il -elle …) until none is left, and the rest is parted at infixes (after an elision's apostrophe, at a hyphen between
 * letters, …) unless it is an address or a compound that stays whole ("sous-préfet", "chef-d'oeuvre", "aujourd'hui").
 */
#include "base/slice.h"
#include "base/status.h"

#define TOKEN_MAX_CHARS 4096 /* code points; a longer piece without white space is cut */

struct token {
    struct slice text; /* of the input */
    uint32_t chars;    /* code points; and how many of them are: */
    uint32_t marks;    /* in datatrove's set of punctuation */
    uint32_t letters, capitals, digits;
};

struct tokenizer; /* classes of code points and scratch: one a worker, about 80 KB */
/** tokenizer_new(): NULL without memory. */
struct tokenizer *tokenizer_new(void);
void tokenizer_free(struct tokenizer *t);
/**
 * tokenizer_run(t, text, sink, ctx):
 * Call ${sink} for each token of ${text}, valid UTF-8, in order.  The token is borrowed for the call.  O(len), no allocation.
 */
void tokenizer_run(struct tokenizer *t, struct slice text, void (*sink)(void *ctx, const struct token *token), void *ctx);

#endif
