/*
 * The first line is a target, the rest a tdmrep.json.
 */
#include "crawler/rights.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice body = slice_of((const char *)data, size), target = {"/", 1}, evidence;
    if (memchr(data, '\n', size)) slice_cut(&body, '\n', &target);
    struct rights_tdmrep *t = NULL;
    if (rights_tdmrep_parse(body, &t, NULL) != ST_OK) abort();
    enum rights_tdm value = rights_tdmrep_match(t, target, &evidence);
    if (value == RIGHTS_TDM_RESERVED && evidence.len == 0) abort();
    rights_tdmrep_free(t);
    return 0;
}
