#include "store/pull.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "store/checksums.h"
#include "store/pull_file.h"
#include "store/release_delta.h"
#include "store/release_manifest.h"
#include "store/release_versions.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define STAGING ".villers-pull"
#define TRIES 6
#define ROOM_SPARE (4 * MIB)

struct pull {
    const struct pull_options *opt;
    struct pull_report *report;
    struct checksums sums, old; /* of the version to bring, and of the one in DEST */
    struct release_manifest manifest;
    struct buf sums_text, signature; /* as fetched, to be written as they are */
    int lock_fd;
    _Atomic int64_t done_bytes;
    _Atomic uint64_t wire_bytes;
    uint64_t total_bytes;
    pthread_mutex_t lock; /* over the progress callback and statuses */
    enum status worst;
    struct buf *err;
};

/* ---- where the version is ---- */

static enum status fetch(struct pull *p, const char *base, const char *path, struct buf *out, int *status, struct buf *err) {
    struct buf url = {.max = LIMIT_URL_INPUT};
    transport_url(&url, base, path);
    enum status st = transport_fetch(p->opt->transport, buf_cstr(&url), LIMIT_RELEASE_META - MIB, TRIES, out, status, err);
    buf_free(&url);
    return st;
}

static const struct release_version *choose(const struct release_versions *v, const char *version) {
    const char *want = version ? version : v->latest;
    for (size_t i = 0; i < v->n; i++)
        if (!strcmp(v->items[i].version, want)) return &v->items[i];
    return NULL;
}

static enum status use_base(struct pull *p, const char *path) {
    struct buf url = {.max = LIMIT_URL_INPUT};
    if (path)
        transport_url(&url, p->opt->source, path);
    else
        buf_str(&url, p->opt->source);
    p->report->base = strdup(buf_cstr(&url));
    buf_free(&url);
    return p->report->base ? ST_OK : fail(p->err, ST_FATAL, "out of memory");
}

/* A dataset has versions.json; what has none is taken for a version itself. */
static enum status find_base(struct pull *p) {
    struct buf text = {.max = LIMIT_RELEASE_META}, why = {.max = LIMIT_ERR};
    struct release_versions all = {0};
    int status = 0;
    enum status st = fetch(p, p->opt->source, RELEASE_VERSIONS_FILE, &text, &status, &why);
    if (st == ST_RETRY)
        fail(p->err, ST_RETRY, "%s", buf_cstr(&why));
    else if (st == ST_OK && release_versions_read(buf_view(&text), &all, &why) == ST_OK) {
        const struct release_version *v = choose(&all, p->opt->version);
        st = v ? use_base(p, v->path)
               : fail(p->err, ST_SKIP, "%s: no version %s (latest is %s)", p->opt->source,
                      p->opt->version ? p->opt->version : "at all", all.latest);
    } else if (st != ST_FATAL)
        st = use_base(p, p->opt->version);
    release_versions_free(&all);
    buf_free(&text);
    buf_free(&why);
    return st;
}

/* ---- what it holds ---- */

static enum status read_key(struct pull *p, const char *dest_key, struct sign_public *pub, bool *trusted) {
    struct buf text = {.max = LIMIT_CONFIG};
    int status = 0;
    enum status st;
    *trusted = true;
    if (p->opt->key) {
        *pub = *p->opt->key;
        return ST_OK;
    }
    if (dest_key && file_exists(dest_key))
        st = file_read(dest_key, LIMIT_CONFIG / 2, &text, p->err);
    else {
        *trusted = false;
        st = fetch(p, p->report->base, SIGN_PUBLIC_FILE, &text, &status, p->err);
    }
    if (st == ST_OK) st = sign_read_public(buf_view(&text), pub, p->err);
    buf_free(&text);
    return st;
}

