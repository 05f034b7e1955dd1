/*
 * Each partition has a list of blocks in memory and a list of extents in the file.  Blocks are cut from slabs, which are given back
 * when no block is in use.  When all blocks together reach the budget, every partition's are written, one extent a partition.  A record of a file is key and value, 16 bytes, or, for
 * short keys, the 5 bytes of the key after the leading one, which the partition says, and the value.
 */
#include "dedup/lsh_runs.h"
#include "base/file.h"
#include "base/limits.h"
#include "dedup/dedup_room.h"
#include "dedup/dedup_tmp.h"
#include <endian.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK_RECORDS 511 /* with the link, just under 8 KiB */
#define SMALL 16          /* sorted by insertion */
#define DIGIT_BITS 11     /* of a distribution, at most */
#define SHORT_BYTES 13
#define MAX_SLICES 256

struct block {
    struct block *next;
    struct lsh_record records[BLOCK_RECORDS];
};
struct slab {
    struct slab *next;
    struct block blocks[];
};
#define SLAB_BLOCKS ((DEDUP_ROOM_LARGE - sizeof(struct slab)) / sizeof(struct block))
struct extent {
    uint64_t offset;
    size_t n; /* records */
};
struct partition {
    struct block *blocks; /* all full but the first */
    size_t in_first;      /* records */
    size_t n_memory;
    struct extent *extents;
    size_t n_extents, extents_room;
};
struct lsh_runs {
    unsigned shift;
    bool keep, short_keys;
    size_t budget, held; /* bytes of blocks in use */
    struct slab *slabs;
    struct block *spare; /* blocks not in use */
    size_t uncut;        /* blocks of the first slab that never were */
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

/* The first slab is paged in as it is used: most stages of a small run never fill it. */
static struct block *take_block(struct lsh_runs *r) {
    struct block *b = r->spare;
    if (b) {
        r->spare = b->next;
    } else {
        if (!r->uncut) {
            size_t n = r->budget / 16 < DEDUP_ROOM_LARGE ? 1 : SLAB_BLOCKS;
            size_t bytes = n == 1 ? sizeof(struct slab) + sizeof *b : DEDUP_ROOM_LARGE;
            struct slab *s = r->slabs ? dedup_room(bytes) : malloc(bytes);
            if (!s) return NULL;
            s->next = r->slabs;
            r->slabs = s;
            r->uncut = n;
        }
        b = &r->slabs->blocks[--r->uncut];
    }
    r->held += sizeof *b;
    return b;
}

static void free_slabs(struct lsh_runs *r) {
    while (r->slabs) {
        struct slab *next = r->slabs->next;
        free(r->slabs);
        r->slabs = next;
    }
    r->spare = NULL;
    r->uncut = 0;
}

static void give_blocks_back(struct lsh_runs *r, struct partition *p) {
    for (struct block *b = p->blocks; b;) {
        struct block *next = b->next;
        b->next = r->spare;
        r->spare = b;
        b = next;
        r->held -= sizeof *b;
    }
    p->blocks = NULL;
    p->n_memory = p->in_first = 0;
}

void lsh_runs_free(struct lsh_runs *r) {
    if (!r) return;
    for (unsigned i = 0; i < LSH_PARTITIONS; i++) free(r->parts[i].extents);
    free_slabs(r);
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

static size_t in_block(const struct partition *p, const struct block *b) { return b == p->blocks ? p->in_first : BLOCK_RECORDS; }

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
        size_t n = in_block(p, b);
        if (r->short_keys) pack(b->records, n, packed);
        enum status st = dedup_tmp_write(r->fd, r->end, bytes, n * stored(r), err);
        if (st != ST_OK) {
            r->end = e->offset;
            return st;
        }
        r->end += n * stored(r);
        e->n += n;
    }
    p->n_extents++;
    give_blocks_back(r, p);
    return ST_OK;
}

static enum status spill(struct lsh_runs *r, struct buf *err) {
    enum status st = ST_OK;
    if (r->fd < 0) st = dedup_tmp_open(r->work_dir, &r->fd, err);
    for (unsigned i = 0; st == ST_OK && i < LSH_PARTITIONS; i++) st = spill_partition(r, &r->parts[i], err);
    return st;
}

