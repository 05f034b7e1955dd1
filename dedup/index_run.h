#ifndef VILLERS_DEDUP_INDEX_RUN_H
#define VILLERS_DEDUP_INDEX_RUN_H
/*
 * One immutable run of the index (see index_run.c for the format).
 */
#include "dedup/index.h"

struct index_run;
enum status index_run_open(const char *path, uint64_t signature_version, struct index_run **out, struct buf *err) MUST_CHECK;
void index_run_free(struct index_run *r);
uint32_t index_run_documents(const struct index_run *r);
enum status index_run_doc(const struct index_run *r, uint32_t local, struct index_doc *doc, struct buf *err) MUST_CHECK;

/** index_run_each(r, fn, ctx, err): the documents in order, without their sketches (n_sketch 0); reads the entries once. */
enum status index_run_each(const struct index_run *r,
                           enum status (*fn)(void *ctx, uint32_t local, const struct index_doc *doc, struct buf *err), void *ctx,
                           struct buf *err) MUST_CHECK;

uint64_t index_run_part_count(const struct index_run *r, enum index_section section, unsigned partition);
/** index_run_part(r, section, partition, from, n, records, err): ${n} of that part's records from number ${from} on, key and document. */
enum status index_run_part(const struct index_run *r, enum index_section section, unsigned partition, uint64_t from, size_t n,
                           struct lsh_record *records, struct buf *err) MUST_CHECK;

/** index_run_write(dir, path, signature_version, batch, err): the whole run, or nothing; ${dir} takes temporary files. */
enum status index_run_write(const char *dir, const char *path, uint64_t signature_version, const struct index_batch *batch,
                            struct buf *err) MUST_CHECK;

#endif
