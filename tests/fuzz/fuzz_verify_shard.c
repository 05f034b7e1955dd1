/* A shard as it comes from a network: a sound frame gives the same findings in pieces of any size, a damaged one is told in each. */
#include "base/hash.h"
#include "store/verify_shard.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
    uint64_t lines; /* all findings about lines, in one number */
    bool frame;     /* the frame itself was found wrong */
};

static void found(void *ctx, uint64_t line, const char *what) {
    struct told *t = ctx;
    if (line == 0) t->frame = true;
    t->lines = t->lines * 31 + hash64_seed(slice_str(what), line);
}

static struct told check(struct verify_shard *v, struct slice s, size_t piece) {
    struct verify_counts counts;
    struct told t = {0, false};
    verify_shard_begin(v, found, &t);
    for (size_t at = 0; at < s.len; at += piece) verify_shard_feed(v, slice_sub(s, at, at + piece));
    verify_shard_end(v, &counts);
    t.lines += counts.documents + counts.words;
    return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct verify_shard *v = verify_shard_new();
    struct slice s = slice_of((const char *)data, size);
    if (!v) return 0;
    struct told whole = check(v, s, size + 1), ones = check(v, s, 1);
    if (whole.frame != ones.frame || (!whole.frame && whole.lines != ones.lines)) abort();
    verify_shard_free(v);
    return 0;
}
