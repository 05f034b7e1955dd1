#include "crawler/crawl_internal.h"

#include "base/clock.h"
#include "base/limits.h"

#include <stdlib.h>

#define LOOK_AT 256 /* URLs of one host judged in a turn before others have theirs */
#define SLOW_COMMIT_MS 5
#define DISPATCH_AT_ONCE 512 /* requests sent in a turn */
#define SITEMAP_BODY (50 * MIB)

enum verdict { SENT, NOTHING, LATER, PENDING };

/* hosts.sqlite is written only in turns that need it. */
enum status crawl_dispatch_hosts_begin(struct crawl *c, struct buf *err) {
    if (c->hosts_open) return ST_OK;
    enum status r = hosts_begin(c->hosts, err);
    c->hosts_open = r == ST_OK;
    return r;
}

/* The clock of an address: between two hosts that share one, the floor of the second. */
static bool address_ready(struct crawl *c, struct crawl_slot *s, int64_t *due_ms, enum status *r, struct buf *err) {
    int64_t due;
    if (c->opt->n_connect_to || !s->ip[0]) return true;
    *r = hosts_address_due(c->hosts, s->ip, &due, err);
    if (*r != ST_OK) return false;
    if (due > c->now_ms) {
        *due_ms = due;
        return false;
    }
    *r = hosts_address_claim(c->hosts, s->ip, c->now_ms + s->rules.floor_ms, err);
    return *r == ST_OK;
}

bool crawl_dispatch_may_connect(void *ctx, void *tag, const char *ip) {
    struct crawl *c = ctx;
    struct crawl_job *job = tag;
    struct crawl_slot *s = job->slot;
    int64_t due = 0;
    enum status r = ST_OK;
    if (c->opt->n_connect_to || strcmp(s->ip, ip) == 0) return true;
    memcpy(s->ip, ip, strlen(ip) < sizeof s->ip ? strlen(ip) + 1 : 0);
    c->now_ms = clock_wall_ms(); /* names took their time */
    if (address_ready(c, s, &due, &r, NULL)) return true;
    s->clock.due_ms = due > s->clock.due_ms ? due : s->clock.due_ms;
    return false;
}

/* Move the host's clock on and lease it; false when another campaign has it, or its address is not due. */
static bool claim(struct crawl *c, struct crawl_slot *s, int64_t *due_ms, enum status *r, struct buf *err) {
    struct politeness_clock shared;
    *r = crawl_dispatch_hosts_begin(c, err);
    if (*r == ST_OK) *r = hosts_clock(c->hosts, slice_str(s->name), c->now_ms, &shared, err);
    if (*r != ST_OK) return false;
    shared.calm = s->clock.calm;
    if (shared.due_ms > s->clock.due_ms) s->clock = shared;
    if (s->clock.due_ms > c->now_ms) {
        *due_ms = s->clock.due_ms;
        return false;
    }
    if (!address_ready(c, s, due_ms, r, err)) return false;
    uint64_t dice = crawl_dice(c);
    politeness_start(&s->clock, &s->rules, c->now_ms, dice);
    *r = hosts_claim(c->hosts, slice_str(s->name), &s->clock, s->clock.due_ms - c->now_ms, c->now_ms, err);
    return *r == ST_OK;
}

static struct crawl_job *new_job(struct crawl *c, struct crawl_slot *s, const char *url, struct slice url_slice) {
    struct crawl_job *job = calloc(1, sizeof *job);
    if (!job) return NULL;
    job->slot = s;
    job->host = s->host;
    job->french_share = -1;
    job->url = url ? strdup(url) : strndup(url_slice.ptr, url_slice.len);
    if (!job->url) {
        free(job);
        return NULL;
    }
    crawl_work_push(&c->to_send, job);
    c->n_to_send++;
    return job;
}

/* Another campaign may have asked for the file while this one waited for its turn. */
static bool answered_meanwhile(struct crawl *c, struct crawl_slot *s, enum status *r, struct buf *err) {
    struct crawl_control *k = s->controls;
    struct hosts_file f = {0};
    if (k->hops) return false;
    *r = hosts_file_get(c->hosts, slice_str(k->origin->name), k->kind, &f, err);
    bool settled = f.state == HOSTS_FILE_FOUND || f.state == HOSTS_FILE_ABSENT;
    bool fresh = *r == ST_OK && settled && f.next_ms > c->now_ms && f.fetched_ms >= c->fresh_since_ms;
    hosts_file_free(&f);
    if (!fresh) return false;
    s->controls = k->next;
    k->origin->pending = k->origin->loaded = false;
    crawl_control_free(k);
    return true;
}

