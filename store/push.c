#include "store/push.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "store/checksums.h"
#include "store/pull_file.h"
#include "store/release_manifest.h"
#include "store/release_versions.h"
#include "store/sign.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define TRIES 6

struct push {
    const struct push_options *opt;
    struct push_report *report;
    struct checksums sums;
    struct buf dir; /* of the version */
    uint64_t done_bytes;
    enum status worst;
    pthread_mutex_t lock; /* over the report, progress and err */
    struct buf *err;
};

/* ---- parts ---- */

struct sending {
    struct push *p;
    unsigned worker;
    const char *key, *path, *sha256;
    int64_t bytes;
    uint64_t sent; /* bytes that went out */
    bool put;      /* the object was not there before */
};

static bool part_digests(const char *path, int64_t from, int64_t bytes, char sha256[65], char md5[33]) {
    unsigned char chunk[65536], digest[SHA256_BYTES];
    struct sha256 sha;
    struct md5 md;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    sha256_init(&sha);
    md5_init(&md);
    while (bytes > 0) {
        ssize_t n = pread(fd, chunk, bytes < (int64_t)sizeof chunk ? (size_t)bytes : sizeof chunk, (off_t)from);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        sha256_update(&sha, chunk, (size_t)n);
        md5_update(&md, chunk, (size_t)n);
        from += n;
        bytes -= n;
    }
    close(fd);
    sha256_final(&sha, digest);
    hash_hex(digest, SHA256_BYTES, sha256);
    md5_final(&md, digest);
    hash_hex(digest, MD5_BYTES, md5);
    return bytes == 0;
}

static enum status send_part(struct sending *s, struct push_upload *u, size_t i, int64_t part_bytes, struct buf *err) {
    const struct push_store *store = s->p->opt->store;
    int64_t from = (int64_t)i * part_bytes, len = s->bytes - from < part_bytes ? s->bytes - from : part_bytes;
    char sha256[65], md5[33];
    if (!part_digests(s->path, from, len, sha256, md5)) return fail(err, ST_SKIP, "%s: cannot be read", s->path);
    if (u->parts[i].bytes == len && !strcmp(u->parts[i].etag, md5)) {
        pthread_mutex_lock(&s->p->lock);
        s->p->report->kept_parts++;
        pthread_mutex_unlock(&s->p->lock);
        return ST_OK;
    }
    for (unsigned attempt = 1;; attempt++) {
        enum status st = store->put_part(store->ctx, s->worker, s->key, u, i + 1, s->path, from, len, sha256, err);
        if (st == ST_OK) s->sent += (uint64_t)len;
        if (st != ST_RETRY || attempt >= TRIES) return st;
        if (!store->sleep(store->ctx, transport_backoff_ms(attempt, -1))) return fail(err, ST_RETRY, "interrupted");
    }
}

static int64_t part_size(const struct push *p, int64_t bytes) {
    int64_t part = p->opt->part_bytes ? p->opt->part_bytes : PUSH_PART_BYTES, least = (bytes + PUSH_PARTS - 1) / PUSH_PARTS;
    return part > least ? part : least;
}

/* An upload that cannot end is given up, so that no part of it is stored for ever; one that may go on is left for the next push. */
static enum status send_parts(struct sending *s, struct buf *err) {
    const struct push_store *store = s->p->opt->store;
    int64_t part = part_size(s->p, s->bytes);
    struct push_upload u = {.n = (size_t)((s->bytes + part - 1) / part)};
    u.parts = calloc(u.n, sizeof *u.parts);
    enum status st =
        u.parts ? store->open_parts(store->ctx, s->worker, s->key, s->sha256, &u, err) : fail(err, ST_FATAL, "out of memory");
    bool opened = st == ST_OK;
    for (size_t i = 0; st == ST_OK && i < u.n; i++) st = send_part(s, &u, i, part, err);
    if (st == ST_OK) st = store->end_parts(store->ctx, s->worker, s->key, &u, err);
    if (opened && (st == ST_SKIP || st == ST_FATAL)) store->give_up(store->ctx, s->worker, s->key, &u);
    free(u.parts);
    return st;
}

/* ---- files ---- */

/* Send until it is there: asked before, so that nothing is sent twice, and after. */
static enum status send_file(struct sending *f, struct buf *err) {
    const struct push_store *s = f->p->opt->store;
    bool sent = false;
    for (unsigned attempt = 1;; attempt++) {
        int64_t there = -1;
        char digest[65] = "";
        enum status st = s->head(s->ctx, f->worker, f->key, &there, digest, err);
        if (st == ST_OK && there == f->bytes && !strcmp(digest, f->sha256)) return ST_OK;
        if (st == ST_OK && sent) return fail(err, ST_SKIP, "%s: the store does not have what was sent", f->key);
        if (st == ST_OK && f->bytes > part_size(f->p, f->bytes)) {
            st = send_parts(f, err);
            sent = st == ST_OK;
        } else if (st == ST_OK) {
            st = s->put(s->ctx, f->worker, f->key, f->path, f->bytes, f->sha256, err);
            sent = st == ST_OK;
            if (sent) f->sent += (uint64_t)f->bytes;
        }
        f->put = f->put || sent;
        if (st == ST_OK) continue;
        if (st != ST_RETRY || attempt >= TRIES) return st;
        if (!s->sleep(s->ctx, transport_backoff_ms(attempt, -1))) return fail(err, ST_RETRY, "interrupted");
    }
}

