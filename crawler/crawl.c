#include "crawler/crawl_internal.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/limits.h"

#include <stdlib.h>

#define MAX_WAIT_MS 600000
#define PROGRESS_MS 200
#define LOOP_MS 500 /* the longest sleep: stop, hours and limits are looked at this often */

bool crawl_taken(const struct source *src, const char **why) {
    *why = "";
    if (src->access == ACCESS_BLOCKED)
        *why = "it is listed as blocked";
    else if (src->access == ACCESS_DUMP)
        *why = "its dumps are fetched whole and ingested";
    else if (src->access == ACCESS_OAI)
        *why = "its records are harvested and ingested";
    else if (!src->license || !src->license[0])
        *why = "it has no licence";
    else if (!licence_is_open(src->license) && strcmp(src->license, CRAWL_LICENCE_PER_PAGE) != 0)
        *why = "its licence is not an open one known here";
    else if (src->seeds.n == 0)
        *why = "it has no seed";
    return !**why;
}

struct slice crawl_licence(const struct source *src) {
    return strcmp(src->license, CRAWL_LICENCE_PER_PAGE) == 0 ? slice_of("", 0) : slice_str(src->license);
}

int64_t crawl_delay_ms(const struct crawl_options *opt, const struct source *src) {
    if (opt->delay_ms > 0) return opt->delay_ms;
    int64_t own = src->delay_ms > 0 ? src->delay_ms : POLITENESS_FLOOR_MS;
    return opt->campaign->delay_ms > 0 ? opt->campaign->delay_ms : own;
}

/* xorshift64*: jitter needs no better. */
uint64_t crawl_dice(struct crawl *c) {
    c->dice ^= c->dice >> 12;
    c->dice ^= c->dice << 25;
    c->dice ^= c->dice >> 27;
    return c->dice * UINT64_C(0x2545F4914F6CDD1D);
}

/* ---- set-up ---- */

static enum status choose_sources(struct crawl *c, struct buf *err) {
    c->sources = calloc(c->opt->n_sources + 1, sizeof *c->sources);
    c->taken = calloc(c->opt->n_sources + 1, sizeof *c->taken);
    if (!c->sources || !c->taken) return fail(err, ST_FATAL, "out of memory");
    for (size_t i = 0; i < c->opt->n_sources; i++) {
        const char *why;
        if (!crawl_taken(c->opt->sources[i], &why)) {
            log_line(c->opt->log, LOG_WARN, "source %s is not taken: %s", c->opt->sources[i]->id, why);
            continue;
        }
        c->taken[c->n_sources] = c->opt->sources[i];
        c->sources[c->n_sources].basis = crawl_revisit_basis(c, c->opt->sources[i]);
        c->sources[c->n_sources++].src = c->opt->sources[i];
    }
    if (c->n_sources == 0) return fail(err, ST_FATAL, "campaign %s: no source can be crawled", c->opt->campaign->name);
    return scope_new(c->taken, c->n_sources, &c->scope, err);
}

static enum status open_files(struct crawl *c, bool *newer, struct buf *err) {
    struct buf path;
    buf_init(&path, LIMIT_ERR);
    const char *folders[] = {"frontier", "warc", "raw"};
    enum status r = ST_OK;
    for (int i = 0; r == ST_OK && i < 3; i++) {
        path_join(&path, c->opt->hub, folders[i]);
        r = dir_make(buf_cstr(&path), err);
    }
    path_join(&path, c->opt->hub, "manifest.sqlite");
    if (r == ST_OK) r = manifest_open(buf_cstr(&path), MANIFEST_CREATE, &c->manifest, newer, err);
    buf_clear(&path);
    buf_printf(&path, "%s/frontier/%s.sqlite", c->opt->hub, c->opt->campaign->name);
    if (r == ST_OK) r = frontier_open(buf_cstr(&path), c->now_ms, &c->frontier, newer, err);
    path_join(&path, c->opt->hub, "frontier/hosts.sqlite");
    if (r == ST_OK) r = hosts_open(buf_cstr(&path), c->opt->campaign->name, c->now_ms, &c->hosts, newer, err);
    buf_free(&path);
    return r;
}