static enum verdict send_control(struct crawl *c, struct crawl_slot *s, int64_t *due_ms, enum status *r, struct buf *err) {
    if (answered_meanwhile(c, s, r, err)) {
        *due_ms = c->now_ms;
        return LATER;
    }
    if (*r != ST_OK || !claim(c, s, due_ms, r, err)) return LATER;
    struct crawl_control *k = s->controls;
    struct crawl_job *job = new_job(c, s, k->url, slice_of("", 0));
    if (!job) {
        *r = fail(err, ST_FATAL, "out of memory");
        return LATER;
    }
    s->controls = k->next;
    job->control = k;
    return SENT;
}

static enum status refuse(struct crawl *c, const struct frontier_url *u, size_t source, enum reason reason, struct slice detail,
                          struct buf *err) {
    struct frontier_end end = {.reason = reason, .detail = detail, .now_ms = c->now_ms, .french_share = -1};
    c->stats.by_reason[reason]++;
    c->stats.queued--;
    crawl_tell_refused(c, u, source, reason, detail);
    enum status r = crawl_revisit_refuse(c, u, source, reason, detail, err);
    return r == ST_OK ? frontier_finish(c->frontier, u->key, &end, err) : r;
}

static size_t source_index(const struct crawl *c, int64_t number) {
    uint64_t at;
    return map64_get(&c->source_at, (uint64_t)number, &at) ? (size_t)at : SIZE_MAX;
}

static bool spent(const struct crawl_source *s) {
    return (s->src->max_pages > 0 && s->pages + s->open >= s->src->max_pages) ||
           (s->src->max_bytes > 0 && s->bytes >= s->src->max_bytes);
}

/* Its path template or its host brings nothing new any more.  What a seed or a sitemap names, or was taken before, is taken all the same. */
static bool barren(struct crawl *c, const struct frontier_url *u, const struct url_parts *p, const struct source *src) {
    struct frontier_visit before;
    uint32_t pages, fresh;
    if (u->kind != FRONTIER_PAGE || u->depth < 2) return false;
    struct novelty_keys keys = novelty_keys(p->host, p->target);
    if (!novelty_spent(c->novelty, &keys, src->max_barren_pages, &pages, &fresh)) return false;
    if (frontier_visits(c->frontier) && frontier_visit_get(c->frontier, u->key, &before, NULL) == ST_OK) return false;
    buf_clear(&c->scratch);
    buf_printf(&c->scratch, "of %u pages like it only %u said something new", pages, fresh);
    return true;
}

static enum status forgotten(struct crawl *c, const struct frontier_url *u, size_t source, bool *gone, struct buf *err) {
    char id[DOC_ID_LEN];
    int64_t removal;
    struct slice name = slice_str(c->sources[source].src->id);
    doc_id(name, u->url, id);
    enum status r = manifest_forgotten(c->manifest, slice_str(id), u->url, name, &removal, err);
    *gone = r == ST_OK && removal != MANIFEST_NONE;
    return r;
}

static enum verdict send_url(struct crawl *c, struct crawl_slot *s, const struct frontier_url *u, size_t source,
                             const struct crawl_origin *o, int64_t *due_ms, enum status *r, struct buf *err) {
    if (!claim(c, s, due_ms, r, err)) return LATER;
    *r = frontier_sent(c->frontier, u->key, err);
    struct crawl_job *job = *r == ST_OK ? new_job(c, s, NULL, u->url) : NULL;
    if (!job) {
        if (*r == ST_OK) *r = fail(err, ST_FATAL, "out of memory");
        return LATER;
    }
    job->key = u->key;
    job->depth = u->depth;
    job->hops = u->hops;
    job->tries = u->tries;
    job->kind = u->kind;
    job->cross = u->cross;
    job->source = source;
    job->rights = crawl_control_rights_share(o->rights);
    *r = crawl_revisit_load(c, job, err);
    if (*r != ST_OK) return LATER;
    if (u->kind == FRONTIER_PAGE) {
        c->sources[source].open++;
        c->open_pages++;
    }
    return SENT;
}

static enum verdict ask(struct crawl *c, struct crawl_slot *s, struct crawl_origin *o, enum hosts_file_kind file, int64_t *due_ms,
                        enum status *r, struct buf *err) {
    struct crawl_control *k = crawl_control_new(o, file, slice_of("", 0), NULL);
    if (!k) {
        *r = fail(err, ST_FATAL, "out of memory");
        return LATER;
    }
    o->pending = true;
    k->next = s->controls;
    s->controls = k;
    return send_control(c, s, due_ms, r, err);
}

