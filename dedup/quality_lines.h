#ifndef VILLERS_DEDUP_QUALITY_LINES_H
#define VILLERS_DEDUP_QUALITY_LINES_H
/* The signals that come from lines and paragraphs, each kind of line as the datatrove filter that uses it splits it. */
#include "dedup/quality.h"
#include "dedup/quality_counter.h"

/**
 * quality_lines(text, seen, out):
 * Fill in of ${out} the repeated paragraphs and lines, bullets, ellipses, line ends, short lines, char_dup, and newlines (as a count) in
 * new_line_ratio.  ${text} is valid UTF-8,
 * ${seen} scratch.  False without memory.  O(len).
 */
bool quality_lines(struct slice text, struct counter *seen, struct quality_signals *out) MUST_CHECK;
/** quality_chars(s): code points of ${s}, valid UTF-8. */
size_t quality_chars(struct slice s);

#endif
