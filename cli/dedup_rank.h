#ifndef VILLERS_CLI_DEDUP_RANK_H
#define VILLERS_CLI_DEDUP_RANK_H
/*
 * Which document of a cluster survives: the first in an order the user names, "length,date" unless told otherwise.  Its words,
 * separated by commas: length (the longest first), date (the earliest first, none last), or any other key of the object, whose
 * strings then go in the order of their bytes, absent last; -KEY turns that round.  The id always decides what is left.
 */
#include "base/json.h"
#include "dedup/dedup.h"

#define DEDUP_RANK_WORDS 6
#define DEDUP_ORDER_DEFAULT "length,date"

/** dedup_rank_valid(order): one to DEDUP_RANK_WORDS words, none empty. */
bool dedup_rank_valid(const char *order);
/** dedup_rank_make(order, root, text, id, rank): the rank of a document; returns its length. */
size_t dedup_rank_make(const char *order, struct json_value root, struct slice text, struct slice id,
                       unsigned char rank[DEDUP_RANK_MAX]);

#endif