/* The URL at the front of a host's queue: refuse it (NOTHING), send it, or say when to come back. */
static enum verdict judge(struct crawl *c, struct crawl_slot *s, const struct frontier_url *u, int64_t *due_ms, enum status *r,
                          struct buf *err) {
    struct url_parts p;
    struct crawl_gate gate;
    bool gone = false;
    size_t source = source_index(c, u->source);
    if (!url_split(u->url, &p)) {
        *r = refuse(c, u, source, REASON_SCOPE, slice_of("", 0), err);
        return NOTHING;
    }
    if (source == SIZE_MAX) { /* its source has left the campaign */
        c->stats.queued--;
        *r = frontier_hold(c->frontier, u->key, err);
        return NOTHING;
    }
    if (u->kind == FRONTIER_PAGE && spent(&c->sources[source])) {
        if (c->sources[source].open) { /* one of those under way may fail yet */
            *due_ms = c->now_ms + 200;
            return LATER;
        }
        c->stats.queued--;
        *r = frontier_hold(c->frontier, u->key, err);
        return NOTHING;
    }
    if (u->kind == FRONTIER_PAGE && (*r = forgotten(c, u, source, &gone, err)) != ST_OK) return LATER;
    if (gone) {
        *r = refuse(c, u, source, REASON_FORGOTTEN, slice_of("", 0), err);
        return NOTHING;
    }
    if (barren(c, u, &p, c->sources[source].src)) {
        *r = refuse(c, u, source, REASON_TRAP, buf_view(&c->scratch), err);
        return NOTHING;
    }
    s->rules.floor_ms = crawl_delay_ms(c->opt, c->sources[source].src);
    struct crawl_origin *o = crawl_control_origin(c, s, p.origin, err);
    *r = o ? crawl_control_gate(c, o, p.target, source, &gate, err) : ST_FATAL;
    if (*r != ST_OK) return LATER;
    switch (gate.is) {
    case CRAWL_GATE_OPEN: return send_url(c, s, u, source, o, due_ms, r, err);
    case CRAWL_GATE_CLOSED: *r = refuse(c, u, source, gate.reason, gate.detail, err); return NOTHING;
    case CRAWL_GATE_PENDING: return PENDING;
    case CRAWL_GATE_WAIT:
        *due_ms = gate.due_ms;
        crawl_tell_deferred(c, u->url, source, REASON_NONE, 0, gate.due_ms);
        if (!s->origins->next) return LATER;
        /* another scheme or port of the host may be open: this URL alone waits */
        *r = frontier_retry(c->frontier, u->key, gate.due_ms, REASON_NONE, u->tries, err);
        return NOTHING;
    case CRAWL_GATE_ASK: break;
    }
    return ask(c, s, o, gate.file, due_ms, r, err);
}

/* robots.txt and tdmrep.json of an origin that nothing else is asked of now. */
static enum verdict look_at_files(struct crawl *c, struct crawl_slot *s, struct crawl_origin *o, int64_t *due_ms, enum status *r,
                                  struct buf *err) {
    struct crawl_gate gate;
    s->rules.floor_ms = crawl_delay_ms(c->opt, c->sources[o->source].src);
    *r = crawl_control_gate(c, o, slice_str("/"), o->source, &gate, err);
    if (*r != ST_OK) return LATER;
    if (gate.is == CRAWL_GATE_PENDING) return PENDING;
    if (gate.is == CRAWL_GATE_ASK) return ask(c, s, o, gate.file, due_ms, r, err);
    o->check = false; /* out of reach: what was taken before stands, and they are asked for again another time */
    return NOTHING;
}

static bool idle(const struct crawl_slot *s) {
    for (const struct crawl_origin *o = s->origins; o; o = o->next)
        if (o->pending) return false;
    return !s->controls;
}

/* What a host does in its turn.  SENT: a request; PENDING: it will be woken; LATER: at *${due_ms}; NOTHING: it has nothing to do. */
static enum verdict choose(struct crawl *c, struct crawl_slot *s, int64_t *due_ms, enum status *r, struct buf *err) {
    if (s->controls) return send_control(c, s, due_ms, r, err);
    for (struct crawl_origin *o = s->origins; o; o = o->next) {
        enum verdict v = o->check ? look_at_files(c, s, o, due_ms, r, err) : NOTHING;
        if (*r != ST_OK || v != NOTHING) return v;
    }
    for (int i = 0; i < LOOK_AT; i++) {
        struct frontier_url u;
        *r = frontier_next(c->frontier, s->host, c->now_ms, s->clock.failing, &u, due_ms, err);
        if (*r == ST_SKIP) {
            *r = ST_OK;
            return *due_ms == INT64_MAX ? NOTHING : LATER;
        }
        if (*r != ST_OK) return LATER;
        enum verdict v = judge(c, s, &u, due_ms, r, err);
        if (*r != ST_OK || v != NOTHING) return v;
    }
    *due_ms = c->now_ms;
    return LATER;
}

