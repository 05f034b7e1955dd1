#ifndef VILLERS_STORE_PULL_RANGES_H
#define VILLERS_STORE_PULL_RANGES_H
/*
 * One large file of a release, fetched by several connections at once into the same .part file as pull_file.h's.
 *
 * The file is cut into ranges of whole blocks (blocks.h); each range is one task for one worker.  A range looks first at what the part
 * already holds: blocks with the right digest stay, so a killed pull goes on where each connection was, and a damaged file costs the blocks
 * that differ.  Bytes are written as they come; a block is checked while it is still in memory, and asked for again alone when it is wrong.
 * The SHA-256 of the whole follows the blocks in order, by whichever worker closes the gap: the file is not read a second time.
 *
 *   open ──ranges fetched──> all blocks right ──SHA-256 right──> synced: done
 *     │                            └── SHA-256 wrong ──┐
 *     └── the server knows no ranges ─────────────────>┴─> RANGES_ONE_STREAM: pull_file_fetch() takes over the part
 */
#include "store/pull_file.h"

#define PULL_RANGE_BLOCKS 4 /* of a range: 16 MiB; files of no more than that go in one stream */

enum ranges_result { RANGES_DONE, RANGES_ONE_STREAM, RANGES_FAILED };

struct pull_ranges;
/** pull_ranges_suit(f): is ${f} large enough, and are its blocks known? */
bool pull_ranges_suit(const struct pull_file *f);
/** pull_ranges_new(f): touches no file yet.  Of ${f} the strings are copied, but for ${f}->blocks, and the pointers borrowed.  NULL without memory. */
struct pull_ranges *pull_ranges_new(const struct pull_file *f);
void pull_ranges_free(struct pull_ranges *r);
/** pull_ranges_count(f): how many ranges a file that suits has. */
size_t pull_ranges_count(const struct pull_file *f);
/**
 * pull_ranges_fetch(r, i, worker, transport):
 * Bring range ${i}; each one once, in any order, from any thread.  True for the call that ends the last of them: that caller then calls
 * pull_ranges_finish().  What goes wrong is kept for it.
 */
bool pull_ranges_fetch(struct pull_ranges *r, size_t i, unsigned worker, const struct transport *transport);
/** pull_ranges_finish(r, st, err): DONE: the part is whole, its digest right, synced.  FAILED: *${st} and ${err} as pull_file_fetch()'s. */
enum ranges_result pull_ranges_finish(struct pull_ranges *r, enum status *st, struct buf *err);

#endif
