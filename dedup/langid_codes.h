#ifndef VILLERS_DEDUP_LANGID_CODES_H
#define VILLERS_DEDUP_LANGID_CODES_H
/*
 * Names of languages and scripts: ISO 639-3 and ISO 15924.  Pure and thread-safe.
 */
#include "base/slice.h"

/** langid_iso(cld2): the ISO 639-3 code for CLD2's ("fr" -> "fra", "zh-Hant" -> "zho"), "und" for one not known; static. */
const char *langid_iso(const char *cld2);
/** langid_script(text): the ISO 15924 code of most letters in the first 16 KiB, "Zyyy" when there are none; static. */
const char *langid_script(struct slice text);
/** langid_script_of(iso, found): the script to report for language ${iso} when the letters are mostly ${found}; static. */
const char *langid_script_of(const char *iso, const char *found);

#endif
