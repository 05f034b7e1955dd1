#ifndef VILLERS_STORE_GC_H
#define VILLERS_STORE_GC_H
/*
 * What a hub holds and no version names: staging folders of publishes that were killed, refined segments and signatures that the manifest does
 * not know, shards that their version does not list; the shards of older versions that hold (or held, under the same number) a document that
 * was removed since: erased text must not stay in anything that is served; and, when asked, the shards of versions but the newest.
 *
 * A version that loses shards keeps its manifest.json and SHA256SUMS, so that it stays citable; its _SUCCESS goes and _WITHDRAWN says why.
 * warc/ and raw/ are never touched: they are the evidence.
 */
#include "store/manifest.h"

#define GC_WITHDRAWN_FILE "_WITHDRAWN"

enum gc_reason { GC_STAGING, GC_UNKNOWN_SEGMENT, GC_UNLISTED, GC_REMOVED_TEXT, GC_OLD_VERSION };

struct gc_item {
    char *path; /* from the hub's folder */
    enum gc_reason reason;
    uint64_t bytes; /* that come free: 0 for a file with other names */
    char *version;  /* folder of the version that is withdrawn by it, from the hub's, or NULL */
};
struct gc_plan {           /* zeroed is empty */
    struct gc_item *items; /* by path */
    size_t n, cap;
    uint64_t bytes;
    uint64_t waiting; /* removed documents that the newest version of a dataset still holds: publish first */
};

struct gc_options {
    const char *hub; /* folder */
    struct manifest *manifest;
    int64_t keep_versions; /* of each dataset; 0: all */
};
/** gc_find(opt, plan, err): what can go; nothing is changed.  gc_remove(opt, plan, err): remove it; a kill leaves a part, found again. */
enum status gc_find(const struct gc_options *opt, struct gc_plan *plan, struct buf *err) MUST_CHECK;
enum status gc_remove(const struct gc_options *opt, const struct gc_plan *plan, struct buf *err) MUST_CHECK;
void gc_plan_free(struct gc_plan *plan);

#endif
