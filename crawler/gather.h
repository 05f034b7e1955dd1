#ifndef VILLERS_CRAWLER_GATHER_H
#define VILLERS_CRAWLER_GATHER_H
/*
 * The files of a source that is not crawled page by page, politely fetched into dumps/ID/ of the hub, to be ingested.
 *
 *   access: dump  the seeds; of one that ends in '/', the links of that page which the source's include patterns take.  A dump whose name
 *                 holds a date is fetched once; another is asked for again under its ETag or date.  What was cut is gone on with by range.  A
 *                 file of digests that is listed beside (sha1sums.txt, NAME.md5…) is read first, and every file checked by it.
 *   access: oai   ListRecords of the OAI-PMH 2.0 server at the seed, a file each answer; from the day of the last harvest on, resumed by
 *                 its token
 *
 * NAME.part grows; NAME.meta (JSON) tells its address, ETag and date.
 */
#include "base/log.h"
#include "crawler/polite.h"

struct gather_report {
    uint64_t requested, fetched, unchanged, resumed, bytes, refused;
    bool waiting; /* something could not be had now */
};
struct gather_options {
    struct polite_options polite;
    const struct log *log;
    void (*progress)(void *ctx, const char *name, uint64_t bytes, int64_t total); /* may be NULL; ctx is polite.ctx */
};
/** gather_folder(hub, source, out): "HUB/dumps/ID", as a C string. */
const char *gather_folder(const char *hub, const struct source *source, struct buf *out);
/**
 * gather_run(opt, report, newer, err):
 * Fetch what there is.  OK also when some files were refused or must wait: ${report} and the log say so.  RETRY: stopped, or the disk is full; what
 * came is kept.
 */
enum status gather_run(const struct gather_options *opt, struct gather_report *report, bool *newer, struct buf *err) MUST_CHECK;

#endif