/* The signed comment names dataset and version: an old list cannot pass for a new one. */
static bool comment_fits(const struct pull *p, struct slice comment) {
    struct buf want = {.max = LIMIT_ERR};
    buf_printf(&want, "villers %s %s ", p->manifest.name, p->manifest.version);
    bool foreign = !slice_starts(comment, slice_str("villers "));
    bool fits = foreign || slice_starts(comment, buf_view(&want));
    buf_free(&want);
    return fits;
}

static enum status check_signature(struct pull *p) {
    struct buf dest_key = {.max = LIMIT_URL_INPUT}, why = {.max = LIMIT_ERR}, comment = {.max = LIMIT_CONFIG};
    struct sign_public pub;
    bool trusted = false;
    int status = 0;
    if (p->opt->dest) path_join(&dest_key, p->opt->dest, SIGN_PUBLIC_FILE);
    const char *pinned = p->opt->dest ? buf_cstr(&dest_key) : NULL;
    bool expected = p->opt->key || (pinned && file_exists(pinned));
    enum status st = fetch(p, p->report->base, CHECKSUMS_FILE SIGN_SUFFIX, &p->signature, &status, &why);
    if (st == ST_SKIP && status == 404) {
        buf_clear(&p->signature);
        st = expected ? fail(p->err, ST_SKIP, "%s: not signed, but %s", p->report->base,
                             p->opt->key ? "a key was given" : "the version here before was")
                      : ST_OK;
    } else if (st != ST_OK)
        fail(p->err, st, "%s", buf_cstr(&why));
    else {
        st = read_key(p, pinned, &pub, &trusted);
        if (st == ST_OK) st = sign_verify(&pub, buf_view(&p->sums_text), buf_view(&p->signature), &comment, &why);
        if (st == ST_OK && !comment_fits(p, buf_view(&comment)))
            st = fail(&why, ST_SKIP, "the signature is of '%s'", buf_cstr(&comment));
        if (st == ST_OK) {
            p->report->is_signed = true;
            sign_id_hex(pub.id, p->report->key_id);
        } else if (why.len)
            fail(p->err, st, "%s/" CHECKSUMS_FILE SIGN_SUFFIX ": %s%s", p->report->base, buf_cstr(&why),
                 trusted && !p->opt->key ? "; if the producer changed keys, give the new one with --key" : "");
    }
    buf_free(&dest_key);
    buf_free(&why);
    buf_free(&comment);
    return st;
}

static int64_t bytes_of(const struct pull *p, const char *path) {
    if (strncmp(path, RELEASE_DATA_DIR "/", sizeof RELEASE_DATA_DIR) != 0) return -1;
    for (size_t i = 0; i < p->manifest.n_shards; i++)
        if (!strcmp(p->manifest.shards[i].name, path + sizeof RELEASE_DATA_DIR)) return (int64_t)p->manifest.shards[i].bytes;
    return -1;
}

static enum status fill_items(struct pull *p) {
    struct pull_report *r = p->report;
    r->items = calloc(p->sums.n, sizeof *r->items);
    if (!r->items) return fail(p->err, ST_FATAL, "out of memory");
    for (size_t i = 0; i < p->sums.n; i++) {
        struct pull_item *it = &r->items[r->n_items++];
        it->path = strdup(p->sums.items[i].path);
        memcpy(it->sha256, p->sums.items[i].sha256, sizeof it->sha256);
        it->bytes = bytes_of(p, p->sums.items[i].path);
        if (!it->path) return fail(p->err, ST_FATAL, "out of memory");
        if (it->bytes > 0) p->total_bytes += (uint64_t)it->bytes;
    }
    r->name = strdup(p->manifest.name);
    r->version = strdup(p->manifest.version);
    r->documents = p->manifest.documents;
    r->words = p->manifest.words;
    r->bytes = p->manifest.bytes;
    if (!r->name || !r->version) return fail(p->err, ST_FATAL, "out of memory");
    if (p->manifest.n_shards == 0 || r->documents == 0)
        return fail(p->err, ST_SKIP, "%s: an empty release: nothing to pull", r->base);
    return ST_OK;
}

