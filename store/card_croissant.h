#ifndef VILLERS_STORE_CARD_CROISSANT_H
#define VILLERS_STORE_CARD_CROISSANT_H
/*
 * croissant.json: the release in the Croissant 1.1 vocabulary (https://docs.mlcommons.org/croissant/), and ai-act-summary.json: the facts that
 * the European template for the public summary of training content (AI Act, article 53(1)(d), July 2025) asks of a corpus.
 */
#include "store/card.h"

/** card_croissant(out, c): append croissant.json; shards are described as files, for readers that know .jsonl.zst. */
void card_croissant(struct buf *out, const struct card *c);

/* A host that gave text, for the summary. */
struct card_host {
    char *host; /* owned */
    uint64_t documents, text_bytes;
};
/** card_ai_act(out, c, hosts, n, first_day, last_day, agent): append ai-act-summary.json; ${hosts} by text bytes, largest first; days "YYYY-MM-DD". */
void card_ai_act(struct buf *out, const struct card *c, const struct card_host *hosts, size_t n, const char *first_day, const char *last_day, const char *agent);

#endif
