#ifndef VILLERS_DEDUP_LANGID_WEIGHTS_H
#define VILLERS_DEDUP_LANGID_WEIGHTS_H
/*
 * The learnt table of the second vote: log-odds of French for each feature of dedup/langid_grams.h, as small integers.
 */
#include "dedup/langid_grams.h"

extern const signed char langid_weights[LANGID_GRAMS];
extern const float langid_weight_scale; /* of one unit */
extern const float langid_weight_bias;

#endif
