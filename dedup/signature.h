#ifndef VILLERS_DEDUP_SIGNATURE_H
#define VILLERS_DEDUP_SIGNATURE_H
/*
 * A text to its MinHash signature (Broder 1997): normalise (lower case; NFD less Mn; what is not L* or N* to space; a run of
 * digits to 0), word 5-grams, 64-bit shingle hashes, 112 minima of a_i·x + b_i mod 2^32.  Bands of 8 rows are hashed to 64 bits.
 */
#include "base/buf.h"

#define SIGNATURE_MAX_HASHES 256

struct signature_options {
    unsigned bands, rows, ngram; /* 0: 14, 8, 5 */
    uint64_t seed;               /* 0: the published default */
    bool keep_figures;           /* numbers are the substance (law): digits stay */
};

struct signature {
    uint64_t exact;                          /* hash of the whole normalised text */
    uint32_t words;                          /* normalised words */
    uint32_t shingles;                       /* shingles hashed, repeats included */
    uint32_t minima[SIGNATURE_MAX_HASHES];   /* bands × rows of them */
};

struct signer; /* tables and scratch, one a worker */
struct signer *signer_new(const struct signature_options *opt);
void signer_free(struct signer *s);
/** signer_sign(s, text, out): ${text} is any bytes.  Deterministic on every machine and kernel.  ST_SKIP when the text is over LIMIT_TEXT. */
enum status signer_sign(struct signer *s, struct slice text, struct signature *out, struct buf *err) MUST_CHECK;
/** signature_version(opt, out): a number that differs when two signatures must not be compared. */
uint64_t signature_version(const struct signature_options *opt);

#endif
