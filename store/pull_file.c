#include "store/pull_file.h"
#include "base/file.h"
#include "base/limits.h"
#include "store/blocks.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRESS_BYTES MIB /* so much since the last failure counts as getting on */

struct fetch {
    const struct pull_file *f;
    int fd;
    struct sha256 hash;
    uint64_t have;  /* bytes in the part, all hashed */
    uint64_t asked; /* first byte of the request under way */
    bool answered;  /* its head was judged */
    bool disk_full; /* waiting for the server would not help */
    bool resumed;   /* the part holds bytes of an earlier request */
    char etag[256]; /* of the file the part was begun from */
    struct transport_answer ans;
    struct buf *err;
};

bool pull_file_digest(const char *path, char hex[65], int64_t *bytes) {
    unsigned char chunk[65536], digest[SHA256_BYTES];
    struct sha256 hash;
    ssize_t n = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return false;
    sha256_init(&hash);
    *bytes = 0;
    while (n > 0 || (n < 0 && errno == EINTR)) {
        n = read(fd, chunk, sizeof chunk);
        if (n > 0) {
            sha256_update(&hash, chunk, (size_t)n);
            *bytes += n;
        }
    }
    close(fd);
    sha256_final(&hash, digest);
    hash_hex(digest, sizeof digest, hex);
    return n == 0;
}

/* ---- the part ---- */

static enum status empty_part(struct fetch *x) {
    if (ftruncate(x->fd, 0) != 0 || lseek(x->fd, 0, SEEK_SET) != 0) return fail_errno(x->err, "empty", x->f->part);
    atomic_fetch_sub(x->f->done_bytes, (int64_t)x->have);
    sha256_init(&x->hash);
    x->have = 0;
    x->resumed = false;
    x->etag[0] = '\0';
    return ST_OK;
}

/* Hash what an earlier run left. */
static enum status read_part(struct fetch *x) {
    unsigned char chunk[65536];
    ssize_t n = 1;
    sha256_init(&x->hash);
    while (n > 0 || (n < 0 && errno == EINTR)) {
        n = read(x->fd, chunk, sizeof chunk);
        if (n <= 0) continue;
        sha256_update(&x->hash, chunk, (size_t)n);
        x->have += (uint64_t)n;
    }
    if (n < 0) return fail_errno(x->err, "read", x->f->part);
    atomic_fetch_add(x->f->done_bytes, (int64_t)x->have);
    x->resumed = x->have > 0;
    return x->f->bytes >= 0 && x->have > (uint64_t)x->f->bytes ? empty_part(x) : ST_OK;
}

static bool digest_right(const struct fetch *x) {
    struct sha256 copy = x->hash;
    unsigned char digest[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];
    sha256_final(&copy, digest);
    hash_hex(digest, sizeof digest, hex);
    return !strcmp(hex, x->f->sha256);
}

/* ---- one request ---- */

/* What to add to the message when the bytes are wrong: a Content-Encoding that nobody asked for tells who changed them. */
static const char *coded(const struct fetch *x, struct buf *text) {
    buf_clear(text);
    if (x->ans.coding[0]) buf_printf(text, "; it came with Content-Encoding: %s, which was not asked for", x->ans.coding);
    return buf_cstr(text);
}

/* The first bytes came: do they go on where the part ends? */
static enum status judge(struct fetch *x) {
    const struct transport_answer *a = &x->ans;
    x->answered = true;
    if (x->f->bytes >= 0 && a->total >= 0 && a->total != x->f->bytes) {
        struct buf why = {.max = LIMIT_ERR};
        fail(x->err, ST_SKIP, "%s: %lld bytes there, %lld promised%s", x->f->url, (long long)a->total, (long long)x->f->bytes,
             coded(x, &why));
        buf_free(&why);
        return ST_SKIP;
    }
    if (a->from != x->have) { /* a server that knows no ranges, or the file changed since */
        enum status st = empty_part(x);
        if (st != ST_OK) return st;
        if (a->from != 0) return fail(x->err, ST_RETRY, "%s: the answer begins at the wrong byte", x->f->url);
    }
    memcpy(x->etag, a->etag, sizeof x->etag);
    return ST_OK;
}