static enum status open_net(struct crawl *c, struct buf *err) {
    struct buf agent;
    buf_init(&agent, LIMIT_ERR);
    const char *contact = c->opt->campaign->contact;
    buf_printf(&agent, "%s/%s (+%s)", c->product, VILLERS_VERSION, contact);
    int64_t max = c->opt->campaign->max_hosts_at_once;
    struct fetch_multi_options o = {.user_agent = buf_cstr(&agent),
                                    .connect_to = c->opt->connect_to,
                                    .n_connect_to = c->opt->n_connect_to,
                                    .allow_private = c->opt->allow_private,
                                    .max_open = max > 0 ? (unsigned)max : 64,
                                    .total_timeout_ms = c->opt->timeout_ms,
                                    .stall_ms = c->opt->stall_ms,
                                    .may_connect = crawl_dispatch_may_connect,
                                    .may_connect_ctx = c};
    enum status r = fetch_multi_new(&o, &c->net, err);
    buf_free(&agent);
    return r;
}

/* Seeds are offered at every start: new ones of a source that changed come in, the others are known. */
static enum status add_seeds(struct crawl *c, size_t source, struct buf *err) {
    const struct source *src = c->sources[source].src;
    for (unsigned i = 0; i < src->seeds.n; i++) {
        struct url_parts p;
        bool made, added;
        buf_clear(&c->scratch);
        enum status r = url_canonical(slice_str(src->seeds.items[i]), slice_of("", 0), c->opt->urls, &c->scratch, err);
        struct frontier_url u = {.url = buf_view(&c->scratch), .source = c->sources[source].number};
        if (r != ST_OK || !url_split(u.url, &p)) return fail(err, ST_FATAL, "source %s: bad seed %s", src->id, src->seeds.items[i]);
        r = frontier_host(c->frontier, p.host, &u.host, &made, err);
        if (r == ST_OK) r = frontier_add(c->frontier, &u, REASON_NONE, slice_of("", 0), &added, err);
        if (r != ST_OK) return r;
    }
    return ST_OK;
}

static enum status count_tally(void *ctx, const struct frontier_tally *t) {
    struct crawl *c = ctx;
    if (t->state == FRONTIER_QUEUED || t->state == FRONTIER_WAITING) c->stats.queued += t->urls;
    if (t->state != FRONTIER_DONE) return ST_OK;
    bool page = t->reason == REASON_DOCUMENT || t->reason == REASON_TYPE || t->reason == REASON_NOINDEX ||
                t->reason == REASON_LICENCE || t->reason == REASON_CONFLICT || t->reason == REASON_UNSURE ||
                t->reason == REASON_EMPTY || t->reason == REASON_PAGE;
    for (size_t i = 0; i < c->n_sources; i++)
        if (slice_eq_str(t->source, c->sources[i].src->id)) {
            c->sources[i].pages += page ? t->urls : 0;
            c->sources[i].bytes += t->bytes;
        }
    c->pages_at_start += page ? t->urls : 0;
    c->bytes_at_start += t->bytes;
    return ST_OK;
}

static enum status wake_host(void *ctx, int64_t host, struct slice name) {
    struct crawl *c = ctx;
    return crawl_slots_wake(c, host, name, NULL);
}

/* What bounds the sources: when it is another, URLs left out before may be inside. */
static uint64_t bounds(const struct crawl *c) {
    uint64_t h = 1;
    for (size_t i = 0; i < c->n_sources; i++) {
        const struct source *s = c->sources[i].src;
        const struct string_list *lists[] = {&s->seeds, &s->include, &s->exclude};
        h = hash64_seed(slice_str(s->id), h + (uint64_t)s->scope);
        for (size_t k = 0; k < 3; k++)
            for (unsigned n = 0; n < lists[k]->n; n++) h = hash64_seed(slice_str(lists[k]->items[n]), h + k);
    }
    return h;
}

