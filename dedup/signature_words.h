#ifndef VILLERS_DEDUP_SIGNATURE_WORDS_H
#define VILLERS_DEDUP_SIGNATURE_WORDS_H
/*
 * Words of a normalised text, as 64-bit hashes.
 */
#include <stddef.h>
#include <stdint.h>

/**
 * signature_words(text, len, out):
 * Hash each run of bytes other than space in ${text}, which NORMALISE_SLACK spaces follow; ${out} has room for len / 2 + 1.
 * Returns how many there were.  The same on every machine.  O(len).
 */
size_t signature_words(const char *text, size_t len, uint64_t *out);

#endif
