#ifndef VILLERS_CRAWLER_FRONTIER_INTERNAL_H
#define VILLERS_CRAWLER_FRONTIER_INTERNAL_H
/* Shared by frontier*.c alone. */
#include "base/map64.h"
#include "crawler/db.h"
#include "crawler/frontier.h"

#define FRONTIER_VERSION 1
#define FRONTIER_RANK_SHIFT 44
#define FRONTIER_PROBES 16 /* keys tried after a collision */
#define FRONTIER_DETAIL_MAX 1000
#define FRONTIER_HOST_CACHE 1000000 /* host names whose numbers are kept in memory */

enum {
    FRONTIER_BEGIN,
    FRONTIER_COMMIT,
    FRONTIER_HOST_GET,
    FRONTIER_HOST_PUT,
    FRONTIER_SOURCE_GET,
    FRONTIER_SOURCE_PUT,
    FRONTIER_REASON_GET,
    FRONTIER_REASON_PUT,
    FRONTIER_LOOK,
    FRONTIER_PUT,
    FRONTIER_NEARER,
    FRONTIER_NEXT,
    FRONTIER_NEXT_DUE,
    FRONTIER_SENT,
    FRONTIER_FINISH,
    FRONTIER_RETRY,
    FRONTIER_REQUEUE,
    FRONTIER_HOLD,
    FRONTIER_UNHOLD,
    FRONTIER_HOST_QUEUED,
    FRONTIER_HOST_WAITING,
    FRONTIER_HOST_NAME,
    FRONTIER_SEGMENT_NEW,
    FRONTIER_SEGMENT_GROW,
    FRONTIER_SEGMENT_DROP,
    FRONTIER_SEGMENT_FIRST,
    FRONTIER_CAPTURE_PUT,
    FRONTIER_CAPTURE_EACH,
    FRONTIER_CAPTURE_DROP,
    FRONTIER_TALLY,
    FRONTIER_ROW,
    FRONTIER_N
};

struct frontier {
    struct db db;
    sqlite3_stmt *st[FRONTIER_N];
    int lock;                 /* descriptor that holds the campaign's lock; -1: reading */
    int64_t reason[REASON_N]; /* row numbers of the words */
    int64_t order;            /* of discovery: the last given */
    struct map64 hosts;       /* hash of a name → number */
    struct buf url;           /* what frontier_next() and frontier_segment_first() lend */
};

#endif
