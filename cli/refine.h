#ifndef VILLERS_CLI_REFINE_H
#define VILLERS_CLI_REFINE_H
/*
 * Raw segments to refined ones, each on its own and once for a set of settings; then duplicates among all candidates.
 *
 * refined/NAME is raw/NAME's documents with their verdicts, one zstd frame a document.  index/NAME.sig holds
 * their signatures (cli/signatures.h).
 */
#include "base/progress.h"
#include "cli/hub.h"

/* A stamp of the manifest: whether the clusters are those of all the verdicts. */
#define REFINE_CLUSTERS "clusters"
#define REFINE_STALE "stale"
#define REFINE_WHOLE "whole"

struct refine_counts {
    uint64_t segments, documents, bad; /* bad: records that could not be judged */
    uint64_t candidates, kept, duplicates;
};

/**
 * refine_segments(h, threads, progress, counts, err):
 * Refine every raw segment of the manifest that these settings have not judged.  A segment is recorded with all its verdicts in one
 * transaction once its files are whole, so a killed run goes on where it was.  RETRY when interrupted or the disk is full.
 */
enum status refine_segments(struct hub *h, unsigned threads, struct progress *progress, struct refine_counts *counts,
                            struct buf *err) MUST_CHECK;

/** refine_duplicates(h, threads, counts, err): decide clusters among all candidates and record them in one transaction. */
enum status refine_duplicates(struct hub *h, unsigned threads, struct refine_counts *counts, struct buf *err) MUST_CHECK;

#endif
