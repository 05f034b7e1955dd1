#ifndef VILLERS_CRAWLER_SCOPE_H
#define VILLERS_CRAWLER_SCOPE_H
/*
 * Which source of a campaign a URL belongs to, and whether it may be asked for at all.  Immutable once built, so any thread may
 * ask.  A URL within the scope of several sources belongs to the first of them in the campaign's order, whoever linked to it:
 * the answer never depends on the order of discovery.
 */
#include "crawler/reason.h"
#include "crawler/source.h"
#include "crawler/url.h"

struct scope;

/**
 * scope_new(sources, n, out, err):
 * Compile ${sources}, borrowed for the life of *${out}.  FATAL with the seed in ${err} when one is not an http(s) URL.
 */
enum status scope_new(const struct source *const *sources, size_t n, struct scope **out, struct buf *err) MUST_CHECK;
void scope_free(struct scope *s);

/**
 * scope_find(s, url, source):
 * REASON_NONE and *${source} (an index into the sources) when ${url}, in canonical form, is to be fetched; else REASON_SCOPE,
 * REASON_EXCLUDED (with the source whose patterns leave it out) or REASON_TRAP.  O(log hosts + seeds of the host's sources).
 */
enum reason scope_find(const struct scope *s, struct slice url, size_t *source);

/**
 * scope_glob(pattern, target):
 * ${pattern} matches the beginning of ${target}; '*' is any run, a final '$' ties it to the end.  Linear space, O(p × t) time.
 */
bool scope_glob(struct slice pattern, struct slice target);

/**
 * scope_trap(target):
 * More than 20 segments, or a segment that occurs more than twice in the path and in a row or as part of a repeated run, or 5
 * times anywhere: the shapes of endless relative links.
 */
bool scope_trap(struct slice target);

#endif
