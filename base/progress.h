#ifndef VILLERS_BASE_PROGRESS_H
#define VILLERS_BASE_PROGRESS_H
/*
 * A line on stderr that says how far a long job is.  On a terminal it is redrawn at most ten times a second; elsewhere a
 * full line comes at most every ten seconds.  Silent when `quiet`.  Used by cli/ only.
 */
#include "base/slice.h"
#include "base/status.h"

struct progress {
    const char *label; /* borrowed */
    bool quiet, tty;
    int64_t started_ms, drawn_ms;
    bool drawn;
};

void progress_begin(struct progress *p, const char *label, bool quiet);
/** progress_update(p, done, total, unit, extra): ${total} 0 when unknown; ${extra} "" or more to say. */
void progress_update(struct progress *p, uint64_t done, uint64_t total, const char *unit, const char *extra);
/** progress_text(p, line): a line of the caller's own making, under the same rate limits. */
void progress_text(struct progress *p, const char *line);
/** progress_end(p): clear the line on a terminal. */
void progress_end(struct progress *p);

#endif
