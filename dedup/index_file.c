/*
 * Layout: data; table (u64 a block of data); head; trailer of 48 bytes: u64 data bytes, u64 blocks, u64 head bytes, u64 XXH3 of
 * table and head, u64 XXH3 of the four before, 8 bytes of magic.  All little-endian.
 */
#include "dedup/index_file.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/limits.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK (16 * KIB)
#define TRAILER 48
static const char magic[8] = {'V', 'I', 'L', 'L', 'I', 'D', 'X', 1};

struct index_out {
    struct atomic_file file;
    uint64_t offset; /* of data, the block in hand included */
    char block[BLOCK];
    size_t used;
    uint64_t *table;
    size_t n_blocks, room;
};

enum status index_out_create(const char *path, struct index_out **out, struct buf *err) {
    struct index_out *o = calloc(1, sizeof *o);
    *out = NULL;
    if (!o) return fail(err, ST_FATAL, "out of memory");
    enum status st = atomic_open(&o->file, path, err);
    if (st == ST_OK)
        *out = o;
    else
        free(o);
    return st;
}

void index_out_abort(struct index_out *o) {
    if (!o) return;
    atomic_abort(&o->file);
    free(o->table);
    free(o);
}

static enum status put_block(struct index_out *o, struct buf *err) {
    if (o->n_blocks == o->room) {
        size_t room = o->room ? 2 * o->room : 256;
        uint64_t *t = realloc(o->table, room * sizeof *t);
        if (!t) return fail(err, ST_FATAL, "out of memory");
        o->table = t;
        o->room = room;
    }
    o->table[o->n_blocks++] = htole64(hash64(slice_of(o->block, o->used)));
    enum status st = atomic_write(&o->file, slice_of(o->block, o->used), err);
    o->used = 0;
    return st;
}

enum status index_out_write(struct index_out *o, const void *bytes, size_t n, struct buf *err) {
    const char *p = bytes;
    enum status st = ST_OK;
    o->offset += n;
    while (st == ST_OK && n) {
        size_t k = BLOCK - o->used < n ? BLOCK - o->used : n;
        memcpy(o->block + o->used, p, k);
        o->used += k;
        p += k;
        n -= k;
        if (o->used == BLOCK) st = put_block(o, err);
    }
    return st;
}

uint64_t index_out_offset(const struct index_out *o) { return o->offset; }

/* XXH3 of the table and the head, chained, so that neither need be copied. */
static uint64_t hash_tail(const uint64_t *table, size_t n_blocks, struct slice head) {
    return hash64_seed(head, hash64(slice_of((const char *)table, n_blocks * sizeof *table)));
}

enum status index_out_finish(struct index_out *o, struct slice head, struct buf *err) {
    enum status st = o->used ? put_block(o, err) : ST_OK;
    char trailer[TRAILER];
    uint64_t words[5] = {htole64(o->offset), htole64(o->n_blocks), htole64(head.len), 0, 0};
    words[3] = htole64(hash_tail(o->table, o->n_blocks, head));
    words[4] = htole64(hash64(slice_of((const char *)words, 32)));
    memcpy(trailer, words, sizeof words);
    memcpy(trailer + sizeof words, magic, sizeof magic);
    if (st == ST_OK) st = atomic_write(&o->file, slice_of((const char *)o->table, o->n_blocks * sizeof *o->table), err);
    if (st == ST_OK) st = atomic_write(&o->file, head, err);
    if (st == ST_OK) st = atomic_write(&o->file, slice_of(trailer, TRAILER), err);
    if (st == ST_OK)
        st = atomic_commit_as(&o->file, NULL, err);
    else
        atomic_abort(&o->file);
    free(o->table);
    free(o);
    return st;
}

struct index_in {
    char *path;
    int fd;
    uint64_t data, n_blocks;
    uint64_t *table;
    unsigned char *good; /* a bit a block: it has been checked since the file was opened */
    char *head;
    size_t n_head;
};

static enum status damaged(const struct index_in *in, const char *what, struct buf *err) {
    return fail(err, ST_FATAL, "%s is damaged: %s; put back a copy of it, or remove its folder and make it again", in->path, what);
}

static enum status read_at(const struct index_in *in, uint64_t offset, void *bytes, size_t n, struct buf *err) {
    char *p = bytes;
    while (n) {
        ssize_t k = pread(in->fd, p, n, (off_t)offset);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) return fail_errno(err, "read", in->path);
        if (k == 0) return damaged(in, "it is cut short", err);
        p += k;
        offset += (uint64_t)k;
        n -= (size_t)k;
    }
    return ST_OK;
}

