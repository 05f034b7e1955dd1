#ifndef VILLERS_STORE_CARD_CROISSANT_H
#define VILLERS_STORE_CARD_CROISSANT_H
/*
 * croissant.json: the release in the Croissant 1.1 vocabulary (https://docs.mlcommons.org/croissant/) with its responsible-AI part.
 */
#include "store/card.h"

/** card_croissant(out, c): append croissant.json; shards are described as files, for readers that know .jsonl.zst. */
void card_croissant(struct buf *out, const struct card *c);

#endif
