/*
 * Walk the trees.
 */
#include "crawler/extract_model.h"
#include <math.h>

/* A split sends a row left when row[feature] <= value; a leaf has no feature and its value is a summand of the log-odds. */
struct split {
    uint8_t feature;     /* LEAF, or an index into the row */
    uint8_t left, right; /* distance from this split */
    float value;
};
#define LEAF 255
_Static_assert(FEATURES < LEAF, "a feature's index fits the splits");

#include "crawler/extract_trees.inc"

float extract_model_score(const float *row) {
    float sum = model_base;
    const struct split *s = model_splits;
    for (size_t t = 0; t < sizeof model_sizes / sizeof *model_sizes; t++) {
        const struct split *at = s;
        while (at->feature != LEAF) at += row[at->feature] <= at->value ? at->left : at->right;
        sum += at->value;
        s += model_sizes[t];
    }
    return 1.0f / (1.0f + expf(-sum));
}
