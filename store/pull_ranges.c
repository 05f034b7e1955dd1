#include "store/pull_ranges.h"
#include "base/file.h"
#include "base/limits.h"
#include "store/blocks.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define RANGE_BYTES (PULL_RANGE_BLOCKS * (uint64_t)BLOCK_BYTES)
#define PIECE_BYTES (256 * KIB) /* written at once: what a kill costs a connection at most */
#define WRONG_BLOCKS 3          /* times a block may come wrong before the server's file is what is wrong */

struct pull_ranges {
    struct pull_file f;
    char *url, *part, *old; /* f's, owned */
    char sha256[65];
    uint64_t bytes;
    size_t n_blocks;
    pthread_mutex_t lock; /* over all below but the atomics */
    int fd;
    size_t left; /* ranges not ended */
    enum status st;
    struct buf err;
    atomic_bool stop; /* a range failed, or ranges do not work: the others end */
    bool one_stream;
    pthread_mutex_t hash_lock; /* over hash and hashed */
    struct sha256 hash;
    size_t hashed;      /* blocks */
    atomic_bool *right; /* a block is in the part, checked */
};

/* One range at work. */
struct range {
    struct pull_ranges *r;
    const struct transport *transport;
    unsigned worker;
    uint64_t from, to; /* bytes that one request asks for */
    size_t block;      /* being filled */
    size_t have;       /* bytes of it in memory */
    size_t written;    /* of those, in the part */
    uint64_t gained;   /* bytes since the last failure */
    unsigned wrong;    /* times in a row that this block was */
    bool judged;
    bool spoiled;     /* the last request ended at a wrong block */
    bool failed_here; /* asking again would not help */
    char *memory;
    struct transport_answer ans;
    struct buf err;
};

bool pull_ranges_suit(const struct pull_file *f) {
    return f->bytes > 0 && (uint64_t)f->bytes > RANGE_BYTES && blocks_fit(f->blocks, (uint64_t)f->bytes);
}

size_t pull_ranges_count(const struct pull_file *f) { return (size_t)(((uint64_t)f->bytes + RANGE_BYTES - 1) / RANGE_BYTES); }

struct pull_ranges *pull_ranges_new(const struct pull_file *f) {
    struct pull_ranges *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->f = *f;
    r->bytes = (uint64_t)f->bytes;
    r->n_blocks = (size_t)((r->bytes + BLOCK_BYTES - 1) / BLOCK_BYTES);
    r->left = pull_ranges_count(f);
    r->fd = -1;
    r->err.max = LIMIT_ERR;
    pthread_mutex_init(&r->lock, NULL);
    pthread_mutex_init(&r->hash_lock, NULL);
    sha256_init(&r->hash);
    r->right = calloc(r->n_blocks, sizeof *r->right);
    r->f.url = r->url = strdup(f->url);
    r->f.part = r->part = strdup(f->part);
    r->f.old = r->old = f->old ? strdup(f->old) : NULL;
    memcpy(r->sha256, f->sha256, sizeof r->sha256);
    r->f.sha256 = r->sha256;
    r->f.transport = NULL; /* each call brings its own */
    if (r->right && r->url && r->part && (r->old || !f->old)) return r;
    pull_ranges_free(r);
    return NULL;
}

void pull_ranges_free(struct pull_ranges *r) {
    if (!r) return;
    if (r->fd >= 0) close(r->fd);
    pthread_mutex_destroy(&r->lock);
    pthread_mutex_destroy(&r->hash_lock);
    buf_free(&r->err);
    free(r->right);
    free(r->url);
    free(r->part);
    free(r->old);
    free(r);
}

static uint64_t block_start(size_t i) { return (uint64_t)i * BLOCK_BYTES; }

static size_t block_len(const struct pull_ranges *r, size_t i) {
    uint64_t left = r->bytes - block_start(i);
    return left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES;
}

/* ---- the part ---- */

