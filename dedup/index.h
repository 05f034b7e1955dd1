#ifndef VILLERS_DEDUP_INDEX_H
#define VILLERS_DEDUP_INDEX_H
/*
 * What has been kept before, so that a new batch is compared with all of it: a folder of immutable runs, one a batch, each with
 * its documents' names and sketches and their band keys in order; a manifest that names the runs that count; and compaction of
 * runs of like size, as an LSM tree's (O'Neil et al. 1996).
 *
 *   DIR/manifest.json       format, signature version, runs, removed names; replaced whole
 *   DIR/run-NNNNNN.idx      see index_run.c; never changed
 *   DIR/lock                one process at a time
 *
 * A crash leaves the manifest as it was or as it was to be; a run it does not name is swept at the next opening.
 */
#include "base/hash.h"
#include "dedup/dedup_names.h"
#include "dedup/lsh_runs.h"
#include "dedup/signature.h"

struct index;

/**
 * index_open(dir, signature_version, create, out, err):
 * With ${create} an absent folder is made.  FATAL when the index was made with other signature options, is of a newer format or is
 * damaged; RETRY when another process has it.
 */
enum status index_open(const char *dir, uint64_t signature_version, bool create, struct index **out, struct buf *err) MUST_CHECK;
void index_free(struct index *ix);
/** index_documents(ix): in all runs; a removed one counts until it is compacted away. */
uint64_t index_documents(const struct index *ix);
size_t index_runs(const struct index *ix);
/** index_label(ix): what index_settle() was last given: by it the caller knows whether its own records are of this index.  0 at first. */
uint64_t index_label(const struct index *ix);

enum index_section { INDEX_KEYS, INDEX_EXACT };
/**
 * index_match(ix, section, partition, records, n, found, ctx, err):
 * Merge ${records}, sorted and all with the leading byte ${partition}, with that part of each run: ${found} is called for each of the
 * index's records whose key is among them, with a reference for index_read().  Thread-safe.  Reads a 256th of the section, or of many records only those near a few keys.
 */
typedef enum status index_found(void *ctx, uint64_t key, uint64_t ref, struct buf *err);
enum status index_match(const struct index *ix, enum index_section section, unsigned partition, const struct lsh_record *records,
                        size_t n, index_found *found, void *ctx, struct buf *err) MUST_CHECK;

struct index_doc {
    uint64_t exact;
    uint16_t n_name, n_sketch;
    uint32_t sketch[SIGNATURE_SKETCH];
    char name[DEDUP_NAME_MAX];
};
/** index_each(ix, fn, ctx, err): each document that has not been removed, without its sketch, run by run. */
typedef enum status index_walk(void *ctx, uint64_t ref, const struct index_doc *doc, struct buf *err);
enum status index_each(const struct index *ix, index_walk *fn, void *ctx, struct buf *err) MUST_CHECK;
/** index_read(ix, ref, doc, err): SKIP when the document has been removed.  Thread-safe. */
enum status index_read(const struct index *ix, uint64_t ref, struct index_doc *doc, struct buf *err) MUST_CHECK;

struct index_batch {
    uint32_t n;                                                                        /* documents; numbered from 0 */
    enum status (*doc)(void *ctx, uint32_t i, struct index_doc *doc, struct buf *err); /* asked for in order */
    /* The band records of a partition, sorted, LSH_SHORT key and document; owned by the caller of it. */
    enum status (*keys)(void *ctx, unsigned partition, struct lsh_record **records, size_t *n, struct buf *err);
    void *ctx;
    size_t memory_bytes; /* for what is not yet written; past it, files in the index's folder.  0: 64 MiB */
};
/** index_add(ix, batch, removed, n_removed, err): one more run, and ${removed} names gone from the runs before it, at once; then
 *  compaction where it is due.  Nothing has changed when it fails. */
enum status index_add(struct index *ix, const struct index_batch *batch, const struct hash128 *removed, size_t n_removed,
                      struct buf *err) MUST_CHECK;
/**
 * index_prepare(ix, batch, err), index_settle(ix, change, err), index_tidy(ix, err):
 * index_add() in three steps, for a caller who commits something of its own with it.  A prepared run is on disk and does not count; to settle
 * is to rename one small file; a crash before it leaves the index as it was.  Then compaction, where it is due.
 */
struct index_change {
    const struct hash128 *removed;
    size_t n_removed;
    bool replace; /* what was prepared is the whole index: all earlier runs and removals go */
    uint64_t label;
};
enum status index_prepare(struct index *ix, const struct index_batch *batch, struct buf *err) MUST_CHECK;
enum status index_settle(struct index *ix, const struct index_change *change, struct buf *err) MUST_CHECK;
enum status index_tidy(struct index *ix, struct buf *err) MUST_CHECK;
/** index_remove(ix, names, n, err): take the documents of these names (hash128() of each) out. */
enum status index_remove(struct index *ix, const struct hash128 *names, size_t n, struct buf *err) MUST_CHECK;
/** index_compact(ix, err): one run, without what was removed. */
enum status index_compact(struct index *ix, struct buf *err) MUST_CHECK;

#endif
