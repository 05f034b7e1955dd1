#ifndef VILLERS_CRAWLER_NOVELTY_H
#define VILLERS_CRAWLER_NOVELTY_H
/*
 * Traps that no shape of URL gives away: endless calendars, facets, tarpits that make up pages as long as one asks.  They cost the
 * crawler because their pages say nothing new, so that is what is measured.
 *
 * A page's text is put into 64 bits by SimHash (Charikar, STOC 2002; near-duplicates of the web by Hamming distance: Manku, Jain, Das Sarma, WWW 2007) over
 * pairs of words.  For each path template of a host, and for each host, the prints of the last pages that were new are kept, and how many
 * pages were fetched and were new.  A template lives on what it brings: BARREN pages to begin with, NOVELTY_PAYS more for each new
 * one.  Who has spent that starves.  A site of pages that differ, however alike their templates, never does.
 *
 * Memory is fixed (NOVELTY_KEYS × some 300 bytes); when it is full, the keys with the fewest pages give way.
 */
#include "base/slice.h"

#define NOVELTY_PAYS 8
#define NOVELTY_HOST_FACTOR 4 /* a host's pages to begin with, in those of a template */

struct novelty;
struct novelty *novelty_new(void); /* NULL without memory */
void novelty_free(struct novelty *n);

/** novelty_print(text): the print of ${text} (UTF-8), of its first 4,096 words.  Thread-safe.  O(length). */
uint64_t novelty_print(struct slice text);

struct novelty_keys {
    uint64_t template, host;
};
/**
 * novelty_keys(host, target): what the page counts for.  Templates: runs of digits are one, the query's names without their values, in
 * whatever order, "/a/2024/03?p=1&q=2" is "/a/#/#?p&q".
 */
struct novelty_keys novelty_keys(struct slice host, struct slice target);
/** novelty_learn(n, keys, print): a page was fetched for the first time. */
void novelty_learn(struct novelty *n, const struct novelty_keys *keys, uint64_t print);
/** novelty_spent(n, keys, barren, pages, fresh): no more of it, after *${pages} of which *${fresh} were new; ${barren} 0: never starved. */
bool novelty_spent(const struct novelty *n, const struct novelty_keys *keys, int64_t barren, uint32_t *pages, uint32_t *fresh);

/* An entry of the table, to be kept over a restart. */
struct novelty_entry {
    uint32_t place; /* where it stands: a later one there takes its place */
    uint64_t key;
    uint32_t pages, fresh;
    struct slice prints;
};
/** novelty_changed(n, entry): an entry that changed since it was last given, borrowed until the next call; false: no more. */
bool novelty_changed(struct novelty *n, struct novelty_entry *entry);
/** novelty_restore(n, entry): put back what novelty_changed() gave; what cannot have come from it is left out. */
void novelty_restore(struct novelty *n, const struct novelty_entry *entry);

#endif
