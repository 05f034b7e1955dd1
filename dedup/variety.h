#ifndef VILLERS_DEDUP_VARIETY_H
#define VILLERS_DEDUP_VARIETY_H
/*
 * Which French: a hint, as a BCP 47 tag (fr-CA, fr-BE, fr-CH, fr-SN, fr-RE …, fr-002 for Africa at large), from what the page
 * declares, the country of its address and words that one region alone uses.  It says where a text is from more than how it is
 * written, and most texts tell nothing: then it is "".
 */
#include "base/json.h"

struct variety {
    char tag[8];                    /* "" when nothing tells */
    bool declared, tld, vocabulary; /* what speaks for it */
};

/**
 * variety_of(text, url, declared, out):
 * ${text} is French, any bytes; ${url} the page's or ""; ${declared} a language tag or "".  In this order: a declared region other
 * than France (fr-FR is what templates come with), the country of the address, vocabulary, a declared fr-FR.  O(len), of which
 * the first 64 KiB.
 */
void variety_of(struct slice text, struct slice url, struct slice declared, struct variety *out);
/** variety_json(j, v): {"tag","by":["declared","tld","vocabulary"]}. */
void variety_json(struct json_out *j, const struct variety *v);

#endif
