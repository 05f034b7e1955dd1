#ifndef VILLERS_STORE_CARD_AI_ACT_H
#define VILLERS_STORE_CARD_AI_ACT_H
/*
 * ai-act-summary.json: the facts that the European Commission's template for the public summary of training content asks of a corpus
 * (Regulation (EU) 2024/1689, article 53(1)(d); template of July 2025): sources, domains ranked by volume, period of collection, the
 * crawler's name and behaviour, how reservations of rights are respected, languages.
 */
#include "store/card.h"

/* A host that gave text. */
struct card_host {
    char *host; /* owned by whoever made the list */
    uint64_t documents, text_bytes;
};
struct card_collection {
    struct card_host *hosts; /* any order; sorted here: text bytes, largest first, then name */
    size_t n_hosts;
    const char *first_day, *last_day; /* of the crawl, "YYYY-MM-DD" */
    const char *agent;                /* product token of the crawler */
};

/** card_ai_act(out, c, how): append ai-act-summary.json. */
void card_ai_act(struct buf *out, const struct card *c, struct card_collection *how);

#endif