static enum status check_manifest(struct pull *p, struct slice text) {
    const struct checksum *sum = checksums_find(&p->sums, slice_str(RELEASE_MANIFEST_FILE));
    unsigned char digest[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];
    sha256_of(text, digest);
    hash_hex(digest, sizeof digest, hex);
    if (!sum || strcmp(sum->sha256, hex) != 0)
        return fail(p->err, ST_SKIP, "%s/" RELEASE_MANIFEST_FILE " is not the one that " CHECKSUMS_FILE " lists", p->report->base);
    return release_manifest_read(text, &p->manifest, p->err);
}

static enum status load(struct pull *p) {
    struct buf text = {.max = LIMIT_RELEASE_META}, why = {.max = LIMIT_ERR};
    int status = 0;
    p->sums_text.max = LIMIT_RELEASE_META;
    enum status st = find_base(p);
    if (st == ST_OK && (st = fetch(p, p->report->base, CHECKSUMS_FILE, &p->sums_text, &status, &why)) != ST_OK) {
        if (status == 404)
            fail(p->err, st, "%s: no release here (no " CHECKSUMS_FILE ", no " RELEASE_VERSIONS_FILE ")", p->report->base);
        else
            fail(p->err, st, "%s", buf_cstr(&why));
    }
    if (st == ST_OK) st = checksums_parse(buf_view(&p->sums_text), &p->sums, p->err);
    if (st == ST_OK) st = fetch(p, p->report->base, RELEASE_MANIFEST_FILE, &text, &status, p->err);
    if (st == ST_OK) st = check_manifest(p, buf_view(&text));
    if (st == ST_OK) st = check_signature(p);
    if (st == ST_OK && (st = fetch(p, p->report->base, RELEASE_SUCCESS_FILE, &text, &status, &why)) != ST_OK)
        fail(p->err, st,
             status == 404 ? "%s: not finished (no " RELEASE_SUCCESS_FILE ")" : "%s: " RELEASE_SUCCESS_FILE " cannot be read",
             p->report->base);
    if (st == ST_OK) st = fill_items(p);
    buf_free(&text);
    buf_free(&why);
    return st;
}

/* ---- the files ---- */

static const char *dest_path(const struct pull *p, struct buf *out, const char *path) {
    path_join(out, p->opt->dest, path);
    return buf_cstr(out);
}

static const char *part_path(const struct pull *p, struct buf *out, const char *sha256) {
    buf_clear(out);
    buf_printf(out, "%s/" STAGING "/%s.part", p->opt->dest, sha256);
    return buf_cstr(out);
}

static void tick(struct pull *p) {
    if (!p->opt->progress) return;
    int64_t done = atomic_load(&p->done_bytes);
    pthread_mutex_lock(&p->lock);
    p->opt->progress(p->opt->progress_ctx, done > 0 ? (uint64_t)done : 0, p->total_bytes);
    pthread_mutex_unlock(&p->lock);
}

static enum status look(void *ctx, size_t i, unsigned worker) {
    struct pull *p = ctx;
    struct pull_item *it = &p->report->items[i];
    struct buf path = {.max = LIMIT_URL_INPUT};
    struct stat sb;
    char hex[65];
    int64_t bytes = 0;
    (void)worker;
    dest_path(p, &path, it->path);
    bool maybe = lstat(buf_cstr(&path), &sb) == 0 && S_ISREG(sb.st_mode) && (it->bytes < 0 || sb.st_size == it->bytes);
    if (maybe && pull_file_digest(buf_cstr(&path), hex, &bytes) && !strcmp(hex, it->sha256)) {
        it->here = true;
        atomic_fetch_add(&p->done_bytes, bytes);
    }
    buf_free(&path);
    tick(p);
    return ST_OK;
}

/* The transport's bytes show between requests too, so progress is told from inside them. */
struct ticking {
    struct pull *p;
    struct transport inner;
    enum status (*sink)(void *ctx, struct slice bytes);
    void *sink_ctx;
};

