#include "cli/signatures.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/limits.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAGIC_LEN 38 /* "villers-signatures 1 " + 16 + newline */
#define HEAD_LEN 12  /* offset and length */
#define TAIL_LEN 8
#define CHUNK (256 * KIB)
#define END_OFFSET UINT64_MAX
#define RECORD_MAX (HEAD_LEN + TAIL_LEN + 64 + 8 * SIGNATURE_MAX_KEYS + 4 * SIGNATURE_SKETCH) /* at least */

static void magic_of(char out[MAGIC_LEN + 1], const struct signature_options *opt) {
    snprintf(out, MAGIC_LEN + 1, "villers-signatures 1 %016llx\n", (unsigned long long)signature_version(opt));
}

static void put_le(struct buf *b, uint64_t v, int bytes) {
    for (int i = 0; i < bytes; i++) buf_char(b, (char)(v >> (8 * i)));
}

static uint64_t get_le(const char *p, int bytes) {
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++) v |= (uint64_t)(unsigned char)p[i] << (8 * i);
    return v;
}

struct signatures_writer {
    struct atomic_file file;
    struct buf waiting; /* not yet written */
};

static enum status flush(struct signatures_writer *w, struct buf *err) {
    if (!buf_ok(&w->waiting)) return fail(err, ST_RETRY, "%s: out of memory", w->file.path);
    enum status st = atomic_write(&w->file, buf_view(&w->waiting), err);
    buf_clear(&w->waiting);
    return st;
}

enum status signatures_create(const char *path, const struct signature_options *opt, struct signatures_writer **out,
                              struct buf *err) {
    struct signatures_writer *w = calloc(1, sizeof *w);
    if (!w) return fail(err, ST_RETRY, "%s: out of memory", path);
    char magic[MAGIC_LEN + 1];
    magic_of(magic, opt);
    buf_init(&w->waiting, 4 * CHUNK);
    buf_append(&w->waiting, magic, MAGIC_LEN);
    enum status st = atomic_open(&w->file, path, err);
    if (st == ST_OK)
        *out = w;
    else
        signatures_abort(w);
    return st;
}

enum status signatures_write(struct signatures_writer *w, uint64_t offset, struct slice packed, struct buf *err) {
    size_t from = w->waiting.len;
    put_le(&w->waiting, offset, 8);
    put_le(&w->waiting, packed.len, 4);
    buf_slice(&w->waiting, packed);
    put_le(&w->waiting, hash64(slice_sub(buf_view(&w->waiting), from, w->waiting.len)), TAIL_LEN);
    return w->waiting.len < CHUNK ? ST_OK : flush(w, err);
}

enum status signatures_finish(struct signatures_writer *w, struct buf *err) {
    enum status st = signatures_write(w, END_OFFSET, slice_of("", 0), err);
    if (st == ST_OK) st = flush(w, err);
    if (st == ST_OK) st = atomic_commit_as(&w->file, NULL, err);
    signatures_abort(w);
    return st;
}

void signatures_abort(struct signatures_writer *w) {
    if (!w) return;
    atomic_abort(&w->file);
    buf_free(&w->waiting);
    free(w);
}

struct signatures_reader {
    char *path;
    int fd;
    struct buf held; /* read, from `at` on not yet taken */
    size_t at;
    uint64_t taken;    /* bytes of the file before `at` */
    uint64_t position; /* of the record given last */
    bool ended;        /* the end record was seen */
};

/* Make ${n} bytes available from `at` on. */
static enum status want(struct signatures_reader *r, size_t n, struct buf *err) {
    if (r->held.len - r->at >= n) return ST_OK;
    if (r->at) {
        memmove(r->held.data, r->held.data + r->at, r->held.len - r->at);
        buf_truncate(&r->held, r->held.len - r->at);
        r->at = 0;
    }
    while (r->held.len < n) {
        if (!buf_reserve(&r->held, CHUNK)) return fail(err, ST_FATAL, "%s: damaged: a record is too long", r->path);
        ssize_t got = read(r->fd, r->held.data + r->held.len, CHUNK);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno(err, "read", r->path);
        if (got == 0) return fail(err, ST_FATAL, "%s: truncated; remove it and run villers refine", r->path);
        r->held.len += (size_t)got;
    }
    return ST_OK;
}

