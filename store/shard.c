/*
 * libzstd's own threads compress; its output depends on the level and the job size alone, never on how many threads there are, so
 * long as there is at least one.  Zero would be another code path with other bytes: it is never used.
 */
#include "store/shard.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/parallel.h"
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

enum { JOB_BYTES = 8 << 20, MAX_WORKERS = 8, OUT_BYTES = 256 << 10 };

struct shard_writer {
    ZSTD_CCtx *zstd;
    struct atomic_file file;
    struct sha256 sum;
    char *dir;
    const char *prefix;
    unsigned number;
    struct shard_info info;
    char out[OUT_BYTES];
};

static bool set(ZSTD_CCtx *c, ZSTD_cParameter what, int value) { return !ZSTD_isError(ZSTD_CCtx_setParameter(c, what, value)); }

static bool configure(ZSTD_CCtx *c, int level) {
    unsigned cores = parallel_cores();
    int workers = cores < 1 ? 1 : cores > MAX_WORKERS ? MAX_WORKERS : (int)cores;
    return set(c, ZSTD_c_compressionLevel, level) && set(c, ZSTD_c_checksumFlag, 1) && set(c, ZSTD_c_contentSizeFlag, 0) &&
           set(c, ZSTD_c_nbWorkers, workers) && set(c, ZSTD_c_jobSize, JOB_BYTES);
}

enum status shard_create(const char *dir, const char *prefix, unsigned number, int level, struct shard_writer **out,
                         struct buf *err) {
    struct shard_writer *w = calloc(1, sizeof *w);
    if (!w) return fail(err, ST_FATAL, "no memory for a shard");
    w->prefix = prefix;
    w->number = number;
    w->dir = strdup(dir);
    w->zstd = ZSTD_createCCtx();
    sha256_init(&w->sum);
    enum status st = ST_OK;
    if (!w->dir || !w->zstd)
        st = fail(err, ST_FATAL, "no memory for a shard");
    else if (!configure(w->zstd, level))
        st = fail(err, ST_FATAL, "libzstd was built without threads, or knows no level %d", level);
    if (st == ST_OK) {
        char name[32];
        struct buf path = {0};
        snprintf(name, sizeof name, "%s-%05u", prefix, number);
        path_join(&path, dir, name);
        st = buf_ok(&path) ? atomic_open(&w->file, buf_cstr(&path), err) : fail(err, ST_FATAL, "no memory for a shard");
        buf_free(&path);
    }
    if (st != ST_OK) {
        shard_abort(w);
        return st;
    }
    *out = w;
    return ST_OK;
}

void shard_abort(struct shard_writer *w) {
    if (!w) return;
    atomic_abort(&w->file);
    ZSTD_freeCCtx(w->zstd);
    free(w->dir);
    free(w);
}

/* Feed ${in}; with ZSTD_e_end go on until the frame is whole. */
static enum status feed(struct shard_writer *w, struct slice bytes, ZSTD_EndDirective how, struct buf *err) {
    ZSTD_inBuffer in = {bytes.ptr, bytes.len, 0};
    for (;;) {
        ZSTD_outBuffer out = {w->out, sizeof w->out, 0};
        size_t pending = ZSTD_compressStream2(w->zstd, &out, &in, how);
        if (ZSTD_isError(pending)) return fail(err, ST_FATAL, "zstd: %s", ZSTD_getErrorName(pending));
        if (out.pos) {
            sha256_update(&w->sum, w->out, out.pos);
            w->info.bytes += out.pos;
            enum status st = atomic_write(&w->file, slice_of(w->out, out.pos), err);
            if (st != ST_OK) return st;
        }
        if (how == ZSTD_e_end ? pending == 0 : in.pos == in.size) return ST_OK;
    }
}

enum status shard_append(struct shard_writer *w, struct slice line, uint64_t text_bytes, uint64_t words, struct buf *err) {
    enum status st = feed(w, line, ZSTD_e_continue, err);
    if (st != ST_OK) return st;
    w->info.text_bytes += text_bytes;
    w->info.words += words;
    w->info.documents++;
    return ST_OK;
}

enum status shard_finish(struct shard_writer *w, struct shard_info *info, struct buf *err) {
    enum status st = feed(w, slice_str(""), ZSTD_e_end, err);
    if (st == ST_OK) {
        unsigned char sum[SHA256_BYTES];
        struct buf path = {0};
        sha256_final(&w->sum, sum);
        hash_hex(sum, sizeof sum, w->info.sha256);
        snprintf(w->info.name, sizeof w->info.name, "%s-%05u-%.12s.jsonl.zst", w->prefix, w->number, w->info.sha256);
        path_join(&path, w->dir, w->info.name);
        st = buf_ok(&path) ? atomic_commit_as(&w->file, buf_cstr(&path), err) : fail(err, ST_FATAL, "no memory for a shard");
        buf_free(&path);
        if (st == ST_OK) *info = w->info;
    }
    shard_abort(w);
    return st;
}
