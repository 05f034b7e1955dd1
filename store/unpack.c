/*
 * Reading goes through one input window: `in`, of which [at, len) is still unread and in[0] stands at file offset `base`.  A
 * decoder that makes no progress on the window asks for more; the end of the file inside a frame is a cut, outside it the end.
 */
#include "store/unpack.h"
#include "base/limits.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { WINDOW = 128 * 1024, AFTER_SEEK = 8 * 1024, MAGIC_BYTES = 4 };
static const unsigned char zstd_magic[] = {0x28, 0xb5, 0x2f, 0xfd};
static const unsigned char gzip_magic[] = {0x1f, 0x8b, 0x08};

struct unpack {
    char *path;
    int fd;
    bool own_fd, pipe, eof;
    enum unpack_codec codec;
    ZSTD_DCtx *zstd;
    z_stream gzip;
    bool gzip_on;
    bool in_frame; /* between a frame's first byte and its end */
    bool cut;
    bool lost;       /* the frame is damaged: read nothing before a resync or a seek */
    uint64_t frame;  /* where the frame being read began */
    uint64_t last;   /* where that of the last byte given out began */
    uint64_t size;   /* of the file; 0 when unknown */
    uint64_t reread; /* bytes that resyncs went back over */
    uint64_t base;   /* file offset of in[0] */
    size_t at, len;
    size_t
        ahead; /* how much a fill reads: little after a seek, for a frame is small; twice as much each time, for a file is read on */
    unsigned char in[WINDOW];
};

static uint64_t here(const struct unpack *u) { return u->base + u->at; }
static size_t left(const struct unpack *u) { return u->len - u->at; }

