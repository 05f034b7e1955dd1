/* A shard as it comes from a network: any bytes, in pieces of any size, give the same findings as in one. */
#include "base/hash.h"
#include "store/verify_shard.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void found(void *ctx, uint64_t line, const char *what) {
    uint64_t *sum = ctx;
    *sum = *sum * 31 + hash64_seed(slice_str(what), line);
}

static uint64_t check(struct verify_shard *v, struct slice s, size_t piece) {
    struct verify_counts counts;
    uint64_t sum = 0;
    verify_shard_begin(v, found, &sum);
    for (size_t at = 0; at < s.len; at += piece) verify_shard_feed(v, slice_sub(s, at, at + piece));
    verify_shard_end(v, &counts);
    return sum + counts.documents + counts.words;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct verify_shard *v = verify_shard_new();
    struct slice s = slice_of((const char *)data, size);
    if (!v) return 0;
    uint64_t whole = check(v, s, size + 1);
    if (check(v, s, 1) != whole || check(v, s, 7) != whole) abort();
    verify_shard_free(v);
    return 0;
}