static enum status tick_sink(void *ctx, struct slice bytes) {
    struct ticking *t = ctx;
    enum status st = t->sink(t->sink_ctx, bytes);
    tick(t->p);
    return st;
}

static enum status tick_get(void *ctx, unsigned worker, const struct transport_request *req, struct transport_answer *ans,
                            enum status (*sink)(void *, struct slice), void *sink_ctx, struct buf *err) {
    struct ticking t = *(const struct ticking *)ctx;
    t.sink = sink;
    t.sink_ctx = sink_ctx;
    return t.inner.get(t.inner.ctx, worker, req, ans, tick_sink, &t, err);
}

static bool tick_sleep(void *ctx, int64_t ms) {
    const struct ticking *t = ctx;
    return t->inner.sleep(t->inner.ctx, ms);
}

static bool is_shard(const struct pull_item *it) { return it->bytes >= 0; }

static enum status bring_one(struct pull *p, size_t i, unsigned worker) {
    struct pull_item *it = &p->report->items[i];
    struct buf url = {.max = LIMIT_URL_INPUT}, part = {.max = LIMIT_URL_INPUT}, why = {.max = LIMIT_ERR};
    struct ticking t = {.p = p, .inner = *p->opt->transport};
    struct transport transport = {.get = tick_get, .ctx = &t, .sleep = tick_sleep, .workers = t.inner.workers};
    transport_url(&url, p->report->base, it->path);
    struct pull_file f = {.url = buf_cstr(&url),
                          .part = part_path(p, &part, it->sha256),
                          .sha256 = it->sha256,
                          .bytes = it->bytes,
                          .transport = &transport,
                          .worker = worker,
                          .done_bytes = &p->done_bytes,
                          .wire_bytes = &p->wire_bytes};
    enum status st = pull_file_fetch(&f, &why);
    if (st != ST_OK) {
        it->failure = strdup(buf_cstr(&why));
        pthread_mutex_lock(&p->lock);
        if (st > p->worst) p->worst = st;
        p->report->n_failures++;
        pthread_mutex_unlock(&p->lock);
    }
    buf_free(&url);
    buf_free(&part);
    buf_free(&why);
    return ST_OK;
}

static enum status bring_small(void *ctx, size_t i, unsigned worker) {
    struct pull *p = ctx;
    const struct pull_item *it = &p->report->items[i];
    return it->here || is_shard(it) ? ST_OK : bring_one(p, i, worker);
}

static enum status bring_shard(void *ctx, size_t i, unsigned worker) {
    struct pull *p = ctx;
    const struct pull_item *it = &p->report->items[i];
    return it->here || !is_shard(it) ? ST_OK : bring_one(p, i, worker);
}

/* ---- deltas: a shard made from the one that was here ---- */

static const struct release_shard *shard_of(const struct pull *p, const struct pull_item *it) {
    for (size_t i = 0; i < p->manifest.n_shards; i++)
        if (!strcmp(p->manifest.shards[i].sha256, it->sha256)) return &p->manifest.shards[i];
    return NULL;
}

/* The shard of the same number that the folder held, with the delta from it, both checked; false when there is none. */
static bool find_delta(struct pull *p, const struct pull_item *it, struct buf *old_path, char old_sha256[65],
                       struct buf *delta_part) {
    const struct release_shard *shard = shard_of(p, it);
    struct buf name = {.max = LIMIT_URL_INPUT};
    int64_t bytes = 0;
    bool found = false;
    for (size_t i = 0; shard && !found && i < p->old.n; i++) {
        const struct checksum *old = &p->old.items[i];
        release_delta_name(&name, shard->number, old->sha256, it->sha256);
        const struct checksum *delta = checksums_find(&p->sums, buf_view(&name));
        if (!delta) continue;
        bool here =
            pull_file_digest(dest_path(p, old_path, buf_cstr(&name)), old_sha256, &bytes) && !strcmp(old_sha256, delta->sha256);
        if (here)
            buf_slice(delta_part, buf_view(old_path));
        else
            part_path(p, delta_part, delta->sha256);
        found = pull_file_digest(dest_path(p, old_path, old->path), old_sha256, &bytes) && !strcmp(old_sha256, old->sha256);
    }
    buf_free(&name);
    return found;
}

