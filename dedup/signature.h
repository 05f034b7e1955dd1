#ifndef VILLERS_DEDUP_SIGNATURE_H
#define VILLERS_DEDUP_SIGNATURE_H
/*
 * A text to what near-duplicates are found by: normalise (dedup/normalise.h), word 5-grams, 64-bit shingle hashes, 112 minima of
 * a_i·x + b_i mod 2^32 (Broder 1997), bands of 8 rows hashed to 64-bit keys; and a bottom-k sketch (Cohen, Kaplan 2007), the
 * smallest distinct shingle hashes, by which a candidate pair is verified: up to SIGNATURE_SKETCH distinct shingles the
 * similarity is exact, past that its standard error is under 0.032.
 */
#include "base/buf.h"

#define SIGNATURE_MAX_HASHES 256
#define SIGNATURE_MAX_KEYS 64
#define SIGNATURE_SKETCH 256

struct signature_options {
    unsigned bands, rows, ngram; /* 0: 14, 8, 5 */
    unsigned groupings;          /* the same minima dealt again into other bands (1 to 4); 0: 2.  bands × groupings keys */
    uint64_t seed;               /* 0: the published default */
    bool keep_figures;           /* numbers are the substance (law): digits stay */
};

struct signature {
    uint64_t exact;    /* hash of the whole normalised text */
    uint32_t words;    /* normalised words */
    uint32_t shingles; /* shingles hashed, repeats included; a text of fewer words than ngram is one */
    uint32_t n_keys, n_sketch;
    uint64_t keys[SIGNATURE_MAX_KEYS];     /* of the bands: two texts with a key in common are candidates */
    uint32_t sketch[SIGNATURE_SKETCH];     /* ascending, distinct; fewer than SIGNATURE_SKETCH: all there are */
    uint32_t minima[SIGNATURE_MAX_HASHES]; /* bands × rows of them; not packed */
};

struct signer; /* tables and scratch, one a worker */
/** signer_new(opt): ${opt} may be NULL for the defaults.  NULL without memory or when signature_options_valid() is false. */
struct signer *signer_new(const struct signature_options *opt);
void signer_free(struct signer *s);
/** signer_sign(s, text, out): ${text} is any bytes.  Deterministic on every machine and kernel.  ST_SKIP when the text is over LIMIT_LINE; the memory is the same for any length. */
enum status signer_sign(struct signer *s, struct slice text, struct signature *out, struct buf *err) MUST_CHECK;
/** signature_version(opt): a number that differs when two signatures must not be compared. */
uint64_t signature_version(const struct signature_options *opt);
/** signature_options_valid(opt): bands × rows and bands × groupings are within the maxima, 1 <= ngram <= 16. */
bool signature_options_valid(const struct signature_options *opt);

/** signature_similarity(a, na, b, nb): the Jaccard index estimated from two sketches; exact when both hold all their shingles. */
double signature_similarity(const uint32_t *a, size_t na, const uint32_t *b, size_t nb);

/** signature_pack(out, sig): append ${sig} less its minima, little-endian, length first: what a sidecar file keeps. */
void signature_pack(struct buf *out, const struct signature *sig);
/** signature_unpack(rest, sig): take one packed signature off the front of *${rest}; false, *${rest} unmoved, when it is not one. */
bool signature_unpack(struct slice *rest, struct signature *sig);

#endif
