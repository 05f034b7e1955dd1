#include "store/push.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "store/checksums.h"
#include "store/pull_file.h"
#include "store/release_manifest.h"
#include "store/release_versions.h"
#include "store/sign.h"
#include <pthread.h>
#include <stdlib.h>

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

/* Send until it is there: asked before, so that nothing is sent twice, and after. */
static enum status send_file(struct push *p, unsigned worker, const char *key, const char *path, int64_t bytes, const char *sha256,
                             bool *sent, struct buf *err) {
    const struct push_store *s = p->opt->store;
    *sent = false;
    for (unsigned attempt = 1;; attempt++) {
        int64_t there = -1;
        char digest[65] = "";
        enum status st = s->head(s->ctx, worker, key, &there, digest, err);
        if (st == ST_OK && there == bytes && !strcmp(digest, sha256)) return ST_OK;
        if (st == ST_OK && *sent) return fail(err, ST_SKIP, "%s: the store does not have what was sent", key);
        if (st == ST_OK) {
            st = s->put(s->ctx, worker, key, path, bytes, sha256, err);
            *sent = st == ST_OK;
        }
        if (st == ST_OK) continue;
        if (st != ST_RETRY || attempt >= TRIES) return st;
        if (!s->sleep(s->ctx, transport_backoff_ms(attempt, -1))) return fail(err, ST_RETRY, "interrupted");
    }
}

static void note(struct push *p, int64_t bytes, bool sent) {
    pthread_mutex_lock(&p->lock);
    p->report->files++;
    p->report->sent_files += sent;
    p->report->sent_bytes += sent ? (uint64_t)bytes : 0;
    p->report->bytes += (uint64_t)bytes;
    if (p->opt->progress) p->opt->progress(p->opt->progress_ctx, p->report->bytes, 0);
    pthread_mutex_unlock(&p->lock);
}

/* A file below the hub's releases; ${sha256} NULL: whatever it is now. */
static enum status push_file(struct push *p, unsigned worker, const char *inside, const char *sha256, bool optional,
                             struct buf *err) {
    struct buf path = {.max = LIMIT_URL_INPUT}, key = {.max = LIMIT_URL_INPUT};
    char hex[65];
    int64_t bytes = 0;
    bool sent = false;
    enum status st = ST_OK;
    path_join(&path, p->opt->releases, inside);
    buf_printf(&key, "%s%s", p->opt->prefix, inside);
    if (!pull_file_digest(buf_cstr(&path), hex, &bytes))
        st = optional ? ST_OK : fail(err, ST_SKIP, "%s: cannot be read", buf_cstr(&path));
    else if (sha256 && strcmp(hex, sha256) != 0)
        st = fail(err, ST_SKIP, "%s: not what " CHECKSUMS_FILE " says: run villers verify", buf_cstr(&path));
    else {
        st = send_file(p, worker, buf_cstr(&key), buf_cstr(&path), bytes, hex, &sent, err);
        if (st == ST_OK) note(p, bytes, sent);
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