static enum status inside_now(void *ctx, struct frontier_url *u, bool *wanted) {
    struct crawl *c = ctx;
    struct url_parts p;
    size_t source = SIZE_MAX;
    bool made;
    *wanted = url_split(u->url, &p) && scope_find(c->scope, u->url, &source) == REASON_NONE && source != SIZE_MAX;
    if (*wanted && c->taken[source]->max_depth > 0 && u->depth > c->taken[source]->max_depth) *wanted = false;
    if (!*wanted) return ST_OK;
    u->source = c->sources[source].number;
    return frontier_host(c->frontier, p.host, &u->host, &made, NULL);
}

static enum status reconsider(struct crawl *c, struct buf *err) {
    int64_t n = 0;
    enum status r = frontier_reconsider(c->frontier, bounds(c), inside_now, c, &n, err);
    if (n) log_line(c->opt->log, LOG_INFO, "%lld URLs left out before are inside the sources now", (long long)n);
    return r;
}

static enum status fill(struct crawl *c, struct buf *err) {
    enum status r = frontier_begin(c->frontier, err);
    for (size_t i = 0; r == ST_OK && i < c->n_sources; i++) {
        struct crawl_source *s = &c->sources[i];
        r = frontier_source(c->frontier, slice_str(s->src->id), &s->number, err);
        if (r == ST_OK) r = frontier_unhold(c->frontier, s->number, err);
        if (r == ST_OK) r = add_seeds(c, i, err);
        if (r == ST_OK && !map64_put(&c->source_at, (uint64_t)s->number, i)) r = fail(err, ST_FATAL, "out of memory");
    }
    if (r == ST_OK) r = reconsider(c, err);
    if (r == ST_OK) r = crawl_revisit_begin(c, err);
    if (r == ST_OK) r = frontier_commit(c->frontier, err);
    if (r == ST_OK) r = frontier_each_tally(c->frontier, count_tally, c, err);
    if (r == ST_OK) r = crawl_dispatch_hosts_begin(c, err);
    if (r == ST_OK) r = frontier_each_host(c->frontier, wake_host, c, err);
    if (c->hosts_open && r == ST_OK) r = hosts_commit(c->hosts, err);
    c->hosts_open = false;
    return r;
}

static enum status begin_run(struct crawl *c, struct buf *err) {
    struct manifest_run run = {.stage = "crawl",
                               .subject = c->opt->campaign->name,
                               .code = VILLERS_VERSION,
                               .settings_hash = c->opt->settings_hash,
                               .settings_text = c->opt->settings_text,
                               .began_ms = c->now_ms};
    return manifest_run_begin(c->manifest, &run, &c->run, err);
}

/* With the archive's syncs: what a kill loses of it is the pages of some seconds. */
static enum status keep_novelty(struct crawl *c, struct buf *err) {
    struct novelty_entry e;
    enum status r = ST_OK;
    while (r == ST_OK && novelty_changed(c->novelty, &e)) {
        const struct frontier_novelty row = {e.place, e.key, e.pages, e.fresh, e.prints};
        r = frontier_novelty_put(c->frontier, &row, err);
    }
    return r;
}

static void restore_novelty(void *ctx, const struct frontier_novelty *n) {
    const struct novelty_entry e = {(uint32_t)n->place, n->key, (uint32_t)n->pages, (uint32_t)n->fresh, n->prints};
    novelty_restore(ctx, &e);
}

static enum status set_up(struct crawl *c, bool *newer, struct buf *err) {
    const char *contact = c->opt->campaign->contact;
    if (!contact || !*contact)
        return fail(err, ST_FATAL, "campaign %s has no contact: give the address that site owners can write to",
                    c->opt->campaign->name);
    enum status r = choose_sources(c, err);
    if (r == ST_OK && !(c->novelty = novelty_new())) r = fail(err, ST_FATAL, "out of memory");
    if (r == ST_OK) r = open_files(c, newer, err);
    if (r == ST_OK) r = frontier_each_novelty(c->frontier, restore_novelty, c->novelty, err);
    if (r == ST_OK) r = crawl_archive_recover(c, err);
    if (r == ST_OK) r = begin_run(c, err);
    if (r == ST_OK) r = open_net(c, err);
    if (r == ST_OK) r = crawl_work_start(c, err);
    return r == ST_OK ? fill(c, err) : r;
}