static enum status open_part(struct pull_ranges *r, struct buf *err) {
    struct stat sb;
    if (r->fd >= 0) return ST_OK;
    r->fd = open(r->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (r->fd < 0) return fail_errno(err, "create", r->part);
    if (!pull_file_begin_from_old(&r->f, r->fd)) return fail_errno(err, "write", r->part);
    if (fstat(r->fd, &sb) == 0 && (uint64_t)sb.st_size > r->bytes && ftruncate(r->fd, sb.st_size = (off_t)r->bytes) != 0)
        return fail_errno(err, "shorten", r->part);
    return ST_OK;
}

static bool read_at(int fd, char *out, size_t len, uint64_t at) {
    size_t got = 0;
    while (got < len) {
        ssize_t n = pread(fd, out + got, len - got, (off_t)(at + got));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        got += (size_t)n;
    }
    return true;
}

static enum status write_at(struct range *x, const char *bytes, size_t len, uint64_t at) {
    while (len) {
        ssize_t n = pwrite(x->r->fd, bytes, len, (off_t)at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return fail_errno(&x->err, "write", x->r->part);
        bytes += n;
        at += (uint64_t)n;
        len -= (size_t)n;
    }
    return ST_OK;
}

/* The bytes that an earlier run wrote at the start of a block: up to the first hole, and whole pieces of them.  They are only trusted until the
   block is full and its digest known. */
static size_t begun(const struct pull_ranges *r, size_t block) {
    off_t start = (off_t)block_start(block);
    if (lseek(r->fd, start, SEEK_DATA) != start) return 0;
    off_t hole = lseek(r->fd, start, SEEK_HOLE);
    if (hole <= start) return 0;
    size_t n = (uint64_t)(hole - start) < block_len(r, block) ? (size_t)(hole - start) : block_len(r, block);
    return n == block_len(r, block) ? 0 : n / PIECE_BYTES * PIECE_BYTES;
}

/* ---- the digest of the whole ---- */

/* Hash what follows without a gap.  ${memory} holds block ${i} and may be written over.  Who finds the lock taken leaves it to its holder, or to
   the end. */
static void advance_hash(struct pull_ranges *r, size_t i, char *memory) {
    if (pthread_mutex_trylock(&r->hash_lock) != 0) return;
    for (; r->hashed < r->n_blocks && atomic_load(&r->right[r->hashed]); r->hashed++) {
        size_t len = block_len(r, r->hashed);
        if (r->hashed != i && !read_at(r->fd, memory, len, block_start(r->hashed))) break;
        if (r->hashed != i) i = SIZE_MAX;
        sha256_update(&r->hash, memory, len);
    }
    pthread_mutex_unlock(&r->hash_lock);
}

static void block_is_right(struct range *x) {
    atomic_store(&x->r->right[x->block], true);
    advance_hash(x->r, x->block, x->memory);
}

/* ---- one request ---- */

static enum status judge(struct range *x) {
    const struct transport_answer *a = &x->ans;
    x->judged = true;
    if (a->status == 200) {
        pthread_mutex_lock(&x->r->lock);
        x->r->one_stream = true;
        pthread_mutex_unlock(&x->r->lock);
        atomic_store(&x->r->stop, true);
        return ST_SKIP;
    }
    if (a->total >= 0 && (uint64_t)a->total != x->r->bytes) {
        x->failed_here = true;
        return fail(&x->err, ST_SKIP, "%s: %lld bytes there, %llu promised", x->r->url, (long long)a->total,
                    (unsigned long long)x->r->bytes);
    }
    return a->from == x->from ? ST_OK : fail(&x->err, ST_RETRY, "%s: the answer begins at the wrong byte", x->r->url);
}

/* The block is full: right, or to be asked for again. */
static enum status close_block(struct range *x) {
    size_t len = block_len(x->r, x->block);
    if (!blocks_right(x->r->f.blocks, x->block, slice_of(x->memory, len))) {
        uint64_t start = block_start(x->block);
        atomic_fetch_sub(x->r->f.done_bytes, (int64_t)len);
        x->have = x->written = 0;
        x->spoiled = true;
        x->failed_here = ++x->wrong >= WRONG_BLOCKS;
        return fail(&x->err, x->failed_here ? ST_SKIP : ST_RETRY,
                    "%s: damaged: bytes %llu to %llu are not those that manifest.json promises%s%s", x->r->url,
                    (unsigned long long)start, (unsigned long long)(start + len - 1),
                    x->ans.coding[0] ? "; the answer was coded on the way (Content-Encoding): " : "", x->ans.coding);
    }
    block_is_right(x);
    /* The disk begins now, so that the sync at the end has little to wait for; a hint, which may fail. */
    (void)sync_file_range(x->r->fd, (off_t)block_start(x->block), (off_t)len, SYNC_FILE_RANGE_WRITE);
    x->block++;
    x->have = x->written = 0;
    x->wrong = 0;
    return ST_OK;
}

static enum status take(struct range *x, struct slice bytes) {
    size_t len = block_len(x->r, x->block), n = len - x->have < bytes.len ? len - x->have : bytes.len;
    memcpy(x->memory + x->have, bytes.ptr, n);
    x->have += n;
    x->gained += n;
    atomic_fetch_add(x->r->f.done_bytes, (int64_t)n);
    if (x->have == len || x->have - x->written >= PIECE_BYTES) {
        size_t end = x->have == len ? len : x->have / PIECE_BYTES * PIECE_BYTES;
        enum status st = write_at(x, x->memory + x->written, end - x->written, block_start(x->block) + x->written);
        if (st != ST_OK) {
            x->failed_here = true;
            return st;
        }
        x->written = end;
    }
    return x->have == len ? close_block(x) : ST_OK;
}

static enum status sink(void *ctx, struct slice bytes) {
    struct range *x = ctx;
    enum status st = atomic_load(&x->r->stop) ? ST_SKIP : x->judged ? ST_OK : judge(x);
    if (st == ST_OK) atomic_fetch_add(x->r->f.wire_bytes, bytes.len);
    while (st == ST_OK && bytes.len) {
        uint64_t at = block_start(x->block) + x->have;
        if (at >= x->to) return fail(&x->err, ST_RETRY, "%s: more bytes than were asked for", x->r->url);
        size_t n = x->to - at < bytes.len ? (size_t)(x->to - at) : bytes.len;
        size_t room = block_len(x->r, x->block) - x->have;
        if (n > room) n = room;
        st = take(x, slice_of(bytes.ptr, n));
        bytes = slice_sub(bytes, n, bytes.len);
    }
    return st;
}

/* Ask until the bytes up to ${x}->to are there.  OK, or why not: RETRY, SKIP, FATAL; or the others stopped. */
static enum status request(struct range *x) {
    const struct transport *t = x->transport;
    struct transport_request req = {
        .url = x->r->url, .from = x->from, .bytes = x->to - x->from, .max_bytes = RANGE_BYTES + BLOCK_BYTES};
    x->judged = x->spoiled = false;
    x->ans = (struct transport_answer){.length = -1, .total = -1, .retry_after_ms = -1};
    buf_clear(&x->err);
    enum status st = t->get(t->ctx, x->worker, &req, &x->ans, sink, x, &x->err);
    if (block_start(x->block) + x->have >= x->to) return ST_OK;
    if (st != ST_OK) return st;
    if (transport_again(x->ans.status)) return fail(&x->err, ST_RETRY, "%s: HTTP status %d", x->r->url, x->ans.status);
    if (x->ans.status != 206) return fail(&x->err, ST_SKIP, "%s: HTTP status %d", x->r->url, x->ans.status);
    return fail(&x->err, ST_RETRY, "%s: cut short at byte %llu of %llu", x->r->url,
                (unsigned long long)(block_start(x->block) + x->have), (unsigned long long)x->r->bytes);
}

static enum status request_until_there(struct range *x) {
    unsigned failures = 0, tries = x->r->f.tries ? x->r->f.tries : PULL_TRIES;
    for (;;) {
        if (atomic_load(&x->r->stop)) return ST_OK;
        x->from = block_start(x->block) + x->have;
        if (x->from >= x->to) return ST_OK;
        x->gained = 0;
        enum status st = request(x);
        if (st == ST_OK || atomic_load(&x->r->stop)) continue;
        if (st != ST_RETRY || x->failed_here) return st;
        failures = x->gained >= MIB ? 1 : failures + 1;
        if (failures >= tries) return ST_RETRY;
        if (x->spoiled) continue; /* the server is there: no reason to wait */
        if (!x->transport->sleep(x->transport->ctx, transport_backoff_ms(failures, x->ans.retry_after_ms)))
            return fail(&x->err, ST_RETRY, "interrupted");
    }
}

/* ---- one range ---- */

/* Is block ${i} in the part already?  It is in x->memory then. */
static bool in_part(struct range *x, size_t i) {
    size_t len = block_len(x->r, i);
    return lseek(x->r->fd, (off_t)block_start(i), SEEK_DATA) >= 0 && read_at(x->r->fd, x->memory, len, block_start(i)) &&
           blocks_right(x->r->f.blocks, i, slice_of(x->memory, len));
}

static enum status fetch_run(struct range *x, size_t first, size_t end) {
    x->block = first;
    x->have = x->written = begun(x->r, first);
    if (x->have && !read_at(x->r->fd, x->memory, x->have, block_start(first))) x->have = x->written = 0;
    atomic_fetch_add(x->r->f.done_bytes, (int64_t)x->have);
    x->to = end == x->r->n_blocks ? x->r->bytes : block_start(end);
    enum status st = request_until_there(x);
    atomic_fetch_sub(x->r->f.done_bytes, (int64_t)x->have); /* of a block that did not become whole */
    return st;
}

static enum status fetch_range(struct range *x, size_t first, size_t end) {
    enum status st = ST_OK;
    size_t run = first; /* blocks from here to i are missing */
    for (size_t i = first; st == ST_OK && i < end && !atomic_load(&x->r->stop); i++) {
        if (!in_part(x, i)) continue;
        x->block = i;
        atomic_fetch_add(x->r->f.done_bytes, (int64_t)block_len(x->r, i));
        block_is_right(x);
        if (run < i) st = fetch_run(x, run, i);
        run = i + 1;
    }
    return st == ST_OK && run < end && !atomic_load(&x->r->stop) ? fetch_run(x, run, end) : st;
}

bool pull_ranges_fetch(struct pull_ranges *r, size_t i, unsigned worker, const struct transport *transport) {
    struct range x = {.r = r, .transport = transport, .worker = worker, .err = {.max = LIMIT_ERR}};
    size_t first = i * PULL_RANGE_BLOCKS, end = first + PULL_RANGE_BLOCKS;
    if (end > r->n_blocks) end = r->n_blocks;
    pthread_mutex_lock(&r->lock);
    enum status st = atomic_load(&r->stop) ? ST_OK : open_part(r, &x.err);
    pthread_mutex_unlock(&r->lock);
    x.memory = malloc(BLOCK_BYTES);
    if (st == ST_OK && !x.memory) st = fail(&x.err, ST_FATAL, "out of memory");
    if (st == ST_OK && !atomic_load(&r->stop)) st = fetch_range(&x, first, end);
    pthread_mutex_lock(&r->lock);
    if (st != ST_OK && !atomic_load(&r->stop)) {
        atomic_store(&r->stop, true);
        r->st = st;
        fail(&r->err, st, "%s", buf_cstr(&x.err));
    }
    bool last = --r->left == 0;
    pthread_mutex_unlock(&r->lock);
    free(x.memory);
    buf_free(&x.err);
    return last;
}

static bool digest_right(struct pull_ranges *r) {
    unsigned char digest[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1], *spare = malloc(BLOCK_BYTES);
    if (spare) advance_hash(r, SIZE_MAX, spare);
    free(spare);
    if (r->hashed < r->n_blocks) return false;
    sha256_final(&r->hash, digest);
    hash_hex(digest, sizeof digest, hex);
    return !strcmp(hex, r->sha256);
}

/* What one stream can go on from: the blocks before the first that is missing. */
static bool cut_to_stream(struct pull_ranges *r) {
    size_t n = 0, right = 0;
    while (n < r->n_blocks && atomic_load(&r->right[n])) n++;
    for (size_t i = 0; i < r->n_blocks; i++)
        if (atomic_load(&r->right[i])) right += block_len(r, i);
    atomic_fetch_sub(r->f.done_bytes, (int64_t)right);
    return n == r->n_blocks || ftruncate(r->fd, (off_t)block_start(n)) == 0;
}

enum ranges_result pull_ranges_finish(struct pull_ranges *r, enum status *st, struct buf *err) {
    *st = r->st;
    if (r->st != ST_OK) {
        fail(err, r->st, "%s", buf_cstr(&r->err));
        return RANGES_FAILED;
    }
    bool whole = !r->one_stream && digest_right(r);
    if (whole ? fsync(r->fd) == 0 : cut_to_stream(r)) return whole ? RANGES_DONE : RANGES_ONE_STREAM;
    *st = fail_errno(err, whole ? "sync" : "shorten", r->part);
    return RANGES_FAILED;
}