static enum status sink(void *ctx, struct slice bytes) {
    struct fetch *x = ctx;
    enum status st = x->answered ? ST_OK : judge(x);
    if (st != ST_OK) return st;
    st = fd_write_all(x->fd, bytes, x->f->part, x->err);
    if (st != ST_OK) {
        x->disk_full = st == ST_RETRY;
        return st;
    }
    sha256_update(&x->hash, bytes.ptr, bytes.len);
    x->have += bytes.len;
    atomic_fetch_add(x->f->done_bytes, (int64_t)bytes.len);
    atomic_fetch_add(x->f->wire_bytes, bytes.len);
    return ST_OK;
}

/* One request.  OK: the body came to its end. */
static enum status request(struct fetch *x) {
    const struct pull_file *f = x->f;
    uint64_t room = f->bytes >= 0 ? (uint64_t)f->bytes - x->have : LIMIT_RELEASE_META;
    struct transport_request req = {.url = f->url, .from = x->have, .if_range = x->etag[0] ? x->etag : NULL};
    /* A server without ranges begins at 0 again: the whole length must pass. */
    req.max_bytes = f->bytes >= 0 ? (uint64_t)f->bytes : room;
    x->asked = x->have;
    x->answered = false;
    x->ans = (struct transport_answer){.length = -1, .total = -1, .retry_after_ms = -1};
    return f->transport->get(f->transport->ctx, f->worker, &req, &x->ans, sink, x, x->err);
}

/* ---- mending ---- */

static enum status keep_block(void *ctx, struct slice bytes) {
    struct buf *block = ctx;
    buf_slice(block, bytes);
    return buf_ok(block) ? ST_OK : ST_SKIP;
}

static enum status fetch_block(struct fetch *x, size_t i, uint64_t from, size_t len, struct buf *block) {
    const struct transport *t = x->f->transport;
    struct transport_request req = {.url = x->f->url, .from = from, .bytes = len, .max_bytes = len};
    struct transport_answer ans = {.retry_after_ms = -1};
    buf_clear(block);
    enum status st = t->get(t->ctx, x->f->worker, &req, &ans, keep_block, block, x->err);
    atomic_fetch_add(x->f->wire_bytes, block->len);
    if (st == ST_OK && (ans.status != 206 || ans.from != from || block->len != len)) st = ST_SKIP;
    if (st == ST_OK && !blocks_right(x->f->blocks, i, buf_view(block))) st = ST_SKIP;
    if (st == ST_OK && pwrite(x->fd, block->data, len, (off_t)from) != (ssize_t)len) st = ST_SKIP;
    return st;
}

static enum status mend_blocks(struct fetch *x, struct buf *block) {
    uint64_t whole = (uint64_t)x->f->bytes;
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i * BLOCK_BYTES < whole; i++) {
        uint64_t from = i * BLOCK_BYTES;
        size_t len = whole - from < BLOCK_BYTES ? (size_t)(whole - from) : BLOCK_BYTES;
        if (pread(x->fd, block->data, len, (off_t)from) != (ssize_t)len) return ST_SKIP;
        if (blocks_right(x->f->blocks, i, slice_of(block->data, len))) continue;
        st = fetch_block(x, i, from, len, block);
    }
    return st;
}

/* A part of the right length and a wrong digest.  OK: it is right now; else it is emptied, to be fetched whole. */
static enum status mend(struct fetch *x) {
    struct buf block = {.max = BLOCK_BYTES + 1};
    bool known = x->f->bytes > 0 && x->have == (uint64_t)x->f->bytes && blocks_fit(x->f->blocks, x->have);
    enum status st = known && buf_reserve(&block, BLOCK_BYTES) ? mend_blocks(x, &block) : ST_SKIP;
    buf_free(&block);
    if (st == ST_OK) {
        atomic_fetch_sub(x->f->done_bytes, (int64_t)x->have);
        x->have = 0;
        st = lseek(x->fd, 0, SEEK_SET) == 0 ? read_part(x) : ST_SKIP;
    }
    if (st == ST_OK && digest_right(x)) return ST_OK;
    st = empty_part(x);
    return st == ST_OK ? ST_SKIP : st;
}

