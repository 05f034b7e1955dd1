#ifndef VILLERS_CRAWLER_INGEST_WORK_H
#define VILLERS_CRAWLER_INGEST_WORK_H
/*
 * A batch of units in a worker's hands: converted, judged for its licence, made into raw records, packed.  Nothing here touches a
 * database or a disk.
 */
#include "crawler/ingest_format.h"
#include "crawler/ingest_store.h"

/* What is true of a whole file. */
struct ingest_facts {
    const char *name;    /* its base name */
    char digest[65];     /* SHA-256, hex; "" of a folder */
    int64_t date_ms;     /* told by its name or the caller, or INGEST_NO_DATE */
    int64_t modified_ms; /* of the file */
    int64_t number;      /* in the state */
};

enum { INGEST_BATCH_UNITS = 64 };
struct ingest_batch {
    struct ingest_unit units[INGEST_BATCH_UNITS];
    size_t n;
    size_t bytes;  /* of all units, as read */
    uint64_t last; /* ordinal of the last unit, from 1 */
    const struct ingest_facts *facts;
    struct ingest_result *results;
    size_t n_results, cap_results;
    struct buf strings, packed; /* what the results' slices stand in */
    enum status failure;        /* OK, or out of memory */
    struct ingest_batch *next;  /* in a free list */
};
void ingest_batch_clear(struct ingest_batch *b);
void ingest_batch_free(struct ingest_batch *b);

struct ingest_worker; /* one a thread */
struct ingest_worker *ingest_worker_new(const struct ingest_options *opt);
void ingest_worker_free(struct ingest_worker *w);
/** ingest_work(w, b): fill b->results in the order of the units. */
void ingest_work(struct ingest_worker *w, struct ingest_batch *b);

#endif
