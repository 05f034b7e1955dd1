/*
 * By host, one record a document and distinct line: key = 32 bits of the host's hash, 32 of the line's; value = the document's.  The line 0
 * stands for the document itself.  Sorted, a host's records lie together, its documents first, so that one walk counts and decides.
 * Two hosts or two lines of one hash are taken for one: of 100,000 hosts about one pair, whose lines then need more pages.
 * By source, in runs of their own: key = 48 bits of a hash of source and line, 16 how many documents it takes; the same value.
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
    struct lsh_runs *hosts, *sources;
    struct map64 recurring, repeated; /* keys of lines to drop */
    unsigned min_pages, min_percent;
};

enum status host_blocks_new(const struct host_blocks_options *o, struct host_blocks **out, struct buf *err) {
    struct host_blocks *h = calloc(1, sizeof *h);
    size_t memory = (o->memory_bytes ? o->memory_bytes : MEMORY) / 2;
    if (!h) return fail(err, ST_RETRY, "out of memory");
    h->min_pages = o->min_pages ? o->min_pages : MIN_PAGES;
    h->min_percent = o->min_percent ? o->min_percent : MIN_PERCENT;
    enum status st = lsh_runs_new(TOP_BYTE, memory, o->work_dir, &h->hosts, err);
    if (st == ST_OK) st = lsh_runs_new(TOP_BYTE, memory, o->work_dir, &h->sources, err);
    if (st == ST_OK)
        *out = h;
    else
        host_blocks_free(h);
    return st;
}

void host_blocks_free(struct host_blocks *h) {
    if (!h) return;
    lsh_runs_free(h->hosts);
    lsh_runs_free(h->sources);
    map64_free(&h->recurring);
    map64_free(&h->repeated);
    free(h);
}

static bool line_hash(struct slice line, uint64_t *hash) {
    line = slice_trim(line);
    if (line.len < LINE_MIN) return false;
    *hash = hash64(line);
    return true;
}

enum status host_blocks_read(struct slice text, struct host_blocks_lines *lines, struct buf *err) {
    struct slice line;
    uint64_t hash;
    lines->n = 0;
    while (slice_cut(&text, '\n', &line)) {
        if (!line_hash(line, &hash)) continue;
        if (lines->n == lines->room) {
            size_t room = lines->room ? 2 * lines->room : 64;
            uint64_t *v = realloc(lines->v, room * sizeof *v);
            if (!v) return fail(err, ST_RETRY, "out of memory");
            lines->v = v;
            lines->room = room;
        }
        lines->v[lines->n++] = hash;
    }
    return ST_OK;
}

static uint64_t host_key(const struct host_blocks_page *page, uint64_t line) {
    uint64_t low = line & 0xffffffffu;
    return (page->host & 0xffffffff00000000u) | (low ? low : 1);
}

static uint64_t source_key(const struct host_blocks_page *page, uint64_t line) {
    uint64_t pair[2] = {page->source, line};
    unsigned n = page->repeated < HOST_BLOCKS_REPEATED_MAX ? page->repeated : HOST_BLOCKS_REPEATED_MAX;
    return (hash64(slice_of((const char *)pair, sizeof pair)) & ~(uint64_t)HOST_BLOCKS_REPEATED_MAX) | n;
}

enum status host_blocks_add(struct host_blocks *h, const struct host_blocks_page *page, const uint64_t *lines, size_t n,
                            struct buf *err) {
    struct lsh_record hosts[BATCH], sources[BATCH];
    enum status st = ST_OK;
    size_t k = 0, m = 0;
    if (page->by_host) hosts[k++] = (struct lsh_record){page->host & 0xffffffff00000000u, page->doc};
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        if (page->by_host) hosts[k++] = (struct lsh_record){host_key(page, lines[i]), page->doc};
        if (page->repeated) sources[m++] = (struct lsh_record){source_key(page, lines[i]), page->doc};
        if (k == BATCH) {
            st = lsh_runs_add(h->hosts, hosts, k, err);
            k = 0;
        }
        if (st == ST_OK && m == BATCH) {
            st = lsh_runs_add(h->sources, sources, m, err);
            m = 0;
        }
    }
    if (st == ST_OK && k) st = lsh_runs_add(h->hosts, hosts, k, err);
    return st == ST_OK && m ? lsh_runs_add(h->sources, sources, m, err) : st;
}