/* ---- a turn of the loop ---- */

static void roll_back(struct crawl *c) {
    frontier_rollback(c->frontier);
    hosts_rollback(c->hosts);
    c->hosts_open = false;
}

/* All that was learnt and chosen, in two commits: clocks first, so that no request is ever known without its clock. */
static enum status commit(struct crawl *c, struct buf *err) {
    bool lasting = crawl_archive_sync_due(c);
    enum status r = crawl_archive_grow(c, err);
    if (r == ST_OK && lasting) r = keep_novelty(c, err);
    if (r == ST_OK && lasting) r = crawl_archive_sync(c, err);
    if (r == ST_OK && c->hosts_open) r = hosts_commit(c->hosts, err);
    c->hosts_open = false;
    if (r == ST_OK) r = frontier_commit(c->frontier, err);
    return r == ST_OK && lasting ? frontier_fold(c->frontier, err) : r;
}

static enum status work(struct crawl *c, struct buf *err) {
    c->now_ms = clock_wall_ms();
    enum status r = crawl_archive_full(c) ? crawl_archive_seal(c, err) : ST_OK;
    if (r == ST_OK) r = crawl_archive_ready(c, err);
    if (r == ST_OK) r = frontier_begin(c->frontier, err);
    if (r != ST_OK) return r;
    r = crawl_answer_all(c, err);
    if (r == ST_OK) r = crawl_result_all(c, err);
    if (r == ST_OK) r = crawl_revisit_tick(c, err);
    if (r == ST_OK) r = crawl_recheck_work(c, err);
    if (r == ST_OK) r = crawl_dispatch(c, err);
    if (r == ST_OK) r = commit(c, err);
    if (r != ST_OK) {
        roll_back(c);
        return r;
    }
    return crawl_dispatch_send(c, err);
}

static void take_stock(struct crawl *c) {
    struct crawl_stats *s = &c->stats;
    s->now_ms = c->now_ms;
    s->hosts = c->n_slots;
    s->open = fetch_multi_open(c->net);
    s->hosts_waiting = s->hosts_unreached = 0;
    for (size_t i = 0; i < c->n_waiting; i++) {
        const struct crawl_slot *w = c->waiting[i];
        s->hosts_waiting += w->clock.failing && w->due_ms > c->now_ms;
        s->hosts_unreached += w->unreached;
    }
    int64_t due = crawl_slots_next_due(c);
    s->wait_ms = s->open || c->n_jobs || due == INT64_MAX ? 0 : due > c->now_ms ? due - c->now_ms : 0;
}

static bool budget_spent(const struct crawl *c) {
    const struct campaign *k = c->opt->campaign;
    return (k->max_pages > 0 && c->pages_at_start + c->stats.pages >= k->max_pages) ||
           (c->opt->max_pages > 0 && c->stats.pages >= c->opt->max_pages) ||
           (k->max_bytes > 0 && c->bytes_at_start + c->stats.bytes >= k->max_bytes) ||
           (k->max_seconds > 0 && c->now_ms - c->stats.started_ms + c->opt->spent_ms >= k->max_seconds * 1000);
}

/* With nothing under way: is it worth waiting?  False ends the run with *${outcome}. */
static bool worth_waiting(struct crawl *c, enum crawl_outcome *outcome) {
    int64_t due = crawl_slots_next_due(c), limit = c->opt->max_wait_ms > 0 ? c->opt->max_wait_ms : MAX_WAIT_MS;
    if (due == INT64_MAX) {
        *outcome = CRAWL_DONE;
        return false;
    }
    *outcome = CRAWL_WAITING;
    take_stock(c);
    /* hosts that cannot be reached at all are no reason to stay */
    if (c->stats.hosts_unreached == c->n_slots && due > c->now_ms + LOOP_MS) return false;
    return due - c->now_ms <= limit;
}