/* A delta that does not do is no failure: the shard is fetched then. */
static enum status rebuild(void *ctx, size_t i, unsigned worker) {
    struct pull *p = ctx;
    struct pull_item *it = &p->report->items[i];
    struct buf old_path = {.max = LIMIT_URL_INPUT}, delta = {.max = LIMIT_URL_INPUT}, part = {.max = LIMIT_URL_INPUT};
    struct buf dir = {.max = LIMIT_URL_INPUT}, why = {.max = LIMIT_ERR};
    char old_sha256[65];
    (void)worker;
    if (!it->here && is_shard(it) && file_size(part_path(p, &part, it->sha256)) < it->bytes &&
        find_delta(p, it, &old_path, old_sha256, &delta)) {
        enum status st = release_delta_apply(buf_cstr(&old_path), old_sha256, buf_cstr(&delta), dest_path(p, &dir, STAGING),
                                             buf_cstr(&part), &why);
        it->rebuilt = st == ST_OK;
    }
    buf_free(&old_path);
    buf_free(&delta);
    buf_free(&part);
    buf_free(&dir);
    buf_free(&why);
    return ST_OK;
}

static enum status check_room(struct pull *p) {
    struct statvfs fs;
    struct buf part = {.max = LIMIT_URL_INPUT};
    uint64_t need = 0;
    if (statvfs(p->opt->dest, &fs) != 0) return ST_OK;
    for (size_t i = 0; i < p->report->n_items; i++) {
        const struct pull_item *it = &p->report->items[i];
        if (it->here || it->bytes < 0) continue;
        int64_t have = file_size(part_path(p, &part, it->sha256));
        if (have < it->bytes) need += (uint64_t)(it->bytes - (have > 0 ? have : 0));
    }
    buf_free(&part);
    uint64_t room = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (need == 0 || need + ROOM_SPARE <= room) return ST_OK;
    return fail(p->err, ST_RETRY, "%s: %llu MB to fetch and %llu MB free: make room, then pull again", p->opt->dest,
                (unsigned long long)((need + 999999) / 1000000), (unsigned long long)(room / 1000000));
}

/* ---- the folder ---- */

