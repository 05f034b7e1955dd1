/*
 * Documents whose host closes them later.
 *
 * What robots.txt and tdmrep.json said when documents were last held against them is kept for each origin.  Where one of them reads otherwise, all that
 * the campaign took of the origin is held against the new words, some hundred rows a turn, and what they close is withdrawn.  And where nothing else
 * is to be fetched, the two files are read again all the same when their day is over, as long as the campaign runs or is run again.
 *
 * One pass over the visits serves all origins under way; one that comes in its middle is done at the end of the next.  Until then its row keeps
 * the old words, and is due at once: an end before that begins it anew.
 */
#include "crawler/crawl_internal.h"

#include "base/hash.h"

#include <stdlib.h>

#define HOUR_MS INT64_C(3600000)
#define ROWS_AT_ONCE 512
#define SWEEPS_MAX 1024 /* origins under way; more wait for their next reading */

struct crawl_sweep {
    struct crawl_sweep *next;
    char *origin;
    uint64_t hash, said; /* of its name; of the new words */
    int64_t host, due_ms;
    size_t source;
    struct crawl_rights *rights;
    bool entered; /* the pass under way began with it */
};

static void sweep_free(struct crawl_sweep *s) {
    crawl_control_rights_free(s->rights);
    free(s->origin);
    free(s);
}

void crawl_recheck_free(struct crawl *c) {
    while (c->sweeps) {
        struct crawl_sweep *next = c->sweeps->next;
        sweep_free(c->sweeps);
        c->sweeps = next;
    }
    c->n_sweeps = 0;
}

bool crawl_recheck_busy(const struct crawl *c) { return c->n_sweeps > 0; }

/* ---- what is said now ---- */

static uint64_t words_of(const struct crawl_rights *r) {
    return hash64_seed(slice_str(r->tdmrep_digest), hash64(slice_str(r->robots_digest)));
}

static enum status put(struct crawl *c, const struct crawl_sweep *s, uint64_t said, int64_t due_ms, struct buf *err) {
    const struct frontier_judged j = {slice_str(s->origin), s->host, c->sources[s->source].number, said, due_ms};
    return frontier_judged_put(c->frontier, &j, err);
}

/* From here on ${s} is under way, or freed. */
static enum status begin(struct crawl *c, struct crawl_sweep *s, uint64_t before, struct buf *err) {
    struct crawl_sweep **at = &c->sweeps;
    while (*at && (*at)->hash != s->hash) at = &(*at)->next;
    if (*at) { /* it changed once more: the later words hold */
        struct crawl_sweep *old = *at;
        *at = old->next;
        c->n_sweeps--;
        sweep_free(old);
    }
    enum status r = put(c, s, before, c->now_ms, err);
    if (r != ST_OK || c->n_sweeps >= SWEEPS_MAX) {
        sweep_free(s);
        return r;
    }
    s->entered = c->n_sweeps == 0;
    if (s->entered) c->sweep_at = INT64_MIN;
    s->next = c->sweeps;
    c->sweeps = s;
    c->n_sweeps++;
    return ST_OK;
}

static struct crawl_sweep *sweep_new(const struct crawl_origin *o, uint64_t said) {
    struct crawl_sweep *s = calloc(1, sizeof *s);
    if (s) s->origin = strdup(o->name);
    if (!s || !s->origin) {
        free(s);
        return NULL;
    }
    s->hash = hash64(slice_str(o->name));
    s->said = said;
    s->host = o->slot->host;
    s->source = o->source;
    s->due_ms = o->files[HOSTS_ROBOTS].next_ms;
    s->rights = crawl_control_rights_share(o->rights);
    return s;
}

enum status crawl_recheck_said(struct crawl *c, struct crawl_origin *o, struct buf *err) {
    int64_t due_ms = o->files[HOSTS_ROBOTS].next_ms;
    uint64_t said = words_of(o->rights), before = said;
    bool known = false;
    if (o->judged && o->said == said && o->said_due_ms == due_ms) return ST_OK;
    enum status r = frontier_judged_get(c->frontier, slice_str(o->name), &known, &before, err);
    struct crawl_sweep *s = r == ST_OK ? sweep_new(o, said) : NULL;
    if (r != ST_OK || !s) return r != ST_OK ? r : fail(err, ST_FATAL, "out of memory");
    o->judged = true;
    o->said = said;
    o->said_due_ms = due_ms;
    if (known && before != said) return begin(c, s, before, err);
    r = put(c, s, said, due_ms, err);
    sweep_free(s);
    return r;
}

