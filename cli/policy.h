#ifndef VILLERS_CLI_POLICY_H
#define VILLERS_CLI_POLICY_H
/*
 * What refine does with a document: the hub's settings, where its source's own do not override them.  What changes texts or
 * signals (making) is apart from what only judges them (judging), so that new thresholds need no text.
 */
#include "cli/config.h"
#include "dedup/quality.h"

struct policy {
    /* making */
    bool redact;
    bool drop_recurring;    /* lines that stand on most pages of a host */
    unsigned drop_repeated; /* and those that so many documents of the source hold; 0: none */
    bool keep_figures;      /* signatures: numbers are the substance */
    bool ocr;               /* the text was read by a machine from print: hyphens at line ends, long s */
    /* judging */
    double min_language_score, min_french_share;
    int64_t min_words;
    bool quality_filters;
    const char *type; /* of its documents (store/doc_type.h), or "": each tells its own; borrowed */
    struct quality_settings thresholds;
};

struct host_blocks;
struct policies;
/** policies_new(settings, catalogue): both are borrowed for its life.  NULL without memory. */
struct policies *policies_new(const struct settings *settings, const struct catalogue *catalogue);
void policies_free(struct policies *p);

/** policies_key(source): the number by which stored signals name a source. */
uint64_t policies_key(struct slice source);
/** policies_of(p, key): of the source with that key; of a crawled source without overrides when the catalogue has none. */
const struct policy *policies_of(const struct policies *p, uint64_t key);

/** policies_set_recurring(p, lines): what recurs in the hub's documents, borrowed.  policies_recurring(p): it, or NULL. */
void policies_set_recurring(struct policies *p, const struct host_blocks *lines);
const struct host_blocks *policies_recurring(const struct policies *p);
/** policies_drop_lines(p): does any source drop lines that many documents hold? */
bool policies_drop_lines(const struct policies *p);

/** policies_making(p, text), policies_judging(p, text): append what makes, what judges (the making included) as JSON: a hash of it names
 *  it.  The code's versions are part of it, which lines go is not (refine_making_of()). */
void policies_making(const struct policies *p, struct buf *text);
void policies_judging(const struct policies *p, struct buf *text);

#endif
