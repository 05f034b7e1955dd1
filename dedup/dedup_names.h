#ifndef VILLERS_DEDUP_DEDUP_NAMES_H
#define VILLERS_DEDUP_DEDUP_NAMES_H
/*
 * The caller's names (ids) of documents 0, 1, 2…, for reports: in memory up to a budget, then in nameless files.
 */
#include "base/buf.h"

#define DEDUP_NAME_MAX 4096

struct dedup_names;
enum status dedup_names_new(size_t memory_bytes, const char *work_dir, struct dedup_names **out, struct buf *err) MUST_CHECK;
void dedup_names_free(struct dedup_names *s);
/** dedup_names_add(s, name, err): the next name.  SKIP when it is over DEDUP_NAME_MAX. */
enum status dedup_names_add(struct dedup_names *s, struct slice name, struct buf *err) MUST_CHECK;
/** dedup_names_get(s, i, scratch, name, err): name ${i}, alive until ${scratch} is used again.  Thread-safe once all are added. */
enum status dedup_names_get(const struct dedup_names *s, uint64_t i, char scratch[DEDUP_NAME_MAX], struct slice *name,
                            struct buf *err) MUST_CHECK;

#endif