bool pull_file_begin_from_old(const struct pull_file *f, int fd) {
    struct buf chunk = {.max = BLOCK_BYTES + 1};
    struct stat sb;
    int old = f->old && blocks_fit(f->blocks, (uint64_t)f->bytes) ? open(f->old, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    bool ok = old >= 0 && fstat(fd, &sb) == 0 && sb.st_size == 0 && buf_reserve(&chunk, BLOCK_BYTES), emptied = true;
    ssize_t n = 1;
    while (ok && (n = read(old, chunk.data, BLOCK_BYTES)) > 0)
        ok = fd_write_all(fd, slice_of(chunk.data, (size_t)n), f->part, NULL) == ST_OK;
    if (old >= 0 && (!ok || n < 0)) emptied = ftruncate(fd, 0) == 0;
    if (old >= 0) close(old);
    buf_free(&chunk);
    return lseek(fd, 0, SEEK_SET) == 0 && emptied;
}

/* What the answer means.  RETRY: ask again. */
static enum status conclude(struct fetch *x, enum status st) {
    int code = x->ans.status;
    if (st != ST_OK) return st;
    if (transport_again(code)) return fail(x->err, ST_RETRY, "%s: HTTP status %d", x->f->url, code);
    if (code == 416) { /* nothing past the part: it is whole, or too long */
        if (digest_right(x)) return ST_OK;
        st = empty_part(x);
        return st == ST_OK ? fail(x->err, ST_RETRY, "%s: HTTP status 416", x->f->url) : st;
    }
    if (code != 200 && code != 206) return fail(x->err, ST_SKIP, "%s: HTTP status %d", x->f->url, code);
    if (x->f->bytes >= 0 && x->have < (uint64_t)x->f->bytes)
        return fail(x->err, ST_RETRY, "%s: cut short at %llu of %lld bytes", x->f->url, (unsigned long long)x->have,
                    (long long)x->f->bytes);
    if (digest_right(x)) return ST_OK;
    bool mixed = x->asked > 0 || x->resumed;
    st = mend(x);
    if (st != ST_SKIP) return st;
    struct buf why = {.max = LIMIT_ERR};
    fail(x->err, ST_RETRY, "%s: damaged%s: SHA-256 is not %s%s", x->f->url, mixed ? " after a resume" : "", x->f->sha256,
         coded(x, &why));
    buf_free(&why);
    return ST_RETRY;
}

static enum status loop(struct fetch *x) {
    const struct transport *t = x->f->transport;
    unsigned tries = x->f->tries ? x->f->tries : PULL_TRIES, failures = 0, damaged = 0;
    enum status st = ST_OK;
    bool whole = x->have > 0 && (digest_right(x) || (x->f->bytes == (int64_t)x->have && mend(x) == ST_OK));
    while (!whole) {
        uint64_t before = x->have;
        st = request(x);
        if (x->disk_full) return ST_RETRY;
        bool complete = st == ST_OK && (x->ans.status == 200 || x->ans.status == 206);
        st = conclude(x, st);
        if (st != ST_RETRY) break;
        /* A whole body with a wrong digest: twice from the first byte on, and the server's file is what is wrong. */
        if (complete && x->have == 0 && x->asked == 0 && ++damaged >= 2) return ST_SKIP;
        failures = x->have >= before + PROGRESS_BYTES ? 1 : failures + 1;
        if (failures >= tries) return ST_RETRY;
        if (complete && x->have == 0) continue;
        if (!t->sleep(t->ctx, transport_backoff_ms(failures, x->ans.retry_after_ms))) return fail(x->err, ST_RETRY, "interrupted");
    }
    return st;
}

enum status pull_file_fetch(const struct pull_file *f, struct buf *err) {
    struct fetch x = {.f = f, .err = err};
    x.fd = open(f->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (x.fd < 0) return fail_errno(err, "create", f->part);
    enum status st = pull_file_begin_from_old(f, x.fd) ? read_part(&x) : fail_errno(err, "write", f->part);
    if (st == ST_OK) st = loop(&x);
    if (st == ST_OK && fsync(x.fd) != 0) st = fail_errno(err, "sync", f->part);
    close(x.fd);
    return st;
}
