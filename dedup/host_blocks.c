/*
 * One record a document and distinct line: key = 32 bits of the host's hash, 32 of the line's; value = the document's.  The line 0
 * stands for the document itself.  Sorted, a host's records lie together, its documents first, so that one walk counts and decides.
 * Two hosts or two lines of one hash are taken for one: of 100,000 hosts about one pair, whose lines then need more pages.
 */
#include "dedup/host_blocks.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/map64.h"
#include "dedup/lsh_runs.h"
#include <stdlib.h>

#define MIN_PAGES 20u
#define MIN_PERCENT 50u
#define MEMORY (64 * MIB)
#define LINE_MIN 20u /* shorter lines (a refrain, a heading, "Article 1") say nothing of where they come from */
#define BATCH 512u   /* records handed over at once */
#define TOP_BYTE 56u /* of a key: its partition, so that those ascend */

struct host_blocks {
    struct lsh_runs *runs;
    struct map64 recurring; /* keys of lines to drop */
    unsigned min_pages, min_percent;
    uint64_t fingerprint;
};

enum status host_blocks_new(const struct host_blocks_options *o, struct host_blocks **out, struct buf *err) {
    struct host_blocks *h = calloc(1, sizeof *h);
    if (!h) return fail(err, ST_RETRY, "out of memory");
    h->min_pages = o->min_pages ? o->min_pages : MIN_PAGES;
    h->min_percent = o->min_percent ? o->min_percent : MIN_PERCENT;
    enum status st = lsh_runs_new(TOP_BYTE, o->memory_bytes ? o->memory_bytes : MEMORY, o->work_dir, &h->runs, err);
    if (st == ST_OK)
        *out = h;
    else
        host_blocks_free(h);
    return st;
}

void host_blocks_free(struct host_blocks *h) {
    if (!h) return;
    lsh_runs_free(h->runs);
    map64_free(&h->recurring);
    free(h);
}

static uint64_t host_key(struct slice host) { return hash64(host) & 0xffffffff00000000u; }

/* Blanks at a line's ends are of no meaning. */
static bool line_key(uint64_t host, struct slice line, uint64_t *key) {
    line = slice_trim(line);
    if (line.len < LINE_MIN) return false;
    uint64_t low = hash64(line) & 0xffffffffu;
    *key = host | (low ? low : 1);
    return true;
}

enum status host_blocks_add(struct host_blocks *h, struct slice host, struct slice id, struct slice text, struct buf *err) {
    struct lsh_record batch[BATCH];
    uint64_t key = host_key(host), doc = hash64(id);
    struct slice line;
    size_t n = 0;
    enum status st = ST_OK;
    batch[n++] = (struct lsh_record){key, doc};
    while (st == ST_OK && slice_cut(&text, '\n', &line)) {
        if (!line_key(host_key(host), line, &key)) continue;
        if (n == BATCH) {
            st = lsh_runs_add(h->runs, batch, n, err);
            n = 0;
        }
        batch[n++] = (struct lsh_record){key, doc};
    }
    return st == ST_OK && n ? lsh_runs_add(h->runs, batch, n, err) : st;
}

/* The records of one key from ${i} on: how many documents; ${i} moves behind them. */
static uint64_t count_key(const struct lsh_record *r, size_t n, size_t *i) {
    uint64_t key = r[*i].key, documents = 0;
    for (size_t first = *i; *i < n && r[*i].key == key; ++*i) documents += *i == first || r[*i].value != r[*i - 1].value;
    return documents;
}

static enum status count_partition(struct host_blocks *h, const struct lsh_record *r, size_t n, struct buf *err) {
    uint64_t pages = 0;
    for (size_t i = 0; i < n;) {
        uint64_t key = r[i].key, documents = count_key(r, n, &i);
        if (!(key & 0xffffffffu)) {
            pages = documents;
        } else if (pages >= h->min_pages && documents * 100 >= pages * h->min_percent) {
            if (!map64_put(&h->recurring, key, 1)) return fail(err, ST_RETRY, "out of memory");
            h->fingerprint += hash64(slice_of((const char *)&key, sizeof key)); /* a sum: of any order */
        }
    }
    return ST_OK;
}

enum status host_blocks_count(struct host_blocks *h, struct buf *err) {
    enum status st = ST_OK;
    for (unsigned p = 0; p < LSH_PARTITIONS && st == ST_OK; p++) {
        struct lsh_record *records = NULL;
        size_t n = 0;
        st = lsh_runs_take(h->runs, p, &records, &n, err);
        if (st == ST_OK) st = count_partition(h, records, n, err);
        free(records);
    }
    return st;
}

static bool recurs(const struct host_blocks *h, uint64_t host, struct slice line) {
    uint64_t key;
    return line_key(host, line, &key) && map64_get(&h->recurring, key, NULL);
}

size_t host_blocks_strip(const struct host_blocks *h, struct slice host, struct slice text, struct buf *out) {
    uint64_t key = host_key(host);
    struct slice rest = text, line;
    size_t removed = 0;
    while (slice_cut(&rest, '\n', &line)) removed += recurs(h, key, line) ? line.len + 1 : 0;
    if (!removed || removed * 2 > text.len) {
        buf_slice(out, text);
        return 0;
    }
    size_t start = out->len;
    rest = text;
    while (slice_cut(&rest, '\n', &line)) {
        if (recurs(h, key, line)) continue;
        if (out->len > start) buf_char(out, '\n');
        buf_slice(out, line);
    }
    return text.len - (out->len - start);
}

uint64_t host_blocks_fingerprint(const struct host_blocks *h) { return h->fingerprint; }
