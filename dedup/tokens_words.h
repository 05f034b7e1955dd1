#ifndef VILLERS_DEDUP_TOKENS_WORDS_H
#define VILLERS_DEDUP_TOKENS_WORDS_H
/* The words that dedup/tokens.c leaves whole: abbreviations with their point, and compounds. */
#include "base/slice.h"

#define TOKENS_WHOLE_MAX 64 /* bytes; nothing longer is in the tables */

/** tokens_words_special(raw): ${raw} stands in the table of abbreviations and set words, case included. */
bool tokens_words_special(struct slice raw);
/** tokens_words_compound(folded): ${folded}, lower-cased letters with '-' and '\'' alone between them, is one word. */
bool tokens_words_compound(struct slice folded);

#endif
