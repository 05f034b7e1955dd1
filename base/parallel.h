#ifndef VILLERS_BASE_PARALLEL_H
#define VILLERS_BASE_PARALLEL_H
/*
 * Work on all cores with the results in input order and a bounded number of items in flight.
 */
#include "base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Not an item: too much is in flight for another one now. */
#define PARALLEL_LATER ((void *)(uintptr_t)1)

struct parallel_ops {
    /* Next item, NULL at the end, or PARALLEL_LATER: ask again once an item has been handed to done (with none in flight that is the
       end).  Called from the thread that called parallel_run(), never concurrently with done. */
    void *(*next)(void *ctx);
    /* Transform ${item}; called on worker thread number ${worker} (0 to threads-1), concurrently. */
    void (*work)(void *ctx, void *item, unsigned worker);
    /* Take ${item} back, in input order, on the calling thread.  Anything but OK stops the run (items in flight are still
       handed to done with `drop` set, so that they can be freed). */
    enum status (*done)(void *ctx, void *item, bool drop);
};

/**
 * parallel_run(ops, ctx, threads, window):
 * Drive ${ops} with ${threads} workers (0: parallel_cores()) and at most ${window} items in flight (0: 4 a thread).
 * Returns the first status of done() that was not OK, or FATAL when a thread could not be made.
 */
enum status parallel_run(const struct parallel_ops *ops, void *ctx, unsigned threads, size_t window) MUST_CHECK;

/** parallel_for(n, threads, fn, ctx): fn(ctx, i, worker) for each i < n, in any order; the first status not OK. */
enum status parallel_for(size_t n, unsigned threads, enum status (*fn)(void *ctx, size_t i, unsigned worker), void *ctx) MUST_CHECK;

/** parallel_cores(): processors this process may use. */
unsigned parallel_cores(void);

#endif