static enum status turn(struct crawl *c, struct crawl_slot *s, struct buf *err) {
    enum status r = ST_OK;
    int64_t due_ms = INT64_MAX;
    s->busy = true; /* so that nothing found on the way schedules it */
    enum verdict v = choose(c, s, &due_ms, &r, err);
    if (r != ST_OK || v == SENT) return r;
    s->busy = false;
    if (v == LATER) return crawl_slots_schedule(c, s, due_ms, err);
    if (v == NOTHING && idle(s)) crawl_slots_forget(c, s);
    return ST_OK;
}

static bool budget_left(const struct crawl *c) {
    const struct campaign *k = c->opt->campaign;
    int64_t run = c->stats.pages + c->open_pages;
    if (k->max_pages > 0 && c->pages_at_start + run >= k->max_pages) return false;
    if (c->opt->max_pages > 0 && run >= c->opt->max_pages) return false;
    return k->max_bytes <= 0 || c->bytes_at_start + c->stats.bytes < k->max_bytes;
}

bool crawl_dispatch_room(const struct crawl *c) {
    unsigned max = c->opt->campaign->max_hosts_at_once > 0 ? (unsigned)c->opt->campaign->max_hosts_at_once : 64;
    unsigned open = fetch_multi_open(c->net) - fetch_multi_late(c->net);
    return !c->stopping && open + c->n_to_send < max && !crawl_work_full(c) && budget_left(c);
}

enum status crawl_dispatch(struct crawl *c, struct buf *err) {
    if (!crawl_dispatch_room(c)) return ST_OK;
    enum status r = manifest_look(c->manifest, err);
    while (r == ST_OK && c->n_to_send < DISPATCH_AT_ONCE && crawl_dispatch_room(c)) {
        struct crawl_slot *s = crawl_slots_pop(c);
        if (!s) break;
        r = turn(c, s, err);
    }
    manifest_look_end(c->manifest);
    return r;
}

/* A commit on a slow disk took its time: the clocks of addresses count from the sending, as the hosts' do from the answer. */
static enum status claim_again(struct crawl *c, struct buf *err) {
    enum status r = hosts_begin(c->hosts, err);
    for (const struct crawl_job *job = c->to_send.first; r == ST_OK && job; job = job->next) {
        const struct crawl_slot *s = job->slot;
        if (s->ip[0]) r = hosts_address_claim(c->hosts, s->ip, c->now_ms + s->rules.floor_ms, err);
    }
    if (r == ST_OK) return hosts_commit(c->hosts, err);
    hosts_rollback(c->hosts);
    return r;
}

/* In one transaction, which may be slow too: it is looked at again. */
static enum status catch_up(struct crawl *c, struct buf *err) {
    for (int i = 0; i < 3; i++) {
        int64_t chosen_ms = c->now_ms;
        c->now_ms = clock_wall_ms();
        if (c->opt->n_connect_to || !c->to_send.first || c->now_ms - chosen_ms <= SLOW_COMMIT_MS) return ST_OK;
        enum status r = claim_again(c, err);
        if (r != ST_OK) return r;
    }
    return ST_OK;
}

enum status crawl_dispatch_send(struct crawl *c, struct buf *err) {
    struct crawl_job *job;
    enum status r = catch_up(c, err);
    if (r != ST_OK) return r;
    c->n_to_send = 0;
    while ((job = crawl_work_pop(&c->to_send))) {
        int64_t cap = job->control ? (int64_t)LIMIT_ROBOTS : job->kind == FRONTIER_SITEMAP ? (int64_t)SITEMAP_BODY : 0;
        if (!cap)
            cap = c->sources[job->source].src->max_page_bytes > 0 ? c->sources[job->source].src->max_page_bytes
                                                                  : (int64_t)LIMIT_BODY_WIRE;
        struct fetch_request req = {
            .url = job->url, .max_body = (size_t)cap, .any_type = job->control || job->kind == FRONTIER_SITEMAP, .tag = job};
        if (job->asked_if) {
            req.etag = job->before->etag;
            req.modified = job->before->modified;
        }
        r = fetch_multi_start(c->net, &req, err);
        c->stats.requests++;
        if (r != ST_OK) {
            crawl_work_job_free(job);
            return r;
        }
    }
    return ST_OK;
}