enum status signatures_open(const char *path, const struct signature_options *opt, struct signatures_reader **out,
                            struct buf *err) {
    struct signatures_reader *r = calloc(1, sizeof *r);
    if (!r) return fail(err, ST_RETRY, "%s: out of memory", path);
    char magic[MAGIC_LEN + 1];
    magic_of(magic, opt);
    buf_init(&r->held, 16 * MIB);
    r->path = strdup(path);
    r->fd = open(path, O_RDONLY | O_CLOEXEC);
    enum status st = ST_OK;
    if (!r->path)
        st = fail(err, ST_RETRY, "%s: out of memory", path);
    else if (r->fd < 0)
        st = fail(err, ST_FATAL, "%s: cannot open: %s", path, strerror(errno));
    else
        st = want(r, MAGIC_LEN, err);
    if (st == ST_OK && memcmp(r->held.data, magic, MAGIC_LEN) != 0)
        st = fail(err, ST_FATAL, "%s: signatures of another version or other settings; remove it and run villers refine", path);
    r->at = r->taken = MAGIC_LEN;
    if (st == ST_OK)
        *out = r;
    else
        signatures_free(r);
    return st;
}

/* The record that ${bytes} begins with, whose packed signature has ${len} bytes: false when it is not one. */
static bool read_record(const char *bytes, size_t len, uint64_t *offset, struct signature *sig) {
    struct slice packed = slice_of(bytes + HEAD_LEN, len);
    *offset = get_le(bytes, 8);
    if (get_le(bytes + HEAD_LEN + len, TAIL_LEN) != hash64(slice_of(bytes, HEAD_LEN + len))) return false;
    return *offset == END_OFFSET || signature_unpack(&packed, sig);
}

uint64_t signatures_position(const struct signatures_reader *r) { return r->position; }

enum status signatures_at(const struct signatures_reader *r, uint64_t position, uint64_t *offset, struct signature *sig,
                          struct buf *err) {
    char bytes[RECORD_MAX];
    ssize_t got;
    do got = pread(r->fd, bytes, sizeof bytes, (off_t)position);
    while (got < 0 && errno == EINTR);
    if (got < 0) return fail_errno(err, "read", r->path);
    size_t len = got > HEAD_LEN ? (size_t)get_le(bytes + 8, 4) : SIZE_MAX;
    if (got < HEAD_LEN + TAIL_LEN || len > (size_t)got - HEAD_LEN - TAIL_LEN || !read_record(bytes, len, offset, sig) ||
        *offset == END_OFFSET)
        return fail(err, ST_SKIP, "%s: no signature at %llu", r->path, (unsigned long long)position);
    return ST_OK;
}

enum status signatures_next(struct signatures_reader *r, uint64_t *offset, struct signature *sig, struct buf *err) {
    if (r->ended) return ST_RETRY;
    enum status st = want(r, HEAD_LEN, err);
    if (st != ST_OK) return st;
    size_t len = (size_t)get_le(r->held.data + r->at + 8, 4);
    st = want(r, HEAD_LEN + len + TAIL_LEN, err);
    if (st != ST_OK) return st;
    bool whole = read_record(r->held.data + r->at, len, offset, sig);
    r->ended = whole && *offset == END_OFFSET;
    r->at += HEAD_LEN + len + TAIL_LEN;
    r->position = r->taken;
    r->taken += HEAD_LEN + len + TAIL_LEN;
    if (r->ended) return ST_RETRY;
    if (!whole) return fail(err, ST_FATAL, "%s: damaged; remove it and run villers refine", r->path);
    return ST_OK;
}

void signatures_free(struct signatures_reader *r) {
    if (!r) return;
    if (r->fd >= 0) close(r->fd);
    buf_free(&r->held);
    free(r->path);
    free(r);
}