static enum status read_tail(struct index_in *in, struct buf *err) {
    struct stat sb;
    char trailer[TRAILER];
    uint64_t w[5];
    if (fstat(in->fd, &sb) != 0) return fail_errno(err, "read", in->path);
    uint64_t size = (uint64_t)sb.st_size;
    if (size < TRAILER) return damaged(in, "it is cut short", err);
    enum status st = read_at(in, size - TRAILER, trailer, TRAILER, err);
    if (st != ST_OK) return st;
    memcpy(w, trailer, sizeof w);
    if (memcmp(trailer + sizeof w, magic, sizeof magic) != 0 || le64toh(w[4]) != hash64(slice_of(trailer, 32)))
        return damaged(in, "its end is not that of an index", err);
    in->data = le64toh(w[0]);
    in->n_blocks = le64toh(w[1]);
    in->n_head = le64toh(w[2]);
    if (in->n_head > INDEX_HEAD_MAX || in->n_blocks != (in->data + BLOCK - 1) / BLOCK ||
        size != in->data + 8 * in->n_blocks + in->n_head + TRAILER)
        return damaged(in, "its length is wrong", err);
    in->table = malloc(8 * in->n_blocks + 1);
    in->good = calloc(in->n_blocks / 8 + 1, 1);
    in->head = malloc(in->n_head + 1);
    if (!in->table || !in->good || !in->head) return fail(err, ST_FATAL, "out of memory");
    st = read_at(in, in->data, in->table, 8 * in->n_blocks, err);
    if (st == ST_OK) st = read_at(in, in->data + 8 * in->n_blocks, in->head, in->n_head, err);
    if (st == ST_OK && le64toh(w[3]) != hash_tail(in->table, in->n_blocks, slice_of(in->head, in->n_head)))
        st = damaged(in, "the checksum of its table is wrong", err);
    return st;
}

enum status index_in_open(const char *path, struct index_in **out, struct buf *err) {
    struct index_in *in = calloc(1, sizeof *in);
    *out = NULL;
    if (!in) return fail(err, ST_FATAL, "out of memory");
    in->path = strdup(path);
    in->fd = in->path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    enum status st = in->path ? ST_OK : fail(err, ST_FATAL, "out of memory");
    if (st == ST_OK && in->fd < 0) st = fail_errno(err, "open", path);
    if (st == ST_OK) st = read_tail(in, err);
    if (st == ST_OK)
        *out = in;
    else
        index_in_free(in);
    return st;
}

void index_in_free(struct index_in *in) {
    if (!in) return;
    if (in->fd >= 0) close(in->fd);
    free(in->table);
    free(in->good);
    free(in->head);
    free(in->path);
    free(in);
}

struct slice index_in_head(const struct index_in *in) {
    return slice_of(in->head, in->n_head);
}
uint64_t index_in_size(const struct index_in *in) { return in->data; }

enum status index_in_read(const struct index_in *in, uint64_t offset, void *bytes, size_t n, struct buf *err) {
    char block[BLOCK], *p = bytes;
    if (offset > in->data || n > in->data - offset) return damaged(in, "it points outside itself", err);
    while (n) {
        uint64_t number = offset / BLOCK, begin = number * BLOCK;
        size_t len = in->data - begin < BLOCK ? (size_t)(in->data - begin) : BLOCK, at = (size_t)(offset - begin);
        size_t k = len - at < n ? len - at : n;
        unsigned char bit = (unsigned char)(1u << number % 8), *good = &in->good[number / 8];
        if (__atomic_load_n(good, __ATOMIC_RELAXED) & bit) {
            enum status st = read_at(in, offset, p, k, err);
            if (st != ST_OK) return st;
            p += k;
            offset += k;
            n -= k;
            continue;
        }
        /* A whole block goes straight to its place. */
        char *to = k == len ? p : block;
        enum status st = read_at(in, begin, to, len, err);
        if (st != ST_OK) return st;
        if (hash64(slice_of(to, len)) != le64toh(in->table[number])) return damaged(in, "a block does not match its checksum", err);
        __atomic_fetch_or(good, bit, __ATOMIC_RELAXED);
        if (to == block) memcpy(p, block + at, k);
        p += k;
        offset += k;
        n -= k;
    }
    return ST_OK;
}
