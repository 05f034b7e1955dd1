#ifndef VILLERS_DEDUP_LANGID_CLEAN_H
#define VILLERS_DEDUP_LANGID_CLEAN_H
/*
 * Makes any bytes fit for CLD2, which takes a document with one control character, noncharacter or bad sequence for unknown.
 */
#include "base/buf.h"

/**
 * langid_clean(out, text):
 * Append ${text} to ${out} as valid UTF-8: bad sequences, controls and noncharacters become spaces; C1 controls are read as
 * windows-1252 (the usual slip: U+0092 for an apostrophe); UTF-8 that was read as windows-1252 ("Ã©") is read again;
 * combining accents are joined to their letters; the long s becomes s and letters of a ligature come apart (not œ, æ).
 * Whether it all fitted is in buf_ok(${out}).  O(len).
 */
void langid_clean(struct buf *out, struct slice text);

#endif
