#ifndef VILLERS_CLI_REFINE_H
#define VILLERS_CLI_REFINE_H
/*
 * Raw segments to refined ones, each on its own and once for a set of settings; then duplicates among all candidates.
 *
 * refined/NAME is raw/NAME's documents with their verdicts, one zstd frame a document.  index/NAME.sig holds their signatures
 * (cli/signatures.h), index/NAME.signals what was measured on them (cli/signals.h).  The verdict that holds is the manifest's:
 * when thresholds change it is given again from the signals, and the `reason` of refined/ stays as it was first.
 */
#include "base/progress.h"
#include "cli/hub.h"
#include "cli/policy.h"

/* A stamp of the manifest: whether the clusters are those of all the verdicts. */
#define REFINE_CLUSTERS "clusters"
#define REFINE_STALE "stale"
#define REFINE_WHOLE "whole"

struct refine_counts {
    uint64_t segments, documents, bad; /* bad: records that could not be judged */
    uint64_t judged_again, changed;    /* from stored signals; those with another verdict than before */
    uint64_t unread, stale;            /* segments without good signals; whose texts other settings made */
    uint64_t candidates, kept, duplicates;
    uint64_t looked_at; /* documents whose clusters were decided anew, when not all were */
    bool decided_all;
};

/* Settings as texts and as the hashes that segments are recorded under: what makes a refined segment, what judges it. */
struct refine_settings {
    struct policies *policies;
    struct host_blocks *recurring; /* NULL unless a source drops lines that many documents hold */
    struct buf making_text, judging_text;
    char making[33], judging[33];
};
/** refine_settings_init(s, h, err): of the open hub, borrowed.  RETRY without memory. */
enum status refine_settings_init(struct refine_settings *s, struct hub *h, struct buf *err) MUST_CHECK;
void refine_settings_free(struct refine_settings *s);

/**
 * refine_segments(h, settings, threads, progress, counts, err):
 * Refine every raw segment of the manifest whose texts these settings have not made, and give new verdicts where only thresholds
 * changed.  A segment is recorded with all its verdicts in one transaction once its files are whole, so a killed run goes on where
 * it was.  RETRY when interrupted or the disk is full.
 */
enum status refine_segments(struct hub *h, const struct refine_settings *settings, unsigned threads, struct progress *progress,
                            struct refine_counts *counts, struct buf *err) MUST_CHECK;

/** refine_rejudge(h, settings, counts, err): new verdicts from stored signals alone; no text is read.  The same transactions. */
enum status refine_rejudge(struct hub *h, const struct refine_settings *settings, struct refine_counts *counts,
                           struct buf *err) MUST_CHECK;

/* ---- parts of these ---- */

/**
 * refine_recurring(h, policies, lines, err):
 * Which lines recur on a host or in a source, over all raw segments of the manifest and the sources that want to know; *${lines} is
 * freed by host_blocks_free(), NULL when none does.  A page captured again counts once.  Reads some 10 bytes a line, and the texts of segments
 * that it has not seen before.
 */
enum status refine_recurring(struct hub *h, const struct policies *policies, struct host_blocks **lines,
                             struct buf *err) MUST_CHECK;

/** refine_making_of(h, s, raw, hash, text, err): the settings that make the texts of ${raw}: s->making, and which lines of its own go. */
enum status refine_making_of(struct hub *h, const struct refine_settings *s, const struct manifest_segment *raw, char hash[33],
                             struct buf *text, struct buf *err) MUST_CHECK;
/** refine_each_stale(h, settings, fn, ctx, err): the raw segments whose texts these settings have not made, in name order. */
enum status refine_each_stale(struct hub *h, const struct refine_settings *settings, manifest_segment_fn fn, void *ctx,
                              struct buf *err) MUST_CHECK;

/** refine_run_begin(h, s, run, err), refine_run_end(h, run, counts, err): the row of this run. */
enum status refine_run_begin(struct hub *h, const struct refine_settings *s, int64_t *run, struct buf *err) MUST_CHECK;
enum status refine_run_end(struct hub *h, int64_t run, const struct refine_counts *c, struct buf *err) MUST_CHECK;
/** refine_record_signals(h, raw, settings, run, records, err): the row of index/NAME.signals, in the open transaction. */
enum status refine_record_signals(struct hub *h, const struct manifest_segment *raw, const struct refine_settings *settings,
                                  int64_t run, uint64_t records, struct buf *err) MUST_CHECK;
/** refine_judge_again(h, raw, settings, run, c, err): one segment.  SKIP, and nothing changed, without refined segment or signals. */
enum status refine_judge_again(struct hub *h, const struct manifest_segment *raw, const struct refine_settings *settings,
                               int64_t run, struct refine_counts *c, struct buf *err) MUST_CHECK;

/**
 * refine_duplicates(h, threads, all, counts, err):
 * Clusters among all candidates, recorded in one transaction.  Only what changed since the last time is looked at, and what that reaches,
 * unless ${all}, or it is much; the result is the same.
 */
enum status refine_duplicates(struct hub *h, unsigned threads, bool all, struct refine_counts *counts, struct buf *err) MUST_CHECK;

#endif
