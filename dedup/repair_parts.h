#ifndef VILLERS_DEDUP_REPAIR_PARTS_H
#define VILLERS_DEDUP_REPAIR_PARTS_H
/*
 * The repairs of dedup/repair.h one by one.  Each appends the repaired text to ${out} and counts what it did; errors stick in the
 * buffer.  Nothing outside includes this.
 */
#include "dedup/repair.h"

/** repair_cp1252(byte): the character that windows-1252 shows for 0x80 to 0x9F, 0 where it has none. */
uint32_t repair_cp1252(unsigned byte);
/** repair_mojibake(out, s): UTF-8 read as windows-1252, one layer of it; how many characters were decoded again. */
uint32_t repair_mojibake(struct buf *out, struct slice s);
/** repair_hyphens(out, s): "exem-\nple" to "exemple\n", where no compound stands at the line's end; how many. */
uint32_t repair_hyphens(struct buf *out, struct slice s);
/** repair_hyphens_shown(s): whether the lines of ${s} are those of a printed page: words parted at many of their ends. */
bool repair_hyphens_shown(struct slice s);
/** repair_long_s(out, s): U+017F to s, and the f of words that only a misread long s gives ("eft", "auffi"); how many letters. */
uint32_t repair_long_s(struct buf *out, struct slice s);
/** repair_long_s_shown(s): whether ${s} has several long s, or several such words. */
bool repair_long_s_shown(struct slice s);

#endif