/* ---- what was taken ---- */

struct walk {
    struct crawl *c;
    struct buf *err;
    enum status r;
    int n;
};

static const struct crawl_sweep *sweep_of(const struct crawl *c, struct slice origin) {
    uint64_t h = hash64(origin);
    for (const struct crawl_sweep *s = c->sweeps; s; s = s->next)
        if (s->hash == h) return s;
    return NULL;
}

static enum status hold_against(struct crawl *c, const struct crawl_sweep *s, const struct frontier_url *u, struct slice target,
                                struct buf *err) {
    struct crawl_gate gate;
    uint64_t at;
    if (!map64_get(&c->source_at, (uint64_t)u->source, &at) || crawl_control_says(c, s->rights, target, (size_t)at, &gate))
        return ST_OK;
    struct frontier_end end = {.reason = gate.reason, .detail = gate.detail, .now_ms = c->now_ms, .french_share = -1};
    c->stats.by_reason[gate.reason]++;
    crawl_tell_refused(c, u, (size_t)at, gate.reason, gate.detail);
    enum status r = crawl_revisit_refuse(c, u, (size_t)at, gate.reason, gate.detail, err);
    return r == ST_OK ? frontier_finish(c->frontier, u->key, &end, err) : r;
}

static enum status on_taken(void *ctx, const struct frontier_url *u) {
    struct walk *w = ctx;
    struct url_parts p;
    w->n++;
    w->c->sweep_at = u->key;
    if (!url_split(u->url, &p)) return ST_OK;
    const struct crawl_sweep *s = sweep_of(w->c, p.origin);
    return s ? hold_against(w->c, s, u, p.target, w->err) : ST_OK;
}

/* The pass is over: who was in it from its beginning is done. */
static enum status end_pass(struct crawl *c, struct buf *err) {
    enum status r = ST_OK;
    struct crawl_sweep **at = &c->sweeps;
    c->sweep_at = INT64_MIN;
    while (r == ST_OK && *at) {
        struct crawl_sweep *s = *at;
        if (!s->entered) {
            s->entered = true;
            at = &s->next;
            continue;
        }
        r = put(c, s, s->said, s->due_ms, err);
        *at = s->next;
        c->n_sweeps--;
        sweep_free(s);
    }
    return r;
}

enum status crawl_recheck_work(struct crawl *c, struct buf *err) {
    if (!c->n_sweeps) return ST_OK;
    struct walk w = {.c = c, .err = err};
    enum status r = frontier_each_taken(c->frontier, c->sweep_at, ROWS_AT_ONCE, on_taken, &w, err);
    return r == ST_OK && w.n < ROWS_AT_ONCE ? end_pass(c, err) : r;
}

/* ---- whose day is over ---- */

static enum status on_due(void *ctx, const struct frontier_judged *j) {
    struct walk *w = ctx;
    struct url_parts p;
    uint64_t at;
    struct buf *url = &w->c->scratch;
    buf_clear(url);
    buf_printf(url, "%.*s/", SLICE_ARG(j->origin));
    if (!map64_get(&w->c->source_at, (uint64_t)j->source, &at) || !url_split(buf_view(url), &p)) return ST_OK;
    struct crawl_slot *s = crawl_slots_get(w->c, j->host, p.host, w->err);
    if (s && s->clock.failing && s->clock.due_ms > w->c->now_ms) { /* it rests: nobody waits for this alone */
        if (s->where == CRAWL_NOWHERE && !s->busy && !s->controls && !s->origins) crawl_slots_forget(w->c, s);
        return ST_OK;
    }
    struct crawl_origin *o = s ? crawl_control_origin(w->c, s, p.origin, w->err) : NULL;
    if (!o) return ST_FATAL;
    o->source = (size_t)at;
    o->check = true;
    return crawl_slots_wake(w->c, j->host, p.host, w->err);
}

enum status crawl_recheck_due(struct crawl *c, struct buf *err) {
    struct walk w = {.c = c, .err = err};
    return frontier_each_judged_due(c->frontier, c->now_ms, c->now_ms + HOUR_MS, on_due, &w, err);
}
