/*
 * Each partition has a list of blocks in memory and a list of extents in the file.  When all blocks together reach the budget,
 * every partition's are written, one extent a partition, and given back.
 */
#include "dedup/lsh_runs.h"
#include "base/file.h"
#include "base/limits.h"
#include "dedup/dedup_tmp.h"
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK_RECORDS 510 /* with the head, just under 8 KiB */
#define SMALL 24          /* sorted by insertion */

struct block {
    struct block *next;
    size_t n;
    struct lsh_record records[BLOCK_RECORDS];
};
struct extent {
    uint64_t offset;
    size_t n; /* records */
};
struct partition {
    struct block *blocks;
    size_t n_memory;
    struct extent *extents;
    size_t n_extents, extents_room;
};
struct lsh_runs {
    unsigned shift;
    bool keep;
    size_t budget, held; /* bytes of blocks */
    char *work_dir;
    int fd; /* -1 until the first spill */
    uint64_t end, count;
    pthread_mutex_t lock;
    struct partition parts[LSH_PARTITIONS];
};

enum status lsh_runs_new(unsigned shift, size_t memory_bytes, const char *work_dir, struct lsh_runs **out, struct buf *err) {
    struct lsh_runs *r = calloc(1, sizeof *r);
    *out = NULL;
    if (!r) return fail(err, ST_FATAL, "out of memory");
    r->shift = shift;
    r->budget = memory_bytes;
    r->fd = -1;
    pthread_mutex_init(&r->lock, NULL);
    r->work_dir = work_dir ? strdup(work_dir) : NULL;
    if (work_dir && !r->work_dir) {
        lsh_runs_free(r);
        return fail(err, ST_FATAL, "out of memory");
    }
    *out = r;
    return ST_OK;
}

static void free_blocks(struct lsh_runs *r, struct partition *p) {
    for (struct block *b = p->blocks; b;) {
        struct block *next = b->next;
        free(b);
        b = next;
        __atomic_fetch_sub(&r->held, sizeof *b, __ATOMIC_RELAXED);
    }
    p->blocks = NULL;
    p->n_memory = 0;
}

void lsh_runs_free(struct lsh_runs *r) {
    if (!r) return;
    for (unsigned i = 0; i < LSH_PARTITIONS; i++) {
        free_blocks(r, &r->parts[i]);
        free(r->parts[i].extents);
    }
    if (r->fd >= 0) close(r->fd);
    pthread_mutex_destroy(&r->lock);
    free(r->work_dir);
    free(r);
}

static struct extent *new_extent(struct partition *p) {
    if (p->n_extents == p->extents_room) {
        size_t room = p->extents_room ? 2 * p->extents_room : 8;
        struct extent *e = realloc(p->extents, room * sizeof *e);
        if (!e) return NULL;
        p->extents = e;
        p->extents_room = room;
    }
    return &p->extents[p->n_extents];
}

static enum status spill_partition(struct lsh_runs *r, struct partition *p, struct buf *err) {
    if (!p->n_memory) return ST_OK;
    struct extent *e = new_extent(p);
    if (!e) return fail(err, ST_FATAL, "out of memory");
    e->offset = r->end;
    e->n = 0;
    for (const struct block *b = p->blocks; b; b = b->next) {
        enum status st = dedup_tmp_write(r->fd, r->end, b->records, b->n * sizeof *b->records, err);
        if (st != ST_OK) {
            r->end = e->offset;
            return st;
        }
        r->end += b->n * sizeof *b->records;
        e->n += b->n;
    }
    p->n_extents++;
    free_blocks(r, p);
    return ST_OK;
}

static enum status spill(struct lsh_runs *r, struct buf *err) {
    enum status st = ST_OK;
    if (r->fd < 0) st = dedup_tmp_open(r->work_dir, &r->fd, err);
    for (unsigned i = 0; st == ST_OK && i < LSH_PARTITIONS; i++) st = spill_partition(r, &r->parts[i], err);
    return st;
}

static enum status add_locked(struct lsh_runs *r, const struct lsh_record *records, size_t n, struct buf *err) {
    for (size_t i = 0; i < n; i++) {
        struct partition *p = &r->parts[records[i].key >> r->shift & (LSH_PARTITIONS - 1)];
        if (!p->blocks || p->blocks->n == BLOCK_RECORDS) {
            if (r->held >= r->budget) {
                enum status st = spill(r, err);
                if (st != ST_OK) return st;
            }
            struct block *b = malloc(sizeof *b);
            if (!b) return fail(err, ST_FATAL, "out of memory");
            b->next = p->blocks;
            b->n = 0;
            p->blocks = b;
            r->held += sizeof *b;
        }
        p->blocks->records[p->blocks->n++] = records[i];
        p->n_memory++;
        r->count++;
    }
    return ST_OK;
}

