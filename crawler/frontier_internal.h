#ifndef VILLERS_CRAWLER_FRONTIER_INTERNAL_H
#define VILLERS_CRAWLER_FRONTIER_INTERNAL_H
/* Shared by frontier*.c alone. */
#include "base/map64.h"
#include "crawler/db.h"
#include "crawler/frontier.h"

#define FRONTIER_VERSION 1
#define FRONTIER_RANK_SHIFT 44
#define FRONTIER_DEPTH_MAX 1000
#define FRONTIER_PROBES 16 /* keys tried after a collision */
#define FRONTIER_DETAIL_MAX 1000
#define FRONTIER_KNOWN ((size_t)1 << 19) /* 8 MB */
#define FRONTIER_HOST_CACHE 1000000      /* host names whose numbers are kept in memory */

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

enum { VISIT_GET, VISIT_PUT, VISIT_KEEP, VISIT_KEEP_URL, VISIT_DUE, VISIT_MODIFIED, VISIT_N };
enum {
    LEARNT_FRENCH_GET,
    LEARNT_FRENCH_PUT,
    LEARNT_NOVELTY_PUT,
    LEARNT_JUDGED_GET,
    LEARNT_JUDGED_PUT,
    LEARNT_JUDGED_DUE,
    LEARNT_JUDGED_LATER,
    LEARNT_TAKEN,
    LEARNT_N
};

/* URLs seen lately, by the low bits of their hash: pages of a site link to the same ones again and again. */
struct frontier_known {
    uint64_t key;
    uint32_t check; /* of another hash: a key alone would lose a URL in a million million */
    uint32_t depth; /* + 1; 0: empty */
};

struct frontier {
    struct frontier_known *known; /* FRONTIER_KNOWN of them, or NULL */
    struct db db;
    sqlite3_stmt *st[FRONTIER_N];
    int lock;                       /* descriptor that holds the campaign's lock; -1: reading */
    int64_t reason[REASON_N];       /* row numbers of the words */
    int64_t order;                  /* of discovery: the last given */
    struct map64 hosts;             /* hash of a name → number */
    sqlite3_stmt *visit[VISIT_N];   /* of frontier_visit.c; NULL when reading */
    sqlite3_stmt *learnt[LEARNT_N]; /* of frontier_learnt.c; likewise */
    bool visits;                    /* there are some */
    struct buf visited;             /* what frontier_visit_get() lends */
    struct buf url;                 /* what frontier_next() and frontier_segment_first() lend */
};

/** frontier_visit_open(f, err): make the table when it is not there, prepare its statements. */
enum status frontier_visit_open(struct frontier *f, struct buf *err) MUST_CHECK;
/** frontier_learnt_open(f, err): likewise for what was learnt of hosts. */
enum status frontier_learnt_open(struct frontier *f, struct buf *err) MUST_CHECK;
/** frontier_visit_lost(f, segment, err): the captures of ${segment} are lost: their next fetch is unconditional. */
enum status frontier_visit_lost(struct frontier *f, int64_t segment, struct buf *err) MUST_CHECK;

#endif
