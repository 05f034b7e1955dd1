#include "base/file.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "store/pull_internal.h"
#include "store/pull_ranges.h"
#include "store/release_delta.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the files ---- */

#define TICK_BYTES ((int64_t)256 * 1024) /* progress is told when so many bytes more are there */

static void tick(struct pull *p) {
    int64_t done = atomic_load(&p->done_bytes), step = done / TICK_BYTES;
    if (!p->opt->progress || atomic_exchange(&p->ticked, step) == step) return;
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
    pull_path(p, &path, it->path);
    bool maybe = lstat(buf_cstr(&path), &sb) == 0 && S_ISREG(sb.st_mode) && (it->bytes < 0 || sb.st_size == it->bytes);
    if (maybe && it->wanted && pull_file_digest(buf_cstr(&path), hex, &bytes)) {
        it->here = !strcmp(hex, it->sha256);
        it->damaged = !it->here;
        if (it->here) atomic_fetch_add(&p->done_bytes, bytes);
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

static bool is_shard(const struct pull_item *it) { return it->shard != NULL; }
static bool missing(const struct pull_item *it) { return it->wanted && !it->here; }

struct bringing {
    struct buf url, part, old;
    struct ticking ticking;
    struct transport transport;
    struct pull_file f;
};

static void bringing_init(struct bringing *b, struct pull *p, size_t i, unsigned worker) {
    const struct pull_item *it = &p->report->items[i];
    *b = (struct bringing){.url = {.max = LIMIT_URL_INPUT}, .part = {.max = LIMIT_URL_INPUT}, .old = {.max = LIMIT_URL_INPUT}};
    b->ticking = (struct ticking){.p = p, .inner = *p->opt->transport};
    b->transport =
        (struct transport){.get = tick_get, .ctx = &b->ticking, .sleep = tick_sleep, .workers = b->ticking.inner.workers};
    transport_url(&b->url, p->report->base, it->path);
    b->f = (struct pull_file){.url = buf_cstr(&b->url),
                              .part = pull_part_path(p, &b->part, it->sha256),
                              .sha256 = it->sha256,
                              .bytes = it->bytes,
                              .blocks = it->shard ? it->shard->blocks : NULL,
                              .old = it->damaged ? pull_path(p, &b->old, it->path) : NULL,
                              .transport = &b->transport,
                              .worker = worker,
                              .done_bytes = &p->done_bytes,
                              .wire_bytes = &p->wire_bytes};
}

static void bringing_free(struct bringing *b) {
    buf_free(&b->url);
    buf_free(&b->part);
    buf_free(&b->old);
}

static void note_failure(struct pull *p, struct pull_item *it, enum status st, const struct buf *why) {
    it->failure = strdup(buf_cstr(why));
    pthread_mutex_lock(&p->lock);
    if (st > p->worst) p->worst = st;
    p->report->n_failures++;
    pthread_mutex_unlock(&p->lock);
}

static enum status bring_one(struct pull *p, size_t i, unsigned worker) {
    struct buf why = {.max = LIMIT_ERR};
    struct bringing b;
    bringing_init(&b, p, i, worker);
    enum status st = pull_file_fetch(&b.f, &why);
    if (st != ST_OK) note_failure(p, &p->report->items[i], st, &why);
    bringing_free(&b);
    buf_free(&why);
    return ST_OK;
}

static enum status bring_small(void *ctx, size_t i, unsigned worker) {
    struct pull *p = ctx;
    const struct pull_item *it = &p->report->items[i];
    return !missing(it) || is_shard(it) ? ST_OK : bring_one(p, i, worker);
}

/* ---- shards: a task for each small one, and for each range of a large one ---- */

struct task {
    size_t item, range;
    struct pull_ranges *ranges; /* shared by the tasks of one shard; NULL: one stream */
};
struct tasks {
    struct pull *p;
    struct task *items;
    size_t n, cap;
};

static bool add_task(struct tasks *t, struct task task) {
    if (t->n == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 64;
        struct task *grown = realloc(t->items, cap * sizeof *grown);
        if (!grown) return false;
        t->items = grown;
        t->cap = cap;
    }
    t->items[t->n++] = task;
    return true;
}

static bool add_shard(struct tasks *t, size_t i) {
    struct bringing b;
    bringing_init(&b, t->p, i, 0);
    size_t n = pull_ranges_suit(&b.f) ? pull_ranges_count(&b.f) : 0;
    struct pull_ranges *r = n ? pull_ranges_new(&b.f) : NULL;
    bool ok = n == 0 ? add_task(t, (struct task){.item = i}) : r != NULL;
    for (size_t k = 0; ok && k < n; k++) ok = add_task(t, (struct task){.item = i, .range = k, .ranges = r});
    if (!ok && (t->n == 0 || t->items[t->n - 1].ranges != r)) pull_ranges_free(r);
    bringing_free(&b);
    return ok;
}

static enum status bring_range(struct tasks *t, const struct task *task, unsigned worker) {
    struct pull *p = t->p;
    struct ticking ticking = {.p = p, .inner = *p->opt->transport};
    struct transport transport = {.get = tick_get, .ctx = &ticking, .sleep = tick_sleep, .workers = ticking.inner.workers};
    struct buf why = {.max = LIMIT_ERR};
    enum status st = ST_OK;
    if (!pull_ranges_fetch(task->ranges, task->range, worker, &transport)) return ST_OK;
    switch (pull_ranges_finish(task->ranges, &st, &why)) {
    case RANGES_DONE: break;
    case RANGES_ONE_STREAM: st = bring_one(p, task->item, worker); break;
    case RANGES_FAILED: note_failure(p, &p->report->items[task->item], st, &why); break;
    }
    buf_free(&why);
    return ST_OK;
}

static enum status bring_task(void *ctx, size_t i, unsigned worker) {
    struct tasks *t = ctx;
    const struct task *task = &t->items[i];
    return task->ranges ? bring_range(t, task, worker) : bring_one(t->p, task->item, worker);
}

static enum status bring_shards(struct pull *p, unsigned workers) {
    struct tasks t = {.p = p};
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < p->report->n_items; i++)
        if (missing(&p->report->items[i]) && is_shard(&p->report->items[i]) && !add_shard(&t, i))
            st = fail(p->err, ST_FATAL, "out of memory");
    if (st == ST_OK) st = parallel_for(t.n, workers, bring_task, &t);
    for (size_t i = 0; i < t.n; i++)
        if (t.items[i].range == 0) pull_ranges_free(t.items[i].ranges);
    free(t.items);
    return st;
}

/* ---- deltas: a shard made from the one that was here ---- */

/* The first file of the version here before whose path is not before ${path}. */
static size_t lower_bound(const struct checksums *c, const char *path) {
    size_t lo = 0, hi = c->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(c->items[mid].path, path) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* A delta that leads from the file ${old} to the shard, both checked.  */
static bool delta_from(struct pull *p, const struct checksum *old, const struct pull_item *it, struct buf *old_path,
                       char old_sha256[65], struct buf *delta_part) {
    struct buf name = {.max = LIMIT_URL_INPUT};
    int64_t bytes = 0;
    release_delta_name(&name, it->shard->number, old->sha256, it->sha256);
    const struct checksum *delta = checksums_find(&p->sums, buf_view(&name));
    bool found = false;
    if (delta) {
        bool here =
            pull_file_digest(pull_path(p, old_path, buf_cstr(&name)), old_sha256, &bytes) && !strcmp(old_sha256, delta->sha256);
        if (here)
            buf_slice(delta_part, buf_view(old_path));
        else
            pull_part_path(p, delta_part, delta->sha256);
        found = pull_file_digest(pull_path(p, old_path, old->path), old_sha256, &bytes) && !strcmp(old_sha256, old->sha256);
    }
    buf_free(&name);
    return found;
}

/* Of the shards of the same number that the folder held, the one with a delta from it. */
static bool find_delta(struct pull *p, const struct pull_item *it, struct buf *old_path, char old_sha256[65],
                       struct buf *delta_part) {
    struct buf start = {.max = LIMIT_URL_INPUT};
    bool found = false;
    buf_printf(&start, RELEASE_DATA_DIR "/part-%05llu-", (unsigned long long)it->shard->number);
    for (size_t i = lower_bound(&p->old, buf_cstr(&start)); !found && i < p->old.n; i++) {
        if (!slice_starts(slice_str(p->old.items[i].path), buf_view(&start))) break;
        buf_clear(delta_part);
        found = delta_from(p, &p->old.items[i], it, old_path, old_sha256, delta_part);
    }
    buf_free(&start);
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
    if (missing(it) && is_shard(it) && file_size(pull_part_path(p, &part, it->sha256)) < it->bytes &&
        find_delta(p, it, &old_path, old_sha256, &delta)) {
        enum status st = release_delta_apply(buf_cstr(&old_path), old_sha256, buf_cstr(&delta), pull_path(p, &dir, PULL_STAGING),
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
    enum status st = pull_select_load(p);
    if (st == ST_OK) st = pull_load(p);
    if (st == ST_OK) st = pull_select_mark(p);
    if (st == ST_OK) st = pull_open_dest(p);
    if (st == ST_OK) st = parallel_for(r->n_items, 0, look, p);
    if (st == ST_OK) st = pull_check_room(p);
    if (st == ST_OK) pull_load_old(p);
    if (st == ST_OK) st = parallel_for(r->n_items, workers, bring_small, p);
    if (st == ST_OK && p->old.n) st = parallel_for(r->n_items, 2, rebuild, p);
    if (st == ST_OK) st = bring_shards(p, workers);
    if (st == ST_OK && r->n_failures) st = report_failures(p);
    if (st == ST_OK) st = pull_switch_over(p);
    for (size_t i = 0; i < r->n_items; i++) {
        if (r->items[i].here)
            r->kept_files++;
        else if (r->items[i].rebuilt)
            r->rebuilt_files++;
        else if (r->items[i].wanted && !r->items[i].failure)
            r->fetched_files++;
    }
    r->fetched_bytes = atomic_load(&p->wire_bytes);
    return st;
}

static enum status list(struct pull *p) {
    enum status st = pull_select_load(p);
    if (st == ST_OK) st = pull_load(p);
    return st == ST_OK ? pull_select_mark(p) : st;
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
    selection_free(&p.remembered);
    for (size_t i = 0; i < report->n_items; i++) report->items[i].shard = NULL;
    free(p.by_name);
    free(p.by_number);
    release_manifest_free(&p.manifest);
    buf_free(&p.sums_text);
    buf_free(&p.signature);
    return st;
}

enum status pull_list(const struct pull_options *opt, struct pull_report *report, struct buf *err) {
    return start(opt, report, list, err);
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
