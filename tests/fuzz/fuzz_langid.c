/* Any bytes, as a text of unknown language. */
#include "dedup/langid.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct langid *l;
    struct langid_result res;
    if (!l) l = langid_new();
    langid_detect(l, slice_of((const char *)data, size), NULL, &res);
    if (!(res.score >= 0 && res.score <= 1) || !(res.french_share >= 0 && res.french_share <= 1)) abort();
    return 0;
}
