#ifndef VILLERS_CRAWLER_EXTRACT_MODEL_H
#define VILLERS_CRAWLER_EXTRACT_MODEL_H
/*
 * How likely a block is main text: an ensemble of small decision trees over its features (gradient boosting, J. Friedman,
 * "Greedy function approximation", 2001), fitted by tests/bench/extract/train.py.  The trees ask only for what extract_features.h
 * measures, never for a site or a word of one.  Private to crawler/extract*.c.
 */
#include "crawler/extract_features.h"

/** extract_model_score(row): the chance, 0 to 1, of a block with these FEATURES numbers.  Pure.  O(trees × depth). */
float extract_model_score(const float *row);

#endif