static bool in_hours(const struct crawl *c) {
    const struct string_list *h = &c->opt->campaign->hours;
    bool local = c->hooks && c->hooks->local_ms;
    return politeness_in_hours(h->items, h->n, local ? c->hooks->local_ms(c->hooks->ctx, c->now_ms) : c->now_ms);
}

struct loop {
    int64_t shown_ms, drain_ms;
    bool over;
};

/* Paused, or out of its hours: looked at before anything is sent. */
static bool closed(struct crawl *c) {
    const struct crawl_hooks *h = c->hooks;
    c->stats.paused = h && h->pause && h->pause(h->ctx);
    c->stats.closed_hours = !in_hours(c);
    return c->stats.paused || c->stats.closed_hours;
}

/* Ends, pauses and limits.  Sets l->over when the loop is to end. */
static void steer(struct crawl *c, struct loop *l, enum crawl_outcome *outcome) {
    const struct crawl_hooks *h = c->hooks;
    bool idle = fetch_multi_open(c->net) == 0 && c->n_jobs == 0 && !crawl_recheck_busy(c);
    bool stop = h && h->stop && h->stop(h->ctx), spent = budget_spent(c);
    if ((stop || spent) && !l->drain_ms) {
        *outcome = stop ? CRAWL_STOPPED : CRAWL_LIMIT;
        l->drain_ms = c->now_ms + CRAWL_DRAIN_MS;
    }
    bool shut = closed(c);
    c->stopping = l->drain_ms || shut;
    if (l->drain_ms)
        l->over = idle || c->now_ms >= l->drain_ms;
    else if (idle && !shut)
        l->over = !worth_waiting(c, outcome);
    if (h && h->progress && c->now_ms - l->shown_ms >= PROGRESS_MS) {
        take_stock(c);
        h->progress(h->ctx, &c->stats);
        l->shown_ms = c->now_ms;
    }
}

static int64_t sleep_ms(struct crawl *c) {
    int64_t due = crawl_slots_next_due(c), wait = due == INT64_MAX || c->stopping ? LOOP_MS : due - clock_wall_ms();
    if (crawl_recheck_busy(c) || crawl_work_done(c)) return 0;
    bool under_way = fetch_multi_open(c->net) || c->n_jobs;
    if (under_way && !crawl_dispatch_room(c)) wait = LOOP_MS; /* as much as there may be: an answer or a worker will wake us */
    return wait < 0 ? 0 : wait > LOOP_MS ? LOOP_MS : wait;
}

static enum status loop(struct crawl *c, enum crawl_outcome *outcome, struct buf *err) {
    struct loop l = {0};
    c->stopping = closed(c);
    for (;;) {
        enum status r = work(c, err);
        if (r != ST_OK) return r;
        steer(c, &l, outcome);
        if (l.over) return ST_OK;
        fetch_multi_wait(c->net, c->n_jobs, sleep_ms(c));
    }
}

/* ---- the end ---- */

/* What the drain did not wait for goes back to the queue; the hosts' leases end, their delay from now: they may read it yet. */
static enum status give_back(struct crawl *c, struct buf *err) {
    enum status r = frontier_begin(c->frontier, err);
    if (r == ST_OK) r = crawl_dispatch_hosts_begin(c, err);
    for (size_t i = 0; r == ST_OK && i < c->slots.cap; i++) {
        if (!c->slots.used[i]) continue;
        struct crawl_slot *s = (struct crawl_slot *)(uintptr_t)c->slots.slots[2 * i + 1];
        if (!s->busy) continue;
        politeness_start(&s->clock, &s->rules, c->now_ms, crawl_dice(c));
        r = hosts_release(c->hosts, slice_str(s->name), &s->clock, err);
    }
    if (r == ST_OK) r = keep_novelty(c, err);
    return r == ST_OK ? commit(c, err) : r;
}