/* The records of one key from ${i} on: how many documents; ${i} moves behind them. */
static uint64_t count_key(const struct lsh_record *r, size_t n, size_t *i) {
    uint64_t key = r[*i].key, documents = 0;
    for (size_t first = *i; *i < n && r[*i].key == key; ++*i) documents += *i == first || r[*i].value != r[*i - 1].value;
    return documents;
}

static enum status drop(struct map64 *map, uint64_t key, struct buf *err) {
    return map64_put(map, key, 1) ? ST_OK : fail(err, ST_RETRY, "out of memory");
}

static enum status count_hosts(struct host_blocks *h, const struct lsh_record *r, size_t n, struct buf *err) {
    uint64_t pages = 0;
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < n;) {
        uint64_t key = r[i].key, documents = count_key(r, n, &i);
        if (!(key & 0xffffffffu))
            pages = documents;
        else if (pages >= h->min_pages && documents * 100 >= pages * h->min_percent)
            st = drop(&h->recurring, key, err);
    }
    return st;
}

static enum status count_sources(struct host_blocks *h, const struct lsh_record *r, size_t n, struct buf *err) {
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < n;) {
        uint64_t key = r[i].key;
        if (count_key(r, n, &i) >= (key & HOST_BLOCKS_REPEATED_MAX)) st = drop(&h->repeated, key, err);
    }
    return st;
}

static enum status count_runs(struct host_blocks *h, struct lsh_runs *runs,
                              enum status (*count)(struct host_blocks *, const struct lsh_record *, size_t, struct buf *),
                              struct buf *err) {
    enum status st = ST_OK;
    for (unsigned p = 0; p < LSH_PARTITIONS && st == ST_OK; p++) {
        struct lsh_record *records = NULL;
        size_t n = 0;
        st = lsh_runs_take(runs, p, &records, &n, err);
        if (st == ST_OK) st = count(h, records, n, err);
        free(records);
    }
    return st;
}

enum status host_blocks_count(struct host_blocks *h, struct buf *err) {
    enum status st = count_runs(h, h->hosts, count_hosts, err);
    return st == ST_OK ? count_runs(h, h->sources, count_sources, err) : st;
}

static bool goes(const struct host_blocks *h, const struct host_blocks_page *page, uint64_t line) {
    return (page->by_host && map64_get(&h->recurring, host_key(page, line), NULL)) ||
           (page->repeated && map64_get(&h->repeated, source_key(page, line), NULL));
}

static bool line_goes(const struct host_blocks *h, const struct host_blocks_page *page, struct slice line) {
    uint64_t hash;
    return line_hash(line, &hash) && goes(h, page, hash);
}

size_t host_blocks_strip(const struct host_blocks *h, const struct host_blocks_page *page, struct slice text, struct buf *out) {
    struct slice rest = text, line;
    size_t removed = 0;
    while (slice_cut(&rest, '\n', &line)) removed += line_goes(h, page, line) ? line.len + 1 : 0;
    if (!removed || removed * 2 > text.len) {
        buf_slice(out, text);
        return 0;
    }
    size_t start = out->len;
    rest = text;
    while (slice_cut(&rest, '\n', &line)) {
        if (line_goes(h, page, line)) continue;
        if (out->len > start) buf_char(out, '\n');
        buf_slice(out, line);
    }
    return text.len - (out->len - start);
}

uint64_t host_blocks_print(const struct host_blocks *h, const struct host_blocks_page *page, const uint64_t *lines, size_t n) {
    uint64_t print = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t pair[2] = {page->doc, lines[i]};
        if (goes(h, page, lines[i])) print += hash64(slice_of((const char *)pair, sizeof pair)) | 1;
    }
    return print;
}