static void note(struct push *p, const struct sending *f) {
    pthread_mutex_lock(&p->lock);
    p->report->files++;
    p->report->sent_files += f->put;
    p->report->sent_bytes += f->sent;
    p->report->bytes += (uint64_t)f->bytes;
    if (p->opt->progress) p->opt->progress(p->opt->progress_ctx, p->report->bytes, 0);
    pthread_mutex_unlock(&p->lock);
}

/* A file below the hub's releases; ${sha256} NULL: whatever it is now. */
static enum status push_file(struct push *p, unsigned worker, const char *inside, const char *sha256, bool optional,
                             struct buf *err) {
    struct buf path = {.max = LIMIT_URL_INPUT}, key = {.max = LIMIT_URL_INPUT};
    char hex[65];
    int64_t bytes = 0;
    enum status st = ST_OK;
    path_join(&path, p->opt->releases, inside);
    buf_printf(&key, "%s%s", p->opt->prefix, inside);
    if (!pull_file_digest(buf_cstr(&path), hex, &bytes))
        st = optional ? ST_OK : fail(err, ST_SKIP, "%s: cannot be read", buf_cstr(&path));
    else if (sha256 && strcmp(hex, sha256) != 0)
        st = fail(err, ST_SKIP, "%s: not what " CHECKSUMS_FILE " says: run villers verify", buf_cstr(&path));
    else {
        struct sending f = {
            .p = p, .worker = worker, .key = buf_cstr(&key), .path = buf_cstr(&path), .sha256 = hex, .bytes = bytes};
        st = send_file(&f, err);
        if (st == ST_OK) note(p, &f);
    }
    buf_free(&path);
    buf_free(&key);
    return st;
}

static enum status push_listed(void *ctx, size_t i, unsigned worker) {
    struct push *p = ctx;
    struct buf inside = {.max = LIMIT_URL_INPUT}, err = {.max = LIMIT_ERR};
    buf_printf(&inside, "%s/%s/%s", p->opt->name, p->opt->version, p->sums.items[i].path);
    enum status st = push_file(p, worker, buf_cstr(&inside), p->sums.items[i].sha256, false, &err);
    if (st != ST_OK) {
        pthread_mutex_lock(&p->lock);
        if (st > p->worst) {
            p->worst = st;
            fail(p->err, st, "%s", buf_cstr(&err));
        }
        pthread_mutex_unlock(&p->lock);
    }
    buf_free(&inside);
    buf_free(&err);
    return st;
}

static enum status push_last(struct push *p) {
    static const struct {
        const char *file;
        bool of_version, of_dataset, optional;
    } last[] = {{CHECKSUMS_FILE SIGN_SUFFIX, true, true, true},
                {CHECKSUMS_FILE, true, true, false},
                {RELEASE_SUCCESS_FILE, true, true, false},
                {RELEASE_VERSIONS_FILE, false, true, false},
                {"index.html", false, true, true},
                {"index.html", false, false, true},
                {"catalog.xml", false, false, true},
                {"catalog.jsonld", false, false, true}};
    struct buf inside = {.max = LIMIT_URL_INPUT};
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < sizeof last / sizeof *last; i++) {
        buf_clear(&inside);
        if (last[i].of_dataset) buf_printf(&inside, "%s/", p->opt->name);
        if (last[i].of_version) buf_printf(&inside, "%s/", p->opt->version);
        buf_str(&inside, last[i].file);
        st = push_file(p, 0, buf_cstr(&inside), NULL, last[i].optional, p->err);
    }
    buf_free(&inside);
    return st;
}

static enum status load(struct push *p) {
    struct buf path = {.max = LIMIT_URL_INPUT}, text = {.max = LIMIT_RELEASE_META};
    enum status st = ST_OK;
    buf_printf(&p->dir, "%s/%s/%s", p->opt->releases, p->opt->name, p->opt->version);
    path_join(&path, buf_cstr(&p->dir), RELEASE_SUCCESS_FILE);
    if (!file_exists(buf_cstr(&path)))
        st = fail(p->err, ST_SKIP, "%s: no whole version there (no " RELEASE_SUCCESS_FILE ")", buf_cstr(&p->dir));
    path_join(&path, buf_cstr(&p->dir), CHECKSUMS_FILE);
    if (st == ST_OK) st = file_read(buf_cstr(&path), LIMIT_RELEASE_META - MIB, &text, p->err);
    if (st == ST_OK) st = checksums_parse(buf_view(&text), &p->sums, p->err);
    if (st == ST_OK && p->sums.n == 0) st = fail(p->err, ST_SKIP, "%s: an empty release", buf_cstr(&p->dir));
    buf_free(&path);
    buf_free(&text);
    return st;
}

enum status push_release(const struct push_options *opt, struct push_report *report, struct buf *err) {
    struct push p = {.opt = opt, .report = report, .dir = {.max = LIMIT_URL_INPUT}, .err = err};
    pthread_mutex_init(&p.lock, NULL);
    enum status st = load(&p);
    if (st == ST_OK) st = parallel_for(p.sums.n, opt->store->workers, push_listed, &p);
    if (st == ST_OK) st = push_last(&p);
    pthread_mutex_destroy(&p.lock);
    checksums_free(&p.sums);
    buf_free(&p.dir);
    return st;
}
