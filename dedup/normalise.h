#ifndef VILLERS_DEDUP_NORMALISE_H
#define VILLERS_DEDUP_NORMALISE_H
/*
 * The text that near-duplicates are judged by, as the field's MinHash does it: lower case; NFD less Mn; what is not a letter or a
 * number (L*, N*) to a space; each run of decimal digits (Nd) to "0".
 */
#include "base/buf.h"

#define NORMALISE_SLACK 64 /* bytes that may be read and written past the end of an output */

struct normaliser; /* a table of code points, filled as they are met: one a worker */

/** normaliser_new(keep_figures): with ${keep_figures} digits stay as they are.  NULL without memory. */
struct normaliser *normaliser_new(bool keep_figures);
void normaliser_free(struct normaliser *n);

/** normalise_room(len): bytes that an output of ${len} bytes of input may need, slack included. */
size_t normalise_room(size_t len);
/**
 * normalise_run(n, text, out):
 * Write ${text} (any bytes; bad UTF-8 separates words) normalised to ${out}, which has normalise_room(text.len) bytes; return the
 * length.  Spaces are not merged; NORMALISE_SLACK spaces follow the end.  A text may be cut before any ASCII space and its pieces
 * normalised apart.  Not thread-safe for one ${n}.  O(len).
 */
size_t normalise_run(struct normaliser *n, struct slice text, char *out);

#endif
