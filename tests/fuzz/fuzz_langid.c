/* Any bytes, as a text of unknown language; the first few also as the language it declares. */
#include "dedup/langid.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct langid *l;
    struct langid_result res;
    if (!l) l = langid_new();
    struct slice text = slice_of((const char *)data, size);
    struct langid_hints hints = {.declared_language = slice_sub(text, 0, size ? data[0] % 16 : 0)};
    langid_detect(l, text, &hints, &res);
    if (!(res.score >= 0 && res.score <= 1) || !(res.french_share >= 0 && res.french_share <= 1)) abort();
    return 0;
}
