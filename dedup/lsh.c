#include "dedup/lsh.h"

size_t lsh_bucket_end(const struct lsh_record *records, size_t n, size_t at) {
    size_t end = at + 1;
    while (end < n && records[end].key == records[at].key) end++;
    return end;
}

enum status lsh_sink_flush(struct lsh_sink *sink, struct buf *err) {
    size_t n = sink->n;
    sink->n = 0;
    return n ? lsh_runs_add(sink->runs, sink->batch, n, err) : ST_OK;
}

static inline enum status pair(const struct lsh_record *x, const struct lsh_record *y, uint32_t n_new, struct lsh_sink *sink,
                               struct buf *err) {
    uint64_t a = lsh_seq(x), b = lsh_seq(y);
    if (a >= n_new && b >= n_new) return ST_OK;
    return lsh_sink_put(sink, a < b ? a << 32 | b : b << 32 | a, 0, err);
}

/* Whether a text stands in a bucket twice hangs on the order of arrival; what comes of the bucket must not. */
static size_t each_text_once(struct lsh_record *bucket, size_t n) {
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || bucket[kept - 1].value >> 32 != bucket[i].value >> 32) bucket[kept++] = bucket[i];
    return kept;
}

enum status lsh_pairs(struct lsh_record *bucket, size_t n, uint32_t n_new, struct lsh_sink *sink, struct buf *err) {
    enum status st = ST_OK;
    n = each_text_once(bucket, n);
    for (size_t i = 1; st == ST_OK && i < n; i++) {
        st = pair(&bucket[0], &bucket[i], n_new, sink, err);
        size_t from = n <= LSH_ALL_PAIRS || i == 1 ? 1 : i - 1;
        for (size_t j = from; st == ST_OK && j < i; j++) st = pair(&bucket[j], &bucket[i], n_new, sink, err);
    }
    return st;
}
