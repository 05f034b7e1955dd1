/* Replays saved inputs through a fuzz target without a fuzzer: `fuzz_NAME FILE…`.  `make check` runs it over tests/fuzz/seeds/NAME. */
#include "base/buf.h"
#include "base/file.h"
#include "base/limits.h"
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv) {
    struct buf err = {.max = LIMIT_ERR};
    for (int i = 1; i < argc; i++) {
        struct buf in = {.max = LIMIT_BUF_DEFAULT};
        if (file_read(argv[i], LIMIT_BUF_DEFAULT - MIB, &in, &err) != ST_OK) {
            fprintf(stderr, "%s\n", buf_cstr(&err));
            return 1;
        }
        /* A copy of the exact size, so that a sanitizer sees a read past the end. */
        uint8_t *exact = malloc(in.len ? in.len : 1);
        if (!exact) return 1;
        if (in.len) memcpy(exact, in.data, in.len);
        LLVMFuzzerTestOneInput(exact, in.len);
        free(exact);
        buf_free(&in);
    }
    buf_free(&err);
    return 0;
}
