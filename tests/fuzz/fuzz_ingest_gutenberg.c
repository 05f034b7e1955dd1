/* A book of Project Gutenberg. */
#include "tests/fuzz/ingest_under_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ingest_fuzz(&ingest_gutenberg, slice_of("", 0), slice_of((const char *)data, size));
    return 0;
}
