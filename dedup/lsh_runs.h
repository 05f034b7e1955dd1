#ifndef VILLERS_DEDUP_LSH_RUNS_H
#define VILLERS_DEDUP_LSH_RUNS_H
/*
 * Pairs of 64-bit numbers, collected in any order and taken back sorted, a partition at a time: in memory while they fit, past
 * that in a nameless temporary file (so that a crash leaves nothing).
 */
#include "base/buf.h"

struct lsh_record {
    uint64_t key, value;
};

#define LSH_PARTITIONS 256

struct lsh_runs;

/**
 * lsh_runs_new(shift, memory_bytes, work_dir, out, err):
 * The partition of a record is (key >> ${shift}) mod LSH_PARTITIONS, so partitions are ascending in key when nothing stands above
 * those bits.  Past ${memory_bytes} records go to a file in ${work_dir} (copied; NULL: the folder of temporary files).
 */
enum status lsh_runs_new(unsigned shift, size_t memory_bytes, const char *work_dir, struct lsh_runs **out,
                         struct buf *err) MUST_CHECK;
void lsh_runs_free(struct lsh_runs *r);
/** lsh_runs_add(r, records, n, err): thread-safe.  RETRY when the disk is full. */
enum status lsh_runs_add(struct lsh_runs *r, const struct lsh_record *records, size_t n, struct buf *err) MUST_CHECK;
/** lsh_runs_take(r, partition, records, n, err): the records of a partition, sorted, owned by the caller (free()); NULL when there
 *  is none.  The partition is then empty.  Thread-safe for different partitions, once all are added. */
enum status lsh_runs_take(struct lsh_runs *r, unsigned partition, struct lsh_record **records, size_t *n,
                          struct buf *err) MUST_CHECK;
/** lsh_runs_keep(r): from now on lsh_runs_take() hands out copies and partitions stay as they are. */
void lsh_runs_keep(struct lsh_runs *r);
/** lsh_runs_short(r): before the first record: keys are LSH_SHORT of something, and take 5 bytes of a file and not 8. */
#define LSH_SHORT(key) ((key) & ~(uint64_t)0xFFFF)
void lsh_runs_short(struct lsh_runs *r);
/**
 * lsh_runs_slices(r, partition, max_records), lsh_runs_take_slice(r, partition, slice, slices, records, n, err):
 * A partition too large for memory, in ${slices} parts of ascending key, each of about ${max_records} when keys are well spread; the
 * partition stays as it is until lsh_runs_drop().
 */
unsigned lsh_runs_slices(const struct lsh_runs *r, unsigned partition, size_t max_records);
enum status lsh_runs_take_slice(const struct lsh_runs *r, unsigned partition, unsigned slice, unsigned slices,
                                struct lsh_record **records, size_t *n, struct buf *err) MUST_CHECK;
void lsh_runs_drop(struct lsh_runs *r, unsigned partition);
uint64_t lsh_runs_count(const struct lsh_runs *r);
uint64_t lsh_runs_disk_bytes(const struct lsh_runs *r);

/** lsh_sort(records, n): ascending by key, then value; in place, O(n). */
void lsh_sort(struct lsh_record *records, size_t n);

#endif
