#include "dedup/lsh.h"

size_t lsh_bucket_end(const struct lsh_record *records, size_t n, size_t at) {
    size_t end = at + 1;
    while (end < n && records[end].key == records[at].key) end++;
    return end;
}

enum status lsh_sink_flush(struct lsh_sink *sink, struct buf *err) {
    size_t n = sink->n;
    sink->n = 0;
    return n ? lsh_runs_add(sink->edges, sink->batch, n, err) : ST_OK;
}

static enum status pair(const struct lsh_record *x, const struct lsh_record *y, struct lsh_sink *sink, struct buf *err) {
    uint64_t a = lsh_seq(x), b = lsh_seq(y);
    if (a >= sink->n_new && b >= sink->n_new) return ST_OK;
    struct lsh_record *r = &sink->batch[sink->n++];
    r->key = a < b ? a << 32 | b : b << 32 | a;
    r->value = 0;
    return sink->n < sizeof sink->batch / sizeof *sink->batch ? ST_OK : lsh_sink_flush(sink, err);
}

enum status lsh_pairs(const struct lsh_record *bucket, size_t n, struct lsh_sink *sink, struct buf *err) {
    enum status st = ST_OK;
    for (size_t i = 1; st == ST_OK && i < n; i++) {
        st = pair(&bucket[0], &bucket[i], sink, err);
        size_t from = n <= LSH_ALL_PAIRS || i == 1 ? 1 : i - 1;
        for (size_t j = from; st == ST_OK && j < i; j++) st = pair(&bucket[j], &bucket[i], sink, err);
    }
    return st;
}
