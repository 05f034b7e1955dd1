#ifndef VILLERS_TESTS_FUZZ_INGEST_UNDER_FUZZ_H
#define VILLERS_TESTS_FUZZ_INGEST_UNDER_FUZZ_H
/*
 * A unit of any bytes through a format's reader and a worker, to packed raw records: what a stranger's dump can reach.
 */
#include "base/limits.h"
#include "crawler/ingest_formats.h"
#include "crawler/ingest_work.h"

#include <stdlib.h>

/* ${head} are the fields of a WARC record or the beginning of a dump; both are borrowed. */
static inline void ingest_fuzz(const struct ingest_format *format, struct slice head, struct slice bytes) {
    static char empty[] = "", id[] = "essai", license[] = "etalab-2.0", prefix[] = "https://exemple.example/";
    struct source src = {.id = id,
                         .name = id,
                         .license = license,
                         .license_evidence = prefix,
                         .url_prefix = prefix,
                         .format = empty,
                         .fields = {empty, empty, empty, empty, empty, empty, empty, empty},
                         .oai_prefix = empty,
                         .oai_set = empty};
    const struct ingest_options opt = {.source = &src, .date_ms = INGEST_NO_DATE};
    const struct ingest_facts facts = {.name = "essai.xml", .date_ms = INGEST_NO_DATE};
    struct ingest_worker *w = ingest_worker_new(&opt);
    struct ingest_batch *b = calloc(1, sizeof *b);
    if (w && b) {
        struct ingest_unit *u = &b->units[0];
        *u = (struct ingest_unit){.format = format, .date_ms = INGEST_NO_DATE};
        buf_slice(&u->bytes, bytes);
        buf_slice(&u->head, head);
        buf_str(&u->member, "particuliers/F1.xml");
        b->n = 1;
        b->facts = &facts;
        (void)format->sniff(slice_sub(bytes, 0, 4096), slice_str("F1.xml"));
        ingest_work(w, b);
        if (b->n_results == 0) abort(); /* every unit is answered */
    }
    ingest_batch_free(b);
    ingest_worker_free(w);
}

#endif
