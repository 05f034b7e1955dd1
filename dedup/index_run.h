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

/** index_run_part(r, section, partition, records, n, err): those records, key and document, owned by the caller; NULL for none. */
enum status index_run_part(const struct index_run *r, enum index_section section, unsigned partition, struct lsh_record **records,
                           size_t *n, struct buf *err) MUST_CHECK;

/** index_run_write(path, signature_version, batch, err): the whole run, or nothing. */
enum status index_run_write(const char *path, uint64_t signature_version, const struct index_batch *batch,
                            struct buf *err) MUST_CHECK;

#endif