static void counts_json(struct json_out *j, const char *key, const int64_t by[REASON_N], bool failures) {
    json_key(j, key);
    json_object(j);
    for (unsigned i = 1; i < REASON_N; i++)
        if (by[i] && failures == (reason_kind((enum reason)i) == REASON_KIND_FAILED))
            json_kv_int(j, reason_name((enum reason)i), by[i]);
    json_object_end(j);
}

void crawl_stats_json(const struct crawl_stats *s, struct json_out *j) {
    json_kv_int(j, "requests", s->requests);
    json_kv_int(j, "pages", s->pages);
    json_kv_int(j, "documents", s->documents);
    json_kv_int(j, "received_bytes", s->bytes);
    json_kv_int(j, "retries", s->retries);
    json_kv_int(j, "unchanged", s->unchanged);
    json_kv_int(j, "not_modified", s->not_modified);
    json_kv_int(j, "withdrawn", s->withdrawn);
    json_kv_int(j, "text_bytes", s->text_bytes);
    json_kv_float(j, "french_share", s->text_bytes ? (double)s->french_bytes / (double)s->text_bytes : 0, 4);
    counts_json(j, "settled", s->by_reason, false);
    counts_json(j, "errors", s->errors, true);
}

static void write_outcome(const struct crawl *c, struct buf *out, enum crawl_outcome outcome) {
    static const char *const names[] = {
        [CRAWL_DONE] = "done", [CRAWL_LIMIT] = "limit", [CRAWL_STOPPED] = "stopped", [CRAWL_WAITING] = "waiting"};
    struct json_out j;
    json_out_init(&j, out);
    json_object(&j);
    json_kv_str(&j, "outcome", slice_str(names[outcome]));
    crawl_stats_json(&c->stats, &j);
    json_object_end(&j);
}

static enum status finish(struct crawl *c, enum crawl_outcome outcome, struct buf *err) {
    enum status r = give_back(c, err);
    if (r == ST_OK) r = crawl_archive_seal(c, err);
    take_stock(c);
    struct buf text = {0};
    write_outcome(c, &text, outcome);
    if (r == ST_OK) r = manifest_run_end(c->manifest, c->run, clock_wall_ms(), buf_view(&text), err);
    buf_free(&text);
    return r;
}

static void drop_job(void *job) { crawl_work_job_free(job); }

static void tear_down(struct crawl *c) {
    crawl_work_stop(c);
    struct crawl_job *job;
    while ((job = crawl_work_pop(&c->to_send))) crawl_work_job_free(job);
    if (c->net) fetch_multi_drop(c->net, drop_job);
    fetch_multi_free(c->net);
    crawl_archive_close(c);
    crawl_recheck_free(c);
    crawl_slots_free(c);
    map64_free(&c->source_at);
    frontier_free(c->frontier);
    hosts_free(c->hosts);
    manifest_free(c->manifest);
    scope_free(c->scope);
    novelty_free(c->novelty);
    buf_free(&c->scratch);
    free(c->sources);
    free(c->taken);
}

enum status crawl_run(const struct crawl_options *opt, const struct crawl_hooks *hooks, struct crawl_stats *stats,
                      enum crawl_outcome *outcome, bool *newer, struct buf *err) {
    struct crawl c = {.opt = opt, .hooks = hooks, .product = opt->product ? opt->product : "villers"};
    c.now_ms = clock_wall_ms();
    c.dice = (uint64_t)c.now_ms * 2654435761u | 1;
    c.stats.started_ms = c.stats.now_ms = c.now_ms;
    *outcome = CRAWL_DONE;
    bool made_by_newer = false;
    enum status r = set_up(&c, &made_by_newer, err);
    if (r == ST_OK) r = loop(&c, outcome, err);
    if (r == ST_OK) r = finish(&c, *outcome, err);
    if (newer) *newer = made_by_newer;
    *stats = c.stats;
    tear_down(&c);
    return r;
}
