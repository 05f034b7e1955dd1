#ifndef VILLERS_CLI_INGEST_PATHS_H
#define VILLERS_CLI_INGEST_PATHS_H
/*
 * An ingestion with its progress and report, for `ingest` and for what `crawl` has fetched.
 */
#include "cli/hub.h"

struct ingest_paths_options {
    int64_t date_ms; /* INT64_MIN, or of all files */
    bool again, whole, checkpoint_each;
    int64_t workers, raw_bytes, pdf_seconds; /* 0: the defaults */
};
/** ingest_paths(cli, h, source, paths, n, opt): the report on stdout; an exit code.  ${h} has its manifest open for writing. */
int ingest_paths(struct cli *cli, struct hub *h, const struct source *source, const char *const *paths, size_t n,
                 const struct ingest_paths_options *opt);

#endif