static enum status new_block(struct lsh_runs *r, struct partition *p, struct buf *err) {
    enum status st = r->held >= r->budget ? spill(r, err) : ST_OK;
    if (st != ST_OK) return st;
    struct block *b = take_block(r);
    if (!b) return fail(err, ST_FATAL, "out of memory");
    b->next = p->blocks;
    p->blocks = b;
    p->in_first = 0;
    return ST_OK;
}

static enum status add_locked(struct lsh_runs *r, const struct lsh_record *records, size_t n, struct buf *err) {
    for (size_t i = 0; i < n; i++) {
        struct partition *p = &r->parts[records[i].key >> r->shift & (LSH_PARTITIONS - 1)];
        if (!p->blocks || p->in_first == BLOCK_RECORDS) {
            enum status st = new_block(r, p, err);
            if (st != ST_OK) return st;
        }
        p->blocks->records[p->in_first++] = records[i];
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
        for (size_t i = 0, in = in_block(p, b); st == ST_OK && i < in; i++)
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
    pthread_mutex_lock(&r->lock);
    give_blocks_back(r, &r->parts[partition]);
    if (!r->held) free_slabs(r);
    pthread_mutex_unlock(&r->lock);
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

/* Where records differ: the word, and its highest bit that is not the same in all.  False: they are all one. */
static bool find_digit(const struct lsh_record *v, size_t n, bool *by_value, unsigned *high) {
    uint64_t key = 0, value = 0;
    for (size_t i = 1; i < n; i++) {
        key |= v[i].key ^ v[0].key;
        value |= v[i].value ^ v[0].value;
    }
    *by_value = !key;
    if (!key && !value) return false;
    *high = 63 - (unsigned)__builtin_clzll(key ? key : value);
    return true;
}

/* The ${bits} bits of ${r} that end at bit ${low}, all above them being the same. */
static inline unsigned digit(const struct lsh_record *r, bool by_value, unsigned low, unsigned mask) {
    return (unsigned)((by_value ? r->value : r->key) >> low) & mask;
}

/* Each record into its bucket, of which ${at} has the beginnings and ${end} the ends. */
static void deal(struct lsh_record *v, size_t *at, const size_t *end, bool by_value, unsigned low, unsigned mask) {
    for (unsigned d = 0; d <= mask; d++) {
        while (at[d] < end[d]) {
            struct lsh_record x = v[at[d]];
            unsigned to = digit(&x, by_value, low, mask);
            while (to != d) {
                struct lsh_record y = v[at[to]];
                v[at[to]++] = x;
                x = y;
                to = digit(&x, by_value, low, mask);
            }
            v[at[d]++] = x;
        }
    }
}

/*
 * American flag sort (McIlroy, Bostic, McIlroy 1993) by the leading bits that differ, as many as leave a few records a bucket.
 * Every level takes 3 bits or more of 128, and 11 while there are many records.
 */
static void flag_sort(struct lsh_record *v, size_t n) {
    size_t at[1 << DIGIT_BITS], end[1 << DIGIT_BITS];
    bool by_value;
    unsigned high, bits = 62 - (unsigned)__builtin_clzll(n);
    if (!find_digit(v, n, &by_value, &high)) return;
    if (bits > DIGIT_BITS) bits = DIGIT_BITS;
    if (bits > high + 1) bits = high + 1;
    unsigned low = high + 1 - bits, mask = (1u << bits) - 1;
    memset(end, 0, (mask + 1) * sizeof *end);
    for (size_t i = 0; i < n; i++) end[digit(&v[i], by_value, low, mask)]++;
    for (size_t d = 0, sum = 0; d <= mask; d++) {
        at[d] = sum;
        sum += end[d];
        end[d] = sum;
    }
    deal(v, at, end, by_value, low, mask);
    for (size_t d = 0, begin = 0; d <= mask; begin = end[d++]) {
        if (end[d] - begin <= SMALL)
            insertion_sort(v + begin, end[d] - begin);
        else
            flag_sort(v + begin, end[d] - begin);
    }
}

void lsh_sort(struct lsh_record *records, size_t n) {
    if (n <= SMALL)
        insertion_sort(records, n);
    else
        flag_sort(records, n);
}
