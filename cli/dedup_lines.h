#ifndef VILLERS_CLI_DEDUP_LINES_H
#define VILLERS_CLI_DEDUP_LINES_H
/*
 * The lines of one input as the first pass met them, for the second: read again from the file, or held when they are few or came by
 * a pipe (then in memory up to a budget that all inputs share, past it in a nameless file).
 */
#include "base/buf.h"

struct dedup_lines_budget {
    size_t left; /* bytes of memory */
    const char *work_dir;
};
struct dedup_lines;

/** dedup_lines_new(path, budget, out, err): "-" is stdin.  ${path} and ${budget} are borrowed. */
enum status dedup_lines_new(const char *path, struct dedup_lines_budget *budget, struct dedup_lines **out,
                            struct buf *err) MUST_CHECK;
void dedup_lines_free(struct dedup_lines *l);
/** dedup_lines_hold(l, bytes, err): the next of ${bytes}, whole lines each ended by a newline (a bad one is empty); they are copied if
 *  they may be held. */
enum status dedup_lines_hold(struct dedup_lines *l, struct slice bytes, struct buf *err) MUST_CHECK;
/** dedup_lines_let_go(l): the file itself will be read again; what is held of it is given back. */
void dedup_lines_let_go(struct dedup_lines *l);
/** dedup_lines_bytes(l): held, or of the file. */
uint64_t dedup_lines_bytes(const struct dedup_lines *l);

/** dedup_lines_begin(l, err), dedup_lines_next(l, line, err): from the first line on, each alive until the next call; an empty slice for
 *  a bad one.  RETRY at the end. */
enum status dedup_lines_begin(struct dedup_lines *l, struct buf *err) MUST_CHECK;
enum status dedup_lines_next(struct dedup_lines *l, struct slice *line, struct buf *err) MUST_CHECK;
/** dedup_lines_end(l): give back what reading took. */
void dedup_lines_end(struct dedup_lines *l);

#endif
