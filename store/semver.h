#ifndef VILLERS_STORE_SEMVER_H
#define VILLERS_STORE_SEMVER_H
/*
 * Semantic versions (semver.org 2.0.0).
 */
#include "base/slice.h"

struct semver {
    uint64_t major, minor, patch;
    struct slice pre; /* borrowed from the text parsed */
};
/** semver_parse(s, out): the whole of ${s}.  Build metadata is refused: two versions would share one place in the order. */
bool semver_parse(struct slice s, struct semver *out);
/** semver_cmp(a, b): precedence, clause 11; <0, 0, >0. */
int semver_cmp(const struct semver *a, const struct semver *b);

#endif
