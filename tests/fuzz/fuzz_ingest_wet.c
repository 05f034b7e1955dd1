/* A WARC record: its fields up to the empty line, then its block. */
#include "tests/fuzz/ingest_under_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice s = slice_of((const char *)data, size);
    size_t at = slice_find(s, slice_str("\r\n\r\n"));
    ingest_fuzz(&ingest_warc, slice_sub(s, 0, at), at == SIZE_MAX ? slice_of("", 0) : slice_sub(s, at + 4, size));
    return 0;
}
