#ifndef VILLERS_CLI_SURVIVOR_H
#define VILLERS_CLI_SURVIVOR_H
/*
 * Which document of a cluster survives in a hub, as bytes that compare: the words of `survivor_order` in their order, then the id.
 */
#include "cli/config.h"
#include "store/manifest.h"

#define SURVIVOR_DEFAULT "published, license, official, length, date"
#define SURVIVOR_TAKES "takes some of " SURVIVOR_DEFAULT ", each once"
#define SURVIVOR_RANK_MAX 64 /* bytes */

/** survivor_order_valid(order): known words, none twice. */
bool survivor_order_valid(const struct string_list *order);
/** survivor_rank(order, d, source, published, out): replace ${out} by the rank of ${d}; smaller survives.  ${source} may be NULL. */
void survivor_rank(const struct string_list *order, const struct manifest_candidate *d, const struct source *source, bool published,
                   struct buf *out);

#endif
