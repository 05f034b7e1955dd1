/*
 * Each partition has a list of blocks in memory and a list of extents in the file.  When all blocks together reach the budget,
 * every partition's are written, one extent a partition, and given back.  A record of a file is key and value, 16 bytes, or, for
 * short keys, the 5 bytes of the key after the leading one, which the partition says, and the value.
 */
#include "dedup/lsh_runs.h"
#include "base/file.h"
#include "base/limits.h"
#include "dedup/dedup_tmp.h"
#include <endian.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK_RECORDS 510 /* with the head, just under 8 KiB */
#define SMALL 24          /* sorted by insertion */
#define SHORT_BYTES 13
#define MAX_SLICES 256

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
    bool keep, short_keys;
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

static size_t stored(const struct lsh_runs *r) { return r->short_keys ? SHORT_BYTES : sizeof(struct lsh_record); }

static void pack(const struct lsh_record *v, size_t n, char *out) {
    for (size_t i = 0; i < n; i++, out += SHORT_BYTES) {
        uint64_t key = htobe64(v[i].key << 8);
        memcpy(out, &key, 5);
        memcpy(out + 5, &v[i].value, 8);
    }
}

static struct lsh_record unpack(const char *p, unsigned partition) {
    struct lsh_record r = {0, 0};
    memcpy(&r.key, p, 5);
    r.key = be64toh(r.key) >> 8 | (uint64_t)partition << 56;
    memcpy(&r.value, p + 5, 8);
    return r;
}

static enum status spill_partition(struct lsh_runs *r, struct partition *p, struct buf *err) {
    if (!p->n_memory) return ST_OK;
    struct extent *e = new_extent(p);
    if (!e) return fail(err, ST_FATAL, "out of memory");
    e->offset = r->end;
    e->n = 0;
    for (const struct block *b = p->blocks; b; b = b->next) {
        char packed[BLOCK_RECORDS * SHORT_BYTES];
        const void *bytes = r->short_keys ? packed : (const void *)b->records;
        if (r->short_keys) pack(b->records, b->n, packed);
        enum status st = dedup_tmp_write(r->fd, r->end, bytes, b->n * stored(r), err);
        if (st != ST_OK) {
            r->end = e->offset;
            return st;
        }
        r->end += b->n * stored(r);
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

/* What is taken: records of one slice of a partition. */
struct taking {
    const struct lsh_runs *r;
    unsigned partition, slice, slices;
    struct lsh_record *v;
    size_t n, room;
};

static inline bool in_slice(const struct taking *t, uint64_t key) {
    return t->slices == 1 || (unsigned)((key >> (t->r->shift - 8) & 0xFF) * t->slices >> 8) == t->slice;
}

static bool take_record(struct taking *t, struct lsh_record x) {
    if (t->n == t->room) {
        size_t room = t->room ? t->room + t->room / 2 : 1024;
        struct lsh_record *v = realloc(t->v, room * sizeof *v);
        if (!v) return false;
        t->v = v;
        t->room = room;
    }
    t->v[t->n++] = x;
    return true;
}

static enum status take_extent(struct taking *t, const struct extent *e, struct buf *err) {
    char bytes[BLOCK_RECORDS * sizeof(struct lsh_record)];
    size_t size = stored(t->r);
    for (size_t i = 0; i < e->n;) {
        size_t k = e->n - i < BLOCK_RECORDS ? e->n - i : BLOCK_RECORDS;
        enum status st = dedup_tmp_read(t->r->fd, e->offset + i * size, bytes, k * size, err);
        if (st != ST_OK) return st;
        for (const char *p = bytes; p < bytes + k * size; p += size) {
            struct lsh_record x;
            if (t->r->short_keys)
                x = unpack(p, t->partition);
            else
                memcpy(&x, p, sizeof x);
            if (in_slice(t, x.key) && !take_record(t, x)) return fail(err, ST_FATAL, "out of memory for %zu records", t->n);
        }
        i += k;
    }
    return ST_OK;
}

void lsh_runs_short(struct lsh_runs *r) { r->short_keys = r->shift == 56; }

unsigned lsh_runs_slices(const struct lsh_runs *r, unsigned partition, size_t max_records) {
    size_t n = partition_count(&r->parts[partition]) / (max_records ? max_records : 1);
    return n >= MAX_SLICES ? MAX_SLICES : r->shift < 8 ? 1 : (unsigned)n + 1;
}

enum status lsh_runs_take_slice(const struct lsh_runs *r, unsigned partition, unsigned slice, unsigned slices,
                                struct lsh_record **records, size_t *n, struct buf *err) {
    const struct partition *p = &r->parts[partition];
    struct taking t = {.r = r, .partition = partition, .slice = slice, .slices = slices};
    size_t total = partition_count(p);
    enum status st = ST_OK;
    *records = NULL;
    *n = 0;
    if (!total) return ST_OK;
    t.room = slices == 1 ? total : total / slices + total / slices / 8 + 64;
    t.v = malloc(t.room * sizeof *t.v);
    if (!t.v) return fail(err, ST_FATAL, "out of memory for %zu records of a partition", t.room);
    for (const struct block *b = p->blocks; st == ST_OK && b; b = b->next)
        for (size_t i = 0; st == ST_OK && i < b->n; i++)
            if (in_slice(&t, b->records[i].key) && !take_record(&t, b->records[i]))
                st = fail(err, ST_FATAL, "out of memory for %zu records", t.n);
    for (size_t i = 0; st == ST_OK && i < p->n_extents; i++) st = take_extent(&t, &p->extents[i], err);
    if (st != ST_OK) {
        free(t.v);
        return st;
    }
    lsh_sort(t.v, t.n);
    *records = t.v;
    *n = t.n;
    return ST_OK;
}

void lsh_runs_drop(struct lsh_runs *r, unsigned partition) {
    if (r->keep) return;
    free_blocks(r, &r->parts[partition]);
    r->parts[partition].n_extents = 0;
}

enum status lsh_runs_take(struct lsh_runs *r, unsigned partition, struct lsh_record **records, size_t *n, struct buf *err) {
    enum status st = lsh_runs_take_slice(r, partition, 0, 1, records, n, err);
    if (st == ST_OK) lsh_runs_drop(r, partition);
    return st;
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
