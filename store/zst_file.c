#include "store/zst_file.h"
#include "base/file.h"
#include "base/limits.h"
#include <stdlib.h>
#include <zstd.h>

enum { OUT_BYTES = 256 << 10 };

struct zst_file {
    ZSTD_CCtx *zstd; /* NULL: plain */
    struct atomic_file file;
    size_t held;
    char out[OUT_BYTES];
};

static bool set(ZSTD_CCtx *c, ZSTD_cParameter what, int value) { return !ZSTD_isError(ZSTD_CCtx_setParameter(c, what, value)); }

static enum status configure(struct zst_file *f, const struct zst_file_options *opt, struct buf *err) {
    if (opt->level == 0) return ST_OK;
    f->zstd = ZSTD_createCCtx();
    if (!f->zstd) return fail(err, ST_FATAL, "out of memory for a compressor");
    bool ok = set(f->zstd, ZSTD_c_compressionLevel, opt->level) && set(f->zstd, ZSTD_c_checksumFlag, 1);
    if (ok && opt->jobs) ok = set(f->zstd, ZSTD_c_nbWorkers, (int)opt->jobs);
    return ok ? ST_OK : fail(err, ST_FATAL, "libzstd was built without threads, or knows no level %d", opt->level);
}

enum status zst_file_create(const char *path, const struct zst_file_options *opt, struct zst_file **out, struct buf *err) {
    struct zst_file *f = malloc(sizeof *f);
    if (!f) return fail(err, ST_FATAL, "out of memory");
    f->zstd = NULL;
    f->file = (struct atomic_file){0};
    f->held = 0;
    enum status st = configure(f, opt, err);
    if (st == ST_OK) st = atomic_open(&f->file, path, err);
    if (st == ST_OK)
        *out = f;
    else
        zst_file_abort(f);
    return st;
}

void zst_file_abort(struct zst_file *f) {
    if (!f) return;
    atomic_abort(&f->file);
    ZSTD_freeCCtx(f->zstd);
    free(f);
}

static enum status flush(struct zst_file *f, struct buf *err) {
    enum status st = f->held ? atomic_write(&f->file, slice_of(f->out, f->held), err) : ST_OK;
    f->held = 0;
    return st;
}

static enum status write_plain(struct zst_file *f, struct slice bytes, struct buf *err) {
    enum status st = ST_OK;
    if (f->held + bytes.len > OUT_BYTES) st = flush(f, err);
    if (st != ST_OK) return st;
    if (bytes.len > OUT_BYTES) return atomic_write(&f->file, bytes, err);
    if (bytes.len) memcpy(f->out + f->held, bytes.ptr, bytes.len);
    f->held += bytes.len;
    return ST_OK;
}

/* Feed ${bytes}; with ZSTD_e_end go on until the frame is whole. */
static enum status feed(struct zst_file *f, struct slice bytes, ZSTD_EndDirective how, struct buf *err) {
    ZSTD_inBuffer in = {bytes.ptr, bytes.len, 0};
    for (;;) {
        ZSTD_outBuffer out = {f->out, OUT_BYTES, f->held};
        size_t pending = ZSTD_compressStream2(f->zstd, &out, &in, how);
        if (ZSTD_isError(pending)) return fail(err, ST_FATAL, "zstd: %s", ZSTD_getErrorName(pending));
        f->held = out.pos;
        enum status st = f->held == OUT_BYTES || (how == ZSTD_e_end && pending == 0) ? flush(f, err) : ST_OK;
        if (st != ST_OK || (how == ZSTD_e_end ? pending == 0 : in.pos == in.size)) return st;
    }
}

enum status zst_file_write(struct zst_file *f, struct slice bytes, struct buf *err) {
    return f->zstd ? feed(f, bytes, ZSTD_e_continue, err) : write_plain(f, bytes, err);
}

enum status zst_file_finish(struct zst_file *f, struct buf *err) {
    enum status st = f->zstd ? feed(f, slice_str(""), ZSTD_e_end, err) : flush(f, err);
    if (st == ST_OK) st = atomic_commit_as(&f->file, NULL, err);
    zst_file_abort(f);
    return st;
}