/* Read more behind what is unread.  OK also at the end of the file, which sets eof. */
static enum status fill(struct unpack *u, struct buf *err) {
    if (u->at > 0) {
        memmove(u->in, u->in + u->at, left(u));
        u->base += u->at;
        u->len -= u->at;
        u->at = 0;
    }
    size_t room = u->len + u->ahead < WINDOW ? u->len + u->ahead : WINDOW;
    u->ahead = u->ahead < WINDOW ? 2 * u->ahead : WINDOW;
    while (!u->eof && u->len < room) {
        ssize_t n = read(u->fd, u->in + u->len, room - u->len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(err, ST_FATAL, "%s: cannot read: %s", u->path, strerror(errno));
        if (n == 0) u->eof = true;
        u->len += (size_t)n;
        if (u->pipe && n > 0) break; /* hand on what came */
    }
    return ST_OK;
}

/* At least ${n} unread bytes, or all there are. */
static enum status want(struct unpack *u, size_t n, struct buf *err) {
    while (left(u) < n && !u->eof) {
        enum status st = fill(u, err);
        if (st != ST_OK) return st;
    }
    return ST_OK;
}

static bool is_skippable(const unsigned char *p) { return (p[0] & 0xf0) == 0x50 && p[1] == 0x2a && p[2] == 0x4d && p[3] == 0x18; }

static uint32_t le32(const unsigned char *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The body of a dictionary frame, itself perhaps a zstd frame, becomes the decoder's dictionary. */
static enum status use_dictionary(struct unpack *u, struct slice body, struct buf *err) {
    struct buf plain = {.max = LIMIT_ZSTD_DICTIONARY};
    size_t r = 0;
    if (body.len >= MAGIC_BYTES && memcmp(body.ptr, zstd_magic, MAGIC_BYTES) == 0) {
        unsigned long long n = ZSTD_getFrameContentSize(body.ptr, body.len);
        if (n > LIMIT_ZSTD_DICTIONARY || !buf_reserve(&plain, (size_t)n)) {
            buf_free(&plain);
            return fail(err, ST_FATAL, "%s: its dictionary has no size, or is over %zu bytes", u->path, LIMIT_ZSTD_DICTIONARY);
        }
        r = ZSTD_decompress(plain.data, (size_t)n, body.ptr, body.len);
        body = slice_of(plain.data, ZSTD_isError(r) ? 0 : r);
    }
    if (!ZSTD_isError(r)) r = ZSTD_DCtx_loadDictionary(u->zstd, body.ptr, body.len);
    buf_free(&plain);
    return ZSTD_isError(r) ? fail(err, ST_FATAL, "%s: bad dictionary: %s", u->path, ZSTD_getErrorName(r)) : ST_OK;
}

/* IIPC WARC-zstd 0.1: a first frame with magic 0x184D2A5D holds the dictionary of all that follow. */
static enum status read_dictionary(struct unpack *u, struct buf *err) {
    enum status st = want(u, 8, err);
    if (st != ST_OK || left(u) < 8 || le32(u->in + u->at) != 0x184D2A5D) return st;
    uint32_t size = le32(u->in + u->at + 4);
    if (size > LIMIT_ZSTD_DICTIONARY)
        return fail(err, ST_FATAL, "%s: a dictionary of %u bytes is over %zu", u->path, size, LIMIT_ZSTD_DICTIONARY);
    u->at += 8;
    struct buf body = {.max = LIMIT_ZSTD_DICTIONARY};
    while (st == ST_OK && body.len < size) {
        st = want(u, 1, err);
        size_t n = left(u) < size - body.len ? left(u) : size - body.len;
        if (st == ST_OK && n == 0) st = fail(err, ST_FATAL, "%s: the file ends inside its dictionary", u->path);
        buf_append(&body, u->in + u->at, n);
        u->at += n;
        if (!buf_ok(&body)) st = fail(err, ST_FATAL, "no memory for a dictionary");
    }
    if (st == ST_OK) st = use_dictionary(u, buf_view(&body), err);
    buf_free(&body);
    return st;
}

static enum status recognise(struct unpack *u, struct buf *err) {
    enum status st = want(u, MAGIC_BYTES, err);
    if (st != ST_OK) return st;
    const unsigned char *p = u->in + u->at;
    if (left(u) >= MAGIC_BYTES && (memcmp(p, zstd_magic, MAGIC_BYTES) == 0 || is_skippable(p))) {
        u->codec = UNPACK_ZSTD;
        u->zstd = ZSTD_createDCtx();
        if (!u->zstd || ZSTD_isError(ZSTD_DCtx_setParameter(u->zstd, ZSTD_d_windowLogMax, LIMIT_ZSTD_WINDOW_LOG)))
            return fail(err, ST_FATAL, "no memory for a decompressor");
        return read_dictionary(u, err);
    }
    if (left(u) >= 2 && memcmp(p, gzip_magic, 2) == 0) {
        u->codec = UNPACK_GZIP;
        u->gzip_on = inflateInit2(&u->gzip, 15 + 16) == Z_OK;
        if (!u->gzip_on) return fail(err, ST_FATAL, "no memory for a decompressor");
    }
    return ST_OK;
}

enum status unpack_open(const char *path, struct unpack **out, struct buf *err) {
    struct unpack *u = malloc(sizeof *u);
    if (!u) return fail(err, ST_FATAL, "no memory to read %s", path);
    memset(u, 0, offsetof(struct unpack, in));
    u->ahead = AFTER_SEEK;
    u->own_fd = strcmp(path, "-") != 0;
    u->path = strdup(u->own_fd ? path : "standard input");
    u->fd = u->own_fd ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    struct stat info;
    enum status st = ST_OK;
    if (!u->path)
        st = fail(err, ST_FATAL, "no memory to read %s", path);
    else if (u->fd < 0 || fstat(u->fd, &info) != 0)
        st = fail(err, ST_FATAL, "%s: cannot open: %s", path, strerror(errno));
    else if (S_ISDIR(info.st_mode))
        st = fail(err, ST_FATAL, "%s: is a folder", path);
    if (st == ST_OK) {
        off_t pos = lseek(u->fd, 0, SEEK_CUR);
        u->pipe = pos != 0 || !S_ISREG(info.st_mode);
        u->size = u->pipe ? 0 : (uint64_t)info.st_size;
        st = recognise(u, err);
    }
    if (st != ST_OK) {
        unpack_free(u);
        return st;
    }
    *out = u;
    return ST_OK;
}

void unpack_free(struct unpack *u) {
    if (!u) return;
    ZSTD_freeDCtx(u->zstd);
    if (u->gzip_on) inflateEnd(&u->gzip);
    if (u->own_fd && u->fd >= 0) close(u->fd);
    free(u->path);
    free(u);
}

/* What a decoder did with the window: bytes in and out, and whether the frame is over. */
struct step {
    size_t used, made;
    bool end;
    const char *bad; /* why the frame is damaged, or NULL */
};

static struct step step_zstd(struct unpack *u, char *out, size_t max) {
    ZSTD_inBuffer in = {u->in + u->at, left(u), 0};
    ZSTD_outBuffer to = {out, max, 0};
    size_t r = ZSTD_decompressStream(u->zstd, &to, &in);
    struct step s = {in.pos, to.pos, r == 0, ZSTD_isError(r) ? ZSTD_getErrorName(r) : NULL};
    return s;
}

static struct step step_gzip(struct unpack *u, char *out, size_t max) {
    u->gzip.next_in = u->in + u->at;
    u->gzip.avail_in = (unsigned)left(u);
    u->gzip.next_out = (unsigned char *)out;
    u->gzip.avail_out = (unsigned)max;
    int r = inflate(&u->gzip, Z_NO_FLUSH);
    struct step s = {left(u) - u->gzip.avail_in, max - u->gzip.avail_out, r == Z_STREAM_END, NULL};
    if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR) s.bad = u->gzip.msg ? u->gzip.msg : "not a gzip member";
    return s;
}

static struct step step_plain(struct unpack *u, char *out, size_t max) {
    size_t n = left(u) < max ? left(u) : max;
    memcpy(out, u->in + u->at, n);
    return (struct step){.used = n, .made = n};
}

static void begin_frame(struct unpack *u) {
    u->frame = u->codec == UNPACK_PLAIN ? 0 : here(u);
    u->in_frame = true;
    if (u->codec == UNPACK_ZSTD) ZSTD_DCtx_reset(u->zstd, ZSTD_reset_session_only);
    if (u->codec == UNPACK_GZIP) inflateReset(&u->gzip);
}

static enum status lost_frame(struct unpack *u, const char *why, struct buf *err) {
    u->lost = true;
    return fail(err, ST_SKIP, "%s: damaged at byte %llu: %s", u->path, (unsigned long long)u->frame, why);
}

enum status unpack_read(struct unpack *u, struct buf *out, size_t max, struct buf *err) {
    if (u->lost) return lost_frame(u, u->cut ? "the file ends inside a frame" : "bad frame", err);
    if (max > WINDOW * 8) max = WINDOW * 8;
    if (!buf_reserve(out, max)) return fail(err, ST_FATAL, "%s: no memory for what it holds", u->path);
    for (;;) {
        if (left(u) == 0 && !u->eof) {
            enum status st = fill(u, err);
            if (st != ST_OK) return st;
        }
        if (!u->in_frame) {
            if (left(u) == 0) return ST_RETRY;
            begin_frame(u);
        }
        char *to = out->data + out->len;
        struct step s = u->codec == UNPACK_ZSTD   ? step_zstd(u, to, max)
                        : u->codec == UNPACK_GZIP ? step_gzip(u, to, max)
                                                  : step_plain(u, to, max);
        if (s.bad) return lost_frame(u, s.bad, err);
        u->at += s.used;
        if (s.end) {
            u->in_frame = false;
            u->reread = u->reread > s.used ? u->reread - s.used : 0;
        }
        if (s.made) {
            out->len += s.made;
            out->data[out->len] = '\0';
            u->last = u->frame;
            return ST_OK;
        }
        if (s.end || s.used) continue;
        if (left(u) == WINDOW) return lost_frame(u, "no progress", err);
        if (u->eof) {
            if (u->codec == UNPACK_PLAIN) return ST_RETRY;
            u->cut = true;
            return lost_frame(u, "the file ends inside a frame", err);
        }
        enum status st = fill(u, err);
        if (st != ST_OK) return st;
    }
}

static enum status go_to(struct unpack *u, uint64_t offset, struct buf *err) {
    if (offset >= u->base && offset <= u->base + u->len) {
        u->at = (size_t)(offset - u->base);
    } else {
        if (u->pipe) return fail(err, ST_SKIP, "%s: cannot go back in a pipe", u->path);
        if (lseek(u->fd, (off_t)offset, SEEK_SET) < 0) return fail(err, ST_FATAL, "%s: cannot seek: %s", u->path, strerror(errno));
        u->base = offset;
        u->at = u->len = 0;
        u->ahead = AFTER_SEEK;
        u->eof = false;
    }
    u->in_frame = u->cut = u->lost = false;
    return ST_OK;
}

enum status unpack_seek(struct unpack *u, uint64_t offset, struct buf *err) {
    if (u->size && offset > u->size) return fail(err, ST_SKIP, "%s: %llu is past its end", u->path, (unsigned long long)offset);
    return go_to(u, offset, err);
}

static bool looks_like_frame(const struct unpack *u) {
    const unsigned char *p = u->in + u->at;
    if (u->codec == UNPACK_ZSTD) return memcmp(p, zstd_magic, MAGIC_BYTES) == 0;
    return memcmp(p, gzip_magic, sizeof gzip_magic) == 0 && p[3] < 0x20;
}

enum status unpack_resync(struct unpack *u, struct buf *err) {
    if (u->codec == UNPACK_PLAIN) return ST_RETRY;
    /* Going back costs reading again; hostile bytes must not make that quadratic. */
    uint64_t again = here(u) - u->frame;
    if (u->frame < u->base && (u->pipe || u->reread + again > LIMIT_RESYNC)) {
        u->in_frame = u->cut = u->lost = false;
    } else {
        u->reread += again;
        enum status st = go_to(u, u->frame + 1, err);
        if (st != ST_OK) return st;
    }
    for (;; u->at++) {
        enum status st = want(u, MAGIC_BYTES, err);
        if (st != ST_OK) return st;
        if (left(u) < MAGIC_BYTES) break;
        if (looks_like_frame(u)) return ST_OK;
    }
    u->at = u->len;
    return ST_RETRY;
}

enum unpack_codec unpack_codec(const struct unpack *u) { return u->codec; }
uint64_t unpack_frame(const struct unpack *u) { return u->last; }
bool unpack_inside(const struct unpack *u) { return u->in_frame && !u->lost && u->codec != UNPACK_PLAIN; }
bool unpack_cut(const struct unpack *u) { return u->cut; }
uint64_t unpack_bytes_read(const struct unpack *u) { return here(u); }
uint64_t unpack_bytes_total(const struct unpack *u) { return u->size; }