enum status lsh_runs_add(struct lsh_runs *r, const struct lsh_record *records, size_t n, struct buf *err) {
    pthread_mutex_lock(&r->lock);
    enum status st = add_locked(r, records, n, err);
    pthread_mutex_unlock(&r->lock);
    return st;
}

void lsh_runs_keep(struct lsh_runs *r) { r->keep = true; }
uint64_t lsh_runs_count(const struct lsh_runs *r) { return r->count; }
uint64_t lsh_runs_disk_bytes(const struct lsh_runs *r) { return r->end; }

static size_t partition_count(const struct partition *p) {
    size_t n = p->n_memory;
    for (size_t i = 0; i < p->n_extents; i++) n += p->extents[i].n;
    return n;
}

enum status lsh_runs_take(struct lsh_runs *r, unsigned partition, struct lsh_record **records, size_t *n, struct buf *err) {
    struct partition *p = &r->parts[partition];
    size_t total = partition_count(p), at = 0;
    *records = NULL;
    *n = 0;
    if (!total) return ST_OK;
    struct lsh_record *all = malloc(total * sizeof *all);
    if (!all) return fail(err, ST_FATAL, "out of memory for %zu records of a partition", total);
    for (const struct block *b = p->blocks; b; b = b->next) {
        memcpy(all + at, b->records, b->n * sizeof *all);
        at += b->n;
    }
    if (!r->keep) free_blocks(r, p);
    for (size_t i = 0; i < p->n_extents; i++) {
        const struct extent *e = &p->extents[i];
        enum status st = dedup_tmp_read(r->fd, e->offset, all + at, e->n * sizeof *all, err);
        if (st != ST_OK) {
            free(all);
            return st;
        }
        at += e->n;
    }
    if (!r->keep) p->n_extents = 0;
    lsh_sort(all, total);
    *records = all;
    *n = total;
    return ST_OK;
}

static bool before(const struct lsh_record *a, const struct lsh_record *b) {
    return a->key != b->key ? a->key < b->key : a->value < b->value;
}

static void insertion_sort(struct lsh_record *v, size_t n) {
    for (size_t i = 1; i < n; i++) {
        struct lsh_record x = v[i];
        size_t j = i;
        for (; j > 0 && before(&x, &v[j - 1]); j--) v[j] = v[j - 1];
        v[j] = x;
    }
}

static unsigned digit(const struct lsh_record *r, unsigned level) {
    uint64_t word = level < 8 ? r->key : r->value;
    return (unsigned)(word >> (56 - 8 * (level & 7))) & 0xFF;
}

/* American flag sort (McIlroy, Bostic, McIlroy 1993) by the byte ${level} of 16; at most 16 deep. */
static void flag_sort(struct lsh_record *v, size_t n, unsigned level) {
    size_t start[257] = {0}, at[256];
    for (; level < 16; level++) {
        memset(start, 0, sizeof start);
        for (size_t i = 0; i < n; i++) start[digit(&v[i], level) + 1]++;
        if (start[digit(&v[0], level) + 1] != n) break;
    }
    if (level == 16) return;
    for (unsigned d = 0; d < 256; d++) start[d + 1] += start[d];
    memcpy(at, start, sizeof at);
    for (unsigned d = 0; d < 256; d++) {
        while (at[d] < start[d + 1]) {
            struct lsh_record x = v[at[d]];
            unsigned to = digit(&x, level);
            while (to != d) {
                struct lsh_record y = v[at[to]];
                v[at[to]++] = x;
                x = y;
                to = digit(&x, level);
            }
            v[at[d]++] = x;
        }
    }
    for (unsigned d = 0; d < 256; d++) {
        size_t m = start[d + 1] - start[d];
        if (m <= SMALL)
            insertion_sort(v + start[d], m);
        else
            flag_sort(v + start[d], m, level + 1);
    }
}

void lsh_sort(struct lsh_record *records, size_t n) {
    if (n <= SMALL)
        insertion_sort(records, n);
    else
        flag_sort(records, n, 0);
}