/* An unknown folder with something in it is not ours to write over. */
static enum status open_dest(struct pull *p) {
    struct buf path = {.max = LIMIT_URL_INPUT};
    char **names = NULL;
    size_t n = 0;
    enum status st = dir_make(p->opt->dest, p->err);
    if (st == ST_OK) st = dir_list(p->opt->dest, "", &names, &n, p->err);
    bool ours = file_exists(dest_path(p, &path, CHECKSUMS_FILE)) || file_exists(dest_path(p, &path, STAGING));
    if (st == ST_OK && n > 0 && !ours)
        st = fail(p->err, ST_FATAL, "%s is not empty and holds no release: name another folder", p->opt->dest);
    dir_list_free(names, n);
    if (st == ST_OK) st = dir_make(dest_path(p, &path, STAGING), p->err);
    if (st == ST_OK) {
        p->lock_fd = open(dest_path(p, &path, STAGING "/lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (p->lock_fd < 0)
            st = fail_errno(p->err, "cannot create", buf_cstr(&path));
        else if (flock(p->lock_fd, LOCK_EX | LOCK_NB) != 0)
            st = fail(p->err, ST_RETRY, "%s: another pull is at work there", p->opt->dest);
    }
    buf_free(&path);
    return st;
}

static enum status remove_file(struct pull *p, const char *path) {
    struct buf full = {.max = LIMIT_URL_INPUT};
    bool gone = unlink(dest_path(p, &full, path)) == 0 || errno == ENOENT;
    enum status st = gone ? ST_OK : fail_errno(p->err, "cannot remove", buf_cstr(&full));
    buf_free(&full);
    return st;
}

static enum status move_in(struct pull *p, const struct pull_item *it) {
    struct buf from = {.max = LIMIT_URL_INPUT}, to = {.max = LIMIT_URL_INPUT}, dir = {.max = LIMIT_URL_INPUT};
    const char *slash = strrchr(it->path, '/');
    enum status st = ST_OK;
    part_path(p, &from, it->sha256);
    dest_path(p, &to, it->path);
    if (slash) {
        buf_slice(&dir, slice_of(buf_cstr(&to), to.len - strlen(slash)));
        st = dir_make(buf_cstr(&dir), p->err);
    }
    if (st == ST_OK && rename(buf_cstr(&from), buf_cstr(&to)) != 0) {
        /* Two files with the same bytes share a part: the second is a copy of the first. */
        struct buf text = {.max = LIMIT_RELEASE_META};
        const struct pull_item *twin = NULL;
        for (size_t i = 0; errno == ENOENT && i < p->report->n_items && !twin; i++)
            if (&p->report->items[i] != it && !strcmp(p->report->items[i].sha256, it->sha256)) twin = &p->report->items[i];
        if (!twin)
            st = fail_errno(p->err, "cannot rename to", buf_cstr(&to));
        else
            st = file_read(dest_path(p, &from, twin->path), LIMIT_RELEASE_META - MIB, &text, p->err);
        if (st == ST_OK) st = file_write(buf_cstr(&to), buf_view(&text), p->err);
        buf_free(&text);
    }
    buf_free(&from);
    buf_free(&to);
    buf_free(&dir);
    return st;
}

/* What the version here before listed; nothing when there was none. */
static void load_old(struct pull *p) {
    struct buf path = {.max = LIMIT_URL_INPUT}, text = {.max = LIMIT_RELEASE_META}, why = {.max = LIMIT_ERR};
    dest_path(p, &path, CHECKSUMS_FILE);
    bool known = file_exists(buf_cstr(&path)) && file_read(buf_cstr(&path), LIMIT_RELEASE_META - MIB, &text, &why) == ST_OK;
    if (known && checksums_parse(buf_view(&text), &p->old, &why) != ST_OK) checksums_free(&p->old);
    buf_free(&path);
    buf_free(&text);
    buf_free(&why);
}

/* Files that the version here before listed and this one does not.  Nothing else in the folder is ours. */
static enum status remove_stale(struct pull *p) {
    enum status st = ST_OK;
    struct buf dir = {.max = LIMIT_URL_INPUT};
    for (size_t i = 0; st == ST_OK && i < p->old.n; i++) {
        if (checksums_find(&p->sums, slice_str(p->old.items[i].path))) continue;
        st = remove_file(p, p->old.items[i].path);
        p->report->removed_files++;
    }
    rmdir(dest_path(p, &dir, RELEASE_DELTA_DIR)); /* stays when something is in it */
    buf_free(&dir);
    return st;
}

static enum status write_apart(struct pull *p, const char *name, const struct buf *text) {
    struct buf path = {.max = LIMIT_URL_INPUT};
    enum status st = file_write(dest_path(p, &path, name), buf_view(text), p->err);
    buf_free(&path);
    return st;
}

static void drop_staging(struct pull *p) {
    struct buf dir = {.max = LIMIT_URL_INPUT}, path = {.max = LIMIT_URL_INPUT};
    char **names = NULL;
    size_t n = 0;
    dest_path(p, &dir, STAGING);
    dir_sweep_tmp(buf_cstr(&dir));
    if (dir_list(buf_cstr(&dir), "", &names, &n, NULL) == ST_OK)
        for (size_t i = 0; i < n; i++) {
            path_join(&path, buf_cstr(&dir), names[i]);
            unlink(buf_cstr(&path));
        }
    dir_list_free(names, n);
    rmdir(buf_cstr(&dir));
    buf_free(&dir);
    buf_free(&path);
}

/* Everything is staged: make DEST the new version. */
static enum status switch_over(struct pull *p) {
    struct buf empty = {0}, data = {.max = LIMIT_URL_INPUT};
    enum status st = remove_file(p, RELEASE_SUCCESS_FILE);
    if (st == ST_OK) st = dir_sync(p->opt->dest, p->err);
    for (size_t i = 0; st == ST_OK && i < p->report->n_items; i++)
        if (!p->report->items[i].here) st = move_in(p, &p->report->items[i]);
    if (st == ST_OK) st = remove_stale(p);
    if (st == ST_OK) st = dir_sync(dest_path(p, &data, RELEASE_DATA_DIR), p->err);
    if (st == ST_OK && p->signature.len == 0) st = remove_file(p, CHECKSUMS_FILE SIGN_SUFFIX);
    if (st == ST_OK && p->signature.len) st = write_apart(p, CHECKSUMS_FILE SIGN_SUFFIX, &p->signature);
    if (st == ST_OK) st = write_apart(p, CHECKSUMS_FILE, &p->sums_text);
    if (st == ST_OK) st = write_apart(p, RELEASE_SUCCESS_FILE, &empty);
    if (st == ST_OK) drop_staging(p);
    buf_free(&data);
    return st;
}

static enum status report_failures(struct pull *p) {
    const struct pull_item *first = NULL;
    for (size_t i = 0; i < p->report->n_items && !first; i++)
        if (p->report->items[i].failure) first = &p->report->items[i];
    return fail(p->err, p->worst, "%zu of %zu files did not come; the first: %s", p->report->n_failures, p->report->n_items,
                first ? first->failure : "");
}

static enum status run(struct pull *p) {
    struct pull_report *r = p->report;
    unsigned workers =
        p->opt->workers && p->opt->workers < p->opt->transport->workers ? p->opt->workers : p->opt->transport->workers;
    enum status st = load(p);
    if (st == ST_OK) st = open_dest(p);
    if (st == ST_OK) st = parallel_for(r->n_items, 0, look, p);
    if (st == ST_OK) st = check_room(p);
    if (st == ST_OK) load_old(p);
    if (st == ST_OK) st = parallel_for(r->n_items, workers, bring_small, p);
    if (st == ST_OK && p->old.n) st = parallel_for(r->n_items, 2, rebuild, p);
    if (st == ST_OK) st = parallel_for(r->n_items, workers, bring_shard, p);
    if (st == ST_OK && r->n_failures) st = report_failures(p);
    if (st == ST_OK) st = switch_over(p);
    for (size_t i = 0; i < r->n_items; i++) {
        if (r->items[i].here)
            r->kept_files++;
        else if (r->items[i].rebuilt)
            r->rebuilt_files++;
        else if (!r->items[i].failure)
            r->fetched_files++;
    }
    r->fetched_bytes = atomic_load(&p->wire_bytes);
    return st;
}

static enum status start(const struct pull_options *opt, struct pull_report *report, enum status (*what)(struct pull *),
                         struct buf *err) {
    struct pull p = {.opt = opt, .report = report, .lock_fd = -1, .err = err};
    pthread_mutex_init(&p.lock, NULL);
    enum status st = what(&p);
    if (p.lock_fd >= 0) close(p.lock_fd);
    pthread_mutex_destroy(&p.lock);
    checksums_free(&p.sums);
    checksums_free(&p.old);
    release_manifest_free(&p.manifest);
    buf_free(&p.sums_text);
    buf_free(&p.signature);
    return st;
}

enum status pull_list(const struct pull_options *opt, struct pull_report *report, struct buf *err) {
    return start(opt, report, load, err);
}
enum status pull_release(const struct pull_options *opt, struct pull_report *report, struct buf *err) {
    return start(opt, report, run, err);
}

void pull_report_free(struct pull_report *report) {
    for (size_t i = 0; i < report->n_items; i++) {
        free(report->items[i].path);
        free(report->items[i].failure);
    }
    free(report->items);
    free(report->name);
    free(report->version);
    free(report->base);
    *report = (struct pull_report){0};
}
